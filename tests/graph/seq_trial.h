/* seq_trial.h -- a batch of sequences in one cell, for the tests of op_seq.c and its way back: a
 * random trial, the textbook's answer and the graph's.
 *
 * The textbook is oracle_cell.h's single step in double, driven by plain loops, one sequence after
 * the other; gradients are differences of it, so they do not depend on any code of the library.
 */
#ifndef SEQ_TRIAL_H
#define SEQ_TRIAL_H

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
enum { X, W, U, BI, BH, VEC, R, S0, TENSORS = S0 + STATES };

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
    int64_t P; /* at most H; what is narrow in a cell */
    int64_t at[MOST_STEPS + 1];
    int64_t *length; /* (B), falling */
    rc_rows rows;
    tensor in[TENSORS];
    double *d_y;         /* (N,H) or (N,P): the loss is sum d_y y ... */
    double *d_f[STATES]; /* (B,H) or (B,P): ... + sum d_f final */
    double zone[STATES]; /* zoneout of each state; what is drawn is that of a first step */
    bool expected;       /* nothing is drawn: as in a graph that does not train */
} trial;

typedef struct trial_how {
    int64_t T, B, D, H;
    int64_t P;           /* 0: drawn */
    bool reverse, equal; /* all sequences as long as T */
    int biases;          /* 0, 1 or 2 */
    bool states;         /* initial states given */
    double zone[STATES];
    bool expected;
} trial_how;

static inline double *random_numbers(int64_t n, double size)
{
    double *x = rcb_calloc((size_t)n, sizeof *x);

    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (double)(rc_real)((double)pick_real() * size);
    return x;
}

static inline void set_tensor(trial *t, int i, const char *name, rc_shape shape, double size)
{
    const int64_t n = shape_count(shape);

    t->in[i] = (tensor){name, shape, n, random_numbers(n, size)};
}

/* A count of steps is whole, or differences meet the place where it is rounded. */
static inline void count_whole(tensor *count)
{
    for (int64_t k = 0; k < count->n; k++)
        count->x[k] = (double)pick(0, 1);
}

/* Lengths fall; the first is T, some of the last may be 0. */
static inline void set_rows(trial *t, const trial_how *how)
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

/* Numbers of state i. */
static inline int64_t width(const trial *t, int i)
{
    return rcc_state_width(t->cell, i, (rcc_widths){t->H, t->P});
}

static inline trial *trial_new(const rcc_cell *cell, trial_how how)
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
    t->P = !cell->narrow ? how.H : how.P > 0 ? how.P : pick(1, how.H);
    set_rows(t, &how);
    set_tensor(t, X, "x", rc_shape_2(t->N, how.D), 1);
    set_tensor(t, W, "w_ih", rc_shape_2(rcc_part_gates(cell, RCC_W) * H, how.D),
               1.5 / sqrt((double)how.D + 1));
    /* more than one product of a gate: smaller weights, lest differences see curves */
    const int64_t rows = rcc_part_gates(cell, RCC_U);
    if (rows > 0)
        set_tensor(t, U, "w_hh",
                   rc_shape_2(rows * H, rcc_columns(cell, RCC_U, (rcc_widths){H, t->P})),
                   (rows > cell->gates ? 0.75 : 1.5) / sqrt((double)H + 1));
    if (rcc_part_gates(cell, RCC_R) > 0)
        set_tensor(t, R, "w_hr", rc_shape_2(rcc_part_gates(cell, RCC_R) * t->P, H),
                   1.5 / sqrt((double)H + 1));
    if (how.biases > 0 && rcc_part_gates(cell, RCC_B) > 0)
        set_tensor(t, BI, "b_ih", rc_shape_1(rcc_part_gates(cell, RCC_B) * H), 0.5);
    if (how.biases > 1 && rcc_part_gates(cell, RCC_C) > 0)
        set_tensor(t, BH, "b_hh", rc_shape_1(rcc_part_gates(cell, RCC_C) * H), 0.5);
    if (cell->vectors > 0)
        set_tensor(t, VEC, "vectors", rc_shape_1(cell->vectors * H), 0.5);
    for (int i = 0; how.states && i < cell->states; i++)
        set_tensor(t, S0 + i, cell->state_name[i], rc_shape_2(how.B, width(t, i)), 1);
    for (int i = 0; how.states && i < cell->states; i++)
        if (strcmp(cell->state_name[i], "k") == 0)
            count_whole(&t->in[S0 + i]);
    memcpy(t->zone, how.zone, sizeof t->zone);
    t->expected = how.expected;
    t->d_y = random_numbers(t->N * width(t, 0), 1);
    for (int i = 0; i < cell->states; i++)
        t->d_f[i] = random_numbers(how.B * width(t, i), 1);
    return t;
}

