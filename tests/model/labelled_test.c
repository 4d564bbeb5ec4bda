/* labelled_test.c -- data of classify and tag: parts, vocabularies, numbers, schemes, epochs. */
#include "model/labelled_toy.h"

static const char *symbol(const rc_model *m, rcm_kind kind, int32_t id)
{
    return rcd_vocab_symbol(m->vocab.of[kind], id, NULL);
}

static void numbers_are_those_of_the_vocabularies(void **unused)
{
    (void)unused;
    labelled_toy t = labelled_open("tag", toy_file("n.conll", toy_tags),
                                   (const char *const[]){"features", "#-1", "label-column", "#2",
                                                         "lower", "true", "digits", "true",
                                                         "char-net", "cnn", "casing", "3", NULL});
    const rcm_labelled *l = &rcm_labelled_of(t.corpus)->own[RCM_TRAIN];
    const rcd_labelled *set = &l->set;

    assert_int_equal(set->n, 6);
    assert_string_equal(rc_config_get(t.c, "scheme"), "iob1");
    for (int64_t i = 0; i < set->start[set->n]; i++) {
        size_t n;
        const char *word = rcd_names_at(&set->tokens, set->token[i], &n);
        const char *label = rcd_names_at(&set->labels, set->label[i], NULL);
        const char *column = rcd_names_at(&set->features[0], set->feature[i], NULL);
        const char *folded = symbol(t.m, RCM_SYMBOLS, l->word[set->token[i]]);

        assert_string_equal(symbol(t.m, RCM_LABELS, l->label[set->label[i]]), label);
        assert_string_equal(symbol(t.m, RCM_FEATURES, l->feature[0][set->feature[i]]) + 2, column);
        assert_int_equal(l->casing[set->token[i]], rcd_casing_of(word, n));
        assert_int_equal(strlen(folded), n);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(folded[k], word[k] >= '0' && word[k] <= '9'   ? '0'
                                        : word[k] >= 'A' && word[k] <= 'Z' ? word[k] + 32
                                                                           : word[k]);
        assert_int_equal(l->spell.start[set->token[i] + 1] - l->spell.start[set->token[i]], n);
    }
    labelled_close(&t);
}

/* How many words the training part does not have, by a model of it. */
static int strangers(const char *seed)
{
    rc_config *c = labelled_config("classify", toy_file("u.tsv", toy_reviews),
                                   (const char *const[]){"valid-split", "0.3", "seed", seed, NULL});
    rcm_vocabs vocab = {0};
    rcm_corpus *corpus;
    int unknown = 0;

    CHECK_STATUS(c->task->corpus_open(&corpus, c, NULL, &vocab), RC_OK);
    const rcm_labelled_corpus *p = rcm_labelled_of(corpus);
    const rcd_labelled *set = &p->own[RCM_TRAIN].set;
    bool *known = rcb_calloc((size_t)set->tokens.n, sizeof *known);

    for (int64_t i = 0; i < p->cut.to[RCM_TRAIN]; i++) {
        const int64_t seq = rcm_cut_at(&p->cut, i);

        for (int64_t k = set->start[seq]; k < set->start[seq + 1]; k++)
            known[set->token[k]] = true;
    }
    for (int32_t i = 0; i < set->tokens.n; i++) {
        const bool is = p->own[RCM_TRAIN].word[i] != rcd_vocab_unk(vocab.of[RCM_SYMBOLS]);

        assert_int_equal(is, known[i]);
        unknown += !is;
    }
    rcb_free(known);
    c->task->corpus_free(corpus);
    rcm_vocabs_free(&vocab);
    rc_config_free(c);
    return unknown;
}

/* What is validated must not make a word known. */
static void words_of_other_parts_are_unknown(void **unused)
{
    (void)unused;
    CHECK_STATUS(rck_select(), RC_OK);
    assert_true(strangers("1") + strangers("2") + strangers("3") > 0);
}

