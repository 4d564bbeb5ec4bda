/* stack.c -- recurrent layers above one another, in one or both directions, with dropout and skip
 * connections between them, and the state of a stack carried from batch to batch.
 *
 * Everything is made of operations of the graph; a run allocates from the graph's arena alone.
 */
#include "net/net.h"

#include <stdio.h>
#include <string.h>

/* ---- making -------------------------------------------------------------------------------- */

static rc_status check_plan(const rcn_stack_plan *plan)
{
    if (plan->layers < 1)
        return RC_FAIL(RC_EINVAL, "a stack of %d layers: at least 1 is wanted", plan->layers);
    if (plan->directions != 1 && plan->directions != 2)
        return RC_FAIL(RC_EINVAL, "a stack in %d directions: 1 or 2 are possible",
                       plan->directions);
    if (!(plan->dropout >= 0 && plan->dropout < 1))
        return RC_FAIL(RC_EINVAL, "dropout %g between layers: it must be at least 0 and below 1",
                       plan->dropout);
    if (plan->projection > 0 && !plan->cell->narrow)
        return RC_FAIL_HINT(RC_EINVAL, "cell 'lstm-proj' has one",
                            "cannot project to %" PRId64 " numbers: cell '%s' has no projection",
                            plan->projection, plan->cell->name);
    const double zone[] = {plan->zoneout, plan->zoneout_memory};
    for (int i = 0; i < 2; i++)
        if (!(zone[i] >= 0 && zone[i] < 1))
            return RC_FAIL(RC_EINVAL, "zoneout %g: it must be at least 0 and below 1", zone[i]);
    if (plan->zoneout_memory > 0 && rcc_memory(plan->cell) < 0)
        return RC_FAIL_HINT(RC_EINVAL, "zoneout of its state h is --zoneout",
                            "cannot zone out a memory: cell '%s' has none beside its state",
                            plan->cell->name);
    if (plan->window < 0 || plan->window > RC_WINDOW_MOST)
        return RC_FAIL(RC_EINVAL, "a window of %" PRId64 " steps: 1 to %d are possible",
                       plan->window, RC_WINDOW_MOST);
    return RC_OK;
}

rcc_widths rcn_stack_widths(const rcn_stack_plan *plan, int i)
{
    const int64_t H = plan->hidden[i], P = plan->projection;

    return (rcc_widths){H, P > 0 ? P : (H + 1) / 2};
}

static rcc_widths widths_of(const rcn_stack *s, int i)
{
    return rcn_stack_widths(&s->plan, i);
}

static int64_t state_width(const rcn_stack *s, int i, int state)
{
    return rcc_state_width(s->plan.cell, state, widths_of(s, i));
}

/* Numbers of all states of layer i, and before its state k. */
static int64_t states_before(const rcn_stack *s, int i, int k)
{
    int64_t n = 0;

    while (k > 0)
        n += state_width(s, i, --k);
    return n;
}

static int64_t states_width(const rcn_stack *s, int i)
{
    return states_before(s, i, s->states);
}

/* Steps that a layer reads at once. */
static int64_t window_of(const rcn_stack_plan *plan)
{
    return plan->window > 1 ? plan->window : 1;
}

/* Columns of a step that layer i reads. */
static int64_t layer_in(const rcn_stack *s, int i)
{
    if (i == 0)
        return s->first;

    const int64_t below = state_width(s, i - 1, 0) * s->plan.directions;

    return s->plan.skip == RCN_SKIP_GRAVES ? below + s->first : below;
}

/* Numbers of layer i's window before the step itself. */
static int64_t lead_of(const rcn_stack *s, int i)
{
    return (window_of(&s->plan) - 1) * layer_in(s, i);
}

