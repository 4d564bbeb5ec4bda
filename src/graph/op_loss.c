/* op_loss.c -- losses: sums over rows in nats, with their totals in double.
 *
 * softmax_loss is the output layer of a language model: logits live in panels, a piece of them at a
 * time goes through product, maximum, exponentials and sum while it is warm, and what stays is
 * already the left operand of dX and the right operand of dW. Pieces are shared among workers; how
 * rows and vocabulary are cut does not depend on how many there are.
 */
#include "graph/graph_in.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- cross_entropy ----------------------------------------------------------------------- */

typedef struct entropy {
    int32_t *target;
    rc_real *logp; /* (N,ld) */
} entropy;

static rc_status cross_entropy_forward(rcg_node *n)
{
    entropy *own = n->own;
    const rc_var *x = n->in[0];
    double total = 0;

    own->logp = rcg_keep(n->graph, (size_t)(x->rows * x->ld), sizeof *own->logp);
    if (!own->logp)
        return n->graph->status;
    for (int64_t r = 0; r < x->rows; r++) {
        rck->log_softmax(x->cols, x->x + r * x->ld, own->logp + r * x->ld);
        total -= (double)own->logp[r * x->ld + own->target[r]];
    }
    return rcg_set_total(n, total);
}

static rc_status cross_entropy_backward(rcg_node *n)
{
    const entropy *own = n->own;
    const rc_var *x = n->in[0];
    const rc_real d = n->out->g[0];

    for (int64_t r = 0; x->g && r < x->rows; r++) {
        rc_real *p = own->logp + r * x->ld;
        rck->exp(x->cols, p, p);
        p[own->target[r]] -= 1;
        rck->axpy(x->cols, d, p, x->g + r * x->ld);
    }
    return RC_OK;
}

static const rcg_op op_cross_entropy = {
    .name = "cross_entropy",
    .infer = rcg_infer_total,
    .forward = cross_entropy_forward,
    .backward = cross_entropy_backward,
};

rc_var *rc_cross_entropy(rc_graph *g, rc_var *logits, const int32_t *targets)
{
    entropy *own = rcg_keep(g, 1, sizeof *own);
    if (!own || (logits && !(own->target = rcg_targets(g, "cross_entropy", logits->rows,
                                                       logits->cols, targets))))
        return NULL;
    return rcg_push(g, &op_cross_entropy, 1, (rc_var *[]){logits}, own);
}

/* ---- softmax_loss ------------------------------------------------------------------------ */

/* The vocabulary is cut into blocks of BLOCK panels, the rows into slices: such a piece of logits
 * is in the cache from the product to its last exponential, and its weights are while all slices
 * pass. Exponentials of a row are taken against the largest logit of the first block, which comes
 * before the others; where a block has one that is larger by more than FAR, it takes its own, and a
 * factor brings it together with the rest at the end. So logits are not read again before the
 * backward, and there, but for such rare pieces, dX and dW only want a factor for each row: of the
 * left operand of dW and of the result dX. */
enum { BLOCK = RCG_SOFTMAX_BLOCK, SLICE = 96, FAR = 40 };

typedef struct softmax_loss {
    rcg_node *n;
    int32_t *target;
    rcg_weight *w, *b;
    int64_t blocks;
    rc_real *logits; /* training: panels[count][N][64]; else (workers, BLOCK, SLICE, 64) */
    rc_real *lanes;  /* (workers, 2, SLICE, 16) */
    rc_real *part;   /* (blocks, N) what exponentials are taken against; then exp(that - top) */
    rc_real *share;  /* (blocks, N) sum of exp(logit - part) */
    rc_real *top;    /* (N) largest of part */
    rc_real *sum;    /* (N) of exp(logit - top) */
    rc_real *goal;   /* (N) logit of the target */
    rc_real *by;     /* backward: (N) d loss / sum */
    rc_real *scaled; /* backward: (N,ld) x times by; later dX before it is */
    rc_real *xt;     /* backward: the first, packed */
    uint16_t *pairs; /* backward: (workers, a block's gradients) in bf16; NULL: w is reals */
    bool keep;       /* logits are kept for backward */
} softmax_loss;

