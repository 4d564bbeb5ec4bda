/* table_test.c -- the lists of cells: all instruction sets agree, and every descriptor is sound. */
#include "check.h"
#include "oracle_cell.h"

/* Every cell of every instruction set of this build. */
#define FOR_EACH_CELL(cell)                                                                        \
    for (int isa_ = 0; isa_ < RCB_ISA_COUNT; isa_++)                                               \
        for (size_t i_ = 0; ((cell) = rcc_at_isa((rcb_isa)isa_, i_)); i_++)

static void same_stage(const rcc_stage *a, const rcc_stage *b)
{
    assert_int_equal(a->gates, b->gates);
    assert_int_equal(a->v, b->v);
    assert_int_equal(a->apart, b->apart);
    assert_int_equal(a->narrow, b->narrow);
}

static void lists_of_all_instruction_sets_agree(void **unused)
{
    (void)unused;

    for (int isa = 0; isa < RCB_ISA_COUNT; isa++) {
        const rcc_cell *a, *b;

        if (!rcc_at_isa((rcb_isa)isa, 0))
            continue;
        for (size_t i = 0; (a = rcc_at_isa(RCB_ISA_plain, i)); i++) {
            b = rcc_at_isa((rcb_isa)isa, i);
            assert_non_null(b);
            assert_string_equal(a->name, b->name);
            assert_string_equal(a->title, b->title);
            assert_string_equal(a->equations, b->equations);
            assert_int_equal(a->states, b->states);
            assert_int_equal(a->narrow, b->narrow);
            assert_int_equal(a->gates, b->gates);
            assert_int_equal(a->stages, b->stages);
            assert_int_equal(a->aux, b->aux);
            assert_int_equal(a->keep, b->keep);
            assert_int_equal(a->vectors, b->vectors);
            assert_int_equal(a->update != NULL, b->update != NULL);
            assert_int_equal(a->reset != NULL, b->reset != NULL);
            assert_int_equal(a->keeps != NULL, b->keeps != NULL);
            if (a->keeps)
                assert_string_equal(a->keeps, b->keeps);
            assert_int_equal(a->identity, b->identity);
            for (int s = 0; s < a->stages; s++)
                same_stage(&a->stage[s], &b->stage[s]);
        }
        for (size_t i = 0; rcc_at_isa((rcb_isa)isa, i); i++)
            assert_non_null(rcc_at_isa(RCB_ISA_plain, i));
    }
}

static void names_are_unique(void **unused)
{
    (void)unused;

    const rcc_cell *a, *b;

    for (size_t i = 0; (a = rcc_at_isa(RCB_ISA_plain, i)); i++)
        for (size_t j = i + 1; (b = rcc_at_isa(RCB_ISA_plain, j)); j++)
            assert_string_not_equal(a->name, b->name);
}

static void every_cell_has_words_for_lists(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell) {
        assert_true(strlen(cell->name) > 0 && strlen(cell->title) > 0);
        assert_true(strlen(cell->paper) > 0 && strlen(cell->equations) > 0);
        assert_null(strpbrk(cell->title, "\n"));
        assert_null(strpbrk(cell->paper, "\n"));
    }
}

static void every_gate_stands_in_the_equations(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell)
        for (int g = 0; g < cell->gates; g++) {
            const char letters[] = "WbUc";
            const rcc_part part[] = {RCC_W, RCC_B, RCC_C, RCC_C};

            assert_non_null(cell->gate_name[g]);
            for (int l = 0; letters[l]; l++) {
                char want[16];

                if (oracle_gate_at(cell, part[l], g) < 0)
                    continue;

                snprintf(want, sizeof want, "%c_%s", letters[l], cell->gate_name[g]);
                if (!strstr(cell->equations, want))
                    fail_msg("cell '%s': no %s in its equations", cell->name, want);
            }
        }
}

