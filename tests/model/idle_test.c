/* idle_test.c -- options that mean nothing beside others are told; beside what they are for they
 * are not.
 */
#include "model/toy.h"

#include "model/labelled_in.h"

static void what_means_nothing_is_told(void **unused)
{
    (void)unused;
    static const struct {
        const char *task;
        const char *idle[7], *at_work[9];
        const char *words;
    } cases[] = {
        {"classify",
         {"maps", "50"},
         {"maps", "50", "widths", "3"},
         "'maps': it means nothing without --widths"},
        {"classify",
         {"tail", "true"},
         {"tail", "true", "most", "9"},
         "'tail': it means nothing without --most"},
        {"tag",
         {"char-hidden", "9"},
         {"char-hidden", "9", "char-net", "cnn"},
         "without --char-net"},
        {"tag",
         {"char-width", "2", "char-net", "rnn"},
         {"char-width", "2", "char-net", "cnn"},
         "'char-width': it means nothing with --char-net rnn"},
        {"tag",
         {"feature-embed", "9"},
         {"feature-embed", "9", "features", "#2"},
         "without --features"},
        {"tag",
         {"feedback-embed", "9"},
         {"feedback-embed", "9", "feedback", "true"},
         "without --feedback"},
        {"tag",
         {"dropout-kind", "locked"},
         {"dropout-kind", "locked", "dropout", "0.1"},
         "without --dropout"},
        {"tag",
         {"flat", "true", "cell", "gru"},
         {"cell", "gru"},
         "'cell': it means nothing with --flat"},
        {"tag",
         {"flat", "true", "activation-penalty", "1"},
         {"flat", "true"},
         "'activation-penalty'"},
        {"classify",
         {"flat", "true", "bidirectional", "true"},
         {"flat", "true"},
         "'bidirectional'"},
        {"tag",
         {"flat", "true", "hidden", "9"},
         {"flat", "true", "forget-bias", "2", "char-net", "rnn"},
         "'hidden'"},
        {"classify",
         {"split", "words", "tokens", "char"},
         {"split", "words"},
         "with --tokens char"},
        {"classify",
         {"unk-rate", "0.5", "min-count", "2"},
         {"unk-rate", "0.5"},
         "with --min-count"},
        {"classify",
         {"phrases", "true"},
         {"phrases", "true", "format", "trees"},
         "'phrases': it means nothing for files of format tsv"},
        {"classify",
         {"binary", "true", "format", "csv"},
         {"binary", "true", "format", "trees"},
         "of format csv"},
        {"classify",
         {"label-prefix", "x"},
         {"label-prefix", "x", "format", "fasttext"},
         "of format tsv"},
        {"classify", {"html", "true", "format", "columns"}, {"html", "true"}, "of format columns"},
        {"classify",
         {"split", "words", "format", "trees"},
         {"split", "words", "format", "rows"},
         "of format trees"},
    };
    const rcd_labelled set = {.format = RCD_FORMAT_TSV};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = toy_config(cases[i].task, cases[i].idle);

        CHECK_STATUS(rcm_idle_check(c, &set), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].words);
        rc_config_free(c);
        c = toy_config(cases[i].task, cases[i].at_work);
        CHECK_STATUS(rcm_idle_check(c, &set), RC_OK);
        rc_config_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_nothing_is_told),
    };

    return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
