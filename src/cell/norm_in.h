/* norm_in.h -- layer normalisation of a row of units that is cut into groups: what lstm_ln.c and
 * gru_ln.c share. Private to the room; compiled once per instruction set.
 *
 * Ba, Kiros and Hinton 2016, Layer Normalization: x^ = (x - mean) / sqrt(variance + eps) over all
 * units of all gates that are normalised together; gain and bias come after. A group leaves its
 * mean and its squares about that (part), which add up over groups as in Chan, Golub and LeVeque
 * 1979: nothing is lost where the mean is large. The way back needs two sums over the row, of q =
 * dL/dx^ and of q x^:
 *
 *   dL/dx = (q - mean(q) - x^ mean(q x^)) / sqrt(variance + eps)
 */
#ifndef RCC_NORM_IN_H
#define RCC_NORM_IN_H

#include "cell/cell_in.h"

/* What the variance is lifted by: PyTorch's. */
#define RCC_NORM_EPS RC_C(1e-5)

/* x^ = (x - mean) * rate; on the way back q and qx are the means of q and of q x^. */
typedef struct norm {
    rc_real mean, rate;
    rc_real q, qx;
} norm;

RC_INLINE rc_real root(rc_real x)
{
#ifdef RC_DOUBLE
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}

/* In the order of halves: the same on any instruction set. */
RC_INLINE rc_real sum_of(rc_real *restrict lane)
{
    for (int n = RCK_LANES / 2; n > 0; n /= 2)
        for (int j = 0; j < n; j++)
            lane[j] += lane[j + n];
    return lane[0];
}

/* Units of group u, and 1 for the lanes that are units. */
RC_INLINE rc_real lanes_of(const rcc_step *s, int64_t u, rc_real *restrict is)
{
    const int64_t left = s->units - u * RCK_LANES;

    for (int j = 0; j < RCK_LANES; j++)
        is[j] = j < left ? RC_C(1.0) : RC_C(0.0);
    return left < RCK_LANES ? (rc_real)left : (rc_real)RCK_LANES;
}

/* Mean of the first `n` units of `gates` gates x (gates,16), and squares about it. */
RC_INLINE void norm_part(const int gates, const rc_real *restrict x, const rc_real *restrict is,
                         rc_real n, rc_real *restrict part)
{
    rc_real lane[RCK_LANES] = {0};

    for (int g = 0; g < gates; g++)
        for (int j = 0; j < RCK_LANES; j++)
            lane[j] = RC_FMA(x[g * RCK_LANES + j], is[j], lane[j]);
    const rc_real mean = sum_of(lane) / (n * (rc_real)gates);

    for (int j = 0; j < RCK_LANES; j++)
        lane[j] = 0;
    for (int g = 0; g < gates; g++)
        for (int j = 0; j < RCK_LANES; j++) {
            const rc_real off = (x[g * RCK_LANES + j] - mean) * is[j];

            lane[j] = RC_FMA(off, off, lane[j]);
        }
    part[0] = mean;
    part[1] = sum_of(lane);
}

/* Sums of q and of q x^ over a group. */
RC_INLINE void norm_back_part(const int gates, const rc_real *restrict q,
                              const rc_real *restrict hat, rc_real *restrict part)
{
    rc_real lane[RCK_LANES] = {0}, with[RCK_LANES] = {0};

    for (int g = 0; g < gates; g++)
        for (int j = 0; j < RCK_LANES; j++) {
            lane[j] += q[g * RCK_LANES + j];
            with[j] = RC_FMA(q[g * RCK_LANES + j], hat[g * RCK_LANES + j], with[j]);
        }
    part[0] = sum_of(lane);
    part[1] = sum_of(with);
}

/* Mean and rate of a row of `gates` gates out of what norm_part() left at sum[0..1] of the first of
 * so many numbers a group. */
