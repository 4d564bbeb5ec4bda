/* check_test.c -- the numeric derivative itself, and with it every operation of ops.def: the walk
 * over that list fails when one of them has no gradient case here. */
#include "problem.h"

#include "graph/graph_in.h"

/* ---- the numeric derivative ------------------------------------------------------------------ */

typedef struct curve {
    rc_real x;
    double (*f)(double x);
    int calls, fail_at;
} curve;

static rc_status curve_loss(void *ctx, double *loss)
{
    curve *c = ctx;

    if (++c->calls == c->fail_at)
        return RC_FAIL(RC_ENAN, "the curve ends here");
    *loss = c->f((double)c->x);
    return RC_OK;
}

static double rectifier(double x)
{
    return x > 0 ? 3 * x : 0;
}

static void difference_is_the_derivative_of_a_smooth_curve(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 50; trial++) {
        curve c = {.x = pick_real(), .f = exp};
        const rc_real at = c.x;
        double got;

        CHECK_STATUS(rcg_difference(curve_loss, &c, &c.x, exp((double)at), &got), RC_OK);
        CHECK_NEAR(got, exp((double)at), PROBLEM_TOL / 10);
        assert_true(c.x == at);
    }
}

/* The judge must not be led by what it is told: a wrong claim does not become the answer. */
static void difference_does_not_believe_a_wrong_derivative(void **unused)
{
    (void)unused;

    curve c = {.x = (rc_real)0.5, .f = sin};
    double got;

    CHECK_STATUS(rcg_difference(curve_loss, &c, &c.x, 0.5, &got), RC_OK);
    CHECK_NEAR(got, cos(0.5), PROBLEM_TOL / 10);
}

/* The large step reaches over the kink, the small one does not. */
static void difference_near_a_kink_is_that_of_the_nearer_side(void **unused)
{
    (void)unused;

    const rc_real distance = sizeof(rc_real) == sizeof(double) ? (rc_real)1e-4 : (rc_real)3e-3;
    curve c = {.x = distance, .f = rectifier};
    double got;

    CHECK_STATUS(rcg_difference(curve_loss, &c, &c.x, 3, &got), RC_OK);
    CHECK_NEAR(got, 3, PROBLEM_TOL);
    c.x = -distance;
    CHECK_STATUS(rcg_difference(curve_loss, &c, &c.x, 0, &got), RC_OK);
    CHECK_NEAR(got, 0, PROBLEM_TOL);
}

static double rounded(double x)
{
    return (x + 100) - x;
}

/* What rounding does to a loss is no evidence against a gradient of 0, and none for 1e-6. */
static void difference_takes_the_rounding_of_the_loss_for_nothing(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 50; trial++) {
        curve c = {.x = pick_real(), .f = rounded};
        double got;

        CHECK_STATUS(rcg_difference(curve_loss, &c, &c.x, 0, &got), RC_OK);
        assert_true(got == 0);
        CHECK_STATUS(rcg_difference(curve_loss, &c, &c.x, 1e-6, &got), RC_OK);
        assert_true(fabs(got) < 1e-9);
    }
}

static void difference_passes_a_failure_on_and_leaves_the_number_alone(void **unused)
{
    (void)unused;

    for (int n = 1; n <= 8; n++) {
        curve c = {.x = (rc_real)0.7, .f = cos, .fail_at = n};
        double got = 42;

        /* a claim that is far off makes it try both step sizes */
        CHECK_STATUS(rcg_difference(curve_loss, &c, &c.x, 99, &got), RC_ENAN);
        CHECK_MESSAGE_HAS("the curve ends here");
        assert_true(c.x == (rc_real)0.7 && got == 42);
    }
}

/* ---- a gradient case for every operation ----------------------------------------------------- */

static rc_var *build_add(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_add(g, v[0], v[1]));
}

static rc_var *build_sub(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_sub(g, v[0], v[1]));
}

