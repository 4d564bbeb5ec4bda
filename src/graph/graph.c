/* graph.c -- the eager graph: nodes in one arena, a sticky status, the reverse sweep.
 *
 * An operation computes when it is pushed and is remembered in order, so that the sweep is a walk
 * back over the list. Gradients are made (cleared) just before the first operation adds to them, so
 * what nobody asks for costs nothing. After the arena has reached its size nothing here allocates.
 */
#include "graph/graph_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

rc_var rc_none;

rc_graph_options rc_graph_options_default(void)
{
    return (rc_graph_options){.threads = 0, .seed = 1, .training = true};
}

rc_status rcg_graph_on(rc_graph **out, rcb_pool *pool, bool training)
{
    *out = NULL;
    RC_TRY(rck_select());

    rc_graph *g = rcb_calloc(1, sizeof *g);
    if (!g)
        return RC_ENOMEM;
    const rc_status status = rcb_arena_new(&g->arena, 0);
    if (status != RC_OK) {
        rcb_free(g);
        return status;
    }
    g->pool = pool;
    g->training = training;
    *out = g;
    return RC_OK;
}

rc_status rc_graph_new(rc_graph **out, const rc_graph_options *options)
{
    *out = NULL;
    const rc_graph_options o = options ? *options : rc_graph_options_default();
    rcb_pool *pool;

    RC_TRY(rcb_pool_new(&pool, o.threads));
    const rc_status status = rcg_graph_on(out, pool, o.training);
    if (status != RC_OK) {
        rcb_pool_free(pool);
        return status;
    }
    (*out)->own_pool = true;
    (*out)->recompute = o.recompute;
    (*out)->seed = o.seed;
    return RC_OK;
}

void rc_graph_free(rc_graph *g)
{
    if (!g)
        return;
    if (g->own_pool)
        rcb_pool_free(g->pool);
    rcb_arena_free(g->arena);
    rcb_free(g);
}

void rc_graph_reset(rc_graph *g)
{
    rcb_arena_reset(g->arena);
    g->last = NULL;
    g->swept = false;
    g->status = RC_OK;
    g->step++;
    g->masks = 0;
    g->from = 0;
    g->norm = 0;
}

rc_status rc_graph_status(const rc_graph *g)
{
    if (g->status == RC_OK)
        return RC_OK;
    return rcb_fail(g->status, g->hint[0] ? g->hint : NULL, "%s", g->message);
}

void rcg_graph_train(rc_graph *g, bool training)
{
    g->training = training;
}

void rcg_graph_recompute(rc_graph *g, bool recompute)
{
    g->recompute = recompute;
}

void rcg_graph_seed(rc_graph *g, uint64_t seed, uint64_t step)
{
    g->seed = seed;
    g->step = step;
    g->masks = 0;
    g->from = 0;
    g->norm = 0;
}

void rcg_graph_part(rc_graph *g, uint32_t part)
{
    g->masks = (uint64_t)part << 32;
}

void rcg_graph_from(rc_graph *g, int64_t step)
{
    g->from = step;
}

void rcg_graph_norm(rc_graph *g, double weight)
{
    g->norm = weight;
}

rcb_key rcg_mask_key(rc_graph *g)
{
    uint32_t word[4];
    rcb_draw(rcb_stream(g->seed, "dropout"), g->step, g->masks++, word);
    return (rcb_key){{word[0], word[1]}};
}

size_t rcg_graph_bytes(const rc_graph *g)
{
    return rcb_arena_high(g->arena);
}

rcb_pool *rcg_pool(const rc_graph *g)
{
    return g->pool;
}

bool rcg_training(const rc_graph *g)
{
    return g->training && !g->watched;
}

rc_var *rcg_failed(rc_graph *g, rc_status status)
{
    if (g->status == RC_OK) {
        g->status = status;
        snprintf(g->message, sizeof g->message, "%s", rc_error_message());
        snprintf(g->hint, sizeof g->hint, "%s", rc_error_hint());
    }
    return NULL;
}

