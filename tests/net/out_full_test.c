/* out_full_test.c -- the full softmax is a distribution with the right gradients. */
#include "outputs.h"

static void the_full_softmax_is_a_distribution_with_its_gradient(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind("full", NULL);
}

static void the_full_softmax_has_the_same_bits_for_any_number_of_threads(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind_at_large("full", NULL);
}

static void its_rows_are_symbol_vectors(void **unused)
{
    (void)unused;
    rcn_output_plan plan = {.kind = "full", .V = 5, .H = 3, .tied = true};
    layer l;

    layer_open(&l, &plan, 1, 1);
    assert_string_equal(l.ps.p[l.o.vectors].name, "out.weight");
    assert_int_equal(l.ps.n, 2);
    layer_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_softmax_is_a_distribution_with_its_gradient),
        cmocka_unit_test(the_full_softmax_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(its_rows_are_symbol_vectors),
    };
    return cmocka_run_group_tests_name("out_full", tests, NULL, NULL);
}
