/* graph_test.c -- the graph itself: leaves, the sticky status, the reverse sweep, reading, memory.
 */
#include "oracle.h"
#include "problem.h"

#include "graph/graph_in.h"

/* ---- opening --------------------------------------------------------------------------------- */

static void options_default_to_training_on_all_cores(void **unused)
{
    (void)unused;

    const rc_graph_options o = rc_graph_options_default();

    assert_true(o.training && o.threads == 0);
}

static void a_graph_opens_without_options_and_closes(void **unused)
{
    (void)unused;
    rc_graph *g;

    CHECK_STATUS(rc_graph_new(&g, NULL), RC_OK);
    assert_true(rcg_training(g));
    assert_true(rcb_pool_size(rcg_pool(g)) >= 1);
    rc_graph_free(g);
    rc_graph_free(NULL);
}

static void a_graph_of_too_many_threads_is_refused(void **unused)
{
    (void)unused;

    rc_graph_options o = rc_graph_options_default();
    rc_graph *g = (rc_graph *)&o;

    o.threads = -1;
    CHECK_STATUS(rc_graph_new(&g, &o), RC_EINVAL);
    assert_null(g);
}

static void a_graph_on_a_pool_leaves_the_pool_alone(void **unused)
{
    (void)unused;
    rcb_pool *pool;
    rc_graph *g;

    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    CHECK_STATUS(rcg_graph_on(&g, pool, false), RC_OK);
    assert_true(rcg_pool(g) == pool && !rcg_training(g));
    rcg_graph_train(g, true);
    assert_true(rcg_training(g));
    rc_graph_free(g);
    assert_int_equal(rcb_pool_size(pool), 2);
    rcb_pool_free(pool);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static void a_leaf_is_a_copy(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    for (int trial = 0; trial < 30; trial++) {
        rc_shape s = {.rank = (int)pick(1, RC_RANK)};
        rc_real *x, *got, want[4 * 4 * 4 * 40];

        for (int i = 0; i < s.rank; i++)
            s.dim[i] = pick(0, i == s.rank - 1 ? 40 : 4);

        rc_var *v = random_leaf(g, s, &x);
        const int64_t n = shape_count(s);

        for (int64_t i = 0; i < n; i++) {
            want[i] = x[i];
            x[i] = 77;
        }
        got = values_of(g, v);
        CHECK_CLOSE(got, want, n, 0);
        guard_free(got);
        guard_free(x);
    }
    rc_graph_free(g);
}

static void gradients_are_added_to_what_the_caller_has(void **unused)
{
    (void)unused;

    const rc_real x[] = {1, 2, 3};
    rc_real grad[] = {10, 20, 30};
    rc_graph *g = graph_open(1, true);

    for (int i = 1; i <= 3; i++) {
        CHECK_STATUS(rc_graph_backward(g, rc_sum(g, rc_leaf(g, rc_shape_1(3), x, grad))), RC_OK);
        assert_true(grad[0] == 10 + i && grad[1] == 20 + i && grad[2] == 30 + i);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

static void a_leaf_may_be_the_loss(void **unused)
{
    (void)unused;

    const rc_real x = 5;
    rc_real grad = 1;
    rc_graph *g = graph_open(1, true);

    CHECK_STATUS(rc_graph_backward(g, rc_leaf(g, rc_shape_1(1), &x, &grad)), RC_OK);
    assert_true(grad == 2);
    rc_graph_free(g);
}

static void leaves_in_place_are_not_copied(void **unused)
{
    (void)unused;

    _Alignas(64) rc_real x[32] = {0}, grad[32] = {0};
    rc_real back[6];
    rc_graph *g = graph_open(1, true);

    for (int i = 0; i < 6; i++)
        x[i / 3 * 16 + i % 3] = (rc_real)i;

    rc_var *v = rcg_leaf(g, rc_shape_2(2, 3), 16, x, grad);

    assert_true(rcg_rows(v) == x);
    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, rc_mul(g, v, v))), RC_OK);
    CHECK_STATUS(rc_var_read(g, v, back, 6), RC_OK);
    for (int i = 0; i < 6; i++) {
        assert_true(back[i] == i);
        assert_true(grad[i / 3 * 16 + i % 3] == 2 * i);
    }
    for (int i = 0; i < 32; i++)
        assert_true(i % 16 < 3 || grad[i] == 0);
    rc_graph_free(g);
}

