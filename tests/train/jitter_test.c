/* jitter_test.c -- what is disturbed, by how much, and that nothing is left of it. */
#include "check.h"
#include "train/train.h"

enum { PARAMS = 3 };

/* A recurrent weight, another matrix as a table, a bias; all with gradients. */
static rcn_params some_params(void)
{
    rcn_params ps = {0};
    const int gates[] = {2, 1};

    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "rnn.weight_hh_l0", 2, 2, gates, 67, 59), RC_OK);
    CHECK_STATUS(rcn_params_table(&ps, "embed.weight", 201, 19), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "rnn.bias_ih_l0", 1, 2, gates, 67, 1), RC_OK);
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

static rc_config *config_of(const char *name, const char *value)
{
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_STATUS(rc_config_set(c, name, value), RC_OK);
    return c;
}

typedef struct bench {
    rcn_params ps;
    rc_config *c;
    rct_jitter j;
    rcb_pool *pool;
    rc_real *w[PARAMS], *g[PARAMS]; /* logical, as they were */
} bench;

static rc_real *logical(const rcn_param *p, const rc_real *from)
{
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);

    assert_non_null(rows);
    rcn_param_store(p, from, rows);
    return rows;
}

static void bench_begin(bench *b, const char *name, const char *value, int threads)
{
    (void)check_seed();
    *b = (bench){.ps = some_params(), .c = config_of(name, value)};
    CHECK_STATUS(rcb_pool_new(&b->pool, threads), RC_OK);
    CHECK_STATUS(rcn_params_refresh(&b->ps, b->pool), RC_OK);
    CHECK_STATUS(rct_jitter_new(&b->j, &b->ps, b->c), RC_OK);
    for (size_t i = 0; i < PARAMS; i++) {
        b->w[i] = logical(&b->ps.p[i], b->ps.p[i].w);
        b->g[i] = logical(&b->ps.p[i], b->ps.p[i].g);
    }
}

static void bench_end(bench *b)
{
    for (size_t i = 0; i < PARAMS; i++) {
        rcb_free(b->w[i]);
        rcb_free(b->g[i]);
    }
    rct_jitter_free(&b->j);
    rcb_pool_free(b->pool);
    rcn_params_free(&b->ps);
    rc_config_free(b->c);
}

static void same(const rcn_param *p, const rc_real *now, const rc_real *was)
{
    rc_real *rows = logical(p, now);

    assert_memory_equal(rows, was, (size_t)p->count * sizeof *rows);
    rcb_free(rows);
}

static void padding_is_zero(const rcn_param *p, const rc_real *x)
{
    rc_real *rows = logical(p, x), *again = rcb_calloc((size_t)p->size, sizeof *again);

    assert_non_null(again);
    rcn_param_load((rcn_param *)(uintptr_t)p, again, rows);
    assert_memory_equal(again, x, (size_t)p->size * sizeof *x);
    rcb_free(rows);
    rcb_free(again);
}

static void recurrent_weights_are_dropped_for_a_step(void **unused)
{
    (void)unused;
    bench b;
    rc_real *first = NULL;

    for (int threads = 1; threads <= 3; threads++) {
        bench_begin(&b, "weight-drop", "0.25", threads);
        const rcn_param *p = &b.ps.p[0];
        int64_t dropped = 0;

        rct_jitter_begin(&b.j, 7, b.pool);
        rc_real *now = logical(p, p->w);
        for (int64_t k = 0; k < p->count; k++) {
            dropped += now[k] == 0;
            if (now[k] != 0)
                CHECK_NEAR(now[k], (double)b.w[0][k] / 0.75, 1e-6);
        }
        CHECK_NEAR((double)dropped / (double)p->count, 0.25, 0.03);
        padding_is_zero(p, p->w);
        same(&b.ps.p[1], b.ps.p[1].w, b.w[1]);
        same(&b.ps.p[2], b.ps.p[2].w, b.w[2]);
        if (first) /* the same for any number of workers */
            assert_memory_equal(now, first, (size_t)p->count * sizeof *now);

        rct_jitter_end(&b.j, b.pool);
        same(p, p->w, b.w[0]);
        rc_real *g = logical(p, p->g);
        for (int64_t k = 0; k < p->count; k++)
            CHECK_NEAR(g[k], now[k] == 0 ? 0 : (double)b.g[0][k] / 0.75, 1e-6);
        same(&b.ps.p[1], b.ps.p[1].g, b.g[1]);

        rct_jitter_begin(&b.j, 8, b.pool); /* others in another step */
        rc_real *other = logical(p, p->w);
        assert_true(memcmp(other, now, (size_t)p->count * sizeof *now) != 0);
        rct_jitter_end(&b.j, b.pool);
        rcb_free(other);
        rcb_free(g);
        if (first)
            rcb_free(now);
        else
            first = now;
        bench_end(&b);
    }
    rcb_free(first);
}