void *rcg_keep(rc_graph *g, size_t count, size_t size)
{
    void *p = rcb_arena_keep(g->arena, count, size);
    if (!p)
        rcg_failed(g, RC_ENOMEM);
    return p;
}

void *rcg_scratch(rc_graph *g, size_t count, size_t size)
{
    void *p = rcb_arena_scratch(g->arena, count, size);
    if (!p)
        rcg_failed(g, RC_ENOMEM);
    return p;
}

const char *rcg_shape_text(rc_shape s, char *buffer)
{
    size_t n = 0;
    buffer[n++] = '(';
    for (int i = 0; i < s.rank; i++)
        n += (size_t)snprintf(buffer + n, RCG_SHAPE_TEXT - n, "%s%" PRId64, i ? "," : "", s.dim[i]);
    snprintf(buffer + n, RCG_SHAPE_TEXT - n, ")");
    return buffer;
}

rc_status rcg_infer_same(const rcg_node *n, rc_shape *out)
{
    *out = n->in[0]->shape;
    return RC_OK;
}

rc_status rcg_check_rows(const char *op, const rc_rows *rows)
{
    if (!rows || !rows->at || rows->steps < 0 || rows->seqs < 0)
        return RC_FAIL(RC_EINVAL, "%s: the rows of the batch are missing", op);
    if (rows->at[0] != 0)
        return RC_FAIL(RC_EINVAL, "%s: the rows of the batch begin at %" PRId64 ", not at 0", op,
                       rows->at[0]);
    int64_t most = rows->seqs;
    for (int64_t t = 0; t < rows->steps; t++) {
        const int64_t alive = rows->at[t + 1] - rows->at[t];
        if (alive < 0 || alive > most)
            return RC_FAIL(RC_EINVAL,
                           "%s: step %" PRId64 " has %" PRId64 " rows, at most %" PRId64
                           " sequences are alive",
                           op, t, alive, most);
        most = alive;
    }
    return RC_OK;
}

rc_status rcg_check_bias(const char *op, const rc_var *b, int64_t rows)
{
    char text[RCG_SHAPE_TEXT];

    if (rcg_absent(b))
        return RC_OK;
    const bool flat = b->shape.rank == 1;
    if (b->shape.rank <= 2 && (flat ? b->cols : b->rows) == rows && (flat || b->cols == 1))
        return RC_OK;
    return RC_FAIL(RC_ESHAPE, "%s: the bias is %s, the weight has %" PRId64 " rows", op,
                   rcg_shape_text(b->shape, text), rows);
}

rc_status rcg_infer_total(const rcg_node *n, rc_shape *out)
{
    (void)n;
    *out = rc_shape_1(1);
    return RC_OK;
}

rc_status rcg_set_total(rcg_node *n, double total)
{
    rck->fill(n->out->ld, 0, n->out->x);
    n->out->x[0] = (rc_real)total;
    n->out->total = total;
    return RC_OK;
}

int32_t *rcg_targets(rc_graph *g, const char *op, int64_t rows, int64_t V, const int32_t *targets)
{
    int32_t *copy = rcg_keep(g, (size_t)rows, sizeof *copy);
    if (!copy)
        return NULL;
    for (int64_t r = 0; r < rows; r++) {
        if (targets[r] < 0 || targets[r] >= V) {
            rcg_failed(g, RC_FAIL(RC_EINVAL, "%s: target %" PRId32 " of %" PRId64 " symbols", op,
                                  targets[r], V));
            return NULL;
        }
        copy[r] = targets[r];
    }
    return copy;
}

rc_status rcg_check_table(const rcg_node *n)
{
    const rc_var *x = n->in[0], *w = n->in[1], *b = n->in[2];
    char tx[RCG_SHAPE_TEXT], tw[RCG_SHAPE_TEXT];

    if (x->shape.rank != 2 || w->shape.rank != 2 || x->cols != w->cols)
        return RC_FAIL(RC_ESHAPE, "%s: input is %s, the weight is %s", n->op->name,
                       rcg_shape_text(x->shape, tx), rcg_shape_text(w->shape, tw));
    if (w->weight)
        return RC_FAIL(RC_EINVAL, "%s: the weight is packed, a table is needed", n->op->name);
    return rcg_check_bias(n->op->name, b, w->rows);
}

