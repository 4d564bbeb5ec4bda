/* work_test.c -- what operations are said to take is what they take: multiply-adds counted by hand,
 * room in the arena within 15% of what it was after the operation had run there and back.
 */
#include "check.h"
#include "graph/graph_in.h"

enum { MOST_STEPS = 24 };

/* ---- one operation over one batch -------------------------------------------------------- */

typedef struct trial {
    rcb_pool *pool;
    rc_graph *g;
    int64_t at[MOST_STEPS + 1];
    rc_rows rows;
    int64_t N, K;
    rc_real *x, *d_x;         /* (N,K), outside the arena */
    rc_real *table, *d_table; /* (V,K) */
    rcg_weight weight[4];
    int weights;
    bool pairs; /* matrices are multiplied in bf16 */
} trial;

static rc_real *zeros(int64_t n)
{
    rc_real *x = rcb_calloc((size_t)n, sizeof *x);

    assert_non_null(x);
    return x;
}

static void trial_open(trial *t, int64_t K)
{
    const int64_t T = pick(10, MOST_STEPS), B = pick(3, 9);

    *t = (trial){.N = T * B, .K = K, .pairs = pick(0, 1)};
    for (int64_t i = 0; i <= T; i++)
        t->at[i] = i * B;
    t->rows = (rc_rows){.steps = T, .seqs = B, .at = t->at};
    t->x = zeros(t->N * rck_pad(K));
    t->d_x = zeros(t->N * rck_pad(K));
    CHECK_STATUS(rcb_pool_new(&t->pool, 1), RC_OK);
    CHECK_STATUS(rcg_graph_on(&t->g, t->pool, true), RC_OK);
}

static void trial_close(trial *t)
{
    for (int i = 0; i < t->weights; i++) {
        rcb_free(t->weight[i].w);
        rcb_free(t->weight[i].wt);
        rcb_free(t->weight[i].g);
        rcb_free(t->weight[i].pairs);
        rcb_free(t->weight[i].pairs_t);
    }
    rc_graph_free(t->g);
    rcb_pool_free(t->pool);
    rcb_free(t->table);
    rcb_free(t->d_table);
    rcb_free(t->x);
    rcb_free(t->d_x);
}

static rc_var *input(trial *t)
{
    return rcg_leaf(t->g, rc_shape_2(t->N, t->K), rck_pad(t->K), t->x, t->d_x);
}

/* A weight that lies outside the arena, as parameters do. */
static rc_var *weight(trial *t, int blocks, const int gates[], int64_t units, int64_t K)
{
    rcg_weight *w = &t->weight[t->weights++];

    rcg_weight_plan(w, blocks, gates, units, K);
    w->w = zeros(rcg_weight_size(w));
    if (t->pairs && K > 1) {
        w->pairs = rcb_calloc((size_t)rcg_weight_pairs(w), sizeof *w->pairs);
        w->pairs_t = rcb_calloc((size_t)rcg_weight_size_t(w), sizeof *w->pairs_t);
        assert_true(w->pairs && w->pairs_t);
    } else {
        w->wt = zeros(rcg_weight_size_t(w));
    }
    w->g = zeros(rcg_weight_size(w));
    return rcg_leaf_weight(t->g, w);
}

/* A table of V vectors, outside the arena likewise. */
static rc_var *table_of(trial *t, int64_t V)
{
    const int64_t ld = rck_pad(t->K);

    t->table = zeros(V * ld);
    t->d_table = zeros(V * ld);
    return rcg_leaf(t->g, rc_shape_2(V, t->K), ld, t->table, t->d_table);
}

static rcg_work empty_work(const trial *t)
{
    return (rcg_work){.rows = t->N, .seqs = t->rows.seqs, .pairs = t->pairs};
}

static void check_room(const char *what, trial *t, rc_var *loss, const rcg_work *w)
{
    CHECK_STATUS(rc_graph_backward(t->g, loss), RC_OK);
    const double said = rcg_work_bytes(w), took = (double)rcg_graph_bytes(t->g);
    if (!(fabs(said / took - 1) <= 0.15))
        fail_msg("%s takes %.0f bytes, said to be %.0f; N %lld, K %lld, seed %llu", what, took,
                 said, (long long)t->N, (long long)t->K,
                 (unsigned long long)check_random_state()->seed);
}

