/* op_pool_test.c -- every pooling agrees with its definition on ragged batches, gradients with
 * differences, and neither depends on the number of threads. */
#include "ragged.h"

#include "graph/graph_in.h"

static const rc_pooling poolings[] = {RC_POOL_MEAN, RC_POOL_MAX, RC_POOL_LAST, RC_POOL_FIRST};

/* Column j of sequence q, pooled, in double. */
static double pooled(const sequences *s, int64_t q, rc_pooling how, int64_t D, const rc_real *x,
                     int64_t j)
{
    const int64_t T = s->length[q];
    double sum = 0, most = -(double)INFINITY;

    if (T == 0)
        return 0;
    for (int64_t t = 0; t < T; t++) {
        const double v = (double)x[row_of(s, q, t) * D + j];

        sum += v;
        most = fmax(most, v);
    }
    if (how == RC_POOL_MEAN)
        return sum / (double)T;
    if (how == RC_POOL_MAX)
        return most;
    return (double)x[row_of(s, q, how == RC_POOL_LAST ? T - 1 : 0) * D + j];
}

static void every_pooling_is_what_its_name_says(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(2, true);

    for (int trial = 0; trial < 200; trial++) {
        const int64_t D = pick(1, 40);
        const rc_pooling how = poolings[trial % 4];
        sequences s;
        rc_real *x;

        random_lengths(&s, SEQ_MOST, SEQ_STEPS);
        rc_var *v = random_leaf(g, rc_shape_2(s.N, D), &x);
        rc_real *y = values_of(g, rc_pool(g, &s.rows, v, how));

        for (int64_t q = 0; q < s.B; q++)
            for (int64_t j = 0; j < D; j++)
                CHECK_NEAR(y[q * D + j], pooled(&s, q, how, D, x, j),
                           how == RC_POOL_MEAN ? VALUE_TOL : 0);
        guard_free(x);
        guard_free(y);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void attention_is_a_mean_by_the_softmax_of_the_scores(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(2, true);

    for (int trial = 0; trial < 100; trial++) {
        const int64_t D = pick(1, 40);
        sequences s;
        rc_real *x, *score;

        random_lengths(&s, SEQ_MOST, SEQ_STEPS);
        rc_var *v = random_leaf(g, rc_shape_2(s.N, D), &x);
        const rc_shape shape = pick(0, 1) ? rc_shape_1(s.N) : rc_shape_2(s.N, 1);
        rc_var *a = random_leaf(g, shape, &score);
        rc_real *y = values_of(g, rc_pool_attention(g, &s.rows, a, v));

        for (int64_t q = 0; q < s.B; q++)
            for (int64_t j = 0; j < D; j++) {
                double sum = 0, all = 0;

                for (int64_t t = 0; t < s.length[q]; t++) {
                    const double e = exp((double)score[row_of(&s, q, t)]);

                    all += e;
                    sum += e * (double)x[row_of(&s, q, t) * D + j];
                }
                CHECK_NEAR(y[q * D + j], s.length[q] > 0 ? sum / all : 0, VALUE_TOL);
            }
        guard_free(x);
        guard_free(score);
        guard_free(y);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

/* ---- gradients --------------------------------------------------------------------------- */

typedef struct pooled_case {
    const rc_rows *rows;
    rc_pooling how;
    int64_t D;
} pooled_case;

static rc_var *build_pool(rc_graph *g, rc_var *const v[], void *ctx)
{
    const pooled_case *c = ctx;

    return weigh(g, rc_tanh(g, rc_pool(g, c->rows, v[0], c->how)));
}

static rc_var *build_attention(rc_graph *g, rc_var *const v[], void *ctx)
{
    const pooled_case *c = ctx;

    return weigh(g, rc_tanh(g, rc_pool_attention(g, c->rows, v[1], v[0])));
}

static void gradients_agree_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 12; trial++) {
        sequences s;
        pooled_case c = {&s.rows, poolings[trial % 4], pick(1, 4)};

        random_lengths(&s, 4, 5);
        problem p = problem_new(build_pool, &c);

        (void)problem_add(&p, rc_shape_2(s.N, c.D));
        problem_check(&p, "pool", 0);
        problem_free(&p);

        problem q = problem_new(build_attention, &c);

        (void)problem_add(&q, rc_shape_2(s.N, c.D));
        (void)problem_add(&q, trial % 2 ? rc_shape_1(s.N) : rc_shape_2(s.N, 1));
        problem_check(&q, "pool_attention", 0);
        problem_free(&q);
    }
}

static void the_earliest_of_equal_numbers_has_the_gradient(void **unused)
{
    const rc_real x[] = {1, 5, 3, /* step 1 */ 1, 5, /* step 2 */ 0};
    const rc_real want[] = {1, 1, 1, 0, 0, 0};
    rc_real grad[6] = {0};

    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_var *y = rc_pool(g, &three_steps, rc_leaf(g, rc_shape_2(6, 1), x, grad), RC_POOL_MAX);

    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, y)), RC_OK);
    CHECK_CLOSE(grad, want, 6, 0);
    rc_graph_free(g);
}

