/* bag_test.c -- texts, and what stands around tokens, as bags of n-grams: numbers worked out by
 * hand and by another, slow way; what is learned, kept in files, and refused.
 */
#include "model/labelled_toy.h"

#include <math.h>

#define BAG(...)                                                                                   \
    (const char *const[])                                                                          \
    {                                                                                              \
        "bag", __VA_ARGS__, NULL                                                                   \
    }

static const struct {
    const char *task;
    const char *options[16];
} kinds[] = {
    {"classify", {"bag", "binary"}},
    {"classify", {"bag", "count", "ngrams", "1-2", "sublinear", "true"}},
    {"classify", {"bag", "tfidf", "ngrams", "1-3"}},
    {"classify", {"bag", "tfidf", "char-ngrams", "2-4", "sublinear", "true"}},
    {"classify", {"bag", "nb", "ngrams", "1-2", "char-ngrams", "3"}},
    {"classify", {"bag", "nb", "hash", "50"}},
    {"classify", {"bag", "nb", "places", "true", "ngrams", "1-2"}},
    {"classify", {"bag", "count", "mlp", "6", "hash", "64"}},
    {"classify", {"bag", "tfidf", "tokens", "char", "ngrams", "2-3", "mlp", "7,5"}},
    {"classify", {"bag", "nb", "direct", "true", "cell", "gru", "gram-count", "2"}},
    {"classify", {"bag", "tfidf", "direct", "true", "ngrams", "1-2", "mlp", "4", "flat", "true"}},
    {"tag", {"bag", "binary"}},
    {"tag", {"bag", "binary", "ngrams", "1-3", "char-ngrams", "2", "decoder", "crf"}},
    {"tag", {"bag", "binary", "hash", "90", "features", "#3", "gram-around", "1"}},
    {"tag", {"bag", "binary", "direct", "true", "decoder", "crf", "features", "#3"}},
    {"tag", {"bag", "binary", "direct", "true", "cell", "gru", "feedback", "true"}},
    {"tag", {"bag", "binary", "direct", "true", "flat", "true", "gram-around", "0"}},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* A corpus for a kind. */
static const char *corpus_of(size_t kind)
{
    return strcmp(kinds[kind].task, "tag") == 0 ? toy_file("k.conll", toy_tags)
                                                : toy_file("k.tsv", toy_reviews);
}

static labelled_toy open_bag(const char *path, const char *const options[])
{
    return labelled_open("classify", path, options);
}

static void batches_add_up(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++) {
        labelled_toy t = labelled_open(kinds[i].task, corpus_of(i), kinds[i].options);

        labelled_adds_up(&t);
        labelled_close(&t);
    }
}

static void every_kind_learns_a_corpus_by_heart(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++)
        assert_true(labelled_train(kinds[i].task, corpus_of(i), "200", kinds[i].options) < 1e-6);
}

static void on_row(void *ctx, const rc_gradcheck_row *row)
{
    const double most = sizeof(rc_real) == 8 ? 1e-7 : 0.1;

    *(int *)ctx += 1;
    if (!(row->error <= most))
        print_error("tensor %s: error %g\n", row->tensor, row->error);
    assert_true(row->error <= most);
}

static void gradients_are_those_of_differences(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++)
        for (int drop = 0; drop < 2; drop++) {
            rc_config *c = labelled_config(kinds[i].task, corpus_of(i), kinds[i].options);
            int tensors = 0;

            CHECK_STATUS(rc_config_set(c, "dropout", drop ? "0.4" : "0"), RC_OK);
            CHECK_STATUS(rc_gradcheck(c, sizeof(rc_real) == 8 ? 40 : 5, on_row, &tensors), RC_OK);
            assert_true(tensors >= 2);
            rc_config_free(c);
        }
}

/* ---- by hand ----------------------------------------------------------------------------- */

/* What a table of the model has for an n-gram: its first number. */
static double table_at(const labelled_toy *t, const char *gram)
{
    const int32_t id = rcd_vocab_find(t->m->vocab.of[RCM_GRAMS], gram, strlen(gram));
    rcf_tensor table;

    assert_true(id >= 0 && t->c->task->table(t->m, 0, &table));
    return (double)((const rc_real *)table.data)[id * (table.rank == 2 ? table.dim[1] : 1)];
}

static const double TOLERANCE = sizeof(rc_real) == 8 ? 1e-12 : 1e-6;