/* ---- room -------------------------------------------------------------------------------- */

static void every_cell_takes_the_room_it_is_said_to(void **unused)
{
    (void)unused;
    const rcc_cell *cell;
    check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; (cell = rcc_at(i)); i++) {
        const int64_t D = pick(20, 90), H = pick(20, 150);
        const rcc_widths width = {H, pick(10, H)};
        rc_rnn_args args = rc_rnn_args_default();
        int gates[RCC_PRODUCTS];
        trial t;

        trial_open(&t, D);
        args.cell = cell->name;
        args.w_ih = weight(&t, rcc_blocks(cell, RCC_W, gates), gates, H, D);
        if (rcc_part_gates(cell, RCC_U) > 0)
            args.w_hh = weight(&t, rcc_blocks(cell, RCC_U, gates), gates, H,
                               rcc_columns(cell, RCC_U, width));
        if (rcc_part_gates(cell, RCC_R) > 0)
            args.w_hr = weight(&t, rcc_blocks(cell, RCC_R, gates), gates, width.P, H);
        if (rcc_part_gates(cell, RCC_B) > 0)
            args.b_ih = weight(&t, rcc_blocks(cell, RCC_B, gates), gates, H, 1);
        if (cell->vectors > 0)
            args.vectors = weight(&t, 1, &cell->vectors, H, 1);
        rcg_work w = empty_work(&t);
        rcg_work_rnn(&w, cell, D, width, 1);
        check_room(cell->name, &t, rc_sum(t.g, rc_rnn(t.g, &t.rows, input(&t), &args)), &w);
        trial_close(&t);
    }
}

static void zoneout_takes_the_room_it_is_said_to(void **unused)
{
    (void)unused;
    const rcc_cell *cell = rcc_find("lstm");
    check_seed();

    for (int states = 1; states <= 2; states++) {
        const int64_t D = pick(20, 30), H = pick(20, 150);
        const int gates[] = {4};
        rc_rnn_args args = rc_rnn_args_default();
        trial t;

        trial_open(&t, D);
        args.w_ih = weight(&t, 1, gates, H, D);
        args.w_hh = weight(&t, 1, gates, H, H);
        args.zoneout[0] = 0.3;
        args.zoneout[1] = states > 1 ? 0.3 : 0;
        rcg_work w = empty_work(&t);
        rcg_work_rnn(&w, cell, D, (rcc_widths){H, H}, 1);
        rcg_work_zoneout(&w, H, states, 1);
        check_room("zoneout", &t, rc_sum(t.g, rc_rnn(t.g, &t.rows, input(&t), &args)), &w);
        trial_close(&t);
    }
}

static void products_take_the_room_they_are_said_to(void **unused)
{
    (void)unused;
    const int one[] = {1};
    check_seed();

    for (int k = 0; k < 10; k++) {
        const int64_t V = pick(20, 400), many = k % 3 == 0 ? pick(2000, 6000) : V;
        trial t;
        int32_t target[MOST_STEPS * 9] = {0};

        trial_open(&t, pick(20, 150));
        rcg_work w = empty_work(&t);
        rcg_work_linear(&w, t.K, V);
        rc_var *y = rc_linear(t.g, input(&t), weight(&t, 1, one, V, t.K), RC_NONE);
        check_room("linear", &t, rc_sum(t.g, y), &w);
        trial_close(&t);

        trial_open(&t, pick(20, 150));
        w = empty_work(&t);
        w.recompute = many > V; /* few would take less than what is in passing */
        rcg_graph_recompute(t.g, w.recompute);
        rcg_work_softmax_loss(&w, t.K, many);
        check_room("softmax_loss", &t,
                   rc_softmax_loss(t.g, input(&t), weight(&t, 1, one, many, t.K), RC_NONE, target),
                   &w);
        trial_close(&t);
    }
}

/* ---- losses over a table ----------------------------------------------------------------- */

