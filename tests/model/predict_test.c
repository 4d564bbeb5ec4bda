/* predict_test.c -- what a model says of a file is asked of its task, if that says anything. */
#include "model/toy.h"

static bool never(void *ctx, const rc_prediction *p)
{
    (void)ctx;
    (void)p;
    fail_msg("a prediction of a model that has none");
    return false;
}

static void a_task_that_says_nothing_of_files_is_refused(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "4");

    CHECK_STATUS(rc_model_predict(m, toy_file("p.txt", "to be\n"), NULL, never, NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("a model of task 'lm' says nothing of files");
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_that_says_nothing_of_files_is_refused),
    };

    return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
