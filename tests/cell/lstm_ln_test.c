/* lstm_ln_test.c -- the layer-normalised LSTM. */
#include "check.h"
#include "oracle_cell.h"

static void lstm_ln_matches_textbook_forward_and_back(void **unused)
{
    (void)unused;
    oracle_cell_matches_textbook(check_seed(), "lstm-ln");
}

static void lstm_ln_may_be_cut_by_rows_and_units(void **unused)
{
    (void)unused;
    oracle_cell_ignores_cuts(check_seed(), "lstm-ln");
}

static void lstm_ln_has_the_same_bits_on_avx2_and_avx512(void **unused)
{
    (void)unused;
    oracle_cell_has_one_set_of_bits(check_seed(), "lstm-ln");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lstm_ln_matches_textbook_forward_and_back),
        cmocka_unit_test(lstm_ln_may_be_cut_by_rows_and_units),
        cmocka_unit_test(lstm_ln_has_the_same_bits_on_avx2_and_avx512),
    };

    return cmocka_run_group_tests_name("lstm-ln", tests, NULL, NULL);
}
