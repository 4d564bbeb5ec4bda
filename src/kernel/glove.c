/* glove.c -- vectors of words by how often they stand near each other (Pennington, Socher and
 * Manning 2014), one cell after the other:
 *
 *   e = w . c + b + d - ln x       g = f(x) e,  f(x) = min(1, (x / x_max)^alpha)
 *   w -= s / sqrt(1 + G)   G += s^2    s = rate g c, kept within +-100 rate   (AdaGrad)
 *
 * and c likewise by w; b and d by s = g, without the rate, as the authors' program has it. A row is
 * a whole number of 16 lanes. Relies on vmath.h.
 */
#include "kernel/table_in.h"
#include "kernel/vmath.h"

RC_INLINE rc_real within(rc_real x, rc_real most)
{
    const rc_real low = x < -most ? -most : x;

    return low > most ? most : low;
}

RC_NOINLINE rc_real product(int64_t ld, const rc_real *restrict x, const rc_real *restrict y)
{
    rc_real lane[RCK_LANES] = {0};

    for (int64_t k = 0; k < ld; k += RCK_LANES) {
        RC_LANES
        for (int j = 0; j < RCK_LANES; j++)
            lane[j] = RC_FMA(x[k + j], y[k + j], lane[j]);
    }
    return rck_lanes_sum(lane);
}

/* Both rows by an error g, with what was summed up of the squares of their steps. */
RC_NOINLINE void step(int64_t ld, rc_real g, rc_real rate, rc_real *restrict x, rc_real *restrict y,
                      rc_real *restrict sx, rc_real *restrict sy)
{
    const rc_real most = RC_C(100.0);

    for (int64_t k = 0; k < ld; k++) {
        const rc_real a = rate * within(g * y[k], most);
        const rc_real b = rate * within(g * x[k], most);

        x[k] -= a / vroot(RC_C(1.0) + sx[k]);
        y[k] -= b / vroot(RC_C(1.0) + sy[k]);
        sx[k] = RC_FMA(a, a, sx[k]);
        sy[k] = RC_FMA(b, b, sy[k]);
    }
}

static void step_bias(rc_real a, rc_real *bias, rc_real *sum)
{
    *bias -= a / vroot(RC_C(1.0) + *sum);
    *sum = RC_FMA(a, a, *sum);
}

/* Word i against context j: f e^2, and the steps where it is finite. */
static rc_real learn(const rck_glove *g, int64_t i, int64_t j, rc_real aim, rc_real weight)
{
    rc_real *w = g->word.x + i * g->ld, *c = g->context.x + j * g->ld;
    const rc_real bias = g->word.bias[i] + g->context.bias[j];
    const rc_real e = product(g->ld, w, c) + (bias - aim), ge = weight * e;

    if (!(ge - ge == 0))
        return ge - ge;
    step(g->ld, ge, g->rate, w, c, g->word.x_sum + i * g->ld, g->context.x_sum + j * g->ld);
    step_bias(ge, g->word.bias + i, g->word.bias_sum + i);
    step_bias(ge, g->context.bias + j, g->context.bias_sum + j);
    return ge * e;
}

enum { SOME = 64 };

RC_NOINLINE void aims(int64_t n, rc_real alpha, rc_real top, const rc_real *restrict x,
                      rc_real *restrict aim, rc_real *restrict weight)
{
    for (int64_t i = 0; i < n; i++)
        aim[i] = vlog(x[i]);
    for (int64_t i = 0; i < n; i++)
        weight[i] = vexp(alpha * (aim[i] < top ? aim[i] - top : RC_C(0.0)));
}

double RCK_FN(glove)(const rck_glove *g)
{
    const int32_t *a = g->turned ? g->b : g->a, *b = g->turned ? g->a : g->b;
    rc_real aim[SOME], weight[SOME];
    double sum = 0;

    for (int64_t done = 0; done < g->n; done += SOME) {
        const int64_t n = g->n - done < SOME ? g->n - done : SOME;
        const int64_t from = g->turned ? g->n - done - n : done;

        aims(n, g->alpha, vlog(g->x_max), g->count + from, aim, weight);
        for (int64_t i = 0; i < n; i++) {
            const int64_t k = g->turned ? n - 1 - i : i;

            sum += (double)learn(g, a[from + k], b[from + k], aim[k], weight[k]);
        }
    }
    return sum;
}
