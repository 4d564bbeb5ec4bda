/* layer_test.c -- a layer has the parameters its cell asks for, computes what the textbook says
 * over every sequence of a ragged batch, has the right gradients, and agrees with PyTorch. */
#include "net/net.h"

#include "check.h"
#include "format/format.h"
#include "oracle_cell.h"
#include "sequences.h"

enum { DOUBLE = sizeof(rc_real) == 8 };

/* Sums of a few dozen products, over a few steps. */
static const double TINY = DOUBLE ? 1e-12 : 2e-5;

/* ---- one layer, its input and its graph ---------------------------------------------------- */

typedef struct bench {
    rcn_params ps;
    rcn_rnn l;
    rcb_pool *pool;
    rc_graph *g;
    sequences seq;
    rc_real *x;                  /* (N,D) */
    rc_real *d_x;                /* (N,D) */
    rc_real *y;                  /* (N,H) */
    rc_real *r_y;                /* (N,H) the loss is sum r_y y + sum r_last last */
    rc_real *first[RC_STATES];   /* (B,H) initial states */
    rc_real *d_first[RC_STATES]; /* (B,H) */
    rc_real *last[RC_STATES];    /* (B,H) final states */
    rc_real *r_last[RC_STATES];  /* (B,H) */
    double loss;
} bench;

typedef struct layer_plan {
    const char *cell;
    int64_t D, H;
    rcn_bias bias;
    bool reverse;
    int64_t P; /* 0: as many as H */
} layer_plan;

/* Numbers of state i. */
static int64_t width(const rcn_rnn *l, int i)
{
    return rcc_state_width(l->cell, i, l->width);
}

static rc_status new_layer(rcn_rnn *l, rcn_params *ps, layer_plan plan)
{
    return rcn_rnn_new(l, ps, "rnn", "_l0",
                       &(rcn_rnn_plan){.cell = cell_named(plan.cell),
                                       .in = plan.D,
                                       .hidden = plan.H,
                                       .projection = plan.P,
                                       .bias = plan.bias,
                                       .reverse = plan.reverse});
}

/* Random everything, over the sequences already in b->seq. */
static void bench_open(bench *b, layer_plan plan)
{
    const rcc_cell *cell = cell_named(plan.cell);
    const int64_t B = b->seq.B, N = b->seq.N;

    b->ps = (rcn_params){0};
    CHECK_STATUS(new_layer(&b->l, &b->ps, plan), RC_OK);
    randomise(&b->ps, 1.2 / sqrt((double)plan.H)); /* rounding errors must not grow in time */
    CHECK_STATUS(rcn_params_grads(&b->ps), RC_OK);
    CHECK_STATUS(rcb_pool_new(&b->pool, 1), RC_OK);
    CHECK_STATUS(rcg_graph_on(&b->g, b->pool, true), RC_OK);
    b->x = random_reals(N * plan.D);
    b->d_x = zero_reals(N * plan.D);
    b->y = zero_reals(N * rcn_rnn_out(&b->l));
    b->r_y = random_reals(N * rcn_rnn_out(&b->l));
    for (int i = 0; i < cell->states; i++) {
        const int64_t n = B * width(&b->l, i);

        b->first[i] = random_reals(n);
        b->d_first[i] = zero_reals(n);
        b->last[i] = zero_reals(n);
        b->r_last[i] = random_reals(n);
    }
}

static void bench_close(bench *b)
{
    for (int i = 0; i < b->l.cell->states; i++) {
        rcb_free(b->r_last[i]);
        rcb_free(b->last[i]);
        rcb_free(b->d_first[i]);
        rcb_free(b->first[i]);
    }
    rcb_free(b->r_y);
    rcb_free(b->y);
    rcb_free(b->d_x);
    rcb_free(b->x);
    rc_graph_free(b->g);
    rcb_pool_free(b->pool);
    rcn_params_free(&b->ps);
}

/* Add a term to the loss, and its value to b->loss. */
static rc_var *add_term(bench *b, rc_var *loss, rc_var *v, const rc_real *r)
{
    rc_var *term = weighted(b->g, v, r);
    double value;

    CHECK_STATUS(rc_var_total(b->g, term, &value), RC_OK);
    b->loss += value;
    return loss ? rc_add(b->g, loss, term) : term;
}

/* Run the layer; with `grads` gradients arrive in d_x, d_first and the parameters, else none are
 * made. */
static rc_var *bench_run(bench *b, bool grads)
{
    rc_graph *g = b->g;
    rc_var *state[RC_STATES];

    rc_graph_reset(g);

    rc_var *x = rc_leaf(g, rc_shape_2(b->seq.N, b->l.in), b->x, grads ? b->d_x : NULL);

    for (int i = 0; i < b->l.cell->states; i++)
        state[i] = rc_leaf(g, rc_shape_2(b->seq.B, width(&b->l, i)), b->first[i],
                           grads ? b->d_first[i] : NULL);

    rc_var *y = rcn_rnn_run(&b->l, &b->ps, g, &b->seq.rows, x, state);

    b->loss = 0;

    rc_var *loss = add_term(b, NULL, y, b->r_y);

    for (int i = 0; i < b->l.cell->states; i++) {
        rc_var *last = rc_rnn_state(g, y, i);

        loss = add_term(b, loss, last, b->r_last[i]);
        CHECK_STATUS(rc_var_read(g, last, b->last[i], b->seq.B * width(&b->l, i)), RC_OK);
    }
    CHECK_STATUS(rc_var_read(g, y, b->y, b->seq.N * rcn_rnn_out(&b->l)), RC_OK);
    return loss;
}

