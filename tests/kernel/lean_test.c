/* lean_test.c -- products of one row with weights of 16 and 8 bits, and the numbers of fewer bits,
 * against the textbook, for every table. */
#include "check.h"
#include "oracle.h"

/* ---- numbers --------------------------------------------------------------------------------- */

static void bf16_rounds_to_the_nearest_and_ties_to_even(void **unused)
{
    (void)unused;
    static const struct {
        double x;
        uint16_t want;
    } cases[] = {
        {0, 0x0000},
        {1, 0x3F80},
        {-2, 0xC000},
        {1.00390625, 0x3F80}, /* 1 + 2^-8, a tie: to even */
        {1.01171875, 0x3F82}, /* 1 + 3 * 2^-8, a tie: to even */
        {1.0040, 0x3F81},
        {3.3895314e38, 0x7F7F},
        {(double)INFINITY, 0x7F80},
        {-(double)INFINITY, 0xFF80},
        {1e-3, 0x3A83},
    };

    for_each_table(t) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const rc_real x = (rc_real)cases[i].x;
            uint16_t y;
            rc_real back;

            t->to_bf16(1, &x, &y);
            assert_int_equal(y, cases[i].want);
            t->from_bf16(1, &y, &back);
            assert_true(back == x || fabs((double)(back - x)) <= fabs((double)x) / 256);
        }
        const rc_real nan = (rc_real)NAN;
        uint16_t y;
        rc_real back;

        t->to_bf16(1, &nan, &y);
        t->from_bf16(1, &y, &back);
        assert_true(isnan(back));
    }
}

static void int8_is_within_half_a_step_of_the_row(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 50; trial++) {
        const int64_t n = pick(0, 100);
        rc_real *x = guard_new(n);
        int8_t *first = NULL;
        rc_real first_scale = 0;

        fill_real(x, n);
        for_each_table(t) {
            int8_t *y = guard_bytes((size_t)n);
            const rc_real scale = t->to_int8(n, x, y);
            double most = 0;

            for (int64_t i = 0; i < n; i++) {
                most = fmax(most, fabs((double)x[i]));
                assert_true(fabs((double)y[i] * (double)scale - (double)x[i]) <=
                            0.5001 * (double)scale);
                assert_true(y[i] >= -127);
            }
            CHECK_NEAR(scale, most / 127, 1e-6);
            if (first) {
                assert_true(scale == first_scale);
                assert_memory_equal(y, first, (size_t)n);
                guard_free(y);
            } else {
                first = y;
                first_scale = scale;
            }
        }
        guard_free(first);
        guard_free(x);
    }
    const rc_real zeros[3] = {0};
    int8_t y[3] = {1, 1, 1};

    for_each_table(t) {
        assert_true(t->to_int8(3, zeros, y) == 0);
        assert_int_equal(y[0] | y[1] | y[2], 0);
    }
    for (int bad = 0; bad < 3; bad++) {
        const double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
        const rc_real row[3] = {1, (rc_real)values[bad], -2};

        for_each_table(t) {
            memset(y, 1, sizeof y);
            assert_true(isnan(t->to_int8(3, row, y)));
            assert_int_equal(y[0] | y[1] | y[2], 0);
        }
    }
}

/* ---- products -------------------------------------------------------------------------------- */

/* A random weight in panels and all that a product of one row with it may want. */
typedef struct product {
    rck_panel lay;
    rc_real *w, *x, *start, *c, *scale;
    rck_lean g;
} product;

static product new_product(void)
{
    product p = {.lay = rck_panel_of(pick(1, 150), (int)pick(1, 6), pick(0, 90))};
    const int64_t outputs = p.lay.count * p.lay.cols, size = rck_panel_size(&p.lay);

    p.w = guard_new(size);
    p.x = guard_new(p.lay.K);
    p.start = guard_new(outputs);
    p.c = guard_new(outputs);
    p.scale = guard_new(outputs);
    fill_real(p.w, size);
    fill_real(p.x, p.lay.K);
    fill_real(p.start, outputs);
    fill_real(p.c, outputs);
    for (int64_t i = 0; i < outputs; i++)
        p.scale[i] = i % 17 == 5 ? 0 : (rc_real)(1.5 + 0.01 * (double)(i % 50)) / 127;
    p.g = (rck_lean){
        .K = p.lay.K,
        .x = p.x,
        .scale = p.scale,
        .c_panel = p.lay.cols,
        .start = pick(0, 1) ? p.start : NULL,
        .start_panel = p.lay.cols,
        .panels = p.lay.count,
        .cols = p.lay.cols,
        .cols_last = p.lay.last,
        .add = pick(0, 1),
    };
    return p;
}

static void free_product(product *p)
{
    guard_free(p->w);
    guard_free(p->x);
    guard_free(p->start);
    guard_free(p->c);
    guard_free(p->scale);
}

static bool computed(const product *p, int64_t i)
{
    return i / p->lay.cols < p->lay.count - 1 || i % p->lay.cols < p->lay.last;
}

static double begin_of(const product *p, int64_t i)
{
    return p->g.add ? (double)p->c[i] : p->g.start ? (double)p->start[i] : 0;
}