static void tags_are_brought_to_the_scheme_that_is_asked_for(void **unused)
{
    (void)unused;
    static const char *const want[][2] = {
        {"iob2", "B-ORG O B-MISC O"},
        {"iobes", "S-ORG O S-MISC O"},
        {"auto", "I-ORG O I-MISC O"},
        {"none", "I-ORG O I-MISC O"},
    };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        labelled_toy t =
            labelled_open("tag", toy_file("s.conll", toy_tags),
                          (const char *const[]){"label-column", "#2", "scheme", want[i][0], NULL});
        const rcd_labelled *set = &rcm_labelled_of(t.corpus)->own[RCM_TRAIN].set;
        rcb_buf said = {0};

        for (int64_t k = 0; k < 4; k++)
            CHECK_STATUS(rcb_buf_printf(&said, "%s%s", k ? " " : "",
                                        rcd_names_at(&set->labels, set->label[k], NULL)),
                         RC_OK);
        assert_string_equal(said.p, want[i][1]);
        rcb_buf_free(&said);
        labelled_close(&t);
    }
}

static void an_epoch_is_every_sequence_once(void **unused)
{
    (void)unused;
    static const char *const buckets[] = {"0", "1", "20"};

    for (size_t k = 0; k < 3; k++) {
        labelled_toy t = labelled_open("classify", toy_file("e.tsv", toy_reviews),
                                       (const char *const[]){"bucket", buckets[k], NULL});
        int64_t order[2][8] = {{0}};

        assert_int_equal(t.c->task->epoch_batches(t.corpus, 1), 3);
        assert_int_equal(t.c->task->longest(t.corpus), 7);
        for (int64_t epoch = 1; epoch <= 2; epoch++) {
            rcm_feed feed = {0};
            int seen[8] = {0};
            int64_t n = 0, rows = 0;

            for (int64_t pos = 0;; pos = feed.next) {
                CHECK_STATUS(t.c->task->batch(t.corpus, epoch, pos, 1, &feed), RC_OK);
                if (feed.batch.rows == 0)
                    break;
                rows += feed.batch.rows;
                assert_int_equal(feed.batch.aims, feed.batch.seqs);
                for (int64_t i = 0; i < feed.batch.seqs; i++) {
                    order[epoch - 1][n++] = feed.batch.seq[i];
                    assert_int_equal(seen[feed.batch.seq[i]]++, 0);
                }
            }
            assert_int_equal(n, 8);
            assert_int_equal(rows, t.c->task->epoch_rows(t.corpus));
            rcm_feed_free(&feed);
        }
        assert_memory_not_equal(order[0], order[1], sizeof order[0]);
        labelled_close(&t);
    }
}

static void what_does_not_fit_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *task, *text;
        const char *options[5];
        rc_status want;
        const char *words;
    } cases[] = {
        {"classify", "a\tb c\n", {NULL}, RC_EDATA, "classes apart"},
        {"classify", toy_reviews, {"widths", "3,3"}, RC_EINVAL, "3 comes twice"},
        {"classify", toy_reviews, {"widths", "x"}, RC_EINVAL, "whole numbers are wanted"},
        {"classify", toy_reviews, {"mlp", "5,0"}, RC_EINVAL, "whole numbers are wanted"},
        {"classify", toy_reviews, {"tokens", "byte", "unk-rate", "0.5"}, RC_EINVAL, "are bytes"},
        {"classify",
         "(3 (2 a) (4 b))\n(1 (1 c) (2 d))\n",
         {"phrases", "true", "test-split", "0.5"},
         RC_EINVAL,
         "cannot cut phrases"},
        {"tag", toy_tags, {"features", "#9"}, RC_EDATA, "line 1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c =
            labelled_config(cases[i].task, toy_file("w.txt", cases[i].text), cases[i].options);
        rc_trainer *t;

        CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("refused"), NULL), cases[i].want);
        CHECK_MESSAGE_HAS(cases[i].words);
        rc_config_free(c);
    }
}

static rc_status live(void *ctx)
{
    rc_config *c;
    rcm_vocabs vocab = {0};
    rcm_corpus *corpus;
    rcm_feed feed = {0};

    RC_TRY(rc_config_clone(&c, ctx));
    rc_status s = c->task->corpus_open(&corpus, c, NULL, &vocab);
    if (s == RC_OK) {
        s = c->task->batch(corpus, 1, 0, 1, &feed);
        rcm_feed_free(&feed);
        c->task->corpus_free(corpus);
    }
    rcm_vocabs_free(&vocab);
    rc_config_free(c);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rc_config *c =
        labelled_config("tag", toy_file("f.conll", toy_tags),
                        (const char *const[]){"features", "#-1", "label-column", "#2", "char-net",
                                              "rnn", "casing", "3", "scheme", "iobes", NULL});

    CHECK_EACH_ALLOCATION(live, c);
    rc_config_free(c);
}

