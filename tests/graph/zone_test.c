/* zone_test.c -- zoneout against the textbook, forward and back, for every cell: what is drawn, and
 * what is expected where nothing is; and what it promises of bits. */
#include "seq_trial.h"

/* Rates of all states of a cell; a count of steps keeps no old value. */
static trial_how zoned(const rcc_cell *cell, trial_how how)
{
    static const double rate[] = {0.3, 0.55, 0.2, 0.7, 0.45, 0.1};

    for (int i = 0; i < cell->states; i++)
        how.zone[i] = strcmp(cell->state_name[i], "k") == 0 ? 0 : rate[i];
    return how;
}

static void every_cell_matches_the_textbook_forward_and_back(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++)
        for (int kind = 0; kind < 16; kind++) {
            trial_how how = zoned(rcc_at(i), (trial_how){
                                                 .T = pick(1, 5),
                                                 .B = pick(1, 4),
                                                 .D = pick(1, 40),
                                                 .H = pick(1, 90),
                                                 .biases = pick(0, 2),
                                                 .reverse = kind % 2 != 0,
                                                 .states = kind / 2 % 2 != 0,
                                                 .expected = kind / 4 % 2 != 0,
                                                 .equal = pick(0, 3) == 0,
                                             });

            if (kind >= 8) /* one state alone */
                for (int k = 0; k < STATES; k++)
                    how.zone[k] = k == kind % rcc_at(i)->states ? how.zone[k] : 0;
            check_trial(rcc_at(i), how);
        }
}

static void edges_match_the_textbook(void **unused)
{
    const trial_how hows[] = {
        {.T = 0, .B = 3, .D = 4, .H = 5, .biases = 1, .states = true},
        {.T = 3, .B = 0, .D = 3, .H = 5, .biases = 1, .states = true},
        {.T = 12, .B = 5, .D = 5, .H = 17, .biases = 2, .states = true},
    };

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t k = 0; k < sizeof hows / sizeof *hows; k++) {
        check_trial(rcc_find("lstm"), zoned(rcc_find("lstm"), hows[k]));
        check_trial(rcc_find("qrnn"), zoned(rcc_find("qrnn"), hows[k]));
    }
}

/* Large enough for seven workers. */
static trial *large(const rcc_cell *cell, bool reverse)
{
    return trial_new(cell, zoned(cell, (trial_how){.T = 4,
                                                   .B = 100,
                                                   .D = 37,
                                                   .H = 145,
                                                   .biases = 2,
                                                   .states = true,
                                                   .reverse = reverse}));
}

static void any_number_of_threads_gives_the_same_bits(void **unused)
{
    const int threads[] = {2, 7};

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        trial *t = large(rcc_at(i), i % 2 != 0);
        outcome one = run(t, 1);

        for (int k = 0; k < 2; k++) {
            outcome many = run(t, threads[k]);

            check_same_outcome(&many, &one);
            outcome_free(&many);
        }
        outcome_free(&one);
        trial_free(t);
    }
}

/* What is kept is kept to the bit, what moves is the cell's; as often as it should be. */
static void a_unit_keeps_its_value_or_has_the_new_one(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    trial *t = trial_new(
        rcc_find("tanh"),
        (trial_how){.T = 30, .B = 20, .D = 3, .H = 40, .biases = 1, .equal = true, .zone = {0.25}});
    outcome o = run(t, 2);
    int64_t kept = 0;
    const int64_t n = t->N * t->H - t->B * t->H;

    for (int64_t i = t->B * t->H; i < t->N * t->H; i++)
        kept += o.y[i] == o.y[i - t->B * t->H];
    /* four deviations of 23,200 draws */
    assert_true(fabs((double)kept / (double)n - 0.25) < 4 * sqrt(0.25 * 0.75 / (double)n));
    outcome_free(&o);
    trial_free(t);
}