static void sampled_losses_take_the_room_they_are_said_to(void **unused)
{
    (void)unused;
    check_seed();

    for (int k = 0; k < 10; k++) {
        const int64_t V = pick(100, 400), S = pick(20, 100);
        int32_t target[MOST_STEPS * 9] = {0}, ids[100];
        rc_real *expected = zeros(V);
        trial t;

        for (int32_t i = 0; i < S; i++)
            ids[i] = i;
        trial_open(&t, pick(20, 150));
        const rc_noise noise = {S, ids, NULL, expected};
        rcg_work w = empty_work(&t);
        rcg_work_sample_loss(&w, t.K, (double)S);
        rc_var *x = input(&t), *table = table_of(&t, V);
        check_room("sample_loss", &t,
                   k % 2 ? rc_nce_loss(t.g, x, table, RC_NONE, target, &noise)
                         : rc_sampled_loss(t.g, x, table, RC_NONE, target, &noise),
                   &w);
        trial_close(&t);
        rcb_free(expected);
    }
}

/* A tree as high as it has decisions: the deeper symbol k, the longer its way, up to V - 1. */
static void a_tree_takes_the_room_it_is_said_to(void **unused)
{
    (void)unused;
    check_seed();

    for (int k = 0; k < 10; k++) {
        const int32_t V = (int32_t)pick(40, 80);
        int32_t up[160], target[MOST_STEPS * 9];
        double way = 0;
        trial t;

        for (int32_t i = 0; i < V; i++)
            up[i] = i < V - 1 ? 2 * i : 2 * (V - 2) + 1;
        for (int32_t i = 0; i < V - 1; i++)
            up[V + i] = i == 0 ? -1 : 2 * (i - 1) + 1;
        trial_open(&t, pick(20, 150));
        for (int64_t r = 0; r < t.N; r++) {
            target[r] = (int32_t)pick(0, V - 1);
            way += target[r] < V - 1 ? target[r] + 1 : V - 1;
        }
        rcg_work w = empty_work(&t);
        rcg_work_tree_loss(&w, t.K, way / (double)t.N, V - 1);
        CHECK_NEAR(w.flops, 2 * (double)t.K * way, 1e-6);
        check_room("tree_loss", &t,
                   rc_tree_loss(t.g, input(&t), table_of(&t, V - 1), RC_NONE, target,
                                &(rc_tree){V, V - 1, up}),
                   &w);
        trial_close(&t);
    }
}

/* Which groups the targets of a batch fall into is chance: what is said is right in the mean. */
static void groups_take_the_room_they_are_said_to_in_the_mean(void **unused)
{
    (void)unused;
    double said = 0, took = 0;
    check_seed();

    for (int k = 0; k < 40; k++) {
        const int64_t G = pick(1, 12), V = G * (G + 1) * pick(1, 5);
        int64_t start[13];
        double share[12];
        int32_t target[MOST_STEPS * 9];
        trial t;

        for (int64_t i = 0; i <= G; i++)
            start[i] = V * i * (i + 1) / (G * (G + 1)); /* each larger than the one before */
        for (int64_t i = 0; i < G; i++)
            share[i] = (double)(start[i + 1] - start[i]) / (double)V;
        trial_open(&t, pick(20, 150));
        for (int64_t r = 0; r < t.N; r++)
            target[r] = (int32_t)pick(0, V - 1);
        const rc_groups groups = {G, start};
        rcg_work w = empty_work(&t);
        rcg_work_group_loss(&w, t.K, &groups, share);
        rc_var *loss = rc_group_loss(t.g, input(&t), table_of(&t, V), RC_NONE, target, &groups);
        CHECK_STATUS(rc_graph_backward(t.g, loss), RC_OK);
        said += rcg_work_bytes(&w);
        took += (double)rcg_graph_bytes(t.g);
        trial_close(&t);
    }
    CHECK_NEAR(said / took, 1, 0.05);
}

