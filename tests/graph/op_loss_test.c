/* op_loss_test.c -- losses against the formulas in double. */
#include "oracle.h"
#include "problem.h"

#include "graph/graph_in.h"

static int32_t *random_targets(int64_t n, int64_t V)
{
    int32_t *t = rcb_alloc((size_t)n, sizeof *t);

    assert_non_null(t);
    for (int64_t i = 0; i < n; i++)
        t[i] = (int32_t)pick(0, V - 1);
    return t;
}

/* - ln p(target) of one row of logits. */
static double textbook_entropy(int64_t V, const double *logits, int32_t target)
{
    double top = logits[0], sum = 0;

    for (int64_t j = 1; j < V; j++)
        top = fmax(top, logits[j]);
    for (int64_t j = 0; j < V; j++)
        sum += exp(logits[j] - top);
    return log(sum) + top - logits[target];
}

/* ---- cross entropy --------------------------------------------------------------------------- */

static void cross_entropy_is_the_sum_of_the_surprises(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 30; trial++) {
        const int64_t N = pick(0, 20), V = pick(1, 200);
        int32_t *target = random_targets(N, V);
        rc_real *x;
        rc_var *v = random_leaf(g, rc_shape_2(N, V), &x);
        double want = 0, got, row[200];

        for (int64_t r = 0; r < N; r++) {
            for (int64_t j = 0; j < V; j++)
                row[j] = (double)x[r * V + j];
            want += textbook_entropy(V, row, target[r]);
        }
        CHECK_STATUS(rc_var_total(g, rc_cross_entropy(g, v, target), &got), RC_OK);
        CHECK_NEAR(got, want, VALUE_TOL);
        rcb_free(target);
        guard_free(x);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static rc_real *random_weights(int64_t n)
{
    rc_real *w = rcb_alloc((size_t)n, sizeof *w);

    assert_non_null(w);
    for (int64_t i = 0; i < n; i++)
        w[i] = (rc_real)pick(0, 12) / 4; /* 0 too: that row is nothing */
    return w;
}

static void weighted_cross_entropy_counts_each_row_as_often_as_it_weighs(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 30; trial++) {
        const int64_t N = pick(0, 20), V = pick(1, 200);
        int32_t *target = random_targets(N, V);
        rc_real *weight = random_weights(N), *x;
        rc_var *v = random_leaf(g, rc_shape_2(N, V), &x);
        double want = 0, got, row[200];

        for (int64_t r = 0; r < N; r++) {
            for (int64_t j = 0; j < V; j++)
                row[j] = (double)x[r * V + j];
            want += (double)weight[r] * textbook_entropy(V, row, target[r]);
        }
        rc_var *loss = rc_weighted_cross_entropy(g, v, target, weight);
        for (int64_t r = 0; r < N; r++)
            weight[r] = -1; /* it has copied them */
        CHECK_STATUS(rc_var_total(g, loss, &got), RC_OK);
        CHECK_NEAR(got, want, VALUE_TOL);
        rcb_free(target);
        rcb_free(weight);
        guard_free(x);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

/* Far apart: nothing overflows, and what is certain costs nothing. */
static void cross_entropy_of_large_logits_is_finite(void **unused)
{
    const rc_real x[] = {1000, -1000, 0, -1000, 1000, 999};
    const int32_t sure[] = {0, 1}, wrong[] = {1, 1};

    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_var *v = rc_leaf(g, rc_shape_2(2, 3), x, NULL);
    double got;

    CHECK_STATUS(rc_var_total(g, rc_cross_entropy(g, v, sure), &got), RC_OK);
    CHECK_NEAR(got, log(1 + exp(-1)), VALUE_TOL);
    CHECK_STATUS(rc_var_total(g, rc_cross_entropy(g, v, wrong), &got), RC_OK);
    CHECK_NEAR(got, 2000 + log(1 + exp(-1)), VALUE_TOL);
    rc_graph_free(g);
}

static rc_var *build_cross_entropy(rc_graph *g, rc_var *const v[], void *ctx)
{
    return rc_scale(g, rc_cross_entropy(g, rc_tanh(g, v[0]), ctx), 0.25);
}

static void gradient_of_cross_entropy_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 6; trial++) {
        const int64_t N = pick(0, 6), V = pick(1, 70);
        int32_t *target = random_targets(N, V);
        problem p = problem_new(build_cross_entropy, target);

        (void)problem_add(&p, rc_shape_2(N, V));
        problem_check(&p, "cross_entropy", 30);
        problem_free(&p);
        rcb_free(target);
    }
}

typedef struct weighted {
    int32_t *target;
    rc_real *weight;
} weighted;

static rc_var *build_weighted(rc_graph *g, rc_var *const v[], void *ctx)
{
    const weighted *w = ctx;

    return rc_scale(g, rc_weighted_cross_entropy(g, rc_tanh(g, v[0]), w->target, w->weight), 0.25);
}

static void gradient_of_weighted_cross_entropy_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 6; trial++) {
        const int64_t N = pick(0, 6), V = pick(1, 70);
        weighted w = {random_targets(N, V), random_weights(N)};
        problem p = problem_new(build_weighted, &w);

        (void)problem_add(&p, rc_shape_2(N, V));
        problem_check(&p, "cross_entropy", 30);
        problem_free(&p);
        rcb_free(w.target);
        rcb_free(w.weight);
    }
}

