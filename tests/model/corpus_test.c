/* corpus_test.c -- texts are cut where the configuration says, and the vocabulary sees the training
 * part alone.
 */
#include "model/toy.h"
#include "model/model_in.h"

static rcm_corpus *read_corpus(const char *const options[], int64_t tracks, rcd_vocab **vocab)
{
    rc_config *c = toy_config("lm", options);
    rcm_corpus *corpus;

    CHECK_STATUS(rcm_corpus_read(&corpus, c, tracks, NULL, vocab), RC_OK);
    rc_config_free(c);
    return corpus;
}

/* The text of a tape again. */
static char *decode(const rcd_tape *t, const rcd_vocab *v)
{
    rcb_buf b = {0};

    CHECK_STATUS(rcb_buf_add(&b, "", 0), RC_OK);
    for (int64_t i = 0; i < t->n; i++) {
        size_t n;
        const char *s = rcd_vocab_symbol(v, rcd_tape_at(t, i), &n);

        CHECK_STATUS(rcb_buf_add(&b, s, n), RC_OK);
    }
    return b.p;
}

static void assert_part(const rcm_corpus *c, const rcd_vocab *v, rcm_part part, const char *want)
{
    char *got = decode(&c->tape[part], v);

    assert_string_equal(got, want);
    assert_int_equal(rcm_corpus_has(c, part), *want != '\0');
    rcb_free(got);
}

static void parts_are_cut_from_the_end(void **unused)
{
    (void)unused;
    const char *path = toy_file("cut.txt", "abcabcabcabcabcabcab"); /* 20 bytes */
    rcd_vocab *v;
    rcm_corpus *c = read_corpus(
        (const char *const[]){"train", path, "valid-split", "0.2", "test-split", "0.1", NULL}, 2,
        &v);

    assert_part(c, v, RCM_TRAIN, "abcabcabcabcab");
    assert_part(c, v, RCM_VALID, "cabc");
    assert_part(c, v, RCM_TEST, "ab");
    assert_int_equal(c->train.length, 7);
    rcm_corpus_free(c);
    rcd_vocab_free(v);
}

static void files_of_their_own_leave_the_training_text_whole(void **unused)
{
    (void)unused;
    const char *train = toy_file("t.txt", "abababab");
    const char *more = toy_file("m.txt", "ba");
    const char *valid = toy_file("v.txt", "aab");
    const char *test = toy_file("e.txt", "bba");
    rcd_vocab *v;
    rcm_corpus *c = read_corpus((const char *const[]){"train", train, "train", more, "valid", valid,
                                                      "test", test, "test-split", "0.5", NULL},
                                0, &v);

    assert_part(c, v, RCM_TRAIN, "ababababba");
    assert_part(c, v, RCM_VALID, "aab");
    assert_part(c, v, RCM_TEST, "bba");
    rcm_corpus_free(c);
    rcd_vocab_free(v);

    c = read_corpus(
        (const char *const[]){"train", train, "valid", valid, "test-split", "0.5", NULL}, 0, &v);
    assert_part(c, v, RCM_TRAIN, "abab");
    assert_part(c, v, RCM_VALID, "aab");
    assert_part(c, v, RCM_TEST, "abab");
    rcm_corpus_free(c);
    rcd_vocab_free(v);
}

/* Code points and lines stay whole. */
static void cuts_fall_between_symbols(void **unused)
{
    (void)unused;
    const char *path =
        toy_file("u.txt", "\xc3\xa9\xc3\xa8\xc3\xa9\xc3\xa8\xc3\xa9\xc3\xa8\xc3\xa9"); /* 14 */
    rcd_vocab *v;
    rcm_corpus *c =
        read_corpus((const char *const[]){"train", path, "valid-split", "0.5", NULL}, 0, &v);

    assert_part(c, v, RCM_TRAIN, "\xc3\xa9\xc3\xa8\xc3\xa9\xc3\xa8");
    assert_part(c, v, RCM_VALID, "\xc3\xa9\xc3\xa8\xc3\xa9");
    rcm_corpus_free(c);
    rcd_vocab_free(v);

    path = toy_file("l.txt", "a b\na b\nb b\na a\n");
    c = read_corpus(
        (const char *const[]){"train", path, "valid-split", "0.4", "level", "word", NULL}, 0, &v);
    assert_part(c, v, RCM_TRAIN, "ab<eos>ab<eos>bb<eos>");
    assert_part(c, v, RCM_VALID, "aa<eos>");
    assert_part(c, v, RCM_TEST, "");
    rcm_corpus_free(c);
    rcd_vocab_free(v);
}

