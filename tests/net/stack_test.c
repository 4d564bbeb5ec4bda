/* stack_test.c -- a stack is its layers wired as its plan says, has the right gradients, treats the
 * sequences of a ragged batch alone, carries its state from batch to batch, and allocates nothing
 * once it is warm. */
#include "net/net.h"

#include "check.h"
#include "sequences.h"

enum { DOUBLE = sizeof(rc_real) == 8, MOST_LAYERS = 3 };

/* ---- one stack, its input and its graph ---------------------------------------------------- */

typedef struct bench {
    rcn_params ps;
    rcn_stack s;
    rcb_pool *pool;
    rc_graph *g;
    sequences seq;
    rc_real *x;   /* (N,D) */
    rc_real *d_x; /* (N,D) */
    rc_real *y;   /* (N,out) */
    rc_real *r;   /* (N,out) the loss is sum r y */
} bench;

/* Random everything, over the sequences already in b->seq. */
static void bench_open(bench *b, const rcn_stack_plan *plan, int threads)
{
    const int64_t N = b->seq.N;

    b->ps = (rcn_params){0};
    CHECK_STATUS(rcn_stack_new(&b->s, &b->ps, plan), RC_OK);
    randomise(&b->ps, 0.7);
    CHECK_STATUS(rcn_params_grads(&b->ps), RC_OK);
    CHECK_STATUS(rcb_pool_new(&b->pool, threads), RC_OK);
    CHECK_STATUS(rcg_graph_on(&b->g, b->pool, true), RC_OK);
    b->x = random_reals(N * plan->in);
    b->d_x = zero_reals(N * plan->in);
    b->y = zero_reals(N * b->s.out);
    b->r = random_reals(N * b->s.out);
}

static void bench_close(bench *b)
{
    rcb_free(b->r);
    rcb_free(b->y);
    rcb_free(b->d_x);
    rcb_free(b->x);
    rc_graph_free(b->g);
    rcb_pool_free(b->pool);
    rcn_stack_free(&b->s);
    rcn_params_free(&b->ps);
}

/* Run the stack, the same dropout masks each time; y receives what leaves it. */
static rc_var *bench_run(bench *b, rc_real *carry, bool grads)
{
    rc_graph_reset(b->g);
    rcg_graph_seed(b->g, 3, 5);

    rc_var *x = rc_leaf(b->g, rc_shape_2(b->seq.N, b->s.plan.in), b->x, grads ? b->d_x : NULL);
    rc_var *y = rcn_stack_run(&b->s, &b->ps, b->g, &b->seq.rows, x, carry);

    CHECK_STATUS(rc_var_read(b->g, y, b->y, b->seq.N * b->s.out), RC_OK);
    return weighted(b->g, y, b->r);
}

static rc_status bench_loss(void *ctx, double *out)
{
    bench *b = ctx;

    return rc_var_total(b->g, bench_run(b, NULL, false), out);
}

static void bench_gradients(bench *b)
{
    rcn_params_fresh(&b->ps);
    memset(b->d_x, 0, (size_t)(b->seq.N * b->s.plan.in) * sizeof(rc_real));
    CHECK_STATUS(rcn_params_refresh(&b->ps, b->pool), RC_OK);
    CHECK_STATUS(rc_graph_backward(b->g, bench_run(b, NULL, true)), RC_OK);
    rcn_params_settle(&b->ps);
}

/* A random plan of at most MOST_LAYERS layers; `hidden` receives their sizes. */
static rcn_stack_plan random_plan(const rcc_cell *cell, int64_t most, int64_t hidden[MOST_LAYERS])
{
    const bool even = pick(0, 1); /* all layers of the input's size, so that residuals can be */
    const int64_t in = pick(1, most);

    int64_t least = most;

    for (int i = 0; i < MOST_LAYERS; i++) {
        hidden[i] = even ? in : pick(1, most);
        least = hidden[i] < least ? hidden[i] : least;
    }
    return (rcn_stack_plan){.cell = cell,
                            .layers = (int)pick(1, MOST_LAYERS),
                            .hidden = hidden,
                            .projection = cell->narrow ? pick(0, least) : 0,
                            .in = in,
                            .directions = (int)pick(1, 2),
                            .bias = (rcn_bias)pick(RCN_BIAS_NONE, RCN_BIAS_DOUBLE),
                            .skip = (rcn_skip)pick(0, RCN_SKIP_COUNT - 1),
                            .window = pick(0, 3),
                            .deep_in = pick(0, 1) ? pick(1, most) : 0,
                            .deep_out = pick(0, 1) ? pick(1, most) : 0,
                            .learned = pick(0, 1),
                            .name = "rnn"};
}

