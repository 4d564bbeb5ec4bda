/* op_softmax_test.c -- the output layer of a large vocabulary against the two operations it stands
 * for, with logits that are kept and that are made again.
 */
#include "oracle.h"
#include "problem.h"

#include "graph/graph_in.h"

static int32_t *random_targets(int64_t n, int64_t V)
{
    int32_t *t = rcb_alloc((size_t)n, sizeof *t);

    assert_non_null(t);
    for (int64_t i = 0; i < n; i++)
        t[i] = (int32_t)pick(0, V - 1);
    return t;
}

/* ---- values and gradients -------------------------------------------------------------------- */

typedef struct output {
    int64_t N, D, V;
    bool bias;
    rc_real *x, *w, *b;
    rc_real *dx, *dw, *db;
    int32_t *target;
} output;

static output output_new(int64_t N, int64_t D, int64_t V, bool bias)
{
    output o = {.N = N, .D = D, .V = V, .bias = bias, .target = random_targets(N, V)};

    o.x = guard_new(N * D);
    o.w = guard_new(V * D);
    o.b = guard_new(V);
    fill_real(o.x, N * D);
    fill_real(o.w, V * D);
    fill_real(o.b, V);
    o.dx = guard_new(N * D);
    o.dw = guard_new(V * D);
    o.db = guard_new(V);
    return o;
}

static void output_free(output *o)
{
    guard_free(o->x);
    guard_free(o->w);
    guard_free(o->b);
    guard_free(o->dx);
    guard_free(o->dw);
    guard_free(o->db);
    rcb_free(o->target);
}

/* The loss of the fused operation, or of the two it stands for; gradients unless `forward`. */
static double run_output(rc_graph *g, const output *o, bool fused, bool forward)
{
    double total;

    for (int64_t i = 0; i < o->N * o->D; i++)
        o->dx[i] = 0;
    for (int64_t i = 0; i < o->V * o->D; i++)
        o->dw[i] = 0;
    for (int64_t i = 0; i < o->V; i++)
        o->db[i] = 0;
    rc_graph_reset(g);

    rc_var *x = rc_leaf(g, rc_shape_2(o->N, o->D), o->x, forward ? NULL : o->dx);
    rc_var *w = rc_leaf(g, rc_shape_2(o->V, o->D), o->w, forward ? NULL : o->dw);
    rc_var *b = o->bias ? rc_leaf(g, rc_shape_1(o->V), o->b, forward ? NULL : o->db) : RC_NONE;
    rc_var *loss = fused ? rc_softmax_loss(g, x, w, b, o->target)
                         : rc_cross_entropy(g, rc_linear(g, x, w, b), o->target);

    CHECK_STATUS(rc_var_total(g, loss, &total), RC_OK);
    if (!forward)
        CHECK_STATUS(rc_graph_backward(g, rc_scale(g, loss, 0.5)), RC_OK);
    return total;
}

/* Logits that are made again, on so many threads: loss and gradients are those that `o` holds. */
static void check_again(const output *o, int threads, double want)
{
    rc_graph *g = graph_open(threads, true);
    output again = *o;

    again.dx = guard_new(o->N * o->D);
    again.dw = guard_new(o->V * o->D);
    again.db = guard_new(o->V);
    rcg_graph_recompute(g, true);
    assert_true(run_output(g, &again, true, false) == want);
    assert_memory_equal(again.dx, o->dx, (size_t)(o->N * o->D) * sizeof *o->dx);
    assert_memory_equal(again.dw, o->dw, (size_t)(o->V * o->D) * sizeof *o->dw);
    assert_memory_equal(again.db, o->db, (size_t)o->V * sizeof *o->db);
    guard_free(again.dx);
    guard_free(again.dw);
    guard_free(again.db);
    rc_graph_free(g);
}

