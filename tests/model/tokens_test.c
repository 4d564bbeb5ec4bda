/* tokens_test.c -- what is read of a token is that of the token, whatever stands around it. */
#include "model/labelled_toy.h"

static const char *const nets[] = {"none", "cnn", "rnn"};

static labelled_toy open_with(const char *net)
{
    return labelled_open("tag", toy_file("t.conll", toy_tags),
                         (const char *const[]){"features", "#-1", "label-column", "#2", "casing",
                                               "3", "embed", "6", "feature-embed", "2", "char-net",
                                               net, strcmp(net, "none") ? "char-hidden" : NULL, "4",
                                               NULL});
}

/* What is read of the rows of some sequences, (rows,width); the caller frees it. */
static rc_real *read_rows(const labelled_toy *t, const rcm_tokens *tokens, const int64_t *which,
                          int64_t n, rcd_batch *b)
{
    const rcm_labelled *of = &rcm_labelled_of(t->corpus)->own[RCM_TRAIN];

    CHECK_STATUS(rcd_labelled_batch(&of->set, of->label, which, n, b), RC_OK);
    rc_graph_reset(t->g);
    const rc_var *x = rcm_tokens_run(tokens, t->m, t->g, of, b);
    CHECK_STATUS(rc_graph_status(t->g), RC_OK);
    assert_int_equal(rc_var_shape(x).dim[0], b->rows);
    assert_int_equal(rc_var_shape(x).dim[1], tokens->width);
    rc_real *out = rcb_alloc((size_t)(b->rows * tokens->width), sizeof *out);
    CHECK_STATUS(rc_var_read(t->g, x, out, b->rows * tokens->width), RC_OK);
    return out;
}

/* The tokens part stands first in what the task builds. */
static const rcm_tokens *tokens_of(const labelled_toy *t)
{
    return t->m->own;
}

static void a_token_is_read_alike_wherever_it_stands(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < 3; k++) {
        labelled_toy t = open_with(nets[k]);
        const rcm_tokens *tokens = tokens_of(&t);
        const int64_t all[] = {0, 1, 2, 3, 4, 5};
        rcd_batch b = {0}, one = {0};
        rc_real *together = read_rows(&t, tokens, all, 6, &b);

        assert_int_equal(tokens->width, 6 + (k == 0 ? 0 : k == 1 ? 4 : 8) + 3 + 2);
        for (int64_t i = 0; i < 6; i++) {
            rc_real *alone = read_rows(&t, tokens, &i, 1, &one);
            int64_t column = 0;

            while (b.seq[column] != i)
                column++;
            for (int64_t step = 0; step < one.steps; step++)
                for (int64_t x = 0; x < tokens->width; x++)
                    CHECK_NEAR(alone[step * tokens->width + x],
                               together[(b.at[step] + column) * tokens->width + x], 1e-6);
            rcb_free(alone);
        }
        rcb_free(together);
        rcd_batch_free(&b);
        rcd_batch_free(&one);
        labelled_close(&t);
    }
}

/* "EU" in two sequences: the same word, characters and casing; "Peter" and "Blackburn" differ. */
static void characters_tell_words_apart(void **unused)
{
    (void)unused;
    for (size_t k = 1; k < 3; k++) {
        labelled_toy t = open_with(nets[k]);
        const rcm_tokens *tokens = tokens_of(&t);
        const int64_t pair[] = {0, 1};
        const int64_t chars = tokens->E, units = k == 1 ? 4 : 8;
        rcd_batch b = {0};
        rc_real *x = read_rows(&t, tokens, pair, 2, &b);
        bool same = true;

        for (int64_t u = 0; u < units; u++) /* EU, then Peter, are the first step */
            same &= x[chars + u] == x[tokens->width + chars + u];
        assert_false(same);
        rcb_free(x);
        rcd_batch_free(&b);
        labelled_close(&t);
    }
}

