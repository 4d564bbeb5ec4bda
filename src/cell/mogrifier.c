/* mogrifier.c -- the Mogrifier LSTM: before every step input and state gate each other in turn.
 *
 * Melis, Kocisky and Blunsom 2020, Mogrifier LSTM, five rounds with full matrices. The input comes
 * in through a matrix of its own, x = W_x x, since it has to have H numbers for the rounds; on
 * symbol vectors that adds nothing (a table times a matrix is a table). The gates read the gated
 * vectors alone, U for the state and V for the input. Gate order x p q r s t, then i f g o; stage
 * by stage each round multiplies what the round before has made.
 */
#include "cell/lstm_in.h"

/* Vectors between stages, in the order of their making: x_0 and what each round makes. */
enum { X0, X1, H2, X3, H4, X5, MADE };

/* The input's own matrix, one row of one group. */
static void enter_row(const rc_real *restrict gates, rc_real *restrict x)
{
    for (int j = 0; j < RCK_LANES; j++)
        x[j] = gates[j];
}

/* A round: gates (1,16) in: a pre-activation; out: its sigmoid.
 *
 *   to = 2 sigmoid(a) from      (1 is neutral)
 */
static void round_row(rc_real *restrict gates, const rc_real *restrict from, rc_real *restrict to)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real s = vsigmoid(gates[j]);

        to[j] = RC_C(2.0) * s * from[j];
        gates[j] = s;
    }
}

/* gates holds the sigmoid and receives its gradient; d_from = 2 sigmoid(a) d_to; `add`: +=. */
RC_INLINE void round_back_row(rc_real *restrict gates, const rc_real *restrict from,
                              const rc_real *restrict d_to, rc_real *restrict d_from,
                              const bool add)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real s = gates[j];
        const rc_real d = RC_C(2.0) * d_to[j];

        gates[j] = d * from[j] * (s * (RC_C(1.0) - s));
        d_from[j] = add ? RC_FMA(d, s, d_from[j]) : d * s;
    }
}

static void enter_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    enter_row(gates, s->aux[X0] + at);
}

static void enter_back_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    enter_row(s->d_aux[X0] + at, gates);
}

static void enter(const rcc_step *s)
{
    rcc_each(s, enter_at);
}

static void enter_back(const rcc_step *s)
{
    rcc_each(s, enter_back_at);
}

/* The round that makes vector `to`: out of the one two rounds before, or out of h. */
#define ROUND(to, from)                                                                            \
    static void make_##to##_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)      \
    {                                                                                              \
        (void)apart;                                                                               \
        round_row(gates, s->aux[from] + at, s->aux[to] + at);                                      \
    }                                                                                              \
    static void back_##to##_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)      \
    {                                                                                              \
        (void)apart;                                                                               \
        round_back_row(gates, s->aux[from] + at, s->d_aux[to] + at, s->d_aux[from] + at, false);   \
    }                                                                                              \
    static void make_##to(const rcc_step *s)                                                       \
    {                                                                                              \
        rcc_each(s, make_##to##_at);                                                               \
    }                                                                                              \
    static void back_##to(const rcc_step *s)                                                       \
    {                                                                                              \
        rcc_each(s, back_##to##_at);                                                               \
    }

ROUND(X1, X0)
ROUND(X3, X1)
ROUND(H4, H2)
ROUND(X5, X3)

static void make_H2_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    round_row(gates, s->in[0] + at, s->aux[H2] + at);
}

static void back_H2_at(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)
{
    (void)apart;
    round_back_row(gates, s->in[0] + at, s->d_aux[H2] + at, s->d_in[0] + at, true);
}

static void make_H2(const rcc_step *s)
{
    rcc_each(s, make_H2_at);
}

static void back_H2(const rcc_step *s)
{
    rcc_each(s, back_H2_at);
}

#define STAGE(by, name, of)                                                                        \
    {                                                                                              \
        .gates = 1, .no_x = true, .v = by, .reads = of, .forward = make_##name,                    \
        .backward = back_##name                                                                    \
    }

const rcc_cell RC_ISA_NAME(rcc_mogrifier) = {
    .name = "mogrifier",
    .title = "LSTM whose input and state gate each other five times before",
    .paper = "Melis, Kocisky and Blunsom 2020, Mogrifier LSTM",
    .equations = "x0 = W_x x + b_x\n"
                 "x1 = 2 sigmoid(b_p + U_p h + c_p) * x0\n"
                 "h2 = 2 sigmoid(b_q + U_q x1 + c_q) * h\n"
                 "x3 = 2 sigmoid(b_r + U_r h2 + c_r) * x1\n"
                 "h4 = 2 sigmoid(b_s + U_s x3 + c_s) * h2\n"
                 "x5 = 2 sigmoid(b_t + U_t h4 + c_t) * x3\n"
                 "i  = sigmoid(b_i + U_i h4 + c_i + V_i x5)\n"
                 "f  = sigmoid(b_f + U_f h4 + c_f + V_f x5)\n"
                 "g  = tanh(b_g + U_g h4 + c_g + V_g x5)\n"
                 "o  = sigmoid(b_o + U_o h4 + c_o + V_o x5)\n"
                 "c' = f * c + i * g\n"
                 "h' = o * tanh(c')",
    .states = 2,
    .state_name = {"h", "c"},
    .gates = 10,
    .gate_name = {"x", "p", "q", "r", "s", "t", "i", "f", "g", "o"},
    .squash = "-sssssssts",
    .keeps = "......-+..",
    .stages = 7,
    .stage =
        {
            {.gates = 1, .v = RCC_NO_V, .forward = enter, .backward = enter_back},
            STAGE(RCC_V_STATE, X1, 1u << X0),
            STAGE(RCC_V_AUX + X1, H2, 0),
            STAGE(RCC_V_AUX + H2, X3, 1u << X1),
            STAGE(RCC_V_AUX + X3, H4, 1u << H2),
            STAGE(RCC_V_AUX + H4, X5, 1u << X3),
            {.gates = 4,
             .no_x = true,
             .v = RCC_V_AUX + H4,
             .others = 1,
             .other = {RCC_V_AUX + X5},
             .forward = RC_ISA_NAME(rcc_lstm_stage),
             .backward = RC_ISA_NAME(rcc_lstm_stage_back)},
        },
    .aux = MADE,
};