RC_NOINLINE norm norm_of(const rcc_step *s, const rc_real *sum, const int sums, const int gates)
{
    const int64_t groups = (s->units + RCK_LANES - 1) / RCK_LANES;
    const rc_real all = (rc_real)(s->units * gates);
    rc_real mean = 0, squares = 0;

    for (int64_t u = 0; u < groups; u++) {
        const int64_t left = s->units - u * RCK_LANES;
        const rc_real n = (rc_real)((left < RCK_LANES ? left : RCK_LANES) * gates);

        mean = RC_FMA(n, sum[u * sums], mean);
    }
    mean /= all;
    for (int64_t u = 0; u < groups; u++) {
        const int64_t left = s->units - u * RCK_LANES;
        const rc_real n = (rc_real)((left < RCK_LANES ? left : RCK_LANES) * gates);
        const rc_real off = sum[u * sums] - mean;

        squares += RC_FMA(n * off, off, sum[u * sums + 1]);
    }
    return (norm){.mean = mean, .rate = RC_C(1.0) / root(squares / all + RCC_NORM_EPS)};
}

/* The means for the way back out of what norm_back_part() left at sum[0..1]. */
RC_NOINLINE void norm_back_of(norm *m, const rcc_step *s, const rc_real *sum, const int sums,
                              const int gates)
{
    const int64_t groups = (s->units + RCK_LANES - 1) / RCK_LANES;
    const rc_real all = (rc_real)(s->units * gates);

    m->q = m->qx = 0;
    for (int64_t u = 0; u < groups; u++) {
        m->q += sum[u * sums];
        m->qx += sum[u * sums + 1];
    }
    m->q /= all;
    m->qx /= all;
}

/* The numbers of group u, row r of a cell with `sums` of them. */
RC_INLINE rc_real *norm_sums(const rcc_step *s, int64_t r, int64_t u, const int sums)
{
    return s->sum + r * s->sum_row + u * sums;
}

/* The block of row r, group u. */
RC_INLINE rc_real *norm_block(const rcc_gates *b, int64_t r, int64_t u)
{
    return rcc_group(b, u) + r * b->row;
}

RC_INLINE rc_real norm_hat(const norm *m, rc_real x)
{
    return (x - m->mean) * m->rate;
}

/* dL/dx of one number, whose x^ is `hat`; 0 where it is none. */
RC_INLINE rc_real norm_back(const norm *m, rc_real q, rc_real hat, rc_real is)
{
    return (q - m->q - hat * m->qx) * m->rate * is;
}

/* Lane j of vector or gate k of a group. */
#define RCC_AT(k) ((k)*RCK_LANES + j)

/* Where gradients of vectors are not wanted they go `away`. */
RC_INLINE rc_real *norm_d_vec(const rcc_step *s, int64_t u, rc_real *restrict away)
{
    return s->d_vec.p ? rcc_group(&s->d_vec, u) : away;
}

/* The gradients of the gates' pre-activations, d_aux[0] and so on, side by side. */
RC_INLINE void norm_gather(const rcc_step *s, const int gates, int64_t at, rc_real *restrict d)
{
    for (int k = 0; k < gates; k++)
        for (int j = 0; j < RCK_LANES; j++)
            d[RCC_AT(k)] = s->d_aux[k][at + j];
}

/* What gain * x^ gets of d, (gates,16): the gradient of the gain; and q and x^. */
RC_INLINE void norm_gains_back(const int gates, const norm *of, const rc_real *restrict x,
                               const rc_real *restrict gain, const rc_real *restrict d,
                               rc_real *restrict q, rc_real *restrict hat, rc_real *restrict d_gain)
{
    for (int k = 0; k < gates; k++)
        for (int j = 0; j < RCK_LANES; j++) {
            hat[RCC_AT(k)] = norm_hat(of, x[RCC_AT(k)]);
            q[RCC_AT(k)] = d[RCC_AT(k)] * gain[RCC_AT(k)];
            d_gain[RCC_AT(k)] = RC_FMA(d[RCC_AT(k)], hat[RCC_AT(k)], d_gain[RCC_AT(k)]);
        }
}

/* x (gates,16) is a product and becomes its gradient. */
RC_INLINE void norm_product_back(const int gates, const norm *of, const rc_real *restrict d,
                                 const rc_real *restrict gain, const rc_real *restrict is,
                                 rc_real *restrict x)
{
    for (int k = 0; k < gates; k++)
        for (int j = 0; j < RCK_LANES; j++)
            x[RCC_AT(k)] =
                norm_back(of, d[RCC_AT(k)] * gain[RCC_AT(k)], norm_hat(of, x[RCC_AT(k)]), is[j]);
}

#endif
