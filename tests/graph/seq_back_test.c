/* seq_back_test.c -- the way back of a batch of sequences: where its gradients go. That they are
 * the textbook's is in op_seq_test.c. */
#include "seq_trial.h"

/* ---- parameters in place --------------------------------------------------------------------- */

enum { PACKED = R - W + 1 };

static void pack_tensor(const trial *t, int i, rcg_weight *w, rcb_pool *pool)
{
    const rcc_part part[] = {
        [W] = RCC_W, [U] = RCC_U, [BI] = RCC_B, [BH] = RCC_C, [VEC] = RCC_B, [R] = RCC_R};
    int gates[RCC_PRODUCTS];
    int blocks = rcc_blocks(t->cell, part[i], gates);

    if (i == VEC) {
        blocks = 1;
        gates[0] = t->cell->vectors;
    }

    rc_real *rows = to_reals(t->in[i].x, t->in[i].n);

    rcg_weight_plan(w, blocks, gates, i == R ? t->P : t->H,
                    t->in[i].shape.rank == 2 ? t->in[i].shape.dim[1] : 1);
    w->w = guard_new(rcg_weight_size(w));
    w->g = guard_new(rcg_weight_size(w));
    w->wt = guard_new(rcg_weight_size_t(w));
    rcg_weight_pack(w, rows, w->w);
    rcg_weight_refresh(w, pool);
    guard_free(rows);
}

/* The copies in bf16, and no transpose in reals. */
static void add_pairs(rcg_weight *w, rcb_pool *pool)
{
    w->pairs = guard_bytes((size_t)rcg_weight_pairs(w) * sizeof *w->pairs);
    w->pairs_t = guard_bytes((size_t)rcg_weight_size_t(w) * sizeof *w->pairs_t);
    guard_free(w->wt);
    w->wt = NULL;
    rcg_weight_refresh(w, pool);
}

static void free_packed(rcg_weight w[PACKED])
{
    for (int k = 0; k < PACKED; k++) {
        if (!w[k].w)
            continue;
        guard_free(w[k].w);
        guard_free(w[k].g);
        if (w[k].wt)
            guard_free(w[k].wt);
        if (w[k].pairs)
            guard_free(w[k].pairs);
        if (w[k].pairs_t)
            guard_free(w[k].pairs_t);
    }
}

typedef struct packed_how {
    int threads;
    bool fresh; /* gradients hold garbage first */
    bool pairs; /* matrices are multiplied in bf16 */
} packed_how;

/* Run with packed weights. */
static void run_packed(const trial *t, rcg_weight w[PACKED], packed_how how, outcome *o)
{
    rc_graph *g = graph_open(how.threads, true);
    const bool fresh = how.fresh;
    rc_var *v[TENSORS];

    for (int i = 0; i < PACKED; i++) {
        w[i] = (rcg_weight){0};
        if (!t->in[W + i].x)
            continue;
        pack_tensor(t, W + i, &w[i], rcg_pool(g));
        if (how.pairs && t->in[W + i].shape.rank == 2)
            add_pairs(&w[i], rcg_pool(g));
        w[i].fresh = fresh;
        /* what fresh memory may hold: zero where nothing is computed, and there only */
        for (int64_t k = 0; k < rcg_weight_size(&w[i]); k++)
            w[i].g[k] = w[i].w[k] != 0 && fresh ? 99 : 0;
    }
    for (int i = 0; i < TENSORS; i++)
        v[i] = i >= W && i <= R && t->in[i].x ? rcg_leaf_weight(g, &w[i - W])
                                              : tensor_leaf(g, &t->in[i], o->grad[i]);

    const rc_rnn_args a = args_of(t, v);
    rc_var *y = rc_rnn(g, &t->rows, v[X], &a);
    rc_var *loss = along(g, y, t->d_y);

    for (int i = 0; i < t->cell->states; i++)
        loss = rc_add(g, loss, along(g, rc_rnn_state(g, y, i), t->d_f[i]));
    CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
    CHECK_STATUS(rc_var_read(g, y, o->y, t->N * width(t, 0)), RC_OK);
    for (int i = 0; i < PACKED; i++) {
        if (!w[i].w)
            continue;
        assert_false(w[i].fresh);
        rcg_weight_unpack(&w[i], w[i].g, o->grad[W + i]);
    }
    rc_graph_free(g);
}

static void packed_parameters_give_the_bits_of_plain_leaves(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++)
        for (int fresh = 0; fresh < 2; fresh++) {
            trial *t = trial_new(
                rcc_at(i),
                (trial_how){.T = 5, .B = 4, .D = 9, .H = 21, .biases = 2, .states = true});
            outcome plain = run(t, 1), packed = outcome_new(t);
            rcg_weight w[PACKED];

            run_packed(t, w, (packed_how){.threads = 2, .fresh = fresh != 0}, &packed);
            check_same(packed.y, plain.y, t->N * width(t, 0), "y", t);
            for (int k = 0; k < TENSORS; k++)
                check_same(packed.grad[k], plain.grad[k], t->in[k].n, t->in[k].name, t);
            free_packed(w);
            outcome_free(&plain);
            outcome_free(&packed);
            trial_free(t);
        }
}

/* The difference of two arrays, in parts of the size of the second: by squares, since a unit of
 * relu that rounding switches on or off moves its own gradients by all they are. */
