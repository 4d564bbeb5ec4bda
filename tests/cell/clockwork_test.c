/* clockwork_test.c -- networks in groups of different rates. */
#include "check.h"
#include "oracle_cell.h"

static const char *const names[] = {"clockwork", "hierarchical"};
enum { COUNT = sizeof names / sizeof *names };

static void clockwork_matches_the_textbook_forward_and_back(void **unused)
{
    (void)unused;
    const uint64_t seed = check_seed();

    for (int i = 0; i < COUNT; i++)
        oracle_cell_matches_textbook(seed, names[i]);
}

static void clockwork_may_be_cut_by_rows_and_units(void **unused)
{
    (void)unused;
    const uint64_t seed = check_seed();

    for (int i = 0; i < COUNT; i++)
        oracle_cell_ignores_cuts(seed, names[i]);
}

static void clockwork_has_the_same_bits_on_avx2_and_avx512(void **unused)
{
    (void)unused;
    const uint64_t seed = check_seed();

    for (int i = 0; i < COUNT; i++)
        oracle_cell_has_one_set_of_bits(seed, names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clockwork_matches_the_textbook_forward_and_back),
        cmocka_unit_test(clockwork_may_be_cut_by_rows_and_units),
        cmocka_unit_test(clockwork_has_the_same_bits_on_avx2_and_avx512),
    };

    return cmocka_run_group_tests_name("clockwork", tests, NULL, NULL);
}
