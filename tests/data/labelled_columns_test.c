/* labelled_columns_test.c -- files of CoNLL, CoNLL-U and ATIS become sentences of labelled
 * tokens.
 */
#include "labelled.h"

static const char conll[] = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n"
                            "# # I-NP O\n. . O O\n";
static const char conllu[] = "# newdoc id = n\n# text = vámonos al\n"
                             "1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_\n"
                             "1\tvamos\tir\tVERB\tV\tMood=Imp\t0\troot\t_\t_\n"
                             "2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t_\t_\n"
                             "2.1\tsilent\t_\tX\t_\t_\t_\t_\t_\t_\n"
                             "3\tNew York\t_\tPROPN\tN\t_\t1\tobl\t_\tSpaceAfter=No\n\n";

static void words_tags_and_features_are_columns(void **unused)
{
    (void)unused;
    const rcd_labelling tags = {.each = true};

    CHECK_LABELLED("t", conll, tags, "EU/I-ORG rejects/O | #/O ./O");
    CHECK_LABELLED("t", conll,
                   ((rcd_labelling){.each = true, .label_column = "#3", .features = "#2,#-1"}),
                   "EU+NNP+I-ORG/I-NP rejects+VBZ+O/I-VP | #+#+O/I-NP .+.+O/O");
    CHECK_LABELLED("t", "a    X \r\n \r\nb Y\r\n", tags, "a/X | b/Y");
    CHECK_LABELLED("t", "one two\tX\n\nb\tY\n", tags, "one two/X | b/Y"); /* tabs: blanks stay */
}

static void only_labels_that_are_wanted_need_be_there(void **unused)
{
    (void)unused;
    const rcd_labelling blind = {.each = true, .blind = true};

    CHECK_LABELLED("t", "a\nb\n\nc\n", blind, "a/- b/- | c/-");
    CHECK_LABELLED("t", conll, blind, "EU/- rejects/- | #/- ./-");
}

static void ranges_and_empty_nodes_are_passed_over(void **unused)
{
    (void)unused;
    rcd_labelled l;

    CHECK_LABELLED("t.conllu", conllu, (rcd_labelling){.each = true},
                   "vamos/VERB nos/PRON New York/PROPN");
    CHECK_LABELLED(
        "t.conllu", conllu,
        ((rcd_labelling){
            .each = true, .text_column = "lemma", .label_column = "deprel", .features = "xpos,#6"}),
        "ir+V+Mood=Imp/root nosotros+P+_/obj _+N+_/obl");
    CHECK_STATUS(labelled_of(&l, "t.conllu", conllu, (rcd_labelling){.each = true}), RC_OK);
    assert_int_equal(l.note[RCD_NOTE_RANGE].count, 2);
    assert_int_equal(l.note[RCD_NOTE_RANGE].line, 3);
    assert_int_equal(l.line[0], 4);
    rcd_labelled_free(&l);
}

static void an_intent_labels_the_sentence(void **unused)
{
    (void)unused;
    const char *atis = "# flight#fare\ni\tO\nfly\tO\n\n# city\nboston\tB-city\n";

    CHECK_LABELLED("t", atis, (rcd_labelling){0}, "flight#fare: i fly | city: boston");
    CHECK_LABELLED("t", atis, (rcd_labelling){.label_until = "#"}, "flight: i fly | city: boston");
    CHECK_LABELLED("t", atis, (rcd_labelling){.each = true}, "i/O fly/O | boston/B-city");
    CHECK_REFUSED("t", "# x\na\tO\n\nb\tO\n", (rcd_labelling){0}, RC_EDATA,
                  "line 4: no line '# LABEL' comes before the tokens");
    CHECK_LABELLED("t", "# id 7 of en\na b X\n\nc d Y\n", (rcd_labelling){.each = true},
                   "a/X | c/Y");
}

static void lines_with_other_columns_are_named(void **unused)
{
    (void)unused;
    const rcd_labelling tags = {.each = true};

    CHECK_REFUSED("t", "a X\n\nb\n", tags, RC_EDATA,
                  "cannot read 't': line 3: it has 1 column, line 1 has 2 between blanks");
    CHECK_REFUSED("t", "a X\nb c X\n", tags, RC_EDATA, "line 2: it has 3 columns, line 1 has 2");
    CHECK_REFUSED("t", "a\nb\n", tags, RC_EDATA,
                  "line 1: it has 1 column, a word and its label are expected");
    CHECK_REFUSED("t", "a\tX\nb\t\n", tags, RC_EDATA,
                  "line 2: column 2 is empty, a label is expected");
    CHECK_REFUSED("t", "a\tX\n\tX\n", tags, RC_EDATA,
                  "line 2: column 1 is empty, a word is expected");
    CHECK_REFUSED("t", "a X\n", ((rcd_labelling){.each = true, .label_column = "#3"}), RC_EDATA,
                  "there is no column '#3', line 1 has 2");
    CHECK_REFUSED("t", "a X\n", ((rcd_labelling){.each = true, .label_column = "#1"}), RC_EINVAL,
                  "column 1 is word and label");
    CHECK_REFUSED("t", "a X\n", ((rcd_labelling){.each = true, .features = "#1,"}), RC_EINVAL,
                  "features '#1,' end in a comma");
    CHECK_REFUSED("t", "-DOCSTART- O\n\n", tags, RC_EDATA, "there are no sequences in it");
    CHECK_REFUSED("t.conllu", "x\ta\t_\tX\t_\t_\t0\t_\t_\t_\n", tags, RC_EDATA,
                  "line 1: column 1 is 'x', a number is expected");
    CHECK_REFUSED("t.conllu", "1 a _ X\n", tags, RC_EDATA,
                  "line 1: it has 1 columns, CoNLL-U has 10 between tabs");
    CHECK_REFUSED("t.conllu", conllu, ((rcd_labelling){.each = true, .label_column = "pos"}),
                  RC_EDATA, "there is no column 'pos'");
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    labelled_file f = {"t.conllu", conllu, {.each = true, .features = "xpos"}};

    CHECK_EACH_ALLOCATION(read_and_free, &f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_tags_and_features_are_columns),
        cmocka_unit_test(only_labels_that_are_wanted_need_be_there),
        cmocka_unit_test(ranges_and_empty_nodes_are_passed_over),
        cmocka_unit_test(an_intent_labels_the_sentence),
        cmocka_unit_test(lines_with_other_columns_are_named),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled_columns", tests, NULL, NULL);
}
