/* pool_test.c -- one vector for a sequence, against sums by hand over ragged rows. */
#include "model/toy.h"

#include <math.h>

#include "model/model_in.h"

/* Two sequences, of three steps and of two, with F numbers a step. */
enum { F = 12, N = 5, B = 2 };
static const int64_t at[] = {0, 2, 4, 5};
static const rc_rows rows = {.steps = 3, .seqs = B, .at = at};
static const int rows_of[B][4] = {{0, 2, 4, -1}, {1, 3, -1, -1}};

typedef struct bench {
    rc_model *m;
    rc_graph *g;
    rc_real x[N * F], y[B * F];
} bench;

static void open_bench(bench *b)
{
    b->m = TOY("hidden", "4");
    CHECK_STATUS(rc_graph_new(&b->g, NULL), RC_OK);
    for (int i = 0; i < N * F; i++)
        b->x[i] = pick_real();
}

static void close_bench(bench *b)
{
    rc_graph_free(b->g);
    rc_model_free(b->m);
}

static void run(bench *b, const rcm_pool *p)
{
    rc_graph_reset(b->g);
    rc_var *x = rc_leaf(b->g, rc_shape_2(N, F), b->x, NULL);

    CHECK_STATUS(rc_var_read(b->g, rcm_pool_run(p, b->m, b->g, &rows, x), b->y, (int64_t)B * F),
                 RC_OK);
}

static void means_and_maxima_are_over_the_steps_that_are(void **unused)
{
    (void)unused;
    bench b;

    open_bench(&b);
    for (int how = RCM_POOLING_MEAN; how <= RCM_POOLING_MAX; how++) {
        run(&b, &(rcm_pool){.how = (rcm_pooling)how});
        for (int i = 0; i < B; i++)
            for (int k = 0; k < F; k++) {
                double sum = 0, most = -2;
                int n = 0;

                for (; rows_of[i][n] >= 0; n++) {
                    sum += (double)b.x[rows_of[i][n] * F + k];
                    most = fmax(most, (double)b.x[rows_of[i][n] * F + k]);
                }
                CHECK_NEAR(b.y[i * F + k], how == RCM_POOLING_MAX ? most : sum / n, 1e-6);
            }
    }
    close_bench(&b);
}

static void attention_weighs_by_the_softmax_of_its_scores(void **unused)
{
    (void)unused;
    rc_real weight[F * F], bias[F], score[F];
    rcm_pool p;
    bench b;

    open_bench(&b);
    CHECK_STATUS(rcm_pool_new(&p, RCM_POOLING_ATTENTION, NULL, &b.m->params, F), RC_OK);
    for (int i = 0; i < F * F; i++)
        weight[i] = pick_real();
    for (int i = 0; i < F; i++) {
        bias[i] = pick_real();
        score[i] = 2 * pick_real();
    }
    rcn_param *w = rcn_params_find(&b.m->params, "attention.weight");
    rcn_param_load(w, w->w, weight);
    w = rcn_params_find(&b.m->params, "attention.bias");
    rcn_param_load(w, w->w, bias);
    w = rcn_params_find(&b.m->params, "attention.score");
    rcn_param_load(w, w->w, score);
    run(&b, &p);
    for (int i = 0; i < B; i++) {
        double share[4], all = 0;
        int n = 0;

        for (; rows_of[i][n] >= 0; n++) {
            const rc_real *x = b.x + rows_of[i][n] * F;
            double s = 0;

            for (int k = 0; k < F; k++) {
                double sum = (double)bias[k];

                for (int j = 0; j < F; j++)
                    sum += (double)weight[k * F + j] * (double)x[j];
                s += (double)score[k] * tanh(sum);
            }
            all += share[n] = exp(s);
        }
        for (int k = 0; k < F; k++) {
            double sum = 0;

            for (int j = 0; j < n; j++)
                sum += share[j] / all * (double)b.x[rows_of[i][j] * F + k];
            CHECK_NEAR(b.y[i * F + k], sum, 1e-5);
        }
    }
    close_bench(&b);
}

/* Layers of 3 units: forward and backward of the first, then of the second. */
static void the_last_step_is_that_of_each_direction(void **unused)
{
    (void)unused;
    static const int64_t hidden[] = {3, 3};
    rcn_stack stack = {.plan = {.cell = rcc_find("gru"),
                                .layers = 2,
                                .hidden = hidden,
                                .directions = 2,
                                .skip = RCN_SKIP_GRAVES}};
    bench b;

    open_bench(&b);
    run(&b, &(rcm_pool){.how = RCM_POOLING_LAST, .stack = &stack});
    for (int i = 0; i < B; i++)
        for (int k = 0; k < F; k++) {
            const int row = k / 3 % 2 == 0 ? rows_of[i][i == 0 ? 2 : 1] : rows_of[i][0];

            assert_true(b.y[i * F + k] == b.x[row * F + k]);
        }
    /* what is not the steps of a stack has a last step alone */
    run(&b, &(rcm_pool){.how = RCM_POOLING_LAST});
    for (int i = 0; i < B; i++)
        for (int k = 0; k < F; k++)
            assert_true(b.y[i * F + k] == b.x[rows_of[i][i == 0 ? 2 : 1] * F + k]);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_maxima_are_over_the_steps_that_are),
        cmocka_unit_test(attention_weighs_by_the_softmax_of_its_scores),
        cmocka_unit_test(the_last_step_is_that_of_each_direction),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
