/* pairs_test.c -- products of bf16 with real sums, and what makes their operands, against the
 * textbook over rounded reals, for every table. */
#include "check.h"
#include "oracle.h"

/* The nearest bf16 number, ties to even. */
static rc_real bf16(rc_real x)
{
    uint16_t y;
    rc_real back;

    rck_table_of(RCB_ISA_plain)->to_bf16(1, &x, &y);
    rck_table_of(RCB_ISA_plain)->from_bf16(1, &y, &back);
    return back;
}

/* Does the table promise the bits of the others? */
static bool promises(const rck_table *t)
{
    return strcmp(t->name, rcb_isa_name(RCB_ISA_avx512bf16)) != 0;
}

/* ---- operands -------------------------------------------------------------------------------- */

static void rows_lie_in_pairs(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 100; trial++) {
        const int64_t K = pick(0, 9), cols = pick(0, 70), ld = cols + pick(0, 3);
        const int64_t ldy = cols + pick(0, 3), rows = (K + 1) / 2, n = 2 * rows * ldy;
        rc_real *x = guard_new(K * ld);

        fill_real(x, K * ld);
        for (int64_t i = 0; i < K * ld; i += 7)
            x[i] = (rc_real[]){(rc_real)NAN, -(rc_real)INFINITY, (rc_real)3.4e38, 0}[i % 4];
        for_each_table(t) {
            uint16_t *y = guard_bytes((size_t)n * sizeof *y);

            memset(y, 0x5A, (size_t)n * sizeof *y);
            t->pair(K, cols, x, ld, y, ldy);
            for (int64_t i = 0; i < n; i++) {
                const int64_t k = i / (2 * ldy) * 2 + i % 2, j = i / 2 % ldy;
                uint16_t want = 0;

                if (k < K && j < cols)
                    t->to_bf16(1, x + k * ld + j, &want);
                assert_int_equal(y[i], j < cols ? want : 0x5A5A);
            }
            guard_free(y);
        }
        guard_free(x);
    }
}

static void the_transpose_in_pairs_is_the_transpose_then_paired(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        const rck_panel p = rck_panel_of(pick(1, 150), (int)pick(1, 6), pick(1, 150));
        const rck_panel t = rck_panel_t(&p);
        const int64_t size = rck_panel_size(&p), turned = rck_panel_size(&t);
        const int64_t p0 = pick(0, p.count), p1 = pick(p0, p.count), each = t.K * t.cols;
        rc_real *rows = guard_new(p.units * p.gates * p.K), *w = guard_new(size);
        rc_real *wt = guard_new(turned);

        fill_real(rows, p.units * p.gates * p.K);
        for_each_table(table) {
            uint16_t *want = guard_bytes((size_t)turned * sizeof *want);
            uint16_t *got = guard_bytes((size_t)turned * sizeof *got);

            table->pack(&p, rows, p.K, w, 0, p.count);
            table->transpose(&p, w, wt, 0, p.count);
            table->lean_bf16(&t, wt, want);
            memset(got, 0x5A, (size_t)turned * sizeof *got);
            table->transpose_pairs(&p, w, got, p0, p1);
            for (int64_t i = 0; i < turned; i++) {
                const int64_t panel = i % each / t.cols / p.cols;
                assert_int_equal(got[i], panel < p0 || panel >= p1 ? 0x5A5A : want[i]);
            }
            guard_free(got);
            guard_free(want);
        }
        guard_free(wt);
        guard_free(w);
        guard_free(rows);
    }
}

/* ---- products -------------------------------------------------------------------------------- */

typedef struct size {
    int64_t rows, chunks, kc, klast, panels;
    int cols, cols_last;
} size;

/* A random product; its reals are bf16 numbers in `asked`, which the textbook reads. */
typedef struct product {
    rck_gemm g, asked;
    bool packed;
    int64_t K, c_count;
    rc_real *a, *a_bf16, *b, *c, *start;
    int64_t a_count, b_count;
} product;

static void plan_left(product *p, size s)
{
    rck_gemm *g = &p->g;

    if (p->packed) { /* a is (K, rows), packed by every table for itself */
        g->a_row = 1;
        g->a_k = s.rows + pick(0, 3);
        p->a_count = p->K * g->a_k;
    } else {
        g->a_k = 1;
        g->a_row = (s.kc > s.klast ? s.kc : s.klast) + pick(0, 3);
        g->a_chunk = s.rows * g->a_row;
        p->a_count = s.chunks * g->a_chunk;
    }
    p->a = guard_new(p->a_count);
    p->a_bf16 = guard_new(p->a_count);
    fill_real(p->a, p->a_count);
    for (int64_t i = 0; i < p->a_count; i++)
        p->a_bf16[i] = bf16(p->a[i]);
}