/* A frozen parameter, and one of a graph that does not train, take no gradient. */
static void frozen_leaves_want_nothing(void **unused)
{
    (void)unused;

    _Alignas(64) rc_real x[16] = {1}, grad[16] = {0};
    rc_graph *g = graph_open(1, true);
    rc_var *v = rcg_leaf(g, rc_shape_1(3), 16, x, NULL);

    assert_false(v->wants);
    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, v)), RC_EINVAL);
    CHECK_MESSAGE_HAS("nothing that the loss depends on wants a gradient");
    rc_graph_reset(g);
    rcg_graph_train(g, false);
    assert_false(rcg_leaf(g, rc_shape_1(3), 16, x, grad)->wants);
    rc_graph_free(g);
}

static void shapes_that_cannot_be_are_refused(void **unused)
{
    const rc_real x[] = {1, 2};

    (void)unused;
    rc_graph *g = graph_open(1, true);
    const rc_shape none = {0}, five = {.rank = 5, .dim = {1, 1, 1, 1}};

    CHECK_FAILED(g, rc_leaf(g, none, x, NULL), RC_EINVAL,
                 "a shape has 0 axes, 1 to 4 are possible");
    CHECK_FAILED(g, rc_leaf(g, five, x, NULL), RC_EINVAL, "a shape has 5 axes");
    CHECK_FAILED(g, rc_leaf(g, rc_shape_2(2, -1), x, NULL), RC_EINVAL,
                 "shape (2,-1) has a negative axis");
    CHECK_FAILED(g, rc_leaf(g, rc_shape_2(INT64_MAX, INT64_MAX), x, NULL), RC_EINVAL,
                 "is too large");
    CHECK_FAILED(g, rc_leaf(g, rc_shape_3(INT64_MAX, INT64_MAX, 4), x, NULL), RC_EINVAL,
                 "is too large");
    rc_graph_free(g);
}

/* ---- the sticky status ----------------------------------------------------------------------- */

static const int64_t row_at[] = {0, 2, 3};
static const rc_rows rows = {2, 2, row_at};
static const int32_t ids[] = {0, 1, 0};

/* Every operation, on variables that were healthy when the graph was. */
static void call_all(rc_graph *g, rc_var *x, rc_var *w, rc_var *cube, rc_var *out[26])
{
    rc_rnn_args a = rc_rnn_args_default();
    int n = 0;

    a.cell = "tanh";
    a.w_ih = a.w_hh = w;
    out[n++] = rc_add(g, x, x);
    out[n++] = rc_sub(g, x, x);
    out[n++] = rc_mul(g, x, x);
    out[n++] = rc_scale(g, x, 2);
    out[n++] = rc_tanh(g, x);
    out[n++] = rc_sigmoid(g, x);
    out[n++] = rc_relu(g, x);
    out[n++] = rc_exp(g, x);
    out[n++] = rc_log(g, x);
    out[n++] = rc_softmax(g, x);
    out[n++] = rc_log_softmax(g, x);
    out[n++] = rc_sum(g, x);
    out[n++] = rc_mean(g, x);
    out[n++] = rc_linear(g, x, w, RC_NONE);
    out[n++] = rc_bmm(g, cube, cube);
    out[n++] = rc_concat(g, 2, (rc_var *[]){x, x});
    out[n++] = rc_slice(g, x, 0, 1);
    out[n++] = rc_embed(g, w, ids, 3);
    out[n++] = rc_dropout(g, x, 0);
    out[n++] = rc_dropout(g, x, 0.5);
    out[n++] = rc_dropout_locked(g, &rows, x, 0);
    out[n++] = rc_cross_entropy(g, x, ids);
    out[n++] = rc_softmax_loss(g, x, w, RC_NONE, ids);
    out[n++] = rc_squared_error(g, x, x);
    out[n++] = rc_binary_cross_entropy(g, x, x);
    out[n++] = rc_rnn(g, &rows, x, &a);
    assert_int_equal(n, 26);
}

