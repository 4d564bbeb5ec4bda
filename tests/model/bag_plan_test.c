/* bag_plan_test.c -- what the options of bags say, and which of them cannot be together. */
#include "model/labelled_toy.h"

static rc_config *config_of(const char *task, const char *const options[])
{
    return labelled_config(task, toy_file("w.tsv", toy_reviews), options);
}

static void lengths_and_folds_are_read(void **unused)
{
    (void)unused;
    rc_config *c =
        config_of("classify", (const char *const[]){"bag", "nb", "ngrams", "2-3", "char-ngrams",
                                                    "4", "lower", "true", "places", "true", NULL});
    rcd_grams_plan how;

    CHECK_STATUS(rcm_grams_plan(&how, c), RC_OK);
    assert_true(how.tokens.from == 2 && how.tokens.to == 3);
    assert_true(how.characters.from == 4 && how.characters.to == 4);
    assert_true(how.level == RCD_WORD && how.fold.lower && !how.fold.digits && how.places);
    assert_int_equal(how.around, 0);
    rc_config_free(c);

    c = config_of("tag", (const char *const[]){"bag", "binary", "ngrams", "0", NULL});
    CHECK_STATUS(rcm_grams_plan(&how, c), RC_OK);
    assert_true(how.tokens.to == 0 && how.level == RCD_WORD);
    assert_int_equal(how.around, 2);
    rc_config_free(c);
}

/* --min-count is of n-grams where there are no words beside them. */
static void rare_ngrams_are_left_out_as_is_said(void **unused)
{
    (void)unused;
    static const struct {
        const char *options[9];
        int64_t min, most;
    } cases[] = {
        {{"min-count", "3", "max-vocab", "9"}, 3, 9},
        {{"min-count", "3", "gram-count", "2"}, 2, 0},
        {{"min-count", "3", "max-vocab", "9", "direct", "true"}, 1, 0},
        {{"min-count", "3", "gram-count", "4", "direct", "true"}, 4, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = config_of("classify", cases[i].options);
        const rcd_cut cut = rcm_grams_cut(c);

        assert_int_equal(cut.min_count, cases[i].min);
        assert_int_equal(cut.max_size, cases[i].most);
        rc_config_free(c);
    }
}

static void layers_are_read_with_and_without_a_bag(void **unused)
{
    (void)unused;
    static const struct {
        const char *options[5];
        bool bag, tokens;
    } cases[] = {
        {{NULL}, false, true},
        {{"bag", "nb"}, true, false},
        {{"bag", "nb", "direct", "true"}, true, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = config_of("classify", cases[i].options);

        assert_true(rcm_bag_wanted(c) == cases[i].bag && rcm_tokens_wanted(c) == cases[i].tokens);
        rc_config_free(c);
    }
}

/* A training with these options is refused in these words. */
static void check_refused(const char *task, const char *const options[], const char *words)
{
    const bool tag = strcmp(task, "tag") == 0;
    const char *path = tag ? toy_file("w.conll", toy_tags) : toy_file("w.tsv", toy_reviews);
    rc_config *c = labelled_config(task, path, options);
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("refused"), NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS(words);
    rc_config_free(c);
}

static void what_does_not_go_together_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *options[9];
        const char *words;
    } cases[] = {
        {{"ngrams", "1-2"}, "cannot set 'ngrams': the model reads no bag"},
        {{"direct", "true"}, "cannot set 'direct': the model reads no bag"},
        {{"bag", "nb", "places", "true", "ngrams", "0", "char-ngrams", "2"}, "without 'ngrams'"},
        {{"bag", "nb", "gram-count", "2", "hash", "9"}, "cannot cut n-grams"},
        {{"bag", "nb", "gram-count", "2", "min-count", "5"}, "'gram-count' says which"},
        {{"hash", "9"}, "cannot set 'hash': the model reads no bag"},
        {{"bag", "nb", "hidden", "7"}, "cannot set 'hidden': a bag of n-grams is read at once"},
        {{"bag", "nb", "cell", "gru"}, "cannot set 'cell': a bag"},
        {{"bag", "nb", "flat", "true"}, "cannot set 'flat': a bag"},
        {{"bag", "nb", "widths", "3"}, "cannot set 'widths': a bag"},
        {{"bag", "nb", "char-net", "cnn"}, "cannot set 'char-net': a bag"},
        {{"bag", "nb", "temporal-penalty", "1"}, "cannot set 'temporal-penalty': a bag"},
        {{"bag", "nb", "mlp", "5"}, "cannot set 'mlp' with --bag nb"},
        {{"bag", "binary", "sublinear", "true"}, "which does not count"},
        {{"bag", "count", "ngrams", "0"}, "there are no n-grams"},
        {{"bag", "count", "ngrams", "2-1"}, "cannot set 'ngrams' to '2-1'"},
        {{"bag", "count", "ngrams", "1-10"}, "a length from 1 to 9"},
        {{"bag", "count", "ngrams", "1-"}, "cannot set 'ngrams' to '1-'"},
        {{"bag", "count", "ngrams", "00"}, "cannot set 'ngrams' to '00'"},
        {{"bag", "count", "ngrams", ""}, "cannot set 'ngrams' to ''"},
        {{"bag", "count", "ngrams", "99999999999999999999"}, "cannot set 'ngrams' to '999"},
        {{"bag", "count", "char-ngrams", "2-17"}, "a length from 1 to 16"},
        {{"bag", "count", "char-ngrams", "2", "tokens", "char"}, "where tokens are no words"},
        {{"bag", "count", "tokens", "byte"}, "n-grams of bytes in a dictionary"},
        {{"bag", "count", "hash", "9", "min-count", "2"}, "cannot cut n-grams"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused("classify", cases[i].options, cases[i].words);
}

/* As above, around tokens. */
static void what_tokens_cannot_have_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *options[9];
        const char *words;
    } cases[] = {
        {{"bag", "count"}, "what stands around a token is there or not"},
        {{"bag", "tfidf"}, "what stands around a token is there or not"},
        {{"bag", "nb"}, "what stands around a token is there or not"},
        {{"bag", "binary", "gram-around", "1", "ngrams", "4-5"}, "runs of 3 at most"},
        {{"bag", "binary", "gram-around", "0", "ngrams", "2", "hash", "9"}, "runs of 1 at most"},
        {{"bag", "binary", "ngrams", "0", "char-ngrams", "2", "gram-around", "3"},
         "'gram-around': it means nothing without 'ngrams'"},
        {{"bag", "binary", "ngrams", "0", "char-ngrams", "2", "features", "#3"},
         "'features': it means nothing without 'ngrams'"},
        {{"bag", "binary", "feedback", "true"}, "cannot set 'feedback': a bag"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused("tag", cases[i].options, cases[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_and_folds_are_read),
        cmocka_unit_test(rare_ngrams_are_left_out_as_is_said),
        cmocka_unit_test(layers_are_read_with_and_without_a_bag),
        cmocka_unit_test(what_does_not_go_together_is_refused),
        cmocka_unit_test(what_tokens_cannot_have_is_refused),
    };

    return cmocka_run_group_tests_name("bag plan", tests, NULL, NULL);
}
