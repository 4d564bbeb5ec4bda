/* labelled_score_test.c -- what is counted of labels is what is said of the file, one by one. */
#include "model/labelled_toy.h"

#include <math.h>

static void the_best_is_the_first_of_the_highest(void **unused)
{
    (void)unused;
    const rc_real x[] = {1, 3, (rc_real)2.5, 3};
    rc_real share[4];

    assert_int_equal(rcm_best_of(4, x), 1);
    rcm_shares(4, x, share);
    CHECK_NEAR(share[0] + share[1] + share[2] + share[3], 1, 1e-6);
    CHECK_NEAR(share[0], exp(1) / (exp(1) + 2 * exp(3) + exp(2.5)), 1e-6);
    assert_true(share[1] == share[3]);
}

/* What predictions of a file amount to. */
typedef struct tally {
    const rc_model *m;
    int64_t n, wrong, last, step;
    bool best; /* what is said is the most probable */
} tally;

static bool add(void *ctx, const rc_prediction *p)
{
    tally *t = ctx;
    size_t n;
    const char *said = rc_model_label(t->m, p->said, &n);
    double sum = 0;

    assert_true(p->classes && p->gold);
    assert_int_equal(p->count, rc_model_labels(t->m));
    assert_true(p->sequence == t->last || p->sequence == t->last + 1);
    t->step = p->sequence == t->last ? t->step + 1 : 0;
    assert_true(p->step == -1 || p->step == t->step);
    for (int64_t i = 0; i < p->count; i++)
        sum += (double)p->values[i];
    CHECK_NEAR(sum, 1, 1e-5);
    if (t->best)
        assert_int_equal(p->said, rcm_best_of(p->count, p->values));
    t->last = p->sequence;
    t->n++;
    t->wrong += n != p->gold_bytes || memcmp(said, p->gold, n) != 0;
    return true;
}

static void predictions_and_counts_agree(void **unused)
{
    (void)unused;
    static const struct {
        const char *task, *text, *decoder;
    } cases[] = {
        {"classify", toy_reviews, NULL}, {"tag", toy_tags, "softmax"}, {"tag", toy_tags, "crf"}};

    for (size_t i = 0; i < 3; i++) {
        const char *path = toy_file("p.txt", cases[i].text);
        labelled_toy t = labelled_open(
            cases[i].task, path,
            (const char *const[]){"label-column", i ? "#2" : "#1",
                                  cases[i].decoder ? "decoder" : "bidirectional",
                                  cases[i].decoder ? cases[i].decoder : "true", NULL});
        rc_predict_options o = rc_predict_options_default();
        tally sum = {.m = t.m, .last = -1, .best = i < 2};
        rc_evaluation e;

        o.gold = true;
        CHECK_STATUS(rc_model_predict(t.m, path, &o, add, &sum), RC_OK);
        CHECK_STATUS(rc_model_evaluate(t.m, path, NULL, &e), RC_OK);
        assert_int_equal(e.tokens, sum.n);
        assert_int_equal(e.wrong, sum.wrong);
        assert_int_equal(e.sequences, sum.last + 1);
        assert_int_equal(e.measured, e.tokens);
        assert_int_equal(e.strange, 0);
        assert_int_equal(e.spans, i ? 7 : 0);
        labelled_close(&t);
    }
}

/* What a report gathers on the way is what is counted. */
static void a_report_and_counts_agree(void **unused)
{
    (void)unused;
    const char *path = toy_file("r.conll", toy_tags);
    labelled_toy t = labelled_open(
        "tag", path, (const char *const[]){"label-column", "#2", "decoder", "crf", NULL});
    rc_eval_options o = rc_eval_options_default();
    rc_scores *s;
    rc_evaluation plain, e;

    CHECK_STATUS(rc_report_new(&o.report, NULL, 0), RC_OK);
    CHECK_STATUS(rc_model_evaluate(t.m, path, NULL, &plain), RC_OK);
    CHECK_STATUS(rc_model_evaluate(t.m, path, &o, &e), RC_OK);
    assert_true(e.nats == plain.nats && e.wrong == plain.wrong);
    CHECK_STATUS(rc_report_measure(o.report, NULL, &s), RC_OK);
    assert_int_equal(s->sequences, e.sequences);
    assert_int_equal(s->labels, e.tokens);
    assert_int_equal(s->labels - s->right, e.wrong);
    assert_int_equal(s->spans.gold, e.spans);
    assert_int_equal(s->spans.said, e.spans_said);
    assert_int_equal(s->spans.right, e.spans_right);
    assert_true(s->confident);
    rc_scores_free(s);
    rc_report_free(o.report);
    labelled_close(&t);
}

