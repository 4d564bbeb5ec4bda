/* plan.c -- what tasks with a stack of recurrent layers share: the stack that a configuration
 * describes, its first values, and what is said of it.
 */
#include "model/model_in.h"

#include <string.h>

rc_status rcm_plan_stack(rcm_plan *p, const rc_config *c, int directions)
{
    *p = (rcm_plan){0};
    RC_TRY(rcm_list_check(rcm_list, "cells", "cell", c->cell));
    if (c->window < 1)
        return RC_FAIL(RC_EINVAL, "a layer cannot read a window of %" PRId64 " steps", c->window);
    p->hidden = rcb_alloc((size_t)c->layers, sizeof *p->hidden);
    if (!p->hidden)
        return RC_ENOMEM;
    rc_status s = rcm_sizes(c->hidden, c->layers, p->hidden);
    if (s == RC_EINVAL)
        s = RC_FAIL_HINT(RC_EINVAL, "give one size for all layers, or one for each",
                         "cannot set 'hidden' to '%s' with 'layers' %" PRId64, c->hidden,
                         c->layers);
    if (s != RC_OK) {
        rcb_free(p->hidden);
        p->hidden = NULL;
        return s;
    }
    p->stack = (rcn_stack_plan){
        .cell = rcc_find(c->cell),
        .layers = (int)c->layers,
        .hidden = p->hidden,
        .projection = c->projection,
        .directions = directions,
        .bias = (rcn_bias)rcm_list_index("biases", c->bias),
        .skip = (rcn_skip)rcm_list_index("skips", c->skip),
        .dropout = c->dropout,
        .locked = rcm_list_index("dropouts", c->dropout_kind) == RCM_DROPOUT_LOCKED,
        .zoneout = c->zoneout,
        .zoneout_memory = c->zoneout_cell,
        .name = "rnn",
        .window = c->window,
        .deep_in = c->deep_input,
        .deep_out = c->deep_output,
        .learned = c->learned_start,
    };
    return RC_OK;
}

int64_t rcm_plan_out(const rcm_plan *p, int i)
{
    return rcc_state_width(p->stack.cell, 0, rcn_stack_widths(&p->stack, i));
}

/* A lower bound: what layers multiply of themselves and of those below. */
rc_status rcm_plan_room(const rc_model *m, const rcm_plan *p, double more)
{
    double needs = more;

    for (int i = 0; i < p->stack.layers; i++) {
        const rcc_widths width = rcn_stack_widths(&p->stack, i);
        const int64_t below = i > 0 ? rcm_plan_out(p, i - 1) : p->stack.deep_in;
        const double reads = (double)below * (double)(p->stack.window > 1 ? p->stack.window : 1);

        needs += (double)p->hidden[i] * ((double)rcc_columns(p->stack.cell, RCC_U, width) *
                                             (double)rcc_part_gates(p->stack.cell, RCC_U) +
                                         reads * (double)rcc_part_gates(p->stack.cell, RCC_W));
    }
    if (p->stack.deep_out > 0)
        needs += (double)p->stack.deep_out * (double)rcm_plan_out(p, p->stack.layers - 1);
    return rcm_room(m, needs);
}

rc_status rcm_room(const rc_model *m, double needs)
{
    if (needs > (double)m->room)
        return RC_FAIL(RC_EFORMAT,
                       "its configuration describes a model of more than %.15g numbers, it "
                       "holds %" PRId64,
                       needs, m->room);
    if (needs * sizeof(rc_real) > (double)rcb_memory_left())
        return RC_FAIL_HINT(RC_ENOMEM, "a smaller --hidden or fewer --layers need less",
                            "out of memory: the model would have more than %.15g numbers of %zu "
                            "bytes, %zu MB are left",
                            needs, sizeof(rc_real), rcb_memory_left() / 1000000);
    return RC_OK;
}