/* What follows a weight is that of the weight as it is used. */
static void transposes_follow(void **unused)
{
    (void)unused;
    bench b;

    bench_begin(&b, "weight-drop", "0.5", 2);
    rcg_weight *w = &b.ps.p[0].weight;
    const size_t bytes = (size_t)rcg_weight_size_t(w) * sizeof(rc_real);
    rc_real *before = rcb_alloc(bytes, 1), *want = rcb_alloc(bytes, 1);

    assert_true(before && want);
    memcpy(before, w->wt, bytes);
    rct_jitter_begin(&b.j, 0, b.pool);
    memcpy(want, w->wt, bytes);
    assert_true(memcmp(want, before, bytes) != 0);
    rcg_weight_refresh(w, b.pool);
    assert_memory_equal(w->wt, want, bytes);
    rct_jitter_end(&b.j, b.pool);
    assert_memory_equal(w->wt, before, bytes);
    rcb_free(before);
    rcb_free(want);
    bench_end(&b);
}

/* Mean and deviation of a - scale b. */
static void check_noise(const rc_real *a, const rc_real *b, double scale, int64_t n, double sigma)
{
    double sum = 0, square = 0;

    for (int64_t k = 0; k < n; k++) {
        const double d = (double)a[k] - scale * (double)b[k];

        sum += d;
        square += d * d;
    }
    CHECK_NEAR(sum / (double)n, 0, 4 * sigma / sqrt((double)n));
    CHECK_NEAR(sqrt(square / (double)n), sigma, 0.05 * sigma);
}

static void noise_is_on_the_weights_that_are_named(void **unused)
{
    (void)unused;
    bench b;

    bench_begin(&b, "weight-noise", "embed*=0.2", 3);
    const rcn_param *p = &b.ps.p[1];
    rct_jitter_begin(&b.j, 3, b.pool);
    rc_real *now = logical(p, p->w);
    check_noise(now, b.w[1], 1, p->count, 0.2);
    padding_is_zero(p, p->w);
    same(&b.ps.p[0], b.ps.p[0].w, b.w[0]);
    rct_jitter_end(&b.j, b.pool);
    same(p, p->w, b.w[1]);
    same(p, p->g, b.g[1]);
    rcb_free(now);
    bench_end(&b);
}

/* Clipping comes first: the noise is as large as it is. It fades with the steps. */
static void noise_is_on_clipped_gradients(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t step;
        double sigma;
    } at[] = {{0, 0.3}, {999, 0.3 * 0.14962356560944}}; /* 1000^(-0.55/2) */

    for (int k = 0; k < 2; k++) {
        bench b;

        bench_begin(&b, "grad-noise", "0.09", 2);
        memset(b.ps.p[1].touched, 0, (size_t)rcg_marks(b.ps.p[1].size));
        CHECK_NEAR(rct_jitter_gradients(&b.j, at[k].step, 0.5, b.pool), 1, 0);
        for (size_t i = 0; i < 2; i++) {
            rc_real *g = logical(&b.ps.p[i], b.ps.p[i].g);

            check_noise(g, b.g[i], 0.5, b.ps.p[i].count, at[k].sigma);
            padding_is_zero(&b.ps.p[i], b.ps.p[i].g);
            rcb_free(g);
        }
        assert_true(rcn_touched(&b.ps.p[1], 0));
        bench_end(&b);
    }
}

static void nothing_asked_is_nothing_done(void **unused)
{
    (void)unused;
    bench b;

    bench_begin(&b, "clip", "1", 2);
    assert_int_equal(rct_jitter_bytes(&b.j), 0);
    rct_jitter_begin(&b.j, 0, b.pool);
    rct_jitter_end(&b.j, b.pool);
    CHECK_NEAR(rct_jitter_gradients(&b.j, 0, 0.25, b.pool), 0.25, 0);
    for (size_t i = 0; i < PARAMS; i++) {
        same(&b.ps.p[i], b.ps.p[i].w, b.w[i]);
        same(&b.ps.p[i], b.ps.p[i].g, b.g[i]);
    }
    bench_end(&b);
}

static void what_cannot_be_disturbed_is_refused(void **unused)
{
    (void)unused;
    rcn_params ps = {0};
    rct_jitter j;
    rc_config *c = config_of("weight-drop", "0.5");

    CHECK_STATUS(rcn_params_table(&ps, "embed.weight", 3, 4), RC_OK);
    CHECK_STATUS(rct_jitter_new(&j, &ps, c), RC_EINVAL);
    CHECK_MESSAGE_HAS("the model has none");
    rc_config_free(c);
    c = config_of("weight-noise", "nothing*=1");
    CHECK_STATUS(rct_jitter_new(&j, &ps, c), RC_EINVAL);
    rc_config_free(c);
    rcn_params_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recurrent_weights_are_dropped_for_a_step),
        cmocka_unit_test(transposes_follow),
        cmocka_unit_test(noise_is_on_the_weights_that_are_named),
        cmocka_unit_test(noise_is_on_clipped_gradients),
        cmocka_unit_test(nothing_asked_is_nothing_done),
        cmocka_unit_test(what_cannot_be_disturbed_is_refused),
    };

    return cmocka_run_group_tests_name("jitter", tests, NULL, NULL);
}
