/* lists_test.c -- everything that can be named is in a list, with help, once. */
#include "check.h"
#include "recur.h"

static bool listed(const char *list, const char *name)
{
    rc_entry e;
    for (size_t i = 0; rc_list(list, i, &e); i++)
        if (strcmp(e.name, name) == 0)
            return true;
    return false;
}

static void every_list_has_entries_with_help(void **unused)
{
    (void)unused;
    const char *const lists[] = {"cells",    "tasks",  "optimizers", "schedules",
                                 "levels",   "biases", "skips",      "averages",
                                 "dropouts", "keeps",  "benches",    "precisions"};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        rc_entry e, other;
        assert_true(rc_list(lists[k], 0, &e));
        for (size_t i = 0; rc_list(lists[k], i, &e); i++) {
            assert_true(e.name && *e.name);
            assert_true(e.help && *e.help);
            for (size_t j = 0; j < i && rc_list(lists[k], j, &other); j++)
                assert_string_not_equal(e.name, other.name);
        }
    }
}

static void the_names_that_scripts_rely_on_are_there(void **unused)
{
    (void)unused;
    const char *const names[][2] = {
        {"cells", "lstm"},      {"cells", "gru"},         {"cells", "gru-before"},
        {"cells", "sgru"},      {"cells", "tanh"},        {"cells", "relu"},
        {"cells", "irnn"},      {"tasks", "lm"},          {"optimizers", "sgd"},
        {"optimizers", "adam"}, {"optimizers", "adamw"},  {"schedules", "constant"},
        {"schedules", "step"},  {"schedules", "plateau"}, {"schedules", "cosine"},
        {"levels", "byte"},     {"levels", "char"},       {"levels", "word"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(listed(names[i][0], names[i][1]));
}

static void an_unknown_list_is_empty(void **unused)
{
    (void)unused;
    rc_entry e;
    assert_false(rc_list("sells", 0, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_has_entries_with_help),
        cmocka_unit_test(the_names_that_scripts_rely_on_are_there),
        cmocka_unit_test(an_unknown_list_is_empty),
    };
    return cmocka_run_group_tests_name("lists", tests, NULL, NULL);
}