static inline void trial_free(trial *t)
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
    double *y;             /* (N,width of state 0) */
    double *raw;           /* (N,width of state 0) before zoneout */
    double *final[STATES]; /* (B,width) */
} answer;

static inline answer answer_new(const trial *t)
{
    answer a = {.y = rcb_calloc((size_t)(t->N * width(t, 0)), sizeof(double)),
                .raw = rcb_calloc((size_t)(t->N * width(t, 0)), sizeof(double))};

    assert_non_null(a.y);
    assert_non_null(a.raw);
    for (int i = 0; i < t->cell->states; i++) {
        a.final[i] = rcb_calloc((size_t)(t->B * width(t, i)), sizeof(double));
        assert_non_null(a.final[i]);
    }
    return a;
}

static inline void answer_free(answer *a)
{
    rcb_free(a->y);
    rcb_free(a->raw);
    for (int i = 0; i < STATES; i++)
        rcb_free(a->final[i]);
}

/* W x + b of one row. */
static inline void input_part(const trial *t, int64_t row, double *wx)
{
    for (int64_t r = 0; r < t->cell->gates * t->H; r++) {
        const int gate = oracle_gate_at(t->cell, RCC_W, (int)(r / t->H));
        const double *w = t->in[W].x + (gate * t->H + r % t->H) * t->D;

        const int bias = oracle_gate_at(t->cell, RCC_B, (int)(r / t->H));

        wx[r] = t->in[BI].x && bias >= 0 ? t->in[BI].x[bias * t->H + r % t->H] : 0;
        for (int64_t k = 0; gate >= 0 && k < t->D; k++)
            wx[r] += w[k] * t->in[X].x[row * t->D + k];
    }
}

/* The recurrent bias of every gate, 0 where there is none. */
static inline void recurrent_bias(const trial *t, double *c)
{
    for (int64_t r = 0; t->in[BH].x && r < t->cell->gates * t->H; r++) {
        const int gate = oracle_gate_at(t->cell, RCC_C, (int)(r / t->H));

        c[r] = gate < 0 ? 0 : t->in[BH].x[gate * t->H + r % t->H];
    }
}

/* Does unit j of state i keep its value at step s of sequence b? The words of kernel.h. */
static inline bool drawn(const trial *t, int i, rcb_key key, int64_t s, int64_t b, int64_t j)
{
    const int64_t blocks = (rck_pad(width(t, i)) + 63) / 64;
    const uint64_t block = (uint64_t)((s * t->B + b) * blocks + j / 64);
    uint32_t word[4];

    rcb_philox(key,
               (const uint32_t[]){(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)(j % 16), 0},
               word);
    return word[j % 64 / 16] < (uint64_t)(t->zone[i] * 4294967296.0);
}

/* Zoneout of the states of sequence b at step s: `next` becomes what they are after it. */
static inline void zone_out(const trial *t, int64_t s, int64_t b, const double *state, double *next)
{
    uint64_t masks = 0;

    for (int i = 0; i < t->cell->states; i++) {
        uint32_t word[4];

        if (t->zone[i] == 0)
            continue;
        rcb_draw(rcb_stream(rc_graph_options_default().seed, "dropout"), 0, masks++, word);
        for (int64_t j = 0; j < width(t, i); j++) {
            const double keep =
                t->expected ? t->zone[i] : drawn(t, i, (rcb_key){{word[0], word[1]}}, s, b, j);
            double *v = &next[i * t->H + j];

            *v = keep * state[i * t->H + j] + (1 - keep) * *v;
        }
    }
}