static rc_status bench_loss(void *ctx, double *out)
{
    bench *b = ctx;

    (void)bench_run(b, false);
    *out = b->loss;
    return rc_graph_status(b->g);
}

static void bench_gradients(bench *b)
{
    rcn_params_fresh(&b->ps);
    memset(b->d_x, 0, (size_t)(b->seq.N * b->l.in) * sizeof(rc_real));
    for (int i = 0; i < b->l.cell->states; i++)
        memset(b->d_first[i], 0, (size_t)(b->seq.B * width(&b->l, i)) * sizeof(rc_real));
    CHECK_STATUS(rcn_params_refresh(&b->ps, b->pool), RC_OK);
    CHECK_STATUS(rc_graph_backward(b->g, bench_run(b, true)), RC_OK);
    rcn_params_settle(&b->ps);
}

/* ---- parameters ---------------------------------------------------------------------------- */

static void check_param(const rcn_params *ps, const char *name, int64_t rows, int64_t cols,
                        const char *rule)
{
    const rcn_param *p = rcn_params_find(ps, name);

    if (!p)
        fail_msg("there is no '%s'", name);
    assert_int_equal(p->dim[0], rows);
    assert_int_equal(p->dim[1], cols);
    assert_string_equal(p->rule, rule);
}

static void parameters_are_what_the_cell_asks_for(void **unused)
{
    (void)unused;
    CHECK_STATUS(rck_select(), RC_OK);
    for (size_t i = 0; rcc_at(i); i++) {
        const rcc_cell *cell = rcc_at(i);
        for (int bias = RCN_BIAS_NONE; bias <= RCN_BIAS_DOUBLE; bias++) {
            rcn_params ps = {0};
            rcn_rnn l;

            const rcn_rnn_plan plan = {.cell = cell,
                                       .in = 7,
                                       .hidden = 5,
                                       .projection = 3,
                                       .bias = (rcn_bias)bias,
                                       .reverse = true};
            const rcc_widths w = {5, 3};

            CHECK_STATUS(rcn_rnn_new(&l, &ps, "a", "_l3_reverse", &plan), RC_OK);
            const int64_t u = rcc_part_gates(cell, RCC_U) * 5, c = rcc_part_gates(cell, RCC_C) * 5;
            const bool has = bias != RCN_BIAS_NONE && !cell->no_bias;
            const bool both = bias == RCN_BIAS_DOUBLE && c > 0;

            const bool narrow = rcc_part_gates(cell, RCC_R) > 0;

            assert_int_equal(ps.n, 1 + (u > 0) + has + both + narrow + (cell->vectors > 0));
            assert_int_equal(narrow, cell->narrow != 0);
            assert_true(l.reverse && l.in == 7 && l.hidden == 5);
            check_param(&ps, "a.weight_ih_l3_reverse", rcc_part_gates(cell, RCC_W) * 5, 7,
                        cell->identity ? "normal:0.001" : "xavier");
            if (u > 0)
                check_param(&ps, "a.weight_hh_l3_reverse", u, rcc_columns(cell, RCC_U, w),
                            cell->identity ? "identity" : "orthogonal");
            if (has)
                check_param(&ps, "a.bias_ih_l3_reverse", rcc_part_gates(cell, RCC_B) * 5, 1,
                            "zero");
            if (narrow)
                check_param(&ps, "a.weight_hr_l3_reverse", rcc_part_gates(cell, RCC_R) * 3, 5,
                            "xavier");
            if (both)
                check_param(&ps, "a.bias_hh_l3_reverse", c, 1, "zero");
            if (cell->vectors > 0)
                check_param(&ps, "a.vectors_l3_reverse", cell->vectors * 5, 1,
                            cell->vector_rule ? cell->vector_rule : "zero");
            assert_int_equal(l.vectors == SIZE_MAX, cell->vectors == 0);
            assert_int_equal(l.b_hh == SIZE_MAX, !both);
            CHECK_STATUS(rcn_init_all(&ps, "", 1), RC_OK);
            rcn_params_free(&ps);
        }
    }
}

