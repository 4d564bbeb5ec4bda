/* ngram.c -- the task ngram: counts of short runs of symbols, smoothed by interpolated modified
 * Kneser-Ney (Chen and Goodman 1998).
 *
 *   p(w | c) = max(n(c w) - D(n(c w)), 0) / n(c .) + g(c) p(w | c without its first symbol)
 *   g(c)     = (D1 N1(c .) + D2 N2(c .) + D3 N3+(c .)) / n(c .)       p(w | nothing) ends in 1 / V
 *
 * n is how often a run of the full order occurs, for shorter runs how many different symbols stand
 * before it. A context that was never seen is passed over. <unk> and <eos> are symbols like any
 * other; the text is one run of symbols, its first one preceded by the boundary.
 *
 * The runs of order k are the nodes of level k of a trie in arrays: symbol[i] follows the run of
 * its parent, children of node i are nodes first[i] .. first[i + 1] - 1 of the next level by
 * rising symbol. Level 1 has all V symbols. In the file these arrays are the tensors order1.symbol
 * and so on, beside the discounts.
 */
#include "model/model_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ORDERS = 9, ARRAYS = 3, DISCOUNTS = 3 };

/* The arrays of a level, in the order of their tensors. */
enum { SYMBOL, COUNT, FIRST };
static const char *const array_names[ARRAYS] = {"symbol", "count", "first"};

/* One order of runs. Level 0 is the empty run alone. */
struct level {
    int64_t n;
    int32_t *array[ARRAYS]; /* (n) (n) (n + 1); the last order has no children */
    double *total;          /* (n) counts of the children, and */
    double *rest;           /* (n) g: the share left to shorter contexts */
};

struct ngram {
    int order;
    int32_t V;
    struct level level[ORDERS + 1];
    double discount[ORDERS][DISCOUNTS]; /* for counts 1, 2, 3 and more */
    char name[ORDERS + 1][ARRAYS][24];
};

/* The symbols before the next one, the last one last; all zero before a text. */
struct context {
    int32_t n;
    int32_t id[ORDERS - 1];
};

/* ---- the trie ---------------------------------------------------------------------------- */

/* The child of a node of level k with this symbol; -1: none. */
static int64_t child_of(const struct ngram *g, int k, int64_t node, int32_t symbol)
{
    const int32_t *symbols = g->level[k + 1].array[SYMBOL];
    int64_t lo = g->level[k].array[FIRST][node];
    int64_t hi = g->level[k].array[FIRST][node + 1];

    if (k == 0)
        return symbol;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;

        if (symbols[mid] < symbol)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < g->level[k].array[FIRST][node + 1] && symbols[lo] == symbol ? lo : -1;
}

/* The node of a run of n symbols; -1: it was never seen. */
static int64_t node_of(const struct ngram *g, const int32_t *run, int n)
{
    int64_t node = 0;

    for (int k = 0; k < n && node >= 0; k++)
        node = child_of(g, k, node, run[k]);
    return node;
}

static double discount_of(const struct ngram *g, int k, int32_t count)
{
    if (count == 0)
        return 0;
    return g->discount[k - 1][(count < DISCOUNTS ? count : DISCOUNTS) - 1];
}

static void level_free(struct level *l)
{
    for (int a = 0; a < ARRAYS; a++)
        rcb_free(l->array[a]);
    rcb_free(l->total);
    rcb_free(l->rest);
    *l = (struct level){0};
}

/* Zeroed arrays for n nodes of level k. */
static rc_status level_new(struct ngram *g, int k, int64_t n)
{
    const bool leaves = k == g->order;
    struct level l = {.n = n};

    for (int a = 0; a < ARRAYS; a++)
        if (a != FIRST || !leaves)
            l.array[a] = rcb_calloc((size_t)n + (a == FIRST), sizeof *l.array[a]);
    if (!leaves) {
        l.total = rcb_calloc((size_t)n, sizeof *l.total);
        l.rest = rcb_calloc((size_t)n, sizeof *l.rest);
    }
    if (!l.array[SYMBOL] || !l.array[COUNT] ||
        (!leaves && (!l.array[FIRST] || !l.total || !l.rest))) {
        level_free(&l);
        return RC_ENOMEM;
    }
    level_free(&g->level[k]);
    g->level[k] = l;
    return RC_OK;
}

