/* op_mat.c -- products: a linear layer over rows, and batched products of values.
 *
 * Rows are shared among workers when there are enough of them, columns when there are not; both
 * ways give the same bits.
 */
#include "graph/graph_in.h"

#include <string.h>

/* B and C are rows: c (rows, cols) = or += a b. */
static rck_gemm gemm_rows(int64_t rows, int64_t K, int64_t cols, const rc_real *a, int64_t a_row,
                          int64_t a_k, const rc_real *b, int64_t b_row, rc_real *c, int64_t c_row,
                          bool add)
{
    rck_gemm g = rcg_gemm_rows(rows, K, cols);

    g.a = a;
    g.a_row = a_row;
    g.a_k = a_k;
    g.b = b;
    g.b_k = b_row;
    g.c = c;
    g.c_row = c_row;
    g.add = add;
    return g;
}

/* ---- linear ------------------------------------------------------------------------------ */

typedef struct linear {
    rcg_weight *w, *b;
    rc_real *xt;     /* backward: the packed transpose of x */
    uint16_t *pairs; /* backward: the gradient in bf16; NULL: the weight is reals */
    rc_real *turned; /* w a table: per worker `run` rows of x, then of y, turned around */
    int64_t run;
    int8_t *room; /* one row of a weight of fewer bits: rcg_row_room() bytes for each worker */
    rc_real *row; /* and the panels of the result */
    rcg_node *n;
} linear;

static rc_status linear_infer(const rcg_node *n, rc_shape *out)
{
    const rc_var *x = n->in[0], *w = n->in[1], *b = n->in[2];
    char tx[RCG_SHAPE_TEXT], tw[RCG_SHAPE_TEXT];

    if (x->shape.rank != 2 || w->shape.rank != 2 || x->cols != w->cols)
        return RC_FAIL(RC_ESHAPE, "linear: input is %s, the weight is %s",
                       rcg_shape_text(x->shape, tx), rcg_shape_text(w->shape, tw));
    RC_TRY(rcg_check_bias("linear", b, w->rows));
    *out = x->shape;
    out->dim[1] = w->rows;
    return RC_OK;
}

static rc_status linear_weights(rcg_node *n, linear *own)
{
    const int gates[] = {1};
    const int64_t units = n->in[1]->rows;

    RC_TRY(rcg_weight_of(n, 1, 1, gates, units, n->in[0]->wants, &own->w));
    if (!rcg_absent(n->in[2]))
        RC_TRY(rcg_weight_of(n, 2, 1, gates, units, false, &own->b));
    return RC_OK;
}

/* Rows of x in runs of 64, as panels, are the right operand; the table is the left one as it lies;
 * what comes out is y turned around. */
static void linear_table_share(const rcb_worker *worker, void *ctx)
{
    const linear *own = ctx;
    const rc_var *x = own->n->in[0], *w = own->n->in[1], *y = own->n->out;
    rc_real *xt = own->turned + worker->id * (x->cols + w->rows) * own->run;
    rc_real *yt = xt + x->cols * own->run;
    int64_t lo, hi;

    rcb_share(worker, x->rows, own->run, &lo, &hi);
    for (int64_t r = lo; r < hi; r += own->run) {
        const int64_t rows = hi - r < own->run ? hi - r : own->run;
        const rck_panel in = rck_panel_of(rows, 1, x->cols), out = rck_panel_of(rows, 1, w->rows);

        rck->pack(&in, x->x + r * x->ld, x->ld, xt, 0, in.count);
        for (int64_t v = 0; v < w->rows; v++)
            rck->fill(in.last, own->b ? own->b->w[v] : 0, yt + v * in.cols);
        const rck_gemm g =
            gemm_rows(w->rows, x->cols, rows, w->x, w->ld, 1, xt, in.cols, yt, in.cols, true);
        rck->gemm(&g);
        rck->unpack(&out, yt, y->x + r * y->ld, y->ld);
        rcg_clear_padding(rows, y->cols, y->ld, y->x + r * y->ld);
    }
}

/* A table that nobody wants a gradient of is not packed first. */
static rc_status linear_table_forward(rcg_node *n, linear *own, double flops)
{
    const rc_var *x = n->in[0], *w = n->in[1];
    const int gates[] = {1};
    const int workers = rcg_workers(n->graph, flops);

    if (!rcg_absent(n->in[2]))
        RC_TRY(rcg_weight_of(n, 2, 1, gates, w->rows, false, &own->b));
    own->run = rck_panel_of(1, 1, 1).cols;
    own->turned = rcg_scratch(n->graph, (size_t)((x->cols + w->rows) * own->run) * sizeof(rc_real),
                              (size_t)workers);
    if (!own->turned)
        return n->graph->status;
    rcb_pool_run(n->graph->pool, workers, linear_table_share, own);
    return RC_OK;
}

