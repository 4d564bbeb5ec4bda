/* vmath_test.c -- the error of exp, log, tanh and sigmoid in units of the last place, over a dense
 * sweep of all floats, for every table. */
#include "check.h"
#include "oracle.h"

/* In the double build libm answers, whose errors the oracle in double cannot see. */
#ifndef RC_DOUBLE

enum {
    PIECE = 1 << 12,
    STRIDE = 1021 /* of the 2^32 patterns, every 1021st: 4.2 million numbers */
};

typedef struct function {
    const char *name;
    double (*want)(double);
    double most; /* ulp; the promise is 4 */
} function;

static const function functions[] = {
    {"exp", exp, 1.5}, {"log", log, 1.5}, {"tanh", tanh, 3}, {"sigmoid", oracle_sigmoid, 3}};

static void call(const rck_table *t, int f, const float *x, float *y)
{
    void (*const of[])(int64_t, const float *, float *) = {t->exp, t->log, t->tanh, t->sigmoid};

    of[f](PIECE, x, y);
}

/* How many units of the last place of `want` lie between; results below the normal range may
 * be 0. */
static double error_of(float got, double want)
{
    const float near = (float)want;

    if (isnan(near) || isnan(got))
        return isnan(near) && isnan(got) ? 0 : HUGE_VAL;
    if (isinf(near) || isinf(got))
        return got == near ? 0 : HUGE_VAL;
    if (fabsf(near) < 0x1p-126f) {
        const bool fair = got == 0 || signbit(got) == signbit(near);

        return fair && fabsf(got) <= 0x1p-126f ? 0 : HUGE_VAL;
    }

    int e;

    (void)frexp(want, &e);
    return fabs((double)got - want) / ldexp(1, e - 24);
}

static void errors_stay_below_four_ulp(void **unused)
{
    (void)unused;

    static float x[PIECE], y[PIECE];

    for (int f = 0; f < 4; f++)
        for_each_table(t) {
            double worst = 0;
            float at = 0;

            for (uint64_t begin = 0; begin < UINT64_C(1) << 32; begin += (uint64_t)PIECE * STRIDE) {
                for (int i = 0; i < PIECE; i++) {
                    const uint32_t bits = (uint32_t)(begin + (uint64_t)i * STRIDE);

                    memcpy(x + i, &bits, sizeof bits);
                }
                call(t, f, x, y);
                for (int i = 0; i < PIECE; i++) {
                    const double error = error_of(y[i], functions[f].want((double)x[i]));

                    if (error > worst) {
                        worst = error;
                        at = x[i];
                    }
                }
            }
            if (!(worst <= functions[f].most))
                fail_msg("%s of %s errs by %g ulp at %.9g", functions[f].name, t->name, worst,
                         (double)at);
        }
}

/* Every float from 1/2 to 2 for log, and around the joints of the others. */
static void errors_stay_below_four_ulp_where_it_is_hard(void **unused)
{
    (void)unused;

    static const float from[] = {-104, 0.5f, 0.1f, -18};
    static const float to[] = {-80, 2, 0.7f, -16};
    static float x[PIECE], y[PIECE];

    for (int f = 0; f < 4; f++)
        for_each_table(t) {
            double worst = 0;
            float at = from[f];

            while (at < to[f]) {
                for (int i = 0; i < PIECE; i++, at = nextafterf(at, INFINITY)) {
                    x[i] = at;
                    if (i % 8 == 0) /* skip some */
                        at += 5e-7f * fabsf(at);
                }
                call(t, f, x, y);
                for (int i = 0; i < PIECE; i++)
                    worst = fmax(worst, error_of(y[i], functions[f].want((double)x[i])));
            }
            if (!(worst <= functions[f].most))
                fail_msg("%s of %s errs by %g ulp", functions[f].name, t->name, worst);
        }
}

static void zeros_ends_and_nan_come_out_as_they_should(void **unused)
{
    (void)unused;

    static const float odd[] = {0,         -0.0f, INFINITY, -INFINITY, NAN,   0x1p-149f, -0x1p-140f,
                                0x1p-126f, 1000,  -1000,    88.7f,     88.8f, -87.3f,    -88.8f};
    const int count = (int)(sizeof odd / sizeof *odd);
    static float x[PIECE], y[PIECE];

    memcpy(x, odd, sizeof odd);
    for (int f = 0; f < 4; f++)
        for_each_table(t) {
            call(t, f, x, y);
            for (int i = 0; i < count; i++) {
                const double want = functions[f].want((double)x[i]);

                if (!(error_of(y[i], want) <= functions[f].most))
                    fail_msg("%s(%g) of %s is %g, not %g", functions[f].name, (double)x[i], t->name,
                             (double)y[i], want);
                if (!isnan(want) && want == 0)
                    assert_int_equal(signbit(y[i]) != 0, signbit(want) != 0);
            }
        }
}

static void tanh_is_odd_to_the_bit(void **unused)
{
    (void)unused;
    check_seed();

    static float x[PIECE], minus[PIECE], y[PIECE], z[PIECE];

    fill_real(x, PIECE);
    for (int i = 0; i < PIECE; i++) {
        x[i] *= 12;
        minus[i] = -x[i];
    }
    for_each_table(t) {
        t->tanh(PIECE, x, y);
        t->tanh(PIECE, minus, z);
        for (int i = 0; i < PIECE; i++)
            assert_true(y[i] == -z[i] && fabsf(y[i]) <= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_stay_below_four_ulp),
        cmocka_unit_test(errors_stay_below_four_ulp_where_it_is_hard),
        cmocka_unit_test(zeros_ends_and_nan_come_out_as_they_should),
        cmocka_unit_test(tanh_is_odd_to_the_bit),
    };

    return cmocka_run_group_tests_name("vmath", tests, NULL, NULL);
}

#else

static void libm_stands_behind_the_double_build(void **unused)
{
    (void)unused;

    const double x[3] = {-2, 0.3, 5};
    double y[3];

    for_each_table(t) {
        t->tanh(3, x, y);
        assert_true(y[1] == tanh(x[1]));
        t->exp(3, x, y);
        assert_true(y[0] == exp(x[0]));
        t->sigmoid(3, x, y);
        assert_true(y[2] == oracle_sigmoid(x[2]));
        t->log(3, x, y);
        assert_true(isnan(y[0]) && y[2] == log(x[2]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libm_stands_behind_the_double_build),
    };

    return cmocka_run_group_tests_name("vmath", tests, NULL, NULL);
}

#endif
