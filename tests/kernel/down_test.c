/* down_test.c -- softmax and noise losses down the columns of scores, against double, for every
 * table. */
#include "check.h"
#include "oracle.h"

#define TOL (64 * ORACLE_EPS)

/* Scores of `rows` symbols by `cols` rows of a batch, as a product leaves them. */
typedef struct block {
    int64_t rows, cols, ld;
    rc_real *x;          /* (rows, ld) */
    rc_real *top, *sum;  /* (cols) */
    rc_real *by, *times; /* (cols), (rows) */
    double *want_top, *want_sum;
} block;

static block new_block(int64_t rows, int64_t cols)
{
    const int64_t ld = cols + 16 * pick(0, 2);
    block b = {.rows = rows, .cols = cols, .ld = ld};

    b.x = guard_new(rows * ld);
    b.top = guard_new(cols);
    b.sum = guard_new(cols);
    b.by = guard_new(cols);
    b.times = guard_new(rows);
    b.want_top = rcb_calloc((size_t)cols, sizeof *b.want_top);
    b.want_sum = rcb_calloc((size_t)cols, sizeof *b.want_sum);
    assert_true(b.want_top && b.want_sum);
    fill_real(b.x, rows * ld);
    fill_real(b.by, cols);
    fill_real(b.times, rows);
    for (int64_t i = 0; i < rows * ld; i++)
        b.x[i] *= pick(0, 9) == 0 ? 60 : 3;
    return b;
}

static void free_block(block *b)
{
    guard_free(b->x);
    guard_free(b->top);
    guard_free(b->sum);
    guard_free(b->by);
    guard_free(b->times);
    rcb_free(b->want_top);
    rcb_free(b->want_sum);
}

static rc_real *copy_of(const block *b)
{
    rc_real *x = guard_new(b->rows * b->ld);

    memcpy(x, b->x, (size_t)(b->rows * b->ld) * sizeof *x);
    return x;
}

static void textbook_softmax(block *b)
{
    for (int64_t j = 0; j < b->cols; j++) {
        double top = -HUGE_VAL, sum = 0;

        for (int64_t i = 0; i < b->rows; i++)
            top = fmax(top, (double)b->x[i * b->ld + j]);
        for (int64_t i = 0; i < b->rows; i++)
            sum += exp((double)b->x[i * b->ld + j] - top);
        b->want_top[j] = top;
        b->want_sum[j] = sum;
    }
}

/* In pieces, as a large vocabulary comes. */
static void run_soft_down(const rck_table *t, block *b, int64_t piece)
{
    t->fill(b->cols, -(rc_real)INFINITY, b->top);
    t->fill(b->cols, 0, b->sum);
    for (int64_t i = 0; i < b->rows; i += piece)
        t->soft_down(b->rows - i < piece ? b->rows - i : piece, b->cols, b->x + i * b->ld, b->ld,
                     b->top, b->sum);
}

static void soft_down_is_a_softmax_of_every_column(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        block b = new_block(pick(1, 70), 16 * pick(0, 5));

        if (b.cols > 0 && b.rows > 1) /* what is masked does not count */
            b.x[0] = -(rc_real)INFINITY;
        textbook_softmax(&b);
        for_each_table(t) {
            run_soft_down(t, &b, pick(1, b.rows));
            for (int64_t j = 0; j < b.cols; j++) {
                assert_true((double)b.top[j] == b.want_top[j]);
                CHECK_NEAR((double)b.sum[j] / b.want_sum[j], 1, TOL);
            }
            guard_check(b.top);
            guard_check(b.sum);

            rc_real *x = copy_of(&b);

            t->soft_down_back(b.rows, b.cols, x, b.ld, b.top, b.by);
            for (int64_t i = 0; i < b.rows; i++)
                for (int64_t j = 0; j < b.ld; j++) {
                    const double was = (double)b.x[i * b.ld + j];

                    CHECK_NEAR((double)x[i * b.ld + j],
                               j < b.cols ? (double)b.by[j] * exp(was - b.want_top[j]) : was, TOL);
                }
            guard_free(x);
        }
        free_block(&b);
    }
}

static void a_nan_score_spoils_its_column(void **unused)
{
    (void)unused;
    check_seed();

    for_each_table(t)
        for (int at = 0; at < 9; at++) {
            block b = new_block(9, 16);

            b.x[at * b.ld + 3] = (rc_real)NAN;
            run_soft_down(t, &b, 4);
            for (int j = 0; j < 16; j++)
                assert_true(isnan(b.sum[j]) == (j == 3));
            free_block(&b);
        }
}

