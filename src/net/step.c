/* step.c -- one time step of a stack for one sequence, without a graph: what sampling, scoring and
 * streaming are made of.
 *
 * The products and the stages of the cells are those of rcn_stack_run() in the same order, so the
 * bits are the same. What the first layer adds up of a symbol, W x + b, depends on the symbol
 * alone: where that fits into FOLD_MOST bytes for all symbols it is kept, each when it first
 * occurs. Any number of threads may step: the first to meet a symbol computes it, others do so for
 * themselves until it is there.
 */
#include "net/net.h"

#include <stdatomic.h>
#include <string.h>

static const size_t FOLD_MOST = (size_t)16 << 20;

/* What is known of a symbol. */
enum { UNKNOWN, CLAIMED, READY };
typedef struct mark {
    _Atomic unsigned char is;
} mark;

struct rcn_stepper {
    const rcn_stack *stack;
    const rcn_params *ps;
    const rcn_param *table; /* (V, in) symbol vectors; NULL: there are none */
    int64_t fold_row;       /* reals of the pre-activations of layer 0 */
    rc_real *fold;          /* (V, fold_row); NULL: not kept */
    mark *known;            /* (V) */
    rc_real **both;         /* (layers) b + c of a layer that has both, else NULL */
};

/* ---- layers as the descriptor has them ------------------------------------------------------- */

/* One layer in one step: its weights and the memory of its cell. */
typedef struct layer {
    const rcn_rnn *rnn;
    const rcg_weight *w, *u, *b, *c, *vectors, *r; /* all but w may be absent: NULL */
    const rc_real *both;
    rc_real *gates; /* one row of every stage's panels, one after the other */
    rc_real *apart; /* the same, for cells that keep U parts apart */
    int8_t *room;   /* for rcg_row_range(): row_room() bytes for each worker */
    rcc_step step;
} layer;

static const rcg_weight *weight_at(const rcn_params *ps, size_t place)
{
    return place == SIZE_MAX ? NULL : &ps->p[place].weight;
}

static layer layer_of(const rcn_stepper *s, int i)
{
    const rcn_rnn *r = &s->stack->layer[i];

    return (layer){
        .rnn = r,
        .w = weight_at(s->ps, r->w_ih),
        .u = weight_at(s->ps, r->w_hh),
        .b = weight_at(s->ps, r->b_ih),
        .c = weight_at(s->ps, r->b_hh),
        .vectors = weight_at(s->ps, r->vectors),
        .r = weight_at(s->ps, r->w_hr),
        .both = s->both[i],
    };
}

/* How the gates of a stage lie. */
static rck_panel gates_layout(const layer *l, int stage)
{
    const rcc_cell *cell = l->rnn->cell;

    return rck_panel_of(rcc_stage_width(cell, stage, l->rnn->width),
                        cell->stage[rcc_gates_stage(cell, stage)].gates, 1);
}

/* Reals of one row of activations before those that `stage` works on. */
static int64_t row_before(const layer *l, int stage)
{
    const rcc_cell *cell = l->rnn->cell;
    const int own = stage < cell->stages ? rcc_gates_stage(cell, stage) : stage;
    int64_t n = 0;

    for (int i = 0; i < own; i++) {
        if (cell->stage[i].goes_on)
            continue;
        const rck_panel p = gates_layout(l, i);
        n += p.count * p.cols;
    }
    return n;
}

static int64_t row_of(const layer *l)
{
    return row_before(l, l->rnn->cell->stages);
}

static const rc_real *block(const rcg_weight *bias, int stage)
{
    return bias && bias->lay[stage].gates > 0 ? bias->w + bias->at[stage] : NULL;
}

/* What W x is added to: every bias that is summed with it (see op_seq.c of the graph). */
static const rc_real *input_bias(const layer *l, int stage)
{
    const rcc_stage *st = &l->rnn->cell->stage[stage];

    if (st->apart || st->v == RCC_NO_V || !l->c)
        return block(l->b, stage);
    return block(l->b, stage) ? l->both + l->b->at[stage] : block(l->c, stage);
}

