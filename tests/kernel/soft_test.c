/* soft_test.c -- softmax of one row, and in passes over panels, against double, for every table. */
#include "check.h"
#include "oracle.h"

#define TOL (64 * ORACLE_EPS)

/* Logits of a wild or a tame row. */
static void fill_logits(rc_real *x, int64_t n)
{
    static const double scales[] = {1, 30, 1000, 1e30};
    const rc_real scale = (rc_real)scales[pick(0, 3)];

    for (int64_t i = 0; i < n; i++)
        x[i] = pick(0, 9) == 0 ? -(rc_real)INFINITY : pick_real() * scale;
    if (n > 0)
        x[pick(0, n - 1)] = pick_real() * scale; /* one of them counts */
}

static void softmax_of_a_row_matches_double(void **unused)
{
    (void)unused;
    check_seed();

    for (int64_t n = 0; n < 150; n++) {
        rc_real *x = guard_new(n);
        rc_real *y = guard_new(n);
        double want[150];

        fill_logits(x, n);
        for_each_table(t) {
            oracle_log_softmax(n, x, want);
            t->log_softmax(n, x, y);
            CHECK_CLOSE(y, want, n, TOL);
            guard_check(y);
            for (int64_t i = 0; i < n; i++)
                want[i] = exp(want[i]);
            t->softmax(n, x, y);
            CHECK_CLOSE(y, want, n, TOL);
            guard_check(y);
        }
        guard_free(x);
        guard_free(y);
    }
}

static void softmax_works_in_place(void **unused)
{
    (void)unused;
    check_seed();

    for_each_table(t) {
        rc_real x[50], y[50], z[50];

        fill_real(x, 50);
        t->softmax(50, x, y);
        memcpy(z, x, sizeof z);
        t->softmax(50, z, z);
        assert_memory_equal(y, z, sizeof y);
        t->log_softmax(50, x, y);
        t->log_softmax(50, x, x);
        assert_memory_equal(y, x, sizeof y);
    }
}

static void a_nan_logit_spoils_its_row(void **unused)
{
    (void)unused;
    check_seed();

    for_each_table(t)
        for (int at = 0; at < 40; at++) {
            rc_real x[40], y[40];

            fill_real(x, 40);
            x[at] = (rc_real)NAN;
            t->softmax(40, x, y);
            for (int i = 0; i < 40; i++)
                assert_true(isnan(y[i]));
        }
}

/* Logits of V columns in panels of 64, as a linear layer leaves them. */
typedef struct sheet {
    int64_t rows, V, panels;
    rc_real *x;                /* (panels, rows, 64) */
    rc_real *max, *sum;        /* (rows, 16) */
    rc_real *top, *total, *by; /* (rows) */
} sheet;

static sheet new_sheet(int64_t rows, int64_t V)
{
    const int64_t panels = (V + 63) / 64;

    return (sheet){rows,
                   V,
                   panels,
                   guard_new(panels * rows * 64),
                   guard_new(rows * 16),
                   guard_new(rows * 16),
                   guard_new(rows),
                   guard_new(rows),
                   guard_new(rows)};
}

static void free_sheet(sheet *s)
{
    guard_free(s->x);
    guard_free(s->max);
    guard_free(s->sum);
    guard_free(s->top);
    guard_free(s->total);
    guard_free(s->by);
}

/* All passes, panel by panel, the rows of each in two pieces. */
static void run_passes(const rck_table *t, sheet *s)
{
    const int64_t cut = s->rows / 3;

    t->fill(s->rows * 16, -(rc_real)INFINITY, s->max);
    t->fill(s->rows * 16, 0, s->sum);
    for (int64_t p = 0; p < s->panels; p++) {
        const int cols = s->V - p * 64 < 64 ? (int)(s->V - p * 64) : 64;
        rc_real *x = s->x + p * s->rows * 64;

        t->soft_max(cut, cols, x, s->max);
        t->soft_max(s->rows - cut, cols, x + cut * 64, s->max + cut * 16);
    }
    t->lanes_max(s->rows, s->max, s->top);
    for (int64_t p = 0; p < s->panels; p++) {
        const int cols = s->V - p * 64 < 64 ? (int)(s->V - p * 64) : 64;
        rc_real *x = s->x + p * s->rows * 64;

        t->soft_exp(cut, cols, x, s->top, s->sum);
        t->soft_exp(s->rows - cut, cols, x + cut * 64, s->top + cut, s->sum + cut * 16);
    }
    t->lanes_sum(s->rows, s->sum, s->total);
    for (int64_t r = 0; r < s->rows; r++)
        s->by[r] = 1 / s->total[r];
    for (int64_t p = 0; p < s->panels; p++)
        t->row_scale(s->rows, 64, s->x + p * s->rows * 64, 64, s->by);
}

static void passes_over_panels_make_a_softmax(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 60; trial++) {
        const int64_t rows = pick(0, 9);
        const int64_t V = pick(1, 300);
        rc_real *logits = guard_new(rows * V);
        double want[300];

        for (int64_t r = 0; r < rows; r++)
            fill_logits(logits + r * V, V);
        for_each_table(t) {
            sheet s = new_sheet(rows, V); /* columns past V hold NaN and must not count */

            for (int64_t r = 0; r < rows; r++)
                for (int64_t j = 0; j < V; j++)
                    s.x[(j / 64 * rows + r) * 64 + j % 64] = logits[r * V + j];
            run_passes(t, &s);
            for (int64_t r = 0; r < rows; r++) {
                oracle_log_softmax(V, logits + r * V, want);
                for (int64_t j = 0; j < s.panels * 64; j++)
                    CHECK_NEAR(s.x[(j / 64 * rows + r) * 64 + j % 64], j < V ? exp(want[j]) : 0,
                               TOL);
            }
            free_sheet(&s);
        }
        guard_free(logits);
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
        const int64_t V = pick(1, 300);
        sheet s = new_sheet(5, V);
        sheet w = new_sheet(5, V);
        rc_real *y = guard_new(V);
        rc_real *z = guard_new(V);

        fill_real(s.x, s.panels * 5 * 64);
        narrow->scale(s.panels * 5 * 64, 20, s.x, s.x);
        memcpy(w.x, s.x, (size_t)(s.panels * 5 * 64) * sizeof *w.x);
        narrow->log_softmax(V, s.x, y);
        wide->log_softmax(V, s.x, z);
        assert_memory_equal(y, z, (size_t)V * sizeof *y);
        narrow->softmax(V, s.x, y);
        wide->softmax(V, s.x, z);
        assert_memory_equal(y, z, (size_t)V * sizeof *y);
        run_passes(narrow, &s);
        run_passes(wide, &w);
        assert_memory_equal(s.x, w.x, (size_t)(s.panels * 5 * 64) * sizeof *w.x);
        guard_free(y);
        guard_free(z);
        free_sheet(&s);
        free_sheet(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_of_a_row_matches_double),
        cmocka_unit_test(softmax_works_in_place),
        cmocka_unit_test(a_nan_logit_spoils_its_row),
        cmocka_unit_test(passes_over_panels_make_a_softmax),
        cmocka_unit_test(twins_give_the_same_bits),
    };

    return cmocka_run_group_tests_name("soft", tests, NULL, NULL);
}
