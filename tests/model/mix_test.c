/* mix_test.c -- a mixture says the weighted mean of what its members say, label by name, whatever
 * they read; and what cannot be mixed.
 */
#include "model/labelled_toy.h"

#include <math.h>

enum { MOST = 64, LABELS = 8 };

/* What is said of a file, one answer after the other, labels by the numbers of `names`. */
typedef struct heard {
    const rc_model *m, *names;
    int64_t n;
    int32_t said[MOST];
    double p[MOST][LABELS];
} heard;

static bool hear(void *ctx, const rc_prediction *p)
{
    heard *h = ctx;

    assert_true(h->n < MOST);
    for (int32_t k = 0; k < p->count; k++) {
        size_t n, other;
        const char *name = rc_model_label(h->m, k, &n), *at;
        int32_t to = 0;

        while ((at = rc_model_label(h->names, to, &other)) && (n != other || memcmp(at, name, n)))
            to++;
        assert_non_null(at);
        h->p[h->n][to] = (double)p->values[k];
        if (k == p->said)
            h->said[h->n] = to;
    }
    h->n++;
    return true;
}

static heard ask(const rc_model *m, const rc_model *names, const char *path)
{
    heard h = {.m = m, .names = names};

    CHECK_STATUS(rc_model_predict(m, path, NULL, hear, &h), RC_OK);
    return h;
}

static int32_t label_of(const rc_model *m, const char *name)
{
    for (int32_t id = 0;; id++) {
        size_t n;
        const char *p = rc_model_label(m, id, &n);

        assert_non_null(p);
        if (n == strlen(name) && memcmp(p, name, n) == 0)
            return id;
    }
}

/* The mean of two, and that it is what the mixture says. */
static void check_mean(const rc_model *mix, const rc_model *const member[2], double first,
                       const char *path)
{
    const heard a = ask(member[0], mix, path), b = ask(member[1], mix, path),
                both = ask(mix, mix, path);

    assert_true(a.n == both.n && b.n == both.n && both.n > 0);
    for (int64_t i = 0; i < both.n; i++)
        for (int k = 0; k < LABELS; k++)
            CHECK_NEAR(both.p[i][k], first * a.p[i][k] + (1 - first) * b.p[i][k], 1e-6);
}

/* Of one label for a text: words, characters and n-grams; the loss is that of the means. */
static void means_are_said_of_texts(void **unused)
{
    (void)unused;
    static const char *const other[][7] = {{"bag", "count", NULL},
                                           {"tokens", "char", "most", "9", NULL},
                                           {"batch", "2", "bidirectional", "true", NULL}};
    const char *path = toy_file("t.tsv", toy_reviews);

    for (size_t i = 0; i < 3; i++) {
        labelled_toy a = labelled_open("classify", path, NULL),
                     b = labelled_open("classify", path, other[i]);
        const rc_model *const member[] = {a.m, b.m};
        rc_model *m;
        rc_evaluation e;
        double nats = 0;
        int64_t wrong = 0;

        CHECK_STATUS(rc_model_mix(&m, member, 2, (const double[]){2, 6}), RC_OK);
        check_mean(m, member, 0.25, path);
        const heard h = ask(m, m, path);
        static const char *const gold[] = {"good", "bad", "good", "bad", "so", "good", "bad", "so"};
        for (int64_t k = 0; k < h.n; k++) {
            const int32_t id = label_of(m, gold[k]);

            nats -= log(h.p[k][id]);
            wrong += h.said[k] != id;
        }
        CHECK_STATUS(rc_model_evaluate(m, path, NULL, &e), RC_OK);
        assert_int_equal(e.wrong, wrong);
        assert_true(e.tokens == 8 && e.measured == 8);
        CHECK_NEAR(e.nats, nats, 1e-5 * nats);
        rc_model_free(m);
        labelled_close(&a);
        labelled_close(&b);
    }
}

/* Of tags: a field and labels by themselves; what is said keeps to the scheme, and counts and
 * reports say the same. */