static void linear_forward_share(const rcb_worker *worker, void *ctx)
{
    const linear *own = ctx;
    const rc_var *x = own->n->in[0], *y = own->n->out;
    const rck_panel *lay = &own->w->lay[0];
    int64_t r0 = 0, r1 = y->rows, u0 = 0, u1 = rcg_groups(lay);

    if (y->rows >= 4 * worker->count)
        rcb_share(worker, y->rows, 1, &r0, &r1);
    else
        rcb_share(worker, u1, 1, &u0, &u1);
    rck_gemm g = rcg_gemm_forward(own->w, 0, r1 - r0, x->x + r0 * x->ld, x->ld,
                                  own->b ? own->b->w : NULL, y->x + r0 * y->ld, 0);
    g.c_row = y->ld;
    g.c_panel = lay->cols;
    rcg_gemm_groups(g, lay, u0, u1);
}

static void linear_row_share(const rcb_worker *worker, void *ctx)
{
    const linear *own = ctx;
    int8_t *room = own->room + (size_t)worker->id * rcg_row_room(own->w);
    rcg_range r;

    rcb_share(worker, own->w->lay[0].count, 1, &r.from, &r.to);
    rcg_row_range(own->w, 0, &r, own->n->in[0]->x, own->b ? own->b->w : NULL, false, own->row,
                  room);
}

/* One row of a weight that has fewer bits. */
static rc_status linear_row(rcg_node *n, linear *own, int workers)
{
    const rck_panel *lay = &own->w->lay[0];

    own->room = rcg_scratch(n->graph, rcg_row_room(own->w), (size_t)workers);
    own->row = rcg_scratch(n->graph, (size_t)(lay->count * lay->cols), sizeof *own->row);
    if (!own->room || !own->row)
        return n->graph->status;
    rcb_pool_run(n->graph->pool, workers, linear_row_share, own);
    memcpy(n->out->x, own->row, (size_t)n->out->ld * sizeof *own->row);
    return RC_OK;
}

static rc_status linear_forward(rcg_node *n)
{
    linear *own = n->own;
    own->n = n;
    const double flops = 2.0 * (double)n->out->rows * (double)n->out->cols * (double)n->in[0]->cols;
    if (!n->in[1]->weight && !n->out->wants)
        return linear_table_forward(n, own, flops);
    RC_TRY(linear_weights(n, own));
    if (own->w->lean && n->out->rows == 1)
        return linear_row(n, own, rcg_workers(n->graph, flops));
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), linear_forward_share, own);
    return RC_OK;
}

static void linear_backward_share(const rcb_worker *worker, void *ctx)
{
    const linear *own = ctx;
    const rc_var *x = own->n->in[0], *y = own->n->out;
    const rck_panel *lay = &own->w->lay[0];
    int64_t lo, hi;

    if (x->g) {
        rcb_share(worker, y->rows, 1, &lo, &hi);
        rck_gemm g =
            rcg_gemm_back(own->w, 0, hi - lo, y->g + lo * y->ld, 0, x->g + lo * x->ld, x->ld);
        g.a_row = y->ld;
        g.a_chunk = lay->cols;
        rck->gemm(&g);
    }
    if (own->w->g) {
        rcb_share(worker, x->cols, RCK_MB, &lo, &hi);
        rcg_pack_t(own->w, x->rows, x->x, x->ld, lo, hi, x->rows, 0, own->xt);
    }
    rcb_barrier(worker);
    rcb_share(worker, rcg_groups(lay), 1, &lo, &hi);
    if (own->w->g) {
        rck_gemm g = rcg_gemm_weight(own->w, 0, x->rows, own->xt, y->g);
        g.b_k = y->ld;
        g.b_panel = lay->cols;
        const int64_t before = lo / (lay->span / RCK_LANES);
        uint16_t *room = own->pairs ? own->pairs + rcg_pairs_size(lay, before, x->rows) : NULL;
        rcg_gemm_weight_groups(g, lay, room, lo, hi);
    }
    if (own->b && own->b->g)
        rck->col_sum(y->rows, (hi - lo) * RCK_LANES, y->g + lo * RCK_LANES, y->ld,
                     own->b->g + lo * RCK_LANES);
}

static rc_status linear_backward(rcg_node *n)
{
    linear *own = n->own;
    const rc_var *x = n->in[0];

    if (own->w->g) {
        own->xt = rcg_scratch(n->graph, (size_t)rcg_pack_t_size(x->rows, x->cols), sizeof *own->xt);
        if (!own->xt)
            return rc_graph_status(n->graph);
    }
    own->pairs = NULL;
    if (own->w->g && own->w->pairs) {
        const rck_panel *lay = &own->w->lay[0];
        own->pairs = rcg_scratch(n->graph, (size_t)rcg_pairs_size(lay, lay->count, x->rows),
                                 sizeof *own->pairs);
        if (!own->pairs)
            return rc_graph_status(n->graph);
    }
    if (own->b && own->b->g)
        rcg_weight_touch(own->b);
    const double flops = 4.0 * (double)n->out->rows * (double)n->out->cols * (double)x->cols;
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), linear_backward_share, own);
    own->w->fresh = false;
    if (own->w->g)
        RC_TRY(rcg_weight_done(n, 1, own->w));
    if (own->b && own->b->g)
        RC_TRY(rcg_weight_done(n, 2, own->b));
    return RC_OK;
}