/* Of two texts "a b b" and "a c": a is in both, b and c in one. */
static void idf_and_ratios_are_those_worked_out_by_hand(void **unused)
{
    (void)unused;
    const char *path = toy_file("h.tsv", "x\ta b b\ny\ta c\n");
    labelled_toy t = open_bag(path, BAG("tfidf"));

    CHECK_NEAR(table_at(&t, "a"), 1, TOLERANCE);                  /* ln(3/3) + 1 */
    CHECK_NEAR(table_at(&t, "b"), 1.4054651081081644, TOLERANCE); /* ln(3/2) + 1 */
    labelled_close(&t);

    /* label x: p = 2 2 1 of a b c, q = 2 1 2 of the other, both of sum 5 */
    t = open_bag(path, BAG("nb"));
    assert_string_equal(rcd_vocab_symbol(t.m->vocab.of[RCM_LABELS], 0, NULL), "x");
    CHECK_NEAR(table_at(&t, "a"), 0, TOLERANCE);
    CHECK_NEAR(table_at(&t, "b"), log(2), TOLERANCE);
    CHECK_NEAR(table_at(&t, "c"), -log(2), TOLERANCE);
    labelled_close(&t);

    /* x twice, y and z once: p = 3 1 1 1 of a b c d, q = 1 3 2 2, sums 6 and 8; so of b, whose
     * label has two texts in three, r = ln((1/6) / (3/8)) */
    path = toy_file("h3.tsv", "x\ta\nx\ta\ny\tb c\nz\tb d\n");
    t = open_bag(path, BAG("nb"));
    CHECK_NEAR(table_at(&t, "a"), log((3.0 / 6) / (1.0 / 8)), TOLERANCE);
    CHECK_NEAR(table_at(&t, "b"), log((1.0 / 6) / (3.0 / 8)), TOLERANCE);
    CHECK_NEAR(table_at(&t, "d"), log((1.0 / 6) / (2.0 / 8)), TOLERANCE);
    labelled_close(&t);
}

/* ---- by another way ---------------------------------------------------------------------- */

enum { TEXTS = 8, WORDS = 8, GRAMS = 300, ROOM = 64 };

/* The toy corpus as strings, its words and pairs with their counts, and nothing clever. */
typedef struct slow {
    char label[TEXTS][ROOM];
    char gram[TEXTS][GRAMS][ROOM];
    int grams[TEXTS];
} slow;

static slow read_slowly(void)
{
    slow s = {.grams = {0}};
    const char *p = toy_reviews;

    for (int i = 0; i < TEXTS; i++) {
        char word[WORDS][ROOM];
        int n = 0, used;

        assert_int_equal(sscanf(p, "%63[^\t]\t%n", s.label[i], &used), 1);
        for (p += used; *p != '\n'; p += used) {
            assert_int_equal(sscanf(p, "%63[^ \n]%n", word[n++], &used), 1);
            used += p[used] == ' ';
        }
        p++;
        for (int k = 0; k < n; k++) {
            (void)snprintf(s.gram[i][s.grams[i]++], ROOM, "%.30s", word[k]);
            if (k > 0)
                (void)snprintf(s.gram[i][s.grams[i]++], ROOM, "%.30s %.30s", word[k - 1], word[k]);
        }
    }
    return s;
}

static int times(const slow *s, int text, const char *gram)
{
    int n = 0;

    for (int i = 0; i < s->grams[text]; i++)
        n += strcmp(s->gram[text][i], gram) == 0;
    return n;
}

/* Is entry i of a text the first of its kind there? */
static bool is_first(const slow *s, int text, int i)
{
    for (int k = 0; k < i; k++)
        if (strcmp(s->gram[text][k], s->gram[text][i]) == 0)
            return false;
    return true;
}

/* The log-count ratio of an n-gram; sums run over all that are different. */
static double ratio(const slow *s, const char *gram, const char *label)
{
    double p = 1, q = 1, p_sum = 0, q_sum = 0;

    for (int t = 0; t < TEXTS; t++) {
        const bool is = strcmp(s->label[t], label) == 0;

        p += is && times(s, t, gram) > 0;
        q += !is && times(s, t, gram) > 0;
        for (int i = 0; i < s->grams[t]; i++) {
            bool before = !is_first(s, t, i);

            for (int u = 0; u < t; u++)
                before |= times(s, u, s->gram[t][i]) > 0;
            p_sum += !before + (is && is_first(s, t, i));
            q_sum += !before + (!is && is_first(s, t, i));
        }
    }
    return log(p / p_sum) - log(q / q_sum);
}