static double weight_at(const product *p, int64_t k, int64_t i)
{
    return (double)p->w[(i / p->lay.cols * p->lay.K + k) * p->lay.cols + i % p->lay.cols];
}

static void bf16_rows_have_the_bits_of_the_product(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 120; trial++) {
        product p = new_product();
        const int64_t outputs = p.lay.count * p.lay.cols, pairs = (p.lay.K + 1) / 2;
        const int64_t size = rck_panel_size(&p.lay);
        uint16_t *half = guard_bytes((size_t)size * sizeof *half);

        for_each_table(t) {
            uint16_t *b = guard_bytes((size_t)(outputs * pairs * 2) * sizeof *b);
            rc_real *got = guard_new(outputs), *want = guard_new(outputs);
            rck_lean g = p.g;

            t->to_bf16(size, p.w, half);
            t->from_bf16(size, half, p.w);
            t->lean_bf16(&p.lay, p.w, b);
            memcpy(got, p.c, (size_t)outputs * sizeof *got);
            memcpy(want, p.c, (size_t)outputs * sizeof *want);
            g.b = b;
            g.b_panel = pairs * p.lay.cols * 2;
            g.c = got;
            t->row_bf16(&g);
            const rck_gemm whole = {
                .rows = 1,
                .chunks = 1,
                .kc = p.lay.K,
                .klast = p.lay.K,
                .a = p.x,
                .a_row = p.lay.K,
                .a_k = 1,
                .b = p.w,
                .b_k = p.lay.cols,
                .b_panel = p.lay.K * p.lay.cols,
                .c = want,
                .c_row = p.lay.cols,
                .c_panel = p.lay.cols,
                .start = g.start,
                .start_panel = g.start_panel,
                .panels = g.panels,
                .cols = g.cols,
                .cols_last = g.cols_last,
                .add = g.add,
            };
            t->gemm(&whole);
            assert_memory_equal(got, want, (size_t)outputs * sizeof *got);
            for (int64_t i = 0; i < outputs; i++) {
                double sum = begin_of(&p, i), size_of_sum = fabs(sum);

                for (int64_t k = 0; k < p.lay.K; k++) {
                    sum += (double)p.x[k] * weight_at(&p, k, i);
                    size_of_sum += fabs((double)p.x[k] * weight_at(&p, k, i));
                }
                if (computed(&p, i))
                    assert_true(fabs((double)got[i] - sum) <= 16 * ORACLE_EPS * size_of_sum);
                else
                    assert_true(got[i] == p.c[i]);
            }
            guard_free(want);
            guard_free(got);
            guard_free(b);
        }
        guard_free(half);
        free_product(&p);
    }
}

static void int8_rows_are_exact_sums(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 120; trial++) {
        product p = new_product();
        const int64_t outputs = p.lay.count * p.lay.cols, fours = (p.lay.K + 3) / 4;
        int8_t *q = guard_bytes((size_t)(fours * 4));
        rc_real *first = NULL;

        memset(q, 0, (size_t)(fours * 4));
        if (trial % 10 == 0) /* the largest sums */
            for (int64_t k = 0; k < p.lay.K; k++)
                p.x[k] = k % 3 ? -1 : 1;
        for_each_table(t) {
            int8_t *b = guard_bytes((size_t)(outputs * fours * 4));
            int32_t *less = guard_bytes((size_t)outputs * sizeof *less);
            rc_real *got = guard_new(outputs);
            rck_lean g = p.g;

            g.x_scale = t->to_int8(p.lay.K, p.x, q);
            t->lean_int8(&p.lay, p.w, p.scale, b, less);
            memcpy(got, p.c, (size_t)outputs * sizeof *got);
            g.b = b;
            g.b_panel = fours * p.lay.cols * 4;
            g.q = q;
            g.less = less;
            g.c = got;
            t->row_int8(&g);
            for (int64_t i = 0; i < outputs; i++) {
                const double s = (double)p.scale[i];
                double sum = 0;

                for (int64_t k = 0; k < p.lay.K; k++)
                    sum += q[k] * (s > 0 ? nearbyint(weight_at(&p, k, i) / s) : 0);
                const double want = begin_of(&p, i) + (double)g.x_scale * s * sum;
                if (computed(&p, i))
                    assert_true(fabs((double)got[i] - want) <=
                                8 * ORACLE_EPS * (fabs(want) + fabs(begin_of(&p, i))));
                else
                    assert_true(got[i] == p.c[i]);
            }
            if (first && strcmp(t->name, "plain") != 0 && strcmp(t->name, "avx2") != 0)
                assert_memory_equal(got, first, (size_t)outputs * sizeof *got);
            if (strcmp(t->name, "avx2") == 0)
                first = got;
            else
                guard_free(got);
            guard_free(less);
            guard_free(b);
        }
        guard_free(first);
        guard_free(q);
        free_product(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bf16_rounds_to_the_nearest_and_ties_to_even),
        cmocka_unit_test(int8_is_within_half_a_step_of_the_row),
        cmocka_unit_test(bf16_rows_have_the_bits_of_the_product),
        cmocka_unit_test(int8_rows_are_exact_sums),
    };

    return cmocka_run_group_tests_name("lean", tests, NULL, NULL);
}
