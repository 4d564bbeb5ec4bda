/* op_pool.c -- one row for each sequence out of the rows of its steps: mean, maximum, last, first,
 * and attention.
 *
 * Rows of a step are neighbours, and so are those of the result that they go into: all but
 * attention are loops over steps of one call each. Workers take sequences.
 */
#include "graph/graph_in.h"

#include <math.h>
#include <string.h>

/* A part of a node's sequences, [lo,hi). */
typedef struct part {
    rcg_node *n;
    const rc_rows *rows;
    int64_t lo, hi;
} part;

typedef struct pooling {
    const char *name;
    void (*forward)(const part *p);
    void (*backward)(const part *p);
} pooling;

typedef struct pool {
    rc_rows rows;
    const pooling *how;
    int32_t *from; /* max: (B,ld) steps */
} pool;

/* Sequences of the part that are alive at a step. */
static int64_t alive_of(const part *p, int64_t t)
{
    const int64_t alive = t < p->rows->steps ? p->rows->at[t + 1] - p->rows->at[t] : 0;

    return alive < p->lo ? 0 : (alive < p->hi ? alive : p->hi) - p->lo;
}

/* A step's rows of the part: of the input, or of its gradient. */
static rc_real *step_of(const part *p, rc_real *x, int64_t t)
{
    return x + (p->rows->at[t] + p->lo) * p->n->in[0]->ld;
}

static rc_real *own_rows(const part *p, rc_real *y)
{
    return y + p->lo * p->n->out->ld;
}

/* ---- mean -------------------------------------------------------------------------------- */

static void mean_forward(const part *p)
{
    const int64_t ld = p->n->out->ld;
    rc_real *y = own_rows(p, p->n->out->x);

    rck->fill((p->hi - p->lo) * ld, 0, y);
    for (int64_t t = 0; alive_of(p, t) > 0; t++)
        rck->add(alive_of(p, t) * ld, y, step_of(p, p->n->in[0]->x, t), y);
    for (int64_t b = 0; b < alive_of(p, 0); b++, y += ld)
        rck->scale(ld, 1 / (rc_real)rcg_rows_length(p->rows, p->lo + b), y, y);
}

static void mean_backward(const part *p)
{
    const int64_t ld = p->n->out->ld;

    for (int64_t b = 0; b < alive_of(p, 0); b++) {
        const int64_t length = rcg_rows_length(p->rows, p->lo + b);
        const rc_real *dy = own_rows(p, p->n->out->g) + b * ld;

        for (int64_t t = 0; t < length; t++)
            rck->axpy(ld, 1 / (rc_real)length, dy, step_of(p, p->n->in[0]->g, t) + b * ld);
    }
}

/* ---- maximum ----------------------------------------------------------------------------- */

static void max_forward(const part *p)
{
    const pool *own = p->n->own;
    const int64_t ld = p->n->out->ld, first = alive_of(p, 0);
    rc_real *y = own_rows(p, p->n->out->x);
    int32_t *from = own->from + p->lo * ld;

    rck->fill(first * ld, (rc_real)-INFINITY, y);
    memset(from, 0, (size_t)(first * ld) * sizeof *from);
    for (int64_t t = 0; alive_of(p, t) > 0; t++)
        rck->larger(alive_of(p, t) * ld, 0, step_of(p, p->n->in[0]->x, t), (int32_t)t, y, from);
    rck->fill((p->hi - p->lo - first) * ld, 0, y + first * ld);
}

static void max_backward(const part *p)
{
    const pool *own = p->n->own;
    const rc_var *x = p->n->in[0], *y = p->n->out;

    for (int64_t b = p->lo; b < p->lo + alive_of(p, 0); b++)
        for (int64_t j = 0; j < y->cols; j++) {
            const int64_t row = p->rows->at[own->from[b * y->ld + j]] + b;
            x->g[row * x->ld + j] += y->g[b * y->ld + j];
        }
}

/* ---- last and first ---------------------------------------------------------------------- */

static void first_forward(const part *p)
{
    const int64_t ld = p->n->out->ld, alive = alive_of(p, 0);
    rc_real *y = own_rows(p, p->n->out->x);

    if (alive > 0)
        memcpy(y, step_of(p, p->n->in[0]->x, 0), (size_t)(alive * ld) * sizeof *y);
    rck->fill((p->hi - p->lo - alive) * ld, 0, y + alive * ld);
}

static void first_backward(const part *p)
{
    if (alive_of(p, 0) > 0) {
        rc_real *dx = step_of(p, p->n->in[0]->g, 0);
        rck->add(alive_of(p, 0) * p->n->out->ld, dx, own_rows(p, p->n->out->g), dx);
    }
}

/* Of those alive at a step the last ones are at their end: *count, *at among those of the part. */
static void ending(const part *p, int64_t t, int64_t *at, int64_t *count)
{
    *at = alive_of(p, t + 1);
    *count = alive_of(p, t) - *at;
}