/* Columns between tabs may hold blanks. */
static void features_with_blanks_are_known(void **unused)
{
    (void)unused;
    labelled_toy t =
        labelled_open("tag", toy_file("b.conll", "a\tx y\tA\nb\tx z\tB\n\na\tx z\tB\n"),
                      (const char *const[]){"features", "#2", NULL});
    const rcm_labelled *l = &rcm_labelled_of(t.corpus)->own[RCM_TRAIN];

    assert_int_not_equal(l->feature[0][l->set.feature[0]], l->feature[0][l->set.feature[1]]);
    for (int i = 0; i < 2; i++)
        assert_int_not_equal(l->feature[0][l->set.feature[i]],
                             rcd_vocab_unk(t.m->vocab.of[RCM_FEATURES]));
    labelled_close(&t);
}

/* As a damaged state could ask for. */
static void beyond_an_epoch_there_is_nothing(void **unused)
{
    (void)unused;
    labelled_toy t = labelled_open("classify", toy_file("y.tsv", toy_reviews), NULL);
    rcm_feed feed = {0};

    for (int64_t pos = 8; pos < 12; pos++) {
        CHECK_STATUS(t.c->task->batch(t.corpus, 1, pos, 1, &feed), RC_OK);
        assert_int_equal(feed.batch.rows, 0);
    }
    rcm_feed_free(&feed);
    labelled_close(&t);
}

/* Vocabularies of one level. */
static bool are_alike(int a, int b)
{
    return (a == RCM_SYMBOLS && b == RCM_FEATURES) || (a == RCM_FEATURES && b == RCM_SYMBOLS) ||
           (a == RCM_GRAMS && b == RCM_LABELS) || (a == RCM_LABELS && b == RCM_GRAMS);
}

/* As a file of whoever could have them. */
static void vocabularies_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    labelled_toy t =
        labelled_open("tag", toy_file("v.conll", toy_tags),
                      (const char *const[]){"label-column", "#2", "features", "#3", "char-net",
                                            "cnn", "bag", "binary", "direct", "true", NULL});
    static const char *const words[] = {"a vocabulary of level 'word'", "a vocabulary of them",
                                        "'char-net'", "'features'", "of n-grams"};

    for (int kind = 0; kind < RCM_VOCABS; kind++)
        for (int with = -1; with < RCM_VOCABS; with++) {
            rcm_vocabs vocab;
            rc_model *m;

            if (with == kind || are_alike(kind, with))
                continue;
            CHECK_STATUS(rcm_vocabs_clone(&vocab, &t.m->vocab), RC_OK);
            rcd_vocab_free(vocab.of[kind]);
            vocab.of[kind] = NULL;
            if (with >= 0)
                CHECK_STATUS(rcd_vocab_clone(&vocab.of[kind], t.m->vocab.of[with]), RC_OK);
            CHECK_STATUS(rcm_model_new(&m, t.c, vocab), RC_EFORMAT);
            CHECK_MESSAGE_HAS(words[kind]);
        }
    labelled_close(&t);
}

/* What stands in a column is its bytes, a zero among them, too. */
static void features_that_differ_behind_a_zero_are_two(void **unused)
{
    (void)unused;
    static const char text[] = "w A\0x O\nv A\0y B\nu B O\nz C O\n";
    const char *path = check_temp_path("zero.conll");

    check_write_file(path, text, sizeof text - 1);
    labelled_toy t = labelled_open("tag", path, (const char *const[]){"features", "#2", NULL});
    const rcm_labelled *l = &rcm_labelled_of(t.corpus)->own[RCM_TRAIN];

    assert_int_equal(l->set.features[0].n, 4);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            assert_int_not_equal(l->feature[0][i], l->feature[0][k]);
    labelled_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_that_differ_behind_a_zero_are_two),
        cmocka_unit_test(numbers_are_those_of_the_vocabularies),
        cmocka_unit_test(words_of_other_parts_are_unknown),
        cmocka_unit_test(tags_are_brought_to_the_scheme_that_is_asked_for),
        cmocka_unit_test(an_epoch_is_every_sequence_once),
        cmocka_unit_test(features_with_blanks_are_known),
        cmocka_unit_test(beyond_an_epoch_there_is_nothing),
        cmocka_unit_test(vocabularies_that_do_not_fit_are_refused),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled", tests, NULL, NULL);
}