/* ---- making -------------------------------------------------------------------------------- */

static void names_and_widths_follow_the_plan(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {5, 3};
    rcn_stack_plan plan = {.cell = cell_named("lstm"),
                           .layers = 2,
                           .hidden = hidden,
                           .in = 7,
                           .directions = 2,
                           .bias = RCN_BIAS_SINGLE,
                           .name = "rnn"};
    rcn_params ps = {0};
    rcn_stack s;

    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_OK);

    static const char *const names[] = {
        "rnn.weight_ih_l0",         "rnn.weight_hh_l0",         "rnn.bias_ih_l0",
        "rnn.weight_ih_l0_reverse", "rnn.weight_hh_l0_reverse", "rnn.bias_ih_l0_reverse",
        "rnn.weight_ih_l1",         "rnn.weight_hh_l1",         "rnn.bias_ih_l1",
        "rnn.weight_ih_l1_reverse", "rnn.weight_hh_l1_reverse", "rnn.bias_ih_l1_reverse",
    };

    assert_int_equal(ps.n, sizeof names / sizeof *names);
    for (size_t i = 0; i < ps.n; i++)
        assert_string_equal(ps.p[i].name, names[i]);
    assert_int_equal(ps.p[6].dim[1], 10);
    assert_int_equal(s.out, 6);
    assert_int_equal(s.states, 2);
    assert_int_equal(s.state_width, 2 * 2 * (5 + 3));
    assert_ptr_not_equal(s.plan.hidden, hidden);
    rcn_stack_free(&s);
    rcn_params_free(&ps);

    plan.skip = RCN_SKIP_GRAVES;
    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_OK);
    assert_int_equal(ps.p[6].dim[1], 10 + 7);
    assert_int_equal(s.out, 10 + 6);
    rcn_stack_free(&s);
    rcn_params_free(&ps);
}

static void impossible_plans_are_refused(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {5, 0};
    const rcn_stack_plan good = {.cell = cell_named("gru"),
                                 .layers = 1,
                                 .hidden = hidden,
                                 .in = 7,
                                 .directions = 1,
                                 .name = "rnn"};

    for (int i = 0; i < 10; i++) {
        rcn_stack_plan bad = good;
        rcn_params ps = {0};
        rcn_stack s;

        bad.layers = i == 0 ? 0 : i == 1 ? 2 : 1;
        bad.directions = i == 2 ? 3 : 1;
        bad.dropout = i == 3 ? 1 : i == 4 ? -0.1 : 0;
        bad.in = i == 5 ? 0 : 7;
        bad.zoneout = i == 8 ? 1 : 0;
        bad.zoneout_memory = i == 9 ? 0.5 : 0; /* a GRU has none */
        bad.window = i == 6 ? -1 : i == 7 ? RC_WINDOW_MOST + 1 : 0;
        CHECK_STATUS(rcn_stack_new(&s, &ps, &bad), RC_EINVAL);
        assert_null(s.layer);
        rcn_params_free(&ps);
    }
}

typedef struct wanted {
    const char *name;
    int64_t rows, cols;
} wanted;

static void check_params(const rcn_params *ps, const wanted *want, size_t n)
{
    assert_int_equal(ps->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(ps->p[i].name, want[i].name);
        assert_int_equal(ps->p[i].dim[0], want[i].rows);
        assert_int_equal(ps->p[i].dim[1], want[i].cols);
    }
}

static void windows_deep_layers_and_first_states_have_parameters(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {5, 3};
    const rcn_stack_plan plan = {.cell = cell_named("lstm"),
                                 .layers = 2,
                                 .hidden = hidden,
                                 .in = 7,
                                 .directions = 1,
                                 .window = 3,
                                 .deep_in = 6,
                                 .deep_out = 9,
                                 .learned = true,
                                 .name = "rnn"};
    static const wanted want[] = {{"rnn.deep_in.weight", 6, 7},  {"rnn.deep_in.bias", 6, 1},
                                  {"rnn.weight_ih_l0", 20, 18},  {"rnn.weight_hh_l0", 20, 5},
                                  {"rnn.start_l0", 2, 5},        {"rnn.weight_ih_l1", 12, 15},
                                  {"rnn.weight_hh_l1", 12, 3},   {"rnn.start_l1", 2, 3},
                                  {"rnn.deep_out.weight", 9, 3}, {"rnn.deep_out.bias", 9, 1}};
    rcn_params ps = {0};
    rcn_stack s;

    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_OK);
    check_params(&ps, want, sizeof want / sizeof *want);
    assert_int_equal(s.out, 9);
    assert_int_equal(s.state_width, 2 * (5 + 3) + 2 * 6 + 2 * 5);
    rcn_stack_free(&s);
    rcn_params_free(&ps);
}

