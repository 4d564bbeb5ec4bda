/* mlstm.c -- the multiplicative LSTM: what recurs is h, remade by every input.
 *
 * Krause, Lu, Murray and Renals 2016, Multiplicative LSTM for sequence modelling. Gate order m i f
 * g o in two stages: stage 0 makes aux 0, the product of the input's and the recurrent part of m,
 * and stage 1 is an LSTM that has it in the place of h.
 */
#include "cell/lstm_in.h"

enum { MIXED = 0 };

/* Stage 0, one row of one group: gates (1,16) W_m x + b_m, untouched; apart U_m h + c_m.
 *
 *   mixed = (W_m x + b_m) (U_m h + c_m)     kept: the recurrent part
 */
static void mix_row(const rc_real *restrict gates, const rc_real *restrict apart,
                    rc_real *restrict mixed, rc_real *restrict keep)
{
    for (int j = 0; j < RCK_LANES; j++) {
        mixed[j] = gates[j] * apart[j];
        keep[j] = apart[j];
    }
}

/* The way back: gates holds the input's part and receives its gradient, apart that of the other. */
static void mix_back_row(rc_real *restrict gates, rc_real *restrict apart,
                         const rc_real *restrict keep, const rc_real *restrict d_mixed)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real x = gates[j];

        gates[j] = d_mixed[j] * keep[j];
        apart[j] = d_mixed[j] * x;
    }
}

static void mix_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    mix_row(gates, apart, s->aux[MIXED] + at, s->keep + at);
}

static void mix_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    mix_back_row(gates, apart, s->keep + at, s->d_aux[MIXED] + at);
}

static void mix_forward(const rcc_step *s)
{
    rcc_each(s, mix_at);
}

static void mix_backward(const rcc_step *s)
{
    rcc_each(s, mix_back_at);
}

const rcc_cell RC_ISA_NAME(rcc_mlstm) = {
    .name = "mlstm",
    .title = "multiplicative LSTM",
    .paper = "Krause et al. 2016, Multiplicative LSTM for sequence modelling",
    .equations = "m  = (W_m x + b_m) * (U_m h + c_m)\n"
                 "i  = sigmoid(W_i x + b_i + U_i m + c_i)\n"
                 "f  = sigmoid(W_f x + b_f + U_f m + c_f)\n"
                 "g  = tanh(W_g x + b_g + U_g m + c_g)\n"
                 "o  = sigmoid(W_o x + b_o + U_o m + c_o)\n"
                 "c' = f * c + i * g\n"
                 "h' = o * tanh(c')",
    .states = 2,
    .state_name = {"h", "c"},
    .gates = 5,
    .gate_name = {"m", "i", "f", "g", "o"},
    .squash = "-ssts",
    .keeps = ".-+..",
    .held = {RCC_V_AUX + MIXED},
    .stages = 2,
    .stage =
        {
            {.gates = 1,
             .v = RCC_V_STATE,
             .apart = 1,
             .forward = mix_forward,
             .backward = mix_backward},
            {.gates = 4,
             .v = RCC_V_AUX + MIXED,
             .forward = RC_ISA_NAME(rcc_lstm_stage),
             .backward = RC_ISA_NAME(rcc_lstm_stage_back)},
        },
    .aux = 1,
    .keep = true,
};
