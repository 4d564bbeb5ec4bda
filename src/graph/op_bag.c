/* op_bag.c -- sums of some rows of a table, each with a weight or with one for every column: the
 * linear model on counts of words, and the mean of their vectors.
 *
 * Forward, workers take bags. Backward, they take rows of the table, by number, so that the few
 * that are often used are spread; each goes through all entries and leaves those of the others. So
 * a row's sum has its order from the bags alone.
 */
#include "graph/graph_in.h"

#include <string.h>

static rc_status bag_infer(const rcg_node *n, rc_shape *out)
{
    const rc_bags *own = n->own;
    const rc_var *table = n->in[0];
    char text[RCG_SHAPE_TEXT];

    if (table->shape.rank != 2 || table->weight)
        return RC_FAIL(RC_ESHAPE, "bag: the table is %s%s, expected rows and columns",
                       rcg_shape_text(table->shape, text), table->weight ? ", packed" : "");
    for (int64_t i = 0; i < own->at[own->count]; i++)
        if (own->ids[i] < 0 || own->ids[i] >= table->rows)
            return RC_FAIL(RC_EINVAL, "bag: symbol %" PRId32 " of a table with %" PRId64,
                           own->ids[i], table->rows);
    *out = rc_shape_2(own->count, table->cols);
    out->axis[0] = RC_BATCH;
    return RC_OK;
}

static double bag_flops(const rcg_node *n)
{
    const rc_bags *own = n->own;

    return 4.0 * (double)(own->at[own->count] * n->out->ld);
}

/* The first bag that begins at or past a worker's part of all entries. */
static int64_t bag_past(const rc_bags *own, const rcb_worker *w, int id)
{
    const double part = (double)id / w->count * (double)own->at[own->count];
    int64_t lo = 0, hi = own->count;

    while (id < w->count && lo < hi) {
        const int64_t b = lo + (hi - lo) / 2;

        if ((double)own->at[b] < part)
            lo = b + 1;
        else
            hi = b;
    }
    return id < w->count ? lo : own->count;
}

/* Row of entry i: y += weight x, without a product where all are 1. Rows have n columns, and zeros
 * up to ld. */
static void add_row(const rc_bags *own, int64_t i, const rc_var *like, const rc_real *x, rc_real *y)
{
    if (!own->weight)
        rck->add(like->ld, y, x, y);
    else if (own->columns)
        rck->mul_add(like->cols, own->weight + i * like->cols, x, y);
    else
        rck->axpy(like->ld, own->weight[i], x, y);
}

static void gather_share(const rcb_worker *w, void *ctx)
{
    const rcg_node *n = ctx;
    const rc_bags *own = n->own;
    const rc_var *table = n->in[0], *y = n->out;
    const int64_t end = bag_past(own, w, w->id + 1);

    for (int64_t b = bag_past(own, w, w->id); b < end; b++) {
        rc_real *to = y->x + b * y->ld;

        rck->fill(y->ld, 0, to);
        for (int64_t i = own->at[b]; i < own->at[b + 1]; i++)
            add_row(own, i, y, table->x + own->ids[i] * table->ld, to);
    }
}

static rc_status bag_forward(rcg_node *n)
{
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, bag_flops(n)), gather_share, n);
    return RC_OK;
}

static void scatter_share(const rcb_worker *w, void *ctx)
{
    const rcg_node *n = ctx;
    const rc_bags *own = n->own;
    const rc_var *table = n->in[0], *y = n->out;

    for (int64_t b = 0; b < own->count; b++)
        for (int64_t i = own->at[b]; i < own->at[b + 1]; i++)
            if (own->ids[i] % w->count == w->id)
                add_row(own, i, y, y->g + b * y->ld, table->g + own->ids[i] * table->ld);
}

static rc_status bag_backward(rcg_node *n)
{
    const rc_bags *own = n->own;

    if (!n->in[0]->g)
        return RC_OK;
    for (int64_t i = 0; i < own->at[own->count]; i++)
        rcg_touch(n->in[0], own->ids[i], 1);
    rcb_pool_run(n->graph->pool, rcg_workers(n->graph, bag_flops(n)), scatter_share, n);
    return RC_OK;
}

static const rcg_op op_bag = {
    .name = "bag",
    .sparse = 1,
    .infer = bag_infer,
    .forward = bag_forward,
    .backward = bag_backward,
};

static rc_status check_bags(const rc_bags *bags)
{
    bool fine = bags && bags->count >= 0 && bags->at && bags->at[0] == 0;

    for (int64_t b = 0; fine && b < bags->count; b++)
        fine = bags->at[b + 1] >= bags->at[b];
    fine = fine && (bags->ids || bags->at[bags->count] == 0);
    return fine ? RC_OK
                : RC_FAIL(RC_EINVAL, "bag: where bags begin must be there, from 0, and never fall");
}

rc_var *rc_bag(rc_graph *g, rc_var *table, const rc_bags *bags)
{
    if (g->status != RC_OK)
        return NULL;
    const rc_status status = check_bags(bags);
    if (status != RC_OK)
        return rcg_failed(g, status);
    const size_t B = (size_t)bags->count, entries = (size_t)bags->at[B];
    const bool columns = bags->columns && table && !rcg_absent(table);
    const size_t each = sizeof(rc_real) * (columns ? (size_t)table->cols : 1);
    rc_bags *own = rcg_keep(g, 1, sizeof *own);
    int64_t *at = rcg_keep(g, B + 1, sizeof *at);
    int32_t *ids = rcg_keep(g, entries, sizeof *ids);
    rc_real *weight = rcg_keep(g, bags->weight ? entries : 0, each);
    if (!own || !at || !ids || !weight)
        return NULL;
    memcpy(at, bags->at, (B + 1) * sizeof *at);
    if (entries > 0)
        memcpy(ids, bags->ids, entries * sizeof *ids);
    if (entries > 0 && bags->weight)
        memcpy(weight, bags->weight, entries * each);
    *own = (rc_bags){bags->count, at, ids, bags->weight ? weight : NULL, bags->columns};
    return rcg_push(g, &op_bag, 1, (rc_var *[]){table}, own);
}
