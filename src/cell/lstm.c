/* lstm.c -- the long short-term memory with a forget gate and without peepholes.
 *
 * Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000, as in PyTorch, Keras
 * and ONNX without P. Gate order i f g o (PyTorch's), one stage. f = 1 and i = 0 keep c bit for
 * bit. tanh(c') is computed again going back: that costs less than writing and reading it.
 */
#include "cell/lstm_in.h"

/* One row of one group.
 *
 *   gates (4,16)  in: pre-activations of i, f, g, o; out: i, f, g, o
 *   c     (16)    cell before     h_out, c_out (16)  states after
 *
 *   i = s(a_i)   f = s(a_f)   g = tanh(a_g)   o = s(a_o)   c' = f c + i g   h' = o tanh(c')
 */
static void lstm_row(rc_real *restrict gates, const rc_real *restrict c, rc_real *restrict h_out,
                     rc_real *restrict c_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = vsigmoid(gates[j]);
        const rc_real f = vsigmoid(gates[16 + j]);
        const rc_real g = vtanh(gates[32 + j]);
        const rc_real o = vsigmoid(gates[48 + j]);
        const rc_real next = RC_FMA(f, c[j], i * g);

        c_out[j] = next;
        h_out[j] = o * vtanh(next);
        gates[j] = i;
        gates[16 + j] = f;
        gates[32 + j] = g;
        gates[48 + j] = o;
    }
}

/* The way back: gates holds i, f, g, o and receives their gradients.
 *
 *   c, c_out (16)  cell before and after     d_h (16)  dL/dh'
 *   d_next   (16)  dL/dc' from later steps
 *   d_c      (16)  receives dL/dc; may be d_next, so neither of the two is `restrict`: all of
 *                  d_next is read before the first of d_c is written
 */
static void lstm_back_row(rc_real *restrict gates, const rc_real *restrict c,
                          const rc_real *restrict c_out, const rc_real *restrict d_h,
                          const rc_real *d_next, rc_real *d_c)
{
    rc_real d_cell[RCK_LANES];

    for (int j = 0; j < RCK_LANES; j++)
        d_cell[j] = d_next[j];
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = gates[j];
        const rc_real f = gates[16 + j];
        const rc_real g = gates[32 + j];
        const rc_real o = gates[48 + j];
        const rc_real t = vtanh(c_out[j]);
        const rc_real d = RC_FMA(d_h[j] * o, RC_FMA(-t, t, RC_C(1.0)), d_cell[j]);

        gates[j] = d * g * (i * (RC_C(1.0) - i));
        gates[16 + j] = d * c[j] * (f * (RC_C(1.0) - f));
        gates[32 + j] = d * i * RC_FMA(-g, g, RC_C(1.0));
        gates[48 + j] = d_h[j] * t * (o * (RC_C(1.0) - o));
        d_c[j] = d * f;
    }
}

static void forward_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    lstm_row(gates, s->in[1] + at, s->out[0] + at, s->out[1] + at);
}

static void backward_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    lstm_back_row(gates, s->in[1] + at, s->out[1] + at, s->d_out[0] + at, s->d_out[1] + at,
                  s->d_in[1] + at);
}

void RC_ISA_NAME(rcc_lstm_stage)(const rcc_step *s)
{
    rcc_each(s, forward_at);
}

void RC_ISA_NAME(rcc_lstm_stage_back)(const rcc_step *s)
{
    rcc_each(s, backward_at);
}

const rcc_cell RC_ISA_NAME(rcc_lstm) = {
    .name = "lstm",
    .title = "long short-term memory",
    .paper = "Hochreiter and Schmidhuber 1997, Long Short-Term Memory; forget gate: Gers, "
             "Schmidhuber and Cummins 2000",
    .equations = "i  = sigmoid(W_i x + b_i + U_i h + c_i)\n"
                 "f  = sigmoid(W_f x + b_f + U_f h + c_f)\n"
                 "g  = tanh(W_g x + b_g + U_g h + c_g)\n"
                 "o  = sigmoid(W_o x + b_o + U_o h + c_o)\n"
                 "c' = f * c + i * g\n"
                 "h' = o * tanh(c')",
    .states = 2,
    .state_name = {"h", "c"},
    .gates = 4,
    .gate_name = {"i", "f", "g", "o"},
    .squash = "ssts",
    .keeps = "-+..",
    .stages = 1,
    .stage = {{.gates = 4,
               .v = RCC_V_STATE,
               .forward = RC_ISA_NAME(rcc_lstm_stage),
               .backward = RC_ISA_NAME(rcc_lstm_stage_back)}},
};
