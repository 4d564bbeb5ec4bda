/* out_class_test.c -- classes and symbols within them are a distribution; classes are cut by
 * counts; with one class nothing but the full softmax is left. */
#include "outputs.h"

static void some_classes(rcn_output_plan *plan)
{
    plan->classes = pick(0, plan->V);
}

static void it_is_a_distribution_with_its_gradient(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind("class", some_classes);
}

static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind_at_large("class", NULL);
}

static void one_class_is_the_full_softmax(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 8; trial++) {
        layer a, b;

        open_beside_full(&a, &b, (rcn_output_plan){.kind = "class", .classes = 1}, "out.weight",
                         "out.bias");

        const double got = layer_gradients(&a), want = layer_gradients(&b);
        rc_real *da = gradient_rows(&a, "out.weight"), *db = gradient_rows(&b, "out.weight");

        CHECK_NEAR(got, want, OUTPUT_TOL);
        CHECK_CLOSE(a.dx, b.dx, a.N * a.o.H, OUTPUT_TOL);
        CHECK_CLOSE(da, db, a.o.V * a.o.H, OUTPUT_TOL * 3);
        rcb_free(da);
        rcb_free(db);
        layer_close(&a);
        layer_close(&b);
    }
}

/* Of ten symbols the first has half the text: with four classes it is the first, and as it has
 * taken the share of two, the next one is alone as well. */
static void classes_share_the_text(void **unused)
{
    (void)unused;
    const int64_t count[] = {1, 50, 1, 20, 10, 10, 5, 1, 1, 1};

    check_plan_facts(
        &(rcn_output_plan){
            .kind = "class", .name = "out", .V = 10, .H = 2, .classes = 4, .count = count},
        "4 classes, the largest of 7 symbols");
}

static void more_classes_than_symbols_are_refused(void **unused)
{
    (void)unused;
    const int64_t count[] = {1, 2, 3};

    check_plan_refused(
        &(rcn_output_plan){
            .kind = "class", .name = "out", .V = 3, .H = 2, .classes = 4, .count = count},
        "there are 3 symbols, fewer than 4 classes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_distribution_with_its_gradient),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(one_class_is_the_full_softmax),
        cmocka_unit_test(classes_share_the_text),
        cmocka_unit_test(more_classes_than_symbols_are_refused),
    };
    return cmocka_run_group_tests_name("out_class", tests, NULL, NULL);
}
