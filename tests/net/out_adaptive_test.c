/* out_adaptive_test.c -- head and tails are a distribution; without tails the head is the full
 * softmax; parameters are PyTorch's. */
#include "outputs.h"

static void random_cutoffs(rcn_output_plan *plan)
{
    static int64_t cutoff[3];

    plan->cutoff = cutoff;
    plan->cutoffs = (int)pick(-1, 3);
    for (int i = 0; i < plan->cutoffs; i++) {
        const int64_t least = i > 0 ? cutoff[i - 1] + 1 : 1;

        if (least >= plan->V) {
            plan->cutoffs = i;
            break;
        }
        cutoff[i] = pick(least, plan->V - 1);
    }
}

static void it_is_a_distribution_with_its_gradient(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind("adaptive", random_cutoffs);
}

static void chosen_cutoffs(rcn_output_plan *plan)
{
    plan->cutoffs = -1;
}

static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind_at_large("adaptive", chosen_cutoffs);
}

static void without_tails_it_is_the_full_softmax(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 8; trial++) {
        layer a, b;

        open_beside_full(&a, &b, (rcn_output_plan){.kind = "adaptive", .cutoff_divide = 4},
                         "out.head.weight", "out.head.bias");
        assert_int_equal(a.ps.n, 2);
        assert_true(layer_gradients(&a) == layer_gradients(&b));
        assert_int_equal(gradient_bits(&a), gradient_bits(&b));
        layer_close(&a);
        layer_close(&b);
    }
}

static void check_shape(const rcn_params *ps, const char *name, int64_t rows, int64_t cols)
{
    const rcn_param *p = rcn_params_find(ps, name);

    assert_non_null(p);
    assert_int_equal(p->dim[0], rows);
    assert_int_equal(p->dim[1], cols);
}

static void names_and_shapes_are_those_of_torch(void **unused)
{
    (void)unused;
    int64_t count[100], cutoff[] = {20, 60};
    rcn_output_plan plan = {.kind = "adaptive",
                            .name = "out",
                            .V = 100,
                            .H = 50,
                            .count = count,
                            .cutoffs = 2,
                            .cutoff = cutoff,
                            .cutoff_divide = 4};
    rcn_params ps = {0};
    rcn_output o;

    for (int i = 0; i < 100; i++)
        count[i] = 100 - i;
    CHECK_STATUS(rcn_output_new(&o, &ps, &plan), RC_OK);
    check_shape(&ps, "out.head.weight", 22, 50);
    check_shape(&ps, "out.head.bias", 22, 1);
    check_shape(&ps, "out.tail.0.0.weight", 12, 50);
    check_shape(&ps, "out.tail.0.1.weight", 40, 12);
    check_shape(&ps, "out.tail.1.0.weight", 3, 50);
    check_shape(&ps, "out.tail.1.1.weight", 40, 3);
    assert_int_equal(ps.n, 6);
    rcn_output_free(&o);
    rcn_params_free(&ps);
}

/* Ten symbols of equal counts: 80 % are eight of them, 95 % would be all. */
static void cutoffs_are_chosen_by_the_counts(void **unused)
{
    (void)unused;
    const int64_t count[10] = {0};

    check_plan_facts(&(rcn_output_plan){.kind = "adaptive",
                                        .name = "out",
                                        .V = 10,
                                        .H = 4,
                                        .count = count,
                                        .cutoffs = -1,
                                        .cutoff_divide = 2},
                     "8 symbols in the head and 2 in tail 0");
}

static void cutoffs_that_cannot_be_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        int64_t cutoff[2];
        const char *says;
    } wrong[] = {{{0, 5}, "cutoff 0 is not from 1 to 9"},
                 {{5, 5}, "cutoff 5 is not from 6 to 9"},
                 {{5, 4}, "cutoff 4 is not from 6 to 9"},
                 {{5, 10}, "cutoff 10 is not from 6 to 9"}};
    const int64_t count[10] = {0};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_plan_refused(&(rcn_output_plan){.kind = "adaptive",
                                              .name = "out",
                                              .V = 10,
                                              .H = 4,
                                              .count = count,
                                              .cutoffs = 2,
                                              .cutoff = wrong[i].cutoff,
                                              .cutoff_divide = 2},
                           wrong[i].says);
}

static void it_cannot_be_tied(void **unused)
{
    (void)unused;

    check_plan_refused(
        &(rcn_output_plan){.kind = "adaptive", .name = "out", .V = 10, .H = 4, .tied = true},
        "output 'adaptive' has no such vectors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_distribution_with_its_gradient),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(without_tails_it_is_the_full_softmax),
        cmocka_unit_test(names_and_shapes_are_those_of_torch),
        cmocka_unit_test(cutoffs_are_chosen_by_the_counts),
        cmocka_unit_test(cutoffs_that_cannot_be_are_refused),
        cmocka_unit_test(it_cannot_be_tied),
    };
    return cmocka_run_group_tests_name("out_adaptive", tests, NULL, NULL);
}
