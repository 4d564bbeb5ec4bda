/* op_seq.c -- a whole batch of sequences through one cell, forward and back: the only
 * back-propagation through time in the house.
 *
 * The input product of all rows is one GEMM per stage; only U v is sequential. Each worker owns a
 * range of unit groups for the whole sequence: it multiplies and runs the gates for them, then one
 * barrier per stage and time step (none where nothing recurrent is multiplied: a unit then depends
 * on itself alone). On the way back a worker owns the same ranges of columns of dL/dv; dW, db and
 * dX are formed once, after the sweep. Shares run over output columns or rows, never over k, so
 * bits do not depend on the number of workers.
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
    const int64_t H = own->H, gates = rcc_part_gates(cell, RCC_W);

    if (x->shape.rank != 2 || x->rows != own->rows.at[own->rows.steps])
        return RC_FAIL(RC_ESHAPE, "%s: input has %" PRId64 " rows, the batch has %" PRId64,
                       cell->name, x->rows, own->rows.at[own->rows.steps]);
    if (n->in[IN_W]->rows % gates != 0)
        return RC_FAIL(RC_ESHAPE,
                       "%s: the input weight has %" PRId64 " rows, not a multiple of "
                       "the cell's %" PRId64 " gates",
                       cell->name, n->in[IN_W]->rows, gates);
    RC_TRY(check_weight(cell, "the input weight", n->in[IN_W], gates * H, x->cols));
    if (own->products > 0)
        RC_TRY(check_weight(cell, "the recurrent weight", n->in[IN_U],
                            rcc_part_gates(cell, RCC_U) * H, H));
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
        if (!rcg_absent(h) && i >= cell->states)
            return RC_FAIL(RC_ESHAPE, "%s: initial state %d is given, the cell has %d", cell->name,
                           i + 1, cell->states);
        if (!rcg_absent(h) && (h->rows != own->rows.seqs || h->cols != own->H))
            return RC_FAIL(RC_ESHAPE,
                           "%s: initial state '%s' is (%" PRId64 ",%" PRId64 "), expected (%" PRId64
                           ",%" PRId64 ")",
                           cell->name, cell->state_name[i], h->rows, h->cols, own->rows.seqs,
                           own->H);
    }
    *out = rc_shape_2(x->rows, own->H);
    out->axis[0] = RC_TIME;
    return RC_OK;
}

/* ---- which rows come before ------------------------------------------------------------- */

/* Sequences [first, first + rows) of step t have their previous state at row `from` of the sequence
 * buffers, or, from < 0, at row `first` of the initial states. */
typedef struct segment {
    int64_t first, rows, from;
} segment;

static int64_t alive(const seq *s, int64_t t)
{
    return t < 0 || t >= s->rows.steps ? 0 : s->rows.at[t + 1] - s->rows.at[t];
}

static int segments(const seq *s, int64_t t, segment out[2])
{
    const int64_t before = s->reverse ? t + 1 : t - 1;
    const int64_t n = alive(s, t);
    int64_t going = alive(s, before);
    int count = 0;

    if (going > n)
        going = n;
    if (going > 0)
        out[count++] = (segment){0, going, s->rows.at[before]};
    if (going < n)
        out[count++] = (segment){going, n - going, -1};
    return count;
}

static const rc_real *state_before(const seq *s, int i, const segment *g)
{
    return g->from >= 0 ? s->state[i] + g->from * s->ld : s->init[i] + g->first * s->ld;
}

static rc_real *d_state_before(const seq *s, int i, const segment *g)
{
    if (i > 0)
        return s->d_state[i] + g->first * s->ld;
    return g->from >= 0 ? s->n->out->g + g->from * s->ld : s->d_first + g->first * s->ld;
}

