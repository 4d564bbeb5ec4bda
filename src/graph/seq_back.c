/* seq_back.c -- the way back of op_seq.c: through time, then to weights and inputs.
 *
 * A worker owns the ranges of columns of dL/dv that it owned of the units on the way there; dW, db
 * and dX are formed once, after the sweep.
 */
#include "graph/seq_in.h"

#include <string.h>

enum { IN_X = RCG_SEQ_X, IN_W = RCG_SEQ_W, IN_STATE = RCG_SEQ_STATE };

typedef rcg_seq seq;

static rc_real *d_state_before(const seq *s, int i, const rcg_segment *g)
{
    const int64_t ld = rcg_seq_state_ld(s, i);

    if (i > 0)
        return s->d_state[i] + g->first * ld;
    return g->from >= 0 ? s->n->out->g + g->from * ld : s->d_first + g->first * ld;
}

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

/* dL/dv of product p at step t, the columns that are this worker's. */
static void back_product(const seq *s, int p, int64_t t, const rcb_worker *worker)
{
    const int v = s->product[p].v, st = s->product[p].stage, block = s->product[p].block;
    const int64_t ld = rck_pad(rcc_v_width(s->cell, v, s->width));
    const rcg_weight *w = rcg_seq_weight(s, p);
    const rck_panel lay = rck_panel_t(&w->lay[block]);
    rcg_segment seg[2];
    const int count = rcg_seq_segments(s, t, seg);
    int64_t u0, u1;

    rcb_share(worker, ld / RCK_LANES, 1, &u0, &u1);
    for (int i = 0; i < count; i++) {
        rc_real *to = v >= RCC_V_AUX ? s->d_aux[v - RCC_V_AUX] + seg[i].first * ld
                                     : d_state_before(s, v - RCC_V_STATE, &seg[i]);
        const rc_real *from = d_parts(s, st) + (s->rows.at[t] + seg[i].first) * s->lay[st].cols;
        rck_gemm g = rcg_gemm_back(w, block, seg[i].rows, from, s->N, to, ld);
        g.add = !writes(s, p);
        g.backwards = t % 2;
        rcg_gemm_groups(g, &lay, u0, u1);
    }
}

/* The gradients of the states after step t, which are complete. */
static void keep_gradients(const seq *s, int64_t t, const rcb_worker *worker)
{
    for (int k = 1; k < s->cell->states; k++) {
        const int64_t ld = rcg_seq_state_ld(s, k);
        int64_t u0, u1;

        rcb_share(worker, ld / RCK_LANES, 1, &u0, &u1);
        for (int64_t b = 0; s->seen[k] && b < rcg_seq_alive(s, t); b++)
            memcpy(s->seen[k] + (s->rows.at[t] + b) * ld + u0 * RCK_LANES,
                   s->d_state[k] + b * ld + u0 * RCK_LANES,
                   (size_t)((u1 - u0) * RCK_LANES) * sizeof(rc_real));
    }
}

static void back_stage(const seq *s, int st, int64_t t, const rcb_worker *worker)
{
    const int64_t row = s->rows.at[t];
    rcg_segment seg[2];
    const int count = rcg_seq_segments(s, t, seg);
    int64_t u0, u1;

    rcb_share(worker, rcg_seq_stage_ld(s, st) / RCK_LANES, 1, &u0, &u1);
    if (st == s->cell->stages - 1)
        keep_gradients(s, t, worker);
    if (s->zoned && st == s->cell->stages - 1)
        rcg_zone_part(s, t, worker);
    for (int i = 0; i < count; i++) {
        rcc_step step = rcg_seq_step(s, st, t, &seg[i], u0, u1);
        for (int k = 0; k < s->cell->states; k++) {
            const int64_t ld = rcg_seq_state_ld(s, k);

            step.d_in[k] = d_state_before(s, k, &seg[i]);
            step.d_out[k] = s->d_raw[k] ? s->d_raw[k] + seg[i].first * ld
                            : k > 0     ? s->d_state[k] + seg[i].first * ld
                                        : s->n->out->g + (row + seg[i].first) * ld;
        }
        for (int k = 0; k < s->cell->aux; k++)
            step.d_aux[k] = s->d_aux[k] + seg[i].first * rcg_seq_ld(s);
        s->cell->stage[st].backward(&step);
        if (s->zoned && st == 0)
            rcg_zone_join(s, &seg[i], step.d_in, worker);
    }
}

static void back_products(const seq *s, int st, int64_t t, const rcb_worker *worker)
{
    for (int p = 0; p < s->products; p++)
        if (s->product[p].stage == st)
            back_product(s, p, t, worker);
}

/* The sweep back through time. Before a stage's gates run, the products of the stage visited before
 * (later in the recurrence) must have arrived in the columns this worker owns. */
void rcg_seq_back_sweep(const seq *s, const rcb_worker *worker)
{
    const int64_t T = s->rows.steps;
    int pending = -1;
    int64_t pending_t = 0;

    for (int64_t i = 0; i < T; i++) {
        const int64_t t = s->reverse ? i : T - 1 - i;
        for (int st = s->cell->stages - 1; st >= 0; st--) {
            back_products(s, pending, pending_t, worker);
            back_stage(s, st, t, worker);
            if (s->products > 0)
                rcb_barrier(worker);
            pending = st;
            pending_t = t;
        }
    }
    if (s->products == 0)
        rcb_barrier(worker);
    back_products(s, pending, pending_t, worker);
}

