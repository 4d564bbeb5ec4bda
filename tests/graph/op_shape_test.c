/* op_shape_test.c -- what moves numbers: side by side, columns, rows by index, dropout masks. */
#include "oracle.h"
#include "problem.h"

#include "graph/graph_in.h"

/* ---- concat and slice ------------------------------------------------------------------------ */

static void concat_puts_columns_side_by_side_and_slice_takes_them_back(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 40; trial++) {
        const int count = (int)pick(1, 5);
        const int64_t N = pick(0, 6);
        rc_real *x[5], *back;
        rc_var *v[5];
        int64_t cols = 0, at = 0;

        for (int i = 0; i < count; i++) {
            v[i] = random_leaf(g, rc_shape_2(N, pick(0, 40)), &x[i]);
            cols += rc_var_shape(v[i]).dim[1];
        }

        rc_var *all = rc_concat(g, count, v);

        assert_true(rc_var_shape(all).dim[0] == N && rc_var_shape(all).dim[1] == cols);
        for (int i = 0; i < count; i++) {
            const int64_t D = rc_var_shape(v[i]).dim[1];

            back = values_of(g, rc_slice(g, all, at, D));
            CHECK_CLOSE(back, x[i], N * D, 0);
            guard_free(back);
            guard_free(x[i]);
            at += D;
        }
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static rc_var *build_columns(rc_graph *g, rc_var *const v[], void *ctx)
{
    rc_var *all = rc_concat(g, 3, (rc_var *[]){v[0], rc_sigmoid(g, v[1]), v[0]});
    rc_var *left = rc_slice(g, all, 0, 17), *right = rc_slice(g, all, 5, 17);

    (void)ctx;
    return weigh(g, rc_mul(g, left, rc_tanh(g, right)));
}

static void gradients_of_overlapping_columns_add_up(void **unused)
{
    (void)unused;
    (void)check_seed();

    problem p = problem_new(build_columns, NULL);

    (void)problem_add(&p, rc_shape_2(3, 7));
    (void)problem_add(&p, rc_shape_2(3, 18));
    problem_check(&p, "columns", 0);
    problem_free(&p);
}

static void concat_needs_rows_of_one_number(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_concat(g, 0, NULL), RC_EINVAL, "concat: nothing to put side by side");
    CHECK_FAILED(g, rc_concat(g, -3, NULL), RC_EINVAL, "concat: nothing to put side by side");
    CHECK_FAILED(g,
                 rc_concat(g, 2,
                           (rc_var *[]){random_leaf(g, rc_shape_2(3, 2), NULL),
                                        random_leaf(g, rc_shape_2(4, 2), NULL)}),
                 RC_ESHAPE, "concat: operand 2 has 4 rows, operand 1 has 3");
    CHECK_FAILED(g,
                 rc_concat(g, 2,
                           (rc_var *[]){random_leaf(g, rc_shape_2(3, 2), NULL),
                                        random_leaf(g, rc_shape_3(3, 1, 2), NULL)}),
                 RC_ESHAPE, "concat: operand 2 is (3,1,2), expected rows and columns");
    CHECK_FAILED(g, rc_concat(g, 2, (rc_var *[]){random_leaf(g, rc_shape_2(3, 2), NULL), NULL}),
                 RC_EINVAL, "concat: operand 2 is missing");

    rc_var *many[40];

    for (int i = 0; i < 40; i++)
        many[i] = i < 39 ? random_leaf(g, rc_shape_2(2, 1), NULL) : RC_NONE;
    assert_non_null(rc_concat(g, 39, many));
    CHECK_FAILED(g, rc_concat(g, 40, many), RC_EINVAL, "concat: operand 40 is missing");
    rc_graph_free(g);
}

static void slice_stays_within_the_columns(void **unused)
{
    const int64_t wrong[][2] = {{-1, 2}, {0, 6},         {5, 1},        {6, 0},
                                {2, -1}, {INT64_MAX, 1}, {1, INT64_MAX}};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILED(g,
                     rc_slice(g, random_leaf(g, rc_shape_2(3, 5), NULL), wrong[i][0], wrong[i][1]),
                     RC_ESHAPE, "of a variable with 5");
    assert_non_null(rc_slice(g, random_leaf(g, rc_shape_2(3, 5), NULL), 5, 0));
    rc_graph_free(g);
}

