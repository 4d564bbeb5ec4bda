/* lstm_test.c -- the long short-term memory. */
#include "textbook.h"

static const char *cells[] = {"lstm", NULL};

/* 1000 steps of 16 units with constant pre-activations of i and f, and noise for g and o. */
static void run_gated(const rcc_cell *cell, double a_i, double a_f, rc_real c[16])
{
    rc_real gates[64], h[16];
    rcc_step s = {.rows = 1, .last = 1, .ld = 16, .in = {h, c}, .out = {h, c}};

    s.gates = (rcc_gates){.p = gates, .panel = 64, .row = 64, .per = 1, .gates = 4};
    for (int t = 0; t < 1000; t++) {
        rc_real next[16];

        for (int j = 0; j < 16; j++) {
            gates[j] = (rc_real)a_i;
            gates[16 + j] = (rc_real)a_f;
            gates[32 + j] = (rc_real)((t * 7 + j * 3) % 11 - 5);
            gates[48 + j] = (rc_real)((t * 5 + j) % 7 - 3);
        }
        s.out[1] = next;
        cell->stage[0].forward(&s);
        memcpy(c, next, sizeof next);
    }
}

static void forget_gate_1_and_input_gate_0_keep_the_cell_for_1000_steps(void **unused)
{
    (void)unused;

    for (int isa = 0; isa < RCB_ISA_COUNT; isa++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)isa, "lstm");
        rc_real c[16], first[16];

        if (!cell)
            continue;
        for (int j = 0; j < 16; j++)
            first[j] = c[j] = (rc_real)((j - 8) * 0.3141);
        for (int large = 1000; large <= 1000000; large *= 10) {
            run_gated(cell, -large, large, c);
            assert_memory_equal(c, first, sizeof c);
        }
    }
}

/* The slide that has the forget gate at 0 where it means to keep: this is what 0 does. */
static void forget_gate_0_loses_the_cell_in_one_step(void **unused)
{
    (void)unused;

    for (int isa = 0; isa < RCB_ISA_COUNT; isa++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)isa, "lstm");
        rc_real c[16];

        if (!cell)
            continue;
        for (int j = 0; j < 16; j++)
            c[j] = (rc_real)(j - 8);
        run_gated(cell, -1000, -1000, c);
        for (int j = 0; j < 16; j++)
            assert_true(c[j] == 0);
    }
}

static void forget_names_the_forget_gate(void **unused)
{
    (void)unused;

    const rcc_cell *cell = oracle_cell_for(RCB_ISA_plain, "lstm");

    assert_int_equal(rcc_forget_gate(cell), 1);
    assert_string_equal(cell->gate_name[1], "f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXTBOOK_TESTS(cells),
        cmocka_unit_test(forget_gate_1_and_input_gate_0_keep_the_cell_for_1000_steps),
        cmocka_unit_test(forget_gate_0_loses_the_cell_in_one_step),
        cmocka_unit_test(forget_names_the_forget_gate),
    };

    return cmocka_run_group_tests_name("lstm", tests, NULL, NULL);
}