static void means_are_said_of_tags(void **unused)
{
    (void)unused;
    const char *path = toy_file("t.conll", toy_tags);
    labelled_toy a = labelled_open(
        "tag", path, (const char *const[]){"label-column", "#2", "decoder", "crf", NULL});
    labelled_toy b = labelled_open(
        "tag", path,
        (const char *const[]){"label-column", "#2", "features", "#3", "seed", "2", NULL});
    const rc_model *const member[] = {a.m, b.m};
    rc_eval_options o = rc_eval_options_default();
    rc_evaluation plain, e;
    rc_scores *s;
    rc_model *m;

    CHECK_STATUS(rc_model_mix(&m, member, 2, NULL), RC_OK);
    check_mean(m, member, 0.5, path);
    CHECK_STATUS(rc_model_evaluate(m, path, NULL, &plain), RC_OK);
    assert_true(plain.tokens == 16 && plain.spans == 7);
    CHECK_STATUS(rc_report_new(&o.report, NULL, 0), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, path, &o, &e), RC_OK);
    assert_true(e.nats == plain.nats && e.wrong == plain.wrong);
    CHECK_STATUS(rc_report_measure(o.report, NULL, &s), RC_OK);
    assert_int_equal(s->spans.right, e.spans_right);
    assert_int_equal(s->spans.said, e.spans_said);
    rc_scores_free(s);
    rc_report_free(o.report);
    rc_model_free(m);
    labelled_close(&a);
    labelled_close(&b);
}

/* What follows what in the answers of a model of tags. */
typedef struct follower {
    const rc_model *m;
    int64_t last; /* sequence */
    char before[16], said[16];
    int broken; /* by what is said */
    int moved;  /* what is said is not the most probable */
} follower;

static bool follow(void *ctx, const rc_prediction *p)
{
    follower *f = ctx;
    size_t n;
    const char *said = rc_model_label(f->m, p->said, &n);

    assert_true(n < sizeof f->said);
    (void)snprintf(f->said, sizeof f->said, "%.*s", (int)n, said);
    if (p->sequence != f->last)
        (void)snprintf(f->before, sizeof f->before, "O");
    f->broken += f->said[0] == 'I' && strcmp(f->before + 1, f->said + 1) != 0;
    f->moved += p->said != rcm_best_of(p->count, p->values);
    f->last = p->sequence;
    memcpy(f->before, f->said, sizeof f->before);
    return true;
}

/* The labels that are most probable one by one break the scheme; what is said does not. */
static void what_is_said_keeps_to_the_scheme(void **unused)
{
    (void)unused;
    const char *path = toy_file("k.conll", toy_tags);
    int moved = 0;

    for (int i = 0; i < 5; i++) {
        const char *const seed[] = {"1", "2", "3", "4", "5", "6"};
        labelled_toy t[2];
        rc_model *m;

        for (int k = 0; k < 2; k++)
            t[k] = labelled_open("tag", path,
                                 (const char *const[]){"label-column", "#2", "scheme", "iob2",
                                                       "seed", seed[i + k], NULL});
        CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){t[0].m, t[1].m}, 2, NULL), RC_OK);
        follower f = {.m = m, .last = -1};
        CHECK_STATUS(rc_model_predict(m, path, NULL, follow, &f), RC_OK);
        assert_int_equal(f.broken, 0);
        moved += f.moved;
        rc_model_free(m);
        labelled_close(&t[0]);
        labelled_close(&t[1]);
    }
    assert_true(moved > 0);
}

/* What is no number stays none. */
static void nan_is_not_hidden(void **unused)
{
    (void)unused;
    const char *path = toy_file("x.tsv", toy_reviews);
    labelled_toy a = labelled_open("classify", path, NULL),
                 b = labelled_open("classify", path, NULL);
    rc_model *m;
    rc_evaluation e;

    rcn_params_find(&a.m->params, "out.bias")->w[0] = (rc_real)NAN;
    CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){a.m, b.m}, 2, NULL), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, path, NULL, &e), RC_OK);
    assert_true(isnan(e.nats));
    rc_model_free(m);
    labelled_close(&a);
    labelled_close(&b);
}