/* ---- embed ----------------------------------------------------------------------------------- */

typedef struct lookup {
    int64_t n;
    const int32_t *ids;
} lookup;

static rc_var *build_embed(rc_graph *g, rc_var *const v[], void *ctx)
{
    const lookup *l = ctx;

    return weigh(g, rc_tanh(g, rc_embed(g, v[0], l->ids, l->n)));
}

static void embed_takes_the_rows_of_the_ids(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 20; trial++) {
        const int64_t V = pick(1, 90), D = pick(1, 150), n = pick(0, 40);
        rc_graph *g = graph_open(1, true);
        rc_real *table;
        rc_var *v = random_leaf(g, rc_shape_2(V, D), &table);
        int32_t ids[40];

        for (int64_t i = 0; i < n; i++)
            ids[i] = (int32_t)pick(0, V - 1);

        rc_var *e = rc_embed(g, v, ids, n);
        rc_real *y = values_of(g, e);

        for (int64_t i = 0; i < n; i++)
            CHECK_CLOSE(y + i * D, table + ids[i] * D, D, 0);
        for (int64_t i = 0; i < n; i++)
            ids[i] = -1; /* the graph has a copy */
        guard_free(y);
        guard_free(table);
        rc_graph_free(g);
    }
}

static void gradient_of_embed_counts_every_use_of_a_row(void **unused)
{
    const int32_t ids[] = {2, 0, 2, 2, 4, 0};

    (void)unused;
    (void)check_seed();
    for (int64_t n = 0; n <= 6; n += 3) {
        lookup l = {n, ids};
        problem p = problem_new(build_embed, &l);

        (void)problem_add(&p, rc_shape_2(5, 17));
        problem_check(&p, "embed", 0);
        for (int64_t j = 0; j < 17; j++)
            assert_true(p.leaf[0].grad[17 + j] == 0 && p.leaf[0].grad[3 * 17 + j] == 0);
        problem_free(&p);
    }
}

static void embed_has_the_same_bits_for_any_number_of_threads(void **unused)
{
    const int threads[] = {1, 2, 3, 7};
    enum { V = 50, D = 300, n = 3000 };
    rc_real *first = guard_new(V * D);
    int32_t *ids = rcb_alloc(n, sizeof *ids);

    (void)unused;
    assert_non_null(ids);
    for (int k = 0; k < 4; k++) {
        (void)check_seed();
        for (int i = 0; i < n; i++)
            ids[i] = (int32_t)pick(0, V - 1);

        lookup l = {n, ids};
        problem p = problem_new(build_embed, &l);

        rc_graph_free(p.g);
        p.g = graph_open(threads[k], true);
        (void)problem_add(&p, rc_shape_2(V, D));
        (void)problem_gradient(&p);
        if (k == 0)
            memcpy(first, p.leaf[0].grad, V * D * sizeof *first);
        assert_memory_equal(first, p.leaf[0].grad, V * D * sizeof *first);
        problem_free(&p);
    }
    guard_free(first);
    rcb_free(ids);
}

/* The packed weight of an output layer as a table: rows out of the transposed panels. */
static void embed_from_a_packed_weight_is_embed_from_its_rows(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 20; trial++) {
        const int64_t V = pick(1, 150), D = pick(1, 150), n = pick(1, 9);
        const int one = 1;
        rc_graph *g = graph_open(1, true);
        rc_real *table = guard_new(V * D), *grad = guard_new(V * D), *packed = guard_new(V * D);
        rcg_weight w;
        int32_t ids[9];

        fill_real(table, V * D);
        for (int64_t i = 0; i < V * D; i++)
            grad[i] = 0;
        for (int64_t i = 0; i < n; i++)
            ids[i] = (int32_t)pick(0, V - 1);
        rcg_weight_plan(&w, 1, &one, V, D);
        w.w = guard_new(rcg_weight_size(&w));
        w.wt = guard_new(rcg_weight_size_t(&w));
        w.g = guard_new(rcg_weight_size(&w));
        rcg_weight_pack(&w, table, w.w);
        rcg_weight_refresh(&w, rcg_pool(g));
        for (int64_t i = 0; i < rcg_weight_size(&w); i++)
            w.g[i] = trial % 2 ? 99 : 0;
        w.fresh = trial % 2 != 0;

        rc_var *a = rc_embed(g, rc_leaf(g, rc_shape_2(V, D), table, grad), ids, n);
        rc_var *b = rc_embed(g, rcg_leaf_weight(g, &w), ids, n);
        rc_real *ya = values_of(g, a), *yb = values_of(g, b);

        CHECK_CLOSE(yb, ya, n * D, 0);
        CHECK_STATUS(
            rc_graph_backward(g, rc_add(g, weigh(g, rc_tanh(g, a)), weigh(g, rc_tanh(g, b)))),
            RC_OK);
        rcg_weight_unpack(&w, w.g, packed);
        CHECK_CLOSE(packed, grad, V * D, 0);
        guard_free(ya);
        guard_free(yb);
        guard_free(table);
        guard_free(grad);
        guard_free(packed);
        guard_free(w.w);
        guard_free(w.wt);
        guard_free(w.g);
        rc_graph_free(g);
    }
}

