/* labelled_read_test.c -- formats and codings are told, and what cannot be is refused in words.
 *
 * Called with settings and files it tells what it finds there, for tests/data/corpora.sh.
 */
#include "labelled.h"

static void formats_are_told_by_names_and_first_lines(void **unused)
{
    (void)unused;
    const struct {
        const char *path, *text;
        rcd_labelling how;
        rcd_format format;
    } cases[] = {
        {"t", "x\ta\n", {0}, RCD_FORMAT_TSV},
        {"t", "\n\nx\ta\n", {0}, RCD_FORMAT_TSV},
        {"t.csv", "label,text\nx,a\n", {0}, RCD_FORMAT_CSV},
        {"d/t.csv.xz", "label,text\nx,a\n", {0}, RCD_FORMAT_CSV},
        {"t.tsv", "u\tv\nx\ta\n", {.label_column = "u", .text_column = "v"}, RCD_FORMAT_CSV},
        {"t.tsv", "u\tv\nx\ta\n", {.label_column = "#1"}, RCD_FORMAT_TSV},
        {"t", "__label__x a\n", {0}, RCD_FORMAT_FASTTEXT},
        {"t", "@x a\n", {.prefix = "@"}, RCD_FORMAT_FASTTEXT},
        {"t", "NUM:dist How far\n", {0}, RCD_FORMAT_FIRST},
        {"t", "(3 (2 It) (4 works))\n", {0}, RCD_FORMAT_TREES},
        {"t", "# x\na\tO\n", {0}, RCD_FORMAT_COLUMNS},
        {"t", "some text\n", {.blind = true}, RCD_FORMAT_TEXT},
        {"t", "a X\n", {.each = true}, RCD_FORMAT_COLUMNS},
        {"t.conllu", "1\ta\t_\tX\t_\t_\t0\t_\t_\t_\n", {.each = true}, RCD_FORMAT_CONLLU},
        {"t", "# newdoc\n1\ta\t_\tX\t_\t_\t0\t_\t_\t_\n", {.each = true}, RCD_FORMAT_CONLLU},
        {"t", "some words\nand more words\n", {.each = true, .blind = true}, RCD_FORMAT_TEXT},
        {"t", "some\nwords\n", {.each = true, .blind = true}, RCD_FORMAT_COLUMNS},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rcd_labelled l;

        CHECK_STATUS(labelled_of(&l, cases[i].path, cases[i].text, cases[i].how), RC_OK);
        assert_string_equal(rcd_format_word(l.format), rcd_format_word(cases[i].format));
        assert_int_equal(l.n > 0, 1);
        rcd_labelled_free(&l);
    }
}

static void what_tells_no_format_is_refused(void **unused)
{
    (void)unused;
    CHECK_REFUSED("t", "some text\n", (rcd_labelling){0}, RC_EDATA,
                  "cannot read 't': its first line tells no format with labels");
    CHECK_REFUSED("t", "", (rcd_labelling){0}, RC_EDATA, "cannot read 't': it is empty");
    CHECK_REFUSED("t", "\xEF\xBB\xBF\n \n", (rcd_labelling){0}, RC_EDATA, "it is empty");
    CHECK_REFUSED("t", "x\t \n", (rcd_labelling){0}, RC_EDATA, "there are no sequences in it");
}

static void settings_that_a_format_cannot_follow_are_refused(void **unused)
{
    (void)unused;
    CHECK_REFUSED("t", "x\ta\n", ((rcd_labelling){.format = RCD_FORMAT_TSV, .each = true}),
                  RC_EINVAL, "cannot read 't' as tsv: it has no labels of tokens");
    CHECK_REFUSED("t", "x\n", (rcd_labelling){.format = RCD_FORMAT_TEXT}, RC_EINVAL,
                  "as text: it has no labels of sequences");
    CHECK_REFUSED("t", "A:b c\n", (rcd_labelling){.label_column = "#2"}, RC_EINVAL,
                  "as first: it has no columns to choose from");
    CHECK_REFUSED("t", "x\ta\n", (rcd_labelling){.features = "#2"}, RC_EINVAL,
                  "as tsv: its tokens have no features");
    CHECK_REFUSED("t", "a X\n", ((rcd_labelling){.each = true, .level = RCD_CHAR}), RC_EINVAL,
                  "as columns at level char: its tokens are words");
}

static void marks_and_line_ends_are_no_part_of_the_text(void **unused)
{
    (void)unused;
    CHECK_LABELLED("t", "\xEF\xBB\xBFx\ta b\r\ny\tc\r\n", (rcd_labelling){0}, "x: a b | y: c");
    CHECK_LABELLED("t",
                   "x\ta\xC2\x85"
                   "b\ny\tc",
                   (rcd_labelling){0},
                   "x: a\xC2\x85"
                   "b | y: c");
}

