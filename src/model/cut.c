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

rc_status rcm_cut_of(rcm_cut *out, const rc_config *c, int64_t n)
{
    if (c->folds > 0)
        RC_TRY(check_folds(c, n));
    const int64_t begin = c->folds > 0 ? n * (c->fold - 1) / c->folds : 0;
    const int64_t end = c->folds > 0 ? n * c->fold / c->folds : n;
    const int64_t test = c->folds > 0 ? end - begin : *c->test ? 0 : share_of(n, c->test_split);
    const int64_t valid = *c->valid ? 0 : share_of(n - (c->folds > 0 ? test : 0), c->valid_split);
    const int64_t train = n - valid - test;

    if (train < 1)
        return RC_FAIL(RC_EDATA,
                       "cannot cut '%s': of its %" PRId64 " sequences %" PRId64
                       " are for validation and %" PRId64 " for testing, none is left",
                       c->train, n, valid, test);
    *out = (rcm_cut){
        .n = n,
        .from = {0, train, train + valid},
        .to = {train, train + valid, n},
        .drawn = valid + test > 0,
        .turn = end % n,
        .key = rcb_stream((uint64_t)c->seed, "split"),
    };
    return RC_OK;
}

int64_t rcm_cut_at(const rcm_cut *cut, int64_t i)
{
    return cut->drawn ? rcd_shuffled(cut->key, cut->n, (i + cut->turn) % cut->n) : i;
}