/* A layer of tanh: NAME.WHAT.weight (units,in), NAME.WHAT.bias (units). */
static rc_status add_deep(rcn_params *ps, const char *name, const char *what, int64_t units,
                          int64_t in, size_t place[2])
{
    const int gates = 1;
    rcb_buf text = {0};

    for (int i = 0; i < 2; i++) {
        rcb_buf_clear(&text);
        rc_status status = rcb_buf_printf(&text, "%s.%s.%s", name, what, i ? "bias" : "weight");
        if (status == RC_OK)
            status = rcn_params_weight(ps, text.p, i ? 1 : 2, 1, &gates, units, i ? 1 : in);
        if (status != RC_OK) {
            rcb_buf_free(&text);
            return status;
        }
        place[i] = ps->n - 1;
    }
    rcb_buf_free(&text);
    return RC_OK;
}

/* Where state k of a layer begins: row `row` of its H wide or of its P wide ones. */
typedef struct start_row {
    bool narrow;
    int row;
} start_row;

static start_row start_of(const rcn_stack *s, int k)
{
    start_row r = {.narrow = s->plan.cell->narrow >> k & 1};

    while (k-- > 0)
        r.row += (s->plan.cell->narrow >> k & 1) == r.narrow;
    return r;
}

/* The first states of direction at % directions that have the same width. */
static rc_status add_start(const rcn_stack *s, rcn_params *ps, const char *name, int at,
                           const char *suffix, bool narrow)
{
    const rcc_widths w = widths_of(s, at / s->plan.directions);
    rcb_buf text = {0};
    int64_t states = 0;

    for (int k = 0; k < s->states; k++)
        states += start_of(s, k).narrow == narrow;
    if (states == 0)
        return RC_OK;
    rc_status status = rcb_buf_printf(&text, "%s.start%s%s", name, narrow ? "_hr" : "", suffix);
    if (status == RC_OK)
        status = rcn_params_table(ps, text.p, states, narrow ? w.P : w.H);
    rcb_buf_free(&text);
    if (status != RC_OK)
        return status;
    s->start[2 * at + narrow] = ps->n - 1;
    ps->p[ps->n - 1].rule = "zero";
    return RC_OK;
}

static rc_status add_layers(rcn_stack *s, rcn_params *ps, const char *name)
{
    const rcn_stack_plan *plan = &s->plan;
    char suffix[32];

    for (int i = 0; i < plan->layers; i++) {
        for (int d = 0; d < plan->directions; d++) {
            snprintf(suffix, sizeof suffix, "_l%d%s", i, d ? "_reverse" : "");
            const rcn_rnn_plan layer = {.cell = plan->cell,
                                        .in = layer_in(s, i) * window_of(plan),
                                        .hidden = plan->hidden[i],
                                        .projection = widths_of(s, i).P,
                                        .bias = plan->bias,
                                        .reverse = d == 1};
            const int at = i * plan->directions + d;

            RC_TRY(rcn_rnn_new(&s->layer[at], ps, name, suffix, &layer));
            s->layer[at].zoneout[0] = plan->zoneout;
            if (plan->zoneout_memory > 0)
                s->layer[at].zoneout[rcc_memory(plan->cell)] = plan->zoneout_memory;
            for (int narrow = 0; plan->learned && narrow < 2; narrow++)
                RC_TRY(add_start(s, ps, name, at, suffix, narrow));
        }
    }
    return RC_OK;
}

/* All parameters in the order of the way through, and the widths on it. */
static rc_status add_all(rcn_stack *s, rcn_params *ps, const char *name)
{
    const rcn_stack_plan *plan = &s->plan;

    if (plan->deep_in > 0)
        RC_TRY(add_deep(ps, name, "deep_in", plan->deep_in, plan->in, s->deep_in));
    RC_TRY(add_layers(s, ps, name));
    for (int i = 0; i < plan->layers; i++) {
        const int64_t width = state_width(s, i, 0) * plan->directions;

        s->state_width += states_width(s, i) * plan->directions + lead_of(s, i);
        s->out = plan->skip == RCN_SKIP_GRAVES ? s->out + width : width;
    }
    if (plan->deep_out > 0) {
        RC_TRY(add_deep(ps, name, "deep_out", plan->deep_out, s->out, s->deep_out));
        s->out = plan->deep_out;
    }
    return RC_OK;
}

