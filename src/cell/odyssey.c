/* odyssey.c -- the LSTM with peepholes and its variants, each without or with one thing.
 *
 * Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber 2017, LSTM: A Search Space Odyssey;
 * peepholes are those of Gers, Schraudolph and Schmidhuber 2002. Their variant without peepholes
 * (NP) is lstm.c. Gate order i f g o without what a variant lacks. One body has all: what a variant
 * is made of are constants. i and f look at c before the step, o at c after it.
 */
#include "cell/cell_in.h"

/* What a variant has. */
typedef struct kind {
    bool input, forget, output; /* gates */
    bool coupled;               /* f = 1 - i */
    bool squash_in, squash_out; /* tanh on the candidate, on the cell that leaves */
} kind;

/* Where the gates stand, in pre-activations and in vectors of weights. */
RC_INLINE int gate_f(const kind k)
{
    return k.input ? RCK_LANES : 0;
}

RC_INLINE int gate_g(const kind k)
{
    return gate_f(k) + (k.forget ? RCK_LANES : 0);
}

RC_INLINE int gate_o(const kind k)
{
    return gate_g(k) + RCK_LANES;
}

RC_INLINE int peep_o(const kind k)
{
    return gate_g(k); /* there is none for g */
}

/* One row of one group.
 *
 *   gates (G,16)  in: pre-activations; out: the gates
 *   vec   (P,16)  peepholes of i, f, o
 *   c     (16)    cell before     h_out, c_out (16)  states after
 */
RC_INLINE void forward_row(const kind k, rc_real *restrict gates, const rc_real *restrict vec,
                           const rc_real *restrict c, rc_real *restrict h_out,
                           rc_real *restrict c_out)
{
    const int F = gate_f(k), G = gate_g(k), O = gate_o(k), PO = peep_o(k);

    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = k.input ? vsigmoid(RC_FMA(vec[j], c[j], gates[j])) : RC_C(1.0);
        const rc_real f = k.coupled  ? RC_C(1.0) - i
                          : k.forget ? vsigmoid(RC_FMA(vec[F + j], c[j], gates[F + j]))
                                     : RC_C(1.0);
        const rc_real g = k.squash_in ? vtanh(gates[G + j]) : gates[G + j];
        const rc_real next = RC_FMA(f, c[j], i * g);
        const rc_real o = k.output ? vsigmoid(RC_FMA(vec[PO + j], next, gates[O + j])) : RC_C(1.0);

        c_out[j] = next;
        h_out[j] = o * (k.squash_out ? vtanh(next) : next);
        if (k.input)
            gates[j] = i;
        if (k.forget)
            gates[F + j] = f;
        gates[G + j] = g;
        if (k.output)
            gates[O + j] = o;
    }
}

/* The way back: gates holds the gates and receives their gradients.
 *
 *   c, c_out (16)  cell before and after     d_h (16)  dL/dh'
 *   d_next   (16)  dL/dc' from later steps
 *   d_c      (16)  receives dL/dc; may be d_next: all of d_next is read before
 *   d_vec    (P,16) dL/dvec, added to
 */