/* What leaves a layer is what the next one reads, and each width has its first states. */
static void a_projection_is_what_the_next_layer_reads(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {5, 4};
    rcn_stack_plan plan = {.cell = cell_named("lstm-proj"),
                           .layers = 2,
                           .hidden = hidden,
                           .in = 7,
                           .directions = 1,
                           .learned = true,
                           .name = "rnn"};
    static const wanted want[] = {{"rnn.weight_ih_l0", 20, 7}, {"rnn.weight_hh_l0", 20, 3},
                                  {"rnn.weight_hr_l0", 3, 5},  {"rnn.start_l0", 1, 5},
                                  {"rnn.start_hr_l0", 1, 3},   {"rnn.weight_ih_l1", 16, 3},
                                  {"rnn.weight_hh_l1", 16, 2}, {"rnn.weight_hr_l1", 2, 4},
                                  {"rnn.start_l1", 1, 4},      {"rnn.start_hr_l1", 1, 2}};
    rcn_params ps = {0};
    rcn_stack s;

    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_OK);
    check_params(&ps, want, sizeof want / sizeof *want);
    assert_int_equal(s.out, 2);
    assert_int_equal(s.state_width, 3 + 5 + 2 + 4);
    rcn_stack_free(&s);
    rcn_params_free(&ps);

    plan.projection = 4;
    plan.directions = 2;
    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_OK);
    assert_int_equal(s.out, 8);
    rcn_stack_free(&s);
    rcn_params_free(&ps);

    plan.projection = 5; /* the second layer has 4 units */
    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_EINVAL);
    CHECK_MESSAGE_HAS("'rnn_l1'");
    rcn_params_free(&ps);
    plan.cell = cell_named("lstm");
    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_EINVAL);
    CHECK_MESSAGE_HAS("'lstm'");
    rcn_params_free(&ps);
}

/* ---- wiring -------------------------------------------------------------------------------- */

/* Both directions of layer i by hand. */
static rc_var *layer_by_hand(bench *b, int i, rc_var *x)
{
    rc_var *y[2];

    for (int d = 0; d < b->s.plan.directions; d++)
        y[d] = rcn_rnn_run(&b->s.layer[i * b->s.plan.directions + d], &b->ps, b->g, &b->seq.rows, x,
                           NULL);
    return b->s.plan.directions == 2 ? rc_concat(b->g, 2, y) : y[0];
}

/* What the plan says, for three layers of 6 units (3 in each of two directions) over 6 inputs. */
static rc_var *stack_by_hand(bench *b, rc_var *x)
{
    rc_graph *g = b->g;
    const double rate = b->s.plan.dropout;
    rc_var *y[3];

    y[0] = layer_by_hand(b, 0, x);
    if (b->s.plan.skip == RCN_SKIP_RESIDUAL)
        y[0] = rc_add(g, x, y[0]);
    for (int i = 1; i < 3; i++) {
        rc_var *in = y[i - 1];

        if (rate > 0)
            in = b->s.plan.locked ? rc_dropout_locked(g, &b->seq.rows, in, rate)
                                  : rc_dropout(g, in, rate);
        if (b->s.plan.skip == RCN_SKIP_GRAVES)
            in = rc_concat(g, 2, (rc_var *[]){in, x});
        y[i] = layer_by_hand(b, i, in);
        if (b->s.plan.skip == RCN_SKIP_RESIDUAL)
            y[i] = rc_add(g, y[i - 1], y[i]);
    }
    return b->s.plan.skip == RCN_SKIP_GRAVES ? rc_concat(g, 3, y) : y[2];
}