static rc_var *build_mul(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_mul(g, v[0], rc_mul(g, v[1], v[1])));
}

static rc_var *build_scale(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_scale(g, v[0], -2.5));
}

static rc_var *build_tanh(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_tanh(g, v[0]));
}

static rc_var *build_sigmoid(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_sigmoid(g, v[0]));
}

static rc_var *build_relu(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_relu(g, v[0]));
}

static rc_var *build_exp(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_exp(g, v[0]));
}

static rc_var *build_log(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    /* of a positive number: 1 + x^2 */
    return weigh(g, rc_log(g, rc_add(g, rc_mul(g, v[0], v[0]), rc_exp(g, rc_scale(g, v[0], 0)))));
}

static rc_var *build_softmax(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_softmax(g, v[0]));
}

static rc_var *build_log_softmax(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_log_softmax(g, v[0]));
}

static rc_var *build_sum(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_tanh(g, rc_scale(g, rc_sum(g, rc_mul(g, v[0], v[0])), 0.1));
}

static rc_var *build_mean(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_tanh(g, rc_mean(g, rc_mul(g, v[0], v[0])));
}

static rc_var *build_linear(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_linear(g, v[0], v[1], v[2]));
}

static rc_var *build_bmm(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_bmm(g, v[0], v[1]));
}

static rc_var *build_concat(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_concat(g, 3, (rc_var *[]){v[0], v[1], v[0]}));
}

static rc_var *build_slice(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_slice(g, v[0], 2, 3));
}

static rc_var *build_pick(rc_graph *g, rc_var *const v[], void *ctx)
{
    const int32_t ids[] = {2, 0, 2, 3};

    (void)ctx;
    return weigh(g, rc_pick(g, v[0], ids, 4));
}

static rc_var *build_embed(rc_graph *g, rc_var *const v[], void *ctx)
{
    const int32_t ids[] = {2, 0, 2, 3};

    (void)ctx;
    return weigh(g, rc_embed(g, v[0], ids, 4));
}

static rc_var *build_dropout(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_dropout(g, v[0], 0.4));
}

static const int64_t row_at[] = {0, 3, 5, 6}; /* three steps of 3, 2 and 1 sequences */
static const rc_rows three_steps = {3, 4, row_at};

static rc_var *build_dropout_locked(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_dropout_locked(g, &three_steps, v[0], 0.4));
}

static rc_var *build_window(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_tanh(g, rc_window(g, &three_steps, v[0], 3, v[1])));
}

static rc_var *build_dropout_rows(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_dropout_rows(g, v[0], 0.4));
}

static rc_var *build_pool(rc_graph *g, rc_var *const v[], void *ctx)
{
    rc_var *loss = weigh(g, rc_tanh(g, rc_pool(g, &three_steps, v[0], RC_POOL_MEAN)));

    (void)ctx;
    for (rc_pooling how = RC_POOL_MAX; how <= RC_POOL_FIRST; how++)
        loss = rc_add(g, rc_scale(g, loss, 0.5),
                      weigh(g, rc_tanh(g, rc_pool(g, &three_steps, v[0], how))));
    return loss;
}

static rc_var *build_pool_attention(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_tanh(g, rc_pool_attention(g, &three_steps, v[0], v[1])));
}

static rc_var *build_bag(rc_graph *g, rc_var *const v[], void *ctx)
{
    const int32_t ids[] = {2, 0, 2, 3};
    const int64_t at[] = {0, 3, 3, 4};
    const rc_real weight[] = {1, -2, 0.5, 3};

    (void)ctx;
    return weigh(g, rc_tanh(g, rc_bag(g, v[0], &(rc_bags){3, at, ids, weight, false})));
}

static const int32_t goals[] = {1, 0, 4, 4, 2, 3};

static rc_var *build_cross_entropy(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_cross_entropy(g, v[0], goals);
}

static rc_var *build_softmax_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_softmax_loss(g, v[0], v[1], v[2], goals);
}

