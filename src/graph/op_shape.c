/* op_shape.c -- operations that move numbers: side by side, columns, rows by index, masks. */
#include "graph/graph_in.h"

#include <string.h>

/* ---- concat ------------------------------------------------------------------------------ */

static rc_status concat_infer(const rcg_node *n, rc_shape *out)
{
    int64_t cols = 0;
    if (n->inputs < 1)
        return RC_FAIL(RC_EINVAL, "concat: nothing to put side by side");
    for (int i = 0; i < n->inputs; i++) {
        char text[RCG_SHAPE_TEXT];
        if (n->in[i]->shape.rank != 2)
            return RC_FAIL(RC_ESHAPE, "concat: operand %d is %s, expected rows and columns", i + 1,
                           rcg_shape_text(n->in[i]->shape, text));
        if (n->in[i]->rows != n->in[0]->rows)
            return RC_FAIL(RC_ESHAPE,
                           "concat: operand %d has %" PRId64 " rows, operand 1 has %" PRId64, i + 1,
                           n->in[i]->rows, n->in[0]->rows);
        cols += n->in[i]->cols;
    }
    *out = n->in[0]->shape;
    out->dim[1] = cols;
    return RC_OK;
}

static rc_status concat_forward(rcg_node *n)
{
    const rc_var *y = n->out;
    for (int64_t r = 0; r < y->rows; r++) {
        rc_real *to = y->x + r * y->ld;
        for (int i = 0; i < n->inputs; i++) {
            const rc_var *x = n->in[i];
            if (x->cols > 0)
                memcpy(to, x->x + r * x->ld, (size_t)x->cols * sizeof *to);
            to += x->cols;
        }
        rck->fill(y->ld - y->cols, 0, y->x + r * y->ld + y->cols);
    }
    return RC_OK;
}

static rc_status concat_backward(rcg_node *n)
{
    const rc_var *y = n->out;
    int64_t at = 0;
    for (int i = 0; i < n->inputs; i++) {
        const rc_var *x = n->in[i];
        for (int64_t r = 0; x->g && r < y->rows; r++)
            rck->add(x->cols, x->g + r * x->ld, y->g + r * y->ld + at, x->g + r * x->ld);
        at += x->cols;
    }
    return RC_OK;
}

static const rcg_op op_concat = {
    .name = "concat",
    .infer = concat_infer,
    .forward = concat_forward,
    .backward = concat_backward,
};

rc_var *rc_concat(rc_graph *g, int count, rc_var *const x[])
{
    return rcg_push(g, &op_concat, count > 0 ? count : 0, x, NULL);
}

/* ---- slice ------------------------------------------------------------------------------- */

typedef struct columns {
    int64_t first, count;
} columns;

static rc_status slice_infer(const rcg_node *n, rc_shape *out)
{
    const columns *own = n->own;
    const rc_var *x = n->in[0];
    if (own->first < 0 || own->count < 0 || own->first > x->cols - own->count)
        return RC_FAIL(RC_ESHAPE,
                       "slice: %" PRId64 " columns from %" PRId64 " on, of a variable "
                       "with %" PRId64,
                       own->count, own->first, x->cols);
    *out = x->shape;
    out->dim[out->rank - 1] = own->count;
    return RC_OK;
}

static rc_status slice_forward(rcg_node *n)
{
    const columns *own = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    for (int64_t r = 0; r < y->rows; r++) {
        rc_real *to = y->x + r * y->ld;
        if (y->cols > 0)
            memcpy(to, x->x + r * x->ld + own->first, (size_t)y->cols * sizeof *to);
        rck->fill(y->ld - y->cols, 0, to + y->cols);
    }
    return RC_OK;
}

static rc_status slice_backward(rcg_node *n)
{
    const columns *own = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    for (int64_t r = 0; x->g && r < y->rows; r++) {
        rc_real *to = x->g + r * x->ld + own->first;
        rck->add(y->cols, to, y->g + r * y->ld, to);
    }
    return RC_OK;
}

static const rcg_op op_slice = {
    .name = "slice",
    .infer = slice_infer,
    .forward = slice_forward,
    .backward = slice_backward,
};

rc_var *rc_slice(rc_graph *g, rc_var *x, int64_t first, int64_t count)
{
    columns *own = rcg_keep(g, 1, sizeof *own);
    if (!own)
        return NULL;
    *own = (columns){first, count};
    return rcg_push(g, &op_slice, 1, (rc_var *[]){x}, own);
}

