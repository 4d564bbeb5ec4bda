/* crf_decode_test.c -- the best path, the n best and the probabilities of labels are those found by
 * going through all paths.
 */
#include "crf_trial.h"

/* Scores as the tests for exact order want them: halves, which floats add without error. */
static void round_scores(crf_trial *c)
{
    for (int64_t i = 0; i < c->s.N * c->K; i++)
        c->x[i] = (rc_real)floor(2 * (double)c->x[i]) / 2;
    for (int64_t i = 0; i < c->K * c->K; i++)
        c->trans[i] = (rc_real)floor(2 * (double)c->trans[i]) / 2;
    for (int64_t i = 0; i < c->K; i++) {
        c->first[i] = (rc_real)floor(2 * (double)c->first[i]) / 2;
        c->last[i] = (rc_real)floor(2 * (double)c->last[i]) / 2;
    }
}

/* Many of them are equal: then the lowest labels win. */
static void the_best_path_is_found(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 200; trial++) {
        rc_graph *g = graph_open(trial % 2 ? 1 : 3, false);
        crf_trial c;

        crf_trial_new(&c, trial % 3 ? 2 : 100, trial % 3 ? 2 : 50, trial % 2);
        rc_var *x;
        double score[SEQ_MOST];

        round_scores(&c);
        crf_trial_solve(&c);
        const rc_crf crf = crf_trial_vars(g, &c, &x, NULL);
        int32_t *best = guard_bytes((size_t)c.s.N * sizeof *best);

        CHECK_STATUS(rc_crf_decode(g, &c.s.rows, x, &crf, best, score), RC_OK);
        CHECK_STATUS(rc_crf_decode(g, &c.s.rows, x, &crf, best, NULL), RC_OK);
        for (int64_t q = 0; q < c.s.B; q++) {
            list_paths(&c, q);
            CHECK_NEAR(score[q], c.path[0].score, 1e-12);
            for (int64_t t = 0; t < c.s.length[q]; t++)
                assert_int_equal(best[row_of(&c.s, q, t)], c.path[0].label[t]);
        }
        guard_free(best);
        crf_trial_free(&c);
        rc_graph_free(g);
    }
}