static void after_a_failure_every_operation_is_mute_until_the_reset(void **unused)
{
    (void)unused;
    (void)check_seed();

    const rc_real one = 1;
    rc_graph *g = graph_open(1, true);
    rc_var *out[26];

    for (int round = 0; round < 2; round++) {
        rc_var *x = random_leaf(g, rc_shape_2(3, 2), NULL),
               *w = random_leaf(g, rc_shape_2(2, 2), NULL);
        rc_var *cube = random_leaf(g, rc_shape_3(2, 2, 2), NULL);
        rc_rnn_args a = rc_rnn_args_default();

        a.cell = "tanh";
        a.w_ih = a.w_hh = w;

        rc_var *y = rc_rnn(g, &rows, x, &a);

        call_all(g, x, w, cube, out);
        for (int i = 0; i < 26; i++)
            assert_non_null(out[i]);

        rc_var *loss = rc_sum(g, x);
        double total;
        rc_real value;

        assert_null(rc_slice(g, x, 1, 9));
        call_all(g, x, w, cube, out);
        for (int i = 0; i < 26; i++)
            assert_null(out[i]);
        call_all(g, NULL, NULL, NULL, out);
        for (int i = 0; i < 26; i++)
            assert_null(out[i]);
        assert_null(rc_rnn_state(g, y, 0));
        assert_null(rc_rnn_state(g, NULL, 0));
        assert_null(rc_leaf(g, rc_shape_1(1), &one, NULL));

        /* the first failure is the one that is told, whatever came after */
        (void)rcb_fail(RC_EIO, NULL, "something else");
        CHECK_STATUS(rc_graph_status(g), RC_ESHAPE);
        CHECK_MESSAGE_HAS("slice: 9 columns from 1 on, of a variable with 2");
        CHECK_STATUS(rc_graph_backward(g, loss), RC_ESHAPE);
        CHECK_STATUS(rc_var_total(g, loss, &total), RC_ESHAPE);
        CHECK_STATUS(rc_var_read(g, loss, &value, 1), RC_ESHAPE);
        CHECK_MESSAGE_HAS("slice: 9 columns from 1 on");
        rc_graph_reset(g);
        CHECK_STATUS(rc_graph_status(g), RC_OK);
    }
    rc_graph_free(g);
}

static void the_hint_of_a_failure_is_kept(void **unused)
{
    (void)unused;
    (void)check_seed();

    rc_graph *g = graph_open(1, true);
    rc_rnn_args a = rc_rnn_args_default();

    a.cell = "no such cell";
    a.w_ih = random_leaf(g, rc_shape_2(2, 2), NULL);
    assert_null(rc_rnn(g, &rows, random_leaf(g, rc_shape_2(3, 2), NULL), &a));
    (void)rcb_fail(RC_EIO, NULL, "something else");
    CHECK_STATUS(rc_graph_status(g), RC_EINVAL);
    assert_string_equal(rc_error_hint(), "see: recur list cells");
    rc_graph_free(g);
}

/* ---- the sweep ------------------------------------------------------------------------------- */

static void backward_tells_what_is_wrong_with_the_loss(void **unused)
{
    (void)unused;
    (void)check_seed();

    rc_real x[] = {1, 2, 3, 4}, grad[4] = {0};
    rc_graph *g = graph_open(1, true);

    CHECK_STATUS(rc_graph_backward(g, NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("backward: the loss is missing");
    CHECK_STATUS(rc_graph_status(g), RC_EINVAL);
    rc_graph_reset(g);
    CHECK_STATUS(rc_graph_backward(g, rc_leaf(g, rc_shape_2(2, 2), x, grad)), RC_ESHAPE);
    CHECK_MESSAGE_HAS("backward: the loss has 4 numbers, it must be one");
    rc_graph_reset(g);
    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, random_leaf(g, rc_shape_1(3), NULL))), RC_EINVAL);
    CHECK_MESSAGE_HAS("wants a gradient");
    rc_graph_reset(g);
    rcg_graph_train(g, false);
    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, rc_leaf(g, rc_shape_1(4), x, grad))), RC_EINVAL);
    CHECK_MESSAGE_HAS("not made for training");
    for (int i = 0; i < 4; i++)
        assert_true(grad[i] == 0);
    rc_graph_free(g);
}

/* Gradients of the first sweep would be counted twice. */
static void backward_runs_once_between_resets(void **unused)
{
    (void)unused;

    const rc_real x = 2;
    rc_real grad = 0;
    rc_graph *g = graph_open(1, true);

    for (int i = 1; i <= 2; i++) {
        rc_var *loss = rc_sum(g, rc_leaf(g, rc_shape_1(1), &x, &grad));

        CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
        CHECK_STATUS(rc_graph_backward(g, loss), RC_EINVAL);
        CHECK_MESSAGE_HAS("it has run already");
        assert_true(grad == i);
        rc_graph_reset(g);
    }
    rc_graph_free(g);
}

