/* rhn.c -- recurrent highway networks: between two states there are several highway layers.
 *
 * Zilly, Srivastava, Koutnik and Schmidhuber 2017, Recurrent Highway Networks, with the carry gate
 * coupled to the transform gate as in the paper's experiments. Layer l is stage l - 1 with the
 * gates n_l and t_l; only the first reads x. What a layer gives is the next one's v, in aux l - 1;
 * the last gives the state.
 */
#include "cell/cell_in.h"

/* One row of one group: gates (2,16) in: pre-activations of n, t; out: n, t.
 *
 *   out = t n + (1 - t) s        s: what the layer before gave
 */
static void layer_row(rc_real *restrict gates, const rc_real *restrict s, rc_real *restrict out)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real n = vtanh(gates[j]);
        const rc_real t = vsigmoid(gates[16 + j]);

        out[j] = RC_FMA(RC_C(1.0) - t, s[j], t * n);
        gates[j] = n;
        gates[16 + j] = t;
    }
}

/* The way back: gates receive their gradients; d_s is added to, or written where it is fresh. */
RC_INLINE void back_row(const bool fresh, rc_real *restrict gates, const rc_real *restrict s,
                        const rc_real *restrict d_out, rc_real *restrict d_s)
{
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real n = gates[j];
        const rc_real t = gates[16 + j];
        const rc_real stays = RC_C(1.0) - t;

        gates[j] = d_out[j] * t * RC_FMA(-n, n, RC_C(1.0));
        gates[16 + j] = d_out[j] * (n - s[j]) * (t * stays);
        d_s[j] = fresh ? d_out[j] * stays : RC_FMA(d_out[j], stays, d_s[j]);
    }
}

/* A first layer's s is the state, whose gradient others have met. */
static void first_back_row(rc_real *restrict gates, const rc_real *restrict s,
                           const rc_real *restrict d_out, rc_real *restrict d_s)
{
    back_row(false, gates, s, d_out, d_s);
}

static void later_back_row(rc_real *restrict gates, const rc_real *restrict s,
                           const rc_real *restrict d_out, rc_real *restrict d_s)
{
    back_row(true, gates, s, d_out, d_s);
}

/* Layer `l` of `depth`, both from 1. */
RC_INLINE void forward_at(const int l, const int depth, const rcc_step *s, rc_real *gates,
                          int64_t at)
{
    layer_row(gates, (l == 1 ? s->in[0] : s->aux[l - 2]) + at,
              (l == depth ? s->out[0] : s->aux[l - 1]) + at);
}

RC_INLINE void backward_at(const int l, const int depth, const rcc_step *s, rc_real *gates,
                           int64_t at)
{
    const rc_real *d_out = (l == depth ? s->d_out[0] : s->d_aux[l - 1]) + at;

    if (l == 1)
        first_back_row(gates, s->in[0] + at, d_out, s->d_in[0] + at);
    else
        later_back_row(gates, s->aux[l - 2] + at, d_out, s->d_aux[l - 2] + at);
}