/* All sequences, one after the other; the loss. */
static inline double textbook(const trial *t, answer *a)
{
    const int64_t H = t->H, G = t->cell->gates * H;
    double *room = rcb_calloc((size_t)(2 * G + 2 * STATES * H), sizeof *room);
    double *wx = room, *c = room + G, *state = c + G, *next = state + STATES * H;
    double loss = 0;

    assert_non_null(room);
    recurrent_bias(t, c);
    for (int64_t b = 0; b < t->B; b++) {
        for (int64_t k = 0; k < STATES * H; k++) {
            const int i = (int)(k / H);
            const int64_t n = i < t->cell->states ? width(t, i) : 0;

            state[k] = k % H < n && t->in[S0 + i].x ? t->in[S0 + i].x[b * n + k % H] : 0;
        }
        for (int64_t s = 0; s < t->length[b]; s++) {
            const int64_t row = t->at[t->reverse ? t->length[b] - 1 - s : s] + b;
            oracle_step step = {.H = H,
                                .P = t->P,
                                .wx = wx,
                                .u = t->in[U].x,
                                .r = t->in[R].x,
                                .c = c,
                                .vec = t->in[VEC].x};

            for (int i = 0; i < STATES; i++) {
                step.in[i] = state + i * H;
                step.out[i] = next + i * H;
            }
            input_part(t, row, wx);
            t->step(&step);
            memcpy(a->raw + row * width(t, 0), next, (size_t)width(t, 0) * sizeof *next);
            zone_out(t, t->reverse ? t->length[b] - 1 - s : s, b, state, next);
            memcpy(state, next, (size_t)(STATES * H) * sizeof *state);
            for (int64_t j = 0, n = width(t, 0); j < n; j++) {
                loss += t->d_y[row * n + j] * state[j];
                a->y[row * n + j] = state[j];
            }
        }
        for (int i = 0; i < t->cell->states; i++)
            for (int64_t j = 0, n = width(t, i); j < n; j++) {
                loss += t->d_f[i][b * n + j] * state[i * H + j];
                a->final[i][b * n + j] = state[i * H + j];
            }
    }
    rcb_free(room);
    return loss;
}

/* Which units of a rectifier are on; 0 for cells without kinks. */
static inline uint64_t pattern(const trial *t, const answer *a)
{
    uint64_t sum = 0;

    if (t->step != oracle_cell_of("relu"))
        return 0;
    for (int64_t i = 0; i < t->N * width(t, 0); i++)
        sum = (sum ^ (a->raw[i] > 0)) * UINT64_C(0x100000001B3) + 1;
    return sum;
}

/* Five-point differences of the textbook with step h; NaN when they reach over a kink. */
static inline double slope(const trial *t, answer *room, double *x, double h, uint64_t units_on)
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
static inline double textbook_slope(const trial *t, answer *room, double *x, uint64_t units_on)
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

static inline rc_real *to_reals(const double *x, int64_t n)
{
    rc_real *r = guard_new(n);

    for (int64_t i = 0; i < n; i++)
        r[i] = (rc_real)x[i];
    return r;
}

static inline outcome outcome_new(const trial *t)
{
    outcome o = {.t = t, .y = guard_new(t->N * width(t, 0))};

    for (int i = 0; i < t->cell->states; i++)
        o.final[i] = guard_new(t->B * width(t, i));
    for (int i = 0; i < TENSORS; i++)
        if (t->in[i].x) {
            o.grad[i] = guard_new(t->in[i].n);
            for (int64_t k = 0; k < t->in[i].n; k++)
                o.grad[i][k] = 0;
        }
    return o;
}

static inline void outcome_free(outcome *o)
{
    guard_free(o->y);
    for (int i = 0; i < STATES; i++)
        guard_free(o->final[i]);
    for (int i = 0; i < TENSORS; i++)
        guard_free(o->grad[i]);
}

static inline rc_var *tensor_leaf(rc_graph *g, const tensor *t, rc_real *grad)
{
    if (!t->x)
        return RC_NONE;

    rc_real *x = to_reals(t->x, t->n);
    rc_var *v = rc_leaf(g, t->shape, x, grad);

    guard_free(x);
    return v;
}

