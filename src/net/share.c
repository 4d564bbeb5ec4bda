/* share.c -- parameters whose values several hold, each with gradients of its own, and the sum of
 * those: what shards of a step need.
 */
#include "net/net.h"

#include <string.h>

static rc_status own_gradient(rcn_param *p)
{
    const bool marks = p->touched != NULL;

    p->touched = NULL;
    p->g = rcb_calloc((size_t)p->size, sizeof *p->g);
    if (!p->g)
        return RC_ENOMEM;
    if (p->packed)
        p->weight.g = p->g;
    if (marks) {
        p->touched = rcb_calloc((size_t)rcg_marks(p->size), sizeof *p->touched);
        if (!p->touched)
            return RC_ENOMEM;
    }
    return RC_OK;
}

rc_status rcn_params_share(rcn_params *out, const rcn_params *ps)
{
    rc_status status = RC_OK;

    *out = (rcn_params){.count = ps->count};
    out->p = rcb_calloc(ps->n, sizeof *out->p);
    if (!out->p)
        return RC_ENOMEM;
    out->cap = ps->n;
    for (size_t i = 0; status == RC_OK && i < ps->n; i++) {
        assert(ps->p[i].g || ps->p[i].frozen);
        out->p[out->n] = ps->p[i];
        out->n++;
        if (ps->p[i].g)
            status = own_gradient(&out->p[i]);
    }
    if (status != RC_OK)
        rcn_params_unshare(out);
    return status;
}

void rcn_params_unshare(rcn_params *shared)
{
    for (size_t i = 0; i < shared->n; i++) {
        rcb_free(shared->p[i].touched);
        rcb_free(shared->p[i].g);
    }
    rcb_free(shared->p);
    *shared = (rcn_params){0};
}

/* ---- sums -------------------------------------------------------------------------------- */

typedef struct summing {
    rcn_params *to;
    rcn_params *const *from;
    int64_t count;
} summing;

/* Block b of parameter i, over all in order. */
static void sum_block(const summing *s, size_t i, int64_t b)
{
    rcn_param *to = &s->to->p[i];
    const int64_t at = b * RCK_BLOCK, left = to->size - at;
    const int64_t n = left < RCK_BLOCK ? left : RCK_BLOCK;

    for (int64_t k = 0; k < s->count; k++) {
        const rcn_param *from = &s->from[k]->p[i];

        if (!rcn_touched(from, b))
            continue;
        rck->add(n, to->g + at, from->g + at, to->g + at);
        if (to->touched)
            to->touched[b] = 1;
    }
}

static void sum_share(const rcb_worker *w, void *ctx)
{
    const summing *s = ctx;

    for (size_t i = 0; i < s->to->n; i++) {
        int64_t lo, hi;

        if (s->to->p[i].frozen)
            continue;
        rcb_share(w, rcg_marks(s->to->p[i].size), 1, &lo, &hi);
        for (int64_t b = lo; b < hi; b++)
            sum_block(s, i, b);
    }
}

void rcn_params_sum(rcn_params *to, rcn_params *const from[], int64_t count, rcb_pool *pool)
{
    summing s = {to, from, count};

    rcb_pool_run(pool, rcb_pool_size(pool), sum_share, &s);
}
