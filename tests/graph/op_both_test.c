/* op_both_test.c -- two directions side by side give the bits of one after the other: values, final
 * states, every gradient, for any number of workers, whoever reads the results.
 */
#include "problem.h"

#include "graph/graph_in.h"

#include <string.h>

enum { MOST_STEPS = 12, BOTH_TENSORS = 6 /* of a side: W U b c vectors R */ };

typedef struct trial {
    const rcc_cell *cell;
    int64_t B, D, H, N;
    int64_t at[MOST_STEPS + 1];
    rc_rows rows;
    bool packed; /* weights are parameters, which collect gradients in place */
    bool shared; /* one set of weights for both sides */
    bool states; /* initial states are given */
    bool read[2];
    rc_real *x, *init[2][RCC_STATES];
    rc_real *d; /* room for any gradient that nobody looks at */
    rc_real *w[2][BOTH_TENSORS];
} trial;

/* All that comes out, one array behind the other. */
typedef struct outcome {
    rc_real *p;
    int64_t n, cap;
} outcome;

/* Blocks of a tensor; their gates. */
static int tensor_blocks(const trial *t, int i, int gates[RCC_PRODUCTS])
{
    const rcc_part part[] = {RCC_W, RCC_U, RCC_B, RCC_C, RCC_W, RCC_R};

    gates[0] = t->cell->vectors;
    return i != 4 ? rcc_blocks(t->cell, part[i], gates) : 1;
}

/* What the cell has narrow is half as wide. */
static rcc_widths widths(const trial *t)
{
    return (rcc_widths){t->H, (t->H + 1) / 2};
}

static int64_t tensor_units(const trial *t, int i)
{
    return i == 5 ? widths(t).P : t->H;
}

static int64_t width(const trial *t, int state)
{
    return rcc_state_width(t->cell, state, widths(t));
}

static int64_t tensor_rows(const trial *t, int i)
{
    int gates[RCC_PRODUCTS];
    const int blocks = tensor_blocks(t, i, gates);
    int64_t rows = 0;

    for (int b = 0; b < blocks; b++)
        rows += gates[b] * tensor_units(t, i);
    return rows;
}

static int64_t tensor_cols(const trial *t, int i)
{
    return i == 0   ? t->D
           : i == 1 ? rcc_columns(t->cell, RCC_U, widths(t))
           : i == 5 ? rcc_columns(t->cell, RCC_R, widths(t))
                    : 1;
}

static rc_real *random_array(int64_t n, double size)
{
    rc_real *x = rcb_calloc((size_t)n, sizeof *x);

    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (rc_real)((double)pick_real() * size);
    return x;
}

static void set_rows(trial *t, int64_t T, bool ragged)
{
    for (int64_t s = 0, alive = t->B; s < T; s++) {
        if (ragged && pick(0, 2) == 0 && alive > 0)
            alive--;
        t->at[s + 1] = t->at[s] + alive;
    }
    t->rows = (rc_rows){T, t->B, t->at};
    t->N = t->at[T];
}

static void trial_open(trial *t, const rcc_cell *cell, int64_t T, int64_t B, int64_t D, int64_t H)
{
    *t = (trial){.cell = cell, .B = B, .D = D, .H = H, .read = {true, true}};
    set_rows(t, T, pick(0, 1) == 1);
    t->packed = pick(0, 1) == 1;
    t->states = pick(0, 1) == 1;
    t->x = random_array(t->N * D, 1);
    t->d = random_array((tensor_rows(t, 0) + tensor_rows(t, 1)) * (D + H) + t->N * D, 1);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < RCC_STATES; i++)
            t->init[side][i] = random_array(B * H, 1);
        for (int i = 0; i < BOTH_TENSORS; i++)
            t->w[side][i] =
                random_array(tensor_rows(t, i) * tensor_cols(t, i), 1 / sqrt((double)H));
    }
}

static void trial_close(trial *t)
{
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < RCC_STATES; i++)
            rcb_free(t->init[side][i]);
        for (int i = 0; i < BOTH_TENSORS; i++)
            rcb_free(t->w[side][i]);
    }
    rcb_free(t->d);
    rcb_free(t->x);
}

