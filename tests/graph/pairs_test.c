/* pairs_test.c -- weights in bf16: the copies are those of the values, products with them are the
 * products of rounded operands, and who does not train does not see them.
 */
#include "problem.h"

#include "graph/graph_in.h"

/* Numbers that bf16 has and whose sums of products are exact. */
static void fill_whole(rc_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (rc_real)pick(-3, 3);
}

static rc_real *new_whole(int64_t n)
{
    rc_real *x = guard_new(n);

    fill_whole(x, n);
    return x;
}

/* A weight with everything: reals, transposes, copies, a gradient. */
static rcg_weight new_weight(int blocks, const int gates[], int64_t units, int64_t K,
                             const rc_real *rows)
{
    rcg_weight w;

    rcg_weight_plan(&w, blocks, gates, units, K);
    w.w = guard_new(rcg_weight_size(&w));
    w.g = guard_new(rcg_weight_size(&w));
    w.wt = guard_new(rcg_weight_size_t(&w));
    w.pairs = guard_bytes((size_t)rcg_weight_pairs(&w) * sizeof *w.pairs);
    w.pairs_t = guard_bytes((size_t)rcg_weight_size_t(&w) * sizeof *w.pairs_t);
    memset(w.g, 0, (size_t)rcg_weight_size(&w) * sizeof *w.g);
    rcg_weight_pack(&w, rows, w.w);
    return w;
}

static void free_weight(rcg_weight *w)
{
    guard_free(w->w);
    guard_free(w->g);
    guard_free(w->wt);
    guard_free(w->pairs);
    guard_free(w->pairs_t);
}

static void copies_are_those_of_the_panels_on_any_number_of_workers(void **unused)
{
    (void)unused;
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 30; trial++) {
        const int blocks = (int)pick(1, 2), gates[] = {(int)pick(1, 4), (int)pick(1, 3)};
        const int64_t units = pick(1, 150), K = pick(1, 150);
        rc_real *rows = guard_new(7 * units * K);

        fill_real(rows, 7 * units * K);
        rcg_weight w = new_weight(blocks, gates, units, K, rows);
        uint16_t *first = guard_bytes((size_t)rcg_weight_pairs(&w) * sizeof *first);
        uint16_t *first_t = guard_bytes((size_t)rcg_weight_size_t(&w) * sizeof *first_t);
        rcb_pool *pool;

        for (int i = 0; i < blocks; i++) {
            const rck_panel t = rck_panel_t(&w.lay[i]);
            rck->transpose(&w.lay[i], w.w + w.at[i], w.wt + w.at_t[i], 0, w.lay[i].count);
            rck->lean_bf16(&w.lay[i], w.w + w.at[i], first + w.at_pairs[i]);
            rck->lean_bf16(&t, w.wt + w.at_t[i], first_t + w.at_t[i]);
        }
        CHECK_STATUS(rcb_pool_new(&pool, (int)pick(1, 3)), RC_OK);
        memset(w.pairs, 0x5A, (size_t)rcg_weight_pairs(&w) * sizeof *w.pairs);
        memset(w.pairs_t, 0x5A, (size_t)rcg_weight_size_t(&w) * sizeof *w.pairs_t);
        rcg_weight_refresh(&w, pool);
        rcb_pool_free(pool);
        assert_memory_equal(w.pairs, first, (size_t)rcg_weight_pairs(&w) * sizeof *first);
        assert_memory_equal(w.pairs_t, first_t, (size_t)rcg_weight_size_t(&w) * sizeof *first_t);
        guard_free(first);
        guard_free(first_t);
        free_weight(&w);
        guard_free(rows);
    }
}

