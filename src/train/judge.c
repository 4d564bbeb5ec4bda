/* judge.c -- which of two validations is the better one, as --judge says.
 */
#include "train/train.h"

#include <math.h>

double rct_judge(const rc_config *c, const rc_progress *p)
{
    const double tie = isfinite(p->valid) ? 1e-9 * p->valid : 0;
    const int by = rcm_list_index("judges", c->judge);
    const bool labels = by == RCM_JUDGE_AUTO && c->task->labels;

    if ((by == RCM_JUDGE_SPANS || labels) && !isnan(p->valid_spans))
        return 1 - p->valid_spans + tie;
    if ((by == RCM_JUDGE_ERRORS || labels) && !isnan(p->valid_wrong))
        return p->valid_wrong + tie;
    return p->valid;
}

rc_status rct_judge_check(const rc_config *c, const rc_progress *p)
{
    const int by = rcm_list_index("judges", c->judge);

    if (by == RCM_JUDGE_SPANS && isnan(p->valid_spans))
        return RC_FAIL_HINT(RC_EINVAL, "leave --judge out",
                            "cannot judge by spans: no tags of spans are validated");
    if (by == RCM_JUDGE_ERRORS && isnan(p->valid_wrong))
        return RC_FAIL_HINT(RC_EINVAL, "leave --judge out",
                            "cannot judge by errors: no labels or classes are validated");
    return RC_OK;
}
