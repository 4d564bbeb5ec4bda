/* labelled_toy.h -- small corpora of labelled sequences and models over them.
 *
 * For tests of classify and tag. All functions are static inline and fail the test on error.
 */
#ifndef LABELLED_TOY_H
#define LABELLED_TOY_H

#include "model/labelled_in.h"
#include "model/toy.h"

static const char toy_reviews[] = "good\ta very good film\n"
                                  "bad\tnot a good film at all\n"
                                  "good\tso good\n"
                                  "bad\tbad\n"
                                  "so\tneither here nor there , so so\n"
                                  "good\tit is very very good\n"
                                  "bad\tthat is a bad film\n"
                                  "so\tso it is\n";

static const char toy_tags[] = "EU I-ORG NN\nrejects O VB\nGerman I-MISC JJ\ncall O NN\n\n"
                               "Peter I-PER NN\nBlackburn I-PER NN\n\n"
                               "BRUSSELS I-LOC NN\n1996 O CD\n\n"
                               "the O DT\nEU I-ORG NN\nBRUSSELS B-ORG NN\nsaid O VB\nso O RB\n\n"
                               "so O RB\n\n"
                               "Peter I-PER NN\nsaid O VB\n";

typedef struct labelled_toy {
    rc_config *c;
    rcm_corpus *corpus;
    rc_model *m;
    rcb_pool *pool;
    rc_graph *g;
} labelled_toy;

/* The configuration of a task over a file. */
static inline rc_config *labelled_config(const char *task, const char *train,
                                         const char *const options[])
{
    rc_config *c = toy_config(
        task, (const char *const[]){"train", train, "batch", "3", "valid-split", "0", NULL});

    for (; options && *options; options += 2)
        CHECK_STATUS(rc_config_set(c, options[0], options[1]), RC_OK);
    if (!c->flat && rcm_tokens_wanted(c) && rc_config_is_default(c, "hidden"))
        CHECK_STATUS(rc_config_set(c, "hidden", "5"), RC_OK);
    return c;
}

static inline labelled_toy labelled_open(const char *task, const char *train,
                                         const char *const options[])
{
    labelled_toy t = {.c = labelled_config(task, train, options)};
    rcm_vocabs vocab = {0};

    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(t.c->task->corpus_open(&t.corpus, t.c, NULL, &vocab), RC_OK);
    if (rc_config_is_default(t.c, "init"))
        CHECK_STATUS(rc_config_set(t.c, "init", "normal:0.5"), RC_OK);
    CHECK_STATUS(rcm_model_new(&t.m, t.c, vocab), RC_OK);
    if (t.c->task->measure_data)
        CHECK_STATUS(t.c->task->measure_data(t.m, t.corpus), RC_OK);
    CHECK_STATUS(rcb_pool_new(&t.pool, 1), RC_OK);
    CHECK_STATUS(rcg_graph_on(&t.g, t.pool, false), RC_OK);
    return t;
}

static inline void labelled_close(labelled_toy *t)
{
    rc_graph_free(t->g);
    rcb_pool_free(t->pool);
    rc_model_free(t->m);
    t->c->task->corpus_free(t->corpus);
    rc_config_free(t->c);
}

/* The loss of some training sequences as one batch. */
static inline double labelled_loss(const labelled_toy *t, const int64_t *which, int64_t n)
{
    const rcm_labelled *of = &rcm_labelled_of(t->corpus)->own[RCM_TRAIN];
    rcm_feed feed = {.from = of};
    double total;

    rc_graph_reset(t->g);
    CHECK_STATUS(rcd_labelled_batch(&of->set, of->label, which, n, &feed.batch), RC_OK);
    const rc_var *loss = t->c->task->loss(t->m, t->g, &feed);
    CHECK_STATUS(rc_graph_status(t->g), RC_OK);
    CHECK_STATUS(rc_var_total(t->g, loss, &total), RC_OK);
    rcm_feed_free(&feed);
    return total;
}

/* A batch loses what its sequences lose one by one: nothing of one reaches another, and no step is
 * there for the sake of length. */
static inline void labelled_adds_up(const labelled_toy *t)
{
    const int64_t n = rcm_labelled_of(t->corpus)->own[RCM_TRAIN].set.n;
    int64_t *which = rcb_alloc((size_t)n, sizeof *which);
    double sum = 0;

    for (int64_t i = 0; i < n; i++) {
        which[i] = n - 1 - i;
        sum += labelled_loss(t, &i, 1);
    }
    CHECK_NEAR(labelled_loss(t, which, n) / sum, 1, sizeof(rc_real) == 8 ? 1e-12 : 2e-5);
    rcb_free(which);
}

/* Steps of training; the loss of the last over a batch that is the whole corpus. */
static inline double labelled_train(const char *task, const char *train, const char *steps,
                                    const char *const options[])
{
    rc_config *c = labelled_config(task, train, options);
    rc_trainer *t;
    rc_record r = {0};

    CHECK_STATUS(rc_config_set(c, "batch", "100"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "steps", steps), RC_OK);
    CHECK_STATUS(rc_config_set(c, "valid-every", steps), RC_OK);
    CHECK_STATUS(rc_config_set(c, "epochs", "0"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "lr", "0.02"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "valid", train), RC_OK);
    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("learned"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
    const rc_model *m = rc_trainer_model(t);
    assert_true(rc_model_record(m, rc_model_records(m) - 1, &r));
    rc_trainer_free(t);
    rc_config_free(c);
    return r.judged;
}

#endif
