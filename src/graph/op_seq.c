/* op_seq.c -- a whole batch of sequences through one cell: the operation and its way forward; the
 * way back is seq_back.c, and the two are the only back-propagation through time in the house.
 *
 * The input product of all rows is one GEMM per stage; only U v is sequential. Each worker owns a
 * range of unit groups for the whole sequence: it multiplies and runs the gates for them, then one
 * barrier per stage and time step (none where nothing recurrent is multiplied: a unit then depends
 * on itself alone). Shares run over output columns or rows, never over k, so bits do not depend on
 * the number of workers.
 *
 * Rows are ragged (see rc_rows). "Visited" means the order of the recurrence: t = 0 .. T-1, or T-1
 * .. 0 when reversed. The state before a step is the state of the step visited before for the
 * sequences alive there, and the initial state for those that begin.
 */
#include "graph/seq_in.h"

#include <string.h>

enum {
    IN_X = RCG_SEQ_X,
    IN_W = RCG_SEQ_W,
    IN_U = RCG_SEQ_U,
    IN_B = RCG_SEQ_B,
    IN_C = RCG_SEQ_C,
    IN_VECTORS = RCG_SEQ_VECTORS,
    IN_R = RCG_SEQ_R,
    IN_STATE = RCG_SEQ_STATE,
    INPUTS = RCG_SEQ_INPUTS
};

typedef rcg_seq seq;

rc_rnn_args rc_rnn_args_default(void)
{
    rc_rnn_args a = {
        .cell = "lstm",
        .w_ih = RC_NONE,
        .w_hh = RC_NONE,
        .b_ih = RC_NONE,
        .b_hh = RC_NONE,
        .vectors = RC_NONE,
        .w_hr = RC_NONE,
    };
    for (int i = 0; i < RC_STATES; i++)
        a.state[i] = RC_NONE;
    return a;
}

/* ---- shapes ------------------------------------------------------------------------------ */

static rc_status check_weight(const rcc_cell *cell, const char *what, const rc_var *v, int64_t rows,
                              int64_t cols)
{
    char text[RCG_SHAPE_TEXT];
    const int64_t have_rows = v->shape.rank == 1 ? v->cols : v->rows;
    const int64_t have_cols = v->shape.rank == 1 ? 1 : v->cols;

    if (have_rows == rows && have_cols == cols)
        return RC_OK;
    return RC_FAIL(RC_ESHAPE, "%s: %s is %s, expected (%" PRId64 ",%" PRId64 ")", cell->name, what,
                   rcg_shape_text(v->shape, text), rows, cols);
}

rc_status rcg_seq_infer(const rcg_node *n, rc_shape *out)
{
    const seq *own = n->own;
    const rcc_cell *cell = own->cell;
    const rc_var *x = n->in[IN_X];
    const int64_t H = own->width.H, gates = rcc_part_gates(cell, RCC_W);

    if (x->shape.rank != 2 || x->rows != own->rows.at[own->rows.steps])
        return RC_FAIL(RC_ESHAPE, "%s: input has %" PRId64 " rows, the batch has %" PRId64,
                       cell->name, x->rows, own->rows.at[own->rows.steps]);
    if (n->in[IN_W]->rows % gates != 0)
        return RC_FAIL(RC_ESHAPE,
                       "%s: the input weight has %" PRId64 " rows, not a multiple of "
                       "the cell's %" PRId64 " gates",
                       cell->name, n->in[IN_W]->rows, gates);
    RC_TRY(check_weight(cell, "the input weight", n->in[IN_W], gates * H, x->cols));
    if (own->width.P > H)
        return RC_FAIL(RC_ESHAPE,
                       "%s: the projection has %" PRId64
                       " rows, at most as many as the cell's %" PRId64 " units are possible",
                       cell->name, own->width.P, H);
    if (rcc_part_gates(cell, RCC_R) > 0)
        RC_TRY(check_weight(cell, "the projection", n->in[IN_R],
                            rcc_part_gates(cell, RCC_R) * own->width.P,
                            rcc_columns(cell, RCC_R, own->width)));
    else if (!rcg_absent(n->in[IN_R]))
        return RC_FAIL(RC_ESHAPE, "%s: a projection is given, the cell has none", cell->name);
    if (rcc_part_gates(cell, RCC_U) > 0)
        RC_TRY(check_weight(cell, "the recurrent weight", n->in[IN_U],
                            rcc_part_gates(cell, RCC_U) * H, rcc_columns(cell, RCC_U, own->width)));
    if (!rcg_absent(n->in[IN_B]))
        RC_TRY(
            check_weight(cell, "the input bias", n->in[IN_B], rcc_part_gates(cell, RCC_B) * H, 1));
    if (!rcg_absent(n->in[IN_C]))
        RC_TRY(check_weight(cell, "the recurrent bias", n->in[IN_C],
                            rcc_part_gates(cell, RCC_C) * H, 1));
    if (cell->vectors > 0)
        RC_TRY(
            check_weight(cell, "the weight of vectors", n->in[IN_VECTORS], cell->vectors * H, 1));
    for (int i = 0; i < RC_STATES; i++) {
        const rc_var *h = n->in[IN_STATE + i];
        const int64_t cols = rcc_state_width(cell, i, own->width);
        if (!rcg_absent(h) && i >= cell->states)
            return RC_FAIL(RC_ESHAPE, "%s: initial state %d is given, the cell has %d", cell->name,
                           i + 1, cell->states);
        if (!rcg_absent(h) && (h->rows != own->rows.seqs || h->cols != cols))
            return RC_FAIL(RC_ESHAPE,
                           "%s: initial state '%s' is (%" PRId64 ",%" PRId64 "), expected (%" PRId64
                           ",%" PRId64 ")",
                           cell->name, cell->state_name[i], h->rows, h->cols, own->rows.seqs, cols);
    }
    RC_TRY(rcg_zone_check(own));
    *out = rc_shape_2(x->rows, rcc_state_width(cell, 0, own->width));
    out->axis[0] = RC_TIME;
    return RC_OK;
}