static product new_product(size s, bool packed, bool add)
{
    product p = {.packed = packed, .K = s.chunks > 0 ? (s.chunks - 1) * s.kc + s.klast : 0};
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
        .backwards = pick(0, 1),
        .b_k = s.cols,
        .b_panel = p.K * s.cols,
        .c_row = s.cols,
        .c_panel = s.rows * s.cols,
    };
    if (pick(0, 1)) { /* rows of C over all panels; its stride need not be a multiple of 16 */
        g->c_panel = s.cols;
        g->c_row = s.panels * s.cols + pick(0, 5);
    }
    plan_left(&p, s);
    if (pick(0, 1)) {
        g->start_panel = s.cols;
        p.start = guard_new(s.panels * s.cols);
        fill_real(p.start, s.panels * s.cols);
        g->start = p.start;
    }
    p.b_count = s.panels * g->b_panel;
    p.c_count = s.rows * s.panels * s.cols + s.rows * 5 + 16;
    p.b = guard_new(p.b_count);
    p.c = guard_new(p.c_count);
    fill_real(p.b, p.b_count);
    fill_real(p.c, p.c_count);
    for (int64_t i = 0; i < p.b_count; i++)
        p.b[i] = bf16(p.b[i]);
    g->a = p.a;
    g->b = p.b;
    g->c = p.c;
    p.asked = *g;
    p.asked.a = p.a_bf16;
    return p;
}

static void free_product(product *p)
{
    guard_free(p->a);
    guard_free(p->a_bf16);
    guard_free(p->b);
    guard_free(p->c);
    if (p->start)
        guard_free(p->start);
}

/* The left operand as the table packs it, its rows in runs as they may come. */
static rc_real *packed_left(const product *p, const rck_table *t, rck_gemm *g)
{
    const int64_t N = p->K + p->K % 2, rows = g->rows;
    rc_real *at = guard_new((rows + RCK_MB - 1) / RCK_MB * RCK_MB * N);
    const int64_t half = rows / 2 / RCK_MB * RCK_MB;

    for (int64_t k = 0, n; k < p->K; k += n) {
        n = pick(1, p->K - k);
        t->pack_t_pairs(n, p->a + k * g->a_k, g->a_k, 0, half, N, k, at);
        t->pack_t_pairs(n, p->a + k * g->a_k, g->a_k, half, rows, N, k, at);
    }
    g->a = at;
    g->a_row = 1;
    g->a_k = RCK_MB;
    g->a_block = RCK_MB * N;
    return at;
}

/* What one table makes of the product stands in `got`, as long as C. */
static void run_product(const product *p, const rck_table *t, rc_real *got)
{
    rck_gemm g = p->g;
    const int64_t rows = (p->K + 1) / 2, each = rows * g.cols;
    uint16_t *pairs = guard_bytes((size_t)(g.panels * each * 2) * sizeof *pairs);
    rc_real *left = p->packed ? packed_left(p, t, &g) : NULL;

    for (int64_t q = 0; q < g.panels; q++)
        t->pair(p->K, g.cols, p->b + q * g.b_panel, g.b_k, pairs + 2 * q * each, g.cols);
    g.b = NULL;
    g.pairs = pairs;
    g.b_panel = each;
    memcpy(got, p->c, (size_t)p->c_count * sizeof *got);
    g.c = got;
    t->gemm(&g);
    guard_free(pairs);
    if (left)
        guard_free(left);
}

static void compare_product(const product *p, const char *name, const rc_real *got)
{
    const rck_gemm *g = &p->g;
    bool *output = calloc((size_t)p->c_count + 1, sizeof *output);

    for (int64_t r = 0; r < g->rows; r++)
        for (int64_t panel = 0; panel < g->panels; panel++)
            for (int64_t j = 0; j < (panel == g->panels - 1 ? g->cols_last : g->cols); j++) {
                const int64_t at = r * g->c_row + panel * g->c_panel + j;
                double sum;
                const double want = oracle_gemm_at(&p->asked, r, panel, j, &sum);

                output[at] = true;
                if (!(fabs((double)got[at] - want) <= 16 * ORACLE_EPS * sum))
                    fail_msg("%s: row %d panel %d column %d of (%d rows, K %d, %d): %.9g %.9g",
                             name, (int)r, (int)panel, (int)j, (int)g->rows, (int)p->K,
                             (int)p->packed, (double)got[at], want);
            }
    for (int64_t i = 0; i < p->c_count; i++)
        assert_true(output[i] || memcmp(got + i, p->c + i, sizeof *got) == 0);
    free(output);
}

/* All tables agree with the textbook and, but for the processor's own instruction, with plain C. */
static void check_tables(size s, bool packed, bool add)
{
    product p = new_product(s, packed, add);
    rc_real *first = guard_new(p.c_count), *got = guard_new(p.c_count);

    run_product(&p, rck_table_of(RCB_ISA_plain), first);
    for_each_table(t) {
        run_product(&p, t, got);
        compare_product(&p, t->name, got);
        if (promises(t))
            assert_memory_equal(got, first, (size_t)p.c_count * sizeof *got);
    }
    guard_free(got);
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
            const int cols = 16 * (groups > 0 ? groups : 1);
            const size s = {
                rows, 1, K, K, pick(0, 3), cols, groups ? (int)pick(1, groups) * 16 : 0};

            check_tables(s, pick(0, 1), pick(0, 1));
        }
}

