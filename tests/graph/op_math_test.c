/* op_math_test.c -- operations element by element, over the last axis, and to one number. */
#include "problem.h"

#include "graph/graph_in.h"

/* ---- values ---------------------------------------------------------------------------------- */

typedef struct unary {
    const char *name;
    rc_var *(*op)(rc_graph *g, rc_var *x);
    double (*f)(double x);
} unary;

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double rectifier(double x)
{
    return x > 0 ? x : 0;
}

static rc_var *log_of_exp(rc_graph *g, rc_var *x)
{
    return rc_log(g, rc_exp(g, x));
}

static double same(double x)
{
    return x;
}

static rc_var *scaled(rc_graph *g, rc_var *x)
{
    return rc_scale(g, x, -0.75);
}

static double scaled_by_hand(double x)
{
    return -0.75 * x;
}

static const unary unaries[] = {
    {"tanh", rc_tanh, tanh}, {"sigmoid", rc_sigmoid, sigmoid}, {"relu", rc_relu, rectifier},
    {"exp", rc_exp, exp},    {"log", log_of_exp, same},        {"scale", scaled, scaled_by_hand},
};

static rc_shape random_shape(int64_t most)
{
    rc_shape s = {.rank = (int)pick(1, RC_RANK)};

    for (int i = 0; i < s.rank; i++)
        s.dim[i] = i == s.rank - 1 ? pick(0, most) : pick(0, 4);
    return s;
}

static bool same_shape(rc_shape a, rc_shape b)
{
    bool equal = a.rank == b.rank;

    for (int i = 0; equal && i < a.rank; i++)
        equal = a.dim[i] == b.dim[i];
    return equal;
}