static void a_stack_is_its_layers_wired_by_hand(void **unused)
{
    (void)unused;
    check_seed();
    for (int trial = 0; trial < 36; trial++) {
        const int directions = 1 + trial % 2;
        const int64_t width = 6 / directions;
        const rcn_stack_plan plan = {.cell = cell_named(trial % 5 ? "lstm" : "gru-before"),
                                     .layers = 3,
                                     .hidden = (const int64_t[]){width, width, width},
                                     .in = 6,
                                     .directions = directions,
                                     .bias = RCN_BIAS_DOUBLE,
                                     .skip = (rcn_skip)(trial / 2 % 3),
                                     .dropout = trial / 6 % 3 > 0 ? 0.4 : 0,
                                     .locked = trial / 6 % 3 > 1,
                                     .name = "rnn"};
        bench b;

        random_lengths(&b.seq, 5, 8);
        bench_open(&b, &plan, 1);
        rcg_graph_train(b.g, trial < 18);
        (void)bench_run(&b, NULL, false);

        rc_real *y = zero_reals(b.seq.N * b.s.out);

        rc_graph_reset(b.g);
        rcg_graph_seed(b.g, 3, 5);
        CHECK_STATUS(rc_var_read(b.g,
                                 stack_by_hand(&b, rc_leaf(b.g, rc_shape_2(b.seq.N, 6), b.x, NULL)),
                                 y, b.seq.N * b.s.out),
                     RC_OK);
        assert_memory_equal(y, b.y, (size_t)(b.seq.N * b.s.out) * sizeof *y);
        rcb_free(y);
        bench_close(&b);
    }
}

/* Two layers with a window of three, a layer before and one after, and trained first states. */
static rc_var *deep_by_hand(bench *b, rc_var *x)
{
    rc_graph *g = b->g;
    rcn_param *p = b->ps.p;
    const int64_t B = b->seq.B;
    rc_var *y = rc_tanh(g, rc_linear(g, x, rcn_var(g, &p[0]), rcn_var(g, &p[1])));

    for (int i = 0; i < 2; i++) {
        rcn_param *start = &p[i == 0 ? 5 : 9];
        rc_var *state[RC_STATES];

        assert_string_equal(start->name, i == 0 ? "rnn.start_l0" : "rnn.start_l1");
        for (int k = 0; k < 2; k++) {
            int32_t ids[SEQ_MOST];

            for (int64_t q = 0; q < B; q++)
                ids[q] = k;
            state[k] = rc_embed(g, rcn_var(g, start), ids, B);
        }
        y = rc_window(g, &b->seq.rows, y, 3, RC_NONE);
        y = rcn_rnn_run(&b->s.layer[i], &b->ps, g, &b->seq.rows, y, state);
    }
    return rc_tanh(g, rc_linear(g, y, rcn_var(g, &p[10]), rcn_var(g, &p[11])));
}

static void windows_and_deep_layers_are_what_their_operations_are(void **unused)
{
    (void)unused;
    const rcn_stack_plan plan = {.cell = cell_named("lstm"),
                                 .layers = 2,
                                 .hidden = (const int64_t[]){5, 4},
                                 .in = 6,
                                 .directions = 1,
                                 .bias = RCN_BIAS_SINGLE,
                                 .window = 3,
                                 .deep_in = 7,
                                 .deep_out = 8,
                                 .learned = true,
                                 .name = "rnn"};
    bench b;

    check_seed();
    random_lengths(&b.seq, 5, 8);
    bench_open(&b, &plan, 1);
    (void)bench_run(&b, NULL, false);

    rc_real *y = zero_reals(b.seq.N * b.s.out);
    rc_graph_reset(b.g);
    rc_var *x = rc_leaf(b.g, rc_shape_2(b.seq.N, 6), b.x, NULL);
    CHECK_STATUS(rc_var_read(b.g, deep_by_hand(&b, x), y, b.seq.N * b.s.out), RC_OK);
    assert_memory_equal(y, b.y, (size_t)(b.seq.N * b.s.out) * sizeof *y);
    rcb_free(y);
    bench_close(&b);
}

/* Sizes that differ leave the residual out. */
static void residuals_join_equal_sizes_only(void **unused)
{
    (void)unused;
    const rcn_stack_plan plan = {.cell = cell_named("tanh"),
                                 .layers = 2,
                                 .hidden = (const int64_t[]){4, 3},
                                 .in = 5,
                                 .directions = 1,
                                 .skip = RCN_SKIP_RESIDUAL,
                                 .name = "rnn"};
    bench b;

    check_seed();
    set_lengths(&b.seq, 2, (const int64_t[]){3, 2});
    bench_open(&b, &plan, 1);
    (void)bench_run(&b, NULL, false);
    for (int64_t i = 0; i < b.seq.N * 3; i++) /* what leaves is a tanh */
        assert_true(b.y[i] > -1 && b.y[i] < 1);
    assert_int_equal(b.s.out, 3);
    bench_close(&b);
}

