/* op_seq_test.c -- a whole batch of sequences through one cell, forward and back, for every cell:
 * against the textbook, and against itself (see seq_trial.h). */
#include "seq_trial.h"

/* Every cell in both directions, with no, one and two biases, with and without initial states. */
static void every_cell_matches_the_textbook_forward_and_back(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++)
        for (int kind = 0; kind < 48; kind++)
            check_trial(rcc_at(i), (trial_how){
                                       .T = pick(1, 5),
                                       .B = pick(1, 4),
                                       .D = pick(1, 40),
                                       .H = pick(1, 70),
                                       .reverse = kind % 2 != 0,
                                       .states = kind / 2 % 2 != 0,
                                       .biases = kind / 4 % 3,
                                       .equal = pick(0, 3) == 0,
                                   });
}

static void sizes_at_the_edge_match_the_textbook(void **unused)
{
    const trial_how hows[] = {
        {.T = 0, .B = 3, .D = 4, .H = 5, .biases = 2, .states = true},
        {.T = 0, .B = 3, .D = 4, .H = 5},
        {.T = 1, .B = 1, .D = 1, .H = 1, .biases = 1},
        {.T = 1, .B = 3, .D = 2, .H = 17, .biases = 2, .states = true, .equal = true},
        {.T = 5, .B = 1, .D = 0, .H = 3, .biases = 1, .states = true},
        {.T = 4, .B = 3, .D = 2, .H = 16, .biases = 2, .states = true, .equal = true},
        {.T = 3, .B = 9, .D = 17, .H = 64, .biases = 2, .states = true},
        {.T = 12, .B = 2, .D = 3, .H = 2, .biases = 2, .states = true},
    };

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++)
        for (size_t k = 0; k < 2 * (sizeof hows / sizeof *hows); k++) {
            trial_how how = hows[k / 2];

            how.reverse = k % 2 != 0;
            check_trial(rcc_at(i), how);
        }
}

static void a_batch_without_sequences_is_legal(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++)
        for (int reverse = 0; reverse < 2; reverse++)
            for (int64_t T = 0; T < 3; T += 2)
                check_trial(rcc_at(i), (trial_how){.T = T,
                                                   .B = 0,
                                                   .D = 3,
                                                   .H = 5,
                                                   .biases = 2,
                                                   .states = true,
                                                   .reverse = reverse != 0});
}

/* ---- bits ------------------------------------------------------------------------------------ */

static void any_number_of_threads_gives_the_same_bits(void **unused)
{
    const int threads[] = {2, 3, 7};

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        trial *t = large_trial(rcc_at(i), i % 2 != 0);
        outcome one = run(t, 1);

        for (int k = 0; k < 3; k++) {
            outcome many = run(t, threads[k]);

            check_same_outcome(&many, &one);
            outcome_free(&many);
        }
        outcome_free(&one);
        trial_free(t);
    }
}

static outcome run_with(const rck_table *table, const trial *t, int threads)
{
    const rck_table *before = rck;

    rck = table;

    outcome o = run(t, threads);

    rck = before;
    return o;
}

static void avx2_and_avx512_give_the_same_bits(void **unused)
{
    const rck_table *narrow, *wide;

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    oracle_twins(&narrow, &wide);
    if (!narrow)
        skip();

    for (size_t i = 0; rcc_at(i); i++)
        for (int kind = 0; kind < 4; kind++) {
            trial *t = kind == 0 ? large_trial(rcc_at(i), true)
                                 : trial_new(rcc_at(i), (trial_how){.T = 5,
                                                                    .B = pick(1, 5),
                                                                    .D = pick(1, 70),
                                                                    .H = pick(1, 70),
                                                                    .biases = 2,
                                                                    .states = true,
                                                                    .reverse = kind == 2});
            outcome a = run_with(narrow, t, 1), b = run_with(wide, t, 2);

            check_same_outcome(&a, &b);
            outcome_free(&a);
            outcome_free(&b);
            trial_free(t);
        }
}

