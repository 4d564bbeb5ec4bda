/* demo_order.c -- recur demo order: "I am handsome" and "Am I handsome" have the same words.
 *
 * A pronoun with its verb, in either order, an adjective, and perhaps words around them. Every test
 * sentence has its twin, so that a network that cannot see order is right about one of the two.
 */
#include "demo.h"

enum { END, SAID, SAID_COUNT = 6, WHO = SAID + SAID_COUNT, WHO_COUNT = 6, IS = WHO + WHO_COUNT };
enum { HOW = IS + WHO_COUNT, HOW_COUNT = 20, WORDS = HOW + HOW_COUNT };
enum { STATEMENT, QUESTION, ANSWERS };

static void grammar(demo_net *n, const void *ctx, bool test, demo_sentence *s)
{
    const bool question = demo_happens(n, 0.5);
    const int32_t who = demo_below(n, WHO_COUNT);

    (void)ctx;
    (void)test;
    for (int i = demo_below(n, 3); i > 0; i--)
        demo_say(s, SAID + demo_below(n, SAID_COUNT));
    demo_say(s, question ? IS + who : WHO + who);
    demo_say(s, question ? WHO + who : IS + who);
    demo_say(s, HOW + demo_below(n, HOW_COUNT));
    for (int i = demo_below(n, 3); i > 0; i--)
        demo_say(s, SAID + demo_below(n, SAID_COUNT));
    demo_ask(s, END, question ? QUESTION : STATEMENT, 1);
}

static rc_status run(const demo_setup *setup, demo_result *r)
{
    static const struct {
        const char *name;
        demo_kind kind;
    } nets[] = {{"bag of words", DEMO_BAG}, {"recurrent, tanh", DEMO_FORWARD}};
    const demo_course course = {
        .grammar = grammar, .steps = 600, .batch = 32, .rate = 0.005, .tests = 16, .columns = 1};

    r->about = "statement or question?";
    demo_column(r, DEMO_SHARE, "right");
    for (int i = 0; i < 2; i++) {
        const demo_reader_plan plan = {.kind = nets[i].kind,
                                       .cell = "tanh",
                                       .words = WORDS,
                                       .answers = ANSWERS,
                                       .embed = 16,
                                       .hidden = 32};
        const rc_status s =
            demo_teach(setup, &plan, &course, r->row[demo_row(r, "%s", nets[i].name)].value);
        if (s != RC_OK)
            return s;
    }
    demo_claim(r, r->row[0].value[0] > 0.45 && r->row[0].value[0] < 0.55,
               "the bag of words is right about half of them");
    demo_claim(r, r->row[1].value[0] > 0.98, "the recurrent net tells them apart");
    return RC_OK;
}

const demo demo_order = {
    .name = "order",
    .help = "\"I am handsome\" and \"Am I handsome\": the same words in another order",
    .lecture = "Lecture 004, \"Why RNN?\": the position of words is important: \"I am handsome\","
               " \"Am I handsome\". An ordinary net lacks a concept of sequence.",
    .trained = "Two nets of 32 units say whether a sentence is a statement or a question; 600 steps"
               " of 32 sentences. Both forms of a pair are equally likely: guessing has 50%.",
    .lesson = "A sum of the words' vectors is the same in any order; a state that is carried from"
              " word to word is not.",
    .run = run,
};
