/* questions.c -- word vectors against what people say of words: analogies (Mikolov et al. 2013) and
 * pairs of words with how alike they are.
 *
 * A file of analogies has sections that begin with ":" and questions of four words; a file of pairs
 * two words and a number in a line. A word is looked for as it is written, then in small letters.
 * Every worker answers questions of its own, so that answers are the same for any number of them.
 */
#include "model/model_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 4, GROUP = 16 }; /* of a question; questions that are answered together */

typedef struct question {
    int64_t word[WORDS]; /* -1: not there */
    int64_t section;
    double value; /* of a pair */
} question;

/* A score as it grows; `open` is what others see of it. */
typedef struct score {
    rc_vectors_scores open;
    rc_vectors_section *section;
    size_t sections_cap;
} score;

typedef struct exam {
    const rc_vectors *v;
    const char *path;
    question *q;
    size_t n, cap;
    rc_real *unit; /* (count, ld) vectors of length 1 */
    int64_t ld;
    rc_real *room; /* (workers, GROUP, ld) */
    int64_t *said; /* (n) */
} exam;

static void exam_free(exam *e)
{
    rcb_free(e->q);
    rcb_free(e->unit);
    rcb_free(e->room);
    rcb_free(e->said);
}

/* ---- reading ----------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next field of a line; false: there is none. */
static bool field(const char **at, const char *end, const char **p, size_t *n)
{
    while (*at < end && is_blank(**at))
        ++*at;
    *p = *at;
    while (*at < end && !is_blank(**at))
        ++*at;
    *n = (size_t)(*at - *p);
    return *n > 0;
}

static rc_status bad_line(const exam *e, int64_t line, const char *what)
{
    return RC_FAIL(RC_EDATA, "cannot read '%s': line %" PRId64 " %s", e->path, line, what);
}

static rc_status add_question(exam *e, const question *q)
{
    if (e->n == e->cap) {
        const size_t cap = e->cap ? 2 * e->cap : 256;
        question *p = rcb_realloc(e->q, e->cap, cap, sizeof *p);

        if (!p)
            return RC_ENOMEM;
        e->q = p;
        e->cap = cap;
    }
    e->q[e->n++] = *q;
    return RC_OK;
}

/* ": capital-world" */
static rc_status add_section(score *s, const char *p, size_t n)
{
    if (s->open.sections == s->sections_cap) {
        const size_t cap = s->sections_cap ? 2 * s->sections_cap : 16;
        rc_vectors_section *more = rcb_realloc(s->section, s->sections_cap, cap, sizeof *more);

        if (!more)
            return RC_ENOMEM;
        s->open.section = s->section = more;
        s->sections_cap = cap;
    }
    char *name = rcb_alloc(n + 1, 1);
    if (!name)
        return RC_ENOMEM;
    memcpy(name, p, n);
    name[n] = '\0';
    s->section[s->open.sections++] = (rc_vectors_section){.name = name};
    return RC_OK;
}

static rc_status read_number(const exam *e, int64_t line, const char *p, size_t n, double *out)
{
    char text[64];
    const char *rest;

    if (n >= sizeof text)
        return bad_line(e, line, "has no number behind its two words");
    memcpy(text, p, n);
    text[n] = '\0';
    *out = rcb_real_read(text, &rest);
    return *rest == '\0' && isfinite(*out)
               ? RC_OK
               : bad_line(e, line, "has no number behind its two words");
}

static rc_status read_question(exam *e, const score *s, int64_t line, const char *at,
                               const char *end)
{
    const int words = s->open.analogies ? WORDS : 2;
    question q = {.section = (int64_t)s->open.sections - 1};
    const char *p;
    size_t n;

    for (int i = 0; i < words; i++) {
        if (!field(&at, end, &p, &n))
            return bad_line(e, line,
                            words == 2 ? "is not two words and a number" : "is not four words");
        RC_TRY(rc_vectors_look_up(e->v, p, n, &q.word[i]));
    }
    if (words == 2) {
        if (!field(&at, end, &p, &n))
            return bad_line(e, line, "is not two words and a number");
        RC_TRY(read_number(e, line, p, n, &q.value));
    } else if (field(&at, end, &p, &n)) {
        return bad_line(e, line, "is not four words");
    }
    return add_question(e, &q);
}

