/* embed_test.c -- the task embed: its options, its tables, its file. */
#include "embed_toy.h"

#include <math.h>

#define TEXT "a b c a b\nb c d a\n"

static void words_begin_in_a_small_cube(void **unused)
{
    (void)unused;
    embed_toy t = embed_open(TEXT, (const char *const[]){"embed", "10", NULL}, 1);
    const rcn_param *in = embed_table(&t, 0), *out = embed_table(&t, 1);
    bool differ = false;

    assert_int_equal(in->dim[0], rcd_vocab_size(t.m->vocab.of[RCM_SYMBOLS]));
    assert_int_equal(out->dim[0], in->dim[0]);
    for (int64_t i = 0; i < in->dim[0]; i++)
        for (int64_t k = 0; k < in->ld; k++) {
            const rc_real x = in->w[i * in->ld + k];

            assert_true(k < 10 ? fabs((double)x) <= 0.05 : x == 0);
            assert_true(out->w[i * in->ld + k] == 0);
            differ = differ || (k > 0 && k < 10 && x != in->w[i * in->ld]);
        }
    assert_true(differ);
    embed_close(&t);
}

static void a_tree_has_a_row_less(void **unused)
{
    (void)unused;
    embed_toy t =
        embed_open(TEXT, (const char *const[]){"embed", "4", "loss", "hierarchical", NULL}, 1);

    assert_int_equal(embed_table(&t, 1)->dim[0] + 1, embed_table(&t, 0)->dim[0]);
    embed_close(&t);
}

static void the_rate_is_that_of_the_model(void **unused)
{
    (void)unused;
    embed_toy a = embed_open(TEXT, NULL, 1);
    embed_toy b = embed_open(TEXT, (const char *const[]){"model", "cbow", NULL}, 1);
    embed_toy c = embed_open(TEXT, (const char *const[]){"lr", "0.5", NULL}, 1);

    assert_true(a.m->config->lr == 0.025 && b.m->config->lr == 0.1 && c.m->config->lr == 0.5);
    embed_close(&a);
    embed_close(&b);
    embed_close(&c);
}

static void a_task_has_defaults_of_its_own(void **unused)
{
    (void)unused;

    assert_string_equal(rc_option_default("batch", "embed"), "4096");
    assert_string_equal(rc_option_default("batch", "lm"), "32");
    assert_null(rc_option_default("valid-split", "embed")); /* not an option of it */
    assert_null(rc_option_default("nothing", "embed"));
}

/* A word is the mean of its row and those of its n-grams; another one that of the n-grams known. */
static void words_are_made_of_parts(void **unused)
{
    (void)unused;
    embed_toy t =
        embed_open("abc bcd abc\n", (const char *const[]){"subword", "2-3", "embed", "5", NULL}, 1);
    const rcm_embed_net *e = t.m->own;
    const rc_real *w = embed_table(&t, 0)->w;
    const int64_t ld = embed_table(&t, 0)->ld;
    const int32_t word = embed_id(&t, "abc"), other = embed_id(&t, "bcd");
    rc_real x[5];
    bool any;

    assert_int_equal(rcm_embed_rows(e, word), 8); /* <a <ab ab abc bc bc> c> */
    assert_int_equal(embed_table(&t, 0)->dim[0], e->V + e->parts.rows);
    t.config->task->vector(t.m, word, x);
    for (int k = 0; k < 5; k++) {
        double sum = 0;

        for (int64_t r = 0; r < 8; r++)
            sum += (double)w[rcm_embed_row(e, word, r) * ld + k];
        CHECK_NEAR((double)x[k], sum / 8, 1e-6);
    }
    CHECK_STATUS(t.config->task->vector_of_parts(t.m, "xcd", 3, x, &any), RC_OK); /* cd cd> d> */
    assert_true(any);
    for (int k = 0; k < 5; k++) {
        double sum = 0;

        for (int64_t r = rcm_embed_rows(e, other) - 3; r < rcm_embed_rows(e, other); r++)
            sum += (double)w[rcm_embed_row(e, other, r) * ld + k];
        CHECK_NEAR((double)x[k], sum / 3, 1e-6);
    }
    CHECK_STATUS(t.config->task->vector_of_parts(t.m, "xyz", 3, x, &any), RC_OK);
    assert_false(any);
    embed_close(&t);
}

