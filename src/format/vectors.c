/* vectors.c -- word vectors as others write them:
 *
 *   word2vec, fastText (.vec)   "COUNT DIM", then a line for each word: it and DIM numbers
 *   GloVe                       the same without the first line
 *   word2vec, binary            "COUNT DIM", then for each word: it, a blank, DIM floats
 *                               (little-endian), and a line feed or none
 *
 * A word of a text may have blanks inside (GloVe has some): its numbers are the last DIM of the
 * line. The file stays mapped; words are found when it is opened, numbers are read when wanted.
 */
#include "format/format.h"

#include <math.h>
#include <string.h>

enum { MOST_DIM = 1 << 20 };

typedef struct entry {
    size_t at, n; /* its word, and a byte further its numbers */
} entry;

struct rcf_vectors {
    char *name; /* for messages */
    rcb_bytes file;
    const char *p;
    size_t n;
    bool binary;
    int64_t dim, count, cap;
    entry *entry;  /* (count) */
    int64_t *slot; /* (slots) 1 + the number of a word, by its hash; NULL: not made yet */
    size_t slots;
};

/* "cannot read 'a.vec': byte 17: ..." */
#define BAD(v, at, fmt, ...)                                                                       \
    RC_FAIL(RC_EFORMAT, "cannot read '%s': byte %zu: " fmt, (v)->name, (size_t)(at), __VA_ARGS__)

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

static rc_status add(rcf_vectors *v, size_t at, size_t n)
{
    if (v->count == v->cap) {
        const int64_t cap = v->cap ? 2 * v->cap : 1024;
        entry *e = rcb_realloc(v->entry, (size_t)v->cap, (size_t)cap, sizeof *e);

        if (!e)
            return RC_ENOMEM;
        v->entry = e;
        v->cap = cap;
    }
    v->entry[v->count++] = (entry){at, n};
    return RC_OK;
}

/* Lines from `at` on; `count` of them, or as many as there are (0). */
static rc_status find_lines(rcf_vectors *v, size_t at, int64_t count)
{
    while (at < v->n) {
        size_t next;
        const size_t end = line_end(v, at, &next), numbers = before_fields(v, at, end, v->dim);

        if (end == at && next == v->n)
            break;
        if (count > 0 && v->count == count)
            return BAD(v, at, "a line behind the last of %" PRId64 " vectors", count);
        if (numbers <= at)
            return BAD(v, at,
                       "vector %" PRId64 " has %" PRId64 " fields, a word and %" PRId64
                       " numbers are expected",
                       v->count + 1, fields_of(v, at, end), v->dim);
        RC_TRY(add(v, at, numbers - at));
        at = next;
    }
    if (count > 0 && v->count < count)
        return BAD(v, v->n, "the file ends after %" PRId64 " of %" PRId64 " vectors", v->count,
                   count);
    return RC_OK;
}

