/* chains.c -- sources of symbols without a grammar: coins, Markov chains, hidden Markov chains.
 *
 * What is random in a source itself is a function of the seed in its name. Weights are made of
 * uniform numbers by products alone, so that they are the same on every machine.
 */
#include "data/data_in.h"

#include <math.h>

/* Numbers that add up to 1: cubes of uniform ones (most are small, some large), from draw `at`. */
static void fill_row(rcb_key key, int64_t at, int n, double *row)
{
    double sum = 0;

    for (int i = 0; i < n; i++) {
        const double u = rcb_uniform(key, (uint64_t)(at + i));

        sum += row[i] = u * u * u + 1e-6;
    }
    for (int i = 0; i < n; i++)
        row[i] /= sum;
}

enum { LETTERS = 26 };

/* ---- coin -------------------------------------------------------------------------------- */

static void build_coin(rcd_machine *m, const double *param)
{
    const int32_t s = rcd_machine_states(m, 1);

    rcd_machine_edge(m, s, param[0], '1', s);
    rcd_machine_edge(m, s, 1 - param[0], '0', s);
}

const rcd_process rcd_process_coin = {
    .name = "coin",
    .help = "symbols coin:P; 1 with probability P, else 0; 0.8813 bits for 0.3",
    .paper = "Shannon 1948",
    .param = {{"P", 0.3, 0.001, 0.999, false}},
    .told = true,
    .build = build_coin,
};

/* ---- Markov chains ----------------------------------------------------------------------- */

/* State: the last K letters as a number in base V. */
static void build_markov(rcd_machine *m, const double *param)
{
    const int V = (int)param[0];
    const double states = pow(V, param[1]);
    const rcb_key key = rcb_stream((uint64_t)param[2], "source markov");
    double row[LETTERS];

    (void)rcd_machine_states(m, states);
    for (int32_t s = 0; s < m->states; s++) {
        fill_row(key, (int64_t)s * V, V, row);
        for (int i = 0; i < V; i++)
            rcd_machine_edge(m, s, row[i], (char)('a' + i),
                             (int32_t)(((int64_t)s * V + i) % m->states));
    }
}

const rcd_process rcd_process_markov = {
    .name = "markov",
    .help = "symbols markov:V:K:SEED; V letters, each by the K before it, the table drawn by SEED;"
            " 1.1585 bits for 4:2:1",
    .paper = "Markov 1913, Shannon 1948",
    .param = {{"V", 4, 2, LETTERS, true}, {"K", 2, 0, 16, true}, {"SEED", 1, 0, 1e9, true}},
    .told = true,
    .build = build_markov,
};

/* ---- golden mean ------------------------------------------------------------------------- */

static void build_golden(rcd_machine *m, const double *param)
{
    const int32_t any = rcd_machine_states(m, 2), after = any + 1;

    rcd_machine_edge(m, any, param[0], '1', after);
    rcd_machine_edge(m, any, 1 - param[0], '0', any);
    rcd_machine_edge(m, after, 1, '0', any);
}

const rcd_process rcd_process_golden = {
    .name = "golden",
    .help = "symbols golden:P; golden mean: never two 1 in a row, else 1 with probability P;"
            " 0.6667 bits for 0.5",
    .paper = "Crutchfield and Feldman 2003",
    .param = {{"P", 0.5, 0.001, 0.999, false}},
    .told = true,
    .build = build_golden,
};

/* ---- even -------------------------------------------------------------------------------- */

static void build_even(rcd_machine *m, const double *param)
{
    const int32_t even = rcd_machine_states(m, 2), odd = even + 1;

    rcd_machine_edge(m, even, param[0], '1', odd);
    rcd_machine_edge(m, even, 1 - param[0], '0', even);
    rcd_machine_edge(m, odd, 1, '1', even);
}

const rcd_process rcd_process_even = {
    .name = "even",
    .help = "symbols even:P; between two 0 an even number of 1, two more with probability P: no"
            " order of Markov chain is enough; 0.6667 bits for 0.5",
    .paper = "Weiss 1973, Crutchfield and Feldman 2003",
    .param = {{"P", 0.5, 0.001, 0.999, false}},
    .told = true,
    .build = build_even,
};

/* ---- periodic ---------------------------------------------------------------------------- */