/* Words seen once are <unk> now and then in training, and nowhere else; others never. */
static void rare_words_are_left_out_in_training_alone(void **unused)
{
    (void)unused;
    labelled_toy t = labelled_open("tag", toy_file("r.conll", toy_tags),
                                   (const char *const[]){"features", "#-1", "label-column", "#2",
                                                         "unk-rate", "0.5", "embed", "6", NULL});
    const rcm_labelled *of = &rcm_labelled_of(t.corpus)->own[RCM_TRAIN];
    const rcm_tokens *tokens = tokens_of(&t);
    const int64_t all[] = {0, 1, 2, 3, 4, 5};
    const rcd_vocab *v = t.m->vocab.of[RCM_SYMBOLS];
    rcd_batch b = {0};
    rc_real *plain = read_rows(&t, tokens, all, 6, &b);
    int changed = 0, rare = 0;
    rc_graph *train;

    CHECK_STATUS(rcg_graph_on(&train, t.pool, true), RC_OK);
    for (uint64_t step = 0; step < 40; step++) {
        rc_graph_reset(train);
        rcg_graph_seed(train, 1, step);
        const rc_var *x = rcm_tokens_run(tokens, t.m, train, of, &b);
        rc_real *drawn = rcb_alloc((size_t)(b.rows * tokens->width), sizeof *drawn);

        CHECK_STATUS(rc_var_read(train, x, drawn, b.rows * tokens->width), RC_OK);
        for (int64_t row = 0; row < b.rows; row++) {
            const bool once = rcd_vocab_count(v, of->word[b.in[row]]) == 1;
            const bool same = memcmp(drawn + row * tokens->width, plain + row * tokens->width,
                                     6 * sizeof *drawn) == 0;

            assert_true(once || same);
            rare += once;
            changed += !same;
        }
        rcb_free(drawn);
    }
    assert_in_range(10 * changed / rare, 4, 6);
    rc_graph_free(train);
    rcb_free(plain);
    rcd_batch_free(&b);
    labelled_close(&t);
}

/* Each block is what is read of one token of the window alone, or zeros beyond the ends. */
static void tokens_around_stand_beside_a_token(void **unused)
{
    (void)unused;
    const char *file = toy_file("a.conll", toy_tags);
    const char *const options[] = {"label-column", "#2", "casing", "3", "embed", "6",
                                   "embed-map",    "4",  "around", "2", NULL};
    labelled_toy t = labelled_open("tag", file, options);
    labelled_toy plain = labelled_open("tag", file,
                                       (const char *const[]){"label-column", "#2", "casing", "3",
                                                             "embed", "6", "embed-map", "4", NULL});
    const int64_t all[] = {0, 1, 2, 3, 4, 5}, each = 4 + 3;
    rcd_batch b = {0}, same = {0};
    rc_real *x = read_rows(&t, tokens_of(&t), all, 6, &b);
    rc_real *y = read_rows(&plain, tokens_of(&plain), all, 6, &same);

    assert_int_equal(tokens_of(&t)->width, 5 * each);
    for (int64_t step = 0; step < b.steps; step++)
        for (int64_t row = b.at[step]; row < b.at[step + 1]; row++)
            for (int64_t k = 0; k < 5 * each; k++) {
                const int64_t at = step - 2 + k / each, column = row - b.at[step];
                const bool in = at >= 0 && at < b.steps && b.at[at] + column < b.at[at + 1];

                assert_true(x[row * 5 * each + k] ==
                            (in ? y[(b.at[at] + column) * each + k % each] : 0));
            }
    rcb_free(x);
    rcb_free(y);
    rcd_batch_free(&b);
    rcd_batch_free(&same);
    labelled_close(&t);
    labelled_close(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_read_alike_wherever_it_stands),
        cmocka_unit_test(tokens_around_stand_beside_a_token),
        cmocka_unit_test(characters_tell_words_apart),
        cmocka_unit_test(rare_words_are_left_out_in_training_alone),
    };

    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
