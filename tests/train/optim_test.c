/* optim_test.c -- norms, clipping, penalties and updates over parameters of several layouts,
 * against loops in double over logical numbers.
 */
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

/* Parameters, an optimiser for them and the workers it runs on. */
typedef struct bench {
    rcn_params ps;
    rc_config *c;
    rct_optim o;
    rcb_pool *pool;
} bench;

/* `b` stays where it is: the optimiser keeps a pointer to the parameters. */
static void bench_begin(bench *b, const char *const pairs[][2], size_t n, int threads)
{
    check_seed();
    b->ps = some_params();
    b->c = config_of(pairs, n);
    CHECK_STATUS(rct_optim_new(&b->o, &b->ps, b->c), RC_OK);
    CHECK_STATUS(rcb_pool_new(&b->pool, threads), RC_OK);
}

static void bench_end(bench *b)
{
    rcb_pool_free(b->pool);
    rct_optim_free(&b->o);
    rc_config_free(b->c);
    rcn_params_free(&b->ps);
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
    bench b;
    const char *culprit;
    double want = 0, first = 0;

    bench_begin(&b, NULL, 0, 1);
    for (size_t i = 0; i < b.ps.n; i++) {
        double *g = logical(&b.ps.p[i], b.ps.p[i].g);
        for (int64_t k = 0; k < b.ps.p[i].count; k++)
            want += g[k] * g[k];
        rcb_free(g);
    }
    for (int threads = 1; threads <= 7; threads += 2) {
        rcb_pool *pool;

        CHECK_STATUS(rcb_pool_new(&pool, threads), RC_OK);
        const double norm = rct_optim_norm(&b.o, pool, &culprit);
        CHECK_NEAR(norm, sqrt(want), 1e-5);
        assert_null(culprit);
        if (threads == 1)
            first = norm;
        assert_true(norm == first); /* the same bits for any number of threads */
        rcb_pool_free(pool);
    }
    bench_end(&b);
}

static void a_nan_is_reported_with_its_tensor(void **unused)
{
    (void)unused;
    bench b;
    const char *culprit;

    bench_begin(&b, NULL, 0, 2);
    b.ps.p[2].g[5] = (rc_real)NAN;
    assert_false(isfinite(rct_optim_norm(&b.o, b.pool, &culprit)));
    assert_string_equal(culprit, "embed.weight");
    b.ps.p[1].g[3] = (rc_real)INFINITY;
    assert_false(isfinite(rct_optim_norm(&b.o, b.pool, &culprit)));
    assert_string_equal(culprit, "rnn.bias_ih_l0");
    bench_end(&b);
}

static void values_are_clipped_before_the_norm(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"clip-value", "0.25"}};
    bench b;
    const char *culprit;
    double want = 0;

    bench_begin(&b, pairs, 1, 1);
    for (size_t i = 0; i < b.ps.n; i++) {
        double *g = logical(&b.ps.p[i], b.ps.p[i].g);
        for (int64_t k = 0; k < b.ps.p[i].count; k++)
            want += fmin(g[k] * g[k], 0.0625);
        rcb_free(g);
    }
    CHECK_NEAR(rct_optim_norm(&b.o, b.pool, &culprit), sqrt(want), 1e-5);
    for (size_t i = 0; i < b.ps.n; i++)
        for (int64_t k = 0; k < b.ps.p[i].size; k++)
            assert_true(fabs((double)b.ps.p[i].g[k]) <= 0.25);
    bench_end(&b);
}

/* What a method does with one weight and gradient d at learning rate 0.1, in update `step`. */
typedef void (*textbook)(double d, int step, double *w, double *m, double *v);

static void plain(double d, int step, double *w, double *m, double *v)
{
    (void)step, (void)m, (void)v;
    *w -= 0.1 * d;
}

static void momentum(double d, int step, double *w, double *m, double *v)
{
    (void)step, (void)v;
    *m = 0.9 * *m + d;
    *w -= 0.1 * *m;
}

