/* sgru_test.c -- the simplified gated recurrent unit. */
#include "check.h"
#include "oracle_cell.h"

static void sgru_matches_textbook_forward_and_back(void **unused)
{
    (void)unused;
    oracle_cell_matches_textbook(check_seed(), "sgru");
}

static void sgru_may_be_cut_by_rows_and_units(void **unused)
{
    (void)unused;
    oracle_cell_ignores_cuts(check_seed(), "sgru");
}

static void sgru_has_the_same_bits_on_avx2_and_avx512(void **unused)
{
    (void)unused;
    oracle_cell_has_one_set_of_bits(check_seed(), "sgru");
}

static void update_gate_1_keeps_the_state_bit_for_bit(void **unused)
{
    (void)unused;
    oracle_cell_keeps_state(check_seed(), "sgru", 0);
}

static void negated_update_weights_give_the_lectures_form(void **unused)
{
    (void)unused;
    oracle_cell_follows_lecture(check_seed(), "sgru", oracle_sgru_lecture, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgru_matches_textbook_forward_and_back),
        cmocka_unit_test(sgru_may_be_cut_by_rows_and_units),
        cmocka_unit_test(sgru_has_the_same_bits_on_avx2_and_avx512),
        cmocka_unit_test(update_gate_1_keeps_the_state_bit_for_bit),
        cmocka_unit_test(negated_update_weights_give_the_lectures_form),
    };

    return cmocka_run_group_tests_name("sgru", tests, NULL, NULL);
}