/* W x + b of the panels `r` of a stage into `gates`. */
static void input_product(const layer *l, int stage, const rcg_range *r, const rc_real *x,
                          rc_real *gates, int8_t *room)
{
    const rck_panel lay = gates_layout(l, stage);
    const rc_real *bias = input_bias(l, stage);
    const int64_t first = r->from * lay.cols, n = (r->to - r->from) * lay.cols;
    rc_real *to = gates + row_before(l, stage);

    if (!l->rnn->cell->stage[stage].no_x)
        rcg_row_range(l->w, stage, r, x, bias, false, to, room);
    else if (bias)
        memcpy(to + first, bias + first, (size_t)n * sizeof *to);
    else
        rck->fill(n, 0, to + first);
}

/* W x + b of all stages into `gates`. */
static void input_products(const layer *l, const rc_real *x, rc_real *gates)
{
    for (int i = 0; i < l->rnn->cell->stages; i++)
        if (!l->rnn->cell->stage[i].goes_on)
            input_product(l, i, &(rcg_range){0, gates_layout(l, i).count}, x, gates, l->room);
}

static size_t row_room(const layer *l)
{
    const rcg_weight *const all[] = {l->w, l->u, l->r};
    size_t most = 0;

    for (int i = 0; i < 3; i++)
        if (all[i] && rcg_row_room(all[i]) > most)
            most = rcg_row_room(all[i]);
    return most;
}

static rcc_gates gates_of(const layer *l, int stage, rc_real *row)
{
    const rck_panel lay = gates_layout(l, stage);

    return (rcc_gates){
        .p = row + row_before(l, stage),
        .panel = lay.cols,
        .row = lay.cols,
        .per = lay.span / RCK_LANES,
        .gates = lay.gates,
    };
}

static rcc_gates vectors_of(const layer *l)
{
    const rck_panel *lay = &l->vectors->lay[0];

    return (rcc_gates){
        .p = l->vectors->w, .panel = lay->cols, .per = lay->span / RCK_LANES, .gates = lay->gates};
}

/* One stage of a layer on its way: what all workers share. */
typedef struct stage_job {
    const layer *l;
    const rc_real *x; /* NULL: W x + b is there already */
    int stage;
    int first_product;
    const rcc_product *product;
    int products;
} stage_job;

/* Panels `r` of a stage: W x + b, U v, then the gates. */
static void run_panels(const stage_job *j, const rcg_range *r, int8_t *room)
{
    const layer *l = j->l;
    const rcc_stage *st = &l->rnn->cell->stage[j->stage];
    const unsigned apart = l->rnn->cell->stage[rcc_gates_stage(l->rnn->cell, j->stage)].apart;
    const rck_panel lay = gates_layout(l, j->stage);
    const int per = lay.span / RCK_LANES;
    const int64_t groups = rck_pad(lay.units) / RCK_LANES;
    rcc_step step = l->step;
    bool add = !apart;

    step.gates = gates_of(l, j->stage, l->gates);
    step.apart = apart ? gates_of(l, j->stage, l->apart) : (rcc_gates){0};
    step.first = r->from * per;
    step.last = r->to * per < groups ? r->to * per : groups;
    step.ld = groups * RCK_LANES;
    step.units = lay.units;
    if (j->x && !st->goes_on)
        input_product(l, j->stage, r, j->x, l->gates, room);
    for (int p = j->first_product; p < j->products && j->product[p].stage == j->stage;
         p++, add = true) {
        const int v = j->product[p].v;

        rcg_row_range(st->narrow ? l->r : l->u, j->product[p].block, r,
                      v >= RCC_V_AUX ? step.aux[v - RCC_V_AUX] : step.in[v], block(l->c, j->stage),
                      add, apart ? step.apart.p : step.gates.p, room);
    }
    st->forward(&step);
}

static void stage_share(const rcb_worker *w, void *ctx)
{
    const stage_job *j = ctx;
    rcg_range r;

    rcb_share(w, gates_layout(j->l, j->stage).count, 1, &r.from, &r.to);
    if (r.from < r.to)
        run_panels(j, &r, j->l->room + (size_t)w->id * row_room(j->l));
}

/* Weights that one worker reads in less time than it takes to call another. */
static const int64_t WORKER_LEAST = 1 << 16;

/* How many workers a stage is worth. */
static int workers_for(const layer *l, rcb_pool *pool)
{
    const rcc_cell *cell = l->rnn->cell;
    const int64_t H = l->rnn->hidden;
    const int64_t worth = H * H * cell->gates / cell->stages / WORKER_LEAST;
    const int all = rcb_pool_size(pool);

    return worth < 2 ? 1 : worth < all ? (int)worth : all;
}

