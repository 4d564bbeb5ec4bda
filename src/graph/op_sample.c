/* op_sample.c -- losses of an output layer that look at the target and at a few symbols drawn for
 * the whole batch: sampled softmax and noise-contrastive estimation.
 *
 * The drawn rows of the table are gathered once; rows of the batch are turned around to be the
 * right operand, so that scores have symbols as rows and the batch in lanes, and the weights need
 * no packing. Shares of the batch go through product and loss while scores are warm; gradients of
 * the table are shared by symbols, those of the targets by columns. No sum crosses workers.
 */
#include "graph/graph_in.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 128 }; /* symbols whose scores go through product and loss while they are near */

typedef struct sample {
    rcg_node *n;
    rc_noise noise;
    bool contrast; /* nce */
    int32_t *target;
    int64_t *hit; /* (N) the target's place among the drawn, or -1 */
    rcg_weight *b;
    rck_panel lay;      /* of the batch turned around */
    int64_t S, ld;      /* drawn symbols; reals between rows of scores */
    rc_real *rows;      /* (S,ldw) the drawn rows of the table */
    rc_real *shift;     /* (S) bias less expected */
    rc_real *times;     /* (S) */
    rc_real *xt;        /* the batch, as panels (count, K, 64) */
    rc_real *scores;    /* (S,ld) */
    rc_real *goal;      /* (N) score of the target, less expected */
    rc_real *top, *sum; /* (N) softmax; nce: sum alone */
    rc_real *own_p;     /* (N) backward: d loss / d goal */
    rc_real *dw;        /* (S,ldw) backward */
} sample;

static rc_status sample_infer(const rcg_node *n, rc_shape *out)
{
    const sample *own = n->own;
    const rc_noise *noise = &own->noise;

    RC_TRY(rcg_check_table(n));
    if (noise->count < 0 || !noise->expected || (noise->count > 0 && !noise->ids))
        return RC_FAIL(RC_EINVAL, "%s: the noise is missing", n->op->name);
    for (int64_t i = 0; i < noise->count; i++)
        if (noise->ids[i] < 0 || noise->ids[i] >= n->in[1]->rows ||
            (i > 0 && noise->ids[i] <= noise->ids[i - 1]))
            return RC_FAIL(RC_EINVAL,
                           "%s: drawn symbol %" PRId64 " is %" PRId32 ", they must rise and be "
                           "below %" PRId64,
                           n->op->name, i, noise->ids[i], n->in[1]->rows);
    return rcg_infer_total(n, out);
}

/* The place of an id among rising ones, or -1. */
static int64_t place_of(const int32_t *ids, int64_t n, int32_t id)
{
    int64_t lo = 0, hi = n;

    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (ids[mid] < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && ids[lo] == id ? lo : -1;
}

/* ---- forward ----------------------------------------------------------------------------- */

/* Rows of the table and of the batch to where the products want them. */
static void gather_share(const sample *own, const rcb_worker *worker)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const int32_t *ids = own->noise.ids;
    int64_t lo, hi;

    rcb_share(worker, own->S, 1, &lo, &hi);
    if (lo < hi)
        rck->gather(hi - lo, w->ld, w->x, w->ld, ids + lo, own->rows + lo * w->ld, w->ld);
    for (int64_t i = lo; i < hi; i++) {
        own->shift[i] = (own->b ? own->b->w[ids[i]] : 0) - own->noise.expected[ids[i]];
        own->times[i] = own->noise.times ? own->noise.times[i] : 1;
    }
    rcb_share(worker, own->lay.count, 1, &lo, &hi);
    for (int64_t p = lo; p < hi; p++) {
        const int64_t at = p * own->lay.span;
        const int64_t rows = x->rows - at < own->lay.span ? x->rows - at : own->lay.span;
        const rck_panel part = rck_panel_of(rows, 1, x->cols);
        rck->pack(&part, x->x + at * x->ld, x->ld, own->xt + p * x->cols * own->lay.cols, 0,
                  part.count);
    }
}