/* Whatever the groups: where sums are exact, the product in bf16 is the product. */
static void the_gradient_of_a_weight_is_that_of_reals_where_sums_are_exact(void **unused)
{
    (void)unused;
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 60; trial++) {
        const int gates[] = {(int)pick(1, 5)};
        const int64_t units = pick(1, 150), K = pick(1, 40), N = pick(1, 30);
        rc_real *rows = new_whole(5 * units * K), *x = new_whole(N * K);
        rcg_weight w = new_weight(1, gates, units, K, rows), reals = w;
        const rck_panel *lay = &w.lay[0];
        const int64_t groups = rcg_groups(lay), u0 = pick(0, groups), u1 = pick(u0, groups);
        rc_real *d = new_whole(lay->count * N * lay->cols);
        rc_real *at = guard_new(rcg_pack_t_size(N, K)), *want = guard_new(rcg_weight_size(&w));
        uint16_t *room = guard_bytes((size_t)rcg_pairs_size(lay, lay->count, N) * sizeof *room);

        reals.pairs = reals.pairs_t = NULL;
        reals.g = want;
        fill_whole(want, rcg_weight_size(&w));
        memcpy(w.g, want, (size_t)rcg_weight_size(&w) * sizeof *want);
        rcg_pack_t(&reals, N, x, K, 0, K, N, 0, at);
        rcg_gemm_weight_groups(rcg_gemm_weight(&reals, 0, N, at, d), lay, NULL, u0, u1);
        for (int64_t n = 0; n < N; n++) /* row by row, as the recurrence brings them */
            rcg_pack_t(&w, 1, x + n * K, K, 0, K, N, n, at);
        rcg_gemm_weight_groups(rcg_gemm_weight(&w, 0, N, at, d), lay, room, u0, u1);
        for (int64_t i = 0; i < rcg_weight_size(&w); i++)
            assert_true(w.g[i] == want[i]);
        guard_free(room);
        guard_free(want);
        guard_free(at);
        guard_free(d);
        guard_free(x);
        free_weight(&w);
        guard_free(rows);
    }
}

/* ---- operations ------------------------------------------------------------------------------ */

/* One operation with a weight: what it gives, and the gradients. */
typedef struct result {
    rc_real *y, *d_x, *d_w;
    double total;
} result;

typedef struct problem_size {
    int64_t N, K, M;
    int threads;
    bool loss, training, recompute;
} problem_size;

static result run(const problem_size *s, const rc_real *x, rcg_weight *w, const rc_real *d_y)
{
    result r = {
        .y = guard_new(s->N * s->M), .d_x = guard_new(s->N * s->K), .d_w = guard_new(s->M * s->K)};
    int32_t *target = guard_bytes((size_t)s->N * sizeof *target);
    rcb_pool *pool;
    rc_graph *g;

    memset(r.d_x, 0, (size_t)(s->N * s->K) * sizeof *r.d_x);
    memset(w->g, 0, (size_t)rcg_weight_size(w) * sizeof *w->g);
    for (int64_t n = 0; n < s->N; n++)
        target[n] = (int32_t)(n * 7 % s->M);
    CHECK_STATUS(rcb_pool_new(&pool, s->threads), RC_OK);
    CHECK_STATUS(rcg_graph_on(&g, pool, s->training), RC_OK);
    rcg_graph_recompute(g, s->recompute);
    if (w->pairs)
        rcg_weight_refresh(w, pool);
    rc_var *in = rc_leaf(g, rc_shape_2(s->N, s->K), x, r.d_x);
    rc_var *weight = rcg_leaf_weight(g, w), *loss;

    if (s->loss) {
        loss = rc_softmax_loss(g, in, weight, RC_NONE, target);
    } else {
        rc_var *y = rc_linear(g, in, weight, RC_NONE);
        rc_var *along = rc_leaf(g, rc_shape_2(s->N, s->M), d_y, NULL);

        CHECK_STATUS(rc_var_read(g, y, r.y, s->N * s->M), RC_OK);
        loss = rc_sum(g, rc_mul(g, y, along));
    }
    CHECK_STATUS(rc_var_total(g, loss, &r.total), RC_OK);
    if (s->training)
        CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
    rcg_weight_unpack(w, w->g, r.d_w);
    rc_graph_free(g);
    rcb_pool_free(pool);
    guard_free(target);
    return r;
}

static void free_result(result *r)
{
    guard_free(r->y);
    guard_free(r->d_x);
    guard_free(r->d_w);
}