static void hear(void *ctx, const char *sentence)
{
    assert_non_null(strstr(sentence, "range"));
    ++*(int *)ctx;
}

static bool go_on(void *ctx, const rc_prediction *p)
{
    (void)ctx;
    (void)p;
    return true;
}

static void what_is_passed_over_is_told(void **unused)
{
    (void)unused;
#define REST "\t_\t_\t_\t_\t_\t_\n"
    static const char text[] = "1-2\tdont\t_\t_" REST "1\tdo\tdo\tAUX" REST "2\tnt\tnot\tPART" REST;
    const char *path = toy_file("n.conllu", text);
    labelled_toy t = labelled_open("tag", path, (const char *const[]){"format", "conllu", NULL});
    rc_eval_options o = rc_eval_options_default();
    rc_predict_options how = rc_predict_options_default();
    rc_evaluation e;
    int heard = 0;

    o.note = how.note = hear;
    o.note_ctx = how.note_ctx = &heard;
    CHECK_STATUS(rc_model_evaluate(t.m, path, &o, &e), RC_OK);
    assert_int_equal(heard, 1);
    CHECK_STATUS(rc_model_predict(t.m, path, &how, go_on, NULL), RC_OK);
    assert_int_equal(heard, 2);
    labelled_close(&t);
}

struct job {
    const rc_model *m;
    const char *path;
};

static rc_status evaluate_once(void *ctx)
{
    const struct job *job = ctx;
    rc_eval_options o = rc_eval_options_default();
    rc_evaluation e;

    o.threads = 1;
    RC_TRY(rc_report_new(&o.report, NULL, 0));
    const rc_status s = rc_model_evaluate(job->m, job->path, &o, &e);
    rc_report_free(o.report);
    return s;
}

static rc_status predict_once(void *ctx)
{
    const struct job *job = ctx;

    return rc_model_predict(job->m, job->path, &(rc_predict_options){.threads = 1, .ahead = 1},
                            go_on, NULL);
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    const char *path = toy_file("a.conll", toy_tags);
    labelled_toy t =
        labelled_open("tag", path,
                      (const char *const[]){"label-column", "#2", "features", "#3", "char-net",
                                            "cnn", "casing", "2", "decoder", "crf", NULL});
    struct job job = {t.m, path};

    CHECK_EACH_ALLOCATION(evaluate_once, &job);
    CHECK_EACH_ALLOCATION(predict_once, &job);
    labelled_close(&t);
}

/* A label that training had not is wrong, whatever is said, and part of no loss. */
static void strange_labels_are_wrong(void **unused)
{
    (void)unused;
    static const char *const decoders[] = {"softmax", "crf"};
    const char *train = toy_file("k.conll", toy_tags);
    const char *other = check_temp_path("other.conll");

    check_write_file(other, "EU I-NEW\nso O\n\nso O\n", 20);
    for (size_t i = 0; i < 2; i++) {
        labelled_toy t = labelled_open(
            "tag", train,
            (const char *const[]){"label-column", "#2", "decoder", decoders[i], NULL});
        rc_evaluation e;

        CHECK_STATUS(rc_model_evaluate(t.m, other, NULL, &e), RC_OK);
        assert_int_equal(e.tokens, 3);
        assert_int_equal(e.strange, 1);
        assert_true(e.wrong >= 1);
        assert_int_equal(e.measured, i ? 1 : 2);
        assert_true(isfinite(e.nats));

        check_write_file(other, "EU I-NEW\n", 9); /* nothing is known: there is no loss */
        CHECK_STATUS(rc_model_evaluate(t.m, other, NULL, &e), RC_OK);
        assert_true(e.tokens == 1 && e.strange == 1 && e.wrong == 1 && e.measured == 0);
        check_write_file(other, "EU I-NEW\nso O\n\nso O\n", 20);
        labelled_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_is_the_first_of_the_highest),
        cmocka_unit_test(predictions_and_counts_agree),
        cmocka_unit_test(a_report_and_counts_agree),
        cmocka_unit_test(what_is_passed_over_is_told),
        cmocka_unit_test(strange_labels_are_wrong),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled_score", tests, NULL, NULL);
}