static void check_output(const output *o)
{
    rc_graph *g = graph_open(1, true), *judge = graph_open(1, false);
    output two = *o;

    two.dx = guard_new(o->N * o->D);
    two.dw = guard_new(o->V * o->D);
    two.db = guard_new(o->V);

    const double want = run_output(g, &two, false, false);
    const double got = run_output(g, o, true, false);

    CHECK_NEAR(got, want, VALUE_TOL);
    CHECK_CLOSE(o->dx, two.dx, o->N * o->D, VALUE_TOL * 3);
    CHECK_CLOSE(o->dw, two.dw, o->V * o->D, VALUE_TOL * 3);
    CHECK_CLOSE(o->db, two.db, o->V, VALUE_TOL * 3);
    check_again(o, 1, got);
    /* logits are not kept then, and live elsewhere: the same bits still */
    assert_true(run_output(g, o, true, true) == got);
    assert_true(run_output(judge, o, true, true) == got);
    guard_free(two.dx);
    guard_free(two.dw);
    guard_free(two.db);
    rc_graph_free(g);
    rc_graph_free(judge);
}

static void softmax_loss_is_cross_entropy_of_linear(void **unused)
{
    const int64_t sizes[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 300, 10000};

    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 13 + 60; trial++) {
        const int64_t V = trial < 13 ? sizes[trial] : pick(1, 300);
        const int64_t N = trial % 10 == 5 ? pick(90, 200) : pick(0, 20);
        output o = output_new(N, trial == 20 ? 0 : pick(1, 40), V, trial % 2 != 0);

        check_output(&o);
        output_free(&o);
    }
}

/* Blocks of the vocabulary whose logits are far below the others', or impossible, count for
 * nothing; a NaN anywhere shows. */
static void softmax_loss_bears_logits_that_are_far_apart(void **unused)
{
    enum { V = 1100 };
    (void)unused;
    (void)check_seed();

    for (int kind = 0; kind < 3; kind++) {
        output o = output_new(7, 5, V, true);

        for (int64_t r = 0; r < o.N; r++)
            o.target[r] = (int32_t)(300 + r);
        for (int j = 0; j < V; j++)
            if (j < 256 || j >= 768)
                o.b[j] = kind == 0 ? -2000 : (rc_real)-INFINITY;
            else if (kind == 2 && j == 700)
                o.b[j] = 3000;
        check_output(&o);
        output_free(&o);
    }
    for (int at = 0; at < V; at += 256) {
        output o = output_new(3, 5, V, true);
        rc_graph *g = graph_open(1, true);

        o.b[at] = (rc_real)NAN;
        assert_true(isnan(run_output(g, &o, true, true)));
        rc_graph_free(g);
        output_free(&o);
    }
}

static rc_var *build_softmax_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    const output *o = ctx;

    return rc_scale(
        g, rc_softmax_loss(g, rc_tanh(g, v[0]), v[1], o->bias ? v[2] : RC_NONE, o->target), 0.25);
}

static void gradient_of_softmax_loss_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 8; trial++) {
        output o =
            output_new(pick(1, 6), pick(1, 9), trial == 0 ? 150 : pick(1, 70), trial % 2 != 0);
        problem p = problem_new(build_softmax_loss, &o);

        (void)problem_add(&p, rc_shape_2(o.N, o.D));
        (void)problem_add(&p, rc_shape_2(o.V, o.D));
        if (o.bias)
            (void)problem_add(&p, rc_shape_1(o.V));
        problem_check(&p, "softmax_loss", 15);
        problem_free(&p);
        output_free(&o);
    }
}

static void softmax_loss_has_the_same_bits_for_any_number_of_threads(void **unused)
{
    const int threads[] = {2, 3, 7};

    (void)unused;
    (void)check_seed();

    output o = output_new(250, 50, 5030, true), many = o;
    rc_graph *g = graph_open(1, true);
    const double want = run_output(g, &o, true, false);

    many.dx = guard_new(o.N * o.D);
    many.dw = guard_new(o.V * o.D);
    many.db = guard_new(o.V);
    for (int k = 0; k < 3; k++) {
        rc_graph *h = graph_open(threads[k], true);

        assert_true(run_output(h, &many, true, false) == want);
        assert_memory_equal(many.dx, o.dx, (size_t)(o.N * o.D) * sizeof *o.dx);
        assert_memory_equal(many.dw, o.dw, (size_t)(o.V * o.D) * sizeof *o.dw);
        assert_memory_equal(many.db, o.db, (size_t)o.V * sizeof *o.db);
        assert_true(run_output(h, &many, true, true) == want);
        check_again(&o, threads[k], want);
        rc_graph_free(h);
    }
    guard_free(many.dx);
    guard_free(many.dw);
    guard_free(many.db);
    rc_graph_free(g);
    output_free(&o);
}

