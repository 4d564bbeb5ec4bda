/* vec.c -- loops over flat vectors, and reductions in the canonical order of sixteen lanes.
 *
 * Plain C that the compiler turns into vectors of full width. Element-wise entries allow their
 * arrays to be the same one (RC_IVDEP says so to the compiler). Relies on vmath.h.
 */
#include "kernel/table_in.h"
#include "kernel/vmath.h"

void RCK_FN(fill)(int64_t n, rc_real value, rc_real *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = value;
}

void RCK_FN(add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] + b[i];
}

void RCK_FN(sub)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] - b[i];
}

void RCK_FN(mul)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] * b[i];
}

void RCK_FN(mul_add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = RC_FMA(a[i], b[i], y[i]);
}

void RCK_FN(scale)(int64_t n, rc_real a, const rc_real *x, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = a * x[i];
}

void RCK_FN(axpy)(int64_t n, rc_real a, const rc_real *x, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = RC_FMA(a, x[i], y[i]);
}

void RCK_FN(clamp)(int64_t n, rc_real limit, rc_real *y)
{
    for (int64_t i = 0; i < n; i++) {
        const rc_real low = y[i] < -limit ? -limit : y[i];
        y[i] = low > limit ? limit : low;
    }
}

void RCK_FN(choose)(int64_t n, const rc_real *by, const rc_real *a, const rc_real *b, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = by[i] != 0 ? a[i] : b[i];
}

void RCK_FN(larger)(int64_t n, rc_real a, const rc_real *x, int32_t id, rc_real *y, int32_t *from)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++) {
        const rc_real v = a + x[i];
        const bool take = !(v <= y[i]) && y[i] == y[i];

        y[i] = take ? v : y[i];
        from[i] = take ? id : from[i];
    }
}

void RCK_FN(exp)(int64_t n, const rc_real *x, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = vexp(x[i]);
}

void RCK_FN(log)(int64_t n, const rc_real *x, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = vlog(x[i]);
}

void RCK_FN(tanh)(int64_t n, const rc_real *x, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = vtanh(x[i]);
}

void RCK_FN(sigmoid)(int64_t n, const rc_real *x, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = vsigmoid(x[i]);
}

void RCK_FN(relu)(int64_t n, const rc_real *x, rc_real *y)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] < RC_C(0.0) ? RC_C(0.0) : x[i]; /* NaN stays */
}

void RCK_FN(tanh_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        gx[i] = RC_FMA(gy[i], RC_FMA(-y[i], y[i], RC_C(1.0)), gx[i]);
}

void RCK_FN(sigmoid_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        gx[i] = RC_FMA(gy[i], y[i] * (RC_C(1.0) - y[i]), gx[i]);
}

void RCK_FN(relu_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        gx[i] += y[i] > RC_C(0.0) ? gy[i] : RC_C(0.0);
}

void RCK_FN(log_back)(int64_t n, const rc_real *x, const rc_real *gy, rc_real *gx)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        gx[i] += gy[i] / x[i];
}

/* The lanes of a sum, from whole groups of 16; the same for a dot product and a maximum. */
RC_NOINLINE void sum_lanes(int64_t groups, const rc_real *restrict x, rc_real *restrict lane)
{
    for (; groups > 0; groups--, x += RCK_LANES) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            lane[j] += x[j];
    }
}

RC_NOINLINE void dot_lanes(int64_t groups, const rc_real *restrict a, const rc_real *restrict b,
                           rc_real *restrict lane)
{
    for (; groups > 0; groups--, a += RCK_LANES, b += RCK_LANES) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            lane[j] = RC_FMA(a[j], b[j], lane[j]);
    }
}

RC_NOINLINE void max_lanes(int64_t groups, const rc_real *restrict x, rc_real *restrict lane)
{
    for (; groups > 0; groups--, x += RCK_LANES) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            lane[j] = rck_larger(lane[j], x[j]);
    }
}

rc_real RCK_FN(sum)(int64_t n, const rc_real *x)
{
    rc_real lane[RCK_LANES] = {0};
    const int64_t whole = n / RCK_LANES * RCK_LANES;

    sum_lanes(n / RCK_LANES, x, lane);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] += x[i];
    return rck_lanes_sum(lane);
}

rc_real RCK_FN(dot)(int64_t n, const rc_real *a, const rc_real *b)
{
    rc_real lane[RCK_LANES] = {0};
    const int64_t whole = n / RCK_LANES * RCK_LANES;

    dot_lanes(n / RCK_LANES, a, b, lane);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = RC_FMA(a[i], b[i], lane[i - whole]);
    return rck_lanes_sum(lane);
}

rc_real RCK_FN(max)(int64_t n, const rc_real *x)
{
    rc_real lane[RCK_LANES];
    const int64_t whole = n / RCK_LANES * RCK_LANES;

    for (int j = 0; j < RCK_LANES; j++)
        lane[j] = -(rc_real)INFINITY;
    max_lanes(n / RCK_LANES, x, lane);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = rck_larger(lane[i - whole], x[i]);
    return rck_lanes_max(lane);
}

bool RCK_FN(finite)(int64_t n, const rc_real *x)
{
    unsigned bad = 0;

    for (int64_t i = 0; i < n; i++)
        bad |= x[i] - x[i] != RC_C(0.0); /* infinity and NaN give NaN */
    return bad == 0;
}

/* `width` <= 64 columns at once, so that their sums stay in registers. */
RC_INLINE void col_sum_strip(int64_t rows, int width, const rc_real *restrict x, int64_t ld,
                             rc_real *restrict y)
{
    rc_real sum[64];

    for (int j = 0; j < width; j++)
        sum[j] = y[j];
    for (int64_t r = 0; r < rows; r++)
        for (int j = 0; j < width; j++)
            sum[j] += x[r * ld + j];
    for (int j = 0; j < width; j++)
        y[j] = sum[j];
}

void RCK_FN(col_sum)(int64_t rows, int64_t n, const rc_real *x, int64_t ld, rc_real *y)
{
    int64_t j = 0;

    for (; j + 64 <= n; j += 64)
        col_sum_strip(rows, 64, x + j, ld, y + j);
    for (; j + RCK_LANES <= n; j += RCK_LANES)
        col_sum_strip(rows, RCK_LANES, x + j, ld, y + j);
    if (j < n)
        col_sum_strip(rows, (int)(n - j), x + j, ld, y + j);
}