static void embed_refuses_ids_outside_the_table(void **unused)
{
    const int32_t high[] = {0, 5}, low[] = {-1, 0};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_embed(g, random_leaf(g, rc_shape_2(5, 3), NULL), high, 2), RC_EINVAL,
                 "embed: symbol 5 of a table with 5");
    CHECK_FAILED(g, rc_embed(g, random_leaf(g, rc_shape_2(5, 3), NULL), low, 2), RC_EINVAL,
                 "embed: symbol -1 of a table with 5");
    CHECK_FAILED(g, rc_embed(g, NULL, low, 2), RC_EINVAL, "embed: operand 1 is missing");
    CHECK_FAILED(g, rc_embed(g, random_leaf(g, rc_shape_2(5, 3), NULL), low, -1), RC_EINVAL,
                 "negative axis");
    rc_graph_free(g);
}

/* ---- dropout --------------------------------------------------------------------------------- */

enum { T = 7, B = 5, D = 70 };
static const int64_t row_at[T + 1] = {0, 5, 9, 13, 16, 18, 19, 20};
static const rc_rows batch = {T, B, row_at};
enum { N = 20 };

/* The mask itself: what dropout makes of ones. */
static rc_real *mask_of(rc_graph *g, bool locked, int64_t rows, double rate)
{
    const int64_t n = rows * D;
    rc_real *x = guard_new(n);

    for (int64_t i = 0; i < n; i++)
        x[i] = 1;

    rc_var *v = rc_leaf(g, rc_shape_2(rows, D), x, NULL);
    rc_real *mask =
        values_of(g, locked ? rc_dropout_locked(g, &batch, v, rate) : rc_dropout(g, v, rate));

    guard_free(x);
    return mask;
}

static void dropout_of_rate_0_and_when_not_training_is_the_identity(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    rc_var *v = random_leaf(g, rc_shape_2(N, D), NULL);

    assert_true(rc_dropout(g, v, 0) == v && rc_dropout_locked(g, &batch, v, 0) == v);
    assert_true(rc_dropout(g, v, 0.5) != v && rc_dropout_locked(g, &batch, v, 0.5) != v);
    rcg_graph_train(g, false);
    assert_true(rc_dropout(g, v, 0.5) == v && rc_dropout_locked(g, &batch, v, 0.5) == v);
    rc_graph_free(g);
}

/* Elements are 0 or 1 / (1 - rate), and as many of each as the rate says: 4.5 standard deviations
 * of a binomial are exceeded once in 150000 tries, and the seed is fixed. */
