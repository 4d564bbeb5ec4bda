/* cut.c -- sequences of one set as those of training, validation and test, drawn by the seed: by
 * shares, or with one of some folds for the test.
 */
#include "model/model_in.h"

#include <stdlib.h>

/* How many of n sequences a share is. */
static int64_t share_of(int64_t n, double share)
{
    return (int64_t)((double)n * share + 0.5);
}

static rc_status check_folds(const rc_config *c, int64_t n)
{
    if (c->folds == 0)
        return RC_FAIL_HINT(RC_EINVAL, "pass --folds, or leave --fold out",
                            "cannot test on fold %" PRId64 ": there are no folds", c->fold);
    if (c->folds == 1)
        return RC_FAIL(RC_EINVAL, "cannot make 1 fold: 2 or more, or 0 for none");
    if (c->fold == 0)
        return RC_FAIL_HINT(RC_EINVAL, "recur train without --fold trains on one after the other",
                            "cannot test on all of %" PRId64 " folds in one training: it takes one,"
                            " --fold 1 for example",
                            c->folds);
    if (c->fold > c->folds)
        return RC_FAIL(RC_EINVAL, "cannot test on fold %" PRId64 " of %" PRId64, c->fold, c->folds);
    if (*c->test || c->test_split > 0)
        return RC_FAIL_HINT(RC_EINVAL, "leave --folds or --test out",
                            "cannot test on a fold and on something else");
    if (n < c->folds)
        return RC_FAIL(RC_EDATA,
                       "cannot cut '%s' into %" PRId64 " folds: it has %" PRId64 " sequences",
                       c->train, c->folds, n);
    return RC_OK;
}

/* ---- sequences that stay together -------------------------------------------------------- */

/* Sequences of one number. */
typedef struct kind_of {
    int64_t size, at; /* at: its place in the drawn order */
    int64_t fold;
    int32_t id;
} kind_of;

