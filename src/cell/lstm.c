/* lstm.c -- the long short-term memory with a forget gate and without peepholes.
 *
 * Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000, as in PyTorch, Keras
 * and ONNX without P. Gate order i f g o (PyTorch's), one stage. f = 1 and i = 0 keep c bit for
 * bit. tanh(c') is computed again going back: that costs less than writing and reading it.
 */
#include "cell/lstm_in.h"

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

static void forward(const rcc_step *s)
{
    rcc_each(s, forward_at);
}

static void backward(const rcc_step *s)
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
    .stages = 1,
    .stage = {{.gates = 4, .v = RCC_V_STATE, .forward = forward, .backward = backward}},
    .forget = 1,
};
