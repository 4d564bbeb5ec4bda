/* ngram.c -- the task ngram: counts of short runs of symbols, smoothed by interpolated modified
 * Kneser-Ney (Chen and Goodman 1998).
 *
 *   p(w | c) = max(n(c w) - D(n(c w)), 0) / n(c .) + g(c) p(w | c without its first symbol)
 *   g(c)     = (D1 N1(c .) + D2 N2(c .) + D3 N3+(c .)) / n(c .)       p(w | nothing) ends in 1 / V
 *
 * n is how often a run of the full order occurs, for shorter runs how many different symbols stand
 * before it: the counts of trie.c. In the file its arrays are the tensors order1.symbol and so on,
 * beside the discounts.
 */
#include "model/trie_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The arrays of a level, in the order of their tensors. */
static const char *const array_names[RCM_ARRAYS] = {"symbol", "count", "first"};

struct ngram {
    rcm_trie trie;
    char name[RCM_ORDERS + 1][RCM_ARRAYS][24];
};

/* The symbols before the next one, the last one last; all zero before a text. */
struct context {
    int32_t n;
    int32_t id[RCM_ORDERS - 1];
};

/* ---- building ---------------------------------------------------------------------------- */

static rc_status build(rc_model *m)
{
    struct ngram *g = rcb_calloc(1, sizeof *g);

    if (!g)
        return RC_ENOMEM;
    m->own = g;
    if (!m->vocab.of[RCM_SYMBOLS])
        return RC_FAIL(RC_EFORMAT, "an n-gram model needs a vocabulary, there is none");
    g->trie.order = (int)m->config->order;
    g->trie.V = rcd_vocab_size(m->vocab.of[RCM_SYMBOLS]);
    for (int k = 1; k <= g->trie.order; k++)
        for (int a = 0; a < RCM_ARRAYS; a++)
            (void)snprintf(g->name[k][a], sizeof g->name[k][a], "order%d.%s", k, array_names[a]);
    return rcm_trie_empty(&g->trie);
}

static void unbuild(rc_model *m)
{
    struct ngram *g = m->own;

    if (g)
        rcm_trie_free(&g->trie);
    rcb_free(g);
    m->own = NULL;
}

/* Nothing is known before counting. */
static rc_status init(rc_model *m)
{
    (void)m;
    return RC_OK;
}

static rc_status fit(rc_model *m, const rcm_corpus *c)
{
    struct ngram *g = m->own;

    return rcm_trie_count(&g->trie, &c->tape[RCM_TRAIN],
                          rcd_vocab_boundary(m->vocab.of[RCM_SYMBOLS]));
}

static rc_status corpus_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have,
                             rcm_vocabs *made)
{
    return rcm_corpus_read(out, c, 0, have ? have->of[RCM_SYMBOLS] : NULL,
                           made ? &made->of[RCM_SYMBOLS] : NULL);
}

/* ---- files ------------------------------------------------------------------------------- */

/* Tensor `a` of level k; the discounts are level 0. */
static rcf_tensor tensor_of(const struct ngram *g, int k, int a)
{
    if (k == 0)
        return (rcf_tensor){.name = "discounts",
                            .dtype = RCF_F64,
                            .rank = 2,
                            .dim = {g->trie.order, RCM_DISCOUNTS},
                            .data = g->trie.discount,
                            .bytes = (size_t)g->trie.order * sizeof g->trie.discount[0]};
    const int64_t n = g->trie.level[k].n + (a == RCM_FIRST);
    return (rcf_tensor){.name = g->name[k][a],
                        .dtype = RCF_I32,
                        .rank = 1,
                        .dim = {n},
                        .data = g->trie.level[k].array[a],
                        .bytes = (size_t)n * sizeof(int32_t)};
}

static bool table(const rc_model *m, size_t i, rcf_tensor *out)
{
    const struct ngram *g = m->own;
    const size_t count =
        (size_t)g->trie.order * RCM_ARRAYS; /* discounts for the first of the last level */

    if (i >= count)
        return false;
    *out = i == 0 ? tensor_of(g, 0, 0)
                  : tensor_of(g, (int)((i - 1) / RCM_ARRAYS) + 1, (int)((i - 1) % RCM_ARRAYS));
    return true;
}

/* A tensor of the source, of this type and rank; dim < 0: of any size. */
static rc_status need(const rcf_tensor **out, const rcf_tensor *like, int64_t dim,
                      const rcf_tensor *(*find)(const void *, const char *), const void *from)
{
    const rcf_tensor *t = find(from, like->name);

    if (!t)
        return RC_FAIL(RC_EFORMAT, "tensor '%s' is missing", like->name);
    if (t->dtype != like->dtype || t->rank != like->rank ||
        (t->rank == 2 && (t->dim[0] != like->dim[0] || t->dim[1] != like->dim[1])) ||
        t->dim[0] >= INT32_MAX || (dim >= 0 && t->dim[0] != dim))
        return RC_FAIL(RC_EFORMAT, "tensor '%s' is not %s of the size that its model needs",
                       like->name, rcf_dtype_word(like->dtype));
    *out = t;
    return RC_OK;
}