/* The tables that are not in use by default compute the same sequences. */
static void every_instruction_set_matches_the_first(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        trial *t = trial_new(
            rcc_at(i), (trial_how){.T = 4, .B = 3, .D = 19, .H = 35, .biases = 2, .states = true});
        outcome first = run_with(rck_table_of(RCB_ISA_plain), t, 1);

        for_each_table(table) {
            outcome o = run_with(table, t, 1);

            CHECK_CLOSE(o.y, first.y, t->N * width(t, 0), SEQ_VALUE_TOL);
            for (int k = 0; k < TENSORS; k++)
                if (t->in[k].x)
                    CHECK_CLOSE(o.grad[k], first.grad[k], t->in[k].n, SEQ_GRADIENT_TOL);
            outcome_free(&o);
        }
        outcome_free(&first);
        trial_free(t);
    }
}

/* Sequence b of a trial alone. */
static trial *only(const trial *t, int64_t b)
{
    trial *s = trial_new(t->cell, (trial_how){.T = t->length[b],
                                              .B = 1,
                                              .D = t->D,
                                              .H = t->H,
                                              .P = t->P,
                                              .equal = true,
                                              .reverse = t->reverse,
                                              .biases = 2,
                                              .states = true});

    for (int i = W; i <= R; i++)
        if (t->in[i].x)
            memcpy(s->in[i].x, t->in[i].x, (size_t)t->in[i].n * sizeof(double));
    for (int64_t k = 0; k < s->N; k++) {
        memcpy(s->in[X].x + k * t->D, t->in[X].x + (t->at[k] + b) * t->D,
               (size_t)t->D * sizeof(double));
        memcpy(s->d_y + k * width(t, 0), t->d_y + (t->at[k] + b) * width(t, 0),
               (size_t)width(t, 0) * sizeof(double));
    }
    for (int i = 0; i < t->cell->states; i++) {
        const int64_t n = width(t, i);

        memcpy(s->in[S0 + i].x, t->in[S0 + i].x + b * n, (size_t)n * sizeof(double));
        memcpy(s->d_f[i], t->d_f[i] + b * n, (size_t)n * sizeof(double));
    }
    return s;
}

static void a_ragged_batch_has_the_bits_of_each_sequence_alone(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++)
        for (int reverse = 0; reverse < 2; reverse++) {
            trial *t = trial_new(rcc_at(i), (trial_how){.T = 6,
                                                        .B = 7,
                                                        .D = 5,
                                                        .H = 37,
                                                        .biases = 2,
                                                        .states = true,
                                                        .reverse = reverse != 0});
            outcome all = run(t, 2);

            for (int64_t b = 0; b < t->B; b++) {
                trial *s = only(t, b);
                outcome one = run(s, 1);

                for (int64_t k = 0; k < s->N; k++) {
                    const int64_t row = t->at[k] + b;

                    const int64_t n = width(t, 0);

                    check_same(one.y + k * n, all.y + row * n, n, "y", t);
                    check_same(one.grad[X] + k * t->D, all.grad[X] + row * t->D, t->D, "x", t);
                }
                for (int k = 0; k < t->cell->states; k++) {
                    const int64_t n = width(t, k);

                    check_same(one.final[k], all.final[k] + b * n, n, "final state", t);
                    check_same(one.grad[S0 + k], all.grad[S0 + k] + b * n, n, "initial state", t);
                }
                outcome_free(&one);
                trial_free(s);
            }
            outcome_free(&all);
            trial_free(t);
        }
}

/* A second step on a used graph is like the first on a new one. */
static void a_reset_graph_gives_the_same_bits_again(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        trial *t = trial_new(
            rcc_at(i), (trial_how){.T = 5, .B = 4, .D = 9, .H = 21, .biases = 2, .states = true});
        rc_graph *g = graph_open(2, true);
        outcome first = outcome_new(t);

        run_on(g, t, &first);
        for (int k = 0; k < 3; k++) {
            outcome again = outcome_new(t);

            rc_graph_reset(g);
            run_on(g, t, &again);
            check_same_outcome(&again, &first);
            outcome_free(&again);
        }
        outcome_free(&first);
        rc_graph_free(g);
        trial_free(t);
    }
}

