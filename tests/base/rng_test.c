/* rng_test.c -- Philox against its published vectors, and the distributions drawn from it. */
#include "check.h"

/* Known answers of Random123 (kat_vectors, philox4x32 10). */
static void philox_gives_the_published_numbers(void **unused)
{
    static const struct {
        uint32_t ctr[4];
        rcb_key key;
        uint32_t want[4];
    } known[] = {
        {{0, 0, 0, 0}, {{0, 0}}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {{0xffffffff, 0xffffffff}},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {{0xa4093822, 0x299f31d0}},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t got[4], same[4];

        rcb_philox(known[i].key, known[i].ctr, got);
        assert_memory_equal(got, known[i].want, sizeof got);
        memcpy(same, known[i].ctr, sizeof same); /* in place */
        rcb_philox(known[i].key, same, same);
        assert_memory_equal(same, known[i].want, sizeof same);
    }
}

static void draw_puts_the_counters_low_word_first(void **unused)
{
    const rcb_key key = {{0xa4093822, 0x299f31d0}};
    uint32_t got[4];

    (void)unused;
    rcb_draw(key, UINT64_C(0x85a308d3243f6a88), UINT64_C(0x0370734413198a2e), got);
    assert_int_equal(got[0], 0xd16cfe09);
    assert_int_equal(got[3], 0x24126ea1);
}

/* Model files depend on these keys: they may never change. */
static void streams_have_fixed_keys(void **unused)
{
    (void)unused;

    const rcb_key a = rcb_stream(0, "");
    const rcb_key b = rcb_stream(1, "dropout");

    assert_int_equal(a.k[0], 0x5cdc3c4c);
    assert_int_equal(a.k[1], 0xaebe53f8);
    assert_int_equal(b.k[0], 0xa554136d);
    assert_int_equal(b.k[1], 0x5caee5aa);
}

static int by_bits(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(rcb_key));
}

static void streams_differ_by_seed_and_by_name(void **unused)
{
    enum { SEEDS = 50, NAMES = 50 };
    static rcb_key keys[SEEDS * NAMES];

    (void)unused;
    for (int s = 0; s < SEEDS; s++) {
        for (int n = 0; n < NAMES; n++) {
            char name[32];

            (void)snprintf(name, sizeof name, "init:layer%d", n);
            keys[s * NAMES + n] = rcb_stream((uint64_t)s, name);
        }
    }
    qsort(keys, SEEDS * NAMES, sizeof *keys, by_bits);
    for (int i = 1; i < SEEDS * NAMES; i++)
        assert_int_not_equal(by_bits(&keys[i - 1], &keys[i]), 0);
}

/* 20 bins, 200,000 draws: chi-square with 19 degrees of freedom is above 43.8 once in 1000. */
static void uniform_fills_its_interval_evenly(void **unused)
{
    enum { BINS = 20, DRAWS = 200000 };
    int64_t bins[BINS] = {0};
    double chi = 0;

    (void)unused;

    const rcb_key key = rcb_stream(check_seed(), "uniform");

    for (uint64_t i = 0; i < DRAWS; i++) {
        const double u = rcb_uniform(key, i);

        assert_true(u >= 0 && u < 1);
        bins[(int)(u * BINS)]++;
    }
    for (int i = 0; i < BINS; i++) {
        const double d = (double)bins[i] - (double)DRAWS / BINS;

        chi += d * d / ((double)DRAWS / BINS);
    }
    assert_true(chi < 43.8);
}

static double fraction_of(uint32_t low, uint32_t high)
{
    return (double)(((uint64_t)high << 32 | low) >> 11) * 0x1p-53;
}

static void numbers_follow_from_the_words_drawn(void **unused)
{
    static const double pi2 = 6.28318530717958647692;

    (void)unused;

    const rcb_key key = rcb_stream(check_seed(), "words");

    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t w[4];

        rcb_draw(key, i, 0, w);

        const double u = fraction_of(w[0], w[1]);
        const double v = fraction_of(w[2], w[3]);

        assert_true(rcb_uniform(key, i) == u);
        CHECK_NEAR(rcb_normal(key, i), sqrt(-2 * log(u + 0x1p-53)) * cos(pi2 * v), 4e-15);
    }
}

/* Mean, variance, skewness and kurtosis within five standard errors, and the share of the tails. */
static void normal_has_the_moments_of_a_normal(void **unused)
{
    enum { DRAWS = 400000 };
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    int64_t inside[3] = {0}; /* within 1, 2, 3 */

    (void)unused;

    const rcb_key key = rcb_stream(check_seed(), "normal");

    for (uint64_t i = 0; i < DRAWS; i++) {
        const double x = rcb_normal(key, i);

        m1 += x / DRAWS;
        m2 += x * x / DRAWS;
        m3 += x * x * x / DRAWS;
        m4 += x * x * x * x / DRAWS;
        for (int k = 0; k < 3; k++)
            inside[k] += fabs(x) < k + 1;
    }

    const double se = 5 / sqrt((double)DRAWS);

    CHECK_NEAR(m1, 0, se);
    CHECK_NEAR(m2, 1, se * sqrt(2));
    CHECK_NEAR(m3, 0, se * sqrt(15));
    CHECK_NEAR(m4 / 3, 1, se * sqrt(96) / 3);
    CHECK_NEAR((double)inside[0] / DRAWS, 0.682689492, se);
    CHECK_NEAR((double)inside[1] / DRAWS, 0.954499736, se);
    CHECK_NEAR((double)inside[2] / DRAWS, 0.997300204, se);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_numbers),
        cmocka_unit_test(draw_puts_the_counters_low_word_first),
        cmocka_unit_test(streams_have_fixed_keys),
        cmocka_unit_test(streams_differ_by_seed_and_by_name),
        cmocka_unit_test(uniform_fills_its_interval_evenly),
        cmocka_unit_test(numbers_follow_from_the_words_drawn),
        cmocka_unit_test(normal_has_the_moments_of_a_normal),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
