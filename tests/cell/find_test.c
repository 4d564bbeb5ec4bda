/* find_test.c -- cells by name and number. */
#include "check.h"
#include "cell/cell.h"

static int select_kernels(void **unused)
{
    (void)unused;

    return rck_select() == RC_OK ? 0 : -1;
}

static void every_cell_is_found_by_its_name(void **unused)
{
    (void)unused;

    const rcc_cell *cell;
    size_t count = 0;

    for (; (cell = rcc_at(count)); count++)
        assert_ptr_equal(rcc_find(cell->name), cell);
    assert_true(count > 0);
}

static void the_cells_of_the_lectures_are_there(void **unused)
{
    (void)unused;

    const char *const names[] = {"tanh", "relu", "irnn", "sgru", "gru", "gru-before", "lstm"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const rcc_cell *cell = rcc_find(names[i]);

        assert_non_null(cell);
        assert_string_equal(cell->name, names[i]);
    }
}

static void unknown_names_are_not_found(void **unused)
{
    (void)unused;

    const char *const names[] = {"", "LSTM", "lst", "lstms", "gru_before", " gru", "plain"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(rcc_find(names[i]));
}

static void past_the_end_is_nothing(void **unused)
{
    (void)unused;

    size_t count = 0;

    while (rcc_at(count))
        count++;
    assert_null(rcc_at(count));
    assert_null(rcc_at(count + 1));
    assert_null(rcc_at(SIZE_MAX));
    for (int isa = 0; isa < RCB_ISA_COUNT; isa++)
        assert_null(rcc_at_isa((rcb_isa)isa, count));
}

static void cells_in_use_are_those_of_the_instruction_set_in_use(void **unused)
{
    (void)unused;

    rcb_isa isa;

    assert_int_equal(rcb_isa_pick(&isa), RC_OK);
    assert_string_equal(rck->name, rcb_isa_name(isa));
    for (size_t i = 0; rcc_at(i); i++)
        assert_ptr_equal(rcc_at(i), rcc_at_isa(isa, i));
}

static void every_set_of_this_build_has_its_own_functions(void **unused)
{
    (void)unused;

    const rcc_cell *plain = rcc_at_isa(RCB_ISA_plain, 0);

    assert_non_null(plain);
    for (int isa = RCB_ISA_plain + 1; isa < RCB_ISA_COUNT; isa++) {
        const rcc_cell *cell = rcc_at_isa((rcb_isa)isa, 0);

        if (cell)
            assert_true(cell->stage[0].forward != plain->stage[0].forward);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_found_by_its_name),
        cmocka_unit_test(the_cells_of_the_lectures_are_there),
        cmocka_unit_test(unknown_names_are_not_found),
        cmocka_unit_test(past_the_end_is_nothing),
        cmocka_unit_test(cells_in_use_are_those_of_the_instruction_set_in_use),
        cmocka_unit_test(every_set_of_this_build_has_its_own_functions),
    };

    return cmocka_run_group_tests_name("find", tests, select_kernels, NULL);
}