static rc_status softmax_loss_infer(const rcg_node *n, rc_shape *out)
{
    const rc_var *x = n->in[0], *w = n->in[1], *b = n->in[2];
    char tx[RCG_SHAPE_TEXT], tw[RCG_SHAPE_TEXT];

    if (x->shape.rank != 2 || w->shape.rank != 2 || x->cols != w->cols)
        return RC_FAIL(RC_ESHAPE, "softmax_loss: input is %s, the weight is %s",
                       rcg_shape_text(x->shape, tx), rcg_shape_text(w->shape, tw));
    RC_TRY(rcg_check_bias("softmax_loss", b, w->rows));
    return rcg_infer_total(n, out);
}

/* Where the logits of panel p begin for the rows [lo, ...), and the rows of a panel there. */
static rc_real *logit_rows(const softmax_loss *own, int worker, int64_t p, int64_t lo)
{
    const rck_panel *lay = &own->w->lay[0];
    return own->keep ? own->logits + (p * own->n->in[0]->rows + lo) * lay->cols
                     : own->logits + ((int64_t)worker * BLOCK + p % BLOCK) * SLICE * lay->cols;
}

/* Logical columns of panel p. */
static int panel_cols(const rck_panel *lay, int64_t p)
{
    const int64_t left = lay->units - p * lay->span;
    return (int)(left < lay->span ? left : lay->span);
}

static int64_t block_end(const softmax_loss *own, int64_t block)
{
    const int64_t end = (block + 1) * BLOCK, count = own->w->lay[0].count;
    return end < count ? end : count;
}

/* The logits of a slice in panel p. */
static void slice_logits(const softmax_loss *own, int64_t p, int64_t lo, int64_t rows, rc_real *c)
{
    const rc_var *x = own->n->in[0];
    const rck_panel *lay = &own->w->lay[0];
    rck_gemm g = rcg_gemm_forward(own->w, 0, rows, x->x + lo * x->ld, x->ld,
                                  own->b ? own->b->w + p * lay->cols : NULL, c, 0);

    if (g.pairs)
        g.pairs += 2 * p * g.b_panel;
    else
        g.b += p * g.b_panel;
    g.panels = 1;
    g.cols = g.cols_last = p == lay->count - 1 ? lay->last : lay->cols;
    rck->gemm(&g);
}

/* What the exponentials of a slice of a block, whose largest logits are in `part`, are taken
 * against: those of the first block. */
static void choose_part(const rc_real *first, int64_t rows, rc_real *part)
{
    for (int64_t r = 0; r < rows; r++)
        if (part[r] - first[r] <= FAR) /* not so if either is NaN: that shows */
            part[r] = first[r];
}

/* One block of the vocabulary over one slice of rows. */
static void piece_forward(const softmax_loss *own, int worker, int64_t block, int64_t lo,
                          int64_t rows)
{
    const rck_panel *lay = &own->w->lay[0];
    const int64_t first = block * BLOCK, end = block_end(own, block);
    const rc_real most = sizeof(rc_real) == sizeof(double) ? (rc_real)DBL_MAX : (rc_real)FLT_MAX;
    rc_real *max = own->lanes + (int64_t)worker * 2 * SLICE * RCK_LANES;
    rc_real *sum = max + SLICE * RCK_LANES;
    const int64_t at = block * own->n->in[0]->rows + lo;

    /* from a number, not -inf: a block of nothing else has shares of 0, not NaN */
    rck->fill(rows * RCK_LANES, -most, max);
    rck->fill(rows * RCK_LANES, 0, sum);
    for (int64_t p = first; p < end; p++) {
        rc_real *c = logit_rows(own, worker, p, lo);
        slice_logits(own, p, lo, rows, c);
        rck->soft_max(rows, panel_cols(lay, p), c, max);
    }
    rck->lanes_max(rows, max, own->part + at);
    choose_part(own->part + lo, rows, own->part + at);
    for (int64_t r = 0; r < rows; r++) {
        const int64_t id = own->target[lo + r], p = id / lay->span;
        if (p >= first && p < end)
            own->goal[lo + r] = logit_rows(own, worker, p, lo)[r * lay->cols + id % lay->span];
    }
    for (int64_t p = first; p < end; p++)
        rck->soft_exp(rows, panel_cols(lay, p), logit_rows(own, worker, p, lo), own->part + at,
                      sum);
    rck->lanes_sum(rows, sum, own->share + at);
}