/* The stages of the cell, one after the other. x: see stage_job. */
static void run_stages(layer *l, const rc_real *x, rcb_pool *pool)
{
    const rcc_cell *cell = l->rnn->cell;
    const int workers = workers_for(l, pool);
    rcc_product product[RCC_PRODUCTS];
    stage_job job = {.l = l, .x = x, .product = product, .products = rcc_products(cell, product)};

    for (; job.stage < cell->stages; job.stage++) {
        if (workers > 1)
            rcb_pool_run(pool, workers, stage_share, &job);
        else
            run_panels(&job, &(rcg_range){0, gates_layout(l, job.stage).count}, l->room);
        while (job.first_product < job.products && product[job.first_product].stage == job.stage)
            job.first_product++;
    }
}

/* ---- making ---------------------------------------------------------------------------------- */

static rc_status add_both(rcn_stepper *s)
{
    const int layers = s->stack->plan.layers;

    s->both = rcb_calloc((size_t)layers, sizeof *s->both);
    if (!s->both)
        return RC_ENOMEM;
    for (int i = 0; i < layers; i++) {
        const layer l = layer_of(s, i);

        if (!l.b || !l.c)
            continue;
        const int64_t size = rcg_weight_size(l.b);
        s->both[i] = rcb_alloc((size_t)size, sizeof(rc_real));
        if (!s->both[i])
            return RC_ENOMEM;
        rcg_bias_sum(l.b, l.c, s->both[i]);
    }
    return RC_OK;
}

static rc_status add_fold(rcn_stepper *s)
{
    const layer l = layer_of(s, 0);
    size_t bytes;

    s->fold_row = row_of(&l);
    if (!s->table || s->stack->plan.window > 1 ||
        !rcb_mul((size_t)s->table->dim[0], (size_t)s->fold_row * sizeof(rc_real), &bytes) ||
        bytes > FOLD_MOST)
        return RC_OK;
    s->known = rcb_calloc((size_t)s->table->dim[0], sizeof *s->known);
    s->fold = rcb_alloc(bytes, 1);
    return s->known && s->fold ? RC_OK : RC_ENOMEM;
}

rc_status rcn_stepper_new(rcn_stepper **out, const rcn_stack *stack, const rcn_params *ps,
                          size_t table)
{
    *out = NULL;
    if (stack->plan.directions != 1)
        return RC_FAIL(RC_EINVAL, "cannot go through a bidirectional stack step by step");

    rcn_stepper *s = rcb_calloc(1, sizeof *s);

    if (!s)
        return RC_ENOMEM;
    s->stack = stack;
    s->ps = ps;
    s->table = table == SIZE_MAX ? NULL : &ps->p[table];
    rc_status status = add_both(s);
    if (status == RC_OK)
        status = add_fold(s);
    if (status != RC_OK) {
        rcn_stepper_free(s);
        return status;
    }
    *out = s;
    return RC_OK;
}

void rcn_stepper_free(rcn_stepper *s)
{
    if (!s)
        return;
    for (int i = 0; s->both && i < s->stack->plan.layers; i++)
        rcb_free(s->both[i]);
    rcb_free(s->both);
    rcb_free(s->known);
    rcb_free(s->fold);
    rcb_free(s);
}

/* ---- stepping -------------------------------------------------------------------------------- */

/* One step: what it reads, and its memory, which is the graph's. */
typedef struct run {
    const rcn_stepper *s;
    rc_graph *g;
    int32_t id; /* the symbol, where x is its vector; -1: x is given */
    rc_real *x; /* (in) */
    rc_real *state;
} run;

static rc_real *reals(const run *r, int64_t n)
{
    return rcg_keep(r->g, (size_t)rck_pad(n), sizeof(rc_real));
}

/* The vector of a symbol: a row of a table, or of the transposed panels of a tied one. */
static void symbol_vector(const rcn_param *table, int32_t id, rc_real *x)
{
    if (!table->packed) {
        memcpy(x, table->w + id * table->ld, (size_t)table->dim[1] * sizeof *x);
        return;
    }
    const rck_panel t = rck_panel_t(&table->weight.lay[0]);

    for (int64_t q = 0; q < t.count; q++)
        memcpy(x + q * t.cols, table->weight.wt + (q * t.K + id) * t.cols,
               (size_t)(q == t.count - 1 ? t.last : t.cols) * sizeof *x);
}

