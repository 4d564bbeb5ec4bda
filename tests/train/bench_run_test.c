/* bench_run_test.c -- steps, taggers and layers that are measured: tokens and operations as counted
 * by hand. */
#include "bench_rows.h"

static void a_step_of_a_language_model_is_measured(void **unused)
{
    (void)unused;
    bench_rows r = {0};
    rc_bench_options o = bench_small("step");

    o.cell = "gru";
    o.embed = 16;
    o.layers = 2;
    CHECK_STATUS(rc_bench("step", &o, bench_keep, &r), RC_OK);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.row[0].tokens, 1);
    assert_true(r.row[0].flops == 2.0 * (72 * (16 + 24) + 72 * (24 + 24) + 50 * 24));
    assert_true(r.row[0].reads >= (72 * (16 + 24) + 72 * 48 + 50 * 24) * (double)sizeof(rc_real));
}

static void a_step_of_bare_layers_has_no_output(void **unused)
{
    (void)unused;
    rc_entry e;

    for (size_t i = 0; rc_list("cells", i, &e); i++) {
        bench_rows r = {0};
        rc_bench_options o = bench_small("step");

        o.cell = e.name;
        o.vocab = 0;
        o.layers = 2;
        CHECK_STATUS(rc_bench("step", &o, bench_keep, &r), RC_OK);
        assert_int_equal(r.n, 1);
        if (strcmp(e.name, "lstm") == 0)
            assert_true(r.row[0].flops == 2.0 * 2 * 96 * 48);
    }
}

static void a_tagger_is_measured_over_the_rows_there_are(void **unused)
{
    (void)unused;
    const int64_t ragged[] = {0, 1, 4, 7};
    const int64_t rows[] = {21, 7 + 4 + 1, 7 + 6 + 4, 21};

    for (size_t i = 0; i < 4; i++) {
        bench_rows r = {0};
        rc_bench_options o = bench_small("tag");

        o.ragged = ragged[i];
        o.embed = 10;
        CHECK_STATUS(rc_bench("tag", &o, bench_keep, &r), RC_OK);
        assert_int_equal(r.n, 1);
        assert_int_equal(r.row[0].tokens, rows[i]);
        assert_true(r.row[0].flops == (double)rows[i] * 2 * (2 * 96 * (10 + 24) + 45 * 48));
    }
}

static void layers_are_measured_there_and_back(void **unused)
{
    (void)unused;
    const int64_t ragged[] = {0, 4};
    const int64_t rows[] = {21, 7 + 6 + 4};
    rc_entry e;

    for (size_t i = 0; rc_list("cells", i, &e); i++)
        for (size_t k = 0; k < 2; k++) {
            bench_rows r = {0};
            rc_bench_options o = bench_small("layers");

            o.cell = e.name;
            o.layers = 2;
            o.embed = 10;
            o.ragged = ragged[k];
            o.threads = 1 + (int64_t)k;
            CHECK_STATUS(rc_bench("layers", &o, bench_keep, &r), RC_OK);
            assert_int_equal(r.n, 1);
            assert_int_equal(r.row[0].tokens, rows[k]);
            if (strcmp(e.name, "lstm") == 0)
                assert_true(r.row[0].flops == 3 * 2 * 96 * (10 + 24 + 48) * (double)rows[k]);
        }
}

typedef struct bench_case {
    const char *kind;
    rc_bench_options o;
} bench_case;

static rc_status measure(void *ctx)
{
    const bench_case *c = ctx;
    bench_rows r = {0};

    return rc_bench(c->kind, &c->o, bench_keep, &r);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bench_case cases[] = {{"step", bench_small("step")},
                          {"step", bench_small("step")},
                          {"tag", bench_small("tag")},
                          {"layers", bench_small("layers")}};

    cases[0].o.vocab = 5;
    cases[1].o.vocab = 0;
    for (size_t i = 0; i < 4; i++) {
        cases[i].o.layers = 1;
        CHECK_EACH_ALLOCATION(measure, &cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_a_language_model_is_measured),
        cmocka_unit_test(a_step_of_bare_layers_has_no_output),
        cmocka_unit_test(a_tagger_is_measured_over_the_rows_there_are),
        cmocka_unit_test(layers_are_measured_there_and_back),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("bench_run", tests, NULL, NULL);
}