/* Rows [lo,hi): the blocks come together. */
static void join_blocks(const softmax_loss *own, int64_t lo, int64_t hi)
{
    const int64_t N = own->n->in[0]->rows, n = hi - lo;

    for (int64_t r = lo; r < hi; r++) {
        own->top[r] = own->part[r];
        for (int64_t b = 1; b < own->blocks; b++)
            if (!isnan(own->top[r]) && !(own->part[b * N + r] <= own->top[r])) /* NaN is on top */
                own->top[r] = own->part[b * N + r];
    }
    rck->fill(n, 0, own->sum + lo);
    for (int64_t b = 0; b < own->blocks; b++) {
        rc_real *part = own->part + b * N + lo;
        rck->sub(n, part, own->top + lo, part);
        rck->exp(n, part, part);
        rck->mul_add(n, part, own->share + b * N + lo, own->sum + lo);
    }
}

/* A worker's share of the pieces [from,to), counted slice by slice through the blocks. */
static void pieces_forward(const softmax_loss *own, const rcb_worker *w, int64_t from, int64_t to)
{
    const int64_t N = own->n->in[0]->rows, slices = (N + SLICE - 1) / SLICE;
    int64_t lo, hi;

    rcb_share(w, to - from, 1, &lo, &hi);
    for (int64_t i = from + lo; i < from + hi; i++) {
        const int64_t row = i % slices * SLICE;
        piece_forward(own, w->id, i / slices, row, N - row < SLICE ? N - row : SLICE);
    }
    rcb_barrier(w);
}

static void softmax_forward_share(const rcb_worker *w, void *ctx)
{
    const softmax_loss *own = ctx;
    const int64_t N = own->n->in[0]->rows, slices = (N + SLICE - 1) / SLICE;
    int64_t lo, hi;

    pieces_forward(own, w, 0, slices); /* the first block: what the others are taken against */
    pieces_forward(own, w, slices, own->blocks * slices);
    rcb_share(w, N, RCK_LANES, &lo, &hi);
    join_blocks(own, lo, hi);
}

/* What the forward writes: logits where they are kept, and what is known of every row. */
static rc_status softmax_memory(softmax_loss *own, int workers)
{
    rc_graph *g = own->n->graph;
    const size_t N = (size_t)own->n->in[0]->rows, parts = (size_t)own->blocks * sizeof(rc_real);
    const rck_panel *lay = &own->w->lay[0];
    const size_t row = (size_t)lay->cols * sizeof *own->logits;

    if (own->keep)
        own->logits = rcg_keep(g, (size_t)lay->count * N, row);
    else
        own->logits = rcg_scratch(g, (size_t)workers * BLOCK * SLICE, row);
    own->lanes = rcg_scratch(g, (size_t)workers * 2 * SLICE * RCK_LANES, sizeof *own->lanes);
    own->part = rcg_keep(g, N, parts);
    own->share = rcg_scratch(g, N, parts);
    own->top = rcg_keep(g, N, sizeof *own->top);
    own->sum = rcg_keep(g, N, sizeof *own->sum);
    own->goal = rcg_keep(g, N, sizeof *own->goal);
    return g->status;
}