static void impossible_layers_are_refused(void **unused)
{
    (void)unused;
    rcn_params ps = {0};
    rcn_rnn l;

    CHECK_STATUS(new_layer(&l, &ps, (layer_plan){"lstm", 0, 5, RCN_BIAS_NONE, false, 0}),
                 RC_EINVAL);
    CHECK_STATUS(new_layer(&l, &ps, (layer_plan){"lstm", 5, 0, RCN_BIAS_NONE, false, 0}),
                 RC_EINVAL);
    CHECK_STATUS(new_layer(&l, &ps, (layer_plan){"lstm", 5, -1, RCN_BIAS_NONE, false, 0}),
                 RC_EINVAL);
    CHECK_MESSAGE_HAS("'rnn_l0'");
    CHECK_STATUS(new_layer(&l, &ps, (layer_plan){"lstm-proj", 5, 5, RCN_BIAS_NONE, false, 6}),
                 RC_EINVAL);
    CHECK_MESSAGE_HAS("5 units to 6 numbers");
    assert_int_equal(ps.n, 0);
    CHECK_STATUS(new_layer(&l, &ps, (layer_plan){"lstm", 5, 5, RCN_BIAS_NONE, false, 0}), RC_OK);
    CHECK_STATUS(new_layer(&l, &ps, (layer_plan){"lstm", 5, 5, RCN_BIAS_NONE, false, 0}),
                 RC_EINVAL);
    rcn_params_free(&ps);
}

/* ---- the textbook -------------------------------------------------------------------------- */

/* The logical values of a parameter in double, or zeros when it is absent. The caller frees
 * them. */
static double *values_at(const rcn_params *ps, size_t place, int64_t n)
{
    double *out = rcb_calloc((size_t)n, sizeof *out);

    assert_non_null(out);
    if (place != SIZE_MAX) {
        const rcn_param *p = &ps->p[place];
        rc_real *rows = zero_reals(p->count);

        assert_int_equal(p->count, n);
        rcn_param_store(p, p->w, rows);
        for (int64_t i = 0; i < n; i++)
            out[i] = (double)rows[i];
        rcb_free(rows);
    }
    return out;
}

/* What a layer computes, one sequence at a time. */
typedef struct textbook {
    int64_t G, D, H, P;
    double *w, *u, *b, *c;                          /* (G H, D), (G H, H), (G H), (G H) */
    double *r;                                      /* (P,H) */
    double *vec;                                    /* (P H) */
    double *wx;                                     /* (G H) */
    double *before[RCC_STATES], *after[RCC_STATES]; /* (H) */
    const rcc_cell *cell;
} textbook;

static void textbook_open(textbook *k, const bench *b)
{
    const int64_t G = b->l.cell->gates, D = b->l.in, H = b->l.hidden;

    *k = (textbook){.G = G, .D = D, .H = H, .P = b->l.width.P, .cell = b->l.cell};
    k->w = values_at(&b->ps, b->l.w_ih, rcc_part_gates(b->l.cell, RCC_W) * H * D);
    const rcc_cell *cell = b->l.cell;
    double *c = values_at(&b->ps, b->l.b_hh, rcc_part_gates(cell, RCC_C) * H);

    double *bias = values_at(&b->ps, b->l.b_ih, rcc_part_gates(cell, RCC_B) * H);

    k->u = values_at(&b->ps, b->l.w_hh,
                     rcc_part_gates(cell, RCC_U) * H * rcc_columns(cell, RCC_U, b->l.width));
    k->r = values_at(&b->ps, b->l.w_hr, rcc_part_gates(cell, RCC_R) * k->P * H);
    k->b = values_at(&b->ps, SIZE_MAX, G * H);
    k->c = values_at(&b->ps, SIZE_MAX, G * H);
    for (int64_t i = 0; i < G * H; i++) {
        const int at = oracle_gate_at(cell, RCC_C, (int)(i / H));
        const int b_at = oracle_gate_at(cell, RCC_B, (int)(i / H));

        k->c[i] = at < 0 ? 0 : c[at * H + i % H];
        k->b[i] = b_at < 0 ? 0 : bias[b_at * H + i % H];
    }
    rcb_free(bias);
    rcb_free(c);
    k->vec = values_at(&b->ps, b->l.vectors, cell->vectors * H);
    k->wx = values_at(&b->ps, SIZE_MAX, G * H);
    for (int i = 0; i < RCC_STATES; i++) {
        k->before[i] = values_at(&b->ps, SIZE_MAX, H);
        k->after[i] = values_at(&b->ps, SIZE_MAX, H);
    }
}

static void textbook_close(textbook *k)
{
    for (int i = 0; i < RCC_STATES; i++) {
        rcb_free(k->before[i]);
        rcb_free(k->after[i]);
    }
    rcb_free(k->vec);
    rcb_free(k->r);
    rcb_free(k->wx);
    rcb_free(k->c);
    rcb_free(k->b);
    rcb_free(k->u);
    rcb_free(k->w);
}

/* The cell's own step of what is there. */
static void run_step(const textbook *k, oracle_cell *cell, const double *u, const double *c)
{
    oracle_step s = {.H = k->H, .P = k->P, .wx = k->wx, .u = u, .r = k->r, .c = c, .vec = k->vec};

    for (int i = 0; i < RCC_STATES; i++) {
        s.in[i] = k->before[i];
        s.out[i] = k->after[i];
    }
    cell(&s);
}

typedef void textbook_step(textbook *k, oracle_cell *cell, const rc_real *x);

