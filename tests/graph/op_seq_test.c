/* op_seq_test.c -- a whole batch of sequences through one cell, forward and back, for every cell.
 *
 * The textbook is oracle_cell.h's single step in double, driven by plain loops, one sequence after
 * the other; gradients are differences of it, so they do not depend on any code of the library.
 */
#include "oracle.h"
#include "oracle_cell.h"
#include "problem.h"

#include "graph/graph_in.h"

#ifdef RC_DOUBLE
#define SEQ_VALUE_TOL 1e-12
#define SEQ_GRADIENT_TOL 1e-7
#else
#define SEQ_VALUE_TOL 2e-5    /* float, over steps that feed on each other */
#define SEQ_GRADIENT_TOL 2e-4 /* likewise, and there are sums over all rows */
#endif

enum { STATES = RCC_STATES, MOST_STEPS = 40 };

/* ---- a batch and its weights, in double that rc_real holds exactly --------------------------- */

/* Tensors of a trial; each is varied by the differences. */
enum { X, W, U, BI, BH, VEC, S0, TENSORS = S0 + STATES };

typedef struct tensor {
    const char *name;
    rc_shape shape;
    int64_t n; /* 0 elements and NULL: absent */
    double *x;
} tensor;

typedef struct trial {
    const rcc_cell *cell;
    oracle_cell *step;
    bool reverse;
    int64_t B, D, H, N;
    int64_t at[MOST_STEPS + 1];
    int64_t *length; /* (B), falling */
    rc_rows rows;
    tensor in[TENSORS];
    double *d_y;         /* (N,H): the loss is sum d_y y ... */
    double *d_f[STATES]; /* (B,H): ... + sum d_f final */
} trial;

typedef struct trial_how {
    int64_t T, B, D, H;
    bool reverse, equal; /* all sequences as long as T */
    int biases;          /* 0, 1 or 2 */
    bool states;         /* initial states given */
} trial_how;

static double *random_numbers(int64_t n, double size)
{
    double *x = rcb_calloc((size_t)n, sizeof *x);

    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (double)(rc_real)((double)pick_real() * size);
    return x;
}

static void set_tensor(trial *t, int i, const char *name, rc_shape shape, double size)
{
    const int64_t n = shape_count(shape);

    t->in[i] = (tensor){name, shape, n, random_numbers(n, size)};
}

/* A count of steps is whole, or differences meet the place where it is rounded. */
static void count_whole(tensor *count)
{
    for (int64_t k = 0; k < count->n; k++)
        count->x[k] = (double)pick(0, 1);
}

/* Lengths fall; the first is T, some of the last may be 0. */
static void set_rows(trial *t, const trial_how *how)
{
    assert_true(how->T <= MOST_STEPS);
    t->length = rcb_calloc((size_t)how->B, sizeof *t->length);
    assert_non_null(t->length);
    for (int64_t b = 0; b < how->B; b++) {
        const int64_t most = b == 0 ? how->T : t->length[b - 1];

        t->length[b] = how->equal || b == 0 ? how->T : pick(most > 2 ? most - 2 : 0, most);
    }
    t->at[0] = 0;
    for (int64_t s = 0; s < how->T; s++) {
        int64_t alive = 0;

        while (alive < how->B && t->length[alive] > s)
            alive++;
        t->at[s + 1] = t->at[s] + alive;
    }
    t->rows = (rc_rows){how->T, how->B, t->at};
    t->N = t->at[how->T];
}

