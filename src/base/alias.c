/* alias.c -- numbers drawn from a distribution in constant time: the alias method (Walker 1977, in
 * the form of Vose 1991).
 *
 * Every number has a box of the same width, in which it shares the place that it does not need with
 * at most one other. Boxes are filled in a fixed order, so that the same weights give the same
 * draws.
 */
#include "base/base.h"

/* What is left to be shared out: numbers that need less than a box at the front, more at the
 * back. */
struct boxes {
    int64_t less, more;
    int32_t *order; /* (n) */
    double *need;   /* (n) in boxes */
};

static void sort_out(struct boxes *b, int64_t n, int32_t i)
{
    if (b->need[i] < 1)
        b->order[b->less++] = i;
    else
        b->order[n - 1 - b->more++] = i;
}

static void fill(rcb_alias *a, struct boxes *b)
{
    const int64_t n = a->n;

    for (int32_t i = 0; i < n; i++)
        sort_out(b, n, i);
    while (b->less > 0 && b->more > 0) {
        const int32_t small = b->order[--b->less];
        const int32_t large = b->order[n - b->more--];

        a->limit[small] = (uint32_t)(b->need[small] * 4294967296.0);
        a->other[small] = large;
        b->need[large] -= 1 - b->need[small];
        sort_out(b, n, large);
    }
    /* what is left fills its box, but for rounding: its other is itself */
}

rc_status rcb_alias_new(rcb_alias *out, const double *weight, int64_t n)
{
    double sum = 0;

    assert(n > 0 && n <= INT32_MAX);
    for (int64_t i = 0; i < n; i++)
        sum += weight[i];
    assert(sum > 0);
    *out = (rcb_alias){.n = (int32_t)n};
    out->limit = rcb_calloc((size_t)n, sizeof *out->limit);
    out->other = rcb_alloc((size_t)n, sizeof *out->other);
    struct boxes b = {.order = rcb_alloc((size_t)n, sizeof *b.order),
                      .need = rcb_alloc((size_t)n, sizeof *b.need)};
    const bool whole = out->limit && out->other && b.order && b.need;

    for (int64_t i = 0; whole && i < n; i++) {
        b.need[i] = weight[i] / sum * (double)n;
        out->other[i] = (int32_t)i;
    }
    if (whole)
        fill(out, &b);
    rcb_free(b.order);
    rcb_free(b.need);
    if (!whole)
        rcb_alias_free(out);
    return whole ? RC_OK : RC_ENOMEM;
}

void rcb_alias_free(rcb_alias *a)
{
    rcb_free(a->limit);
    rcb_free(a->other);
    *a = (rcb_alias){0};
}
