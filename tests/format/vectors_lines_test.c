/* vectors_lines_test.c -- the four ways to write words and numbers in turn give the same vectors;
 * what is cut off or counted wrongly is refused with its byte.
 */
#include "check.h"
#include "format/format.h"

static const char *const words[] = {"the", "caf\xC3\xA9", "New", "</s>"};
static const float values[4][3] = {
    {0.5F, -1.25F, 1e-3F}, {3, 0, -2}, {0.1F, 0.2F, 0.3F}, {7, 8, 9}};

enum kind { TEXT, BARE, PADDED, BINARY, BINARY_LINES, KINDS };

/* The vectors as a file of a kind. */
static rcb_buf file_of(enum kind kind)
{
    rcb_buf b = {0};

    if (kind != BARE)
        CHECK_STATUS(rcb_buf_printf(&b, "4 3\n"), RC_OK);
    for (int i = 0; i < 4; i++) {
        CHECK_STATUS(rcb_buf_printf(&b, "%s ", words[i]), RC_OK);
        if (kind >= BINARY)
            CHECK_STATUS(rcb_buf_add(&b, values[i], sizeof values[i]), RC_OK);
        else
            CHECK_STATUS(rcb_buf_printf(&b, "%g %g %g%s", (double)values[i][0],
                                        (double)values[i][1], (double)values[i][2],
                                        kind == PADDED ? " \r" : ""),
                         RC_OK);
        if (kind != BINARY)
            CHECK_STATUS(rcb_buf_puts(&b, "\n"), RC_OK);
    }
    return b;
}

static void check_vectors(rcf_vectors *v)
{
    int64_t at;

    assert_true(rcf_vectors_count(v) == 4 && rcf_vectors_dim(v) == 3);
    for (int64_t i = 0; i < 4; i++) {
        float x[3];
        size_t n;
        const char *p = rcf_vectors_word(v, i, &n);

        assert_int_equal(n, strlen(words[i]));
        assert_memory_equal(p, words[i], n);
        CHECK_STATUS(rcf_vectors_read(v, i, x), RC_OK);
        CHECK_CLOSE(x, values[i], 3, 0);
        CHECK_STATUS(rcf_vectors_find(v, words[i], n, &at), RC_OK);
        assert_int_equal(at, i);
    }
    CHECK_STATUS(rcf_vectors_find(v, "them", 4, &at), RC_OK);
    assert_int_equal(at, -1);
    CHECK_STATUS(rcf_vectors_find(v, "th", 2, &at), RC_OK);
    assert_int_equal(at, -1);
}

static void all_kinds_hold_the_same_vectors(void **unused)
{
    (void)unused;
    for (enum kind kind = 0; kind < KINDS; kind++) {
        rcb_buf b = file_of(kind);
        rcf_vectors *v;

        CHECK_STATUS(rcf_vectors_parse(&v, "v", b.p, b.n), RC_OK);
        check_vectors(v);
        rcf_vectors_free(v);
        rcb_buf_free(&b);
    }
}

/* No part of a file with a header is one, but for what lacks its last line feed or digits. */
static void what_is_cut_off_is_refused(void **unused)
{
    (void)unused;
    for (enum kind kind = 0; kind < KINDS; kind++) {
        rcb_buf b = file_of(kind);

        for (size_t n = 0; kind != BARE && n + 2 + (kind == PADDED) < b.n; n++) {
            char *part = malloc(n ? n : 1); /* so that a sanitizer sees every overrun */
            rcf_vectors *v;

            assert_non_null(part);
            memcpy(part, b.p, n);
            CHECK_STATUS(rcf_vectors_parse(&v, "v", part, n), RC_EFORMAT);
            CHECK_MESSAGE_HAS("cannot read 'v': byte ");
            rcf_vectors_free(v);
            free(part);
        }
        rcb_buf_free(&b);
    }
}