static double tfidf(const slow *s, int text, const char *gram)
{
    int df = 0;

    for (int t = 0; t < TEXTS; t++)
        df += times(s, t, gram) > 0;
    return (1 + log(times(s, text, gram))) * (log((1.0 + TEXTS) / (1.0 + df)) + 1);
}

/* - ln of the probability of what is right, of one text. */
static double slow_loss(const slow *s, const labelled_toy *t, int text, bool nb)
{
    const rcd_vocab *labels = t->m->vocab.of[RCM_LABELS];
    const rcn_param *w = &t->m->params.p[0], *b = &t->m->params.p[1];
    double score[3], length = 0, sum = 0, right = 0;
    rc_real *rows = rcb_alloc((size_t)w->count, sizeof *rows), bias[3];

    assert_true(w->dim[1] == 3 && b->count == 3);
    rcn_param_store(w, w->w, rows);
    rcn_param_store(b, b->w, bias);
    for (int i = 0; i < s->grams[text]; i++)
        if (is_first(s, text, i))
            length += pow(tfidf(s, text, s->gram[text][i]), 2);
    for (int32_t k = 0; k < 3; k++) {
        const char *label = rcd_vocab_symbol(labels, k, NULL);

        score[k] = (double)bias[k];
        for (int i = 0; i < s->grams[text]; i++) {
            const char *gram = s->gram[text][i];
            const int32_t id = rcd_vocab_find(t->m->vocab.of[RCM_GRAMS], gram, strlen(gram));

            if (is_first(s, text, i))
                score[k] += (double)rows[id * 3 + k] *
                            (nb ? ratio(s, gram, label) : tfidf(s, text, gram) / sqrt(length));
        }
        sum += exp(score[k]);
        right = strcmp(label, s->label[text]) == 0 ? score[k] : right;
    }
    rcb_free(rows);
    return log(sum) - right;
}

static void losses_are_those_of_a_slow_computation(void **unused)
{
    const slow s = read_slowly();

    (void)unused;
    for (int nb = 0; nb < 2; nb++) {
        labelled_toy t = open_bag(toy_file("s.tsv", toy_reviews),
                                  nb ? BAG("nb", "ngrams", "1-2")
                                     : BAG("tfidf", "ngrams", "1-2", "sublinear", "true"));

        for (int64_t i = 0; i < TEXTS; i++)
            CHECK_NEAR(labelled_loss(&t, &i, 1), slow_loss(&s, &t, (int)i, nb), 20 * TOLERANCE);
        labelled_close(&t);
    }
}

/* ---- tags --------------------------------------------------------------------------------- */

/* The weight that row `id` of the table has for a label: any number, always the same. */
static double some_weight(int32_t id, int32_t label)
{
    return sin(1.7 * id + 0.3 * label);
}

/* What n-grams of a token score for a label. */
static double score_of(const labelled_toy *t, const char *const *grams, int32_t label)
{
    const rcd_vocab *v = t->m->vocab.of[RCM_GRAMS];
    double sum = 0;

    for (; *grams; grams++) {
        const int32_t id = rcd_vocab_find(v, *grams, strlen(*grams));

        assert_true(id >= 0);
        sum += some_weight(id, label);
    }
    return sum;
}

