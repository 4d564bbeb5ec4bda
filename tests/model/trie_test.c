/* trie_test.c -- the runs of a text are all there, in order, and count as a look at every place of
 * the text says. The smoothing on top is tested with the task (ngram_test.c).
 */
#include "check.h"

#include "model/trie_in.h"

enum { MOST = 200 };

/* A text of ids, the boundary first, as a tape of bytes. */
struct text {
    int32_t id[MOST + 1];
    unsigned char byte[MOST];
    int32_t n; /* with the boundary */
};

static rcd_tape random_tape(struct text *x, int32_t n, int32_t V)
{
    x->n = n + 1;
    x->id[0] = (int32_t)pick(0, V - 1);
    for (int32_t i = 1; i <= n; i++) {
        x->id[i] = (int32_t)pick(0, pick(0, V - 1));
        x->byte[i - 1] = (unsigned char)x->id[i];
    }
    return (rcd_tape){.p = x->byte, .n = n, .width = 1};
}

/* Is the run of n symbols there at `at`? */
static bool is_at(const struct text *x, int32_t at, const int32_t *run, int n)
{
    return at + n <= x->n && memcmp(x->id + at, run, (size_t)n * sizeof *run) == 0;
}

/* What a run of n symbols must count: occurrences if `whole`, else different symbols before, where
 * the beginning of the text counts as one. The boundary is no symbol of the text. */
static int32_t count_of(const struct text *x, const int32_t *run, int n, bool whole)
{
    bool before[256] = {false};
    int32_t count = 0;

    for (int32_t at = n == 1; at < x->n; at++) {
        if (!is_at(x, at, run, n))
            continue;
        if (whole || at == 0) {
            count++;
        } else {
            count += !before[x->id[at - 1]];
            before[x->id[at - 1]] = true;
        }
    }
    return count;
}

/* All runs of n symbols below a node of level k; how many. */
static int64_t check_below(const rcm_trie *g, const struct text *x, int k, int64_t node,
                           int32_t *run)
{
    if (k > 0) {
        assert_int_equal(rcm_trie_node(g, run, k), node);
        assert_int_equal(g->level[k].array[RCM_COUNT][node], count_of(x, run, k, k == g->order));
    }
    if (k == g->order)
        return 1;

    const int32_t *first = g->level[k].array[RCM_FIRST];
    int64_t below = 1;

    for (int64_t i = first[node]; i < first[node + 1]; i++) {
        run[k] = g->level[k + 1].array[RCM_SYMBOL][i];
        assert_true(i == first[node] || run[k] > g->level[k + 1].array[RCM_SYMBOL][i - 1]);
        below += check_below(g, x, k + 1, i, run);
    }
    return below;
}

static void every_run_is_counted(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const int32_t V = (int32_t)pick(1, 7), n = (int32_t)pick(0, trial < 10 ? 8 : MOST);
        rcm_trie g = {.order = (int)pick(1, trial < 10 ? RCM_ORDERS : 4), .V = V};
        struct text x;
        const rcd_tape tape = random_tape(&x, n, V);
        int32_t run[RCM_ORDERS];
        int64_t nodes = 0;

        CHECK_STATUS(rcm_trie_empty(&g), RC_OK);
        CHECK_STATUS(rcm_trie_count(&g, &tape, x.id[0]), RC_OK);
        for (int k = 0; k <= g.order; k++)
            nodes += g.level[k].n;
        assert_int_equal(check_below(&g, &x, 0, 0, run), nodes);
        for (int k = 2; k <= g.order; k++)
            for (int32_t at = 0; at + k <= x.n; at++)
                assert_true(rcm_trie_node(&g, x.id + at, k) >= 0);
        rcm_trie_free(&g);
    }
}

static void what_was_never_seen_is_not_there(void **unused)
{
    (void)unused;
    const unsigned char ids[] = {1, 2, 1};
    const rcd_tape tape = {.p = ids, .n = 3, .width = 1};
    rcm_trie g = {.order = 3, .V = 4};

    CHECK_STATUS(rcm_trie_empty(&g), RC_OK);
    assert_int_equal(rcm_trie_node(&g, (const int32_t[]){1, 2}, 2), -1);
    assert_int_equal(rcm_trie_node(&g, (const int32_t[]){3}, 1), 3);
    CHECK_STATUS(rcm_trie_count(&g, &tape, 0), RC_OK);
    assert_true(rcm_trie_node(&g, (const int32_t[]){0, 1, 2}, 3) >= 0);
    assert_true(rcm_trie_node(&g, (const int32_t[]){1, 2, 1}, 3) >= 0);
    assert_int_equal(rcm_trie_node(&g, (const int32_t[]){2, 2}, 2), -1);
    assert_int_equal(rcm_trie_node(&g, (const int32_t[]){2, 1, 0}, 3), -1);
    assert_int_equal(rcm_trie_child(&g, 2, rcm_trie_node(&g, (const int32_t[]){0, 1}, 2), 3), -1);
    rcm_trie_free(&g);
}

/* What a context gives away and what it keeps is what its counts say. */
static void totals_and_rests_follow_from_the_counts(void **unused)
{
    (void)unused;
    (void)check_seed();
    rcm_trie g = {.order = 3, .V = 5};
    struct text x;
    const rcd_tape tape = random_tape(&x, MOST, 5);

    CHECK_STATUS(rcm_trie_empty(&g), RC_OK);
    assert_true(g.level[0].total[0] == 0 && g.level[0].rest[0] == 1);
    CHECK_STATUS(rcm_trie_count(&g, &tape, x.id[0]), RC_OK);
    for (int k = 0; k < g.order; k++)
        for (int64_t i = 0; i < g.level[k].n; i++) {
            double total = 0, off = 0;

            for (int64_t c = g.level[k].array[RCM_FIRST][i]; c < g.level[k].array[RCM_FIRST][i + 1];
                 c++) {
                const int32_t count = g.level[k + 1].array[RCM_COUNT][c];

                total += count;
                off += rcm_trie_discount(&g, k + 1, count);
            }
            CHECK_NEAR(g.level[k].total[i], total, 0);
            CHECK_NEAR(g.level[k].rest[i], total > 0 ? off / total : 1, 1e-15);
        }
    assert_true(rcm_trie_discount(&g, 1, 0) == 0);
    assert_true(rcm_trie_discount(&g, 1, 3) == rcm_trie_discount(&g, 1, 1000));
    rcm_trie_free(&g);
}

static rc_status live(void *tape)
{
    rcm_trie g = {.order = 4, .V = 3};

    rc_status s = rcm_trie_empty(&g);
    if (s == RC_OK)
        s = rcm_trie_count(&g, tape, 0);
    rcm_trie_free(&g);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    struct text x;
    rcd_tape tape = random_tape(&x, 20, 3);

    CHECK_EACH_ALLOCATION(live, &tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_is_counted),
        cmocka_unit_test(what_was_never_seen_is_not_there),
        cmocka_unit_test(totals_and_rests_follow_from_the_counts),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("trie", tests, NULL, NULL);
}
