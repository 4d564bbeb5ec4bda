/* op_bag_test.c -- bags are the sums they say, the gradient counts every use of a row of the table
 * and marks what it has touched, and neither depends on the number of threads. */
#include "problem.h"

#include "graph/graph_in.h"

/* Weights are 1, one for every row, or one for every column of it. */
enum weights { ONES, ROWS, COLUMNS, KINDS };

/* Random bags, some of them empty. */
typedef struct trial {
    int64_t V, D;
    rc_bags bags;
    int64_t *at;
    int32_t *ids;
    rc_real *weight;
} trial;

static trial trial_new(int64_t B, int64_t V, int64_t D, int64_t most, int weights)
{
    trial t = {.V = V, .D = D};

    t.at = rcb_alloc((size_t)B + 1, sizeof *t.at);
    t.ids = rcb_alloc((size_t)(B * most), sizeof *t.ids);
    t.weight = rcb_alloc((size_t)(B * most * D), sizeof *t.weight);
    assert_true(t.at && t.ids && t.weight);
    t.at[0] = 0;
    for (int64_t b = 0; b < B; b++)
        t.at[b + 1] = t.at[b] + pick(0, most);
    for (int64_t i = 0; i < t.at[B]; i++)
        t.ids[i] = (int32_t)pick(0, V - 1);
    fill_real(t.weight, t.at[B] * D);
    t.bags = (rc_bags){B, t.at, t.ids, weights == ONES ? NULL : t.weight, weights == COLUMNS};
    return t;
}

static void trial_free(trial *t)
{
    rcb_free(t->at);
    rcb_free(t->ids);
    rcb_free(t->weight);
}

static double weight_at(const trial *t, int64_t i, int64_t j)
{
    return !t->bags.weight ? 1 : (double)t->weight[t->bags.columns ? i * t->D + j : i];
}

static void a_bag_is_the_weighted_sum_of_its_rows(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(2, true);

    for (int trials = 0; trials < 60; trials++) {
        trial t = trial_new(pick(0, 7), pick(1, 30), pick(1, 40), 9, trials % KINDS);
        rc_real *table;
        rc_var *v = random_leaf(g, rc_shape_2(t.V, t.D), &table);
        rc_var *bag = rc_bag(g, v, &t.bags);
        rc_real *y = values_of(g, bag);

        assert_true(rc_var_shape(bag).dim[0] == t.bags.count && rc_var_shape(bag).dim[1] == t.D);
        for (int64_t b = 0; b < t.bags.count; b++)
            for (int64_t j = 0; j < t.D; j++) {
                double want = 0;

                for (int64_t i = t.at[b]; i < t.at[b + 1]; i++)
                    want += weight_at(&t, i, j) * (double)table[t.ids[i] * t.D + j];
                CHECK_NEAR(y[b * t.D + j], want, VALUE_TOL);
            }
        guard_free(table);
        guard_free(y);
        trial_free(&t);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static rc_var *build(rc_graph *g, rc_var *const v[], void *ctx)
{
    const trial *t = ctx;

    return weigh(g, rc_tanh(g, rc_bag(g, v[0], &t->bags)));
}

static void the_gradient_counts_every_use_of_a_row(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int k = 0; k < 9; k++) {
        trial t = trial_new(4, 6, pick(1, 20), 7, k % KINDS);
        problem p = problem_new(build, &t);

        (void)problem_add(&p, rc_shape_2(t.V, t.D));
        problem_check(&p, "bag", 0);
        problem_free(&p);
        trial_free(&t);
    }
}

static void what_is_given_is_copied(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_real *first = NULL;

    for (int spoil = 0; spoil < 2; spoil++) {
        (void)check_seed();
        trial t = trial_new(4, 6, 5, 7, COLUMNS);
        rc_graph *g = graph_open(1, true);
        rc_real *table = guard_new(t.V * t.D), *grad = guard_new(t.V * t.D);

        fill_real(table, t.V * t.D);
        for (int64_t i = 0; i < t.V * t.D; i++)
            grad[i] = 0;
        rc_var *y = rc_bag(g, rc_leaf(g, rc_shape_2(t.V, t.D), table, grad), &t.bags);
        for (int64_t i = 0; spoil && i < t.at[4]; i++) {
            t.ids[i] = -1;
            for (int64_t j = 0; j < 5; j++)
                t.weight[i * 5 + j] = (rc_real)NAN;
        }
        for (int b = 0; spoil && b <= 4; b++)
            t.at[b] = -1;
        CHECK_STATUS(rc_graph_backward(g, weigh(g, rc_tanh(g, y))), RC_OK);
        if (spoil) {
            CHECK_CLOSE(grad, first, t.V * t.D, 0);
            guard_free(first);
            guard_free(grad);
        } else {
            first = grad;
        }
        guard_free(table);
        trial_free(&t);
        rc_graph_free(g);
    }
}

/* A large table as a parameter is one: what has no mark has no gradient. */
static void rows_that_have_a_gradient_are_marked(void **unused)
{
    enum { V = 3000, D = 20 };
    const int64_t ld = rck_pad(D), reals = V * ld;

    (void)unused;
    (void)check_seed();
    trial t = trial_new(3, V, D, 2, ROWS);
    rc_graph *g = graph_open(2, true);
    rc_real *table = guard_new(reals), *grad = guard_new(reals);
    uint8_t *touched = rcb_calloc((size_t)rcg_marks(reals), 1);
    int64_t marks = 0;

    assert_non_null(touched);
    fill_real(table, reals);
    for (int64_t i = 0; i < reals; i++)
        grad[i] = 0;
    rc_var *v = rcg_leaf_table(g, rc_shape_2(V, D), ld, table, grad, touched);
    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, rc_bag(g, v, &t.bags))), RC_OK);
    for (int64_t i = 0; i < reals; i++)
        if (grad[i] != 0)
            assert_true(touched[i / RCK_BLOCK]);
    for (int64_t i = 0; i < rcg_marks(reals); i++)
        marks += touched[i];
    assert_true((marks > 0) == (t.at[3] > 0) && marks <= 2 * t.at[3]);
    guard_free(table);
    guard_free(grad);
    rcb_free(touched);
    trial_free(&t);
    rc_graph_free(g);
}