static void check_refused(const char *a, const char *x, const char *b, const char *y,
                          const char *message)
{
    rc_config *c = toy_config("embed", (const char *const[]){a, x, b, y, NULL});
    rcm_corpus *corpus;
    rcm_vocabs made = {0};

    CHECK_STATUS(rc_config_set(c, "train", toy_file("embed.txt", TEXT)), RC_OK);
    CHECK_STATUS(c->task->corpus_open(&corpus, c, NULL, &made), RC_EINVAL);
    assert_string_equal(rc_error_message(), message);
    rc_config_free(c);
}

/* What a file says is not believed: GloVe adds rows that a tree has not. */
static void models_of_files_are_checked_too(void **unused)
{
    (void)unused;
    embed_toy t = embed_open(TEXT, (const char *const[]){"model", "skipgram", NULL}, 1);
    const char *const none[][2] = {{"loss", "hierarchical"}, {"subword", "2-3"}};

    for (size_t i = 0; i < 2; i++) {
        rc_config *c = toy_config(
            "embed", (const char *const[]){"model", "glove", none[i][0], none[i][1], NULL});
        rcm_vocabs vocab = {0};
        rc_model *m;

        CHECK_STATUS(rcd_vocab_clone(&vocab.of[RCM_SYMBOLS], t.m->vocab.of[RCM_SYMBOLS]), RC_OK);
        CHECK_STATUS(rcm_model_new(&m, c, vocab), RC_EINVAL);
        assert_null(m);
        rc_config_free(c);
    }
    embed_close(&t);
}

static void options_without_a_meaning_are_refused(void **unused)
{
    (void)unused;

    check_refused("share-negatives", "true", "model", "cbow",
                  "cannot use 'share-negatives': it is of --model skipgram with --loss negative");
    check_refused("share-negatives", "true", "loss", "full",
                  "cannot use 'share-negatives': it is of --model skipgram with --loss negative");
    check_refused("cbow-step", "whole", "model", "skipgram",
                  "cannot use 'cbow-step': it is of --model cbow");
    check_refused("negatives", "7", "loss", "full",
                  "cannot use 'negatives': it is of --loss negative");
    check_refused("samples", "7", "loss", "negative",
                  "cannot use 'samples': it is of --loss sampled");
    check_refused("batch", "7", "shards", "8", "a batch of 7 words cannot be cut into 8 shards");
}

/* A model file holds both tables, and its vectors are found by words. */
static void a_file_brings_the_vectors_back(void **unused)
{
    (void)unused;
    embed_toy t = embed_open(TEXT, (const char *const[]){"embed", "3", NULL}, 1);
    TOY_PATH(path, "vectors.model");
    const rcn_param *in = embed_table(&t, 0);
    const int32_t b = embed_id(&t, "b");
    rc_model *back;
    rc_vectors *v;
    rc_real x[3];

    guard_free(embed_fill(embed_table(&t, 1)));
    CHECK_STATUS(rc_model_save(t.m, path), RC_OK);
    CHECK_STATUS(rc_model_open(&back, path), RC_OK);
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(back->params.p[i].w, t.m->params.p[i].w,
                            (size_t)in->size * sizeof(rc_real));
    rc_model_free(back);
    CHECK_STATUS(rc_vectors_open(&v, path), RC_OK);
    CHECK_STATUS(rc_vectors_read(v, rc_vectors_find(v, "b", 1), x), RC_OK);
    for (int k = 0; k < 3; k++)
        assert_true(x[k] == in->w[b * in->ld + k]);
    rc_vectors_free(v);
    embed_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_begin_in_a_small_cube),
        cmocka_unit_test(a_tree_has_a_row_less),
        cmocka_unit_test(the_rate_is_that_of_the_model),
        cmocka_unit_test(a_task_has_defaults_of_its_own),
        cmocka_unit_test(words_are_made_of_parts),
        cmocka_unit_test(models_of_files_are_checked_too),
        cmocka_unit_test(options_without_a_meaning_are_refused),
        cmocka_unit_test(a_file_brings_the_vectors_back),
    };

    return cmocka_run_group_tests_name("embed", tests, NULL, NULL);
}
