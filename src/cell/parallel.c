/* parallel.c -- cells without a recurrent matrix: their gates are known for all steps at once, and
 * what is left of the recurrence is a sum of one unit with itself.
 *
 * sru: Lei, Zhang, Wang, Dai and Artzi 2018, Simple Recurrent Units for Highly Parallelizable
 * Recurrence. Its highway adds the input itself; here it always goes through a matrix of its own,
 * as there where sizes differ. mingru, minlstm: Feng, Tung, Ahmed, Bengio and Hajimirsadegh 2024,
 * Were RNNs All We Needed? qrnn: Bradbury, Merity, Xiong and Socher 2017, Quasi-Recurrent Neural
 * Networks, with fo-pooling; its convolution is --window.
 */
#include "cell/cell_in.h"

/* ---- sru: gates n f r s, vectors v_f v_r ------------------------------------------------- */

/*   f = s(a_f + v_f c)   r = s(a_r + v_r c)   c' = f c + (1 - f) n   h' = r c' + (1 - r) s */
static void sru_row(rc_real *restrict gates, const rc_real *restrict vec, const rc_real *restrict c,
                    rc_real *restrict h_out, rc_real *restrict c_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real n = gates[j];
        const rc_real f = vsigmoid(RC_FMA(vec[j], c[j], gates[16 + j]));
        const rc_real r = vsigmoid(RC_FMA(vec[16 + j], c[j], gates[32 + j]));
        const rc_real next = RC_FMA(f, c[j], (RC_C(1.0) - f) * n);

        c_out[j] = next;
        h_out[j] = RC_FMA(r, next, (RC_C(1.0) - r) * gates[48 + j]);
        gates[16 + j] = f;
        gates[32 + j] = r;
    }
}

/* d_c may be d_next: all of d_next is read before. */
static void sru_back_row(rc_real *restrict gates, const rc_real *restrict vec,
                         const rc_real *restrict c, const rc_real *restrict c_out,
                         const rc_real *restrict d_h, const rc_real *d_next, rc_real *d_c,
                         rc_real *restrict d_vec)
{
    rc_real d_cell[RCK_LANES];

    for (int j = 0; j < RCK_LANES; j++)
        d_cell[j] = d_next[j];
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real n = gates[j];
        const rc_real f = gates[16 + j];
        const rc_real r = gates[32 + j];
        const rc_real d = RC_FMA(d_h[j], r, d_cell[j]);
        const rc_real d_r = d_h[j] * (c_out[j] - gates[48 + j]) * (r * (RC_C(1.0) - r));
        const rc_real d_f = d * (c[j] - n) * (f * (RC_C(1.0) - f));

        gates[j] = d * (RC_C(1.0) - f);
        gates[16 + j] = d_f;
        gates[32 + j] = d_r;
        gates[48 + j] = d_h[j] * (RC_C(1.0) - r);
        d_c[j] = RC_FMA(d_r, vec[16 + j], RC_FMA(d_f, vec[j], d * f));
        d_vec[j] = RC_FMA(d_f, c[j], d_vec[j]);
        d_vec[16 + j] = RC_FMA(d_r, c[j], d_vec[16 + j]);
    }
}

static void sru_at(const rcc_step *s, rc_real *gates, rc_real *apart, const rc_real *vec,
                   rc_real *d_vec, int64_t at)
{
    (void)apart;
    (void)d_vec;
    sru_row(gates, vec, s->in[1] + at, s->out[0] + at, s->out[1] + at);
}

static void sru_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, const rc_real *vec,
                        rc_real *d_vec, int64_t at)
{
    rc_real unwanted[2 * RCK_LANES] = {0};

    (void)apart;
    sru_back_row(gates, vec, s->in[1] + at, s->out[1] + at, s->d_out[0] + at, s->d_out[1] + at,
                 s->d_in[1] + at, d_vec ? d_vec : unwanted);
}

static void sru_forward(const rcc_step *s)
{
    rcc_each_vec(s, sru_at);
}

static void sru_backward(const rcc_step *s)
{
    rcc_each_vec(s, sru_back_at);
}

/* ---- mingru: gates z n ------------------------------------------------------------------- */

/*   h' = (1 - z) h + z n */
static void mingru_row(rc_real *restrict gates, const rc_real *restrict h, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = vsigmoid(gates[j]);

        out[j] = RC_FMA(RC_C(1.0) - z, h[j], z * gates[16 + j]);
        gates[j] = z;
    }
}

