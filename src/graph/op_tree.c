/* op_tree.c -- a binary tree of logistic decisions over the symbols: the way down to the target as
 * a loss, all ways at once as log-probabilities.
 *
 * A row of the batch meets about log2 V decisions, so their scores are single dot products. Rows
 * are shared among workers; gradients of the table are shared by its columns, so that the rows that
 * meet one decision are added in order.
 */
#include "graph/graph_in.h"

#include <math.h>

typedef struct tree_loss {
    rcg_node *n;
    rc_tree tree;
    int32_t *target;
    rcg_weight *b;
    int32_t *way;    /* (N,depth) 2 * decision + side, from the leaf up */
    int32_t *length; /* (N) */
    rc_real *v;    /* (N,depth) score, negated on side 0: the loss is softplus(v); then its slope */
    rc_real *loss; /* (N) */
} tree_loss;

static rc_status bad_tree(const char *op, int64_t at)
{
    return RC_FAIL(RC_EINVAL, "%s: entry %" PRId64 " of the tree points nowhere", op, at);
}

/* Every entry points at a decision above, and no way is longer than the tree says. */
static rc_status check_tree(const char *op, const rc_tree *t)
{
    if (t->leaves < 2 || !t->up || t->depth < 1)
        return RC_FAIL(RC_EINVAL, "%s: a tree of %" PRId64 " leaves decides nothing", op,
                       t->leaves);
    if (t->up[t->leaves] != -1)
        return bad_tree(op, t->leaves);
    for (int64_t i = 0; i < 2 * t->leaves - 1; i++) {
        const int64_t below = i < t->leaves ? t->leaves - 1 : i - t->leaves;
        if (i != t->leaves && (t->up[i] < 0 || t->up[i] / 2 >= below))
            return bad_tree(op, i);
    }
    return RC_OK;
}

static rc_status tree_loss_infer(const rcg_node *n, rc_shape *out)
{
    const tree_loss *own = n->own;

    RC_TRY(rcg_check_table(n));
    RC_TRY(check_tree(n->op->name, &own->tree));
    if (n->in[1]->rows != own->tree.leaves - 1)
        return RC_FAIL(RC_ESHAPE,
                       "%s: the weight has %" PRId64 " rows, the tree %" PRId64 " decisions",
                       n->op->name, n->in[1]->rows, own->tree.leaves - 1);
    return rcg_infer_total(n, out);
}

/* Write the way of every row down. RC_EINVAL: one is longer than the tree says. */
static rc_status find_ways(const tree_loss *own)
{
    const rc_tree *t = &own->tree;

    for (int64_t r = 0; r < own->n->in[0]->rows; r++) {
        int32_t *way = own->way + r * t->depth, step = t->up[own->target[r]];
        int64_t n = 0;

        for (; step >= 0 && n < t->depth; step = t->up[t->leaves + step / 2])
            way[n++] = step;
        if (step >= 0)
            return RC_FAIL(RC_EINVAL,
                           "%s: the way to symbol %" PRId32 " is longer than %" PRId64 " decisions",
                           own->n->op->name, own->target[r], t->depth);
        own->length[r] = (int32_t)n;
    }
    return RC_OK;
}

/* loss = sum over the way of softplus(v);  d loss / d v = sigmoid(v), d v / d score = -1 on side
 * 0 */
static void row_forward(const tree_loss *own, int64_t r, rc_real *room)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const int32_t *way = own->way + r * own->tree.depth;
    rc_real *v = own->v + r * own->tree.depth;
    const int64_t n = own->length[r];

    for (int64_t i = 0; i < n; i++) {
        const int64_t k = way[i] / 2;
        const rc_real score =
            rck->dot(x->cols, x->x + r * x->ld, w->x + k * w->ld) + (own->b ? own->b->w[k] : 0);
        v[i] = way[i] % 2 ? score : -score;
    }
    rck->softplus(n, v, room);
    own->loss[r] = rck->sum(n, room);
    rck->sigmoid(n, v, v);
    for (int64_t i = 0; i < n; i++)
        v[i] = way[i] % 2 ? v[i] : -v[i];
}

typedef struct tree_job {
    tree_loss *own;
    rc_real *room; /* (depth) per worker */
} tree_job;

