/* fgr.c -- the LSTM with full gate recurrence: gates also see all gates of the step before.
 *
 * The ninth network of Greff et al. 2017, LSTM: A Search Space Odyssey, and the first form of
 * Hochreiter and Schmidhuber 1997. The gates are states, and nine more matrices multiply them. Gate
 * order g i f o in two stages, since the candidate g has one product and i, f, o have four; g goes
 * from one to the other in aux 0.
 */
#include "cell/cell_in.h"

enum { CANDIDATE = 0, CELL = 1, INPUT = 2, FORGET = 3, OUTPUT = 4 };

static void candidate_row(rc_real *restrict gates, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real g = vtanh(gates[j]);

        out[j] = g;
        gates[j] = g;
    }
}

static void candidate_back_row(rc_real *restrict gates, const rc_real *restrict d_out)
{
    for (int j = 0; j < RCK_LANES; j++)
        gates[j] = d_out[j] * RC_FMA(-gates[j], gates[j], RC_C(1.0));
}

/* Stage 1, one row of one group: gates (3,16) of i, f, o; vec (3,16) their peepholes. */
static void state_row(rc_real *restrict gates, const rc_real *restrict vec,
                      const rc_real *restrict g, const rc_real *restrict c, rc_real *restrict h_out,
                      rc_real *restrict c_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = vsigmoid(RC_FMA(vec[j], c[j], gates[j]));
        const rc_real f = vsigmoid(RC_FMA(vec[16 + j], c[j], gates[16 + j]));
        const rc_real next = RC_FMA(f, c[j], i * g[j]);
        const rc_real o = vsigmoid(RC_FMA(vec[32 + j], next, gates[32 + j]));

        c_out[j] = next;
        h_out[j] = o * vtanh(next);
        gates[j] = i;
        gates[16 + j] = f;
        gates[32 + j] = o;
    }
}

/* What reaches the gates as states, (3,16), and the cell from later steps, out of arrays that the
 * way back may write. */
static void read_later(rc_real *restrict d_gates, rc_real *restrict d_cell, const rc_real *d_i,
                       const rc_real *d_f, const rc_real *d_o, const rc_real *d_c)
{
    for (int j = 0; j < RCK_LANES; j++) {
        d_gates[j] = d_i[j];
        d_gates[16 + j] = d_f[j];
        d_gates[32 + j] = d_o[j];
        d_cell[j] = d_c[j];
    }
}

/* The way back: gates holds i, f, o and receives their gradients; d_cell holds dL/dc' and receives
 * dL/dc. */
static void state_back_row(rc_real *restrict gates, const rc_real *restrict vec,
                           const rc_real *restrict g, const rc_real *restrict c,
                           const rc_real *restrict c_out, const rc_real *restrict d_h,
                           const rc_real *restrict d_gates, rc_real *restrict d_cell,
                           rc_real *restrict d_g, rc_real *restrict d_vec)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = gates[j];
        const rc_real f = gates[16 + j];
        const rc_real o = gates[32 + j];
        const rc_real t = vtanh(c_out[j]);
        const rc_real d_o = RC_FMA(d_h[j], t, d_gates[32 + j]) * (o * (RC_C(1.0) - o));
        const rc_real seen = RC_FMA(d_o, vec[32 + j], d_cell[j]);
        const rc_real d = RC_FMA(d_h[j] * o, RC_FMA(-t, t, RC_C(1.0)), seen);
        const rc_real d_i = RC_FMA(d, g[j], d_gates[j]) * (i * (RC_C(1.0) - i));
        const rc_real d_f = RC_FMA(d, c[j], d_gates[16 + j]) * (f * (RC_C(1.0) - f));

        gates[j] = d_i;
        gates[16 + j] = d_f;
        gates[32 + j] = d_o;
        d_g[j] = d * i;
        d_cell[j] = RC_FMA(d_f, vec[16 + j], RC_FMA(d_i, vec[j], d * f));
        d_vec[j] = RC_FMA(d_i, c[j], d_vec[j]);
        d_vec[16 + j] = RC_FMA(d_f, c[j], d_vec[16 + j]);
        d_vec[32 + j] = RC_FMA(d_o, c_out[j], d_vec[32 + j]);
    }
}

