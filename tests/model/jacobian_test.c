/* jacobian_test.c -- Jacobians and half-lives of cells for which they are known in closed form. */
#include "model/toy.h"

enum { STEPS = 30 };

static rc_xray *xray(const rc_model *m, int64_t exact)
{
    rc_xray_options o = rc_xray_options_default();
    rc_xray *x;
    char text[2000];

    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = "to be or not to be\n"[i % 19];
    text[sizeof text - 1] = '\0';
    o.steps = STEPS;
    o.windows = 3;
    o.exact = exact;
    o.threads = 1;
    CHECK_STATUS(rc_model_xray(&x, m, toy_file("text", text), &o), RC_OK);
    assert_int_equal(x->layers, 1);
    assert_int_equal(x->steps, STEPS);
    assert_int_equal(x->windows, 3);
    return x;
}

/* With weights of zero an LSTM only forgets: dh_T / dc_k = o f^(T-k), whose half-life is
 * ln 2 / -ln f. */
static void a_cell_that_only_forgets_has_the_half_life_of_its_gate(void **unused)
{
    (void)unused;
    static const char *const bias[] = {"-1", "1", "3"};

    for (int i = 0; i < 3; i++) {
        rc_model *m = TOY("cell", "lstm", "hidden", "9", "init", "zero", "forget-bias", bias[i]);
        const double f = 1 / (1 + exp(-strtod(bias[i], NULL)));

        for (int64_t exact = 4; exact < 20; exact += 12) {
            rc_xray *x = xray(m, exact);
            const rc_xray_layer *l = &x->layer[0];

            assert_int_equal(l->exact, exact >= 9);
            assert_string_equal(l->memory, "c");
            for (int64_t k = 0; k < l->units; k++)
                CHECK_NEAR(l->half_life[k], log(2) / -log(f), 1e-3);
            for (size_t p = 0; p < l->jacobians; p++)
                CHECK_NEAR(l->jacobian[p].rms, 0, 1e-12); /* h leads to nothing */
            assert_int_equal(l->matrices, 4);
            CHECK_NEAR(l->matrix[1].radius, 0, 0);
            CHECK_NEAR(l->gate[1].mean, f, 1e-6);
            rc_xray_free(x);
        }
        rc_model_free(m);
    }
}

/* The identity turns no change away where all units are above zero. */
static void the_identity_keeps_every_change(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "irnn", "hidden", "6", "init", "identity:1,*bias*=constant:0.1");

    for (int64_t exact = 3; exact < 10; exact += 6) {
        rc_xray *x = xray(m, exact);
        const rc_xray_layer *l = &x->layer[0];
        static const int64_t distance[] = {1, 2, 5, 10, 20, 29};

        assert_int_equal(l->jacobians, 6);
        for (size_t p = 0; p < 6; p++) {
            assert_int_equal(l->jacobian[p].distance, distance[p]);
            CHECK_NEAR(l->jacobian[p].rms, 1, 1e-5);
            if (exact >= 6) {
                CHECK_NEAR(l->jacobian[p].largest, 1, 1e-5);
                CHECK_NEAR(l->jacobian[p].median, 1, 1e-5);
                CHECK_NEAR(l->jacobian[p].smallest, 1, 1e-5);
            } else {
                assert_true(isnan(l->jacobian[p].largest));
            }
        }
        for (int64_t k = 0; k < 6; k++)
            assert_true(isinf(l->half_life[k]));
        rc_xray_free(x);
    }
    rc_model_free(m);
}

/* J = product of diag(1 - h^2) U, by hand from the states of a trace. */
static void jacobians_of_tanh_are_those_of_the_textbook(void **unused)
{
    (void)unused;
    enum { H = 7 };
    (void)check_seed();
    rc_model *m = TOY("cell", "tanh", "hidden", "7");
    rc_xray_options o = rc_xray_options_default();
    rc_xray *x;
    rc_trace *t;
    rc_real u[H * H];
    const char *text = TOY_TEXT;

    o.windows = 1;
    o.steps = STEPS;
    CHECK_STATUS(rc_model_xray(&x, m, toy_file("text", text), &o), RC_OK);
    CHECK_STATUS(rc_model_trace(&t, m, text, strlen(text), 0, "h", 1), RC_OK);
    CHECK_STATUS(rc_model_read(m, "rnn.weight_hh_l0", u, H * H), RC_OK);
    double j[H * H] = {0}, copy[H * H], value[H];
    for (int i = 0; i < H; i++)
        j[i * H + i] = 1;
    /* a window reads the boundary and then all but its last symbol: h_T is row STEPS - 2 */
    for (int64_t d = 1, p = 0; d < STEPS; d++) {
        const rc_real *h = t->x + (STEPS - 2 - (d - 1)) * H; /* of step T - d + 1 */
        double next[H * H] = {0};

        for (int i = 0; i < H; i++)
            for (int k = 0; k < H; k++)
                for (int q = 0; q < H; q++)
                    next[i * H + q] +=
                        j[i * H + k] * (1 - (double)h[k] * (double)h[k]) * (double)u[k * H + q];
        memcpy(j, next, sizeof j);
        if (x->layer[0].jacobian[p].distance != d)
            continue;
        memcpy(copy, j, sizeof j);
        rcn_singular_values(copy, H, H, value);
        const rc_xray_jacobian *got = &x->layer[0].jacobian[p++];
        double squares = 0;
        for (int i = 0; i < H; i++)
            squares += value[i] * value[i];
        CHECK_NEAR(got->largest / value[0], 1, 1e-4);
        CHECK_NEAR(got->median / value[0], value[3] / value[0], 1e-4);
        CHECK_NEAR(got->smallest / value[0], value[6] / value[0], 1e-4);
        CHECK_NEAR(got->rms / sqrt(squares / H), 1, 1e-4);
    }
    rc_trace_free(t);
    rc_xray_free(x);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_that_only_forgets_has_the_half_life_of_its_gate),
        cmocka_unit_test(the_identity_keeps_every_change),
        cmocka_unit_test(jacobians_of_tanh_are_those_of_the_textbook),
    };
    return cmocka_run_group_tests_name("jacobian", tests, NULL, NULL);
}
