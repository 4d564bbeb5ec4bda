/* list_test.c -- lists have entries with help, places are found by name, slips suggest the
 * nearest. */
#include "model/toy.h"

static void every_list_has_entries_with_help(void **unused)
{
    (void)unused;
    static const char *const lists[] = {"tasks", "cells",  "levels",   "outputs",  "sources",
                                        "skips", "biases", "dropouts", "averages", "keeps"};
    rc_entry e;

    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        size_t n = 0;

        for (; rcm_list(lists[l], n, &e); n++) {
            assert_true(*e.name && *e.help);
            assert_int_equal(rcm_list_index(lists[l], e.name), n);
        }
        assert_true(n > 0);
        assert_int_equal(rcm_list_index(lists[l], "no such thing"), -1);
    }
    assert_false(rcm_list("nonsense", 0, &e));
}

/* Every list that an option of this floor names is known, and its default is in it. */
static void options_name_lists_that_hold_their_default(void **unused)
{
    (void)unused;
    rc_entry e;

    for (size_t i = 0; rc_option_at(i); i++) {
        const rc_option *o = rc_option_at(i);

        assert_int_equal(o->kind == RC_OPTION_NAME, o->list != NULL);
        if (o->list && rcm_list(o->list, 0, &e))
            assert_true(rcm_list_index(o->list, o->fallback) >= 0);
    }
}

static void small_lists_are_in_the_order_of_their_codes(void **unused)
{
    (void)unused;
    assert_int_equal(rcm_list_index("biases", "double"), RCN_BIAS_DOUBLE);
    assert_int_equal(rcm_list_index("skips", "graves"), RCN_SKIP_GRAVES);
    assert_int_equal(rcm_list_index("dropouts", "locked"), RCM_DROPOUT_LOCKED);
    assert_int_equal(rcm_list_index("averages", "sequence"), RCM_AVERAGE_SEQUENCE);
    assert_int_equal(rcm_list_index("keeps", "last"), RCM_KEEP_LAST);
}

static void a_slip_suggests_the_nearest(void **unused)
{
    (void)unused;
    CHECK_STATUS(rcm_list_check(rcm_list, "cells", "cell", "gru"), RC_OK);
    CHECK_STATUS(rcm_list_check(rcm_list, "cells", "cell", "guru"), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot set 'cell' to 'guru': it is none of the cells");
    assert_non_null(strstr(rc_error_hint(), "'gru'"));
    CHECK_STATUS(rcm_list_check(rcm_list, "optimizers", "optimizer", "anything"), RC_OK);
}

static void tasks_are_found_by_name(void **unused)
{
    (void)unused;
    for (size_t i = 0; rcm_task_at(i); i++)
        assert_ptr_equal(rcm_task_find(rcm_task_at(i)->name), rcm_task_at(i));
    assert_null(rcm_task_find("LM"));
    assert_null(rcm_task_at(1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_has_entries_with_help),
        cmocka_unit_test(options_name_lists_that_hold_their_default),
        cmocka_unit_test(small_lists_are_in_the_order_of_their_codes),
        cmocka_unit_test(a_slip_suggests_the_nearest),
        cmocka_unit_test(tasks_are_found_by_name),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