/* Layer 0's W x + b of a known symbol, whose x it reads; or NULL. */
static const rc_real *fold_of(const run *r, const layer *l, const rc_real *x)
{
    const rcn_stepper *s = r->s;

    if (!s->fold || r->id < 0)
        return NULL;

    _Atomic unsigned char *known = &s->known[r->id].is;
    rc_real *row = s->fold + r->id * s->fold_row;
    unsigned char state = UNKNOWN;

    if (atomic_load_explicit(known, memory_order_acquire) == READY)
        return row;
    if (!atomic_compare_exchange_strong(known, &state, CLAIMED))
        return state == READY ? row : NULL;
    input_products(l, x, row);
    atomic_store_explicit(known, READY, memory_order_release);
    return row;
}

/* The memory of layer i's cell; its states come out of the caller's. False: the graph has
 * failed. */
static bool layer_memory(const run *r, layer *l, const rc_real *state)
{
    const rcc_cell *cell = l->rnn->cell;
    const rcc_widths width = l->rnn->width;
    const int64_t row = row_of(l), H = width.H;

    l->gates = reals(r, row);
    l->apart = reals(r, row);
    l->room = rcg_keep(r->g, (size_t)rcb_pool_size(rcg_pool(r->g)) * row_room(l), 1);
    l->step = (rcc_step){.rows = 1};
    l->step.keep = cell->keep ? reals(r, H) : NULL;
    l->step.sum_row = rck_pad(H) / RCK_LANES * cell->sums;
    l->step.sum = cell->sums > 0 ? reals(r, l->step.sum_row) : NULL;
    if (l->vectors)
        l->step.vec = vectors_of(l);
    for (int i = 0; i < cell->aux; i++)
        l->step.aux[i] = reals(r, H);
    for (int i = 0; i < cell->states; i++) {
        const int64_t n = rcc_state_width(cell, i, width);
        rc_real *in = reals(r, n);

        l->step.out[i] = reals(r, n);
        if (!in || !l->step.out[i])
            return false;
        memcpy(in, state, (size_t)n * sizeof *in);
        memset(in + n, 0, (size_t)(rck_pad(n) - n) * sizeof *in);
        l->step.in[i] = in;
        state += n;
    }
    return rc_graph_status(r->g) == RC_OK;
}

/* x of so many columns behind the steps before it, which move on; NULL: the graph has failed. */
static const rc_real *windowed(const run *r, const rc_real *x, int64_t cols, rc_real *lead)
{
    const int64_t before = (r->s->stack->plan.window - 1) * cols;
    rc_real *all = reals(r, before + cols);

    if (!all)
        return NULL;
    memcpy(all, lead, (size_t)before * sizeof *all);
    memcpy(all + before, x, (size_t)cols * sizeof *all);
    memcpy(lead, all + cols, (size_t)before * sizeof *all);
    return all;
}

/* Zoneout of what the cell has made. False: the graph has failed. */
static bool zone_out(const run *r, layer *l)
{
    for (int k = 0; k < l->rnn->cell->states; k++) {
        if (l->rnn->zoneout[k] == 0)
            continue;
        const int64_t n = rck_pad(rcc_state_width(l->rnn->cell, k, l->rnn->width));
        rc_real *mean = reals(r, n);

        if (!mean)
            return false;
        rcg_zone_mean(n, l->rnn->zoneout[k], l->step.in[k], l->step.out[k], mean);
        l->step.out[k] = mean;
    }
    return true;
}