static rc_status check_chrono(const rcn_stack_plan *p, int64_t steps)
{
    if (steps == 1)
        return RC_FAIL_HINT(RC_EINVAL, "2 or more; the length of the sequences is usual",
                            "cannot set 'chrono' to 1: nothing is remembered for one step");
    if (steps > 0 && !p->cell->keeps)
        return RC_FAIL_HINT(RC_EINVAL, "gru and lstm have them",
                            "cannot set 'chrono' of cell '%s': it has no gates that keep or let in",
                            p->cell->name);
    if (steps > 0 && p->bias == RCN_BIAS_NONE && !p->cell->no_bias)
        return RC_FAIL_HINT(RC_EINVAL, "--bias single has them",
                            "cannot set 'chrono' of layers without biases");
    return RC_OK;
}

rc_status rcm_stack_init(const rcn_stack *s, rc_model *m)
{
    RC_TRY(check_chrono(&s->plan, m->config->chrono));
    RC_TRY(rcn_init_all(&m->params, m->config->init, (uint64_t)m->config->seed));
    for (int i = 0; i < s->plan.layers * s->plan.directions; i++)
        RC_TRY(rcn_rnn_forget_bias(&s->layer[i], &m->params, m->config->forget_bias));
    for (int i = 0; m->config->chrono > 0 && i < s->plan.layers * s->plan.directions; i++)
        RC_TRY(
            rcn_rnn_chrono(&s->layer[i], &m->params, m->config->chrono, (uint64_t)m->config->seed));
    return RC_OK;
}

rc_status rcm_embed_map(rcn_params *ps, int64_t units, int64_t E)
{
    const int one = 1;

    return rcn_params_weight(ps, "embed.map.weight", 2, 1, &one, units, E);
}

/* ---- dropout around the stack ------------------------------------------------------------ */

rc_var *rcm_drop_symbols(const rc_model *m, rc_graph *g, const int32_t *in, rc_var *x)
{
    const double rate = m->config->embed_dropout;

    if (rate <= 0 || !rcg_training(g) || !x)
        return x;
    const rcb_key key = rcg_mask_key(g);
    rc_real *mask = rcg_keep(g, (size_t)(x->rows * x->cols), sizeof *mask);
    if (!mask)
        return NULL;
    for (int64_t row = 0; row < x->rows; row++) {
        const bool kept = rcb_uniform(key, (uint64_t)in[row]) >= rate;

        rck->fill(x->cols, kept ? (rc_real)(1 / (1 - rate)) : 0, mask + row * x->cols);
    }
    return rc_mul(g, x, rc_leaf(g, rc_shape_2(x->rows, x->cols), mask, NULL));
}

rc_var *rcm_drop(const rcn_stack *s, rc_graph *g, const rc_rows *rows, rc_var *x)
{
    if (s->plan.dropout <= 0)
        return x;
    return s->plan.locked ? rc_dropout_locked(g, rows, x, s->plan.dropout)
                          : rc_dropout(g, x, s->plan.dropout);
}

void rcm_drop_work(const rcn_stack *s, int64_t cols, rcg_work *w)
{
    if (s->plan.dropout > 0)
        rcg_work_dropout(w, cols, s->plan.locked);
}

/* ---- penalties on activations ------------------------------------------------------------ */

/* Sum of the squares of the differences between a row and the one before it in its sequence. */
static rc_var *steps_squared(rc_graph *g, const rc_rows *rows, rc_var *x)
{
    const int64_t first = rows->at[1], n = rows->at[rows->steps] - first;
    int32_t *now = rcg_keep(g, (size_t)n + 1, sizeof *now);
    int32_t *before = rcg_keep(g, (size_t)n + 1, sizeof *before);

    if (!now || !before)
        return NULL;
    for (int64_t t = 1; t < rows->steps; t++)
        for (int64_t row = rows->at[t]; row < rows->at[t + 1]; row++) {
            now[row - first] = (int32_t)row;
            before[row - first] = (int32_t)(row - rows->at[t] + rows->at[t - 1]);
        }
    return rc_scale(g, rc_squared_error(g, rc_embed(g, x, now, n), rc_embed(g, x, before, n)), 2);
}