/* ---- one weight over [h,x] ------------------------------------------------------------------- */

/* h_t = tanh([U W] [h_t-1, x_t] + b) step by step, from plain operations; loss: all h along d_y. */
static rc_var *concatenated(rc_graph *g, const trial *t, rc_var *w, rc_var *b)
{
    rc_real *zero = to_reals(t->d_f[0], t->B * t->H);

    for (int64_t i = 0; i < t->B * t->H; i++)
        zero[i] = 0;

    rc_var *h = rc_leaf(g, rc_shape_2(t->B, t->H), zero, NULL), *loss = NULL;

    guard_free(zero);
    for (int64_t s = 0; s < t->rows.steps; s++) {
        rc_real *x = to_reals(t->in[X].x + t->at[s] * t->D, t->B * t->D);
        rc_var *v = rc_leaf(g, rc_shape_2(t->B, t->D), x, NULL);

        guard_free(x);
        h = rc_tanh(g, rc_linear(g, rc_concat(g, 2, (rc_var *[]){h, v}), w, b));

        rc_var *part = along(g, h, t->d_y + t->at[s] * t->H);

        loss = loss ? rc_add(g, loss, part) : part;
    }
    return loss;
}

static void one_weight_over_state_and_input_is_the_split_form(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    const int64_t H = 21, D = 9;
    trial *t = trial_new(rcc_find("tanh"),
                         (trial_how){.T = 7, .B = 4, .D = D, .H = H, .biases = 1, .equal = true});
    for (int64_t i = 0; i < t->B * H; i++)
        t->d_f[0][i] = 0;

    outcome split = run(t, 1);
    rc_real *w = guard_new(H * (H + D)), *dw = guard_new(H * (H + D)), *db = guard_new(H);
    rc_real *b = to_reals(t->in[BI].x, H);
    rc_graph *g = graph_open(1, true);
    double loss;

    for (int64_t r = 0; r < H; r++)
        for (int64_t k = 0; k < H + D; k++) {
            w[r * (H + D) + k] =
                (rc_real)(k < H ? t->in[U].x[r * H + k] : t->in[W].x[r * D + k - H]);
            dw[r * (H + D) + k] = db[r] = 0;
        }

    rc_var *v = concatenated(g, t, rc_leaf(g, rc_shape_2(H, H + D), w, dw),
                             rc_leaf(g, rc_shape_1(H), b, db));

    CHECK_STATUS(rc_var_total(g, v, &loss), RC_OK);
    CHECK_NEAR(loss, split.loss, SEQ_VALUE_TOL * 10);
    CHECK_STATUS(rc_graph_backward(g, v), RC_OK);
    CHECK_CLOSE(db, split.grad[BI], H, SEQ_VALUE_TOL * 10);
    for (int64_t r = 0; r < H; r++) {
        CHECK_CLOSE(dw + r * (H + D), split.grad[U] + r * H, H, SEQ_VALUE_TOL * 10);
        CHECK_CLOSE(dw + r * (H + D) + H, split.grad[W] + r * D, D, SEQ_VALUE_TOL * 10);
    }
    guard_free(w);
    guard_free(dw);
    guard_free(db);
    guard_free(b);
    rc_graph_free(g);
    outcome_free(&split);
    trial_free(t);
}

/* ---- what the LSTM is for -------------------------------------------------------------------- */