static const int32_t drawn[] = {0, 2, 4};
static const rc_real often[] = {1, 3, 2}, log_often[] = {0.5, -1, 0.25, 0, -2};
static const rc_noise noise = {3, drawn, often, log_often};

static rc_var *build_sampled_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_sampled_loss(g, v[0], v[1], v[2], goals, &noise);
}

static rc_var *build_nce_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_nce_loss(g, v[0], v[1], v[2], goals, &noise);
}

static const int64_t group_start[] = {0, 1, 3, 5};
static const rc_groups three_groups = {3, group_start};

static rc_var *build_group_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_group_loss(g, v[0], v[1], v[2], goals, &three_groups);
}

static rc_var *build_group_log_softmax(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_group_log_softmax(g, v[0], &three_groups));
}

/* Leaves 0 .. 4, decisions 0 .. 3: 0 has leaf 3 and decision 1; 1 has 2 and 3, with two leaves
 * each. */
static const int32_t above[] = {2 * 2, 2 * 2 + 1, 2 * 3, 0, 2 * 3 + 1, -1, 1, 2 * 1, 2 * 1 + 1};
static const rc_tree small_tree = {5, 3, above};

static rc_var *build_tree_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_tree_loss(g, v[0], v[1], v[2], goals, &small_tree);
}

static rc_var *build_tree_logp(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_tree_logp(g, v[0], &small_tree));
}

static rc_var *build_crf_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    const rc_crf crf = {v[1], v[2], v[3], NULL};

    (void)ctx;
    return rc_crf_loss(g, &three_steps, v[0], &crf, goals);
}

static rc_var *build_squared_error(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_squared_error(g, v[0], v[1]);
}

static rc_var *build_binary_cross_entropy(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_binary_cross_entropy(g, v[0], v[1]);
}

/* v: x, w_ih, w_hh, b_ih, b_hh, vectors and a projection where the cell has them, and the initial
 * states. */
static rc_var *run_cell(rc_graph *g, rc_var *const v[], const rcc_cell *cell, bool reverse)
{
    rc_rnn_args a = rc_rnn_args_default();
    rc_var *x = v[0];

    a.cell = cell->name;
    a.w_ih = v[1];
    a.w_hh = v[2];
    a.b_ih = v[3];
    a.b_hh = v[4];
    a.reverse = reverse;
    v += 5;
    if (cell->vectors > 0)
        a.vectors = *v++;
    if (cell->narrow)
        a.w_hr = *v++;
    for (int i = 0; i < cell->states; i++)
        a.state[i] = v[i];
    return rc_rnn(g, &three_steps, x, &a);
}

static rc_var *build_rnn(rc_graph *g, rc_var *const v[], void *ctx)
{
    return weigh(g, run_cell(g, v, ctx, false));
}

static rc_var *build_rnn_state(rc_graph *g, rc_var *const v[], void *ctx)
{
    const rcc_cell *cell = ctx;
    rc_var *y = run_cell(g, v, cell, true);
    rc_var *loss = weigh(g, rc_rnn_state(g, y, cell->states - 1));

    return rc_add(g, loss, rc_scale(g, weigh(g, rc_rnn_state(g, y, 0)), 0.5));
}

typedef struct gradient_case {
    const char *op;
    problem_fn *build;
    rc_shape leaf[5]; /* rank 0: no more */
    bool cell;        /* once for every cell, with leaves of its own */
} gradient_case;

#define SHAPE(...)                                                                                 \
    {                                                                                              \
        .rank = sizeof((int[]){__VA_ARGS__}) / sizeof(int), .dim = { __VA_ARGS__ }                 \
    }

