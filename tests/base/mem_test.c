/* mem_test.c -- aligned memory, its injected failures, and arenas against a plain record of what
 * they handed out. */
#include "check.h"

#include <stdalign.h>
#include <stddef.h>
#include <unistd.h>

static bool aligned(const void *p)
{
    return p && (uintptr_t)p % RCB_ALIGN == 0;
}

static void memory_is_aligned_whatever_the_size(void **unused)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, (size_t)2 << 20, ((size_t)2 << 20) + 1};

    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *a = rcb_alloc(sizes[i], 1);
        unsigned char *b = rcb_calloc(1, sizes[i]);

        assert_true(aligned(a) && aligned(b));
        memset(a, 1, sizes[i]);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(b[j], 0);
        rcb_free(a);
        rcb_free(b);
    }
    rcb_free(NULL);
}

static void sizes_that_overflow_are_out_of_memory(void **unused)
{
    char kept[1] = {0};

    (void)unused;
    (void)RC_FAIL(RC_EIO, "stale");
    assert_null(rcb_alloc(SIZE_MAX, 2));
    CHECK_MESSAGE_HAS("out of memory");
    assert_null(rcb_alloc(SIZE_MAX / 8 + 2, 8));
    assert_null(rcb_alloc(SIZE_MAX, 1));
    assert_null(rcb_alloc(PTRDIFF_MAX, 1));
    assert_null(rcb_calloc(SIZE_MAX, SIZE_MAX));
    assert_null(rcb_realloc(kept, 1, SIZE_MAX, 2)); /* and kept is not freed */
}

/* A system that promises memory it does not have ends the process later; we ask before. */
static void more_than_the_machine_has_is_out_of_memory(void **unused)
{
    const long pages = sysconf(_SC_PHYS_PAGES);

    (void)unused;
    if (pages <= 0 || access("/proc/meminfo", R_OK) != 0)
        skip();
    assert_null(rcb_alloc((size_t)pages, (size_t)sysconf(_SC_PAGESIZE)));
    CHECK_MESSAGE_HAS("MB are left");
}