static void nesterov(double d, int step, double *w, double *m, double *v)
{
    (void)step, (void)v;
    *m = 0.9 * *m + d;
    *w -= 0.1 * (d + 0.9 * *m);
}

static void adagrad(double d, int step, double *w, double *m, double *v)
{
    (void)step, (void)m;
    *v += d * d;
    *w -= 0.1 * d / (sqrt(*v) + 1e-3);
}

static void rmsprop(double d, int step, double *w, double *m, double *v)
{
    (void)step, (void)m;
    *v = 0.7 * *v + 0.3 * d * d;
    *w -= 0.1 * d / (sqrt(*v) + 1e-3);
}

static void rmsprop_momentum(double d, int step, double *w, double *m, double *v)
{
    (void)step;
    *v = 0.7 * *v + 0.3 * d * d;
    *m = 0.9 * *m + d / (sqrt(*v) + 1e-3);
    *w -= 0.1 * *m;
}

static void adadelta(double d, int step, double *w, double *m, double *v)
{
    (void)step;
    *v = 0.7 * *v + 0.3 * d * d;
    const double by = sqrt(*m + 1e-3) / sqrt(*v + 1e-3) * d;
    *m = 0.7 * *m + 0.3 * by * by;
    *w -= 0.1 * by;
}

static void adam(double d, int step, double *w, double *m, double *v)
{
    *m = 0.9 * *m + 0.1 * d;
    *v = 0.999 * *v + 0.001 * d * d;
    *w -= 0.1 * (*m / (1 - pow(0.9, step))) / (sqrt(*v / (1 - pow(0.999, step))) + 1e-8);
}

static void adamw(double d, int step, double *w, double *m, double *v)
{
    *w -= 0.1 * 0.05 * *w;
    adam(d, step, w, m, v);
}

static void adamax(double d, int step, double *w, double *m, double *v)
{
    *m = 0.9 * *m + 0.1 * d;
    *v = fmax(0.999 * *v, fabs(d));
    *w -= 0.1 * (*m / (1 - pow(0.9, step))) / (*v + 1e-8);
}

/* Three updates; the L2 penalty is on the recurrent weights alone. */
static void check_updates(const char *const pairs[][2], size_t n, textbook by)
{
    bench b;
    double *w[3], *m[3], *v[3];

    bench_begin(&b, pairs, n, 3);
    for (size_t i = 0; i < b.ps.n; i++) {
        w[i] = logical(&b.ps.p[i], b.ps.p[i].w);
        m[i] = rcb_calloc((size_t)b.ps.p[i].count, sizeof(double));
        v[i] = rcb_calloc((size_t)b.ps.p[i].count, sizeof(double));
    }
    for (int step = 1; step <= 3; step++) {
        for (size_t i = 0; i < b.ps.n; i++) {
            double *g = logical(&b.ps.p[i], b.ps.p[i].g);
            for (int64_t k = 0; k < b.ps.p[i].count; k++)
                by(0.5 * g[k] + (i == 0 ? 1e-2 * w[i][k] : 0), step, &w[i][k], &m[i][k], &v[i][k]);
            rcb_free(g);
        }
        rct_optim_step(&b.o, b.pool, 0.1, 0.5);
    }
    for (size_t i = 0; i < b.ps.n; i++) {
        check_logical(&b.ps.p[i], b.ps.p[i].w, w[i], 50 * tolerance);
        rcb_free(w[i]);
        rcb_free(m[i]);
        rcb_free(v[i]);
    }
    bench_end(&b);
}

