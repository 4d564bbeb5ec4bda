/* embed_walk_test.c -- steps of word vectors: the same bits for any number of workers, and in the
 * limit the same probabilities by every loss.
 */
#include "embed_toy.h"

#include <math.h>

/* A text of `words` words of an alphabet of few, in which one follows another more or less. */
static char *drawn_text(int words)
{
    char *text = malloc((size_t)words * 2 + 2);

    for (int i = 0, at = 0; i < words; i++) {
        at = pick(0, 2) ? (at * 2 + 1) % 5 : pick(0, 4);
        text[2 * i] = (char)('a' + at);
        text[2 * i + 1] = pick(0, 30) == 0 ? '\n' : ' ';
    }
    text[2 * words - 1] = '\n';
    text[2 * words] = '\0';
    return text;
}

static void check_no_thread_changes_a_bit(const char *model, const char *loss, const char *shards,
                                          const char *subword)
{
    char *text = drawn_text(3000);
    const char *const options[] = {"model",  model,     "loss",    loss,    "embed",
                                   "17",     "subword", subword,   "batch", "500",
                                   "shards", shards,    "samples", "7",     NULL};
    const char *const *used = options;
    const char *few[] = {"model", model,   "loss", loss,     "embed", "17", "subword",
                         subword, "batch", "500",  "shards", shards,  NULL};

    if (strcmp(loss, "sampled") != 0)
        used = few;
    embed_check_threads(text, used, -1, 2);
    free(text);
}

static void no_thread_changes_a_bit(void **unused)
{
    (void)unused;
    check_seed();
    check_no_thread_changes_a_bit("skipgram", "negative", "16", "0");
    check_no_thread_changes_a_bit("cbow", "negative", "5", "0");
    check_no_thread_changes_a_bit("skipgram", "hierarchical", "3", "0");
    check_no_thread_changes_a_bit("cbow", "full", "4", "0");
    check_no_thread_changes_a_bit("skipgram", "sampled", "1", "0");
    check_no_thread_changes_a_bit("skipgram", "negative", "6", "1-3");
    check_no_thread_changes_a_bit("cbow", "hierarchical", "4", "1-2");
}

/* A text that is all left out, and shards without a word. */
static void shards_may_have_nothing_to_learn(void **unused)
{
    (void)unused;
    static const char *const models[] = {"skipgram", "cbow"};

    for (size_t i = 0; i < 2; i++) {
        embed_toy t = embed_open("a\nb b\n",
                                 (const char *const[]){"model", models[i], "subsample", "1e-9",
                                                       "shards", "7", "batch", "7", NULL},
                                 2);
        rcm_walker *w;

        CHECK_STATUS(t.config->task->walker_new(&w, t.m, t.corpus, t.pool), RC_OK);
        (void)embed_epoch(w, 1, 0, 0.05);
        w->free(w);
        embed_close(&t);
    }
}

/* With one shard nothing is late: both ways of adding up come to the same. */
static void with_one_shard_lock_free_is_the_same(void **unused)
{
    (void)unused;
    check_seed();
    char *text = drawn_text(500);
    const char *options[] = {"shards", "1",         "batch", "100", "embed",
                             "6",      "lock-free", "false", NULL};
    rc_real *rows[2];
    double want[64];
    int64_t n = 0;

    for (int free_of = 0; free_of < 2; free_of++) {
        options[7] = free_of ? "true" : "false";
        embed_toy t = embed_open(text, options, 1);
        const rcn_param *p = embed_table(&t, 0);
        rcm_walker *w;

        CHECK_STATUS(t.config->task->walker_new(&w, t.m, t.corpus, t.pool), RC_OK);
        (void)embed_epoch(w, 1, 0, 0.05);
        n = p->count;
        rows[free_of] = malloc((size_t)n * sizeof(rc_real));
        rcn_param_store(p, p->w, rows[free_of]);
        w->free(w);
        embed_close(&t);
    }
    assert_true(n <= 64);
    for (int64_t i = 0; i < n; i++)
        want[i] = (double)rows[0][i];
    CHECK_CLOSE(rows[1], want, n, 1e-5);
    free(rows[0]);
    free(rows[1]);
    free(text);
}

/* ---- the limit --------------------------------------------------------------------------- */

enum { MOST = 8, D = 8 };

/* p(j | i) of a model of the loss: its tree, or its softmax over what can come. */
static void say(const embed_toy *t, int32_t i, double *p)
{
    const rcm_embed_net *e = t->m->own;
    const rcn_param *in = embed_table(t, 0), *out = embed_table(t, 1);
    const rcd_vocab *v = t->m->vocab.of[RCM_SYMBOLS];
    double s[MOST], sum = 0;

    for (int64_t j = 0; j < out->dim[0]; j++) {
        s[j] = 0;
        for (int64_t k = 0; k < in->dim[1]; k++)
            s[j] += (double)in->w[i * in->ld + k] * (double)out->w[j * out->ld + k];
    }
    for (int64_t j = 0; j < e->V; j++) {
        if (e->loss == RCM_LOSS_HIERARCHICAL) {
            p[j] = 1;
            for (int32_t up = e->tree.up[j]; up >= 0; up = e->tree.up[e->V + up / 2])
                p[j] /= 1 + exp(up % 2 == 0 ? -s[up / 2] : s[up / 2]);
        } else {
            p[j] = rcd_vocab_count(v, (int32_t)j) > 0 && j != rcd_vocab_boundary(v) ? exp(s[j]) : 0;
        }
        sum += p[j];
    }
    if (e->loss == RCM_LOSS_HIERARCHICAL)
        CHECK_NEAR(sum, 1, 1e-6); /* by itself */
    for (int64_t j = 0; j < e->V; j++)
        p[j] /= sum;
}