static void lstm_with_forget_1_and_input_0_keeps_its_cell_over_1000_steps(void **unused)
{
    enum { T = 1000, H = 3, D = 2 };
    const rc_real c0[H] = {(rc_real)0.3141, -2, 17};
    rc_real w[4 * H * D] = {0}, u[4 * H * H] = {0}, b[4 * H] = {0}, c[H];
    int64_t at[T + 1];

    (void)unused;
    (void)check_seed();
    for (int i = 0; i <= T; i++)
        at[i] = i;
    for (int j = 0; j < H; j++) {
        b[j] = -1000;    /* i */
        b[H + j] = 1000; /* f */
    }
    fill_real(w + 2 * H * D, 2 * H * D); /* g and o see the noise that comes in */
    fill_real(u + 2 * H * H, 2 * H * H);

    rc_graph *g = graph_open(2, true);
    rc_rnn_args a = rc_rnn_args_default();

    a.w_ih = rc_leaf(g, rc_shape_2(4 * H, D), w, NULL);
    a.w_hh = rc_leaf(g, rc_shape_2(4 * H, H), u, NULL);
    a.b_ih = rc_leaf(g, rc_shape_1(4 * H), b, NULL);
    a.state[1] = rc_leaf(g, rc_shape_2(1, H), c0, NULL);

    rc_var *y = rc_rnn(g, &(rc_rows){T, 1, at}, random_leaf(g, rc_shape_2(T, D), NULL), &a);

    CHECK_STATUS(rc_var_read(g, rc_rnn_state(g, y, 1), c, H), RC_OK);
    assert_memory_equal(c, c0, sizeof c);
    rc_graph_free(g);
}

/* ---- states ---------------------------------------------------------------------------------- */

/* A state that an operation made may hold anything finite behind its columns. */
static rc_var *build_dirty_state(rc_graph *g, rc_var *const v[], void *ctx)
{
    const rcc_cell *cell = ctx;
    static const int64_t at[] = {0, 3, 5};
    rc_rnn_args a = rc_rnn_args_default();

    a.cell = cell->name;
    a.w_ih = v[1];
    a.w_hh = v[2];
    for (int i = 0; i < cell->states; i++)
        a.state[i] = rc_sigmoid(g, v[3 + i]);
    if (cell->vectors > 0)
        a.vectors = v[3 + cell->states];
    if (cell->narrow)
        a.w_hr = v[3 + cell->states + (cell->vectors > 0)];

    rc_var *y = rc_rnn(g, &(rc_rows){2, 3, at}, rc_sigmoid(g, v[0]), &a);

    return rc_add(g, weigh(g, rc_tanh(g, y)), weigh(g, rc_rnn_state(g, y, cell->states - 1)));
}

static void states_may_come_from_any_operation(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        const rcc_widths widths = {5, 3};
        rcc_cell cell = *rcc_at(i);
        problem p = problem_new(build_dirty_state, &cell);

        (void)problem_add(&p, rc_shape_2(5, 3));
        (void)problem_add(&p, rc_shape_2(rcc_part_gates(&cell, RCC_W) * 5, 3));
        (void)problem_add(
            &p, rc_shape_2(rcc_part_gates(&cell, RCC_U) * 5, rcc_columns(&cell, RCC_U, widths)));
        for (int k = 0; k < cell.states; k++)
            (void)problem_add(&p, rc_shape_2(3, rcc_state_width(&cell, k, widths)));
        if (cell.vectors > 0)
            (void)problem_add(&p, rc_shape_1(cell.vectors * 5));
        if (cell.narrow)
            (void)problem_add(&p, rc_shape_2(rcc_part_gates(&cell, RCC_R) * 3, 5));
        problem_check(&p, cell.name, 15);
        problem_free(&p);
    }
}

/* ---- no heap in a warm step ------------------------------------------------------------------ */