/* W x + b and U h apart, as the house does it. */
static void split_step(textbook *k, oracle_cell *cell, const rc_real *x)
{
    for (int64_t i = 0; i < k->G * k->H; i++) {
        const int gate = oracle_gate_at(k->cell, RCC_W, (int)(i / k->H));

        k->wx[i] = k->b[i];
        for (int64_t j = 0; gate >= 0 && j < k->D; j++)
            k->wx[i] += k->w[(gate * k->H + i % k->H) * k->D + j] * (double)x[j];
    }
    run_step(k, cell, k->u, k->c);
}

/* Run the sequences through the textbook and compare with what the bench holds. */
static void check_textbook(const bench *b, oracle_cell *cell, textbook_step *step)
{
    const int64_t D = b->l.in, H = b->l.hidden, out = rcn_rnn_out(&b->l);
    textbook k;

    textbook_open(&k, b);
    for (int64_t q = 0; q < b->seq.B; q++) {
        const int64_t T = b->seq.length[q];

        for (int i = 0; i < b->l.cell->states; i++)
            for (int64_t j = 0; j < width(&b->l, i); j++)
                k.before[i][j] = (double)b->first[i][q * width(&b->l, i) + j];
        for (int64_t s = 0; s < T; s++) {
            const int64_t row = row_of(&b->seq, q, b->l.reverse ? T - 1 - s : s);

            step(&k, cell, b->x + row * D);
            CHECK_CLOSE(b->y + row * out, k.after[0], out, TINY);
            for (int i = 0; i < RCC_STATES; i++)
                memcpy(k.before[i], k.after[i], (size_t)H * sizeof(double));
        }
        for (int i = 0; i < b->l.cell->states; i++)
            CHECK_CLOSE(b->last[i] + q * width(&b->l, i), k.before[i], width(&b->l, i), TINY);
    }
    textbook_close(&k);
}

static void a_layer_is_the_textbook_over_each_sequence(void **unused)
{
    (void)unused;
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    for (size_t i = 0; rcc_at(i); i++) {
        for (int trial = 0; trial < 12; trial++) {
            bench b;

            const int64_t H = pick(1, 37);

            random_lengths(&b.seq, 5, 9);
            bench_open(&b, (layer_plan){rcc_at(i)->name, pick(1, 20), H, (rcn_bias)(trial % 3),
                                        trial % 2, pick(0, H)});
            (void)bench_run(&b, false);
            check_textbook(&b, oracle_cell_of(rcc_at(i)->name), split_step);
            bench_close(&b);
        }
    }
}

/* One product of the concatenated matrix [U W] with [v, x], as the lectures write it; `gates` of
 * them from gate `first` on. */
static void concatenated(textbook *k, int64_t first, int64_t gates, const double *v,
                         const rc_real *x)
{
    const int64_t width = k->H + k->D;
    double *both = values_at(NULL, SIZE_MAX, width);   /* [v, x] */
    double *matrix = values_at(NULL, SIZE_MAX, width); /* a row of [U W] */

    for (int64_t j = 0; j < width; j++)
        both[j] = j < k->H ? v[j] : (double)x[j - k->H];
    for (int64_t i = first * k->H; i < (first + gates) * k->H; i++) {
        memcpy(matrix, k->u + i * k->H, (size_t)k->H * sizeof *matrix);
        memcpy(matrix + k->H, k->w + i * k->D, (size_t)k->D * sizeof *matrix);
        k->wx[i] = k->b[i] + k->c[i];
        for (int64_t j = 0; j < width; j++)
            k->wx[i] += matrix[j] * both[j];
    }
    rcb_free(matrix);
    rcb_free(both);
}

/* All gates from one product; the textbook then has no U of its own. */
static void concatenated_step(textbook *k, oracle_cell *cell, const rc_real *x)
{
    double *none = values_at(NULL, SIZE_MAX, k->G * k->H * k->H);

    concatenated(k, 0, k->G, k->before[0], x);
    run_step(k, cell, none, none);
    rcb_free(none);
}

/* r and z from W [h, x], then n from W_n [r h, x]. */
static void concatenated_gru_step(textbook *k, oracle_cell *unused, const rc_real *x)
{
    double *rh = values_at(NULL, SIZE_MAX, k->H);

    (void)unused;
    concatenated(k, 0, 2, k->before[0], x);
    for (int64_t j = 0; j < k->H; j++)
        rh[j] = k->before[0][j] / (1 + exp(-k->wx[j]));
    concatenated(k, 2, 1, rh, x);
    for (int64_t j = 0; j < k->H; j++) {
        const double z = 1 / (1 + exp(-k->wx[k->H + j]));

        k->after[0][j] = z * k->before[0][j] + (1 - z) * tanh(k->wx[2 * k->H + j]);
    }
    rcb_free(rh);
}

static void the_concatenated_form_is_the_split_form(void **unused)
{
    (void)unused;
    static const char *const cells[] = {"tanh", "relu", "irnn", "sgru", "lstm", "gru-before"};

    check_seed();
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        const bool before = strcmp(cells[i], "gru-before") == 0;
        bench b;

        random_lengths(&b.seq, 4, 9);
        bench_open(&b, (layer_plan){cells[i], pick(1, 20), pick(1, 37), RCN_BIAS_DOUBLE, false, 0});
        (void)bench_run(&b, false);
        check_textbook(&b, oracle_cell_of(cells[i]),
                       before ? concatenated_gru_step : concatenated_step);
        bench_close(&b);
    }
}

