/* out_nce_test.c -- noise-contrastive estimation is the full softmax outside training; its gradient
 * goes to that of the likelihood as the draws grow many. */
#include "outputs.h"

static void outside_training_it_is_a_distribution_and_its_gradient_is_right(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind("nce", NULL);
}

static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind_at_large("nce", NULL);
}

/* A layer whose scores do not depend on the row, and are normalised at Z = V. */
static void make_normalised(layer *l)
{
    rcn_param *w = rcn_params_find(&l->ps, "out.weight"), *b = rcn_params_find(&l->ps, "out.bias");
    rc_real *rows = zero_reals(w->count);
    double sum = 0;

    rcn_param_load(w, w->w, rows);
    rcn_param_store(b, b->w, rows);
    for (int64_t i = 0; i < b->count; i++)
        sum += exp((double)rows[i]);
    for (int64_t i = 0; i < b->count; i++)
        rows[i] += (rc_real)(log((double)l->o.V) - log(sum));
    rcn_param_load(b, b->w, rows);
    rcb_free(rows);
}

static void with_many_draws_the_gradient_is_that_of_the_likelihood(void **unused)
{
    (void)unused;
    (void)check_seed();
    const int64_t V = 30, H = 8, N = 50;
    const rcn_output_plan full = {.kind = "full", .V = V, .H = H};
    const int64_t samples[] = {300, 30000, 3000000};
    double before = HUGE_VAL;

    for (int k = 0; k < 3; k++) {
        const rcn_output_plan plan = {
            .kind = "nce", .V = V, .H = H, .samples = samples[k], .noise_power = 0.5};
        layer a, b;
        double off = 0;

        check_random_state()->state = 7;
        layer_open(&a, &plan, N, 1);
        make_normalised(&a);
        layer_open(&b, &full, N, 1);
        copy_input(&a, &b);
        copy_rows(&a.ps, "out.weight", 0, &b.ps, "out.weight");
        copy_rows(&a.ps, "out.bias", 0, &b.ps, "out.bias");
        (void)layer_gradients(&a);
        (void)layer_gradients(&b);
        rc_real *da = gradient_rows(&a, "out.weight"), *db = gradient_rows(&b, "out.weight");

        for (int64_t i = 0; i < V * H; i++)
            off = fmax(off, fabs((double)da[i] - (double)db[i]));
        assert_true(off < before / 3);
        before = off;
        rcb_free(da);
        rcb_free(db);
        layer_close(&a);
        layer_close(&b);
    }
    assert_true(before < 2e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_training_it_is_a_distribution_and_its_gradient_is_right),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(with_many_draws_the_gradient_is_that_of_the_likelihood),
    };
    return cmocka_run_group_tests_name("out_nce", tests, NULL, NULL);
}
