/* gru.c -- the gated recurrent unit, reset applied after the recurrent product.
 *
 * Cho et al. 2014 (first version of the preprint) in the form used by cuDNN, PyTorch, Keras with
 * reset_after=True and ONNX with linear_before_reset=1. Gate order r z n, one stage; gate n keeps
 * its W and U parts apart. h' is a weighted sum, so that z = 1 keeps the old state bit for bit.
 */
#include "cell/cell_in.h"

/* One row of one group.
 *
 *   gates (3,16)  in: W x + b of r, z, n; out: r, z, n
 *   apart (3,16)  U h + c of r, z, n
 *   h     (16)    state before          out  (16)  state after
 *                                       keep (16)  U_n h + c_n, for the way back
 *
 *   r = s(gates.r + apart.r)   z = s(gates.z + apart.z)   n = tanh(gates.n + r apart.n)
 *   h' = z h + (1 - z) n
 */
static void forward_row(rc_real *restrict gates, const rc_real *restrict apart,
                        const rc_real *restrict h, rc_real *restrict out, rc_real *restrict keep)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real r = vsigmoid(gates[j] + apart[j]);
        const rc_real z = vsigmoid(gates[16 + j] + apart[16 + j]);
        const rc_real n = vtanh(RC_FMA(r, apart[32 + j], gates[32 + j]));

        out[j] = RC_FMA(z, h[j], (RC_C(1.0) - z) * n);
        gates[j] = r;
        gates[16 + j] = z;
        gates[32 + j] = n;
        keep[j] = apart[32 + j];
    }
}

/* The way back: gates holds r, z, n and receives the gradients of the W parts, apart those of the
 * U parts (the same for r and z; r times as much for n); d_h += dh' z. */
static void backward_row(rc_real *restrict gates, rc_real *restrict apart,
                         const rc_real *restrict keep, const rc_real *restrict h,
                         const rc_real *restrict d_out, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real r = gates[j];
        const rc_real z = gates[16 + j];
        const rc_real n = gates[32 + j];
        const rc_real fresh = RC_C(1.0) - z;
        const rc_real d_n = d_out[j] * fresh * RC_FMA(-n, n, RC_C(1.0));
        const rc_real d_z = d_out[j] * (h[j] - n) * (z * fresh);
        const rc_real d_r = d_n * keep[j] * (r * (RC_C(1.0) - r));

        gates[j] = d_r;
        gates[16 + j] = d_z;
        gates[32 + j] = d_n;
        apart[j] = d_r;
        apart[16 + j] = d_z;
        apart[32 + j] = d_n * r;
        d_h[j] = RC_FMA(d_out[j], z, d_h[j]);
    }
}

static void forward_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    forward_row(gates, apart, s->in[0] + at, s->out[0] + at, s->keep + at);
}

static void backward_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    backward_row(gates, apart, s->keep + at, s->in[0] + at, s->d_out[0] + at, s->d_in[0] + at);
}

static void forward(const rcc_step *s)
{
    rcc_each(s, forward_at);
}

static void backward(const rcc_step *s)
{
    rcc_each(s, backward_at);
}

const rcc_cell RC_ISA_NAME(rcc_gru) = {
    .name = "gru",
    .title = "gated recurrent unit, reset after the recurrent product",
    .paper = "Cho et al. 2014, Learning Phrase Representations using RNN Encoder-Decoder for "
             "Statistical Machine Translation (first version)",
    .equations = "r  = sigmoid(W_r x + b_r + U_r h + c_r)\n"
                 "z  = sigmoid(W_z x + b_z + U_z h + c_z)\n"
                 "n  = tanh(W_n x + b_n + r * (U_n h + c_n))\n"
                 "h' = z * h + (1 - z) * n",
    .states = 1,
    .state_name = {"h"},
    .gates = 3,
    .gate_name = {"r", "z", "n"},
    .squash = "sst",
    .keeps = ".+.",
    .stages = 1,
    .stage = {{
        .gates = 3,
        .v = RCC_V_STATE,
        .apart = 1u << 2, /* n */
        .forward = forward,
        .backward = backward,
    }},
    .keep = true,
    .update = "z is the share of the old state",
    .reset = "after the recurrent product",
};