/* ---- gradients ----------------------------------------------------------------------------- */

static void gradients_agree_with_differences(void **unused)
{
    (void)unused;
    if (!DOUBLE)
        skip(); /* single precision has too few digits for differences */
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    for (size_t i = 0; rcc_at(i); i++) {
        for (int trial = 0; trial < 9; trial++) {
            int64_t hidden[MOST_LAYERS];
            /* a norm of few numbers bends too much for differences */
            rcn_stack_plan plan = random_plan(rcc_at(i), rcc_at(i)->sums > 0 ? 12 : 4, hidden);
            bench b;

            plan.skip = (rcn_skip)(trial % RCN_SKIP_COUNT); /* all of them for every cell */
            plan.dropout = trial / 3 ? 0.3 : 0;
            plan.locked = trial / 3 == 2;
            random_lengths(&b.seq, 4, 4);
            bench_open(&b, &plan, 1);
            bench_gradients(&b);
            check_parameters(bench_loss, &b, &b.ps);
            check_gradient("x", bench_loss, &b, b.x, b.d_x, NULL, b.seq.N * plan.in);
            bench_close(&b);
        }
    }
}

/* ---- ragged batches and threads ------------------------------------------------------------ */

static void copy_parameters(rcn_params *to, const rcn_params *from)
{
    for (size_t i = 0; i < to->n; i++)
        memcpy(to->p[i].w, from->p[i].w, (size_t)to->p[i].size * sizeof(rc_real));
}

static void a_ragged_batch_is_each_sequence_alone(void **unused)
{
    (void)unused;
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    for (size_t i = 0; rcc_at(i); i++) {
        int64_t hidden[MOST_LAYERS];
        const rcn_stack_plan plan = random_plan(rcc_at(i), 40, hidden);
        bench b;

        random_lengths(&b.seq, SEQ_MOST, 9);
        bench_open(&b, &plan, 1);
        (void)bench_run(&b, NULL, false);
        for (int64_t q = 0; q < b.seq.B; q++) {
            bench one;

            set_lengths(&one.seq, 1, &b.seq.length[q]);
            bench_open(&one, &plan, 1);
            copy_parameters(&one.ps, &b.ps);
            rcb_free(one.x);
            one.x = take_sequence(&b.seq, q, b.x, plan.in);
            (void)bench_run(&one, NULL, false);

            rc_real *y = take_sequence(&b.seq, q, b.y, b.s.out);

            assert_memory_equal(one.y, y, (size_t)(one.seq.N * b.s.out) * sizeof *y);
            rcb_free(y);
            bench_close(&one);
        }
        bench_close(&b);
    }
}

/* To the bit, whatever the number of threads: outputs and all gradients. */
static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {130, 70};

    check_seed();
    for (int skip = 0; skip < RCN_SKIP_COUNT; skip++) {
        const rcn_stack_plan plan = {.cell = cell_named(skip ? "lstm" : "gru"),
                                     .layers = 2,
                                     .hidden = hidden,
                                     .in = 130,
                                     .directions = 2,
                                     .bias = RCN_BIAS_DOUBLE,
                                     .skip = (rcn_skip)skip,
                                     .dropout = 0.2,
                                     .name = "rnn"};
        bench one, many;

        random_lengths(&one.seq, SEQ_MOST, 20);
        set_lengths(&many.seq, one.seq.B, one.seq.length);
        bench_open(&one, &plan, 1);
        bench_open(&many, &plan, 3);
        copy_parameters(&many.ps, &one.ps);
        memcpy(many.x, one.x, (size_t)(one.seq.N * 130) * sizeof(rc_real));
        memcpy(many.r, one.r, (size_t)(one.seq.N * one.s.out) * sizeof(rc_real));
        bench_gradients(&one);
        bench_gradients(&many);
        assert_memory_equal(one.y, many.y, (size_t)(one.seq.N * one.s.out) * sizeof(rc_real));
        assert_memory_equal(one.d_x, many.d_x, (size_t)(one.seq.N * 130) * sizeof(rc_real));
        for (size_t i = 0; i < one.ps.n; i++)
            assert_memory_equal(one.ps.p[i].g, many.ps.p[i].g,
                                (size_t)one.ps.p[i].size * sizeof(rc_real));
        bench_close(&many);
        bench_close(&one);
    }
}