static double textbook_softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static void noise_down_sums_and_differentiates_softplus(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        block b = new_block(pick(0, 40), 16 * pick(0, 5));

        for (int64_t j = 0; j < b.cols; j++)
            for (int64_t i = 0; i < b.rows; i++)
                b.want_sum[j] += (double)b.times[i] * textbook_softplus((double)b.x[i * b.ld + j]);
        for_each_table(t) {
            rc_real *x = copy_of(&b);

            t->fill(b.cols, 0, b.sum);
            t->noise_down(b.rows, b.cols, x, b.ld, b.times, b.sum);
            for (int64_t j = 0; j < b.cols; j++)
                CHECK_NEAR((double)b.sum[j], b.want_sum[j], TOL * (1 + (double)b.rows));
            for (int64_t i = 0; i < b.rows; i++)
                for (int64_t j = 0; j < b.ld; j++) {
                    const double was = (double)b.x[i * b.ld + j];

                    CHECK_NEAR((double)x[i * b.ld + j],
                               j < b.cols ? (double)b.times[i] * oracle_sigmoid(was) : was, TOL);
                }
            guard_check(b.sum);
            guard_free(x);
        }
        free_block(&b);
    }
}

/* Small values keep their digits; large ones do not overflow. */
static void softplus_is_right_at_both_ends(void **unused)
{
    (void)unused;
    check_seed();

    for_each_table(t)
        for (int trial = 0; trial < 200; trial++) {
            const int64_t n = pick(0, 40);
            rc_real *x = guard_new(n);
            rc_real *y = guard_new(n);

            fill_real(x, n);
            for (int64_t i = 0; i < n; i++)
                x[i] *= trial % 2 ? 80 : 2;
            t->softplus(n, x, y);
            for (int64_t i = 0; i < n; i++)
                CHECK_NEAR((double)y[i] / textbook_softplus((double)x[i]), 1, TOL);
            guard_check(y);
            guard_free(x);
            guard_free(y);
        }
}

static void softplus_keeps_what_is_not_finite(void **unused)
{
    (void)unused;
    const rc_real x[] = {(rc_real)INFINITY, -(rc_real)INFINITY, (rc_real)NAN};
    rc_real y[3];

    for_each_table(t) {
        t->softplus(3, x, y);
        assert_true(y[0] == (rc_real)INFINITY && y[1] == 0 && isnan(y[2]));
    }
}

static void twins_give_the_same_bits(void **unused)
{
    (void)unused;
    check_seed();

    const rck_table *narrow, *wide;

    oracle_twins(&narrow, &wide);
    if (!narrow)
        skip();
    for (int trial = 0; trial < 60; trial++) {
        block b = new_block(pick(1, 70), 16 * pick(1, 5));
        const int64_t piece = pick(1, b.rows);
        const size_t wide_row = (size_t)b.cols * sizeof *b.top;
        const size_t all = (size_t)(b.rows * b.ld) * sizeof *b.x;
        rc_real *x = copy_of(&b), *y = copy_of(&b), *z = copy_of(&b);
        rc_real *top = guard_new(b.cols), *sum = guard_new(b.cols);

        run_soft_down(narrow, &b, piece);
        memcpy(top, b.top, wide_row);
        memcpy(sum, b.sum, wide_row);
        run_soft_down(wide, &b, piece);
        assert_memory_equal(top, b.top, wide_row);
        assert_memory_equal(sum, b.sum, wide_row);
        narrow->soft_down_back(b.rows, b.cols, x, b.ld, top, b.by);
        wide->soft_down_back(b.rows, b.cols, y, b.ld, top, b.by);
        assert_memory_equal(x, y, all);
        memcpy(x, z, all);
        memcpy(y, z, all);
        narrow->noise_down(b.rows, b.cols, x, b.ld, b.times, top);
        wide->noise_down(b.rows, b.cols, y, b.ld, b.times, b.top);
        assert_memory_equal(x, y, all);
        assert_memory_equal(top, b.top, wide_row);
        narrow->softplus(b.rows * b.ld, z, x);
        wide->softplus(b.rows * b.ld, z, y);
        assert_memory_equal(x, y, all);
        guard_free(x);
        guard_free(y);
        guard_free(z);
        guard_free(top);
        guard_free(sum);
        free_block(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soft_down_is_a_softmax_of_every_column),
        cmocka_unit_test(a_nan_score_spoils_its_column),
        cmocka_unit_test(noise_down_sums_and_differentiates_softplus),
        cmocka_unit_test(softplus_is_right_at_both_ends),
        cmocka_unit_test(softplus_keeps_what_is_not_finite),
        cmocka_unit_test(twins_give_the_same_bits),
    };

    return cmocka_run_group_tests_name("down", tests, NULL, NULL);
}