static void tree_forward_share(const rcb_worker *worker, void *ctx)
{
    const tree_job *job = ctx;
    int64_t lo, hi;

    rcb_share(worker, job->own->n->in[0]->rows, 1, &lo, &hi);
    for (int64_t r = lo; r < hi; r++)
        row_forward(job->own, r, job->room + worker->id * job->own->tree.depth);
}

/* A guess: an even tree. */
static double tree_flops(const tree_loss *own)
{
    const rc_var *x = own->n->in[0];
    return 2.0 * (double)x->rows * (double)x->cols * log2((double)own->tree.leaves);
}

static rc_status tree_loss_forward(rcg_node *n)
{
    tree_loss *own = n->own;
    rc_graph *g = n->graph;
    const size_t rows = (size_t)n->in[0]->rows, depth = (size_t)own->tree.depth;
    const int gates[] = {1};
    tree_job job = {.own = own};
    double total = 0;

    own->n = n;
    const int workers = rcg_workers(g, tree_flops(own));
    job.room = rcg_scratch(g, (size_t)workers * depth, sizeof *job.room);
    own->way = rcg_keep(g, rows, depth * sizeof *own->way);
    own->length = rcg_keep(g, rows, sizeof *own->length);
    own->v = rcg_keep(g, rows, depth * sizeof *own->v);
    own->loss = rcg_keep(g, rows, sizeof *own->loss);
    if (!job.room || !own->way || !own->length || !own->v || !own->loss)
        return g->status;
    if (!rcg_absent(n->in[2]))
        RC_TRY(rcg_weight_of(n, 2, 1, gates, n->in[1]->rows, false, &own->b));
    RC_TRY(find_ways(own));
    rcb_pool_run(g->pool, workers, tree_forward_share, &job);
    for (size_t r = 0; r < rows; r++)
        total += (double)own->loss[r];
    return rcg_set_total(n, total);
}

static void tree_backward_share(const rcb_worker *worker, void *ctx)
{
    const tree_loss *own = ctx;
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const int64_t depth = own->tree.depth;
    const rc_real d = own->n->out->g[0];
    int64_t lo, hi;

    rcb_share(worker, x->rows, 1, &lo, &hi);
    for (int64_t r = lo; x->g && r < hi; r++)
        for (int64_t i = r * depth; i < r * depth + own->length[r]; i++)
            rck->axpy(x->cols, d * own->v[i], w->x + own->way[i] / 2 * w->ld, x->g + r * x->ld);
    rcb_share(worker, x->cols, RCK_LANES, &lo, &hi);
    for (int64_t r = 0; w->g && lo < hi && r < x->rows; r++)
        for (int64_t i = r * depth; i < r * depth + own->length[r]; i++)
            rck->axpy(hi - lo, d * own->v[i], x->x + r * x->ld + lo,
                      w->g + own->way[i] / 2 * w->ld + lo);
    for (int64_t r = 0; worker->id == 0 && own->b && own->b->g && r < x->rows; r++)
        for (int64_t i = r * depth; i < r * depth + own->length[r]; i++)
            own->b->g[own->way[i] / 2] += d * own->v[i];
}

static rc_status tree_loss_backward(rcg_node *n)
{
    tree_loss *own = n->own;

    if (own->b && own->b->g)
        rcg_weight_touch(own->b);
    for (int64_t r = 0; r < n->in[0]->rows; r++)
        for (int64_t i = 0; i < own->length[r]; i++)
            rcg_touch(n->in[1], own->way[r * own->tree.depth + i] / 2, 1);
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, 2 * tree_flops(own)), tree_backward_share,
                 own);
    return own->b && own->b->g ? rcg_weight_done(n, 2, own->b) : RC_OK;
}

static const rcg_op op_tree_loss = {
    .name = "tree_loss",
    .optional = 1u << 2,
    .sparse = 1u << 1,
    .infer = tree_loss_infer,
    .forward = tree_loss_forward,
    .backward = tree_loss_backward,
};