static void probabilities_of_labels_are_sums_over_paths(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(2, false);

    for (int trial = 0; trial < 120; trial++) {
        crf_trial c;

        crf_trial_new(&c, crf_sizes[trial % CRF_SIZES].x, crf_sizes[trial % CRF_SIZES].by,
                      trial / CRF_SIZES % 2);
        rc_var *x;

        crf_trial_solve(&c);
        const rc_crf crf = crf_trial_vars(g, &c, &x, NULL);
        rc_real *p = guard_new(c.s.N * c.K);

        CHECK_STATUS(rc_crf_marginals(g, &c.s.rows, x, &crf, p), RC_OK);
        CHECK_CLOSE(p, c.p, c.s.N * c.K, 10 * VALUE_TOL);
        for (int64_t r = 0; r < c.s.N; r++) {
            double sum = 0;

            for (int64_t k = 0; k < c.K; k++)
                sum += (double)p[r * c.K + k];
            CHECK_NEAR(sum, 1, VALUE_TOL);
        }
        guard_free(p);
        crf_trial_free(&c);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void check_nbest(rc_graph *g, crf_trial *c, int64_t q, int64_t most)
{
    const int64_t T = c->s.length[q];
    int32_t *labels = guard_bytes((size_t)(most * T) * sizeof *labels);
    double *logp = guard_bytes((size_t)most * sizeof *logp);
    rc_crf_paths paths = {.seq = q, .most = most, .labels = labels, .logp = logp};
    rc_var *x;
    const rc_crf crf = crf_trial_vars(g, c, &x, NULL);

    list_paths(c, q);
    CHECK_STATUS(rc_crf_nbest(g, &c->s.rows, x, &crf, &paths), RC_OK);
    assert_int_equal(paths.count, c->paths < most ? c->paths : most);
    for (int64_t i = 0; i < paths.count; i++) {
        int32_t y[CRF_T] = {0};

        memcpy(y, labels + i * T, (size_t)T * sizeof *y);
        CHECK_NEAR(logp[i], c->path[i].score - c->logz[q], 1e-9);
        CHECK_NEAR(score_of(c, q, y), c->path[i].score, 1e-12);
        assert_true(path_allowed(c, T, y));
        for (int64_t k = 0; k < i; k++)
            assert_true(T == 0 || memcmp(labels + i * T, labels + k * T, (size_t)T * sizeof *y));
    }
    guard_free(labels);
    guard_free(logp);
}

static void the_best_paths_come_in_order_with_their_probabilities(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, false);

    for (int trial = 0; trial < 60; trial++) {
        crf_trial c;

        crf_trial_new(&c, crf_sizes[trial % CRF_SIZES].x, crf_sizes[trial % CRF_SIZES].by,
                      trial / CRF_SIZES % 2);

        if (trial % 2)
            round_scores(&c);
        crf_trial_solve(&c);
        for (int64_t q = 0; q < c.s.B; q++)
            check_nbest(g, &c, q, pick(0, 3) ? pick(1, 9) : CRF_PATHS);
        crf_trial_free(&c);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

/* A tagger's sizes, where there is no going through all: the first of the best is the best, what
 * all say of it agrees, and threads do not matter. */
static void large_sets_of_labels_agree_with_themselves(void **unused)
{
    enum { K = 130, N = 47 };
    static const int64_t at[] = {0, 11, 20, 29, 36, 43, 47};
    const rc_rows rows = {6, 12, at};
    int32_t best[N], again[N], labels[6];
    double score[12], logp;

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, false), *h = graph_open(3, false);
    rc_real *xs = scaled(N * K, 3), *ts = scaled(K * K, 3), *p = guard_new(N * K);

    for (int k = 0; k < 2; k++) {
        rc_graph *by = k ? h : g;
        rc_var *x = rc_leaf(by, rc_shape_2(N, K), xs, NULL);
        const rc_crf crf = {rc_leaf(by, rc_shape_2(K, K), ts, NULL), RC_NONE, RC_NONE, NULL};

        CHECK_STATUS(rc_crf_decode(by, &rows, x, &crf, k ? again : best, score), RC_OK);
        CHECK_STATUS(rc_crf_marginals(by, &rows, x, &crf, p), RC_OK);
        for (int64_t q = 0; k == 0 && q < 12; q++) {
            rc_crf_paths paths = {.seq = q, .most = 1, .labels = labels, .logp = &logp};
            const int64_t T = rcg_rows_length(&rows, q);

            CHECK_STATUS(rc_crf_nbest(by, &rows, x, &crf, &paths), RC_OK);
            for (int64_t t = 0; t < T; t++) {
                assert_int_equal(labels[t], best[at[t] + q]);
                assert_true((double)p[(at[t] + q) * K + labels[t]] >= exp(logp) * 0.999);
            }
        }
    }
    assert_memory_equal(best, again, sizeof best);
    guard_free(xs);
    guard_free(ts);
    guard_free(p);
    rc_graph_free(g);
    rc_graph_free(h);
}

static void what_has_no_answer_is_refused(void **unused)
{
    const rc_real x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, trans[] = {1, 2, 3, 4};
    rc_real bad[12], p[12];
    const bool ends[] = {false, true}, starts[] = {true, false},
               stays[] = {true, false, false, true};
    const rc_crf_rules apart = {starts, stays, ends};
    int32_t best[6], labels[9];
    double logp[3];
    rc_crf_paths paths = {.seq = 4, .most = 3, .labels = labels, .logp = logp};

    (void)unused;
    rc_graph *g = graph_open(1, false);
    rc_var *v = rc_leaf(g, rc_shape_2(6, 2), x, NULL);
    rc_crf crf = {rc_leaf(g, rc_shape_2(2, 2), trans, NULL), RC_NONE, RC_NONE, NULL};

    CHECK_STATUS(rc_crf_nbest(g, &three_steps, v, &crf, &paths), RC_EINVAL);
    CHECK_MESSAGE_HAS("crf_nbest: 3 paths of sequence 4 of 4");
    paths.seq = 0;
    paths.most = 0;
    CHECK_STATUS(rc_crf_nbest(g, &three_steps, v, &crf, &paths), RC_EINVAL);
    paths.most = 3;
    crf.rules = &apart;
    CHECK_STATUS(rc_crf_nbest(g, &three_steps, v, &crf, &paths), RC_EINVAL);
    CHECK_MESSAGE_HAS("crf_nbest: the rules leave sequence 0 no path");
    CHECK_STATUS(rc_crf_decode(g, &three_steps, v, &crf, best, NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("crf_decode: the rules leave sequence 0 no path");
    CHECK_STATUS(rc_crf_marginals(g, &three_steps, v, &crf, p), RC_EINVAL);
    CHECK_MESSAGE_HAS("crf_marginals: the rules leave sequence 0 no path");
    crf.rules = NULL;
    memcpy(bad, x, sizeof x);
    bad[2] = (rc_real)NAN;
    rc_var *w = rc_leaf(g, rc_shape_2(6, 2), bad, NULL);
    CHECK_STATUS(rc_crf_decode(g, &three_steps, w, &crf, best, NULL), RC_ENAN);
    CHECK_MESSAGE_HAS("crf_decode: scores of sequence 1 are not numbers");
    CHECK_STATUS(rc_crf_marginals(g, &three_steps, w, &crf, p), RC_ENAN);
    CHECK_STATUS(rc_crf_decode(g, &three_steps, NULL, &crf, best, NULL), RC_EINVAL);
    crf.last = rc_leaf(g, rc_shape_1(3), x, NULL);
    CHECK_STATUS(rc_crf_decode(g, &three_steps, v, &crf, best, NULL), RC_ESHAPE);
    CHECK_MESSAGE_HAS("crf_decode: scores of the last step are (3), expected (2)");
    CHECK_STATUS(rc_graph_status(g), RC_OK);
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_path_is_found),
        cmocka_unit_test(probabilities_of_labels_are_sums_over_paths),
        cmocka_unit_test(the_best_paths_come_in_order_with_their_probabilities),
        cmocka_unit_test(large_sets_of_labels_agree_with_themselves),
        cmocka_unit_test(what_has_no_answer_is_refused),
    };

    return cmocka_run_group_tests_name("crf_decode", tests, NULL, NULL);
}