double rcm_divisor(const rc_config *c, const rcd_batch *b)
{
    const bool sequence = rcm_list_index("averages", c->average) == RCM_AVERAGE_SEQUENCE;

    return (double)(sequence ? b->seqs : b->aims);
}

rc_var *rcm_penalties(const rc_config *c, rc_graph *g, const rcd_batch *b, rc_var *raw,
                      rc_var *dropped)
{
    const double alpha = c->activation_penalty, beta = c->temporal_penalty;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};
    const int64_t steps = b->steps > 0 ? b->rows - b->at[1] : 0; /* from a row to a later one */
    const double times = rcm_divisor(c, b);
    rc_var *sum = NULL;

    if (!rcg_training(g) || !raw || !dropped)
        return NULL;
    if (alpha > 0)
        sum = rc_scale(g, rc_sum(g, rc_mul(g, dropped, dropped)),
                       alpha * times / (double)(b->rows * dropped->cols));
    if (beta > 0 && steps > 0) {
        rc_var *more =
            rc_scale(g, steps_squared(g, &rows, raw), beta * times / (double)(steps * raw->cols));

        sum = sum ? rc_add(g, sum, more) : more;
    }
    return sum;
}

/* ---- words ------------------------------------------------------------------------------- */

void rcm_penalties_work(const rc_config *c, int64_t H, rcg_work *w)
{
    const int values = (c->activation_penalty > 0) + 2 * (c->temporal_penalty > 0);

    for (int i = 0; i < values; i++)
        rcg_work_value(w, H);
}

rc_status rcm_stack_conventions(const rcn_stack *s, const rc_config *c, rcm_words *w)
{
    const rcc_cell *cell = s->plan.cell;
    char gates[RCC_GATES * 8] = "";

    for (int i = 0; i < cell->gates; i++) {
        strcat(gates, i ? " " : "");
        strncat(gates, cell->gate_name[i], 6);
    }
    RC_TRY(rcm_words_add(w, "gate order", "%s", gates));
    if (cell->update)
        RC_TRY(rcm_words_add(w, "update gate", "%s", cell->update));
    if (cell->reset)
        RC_TRY(rcm_words_add(w, "reset gate", "%s", cell->reset));
    return rcm_words_add(w, "biases", "%s", c->bias);
}

rc_status rcm_stack_facts(const rcn_stack *s, const rc_config *c, rcm_words *w)
{
    const rcc_cell *cell = s->plan.cell;

    RC_TRY(rcm_words_add(w, "cell", "%s (%s)", cell->name, cell->title));
    RC_TRY(rcm_words_add(w, "equations", "%s", cell->equations));
    RC_TRY(rcm_words_add(w, "paper", "%s", cell->paper));
    if (s->plan.deep_in > 0)
        RC_TRY(rcm_words_add(w, "deep input", "%" PRId64 " units of tanh", s->plan.deep_in));
    RC_TRY(rcm_words_add(w, "layers", "%d of %s units%s", s->plan.layers, c->hidden,
                         s->plan.directions == 2 ? " in each of two directions" : ""));
    if (cell->narrow && s->plan.projection > 0)
        RC_TRY(rcm_words_add(w, "projection", "to %" PRId64 " numbers", s->plan.projection));
    else if (cell->narrow)
        RC_TRY(rcm_words_add(w, "projection", "to half as many numbers"));
    if (s->plan.window > 1)
        RC_TRY(rcm_words_add(w, "window", "%" PRId64 " steps, the oldest first", s->plan.window));
    if (s->plan.learned)
        RC_TRY(rcm_words_add(w, "first states", "trained"));
    if (s->plan.zoneout > 0)
        RC_TRY(rcm_words_add(w, "zoneout",
                             "h is %g of what it was, the rest of what the cell makes",
                             s->plan.zoneout));
    if (s->plan.zoneout_memory > 0)
        RC_TRY(rcm_words_add(w, "zoneout of c", "c is %g of what it was", s->plan.zoneout_memory));
    if (s->plan.deep_out > 0)
        RC_TRY(rcm_words_add(w, "deep output", "%" PRId64 " units of tanh", s->plan.deep_out));
    return RC_OK;
}