static void dropout_keeps_its_share_and_the_mean(void **unused)
{
    const double rates[] = {0.1, 0.5, 0.9};

    (void)unused;
    rc_graph *g = graph_open(2, true);

    for (int i = 0; i < 3; i++) {
        const int64_t rows = 1000, n = rows * D;
        const double rate = rates[i], spread = sqrt((double)n * rate * (1 - rate));
        rc_real *mask = mask_of(g, false, rows, rate);
        int64_t dropped = 0;

        for (int64_t k = 0; k < n; k++) {
            if (mask[k] == 0)
                dropped++;
            else
                CHECK_NEAR(mask[k], 1 / (1 - rate), VALUE_TOL);
        }
        assert_true(fabs((double)dropped - rate * (double)n) < 4.5 * spread);
        for (int64_t j = 0; j < D; j++) { /* and in every column */
            int64_t column = 0;

            for (int64_t r = 0; r < rows; r++)
                column += mask[r * D + j] == 0;
            assert_true(fabs((double)column - rate * (double)rows) <
                        4.5 * sqrt((double)rows * rate * (1 - rate)));
        }
        guard_free(mask);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void dropout_draws_from_the_masks_of_the_kernel_room(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(1, true);

    rcg_graph_seed(g, 11, 12);
    const rcb_key key = rcg_mask_key(g);
    rcg_graph_seed(g, 11, 12);
    rc_real *mask = mask_of(g, false, N, 0.3);

    for (int64_t r = 0; r < N; r++)
        for (int64_t j = 0; j < D; j++)
            CHECK_NEAR(mask[r * D + j], oracle_mask_at(key, r, j, rck_pad(D), 0.3), VALUE_TOL);
    guard_free(mask);
    rc_graph_free(g);
}

static void the_gradient_goes_through_the_same_mask(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int locked = 0; locked < 2; locked++) {
        rc_graph *g = graph_open(1, true);
        rc_real *x = guard_new(N * D), *grad = guard_new(N * D);

        fill_real(x, N * D);
        for (int64_t i = 0; i < N * D; i++)
            grad[i] = 0;

        rc_var *v = rc_leaf(g, rc_shape_2(N, D), x, grad);
        rc_var *y = locked ? rc_dropout_locked(g, &batch, v, 0.4) : rc_dropout(g, v, 0.4);
        rc_real *out = values_of(g, y);

        CHECK_STATUS(rc_graph_backward(g, rc_sum(g, y)), RC_OK);
        for (int64_t i = 0; i < N * D; i++)
            assert_true(out[i] == x[i] * grad[i]);
        guard_free(out);
        guard_free(x);
        guard_free(grad);
        rc_graph_free(g);
    }
}

static void rows_are_dropped_whole(void **unused)
{
    enum { ROWS = 4000 };
    int64_t dropped = 0;

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    rc_real *x = guard_new(ROWS * 3), *grad = guard_new(ROWS * 3);

    fill_real(x, ROWS * 3);
    for (int64_t i = 0; i < ROWS * 3; i++)
        grad[i] = 0;
    rc_var *y = rc_dropout_rows(g, rc_leaf(g, rc_shape_2(ROWS, 3), x, grad), 0.25);
    rc_real *out = values_of(g, y);

    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, y)), RC_OK);
    for (int64_t r = 0; r < ROWS; r++) {
        dropped += grad[r * 3] == 0;
        for (int64_t j = 0; j < 3; j++) {
            assert_true(grad[r * 3 + j] == grad[r * 3]);
            assert_true(out[r * 3 + j] == grad[r * 3] * x[r * 3 + j]);
        }
        if (grad[r * 3] != 0)
            CHECK_NEAR(grad[r * 3], 4.0 / 3, VALUE_TOL);
    }
    assert_true(fabs((double)dropped - 0.25 * ROWS) < 4.5 * sqrt(ROWS * 0.25 * 0.75));
    guard_free(x);
    guard_free(grad);
    guard_free(out);

    rc_var *v = random_leaf(g, rc_shape_2(N, D), NULL);

    assert_true(rc_dropout_rows(g, v, 0) == v);
    rcg_graph_train(g, false);
    assert_true(rc_dropout_rows(g, v, 0.5) == v);
    rc_graph_free(g);
}

static void a_locked_mask_is_constant_over_time(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_real *mask = mask_of(g, true, N, 0.5);
    bool differ = false;

    for (int64_t t = 0; t < T; t++)
        for (int64_t b = 0; b < row_at[t + 1] - row_at[t]; b++)
            assert_memory_equal(mask + (row_at[t] + b) * D, mask + b * D, D * sizeof *mask);
    for (int64_t b = 1; b < B; b++)
        differ |= memcmp(mask + b * D, mask, D * sizeof *mask) != 0;
    assert_true(differ); /* sequences have masks of their own */
    guard_free(mask);
    rc_graph_free(g);
}

static void masks_are_the_same_for_any_number_of_threads(void **unused)
{
    const int threads[] = {2, 3, 7};
    const int64_t rows = 1000;

    (void)unused;
    for (int k = 0; k < 3; k++) {
        rc_graph *g = graph_open(1, true), *h = graph_open(threads[k], true);
        rc_real *a = mask_of(g, false, rows, 0.5), *b = mask_of(h, false, rows, 0.5);
        rc_real *c = mask_of(g, true, N, 0.5), *d = mask_of(h, true, N, 0.5);

        assert_memory_equal(a, b, (size_t)(rows * D) * sizeof *a);
        assert_memory_equal(c, d, N * D * sizeof *a);
        guard_free(a);
        guard_free(b);
        guard_free(c);
        guard_free(d);
        rc_graph_free(g);
        rc_graph_free(h);
    }
}

