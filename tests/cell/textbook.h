/* textbook.h -- what the test of every cell's source begins with: its cells agree with the
 * textbook, may be cut, and have one set of bits.
 */
#ifndef TEXTBOOK_H
#define TEXTBOOK_H

#include "check.h"
#include "oracle_cell.h"

/* A test of all cells of a list, which ends with NULL. */
typedef void textbook_test(uint64_t seed, const char *name);
static inline void textbook_each(void **list, textbook_test *test)
{
    const uint64_t seed = check_seed();

    for (const char *const *name = *list; *name; name++)
        test(seed, *name);
}

static inline void it_matches_the_textbook_forward_and_back(void **list)
{
    textbook_each(list, oracle_cell_matches_textbook);
}

static inline void it_may_be_cut_by_rows_and_units(void **list)
{
    textbook_each(list, oracle_cell_ignores_cuts);
}

static inline void it_has_the_same_bits_on_avx2_and_avx512(void **list)
{
    textbook_each(list, oracle_cell_has_one_set_of_bits);
}

/* The three among others, of `static const char *list[] = {"lstm", NULL}`. */
#define TEXTBOOK_TESTS(list)                                                                       \
    cmocka_unit_test_prestate(it_matches_the_textbook_forward_and_back, list),                     \
        cmocka_unit_test_prestate(it_may_be_cut_by_rows_and_units, list),                          \
        cmocka_unit_test_prestate(it_has_the_same_bits_on_avx2_and_avx512, list)

/* main() of a source whose cells have no tests but these. */
static inline int textbook_main(const char *group, const char *list[])
{
    const struct CMUnitTest tests[] = {TEXTBOOK_TESTS(list)};

    return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}

#endif
