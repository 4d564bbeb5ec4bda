/* gemm_test.c -- products over packed panels, against the textbook, for every table. */
#include "check.h"
#include "oracle.h"

/* A random product and the memory it owns. */
typedef struct product {
    rck_gemm g;
    rc_real *a, *b, *c, *start;
    int64_t a_count, c_count;
} product;

typedef struct size {
    int64_t rows, chunks, kc, klast, panels;
    int cols, cols_last;
} size;

enum { A_ROWS, A_BLOCKS, A_CHUNKED }; /* how the left operand lies */

static product new_product(size s, int lie, bool add)
{
    product p = {0};
    const int64_t K = s.chunks > 0 ? (s.chunks - 1) * s.kc + s.klast : 0;
    const int64_t longest = s.kc > s.klast ? s.kc : s.klast;
    rck_gemm *g = &p.g;

    *g = (rck_gemm){
        .rows = s.rows,
        .chunks = s.chunks,
        .kc = s.kc,
        .klast = s.klast,
        .panels = s.panels,
        .cols = s.cols,
        .cols_last = s.cols_last,
        .add = add,
        .b_k = s.cols,
        .b_panel = K * s.cols + (pick(0, 1) ? 32 : 0),
        .c_row = s.cols,
        .c_panel = s.rows * s.cols,
    };
    if (pick(0, 1)) { /* rows of C over all panels; its stride need not be a multiple of 16 */
        g->c_panel = s.cols;
        g->c_row = s.panels * s.cols + pick(0, 5);
    }
    if (lie == A_BLOCKS) {
        g->a_row = 1;
        g->a_k = RCK_MB;
        g->a_block = (K + 1) * RCK_MB;
        g->a_chunk = s.kc * RCK_MB;
        p.a_count = (s.rows + RCK_MB - 1) / RCK_MB * g->a_block;
    } else if (lie == A_CHUNKED) {
        g->a_row = longest + pick(0, 3);
        g->a_k = 1;
        g->a_chunk = s.rows * g->a_row;
        p.a_count = s.chunks * g->a_chunk;
    } else {
        g->a_row = (s.chunks * longest + 1) * 2;
        g->a_k = 2;
        g->a_chunk = 2 * s.kc;
        p.a_count = s.rows * g->a_row;
    }
    p.c_count = s.rows * s.panels * s.cols + s.rows * 5 + 16;
    if (pick(0, 1)) {
        g->start_panel = s.cols;
        p.start = guard_new(s.panels * s.cols);
        fill_real(p.start, s.panels * s.cols);
        g->start = p.start;
    }
    g->backwards = pick(0, 1);
    p.a = guard_new(p.a_count);
    p.b = guard_new(s.panels * g->b_panel);
    p.c = guard_new(p.c_count);
    fill_real(p.a, p.a_count);
    fill_real(p.b, s.panels * g->b_panel);
    fill_real(p.c, p.c_count);
    g->a = p.a;
    g->b = p.b;
    g->c = p.c;
    return p;
}

static void free_product(product *p)
{
    guard_free(p->a);
    guard_free(p->b);
    guard_free(p->c);
    if (p->start)
        guard_free(p->start);
}

static bool is_output(const rck_gemm *g, int64_t at)
{
    for (int64_t r = 0; r < g->rows; r++)
        for (int64_t panel = 0; panel < g->panels; panel++) {
            const int64_t j = at - r * g->c_row - panel * g->c_panel;

            if (j >= 0 && j < (panel == g->panels - 1 ? g->cols_last : g->cols))
                return true;
        }
    return false;
}

/* What one table makes of the product stands in `got`, as long as C. */
static void check_product(const product *p, const rck_table *t, rc_real *got)
{
    rck_gemm g = p->g;

    memcpy(got, p->c, (size_t)p->c_count * sizeof *got);
    g.c = got;
    t->gemm(&g);
    for (int64_t r = 0; r < g.rows; r++)
        for (int64_t panel = 0; panel < g.panels; panel++)
            for (int64_t j = 0; j < (panel == g.panels - 1 ? g.cols_last : g.cols); j++) {
                double sum;
                const double want = oracle_gemm_at(&p->g, r, panel, j, &sum);
                const double have = (double)got[r * g.c_row + panel * g.c_panel + j];

                if (!(fabs(have - want) <= 16 * ORACLE_EPS * sum))
                    fail_msg("%s: row %d panel %d column %d of (%d rows, K %d x %d, %d): %.9g %.9g",
                             t->name, (int)r, (int)panel, (int)j, (int)g.rows, (int)g.chunks,
                             (int)g.kc, (int)g.klast, have, want);
            }
    if (p->c_count < 4000)
        for (int64_t i = 0; i < p->c_count; i++)
            if (memcmp(got + i, p->c + i, sizeof *got) != 0)
                assert_true(is_output(&g, i));
}

/* All tables agree with the textbook, and the twins with each other. */
static void check_tables(size s, int lie, bool add)
{
    product p = new_product(s, lie, add);
    rc_real *first = guard_new(p.c_count);
    const rck_table *narrow, *wide;

    for_each_table(t)
        check_product(&p, t, first);
    oracle_twins(&narrow, &wide);
    if (narrow) {
        rc_real *second = guard_new(p.c_count);

        check_product(&p, narrow, first);
        check_product(&p, wide, second);
        assert_memory_equal(first, second, (size_t)p.c_count * sizeof *first);
        guard_free(second);
    }
    guard_free(first);
    free_product(&p);
}

