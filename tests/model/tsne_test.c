/* tsne_test.c -- the neighbours of t-SNE have the perplexity that is asked for, its gradient is
 * that of the divergence, and it falls.
 */
#include "check.h"
#include "model/model_in.h"

enum { MOST = 60 };

static double entropy_of(int64_t n, const double *p)
{
    double sum = 0;

    for (int64_t j = 0; j < n; j++)
        sum -= p[j] > 0 ? p[j] * log(p[j]) : 0;
    return sum;
}

static void rows_have_the_perplexity_asked_for(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 100; trial++) {
        const int64_t n = pick(4, MOST), i = pick(0, n - 1);
        const double most = (double)(n - 1) / 3, scale = pow(10, (double)pick(-6, 6));
        const double want = 1.01 + (most - 1) * (double)pick(0, 100) / 100;
        double square[MOST], p[MOST], sum = 0;

        for (int64_t j = 0; j < n; j++)
            square[j] = scale * (2 + (double)pick_real());
        square[i] = 0;
        CHECK_NEAR(rcm_tsne_row(n, i, square, want, p), want, 1e-8);
        CHECK_NEAR(exp(entropy_of(n, p)), want, 1e-8);
        assert_true(p[i] == 0);
        for (int64_t j = 0; j < n; j++)
            sum += p[j];
        CHECK_NEAR(sum, 1, 1e-12);
        for (int64_t j = 0; j < n; j++) /* who is nearer is more of a neighbour */
            for (int64_t k = 0; k < n; k++)
                assert_true(j == i || k == i || square[j] > square[k] || p[j] >= p[k]);
    }
}

/* Points that are all equally far leave no choice; of two on one spot none is nearer. */
static void a_perplexity_that_is_not_there_is_approached(void **unused)
{
    (void)unused;
    const double equal[] = {0, 3, 3, 3, 3, 3, 3, 3}, twins[] = {0, 1, 1, 1, 9, 9, 9, 9};
    double p[8];

    CHECK_NEAR(rcm_tsne_row(8, 0, equal, 2, p), 7, 1e-9);
    for (int j = 1; j < 8; j++)
        CHECK_NEAR(p[j], 1.0 / 7, 1e-12);
    CHECK_NEAR(rcm_tsne_row(8, 0, twins, 1.5, p), 3, 1e-6);
    for (int j = 1; j < 8; j++)
        CHECK_NEAR(p[j], j < 4 ? 1.0 / 3 : 0, 1e-6);
}

/* Points around corners of a cube, places of before. */
static void make_points(int64_t n, int64_t dim, double *x, rc_place *at)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < dim; k++)
            x[i * dim + k] = (double)pick_real() + (i % 3 == k ? 10 : 0);
        at[i] = (rc_place){1e-4 * (double)pick_real(), 1e-4 * (double)pick_real()};
    }
}

static double divergence_after(int64_t steps, int threads, rc_place *at)
{
    enum { N = 40, DIM = 5 };
    double x[N * DIM], divergence;
    rcb_pool *pool;

    (void)check_seed();
    make_points(N, DIM, x, at);
    CHECK_STATUS(rcb_pool_new(&pool, threads), RC_OK);
    CHECK_STATUS(rcm_tsne(N, DIM, x, 8, steps, pool, at, &divergence), RC_OK);
    rcb_pool_free(pool);
    return divergence;
}

static void the_divergence_falls(void **unused)
{
    (void)unused;
    rc_place at[40], again[40];
    const double first = divergence_after(0, 1, at), last = divergence_after(1000, 1, at);

    CHECK_NEAR(divergence_after(1000, 3, again), last, 0);
    assert_memory_equal(at, again, sizeof at); /* for any number of threads */
    assert_true(last > 0 && last < 0.5 * first);
    for (int i = 0; i < 40; i++) { /* whose corner is the same are nearer than any other */
        double own = 0, other = (double)INFINITY;

        for (int j = 0; j < 40; j++) {
            const double d = hypot(at[i].x - at[j].x, at[i].y - at[j].y);

            own = j % 3 == i % 3 ? fmax(own, d) : own;
            other = j % 3 == i % 3 ? other : fmin(other, d);
        }
        assert_true(own < other);
    }
}

/* A descent of one step is not exaggerated and has a gain of 0.8, as its speed was 0: it goes
 * against the slope of what rcm_tsne() says of places that it does not move.
 */
static void a_step_goes_against_the_slope(void **unused)
{
    (void)unused;
    enum { N = 12, DIM = 4 };
    const double h = 1e-4, rate = 2 * 0.8, perplexity = 3;
    double x[N * DIM], up, down;
    rc_place from[N], to[N], there[N];
    rcb_pool *pool;

    (void)check_seed();
    make_points(N, DIM, x, from);
    double mean = 0;
    for (int i = 0; i < N; i++) {
        from[i] = (rc_place){(double)pick_real(), (double)pick_real()};
        mean += from[i].y / N;
    }
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    memcpy(to, from, sizeof to);
    CHECK_STATUS(rcm_tsne(N, DIM, x, perplexity, 1, pool, to, &up), RC_OK);
    for (int i = 0; i < N; i++) {
        memcpy(there, from, sizeof there);
        there[i].y += h;
        CHECK_STATUS(rcm_tsne(N, DIM, x, perplexity, 0, pool, there, &up), RC_OK);
        there[i].y = from[i].y - h;
        CHECK_STATUS(rcm_tsne(N, DIM, x, perplexity, 0, pool, there, &down), RC_OK);
        const double slope = (up - down) / (2 * h);

        assert_true(fabs(slope) > 1e-5);
        CHECK_NEAR(to[i].y - (from[i].y - mean), -rate * slope, 1e-7);
    }
    rcb_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_the_perplexity_asked_for),
        cmocka_unit_test(a_perplexity_that_is_not_there_is_approached),
        cmocka_unit_test(the_divergence_falls),
        cmocka_unit_test(a_step_goes_against_the_slope),
    };
    return cmocka_run_group_tests_name("tsne", tests, NULL, NULL);
}