/* ---- carried state ------------------------------------------------------------------------- */

/* Sequences of a batch cut at step `cut`: the second half has what is left of each. */
static void cut_lengths(const sequences *whole, int64_t cut, sequences *first, sequences *second)
{
    int64_t a[SEQ_MOST] = {0};
    int64_t b[SEQ_MOST] = {0};

    for (int64_t q = 0; q < whole->B; q++) {
        a[q] = whole->length[q] < cut ? whole->length[q] : cut;
        b[q] = whole->length[q] - a[q];
    }
    set_lengths(first, whole->B, a);
    set_lengths(second, whole->B, b);
}

/* Run part of the batch: the rows from `row` on. */
static void run_part(bench *b, const sequences *part, int64_t row, rc_real *carry, rc_real *y)
{
    rc_graph_reset(b->g);

    rc_var *x = rc_leaf(b->g, rc_shape_2(part->N, b->s.plan.in), b->x + row * b->s.plan.in, NULL);
    rc_var *out = rcn_stack_run(&b->s, &b->ps, b->g, &part->rows, x, carry);

    CHECK_STATUS(rc_var_read(b->g, out, y + row * b->s.out, part->N * b->s.out), RC_OK);
}

/* To the bit: a batch in two halves with carried state is the batch in one, sequences that end
 * in the first half (and keep their state through the second) included. */
static void two_halves_with_a_carry_are_the_whole(void **unused)
{
    (void)unused;
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    for (size_t i = 0; rcc_at(i); i++) {
        for (int trial = 0; trial < 6; trial++) {
            int64_t hidden[MOST_LAYERS];
            rcn_stack_plan plan = random_plan(rcc_at(i), 40, hidden);
            sequences first, second;
            bench b;

            plan.directions = 1;
            random_lengths(&b.seq, SEQ_MOST, 12);
            bench_open(&b, &plan, 1);
            cut_lengths(&b.seq, pick(0, b.seq.rows.steps), &first, &second);

            const int64_t state = b.seq.B * b.s.state_width;
            rc_real *whole = random_reals(state);
            rc_real *parts = zero_reals(state);
            rc_real *y = zero_reals(b.seq.N * b.s.out);

            memcpy(parts, whole, (size_t)state * sizeof *parts);
            (void)bench_run(&b, whole, false);
            run_part(&b, &first, 0, parts, y);
            run_part(&b, &second, first.N, parts, y);
            assert_memory_equal(y, b.y, (size_t)(b.seq.N * b.s.out) * sizeof *y);
            assert_memory_equal(parts, whole, (size_t)state * sizeof *parts);
            rcb_free(y);
            rcb_free(parts);
            rcb_free(whole);
            bench_close(&b);
        }
    }
}

/* The place of each state in a row of the carry: layer by layer, h before c. Layer 0's h is what
 * a layer gives out at its last step; a sequence without steps keeps all it had. */
static void the_carry_holds_final_states_layer_by_layer(void **unused)
{
    (void)unused;
    const rcn_stack_plan plan = {.cell = cell_named("lstm"),
                                 .layers = 2,
                                 .hidden = (const int64_t[]){5, 3},
                                 .in = 4,
                                 .directions = 1,
                                 .bias = RCN_BIAS_SINGLE,
                                 .name = "rnn"};
    bench b;

    check_seed();
    set_lengths(&b.seq, 3, (const int64_t[]){4, 2, 0});
    bench_open(&b, &plan, 1);
    assert_int_equal(b.s.state_width, 16);

    rc_real *before = random_reals(3 * 16);
    rc_real *carry = zero_reals(3 * 16);

    memcpy(carry, before, 3 * 16 * sizeof *carry);
    (void)bench_run(&b, carry, false);
    for (int64_t q = 0; q < 2; q++) {
        const int64_t row = row_of(&b.seq, q, b.seq.length[q] - 1);

        assert_memory_equal(carry + q * 16 + 10, b.y + row * 3, 3 * sizeof *carry);
    }
    assert_memory_equal(carry + 32, before + 32, 16 * sizeof *carry);

    rc_var *state[2];
    rc_real first[2][3 * 5];

    rc_graph_reset(b.g);
    for (int k = 0; k < 2; k++) {
        for (int64_t q = 0; q < 3; q++)
            memcpy(first[k] + q * 5, before + q * 16 + k * 5, 5 * sizeof *before);
        state[k] = rc_leaf(b.g, rc_shape_2(3, 5), first[k], NULL);
    }

    rc_var *y = rcn_rnn_run(&b.s.layer[0], &b.ps, b.g, &b.seq.rows,
                            rc_leaf(b.g, rc_shape_2(b.seq.N, 4), b.x, NULL), state);

    for (int k = 0; k < 2; k++) {
        CHECK_STATUS(rc_var_read(b.g, rc_rnn_state(b.g, y, k), first[k], 3 * 5), RC_OK);
        for (int64_t q = 0; q < 3; q++)
            assert_memory_equal(carry + q * 16 + k * 5, first[k] + q * 5, 5 * sizeof *carry);
    }
    rcb_free(carry);
    rcb_free(before);
    bench_close(&b);
}

