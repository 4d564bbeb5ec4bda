/* trie.c -- counts of runs of symbols: a text becomes a trie in arrays, with the discounts of Chen
 * and Goodman 1998 and what follows from both.
 *
 * A run of the full order counts how often it occurs, a shorter one how many different symbols
 * stand before it. <unk> and <eos> are symbols like any other; the text is one run of symbols, its
 * first one preceded by the boundary.
 */
#include "model/trie_in.h"

#include <string.h>

int64_t rcm_trie_child(const rcm_trie *g, int k, int64_t node, int32_t symbol)
{
    const int32_t *symbols = g->level[k + 1].array[RCM_SYMBOL];
    int64_t lo = g->level[k].array[RCM_FIRST][node];
    int64_t hi = g->level[k].array[RCM_FIRST][node + 1];

    if (k == 0)
        return symbol;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;

        if (symbols[mid] < symbol)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < g->level[k].array[RCM_FIRST][node + 1] && symbols[lo] == symbol ? lo : -1;
}

int64_t rcm_trie_node(const rcm_trie *g, const int32_t *run, int n)
{
    int64_t node = 0;

    for (int k = 0; k < n && node >= 0; k++)
        node = rcm_trie_child(g, k, node, run[k]);
    return node;
}

static void level_free(struct rcm_level *l)
{
    for (int a = 0; a < RCM_ARRAYS; a++)
        rcb_free(l->array[a]);
    rcb_free(l->total);
    rcb_free(l->rest);
    *l = (struct rcm_level){0};
}

rc_status rcm_trie_level(rcm_trie *g, int k, int64_t n)
{
    const bool leaves = k == g->order;
    struct rcm_level l = {.n = n};

    for (int a = 0; a < RCM_ARRAYS; a++)
        if (a != RCM_FIRST || !leaves)
            l.array[a] = rcb_calloc((size_t)n + (a == RCM_FIRST), sizeof *l.array[a]);
    if (!leaves) {
        l.total = rcb_calloc((size_t)n, sizeof *l.total);
        l.rest = rcb_calloc((size_t)n, sizeof *l.rest);
    }
    if (!l.array[RCM_SYMBOL] || !l.array[RCM_COUNT] ||
        (!leaves && (!l.array[RCM_FIRST] || !l.total || !l.rest))) {
        level_free(&l);
        return RC_ENOMEM;
    }
    level_free(&g->level[k]);
    g->level[k] = l;
    return RC_OK;
}

/* What follows from counts and discounts: totals and rests of every context. */
void rcm_trie_derive(rcm_trie *g)
{
    for (int k = 0; k < g->order; k++) {
        struct rcm_level *l = &g->level[k];
        const int32_t *count = g->level[k + 1].array[RCM_COUNT];

        for (int64_t i = 0; i < l->n; i++) {
            double total = 0, off = 0;

            for (int64_t c = l->array[RCM_FIRST][i]; c < l->array[RCM_FIRST][i + 1]; c++) {
                total += count[c];
                off += rcm_trie_discount(g, k + 1, count[c]);
            }
            l->total[i] = total;
            l->rest[i] = total > 0 ? off / total : 1;
        }
    }
}

/* The discounts of Chen and Goodman from the counts of counts; where these say nothing, fixed
 * ones. */
static void estimate(rcm_trie *g, int k)
{
    static const double fallback[RCM_DISCOUNTS] = {0.5, 1, 1.5};
    double *d = g->discount[k - 1];
    double n[RCM_DISCOUNTS + 2] = {0};

    for (int64_t i = 0; i < g->level[k].n; i++) {
        const int32_t c = g->level[k].array[RCM_COUNT][i];

        if (c <= RCM_DISCOUNTS + 1)
            n[c]++;
    }
    const double y = n[1] / (n[1] + 2 * n[2]);
    bool sound = true;
    for (int i = 1; i <= RCM_DISCOUNTS; i++) {
        d[i - 1] = i - (i + 1) * y * n[i + 1] / n[i];
        sound = sound && d[i - 1] > 0 && d[i - 1] <= i; /* false for NaN, too */
    }
    if (!sound)
        memcpy(d, fallback, sizeof fallback);
}