/* Nodes that the loss does not depend on, before and after it, take no part. */
static void only_what_the_loss_depends_on_gets_a_gradient(void **unused)
{
    (void)unused;

    const rc_real x = 2, y = 3;
    rc_real dx = 0, dy = 0, value;
    rc_graph *g = graph_open(1, true);
    rc_var *a = rc_leaf(g, rc_shape_1(1), &x, &dx), *b = rc_leaf(g, rc_shape_1(1), &y, &dy);
    rc_var *before = rc_mul(g, a, b);
    rc_var *loss = rc_mul(g, a, a);
    rc_var *after = rc_mul(g, loss, b);

    CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
    assert_true(dx == 4 && dy == 0);
    CHECK_STATUS(rc_var_read_grad(g, loss, &value, 1), RC_OK);
    assert_true(value == 1);
    CHECK_STATUS(rc_var_read_grad(g, a, &value, 1), RC_OK);
    assert_true(value == 4);
    CHECK_STATUS(rc_var_read_grad(g, before, &value, 1), RC_EINVAL);
    CHECK_STATUS(rc_var_read_grad(g, after, &value, 1), RC_EINVAL);
    rc_graph_free(g);
}

/* ---- walking --------------------------------------------------------------------------------- */

static void a_graph_is_walked_from_a_result_to_its_leaves(void **unused)
{
    (void)unused;

    const rc_real x[] = {1, 2, 3, 4};
    rc_real parameter[RCK_LANES] = {7};
    rc_graph *g = graph_open(1, true);
    rc_var *a = rc_leaf(g, rc_shape_2(2, 2), x, NULL);
    rc_var *in_place = rcg_leaf(g, rc_shape_1(1), RCK_LANES, parameter, NULL);
    rc_var *y = rc_linear(g, a, a, RC_NONE);
    const rc_var *z = rc_tanh(g, y);

    assert_string_equal(rc_var_op(z), "tanh");
    assert_true(rc_var_operand(z, 0) == y);
    assert_null(rc_var_operand(z, 1));
    assert_null(rc_var_operand(z, -1));
    assert_string_equal(rc_var_op(y), "linear");
    assert_true(rc_var_operand(y, 0) == a && rc_var_operand(y, 1) == a);
    assert_true(rc_var_operand(y, 2) == RC_NONE);
    assert_null(rc_var_operand(y, 3));
    assert_string_equal(rc_var_op(a), "leaf");
    assert_string_equal(rc_var_op(in_place), "leaf");
    assert_null(rc_var_operand(a, 0));
    assert_null(rc_var_operand(in_place, 0));
    assert_string_equal(rc_var_op(RC_NONE), "");
    assert_string_equal(rc_var_op(NULL), "");
    assert_null(rc_var_operand(RC_NONE, 0));
    assert_null(rc_var_operand(NULL, 0));
    rc_graph_free(g);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void reading_needs_a_variable_and_enough_room(void **unused)
{
    (void)unused;
    (void)check_seed();

    rc_real out[6] = {7, 7, 7, 7, 7, 7}, x[6] = {0}, grad[6] = {0};
    double total = 42;
    rc_graph *g = graph_open(1, true);
    rc_var *v = rc_leaf(g, rc_shape_2(2, 3), x, grad);

    CHECK_STATUS(rc_var_read(g, v, out, 5), RC_EINVAL);
    CHECK_MESSAGE_HAS("it has 6 numbers, the room is 5");
    CHECK_STATUS(rc_var_read(g, NULL, out, 6), RC_EINVAL);
    CHECK_STATUS(rc_var_read(g, RC_NONE, out, 6), RC_EINVAL);
    CHECK_STATUS(rc_var_read_grad(g, v, out, 6), RC_EINVAL);
    CHECK_STATUS(rc_var_total(g, v, &total), RC_ESHAPE);
    CHECK_STATUS(rc_var_total(g, NULL, &total), RC_ESHAPE);
    assert_true(total == 42 && out[0] == 7 && out[5] == 7);
    CHECK_STATUS(rc_graph_status(g), RC_OK); /* the graph is as it was */
    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, v)), RC_OK);
    CHECK_STATUS(rc_var_read_grad(g, v, out, 5), RC_EINVAL);
    CHECK_STATUS(rc_var_read_grad(g, v, out, 6), RC_OK);
    for (int i = 0; i < 6; i++)
        assert_true(out[i] == 1);
    assert_int_equal(rc_var_shape(NULL).rank, 0);
    rc_graph_free(g);
}

/* ---- memory ---------------------------------------------------------------------------------- */