/* ---- variables --------------------------------------------------------------------------- */

/* Cached geometry of a shape; RC_EINVAL when its size does not fit into memory at all. */
static rc_status shape_var(rc_var *v, rc_shape shape)
{
    size_t rows = 1, reals;
    char text[RCG_SHAPE_TEXT];

    if (shape.rank < 1 || shape.rank > RC_RANK)
        return RC_FAIL(RC_EINVAL, "a shape has %d axes, 1 to %d are possible", shape.rank, RC_RANK);
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 0)
            return RC_FAIL(RC_EINVAL, "shape %s has a negative axis", rcg_shape_text(shape, text));
    for (int i = 0; i < shape.rank - 1; i++)
        if (!rcb_mul(rows, (size_t)shape.dim[i], &rows))
            return RC_FAIL(RC_EINVAL, "shape %s is too large", rcg_shape_text(shape, text));

    const int64_t cols = shape.dim[shape.rank - 1];
    if (cols > INT64_MAX / 64 || !rcb_mul(rows, (size_t)rck_pad(cols), &reals) ||
        reals > SIZE_MAX / 64)
        return RC_FAIL(RC_EINVAL, "shape %s is too large", rcg_shape_text(shape, text));
    v->shape = shape;
    v->rows = (int64_t)rows;
    v->cols = cols;
    v->ld = rck_pad(cols);
    return RC_OK;
}

static rc_var *new_var(rc_graph *g, rc_shape shape)
{
    rc_var *v = rcg_keep(g, 1, sizeof *v);
    if (!v)
        return NULL;
    *v = (rc_var){0};
    const rc_status status = shape_var(v, shape);
    return status == RC_OK ? v : rcg_failed(g, status);
}

rc_var *rcg_leaf(rc_graph *g, rc_shape shape, int64_t ld, rc_real *x, rc_real *grad)
{
    if (g->status != RC_OK)
        return NULL;
    rc_var *v = new_var(g, shape);
    if (!v)
        return NULL;
    assert(ld == v->ld);
    (void)ld;
    v->x = x;
    v->g = g->training ? grad : NULL;
    if (v->rows == 1 && v->cols == 1)
        v->total = (double)x[0];
    v->wants = v->g != NULL;
    return v;
}

rc_var *rcg_leaf_table(rc_graph *g, rc_shape shape, int64_t ld, rc_real *x, rc_real *grad,
                       uint8_t *touched)
{
    rc_var *v = rcg_leaf(g, shape, ld, x, grad);
    if (v)
        v->touched = touched;
    return v;
}

void rcg_touch(rc_var *v, int64_t first, int64_t count)
{
    if (!v->touched || count < 1)
        return;
    const int64_t from = first * v->ld / RCK_BLOCK;
    memset(v->touched + from, 1, (size_t)(rcg_marks((first + count) * v->ld) - from));
}

rc_var *rcg_leaf_weight(rc_graph *g, rcg_weight *w)
{
    if (g->status != RC_OK)
        return NULL;
    rc_var *v = new_var(g, rc_shape_2(rcg_weight_rows(w), rcg_weight_cols(w)));
    if (!v)
        return NULL;
    if (!g->training && w->pairs) {
        rcg_weight *reals = rcg_keep(g, 1, sizeof *reals);
        if (!reals)
            return NULL;
        *reals = *w;
        reals->pairs = reals->pairs_t = NULL;
        w = reals;
    }
    v->weight = w;
    v->wants = g->training && w->g;
    return v;
}

/* ---- the leaf of the public interface: an operation, so that its gradient has a way out -- */

typedef struct leaf {
    rc_real *grad; /* the caller's */
} leaf;

