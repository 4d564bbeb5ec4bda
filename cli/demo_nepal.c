/* demo_nepal.c -- recur demo nepal: the year may be the second word or the sixth, or any other.
 *
 * "I went to Nepal in 2009" and "In 2009 , I went to Nepal", behind openers of one word each. In
 * training there are 0, 4 or 8 openers, so that the year is word 2, 6, 10 or 14; in half of the
 * tests there are 1 to 3 or 5 to 7, which puts it where no year has been before.
 */
#include "demo.h"

enum {
    END,
    IN,
    COMMA,
    OPENERS = 3,
    OPENER_COUNT = 12,
    WHO = OPENERS + OPENER_COUNT,
    WHO_COUNT = 6
};
enum { DID = WHO + WHO_COUNT, DID_COUNT = 6, TO = DID + DID_COUNT, WHERE, WHERE_COUNT = 12 };
enum { YEAR = WHERE + WHERE_COUNT, YEAR_COUNT = 10, WORDS = YEAR + YEAR_COUNT };
enum { LONGEST = 15, SEEN = 0, UNSEEN, COLUMNS };

static void say_year(demo_sentence *s, int32_t year)
{
    demo_say(s, IN);
    demo_say(s, YEAR + year);
}

static void grammar(demo_net *n, const void *ctx, bool test, demo_sentence *s)
{
    static const int unseen[] = {1, 2, 3, 5, 6, 7};
    const int kind = test && demo_happens(n, 0.5) ? UNSEEN : SEEN;
    const int openers = kind == SEEN ? 4 * demo_below(n, 3) : unseen[demo_below(n, 6)];
    const int32_t year = demo_below(n, YEAR_COUNT);
    const bool first = demo_happens(n, 0.5);

    (void)ctx;
    for (int i = 0; i < openers; i++)
        demo_say(s, OPENERS + demo_below(n, OPENER_COUNT));
    if (first) {
        say_year(s, year);
        demo_say(s, COMMA);
    }
    demo_say(s, WHO + demo_below(n, WHO_COUNT));
    demo_say(s, DID + demo_below(n, DID_COUNT));
    demo_say(s, TO);
    demo_say(s, WHERE + demo_below(n, WHERE_COUNT));
    if (!first)
        say_year(s, year);
    demo_ask(s, END, year, 1u << kind);
}

static rc_status run(const demo_setup *setup, demo_result *r)
{
    static const struct {
        const char *name, *cell;
        demo_kind kind;
    } nets[] = {{"feed-forward over 15 positions", "", DEMO_POSITIONS},
                {"recurrent, tanh", "tanh", DEMO_FORWARD},
                {"recurrent, GRU", "gru", DEMO_FORWARD}};
    const demo_course course = {.grammar = grammar,
                                .steps = 1500,
                                .batch = 32,
                                .rate = 0.005,
                                .tests = 16,
                                .columns = COLUMNS};

    r->about = "which year?";
    demo_column(r, DEMO_SHARE, "year where years were");
    demo_column(r, DEMO_SHARE, "year where none was");
    for (int i = 0; i < 3; i++) {
        const demo_reader_plan plan = {.kind = nets[i].kind,
                                       .cell = nets[i].cell,
                                       .words = WORDS,
                                       .answers = YEAR_COUNT,
                                       .embed = 16,
                                       .hidden = 64,
                                       .positions = LONGEST};
        const rc_status s =
            demo_teach(setup, &plan, &course, r->row[demo_row(r, "%s", nets[i].name)].value);
        if (s != RC_OK)
            return s;
    }
    demo_claim(r, r->row[0].value[SEEN] > 0.95 && r->row[0].value[UNSEEN] < 0.5,
               "the feed-forward net knows the year only where years were in training");
    demo_claim(r, r->row[1].value[UNSEEN] > 0.9 && r->row[2].value[UNSEEN] > 0.9,
               "the recurrent nets know it wherever it is");
    return RC_OK;
}

const demo demo_nepal = {
    .name = "nepal",
    .help = "the year of \"I went to Nepal in 2009\", at positions that training had not",
    .lecture = "Lecture 001, \"Importance of Parameter Sharing!\": \"I went to Nepal in 2009\" and"
               " \"In 2009, I went to Nepal\": the year should be found as the sixth word and as"
               " the second. What happens when a feed-forward net is trained?",
    .trained = "Three nets of 64 units say which of ten years a sentence names; 1,500 steps of 32"
               " sentences. Openers push the year to words 2, 6, 10 and 14; half of the tests have"
               " it elsewhere. Guessing has 10%.",
    .lesson = "A feed-forward net has weights of its own for every position and learns a year anew"
              " at each; a recurrent net has one set of weights for all steps.",
    .run = run,
};