/* The v of product p at step t for a segment. */
static const rc_real *product_v(const seq *s, int p, int64_t t, const segment *g)
{
    const int v = s->product[p].v;
    return v >= RCC_V_AUX ? s->aux[v - RCC_V_AUX] + (s->rows.at[t] + g->first) * s->ld
                          : state_before(s, v - RCC_V_STATE, g);
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

static rcc_step step_of(const seq *s, int st, int64_t t, const segment *g, int64_t u0, int64_t u1)
{
    const int64_t row = s->rows.at[t] + g->first;
    rcc_step p = {
        .rows = g->rows,
        .first = u0,
        .last = u1,
        .ld = s->ld,
        .units = s->H,
        .gates = block(s, st, s->gates[st], row),
        .apart = block(s, st, s->apart[st], row),
        .keep = s->keep ? s->keep + row * s->ld : NULL,
        .sum = s->sum ? s->sum + row * s->sum_row : NULL,
        .sum_row = s->sum_row,
    };
    for (int i = 0; i < s->cell->states; i++) {
        p.in[i] = state_before(s, i, g);
        p.out[i] = s->state[i] + row * s->ld;
    }
    for (int i = 0; i < s->cell->aux; i++)
        p.aux[i] = s->aux[i] + row * s->ld;
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
static void forward_product(const seq *s, int p, int64_t t, const segment *seg, int64_t u0,
                            int64_t u1)
{
    const int st = s->product[p].stage;
    const rck_panel *lay = &s->u->lay[p];
    rc_real *to = s->apart[st] ? s->apart[st] : s->gates[st];
    rck_gemm g =
        rcg_gemm_forward(s->u, p, seg->rows, product_v(s, p, t, seg), s->ld, bias_of(s->c, st),
                         to + (s->rows.at[t] + seg->first) * lay->cols, s->N);
    g.add = !s->apart[st] || !is_first(s, p);
    g.backwards = t % 2;
    rcg_gemm_groups(g, lay, u0, u1);
}

static void forward_stage(const seq *s, int st, int64_t t, int64_t u0, int64_t u1)
{
    segment seg[2];
    const int count = segments(s, t, seg);

    for (int i = 0; i < count; i++) {
        for (int p = 0; p < s->products; p++)
            if (s->product[p].stage == st)
                forward_product(s, p, t, &seg[i], u0, u1);
        const rcc_step step = step_of(s, st, t, &seg[i], u0, u1);
        s->cell->stage[st].forward(&step);
    }
}

void rcg_seq_forward(const rcb_worker *worker, void *ctx)
{
    const seq *s = ctx;
    const int64_t T = s->rows.steps;
    int64_t u0, u1;

    rcb_share(worker, s->ld / RCK_LANES, 1, &u0, &u1);
    for (int st = 0; st < s->cell->stages; st++)
        if (!s->cell->stage[st].goes_on)
            forward_input(s, st, u0, u1);
    for (int64_t i = 0; i < T; i++)
        for (int st = 0; st < s->cell->stages; st++) {
            forward_stage(s, st, s->reverse ? T - 1 - i : i, u0, u1);
            if (s->products > 0)
                rcb_barrier(worker);
        }
}

static rc_real *rows_of(const seq *s, int64_t rows)
{
    return rcg_keep(s->n->graph, (size_t)rows, (size_t)s->ld * sizeof(rc_real));
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

    return rcg_weight_of(n, i, blocks, gates, s->H, transposed, out);
}

static rc_status forward_weights(rcg_node *n, seq *s)
{
    RC_TRY(part_of(n, IN_W, RCC_W, n->in[IN_X]->wants, &s->w));
    if (s->products > 0)
        RC_TRY(part_of(n, IN_U, RCC_U, n->out->wants, &s->u));
    if (!rcg_absent(n->in[IN_B]))
        RC_TRY(part_of(n, IN_B, RCC_B, false, &s->b));
    if (!rcg_absent(n->in[IN_C]))
        RC_TRY(part_of(n, IN_C, RCC_C, false, &s->c));
    if (s->cell->vectors > 0)
        RC_TRY(rcg_weight_of(n, IN_VECTORS, 1, &s->cell->vectors, s->H, false, &s->vectors));
    for (int st = 0; st < s->cell->stages; st++)
        s->lay[st] = rck_panel_of(s->H, s->cell->stage[rcc_gates_stage(s->cell, st)].gates, 1);
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
        if (i > 0)
            s->state[i] = rows_of(s, s->N);
        s->init[i] = rcg_absent(h) ? rows_of(s, s->rows.seqs) : h->x;
        if (rcg_absent(h) && s->init[i])
            rck->fill(s->rows.seqs * s->ld, 0, s->init[i]);
    }
    for (int i = 0; i < s->cell->aux; i++)
        s->aux[i] = rows_of(s, s->N);
    if (s->cell->keep)
        s->keep = rows_of(s, s->N);
    s->sum_row = s->ld / RCK_LANES * s->cell->sums;
    if (s->cell->sums > 0)
        s->sum = rcg_keep(n->graph, (size_t)(s->N * s->sum_row), sizeof *s->sum);
    return n->graph->status;
}

int rcg_seq_workers(const seq *s)
{
    const double rows = s->rows.steps > 0 ? (double)s->N / (double)s->rows.steps : 0;
    if (s->products == 0) /* nobody waits before the end */
        return rcg_workers(s->n->graph, 2 * (double)s->N * s->cell->gates * (double)(s->H * s->D));
    return rcg_workers(s->n->graph, 2 * rows * s->cell->gates * (double)(s->H * s->H));
}

rc_status rcg_seq_prepare(rcg_node *n)
{
    seq *s = n->own;

    s->n = n;
    s->N = n->in[IN_X]->rows;
    s->D = n->in[IN_X]->cols;
    s->ld = n->out->ld;
    RC_TRY(forward_weights(n, s));
    return forward_memory(n, s);
}

static rc_status rnn_forward(rcg_node *n)
{
    RC_TRY(rcg_seq_prepare(n));
    rcb_pool_run(n->graph->pool, rcg_seq_workers(n->own), rcg_seq_forward, n->own);
    return RC_OK;
}

/* ---- backward ---------------------------------------------------------------------------- */

/* Gradient of the U parts of a stage: where the gates are kept apart, in their own panels. */
static rc_real *d_parts(const seq *s, int st)
{
    return s->apart[st] ? s->apart[st] : s->gates[st];
}

/* Is product p the first on the way back to meet the gradient of a vector between stages? Stages
 * come from the last to the first, a stage's function before its products. */
static bool writes(const seq *s, int p)
{
    const int v = s->product[p].v, st = s->product[p].stage;

    if (v < RCC_V_AUX)
        return false;
    for (int i = st; i < s->cell->stages; i++)
        if (s->cell->stage[i].reads >> (v - RCC_V_AUX) & 1)
            return false;
    for (int i = 0; i < s->products; i++)
        if (s->product[i].v == v &&
            (s->product[i].stage > st || (s->product[i].stage == st && i < p)))
            return false;
    return true;
}

/* dL/dv of product p at step t, columns of the unit groups [u0,u1). */
static void back_product(const seq *s, int p, int64_t t, int64_t u0, int64_t u1)
{
    const int v = s->product[p].v, st = s->product[p].stage;
    const rck_panel lay = rck_panel_t(&s->u->lay[p]);
    segment seg[2];
    const int count = segments(s, t, seg);

    for (int i = 0; i < count; i++) {
        rc_real *to = v >= RCC_V_AUX ? s->d_aux[v - RCC_V_AUX] + seg[i].first * s->ld
                                     : d_state_before(s, v - RCC_V_STATE, &seg[i]);
        const rc_real *from = d_parts(s, st) + (s->rows.at[t] + seg[i].first) * s->lay[st].cols;
        rck_gemm g = rcg_gemm_back(s->u, p, seg[i].rows, from, s->N, to, s->ld);
        g.add = !writes(s, p);
        g.backwards = t % 2;
        rcg_gemm_groups(g, &lay, u0, u1);
    }
}

/* The gradients of the states after step t, which are complete. */
static void keep_gradients(const seq *s, int64_t t, int64_t u0, int64_t u1)
{
    const int64_t at = u0 * RCK_LANES, n = (u1 - u0) * RCK_LANES;

    for (int k = 1; k < s->cell->states; k++)
        for (int64_t b = 0; s->seen[k] && b < alive(s, t); b++)
            memcpy(s->seen[k] + (s->rows.at[t] + b) * s->ld + at, s->d_state[k] + b * s->ld + at,
                   (size_t)n * sizeof(rc_real));
}

static void back_stage(const seq *s, int st, int64_t t, int64_t u0, int64_t u1)
{
    const int64_t row = s->rows.at[t];
    segment seg[2];
    const int count = segments(s, t, seg);

    if (st == s->cell->stages - 1)
        keep_gradients(s, t, u0, u1);
    for (int i = 0; i < count; i++) {
        rcc_step step = step_of(s, st, t, &seg[i], u0, u1);
        for (int k = 0; k < s->cell->states; k++) {
            step.d_in[k] = d_state_before(s, k, &seg[i]);
            step.d_out[k] = k > 0 ? s->d_state[k] + seg[i].first * s->ld
                                  : s->n->out->g + (row + seg[i].first) * s->ld;
        }
        for (int k = 0; k < s->cell->aux; k++)
            step.d_aux[k] = s->d_aux[k] + seg[i].first * s->ld;
        s->cell->stage[st].backward(&step);
    }
}

static void back_products(const seq *s, int st, int64_t t, int64_t u0, int64_t u1)
{
    for (int p = 0; p < s->products; p++)
        if (s->product[p].stage == st)
            back_product(s, p, t, u0, u1);
}

/* The sweep back through time. Before a stage's gates run, the products of the stage visited before
 * (later in the recurrence) must have arrived in the columns this worker owns. */
void rcg_seq_back_sweep(const seq *s, const rcb_worker *worker)
{
    const int64_t T = s->rows.steps;
    int64_t u0, u1;
    int pending = -1;
    int64_t pending_t = 0;

    rcb_share(worker, s->ld / RCK_LANES, 1, &u0, &u1);
    for (int64_t i = 0; i < T; i++) {
        const int64_t t = s->reverse ? i : T - 1 - i;
        for (int st = s->cell->stages - 1; st >= 0; st--) {
            back_products(s, pending, pending_t, u0, u1);
            back_stage(s, st, t, u0, u1);
            if (s->products > 0)
                rcb_barrier(worker);
            pending = st;
            pending_t = t;
        }
    }
    if (s->products == 0)
        rcb_barrier(worker);
    back_products(s, pending, pending_t, u0, u1);
}

/* The rows of product p's v, transposed, columns [lo,hi) of H. */
static void pack_v(const seq *s, int p, int64_t lo, int64_t hi)
{
    for (int64_t t = 0; t < s->rows.steps; t++) {
        segment seg[2];
        const int count = segments(s, t, seg);
        for (int i = 0; i < count; i++)
            rcg_pack_t(s->u, seg[i].rows, product_v(s, p, t, &seg[i]), s->ld, lo, hi, s->N,
                       s->rows.at[t] + seg[i].first, s->vt[p]);
    }
}

static void back_bias(const seq *s, int st, const rc_real *d, const rcg_weight *b, int64_t u0,
                      int64_t u1)
{
    const rck_panel *lay = &s->lay[st];
    const int64_t per = lay->span / RCK_LANES, width = RCK_LANES * lay->gates;

    if (!b || !b->g || b->lay[st].gates == 0)
        return;
    for (int64_t u = u0; u < u1; u++)
        rck->col_sum(s->N, width, d + u / per * s->N * lay->cols + u % per * width, lay->cols,
                     b->g + b->at[st] + u / per * lay->cols + u % per * width);
}

/* dW of a block of w from the packed transpose of what was multiplied and from gradients d of the
 * gates of stage st. */
static void weight_product(const seq *s, int st, const rcg_weight *w, int block, const rc_real *at,
                           const rc_real *d, int64_t u0, int64_t u1)
{
    const rck_panel *lay = &w->lay[block];
    const int64_t before = u0 / (lay->span / RCK_LANES);
    uint16_t *room = s->d_pairs[st] ? s->d_pairs[st] + rcg_pairs_size(lay, before, s->N) : NULL;

    rcg_gemm_weight_groups(rcg_gemm_weight(w, block, s->N, at, d), lay, room, u0, u1);
}

void rcg_seq_back_input(const seq *s, const rcb_worker *worker)
{
    const rc_var *x = s->n->in[IN_X];
    int64_t lo, hi;

    rcb_share(worker, s->D, RCK_MB, &lo, &hi);
    if (s->w->g)
        rcg_pack_t(s->w, s->N, x->x, x->ld, lo, hi, s->N, 0, s->xt);
    rcb_share(worker, s->H, RCK_MB, &lo, &hi);
    for (int p = 0; p < s->products; p++)
        if (s->vt[p])
            pack_v(s, p, lo, hi);
    rcb_share(worker, s->N, 1, &lo, &hi);
    for (int st = 0; x->g && st < s->cell->stages; st++) {
        if (s->cell->stage[st].no_x || s->cell->stage[st].goes_on)
            continue;
        const rck_gemm g = rcg_gemm_back(s->w, st, hi - lo, s->gates[st] + lo * s->lay[st].cols,
                                         s->N, x->g + lo * x->ld, x->ld);
        rck->gemm(&g);
    }
}

void rcg_seq_back_weights(const seq *s, const rcb_worker *worker)
{
    int64_t u0, u1;

    rcb_share(worker, s->ld / RCK_LANES, 1, &u0, &u1);
    for (int st = 0; st < s->cell->stages; st++) {
        if (s->cell->stage[st].goes_on)
            continue;
        if (s->w->g && !s->cell->stage[st].no_x)
            weight_product(s, st, s->w, st, s->xt, s->gates[st], u0, u1);
        for (int p = 0; p < s->products; p++)
            if (s->vt[p] && s->product[p].stage == st)
                weight_product(s, st, s->u, p, s->vt[p], d_parts(s, st), u0, u1);
        back_bias(s, st, s->gates[st], s->b, u0, u1);
        back_bias(s, st, d_parts(s, st), s->c, u0, u1);
    }
}

/* Whoever returns from the sweep knows that all gates of all workers are done: its last barrier is
 * behind the last gates. */
static void rnn_backward_share(const rcb_worker *worker, void *ctx)
{
    rcg_seq_back_sweep(ctx, worker);
    rcg_seq_back_input(ctx, worker);
    rcb_barrier(worker);
    rcg_seq_back_weights(ctx, worker);
}

static rc_real *scratch_of(const seq *s, int64_t count)
{
    return rcg_scratch(s->n->graph, (size_t)count, sizeof(rc_real));
}

static rc_status backward_memory(seq *s)
{
    const int64_t B = s->rows.seqs;

    s->d_first = scratch_of(s, B * s->ld);
    for (int i = 1; i < s->cell->states; i++)
        s->d_state[i] = scratch_of(s, B * s->ld);
    for (int i = 1; s->n->graph->watched && i < s->cell->states; i++)
        s->seen[i] = rows_of(s, s->N);
    for (int i = 0; i < s->cell->aux; i++)
        s->d_aux[i] = scratch_of(s, B * s->ld);
    if (s->w->g)
        s->xt = scratch_of(s, rcg_pack_t_size(s->N, s->D));
    for (int p = 0; p < s->products; p++)
        s->vt[p] = s->u->g ? scratch_of(s, rcg_pack_t_size(s->N, s->H)) : NULL;
    for (int st = 0; st < s->cell->stages; st++) {
        const rck_panel *lay = &s->lay[st];
        const size_t pairs = (size_t)rcg_pairs_size(lay, lay->count, s->N);
        const bool own = s->w->pairs && !s->cell->stage[st].goes_on;

        s->d_pairs[st] = own ? rcg_scratch(s->n->graph, pairs, sizeof *s->d_pairs[st]) : NULL;
    }
    return s->n->graph->status;
}

int64_t rcg_seq_last_row(const rcg_seq *s, int64_t b)
{
    if (alive(s, 0) <= b)
        return -1;
    int64_t t = 0;
    while (!s->reverse && alive(s, t + 1) > b)
        t++;
    return s->rows.at[t] + b;
}

/* Gradients that came in through the final states start the sweep. */
static void seed_finals(seq *s)
{
    const int64_t B = s->rows.seqs;

    rck->fill(B * s->ld, 0, s->d_first);
    for (int i = 1; i < s->cell->states; i++) {
        if (s->d_final[i])
            memcpy(s->d_state[i], s->d_final[i], (size_t)(B * s->ld) * sizeof(rc_real));
        else
            rck->fill(B * s->ld, 0, s->d_state[i]);
    }
    for (int64_t b = 0; s->d_final[0] && b < B; b++) {
        const int64_t row = rcg_seq_last_row(s, b);
        rc_real *to = row < 0 ? s->d_first + b * s->ld : s->n->out->g + row * s->ld;
        rck->add(s->ld, to, s->d_final[0] + b * s->ld, to);
    }
}

rc_status rcg_seq_back_begin(rcg_node *n)
{
    seq *s = n->own;

    RC_TRY(backward_memory(s));
    seed_finals(s);
    if (s->b && s->b->g)
        rcg_weight_touch(s->b);
    if (s->c && s->c->g)
        rcg_weight_touch(s->c);
    if (s->vectors && s->vectors->g)
        rcg_weight_touch(s->vectors);
    return RC_OK;
}

rc_status rcg_seq_back_end(rcg_node *n)
{
    const seq *s = n->own;

    for (int i = 0; i < s->cell->states; i++) {
        const rc_var *h = n->in[IN_STATE + i];
        const rc_real *d = i > 0 ? s->d_state[i] : s->d_first;
        if (h->g)
            rck->add(s->rows.seqs * s->ld, h->g, d, h->g);
    }
    rcg_weight *const weights[] = {s->w, s->u, s->b, s->c, s->vectors};
    for (int i = 0; i < 5; i++)
        if (weights[i] && weights[i]->g) {
            weights[i]->fresh = false;
            RC_TRY(rcg_weight_done(n, IN_W + i, weights[i]));
        }
    return RC_OK;
}

rc_status rcg_seq_backward(rcg_node *n)
{
    RC_TRY(rcg_seq_back_begin(n));
    rcb_pool_run(n->graph->pool, rcg_seq_workers(n->own), rnn_backward_share, n->own);
    return rcg_seq_back_end(n);
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
                 .H = args->w_ih->rows / rcc_part_gates(cell, RCC_W)};
    memcpy(own->product, product, sizeof product);
    in[IN_X] = x;
    in[IN_W] = args->w_ih;
    in[IN_U] = args->w_hh;
    in[IN_B] = args->b_ih;
    in[IN_C] = args->b_hh;
    in[IN_VECTORS] = args->vectors;
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
