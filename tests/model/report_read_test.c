/* report_read_test.c -- files of what was said, in columns and lines, and what is wrong in them. */
#include "reports.h"

static rc_status read_text(rc_report **out, const char *text, size_t n, rc_report_reading how)
{
    const char *path = check_temp_path("said.txt");

    check_write_file(path, text, n);
    CHECK_STATUS(rc_report_new(out, NULL, 0), RC_OK);
    return rc_report_read(*out, path, &how);
}

static rc_scores *measured(const char *text, rc_report_reading how)
{
    rc_report_options o = rc_report_options_default();
    rc_report *r;
    rc_scores *s;

    o.resamples = 0;
    CHECK_STATUS(read_text(&r, text, strlen(text), how), RC_OK);
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
    rc_report_free(r); /* the strings of scores are their own */
    return s;
}

static void columns_end_with_gold_and_said(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        char delimiter;
    } same[] = {
        {"w x B-A B-A\nw x I-A O\n\nw x O O\n", 0},
        {"\xEF\xBB\xBFw x B-A B-A\r\nw x I-A O\r\n\r\n\r\nw x O O", 0},
        {"  w\tx  B-A   B-A \nw x I-A O\n \t\nw x O O\n\n\n", 0},
        {"B-A B-A\nI-A O\n\nO O\n", 0},
        {"w w\tB-A\tB-A\nw w\tI-A\tO\n\n\tO\tO\n", '\t'},
        {"w,B-A,B-A\n,I-A,O\n\n,O,O\n", ','},
        {"w x B-A B-A\nw x I-A O\n-X- O O\n-X- x O O\nw x O O\n", 0}, /* conlleval's boundary */
    };

    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        rc_scores *s = measured(same[i].text, (rc_report_reading){.delimiter = same[i].delimiter});

        assert_true(s->sequences == 2 && s->labels == 3 && s->right == 2 && !s->single);
        assert_true(s->count == 3 && s->spans.gold == 1 && s->spans.right == 0);
        assert_string_equal(s->label[0].name, "B-A");
        rc_scores_free(s);
    }
}

static void lines_are_examples_with_or_without_a_probability(void **unused)
{
    (void)unused;
    rc_scores *s = measured("a b\ta b\nc\ta b\n\nc\tc\n", (rc_report_reading){.labels = true});

    assert_true(s->sequences == 3 && s->labels == 3 && s->right == 2 && s->single);
    assert_true(!s->confident && s->count == 2);
    assert_string_equal(s->label[0].name, "a b");
    rc_scores_free(s);
    s = measured("a\ta\t0.25\nc\ta\t1\nc\tc\t1e-3", (rc_report_reading){.labels = true});
    assert_true(s->confident && s->right == 2);
    assert_int_equal(s->bin[0].count, 1);
    assert_int_equal(s->bin[3].count, 1);
    assert_int_equal(s->bin[14].count, 1);
    rc_scores_free(s);
    s = measured("a,a\nc,a\n", (rc_report_reading){.labels = true, .delimiter = ','});
    assert_true(s->labels == 2 && s->right == 1);
    rc_scores_free(s);
}

static void what_is_wrong_is_said_with_its_line(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        rc_report_reading how;
        const char *message;
    } bad[] = {
        {"", {0}, "there is no label in it"},
        {"\n \n\n", {0}, "there is no label in it"},
        {"\n", {.labels = true}, "there is no label in it"},
        {"w O O\nw\n", {0}, "line 2 has 1 column, expected 2 or more"},
        {"w O O\nw w O O\n", {0}, "line 2 has 4 columns, line 1 has 3"},
        {"w,O,\n", {.delimiter = ','}, "line 1: the said label is empty"},
        {"w O \xFF\n", {0}, "line 1: the said label is not UTF-8"},
        {"a\n", {.labels = true}, "line 1 has 1 column, expected 2 or 3 (gold, said, probability)"},
        {"a\ta\ta\ta\n", {.labels = true}, "line 1 has 4 columns, expected 2 or 3"},
        {"a\ta\t0.5\na\ta\n", {.labels = true}, "line 2 has 2 columns, line 1 has 3"},
        {"a\ta\t1.5\n", {.labels = true}, "line 1: '1.5' is no probability from 0 to 1"},
        {"a\ta\t0.0000000000000000000000000000000000000000000000000000000000000000000001\n",
         {.labels = true},
         "line 1: '0.00000000000000000000000000000000000000' is no probability"},
        {"a\ta\tnan\n", {.labels = true}, "line 1: 'nan' is no probability"},
        {"a\ta\t\n", {.labels = true}, "line 1: '' is no probability"},
        {"\n\ta\n", {.labels = true}, "line 2: the gold label is empty"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rc_report *r;

        CHECK_STATUS(read_text(&r, bad[i].text, strlen(bad[i].text), bad[i].how), RC_EDATA);
        CHECK_MESSAGE_HAS("said.txt': ");
        CHECK_MESSAGE_HAS(bad[i].message);
        rc_report_free(r);
    }
    rc_report *r;

    CHECK_STATUS(read_text(&r, "w O \0\n", 6, (rc_report_reading){0}), RC_EDATA);
    CHECK_MESSAGE_HAS("not UTF-8");
    rc_report_free(r);
    CHECK_STATUS(read_text(&r, "O O\n", 4, (rc_report_reading){.delimiter = '\n'}), RC_EINVAL);
    CHECK_STATUS(rc_report_read(r, check_temp_path("nothing"), NULL), RC_EIO);
    CHECK_MESSAGE_HAS("nothing'");
    rc_report_free(r);
}

/* The first fault of the second file stands in its third line. */
static void faults_are_told_with_file_and_line(void **unused)
{
    (void)unused;
    const char *a = check_temp_path("a.txt"), *b = check_temp_path("b.txt");
    rc_report_options o = rc_report_options_default();
    rc_report *r;
    rc_scores *s;

    check_write_file(a, "B-A O\n\nO O\n", 11);
    check_write_file(b, "O O\n\nO I-A\nB-A B-A\n", 19);
    o.resamples = 0;
    CHECK_STATUS(rc_report_new(&r, NULL, 0), RC_OK);
    CHECK_STATUS(rc_report_read(r, a, NULL), RC_OK);
    CHECK_STATUS(rc_report_read(r, b, NULL), RC_OK);
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
    assert_string_equal(s->scheme, "iob2");
    assert_true(s->gold_faults.count == 0 && s->gold_faults.sequence == -1);
    assert_true(s->said_faults.count == 1 && s->said_faults.sequence == 3);
    assert_true(s->said_faults.position == 0 && s->said_faults.line == 3);
    assert_string_equal(s->said_faults.file, b);
    assert_string_equal(s->said_faults.tag, "I-A");
    rc_scores_free(s);
    rc_report_free(r);
}

static rc_status read_all(void *path)
{
    rc_report *r;
    rc_status status = rc_report_new(&r, NULL, 0);

    if (status == RC_OK)
        status = rc_report_read(r, path, NULL);
    rc_report_free(r);
    return status;
}

static void memory_may_run_out(void **unused)
{
    (void)unused;
    char path[1024];

    (void)snprintf(path, sizeof path, "%s", check_temp_path("m.txt"));
    check_write_file(path, "w B-A O\nw O O\n\nw O O\n", 21);
    CHECK_EACH_ALLOCATION(read_all, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_end_with_gold_and_said),
        cmocka_unit_test(lines_are_examples_with_or_without_a_probability),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(faults_are_told_with_file_and_line),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("report_read", tests, NULL, NULL);
}