/* ---- ragged batches ------------------------------------------------------------------------ */

/* Sequence q of a batch alone, in a bench with the same parameters. */
static void check_alone(bench *whole, int64_t q, layer_plan plan)
{
    const int64_t D = plan.D, H = rcn_rnn_out(&whole->l);
    bench one;

    set_lengths(&one.seq, 1, &whole->seq.length[q]);
    bench_open(&one, plan);
    for (size_t i = 0; i < one.ps.n; i++)
        memcpy(one.ps.p[i].w, whole->ps.p[i].w, (size_t)one.ps.p[i].size * sizeof(rc_real));
    rcb_free(one.x);
    rcb_free(one.r_y);
    one.x = take_sequence(&whole->seq, q, whole->x, D);
    one.r_y = take_sequence(&whole->seq, q, whole->r_y, H);
    for (int i = 0; i < one.l.cell->states; i++) {
        const int64_t n = width(&one.l, i);

        memcpy(one.first[i], whole->first[i] + q * n, (size_t)n * sizeof(rc_real));
        memcpy(one.r_last[i], whole->r_last[i] + q * n, (size_t)n * sizeof(rc_real));
    }
    bench_gradients(&one);

    rc_real *y = take_sequence(&whole->seq, q, whole->y, H);
    rc_real *d_x = take_sequence(&whole->seq, q, whole->d_x, D);

    assert_memory_equal(one.y, y, (size_t)(one.seq.N * H) * sizeof *y);
    assert_memory_equal(one.d_x, d_x, (size_t)(one.seq.N * D) * sizeof *y);
    for (int i = 0; i < one.l.cell->states; i++) {
        const int64_t n = width(&one.l, i);
        const size_t bytes = (size_t)n * sizeof *y;

        assert_memory_equal(one.last[i], whole->last[i] + q * n, bytes);
        assert_memory_equal(one.d_first[i], whole->d_first[i] + q * n, bytes);
    }
    rcb_free(d_x);
    rcb_free(y);
    bench_close(&one);
}

/* To the bit: outputs, final states, and gradients of inputs and initial states. */
static void a_ragged_batch_is_each_sequence_alone(void **unused)
{
    (void)unused;
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    for (size_t i = 0; rcc_at(i); i++) {
        for (int trial = 0; trial < 6; trial++) {
            const int64_t H = pick(1, 70);
            const layer_plan plan = {rcc_at(i)->name, pick(1, 20), H,
                                     RCN_BIAS_DOUBLE, trial % 2,   pick(0, H)};
            bench b;

            random_lengths(&b.seq, SEQ_MOST, 9);
            bench_open(&b, plan);
            bench_gradients(&b);
            for (int64_t q = 0; q < b.seq.B; q++)
                check_alone(&b, q, plan);
            bench_close(&b);
        }
    }
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
        for (int trial = 0; trial < 6; trial++) {
            bench b;

            random_lengths(&b.seq, 4, 5);
            bench_open(&b, (layer_plan){rcc_at(i)->name, pick(1, 5), pick(2, 6),
                                        (rcn_bias)(trial % 3), trial % 2, pick(0, 2)});
            bench_gradients(&b);
            check_parameters(bench_loss, &b, &b.ps);
            check_gradient("x", bench_loss, &b, b.x, b.d_x, NULL, b.seq.N * b.l.in);
            for (int k = 0; k < b.l.cell->states; k++)
                check_gradient(b.l.cell->state_name[k], bench_loss, &b, b.first[k], b.d_first[k],
                               NULL, b.seq.B * width(&b.l, k));
            bench_close(&b);
        }
    }
}

/* ---- one gate ------------------------------------------------------------------------------ */

static void the_forget_bias_is_that_of_the_forget_gate(void **unused)
{
    (void)unused;
    bench b;

    set_lengths(&b.seq, 1, (const int64_t[]){1});
    for (int bias = RCN_BIAS_NONE; bias <= RCN_BIAS_DOUBLE; bias++) {
        bench_open(&b, (layer_plan){"lstm", 3, 21, (rcn_bias)bias, false, 0});

        rcn_params before;

        CHECK_STATUS(rcn_params_clone(&before, &b.ps), RC_OK);
        CHECK_STATUS(rcn_rnn_forget_bias(&b.l, &b.ps, 1.5), RC_OK);
        for (size_t i = 0; i < b.ps.n; i++) {
            const int64_t n = b.ps.p[i].count;
            double *is = values_at(&b.ps, i, n);
            double *was = values_at(&before, i, n);

            for (int64_t k = 0; k < n; k++) {
                const bool forget = k / 21 == 1 && b.ps.p[i].rank == 1;

                assert_true(is[k] == (forget ? (i == b.l.b_ih ? 1.5 : 0) : was[k]));
            }
            rcb_free(was);
            rcb_free(is);
        }
        rcn_params_free(&before);
        bench_close(&b);
    }

    bench_open(&b, (layer_plan){"gru", 3, 5, RCN_BIAS_DOUBLE, false, 0});

    rcn_params before;

    CHECK_STATUS(rcn_params_clone(&before, &b.ps), RC_OK);
    CHECK_STATUS(rcn_rnn_forget_bias(&b.l, &b.ps, 1.5), RC_OK);
    for (size_t i = 0; i < b.ps.n; i++)
        assert_memory_equal(b.ps.p[i].w, before.p[i].w, (size_t)b.ps.p[i].size * sizeof(rc_real));
    rcn_params_free(&before);
    bench_close(&b);
}

