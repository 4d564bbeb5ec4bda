/* down.c -- losses down the columns of a block of scores: symbols are its rows, the rows of a batch
 * its columns. Every lane is one row of the batch, so nothing is ever summed across lanes.
 *
 * Columns go in groups of 16. Relies on vmath.h.
 */
#include "kernel/table_in.h"
#include "kernel/vmath.h"

/* top(j) = the larger of itself and x(i,j), over all i. */
RC_NOINLINE void max_group(int64_t rows, const rc_real *restrict x, int64_t ld,
                           rc_real *restrict top)
{
    for (; rows > 0; rows--, x += ld) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            top[j] = rck_larger(top[j], x[j]);
    }
}

/* sum(j) += exp(x(i,j) - top(j)), over all i in order. */
RC_NOINLINE void exp_group(int64_t rows, const rc_real *restrict x, int64_t ld,
                           const rc_real *restrict top, rc_real *restrict sum)
{
    for (; rows > 0; rows--, x += ld) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            sum[j] += vexp(x[j] - top[j]);
    }
}

void RCK_FN(soft_down)(int64_t rows, int64_t cols, const rc_real *x, int64_t ld, rc_real *top,
                       rc_real *sum)
{
    for (int64_t c = 0; c < cols; c += RCK_LANES) {
        rc_real before[RCK_LANES];
        rc_real from[RCK_LANES]; /* the maximum; 0 as long as nothing has counted */

        for (int j = 0; j < RCK_LANES; j++)
            before[j] = top[c + j];
        max_group(rows, x + c, ld, top + c);
        for (int j = 0; j < RCK_LANES; j++) {
            from[j] = top[c + j] == -(rc_real)INFINITY ? RC_C(0.0) : top[c + j];
            sum[c + j] *= vexp(before[j] - from[j]);
        }
        exp_group(rows, x + c, ld, from, sum + c);
    }
}

RC_NOINLINE void exp_rows_by(int64_t cols, rc_real *restrict x, const rc_real *restrict top,
                             const rc_real *restrict by)
{
    for (; cols > 0; cols -= RCK_LANES, x += RCK_LANES, top += RCK_LANES, by += RCK_LANES) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            x[j] = by[j] * vexp(x[j] - top[j]);
    }
}

void RCK_FN(soft_down_back)(int64_t rows, int64_t cols, rc_real *x, int64_t ld, const rc_real *top,
                            const rc_real *by)
{
    for (; rows > 0; rows--, x += ld)
        exp_rows_by(cols, x, top, by);
}

/* ln(1 + e) for 0 <= e <= 1 with small relative error: what 1 + e lost in rounding comes back as a
 * factor. */
RC_INLINE rc_real log_of_one_and(rc_real e)
{
    const rc_real u = RC_C(1.0) + e;
    const rc_real lost = u - RC_C(1.0);
    const rc_real y = vlog(u) * (e / lost);

    return lost == RC_C(0.0) ? e : y;
}

/* max(x, 0) + ln(1 + exp(-|x|)) */
RC_INLINE rc_real vsoftplus(rc_real x)
{
    const rc_real high = x < RC_C(0.0) ? RC_C(0.0) : x;

    return high + log_of_one_and(vexp(-(x < RC_C(0.0) ? -x : x)));
}

RC_NOINLINE void softplus_groups(int64_t n, const rc_real *restrict x, rc_real *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = vsoftplus(x[i]);
}

void RCK_FN(softplus)(int64_t n, const rc_real *x, rc_real *y)
{
    softplus_groups(n, x, y);
}

RC_NOINLINE void noise_row(int64_t cols, rc_real times, rc_real *restrict x, rc_real *restrict sum)
{
    for (; cols > 0; cols -= RCK_LANES, x += RCK_LANES, sum += RCK_LANES) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++) {
            sum[j] += times * vsoftplus(x[j]);
            x[j] = times * vsigmoid(x[j]);
        }
    }
}

void RCK_FN(noise_down)(int64_t rows, int64_t cols, rc_real *x, int64_t ld, const rc_real *times,
                        rc_real *sum)
{
    for (int64_t i = 0; i < rows; i++)
        noise_row(cols, times[i], x + i * ld, sum);
}