static void bits_are_the_same_for_any_number_of_threads(void **unused)
{
    const int threads[] = {1, 2, 3, 7};
    enum { V = 500, D = 300 };
    rc_real *first = guard_new(V * D);
    double loss = 0;

    (void)unused;
    for (int k = 0; k < 8; k++) { /* one weight, then one for every column */
        (void)check_seed();
        trial t = trial_new(40, V, D, 200, 1 + k / 4);
        problem p = problem_new(build, &t);

        rc_graph_free(p.g);
        p.g = graph_open(threads[k % 4], true);
        (void)problem_add(&p, rc_shape_2(V, D));
        const double got = problem_gradient(&p);

        if (k % 4 == 0)
            memcpy(first, p.leaf[0].grad, V * D * sizeof *first);
        loss = k % 4 == 0 ? got : loss;
        assert_true(got == loss);
        assert_memory_equal(first, p.leaf[0].grad, V * D * sizeof *first);
        problem_free(&p);
        trial_free(&t);
    }
    guard_free(first);
}

static void bags_that_cannot_be_are_refused(void **unused)
{
    const int64_t at[] = {0, 2, 3}, falls[] = {0, 2, 1}, late[] = {1, 2, 3};
    const int32_t fine[] = {0, 4, 1}, high[] = {0, 5, 1}, low[] = {0, 4, -1};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    const rc_bags wrong[] = {{2, falls, fine, NULL, false},
                             {2, late, fine, NULL, false},
                             {2, NULL, fine, NULL, false},
                             {-1, at, fine, NULL, false},
                             {2, at, NULL, NULL, false}};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILED(g, rc_bag(g, random_leaf(g, rc_shape_2(5, 3), NULL), &wrong[i]), RC_EINVAL,
                     "bag: where bags begin");
    CHECK_FAILED(g, rc_bag(g, random_leaf(g, rc_shape_2(5, 3), NULL), NULL), RC_EINVAL,
                 "bag: where bags begin");
    CHECK_FAILED(
        g, rc_bag(g, random_leaf(g, rc_shape_2(5, 3), NULL), &(rc_bags){2, at, high, NULL, false}),
        RC_EINVAL, "bag: symbol 5 of a table with 5");
    CHECK_FAILED(
        g, rc_bag(g, random_leaf(g, rc_shape_2(5, 3), NULL), &(rc_bags){2, at, low, NULL, false}),
        RC_EINVAL, "bag: symbol -1 of a table with 5");
    CHECK_FAILED(
        g, rc_bag(g, random_leaf(g, rc_shape_1(5), NULL), &(rc_bags){2, at, fine, NULL, false}),
        RC_ESHAPE, "bag: the table is (5), expected rows and columns");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bag_is_the_weighted_sum_of_its_rows),
        cmocka_unit_test(the_gradient_counts_every_use_of_a_row),
        cmocka_unit_test(what_is_given_is_copied),
        cmocka_unit_test(rows_that_have_a_gradient_are_marked),
        cmocka_unit_test(bits_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(bags_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests_name("op_bag", tests, NULL, NULL);
}