/* What follows from counts and discounts: totals and rests of every context. */
static void derive(struct ngram *g)
{
    for (int k = 0; k < g->order; k++) {
        struct level *l = &g->level[k];
        const int32_t *count = g->level[k + 1].array[COUNT];

        for (int64_t i = 0; i < l->n; i++) {
            double total = 0, off = 0;

            for (int64_t c = l->array[FIRST][i]; c < l->array[FIRST][i + 1]; c++) {
                total += count[c];
                off += discount_of(g, k + 1, count[c]);
            }
            l->total[i] = total;
            l->rest[i] = total > 0 ? off / total : 1;
        }
    }
}

/* The discounts of Chen and Goodman from the counts of counts; where these say nothing, fixed
 * ones. */
static void estimate(struct ngram *g, int k)
{
    static const double fallback[DISCOUNTS] = {0.5, 1, 1.5};
    double *d = g->discount[k - 1];
    double n[DISCOUNTS + 2] = {0};

    for (int64_t i = 0; i < g->level[k].n; i++) {
        const int32_t c = g->level[k].array[COUNT][i];

        if (c <= DISCOUNTS + 1)
            n[c]++;
    }
    const double y = n[1] / (n[1] + 2 * n[2]);
    bool sound = true;
    for (int i = 1; i <= DISCOUNTS; i++) {
        d[i - 1] = i - (i + 1) * y * n[i + 1] / n[i];
        sound = sound && d[i - 1] > 0 && d[i - 1] <= i; /* false for NaN, too */
    }
    if (!sound)
        memcpy(d, fallback, sizeof fallback);
}

/* Level 0 and all symbols of level 1, uncounted; the other levels empty. */
static rc_status make_empty(struct ngram *g)
{
    for (int k = 0; k <= g->order; k++)
        RC_TRY(level_new(g, k, k == 0 ? 1 : k == 1 ? g->V : 0));
    g->level[0].array[FIRST][1] = g->V;
    for (int32_t i = 0; i < g->V; i++)
        g->level[1].array[SYMBOL][i] = i;
    for (int k = 1; k <= g->order; k++)
        estimate(g, k);
    derive(g);
    return RC_OK;
}

/* ---- building ---------------------------------------------------------------------------- */

static rc_status build(rc_model *m)
{
    struct ngram *g = rcb_calloc(1, sizeof *g);

    if (!g)
        return RC_ENOMEM;
    m->own = g;
    if (!m->vocab)
        return RC_FAIL(RC_EFORMAT, "an n-gram model needs a vocabulary, there is none");
    g->order = (int)m->config->order;
    g->V = rcd_vocab_size(m->vocab);
    for (int k = 1; k <= g->order; k++)
        for (int a = 0; a < ARRAYS; a++)
            (void)snprintf(g->name[k][a], sizeof g->name[k][a], "order%d.%s", k, array_names[a]);
    return make_empty(g);
}

static void unbuild(rc_model *m)
{
    struct ngram *g = m->own;

    for (int k = 0; g && k <= ORDERS; k++)
        level_free(&g->level[k]);
    rcb_free(g);
    m->own = NULL;
}

/* Nothing is known before counting. */
static rc_status init(rc_model *m)
{
    (void)m;
    return RC_OK;
}

/* ---- counting ---------------------------------------------------------------------------- */

/* The text with the boundary before it, and its places ordered by the runs that begin there. */
struct text {
    int32_t *t;  /* (n) */
    int32_t *at; /* (n) */
    int32_t n;
};

static void text_free(struct text *x)
{
    rcb_free(x->t);
    rcb_free(x->at);
    *x = (struct text){0};
}

/* The bucket of a place when sorting by the symbol `k` further on: 0 past the end. */
static int32_t bucket(const struct text *x, int32_t at, int k)
{
    return at < x->n - k ? x->t[at + k] + 1 : 0;
}

/* Order the places by runs of `order` symbols: stable counting sorts from the last symbol to the
 * first. */