static void functions_of_one_number_are_taken_element_by_element(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 60; trial++) {
        const unary *u = &unaries[trial % 6];
        const rc_shape s = random_shape(70);
        const int64_t n = shape_count(s);
        rc_real *x;
        rc_var *v = random_leaf(g, s, &x);
        rc_var *y = u->op(g, v);
        rc_real *got = values_of(g, y);

        assert_true(same_shape(rc_var_shape(y), s));
        for (int64_t i = 0; i < n; i++)
            CHECK_NEAR(got[i], u->f((double)x[i]), VALUE_TOL);
        guard_free(got);
        guard_free(x);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void sums_differences_and_products_are_taken_element_by_element(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 60; trial++) {
        const rc_shape s = random_shape(70);
        const int64_t n = shape_count(s);
        rc_real *a, *b;
        rc_var *va = random_leaf(g, s, &a), *vb = random_leaf(g, s, &b);
        rc_real *sum = values_of(g, rc_add(g, va, vb));
        rc_real *difference = values_of(g, rc_sub(g, va, vb));
        rc_real *product = values_of(g, rc_mul(g, va, vb));

        for (int64_t i = 0; i < n; i++) {
            assert_true(sum[i] == a[i] + b[i]);
            assert_true(difference[i] == a[i] - b[i]);
            assert_true(product[i] == a[i] * b[i]);
        }
        guard_free(a);
        guard_free(b);
        guard_free(sum);
        guard_free(difference);
        guard_free(product);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

/* log p of one row, by hand. */
static void textbook_log_softmax(int64_t n, const rc_real *x, double *y)
{
    double top = (double)x[0], sum = 0;

    for (int64_t j = 0; j < n; j++)
        top = fmax(top, (double)x[j]);
    for (int64_t j = 0; j < n; j++)
        sum += exp((double)x[j] - top);
    for (int64_t j = 0; j < n; j++)
        y[j] = (double)x[j] - top - log(sum);
}

static void softmax_and_its_logarithm_run_over_the_last_axis(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 40; trial++) {
        rc_graph *g = graph_open((int)pick(1, 4), true);
        const int64_t V = trial == 39 ? 5000 : pick(1, 300), S = pick(0, 3), R = pick(0, 30);
        const rc_shape s = rc_shape_3(S, R, V);
        const int64_t rows = S * R;
        rc_real *x = guard_new(rows * V);
        double *want = rcb_alloc((size_t)V, sizeof *want);

        assert_non_null(want);
        fill_real(x, rows * V);
        for (int64_t i = 0; i < rows * V; i++)
            x[i] *= 20;

        rc_var *v = rc_leaf(g, s, x, NULL);
        rc_real *logp = values_of(g, rc_log_softmax(g, v)), *p = values_of(g, rc_softmax(g, v));

        for (int64_t r = 0; r < rows; r++) {
            textbook_log_softmax(V, x + r * V, want);
            CHECK_CLOSE(logp + r * V, want, V, 3 * VALUE_TOL);
            for (int64_t j = 0; j < V; j++)
                want[j] = exp(want[j]);
            CHECK_CLOSE(p + r * V, want, V, 3 * VALUE_TOL);
        }
        rcb_free(want);
        guard_free(x);
        guard_free(logp);
        guard_free(p);
        rc_graph_free(g);
    }
}

static void sum_and_mean_see_every_element_once(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 40; trial++) {
        const rc_shape s = trial == 0 ? rc_shape_2(2, 9000) : random_shape(70);
        const int64_t n = shape_count(s);
        rc_real *x;
        rc_var *v = random_leaf(g, s, &x);
        double want = 0, size = 1, got;

        for (int64_t i = 0; i < n; i++) {
            want += (double)x[i];
            size += fabs((double)x[i]);
        }
        CHECK_STATUS(rc_var_total(g, rc_sum(g, v), &got), RC_OK);
        CHECK_NEAR(got, want, VALUE_TOL * size);
        if (n > 0) {
            rc_var *m = rc_mean(g, v);
            rc_real one;

            CHECK_STATUS(rc_var_total(g, m, &got), RC_OK);
            CHECK_NEAR(got, want / (double)n, VALUE_TOL);
            CHECK_STATUS(rc_var_read(g, m, &one, 1), RC_OK);
            CHECK_NEAR(one, got, VALUE_TOL);
        }
        guard_free(x);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

/* A number made from numbers has a total too, not only what came out of a sum or a loss. */
static void every_single_number_has_a_total(void **unused)
{
    (void)unused;

    const rc_real three = 3, two = 2;
    rc_graph *g = graph_open(1, true);
    rc_var *a = rc_leaf(g, rc_shape_1(1), &three, NULL);
    rc_var *b = rc_leaf(g, rc_shape_2(1, 1), &two, NULL);
    rc_var *sum_b = rc_sum(g, b);
    const struct {
        rc_var *v;
        double want;
    } all[] = {
        {a, 3},
        {rc_add(g, a, sum_b), 5},
        {rc_sub(g, a, sum_b), 1},
        {rc_mul(g, a, sum_b), 6},
        {rc_scale(g, rc_add(g, a, sum_b), 0.5), 2.5},
        {rc_tanh(g, a), tanh(3)},
        {rc_slice(g, rc_concat(g, 2, (rc_var *[]){b, b}), 1, 1), 2},
        {rc_scale(g, rc_slice(g, rc_concat(g, 2, (rc_var *[]){b, b}), 1, 1), 2), 4},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double got;

        CHECK_STATUS(rc_var_total(g, all[i].v, &got), RC_OK);
        CHECK_NEAR(got, all[i].want, VALUE_TOL);
    }
    rc_graph_free(g);
}

/* Losses are added and scaled in double, so that a mean over many symbols is exact. */
static void totals_of_sums_keep_what_a_real_would_lose(void **unused)
{
    (void)unused;

    const rc_real x[] = {1, (rc_real)0x1p-30};
    const double one = 1 + 0x1p-30;
    rc_graph *g = graph_open(1, true);
    rc_var *s = rc_sum(g, rc_leaf(g, rc_shape_2(2, 1), x, NULL));
    const rc_var *const all[] = {s, rc_add(g, s, s), rc_sub(g, s, rc_scale(g, s, 4)),
                                 rc_scale(g, rc_add(g, s, s), 0.125)};
    const double want[] = {one, 2 * one, -3 * one, one / 4};

    for (int i = 0; i < 4; i++) {
        double got;

        CHECK_STATUS(rc_var_total(g, all[i], &got), RC_OK);
        assert_true(got == want[i]);
    }
    rc_graph_free(g);
}

/* ---- identities ------------------------------------------------------------------------------ */

static void tanh_is_twice_the_sigmoid_of_twice_less_one(void **unused)
{
    (void)unused;
    (void)check_seed();

    const int64_t n = 4001;
    rc_graph *g = graph_open(1, false);
    rc_real *x = guard_new(n);

    for (int64_t i = 0; i < n; i++)
        x[i] = (rc_real)((double)(i - 2000) / 200);

    rc_var *z = rc_leaf(g, rc_shape_1(n), x, NULL);
    rc_real *left = values_of(g, rc_tanh(g, z));
    rc_real *s = values_of(g, rc_scale(g, rc_sigmoid(g, rc_scale(g, z, 2)), 2));

    for (int64_t i = 0; i < n; i++) {
        CHECK_NEAR(left[i], (double)s[i] - 1, sizeof(rc_real) == 8 ? 1e-15 : 5e-7);
        CHECK_NEAR(left[i], tanh((double)x[i]), sizeof(rc_real) == 8 ? 1e-15 : 3e-7);
    }
    guard_free(x);
    guard_free(left);
    guard_free(s);
    rc_graph_free(g);
}

/* ---- gradients ------------------------------------------------------------------------------- */

static rc_var *build_chain(rc_graph *g, rc_var *const v[], void *ctx)
{
    rc_var *a = rc_tanh(g, rc_mul(g, v[0], v[1]));
    rc_var *b = rc_sigmoid(g, rc_sub(g, a, v[0]));
    rc_var *c = rc_log(g, rc_add(g, rc_exp(g, b), rc_mul(g, v[1], v[1])));
    rc_var *d = rc_add(g, rc_softmax(g, c), rc_scale(g, rc_log_softmax(g, b), 0.3));

    (void)ctx;
    return rc_add(g, rc_mean(g, rc_relu(g, rc_sub(g, d, v[0]))), weigh(g, rc_mul(g, d, d)));
}

/* Each variable is used more than once, so that gradients have to be added, not set. */
static void gradient_of_a_chain_with_shared_parts_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 8; trial++) {
        const rc_shape s = rc_shape_2(pick(1, 4), pick(1, 37));
        problem p = problem_new(build_chain, NULL);

        (void)problem_add(&p, s);
        (void)problem_add(&p, s);
        problem_check(&p, "chain", 30);
        problem_free(&p);
    }
}

