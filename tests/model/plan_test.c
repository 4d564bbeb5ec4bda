/* plan_test.c -- stacks as a configuration describes them, and what cannot be one. */
#include "check.h"
#include "model/model_in.h"

static rc_config *config_of(const char *const *pairs)
{
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "series"), RC_OK);
    for (; *pairs; pairs += 2)
        CHECK_STATUS(rc_config_set(c, pairs[0], pairs[1]), RC_OK);
    return c;
}

static void a_plan_is_what_the_configuration_says(void **unused)
{
    (void)unused;
    rc_config *c = config_of((const char *[]){"cell", "gru", "layers", "2", "hidden", "7,5", "skip",
                                              "residual", "bias", "double", "dropout", "0.25",
                                              "dropout-kind", "locked", NULL});
    rcm_plan p;

    CHECK_STATUS(rcm_plan_stack(&p, c, 2), RC_OK);
    assert_string_equal(p.stack.cell->name, "gru");
    assert_true(p.stack.layers == 2 && p.stack.hidden[0] == 7 && p.stack.hidden[1] == 5);
    assert_true(p.stack.directions == 2 && p.stack.skip == RCN_SKIP_RESIDUAL && p.stack.locked);
    assert_true(p.stack.bias == RCN_BIAS_DOUBLE && p.stack.dropout == 0.25);
    rcb_free(p.hidden);
    rc_config_free(c);
}

static void what_cannot_be_is_refused(void **unused)
{
    (void)unused;
    rc_config *c = config_of((const char *[]){"layers", "3", "hidden", "7,5", NULL});
    rcm_plan p;

    CHECK_STATUS(rcm_plan_stack(&p, c, 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot set 'hidden' to '7,5' with 'layers' 3");
    assert_null(p.hidden);
    CHECK_STATUS(rc_config_set(c, "hidden", "60000"), RC_OK);
    CHECK_STATUS(rcm_plan_stack(&p, c, 1), RC_OK);
    CHECK_STATUS(rcm_plan_room(&(rc_model){.room = 1000}, &p, 0), RC_EFORMAT);
    CHECK_STATUS(rcm_plan_room(&(rc_model){.room = INT64_MAX}, &p, 1e15), RC_ENOMEM);
    rcb_free(p.hidden);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_what_the_configuration_says),
        cmocka_unit_test(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
