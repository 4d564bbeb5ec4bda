/* split_test.c -- texts become the tokens that the lists of ways promise. */
#include "check.h"
#include "data/data_in.h"

/* The tokens of a text with '|' between. */
static void check_tokens(rcd_level level, rcd_split split, const char *text, const char *want)
{
    rcd_tokens t = {0};
    rcb_buf got = {0};

    CHECK_STATUS(rcd_tokens_of(&t, level, split, (rcd_word){text, strlen(text)}), RC_OK);
    for (size_t i = 0; i < t.n; i++) {
        CHECK_STATUS(rcb_buf_puts(&got, i ? "|" : ""), RC_OK);
        CHECK_STATUS(rcb_buf_add(&got, t.token[i].p, t.token[i].n), RC_OK);
        assert_true(t.token[i].p >= text && t.token[i].p + t.token[i].n <= text + strlen(text));
    }
    assert_string_equal(got.p ? got.p : "", want);
    rcb_buf_free(&got);
    rcb_free(t.token);
}

static void words_between_blanks_are_kept_whole(void **unused)
{
    (void)unused;
    check_tokens(RCD_WORD, RCD_SPLIT_SPACE, "  It's, a\tb\v\r", "It's,|a|b");
    check_tokens(RCD_WORD, RCD_SPLIT_SPACE,
                 "a\xC2\x85"
                 "b\xC2\xA0"
                 "c",
                 "a\xC2\x85"
                 "b\xC2\xA0"
                 "c"); /* blanks are those of ASCII */
    check_tokens(RCD_WORD, RCD_SPLIT_SPACE, " ", "");
}

static void words_are_runs_of_letters_digits_and_marks(void **unused)
{
    (void)unused;
    check_tokens(RCD_WORD, RCD_SPLIT_WORDS, "It's 'quoted' rock'n'roll'.",
                 "It's|'|quoted|'|rock'n'roll|'|.");
    check_tokens(RCD_WORD, RCD_SPLIT_WORDS, "don\xE2\x80\x99t, e\xCC\x81t\xC3\xA9_2!",
                 "don\xE2\x80\x99t|,|e\xCC\x81t\xC3\xA9|_|2|!");
    check_tokens(RCD_WORD, RCD_SPLIT_WORDS, "\xE6\x97\xA5\xE6\x9C\xAC\xE3\x80\x82\xE3\x80\x80x",
                 "\xE6\x97\xA5\xE6\x9C\xAC|\xE3\x80\x82|x");
    check_tokens(RCD_WORD, RCD_SPLIT_WORDS, "a''b '", "a|'|'|b|'");
    check_tokens(RCD_WORD, RCD_SPLIT_WORDS, "\xC2\x85\xC2\xA0\xE2\x80\xA8", "");
}

static void characters_and_bytes_are_those_between_blanks_at_the_ends(void **unused)
{
    (void)unused;
    check_tokens(RCD_CHAR, RCD_SPLIT_SPACE, "  \xC3\xA9 b\t", "\xC3\xA9| |b");
    check_tokens(RCD_BYTE, RCD_SPLIT_SPACE, " \xC3\xA9 b", "\xC3|\xA9| |b");
}

static void tags_become_blanks_and_nothing_else_does(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a<br /><br />b", "a|b"},
        {"1 < 2 > 0 <3", "1|<|2|>|0|<3"},
        {"<i>x</i><!-- y -->z", "x|z"},
        {"a <b c <i>d", "a|<b|c|d"},
        {"<b", "<b"},
        {"<", "<"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = rcb_strdup(cases[i].text);

        assert_non_null(text);
        rcd_blank_html(text, strlen(text));
        assert_int_equal(strlen(text), strlen(cases[i].text));
        check_tokens(RCD_WORD, RCD_SPLIT_SPACE, text, cases[i].want);
        rcb_free(text);
    }
}

static void ways_to_split_have_words(void **unused)
{
    (void)unused;
    rcd_split split;

    for (int i = 0; i < RCD_SPLIT_COUNT; i++) {
        CHECK_STATUS(rcd_split_of(&split, rcd_split_word((rcd_split)i)), RC_OK);
        assert_true(split == (rcd_split)i && *rcd_split_help(split));
    }
    CHECK_STATUS(rcd_split_of(&split, "word"), RC_EINVAL);
    CHECK_MESSAGE_HAS("the nearest is 'words'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_between_blanks_are_kept_whole),
        cmocka_unit_test(words_are_runs_of_letters_digits_and_marks),
        cmocka_unit_test(characters_and_bytes_are_those_between_blanks_at_the_ends),
        cmocka_unit_test(tags_become_blanks_and_nothing_else_does),
        cmocka_unit_test(ways_to_split_have_words),
    };

    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
