/* report_draw_test.c -- draws are even and depend on key and number alone; percentiles and the
 * exact test agree with sums written out.
 */
#include "reports.h"

enum { N = 37, ROUNDS = 4000 };

static void resamples_draw_every_sequence_alike(void **unused)
{
    (void)unused;
    const rcb_key key = rcb_stream(7, "test");
    int64_t seen[N] = {0}, none = 0;
    int32_t first[N], times[N];

    rcm_draw_times(key, 0, N, first);
    for (int64_t i = 0; i < ROUNDS; i++) {
        int64_t sum = 0;

        rcm_draw_times(key, i, N, times);
        for (int k = 0; k < N; k++) {
            sum += times[k];
            seen[k] += times[k];
            none += times[k] == 0;
        }
        assert_int_equal(sum, N);
    }
    for (int k = 0; k < N; k++) /* 4000 +- 62: within five deviations */
        assert_true(llabs(seen[k] - ROUNDS) < 320);
    CHECK_NEAR((double)none / (N * ROUNDS), pow(1 - 1.0 / N, N), 0.01);
    rcm_draw_times(key, 0, N, times);
    assert_memory_equal(times, first, sizeof times);
    rcm_draw_times(rcb_stream(8, "test"), 0, N, times);
    assert_memory_not_equal(times, first, sizeof times);
    rcm_draw_times(key, 5, 1, times);
    assert_int_equal(times[0], 1);
}

static void coins_are_even(void **unused)
{
    (void)unused;
    enum { COINS = 300 };
    const rcb_key key = rcb_stream(7, "coins");
    int64_t heads[COINS] = {0};
    int32_t coin[COINS];

    for (int64_t i = 0; i < ROUNDS; i++) {
        rcm_draw_coins(key, i, COINS, coin);
        for (int k = 0; k < COINS; k++) {
            assert_true(coin[k] == 0 || coin[k] == 1);
            heads[k] += coin[k];
        }
    }
    for (int k = 0; k < COINS; k++) /* 2000 +- 32 */
        assert_true(llabs(heads[k] - ROUNDS / 2) < 160);
}

static void bounds_are_percentiles(void **unused)
{
    (void)unused;
    double x[] = {5, 1, 4, 2, 3}, one[] = {7};
    rc_bounded b = {0};

    rcm_bounds(x, 5, 0.5, &b);
    assert_true(b.lo == 2 && b.hi == 4);
    rcm_bounds(x, 5, 0.9, &b);
    CHECK_NEAR(b.lo, 1.2, 1e-12);
    CHECK_NEAR(b.hi, 4.8, 1e-12);
    rcm_bounds(one, 1, 0.95, &b);
    assert_true(b.lo == 7 && b.hi == 7);
    b = (rc_bounded){1, 2, 3};
    rcm_bounds(NULL, 0, 0.95, &b);
    assert_true(b.lo == 2 && b.hi == 3);
}

/* 2 sum C(n,i) / 2^n, by Pascal's triangle. */
static double written_out(int a, int b)
{
    const int n = a + b, k = a < b ? a : b;
    double row[101] = {1}, sum = 0;

    for (int i = 1; i <= n; i++)
        for (int j = i; j > 0; j--)
            row[j] += row[j - 1];
    for (int i = 0; i <= k; i++)
        sum += row[i];
    return fmin(1, 2 * ldexp(sum, -n));
}

static void the_exact_test_sums_binomials(void **unused)
{
    (void)unused;
    for (int a = 0; a <= 50; a++)
        for (int b = 0; b <= 50; b++)
            CHECK_NEAR(rcm_even_test(a, b), written_out(a, b), 1e-11);
    CHECK_NEAR(rcm_even_test(5, 15), 0.04138946533203125, 1e-12);
    assert_true(rcm_even_test(0, 0) == 1);
    /* a million: the normal distribution is near, 2 (1 - Phi(2)) */
    CHECK_NEAR(rcm_even_test(499000, 501000), 0.0455, 2e-4);
    assert_true(rcm_even_test(0, 100000) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resamples_draw_every_sequence_alike),
        cmocka_unit_test(coins_are_even),
        cmocka_unit_test(bounds_are_percentiles),
        cmocka_unit_test(the_exact_test_sums_binomials),
    };
    return cmocka_run_group_tests_name("report_draw", tests, NULL, NULL);
}
