/* series_csv_test.c -- tables become series: columns by role, quotes, what is to be said and where,
 * and what is wrong with a table is said by line and column.
 */
#include "check.h"
#include "data/data_in.h"

#include <math.h>

static rc_status parse(rcd_series *s, const char *text, rcd_reading how)
{
    *s = (rcd_series){0};
    how.part = "train";
    return rcd_series_parse(s, "t.csv", text, strlen(text), &how);
}

static void columns_are_read_said_or_dropped(void **unused)
{
    (void)unused;
    static const char *const forms[] = {
        "date,a,\"b, or so\",y\n1949-01,1,2,0.5\n1949-02,3,-4e1,1.5\n",
        "date;a;b, or so;y\r\n1949-01;1;2;0.5\r\n1949-02; 3 ;\"-40\";1.5",
        "date\ta\tb, or so\ty\n\"1949\n-01\"\t1\t2\t0.5\n1949-02\t3\t-40\t\"1.5\"\n",
    };
    const float x[] = {1, 2, 3, -40}, y[] = {0.5F, 1.5F};

    for (int i = 0; i < 3; i++) {
        rcd_series s;

        CHECK_STATUS(parse(&s, forms[i], (rcd_reading){.drop = "date", .target = "#4"}), RC_OK);
        assert_true(s.n == 1 && s.D == 2 && s.K == 1 && s.each && !s.classes);
        assert_int_equal(rcd_series_steps(&s, 0), 2);
        assert_memory_equal(s.x, x, sizeof x);
        assert_memory_equal(s.y, y, sizeof y);
        rcd_series_free(&s);
    }
}

static void a_column_or_empty_lines_tell_series_apart(void **unused)
{
    (void)unused;
    rcd_series s;

    CHECK_STATUS(parse(&s, "who,a\nx,1\nx,2\ny,3\nx,4\n", (rcd_reading){.series_column = "who"}),
                 RC_OK);
    assert_int_equal(s.n, 3);
    assert_int_equal(rcd_series_steps(&s, 0), 2);
    assert_int_equal(rcd_series_steps(&s, 2), 1);
    assert_true(s.D == 1 && s.K == 0 && !s.classes);
    rcd_series_free(&s);

    /* two columns tell together, and "a","bc" is not "ab","c" */
    CHECK_STATUS(parse(&s, "u,v,a\nx,x,1\nx,y,2\nx,y,3\na,bc,4\nab,c,5\n",
                       (rcd_reading){.series_column = "u,v"}),
                 RC_OK);
    assert_int_equal(s.n, 4);
    assert_int_equal(rcd_series_steps(&s, 1), 2);
    rcd_series_free(&s);

    CHECK_STATUS(parse(&s,
                       "\xEF\xBB\xBF"
                       "a\n1\n2\n\n\n3\n",
                       (rcd_reading){.drop = ""}),
                 RC_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(rcd_series_steps(&s, 0), 2);
    rcd_series_free(&s);
}

/* Where answers are: the same class throughout, or numbers at the last step alone, are one for the
 * series; else there is one at every step that is not empty. */
static void answers_are_where_the_table_has_them(void **unused)
{
    (void)unused;
    const struct {
        const char *text;
        rcd_places places;
        bool each, classes;
        int64_t aims;
    } tables[] = {
        {"a,y\n1,up\n2,up\n\n3,down\n", RCD_PLACES_AUTO, false, true, 2},
        {"a,y\n1,up\n2,up\n\n3,down\n", RCD_PLACES_EACH, true, true, 3},
        {"a,y\n1,\n2,up\n\n3,down\n", RCD_PLACES_AUTO, false, true, 2},
        {"a,y\n1,up\n2,down\n\n3,down\n", RCD_PLACES_AUTO, true, true, 3},
        {"a,y\n1,up\n2,\n\n3,down\n", RCD_PLACES_AUTO, true, true, 2},
        {"a,y\n1,up\n2,up\n", RCD_PLACES_AUTO, true, true, 2}, /* one series tells nothing */
        {"a,y\n1,\n2,7\n\n3,8\n", RCD_PLACES_AUTO, false, false, 2},
        {"a,y\n1,7\n2,7\n\n3,8\n", RCD_PLACES_AUTO, true, false, 3},
        {"a,y\n1,7\n2,7\n\n3,8\n", RCD_PLACES_LAST, false, false, 2},
        {"a,y\n1,7\n2,\n\n3,8\n", RCD_PLACES_AUTO, true, false, 2},
    };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const int64_t which[] = {0, 1};
        rcd_vocab *v = NULL;
        rcd_batch b = {0};
        rcd_series s;

        CHECK_STATUS(
            parse(&s, tables[i].text, (rcd_reading){.target = "y", .places = tables[i].places}),
            RC_OK);
        assert_int_equal(s.each, tables[i].each);
        assert_int_equal(s.classes, tables[i].classes);
        if (s.names.n > 1) {
            CHECK_STATUS(rcd_series_vocab(&v, &s), RC_OK);
            CHECK_STATUS(rcd_series_label(&s, v, "t.csv"), RC_OK);
        }
        CHECK_STATUS(rcd_series_batch(&s, which, s.n, false, &b), RC_OK);
        assert_int_equal(b.aims, tables[i].aims);
        rcd_batch_free(&b);
        rcd_vocab_free(v);
        rcd_series_free(&s);
    }
}