static void build_periodic(rcd_machine *m, const double *param)
{
    const int32_t N = (int32_t)param[0];
    const double wrong = param[1];
    const rcb_key key = rcb_stream((uint64_t)param[2], "source periodic");

    (void)rcd_machine_states(m, N);
    for (int32_t s = 0; s < m->states; s++) {
        const bool one = rcb_uniform(key, (uint64_t)s) < 0.5;

        rcd_machine_edge(m, s, 1 - wrong, one ? '1' : '0', (s + 1) % N);
        rcd_machine_edge(m, s, wrong, one ? '0' : '1', (s + 1) % N);
    }
}

const rcd_process rcd_process_periodic = {
    .name = "periodic",
    .help = "symbols periodic:N:E:SEED; N digits, drawn by SEED, over and over, each wrong with"
            " probability E; 0.4690 bits for 12:0.1:1",
    .paper = "Shannon 1948 (noise); the phase is hidden",
    .param = {{"N", 12, 1, 10000, true},
              {"E", 0.1, 0.001, 0.999, false},
              {"SEED", 1, 0, 1e9, true}},
    .told = true,
    .build = build_periodic,
};

/* ---- echo -------------------------------------------------------------------------------- */

/* State: the last D letters as a number in base V, the oldest one in front. */
static void build_echo(rcd_machine *m, const double *param)
{
    const int32_t V = (int32_t)param[1];
    const double states = pow(V, param[0]), wrong = param[2];

    (void)rcd_machine_states(m, states);
    for (int32_t s = 0; s < m->states; s++) {
        const int32_t oldest = s / (m->states / V);

        for (int32_t i = 0; i < V; i++)
            rcd_machine_edge(m, s, i == oldest ? 1 - wrong : wrong / (V - 1), (char)('a' + i),
                             (int32_t)(((int64_t)s * V + i) % m->states));
    }
}

const rcd_process rcd_process_echo = {
    .name = "echo",
    .help = "symbols echo:D:V:E; each letter of V is the one D before it, but another with"
            " probability E: D copies interleaved; 0.6275 bits for 5:4:0.1",
    .paper = "after the copy task of Hochreiter and Schmidhuber 1997",
    .param = {{"D", 5, 1, 16, true}, {"V", 4, 2, LETTERS, true}, {"E", 0.1, 0.001, 0.999, false}},
    .told = true,
    .build = build_echo,
};

/* ---- hidden Markov chains ---------------------------------------------------------------- */

static void build_hmm(rcd_machine *m, const double *param)
{
    const int S = (int)param[0], V = (int)param[1];
    const rcb_key moves = rcb_stream((uint64_t)param[2], "source hmm moves");
    const rcb_key says = rcb_stream((uint64_t)param[2], "source hmm says");
    double move[64], say[LETTERS];

    (void)rcd_machine_states(m, S);
    for (int32_t s = 0; s < m->states; s++) {
        fill_row(moves, (int64_t)s * S, S, move);
        fill_row(says, (int64_t)s * V, V, say);
        for (int i = 0; i < V; i++)
            for (int32_t to = 0; to < S; to++)
                rcd_machine_edge(m, s, say[i] * move[to], (char)('a' + i), to);
    }
}

const rcd_process rcd_process_hmm = {
    .name = "hmm",
    .help = "symbols hmm:S:V:SEED; V letters said by S hidden states, both tables drawn by SEED; no"
            " closed form",
    .paper = "Baum and Petrie 1966; Rabiner 1989",
    .param = {{"S", 4, 1, 64, true}, {"V", 4, 2, LETTERS, true}, {"SEED", 1, 0, 1e9, true}},
    .build = build_hmm,
};

/* ---- a ring ------------------------------------------------------------------------------ */

static void build_cycle(rcd_machine *m, const double *param)
{
    const int32_t N = (int32_t)param[0];
    const double on = param[1], wrong = param[2];

    (void)rcd_machine_states(m, N);
    for (int32_t s = 0; s < m->states; s++) {
        const double one = s == 0 ? 1 - wrong : wrong;
        const int32_t next = (s + 1) % N;

        rcd_machine_edge(m, s, one * on, '1', next);
        rcd_machine_edge(m, s, one * (1 - on), '1', s);
        rcd_machine_edge(m, s, (1 - one) * on, '0', next);
        rcd_machine_edge(m, s, (1 - one) * (1 - on), '0', s);
    }
}

const rcd_process rcd_process_cycle = {
    .name = "cycle",
    .help = "symbols cycle:N:P:E; a ring of N hidden states, on to the next with probability P; the"
            " first says 1, the others 0, wrong with probability E; no closed form",
    .paper = "Rabiner 1989",
    .param = {{"N", 5, 2, 1000, true}, {"P", 0.9, 0.001, 0.999, false}, {"E", 0.1, 0, 0.5, false}},
    .build = build_cycle,
};
