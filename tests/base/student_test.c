/* student_test.c -- intervals and Welch's test have the values of the books. */
#include <math.h>
#include "check.h"

#define SAMPLE(array) ((rc_sample){(array), (int64_t)(sizeof(array) / sizeof *(array))})

/* The t of two-sided 95% and 99% intervals, from the tables: the interval of n numbers whose mean
 * has the standard error 1 is so wide. */
static void intervals_are_as_wide_as_the_tables_of_t_say(void **unused)
{
    static const struct {
        int64_t n;
        double t95, t99;
    } table[] = {{2, 12.7062, 63.6567},  {3, 4.30265, 9.92484},  {4, 3.18245, 5.84091},
                 {6, 2.57058, 4.03214},  {11, 2.22814, 3.16927}, {31, 2.04227, 2.75000},
                 {121, 1.97993, 2.61742}};

    (void)unused;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const int64_t n = table[i].n;
        double *x = calloc((size_t)n, sizeof *x);
        const double a = sqrt((double)n * (double)(n - 1) / 2); /* sum of squares n (n - 1) */

        assert_non_null(x);
        for (int64_t k = 0; k < n; k++)
            x[k] = 5;
        x[0] += a;
        x[1] -= a;
        const rc_interval wide = rc_sample_mean((rc_sample){x, n}, 0.99);
        const rc_interval usual = rc_sample_mean((rc_sample){x, n}, 0.95);
        CHECK_NEAR(usual.mean, 5, 1e-12);
        CHECK_NEAR(usual.hi - 5, table[i].t95, 6e-6 * table[i].t95);
        CHECK_NEAR(5 - usual.lo, table[i].t95, 6e-6 * table[i].t95);
        CHECK_NEAR(wide.hi - 5, table[i].t99, 6e-6 * table[i].t99);
        free(x);
    }
}

/* Student 1908, The Probable Error of a Mean: hours of sleep gained by two drugs. Welch's test of
 * them is an example of R's t.test: t = -1.8608, df = 17.776, p = 0.07939. */
static const double drug1[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double drug2[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

static void welch_of_the_sleep_of_student_is_that_of_the_books(void **unused)
{
    const rc_welch w = rc_sample_welch(SAMPLE(drug1), SAMPLE(drug2));
    const rc_welch back = rc_sample_welch(SAMPLE(drug2), SAMPLE(drug1));

    (void)unused;
    CHECK_NEAR(w.difference, 0.75 - 2.33, 1e-12);
    CHECK_NEAR(w.t, -1.8608, 5e-5);
    CHECK_NEAR(w.df, 17.776, 5e-4);
    CHECK_NEAR(w.p, 0.07939, 5e-6);
    CHECK_NEAR(back.t, -w.t, 1e-12);
    CHECK_NEAR(back.p, w.p, 1e-12);
}

/* With one degree of freedom the distribution is Cauchy's, P(|T| > t) = 1 - 2 atan(t) / pi; with
 * two it is 1 - t / sqrt(2 + t^2). Two samples of two numbers of the same spread have two. */
static void small_samples_have_the_closed_forms(void **unused)
{
    (void)unused;
    for (double t = 0.01; t < 1000; t *= 1.7) {
        const double a[] = {-1, 1}, b[] = {-1 - sqrt(2) * t, 1 - sqrt(2) * t};
        const rc_welch w = rc_sample_welch(SAMPLE(a), SAMPLE(b));

        CHECK_NEAR(w.df, 2, 1e-9);
        CHECK_NEAR(w.t, t, 1e-9 * t);
        CHECK_NEAR(w.p, 1 - t / sqrt(2 + t * t), 1e-9);
    }
    for (double level = 0.05; level < 1; level += 0.1) {
        const double a[] = {-1, 1};
        const rc_interval i = rc_sample_mean(SAMPLE(a), level);

        CHECK_NEAR(i.hi, tan(acos(-1) / 2 * level), 1e-9 * i.hi);
    }
}

static void the_interval_holds_the_mean_as_often_as_it_says(void **unused)
{
    enum { TRIES = 4000, N = 5 };
    const rcb_key key = rcb_stream(check_seed(), "interval");
    int held = 0, found = 0;

    (void)unused;
    for (uint64_t i = 0; i < TRIES; i++) {
        double x[N], y[N];

        for (uint64_t k = 0; k < N; k++) {
            x[k] = 3 + 2 * rcb_normal(key, 2 * (i * N + k));
            y[k] = 3 + rcb_normal(key, 2 * (i * N + k) + 1);
        }
        const rc_interval in = rc_sample_mean(SAMPLE(x), 0.9);
        held += in.lo < 3 && 3 < in.hi;
        found += rc_sample_welch(SAMPLE(x), SAMPLE(y)).p < 0.05;
    }
    assert_true(abs(held - TRIES * 9 / 10) < 100); /* a deviation is 19 */
    assert_true(abs(found - TRIES / 20) < 80);     /* and 14; Welch's is an approximation */
}

static void without_spread_or_numbers_there_is_no_interval(void **unused)
{
    const double one[] = {2}, same[] = {0.1, 0.1, 0.1};
    const double other[] = {0.3, 0.3}, some[] = {1, 2, 4}, tiny[] = {1e-100, 2e-100, 4e-100};
    const double least[] = {3e-100, 5e-100, 5e-100}, most[] = {3, 5, 5};
    const rc_interval none = rc_sample_mean((rc_sample){NULL, 0}, 0.95);
    const rc_interval single = rc_sample_mean(SAMPLE(one), 0.95);
    const rc_interval flat = rc_sample_mean(SAMPLE(same), 0.95);

    (void)unused;
    assert_true(isnan(none.mean) && isnan(none.lo) && isnan(none.hi));
    assert_true(!isnan(single.mean) && isnan(single.lo) && isnan(single.hi));
    CHECK_NEAR(flat.hi - flat.lo, 0, 0);
    assert_true(isnan(rc_sample_mean(SAMPLE(some), 1).lo));
    assert_true(isnan(rc_sample_welch(SAMPLE(one), SAMPLE(some)).p));
    assert_true(isnan(rc_sample_welch(SAMPLE(same), SAMPLE(other)).p));
    CHECK_NEAR(rc_sample_welch(SAMPLE(same), SAMPLE(other)).difference, -0.2, 1e-12);
    CHECK_NEAR(rc_sample_welch(SAMPLE(tiny), SAMPLE(least)).p,
               rc_sample_welch(SAMPLE(some), SAMPLE(most)).p, 1e-12);
    CHECK_NEAR(rc_sample_welch(SAMPLE(some), SAMPLE(some)).p, 1, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_as_wide_as_the_tables_of_t_say),
        cmocka_unit_test(welch_of_the_sleep_of_student_is_that_of_the_books),
        cmocka_unit_test(small_samples_have_the_closed_forms),
        cmocka_unit_test(the_interval_holds_the_mean_as_often_as_it_says),
        cmocka_unit_test(without_spread_or_numbers_there_is_no_interval),
    };
    return cmocka_run_group_tests_name("student", tests, NULL, NULL);
}
