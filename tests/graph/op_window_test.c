/* op_window_test.c -- the last few steps side by side are those, whatever the lengths, with what
 * came before; and gradients go back to where numbers came from. */
#include "ragged.h"

#include "graph/graph_in.h"

/* The number at step t of sequence q, `back` steps earlier, column j. */
static rc_real earlier(const sequences *s, int64_t q, int64_t t, int64_t width, int64_t D,
                       const rc_real *x, const rc_real *before, int64_t place, int64_t j)
{
    const int64_t at = t - (width - 1) + place;

    if (at >= 0)
        return x[row_of(s, q, at) * D + j];
    return before ? before[q * (width - 1) * D + (t + place) * D + j] : 0;
}

static void every_step_sees_those_before_it(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 40; trial++) {
        const int64_t D = pick(1, 20), width = pick(1, 5);
        sequences s;
        rc_real *x, *before;

        random_lengths(&s, 5, SEQ_STEPS);
        rc_var *v = random_leaf(g, rc_shape_2(s.N, D), &x);
        rc_var *b = random_leaf(g, rc_shape_2(s.B, (width - 1) * D), &before);
        const bool has = pick(0, 1);
        rc_real *y = values_of(g, rc_window(g, &s.rows, v, width, has ? b : RC_NONE));

        for (int64_t q = 0; q < s.B; q++)
            for (int64_t t = 0; t < s.length[q]; t++)
                for (int64_t i = 0; i < width * D; i++)
                    assert_true(y[row_of(&s, q, t) * width * D + i] ==
                                earlier(&s, q, t, width, D, x, has ? before : NULL, i / D, i % D));
        guard_free(y);
        guard_free(x);
        guard_free(before);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

/* Also where one sequence ends before another. */
static void a_window_around_sees_both_sides(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 40; trial++) {
        const int64_t D = pick(1, 20), each = pick(0, 3), wide = (2 * each + 1) * D;
        sequences s;
        rc_real *x;

        random_lengths(&s, 5, SEQ_STEPS);
        rc_var *v = random_leaf(g, rc_shape_2(s.N, D), &x);
        rc_real *y = values_of(g, rc_window_around(g, &s.rows, v, each));

        for (int64_t q = 0; q < s.B; q++)
            for (int64_t t = 0; t < s.length[q]; t++)
                for (int64_t i = 0; i < wide; i++) {
                    const int64_t at = t - each + i / D;
                    const bool in = at >= 0 && at < s.length[q];

                    assert_true(y[row_of(&s, q, t) * wide + i] ==
                                (in ? x[row_of(&s, q, at) * D + i % D] : 0));
                }
        guard_free(y);
        guard_free(x);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static rc_var *build_around(rc_graph *g, rc_var *const v[], void *ctx)
{
    const int64_t *each = ctx;

    return weigh(g, rc_tanh(g, rc_window_around(g, &three_steps, v[0], *each)));
}

static rc_var *build(rc_graph *g, rc_var *const v[], void *ctx)
{
    const int64_t *width = ctx;

    return weigh(g, rc_tanh(g, rc_window(g, &three_steps, v[0], *width, v[1])));
}

static void gradients_agree_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int64_t width = 1; width <= 5; width++) {
        problem p = problem_new(build, &width);

        (void)problem_add(&p, rc_shape_2(6, 2));
        (void)problem_add(&p, rc_shape_2(4, (width - 1) * 2));
        problem_check(&p, "window", 0);
        problem_free(&p);
    }
    for (int64_t each = 0; each <= 3; each++) {
        problem p = problem_new(build_around, &each);

        (void)problem_add(&p, rc_shape_2(6, 2));
        problem_check(&p, "window around", 0);
        problem_free(&p);
    }
}

static void impossible_windows_are_refused(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_window(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL), 0, RC_NONE),
                 RC_EINVAL, "window: 0 steps, 1 to 1024 are possible");
    CHECK_FAILED(g,
                 rc_window(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL),
                           RC_WINDOW_MOST + 1, RC_NONE),
                 RC_EINVAL, "window: 1025 steps");
    CHECK_FAILED(g, rc_window(g, &three_steps, random_leaf(g, rc_shape_2(5, 2), NULL), 2, RC_NONE),
                 RC_ESHAPE, "window: input has 5 rows, the batch has 6");
    CHECK_FAILED(g,
                 rc_window(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL), 2,
                           random_leaf(g, rc_shape_2(4, 3), NULL)),
                 RC_ESHAPE, "what comes before is (4,3), expected (4,2)");
    CHECK_FAILED(g, rc_window(g, &three_steps, NULL, 2, RC_NONE), RC_EINVAL,
                 "window: operand 1 is missing");
    CHECK_FAILED(g, rc_window_around(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL), 512),
                 RC_EINVAL, "window: 512 steps on each side, 0 to 511 are possible");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_sees_those_before_it),
        cmocka_unit_test(a_window_around_sees_both_sides),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(impossible_windows_are_refused),
    };

    return cmocka_run_group_tests_name("op_window", tests, NULL, NULL);
}