static void every_method_matches_the_textbook(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *option, *value;
        textbook by;
    } methods[] = {
        {"sgd", "momentum", "0", plain},
        {"sgd", "momentum", "0.9", momentum},
        {"nesterov", "momentum", "0", plain},
        {"nesterov", "momentum", "0.9", nesterov},
        {"adagrad", "eps", "1e-3", adagrad},
        {"rmsprop", "momentum", "0", rmsprop},
        {"rmsprop", "momentum", "0.9", rmsprop_momentum},
        {"adadelta", "eps", "1e-3", adadelta},
        {"adam", "eps", "1e-8", adam},
        {"adamw", "weight-decay", "0.05", adamw},
        {"adamax", "eps", "1e-8", adamax},
    };

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        const bool square = strstr("rmsprop adadelta", methods[i].name) != NULL;
        const char *const pairs[][2] = {
            {"optimizer", methods[i].name},        {"l2", "*weight_hh*=1e-2"},
            {"rho", square ? "0.7" : "0.9"},       {"eps", square ? "1e-3" : "1e-8"},
            {methods[i].option, methods[i].value},
        };
        check_updates(pairs, sizeof pairs / sizeof *pairs, methods[i].by);
    }
}

/* Of what every update left; and swapping twice is nothing. */
static void the_mean_is_that_of_the_weights_after_each_update(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"optimizer", "sgd"}, {"mean", "all"}};
    bench b;
    double *sum[3];

    bench_begin(&b, pairs, 2, 3);
    for (size_t i = 0; i < b.ps.n; i++)
        sum[i] = rcb_calloc((size_t)b.ps.p[i].count, sizeof(double));
    for (int step = 1; step <= 4; step++) {
        rct_optim_step(&b.o, b.pool, 0.1, 1);
        for (size_t i = 0; i < b.ps.n; i++) {
            double *w = logical(&b.ps.p[i], b.ps.p[i].w);
            for (int64_t k = 0; k < b.ps.p[i].count; k++)
                sum[i][k] += w[k] / 4;
            rcb_free(w);
        }
    }
    assert_int_equal(b.o.averaged, 4);
    for (size_t i = 0; i < b.ps.n; i++) {
        double *w = logical(&b.ps.p[i], b.ps.p[i].w);
        CHECK_STATUS(rct_optim_swap(&b.o, b.pool), RC_OK);
        check_logical(&b.ps.p[i], b.ps.p[i].w, sum[i], 10 * tolerance);
        CHECK_STATUS(rct_optim_swap(&b.o, b.pool), RC_OK);
        check_logical(&b.ps.p[i], b.ps.p[i].w, w, 0);
        rcb_free(sum[i]);
        rcb_free(w);
    }
    bench_end(&b);
}

/* Whatever would move it: decay, penalties, momentum, the mean. The norm is that of the rest. */
static void what_is_frozen_stays(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"optimizer", "adamw"},
                                    {"mean", "all"},
                                    {"l2", "0.1"},
                                    {"l1", "0.1"},
                                    {"weight-decay", "0.1"}};
    bench b = {.c = config_of(pairs, 5)};
    const char *culprit;
    double want = 0;

    check_seed();
    b.ps = some_params();
    CHECK_STATUS(rcn_params_freeze(&b.ps, "embed.*, *weight_hh*"), RC_OK);
    CHECK_STATUS(rct_optim_new(&b.o, &b.ps, b.c), RC_OK);
    CHECK_STATUS(rcb_pool_new(&b.pool, 3), RC_OK);
    double *w[] = {logical(&b.ps.p[0], b.ps.p[0].w), logical(&b.ps.p[1], b.ps.p[1].w),
                   logical(&b.ps.p[2], b.ps.p[2].w)};
    double *g = logical(&b.ps.p[1], b.ps.p[1].g);

    for (int64_t k = 0; k < b.ps.p[1].count; k++)
        want += g[k] * g[k];
    b.ps.p[2].g[5] = (rc_real)NAN;
    CHECK_NEAR(rct_optim_norm(&b.o, b.pool, &culprit), sqrt(want), 1e-5);
    assert_null(culprit);
    for (int step = 0; step < 3; step++)
        rct_optim_step(&b.o, b.pool, 0.1, 1);
    CHECK_STATUS(rct_optim_swap(&b.o, b.pool), RC_OK);
    check_logical(&b.ps.p[0], b.ps.p[0].w, w[0], 0);
    check_logical(&b.ps.p[2], b.ps.p[2].w, w[2], 0);
    double *moved = logical(&b.ps.p[1], b.ps.p[1].w);
    assert_true(moved[0] != w[1][0]);
    for (int i = 0; i < 3; i++)
        rcb_free(w[i]);
    rcb_free(moved);
    rcb_free(g);
    bench_end(&b);
}

