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
        const char *idle[5], *at_work[7];
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
         {"flat", "true", "cell", "gru"},
         {"cell", "gru"},
         "'cell': it means nothing with --flat"},
        {"classify",
         {"flat", "true", "bidirectional", "true"},
         {"flat", "true"},
         "'bidirectional'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = toy_config(cases[i].task, cases[i].idle);

        CHECK_STATUS(rcm_idle_check(c), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].words);
        rc_config_free(c);
        c = toy_config(cases[i].task, cases[i].at_work);
        CHECK_STATUS(rcm_idle_check(c), RC_OK);
        rc_config_free(c);
    }
}

/* Other tasks have some of these options and none of what they are for. */
static void other_tasks_are_left_alone(void **unused)
{
    (void)unused;
    rc_config *c = toy_config("series", (const char *const[]){"cell", "gru", "hidden", "9", NULL});

    CHECK_STATUS(rcm_idle_check(c), RC_OK);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_nothing_is_told),
        cmocka_unit_test(other_tasks_are_left_alone),
    };

    return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
