/* rnn.c -- the plain recurrent network, with tanh and with ReLU, and what is left of it without
 * recurrence.
 *
 * One gate and one state. Follows Elman 1990; `irnn` is the ReLU network whose recurrent weights
 * start as the identity (Le, Jaitly and Hinton 2015): the same arithmetic, another beginning.
 * The gate's block is not written going forward: what backward needs is the state itself.
 */
#include "cell/cell_in.h"

/* h' = tanh(a) */
static void tanh_row(const rc_real *restrict a, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++)
        out[j] = vtanh(a[j]);
}

/* da = dh' (1 - h'^2) */
static void tanh_back_row(const rc_real *restrict out, const rc_real *restrict d_out,
                          rc_real *restrict d_a)
{
    for (int j = 0; j < RCK_LANES; j++)
        d_a[j] = d_out[j] * RC_FMA(-out[j], out[j], RC_C(1.0));
}

/* h' = max(a, 0); NaN stays NaN */
static void relu_row(const rc_real *restrict a, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++)
        out[j] = RC_C(0.0) > a[j] ? RC_C(0.0) : a[j];
}

/* da = dh' where h' > 0, else 0; where h' is NaN the gradient passes */
static void relu_back_row(const rc_real *restrict out, const rc_real *restrict d_out,
                          rc_real *restrict d_a)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real d = d_out[j]; /* read it in any case, or the loop is not vector code */

        d_a[j] = out[j] <= RC_C(0.0) ? RC_C(0.0) : d;
    }
}

static void tanh_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    tanh_row(gates, s->out[0] + at);
}

static void tanh_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    tanh_back_row(s->out[0] + at, s->d_out[0] + at, gates);
}

static void relu_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    relu_row(gates, s->out[0] + at);
}

static void relu_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    relu_back_row(s->out[0] + at, s->d_out[0] + at, gates);
}

static void tanh_forward(const rcc_step *s)
{
    rcc_each(s, tanh_at);
}

static void tanh_backward(const rcc_step *s)
{
    rcc_each(s, tanh_back_at);
}

static void relu_forward(const rcc_step *s)
{
    rcc_each(s, relu_at);
}

static void relu_backward(const rcc_step *s)
{
    rcc_each(s, relu_back_at);
}

const rcc_cell RC_ISA_NAME(rcc_tanh) = {
    .name = "tanh",
    .title = "plain recurrent network, tanh",
    .paper = "Elman 1990, Finding Structure in Time",
    .equations = "h' = tanh(W_n x + b_n + U_n h + c_n)",
    .states = 1,
    .state_name = {"h"},
    .gates = 1,
    .gate_name = {"n"},
    .squash = "t",
    .held = {RCC_HELD_RAW},
    .stages = 1,
    .stage = {{.gates = 1, .v = RCC_V_STATE, .forward = tanh_forward, .backward = tanh_backward}},
};

const rcc_cell RC_ISA_NAME(rcc_relu) = {
    .name = "relu",
    .title = "plain recurrent network, ReLU",
    .paper = "Elman 1990, with the rectifier of Nair and Hinton 2010",
    .equations = "h' = max(0, W_n x + b_n + U_n h + c_n)",
    .states = 1,
    .state_name = {"h"},
    .gates = 1,
    .gate_name = {"n"},
    .squash = "r",
    .held = {RCC_HELD_RAW},
    .stages = 1,
    .stage = {{.gates = 1, .v = RCC_V_STATE, .forward = relu_forward, .backward = relu_backward}},
};

const rcc_cell RC_ISA_NAME(rcc_irnn) = {
    .name = "irnn",
    .title = "plain recurrent network, ReLU, recurrent weights start as the identity",
    .paper = "Le, Jaitly and Hinton 2015, A Simple Way to Initialize Recurrent Networks of "
             "Rectified Linear Units",
    .equations = "h' = max(0, W_n x + b_n + U_n h + c_n)    U_n = I at the start",
    .states = 1,
    .state_name = {"h"},
    .gates = 1,
    .gate_name = {"n"},
    .squash = "r",
    .held = {RCC_HELD_RAW},
    .stages = 1,
    .stage = {{.gates = 1, .v = RCC_V_STATE, .forward = relu_forward, .backward = relu_backward}},
    .identity = true,
};

const rcc_cell RC_ISA_NAME(rcc_none) = {
    .name = "none",
    .title = "no recurrence: a layer of tanh at every step",
    .paper =
        "Rosenblatt 1962, Principles of Neurodynamics; over a window of symbols: Bengio et al. "
        "2003",
    .equations = "h' = tanh(W_n x + b_n)",
    .states = 1,
    .state_name = {"h"},
    .gates = 1,
    .gate_name = {"n"},
    .squash = "t",
    .held = {RCC_HELD_RAW},
    .stages = 1,
    .stage = {{.gates = 1, .v = RCC_NO_V, .forward = tanh_forward, .backward = tanh_backward}},
};
