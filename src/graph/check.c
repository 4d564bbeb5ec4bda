/* check.c -- numeric derivatives, the judge of every analytic one. Meant for the double build.
 *
 * Five-point differences: error h^4 f'''''/30 against rounding e/h. Up to three step sizes are
 * tried, because a kink (ReLU) within one of them spoils it; the derivative that agrees best is
 * reported. What is within the rounding of the loss itself counts as agreement, or a gradient of 0
 * could never be proven.
 */
#include "graph/graph.h"

#include <float.h>
#include <math.h>

/* *noise: how far from the truth rounding alone may take *out. */
static rc_status five_points(rcg_loss_fn loss, void *ctx, rc_real *x, double h, double *out,
                             double *noise)
{
    const rc_real at = *x;
    const double step[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    double sum = 0, span = 0, size = 0;

    for (int i = 0; i < 4; i++) {
        double value;
        *x = (rc_real)((double)at + step[i] * h);
        span += weight[i] * ((double)*x - (double)at); /* the step really taken */
        const rc_status status = loss(ctx, &value);
        *x = at;
        RC_TRY(status);
        sum += weight[i] * value;
        size += fabs(weight[i] * value);
    }
    *out = sum / span;
    *noise = DBL_EPSILON * size / fabs(span);
    return RC_OK;
}

rc_status rcg_difference(rcg_loss_fn loss, void *ctx, rc_real *x, double analytic, double *out)
{
    const bool is_double = sizeof(rc_real) == sizeof(double);
    const int sizes = is_double ? 3 : 2; /* a third in float would be all rounding */
    double h = (is_double ? 1e-3 : 3e-2) * fmax(1, fabs((double)*x)), best = 0;

    for (int i = 0; i < sizes; i++, h /= 50) {
        double slope, noise;
        RC_TRY(five_points(loss, ctx, x, h, &slope, &noise));
        const double off = fabs(slope - analytic);
        if (i == 0 && off <= noise)
            slope = analytic;
        if (i == 0 || !(off >= fabs(best - analytic)))
            best = slope;
        if (off <= noise || off <= 1e-9 * fmax(fabs(slope), 1e-3))
            break;
    }
    *out = best;
    return RC_OK;
}
