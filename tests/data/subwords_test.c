/* subwords_test.c -- n-grams of words are those of "<word>", numbered as they come, and any word
 * has those that are known.
 */
#include "check.h"

#include "data/data.h"

#include <stdio.h>

static rcd_vocab *vocab_of(const char *text)
{
    rcd_text *t;
    rcd_vocab *v;

    CHECK_STATUS(rcd_text_of(&t, "text", text, strlen(text)), RC_OK);
    CHECK_STATUS(rcd_vocab_build(&v, RCD_WORD, t, 0, rcd_text_bytes(t), NULL), RC_OK);
    rcd_text_free(t);
    return v;
}

/* "<ab ab> ": the n-grams of word i. */
static void check_word(const rcd_subwords *s, int64_t i, const char *want)
{
    char got[1024] = "";
    size_t at = 0;

    for (int64_t k = s->first[i]; k < s->first[i + 1]; k++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%s ",
                               rcd_names_at(&s->names, s->gram[k], NULL));
    assert_string_equal(got, want);
}

static int64_t find(const rcd_vocab *v, const char *word)
{
    return rcd_vocab_find(v, word, strlen(word));
}

static void grams_are_those_between_the_marks(void **unused)
{
    (void)unused;
    rcd_vocab *v = vocab_of("abc a \xc3\xa9t <unk>\n");
    rcd_subwords s;

    CHECK_STATUS(rcd_subwords_new(&s, v, 2, 3, 1000), RC_OK);
    check_word(&s, find(v, "abc"), "<a <ab ab abc bc bc> c> ");
    check_word(&s, find(v, "a"), "<a <a> a> ");
    check_word(&s, find(v, "\xc3\xa9t"), "<\xc3\xa9 <\xc3\xa9t \xc3\xa9t \xc3\xa9t> t> ");
    check_word(&s, rcd_vocab_unk(v), "");
    check_word(&s, rcd_vocab_boundary(v), "");
    assert_int_equal(s.rows, s.names.n);
    assert_int_equal(s.words, rcd_vocab_size(v));
    rcd_subwords_free(&s);

    CHECK_STATUS(rcd_subwords_new(&s, v, 1, 1, 1000), RC_OK); /* no marks alone */
    check_word(&s, find(v, "abc"), "a b c ");
    rcd_subwords_free(&s);
    rcd_vocab_free(v);
}

static void rows_are_shared_where_there_are_too_few(void **unused)
{
    (void)unused;
    rcd_vocab *v = vocab_of("abc abd xyz\n");
    rcd_subwords s;

    CHECK_STATUS(rcd_subwords_new(&s, v, 3, 6, 4), RC_OK);
    assert_int_equal(s.rows, 4);
    for (int64_t i = 0; i < s.first[s.words]; i++)
        assert_true(s.gram[i] >= 0 && s.gram[i] < 4);
    rcd_subwords_free(&s);
    rcd_vocab_free(v);
}

typedef struct list {
    int32_t row[32];
    size_t n;
} list;

static void add(void *ctx, int32_t row)
{
    list *l = ctx;

    l->row[l->n++] = row;
}

static void any_word_has_what_is_known_of_it(void **unused)
{
    (void)unused;
    rcd_vocab *v = vocab_of("abc bcd\n");
    rcd_subwords s;
    list known = {.n = 0}, other = {.n = 0};

    CHECK_STATUS(rcd_subwords_new(&s, v, 2, 3, 1000), RC_OK);
    const int64_t word = find(v, "abc");
    CHECK_STATUS(rcd_subwords_of(&s, "abc", 3, add, &known), RC_OK);
    assert_int_equal(known.n, s.first[word + 1] - s.first[word]);
    assert_memory_equal(known.row, s.gram + s.first[word], known.n * sizeof *known.row);
    CHECK_STATUS(rcd_subwords_of(&s, "abcd", 4, add, &other),
                 RC_OK); /* <a <ab ab abc bc bcd cd cd> d> */
    assert_int_equal(other.n, 9);
    other.n = 0;
    CHECK_STATUS(rcd_subwords_of(&s, "xyz", 3, add, &other), RC_OK);
    assert_int_equal(other.n, 0);
    rcd_subwords_free(&s);
    rcd_vocab_free(v);
}

static rc_status make(void *ctx)
{
    rcd_subwords s;

    RC_TRY(rcd_subwords_new(&s, ctx, 2, 3, 1000));
    rcd_subwords_free(&s);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rcd_vocab *v = vocab_of("abc bcd\n");

    CHECK_EACH_ALLOCATION(make, v);
    rcd_vocab_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grams_are_those_between_the_marks),
        cmocka_unit_test(rows_are_shared_where_there_are_too_few),
        cmocka_unit_test(any_word_has_what_is_known_of_it),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("subwords", tests, NULL, NULL);
}
