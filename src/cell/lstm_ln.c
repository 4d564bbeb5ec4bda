/* lstm_ln.c -- the layer-normalised LSTM.
 *
 * Ba, Kiros and Hinton 2016, Layer Normalization, equations 20 to 22: W x and U h are normalised
 * apart, each over all four gates at once, then the cell before it leaves. Gate order i f g o. The
 * biases are among the vectors, behind the norms. Three stages on the same gates: sums of W x and
 * U h; gates and cell, sums of the cell; h. W x and U h stay as they are until the way back, the
 * gates are kept beside them.
 */
#include "cell/norm_in.h"

enum { GATES = 4 };
enum { I, F, G, O, KEPT }; /* kept gates; on the way back their gradients */

/* Vectors of weights. */
enum { GAIN_W = 0, GAIN_U = 4, GAIN_C = 8, BIAS = 9, BIAS_C = 13, VECTORS };

/* Numbers of a group: of W x, U h and c', each on the way there and back. */
enum { SUM_W = 0, SUM_U = 2, SUM_C = 4, BACK_W = 6, BACK_U = 8, BACK_C = 10, SUMS = 12 };

/* ---- there --------------------------------------------------------------------------------- */

static void sum_products(const rcc_step *s)
{
    for (int64_t u = s->first; u < s->last; u++) {
        rc_real is[RCK_LANES];
        const rc_real n = lanes_of(s, u, is);

        for (int64_t r = 0; r < s->rows; r++) {
            rc_real *sum = norm_sums(s, r, u, SUMS);

            norm_part(GATES, norm_block(&s->gates, r, u), is, n, sum + SUM_W);
            norm_part(GATES, norm_block(&s->apart, r, u), is, n, sum + SUM_U);
        }
    }
}

/* One row of one group.
 *
 *   w, u (4,16)  W x and U h     vec (14,16)  gains and biases     c (16)  cell before
 *   i, f, g, o (16)  receive the gates     c_out (16)  receives the cell after
 */
static void gates_row(const norm *of_w, const norm *of_u, const rc_real *restrict w,
                      const rc_real *restrict u, const rc_real *restrict vec,
                      const rc_real *restrict c, rc_real *restrict i, rc_real *restrict f,
                      rc_real *restrict g, rc_real *restrict o, rc_real *restrict c_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        rc_real a[GATES];

        for (int k = 0; k < GATES; k++)
            a[k] = RC_FMA(vec[RCC_AT(GAIN_W + k)], norm_hat(of_w, w[RCC_AT(k)]),
                          RC_FMA(vec[RCC_AT(GAIN_U + k)], norm_hat(of_u, u[RCC_AT(k)]),
                                 vec[RCC_AT(BIAS + k)]));
        i[j] = vsigmoid(a[I]);
        f[j] = vsigmoid(a[F]);
        g[j] = vtanh(a[G]);
        o[j] = vsigmoid(a[O]);
        c_out[j] = RC_FMA(f[j], c[j], i[j] * g[j]);
    }
}

static void gates_and_cell(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const rc_real *row = norm_sums(s, r, 0, SUMS);
        const norm of_w = norm_of(s, row + SUM_W, SUMS, GATES);
        const norm of_u = norm_of(s, row + SUM_U, SUMS, GATES);

        for (int64_t u = s->first; u < s->last; u++) {
            const int64_t at = r * s->ld + u * RCK_LANES;
            rc_real is[RCK_LANES];
            const rc_real n = lanes_of(s, u, is);

            gates_row(&of_w, &of_u, norm_block(&s->gates, r, u), norm_block(&s->apart, r, u),
                      rcc_group(&s->vec, u), s->in[1] + at, s->aux[I] + at, s->aux[F] + at,
                      s->aux[G] + at, s->aux[O] + at, s->out[1] + at);
            norm_part(1, s->out[1] + at, is, n, norm_sums(s, r, u, SUMS) + SUM_C);
        }
    }
}

static void h_row(const norm *of_c, const rc_real *restrict vec, const rc_real *restrict o,
                  const rc_real *restrict c_out, rc_real *restrict h_out)
{
    for (int j = 0; j < RCK_LANES; j++)
        h_out[j] = o[j] * vtanh(RC_FMA(vec[RCC_AT(GAIN_C)], norm_hat(of_c, c_out[j]),
                                       vec[RCC_AT(BIAS_C)]));
}

static void leave(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const norm of_c = norm_of(s, norm_sums(s, r, 0, SUMS) + SUM_C, SUMS, 1);

        for (int64_t u = s->first; u < s->last; u++) {
            const int64_t at = r * s->ld + u * RCK_LANES;

            h_row(&of_c, rcc_group(&s->vec, u), s->aux[O] + at, s->out[1] + at, s->out[0] + at);
        }
    }
}

