/* op_softmax.c -- softmax_loss, the output layer of a language model: logits live in panels, a
 * piece of them at a time goes through product, maximum, exponentials and sum while it is warm, and
 * what stays is already the left operand of dX and the right operand of dW. Pieces are shared among
 * workers; how rows and vocabulary are cut does not depend on how many there are.
 *
 * The vocabulary is cut into blocks of BLOCK panels, the rows into slices: such a piece of logits
 * is in the cache from the product to its last exponential, and its weights are while all slices
 * pass. Exponentials of a row are taken against the largest logit of the first block, which comes
 * before the others; where a block has one that is larger by more than FAR, it takes its own, and a
 * factor brings it together with the rest at the end. So logits are not read again before the
 * backward, and there, but for such rare pieces, dX and dW only want a factor for each row: of the
 * left operand of dW and of the result dX.
 *
 * A graph that recomputes logits keeps none. The backward makes them again, a slab of SLAB blocks
 * at a time: the same products, exponentials and sums in the same order, hence the same bits.
 */
#include "graph/graph_in.h"

#include <float.h>
#include <math.h>

enum { BLOCK = RCG_SOFTMAX_BLOCK, SLAB = RCG_SOFTMAX_SLAB, SLICE = 96, FAR = 40 };

typedef struct softmax_loss {
    rcg_node *n;
    int32_t *target;
    rcg_weight *w, *b;
    int64_t blocks;
    rc_real *logits; /* panels[...][N][64] from panel `first` on; `passing`: that of the worker */
    int64_t first;   /* in (workers, BLOCK, SLICE, 64) */
    bool passing;    /* logits are not looked at again */
    bool keep;       /* those of the forward are there for the backward */
    rc_real *lanes;  /* (workers, 2, SLICE, 16) */
    rc_real *part;   /* (blocks, N) what exponentials are taken against */
    rc_real *factor; /* (blocks, N) exp(part - top) */
    rc_real *share;  /* (blocks, N) sum of exp(logit - part) */
    rc_real *top;    /* (N) largest of part */
    rc_real *sum;    /* (N) of exp(logit - top) */
    rc_real *goal;   /* (N) logit of the target */
    rc_real *by;     /* backward: (N) d loss / sum */
    rc_real *scaled; /* backward: (N,ld) x times by; later dX before it is */
    rc_real *xt;     /* backward: the first, packed */
    uint16_t *pairs; /* backward: (workers, a block's gradients) in bf16; NULL: w is reals */
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

/* Where the logits of panel p begin for the rows [lo, ...). */
static rc_real *logit_rows(const softmax_loss *own, int worker, int64_t p, int64_t lo)
{
    const int64_t cols = own->w->lay[0].cols;

    return own->passing ? own->logits + ((int64_t)worker * BLOCK + p % BLOCK) * SLICE * cols
                        : own->logits + ((p - own->first) * own->n->in[0]->rows + lo) * cols;
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

/* The exponentials of that piece again. */
static void piece_again(const softmax_loss *own, int worker, int64_t block, int64_t lo,
                        int64_t rows)
{
    const rck_panel *lay = &own->w->lay[0];
    rc_real *sum = own->lanes + (int64_t)worker * 2 * SLICE * RCK_LANES; /* known already */

    for (int64_t p = block * BLOCK; p < block_end(own, block); p++) {
        rc_real *c = logit_rows(own, worker, p, lo);
        slice_logits(own, p, lo, rows, c);
        rck->soft_exp(rows, panel_cols(lay, p), c, own->part + block * own->n->in[0]->rows + lo,
                      sum);
    }
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
        rc_real *factor = own->factor + b * N + lo;
        rck->sub(n, own->part + b * N + lo, own->top + lo, factor);
        rck->exp(n, factor, factor);
        rck->mul_add(n, factor, own->share + b * N + lo, own->sum + lo);
    }
}

typedef void (*piece_fn)(const softmax_loss *own, int worker, int64_t block, int64_t lo,
                         int64_t rows);

/* A worker's share of the pieces of the blocks [from,to). */
static void pieces(const softmax_loss *own, const rcb_worker *w, piece_fn piece, int64_t from,
                   int64_t to)
{
    const int64_t N = own->n->in[0]->rows, slices = (N + SLICE - 1) / SLICE;
    int64_t lo, hi;

    rcb_share(w, (to - from) * slices, 1, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const int64_t row = i % slices * SLICE;
        piece(own, w->id, from + i / slices, row, N - row < SLICE ? N - row : SLICE);
    }
    rcb_barrier(w);
}

static void softmax_forward_share(const rcb_worker *w, void *ctx)
{
    const softmax_loss *own = ctx;
    int64_t lo, hi;

    pieces(own, w, piece_forward, 0, 1); /* the first block: what the others are taken against */
    pieces(own, w, piece_forward, 1, own->blocks);
    rcb_share(w, own->n->in[0]->rows, RCK_LANES, &lo, &hi);
    join_blocks(own, lo, hi);
}

static rc_real *new_lanes(const softmax_loss *own, int workers)
{
    return rcg_scratch(own->n->graph, (size_t)workers * 2 * SLICE * RCK_LANES, sizeof(rc_real));
}

/* What the forward writes: logits where they are kept, and what is known of every row. */
static rc_status softmax_memory(softmax_loss *own, int workers)
{
    rc_graph *g = own->n->graph;
    const size_t N = (size_t)own->n->in[0]->rows, parts = (size_t)own->blocks * sizeof(rc_real);
    const rck_panel *lay = &own->w->lay[0];
    const size_t row = (size_t)lay->cols * sizeof *own->logits;

    own->passing = !own->keep;
    if (own->keep)
        own->logits = rcg_keep(g, (size_t)lay->count * N, row);
    else
        own->logits = rcg_scratch(g, (size_t)workers * BLOCK * SLICE, row);
    own->lanes = new_lanes(own, workers);
    own->part = rcg_keep(g, N, parts);
    own->factor = rcg_keep(g, N, parts);
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
    own->keep = n->out->wants && !g->recompute;
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
    const rc_real *factor = own->factor + u0 / per / BLOCK * N;

    for (int64_t r = 0; r < N; r++)
        for (int64_t u = u0; factor[r] != 1 && u < u1; u++)
            rck->row_scale(1, RCK_LANES, logit_rows(own, 0, u / per, r) + u % per * RCK_LANES,
                           lay->cols, factor + r);
}

/* The unit groups [u0,u1) of one block of the vocabulary: exponentials become the gradient of the
 * logits but for the factors `by`, which makes that of weight and bias while it is near. */
static void block_backward(const softmax_loss *own, int worker, int64_t u0, int64_t u1)
{
    const int64_t N = own->n->in[0]->rows, per = own->w->lay[0].span / RCK_LANES;
    rck_panel rest = own->w->lay[0]; /* from the first panel that is there */

    bring_together(own, u0, u1);
    for (int64_t r = 0; r < N; r++) {
        const int64_t id = own->target[r];
        if (id >= u0 * RCK_LANES && id < u1 * RCK_LANES)
            logit_rows(own, 0, id / rest.span, r)[id % rest.span] -= own->sum[r];
    }
    rest.units -= own->first * rest.span;
    rest.count -= own->first;
    u0 -= own->first * per;
    u1 -= own->first * per;
    if (own->w->g) {
        rck_gemm g = rcg_gemm_weight(own->w, 0, N, own->xt, own->logits);
        g.c += own->first * g.c_panel;
        rcg_gemm_weight_groups(
            g, &rest, own->pairs ? own->pairs + worker * rcg_pairs_size(&rest, BLOCK, N) : NULL, u0,
            u1);
    }
    if (own->b && own->b->g) { /* a row of factors times the same */
        rck_gemm g = rcg_gemm_weight(own->b, 0, N, own->by, own->logits);
        g.c += own->first * g.c_panel;
        g.a_k = 1;
        g.a_block = 0;
        g.add = true;
        rcg_gemm_groups(g, &rest, u0, u1);
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

/* This worker's rows of dX, as far as the panels [first,end) go. */
static void rows_backward(const softmax_loss *own, const rcb_worker *w, int64_t end)
{
    const rc_var *x = own->n->in[0];
    const rck_panel *lay = &own->w->lay[0];
    int64_t lo, hi;

    rcb_share(w, x->rows, 1, &lo, &hi);
    rck_gemm g = rcg_gemm_back(own->w, 0, hi - lo, own->logits + lo * lay->cols, x->rows,
                               own->scaled + lo * x->ld, x->ld);
    rcg_gemm_chunks(&g, own->first, end);
    g.add = own->first > 0;
    rck->gemm(&g);
    for (int64_t r = lo; end == lay->count && r < hi; r++)
        rck->axpy(x->cols, own->by[r], own->scaled + r * x->ld, x->g + r * x->ld);
}

/* The gradients that the blocks [first,end) bring, whose logits are there. */
static void slab_backward(const softmax_loss *own, const rcb_worker *w, int64_t first, int64_t end)
{
    const rck_panel *lay = &own->w->lay[0];
    const int64_t per = lay->span / RCK_LANES * BLOCK, all = rcg_groups(lay);
    const int64_t from = first * per, to = end * per < all ? end * per : all;
    int64_t lo, hi;

    rcb_share(w, to - from, 1, &lo, &hi);
    for (int64_t u = from + lo, next; u < from + hi; u = next) {
        next = (u / per + 1) * per < from + hi ? (u / per + 1) * per : from + hi;
        block_backward(own, w->id, u, next);
    }
    if (own->n->in[0]->g) {
        rcb_barrier(w);
        rows_backward(own, w, end * BLOCK < lay->count ? end * BLOCK : lay->count);
    }
}

static void softmax_backward_share(const rcb_worker *w, void *ctx)
{
    softmax_loss own = *(const softmax_loss *)ctx; /* this worker's: it moves from slab to slab */

    if (own.w->g) {
        pack_rows(&own, w);
        rcb_barrier(w);
    }
    if (own.keep) {
        slab_backward(&own, w, 0, own.blocks);
        return;
    }
    for (int64_t first = 0; first < own.blocks; first += SLAB) {
        const int64_t end = first + SLAB < own.blocks ? first + SLAB : own.blocks;

        own.first = first * BLOCK;
        pieces(&own, w, piece_again, first, end);
        slab_backward(&own, w, first, end);
        rcb_barrier(w);
    }
}

static rc_status softmax_backward_memory(softmax_loss *own, int workers)
{
    rc_graph *g = own->n->graph;
    const rc_var *x = own->n->in[0];
    const size_t N = (size_t)x->rows, row = (size_t)x->ld * sizeof(rc_real);

    if (!own->keep) {
        const rck_panel *lay = &own->w->lay[0];
        const int64_t panels = SLAB * BLOCK < lay->count ? SLAB * BLOCK : lay->count;

        own->logits = rcg_scratch(g, (size_t)panels * N, (size_t)lay->cols * sizeof *own->logits);
        own->lanes = new_lanes(own, workers);
        own->passing = false;
    }
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