static const gradient_case cases[] = {
    {.op = "add", .build = build_add, .leaf = {SHAPE(3, 5), SHAPE(3, 5)}},
    {.op = "sub", .build = build_sub, .leaf = {SHAPE(2, 3, 4), SHAPE(2, 3, 4)}},
    {.op = "mul", .build = build_mul, .leaf = {SHAPE(17), SHAPE(17)}},
    {.op = "scale", .build = build_scale, .leaf = {SHAPE(2, 2, 2, 3)}},
    {.op = "tanh", .build = build_tanh, .leaf = {SHAPE(3, 7)}},
    {.op = "sigmoid", .build = build_sigmoid, .leaf = {SHAPE(3, 7)}},
    {.op = "relu", .build = build_relu, .leaf = {SHAPE(3, 7)}},
    {.op = "exp", .build = build_exp, .leaf = {SHAPE(3, 7)}},
    {.op = "log", .build = build_log, .leaf = {SHAPE(3, 7)}},
    {.op = "softmax", .build = build_softmax, .leaf = {SHAPE(3, 19)}},
    {.op = "log_softmax", .build = build_log_softmax, .leaf = {SHAPE(3, 19)}},
    {.op = "sum", .build = build_sum, .leaf = {SHAPE(3, 5)}},
    {.op = "mean", .build = build_mean, .leaf = {SHAPE(3, 5)}},
    {.op = "linear", .build = build_linear, .leaf = {SHAPE(4, 7), SHAPE(5, 7), SHAPE(5)}},
    {.op = "bmm", .build = build_bmm, .leaf = {SHAPE(2, 3, 5), SHAPE(2, 5, 4)}},
    {.op = "concat", .build = build_concat, .leaf = {SHAPE(3, 5), SHAPE(3, 2)}},
    {.op = "slice", .build = build_slice, .leaf = {SHAPE(3, 7)}},
    {.op = "pick", .build = build_pick, .leaf = {SHAPE(3, 5)}},
    {.op = "embed", .build = build_embed, .leaf = {SHAPE(5, 3)}},
    {.op = "dropout", .build = build_dropout, .leaf = {SHAPE(6, 7)}},
    {.op = "dropout_locked", .build = build_dropout_locked, .leaf = {SHAPE(6, 7)}},
    {.op = "dropout_rows", .build = build_dropout_rows, .leaf = {SHAPE(6, 7)}},
    {.op = "pool", .build = build_pool, .leaf = {SHAPE(6, 3)}},
    {.op = "pool_attention", .build = build_pool_attention, .leaf = {SHAPE(6, 1), SHAPE(6, 3)}},
    {.op = "bag", .build = build_bag, .leaf = {SHAPE(5, 3)}},
    {.op = "window", .build = build_window, .leaf = {SHAPE(6, 2), SHAPE(4, 4)}},
    {.op = "cross_entropy", .build = build_cross_entropy, .leaf = {SHAPE(6, 5)}},
    {.op = "softmax_loss",
     .build = build_softmax_loss,
     .leaf = {SHAPE(6, 3), SHAPE(5, 3), SHAPE(5)}},
    {.op = "crf_loss",
     .build = build_crf_loss,
     .leaf = {SHAPE(6, 5), SHAPE(5, 5), SHAPE(5), SHAPE(5)}},
    {.op = "squared_error", .build = build_squared_error, .leaf = {SHAPE(3, 5), SHAPE(3, 5)}},
    {.op = "binary_cross_entropy",
     .build = build_binary_cross_entropy,
     .leaf = {SHAPE(3, 5), SHAPE(3, 5)}},
    {.op = "sampled_loss",
     .build = build_sampled_loss,
     .leaf = {SHAPE(6, 3), SHAPE(5, 3), SHAPE(5)}},
    {.op = "nce_loss", .build = build_nce_loss, .leaf = {SHAPE(6, 3), SHAPE(5, 3), SHAPE(5)}},
    {.op = "group_loss", .build = build_group_loss, .leaf = {SHAPE(6, 3), SHAPE(5, 3), SHAPE(5)}},
    {.op = "group_log_softmax", .build = build_group_log_softmax, .leaf = {SHAPE(3, 5)}},
    {.op = "tree_loss", .build = build_tree_loss, .leaf = {SHAPE(6, 3), SHAPE(4, 3), SHAPE(4)}},
    {.op = "tree_logp", .build = build_tree_logp, .leaf = {SHAPE(3, 4)}},
    {.op = "rnn", .build = build_rnn, .cell = true},
    {.op = "rnn_state", .build = build_rnn_state, .cell = true},
};

