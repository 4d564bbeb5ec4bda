/* op_mat_test.c -- linear layers and batched products against plain loops, differences, and
 * themselves with other numbers of threads.
 */
#include "oracle.h"
#include "problem.h"

#include "graph/graph_in.h"

/* ---- linear ---------------------------------------------------------------------------------- */

static rc_var *build_linear(rc_graph *g, rc_var *const v[], void *ctx)
{
    const bool *bias = ctx;

    return weigh(g, rc_tanh(g, rc_linear(g, v[0], v[1], *bias ? v[2] : RC_NONE)));
}

static void linear_is_the_product_with_the_transposed_weight_plus_bias(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 60; trial++) {
        const int64_t N = pick(0, 9), D = pick(0, 70), M = pick(0, 150);
        rc_real *x, *w, *b;
        rc_var *vx = random_leaf(g, rc_shape_2(N, D), &x),
               *vw = random_leaf(g, rc_shape_2(M, D), &w);
        /* a bias may be a column too */
        rc_var *vb = random_leaf(g, trial % 2 ? rc_shape_1(M) : rc_shape_2(M, 1), &b);
        const bool biased = trial % 3 != 0;
        rc_real *y = values_of(g, rc_linear(g, vx, vw, biased ? vb : RC_NONE));

        for (int64_t r = 0; r < N; r++)
            for (int64_t j = 0; j < M; j++) {
                double want = biased ? (double)b[j] : 0;

                for (int64_t k = 0; k < D; k++)
                    want += (double)x[r * D + k] * (double)w[j * D + k];
                CHECK_NEAR(y[r * M + j], want, VALUE_TOL * 3);
            }
        guard_free(x);
        guard_free(w);
        guard_free(b);
        guard_free(y);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void gradient_of_linear_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 12; trial++) {
        bool bias = trial % 2 != 0;
        const int64_t D = pick(1, 20), M = pick(1, 70);
        problem p = problem_new(build_linear, &bias);

        (void)problem_add(&p, rc_shape_2(pick(1, 9), D));
        (void)problem_add(&p, rc_shape_2(M, D));
        if (bias)
            (void)problem_add(&p, rc_shape_1(M));
        problem_check(&p, "linear", 12);
        problem_free(&p);
    }
}

static void linear_without_rows_or_columns_is_legal(void **unused)
{
    const int64_t sizes[][3] = {{0, 3, 5}, {4, 0, 5}, {4, 3, 0}, {0, 0, 0}}; /* N D M */

    (void)unused;
    (void)check_seed();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bool bias = true;
        const int64_t *s = sizes[i];
        problem p = problem_new(build_linear, &bias);

        (void)problem_add(&p, rc_shape_2(s[0], s[1]));
        (void)problem_add(&p, rc_shape_2(s[2], s[1]));
        (void)problem_add(&p, rc_shape_1(s[2]));
        problem_check(&p, "linear", 0);
        problem_free(&p);
    }
}

/* Many rows are shared by rows, few by columns. */
static void linear_has_the_same_bits_for_any_number_of_threads(void **unused)
{
    const int64_t sizes[][3] = {{300, 100, 90}, {5, 700, 900}};
    const int threads[] = {1, 2, 3, 7};

    (void)unused;
    for (int i = 0; i < 2; i++) {
        const int64_t N = sizes[i][0], D = sizes[i][1], M = sizes[i][2];
        rc_real *first[4] = {NULL};

        for (int k = 0; k < 4; k++) {
            (void)check_seed(); /* the same numbers again */

            bool bias = true;
            problem p = problem_new(build_linear, &bias);

            rc_graph_free(p.g);
            p.g = graph_open(threads[k], true);
            (void)problem_add(&p, rc_shape_2(N, D));
            (void)problem_add(&p, rc_shape_2(M, D));
            (void)problem_add(&p, rc_shape_1(M));
            const double loss = problem_gradient(&p);

            for (int l = 0; l < 3; l++) {
                const size_t bytes = (size_t)p.leaf[l].n * sizeof(rc_real);

                if (k == 0) {
                    first[l] = guard_new(p.leaf[l].n);
                    memcpy(first[l], p.leaf[l].grad, bytes);
                } else {
                    assert_memory_equal(first[l], p.leaf[l].grad, bytes);
                }
            }
            if (k == 0) {
                first[3] = guard_new(1);
                first[3][0] = (rc_real)loss;
            }
            assert_true(first[3][0] == (rc_real)loss);
            problem_free(&p);
        }
        for (int l = 0; l < 4; l++)
            guard_free(first[l]);
    }
}