static void numbers_can_be_classes_and_answers_can_be_left_out(void **unused)
{
    (void)unused;
    rcd_series s;

    /* nor need they be there for whoever does not want them */
    for (int has = 0; has < 2; has++) {
        CHECK_STATUS(parse(&s, has ? "a,y\n1,up\n2,\n" : "a\n1\n2\n",
                           (rcd_reading){.target = "y", .blind = true}),
                     RC_OK);
        assert_true(s.n == 1 && s.D == 1 && s.K == 0 && !s.classes);
        rcd_series_free(&s);
    }

    CHECK_STATUS(parse(&s, "a,y\n1,0\n2,1\n", (rcd_reading){.target = "y", .classes = true}),
                 RC_OK);
    assert_true(s.classes && s.names.n == 2 && s.K == 0);
    rcd_series_free(&s);
}

static void what_is_wrong_with_a_table_is_said(void **unused)
{
    (void)unused;
    const struct {
        const char *text;
        rcd_reading how;
        const char *words;
    } bad[] = {
        {"", {0}, "t.csv"},
        {"a,b\n", {0}, "there are no series in it"},
        {"a,b\n1,2\n3\n", {0}, "line 3 has 1 columns, the header has 2"},
        {"a,b\n1,2\n3,4,5\n", {0}, "line 3 has 3 columns, the header has 2"},
        {"a,b\n1,two\n", {0}, "line 2: 'two' in column 'b' is no number"},
        {"a,b\n1,\n", {0}, "line 2: '' in column 'b' is no number"},
        {"a,b\n1,nan\n", {0}, "'nan' in column 'b' is no number"},
        {"a,b\n1,1e99\n", {0}, "'1e99' in column 'b' is no number"},
        {"a,b\n1,\"2\n", {0}, "a quote is not closed"},
        {"a,b\n1,\"2\"3\n", {0}, "line 2: something stands behind a closing quote"},
        {"a,b\n1,2\n", {.target = "c"}, "there is no column 'c'"},
        {"a,b\n1,2\n", {.drop = "#3"}, "there is no column '#3'"},
        {"a,b\n1,2\n", {.drop = "a,b"}, "no column is left to be read"},
        {"a,b,c\n1,2,x\n", {.target = "b,c"}, "line 2 says no number, line 2 does"},
        {"a,b,c\n1,y,x\n", {.target = "b,c"}, "a class is one column"},
        {"a,b\n1,2\n3,nan\n", {.target = "b"}, "line 3 says no number, line 2 does"},
        {"a,b\n1,2\n", {.target = "b", .drop = "#2"}, "column 'b' is named twice"},
        {"a,b\n1,\"x\ny\"\n", {.target = "b"}, "has a line feed or NUL in it"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rcd_series s;

        CHECK_STATUS(parse(&s, bad[i].text, bad[i].how), RC_EDATA);
        CHECK_MESSAGE_HAS(bad[i].words);
        rcd_series_free(&s);
    }
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    const char *text = "id,a,\"b\",y\n1,2,3,up\n1,4,5,up\n2,\"6\",7,down\n";
    const rcd_reading how = {.series_column = "id", .target = "y"};
    rc_status status = RC_ENOMEM;

    for (uint64_t n = 1; status != RC_OK; n++) {
        rcd_series s;

        rcb_alloc_fail_at(n);
        status = parse(&s, text, how);
        rcb_alloc_fail_at(0);
        assert_true(status == RC_OK || status == RC_ENOMEM);
        rcd_series_free(&s);
    }
}

/* Many names are found as fast as few, and keep the order in which they came. */
static void many_classes_keep_their_order(void **unused)
{
    (void)unused;
    rcb_buf text = {0};
    rcd_series s;

    CHECK_STATUS(rcb_buf_puts(&text, "a,y\n"), RC_OK);
    for (int i = 0; i < 40000; i++)
        CHECK_STATUS(rcb_buf_printf(&text, "1,c%d\n", i % 20000), RC_OK);
    CHECK_STATUS(parse(&s, text.p, (rcd_reading){.target = "y"}), RC_OK);
    assert_int_equal(s.names.n, 20000);
    for (int i = 0; i < 20000; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "c%d", i);
        assert_string_equal(rcd_names_at(&s.names, i, NULL), name);
        assert_int_equal(s.names.name[i].count, 2);
    }
    assert_int_equal(s.label[39999], 19999);
    rcd_series_free(&s);
    rcb_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_read_said_or_dropped),
        cmocka_unit_test(a_column_or_empty_lines_tell_series_apart),
        cmocka_unit_test(answers_are_where_the_table_has_them),
        cmocka_unit_test(numbers_can_be_classes_and_answers_can_be_left_out),
        cmocka_unit_test(many_classes_keep_their_order),
        cmocka_unit_test(what_is_wrong_with_a_table_is_said),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("series_csv", tests, NULL, NULL);
}
