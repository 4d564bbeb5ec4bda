/* op_math.c -- operations element by element, over the last axis, and to one number.
 *
 * Values run flat over rows with their padding where the kernel allows it; reductions see logical
 * columns only.
 */
#include "graph/graph_in.h"

#include <math.h>

static int64_t flat(const rc_var *v)
{
    return v->rows * v->ld;
}

/* ---- two operands ------------------------------------------------------------------------ */

static rc_status infer_pair(const rcg_node *n, rc_shape *out)
{
    const rc_shape a = n->in[0]->shape, b = n->in[1]->shape;
    bool same = a.rank == b.rank;
    for (int i = 0; same && i < a.rank; i++)
        same = a.dim[i] == b.dim[i];
    if (!same) {
        char ta[RCG_SHAPE_TEXT], tb[RCG_SHAPE_TEXT];
        return RC_FAIL(RC_ESHAPE, "%s: operands are %s and %s, they must be equal", n->op->name,
                       rcg_shape_text(a, ta), rcg_shape_text(b, tb));
    }
    *out = a;
    return RC_OK;
}

static rc_status add_forward(rcg_node *n)
{
    rck->add(flat(n->out), n->in[0]->x, n->in[1]->x, n->out->x);
    n->out->total = n->in[0]->total + n->in[1]->total;
    return RC_OK;
}

static rc_status add_backward(rcg_node *n)
{
    for (int i = 0; i < 2; i++)
        if (n->in[i]->g)
            rck->add(flat(n->out), n->in[i]->g, n->out->g, n->in[i]->g);
    return RC_OK;
}

static const rcg_op op_add = {
    .name = "add",
    .infer = infer_pair,
    .forward = add_forward,
    .backward = add_backward,
};

rc_var *rc_add(rc_graph *g, rc_var *a, rc_var *b)
{
    return rcg_push(g, &op_add, 2, (rc_var *[]){a, b}, NULL);
}

static rc_status sub_forward(rcg_node *n)
{
    rck->sub(flat(n->out), n->in[0]->x, n->in[1]->x, n->out->x);
    n->out->total = n->in[0]->total - n->in[1]->total;
    return RC_OK;
}

static rc_status sub_backward(rcg_node *n)
{
    if (n->in[0]->g)
        rck->add(flat(n->out), n->in[0]->g, n->out->g, n->in[0]->g);
    if (n->in[1]->g)
        rck->sub(flat(n->out), n->in[1]->g, n->out->g, n->in[1]->g);
    return RC_OK;
}

static const rcg_op op_sub = {
    .name = "sub",
    .infer = infer_pair,
    .forward = sub_forward,
    .backward = sub_backward,
};

rc_var *rc_sub(rc_graph *g, rc_var *a, rc_var *b)
{
    return rcg_push(g, &op_sub, 2, (rc_var *[]){a, b}, NULL);
}

static rc_status mul_forward(rcg_node *n)
{
    rck->mul(flat(n->out), n->in[0]->x, n->in[1]->x, n->out->x);
    return RC_OK;
}

static rc_status mul_backward(rcg_node *n)
{
    for (int i = 0; i < 2; i++)
        if (n->in[i]->g)
            rck->mul_add(flat(n->out), n->out->g, n->in[1 - i]->x, n->in[i]->g);
    return RC_OK;
}

static const rcg_op op_mul = {
    .name = "mul",
    .infer = infer_pair,
    .forward = mul_forward,
    .backward = mul_backward,
};

rc_var *rc_mul(rc_graph *g, rc_var *a, rc_var *b)
{
    return rcg_push(g, &op_mul, 2, (rc_var *[]){a, b}, NULL);
}

/* ---- one operand ------------------------------------------------------------------------- */

typedef struct factor {
    rc_real a;
} factor;

static rc_status scale_forward(rcg_node *n)
{
    const factor *own = n->own;
    rck->scale(flat(n->out), own->a, n->in[0]->x, n->out->x);
    n->out->total = (double)own->a * n->in[0]->total;
    return RC_OK;
}

static rc_status scale_backward(rcg_node *n)
{
    const factor *own = n->own;
    if (n->in[0]->g)
        rck->axpy(flat(n->out), own->a, n->out->g, n->in[0]->g);
    return RC_OK;
}

static const rcg_op op_scale = {
    .name = "scale",
    .infer = rcg_infer_same,
    .forward = scale_forward,
    .backward = scale_backward,
};

rc_var *rc_scale(rc_graph *g, rc_var *x, double a)
{
    factor *own = rcg_keep(g, 1, sizeof *own);
    if (!own)
        return NULL;
    own->a = (rc_real)a;
    return rcg_push(g, &op_scale, 1, (rc_var *[]){x}, own);
}

static rc_status tanh_forward(rcg_node *n)
{
    rck->tanh(flat(n->out), n->in[0]->x, n->out->x);
    return RC_OK;
}

static rc_status tanh_backward(rcg_node *n)
{
    if (n->in[0]->g)
        rck->tanh_back(flat(n->out), n->out->x, n->out->g, n->in[0]->g);
    return RC_OK;
}

