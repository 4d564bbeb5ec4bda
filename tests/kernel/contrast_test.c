/* contrast_test.c -- rows against rows, for every table, against the formula in double. */
#include "check.h"
#include "oracle.h"

#include <math.h>

enum { MOST = 64, V = 2 * MOST };

/* m rows of the lower half of a table, n of the upper, each once and in any order. */
struct some {
    int64_t D, m, n;
    int64_t in[MOST], out[MOST];
};

static void pick_rows(int64_t first, int64_t count, int64_t *rows)
{
    int64_t order[MOST];

    for (int64_t i = 0; i < MOST; i++)
        order[i] = first + i;
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = pick((int)i, MOST - 1), row = order[k];

        order[k] = order[i];
        rows[i] = order[i] = row;
    }
}

static struct some pick_some(int trial)
{
    struct some s = {.D = 16 * pick(1, 8),
                     .m = pick(0, trial == 0 ? MOST : 9),
                     .n = pick(0, trial == 0 ? MOST : 21)};

    pick_rows(0, s.m, s.in);
    pick_rows(MOST, s.n, s.out);
    return s;
}

static void point(rc_real *table, int64_t D, int64_t n, const int64_t *at, rc_real **rows)
{
    for (int64_t i = 0; i < n; i++)
        rows[i] = table + at[i] * D;
}

static double product(const double *x, int64_t D, int64_t i, int64_t j)
{
    double sum = 0;

    for (int64_t k = 0; k < D; k++)
        sum += x[i * D + k] * x[j * D + k];
    return sum;
}

/* The table after the steps. */
static void step_by_hand(const struct some *s, const double *old, const rc_real *g, double *x)
{
    for (int64_t i = 0; i < s->m; i++)
        for (int64_t j = 0; j < s->n; j++)
            for (int64_t k = 0; k < s->D; k++) {
                const double by = (double)g[i * s->n + j];

                x[s->in[i] * s->D + k] += by * old[s->out[j] * s->D + k];
                x[s->out[j] * s->D + k] += by * old[s->in[i] * s->D + k];
            }
}

static void products_are_those_of_the_formula(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const struct some s = pick_some(trial);
        rc_real *table = guard_new(V * s.D), *got = guard_new(s.m * s.n), *in[MOST], *out[MOST];
        double x[V * 128], want[MOST * MOST + 1];

        fill_real(table, V * s.D);
        for (int64_t i = 0; i < V * s.D; i++)
            x[i] = (double)table[i];
        point(table, s.D, s.m, s.in, in);
        point(table, s.D, s.n, s.out, out);
        for (int64_t i = 0; i < s.m; i++)
            for (int64_t j = 0; j < s.n; j++)
                want[i * s.n + j] = product(x, s.D, s.in[i], s.out[j]);
        for_each_table(t) {
            t->contrast_dots(&(rck_contrast){s.D, s.m, s.n, in, out, in}, got);
            CHECK_CLOSE(got, want, s.m * s.n, 1e-5);
            for (int64_t i = 0; i < s.m * s.n; i++)
                assert_true(got[i] == t->dot(s.D, in[i / s.n], out[i % s.n]));
        }
        guard_free(table);
        guard_free(got);
    }
}

static void errors_are_those_of_the_formula(void **unused)
{
    (void)unused;
    enum { N = 37 };
    rc_real *aim = guard_new(N), *s = guard_new(N), *got = guard_new(N);
    double want[N];

    check_seed();
    fill_real(aim, N);
    fill_real(s, N);
    for (int i = 0; i < N; i++) {
        s[i] *= 20;
        want[i] = 0.25 * ((double)aim[i] - 1 / (1 + exp(-(double)s[i])));
    }
    for_each_table(t) {
        t->contrast_errors(N, (rc_real)0.25, aim, s, got);
        CHECK_CLOSE(got, want, N, 1e-6);
    }
    guard_free(aim);
    guard_free(s);
    guard_free(got);
}