static void softmax_loss_has_the_same_bits_on_avx2_and_avx512(void **unused)
{
    const rck_table *narrow, *wide;

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    oracle_twins(&narrow, &wide);
    if (!narrow)
        skip();

    const rck_table *before = rck;

    for (int trial = 0; trial < 20; trial++) {
        output o = output_new(pick(0, 120), pick(1, 40), pick(1, 300), trial % 2 != 0), b = o;
        rc_graph *g = graph_open(1, true);

        b.dx = guard_new(o.N * o.D);
        b.dw = guard_new(o.V * o.D);
        b.db = guard_new(o.V);
        rck = narrow;
        const double want = run_output(g, &o, true, false);
        rck = wide;
        const double got = run_output(g, &b, true, false);
        rck = before;
        assert_true(got == want);
        assert_memory_equal(b.dx, o.dx, (size_t)(o.N * o.D) * sizeof *o.dx);
        assert_memory_equal(b.dw, o.dw, (size_t)(o.V * o.D) * sizeof *o.dw);
        assert_memory_equal(b.db, o.db, (size_t)o.V * sizeof *o.db);
        guard_free(b.dx);
        guard_free(b.dw);
        guard_free(b.db);
        rc_graph_free(g);
        output_free(&o);
    }
}

/* ---- tied embeddings ------------------------------------------------------------------------- */

/* One packed weight, moved by the differences, is the table of embed and the weight of the loss. */
typedef struct tied {
    rc_graph *g;
    rcg_weight w;
    rc_real *rows; /* (V,D), what the differences move */
    int64_t n;
    const int32_t *ids, *target;
    bool gradient;
} tied;

static rc_var *tied_build(tied *t)
{
    rc_graph_reset(t->g);
    rcg_weight_pack(&t->w, t->rows, t->w.w);
    rcg_weight_refresh(&t->w, rcg_pool(t->g));

    rc_var *w = rcg_leaf_weight(t->g, &t->w);
    rc_var *x = rc_tanh(t->g, rc_scale(t->g, rc_embed(t->g, w, t->ids, t->n), 1.5));

    return rc_softmax_loss(t->g, x, w, RC_NONE, t->target);
}

static rc_status tied_loss(void *ctx, double *loss)
{
    tied *t = ctx;

    return rc_var_total(t->g, tied_build(t), loss);
}