static trial *trial_new(const rcc_cell *cell, trial_how how)
{
    trial *t = rcb_calloc(1, sizeof *t);
    const int64_t H = how.H;

    assert_non_null(t);
    t->cell = cell;
    t->step = oracle_cell_of(cell->name);
    assert_non_null(t->step);
    t->reverse = how.reverse;
    t->B = how.B;
    t->D = how.D;
    t->H = how.H;
    set_rows(t, &how);
    set_tensor(t, X, "x", rc_shape_2(t->N, how.D), 1);
    set_tensor(t, W, "w_ih", rc_shape_2(rcc_part_gates(cell, RCC_W) * H, how.D),
               1.5 / sqrt((double)how.D + 1));
    /* more than one product of a gate: smaller weights, lest differences see curves */
    const int64_t rows = rcc_part_gates(cell, RCC_U);
    if (rows > 0)
        set_tensor(t, U, "w_hh", rc_shape_2(rows * H, H),
                   (rows > cell->gates ? 0.75 : 1.5) / sqrt((double)H + 1));
    if (how.biases > 0 && rcc_part_gates(cell, RCC_B) > 0)
        set_tensor(t, BI, "b_ih", rc_shape_1(rcc_part_gates(cell, RCC_B) * H), 0.5);
    if (how.biases > 1 && rcc_part_gates(cell, RCC_C) > 0)
        set_tensor(t, BH, "b_hh", rc_shape_1(rcc_part_gates(cell, RCC_C) * H), 0.5);
    if (cell->vectors > 0)
        set_tensor(t, VEC, "vectors", rc_shape_1(cell->vectors * H), 0.5);
    for (int i = 0; how.states && i < cell->states; i++)
        set_tensor(t, S0 + i, cell->state_name[i], rc_shape_2(how.B, how.H), 1);
    for (int i = 0; how.states && i < cell->states; i++)
        if (strcmp(cell->state_name[i], "k") == 0)
            count_whole(&t->in[S0 + i]);
    t->d_y = random_numbers(t->N * how.H, 1);
    for (int i = 0; i < cell->states; i++)
        t->d_f[i] = random_numbers(how.B * how.H, 1);
    return t;
}

static void trial_free(trial *t)
{
    for (int i = 0; i < TENSORS; i++)
        rcb_free(t->in[i].x);
    for (int i = 0; i < STATES; i++)
        rcb_free(t->d_f[i]);
    rcb_free(t->d_y);
    rcb_free(t->length);
    rcb_free(t);
}

/* ---- the textbook ---------------------------------------------------------------------------- */

typedef struct answer {
    double *y;             /* (N,H) */
    double *final[STATES]; /* (B,H) */
} answer;

static answer answer_new(const trial *t)
{
    answer a = {.y = rcb_calloc((size_t)(t->N * t->H), sizeof(double))};

    assert_non_null(a.y);
    for (int i = 0; i < t->cell->states; i++) {
        a.final[i] = rcb_calloc((size_t)(t->B * t->H), sizeof(double));
        assert_non_null(a.final[i]);
    }
    return a;
}

static void answer_free(answer *a)
{
    rcb_free(a->y);
    for (int i = 0; i < STATES; i++)
        rcb_free(a->final[i]);
}

/* W x + b of one row. */
static void input_part(const trial *t, int64_t row, double *wx)
{
    for (int64_t r = 0; r < t->cell->gates * t->H; r++) {
        const int gate = oracle_gate_at(t->cell, RCC_W, (int)(r / t->H));
        const double *w = t->in[W].x + (gate * t->H + r % t->H) * t->D;

        wx[r] = t->in[BI].x ? t->in[BI].x[r] : 0; /* of every gate, or there is none */
        for (int64_t k = 0; gate >= 0 && k < t->D; k++)
            wx[r] += w[k] * t->in[X].x[row * t->D + k];
    }
}

/* The recurrent bias of every gate, 0 where there is none. */
static void recurrent_bias(const trial *t, double *c)
{
    for (int64_t r = 0; t->in[BH].x && r < t->cell->gates * t->H; r++) {
        const int gate = oracle_gate_at(t->cell, RCC_C, (int)(r / t->H));

        c[r] = gate < 0 ? 0 : t->in[BH].x[gate * t->H + r % t->H];
    }
}

