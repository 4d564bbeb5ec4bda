/* labelled_csv_test.c -- rows of tables become texts with labels, quotes and all. */
#include "labelled.h"

static void columns_are_chosen_by_name_or_place(void **unused)
{
    (void)unused;
    CHECK_LABELLED("t.csv", "label,text\nx,\"a, \"\"b\"\"\nc\"\ny,d\n", (rcd_labelling){0},
                   "x: a, \"b\" c | y: d");
    CHECK_LABELLED("t.csv", "id;title;body;topic\n1;T;a b;x\n2;;c;y\n",
                   ((rcd_labelling){.label_column = "topic", .text_column = "title,#3"}),
                   "x: T a b | y: c");
    CHECK_LABELLED("t.tsv", "sentence\tlabel\nit's \t1\nno\t0\n",
                   ((rcd_labelling){.label_column = "label", .text_column = "sentence"}),
                   "1: it's | 0: no");
    CHECK_LABELLED("t.csv", "text\na b\n", (rcd_labelling){.blind = true}, "-: a b");
}

static void rows_without_a_header_have_places(void **unused)
{
    (void)unused;
    const rcd_labelling rows = {.format = RCD_FORMAT_ROWS, .level = RCD_CHAR};

    CHECK_LABELLED("splice.data", "EI,   ATRINS-DONOR-521,      CCA\nN, X,  GT \n", rows,
                   "EI: C C A | N: G T");
    CHECK_LABELLED("t", "x\t\"a, b\"\ny\tc, d, e\n", ((rcd_labelling){.format = RCD_FORMAT_ROWS}),
                   "x: a, b | y: c, d, e");
}

static void a_row_is_named_by_the_line_where_it_begins(void **unused)
{
    (void)unused;
    rcd_labelled l;
    int64_t line;

    CHECK_STATUS(labelled_of(&l, "t.csv", "label,text\nx,\"a\n\nb\"\n\ny,c\n", (rcd_labelling){0}),
                 RC_OK);
    (void)rcd_labelled_where(&l, 0, &line);
    assert_int_equal(line, 2);
    (void)rcd_labelled_where(&l, 1, &line);
    assert_int_equal(line, 6);
    rcd_labelled_free(&l);
}

static void what_is_wrong_with_a_table_is_said(void **unused)
{
    (void)unused;
    CHECK_REFUSED("t.csv", "label,txt\nx,a\n", (rcd_labelling){0}, RC_EDATA,
                  "there is no column 'text', line 1 has 2");
    CHECK_REFUSED("t.csv", "label,text\nx,a\ny\n", (rcd_labelling){0}, RC_EDATA,
                  "line 3: it has 1 columns, the header has 2");
    CHECK_REFUSED("t.csv", "label,text\nx,\"a\n", (rcd_labelling){0}, RC_EDATA,
                  "a quote is not closed");
    CHECK_REFUSED("t.csv", "label,text\n\"x\ny\",a\n", (rcd_labelling){0}, RC_EDATA,
                  "line 2: the label has a line feed");
    CHECK_REFUSED("t.csv", "label,text\n", (rcd_labelling){0}, RC_EDATA,
                  "there are no sequences in it");
    CHECK_REFUSED("t.csv", "label,text\nx,a\n", (rcd_labelling){.text_column = "label"}, RC_EINVAL,
                  "column 1 is label and text");
    CHECK_REFUSED("t", "x,a\ny\n", (rcd_labelling){.format = RCD_FORMAT_ROWS}, RC_EDATA,
                  "line 2: it has 1 columns, the first line has 2");
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    labelled_file f = {"t.csv", "label,u,v\nx,\"a\",\"b\"\ny,c,d\n", {.text_column = "u,v"}};

    CHECK_EACH_ALLOCATION(read_and_free, &f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_chosen_by_name_or_place),
        cmocka_unit_test(rows_without_a_header_have_places),
        cmocka_unit_test(a_row_is_named_by_the_line_where_it_begins),
        cmocka_unit_test(what_is_wrong_with_a_table_is_said),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled_csv", tests, NULL, NULL);
}
