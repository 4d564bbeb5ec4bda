/* op_group_test.c -- softmax within groups against the operations it stands for, one by one. */
#include "table_loss.h"

/* The loss of the target's group by slices: every row is put to each group. */
static rc_var *by_slices(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    const rc_groups *groups = t->ctx;
    rc_var *scores = rc_linear(g, x, w, b), *all = NULL;

    for (int64_t i = 0; i < groups->count; i++) {
        const int64_t from = groups->start[i], count = groups->start[i + 1] - from;
        rc_var *part = rc_slice(g, scores, from, count);
        int32_t rows[400], goal[400];
        int64_t n = 0;

        for (int64_t r = 0; r < t->N; r++)
            if (t->target[r] >= from && t->target[r] < from + count) {
                rows[n] = (int32_t)r;
                goal[n++] = (int32_t)(t->target[r] - from);
            }
        rc_var *loss = rc_cross_entropy(g, rc_embed(g, part, rows, n), goal);
        all = all ? rc_add(g, all, loss) : loss;
    }
    return all;
}

static rc_var *by_group(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    return rc_group_loss(g, x, w, b, t->target, t->ctx);
}

static rc_var *by_full_softmax(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const table_loss *t)
{
    return rc_softmax_loss(g, x, w, b, t->target);
}

/* Groups of random sizes over V symbols. */
static rc_groups random_groups(int64_t *start, int64_t V, int64_t most)
{
    rc_groups g = {.start = start};

    for (int64_t at = 0; at < V; g.count++) {
        start[g.count] = at;
        at += pick(1, most);
    }
    start[g.count] = V;
    return g;
}

static void group_loss_is_the_cross_entropy_within_the_target_s_group(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 40; trial++) {
        int64_t start[501];
        const int64_t V = trial == 0 ? 500 : pick(1, 100);
        const rc_groups groups = random_groups(start, V, trial == 0 ? 300 : pick(1, V));
        table_loss t = table_loss_new(by_group, &groups,
                                      trial == 0   ? 200
                                      : trial == 1 ? 0
                                                   : pick(1, 30),
                                      pick(1, 40), V, V, trial % 2);

        check_agrees(&t, by_slices);
        check_twins(&t);
        table_loss_free(&t);
    }
}

static void one_group_is_the_full_softmax(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 20; trial++) {
        const int64_t V = trial == 0 ? 1000 : pick(1, 100), start[] = {0, V};
        const rc_groups all = {1, start};
        table_loss t =
            table_loss_new(by_group, &all, trial == 0 ? 130 : pick(1, 30), pick(1, 40), V, V, true);

        check_agrees(&t, by_full_softmax);
        table_loss_free(&t);
    }
}

static void gradient_of_group_loss_agrees_with_differences(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 6; trial++) {
        int64_t start[41];
        const int64_t V = pick(2, 40);
        const rc_groups groups = random_groups(start, V, 9);
        table_loss t = table_loss_new(by_group, &groups, pick(1, 6), pick(1, 9), V, V, trial % 2);

        check_differences(&t, "group_loss");
        table_loss_free(&t);
    }
}

static void group_loss_has_the_same_bits_for_any_number_of_threads(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 3; trial++) {
        int64_t start[1031];
        const rc_groups groups = random_groups(start, 1030, trial == 0 ? 3000 : 100);
        table_loss t = table_loss_new(by_group, &groups, 250, 50, 1030, 1030, trial > 0);

        check_any_threads(&t);
        table_loss_free(&t);
    }
}

static rc_var *build_log_softmax(rc_graph *g, rc_var *const v[], void *ctx)
{
    return weigh(g, rc_group_log_softmax(g, rc_scale(g, v[0], 3), ctx));
}

