/* op_tree_test.c -- a tree of logistic decisions against its textbook walk, and in its smallest
 * case against logistic regression. */
#include "table_loss.h"

enum { MOST = 200 };

typedef struct shrub {
    rc_tree tree;
    int32_t up[2 * MOST - 1];
} shrub;

/* A random tree: decisions take leaves or decisions that are not taken yet, from the last on. */
static void random_tree(shrub *s, int64_t V)
{
    int32_t free_ones[MOST];
    int64_t n = V;

    s->tree = (rc_tree){.leaves = V, .up = s->up};
    for (int64_t i = 0; i < V; i++)
        free_ones[i] = (int32_t)i;
    for (int64_t k = V - 2; k >= 0; k--) {
        for (int side = 0; side < 2; side++) {
            const int64_t at = pick(0, n - 1);

            s->up[free_ones[at]] = (int32_t)(2 * k + side);
            free_ones[at] = free_ones[--n];
        }
        free_ones[n++] = (int32_t)(V + k);
    }
    s->up[V] = -1;
    for (int64_t i = 0; i < V; i++) {
        int64_t depth = 0;

        for (int32_t step = s->up[i]; step >= 0; step = s->up[V + step / 2])
            depth++;
        s->tree.depth = depth > s->tree.depth ? depth : s->tree.depth;
    }
}

static rc_var *by_tree(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    return rc_tree_loss(g, x, w, b, t->target, t->ctx);
}

/* Decision by decision, with the operations that are there. */
static rc_var *by_decisions(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    const rc_tree *tree = t->ctx;
    rc_var *scores = rc_linear(g, x, w, b), *all = NULL;

    for (int32_t r = 0; r < t->N; r++) {
        rc_var *row = rc_embed(g, scores, &r, 1);

        for (int32_t step = tree->up[t->target[r]]; step >= 0;
             step = tree->up[tree->leaves + step / 2]) {
            const rc_real side = (rc_real)(1 - step % 2);
            const int32_t k = step / 2;
            rc_var *loss = rc_binary_cross_entropy(g, rc_pick(g, row, &k, 1),
                                                   rc_leaf(g, rc_shape_2(1, 1), &side, NULL));

            all = all ? rc_add(g, all, loss) : loss;
        }
    }
    return all ? all : rc_scale(g, rc_sum(g, scores), 0);
}

static void tree_loss_is_the_sum_over_the_decisions(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 40; trial++) {
        const int64_t V = trial == 0 ? MOST : trial < 4 ? 2 : pick(2, 60);
        shrub s;

        random_tree(&s, V);
        table_loss t = table_loss_new(by_tree, &s.tree, trial == 4 ? 0 : pick(1, 30), pick(1, 40),
                                      V, V - 1, trial % 2);

        check_agrees(&t, by_decisions);
        check_twins(&t);
        table_loss_free(&t);
    }
}

static void gradient_of_tree_loss_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 6; trial++) {
        const int64_t V = pick(2, 30);
        shrub s;

        random_tree(&s, V);
        table_loss t =
            table_loss_new(by_tree, &s.tree, pick(1, 6), pick(1, 9), V, V - 1, trial % 2);

        check_differences(&t, "tree_loss");
        table_loss_free(&t);
    }
}

static void any_number_of_threads_gives_the_same_bits(void **unused)
{
    (void)unused;
    (void)check_seed();
    shrub s;

    random_tree(&s, MOST);
    table_loss t = table_loss_new(by_tree, &s.tree, 500, 130, MOST, MOST - 1, true);

    check_any_threads(&t);
    table_loss_free(&t);
}

static rc_var *build_logp(rc_graph *g, rc_var *const v[], void *ctx)
{
    return weigh(g, rc_tree_logp(g, rc_scale(g, v[0], 3), ctx));
}