static void stages_add_up_to_the_gates(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell) {
        int gates = 0;

        assert_in_range(cell->stages, 1, RCC_STAGES);
        for (int s = 0; s < cell->stages; s++) {
            const rcc_stage *stage = &cell->stage[s];

            assert_non_null(stage->forward);
            assert_non_null(stage->backward);
            if (stage->goes_on) {
                assert_true(s > 0 && stage->gates == 0 && stage->v == RCC_NO_V);
                assert_int_equal(stage->others, 0);
            } else
                assert_in_range(stage->gates, 1, RCC_GATES);
            assert_int_equal(stage->apart >> stage->gates, 0);
            gates += stage->gates;
        }
        assert_int_equal(gates, cell->gates);
        assert_in_range(cell->gates, 1, RCC_GATES);
        for (int g = cell->gates; g < RCC_GATES; g++)
            assert_null(cell->gate_name[g]);
    }
}

/* Gates of narrow stages have no W, b or c to be found by. */
static void every_projection_stands_in_the_equations(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell)
        for (int s = 0, first = 0; s < cell->stages; first += cell->stage[s++].gates)
            for (int g = first; cell->stage[s].narrow && g < first + cell->stage[s].gates; g++) {
                char want[16];

                snprintf(want, sizeof want, "U_%s", cell->gate_name[g]);
                if (!strstr(cell->equations, want))
                    fail_msg("cell '%s': no %s in its equations", cell->name, want);
            }
}

/* v of the first stage is a state; of a later one a state or a vector between stages. */
static void every_v_is_there_when_it_is_read(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell)
        for (int s = 0; s < cell->stages; s++) {
            const int v = cell->stage[s].v;

            if (v >= RCC_V_AUX) {
                assert_true(s > 0);
                assert_true(v - RCC_V_AUX < cell->aux);
            } else if (v != RCC_NO_V)
                assert_true(v >= RCC_V_STATE && v < RCC_V_STATE + cell->states);
        }
}

static void state_0_is_h_and_all_states_have_names(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell) {
        assert_in_range(cell->states, 1, RCC_STATES);
        assert_in_range(cell->aux, 0, RCC_AUX);
        assert_string_equal(cell->state_name[0], "h");
        for (int i = 0; i < RCC_STATES; i++)
            assert_int_equal(cell->state_name[i] != NULL, i < cell->states);
    }
}

static void every_vector_stands_in_the_equations(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell)
        for (int i = 0; i < RCC_VECTORS; i++) {
            assert_int_equal(cell->vector_name[i] != NULL, i < cell->vectors);
            if (i < cell->vectors && !strstr(cell->equations, cell->vector_name[i]))
                fail_msg("cell '%s': no %s in its equations", cell->name, cell->vector_name[i]);
        }
}

static bool is_keeper(const char *name)
{
    return strchr("fztoi", name[0]) != NULL;
}

/* What the letters say is what the equations do with the gate: in every line of a state, f * and
 * z * are shares of what stays or comes. */
static void gates_that_keep_have_letters(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell) {
        const int forget = rcc_forget_gate(cell);

        if (forget >= 0)
            assert_string_equal(cell->gate_name[forget], "f");
        if (!cell->keeps)
            continue;
        assert_int_equal(strlen(cell->keeps), cell->gates);
        assert_int_equal(strspn(cell->keeps, "+-."), cell->gates);
        for (int g = 0; g < cell->gates; g++) {
            assert_true(cell->keeps[g] == '.' || is_keeper(cell->gate_name[g]));
            if (cell->keeps[g] != '.' && cell->no_bias)
                assert_true(rcc_bias_vector(cell, g) >= 0);
        }
        if (cell->update)
            assert_true((strchr(cell->keeps, '+') != NULL) ==
                        (strstr(cell->update, "share of the old") != NULL));
    }
}

static void every_cell_has_a_textbook(void **unused)
{
    (void)unused;

    const rcc_cell *cell;

    FOR_EACH_CELL(cell)
        if (!oracle_cell_of(cell->name))
            fail_msg("tests/oracle_cell.c has no step for cell '%s'", cell->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_all_instruction_sets_agree),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(every_cell_has_words_for_lists),
        cmocka_unit_test(every_gate_stands_in_the_equations),
        cmocka_unit_test(every_projection_stands_in_the_equations),
        cmocka_unit_test(stages_add_up_to_the_gates),
        cmocka_unit_test(every_v_is_there_when_it_is_read),
        cmocka_unit_test(state_0_is_h_and_all_states_have_names),
        cmocka_unit_test(every_vector_stands_in_the_equations),
        cmocka_unit_test(gates_that_keep_have_letters),
        cmocka_unit_test(every_cell_has_a_textbook),
    };

    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