/* ---- which rows come before ------------------------------------------------------------- */

int64_t rcg_seq_alive(const seq *s, int64_t t)
{
    return t < 0 || t >= s->rows.steps ? 0 : s->rows.at[t + 1] - s->rows.at[t];
}

int rcg_seq_segments(const seq *s, int64_t t, rcg_segment out[2])
{
    const int64_t before = s->reverse ? t + 1 : t - 1;
    const int64_t n = rcg_seq_alive(s, t);
    int64_t going = rcg_seq_alive(s, before);
    int count = 0;

    if (going > n)
        going = n;
    if (going > 0)
        out[count++] = (rcg_segment){0, going, s->rows.at[before]};
    if (going < n)
        out[count++] = (rcg_segment){going, n - going, -1};
    return count;
}

int64_t rcg_seq_last_row(const rcg_seq *s, int64_t b)
{
    if (rcg_seq_alive(s, 0) <= b)
        return -1;
    int64_t t = 0;
    while (!s->reverse && rcg_seq_alive(s, t + 1) > b)
        t++;
    return s->rows.at[t] + b;
}

const rc_real *rcg_seq_before(const seq *s, int i, const rcg_segment *g)
{
    const int64_t ld = rcg_seq_state_ld(s, i);

    return g->from >= 0 ? s->state[i] + g->from * ld : s->init[i] + g->first * ld;
}

/* The v of product p at step t for a segment. */
const rc_real *rcg_seq_product_v(const seq *s, int p, int64_t t, const rcg_segment *g)
{
    const int v = s->product[p].v;
    return v >= RCC_V_AUX ? s->aux[v - RCC_V_AUX] + (s->rows.at[t] + g->first) * rcg_seq_ld(s)
                          : rcg_seq_before(s, v - RCC_V_STATE, g);
}

/* A block of stage st, from a row on. */
static rcc_gates block(const seq *s, int st, rc_real *p, int64_t row)
{
    const rck_panel *lay = &s->lay[st];
    if (!p)
        return (rcc_gates){0};
    return (rcc_gates){
        .p = p + row * lay->cols,
        .panel = s->N * lay->cols,
        .row = lay->cols,
        .per = lay->span / RCK_LANES,
        .gates = lay->gates,
    };
}

/* The vectors of weights, or their gradients. */
static rcc_gates vectors_of(const seq *s, rc_real *p)
{
    const rck_panel *lay = &s->vectors->lay[0];
    return (rcc_gates){
        .p = p, .panel = lay->cols, .per = lay->span / RCK_LANES, .gates = lay->gates};
}

