/* spectrum_test.c -- singular values, norms and radii of matrices whose numbers are known. */
#include "check.h"
#include "net/net.h"

enum { MOST = 40 };

/* Householder reflections of both sides of diag(s): the singular values stay. */
static void reflect(double *a, int64_t n, bool columns)
{
    double v[MOST], vv = 0;

    for (int64_t i = 0; i < n; i++) {
        v[i] = (double)pick_real();
        vv += v[i] * v[i];
    }
    for (int64_t i = 0; i < n; i++) {
        double av = 0;

        for (int64_t k = 0; k < n; k++)
            av += a[columns ? k * n + i : i * n + k] * v[k];
        for (int64_t k = 0; k < n; k++)
            a[columns ? k * n + i : i * n + k] -= 2 * av * v[k] / vv;
    }
}

static void singular_values_are_found_over_many_powers_of_ten(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 30; trial++) {
        const int64_t n = pick(1, MOST);
        double a[MOST * MOST] = {0}, got[MOST], want[MOST];

        for (int64_t i = 0; i < n; i++)
            a[i * n + i] = want[i] = pow(10, -6.0 * (double)i / (double)n);
        for (int k = 0; k < 4; k++)
            reflect(a, n, k % 2);
        rcn_singular_values(a, n, n, got);
        for (int64_t i = 0; i < n; i++)
            CHECK_NEAR(got[i] / want[i], 1, 1e-8);
    }
}

static void rows_may_be_zero_or_equal(void **unused)
{
    (void)unused;
    double a[3 * 4] = {1, 2, 3, 4, 0, 0, 0, 0, 1, 2, 3, 4}, got[3];

    rcn_singular_values(a, 3, 4, got);
    CHECK_NEAR(got[0], sqrt(60), 1e-12);
    CHECK_NEAR(got[1], 0, 1e-7);
    CHECK_NEAR(got[2], 0, 1e-7);
}

/* a' a is the same before and after, as a sum over rows at right angles. */
static void rows_become_singular_vectors(void **unused)
{
    (void)unused;
    (void)check_seed();
    enum { ROWS = 5, COLS = 8 };
    double a[ROWS * COLS], before[COLS * COLS] = {0}, after[COLS * COLS] = {0}, got[ROWS];

    for (int64_t i = 0; i < ROWS * COLS; i++)
        a[i] = (double)pick_real();
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t i = 0; i < COLS * COLS; i++)
            before[i] += a[r * COLS + i / COLS] * a[r * COLS + i % COLS];
    rcn_singular_values(a, ROWS, COLS, got);
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t i = 0; i < COLS * COLS; i++)
            after[i] += a[r * COLS + i / COLS] * a[r * COLS + i % COLS];
    CHECK_CLOSE(after, before, COLS * COLS, 1e-12);
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t s = 0; s < r; s++) {
            double ab = 0;

            for (int64_t k = 0; k < COLS; k++)
                ab += a[r * COLS + k] * a[s * COLS + k];
            CHECK_NEAR(ab, 0, 1e-12);
        }
}

static double radius_of(const rc_real *a, int64_t n)
{
    rcb_pool *pool;
    double r;

    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_STATUS(rcn_spectral_radius(a, n, pool, &r), RC_OK);
    rcb_pool_free(pool);
    return r;
}

static void radii_that_are_known_come_out(void **unused)
{
    (void)unused;
    rc_real identity[MOST * MOST] = {0}, circle[MOST * MOST] = {0};

    for (int64_t i = 0; i < MOST; i++) {
        identity[i * MOST + i] = 1;
        circle[i * MOST + (i + 1) % MOST] = i == 0 ? 3 : (rc_real)0.5;
    }
    CHECK_NEAR(radius_of(identity, MOST), 1, 1e-6);
    CHECK_NEAR(radius_of(circle, MOST), pow(3 * pow(0.5, MOST - 1), 1.0 / MOST), 1e-5);
    const double turn[] = {0.6, -0.8, 0.8, 0.6};
    rc_real rotation[4], nilpotent[4] = {0, 5, 0, 0}, one[1] = {-2}, none[4] = {0};
    for (int i = 0; i < 4; i++)
        rotation[i] = (rc_real)(1.5 * turn[i]);
    CHECK_NEAR(radius_of(rotation, 2), 1.5, 1e-5);
    CHECK_NEAR(radius_of(nilpotent, 2), 0, 0);
    CHECK_NEAR(radius_of(none, 2), 0, 0);
    CHECK_NEAR(radius_of(one, 1), 2, 1e-5);
    /* far from normal */
    const rc_real small[9] = {(rc_real)0.9, 2, 2, 0, (rc_real)0.9, 2, 0, 0, (rc_real)0.9};
    CHECK_NEAR(radius_of(small, 3), 0.9, 1e-4);
}

static void norms_are_the_largest_singular_values(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 20; trial++) {
        const int64_t n = pick(1, MOST);
        rc_real a[MOST * MOST];
        double copy[MOST * MOST], value[MOST], norm;

        fill_real(a, n * n);
        for (int64_t i = 0; i < n * n; i++)
            copy[i] = (double)a[i];
        rcn_singular_values(copy, n, n, value);
        CHECK_STATUS(rcn_spectral_norm(a, n, &norm), RC_OK);
        CHECK_NEAR(norm / value[0], 1, 1e-4);
    }
    rc_real none[4] = {0};
    double norm;
    CHECK_STATUS(rcn_spectral_norm(none, 2, &norm), RC_OK);
    CHECK_NEAR(norm, 0, 0);
}

static rc_status try_all(void *ctx)
{
    rc_real a[4] = {1, 2, 3, 4};
    double out;

    RC_TRY(rcn_spectral_norm(a, 2, &out));
    return rcn_spectral_radius(a, 2, ctx, &out);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_EACH_ALLOCATION(try_all, pool);
    rcb_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(singular_values_are_found_over_many_powers_of_ten),
        cmocka_unit_test(rows_may_be_zero_or_equal),
        cmocka_unit_test(rows_become_singular_vectors),
        cmocka_unit_test(radii_that_are_known_come_out),
        cmocka_unit_test(norms_are_the_largest_singular_values),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("spectrum", tests, NULL, NULL);
}