/* A label of one member alone; and one of a file that none knows. */
static void labels_go_by_name(void **unused)
{
    (void)unused;
    const char *path = toy_file("n.tsv", toy_reviews);
    labelled_toy a = labelled_open("classify", path, NULL);
    labelled_toy b = labelled_open(
        "classify", toy_file("m.tsv", "bad\tnot a film\nodd\tso it is\nodd\tvery\n"), NULL);
    const rc_model *const member[] = {b.m, a.m};
    rc_model *m;
    rc_evaluation e;

    CHECK_STATUS(rc_model_mix(&m, member, 2, NULL), RC_OK);
    assert_int_equal(rc_model_labels(m), 4);
    check_mean(m, member, 0.5, path);
    CHECK_STATUS(rc_model_evaluate(m, toy_file("o.tsv", "odd\tso\nnew\tso\n"), NULL, &e), RC_OK);
    assert_true(e.tokens == 2 && e.strange == 1 && e.measured == 1 && e.wrong >= 1);
    rc_model_free(m);
    labelled_close(&a);
    labelled_close(&b);
}

/* Files may say anything of how often a label came. */
static void counts_of_labels_may_be_anything(void **unused)
{
    (void)unused;
    static const char *const counts[] = {"0", "9223372036854775807"};
    const char *path = toy_file("c.tsv", toy_reviews);

    for (int i = 0; i < 2; i++) {
        labelled_toy t = labelled_open("classify", path, NULL);
        rcb_buf text = {0};
        rcd_vocab *v;
        rc_model *m;

        CHECK_STATUS(rcb_buf_printf(&text,
                                    "{\"level\":\"line\",\"symbols\":[[\"bad\",%s],[\"good\",%s],"
                                    "[\"so\",2],[\"<unk>\",0],[\"<eos>\",0]]}",
                                    counts[i], counts[i]),
                     RC_OK);
        CHECK_STATUS(rcd_vocab_parse(&v, text.p, text.n), RC_OK);
        rcd_vocab_free(t.m->vocab.of[RCM_LABELS]);
        t.m->vocab.of[RCM_LABELS] = v;
        CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){t.m, t.m}, 2, NULL), RC_OK);
        assert_int_equal(rc_model_labels(m), 3);
        rc_model_free(m);
        rcb_buf_free(&text);
        labelled_close(&t);
    }
}

/* A mixture of mixtures is one of all members. */
static void mixtures_are_flat(void **unused)
{
    (void)unused;
    const char *path = toy_file("f.tsv", toy_reviews);
    labelled_toy a = labelled_open("classify", path, NULL),
                 b = labelled_open("classify", path, (const char *const[]){"seed", "2", NULL});
    rc_model *two, *three;
    double weight;

    CHECK_STATUS(rc_model_mix(&two, (const rc_model *const[]){a.m, b.m}, 2, NULL), RC_OK);
    CHECK_STATUS(
        rc_model_mix(&three, (const rc_model *const[]){b.m, two}, 2, (const double[]){1, 3}),
        RC_OK);
    assert_int_equal(rc_model_members(three), 3);
    for (size_t i = 0; i < 3; i++) {
        (void)rc_model_member(three, i, &weight);
        CHECK_NEAR(weight, i == 0 ? 0.25 : 0.375, 1e-15);
    }
    check_mean(three, (const rc_model *const[]){b.m, two}, 0.25, path);
    rc_model_free(two);
    rc_model_free(three);
    labelled_close(&a);
    labelled_close(&b);
}

