/* gru_ln.c -- the layer-normalised GRU, reset after the recurrent product.
 *
 * Ba, Kiros and Hinton 2016, Layer Normalization, supplement: r and z are normalised together, n
 * apart from them, W x and U h apart from each other. Gate order r z n; z is the share of the old
 * state, as in gru.c. The biases are among the vectors, behind the norms. Two stages on the same
 * gates: sums of W x and U h; gates and h. W x and U h stay as they are until the way back, the
 * gates are kept beside them.
 */
#include "cell/norm_in.h"

enum { GATES = 3, PAIR = 2 }; /* r and z are a pair */
enum { R, Z, N };             /* kept gates; on the way back their gradients */

/* Vectors of weights. */
enum { GAIN_W = 0, GAIN_U = 3, BIAS = 6, BIAS_U = 9, VECTORS };

/* Numbers of a group: of the pair and of n of W x, then of U h; there, and back. */
enum { SUM_W = 0, SUM_WN = 2, SUM_U = 4, SUM_UN = 6, BACK = 8, SUMS = 16 };

/* ---- there --------------------------------------------------------------------------------- */

static void part_of(const rc_real *x, const rc_real *is, rc_real n, rc_real *sum)
{
    norm_part(PAIR, x, is, n, sum);
    norm_part(1, x + N * RCK_LANES, is, n, sum + SUM_WN);
}

static void sum_products(const rcc_step *s)
{
    for (int64_t u = s->first; u < s->last; u++) {
        rc_real is[RCK_LANES];
        const rc_real n = lanes_of(s, u, is);

        for (int64_t r = 0; r < s->rows; r++) {
            rc_real *sum = norm_sums(s, r, u, SUMS);

            part_of(norm_block(&s->gates, r, u), is, n, sum + SUM_W);
            part_of(norm_block(&s->apart, r, u), is, n, sum + SUM_U);
        }
    }
}

/* The norms of a row. */
typedef struct norms {
    norm w, wn, u, un;
} norms;

static norms norms_of(const rcc_step *s, int64_t r)
{
    const rc_real *row = norm_sums(s, r, 0, SUMS);

    return (norms){.w = norm_of(s, row + SUM_W, SUMS, PAIR),
                   .wn = norm_of(s, row + SUM_WN, SUMS, 1),
                   .u = norm_of(s, row + SUM_U, SUMS, PAIR),
                   .un = norm_of(s, row + SUM_UN, SUMS, 1)};
}

RC_INLINE rc_real pair_of(const norms *m, const rc_real *restrict w, const rc_real *restrict u,
                          const rc_real *restrict vec, const int k, int j)
{
    return vsigmoid(RC_FMA(
        vec[RCC_AT(GAIN_W + k)], norm_hat(&m->w, w[RCC_AT(k)]),
        RC_FMA(vec[RCC_AT(GAIN_U + k)], norm_hat(&m->u, u[RCC_AT(k)]), vec[RCC_AT(BIAS + k)])));
}

/* What r multiplies. */
RC_INLINE rc_real inner_of(const norms *m, const rc_real *restrict u, const rc_real *restrict vec,
                           int j)
{
    return RC_FMA(vec[RCC_AT(GAIN_U + N)], norm_hat(&m->un, u[RCC_AT(N)]), vec[RCC_AT(BIAS_U)]);
}

/* One row of one group.
 *
 *   w, u (3,16)  W x and U h     vec (10,16)  gains and biases     h (16)  state before
 *   r, z, n (16)  receive the gates     out (16)  receives the state after
 */
static void gates_row(const norms *m, const rc_real *restrict w, const rc_real *restrict u,
                      const rc_real *restrict vec, const rc_real *restrict h, rc_real *restrict r,
                      rc_real *restrict z, rc_real *restrict n, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real a =
            RC_FMA(vec[RCC_AT(GAIN_W + N)], norm_hat(&m->wn, w[RCC_AT(N)]), vec[RCC_AT(BIAS + N)]);

        r[j] = pair_of(m, w, u, vec, R, j);
        z[j] = pair_of(m, w, u, vec, Z, j);
        n[j] = vtanh(RC_FMA(r[j], inner_of(m, u, vec, j), a));
        out[j] = RC_FMA(z[j], h[j], (RC_C(1.0) - z[j]) * n[j]);
    }
}