static inline rc_rnn_args args_of(const trial *t, rc_var *const v[])
{
    rc_rnn_args a = rc_rnn_args_default();

    a.cell = t->cell->name;
    a.w_ih = v[W];
    a.w_hh = v[U];
    a.b_ih = v[BI];
    a.b_hh = v[BH];
    a.vectors = v[VEC];
    a.w_hr = v[R];
    for (int i = 0; i < t->cell->states; i++)
        a.state[i] = v[S0 + i];
    a.reverse = t->reverse;
    memcpy(a.zoneout, t->zone, sizeof t->zone);
    return a;
}

/* sum of d * v */
static inline rc_var *along(rc_graph *g, rc_var *v, const double *d)
{
    const int64_t n = shape_count(rc_var_shape(v));
    rc_real *x = to_reals(d, n);
    rc_var *c = rc_leaf(g, rc_var_shape(v), x, NULL);

    guard_free(x);
    return rc_sum(g, rc_mul(g, v, c));
}

static inline void run_on(rc_graph *g, const trial *t, outcome *o)
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
        CHECK_STATUS(rc_var_read(g, f, o->final[i], t->B * width(t, i)), RC_OK);
    }
    CHECK_STATUS(rc_var_read(g, y, o->y, t->N * width(t, 0)), RC_OK);
    CHECK_STATUS(rc_var_total(g, loss, &o->loss), RC_OK);
    CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
}

static inline outcome run(const trial *t, int threads)
{
    outcome o = outcome_new(t);
    rc_graph *g = graph_open(threads, true);

    if (t->expected)
        rcg_graph_watch(g);
    run_on(g, t, &o);
    rc_graph_free(g);
    return o;
}

static inline void check_same(const rc_real *a, const rc_real *b, int64_t n, const char *what,
                              const trial *t)
{
    if (n > 0 && memcmp(a, b, (size_t)n * sizeof *a) != 0)
        fail_msg("%s: the bits of '%s' differ, seed %llu", t->cell->name, what,
                 (unsigned long long)check_random_state()->seed);
}

static inline void check_same_outcome(const outcome *a, const outcome *b)
{
    const trial *t = a->t;

    check_same(a->y, b->y, t->N * width(t, 0), "y", t);
    for (int i = 0; i < t->cell->states; i++)
        check_same(a->final[i], b->final[i], t->B * width(t, i), "final state", t);
    for (int i = 0; i < TENSORS; i++)
        if (t->in[i].x)
            check_same(a->grad[i], b->grad[i], t->in[i].n, t->in[i].name, t);
}

/* ---- against the textbook -------------------------------------------------------------------- */

/* Some elements of tensor i; `units_on` is the pattern of the textbook's own answer. */
static inline void check_gradient(trial *t, const outcome *o, int i, answer *room,
                                  uint64_t units_on)
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
static inline bool too_few(const trial *t)
{
    return t->cell->sums > 0 && (t->D < 4 || t->H < 9);
}

static inline void check_trial(const rcc_cell *cell, trial_how how)
{
    trial *t = trial_new(cell, how);
    answer want = answer_new(t), room = answer_new(t);
    const double loss = textbook(t, &want);
    outcome o = run(t, 1);

    CHECK_CLOSE(o.y, want.y, t->N * width(t, 0), SEQ_VALUE_TOL);
    for (int i = 0; i < cell->states; i++)
        CHECK_CLOSE(o.final[i], want.final[i], t->B * width(t, i), SEQ_VALUE_TOL);
    CHECK_NEAR(o.loss, loss, SEQ_VALUE_TOL * 10);
    /* in float, a unit at its kink may be on where the textbook has it off */
    for (int64_t i = 0; i < t->N * width(t, 0); i++)
        room.raw[i] = t->zone[0] > 0 ? want.raw[i] : (double)o.y[i];

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

/* Large enough for seven workers to be worth it: see rcg_workers(). */
static inline trial *large_trial(const rcc_cell *cell, bool reverse)
{
    return trial_new(
        cell,
        (trial_how){
            .T = 4, .B = 100, .D = 37, .H = 145, .biases = 2, .states = true, .reverse = reverse});
}

#endif
