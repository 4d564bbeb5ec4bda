/* gru_before.c -- the gated recurrent unit, reset applied before the recurrent product.
 *
 * Cho et al. 2014 (published version), Chung et al. 2014; Keras with reset_after=False, ONNX with
 * linear_before_reset=0, and the lectures. Gate order r z n in two stages, because U_n needs r * h:
 * stage 0 makes aux 0 = r * h and aux 1 = z, stage 1 the candidate and the state.
 */
#include "cell/cell_in.h"

enum { RESET = 0, UPDATE = 1 }; /* the vectors between the stages: r * h and z */

/* Stage 0, one row of one group.
 *
 *   gates (2,16)  in: pre-activations of r, z; out: r, z
 *   h     (16)    state before     reset (16)  r * h     update (16)  z
 */
static void gates_row(rc_real *restrict gates, const rc_real *restrict h, rc_real *restrict reset,
                      rc_real *restrict update)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real r = vsigmoid(gates[j]);
        const rc_real z = vsigmoid(gates[16 + j]);

        reset[j] = r * h[j];
        update[j] = z;
        gates[j] = r;
        gates[16 + j] = z;
    }
}

/* The way back: gates holds r, z and receives da_r, da_z; d_h += d_reset r. */
static void gates_back_row(rc_real *restrict gates, const rc_real *restrict h,
                           const rc_real *restrict d_reset, const rc_real *restrict d_update,
                           rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real r = gates[j];
        const rc_real z = gates[16 + j];

        gates[j] = d_reset[j] * h[j] * (r * (RC_C(1.0) - r));
        gates[16 + j] = d_update[j] * (z * (RC_C(1.0) - z));
        d_h[j] = RC_FMA(d_reset[j], r, d_h[j]);
    }
}

/* Stage 1, one row of one group: gates (1,16) in: pre-activation of n; out: n.
 *
 *   n = tanh(a_n)   h' = z h + (1 - z) n
 */
static void state_row(rc_real *restrict gates, const rc_real *restrict update,
                      const rc_real *restrict h, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = update[j];
        const rc_real n = vtanh(gates[j]);

        out[j] = RC_FMA(z, h[j], (RC_C(1.0) - z) * n);
        gates[j] = n;
    }
}

/* The way back: gates holds n and receives da_n; d_update = dz; d_h += dh' z. */
static void state_back_row(rc_real *restrict gates, const rc_real *restrict update,
                           const rc_real *restrict h, const rc_real *restrict d_out,
                           rc_real *restrict d_update, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = update[j];
        const rc_real n = gates[j];

        gates[j] = d_out[j] * (RC_C(1.0) - z) * RC_FMA(-n, n, RC_C(1.0));
        d_update[j] = d_out[j] * (h[j] - n);
        d_h[j] = RC_FMA(d_out[j], z, d_h[j]);
    }
}

static void gates_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    gates_row(gates, s->in[0] + at, s->aux[RESET] + at, s->aux[UPDATE] + at);
}

static void gates_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    gates_back_row(gates, s->in[0] + at, s->d_aux[RESET] + at, s->d_aux[UPDATE] + at,
                   s->d_in[0] + at);
}

static void state_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    state_row(gates, s->aux[UPDATE] + at, s->in[0] + at, s->out[0] + at);
}

static void state_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    state_back_row(gates, s->aux[UPDATE] + at, s->in[0] + at, s->d_out[0] + at,
                   s->d_aux[UPDATE] + at, s->d_in[0] + at);
}

static void gates_forward(const rcc_step *s)
{
    rcc_each(s, gates_at);
}

static void gates_backward(const rcc_step *s)
{
    rcc_each(s, gates_back_at);
}

static void state_forward(const rcc_step *s)
{
    rcc_each(s, state_at);
}

static void state_backward(const rcc_step *s)
{
    rcc_each(s, state_back_at);
}

const rcc_cell RC_ISA_NAME(rcc_gru_before) = {
    .name = "gru-before",
    .title = "gated recurrent unit, reset before the recurrent product",
    .paper = "Cho et al. 2014, Learning Phrase Representations using RNN Encoder-Decoder for "
             "Statistical Machine Translation (published version)",
    .equations = "r  = sigmoid(W_r x + b_r + U_r h + c_r)\n"
                 "z  = sigmoid(W_z x + b_z + U_z h + c_z)\n"
                 "n  = tanh(W_n x + b_n + U_n (r * h) + c_n)\n"
                 "h' = z * h + (1 - z) * n",
    .states = 1,
    .state_name = {"h"},
    .gates = 3,
    .gate_name = {"r", "z", "n"},
    .squash = "sst",
    .keeps = ".+.",
    .stages = 2,
    .stage =
        {
            {.gates = 2, .v = RCC_V_STATE, .forward = gates_forward, .backward = gates_backward},
            {.gates = 1,
             .v = RCC_V_AUX + RESET,
             .reads = 1u << UPDATE,
             .forward = state_forward,
             .backward = state_backward},
        },
    .aux = 2,
    .update = "z is the share of the old state",
    .reset = "before the recurrent product",
};