static void what_does_not_go_together_is_refused(void **unused)
{
    (void)unused;
    const char *path = toy_file("r.conll", toy_tags);
    labelled_toy a = labelled_open("tag", path, (const char *const[]){"label-column", "#2", NULL});
    labelled_toy b = labelled_open(
        "tag", path, (const char *const[]){"label-column", "#2", "scheme", "iobes", NULL});
    labelled_toy c = labelled_open("classify", toy_file("r.tsv", toy_reviews), NULL);
    rc_model *lm = TOY("hidden", "4"), *m;

#define MIX(weight, ...)                                                                           \
    rc_model_mix(&m, (const rc_model *const[]){__VA_ARGS__},                                       \
                 sizeof(const rc_model *[]){__VA_ARGS__} / sizeof(rc_model *), weight)
    CHECK_STATUS(MIX(NULL, a.m), RC_EINVAL);
    CHECK_STATUS(MIX(NULL, a.m, b.m), RC_EINVAL);
    CHECK_MESSAGE_HAS("schemes");
    CHECK_STATUS(MIX(NULL, a.m, c.m), RC_EINVAL);
    CHECK_MESSAGE_HAS("two tasks");
    CHECK_STATUS(MIX(NULL, lm, lm), RC_EINVAL);
    CHECK_MESSAGE_HAS("'lm'");
    CHECK_STATUS(MIX(((const double[]){1, 0}), a.m, a.m), RC_EINVAL);
    CHECK_STATUS(MIX(((const double[]){1, (double)INFINITY}), a.m, a.m), RC_EINVAL);
    CHECK_STATUS(MIX(((const double[]){1e-300, 1e300}), a.m, a.m), RC_EINVAL);
    CHECK_MESSAGE_HAS("as different as");
    CHECK_STATUS(MIX(((const double[]){1e308, 1e308}), a.m, a.m), RC_OK);
    assert_true(m->members.weight[0] == 0.5);
    rc_model_free(m);
    m = NULL;
    assert_null(m);
    a.m->trainers = 1;
    CHECK_STATUS(MIX(NULL, a.m, a.m), RC_EBUSY);
    a.m->trainers = 0;
#undef MIX
    rc_model_free(lm);
    labelled_close(&a);
    labelled_close(&b);
    labelled_close(&c);
}

/* Lines that one member reads and another does not: there is no mean of what is said of them. */
static void members_read_the_same_lines(void **unused)
{
    (void)unused;
    static const char text[] = "good\t\tvery fine\nbad\tbad film\tvery poor\ngood\tgood film\t\n";
    const char *path = toy_file("w.tsv", text);
    labelled_toy t[2];
    rc_model *m;
    rc_evaluation e;

    for (int k = 0; k < 2; k++)
        t[k] = labelled_open("classify", path,
                             (const char *const[]){"text-column", k ? "#3" : "#2", NULL});
    CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){t[0].m, t[1].m}, 2, NULL), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, path, NULL, &e), RC_EDATA);
    CHECK_MESSAGE_HAS("one alone reads line 1");
    CHECK_STATUS(
        rc_model_evaluate(m, toy_file("v.tsv", "good\tgood\tgood\nbad\tbad\t\n"), NULL, &e),
        RC_EDATA);
    CHECK_MESSAGE_HAS("one alone reads line 2");
    rc_model_free(m);
    labelled_close(&t[0]);
    labelled_close(&t[1]);
}

static void standard_input_is_read_once(void **unused)
{
    (void)unused;
    labelled_toy a = labelled_open("classify", toy_file("w.tsv", toy_reviews),
                                   (const char *const[]){"format", "tsv", NULL});
    labelled_toy b = labelled_open(
        "classify", toy_file("w.txt", "__label__bad it\n__label__good so\n__label__so so\n"),
        (const char *const[]){"format", "fasttext", NULL});
    rc_model *m;
    rc_evaluation e;

    CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){a.m, b.m}, 2, NULL), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, "-", NULL, &e), RC_EINVAL);
    CHECK_MESSAGE_HAS("twice");
    rc_model_free(m);
    labelled_close(&a);
    labelled_close(&b);
}