static void last_forward(const part *p)
{
    const int64_t ld = p->n->out->ld, first = alive_of(p, 0);
    rc_real *y = own_rows(p, p->n->out->x);

    for (int64_t t = 0, at, count; alive_of(p, t) > 0; t++) {
        ending(p, t, &at, &count);
        if (count > 0)
            memcpy(y + at * ld, step_of(p, p->n->in[0]->x, t) + at * ld,
                   (size_t)(count * ld) * sizeof *y);
    }
    rck->fill((p->hi - p->lo - first) * ld, 0, y + first * ld);
}

static void last_backward(const part *p)
{
    const int64_t ld = p->n->out->ld;

    for (int64_t t = 0, at, count; alive_of(p, t) > 0; t++) {
        ending(p, t, &at, &count);
        rc_real *dx = step_of(p, p->n->in[0]->g, t) + at * ld;
        if (count > 0)
            rck->add(count * ld, dx, own_rows(p, p->n->out->g) + at * ld, dx);
    }
}

/* ---- pool -------------------------------------------------------------------------------- */

static const pooling poolings[] = {
    [RC_POOL_MEAN] = {"mean", mean_forward, mean_backward},
    [RC_POOL_MAX] = {"max", max_forward, max_backward},
    [RC_POOL_LAST] = {"last", last_forward, last_backward},
    [RC_POOL_FIRST] = {"first", first_forward, first_backward},
};

static rc_status check_steps(const rcg_node *n, const rc_rows *rows, const rc_var *x)
{
    char text[RCG_SHAPE_TEXT];

    if (x->shape.rank != 2 || x->rows != rows->at[rows->steps])
        return RC_FAIL(RC_ESHAPE, "%s: input is %s, the batch has %" PRId64 " rows", n->op->name,
                       rcg_shape_text(x->shape, text), rows->at[rows->steps]);
    return RC_OK;
}

static rc_status infer_row_each(const rc_rows *rows, const rc_var *x, rc_shape *out)
{
    *out = rc_shape_2(rows->seqs, x->cols);
    out->axis[0] = RC_BATCH;
    return RC_OK;
}

static rc_status pool_infer(const rcg_node *n, rc_shape *out)
{
    const pool *own = n->own;

    RC_TRY(check_steps(n, &own->rows, n->in[0]));
    return infer_row_each(&own->rows, n->in[0], out);
}

static void pool_share(const rcb_worker *w, void *ctx)
{
    part p = {.n = ctx};
    const pool *own = p.n->own;

    p.rows = &own->rows;
    rcg_rows_share(p.rows, w, &p.lo, &p.hi);
    if (p.lo < p.hi && p.n->out->g)
        own->how->backward(&p);
    else if (p.lo < p.hi)
        own->how->forward(&p);
}

static rc_status pool_run(rcg_node *n)
{
    const double flops = 4.0 * (double)(n->in[0]->rows * n->in[0]->ld);

    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), pool_share, n);
    return RC_OK;
}

static rc_status pool_forward(rcg_node *n)
{
    pool *own = n->own;

    if (own->how == &poolings[RC_POOL_MAX]) {
        own->from = rcg_keep(n->graph, (size_t)(n->out->rows * n->out->ld), sizeof *own->from);
        if (!own->from)
            return n->graph->status;
    }
    return pool_run(n);
}

static rc_status pool_backward(rcg_node *n)
{
    return n->in[0]->g ? pool_run(n) : RC_OK;
}

static const rcg_op op_pool = {
    .name = "pool",
    .infer = pool_infer,
    .forward = pool_forward,
    .backward = pool_backward,
};

rc_var *rc_pool(rc_graph *g, const rc_rows *rows, rc_var *x, rc_pooling how)
{
    if (g->status != RC_OK)
        return NULL;
    rc_status status = rcg_check_rows(op_pool.name, rows);
    if (status == RC_OK && (size_t)how >= sizeof poolings / sizeof *poolings)
        status = RC_FAIL(RC_EINVAL, "pool: there is no pooling %d", (int)how);
    if (status != RC_OK)
        return rcg_failed(g, status);
    pool *own = rcg_keep(g, 1, sizeof *own);
    if (!own || !rcg_rows_copy(g, rows, &own->rows))
        return NULL;
    own->how = &poolings[how];
    own->from = NULL;
    return rcg_push(g, &op_pool, 1, (rc_var *[]){x}, own);
}

/* ---- attention --------------------------------------------------------------------------- */

typedef struct attention {
    rc_rows rows;
    int64_t *begin;  /* (B+1) where each sequence begins in what follows */
    rc_real *weight; /* (N) by sequences */
    rc_real *room;   /* (N) by sequences: scores forward, their gradients back; scratch */
} attention;