static rc_status softmax_loss_forward(rcg_node *n)
{
    softmax_loss *own = n->own;
    rc_graph *g = n->graph;
    const rc_var *x = n->in[0];
    const int64_t V = n->in[1]->rows;
    const int gates[] = {1};
    const double flops = 2.0 * (double)x->rows * (double)V * (double)x->cols;
    const int workers = rcg_workers(g, flops);

    own->n = n;
    own->keep = n->out->wants;
    RC_TRY(rcg_weight_of(n, 1, 1, gates, V, x->wants, &own->w));
    if (!rcg_absent(n->in[2]))
        RC_TRY(rcg_weight_of(n, 2, 1, gates, V, false, &own->b));
    own->blocks = (own->w->lay[0].count + BLOCK - 1) / BLOCK;
    RC_TRY(softmax_memory(own, workers));
    rcb_pool_run(g->pool, workers, softmax_forward_share, own);

    double total = 0;
    for (int64_t r = 0; r < x->rows; r++)
        total += log((double)own->sum[r]) + (double)own->top[r] - (double)own->goal[r];
    return rcg_set_total(n, total);
}

/* Rows of the unit groups [u0,u1) of one block, whose exponentials are against something else than
 * the rest of their row. */
static void bring_together(const softmax_loss *own, int64_t u0, int64_t u1)
{
    const rck_panel *lay = &own->w->lay[0];
    const int64_t N = own->n->in[0]->rows, per = lay->span / RCK_LANES;
    const rc_real *part = own->part + u0 / per / BLOCK * N;

    for (int64_t r = 0; r < N; r++)
        for (int64_t u = u0; part[r] != 1 && u < u1; u++)
            rck->row_scale(1, RCK_LANES,
                           own->logits + (u / per * N + r) * lay->cols + u % per * RCK_LANES,
                           lay->cols, part + r);
}

/* The unit groups [u0,u1) of one block of the vocabulary: exponentials become the gradient of the
 * logits but for the factors `by`, which makes that of weight and bias while it is near. */
static void block_backward(const softmax_loss *own, int worker, int64_t u0, int64_t u1)
{
    const rck_panel *lay = &own->w->lay[0];
    const int64_t N = own->n->in[0]->rows;

    bring_together(own, u0, u1);
    for (int64_t r = 0; r < N; r++) {
        const int64_t id = own->target[r];
        if (id >= u0 * RCK_LANES && id < u1 * RCK_LANES)
            own->logits[(id / lay->span * N + r) * lay->cols + id % lay->span] -= own->sum[r];
    }
    if (own->w->g)
        rcg_gemm_weight_groups(
            rcg_gemm_weight(own->w, 0, N, own->xt, own->logits), lay,
            own->pairs ? own->pairs + worker * rcg_pairs_size(lay, BLOCK, N) : NULL, u0, u1);
    if (own->b && own->b->g) { /* a row of factors times the same */
        rck_gemm g = rcg_gemm_weight(own->b, 0, N, own->by, own->logits);
        g.a_k = 1;
        g.a_block = 0;
        g.add = true;
        rcg_gemm_groups(g, lay, u0, u1);
    }
}

/* The left operand of dW: rows of x with their factors, turned. */
static void pack_rows(const softmax_loss *own, const rcb_worker *w)
{
    const rc_var *x = own->n->in[0];
    int64_t lo, hi;

    rcb_share(w, x->rows, 1, &lo, &hi);
    for (int64_t r = lo; r < hi; r++)
        rck->scale(x->ld, own->by[r], x->x + r * x->ld, own->scaled + r * x->ld);
    rcb_barrier(w);
    rcb_share(w, x->cols, RCK_MB, &lo, &hi);
    rcg_pack_t(own->w, x->rows, own->scaled, x->ld, lo, hi, x->rows, 0, own->xt);
}