static void group_log_softmax_is_log_softmax_of_every_slice(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 20; trial++) {
        int64_t start[101];
        const int64_t V = pick(1, 100), N = pick(0, 5);
        rc_groups groups = random_groups(start, V, pick(1, 40));
        rc_var *x = random_leaf(g, rc_shape_2(N, V), NULL);
        rc_var *parts[100];

        for (int64_t i = 0; i < groups.count; i++)
            parts[i] = rc_log_softmax(g, rc_slice(g, x, start[i], start[i + 1] - start[i]));
        rc_real *want = values_of(g, rc_concat(g, (int)groups.count, parts));
        rc_real *got = values_of(g, rc_group_log_softmax(g, x, &groups));

        CHECK_CLOSE(got, want, N * V, VALUE_TOL);
        guard_free(want);
        guard_free(got);
        rc_graph_reset(g);
        if (trial < 5 && N > 0) {
            problem p = problem_new(build_log_softmax, &groups);

            (void)problem_add(&p, rc_shape_2(N, V));
            problem_check(&p, "group_log_softmax", 20);
            problem_free(&p);
        }
    }
    rc_graph_free(g);
}

static void what_does_not_fit_is_refused(void **unused)
{
    const int32_t ids[] = {0, 5}, fine[] = {0, 4};
    const int64_t good[] = {0, 2, 5}, empty[] = {0, 2, 2, 5}, less[] = {0, 4}, late[] = {1, 5};
    const rc_groups two = {2, good}, hollow = {3, empty}, few = {1, less}, begun = {1, late},
                    none = {0, good};
    const rc_groups *bad[] = {&hollow, &few, &begun, &none};

    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

#define X random_leaf(g, rc_shape_2(2, 3), NULL)
#define W random_leaf(g, rc_shape_2(5, 3), NULL)
    CHECK_FAILED(g, rc_group_loss(g, X, W, RC_NONE, ids, &two), RC_EINVAL,
                 "group_loss: target 5 of 5 symbols");
    CHECK_FAILED(g, rc_group_loss(g, NULL, W, RC_NONE, fine, &two), RC_EINVAL,
                 "group_loss: operand 1 is missing");
    CHECK_FAILED(g, rc_group_loss(g, X, RC_NONE, RC_NONE, fine, &two), RC_EINVAL,
                 "group_loss: operand 2 is missing");
    CHECK_FAILED(g,
                 rc_group_loss(g, X, random_leaf(g, rc_shape_2(5, 4), NULL), RC_NONE, fine, &two),
                 RC_ESHAPE, "group_loss: input is (2,3), the weight is (5,4)");
    CHECK_FAILED(g, rc_group_loss(g, X, W, random_leaf(g, rc_shape_1(4), NULL), fine, &two),
                 RC_ESHAPE, "group_loss: the bias is (4), the weight has 5 rows");
    for (int i = 0; i < 4; i++) {
        CHECK_FAILED(g, rc_group_loss(g, X, W, RC_NONE, fine, bad[i]), RC_EINVAL,
                     "group_loss: the groups must be at least one, rise and cover 5 symbols");
        CHECK_FAILED(g, rc_group_log_softmax(g, random_leaf(g, rc_shape_2(2, 5), NULL), bad[i]),
                     RC_EINVAL, "group_log_softmax: the groups must");
    }

    rcg_weight packed;
    rc_real room[64 * 3] = {0};

    rcg_weight_plan(&packed, 1, (const int[]){1}, 5, 3);
    packed.w = room;
    CHECK_FAILED(g, rc_group_loss(g, X, rcg_leaf_weight(g, &packed), RC_NONE, fine, &two),
                 RC_EINVAL, "group_loss: the weight is packed, a table is needed");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_loss_is_the_cross_entropy_within_the_target_s_group),
        cmocka_unit_test(one_group_is_the_full_softmax),
        cmocka_unit_test(gradient_of_group_loss_agrees_with_differences),
        cmocka_unit_test(group_loss_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(group_log_softmax_is_log_softmax_of_every_slice),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("op_group", tests, NULL, NULL);
}
