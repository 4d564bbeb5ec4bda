/* soft.c -- softmax: of one row in one call, and in passes over logits in panels of 64 columns.
 *
 * A softmax over panels is: soft_max over every panel into (rows,16) lanes, lanes_max into the top
 * of each row, soft_exp over every panel into lanes again, lanes_sum, row_scale. Infinite logits
 * count as such: exp(-inf) is 0; a NaN makes its row NaN. Relies on vmath.h.
 */
#include "kernel/table_in.h"
#include "kernel/vmath.h"

enum { COLS = 64 }; /* columns of a panel of logits */

/* lane += exp(x - top), over whole groups of 16. */
RC_NOINLINE void exp_lanes(int64_t groups, const rc_real *restrict x, rc_real top,
                           rc_real *restrict lane)
{
    for (; groups > 0; groups--, x += RCK_LANES) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            lane[j] += vexp(x[j] - top);
    }
}

/* The sum over a row of exp(x - top). */
static rc_real exp_sum(int64_t n, const rc_real *x, rc_real top)
{
    rc_real lane[RCK_LANES] = {0};
    const int64_t whole = n / RCK_LANES * RCK_LANES;

    exp_lanes(n / RCK_LANES, x, top, lane);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] += vexp(x[i] - top);
    return rck_lanes_sum(lane);
}

void RCK_FN(log_softmax)(int64_t n, const rc_real *x, rc_real *y)
{
    const rc_real top = RCK_FN(max)(n, x);
    const rc_real log_sum = vlog(exp_sum(n, x, top));

    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = (x[i] - top) - log_sum;
}

void RCK_FN(softmax)(int64_t n, const rc_real *x, rc_real *y)
{
    const rc_real top = RCK_FN(max)(n, x);

    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = vexp(x[i] - top);
    RCK_FN(scale)(n, RC_C(1.0) / RCK_FN(sum)(n, y), y, y);
}

/* `cols`, a multiple of 16, of every row. */
RC_NOINLINE void max_rows(int64_t rows, int cols, const rc_real *restrict x, rc_real *restrict max)
{
    for (; rows > 0; rows--, x += COLS, max += RCK_LANES)
        for (int i = 0; i < cols; i += RCK_LANES) {
            RC_LANES
            for (int j = 0; j < RCK_LANES; j++)
                max[j] = rck_larger(max[j], x[i + j]);
        }
}

void RCK_FN(soft_max)(int64_t rows, int cols, const rc_real *panel, rc_real *max)
{
    const int whole = cols / RCK_LANES * RCK_LANES;

    max_rows(rows, whole, panel, max);
    for (int64_t r = 0; cols > whole && r < rows; r++)
        for (int j = 0; j < cols - whole; j++) {
            rc_real *m = max + r * RCK_LANES + j;

            *m = rck_larger(*m, panel[r * COLS + whole + j]);
        }
}

/* `cols`, a multiple of 16, of every row. */
RC_NOINLINE void exp_rows(int64_t rows, int cols, rc_real *restrict x, const rc_real *restrict top,
                          rc_real *restrict sum)
{
    for (int64_t r = 0; r < rows; r++, x += COLS, sum += RCK_LANES)
        for (int i = 0; i < cols; i += RCK_LANES) {
            RC_LANES
            for (int j = 0; j < RCK_LANES; j++) {
                x[i + j] = vexp(x[i + j] - top[r]);
                sum[j] += x[i + j];
            }
        }
}

void RCK_FN(soft_exp)(int64_t rows, int cols, rc_real *panel, const rc_real *top, rc_real *sum)
{
    const int whole = cols / RCK_LANES * RCK_LANES;

    exp_rows(rows, whole, panel, top, sum);
    for (int64_t r = 0; cols < COLS && r < rows; r++) {
        rc_real *x = panel + r * COLS;

        for (int j = whole; j < cols; j++) {
            x[j] = vexp(x[j] - top[r]);
            sum[r * RCK_LANES + j - whole] += x[j];
        }
        for (int j = cols; j < COLS; j++)
            x[j] = RC_C(0.0);
    }
}

void RCK_FN(row_scale)(int64_t rows, int cols, rc_real *panel, int64_t ld, const rc_real *by)
{
    for (int64_t r = 0; r < rows; r++)
        RCK_FN(scale)(cols, by[r], panel + r * ld, panel + r * ld);
}

void RCK_FN(lanes_max)(int64_t rows, const rc_real *lanes, rc_real *out)
{
    for (int64_t r = 0; r < rows; r++)
        out[r] = rck_lanes_max(lanes + r * RCK_LANES);
}

void RCK_FN(lanes_sum)(int64_t rows, const rc_real *lanes, rc_real *out)
{
    for (int64_t r = 0; r < rows; r++)
        out[r] = rck_lanes_sum(lanes + r * RCK_LANES);
}