static rc_status find_binary(rcf_vectors *v, size_t at, int64_t count)
{
    const size_t bytes = (size_t)v->dim * sizeof(float);
    size_t least;

    if (!rcb_mul((size_t)count, bytes + 2, &least) || least > v->n - at)
        return BAD(v, v->n, "the file ends, %" PRId64 " vectors of %" PRId64 " floats need more",
                   count, v->dim);
    for (int64_t i = 0; i < count; i++) {
        if (at < v->n && v->p[at] == '\n')
            at++;
        const char *blank = at < v->n ? memchr(v->p + at, ' ', v->n - at) : NULL;
        const size_t n = blank ? (size_t)(blank - v->p) - at : 0;

        if (n == 0)
            return BAD(v, at, "vector %" PRId64 " of %" PRId64 " has no word", i + 1, count);
        if (v->n - (at + n + 1) < bytes)
            return BAD(v, v->n, "the file ends within vector %" PRId64 " of %" PRId64, i + 1,
                       count);
        RC_TRY(add(v, at, n));
        at += n + 1 + bytes;
    }
    if (at < v->n && v->p[at] == '\n')
        at++;
    return at == v->n
               ? RC_OK
               : BAD(v, at, "%zu bytes behind the last of %" PRId64 " vectors", v->n - at, count);
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

static rc_status index_words(rcf_vectors *v)
{
    size_t at = 0, next;
    const size_t end = v->n > 0 ? line_end(v, 0, &next) : 0;

    if (end == 0)
        return BAD(v, 0, "no vectors%s", v->n > 0 ? " in the first line" : ": the file is empty");
    const int64_t fields = fields_of(v, 0, end), count = whole(v, &at, end);
    while (at < end && is_blank(v->p[at]))
        at++;
    const int64_t dim = whole(v, &at, end);

    if (fields != 2 || count < 0 || dim < 0 || at != end) { /* no header: as GloVe writes */
        if (fields < 2 || fields - 1 > MOST_DIM)
            return BAD(v, 0, "%" PRId64 " fields, a word and 1 to %d numbers are expected", fields,
                       MOST_DIM);
        v->dim = fields - 1;
        return find_lines(v, 0, 0);
    }
    if (count < 1 || dim < 1 || dim > MOST_DIM)
        return BAD(v, 0, "%" PRId64 " vectors of %" PRId64 " numbers, 1 to %d are possible", count,
                   dim, MOST_DIM);
    v->dim = dim;
    if (next < v->n && is_text(v, next))
        return find_lines(v, next, count);
    v->binary = true;
    return find_binary(v, next, count);
}

/* ---- the door ---------------------------------------------------------------------------- */

static rc_status begin(rcf_vectors **out, const char *name)
{
    rcf_vectors *v = rcb_calloc(1, sizeof *v);

    if (v)
        v->name = rcb_strdup(name);
    if (!v || !v->name) {
        rcb_free(v);
        return RC_ENOMEM;
    }
    *out = v;
    return RC_OK;
}

static rc_status finish(rcf_vectors **out, rcf_vectors *v, const void *bytes, size_t n)
{
    v->p = bytes;
    v->n = n;
    const rc_status s = index_words(v);

    if (s == RC_OK)
        *out = v;
    else
        rcf_vectors_free(v);
    return s;
}

rc_status rcf_vectors_parse(rcf_vectors **out, const char *name, const void *bytes, size_t n)
{
    rcf_vectors *v;

    *out = NULL;
    RC_TRY(begin(&v, name));
    return finish(out, v, bytes, n);
}

rc_status rcf_vectors_open(rcf_vectors **out, const char *path)
{
    rcf_vectors *v;

    *out = NULL;
    RC_TRY(begin(&v, path));
    const rc_status s = rcb_file_load(&v->file, path);

    if (s == RC_OK)
        return finish(out, v, v->file.p, v->file.n);
    rcf_vectors_free(v);
    return s;
}

void rcf_vectors_free(rcf_vectors *v)
{
    if (!v)
        return;
    rcb_bytes_free(&v->file);
    rcb_free(v->name);
    rcb_free(v->entry);
    rcb_free(v->slot);
    rcb_free(v);
}

int64_t rcf_vectors_count(const rcf_vectors *v)
{
    return v->count;
}

int64_t rcf_vectors_dim(const rcf_vectors *v)
{
    return v->dim;
}

uint32_t rcf_vectors_crc(const rcf_vectors *v)
{
    return rcb_crc32(0, v->p, v->n);
}

const char *rcf_vectors_word(const rcf_vectors *v, int64_t i, size_t *n)
{
    assert(i >= 0 && i < v->count);
    *n = v->entry[i].n;
    return v->p + v->entry[i].at;
}

rc_status rcf_vectors_read(const rcf_vectors *v, int64_t i, float *x)
{
    assert(i >= 0 && i < v->count);
    size_t at = v->entry[i].at + v->entry[i].n + v->binary, next;

    if (v->binary)
        memcpy(x, v->p + at, (size_t)v->dim * sizeof *x);
    const size_t end = v->binary ? at : line_end(v, at, &next);
    for (int64_t d = 0; d < v->dim; d++)
        if (v->binary ? !isfinite(x[d]) : !real_at(v, &at, end, &x[d]))
            return BAD(v, at, "number %" PRId64 " of vector %" PRId64 " is none", d + 1, i + 1);
    return RC_OK;
}

/* ---- words ------------------------------------------------------------------------------- */

static int64_t *seek(const rcf_vectors *v, const char *word, size_t n)
{
    const size_t mask = v->slots - 1;
    size_t at = rcb_crc32(0, word, n) & mask;

    for (; v->slot[at] > 0; at = (at + 1) & mask) {
        const entry *e = &v->entry[v->slot[at] - 1];

        if (e->n == n && memcmp(v->p + e->at, word, n) == 0)
            break;
    }
    return &v->slot[at];
}

rc_status rcf_vectors_find(rcf_vectors *v, const char *word, size_t n, int64_t *i)
{
    if (!v->slot) {
        v->slots = 64;
        while (v->slots / 2 < (size_t)v->count)
            v->slots *= 2;
        v->slot = rcb_calloc(v->slots, sizeof *v->slot);
        if (!v->slot)
            return RC_ENOMEM;
        for (int64_t k = 0; k < v->count; k++) {
            int64_t *slot = seek(v, v->p + v->entry[k].at, v->entry[k].n);

            if (*slot == 0) /* of a word that comes twice, the first one */
                *slot = k + 1;
        }
    }
    *i = *seek(v, word, n) - 1;
    return RC_OK;
}
