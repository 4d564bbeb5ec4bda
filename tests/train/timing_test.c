/* timing_test.c -- calls are counted and ordered, failures come through; the peak is a rate. (How
 * fast anything is, is no matter of tests.) */
#include "check.h"
#include "train/train.h"

typedef struct calls {
    int64_t n, fail_at;
} calls;

static rc_status count_call(void *ctx)
{
    calls *c = ctx;

    c->n++;
    return c->n == c->fail_at ? RC_FAIL(RC_EDATA, "enough") : RC_OK;
}

static void warm_calls_do_not_count(void **unused)
{
    (void)unused;
    calls c = {0};
    rct_timing t;
    const rct_pace pace = {.warm = 3, .least = 7};

    CHECK_STATUS(rct_time(&t, &pace, count_call, &c), RC_OK);
    assert_int_equal(t.calls, 7);
    assert_int_equal(c.n, 10);
    assert_true(t.median >= 0 && t.p99 >= t.median);
}

static void time_is_used_up(void **unused)
{
    (void)unused;
    calls c = {0};
    rct_timing t;
    const rct_pace pace = {.seconds = 0.01, .warm = 1, .least = 1};
    const double begin = rcb_clock();

    CHECK_STATUS(rct_time(&t, &pace, count_call, &c), RC_OK);
    assert_true(t.calls == c.n - 1);
    assert_true(rcb_clock() - begin >= 0.01 || t.calls > 100000);
}

static void failures_come_through(void **unused)
{
    (void)unused;
    rct_timing t;
    const rct_pace pace = {.warm = 2, .least = 5};

    for (int64_t at = 1; at <= 7; at++) {
        calls c = {.fail_at = at};
        CHECK_STATUS(rct_time(&t, &pace, count_call, &c), RC_EDATA);
        assert_int_equal(c.n, at);
    }
    calls c = {0};
    rcb_alloc_fail_at(1);
    CHECK_STATUS(rct_time(&t, &pace, count_call, &c), RC_ENOMEM);
}

static void every_table_has_a_peak(void **unused)
{
    (void)unused;
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    for (int i = 0; i < RCB_ISA_COUNT; i++) {
        const rck_table *t = rck_table_of((rcb_isa)i);

        if (!t || !rcb_isa_here((rcb_isa)i))
            continue;
        for (int workers = 1; workers <= 2; workers++) {
            const double peak = rct_peak(t, pool, workers, 1e-3);
            assert_true(isfinite(peak) && peak > 1e6 && peak < 1e15);
        }
    }
    rcb_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warm_calls_do_not_count),
        cmocka_unit_test(time_is_used_up),
        cmocka_unit_test(failures_come_through),
        cmocka_unit_test(every_table_has_a_peak),
    };
    return cmocka_run_group_tests_name("timing", tests, NULL, NULL);
}
