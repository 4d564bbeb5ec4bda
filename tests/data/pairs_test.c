/* pairs_test.c -- the pairs of the lecture, and texts that have none. */
#include "check.h"

#include <stdio.h>

static rc_status add(void *ctx, const char *center, const char *context)
{
    char *out = ctx;

    (void)sprintf(out + strlen(out), "%s-%s ", center, context);
    return RC_OK;
}

static rc_status stop(void *ctx, const char *center, const char *context)
{
    (void)center;
    (void)context;
    ++*(int *)ctx;
    return RC_EBUSY;
}

static void pairs_come_word_by_word(void **unused)
{
    (void)unused;
    char got[1024] = "";
    int calls = 0;

    CHECK_STATUS(rc_text_pairs("The quick brown fox\nand <unk> on", 2, add, got), RC_OK);
    assert_string_equal(got, "The-quick The-brown quick-The quick-brown quick-fox brown-The "
                             "brown-quick brown-fox fox-quick fox-brown and-on on-and ");
    CHECK_STATUS(rc_text_pairs("a b c", 1, stop, &calls), RC_EBUSY);
    assert_int_equal(calls, 1);
}

static void texts_without_pairs_are_refused(void **unused)
{
    (void)unused;
    char got[16] = "";

    CHECK_STATUS(rc_text_pairs("", 2, add, got), RC_EDATA);
    CHECK_STATUS(rc_text_pairs("\xff\xfe b", 2, add, got), RC_EDATA);
    CHECK_STATUS(rc_text_pairs("a b", 0, add, got), RC_EINVAL);
    assert_string_equal(got, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_come_word_by_word),
        cmocka_unit_test(texts_without_pairs_are_refused),
    };

    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
