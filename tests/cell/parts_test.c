/* parts_test.c -- which gates have rows in which weight, and what recurrent weights multiply. */
#include "check.h"
#include "oracle_cell.h"

static const rcc_cell *named(const char *name)
{
    const rcc_cell *cell = rcc_find(name);

    assert_non_null(cell);
    return cell;
}

static void check_blocks(const char *name, rcc_part part, int count, const int want[])
{
    int gates[RCC_PRODUCTS], sum = 0;

    assert_int_equal(rcc_blocks(named(name), part, gates), count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(gates[i], want[i]);
        sum += gates[i];
    }
    assert_int_equal(rcc_part_gates(named(name), part), sum);
}

static void a_cell_of_one_product_has_all_gates_everywhere(void **unused)
{
    (void)unused;

    for (int part = RCC_W; part <= RCC_C; part++)
        check_blocks("lstm", (rcc_part)part, 1, (const int[]){4});
    for (int part = RCC_W; part <= RCC_C; part++)
        check_blocks("gru-before", (rcc_part)part, 2, (const int[]){2, 1});
}

static void gates_without_a_part_have_no_rows_there(void **unused)
{
    (void)unused;

    check_blocks("mut1", RCC_W, 3, (const int[]){1, 1, 1});
    check_blocks("mut1", RCC_B, 3, (const int[]){1, 1, 1});
    check_blocks("mut1", RCC_U, 2, (const int[]){1, 1});
    check_blocks("mut1", RCC_C, 3, (const int[]){0, 1, 1});
    check_blocks("dt", RCC_W, 2, (const int[]){1, 0});
    check_blocks("dt", RCC_C, 2, (const int[]){1, 1});
    check_blocks("mingru", RCC_W, 1, (const int[]){2});
    check_blocks("mingru", RCC_C, 1, (const int[]){0});
    assert_int_equal(rcc_part_gates(named("mingru"), RCC_U), 0);
    /* two stages go on with the gates of the first, and biases are among the vectors */
    check_blocks("lstm-ln", RCC_W, 3, (const int[]){4, 0, 0});
    check_blocks("lstm-ln", RCC_B, 3, (const int[]){0, 0, 0});
    check_blocks("lstm-ln", RCC_U, 1, (const int[]){4});
    check_blocks("lstm-ln", RCC_C, 3, (const int[]){0, 0, 0});
}

static void every_product_has_a_block_of_its_own(void **unused)
{
    (void)unused;
    rcc_product product[RCC_PRODUCTS];
    const int v[] = {RCC_V_STATE, RCC_V_STATE, RCC_V_STATE + 2, RCC_V_STATE + 3, RCC_V_STATE + 4};

    check_blocks("dt-s", RCC_U, 3, (const int[]){1, 1, 1});
    check_blocks("lstm-fgr", RCC_U, 5, (const int[]){1, 3, 3, 3, 3});
    check_blocks("lstm-fgr", RCC_C, 2, (const int[]){1, 3});
    assert_int_equal(rcc_products(named("lstm-fgr"), product), 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(product[i].stage, i > 0);
        assert_int_equal(product[i].v, v[i]);
    }
    assert_int_equal(rcc_products(named("sru"), product), 0);
}

/* What is narrow comes last, has no W, and every weight is of products with one width. */
static void check_widths(const rcc_cell *cell)
{
    const rcc_widths widths = {7, 3};
    rcc_product product[RCC_PRODUCTS];
    const int products = rcc_products(cell, product);

    assert_int_equal(cell->narrow != 0, rcc_part_gates(cell, RCC_R) > 0);
    for (int p = 0; p < products; p++) {
        const bool narrow = cell->stage[product[p].stage].narrow;

        assert_int_equal(rcc_v_width(cell, product[p].v, widths),
                         rcc_columns(cell, narrow ? RCC_R : RCC_U, widths));
        assert_true(p == 0 || narrow || !cell->stage[product[p - 1].stage].narrow);
    }
    for (int s = 0; s < cell->stages; s++)
        assert_true(!cell->stage[s].narrow || cell->stage[s].no_x);
}

static void a_projection_is_a_weight_of_its_own(void **unused)
{
    (void)unused;
    const rcc_cell *cell = named("lstm-proj");
    const rcc_widths widths = {7, 3};
    rcc_product product[RCC_PRODUCTS];

    check_blocks("lstm-proj", RCC_W, 2, (const int[]){4, 0});
    check_blocks("lstm-proj", RCC_B, 2, (const int[]){4, 0});
    check_blocks("lstm-proj", RCC_C, 2, (const int[]){4, 0});
    check_blocks("lstm-proj", RCC_U, 1, (const int[]){4});
    check_blocks("lstm-proj", RCC_R, 1, (const int[]){1});
    assert_int_equal(rcc_products(cell, product), 2);
    assert_int_equal(product[0].block, 0);
    assert_int_equal(product[1].block, 0);
    assert_int_equal(rcc_columns(cell, RCC_U, widths), 3);
    assert_int_equal(rcc_columns(cell, RCC_R, widths), 7);
    assert_int_equal(rcc_states_width(cell, widths), 3 + 7);
    assert_int_equal(rcc_columns(named("lstm"), RCC_U, widths), 7);
    assert_int_equal(rcc_columns(named("lstm"), RCC_R, widths), 0);
}

static void every_cell_fits(void **unused)
{
    (void)unused;
    const rcc_cell *cell;

    for (size_t i = 0; (cell = rcc_at(i)); i++) {
        int products = 0;

        for (int s = 0; s < cell->stages; s++) {
            assert_true(cell->stage[s].v != RCC_NO_V || cell->stage[s].others == 0);
            assert_in_range(cell->stage[s].others, 0, RCC_OTHERS);
            products += (cell->stage[s].v != RCC_NO_V) + cell->stage[s].others;
        }
        assert_in_range(products, 0, RCC_PRODUCTS);
        assert_in_range(cell->vectors, 0, RCC_VECTORS);
        assert_in_range(cell->sums, 0, RCC_SUMS);
        assert_true(rcc_part_gates(cell, RCC_W) > 0);
        for (int g = 0; g < cell->gates; g++)
            assert_int_equal(oracle_gate_at(cell, RCC_B, g),
                             cell->no_bias || g >= rcc_part_gates(cell, RCC_B) ? -1 : g);
        check_widths(cell);
    }
}

static void a_memory_is_the_state_called_c(void **unused)
{
    (void)unused;

    assert_int_equal(rcc_memory(named("lstm")), 1);
    assert_int_equal(rcc_memory(named("lstm-fgr")), 1);
    assert_int_equal(rcc_memory(named("qrnn")), 1);
    assert_int_equal(rcc_memory(named("gru")), -1);
    assert_int_equal(rcc_memory(named("clockwork")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_of_one_product_has_all_gates_everywhere),
        cmocka_unit_test(gates_without_a_part_have_no_rows_there),
        cmocka_unit_test(every_product_has_a_block_of_its_own),
        cmocka_unit_test(a_projection_is_a_weight_of_its_own),
        cmocka_unit_test(every_cell_fits),
        cmocka_unit_test(a_memory_is_the_state_called_c),
    };

    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