/* Scores of the targets of rows [r0,r1), and what the loss begins with. */
static void begin_rows(const sample *own, int64_t r0, int64_t r1)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];

    for (int64_t r = r0; r < r1; r++) {
        const int64_t t = own->target[r];
        own->goal[r] = rck->dot(x->cols, x->x + r * x->ld, w->x + t * w->ld) +
                       (own->b ? own->b->w[t] : 0) - own->noise.expected[t];
    }
}

/* Scores of symbols [s, s + count) for the unit groups [u0,u1) of the batch. */
static void score_block(const sample *own, int64_t s, int64_t count, int64_t u0, int64_t u1)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const int64_t c0 = u0 * RCK_LANES, cols = (u1 - u0) * RCK_LANES;
    rc_real *scores = own->scores + s * own->ld;
    rck_gemm g = rcg_gemm_rows(count, x->cols, x->rows);

    for (int64_t i = 0; i < count; i++)
        rck->fill(cols, own->shift[s + i], scores + i * own->ld + c0);
    g.a = own->rows + s * w->ld;
    g.a_row = w->ld;
    g.a_k = 1;
    g.b = own->xt;
    g.b_k = own->lay.cols;
    g.b_panel = x->cols * own->lay.cols;
    g.c = scores;
    g.c_row = own->ld;
    g.add = true;
    rcg_gemm_groups(g, &own->lay, u0, u1);
}

static void sample_forward_share(const rcb_worker *worker, void *ctx)
{
    const sample *own = ctx;
    const int64_t N = own->n->in[0]->rows;
    int64_t u0, u1;

    gather_share(own, worker);
    rcb_barrier(worker);
    rcb_share(worker, rcg_groups(&own->lay), 1, &u0, &u1);
    const int64_t c0 = u0 * RCK_LANES, cols = (u1 - u0) * RCK_LANES;
    const int64_t r1 = u1 * RCK_LANES < N ? u1 * RCK_LANES : N;

    begin_rows(own, c0, r1);
    rck->fill(cols, own->contrast ? 0 : 1, own->sum + c0);
    if (!own->contrast && cols > 0)
        memcpy(own->top + c0, own->goal + c0, (size_t)cols * sizeof *own->top);
    for (int64_t s = 0; s < own->S; s += BLOCK) {
        const int64_t count = own->S - s < BLOCK ? own->S - s : BLOCK;
        rc_real *scores = own->scores + s * own->ld + c0;

        score_block(own, s, count, u0, u1);
        if (own->contrast) {
            rck->noise_down(count, cols, scores, own->ld, own->times + s, own->sum + c0);
            continue;
        }
        for (int64_t r = c0; r < r1; r++) /* the target counts once */
            if (own->hit[r] >= s && own->hit[r] < s + count)
                own->scores[own->hit[r] * own->ld + r] = (rc_real)-INFINITY;
        rck->soft_down(count, cols, scores, own->ld, own->top + c0, own->sum + c0);
    }
}

static rc_status sample_memory(rcg_node *n, sample *own)
{
    const rc_var *x = n->in[0], *w = n->in[1];
    rc_graph *g = n->graph;
    const size_t real = sizeof(rc_real), S = (size_t)own->S, ld = (size_t)own->ld;

    own->rows = rcg_keep(g, S, (size_t)w->ld * real);
    own->shift = rcg_keep(g, S, real);
    own->times = rcg_keep(g, S, real);
    own->xt = rcg_scratch(g, (size_t)(own->lay.count * own->lay.cols), (size_t)x->cols * real);
    own->scores = rcg_keep(g, S, ld * real);
    own->goal = rcg_keep(g, ld, real);
    own->top = rcg_keep(g, ld, real);
    own->sum = rcg_keep(g, ld, real);
    own->hit = rcg_keep(g, (size_t)x->rows, sizeof *own->hit);
    return own->rows && own->shift && own->times && own->xt && own->scores && own->goal &&
                   own->top && own->sum && own->hit
               ? RC_OK
               : g->status;
}

static double sample_total(const sample *own)
{
    const int64_t N = own->n->in[0]->rows;
    double total = 0;

    for (int64_t r = 0; r < N; r++) {
        const double goal = (double)own->goal[r], sum = (double)own->sum[r];

        total += own->contrast ? sum + fmax(-goal, 0) + log1p(exp(-fabs(goal)))
                               : log(sum) + (double)own->top[r] - goal;
    }
    return total;
}

