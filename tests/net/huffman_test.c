/* huffman_test.c -- ways of a Huffman tree: a code that can be read, and as short as can be. */
#include "check.h"

#include "net/net.h"

#include <math.h>

/* Decisions above a symbol. */
static int64_t way_of(const rc_tree *t, int64_t w)
{
    int64_t n = 0;

    for (int32_t up = t->up[w]; up >= 0; up = t->up[t->leaves + up / 2])
        n++;
    return n;
}

/* Kraft's sum is 1, and the mean way lies between the entropy and one bit more. */
static void ways_are_a_short_code(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 50; trial++) {
        enum { MOST = 300 };
        const int64_t V = trial == 0 ? 2 : pick(2, MOST);
        int64_t count[MOST], deepest = 0;
        double all = 0, kraft = 0, mean = 0, entropy = 0;
        rcn_huffman h;

        for (int64_t w = 0; w < V; w++) {
            count[w] = pick(1, 1 << pick(0, 20));
            all += (double)count[w];
        }
        CHECK_STATUS(rcn_huffman_new(&h, count, V), RC_OK);
        for (int64_t w = 0; w < V; w++) {
            const int64_t way = way_of(&h.tree, w);
            const double share = (double)count[w] / all;

            kraft += ldexp(1, -(int)way);
            mean += share * (double)way;
            entropy -= share * log2(share);
            deepest = way > deepest ? way : deepest;
        }
        assert_true(kraft == 1);
        assert_true(mean >= entropy - 1e-9 && mean < entropy + 1);
        assert_true(fabs(mean - h.way) < 1e-9 * mean);
        assert_int_equal(deepest, h.tree.depth);
        rcn_huffman_free(&h);
    }
}

static void one_symbol_is_no_tree(void **unused)
{
    (void)unused;
    const int64_t count = 3;
    rcn_huffman h;

    CHECK_STATUS(rcn_huffman_new(&h, &count, 1), RC_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_are_a_short_code),
        cmocka_unit_test(one_symbol_is_no_tree),
    };

    return cmocka_run_group_tests_name("huffman", tests, NULL, NULL);
}