static rc_real *room(outcome *o, int64_t n)
{
    if (o->n + n > o->cap) {
        o->p = rcb_realloc(o->p, (size_t)o->n, (size_t)(2 * (o->n + n)), sizeof *o->p);
        assert_non_null(o->p);
        o->cap = 2 * (o->n + n);
    }
    memset(o->p + o->n, 0, (size_t)n * sizeof *o->p);
    o->n += n;
    return o->p + o->n - n;
}

static void check_same(const outcome *a, const outcome *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->p, b->p, (size_t)a->n * sizeof *a->p);
}

/* ---- weights as parameters ------------------------------------------------------------------- */

static void pack(const trial *t, int side, int i, rcb_pool *pool, rcg_weight *w)
{
    int gates[RCC_PRODUCTS];
    const int blocks = tensor_blocks(t, i, gates);

    rcg_weight_plan(w, blocks, gates, tensor_units(t, i), tensor_cols(t, i));
    w->w = rcb_calloc((size_t)rcg_weight_size(w), sizeof *w->w);
    w->g = rcb_calloc((size_t)rcg_weight_size(w), sizeof *w->g);
    w->wt = rcb_calloc((size_t)rcg_weight_size_t(w), sizeof *w->wt);
    assert_true(w->w && w->g && w->wt);
    rcg_weight_pack(w, t->w[side][i], w->w);
    rcg_weight_refresh(w, pool);
    w->fresh = true;
}

static void unpack(rcg_weight *w, rc_real *rows)
{
    rcg_weight_unpack(w, w->g, rows);
    rcb_free(w->w);
    rcb_free(w->g);
    rcb_free(w->wt);
}

/* ---- both ways ------------------------------------------------------------------------------- */

static rc_var *states_leaf(const trial *t, rc_graph *g, int side, int i, outcome *o)
{
    if (!t->states || i >= t->cell->states)
        return RC_NONE;
    return rc_leaf(g, rc_shape_2(t->B, width(t, i)), t->init[side][i], room(o, t->B * width(t, i)));
}

/* The loss weighs outputs and final states of the sides that are read. */
static rc_var *loss_of(const trial *t, rc_graph *g, rc_var *const y[2])
{
    rc_var *loss = NULL;

    for (int side = 0; side < 2; side++) {
        if (!t->read[side])
            continue;
        rc_var *part = weigh(g, y[side]);
        for (int i = 0; i < t->cell->states; i++)
            part = rc_add(g, part, weigh(g, rc_rnn_state(g, y[side], i)));
        loss = loss ? rc_add(g, loss, part) : part;
    }
    return loss;
}

/* Everything that comes out of a run on so many workers: by rcg_rnn_both(), or one by one. */
static outcome run(const trial *t, int threads, bool both)
{
    outcome o = {.cap = 1 << 20};
    rc_graph *g = graph_open(threads, true);
    rcg_weight packed[2][BOTH_TENSORS];
    rc_var *leaf[2][BOTH_TENSORS];
    rc_rnn_args args[2] = {rc_rnn_args_default(), rc_rnn_args_default()};
    rc_var *y[2];

    o.p = rcb_calloc((size_t)o.cap, sizeof *o.p); /* leaves write here: it must not move */
    assert_non_null(o.p);
    rc_var *x = rc_leaf(g, rc_shape_2(t->N, t->D), t->x, room(&o, t->N * t->D));
    for (int side = 0; side < 2; side++) {
        const int from = t->shared ? 0 : side;

        for (int i = 0; i < BOTH_TENSORS; i++) {
            const int64_t rows = tensor_rows(t, i), cols = tensor_cols(t, i);

            if (rows == 0) {
                leaf[side][i] = RC_NONE;
            } else if (from != side) {
                leaf[side][i] = leaf[from][i];
            } else if (t->packed) {
                pack(t, side, i, rcg_pool(g), &packed[side][i]);
                leaf[side][i] = rcg_leaf_weight(g, &packed[side][i]);
            } else {
                leaf[side][i] =
                    rc_leaf(g, rc_shape_2(rows, cols), t->w[side][i], room(&o, rows * cols));
            }
        }
        args[side].cell = t->cell->name;
        args[side].reverse = side == 1;
        args[side].w_ih = leaf[side][0];
        args[side].w_hh = leaf[side][1];
        args[side].b_ih = leaf[side][2];
        args[side].b_hh = leaf[side][3];
        args[side].vectors = leaf[side][4];
        args[side].w_hr = leaf[side][5];
        for (int i = 0; i < RCC_STATES; i++)
            args[side].state[i] = states_leaf(t, g, side, i, &o);
    }
    if (both)
        assert_true(rcg_rnn_both(g, &t->rows, x, args, y));
    for (int side = 0; side < 2 && !both; side++)
        y[side] = rc_rnn(g, &t->rows, x, &args[side]);

    rc_var *loss = loss_of(t, g, y);
    CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
    double total;
    CHECK_STATUS(rc_var_total(g, loss, &total), RC_OK);
    *room(&o, 1) = (rc_real)total;
    for (int side = 0; side < 2; side++) {
        rc_real *values = room(&o, t->N * width(t, 0));
        CHECK_STATUS(rc_var_read(g, y[side], values, t->N * width(t, 0)), RC_OK);
    }
    for (int side = 0; side < (t->shared ? 1 : 2) && t->packed; side++)
        for (int i = 0; i < BOTH_TENSORS; i++) {
            const bool used = t->read[side] || t->shared;

            if (tensor_rows(t, i) == 0)
                continue;
            assert_int_equal(packed[side][i].fresh, !used);
            unpack(&packed[side][i], room(&o, tensor_rows(t, i) * tensor_cols(t, i)));
        }
    assert_true(o.n <= 1 << 20);
    rc_graph_free(g);
    return o;
}