static void candidate_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    candidate_row(gates, s->aux[CANDIDATE] + at);
}

static void candidate_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    candidate_back_row(gates, s->d_aux[CANDIDATE] + at);
}

static void state_at(const rcc_step *s, rc_real *gates, rc_real *apart, const rc_real *vec,
                     rc_real *d_vec, int64_t at)
{
    (void)apart;
    (void)d_vec;
    state_row(gates, vec, s->aux[CANDIDATE] + at, s->in[CELL] + at, s->out[0] + at,
              s->out[CELL] + at);
    for (int j = 0; j < RCK_LANES; j++) { /* a gate of nothing is 1/2: padding has to be 0 */
        const rc_real there = at % s->ld + j < s->units ? RC_C(1.0) : RC_C(0.0);

        s->out[INPUT][at + j] = there * gates[j];
        s->out[FORGET][at + j] = there * gates[16 + j];
        s->out[OUTPUT][at + j] = there * gates[32 + j];
    }
}

static void state_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, const rc_real *vec,
                          rc_real *d_vec, int64_t at)
{
    rc_real d_gates[3 * RCK_LANES], d_cell[RCK_LANES], unwanted[3 * RCK_LANES] = {0};

    (void)apart;
    read_later(d_gates, d_cell, s->d_out[INPUT] + at, s->d_out[FORGET] + at, s->d_out[OUTPUT] + at,
               s->d_out[CELL] + at);
    state_back_row(gates, vec, s->aux[CANDIDATE] + at, s->in[CELL] + at, s->out[CELL] + at,
                   s->d_out[0] + at, d_gates, d_cell, s->d_aux[CANDIDATE] + at,
                   d_vec ? d_vec : unwanted);
    for (int j = 0; j < RCK_LANES; j++) {
        s->d_in[CELL][at + j] = d_cell[j];
        s->d_in[INPUT][at + j] = RC_C(0.0); /* all of it comes through products */
        s->d_in[FORGET][at + j] = RC_C(0.0);
        s->d_in[OUTPUT][at + j] = RC_C(0.0);
    }
}

static void candidate_forward(const rcc_step *s)
{
    rcc_each(s, candidate_at);
}

static void candidate_backward(const rcc_step *s)
{
    rcc_each(s, candidate_back_at);
}

static void state_forward(const rcc_step *s)
{
    rcc_each_vec(s, state_at);
}

static void state_backward(const rcc_step *s)
{
    rcc_each_vec(s, state_back_at);
}

const rcc_cell RC_ISA_NAME(rcc_lstm_fgr) = {
    .name = "lstm-fgr",
    .title = "LSTM with peepholes, whose gates see all gates of the step before",
    .paper = "Greff et al. 2017, LSTM: A Search Space Odyssey; peepholes: Gers et al. 2002",
    .equations = "g  = tanh(W_g x + b_g + U_g h + c_g)\n"
                 "i' = sigmoid(W_i x + b_i + U_i h + c_i + p_i * c + U_ii i + U_if f + U_io o)\n"
                 "f' = sigmoid(W_f x + b_f + U_f h + c_f + p_f * c + U_fi i + U_ff f + U_fo o)\n"
                 "c' = f' * c + i' * g\n"
                 "o' = sigmoid(W_o x + b_o + U_o h + c_o + p_o * c' + U_oi i + U_of f + U_oo o)\n"
                 "h' = o' * tanh(c')",
    .states = 5,
    .state_name = {"h", "c", "i", "f", "o"},
    .gates = 4,
    .gate_name = {"g", "i", "f", "o"},
    .squash = "tsss",
    .keeps = ".-+.",
    .stages = 2,
    .stage =
        {
            {.gates = 1,
             .v = RCC_V_STATE,
             .forward = candidate_forward,
             .backward = candidate_backward},
            {.gates = 3,
             .v = RCC_V_STATE,
             .others = 3,
             .other = {RCC_V_STATE + INPUT, RCC_V_STATE + FORGET, RCC_V_STATE + OUTPUT},
             .reads = 1u << CANDIDATE,
             .forward = state_forward,
             .backward = state_backward},
        },
    .aux = 1,
    .vectors = 3,
    .vector_name = {"p_i", "p_f", "p_o"},
};
