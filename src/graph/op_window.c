/* op_window.c -- the last few steps of a sequence side by side, or those on both sides of each: a
 * convolution over time is a product with that, and so is a network that sees a fixed window.
 */
#include "graph/graph_in.h"

#include <string.h>

typedef struct window {
    rc_rows rows;
    int64_t width;
    int64_t ahead; /* of them, steps after its own */
    int64_t D;
} window;

/* Row of the step at place i of the window of step t; -1: before the beginning, or behind the
 * end. */
static int64_t row_at(const window *w, int64_t t, int64_t b, int64_t i)
{
    const int64_t step = t + i - (w->width - 1 - w->ahead);

    if (step < 0 || step >= w->rows.steps || w->rows.at[step] + b >= w->rows.at[step + 1])
        return -1;
    return w->rows.at[step] + b;
}

/* What lies before the beginning: place i of width - 1, the oldest first; NULL: zeros. */
static const rc_real *lead(const rcg_node *n, int64_t b, int64_t i)
{
    const rc_var *before = n->in[1];
    const window *w = n->own;

    return rcg_absent(before) ? NULL : before->x + b * before->ld + i * w->D;
}

static rc_status window_infer(const rcg_node *n, rc_shape *out)
{
    const window *w = n->own;
    const rc_var *x = n->in[0], *before = n->in[1];

    if (x->shape.rank != 2 || x->rows != w->rows.at[w->rows.steps])
        return RC_FAIL(RC_ESHAPE, "window: input has %" PRId64 " rows, the batch has %" PRId64,
                       x->rows, w->rows.at[w->rows.steps]);
    if (!rcg_absent(before) &&
        (before->rows != w->rows.seqs || before->cols != (w->width - 1) * x->cols))
        return RC_FAIL(RC_ESHAPE,
                       "window: what comes before is (%" PRId64 ",%" PRId64 "), expected (%" PRId64
                       ",%" PRId64 ")",
                       before->rows, before->cols, w->rows.seqs, (w->width - 1) * x->cols);
    *out = x->shape;
    out->dim[1] = w->width * x->cols;
    return RC_OK;
}

static void fill_row(const rcg_node *n, int64_t t, int64_t b)
{
    const window *w = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    const size_t bytes = (size_t)w->D * sizeof(rc_real);
    rc_real *to = y->x + (w->rows.at[t] + b) * y->ld;

    for (int64_t i = 0; i < w->width; i++, to += w->D) {
        const int64_t row = row_at(w, t, b, i);
        const rc_real *from = row >= 0 ? x->x + row * x->ld : lead(n, b, t + i);

        if (from)
            memcpy(to, from, bytes);
        else
            memset(to, 0, bytes);
    }
    memset(to, 0, (size_t)(y->ld - y->cols) * sizeof(rc_real));
}

static rc_status window_forward(rcg_node *n)
{
    window *w = n->own;

    w->D = n->in[0]->cols;
    for (int64_t t = 0; t < w->rows.steps; t++)
        for (int64_t b = 0; b < w->rows.at[t + 1] - w->rows.at[t]; b++)
            fill_row(n, t, b);
    return RC_OK;
}

static rc_status window_backward(rcg_node *n)
{
    const window *w = n->own;
    const rc_var *x = n->in[0], *y = n->out, *before = n->in[1];

    for (int64_t t = 0; t < w->rows.steps; t++)
        for (int64_t b = 0; b < w->rows.at[t + 1] - w->rows.at[t]; b++)
            for (int64_t i = 0; i < w->width; i++) {
                const rc_real *d = y->g + (w->rows.at[t] + b) * y->ld + i * w->D;
                const int64_t row = row_at(w, t, b, i);
                rc_real *to = NULL;

                if (row >= 0 && x->g)
                    to = x->g + row * x->ld;
                else if (row < 0 && before->g)
                    to = before->g + b * before->ld + (t + i) * w->D;
                if (to)
                    rck->add(w->D, to, d, to);
            }
    return RC_OK;
}

static const rcg_op op_window = {
    .name = "window",
    .optional = 1u << 1,
    .infer = window_infer,
    .forward = window_forward,
    .backward = window_backward,
};

static rc_var *push(rc_graph *g, const rc_rows *rows, rc_var *x, int64_t width, int64_t ahead,
                    rc_var *before)
{
    if (g->status != RC_OK)
        return NULL;
    rc_status status = rcg_check_rows(op_window.name, rows);
    if (status == RC_OK && (width < 1 || width > RC_WINDOW_MOST))
        status = RC_FAIL(RC_EINVAL, "window: %" PRId64 " steps, 1 to %d are possible", width,
                         RC_WINDOW_MOST);
    if (status != RC_OK)
        return rcg_failed(g, status);
    window *own = rcg_keep(g, 1, sizeof *own);
    int64_t *at = rcg_keep(g, (size_t)rows->steps + 1, sizeof *at);
    if (!own || !at)
        return NULL;
    memcpy(at, rows->at, ((size_t)rows->steps + 1) * sizeof *at);
    *own = (window){.rows = {rows->steps, rows->seqs, at}, .width = width, .ahead = ahead};
    return rcg_push(g, &op_window, 2, (rc_var *[]){x, before}, own);
}

rc_var *rc_window(rc_graph *g, const rc_rows *rows, rc_var *x, int64_t width, rc_var *before)
{
    return push(g, rows, x, width, 0, before);
}

rc_var *rc_window_around(rc_graph *g, const rc_rows *rows, rc_var *x, int64_t each)
{
    if (g->status == RC_OK && (each < 0 || each > (RC_WINDOW_MOST - 1) / 2))
        return rcg_failed(g, RC_FAIL(RC_EINVAL,
                                     "window: %" PRId64 " steps on each side, 0 to %d are possible",
                                     each, (RC_WINDOW_MOST - 1) / 2));
    return push(g, rows, x, 2 * each + 1, each, RC_NONE);
}
