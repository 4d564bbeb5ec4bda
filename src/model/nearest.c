/* nearest.c -- which word vectors are near to where others point, by cosine.
 *
 * Rows are read one by one, so that a large file answers without being loaded. Every worker keeps
 * the best of its rows; equal ones come by number, so that the answer is the same for any number of
 * workers.
 */
#include "model/model_in.h"

#include <math.h>
#include <string.h>

/* ---- the nearest ------------------------------------------------------------------------- */

/* What is looked for, and what one worker has found. */
typedef struct hunt {
    const rc_vectors *v;
    const rc_vector_term *term;
    size_t terms;
    const rc_real *aim; /* (dim) of length 1 */
    int64_t best;       /* answers that are wanted */
} hunt;

typedef struct finder {
    const hunt *h;
    float *room;
    rc_real *row;
    rc_neighbour *found; /* (best), the nearest first */
    int64_t count;
    rc_status status;
    char message[256]; /* of a failure, which is known to its thread alone */
} finder;

/* Put one where it belongs among the best; equal ones stay in the order of their numbers. */
static void keep_best(rc_neighbour *found, int64_t *count, int64_t best, rc_neighbour one)
{
    int64_t at = *count;

    while (at > 0 && (one.cosine > found[at - 1].cosine ||
                      (one.cosine == found[at - 1].cosine && one.word < found[at - 1].word)))
        at--;
    if (at == best)
        return;
    *count += *count < best;
    memmove(found + at + 1, found + at, (size_t)(*count - 1 - at) * sizeof *found);
    found[at] = one;
}

static bool is_term(const hunt *h, int64_t i)
{
    for (size_t k = 0; k < h->terms; k++)
        if (!h->term[k].vector && h->term[k].word == i)
            return true;
    return false;
}

static rc_status look(finder *f, int64_t lo, int64_t hi)
{
    const int64_t dim = rc_vectors_dim(f->h->v);

    for (int64_t i = lo; i < hi; i++) {
        if (is_term(f->h, i))
            continue;
        RC_TRY(rcm_vectors_row(f->h->v, i, f->room, f->row));
        const double length = sqrt((double)rck->dot(dim, f->row, f->row));
        if (length > 0)
            keep_best(f->found, &f->count, f->h->best,
                      (rc_neighbour){i, (double)rck->dot(dim, f->h->aim, f->row) / length});
    }
    return RC_OK;
}

static void look_on_worker(const rcb_worker *w, void *ctx)
{
    finder *f = (finder *)ctx + w->id;
    int64_t lo, hi;

    rcb_share(w, rc_vectors_count(f->h->v), 1, &lo, &hi);
    f->status = look(f, lo, hi);
    if (f->status != RC_OK)
        (void)strncpy(f->message, rc_error_message(), sizeof f->message - 1);
}

/* The sum of the terms, each of length 1 times its weight, made of length 1. */
static rc_status aim_of(const hunt *h, finder *f, rc_real *aim)
{
    const int64_t dim = rc_vectors_dim(h->v);

    rck->fill(dim, 0, aim);
    for (size_t k = 0; k < h->terms; k++) {
        const rc_vector_term *t = &h->term[k];
        const rc_real *x = t->vector ? t->vector : f->row;

        if (!t->vector && (t->word < 0 || t->word >= rc_vectors_count(h->v)))
            return RC_FAIL(RC_EINVAL, "there is no vector %" PRId64, t->word);
        if (!t->vector)
            RC_TRY(rcm_vectors_row(h->v, t->word, f->room, f->row));
        const double length = sqrt((double)rck->dot(dim, x, x));
        if (length > 0)
            rck->axpy(dim, (rc_real)(t->weight / length), x, aim);
    }
    const double length = sqrt((double)rck->dot(dim, aim, aim));
    if (!(length > 0))
        return RC_FAIL(RC_EDATA, "the vectors add up to nothing: no direction is left");
    rck->scale(dim, (rc_real)(1 / length), aim, aim);
    return RC_OK;
}

static rc_status open_finders(finder *f, int n, const hunt *h)
{
    const size_t dim = (size_t)rc_vectors_dim(h->v);

    for (int i = 0; i < n; i++) {
        f[i].h = h;
        f[i].room = rcb_alloc(dim, sizeof *f[i].room);
        f[i].row = rcb_alloc(dim, sizeof *f[i].row);
        f[i].found = rcb_alloc((size_t)h->best, sizeof *f[i].found);
        if (!f[i].room || !f[i].row || !f[i].found)
            return RC_ENOMEM;
    }
    return RC_OK;
}

static rc_status collect(const finder *f, int n, int64_t best, rc_neighbour *out, int64_t *count)
{
    *count = 0;
    for (int i = 0; i < n; i++) {
        if (f[i].status != RC_OK)
            return RC_FAIL(f[i].status, "%s", f[i].message);
        for (int64_t k = 0; k < f[i].count; k++)
            keep_best(out, count, best, f[i].found[k]);
    }
    return RC_OK;
}

static rc_status search(hunt *h, finder *f, rcb_pool *pool, rc_neighbour *out, int64_t *count)
{
    const int n = rcb_pool_size(pool);
    rc_real *aim = rcb_alloc((size_t)rc_vectors_dim(h->v), sizeof *aim);
    rc_status s = aim ? open_finders(f, n, h) : RC_ENOMEM;

    if (s == RC_OK)
        s = aim_of(h, f, aim);
    if (s == RC_OK) {
        h->aim = aim;
        rcb_pool_run(pool, n, look_on_worker, f);
        s = collect(f, n, h->best, out, count);
    }
    rcb_free(aim);
    return s;
}

rc_status rc_vectors_nearest(const rc_vectors *v, const rc_vector_term *term, size_t terms,
                             int threads, int64_t best, rc_neighbour *out, int64_t *count)
{
    hunt h = {.v = v, .term = term, .terms = terms, .best = best};
    rcb_pool *pool;

    *count = 0;
    if (terms < 1 || best < 1)
        return RC_FAIL(RC_EINVAL, "there must be something to look for, and an answer");
    RC_TRY(rcb_pool_new(&pool, threads));
    const int n = rcb_pool_size(pool);
    finder *f = rcb_calloc((size_t)n, sizeof *f);
    const rc_status s = f ? search(&h, f, pool, out, count) : RC_ENOMEM;
    for (int i = 0; f && i < n; i++) {
        rcb_free(f[i].room);
        rcb_free(f[i].row);
        rcb_free(f[i].found);
    }
    rcb_free(f);
    rcb_pool_free(pool);
    return s;
}
