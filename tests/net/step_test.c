/* step_test.c -- stepping gives the bits of a stack that is run as operations of a graph, for every
 * cell, bias and connection, from vectors and from symbols, for any number of threads, and
 * allocates nothing once it is warm. */
#include "net/net.h"

#include "check.h"
#include "sequences.h"

#include <pthread.h>

enum { LAYERS = 3, SYMBOLS = 23, STEPS = 6 };

/* A stack, its symbols (plain or tied), and two graphs. */
typedef struct bench {
    rcn_params ps;
    rcn_stack s;
    int64_t hidden[LAYERS];
    size_t table;
    rcb_pool *pool;
    rc_graph *whole, *single;
    rcn_stepper *stepper;
} bench;

static void bench_open(bench *b, const rcc_cell *cell, int64_t most, bool tied)
{
    const bool even = pick(0, 1);
    const int64_t in = pick(1, most);

    *b = (bench){0};
    for (int i = 0; i < LAYERS; i++)
        b->hidden[i] = even ? in : pick(1, most);
    const rcn_stack_plan plan = {.cell = cell,
                                 .layers = (int)pick(1, LAYERS),
                                 .hidden = b->hidden,
                                 .in = in,
                                 .directions = 1,
                                 .bias = (rcn_bias)pick(RCN_BIAS_NONE, RCN_BIAS_DOUBLE),
                                 .skip = (rcn_skip)pick(0, RCN_SKIP_COUNT - 1),
                                 .dropout = 0.5,
                                 .zoneout = pick(0, 1) ? 0.3 : 0,
                                 .zoneout_memory = rcc_memory(cell) > 0 && pick(0, 1) ? 0.6 : 0,
                                 .window = pick(0, 3),
                                 .deep_in = pick(0, 1) ? pick(1, most) : 0,
                                 .deep_out = pick(0, 1) ? pick(1, most) : 0,
                                 .name = "rnn"};

    CHECK_STATUS(rcn_stack_new(&b->s, &b->ps, &plan), RC_OK);
    b->table = b->ps.n;
    if (tied)
        CHECK_STATUS(rcn_params_weight(&b->ps, "out.weight", 2, 1, (const int[]){1}, SYMBOLS, in),
                     RC_OK);
    else
        CHECK_STATUS(rcn_params_table(&b->ps, "embed.weight", SYMBOLS, in), RC_OK);
    randomise(&b->ps, 0.7);
    CHECK_STATUS(rcb_pool_new(&b->pool, most > 40 ? (int)pick(2, 3) : 1), RC_OK);
    CHECK_STATUS(rcn_params_refresh(&b->ps, b->pool), RC_OK);
    CHECK_STATUS(rcg_graph_on(&b->whole, b->pool, false), RC_OK);
    CHECK_STATUS(rcg_graph_on(&b->single, b->pool, false), RC_OK);
    CHECK_STATUS(rcn_stepper_new(&b->stepper, &b->s, &b->ps, b->table), RC_OK);
}

static void bench_close(bench *b)
{
    rcn_stepper_free(b->stepper);
    rc_graph_free(b->single);
    rc_graph_free(b->whole);
    rcb_pool_free(b->pool);
    rcn_stack_free(&b->s);
    rcn_params_free(&b->ps);
}

/* One step both ways, each with its state; the same bits. x NULL: the symbol id. */
static void check_step(bench *b, int32_t id, const rc_real *x, rc_real *state, rc_real *want_state)
{
    static const int64_t at[] = {0, 1};
    const rc_rows rows = {.steps = 1, .seqs = 1, .at = at};
    rc_real *got = zero_reals(b->s.out), *want = zero_reals(b->s.out);

    rc_graph_reset(b->whole);
    rc_graph_reset(b->single);
    rc_var *in = x ? rc_leaf(b->whole, rc_shape_2(1, b->s.plan.in), x, NULL)
                   : rc_embed(b->whole, rcn_var(b->whole, &b->ps.p[b->table]), &id, 1);
    rc_var *y = rcn_stack_run(&b->s, &b->ps, b->whole, &rows, in, want_state);
    rc_var *z = x ? rcn_step_vector(b->stepper, b->single, x, state)
                  : rcn_step_symbol(b->stepper, b->single, id, state);

    CHECK_STATUS(rc_var_read(b->whole, y, want, b->s.out), RC_OK);
    CHECK_STATUS(rc_var_read(b->single, z, got, b->s.out), RC_OK);
    assert_memory_equal(got, want, (size_t)b->s.out * sizeof *got);
    assert_memory_equal(state, want_state, (size_t)b->s.state_width * sizeof *state);
    rcb_free(got);
    rcb_free(want);
}

