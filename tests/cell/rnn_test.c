/* rnn_test.c -- the plain recurrent cells: tanh, relu, irnn; and none. */
#include "textbook.h"

static const char *cells[] = {"tanh", "relu", "irnn", "none", NULL};

/* One row of 16 units through a one-gate cell, forward and back. */
static void step_one_gate(const rcc_cell *cell, rc_real a[16], rc_real out[16],
                          const rc_real d_out[16])
{
    rc_real d_in[16] = {0};
    rcc_step s = {.rows = 1, .last = 1, .ld = 16, .out = {out}, .d_out = {d_out}, .d_in = {d_in}};

    s.gates = (rcc_gates){.p = a, .panel = 16, .row = 16, .per = 1, .gates = 1};
    cell->stage[0].forward(&s);
    cell->stage[0].backward(&s);
}

static void not_a_number_passes_through_relu_and_back(void **unused)
{
    (void)unused;

    for (int isa = 0; isa < RCB_ISA_COUNT; isa++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)isa, "relu");
        rc_real a[16] = {(rc_real)NAN, -1, 2, 0, (rc_real)INFINITY, -(rc_real)INFINITY};
        rc_real out[16], d_out[16];

        if (!cell)
            continue;
        for (int j = 0; j < 16; j++)
            d_out[j] = (rc_real)(j + 1);
        step_one_gate(cell, a, out, d_out);
        assert_true(isnan(out[0]));
        assert_true(out[1] == 0 && out[2] == 2 && out[3] == 0);
        assert_true(out[4] == (rc_real)INFINITY && out[5] == 0);
        assert_true(a[0] == 1 && a[1] == 0 && a[2] == 3 && a[3] == 0 && a[4] == 5 && a[5] == 0);
    }
}

/* With U = I and no input the pre-activation is the state itself: a positive state stays. */
static void identity_weights_keep_a_positive_state_for_1000_steps(void **unused)
{
    (void)unused;

    for (int isa = 0; isa < RCB_ISA_COUNT; isa++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)isa, "irnn");
        rc_real a[16], h[16], first[16];
        const rc_real d_out[16] = {0};

        if (!cell)
            continue;
        assert_true(cell->identity);
        for (int j = 0; j < 16; j++)
            first[j] = h[j] = (rc_real)(0.1 + 0.37 * j);
        for (int t = 0; t < 1000; t++) {
            memcpy(a, h, sizeof a);
            step_one_gate(cell, a, h, d_out);
        }
        assert_memory_equal(h, first, sizeof h);
    }
}

static void tanh_is_twice_the_sigmoid_of_twice_less_one(void **unused)
{
    (void)unused;

    for (int isa = 0; isa < RCB_ISA_COUNT; isa++) {
        const rcc_cell *cell = oracle_cell_for((rcb_isa)isa, "tanh");
        const rc_real d_out[16] = {0};

        if (!cell)
            continue;
        for (int at = -40; at < 40; at++) {
            rc_real a[16], out[16];
            double x[16];

            for (int j = 0; j < 16; j++)
                x[j] = (double)(a[j] = (rc_real)((at * 16 + j) / 64.0));
            step_one_gate(cell, a, out, d_out);
            for (int j = 0; j < 16; j++)
                assert_true(fabs((double)out[j] - (2.0 / (1.0 + exp(-2.0 * x[j])) - 1.0)) < 4e-7);
        }
    }
}

/* c(rows, panels) = or += x(rows, K) times the logical weight w(units, K) of row stride ld. */
static void multiply(const rck_table *t, int64_t rows, const rc_real *x, const rc_real *w,
                     int64_t ld, int64_t units, int64_t K, bool add, rc_real *c)
{
    const rck_panel p = rck_panel_of(units, 1, K);
    rc_real *packed = guard_new(rck_panel_size(&p));
    const rck_gemm g = {
        .rows = rows,
        .chunks = 1,
        .kc = K,
        .klast = K,
        .a = x,
        .a_row = K,
        .a_k = 1,
        .b = packed,
        .b_k = p.cols,
        .b_panel = K * p.cols,
        .c = c,
        .c_row = p.cols,
        .c_panel = rows * p.cols,
        .panels = p.count,
        .cols = p.cols,
        .cols_last = p.last,
        .add = add,
    };

    t->pack(&p, w, ld, packed, 0, p.count);
    t->gemm(&g);
    guard_free(packed);
}

/* One matrix [W, U] on [x, h], as the lectures have it, and W on x plus U on h. */
static void concatenated_form_has_the_bits_of_the_split_form(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        const rcb_isa isa = (rcb_isa)(trial % RCB_ISA_COUNT);
        const rck_table *t = rcb_isa_here(isa) ? rck_table_of(isa) : NULL;
        const int64_t B = pick(1, 9), D = pick(1, 70), H = pick(1, 70), K = D + H;
        const rck_panel p = rck_panel_of(H, 1, B);

        if (!t)
            continue;
        rc_real *x = guard_new(B * D), *h = guard_new(B * H), *both = guard_new(B * K);
        rc_real *w = guard_new(H * K);
        rc_real *split = guard_new(rck_panel_size(&p)), *whole = guard_new(rck_panel_size(&p));

        fill_real(x, B * D);
        fill_real(h, B * H);
        fill_real(w, H * K);
        memset(split, 0, (size_t)rck_panel_size(&p) * sizeof *split);
        memset(whole, 0, (size_t)rck_panel_size(&p) * sizeof *whole);
        for (int64_t r = 0; r < B; r++) {
            memcpy(both + r * K, x + r * D, (size_t)D * sizeof *x);
            memcpy(both + r * K + D, h + r * H, (size_t)H * sizeof *h);
        }
        multiply(t, B, both, w, K, H, K, false, whole);
        multiply(t, B, x, w, K, H, D, false, split);
        multiply(t, B, h, w + D, K, H, H, true, split);
        assert_memory_equal(split, whole, (size_t)rck_panel_size(&p) * sizeof *split);
        guard_free(x);
        guard_free(h);
        guard_free(both);
        guard_free(w);
        guard_free(split);
        guard_free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXTBOOK_TESTS(cells),
        cmocka_unit_test(not_a_number_passes_through_relu_and_back),
        cmocka_unit_test(identity_weights_keep_a_positive_state_for_1000_steps),
        cmocka_unit_test(tanh_is_twice_the_sigmoid_of_twice_less_one),
        cmocka_unit_test(concatenated_form_has_the_bits_of_the_split_form),
    };

    return cmocka_run_group_tests_name("rnn", tests, NULL, NULL);
}
