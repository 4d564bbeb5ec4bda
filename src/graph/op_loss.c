/* op_loss.c -- losses of a whole matrix: sums over rows in nats, with their totals in double. */
#include "graph/graph_in.h"

#include <math.h>
#include <string.h>

/* ---- cross_entropy ----------------------------------------------------------------------- */

typedef struct entropy {
    int32_t *target;
    rc_real *weight; /* (N); NULL: 1 each */
    rc_real *logp;   /* (N,ld) */
} entropy;

static double times(const entropy *own, int64_t r)
{
    return own->weight ? (double)own->weight[r] : 1;
}

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
        total -= times(own, r) * (double)own->logp[r * x->ld + own->target[r]];
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
        rck->axpy(x->cols, own->weight ? d * own->weight[r] : d, p, x->g + r * x->ld);
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
    return rc_weighted_cross_entropy(g, logits, targets, NULL);
}

rc_var *rc_weighted_cross_entropy(rc_graph *g, rc_var *logits, const int32_t *targets,
                                  const rc_real *weights)
{
    entropy *own = rcg_keep(g, 1, sizeof *own);
    if (!own || (logits && !(own->target = rcg_targets(g, "cross_entropy", logits->rows,
                                                       logits->cols, targets))))
        return NULL;
    own->weight = NULL;
    if (logits && weights) {
        const size_t n = (size_t)logits->rows;
        own->weight = rcg_keep(g, n, sizeof *own->weight);
        if (!own->weight)
            return NULL;
        memcpy(own->weight, weights, n * sizeof *weights);
    }
    return rcg_push(g, &op_cross_entropy, 1, (rc_var *[]){logits}, own);
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