/* This worker's rows of dX. */
static void rows_backward(const softmax_loss *own, const rcb_worker *w)
{
    const rc_var *x = own->n->in[0];
    const rck_panel *lay = &own->w->lay[0];
    int64_t lo, hi;

    rcb_share(w, x->rows, 1, &lo, &hi);
    rck_gemm g = rcg_gemm_back(own->w, 0, hi - lo, own->logits + lo * lay->cols, x->rows,
                               own->scaled + lo * x->ld, x->ld);
    g.add = false;
    rck->gemm(&g);
    for (int64_t r = lo; r < hi; r++)
        rck->axpy(x->cols, own->by[r], own->scaled + r * x->ld, x->g + r * x->ld);
}

static void softmax_backward_share(const rcb_worker *w, void *ctx)
{
    const softmax_loss *own = ctx;
    const rck_panel *lay = &own->w->lay[0];
    const int64_t groups = lay->span / RCK_LANES * BLOCK;
    int64_t lo, hi;

    if (own->w->g) {
        pack_rows(own, w);
        rcb_barrier(w);
    }
    rcb_share(w, rcg_groups(lay), 1, &lo, &hi);
    for (int64_t u = lo, next; u < hi; u = next) {
        next = (u / groups + 1) * groups < hi ? (u / groups + 1) * groups : hi;
        block_backward(own, w->id, u, next);
    }
    if (own->n->in[0]->g) {
        rcb_barrier(w);
        rows_backward(own, w);
    }
}

static rc_status softmax_backward_memory(softmax_loss *own, int workers)
{
    rc_graph *g = own->n->graph;
    const rc_var *x = own->n->in[0];
    const size_t N = (size_t)x->rows, row = (size_t)x->ld * sizeof(rc_real);

    own->by = rcg_scratch(g, N, sizeof *own->by);
    own->scaled = rcg_scratch(g, N, row);
    if (own->w->g)
        own->xt = rcg_scratch(g, (size_t)rcg_pack_t_size(x->rows, x->cols), sizeof *own->xt);
    own->pairs = own->w->g && own->w->pairs
                     ? rcg_scratch(g, (size_t)workers * sizeof *own->pairs,
                                   (size_t)rcg_pairs_size(&own->w->lay[0], BLOCK, x->rows))
                     : NULL;
    return g->status;
}

static rc_status softmax_loss_backward(rcg_node *n)
{
    softmax_loss *own = n->own;
    const rc_var *x = n->in[0];
    const double flops = 4.0 * (double)x->rows * (double)n->in[1]->rows * (double)x->cols;

    const int workers = rcg_workers(n->graph, flops);

    RC_TRY(softmax_backward_memory(own, workers));
    if (own->b && own->b->g)
        rcg_weight_touch(own->b);
    for (int64_t r = 0; r < x->rows; r++)
        own->by[r] = n->out->g[0] / own->sum[r];
    rcb_pool_run(n->graph->pool, workers, softmax_backward_share, own);
    own->w->fresh = false;
    if (own->w->g)
        RC_TRY(rcg_weight_done(n, 1, own->w));
    if (own->b && own->b->g)
        RC_TRY(rcg_weight_done(n, 2, own->b));
    return RC_OK;
}

static const rcg_op op_softmax_loss = {
    .name = "softmax_loss",
    .optional = 1u << 2,
    .infer = softmax_loss_infer,
    .forward = softmax_loss_forward,
    .backward = softmax_loss_backward,
};

rc_var *rc_softmax_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets)
{
    softmax_loss *own = rcg_keep(g, 1, sizeof *own);
    if (!own)
        return NULL;
    *own = (softmax_loss){0};
    if (x && w && !rcg_absent(w) &&
        !(own->target = rcg_targets(g, "softmax_loss", x->rows, w->rows, targets)))
        return NULL;
    return rcg_push(g, &op_softmax_loss, 3, (rc_var *[]){x, w, b}, own);
}

/* ---- squared_error and binary_cross_entropy ---------------------------------------------- */