static void every_call_and_every_step_has_a_mask_of_its_own(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_real *mask[6];

    for (int i = 0; i < 6; i++) {
        if (i % 2 == 0)
            rc_graph_reset(g); /* two calls in each of three steps */
        mask[i] = mask_of(g, i >= 4, N, 0.5);
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(mask[i], mask[k], N * D * sizeof **mask);
    }
    for (int i = 0; i < 6; i++)
        guard_free(mask[i]);
    rc_graph_free(g);
}

static void rates_outside_0_to_1_are_refused_training_or_not(void **unused)
{
    const double wrong[] = {1, 1.5, -0.1, (double)NAN, (double)INFINITY};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int training = 1; training >= 0; training--) {
        rcg_graph_train(g, training != 0);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            CHECK_FAILED(g, rc_dropout(g, random_leaf(g, rc_shape_2(N, D), NULL), wrong[i]),
                         RC_EINVAL, "dropout: rate");
            CHECK_FAILED(
                g, rc_dropout_locked(g, &batch, random_leaf(g, rc_shape_2(N, D), NULL), wrong[i]),
                RC_EINVAL, "dropout_locked: rate");
        }
        CHECK_FAILED(g, rc_dropout(g, NULL, 0), RC_EINVAL, "dropout: operand 1 is missing");
        CHECK_FAILED(g, rc_dropout(g, RC_NONE, 0.5), RC_EINVAL, "dropout: operand 1 is missing");
        CHECK_FAILED(g, rc_dropout_locked(g, &batch, NULL, 0.5), RC_EINVAL,
                     "dropout_locked: operand 1 is missing");
    }
    rc_graph_free(g);
}

static void a_locked_mask_needs_the_rows_of_its_input(void **unused)
{
    const int64_t growing[] = {0, 2, 5};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_dropout_locked(g, &batch, random_leaf(g, rc_shape_2(N + 1, D), NULL), 0.5),
                 RC_ESHAPE, "dropout_locked: input has 21 rows, the batch has 20");
    CHECK_FAILED(g,
                 rc_dropout_locked(g, &(rc_rows){2, 3, growing},
                                   random_leaf(g, rc_shape_2(5, D), NULL), 0.5),
                 RC_EINVAL, "step 1 has 3 rows, at most 2");
    CHECK_FAILED(g, rc_dropout_locked(g, NULL, random_leaf(g, rc_shape_2(5, D), NULL), 0.5),
                 RC_EINVAL, "the rows of the batch are missing");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concat_puts_columns_side_by_side_and_slice_takes_them_back),
        cmocka_unit_test(gradients_of_overlapping_columns_add_up),
        cmocka_unit_test(concat_needs_rows_of_one_number),
        cmocka_unit_test(slice_stays_within_the_columns),
        cmocka_unit_test(embed_takes_the_rows_of_the_ids),
        cmocka_unit_test(gradient_of_embed_counts_every_use_of_a_row),
        cmocka_unit_test(embed_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(embed_from_a_packed_weight_is_embed_from_its_rows),
        cmocka_unit_test(embed_refuses_ids_outside_the_table),
        cmocka_unit_test(dropout_of_rate_0_and_when_not_training_is_the_identity),
        cmocka_unit_test(dropout_keeps_its_share_and_the_mean),
        cmocka_unit_test(dropout_draws_from_the_masks_of_the_kernel_room),
        cmocka_unit_test(the_gradient_goes_through_the_same_mask),
        cmocka_unit_test(rows_are_dropped_whole),
        cmocka_unit_test(a_locked_mask_is_constant_over_time),
        cmocka_unit_test(masks_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(every_call_and_every_step_has_a_mask_of_its_own),
        cmocka_unit_test(rates_outside_0_to_1_are_refused_training_or_not),
        cmocka_unit_test(a_locked_mask_needs_the_rows_of_its_input),
    };

    return cmocka_run_group_tests_name("op_shape", tests, NULL, NULL);
}
