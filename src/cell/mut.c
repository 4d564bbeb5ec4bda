/* mut.c -- three gated units that a search over architectures found.
 *
 * Jozefowicz, Zaremba and Sutskever 2015, An Empirical Exploration of Recurrent Network
 * Architectures. Where the paper adds x itself (to the candidate of MUT1, to the reset of MUT2),
 * which needs an input as wide as the state, here is W x. Stages: those of the gates, then the
 * candidate and the state; aux 0 is r * h, aux 1 is z, aux 2 the tanh(h) that z of MUT3 multiplies.
 *   h' = z n + (1 - z) h        z takes the new, unlike that of our GRUs
 */
#include "cell/cell_in.h"

enum { RESET = 0, UPDATE = 1, SQUASHED = 2 };

/* ---- rows -------------------------------------------------------------------------------- */

/* A gate r: gates (.,16) in: its pre-activation; out: r. */
static void reset_row(rc_real *restrict gates, const rc_real *restrict h, rc_real *restrict reset)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real r = vsigmoid(gates[j]);

        reset[j] = r * h[j];
        gates[j] = r;
    }
}

static void reset_back_row(rc_real *restrict gates, const rc_real *restrict h,
                           const rc_real *restrict d_reset, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real r = gates[j];

        gates[j] = d_reset[j] * h[j] * (r * (RC_C(1.0) - r));
        d_h[j] = RC_FMA(d_reset[j], r, d_h[j]);
    }
}

/* A gate z. */
static void update_row(rc_real *restrict gates, rc_real *restrict update)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = vsigmoid(gates[j]);

        update[j] = z;
        gates[j] = z;
    }
}

static void update_back_row(rc_real *restrict gates, const rc_real *restrict d_update)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = gates[j];

        gates[j] = d_update[j] * (z * (RC_C(1.0) - z));
    }
}

/* The state from the candidate n; gates (1,16) in: its pre-activation; out: n. */
static void state_row(rc_real *restrict gates, const rc_real *restrict update,
                      const rc_real *restrict h, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = update[j];
        const rc_real n = vtanh(gates[j]);

        out[j] = RC_FMA(RC_C(1.0) - z, h[j], z * n);
        gates[j] = n;
    }
}

static void state_back_row(rc_real *restrict gates, const rc_real *restrict update,
                           const rc_real *restrict h, const rc_real *restrict d_out,
                           rc_real *restrict d_update, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = update[j];
        const rc_real n = gates[j];

        gates[j] = d_out[j] * z * RC_FMA(-n, n, RC_C(1.0));
        d_update[j] = d_out[j] * (n - h[j]);
        d_h[j] = RC_FMA(d_out[j], RC_C(1.0) - z, d_h[j]);
    }
}

/* The same for MUT1, whose candidate squashes the input's part first: gates keeps tanh of it, keep
 * the candidate. */
static void twice_row(rc_real *restrict gates, const rc_real *restrict apart,
                      const rc_real *restrict update, const rc_real *restrict h,
                      rc_real *restrict out, rc_real *restrict keep)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = update[j];
        const rc_real x = vtanh(gates[j]);
        const rc_real n = vtanh(apart[j] + x);

        out[j] = RC_FMA(RC_C(1.0) - z, h[j], z * n);
        gates[j] = x;
        keep[j] = n;
    }
}

static void twice_back_row(rc_real *restrict gates, rc_real *restrict apart,
                           const rc_real *restrict update, const rc_real *restrict h,
                           const rc_real *restrict keep, const rc_real *restrict d_out,
                           rc_real *restrict d_update, rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real z = update[j];
        const rc_real x = gates[j];
        const rc_real n = keep[j];
        const rc_real d = d_out[j] * z * RC_FMA(-n, n, RC_C(1.0));

        gates[j] = d * RC_FMA(-x, x, RC_C(1.0));
        apart[j] = d;
        d_update[j] = d_out[j] * (n - h[j]);
        d_h[j] = RC_FMA(d_out[j], RC_C(1.0) - z, d_h[j]);
    }
}

static void squash_row(const rc_real *restrict h, rc_real *restrict squashed)
{
    for (int j = 0; j < RCK_LANES; j++)
        squashed[j] = vtanh(h[j]);
}

static void squash_back_row(const rc_real *restrict squashed, const rc_real *restrict d_squashed,
                            rc_real *restrict d_h)
{
    for (int j = 0; j < RCK_LANES; j++)
        d_h[j] = RC_FMA(d_squashed[j], RC_FMA(-squashed[j], squashed[j], RC_C(1.0)), d_h[j]);
}

/* ---- stages ------------------------------------------------------------------------------ */

static void update_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    update_row(gates, s->aux[UPDATE] + at);
}

static void update_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    update_back_row(gates, s->d_aux[UPDATE] + at);
}

static void reset_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    reset_row(gates, s->in[0] + at, s->aux[RESET] + at);
}

static void reset_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    reset_back_row(gates, s->in[0] + at, s->d_aux[RESET] + at, s->d_in[0] + at);
}

