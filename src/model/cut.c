/* cut.c -- sequences of one set as those of training, validation and test, drawn by the seed: by
 * shares, or with one of some folds for the test.
 */
#include "model/model_in.h"

/* How many of n sequences a share is. */
static int64_t share_of(int64_t n, double share)
{
    return (int64_t)((double)n * share + 0.5);
}

static rc_status check_folds(const rc_config *c, int64_t n)
{
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

/* A drawn order of kinds, each with its sequences as they came. */
static rc_status draw_kinds(rcm_cut *cut, const int32_t *kind)
{
    int32_t kinds = 0;

    for (int64_t i = 0; i < cut->n; i++)
        kinds = kind[i] >= kinds ? kind[i] + 1 : kinds;
    int64_t *next = rcb_calloc((size_t)kinds + 1, sizeof *next);
    cut->order = rcb_alloc((size_t)cut->n, sizeof *cut->order);
    if (!next || !cut->order) {
        rcb_free(next);
        return RC_ENOMEM;
    }
    for (int64_t i = 0; i < cut->n; i++)
        next[kind[i]]++;
    for (int64_t g = 0, at = 0; g < kinds; g++) {
        const int64_t k = rcd_shuffled(cut->key, kinds, g), count = next[k];

        next[k] = at;
        at += count;
    }
    for (int64_t i = 0; i < cut->n; i++)
        cut->order[next[kind[i]]++] = i;
    rcb_free(next);
    return RC_OK;
}

/* The first place from p on where no kind is cut. */
static int64_t border(const rcm_cut *cut, const int32_t *kind, int64_t p)
{
    while (kind && p > 0 && p < cut->n && kind[rcm_cut_at(cut, p - 1)] == kind[rcm_cut_at(cut, p)])
        p++;
    return p;
}

static rc_status cut_up(rcm_cut *cut, const rc_config *c, const int32_t *kind)
{
    const int64_t n = cut->n;
    const int64_t begin = c->folds > 0 ? border(cut, kind, n * (c->fold - 1) / c->folds) : 0;
    const int64_t end = c->folds > 0 ? border(cut, kind, n * c->fold / c->folds) : n;
    const int64_t test = c->folds > 0 ? end - begin : *c->test ? 0 : share_of(n, c->test_split);
    const int64_t valid = *c->valid ? 0 : share_of(n - (c->folds > 0 ? test : 0), c->valid_split);

    if (c->folds > 0 && test == 0)
        return RC_FAIL(RC_EDATA,
                       "cannot test on fold %" PRId64 " of %" PRId64
                       ": nothing is in it, copies stand together elsewhere",
                       c->fold, c->folds);
    if (n - valid - test < 1)
        return RC_FAIL(RC_EDATA,
                       "cannot cut '%s': of its %" PRId64 " sequences %" PRId64
                       " are for validation and %" PRId64 " for testing, none is left",
                       c->train, n, valid, test);
    cut->turn = end % n;
    cut->to[RCM_TRAIN] = cut->from[RCM_VALID] = border(cut, kind, n - valid - test);
    cut->to[RCM_VALID] = cut->from[RCM_TEST] = border(cut, kind, n - test);
    cut->to[RCM_TEST] = n;
    cut->drawn = valid + test > 0;
    return RC_OK;
}

rc_status rcm_cut_of(rcm_cut *out, const rc_config *c, int64_t n, const int32_t *kind)
{
    rcm_cut cut = {.n = n, .drawn = true, .key = rcb_stream((uint64_t)c->seed, "split")};
    rc_status s = c->folds > 0 ? check_folds(c, n) : RC_OK;

    if (s == RC_OK && kind)
        s = draw_kinds(&cut, kind);
    if (s == RC_OK)
        s = cut_up(&cut, c, kind);
    if (s != RC_OK) {
        rcm_cut_free(&cut);
        return s;
    }
    *out = cut;
    return RC_OK;
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
