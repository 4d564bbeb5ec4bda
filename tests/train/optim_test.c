/* optim_test.c -- norms, clipping, penalties and updates over parameters of several layouts, against
 * loops in double over logical numbers. */
#include "check.h"
#include "train/train.h"

/* A packed weight of odd size, a bias and a table, with random values and gradients. */
static rcn_params some_params(void)
{
    rcn_params ps = {0};
    const int gates[] = {2, 1};

    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "rnn.weight_hh_l0", 2, 2, gates, 37, 29), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "rnn.bias_ih_l0", 1, 2, gates, 37, 1), RC_OK);
    CHECK_STATUS(rcn_params_table(&ps, "embed.weight", 301, 19), RC_OK);
    CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
    for (size_t i = 0; i < ps.n; i++) {
        rcn_param *p = &ps.p[i];
        rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
        assert_non_null(rows);
        fill_real(rows, p->count);
        rcn_param_load(p, p->w, rows);
        fill_real(rows, p->count);
        rcn_param_load(p, p->g, rows);
        rcb_free(rows);
    }
    return ps;
}

static rc_config *config_of(const char *const pairs[][2], size_t n)
{
    rc_config *c;
    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    for (size_t i = 0; i < n; i++)
        CHECK_STATUS(rc_config_set(c, pairs[i][0], pairs[i][1]), RC_OK);
    return c;
}

static double *logical(const rcn_param *p, const rc_real *from)
{
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    double *out = rcb_alloc((size_t)p->count, sizeof *out);
    assert_true(rows && out);
    rcn_param_store(p, from, rows);
    for (int64_t i = 0; i < p->count; i++)
        out[i] = (double)rows[i];
    rcb_free(rows);
    return out;
}

static void check_logical(const rcn_param *p, const rc_real *got, const double *want, double tol)
{
    double *have = logical(p, got);
    CHECK_CLOSE(have, want, p->count, tol);
    rcb_free(have);
}

static const double tolerance = sizeof(rc_real) == 8 ? 1e-12 : 2e-6;

static void the_norm_is_that_of_all_gradients(void **unused)
{
    (void)unused;
    check_seed();
    rcn_params ps = some_params();
    rc_config *c = config_of(NULL, 0);
    rct_optim o;
    rcb_pool *pool;
    const char *culprit;
    double want = 0, first = 0;

    for (size_t i = 0; i < ps.n; i++) {
        double *g = logical(&ps.p[i], ps.p[i].g);
        for (int64_t k = 0; k < ps.p[i].count; k++)
            want += g[k] * g[k];
        rcb_free(g);
    }
    CHECK_STATUS(rct_optim_new(&o, &ps, c), RC_OK);
    for (int threads = 1; threads <= 7; threads += 2) {
        CHECK_STATUS(rcb_pool_new(&pool, threads), RC_OK);
        const double norm = rct_optim_norm(&o, pool, &culprit);
        CHECK_NEAR(norm, sqrt(want), 1e-5);
        assert_null(culprit);
        if (threads == 1)
            first = norm;
        assert_true(norm == first); /* the same bits for any number of threads */
        rcb_pool_free(pool);
    }
    rct_optim_free(&o);
    rc_config_free(c);
    rcn_params_free(&ps);
}

static void a_nan_is_reported_with_its_tensor(void **unused)
{
    (void)unused;
    check_seed();
    rcn_params ps = some_params();
    rc_config *c = config_of(NULL, 0);
    rct_optim o;
    rcb_pool *pool;
    const char *culprit;

    CHECK_STATUS(rct_optim_new(&o, &ps, c), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    ps.p[2].g[5] = (rc_real)NAN;
    assert_false(isfinite(rct_optim_norm(&o, pool, &culprit)));
    assert_string_equal(culprit, "embed.weight");
    ps.p[1].g[3] = (rc_real)INFINITY;
    assert_false(isfinite(rct_optim_norm(&o, pool, &culprit)));
    assert_string_equal(culprit, "rnn.bias_ih_l0");
    rcb_pool_free(pool);
    rct_optim_free(&o);
    rc_config_free(c);
    rcn_params_free(&ps);
}

static void values_are_clipped_before_the_norm(void **unused)
{
    (void)unused;
    check_seed();
    rcn_params ps = some_params();
    const char *const pairs[][2] = {{"clip-value", "0.25"}};
    rc_config *c = config_of(pairs, 1);
    rct_optim o;
    rcb_pool *pool;
    const char *culprit;

    CHECK_STATUS(rct_optim_new(&o, &ps, c), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    (void)rct_optim_norm(&o, pool, &culprit);
    for (size_t i = 0; i < ps.n; i++)
        for (int64_t k = 0; k < ps.p[i].size; k++)
            assert_true(ps.p[i].g[k] >= (rc_real)-0.25 && ps.p[i].g[k] <= (rc_real)0.25);
    rcb_pool_free(pool);
    rct_optim_free(&o);
    rc_config_free(c);
    rcn_params_free(&ps);
}

/* Three updates by a textbook in double. The L2 penalty is on the recurrent weights alone. */
static void updates_match_the_textbook(const char *name, const char *const pairs[][2], size_t n,
                                       double momentum, bool adam, double decay)
{
    check_seed();
    rcn_params ps = some_params();
    rc_config *c = config_of(pairs, n);
    rct_optim o;
    rcb_pool *pool;
    double *w[3], *m[3], *v[3];

    print_message("%s\n", name);
    CHECK_STATUS(rct_optim_new(&o, &ps, c), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 3), RC_OK);
    for (size_t i = 0; i < ps.n; i++) {
        w[i] = logical(&ps.p[i], ps.p[i].w);
        m[i] = rcb_calloc((size_t)ps.p[i].count, sizeof(double));
        v[i] = rcb_calloc((size_t)ps.p[i].count, sizeof(double));
    }
    for (int step = 1; step <= 3; step++) {
        for (size_t i = 0; i < ps.n; i++) {
            double *g = logical(&ps.p[i], ps.p[i].g);
            for (int64_t k = 0; k < ps.p[i].count; k++) {
                const double d = 0.5 * g[k] + (i == 0 ? 1e-2 * w[i][k] : 0);
                w[i][k] -= 0.1 * decay * w[i][k];
                if (adam) {
                    m[i][k] = 0.9 * m[i][k] + 0.1 * d;
                    v[i][k] = 0.999 * v[i][k] + 0.001 * d * d;
                    w[i][k] -= 0.1 * (m[i][k] / (1 - pow(0.9, step))) /
                               (sqrt(v[i][k] / (1 - pow(0.999, step))) + 1e-8);
                } else {
                    m[i][k] = momentum * m[i][k] + d;
                    w[i][k] -= 0.1 * m[i][k];
                }
            }
            rcb_free(g);
        }
        CHECK_STATUS(rct_optim_step(&o, pool, 0.1, 0.5), RC_OK);
    }
    for (size_t i = 0; i < ps.n; i++) {
        check_logical(&ps.p[i], ps.p[i].w, w[i], adam ? 50 * tolerance : tolerance);
        rcb_free(w[i]);
        rcb_free(m[i]);
        rcb_free(v[i]);
    }
    rcb_pool_free(pool);
    rct_optim_free(&o);
    rc_config_free(c);
    rcn_params_free(&ps);
}

#define L2 {"l2", "*weight_hh*=1e-2"}

static void sgd_matches_the_textbook(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"optimizer", "sgd"}, L2};
    updates_match_the_textbook("plain", pairs, 2, 0, false, 0);
}