enum { VOCAB = 300, UNITS = 40, STEPS = 9, TRACKS = 8, TOKENS = STEPS * TRACKS };

typedef struct small_model {
    rc_real table[VOCAB * UNITS], w_ih[4 * UNITS * UNITS], w_hh[4 * UNITS * UNITS], b[4 * UNITS];
    rc_real d_table[VOCAB * UNITS], d_ih[4 * UNITS * UNITS], d_hh[4 * UNITS * UNITS],
        d_b[4 * UNITS];
    int32_t id[TOKENS], goal[TOKENS];
    int64_t at[STEPS + 1];
} small_model;

static small_model *small_new(void)
{
    static small_model m;

    memset(&m, 0, sizeof m);
    fill_real(m.table, VOCAB * UNITS);
    fill_real(m.w_ih, 4 * UNITS * UNITS);
    fill_real(m.w_hh, 4 * UNITS * UNITS);
    fill_real(m.b, 4 * UNITS);
    for (int i = 0; i < TOKENS; i++) {
        m.id[i] = (int32_t)pick(0, VOCAB - 1);
        m.goal[i] = (int32_t)pick(0, VOCAB - 1);
    }
    for (int t = 0; t <= STEPS; t++)
        m.at[t] = t * TRACKS;
    return &m;
}

/* A step of training: embed, dropout, LSTM, locked dropout, softmax loss, and back. */
static rc_status small_step(rc_graph *g, small_model *m)
{
    const rc_rows r = {STEPS, TRACKS, m->at};
    rc_var *table = rc_leaf(g, rc_shape_2(VOCAB, UNITS), m->table, m->d_table);
    rc_var *x = rc_dropout(g, rc_embed(g, table, m->id, TOKENS), 0.2);
    rc_rnn_args a = rc_rnn_args_default();

    a.w_ih = rc_leaf(g, rc_shape_2(4 * UNITS, UNITS), m->w_ih, m->d_ih);
    a.w_hh = rc_leaf(g, rc_shape_2(4 * UNITS, UNITS), m->w_hh, m->d_hh);
    a.b_ih = rc_leaf(g, rc_shape_1(4 * UNITS), m->b, m->d_b);

    rc_var *y = rc_rnn(g, &r, x, &a);
    rc_var *c = rc_rnn_state(g, y, 1);
    rc_var *h = rc_dropout_locked(g, &r, y, 0.3);
    rc_var *two = rc_concat(g, 2, (rc_var *[]){rc_slice(g, h, 0, 20), rc_slice(g, h, 20, 20)});
    rc_var *loss = rc_softmax_loss(g, two, table, RC_NONE, m->goal);

    loss = rc_add(g, loss, rc_scale(g, rc_sum(g, rc_log_softmax(g, c)), 0.01));
    return rc_graph_backward(g, rc_scale(g, loss, 1.0 / TOKENS));
}

static void a_warm_step_of_training_allocates_nothing(void **unused)
{
    (void)unused;
    (void)check_seed();

    small_model *m = small_new();
    rc_graph *g = graph_open(2, true);
    uint64_t before = 0;

    for (int step = 1; step <= 10; step++) {
        if (step == 3)
            before = rcb_alloc_count();
        CHECK_STATUS(small_step(g, m), RC_OK);
        rc_graph_reset(g);
    }
    assert_int_equal(rcb_alloc_count(), before);
    rc_graph_free(g);
}

/* Scratch dies when the operation returns, whether it went well or not. */
static void scratch_is_given_back_after_every_operation(void **unused)
{
    (void)unused;
    (void)check_seed();

    rc_graph *g = graph_open(1, true);
    const size_t mark = rcb_arena_mark(g->arena);
    rc_var *x = random_leaf(g, rc_shape_2(3, 2), NULL), *w = random_leaf(g, rc_shape_2(2, 2), NULL);

    assert_non_null(rc_linear(g, x, w, RC_NONE)); /* unpacks a weight on the way */
    assert_true(rcb_arena_mark(g->arena) == mark);
    rc_graph_reset(g);
    CHECK_STATUS(small_step(g, small_new()), RC_OK);
    assert_true(rcb_arena_mark(g->arena) == mark);
    rc_graph_free(g);
}

/* The n-th allocation of three steps fails, for every n: an error or, where the arena can do
 * without (it asks again later), none; the next step works; nothing leaks. */
