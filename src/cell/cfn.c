/* cfn.c -- the chaos-free network: gates between what is old and what is new, and nothing recurrent
 * inside of either, so that without input every state falls to zero.
 *
 * Laurent and von Brecht 2017, A Recurrent Neural Network Without Chaos. Gate order n f i: stage 0
 * makes the candidate, aux 0, of the input alone, stage 1 the two gates.
 */
#include "cell/cell_in.h"

enum { NEW = 0 };

/* Stage 0, one row of one group: gates (1,16) in: a pre-activation; out: n.   n = tanh(a_n) */
static void candidate_row(rc_real *restrict gates, rc_real *restrict n)
{
    for (int j = 0; j < RCK_LANES; j++)
        n[j] = gates[j] = vtanh(gates[j]);
}

static void candidate_back_row(rc_real *restrict gates, const rc_real *restrict d_n)
{
    for (int j = 0; j < RCK_LANES; j++)
        gates[j] = d_n[j] * RC_FMA(-gates[j], gates[j], RC_C(1.0));
}

/* Stage 1: gates (2,16) in: pre-activations of f and i; out: f, i.
 *
 *   f = s(a_f)   i = s(a_i)   h' = f tanh(h) + i n
 */
static void state_row(rc_real *restrict gates, const rc_real *restrict h, const rc_real *restrict n,
                      rc_real *restrict h_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real f = vsigmoid(gates[j]);
        const rc_real i = vsigmoid(gates[16 + j]);

        h_out[j] = RC_FMA(f, vtanh(h[j]), i * n[j]);
        gates[j] = f;
        gates[16 + j] = i;
    }
}

/* gates holds f, i and receives their gradients; d_n = dL/dn; d_h += the pointwise part. */
static void state_back_row(rc_real *restrict gates, const rc_real *restrict h,
                           const rc_real *restrict n, const rc_real *restrict d_out,
                           rc_real *restrict d_n, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real f = gates[j], i = gates[16 + j], t = vtanh(h[j]), d = d_out[j];

        gates[j] = d * t * (f * (RC_C(1.0) - f));
        gates[16 + j] = d * n[j] * (i * (RC_C(1.0) - i));
        d_n[j] = d * i;
        d_h[j] = RC_FMA(d * f, RC_FMA(-t, t, RC_C(1.0)), d_h[j]);
    }
}

static void candidate_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    candidate_row(gates, s->aux[NEW] + at);
}

static void candidate_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    candidate_back_row(gates, s->d_aux[NEW] + at);
}

static void state_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    state_row(gates, s->in[0] + at, s->aux[NEW] + at, s->out[0] + at);
}

static void state_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    state_back_row(gates, s->in[0] + at, s->aux[NEW] + at, s->d_out[0] + at, s->d_aux[NEW] + at,
                   s->d_in[0] + at);
}

static void candidate(const rcc_step *s)
{
    rcc_each(s, candidate_at);
}

static void candidate_back(const rcc_step *s)
{
    rcc_each(s, candidate_back_at);
}

static void state(const rcc_step *s)
{
    rcc_each(s, state_at);
}

static void state_back(const rcc_step *s)
{
    rcc_each(s, state_back_at);
}

const rcc_cell RC_ISA_NAME(rcc_cfn) = {
    .name = "cfn",
    .title = "chaos-free network: what is old and what is new, gated",
    .paper = "Laurent and von Brecht 2017, A Recurrent Neural Network Without Chaos",
    .equations = "n  = tanh(W_n x + b_n)\n"
                 "f  = sigmoid(W_f x + b_f + U_f h + c_f)\n"
                 "i  = sigmoid(W_i x + b_i + U_i h + c_i)\n"
                 "h' = f * tanh(h) + i * n",
    .states = 1,
    .state_name = {"h"},
    .gates = 3,
    .gate_name = {"n", "f", "i"},
    .squash = "tss",
    .keeps = ".+-",
    .stages = 2,
    .stage =
        {
            {.gates = 1, .v = RCC_NO_V, .forward = candidate, .backward = candidate_back},
            {.gates = 2,
             .v = RCC_V_STATE,
             .reads = 1u << NEW,
             .forward = state,
             .backward = state_back},
        },
    .aux = 1,
};
