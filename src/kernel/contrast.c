/* contrast.c -- rows of one table against rows of another, wherever they lie: dot products, and
 * steps of both sides by what the other was (word vectors: Mikolov et al. 2013).
 *
 * A row is a whole number of 16 lanes. Relies on vmath.h.
 */
#include "kernel/table_in.h"
#include "kernel/vmath.h"

/* ---- products ---------------------------------------------------------------------------- */

/* The products of one row with some others, in lanes as RCK_FN(dot) has them. */
RC_INLINE void dots(int count, int64_t D, const rc_real *restrict a, rc_real *const *b,
                    rc_real *restrict lanes)
{
    rc_real lane[6][RCK_LANES] = {{0}};

    for (int64_t k = 0; k < D; k += RCK_LANES)
        RC_UNROLL
    for (int r = 0; r < count; r++) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            lane[r][j] = RC_FMA(a[k + j], b[r][k + j], lane[r][j]);
    }
    RC_UNROLL
    for (int r = 0; r < count; r++) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            lanes[r * RCK_LANES + j] = lane[r][j];
    }
}

#define DOTS(count)                                                                                \
    RC_NOINLINE void dots_##count(int64_t D, const rc_real *restrict a, rc_real *const *b,         \
                                  rc_real *restrict lanes)                                         \
    {                                                                                              \
        dots(count, D, a, b, lanes);                                                               \
    }
DOTS(6)
DOTS(2)
DOTS(1)

enum { AT_ONCE = 12 }; /* rows whose lanes are summed together */

/* s = the sums of `n` times 16 lanes, by the tree of rck_lanes_sum(). */
RC_NOINLINE void sum_lanes(int64_t n, rc_real *restrict lanes, rc_real *restrict s)
{
    for (int64_t i = 0; i < n; i++) {
        rc_real *restrict x = lanes + i * RCK_LANES;

        RC_LANES
        for (int j = 0; j < 8; j++)
            x[j] += x[j + 8];
    }
    for (int64_t i = 0; i < n; i++) {
        rc_real *restrict x = lanes + i * RCK_LANES;

        RC_LANES
        for (int j = 0; j < 4; j++)
            x[j] += x[j + 4];
    }
    for (int64_t i = 0; i < n; i++) {
        const rc_real *restrict x = lanes + i * RCK_LANES;

        s[i] = (x[0] + x[2]) + (x[1] + x[3]);
    }
}

static void row_dots(int64_t D, const rc_real *a, int64_t n, rc_real *const *b, rc_real *s)
{
    rc_real lanes[AT_ONCE * RCK_LANES];

    for (int64_t from = 0; from < n; from += AT_ONCE) {
        const int64_t count = n - from < AT_ONCE ? n - from : AT_ONCE;
        int64_t j = 0;

        for (; j + 6 <= count; j += 6)
            dots_6(D, a, b + from + j, lanes + j * RCK_LANES);
        for (; j + 2 <= count; j += 2)
            dots_2(D, a, b + from + j, lanes + j * RCK_LANES);
        for (; j < count; j++)
            dots_1(D, a, b + from + j, lanes + j * RCK_LANES);
        sum_lanes(count, lanes, s + from);
    }
}

void RCK_FN(contrast_dots)(const rck_contrast *c, rc_real *s)
{
    for (int64_t i = 0; i < c->m; i++)
        row_dots(c->D, c->in[i], c->n, c->out, s + i * c->n);
}

void RCK_FN(contrast_errors)(int64_t n, rc_real rate, const rc_real *aim, const rc_real *s,
                             rc_real *g)
{
    RC_IVDEP
    for (int64_t i = 0; i < n; i++)
        g[i] = rate * (aim[i] - vsigmoid(s[i]));
}

/* ---- steps ------------------------------------------------------------------------------- */

/* One row against n others, 16 columns after 16; dx may be x, so these columns are kept. They are
 * kept with their signs turned, which costs nothing and is no copy: as one, it would go through
 * memory in halves of a vector. */
RC_NOINLINE void step_one(int64_t D, const rc_real *x, rc_real *dx, int64_t n, rc_real *const *y,
                          const rc_real *restrict g)
{
    for (int64_t at = 0; at < D; at += RCK_LANES) {
        rc_real sum[RCK_LANES] = {0}, minus[RCK_LANES];

        RC_LANES
        for (int k = 0; k < RCK_LANES; k++)
            minus[k] = -x[at + k];
        for (int64_t j = 0; j < n; j++) {
            rc_real *restrict row = y[j] + at;
            const rc_real s = g[j];

            RC_LANES
            for (int k = 0; k < RCK_LANES; k++) {
                const rc_real other = row[k];

                sum[k] = RC_FMA(s, other, sum[k]);
                row[k] = RC_FMA(-s, minus[k], other);
            }
        }
        RC_LANES
        for (int k = 0; k < RCK_LANES; k++)
            dx[at + k] += sum[k];
    }
}

/* 16 columns of some rows: x_r += sum over j of g[r * across + j * along] y_j, n at least 1. */
RC_INLINE void step(int count, rc_real *const *x, int64_t at, int64_t n, rc_real *const *y,
                    const rc_real *restrict g, int64_t across, int64_t along)
{
    rc_real sum[4][RCK_LANES];
    const rc_real *restrict first = y[0] + at;

    RC_UNROLL
    for (int r = 0; r < count; r++) {
        RC_LANES
        for (int k = 0; k < RCK_LANES; k++)
            sum[r][k] = g[r * across] * first[k];
    }
    for (int64_t j = 1; j < n; j++) {
        const rc_real *restrict other = y[j] + at;

        RC_UNROLL
        for (int r = 0; r < count; r++) {
            const rc_real s = g[r * across + j * along];

            RC_LANES
            for (int k = 0; k < RCK_LANES; k++)
                sum[r][k] = RC_FMA(s, other[k], sum[r][k]);
        }
    }
    RC_UNROLL
    for (int r = 0; r < count; r++) {
        rc_real *restrict row = x[r] + at;

        RC_LANES
        for (int k = 0; k < RCK_LANES; k++)
            row[k] += sum[r][k];
    }
}

#define STEP(count)                                                                                \
    RC_NOINLINE void step_##count(rc_real *const *x, int64_t at, int64_t n, rc_real *const *y,     \
                                  const rc_real *restrict g, int64_t across, int64_t along)        \
    {                                                                                              \
        step(count, x, at, n, y, g, across, along);                                                \
    }
STEP(4)
STEP(2)
STEP(1)

static void step_all(int64_t m, rc_real *const *x, int64_t at, int64_t n, rc_real *const *y,
                     const rc_real *g, int64_t across, int64_t along)
{
    int64_t i = 0;

    for (; i + 4 <= m; i += 4)
        step_4(x + i, at, n, y, g + i * across, across, along);
    for (; i + 2 <= m; i += 2)
        step_2(x + i, at, n, y, g + i * across, across, along);
    for (; i < m; i++)
        step_1(x + i, at, n, y, g + i * across, across, along);
}

void RCK_FN(contrast_steps)(const rck_contrast *c, const rc_real *g)
{
    if (c->m == 1) {
        step_one(c->D, c->in[0], c->to[0], c->n, c->out, g);
        return;
    }
    for (int64_t at = 0; c->m > 0 && c->n > 0 && at < c->D; at += RCK_LANES) {
        step_all(c->m, c->to, at, c->n, c->out, g, c->n, 1);
        step_all(c->n, c->out, at, c->m, c->in, g, 1, c->n);
    }
}