/* All sequences, one after the other; the loss. */
static double textbook(const trial *t, answer *a)
{
    const int64_t H = t->H, G = t->cell->gates * H;
    double *room = rcb_calloc((size_t)(2 * G + 2 * STATES * H), sizeof *room);
    double *wx = room, *c = room + G, *state = c + G, *next = state + STATES * H;
    double loss = 0;

    assert_non_null(room);
    recurrent_bias(t, c);
    for (int64_t b = 0; b < t->B; b++) {
        for (int64_t k = 0; k < STATES * H; k++)
            state[k] = k / H < t->cell->states && t->in[S0 + k / H].x
                           ? t->in[S0 + k / H].x[b * H + k % H]
                           : 0;
        for (int64_t s = 0; s < t->length[b]; s++) {
            const int64_t row = t->at[t->reverse ? t->length[b] - 1 - s : s] + b;
            oracle_step step = {.H = H, .wx = wx, .u = t->in[U].x, .c = c, .vec = t->in[VEC].x};

            for (int i = 0; i < STATES; i++) {
                step.in[i] = state + i * H;
                step.out[i] = next + i * H;
            }
            input_part(t, row, wx);
            t->step(&step);
            memcpy(state, next, (size_t)(STATES * H) * sizeof *state);
            for (int64_t j = 0; j < H; j++) {
                loss += t->d_y[row * H + j] * state[j];
                a->y[row * H + j] = state[j];
            }
        }
        for (int i = 0; i < t->cell->states; i++)
            for (int64_t j = 0; j < H; j++) {
                loss += t->d_f[i][b * H + j] * state[i * H + j];
                a->final[i][b * H + j] = state[i * H + j];
            }
    }
    rcb_free(room);
    return loss;
}

/* Which units of a rectifier are on; 0 for cells without kinks. */
static uint64_t pattern(const trial *t, const answer *a)
{
    uint64_t sum = 0;

    if (t->step != oracle_cell_of("relu"))
        return 0;
    for (int64_t i = 0; i < t->N * t->H; i++)
        sum = (sum ^ (a->y[i] > 0)) * UINT64_C(0x100000001B3) + 1;
    return sum;
}

