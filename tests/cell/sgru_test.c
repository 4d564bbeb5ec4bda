/* sgru_test.c -- the simplified gated recurrent unit. */
#include "textbook.h"

static const char *cells[] = {"sgru", NULL};

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
        TEXTBOOK_TESTS(cells),
        cmocka_unit_test(update_gate_1_keeps_the_state_bit_for_bit),
        cmocka_unit_test(negated_update_weights_give_the_lectures_form),
    };

    return cmocka_run_group_tests_name("sgru", tests, NULL, NULL);
}