static void the_vocabulary_is_that_of_the_training_part(void **unused)
{
    (void)unused;
    const char *path = toy_file("w.txt", "ababababxy");
    rcd_vocab *v;
    rcm_corpus *c =
        read_corpus((const char *const[]){"train", path, "valid-split", "0.2", NULL}, 0, &v);

    assert_int_equal(rcd_vocab_find(v, "x", 1), -1);
    assert_int_equal(c->tape[RCM_VALID].unknown, 2);
    assert_int_equal(rcd_vocab_size(v), 4); /* a, b, line feed, <unk> */
    rcm_corpus_free(c);
    rcd_vocab_free(v);
}

/* In all parts, and by the vocabulary alone when it is there already. */
static void a_text_is_folded_as_the_vocabulary_says(void **unused)
{
    (void)unused;
    const char *path = toy_file("fold.txt", "Ab aB 12\nAB 34\naB 56\n");
    const char *const options[] = {"train",       path,   "level",  "word", "lower", "true",
                                   "valid-split", "0.25", "digits", "true", NULL};
    rcd_vocab *v;
    rcm_corpus *c = read_corpus(options, 0, &v);

    assert_part(c, v, RCM_TRAIN, "abab00<eos>ab00<eos>");
    assert_part(c, v, RCM_VALID, "ab00<eos>");
    assert_int_equal(c->tape[RCM_VALID].unknown, 0);

    rc_config *plain = toy_config(
        "lm", (const char *const[]){"train", path, "level", "word", "valid-split", "0.25", NULL});
    rcm_corpus *again;
    CHECK_STATUS(rcm_corpus_read(&again, plain, 0, v, NULL), RC_OK);
    assert_int_equal(rcm_corpus_crc(c), rcm_corpus_crc(again));
    rc_config_free(plain);
    rcm_corpus_free(again);
    rcm_corpus_free(c);
    rcd_vocab_free(v);

    c = read_corpus((const char *const[]){"train", path, "lower", "true", "valid-split", "0", NULL},
                    0, &v);
    assert_part(c, v, RCM_TRAIN, "ab ab 12\nab 34\nab 56\n");
    rcm_corpus_free(c);
    rcd_vocab_free(v);
}

/* A vocabulary that joins words does so with every text, whatever the configuration says. */
static void words_are_joined_as_the_vocabulary_says(void **unused)
{
    (void)unused;
    const char *path = toy_file("join.txt", "in New York\nnew york a\nnew York b\nto in\n");
    rc_config *c =
        toy_config("embed", (const char *const[]){"train", path, "lower", "true", "bigrams", "2",
                                                  "min-count", "1", "bigram-threshold", "1", NULL});
    rcm_corpus *one, *two;
    rcd_vocab *v;

    CHECK_STATUS(rcm_corpus_read(&one, c, 0, NULL, &v), RC_OK);
    assert_part(one, v, RCM_TRAIN, "innew_york<eos>new_yorka<eos>new_yorkb<eos>toin<eos>");
    assert_true(one->joins == 1 && one->joined == 3);
    CHECK_STATUS(rc_config_set(c, "bigrams", "0"), RC_OK);
    CHECK_STATUS(rcm_corpus_read(&two, c, 0, v, NULL), RC_OK);
    assert_int_equal(rcm_corpus_crc(one), rcm_corpus_crc(two));
    assert_true(two->joins == 1 && two->joined == 3);
    rcm_corpus_free(one);
    rcm_corpus_free(two);
    rcd_vocab_free(v);

    CHECK_STATUS(rc_config_set(c, "bigrams", "1"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "level", "char"), RC_OK);
    v = NULL;
    CHECK_STATUS(rcm_corpus_read(&one, c, 0, NULL, &v), RC_EINVAL);
    CHECK_MESSAGE_HAS("a symbol is a char, words are joined");
    assert_null(v);
    rc_config_free(c);
}

static void the_same_data_has_the_same_checksum(void **unused)
{
    (void)unused;
    const char *path = toy_file("s.txt", TOY_TEXT);
    rc_config *c = toy_config("lm", (const char *const[]){"train", path, NULL});
    rcm_corpus *one, *two, *three;
    rcd_vocab *v;

    CHECK_STATUS(rcm_corpus_read(&one, c, 2, NULL, &v), RC_OK);
    CHECK_STATUS(rcm_corpus_read(&two, c, 2, v, NULL), RC_OK);
    assert_int_equal(rcm_corpus_crc(one), rcm_corpus_crc(two));
    CHECK_STATUS(rc_config_set(c, "valid-split", "0.3"), RC_OK);
    CHECK_STATUS(rcm_corpus_read(&three, c, 2, v, NULL), RC_OK);
    assert_int_not_equal(rcm_corpus_crc(one), rcm_corpus_crc(three));
    rcm_corpus_free(one);
    rcm_corpus_free(two);
    rcm_corpus_free(three);
    rcd_vocab_free(v);
    rc_config_free(c);
}