static void a_failed_run_leaves_the_carry_alone(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {5, 5};
    rcn_stack_plan plan = {.cell = cell_named("lstm"),
                           .layers = 2,
                           .hidden = hidden,
                           .in = 4,
                           .directions = 2,
                           .name = "rnn"};

    check_seed();
    for (int i = 0; i < 2; i++) {
        bench b;

        plan.directions = 2 - i;
        set_lengths(&b.seq, 2, (const int64_t[]){4, 2});
        bench_open(&b, &plan, 1);

        rc_real *before = random_reals(2 * b.s.state_width);
        rc_real *carry = zero_reals(2 * b.s.state_width);
        const size_t bytes = (size_t)(2 * b.s.state_width) * sizeof *carry;

        memcpy(carry, before, bytes);

        rc_var *x = rc_leaf(b.g, rc_shape_2(b.seq.N - i, 4), b.x, NULL); /* i 1: a row is missing */

        assert_null(rcn_stack_run(&b.s, &b.ps, b.g, &b.seq.rows, x, carry));
        CHECK_STATUS(rc_graph_status(b.g), i ? RC_ESHAPE : RC_EINVAL);
        if (i == 0)
            CHECK_MESSAGE_HAS("cannot carry state through a bidirectional stack");
        assert_memory_equal(carry, before, bytes);
        rcb_free(carry);
        rcb_free(before);
        bench_close(&b);
    }
}

/* ---- memory -------------------------------------------------------------------------------- */

static void a_warm_step_allocates_nothing(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {20, 20, 20};
    const rcn_stack_plan plan = {.cell = cell_named("lstm"),
                                 .layers = 3,
                                 .hidden = hidden,
                                 .in = 20,
                                 .directions = 1,
                                 .bias = RCN_BIAS_DOUBLE,
                                 .skip = RCN_SKIP_GRAVES,
                                 .dropout = 0.2,
                                 .name = "rnn"};
    uint64_t count = 0;
    bench b;

    check_seed();
    set_lengths(&b.seq, 3, (const int64_t[]){9, 5, 0});
    bench_open(&b, &plan, 2);

    rc_real *carry = random_reals(3 * b.s.state_width);

    for (int step = 0; step < 6; step++) {
        if (step == 3)
            count = rcb_alloc_count();
        rcn_params_fresh(&b.ps);
        CHECK_STATUS(rcn_params_refresh(&b.ps, b.pool), RC_OK);
        CHECK_STATUS(rc_graph_backward(b.g, bench_run(&b, carry, true)), RC_OK);
        rcn_params_settle(&b.ps);
    }
    assert_int_equal(rcb_alloc_count(), count);
    rcb_free(carry);
    bench_close(&b);
}