static rc_status sort_places(struct text *x, int order, int32_t V)
{
    int32_t *to = rcb_alloc((size_t)x->n, sizeof *to);
    int64_t *start = rcb_alloc((size_t)V + 2, sizeof *start);

    for (int k = order; to && start && k-- > 0;) {
        memset(start, 0, ((size_t)V + 2) * sizeof *start);
        for (int32_t i = 0; i < x->n; i++)
            start[bucket(x, x->at[i], k) + 1]++;
        for (int32_t b = 0; b <= V; b++)
            start[b + 1] += start[b];
        for (int32_t i = 0; i < x->n; i++)
            to[start[bucket(x, x->at[i], k)]++] = x->at[i];

        int32_t *from = x->at;
        x->at = to;
        to = from;
    }
    const bool done = to && start;
    rcb_free(to);
    rcb_free(start);
    return done ? RC_OK : RC_ENOMEM;
}

static rc_status text_new(struct text *x, const rcd_tape *tape, int32_t boundary)
{
    *x = (struct text){0};
    if (tape->n >= INT32_MAX)
        return RC_FAIL(RC_EDATA, "cannot count a text of %" PRId64 " symbols, the limit is %d",
                       tape->n, INT32_MAX - 1);
    x->n = (int32_t)tape->n + 1;
    x->t = rcb_alloc((size_t)x->n, sizeof *x->t);
    x->at = rcb_alloc((size_t)x->n, sizeof *x->at);
    if (!x->t || !x->at) {
        text_free(x);
        return RC_ENOMEM;
    }
    x->t[0] = boundary;
    for (int32_t i = 1; i < x->n; i++)
        x->t[i] = rcd_tape_at(tape, i - 1);
    for (int32_t i = 0; i < x->n; i++)
        x->at[i] = i;
    return RC_OK;
}

/* Symbols of the run that begins at the i-th place, up to the order; how many of them the run
 * before in the order begins with, too. */
static void runs_at(const struct text *x, int32_t i, int order, int *length, int *shared)
{
    const int32_t at = x->at[i];
    const int32_t before = i > 0 ? x->at[i - 1] : 0;

    *length = x->n - at < order ? x->n - at : order;
    *shared = 0;
    while (i > 0 && *shared < *length && before + *shared < x->n &&
           x->t[before + *shared] == x->t[at + *shared])
        (*shared)++;
}

static rc_status make_levels(struct ngram *g, const struct text *x)
{
    int64_t n[ORDERS + 1] = {0};
    int length, shared;

    for (int32_t i = 0; i < x->n; i++) {
        runs_at(x, i, g->order, &length, &shared);
        for (int k = shared + 1; k <= length; k++)
            n[k]++;
    }
    for (int k = 2; k <= g->order; k++)
        RC_TRY(level_new(g, k, n[k]));
    return RC_OK;
}

/* The nodes of all levels and the counts of the last one. */
static void fill_levels(struct ngram *g, const struct text *x)
{
    int64_t n[ORDERS + 1] = {0};    /* nodes so far; level 1 is full from the start */
    int64_t open[ORDERS + 1] = {0}; /* nodes whose `first` is set */
    int length, shared;

    for (int32_t i = 0; i < x->n; i++) {
        const int32_t *run = x->t + x->at[i];

        runs_at(x, i, g->order, &length, &shared);
        for (int k = shared + 1 > 2 ? shared + 1 : 2; k <= length; k++) {
            const int64_t parent = k == 2 ? run[0] : n[k - 1] - 1;

            while (open[k - 1] <= parent)
                g->level[k - 1].array[FIRST][open[k - 1]++] = (int32_t)n[k];
            g->level[k].array[SYMBOL][n[k]++] = run[k - 1];
        }
        if (length == g->order && (g->order > 1 || x->at[i] > 0))
            g->level[length].array[COUNT][length == 1 ? run[0] : n[length] - 1]++;
    }
    for (int k = 1; k < g->order; k++)
        while (open[k] <= g->level[k].n)
            g->level[k].array[FIRST][open[k]++] = (int32_t)n[k + 1];
}

