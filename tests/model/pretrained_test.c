/* pretrained_test.c -- word vectors as first values: which word gets which, what the others have,
 * and what is refused. */
#include "model/labelled_toy.h"

/* A file of vectors, whose path lives as long as the test. */
#define VECTORS(var, text)                                                                         \
    TOY_PATH(var, #var ".vec");                                                                    \
    check_write_file(var, text, sizeof(text) - 1)

/* Row of a word's vector in embed.weight, (E); the caller frees it. */
static rc_real *vector_of(const rc_model *m, const char *word, int64_t E)
{
    const int32_t id = rc_model_find(m, word, strlen(word));
    const rcn_param *p = rcn_params_find(&m->params, "embed.weight");
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    rc_real *out = rcb_alloc((size_t)E, sizeof *out);

    assert_true(id >= 0 && rows && out);
    assert_int_equal(p->dim[1], E);
    rcn_param_store(p, p->w, rows);
    memcpy(out, rows + id * E, (size_t)E * sizeof *out);
    rcb_free(rows);
    return out;
}

/* The vector of a word, two numbers. */
static void has(const rc_model *m, const char *word, double a, double b)
{
    rc_real *x = vector_of(m, word, 2);

    CHECK_NEAR((double)x[0], a, 1e-6);
    CHECK_NEAR((double)x[1], b, 1e-6);
    rcb_free(x);
}

/* Does a word have the same vector in both models? */
static void same(const rc_model *a, const rc_model *b, const char *word)
{
    rc_real *x = vector_of(a, word, 2), *y = vector_of(b, word, 2);

    assert_true(x[0] == y[0] && x[1] == y[1]);
    rcb_free(x);
    rcb_free(y);
}

static void every_kind_of_file_is_read(void **unused)
{
    (void)unused;
    const float x[] = {1, 2, 3, 4};
    char binary[64] = "2 2\nEU ";
    const char *const texts[] = {"2 2\nEU 1 2\nso 3 4\n", "EU 1 2\nso 3 4\n",
                                 "2 2\nEU 1 2 \nso 3 4 \n"};

    memcpy(binary + 7, x, 8);
    memcpy(binary + 15, "\nso ", 4);
    memcpy(binary + 19, x + 2, 8);
    for (size_t i = 0; i < 4; i++) {
        TOY_PATH(file, "kind.vec");
        check_write_file(file, i < 3 ? texts[i] : binary, i < 3 ? strlen(texts[i]) : 27);
        labelled_toy t =
            labelled_open("tag", toy_file("k.conll", toy_tags),
                          (const char *const[]){"label-column", "#2", "vectors", file, NULL});

        assert_string_equal(rc_config_get(t.c, "embed"), "2");
        has(t.m, "EU", 1, 2);
        has(t.m, "so", 3, 4);
        labelled_close(&t);
    }
}

/* As they are, then as the model folds, then in small letters, with 0 for digits, with both. */
static void spellings_are_tried_in_order(void **unused)
{
    (void)unused;
    VECTORS(file, "THE 9 9\nthe 1 1\nThe 8 8\neu 2 2\n0000 3 3\nPETER 4 4\nx0 5 5\n");
    const char *words = "The O\nEU A\n1996 O\nPeter A\nX7 O\n";
    labelled_toy as_is = labelled_open("tag", toy_file("o.conll", words),
                                       (const char *const[]){"vectors", file, NULL});
    labelled_toy lower =
        labelled_open("tag", toy_file("o.conll", words),
                      (const char *const[]){"vectors", file, "lower", "true", NULL});

    has(as_is.m, "The", 8, 8);
    has(as_is.m, "EU", 2, 2);
    has(as_is.m, "1996", 3, 3);
    has(as_is.m, "X7", 5, 5);
    has(lower.m, "the", 1, 1);
    has(lower.m, "peter", 4, 4); /* PETER as the model reads it */
    has(lower.m, "1996", 3, 3);
    labelled_close(&as_is);
    labelled_close(&lower);
}

static void the_unknown_is_the_mean_and_others_are_as_without_a_file(void **unused)
{
    (void)unused;
    VECTORS(file, "EU 1 2\nso 3 6\nelsewhere 100 100\n");
    const char *train = toy_file("m.conll", toy_tags);
    labelled_toy t = labelled_open(
        "tag", train, (const char *const[]){"label-column", "#2", "vectors", file, NULL});
    labelled_toy none = labelled_open(
        "tag", train, (const char *const[]){"label-column", "#2", "embed", "2", NULL});
    const char *name, *text = "";

    has(t.m, "<unk>", 2, 4);
    same(t.m, none.m, "Peter");
    same(t.m, none.m, "said");
    for (size_t i = 0; rc_model_fact(t.m, i, &name, &text); i++)
        if (strcmp(name, "word vectors") == 0)
            break;
    /* 11 different words; of 16 tokens EU is 2, so 2 */
    assert_non_null(strstr(text, "2 words of the vocabulary as they are, 0 folded, 9 not in it"));
    assert_non_null(strstr(text, "25.0% of the training tokens are"));
    labelled_close(&t);
    labelled_close(&none);
}

/* Although training has not seen them, and whatever --max-vocab and --min-count say. */
static void the_first_words_of_a_file_become_symbols(void **unused)
{
    (void)unused;
    VECTORS(file, "Berlin 1 2\nEU 3 4\n<unk> 7 7\nparis 5 6\nRome 8 9\n\xff 1 1\n");
    const char *const options[] = {"label-column", "#2",   "vectors",   file, "vectors-top", "4",
                                   "lower",        "true", "min-count", "2",  NULL};
    labelled_toy t = labelled_open("tag", toy_file("t.conll", toy_tags), options);

    has(t.m, "berlin", 1, 2);
    has(t.m, "paris", 5, 6);
    has(t.m, "<unk>", 7, 7);
    assert_int_equal(rc_model_find(t.m, "rome", 4), -1);
    assert_int_equal(rc_model_find(t.m, "german", 6), -1); /* seen once */
    assert_int_equal(rc_model_symbol_count(t.m, rc_model_find(t.m, "berlin", 6)), 0);
    assert_int_equal(rc_model_symbol_count(t.m, rc_model_find(t.m, "eu", 2)), 2);
    labelled_close(&t);
}

static void language_models_take_them_too(void **unused)
{
    (void)unused;
    VECTORS(file, "be 1 2\n</s> 3 4\nto 5 6\n");
    const char *train = toy_file("lm.txt", TOY_TEXT);

    for (int tied = 0; tied < 2; tied++) {
        rc_config *c =
            toy_config("lm", (const char *const[]){"train", train, "level", "word", "hidden", "2",
                                                   "batch", "1", "valid-split", "0", "vectors",
                                                   file, "tied", tied ? "true" : "false", NULL});
        rc_trainer *t;

        CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("lm"), NULL), RC_OK);
        const rc_model *m = rc_trainer_model(t);
        rc_real *rows = rcb_alloc((size_t)rc_model_symbols(m) * 2, sizeof *rows);
        const int32_t eos = rc_model_boundary(m), be = rc_model_find(m, "be", 2);

        CHECK_STATUS(rc_model_read(m, tied ? "out.weight" : "embed.weight", rows,
                                   (int64_t)rc_model_symbols(m) * 2),
                     RC_OK);
        assert_true(rows[2 * eos] == 3 && rows[2 * eos + 1] == 4);
        assert_true(rows[2 * be] == 1 && rows[2 * be + 1] == 2);
        assert_non_null(strstr(rc_trainer_notes(t), "word vectors of"));
        rcb_free(rows);
        rc_trainer_free(t);
        rc_config_free(c);
    }
}