/* Level k as read: symbols rise among the children of one parent, no index leaves its level. */
static rc_status check_level(const rcm_trie *g, int k)
{
    const struct rcm_level *l = &g->level[k];
    const struct rcm_level *above = &g->level[k - 1];

    if (above->array[RCM_FIRST][0] != 0 || above->array[RCM_FIRST][above->n] != l->n)
        return RC_FAIL(RC_EFORMAT, "the n-grams of order %d are damaged", k);
    for (int64_t p = 0; p < above->n; p++) {
        const int64_t lo = above->array[RCM_FIRST][p], hi = above->array[RCM_FIRST][p + 1];

        if (lo > hi || hi > l->n)
            return RC_FAIL(RC_EFORMAT, "the n-grams of order %d are damaged", k);
        for (int64_t i = lo; i < hi; i++)
            if (l->array[RCM_SYMBOL][i] < 0 || l->array[RCM_SYMBOL][i] >= g->V ||
                l->array[RCM_COUNT][i] < 0 ||
                (i > lo && l->array[RCM_SYMBOL][i] <= l->array[RCM_SYMBOL][i - 1]))
                return RC_FAIL(RC_EFORMAT, "the n-grams of order %d are damaged", k);
    }
    for (int d = 0; d < RCM_DISCOUNTS; d++)
        if (!(g->discount[k - 1][d] > 0 && g->discount[k - 1][d] <= d + 1))
            return RC_FAIL(RC_EFORMAT,
                           "a discount of order %d is %g, it must be above 0 and at most "
                           "%d",
                           k, g->discount[k - 1][d], d + 1);
    return RC_OK;
}

static rc_status load_level(struct ngram *g, int k,
                            const rcf_tensor *(*find)(const void *, const char *), const void *from)
{
    const rcf_tensor *t;
    rcf_tensor like = tensor_of(g, k, RCM_SYMBOL);

    RC_TRY(need(&t, &like, k == 1 ? g->trie.V : -1, find, from));
    const int64_t n = t->dim[0];
    RC_TRY(rcm_trie_level(&g->trie, k, n));
    for (int a = 0; a < RCM_ARRAYS; a++) {
        if (!g->trie.level[k].array[a])
            continue;
        like = tensor_of(g, k, a);
        RC_TRY(need(&t, &like, n + (a == RCM_FIRST), find, from));
        memcpy(g->trie.level[k].array[a], t->data, t->bytes);
    }
    return check_level(&g->trie, k);
}

static rc_status tables_load(rc_model *m, const rcf_tensor *(*find)(const void *, const char *),
                             const void *from)
{
    struct ngram *g = m->own;
    const rcf_tensor like = tensor_of(g, 0, 0);
    const rcf_tensor *t;

    RC_TRY(need(&t, &like, g->trie.order, find, from));
    memcpy(g->trie.discount, t->data, t->bytes);
    for (int k = 1; k <= g->trie.order; k++)
        RC_TRY(load_level(g, k, find, from));
    rcm_trie_derive(&g->trie);
    return RC_OK;
}

/* ---- probabilities ----------------------------------------------------------------------- */

static void context_add(const rcm_trie *g, struct context *c, int32_t id)
{
    if (g->order == 1)
        return;
    if (c->n == g->order - 1)
        memmove(c->id, c->id + 1, (size_t)--c->n * sizeof *c->id);
    c->id[c->n++] = id;
}

/* One symbol after a context: from the shortest context to the longest that was seen. */
static double probability(const rcm_trie *g, const struct context *c, int32_t id)
{
    double p = 1.0 / g->V;

    for (int k = 0; k <= c->n; k++) {
        const int64_t node = rcm_trie_node(g, c->id + c->n - k, k);

        if (node < 0)
            break; /* nor was any longer one */
        if (g->level[k].total[node] <= 0)
            continue;
        const int64_t child = rcm_trie_child(g, k, node, id);
        const int32_t count = child >= 0 ? g->level[k + 1].array[RCM_COUNT][child] : 0;
        p = g->level[k].rest[node] * p +
            (count - rcm_trie_discount(g, k + 1, count)) / g->level[k].total[node];
    }
    return p;
}

/* The same for all symbols at once: p (V). */
static void distribution(const rcm_trie *g, const struct context *c, double *p)
{
    for (int32_t i = 0; i < g->V; i++)
        p[i] = 1.0 / g->V;
    for (int k = 0; k <= c->n; k++) {
        const int64_t node = rcm_trie_node(g, c->id + c->n - k, k);

        if (node < 0)
            break;
        const double total = g->level[k].total[node];
        if (total <= 0)
            continue;
        for (int32_t i = 0; i < g->V; i++)
            p[i] *= g->level[k].rest[node];
        const struct rcm_level *next = &g->level[k + 1];
        for (int64_t i = g->level[k].array[RCM_FIRST][node];
             i < g->level[k].array[RCM_FIRST][node + 1]; i++) {
            const int32_t count = next->array[RCM_COUNT][i];
            p[next->array[RCM_SYMBOL][i]] += (count - rcm_trie_discount(g, k + 1, count)) / total;
        }
    }
}