rcc_step rcg_seq_step(const seq *s, int st, int64_t t, const rcg_segment *g, int64_t u0, int64_t u1)
{
    const int64_t row = s->rows.at[t] + g->first, ld = rcg_seq_ld(s);
    rcc_step p = {
        .rows = g->rows,
        .first = u0,
        .last = u1,
        .ld = rcg_seq_stage_ld(s, st),
        .units = rcc_stage_width(s->cell, st, s->width),
        .gates = block(s, st, s->gates[st], row),
        .apart = block(s, st, s->apart[st], row),
        .keep = s->keep ? s->keep + row * ld : NULL,
        .sum = s->sum ? s->sum + row * s->sum_row : NULL,
        .sum_row = s->sum_row,
    };
    for (int i = 0; i < s->cell->states; i++) {
        p.in[i] = rcg_seq_before(s, i, g);
        p.out[i] = (s->raw[i] ? s->raw[i] : s->state[i]) + row * rcg_seq_state_ld(s, i);
    }
    for (int i = 0; i < s->cell->aux; i++)
        p.aux[i] = s->aux[i] + row * ld;
    if (s->vectors) {
        p.vec = vectors_of(s, s->vectors->w);
        p.d_vec = vectors_of(s, s->vectors->g);
    }
    return p;
}

/* ---- forward ----------------------------------------------------------------------------- */

/* Block `st` of a bias; NULL: there is none. */
static const rc_real *bias_of(const rcg_weight *b, int st)
{
    return b && b->lay[st].gates > 0 ? b->w + b->at[st] : NULL;
}

/* What the input part of a stage's gates begins as: every bias that is added to it. */
static const rc_real *input_bias(const seq *s, int st)
{
    if (s->apart[st] || s->cell->stage[st].v == RCC_NO_V || !s->c)
        return bias_of(s->b, st);
    return bias_of(s->b, st) ? s->both + s->b->at[st] : bias_of(s->c, st);
}

static void forward_input(const seq *s, int st, int64_t u0, int64_t u1)
{
    const rc_var *x = s->n->in[IN_X];
    const rck_panel *lay = &s->lay[st];
    rck_gemm g =
        rcg_gemm_forward(s->w, st, s->N, x->x, x->ld, input_bias(s, st), s->gates[st], s->N);

    if (s->cell->stage[st].no_x) /* the same without a term */
        g = (rck_gemm){
            .rows = s->N,
            .b = s->gates[st],
            .c = s->gates[st],
            .c_row = lay->cols,
            .c_panel = s->N * lay->cols,
            .start = input_bias(s, st),
            .start_panel = lay->cols,
            .panels = lay->count,
            .cols = lay->cols,
            .cols_last = lay->last,
        };
    rcg_gemm_groups(g, lay, u0, u1);
}

/* Is it the first product of its stage? */
static bool is_first(const seq *s, int p)
{
    return p == 0 || s->product[p - 1].stage != s->product[p].stage;
}

/* Product p at step t for a segment. The panels are walked there and back in turn: what is in the
 * cache from the step before is used first. */
static void forward_product(const seq *s, int p, int64_t t, const rcg_segment *seg, int64_t u0,
                            int64_t u1)
{
    const int st = s->product[p].stage, block = s->product[p].block;
    const rcg_weight *w = rcg_seq_weight(s, p);
    const rck_panel *lay = &w->lay[block];
    const int64_t ld = rck_pad(rcc_v_width(s->cell, s->product[p].v, s->width));
    rc_real *to = s->apart[st] ? s->apart[st] : s->gates[st];
    rck_gemm g =
        rcg_gemm_forward(w, block, seg->rows, rcg_seq_product_v(s, p, t, seg), ld,
                         bias_of(s->c, st), to + (s->rows.at[t] + seg->first) * lay->cols, s->N);
    g.add = !s->apart[st] || !is_first(s, p);
    g.backwards = t % 2;
    rcg_gemm_groups(g, lay, u0, u1);
}

static void forward_stage(const seq *s, int st, int64_t t, const rcb_worker *worker)
{
    rcg_segment seg[2];
    const int count = rcg_seq_segments(s, t, seg);
    int64_t u0, u1;

    rcb_share(worker, rcg_seq_stage_ld(s, st) / RCK_LANES, 1, &u0, &u1);

    for (int i = 0; i < count; i++) {
        for (int p = 0; p < s->products; p++)
            if (s->product[p].stage == st)
                forward_product(s, p, t, &seg[i], u0, u1);
        const rcc_step step = rcg_seq_step(s, st, t, &seg[i], u0, u1);
        s->cell->stage[st].forward(&step);
        if (s->zoned && st == s->cell->stages - 1)
            rcg_zone_mix(s, t, &seg[i], worker);
    }
}