static void check_trial(const trial *t)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    outcome want = run(t, 1, false);

    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        outcome got = run(t, threads[i], true);

        check_same(&got, &want);
        rcb_free(got.p);
    }
    rcb_free(want.p);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Large enough that the steps are worth two, three or seven workers. */
static void side_by_side_gives_the_bits_of_one_by_one(void **unused)
{
    const rcc_cell *cell;

    (void)unused;
    (void)check_seed();
    for (size_t i = 0; (cell = rcc_at(i)); i++) {
        trial t;

        trial_open(&t, cell, pick(2, MOST_STEPS), pick(2, 24), pick(1, 40), pick(60, 100));
        check_trial(&t);
        trial_close(&t);
    }
}

static void so_do_small_ones(void **unused)
{
    const rcc_cell *cell;

    (void)unused;
    (void)check_seed();
    for (size_t i = 0; (cell = rcc_at(i)); i++) {
        trial t;

        trial_open(&t, cell, pick(1, 3), pick(1, 3), pick(1, 5), pick(1, 20));
        check_trial(&t);
        trial_close(&t);
    }
}

static void so_does_a_side_that_nobody_reads(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int side = 0; side < 2; side++) {
        trial t;

        trial_open(&t, rcc_find("lstm"), 5, 20, 9, 70);
        t.read[side] = false;
        check_trial(&t);
        trial_close(&t);
    }
}

static void so_do_two_sides_of_the_same_weights(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int packed = 0; packed < 2; packed++) {
        trial t;

        trial_open(&t, rcc_find("gru"), 5, 20, 9, 70);
        t.shared = true;
        t.packed = packed == 1;
        check_trial(&t);
        trial_close(&t);
    }
}

/* One row of one unit is a number: its total is known though the other side computes it later. */
static void the_total_of_a_single_number_is_its_value(void **unused)
{
    const int64_t at[] = {0, 1};
    const rc_rows rows = {1, 1, at};
    rc_graph *g = graph_open(2, false);
    rc_rnn_args args[2] = {rc_rnn_args_default(), rc_rnn_args_default()};
    rc_var *y[2];
    double total;

    (void)unused;
    rc_var *x = random_leaf(g, rc_shape_2(1, 1), NULL);
    for (int side = 0; side < 2; side++) {
        args[side].cell = "tanh";
        args[side].w_ih = random_leaf(g, rc_shape_2(1, 1), NULL);
        args[side].w_hh = random_leaf(g, rc_shape_2(1, 1), NULL);
        args[side].reverse = side == 1;
    }
    assert_true(rcg_rnn_both(g, &rows, x, args, y));
    for (int side = 0; side < 2; side++) {
        rc_real *value = values_of(g, y[side]);

        CHECK_STATUS(rc_var_total(g, y[side], &total), RC_OK);
        assert_true(total == (double)value[0]);
        guard_free(value);
    }
    rc_graph_free(g);
}

