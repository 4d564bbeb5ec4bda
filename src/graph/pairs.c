/* pairs.c -- weights in bf16 beside their reals, for the products of graphs that train, and the
 * product that makes their gradients: what lies in reals there is rounded on the way.
 *
 * The copies are a cache of a parameter, made anew after every update. Who multiplies asks a weight
 * for a product as ever (product.c) and does not see the difference, but for the gradient of a
 * weight, where both operands are activations.
 */
#include "graph/graph_in.h"

int64_t rcg_weight_pairs(const rcg_weight *w)
{
    const int last = w->blocks - 1;
    const rck_panel *p = &w->lay[last];

    return w->at_pairs[last] + p->count * (p->K + p->K % 2) * p->cols;
}

void rcg_weight_pair_panels(rcg_weight *w, int i, int64_t p0, int64_t p1)
{
    const rck_panel *p = &w->lay[i];
    const int64_t size = p->K * p->cols, paired = (p->K + p->K % 2) * p->cols;
    const rc_real *from = w->w + w->at[i];

    for (int64_t q = p0; q < p1; q++)
        rck->pair(p->K, p->cols, from + q * size, p->cols, w->pairs + w->at_pairs[i] + q * paired,
                  p->cols);
    rck->transpose_pairs(p, from, w->pairs_t + w->at_t[i], p0, p1);
}

void rcg_pack_t(const rcg_weight *w, int64_t n, const rc_real *x, int64_t ld, int64_t m0,
                int64_t m1, int64_t N, int64_t row, rc_real *at)
{
    if (w->pairs)
        rck->pack_t_pairs(n, x, ld, m0, m1, N + N % 2, row, at);
    else
        rck->pack_t(n, x, ld, m0, m1, N, row, at);
}

/* The right operand of g in the columns of the unit groups [first,last), as pairs in `room`. */
static void pair_groups(const rck_gemm *g, const rck_panel *lay, uint16_t *room, int64_t first,
                        int64_t last)
{
    const int64_t per = lay->span / RCK_LANES, width = RCK_LANES * lay->gates;

    for (int64_t u = first, next; u < last; u = next) {
        const int64_t panel = u / per, column = u % per * width;

        next = (panel + 1) * per < last ? (panel + 1) * per : last;
        rck->pair(g->klast, (next - u) * width, g->b + panel * g->b_panel + column, g->b_k,
                  room + rcg_pairs_size(lay, panel, g->klast) + 2 * column, lay->cols);
    }
}

void rcg_gemm_weight_groups(rck_gemm g, const rck_panel *lay, uint16_t *room, int64_t first,
                            int64_t last)
{
    const int64_t before = first / (lay->span / RCK_LANES); /* panels */
    rck_panel rest = *lay;

    if (!room || first >= last) {
        rcg_gemm_groups(g, lay, first, last);
        return;
    }
    rest.units -= before * lay->span;
    rest.count -= before;
    first -= before * lay->span / RCK_LANES;
    last -= before * lay->span / RCK_LANES;
    g.b += before * g.b_panel;
    g.c += before * g.c_panel;
    pair_groups(&g, &rest, room, first, last);
    g.pairs = room;
    g.b_k = lay->cols;
    g.b_panel = rcg_pairs_size(lay, 1, g.klast) / 2;
    rcg_gemm_groups(g, &rest, first, last);
}