/* Two tokens "b A" "c B" with labels X and Y, one on each side read. */
static void tokens_have_the_ngrams_around_them(void **unused)
{
    (void)unused;
    static const char *const grams[2][11] = {
        {"0+0 b", "0+1 c", "1+0 A", "1+1 B", "2+0 b", "2+1 b", "  b ", NULL},
        {"0-1 b", "0+0 c", "1-1 A", "1+0 B", "2-1 b", "2+0 b", "  c ", NULL}};
    labelled_toy t =
        labelled_open("tag", toy_file("two.conll", "b X A\nc Y B\n"),
                      (const char *const[]){"bag", "binary", "gram-around", "1", "char-ngrams", "3",
                                            "features", "#3", "label-column", "#2", NULL});
    rcn_param *p = &t.m->params.p[0];
    double want = 0;

    assert_string_equal(p->name, "bag.weight");
    assert_int_equal(rcd_vocab_size(t.m->vocab.of[RCM_GRAMS]), p->dim[0]);
    assert_int_equal(p->dim[0], 11 + 2 + 2); /* of runs, of characters, held always */
    for (int32_t i = 0; i < p->dim[0]; i++)
        for (int32_t k = 0; k < 2; k++)
            p->w[i * p->ld + k] = (rc_real)some_weight(i, k);
    memset(t.m->params.p[1].w, 0, (size_t)t.m->params.p[1].size * sizeof(rc_real));
    for (int at = 0; at < 2; at++) {
        const char *label = at ? "Y" : "X";
        const int32_t right = rcd_vocab_find(t.m->vocab.of[RCM_LABELS], label, 1);

        want += log(exp(score_of(&t, grams[at], 0)) + exp(score_of(&t, grams[at], 1))) -
                score_of(&t, grams[at], right);
    }
    const int64_t first = 0;
    CHECK_NEAR(labelled_loss(&t, &first, 1), want, 20 * TOLERANCE);
    labelled_close(&t);
}

/* How much more the right one of two labels scores, of the first sequence. */
static double margin(const labelled_toy *t)
{
    const int64_t first = 0;

    return -log(exp(labelled_loss(t, &first, 1)) - 1);
}

static void clear(const labelled_toy *t, const char *name)
{
    const rcn_param *p = rcn_params_find(&t->m->params, name);

    assert_non_null(p);
    memset(p->w, 0, (size_t)p->size * sizeof *p->w);
    CHECK_STATUS(rcn_params_refresh(&t->m->params, t->pool), RC_OK);
}

/* What both say is the sum of what each says where the other one says nothing. */
static void what_is_direct_is_added(void **unused)
{
    (void)unused;
    static const char *const tasks[] = {"classify", "tag"}, *const names[] = {"d.tsv", "d.conll"};
    static const char *const files[] = {"x\ta b\ny\tc\n", "a X\n\nb Y\n"};
    static const char *const said[] = {"bag.weight", "bag.bias", "out.weight", "out.bias"};

    for (int i = 0; i < 4; i++) {
        const char *const options[] = {"bag",
                                       "binary",
                                       "direct",
                                       "true",
                                       "flat",
                                       "true",
                                       i % 2 ? "embed" : "ngrams",
                                       i % 2 ? "7" : "1",
                                       NULL};
        double of[3];

        for (int k = 0; k < 3; k++) { /* both, layers, n-grams */
            labelled_toy t =
                labelled_open(tasks[i / 2], toy_file(names[i / 2], files[i / 2]), options);

            for (int n = 2 * k - 2; k > 0 && n < 2 * k; n++)
                clear(&t, said[n]);
            of[k] = margin(&t);
            assert_true(fabs(of[k]) > 1e-3);
            labelled_close(&t);
        }
        CHECK_NEAR(of[0], of[1] + of[2], 200 * TOLERANCE);
    }
}

/* Models of before n-grams had a vocabulary of their own. */
static void older_models_are_read(void **unused)
{
    (void)unused;
    labelled_toy t = open_bag(toy_file("o.tsv", toy_reviews), BAG("binary", "ngrams", "1-2"));
    const double before = labelled_loss(&t, (const int64_t[]){0, 4}, 2);
    rcm_vocabs vocab;
    rc_model *m;

    CHECK_STATUS(rcm_vocabs_clone(&vocab, &t.m->vocab), RC_OK);
    assert_null(vocab.of[RCM_SYMBOLS]);
    vocab.of[RCM_SYMBOLS] = vocab.of[RCM_GRAMS];
    vocab.of[RCM_GRAMS] = NULL;
    CHECK_STATUS(rcm_model_new(&m, t.c, vocab), RC_OK);
    assert_true(m->vocab.of[RCM_GRAMS] && !m->vocab.of[RCM_SYMBOLS]);
    for (size_t i = 0; i < m->params.n; i++)
        memcpy(m->params.p[i].w, t.m->params.p[i].w, (size_t)m->params.p[i].size * sizeof(rc_real));
    rc_model_free(t.m);
    t.m = m;
    assert_true(labelled_loss(&t, (const int64_t[]){0, 4}, 2) == before);
    labelled_close(&t);
}

/* ---- files ------------------------------------------------------------------------------- */