static void gradient_of_tied_embeddings_agrees_with_differences(void **unused)
{
    const int one = 1;

    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 6; trial++) {
        const int64_t V = trial == 0 ? 70 : pick(1, 20), D = trial == 1 ? 70 : pick(1, 9), N = 6;
        int32_t *ids = random_targets(N, V), *target = random_targets(N, V);
        tied t = {.g = graph_open(1, true), .n = N, .ids = ids, .target = target};
        rc_real *grad = guard_new(V * D);
        double *numeric = rcb_alloc((size_t)(V * D), sizeof *numeric);

        assert_non_null(numeric);
        CHECK_STATUS(rck_select(), RC_OK);
        rcg_weight_plan(&t.w, 1, &one, V, D);
        t.rows = guard_new(V * D);
        fill_real(t.rows, V * D);
        t.w.w = guard_new(rcg_weight_size(&t.w));
        t.w.wt = guard_new(rcg_weight_size_t(&t.w));
        t.w.g = guard_new(rcg_weight_size(&t.w));
        for (int64_t i = 0; i < rcg_weight_size(&t.w); i++)
            t.w.g[i] = 0;
        t.w.fresh = trial % 2 != 0;
        CHECK_STATUS(rc_graph_backward(t.g, tied_build(&t)), RC_OK);
        rcg_weight_unpack(&t.w, t.w.g, grad);
        for (int64_t i = 0; i < V * D; i++)
            CHECK_STATUS(rcg_difference(tied_loss, &t, &t.rows[i], (double)grad[i], &numeric[i]),
                         RC_OK);

        const double error = gradient_error(grad, V * D, numeric, NULL, V * D, 0);

        if (!(error < PROBLEM_TOL))
            fail_msg("tied weight (%lld,%lld): the gradient is off by %.3g", (long long)V,
                     (long long)D, error);
        guard_free(t.w.w);
        guard_free(t.w.wt);
        guard_free(t.w.g);
        guard_free(t.rows);
        guard_free(grad);
        rcb_free(numeric);
        rcb_free(ids);
        rcb_free(target);
        rc_graph_free(t.g);
    }
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void targets_outside_the_symbols_are_refused(void **unused)
{
    const int32_t high[] = {0, 5}, low[] = {-1, 0};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g,
                 rc_softmax_loss(g, random_leaf(g, rc_shape_2(2, 3), NULL),
                                 random_leaf(g, rc_shape_2(5, 3), NULL), RC_NONE, high),
                 RC_EINVAL, "softmax_loss: target 5 of 5 symbols");
    CHECK_FAILED(g,
                 rc_softmax_loss(g, random_leaf(g, rc_shape_2(2, 3), NULL),
                                 random_leaf(g, rc_shape_2(5, 3), NULL), RC_NONE, low),
                 RC_EINVAL, "softmax_loss: target -1 of 5 symbols");
    rc_graph_free(g);
}

static void operands_that_do_not_fit_are_refused(void **unused)
{
    const int32_t ids[] = {0, 0};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_softmax_loss(g, NULL, random_leaf(g, rc_shape_2(5, 3), NULL), RC_NONE, ids),
                 RC_EINVAL, "softmax_loss: operand 1 is missing");
    CHECK_FAILED(g, rc_softmax_loss(g, random_leaf(g, rc_shape_2(2, 3), NULL), NULL, RC_NONE, ids),
                 RC_EINVAL, "softmax_loss: operand 2 is missing");
    CHECK_FAILED(g,
                 rc_softmax_loss(g, random_leaf(g, rc_shape_2(2, 3), NULL), RC_NONE, RC_NONE, ids),
                 RC_EINVAL, "softmax_loss: operand 2 is missing");
    CHECK_FAILED(g,
                 rc_softmax_loss(g, random_leaf(g, rc_shape_2(2, 3), NULL),
                                 random_leaf(g, rc_shape_2(5, 3), NULL), NULL, ids),
                 RC_EINVAL, "softmax_loss: operand 3 is missing");
    CHECK_FAILED(g,
                 rc_softmax_loss(g, random_leaf(g, rc_shape_2(2, 3), NULL),
                                 random_leaf(g, rc_shape_2(5, 4), NULL), RC_NONE, ids),
                 RC_ESHAPE, "softmax_loss: input is (2,3), the weight is (5,4)");
    CHECK_FAILED(g,
                 rc_softmax_loss(g, random_leaf(g, rc_shape_2(2, 3), NULL),
                                 random_leaf(g, rc_shape_2(5, 3), NULL),
                                 random_leaf(g, rc_shape_2(1, 5), NULL), ids),
                 RC_ESHAPE, "softmax_loss: the bias is (1,5), the weight has 5 rows");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_loss_is_cross_entropy_of_linear),
        cmocka_unit_test(softmax_loss_bears_logits_that_are_far_apart),
        cmocka_unit_test(gradient_of_softmax_loss_agrees_with_differences),
        cmocka_unit_test(softmax_loss_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(softmax_loss_has_the_same_bits_on_avx2_and_avx512),
        cmocka_unit_test(gradient_of_tied_embeddings_agrees_with_differences),
        cmocka_unit_test(targets_outside_the_symbols_are_refused),
        cmocka_unit_test(operands_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests_name("op_softmax", tests, NULL, NULL);
}
