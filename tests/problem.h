/* problem.h -- a small problem put to the graph: leaves with random values, a function that builds
 * one number from them, and the comparison of its gradient with numeric differences.
 *
 * For tests of operations and of what is made of them. All functions are static inline and fail the
 * test themselves. Masks of dropout are the same at every evaluation.
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "check.h"

#include "graph/graph.h"

/* A difference of forward passes in float is good for 1e-2 only: each pass is rounded to about
 * 1e-7 of the loss, and steps are 3e-2 at most. A wrong formula is off by far more. Such steps
 * also reach over the kinks of a rectifier now and then, so that PROBLEM_SPARED() elements may be
 * off. The double build has no mercy. */
#ifdef RC_DOUBLE
#define PROBLEM_TOL 1e-7
#define PROBLEM_SPARED(count) 0
#else
#define PROBLEM_TOL 1e-2
#define PROBLEM_SPARED(count) (1 + (count) / 4)
#endif

/* Values of a forward pass, against textbook code in double. */
#ifdef RC_DOUBLE
#define VALUE_TOL 1e-12
#else
#define VALUE_TOL 3e-6
#endif

enum { PROBLEM_LEAVES = 12 };

typedef struct problem_leaf {
    rc_shape shape;
    int64_t n;
    rc_real *x;
    rc_real *grad; /* of problem_gradient() */
} problem_leaf;

typedef struct problem problem;

/* The loss, from the leaves in the order they were added. */
typedef rc_var *problem_fn(rc_graph *g, rc_var *const v[], void *ctx);

struct problem {
    rc_graph *g;
    problem_fn *build;
    void *ctx;
    int leaves;
    problem_leaf leaf[PROBLEM_LEAVES];
};

static inline int64_t shape_count(rc_shape s)
{
    int64_t n = 1;

    for (int i = 0; i < s.rank; i++)
        n *= s.dim[i];
    return n;
}

static inline rc_graph *graph_open(int threads, bool training)
{
    rc_graph_options o = rc_graph_options_default();
    rc_graph *g;

    o.threads = threads;
    o.training = training;
    CHECK_STATUS(rc_graph_new(&g, &o), RC_OK);
    assert_non_null(g);
    return g;
}

static inline problem problem_new(problem_fn *build, void *ctx)
{
    return (problem){.g = graph_open(1, true), .build = build, .ctx = ctx};
}

/* Add a leaf with values in [-1, 1). */
static inline problem_leaf *problem_add(problem *p, rc_shape shape)
{
    assert_true(p->leaves < PROBLEM_LEAVES);

    problem_leaf *l = &p->leaf[p->leaves++];

    *l = (problem_leaf){.shape = shape, .n = shape_count(shape)};
    l->x = guard_new(l->n);
    l->grad = guard_new(l->n);
    fill_real(l->x, l->n);
    return l;
}

static inline void problem_free(problem *p)
{
    for (int i = 0; i < p->leaves; i++) {
        guard_free(p->leaf[i].x);
        guard_free(p->leaf[i].grad);
    }
    rc_graph_free(p->g);
}

/* Build the loss on a fresh graph; NULL: the graph has failed. */
static inline rc_var *problem_build(problem *p, bool gradients)
{
    rc_var *v[PROBLEM_LEAVES];

    rc_graph_reset(p->g);
    rcg_graph_seed(p->g, 7, 3);
    for (int i = 0; i < p->leaves; i++)
        v[i] = rc_leaf(p->g, p->leaf[i].shape, p->leaf[i].x, gradients ? p->leaf[i].grad : NULL);
    return p->build(p->g, v, p->ctx);
}

static inline rc_status problem_loss(void *ctx, double *loss)
{
    problem *p = ctx;
    rc_var *v = problem_build(p, true); /* as in training: some operations go another way without */

    RC_TRY(rc_graph_status(p->g));
    return rc_var_total(p->g, v, loss);
}

/* Run forward and back: leaf[i].grad is the gradient. */
static inline double problem_gradient(problem *p)
{
    double loss = 0;

    for (int i = 0; i < p->leaves; i++)
        for (int64_t k = 0; k < p->leaf[i].n; k++)
            p->leaf[i].grad[k] = 0;

    rc_var *v = problem_build(p, true);

    CHECK_STATUS(rc_graph_backward(p->g, v), RC_OK);
    CHECK_STATUS(rc_var_total(p->g, v, &loss), RC_OK);
    return loss;
}

/* max |a - n| / max(|a|inf, |n|inf, 1e-8) over the elements `which` (NULL: all) of a tensor; the
 * `spared` largest differences do not count. */
