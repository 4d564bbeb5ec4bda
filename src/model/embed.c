/* embed.c -- the task embed: vectors of words, learnt by telling a word from what stands around it.
 *
 * Two tables: embed.weight, whose rows are the vectors of words, and out.weight, whose rows are
 * what words are told by. There is no graph: steps are taken by embed_walk.c, which changes the
 * tables itself.
 */
#include "model/embed_in.h"

#include <string.h>

enum { MOST_CHARACTERS = 64 };

/* ---- options ----------------------------------------------------------------------------- */

static rc_status refuse(const char *option, const char *why)
{
    return RC_FAIL(RC_EINVAL, "cannot use '%s': %s", option, why);
}

/* Options that mean something to some models alone: the first of them that is set, or NULL. */
static const char *option_set(const rc_config *c, const char *const *options)
{
    for (; *options; options++)
        if (!rc_config_is_default(c, *options))
            return *options;
    return NULL;
}

static rc_status check_glove(const rc_config *c)
{
    static const char *const none[] = {"loss",      "negatives", "share-negatives", "samples",
                                       "cbow-step", "subsample", "fixed-window",    "noise-power",
                                       "lock-free", "batch",     "subword",         NULL};
    const char *set = option_set(c, none);

    return set ? refuse(set, "it means nothing to --model glove") : RC_OK;
}

static rc_status check_windows(const rc_config *c, rcm_embed_model model)
{
    static const char *const of_glove[] = {"x-max", "alpha", NULL};
    const int loss = rcm_list_index("embed-losses", c->loss);
    const char *set = option_set(c, of_glove);

    if (set)
        return refuse(set, "it is of --model glove");
    if (c->share_negatives && (model != RCM_SKIPGRAM || loss != RCM_LOSS_NEGATIVE))
        return refuse("share-negatives", "it is of --model skipgram with --loss negative");
    if (c->share_negatives && !rc_config_is_default(c, "subword"))
        return refuse("share-negatives", "it means nothing with --subword");
    if (model != RCM_CBOW && !rc_config_is_default(c, "cbow-step"))
        return refuse("cbow-step", "it is of --model cbow");
    if (loss != RCM_LOSS_NEGATIVE && !rc_config_is_default(c, "negatives"))
        return refuse("negatives", "it is of --loss negative");
    if (loss != RCM_LOSS_SAMPLED && !rc_config_is_default(c, "samples"))
        return refuse("samples", "it is of --loss sampled");
    if (c->batch < c->shards)
        return RC_FAIL(RC_EINVAL,
                       "a batch of %" PRId64 " words cannot be cut into %" PRId64 " shards",
                       c->batch, c->shards);
    return RC_OK;
}

static rc_status check_options(const rc_config *c, rcm_embed_model model)
{
    if (strcmp(c->lr_schedule, "plateau") == 0)
        return refuse("lr-schedule", "plateau is of tasks that validate");
    return model == RCM_GLOVE ? check_glove(c) : check_windows(c, model);
}

/* ---- data -------------------------------------------------------------------------------- */

/* What is left to the model. */
static rc_status settle_options(rc_config *c, rcm_embed_model model)
{
    static const char *const rates[] = {
        [RCM_SKIPGRAM] = "0.025", [RCM_CBOW] = "0.1", [RCM_GLOVE] = "0.05"};

    if (c->lr == 0)
        RC_TRY(rc_config_set(c, "lr", rates[model]));
    if (c->window == 0)
        RC_TRY(rc_config_set(c, "window", model == RCM_GLOVE ? "15" : "5"));
    return RC_OK;
}

static rc_status corpus_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have,
                             rcm_vocabs *made)
{
    const rcm_embed_model model = (rcm_embed_model)rcm_list_index("embed-models", c->model);

    *out = NULL;
    if (rc_config_is_default(c, "subword") && !rc_config_is_default(c, "buckets"))
        return refuse("buckets", "it is of --subword");
    if (c->bigrams == 0 && !rc_config_is_default(c, "bigram-threshold"))
        return refuse("bigram-threshold", "it is of --bigrams");
    RC_TRY(check_options(c, model));
    RC_TRY(settle_options(c, model));
    return rcm_corpus_read(out, c, 0, have ? have->of[RCM_SYMBOLS] : NULL,
                           made ? &made->of[RCM_SYMBOLS] : NULL);
}

static rc_status corpus_notes(const rcm_corpus *c, rcb_buf *out)
{
    const rcd_tape *t = &c->tape[RCM_TRAIN];

    if (c->joins > 0)
        RC_TRY(rcb_buf_printf(out,
                              "%" PRId64 " pairs of words are read as one, so are %" PRId64
                              " of %" PRId64 " tokens (%.2f%%)\n",
                              c->joins, c->joined, t->n, 100 * (double)c->joined / (double)t->n));
    if (t->unknown == 0)
        return RC_OK;
    return rcb_buf_printf(out,
                          "%" PRId64 " of %" PRId64 " tokens are words rarer than --min-count, "
                          "which are passed over\n",
                          t->unknown, t->n);
}