static rc_status leaf_backward(rcg_node *n)
{
    const leaf *own = n->own;
    const rc_var *v = n->out;
    for (int64_t r = 0; r < v->rows; r++)
        rck->add(v->cols, own->grad + r * v->cols, v->g + r * v->ld, own->grad + r * v->cols);
    return RC_OK;
}

static const rcg_op op_leaf = {.name = "leaf", .backward = leaf_backward};

static rcg_node *new_node(rc_graph *g, const rcg_op *op, int inputs, rc_var *const in[], void *own)
{
    rcg_node *n = rcg_keep(g, 1, sizeof *n);
    rc_var **copy = rcg_keep(g, (size_t)inputs, sizeof *copy);
    if (!n || !copy)
        return NULL;
    if (inputs > 0)
        memcpy(copy, in, (size_t)inputs * sizeof *copy);
    *n = (rcg_node){.op = op, .graph = g, .inputs = inputs, .in = copy, .own = own};
    return n;
}

static rc_var *attach(rc_graph *g, rcg_node *n, rc_var *v)
{
    v->node = n;
    n->out = v;
    n->prev = g->last;
    g->last = n;
    return v;
}

rc_var *rc_leaf(rc_graph *g, rc_shape shape, const rc_real *x, rc_real *grad)
{
    if (g->status != RC_OK)
        return NULL;
    rc_var *v = new_var(g, shape);
    leaf *own = rcg_keep(g, 1, sizeof *own);
    rcg_node *n = own ? new_node(g, &op_leaf, 0, NULL, own) : NULL;
    if (!v || !n)
        return NULL;
    v->x = rcg_keep(g, (size_t)(v->rows * v->ld), sizeof *v->x);
    if (!v->x)
        return NULL;

    for (int64_t r = 0; r < v->rows; r++) {
        rc_real *row = v->x + r * v->ld;
        if (v->cols > 0)
            memcpy(row, x + r * v->cols, (size_t)v->cols * sizeof *row);
        rck->fill(v->ld - v->cols, 0, row + v->cols);
    }
    own->grad = grad;
    if (v->rows == 1 && v->cols == 1)
        v->total = (double)x[0];
    v->wants = g->training && grad;
    return attach(g, n, v);
}

/* ---- operations -------------------------------------------------------------------------- */

static rc_status run_node(rc_graph *g, rcg_node *n, rc_var **out)
{
    rc_shape shape;
    RC_TRY(n->op->infer(n, &shape));
    rc_var *v = new_var(g, shape);
    if (!v)
        return g->status;
    v->x = rcg_keep(g, (size_t)(v->rows * v->ld), sizeof *v->x);
    if (!v->x)
        return g->status;
    for (int i = 0; i < n->inputs; i++)
        v->wants |= n->in[i]->wants;
    v->wants &= n->op->backward != NULL;
    *out = attach(g, n, v);
    v->total = (double)NAN;
    RC_TRY(n->op->forward(n));
    if (isnan(v->total) && v->rows == 1 && v->cols == 1)
        v->total = (double)v->x[0];
    return RC_OK;
}

static bool may_be_absent(const rcg_op *op, int i)
{
    return i < 32 && (op->optional >> i & 1) != 0;
}

rc_var *rcg_push(rc_graph *g, const rcg_op *op, int inputs, rc_var *const in[], void *own)
{
    if (g->status != RC_OK)
        return NULL;
    for (int i = 0; i < inputs; i++)
        if (!in[i] || (rcg_absent(in[i]) && !may_be_absent(op, i)))
            return rcg_failed(g, RC_FAIL(RC_EINVAL, "%s: operand %d is missing", op->name, i + 1));

    rcg_node *n = new_node(g, op, inputs, in, own);
    if (!n)
        return NULL;
    rc_var *out = NULL;
    const size_t mark = rcb_arena_mark(g->arena);
    const rc_status status = run_node(g, n, &out);
    rcb_arena_release(g->arena, mark);
    return status == RC_OK ? out : rcg_failed(g, status);
}