/* With shares a to c of the rows in groups of 10, 20 and 30 symbols. */
static void products_of_groups_are_counted_by_their_share(void **unused)
{
    (void)unused;
    const int64_t start[] = {0, 10, 30, 60};
    const double share[] = {0.5, 0.3, 0.2};
    rcg_work w = {.rows = 100, .seqs = 1};

    rcg_work_group_loss(&w, 7, &(rc_groups){3, start}, share);
    CHECK_NEAR(w.flops, 2.0 * 7 * (50 * 10 + 30 * 20 + 20 * 30), 1e-9);
    w = (rcg_work){.rows = 100, .seqs = 1};
    rcg_work_sample_loss(&w, 7, 30);
    CHECK_NEAR(w.flops, 2.0 * 7 * 100 * 31, 1e-9);
}

static void a_part_of_the_rows_takes_its_share(void **unused)
{
    (void)unused;
    rcg_work w = {.rows = 100, .seqs = 5};
    rcg_work part = rcg_work_part(&w, 0.2);

    assert_int_equal(part.rows, 28); /* 20 and two deviations of 4 */
    assert_int_equal(part.seqs, 5);
    rcg_work_softmax_loss(&part, 10, 50);
    rcg_work_join(&w, &part, 0.2);
    CHECK_NEAR(w.flops, 2.0 * 20 * 10 * 50, 1e-9);
    assert_true(rcg_work_bytes(&w) == rcg_work_bytes(&part));
    part = rcg_work_part(&w, 1);
    assert_int_equal(part.rows, 100);
    part = rcg_work_part(&w, 0);
    assert_int_equal(part.rows, 0);
    const double before = w.flops;
    rcg_work_join(&w, &part, 0);
    assert_true(w.flops == before);
}

static void plain_operations_take_the_room_they_are_said_to(void **unused)
{
    (void)unused;
    check_seed();

    for (int locked = 0; locked < 2; locked++) {
        trial t;

        trial_open(&t, pick(40, 150));
        rcg_work w = empty_work(&t);
        rcg_work_dropout(&w, t.K, locked);
        rcg_work_value(&w, t.K);
        rc_var *x = input(&t);
        rc_var *y = locked ? rc_dropout_locked(t.g, &t.rows, x, 0.5) : rc_dropout(t.g, x, 0.5);
        check_room("dropout", &t, rc_sum(t.g, rc_tanh(t.g, y)), &w);
        trial_close(&t);
    }
}

static void pooling_takes_the_room_it_is_said_to(void **unused)
{
    (void)unused;
    check_seed();

    for (int attention = 0; attention < 2; attention++) {
        trial t;

        trial_open(&t, pick(2000, 3000));
        rcg_work w = empty_work(&t);
        rcg_work_pool(&w, t.K, attention);
        rc_var *x = input(&t);
        rc_real *s = zeros(t.N);
        rc_var *scores = rc_leaf(t.g, rc_shape_1(t.N), s, NULL);
        rc_var *y = attention ? rc_pool_attention(t.g, &t.rows, scores, x)
                              : rc_pool(t.g, &t.rows, x, RC_POOL_MAX);
        check_room("pool", &t, rc_sum(t.g, y), &w);
        rcb_free(s);
        trial_close(&t);
    }
}

static void a_random_field_takes_the_room_it_is_said_to(void **unused)
{
    (void)unused;
    check_seed();
    trial t;

    trial_open(&t, pick(20, 150));
    int32_t *target = rcb_calloc((size_t)t.N, sizeof *target);
    rcg_work w = empty_work(&t);

    assert_non_null(target);
    rcg_work_crf_loss(&w, t.K);
    const rc_crf crf = {table_of(&t, t.K), RC_NONE, RC_NONE, NULL};
    check_room("crf_loss", &t, rc_crf_loss(t.g, &t.rows, input(&t), &crf, target), &w);
    rcb_free(target);
    trial_close(&t);
}

/* Bags with a weight for every row, or where all are 1. */
static void bags_take_the_room_they_are_said_to(void **unused)
{
    (void)unused;
    check_seed();
    for (int each = 0; each < 2; each++) {
        trial t;

        trial_open(&t, pick(100, 300));
        const int64_t B = t.rows.seqs;
        int32_t *ids = rcb_calloc((size_t)(300 * B), sizeof *ids);
        int64_t *at = rcb_calloc((size_t)B + 1, sizeof *at);
        rc_real *weight = zeros(300 * B);
        rcg_work w = empty_work(&t);

        assert_true(ids && at);
        for (int64_t b = 0; b <= B; b++)
            at[b] = 300 * b;
        rcg_work_bag(&w, B, t.K, 300.0 * (double)B, each);
        const rc_bags bags = {B, at, ids, each ? weight : NULL, false};
        check_room("bag", &t, rc_sum(t.g, rc_bag(t.g, table_of(&t, 10), &bags)), &w);
        assert_true(w.flops == 600.0 * (double)(B * t.K));
        rcb_free(ids);
        rcb_free(at);
        rcb_free(weight);
        trial_close(&t);
    }
}