rc_var *rc_tree_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                     const rc_tree *tree)
{
    tree_loss *own = rcg_keep(g, 1, sizeof *own);

    if (!own)
        return NULL;
    *own = (tree_loss){.tree = *tree};
    if (x && w && !rcg_absent(w) &&
        !(own->target = rcg_targets(g, "tree_loss", x->rows, tree->leaves, targets)))
        return NULL;
    return rcg_push(g, &op_tree_loss, 3, (rc_var *[]){x, w, b}, own);
}

/* ---- tree_logp --------------------------------------------------------------------------- */

static rc_status tree_logp_infer(const rcg_node *n, rc_shape *out)
{
    const rc_tree *t = n->own;
    const rc_var *x = n->in[0];

    RC_TRY(check_tree(n->op->name, t));
    if (x->cols != t->leaves - 1)
        return RC_FAIL(RC_ESHAPE,
                       "%s: there are %" PRId64 " scores, the tree has %" PRId64 " decisions",
                       n->op->name, x->cols, t->leaves - 1);
    *out = x->shape;
    out->dim[out->rank - 1] = t->leaves;
    return RC_OK;
}

/* room: side (2, cols), -ln of the probability of side 0 and of side 1; sum (cols) */
static rc_status tree_logp_forward(rcg_node *n)
{
    const rc_tree *t = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    rc_real *side[2] = {rcg_scratch(n->graph, (size_t)x->ld, sizeof(rc_real)),
                        rcg_scratch(n->graph, (size_t)x->ld, sizeof(rc_real))};
    rc_real *at = rcg_scratch(n->graph, (size_t)x->ld, sizeof *at);

    if (!side[0] || !side[1] || !at)
        return n->graph->status;
    for (int64_t r = 0; r < y->rows; r++) {
        rc_real *out = y->x + r * y->ld;

        rck->scale(x->cols, -1, x->x + r * x->ld, side[0]);
        rck->softplus(x->cols, side[0], side[0]);
        rck->softplus(x->cols, x->x + r * x->ld, side[1]);
        at[0] = 0;
        for (int64_t k = 1; k < t->leaves - 1; k++) {
            const int32_t up = t->up[t->leaves + k];
            at[k] = at[up / 2] - side[up % 2][up / 2];
        }
        for (int64_t w = 0; w < t->leaves; w++)
            out[w] = at[t->up[w] / 2] - side[t->up[w] % 2][t->up[w] / 2];
    }
    rcg_clear_padding(y->rows, y->cols, y->ld, y->x);
    return RC_OK;
}

/* What comes to the leaves below each side of a decision adds up there, d0 and d1:
 * dx = d0 * sigmoid(-x) - d1 * sigmoid(x) */
static rc_status tree_logp_backward(rcg_node *n)
{
    const rc_tree *t = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    rc_real *below = rcg_scratch(n->graph, (size_t)x->ld * 2, sizeof *below); /* (cols, 2) */
    rc_real *s = rcg_scratch(n->graph, (size_t)x->ld, sizeof *s);

    if (!below || !s)
        return n->graph->status;
    for (int64_t r = 0; x->g && r < y->rows; r++) {
        const rc_real *dy = y->g + r * y->ld;
        rc_real *dx = x->g + r * x->ld;

        rck->fill(x->ld * 2, 0, below);
        for (int64_t w = 0; w < t->leaves; w++)
            below[t->up[w]] += dy[w];
        for (int64_t k = t->leaves - 2; k > 0; k--)
            below[t->up[t->leaves + k]] += below[2 * k] + below[2 * k + 1];
        rck->sigmoid(x->cols, x->x + r * x->ld, s);
        for (int64_t k = 0; k < x->cols; k++)
            dx[k] += below[2 * k] * (1 - s[k]) - below[2 * k + 1] * s[k];
    }
    return RC_OK;
}

static const rcg_op op_tree_logp = {
    .name = "tree_logp",
    .infer = tree_logp_infer,
    .forward = tree_logp_forward,
    .backward = tree_logp_backward,
};

rc_var *rc_tree_logp(rc_graph *g, rc_var *scores, const rc_tree *tree)
{
    rc_tree *own = rcg_keep(g, 1, sizeof *own);

    if (!own)
        return NULL;
    *own = *tree;
    return rcg_push(g, &op_tree_logp, 1, (rc_var *[]){scores}, own);
}