static void large_sizes_match_the_textbook(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 24; trial++) {
        const bool packed = trial % 2;
        const int64_t K = pick(200, 700);
        const int64_t rows = packed && trial < 4 ? pick(700, 760) : pick(1, 300);
        const size s = {rows, 1, K, K, pick(1, 2), 64, 16 * (int)pick(1, 4)};

        check_tables(s, packed, pick(0, 1));
    }
}

static void chunks_are_joined(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        const int64_t kc = 2 * pick(1, 150);
        const size s = {pick(1, 20), pick(0, 6), kc, pick(1, kc), 2, 48, 48};

        check_tables(s, false, pick(0, 1));
    }
}

/* Sums keep their bits however a product is cut into calls. */
static void cuts_do_not_change_bits(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 20; trial++) {
        product p = new_product((size){pick(2, 150), 1, 301, 301, 3, 64, 64}, false, false);
        const rc_real *a = p.g.a;
        const int64_t cut = pick(1, p.g.rows - 1), all = p.g.rows;
        rc_real *whole = guard_new(p.c_count), *parts = guard_new(p.c_count);

        for_each_table(t) {
            run_product(&p, t, whole);
            p.g.rows = cut;
            run_product(&p, t, parts);
            memcpy(p.c, parts, (size_t)p.c_count * sizeof *parts);
            p.g.rows = all - cut;
            p.g.a = p.a = p.a + cut * p.g.a_row;
            p.g.a = p.a;
            const rck_gemm upper = p.g;
            rck_gemm g = upper;
            uint16_t *pairs = guard_bytes((size_t)(3 * 151 * 64 * 2) * sizeof *pairs);

            for (int64_t q = 0; q < 3; q++)
                t->pair(301, 64, p.b + q * g.b_panel, 64, pairs + 2 * q * 151 * 64, 64);
            g.pairs = pairs;
            g.b_panel = 151 * 64;
            for (int64_t q = 0; q < 3; q++) { /* panel by panel, in two halves of columns */
                rck_gemm half = g;

                half.panels = 1;
                half.cols = half.cols_last = 32;
                half.c = parts + cut * g.c_row + q * g.c_panel;
                half.pairs = pairs + 2 * q * g.b_panel;
                half.start = g.start ? g.start + q * g.start_panel : NULL;
                t->gemm(&half);
                half.c += 32;
                half.pairs += 2 * 32;
                half.start = half.start ? half.start + 32 : NULL;
                t->gemm(&half);
            }
            for (int64_t r = 0; r < all; r++)
                for (int64_t q = 0; q < 3; q++)
                    assert_memory_equal(parts + r * g.c_row + q * g.c_panel,
                                        whole + r * g.c_row + q * g.c_panel, 64 * sizeof *parts);
            guard_free(pairs);
            p.g.rows = all;
            p.g.a = p.a = (rc_real *)(uintptr_t)a;
        }
        guard_free(parts);
        guard_free(whole);
        free_product(&p);
    }
}

static void what_is_not_finite_stays_so(void **unused)
{
    (void)unused;

    const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    for (int i = 0; i < 6; i++)
        for_each_table(t) {
            rc_real a[20] = {0}, b[20 * 16] = {0};
            _Alignas(64) rc_real c[16];
            uint16_t pairs[20 * 16];

            for (int k = 0; k < 19; k++)
                a[k] = b[16 * k] = 1;
            *(i % 2 ? &a[7] : &b[16 * 18]) = (rc_real)bad[i / 2];
            t->pair(19, 16, b, 16, pairs, 16);
            t->gemm(&(rck_gemm){.rows = 1,
                                .chunks = 1,
                                .kc = 19,
                                .klast = 19,
                                .a = a,
                                .a_row = 19,
                                .a_k = 1,
                                .pairs = pairs,
                                .b_k = 16,
                                .c = c,
                                .c_row = 16,
                                .panels = 1,
                                .cols = 16,
                                .cols_last = 16});
            if (i / 2 == 0)
                assert_true(isnan(c[0]));
            else
                assert_true(c[0] == (rc_real)bad[i / 2]);
            if (i % 2 == 0)
                assert_true(c[1] == 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_lie_in_pairs),
        cmocka_unit_test(the_transpose_in_pairs_is_the_transpose_then_paired),
        cmocka_unit_test(every_small_size_matches_the_textbook),
        cmocka_unit_test(large_sizes_match_the_textbook),
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(cuts_do_not_change_bits),
        cmocka_unit_test(what_is_not_finite_stays_so),
    };

    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