/* A number that is kept or passed over brings no NaN in from the other side. */
static void what_is_not_taken_is_not_felt(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    trial *t = trial_new(
        rcc_find("relu"),
        (trial_how){.T = 1, .B = 1, .D = 1, .H = 64, .equal = true, .states = true, .zone = {0.5}});
    for (int64_t j = 0; j < t->H; j++) {
        t->in[W].x[j] = (double)INFINITY;
        t->in[S0].x[j] = 1;
        t->in[U].x[j] = 0;
    }
    t->in[X].x[0] = 1;
    outcome o = run(t, 1);
    int64_t kept = 0;

    for (int64_t j = 0; j < t->H; j++)
        kept += o.y[j] == 1;
    assert_in_range(kept, 10, 54);
    outcome_free(&o);
    trial_free(t);
}

/* Steps from `from` on, of a batch without ragged ends, into the loss; y0 and the final state. */
static rc_var *run_steps(rc_graph *g, const trial *t, int64_t from, int64_t to, rc_var *state,
                         rc_real *y)
{
    const int64_t steps = to - from;
    int64_t at[MOST_STEPS + 1];
    rc_var *v[TENSORS];

    for (int64_t k = 0; k <= steps; k++)
        at[k] = k * t->B;
    for (int i = 0; i < TENSORS; i++)
        v[i] = tensor_leaf(g, &t->in[i], NULL);
    rc_real *x = to_reals(t->in[X].x + from * t->B * t->D, steps * t->B * t->D);
    rc_rnn_args a = args_of(t, v);

    a.state[0] = state;
    rc_var *out = rc_rnn(g, &(rc_rows){steps, t->B, at},
                         rc_leaf(g, rc_shape_2(steps * t->B, t->D), x, NULL), &a);

    guard_free(x);
    CHECK_STATUS(rc_var_read(g, out, y + from * t->B * t->H, steps * t->B * t->H), RC_OK);
    return rc_rnn_state(g, out, 0);
}

static void pieces_of_time_have_the_masks_of_the_whole(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    trial *t = trial_new(
        rcc_find("gru"),
        (trial_how){.T = 9, .B = 4, .D = 5, .H = 33, .biases = 2, .equal = true, .zone = {0.4}});
    const int64_t n = t->N * t->H;
    rc_real *whole = guard_new(n), *parts = guard_new(n), *again = guard_new(n);
    rc_real *state = guard_new(t->B * t->H);
    rc_graph *g = graph_open(2, true);

    rcg_graph_seed(g, 7, 3);
    (void)run_steps(g, t, 0, 9, RC_NONE, whole);
    for (int64_t from = 0; from < 9; from += 4) {
        rc_graph_reset(g);
        rcg_graph_seed(g, 7, 3);
        rcg_graph_from(g, from);
        rc_var *before = from ? rc_leaf(g, rc_shape_2(t->B, t->H), state, NULL) : RC_NONE;
        rc_var *after = run_steps(g, t, from, from + 4 < 9 ? from + 4 : 9, before, parts);

        CHECK_STATUS(rc_var_read(g, after, state, t->B * t->H), RC_OK);
    }
    check_same(parts, whole, n, "y in pieces", t);
    rc_graph_reset(g);
    rcg_graph_seed(g, 7, 4);
    (void)run_steps(g, t, 0, 9, RC_NONE, again);
    assert_memory_not_equal(again, whole, (size_t)n * sizeof *again);
    guard_free(whole);
    guard_free(parts);
    guard_free(again);
    guard_free(state);
    rc_graph_free(g);
    trial_free(t);
}

/* The graph of an evaluation has the means of a watched one. */
static void nothing_is_drawn_outside_of_training(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    trial *t = trial_new(
        rcc_find("lstm"),
        zoned(rcc_find("lstm"),
              (trial_how){.T = 5, .B = 4, .D = 5, .H = 20, .biases = 1, .expected = true}));
    outcome watched = run(t, 1);
    rc_real *y = guard_new(t->N * t->H);
    rc_graph *g = graph_open(2, false);
    rc_var *v[TENSORS];

    for (int i = 0; i < TENSORS; i++)
        v[i] = tensor_leaf(g, &t->in[i], NULL);
    const rc_rnn_args a = args_of(t, v);

    CHECK_STATUS(rc_var_read(g, rc_rnn(g, &t->rows, v[X], &a), y, t->N * t->H), RC_OK);
    check_same(y, watched.y, t->N * t->H, "y", t);
    guard_free(y);
    outcome_free(&watched);
    rc_graph_free(g);
    trial_free(t);
}