/* ---- pick -------------------------------------------------------------------------------- */

typedef struct pick {
    int64_t n;
    int32_t *ids;
} pick;

static rc_status pick_infer(const rcg_node *n, rc_shape *out)
{
    const pick *own = n->own;
    const rc_var *x = n->in[0];
    for (int64_t i = 0; i < own->n; i++)
        if (own->ids[i] < 0 || own->ids[i] >= x->cols)
            return RC_FAIL(RC_EINVAL, "pick: column %" PRId32 " of a variable with %" PRId64,
                           own->ids[i], x->cols);
    *out = x->shape;
    out->dim[out->rank - 1] = own->n;
    return RC_OK;
}

static rc_status pick_forward(rcg_node *n)
{
    const pick *own = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    for (int64_t r = 0; r < y->rows; r++)
        rck->gather(own->n, 1, x->x + r * x->ld, 1, own->ids, y->x + r * y->ld, 1);
    rcg_clear_padding(y->rows, y->cols, y->ld, y->x);
    return RC_OK;
}

static rc_status pick_backward(rcg_node *n)
{
    const pick *own = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    for (int64_t r = 0; x->g && r < y->rows; r++)
        rck->scatter_add(own->n, 1, y->g + r * y->ld, 1, own->ids, x->g + r * x->ld, 1);
    return RC_OK;
}

static const rcg_op op_pick = {
    .name = "pick",
    .infer = pick_infer,
    .forward = pick_forward,
    .backward = pick_backward,
};

/* A copy of n numbers of columns or rows; NULL: the graph has failed. */
static int32_t *copy_ids(rc_graph *g, const int32_t *ids, int64_t n)
{
    int32_t *copy = rcg_keep(g, n > 0 ? (size_t)n : 0, sizeof *copy);
    if (copy && n > 0)
        memcpy(copy, ids, (size_t)n * sizeof *copy);
    return copy;
}

rc_var *rc_pick(rc_graph *g, rc_var *x, const int32_t *ids, int64_t n)
{
    pick *own = rcg_keep(g, 1, sizeof *own);
    int32_t *copy = copy_ids(g, ids, n);
    if (!own || !copy)
        return NULL;
    *own = (pick){n, copy};
    return rcg_push(g, &op_pick, 1, (rc_var *[]){x}, own);
}

/* ---- embed ------------------------------------------------------------------------------- */

/* From a plain table, rows as they lie. From a packed weight (tied embeddings), out of the
 * transposed panels, where the numbers of one symbol are runs of 64. */
typedef struct embed {
    int64_t n;
    int32_t *ids;
} embed;

static rc_status embed_infer(const rcg_node *n, rc_shape *out)
{
    const embed *own = n->own;
    const rc_var *table = n->in[0];
    for (int64_t i = 0; i < own->n; i++)
        if (own->ids[i] < 0 || own->ids[i] >= table->rows)
            return RC_FAIL(RC_EINVAL, "embed: symbol %" PRId32 " of a table with %" PRId64,
                           own->ids[i], table->rows);
    *out = rc_shape_2(own->n, table->cols);
    out->axis[0] = RC_TIME;
    return RC_OK;
}

static rc_status embed_forward(rcg_node *n)
{
    const embed *own = n->own;
    const rc_var *table = n->in[0], *y = n->out;

    if (!table->weight) {
        rck->gather(own->n, table->ld, table->x, table->ld, own->ids, y->x, y->ld);
        return RC_OK;
    }
    const rcg_weight *w = table->weight;
    const rck_panel t = rck_panel_t(&w->lay[0]);
    assert(w->blocks == 1 && w->lay[0].gates == 1 && w->wt);
    for (int64_t q = 0; q < t.count; q++) {
        const int64_t width = q == t.count - 1 ? t.last : t.cols;
        rck->gather(own->n, width, w->wt + q * t.K * t.cols, t.cols, own->ids, y->x + q * t.cols,
                    y->ld);
    }
    return RC_OK;
}

static void scatter_share(const rcb_worker *w, void *ctx)
{
    rcg_node *n = ctx;
    const embed *own = n->own;
    const rc_var *table = n->in[0], *y = n->out;
    int64_t lo, hi;

    rcb_share(w, y->ld, RCK_LANES, &lo, &hi);
    rck->scatter_add(own->n, hi - lo, y->g + lo, y->ld, own->ids, table->g + lo, table->ld);
}

