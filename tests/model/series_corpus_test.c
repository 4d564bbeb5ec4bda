/* series_corpus_test.c -- the data of the task series: epochs, parts, and what does not fit. */
#include "model/series_config.h"

/* Batches of an epoch hold every training sequence once, validation sequences never, and another
 * epoch has another order. */
static void an_epoch_is_every_sequence_once(void **unused)
{
    (void)unused;
    const char *ts = file("e.ts", cases);
    rc_config *c = config_of(ts, (const char *const[]){"batch", "3", "valid-split", "0.25", NULL});
    rcm_vocabs vocab = {0};
    rcm_corpus *corpus;
    int64_t order[2][8];

    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(c->task->corpus_open(&corpus, c, NULL, &vocab), RC_OK);
    assert_int_equal(c->task->epoch_batches(corpus, 1), 2);
    assert_true(c->task->has_part(corpus, RCM_VALID) && !c->task->has_part(corpus, RCM_TEST));
    for (int64_t epoch = 1; epoch <= 2; epoch++) {
        rcm_feed feed = {0};
        int64_t seen[8] = {0}, n = 0, rows = 0;

        for (int64_t pos = 0;; pos = feed.next) {
            CHECK_STATUS(c->task->batch(corpus, epoch, pos, 1, &feed), RC_OK);
            if (feed.batch.rows == 0)
                break;
            rows += feed.batch.rows;
            for (int64_t i = 0; i < feed.batch.seqs; i++) {
                order[epoch - 1][n++] = feed.batch.seq[i];
                seen[feed.batch.seq[i]]++;
            }
        }
        assert_int_equal(n, 6);
        for (int i = 0; i < 8; i++)
            assert_true(seen[i] <= 1);
        assert_int_equal(rows, c->task->epoch_rows(corpus));
        rcd_batch_free(&feed.batch);
    }
    assert_memory_not_equal(order[0], order[1], 6 * sizeof **order);
    c->task->corpus_free(corpus);
    rcm_vocabs_free(&vocab);
    rc_config_free(c);
}

/* ---- refusals ---------------------------------------------------------------------------- */

static void refused(rc_config *c, rc_status want, const char *words)
{
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("refused"), NULL), want);
    assert_null(t);
    CHECK_MESSAGE_HAS(words);
    rc_config_free(c);
}

static void what_does_not_fit_is_refused(void **unused)
{
    (void)unused;
    const char *ts = file("r.ts", cases), *roll = file("r.rolls", rolls);
    const char *strange = file("s.ts", "@data\n1,2:sideways\n"), *path = check_temp_path("fit");
    rc_evaluation e;
    rc_runner *r;
    rc_model *m;

    refused(config_of(roll, (const char *const[]){"aim", "class", NULL}), RC_EDATA,
            "its series have no classes");
    refused(config_of(ts, (const char *const[]){"aim", "values", NULL}), RC_EDATA,
            "its series have no numbers to say");
    refused(config_of(ts, (const char *const[]){"inputs", "2", NULL}), RC_EDATA,
            "its steps have 1 numbers, the model reads 2");
    refused(config_of(ts, (const char *const[]){"valid", roll, NULL}), RC_EDATA,
            "its series have no classes");
    refused(config_of(ts, (const char *const[]){"valid", strange, NULL}), RC_EDATA,
            "class 'sideways' is not in the training data");
    refused(config_of(ts, (const char *const[]){"valid-split", "0.9", "test-split", "0.1", NULL}),
            RC_EDATA, "none is left");
    refused(config_of(roll, (const char *const[]){"bidirectional", "true", NULL}), RC_EINVAL,
            "cannot predict the next step in both directions");
    refused(config_of(file("short.rolls", "60\n61\n"), (const char *const[]){NULL}), RC_EDATA,
            "no series is long enough");
    refused(config_of(roll, (const char *const[]){"outputs", "5", NULL}), RC_EINVAL,
            "cannot say 5 numbers of the next step: it has 88");
    refused(config_of("", (const char *const[]){NULL}), RC_EINVAL, "no training series");
    refused(config_of(ts, (const char *const[]){"answers", "each", NULL}), RC_EDATA,
            "with answers 'each': it has one for a sequence");
    refused(config_of("copy:2", (const char *const[]){"answers", "last", NULL}), RC_EDATA,
            "with answers 'last': it has one at every step");
    refused(config_of(ts, (const char *const[]){"feedback", "true", NULL}), RC_EINVAL,
            "cannot feed answers back where there is one, at the end");
    refused(config_of(roll, (const char *const[]){"feedback", "true", NULL}), RC_EINVAL,
            "cannot feed answers back where the next step is the answer");
    refused(config_of("copy:2",
                      (const char *const[]){"feedback", "true", "bidirectional", "true", NULL}),
            RC_EINVAL, "cannot feed answers back in both directions");

    refused(config_of(ts, (const char *const[]){"valid", "copy:2", NULL}), RC_EDATA, "copy:2");
    refused(config_of("copy:2", (const char *const[]){"valid", "order:10", NULL}), RC_EDATA,
            "with answers 'each': it has one for a sequence");
    const char *last = file("last.csv", "a,y\n1,\n2,up\n\n3,\n2,down\n");
    refused(config_of(last, (const char *const[]){"target", "y", "aim", "next", NULL}), RC_EINVAL,
            "cannot say 'y' where the next step is to be said");

    rc_config *c = config_of(ts, (const char *const[]){"steps", "1", "hidden", "3", NULL});
    train(c, path, 1);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, roll, NULL, &e), RC_EDATA);
    CHECK_STATUS(rc_model_evaluate(m, strange, NULL, &e), RC_EDATA);
    CHECK_STATUS(rc_model_evaluate(m, ts, &(rc_eval_options){.tracks = 1, .to = 0.5}, &e),
                 RC_EINVAL);
    CHECK_STATUS(rc_runner_new(&r, m), RC_EINVAL);
    CHECK_MESSAGE_HAS("a model of task 'series' has no symbols to step through");
    rc_model_free(m);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_every_sequence_once),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("series_corpus", tests, NULL, NULL);
}