static void tree_logp_is_a_distribution_that_the_loss_agrees_with(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 20; trial++) {
        const int64_t V = trial < 3 ? 2 : pick(2, MOST), N = pick(1, 5);
        shrub s;

        random_tree(&s, V);
        table_loss t = table_loss_new(by_tree, &s.tree, N, 5, V, V - 1, true);
        const double loss = table_loss_run(g, &t, NULL, true);

        rc_graph_reset(g);
        rc_var *scores = rc_linear(g, rc_leaf(g, rc_shape_2(N, 5), t.x, NULL),
                                   rc_leaf(g, rc_shape_2(V - 1, 5), t.w, NULL),
                                   rc_leaf(g, rc_shape_1(V - 1), t.b, NULL));
        rc_real *logp = values_of(g, rc_tree_logp(g, scores, &s.tree));
        double want = 0;

        for (int64_t r = 0; r < N; r++) {
            double sum = 0;

            for (int64_t w = 0; w < V; w++)
                sum += exp((double)logp[r * V + w]);
            CHECK_NEAR(sum, 1, VALUE_TOL * 10);
            want -= (double)logp[r * V + t.target[r]];
        }
        CHECK_NEAR(loss, want, VALUE_TOL * 10);
        guard_free(logp);
        table_loss_free(&t);
        if (trial < 6) {
            problem p = problem_new(build_logp, &s.tree);

            (void)problem_add(&p, rc_shape_2(N, V - 1));
            problem_check(&p, "tree_logp", 20);
            problem_free(&p);
        }
    }
    rc_graph_free(g);
}

static void what_does_not_fit_is_refused(void **unused)
{
    const int32_t goal[] = {0, 2}, high[] = {0, 3};
    /* leaves 0 1 2, decisions 0 1 */
    const int32_t up[] = {2, 3, 0, -1, 1}, lost[] = {4, 3, 0, -1, 1}, loop[] = {2, 3, 0, -1, 3},
                  rootless[] = {2, 3, 0, 0, 1};
    const rc_tree fine = {3, 2, up}, shallow = {3, 1, up}, bad1 = {3, 2, lost}, bad2 = {3, 2, loop},
                  bad3 = {3, 2, rootless}, tiny = {1, 1, up};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

#define X random_leaf(g, rc_shape_2(2, 3), NULL)
#define W random_leaf(g, rc_shape_2(2, 3), NULL)
#define S random_leaf(g, rc_shape_2(4, 2), NULL)
    CHECK_FAILED(g, rc_tree_loss(g, X, W, RC_NONE, high, &fine), RC_EINVAL,
                 "tree_loss: target 3 of 3 symbols");
    CHECK_FAILED(g, rc_tree_loss(g, X, RC_NONE, RC_NONE, goal, &fine), RC_EINVAL,
                 "tree_loss: operand 2 is missing");
    CHECK_FAILED(g,
                 rc_tree_loss(g, X, random_leaf(g, rc_shape_2(3, 3), NULL), RC_NONE, goal, &fine),
                 RC_ESHAPE, "tree_loss: the weight has 3 rows, the tree 2 decisions");
    CHECK_FAILED(g, rc_tree_loss(g, X, W, RC_NONE, goal, &shallow), RC_EINVAL,
                 "tree_loss: the way to symbol 0 is longer than 1 decisions");
    CHECK_FAILED(g, rc_tree_loss(g, X, W, RC_NONE, goal, &bad1), RC_EINVAL,
                 "tree_loss: entry 0 of the tree points nowhere");
    CHECK_FAILED(g, rc_tree_logp(g, S, &bad2), RC_EINVAL,
                 "tree_logp: entry 4 of the tree points nowhere");
    CHECK_FAILED(g, rc_tree_logp(g, S, &bad3), RC_EINVAL,
                 "tree_logp: entry 3 of the tree points nowhere");
    CHECK_FAILED(g, rc_tree_logp(g, S, &tiny), RC_EINVAL,
                 "tree_logp: a tree of 1 leaves decides nothing");
    CHECK_FAILED(g, rc_tree_logp(g, random_leaf(g, rc_shape_2(4, 3), NULL), &fine), RC_ESHAPE,
                 "tree_logp: there are 3 scores, the tree has 2 decisions");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_loss_is_the_sum_over_the_decisions),
        cmocka_unit_test(gradient_of_tree_loss_agrees_with_differences),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(tree_logp_is_a_distribution_that_the_loss_agrees_with),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("op_tree", tests, NULL, NULL);
}
