/* judge_test.c -- which of two validations is better, by every word of --judge, on numbers by hand.
 */
#include <math.h>

#include "check.h"
#include "train/train.h"

/* Of a validation: loss, errors, F1 of spans. */
static double judged(const char *task, const char *by, double loss, double wrong, double spans)
{
    const rc_progress p = {.valid = loss, .valid_wrong = wrong, .valid_spans = spans};
    rc_config *c;

    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(rc_config_new(&c, task), RC_OK);
    CHECK_STATUS(rc_config_set(c, "judge", by), RC_OK);
    CHECK_STATUS(rct_judge_check(c, &p), RC_OK);
    const double out = rct_judge(c, &p);
    rc_config_free(c);
    return out;
}

static void every_word_compares_what_it_says(void **unused)
{
    (void)unused;
    CHECK_NEAR(judged("tag", "loss", 0.7, 0.2, 0.9), 0.7, 0);
    CHECK_NEAR(judged("tag", "errors", 0.7, 0.2, 0.9), 0.2, 1e-8);
    CHECK_NEAR(judged("tag", "spans", 0.7, 0.2, 0.9), 0.1, 1e-8);
}

static void auto_is_spans_then_errors_then_loss(void **unused)
{
    (void)unused;
    CHECK_NEAR(judged("tag", "auto", 0.7, 0.2, 0.9), 0.1, 1e-8);
    CHECK_NEAR(judged("tag", "auto", 0.7, 0.2, (double)NAN), 0.2, 1e-8);
    CHECK_NEAR(judged("classify", "auto", 0.7, 0.2, (double)NAN), 0.2, 1e-8);
    CHECK_NEAR(judged("classify", "auto", 0.7, (double)NAN, (double)NAN), 0.7, 0);
    CHECK_NEAR(judged("series", "auto", 0.7, 0.2, (double)NAN), 0.7, 0);
    CHECK_NEAR(judged("lm", "auto", 0.7, (double)NAN, (double)NAN), 0.7, 0);
}

static void of_equal_errors_the_lower_loss_is_better(void **unused)
{
    (void)unused;
    for (int by = 0; by < 2; by++) {
        const char *word = by == 0 ? "errors" : "spans";

        assert_true(judged("tag", word, 0.6, 0.2, 0.9) < judged("tag", word, 0.7, 0.2, 0.9));
        /* but the least difference in what is judged weighs more */
        assert_true(judged("tag", word, 9, 0.2, 0.9) < judged("tag", word, 0.1, 0.20001, 0.89999));
    }
    /* an infinite loss is no tie-breaker, and no NaN */
    CHECK_NEAR(judged("tag", "errors", (double)INFINITY, 0.2, 0.9), 0.2, 0);
}

static void what_was_not_validated_is_refused(void **unused)
{
    (void)unused;
    const rc_progress p = {.valid = 1, .valid_wrong = (double)NAN, .valid_spans = (double)NAN};
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "judge", "errors"), RC_OK);
    CHECK_STATUS(rct_judge_check(c, &p), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot judge by errors");
    CHECK_STATUS(rc_config_set(c, "judge", "spans"), RC_OK);
    CHECK_STATUS(rct_judge_check(c, &p), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot judge by spans");
    CHECK_STATUS(rc_config_set(c, "judge", "loss"), RC_OK);
    CHECK_STATUS(rct_judge_check(c, &p), RC_OK);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_compares_what_it_says),
        cmocka_unit_test(auto_is_spans_then_errors_then_loss),
        cmocka_unit_test(of_equal_errors_the_lower_loss_is_better),
        cmocka_unit_test(what_was_not_validated_is_refused),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