static rc_var *build_square(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_sum(g, rc_sub(g, rc_mul(g, v[0], v[0]), rc_add(g, v[0], v[0])));
}

static void both_operands_may_be_the_same_variable(void **unused)
{
    (void)unused;
    (void)check_seed();

    problem p = problem_new(build_square, NULL);
    problem_leaf *l = problem_add(&p, rc_shape_2(3, 17));

    (void)problem_gradient(&p);
    for (int64_t i = 0; i < l->n; i++)
        CHECK_NEAR(l->grad[i], 2 * (double)l->x[i] - 2, VALUE_TOL);
    problem_free(&p);
}

static rc_var *build_empty(rc_graph *g, rc_var *const v[], void *ctx)
{
    rc_var *y = rc_tanh(g, rc_sigmoid(g, rc_relu(g, rc_exp(g, v[0]))));

    (void)ctx;
    y = rc_add(g, rc_softmax(g, y), rc_log_softmax(g, rc_sub(g, y, rc_mul(g, y, y))));
    return rc_sum(g, rc_log(g, rc_scale(g, y, 2)));
}

static void no_rows_are_legal_forward_and_back(void **unused)
{
    (void)unused;
    (void)check_seed();

    problem p = problem_new(build_empty, NULL);

    (void)problem_add(&p, rc_shape_2(0, 5));
    assert_true(problem_gradient(&p) == 0);
    problem_free(&p);
}

/* ---- padding --------------------------------------------------------------------------------- */

/* exp and log of what lies behind the columns must not leave infinities there: 0 times them in a
 * gradient would be NaN. */
