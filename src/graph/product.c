/* product.c -- what operations with matrix products share: plain leaves as packed weights, products
 * over parts of panels, and how many workers a piece of work is worth.
 */
#include "graph/graph_in.h"

/* ---- weights ----------------------------------------------------------------------------- */

rc_status rcg_weight_of(rcg_node *n, int i, int blocks, const int gates[], int64_t units, bool t,
                        rcg_weight **out)
{
    rc_var *v = n->in[i];
    rc_graph *g = n->graph;

    if (v->weight) {
        assert(v->weight->blocks == blocks && v->weight->lay[0].units == units);
        assert(!t || v->weight->wt || v->weight->pairs_t);
        *out = v->weight;
        return RC_OK;
    }
    const int64_t K = v->shape.rank == 1 ? 1 : v->cols;
    rcg_weight *w = rcg_keep(g, 1, sizeof *w);
    if (!w)
        return g->status;
    rcg_weight_plan(w, blocks, gates, units, K);
    w->w = rcg_keep(g, (size_t)rcg_weight_size(w), sizeof *w->w);
    rc_real *rows = rcg_scratch(g, (size_t)(rcg_weight_rows(w) * K), sizeof *rows);
    if (!w->w || !rows)
        return g->status;
    RC_TRY(rc_var_read(g, v, rows, rcg_weight_rows(w) * K));
    rcg_weight_pack(w, rows, w->w);
    if (t) {
        w->wt = rcg_keep(g, (size_t)rcg_weight_size_t(w), sizeof *w->wt);
        if (!w->wt)
            return g->status;
        rcg_weight_refresh(w, g->pool);
    }
    if (v->wants) {
        w->g = rcg_keep(g, (size_t)rcg_weight_size(w), sizeof *w->g);
        if (!w->g)
            return g->status;
        rck->fill(rcg_weight_size(w), 0, w->g);
    }
    *out = w;
    return RC_OK;
}

rc_status rcg_weight_done(rcg_node *n, int i, rcg_weight *w)
{
    rc_var *v = n->in[i];
    if (v->weight || !v->g)
        return RC_OK;

    const int64_t rows = rcg_weight_rows(w), K = rcg_weight_cols(w);
    rc_real *flat = rcg_scratch(n->graph, (size_t)(rows * K), sizeof *flat);
    if (!flat)
        return n->graph->status;
    rcg_weight_unpack(w, w->g, flat);
    for (int64_t r = 0; r < v->rows; r++)
        rck->add(v->cols, v->g + r * v->ld, flat + r * v->cols, v->g + r * v->ld);
    return RC_OK;
}

void rcg_weight_touch(rcg_weight *w)
{
    if (w->fresh) {
        rck->fill(rcg_weight_size(w), 0, w->g);
        w->fresh = false;
    }
}

/* ---- products ---------------------------------------------------------------------------- */

/* The product begins at a column of panel p. */
static void gemm_from(rck_gemm *g, int64_t p, int64_t column)
{
    if (g->pairs)
        g->pairs += 2 * (p * g->b_panel + column);
    else
        g->b += p * g->b_panel + column;
    g->c += p * g->c_panel + column;
    if (g->start)
        g->start += p * g->start_panel + column;
}

/* The part [from,to) (unit groups within the panel) of panel p. */
static void gemm_part(rck_gemm g, const rck_panel *lay, int64_t p, int64_t from, int64_t to)
{
    gemm_from(&g, p, from * RCK_LANES * lay->gates);
    g.panels = 1;
    g.cols = g.cols_last = (int)((to - from) * RCK_LANES * lay->gates);
    rck->gemm(&g);
}

/* The panels [p,end), all of their columns. */
static void gemm_whole(rck_gemm g, const rck_panel *lay, int64_t p, int64_t end)
{
    gemm_from(&g, p, 0);
    g.panels = end - p;
    g.cols = lay->cols;
    g.cols_last = end == lay->count ? lay->last : lay->cols;
    rck->gemm(&g);
}