void rcg_seq_forward(const rcb_worker *worker, void *ctx)
{
    const seq *s = ctx;
    const int64_t T = s->rows.steps;
    int64_t u0, u1;

    for (int st = 0; st < s->cell->stages; st++) {
        rcb_share(worker, rcg_seq_stage_ld(s, st) / RCK_LANES, 1, &u0, &u1);
        if (!s->cell->stage[st].goes_on)
            forward_input(s, st, u0, u1);
    }
    for (int64_t i = 0; i < T; i++)
        for (int st = 0; st < s->cell->stages; st++) {
            forward_stage(s, st, s->reverse ? T - 1 - i : i, worker);
            if (s->products > 0)
                rcb_barrier(worker);
        }
}

rc_real *rcg_seq_rows(const seq *s, int64_t rows, int64_t ld)
{
    return rcg_keep(s->n->graph, (size_t)rows, (size_t)ld * sizeof(rc_real));
}

static rc_real *panels_of(const seq *s, int st)
{
    const rck_panel *lay = &s->lay[st];
    return rcg_keep(s->n->graph, (size_t)(lay->count * s->N * lay->cols), sizeof(rc_real));
}

static rc_status part_of(rcg_node *n, int i, rcc_part part, bool transposed, rcg_weight **out)
{
    const seq *s = n->own;
    int gates[RCC_PRODUCTS];
    const int blocks = rcc_blocks(s->cell, part, gates);

    return rcg_weight_of(n, i, blocks, gates, part == RCC_R ? s->width.P : s->width.H, transposed,
                         out);
}

static rc_status forward_weights(rcg_node *n, seq *s)
{
    RC_TRY(part_of(n, IN_W, RCC_W, n->in[IN_X]->wants, &s->w));
    if (rcc_part_gates(s->cell, RCC_U) > 0)
        RC_TRY(part_of(n, IN_U, RCC_U, n->out->wants, &s->u));
    if (rcc_part_gates(s->cell, RCC_R) > 0)
        RC_TRY(part_of(n, IN_R, RCC_R, n->out->wants, &s->r));
    if (!rcg_absent(n->in[IN_B]))
        RC_TRY(part_of(n, IN_B, RCC_B, false, &s->b));
    if (!rcg_absent(n->in[IN_C]))
        RC_TRY(part_of(n, IN_C, RCC_C, false, &s->c));
    if (s->cell->vectors > 0)
        RC_TRY(rcg_weight_of(n, IN_VECTORS, 1, &s->cell->vectors, s->width.H, false, &s->vectors));
    for (int st = 0; st < s->cell->stages; st++)
        s->lay[st] = rck_panel_of(rcc_stage_width(s->cell, st, s->width),
                                  s->cell->stage[rcc_gates_stage(s->cell, st)].gates, 1);
    return RC_OK;
}

static rc_status forward_memory(rcg_node *n, seq *s)
{
    if (s->b && s->c) {
        s->both = rcg_keep(n->graph, (size_t)rcg_weight_size(s->b), sizeof *s->both);
        if (!s->both)
            return n->graph->status;
        rcg_bias_sum(s->b, s->c, s->both);
    }
    for (int st = 0; st < s->cell->stages; st++) {
        const bool goes_on = s->cell->stage[st].goes_on;

        s->gates[st] = goes_on ? s->gates[st - 1] : panels_of(s, st);
        if (s->cell->stage[st].apart)
            s->apart[st] = panels_of(s, st);
        else if (goes_on)
            s->apart[st] = s->apart[st - 1];
    }
    s->state[0] = n->out->x;
    for (int i = 0; i < s->cell->states; i++) {
        const rc_var *h = n->in[IN_STATE + i];
        const int64_t ld = rcg_seq_state_ld(s, i);
        if (i > 0)
            s->state[i] = rcg_seq_rows(s, s->N, ld);
        s->init[i] = rcg_absent(h) ? rcg_seq_rows(s, s->rows.seqs, ld) : h->x;
        if (rcg_absent(h) && s->init[i])
            rck->fill(s->rows.seqs * ld, 0, s->init[i]);
    }
    for (int i = 0; i < s->cell->aux; i++)
        s->aux[i] = rcg_seq_rows(s, s->N, rcg_seq_ld(s));
    if (s->cell->keep)
        s->keep = rcg_seq_rows(s, s->N, rcg_seq_ld(s));
    s->sum_row = rcg_seq_ld(s) / RCK_LANES * s->cell->sums;
    if (s->cell->sums > 0)
        s->sum = rcg_keep(n->graph, (size_t)(s->N * s->sum_row), sizeof *s->sum);
    return n->graph->status;
}