/* All of it for training, as a file without a validation part would be; the text may go. */
static void a_text_at_hand_is_a_corpus(void **unused)
{
    (void)unused;
    rc_config *c = toy_config("lm", (const char *const[]){"batch", "3", NULL});
    rcm_corpus *of, *file;
    rcd_vocab *v, *other;
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "toy", TOY_TEXT, strlen(TOY_TEXT)), RC_OK);
    CHECK_STATUS(rcm_corpus_of(&of, c, t, &v), RC_OK);
    rcd_text_free(t);
    assert_part(of, v, RCM_TRAIN, TOY_TEXT);
    assert_false(rcm_corpus_has(of, RCM_VALID) || rcm_corpus_has(of, RCM_TEST));
    assert_int_equal(of->train.tracks, 3);

    file = read_corpus(
        (const char *const[]){"train", toy_file("of.txt", TOY_TEXT), "valid-split", "0", NULL}, 3,
        &other);
    assert_int_equal(rcm_corpus_crc(of), rcm_corpus_crc(file));
    rcm_corpus_free(file);
    rcd_vocab_free(other);
    rcm_corpus_free(of);
    rcd_vocab_free(v);

    CHECK_STATUS(rcd_text_of(&t, "toy", "ab", 2), RC_OK);
    CHECK_STATUS(rcm_corpus_of(&of, c, t, &v), RC_EDATA);
    assert_null(of);
    rcd_text_free(t);
    rc_config_free(c);
}

static void bad_data_gives_one_clear_line(void **unused)
{
    (void)unused;
    TOY_PATH(empty, "empty.txt");
    TOY_PATH(one, "one.txt");
    TOY_PATH(same, "same.txt");
    TOY_PATH(broken, "broken.txt");
    TOY_PATH(good, "good.txt");
    TOY_PATH(none, "none.txt");

    (void)toy_file("empty.txt", "");
    (void)toy_file("one.txt", "to be\n");
    (void)toy_file("same.txt", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    (void)toy_file("broken.txt", "to be or not \xff\xff to be");
    (void)toy_file("good.txt", TOY_TEXT);
    const struct {
        const char *options[7];
        rc_status status;
        const char *message, *hint;
    } cases[] = {
        {{NULL}, RC_EINVAL, "there is no training text", "pass --train FILE"},
        {{"train", none}, RC_EIO, "none.txt", ""},
        {{"train", empty}, RC_EDATA, "the training text", ""},
        {{"train", good, "valid", empty}, RC_EDATA, "the validation text", ""},
        {{"train", good, "test", empty}, RC_EDATA, "the test text", ""},
        {{"train", one},
         RC_EDATA,
         "its 5 symbols are too few for a batch of 4 tracks",
         "pass a longer text or a smaller --batch, at most 2"},
        {{"train", same}, RC_EDATA, "1 different symbol", ""},
        {{"train", good, "level", "byte", "lower", "true"},
         RC_EINVAL,
         "bytes are no letters",
         "work at level char or word"},
        {{"train", broken}, RC_EDATA, "is not UTF-8", "byte"},
        {{"train", good, "valid-split", "0.5", "test-split", "0.5"},
         RC_EINVAL,
         "nothing is left",
         ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = toy_config("lm", cases[i].options);
        rcd_vocab *v = NULL;
        rcm_corpus *corpus;

        CHECK_STATUS(rcm_corpus_read(&corpus, c, 4, NULL, &v), cases[i].status);
        CHECK_MESSAGE_HAS(cases[i].message);
        assert_non_null(strstr(rc_error_hint(), cases[i].hint));
        assert_null(corpus);
        assert_null(v);
        rc_config_free(c);
    }
}

static rc_status read_once(void *ctx)
{
    rcm_corpus *corpus;
    rcd_vocab *v;

    RC_TRY(rcm_corpus_read(&corpus, ctx, 2, NULL, &v));
    rcm_corpus_free(corpus);
    rcd_vocab_free(v);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    TOY_PATH(path, "alloc.txt");
    (void)toy_file("alloc.txt", TOY_TEXT);
    rc_config *c =
        toy_config("lm", (const char *const[]){"train", path, "valid", path, "test-split", "0.1",
                                               "level", "word", NULL});

    CHECK_EACH_ALLOCATION(read_once, c);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_cut_from_the_end),
        cmocka_unit_test(files_of_their_own_leave_the_training_text_whole),
        cmocka_unit_test(cuts_fall_between_symbols),
        cmocka_unit_test(the_vocabulary_is_that_of_the_training_part),
        cmocka_unit_test(a_text_is_folded_as_the_vocabulary_says),
        cmocka_unit_test(words_are_joined_as_the_vocabulary_says),
        cmocka_unit_test(the_same_data_has_the_same_checksum),
        cmocka_unit_test(a_text_at_hand_is_a_corpus),
        cmocka_unit_test(bad_data_gives_one_clear_line),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