static int larger_first(const void *a, const void *b)
{
    const kind_of *x = a, *y = b;

    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int by_folds(const void *a, const void *b)
{
    const kind_of *x = a, *y = b;

    if (x->fold != y->fold)
        return x->fold < y->fold ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Does fold a take the next kind before fold b? */
static bool takes_first(const int64_t *count, int64_t a, int64_t b)
{
    return count[a] != count[b] ? count[a] < count[b] : a < b;
}

/* The first of a heap of folds, heap (folds), has grown. */
static void sink(int64_t *heap, int64_t folds, const int64_t *count)
{
    for (int64_t i = 0, child; (child = 2 * i + 1) < folds; i = child) {
        const int64_t fold = heap[i];

        if (child + 1 < folds && takes_first(count, heap[child + 1], heap[child]))
            child++;
        if (takes_first(count, fold, heap[child]))
            return;
        heap[i] = heap[child];
        heap[child] = fold;
    }
}

/* Larger kinds first, each into the fold that has the fewest sequences. */
static rc_status share_out(kind_of *k, int32_t kinds, int64_t folds)
{
    int64_t *heap = rcb_alloc((size_t)folds, sizeof *heap);
    int64_t *count = rcb_calloc((size_t)folds, sizeof *count);
    const bool ok = heap && count;

    for (int64_t i = 0; ok && i < folds; i++)
        heap[i] = i;
    if (ok)
        qsort(k, (size_t)kinds, sizeof *k, larger_first);
    for (int32_t i = 0; ok && i < kinds; i++) {
        k[i].fold = heap[0];
        count[heap[0]] += k[i].size;
        sink(heap, folds, count);
    }
    rcb_free(heap);
    rcb_free(count);
    return ok ? RC_OK : RC_ENOMEM;
}

/* The kinds of n sequences, each at its place in the drawn order. */
static void draw_kinds(const rcm_cut *cut, const int32_t *kind, kind_of *k, int32_t kinds)
{
    for (int32_t i = 0; i < kinds; i++)
        k[i] = (kind_of){.id = i};
    for (int64_t i = 0; i < cut->n; i++)
        k[kind[i]].size++;
    for (int64_t g = 0; g < kinds; g++)
        k[rcd_shuffled(cut->key, kinds, g)].at = g;
}

/* The order of kinds k, each with its sequences as they came. next: (kinds) */
static void put_in_order(rcm_cut *cut, const int32_t *kind, const kind_of *k, int32_t kinds,
                         int64_t *next)
{
    int64_t at = 0;

    for (int32_t i = 0; i < kinds; i++) {
        next[k[i].id] = at;
        at += k[i].size;
    }
    for (int64_t i = 0; i < cut->n; i++)
        cut->order[next[kind[i]]++] = i;
}

/* The drawn order of kinds, fold after fold, and where the fold that is tested begins and ends. */
static rc_status order_kinds(rcm_cut *cut, const rc_config *c, const int32_t *kind, int64_t *begin,
                             int64_t *end)
{
    int32_t kinds = 0;

    for (int64_t i = 0; i < cut->n; i++)
        kinds = kind[i] >= kinds ? kind[i] + 1 : kinds;
    if (kinds < c->folds)
        return RC_FAIL(RC_EDATA,
                       "cannot cut '%s' into %" PRId64 " folds: it has %" PRId32
                       " different sequences",
                       c->train, c->folds, kinds);
    kind_of *k = rcb_alloc((size_t)kinds, sizeof *k);
    int64_t *next = rcb_alloc((size_t)kinds, sizeof *next);
    cut->order = rcb_alloc((size_t)cut->n, sizeof *cut->order);
    rc_status s = k && next && cut->order ? RC_OK : RC_ENOMEM;

    if (s == RC_OK) {
        draw_kinds(cut, kind, k, kinds);
        s = c->folds > 0 ? share_out(k, kinds, c->folds) : RC_OK;
    }
    if (s == RC_OK) {
        qsort(k, (size_t)kinds, sizeof *k, by_folds);
        put_in_order(cut, kind, k, kinds, next);
    }
    for (int32_t i = 0; s == RC_OK && c->folds > 0 && i < kinds; i++) {
        *begin += k[i].fold < c->fold - 1 ? k[i].size : 0;
        *end += k[i].fold < c->fold ? k[i].size : 0;
    }
    rcb_free(k);
    rcb_free(next);
    return s;
}

/* Where the order can be cut, at p or beside it, between lo and hi; -1: nowhere. */
static int64_t border(const rcm_cut *cut, const int32_t *kind, int64_t p, int64_t lo, int64_t hi)
{
#define IS_BORDER(i) (kind[rcm_cut_at(cut, (i)-1)] != kind[rcm_cut_at(cut, i)])
    int64_t up = p = p < hi ? p : hi - 1;

    if (!kind)
        return p;
    while (up < hi && !IS_BORDER(up))
        up++;
    if (up < hi)
        return up;
    while (p > lo && !IS_BORDER(p))
        p--;
    return p > lo ? p : -1;
#undef IS_BORDER
}

/* ---- the cut ----------------------------------------------------------------------------- */

/* The parts of the order: training, so many for validation, and so many for the test. */
static rc_status cut_up(rcm_cut *cut, const rc_config *c, const int32_t *kind, int64_t valid,
                        int64_t test)
{
    const int64_t n = cut->n, train = n - valid - test;

    if (train < 1)
        return RC_FAIL(RC_EDATA,
                       "cannot cut '%s': of its %" PRId64 " sequences %" PRId64
                       " are for validation and %" PRId64 " for testing, none is left",
                       c->train, n, valid, test);
    cut->drawn = valid + test > 0;
    const int64_t last = test > 0 ? border(cut, kind, n - test, 0, n) : n;
    const int64_t first = valid > 0 && last > 1 ? border(cut, kind, train, 0, last) : last;

    if (last < 0 || first < 0 || (valid > 0 && first == last))
        return RC_FAIL_HINT(RC_EDATA, "leave --copies-together out, or choose other shares",
                            "cannot cut '%s': most of it are copies of one sequence", c->train);
    cut->to[RCM_TRAIN] = cut->from[RCM_VALID] = first;
    cut->to[RCM_VALID] = cut->from[RCM_TEST] = last;
    cut->to[RCM_TEST] = n;
    return RC_OK;
}

static rc_status make_cut(rcm_cut *cut, const rc_config *c, const int32_t *kind)
{
    const int64_t n = cut->n;
    int64_t begin = 0, end = 0;

    if (c->folds > 0 || c->fold > 0)
        RC_TRY(check_folds(c, n));
    if (kind)
        RC_TRY(order_kinds(cut, c, kind, &begin, &end));
    if (c->folds > 0 && !kind) {
        begin = n * (c->fold - 1) / c->folds;
        end = n * c->fold / c->folds;
    }
    const int64_t test = c->folds > 0 ? end - begin : *c->test ? 0 : share_of(n, c->test_split);
    const int64_t valid = *c->valid ? 0 : share_of(n - (c->folds > 0 ? test : 0), c->valid_split);

    cut->turn = end % n;
    return cut_up(cut, c, kind, valid, test);
}

rc_status rcm_cut_of(rcm_cut *out, const rc_config *c, int64_t n, const int32_t *kind)
{
    rcm_cut cut = {.n = n, .key = rcb_stream((uint64_t)c->seed, "split")};
    const rc_status s = make_cut(&cut, c, kind);

    if (s == RC_OK)
        *out = cut;
    else
        rcm_cut_free(&cut);
    return s;
}

void rcm_cut_free(rcm_cut *cut)
{
    rcb_free(cut->order);
    cut->order = NULL;
}

int64_t rcm_cut_at(const rcm_cut *cut, int64_t i)
{
    const int64_t at = (i + cut->turn) % cut->n;

    if (!cut->drawn)
        return i;
    return cut->order ? cut->order[at] : rcd_shuffled(cut->key, cut->n, at);
}