static void padding_of_values_is_finite_and_of_gradients_zero(void **unused)
{
    (void)unused;
    (void)check_seed();

    problem p = problem_new(build_chain, NULL);

    (void)problem_add(&p, rc_shape_2(3, 5));
    (void)problem_add(&p, rc_shape_2(3, 5));
    (void)problem_gradient(&p);
    for (const rcg_node *n = p.g->last; n; n = n->prev)
        for (int64_t r = 0; r < n->out->rows; r++)
            for (int64_t j = n->out->cols; j < n->out->ld; j++) {
                assert_true(isfinite((double)n->out->x[r * n->out->ld + j]));
                assert_true(!n->out->g || n->out->g[r * n->out->ld + j] == 0);
            }
    problem_free(&p);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void operands_of_different_shapes_are_refused(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_var *(*const ops[])(rc_graph *, rc_var *, rc_var *) = {rc_add, rc_sub, rc_mul};
    const char *const names[] = {"add: operands are (2,3) and (3,2)",
                                 "sub: operands are (2,3) and (3,2)",
                                 "mul: operands are (2,3) and (3,2)"};

    for (int i = 0; i < 3; i++) {
        CHECK_FAILED(g,
                     ops[i](g, random_leaf(g, rc_shape_2(2, 3), NULL),
                            random_leaf(g, rc_shape_2(3, 2), NULL)),
                     RC_ESHAPE, names[i]);
        CHECK_FAILED(
            g,
            ops[i](g, random_leaf(g, rc_shape_2(1, 6), NULL), random_leaf(g, rc_shape_1(6), NULL)),
            RC_ESHAPE, "must be equal");
        CHECK_FAILED(g, ops[i](g, random_leaf(g, rc_shape_1(6), NULL), NULL), RC_EINVAL,
                     "operand 2 is missing");
        CHECK_FAILED(g, ops[i](g, RC_NONE, random_leaf(g, rc_shape_1(6), NULL)), RC_EINVAL,
                     "operand 1 is missing");
    }
    rc_graph_free(g);
}

static void a_missing_operand_is_an_error_of_every_function(void **unused)
{
    rc_var *(*const more[])(rc_graph *, rc_var *) = {rc_log, rc_softmax, rc_log_softmax, rc_sum,
                                                     rc_mean};
    (void)unused;
    rc_graph *g = graph_open(1, true);

    for (size_t i = 0; i < sizeof unaries / sizeof *unaries; i++) {
        CHECK_FAILED(g, unaries[i].op(g, NULL), RC_EINVAL, "operand 1 is missing");
        CHECK_FAILED(g, unaries[i].op(g, RC_NONE), RC_EINVAL, "operand 1 is missing");
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        CHECK_FAILED(g, more[i](g, NULL), RC_EINVAL, "operand 1 is missing");
        CHECK_FAILED(g, more[i](g, RC_NONE), RC_EINVAL, "operand 1 is missing");
    }
    rc_graph_free(g);
}

static void an_empty_axis_has_no_softmax_and_an_empty_operand_no_mean(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_softmax(g, random_leaf(g, rc_shape_2(3, 0), NULL)), RC_ESHAPE,
                 "softmax: the last axis is empty");
    CHECK_FAILED(g, rc_log_softmax(g, random_leaf(g, rc_shape_2(3, 0), NULL)), RC_ESHAPE,
                 "log_softmax: the last axis is empty");
    CHECK_FAILED(g, rc_mean(g, random_leaf(g, rc_shape_2(0, 3), NULL)), RC_ESHAPE,
                 "mean: the operand is empty");
    rc_graph_free(g);
}

/* NaN is never clamped away. */
static void not_a_number_goes_through(void **unused)
{
    (void)unused;

    const rc_real x[] = {1, (rc_real)NAN, -1};
    rc_graph *g = graph_open(1, true);

    for (size_t i = 0; i < sizeof unaries / sizeof *unaries; i++) {
        rc_real *y = values_of(g, unaries[i].op(g, rc_leaf(g, rc_shape_1(3), x, NULL)));

        assert_true(isnan((double)y[1]) && !isnan((double)y[0]) && !isnan((double)y[2]));
        guard_free(y);
        rc_graph_reset(g);
    }

    double total;
    rc_var *v = rc_leaf(g, rc_shape_1(3), x, NULL);

    CHECK_STATUS(rc_var_total(g, rc_sum(g, v), &total), RC_OK);
    assert_true(isnan(total));
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_one_number_are_taken_element_by_element),
        cmocka_unit_test(sums_differences_and_products_are_taken_element_by_element),
        cmocka_unit_test(softmax_and_its_logarithm_run_over_the_last_axis),
        cmocka_unit_test(sum_and_mean_see_every_element_once),
        cmocka_unit_test(every_single_number_has_a_total),
        cmocka_unit_test(totals_of_sums_keep_what_a_real_would_lose),
        cmocka_unit_test(tanh_is_twice_the_sigmoid_of_twice_less_one),
        cmocka_unit_test(gradient_of_a_chain_with_shared_parts_agrees_with_differences),
        cmocka_unit_test(both_operands_may_be_the_same_variable),
        cmocka_unit_test(no_rows_are_legal_forward_and_back),
        cmocka_unit_test(padding_of_values_is_finite_and_of_gradients_zero),
        cmocka_unit_test(operands_of_different_shapes_are_refused),
        cmocka_unit_test(a_missing_operand_is_an_error_of_every_function),
        cmocka_unit_test(an_empty_axis_has_no_softmax_and_an_empty_operand_no_mean),
        cmocka_unit_test(not_a_number_goes_through),
    };

    return cmocka_run_group_tests_name("op_math", tests, NULL, NULL);
}