rc_status rcg_gradients(rcg_node *n)
{
    rc_graph *g = n->graph;

    for (int i = 0; i < n->inputs; i++) {
        rc_var *v = n->in[i];
        if (v->wants && v->touched && (i >= 32 || (n->op->sparse >> i & 1) == 0))
            rcg_touch(v, 0, v->rows);
        if (!v->wants || v->weight || v->g)
            continue;
        v->g = rcg_keep(g, (size_t)(v->rows * v->ld), sizeof *v->g);
        if (!v->g)
            return g->status;
        rck->fill(v->rows * v->ld, 0, v->g);
    }
    return RC_OK;
}

static rc_status sweep(rc_graph *g, rc_var *loss)
{
    g->swept = true;
    loss->g = rcg_keep(g, (size_t)loss->ld, sizeof *loss->g);
    if (!loss->g)
        return g->status;
    rck->fill(loss->ld, 0, loss->g);
    loss->g[0] = 1;

    for (rcg_node *n = g->last; n; n = n->prev) {
        if (!n->out->wants || !n->out->g)
            continue;
        RC_TRY(rcg_gradients(n));
        const size_t mark = rcb_arena_mark(g->arena);
        const rc_status status = n->op->backward(n);
        rcb_arena_release(g->arena, mark);
        RC_TRY(status);
    }
    return RC_OK;
}

rc_status rc_graph_backward(rc_graph *g, rc_var *loss)
{
    RC_TRY(rc_graph_status(g));
    rc_status status;

    if (!loss)
        status = RC_FAIL(RC_EINVAL, "backward: the loss is missing");
    else if (!g->training)
        status = RC_FAIL(RC_EINVAL, "backward: the graph was not made for training");
    else if (g->swept)
        status = RC_FAIL(RC_EINVAL, "backward: it has run already, reset the graph first");
    else if (loss->rows != 1 || loss->cols != 1)
        status = RC_FAIL(RC_ESHAPE, "backward: the loss has %" PRId64 " numbers, it must be one",
                         loss->rows * loss->cols);
    else if (!loss->wants)
        status = RC_FAIL(RC_EINVAL, "backward: nothing that the loss depends on wants a gradient");
    else
        status = sweep(g, loss);
    if (status != RC_OK)
        rcg_failed(g, status);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------- */

rc_shape rc_var_shape(const rc_var *v)
{
    return v ? v->shape : (rc_shape){0};
}

const char *rc_var_op(const rc_var *v)
{
    if (!v || rcg_absent(v))
        return "";
    return v->node ? v->node->op->name : op_leaf.name;
}

const rc_var *rc_var_operand(const rc_var *v, int i)
{
    return v && v->node && i >= 0 && i < v->node->inputs ? v->node->in[i] : NULL;
}

static rc_status read_rows(const rc_graph *g, const rc_var *v, const rc_real *from, rc_real *out,
                           int64_t room)
{
    RC_TRY(rc_graph_status(g));
    if (!from)
        return RC_FAIL(RC_EINVAL, "cannot read a variable: it has no such values");
    if (room < v->rows * v->cols)
        return RC_FAIL(RC_EINVAL,
                       "cannot read a variable: it has %" PRId64 " numbers, the room is "
                       "%" PRId64,
                       v->rows * v->cols, room);
    for (int64_t r = 0; r < v->rows; r++)
        if (v->cols > 0)
            memcpy(out + r * v->cols, from + r * v->ld, (size_t)v->cols * sizeof *out);
    return RC_OK;
}

rc_status rc_var_read(const rc_graph *g, const rc_var *v, rc_real *out, int64_t room)
{
    return read_rows(g, v, v ? v->x : NULL, out, room);
}

rc_status rc_var_read_grad(const rc_graph *g, const rc_var *v, rc_real *out, int64_t room)
{
    return read_rows(g, v, v ? v->g : NULL, out, room);
}

rc_status rc_var_total(const rc_graph *g, const rc_var *v, double *out)
{
    RC_TRY(rc_graph_status(g));
    if (!v || v->rows != 1 || v->cols != 1)
        return RC_FAIL(RC_ESHAPE, "cannot read a total: the variable is not a single number");
    *out = v->total;
    return RC_OK;
}