static void what_is_wrong_is_said_with_its_byte(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "byte 0: no vectors: the file is empty"},
        {"\nthe 1 2\n", "byte 0: no vectors in the first line"},
        {"the\n", "byte 0: 1 fields, a word and 1 to"},
        {"2 0\n", "byte 0: 2 vectors of 0 numbers"},
        {"0 2\n", "byte 0: 0 vectors of 2 numbers"},
        {"1 9999999\na b\n", "byte 0: 1 vectors of 9999999 numbers"},
        {"2 2\na 1 2\n", "byte 10: the file ends after 1 of 2 vectors"},
        {"1 2\na 1 2\nb 3 4\n", "byte 10: a line behind the last of 1 vectors"},
        {"2 2\na 1 2\nb 3\n", "byte 10: vector 2 has 2 fields, a word and 2 numbers are expected"},
        {"a 1 2\n\nb 3 4\n", "byte 6: vector 2 has 0 fields"},
        {"99999999999999 3\nab", "99999999999999 vectors of 3 floats need more"},
        {"1 1\nabcdefgh", "vector 1 of 1 has no word"},
        {"1 1\na xxxxyz", "byte 10: 2 bytes behind the last of 1 vectors"},
        {"2 1\na xxxxb xx", "the file ends"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rcf_vectors *v;

        CHECK_STATUS(rcf_vectors_parse(&v, "v", cases[i].text, strlen(cases[i].text)), RC_EFORMAT);
        CHECK_MESSAGE_HAS(cases[i].words);
        assert_null(v);
    }
}

static void numbers_that_are_none_are_refused_when_read(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"a 1 2\nb 1 x\n", "a 1 2\nb 1 nan\n", "a 1 2\nb 1 1e99\n"};
    const float bad[] = {1, (float)NAN};
    char binary[] = "1 2\nb ........";
    rcf_vectors *v;
    float x[2];

    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(rcf_vectors_parse(&v, "v", texts[i], strlen(texts[i])), RC_OK);
        CHECK_STATUS(rcf_vectors_read(v, 0, x), RC_OK);
        CHECK_STATUS(rcf_vectors_read(v, 1, x), RC_EFORMAT);
        CHECK_MESSAGE_HAS("number 2 of vector 2 is none");
        rcf_vectors_free(v);
    }
    memcpy(binary + 6, bad, sizeof bad);
    CHECK_STATUS(rcf_vectors_parse(&v, "v", binary, sizeof binary - 1), RC_OK);
    CHECK_STATUS(rcf_vectors_read(v, 0, x), RC_EFORMAT);
    rcf_vectors_free(v);
}

static void words_may_have_blanks_and_come_twice(void **unused)
{
    (void)unused;
    static const char text[] = "a 1 2\n. . . 3 4\na 5 6";
    rcf_vectors *v;
    int64_t at;
    float x[2];
    size_t n;

    CHECK_STATUS(rcf_vectors_parse(&v, "v", text, sizeof text - 1), RC_OK);
    assert_int_equal(rcf_vectors_count(v), 3);
    const char *word = rcf_vectors_word(v, 1, &n);
    assert_true(n == 5 && memcmp(word, ". . .", 5) == 0);
    CHECK_STATUS(rcf_vectors_read(v, 1, x), RC_OK);
    assert_true(x[0] == 3 && x[1] == 4);
    CHECK_STATUS(rcf_vectors_find(v, "a", 1, &at), RC_OK);
    assert_int_equal(at, 0);
    rcf_vectors_free(v);
}

static rc_status open_and_find(void *ctx)
{
    const rcb_buf *b = ctx;
    rcf_vectors *v;
    int64_t at;

    RC_TRY(rcf_vectors_parse(&v, "v", b->p, b->n));
    const rc_status s = rcf_vectors_find(v, "the", 3, &at);
    rcf_vectors_free(v);
    return s;
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    rcb_buf b = file_of(BINARY);

    CHECK_EACH_ALLOCATION(open_and_find, &b);
    rcb_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_hold_the_same_vectors),
        cmocka_unit_test(what_is_cut_off_is_refused),
        cmocka_unit_test(what_is_wrong_is_said_with_its_byte),
        cmocka_unit_test(numbers_that_are_none_are_refused_when_read),
        cmocka_unit_test(words_may_have_blanks_and_come_twice),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("vectors_lines", tests, NULL, NULL);
}
