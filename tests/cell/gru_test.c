/* gru_test.c -- the gated recurrent unit, reset after the recurrent product. */
#include "textbook.h"

static const char *cells[] = {"gru", NULL};

static void update_gate_1_keeps_the_state_bit_for_bit(void **unused)
{
    (void)unused;
    oracle_cell_keeps_state(check_seed(), "gru", 1);
}

/* With U_n = 0 and c_n = 0 the reset gate has nothing to reset: both GRUs are the same. */
static void without_a_recurrent_candidate_the_place_of_the_reset_does_not_matter(void **unused)
{
    (void)unused;

    const rcc_cell *after = oracle_cell_for(RCB_ISA_plain, "gru");
    const rcc_cell *before = oracle_cell_for(RCB_ISA_plain, "gru-before");
    oracle_case *k = oracle_case_new(check_seed(), after, 4, 19);
    oracle_result *a = oracle_result_new(k), *b = oracle_result_new(k);

    memset(k->u + 2 * 19 * 19, 0, 19 * 19 * sizeof *k->u);
    for (int64_t r = 0; r < 4; r++)
        memset(k->c + (r * 3 + 2) * 19, 0, 19 * sizeof *k->c);
    oracle_case_run(k, after, (oracle_how){0}, a);
    oracle_case_run(k, before, (oracle_how){0}, b);
    for (int64_t i = 0; i < 4 * 19; i++)
        assert_true(fabs(a->out[0][i] - b->out[0][i]) < 1e-6);
    oracle_result_free(a);
    oracle_result_free(b);
    oracle_case_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXTBOOK_TESTS(cells),
        cmocka_unit_test(update_gate_1_keeps_the_state_bit_for_bit),
        cmocka_unit_test(without_a_recurrent_candidate_the_place_of_the_reset_does_not_matter),
    };

    return cmocka_run_group_tests_name("gru", tests, NULL, NULL);
}
