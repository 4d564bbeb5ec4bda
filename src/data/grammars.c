/* grammars.c -- sources of symbols that say sentences: regular ones, brackets, nested agreement.
 *
 * Nesting is bounded, so that the machine is finite: its states are places in the grammar together
 * with what is still open.
 */
#include "data/data_in.h"

#include <stdio.h>

/* ---- Reber ------------------------------------------------------------------------------- */

/* Seven states; from each state one or two symbols, alike likely. */
static const struct turn {
    char symbol;
    int to; /* 7: the end */
} turns[7][2] = {
    {{'B', 1}, {0, 0}},   {{'T', 2}, {'P', 3}}, {{'S', 2}, {'X', 4}}, {{'T', 3}, {'V', 5}},
    {{'X', 3}, {'S', 6}}, {{'P', 4}, {'V', 6}}, {{'E', 7}, {0, 0}},
};

/* A string of the grammar from state `from` to state `to`. */
static void add_reber(rcd_machine *m, int32_t from, int32_t to)
{
    const int32_t first = rcd_machine_states(m, 6) - 1; /* of state 1; 0 is `from`, 7 is `to` */

    for (int s = 0; s < 7; s++) {
        const double p = turns[s][1].symbol ? 0.5 : 1;

        for (int i = 0; i < 2 && turns[s][i].symbol; i++) {
            const int next = turns[s][i].to;

            rcd_machine_edge(m, s == 0 ? from : first + s, p, turns[s][i].symbol,
                             next == 7 ? to : first + next);
        }
    }
}

static void build_reber(rcd_machine *m, const double *param)
{
    const int32_t begin = rcd_machine_states(m, 2), end = begin + 1;

    (void)param;
    add_reber(m, begin, end);
    rcd_machine_edge(m, end, 1, '\n', begin);
}

const rcd_process rcd_process_reber = {
    .name = "reber",
    .help = "symbols reber; a line each: strings of the Reber grammar; 0.6667 bits",
    .paper = "Reber 1967",
    .told = true,
    .begins = true,
    .build = build_reber,
};

static void build_embedded(rcd_machine *m, const double *param)
{
    static const char sides[] = "TP";
    const int32_t begin = rcd_machine_states(m, 4), fork = begin + 1, close = begin + 2,
                  end = begin + 3;

    (void)param;
    rcd_machine_edge(m, begin, 1, 'B', fork);
    for (int i = 0; sides[i]; i++) {
        const int32_t in = rcd_machine_states(m, 2);

        rcd_machine_edge(m, fork, 0.5, sides[i], in);
        add_reber(m, in, in + 1);
        rcd_machine_edge(m, in + 1, 1, sides[i], close);
    }
    rcd_machine_edge(m, close, 1, 'E', end);
    rcd_machine_edge(m, end, 1, '\n', begin);
}

const rcd_process rcd_process_embedded = {
    .name = "embedded",
    .help =
        "symbols embedded; a line each: embedded Reber strings, whose last letter but one is their"
        " second; 0.5385 bits",
    .paper = "Hochreiter and Schmidhuber 1997",
    .told = true,
    .begins = true,
    .build = build_embedded,
};

/* ---- brackets ---------------------------------------------------------------------------- */

/* States by depth, and in it by what is open as a number in base K, the innermost last. */
static void build_dyck(rcd_machine *m, const double *param)
{
    static const char left[] = "([{<", right[] = ")]}>";
    const int32_t K = (int32_t)param[0];
    const int D = (int)param[1];
    int32_t outer = 0, here = rcd_machine_states(m, 1), count = 1;

    for (int depth = 0; depth <= D && m->status == RC_OK; depth++) {
        const double open = depth == 0 ? 1 : depth == D ? 0 : param[2];
        const int32_t inner = depth < D ? rcd_machine_states(m, (double)count * K) : 0;

        for (int32_t s = 0; s < count; s++) {
            for (int32_t k = 0; k < K; k++)
                rcd_machine_edge(m, here + s, open / K, left[k], inner + s * K + k);
            rcd_machine_edge(m, here + s, 1 - open, right[s % K], outer + s / K);
        }
        outer = here;
        here = inner;
        count *= K;
    }
}

