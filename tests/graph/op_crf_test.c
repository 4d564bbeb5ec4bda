/* op_crf_test.c -- the loss of a conditional random field and its gradients are those of a sum over
 * all paths, also where floats would lose what matters; they agree with differences, and threads
 * and instruction sets do not matter.
 */
#include "crf_trial.h"
#include "oracle.h"

/* Loss and gradients; without `d`, of a graph that does not train. */
static double run_loss(rc_graph *g, const crf_trial *c, rc_real *d[4])
{
    rc_var *x;
    double total;
    const rc_crf crf = crf_trial_vars(g, c, &x, d);
    rc_var *loss = rc_crf_loss(g, &c->s.rows, x, &crf, c->target);

    CHECK_STATUS(rc_var_total(g, loss, &total), RC_OK);
    if (d)
        CHECK_STATUS(rc_graph_backward(g, rc_scale(g, loss, 0.5)), RC_OK);
    rc_graph_reset(g);
    return total;
}

/* Half of what the gradients must be: expected less found. */
static void want_gradients(const crf_trial *c, double *dx, double *dtrans, double *dfirst,
                           double *dlast)
{
    const int64_t K = c->K;

    for (int64_t i = 0; i < c->s.N * K; i++)
        dx[i] = 0.5 * (c->p[i] - (i % K == c->target[i / K]));
    for (int64_t i = 0; i < K * K; i++)
        dtrans[i] = 0.5 * c->uses[i];
    for (int64_t q = 0; q < c->s.B; q++)
        for (int64_t t = 0; t < c->s.length[q]; t++) {
            const int64_t row = row_of(&c->s, q, t);

            if (t > 0)
                dtrans[c->target[row_of(&c->s, q, t - 1)] * K + c->target[row]] -= 0.5;
            for (int64_t k = 0; k < K; k++) {
                dfirst[k] += t == 0 ? dx[row * K + k] : 0;
                dlast[k] += t + 1 == c->s.length[q] ? dx[row * K + k] : 0;
            }
        }
}

static void loss_and_gradients_are_sums_over_all_paths(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(2, true), *judge = graph_open(2, false);

    for (int trial = 0; trial < 240; trial++) {
        crf_trial c;

        crf_trial_new(&c, crf_sizes[trial % CRF_SIZES].x, crf_sizes[trial % CRF_SIZES].by,
                      trial / CRF_SIZES % 2);
        const int64_t K = c.K, n[] = {c.s.N * K, K * K, K, K};
        rc_real *d[4];
        double *want[4];

        crf_trial_solve(&c);
        for (int i = 0; i < 4; i++) {
            d[i] = guard_new(n[i]);
            want[i] = rcb_calloc((size_t)n[i], sizeof *want[i]);
            assert_non_null(want[i]);
            for (int64_t k = 0; k < n[i]; k++)
                d[i][k] = 0;
        }
        const double loss = run_loss(g, &c, d);

        CHECK_NEAR(loss, c.loss, 10 * VALUE_TOL);
        assert_true(loss >= 0 && run_loss(judge, &c, NULL) == loss);
        want_gradients(&c, want[0], want[1], want[2], want[3]);
        for (int i = 0; i < (c.ends ? 4 : 2); i++)
            CHECK_CLOSE(d[i], want[i], n[i], 10 * VALUE_TOL);
        for (int i = 0; i < 4; i++) {
            guard_free(d[i]);
            rcb_free(want[i]);
        }
        crf_trial_free(&c);
    }
    rc_graph_free(g);
    rc_graph_free(judge);
}

static void what_is_forbidden_has_no_gradient(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 60; trial++) {
        crf_trial c;

        crf_trial_new(&c, 100, 50, true);
        rc_real *d[4] = {guard_new(c.s.N * c.K), guard_new(c.K * c.K), guard_new(c.K),
                         guard_new(c.K)};

        c.ends = true;
        crf_trial_solve(&c);
        for (int64_t i = 0; i < c.s.N * c.K; i++)
            d[0][i] = 0;
        for (int64_t i = 0; i < c.K * c.K; i++)
            d[1][i] = 0;
        for (int64_t i = 0; i < c.K; i++)
            d[2][i] = d[3][i] = 0;
        (void)run_loss(g, &c, d);
        for (int64_t i = 0; i < c.K; i++) {
            assert_true(c.may_first[i] || d[2][i] == 0);
            assert_true(c.may_last[i] || d[3][i] == 0);
            for (int64_t j = 0; j < c.K; j++)
                assert_true(c.may_step[i * c.K + j] || d[1][i * c.K + j] == 0);
        }
        for (int i = 0; i < 4; i++)
            guard_free(d[i]);
        crf_trial_free(&c);
    }
    rc_graph_free(g);
}