/* ---- products ---------------------------------------------------------------------------- */

static double flops_of(const char *cell, int64_t D, rcc_widths width)
{
    rcg_work w = {.rows = 1, .seqs = 1};

    CHECK_STATUS(rck_select(), RC_OK);
    assert_non_null(rcc_find(cell));
    rcg_work_rnn(&w, rcc_find(cell), D, width, 1);
    return w.flops;
}

/* Two for each multiply-add: W x and U v of every gate, whatever the stages. */
static void products_of_cells_are_counted(void **unused)
{
    (void)unused;
    check_seed();

    for (int k = 0; k < 10; k++) {
        const int64_t D = pick(1, 70), H = pick(1, 70);
        const rcc_widths width = {H, pick(1, H)};
        const double gate = 2.0 * (double)(H * (D + H)), P = (double)width.P;

        assert_true(flops_of("tanh", D, width) == gate);
        assert_true(flops_of("gru", D, width) == 3 * gate);
        assert_true(flops_of("gru-before", D, width) == 3 * gate);
        assert_true(flops_of("lstm", D, width) == 4 * gate);
        assert_true(flops_of("lstm-proj", D, width) == 2 * (double)H * (4 * ((double)D + P) + P));
    }
}

static void a_gate_without_a_recurrent_product_counts_its_input_alone(void **unused)
{
    (void)unused;
    const rcc_cell cell = {
        .states = 1,
        .gates = 3,
        .stages = 2,
        .stage = {{.gates = 2, .v = RCC_NO_V}, {.gates = 1, .v = RCC_V_STATE}},
    };
    rcg_work w = {.rows = 5, .seqs = 1};

    rcg_work_rnn(&w, &cell, 7, (rcc_widths){11, 11}, 1);
    assert_true(w.flops == 5 * 2 * (3 * 11 * 7 + 11 * 11));
}

static void operations_add_up(void **unused)
{
    (void)unused;
    rcg_work w = {.rows = 3, .seqs = 1};

    rcg_work_linear(&w, 10, 20);
    rcg_work_softmax_loss(&w, 20, 50);
    assert_true(w.flops == 3 * 2 * (10 * 20 + 20 * 50));

    const double before = rcg_work_bytes(&w);
    rcg_work_value(&w, 16);
    assert_true(w.flops == 3 * 2 * (10 * 20 + 20 * 50));
    assert_true(rcg_work_bytes(&w) == before + 2 * 3 * 16 * sizeof(rc_real));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_takes_the_room_it_is_said_to),
        cmocka_unit_test(zoneout_takes_the_room_it_is_said_to),
        cmocka_unit_test(products_take_the_room_they_are_said_to),
        cmocka_unit_test(sampled_losses_take_the_room_they_are_said_to),
        cmocka_unit_test(a_tree_takes_the_room_it_is_said_to),
        cmocka_unit_test(groups_take_the_room_they_are_said_to_in_the_mean),
        cmocka_unit_test(products_of_groups_are_counted_by_their_share),
        cmocka_unit_test(a_part_of_the_rows_takes_its_share),
        cmocka_unit_test(plain_operations_take_the_room_they_are_said_to),
        cmocka_unit_test(pooling_takes_the_room_it_is_said_to),
        cmocka_unit_test(a_random_field_takes_the_room_it_is_said_to),
        cmocka_unit_test(bags_take_the_room_they_are_said_to),
        cmocka_unit_test(products_of_cells_are_counted),
        cmocka_unit_test(a_gate_without_a_recurrent_product_counts_its_input_alone),
        cmocka_unit_test(operations_add_up),
    };
    return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