static void sums_and_products_stop_at_the_largest_size(void **unused)
{
    size_t out = 7;

    (void)unused;
    assert_false(rcb_mul(SIZE_MAX, 2, &out));
    assert_false(rcb_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(rcb_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
    assert_true(rcb_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    assert_true(rcb_mul(0, SIZE_MAX, &out) && out == 0);
    assert_true(rcb_mul(SIZE_MAX, 0, &out) && out == 0);
    assert_true(rcb_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
}

static void realloc_keeps_what_fits(void **unused)
{
    int *p = rcb_realloc(NULL, 0, 3, sizeof *p);

    (void)unused;
    for (int i = 0; i < 3; i++)
        p[i] = i + 1;
    p = rcb_realloc(p, 3, 1000, sizeof *p);
    assert_true(aligned(p));
    assert_true(p[0] == 1 && p[1] == 2 && p[2] == 3);
    p = rcb_realloc(p, 1000, 2, sizeof *p);
    assert_true(p[0] == 1 && p[1] == 2);

    rcb_alloc_fail_at(1);
    assert_null(rcb_realloc(p, 2, 5, sizeof *p));
    assert_true(p[0] == 1 && p[1] == 2); /* still there */
    rcb_free(p);
}

static void copies_of_strings_end_where_they_should(void **unused)
{
    char *a = rcb_strdup("word");
    char *b = rcb_strndup("word", 2);
    char *c = rcb_strndup("word", 100);
    char *d = rcb_strdup("");

    (void)unused;
    assert_string_equal(a, "word");
    assert_string_equal(b, "wo");
    assert_string_equal(c, "word");
    assert_string_equal(d, "");
    rcb_free(a);
    rcb_free(b);
    rcb_free(c);
    rcb_free(d);
}

static void nth_allocation_fails_once(void **unused)
{
    (void)unused;
    for (int n = 1; n <= 4; n++) {
        const uint64_t before = rcb_alloc_count();

        (void)RC_FAIL(RC_EIO, "stale");
        rcb_alloc_fail_at((uint64_t)n);
        for (int i = 1; i <= 6; i++) {
            char *p = i % 2 ? rcb_alloc(10, 1) : rcb_strdup("x");

            assert_int_equal(p == NULL, i == n);
            rcb_free(p);
        }
        CHECK_MESSAGE_HAS("out of memory");
        assert_int_equal(rcb_alloc_count() - before, 6);
    }
    rcb_alloc_fail_at(1);
    rcb_alloc_fail_at(0);
    rcb_free(rcb_strdup("never fails"));
}

/* Two pieces as a foreign library would take them; the library itself copes with NULL. */
static void what_is_denied_is_lent_from_a_reserve(void **unused)
{
    (void)unused;
    for (uint64_t n = 0; n <= 2; n++) {
        char *p[2];

        CHECK_STATUS(rcb_lend_begin(100), RC_OK);
        rcb_alloc_fail_at(n);
        for (int i = 0; i < 2; i++) {
            p[i] = rcb_lend_alloc(30, malloc);
            assert_non_null(p[i]);
            assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
            memset(p[i], 'a' + i, 30);
        }
        rcb_alloc_fail_at(0);
        assert_true(rcb_lend_short() == (n > 0));
        for (int i = 0; i < 30; i++)
            assert_true(p[0][i] == 'a' && p[1][i] == 'b');
        for (int i = 0; i < 2; i++)
            rcb_lend_free(p[i], free);
        rcb_lend_end();
        assert_false(rcb_lend_short());
    }
}

static void *nothing(size_t n)
{
    (void)n;
    return NULL;
}

static void a_reserve_ends(void **unused)
{
    (void)unused;
    assert_null(rcb_lend_alloc(1, nothing)); /* none has begun */
    assert_false(rcb_lend_short());
    CHECK_STATUS(rcb_lend_begin(100), RC_OK);
    assert_null(rcb_lend_alloc(101, nothing));
    assert_true(rcb_lend_short());
    assert_null(rcb_lend_alloc(SIZE_MAX, nothing));
    assert_non_null(rcb_lend_alloc(0, nothing));
    assert_non_null(rcb_lend_alloc(64, nothing));
    assert_null(rcb_lend_alloc(64, nothing));
    rcb_lend_end();

    CHECK_STATUS(rcb_lend_begin(SIZE_MAX), RC_ENOMEM);
    assert_null(rcb_lend_alloc(1, nothing));
}

/* What a library keeps for itself outlives the reserve. */
static void what_the_system_gave_outlives_the_reserve(void **unused)
{
    (void)unused;
    CHECK_STATUS(rcb_lend_begin(0), RC_OK);
    char *kept = rcb_lend_alloc(1000, malloc);
    rcb_lend_end();
    memset(kept, 1, 1000);
    rcb_lend_free(kept, free);
    rcb_lend_free(NULL, free);
}

/* What a random user of an arena holds: each piece is filled with its own byte. */
enum { MOST = 400 };

typedef struct piece {
    unsigned char *p;
    size_t n;
    unsigned char fill;
} piece;

static piece fresh(unsigned char *p, size_t n)
{
    const piece made = {p, n, (unsigned char)pick(0, 255)};

    assert_true(aligned(p));
    memset(p, made.fill, n);
    return made;
}

static void check_pieces(const piece *pieces, int count)
{
    for (int i = 0; i < count; i++)
        for (size_t j = 0; j < pieces[i].n; j++)
            assert_int_equal(pieces[i].p[j], pieces[i].fill);
}

/* Pieces never overlap and hold their bytes until they are given back, across any blocks. */
static void arena_hands_out_disjoint_pieces(void **unused)
{
    rcb_arena *a;

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rcb_arena_new(&a, 1000), RC_OK);
    for (int round = 0; round < 12; round++) {
        static piece keep[MOST], scratch[MOST];
        int kept = 0, scratched = 0;
        size_t marks[20];
        int counts[20];
        int depth = 0;

        for (int step = 0; step < MOST; step++) {
            const size_t n = (size_t)(pick(0, 9) ? pick(0, 300) : pick(0, 9000));
            const int64_t what = pick(0, 9);

            if (what < 4) {
                keep[kept++] = fresh(rcb_arena_keep(a, n, 1), n);
            } else if (what < 8) {
                scratch[scratched++] = fresh(rcb_arena_scratch(a, 1, n), n);
            } else if (what == 8 && depth < 20) {
                marks[depth] = rcb_arena_mark(a);
                counts[depth++] = scratched;
            } else if (depth > 0) {
                check_pieces(scratch, scratched);
                rcb_arena_release(a, marks[--depth]);
                scratched = counts[depth];
            }
        }
        check_pieces(keep, kept);
        check_pieces(scratch, scratched);
        rcb_arena_reset(a);
    }
    rcb_arena_free(a);
    rcb_arena_free(NULL);
}

static void use_arena(rcb_arena *a)
{
    for (int i = 0; i < 50; i++) {
        const size_t mark = rcb_arena_mark(a);

        assert_non_null(rcb_arena_keep(a, 1000 + (size_t)i, 8));
        assert_non_null(rcb_arena_scratch(a, 5000, 4));
        rcb_arena_release(a, mark);
    }
}

static void warm_arena_never_reaches_the_heap(void **unused)
{
    rcb_arena *a;

    (void)unused;
    CHECK_STATUS(rcb_arena_new(&a, 64), RC_OK);
    use_arena(a);
    rcb_arena_reset(a);

    const uint64_t before = rcb_alloc_count();
    const size_t high = rcb_arena_high(a);

    for (int round = 0; round < 5; round++) {
        use_arena(a);
        rcb_arena_reset(a);
    }
    assert_int_equal(rcb_alloc_count(), before);
    assert_int_equal(rcb_arena_high(a), high);
    assert_true(high >= 50 * 1000 * 8 + 5000 * 4);
    rcb_arena_free(a);
}

static void scratch_is_reused_after_release(void **unused)
{
    rcb_arena *a;

    (void)unused;
    CHECK_STATUS(rcb_arena_new(&a, 1 << 16), RC_OK);

    const size_t mark = rcb_arena_mark(a);
    void *first = rcb_arena_scratch(a, 100, 1);
    void *second = rcb_arena_scratch(a, 0, 1);

    assert_true(aligned(second) && second != first);
    rcb_arena_release(a, mark);
    assert_ptr_equal(rcb_arena_scratch(a, 100, 1), first);
    rcb_arena_reset(a);
    assert_ptr_equal(rcb_arena_scratch(a, 100, 1), first);
    rcb_arena_free(a);
}

/* Scratch taken in one block is given back although keep has moved on to the next block. */
static void mark_reaches_back_over_blocks(void **unused)
{
    rcb_arena *a;

    (void)unused;
    CHECK_STATUS(rcb_arena_new(&a, 4096), RC_OK);

    const size_t empty = rcb_arena_mark(a);
    unsigned char *old = rcb_arena_scratch(a, 1000, 1);

    memset(old, 3, 1000);

    const size_t one = rcb_arena_mark(a);

    assert_non_null(rcb_arena_keep(a, 100000, 1));
    assert_non_null(rcb_arena_scratch(a, 200000, 1));
    assert_non_null(rcb_arena_scratch(a, 900000, 1));
    rcb_arena_release(a, one);
    assert_int_equal(rcb_arena_mark(a), one);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(old[i], 3);
    rcb_arena_release(a, empty);
    assert_int_equal(rcb_arena_mark(a), empty);
    rcb_arena_free(a);
}

static rc_status fill_arena(void *ctx)
{
    rcb_arena *a;

    (void)ctx;
    RC_TRY(rcb_arena_new(&a, 256));

    rc_status status = RC_OK;

    for (size_t n = 100; n < 100000 && status == RC_OK; n *= 3)
        if (!rcb_arena_keep(a, n, 1) || !rcb_arena_scratch(a, 1, n))
            status = RC_ENOMEM;
    rcb_arena_free(a);
    return status;
}

static void arena_reports_every_failed_allocation(void **unused)
{
    rcb_arena *a;

    (void)unused;
    CHECK_EACH_ALLOCATION(fill_arena, NULL);

    CHECK_STATUS(rcb_arena_new(&a, 0), RC_OK);
    assert_null(rcb_arena_keep(a, SIZE_MAX, 2));
    CHECK_MESSAGE_HAS("out of memory");
    assert_null(rcb_arena_scratch(a, SIZE_MAX, 1));
    assert_null(rcb_arena_keep(a, SIZE_MAX - 64, 1));
    assert_non_null(rcb_arena_keep(a, 10, 1));
    rcb_arena_free(a);

    assert_int_equal(rcb_arena_new(&a, SIZE_MAX - 10), RC_ENOMEM);
    assert_null(a);
}

static void arena_survives_a_reset_without_memory(void **unused)
{
    rcb_arena *a;

    (void)unused;
    CHECK_STATUS(rcb_arena_new(&a, 256), RC_OK);
    assert_non_null(rcb_arena_keep(a, 10000, 1));
    rcb_alloc_fail_at(1);
    rcb_arena_reset(a); /* two blocks become one, for which there is no memory */
    rcb_arena_reset(a);
    rcb_alloc_fail_at(1);
    (void)RC_FAIL(RC_EIO, "stale");
    assert_null(rcb_arena_keep(a, 10, 1));
    CHECK_MESSAGE_HAS("out of memory");
    assert_non_null(rcb_arena_keep(a, 10, 1));
    rcb_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_whatever_the_size),
        cmocka_unit_test(sizes_that_overflow_are_out_of_memory),
        cmocka_unit_test(more_than_the_machine_has_is_out_of_memory),
        cmocka_unit_test(sums_and_products_stop_at_the_largest_size),
        cmocka_unit_test(realloc_keeps_what_fits),
        cmocka_unit_test(copies_of_strings_end_where_they_should),
        cmocka_unit_test(nth_allocation_fails_once),
        cmocka_unit_test(what_is_denied_is_lent_from_a_reserve),
        cmocka_unit_test(a_reserve_ends),
        cmocka_unit_test(what_the_system_gave_outlives_the_reserve),
        cmocka_unit_test(arena_hands_out_disjoint_pieces),
        cmocka_unit_test(warm_arena_never_reaches_the_heap),
        cmocka_unit_test(scratch_is_reused_after_release),
        cmocka_unit_test(mark_reaches_back_over_blocks),
        cmocka_unit_test(arena_reports_every_failed_allocation),
        cmocka_unit_test(arena_survives_a_reset_without_memory),
    };
    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
