/* vec_test.c -- element-wise entries and reductions against double, for every table; avx2 and
 * avx512 bit for bit. */
#include "check.h"
#include "oracle.h"

#define TOL (8 * ORACLE_EPS)

enum { LONGEST = 150 };

/* Three inputs, and an output that begins as a copy of the fourth. */
typedef struct vectors {
    int64_t n;
    rc_real *a, *b, *c, *y;
} vectors;

static vectors new_vectors(int64_t n)
{
    vectors v = {n, guard_new(n), guard_new(n), guard_new(n), guard_new(n)};

    fill_real(v.a, n);
    fill_real(v.b, n);
    fill_real(v.c, n);
    fill_real(v.y, n);
    return v;
}

static void free_vectors(vectors *v)
{
    guard_free(v->a);
    guard_free(v->b);
    guard_free(v->c);
    guard_free(v->y);
}

/* An element-wise entry: how to call it, and one element of it in double (y: before). */
typedef struct entry {
    const char *name;
    void (*call)(const rck_table *t, const vectors *v);
    double (*want)(double a, double b, double y);
} entry;

#define ENTRY(name, call_it, formula)                                                              \
    static void call_##name(const rck_table *t, const vectors *v)                                  \
    {                                                                                              \
        t->call_it;                                                                                \
    }                                                                                              \
    static double want_##name(double a, double b, double y)                                        \
    {                                                                                              \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        (void)y;                                                                                   \
        return formula;                                                                            \
    }

ENTRY(fill, fill(v->n, (rc_real)0.5, v->y), 0.5)
ENTRY(add, add(v->n, v->a, v->b, v->y), a + b)
ENTRY(sub, sub(v->n, v->a, v->b, v->y), a - b)
ENTRY(mul, mul(v->n, v->a, v->b, v->y), (a * b))
ENTRY(mul_add, mul_add(v->n, v->a, v->b, v->y), y + a * b)
ENTRY(scale, scale(v->n, (rc_real)0.75, v->a, v->y), 0.75 * a)
ENTRY(axpy, axpy(v->n, (rc_real)0.75, v->a, v->y), y + 0.75 * a)
ENTRY(clamp, clamp(v->n, (rc_real)0.25, v->y), fmin(fmax(y, -0.25), 0.25))
ENTRY(choose, choose(v->n, v->c, v->a, v->b, v->y), a)
ENTRY(exp, exp(v->n, v->a, v->y), exp(a))
ENTRY(log, log(v->n, v->a, v->y), log(a))
ENTRY(tanh, tanh(v->n, v->a, v->y), tanh(a))
ENTRY(sigmoid, sigmoid(v->n, v->a, v->y), oracle_sigmoid(a))
ENTRY(relu, relu(v->n, v->a, v->y), fmax(a, 0))
ENTRY(tanh_back, tanh_back(v->n, v->a, v->b, v->y), y + b * (1 - a * a))
ENTRY(sigmoid_back, sigmoid_back(v->n, v->a, v->b, v->y), y + b * a * (1 - a))
ENTRY(relu_back, relu_back(v->n, v->a, v->b, v->y), a > 0 ? y + b : y)
ENTRY(log_back, log_back(v->n, v->a, v->b, v->y), y + b / a)

static const entry entries[] = {
    {"fill", call_fill, want_fill},
    {"add", call_add, want_add},
    {"sub", call_sub, want_sub},
    {"mul", call_mul, want_mul},
    {"mul_add", call_mul_add, want_mul_add},
    {"scale", call_scale, want_scale},
    {"axpy", call_axpy, want_axpy},
    {"clamp", call_clamp, want_clamp},
    {"choose", call_choose, want_choose},
    {"exp", call_exp, want_exp},
    {"log", call_log, want_log},
    {"tanh", call_tanh, want_tanh},
    {"sigmoid", call_sigmoid, want_sigmoid},
    {"relu", call_relu, want_relu},
    {"tanh_back", call_tanh_back, want_tanh_back},
    {"sigmoid_back", call_sigmoid_back, want_sigmoid_back},
    {"relu_back", call_relu_back, want_relu_back},
    {"log_back", call_log_back, want_log_back},
};

#define for_each_entry(e)                                                                          \
    for (const entry *e = entries; e < entries + sizeof entries / sizeof *entries; e++)

static void elements_match_double_at_every_length(void **unused)
{
    (void)unused;
    check_seed();

    for (int64_t n = 0; n < LONGEST; n++) {
        vectors v = new_vectors(n);
        rc_real *start = guard_new(n);
        double want[LONGEST];

        memcpy(start, v.y, (size_t)n * sizeof *start);
        for_each_entry(e) {
            for (int64_t i = 0; i < n; i++)
                want[i] = e->want((double)v.a[i], (double)v.b[i], (double)start[i]);
            for_each_table(t) {
                memcpy(v.y, start, (size_t)n * sizeof *start);
                e->call(t, &v);
                CHECK_CLOSE(v.y, want, n, TOL);
                guard_check(v.y);
            }
        }
        guard_free(start);
        free_vectors(&v);
    }
}

