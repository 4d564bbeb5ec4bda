/* vectors_lines.c -- word vectors where each word stands before its numbers:
 *
 *   word2vec, fastText (.vec)   "COUNT DIM", then a line for each word: it and DIM numbers
 *   GloVe                       the same without the first line
 *   word2vec, binary            "COUNT DIM", then for each word: it, a blank, DIM floats
 *                               (little-endian), and a line feed or none
 *
 * A word of a text may have blanks inside (GloVe has some): its numbers are the last DIM of the
 * line. Words are found when the file is opened, numbers are read when wanted.
 */
#include "format/vectors_in.h"

#include <math.h>
#include <string.h>

/* ---- lines ------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The line at `at`: where it ends without blanks, and *next where the next one begins. */
static size_t line_end(const rcf_vectors *v, size_t at, size_t *next)
{
    const char *feed = memchr(v->p + at, '\n', v->n - at);
    size_t end = feed ? (size_t)(feed - v->p) : v->n;

    *next = feed ? end + 1 : v->n;
    while (end > at && is_blank(v->p[end - 1]))
        end--;
    return end;
}

/* Where the last `fields` fields of a line begin: the blank before them; 0 if there are not so
 * many. */
static size_t before_fields(const rcf_vectors *v, size_t at, size_t end, int64_t fields)
{
    for (int64_t i = 0; i < fields; i++) {
        while (end > at && is_blank(v->p[end - 1]))
            end--;
        while (end > at && !is_blank(v->p[end - 1]))
            end--;
        if (end == at)
            return 0;
    }
    return end - 1;
}

static int64_t fields_of(const rcf_vectors *v, size_t at, size_t end)
{
    int64_t fields = 0;

    for (size_t i = at; i < end; i++)
        fields += !is_blank(v->p[i]) && (i == at || is_blank(v->p[i - 1]));
    return fields;
}

/* A number of digits at *at, below 2^53; *at moves behind it. -1: there is none. */
static int64_t whole(const rcf_vectors *v, size_t *at, size_t end)
{
    int64_t x = 0;
    const size_t from = *at;

    for (; *at < end && v->p[*at] >= '0' && v->p[*at] <= '9'; ++*at) {
        x = 10 * x + (v->p[*at] - '0');
        if (x >> 53)
            return -1;
    }
    return *at > from ? x : -1;
}

/* Is the number at p, up to a blank or `end`, one? */
static bool real_at(const rcf_vectors *v, size_t *at, size_t end, float *x)
{
    char text[64];
    const char *rest;
    size_t n = 0;

    while (*at < end && is_blank(v->p[*at]))
        ++*at;
    while (*at < end && !is_blank(v->p[*at]) && n < sizeof text - 1)
        text[n++] = v->p[(*at)++];
    text[n] = '\0';
    const double value = rcb_real_read(text, &rest);
    *x = (float)value;
    return n > 0 && *rest == '\0' && isfinite(*x);
}

/* ---- finding the words ------------------------------------------------------------------- */

/* Lines from `at` on; `count` of them, or as many as there are (0). */
static rc_status find_lines(rcf_vectors *v, size_t at, int64_t count)
{
    while (at < v->n) {
        size_t next;
        const size_t end = line_end(v, at, &next), numbers = before_fields(v, at, end, v->dim);

        if (end == at && next == v->n)
            break;
        if (count > 0 && v->count == count)
            return RCF_BAD(v, at, "a line behind the last of %" PRId64 " vectors", count);
        if (numbers <= at)
            return RCF_BAD(v, at,
                           "vector %" PRId64 " has %" PRId64 " fields, a word and %" PRId64
                           " numbers are expected",
                           v->count + 1, fields_of(v, at, end), v->dim);
        RC_TRY(rcf_vectors_add(v, at, numbers - at));
        at = next;
    }
    if (count > 0 && v->count < count)
        return RCF_BAD(v, v->n, "the file ends after %" PRId64 " of %" PRId64 " vectors", v->count,
                       count);
    return RC_OK;
}