/* A table's rows that no batch touches do not move, so plain SGD leaves them alone; their mean goes
 * along all the same. */
static void the_mean_of_what_does_not_move_is_what_it_is(void **unused)
{
    (void)unused;
    const char *const pairs[][2] = {{"optimizer", "sgd"}, {"mean", "all"}};
    bench b;

    bench_begin(&b, pairs, 2, 2);
    rcn_param *table = &b.ps.p[2];
    memset(table->touched, 0, (size_t)rcg_marks(table->size));
    memset(table->g, 0, (size_t)table->size * sizeof *table->g);
    double *w = logical(table, table->w);
    rct_optim_step(&b.o, b.pool, 0.1, 1);
    check_logical(table, table->w, w, 0);
    check_logical(table, b.o.slot[RCT_MEAN][2], w, 0);
    rcb_free(w);
    bench_end(&b);
}

/* Transposes and copies in bf16 are those of the weights after the update, whoever had which panel.
 */
static void what_follows_the_weights_is_fresh_after_an_update(void **unused)
{
    (void)unused;

    for (int i = 0; i < 9; i++) {
        const int kind = i % 3; /* a transpose, copies, both */
        bench b;
        uint16_t *copies[2] = {0};
        rc_real *turned = NULL;

        bench_begin(&b, NULL, 0, 1 + i / 3);
        rcg_weight *w = &b.ps.p[0].weight;
        const size_t n = (size_t)rcg_weight_pairs(w), n_t = (size_t)rcg_weight_size_t(w);

        if (kind == 1) {
            rcb_free(w->wt);
            w->wt = NULL;
        }
        b.ps.pairs = kind > 0;
        CHECK_STATUS(rcn_params_grads(&b.ps), RC_OK);
        rct_optim_step(&b.o, b.pool, 0.1, 1);
        rcg_weight fresh = *w;
        if (w->wt)
            fresh.wt = turned = rcb_calloc(n_t, sizeof *turned);
        if (w->pairs) {
            fresh.pairs = copies[0] = rcb_calloc(n, sizeof **copies);
            fresh.pairs_t = copies[1] = rcb_calloc(n_t, sizeof **copies);
        }
        rcg_weight_refresh(&fresh, b.pool);
        assert_int_equal(w->wt != NULL, kind != 1);
        assert_int_equal(w->pairs != NULL, kind > 0);
        if (w->wt)
            assert_memory_equal(w->wt, turned, n_t * sizeof *turned);
        if (w->pairs) {
            assert_memory_equal(w->pairs, copies[0], n * sizeof **copies);
            assert_memory_equal(w->pairs_t, copies[1], n_t * sizeof **copies);
        }
        rcb_free(turned);
        rcb_free(copies[0]);
        rcb_free(copies[1]);
        bench_end(&b);
    }
}

static void padding_stays_zero(void **unused)
{
    (void)unused;
    bench b;

    bench_begin(&b, NULL, 0, 1);
    rct_optim_step(&b.o, b.pool, 0.1, 1);
    for (size_t i = 0; i < b.ps.n; i++) {
        int64_t used = 0;
        for (int64_t k = 0; k < b.ps.p[i].size; k++)
            used += b.ps.p[i].w[k] != 0;
        assert_true(used <= b.ps.p[i].count);
    }
    bench_end(&b);
}

