/* op_rnn_state.c -- the state of every sequence after its last step, as a value of its own.
 *
 * It reads what the sequence kept, and leaves its gradient where the sweep back of the sequence
 * begins (d_final, see seq_in.h): the sequence was pushed before, so its sweep comes after.
 */
#include "graph/seq_in.h"

#include <string.h>

typedef struct final {
    rcg_seq *s;
    int i;
} final;

static rc_status rnn_state_infer(const rcg_node *n, rc_shape *out)
{
    const final *own = n->own;
    if (own->i < 0 || own->i >= own->s->cell->states)
        return RC_FAIL(RC_EINVAL, "rnn_state: state %d of a cell with %d", own->i,
                       own->s->cell->states);
    *out = rc_shape_2(own->s->rows.seqs, rcc_state_width(own->s->cell, own->i, own->s->width));
    out->axis[0] = RC_BATCH;
    return RC_OK;
}

static rc_status rnn_state_forward(rcg_node *n)
{
    const final *own = n->own;
    const rcg_seq *s = own->s;
    const int64_t ld = n->out->ld;

    for (int64_t b = 0; b < s->rows.seqs; b++) {
        const int64_t row = rcg_seq_last_row(s, b);
        const rc_real *from = row < 0 ? s->init[own->i] + b * ld : s->state[own->i] + row * ld;
        memcpy(n->out->x + b * ld, from, (size_t)ld * sizeof *from);
    }
    return RC_OK;
}

static rc_status rnn_state_backward(rcg_node *n)
{
    const final *own = n->own;
    rcg_seq *s = own->s;
    const int64_t size = s->rows.seqs * n->out->ld;

    if (!s->d_final[own->i]) {
        s->d_final[own->i] = rcg_keep(n->graph, (size_t)size, sizeof(rc_real));
        if (!s->d_final[own->i])
            return n->graph->status;
        rck->fill(size, 0, s->d_final[own->i]);
    }
    rck->add(size, s->d_final[own->i], n->out->g, s->d_final[own->i]);
    return RC_OK;
}

static const rcg_op op_rnn_state = {
    .name = "rnn_state",
    .infer = rnn_state_infer,
    .forward = rnn_state_forward,
    .backward = rnn_state_backward,
};

rc_var *rc_rnn_state(rc_graph *g, rc_var *y, int i)
{
    final *own = rcg_keep(g, 1, sizeof *own);
    if (!own || !y)
        return rcg_push(g, &op_rnn_state, 1, (rc_var *[]){y}, own);
    if (!y->node || y->node->op->infer != rcg_seq_infer) /* either alone or one of two */
        return rcg_failed(g, RC_FAIL(RC_EINVAL, "rnn_state: the operand is not what rc_rnn() "
                                                "returned"));
    *own = (final){y->node->own, i};
    return rcg_push(g, &op_rnn_state, 1, (rc_var *[]){y}, own);
}
