/* peak_test.c -- the yardstick does and counts its rounds, for every table. (How fast it is, is no
 * matter of tests.) */
#include "check.h"
#include "oracle.h"

static void operations_grow_with_the_rounds(void **unused)
{
    (void)unused;

    for_each_table(t) {
        rc_real out;
        const double one = t->peak(1, &out);

        assert_true(one >= 2 * RCK_LANES);
        assert_true(t->peak(37, &out) == 37 * one); /* whole numbers: exact */
        assert_true(t->peak(0, &out) < 1);
    }
}

/* s becomes s / 2 + 1: each round halves the distance to 2. */
static void the_rounds_are_run(void **unused)
{
    (void)unused;

    for_each_table(t) {
        rc_real before, after;

        (void)t->peak(0, &before);
        (void)t->peak(3, &after);
        assert_true(before > 3);
        CHECK_NEAR((double)after - 2, ((double)before - 2) / 8, 1e-5);
        (void)t->peak(200, &after);
        CHECK_NEAR(after, 2, 1e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_grow_with_the_rounds),
        cmocka_unit_test(the_rounds_are_run),
    };

    return cmocka_run_group_tests_name("peak", tests, NULL, NULL);
}
