/* mgu.c -- the minimal gated unit: a GRU whose reset and update gate are one.
 *
 * Zhou, Wu, Zhang and Zhou 2016, Minimal Gated Unit for Recurrent Neural Networks. Gate order f n
 * in two stages, because U_n needs f * h: stage 0 makes aux 0 = f * h and aux 1 = f, stage 1 the
 * candidate and the state.
 */
#include "cell/cell_in.h"

enum { PART = 0, SHARE = 1 }; /* the vectors between the stages: f * h and f */

/* Stage 0, one row of one group: gates (1,16) in: pre-activation of f; out: f. */
static void gate_row(rc_real *restrict gates, const rc_real *restrict h, rc_real *restrict part,
                     rc_real *restrict share)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real f = vsigmoid(gates[j]);

        part[j] = f * h[j];
        share[j] = f;
        gates[j] = f;
    }
}

/* The way back: gates holds f and receives da_f; d_h += d_part f. */
static void gate_back_row(rc_real *restrict gates, const rc_real *restrict h,
                          const rc_real *restrict d_part, const rc_real *restrict d_share,
                          rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real f = gates[j];

        gates[j] = RC_FMA(d_part[j], h[j], d_share[j]) * (f * (RC_C(1.0) - f));
        d_h[j] = RC_FMA(d_part[j], f, d_h[j]);
    }
}

/* Stage 1: gates (1,16) in: pre-activation of n; out: n.     h' = (1 - f) h + f n */
static void state_row(rc_real *restrict gates, const rc_real *restrict share,
                      const rc_real *restrict h, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real n = vtanh(gates[j]);

        out[j] = RC_FMA(RC_C(1.0) - share[j], h[j], share[j] * n);
        gates[j] = n;
    }
}

/* The way back: gates holds n and receives da_n; d_share = df; d_h += dh' (1 - f). */
static void state_back_row(rc_real *restrict gates, const rc_real *restrict share,
                           const rc_real *restrict h, const rc_real *restrict d_out,
                           rc_real *restrict d_share, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real f = share[j];
        const rc_real n = gates[j];

        gates[j] = d_out[j] * f * RC_FMA(-n, n, RC_C(1.0));
        d_share[j] = d_out[j] * (n - h[j]);
        d_h[j] = RC_FMA(d_out[j], RC_C(1.0) - f, d_h[j]);
    }
}

static void gate_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    gate_row(gates, s->in[0] + at, s->aux[PART] + at, s->aux[SHARE] + at);
}

static void gate_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    gate_back_row(gates, s->in[0] + at, s->d_aux[PART] + at, s->d_aux[SHARE] + at, s->d_in[0] + at);
}

static void state_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    state_row(gates, s->aux[SHARE] + at, s->in[0] + at, s->out[0] + at);
}

static void state_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    state_back_row(gates, s->aux[SHARE] + at, s->in[0] + at, s->d_out[0] + at, s->d_aux[SHARE] + at,
                   s->d_in[0] + at);
}

static void gate_forward(const rcc_step *s)
{
    rcc_each(s, gate_at);
}

static void gate_backward(const rcc_step *s)
{
    rcc_each(s, gate_back_at);
}

static void state_forward(const rcc_step *s)
{
    rcc_each(s, state_at);
}

static void state_backward(const rcc_step *s)
{
    rcc_each(s, state_back_at);
}

const rcc_cell RC_ISA_NAME(rcc_mgu) = {
    .name = "mgu",
    .title = "minimal gated unit",
    .paper = "Zhou et al. 2016, Minimal Gated Unit for Recurrent Neural Networks",
    .equations = "f  = sigmoid(W_f x + b_f + U_f h + c_f)\n"
                 "n  = tanh(W_n x + b_n + U_n (f * h) + c_n)\n"
                 "h' = (1 - f) * h + f * n",
    .states = 1,
    .state_name = {"h"},
    .gates = 2,
    .gate_name = {"f", "n"},
    .squash = "st",
    .keeps = "-.",
    .stages = 2,
    .stage =
        {
            {.gates = 1, .v = RCC_V_STATE, .forward = gate_forward, .backward = gate_backward},
            {.gates = 1,
             .v = RCC_V_AUX + PART,
             .reads = 1u << SHARE,
             .forward = state_forward,
             .backward = state_backward},
        },
    .aux = 2,
    .update = "f is the share of the new state",
    .reset = "f, before the recurrent product",
};
