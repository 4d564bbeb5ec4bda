/* op_sample_test.c -- losses over drawn symbols against their formulas, and in the limit against
 * the full softmax. */
#include "table_loss.h"

typedef struct draws {
    rc_noise noise;
    int32_t ids[400];
    rc_real times[400];
    rc_real expected[400];
} draws;

/* About `share` in 100 of the symbols. */
static void random_draws(draws *d, int64_t V, int64_t share)
{
    d->noise = (rc_noise){0, d->ids, d->times, d->expected};
    for (int64_t i = 0; i < V; i++) {
        d->expected[i] = pick_real();
        if (pick(1, 100) > share)
            continue;
        d->ids[d->noise.count] = (int32_t)i;
        d->times[d->noise.count++] = (rc_real)pick(1, 4);
    }
}

static rc_var *by_sample(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    return rc_sampled_loss(g, x, w, b, t->target, t->ctx);
}

static rc_var *by_contrast(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    return rc_nce_loss(g, x, w, b, t->target, t->ctx);
}

static rc_var *by_full_softmax(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    return rc_softmax_loss(g, x, w, b, t->target);
}

/* Scores less `expected`, (N,V). */
static rc_var *all_scores(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    const rc_noise *noise = t->ctx;
    rc_real *shift = rcb_alloc((size_t)(t->N * t->V), sizeof *shift);

    assert_non_null(shift);
    for (int64_t i = 0; i < t->N * t->V; i++)
        shift[i] = noise->expected[i % t->V];

    rc_var *y = rc_sub(g, rc_linear(g, x, w, b), rc_leaf(g, rc_shape_2(t->N, t->V), shift, NULL));

    rcb_free(shift);
    return y;
}

/* Row by row: the target first, then the drawn symbols but the target. */
static rc_var *sampled_by_rows(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    const rc_noise *noise = t->ctx;
    rc_var *scores = all_scores(g, x, w, b, t), *all = NULL;

    for (int32_t r = 0; r < t->N; r++) {
        const int32_t first = 0;
        int32_t ids[401] = {t->target[r]};
        int64_t n = 1;

        for (int64_t i = 0; i < noise->count; i++)
            if (noise->ids[i] != t->target[r])
                ids[n++] = noise->ids[i];
        rc_var *loss = rc_cross_entropy(g, rc_pick(g, rc_embed(g, scores, &r, 1), ids, n), &first);
        all = all ? rc_add(g, all, loss) : loss;
    }
    return all ? all : rc_scale(g, rc_sum(g, scores), 0);
}

/* One on/off answer for the target, and one for each draw. */
static rc_var *contrast_by_rows(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    const rc_noise *noise = t->ctx;
    rc_var *scores = all_scores(g, x, w, b, t), *all = NULL;

    for (int32_t r = 0; r < t->N; r++) {
        static const rc_real zeros[1601];
        int32_t ids[1601];
        int64_t n = 0;

        for (int64_t i = 0; i < noise->count; i++)
            for (int k = 0; k < (noise->times ? (int)noise->times[i] : 1); k++)
                ids[n++] = noise->ids[i];
        rc_var *row = rc_embed(g, scores, &r, 1);
        rc_var *one = rc_leaf(g, rc_shape_2(1, 1), (const rc_real[]){1}, NULL);
        rc_var *loss = rc_binary_cross_entropy(g, rc_pick(g, row, &t->target[r], 1), one);

        loss = rc_add(g, loss,
                      rc_binary_cross_entropy(g, rc_pick(g, row, ids, n),
                                              rc_leaf(g, rc_shape_2(1, n), zeros, NULL)));
        all = all ? rc_add(g, all, loss) : loss;
    }
    return all ? all : rc_scale(g, rc_sum(g, scores), 0);
}

static void check_formula(table_loss_fn *loss, table_loss_fn *formula)
{
    for (int trial = 0; trial < 40; trial++) {
        const int64_t V = trial == 0 ? 400 : pick(1, 100);
        draws d;

        random_draws(&d, V, trial == 1 ? 0 : trial == 2 ? 100 : pick(1, 100));
        if (trial == 3)
            d.noise.times = NULL;
        table_loss t = table_loss_new(loss, &d.noise, trial == 4 ? 0 : pick(1, 30), pick(1, 40), V,
                                      V, trial % 2);

        check_agrees(&t, formula);
        check_twins(&t);
        table_loss_free(&t);
    }
}

static void sampled_loss_is_a_softmax_over_target_and_draws(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_formula(by_sample, sampled_by_rows);
}

static void nce_loss_tells_the_target_from_the_draws(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_formula(by_contrast, contrast_by_rows);
}

/* All symbols drawn, each expected once: nothing is left to chance. */
static void sampled_loss_of_all_symbols_is_the_full_softmax(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 20; trial++) {
        const int64_t V = trial == 0 ? 400 : pick(1, 100);
        draws d;

        random_draws(&d, V, 100);
        for (int64_t i = 0; i < V; i++)
            d.expected[i] = 0;
        table_loss t = table_loss_new(by_sample, &d.noise, trial == 0 ? 200 : pick(1, 30),
                                      pick(1, 40), V, V, true);

        check_agrees(&t, by_full_softmax);
        table_loss_free(&t);
    }
}