/* Functions of layer l of a network of `depth`. */
#define LAYER(depth, l)                                                                            \
    static void at_##depth##_##l(const rcc_step *s, rc_real *gates, rc_real *apart, int64_t at)    \
    {                                                                                              \
        (void)apart;                                                                               \
        forward_at(l, depth, s, gates, at);                                                        \
    }                                                                                              \
    static void back_at_##depth##_##l(const rcc_step *s, rc_real *gates, rc_real *apart,           \
                                      int64_t at)                                                  \
    {                                                                                              \
        (void)apart;                                                                               \
        backward_at(l, depth, s, gates, at);                                                       \
    }                                                                                              \
    static void forward_##depth##_##l(const rcc_step *s)                                           \
    {                                                                                              \
        rcc_each(s, at_##depth##_##l);                                                             \
    }                                                                                              \
    static void backward_##depth##_##l(const rcc_step *s)                                          \
    {                                                                                              \
        rcc_each(s, back_at_##depth##_##l);                                                        \
    }

LAYER(2, 1)
LAYER(2, 2)
LAYER(5, 1)
LAYER(5, 2)
LAYER(5, 3)
LAYER(5, 4)
LAYER(5, 5)
LAYER(10, 1)
LAYER(10, 2)
LAYER(10, 3)
LAYER(10, 4)
LAYER(10, 5)
LAYER(10, 6)
LAYER(10, 7)
LAYER(10, 8)
LAYER(10, 9)
LAYER(10, 10)

#define FIRST(depth)                                                                               \
    {                                                                                              \
        .gates = 2, .v = RCC_V_STATE, .forward = forward_##depth##_1,                              \
        .backward = backward_##depth##_1                                                           \
    }
#define LATER(depth, l)                                                                            \
    {                                                                                              \
        .gates = 2, .v = RCC_V_AUX + (l)-2, .no_x = true, .reads = 1u << ((l)-2),                  \
        .forward = forward_##depth##_##l, .backward = backward_##depth##_##l                       \
    }

#define X_LINES(s)                                                                                 \
    "n1 = tanh(W_n1 x + b_n1 + U_n1 h + c_n1)\n"                                                   \
    "t1 = sigmoid(W_t1 x + b_t1 + U_t1 h + c_t1)\n" s " = t1 * n1 + (1 - t1) * h"
#define LINES(l, before, s)                                                                        \
    "\nn" #l " = tanh(b_n" #l " + U_n" #l " " before " + c_n" #l ")\n"                             \
    "t" #l " = sigmoid(b_t" #l " + U_t" #l " " before " + c_t" #l ")\n" s " = t" #l " * n" #l      \
    " + (1 - t" #l ") * " before

#define RHN(id, word, deep, lines, ...)                                                            \
    const rcc_cell RC_ISA_NAME(rcc_##id) = {                                                       \
        .name = word,                                                                              \
        .title = "recurrent highway network, depth " #deep,                                        \
        .paper = "Zilly et al. 2017, Recurrent Highway Networks",                                  \
        .equations = lines,                                                                        \
        .states = 1,                                                                               \
        .state_name = {"h"},                                                                       \
        .gates = 2 * (deep),                                                                       \
        .stages = (deep),                                                                          \
        .aux = (deep)-1,                                                                           \
        __VA_ARGS__,                                                                               \
    }

RHN(rhn_2, "rhn-2", 2, X_LINES("s1") LINES(2, "s1", "h'"), .squash = "tsts", .keeps = ".-.-",
    .gate_name = {"n1", "t1", "n2", "t2"}, .stage = {FIRST(2), LATER(2, 2)});

RHN(rhn_5, "rhn-5", 5,
    X_LINES("s1") LINES(2, "s1", "s2") LINES(3, "s2", "s3") LINES(4, "s3", "s4")
        LINES(5, "s4", "h'"),
    .squash = "tststststs", .keeps = ".-.-.-.-.-",
    .gate_name = {"n1", "t1", "n2", "t2", "n3", "t3", "n4", "t4", "n5", "t5"},
    .stage = {FIRST(5), LATER(5, 2), LATER(5, 3), LATER(5, 4), LATER(5, 5)});

RHN(rhn_10, "rhn-10", 10,
    X_LINES("s1") LINES(2, "s1", "s2") LINES(3, "s2", "s3") LINES(4, "s3", "s4")
        LINES(5, "s4", "s5") LINES(6, "s5", "s6") LINES(7, "s6", "s7") LINES(8, "s7", "s8")
            LINES(9, "s8", "s9") LINES(10, "s9", "h'"),
    .squash = "tstststststststststs", .keeps = ".-.-.-.-.-.-.-.-.-.-",
    .gate_name = {"n1", "t1", "n2", "t2", "n3", "t3", "n4", "t4", "n5",  "t5",
                  "n6", "t6", "n7", "t7", "n8", "t8", "n9", "t9", "n10", "t10"},
    .stage = {FIRST(10), LATER(10, 2), LATER(10, 3), LATER(10, 4), LATER(10, 5), LATER(10, 6),
              LATER(10, 7), LATER(10, 8), LATER(10, 9), LATER(10, 10)});