static const rcm_trie *trie_of(const rc_model *m)
{
    const struct ngram *g = m->own;
    return &g->trie;
}

static size_t state_size(const rc_model *m)
{
    (void)m;
    return sizeof(struct context);
}

/* A saved state may hold anything. */
static bool context_is_sound(const rcm_trie *g, const struct context *c)
{
    bool sound = c->n >= 0 && c->n < g->order;

    for (int32_t i = 0; sound && i < c->n; i++)
        sound = c->id[i] >= 0 && c->id[i] < g->V;
    return sound;
}

static rc_status step(const rc_model *m, rc_graph *graph, void *state, int32_t id, rc_real *logp)
{
    const rcm_trie *g = trie_of(m);
    struct context *c = state;

    if (!context_is_sound(g, c))
        return RC_FAIL(RC_EFORMAT, "cannot go on from a state that is no context of symbols");
    rc_graph_reset(graph);
    double *p = rcg_scratch(graph, (size_t)g->V, sizeof *p);
    if (!p)
        return rc_graph_status(graph);
    context_add(g, c, id);
    distribution(g, c, p);
    for (int32_t i = 0; i < g->V; i++)
        logp[i] = (rc_real)log(p[i]);
    return RC_OK;
}

/* ---- scoring ----------------------------------------------------------------------------- */

static void score_tape(const rc_model *m, const rcd_tape *tape, bool per_line, rc_evaluation *out)
{
    const rcm_trie *g = trie_of(m);
    const int32_t boundary = rcd_vocab_boundary(m->vocab.of[RCM_SYMBOLS]);
    struct context c = {0};
    double nats = 0;

    context_add(g, &c, boundary);
    for (int64_t i = 0; i < tape->n; i++) {
        const int32_t id = rcd_tape_at(tape, i);

        nats -= log(probability(g, &c, id));
        if (per_line && id == boundary)
            c = (struct context){0};
        context_add(g, &c, id);
    }
    *out = (rc_evaluation){.wrong = -1,
                           .tokens = tape->n,
                           .unknown = tape->unknown,
                           .chars = tape->chars,
                           .nats = nats};
}

static rc_status score_part(const rc_model *m, const rcm_corpus *c, rcm_part part, int64_t tracks,
                            rcb_pool *pool, rc_evaluation *out)
{
    (void)tracks; /* always exact, always on one thread */
    (void)pool;
    RC_TRY(rcm_corpus_need(c, part));
    score_tape(m, &c->tape[part], false, out);
    return RC_OK;
}

static rc_status evaluate(const rc_model *m, const rcd_text *t, uint64_t from, uint64_t to,
                          const rc_eval_options *o, rcb_pool *pool, rc_evaluation *out)
{
    rcd_tape tape;

    (void)pool;
    RC_TRY(rcm_text_encode(&tape, m, t, from, to));
    score_tape(m, &tape, o->per_line, out);
    rcd_tape_free(&tape);
    return RC_OK;
}

/* ---- words ------------------------------------------------------------------------------- */

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    (void)m;
    RC_TRY(rcm_words_add(w, "counts",
                         "of the longest order: occurrences; of shorter ones: different "
                         "symbols before"));
    return rcm_words_add(w, "trie",
                         "children of node i are nodes first[i] to first[i+1]-1 of the next "
                         "order");
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const rcm_trie *g = trie_of(m);

    RC_TRY(rcm_words_add(w, "smoothing", "interpolated modified Kneser-Ney"));
    RC_TRY(rcm_words_add(w, "paper",
                         "Chen and Goodman 1998, An Empirical Study of Smoothing Techniques "
                         "for Language Modeling"));
    for (int k = 1; k <= g->order; k++) {
        char name[24];

        (void)snprintf(name, sizeof name, "order %d", k);
        RC_TRY(rcm_words_add(w, name, "%" PRId64 " n-grams, discounts %.4g %.4g %.4g",
                             g->level[k].n, g->discount[k - 1][0], g->discount[k - 1][1],
                             g->discount[k - 1][2]));
    }
    return RC_OK;
}

const rcm_task rcm_ngram = {
    .name = "ngram",
    .help = "n-gram language model: counts, smoothed by modified Kneser-Ney",
    .corpus_open = corpus_open,
    .corpus_free = rcm_corpus_free,
    .corpus_crc = rcm_corpus_crc,
    .has_part = rcm_corpus_has,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .fit = fit,
    .table = table,
    .tables_load = tables_load,
    .score_part = score_part,
    .evaluate = evaluate,
    .state_size = state_size,
    .step = step,
    .conventions = conventions,
    .facts = facts,
};