/* The expectation over draws of the gradient, exactly: every symbol `k q` times. As k grows it goes
 * to that of the likelihood, if scores are already normalised: by 1 / k. */
static void nce_gradient_tends_to_that_of_the_likelihood(void **unused)
{
    enum { V = 7, N = 12, D = 5 };
    double before = HUGE_VAL;

    (void)unused;
    (void)check_seed();
    draws d;

    random_draws(&d, V, 100);
    table_loss t = table_loss_new(by_contrast, &d.noise, N, D, V, V, true);
    rc_graph *g = graph_open(1, true);

    for (int64_t r = 0; r < N; r++) { /* one vector for all rows; its scores are ln p by the bias */
        for (int64_t k = 0; k < D; k++)
            t.x[r * D + k] = t.x[k];
    }
    double sum = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < V; i++) {
            double score = (double)t.b[i];

            for (int64_t k = 0; k < D; k++)
                score += (double)t.x[k] * (double)t.w[i * D + k];
            if (pass == 0)
                sum += exp(score);
            else
                t.b[i] -= (rc_real)log(sum);
        }
    }
    table_loss likely = table_loss_twin(&t);

    (void)table_loss_run(g, &likely, by_full_softmax, false);
    for (double k = 10; k < 2e5; k *= 10) {
        double off = 0, size = 0;

        for (int64_t i = 0; i < V; i++) {
            const double q = (i + 1) / (V * (V + 1) / 2.0);

            d.times[i] = (rc_real)(k * q);
            d.expected[i] = (rc_real)log(k * q);
        }
        (void)table_loss_run(g, &t, NULL, false);
        for (int64_t i = 0; i < V * D; i++) {
            off = fmax(off, fabs((double)t.dw[i] - (double)likely.dw[i]));
            size = fmax(size, fabs((double)likely.dw[i]));
        }
        assert_true(off < before / 5 || off < 1e-4 * size);
        before = off;
    }
    CHECK_CLOSE(t.dx, likely.dx, N * D, 1e-4);
    CHECK_CLOSE(t.dw, likely.dw, V * D, 1e-3);
    table_loss_free_twin(&likely);
    table_loss_free(&t);
    rc_graph_free(g);
}

static void gradients_agree_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 8; trial++) {
        const int64_t V = pick(1, 40);
        draws d;

        random_draws(&d, V, 40);
        table_loss t = table_loss_new(trial % 2 ? by_contrast : by_sample, &d.noise, pick(1, 6),
                                      pick(1, 9), V, V, trial % 3);

        check_differences(&t, trial % 2 ? "nce_loss" : "sampled_loss");
        table_loss_free(&t);
    }
}

static void any_number_of_threads_gives_the_same_bits(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 2; trial++) {
        draws d;

        random_draws(&d, 400, 70);
        table_loss t =
            table_loss_new(trial ? by_contrast : by_sample, &d.noise, 250, 50, 400, 400, true);

        check_any_threads(&t);
        table_loss_free(&t);
    }
}

static void what_does_not_fit_is_refused(void **unused)
{
    const int32_t goal[] = {0, 4}, high[] = {0, 5}, twice[] = {1, 1}, past[] = {1, 5};
    const rc_real expected[5] = {0};
    const rc_noise fine = {2, goal, NULL, expected}, same = {2, twice, NULL, expected},
                   far = {2, past, NULL, expected}, blind = {2, goal, NULL, NULL};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

#define X random_leaf(g, rc_shape_2(2, 3), NULL)
#define W random_leaf(g, rc_shape_2(5, 3), NULL)
    CHECK_FAILED(g, rc_sampled_loss(g, X, W, RC_NONE, high, &fine), RC_EINVAL,
                 "sampled_loss: target 5 of 5 symbols");
    CHECK_FAILED(g, rc_nce_loss(g, X, NULL, RC_NONE, goal, &fine), RC_EINVAL,
                 "nce_loss: operand 2 is missing");
    CHECK_FAILED(g, rc_nce_loss(g, X, W, NULL, goal, &fine), RC_EINVAL,
                 "nce_loss: operand 3 is missing");
    CHECK_FAILED(
        g, rc_sampled_loss(g, X, random_leaf(g, rc_shape_2(5, 2), NULL), RC_NONE, goal, &fine),
        RC_ESHAPE, "sampled_loss: input is (2,3), the weight is (5,2)");
    CHECK_FAILED(g, rc_sampled_loss(g, X, W, RC_NONE, goal, &same), RC_EINVAL,
                 "sampled_loss: drawn symbol 1 is 1, they must rise and be below 5");
    CHECK_FAILED(g, rc_nce_loss(g, X, W, RC_NONE, goal, &far), RC_EINVAL,
                 "nce_loss: drawn symbol 1 is 5, they must rise and be below 5");
    CHECK_FAILED(g, rc_nce_loss(g, X, W, RC_NONE, goal, &blind), RC_EINVAL,
                 "nce_loss: the noise is missing");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampled_loss_is_a_softmax_over_target_and_draws),
        cmocka_unit_test(nce_loss_tells_the_target_from_the_draws),
        cmocka_unit_test(sampled_loss_of_all_symbols_is_the_full_softmax),
        cmocka_unit_test(nce_gradient_tends_to_that_of_the_likelihood),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("op_sample", tests, NULL, NULL);
}