static double sample_flops(const sample *own)
{
    const rc_var *x = own->n->in[0];
    return 2.0 * (double)x->rows * (double)x->cols * (double)(own->S + 1);
}

static rc_status sample_forward(rcg_node *n)
{
    sample *own = n->own;
    const rc_var *x = n->in[0], *w = n->in[1];
    const int gates[] = {1};

    own->n = n;
    own->S = own->noise.count;
    own->lay = rck_panel_of(x->rows, 1, x->cols);
    own->ld = rck_pad(x->rows);
    if (!rcg_absent(n->in[2]))
        RC_TRY(rcg_weight_of(n, 2, 1, gates, w->rows, false, &own->b));
    RC_TRY(sample_memory(n, own));
    for (int64_t r = 0; r < x->rows; r++)
        own->hit[r] = place_of(own->noise.ids, own->S, own->target[r]);
    rck->fill(own->ld - x->rows, 0, own->goal + x->rows);
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, sample_flops(own)), sample_forward_share,
                 own);
    return rcg_set_total(n, sample_total(own));
}

/* ---- backward ---------------------------------------------------------------------------- */

/* Scores of unit groups [u0,u1) become their gradients, and own_p that of the targets' scores:
 * p - 1 of the softmax, -sigmoid(-goal) of the contrast. */
static void differentiate(const sample *own, int64_t u0, int64_t u1, rc_real d)
{
    const int64_t c0 = u0 * RCK_LANES, cols = (u1 - u0) * RCK_LANES;
    rc_real *p = own->own_p + c0, *sum = own->sum + c0;

    if (own->contrast) {
        for (int64_t s = 0; s < own->S; s++) {
            rc_real *row = own->scores + s * own->ld + c0;
            rck->scale(cols, d, row, row);
        }
        rck->scale(cols, -1, own->goal + c0, p);
        rck->sigmoid(cols, p, p);
        rck->scale(cols, -d, p, p);
        return;
    }
    for (int64_t r = 0; r < cols; r++)
        sum[r] = d / sum[r];
    rck->soft_down_back(own->S, cols, own->scores + c0, own->ld, own->top + c0, sum);
    if (cols > 0)
        memcpy(p, own->goal + c0, (size_t)cols * sizeof *p);
    rck->soft_down_back(1, cols, p, 0, own->top + c0, sum);
    for (int64_t r = 0; r < cols; r++)
        p[r] -= d;
}

/* dX of rows [r0,r1). */
static void input_gradient(const sample *own, int64_t r0, int64_t r1)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    rck_gemm g = rcg_gemm_rows(r1 - r0, own->S, x->cols);

    g.a = own->scores + r0;
    g.a_row = 1;
    g.a_k = own->ld;
    g.b = own->rows;
    g.b_k = w->ld;
    g.c = x->g + r0 * x->ld;
    g.c_row = x->ld;
    g.add = true;
    rck->gemm(&g);
    for (int64_t r = r0; r < r1; r++)
        rck->axpy(x->cols, own->own_p[r], w->x + own->target[r] * w->ld, x->g + r * x->ld);
    rcg_clear_padding(r1 - r0, x->cols, x->ld, x->g + r0 * x->ld);
}

/* Gradients of the drawn rows of the table, and of their biases, for a share of them. */
static void drawn_gradient(const sample *own, const rcb_worker *worker)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const int32_t *ids = own->noise.ids;
    int64_t lo, hi;

    rcb_share(worker, own->S, 1, &lo, &hi);
    if (w->g && lo < hi) {
        rck_gemm g = rcg_gemm_rows(hi - lo, x->rows, x->cols);
        g.a = own->scores + lo * own->ld;
        g.a_row = own->ld;
        g.a_k = 1;
        g.b = x->x;
        g.b_k = x->ld;
        g.c = own->dw + lo * w->ld;
        g.c_row = w->ld;
        rck->gemm(&g);
        rck->scatter_add(hi - lo, w->cols, own->dw + lo * w->ld, w->ld, ids + lo, w->g, w->ld);
    }
    for (int64_t s = lo; own->b && own->b->g && s < hi; s++)
        own->b->g[ids[s]] += rck->sum(x->rows, own->scores + s * own->ld);
}