/* Level 0 and all symbols of level 1, uncounted; the other levels empty. */
rc_status rcm_trie_empty(rcm_trie *g)
{
    for (int k = 0; k <= g->order; k++)
        RC_TRY(rcm_trie_level(g, k, k == 0 ? 1 : k == 1 ? g->V : 0));
    g->level[0].array[RCM_FIRST][1] = g->V;
    for (int32_t i = 0; i < g->V; i++)
        g->level[1].array[RCM_SYMBOL][i] = i;
    for (int k = 1; k <= g->order; k++)
        estimate(g, k);
    rcm_trie_derive(g);
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

static rc_status make_levels(rcm_trie *g, const struct text *x)
{
    int64_t n[RCM_ORDERS + 1] = {0};
    int length, shared;

    for (int32_t i = 0; i < x->n; i++) {
        runs_at(x, i, g->order, &length, &shared);
        for (int k = shared + 1; k <= length; k++)
            n[k]++;
    }
    for (int k = 2; k <= g->order; k++)
        RC_TRY(rcm_trie_level(g, k, n[k]));
    return RC_OK;
}

/* The nodes of all levels and the counts of the last one. */
static void fill_levels(rcm_trie *g, const struct text *x)
{
    int64_t n[RCM_ORDERS + 1] = {0};    /* nodes so far; level 1 is full from the start */
    int64_t open[RCM_ORDERS + 1] = {0}; /* nodes whose `first` is set */
    int length, shared;

    for (int32_t i = 0; i < x->n; i++) {
        const int32_t *run = x->t + x->at[i];

        runs_at(x, i, g->order, &length, &shared);
        for (int k = shared + 1 > 2 ? shared + 1 : 2; k <= length; k++) {
            const int64_t parent = k == 2 ? run[0] : n[k - 1] - 1;

            while (open[k - 1] <= parent)
                g->level[k - 1].array[RCM_FIRST][open[k - 1]++] = (int32_t)n[k];
            g->level[k].array[RCM_SYMBOL][n[k]++] = run[k - 1];
        }
        if (length == g->order && (g->order > 1 || x->at[i] > 0))
            g->level[length].array[RCM_COUNT][length == 1 ? run[0] : n[length] - 1]++;
    }
    for (int k = 1; k < g->order; k++)
        while (open[k] <= g->level[k].n)
            g->level[k].array[RCM_FIRST][open[k]++] = (int32_t)n[k + 1];
}

/* Counts of level k: one for each different symbol before the run, which is each node of level k +
 * 1; and one for the run at the very beginning, where nothing stands before. */
static void count_level(rcm_trie *g, const struct text *x, int k)
{
    int32_t *count = g->level[k].array[RCM_COUNT];
    int64_t path[RCM_ORDERS + 2] = {0}; /* the node and those above it */
    int32_t run[RCM_ORDERS + 1];

    for (int64_t i = 0; i < g->level[k + 1].n; i++) {
        path[k + 1] = i;
        for (int j = k; j >= 1; j--)
            while (g->level[j].array[RCM_FIRST][path[j] + 1] <= path[j + 1])
                path[j]++;
        for (int j = 2; j <= k + 1; j++)
            run[j - 2] = g->level[j].array[RCM_SYMBOL][path[j]];
        count[rcm_trie_node(g, run, k)]++;
    }
    if (k > 1 && k <= x->n)
        count[rcm_trie_node(g, x->t, k)]++;
}

static rc_status count_text(rcm_trie *g, struct text *x)
{
    RC_TRY(sort_places(x, g->order, g->V));
    RC_TRY(rcm_trie_empty(g));
    RC_TRY(make_levels(g, x));
    fill_levels(g, x);
    for (int k = g->order - 1; k >= 1; k--)
        count_level(g, x, k);
    for (int k = 1; k <= g->order; k++)
        estimate(g, k);
    rcm_trie_derive(g);
    return RC_OK;
}

rc_status rcm_trie_count(rcm_trie *g, const rcd_tape *tape, int32_t boundary)
{
    struct text x;

    RC_TRY(text_new(&x, tape, boundary));
    const rc_status s = count_text(g, &x);
    text_free(&x);
    return s;
}

void rcm_trie_free(rcm_trie *g)
{
    for (int k = 0; k <= RCM_ORDERS; k++)
        level_free(&g->level[k]);
}
