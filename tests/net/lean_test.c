/* lean_test.c -- parameters in fewer bits: values within half a step, steps of a stack that take
 * them, copies alike, and what cannot be reduced.
 */
#include "net/net.h"

#include "check.h"
#include "sequences.h"

enum { IN = 21, V = 9 };

/* A stack and a table of symbols, with random values; `kept` has the reals of each before. */
typedef struct bench {
    rcn_params ps;
    rcn_stack s;
    rc_real *kept[16];
    rcb_pool *pool;
    rc_graph *g;
} bench;

static rc_real *values(const rcn_param *p)
{
    rc_real *rows = zero_reals(p->count);

    rcn_param_store(p, p->w, rows);
    return rows;
}

static void bench_open(bench *b, const char *cell)
{
    static const int64_t hidden[] = {37, 18};
    const rcn_stack_plan plan = {.cell = cell_named(cell),
                                 .layers = 2,
                                 .hidden = hidden,
                                 .in = IN,
                                 .directions = 1,
                                 .bias = RCN_BIAS_DOUBLE,
                                 .name = "rnn"};

    *b = (bench){0};
    CHECK_STATUS(rcn_stack_new(&b->s, &b->ps, &plan), RC_OK);
    CHECK_STATUS(rcn_params_table(&b->ps, "embed.weight", V, IN), RC_OK);
    randomise(&b->ps, 0.5);
    for (size_t i = 0; i < b->ps.n; i++)
        b->kept[i] = values(&b->ps.p[i]);
    CHECK_STATUS(rcb_pool_new(&b->pool, 1), RC_OK);
    CHECK_STATUS(rcg_graph_on(&b->g, b->pool, false), RC_OK);
}

static void bench_close(bench *b)
{
    for (size_t i = 0; i < b->ps.n; i++)
        rcb_free(b->kept[i]);
    rc_graph_free(b->g);
    rcb_pool_free(b->pool);
    rcn_stack_free(&b->s);
    rcn_params_free(&b->ps);
}

static void matrices_are_rounded_and_biases_are_not(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int bits = RCG_BF16; bits <= RCG_INT8; bits++) {
        bench b;

        bench_open(&b, "gru");
        CHECK_STATUS(rcn_params_lean(&b.ps, (rcg_bits)bits), RC_OK);
        for (size_t i = 0; i < b.ps.n; i++) {
            const rcn_param *p = &b.ps.p[i];
            rc_real *now = values(p);

            assert_int_equal(p->bits, p->rank == 2 ? bits : RCG_REALS);
            assert_int_equal(p->weight.lean != NULL, p->rank == 2 && p->packed);
            assert_int_equal(p->scale != NULL, p->rank == 2 && bits == RCG_INT8);
            for (int64_t k = 0; k < p->count; k++) {
                const double was = (double)b.kept[i][k], is = (double)now[k];
                const double step = p->rank != 2       ? 0
                                    : bits == RCG_BF16 ? fabs(was) / 256
                                                       : 0.5001 * (double)p->scale[k / p->dim[1]];

                assert_true(fabs(is - was) <= step);
            }
            rcb_free(now);
        }
        bench_close(&b);
    }
}

/* Steps with bf16 are those with the same numbers as reals, bit for bit; int8 is near. */
static void steps_take_the_fewer_bits(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int bits = RCG_BF16; bits <= RCG_INT8; bits++)
        for (size_t c = 0; rcc_at(c); c++) {
            static const int64_t at[] = {0, 1};
            const rc_rows rows = {.steps = 1, .seqs = 1, .at = at};
            rcn_stepper *stepper;
            bench b;

            bench_open(&b, rcc_at(c)->name);
            CHECK_STATUS(rcn_params_lean(&b.ps, (rcg_bits)bits), RC_OK);
            CHECK_STATUS(rcn_stepper_new(&stepper, &b.s, &b.ps, SIZE_MAX), RC_OK);
            rc_real *x = random_reals(IN), *got = zero_reals(b.s.out), *want = zero_reals(b.s.out);
            rc_real *state = zero_reals(b.s.state_width), *other = zero_reals(b.s.state_width);

            for (int t = 0; t < 5; t++) {
                rc_graph_reset(b.g);
                rc_var *y = rcn_step_vector(stepper, b.g, x, state);
                rc_var *z = rcn_stack_run(&b.s, &b.ps, b.g, &rows,
                                          rc_leaf(b.g, rc_shape_2(1, IN), x, NULL), other);

                CHECK_STATUS(rc_var_read(b.g, y, got, b.s.out), RC_OK);
                CHECK_STATUS(rc_var_read(b.g, z, want, b.s.out), RC_OK);
                if (bits == RCG_BF16)
                    assert_memory_equal(got, want, (size_t)b.s.out * sizeof *got);
                double off = 0, size = 0;
                for (int64_t k = 0; k < b.s.out; k++) {
                    off += fabs((double)(got[k] - want[k]));
                    size += fabs((double)want[k]);
                }
                assert_true(off <= 0.1 * size + 0.05);
                assert_true(bits == RCG_BF16 || off > 0); /* it is something else that ran */
                memcpy(other, state, (size_t)b.s.state_width * sizeof *state);
            }
            rcb_free(x);
            rcb_free(got);
            rcb_free(want);
            rcb_free(state);
            rcb_free(other);
            rcn_stepper_free(stepper);
            bench_close(&b);
        }
}

