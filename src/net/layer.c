/* layer.c -- one recurrent layer of one direction: its parameters as the cell's descriptor asks for
 * them, its run as one operation of the graph, and changes to the rows of one gate.
 *
 * Every parameter has a block of panels per stage, the recurrent weight one per product, and no
 * rows for gates without a part in it.
 */
#include "net/net.h"

#include <math.h>
#include <string.h>

/* ---- parameters ---------------------------------------------------------------------------- */

/* Where the parameters of a layer go and what they are called. */
typedef struct site {
    rcn_params *ps;
    const char *prefix;
    const char *suffix;
    const rcc_cell *cell;
    rcc_widths width;
} site;

/* Blocks of gates over K inputs, or of a bias for K 0. */
typedef struct block_list {
    int n;
    const int *gates;
    int64_t units, K;
} block_list;

/* Add them with a rule (NULL: the usual one). */
static rc_status add_blocks(const site *s, const char *what, block_list b, const char *rule,
                            size_t *place)
{
    rcb_buf name = {0};
    rc_status status = rcb_buf_printf(&name, "%s.%s%s", s->prefix, what, s->suffix);

    if (status == RC_OK)
        status = rcn_params_weight(s->ps, name.p, b.K > 0 ? 2 : 1, b.n, b.gates, b.units,
                                   b.K > 0 ? b.K : 1);
    rcb_buf_free(&name);
    if (status != RC_OK)
        return status;
    *place = s->ps->n - 1;
    if (rule)
        s->ps->p[*place].rule = rule;
    return RC_OK;
}

static rc_status add(const site *s, const char *what, rcc_part part, int64_t K, const char *rule,
                     size_t *place)
{
    int gates[RCC_PRODUCTS];
    const int n = rcc_blocks(s->cell, part, gates);
    const int64_t units = part == RCC_R ? s->width.P : s->width.H;

    return add_blocks(s, what, (block_list){n, gates, units, K}, rule, place);
}

static rc_status add_products(const site *s, rcn_rnn *l)
{
    const rcc_cell *cell = s->cell;

    if (rcc_part_gates(cell, RCC_U) > 0) {
        RC_TRY(add(s, "weight_hh", RCC_U, rcc_columns(cell, RCC_U, s->width),
                   cell->identity ? "identity" : "orthogonal", &l->w_hh));
        s->ps->p[l->w_hh].joins = cell->joins;
    }
    return RC_OK;
}

static rc_status check_plan(const rcn_rnn_plan *plan, const char *prefix, const char *suffix)
{
    if (plan->in < 1 || plan->hidden < 1)
        return RC_FAIL(RC_EINVAL,
                       "layer '%s%s' would read %" PRId64 " columns with %" PRId64
                       " units, both must be at least 1",
                       prefix, suffix, plan->in, plan->hidden);
    if (plan->cell->narrow && (plan->projection < 0 || plan->projection > plan->hidden))
        return RC_FAIL(RC_EINVAL,
                       "layer '%s%s' would project %" PRId64 " units to %" PRId64
                       " numbers: at most as many are possible",
                       prefix, suffix, plan->hidden, plan->projection);
    return RC_OK;
}