/* Five-point differences of the textbook with step h; NaN when they reach over a kink. */
static double slope(const trial *t, answer *room, double *x, double h, uint64_t units_on)
{
    const double at = *x, step[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    double sum = 0;

    for (int i = 0; i < 4; i++) {
        *x = at + step[i] * h;
        sum += weight[i] * textbook(t, room);
        if (pattern(t, room) != units_on)
            sum = (double)NAN;
    }
    *x = at;
    return sum / (12 * h);
}

/* With the largest step that does not reach over a kink; NaN: there is none. */
static double textbook_slope(const trial *t, answer *room, double *x, uint64_t units_on)
{
    double s = (double)NAN;

    for (double h = 1e-3; isnan(s) && h > 1e-7; h /= 50)
        s = slope(t, room, x, h, units_on);
    return s;
}

/* ---- the graph's answer ---------------------------------------------------------------------- */

typedef struct outcome {
    const trial *t;
    double loss;
    rc_real *y;
    rc_real *final[STATES];
    rc_real *grad[TENSORS]; /* NULL: the tensor is absent */
} outcome;

static rc_real *to_reals(const double *x, int64_t n)
{
    rc_real *r = guard_new(n);

    for (int64_t i = 0; i < n; i++)
        r[i] = (rc_real)x[i];
    return r;
}

static outcome outcome_new(const trial *t)
{
    outcome o = {.t = t, .y = guard_new(t->N * t->H)};

    for (int i = 0; i < t->cell->states; i++)
        o.final[i] = guard_new(t->B * t->H);
    for (int i = 0; i < TENSORS; i++)
        if (t->in[i].x) {
            o.grad[i] = guard_new(t->in[i].n);
            for (int64_t k = 0; k < t->in[i].n; k++)
                o.grad[i][k] = 0;
        }
    return o;
}

static void outcome_free(outcome *o)
{
    guard_free(o->y);
    for (int i = 0; i < STATES; i++)
        guard_free(o->final[i]);
    for (int i = 0; i < TENSORS; i++)
        guard_free(o->grad[i]);
}

static rc_var *tensor_leaf(rc_graph *g, const tensor *t, rc_real *grad)
{
    if (!t->x)
        return RC_NONE;

    rc_real *x = to_reals(t->x, t->n);
    rc_var *v = rc_leaf(g, t->shape, x, grad);

    guard_free(x);
    return v;
}

static rc_rnn_args args_of(const trial *t, rc_var *const v[])
{
    rc_rnn_args a = rc_rnn_args_default();

    a.cell = t->cell->name;
    a.w_ih = v[W];
    a.w_hh = v[U];
    a.b_ih = v[BI];
    a.b_hh = v[BH];
    a.vectors = v[VEC];
    for (int i = 0; i < t->cell->states; i++)
        a.state[i] = v[S0 + i];
    a.reverse = t->reverse;
    return a;
}

/* sum of d * v */
static rc_var *along(rc_graph *g, rc_var *v, const double *d)
{
    const int64_t n = shape_count(rc_var_shape(v));
    rc_real *x = to_reals(d, n);
    rc_var *c = rc_leaf(g, rc_var_shape(v), x, NULL);

    guard_free(x);
    return rc_sum(g, rc_mul(g, v, c));
}

static void run_on(rc_graph *g, const trial *t, outcome *o)
{
    rc_var *v[TENSORS];

    for (int i = 0; i < TENSORS; i++)
        v[i] = tensor_leaf(g, &t->in[i], o->grad[i]);

    const rc_rnn_args a = args_of(t, v);
    rc_var *y = rc_rnn(g, &t->rows, v[X], &a);
    rc_var *loss = along(g, y, t->d_y);

    for (int i = 0; i < t->cell->states; i++) {
        rc_var *f = rc_rnn_state(g, y, i);

        loss = rc_add(g, loss, along(g, f, t->d_f[i]));
        CHECK_STATUS(rc_graph_status(g), RC_OK);
        CHECK_STATUS(rc_var_read(g, f, o->final[i], t->B * t->H), RC_OK);
    }
    CHECK_STATUS(rc_var_read(g, y, o->y, t->N * t->H), RC_OK);
    CHECK_STATUS(rc_var_total(g, loss, &o->loss), RC_OK);
    CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
}

static outcome run(const trial *t, int threads)
{
    outcome o = outcome_new(t);
    rc_graph *g = graph_open(threads, true);

    run_on(g, t, &o);
    rc_graph_free(g);
    return o;
}

static void check_same(const rc_real *a, const rc_real *b, int64_t n, const char *what,
                       const trial *t)
{
    if (n > 0 && memcmp(a, b, (size_t)n * sizeof *a) != 0)
        fail_msg("%s: the bits of '%s' differ, seed %llu", t->cell->name, what,
                 (unsigned long long)check_random_state()->seed);
}

static void check_same_outcome(const outcome *a, const outcome *b)
{
    const trial *t = a->t;

    check_same(a->y, b->y, t->N * t->H, "y", t);
    for (int i = 0; i < t->cell->states; i++)
        check_same(a->final[i], b->final[i], t->B * t->H, "final state", t);
    for (int i = 0; i < TENSORS; i++)
        if (t->in[i].x)
            check_same(a->grad[i], b->grad[i], t->in[i].n, t->in[i].name, t);
}

/* ---- against the textbook -------------------------------------------------------------------- */

/* Some elements of tensor i; `units_on` is the pattern of the textbook's own answer. */
static void check_gradient(trial *t, const outcome *o, int i, answer *room, uint64_t units_on)
{
    const int64_t n = t->in[i].n, most = n < 8 ? n : 8;
    int64_t which[8], count = 0;
    double numeric[8];

    for (int64_t k = 0; k < most; k++) {
        which[count] = n <= 8 ? k : pick(0, n - 1);
        numeric[count] = textbook_slope(t, room, &t->in[i].x[which[count]], units_on);
        if (isnan(numeric[count]))
            continue; /* a kink lies here: there is no derivative to compare with */
        if (fabs(numeric[count] - (double)o->grad[i][which[count]]) < 1e-12)
            numeric[count] = (double)o->grad[i][which[count]]; /* rounding, 1e-16 / 1e-3 */
        count++;
    }

    const double error = gradient_error(o->grad[i], n, numeric, which, count, 0);

    if (!(error < SEQ_GRADIENT_TOL)) {
        for (int64_t k = 0; k < count; k++)
            print_error("  [%lld] analytic %.12g numeric %.12g\n", (long long)which[k],
                        (double)o->grad[i][which[k]], numeric[k]);
        fail_msg(
            "%s: the gradient of '%s' is off by %.3g (T %lld B %lld D %lld H %lld%s), seed %llu",
            t->cell->name, t->in[i].name, error, (long long)t->rows.steps, (long long)t->B,
            (long long)t->D, (long long)t->H, t->reverse ? " reversed" : "",
            (unsigned long long)check_random_state()->seed);
    }
}

/* A norm draws apart what is almost equal, and curvature with it: of few numbers there are no
 * differences good enough. */
static bool too_few(const trial *t)
{
    return t->cell->sums > 0 && (t->D < 4 || t->H < 9);
}

static void check_trial(const rcc_cell *cell, trial_how how)
{
    trial *t = trial_new(cell, how);
    answer want = answer_new(t), room = answer_new(t);
    const double loss = textbook(t, &want);
    outcome o = run(t, 1);

    CHECK_CLOSE(o.y, want.y, t->N * t->H, SEQ_VALUE_TOL);
    for (int i = 0; i < cell->states; i++)
        CHECK_CLOSE(o.final[i], want.final[i], t->B * t->H, SEQ_VALUE_TOL);
    CHECK_NEAR(o.loss, loss, SEQ_VALUE_TOL * 10);
    /* in float, a unit at its kink may be on where the textbook has it off */
    for (int64_t i = 0; i < t->N * t->H; i++)
        room.y[i] = (double)o.y[i];

    const uint64_t units_on = pattern(t, &want);
    const bool agree = pattern(t, &room) == units_on && !too_few(t);

    for (int i = 0; i < TENSORS && agree; i++)
        if (t->in[i].x)
            check_gradient(t, &o, i, &room, units_on);
    outcome_free(&o);
    answer_free(&want);
    answer_free(&room);
    trial_free(t);
}

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

/* Large enough for seven workers to be worth it: see rcg_workers(). */
static trial *large_trial(const rcc_cell *cell, bool reverse)
{
    return trial_new(
        cell,
        (trial_how){
            .T = 4, .B = 100, .D = 37, .H = 145, .biases = 2, .states = true, .reverse = reverse});
}

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

            CHECK_CLOSE(o.y, first.y, t->N * t->H, SEQ_VALUE_TOL);
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
                                              .equal = true,
                                              .reverse = t->reverse,
                                              .biases = 2,
                                              .states = true});

    for (int i = W; i <= VEC; i++)
        if (t->in[i].x)
            memcpy(s->in[i].x, t->in[i].x, (size_t)t->in[i].n * sizeof(double));
    for (int64_t k = 0; k < s->N; k++) {
        memcpy(s->in[X].x + k * t->D, t->in[X].x + (t->at[k] + b) * t->D,
               (size_t)t->D * sizeof(double));
        memcpy(s->d_y + k * t->H, t->d_y + (t->at[k] + b) * t->H, (size_t)t->H * sizeof(double));
    }
    for (int i = 0; i < t->cell->states; i++) {
        memcpy(s->in[S0 + i].x, t->in[S0 + i].x + b * t->H, (size_t)t->H * sizeof(double));
        memcpy(s->d_f[i], t->d_f[i] + b * t->H, (size_t)t->H * sizeof(double));
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

                    check_same(one.y + k * t->H, all.y + row * t->H, t->H, "y", t);
                    check_same(one.grad[X] + k * t->D, all.grad[X] + row * t->D, t->D, "x", t);
                }
                for (int k = 0; k < t->cell->states; k++) {
                    check_same(one.final[k], all.final[k] + b * t->H, t->H, "final state", t);
                    check_same(one.grad[S0 + k], all.grad[S0 + k] + b * t->H, t->H, "initial state",
                               t);
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

/* ---- parameters in place --------------------------------------------------------------------- */

enum { PACKED = VEC - W + 1 };

static void pack_tensor(const trial *t, int i, rcg_weight *w, rcb_pool *pool)
{
    const rcc_part part[] = {[W] = RCC_W, [U] = RCC_U, [BI] = RCC_B, [BH] = RCC_C, [VEC] = RCC_B};
    int gates[RCC_PRODUCTS];
    int blocks = rcc_blocks(t->cell, part[i], gates);

    if (i == VEC) {
        blocks = 1;
        gates[0] = t->cell->vectors;
    }

    rc_real *rows = to_reals(t->in[i].x, t->in[i].n);

    rcg_weight_plan(w, blocks, gates, t->H, i == W ? t->D : i == U ? t->H : 1);
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
        if (how.pairs && i < 2)
            add_pairs(&w[i], rcg_pool(g));
        w[i].fresh = fresh;
        /* what fresh memory may hold: zero where nothing is computed, and there only */
        for (int64_t k = 0; k < rcg_weight_size(&w[i]); k++)
            w[i].g[k] = w[i].w[k] != 0 && fresh ? 99 : 0;
    }
    for (int i = 0; i < TENSORS; i++)
        v[i] = i >= W && i <= VEC && t->in[i].x ? rcg_leaf_weight(g, &w[i - W])
                                                : tensor_leaf(g, &t->in[i], o->grad[i]);

    const rc_rnn_args a = args_of(t, v);
    rc_var *y = rc_rnn(g, &t->rows, v[X], &a);
    rc_var *loss = along(g, y, t->d_y);

    for (int i = 0; i < t->cell->states; i++)
        loss = rc_add(g, loss, along(g, rc_rnn_state(g, y, i), t->d_f[i]));
    CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
    CHECK_STATUS(rc_var_read(g, y, o->y, t->N * t->H), RC_OK);
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
            check_same(packed.y, plain.y, t->N * t->H, "y", t);
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
            check_same(many.y, one.y, t->N * t->H, "y", t);
            const double y = apart(one.y, reals.y, t->N * t->H);
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
        rc_var *loss = rc_add(g, along(g, y0, t->d_y), along(g, y1, t->d_y + 9 * t->H));

        for (int k = 0; k < t->cell->states; k++)
            loss = rc_add(g, loss, along(g, rc_rnn_state(g, y1, k), t->d_f[k]));
        CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
        CHECK_STATUS(rc_var_read(g, y1, o.y, 9 * t->H), RC_OK);
        check_same(o.y, whole.y + 9 * t->H, 9 * t->H, "y", t);
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

    rc_var *y = rc_rnn(g, &(rc_rows){2, 3, at}, rc_sigmoid(g, v[0]), &a);

    return rc_add(g, weigh(g, rc_tanh(g, y)), weigh(g, rc_rnn_state(g, y, cell->states - 1)));
}

static void states_may_come_from_any_operation(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        rcc_cell cell = *rcc_at(i);
        problem p = problem_new(build_dirty_state, &cell);

        (void)problem_add(&p, rc_shape_2(5, 3));
        (void)problem_add(&p, rc_shape_2(rcc_part_gates(&cell, RCC_W) * 5, 3));
        (void)problem_add(&p, rc_shape_2(rcc_part_gates(&cell, RCC_U) * 5, 5));
        for (int k = 0; k < cell.states; k++)
            (void)problem_add(&p, rc_shape_2(3, 5));
        if (cell.vectors > 0)
            (void)problem_add(&p, rc_shape_1(cell.vectors * 5));
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
        cmocka_unit_test(packed_parameters_give_the_bits_of_plain_leaves),
        cmocka_unit_test(products_of_bf16_are_near_those_of_reals),
        cmocka_unit_test(gradients_that_nobody_wants_change_nothing_else),
        cmocka_unit_test(one_weight_over_state_and_input_is_the_split_form),
        cmocka_unit_test(lstm_with_forget_1_and_input_0_keeps_its_cell_over_1000_steps),
        cmocka_unit_test(a_sequence_may_be_cut_and_the_state_handed_over),
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