static void a_warm_step_allocates_nothing(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        trial *t = large_trial(rcc_at(i), i % 2 == 0);
        outcome o = outcome_new(t);
        rc_graph *g = graph_open(2, true);
        uint64_t before = 0;

        for (int step = 1; step <= 10; step++) {
            rc_var *v[TENSORS];

            if (step == 3)
                before = rcb_alloc_count();
            for (int k = 0; k < TENSORS; k++)
                v[k] = tensor_leaf(g, &t->in[k], o.grad[k]);

            const rc_rnn_args a = args_of(t, v);
            rc_var *y = rc_rnn(g, &t->rows, v[X], &a);
            rc_var *f = rc_rnn_state(g, y, 0);

            CHECK_STATUS(rc_graph_backward(g, rc_add(g, rc_sum(g, y), rc_sum(g, f))), RC_OK);
            rc_graph_reset(g);
        }
        assert_int_equal(rcb_alloc_count(), before);
        rc_graph_free(g);
        outcome_free(&o);
        trial_free(t);
    }
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* An LSTM of 3 inputs and 2 units over 3 rows of 2 sequences, with one thing wrong at a time. */
static const int64_t right_at[] = {0, 2, 3};
static const rc_rows right_rows = {2, 2, right_at};

static rc_rnn_args right_args(rc_graph *g)
{
    rc_rnn_args a = rc_rnn_args_default();

    a.w_ih = random_leaf(g, rc_shape_2(8, 3), NULL);
    a.w_hh = random_leaf(g, rc_shape_2(8, 2), NULL);
    a.b_ih = random_leaf(g, rc_shape_1(8), NULL);
    a.b_hh = random_leaf(g, rc_shape_1(8), NULL);
    a.state[0] = random_leaf(g, rc_shape_2(2, 2), NULL);
    a.state[1] = random_leaf(g, rc_shape_2(2, 2), NULL);
    return a;
}

static rc_var *x_of(rc_graph *g)
{
    return random_leaf(g, rc_shape_2(3, 3), NULL);
}