static void refused(const char *task, const char *train, const char *const options[],
                    const char *message)
{
    rc_config *c = labelled_config(task, train, options);
    rc_trainer *t;

    assert_true(rc_trainer_new(&t, c, check_temp_path("r"), NULL) != RC_OK);
    assert_null(t);
    CHECK_MESSAGE_HAS(message);
    rc_config_free(c);
}

static void files_that_are_none_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *says;
    } files[] = {
        {"", "the file is empty"},
        {"3 2\nEU 1 2\nso 3 4\n", "byte 18: the file ends after 2 of 3 vectors"},
        {"1 2\nEU 1 2\nso 3 4\n", "byte 11: a line behind the last of 1 vectors"},
        {"EU 1 2\nso 3\n", "byte 7: vector 2 has 2 fields, a word and 2 numbers are expected"},
        {"EU 1 2\nso 3 x\n", "number 2 of vector 2 is none"},
        {"EU 1 2\nso 3 nan\n", "number 2 of vector 2 is none"},
        {"EU\n", "1 fields, a word and 1 to"},
    };
    const char *train = check_temp_path("bad.conll");

    TOY_PATH(file, "bad.vec");
    check_write_file(train, toy_tags, strlen(toy_tags));
    TOY_PATH(data, "bad.conll");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        check_write_file(file, files[i].text, strlen(files[i].text));
        refused("tag", data, (const char *const[]){"label-column", "#2", "vectors", file, NULL},
                files[i].says);
    }
}

static void what_does_not_go_together_is_refused(void **unused)
{
    (void)unused;
    TOY_PATH(file, "fit.vec");
    TOY_PATH(data, "fit.tsv");
    check_write_file(file, "a 1 2\n", 6);
    check_write_file(data, toy_reviews, strlen(toy_reviews));
    refused("classify", data, (const char *const[]){"vectors", file, "embed", "5", NULL},
            "they have 2 numbers, 'embed' is 5");
    refused("classify", data, (const char *const[]){"vectors", file, "tokens", "char", NULL},
            "symbols are of level 'char'");
    refused("classify", data, (const char *const[]){"vectors", file, "vectors", file, NULL},
            "several files of word vectors");
    refused("classify", data, (const char *const[]){"vectors-top", "5", NULL}, "there is none");
    refused("classify", data, (const char *const[]){"vectors", "nowhere.vec", NULL}, "nowhere.vec");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_file_is_read),
        cmocka_unit_test(spellings_are_tried_in_order),
        cmocka_unit_test(the_unknown_is_the_mean_and_others_are_as_without_a_file),
        cmocka_unit_test(the_first_words_of_a_file_become_symbols),
        cmocka_unit_test(language_models_take_them_too),
        cmocka_unit_test(files_that_are_none_are_refused),
        cmocka_unit_test(what_does_not_go_together_is_refused),
    };

    return cmocka_run_group_tests_name("pretrained", tests, NULL, NULL);
}