/* Twice in one graph, its gradient fresh: the first use writes, the second adds. */
static void a_packed_weight_may_be_used_twice(void **unused)
{
    (void)unused;
    (void)check_seed();

    const int64_t N = 4, D = 21;
    const int one = 1;
    rc_graph *g = graph_open(2, true);
    rc_real *w = guard_new(D * D), *dw = guard_new(D * D), *packed = guard_new(D * D);
    rc_real *x = guard_new(N * D);
    rcg_weight p;

    fill_real(w, D * D);
    fill_real(x, N * D);
    for (int64_t i = 0; i < D * D; i++)
        dw[i] = 0;

    rc_var *vx = rc_leaf(g, rc_shape_2(N, D), x, NULL), *vw = rc_leaf(g, rc_shape_2(D, D), w, dw);

    CHECK_STATUS(
        rc_graph_backward(g, weigh(g, rc_linear(g, rc_linear(g, vx, vw, RC_NONE), vw, RC_NONE))),
        RC_OK);
    rcg_weight_plan(&p, 1, &one, D, D);
    p.w = guard_new(rcg_weight_size(&p));
    p.wt = guard_new(rcg_weight_size_t(&p));
    p.g = guard_new(rcg_weight_size(&p));
    rcg_weight_pack(&p, w, p.w);
    rcg_weight_refresh(&p, rcg_pool(g));
    for (int64_t i = 0; i < rcg_weight_size(&p); i++)
        p.g[i] = 0;
    for (int64_t i = 0; i < D * D; i++)
        p.g[oracle_panel_at(&p.lay[0], i / D, i % D)] = 99;
    p.fresh = true;
    rc_graph_reset(g);
    vx = rc_leaf(g, rc_shape_2(N, D), x, NULL);
    vw = rcg_leaf_weight(g, &p);
    CHECK_STATUS(
        rc_graph_backward(g, weigh(g, rc_linear(g, rc_linear(g, vx, vw, RC_NONE), vw, RC_NONE))),
        RC_OK);
    rcg_weight_unpack(&p, p.g, packed);
    CHECK_CLOSE(packed, dw, D * D, VALUE_TOL * 10);
    guard_free(p.w);
    guard_free(p.wt);
    guard_free(p.g);
    guard_free(w);
    guard_free(dw);
    guard_free(packed);
    guard_free(x);
    rc_graph_free(g);
}

static void linear_names_the_shapes_that_disagree(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    const struct {
        rc_shape x, w, b;
        const char *text;
    } wrong[] = {
        {rc_shape_2(4, 3), rc_shape_2(5, 2), rc_shape_1(5),
         "linear: input is (4,3), the weight is (5,2)"},
        {rc_shape_1(3), rc_shape_2(5, 3), rc_shape_1(5),
         "linear: input is (3), the weight is (5,3)"},
        {rc_shape_2(4, 3), rc_shape_3(5, 1, 3), rc_shape_1(5), "the weight is (5,1,3)"},
        {rc_shape_2(4, 3), rc_shape_2(5, 3), rc_shape_1(4),
         "linear: the bias is (4), the weight has 5 rows"},
        {rc_shape_2(4, 3), rc_shape_2(5, 3), rc_shape_2(1, 5),
         "linear: the bias is (1,5), the weight has 5 rows"},
        {rc_shape_2(4, 3), rc_shape_2(6, 3), rc_shape_2(2, 3),
         "linear: the bias is (2,3), the weight has 6 rows"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILED(g,
                     rc_linear(g, random_leaf(g, wrong[i].x, NULL),
                               random_leaf(g, wrong[i].w, NULL), random_leaf(g, wrong[i].b, NULL)),
                     RC_ESHAPE, wrong[i].text);
    CHECK_FAILED(g, rc_linear(g, random_leaf(g, rc_shape_2(4, 3), NULL), NULL, RC_NONE), RC_EINVAL,
                 "linear: operand 2 is missing");
    CHECK_FAILED(g, rc_linear(g, random_leaf(g, rc_shape_2(4, 3), NULL), RC_NONE, RC_NONE),
                 RC_EINVAL, "linear: operand 2 is missing");
    CHECK_FAILED(g,
                 rc_linear(g, random_leaf(g, rc_shape_2(4, 3), NULL),
                           random_leaf(g, rc_shape_2(4, 3), NULL), NULL),
                 RC_EINVAL, "linear: operand 3 is missing");
    rc_graph_free(g);
}

/* ---- bmm ------------------------------------------------------------------------------------- */

static rc_var *build_bmm(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_tanh(g, rc_bmm(g, v[0], v[1])));
}

static void bmm_multiplies_each_pair_of_matrices(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 60; trial++) {
        rc_graph *g = graph_open((int)pick(1, 3), true);
        const int64_t S = pick(0, 5), M = pick(0, 9), K = pick(0, 70), N = pick(0, 150);
        rc_real *a, *b;
        rc_var *va = random_leaf(g, rc_shape_3(S, M, K), &a),
               *vb = random_leaf(g, rc_shape_3(S, K, N), &b);
        rc_var *v = rc_bmm(g, va, vb);
        rc_real *c = values_of(g, v);
        const rc_shape s = rc_var_shape(v);

        assert_true(s.rank == 3 && s.dim[0] == S && s.dim[1] == M && s.dim[2] == N);
        for (int64_t i = 0; i < S * M; i++)
            for (int64_t j = 0; j < N; j++) {
                double want = 0;

                for (int64_t k = 0; k < K; k++)
                    want += (double)a[i * K + k] * (double)b[(i / M * K + k) * N + j];
                CHECK_NEAR(c[i * N + j], want, VALUE_TOL * 3);
            }
        guard_free(a);
        guard_free(b);
        guard_free(c);
        rc_graph_free(g);
    }
}