static rc_status read_lines(exam *e, score *s, const char *at, const char *stop)
{
    for (int64_t line = 1; at < stop; line++) {
        const char *feed = memchr(at, '\n', (size_t)(stop - at)), *end = feed ? feed : stop, *p;
        const char *next = feed ? feed + 1 : stop, *from = at;
        size_t n;

        if (field(&from, end, &p, &n)) {
            if (*p == ':') {
                if (e->n > 0 && !s->open.analogies)
                    return bad_line(e, line, "begins a section of analogies among pairs");
                s->open.analogies = true;
                for (p++; p < end && is_blank(*p); p++)
                    ;
                while (end > p && is_blank(end[-1]))
                    end--;
                RC_TRY(add_section(s, p, (size_t)(end - p)));
            } else {
                RC_TRY(read_question(e, s, line, at, end));
            }
        }
        at = next;
    }
    return e->n > 0 ? RC_OK
                    : RC_FAIL(RC_EDATA, "cannot read '%s': there are no questions in it", e->path);
}

static rc_status read_file(exam *e, score *s)
{
    rcb_bytes bytes;

    RC_TRY(rcb_file_load(&bytes, e->path));
    const char *p = (const char *)bytes.p;
    const rc_status status = read_lines(e, s, p, p + bytes.n);
    rcb_bytes_free(&bytes);
    return status;
}

/* ---- answers ----------------------------------------------------------------------------- */

static bool complete(const question *q, int words)
{
    for (int i = 0; i < words; i++)
        if (q->word[i] < 0)
            return false;
    return true;
}

/* All vectors, each made of length 1; one of zeros stays. */
static rc_status make_units(exam *e)
{
    const int64_t count = rc_vectors_count(e->v), dim = rc_vectors_dim(e->v);
    size_t size;

    e->ld = rck_pad(dim);
    if (!rcb_mul((size_t)count, (size_t)e->ld, &size))
        return RC_ENOMEM;
    e->unit = rcb_calloc(size, sizeof *e->unit);
    if (!e->unit)
        return RC_ENOMEM;
    for (int64_t i = 0; i < count; i++) {
        rc_real *x = e->unit + i * e->ld;

        RC_TRY(rc_vectors_read(e->v, i, x));
        const double length = sqrt((double)rck->dot(dim, x, x));
        if (length > 0)
            rck->scale(dim, (rc_real)(1 / length), x, x);
    }
    return RC_OK;
}

/* The answers to n questions from number `first` on: of all words but the three that are given, the
 * one nearest to b - a + c. */
static void answer(const exam *e, rc_real *aim, size_t first, size_t n)
{
    const int64_t count = rc_vectors_count(e->v), ld = e->ld;
    rc_real best[GROUP];

    for (size_t k = 0; k < n; k++) {
        const int64_t *word = e->q[first + k].word;
        const bool asked = complete(&e->q[first + k], WORDS);

        best[k] = -(rc_real)INFINITY;
        e->said[first + k] = -1;
        if (!asked)
            continue;
        rck->sub(ld, e->unit + word[1] * ld, e->unit + word[0] * ld, aim + (int64_t)k * ld);
        rck->add(ld, aim + (int64_t)k * ld, e->unit + word[2] * ld, aim + (int64_t)k * ld);
    }
    for (int64_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++) {
            const int64_t *word = e->q[first + k].word;

            if (!complete(&e->q[first + k], WORDS) || i == word[0] || i == word[1] || i == word[2])
                continue;
            const rc_real x = rck->dot(ld, e->unit + i * ld, aim + (int64_t)k * ld);
            if (x > best[k]) {
                best[k] = x;
                e->said[first + k] = i;
            }
        }
}

static void answer_on_worker(const rcb_worker *w, void *ctx)
{
    const exam *e = ctx;
    rc_real *aim = e->room + (int64_t)w->id * GROUP * e->ld;
    int64_t lo, hi;

    rcb_share(w, (int64_t)e->n, GROUP, &lo, &hi);
    for (; lo < hi; lo += GROUP)
        answer(e, aim, (size_t)lo, (size_t)(hi - lo < GROUP ? hi - lo : GROUP));
}

static rc_status answer_all(exam *e, score *s, rcb_pool *pool)
{
    const int workers = rcb_pool_size(pool);

    e->room = rcb_alloc((size_t)workers * GROUP * (size_t)e->ld, sizeof *e->room);
    e->said = rcb_alloc(e->n, sizeof *e->said);
    if (!e->room || !e->said)
        return RC_ENOMEM;
    rcb_pool_run(pool, workers, answer_on_worker, e);
    for (size_t i = 0; i < e->n; i++) {
        const question *q = &e->q[i];
        rc_vectors_section *section = q->section >= 0 ? &s->section[q->section] : NULL;
        const bool asked = complete(q, WORDS), right = asked && e->said[i] == q->word[3];

        s->open.asked += asked;
        s->open.right += right;
        if (section) {
            section->questions++;
            section->asked += asked;
            section->right += right;
        }
    }
    return RC_OK;
}

