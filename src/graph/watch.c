/* watch.c -- what the sequences of a graph went through: states, gates, gradients of states.
 *
 * For instruments. It reads what op_seq.c keeps for its way back, and which of it is a gate's value
 * it reads off the cell's descriptor. Nothing here is on the way of a training step.
 */
#include "graph/seq_in.h"

#include <math.h>
#include <string.h>

void rcg_graph_watch(rc_graph *g)
{
    g->watched = true;
}

/* ---- finding ----------------------------------------------------------------------------- */

static bool is_sequence(const rcg_node *n)
{
    return n->op->infer == rcg_seq_infer;
}

static rcg_sight sight_of(const rcg_node *n)
{
    const rcg_seq *s = n->own;
    rcg_sight out = {
        .node = n,
        .cell = s->cell,
        .rows = s->rows,
        .reverse = s->reverse,
        .units = s->width.H,
        .u = s->u,
        .r = s->r,
    };

    for (int i = 0; i < s->cell->states; i++) {
        out.state[i] = s->state[i];
        out.width[i] = rcc_state_width(s->cell, i, s->width);
        out.ld[i] = rcg_seq_state_ld(s, i);
        out.grad[i] = i == 0 ? n->out->g : s->seen[i];
    }
    return out;
}

bool rcg_sight_at(const rc_graph *g, size_t i, rcg_sight *out)
{
    size_t count = 0;

    for (const rcg_node *n = g->last; n; n = n->prev)
        count += is_sequence(n);
    for (const rcg_node *n = g->last; n && i < count; n = n->prev)
        if (is_sequence(n) && --count == i) {
            *out = sight_of(n);
            return true;
        }
    return false;
}

int64_t rcg_sight_row(const rcg_sight *s, int64_t b, int64_t distance)
{
    const int64_t length = rcg_rows_length(&s->rows, b);

    if (distance >= length)
        return -1;
    return s->rows.at[s->reverse ? distance : length - 1 - distance] + b;
}

/* ---- gates ------------------------------------------------------------------------------- */

static rc_real squashed(rcc_squash by, rc_real a)
{
    switch (by) {
    case RCC_SIGMOID:
        return (rc_real)(1 / (1 + exp(-(double)a)));
    case RCC_TANH:
        return (rc_real)tanh((double)a);
    case RCC_RELU:
        return a > 0 ? a : 0;
    case RCC_LINEAR:
        break;
    }
    return a;
}

/* Gate k of those of stage st, which lie in panels. */
static void read_block(const rcg_seq *s, int st, int k, rc_real *out)
{
    const rck_panel *lay = &s->lay[st];
    const int64_t per = lay->span / RCK_LANES, width = lay->units;

    for (int64_t row = 0; row < s->N; row++)
        for (int64_t j = 0; j < width; j++) {
            const int64_t u = j / RCK_LANES;
            const int64_t at = u / per * s->N * lay->cols + row * lay->cols +
                               (u % per * lay->gates + k) * RCK_LANES + j % RCK_LANES;

            out[row * width + j] = s->gates[st][at];
        }
}

static void read_rows(const rcg_seq *s, const rc_real *from, rc_real *out)
{
    const int64_t H = s->width.H;

    for (int64_t row = 0; row < s->N; row++)
        memcpy(out + row * H, from + row * rcg_seq_ld(s), (size_t)H * sizeof *out);
}

/* The stage of a gate; *k becomes its number there. */
static int stage_of(const rcc_cell *cell, int *k)
{
    int st = 0;

    for (; *k >= cell->stage[st].gates; st++)
        *k -= cell->stage[st].gates;
    return st;
}

int64_t rcg_sight_gate_width(const rcg_sight *sight, int gate)
{
    const rcg_seq *s = sight->node->own;

    return rcc_stage_width(s->cell, stage_of(s->cell, &gate), s->width);
}