void rcg_gemm_groups(rck_gemm g, const rck_panel *lay, int64_t first, int64_t last)
{
    const int64_t per = lay->span / RCK_LANES;
    const int64_t p = (first + per - 1) / per; /* whole panels: [p,end) */
    const int64_t end = last == rcg_groups(lay) ? lay->count : last / per;
    if (first >= last)
        return;
    if (first % per && last <= p * per) {
        gemm_part(g, lay, p - 1, first % per, last - (p - 1) * per);
        return;
    }
    const int64_t head = p * per - first, tail = last > end * per ? last - end * per : 0;

    if (g.backwards && tail)
        gemm_part(g, lay, end, 0, tail);
    if (!g.backwards && head)
        gemm_part(g, lay, p - 1, per - head, per);
    if (p < end)
        gemm_whole(g, lay, p, end);
    if (g.backwards && head)
        gemm_part(g, lay, p - 1, per - head, per);
    if (!g.backwards && tail)
        gemm_part(g, lay, end, 0, tail);
}

rck_gemm rcg_gemm_forward(const rcg_weight *w, int b, int64_t rows, const rc_real *a, int64_t lda,
                          const rc_real *bias, rc_real *c, int64_t N)
{
    const rck_panel *p = &w->lay[b];
    return (rck_gemm){
        .rows = rows,
        .chunks = 1,
        .kc = p->K,
        .klast = p->K,
        .a = a,
        .a_row = lda,
        .a_k = 1,
        .b = w->w + w->at[b],
        .pairs = w->pairs ? w->pairs + w->at_pairs[b] : NULL,
        .b_k = p->cols,
        .b_panel = (w->pairs ? (p->K + 1) / 2 : p->K) * p->cols,
        .c = c,
        .c_row = p->cols,
        .c_panel = N * p->cols,
        .start = bias,
        .start_panel = p->cols,
        .panels = p->count,
        .cols = p->cols,
        .cols_last = p->last,
    };
}

rck_gemm rcg_gemm_back(const rcg_weight *w, int b, int64_t rows, const rc_real *d, int64_t N,
                       rc_real *da, int64_t lda)
{
    const rck_panel *p = &w->lay[b];
    const rck_panel t = rck_panel_t(p);
    return (rck_gemm){
        .rows = rows,
        .chunks = p->count,
        .kc = p->cols,
        .klast = p->last,
        .a = d,
        .a_row = p->cols,
        .a_k = 1,
        .a_chunk = N * p->cols,
        .b = w->pairs_t ? NULL : w->wt + w->at_t[b],
        .pairs = w->pairs_t ? w->pairs_t + w->at_t[b] : NULL,
        .b_k = t.cols,
        .b_panel = (w->pairs_t ? t.K / 2 : t.K) * t.cols, /* t.K is a multiple of 16 */
        .c = da,
        .c_row = lda,
        .c_panel = t.cols,
        .panels = t.count,
        .cols = t.cols,
        .cols_last = t.last,
        .add = true,
    };
}

void rcg_gemm_chunks(rck_gemm *g, int64_t first, int64_t end)
{
    const int64_t k = first * g->kc;

    if (g->pairs)
        g->pairs += k * g->b_k; /* k / 2 pairs: panels are as wide as a multiple of 16 */
    else
        g->b += k * g->b_k;
    g->klast = end < g->chunks ? g->kc : g->klast;
    g->chunks = end - first;
}

rck_gemm rcg_gemm_weight(const rcg_weight *w, int b, int64_t N, const rc_real *at, const rc_real *d)
{
    const rck_panel *p = &w->lay[b];
    return (rck_gemm){
        .rows = p->K,
        .chunks = 1,
        .kc = N,
        .klast = N,
        .a = at,
        .a_row = 1,
        .a_k = RCK_MB,
        .a_block = RCK_MB * (w->pairs ? N + N % 2 : N),
        .b = d,
        .b_k = p->cols,
        .b_panel = N * p->cols,
        .c = w->g + w->at[b],
        .c_row = p->cols,
        .c_panel = p->K * p->cols,
        .panels = p->count,
        .cols = p->cols,
        .cols_last = p->last,
        .add = !w->fresh,
    };
}

int rcg_workers(const rc_graph *g, double flops)
{
    const double worth = 4e5; /* a few microseconds of one core: what waking another costs */
    const int size = rcb_pool_size(g->pool);
    const double useful = flops / worth;
    return useful >= size ? size : useful < 1 ? 1 : (int)useful;
}