static void a_nan_is_not_lost_in_a_maximum(void **unused)
{
    const rc_real x[] = {1, (rc_real)NAN, 3, 7, 8, 9};

    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_real *y =
        values_of(g, rc_pool(g, &three_steps, rc_leaf(g, rc_shape_2(6, 1), x, NULL), RC_POOL_MAX));

    assert_true(y[0] == 9 && isnan(y[1]) && y[2] == 3 && y[3] == 0);
    guard_free(y);
    rc_graph_free(g);
}

static void make_wide(problem *p)
{
    const pooled_case *c = p->ctx;

    (void)problem_add(p, rc_shape_2(c->rows->at[c->rows->steps], c->D));
    (void)problem_add(p, rc_shape_1(c->rows->at[c->rows->steps]));
}

/* Large enough to be worth seven workers. */
static void bits_are_the_same_for_any_number_of_threads(void **unused)
{
    static const int64_t at[] = {0, 11, 20, 29, 36, 43, 47};
    const rc_rows rows = {6, 12, at};

    (void)unused;
    for (int k = 0; k < 4; k++) {
        pooled_case c = {&rows, poolings[k], 16000};

        check_any_threads_of(build_pool, &c, make_wide, "pool");
    }
    pooled_case c = {&rows, RC_POOL_MEAN, 16000};
    check_any_threads_of(build_attention, &c, make_wide, "pool_attention");
}

static void what_does_not_fit_is_refused(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_pool(g, &three_steps, random_leaf(g, rc_shape_2(5, 2), NULL), RC_POOL_MAX),
                 RC_ESHAPE, "pool: input is (5,2), the batch has 6 rows");
    CHECK_FAILED(g, rc_pool(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL), 4), RC_EINVAL,
                 "pool: there is no pooling 4");
    CHECK_FAILED(g, rc_pool(g, NULL, random_leaf(g, rc_shape_2(6, 2), NULL), RC_POOL_MAX),
                 RC_EINVAL, "pool: the rows of the batch are missing");
    CHECK_FAILED(g, rc_pool(g, &three_steps, NULL, RC_POOL_MAX), RC_EINVAL,
                 "pool: operand 1 is missing");
    CHECK_FAILED(g,
                 rc_pool_attention(g, &three_steps, random_leaf(g, rc_shape_2(6, 2), NULL),
                                   random_leaf(g, rc_shape_2(6, 2), NULL)),
                 RC_ESHAPE, "pool_attention: scores are (6,2), expected one for each of 6 rows");
    CHECK_FAILED(g,
                 rc_pool_attention(g, &three_steps, random_leaf(g, rc_shape_1(6), NULL),
                                   random_leaf(g, rc_shape_2(7, 2), NULL)),
                 RC_ESHAPE, "pool_attention: input is (7,2), the batch has 6 rows");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pooling_is_what_its_name_says),
        cmocka_unit_test(attention_is_a_mean_by_the_softmax_of_the_scores),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(the_earliest_of_equal_numbers_has_the_gradient),
        cmocka_unit_test(a_nan_is_not_lost_in_a_maximum),
        cmocka_unit_test(bits_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("op_pool", tests, NULL, NULL);
}