static void weights_and_states_of_a_wrong_shape_are_named(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    rc_rnn_args a = right_args(g);

    assert_non_null(rc_rnn(g, &right_rows, x_of(g), &a));
    rc_graph_reset(g);

    a = right_args(g);
    a.w_ih = random_leaf(g, rc_shape_2(8, 4), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: the input weight is (8,4), expected (8,3)");
    a = right_args(g);
    a.w_ih = random_leaf(g, rc_shape_2(7, 3), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: the input weight has 7 rows, not a multiple of the cell's 4 gates");
    a = right_args(g);
    a.w_hh = random_leaf(g, rc_shape_2(8, 3), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: the recurrent weight is (8,3), expected (8,2)");
    a = right_args(g);
    a.w_hh = RC_NONE;
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE, "the recurrent weight is ()");
    a = right_args(g);
    a.b_ih = random_leaf(g, rc_shape_1(2), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: the input bias is (2), expected (8,1)");
    a = right_args(g);
    a.b_hh = random_leaf(g, rc_shape_2(1, 8), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: the recurrent bias is (1,8), expected (8,1)");
    a = right_args(g);
    a.state[1] = random_leaf(g, rc_shape_2(3, 2), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: initial state 'c' is (3,2), expected (2,2)");
    a = right_args(g);
    a.state[2] = random_leaf(g, rc_shape_2(2, 2), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: initial state 3 is given, the cell has 2");
    a = right_args(g);
    a.w_hr = random_leaf(g, rc_shape_2(1, 2), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm: a projection is given, the cell has none");
    a = right_args(g);
    a.cell = "lstm-proj";
    a.w_hr = random_leaf(g, rc_shape_2(3, 2), NULL);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_ESHAPE,
                 "lstm-proj: the projection has 3 rows, at most as many as the cell's 2 units");
    rc_graph_free(g);
}

static void missing_operands_and_unknown_cells_are_refused(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    rc_rnn_args a = right_args(g);

    CHECK_FAILED(g, rc_rnn(g, &right_rows, NULL, &a), RC_EINVAL, "rnn: operand 1 is missing");
    a = right_args(g);
    CHECK_FAILED(g, rc_rnn(g, &right_rows, RC_NONE, &a), RC_EINVAL, "rnn: operand 1 is missing");
    a = right_args(g);
    a.w_ih = NULL;
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_EINVAL, "rnn: operand 2 is missing");
    a = right_args(g);
    a.w_ih = RC_NONE;
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_EINVAL, "rnn: operand 2 is missing");
    a = right_args(g);
    a.b_ih = NULL;
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_EINVAL, "rnn: operand 4 is missing");
    a = right_args(g);
    a.cell = "lsmt";
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_EINVAL, "rnn: there is no cell 'lsmt'");
    a = right_args(g);
    a.cell = NULL;
    CHECK_FAILED(g, rc_rnn(g, &right_rows, x_of(g), &a), RC_EINVAL, "rnn: there is no cell ''");
    rc_graph_free(g);
}

static void rows_that_make_no_sense_are_refused(void **unused)
{
    const int64_t late[] = {1, 2, 3}, growing[] = {0, 1, 3}, negative[] = {0, 2, 1};
    const struct {
        rc_rows rows;
        rc_status status;
        const char *text;
    } wrong[] = {
        {{2, 2, late}, RC_EINVAL, "begin at 1, not at 0"},
        {{2, 2, growing}, RC_EINVAL, "step 1 has 2 rows, at most 1"},
        {{2, 2, negative}, RC_EINVAL, "step 1 has -1 rows"},
        {{2, 1, right_at}, RC_EINVAL, "step 0 has 2 rows, at most 1"},
        {{-1, 2, right_at}, RC_EINVAL, "rows of the batch are missing"},
        {{2, -1, right_at}, RC_EINVAL, "rows of the batch are missing"},
        {{2, 2, NULL}, RC_EINVAL, "rows of the batch are missing"},
        {{1, 2, right_at}, RC_ESHAPE, "input has 3 rows, the batch has 2"},
    };

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rc_rnn_args a = right_args(g);

        CHECK_FAILED(g, rc_rnn(g, &wrong[i].rows, x_of(g), &a), wrong[i].status, wrong[i].text);
    }
    rc_graph_free(g);
}

/* 2^60 sequences of 16 reals: the product leaves 64 bits. */
static void more_sequences_than_can_be_counted_are_refused(void **unused)
{
    static const int64_t none[] = {0};
    const rc_rows rows = {0, INT64_C(1) << 60, none};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    rc_rnn_args a = right_args(g);

    a.state[0] = a.state[1] = RC_NONE;
    CHECK_FAILED(g, rc_rnn(g, &rows, random_leaf(g, rc_shape_2(0, 3), NULL), &a), RC_ENOMEM,
                 "out of memory");
    rc_graph_free(g);
}

static void axes_say_time(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    rc_rnn_args a = right_args(g);
    rc_var *y = rc_rnn(g, &right_rows, x_of(g), &a);
    const rc_shape s = rc_var_shape(y);

    assert_true(s.rank == 2 && s.dim[0] == 3 && s.dim[1] == 2 && s.axis[0] == RC_TIME);
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_matches_the_textbook_forward_and_back),
        cmocka_unit_test(sizes_at_the_edge_match_the_textbook),
        cmocka_unit_test(a_batch_without_sequences_is_legal),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(avx2_and_avx512_give_the_same_bits),
        cmocka_unit_test(every_instruction_set_matches_the_first),
        cmocka_unit_test(a_ragged_batch_has_the_bits_of_each_sequence_alone),
        cmocka_unit_test(a_reset_graph_gives_the_same_bits_again),
        cmocka_unit_test(one_weight_over_state_and_input_is_the_split_form),
        cmocka_unit_test(lstm_with_forget_1_and_input_0_keeps_its_cell_over_1000_steps),
        cmocka_unit_test(states_may_come_from_any_operation),
        cmocka_unit_test(a_warm_step_allocates_nothing),
        cmocka_unit_test(weights_and_states_of_a_wrong_shape_are_named),
        cmocka_unit_test(missing_operands_and_unknown_cells_are_refused),
        cmocka_unit_test(rows_that_make_no_sense_are_refused),
        cmocka_unit_test(more_sequences_than_can_be_counted_are_refused),
        cmocka_unit_test(axes_say_time),
    };

    return cmocka_run_group_tests_name("op_seq", tests, NULL, NULL);
}