static void elements_may_be_computed_in_place(void **unused)
{
    (void)unused;
    check_seed();

    vectors v = new_vectors(LONGEST);
    rc_real *start = guard_new(LONGEST);
    double want[LONGEST];

    memcpy(start, v.a, LONGEST * sizeof *start);
    for_each_entry(e) {
        const vectors same = {LONGEST, v.y, v.y, v.y, v.y};

        for (int64_t i = 0; i < LONGEST; i++)
            want[i] = e->want((double)start[i], (double)start[i], (double)start[i]);
        for_each_table(t) {
            memcpy(v.y, start, LONGEST * sizeof *start);
            e->call(t, &same);
            CHECK_CLOSE(v.y, want, LONGEST, TOL);
        }
    }
    guard_free(start);
    free_vectors(&v);
}

static void twins_give_the_same_bits(void **unused)
{
    (void)unused;
    check_seed();

    const rck_table *narrow, *wide;

    oracle_twins(&narrow, &wide);
    if (!narrow)
        skip();
    for (int64_t n = 0; n < LONGEST; n++) {
        vectors v = new_vectors(n);
        vectors w = v;

        for (int64_t i = 0; i < n; i++) {
            v.a[i] = (rc_real)fabs((double)v.a[i]) * 30; /* log: no NaN, whose sign is free */
            v.b[i] *= 30;
        }
        w.y = guard_new(n);
        memcpy(w.y, v.y, (size_t)n * sizeof *w.y);
        for_each_entry(e) {
            if (e->call == call_log_back)
                continue; /* may divide 0 by 0 */
            e->call(narrow, &v);
            e->call(wide, &w);
            assert_memory_equal(v.y, w.y, (size_t)n * sizeof *w.y);
        }

        const rc_real reduced[2][3] = {
            {narrow->sum(n, v.b), narrow->dot(n, v.a, v.b), narrow->max(n, v.b)},
            {wide->sum(n, v.b), wide->dot(n, v.a, v.b), wide->max(n, v.b)},
        };

        assert_memory_equal(reduced[0], reduced[1], sizeof reduced[0]);
        guard_free(w.y);
        free_vectors(&v);
    }
}

static void log_of_what_has_none_is_told(void **unused)
{
    (void)unused;

    const rc_real x[4] = {0, -1, (rc_real)INFINITY, (rc_real)NAN};
    rc_real y[4];

    for_each_table(t) {
        t->log(4, x, y);
        assert_true(y[0] == -(rc_real)INFINITY);
        assert_true(isnan(y[1]));
        assert_true(y[2] == (rc_real)INFINITY);
        assert_true(isnan(y[3]));
        t->relu(4, x, y);
        assert_true(y[1] == 0 && y[2] == (rc_real)INFINITY && isnan(y[3]));
        t->clamp(4, 2, y);
        assert_true(y[1] == 0 && y[2] == 2 && isnan(y[3]));
    }
}

/* Few different numbers, so that many are equal; a NaN that came is not lost again. */
static void larger_keeps_the_first_of_equal_numbers_and_any_nan(void **unused)
{
    (void)unused;
    check_seed();

    for (int64_t n = 0; n < LONGEST; n++) {
        int32_t *from = guard_bytes((size_t)n * sizeof *from);
        rc_real *x = guard_new(4 * n), *y = guard_new(n);

        for (int64_t i = 0; i < 4 * n; i++)
            x[i] = pick(0, 20) ? (rc_real)pick(-2, 2) : (rc_real)(pick(0, 1) ? NAN : -INFINITY);
        for_each_table(t) {
            for (int64_t i = 0; i < n; i++) {
                y[i] = -(rc_real)INFINITY;
                from[i] = -1;
            }
            for (int k = 0; k < 4; k++)
                t->larger(n, (rc_real)k / 2, x + k * n, k, y, from);
            for (int64_t i = 0; i < n; i++) {
                double want = -(double)INFINITY;
                int at = -1;

                for (int k = 0; k < 4; k++) {
                    const double v = (double)x[k * n + i] + k / 2.0;

                    if (!isnan(want) && (isnan(v) || v > want)) {
                        want = v;
                        at = k;
                    }
                }
                assert_true(from[i] == at && (isnan(want) ? isnan(y[i]) : (double)y[i] == want));
            }
        }
        guard_free(from);
        guard_free(x);
        guard_free(y);
    }
}

