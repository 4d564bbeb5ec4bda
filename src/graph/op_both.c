/* op_both.c -- two sequences of one input side by side: the two directions of a layer.
 *
 * A recurrence has a barrier for every time step, and at a small batch a step is hardly longer than
 * a barrier. Two of them do not read each other, so half of the workers take one and half the
 * other: with two workers there is no barrier at all, and each keeps the weights of its direction
 * in its cache. The nodes are pushed one behind the other. The second runs forward for both; in the
 * sweep it is the first to be met, and runs backward for both. Every sum has the order that it has
 * when one runs after the other.
 */
#include "graph/seq_in.h"

typedef struct both {
    rcg_seq *s[2]; /* in the order of their backwards */
} both;

/* Workers of a run side by side; 0: one after the other is faster. */
static int workers_of(const rcg_seq *s, const rcg_seq *mate)
{
    const rc_graph *g = s->n->graph;
    const int64_t H = s->width.H;
    const double flops = 2 * (double)s->N * s->cell->gates * (double)(H * (s->D + H));
    const int one = rcg_seq_workers(s), other = rcg_seq_workers(mate);
    const int alone = one > other ? one : other, half = rcb_pool_size(g->pool) / 2;
    const int each = alone < half ? alone : half;

    return 2 * each >= alone && rcg_workers(g, 2 * flops) > 1 ? 2 * each : 0;
}

static void forward_share(const rcb_worker *worker, void *ctx)
{
    const both *b = ctx;
    rcb_worker member;
    const int side = rcb_split(worker, 2, &member);

    rcg_seq_forward(&member, b->s[side]);
}

static void backward_share(const rcb_worker *worker, void *ctx)
{
    const both *b = ctx;
    rcb_worker member;
    const int side = rcb_split(worker, 2, &member);

    rcg_seq_back_sweep(b->s[side], &member);
    rcb_barrier(worker);
    for (int i = 0; i < 2; i++)
        rcg_norm_steer(b->s[i], worker);
    if (b->s[0]->steered || b->s[1]->steered)
        rcb_barrier(worker);
    for (int i = 0; i < 2; i++)
        rcg_seq_back_input(b->s[i], worker);
    rcb_barrier(worker);
    for (int i = 0; i < 2; i++)
        rcg_seq_back_weights(b->s[i], worker);
}

/* A value that nobody could read before it was there. */
static void set_total(rc_var *v)
{
    if (v->rows == 1 && v->cols == 1)
        v->total = (double)v->x[0];
}

static rc_status first_forward(rcg_node *n)
{
    return rcg_seq_prepare(n); /* the second runs it */
}

static rc_status second_forward(rcg_node *n)
{
    rcg_seq *s = n->own;
    both b = {{s, s->mate}};

    RC_TRY(rcg_seq_prepare(n));
    const int workers = workers_of(s, s->mate);
    if (workers > 0) {
        rcb_pool_run(n->graph->pool, workers, forward_share, &b);
    } else {
        rcb_pool_run(n->graph->pool, rcg_seq_workers(s->mate), rcg_seq_forward, s->mate);
        rcb_pool_run(n->graph->pool, rcg_seq_workers(s), rcg_seq_forward, s);
    }
    set_total(s->mate->n->out);
    return RC_OK;
}

/* The same weight on both sides collects one gradient: that must be one after the other. */
static bool share_weights(const rcg_seq *a, const rcg_seq *b)
{
    return a->w == b->w || (a->u && a->u == b->u) || (a->b && (a->b == b->b || a->b == b->c)) ||
           (a->c && (a->c == b->b || a->c == b->c)) || (a->vectors && a->vectors == b->vectors) ||
           (a->r && a->r == b->r);
}

static rc_status second_backward(rcg_node *n)
{
    const rcg_seq *s = n->own;
    rcg_seq *mate = s->mate;
    const int workers = workers_of(s, mate);
    both b = {{n->own, mate}};

    if (workers == 0 || !mate->n->out->wants || !mate->n->out->g || share_weights(s, mate))
        return rcg_seq_backward(n);
    RC_TRY(rcg_gradients(mate->n));
    RC_TRY(rcg_seq_back_begin(n));
    RC_TRY(rcg_seq_back_begin(mate->n));
    rcb_pool_run(n->graph->pool, workers, backward_share, &b);
    mate->swept = true;
    RC_TRY(rcg_seq_back_end(n));
    return rcg_seq_back_end(mate->n);
}

static rc_status first_backward(rcg_node *n)
{
    const rcg_seq *s = n->own;

    return s->swept ? RC_OK : rcg_seq_backward(n);
}

static const rcg_op op_first = {
    .name = RCG_SEQ_NAME,
    .optional = RCG_SEQ_OPTIONAL,
    .infer = rcg_seq_infer,
    .forward = first_forward,
    .backward = first_backward,
};

static const rcg_op op_second = {
    .name = RCG_SEQ_NAME,
    .optional = RCG_SEQ_OPTIONAL,
    .infer = rcg_seq_infer,
    .forward = second_forward,
    .backward = second_backward,
};

bool rcg_rnn_both(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_rnn_args args[2],
                  rc_var *y[2])
{
    const rcg_op *const ops[] = {&op_first, &op_second};
    rcg_seq *own[2] = {NULL};

    y[0] = y[1] = NULL;
    for (int i = 0; i < 2; i++) {
        rc_var *in[RCG_SEQ_INPUTS];

        if (g->status != RC_OK || !x || !args[i].w_ih || rcg_absent(args[i].w_ih)) {
            (void)rcg_push(g, ops[i], 2, (rc_var *[]){x, args[i].w_ih}, NULL);
            return false;
        }
        own[i] = rcg_seq_new(g, rows, x, &args[i], in);
        if (!own[i])
            return false;
        own[i]->mate = i == 1 ? own[0] : NULL;
        y[i] = rcg_push(g, ops[i], RCG_SEQ_INPUTS, in, own[i]);
    }
    return y[0] && y[1];
}