/* Counts of level k: one for each different symbol before the run, which is each node of level k +
 * 1; and one for the run at the very beginning, where nothing stands before. */
static void count_level(struct ngram *g, const struct text *x, int k)
{
    int32_t *count = g->level[k].array[COUNT];
    int64_t path[ORDERS + 2] = {0}; /* the node and those above it */
    int32_t run[ORDERS + 1];

    for (int64_t i = 0; i < g->level[k + 1].n; i++) {
        path[k + 1] = i;
        for (int j = k; j >= 1; j--)
            while (g->level[j].array[FIRST][path[j] + 1] <= path[j + 1])
                path[j]++;
        for (int j = 2; j <= k + 1; j++)
            run[j - 2] = g->level[j].array[SYMBOL][path[j]];
        count[node_of(g, run, k)]++;
    }
    if (k > 1 && k <= x->n)
        count[node_of(g, x->t, k)]++;
}

static rc_status count_text(struct ngram *g, struct text *x)
{
    RC_TRY(sort_places(x, g->order, g->V));
    RC_TRY(make_empty(g));
    RC_TRY(make_levels(g, x));
    fill_levels(g, x);
    for (int k = g->order - 1; k >= 1; k--)
        count_level(g, x, k);
    for (int k = 1; k <= g->order; k++)
        estimate(g, k);
    derive(g);
    return RC_OK;
}

static rc_status fit(rc_model *m, const rcm_corpus *c)
{
    struct text x;

    RC_TRY(text_new(&x, &c->tape[RCM_TRAIN], rcd_vocab_boundary(m->vocab)));
    const rc_status s = count_text(m->own, &x);
    text_free(&x);
    return s;
}

static rc_status corpus_open(rcm_corpus **out, const rc_config *c, const rcd_vocab *vocab,
                             rcd_vocab **made)
{
    return rcm_corpus_read(out, c, 0, vocab, made);
}

/* ---- files ------------------------------------------------------------------------------- */

/* Tensor `a` of level k; the discounts are level 0. */
static rcf_tensor tensor_of(const struct ngram *g, int k, int a)
{
    if (k == 0)
        return (rcf_tensor){.name = "discounts",
                            .dtype = RCF_F64,
                            .rank = 2,
                            .dim = {g->order, DISCOUNTS},
                            .data = g->discount,
                            .bytes = (size_t)g->order * sizeof g->discount[0]};
    const int64_t n = g->level[k].n + (a == FIRST);
    return (rcf_tensor){.name = g->name[k][a],
                        .dtype = RCF_I32,
                        .rank = 1,
                        .dim = {n},
                        .data = g->level[k].array[a],
                        .bytes = (size_t)n * sizeof(int32_t)};
}

