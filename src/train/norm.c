/* norm.c -- the norm-preserving regulariser of a training: which cells can have it, and how much of
 * it a batch adds.
 *
 * --norm-preserve X adds X times the mean of Omega over the pairs of steps of a batch to the loss
 * (see norm.c of the graph). The mean of the loss is over other things, which the scale of a step
 * divides by: as for the penalties on activations, X is multiplied by these first.
 */
#include "train/train.h"

rc_status rct_norm_check(const rc_model *m)
{
    const rc_config *c = m->config;

    if (c->norm_preserve == 0 || c->task->fit)
        return RC_OK;
    if (!rcg_norm_takes(rcc_find(c->cell)))
        return RC_FAIL_HINT(RC_EINVAL, "--cell tanh, relu and irnn have it",
                            "cannot preserve norms with cell '%s': it is not h' = s(W x + U h + b)",
                            c->cell);
    if (c->zoneout > 0)
        return RC_FAIL_HINT(RC_EINVAL, "leave --zoneout or --norm-preserve out",
                            "cannot preserve norms with zoneout: a state is not what the cell "
                            "makes of a step");
    return RC_OK;
}

double rct_norm_weight(const rc_config *c, const rcd_batch *b, double scale)
{
    const int64_t pairs = b->steps > 0 ? b->rows - b->at[1] : 0;

    return pairs > 0 ? c->norm_preserve * scale * rcm_divisor(c, b) / (double)pairs : 0;
}