static void every_small_size_matches_the_textbook(void **unused)
{
    (void)unused;
    check_seed();

    for (int64_t rows = 0; rows <= 25; rows++)
        for (int groups = 0; groups <= 6; groups++) {
            const int64_t K = pick(0, 9);
            const int last = groups > 0 ? (int)pick(1, groups) : 0;
            const size s = {rows, 1, K, K, pick(0, 3), groups * 16, last * 16};

            check_tables(s, (int)pick(0, 2), pick(0, 1));
        }
}

static void random_sizes_match_the_textbook(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        const int64_t kc = pick(1, 90);
        const int cols = (int)pick(1, 8) * 16;
        const int last = (int)pick(1, cols / 16) * 16;
        const size s = {pick(1, 90), pick(1, 9), kc, pick(1, kc), pick(1, 4), cols, last};

        check_tables(s, (int)pick(0, 2), pick(0, 1));
    }
}

static void long_sums_in_blocks_match_the_textbook(void **unused)
{
    (void)unused;
    check_seed();

    check_tables((size){20, 1, 650, 650, 2, 64, 64}, A_ROWS, true);
    check_tables((size){67, 1, 650, 650, 2, 64, 32}, A_BLOCKS, false);
    check_tables((size){487, 1, 300, 300, 2, 32, 16}, A_CHUNKED, true);
    check_tables((size){250, 1, 900, 900, 2, 32, 16}, A_BLOCKS, false); /* in pieces of A */
    check_tables((size){250, 15, 64, 32, 2, 32, 32}, A_CHUNKED, true);
    check_tables((size){7, 3, 300, 299, 2, 48, 48}, A_ROWS, false);
    check_tables((size){70, 3, 300, 1, 1, 48, 48}, A_CHUNKED, true);
    check_tables((size){1, 41, 64, 10, 5, 64, 16}, A_CHUNKED, true);
    check_tables((size){1, 1, 1000, 1000, 7, 48, 48}, A_ROWS, false);
    check_tables((size){1, 2, 500, 500, 13, 16, 16}, A_ROWS, false);
    check_tables((size){1, 2, 50, 50, 9, 32, 16}, A_ROWS, false);
    check_tables((size){1, 2, 50, 50, 3, 80, 80}, A_ROWS, true);
}

static void no_terms_write_zeros_or_a_bias_or_leave_c(void **unused)
{
    (void)unused;
    check_seed();

    rc_real bias[64];

    fill_real(bias, 64);
    for_each_table(t)
        for (int64_t rows = 1; rows < 80; rows += 13) {
            rc_real *c = guard_new(rows * 64);
            rck_gemm g = {
                .rows = rows,
                .c = c,
                .c_row = 64,
                .panels = 1,
                .cols = 64,
                .cols_last = 64,
            };

            fill_real(c, rows * 64);
            const rc_real before = c[0];

            g.add = true;
            t->gemm(&g);
            assert_true(c[0] == before);
            g.add = false;
            t->gemm(&g);
            for (int64_t i = 0; i < rows * 64; i++)
                assert_true(c[i] == 0);
            g.start = bias;
            t->gemm(&g);
            for (int64_t i = 0; i < rows * 64; i++)
                assert_true(c[i] == bias[i % 64]);
            guard_free(c);
        }
}

/* Rows, panels and calls may be cut anywhere without a change of bits. */
static void cuts_by_rows_and_panels_do_not_show(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 20; trial++) {
        const size s = {pick(2, 100), 1, 300, 300, 4, 64, 48};
        product p = new_product(s, A_ROWS, pick(0, 1));

        for_each_table(t) {
            rc_real *whole = guard_new(p.c_count);
            rc_real *cut = guard_new(p.c_count);
            const int64_t row = pick(1, s.rows - 1);
            const int64_t panel = pick(1, s.panels - 1);

            memcpy(cut, p.c, (size_t)p.c_count * sizeof *cut);
            check_product(&p, t, whole);
            for (int part = 0; part < 4; part++) {
                rck_gemm g = p.g;

                g.c = cut;
                if (part & 1) {
                    g.a += row * g.a_row;
                    g.c += row * g.c_row;
                    g.rows -= row;
                } else {
                    g.rows = row;
                }
                if (part & 2) {
                    g.b += panel * g.b_panel;
                    g.c += panel * g.c_panel;
                    g.start = g.start ? g.start + panel * g.start_panel : NULL;
                    g.panels -= panel;
                } else {
                    g.panels = panel;
                    g.cols_last = g.cols;
                }
                t->gemm(&g);
            }
            assert_memory_equal(whole, cut, (size_t)p.c_count * sizeof *cut);
            guard_free(whole);
            guard_free(cut);
        }
        free_product(&p);
    }
}

static void a_nan_reaches_its_row_only(void **unused)
{
    (void)unused;
    check_seed();

    for_each_table(t) {
        product p = new_product((size){9, 1, 40, 40, 2, 64, 64}, A_CHUNKED, false);

        p.a[4 * p.g.a_row + 17] = (rc_real)NAN;
        t->gemm(&p.g);
        for (int64_t r = 0; r < 9; r++)
            for (int64_t j = 0; j < 128; j++)
                assert_int_equal(isnan(p.c[r * p.g.c_row + j / 64 * p.g.c_panel + j % 64]) != 0,
                                 r == 4);
        free_product(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_size_matches_the_textbook),
        cmocka_unit_test(random_sizes_match_the_textbook),
        cmocka_unit_test(long_sums_in_blocks_match_the_textbook),
        cmocka_unit_test(no_terms_write_zeros_or_a_bias_or_leave_c),
        cmocka_unit_test(cuts_by_rows_and_panels_do_not_show),
        cmocka_unit_test(a_nan_reaches_its_row_only),
    };

    return cmocka_run_group_tests_name("gemm", tests, NULL, NULL);
}
