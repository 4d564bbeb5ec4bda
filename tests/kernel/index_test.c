/* index_test.c -- gather, scatter-add and the dropout mask, for every table. */
#include "check.h"
#include "oracle.h"

static void gather_takes_the_named_rows(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const int64_t V = pick(1, 20);
        const int64_t width = pick(0, 70);
        const int64_t ld = width + pick(0, 3);
        const int64_t ldy = width + pick(0, 3);
        const int64_t n = pick(0, 30);
        rc_real *table = guard_new(V * ld);
        int32_t ids[30];

        fill_real(table, V * ld);
        for (int64_t i = 0; i < n; i++)
            ids[i] = (int32_t)pick(0, V - 1);
        for_each_table(t) {
            rc_real *y = guard_new(n * ldy); /* NaN; what lies between the rows stays */

            t->gather(n, width, table, ld, ids, y, ldy);
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < ldy; j++) {
                    const rc_real got = y[i * ldy + j];

                    assert_true(j < width ? got == table[ids[i] * ld + j] : isnan(got));
                }
            guard_free(y);
        }
        guard_free(table);
    }
}

static void scatter_add_adds_rows_in_order(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const int64_t V = pick(1, 8);
        const int64_t width = pick(0, 70);
        const int64_t ld = width + pick(0, 3);
        const int64_t n = pick(0, 30);
        rc_real *start = guard_new(V * ld);
        rc_real *want = guard_new(V * ld);
        rc_real *got = guard_new(V * ld);
        rc_real *x = guard_new(n * ld);
        int32_t ids[30];

        fill_real(start, V * ld);
        fill_real(x, n * ld);
        memcpy(want, start, (size_t)(V * ld) * sizeof *want);
        for (int64_t i = 0; i < n; i++) {
            ids[i] = (int32_t)pick(0, V - 1);
            for (int64_t j = 0; j < width; j++)
                want[ids[i] * ld + j] += x[i * ld + j];
        }
        for_each_table(t) {
            memcpy(got, start, (size_t)(V * ld) * sizeof *got);
            t->scatter_add(n, width, x, ld, ids, got, ld);
            assert_memory_equal(got, want, (size_t)(V * ld) * sizeof *got);
        }
        guard_free(start);
        guard_free(want);
        guard_free(got);
        guard_free(x);
    }
}

static void scatter_panels_adds_rows_to_logical_rows(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const rck_panel p = rck_panel_of(pick(1, 150), 1, pick(0, 40));
        const int64_t size = rck_panel_size(&p);
        const int64_t ld = p.K + pick(0, 3);
        const int64_t n = pick(0, 30);
        rc_real *start = guard_new(size);
        rc_real *want = guard_new(size);
        rc_real *got = guard_new(size);
        rc_real *x = guard_new(n * ld);
        int32_t ids[30];

        fill_real(start, size);
        fill_real(x, n * ld);
        memcpy(want, start, (size_t)size * sizeof *want);
        for (int64_t i = 0; i < n; i++) {
            ids[i] = (int32_t)pick(0, p.units - 1);
            for (int64_t k = 0; k < p.K; k++)
                want[oracle_panel_at(&p, ids[i], k)] += x[i * ld + k];
        }
        for_each_table(t) {
            memcpy(got, start, (size_t)size * sizeof *got);
            t->scatter_panels(&p, n, x, ld, ids, got);
            assert_memory_equal(got, want, (size_t)size * sizeof *got);
        }
        guard_free(start);
        guard_free(want);
        guard_free(got);
        guard_free(x);
    }
}

static void the_mask_is_the_stream_of_kernel_h(void **unused)
{
    (void)unused;
    check_seed();

    static const double drops[] = {0, 0.25, 0.5, 0.9, 1e-9};

    for (int trial = 0; trial < 60; trial++) {
        const rcb_key key = {{(uint32_t)pick_bits(), (uint32_t)pick_bits()}};
        const int64_t first = trial % 3 == 0 ? INT64_C(1) << 40 : pick(0, 1000);
        const int64_t rows = pick(0, 5);
        const int64_t width = pick(0, 200);
        const int64_t ldm = width + pick(0, 3);
        const double drop = drops[pick(0, 4)];

        for_each_table(t) {
            rc_real *mask = guard_new(rows * ldm);

            t->dropout_mask(key, first, rows, width, drop, mask, ldm);
            for (int64_t r = 0; r < rows; r++)
                for (int64_t j = 0; j < ldm; j++) {
                    const rc_real got = mask[r * ldm + j];

                    if (j < width)
                        assert_true(got == (rc_real)oracle_mask_at(key, first + r, j, width, drop));
                    else
                        assert_true(isnan(got));
                }
            guard_free(mask);
        }
    }
}

static void the_mask_drops_its_share(void **unused)
{
    (void)unused;

    const rcb_key key = {{7, 11}};
    enum { ROWS = 1000, WIDTH = 100 };

    for_each_table(t) {
        rc_real *mask = guard_new(ROWS * WIDTH);
        double sum = 0;

        t->dropout_mask(key, 0, ROWS, WIDTH, 0.3, mask, WIDTH);
        for (int64_t i = 0; i < ROWS * WIDTH; i++)
            sum += (double)mask[i];
        CHECK_NEAR(sum / (ROWS * WIDTH), 1, 0.012); /* six standard deviations */
        t->dropout_mask(key, 0, ROWS, WIDTH, 0, mask, WIDTH);
        for (int64_t i = 0; i < ROWS * WIDTH; i++)
            assert_true(mask[i] == 1);
        t->dropout_mask(key, 0, ROWS, WIDTH, 1, mask, WIDTH);
        for (int64_t i = 0; i < ROWS * WIDTH; i++)
            assert_true(mask[i] == 0);
        guard_free(mask);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gather_takes_the_named_rows),
        cmocka_unit_test(scatter_add_adds_rows_in_order),
        cmocka_unit_test(scatter_panels_adds_rows_to_logical_rows),
        cmocka_unit_test(the_mask_is_the_stream_of_kernel_h),
        cmocka_unit_test(the_mask_drops_its_share),
    };

    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