rc_status rcn_stack_new(rcn_stack *out, rcn_params *ps, const rcn_stack_plan *plan)
{
    *out = (rcn_stack){0};
    RC_TRY(check_plan(plan));

    const size_t layers = (size_t)plan->layers, all = layers * (size_t)plan->directions;
    rcn_stack s = {.plan = *plan,
                   .states = plan->cell->states,
                   .first = plan->deep_in > 0 ? plan->deep_in : plan->in,
                   .deep_in = {SIZE_MAX, SIZE_MAX},
                   .deep_out = {SIZE_MAX, SIZE_MAX}};

    s.hidden = rcb_alloc(layers, sizeof *s.hidden);
    s.layer = rcb_calloc(all, sizeof *s.layer);
    s.start = rcb_alloc(2 * all, sizeof *s.start);

    rc_status status = s.hidden && s.layer && s.start ? RC_OK : RC_ENOMEM;

    if (status == RC_OK) {
        memcpy(s.hidden, plan->hidden, layers * sizeof *s.hidden);
        for (size_t i = 0; i < 2 * all; i++)
            s.start[i] = SIZE_MAX;
        s.plan.hidden = s.hidden;
        s.plan.name = NULL;
        status = add_all(&s, ps, plan->name);
    }
    if (status != RC_OK) {
        rcn_stack_free(&s);
        return status;
    }
    *out = s;
    return RC_OK;
}

void rcn_stack_free(rcn_stack *s)
{
    rcb_free(s->start);
    rcb_free(s->layer);
    rcb_free(s->hidden);
    *s = (rcn_stack){0};
}

void rcn_stack_begin(const rcn_stack *s, const rcn_params *ps, int64_t rows, rc_real *carry)
{
    int64_t at = 0;

    memset(carry, 0, (size_t)(rows * s->state_width) * sizeof *carry);
    for (int i = 0; s->plan.learned && i < s->plan.layers; i++) {
        for (int k = 0; k < s->states; k++) {
            const start_row r = start_of(s, k);
            const rcn_param *p = &ps->p[s->start[2 * i * s->plan.directions + r.narrow]];

            for (int64_t b = 0; b < rows; b++)
                memcpy(carry + b * s->state_width + at + states_before(s, i, k),
                       p->w + r.row * p->ld, (size_t)state_width(s, i, k) * sizeof *carry);
        }
        at += states_width(s, i) + lead_of(s, i);
    }
}

/* ---- running ------------------------------------------------------------------------------- */

/* One run: what all layers share. */
typedef struct run {
    const rcn_stack *s;
    const rcn_params *ps;
    rc_graph *g;
    const rc_rows *rows;
    rc_var *x;       /* what the stack reads */
    rc_real *carry;  /* (B, state_width) or NULL */
    rcn_ends *ends;  /* or NULL */
    rc_var **finals; /* (layers * states) final states, with carry or ends */
    rc_var **inputs; /* (layers) what each layer reads of a step */
} run;

/* Columns [at, at + n) of the carry as a leaf, copied into padded rows; NULL: the graph has
 * failed. */
static rc_var *carried(const run *r, int64_t at, int64_t n)
{
    const int64_t B = r->rows->seqs, ld = rck_pad(n);
    rc_real *x = rcg_keep(r->g, (size_t)(B * ld), sizeof *x);

    if (!x)
        return NULL;
    for (int64_t b = 0; b < B; b++) {
        memcpy(x + b * ld, r->carry + b * r->s->state_width + at, (size_t)n * sizeof *x);
        memset(x + b * ld + n, 0, (size_t)(ld - n) * sizeof *x);
    }
    return rcg_leaf(r->g, rc_shape_2(B, n), ld, x, NULL);
}