static void a_copy_is_alike(void **unused)
{
    (void)unused;
    (void)check_seed();
    rcn_params copy;
    bench b;

    bench_open(&b, "lstm");
    CHECK_STATUS(rcn_params_lean(&b.ps, RCG_INT8), RC_OK);
    CHECK_STATUS(rcn_params_clone(&copy, &b.ps), RC_OK);
    assert_int_equal(copy.p[0].bits, RCG_REALS);
    CHECK_STATUS(rcn_params_lean_copy(&copy, &b.ps), RC_OK);
    for (size_t i = 0; i < copy.n; i++) {
        assert_int_equal(copy.p[i].bits, b.ps.p[i].bits);
        if (copy.p[i].scale)
            assert_memory_equal(copy.p[i].scale, b.ps.p[i].scale,
                                (size_t)copy.p[i].dim[0] * sizeof(rc_real));
    }
    rcn_params_free(&copy);
    bench_close(&b);
}

static void what_cannot_be_is_refused(void **unused)
{
    (void)unused;
    (void)check_seed();
    bench b;

    bench_open(&b, "lstm");
    b.ps.p[0].w[0] = (rc_real)NAN;
    CHECK_STATUS(rcn_params_lean(&b.ps, RCG_INT8), RC_ENAN);
    CHECK_MESSAGE_HAS("rnn.weight_ih_l0");
    bench_close(&b);

    /* the largest number that 16 bits hold, and the first that would round to infinity */
    bench_open(&b, "lstm");
    b.ps.p[0].w[0] = -(rc_real)0x1.FEp127;
    CHECK_STATUS(rcn_params_lean(&b.ps, RCG_BF16), RC_OK);
    assert_true(b.ps.p[0].w[0] == -(rc_real)0x1.FEp127);
    bench_close(&b);
    bench_open(&b, "lstm");
    b.ps.p[0].w[0] = -(rc_real)0x1.FFp127;
    CHECK_STATUS(rcn_params_lean(&b.ps, RCG_BF16), RC_ENAN);
    CHECK_MESSAGE_HAS("'rnn.weight_ih_l0': it has values that bf16 cannot hold");
    bench_close(&b);

    bench_open(&b, "lstm");
    CHECK_STATUS(rcn_params_lean(&b.ps, RCG_BF16), RC_OK);
    CHECK_STATUS(rcn_params_lean(&b.ps, RCG_BF16), RC_EINVAL);
    bench_close(&b);

    rcn_params wide = {0};
    CHECK_STATUS(rcn_params_table(&wide, "wide", 1, 65537), RC_OK);
    CHECK_STATUS(rcn_params_lean(&wide, RCG_INT8), RC_EINVAL);
    rcn_params_free(&wide);
    CHECK_STATUS(rcn_params_table(&wide, "wide", 1, 65537), RC_OK);
    CHECK_STATUS(rcn_params_lean(&wide, RCG_BF16), RC_OK);
    rcn_params_free(&wide);
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_status status = RC_ENOMEM;

    for (uint64_t n = 1; status != RC_OK; n++) {
        bench b;

        bench_open(&b, "lstm");
        rcb_alloc_fail_at(n);
        status = rcn_params_lean(&b.ps, RCG_INT8);
        rcb_alloc_fail_at(0);
        assert_true(status == RC_OK || status == RC_ENOMEM);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_are_rounded_and_biases_are_not),
        cmocka_unit_test(steps_take_the_fewer_bits),
        cmocka_unit_test(a_copy_is_alike),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return rck_select() == RC_OK ? cmocka_run_group_tests_name("lean", tests, NULL, NULL) : 1;
}