static rc_status run_once(void *ctx)
{
    const sequences *seq = ctx;
    const int64_t hidden[] = {5, 5};
    const rcn_stack_plan plan = {.cell = rcc_find("gru"),
                                 .layers = 2,
                                 .hidden = hidden,
                                 .in = 4,
                                 .directions = 1,
                                 .bias = RCN_BIAS_DOUBLE,
                                 .skip = RCN_SKIP_GRAVES,
                                 .dropout = 0.2,
                                 .name = "rnn"};
    rcn_params ps = {0};
    rcn_stack s = {0};
    rcb_pool *pool = NULL;
    rc_graph *g = NULL;
    rc_real x[9 * 4] = {0}, carry[2 * 10] = {0};
    rc_status status = rcn_stack_new(&s, &ps, &plan);

    if (status == RC_OK)
        status = rcb_pool_new(&pool, 1);
    if (status == RC_OK)
        status = rcg_graph_on(&g, pool, true);
    if (status == RC_OK) {
        (void)rcn_stack_run(&s, &ps, g, &seq->rows, rc_leaf(g, rc_shape_2(seq->N, 4), x, NULL),
                            carry);
        status = rc_graph_status(g);
    }
    rc_graph_free(g);
    rcb_pool_free(pool);
    rcn_stack_free(&s);
    rcn_params_free(&ps);
    return status;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    sequences seq;

    CHECK_STATUS(rck_select(), RC_OK);
    set_lengths(&seq, 2, (const int64_t[]){5, 4});
    CHECK_EACH_ALLOCATION(run_once, &seq);
}

/* ---- what a step takes --------------------------------------------------------------------- */

static void check_room(const rcn_stack_plan *plan)
{
    bench b;
    int64_t length[SEQ_MOST];

    for (int i = 0; i < SEQ_MOST; i++)
        length[i] = 20;
    set_lengths(&b.seq, SEQ_MOST, length);
    bench_open(&b, plan, 1);
    bench_gradients(&b);

    rcg_work w = {.rows = b.seq.N, .seqs = SEQ_MOST};
    rcg_work_value(&w, plan->in); /* x, and what makes a loss of y */
    rcg_work_value(&w, b.s.out);
    rcg_work_value(&w, b.s.out);
    rcn_stack_work(&b.s, &w);
    const double said = rcg_work_bytes(&w), took = (double)rcg_graph_bytes(b.g);
    if (!(fabs(said / took - 1) <= 0.15))
        fail_msg("%d layers of %s, skip %d: %.0f bytes, said to be %.0f", plan->layers,
                 plan->cell->name, plan->skip, took, said);
    bench_close(&b);
}

static void a_step_takes_the_room_it_is_said_to(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {64, 64, 80};
    check_seed();

    for (int skip = 0; skip < RCN_SKIP_COUNT; skip++)
        for (int layers = 1; layers <= MOST_LAYERS; layers++)
            for (int directions = 1; directions <= 2; directions++) {
                const rcn_stack_plan plan = {
                    .cell = cell_named(directions == 1 ? "lstm" : "gru"),
                    .layers = layers,
                    .hidden = hidden,
                    .in = 64,
                    .directions = directions,
                    .skip = (rcn_skip)skip,
                    .dropout = layers == 2 ? 0.25 : 0,
                    .name = "rnn",
                };
                check_room(&plan);
            }
}

static void products_of_layers_are_counted(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {30, 50};
    const rcn_stack_plan plan = {
        .cell = cell_named("lstm"),
        .layers = 2,
        .hidden = hidden,
        .in = 20,
        .directions = 2,
        .name = "rnn",
    };
    rcn_params ps = {0};
    rcn_stack s;
    rcg_work w = {.rows = 3, .seqs = 1};

    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_OK);
    rcn_stack_work(&s, &w);
    assert_true(w.flops == 2 * 3 * 2 * (120 * (20 + 30) + 200 * (60 + 50)));
    rcn_stack_free(&s);
    rcn_params_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_widths_follow_the_plan),
        cmocka_unit_test(impossible_plans_are_refused),
        cmocka_unit_test(windows_deep_layers_and_first_states_have_parameters),
        cmocka_unit_test(a_projection_is_what_the_next_layer_reads),
        cmocka_unit_test(a_stack_is_its_layers_wired_by_hand),
        cmocka_unit_test(windows_and_deep_layers_are_what_their_operations_are),
        cmocka_unit_test(residuals_join_equal_sizes_only),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(a_ragged_batch_is_each_sequence_alone),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(two_halves_with_a_carry_are_the_whole),
        cmocka_unit_test(the_carry_holds_final_states_layer_by_layer),
        cmocka_unit_test(a_failed_run_leaves_the_carry_alone),
        cmocka_unit_test(a_warm_step_allocates_nothing),
        cmocka_unit_test(every_failed_allocation_is_an_error),
        cmocka_unit_test(a_step_takes_the_room_it_is_said_to),
        cmocka_unit_test(products_of_layers_are_counted),
    };

    return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
