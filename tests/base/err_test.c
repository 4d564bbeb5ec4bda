/* err_test.c -- the message and hint of a thread. */
#include "check.h"

#include <pthread.h>

static void failure_returns_its_code_and_keeps_its_words(void **unused)
{
    (void)unused;

    assert_int_equal(RC_FAIL(RC_ESHAPE, "'%s' has %d rows", "w", 3), RC_ESHAPE);
    assert_string_equal(rc_error_message(), "'w' has 3 rows");
    assert_string_equal(rc_error_hint(), "");
    assert_int_equal(RC_FAIL_HINT(RC_EIO, "try again", "no"), RC_EIO);
    assert_string_equal(rc_error_message(), "no");
    assert_string_equal(rc_error_hint(), "try again");
}

static void message_may_be_built_from_the_last_one(void **unused)
{
    (void)unused;

    (void)RC_FAIL_HINT(RC_EIO, "look", "inner");
    (void)rcb_fail(RC_EIO, rc_error_hint(), "outer: %s (%s)", rc_error_message(), rc_error_hint());
    assert_string_equal(rc_error_message(), "outer: inner (look)");
    assert_string_equal(rc_error_hint(), "look");
}

static void message_is_one_line(void **unused)
{
    (void)unused;

    (void)RC_FAIL_HINT(RC_EDATA, "c\r\n", "a\nb\tc\x7f\x1b[1m\n");
    assert_string_equal(rc_error_message(), "a b c  [1m");
    assert_string_equal(rc_error_hint(), "c");
}

static void long_message_is_cut_between_characters(void **unused)
{
    char text[2000];

    (void)unused;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4); /* the euro sign */
        (void)rcb_fail(RC_EDATA, text, "%s", text);

        for (int which = 0; which < 2; which++) {
            const char *line = which ? rc_error_hint() : rc_error_message();
            const size_t n = strlen(line);

            assert_in_range(n, 500, 511);
            assert_string_equal(line + n - 3, "...");
            assert_int_equal((n - 3 - shift) % 3, 0);
            assert_memory_equal(line, text, n - 3);
        }
    }
}

static void message_of_exactly_the_line_is_kept_whole(void **unused)
{
    char text[512];

    (void)unused;
    memset(text, 'x', sizeof text);
    text[511] = '\0';
    (void)rcb_fail(RC_EDATA, NULL, "%s", text);
    assert_string_equal(rc_error_message(), text);
    (void)rcb_fail(RC_EDATA, NULL, "%sy", text);
    assert_int_equal(strlen(rc_error_message()), 511);
    assert_string_equal(rc_error_message() + 508, "...");
}

static void *fail_elsewhere(void *seen)
{
    char *words = seen;

    words[0] = *rc_error_message() ? 'x' : '-'; /* a new thread has no message */
    (void)RC_FAIL_HINT(RC_EIO, "there", "elsewhere");
    return NULL;
}

static void threads_do_not_share_a_message(void **unused)
{
    pthread_t thread;
    char seen = 0;

    (void)unused;
    (void)RC_FAIL(RC_EIO, "here");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(seen, '-');
    assert_string_equal(rc_error_message(), "here");
    assert_string_equal(rc_error_hint(), "");
}

static rc_status forwards(rc_status status, bool *went_on)
{
    RC_TRY(status);
    *went_on = true;
    return RC_OK;
}

static void try_forwards_failures_only(void **unused)
{
    bool went_on = false;

    (void)unused;
    CHECK_STATUS(forwards(RC_ENAN, &went_on), RC_ENAN);
    assert_false(went_on);
    CHECK_STATUS(forwards(RC_OK, &went_on), RC_OK);
    assert_true(went_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_returns_its_code_and_keeps_its_words),
        cmocka_unit_test(message_may_be_built_from_the_last_one),
        cmocka_unit_test(message_is_one_line),
        cmocka_unit_test(long_message_is_cut_between_characters),
        cmocka_unit_test(message_of_exactly_the_line_is_kept_whole),
        cmocka_unit_test(threads_do_not_share_a_message),
        cmocka_unit_test(try_forwards_failures_only),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
