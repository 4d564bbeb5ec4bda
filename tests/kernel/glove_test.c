/* glove_test.c -- steps of cells, for every table, against the formula in double; the same bits on
 * all sets with fused products. */
#include "check.h"
#include "oracle.h"

#include <math.h>

enum { V = 9, MOST_D = 48 };

/* Tables of both sides: vectors, their sums, biases, their sums. */
typedef struct sides {
    rc_real *at[2][4];
    int64_t n[4];
} sides;

static sides new_sides(int64_t ld)
{
    sides s = {.n = {V * ld, V * ld, V, V}};

    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 4; i++) {
            s.at[k][i] = guard_new(s.n[i]);
            fill_real(s.at[k][i], s.n[i]);
            for (int64_t j = 0; i % 2 == 1 && j < s.n[i]; j++)
                s.at[k][i][j] = s.at[k][i][j] * s.at[k][i][j];
        }
    return s;
}

static void copy_sides(const sides *from, const sides *to)
{
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 4; i++)
            memcpy(to->at[k][i], from->at[k][i], (size_t)from->n[i] * sizeof(rc_real));
}

static void free_sides(sides *s)
{
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 4; i++)
            guard_free(s->at[k][i]);
}

static rck_glove_side side(const sides *s, int k)
{
    return (rck_glove_side){s->at[k][0], s->at[k][1], s->at[k][2], s->at[k][3]};
}

static double clipped(double x)
{
    return x > 100 ? 100 : x < -100 ? -100 : x;
}

/* One side's vector or bias by hand: *x moves against g, and *sum remembers. */
static void adagrad(double g, double rate, double *x, double *sum)
{
    const double s = rate * clipped(g);

    *x -= s / sqrt(1 + *sum);
    *sum += s * s;
}

typedef struct hand {
    double at[2][4][V * MOST_D];
} hand;

static double learn_by_hand(hand *h, const rck_glove *g, int64_t i, int64_t j, double count)
{
    const double f = fmin(1, pow(count / (double)g->x_max, (double)g->alpha));
    double *w = h->at[0][0] + i * g->ld, *c = h->at[1][0] + j * g->ld;
    double e = h->at[0][2][i] + h->at[1][2][j] - log(count);

    for (int64_t k = 0; k < g->ld; k++)
        e += w[k] * c[k];
    for (int64_t k = 0; k < g->ld; k++) {
        const double at_w = f * e * c[k], at_c = f * e * w[k];

        adagrad(at_w, (double)g->rate, &w[k], &h->at[0][1][i * g->ld + k]);
        adagrad(at_c, (double)g->rate, &c[k], &h->at[1][1][j * g->ld + k]);
    }
    adagrad(f * e, 1, &h->at[0][2][i], &h->at[0][3][i]);
    adagrad(f * e, 1, &h->at[1][2][j], &h->at[1][3][j]);
    return f * e * e;
}

static double by_hand(hand *h, const sides *start, const rck_glove *g)
{
    double sum = 0;

    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 4; i++)
            for (int64_t j = 0; j < start->n[i]; j++)
                h->at[k][i][j] = (double)start->at[k][i][j];
    for (int64_t n = 0; n < g->n; n++) {
        const int64_t k = g->turned ? g->n - 1 - n : n;

        sum += learn_by_hand(h, g, g->turned ? g->b[k] : g->a[k], g->turned ? g->a[k] : g->b[k],
                             (double)g->count[k]);
    }
    return sum;
}

static void cells_are_learnt_by_the_formula(void **unused)
{
    (void)unused;
    enum { MOST = 150 };
    static hand want;

    check_seed();
    for (int trial = 0; trial < 20; trial++) {
        const int64_t ld = 16 * pick(1, 3), n = trial == 0 ? 0 : pick(1, MOST);
        sides start = new_sides(ld), got = new_sides(ld), first = new_sides(ld);
        int32_t a[MOST], b[MOST];
        rc_real count[MOST];
        rck_glove g = {.n = n,
                       .ld = ld,
                       .a = a,
                       .b = b,
                       .count = count,
                       .rate = (rc_real)0.05,
                       .x_max = 10,
                       .alpha = (rc_real)0.75,
                       .word = side(&got, 0),
                       .context = side(&got, 1),
                       .turned = trial % 2 == 1};
        bool is_first = true;

        for (int64_t i = 0; i < n; i++) {
            a[i] = (int32_t)pick(0, V - 1);
            b[i] = (int32_t)pick(0, V - 1);
            count[i] = (rc_real)exp(pick(-20, 70) / 10.0);
        }
        const double sum = by_hand(&want, &start, &g);
        for_each_table(t) {
            copy_sides(&start, &got);
            CHECK_NEAR(t->glove(&g), sum, 1e-4 * (1 + sum));
            for (int k = 0; k < 2; k++)
                for (int i = 0; i < 4; i++)
                    CHECK_CLOSE(got.at[k][i], want.at[k][i], got.n[i], 2e-4);
            if (strcmp(t->name, "plain") == 0)
                continue;
            if (is_first)
                copy_sides(&got, &first);
            is_first = false;
            for (int k = 0; k < 2; k++)
                for (int i = 0; i < 4; i++)
                    assert_memory_equal(got.at[k][i], first.at[k][i],
                                        (size_t)got.n[i] * sizeof(rc_real));
        }
        free_sides(&start);
        free_sides(&got);
        free_sides(&first);
    }
}

/* A cell whose error is not finite moves nothing, and the sum tells. */
static void what_is_not_finite_moves_nothing(void **unused)
{
    (void)unused;
    const int32_t a[] = {0, 1}, b[] = {2, 3};
    const rc_real count[] = {5, 5};
    sides start = new_sides(16), got = new_sides(16);

    start.at[0][0][0] = (rc_real)NAN;
    for_each_table(t) {
        copy_sides(&start, &got);
        const double sum = t->glove(&(rck_glove){.n = 2,
                                                 .ld = 16,
                                                 .a = a,
                                                 .b = b,
                                                 .count = count,
                                                 .rate = 1,
                                                 .x_max = 10,
                                                 .alpha = 1,
                                                 .word = side(&got, 0),
                                                 .context = side(&got, 1)});
        assert_false(isfinite(sum));
        assert_memory_equal(got.at[1][0] + 32, start.at[1][0] + 32, 16 * sizeof(rc_real));
        assert_true(got.at[1][0][48] != start.at[1][0][48]);
        for (int64_t i = 0; i < got.n[0]; i++)
            assert_true(isfinite(got.at[1][0][i]));
    }
    free_sides(&start);
    free_sides(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_learnt_by_the_formula),
        cmocka_unit_test(what_is_not_finite_moves_nothing),
    };

    return cmocka_run_group_tests_name("glove", tests, NULL, NULL);
}
