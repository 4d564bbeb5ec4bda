/* product_test.c -- products over ranges of unit groups are those of the whole, and small work is
 * not shared.
 */
#include "oracle.h"
#include "problem.h"

#include "graph/graph_in.h"

/* A weight of one block with its panels and their transpose. */
static rcg_weight random_weight(int gates, int64_t units, int64_t K, rcb_pool *pool)
{
    rcg_weight w;

    rcg_weight_plan(&w, 1, &gates, units, K);

    const int64_t n = rcg_weight_rows(&w) * K;
    rc_real *logical = guard_new(n);

    fill_real(logical, n);
    w.w = guard_new(rcg_weight_size(&w));
    w.wt = guard_new(rcg_weight_size_t(&w));
    w.g = guard_new(rcg_weight_size(&w));
    rcg_weight_pack(&w, logical, w.w);
    rcg_weight_refresh(&w, pool);
    for (int64_t i = 0; i < rcg_weight_size(&w); i++)
        w.g[i] = 0;
    guard_free(logical);
    return w;
}

static void weight_free(rcg_weight *w)
{
    guard_free(w->w);
    guard_free(w->wt);
    guard_free(w->g);
}

/* Element (row, unit, gate) of activations in panels of N rows. */
static int64_t activation_at(const rck_panel *p, int64_t N, int64_t row, int64_t logical)
{
    rck_panel as = *p;

    as.K = N;
    return oracle_panel_at(&as, logical, row);
}

static void products_may_be_cut_into_ranges_of_unit_groups(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    for (int trial = 0; trial < 60; trial++) {
        const int gates = (int)pick(1, 4);
        const int64_t units = pick(1, 150), K = pick(0, 30), N = pick(0, 9), lda = rck_pad(K);
        rcg_weight w = random_weight(gates, units, K, pool);
        const rck_panel *lay = &w.lay[0];
        const int64_t size = lay->count * N * lay->cols;
        rc_real *a = guard_new(N * lda), *whole = guard_new(size), *cut = guard_new(size);
        rc_real *bias = guard_new(lay->count * lay->cols);

        fill_real(a, N * lda);
        fill_real(bias, lay->count * lay->cols);
        for (int64_t i = 0; i < size; i++)
            whole[i] = cut[i] = 0;
        rcg_gemm_groups(rcg_gemm_forward(&w, 0, N, a, lda, bias, whole, N), lay, 0,
                        rcg_groups(lay));
        for (int64_t r = 0; r < N; r++)
            for (int64_t j = 0; j < gates * units; j++) {
                double want = (double)bias[activation_at(lay, 1, 0, j)];

                for (int64_t k = 0; k < K; k++)
                    want += (double)a[r * lda + k] * (double)w.w[oracle_panel_at(lay, j, k)];
                CHECK_NEAR(whole[activation_at(lay, N, r, j)], want, VALUE_TOL * 3);
            }
        for (int64_t u = 0; u < rcg_groups(lay);) {
            const int64_t to = pick(u, rcg_groups(lay));
            rck_gemm part = rcg_gemm_forward(&w, 0, N, a, lda, bias, cut, N);

            part.backwards = pick(0, 1);
            rcg_gemm_groups(part, lay, u, to);
            u = to;
        }
        assert_memory_equal(cut, whole, (size_t)size * sizeof *cut);
        guard_free(a);
        guard_free(whole);
        guard_free(cut);
        guard_free(bias);
        weight_free(&w);
    }
    rcb_pool_free(pool);
}

static void products_back_are_those_of_the_transposed_weight(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    for (int trial = 0; trial < 60; trial++) {
        const int gates = (int)pick(1, 4);
        const int64_t units = pick(1, 90), K = pick(1, 30), N = pick(1, 9), lda = rck_pad(K);
        rcg_weight w = random_weight(gates, units, K, pool);
        const rck_panel *lay = &w.lay[0];
        const int64_t size = lay->count * N * lay->cols, R = gates * units;
        rc_real *x = guard_new(N * lda), *d = guard_new(size), *da = guard_new(N * lda);
        rc_real *at = guard_new(rcg_pack_t_size(N, K));

        fill_real(x, N * lda);
        for (int64_t i = 0; i < size; i++)
            d[i] = 0;
        for (int64_t i = 0; i < N * lda; i++)
            da[i] = 1;
        for (int64_t r = 0; r < N; r++)
            for (int64_t j = 0; j < R; j++)
                d[activation_at(lay, N, r, j)] = pick_real();

        const rck_gemm back = rcg_gemm_back(&w, 0, N, d, N, da, lda);

        rck->gemm(&back);
        for (int64_t r = 0; r < N; r++)
            for (int64_t k = 0; k < K; k++) {
                double want = 1;

                for (int64_t j = 0; j < R; j++)
                    want += (double)d[activation_at(lay, N, r, j)] *
                            (double)w.w[oracle_panel_at(lay, j, k)];
                CHECK_NEAR(da[r * lda + k], want, VALUE_TOL * 5);
            }
        w.fresh = trial % 2 != 0;
        rck->pack_t(N, x, lda, 0, K, N, 0, at);
        rcg_gemm_groups(rcg_gemm_weight(&w, 0, N, at, d), lay, 0, rcg_groups(lay));
        for (int64_t j = 0; j < R; j++)
            for (int64_t k = 0; k < K; k++) {
                double want = 0;

                for (int64_t r = 0; r < N; r++)
                    want += (double)x[r * lda + k] * (double)d[activation_at(lay, N, r, j)];
                CHECK_NEAR(w.g[oracle_panel_at(lay, j, k)], want, VALUE_TOL * 3);
            }
        guard_free(x);
        guard_free(d);
        guard_free(da);
        guard_free(at);
        weight_free(&w);
    }
    rcb_pool_free(pool);
}

static void touching_clears_a_fresh_gradient_once(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);

    rcg_weight w = random_weight(2, 5, 3, pool);

    w.g[0] = 9;
    rcg_weight_touch(&w);
    assert_true(w.g[0] == 9);
    w.fresh = true;
    rcg_weight_touch(&w);
    assert_true(w.g[0] == 0 && !w.fresh);
    weight_free(&w);
    rcb_pool_free(pool);
}

static void small_work_is_not_shared(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(4, false);

    assert_int_equal(rcg_workers(g, 0), 1);
    assert_int_equal(rcg_workers(g, 1e5), 1);
    assert_int_equal(rcg_workers(g, 1e6), 2);
    assert_int_equal(rcg_workers(g, 1e15), 4);
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_may_be_cut_into_ranges_of_unit_groups),
        cmocka_unit_test(products_back_are_those_of_the_transposed_weight),
        cmocka_unit_test(touching_clears_a_fresh_gradient_once),
        cmocka_unit_test(small_work_is_not_shared),
    };

    return cmocka_run_group_tests_name("product", tests, NULL, NULL);
}