void rcg_sight_gate(const rcg_sight *sight, int gate, rc_real *out)
{
    const rcg_seq *s = sight->node->own;
    const int held = s->cell->held[gate];
    int k = gate;
    const int st = stage_of(s->cell, &k);

    if (held >= RCC_V_AUX)
        read_rows(s, s->aux[held - RCC_V_AUX], out);
    else if (held == RCC_HELD_KEEP)
        read_rows(s, s->keep, out);
    else
        read_block(s, st, k, out);
    for (int64_t i = 0; held == RCC_HELD_RAW && i < s->N * rcg_sight_gate_width(sight, gate); i++)
        out[i] = squashed((rcc_squash)s->cell->squash[gate], out[i]);
}

/* ---- once more --------------------------------------------------------------------------- */

/* `copies` times the same row of so many columns, as a leaf. */
static rc_var *copied(rc_graph *g, const rc_real *row, int64_t cols, int64_t copies, bool wants)
{
    const int64_t ld = rck_pad(cols);
    rc_real *x = rcg_keep(g, (size_t)(copies * ld), sizeof *x);
    rc_real *grad = wants ? rcg_keep(g, (size_t)(copies * ld), sizeof *grad) : NULL;

    if (!x || (wants && !grad))
        return NULL;
    for (int64_t i = 0; i < copies; i++)
        memcpy(x + i * ld, row, (size_t)ld * sizeof *x);
    if (wants)
        rck->fill(copies * ld, 0, grad);
    return rcg_leaf(g, rc_shape_2(copies, cols), ld, x, grad);
}

static rc_var *input_again(const rcg_sight *sight, rc_graph *g, int64_t b, int64_t copies)
{
    const rc_var *x = sight->node->in[RCG_SEQ_X];
    const int64_t steps = rcg_rows_length(&sight->rows, b);
    rc_real *rows = rcg_keep(g, (size_t)(steps * copies * x->ld), sizeof *rows);

    if (!rows)
        return NULL;
    for (int64_t t = 0; t < steps; t++)
        for (int64_t i = 0; i < copies; i++)
            memcpy(rows + (t * copies + i) * x->ld, x->x + (sight->rows.at[t] + b) * x->ld,
                   (size_t)x->ld * sizeof *rows);
    return rcg_leaf(g, rc_shape_2(steps * copies, x->cols), x->ld, rows, NULL);
}

/* A weight that wants no gradient; RC_NONE: there is none. */
static rc_var *weight_again(rc_graph *g, const rcg_weight *w)
{
    rcg_weight *own = w ? rcg_keep(g, 1, sizeof *own) : NULL;

    if (!w)
        return RC_NONE;
    if (!own)
        return NULL;
    *own = *w;
    own->g = NULL;
    return rcg_leaf_weight(g, own);
}

rc_var *rcg_sight_again(const rcg_sight *sight, rc_graph *g, int64_t b, int64_t copies)
{
    const rcg_seq *s = sight->node->own;
    const int64_t steps = rcg_rows_length(&sight->rows, b);
    int64_t *at = rcg_keep(g, (size_t)steps + 1, sizeof *at);
    rc_rnn_args args = rc_rnn_args_default();

    if (!at)
        return NULL;
    for (int64_t t = 0; t <= steps; t++)
        at[t] = t * copies;
    args.cell = s->cell->name;
    args.reverse = s->reverse;
    args.w_ih = weight_again(g, s->w);
    args.w_hh = weight_again(g, s->u);
    args.b_ih = weight_again(g, s->b);
    args.b_hh = weight_again(g, s->c);
    args.vectors = weight_again(g, s->vectors);
    memcpy(args.zoneout, s->zone, sizeof args.zoneout);
    args.w_hr = weight_again(g, s->r);
    for (int i = 0; i < s->cell->states; i++)
        args.state[i] = copied(g, s->init[i] + b * sight->ld[i], sight->width[i], copies, i == 0);
    return rc_rnn(g, &(rc_rows){steps, copies, at}, input_again(sight, g, b, copies), &args);
}