/* An operand that an operation made has more than zeros behind its columns. */
static rc_var *build_dirty_bmm(rc_graph *g, rc_var *const v[], void *ctx)
{
    (void)ctx;
    return weigh(g, rc_bmm(g, rc_sigmoid(g, v[0]), rc_sigmoid(g, v[1])));
}

static void gradient_of_bmm_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 16; trial++) {
        const int64_t S = pick(trial < 2 ? 0 : 1, 3), M = pick(1, 7),
                      K = pick(trial == 2 ? 0 : 1, 20);
        const int64_t N = trial % 4 == 0 ? pick(60, 70) : pick(1, 20);
        problem p = problem_new(trial % 2 ? build_dirty_bmm : build_bmm, NULL);

        (void)problem_add(&p, rc_shape_3(S, M, K));
        (void)problem_add(&p, rc_shape_3(S, K, N));
        problem_check(&p, "bmm", 12);
        problem_free(&p);
    }
}

static void bmm_has_the_same_bits_for_any_number_of_threads(void **unused)
{
    const int threads[] = {1, 2, 3, 7};
    rc_real *first[2] = {NULL};

    (void)unused;
    for (int k = 0; k < 4; k++) {
        (void)check_seed();

        problem p = problem_new(build_bmm, NULL);

        rc_graph_free(p.g);
        p.g = graph_open(threads[k], true);
        (void)problem_add(&p, rc_shape_3(11, 40, 50));
        (void)problem_add(&p, rc_shape_3(11, 50, 70));
        (void)problem_gradient(&p);
        for (int l = 0; l < 2; l++) {
            const size_t bytes = (size_t)p.leaf[l].n * sizeof(rc_real);

            if (k == 0) {
                first[l] = guard_new(p.leaf[l].n);
                memcpy(first[l], p.leaf[l].grad, bytes);
            } else {
                assert_memory_equal(first[l], p.leaf[l].grad, bytes);
            }
        }
        problem_free(&p);
    }
    guard_free(first[0]);
    guard_free(first[1]);
}

static void bmm_names_the_shapes_that_disagree(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    const rc_shape wrong[][2] = {
        {rc_shape_3(2, 3, 4), rc_shape_3(2, 5, 4)},
        {rc_shape_3(2, 3, 4), rc_shape_3(3, 4, 4)},
        {rc_shape_2(3, 4), rc_shape_3(1, 4, 4)},
        {rc_shape_3(1, 3, 4), rc_shape_2(4, 4)},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILED(
            g, rc_bmm(g, random_leaf(g, wrong[i][0], NULL), random_leaf(g, wrong[i][1], NULL)),
            RC_ESHAPE, "expected (S,M,K) and (S,K,N)");
    CHECK_FAILED(g, rc_bmm(g, NULL, random_leaf(g, rc_shape_3(1, 2, 3), NULL)), RC_EINVAL,
                 "bmm: operand 1 is missing");
    rc_graph_free(g);
}

/* The lecture's example: a row with a single one, times a matrix, is a row of the matrix. */
static void a_one_hot_row_picks_a_row_of_the_matrix(void **unused)
{
    (void)unused;
    static const rc_real one_hot[] = {0, 0, 0, 1, 0};
    static const rc_real matrix[] = {17, 24, 1, 23, 5, 7, 4, 6, 13, 10, 12, 19, 11, 18, 25};
    static const rc_real want[] = {10, 12, 19};
    const int32_t id = 3;
    rc_graph *g = graph_open(1, false);
    rc_var *x = rc_leaf(g, rc_shape_3(1, 1, 5), one_hot, NULL);
    rc_var *w = rc_leaf(g, rc_shape_3(1, 5, 3), matrix, NULL);
    rc_var *table = rc_leaf(g, rc_shape_2(5, 3), matrix, NULL);
    rc_real *product = values_of(g, rc_bmm(g, x, w));
    rc_real *row = values_of(g, rc_embed(g, table, &id, 1));

    assert_memory_equal(product, want, sizeof want);
    assert_memory_equal(row, want, sizeof want);
    guard_free(product);
    guard_free(row);
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_is_the_product_with_the_transposed_weight_plus_bias),
        cmocka_unit_test(gradient_of_linear_agrees_with_differences),
        cmocka_unit_test(linear_without_rows_or_columns_is_legal),
        cmocka_unit_test(linear_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(a_packed_weight_may_be_used_twice),
        cmocka_unit_test(linear_names_the_shapes_that_disagree),
        cmocka_unit_test(bmm_multiplies_each_pair_of_matrices),
        cmocka_unit_test(gradient_of_bmm_agrees_with_differences),
        cmocka_unit_test(bmm_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(bmm_names_the_shapes_that_disagree),
        cmocka_unit_test(a_one_hot_row_picks_a_row_of_the_matrix),
    };

    return cmocka_run_group_tests_name("op_mat", tests, NULL, NULL);
}
