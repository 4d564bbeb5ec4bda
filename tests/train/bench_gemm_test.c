/* bench_gemm_test.c -- the products that are measured: the same for every instruction set, of the
 * sizes that the options make. (That they stay within their operands is seen by the sanitizer.) */
#include "bench_rows.h"

static void every_set_up_to_the_one_in_use_has_the_same_products(void **unused)
{
    (void)unused;
    bench_rows r = {0};
    const rc_bench_options o = bench_small("gemm");
    int sets = 0;

    CHECK_STATUS(rc_bench("gemm", &o, bench_keep, &r), RC_OK);
    for (int i = 0; i < r.n; i++)
        sets += i == 0 || strcmp(r.row[i].isa, r.row[i - 1].isa) != 0;
    assert_string_equal(r.row[0].isa, rck->name);
    assert_string_equal(r.row[r.n - 1].isa, "plain");
    assert_int_equal(r.n % sets, 0);
    const int each = r.n / sets;
    for (int i = each; i < r.n; i++) {
        assert_string_equal(r.name[i], r.name[i % each]);
        assert_true(r.row[i].flops == r.row[i % each].flops);
    }
}

static void sizes_are_those_of_the_options(void **unused)
{
    (void)unused;
    const char *const cells[] = {"lstm", "gru", "gru-before", "tanh", "lstm-proj"};
    const double gates[] = {4, 3, 2, 1, 4};      /* of the first stage */
    const double reads[] = {19, 19, 19, 19, 10}; /* numbers that a layer gives */

    for (size_t k = 0; k < 5; k++) {
        bench_rows r = {0};
        rc_bench_options o = bench_small("gemm");

        o.cell = cells[k];
        o.hidden = 19;
        o.vocab = 70;
        CHECK_STATUS(rc_bench("gemm", &o, bench_keep, &r), RC_OK);
        for (int i = 0; i < r.n; i++) {
            const bool softmax = strncmp(r.name[i], "softmax", 7) == 0;
            const double a_row = 2 * reads[k] * (softmax ? 70 : gates[k] * 19);
            const double rows = r.row[i].flops / a_row;
            assert_true(rows == 1 || rows == 2 || rows == 3 || rows == 21);
            assert_int_equal(r.row[i].reads > 0, rows <= 2);
        }
    }
}

static rc_status measure(void *ctx)
{
    bench_rows r = {0};

    return rc_bench("gemm", ctx, bench_keep, &r);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    rc_bench_options o = bench_small("gemm");

    CHECK_EACH_ALLOCATION(measure, &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_up_to_the_one_in_use_has_the_same_products),
        cmocka_unit_test(sizes_are_those_of_the_options),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("bench_gemm", tests, NULL, NULL);
}
