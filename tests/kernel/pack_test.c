/* pack_test.c -- layouts: panels and back, transposed panels, A^T in blocks. Values are moved, so
 * everything must be equal, for every table. */
#include "check.h"
#include "oracle.h"

/* A weight of random shape: sizes around the edges of groups and panels. */
static rck_panel pick_panel(void)
{
    return rck_panel_of(pick(1, 150), (int)pick(1, 6), pick(1, 150));
}

/* The logical weight in panels, the slow way; padding is zero. */
static rc_real *packed(const rck_panel *p, const rc_real *src, int64_t ld)
{
    rc_real *dst = guard_new(rck_panel_size(p));

    memset(dst, 0, (size_t)rck_panel_size(p) * sizeof *dst);
    for (int64_t row = 0; row < p->gates * p->units; row++)
        for (int64_t k = 0; k < p->K; k++)
            dst[oracle_panel_at(p, row, k)] = src[row * ld + k];
    return dst;
}

static void check_equal(const rc_real *got, const rc_real *want, int64_t n)
{
    CHECK_CLOSE(got, want, n, 0.0);
}

static void pack_puts_every_weight_in_its_place(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const rck_panel p = pick_panel();
        const int64_t rows = p.gates * p.units;
        const int64_t ld = p.K + pick(0, 3);
        rc_real *src = guard_new(rows * ld);

        fill_real(src, rows * ld);

        rc_real *want = packed(&p, src, ld);

        for_each_table(t) {
            rc_real *got = guard_new(rck_panel_size(&p));

            const int64_t cut = pick(0, p.count);

            t->pack(&p, src, ld, got, cut, p.count);
            t->pack(&p, src, ld, got, 0, cut);
            check_equal(got, want, rck_panel_size(&p));
            guard_free(got);
        }
        guard_free(want);
        guard_free(src);
    }
}

static void unpack_undoes_pack(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const rck_panel p = pick_panel();
        const int64_t rows = p.gates * p.units;
        const int64_t ld = p.K + pick(0, 3);
        rc_real *src = guard_new(rows * ld);

        fill_real(src, rows * ld);

        rc_real *panels = packed(&p, src, ld);

        for_each_table(t) {
            rc_real *got = guard_new(rows * ld);

            memcpy(got, src, (size_t)(rows * ld) * sizeof *got); /* what lies between rows stays */
            for (int64_t r = 0; r < rows; r++)
                t->fill(p.K, 7, got + r * ld);
            t->unpack(&p, panels, got, ld);
            check_equal(got, src, rows * ld);
            guard_free(got);
        }
        guard_free(panels);
        guard_free(src);
    }
}

/* Row `panel cols + column`, unit k of the transposed weight is weight (k, column) of the panel.
 * The first is so large that it is written past the caches. */
static void transpose_swaps_inputs_and_columns(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const rck_panel p = trial == 0 ? rck_panel_of(400, 4, 100) : pick_panel();
        const rck_panel t = rck_panel_t(&p);
        const int64_t rows = p.gates * p.units;
        rc_real *src = guard_new(rows * p.K);

        fill_real(src, rows * p.K);

        rc_real *panels = packed(&p, src, p.K);
        rc_real *want = guard_new(rck_panel_size(&t));

        memset(want, 0, (size_t)rck_panel_size(&t) * sizeof *want);
        for (int64_t panel = 0; panel < p.count; panel++)
            for (int64_t k = 0; k < p.K; k++)
                for (int64_t j = 0; j < p.cols; j++)
                    want[oracle_panel_at(&t, k, panel * p.cols + j)] =
                        panels[(panel * p.K + k) * p.cols + j];

        for_each_table(table) {
            rc_real *got = guard_new(rck_panel_size(&t));
            const int64_t cut = pick(0, p.count);

            table->transpose(&p, panels, got, 0, cut);
            table->transpose(&p, panels, got, cut, p.count);
            check_equal(got, want, rck_panel_size(&t));
            guard_free(got);
        }
        guard_free(want);
        guard_free(panels);
        guard_free(src);
    }
}

/* Columns that are never computed may hold anything in activations: their rows become zero. */
static void transpose_drops_unused_columns(void **unused)
{
    (void)unused;
    check_seed();

    const rck_panel p = rck_panel_of(70, 1, 20);
    const rck_panel t = rck_panel_t(&p);
    rc_real *src = guard_new(rck_panel_size(&p)); /* all NaN */

    assert_int_equal(p.last, 16);
    for_each_table(table) {
        rc_real *got = guard_new(rck_panel_size(&t));

        table->transpose(&p, src, got, 0, p.count);
        for (int64_t row = 0; row < t.K; row++)
            for (int64_t j = 0; j < t.cols; j++)
                assert_int_equal(isnan(got[row * t.cols + j]) != 0, row < 64 + 16 && j < 20);
        guard_free(got);
    }
    guard_free(src);
}

static void pack_t_lays_columns_in_blocks_of_six(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const int64_t M = pick(1, 40);
        const int64_t N = pick(1, 30);
        const int64_t ld = M + pick(0, 3);
        const int64_t blocks = (M + RCK_MB - 1) / RCK_MB;
        rc_real *x = guard_new(N * ld);

        fill_real(x, N * ld);
        for_each_table(t) {
            rc_real *got = guard_new(blocks * RCK_MB * N);
            const int64_t cut = pick(0, blocks) * RCK_MB;
            const int64_t mid = cut < M ? cut : M;
            const int64_t row = pick(0, N);

            t->pack_t(row, x, ld, 0, mid, N, 0, got);
            t->pack_t(row, x, ld, mid, M, N, 0, got);
            t->pack_t(N - row, x + row * ld, ld, 0, M, N, row, got);
            for (int64_t m = 0; m < blocks * RCK_MB; m++)
                for (int64_t i = 0; i < N; i++)
                    assert_true(got[m / 6 * 6 * N + i * 6 + m % 6] == (m < M ? x[i * ld + m] : 0));
            guard_free(got);
        }
        guard_free(x);
    }
}

static void nothing_is_legal(void **unused)
{
    (void)unused;

    const rck_panel none = rck_panel_of(0, 4, 10);
    const rck_panel flat = rck_panel_of(20, 4, 0);
    rc_real *x = guard_new(0);

    assert_int_equal(rck_panel_size(&none), 0);
    assert_int_equal(rck_panel_size(&flat), 0);
    for_each_table(t) {
        t->pack(&none, x, 10, x, 0, none.count);
        t->unpack(&none, x, x, 10);
        t->pack(&flat, x, 0, x, 0, flat.count);
        t->unpack(&flat, x, x, 0);
        t->transpose(&flat, x, x, 0, flat.count);
        t->pack_t(0, x, 5, 0, 0, 0, 0, x);
    }
    guard_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pack_puts_every_weight_in_its_place),
        cmocka_unit_test(unpack_undoes_pack),
        cmocka_unit_test(transpose_swaps_inputs_and_columns),
        cmocka_unit_test(transpose_drops_unused_columns),
        cmocka_unit_test(pack_t_lays_columns_in_blocks_of_six),
        cmocka_unit_test(nothing_is_legal),
    };

    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
