/* embed.c -- the task embed: vectors of words, learnt by telling a word from what stands around it.
 *
 * Two tables: embed.weight, whose rows are the vectors of words, and out.weight, whose rows are
 * what words are told by. There is no graph: steps are taken by embed_walk.c, which changes the
 * tables itself.
 */
#include "model/embed_in.h"

#include <string.h>

/* ---- options ----------------------------------------------------------------------------- */

static rc_status refuse(const char *option, const char *why)
{
    return RC_FAIL(RC_EINVAL, "cannot use '%s': %s", option, why);
}

static rc_status check_options(const rc_config *c)
{
    const int model = rcm_list_index("embed-models", c->model);
    const int loss = rcm_list_index("embed-losses", c->loss);

    if (c->share_negatives && (model != RCM_SKIPGRAM || loss != RCM_LOSS_NEGATIVE))
        return refuse("share-negatives", "it is of --model skipgram with --loss negative");
    if (model != RCM_CBOW && !rc_config_is_default(c, "cbow-step"))
        return refuse("cbow-step", "it is of --model cbow");
    if (loss != RCM_LOSS_NEGATIVE && !rc_config_is_default(c, "negatives"))
        return refuse("negatives", "it is of --loss negative");
    if (loss != RCM_LOSS_SAMPLED && !rc_config_is_default(c, "samples"))
        return refuse("samples", "it is of --loss sampled");
    if (c->bigrams == 0 && !rc_config_is_default(c, "bigram-threshold"))
        return refuse("bigram-threshold", "it is of --bigrams");
    if (c->batch < c->shards)
        return RC_FAIL(RC_EINVAL,
                       "a batch of %" PRId64 " words cannot be cut into %" PRId64 " shards",
                       c->batch, c->shards);
    return RC_OK;
}

/* ---- data -------------------------------------------------------------------------------- */

static rc_status corpus_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have,
                             rcm_vocabs *made)
{
    *out = NULL;
    RC_TRY(check_options(c));
    if (c->lr == 0)
        RC_TRY(rc_config_set(
            c, "lr", rcm_list_index("embed-models", c->model) == RCM_CBOW ? "0.1" : "0.025"));
    RC_TRY(rcm_corpus_read(out, c, 0, have ? have->of[RCM_SYMBOLS] : NULL,
                           made ? &made->of[RCM_SYMBOLS] : NULL));
    (*out)->each = c->batch;
    return RC_OK;
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

static int64_t epoch_batches(const rcm_corpus *c, int64_t steps)
{
    (void)steps;
    return (c->tape[RCM_TRAIN].n + c->each - 1) / c->each;
}

static int64_t epoch_rows(const rcm_corpus *c)
{
    return c->tape[RCM_TRAIN].n;
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
    e->V = rcd_vocab_size(v);
    e->ld = rck_pad(c->embed);
    if (e->loss == RCM_LOSS_HIERARCHICAL)
        RC_TRY(grow_tree(e, v));
    const int64_t out = e->V - (e->loss == RCM_LOSS_HIERARCHICAL);

    RC_TRY(rcm_room(m, (double)(e->V + out) * (double)c->embed));
    e->in = m->params.n;
    RC_TRY(rcn_params_table(&m->params, "embed.weight", e->V, c->embed));
    e->out = m->params.n;
    return rcn_params_table(&m->params, "out.weight", out, c->embed);
}

static void unbuild(rc_model *m)
{
    rcm_embed_net *e = m->own;

    if (e)
        rcn_huffman_free(&e->tree);
    rcb_free(e);
    m->own = NULL;
}

/* As word2vec: words in a small cube, the other side at zero. */
static rc_status init(rc_model *m)
{
    const rcm_embed_net *e = m->own;
    rcn_param *in = &m->params.p[e->in], *out = &m->params.p[e->out];
    const rcb_key key = rcb_stream((uint64_t)m->config->seed, "init:embed.weight");
    const int64_t D = in->dim[1];

    assert(in->ld == e->ld && out->ld == e->ld);
    memset(in->w, 0, (size_t)in->size * sizeof *in->w);
    for (int64_t i = 0; i < e->V; i++)
        for (int64_t k = 0; k < D; k++)
            in->w[i * in->ld + k] =
                (rc_real)((rcb_uniform(key, (uint64_t)(i * D + k)) - 0.5) / (double)D);
    memset(out->w, 0, (size_t)out->size * sizeof *out->w);
    return RC_OK;
}

/* ---- words ------------------------------------------------------------------------------- */

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    const rcm_embed_net *e = m->own;

    RC_TRY(rcm_words_add(w, "embed.weight", "row i is the vector of word i"));
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
    (void)rcm_list("embed-models", (size_t)e->model, &entry);
    RC_TRY(rcm_words_add(w, "learnt", "%s: %s", entry.name, entry.help));
    (void)rcm_list("embed-losses", (size_t)e->loss, &entry);
    return rcm_words_add(w, "told apart", "%s: %s", entry.name, entry.help);
}

extern const rcm_task rcm_embed;

const rcm_task rcm_embed = {
    .name = "embed",
    .help = "word vectors: skip-gram and CBOW",
    .corpus_open = corpus_open,
    .corpus_free = rcm_corpus_free,
    .corpus_crc = rcm_corpus_crc,
    .corpus_notes = corpus_notes,
    .has_part = has_part,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .epoch_batches = epoch_batches,
    .epoch_rows = epoch_rows,
    .walker_new = rcm_embed_walker_new,
    .walker_free = rcm_embed_walker_free,
    .walk = rcm_embed_walk,
    .conventions = conventions,
    .facts = facts,
};