rc_status rcn_rnn_new(rcn_rnn *out, rcn_params *ps, const char *prefix, const char *suffix,
                      const rcn_rnn_plan *plan)
{
    const rcc_cell *cell = plan->cell;
    const bool narrower = cell->narrow && plan->projection > 0;
    const rcc_widths width = {plan->hidden, narrower ? plan->projection : plan->hidden};
    const site s = {ps, prefix, suffix, cell, width};
    rcn_rnn l = {.cell = cell,
                 .in = plan->in,
                 .hidden = plan->hidden,
                 .width = width,
                 .reverse = plan->reverse,
                 .w_ih = SIZE_MAX,
                 .w_hh = SIZE_MAX,
                 .b_ih = SIZE_MAX,
                 .b_hh = SIZE_MAX,
                 .vectors = SIZE_MAX,
                 .w_hr = SIZE_MAX};

    RC_TRY(check_plan(plan, prefix, suffix));
    RC_TRY(add(&s, "weight_ih", RCC_W, l.in, cell->identity ? "normal:0.001" : NULL, &l.w_ih));
    RC_TRY(add_products(&s, &l));
    if (plan->bias != RCN_BIAS_NONE && !cell->no_bias)
        RC_TRY(add(&s, "bias_ih", RCC_B, 0, NULL, &l.b_ih));
    if (plan->bias == RCN_BIAS_DOUBLE && rcc_part_gates(cell, RCC_C) > 0)
        RC_TRY(add(&s, "bias_hh", RCC_C, 0, NULL, &l.b_hh));
    if (rcc_part_gates(cell, RCC_R) > 0)
        RC_TRY(add(&s, "weight_hr", RCC_R, rcc_columns(cell, RCC_R, width), NULL, &l.w_hr));
    if (cell->vectors > 0)
        RC_TRY(add_blocks(&s, "vectors", (block_list){1, &cell->vectors, width.H, 0},
                          cell->vector_rule ? cell->vector_rule : "zero", &l.vectors));
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
    args.vectors = leaf(g, ps, l->vectors);
    args.w_hr = leaf(g, ps, l->w_hr);
    args.reverse = l->reverse;
    memcpy(args.zoneout, l->zoneout, sizeof args.zoneout);
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

/* The values of one gate become factor * value; of a bias, factor * value + plus[unit]. */
typedef struct change {
    int gate;
    double factor;
    const double *plus; /* NULL: zeros */
} change;

/* The stage that a block of a part is of. */
static int stage_of(const rcc_cell *cell, rcc_part part, int block)
{
    rcc_product product[RCC_PRODUCTS];
    int p = 0;

    if (part != RCC_U && part != RCC_R)
        return block;
    (void)rcc_products(cell, product);
    while (product[p].block != block || cell->stage[product[p].stage].narrow != (part == RCC_R))
        p++;
    return product[p].stage;
}

/* Change the gate's rows of a part, whose values are in `room`: one row of so many cells for each
 * unit. */
static void change_rows(const rcc_cell *cell, rcc_part part, change by, int64_t cells,
                        rc_real *room)
{
    int gates[RCC_PRODUCTS];
    const int blocks = rcc_blocks(cell, part, gates);

    for (int b = 0, row = 0; b < blocks; row += gates[b++]) {
        int gate = by.gate; /* within its stage */

        for (int st = 0; st < stage_of(cell, part, b); st++)
            gate -= cell->stage[st].gates;
        if (gate < 0 || gate >= gates[b])
            continue;
        for (int64_t i = (row + gate) * cells; i < (row + gate + 1) * cells; i++)
            room[i] = (rc_real)(by.factor * (double)room[i] +
                                (by.plus ? by.plus[i - (row + gate) * cells] : 0));
    }
}

/* Change the parameter at a place, if there is one; `room` holds its values. */
static void change_gate(const rcn_rnn *l, const rcn_params *ps, size_t place, rcc_part part,
                        change by, rc_real *room)
{
    if (place == SIZE_MAX)
        return;

    rcn_param *p = &ps->p[place];

    rcn_param_store(p, p->w, room);
    change_rows(l->cell, part, by, p->group * p->dim[1], room);
    rcn_param_load(p, p->w, room);
}

/* A bias of the gate, one number for each unit: where there are two, the other is 0. */
static void set_bias(const rcn_rnn *l, const rcn_params *ps, int gate, const double *value,
                     rc_real *room)
{
    if (!l->cell->no_bias) {
        change_gate(l, ps, l->b_ih, RCC_B, (change){gate, 0, value}, room);
        change_gate(l, ps, l->b_hh, RCC_C, (change){gate, 0, NULL}, room);
        return;
    }

    rcn_param *p = &ps->p[l->vectors];
    const int v = rcc_bias_vector(l->cell, gate);

    rcn_param_store(p, p->w, room);
    for (int64_t i = 0; v >= 0 && i < p->group; i++)
        room[v * p->group + i] = (rc_real)value[i];
    rcn_param_load(p, p->w, room);
}

static bool has_biases(const rcn_rnn *l)
{
    return (l->cell->no_bias ? l->vectors : l->b_ih) != SIZE_MAX;
}

/* Room for a bias of the layer, and behind it for a number for each unit. */
typedef struct bias_room {
    rc_real *all;
    double *unit;
} bias_room;

static rc_status bias_room_open(bias_room *room, const rcn_rnn *l, const rcn_params *ps)
{
    const size_t place = l->cell->no_bias ? l->vectors : l->b_ih;

    room->all = rcb_alloc((size_t)ps->p[place].count, sizeof *room->all);
    room->unit = rcb_alloc((size_t)l->hidden, sizeof *room->unit);
    if (room->all && room->unit)
        return RC_OK;
    rcb_free(room->all);
    rcb_free(room->unit);
    return RC_ENOMEM;
}

static void bias_room_close(bias_room *room)
{
    rcb_free(room->all);
    rcb_free(room->unit);
}

rc_status rcn_rnn_forget_bias(const rcn_rnn *l, rcn_params *ps, double value)
{
    const int gate = rcc_forget_gate(l->cell);
    bias_room room;

    if (gate < 0 || !has_biases(l))
        return RC_OK;
    RC_TRY(bias_room_open(&room, l, ps));
    for (int64_t i = 0; i < l->hidden; i++)
        room.unit[i] = value;
    set_bias(l, ps, gate, room.unit, room.all);
    bias_room_close(&room);
    return RC_OK;
}

/* log u of each unit, u uniform in 1 .. steps - 1, times the sign. */
static void draw_chrono(rcb_key key, double sign, double steps, int64_t units, double *out)
{
    for (int64_t i = 0; i < units; i++)
        out[i] = sign * log(1 + (steps - 2) * rcb_uniform(key, (uint64_t)i));
}

rc_status rcn_rnn_chrono(const rcn_rnn *l, rcn_params *ps, int64_t steps, uint64_t seed)
{
    const char *keeps = l->cell->keeps;
    rcb_buf stream = {0};
    bias_room room;

    if (!keeps || !has_biases(l))
        return RC_OK;
    RC_TRY(
        rcb_buf_printf(&stream, "chrono:%s", ps->p[l->cell->no_bias ? l->vectors : l->b_ih].name));

    const rcb_key key = rcb_stream(seed, stream.p);

    rcb_buf_free(&stream);
    RC_TRY(bias_room_open(&room, l, ps));
    for (int g = 0; keeps[g]; g++)
        if (keeps[g] != '.') {
            draw_chrono(key, keeps[g] == '+' ? 1 : -1, (double)steps, l->hidden, room.unit);
            set_bias(l, ps, g, room.unit, room.all);
        }
    bias_room_close(&room);
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
    const change negate = {find_gate(l->cell, gate), -1, NULL};
    const int64_t K = l->in > l->hidden ? l->in : l->hidden;

    if (negate.gate < 0)
        return RC_FAIL(RC_EINVAL, "cell '%s' has no gate '%s'", l->cell->name, gate);
    if (l->cell->vectors > 0)
        return RC_FAIL(RC_EINVAL,
                       "cell '%s' has vectors of weights: its gate '%s' cannot be negated",
                       l->cell->name, gate);

    const int rows = rcc_part_gates(l->cell, RCC_U) > l->cell->gates
                         ? rcc_part_gates(l->cell, RCC_U)
                         : l->cell->gates;
    rc_real *room = rcb_alloc((size_t)(rows * l->hidden * K), sizeof *room);

    if (!room)
        return RC_ENOMEM;
    change_gate(l, ps, l->w_ih, RCC_W, negate, room);
    change_gate(l, ps, l->w_hh, RCC_U, negate, room);
    change_gate(l, ps, l->w_hr, RCC_R, negate, room);
    change_gate(l, ps, l->b_ih, RCC_B, negate, room);
    change_gate(l, ps, l->b_hh, RCC_C, negate, room);
    rcb_free(room);
    return RC_OK;
}