int rcg_seq_workers(const seq *s)
{
    const double rows = s->rows.steps > 0 ? (double)s->N / (double)s->rows.steps : 0;
    if (s->products == 0) /* nobody waits before the end */
        return rcg_workers(s->n->graph,
                           2 * (double)s->N * s->cell->gates * (double)(s->width.H * s->D));
    return rcg_workers(s->n->graph, 2 * rows * s->cell->gates * (double)(s->width.H * s->width.H));
}

rc_status rcg_seq_prepare(rcg_node *n)
{
    seq *s = n->own;

    s->n = n;
    s->N = n->in[IN_X]->rows;
    s->D = n->in[IN_X]->cols;
    RC_TRY(forward_weights(n, s));
    RC_TRY(forward_memory(n, s));
    return s->zoned ? rcg_zone_prepare(s) : RC_OK;
}

static rc_status rnn_forward(rcg_node *n)
{
    RC_TRY(rcg_seq_prepare(n));
    rcb_pool_run(n->graph->pool, rcg_seq_workers(n->own), rcg_seq_forward, n->own);
    return RC_OK;
}

static const rcg_op op_rnn = {
    .name = "rnn",
    .optional = RCG_SEQ_OPTIONAL,
    .infer = rcg_seq_infer,
    .forward = rnn_forward,
    .backward = rcg_seq_backward,
};

rcg_seq *rcg_seq_new(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_rnn_args *args,
                     rc_var *in[RCG_SEQ_INPUTS])
{
    const rcc_cell *cell = args->cell ? rcc_find(args->cell) : NULL;
    rc_status status = RC_OK;

    if (!cell)
        status = RC_FAIL_HINT(RC_EINVAL, "see: recur list cells", "rnn: there is no cell '%s'",
                              args->cell ? args->cell : "");
    else
        status = rcg_check_rows(cell->name, rows);
    if (status != RC_OK) {
        rcg_failed(g, status);
        return NULL;
    }

    rcc_product product[RCC_PRODUCTS] = {{0}};
    seq *own = rcg_keep(g, 1, sizeof *own);
    int64_t *at = rcg_keep(g, (size_t)rows->steps + 1, sizeof *at);
    if (!own || !at)
        return NULL;
    memcpy(at, rows->at, ((size_t)rows->steps + 1) * sizeof *at);
    *own = (seq){.cell = cell,
                 .rows = {rows->steps, rows->seqs, at},
                 .reverse = args->reverse,
                 .products = rcc_products(cell, product),
                 .width.H = args->w_ih->rows / rcc_part_gates(cell, RCC_W)};
    own->width.P =
        cell->narrow && args->w_hr && !rcg_absent(args->w_hr) ? args->w_hr->rows : own->width.H;
    memcpy(own->product, product, sizeof product);
    memcpy(own->zone, args->zoneout, sizeof own->zone);
    for (int i = 0; i < RC_STATES; i++)
        own->zoned |= args->zoneout[i] != 0;
    in[IN_X] = x;
    in[IN_W] = args->w_ih;
    in[IN_U] = args->w_hh;
    in[IN_B] = args->b_ih;
    in[IN_C] = args->b_hh;
    in[IN_VECTORS] = args->vectors;
    in[IN_R] = args->w_hr;
    for (int i = 0; i < RC_STATES; i++)
        in[IN_STATE + i] = args->state[i];
    return own;
}

rc_var *rc_rnn(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_rnn_args *args)
{
    rc_var *in[INPUTS];

    if (g->status != RC_OK || !x || !args->w_ih || rcg_absent(args->w_ih))
        return rcg_push(g, &op_rnn, 2, (rc_var *[]){x, args->w_ih}, NULL);
    seq *own = rcg_seq_new(g, rows, x, args, in);
    return own ? rcg_push(g, &op_rnn, INPUTS, in, own) : NULL;
}