static rc_status find_binary(rcf_vectors *v, size_t at, int64_t count)
{
    const size_t bytes = (size_t)v->dim * sizeof(float);
    size_t least;

    if (!rcb_mul((size_t)count, bytes + 2, &least) || least > v->n - at)
        return RCF_BAD(v, v->n,
                       "the file ends, %" PRId64 " vectors of %" PRId64 " floats need more", count,
                       v->dim);
    for (int64_t i = 0; i < count; i++) {
        if (at < v->n && v->p[at] == '\n')
            at++;
        const char *blank = at < v->n ? memchr(v->p + at, ' ', v->n - at) : NULL;
        const size_t n = blank ? (size_t)(blank - v->p) - at : 0;

        if (n == 0)
            return RCF_BAD(v, at, "vector %" PRId64 " of %" PRId64 " has no word", i + 1, count);
        if (v->n - (at + n + 1) < bytes)
            return RCF_BAD(v, v->n, "the file ends within vector %" PRId64 " of %" PRId64, i + 1,
                           count);
        RC_TRY(rcf_vectors_add(v, at, n));
        at += n + 1 + bytes;
    }
    if (at < v->n && v->p[at] == '\n')
        at++;
    return at == v->n ? RC_OK
                      : RCF_BAD(v, at, "%zu bytes behind the last of %" PRId64 " vectors",
                                v->n - at, count);
}

/* Does a line of a word and `dim` numbers stand there? */
static bool is_text(const rcf_vectors *v, size_t at)
{
    size_t next, end = line_end(v, at, &next);
    size_t number = before_fields(v, at, end, v->dim);
    float x;

    if (number <= at)
        return false;
    for (int64_t i = 0; i < v->dim; i++)
        if (!real_at(v, &number, end, &x))
            return false;
    return true;
}

rc_status rcf_vectors_lines(rcf_vectors *v)
{
    size_t at = 0, next;
    const size_t end = v->n > 0 ? line_end(v, 0, &next) : 0;

    if (end == 0)
        return RCF_BAD(v, 0, "no vectors%s",
                       v->n > 0 ? " in the first line" : ": the file is empty");
    const int64_t fields = fields_of(v, 0, end), count = whole(v, &at, end);
    while (at < end && is_blank(v->p[at]))
        at++;
    const int64_t dim = whole(v, &at, end);

    if (fields != 2 || count < 0 || dim < 0 || at != end) { /* no header: as GloVe writes */
        if (fields < 2 || fields - 1 > RCF_MOST_DIM)
            return RCF_BAD(v, 0, "%" PRId64 " fields, a word and 1 to %d numbers are expected",
                           fields, RCF_MOST_DIM);
        v->dim = fields - 1;
        return find_lines(v, 0, 0);
    }
    if (count < 1 || dim < 1 || dim > RCF_MOST_DIM)
        return RCF_BAD(v, 0, "%" PRId64 " vectors of %" PRId64 " numbers, 1 to %d are possible",
                       count, dim, RCF_MOST_DIM);
    v->dim = dim;
    if (next < v->n && is_text(v, next))
        return find_lines(v, next, count);
    v->layout = RCF_FLOATS;
    return find_binary(v, next, count);
}

/* ---- reading ----------------------------------------------------------------------------- */

rc_status rcf_vectors_numbers(const rcf_vectors *v, int64_t i, float *x)
{
    const bool floats = v->layout == RCF_FLOATS;
    size_t at = v->entry[i].at + v->entry[i].n + floats, next;

    if (floats)
        memcpy(x, v->p + at, (size_t)v->dim * sizeof *x);
    const size_t end = floats ? at : line_end(v, at, &next);
    for (int64_t d = 0; d < v->dim; d++)
        if (floats ? !isfinite(x[d]) : !real_at(v, &at, end, &x[d]))
            return RCF_BAD(v, at, "number %" PRId64 " of vector %" PRId64 " is none", d + 1, i + 1);
    return RC_OK;
}
