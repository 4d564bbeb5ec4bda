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
        cmocka_unit_test(strange_labels_are_wrong),
    };

    return cmocka_run_group_tests_name("labelled_score", tests, NULL, NULL);
}