/* ---- pairs ------------------------------------------------------------------------------- */

typedef struct ranked {
    double value;
    size_t at;
} ranked;

static int by_value(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    return x->value != y->value ? (x->value < y->value ? -1 : 1)
                                : (x->at > y->at) - (x->at < y->at);
}

/* Ranks of n values, equal ones sharing the mean of theirs, less the mean of all. */
static void rank(ranked *r, size_t n, double *out)
{
    qsort(r, n, sizeof *r, by_value);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && r[next].value == r[i].value;)
            next++;
        for (size_t k = i; k < next; k++)
            out[r[k].at] = ((double)(i + next) - (double)n) / 2;
    }
}

static double correlation(size_t n, const double *x, const double *y)
{
    double xy = 0, xx = 0, yy = 0;

    for (size_t i = 0; i < n; i++) {
        xy += x[i] * y[i];
        xx += x[i] * x[i];
        yy += y[i] * y[i];
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

/* Fieller, Hartley and Pearson 1957: atanh of it is near normal, of variance 1.06 / (n - 3). */
static void bound(rc_vectors_scores *s)
{
    const double z95 = 1.959963984540054, n = (double)s->asked;

    s->low = s->high = (double)NAN;
    if (s->asked <= 3 || isnan(s->spearman))
        return;
    const double reach = z95 * sqrt(1.06 / (n - 3));
    s->low = tanh(atanh(s->spearman) - reach);
    s->high = tanh(atanh(s->spearman) + reach);
}

static rc_status compare(const exam *e, score *s)
{
    ranked *r = rcb_alloc(e->n, sizeof *r);
    double *said = rcb_alloc(e->n, sizeof *said), *gold = rcb_alloc(e->n, sizeof *gold);
    size_t n = 0;

    if (!r || !said || !gold) {
        rcb_free(r);
        rcb_free(said);
        rcb_free(gold);
        return RC_ENOMEM;
    }
    for (size_t i = 0; i < e->n; i++)
        if (complete(&e->q[i], 2)) {
            const int64_t *word = e->q[i].word;

            gold[n] = e->q[i].value;
            said[n++] =
                (double)rck->dot(e->ld, e->unit + word[0] * e->ld, e->unit + word[1] * e->ld);
        }
    s->open.asked = (int64_t)n;
    for (size_t i = 0; i < n; i++)
        r[i] = (ranked){gold[i], i};
    rank(r, n, gold);
    for (size_t i = 0; i < n; i++)
        r[i] = (ranked){said[i], i};
    rank(r, n, said);
    s->open.spearman = correlation(n, said, gold);
    bound(&s->open);
    rcb_free(r);
    rcb_free(said);
    rcb_free(gold);
    return RC_OK;
}

/* ---- the door ---------------------------------------------------------------------------- */

static rc_status examine(exam *e, score *s, int threads)
{
    rcb_pool *pool;

    RC_TRY(read_file(e, s));
    RC_TRY(make_units(e));
    s->open.questions = (int64_t)e->n;
    if (!s->open.analogies)
        return compare(e, s);
    RC_TRY(rcb_pool_new(&pool, threads));
    const rc_status status = answer_all(e, s, pool);
    rcb_pool_free(pool);
    return status;
}

rc_status rc_vectors_evaluate(const rc_vectors *v, const char *path, int threads,
                              rc_vectors_scores **out)
{
    exam e = {.v = v, .path = path};
    score *s = rcb_calloc(1, sizeof *s);
    rc_status status = RC_ENOMEM;

    *out = NULL;
    if (s)
        status = examine(&e, s, threads);
    exam_free(&e);
    if (status != RC_OK) {
        rc_vectors_scores_free(s ? &s->open : NULL);
        return status;
    }
    *out = &s->open;
    return RC_OK;
}

void rc_vectors_scores_free(rc_vectors_scores *scores)
{
    score *s = (score *)(void *)scores;

    if (!s)
        return;
    for (size_t i = 0; i < s->open.sections; i++)
        rcb_free((void *)(uintptr_t)s->section[i].name);
    rcb_free(s->section);
    rcb_free(s);
}