/* Forget gate 1, input gate 0: c is what it was, to the bit, after 1000 steps. */
static void an_open_forget_gate_keeps_the_cell(void **unused)
{
    (void)unused;
    bench b;

    check_seed();
    set_lengths(&b.seq, 2, (const int64_t[]){50, 50});
    bench_open(&b, (layer_plan){"lstm", 3, 19, RCN_BIAS_SINGLE, false, 0});

    rc_real *bias = zero_reals(4 * 19);

    for (int j = 0; j < 19; j++) {
        bias[j] = -200;
        bias[19 + j] = 200;
    }
    rcn_param_load(&b.ps.p[b.l.b_ih], b.ps.p[b.l.b_ih].w, bias);

    rc_real *c = random_reals(2 * 19);

    memcpy(b.first[1], c, 2 * 19 * sizeof *c);
    for (int part = 0; part < 20; part++) {
        (void)bench_run(&b, false);
        for (int i = 0; i < 2; i++)
            memcpy(b.first[i], b.last[i], 2 * 19 * sizeof *c);
    }
    assert_memory_equal(b.last[1], c, 2 * 19 * sizeof *c);
    rcb_free(c);
    rcb_free(bias);
    bench_close(&b);
}

/* Does the memory of a cell, begun near zero where tanh is the identity, stay for 5 steps of random
 * input and weights? */
static bool keeps_its_memory(const bench *b)
{
    const int memory = rcc_memory(b->l.cell) < 0 ? 0 : rcc_memory(b->l.cell);
    bool kept = true;

    for (int64_t i = 0; i < b->seq.B * width(&b->l, memory); i++)
        kept &= fabs((double)(b->last[memory][i] - b->first[memory][i])) < 1e-5;
    return kept;
}

/* Every cell with gates that keep or let in: memories of a million million steps lose nothing in
 * five. One without an input gate keeps what it had and adds to it. */
static void chrono_biases_make_every_gated_cell_remember(void **unused)
{
    (void)unused;
    bench b;

    check_seed();
    set_lengths(&b.seq, 2, (const int64_t[]){5, 5});
    for (size_t i = 0; rcc_at(i); i++) {
        if (!rcc_at(i)->keeps || strcmp(rcc_at(i)->name, "lstm-nig") == 0)
            continue;
        for (int bias = RCN_BIAS_SINGLE; bias <= RCN_BIAS_DOUBLE; bias++) {
            bench_open(&b, (layer_plan){rcc_at(i)->name, 3, 21, (rcn_bias)bias, false, 0});
            for (int s = 0; s < b.l.cell->states; s++)
                for (int64_t k = 0; k < 2 * width(&b.l, s); k++)
                    b.first[s][k] *= (rc_real)0.01;
            (void)bench_run(&b, false);
            if (keeps_its_memory(&b))
                fail_msg("cell '%s' remembers without them", b.l.cell->name);
            CHECK_STATUS(rcn_rnn_chrono(&b.l, &b.ps, 1000000000000, 7), RC_OK);
            (void)bench_run(&b, false);
            if (!keeps_its_memory(&b))
                fail_msg("cell '%s' forgets", b.l.cell->name);
            bench_close(&b);
        }
    }
}

/* Forget and input gate of a unit share a draw: log u and -log u, u in 1 .. steps - 1, all over. */
static void chrono_draws_one_memory_for_each_unit(void **unused)
{
    (void)unused;
    enum { H = 400 };
    bench b;

    set_lengths(&b.seq, 1, (const int64_t[]){1});
    bench_open(&b, (layer_plan){"lstm", 3, H, RCN_BIAS_SINGLE, false, 0});
    CHECK_STATUS(rcn_rnn_chrono(&b.l, &b.ps, 101, 3), RC_OK);

    double *is = values_at(&b.ps, b.l.b_ih, 4 * H);
    double mean = 0;

    for (int j = 0; j < H; j++) {
        assert_true(is[H + j] >= 0 && is[H + j] <= log(100) + 1e-6 && is[j] == -is[H + j]);
        mean += exp(is[H + j]) / H;
    }
    assert_true(fabs(mean - 50.5) < 6); /* four deviations */
    rcb_free(is);
    bench_close(&b);

    bench_open(&b, (layer_plan){"tanh", 3, 5, RCN_BIAS_SINGLE, false, 0});
    is = values_at(&b.ps, b.l.b_ih, 5);
    CHECK_STATUS(rcn_rnn_chrono(&b.l, &b.ps, 101, 3), RC_OK);

    double *now = values_at(&b.ps, b.l.b_ih, 5);

    assert_memory_equal(is, now, 5 * sizeof *is);
    rcb_free(now);
    rcb_free(is);
    bench_close(&b);
}

