/* op_rnn_state_test.c -- the state after the last step of a sequence: whose row it is, where its
 * gradient goes, and what it refuses. Values and gradients of every cell through it are compared
 * with the textbook in op_seq_test.c.
 */
#include "problem.h"

enum { D = 3, H = 5, B = 4, N = 7 };

/* Lengths 3, 2, 2 and 0. */
static const int64_t at[] = {0, 3, 6, 7};
static const rc_rows rows = {3, B, at};

/* A tanh layer over x, from initial states that differ. */
static rc_var *layer(rc_graph *g, bool reverse, rc_var *x, rc_var *init)
{
    rc_rnn_args a = rc_rnn_args_default();

    a.cell = "tanh";
    a.w_ih = random_leaf(g, rc_shape_2(H, D), NULL);
    a.w_hh = random_leaf(g, rc_shape_2(H, H), NULL);
    a.reverse = reverse;
    a.state[0] = init;
    return rc_rnn(g, &rows, x, &a);
}

/* Forward a sequence ends at its last row, in reverse at its first; an empty one as it began. */
static void a_sequence_ends_where_it_was_visited_last(void **unused)
{
    const int64_t last[2][B] = {{6, 4, 5, -1}, {0, 1, 2, -1}};

    (void)unused;
    (void)check_seed();
    for (int reverse = 0; reverse < 2; reverse++) {
        rc_graph *g = graph_open(1, true);
        rc_var *init = random_leaf(g, rc_shape_2(B, H), NULL);
        rc_var *y = layer(g, reverse, random_leaf(g, rc_shape_2(N, D), NULL), init);
        rc_real all[N * H], begin[B * H], end[B * H];

        CHECK_STATUS(rc_var_read(g, rc_rnn_state(g, y, 0), end, B * H), RC_OK);
        CHECK_STATUS(rc_var_read(g, y, all, N * H), RC_OK);
        CHECK_STATUS(rc_var_read(g, init, begin, B * H), RC_OK);
        for (int b = 0; b < B; b++) {
            const int64_t row = last[reverse][b];

            assert_memory_equal(end + b * H, row < 0 ? begin + b * H : all + row * H,
                                H * sizeof *end);
        }
        rc_graph_free(g);
    }
}

/* The axes of the sequence itself are those of time. */
static void its_axis_is_the_batch(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);
    rc_var *y = layer(g, false, random_leaf(g, rc_shape_2(N, D), NULL), RC_NONE);
    const rc_shape s = rc_var_shape(rc_rnn_state(g, y, 0));

    assert_true(s.rank == 2 && s.dim[0] == B && s.dim[1] == H && s.axis[0] == RC_BATCH);
    rc_graph_free(g);
}

static rc_var *build_twice(rc_graph *g, rc_var *const v[], void *ctx)
{
    const bool *reverse = ctx;
    rc_rnn_args a = rc_rnn_args_default();

    a.cell = "tanh";
    a.w_ih = v[1];
    a.w_hh = v[2];
    a.reverse = *reverse;
    a.state[0] = v[3];
    rc_var *y = rc_rnn(g, &rows, v[0], &a);
    rc_var *end = rc_rnn_state(g, y, 0);

    /* read twice, beside the values themselves */
    return rc_add(g, weigh(g, rc_mul(g, end, rc_rnn_state(g, y, 0))), weigh(g, y));
}

static void gradients_of_all_readers_come_together(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int i = 0; i < 2; i++) {
        bool reverse = i != 0;
        problem p = problem_new(build_twice, &reverse);

        (void)problem_add(&p, rc_shape_2(N, D));
        (void)problem_add(&p, rc_shape_2(H, D));
        (void)problem_add(&p, rc_shape_2(H, H));
        (void)problem_add(&p, rc_shape_2(B, H));
        problem_check(&p, "rnn_state", 20);
        problem_free(&p);
    }
}

static void what_is_no_sequence_or_no_state_is_refused(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, true);

    CHECK_FAILED(g, rc_rnn_state(g, random_leaf(g, rc_shape_2(N, D), NULL), 0), RC_EINVAL,
                 "not what rc_rnn() returned");
    CHECK_FAILED(g, rc_rnn_state(g, RC_NONE, 0), RC_EINVAL, "not what rc_rnn() returned");
    CHECK_FAILED(g, rc_rnn_state(g, NULL, 0), RC_EINVAL, "rnn_state: operand 1 is missing");
    rc_var *y = layer(g, false, random_leaf(g, rc_shape_2(N, D), NULL), RC_NONE);
    CHECK_FAILED(g, rc_rnn_state(g, y, 1), RC_EINVAL, "rnn_state: state 1 of a cell with 1");
    y = layer(g, false, random_leaf(g, rc_shape_2(N, D), NULL), RC_NONE);
    CHECK_FAILED(g, rc_rnn_state(g, y, -1), RC_EINVAL, "rnn_state: state -1 of a cell with 1");
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_ends_where_it_was_visited_last),
        cmocka_unit_test(its_axis_is_the_batch),
        cmocka_unit_test(gradients_of_all_readers_come_together),
        cmocka_unit_test(what_is_no_sequence_or_no_state_is_refused),
    };

    return cmocka_run_group_tests_name("op_rnn_state", tests, NULL, NULL);
}