static double apart(const rc_real *a, const rc_real *b, int64_t n)
{
    double sum = 0, size = 0;

    for (int64_t i = 0; i < n; i++) {
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return size > 0 ? sqrt(sum / size) : sqrt(sum);
}

/* Products of bf16: near those of reals and not the same, and the same for any number of workers,
 * also where two share a panel. */
static void products_of_bf16_are_near_those_of_reals(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++)
        for (int kind = 0; kind < 2; kind++) {
            trial *t = kind ? large_trial(rcc_at(i), i % 2 == 0)
                            : trial_new(rcc_at(i), (trial_how){.T = 5,
                                                               .B = 5,
                                                               .D = 9,
                                                               .H = 21,
                                                               .biases = 2,
                                                               .states = true,
                                                               .reverse = i % 2 != 0});
            outcome reals = outcome_new(t), one = outcome_new(t), many = outcome_new(t);
            rcg_weight w[PACKED];

            run_packed(t, w, (packed_how){.threads = 1}, &reals);
            free_packed(w);
            run_packed(t, w, (packed_how){.threads = 1, .pairs = true}, &one);
            free_packed(w);
            run_packed(t, w, (packed_how){.threads = kind ? 7 : 2, .pairs = true, .fresh = true},
                       &many);
            free_packed(w);
            check_same(many.y, one.y, t->N * width(t, 0), "y", t);
            const double y = apart(one.y, reals.y, t->N * width(t, 0));
            assert_true(y > 1e-5 && y < 0.03);
            for (int k = 0; k < TENSORS; k++) {
                check_same(many.grad[k], one.grad[k], t->in[k].n, t->in[k].name, t);
                /* a wrong layout or order is about as far off as the gradient is long */
                if (apart(one.grad[k], reals.grad[k], t->in[k].n) > 0.2)
                    fail_msg("%s: the gradient of %s is %g off", t->cell->name, t->in[k].name,
                             apart(one.grad[k], reals.grad[k], t->in[k].n));
            }
            assert_true(apart(one.grad[W], reals.grad[W], t->in[W].n) > 1e-5);
            if (t->in[U].x)
                assert_true(apart(one.grad[U], reals.grad[U], t->in[U].n) > 1e-5);
            outcome_free(&reals);
            outcome_free(&one);
            outcome_free(&many);
            trial_free(t);
        }
}

/* Weights that nobody trains: only the input's gradient is asked for, then only the weights'. */
static void gradients_that_nobody_wants_change_nothing_else(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        trial *t = trial_new(
            rcc_at(i), (trial_how){.T = 4, .B = 3, .D = 5, .H = 19, .biases = 2, .states = true});
        outcome all = run(t, 1);

        for (int wanted = 0; wanted < S0 + t->cell->states; wanted++) {
            if (!t->in[wanted].x)
                continue;
            rc_graph *g = graph_open(1, true);
            outcome o = outcome_new(t);
            rc_real *grad = o.grad[wanted];

            for (int k = 0; k < TENSORS; k++)
                if (k != wanted) {
                    guard_free(o.grad[k]);
                    o.grad[k] = NULL;
                }
            run_on(g, t, &o);
            check_same(grad, all.grad[wanted], t->in[wanted].n, t->in[wanted].name, t);
            rc_graph_free(g);
            outcome_free(&o);
        }
        outcome_free(&all);
        trial_free(t);
    }
}

/* ---- states handed over ---------------------------------------------------------------------- */

/* Two halves of a sequence, the state handed over, are the whole; so are gradients through it. */
static void a_sequence_may_be_cut_and_the_state_handed_over(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        trial *t = trial_new(
            rcc_at(i),
            (trial_how){
                .T = 6, .B = 3, .D = 5, .H = 18, .biases = 2, .states = true, .equal = true});
        outcome whole = run(t, 1), o = outcome_new(t);
        rc_graph *g = graph_open(1, true);
        rc_var *v[TENSORS];
        const rc_rows half = {3, 3, t->at};

        for (int k = 0; k < TENSORS; k++)
            v[k] = tensor_leaf(g, &t->in[k], o.grad[k]);

        rc_real *x = to_reals(t->in[X].x, t->in[X].n);
        rc_var *x0 = rc_leaf(g, rc_shape_2(9, 5), x, o.grad[X]);
        rc_var *x1 = rc_leaf(g, rc_shape_2(9, 5), x + 45, o.grad[X] + 45);
        rc_rnn_args a = args_of(t, v);
        rc_var *y0 = rc_rnn(g, &half, x0, &a);

        for (int k = 0; k < t->cell->states; k++)
            a.state[k] = rc_rnn_state(g, y0, k);

        rc_var *y1 = rc_rnn(g, &half, x1, &a);
        rc_var *loss = rc_add(g, along(g, y0, t->d_y), along(g, y1, t->d_y + 9 * width(t, 0)));

        for (int k = 0; k < t->cell->states; k++)
            loss = rc_add(g, loss, along(g, rc_rnn_state(g, y1, k), t->d_f[k]));
        CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
        const int64_t n = 9 * width(t, 0);

        CHECK_STATUS(rc_var_read(g, y1, o.y, n), RC_OK);
        check_same(o.y, whole.y + n, n, "y", t);
        for (int k = 0; k < TENSORS; k++)
            if (t->in[k].x)
                CHECK_CLOSE(o.grad[k], whole.grad[k], t->in[k].n, SEQ_VALUE_TOL * 10);
        guard_free(x);
        rc_graph_free(g);
        outcome_free(&whole);
        outcome_free(&o);
        trial_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_parameters_give_the_bits_of_plain_leaves),
        cmocka_unit_test(products_of_bf16_are_near_those_of_reals),
        cmocka_unit_test(gradients_that_nobody_wants_change_nothing_else),
        cmocka_unit_test(a_sequence_may_be_cut_and_the_state_handed_over),
    };

    return cmocka_run_group_tests_name("seq_back", tests, NULL, NULL);
}
