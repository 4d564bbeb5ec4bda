/* out_sampled_test.c -- the sampled softmax is the full one outside training, and in training when
 * all symbols are drawn; with few of them it is right in the mean. */
#include "outputs.h"

static void outside_training_it_is_a_distribution_and_its_gradient_is_right(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind("sampled", NULL);
}

static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind_at_large("sampled", NULL);
}

/* The full softmax with the same numbers. */
static void open_full_twin(layer *l, const layer *of)
{
    const rcn_output_plan plan = {.kind = "full", .V = of->o.V, .H = of->o.H};

    layer_open(l, &plan, of->N, 1);
    copy_input(of, l);
    copy_rows(&of->ps, "out.weight", 0, &l->ps, "out.weight");
    copy_rows(&of->ps, "out.bias", 0, &l->ps, "out.bias");
}

static void with_all_symbols_it_is_the_full_softmax(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 8; trial++) {
        const int64_t V = pick(2, 200), H = pick(1, 40);
        const rcn_output_plan plan = {
            .kind = "sampled", .V = V, .H = H, .samples = V + trial % 2, .noise_power = 1};
        layer a, b;

        layer_open(&a, &plan, pick(1, 40), 1);
        open_full_twin(&b, &a);

        const double got = layer_gradients(&a), want = layer_gradients(&b);
        rc_real *da = gradient_rows(&a, "out.weight"), *db = gradient_rows(&b, "out.weight");

        CHECK_NEAR(got, want, OUTPUT_TOL);
        CHECK_CLOSE(a.dx, b.dx, a.N * H, OUTPUT_TOL);
        CHECK_CLOSE(da, db, V * H, OUTPUT_TOL * 3);
        CHECK_NEAR(layer_loss(&a, false), want, OUTPUT_TOL);
        rcb_free(da);
        rcb_free(db);
        layer_close(&a);
        layer_close(&b);
    }
}

/* The gradient with 60 of 80 symbols, in the mean over many draws, against that of the full
 * softmax: the direction is the same but for a bias that falls with the number of samples. */
static void in_the_mean_it_goes_the_way_of_the_full_softmax(void **unused)
{
    (void)unused;
    (void)check_seed();
    enum { V = 80, H = 9, STEPS = 400 };
    const rcn_output_plan plan = {
        .kind = "sampled", .V = V, .H = H, .samples = 60, .noise_power = 1};
    layer a, b;
    double mean[20 * H] = {0}, ab = 0, aa = 0, bb = 0;

    layer_open(&a, &plan, 20, 1);
    open_full_twin(&b, &a);
    (void)layer_gradients(&b);
    for (a.step = 0; a.step < STEPS; a.step++) {
        (void)layer_gradients(&a);
        for (int i = 0; i < 20 * H; i++)
            mean[i] += (double)a.dx[i] / STEPS;
    }
    for (int i = 0; i < 20 * H; i++) {
        ab += mean[i] * (double)b.dx[i];
        aa += mean[i] * mean[i];
        bb += (double)b.dx[i] * (double)b.dx[i];
    }
    assert_true(ab / sqrt(aa * bb) > 0.99);
    layer_close(&a);
    layer_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_training_it_is_a_distribution_and_its_gradient_is_right),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(with_all_symbols_it_is_the_full_softmax),
        cmocka_unit_test(in_the_mean_it_goes_the_way_of_the_full_softmax),
    };
    return cmocka_run_group_tests_name("out_sampled", tests, NULL, NULL);
}