const rcd_process rcd_process_dyck = {
    .name = "dyck",
    .help = "symbols dyck:K:D:P; brackets of K kinds, nested to depth D; open again with"
            " probability P; 1.2500 bits for 2:4:0.5",
    .paper = "Chomsky and Schuetzenberger 1963; in the form of Hewitt et al. 2020",
    .param = {{"K", 2, 1, 4, true}, {"D", 4, 1, 100, true}, {"P", 0.5, 0.001, 0.999, false}},
    .told = true,
    .begins = true,
    .build = build_dyck,
};

/* ---- agreement --------------------------------------------------------------------------- */

/* Nouns and verbs, one and many; a sheep says nothing of how many there are. */
static const char *const nouns[][2] = {{"cat", "cats"}, {"dog", "dogs"}, {"sheep", "sheep"}};
static const char *const verbs[][2] = {{"was", "were"}, {"sees", "see"}, {"knows", "know"}};
enum { NOUNS = sizeof nouns / sizeof *nouns, VERBS = sizeof verbs / sizeof *verbs };

/* What is open is a number in base 2 behind a leading 1: a digit for each noun that has no verb
 * yet, 0 for one, 1 for many, the innermost last. State code + base of each kind of place: */
typedef struct places {
    int32_t noun;  /* a noun comes; depth 0 to D - 1 */
    int32_t after; /* a noun has come; depth 1 to D */
    int32_t verb;  /* a clause within is said, and the verb comes; depth 1 to D - 1 */
} places;

static void say(rcd_machine *m, int32_t from, double p, const char *word, const char *more,
                int32_t to)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%s%s", word, more);
    rcd_machine_word(m, from, p, text, to);
}

static void say_noun(rcd_machine *m, const places *at, int32_t code)
{
    const int32_t the = rcd_machine_states(m, 1);

    rcd_machine_word(m, at->noun + code, 1, "the ", the);
    for (int32_t many = 0; many < 2; many++)
        for (int i = 0; i < NOUNS; i++)
            say(m, the, 0.5 / NOUNS, nouns[i][many], " ", at->after + 2 * code + many);
}

/* The verb of the innermost noun. */
static void say_verb(rcd_machine *m, const places *at, int32_t from, double p, int32_t code)
{
    const bool last = code / 2 == 1;
    const int32_t to = last ? at->noun + 1 : at->verb + code / 2;

    for (int i = 0; i < VERBS; i++)
        say(m, from, p / VERBS, verbs[i][code % 2], last ? "\n" : " ", to);
}

/* S -> N V(n) end; N -> noun(n) | noun(n) that N V(m): the second with probability P while fewer
 * than D nouns are open. */
static void build_agreement(rcd_machine *m, const double *param)
{
    const int32_t deep = (int32_t)1 << (int)param[0]; /* codes from here on are D deep */
    places at = {.noun = rcd_machine_states(m, deep - 1) - 1};

    at.after = rcd_machine_states(m, 2 * deep - 2) - 2;
    at.verb = deep > 2 ? rcd_machine_states(m, deep - 2) - 2 : 0;
    for (int32_t code = 1; code < 2 * deep; code++) {
        const double that = code < deep ? param[1] : 0;

        if (code < deep)
            say_noun(m, &at, code);
        if (code == 1)
            continue;
        if (code < deep) {
            rcd_machine_word(m, at.after + code, that, "that ", at.noun + code);
            say_verb(m, &at, at.verb + code, 1, code);
        }
        say_verb(m, &at, at.after + code, 1 - that, code);
    }
}

const rcd_process rcd_process_agreement = {
    .name = "agreement",
    .help = "symbols agreement:D:P; a line each: the cat that the dogs know was; verbs agree with"
            " their nouns, nested to depth D with probability P; 0.3278 bits for 3:0.3",
    .paper = "Elman 1991; Linzen et al. 2016",
    .param = {{"D", 3, 1, 8, true}, {"P", 0.3, 0.001, 0.999, false}},
    .told = true,
    .begins = true,
    .build = build_agreement,
};