static const rcg_op op_tanh = {
    .name = "tanh",
    .infer = rcg_infer_same,
    .forward = tanh_forward,
    .backward = tanh_backward,
};

rc_var *rc_tanh(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_tanh, 1, (rc_var *[]){x}, NULL);
}

static rc_status sigmoid_forward(rcg_node *n)
{
    rck->sigmoid(flat(n->out), n->in[0]->x, n->out->x);
    return RC_OK;
}

static rc_status sigmoid_backward(rcg_node *n)
{
    if (n->in[0]->g)
        rck->sigmoid_back(flat(n->out), n->out->x, n->out->g, n->in[0]->g);
    return RC_OK;
}

static const rcg_op op_sigmoid = {
    .name = "sigmoid",
    .infer = rcg_infer_same,
    .forward = sigmoid_forward,
    .backward = sigmoid_backward,
};

rc_var *rc_sigmoid(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_sigmoid, 1, (rc_var *[]){x}, NULL);
}

static rc_status relu_forward(rcg_node *n)
{
    rck->relu(flat(n->out), n->in[0]->x, n->out->x);
    return RC_OK;
}

static rc_status relu_backward(rcg_node *n)
{
    if (n->in[0]->g)
        rck->relu_back(flat(n->out), n->out->x, n->out->g, n->in[0]->g);
    return RC_OK;
}

static const rcg_op op_relu = {
    .name = "relu",
    .infer = rcg_infer_same,
    .forward = relu_forward,
    .backward = relu_backward,
};

rc_var *rc_relu(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_relu, 1, (rc_var *[]){x}, NULL);
}

/* exp and log leave the padding of values alone: exp(garbage) may not be finite. */
static rc_status exp_forward(rcg_node *n)
{
    for (int64_t r = 0; r < n->out->rows; r++) {
        rc_real *y = n->out->x + r * n->out->ld;
        rck->exp(n->out->cols, n->in[0]->x + r * n->out->ld, y);
        rck->fill(n->out->ld - n->out->cols, 0, y + n->out->cols);
    }
    return RC_OK;
}

static rc_status exp_backward(rcg_node *n)
{
    if (n->in[0]->g)
        rck->mul_add(flat(n->out), n->out->g, n->out->x, n->in[0]->g);
    return RC_OK;
}

static const rcg_op op_exp = {
    .name = "exp",
    .infer = rcg_infer_same,
    .forward = exp_forward,
    .backward = exp_backward,
};

rc_var *rc_exp(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_exp, 1, (rc_var *[]){x}, NULL);
}

static rc_status log_forward(rcg_node *n)
{
    for (int64_t r = 0; r < n->out->rows; r++) {
        rc_real *y = n->out->x + r * n->out->ld;
        rck->log(n->out->cols, n->in[0]->x + r * n->out->ld, y);
        rck->fill(n->out->ld - n->out->cols, 0, y + n->out->cols);
    }
    return RC_OK;
}

static rc_status log_backward(rcg_node *n)
{
    const rc_var *x = n->in[0];
    for (int64_t r = 0; x->g && r < x->rows; r++)
        rck->log_back(x->cols, x->x + r * x->ld, n->out->g + r * x->ld, x->g + r * x->ld);
    return RC_OK;
}

static const rcg_op op_log = {
    .name = "log",
    .infer = rcg_infer_same,
    .forward = log_forward,
    .backward = log_backward,
};

rc_var *rc_log(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_log, 1, (rc_var *[]){x}, NULL);
}

/* ---- over the last axis ------------------------------------------------------------------ */

/* A dot product over any length, in blocks of fixed size. */
static double long_dot(int64_t n, const rc_real *a, const rc_real *b)
{
    double total = 0;
    for (int64_t i = 0; i < n; i += RCK_BLOCK)
        total += (double)rck->dot(n - i < RCK_BLOCK ? n - i : RCK_BLOCK, a + i, b + i);
    return total;
}

static double long_sum(int64_t n, const rc_real *x)
{
    double total = 0;
    for (int64_t i = 0; i < n; i += RCK_BLOCK)
        total += (double)rck->sum(n - i < RCK_BLOCK ? n - i : RCK_BLOCK, x + i);
    return total;
}

static rc_status infer_last(const rcg_node *n, rc_shape *out)
{
    if (n->in[0]->cols < 1)
        return RC_FAIL(RC_ESHAPE, "%s: the last axis is empty", n->op->name);
    *out = n->in[0]->shape;
    return RC_OK;
}

typedef struct over_rows {
    rcg_node *n;
    void (*row)(int64_t n, const rc_real *x, rc_real *y);
} over_rows;

static void rows_share(const rcb_worker *w, void *ctx)
{
    const over_rows *job = ctx;
    const rc_var *y = job->n->out;
    int64_t lo, hi;

    rcb_share(w, y->rows, 1, &lo, &hi);
    for (int64_t r = lo; r < hi; r++) {
        rc_real *row = y->x + r * y->ld;
        job->row(y->cols, job->n->in[0]->x + r * y->ld, row);
        rck->fill(y->ld - y->cols, 0, row + y->cols);
    }
}