static void sgd_with_momentum_matches_the_textbook(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"optimizer", "sgd"}, L2, {"momentum", "0.9"}};
    updates_match_the_textbook("momentum", pairs, 3, 0.9, false, 0);
}

static void adam_matches_the_textbook(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"optimizer", "adam"}, L2};
    updates_match_the_textbook("adam", pairs, 2, 0, true, 0);
}

static void adamw_decays_apart_from_the_gradient(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"optimizer", "adamw"}, L2, {"weight-decay", "0.05"}};
    updates_match_the_textbook("adamw", pairs, 3, 0, true, 0.05);
}

static void padding_stays_zero(void **unused)
{
    (void)unused;
    check_seed();
    rcn_params ps = some_params();
    rc_config *c = config_of(NULL, 0);
    rct_optim o;
    rcb_pool *pool;

    CHECK_STATUS(rct_optim_new(&o, &ps, c), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_STATUS(rct_optim_step(&o, pool, 0.1, 1), RC_OK);
    for (size_t i = 0; i < ps.n; i++) {
        int64_t used = 0;
        for (int64_t k = 0; k < ps.p[i].size; k++)
            used += ps.p[i].w[k] != 0;
        assert_true(used <= ps.p[i].count);
    }
    rcb_pool_free(pool);
    rct_optim_free(&o);
    rc_config_free(c);
    rcn_params_free(&ps);
}

static void weight_decay_needs_a_method_that_has_it(void **unused)
{
    (void)unused;
    rcn_params ps = some_params();
    const char *const pairs[][2] = {{"optimizer", "adam"}, {"weight-decay", "0.1"}};
    rc_config *c = config_of(pairs, 2);
    rct_optim o;

    CHECK_STATUS(rct_optim_new(&o, &ps, c), RC_EINVAL);
    CHECK_MESSAGE_HAS("optimizer 'adam' has no weight decay");
    assert_string_equal(rc_error_hint(), "use --optimizer adamw, or --l2 for a penalty");
    rc_config_free(c);
    rcn_params_free(&ps);
}

static rc_status make_and_free(void *ctx)
{
    rc_config *c = ctx;
    rcn_params ps = {0};
    rct_optim o;
    const int gates[] = {1};

    rc_status status = rcn_params_weight(&ps, "out.weight", 2, 1, gates, 5, 3);
    if (status == RC_OK)
        status = rct_optim_new(&o, &ps, c);
    if (status == RC_OK)
        rct_optim_free(&o);
    rcn_params_free(&ps);
    return status;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    CHECK_STATUS(rck_select(), RC_OK);
    rc_config *c = config_of(NULL, 0);
    CHECK_EACH_ALLOCATION(make_and_free, c);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_norm_is_that_of_all_gradients),
        cmocka_unit_test(a_nan_is_reported_with_its_tensor),
        cmocka_unit_test(values_are_clipped_before_the_norm),
        cmocka_unit_test(sgd_matches_the_textbook),
        cmocka_unit_test(sgd_with_momentum_matches_the_textbook),
        cmocka_unit_test(adam_matches_the_textbook),
        cmocka_unit_test(adamw_decays_apart_from_the_gradient),
        cmocka_unit_test(padding_stays_zero),
        cmocka_unit_test(weight_decay_needs_a_method_that_has_it),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
