/* values_test.c -- lists in the text of an option are read whole, or refused. */
#include "check.h"

#include "model/model_in.h"

static void sizes_are_one_for_all_or_one_for_each(void **unused)
{
    (void)unused;
    int64_t out[3];

    CHECK_STATUS(rcm_sizes("7", 3, out), RC_OK);
    assert_true(out[0] == 7 && out[1] == 7 && out[2] == 7);
    CHECK_STATUS(rcm_sizes("7,8,9", 3, out), RC_OK);
    assert_true(out[0] == 7 && out[1] == 8 && out[2] == 9);
    CHECK_STATUS(rcm_sizes("7,8", 3, out), RC_EINVAL);
    CHECK_MESSAGE_HAS("'7,8' has 2 sizes, there are 3 layers");
    CHECK_STATUS(rcm_sizes("7,8,9,10", 3, out), RC_EINVAL);
    CHECK_STATUS(rcm_sizes("", 1, out), RC_EINVAL);
}

static void numbers_are_read_however_many(void **unused)
{
    (void)unused;
    int64_t *n, count;

    CHECK_STATUS(rcm_numbers("7", &n, &count), RC_OK);
    assert_true(count == 1 && n[0] == 7);
    rcb_free(n);
    CHECK_STATUS(rcm_numbers("0,20,300", &n, &count), RC_OK);
    assert_true(count == 3 && n[0] == 0 && n[1] == 20 && n[2] == 300);
    rcb_free(n);
    CHECK_STATUS(rcm_numbers("1,,2", &n, &count), RC_EINVAL);
    assert_null(n);
    CHECK_MESSAGE_HAS("'1,,2' is not a number or several with commas between");
}

static void a_scan_counts_more_than_there_is_room_for(void **unused)
{
    (void)unused;
    int64_t out[2] = {-1, -1}, count;

    assert_true(rcm_scan_numbers("5,6,7", 5, 7, 1, out, &count));
    assert_true(count == 3 && out[0] == 5 && out[1] == -1);
    assert_true(rcm_scan_numbers("5,6", 5, 7, 0, NULL, &count));
    assert_int_equal(count, 2);
    for (const char *const *p = (const char *const[]){"", ",", "5,", ",5", "4", "8", "5 ", "+5",
                                                      "99999999999999999999", NULL};
         *p; p++)
        assert_false(rcm_scan_numbers(*p, 5, 7, 0, NULL, &count));
}

static void paths_are_cut_at_line_feeds(void **unused)
{
    (void)unused;
    char **paths;
    size_t count;

    CHECK_STATUS(rcm_paths("", &paths, &count), RC_OK);
    assert_int_equal(count, 0);
    rcm_paths_free(paths, count);
    CHECK_STATUS(rcm_paths("a b\n-\nc", &paths, &count), RC_OK);
    assert_int_equal(count, 3);
    assert_string_equal(paths[0], "a b");
    assert_string_equal(paths[1], "-");
    assert_string_equal(paths[2], "c");
    rcm_paths_free(paths, count);
}

static rc_status live(void *unused)
{
    (void)unused;
    char **paths;
    size_t count;
    int64_t *n, many;

    RC_TRY(rcm_paths("a\nb", &paths, &count));
    rcm_paths_free(paths, count);
    RC_TRY(rcm_numbers("1,2", &n, &many));
    rcb_free(n);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(live, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_one_for_all_or_one_for_each),
        cmocka_unit_test(numbers_are_read_however_many),
        cmocka_unit_test(a_scan_counts_more_than_there_is_room_for),
        cmocka_unit_test(paths_are_cut_at_line_feeds),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