/* ---- and back ------------------------------------------------------------------------------ */

/* d_o receives dL/do, q dL/dc^, both (16); hat (16) c^. */
static void h_back_row(const norm *of_c, const rc_real *restrict vec, const rc_real *restrict o,
                       const rc_real *restrict c_out, const rc_real *restrict d_h,
                       rc_real *restrict d_o, rc_real *restrict q, rc_real *restrict hat,
                       rc_real *restrict d_vec)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real x = norm_hat(of_c, c_out[j]);
        const rc_real t = vtanh(RC_FMA(vec[RCC_AT(GAIN_C)], x, vec[RCC_AT(BIAS_C)]));
        const rc_real d = d_h[j] * o[j] * RC_FMA(-t, t, RC_C(1.0));

        hat[j] = x;
        d_o[j] = d_h[j] * t;
        q[j] = d * vec[RCC_AT(GAIN_C)];
        d_vec[RCC_AT(GAIN_C)] = RC_FMA(d, x, d_vec[RCC_AT(GAIN_C)]);
        d_vec[RCC_AT(BIAS_C)] += d;
    }
}

/* d_aux[O] is dL/do from here on, d_aux[G] the q of c'. */
static void leave_back(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const norm of_c = norm_of(s, norm_sums(s, r, 0, SUMS) + SUM_C, SUMS, 1);

        for (int64_t u = s->first; u < s->last; u++) {
            const int64_t at = r * s->ld + u * RCK_LANES;
            rc_real hat[RCK_LANES], away[VECTORS * RCK_LANES] = {0};

            h_back_row(&of_c, rcc_group(&s->vec, u), s->aux[O] + at, s->out[1] + at,
                       s->d_out[0] + at, s->d_aux[O] + at, s->d_aux[G] + at, hat,
                       norm_d_vec(s, u, away));
            norm_back_part(1, s->d_aux[G] + at, hat, norm_sums(s, r, u, SUMS) + BACK_C);
        }
    }
}

/* What one row of one group reads on its way from c' to the gates. */
typedef struct cell_back {
    norm of_w, of_u, of_c;
    const rc_real *is; /* (16) */
} cell_back;

/* d_next and d_c may be one array. d_i .. d_o (16): dL/do and q of c' (in d_g) come in, gradients
 * of the pre-activations go out. */
static void cell_back_row(const cell_back *b, const rc_real *restrict i, const rc_real *restrict f,
                          const rc_real *restrict g, const rc_real *restrict o,
                          const rc_real *restrict c, const rc_real *restrict c_out,
                          const rc_real *d_next, rc_real *d_c, rc_real *restrict d_i,
                          rc_real *restrict d_f, rc_real *restrict d_g, rc_real *restrict d_o)
{
    rc_real d_cell[RCK_LANES];

    for (int j = 0; j < RCK_LANES; j++)
        d_cell[j] = d_next[j];
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real d =
            d_cell[j] + norm_back(&b->of_c, d_g[j], norm_hat(&b->of_c, c_out[j]), b->is[j]);

        d_i[j] = d * g[j] * (i[j] * (RC_C(1.0) - i[j]));
        d_f[j] = d * c[j] * (f[j] * (RC_C(1.0) - f[j]));
        d_g[j] = d * i[j] * RC_FMA(-g[j], g[j], RC_C(1.0));
        d_o[j] *= o[j] * (RC_C(1.0) - o[j]);
        d_c[j] = d * f[j];
    }
}

static void group_back(const rcc_step *s, cell_back *b, int64_t r, int64_t u)
{
    const int64_t at = r * s->ld + u * RCK_LANES;
    const rc_real *vec = rcc_group(&s->vec, u);
    rc_real is[RCK_LANES], away[VECTORS * RCK_LANES] = {0};
    rc_real d[GATES * RCK_LANES], q[GATES * RCK_LANES], hat[GATES * RCK_LANES];
    rc_real *d_vec = norm_d_vec(s, u, away), *sum = norm_sums(s, r, u, SUMS);

    (void)lanes_of(s, u, is);
    b->is = is;
    cell_back_row(b, s->aux[I] + at, s->aux[F] + at, s->aux[G] + at, s->aux[O] + at, s->in[1] + at,
                  s->out[1] + at, s->d_out[1] + at, s->d_in[1] + at, s->d_aux[I] + at,
                  s->d_aux[F] + at, s->d_aux[G] + at, s->d_aux[O] + at);
    norm_gather(s, GATES, at, d);
    for (int i = 0; i < GATES * RCK_LANES; i++)
        d_vec[BIAS * RCK_LANES + i] += d[i];
    norm_gains_back(GATES, &b->of_w, norm_block(&s->gates, r, u), vec + GAIN_W * RCK_LANES, d, q,
                    hat, d_vec + GAIN_W * RCK_LANES);
    norm_back_part(GATES, q, hat, sum + BACK_W);
    norm_gains_back(GATES, &b->of_u, norm_block(&s->apart, r, u), vec + GAIN_U * RCK_LANES, d, q,
                    hat, d_vec + GAIN_U * RCK_LANES);
    norm_back_part(GATES, q, hat, sum + BACK_U);
}