static const rcf_tensor *only(const void *from, const char *name)
{
    const rcf_tensor *t = from;

    return strcmp(t->name, name) == 0 ? t : NULL;
}

static void a_copy_says_the_same(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++) {
        labelled_toy t = labelled_open(kinds[i].task, corpus_of(i), kinds[i].options);
        const double before = labelled_loss(&t, (const int64_t[]){0, 4}, 2);
        rc_model *copy;

        CHECK_STATUS(rc_model_clone(&copy, t.m), RC_OK);
        rc_model_free(t.m);
        t.m = copy;
        assert_true(labelled_loss(&t, (const int64_t[]){0, 4}, 2) == before);
        labelled_close(&t);
    }
}

static void tables_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    static const float numbers[] = {1, 2, 3, 4, 5, 6}, odd[] = {1, 2, (float)INFINITY, 4, 5, 6};
    const rcf_tensor fine = {.name = "bag.ratio",
                             .dtype = RCF_F32,
                             .rank = 2,
                             .dim = {3, 2},
                             .data = numbers,
                             .bytes = 24};
    struct {
        rcf_tensor t;
        const char *words;
    } cases[] = {{fine, NULL},
                 {fine, "tensor 'bag.ratio' is missing"},
                 {fine, "is not 6 reals in the shape of its model"},
                 {fine, "is not 6 reals in the shape of its model"},
                 {fine, "is not 6 reals in the shape of its model"},
                 {fine, "has number inf at 2"}};
    rc_real to[6];
    rcm_bag b = {.kind = RCM_BAG_NB, .V = 3, .M = 2, .ratio = to};

    cases[1].t.name = "bag.idf";
    cases[2].t.dtype = RCF_I32;
    cases[3].t.dim[0] = 2, cases[3].t.dim[1] = 3;
    cases[4].t.rank = 1, cases[4].t.dim[0] = 6;
    cases[5].t.data = odd;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(rcm_bag_load(&b, only, &cases[i].t), cases[i].words ? RC_EFORMAT : RC_OK);
        if (cases[i].words)
            CHECK_MESSAGE_HAS(cases[i].words);
    }
    assert_true(to[5] == 6);
}

/* ---- parts and failures ------------------------------------------------------------------ */

/* N-grams of the part that is validated are unknown, and a text of such alone has the bias. */
static void other_parts_make_nothing_known(void **unused)
{
    (void)unused;
    labelled_toy t = open_bag(toy_file("k.tsv", toy_reviews),
                              BAG("binary", "valid", toy_file("v.tsv", "good\tunseen words\n")));
    const rcm_labelled *valid = &rcm_labelled_of(t.corpus)->own[RCM_VALID];

    assert_int_equal(valid->grams.n, 1);
    assert_int_equal(valid->grams.start[1], 0);
    labelled_close(&t);
}

static rc_status live(void *ctx)
{
    const rc_config *c = ctx;
    rcm_vocabs vocab = {0};
    rcm_corpus *corpus;
    rc_model *m;
    rc_config *own;

    RC_TRY(rc_config_clone(&own, c));
    rc_status s = c->task->corpus_open(&corpus, own, NULL, &vocab);
    if (s != RC_OK) {
        rc_config_free(own);
        return s;
    }
    s = rcm_model_new(&m, own, vocab);
    if (s == RC_OK) {
        s = c->task->measure_data(m, corpus);
        rc_model_free(m);
    }
    c->task->corpus_free(corpus);
    rc_config_free(own);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    for (size_t i = 1; i < KINDS; i += 3) {
        rc_config *c = labelled_config(kinds[i].task, corpus_of(i), kinds[i].options);

        CHECK_EACH_ALLOCATION(live, c);
        rc_config_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_add_up),
        cmocka_unit_test(every_kind_learns_a_corpus_by_heart),
        cmocka_unit_test(gradients_are_those_of_differences),
        cmocka_unit_test(idf_and_ratios_are_those_worked_out_by_hand),
        cmocka_unit_test(losses_are_those_of_a_slow_computation),
        cmocka_unit_test(tokens_have_the_ngrams_around_them),
        cmocka_unit_test(what_is_direct_is_added),
        cmocka_unit_test(older_models_are_read),
        cmocka_unit_test(a_copy_says_the_same),
        cmocka_unit_test(tables_that_do_not_fit_are_refused),
        cmocka_unit_test(other_parts_make_nothing_known),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("bag", tests, NULL, NULL);
}
