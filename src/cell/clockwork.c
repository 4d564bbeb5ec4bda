/* clockwork.c -- plain networks whose units are in groups that move at different rates.
 *
 * Koutnik, Greff, Gomez and Schmidhuber 2014, A Clockwork RNN: eight groups of neighbouring units,
 * group g moves at every 2^g-th step and stands still in between; a unit reads its own group and
 * slower ones. El Hihi and Bengio 1995, Hierarchical Recurrent Neural Networks for Long-Term
 * Dependencies: the same levels of time, whose units read all others. State k counts steps, from 0
 * on and around after the slowest period; it is rounded, so that a difference of it is none. Every
 * product is made at every step: what stands still is thrown away.
 */
#include "cell/cell_in.h"

enum { GROUPS = 8, ROUND = 1 << (GROUPS - 1) };

static int64_t group_of(int64_t unit, int64_t units)
{
    return unit < units ? unit * GROUPS / units : GROUPS - 1;
}

static bool reads_slower(int64_t to, int64_t from, int64_t units)
{
    return group_of(from, units) >= group_of(to, units);
}

/* The 16 units of a group of lanes: one over their periods, and 1 for what is a unit. */
typedef struct pace {
    rc_real rate[RCK_LANES], is[RCK_LANES];
} pace;

static pace pace_of(int64_t u, int64_t units)
{
    pace p;

    for (int64_t j = 0; j < RCK_LANES; j++) {
        const int64_t unit = u * RCK_LANES + j;

        p.rate[j] = RC_C(1.0) / (rc_real)(1 << group_of(unit, units));
        p.is[j] = unit < units ? RC_C(1.0) : RC_C(0.0);
    }
    return p;
}

RC_INLINE rc_real whole(rc_real x)
{
#ifdef RC_DOUBLE
    return floor(x);
#else
    return floorf(x);
#endif
}

/* Is it the unit's turn at count k? */
RC_INLINE bool is_due(rc_real k, rc_real rate)
{
    const rc_real turns = whole(k + RC_C(0.5)) * rate;

    return turns == whole(turns);
}

static void forward_row(const rc_real *restrict a, const rc_real *restrict rate,
                        const rc_real *restrict is, const rc_real *restrict h,
                        const rc_real *restrict k, rc_real *restrict h_out, rc_real *restrict k_out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real moved = vtanh(a[j]), stays = h[j];
        const rc_real around = k[j] + RC_C(1.5) >= (rc_real)ROUND ? (rc_real)ROUND : RC_C(0.0);

        h_out[j] = is_due(k[j], rate[j]) ? moved : stays;
        k_out[j] = (k[j] + RC_C(1.0) - around) * is[j];
    }
}

/* d_k may be d_next. */
static void backward_row(rc_real *restrict gates, const rc_real *restrict rate,
                         const rc_real *restrict k, const rc_real *restrict h_out,
                         const rc_real *restrict d_out, rc_real *restrict d_h,
                         const rc_real *d_next, rc_real *d_k)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const bool due = is_due(k[j], rate[j]);
        const rc_real d = d_out[j];

        gates[j] = due ? d * RC_FMA(-h_out[j], h_out[j], RC_C(1.0)) : RC_C(0.0);
        d_h[j] += due ? RC_C(0.0) : d;
        d_k[j] = d_next[j];
    }
}

static void forward(const rcc_step *s)
{
    for (int64_t u = s->first; u < s->last; u++) {
        const pace p = pace_of(u, s->units);

        for (int64_t r = 0; r < s->rows; r++) {
            const int64_t at = r * s->ld + u * RCK_LANES;

            forward_row(rcc_group(&s->gates, u) + r * s->gates.row, p.rate, p.is, s->in[0] + at,
                        s->in[1] + at, s->out[0] + at, s->out[1] + at);
        }
    }
}

static void backward(const rcc_step *s)
{
    for (int64_t u = s->first; u < s->last; u++) {
        const pace p = pace_of(u, s->units);

        for (int64_t r = 0; r < s->rows; r++) {
            const int64_t at = r * s->ld + u * RCK_LANES;

            backward_row(rcc_group(&s->gates, u) + r * s->gates.row, p.rate, s->in[1] + at,
                         s->out[0] + at, s->d_out[0] + at, s->d_in[0] + at, s->d_out[1] + at,
                         s->d_in[1] + at);
        }
    }
}

#define EQUATIONS                                                                                  \
    "n  = tanh(W_n x + b_n + U_n h + c_n)\n"                                                       \
    "h' = n for units of group g where k is a multiple of 2^g, else h    (g = 0 .. 7)\n"           \
    "k' = k + 1, 0 after 127"

const rcc_cell RC_ISA_NAME(rcc_clockwork) = {
    .name = "clockwork",
    .title = "plain network in groups of different rates, which read slower ones",
    .paper = "Koutnik et al. 2014, A Clockwork RNN",
    .equations = EQUATIONS "\n"
                           "U_n: a unit reads its own group and slower ones, the rest is 0",
    .states = 2,
    .state_name = {"h", "k"},
    .gates = 1,
    .gate_name = {"n"},
    .squash = "t",
    .held = {RCC_HELD_RAW},
    .stages = 1,
    .stage = {{.gates = 1, .v = RCC_V_STATE, .forward = forward, .backward = backward}},
    .joins = reads_slower,
};

const rcc_cell RC_ISA_NAME(rcc_hierarchical) = {
    .name = "hierarchical",
    .title = "plain network in groups of different rates, which read all others",
    .paper = "El Hihi and Bengio 1995, Hierarchical Recurrent Neural Networks for Long-Term "
             "Dependencies",
    .equations = EQUATIONS,
    .states = 2,
    .state_name = {"h", "k"},
    .gates = 1,
    .gate_name = {"n"},
    .squash = "t",
    .held = {RCC_HELD_RAW},
    .stages = 1,
    .stage = {{.gates = 1, .v = RCC_V_STATE, .forward = forward, .backward = backward}},
};
