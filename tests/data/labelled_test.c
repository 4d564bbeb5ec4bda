/* labelled_test.c -- labelled sequences are kept as they come: numbers, places, notes, checksums,
 * lengths; and labels are checked.
 */
#include "labelled.h"

static void numbers_point_back_to_what_was_read(void **unused)
{
    (void)unused;
    rcd_labelled l;
    int64_t line;

    CHECK_STATUS(labelled_of(&l, "a.txt", "x\tb a b\n\ny\tc\nx\tb\n", (rcd_labelling){0}), RC_OK);
    CHECK_STATUS(rcd_labelled_parse(&l, "b.txt", "y\ta\n", 4, &(rcd_labelling){.level = RCD_WORD}),
                 RC_OK);
    assert_true(l.n == 4 && l.start[4] == 6 && l.tokens.n == 3 && l.labels.n == 2);
    assert_true(l.tokens.name[0].count == 3 && l.labels.name[1].count == 2);
    assert_string_equal(rcd_labelled_where(&l, 1, &line), "a.txt");
    assert_int_equal(line, 3);
    assert_string_equal(rcd_labelled_where(&l, 3, &line), "b.txt");
    assert_int_equal(line, 1);

    const int32_t known[] = {4, -1};
    int64_t count;
    assert_int_equal(rcd_labelled_strange(&l, known, &count), 1);
    assert_int_equal(count, 2);
    assert_int_equal(rcd_labelled_strange(&l, (const int32_t[]){0, 1}, NULL), -1);
    rcd_labelled_free(&l);
}

static void long_ones_are_cut_where_they_are_told(void **unused)
{
    (void)unused;
    const char *columns = "a\tX\nb\tY\nc\tZ\n";

    CHECK_LABELLED("t", "x\ta b c\ny\td", ((rcd_labelling){.most = 2}), "x: a b | y: d");
    CHECK_LABELLED("t", "x\ta b c\ny\td", ((rcd_labelling){.most = 2, .tail = true}),
                   "x: b c | y: d");
    CHECK_LABELLED("t", columns, ((rcd_labelling){.each = true, .most = 2, .features = "#2"}),
                   "a+X/X b+Y/Y");
    CHECK_LABELLED("t", columns,
                   ((rcd_labelling){.each = true, .most = 2, .tail = true, .features = "#2"}),
                   "b+Y/Y c+Z/Z");
}

static void a_line_of_100000_tokens_is_one_sequence(void **unused)
{
    (void)unused;
    rcb_buf text = {0};
    rcd_labelled l;

    CHECK_STATUS(rcb_buf_puts(&text, "x\t"), RC_OK);
    for (int i = 0; i < 100000; i++)
        CHECK_STATUS(rcb_buf_printf(&text, "%d ", i % 977), RC_OK);
    CHECK_STATUS(labelled_of(&l, "t", text.p, (rcd_labelling){0}), RC_OK);
    assert_true(l.n == 1 && l.start[1] == 100000 && l.tokens.n == 977);
    rcd_labelled_free(&l);
    CHECK_STATUS(labelled_of(&l, "t", text.p, (rcd_labelling){.most = 50}), RC_OK);
    assert_true(l.start[1] == 50 && l.tokens.n == 50 && l.note[RCD_NOTE_CUT].count == 1);
    rcd_labelled_free(&l);
    rcb_buf_free(&text);
}

static void labels_are_checked_line_by_line(void **unused)
{
    (void)unused;
    CHECK_REFUSED("t", "x\ta\n \tb\n", (rcd_labelling){0}, RC_EDATA,
                  "cannot read 't': line 2: there is no label");
    CHECK_REFUSED("t", "x:\ta\n:y\tb\n", (rcd_labelling){.label_until = ":"}, RC_EDATA,
                  "line 2: there is no label");
    CHECK_LABELLED("t", "x y : z\ta\ny\tb", (rcd_labelling){.label_until = ":"}, "x y: a | y: b");
    CHECK_LABELLED("t", "x\ta\n \t \n\tb\n", (rcd_labelling){.blind = true}, "-: a | -: b");
    static const char zero[] = "x\0y\ta\n";
    rcd_labelled l = {0};

    CHECK_STATUS(
        rcd_labelled_parse(&l, "t", zero, sizeof zero - 1, &(rcd_labelling){.level = RCD_WORD}),
        RC_EDATA);
    CHECK_MESSAGE_HAS("line 1: the label has a line feed or NUL in it");
    rcd_labelled_free(&l);
}

static void what_is_passed_over_is_noted(void **unused)
{
    (void)unused;
    rcd_labelled l;
    rcb_buf b = {0};

    CHECK_STATUS(labelled_of(&l, "t", "x\ta\ny\t \nx\t\nx\tb\xE9\n", (rcd_labelling){.most = 9}),
                 RC_OK);
    assert_int_equal(l.n, 2);
    CHECK_STATUS(rcd_labelled_notes(&l, &b), RC_OK);
    assert_string_equal(b.p, "1 line is not UTF-8; its file was read as Latin-1: line 4 of 't'\n"
                             "2 texts without a token were passed over, the first: line 2 of "
                             "'t'\n");
    rcb_buf_free(&b);
    rcd_labelled_free(&l);
}

static uint32_t crc_of(const char *text, rcd_labelling how)
{
    rcd_labelled l;

    CHECK_STATUS(labelled_of(&l, "t", text, how), RC_OK);
    const uint32_t crc = l.crc;
    rcd_labelled_free(&l);
    return crc;
}

static void the_checksum_is_that_of_what_is_said(void **unused)
{
    (void)unused;
    const rcd_labelling how = {0};
    const uint32_t crc = crc_of("x\ta b\ny\tc", how);

    assert_int_equal(crc_of("x\t a   b\r\n\ny\tc\n", how), crc);
    static const char *const others[] = {"x\ta b\nx\tc", "x\ta\ny\tb c", "x\ta c\ny\tb",
                                         "z\ta b\ny\tc", "x\tab\ny\tc",  "y\ta b\nx\tc"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_not_equal(crc_of(others[i], how), crc);
}

static void what_does_not_fit_is_not_added(void **unused)
{
    (void)unused;
    rcd_labelled l;
    const rcd_labelling tags = {.level = RCD_WORD, .each = true};
    const rcd_labelling featured = {.level = RCD_WORD, .features = "#1"};

    CHECK_STATUS(labelled_of(&l, "t", "x\ta\ny\tb", (rcd_labelling){0}), RC_OK);
    CHECK_STATUS(rcd_labelled_parse(&l, "u", "a X\n", 4, &tags), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot add 'u' to sequences whose labels are elsewhere");
    CHECK_STATUS(rcd_labelled_parse(&l, "u", "a X\n", 4, &featured), RC_EINVAL);
    rcd_labelled_free(&l);
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    labelled_file f = {"t", "x\ta b<br>c\ny\td\n", {.html = true}};

    CHECK_EACH_ALLOCATION(read_and_free, &f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_point_back_to_what_was_read),
        cmocka_unit_test(long_ones_are_cut_where_they_are_told),
        cmocka_unit_test(a_line_of_100000_tokens_is_one_sequence),
        cmocka_unit_test(labels_are_checked_line_by_line),
        cmocka_unit_test(what_is_passed_over_is_noted),
        cmocka_unit_test(the_checksum_is_that_of_what_is_said),
        cmocka_unit_test(what_does_not_fit_is_not_added),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled", tests, NULL, NULL);
}