RC_INLINE void backward_row(const kind k, rc_real *restrict gates, const rc_real *restrict vec,
                            const rc_real *restrict c, const rc_real *restrict c_out,
                            const rc_real *restrict d_h, const rc_real *d_next, rc_real *d_c,
                            rc_real *restrict d_vec)
{
    const int F = gate_f(k), G = gate_g(k), O = gate_o(k), PO = peep_o(k);
    rc_real d_cell[RCK_LANES];

    for (int j = 0; j < RCK_LANES; j++)
        d_cell[j] = d_next[j];
    for (int j = 0; j < RCK_LANES; j++) {
        const rc_real i = k.input ? gates[j] : RC_C(1.0);
        const rc_real f = k.coupled ? RC_C(1.0) - i : k.forget ? gates[F + j] : RC_C(1.0);
        const rc_real g = gates[G + j];
        const rc_real o = k.output ? gates[O + j] : RC_C(1.0);
        const rc_real t = k.squash_out ? vtanh(c_out[j]) : c_out[j];
        const rc_real d_o = k.output ? d_h[j] * t * (o * (RC_C(1.0) - o)) : RC_C(0.0);
        const rc_real slope = k.squash_out ? RC_FMA(-t, t, RC_C(1.0)) : RC_C(1.0);
        const rc_real d_seen = k.output ? RC_FMA(d_o, vec[PO + j], d_cell[j]) : d_cell[j];
        const rc_real d = RC_FMA(d_h[j] * o, slope, d_seen);
        const rc_real of_i = k.coupled ? g - c[j] : g;
        const rc_real d_i = k.input ? d * of_i * (i * (RC_C(1.0) - i)) : RC_C(0.0);
        const rc_real d_f = k.forget ? d * c[j] * (f * (RC_C(1.0) - f)) : RC_C(0.0);
        rc_real before = d * f;

        gates[G + j] = d * i * (k.squash_in ? RC_FMA(-g, g, RC_C(1.0)) : RC_C(1.0));
        if (k.input) {
            gates[j] = d_i;
            before = RC_FMA(d_i, vec[j], before);
            d_vec[j] = RC_FMA(d_i, c[j], d_vec[j]);
        }
        if (k.forget) {
            gates[F + j] = d_f;
            before = RC_FMA(d_f, vec[F + j], before);
            d_vec[F + j] = RC_FMA(d_f, c[j], d_vec[F + j]);
        }
        if (k.output) {
            gates[O + j] = d_o;
            d_vec[PO + j] = RC_FMA(d_o, c_out[j], d_vec[PO + j]);
        }
        d_c[j] = before;
    }
}

#define PAPER "Greff et al. 2017, LSTM: A Search Space Odyssey; peepholes: Gers et al. 2002"

#define I_GATE "i  = sigmoid(W_i x + b_i + U_i h + c_i + p_i * c)\n"
#define F_GATE "f  = sigmoid(W_f x + b_f + U_f h + c_f + p_f * c)\n"
#define G_GATE "g  = tanh(W_g x + b_g + U_g h + c_g)\n"
#define O_GATE "o  = sigmoid(W_o x + b_o + U_o h + c_o + p_o * c')\n"

/* A variant: its functions, for rows and for a step, and its descriptor, whose lists are the
 * rest. */