static void mingru_back_row(rc_real *restrict gates, const rc_real *restrict h,
                            const rc_real *restrict d_out, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = gates[j];
        const rc_real stays = RC_C(1.0) - z;

        gates[j] = d_out[j] * (gates[16 + j] - h[j]) * (z * stays);
        gates[16 + j] = d_out[j] * z;
        d_h[j] = RC_FMA(d_out[j], stays, d_h[j]);
    }
}

static void mingru_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    mingru_row(gates, s->in[0] + at, s->out[0] + at);
}

static void mingru_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    mingru_back_row(gates, s->in[0] + at, s->d_out[0] + at, s->d_in[0] + at);
}

static void mingru_forward(const rcc_step *s)
{
    rcc_each(s, mingru_at);
}

static void mingru_backward(const rcc_step *s)
{
    rcc_each(s, mingru_back_at);
}

/* ---- minlstm: gates f i n ---------------------------------------------------------------- */

RC_INLINE rc_real softplus(rc_real x)
{
    const rc_real size = x < 0 ? -x : x;

    return (x < 0 ? RC_C(0.0) : x) + vlog(RC_C(1.0) + vexp(-size));
}

/* f / (f + i) is the sigmoid of log f - log i, which nothing can divide by zero.
 *
 *   keep = f / (f + i)     h' = keep h + (1 - keep) n */
static void minlstm_row(rc_real *restrict gates, const rc_real *restrict h, rc_real *restrict out,
                        rc_real *restrict keep)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real share = vsigmoid(softplus(-gates[16 + j]) - softplus(-gates[j]));

        out[j] = RC_FMA(share, h[j], (RC_C(1.0) - share) * gates[32 + j]);
        gates[j] = vsigmoid(gates[j]);
        gates[16 + j] = vsigmoid(gates[16 + j]);
        keep[j] = share;
    }
}

static void minlstm_back_row(rc_real *restrict gates, const rc_real *restrict h,
                             const rc_real *restrict keep, const rc_real *restrict d_out,
                             rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real share = keep[j];
        const rc_real rest = RC_C(1.0) - share;
        const rc_real d = d_out[j] * (h[j] - gates[32 + j]) * (share * rest);

        gates[j] = d * (RC_C(1.0) - gates[j]);
        gates[16 + j] = -d * (RC_C(1.0) - gates[16 + j]);
        gates[32 + j] = d_out[j] * rest;
        d_h[j] = RC_FMA(d_out[j], share, d_h[j]);
    }
}

static void minlstm_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    minlstm_row(gates, s->in[0] + at, s->out[0] + at, s->keep + at);
}

static void minlstm_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    minlstm_back_row(gates, s->in[0] + at, s->keep + at, s->d_out[0] + at, s->d_in[0] + at);
}

static void minlstm_forward(const rcc_step *s)
{
    rcc_each(s, minlstm_at);
}

static void minlstm_backward(const rcc_step *s)
{
    rcc_each(s, minlstm_back_at);
}

/* ---- qrnn: gates z f o ------------------------------------------------------------------- */

/*   z = tanh(a_z)   f = s(a_f)   o = s(a_o)   c' = f c + (1 - f) z   h' = o c' */
static void qrnn_row(rc_real *restrict gates, const rc_real *restrict c, rc_real *restrict h_out,
                     rc_real *restrict c_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = vtanh(gates[j]);
        const rc_real f = vsigmoid(gates[16 + j]);
        const rc_real o = vsigmoid(gates[32 + j]);
        const rc_real next = RC_FMA(f, c[j], (RC_C(1.0) - f) * z);

        c_out[j] = next;
        h_out[j] = o * next;
        gates[j] = z;
        gates[16 + j] = f;
        gates[32 + j] = o;
    }
}

/* d_c may be d_next: all of d_next is read before. */
static void qrnn_back_row(rc_real *restrict gates, const rc_real *restrict c,
                          const rc_real *restrict c_out, const rc_real *restrict d_h,
                          const rc_real *d_next, rc_real *d_c)
{
    rc_real d_cell[RCK_LANES];

    for (int j = 0; j < RCK_LANES; j++)
        d_cell[j] = d_next[j];
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = gates[j];
        const rc_real f = gates[16 + j];
        const rc_real o = gates[32 + j];
        const rc_real d = RC_FMA(d_h[j], o, d_cell[j]);

        gates[j] = d * (RC_C(1.0) - f) * RC_FMA(-z, z, RC_C(1.0));
        gates[16 + j] = d * (c[j] - z) * (f * (RC_C(1.0) - f));
        gates[32 + j] = d_h[j] * c_out[j] * (o * (RC_C(1.0) - o));
        d_c[j] = d * f;
    }
}

