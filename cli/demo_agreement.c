/* demo_agreement.c -- recur demo agreement: "The cat, which already ate ..., was full"; "The cats,
 * which already ate ..., were full".
 *
 *   the NOUN , which already VERB (the FILLER* NOUN)* , -> was or were
 *
 * The number of the first noun decides. Nouns in between are of either number; those of the other
 * one are attractors. Results by the number of words between noun and verb, and by attractors.
 */
#include "demo.h"

enum { END, THE, COMMA, WHICH, ALREADY, AND, NOUN, NOUN_COUNT = 12, NOUNS = NOUN + NOUN_COUNT };
enum { VERB = NOUNS + NOUN_COUNT, VERB_COUNT = 8, FILLER = VERB + VERB_COUNT, FILLER_COUNT = 16 };
enum { WORDS = FILLER + FILLER_COUNT, ANSWERS = 2 };
enum { NEAR, MIDDLE, FAR, ALONE, MANY = ALONE + 3, COLUMNS };

/* A clause of some `words` words with `inner` nouns. Returns the number of attractors. */
static int say_clause(demo_net *n, demo_sentence *s, int words, int inner, bool plural)
{
    int attractors = 0;

    for (int i = 0; i < inner; i++) {
        const bool other = demo_happens(n, 0.5);
        const int fillers = (words - 3 * inner) * (i + 1) / inner - (words - 3 * inner) * i / inner;

        demo_say(s, i ? AND : VERB + demo_below(n, VERB_COUNT));
        demo_say(s, THE);
        for (int k = 0; k < fillers; k++)
            demo_say(s, FILLER + demo_below(n, FILLER_COUNT));
        demo_say(s, (other != plural ? NOUNS : NOUN) + demo_below(n, NOUN_COUNT));
        attractors += other;
    }
    return attractors;
}

/* ctx: a bool, whether training has shorter sentences, down to "the cat was", than tests. */
static void grammar(demo_net *n, const void *ctx, bool test, demo_sentence *s)
{
    const bool plural = demo_happens(n, 0.5);
    const bool easy = *(const bool *)ctx && !test; /* shorter, and often no clause */
    const int inner = easy ? demo_below(n, 1 + demo_below(n, 5)) : 1 + demo_below(n, 4);
    const int most = 40 - 3 * inner;
    const int words = inner ? 3 * inner + demo_below(n, easy ? 1 + demo_below(n, most) : most) : 0;
    const int clause = inner ? 4 : 0;
    int attractors = 0;

    demo_say(s, THE);
    demo_say(s, (plural ? NOUNS : NOUN) + demo_below(n, NOUN_COUNT));
    if (clause) {
        demo_say(s, COMMA);
        demo_say(s, WHICH);
        demo_say(s, ALREADY);
        attractors = say_clause(n, s, words, inner, plural);
    }
    const int between = words + clause;
    const int by_distance = between < 15 ? NEAR : between < 30 ? MIDDLE : FAR;
    const int by_attractors = ALONE + (attractors < 3 ? attractors : 3);
    demo_ask(s, COMMA, plural, 1u << by_distance | 1u << by_attractors);
}

static rc_status run(const demo_setup *setup, demo_result *r)
{
    static const struct {
        const char *name, *cell;
        bool easy;
    } nets[] = {{"tanh", "tanh", false},
                {"GRU", "gru", false},
                {"LSTM", "lstm", false},
                {"tanh, short ones too", "tanh", true}};
    demo_course course = {.grammar = grammar,
                          .steps = 3000,
                          .batch = 32,
                          .rate = 0.003,
                          .tests = 16,
                          .columns = COLUMNS};

    r->about = "was or were?";
    demo_column(r, DEMO_SHARE, "7 to 14 words");
    demo_column(r, DEMO_SHARE, "15 to 29");
    demo_column(r, DEMO_SHARE, "30 to 43");
    demo_column(r, DEMO_SHARE, "0 attractors");
    demo_column(r, DEMO_SHARE, "1");
    demo_column(r, DEMO_SHARE, "2");
    demo_column(r, DEMO_SHARE, "3, 4");
    for (int i = 0; i < 4; i++) {
        const demo_reader_plan plan = {.kind = DEMO_FORWARD,
                                       .cell = nets[i].cell,
                                       .words = WORDS,
                                       .answers = ANSWERS,
                                       .embed = 16,
                                       .hidden = 32};
        course.ctx = &nets[i].easy;
        const rc_status s =
            demo_teach(setup, &plan, &course, r->row[demo_row(r, "%s", nets[i].name)].value);
        if (s != RC_OK)
            return s;
    }
    demo_claim(r, r->row[0].value[FAR] < 0.6, "tanh does not learn it over 30 words");
    demo_claim(r, r->row[1].value[FAR] > 0.98 && r->row[2].value[FAR] > 0.98, "GRU and LSTM do");
    demo_claim(r, r->row[1].value[MANY] > 0.98 && r->row[2].value[MANY] > 0.98,
               "and are not led astray by the nouns in between");
    demo_claim(r, r->row[3].value[FAR] > 0.9,
               "tanh could hold it: it learns it where some sentences are short");
    return RC_OK;
}

const demo demo_agreement = {
    .name = "agreement",
    .help = "\"The cats, which already ate ..., were full\": by distance and by attractors",
    .lecture =
        "Lecture 000, \"Vanishing gradients with RNNs\": \"The cat, which already ate ..., was"
        " full\", \"The cats, which already ate ..., were full\". \"Gated Recurrent Unit\": a"
        " gate keeps the number of the cat until it is wanted.",
    .trained =
        "A layer of 32 units says was or were after a clause of 7 to 43 words with one to four"
        " nouns of either number (attractors: those of the other); 3,000 steps of 32"
        " sentences. Biases of the gates that keep (f, z) begin at 1. In the last row training"
        " has shorter sentences as well, down to \"the cat was\". Guessing has 50%.",
    .lesson = "The gradient of tanh fades on the way back to the noun, so nothing tells it what to"
              " keep; gates let it through. What short sentences taught holds for long ones: it is"
              " learning that is hard, not holding.",
    .run = run,
};