static void gates_and_h(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const norms m = norms_of(s, r);

        for (int64_t u = s->first; u < s->last; u++) {
            const int64_t at = r * s->ld + u * RCK_LANES;

            gates_row(&m, norm_block(&s->gates, r, u), norm_block(&s->apart, r, u),
                      rcc_group(&s->vec, u), s->in[0] + at, s->aux[R] + at, s->aux[Z] + at,
                      s->aux[N] + at, s->out[0] + at);
        }
    }
}

/* ---- and back ------------------------------------------------------------------------------ */

/* d (3,16) receives the gradients of the pre-activations, d_un (16) that of what r multiplies. */
static void gates_back_row(const norms *m, const rc_real *restrict u, const rc_real *restrict vec,
                           const rc_real *restrict r, const rc_real *restrict z,
                           const rc_real *restrict n, const rc_real *restrict h,
                           const rc_real *restrict d_out, rc_real *restrict d_h,
                           rc_real *restrict d, rc_real *restrict d_un)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real fresh = RC_C(1.0) - z[j];
        const rc_real d_n = d_out[j] * fresh * RC_FMA(-n[j], n[j], RC_C(1.0));

        d[RCC_AT(R)] = d_n * inner_of(m, u, vec, j) * (r[j] * (RC_C(1.0) - r[j]));
        d[RCC_AT(Z)] = d_out[j] * (h[j] - n[j]) * (z[j] * fresh);
        d[RCC_AT(N)] = d_n;
        d_un[j] = d_n * r[j];
        d_h[j] = RC_FMA(d_out[j], z[j], d_h[j]);
    }
}

/* The gradients of one product's gains, and its sums; d (3,16) is what reaches it. */
static void gains_back(const norm *pair, const norm *n, const rc_real *x, const rc_real *gain,
                       const rc_real *d, rc_real *d_gain, rc_real *sum)
{
    const int64_t third = N * RCK_LANES;
    rc_real q[PAIR * RCK_LANES], hat[PAIR * RCK_LANES];

    norm_gains_back(PAIR, pair, x, gain, d, q, hat, d_gain);
    norm_back_part(PAIR, q, hat, sum);
    norm_gains_back(1, n, x + third, gain + third, d + third, q, hat, d_gain + third);
    norm_back_part(1, q, hat, sum + SUM_WN);
}

static void group_back(const rcc_step *s, const norms *m, int64_t r, int64_t u)
{
    const int64_t at = r * s->ld + u * RCK_LANES, third = N * RCK_LANES;
    const rc_real *vec = rcc_group(&s->vec, u);
    rc_real away[VECTORS * RCK_LANES] = {0}, d[GATES * RCK_LANES], d_un[RCK_LANES];
    rc_real *d_vec = norm_d_vec(s, u, away), *sum = norm_sums(s, r, u, SUMS) + BACK;

    gates_back_row(m, norm_block(&s->apart, r, u), vec, s->aux[R] + at, s->aux[Z] + at,
                   s->aux[N] + at, s->in[0] + at, s->d_out[0] + at, s->d_in[0] + at, d, d_un);
    for (int k = 0; k < GATES; k++)
        for (int j = 0; j < RCK_LANES; j++) {
            s->d_aux[k][at + j] = d[RCC_AT(k)];
            d_vec[RCC_AT(BIAS + k)] += d[RCC_AT(k)];
        }
    gains_back(&m->w, &m->wn, norm_block(&s->gates, r, u), vec + GAIN_W * RCK_LANES, d,
               d_vec + GAIN_W * RCK_LANES, sum + SUM_W);
    for (int j = 0; j < RCK_LANES; j++) {
        d[third + j] = d_un[j];
        d_vec[RCC_AT(BIAS_U)] += d_un[j];
    }
    gains_back(&m->u, &m->un, norm_block(&s->apart, r, u), vec + GAIN_U * RCK_LANES, d,
               d_vec + GAIN_U * RCK_LANES, sum + SUM_U);
}