static void gates_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    reset_row(gates, s->in[0] + at, s->aux[RESET] + at);
    update_row(gates + RCK_LANES, s->aux[UPDATE] + at);
}

static void gates_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    reset_back_row(gates, s->in[0] + at, s->d_aux[RESET] + at, s->d_in[0] + at);
    update_back_row(gates + RCK_LANES, s->d_aux[UPDATE] + at);
}

static void squash_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    reset_row(gates, s->in[0] + at, s->aux[RESET] + at);
    squash_row(s->in[0] + at, s->aux[SQUASHED] + at);
}

static void squash_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    reset_back_row(gates, s->in[0] + at, s->d_aux[RESET] + at, s->d_in[0] + at);
    squash_back_row(s->aux[SQUASHED] + at, s->d_aux[SQUASHED] + at, s->d_in[0] + at);
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

static void twice_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    twice_row(gates, apart, s->aux[UPDATE] + at, s->in[0] + at, s->out[0] + at, s->keep + at);
}

static void twice_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    twice_back_row(gates, apart, s->aux[UPDATE] + at, s->in[0] + at, s->keep + at, s->d_out[0] + at,
                   s->d_aux[UPDATE] + at, s->d_in[0] + at);
}

#define STAGE(id)                                                                                  \
    static void id##_forward(const rcc_step *s)                                                    \
    {                                                                                              \
        rcc_each(s, id##_at);                                                                      \
    }                                                                                              \
    static void id##_backward(const rcc_step *s)                                                   \
    {                                                                                              \
        rcc_each(s, id##_back_at);                                                                 \
    }

STAGE(update)
STAGE(reset)
STAGE(gates)
STAGE(squash)
STAGE(state)
STAGE(twice)

#define PAPER "Jozefowicz et al. 2015, An Empirical Exploration of Recurrent Network Architectures"

const rcc_cell RC_ISA_NAME(rcc_mut1) = {
    .name = "mut1",
    .title = "first unit found by search: the update gate sees the input alone",
    .paper = PAPER,
    .equations = "z  = sigmoid(W_z x + b_z)\n"
                 "r  = sigmoid(W_r x + b_r + U_r h + c_r)\n"
                 "n  = tanh(tanh(W_n x + b_n) + U_n (r * h) + c_n)\n"
                 "h' = z * n + (1 - z) * h",
    .states = 1,
    .state_name = {"h"},
    .gates = 3,
    .gate_name = {"z", "r", "n"},
    .squash = "sst",
    .keeps = "-..",
    .held = {[2] = RCC_HELD_KEEP},
    .stages = 3,
    .stage =
        {
            {.gates = 1, .v = RCC_NO_V, .forward = update_forward, .backward = update_backward},
            {.gates = 1, .v = RCC_V_STATE, .forward = reset_forward, .backward = reset_backward},
            {.gates = 1,
             .v = RCC_V_AUX + RESET,
             .apart = 1,
             .reads = 1u << UPDATE,
             .forward = twice_forward,
             .backward = twice_backward},
        },
    .aux = 2,
    .keep = true,
    .update = "z is the share of the new state",
    .reset = "before the recurrent product",
};

const rcc_cell RC_ISA_NAME(rcc_mut2) = {
    .name = "mut2",
    .title = "second unit found by search: a GRU but for what resets",
    .paper = PAPER,
    .equations = "r  = sigmoid(W_r x + b_r + U_r h + c_r)\n"
                 "z  = sigmoid(W_z x + b_z + U_z h + c_z)\n"
                 "n  = tanh(W_n x + b_n + U_n (r * h) + c_n)\n"
                 "h' = z * n + (1 - z) * h",
    .states = 1,
    .state_name = {"h"},
    .gates = 3,
    .gate_name = {"r", "z", "n"},
    .squash = "sst",
    .keeps = ".-.",
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
    .update = "z is the share of the new state",
    .reset = "before the recurrent product",
};

const rcc_cell RC_ISA_NAME(rcc_mut3) = {
    .name = "mut3",
    .title = "third unit found by search: the update gate sees tanh of the state",
    .paper = PAPER,
    .equations = "r  = sigmoid(W_r x + b_r + U_r h + c_r)\n"
                 "z  = sigmoid(W_z x + b_z + U_z tanh(h) + c_z)\n"
                 "n  = tanh(W_n x + b_n + U_n (r * h) + c_n)\n"
                 "h' = z * n + (1 - z) * h",
    .states = 1,
    .state_name = {"h"},
    .gates = 3,
    .gate_name = {"r", "z", "n"},
    .squash = "sst",
    .keeps = ".-.",
    .stages = 3,
    .stage =
        {
            {.gates = 1, .v = RCC_V_STATE, .forward = squash_forward, .backward = squash_backward},
            {.gates = 1,
             .v = RCC_V_AUX + SQUASHED,
             .forward = update_forward,
             .backward = update_backward},
            {.gates = 1,
             .v = RCC_V_AUX + RESET,
             .reads = 1u << UPDATE,
             .forward = state_forward,
             .backward = state_backward},
        },
    .aux = 3,
    .update = "z is the share of the new state",
    .reset = "before the recurrent product",
};