static rc_status each_row(rcg_node *n, void (*row)(int64_t, const rc_real *, rc_real *))
{
    over_rows job = {n, row};
    const double flops = 30.0 * (double)(n->out->rows * n->out->cols);
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), rows_share, &job);
    return RC_OK;
}

static rc_status softmax_forward(rcg_node *n)
{
    return each_row(n, rck->softmax);
}

/* dx = p (dy - <p, dy>) */
static rc_status softmax_backward(rcg_node *n)
{
    const rc_var *x = n->in[0], *y = n->out;
    for (int64_t r = 0; x->g && r < y->rows; r++) {
        const rc_real *p = y->x + r * y->ld, *dy = y->g + r * y->ld;
        rc_real *dx = x->g + r * x->ld;
        rck->mul_add(y->cols, p, dy, dx);
        rck->axpy(y->cols, (rc_real)-long_dot(y->cols, p, dy), p, dx);
    }
    return RC_OK;
}

static const rcg_op op_softmax = {
    .name = "softmax",
    .infer = infer_last,
    .forward = softmax_forward,
    .backward = softmax_backward,
};

rc_var *rc_softmax(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_softmax, 1, (rc_var *[]){x}, NULL);
}

static rc_status log_softmax_forward(rcg_node *n)
{
    return each_row(n, rck->log_softmax);
}

/* dx = dy - exp(y) sum(dy) */
static rc_status log_softmax_backward(rcg_node *n)
{
    const rc_var *x = n->in[0], *y = n->out;
    if (!x->g)
        return RC_OK;
    rc_real *p = rcg_scratch(n->graph, (size_t)y->ld, sizeof *p);
    if (!p)
        return n->graph->status;
    for (int64_t r = 0; r < y->rows; r++) {
        const rc_real *dy = y->g + r * y->ld;
        rc_real *dx = x->g + r * x->ld;
        rck->exp(y->cols, y->x + r * y->ld, p);
        rck->add(y->cols, dx, dy, dx);
        rck->axpy(y->cols, (rc_real)-long_sum(y->cols, dy), p, dx);
    }
    return RC_OK;
}

static const rcg_op op_log_softmax = {
    .name = "log_softmax",
    .infer = infer_last,
    .forward = log_softmax_forward,
    .backward = log_softmax_backward,
};

rc_var *rc_log_softmax(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_log_softmax, 1, (rc_var *[]){x}, NULL);
}

/* ---- to one number ----------------------------------------------------------------------- */

static rc_status infer_scalar(const rcg_node *n, rc_shape *out)
{
    (void)n;
    *out = rc_shape_1(1);
    return RC_OK;
}

static double total_of(const rc_var *x)
{
    double total = 0;
    for (int64_t r = 0; r < x->rows; r++)
        total += long_sum(x->cols, x->x + r * x->ld);
    return total;
}

static void set_scalar(rc_var *out, double value)
{
    rck->fill(out->ld, 0, out->x);
    out->x[0] = (rc_real)value;
    out->total = value;
}

/* Add the same number to every logical element of a gradient. */
static rc_status spread(rcg_node *n, rc_real value)
{
    const rc_var *x = n->in[0];
    if (!x->g)
        return RC_OK;
    rc_real *row = rcg_scratch(n->graph, (size_t)x->ld, sizeof *row);
    if (!row)
        return n->graph->status;
    rck->fill(x->cols, value, row);
    for (int64_t r = 0; r < x->rows; r++)
        rck->add(x->cols, x->g + r * x->ld, row, x->g + r * x->ld);
    return RC_OK;
}

static rc_status sum_forward(rcg_node *n)
{
    set_scalar(n->out, total_of(n->in[0]));
    return RC_OK;
}

static rc_status sum_backward(rcg_node *n)
{
    return spread(n, n->out->g[0]);
}

static const rcg_op op_sum = {
    .name = "sum",
    .infer = infer_scalar,
    .forward = sum_forward,
    .backward = sum_backward,
};

rc_var *rc_sum(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_sum, 1, (rc_var *[]){x}, NULL);
}

static rc_status infer_mean(const rcg_node *n, rc_shape *out)
{
    if (n->in[0]->rows * n->in[0]->cols == 0)
        return RC_FAIL(RC_ESHAPE, "mean: the operand is empty");
    return infer_scalar(n, out);
}

static rc_status mean_forward(rcg_node *n)
{
    set_scalar(n->out, total_of(n->in[0]) / (double)(n->in[0]->rows * n->in[0]->cols));
    return RC_OK;
}

static rc_status mean_backward(rcg_node *n)
{
    return spread(n, n->out->g[0] / (rc_real)(n->in[0]->rows * n->in[0]->cols));
}

static const rcg_op op_mean = {
    .name = "mean",
    .infer = infer_mean,
    .forward = mean_forward,
    .backward = mean_backward,
};

rc_var *rc_mean(rc_graph *g, rc_var *x)
{
    return rcg_push(g, &op_mean, 1, (rc_var *[]){x}, NULL);
}