/* Weights made for the lectures' GRU, whose gate z is the share of the new state, run as ours once
 * flipped; flipped again they are what they were. */
static void flipped_weights_turn_one_convention_into_the_other(void **unused)
{
    (void)unused;
    static const struct {
        const char *cell;
        oracle_cell *lecture;
    } cases[] = {{"sgru", oracle_sgru_lecture}, {"gru-before", oracle_gru_lecture}};

    check_seed();
    for (int i = 0; i < 2; i++) {
        bench b;

        random_lengths(&b.seq, 4, 9);
        bench_open(&b, (layer_plan){cases[i].cell, 7, 21, RCN_BIAS_DOUBLE, false, 0});

        rcn_params lecture;

        CHECK_STATUS(rcn_params_clone(&lecture, &b.ps), RC_OK);
        CHECK_STATUS(rcn_rnn_flip(&b.l, &b.ps, "z"), RC_OK);
        (void)bench_run(&b, false);
        CHECK_STATUS(rcn_rnn_flip(&b.l, &b.ps, "z"), RC_OK);
        for (size_t p = 0; p < b.ps.n; p++)
            assert_memory_equal(b.ps.p[p].w, lecture.p[p].w,
                                (size_t)lecture.p[p].size * sizeof(rc_real));
        check_textbook(&b, cases[i].lecture, split_step);
        CHECK_STATUS(rcn_rnn_flip(&b.l, &b.ps, "q"), RC_EINVAL);
        CHECK_MESSAGE_HAS("'q'");
        rcn_params_free(&lecture);
        bench_close(&b);
    }
}

/* The update gate of every cell that has one: 1 - s(a) = s(-a), so a flipped z takes n where it
 * took h. */
static void a_flipped_update_gate_swaps_old_and_new(void **unused)
{
    (void)unused;
    bench b;

    check_seed();
    set_lengths(&b.seq, 2, (const int64_t[]){1, 1});
    bench_open(&b, (layer_plan){"gru", 7, 21, RCN_BIAS_DOUBLE, false, 0});
    (void)bench_run(&b, false);

    rc_real *straight = zero_reals(2 * 21);
    double *n = values_at(NULL, SIZE_MAX, 2 * 21);

    memcpy(straight, b.y, 2 * 21 * sizeof *straight);

    /* with all of z's weights zero, z is 1/2: h' = (h + n) / 2 tells n */
    double *w[4];
    const size_t place[4] = {b.l.w_ih, b.l.w_hh, b.l.b_ih, b.l.b_hh};

    for (int i = 0; i < 4; i++) {
        rcn_param *p = &b.ps.p[place[i]];
        const int64_t cells = 21 * p->dim[1];
        rc_real *rows = zero_reals(p->count);

        w[i] = values_at(&b.ps, place[i], p->count);
        rcn_param_store(p, p->w, rows);
        memset(rows + cells, 0, (size_t)cells * sizeof *rows);
        rcn_param_load(p, p->w, rows);
        rcb_free(rows);
    }
    (void)bench_run(&b, false);
    for (int i = 0; i < 2 * 21; i++)
        n[i] = 2 * (double)b.y[i] - (double)b.first[0][i];
    for (int i = 0; i < 4; i++) {
        rcn_param *p = &b.ps.p[place[i]];
        rc_real *rows = zero_reals(p->count);

        for (int64_t k = 0; k < p->count; k++)
            rows[k] = (rc_real)w[i][k];
        rcn_param_load(p, p->w, rows);
        rcb_free(rows);
        rcb_free(w[i]);
    }
    CHECK_STATUS(rcn_rnn_flip(&b.l, &b.ps, "z"), RC_OK);
    (void)bench_run(&b, false);
    for (int i = 0; i < 2 * 21; i++) /* z h + (1 - z) n and (1 - z) h + z n add up to h + n */
        CHECK_NEAR((double)straight[i] + (double)b.y[i], (double)b.first[0][i] + n[i], TINY);
    rcb_free(n);
    rcb_free(straight);
    bench_close(&b);
}

/* ---- golden values ------------------------------------------------------------------------- */

/* Numbers of a golden file, read from the beginning on: see tools/make_golden.py. */
typedef struct reel {
    const rcf_tensor *t;
    size_t size, at; /* bytes */
} reel;

static reel reel_open(const rcf_file *f, const char *cell, const char *what, rcf_dtype dtype)
{
    char name[64];

    snprintf(name, sizeof name, "%s.%s", cell, what);
    const rcf_tensor *t = rcf_file_find(f, name);

    if (!t || t->dtype != dtype)
        fail_msg("'%s' is not in the golden file: run tools/make_golden.py", name);
    return (reel){t, dtype == RCF_F64 ? sizeof(double) : sizeof(float), 0};
}

/* The next `count` of them into `to`. */
static void reel_read(reel *r, rc_real *to, int64_t count)
{
    if (r->at + (size_t)count * r->size > r->t->bytes)
        fail_msg("golden tensor '%s' is too short: run tools/make_golden.py", r->t->name);
    for (int64_t i = 0; i < count; i++, r->at += r->size) {
        float single;
        double wide;

        memcpy(&single, (const char *)r->t->data + r->at, sizeof single);
        if (r->size == sizeof wide)
            memcpy(&wide, (const char *)r->t->data + r->at, sizeof wide);
        to[i] = r->size == sizeof wide ? (rc_real)wide : (rc_real)single;
    }
}