static void choose_takes_one_and_does_not_feel_the_other(void **unused)
{
    (void)unused;
    check_seed();

    for (int64_t n = 0; n < LONGEST; n++) {
        vectors v = new_vectors(n);

        for (int64_t i = 0; i < n; i++) {
            const bool first = pick(0, 1);

            v.c[i] = first ? v.c[i] : 0;
            (first ? v.b : v.a)[i] = (rc_real)NAN;
        }
        for_each_table(t) {
            t->choose(n, v.c, v.a, v.b, v.y);
            for (int64_t i = 0; i < n; i++)
                assert_true(v.y[i] == (v.c[i] != 0 ? v.a : v.b)[i]);
        }
        free_vectors(&v);
    }
}

static void reductions_match_double_at_every_length(void **unused)
{
    (void)unused;
    check_seed();

    for (int64_t n = 0; n < LONGEST; n++) {
        vectors v = new_vectors(n);

        for_each_table(t) {
            CHECK_NEAR(t->sum(n, v.a), oracle_sum(n, v.a), 100 * ORACLE_EPS);
            CHECK_NEAR(t->dot(n, v.a, v.b), oracle_dot(n, v.a, v.b), 100 * ORACLE_EPS);
            CHECK_NEAR(t->max(n, v.a), oracle_max(n, v.a), 0);
            assert_true(t->finite(n, v.a));
        }
        free_vectors(&v);
    }
}

/* The order of kernel.h: lane i % 16, then 8 + 8, 4 + 4, 2 + 2, 1 + 1. */
static void sums_are_taken_in_the_canonical_order(void **unused)
{
    (void)unused;
    check_seed();

    for (int64_t n = 0; n < LONGEST; n++) {
        vectors v = new_vectors(n);
        rc_real lane[16] = {0};

        for (int64_t i = 0; i < n; i++)
            lane[i % 16] += v.a[i];
        for (int half = 8; half > 0; half /= 2)
            for (int i = 0; i < half; i++)
                lane[i] += lane[i + half];
        for_each_table(t)
            assert_true(t->sum(n, v.a) == lane[0]);
        free_vectors(&v);
    }
}

static void bad_numbers_are_found_wherever_they_are(void **unused)
{
    (void)unused;
    check_seed();

    static const double bad[] = {HUGE_VAL, -HUGE_VAL, (double)NAN};

    for_each_table(t)
        for (int64_t n = 1; n < LONGEST; n += 7)
            for (int k = 0; k < 3; k++) {
                vectors v = new_vectors(n);
                const int64_t at = pick(0, n - 1);

                v.a[at] = (rc_real)bad[k];
                assert_false(t->finite(n, v.a));
                CHECK_NEAR(t->max(n, v.a), oracle_max(n, v.a), 0);
                free_vectors(&v);
            }
}

static void column_sums_go_row_by_row_wherever_they_are_cut(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        const int64_t rows = pick(0, 20);
        const int64_t n = pick(0, LONGEST);
        const int64_t ld = n + pick(0, 3);
        const int64_t row = pick(0, rows);
        const int64_t col = pick(0, n);
        rc_real *x = guard_new(rows * ld);
        rc_real *start = guard_new(n);
        rc_real *y = guard_new(n);
        rc_real *cut = guard_new(n);
        rc_real want[LONGEST + 1];

        fill_real(x, rows * ld);
        fill_real(start, n);
        for (int64_t j = 0; j < n; j++) {
            want[j] = start[j];
            for (int64_t r = 0; r < rows; r++)
                want[j] += x[r * ld + j];
        }
        for_each_table(t) {
            memcpy(y, start, (size_t)n * sizeof *y);
            memcpy(cut, start, (size_t)n * sizeof *y);
            t->col_sum(rows, n, x, ld, y);
            CHECK_CLOSE(y, want, n, 0.0);
            t->col_sum(row, col, x, ld, cut);
            t->col_sum(rows - row, col, x + row * ld, ld, cut);
            t->col_sum(rows, n - col, x + col, ld, cut + col);
            assert_memory_equal(y, cut, (size_t)n * sizeof *y);
        }
        guard_free(x);
        guard_free(start);
        guard_free(y);
        guard_free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_match_double_at_every_length),
        cmocka_unit_test(elements_may_be_computed_in_place),
        cmocka_unit_test(twins_give_the_same_bits),
        cmocka_unit_test(log_of_what_has_none_is_told),
        cmocka_unit_test(larger_keeps_the_first_of_equal_numbers_and_any_nan),
        cmocka_unit_test(choose_takes_one_and_does_not_feel_the_other),
        cmocka_unit_test(reductions_match_double_at_every_length),
        cmocka_unit_test(sums_are_taken_in_the_canonical_order),
        cmocka_unit_test(bad_numbers_are_found_wherever_they_are),
        cmocka_unit_test(column_sums_go_row_by_row_wherever_they_are_cut),
    };

    return cmocka_run_group_tests_name("vec", tests, NULL, NULL);
}