static const rcg_op op_linear = {
    .name = "linear",
    .optional = 1u << 2,
    .infer = linear_infer,
    .forward = linear_forward,
    .backward = linear_backward,
};

rc_var *rc_linear(rc_graph *g, rc_var *x, rc_var *w, rc_var *b)
{
    linear *own = rcg_keep(g, 1, sizeof *own);
    if (!own)
        return NULL;
    *own = (linear){0};
    return rcg_push(g, &op_linear, 3, (rc_var *[]){x, w, b}, own);
}

/* ---- bmm --------------------------------------------------------------------------------- */

typedef struct bmm {
    rcg_node *n;
    int64_t S, M, K, N;
    rc_real *bt; /* backward: b transposed into panels, one product after the other per worker */
    int64_t bt_size;
} bmm;

static rc_status bmm_infer(const rcg_node *n, rc_shape *out)
{
    const rc_shape a = n->in[0]->shape, b = n->in[1]->shape;
    if (a.rank != 3 || b.rank != 3 || a.dim[0] != b.dim[0] || a.dim[2] != b.dim[1]) {
        char ta[RCG_SHAPE_TEXT], tb[RCG_SHAPE_TEXT];
        return RC_FAIL(RC_ESHAPE, "bmm: operands are %s and %s, expected (S,M,K) and (S,K,N)",
                       rcg_shape_text(a, ta), rcg_shape_text(b, tb));
    }
    *out = a;
    out->dim[2] = b.dim[2];
    out->axis[2] = b.axis[2];
    return RC_OK;
}

static void bmm_forward_share(const rcb_worker *w, void *ctx)
{
    const bmm *own = ctx;
    const rc_var *a = own->n->in[0], *b = own->n->in[1], *c = own->n->out;
    int64_t lo, hi;

    rcb_share(w, own->S, 1, &lo, &hi);
    for (int64_t s = lo; s < hi; s++) {
        const rck_gemm g =
            gemm_rows(own->M, own->K, own->N, a->x + s * own->M * a->ld, a->ld, 1,
                      b->x + s * own->K * b->ld, b->ld, c->x + s * own->M * c->ld, c->ld, false);
        rck->gemm(&g);
    }
}

static rc_status bmm_forward(rcg_node *n)
{
    bmm *own = n->own;
    const rc_shape a = n->in[0]->shape;
    *own = (bmm){.n = n, .S = a.dim[0], .M = a.dim[1], .K = a.dim[2], .N = n->out->cols};
    const double flops = 2.0 * (double)(own->S * own->M) * (double)(own->K * own->N);
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), bmm_forward_share, own);
    return RC_OK;
}

static void bmm_backward_share(const rcb_worker *w, void *ctx)
{
    const bmm *own = ctx;
    const rc_var *a = own->n->in[0], *b = own->n->in[1], *c = own->n->out;
    const rck_panel p = rck_panel_of(own->K, 1, own->N);
    rc_real *bt = own->bt + w->id * own->bt_size;
    int64_t lo, hi;

    rcb_share(w, own->S, 1, &lo, &hi);
    for (int64_t s = lo; s < hi; s++) {
        const rc_real *dc = c->g + s * own->M * c->ld;
        if (a->g) {
            rck->pack(&p, b->x + s * own->K * b->ld, b->ld, bt, 0, p.count);
            rck_gemm g = gemm_rows(own->M, own->N, own->K, dc, c->ld, 1, bt, p.cols,
                                   a->g + s * own->M * a->ld, a->ld, true);
            g.b_panel = own->N * p.cols;
            rck->gemm(&g);
        }
        if (b->g) {
            const rck_gemm g = gemm_rows(own->K, own->M, own->N, a->x + s * own->M * a->ld, 1,
                                         a->ld, dc, c->ld, b->g + s * own->K * b->ld, b->ld, true);
            rck->gemm(&g);
        }
    }
}

static rc_status bmm_backward(rcg_node *n)
{
    bmm *own = n->own;
    const double flops = 4.0 * (double)(own->S * own->M) * (double)(own->K * own->N);
    const int workers = rcg_workers(n->graph, flops);
    const rck_panel p = rck_panel_of(own->K, 1, own->N);

    own->bt_size = rck_panel_size(&p);
    own->bt = rcg_scratch(n->graph, (size_t)workers, (size_t)own->bt_size * sizeof *own->bt);
    if (!own->bt)
        return rc_graph_status(n->graph);
    rcb_pool_run(n->graph->pool, workers, bmm_backward_share, own);
    return RC_OK;
}

static const rcg_op op_bmm = {
    .name = "bmm",
    .infer = bmm_infer,
    .forward = bmm_forward,
    .backward = bmm_backward,
};

rc_var *rc_bmm(rc_graph *g, rc_var *a, rc_var *b)
{
    bmm *own = rcg_keep(g, 1, sizeof *own);
    return own ? rcg_push(g, &op_bmm, 2, (rc_var *[]){a, b}, own) : NULL;
}