/* The slot of momentum is memory that plain descent does not need. */
static void slots_are_made_where_the_options_want_them(void **unused)
{
    (void)unused;
    const char *const kinds[][2][2] = {
        {{"optimizer", "sgd"}, {"momentum", "0"}},
        {{"optimizer", "sgd"}, {"momentum", "0.5"}},
        {{"optimizer", "adam"}, {"momentum", "0"}},
    };

    for (int k = 0; k < 3; k++) {
        bench b;

        bench_begin(&b, kinds[k], 2, 1);
        assert_int_equal(b.o.slot[0] != NULL, k > 0);
        assert_int_equal(b.o.slot[1] != NULL, k > 1);
        bench_end(&b);
    }
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

static void penalties_for_nobody_are_refused(void **unused)
{
    (void)unused;
    rcn_params ps = some_params();
    const char *const pairs[][2] = {{"l2", "*=1e-3,nobody*=1e-2"}};
    rc_config *c = config_of(pairs, 1);
    rct_optim o;

    CHECK_STATUS(rct_optim_new(&o, &ps, c), RC_EINVAL);
    CHECK_MESSAGE_HAS("no parameter is named 'nobody*'");
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

/* What a step left alone is skipped where that changes nothing, and nowhere else. */
static void untouched_blocks_change_no_bit(void **unused)
{
    (void)unused;
    const char *const methods[][3][2] = {
        {{"optimizer", "sgd"}, {"lr", "0.1"}, {"clip", "0"}},
        {{"optimizer", "sgd"}, {"lr", "0.1"}, {"l2", "embed*=0.01"}},
        {{"optimizer", "sgd"}, {"lr", "0.1"}, {"momentum", "0.9"}},
        {{"optimizer", "adam"}, {"lr", "0.1"}, {"clip-value", "0.3"}},
        {{"optimizer", "adamw"}, {"lr", "0.1"}, {"weight-decay", "0.1"}},
    };

    for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
        bench a, b;

        bench_begin(&a, methods[k], 3, 2);
        bench_begin(&b, methods[k], 3, 1);
        rcn_param *p = &a.ps.p[2], *q = &b.ps.p[2];
        const int64_t marks = rcg_marks(p->size);

        for (int step = 0; step < 3; step++) {
            const char *culprit;

            for (int64_t i = 0; i < marks; i++) {
                const int64_t left = p->size - i * RCK_BLOCK;
                const size_t n = (size_t)(left < RCK_BLOCK ? left : RCK_BLOCK) * sizeof *p->g;

                p->touched[i] = (uint8_t)((i + step) % 2);
                if (p->touched[i] == 0) {
                    memset(p->g + i * RCK_BLOCK, 0, n);
                    memset(q->g + i * RCK_BLOCK, 0, n);
                }
                q->touched[i] = 1;
            }
            assert_true(rct_optim_norm(&a.o, a.pool, &culprit) ==
                        rct_optim_norm(&b.o, b.pool, &culprit));
            rct_optim_step(&a.o, a.pool, 0.1, 0.5);
            rct_optim_step(&b.o, b.pool, 0.1, 0.5);
            for (size_t i = 0; i < a.ps.n; i++)
                assert_memory_equal(a.ps.p[i].w, b.ps.p[i].w,
                                    (size_t)a.ps.p[i].size * sizeof(rc_real));
        }
        bench_end(&a);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untouched_blocks_change_no_bit),
        cmocka_unit_test(the_norm_is_that_of_all_gradients),
        cmocka_unit_test(a_nan_is_reported_with_its_tensor),
        cmocka_unit_test(values_are_clipped_before_the_norm),
        cmocka_unit_test(every_method_matches_the_textbook),
        cmocka_unit_test(the_mean_is_that_of_the_weights_after_each_update),
        cmocka_unit_test(what_is_frozen_stays),
        cmocka_unit_test(the_mean_of_what_does_not_move_is_what_it_is),
        cmocka_unit_test(what_follows_the_weights_is_fresh_after_an_update),
        cmocka_unit_test(padding_stays_zero),
        cmocka_unit_test(slots_are_made_where_the_options_want_them),
        cmocka_unit_test(weight_decay_needs_a_method_that_has_it),
        cmocka_unit_test(penalties_for_nobody_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
