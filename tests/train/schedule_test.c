/* schedule_test.c -- learning rates at chosen moments, by hand. */
#include "check.h"
#include "train/train.h"

static rc_config *config_of(const char *schedule)
{
    rc_config *c;
    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "lr-schedule", schedule), RC_OK);
    CHECK_STATUS(rc_config_set(c, "lr", "1"), RC_OK);
    return c;
}

static double rate_at(const rc_config *c, int64_t epoch, double done, double factor)
{
    const rct_moment m = {.epoch = epoch, .done = done, .factor = factor};
    return rct_schedule_rate(c, &m);
}

static void constant_never_changes(void **unused)
{
    (void)unused;
    rc_config *c = config_of("constant");
    CHECK_NEAR(rate_at(c, 1, 0, 1), 1, 0);
    CHECK_NEAR(rate_at(c, 99, 1, 1), 1, 0);
    rc_config_free(c);
}

/* Zaremba et al. 2014, small: 1 for four epochs, then halved in each. */
static void step_halves_after_the_fourth_epoch(void **unused)
{
    (void)unused;
    rc_config *c = config_of("step");
    CHECK_STATUS(rc_config_set(c, "lr-after", "4"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "lr-decay", "0.5"), RC_OK);
    CHECK_NEAR(rate_at(c, 4, 0, 1), 1, 0);
    CHECK_NEAR(rate_at(c, 5, 0, 1), 0.5, 0);
    CHECK_NEAR(rate_at(c, 13, 0, 1), 1.0 / 512, 0);
    CHECK_STATUS(rc_config_set(c, "lr-min", "0.1"), RC_OK);
    CHECK_NEAR(rate_at(c, 13, 0, 1), 0.1, 0);
    rc_config_free(c);
}

static void plateau_falls_when_nothing_is_gained(void **unused)
{
    (void)unused;
    rc_config *c = config_of("plateau");
    CHECK_STATUS(rc_config_set(c, "lr-decay", "0.25"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "lr-gain", "0.01"), RC_OK);
    CHECK_NEAR(rct_schedule_after(c, 1, 0.5), 1, 0);
    CHECK_NEAR(rct_schedule_after(c, 1, (double)INFINITY), 1, 0);
    CHECK_NEAR(rct_schedule_after(c, 1, 0.005), 0.25, 0);
    CHECK_NEAR(rct_schedule_after(c, 0.25, -3), 0.0625, 0);
    CHECK_NEAR(rct_schedule_after(c, 1, (double)NAN), 0.25, 0);
    CHECK_NEAR(rate_at(c, 3, 0, 0.25), 0.25, 0);
    rc_config_free(c);
}

static void one_cycle_rises_and_falls(void **unused)
{
    (void)unused;
    rc_config *c = config_of("onecycle");
    CHECK_NEAR(rate_at(c, 1, 0, 1), 1.0 / 25, 1e-12);
    CHECK_NEAR(rate_at(c, 1, 0.15, 1), (1 + 1.0 / 25) / 2, 1e-12);
    CHECK_NEAR(rate_at(c, 1, 0.3, 1), 1, 1e-12);
    CHECK_NEAR(rate_at(c, 1, 0.65, 1), 0.5, 1e-12);
    CHECK_NEAR(rate_at(c, 1, 1, 1), 0, 1e-12);
    CHECK_NEAR(rate_at(c, 1, 1.1, 1), 0, 1e-12);
    CHECK_STATUS(rc_config_set(c, "epochs", "0"), RC_OK);
    CHECK_STATUS(rct_schedule_check(c), RC_EINVAL);
    rc_config_free(c);
}

/* Step by step to the full rate, over whatever schedule. */
static void warm_up_scales_the_schedule(void **unused)
{
    (void)unused;
    const char *const schedules[] = {"constant", "step"};

    for (int i = 0; i < 2; i++) {
        rc_config *c = config_of(schedules[i]);
        const double full = rate_at(c, 3, 0, 1); /* step: halved twice */

        CHECK_STATUS(rc_config_set(c, "lr-warmup", "10"), RC_OK);
        for (int64_t step = 0; step < 15; step++) {
            const rct_moment m = {.epoch = 3, .step = step, .factor = 1};
            CHECK_NEAR(rct_schedule_rate(c, &m), full * fmin(1, (double)(step + 1) / 10), 1e-12);
        }
        rc_config_free(c);
    }
}

static void cosine_falls_from_one_end_to_the_other(void **unused)
{
    (void)unused;
    rc_config *c = config_of("cosine");
    CHECK_STATUS(rc_config_set(c, "lr-min", "0.2"), RC_OK);
    CHECK_NEAR(rate_at(c, 1, 0, 1), 1, 1e-15);
    CHECK_NEAR(rate_at(c, 1, 0.5, 1), 0.6, 1e-15);
    CHECK_NEAR(rate_at(c, 9, 1, 1), 0.2, 1e-15);
    CHECK_NEAR(rate_at(c, 9, 1.5, 1), 0.2, 1e-15);
    rc_config_free(c);
}

static void cosine_needs_an_end(void **unused)
{
    (void)unused;
    rc_config *c = config_of("cosine");
    CHECK_STATUS(rct_schedule_check(c), RC_OK);
    CHECK_STATUS(rc_config_set(c, "epochs", "0"), RC_OK);
    CHECK_STATUS(rct_schedule_check(c), RC_EINVAL);
    CHECK_MESSAGE_HAS("needs an end");
    CHECK_STATUS(rc_config_set(c, "steps", "10"), RC_OK);
    CHECK_STATUS(rct_schedule_check(c), RC_OK);
    rc_config_free(c);
}

static void an_unknown_schedule_is_an_error(void **unused)
{
    (void)unused;
    rc_config *c = config_of("constnat");
    CHECK_STATUS(rct_schedule_check(c), RC_EINVAL);
    CHECK_MESSAGE_HAS("'constnat'");
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_never_changes),
        cmocka_unit_test(step_halves_after_the_fourth_epoch),
        cmocka_unit_test(plateau_falls_when_nothing_is_gained),
        cmocka_unit_test(cosine_falls_from_one_end_to_the_other),
        cmocka_unit_test(one_cycle_rises_and_falls),
        cmocka_unit_test(warm_up_scales_the_schedule),
        cmocka_unit_test(cosine_needs_an_end),
        cmocka_unit_test(an_unknown_schedule_is_an_error),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