/* The same of the targets, for a share of the columns. */
static void target_gradient(const sample *own, const rcb_worker *worker)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    int64_t lo, hi;

    rcb_share(worker, x->cols, RCK_LANES, &lo, &hi);
    for (int64_t r = 0; w->g && lo < hi && r < x->rows; r++)
        rck->axpy(hi - lo, own->own_p[r], x->x + r * x->ld + lo,
                  w->g + own->target[r] * w->ld + lo);
    for (int64_t r = 0; worker->id == 0 && own->b && own->b->g && r < x->rows; r++)
        own->b->g[own->target[r]] += own->own_p[r];
}

static void sample_backward_share(const rcb_worker *worker, void *ctx)
{
    const sample *own = ctx;
    const rc_var *x = own->n->in[0];
    int64_t u0, u1;

    rcb_share(worker, rcg_groups(&own->lay), 1, &u0, &u1);
    const int64_t r0 = u0 * RCK_LANES;
    const int64_t r1 = u1 * RCK_LANES < x->rows ? u1 * RCK_LANES : x->rows;

    differentiate(own, u0, u1, own->n->out->g[0]);
    if (x->g && r0 < r1)
        input_gradient(own, r0, r1);
    rcb_barrier(worker);
    drawn_gradient(own, worker);
    rcb_barrier(worker);
    target_gradient(own, worker);
}

static rc_status sample_backward(rcg_node *n)
{
    sample *own = n->own;
    const rc_var *w = n->in[1];
    rc_graph *g = n->graph;

    own->own_p = rcg_scratch(g, (size_t)own->ld, sizeof *own->own_p);
    own->dw = rcg_scratch(g, w->g ? (size_t)own->S : 0, (size_t)w->ld * sizeof *own->dw);
    if (!own->own_p || !own->dw)
        return g->status;
    if (own->b && own->b->g)
        rcg_weight_touch(own->b);
    for (int64_t s = 0; s < own->S; s++)
        rcg_touch(n->in[1], own->noise.ids[s], 1);
    for (int64_t r = 0; r < n->in[0]->rows; r++)
        rcg_touch(n->in[1], own->target[r], 1);
    rcb_pool_run(g->pool, rcg_workers(g, 2 * sample_flops(own)), sample_backward_share, own);
    return own->b && own->b->g ? rcg_weight_done(n, 2, own->b) : RC_OK;
}

/* ---- the operations ---------------------------------------------------------------------- */

static const rcg_op op_sampled_loss = {
    .name = "sampled_loss",
    .optional = 1u << 2,
    .sparse = 1u << 1,
    .infer = sample_infer,
    .forward = sample_forward,
    .backward = sample_backward,
};

static const rcg_op op_nce_loss = {
    .name = "nce_loss",
    .optional = 1u << 2,
    .sparse = 1u << 1,
    .infer = sample_infer,
    .forward = sample_forward,
    .backward = sample_backward,
};

static rc_var *push(rc_graph *g, const rcg_op *op, rc_var *const in[], const int32_t *targets,
                    const rc_noise *noise, bool contrast)
{
    const rc_var *x = in[0], *w = in[1];
    sample *own = rcg_keep(g, 1, sizeof *own);

    if (!own)
        return NULL;
    *own = (sample){.noise = *noise, .contrast = contrast};
    if (x && w && !rcg_absent(w) &&
        !(own->target = rcg_targets(g, op->name, x->rows, w->rows, targets)))
        return NULL;
    return rcg_push(g, op, 3, in, own);
}

rc_var *rc_sampled_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                        const rc_noise *noise)
{
    return push(g, &op_sampled_loss, (rc_var *[]){x, w, b}, targets, noise, false);
}

rc_var *rc_nce_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                    const rc_noise *noise)
{
    return push(g, &op_nce_loss, (rc_var *[]){x, w, b}, targets, noise, true);
}