static void qrnn_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    qrnn_row(gates, s->in[1] + at, s->out[0] + at, s->out[1] + at);
}

static void qrnn_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    qrnn_back_row(gates, s->in[1] + at, s->out[1] + at, s->d_out[0] + at, s->d_out[1] + at,
                  s->d_in[1] + at);
}

static void qrnn_forward(const rcc_step *s)
{
    rcc_each(s, qrnn_at);
}

static void qrnn_backward(const rcc_step *s)
{
    rcc_each(s, qrnn_back_at);
}

/* ---- descriptors ------------------------------------------------------------------------- */

const rcc_cell RC_ISA_NAME(rcc_sru) = {
    .name = "sru",
    .title = "simple recurrent unit, parallel over time but for sums",
    .paper = "Lei et al. 2018, Simple Recurrent Units for Highly Parallelizable Recurrence",
    .equations = "n  = W_n x + b_n\n"
                 "f  = sigmoid(W_f x + b_f + v_f * c)\n"
                 "r  = sigmoid(W_r x + b_r + v_r * c)\n"
                 "s  = W_s x + b_s\n"
                 "c' = f * c + (1 - f) * n\n"
                 "h' = r * c' + (1 - r) * s",
    .states = 2,
    .state_name = {"h", "c"},
    .gates = 4,
    .gate_name = {"n", "f", "r", "s"},
    .squash = "-ss-",
    .keeps = ".+..",
    .stages = 1,
    .stage = {{.gates = 4, .v = RCC_NO_V, .forward = sru_forward, .backward = sru_backward}},
    .vectors = 2,
    .vector_name = {"v_f", "v_r"},
};

const rcc_cell RC_ISA_NAME(rcc_mingru) = {
    .name = "mingru",
    .title = "minimal GRU, parallel over time but for sums",
    .paper = "Feng et al. 2024, Were RNNs All We Needed?",
    .equations = "z  = sigmoid(W_z x + b_z)\n"
                 "n  = W_n x + b_n\n"
                 "h' = (1 - z) * h + z * n",
    .states = 1,
    .state_name = {"h"},
    .gates = 2,
    .gate_name = {"z", "n"},
    .squash = "s-",
    .keeps = "-.",
    .stages = 1,
    .stage = {{.gates = 2, .v = RCC_NO_V, .forward = mingru_forward, .backward = mingru_backward}},
    .update = "z is the share of the new state",
};

const rcc_cell RC_ISA_NAME(rcc_minlstm) = {
    .name = "minlstm",
    .title = "minimal LSTM, parallel over time but for sums",
    .paper = "Feng et al. 2024, Were RNNs All We Needed?",
    .equations = "f  = sigmoid(W_f x + b_f)\n"
                 "i  = sigmoid(W_i x + b_i)\n"
                 "n  = W_n x + b_n\n"
                 "h' = (f * h + i * n) / (f + i)",
    .states = 1,
    .state_name = {"h"},
    .gates = 3,
    .gate_name = {"f", "i", "n"},
    .squash = "ss-",
    .keeps = "+-.",
    .stages = 1,
    .stage =
        {{.gates = 3, .v = RCC_NO_V, .forward = minlstm_forward, .backward = minlstm_backward}},
    .keep = true,
};

const rcc_cell RC_ISA_NAME(rcc_qrnn) = {
    .name = "qrnn",
    .title = "quasi-recurrent network, parallel over time but for sums",
    .paper = "Bradbury et al. 2017, Quasi-Recurrent Neural Networks",
    .equations = "z  = tanh(W_z x + b_z)\n"
                 "f  = sigmoid(W_f x + b_f)\n"
                 "o  = sigmoid(W_o x + b_o)\n"
                 "c' = f * c + (1 - f) * z\n"
                 "h' = o * c'",
    .states = 2,
    .state_name = {"h", "c"},
    .gates = 3,
    .gate_name = {"z", "f", "o"},
    .squash = "tss",
    .keeps = ".+.",
    .stages = 1,
    .stage = {{.gates = 3, .v = RCC_NO_V, .forward = qrnn_forward, .backward = qrnn_backward}},
};