/* Layer i over x; its states move on. Returns what it gives, or NULL: the graph has failed. */
static rc_real *run_layer(const run *r, int i, const rc_real *x, rc_real *state)
{
    layer l = layer_of(r->s, i);
    const rcc_cell *cell = l.rnn->cell;
    const int64_t window = r->s->stack->plan.window;

    if (window > 1)
        x = windowed(r, x, l.rnn->in / window, state + rcc_states_width(cell, l.rnn->width));
    if (!x || !layer_memory(r, &l, state))
        return NULL;
    const rc_real *fold = i == 0 ? fold_of(r, &l, x) : NULL;
    if (fold)
        memcpy(l.gates, fold, (size_t)r->s->fold_row * sizeof *fold);
    run_stages(&l, fold ? NULL : x, rcg_pool(r->g));
    if (!zone_out(r, &l))
        return NULL;
    for (int k = 0; k < cell->states; k++) {
        const int64_t n = rcc_state_width(cell, k, l.rnn->width);

        memcpy(state, l.step.out[k], (size_t)n * sizeof *state);
        state += n;
    }
    return l.step.out[0];
}

/* The layer of tanh at a place over x, where there is one; NULL: the graph has failed. */
static rc_real *deep(const run *r, const size_t place[2], rc_real *x)
{
    if (place[0] == SIZE_MAX || !x)
        return x;

    const rcg_weight *w = weight_at(r->s->ps, place[0]);
    const int64_t n = w->lay[0].count * w->lay[0].cols;
    rc_real *y = reals(r, n);
    int8_t *room = rcg_keep(r->g, rcg_row_room(w), 1);

    if (!y || !room)
        return NULL;
    rcg_row_range(w, 0, &(rcg_range){0, w->lay[0].count}, x, weight_at(r->s->ps, place[1])->w,
                  false, y, room);
    rck->tanh(n, y, y);
    return y;
}

/* All layers over x, which the first one reads. */
static rc_real *run_layers(const run *r, rc_real *input)
{
    const rcn_stack *stack = r->s->stack;
    const rcn_stack_plan *plan = &stack->plan;
    int64_t width = stack->first, at = 0, sum = 0;

    for (int i = 0; i < plan->layers; i++)
        sum += rcn_rnn_out(&stack->layer[i]);
    rc_real *all = reals(r, sum), *beside = reals(r, sum + stack->first);
    rc_real *y = input, *state = r->state;

    for (int i = 0; i < plan->layers; i++) {
        const rcn_rnn *l = &stack->layer[i];
        const int64_t H = rcn_rnn_out(l);
        const rc_real *below = y, *x = y;
        const int64_t lead = plan->window > 1 ? l->in / plan->window : 0;

        if (!all || !beside || !input)
            return NULL;
        if (i > 0 && plan->skip == RCN_SKIP_GRAVES) {
            memcpy(beside, below, (size_t)width * sizeof *beside);
            memcpy(beside + width, input, (size_t)stack->first * sizeof *beside);
            x = beside;
        }
        y = run_layer(r, i, x, state);
        if (!y)
            return NULL;
        if (plan->skip == RCN_SKIP_RESIDUAL && width == H)
            rck->add(H, below, y, y);
        if (plan->skip == RCN_SKIP_GRAVES)
            memcpy(all + at, y, (size_t)H * sizeof *all);
        at += H;
        width = H;
        state += rcc_states_width(l->cell, l->width) + lead * (plan->window - 1);
    }
    return plan->skip == RCN_SKIP_GRAVES ? all : y;
}

static rc_var *result(const run *r)
{
    const int64_t out = r->s->stack->out, ld = rck_pad(out);
    const uint64_t before = rcb_denormals_flush();
    rc_real *y = deep(r, r->s->stack->deep_out, run_layers(r, deep(r, r->s->stack->deep_in, r->x)));

    rcb_denormals_restore(before);
    if (!y)
        return NULL;
    rck->fill(ld - out, 0, y + out);
    return rcg_leaf(r->g, rc_shape_2(1, out), ld, y, NULL);
}

rc_var *rcn_step_symbol(const rcn_stepper *s, rc_graph *g, int32_t id, rc_real *state)
{
    const run memory = {.g = g};
    const run r = {s, g, id, reals(&memory, s->stack->plan.in), state};

    assert(s->table && id >= 0 && id < s->table->dim[0]);
    if (r.x)
        symbol_vector(s->table, id, r.x);
    return result(&r);
}

rc_var *rcn_step_vector(const rcn_stepper *s, rc_graph *g, const rc_real *x, rc_real *state)
{
    const run memory = {.g = g};
    const run r = {s, g, -1, reals(&memory, s->stack->plan.in), state};

    if (r.x)
        memcpy(r.x, x, (size_t)s->stack->plan.in * sizeof *x);
    return result(&r);
}