/* The two directions of a layer are drawn apart, and side by side they have the bits that they have
 * one after the other. */
static void both_directions_have_masks_of_their_own(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    trial *t = large(rcc_find("lstm"), false);
    const int64_t n = t->N * t->H;
    rc_real *y[2][2];

    for (int threads = 1; threads < 3; threads++) {
        rc_graph *g = graph_open(threads, true);
        rc_var *v[TENSORS], *out[2];

        for (int i = 0; i < TENSORS; i++)
            v[i] = tensor_leaf(g, &t->in[i], NULL);
        const rc_rnn_args a = args_of(t, v);

        assert_true(rcg_rnn_both(g, &t->rows, v[X], (rc_rnn_args[]){a, a}, out));
        for (int d = 0; d < 2; d++) {
            y[threads - 1][d] = guard_new(n);
            CHECK_STATUS(rc_var_read(g, out[d], y[threads - 1][d], n), RC_OK);
        }
        rc_graph_free(g);
    }
    for (int d = 0; d < 2; d++)
        check_same(y[0][d], y[1][d], n, "y", t);
    assert_memory_not_equal(y[0][0], y[0][1], (size_t)n * sizeof(rc_real));
    for (int k = 0; k < 4; k++)
        guard_free(y[k / 2][k % 2]);
    trial_free(t);
}

static void a_warm_step_allocates_nothing(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    trial *t = large(rcc_find("lstm"), false);
    rc_graph *g = graph_open(2, true);
    uint64_t before = 0;

    for (int step = 1; step <= 8; step++) {
        outcome o = outcome_new(t);

        rc_graph_reset(g);
        if (step == 4)
            before = rcb_alloc_count();
        rc_var *v[TENSORS];

        for (int k = 0; k < TENSORS; k++)
            v[k] = tensor_leaf(g, &t->in[k], o.grad[k]);
        const rc_rnn_args a = args_of(t, v);

        CHECK_STATUS(rc_graph_backward(g, rc_sum(g, rc_rnn(g, &t->rows, v[X], &a))), RC_OK);
        if (step == 4)
            assert_true(rcb_alloc_count() == before);
        outcome_free(&o);
    }
    rc_graph_free(g);
    trial_free(t);
}

static void rates_that_cannot_be_are_refused(void **unused)
{
    const struct {
        int state;
        double rate;
        const char *want;
    } cases[] = {
        {0, 1, "gru: zoneout 1 of state 'h' is not in 0 <= rate < 1"},
        {0, -0.5, "gru: zoneout -0.5 of state 'h' is not in 0 <= rate < 1"},
        {0, (double)NAN, "gru: zoneout nan of state 'h' is not in 0 <= rate < 1"},
        {1, 0.5, "gru: zoneout of state 2, the cell has 1"},
    };

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial *t = trial_new(rcc_find("gru"), (trial_how){.T = 2, .B = 1, .D = 2, .H = 3});
        rc_graph *g = graph_open(1, true);
        rc_var *v[TENSORS];

        t->zone[cases[i].state] = cases[i].rate;
        for (int k = 0; k < TENSORS; k++)
            v[k] = tensor_leaf(g, &t->in[k], NULL);
        const rc_rnn_args a = args_of(t, v);

        assert_null(rc_rnn(g, &t->rows, v[X], &a));
        CHECK_STATUS(rc_graph_status(g), RC_EINVAL);
        assert_string_equal(rc_error_message(), cases[i].want);
        rc_graph_free(g);
        trial_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_matches_the_textbook_forward_and_back),
        cmocka_unit_test(edges_match_the_textbook),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(a_unit_keeps_its_value_or_has_the_new_one),
        cmocka_unit_test(what_is_not_taken_is_not_felt),
        cmocka_unit_test(pieces_of_time_have_the_masks_of_the_whole),
        cmocka_unit_test(nothing_is_drawn_outside_of_training),
        cmocka_unit_test(both_directions_have_masks_of_their_own),
        cmocka_unit_test(a_warm_step_allocates_nothing),
        cmocka_unit_test(rates_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
