/* embed_toy.h -- a small text with a model of word vectors over it, and the plan of its steps. */
#ifndef EMBED_TOY_H
#define EMBED_TOY_H

#include "model/embed_in.h"
#include "model/toy.h"

typedef struct embed_toy {
    rc_config *config;
    rcm_corpus *corpus;
    rc_model *m;
    rcb_pool *pool;
} embed_toy;

static inline embed_toy embed_open(const char *text, const char *const options[], int threads)
{
    embed_toy t = {.config = toy_config("embed", options)};
    rcm_vocabs made = {0};

    if (rc_config_is_default(t.config, "min-count"))
        CHECK_STATUS(rc_config_set(t.config, "min-count", "1"), RC_OK);
    CHECK_STATUS(rc_config_set(t.config, "train", toy_file("embed.txt", text)), RC_OK);
    CHECK_STATUS(t.config->task->corpus_open(&t.corpus, t.config, NULL, &made), RC_OK);
    CHECK_STATUS(rcm_model_new(&t.m, t.config, made), RC_OK);
    CHECK_STATUS(rcb_pool_new(&t.pool, threads), RC_OK);
    return t;
}

static inline void embed_close(embed_toy *t)
{
    rc_model_free(t->m);
    t->config->task->corpus_free(t->corpus);
    rc_config_free(t->config);
    rcb_pool_free(t->pool);
}

/* embed.weight (0) or out.weight (1). */
static inline rcn_param *embed_table(const embed_toy *t, int which)
{
    const rcm_embed_net *e = t->m->own;

    return &t->m->params.p[which == 0 ? e->in : e->out];
}

/* Random values, logical rows of which are returned; the caller frees them. */
static inline rc_real *embed_fill(rcn_param *p)
{
    rc_real *x = guard_new(p->count);

    fill_real(x, p->count);
    rcn_param_load(p, p->w, x);
    return x;
}

static inline int32_t embed_id(const embed_toy *t, const char *word)
{
    return rcd_vocab_find(t->m->vocab.of[RCM_SYMBOLS], word, strlen(word));
}

/* Steps from `pos` on to the end of an epoch; their mean loss. */
static inline double embed_epoch(rcm_walker *w, int64_t epoch, int64_t pos, double rate)
{
    rcm_stride s = {epoch, pos, rate};
    rcm_strode done;
    double nats = 0;
    int64_t aims = 0;

    for (;; s.pos = done.next) {
        CHECK_STATUS(w->walk(w, &s, &done), RC_OK);
        if (done.rows == 0)
            break;
        nats += done.nats;
        aims += done.aims;
    }
    return nats / (double)aims;
}

/* Whatever the number of workers, some epochs leave both tables with the same bits.
 * steps: those of an epoch; -1: as they come. */
static inline void embed_check_threads(const char *text, const char *const options[], int64_t steps,
                                       int epochs)
{
    rc_real *first[2] = {NULL, NULL};

    for (int threads = 1; threads <= 4; threads++) {
        embed_toy t = embed_open(text, options, threads);
        rcm_walker *w;

        CHECK_STATUS(t.config->task->walker_new(&w, t.m, t.corpus, t.pool), RC_OK);
        assert_true(steps < 0 || w->epoch_steps == steps);
        for (int epoch = 1; epoch <= epochs; epoch++)
            (void)embed_epoch(w, epoch, 0, 0.05);
        for (int k = 0; k < 2; k++) {
            const rcn_param *p = embed_table(&t, k);
            const size_t bytes = (size_t)p->size * sizeof(rc_real);

            if (threads == 1) {
                first[k] = malloc(bytes);
                assert_non_null(first[k]);
                memcpy(first[k], p->w, bytes);
            }
            assert_memory_equal(p->w, first[k], bytes);
        }
        w->free(w);
        embed_close(&t);
    }
    free(first[0]);
    free(first[1]);
}

#endif