static bool table(const rc_model *m, size_t i, rcf_tensor *out)
{
    const struct ngram *g = m->own;
    const size_t count = (size_t)g->order * ARRAYS; /* discounts for the first of the last level */

    if (i >= count)
        return false;
    *out = i == 0 ? tensor_of(g, 0, 0)
                  : tensor_of(g, (int)((i - 1) / ARRAYS) + 1, (int)((i - 1) % ARRAYS));
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
static rc_status check_level(const struct ngram *g, int k)
{
    const struct level *l = &g->level[k];
    const struct level *above = &g->level[k - 1];

    if (above->array[FIRST][0] != 0 || above->array[FIRST][above->n] != l->n)
        return RC_FAIL(RC_EFORMAT, "the n-grams of order %d are damaged", k);
    for (int64_t p = 0; p < above->n; p++) {
        const int64_t lo = above->array[FIRST][p], hi = above->array[FIRST][p + 1];

        if (lo > hi || hi > l->n)
            return RC_FAIL(RC_EFORMAT, "the n-grams of order %d are damaged", k);
        for (int64_t i = lo; i < hi; i++)
            if (l->array[SYMBOL][i] < 0 || l->array[SYMBOL][i] >= g->V || l->array[COUNT][i] < 0 ||
                (i > lo && l->array[SYMBOL][i] <= l->array[SYMBOL][i - 1]))
                return RC_FAIL(RC_EFORMAT, "the n-grams of order %d are damaged", k);
    }
    for (int d = 0; d < DISCOUNTS; d++)
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
    rcf_tensor like = tensor_of(g, k, SYMBOL);

    RC_TRY(need(&t, &like, k == 1 ? g->V : -1, find, from));
    const int64_t n = t->dim[0];
    RC_TRY(level_new(g, k, n));
    for (int a = 0; a < ARRAYS; a++) {
        if (!g->level[k].array[a])
            continue;
        like = tensor_of(g, k, a);
        RC_TRY(need(&t, &like, n + (a == FIRST), find, from));
        memcpy(g->level[k].array[a], t->data, t->bytes);
    }
    return check_level(g, k);
}

static rc_status tables_load(rc_model *m, const rcf_tensor *(*find)(const void *, const char *),
                             const void *from)
{
    struct ngram *g = m->own;
    const rcf_tensor like = tensor_of(g, 0, 0);
    const rcf_tensor *t;

    RC_TRY(need(&t, &like, g->order, find, from));
    memcpy(g->discount, t->data, t->bytes);
    for (int k = 1; k <= g->order; k++)
        RC_TRY(load_level(g, k, find, from));
    derive(g);
    return RC_OK;
}

/* ---- probabilities ----------------------------------------------------------------------- */

static void context_add(const struct ngram *g, struct context *c, int32_t id)
{
    if (g->order == 1)
        return;
    if (c->n == g->order - 1)
        memmove(c->id, c->id + 1, (size_t)--c->n * sizeof *c->id);
    c->id[c->n++] = id;
}

/* One symbol after a context: from the shortest context to the longest that was seen. */
static double probability(const struct ngram *g, const struct context *c, int32_t id)
{
    double p = 1.0 / g->V;

    for (int k = 0; k <= c->n; k++) {
        const int64_t node = node_of(g, c->id + c->n - k, k);

        if (node < 0)
            break; /* nor was any longer one */
        if (g->level[k].total[node] <= 0)
            continue;
        const int64_t child = child_of(g, k, node, id);
        const int32_t count = child >= 0 ? g->level[k + 1].array[COUNT][child] : 0;
        p = g->level[k].rest[node] * p +
            (count - discount_of(g, k + 1, count)) / g->level[k].total[node];
    }
    return p;
}

/* The same for all symbols at once: p (V). */
static void distribution(const struct ngram *g, const struct context *c, double *p)
{
    for (int32_t i = 0; i < g->V; i++)
        p[i] = 1.0 / g->V;
    for (int k = 0; k <= c->n; k++) {
        const int64_t node = node_of(g, c->id + c->n - k, k);

        if (node < 0)
            break;
        const double total = g->level[k].total[node];
        if (total <= 0)
            continue;
        for (int32_t i = 0; i < g->V; i++)
            p[i] *= g->level[k].rest[node];
        const struct level *next = &g->level[k + 1];
        for (int64_t i = g->level[k].array[FIRST][node]; i < g->level[k].array[FIRST][node + 1];
             i++) {
            const int32_t count = next->array[COUNT][i];
            p[next->array[SYMBOL][i]] += (count - discount_of(g, k + 1, count)) / total;
        }
    }
}

static size_t state_size(const rc_model *m)
{
    (void)m;
    return sizeof(struct context);
}

/* A saved state may hold anything. */
static bool context_is_sound(const struct ngram *g, const struct context *c)
{
    bool sound = c->n >= 0 && c->n < g->order;

    for (int32_t i = 0; sound && i < c->n; i++)
        sound = c->id[i] >= 0 && c->id[i] < g->V;
    return sound;
}

static rc_status step(const rc_model *m, rc_graph *graph, void *state, int32_t id, rc_real *logp)
{
    const struct ngram *g = m->own;
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
    const struct ngram *g = m->own;
    const int32_t boundary = rcd_vocab_boundary(m->vocab);
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
    *out = (rc_evaluation){
        .tokens = tape->n, .unknown = tape->unknown, .chars = tape->chars, .nats = nats};
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
    const struct ngram *g = m->own;

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