static void reel_check(reel *r, const char *what, const rc_real *got, int64_t count)
{
    rc_real *want = zero_reals(count);

    reel_read(r, want, count);
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= (DOUBLE ? 1e-10 : 1e-4)))
            fail_msg("%s: number %lld of %s is %.12g, PyTorch has %.12g", r->t->name, (long long)i,
                     what, (double)got[i], (double)want[i]);
    rcb_free(want);
}

/* What goes in, in the order of the file. */
static void read_given(reel *r, bench *b)
{
    reel_read(r, b->x, b->seq.N * b->l.in);
    for (size_t i = 0; i < b->ps.n; i++) {
        rc_real *rows = zero_reals(b->ps.p[i].count);

        reel_read(r, rows, b->ps.p[i].count);
        rcn_param_load(&b->ps.p[i], b->ps.p[i].w, rows);
        rcb_free(rows);
    }
    for (int i = 0; i < b->l.cell->states; i++)
        reel_read(r, b->first[i], b->seq.B * width(&b->l, i));
    reel_read(r, b->r_y, b->seq.N * rcn_rnn_out(&b->l));
    for (int i = 0; i < b->l.cell->states; i++)
        reel_read(r, b->r_last[i], b->seq.B * width(&b->l, i));
    assert_int_equal(r->at, r->t->bytes);
}

/* What comes out, and every gradient. */
static void check_made(reel *r, const bench *b)
{
    reel_check(r, "y", b->y, b->seq.N * rcn_rnn_out(&b->l));
    for (int i = 0; i < b->l.cell->states; i++)
        reel_check(r, "the last states", b->last[i], b->seq.B * width(&b->l, i));
    reel_check(r, "the gradient of x", b->d_x, b->seq.N * b->l.in);
    for (size_t i = 0; i < b->ps.n; i++) {
        rc_real *rows = zero_reals(b->ps.p[i].count);

        rcn_param_store(&b->ps.p[i], b->ps.p[i].g, rows);
        reel_check(r, b->ps.p[i].name, rows, b->ps.p[i].count);
        rcb_free(rows);
    }
    for (int i = 0; i < b->l.cell->states; i++)
        reel_check(r, "the gradient of first states", b->d_first[i], b->seq.B * width(&b->l, i));
    assert_int_equal(r->at, r->t->bytes);
}

/* Values and gradients by PyTorch's own layers, and by its autograd of the papers' formulas. */
static void every_cell_agrees_with_pytorch(void **unused)
{
    (void)unused;
    enum { STEPS = 7 };
    rcf_file *f;

    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(rcf_file_open(&f, RC_TEST_DIR "/golden/cells.safetensors"), RC_OK);
    for (size_t i = 0; rcc_at(i); i++) {
        const char *cell = rcc_at(i)->name;
        reel given = reel_open(f, cell, "given", RCF_F32),
             made = reel_open(f, cell, "made", RCF_F64);
        bench b;

        set_lengths(&b.seq, 2, (const int64_t[]){STEPS, STEPS});
        bench_open(&b, (layer_plan){cell, 3, 5, RCN_BIAS_DOUBLE, false, 2});
        read_given(&given, &b);
        bench_gradients(&b);
        check_made(&made, &b);
        bench_close(&b);
    }
    rcf_file_free(f);
}

/* ---- misfortune ---------------------------------------------------------------------------- */

static rc_status make_and_change(void *unused)
{
    (void)unused;
    rcn_params ps = {0};
    rcn_rnn l;
    rc_status status =
        new_layer(&l, &ps, (layer_plan){"lstm-proj", 3, 4, RCN_BIAS_DOUBLE, false, 2});

    if (status == RC_OK)
        status = rcn_rnn_forget_bias(&l, &ps, 1);
    if (status == RC_OK)
        status = rcn_rnn_flip(&l, &ps, "f");
    rcn_params_free(&ps);
    return status;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_EACH_ALLOCATION(make_and_change, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_what_the_cell_asks_for),
        cmocka_unit_test(impossible_layers_are_refused),
        cmocka_unit_test(a_layer_is_the_textbook_over_each_sequence),
        cmocka_unit_test(the_concatenated_form_is_the_split_form),
        cmocka_unit_test(a_ragged_batch_is_each_sequence_alone),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(the_forget_bias_is_that_of_the_forget_gate),
        cmocka_unit_test(chrono_biases_make_every_gated_cell_remember),
        cmocka_unit_test(chrono_draws_one_memory_for_each_unit),
        cmocka_unit_test(an_open_forget_gate_keeps_the_cell),
        cmocka_unit_test(flipped_weights_turn_one_convention_into_the_other),
        cmocka_unit_test(a_flipped_update_gate_swaps_old_and_new),
        cmocka_unit_test(every_cell_agrees_with_pytorch),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("layer", tests, NULL, NULL);
}
