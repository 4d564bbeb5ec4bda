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

/* Ragged: three sequences of 3, 2 and 1 steps, two numbers a row. */
static void penalties_are_mean_squares_of_rows_and_steps(void **unused)
{
    (void)unused;
    int64_t at[] = {0, 3, 5, 6};
    const rcd_batch b = {.steps = 3, .seqs = 3, .rows = 6, .aims = 3, .at = at};
    const rc_real x[6][2] = {{1, 2}, {3, 4}, {5, 6}, {2, 2}, {0, 5}, {7, 1}};
    rc_config *c =
        config_of((const char *[]){"activation-penalty", "0.5", "temporal-penalty", "0.25", NULL});
    double square = 0, steps = 0, got;
    rcb_pool *pool;
    rc_graph *g;

    CHECK_STATUS(rck_select(), RC_OK);
    for (int i = 0; i < 6; i++)
        square += (double)(x[i][0] * x[i][0] + x[i][1] * x[i][1]);
    for (int d = 0; d < 2; d++) {
        steps += pow((double)(x[3][d] - x[0][d]), 2) + pow((double)(x[4][d] - x[1][d]), 2);
        steps += pow((double)(x[5][d] - x[3][d]), 2);
    }
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    for (int training = 0; training < 2; training++) {
        CHECK_STATUS(rcg_graph_on(&g, pool, training), RC_OK);
        rc_real grad[12] = {0};
        rc_var *raw = rc_leaf(g, rc_shape_2(6, 2), x[0], grad);
        rc_var *sum = rcm_penalties(c, g, &b, raw, rc_scale(g, raw, 2));

        CHECK_STATUS(rc_graph_status(g), RC_OK);
        assert_int_equal(sum != NULL, training);
        if (sum) { /* times the predictions, as a loss is their sum */
            CHECK_STATUS(rc_var_total(g, sum, &got), RC_OK);
            CHECK_NEAR(got, 3 * (0.5 * 4 * square / (6 * 2) + 0.25 * steps / (3 * 2)), 1e-4);
        }
        rc_graph_free(g);
    }
    rcb_pool_free(pool);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_what_the_configuration_says),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(penalties_are_mean_squares_of_rows_and_steps),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