static void a_step_has_the_bits_of_the_whole(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (size_t c = 0; rcc_at(c); c++)
        for (int trial = 0; trial < 12; trial++) {
            bench b;

            /* the largest are worth several workers */
            bench_open(&b, rcc_at(c), trial < 9 ? 40 : 350, trial % 2);
            rc_real *state = zero_reals(b.s.state_width), *want = zero_reals(b.s.state_width);

            for (int t = 0; t < STEPS; t++) {
                rc_real *x = random_reals(b.s.plan.in);
                const int32_t id = (int32_t)pick(0, 3); /* some come again */

                check_step(&b, id, t % 3 == 2 ? x : NULL, state, want);
                rcb_free(x);
            }
            rcb_free(state);
            rcb_free(want);
            bench_close(&b);
        }
}

static void two_directions_are_refused(void **unused)
{
    (void)unused;
    const int64_t hidden[] = {4};
    const rcn_stack_plan plan = {.cell = rcc_at(0),
                                 .layers = 1,
                                 .hidden = hidden,
                                 .in = 3,
                                 .directions = 2,
                                 .bias = RCN_BIAS_SINGLE,
                                 .name = "rnn"};
    rcn_params ps = {0};
    rcn_stack s;
    rcn_stepper *stepper;

    CHECK_STATUS(rcn_stack_new(&s, &ps, &plan), RC_OK);
    CHECK_STATUS(rcn_stepper_new(&stepper, &s, &ps, SIZE_MAX), RC_EINVAL);
    assert_null(stepper);
    rcn_stack_free(&s);
    rcn_params_free(&ps);
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    (void)check_seed();
    bench b;
    rcn_stepper *stepper = NULL;
    rc_status status = RC_ENOMEM;

    bench_open(&b, rcc_at(0), 20, false);
    for (uint64_t n = 1; status != RC_OK; n++) {
        rcb_alloc_fail_at(n);
        status = rcn_stepper_new(&stepper, &b.s, &b.ps, b.table);
        rcb_alloc_fail_at(0);
        assert_true(status == RC_OK || status == RC_ENOMEM);
        assert_int_equal(stepper != NULL, status == RC_OK);
    }
    rcn_stepper_free(stepper);
    bench_close(&b);
}

static void a_warm_step_allocates_nothing(void **unused)
{
    (void)unused;
    (void)check_seed();
    bench b;

    bench_open(&b, rcc_at(0), 60, false);
    rc_real *state = zero_reals(b.s.state_width);
    uint64_t before = 0;

    for (int32_t t = 0; t < 20; t++) {
        if (t == 5)
            before = rcb_alloc_count();
        rc_graph_reset(b.single);
        assert_non_null(rcn_step_symbol(b.stepper, b.single, t % SYMBOLS, state));
    }
    assert_true(rcb_alloc_count() == before);
    rcb_free(state);
    bench_close(&b);
}

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct walker {
    const bench *b;
    rc_graph *g;
    rc_real *state;
} walker;

static void *walk(void *arg)
{
    const walker *w = arg;

    for (int32_t t = 0; t < 400; t++) {
        rc_graph_reset(w->g);
        if (!rcn_step_symbol(w->b->stepper, w->g, t * 7 % SYMBOLS, w->state))
            return NULL;
    }
    return arg;
}

static void threads_share_a_stepper(void **unused)
{
    enum { WALKERS = 4 };
    (void)unused;
    (void)check_seed();
    bench b;
    walker w[WALKERS];
    pthread_t id[WALKERS];

    bench_open(&b, rcc_at(0), 60, false);
    for (int i = 0; i < WALKERS; i++) {
        w[i] = (walker){.b = &b, .state = zero_reals(b.s.state_width)};
        CHECK_STATUS(rcg_graph_on(&w[i].g, b.pool, false), RC_OK);
    }
    for (int i = 0; i < WALKERS; i++)
        assert_int_equal(pthread_create(&id[i], NULL, walk, &w[i]), 0);
    for (int i = 0; i < WALKERS; i++) {
        void *done;

        assert_int_equal(pthread_join(id[i], &done), 0);
        assert_non_null(done);
        assert_memory_equal(w[i].state, w[0].state, (size_t)b.s.state_width * sizeof *w[i].state);
    }
    for (int i = 0; i < WALKERS; i++) {
        rc_graph_free(w[i].g);
        rcb_free(w[i].state);
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_has_the_bits_of_the_whole),
        cmocka_unit_test(two_directions_are_refused),
        cmocka_unit_test(every_refused_allocation_is_an_error),
        cmocka_unit_test(a_warm_step_allocates_nothing),
        cmocka_unit_test(threads_share_a_stepper),
    };

    return rck_select() == RC_OK ? cmocka_run_group_tests_name("step", tests, NULL, NULL) : 1;
}
