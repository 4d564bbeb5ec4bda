/* lstm_proj.c -- the LSTM with projection: what recurs and leaves is narrower than the memory.
 *
 * Sak, Senior and Beaufays 2014, Long Short-Term Memory Recurrent Neural Network Architectures for
 * Large Scale Acoustic Modeling, the projection that recurs alone (their second, which does not,
 * is a linear layer above); PyTorch's proj_size. Gate order i f g o, then p of P numbers: stage 0
 * is an LSTM of H units whose h is aux 0, stage 1 its product with U_p, and nothing else.
 */
#include "cell/lstm_in.h"

enum { WIDE = 0 };

/* An LSTM that gives its h to the projection. */
static void memory(const rcc_step *s)
{
    rcc_step wide = *s;

    wide.out[0] = s->aux[WIDE];
    RC_ISA_NAME(rcc_lstm_stage)(&wide);
}

static void memory_back(const rcc_step *s)
{
    rcc_step wide = *s;

    wide.out[0] = s->aux[WIDE];
    wide.d_out[0] = s->d_aux[WIDE];
    RC_ISA_NAME(rcc_lstm_stage_back)(&wide);
}

/* to = from, 16 numbers. */
static void move_row(const rc_real *restrict from, rc_real *restrict to)
{
    for (int j = 0; j < RCK_LANES; j++)
        to[j] = from[j];
}

static void leave_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    move_row(gates, s->out[0] + at);
}

static void leave_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    move_row(s->d_out[0] + at, gates);
}

static void leave(const rcc_step *s)
{
    rcc_each(s, leave_at);
}

static void leave_back(const rcc_step *s)
{
    rcc_each(s, leave_back_at);
}

const rcc_cell RC_ISA_NAME(rcc_lstm_proj) = {
    .name = "lstm-proj",
    .title = "LSTM with projection: h narrower than c",
    .paper = "Sak, Senior and Beaufays 2014, Long Short-Term Memory Recurrent Neural Network "
             "Architectures for Large Scale Acoustic Modeling",
    .equations = "i  = sigmoid(W_i x + b_i + U_i h + c_i)\n"
                 "f  = sigmoid(W_f x + b_f + U_f h + c_f)\n"
                 "g  = tanh(W_g x + b_g + U_g h + c_g)\n"
                 "o  = sigmoid(W_o x + b_o + U_o h + c_o)\n"
                 "c' = f * c + i * g\n"
                 "m  = o * tanh(c')\n"
                 "h' = U_p m",
    .states = 2,
    .narrow = 1u << 0,
    .state_name = {"h", "c"},
    .gates = 5,
    .gate_name = {"i", "f", "g", "o", "p"},
    .squash = "ssts-",
    .keeps = "-+...",
    .stages = 2,
    .stage =
        {
            {.gates = 4, .v = RCC_V_STATE, .forward = memory, .backward = memory_back},
            {.gates = 1,
             .v = RCC_V_AUX + WIDE,
             .no_x = true,
             .narrow = true,
             .forward = leave,
             .backward = leave_back},
        },
    .aux = 1,
};