static rc_status attention_infer(const rcg_node *n, rc_shape *out)
{
    const attention *own = n->own;
    const rc_var *s = n->in[0], *x = n->in[1];
    const int64_t N = own->rows.at[own->rows.steps];
    char text[RCG_SHAPE_TEXT];

    RC_TRY(check_steps(n, &own->rows, x));
    if (s->shape.rank > 2 || s->shape.dim[0] != N || (s->shape.rank == 2 && s->cols != 1))
        return RC_FAIL(RC_ESHAPE,
                       "pool_attention: scores are %s, expected one for each of %" PRId64 " rows",
                       rcg_shape_text(s->shape, text), N);
    return infer_row_each(&own->rows, x, out);
}

/* Reals between the scores of two rows. */
static int64_t score_step(const rc_var *s)
{
    return s->shape.rank == 1 ? 1 : s->ld;
}

static void attend(const rcg_node *n, const attention *own, int64_t b)
{
    const rc_var *s = n->in[0], *x = n->in[1], *y = n->out;
    const int64_t length = own->begin[b + 1] - own->begin[b];
    rc_real *p = own->weight + own->begin[b], *score = own->room + own->begin[b];

    rck->fill(y->ld, 0, y->x + b * y->ld);
    for (int64_t t = 0; t < length; t++)
        score[t] = s->x[(own->rows.at[t] + b) * score_step(s)];
    rck->softmax(length, score, p);
    for (int64_t t = 0; t < length; t++)
        rck->axpy(x->ld, p[t], x->x + (own->rows.at[t] + b) * x->ld, y->x + b * y->ld);
}

static double long_dot(int64_t n, const rc_real *a, const rc_real *b)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i += RCK_BLOCK)
        sum += (double)rck->dot(n - i < RCK_BLOCK ? n - i : RCK_BLOCK, a + i, b + i);
    return sum;
}

/* dp(t) = dy x(t),  ds(t) = p(t) (dp(t) - sum of p dp),  dx(t) = p(t) dy */
static void attend_back(const rcg_node *n, const attention *own, int64_t b)
{
    const rc_var *s = n->in[0], *x = n->in[1], *y = n->out;
    const int64_t length = own->begin[b + 1] - own->begin[b];
    const rc_real *p = own->weight + own->begin[b], *dy = y->g + b * y->ld;
    rc_real *dp = own->room + own->begin[b];
    double mean = 0;

    for (int64_t t = 0; t < length; t++) {
        const int64_t at = (own->rows.at[t] + b) * x->ld;

        dp[t] = s->g ? (rc_real)long_dot(x->cols, dy, x->x + at) : 0;
        mean += (double)p[t] * (double)dp[t];
        if (x->g)
            rck->axpy(x->ld, p[t], dy, x->g + at);
    }
    for (int64_t t = 0; s->g && t < length; t++)
        s->g[(own->rows.at[t] + b) * score_step(s)] += p[t] * (dp[t] - (rc_real)mean);
}

static void attention_share(const rcb_worker *w, void *ctx)
{
    rcg_node *n = ctx;
    const attention *own = n->own;
    int64_t lo, hi;

    rcg_rows_share(&own->rows, w, &lo, &hi);
    for (int64_t b = lo; b < hi; b++) {
        if (n->out->g)
            attend_back(n, own, b);
        else
            attend(n, own, b);
    }
}

static rc_status attention_run(rcg_node *n)
{
    attention *own = n->own;
    const double flops = 4.0 * (double)(n->in[1]->rows * n->in[1]->ld);

    own->room = rcg_scratch(n->graph, (size_t)n->in[1]->rows, sizeof *own->room);
    if (!own->room)
        return n->graph->status;
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), attention_share, n);
    return RC_OK;
}

static rc_status attention_forward(rcg_node *n)
{
    attention *own = n->own;
    const int64_t B = own->rows.seqs;

    own->begin = rcg_keep(n->graph, (size_t)B + 1, sizeof *own->begin);
    own->weight = rcg_keep(n->graph, (size_t)n->in[1]->rows, sizeof *own->weight);
    if (!own->begin || !own->weight)
        return n->graph->status;
    own->begin[0] = 0;
    for (int64_t b = 0; b < B; b++)
        own->begin[b + 1] = own->begin[b] + rcg_rows_length(&own->rows, b);
    return attention_run(n);
}

static const rcg_op op_pool_attention = {
    .name = "pool_attention",
    .infer = attention_infer,
    .forward = attention_forward,
    .backward = attention_run,
};

rc_var *rc_pool_attention(rc_graph *g, const rc_rows *rows, rc_var *scores, rc_var *x)
{
    if (g->status != RC_OK)
        return NULL;
    const rc_status status = rcg_check_rows(op_pool_attention.name, rows);
    if (status != RC_OK)
        return rcg_failed(g, status);
    attention *own = rcg_keep(g, 1, sizeof *own);
    if (!own || !rcg_rows_copy(g, rows, &own->rows))
        return NULL;
    return rcg_push(g, &op_pool_attention, 2, (rc_var *[]){scores, x}, own);
}
