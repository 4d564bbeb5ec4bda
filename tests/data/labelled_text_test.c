/* labelled_text_test.c -- a text a line: its label before a tab, in a word, or in the file's
 * name.
 */
#include "labelled.h"

static void columns_between_tabs_are_label_and_text(void **unused)
{
    (void)unused;
    CHECK_LABELLED("t", "x\t \"a b\nyy z\tc\n", (rcd_labelling){0}, "x: \"a b | yy z: c");
    CHECK_LABELLED("t", "1\t9\tgood film\n0\t2\tbad\tone\n", (rcd_labelling){0},
                   "1: good film | 0: bad one");
    CHECK_LABELLED("t", "a b\tx\nc\ty\n",
                   ((rcd_labelling){.label_column = "#2", .text_column = "#1"}), "x: a b | y: c");
    CHECK_LABELLED("t", "x\ta\tb\ny\tc\td\n", (rcd_labelling){.text_column = "#-1,#2"},
                   "x: b a | y: d c");
    CHECK_LABELLED("t", "only text\n", ((rcd_labelling){.format = RCD_FORMAT_TSV, .blind = true}),
                   "-: only text");
}

static void lines_without_their_columns_are_named(void **unused)
{
    (void)unused;
    const rcd_labelling tsv = {.format = RCD_FORMAT_TSV};

    CHECK_REFUSED("t", "x a\n", tsv, RC_EDATA, "line 1: it has no tab");
    CHECK_REFUSED("t", "x\ta\n\ny b\n", tsv, RC_EDATA,
                  "line 3: it has 1 columns, the first line has 2");
    CHECK_REFUSED("t", "x\ta\n", (rcd_labelling){.text_column = "#3"}, RC_EDATA,
                  "there is no column '#3', line 1 has 2");
    CHECK_REFUSED("t", "x\ta\n", (rcd_labelling){.label_column = "#-1"}, RC_EINVAL,
                  "column 2 is label and text");
}

static void fasttext_has_one_label(void **unused)
{
    (void)unused;
    CHECK_LABELLED("t", "__label__x a b\n\n__label__y , c\n", (rcd_labelling){0},
                   "x: a b | y: , c");
    CHECK_LABELLED("t", "#x a\n#y b\n", (rcd_labelling){.prefix = "#"}, "x: a | y: b");
    CHECK_REFUSED("t", "__label__x a\n__label__x __label__y a\n", (rcd_labelling){0}, RC_EDATA,
                  "line 2: it has two labels, '__label__x' and '__label__y', one is wanted");
    CHECK_REFUSED("t", "__label__x a\nb c\n", (rcd_labelling){0}, RC_EDATA,
                  "line 2: it begins with 'b', a label '__label__NAME' is expected");
    CHECK_REFUSED("t", "__label__ a\n", (rcd_labelling){0}, RC_EDATA, "there is no label");
    CHECK_LABELLED("t", "__label__x a\nb c\n",
                   ((rcd_labelling){.format = RCD_FORMAT_FASTTEXT, .blind = true}),
                   "-: a | -: b c");
}

static void the_first_word_is_a_coarse_or_fine_label(void **unused)
{
    (void)unused;
    const char *text = "NUM:dist How far ?\nHUM:ind Who is it ?\n";

    CHECK_LABELLED("t", text, (rcd_labelling){0}, "NUM:dist: How far ? | HUM:ind: Who is it ?");
    CHECK_LABELLED("t", text, (rcd_labelling){.label_until = ":"},
                   "NUM: How far ? | HUM: Who is it ?");
    CHECK_LABELLED("t", "x a: b\ny c\n", (rcd_labelling){.format = RCD_FORMAT_FIRST},
                   "x: a: b | y: c");
}

static void files_of_classes_are_named_by_them(void **unused)
{
    (void)unused;
    const struct {
        const char *path, *name;
    } files[] = {{"d.e/rt-polarity.pos.xz", "pos"},
                 {"names/Arabic.txt", "Arabic"},
                 {"spam.txt.gz", "spam"},
                 {"a.b.c", "c"},
                 {"plain", "plain"},
                 {".hidden", ".hidden"}};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        rcd_labelled l;

        CHECK_STATUS(labelled_of(&l, files[i].path, "a\n\nb c\n",
                                 (rcd_labelling){.format = RCD_FORMAT_CLASSES}),
                     RC_OK);
        assert_true(l.n == 2 && l.labels.n == 1 && l.note[RCD_NOTE_EMPTY].line == 2);
        assert_string_equal(rcd_names_at(&l.labels, 0, NULL), files[i].name);
        rcd_labelled_free(&l);
    }
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    labelled_file tsv = {"t", "x\ta\tb\ny\tc\td\n", {.text_column = "#2,#3"}};
    labelled_file classes = {"t.x", "a b\nc\n", {.format = RCD_FORMAT_CLASSES}};

    CHECK_EACH_ALLOCATION(read_and_free, &tsv);
    CHECK_EACH_ALLOCATION(read_and_free, &classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_between_tabs_are_label_and_text),
        cmocka_unit_test(lines_without_their_columns_are_named),
        cmocka_unit_test(fasttext_has_one_label),
        cmocka_unit_test(the_first_word_is_a_coarse_or_fine_label),
        cmocka_unit_test(files_of_classes_are_named_by_them),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled_text", tests, NULL, NULL);
}