static bool has_part(const rcm_corpus *c, rcm_part part)
{
    return part == RCM_TRAIN && rcm_corpus_has(c, part);
}

/* ---- building ---------------------------------------------------------------------------- */

/* What the words' counts are, for the tree. */
static rc_status grow_tree(rcm_embed_net *e, const rcd_vocab *v)
{
    int64_t *count = rcb_alloc((size_t)e->V, sizeof *count);
    rc_status s = count ? RC_OK : RC_ENOMEM;

    for (int64_t i = 0; s == RC_OK && i < e->V; i++)
        count[i] = rcd_vocab_count(v, (int32_t)i);
    if (s == RC_OK)
        s = rcn_huffman_new(&e->tree, count, e->V);
    rcb_free(count);
    return s;
}

static rc_status cut_words(rcm_embed_net *e, const rc_config *c, const rcd_vocab *v)
{
    rcd_lengths length;

    RC_TRY(rcm_lengths(&length, "subword", c->subword, MOST_CHARACTERS));
    return length.to > 0 ? rcd_subwords_new(&e->parts, v, length.from, length.to, c->buckets)
                         : RC_OK;
}

static rc_status build(rc_model *m)
{
    const rc_config *c = m->config;
    const rcd_vocab *v = m->vocab.of[RCM_SYMBOLS];
    rcm_embed_net *e = rcb_calloc(1, sizeof *e);

    if (!e)
        return RC_ENOMEM;
    m->own = e;
    if (!v)
        return RC_FAIL(RC_EFORMAT, "word vectors need a vocabulary, there is none");
    if (c->embed < 1)
        return RC_FAIL(RC_EINVAL, "cannot make vectors of %" PRId64 " numbers", c->embed);
    e->model = (rcm_embed_model)rcm_list_index("embed-models", c->model);
    e->loss = (rcm_embed_loss)rcm_list_index("embed-losses", c->loss);
    RC_TRY(check_options(c, e->model)); /* those of a file */
    e->V = rcd_vocab_size(v);
    e->ld = rck_pad(c->embed);
    if (e->loss == RCM_LOSS_HIERARCHICAL)
        RC_TRY(grow_tree(e, v));
    RC_TRY(cut_words(e, c, v));
    const int64_t in = e->V + e->parts.rows, out = e->V - (e->loss == RCM_LOSS_HIERARCHICAL);

    RC_TRY(rcm_room(m, (double)(in + out) * (double)c->embed));
    e->in = m->params.n;
    RC_TRY(rcn_params_table(&m->params, "embed.weight", in, c->embed));
    e->out = m->params.n;
    return rcn_params_table(&m->params, "out.weight", out, c->embed);
}

static void unbuild(rc_model *m)
{
    rcm_embed_net *e = m->own;

    if (e) {
        rcn_huffman_free(&e->tree);
        rcd_subwords_free(&e->parts);
    }
    rcb_free(e);
    m->own = NULL;
}

/* Rows in a cube whose edges are 1 / D. */
static void scatter(const rc_model *m, rcn_param *p, const char *stream)
{
    const rcb_key key = rcb_stream((uint64_t)m->config->seed, stream);
    const int64_t D = p->dim[1];

    for (int64_t i = 0; i < p->dim[0]; i++)
        for (int64_t k = 0; k < D; k++)
            p->w[i * p->ld + k] =
                (rc_real)((rcb_uniform(key, (uint64_t)(i * D + k)) - 0.5) / (double)D);
}

/* As word2vec: words scattered, the other side at zero; as GloVe: both scattered. */
static rc_status init(rc_model *m)
{
    const rcm_embed_net *e = m->own;
    rcn_param *in = &m->params.p[e->in], *out = &m->params.p[e->out];

    assert(in->ld == e->ld && out->ld == e->ld);
    memset(in->w, 0, (size_t)in->size * sizeof *in->w);
    memset(out->w, 0, (size_t)out->size * sizeof *out->w);
    scatter(m, in, "init:embed.weight");
    if (e->model == RCM_GLOVE)
        scatter(m, out, "init:out.weight");
    return RC_OK;
}

/* ---- running ----------------------------------------------------------------------------- */

static rc_status walker_new(rcm_walker **out, rc_model *m, const rcm_corpus *c, rcb_pool *pool)
{
    const rcm_embed_net *e = m->own;

    *out = NULL;
    if (m->config->window < 1) /* what a file says */
        return RC_FAIL(RC_EINVAL, "cannot look at a window of %" PRId64 " words",
                       m->config->window);
    return e->model == RCM_GLOVE ? rcm_glove_walker_new(out, m, c, pool)
                                 : rcm_embed_walker_new(out, m, c, pool);
}

/* Of GloVe the sum of both rows of a word, which differ by chance alone; else the mean of the rows
 * that it is made of. */
