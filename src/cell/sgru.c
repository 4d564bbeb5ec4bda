/* sgru.c -- the simplified gated recurrent unit: one gate, which chooses between old and new.
 *
 * The first form in which the lectures meet the GRU (Ng; after Cho et al. 2014): no reset gate.
 * Gate order z n, one stage. z is the share of the old state, as in PyTorch; the lectures' gate
 * is 1 - z. h' is written as a weighted sum, so that z = 1 keeps the old state bit for bit.
 */
#include "cell/cell_in.h"

/* One row of one group.
 *
 *   gates (2,16)  in: pre-activations of z, n; out: z, n
 *   h     (16)    state before          out (16)  state after
 *
 *   z = s(a_z)   n = tanh(a_n)   h' = z h + (1 - z) n
 */
static void forward_row(rc_real *restrict gates, const rc_real *restrict h, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = vsigmoid(gates[j]);
        const rc_real n = vtanh(gates[16 + j]);

        out[j] = RC_FMA(z, h[j], (RC_C(1.0) - z) * n);
        gates[j] = z;
        gates[16 + j] = n;
    }
}

/* The way back: gates holds z, n and receives da_z, da_n; d_h += dh' z. */
static void backward_row(rc_real *restrict gates, const rc_real *restrict h,
                         const rc_real *restrict d_out, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = gates[j];
        const rc_real n = gates[16 + j];
        const rc_real fresh = RC_C(1.0) - z;

        gates[j] = d_out[j] * (h[j] - n) * (z * fresh);
        gates[16 + j] = d_out[j] * fresh * RC_FMA(-n, n, RC_C(1.0));
        d_h[j] = RC_FMA(d_out[j], z, d_h[j]);
    }
}

static void forward_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    forward_row(gates, s->in[0] + at, s->out[0] + at);
}

static void backward_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    backward_row(gates, s->in[0] + at, s->d_out[0] + at, s->d_in[0] + at);
}

static void forward(const rcc_step *s)
{
    rcc_each(s, forward_at);
}

static void backward(const rcc_step *s)
{
    rcc_each(s, backward_at);
}

const rcc_cell RC_ISA_NAME(rcc_sgru) = {
    .name = "sgru",
    .title = "simplified gated recurrent unit, one gate",
    .paper = "after Cho et al. 2014, without the reset gate",
    .equations = "z  = sigmoid(W_z x + b_z + U_z h + c_z)\n"
                 "n  = tanh(W_n x + b_n + U_n h + c_n)\n"
                 "h' = z * h + (1 - z) * n",
    .states = 1,
    .state_name = {"h"},
    .gates = 2,
    .gate_name = {"z", "n"},
    .squash = "st",
    .keeps = "+.",
    .stages = 1,
    .stage = {{.gates = 2, .v = RCC_V_STATE, .forward = forward, .backward = backward}},
    .update = "z is the share of the old state",
};
