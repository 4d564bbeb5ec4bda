/* norm.c -- the norm-preserving regulariser of Pascanu, Mikolov and Bengio 2013, On the difficulty
 * of training recurrent neural networks, equations 9 and 10:
 *
 *     Omega = sum over k of ( |d U diag(s'(x_k))| / |d| - 1 )^2,   d = dE/dx_{k+1}
 *
 * x_k is what the squashing s sees at step k: x_{k+1} = W u_{k+1} + U s(x_k) + b. As in the paper
 * its gradient is that of the U in the product alone, d and x held constant. With v the vector of
 * which the length is taken, dOmega_k/dU = d' q with
 *
 *     q = 2 (|v| / |d| - 1) / (|v| |d|) v diag(s'(x_k)),
 *
 * which has the form of dE/dU = sum of d' s(x_k): so the second operand of that product becomes
 * s(x_k) + weight q, and all that is new is one product of d by U over all rows.
 */
#include "graph/seq_in.h"

#include <math.h>

/* Shorter gradients are noise, or nothing: they have no direction. */
static const double SHORTEST = 1e-30;

bool rcg_norm_takes(const rcc_cell *cell)
{
    const rcc_stage *st = &cell->stage[0];

    return cell->states == 1 && cell->stages == 1 && cell->gates == 1 && cell->vectors == 0 &&
           st->v == RCC_V_STATE && st->others == 0 && st->apart == 0 && !st->no_x &&
           (cell->squash[0] == RCC_TANH || cell->squash[0] == RCC_RELU);
}

static double length_squared(const rcg_seq *s, int64_t row)
{
    const rck_panel *lay = &s->lay[0];
    double sum = 0;

    for (int64_t q = 0; q < lay->count; q++) {
        const rc_real *d = s->gates[0] + (q * s->N + row) * lay->cols;

        for (int64_t j = 0; j < (q == lay->count - 1 ? lay->last : lay->cols); j++)
            sum += (double)d[j] * (double)d[j];
    }
    return sum;
}

/* A row of d U becomes h + weight q. Sums are double: gradients that vanish leave the squares of
 * floats. */
static void steer_row(const rcg_seq *s, int64_t row, const rc_real *h, bool counts, rc_real *v)
{
    const bool is_tanh = s->cell->squash[0] == RCC_TANH;
    const double d = sqrt(length_squared(s, row));
    double sum = 0, by = 0;

    for (int64_t j = 0; counts && j < s->width.H; j++) {
        const double slope = is_tanh ? 1 - (double)h[j] * (double)h[j] : h[j] > 0;

        sum += slope * slope * (double)v[j] * (double)v[j];
    }
    if (d >= SHORTEST && sqrt(sum) >= SHORTEST)
        by = s->n->graph->norm * 2 * (sqrt(sum) / d - 1) / sqrt(sum) / d;
    for (int64_t j = 0; j < s->width.H; j++) {
        const double slope = is_tanh ? 1 - (double)h[j] * (double)h[j] : h[j] > 0;

        v[j] = (rc_real)((double)h[j] + by * slope * slope * (double)v[j]);
    }
}

void rcg_norm_steer(const rcg_seq *s, const rcb_worker *worker)
{
    int64_t lo, hi;

    if (!s->steered)
        return;
    rcb_share(worker, s->N, 1, &lo, &hi);
    rck_gemm g = rcg_gemm_back(s->u, 0, hi - lo, s->gates[0] + lo * s->lay[0].cols, s->N,
                               s->steered + lo * rcg_seq_ld(s), rcg_seq_ld(s));
    g.add = false;
    rck->gemm(&g);
    for (int64_t t = 0; t < s->rows.steps; t++) {
        rcg_segment seg[2];
        const int count = rcg_seq_segments(s, t, seg);

        for (int i = 0; i < count; i++)
            for (int64_t r = 0; r < seg[i].rows; r++) {
                const int64_t row = s->rows.at[t] + seg[i].first + r;

                if (row >= lo && row < hi)
                    steer_row(s, row, rcg_seq_before(s, 0, &seg[i]) + r * rcg_seq_ld(s),
                              seg[i].from >= 0 || s->n->graph->from > 0,
                              s->steered + row * rcg_seq_ld(s));
            }
    }
}
