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
    return RC_OK;
}

/* Columns that layer i reads. */
static int64_t layer_in(const rcn_stack_plan *plan, int i)
{
    if (i == 0)
        return plan->in;

    const int64_t below = plan->hidden[i - 1] * plan->directions;

    return plan->skip == RCN_SKIP_GRAVES ? below + plan->in : below;
}

static rc_status add_layers(rcn_stack *s, rcn_params *ps, const char *name)
{
    const rcn_stack_plan *plan = &s->plan;
    char suffix[32];

    for (int i = 0; i < plan->layers; i++) {
        for (int d = 0; d < plan->directions; d++) {
            snprintf(suffix, sizeof suffix, "_l%d%s", i, d ? "_reverse" : "");
            RC_TRY(rcn_rnn_new(&s->layer[i * plan->directions + d], ps, name, suffix, plan->cell,
                               layer_in(plan, i), plan->hidden[i], plan->bias, d == 1));
        }
    }
    return RC_OK;
}

rc_status rcn_stack_new(rcn_stack *out, rcn_params *ps, const rcn_stack_plan *plan)
{
    *out = (rcn_stack){0};
    RC_TRY(check_plan(plan));

    const size_t layers = (size_t)plan->layers;
    rcn_stack s = {.plan = *plan, .states = plan->cell->states};

    s.hidden = rcb_alloc(layers, sizeof *s.hidden);
    s.layer = rcb_calloc(layers * (size_t)plan->directions, sizeof *s.layer);

    rc_status status = s.hidden && s.layer ? RC_OK : RC_ENOMEM;

    if (status == RC_OK) {
        memcpy(s.hidden, plan->hidden, layers * sizeof *s.hidden);
        s.plan.hidden = s.hidden;
        s.plan.name = NULL;
        status = add_layers(&s, ps, plan->name);
    }
    if (status != RC_OK) {
        rcn_stack_free(&s);
        return status;
    }
    for (int i = 0; i < plan->layers; i++) {
        const int64_t width = s.hidden[i] * plan->directions;

        s.state_width += width * s.states;
        s.out = plan->skip == RCN_SKIP_GRAVES ? s.out + width : width;
    }
    *out = s;
    return RC_OK;
}

void rcn_stack_free(rcn_stack *s)
{
    rcb_free(s->layer);
    rcb_free(s->hidden);
    *s = (rcn_stack){0};
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
    rc_var **finals; /* (layers * states) final states, with carry */
} run;

/* The initial states of layer i out of the carry, as leaves: copied into padded rows. `at` is the
 * layer's first column of the carry. */
static bool read_carry(const run *r, int i, int64_t at, rc_var *state[RC_STATES])
{
    const int64_t B = r->rows->seqs;
    const int64_t H = r->s->hidden[i];
    const int64_t ld = rck_pad(H);

    for (int k = 0; k < r->s->states; k++, at += H) {
        rc_real *x = rcg_keep(r->g, (size_t)(B * ld), sizeof *x);

        if (!x)
            return false;
        for (int64_t b = 0; b < B; b++) {
            memcpy(x + b * ld, r->carry + b * r->s->state_width + at, (size_t)H * sizeof *x);
            memset(x + b * ld + H, 0, (size_t)(ld - H) * sizeof *x);
        }
        state[k] = rcg_leaf(r->g, rc_shape_2(B, H), ld, x, NULL);
    }
    return true;
}

/* All final states into the carry. */
static void write_carry(const run *r)
{
    int64_t at = 0;

    for (int i = 0; i < r->s->plan.layers; i++) {
        const int64_t H = r->s->hidden[i];

        for (int k = 0; k < r->s->states; k++, at += H) {
            const rc_var *v = r->finals[i * r->s->states + k];

            for (int64_t b = 0; b < r->rows->seqs; b++)
                memcpy(r->carry + b * r->s->state_width + at, rcg_rows(v) + b * v->ld,
                       (size_t)H * sizeof *r->carry);
        }
    }
}

/* Layer i over x in all directions; `at` as above. NULL: the graph has failed. */
static rc_var *run_layer(const run *r, int i, int64_t at, rc_var *x)
{
    const int directions = r->s->plan.directions;
    rc_var *state[RC_STATES];
    rc_var *y[2];

    for (int k = 0; k < RC_STATES; k++)
        state[k] = RC_NONE;
    if (r->carry && !read_carry(r, i, at, state))
        return NULL;
    if (directions == 2) {
        const rcn_rnn *l = &r->s->layer[i * 2];

        return rcn_rnn_run_both(l, r->ps, r->g, r->rows, x, y) ? rc_concat(r->g, 2, y) : NULL;
    }
    y[0] = rcn_rnn_run(&r->s->layer[i], r->ps, r->g, r->rows, x, state);
    for (int k = 0; r->carry && k < r->s->states; k++)
        r->finals[i * r->s->states + k] = rc_rnn_state(r->g, y[0], k);
    return y[0];
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
        at += r->s->hidden[i] * r->s->states;
    }
    return plan->skip == RCN_SKIP_GRAVES ? rc_concat(r->g, plan->layers, outputs) : y;
}

rc_var *rcn_stack_run(const rcn_stack *s, const rcn_params *ps, rc_graph *g, const rc_rows *rows,
                      rc_var *x, rc_real *carry)
{
    const size_t layers = (size_t)s->plan.layers;

    if (carry && s->plan.directions == 2)
        return rcg_failed(g,
                          RC_FAIL(RC_EINVAL, "cannot carry state through a bidirectional stack"));

    run r = {.s = s, .ps = ps, .g = g, .rows = rows, .x = x, .carry = carry};
    rc_var **outputs = rcg_keep(g, layers, sizeof(rc_var *));

    r.finals = rcg_keep(g, layers * (size_t)s->states, sizeof(rc_var *));
    if (!outputs || !r.finals)
        return NULL;

    rc_var *y = run_layers(&r, outputs);

    if (y && carry)
        write_carry(&r);
    return y;
}

/* ---- what it takes ------------------------------------------------------------------------- */

void rcn_stack_work(const rcn_stack *s, rcg_work *w)
{
    const rcn_stack_plan *plan = &s->plan;
    int64_t width = plan->in;

    for (int i = 0; i < plan->layers; i++) {
        const int64_t below = width;

        if (i > 0 && plan->dropout > 0)
            rcg_work_dropout(w, below, plan->locked);
        if (i > 0 && plan->skip == RCN_SKIP_GRAVES)
            rcg_work_value(w, below + plan->in);
        rcg_work_rnn(w, plan->cell, layer_in(plan, i), s->hidden[i], plan->directions);
        width = s->hidden[i] * plan->directions;
        if (plan->directions == 2)
            rcg_work_value(w, width);
        if (plan->skip == RCN_SKIP_RESIDUAL && below == width)
            rcg_work_value(w, width);
    }
    if (plan->skip == RCN_SKIP_GRAVES)
        rcg_work_value(w, s->out);
}