#define VARIANT(id, word, text, lines, count, flags, ...)                                          \
    static const kind id##_kind = flags;                                                           \
    static void id##_row(rc_real *restrict gates, const rc_real *restrict vec,                     \
                         const rc_real *restrict c, rc_real *restrict h_out,                       \
                         rc_real *restrict c_out)                                                  \
    {                                                                                              \
        forward_row(id##_kind, gates, vec, c, h_out, c_out);                                       \
    }                                                                                              \
    static void id##_back_row(rc_real *restrict gates, const rc_real *restrict vec,                \
                              const rc_real *restrict c, const rc_real *restrict c_out,            \
                              const rc_real *restrict d_h, const rc_real *d_next, rc_real *d_c,    \
                              rc_real *restrict d_vec)                                             \
    {                                                                                              \
        backward_row(id##_kind, gates, vec, c, c_out, d_h, d_next, d_c, d_vec);                    \
    }                                                                                              \
    static void id##_at(const rcc_step *s, rc_real *gates, rc_real *apart, const rc_real *vec,     \
                        rc_real *d_vec, int64_t at)                                                \
    {                                                                                              \
        (void)apart;                                                                               \
        (void)d_vec;                                                                               \
        id##_row(gates, vec, s->in[1] + at, s->out[0] + at, s->out[1] + at);                       \
    }                                                                                              \
    static void id##_back_at(const rcc_step *s, rc_real *gates, rc_real *apart,                    \
                             const rc_real *vec, rc_real *d_vec, int64_t at)                       \
    {                                                                                              \
        rc_real unwanted[3 * RCK_LANES] = {0};                                                     \
                                                                                                   \
        (void)apart;                                                                               \
        id##_back_row(gates, vec, s->in[1] + at, s->out[1] + at, s->d_out[0] + at,                 \
                      s->d_out[1] + at, s->d_in[1] + at, d_vec ? d_vec : unwanted);                \
    }                                                                                              \
    static void id##_forward(const rcc_step *s)                                                    \
    {                                                                                              \
        rcc_each_vec(s, id##_at);                                                                  \
    }                                                                                              \
    static void id##_backward(const rcc_step *s)                                                   \
    {                                                                                              \
        rcc_each_vec(s, id##_back_at);                                                             \
    }                                                                                              \
    const rcc_cell RC_ISA_NAME(rcc_##id) = {                                                       \
        .name = word,                                                                              \
        .title = text,                                                                             \
        .paper = PAPER,                                                                            \
        .equations = lines,                                                                        \
        .states = 2,                                                                               \
        .state_name = {"h", "c"},                                                                  \
        .gates = count,                                                                            \
        .stages = 1,                                                                               \
        .stage = {{.gates = (count),                                                               \
                   .v = RCC_V_STATE,                                                               \
                   .forward = id##_forward,                                                        \
                   .backward = id##_backward}},                                                    \
        __VA_ARGS__,                                                                               \
    }

#define FLAGS(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

VARIANT(lstm_peephole, "lstm-peephole", "LSTM whose gates look at the cell",
        I_GATE F_GATE G_GATE O_GATE "c' = f * c + i * g\nh' = o * tanh(c')", 4,
        FLAGS(.input = true, .forget = true, .output = true, .squash_in = true, .squash_out = true),
        .squash = "ssts", .keeps = "-+..", .gate_name = {"i", "f", "g", "o"}, .vectors = 3,
        .vector_name = {"p_i", "p_f", "p_o"});

VARIANT(lstm_nig, "lstm-nig", "LSTM with peepholes, without an input gate",
        F_GATE G_GATE O_GATE "c' = f * c + g\nh' = o * tanh(c')", 3,
        FLAGS(.forget = true, .output = true, .squash_in = true, .squash_out = true),
        .squash = "sts", .keeps = "+..", .gate_name = {"f", "g", "o"}, .vectors = 2,
        .vector_name = {"p_f", "p_o"});

VARIANT(lstm_nfg, "lstm-nfg", "LSTM with peepholes, without a forget gate",
        I_GATE G_GATE O_GATE "c' = c + i * g\nh' = o * tanh(c')", 3,
        FLAGS(.input = true, .output = true, .squash_in = true, .squash_out = true),
        .squash = "sts", .keeps = "-..", .gate_name = {"i", "g", "o"}, .vectors = 2,
        .vector_name = {"p_i", "p_o"});

VARIANT(lstm_nog, "lstm-nog", "LSTM with peepholes, without an output gate",
        I_GATE F_GATE G_GATE "c' = f * c + i * g\nh' = tanh(c')", 3,
        FLAGS(.input = true, .forget = true, .squash_in = true, .squash_out = true),
        .squash = "sst", .keeps = "-+.", .gate_name = {"i", "f", "g"}, .vectors = 2,
        .vector_name = {"p_i", "p_f"});

VARIANT(lstm_niaf, "lstm-niaf", "LSTM with peepholes, without tanh on its input",
        I_GATE F_GATE "g  = W_g x + b_g + U_g h + c_g\n" O_GATE
                      "c' = f * c + i * g\nh' = o * tanh(c')",
        4, FLAGS(.input = true, .forget = true, .output = true, .squash_out = true),
        .squash = "ss-s", .keeps = "-+..", .gate_name = {"i", "f", "g", "o"}, .vectors = 3,
        .vector_name = {"p_i", "p_f", "p_o"});

VARIANT(lstm_noaf, "lstm-noaf", "LSTM with peepholes, without tanh on its output",
        I_GATE F_GATE G_GATE O_GATE "c' = f * c + i * g\nh' = o * c'", 4,
        FLAGS(.input = true, .forget = true, .output = true, .squash_in = true), .squash = "ssts",
        .keeps = "-+..", .gate_name = {"i", "f", "g", "o"}, .vectors = 3,
        .vector_name = {"p_i", "p_f", "p_o"});

VARIANT(lstm_cifg, "lstm-cifg", "LSTM with peepholes, which forgets what it takes in",
        I_GATE G_GATE O_GATE "c' = (1 - i) * c + i * g\nh' = o * tanh(c')", 3,
        FLAGS(.input = true, .output = true, .coupled = true, .squash_in = true,
              .squash_out = true),
        .squash = "sts", .keeps = "-..", .gate_name = {"i", "g", "o"}, .vectors = 2,
        .vector_name = {"p_i", "p_o"});