static void latin1_is_told_refused_or_meant(void **unused)
{
    (void)unused;
    const char *text = "x\tcaf\xE9\ny\t\xC3\xA9t\xE9\n";

    CHECK_LABELLED("t", text, (rcd_labelling){0}, "x: caf\xC3\xA9 | y: \xC3\x83\xC2\xA9t\xC3\xA9");
    CHECK_REFUSED("t", text, (rcd_labelling){.coding = RCD_CODING_UTF8}, RC_EDATA,
                  "cannot read 't': line 1 is not UTF-8");
    CHECK_LABELLED("t", "x\t\xC3\xA9\n", (rcd_labelling){.coding = RCD_CODING_LATIN1},
                   "x: \xC3\x83\xC2\xA9");
    CHECK_LABELLED("t", "x\t\xC3\xA9\n", (rcd_labelling){0}, "x: \xC3\xA9");

    rcd_labelled l = {0}; /* bytes are bytes, but a label is text */
    CHECK_STATUS(rcd_labelled_parse(&l, "t", "x\t\xE9\n", 4, &(rcd_labelling){.level = RCD_BYTE}),
                 RC_OK);
    assert_memory_equal(rcd_names_at(&l.tokens, 0, NULL), "\xE9", 2);
    rcd_labelled_free(&l);
    CHECK_STATUS(rcd_labelled_parse(&l, "t", "\xE9\ta\n", 4, &(rcd_labelling){.level = RCD_BYTE}),
                 RC_EDATA);
    CHECK_MESSAGE_HAS("line 1: the label is not UTF-8");
    rcd_labelled_free(&l);
}

static void files_add_up_and_are_of_one_format(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("more.txt"), *text = "no tab\n";
    rcd_labelled l;

    check_write_file(path, text, strlen(text));
    CHECK_STATUS(labelled_of(&l, "t", "x\ta\n", (rcd_labelling){0}), RC_OK);
    CHECK_STATUS(rcd_labelled_read(&l, path, &(rcd_labelling){.level = RCD_WORD}), RC_EDATA);
    CHECK_MESSAGE_HAS("line 1: it has no tab");
    rcd_labelled_free(&l);
    CHECK_STATUS(rcd_labelled_read(&l, "no such file", &(rcd_labelling){0}), RC_EIO);
    rcd_labelled_free(&l);
}

static void formats_and_codings_have_words(void **unused)
{
    (void)unused;
    rcd_format f;
    rcd_coding c;

    for (int i = 0; i < RCD_FORMAT_COUNT; i++) {
        CHECK_STATUS(rcd_format_of(&f, rcd_format_word((rcd_format)i)), RC_OK);
        assert_true(f == (rcd_format)i && *rcd_format_help(f));
    }
    for (int i = 0; i < RCD_CODING_COUNT; i++) {
        CHECK_STATUS(rcd_coding_of(&c, rcd_coding_word((rcd_coding)i)), RC_OK);
        assert_true(c == (rcd_coding)i && *rcd_coding_help(c));
    }
    CHECK_STATUS(rcd_format_of(&f, "colums"), RC_EINVAL);
    CHECK_MESSAGE_HAS("unknown format 'colums', the nearest is 'columns'");
    CHECK_STATUS(rcd_coding_of(&c, "klingon"), RC_EINVAL);
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    labelled_file latin1 = {"t", "x\tcaf\xE9 b\ny\tc\n", {0}};

    CHECK_EACH_ALLOCATION(read_and_free, &latin1);
}

/* ---- counts of files --------------------------------------------------------------------- */

/* "phrases", "format=tsv", ...: one of a few settings. False: it is a file. */
static bool set(rcd_labelling *how, const char *word)
{
    bool *const flags[] = {&how->each, &how->html, &how->phrases, &how->binary};
    static const char *const names[] = {"each", "html", "phrases", "binary"};
    const char *value = strchr(word, '=') ? strchr(word, '=') + 1 : "";

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i]) == 0)
            return *flags[i] = true;
    if (strncmp(word, "format=", 7) == 0)
        return rcd_format_of(&how->format, value) == RC_OK;
    if (strncmp(word, "level=", 6) == 0)
        return rcd_level_of(&how->level, value) == RC_OK;
    if (strncmp(word, "until=", 6) == 0)
        how->label_until = value;
    else if (strncmp(word, "label=", 6) == 0)
        how->label_column = value;
    else
        return false;
    return true;
}

static int tell_counts(int argc, char **argv)
{
    rcd_labelling how = {.level = RCD_WORD};
    rcd_labelled l = {0};
    rcb_buf notes = {0};
    rc_status s = RC_OK;

    for (int i = 1; s == RC_OK && i < argc; i++)
        if (!set(&how, argv[i]))
            s = rcd_labelled_read(&l, argv[i], &how);
    if (s == RC_OK)
        s = rcd_labelled_notes(&l, &notes);
    if (s == RC_OK)
        printf("%s: %lld sequences, %lld tokens, %d labels\n", rcd_format_word(l.format),
               (long long)l.n, (long long)l.start[l.n], (int)l.labels.n);
    else
        printf("%s\n", rc_error_message());
    for (const char *p = notes.n > 0 ? notes.p : ""; *p; p = strchr(p, '\n') + 1)
        printf("  %.*s\n", (int)(strcspn(p, ",:\n")), p);
    rcb_buf_free(&notes);
    rcd_labelled_free(&l);
    return s != RC_OK;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_told_by_names_and_first_lines),
        cmocka_unit_test(what_tells_no_format_is_refused),
        cmocka_unit_test(settings_that_a_format_cannot_follow_are_refused),
        cmocka_unit_test(marks_and_line_ends_are_no_part_of_the_text),
        cmocka_unit_test(latin1_is_told_refused_or_meant),
        cmocka_unit_test(files_add_up_and_are_of_one_format),
        cmocka_unit_test(formats_and_codings_have_words),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    if (argc > 1)
        return tell_counts(argc, argv);
    return cmocka_run_group_tests_name("labelled_read", tests, NULL, NULL);
}
