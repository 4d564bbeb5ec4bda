/* nearest_test.c -- slips of the finger find the name that was meant, other words find none. */
#include "check.h"

static const char *const names[] = {
    "hidden", "layers", "level", "learning-rate", "dropout", "dropout-kind", "lr", "lr-min", NULL,
};

static const char *name_at(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}

static void slips_find_what_was_meant(void **unused)
{
    static const char *const slips[][2] = {
        {"hiden", "hidden"},
        {"hidde", "hidden"},
        {"hdiden", "hidden"},
        {"hidden", "hidden"},
        {"layer", "layers"},
        {"lvele", "level"},
        {"learning", "learning-rate"},
        {"drpoout", "dropout"},
        {"dropout-knid", "dropout-kind"},
        {"rl", "lr"},
        {"lt", "lr"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
        assert_string_equal(rc_nearest(slips[i][0], name_at, names), slips[i][1]);
}

static void other_words_find_nothing(void **unused)
{
    static const char *const none[] = {NULL};
    char longer[100];

    (void)unused;
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_null(rc_nearest("perplexity", name_at, names));
    assert_null(rc_nearest("xyz", name_at, names));
    assert_null(rc_nearest(longer, name_at, names));
    assert_null(rc_nearest("hidden", name_at, none));

    const char *const long_names[] = {longer, NULL};

    longer[60] = '\0';
    assert_null(rc_nearest("b", name_at, long_names));
    assert_ptr_equal(rc_nearest("aaa", name_at, long_names), longer); /* which begins with it */
}

/* One edit of any kind, anywhere, in a word of at least three letters is never too far. */
static void any_one_edit_is_near(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 1000; trial++) {
        char name[12] = "", word[12];
        const size_t n = (size_t)pick(3, 8);
        const char *const one[] = {name, NULL};

        for (size_t i = 0; i < n; i++)
            name[i] = (char)('a' + pick(0, 25));
        memcpy(word, name, sizeof word);

        const size_t at = (size_t)pick(0, (int64_t)n - 1);

        switch (pick(0, 3)) {
        case 0:
            word[at] = '-';
            break;
        case 1:
            memmove(word + at, word + at + 1, n - at);
            break;
        case 2:
            memmove(word + at + 1, word + at, n - at + 1);
            word[at] = '-';
            break;
        default:
            if (at + 1 < n) {
                word[at] = name[at + 1];
                word[at + 1] = name[at];
            }
        }
        assert_ptr_equal(rc_nearest(word, name_at, one), name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_find_what_was_meant),
        cmocka_unit_test(other_words_find_nothing),
        cmocka_unit_test(any_one_edit_is_near),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