static rc_status infer_same_pair(const rcg_node *n, rc_shape *out)
{
    const rc_var *x = n->in[0], *t = n->in[1];
    if (x->rows != t->rows || x->cols != t->cols) {
        char tx[RCG_SHAPE_TEXT], tt[RCG_SHAPE_TEXT];
        return RC_FAIL(RC_ESHAPE, "%s: input is %s, the target is %s", n->op->name,
                       rcg_shape_text(x->shape, tx), rcg_shape_text(t->shape, tt));
    }
    return rcg_infer_total(n, out);
}

static rc_status squared_error_forward(rcg_node *n)
{
    const rc_var *x = n->in[0], *t = n->in[1];
    rc_real *d = rcg_keep(n->graph, (size_t)(x->rows * x->ld), sizeof *d);
    double total = 0;

    if (!d)
        return n->graph->status;
    n->own = d;
    for (int64_t r = 0; r < x->rows; r++) {
        rc_real *row = d + r * x->ld;
        rck->sub(x->cols, x->x + r * x->ld, t->x + r * x->ld, row);
        rck->fill(x->ld - x->cols, 0, row + x->cols);
        for (int64_t j = 0; j < x->cols; j += RCK_BLOCK) {
            const int64_t m = x->cols - j < RCK_BLOCK ? x->cols - j : RCK_BLOCK;
            total += 0.5 * (double)rck->dot(m, row + j, row + j);
        }
    }
    return rcg_set_total(n, total);
}

static rc_status squared_error_backward(rcg_node *n)
{
    const rc_var *x = n->in[0], *t = n->in[1];
    const rc_real *d = n->own;
    const rc_real g = n->out->g[0];

    if (x->g)
        rck->axpy(x->rows * x->ld, g, d, x->g);
    if (t->g)
        rck->axpy(x->rows * x->ld, -g, d, t->g);
    return RC_OK;
}

static const rcg_op op_squared_error = {
    .name = "squared_error",
    .infer = infer_same_pair,
    .forward = squared_error_forward,
    .backward = squared_error_backward,
};

rc_var *rc_squared_error(rc_graph *g, rc_var *x, rc_var *target)
{
    return rcg_push(g, &op_squared_error, 2, (rc_var *[]){x, target}, NULL);
}

/* softplus(x) - t x, with softplus(x) = max(x, 0) + log(1 + exp(-|x|)) */
static rc_status binary_forward(rcg_node *n)
{
    const rc_var *x = n->in[0], *t = n->in[1];
    double total = 0;

    for (int64_t r = 0; r < x->rows; r++)
        for (int64_t j = 0; j < x->cols; j++) {
            const double v = (double)x->x[r * x->ld + j];
            total += (v > 0 ? v : 0) + log1p(exp(-fabs(v))) - v * (double)t->x[r * x->ld + j];
        }
    return rcg_set_total(n, total);
}

/* dx = s(x) - t,  dt = -x */
static rc_status binary_backward(rcg_node *n)
{
    const rc_var *x = n->in[0], *t = n->in[1];
    const rc_real g = n->out->g[0];
    rc_real *s = rcg_scratch(n->graph, (size_t)x->ld, sizeof *s);

    if (!s)
        return n->graph->status;
    for (int64_t r = 0; r < x->rows; r++) {
        const int64_t at = r * x->ld;
        if (x->g) {
            rck->sigmoid(x->cols, x->x + at, s);
            rck->sub(x->cols, s, t->x + at, s);
            rck->axpy(x->cols, g, s, x->g + at);
        }
        if (t->g)
            rck->axpy(x->cols, -g, x->x + at, t->g + at);
    }
    return RC_OK;
}

static const rcg_op op_binary_cross_entropy = {
    .name = "binary_cross_entropy",
    .infer = infer_same_pair,
    .forward = binary_forward,
    .backward = binary_backward,
};

rc_var *rc_binary_cross_entropy(rc_graph *g, rc_var *logits, rc_var *target)
{
    return rcg_push(g, &op_binary_cross_entropy, 2, (rc_var *[]){logits, target}, NULL);
}