static inline double gradient_error(const rc_real *analytic, int64_t n, const double *numeric,
                                    const int64_t *which, int64_t count, int64_t spared)
{
    double size = 1e-8, below = (double)INFINITY;

    for (int64_t k = 0; k < n; k++)
        size = fmax(size, fabs((double)analytic[k]));
    for (int64_t k = 0; k < count; k++)
        size = fmax(size, fabs(numeric[k]));
    for (int64_t round = 0; round <= spared; round++) {
        double most = 0;

        for (int64_t k = 0; k < count; k++) {
            const double off = fabs((double)analytic[which ? which[k] : k] - numeric[k]);

            if (isnan(off))
                return off;
            if (off < below)
                most = fmax(most, off);
        }
        below = most;
    }
    return below / size;
}

/* Compare all gradients with differences, at most `per_leaf` elements of each (0: all). */
static inline void problem_check(problem *p, const char *name, int64_t per_leaf)
{
    rc_real *analytic[PROBLEM_LEAVES];

    (void)problem_gradient(p);
    for (int i = 0; i < p->leaves; i++) {
        analytic[i] = guard_new(p->leaf[i].n);
        if (p->leaf[i].n > 0)
            memcpy(analytic[i], p->leaf[i].grad, (size_t)p->leaf[i].n * sizeof(rc_real));
    }
    for (int i = 0; i < p->leaves; i++) {
        problem_leaf *l = &p->leaf[i];
        const int64_t count = per_leaf > 0 && per_leaf < l->n ? per_leaf : l->n;
        double *numeric = rcb_alloc((size_t)count, sizeof *numeric);
        int64_t *which = rcb_alloc((size_t)count, sizeof *which);

        assert_true(numeric && which);
        for (int64_t k = 0; k < count; k++) {
            which[k] = count == l->n ? k : pick(0, l->n - 1);
            CHECK_STATUS(rcg_difference(problem_loss, p, &l->x[which[k]],
                                        (double)analytic[i][which[k]], &numeric[k]),
                         RC_OK);
        }

        const double error =
            gradient_error(analytic[i], l->n, numeric, which, count, PROBLEM_SPARED(count));

        if (!(error < PROBLEM_TOL)) {
            print_error("%s: the gradient of leaf %d is off by %.3g, seed %llu\n", name, i, error,
                        (unsigned long long)check_random_state()->seed);
            for (int64_t k = 0; k < count && k < 8; k++)
                print_error("  [%lld] analytic %.12g numeric %.12g\n", (long long)which[k],
                            (double)analytic[i][which[k]], numeric[k]);
            fail();
        }
        rcb_free(numeric);
        rcb_free(which);
    }
    for (int i = 0; i < p->leaves; i++)
        guard_free(analytic[i]);
}

/* One number from any variable: the sum of its elements, each with a weight of its own. */
static inline rc_var *weigh(rc_graph *g, rc_var *y)
{
    const rc_shape s = rc_var_shape(y);

    if (!y)
        return NULL;

    const int64_t n = shape_count(s);
    rc_real *w = rcb_alloc((size_t)n, sizeof *w);

    assert_non_null(w);
    for (int64_t i = 0; i < n; i++)
        w[i] = (rc_real)(cos(1.7 * (double)i + 0.3) + 0.25);

    rc_var *c = rc_leaf(g, s, w, NULL);

    rcb_free(w);
    return rc_sum(g, rc_mul(g, y, c));
}

/* A variable's values, row-major; freed with guard_free(). */
static inline rc_real *values_of(const rc_graph *g, const rc_var *v)
{
    CHECK_STATUS(rc_graph_status(g), RC_OK);
    assert_non_null(v);

    const int64_t n = shape_count(rc_var_shape(v));
    rc_real *x = guard_new(n);

    CHECK_STATUS(rc_var_read(g, v, x, n), RC_OK);
    return x;
}

/* A leaf of random numbers without a gradient; *keep, if given, receives them (guard_free()). */
static inline rc_var *random_leaf(rc_graph *g, rc_shape shape, rc_real **keep)
{
    const int64_t n = shape_count(shape);
    rc_real *x = guard_new(n);

    fill_real(x, n);

    rc_var *v = rc_leaf(g, shape, x, NULL);

    if (keep)
        *keep = x;
    else
        guard_free(x);
    return v;
}

/* The graph has failed with this status and a message with this text; every operation is mute until
 * the reset. */
static inline void check_failed(rc_graph *g, const rc_var *v, rc_status status, const char *text,
                                const char *file, int line)
{
    const rc_real one[] = {1};

    if (v) {
        print_error("the operation gave a variable, not NULL\n");
        _fail(file, line);
    }
    check_status(rc_graph_status(g), status, "rc_graph_status(g)", file, line);
    check_message_has(text, file, line);
    if (rc_leaf(g, rc_shape_1(1), one, NULL)) {
        print_error("the failed graph still makes variables\n");
        _fail(file, line);
    }
    rc_graph_reset(g);
    check_status(rc_graph_status(g), RC_OK, "rc_graph_status(g)", file, line);
}

#define CHECK_FAILED(g, v, status, text)                                                           \
    check_failed((g), (v), (status), (text), __FILE__, __LINE__)

#endif
