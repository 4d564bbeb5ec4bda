/* select_test.c -- panel geometry and the choice of a table. */
#define _GNU_SOURCE /* setenv */
#include "check.h"
#include "oracle.h"

#include <pthread.h>

static void panels_have_the_sizes_of_kernel_h(void **unused)
{
    (void)unused;

    static const struct {
        int64_t units;
        int gates;
        int64_t count;
        int span, cols, last;
    } want[] = {
        {1, 1, 1, 64, 64, 16},   {64, 1, 1, 64, 64, 64},  {65, 1, 2, 64, 64, 16},
        {128, 1, 2, 64, 64, 64}, {100, 1, 2, 64, 64, 48}, {33, 2, 2, 32, 64, 32},
        {32, 2, 1, 32, 64, 64},  {16, 3, 1, 16, 48, 48},  {650, 4, 41, 16, 64, 64},
        {17, 5, 2, 16, 80, 80},  {0, 4, 0, 16, 64, 0},    {10000, 1, 157, 64, 64, 16},
    };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const rck_panel p = rck_panel_of(want[i].units, want[i].gates, 7);

        assert_int_equal(p.K, 7);
        assert_int_equal(p.units, want[i].units);
        assert_int_equal(p.gates, want[i].gates);
        assert_int_equal(p.count, want[i].count);
        assert_int_equal(p.span, want[i].span);
        assert_int_equal(p.cols, want[i].cols);
        assert_int_equal(p.last, want[i].last);
        assert_int_equal(rck_panel_size(&p), want[i].count * 7 * want[i].cols);
    }
}

static void the_transposed_panel_takes_columns_for_inputs(void **unused)
{
    (void)unused;

    const rck_panel p = rck_panel_of(650, 4, 70);
    const rck_panel t = rck_panel_t(&p);

    assert_int_equal(t.K, 41 * 64);
    assert_int_equal(t.units, 70);
    assert_int_equal(t.gates, 1);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.last, 16);
}

static void an_unknown_set_is_refused_and_a_known_one_taken(void **unused)
{
    (void)unused;

    assert_null(rck);
#ifndef RC_DOUBLE
    setenv("RECUR_CPU", "abacus", 1);
    CHECK_STATUS(rck_select(), RC_EINVAL);
    CHECK_MESSAGE_HAS("abacus");
    assert_null(rck);
#endif
    setenv("RECUR_CPU", "plain", 1);
    CHECK_STATUS(rck_select(), RC_OK);
    assert_ptr_equal(rck, rck_table_of(RCB_ISA_plain));
}

static void *select_again(void *unused)
{
    (void)unused;
    return rck_select() == RC_OK ? (void *)(uintptr_t)rck : NULL;
}

static void the_first_choice_stays_for_every_thread(void **unused)
{
    (void)unused;

    pthread_t threads[4];

    unsetenv("RECUR_CPU");
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, select_again, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *got;

        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_ptr_equal(got, rck_table_of(RCB_ISA_plain));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_have_the_sizes_of_kernel_h),
        cmocka_unit_test(the_transposed_panel_takes_columns_for_inputs),
        cmocka_unit_test(an_unknown_set_is_refused_and_a_known_one_taken),
        cmocka_unit_test(the_first_choice_stays_for_every_thread),
    };

    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