/* The same bits for any number of threads. */
static void threads_change_nothing(void **unused)
{
    (void)unused;
    const char *path = toy_file("h.conll", toy_tags);
    labelled_toy a = labelled_open(
        "tag", path, (const char *const[]){"label-column", "#2", "decoder", "crf", NULL});
    labelled_toy b = labelled_open(
        "tag", path, (const char *const[]){"label-column", "#2", "bag", "binary", NULL});
    rc_eval_options o = rc_eval_options_default();
    rc_evaluation one, three;
    rc_model *m;

    CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){a.m, b.m}, 2, NULL), RC_OK);
    o.threads = 1;
    CHECK_STATUS(rc_model_evaluate(m, path, &o, &one), RC_OK);
    o.threads = 3;
    CHECK_STATUS(rc_model_evaluate(m, path, &o, &three), RC_OK);
    assert_true(one.nats == three.nats && one.wrong == three.wrong);
    rc_model_free(m);
    labelled_close(&a);
    labelled_close(&b);
}

struct job {
    const rc_model *const *member;
    const char *path;
};

static rc_status mix_and_ask(void *ctx)
{
    const struct job *job = ctx;
    rc_eval_options o = rc_eval_options_default();
    rc_evaluation e;
    rc_model *m;

    o.threads = 1;
    RC_TRY(rc_model_mix(&m, job->member, 2, NULL));
    const rc_status s = rc_model_evaluate(m, job->path, &o, &e);
    rc_model_free(m);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    const char *path = toy_file("a.conll", toy_tags);
    labelled_toy a = labelled_open(
        "tag", path, (const char *const[]){"label-column", "#2", "decoder", "crf", NULL});
    labelled_toy b =
        labelled_open("tag", path, (const char *const[]){"label-column", "#2", "seed", "2", NULL});
    struct job job = {(const rc_model *const[]){a.m, b.m}, path};

    CHECK_EACH_ALLOCATION(mix_and_ask, &job);
    labelled_close(&a);
    labelled_close(&b);
}

static void it_is_not_trained(void **unused)
{
    (void)unused;
    rc_config *c;
    rc_trainer *t;

    CHECK_STATUS(rc_config_new(&c, "mix"), RC_OK);
    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("mix.model"), NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("not trained");
    rc_config_free(c);
}

/* A state file that holds a mixture, which no training writes. */
static void nor_gone_on_with(void **unused)
{
    (void)unused;
    TOY_PATH(path, "z.model");
    TOY_PATH(state, "z.model.state");
    labelled_toy t = labelled_open("classify", toy_file("z.tsv", toy_reviews), NULL);
    rc_model *m;
    rc_trainer *trainer;
    rcm_buffers keep = {0};
    rcf_writer *w;

    CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){t.m, t.m}, 2, NULL), RC_OK);
    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    CHECK_STATUS(rcm_model_write(m, w, &keep), RC_OK);
    CHECK_STATUS(rcf_writer_meta(w, RCM_STATE_PREFIX "place", "corpus 00000000\n"), RC_OK);
    CHECK_STATUS(rcf_writer_save(w, state), RC_OK);
    CHECK_STATUS(rc_trainer_resume(&trainer, path, NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("not trained");
    rcf_writer_free(w);
    rcm_buffers_free(&keep);
    rc_model_free(m);
    labelled_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_said_of_texts),
        cmocka_unit_test(means_are_said_of_tags),
        cmocka_unit_test(what_is_said_keeps_to_the_scheme),
        cmocka_unit_test(nan_is_not_hidden),
        cmocka_unit_test(labels_go_by_name),
        cmocka_unit_test(counts_of_labels_may_be_anything),
        cmocka_unit_test(mixtures_are_flat),
        cmocka_unit_test(what_does_not_go_together_is_refused),
        cmocka_unit_test(members_read_the_same_lines),
        cmocka_unit_test(standard_input_is_read_once),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(every_failed_allocation_is_an_error),
        cmocka_unit_test(it_is_not_trained),
        cmocka_unit_test(nor_gone_on_with),
    };

    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