/* The initial states of layer i out of the carry. `at` is the layer's first column of it. */
static bool read_carry(const run *r, int i, int64_t at, rc_var *state[RC_STATES])
{
    for (int k = 0; k < r->s->states; k++) {
        state[k] = carried(r, at + states_before(r->s, i, k), state_width(r->s, i, k));
        if (!state[k])
            return false;
    }
    return true;
}

/* The states that direction d of layer i begins with: trained, for every sequence the same. */
static bool read_start(const run *r, int i, int d, rc_var *state[RC_STATES])
{
    const size_t *place = &r->s->start[2 * (i * r->s->plan.directions + d)];
    const int64_t B = r->rows->seqs;

    for (int k = 0; r->s->plan.learned && k < r->s->states; k++) {
        const start_row from = start_of(r->s, k);
        int32_t *ids = rcg_keep(r->g, (size_t)B, sizeof *ids);

        if (!ids)
            return false;
        for (int64_t b = 0; b < B; b++)
            ids[b] = from.row;
        state[k] = rc_embed(r->g, rcn_var(r->g, &r->ps->p[place[from.narrow]]), ids, B);
    }
    return true;
}

/* The states before the piece; `at` as above. */
static void read_ends(const run *r, int i, int64_t at, rc_var *state[RC_STATES])
{
    const rcn_ends *e = r->ends;
    const int64_t B = r->rows->seqs;

    for (int k = 0; k < r->s->states; k++) {
        const int64_t from = B * (at + states_before(r->s, i, k));

        state[k] = rc_leaf(r->g, rc_shape_2(B, state_width(r->s, i, k)), e->before + from,
                           e->d_before ? e->d_before + from : NULL);
    }
}

/* The states after the piece, and what brings their gradients in. False: the graph has failed. */
static bool write_ends(const run *r)
{
    rcn_ends *e = r->ends;
    const int64_t B = r->rows->seqs;
    int64_t at = 0;

    e->extra = NULL;
    for (int i = 0; i < r->s->plan.layers; i++) {
        for (int k = 0; k < r->s->states; at += state_width(r->s, i, k++)) {
            const int64_t H = state_width(r->s, i, k);
            rc_var *v = r->finals[i * r->s->states + k];

            if (rc_var_read(r->g, v, e->after + B * at, B * H) != RC_OK)
                return false;
            if (!e->d_after)
                continue;
            rc_var *d = rc_leaf(r->g, rc_shape_2(B, H), e->d_after + B * at, NULL);
            rc_var *part = rc_sum(r->g, rc_mul(r->g, v, d));
            e->extra = e->extra ? rc_add(r->g, e->extra, part) : part;
        }
    }
    return rc_graph_status(r->g) == RC_OK;
}

/* The last steps that layer i has read of sequence b become what comes before the next ones. */
static void write_lead(const run *r, int i, int64_t b, int64_t length, rc_real *lead)
{
    const rc_var *x = r->inputs[i];
    const int64_t width = window_of(&r->s->plan) - 1;
    const int64_t old = length < width ? width - length : 0; /* steps that stay */

    memmove(lead, lead + (width - old) * x->cols, (size_t)(old * x->cols) * sizeof *lead);
    for (int64_t k = old; k < width; k++) {
        const int64_t row = r->rows->at[length - width + k] + b;

        memcpy(lead + k * x->cols, rcg_rows(x) + row * x->ld, (size_t)x->cols * sizeof *lead);
    }
}