/* Whichever side does not fit is told, and nothing runs. */
static void what_does_not_fit_is_refused(void **unused)
{
    const int64_t at[] = {0, 1};
    const rc_rows rows = {1, 1, at};
    rc_graph *g = graph_open(2, true);
    rc_var *y[2];

    (void)unused;
    for (int wrong = 0; wrong < 2; wrong++)
        for (int how = 0; how < 3; how++) {
            rc_rnn_args args[2] = {rc_rnn_args_default(), rc_rnn_args_default()};
            rc_var *x = random_leaf(g, rc_shape_2(1, 3), NULL);

            for (int side = 0; side < 2; side++) {
                args[side].w_ih = random_leaf(g, rc_shape_2(8, 3), NULL);
                args[side].w_hh = random_leaf(g, rc_shape_2(8, 2), NULL);
            }
            if (how == 0)
                args[wrong].w_hh = args[wrong].w_ih;
            if (how == 1)
                args[wrong].cell = "lsmt";
            if (how == 2)
                args[wrong].w_ih = RC_NONE;
            assert_false(rcg_rnn_both(g, &rows, x, args, y));
            CHECK_FAILED(g, NULL, how == 0 ? RC_ESHAPE : RC_EINVAL,
                         how == 0   ? "the recurrent weight is (8,3)"
                         : how == 1 ? "'lsmt'"
                                    : "operand 2 is missing");
        }
    rc_graph_free(g);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static rc_status step_on(rc_graph *g, const trial *t)
{
    rc_rnn_args args[2] = {rc_rnn_args_default(), rc_rnn_args_default()};
    rc_real *d = t->d;
    rc_var *y[2];

    rc_graph_reset(g);
    rc_var *x = rc_leaf(g, rc_shape_2(t->N, t->D), t->x, d);
    for (int side = 0; side < 2; side++) {
        args[side].cell = t->cell->name;
        args[side].reverse = side == 1;
        args[side].w_ih = rc_leaf(g, rc_shape_2(tensor_rows(t, 0), t->D), t->w[side][0], d);
        args[side].w_hh = rc_leaf(g, rc_shape_2(tensor_rows(t, 1), t->H), t->w[side][1], d);
        args[side].b_ih = rc_leaf(g, rc_shape_1(tensor_rows(t, 2)), t->w[side][2], NULL);
        args[side].b_hh = rc_leaf(g, rc_shape_1(tensor_rows(t, 3)), t->w[side][3], NULL);
        args[side].state[0] = rc_leaf(g, rc_shape_2(t->B, t->H), t->init[side][0], NULL);
    }
    if (!rcg_rnn_both(g, &t->rows, x, args, y))
        return rc_graph_status(g);
    return rc_graph_backward(g, rc_sum(g, rc_concat(g, 2, y)));
}

static rc_status fresh_step(void *ctx)
{
    rc_graph_options o = rc_graph_options_default();
    rc_graph *g;

    o.threads = 2;
    RC_TRY(rc_graph_new(&g, &o));
    const rc_status status = step_on(g, ctx);
    rc_graph_free(g);
    return status;
}

static void failed_allocations_are_errors_and_a_warm_step_makes_none(void **unused)
{
    rc_graph *g = graph_open(2, true);
    trial t;

    (void)unused;
    (void)check_seed();
    trial_open(&t, rcc_find("lstm"), 6, 20, 9, 70);
    CHECK_EACH_ALLOCATION(fresh_step, &t);
    for (int i = 0; i < 3; i++)
        CHECK_STATUS(step_on(g, &t), RC_OK);
    const uint64_t before = rcb_alloc_count();
    CHECK_STATUS(step_on(g, &t), RC_OK);
    assert_int_equal(rcb_alloc_count(), before);
    trial_close(&t);
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(side_by_side_gives_the_bits_of_one_by_one),
        cmocka_unit_test(so_do_small_ones),
        cmocka_unit_test(so_does_a_side_that_nobody_reads),
        cmocka_unit_test(so_do_two_sides_of_the_same_weights),
        cmocka_unit_test(the_total_of_a_single_number_is_its_value),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(failed_allocations_are_errors_and_a_warm_step_makes_none),
    };
    return cmocka_run_group_tests_name("op_both", tests, NULL, NULL);
}
