/* deep.c -- the deep transition: between two states of a plain network there is a layer.
 *
 * Pascanu, Gulcehre, Cho and Bengio 2014, How to Construct Deep Recurrent Neural Networks: DT-RNN,
 * and DT(S)-RNN, whose state also has a short way to the next. Gate order m n in two stages; aux 0
 * is the layer between.
 */
#include "cell/cell_in.h"

enum { MIDDLE = 0 };

/* Both stages, one row of one group: gates (1,16) in: a pre-activation; out: its tanh. */
static void tanh_row(rc_real *restrict gates, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real n = vtanh(gates[j]);

        out[j] = n;
        gates[j] = n;
    }
}

static void tanh_back_row(rc_real *restrict gates, const rc_real *restrict d_out)
{
    for (int j = 0; j < RCK_LANES; j++)
        gates[j] = d_out[j] * RC_FMA(-gates[j], gates[j], RC_C(1.0));
}

static void middle_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    tanh_row(gates, s->aux[MIDDLE] + at);
}

static void middle_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    tanh_back_row(gates, s->d_aux[MIDDLE] + at);
}

static void state_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    tanh_row(gates, s->out[0] + at);
}

static void state_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    tanh_back_row(gates, s->d_out[0] + at);
}

static void middle_forward(const rcc_step *s)
{
    rcc_each(s, middle_at);
}

static void middle_backward(const rcc_step *s)
{
    rcc_each(s, middle_back_at);
}

static void state_forward(const rcc_step *s)
{
    rcc_each(s, state_at);
}

static void state_backward(const rcc_step *s)
{
    rcc_each(s, state_back_at);
}

#define PAPER "Pascanu et al. 2014, How to Construct Deep Recurrent Neural Networks"
#define FIRST                                                                                      \
    {                                                                                              \
        .gates = 1, .v = RCC_V_STATE, .forward = middle_forward, .backward = middle_backward       \
    }

const rcc_cell RC_ISA_NAME(rcc_dt) = {
    .name = "dt",
    .title = "plain network with a deep transition",
    .paper = PAPER,
    .equations = "m  = tanh(W_m x + b_m + U_m h + c_m)\n"
                 "h' = tanh(b_n + U_n m + c_n)",
    .states = 1,
    .state_name = {"h"},
    .gates = 2,
    .gate_name = {"m", "n"},
    .squash = "tt",
    .stages = 2,
    .stage = {FIRST,
              {.gates = 1,
               .v = RCC_V_AUX + MIDDLE,
               .no_x = true,
               .forward = state_forward,
               .backward = state_backward}},
    .aux = 1,
};

const rcc_cell RC_ISA_NAME(rcc_dts) = {
    .name = "dt-s",
    .title = "plain network with a deep transition and a way around it",
    .paper = PAPER,
    .equations = "m  = tanh(W_m x + b_m + U_m h + c_m)\n"
                 "h' = tanh(b_n + U_n m + c_n + U_n2 h)",
    .states = 1,
    .state_name = {"h"},
    .gates = 2,
    .gate_name = {"m", "n"},
    .squash = "tt",
    .stages = 2,
    .stage = {FIRST,
              {.gates = 1,
               .v = RCC_V_AUX + MIDDLE,
               .no_x = true,
               .others = 1,
               .other = {RCC_V_STATE},
               .forward = state_forward,
               .backward = state_backward}},
    .aux = 1,
};