/* ---- the other losses ------------------------------------------------------------------------ */

static rc_var *build_squared(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_scale(g, rc_squared_error(g, rc_tanh(g, v[0]), rc_sigmoid(g, v[1])), 0.25);
}

static rc_var *build_binary(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return rc_scale(g, rc_binary_cross_entropy(g, rc_scale(g, v[0], 3), rc_sigmoid(g, v[1])), 0.25);
}

static void squared_error_and_binary_cross_entropy_follow_their_formulas(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 30; trial++) {
        const rc_shape s = trial == 0 ? rc_shape_2(2, 9000) : rc_shape_2(pick(0, 9), pick(0, 50));
        const int64_t n = shape_count(s);
        rc_real *x, *t;
        rc_var *vx = random_leaf(g, s, &x), *vt = random_leaf(g, s, &t);
        double squared = 0, binary = 0, got;

        for (int64_t i = 0; i < n; i++) {
            const double a = (double)x[i], b = (double)t[i], p = 1 / (1 + exp(-a));

            squared += (a - b) * (a - b) / 2;
            binary -= b * log(p) + (1 - b) * log(1 - p);
        }
        CHECK_STATUS(rc_var_total(g, rc_squared_error(g, vx, vt), &got), RC_OK);
        CHECK_NEAR(got, squared, VALUE_TOL);
        CHECK_STATUS(rc_var_total(g, rc_binary_cross_entropy(g, vx, vt), &got), RC_OK);
        CHECK_NEAR(got, binary, VALUE_TOL);
        guard_free(x);
        guard_free(t);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void binary_cross_entropy_of_large_logits_is_finite(void **unused)
{
    const rc_real x[] = {1000, -1000, 1000, -1000}, t[] = {1, 0, 0, 1};

    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_var *v = rc_binary_cross_entropy(g, rc_leaf(g, rc_shape_1(4), x, NULL),
                                        rc_leaf(g, rc_shape_1(4), t, NULL));
    double got;

    CHECK_STATUS(rc_var_total(g, v, &got), RC_OK);
    CHECK_NEAR(got, 2000, VALUE_TOL);
    rc_graph_free(g);
}

static void gradients_of_both_agree_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 8; trial++) {
        const rc_shape s = rc_shape_2(pick(trial == 0 ? 0 : 1, 4), pick(1, 37));
        problem p = problem_new(trial % 2 ? build_squared : build_binary, NULL);

        (void)problem_add(&p, s);
        (void)problem_add(&p, s);
        problem_check(&p, trial % 2 ? "squared_error" : "binary_cross_entropy", 30);
        problem_free(&p);
    }
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void targets_outside_the_symbols_are_refused(void **unused)
{
    const int32_t high[] = {0, 5}, low[] = {-1, 0};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_cross_entropy(g, random_leaf(g, rc_shape_2(2, 5), NULL), high), RC_EINVAL,
                 "cross_entropy: target 5 of 5 symbols");
    CHECK_FAILED(g, rc_cross_entropy(g, random_leaf(g, rc_shape_2(2, 5), NULL), low), RC_EINVAL,
                 "cross_entropy: target -1 of 5 symbols");
    rc_graph_free(g);
}

static void operands_that_do_not_fit_are_refused(void **unused)
{
    const int32_t ids[] = {0, 0};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_cross_entropy(g, NULL, ids), RC_EINVAL,
                 "cross_entropy: operand 1 is missing");
    CHECK_FAILED(g, rc_cross_entropy(g, RC_NONE, ids), RC_EINVAL,
                 "cross_entropy: operand 1 is missing");
    CHECK_FAILED(g,
                 rc_squared_error(g, random_leaf(g, rc_shape_2(2, 3), NULL),
                                  random_leaf(g, rc_shape_2(3, 2), NULL)),
                 RC_ESHAPE, "squared_error: input is (2,3), the target is (3,2)");
    CHECK_FAILED(g,
                 rc_binary_cross_entropy(g, random_leaf(g, rc_shape_2(2, 3), NULL),
                                         random_leaf(g, rc_shape_2(2, 2), NULL)),
                 RC_ESHAPE, "binary_cross_entropy: input is (2,3), the target is (2,2)");
    CHECK_FAILED(g, rc_squared_error(g, random_leaf(g, rc_shape_2(2, 3), NULL), NULL), RC_EINVAL,
                 "squared_error: operand 2 is missing");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cross_entropy_is_the_sum_of_the_surprises),
        cmocka_unit_test(weighted_cross_entropy_counts_each_row_as_often_as_it_weighs),
        cmocka_unit_test(cross_entropy_of_large_logits_is_finite),
        cmocka_unit_test(gradient_of_cross_entropy_agrees_with_differences),
        cmocka_unit_test(gradient_of_weighted_cross_entropy_agrees_with_differences),
        cmocka_unit_test(squared_error_and_binary_cross_entropy_follow_their_formulas),
        cmocka_unit_test(binary_cross_entropy_of_large_logits_is_finite),
        cmocka_unit_test(gradients_of_both_agree_with_differences),
        cmocka_unit_test(targets_outside_the_symbols_are_refused),
        cmocka_unit_test(operands_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests_name("op_loss", tests, NULL, NULL);
}