/* Sequences that are done in logarithms, of a batch. */
static int hard_ones(const crf_trial *c, const bool *want)
{
    rc_graph *g = graph_open(1, false);
    rc_var *x;
    const rc_crf crf = crf_trial_vars(g, c, &x, NULL);
    rcg_crf f;
    rcg_crf_pass pass;
    int hard = 0;

    CHECK_STATUS(rcg_crf_of("crf", &c->s.rows, x, &crf, &f), RC_OK);
    CHECK_STATUS(rcg_crf_run(g, &f, false, &pass), RC_OK);
    for (int64_t q = 0; q < c->s.B; q++) {
        assert_true(!want || pass.hard[q] == want[q]);
        hard += pass.hard[q];
    }
    rc_graph_free(g);
    return hard;
}

/* Scores of a trained model are no case for logarithms; a first step that says the contrary of all
 * that follows is one, in its own sequence alone. */
static void logarithms_are_for_what_floats_cannot_hold(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 100; trial++) {
        crf_trial c;

        crf_trial_new(&c, trial % 2 ? 15 : 100, trial % 2 ? 8 : 3, false);

        assert_int_equal(hard_ones(&c, NULL), 0);
        crf_trial_free(&c);
    }

    const int64_t at[] = {0, 2, 4};
    rc_real by[] = {0, -1000, -1000, 0}, x[] = {0, -2000, 1, 2, /* step 1 */ -4000, 0, 2, 1};
    const bool want[] = {true, false};
    crf_trial c = {.K = 2, .x = x, .trans = by, .s = {.B = 2, .N = 4, .rows = {2, 2, at}}};

    assert_int_equal(hard_ones(&c, want), 1);
}

/* With something of every leaf: where only one path is left the gradient is 0 but for rounding, and
 * only beside others is that little. */
static rc_var *build(rc_graph *g, rc_var *const v[], void *ctx)
{
    const crf_trial *c = ctx;
    const rc_crf crf = {v[1], v[2], v[3], c->ruled ? &c->rules : NULL};
    rc_var *loss = rc_crf_loss(g, &c->s.rows, rc_tanh(g, v[0]), &crf, c->target);

    for (int i = 0; i < 4; i++)
        loss = rc_add(g, loss, weigh(g, v[i]));
    return rc_scale(g, loss, 0.3);
}

static void gradients_agree_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 16; trial++) {
        crf_trial c;
        problem p = problem_new(build, &c);

        crf_trial_new(&c, 1, 1, trial % 2);
        crf_trial_solve(&c);
        (void)problem_add(&p, rc_shape_2(c.s.N, c.K));
        (void)problem_add(&p, rc_shape_2(c.K, c.K));
        (void)problem_add(&p, rc_shape_1(c.K));
        (void)problem_add(&p, rc_shape_1(c.K));
        problem_check(&p, "crf_loss", 0);
        problem_free(&p);
        crf_trial_free(&c);
    }
}

/* ---- many labels ------------------------------------------------------------------------- */

enum { WIDE = 130, WIDE_ROWS = 47 };
static const int64_t wide_at[] = {0, 11, 20, 29, 36, 43, 47};
static const rc_rows wide_rows = {6, 12, wide_at};

static rc_var *build_wide(rc_graph *g, rc_var *const v[], void *ctx)
{
    const rc_crf crf = {rc_scale(g, v[1], 3), v[2], v[3], NULL};
    rc_var *x = rc_scale(g, v[0], 5);
    int32_t target[WIDE_ROWS];

    for (int i = 0; i < WIDE_ROWS; i++)
        target[i] = i * 31 % WIDE;
    (void)ctx;
    return rc_crf_loss(g, &wide_rows, x, &crf, target);
}

static void make_wide(problem *p)
{
    (void)problem_add(p, rc_shape_2(WIDE_ROWS, WIDE));
    (void)problem_add(p, rc_shape_2(WIDE, WIDE));
    (void)problem_add(p, rc_shape_1(WIDE));
    (void)problem_add(p, rc_shape_1(WIDE));
}

static void bits_are_the_same_for_any_number_of_threads(void **unused)
{
    (void)unused;
    check_any_threads_of(build_wide, NULL, make_wide, "crf_loss");
}

static void gradients_of_many_labels_agree_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();
    problem p = problem_new(build_wide, NULL);

    make_wide(&p);
    problem_check(&p, "crf_loss of many labels", 12);
    problem_free(&p);
}

static void instruction_sets_give_the_same_bits(void **unused)
{
    const rck_table *narrow, *wide;
    double loss[2];
    problem p[2];

    (void)unused;
    CHECK_STATUS(rck_select(), RC_OK);
    const rck_table *before = rck;

    oracle_twins(&narrow, &wide);
    if (!narrow)
        return;
    for (int k = 0; k < 2; k++) {
        (void)check_seed();
        rck = k ? wide : narrow;
        p[k] = problem_new(build_wide, NULL);
        make_wide(&p[k]);
        loss[k] = problem_gradient(&p[k]);
    }
    rck = before;
    assert_true(loss[0] == loss[1]);
    for (int i = 0; i < 4; i++)
        assert_memory_equal(p[0].leaf[i].grad, p[1].leaf[i].grad,
                            (size_t)p[0].leaf[i].n * sizeof(rc_real));
    problem_free(&p[0]);
    problem_free(&p[1]);
}