/* How often word j stands next to word i. */
static void count_pairs(const rcd_tape *tape, int32_t boundary, double p[MOST][MOST])
{
    memset(p, 0, MOST * MOST * sizeof p[0][0]);
    for (int64_t at = 0; at + 1 < tape->n; at++) {
        const int32_t a = rcd_tape_at(tape, at), b = rcd_tape_at(tape, at + 1);

        if (a == boundary || b == boundary)
            continue;
        p[a][b]++;
        p[b][a]++;
    }
    for (int i = 0; i < MOST; i++) {
        double sum = 0;

        for (int j = 0; j < MOST; j++)
            sum += p[i][j];
        for (int j = 0; j < MOST && sum > 0; j++)
            p[i][j] /= sum;
    }
}

/* With vectors that can say everything, each loss ends at the shares in the text. */
static void check_limit(const char *text, const char *loss, const char *more, const char *value)
{
    const char *const options[] = {"loss",         loss,   "window",    "1",   "embed", "8",
                                   "fixed-window", "true", "subsample", "0",   "batch", "200",
                                   "shards",       "2",    more,        value, NULL};
    embed_toy t = embed_open(text, options, 1);
    const rcd_vocab *v = t.m->vocab.of[RCM_SYMBOLS];
    double want[MOST][MOST], got[MOST], worst = 0;
    rcm_walker *w;

    assert_true(rcd_vocab_size(v) <= MOST);
    guard_free(embed_fill(embed_table(&t, 0)));
    CHECK_STATUS(t.config->task->walker_new(&w, t.m, t.corpus, t.pool), RC_OK);
    for (int epoch = 1; epoch <= 200; epoch++)
        (void)embed_epoch(w, epoch, 0, 0.1 * (1 - (epoch - 1) / 200.0));
    count_pairs(&t.corpus->tape[RCM_TRAIN], rcd_vocab_boundary(v), want);
    for (int32_t i = 0; i < rcd_vocab_size(v); i++) {
        if (i == rcd_vocab_boundary(v) || i == rcd_vocab_unk(v))
            continue;
        say(&t, i, got);
        for (int32_t j = 0; j < rcd_vocab_size(v); j++)
            worst = fmax(worst, fabs(got[j] - want[i][j]));
    }
    if (worst > 0.02)
        fail_msg("loss %s: a probability is off by %g", loss, worst);
    w->free(w);
    embed_close(&t);
}

static void losses_agree_in_the_limit(void **unused)
{
    (void)unused;
    check_seed();
    char *text = drawn_text(1000);

    check_limit(text, "full", "seed", "1");
    check_limit(text, "hierarchical", "seed", "1");
    check_limit(text, "sampled", "samples", "100");
    free(text);
}

/* A vector that is no number is told, and stays alone. */
static void what_is_not_finite_spreads_nowhere(void **unused)
{
    (void)unused;
    check_seed();
    char *text = drawn_text(400);

    for (int lock_free = 0; lock_free < 2; lock_free++) {
        const char *const options[] = {"embed",  "4", "batch",     "200",
                                       "shards", "2", "lock-free", lock_free ? "true" : "false",
                                       NULL};
        embed_toy t = embed_open(text, options, 2);
        rcn_param *in = embed_table(&t, 0);
        const int32_t bad = embed_id(&t, "a");
        rcm_strode done;
        rcm_walker *w;

        CHECK_STATUS(t.config->task->walker_new(&w, t.m, t.corpus, t.pool), RC_OK);
        in->w[bad * in->ld] = (rc_real)NAN;
        CHECK_STATUS(w->walk(w, &(rcm_stride){1, 0, 0.01}, &done), RC_OK);
        assert_true(isnan(done.nats));
        for (int which = 0; which < 2; which++) {
            const rcn_param *p = embed_table(&t, which);

            for (int64_t i = 0; i < p->size; i++)
                assert_true(isfinite(p->w[i]) || (which == 0 && i == bad * p->ld));
        }
        w->free(w);
        embed_close(&t);
    }
    free(text);
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    check_seed();
    char *text = drawn_text(400);
    const char *const options[] = {"embed", "4", "batch", "200", "shards", "2", NULL};
    embed_toy t = embed_open(text, options, 1);

    for (uint64_t n = 1;; n++) {
        const rcm_stride s = {1, 0, 0.01};
        rcm_strode done;
        rcm_walker *w;

        rcb_alloc_fail_at(n);
        rc_status status = t.config->task->walker_new(&w, t.m, t.corpus, t.pool);
        if (status == RC_OK) {
            status = w->walk(w, &s, &done);
            w->free(w);
        }
        rcb_alloc_fail_at(0);
        if (status == RC_OK)
            break;
        assert_int_equal(status, RC_ENOMEM);
    }
    embed_close(&t);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_thread_changes_a_bit),
        cmocka_unit_test(shards_may_have_nothing_to_learn),
        cmocka_unit_test(with_one_shard_lock_free_is_the_same),
        cmocka_unit_test(losses_agree_in_the_limit),
        cmocka_unit_test(what_is_not_finite_spreads_nowhere),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("embed_walk", tests, NULL, NULL);
}