/* Steps into the rows themselves, or into rows apart that are then added. */
static void steps_are_those_of_the_formula(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const struct some s = pick_some(trial);
        const bool apart = s.m > 1 || pick(0, 1);
        rc_real *start = guard_new(V * s.D), *table = guard_new(V * s.D), *g = guard_new(s.m * s.n);
        rc_real *room = guard_new(MOST * s.D), *in[MOST], *out[MOST], *to[MOST];
        double old[V * 128], want[V * 128];

        fill_real(start, V * s.D);
        fill_real(g, s.m * s.n);
        for (int64_t i = 0; i < V * s.D; i++)
            old[i] = want[i] = (double)start[i];
        point(table, s.D, s.m, s.in, in);
        point(table, s.D, s.n, s.out, out);
        for (int64_t i = 0; i < s.m; i++)
            to[i] = apart ? room + i * s.D : in[i];
        step_by_hand(&s, old, g, want);
        for_each_table(t) {
            memcpy(table, start, (size_t)(V * s.D) * sizeof *table);
            memset(room, 0, (size_t)(MOST * s.D) * sizeof *room);
            t->contrast_steps(&(rck_contrast){s.D, s.m, s.n, in, out, to}, g);
            for (int64_t i = 0; apart && i < s.m; i++)
                t->add(s.D, in[i], to[i], in[i]);
            CHECK_CLOSE(table, want, V * s.D, 1e-5);
        }
        guard_free(start);
        guard_free(table);
        guard_free(g);
        guard_free(room);
    }
}

/* One row against a row that comes twice: as if there were two calls. */
static void a_row_that_comes_twice_is_moved_twice(void **unused)
{
    (void)unused;
    enum { D = 32 };
    const rc_real g[2] = {(rc_real)0.5, (rc_real)-0.25};
    rc_real x[3 * D], dx[2][D] = {{0}}, *in = x, *twice[2] = {x + D, x + D};
    rc_real *once[2] = {x + 2 * D, x + 2 * D};

    check_seed();
    fill_real(x, 2 * D);
    for_each_table(t) {
        rc_real *to[2] = {dx[0], dx[1]};

        memset(dx, 0, sizeof dx);
        memcpy(x + 2 * D, x + D, D * sizeof *x);
        t->contrast_steps(&(rck_contrast){D, 1, 2, &in, twice, &to[0]}, g);
        for (int i = 0; i < 2; i++)
            t->contrast_steps(&(rck_contrast){D, 1, 1, &in, once, &to[1]}, g + i);
        assert_memory_equal(x + D, x + 2 * D, D * sizeof *x);
        assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
    }
}

static void sets_agree_to_the_bit(void **unused)
{
    (void)unused;
    enum { D = 112, M = 7, N = 9 };
    const rck_table *set[2];
    rc_real *table[2], *s[2];

    check_seed();
    oracle_twins(&set[0], &set[1]);
    if (!set[0])
        skip();
    rc_real *aim = guard_new(M * N);

    for (int k = 0; k < 2; k++) {
        table[k] = guard_new((M + N) * D);
        s[k] = guard_new(M * N);
    }
    fill_real(table[0], (M + N) * D);
    memcpy(table[1], table[0], (M + N) * D * sizeof(rc_real));
    fill_real(aim, M * N);
    for (int k = 0; k < 2; k++) {
        rc_real *in[M], *out[N];

        for (int i = 0; i < M; i++)
            in[i] = table[k] + i * D;
        for (int j = 0; j < N; j++)
            out[j] = table[k] + (M + j) * D;
        rc_real d[M * D] = {0}, *to[M];

        for (int i = 0; i < M; i++)
            to[i] = d + i * D;
        const rck_contrast c = {D, M, N, in, out, to};
        set[k]->contrast_dots(&c, s[k]);
        set[k]->contrast_errors(M * N, (rc_real)0.1, aim, s[k], s[k]);
        set[k]->contrast_steps(&c, s[k]);
        set[k]->add(M * D, table[k], d, table[k]);
        set[k]->contrast_steps(&(rck_contrast){D, 1, N, in, out, in}, s[k]);
    }
    assert_memory_equal(table[0], table[1], (M + N) * D * sizeof(rc_real));
    for (int k = 0; k < 2; k++) {
        guard_free(table[k]);
        guard_free(s[k]);
    }
    guard_free(aim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_the_formula),
        cmocka_unit_test(errors_are_those_of_the_formula),
        cmocka_unit_test(steps_are_those_of_the_formula),
        cmocka_unit_test(a_row_that_comes_twice_is_moved_twice),
        cmocka_unit_test(sets_agree_to_the_bit),
    };

    return cmocka_run_group_tests_name("contrast", tests, NULL, NULL);
}