static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    (void)check_seed();

    small_model *m = small_new();
    bool fired = true;
    int errors = 0;

    for (uint64_t n = 1; fired; n++) {
        rc_graph_options o = rc_graph_options_default();
        rc_graph *g;
        rc_status status;
        const uint64_t before = rcb_alloc_count();

        o.threads = 2;
        rcb_alloc_fail_at(n);
        status = rc_graph_new(&g, &o);
        assert_true((status == RC_OK) == (g != NULL));
        for (int step = 0; status == RC_OK && step < 3; step++) {
            status = small_step(g, m);
            if (status != RC_OK)
                CHECK_STATUS(rc_graph_status(g), RC_ENOMEM);
            rc_graph_reset(g);
        }
        fired = rcb_alloc_count() - before >= n;
        rcb_alloc_fail_at(0);
        if (status != RC_OK) {
            CHECK_STATUS(status, RC_ENOMEM);
            assert_true(*rc_error_message() && fired);
            errors++;
        }
        if (g)
            CHECK_STATUS(small_step(g, m), RC_OK);
        rc_graph_free(g);
    }
    assert_true(errors >= 5);
}

/* ---- reproducible masks ---------------------------------------------------------------------- */

static bool same_key(rcb_key a, rcb_key b)
{
    return a.k[0] == b.k[0] && a.k[1] == b.k[1];
}

static void mask_keys_depend_on_seed_step_and_call(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(1, true);

    rcg_graph_seed(g, 5, 10);
    const rcb_key first = rcg_mask_key(g), second = rcg_mask_key(g);
    assert_false(same_key(first, second));

    rc_graph_reset(g); /* the next step */
    const rcb_key next = rcg_mask_key(g);
    assert_false(same_key(first, next));
    rcg_graph_seed(g, 5, 11);
    assert_true(same_key(rcg_mask_key(g), next));
    rcg_graph_seed(g, 5, 10);
    assert_true(same_key(rcg_mask_key(g), first));
    assert_true(same_key(rcg_mask_key(g), second));
    rcg_graph_seed(g, 6, 10);
    assert_false(same_key(rcg_mask_key(g), first));
    rc_graph_free(g);
}

/* Parts of a step draw masks of their own; the first has those of a step that is whole. */
static void parts_of_a_step_have_masks_of_their_own(void **unused)
{
    rc_graph *g = graph_open(1, true);
    rcb_key key[4][3];

    (void)unused;
    for (int part = 0; part < 4; part++) { /* the last is whole */
        rcg_graph_seed(g, 5, 9);
        if (part < 3)
            rcg_graph_part(g, (uint32_t)part);
        for (int i = 0; i < 3; i++)
            key[part][i] = rcg_mask_key(g);
    }
    assert_memory_equal(key[3], key[0], sizeof key[0]);
    for (int a = 0; a < 9; a++)
        for (int b = 0; b < a; b++)
            assert_memory_not_equal(&key[a / 3][a % 3], &key[b / 3][b % 3], sizeof(rcb_key));
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_default_to_training_on_all_cores),
        cmocka_unit_test(a_graph_opens_without_options_and_closes),
        cmocka_unit_test(a_graph_of_too_many_threads_is_refused),
        cmocka_unit_test(a_graph_on_a_pool_leaves_the_pool_alone),
        cmocka_unit_test(a_leaf_is_a_copy),
        cmocka_unit_test(gradients_are_added_to_what_the_caller_has),
        cmocka_unit_test(a_leaf_may_be_the_loss),
        cmocka_unit_test(leaves_in_place_are_not_copied),
        cmocka_unit_test(frozen_leaves_want_nothing),
        cmocka_unit_test(shapes_that_cannot_be_are_refused),
        cmocka_unit_test(after_a_failure_every_operation_is_mute_until_the_reset),
        cmocka_unit_test(the_hint_of_a_failure_is_kept),
        cmocka_unit_test(backward_tells_what_is_wrong_with_the_loss),
        cmocka_unit_test(backward_runs_once_between_resets),
        cmocka_unit_test(only_what_the_loss_depends_on_gets_a_gradient),
        cmocka_unit_test(a_graph_is_walked_from_a_result_to_its_leaves),
        cmocka_unit_test(reading_needs_a_variable_and_enough_room),
        cmocka_unit_test(a_warm_step_of_training_allocates_nothing),
        cmocka_unit_test(scratch_is_given_back_after_every_operation),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(mask_keys_depend_on_seed_step_and_call),
        cmocka_unit_test(parts_of_a_step_have_masks_of_their_own),
    };

    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