/* The rows of product p's v, transposed, the columns that are this worker's. */
static void pack_v(const seq *s, int p, const rcb_worker *worker)
{
    const int64_t cols = rcc_v_width(s->cell, s->product[p].v, s->width);
    int64_t lo, hi;

    rcb_share(worker, cols, RCK_MB, &lo, &hi);
    if (s->steered) {
        rcg_pack_t(s->u, s->N, s->steered, rck_pad(cols), lo, hi, s->N, 0, s->vt[p]);
        return;
    }
    for (int64_t t = 0; t < s->rows.steps; t++) {
        rcg_segment seg[2];
        const int count = rcg_seq_segments(s, t, seg);
        for (int i = 0; i < count; i++)
            rcg_pack_t(rcg_seq_weight(s, p), seg[i].rows, rcg_seq_product_v(s, p, t, &seg[i]),
                       rck_pad(cols), lo, hi, s->N, s->rows.at[t] + seg[i].first, s->vt[p]);
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
    for (int p = 0; p < s->products; p++)
        if (s->vt[p])
            pack_v(s, p, worker);
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

    for (int st = 0; st < s->cell->stages; st++) {
        if (s->cell->stage[st].goes_on)
            continue;
        rcb_share(worker, rcg_seq_stage_ld(s, st) / RCK_LANES, 1, &u0, &u1);
        if (s->w->g && !s->cell->stage[st].no_x)
            weight_product(s, st, s->w, st, s->xt, s->gates[st], u0, u1);
        for (int p = 0; p < s->products; p++)
            if (s->vt[p] && s->product[p].stage == st)
                weight_product(s, st, rcg_seq_weight(s, p), s->product[p].block, s->vt[p],
                               d_parts(s, st), u0, u1);
        back_bias(s, st, s->gates[st], s->b, u0, u1);
        back_bias(s, st, d_parts(s, st), s->c, u0, u1);
    }
}

/* Whoever returns from the sweep knows that all gates of all workers are done: its last barrier is
 * behind the last gates. */
static void rnn_backward_share(const rcb_worker *worker, void *ctx)
{
    const seq *s = ctx;

    rcg_seq_back_sweep(s, worker);
    rcg_norm_steer(s, worker);
    if (s->steered)
        rcb_barrier(worker);
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

    s->d_first = scratch_of(s, B * rcg_seq_state_ld(s, 0));
    for (int i = 1; i < s->cell->states; i++)
        s->d_state[i] = scratch_of(s, B * rcg_seq_state_ld(s, i));
    for (int i = 1; s->n->graph->watched && i < s->cell->states; i++)
        s->seen[i] = rcg_seq_rows(s, s->N, rcg_seq_state_ld(s, i));
    for (int i = 0; i < s->cell->aux; i++)
        s->d_aux[i] = scratch_of(s, B * rcg_seq_ld(s));
    if (s->n->graph->norm != 0 && rcg_norm_takes(s->cell) && s->u->g && !s->zoned)
        s->steered = scratch_of(s, s->N * rcg_seq_ld(s));
    if (s->w->g)
        s->xt = scratch_of(s, rcg_pack_t_size(s->N, s->D));
    for (int p = 0; p < s->products; p++)
        s->vt[p] = !rcg_seq_weight(s, p)->g
                       ? NULL
                       : scratch_of(s, rcg_pack_t_size(
                                           s->N, rcc_v_width(s->cell, s->product[p].v, s->width)));
    for (int st = 0; st < s->cell->stages; st++) {
        const rck_panel *lay = &s->lay[st];
        const size_t pairs = (size_t)rcg_pairs_size(lay, lay->count, s->N);
        const bool own = s->w->pairs && !s->cell->stage[st].goes_on;

        s->d_pairs[st] = own ? rcg_scratch(s->n->graph, pairs, sizeof *s->d_pairs[st]) : NULL;
    }
    return s->n->graph->status;
}

/* Gradients that came in through the final states start the sweep. */
static void seed_finals(seq *s)
{
    const int64_t B = s->rows.seqs, ld = rcg_seq_state_ld(s, 0);

    rck->fill(B * ld, 0, s->d_first);
    for (int i = 1; i < s->cell->states; i++) {
        const int64_t n = B * rcg_seq_state_ld(s, i);

        if (s->d_final[i])
            memcpy(s->d_state[i], s->d_final[i], (size_t)n * sizeof(rc_real));
        else
            rck->fill(n, 0, s->d_state[i]);
    }
    for (int64_t b = 0; s->d_final[0] && b < B; b++) {
        const int64_t row = rcg_seq_last_row(s, b);
        rc_real *to = row < 0 ? s->d_first + b * ld : s->n->out->g + row * ld;
        rck->add(ld, to, s->d_final[0] + b * ld, to);
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
            rck->add(s->rows.seqs * rcg_seq_state_ld(s, i), h->g, d, h->g);
    }
    rcg_weight *const weights[] = {s->w, s->u, s->b, s->c, s->vectors, s->r};
    for (int i = 0; i < 6; i++)
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