static void gates_and_cell_back(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const rc_real *row = norm_sums(s, r, 0, SUMS);
        cell_back b = {.of_w = norm_of(s, row + SUM_W, SUMS, GATES),
                       .of_u = norm_of(s, row + SUM_U, SUMS, GATES),
                       .of_c = norm_of(s, row + SUM_C, SUMS, 1)};

        norm_back_of(&b.of_c, s, row + BACK_C, SUMS, 1);
        for (int64_t u = s->first; u < s->last; u++)
            group_back(s, &b, r, u);
    }
}

static void products_back(const rcc_step *s)
{
    for (int64_t r = 0; r < s->rows; r++) {
        const rc_real *row = norm_sums(s, r, 0, SUMS);
        norm of_w = norm_of(s, row + SUM_W, SUMS, GATES);
        norm of_u = norm_of(s, row + SUM_U, SUMS, GATES);

        norm_back_of(&of_w, s, row + BACK_W, SUMS, GATES);
        norm_back_of(&of_u, s, row + BACK_U, SUMS, GATES);
        for (int64_t u = s->first; u < s->last; u++) {
            const rc_real *vec = rcc_group(&s->vec, u);
            rc_real is[RCK_LANES], d[GATES * RCK_LANES];

            (void)lanes_of(s, u, is);
            norm_gather(s, GATES, r * s->ld + u * RCK_LANES, d);
            norm_product_back(GATES, &of_w, d, vec + GAIN_W * RCK_LANES, is,
                              norm_block(&s->gates, r, u));
            norm_product_back(GATES, &of_u, d, vec + GAIN_U * RCK_LANES, is,
                              norm_block(&s->apart, r, u));
        }
    }
}

const rcc_cell RC_ISA_NAME(rcc_lstm_ln) = {
    .name = "lstm-ln",
    .title = "layer-normalised LSTM",
    .paper = "Ba, Kiros and Hinton 2016, Layer Normalization",
    .equations = "N(x) = (x - mean) / sqrt(variance + 0.00001), over all units of i, f, g, o\n"
                 "i  = sigmoid(p_i * N(W_i x) + q_i * N(U_i h) + b_i)\n"
                 "f  = sigmoid(p_f * N(W_f x) + q_f * N(U_f h) + b_f)\n"
                 "g  = tanh(p_g * N(W_g x) + q_g * N(U_g h) + b_g)\n"
                 "o  = sigmoid(p_o * N(W_o x) + q_o * N(U_o h) + b_o)\n"
                 "c' = f * c + i * g\n"
                 "h' = o * tanh(p_c * N(c') + b_c)",
    .states = 2,
    .state_name = {"h", "c"},
    .gates = GATES,
    .gate_name = {"i", "f", "g", "o"},
    .squash = "ssts",
    .keeps = "-+..",
    .held = {RCC_V_AUX + I, RCC_V_AUX + F, RCC_V_AUX + G, RCC_V_AUX + O},
    .stages = 3,
    .stage =
        {
            {.gates = GATES,
             .v = RCC_V_STATE,
             .apart = (1u << GATES) - 1,
             .forward = sum_products,
             .backward = products_back},
            {.goes_on = true,
             .v = RCC_NO_V,
             .reads = (1u << KEPT) - 1,
             .forward = gates_and_cell,
             .backward = gates_and_cell_back},
            {.goes_on = true,
             .v = RCC_NO_V,
             .reads = 1u << G | 1u << O,
             .forward = leave,
             .backward = leave_back},
        },
    .aux = KEPT,
    .vectors = VECTORS,
    .vector_name = {"p_i", "p_f", "p_g", "p_o", "q_i", "q_f", "q_g", "q_o", "p_c", "b_i", "b_f",
                    "b_g", "b_o", "b_c"},
    .vector_rule = "ones:9",
    .sums = SUMS,
    .no_bias = true,
};
