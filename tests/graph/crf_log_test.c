/* crf_log_test.c -- sums in logarithms are those over all paths, whatever the size of the scores.
 */
#include "crf_trial.h"

#define LOG_TOL 1e-9

static void sums_in_logarithms_are_those_over_all_paths(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 60; trial++) {
        crf_trial c;

        crf_trial_new(&c, crf_sizes[trial % CRF_SIZES].x, crf_sizes[trial % CRF_SIZES].by,
                      trial / CRF_SIZES % 2);
        rc_var *x;
        rcg_crf f;
        rcg_crf_log l;
        double uses[CRF_K * CRF_K] = {0};

        crf_trial_solve(&c);
        const rc_crf crf = crf_trial_vars(g, &c, &x, NULL);
        const int64_t ld = rck_pad(c.K);
        rc_real *p = guard_new(c.s.N * ld);

        CHECK_STATUS(rcg_crf_of("crf", &c.s.rows, x, &crf, &f), RC_OK);
        assert_true(rcg_crf_log_open(g, &f, c.s.rows.steps, &l));
        for (int64_t q = 0; q < c.s.B; q++) {
            CHECK_NEAR(rcg_crf_log_sum(&l, q), c.logz[q], LOG_TOL);
            CHECK_NEAR(rcg_crf_log_both(&l, q, p, ld, uses), c.logz[q], LOG_TOL);
        }
        for (int64_t r = 0; r < c.s.N; r++)
            CHECK_CLOSE(p + r * ld, c.p + r * c.K, c.K, VALUE_TOL + LOG_TOL);
        CHECK_CLOSE(uses, c.uses, c.K * c.K, LOG_TOL);
        guard_free(p);
        crf_trial_free(&c);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void a_sequence_without_a_path_sums_to_nothing(void **unused)
{
    const rc_real x[] = {1, 2, 3, 4}, trans[] = {1, 2, 3, 4};
    const bool none[] = {false, false};
    const rc_crf_rules rules = {none, NULL, NULL};
    const int64_t at[] = {0, 1, 2};
    const rc_rows rows = {2, 1, at};

    (void)unused;
    rc_graph *g = graph_open(1, true);
    const rc_crf crf = {rc_leaf(g, rc_shape_2(2, 2), trans, NULL), RC_NONE, RC_NONE, &rules};
    rcg_crf f;
    rcg_crf_log l;

    CHECK_STATUS(rcg_crf_of("crf", &rows, rc_leaf(g, rc_shape_2(2, 2), x, NULL), &crf, &f), RC_OK);
    assert_true(rcg_crf_log_open(g, &f, 2, &l));
    assert_true(rcg_crf_log_sum(&l, 0) == -(double)INFINITY);
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_in_logarithms_are_those_over_all_paths),
        cmocka_unit_test(a_sequence_without_a_path_sums_to_nothing),
    };

    return cmocka_run_group_tests_name("crf_log", tests, NULL, NULL);
}
