/* bench_train_test.c -- training that is measured is training: every cell, operations as counted by
 * hand, memory within 15% of what is said before. */
#include "bench_rows.h"

static void a_language_model_is_measured(void **unused)
{
    (void)unused;
    const char *const optimizers[] = {"sgd", "adam"};

    for (int64_t layers = 1; layers <= 3; layers++)
        for (size_t k = 0; k < 2; k++)
            for (int threads = 1; threads <= 2; threads++) {
                bench_rows r = {0};
                rc_bench_options o = bench_small("lm");

                o.layers = layers;
                o.hidden = 64;
                o.seq = 20;
                o.vocab = 300;
                o.optimizer = optimizers[k];
                o.threads = threads;
                o.precision = layers == 2 ? "bf16" : NULL;
                CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_OK);
                assert_int_equal(r.n, 1);
                assert_int_equal(strstr(r.name[0], "bf16") != NULL, layers == 2);
                assert_int_equal(r.row[0].threads, threads);
                assert_int_equal(r.row[0].tokens, 3 * 20);
                assert_true(r.row[0].flops == 6.0 * 60 * (double)(layers * 256 * 128 + 300 * 64));
                CHECK_NEAR((double)r.row[0].predicted / (double)r.row[0].bytes, 1, 0.15);
            }
}

/* Its own operations and the memory that was said; a part of the vocabulary is less work. */
static void every_output_layer_is_measured(void **unused)
{
    (void)unused;
    rc_entry e;

    for (size_t i = 0; rc_list("outputs", i, &e); i++) {
        bench_rows r = {0};
        rc_bench_options o = bench_small("lm");
        const double layers = 6.0 * 60 * (double)(2 * 256 * 128), full = 6.0 * 60 * 2000 * 64;

        o.output = e.name;
        o.hidden = 64;
        o.seq = 20;
        o.vocab = 2000;
        CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_OK);
        assert_int_equal(r.n, 1);
        assert_int_equal(strstr(r.name[0], e.name) != NULL, i > 0);
        CHECK_NEAR((double)r.row[0].predicted / (double)r.row[0].bytes, 1, 0.15);
        assert_true(i > 0 || r.row[0].flops == layers + full);
        assert_true(r.row[0].flops > layers && r.row[0].flops <= layers + full);
    }
    bench_rows r = {0};
    rc_bench_options o = bench_small("lm");

    o.output = "none";
    CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_EINVAL);
}

static void every_cell_is_measured(void **unused)
{
    (void)unused;
    bench_rows r = {0};
    rc_entry e;
    const rc_bench_options o = bench_small("cells");

    CHECK_STATUS(rc_bench("cells", &o, bench_keep, &r), RC_OK);
    for (int i = 0; i < r.n; i++) {
        assert_true(rc_list("cells", (size_t)i, &e));
        assert_string_equal(r.name[i], e.name);
        assert_int_equal(r.row[i].tokens, 3 * 7);
        assert_true(r.row[i].bytes > 0 && r.row[i].predicted > 0);
    }
    assert_false(rc_list("cells", (size_t)r.n, &e));
}

static rc_status measure(void *ctx)
{
    bench_rows r = {0};

    return rc_bench("lm", ctx, bench_keep, &r);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    rc_bench_options o = bench_small("lm");

    o.vocab = 5;
    o.batch = 2;
    o.layers = 1;
    CHECK_EACH_ALLOCATION(measure, &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_language_model_is_measured),
        cmocka_unit_test(every_output_layer_is_measured),
        cmocka_unit_test(every_cell_is_measured),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("bench_train", tests, NULL, NULL);
}