/* The case has the operation it is named after, or it proves nothing. */
static void check_it_is_there(const problem *p, const char *op)
{
    for (const rcg_node *n = p->g->last; n; n = n->prev)
        if (strcmp(n->op->name, op) == 0)
            return;
    fail_msg("the gradient case of '%s' does not use it", op);
}

static void run_case(const gradient_case *c, const rcc_cell *cell)
{
    const int64_t H = 5, P = 3, D = 3;
    const rcc_widths width = {H, P};
    problem p = problem_new(c->build, NULL);

    if (cell) {
        rcc_cell copy = *cell;
        const rc_shape shapes[] = {
            rc_shape_2(6, D),
            rc_shape_2(rcc_part_gates(cell, RCC_W) * H, D),
            rc_shape_2(rcc_part_gates(cell, RCC_U) * H, rcc_columns(cell, RCC_U, width)),
            rc_shape_1(rcc_part_gates(cell, RCC_B) * H),
            rc_shape_1(rcc_part_gates(cell, RCC_C) * H),
            rc_shape_1(cell->vectors * H)};

        p.ctx = &copy;
        for (int i = 0; i < 5 + (cell->vectors > 0); i++)
            (void)problem_add(&p, shapes[i]);
        if (cell->narrow)
            (void)problem_add(&p, rc_shape_2(rcc_part_gates(cell, RCC_R) * P, H));
        for (int i = 0; i < cell->states; i++)
            (void)problem_add(&p, rc_shape_2(4, rcc_state_width(cell, i, width)));
        problem_check(&p, cell->name, 0);
    } else {
        for (int i = 0; i < 5 && c->leaf[i].rank > 0; i++)
            (void)problem_add(&p, c->leaf[i]);
        problem_check(&p, c->op, 0);
    }
    check_it_is_there(&p, c->op);
    problem_free(&p);
}

/* Numbers of its own, which another operation of the list does not change. */
static void check_op(const char *op)
{
    (void)check_seed();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].op, op) != 0)
            continue;
        if (!cases[i].cell)
            run_case(&cases[i], NULL);
        for (size_t k = 0; cases[i].cell && rcc_at(k); k++)
            run_case(&cases[i], rcc_at(k));
        return;
    }
    fail_msg("operation '%s' of ops.def has no gradient case", op);
}

static void every_operation_of_the_list_agrees_with_differences(void **unused)
{
    (void)unused;
#define OP(name) check_op(#name);
#include "graph/ops.def"
#undef OP
}

static void every_gradient_case_is_of_an_operation_of_the_list(void **unused)
{
    static const char *const ops[] = {
#define OP(name) #name,
#include "graph/ops.def"
#undef OP
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found = false;

        for (size_t k = 0; k < sizeof ops / sizeof *ops; k++)
            found |= strcmp(ops[k], cases[i].op) == 0;
        if (!found)
            fail_msg("gradient case '%s' is of no operation of ops.def", cases[i].op);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_is_the_derivative_of_a_smooth_curve),
        cmocka_unit_test(difference_does_not_believe_a_wrong_derivative),
        cmocka_unit_test(difference_near_a_kink_is_that_of_the_nearer_side),
        cmocka_unit_test(difference_takes_the_rounding_of_the_loss_for_nothing),
        cmocka_unit_test(difference_passes_a_failure_on_and_leaves_the_number_alone),
        cmocka_unit_test(every_operation_of_the_list_agrees_with_differences),
        cmocka_unit_test(every_gradient_case_is_of_an_operation_of_the_list),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