/* ---- what cannot be ---------------------------------------------------------------------- */

static void a_nan_comes_through(void **unused)
{
    rc_real x[] = {1, 2, 3, (rc_real)NAN, 5, 6, 7, 8, 9, 1, 2, 3}, trans[] = {1, 2, 3, 4};
    const int32_t target[] = {0, 1, 0, 1, 0, 1};
    double total;

    (void)unused;
    rc_graph *g = graph_open(1, true);
    const rc_crf crf = {rc_leaf(g, rc_shape_2(2, 2), trans, NULL), RC_NONE, RC_NONE, NULL};
    rc_var *loss =
        rc_crf_loss(g, &three_steps, rc_leaf(g, rc_shape_2(6, 2), x, NULL), &crf, target);

    CHECK_STATUS(rc_var_total(g, loss, &total), RC_OK);
    assert_true(isnan(total));
    rc_graph_free(g);
}

static void targets_that_cannot_be_are_refused(void **unused)
{
    const bool first[] = {true, false}, step[] = {true, false, true, true}, last[] = {true, false};
    const rc_crf_rules rules = {first, step, last};
    /* sequences of 3, 2 and 1 steps */
    const int32_t begins[] = {0, 1, 0, 0, 0, 0}, follows[] = {0, 0, 0, 1, 0, 0};
    const int32_t ends[] = {0, 0, 0, 0, 1, 0}, high[] = {0, 0, 2, 0, 0, 0};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

#define CHECK_TARGETS(target, text)                                                                \
    do {                                                                                           \
        const rc_crf crf = {random_leaf(g, rc_shape_2(2, 2), NULL), RC_NONE, RC_NONE, &rules};     \
        CHECK_FAILED(                                                                              \
            g, rc_crf_loss(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL), &crf, target), \
            RC_EINVAL, text);                                                                      \
    } while (0)
    CHECK_TARGETS(begins, "crf_loss: sequence 1 begins with label 1, which the rules forbid");
    CHECK_TARGETS(follows, "crf_loss: sequence 0, step 1: label 1 after label 0, which the rules");
    CHECK_TARGETS(high, "crf_loss: target 2 of 2 symbols");
    const bool any[] = {true, true, true, true};
    const rc_crf_rules end_rules = {NULL, any, last};
    const rc_crf crf = {random_leaf(g, rc_shape_2(2, 2), NULL), RC_NONE, RC_NONE, &end_rules};
    CHECK_FAILED(
        g, rc_crf_loss(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL), &crf, ends),
        RC_EINVAL, "crf_loss: sequence 1 ends at step 1 with label 1, which the rules forbid");
    rc_graph_free(g);
}

static void shapes_that_disagree_are_refused(void **unused)
{
    const int32_t target[] = {0, 1, 0, 1, 0, 1};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

#define CHECK_SHAPES(x, trans, first, status, text)                                                \
    do {                                                                                           \
        const rc_crf crf = {trans, first, RC_NONE, NULL};                                          \
        CHECK_FAILED(g, rc_crf_loss(g, &three_steps, x, &crf, target), status, text);              \
    } while (0)
#define LEAF(rows, cols) random_leaf(g, rc_shape_2(rows, cols), NULL)
    CHECK_SHAPES(LEAF(5, 2), LEAF(2, 2), RC_NONE, RC_ESHAPE,
                 "crf_loss: scores are (5,2), the batch has 6 rows");
    CHECK_SHAPES(LEAF(6, 2), LEAF(2, 3), RC_NONE, RC_ESHAPE,
                 "crf_loss: scores of transitions are (2,3), expected (2,2)");
    CHECK_SHAPES(LEAF(6, 2), LEAF(2, 2), LEAF(3, 1), RC_ESHAPE,
                 "crf_loss: scores of the first step are (3,1), expected (2)");
    CHECK_SHAPES(LEAF(6, 2), RC_NONE, RC_NONE, RC_EINVAL,
                 "crf_loss: the scores of labels or of transitions are missing");
    CHECK_SHAPES(LEAF(6, 2), LEAF(2, 2), NULL, RC_EINVAL,
                 "crf_loss: the scores of a path's first step are missing");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_gradients_are_sums_over_all_paths),
        cmocka_unit_test(what_is_forbidden_has_no_gradient),
        cmocka_unit_test(logarithms_are_for_what_floats_cannot_hold),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(bits_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(gradients_of_many_labels_agree_with_differences),
        cmocka_unit_test(instruction_sets_give_the_same_bits),
        cmocka_unit_test(a_nan_comes_through),
        cmocka_unit_test(targets_that_cannot_be_are_refused),
        cmocka_unit_test(shapes_that_disagree_are_refused),
    };

    return cmocka_run_group_tests_name("op_crf", tests, NULL, NULL);
}
