/* layer.c -- one recurrent layer of one direction: its parameters as the cell's descriptor asks for
 * them, its run as one operation of the graph, and changes to the rows of one gate.
 *
 * Every parameter has a block of panels per stage, so gate k is rows k H .. (k + 1) H - 1 of each.
 */
#include "net/net.h"

#include <string.h>

/* ---- parameters ---------------------------------------------------------------------------- */

/* Where the parameters of a layer go and what they are called. */
typedef struct site {
    rcn_params *ps;
    const char *prefix;
    const char *suffix;
    const rcc_cell *cell;
    int64_t units;
} site;

/* Add a weight over K inputs, or a bias for K 0, with a rule (NULL: the usual one). */
static rc_status add(const site *s, const char *what, int64_t K, const char *rule, size_t *place)
{
    int gates[RCG_BLOCKS];
    rcb_buf name = {0};
    rc_status status = rcb_buf_printf(&name, "%s.%s%s", s->prefix, what, s->suffix);

    for (int i = 0; i < s->cell->stages; i++)
        gates[i] = s->cell->stage[i].gates;
    if (status == RC_OK)
        status = rcn_params_weight(s->ps, name.p, K > 0 ? 2 : 1, s->cell->stages, gates, s->units,
                                   K > 0 ? K : 1);
    rcb_buf_free(&name);
    if (status != RC_OK)
        return status;
    *place = s->ps->n - 1;
    if (rule)
        s->ps->p[*place].rule = rule;
    return RC_OK;
}

static bool has_products(const rcc_cell *cell)
{
    for (int i = 0; i < cell->stages; i++)
        if (cell->stage[i].v != RCC_NO_V)
            return true;
    return false;
}

rc_status rcn_rnn_new(rcn_rnn *out, rcn_params *ps, const char *prefix, const char *suffix,
                      const rcc_cell *cell, int64_t in, int64_t hidden, rcn_bias bias, bool reverse)
{
    const site s = {ps, prefix, suffix, cell, hidden};
    const bool u = has_products(cell);
    rcn_rnn l = {.cell = cell,
                 .in = in,
                 .hidden = hidden,
                 .reverse = reverse,
                 .w_ih = SIZE_MAX,
                 .w_hh = SIZE_MAX,
                 .b_ih = SIZE_MAX,
                 .b_hh = SIZE_MAX};

    if (in < 1 || hidden < 1)
        return RC_FAIL(RC_EINVAL,
                       "layer '%s%s' would read %" PRId64 " columns with %" PRId64
                       " units, both must be at least 1",
                       prefix, suffix, in, hidden);
    RC_TRY(add(&s, "weight_ih", in, cell->identity ? "normal:0.001" : NULL, &l.w_ih));
    if (u)
        RC_TRY(add(&s, "weight_hh", hidden, cell->identity ? "identity" : "orthogonal", &l.w_hh));
    if (bias != RCN_BIAS_NONE)
        RC_TRY(add(&s, "bias_ih", 0, NULL, &l.b_ih));
    if (bias == RCN_BIAS_DOUBLE && u)
        RC_TRY(add(&s, "bias_hh", 0, NULL, &l.b_hh));
    *out = l;
    return RC_OK;
}

/* ---- running ------------------------------------------------------------------------------- */

static rc_var *leaf(rc_graph *g, const rcn_params *ps, size_t place)
{
    return place == SIZE_MAX ? RC_NONE : rcn_var(g, &ps->p[place]);
}

static rc_rnn_args args_of(const rcn_rnn *l, const rcn_params *ps, rc_graph *g)
{
    rc_rnn_args args = rc_rnn_args_default();

    args.cell = l->cell->name;
    args.w_ih = leaf(g, ps, l->w_ih);
    args.w_hh = leaf(g, ps, l->w_hh);
    args.b_ih = leaf(g, ps, l->b_ih);
    args.b_hh = leaf(g, ps, l->b_hh);
    args.reverse = l->reverse;
    return args;
}

rc_var *rcn_rnn_run(const rcn_rnn *l, const rcn_params *ps, rc_graph *g, const rc_rows *rows,
                    rc_var *x, rc_var *const state[])
{
    rc_rnn_args args = args_of(l, ps, g);

    for (int i = 0; state && i < l->cell->states; i++)
        args.state[i] = state[i];
    return rc_rnn(g, rows, x, &args);
}

bool rcn_rnn_run_both(const rcn_rnn l[2], const rcn_params *ps, rc_graph *g, const rc_rows *rows,
                      rc_var *x, rc_var *y[2])
{
    const rc_rnn_args args[2] = {args_of(&l[0], ps, g), args_of(&l[1], ps, g)};

    return rcg_rnn_both(g, rows, x, args, y);
}

/* ---- one gate ------------------------------------------------------------------------------ */

/* The values of one gate become factor * value + plus. */
typedef struct change {
    int gate;
    double factor;
    double plus;
} change;

/* Change the parameter at a place, if there is one; `room` holds its values. */
static void change_gate(const rcn_params *ps, size_t place, change by, rc_real *room)
{
    if (place == SIZE_MAX)
        return;

    rcn_param *p = &ps->p[place];
    const int64_t cells = p->group * p->dim[1];

    rcn_param_store(p, p->w, room);
    for (int64_t i = by.gate * cells; i < (by.gate + 1) * cells; i++)
        room[i] = (rc_real)(by.factor * (double)room[i] + by.plus);
    rcn_param_load(p, p->w, room);
}

rc_status rcn_rnn_forget_bias(const rcn_rnn *l, rcn_params *ps, double value)
{
    const int gate = l->cell->forget;

    if (gate < 0 || l->b_ih == SIZE_MAX)
        return RC_OK;

    rc_real *room = rcb_alloc((size_t)ps->p[l->b_ih].count, sizeof *room);

    if (!room)
        return RC_ENOMEM;
    change_gate(ps, l->b_ih, (change){gate, 0, value}, room);
    change_gate(ps, l->b_hh, (change){gate, 0, 0}, room);
    rcb_free(room);
    return RC_OK;
}

static int find_gate(const rcc_cell *cell, const char *name)
{
    for (int i = 0; i < cell->gates; i++)
        if (strcmp(cell->gate_name[i], name) == 0)
            return i;
    return -1;
}

rc_status rcn_rnn_flip(const rcn_rnn *l, rcn_params *ps, const char *gate)
{
    const change negate = {find_gate(l->cell, gate), -1, 0};
    const int64_t K = l->in > l->hidden ? l->in : l->hidden;

    if (negate.gate < 0)
        return RC_FAIL(RC_EINVAL, "cell '%s' has no gate '%s'", l->cell->name, gate);

    rc_real *room = rcb_alloc((size_t)(l->cell->gates * l->hidden * K), sizeof *room);

    if (!room)
        return RC_ENOMEM;
    change_gate(ps, l->w_ih, negate, room);
    change_gate(ps, l->w_hh, negate, room);
    change_gate(ps, l->b_ih, negate, room);
    change_gate(ps, l->b_hh, negate, room);
    rcb_free(room);
    return RC_OK;
}