/* All final states into the carry. */
static void write_carry(const run *r)
{
    int64_t at = 0;

    for (int i = 0; i < r->s->plan.layers; i++) {
        for (int k = 0; k < r->s->states; at += state_width(r->s, i, k++)) {
            const rc_var *v = r->finals[i * r->s->states + k];

            for (int64_t b = 0; b < r->rows->seqs; b++)
                memcpy(r->carry + b * r->s->state_width + at, rcg_rows(v) + b * v->ld,
                       (size_t)v->cols * sizeof *r->carry);
        }
        const int64_t lead = lead_of(r->s, i);
        for (int64_t b = 0; lead > 0 && b < r->rows->seqs; b++)
            write_lead(r, i, b, rcg_rows_length(r->rows, b), r->carry + b * r->s->state_width + at);
        at += lead;
    }
}

/* What layer i multiplies: the step, or its window. */
static rc_var *windowed(const run *r, int i, int64_t at, rc_var *x)
{
    const int64_t lead = lead_of(r->s, i);

    r->inputs[i] = x;
    if (lead == 0)
        return x;
    return rc_window(r->g, r->rows, x, window_of(&r->s->plan),
                     r->carry ? carried(r, at + states_width(r->s, i), lead) : RC_NONE);
}

/* Both directions of layer i over x, side by side where that is possible. */
static rc_var *run_directions(const run *r, int i, rc_var *x)
{
    const rcn_rnn *l = &r->s->layer[i * 2];
    rc_var *y[2];

    if (!r->s->plan.learned)
        return rcn_rnn_run_both(l, r->ps, r->g, r->rows, x, y) ? rc_concat(r->g, 2, y) : NULL;
    for (int d = 0; d < 2; d++) {
        rc_var *state[RC_STATES];

        if (!read_start(r, i, d, state))
            return NULL;
        y[d] = rcn_rnn_run(&l[d], r->ps, r->g, r->rows, x, state);
    }
    return rc_concat(r->g, 2, y);
}

/* Layer i over x in all directions; `at` as above. NULL: the graph has failed. */
static rc_var *run_layer(const run *r, int i, int64_t at, rc_var *x)
{
    rc_var *state[RC_STATES];

    x = windowed(r, i, at, x);
    if (r->s->plan.directions == 2)
        return run_directions(r, i, x);
    for (int k = 0; k < RC_STATES; k++)
        state[k] = RC_NONE;
    if (r->ends && r->ends->before)
        read_ends(r, i, at, state);
    else if (r->carry ? !read_carry(r, i, at, state) : !read_start(r, i, 0, state))
        return NULL;
    rc_var *y = rcn_rnn_run(&r->s->layer[i], r->ps, r->g, r->rows, x, state);
    for (int k = 0; (r->carry || r->ends) && k < r->s->states; k++)
        r->finals[i * r->s->states + k] = rc_rnn_state(r->g, y, k);
    return y;
}

/* What layer i > 0 reads, out of what the one below gave. */
static rc_var *layer_input(const run *r, rc_var *below)
{
    const rcn_stack_plan *plan = &r->s->plan;

    if (plan->dropout > 0)
        below = plan->locked ? rc_dropout_locked(r->g, r->rows, below, plan->dropout)
                             : rc_dropout(r->g, below, plan->dropout);
    if (plan->skip != RCN_SKIP_GRAVES)
        return below;
    return rc_concat(r->g, 2, (rc_var *[]){below, r->x});
}

/* All layers; outputs (layers) receives what each gives. Returns what leaves the stack. */
static rc_var *run_layers(const run *r, rc_var *outputs[])
{
    const rcn_stack_plan *plan = &r->s->plan;
    rc_var *y = r->x;
    int64_t at = 0;

    for (int i = 0; i < plan->layers; i++) {
        rc_var *below = y;

        y = run_layer(r, i, at, i == 0 ? r->x : layer_input(r, below));
        if (plan->skip == RCN_SKIP_RESIDUAL && y && below->cols == y->cols)
            y = rc_add(r->g, below, y);
        outputs[i] = y;
        at += states_width(r->s, i) + lead_of(r->s, i);
    }
    return plan->skip == RCN_SKIP_GRAVES ? rc_concat(r->g, plan->layers, outputs) : y;
}

