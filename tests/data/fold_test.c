/* fold_test.c -- names become vocabularies, ids and spellings. */
#include "check.h"
#include "data/data_in.h"

static void add(rcd_names *s, const char *name, int64_t times)
{
    int32_t id;

    CHECK_STATUS(rcd_names_add(s, name, strlen(name), times, &id), RC_OK);
}

static int32_t id_of(const rcd_vocab *v, const char *symbol)
{
    return rcd_vocab_find(v, symbol, strlen(symbol));
}

static void names_fold_to_one_symbol_with_all_their_counts(void **unused)
{
    (void)unused;
    const rcd_fold fold = {.lower = true, .digits = true};
    rcd_names s = {0};
    rcd_vocab *v;

    add(&s, "The", 2);
    add(&s, "the", 3);
    add(&s, "\xC3\x84pfel", 1); /* A with two dots */
    add(&s, "\xC3\xA4pfel", 1);
    add(&s, "1999", 4);
    add(&s, "20\xD9\xA3\xD9\xA4", 4); /* Arabic digits */
    add(&s, "New York", 1);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_WORD, &s, &fold, NULL, "test"), RC_OK);
    assert_int_equal(rcd_vocab_size(v), 4 + 2);
    assert_string_equal(rcd_vocab_symbol(v, 0, NULL), "0000");
    assert_int_equal(rcd_vocab_count(v, 0), 8);
    assert_int_equal(rcd_vocab_count(v, id_of(v, "the")), 5);
    assert_int_equal(rcd_vocab_count(v, id_of(v, "\xC3\xA4pfel")), 2);
    assert_true(id_of(v, "new_york") >= 0);

    int32_t ids[8];
    add(&s, "unheard", 1);
    CHECK_STATUS(rcd_names_ids(ids, &s, v, &fold, -7), RC_OK);
    assert_true(ids[0] == ids[1] && ids[2] == ids[3] && ids[4] == 0 && ids[5] == 0);
    assert_int_equal(ids[6], id_of(v, "new_york"));
    assert_int_equal(ids[7], -7);
    rcd_vocab_free(v);

    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_WORD, &s, NULL, &(rcd_cut){.min_count = 3}, "test"),
                 RC_OK);
    assert_int_equal(rcd_vocab_size(v), 3 + 2);
    assert_int_equal(rcd_vocab_count(v, rcd_vocab_unk(v)), 6);
    rcd_vocab_free(v);

    rcd_names keep = {0};
    add(&keep, "unseen", 9); /* what it came is of no concern */
    add(&keep, "unheard", 0);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_WORD, &s, NULL,
                                    &(rcd_cut){.min_count = 3, .max_size = 4, .keep = &keep},
                                    "test"),
                 RC_OK);
    assert_int_equal(rcd_vocab_size(v), 2 + 2 + 2);
    assert_int_equal(rcd_vocab_count(v, id_of(v, "unseen")), 0);
    assert_int_equal(rcd_vocab_count(v, id_of(v, "unheard")), 1);
    rcd_vocab_free(v);
    rcd_names_free(&keep);
    rcd_names_free(&s);
}

static void characters_weigh_as_much_as_their_names(void **unused)
{
    (void)unused;
    rcd_spelling spelling;
    rcd_names s = {0};
    rcd_vocab *v;

    add(&s, "ab\xE2\x82\xAC", 5);
    add(&s, "bb", 1);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_CHAR, &s, NULL, NULL, "test"), RC_OK);
    assert_int_equal(rcd_vocab_count(v, id_of(v, "a")), 5);
    assert_int_equal(rcd_vocab_count(v, id_of(v, "b")), 7);
    assert_int_equal(rcd_vocab_count(v, id_of(v, "\xE2\x82\xAC")), 5);
    add(&s, "xb", 1);
    add(&s, "", 1);
    CHECK_STATUS(rcd_spelling_of(&spelling, &s, v, NULL), RC_OK);
    const int64_t start[] = {0, 3, 5, 7, 7};
    assert_memory_equal(spelling.start, start, sizeof start);
    assert_true(spelling.id[1] == 0 && spelling.id[3] == 0 && spelling.id[6] == 0);
    assert_int_equal(spelling.id[5], rcd_vocab_unk(v));
    rcd_spelling_free(&spelling);
    rcd_vocab_free(v);

    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_BYTE, &s, NULL, NULL, "test"), RC_OK);
    assert_true(rcd_vocab_size(v) == 256 && rcd_vocab_count(v, 0xE2) == 5);
    CHECK_STATUS(rcd_spelling_of(&spelling, &s, v, NULL), RC_OK);
    assert_true(spelling.start[1] == 5 && spelling.id[2] == 0xE2);
    rcd_spelling_free(&spelling);
    rcd_vocab_free(v);
    rcd_names_free(&s);
}

static void what_cannot_be_a_vocabulary_is_refused(void **unused)
{
    (void)unused;
    rcd_names s = {0};
    rcd_vocab *v;

    add(&s, "pos", 4);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_LINE, &s, NULL, NULL, "labels"), RC_EDATA);
    CHECK_MESSAGE_HAS("'labels' has 'pos' alone, at least 2 are needed");
    add(&s, "n\xE9g", 4);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_LINE, &s, NULL, NULL, "labels"), RC_EDATA);
    CHECK_MESSAGE_HAS("is not UTF-8");
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_LINE, &s, NULL, &(rcd_cut){.min_count = 0}, "labels"),
                 RC_EINVAL);
    rcd_names_free(&s);

    add(&s, "a", 1);
    add(&s, RCD_UNK, 1);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_LINE, &s, NULL, NULL, "labels"), RC_EDATA);
    CHECK_MESSAGE_HAS("cannot be named '<unk>'");
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_WORD, &s, NULL, NULL, "words"), RC_OK);
    rcd_vocab_free(v);
    rcd_names_free(&s);
}

static rc_status make_all(void *ctx)
{
    const rcd_fold fold = {.lower = true};
    const rcd_names *s = ctx;
    rcd_spelling spelling = {0};
    rcd_vocab *v;
    int32_t ids[2];

    RC_TRY(rcd_vocab_of_names(&v, RCD_CHAR, s, &fold, NULL, "test"));
    rc_status status = rcd_names_ids(ids, s, v, &fold, -1);
    if (status == RC_OK)
        status = rcd_spelling_of(&spelling, s, v, &fold);
    rcd_spelling_free(&spelling);
    rcd_vocab_free(v);
    return status;
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    rcd_names s = {0};

    add(&s, "Some", 1);
    add(&s, "Thing", 1);
    CHECK_EACH_ALLOCATION(make_all, &s);
    rcd_names_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_fold_to_one_symbol_with_all_their_counts),
        cmocka_unit_test(characters_weigh_as_much_as_their_names),
        cmocka_unit_test(what_cannot_be_a_vocabulary_is_refused),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
