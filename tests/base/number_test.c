/* number_test.c -- reals are short, read back as themselves, and have a point in every locale. */
#define _GNU_SOURCE /* setenv */
#include "comma.h"

static const struct {
    double x;
    const char *text;
    const char *hex;
} cases[] = {
    {0, "0", "0x0p+0"},          {0.1, "0.1", "0x1.999999999999ap-4"},
    {1e300, "1e+300", NULL},     {0.002, "0.002", NULL},
    {-2.5, "-2.5", "-0x1.4p+1"}, {1.0 / 3, "0.3333333333333333", "0x1.5555555555555p-2"},
};

static void check_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rcb_buf b = {0};
        const char *end;

        CHECK_STATUS(rcb_buf_real(&b, cases[i].x), RC_OK);
        assert_string_equal(b.p, cases[i].text);
        assert_true(rcb_real_read(b.p, &end) == cases[i].x);
        assert_ptr_equal(end, b.p + b.n);
        rcb_buf_clear(&b);
        CHECK_STATUS(rcb_buf_hex(&b, cases[i].x), RC_OK);
        if (cases[i].hex)
            assert_string_equal(b.p, cases[i].hex);
        assert_true(rcb_real_read(b.p, &end) == cases[i].x);
        assert_ptr_equal(end, b.p + b.n);
        rcb_buf_free(&b);
    }
}

static void reals_are_short_and_read_back(void **unused)
{
    (void)unused;
    check_cases();
}

static void any_real_reads_back_as_itself(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int i = 0; i < 5000; i++) {
        const uint64_t bits = pick_bits();
        rcb_buf b = {0};
        const char *end;
        double x;

        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        CHECK_STATUS(rcb_buf_real(&b, x), RC_OK);
        CHECK_STATUS(rcb_buf_puts(&b, " "), RC_OK);
        assert_true(rcb_real_read(b.p, &end) == x);
        assert_ptr_equal(end, b.p + b.n - 1);
        CHECK_STATUS(rcb_buf_hex(&b, x), RC_OK);
        assert_true(rcb_real_read(end, &end) == x);
        assert_ptr_equal(end, b.p + b.n);
        rcb_buf_free(&b);
    }
}

static void any_float_reads_back_as_itself(void **unused)
{
    enum { N = 1000 };
    const char *at;
    rcb_buf b = {0};
    float x[N];

    (void)unused;
    (void)check_seed();
    for (int i = 0; i < N; i++) {
        do {
            const uint32_t bits = (uint32_t)pick_bits();
            memcpy(&x[i], &bits, sizeof x[i]);
        } while (!isfinite(x[i]));
    }
    CHECK_STATUS(rcb_buf_floats(&b, x, N), RC_OK);
    at = b.p;
    for (int i = 0; i < N; i++)
        assert_true((float)rcb_real_read(at, &at) == x[i]);
    assert_ptr_equal(at, b.p + b.n);
    rcb_buf_free(&b);
}

static void what_is_no_number_is_not_read(void **unused)
{
    static const char *const texts[] = {"", "x", ".", "-", ",5"};
    const char *end;

    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        (void)rcb_real_read(texts[i], &end);
        assert_ptr_equal(end, texts[i]);
    }
    assert_true(rcb_real_read("1,5", &end) == 1);
    assert_string_equal(end, ",5");
    assert_true(isinf(rcb_real_read("inf", &end)));
    assert_true(isnan(rcb_real_read("nan", &end)));
}

static void a_decimal_comma_changes_nothing(void **unused)
{
    const char *end;
    char text[16];

    (void)unused;
    if (!comma_begin())
        skip();
    check_cases();
    assert_true(rcb_real_read("1,5", &end) == 1);
    (void)snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5"); /* the program's own numbers are as it wants them */
    comma_end();
}

static rc_status write_some(void *unused)
{
    rcb_buf b = {0};
    rc_status s = rcb_buf_real(&b, 0.1);

    (void)unused;
    for (int i = 0; i < 10 && s == RC_OK; i++)
        s = rcb_buf_hex(&b, 0.1);
    rcb_buf_free(&b);
    return s;
}

static void failed_allocations_are_reported(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(write_some, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_are_short_and_read_back),
        cmocka_unit_test(any_real_reads_back_as_itself),
        cmocka_unit_test(any_float_reads_back_as_itself),
        cmocka_unit_test(what_is_no_number_is_not_read),
        cmocka_unit_test(a_decimal_comma_changes_nothing),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