/* The layer of tanh at a place, where there is one. */
static rc_var *deep(const run *r, const size_t place[2], rc_var *x)
{
    if (place[0] == SIZE_MAX)
        return x;
    return rc_tanh(r->g, rc_linear(r->g, x, rcn_var(r->g, &r->ps->p[place[0]]),
                                   rcn_var(r->g, &r->ps->p[place[1]])));
}

/* The run that `r` begins, over x. */
static rc_var *run_all(run *r, rc_var *x)
{
    const size_t layers = (size_t)r->s->plan.layers;
    rc_var **outputs = rcg_keep(r->g, layers, sizeof(rc_var *));

    r->x = deep(r, r->s->deep_in, x);
    r->finals = rcg_keep(r->g, layers * (size_t)r->s->states, sizeof(rc_var *));
    r->inputs = rcg_keep(r->g, layers, sizeof(rc_var *));
    if (!outputs || !r->finals || !r->inputs)
        return NULL;

    rc_var *y = run_layers(r, outputs);

    if (y && r->carry)
        write_carry(r);
    if (y && r->ends && !write_ends(r))
        return NULL;
    return deep(r, r->s->deep_out, y);
}

rc_var *rcn_stack_run(const rcn_stack *s, const rcn_params *ps, rc_graph *g, const rc_rows *rows,
                      rc_var *x, rc_real *carry)
{
    if (carry && s->plan.directions == 2)
        return rcg_failed(g,
                          RC_FAIL(RC_EINVAL, "cannot carry state through a bidirectional stack"));

    run r = {.s = s, .ps = ps, .g = g, .rows = rows, .carry = carry};

    return run_all(&r, x);
}

rc_var *rcn_stack_run_piece(const rcn_stack *s, const rcn_params *ps, rc_graph *g,
                            const rc_rows *rows, rc_var *x, rcn_ends *ends)
{
    if (s->plan.directions == 2 || window_of(&s->plan) > 1)
        return rcg_failed(
            g, RC_FAIL(RC_EINVAL, "cannot run a stack piece by piece %s",
                       s->plan.directions == 2 ? "in two directions" : "that reads a window"));
    run r = {.s = s, .ps = ps, .g = g, .rows = rows, .ends = ends};

    return run_all(&r, x);
}

/* ---- what it takes ------------------------------------------------------------------------- */

static void deep_work(rcg_work *w, int64_t in, int64_t units)
{
    if (units == 0)
        return;
    rcg_work_linear(w, in, units);
    rcg_work_value(w, units);
}

void rcn_stack_work(const rcn_stack *s, rcg_work *w)
{
    const rcn_stack_plan *plan = &s->plan;
    int64_t width = s->first, all = 0;

    deep_work(w, plan->in, plan->deep_in);
    for (int i = 0; i < plan->layers; i++) {
        const int64_t below = width, in = layer_in(s, i) * window_of(plan);

        if (i > 0 && plan->dropout > 0)
            rcg_work_dropout(w, below, plan->locked);
        if (i > 0 && plan->skip == RCN_SKIP_GRAVES)
            rcg_work_value(w, below + s->first);
        if (window_of(plan) > 1)
            rcg_work_value(w, in);
        rcg_work_rnn(w, plan->cell, in, widths_of(s, i), plan->directions);
        rcg_work_zoneout(w, s->hidden[i], (plan->zoneout > 0) + (plan->zoneout_memory > 0),
                         plan->directions);
        width = state_width(s, i, 0) * plan->directions;
        all += width;
        if (plan->directions == 2)
            rcg_work_value(w, width);
        if (plan->skip == RCN_SKIP_RESIDUAL && below == width)
            rcg_work_value(w, width);
    }
    if (plan->skip == RCN_SKIP_GRAVES)
        rcg_work_value(w, all);
    deep_work(w, plan->skip == RCN_SKIP_GRAVES ? all : width, plan->deep_out);
}
