/* alias_test.c -- draws come as often as their weights say. */
#include "check.h"

#include <math.h>

/* The chance of every number, out of its boxes. */
static void chances(const rcb_alias *a, double *p)
{
    for (int32_t i = 0; i < a->n; i++)
        p[i] = 0;
    for (int32_t i = 0; i < a->n; i++) {
        const double own = a->other[i] == i ? 1 : (double)a->limit[i] / 4294967296.0;

        p[i] += own / a->n;
        p[a->other[i]] += (1 - own) / a->n;
    }
}

static void boxes_hold_the_weights(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 50; trial++) {
        enum { MOST = 200 };
        const int64_t n = trial == 0 ? 1 : pick(1, MOST);
        double weight[MOST], got[MOST], sum = 0;
        rcb_alias a;

        for (int64_t i = 0; i < n; i++)
            weight[i] = pick(0, 3) == 0 ? 0 : exp((double)pick(-5, 5));
        weight[pick(0, (int)n - 1)] = 2;
        for (int64_t i = 0; i < n; i++)
            sum += weight[i];
        CHECK_STATUS(rcb_alias_new(&a, weight, n), RC_OK);
        chances(&a, got);
        for (int64_t i = 0; i < n; i++)
            assert_true(fabs(got[i] - weight[i] / sum) < 1e-9);
        rcb_alias_free(&a);
    }
}

static void what_has_no_weight_is_never_drawn(void **unused)
{
    (void)unused;
    enum { N = 3 };
    const double weight[N] = {1, 0, 3};
    const uint32_t ends[] = {0, 1, 1431655765u, 1431655766u, 2863311530u, 2863311531u, UINT32_MAX};
    const size_t n = sizeof ends / sizeof *ends;
    rcb_alias a;

    CHECK_STATUS(rcb_alias_new(&a, weight, N), RC_OK);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            assert_int_not_equal(rcb_alias_at(&a, ends[i], ends[k]), 1);
    rcb_alias_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_hold_the_weights),
        cmocka_unit_test(what_has_no_weight_is_never_drawn),
    };

    return cmocka_run_group_tests_name("alias", tests, NULL, NULL);
}
