/* cells_test.c -- lines, words and cells are what stands in the file. */
#include "check.h"
#include "data/data_in.h"

static bool is(rcd_word w, const char *text)
{
    return w.n == strlen(text) && memcmp(w.p, text, w.n) == 0;
}

static void lines_end_with_lf_or_cr_lf_alone(void **unused)
{
    (void)unused;
    static const char text[] = "a\r\n\nb\rc\xC2\x85"
                               "d\n\re";
    const char *p = text, *end = text + sizeof text - 1;
    rcd_word w;

    assert_true(rcd_line_next(&p, end, &w) && is(w, "a"));
    assert_true(rcd_line_next(&p, end, &w) && is(w, ""));
    assert_true(rcd_line_next(&p, end, &w) && is(w, "b\rc\xC2\x85"
                                                    "d"));
    assert_true(rcd_line_next(&p, end, &w) && is(w, "\re"));
    assert_false(rcd_line_next(&p, end, &w));
}

static void words_stand_between_blanks(void **unused)
{
    (void)unused;
    rcd_word rest = {" \t one  two\r ", 12};

    assert_true(is(rcd_trim(rest), "one  two"));
    assert_true(is(rcd_first_word(rest, &rest), "one"));
    assert_true(is(rcd_first_word(rest, &rest), "two"));
    assert_int_equal(rcd_first_word(rest, &rest).n, 0);
    assert_int_equal(rcd_trim(rest).n, 0);
}

static void cells_lose_their_quotes_and_keep_their_line_feeds(void **unused)
{
    (void)unused;
    static const char text[] = "a;\"b;\"\"\n\"\"\";c\r\nlast";
    rcd_cells t;
    rcd_word cell[3];
    int64_t count;

    rcd_cells_begin(&t, "t.csv", text, sizeof text - 1);
    assert_int_equal(t.between, ';');
    CHECK_STATUS(rcd_cells_line(&t, cell, 3, &count), RC_OK);
    assert_true(count == 3 && is(cell[0], "a") && is(cell[1], "b;\"\n\"") && is(cell[2], "c"));
    assert_true(t.first == 1 && t.line == 2);
    CHECK_STATUS(rcd_cells_line(&t, cell, 3, &count), RC_OK);
    assert_true(count == 1 && is(cell[0], "last") && t.first == 3);
    CHECK_STATUS(rcd_cells_line(&t, cell, 3, &count), RC_OK);
    assert_int_equal(count, -1);
    rcb_buf_free(&t.text);
}

static void what_is_not_quoted_rightly_is_refused(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"a,\"b\nc", "a,\"b\"c"};
    static const char *const words[] = {"line 2: a quote is not closed",
                                        "line 1: something stands behind a closing quote"};

    for (int i = 0; i < 2; i++) {
        rcd_cells t;
        int64_t count;

        rcd_cells_begin(&t, "t.csv", texts[i], strlen(texts[i]));
        CHECK_STATUS(rcd_cells_line(&t, NULL, 0, &count), RC_EDATA);
        CHECK_MESSAGE_HAS(words[i]);
        rcb_buf_free(&t.text);
    }
}

static void columns_have_names_and_places(void **unused)
{
    (void)unused;
    const rcd_word name = {"y", 1};

    assert_true(rcd_is_column(&name, 2, 4, "y", 1) && rcd_is_column(&name, 2, 4, "#3", 2));
    assert_true(rcd_is_column(NULL, 2, 4, "#-2", 3) && !rcd_is_column(NULL, 2, 4, "y", 1));
    assert_false(rcd_is_column(&name, 2, 4, "#2", 2) || rcd_is_column(&name, 2, 4, "#", 1) ||
                 rcd_is_column(&name, 2, 4, "#03", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_lf_or_cr_lf_alone),
        cmocka_unit_test(words_stand_between_blanks),
        cmocka_unit_test(cells_lose_their_quotes_and_keep_their_line_feeds),
        cmocka_unit_test(what_is_not_quoted_rightly_is_refused),
        cmocka_unit_test(columns_have_names_and_places),
    };

    return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