static rc_status embed_backward(rcg_node *n)
{
    const embed *own = n->own;
    const rc_var *table = n->in[0], *y = n->out;

    if (table->weight) {
        if (!table->weight->g)
            return RC_OK;
        rcg_weight_touch(table->weight);
        rck->scatter_panels(&table->weight->lay[0], own->n, y->g, y->ld, own->ids,
                            table->weight->g);
    } else if (table->g) {
        for (int64_t i = 0; i < own->n; i++)
            rcg_touch(n->in[0], own->ids[i], 1);
        const double flops = 4.0 * (double)(own->n * y->ld);
        rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), scatter_share, n);
    }
    return RC_OK;
}

static const rcg_op op_embed = {
    .name = "embed",
    .sparse = 1,
    .infer = embed_infer,
    .forward = embed_forward,
    .backward = embed_backward,
};

rc_var *rc_embed(rc_graph *g, rc_var *table, const int32_t *ids, int64_t n)
{
    embed *own = rcg_keep(g, 1, sizeof *own);
    int32_t *copy = copy_ids(g, ids, n);
    if (!own || !copy)
        return NULL;
    *own = (embed){n, copy};
    return rcg_push(g, &op_embed, 1, (rc_var *[]){table}, own);
}

/* ---- dropout ----------------------------------------------------------------------------- */

typedef struct dropout {
    double rate;
    rcb_key key;
    rc_rows rows;  /* locked: how rows belong to sequences */
    rc_real *mask; /* (N,ld), or (B,ld) when locked */
} dropout;

static rc_status dropout_infer(const rcg_node *n, rc_shape *out)
{
    const dropout *own = n->own;
    if (own->rows.at && own->rows.at[own->rows.steps] != n->in[0]->rows)
        return RC_FAIL(RC_ESHAPE, "%s: input has %" PRId64 " rows, the batch has %" PRId64,
                       n->op->name, n->in[0]->rows, own->rows.at[own->rows.steps]);
    *out = n->in[0]->shape;
    return RC_OK;
}

/* Both kinds begin so: true when there is something to drop; else *out is the result. */
static bool drops(rc_graph *g, const char *op, rc_var *x, double rate, rc_var **out)
{
    *out = NULL;
    if (g->status != RC_OK)
        return false;
    if (!x || rcg_absent(x))
        rcg_failed(g, RC_FAIL(RC_EINVAL, "%s: operand 1 is missing", op));
    else if (!(rate >= 0 && rate < 1))
        rcg_failed(g, RC_FAIL(RC_EINVAL, "%s: rate %g is not in 0 <= rate < 1", op, rate));
    else if (rate > 0 && rcg_training(g))
        return true;
    else
        *out = x;
    return false;
}

static void mask_share(const rcb_worker *w, void *ctx)
{
    rcg_node *n = ctx;
    const dropout *own = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    int64_t lo, hi;

    rcb_share(w, y->rows, 1, &lo, &hi);
    rck->dropout_mask(own->key, lo, hi - lo, y->ld, own->rate, own->mask + lo * y->ld, y->ld);
    rck->mul((hi - lo) * y->ld, x->x + lo * y->ld, own->mask + lo * y->ld, y->x + lo * y->ld);
}

static rc_status dropout_forward(rcg_node *n)
{
    dropout *own = n->own;
    own->key = rcg_mask_key(n->graph);
    own->mask = rcg_keep(n->graph, (size_t)(n->out->rows * n->out->ld), sizeof *own->mask);
    if (!own->mask)
        return n->graph->status;
    const double flops = 20.0 * (double)(n->out->rows * n->out->ld);
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), mask_share, n);
    return RC_OK;
}

static rc_status dropout_backward(rcg_node *n)
{
    const dropout *own = n->own;
    if (n->in[0]->g)
        rck->mul_add(n->out->rows * n->out->ld, n->out->g, own->mask, n->in[0]->g);
    return RC_OK;
}

static const rcg_op op_dropout = {
    .name = "dropout",
    .infer = dropout_infer,
    .forward = dropout_forward,
    .backward = dropout_backward,
};

