/* labelled_tree_test.c -- trees become sentences or phrases with the labels of their nodes. */
#include "labelled.h"

#define TREE "(3 (2 It) (4 (2 's) (3 good)))"

static void the_root_labels_the_sentence(void **unused)
{
    (void)unused;
    CHECK_LABELLED("t", TREE "\n\n  ( 1 ( 0 -LRB- ) (2 x ) )\r\n", (rcd_labelling){0},
                   "3: It 's good | 1: -LRB- x");
    CHECK_LABELLED("t", "(2 alone)", (rcd_labelling){0}, "2: alone");
    CHECK_LABELLED("t", TREE, ((rcd_labelling){.blind = true, .format = RCD_FORMAT_TREES}),
                   "-: It 's good");
}

static void every_node_is_a_phrase(void **unused)
{
    (void)unused;
    CHECK_LABELLED("t", TREE, (rcd_labelling){.phrases = true},
                   "3: It 's good | 2: It | 4: 's good | 2: 's | 3: good");
}

static void two_halves_leave_the_neutral_out(void **unused)
{
    (void)unused;
    rcd_labelled l;

    CHECK_LABELLED("t", TREE "\n(0 bad)\n(2 so)\n(1 meh)\n", (rcd_labelling){.binary = true},
                   "positive: It 's good | negative: bad | negative: meh");
    CHECK_STATUS(labelled_of(&l, "t", TREE, (rcd_labelling){.binary = true, .phrases = true}),
                 RC_OK);
    assert_true(l.n == 3 && l.note[RCD_NOTE_NEUTRAL].count == 2);
    rcd_labelled_free(&l);
}

static void what_is_no_tree_is_refused(void **unused)
{
    (void)unused;
    const rcd_labelling how = {.format = RCD_FORMAT_TREES};
    const struct {
        const char *text, *words;
    } cases[] = {
        {"(2 a)\nb\n", "line 2: no bracket opens the tree"},
        {"(2 a) b\n", "line 1: something stands behind the tree"},
        {"(2 a))\n", "something stands behind the tree"},
        {"(2 (2 a)\n", "1 brackets are not closed"},
        {"(2 )\n", "a node has no words"},
        {"((2 a))\n", "a bracket opens and no label follows"},
        {"(\n", "a bracket opens and no label follows"},
        {")\n", "no bracket opens the tree"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_REFUSED("t", cases[i].text, how, RC_EDATA, cases[i].words);
    CHECK_REFUSED("t", "(7 a)\n", ((rcd_labelling){.binary = true}), RC_EDATA,
                  "line 1: the label '7' is none of 0 to 4");

    rcb_buf deep = {0};
    for (int i = 0; i < 1001; i++)
        CHECK_STATUS(rcb_buf_puts(&deep, "(1 "), RC_OK);
    CHECK_REFUSED("t", deep.p, how, RC_EDATA, "the tree is deeper than 1000 brackets");
    rcb_buf_free(&deep);
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    labelled_file f = {"t", TREE, {.phrases = true}};

    CHECK_EACH_ALLOCATION(read_and_free, &f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_labels_the_sentence),
        cmocka_unit_test(every_node_is_a_phrase),
        cmocka_unit_test(two_halves_leave_the_neutral_out),
        cmocka_unit_test(what_is_no_tree_is_refused),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled_tree", tests, NULL, NULL);
}