static void gates_and_h_back(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const norms m = norms_of(s, r);

        for (int64_t u = s->first; u < s->last; u++)
            group_back(s, &m, r, u);
    }
}

static void product_back(const norm *pair, const norm *n, const rc_real *d, const rc_real *gain,
                         const rc_real *is, rc_real *x)
{
    const int64_t third = N * RCK_LANES;

    norm_product_back(PAIR, pair, d, gain, is, x);
    norm_product_back(1, n, d + third, gain + third, is, x + third);
}

static void products_back(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const rc_real *back = norm_sums(s, r, 0, SUMS) + BACK;
        norms m = norms_of(s, r);

        norm_back_of(&m.w, s, back + SUM_W, SUMS, PAIR);
        norm_back_of(&m.wn, s, back + SUM_WN, SUMS, 1);
        norm_back_of(&m.u, s, back + SUM_U, SUMS, PAIR);
        norm_back_of(&m.un, s, back + SUM_UN, SUMS, 1);
        for (int64_t u = s->first; u < s->last; u++) {
            const int64_t at = r * s->ld + u * RCK_LANES;
            const rc_real *vec = rcc_group(&s->vec, u);
            rc_real is[RCK_LANES], d[GATES * RCK_LANES];

            (void)lanes_of(s, u, is);
            norm_gather(s, GATES, at, d);
            product_back(&m.w, &m.wn, d, vec + GAIN_W * RCK_LANES, is, norm_block(&s->gates, r, u));
            for (int j = 0; j < RCK_LANES; j++)
                d[RCC_AT(N)] *= s->aux[R][at + j];
            product_back(&m.u, &m.un, d, vec + GAIN_U * RCK_LANES, is, norm_block(&s->apart, r, u));
        }
    }
}

const rcc_cell RC_ISA_NAME(rcc_gru_ln) = {
    .name = "gru-ln",
    .title = "layer-normalised GRU",
    .paper = "Ba, Kiros and Hinton 2016, Layer Normalization",
    .equations = "N(x) = (x - mean) / sqrt(variance + 0.00001), over r and z together, over n\n"
                 "r  = sigmoid(p_r * N(W_r x) + q_r * N(U_r h) + b_r)\n"
                 "z  = sigmoid(p_z * N(W_z x) + q_z * N(U_z h) + b_z)\n"
                 "n  = tanh(p_n * N(W_n x) + b_n + r * (q_n * N(U_n h) + c_n))\n"
                 "h' = z * h + (1 - z) * n",
    .states = 1,
    .state_name = {"h"},
    .gates = GATES,
    .gate_name = {"r", "z", "n"},
    .squash = "sst",
    .keeps = ".+.",
    .held = {RCC_V_AUX + R, RCC_V_AUX + Z, RCC_V_AUX + N},
    .stages = 2,
    .stage =
        {
            {.gates = GATES,
             .v = RCC_V_STATE,
             .apart = (1u << GATES) - 1,
             .forward = sum_products,
             .backward = products_back},
            {.goes_on = true,
             .v = RCC_NO_V,
             .reads = (1u << GATES) - 1,
             .forward = gates_and_h,
             .backward = gates_and_h_back},
        },
    .aux = GATES,
    .vectors = VECTORS,
    .vector_name = {"p_r", "p_z", "p_n", "q_r", "q_z", "q_n", "b_r", "b_z", "b_n", "c_n"},
    .vector_rule = "ones:6",
    .sums = SUMS,
    .no_bias = true,
    .update = "z is the share of the old state",
    .reset = "after the recurrent product",
};
