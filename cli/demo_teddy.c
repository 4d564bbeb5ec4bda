/* demo_teddy.c -- recur demo teddy: whether Teddy is a name is decided by the word after it.
 *
 * "He said , " Teddy bears are on sale" and "He said , " Teddy Roosevelt was a great president":
 * every word is to be marked as part of a name or not. Six words can be either.
 */
#include "demo.h"

enum { END, SAID, SAID_COUNT = 4, WHO = SAID + SAID_COUNT, WHO_COUNT = 4, BOTH = WHO + WHO_COUNT };
enum { BOTH_COUNT = 6, THING = BOTH + BOTH_COUNT, THING_COUNT = 8, LAST = THING + THING_COUNT };
enum { LAST_COUNT = 8, REST = LAST + LAST_COUNT, REST_COUNT = 20, WORDS = REST + REST_COUNT };
enum { OTHER, NAME, ANSWERS };
enum { AT_TEDDY, ELSEWHERE, COLUMNS };

static void grammar(demo_net *n, const void *ctx, bool test, demo_sentence *s)
{
    const bool name = demo_happens(n, 0.5);

    (void)ctx;
    (void)test;
    demo_ask(s, WHO + demo_below(n, WHO_COUNT), OTHER, 1u << ELSEWHERE);
    for (int i = 1 + demo_below(n, 3); i > 0; i--)
        demo_ask(s, SAID + demo_below(n, SAID_COUNT), OTHER, 1u << ELSEWHERE);
    demo_ask(s, BOTH + demo_below(n, BOTH_COUNT), name ? NAME : OTHER, 1u << AT_TEDDY);
    if (name)
        demo_ask(s, LAST + demo_below(n, LAST_COUNT), NAME, 1u << ELSEWHERE);
    else
        demo_ask(s, THING + demo_below(n, THING_COUNT), OTHER, 1u << ELSEWHERE);
    for (int i = 2 + demo_below(n, 5); i > 0; i--)
        demo_ask(s, REST + demo_below(n, REST_COUNT), OTHER, 1u << ELSEWHERE);
    demo_ask(s, END, OTHER, 1u << ELSEWHERE);
}

static rc_status run(const demo_setup *setup, demo_result *r)
{
    static const struct {
        const char *name;
        demo_kind kind;
    } nets[] = {{"GRU, forward", DEMO_FORWARD}, {"GRU, both directions", DEMO_BOTH}};
    const demo_course course = {.grammar = grammar,
                                .steps = 600,
                                .batch = 32,
                                .rate = 0.005,
                                .tests = 8,
                                .columns = COLUMNS};

    r->about = "part of a name?";
    demo_column(r, DEMO_SHARE, "at Teddy");
    demo_column(r, DEMO_SHARE, "at other words");
    for (int i = 0; i < 2; i++) {
        const demo_reader_plan plan = {.kind = nets[i].kind,
                                       .cell = "gru",
                                       .words = WORDS,
                                       .answers = ANSWERS,
                                       .embed = 16,
                                       .hidden = i == 0 ? 32 : 16};
        const rc_status s =
            demo_teach(setup, &plan, &course, r->row[demo_row(r, "%s", nets[i].name)].value);
        if (s != RC_OK)
            return s;
    }
    demo_claim(r, r->row[0].value[AT_TEDDY] < 0.6 && r->row[0].value[ELSEWHERE] > 0.98,
               "forward, every word but Teddy is known");
    demo_claim(r, r->row[1].value[AT_TEDDY] > 0.98, "in both directions Teddy is known as well");
    return RC_OK;
}

const demo demo_teddy = {
    .name = "teddy",
    .help = "\"Teddy bears\" or \"Teddy Roosevelt\": a name that only the next word decides",
    .lecture = "Lecture 000, before \"Getting information from the future\": He said, \"Teddy bears"
               " are on sale!\"; He said, \"Teddy Roosevelt was a great President!\". Lecture 003:"
               " the entire sequence is needed.",
    .trained =
        "A GRU of 32 units, and two of 16 in both directions, mark the words that are part of"
        " a name; 600 steps of 32 sentences. Half of the Teddys are names.",
    .lesson = "What follows decides, and a net that reads forward alone has not read it. More units"
              " or more data cannot mend that; a second direction does, and needs the whole"
              " sentence.",
    .run = run,
};