static void vector(const rc_model *m, int64_t i, rc_real *x)
{
    const rcm_embed_net *e = m->own;
    const rcn_param *in = &m->params.p[e->in], *out = &m->params.p[e->out];
    const int64_t D = in->dim[1], rows = rcm_embed_rows(e, i);

    memcpy(x, in->w + i * in->ld, (size_t)D * sizeof *x);
    if (e->model == RCM_GLOVE)
        rck->add(D, x, out->w + i * out->ld, x);
    for (int64_t k = 1; k < rows; k++)
        rck->add(D, x, in->w + rcm_embed_row(e, i, k) * in->ld, x);
    if (rows > 1)
        rck->scale(D, (rc_real)(1.0 / (double)rows), x, x);
}

/* A word on its way out of parts. */
typedef struct made {
    const rc_model *m;
    rc_real *x;
    int64_t parts;
} made;

static void add_part(void *ctx, int32_t row)
{
    made *k = ctx;
    const rcm_embed_net *e = k->m->own;
    const rcn_param *in = &k->m->params.p[e->in];

    rck->add(in->dim[1], k->x, in->w + (e->V + row) * in->ld, k->x);
    k->parts++;
}

static rc_status vector_of_parts(const rc_model *m, const char *word, size_t n, rc_real *x,
                                 bool *any)
{
    const rcm_embed_net *e = m->own;
    const int64_t D = m->params.p[e->in].dim[1];
    rcb_buf room = {0};
    made k = {m, x, 0};

    *any = false;
    if (e->parts.rows == 0)
        return RC_OK;
    rck->fill(D, 0, x);
    rc_status s =
        rcd_fold_name(&room, RCD_CHAR, word, n, &rcd_vocab_wording(m->vocab.of[RCM_SYMBOLS])->fold);
    if (s == RC_OK)
        s = rcd_subwords_of(&e->parts, room.p, room.n, add_part, &k);
    rcb_buf_free(&room);
    RC_TRY(s);
    *any = k.parts > 0;
    if (*any)
        rck->scale(D, (rc_real)(1.0 / (double)k.parts), x, x);
    return RC_OK;
}

static const char *measure(const rc_model *m)
{
    const rcm_embed_net *e = m->own;

    return e->model == RCM_GLOVE ? "weighted squared error" : "nats";
}

static const char *unit(const rc_model *m)
{
    const rcm_embed_net *e = m->own;

    return e->model == RCM_GLOVE ? "cells" : "tokens";
}

/* ---- words ------------------------------------------------------------------------------- */

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    const rcm_embed_net *e = m->own;

    if (e->model == RCM_GLOVE) {
        RC_TRY(rcm_words_add(w, "embed.weight", "with row i of out.weight the vector of word i"));
        return rcm_words_add(w, "out.weight", "row i is word i as it stands near others");
    }
    RC_TRY(rcm_words_add(w, "embed.weight", "%s",
                         e->parts.rows > 0
                             ? "the vector of word i is the mean of row i and of those of its "
                               "n-grams, which are behind the words (docs/format.md)"
                             : "row i is the vector of word i"));
    return rcm_words_add(w, "out.weight", "%s",
                         e->loss == RCM_LOSS_HIERARCHICAL
                             ? "row k is decision k of the Huffman tree over the counts, the root "
                               "is 0 (docs/format.md)"
                             : "row i is what word i is told by");
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const rcm_embed_net *e = m->own;
    rc_entry entry;

    RC_TRY(rcm_words_add(w, "word vectors", "%" PRId64 " of %" PRId64 " numbers", e->V,
                         m->params.p[e->in].dim[1]));
    if (e->parts.rows > 0)
        RC_TRY(rcm_words_add(
            w, "n-grams", "%" PRId32 " of %" PRId64 " to %" PRId64 " characters, %" PRId64 " rows",
            e->parts.names.n, e->parts.least, e->parts.most, e->parts.rows));
    (void)rcm_list("embed-models", (size_t)e->model, &entry);
    RC_TRY(rcm_words_add(w, "learnt", "%s: %s", entry.name, entry.help));
    if (e->model == RCM_GLOVE)
        return RC_OK;
    (void)rcm_list("embed-losses", (size_t)e->loss, &entry);
    return rcm_words_add(w, "told apart", "%s: %s", entry.name, entry.help);
}

extern const rcm_task rcm_embed;

const rcm_task rcm_embed = {
    .name = "embed",
    .help = "word vectors: skip-gram, CBOW and GloVe",
    .corpus_open = corpus_open,
    .corpus_free = rcm_corpus_free,
    .corpus_crc = rcm_corpus_crc,
    .corpus_notes = corpus_notes,
    .has_part = has_part,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .walker_new = walker_new,
    .vector = vector,
    .vector_of_parts = vector_of_parts,
    .measure = measure,
    .unit = unit,
    .conventions = conventions,
    .facts = facts,
};