static void a_linear_layer_multiplies_what_is_rounded(void **unused)
{
    (void)unused;
    const int gates[] = {1};
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 40; trial++) {
        const problem_size s = {pick(1, 30), pick(1, 70), pick(1, 150), (int)pick(1, 3),
                                false,       true,        false};
        rc_real *rows = new_whole(s.M * s.K), *x = new_whole(s.N * s.K);
        rc_real *d_y = new_whole(s.N * s.M);
        rcg_weight w = new_weight(1, gates, s.M, s.K, rows);
        result r = run(&s, x, &w, d_y);

        for (int64_t n = 0; n < s.N; n++)
            for (int64_t m = 0; m < s.M; m++) {
                double sum = 0;
                for (int64_t k = 0; k < s.K; k++)
                    sum += (double)(x[n * s.K + k] * rows[m * s.K + k]);
                assert_true((double)r.y[n * s.M + m] == sum);
            }
        for (int64_t n = 0; n < s.N; n++)
            for (int64_t k = 0; k < s.K; k++) {
                double sum = 0;
                for (int64_t m = 0; m < s.M; m++)
                    sum += (double)(d_y[n * s.M + m] * rows[m * s.K + k]);
                assert_true((double)r.d_x[n * s.K + k] == sum);
            }
        for (int64_t m = 0; m < s.M; m++)
            for (int64_t k = 0; k < s.K; k++) {
                double sum = 0;
                for (int64_t n = 0; n < s.N; n++)
                    sum += (double)(d_y[n * s.M + m] * x[n * s.K + k]);
                assert_true((double)r.d_w[m * s.K + k] == sum);
            }
        free_result(&r);
        guard_free(d_y);
        guard_free(x);
        free_weight(&w);
        guard_free(rows);
    }
}

/* The largest difference, in parts of the largest number. */
static double apart(const rc_real *a, const rc_real *b, int64_t n)
{
    double most = 0, size = 0;

    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
        size = fmax(size, fabs((double)b[i]));
    }
    return size > 0 ? most / size : most;
}

/* The loss of many symbols in bf16: near the one of reals and not the same; the same for any number
 * of workers and for logits that are made again; that of reals, to the bit, where the graph does
 * not train. */
static void the_softmax_loss_is_near_that_of_reals(void **unused)
{
    (void)unused;
    const int gates[] = {1};
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 12; trial++) {
        problem_size s = {pick(90, 130), pick(30, 70), trial ? pick(250, 700) : 2300, 1, true,
                          true,          false};
        rc_real *rows = guard_new(s.M * s.K), *x = guard_new(s.N * s.K);

        fill_real(rows, s.M * s.K);
        fill_real(x, s.N * s.K);
        rcg_weight w = new_weight(1, gates, s.M, s.K, rows), plain = w;
        rcb_pool *pool;

        plain.pairs = plain.pairs_t = NULL;
        CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
        rcg_weight_refresh(&plain, pool);
        rcb_pool_free(pool);
        result half = run(&s, x, &w, NULL), reals = run(&s, x, &plain, NULL);
        s.training = false;
        result scored = run(&s, x, &w, NULL);
        s.training = true;
        s.threads = 3;
        s.recompute = true;
        result again = run(&s, x, &w, NULL);

        assert_true(half.total == again.total);
        assert_memory_equal(half.d_x, again.d_x, (size_t)(s.N * s.K) * sizeof *x);
        assert_memory_equal(half.d_w, again.d_w, (size_t)(s.M * s.K) * sizeof *x);
        assert_true(scored.total == reals.total);
        assert_true(half.total != reals.total && fabs(half.total / reals.total - 1) < 1e-3);
        const double d_x = apart(half.d_x, reals.d_x, s.N * s.K);
        const double d_w = apart(half.d_w, reals.d_w, s.M * s.K);
        assert_true(d_x > 1e-5 && d_x < 0.02 && d_w > 1e-5 && d_w < 0.02);
        free_result(&half);
        free_result(&reals);
        free_result(&scored);
        free_result(&again);
        guard_free(x);
        free_weight(&w);
        guard_free(rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_those_of_the_panels_on_any_number_of_workers),
        cmocka_unit_test(the_gradient_of_a_weight_is_that_of_reals_where_sums_are_exact),
        cmocka_unit_test(a_linear_layer_multiplies_what_is_rounded),
        cmocka_unit_test(the_softmax_loss_is_near_that_of_reals),
    };
    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