rc_var *rc_dropout(rc_graph *g, rc_var *x, double rate)
{
    rc_var *same;
    if (!drops(g, op_dropout.name, x, rate, &same))
        return same;
    dropout *own = rcg_keep(g, 1, sizeof *own);
    if (!own)
        return NULL;
    *own = (dropout){.rate = rate};
    return rcg_push(g, &op_dropout, 1, (rc_var *[]){x}, own);
}

static rc_status locked_forward(rcg_node *n)
{
    dropout *own = n->own;
    const rc_rows *rows = &own->rows;
    const rc_var *x = n->in[0], *y = n->out;

    own->key = rcg_mask_key(n->graph);
    own->mask = rcg_keep(n->graph, (size_t)rows->seqs, (size_t)y->ld * sizeof *own->mask);
    if (!own->mask)
        return n->graph->status;
    rck->dropout_mask(own->key, 0, rows->seqs, y->ld, own->rate, own->mask, y->ld);
    for (int64_t t = 0; t < rows->steps; t++) {
        const int64_t at = rows->at[t] * y->ld;
        rck->mul((rows->at[t + 1] - rows->at[t]) * y->ld, x->x + at, own->mask, y->x + at);
    }
    return RC_OK;
}

static rc_status locked_backward(rcg_node *n)
{
    const dropout *own = n->own;
    const rc_rows *rows = &own->rows;
    const rc_var *x = n->in[0], *y = n->out;

    for (int64_t t = 0; x->g && t < rows->steps; t++) {
        const int64_t at = rows->at[t] * y->ld;
        rck->mul_add((rows->at[t + 1] - rows->at[t]) * y->ld, y->g + at, own->mask, x->g + at);
    }
    return RC_OK;
}

static const rcg_op op_dropout_locked = {
    .name = "dropout_locked",
    .infer = dropout_infer,
    .forward = locked_forward,
    .backward = locked_backward,
};

rc_var *rc_dropout_locked(rc_graph *g, const rc_rows *rows, rc_var *x, double rate)
{
    rc_var *same;
    if (!drops(g, op_dropout_locked.name, x, rate, &same))
        return same;
    const rc_status status = rcg_check_rows(op_dropout_locked.name, rows);
    if (status != RC_OK)
        return rcg_failed(g, status);
    dropout *own = rcg_keep(g, 1, sizeof *own);
    int64_t *at = rcg_keep(g, (size_t)rows->steps + 1, sizeof *at);
    if (!own || !at)
        return NULL;
    memcpy(at, rows->at, ((size_t)rows->steps + 1) * sizeof *at);
    *own = (dropout){.rate = rate, .rows = {rows->steps, rows->seqs, at}};
    return rcg_push(g, &op_dropout_locked, 1, (rc_var *[]){x}, own);
}

/* One mask of as many elements as there are rows. */
static rc_status rows_forward(rcg_node *n)
{
    dropout *own = n->own;
    const rc_var *x = n->in[0], *y = n->out;

    own->key = rcg_mask_key(n->graph);
    own->mask = rcg_keep(n->graph, (size_t)y->rows, sizeof *own->mask);
    if (!own->mask)
        return n->graph->status;
    rck->dropout_mask(own->key, 0, 1, y->rows, own->rate, own->mask, y->rows);
    for (int64_t r = 0; r < y->rows; r++)
        rck->scale(y->ld, own->mask[r], x->x + r * x->ld, y->x + r * y->ld);
    return RC_OK;
}

static rc_status rows_backward(rcg_node *n)
{
    const dropout *own = n->own;
    const rc_var *x = n->in[0], *y = n->out;

    for (int64_t r = 0; x->g && r < y->rows; r++)
        rck->axpy(y->ld, own->mask[r], y->g + r * y->ld, x->g + r * x->ld);
    return RC_OK;
}

static const rcg_op op_dropout_rows = {
    .name = "dropout_rows",
    .infer = dropout_infer,
    .forward = rows_forward,
    .backward = rows_backward,
};

rc_var *rc_dropout_rows(rc_graph *g, rc_var *x, double rate)
{
    rc_var *same;
    if (!drops(g, op_dropout_rows.name, x, rate, &same))
        return same;
    dropout *own = rcg_keep(g, 1, sizeof *own);
    if (!own)
        return NULL;
    *own = (dropout){.rate = rate};
    return rcg_push(g, &op_dropout_rows, 1, (rc_var *[]){x}, own);
}
