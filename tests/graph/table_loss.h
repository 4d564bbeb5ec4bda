/* table_loss.h -- what the tests of losses over a table share (op_sample, op_group, op_tree):
 * random operands, one run forward and back, and the same bits for any number of threads and on
 * twins.
 */
#ifndef TABLE_LOSS_H
#define TABLE_LOSS_H

#include "oracle.h"
#include "problem.h"

#include "graph/graph_in.h"

typedef struct table_loss table_loss;

/* The loss under test. */
typedef rc_var *table_loss_fn(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t);

struct table_loss {
    table_loss_fn *build;
    const void *ctx;
    int64_t N, D, V, rows; /* rows of the table: V, or V - 1 */
    bool bias;
    rc_real *x, *w, *b;
    rc_real *dx, *dw, *db;
    int32_t *target; /* (N) ids below V */
};

static inline table_loss table_loss_new(table_loss_fn *build, const void *ctx, int64_t N, int64_t D,
                                        int64_t V, int64_t rows, bool bias)
{
    table_loss t = {.build = build, .ctx = ctx, .N = N, .D = D, .V = V, .rows = rows, .bias = bias};

    t.x = guard_new(N * D);
    t.w = guard_new(rows * D);
    t.b = guard_new(rows);
    t.dx = guard_new(N * D);
    t.dw = guard_new(rows * D);
    t.db = guard_new(rows);
    t.target = rcb_alloc((size_t)N, sizeof *t.target);
    assert_non_null(t.target);
    fill_real(t.x, N * D);
    fill_real(t.w, rows * D);
    fill_real(t.b, rows);
    for (int64_t i = 0; i < N; i++)
        t.target[i] = (int32_t)pick(0, V - 1);
    return t;
}

static inline void table_loss_free(table_loss *t)
{
    guard_free(t->x);
    guard_free(t->w);
    guard_free(t->b);
    guard_free(t->dx);
    guard_free(t->dw);
    guard_free(t->db);
    rcb_free(t->target);
}

/* The loss, by another function if given; gradients unless `forward`. */
static inline double table_loss_run(rc_graph *g, const table_loss *t, table_loss_fn *build,
                                    bool forward)
{
    double total;

    for (int64_t i = 0; i < t->N * t->D; i++)
        t->dx[i] = 0;
    for (int64_t i = 0; i < t->rows * t->D; i++)
        t->dw[i] = 0;
    for (int64_t i = 0; i < t->rows; i++)
        t->db[i] = 0;
    rc_graph_reset(g);

    rc_var *x = rc_leaf(g, rc_shape_2(t->N, t->D), t->x, forward ? NULL : t->dx);
    rc_var *w = rc_leaf(g, rc_shape_2(t->rows, t->D), t->w, forward ? NULL : t->dw);
    rc_var *b = t->bias ? rc_leaf(g, rc_shape_1(t->rows), t->b, forward ? NULL : t->db) : RC_NONE;
    rc_var *loss = (build ? build : t->build)(g, x, w, b, t);

    CHECK_STATUS(rc_var_total(g, loss, &total), RC_OK);
    if (!forward)
        CHECK_STATUS(rc_graph_backward(g, rc_scale(g, loss, 0.5)), RC_OK);
    return total;
}

/* A second set of gradients over the same operands. */
static inline table_loss table_loss_twin(const table_loss *t)
{
    table_loss u = *t;

    u.dx = guard_new(t->N * t->D);
    u.dw = guard_new(t->rows * t->D);
    u.db = guard_new(t->rows);
    return u;
}

static inline void table_loss_free_twin(table_loss *u)
{
    guard_free(u->dx);
    guard_free(u->dw);
    guard_free(u->db);
}

static inline void check_same_bits(const table_loss *t, const table_loss *u)
{
    assert_memory_equal(t->dx, u->dx, (size_t)(t->N * t->D) * sizeof *t->dx);
    assert_memory_equal(t->dw, u->dw, (size_t)(t->rows * t->D) * sizeof *t->dw);
    assert_memory_equal(t->db, u->db, (size_t)t->rows * sizeof *t->db);
}

/* Loss and gradients agree with those of another way to say the same. */
static inline void check_agrees(const table_loss *t, table_loss_fn *other)
{
    rc_graph *g = graph_open(1, true), *judge = graph_open(1, false);
    table_loss u = table_loss_twin(t);
    const double want = table_loss_run(g, &u, other, false);
    const double got = table_loss_run(g, t, NULL, false);

    CHECK_NEAR(got, want, VALUE_TOL * 10);
    CHECK_CLOSE(t->dx, u.dx, t->N * t->D, VALUE_TOL * 10);
    CHECK_CLOSE(t->dw, u.dw, t->rows * t->D, VALUE_TOL * 10);
    CHECK_CLOSE(t->db, u.db, t->rows, VALUE_TOL * 10);
    assert_true(table_loss_run(g, t, NULL, true) == got);
    assert_true(table_loss_run(judge, t, NULL, true) == got);
    table_loss_free_twin(&u);
    rc_graph_free(g);
    rc_graph_free(judge);
}

static inline void check_any_threads(const table_loss *t)
{
    const int threads[] = {2, 3, 7};
    rc_graph *g = graph_open(1, true);
    const double want = table_loss_run(g, t, NULL, false);
    table_loss u = table_loss_twin(t);

    for (int k = 0; k < 3; k++) {
        rc_graph *h = graph_open(threads[k], true);

        assert_true(table_loss_run(h, &u, NULL, false) == want);
        check_same_bits(t, &u);
        assert_true(table_loss_run(h, &u, NULL, true) == want);
        rc_graph_free(h);
    }
    table_loss_free_twin(&u);
    rc_graph_free(g);
}

/* Nothing to do where the machine has no twins. */
static inline void check_twins(const table_loss *t)
{
    const rck_table *narrow, *wide;

    CHECK_STATUS(rck_select(), RC_OK);
    const rck_table *before = rck;

    oracle_twins(&narrow, &wide);
    if (!narrow)
        return;
    rc_graph *g = graph_open(1, true);
    table_loss u = table_loss_twin(t);

    rck = narrow;
    const double a = table_loss_run(g, t, NULL, false);
    rck = wide;
    const double b = table_loss_run(g, &u, NULL, false);
    rck = before;
    assert_true(a == b);
    check_same_bits(t, &u);
    table_loss_free_twin(&u);
    rc_graph_free(g);
}

static inline rc_var *build_table_loss(rc_graph *g, rc_var *const v[], void *ctx)
{
    const table_loss *t = ctx;

    return rc_scale(g, t->build(g, rc_tanh(g, v[0]), v[1], t->bias ? v[2] : RC_NONE, t), 0.25);
}

static inline void check_differences(table_loss *t, const char *name)
{
    problem p = problem_new(build_table_loss, t);

    (void)problem_add(&p, rc_shape_2(t->N, t->D));
    (void)problem_add(&p, rc_shape_2(t->rows, t->D));
    if (t->bias)
        (void)problem_add(&p, rc_shape_1(t->rows));
    problem_check(&p, name, 15);
    problem_free(&p);
}

#endif
