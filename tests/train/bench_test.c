/* bench_test.c -- the kinds of measuring and their options, the words that are measured with, the
 * row around a call. */
#include "bench_rows.h"
#include "train/bench_in.h"

static bool is_word_of(const char *words, const char *word)
{
    const size_t n = strlen(word);

    for (const char *at = words; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strncmp(at, word, n) == 0 && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

static void kinds_have_names_help_and_options(void **unused)
{
    (void)unused;
    const rc_bench_kind *k;
    rc_entry e;
    size_t n = 0;

    for (; (k = rc_bench_kind_at(n)); n++) {
        assert_true(rc_list("benches", n, &e));
        assert_string_equal(e.name, k->name);
        assert_string_equal(e.help, k->help);
        assert_true(is_word_of(k->uses, "seconds") && is_word_of(k->uses, "precision"));
        assert_int_equal(is_word_of(k->uses, "cell"), k->options.cell != NULL);
        assert_int_equal(is_word_of(k->uses, "optimizer"), k->options.optimizer != NULL);
    }
    assert_true(n >= 5);
    assert_false(rc_list("benches", n, &e));
}

static void what_cannot_be_measured_is_refused(void **unused)
{
    (void)unused;
    bench_rows r = {0};
    rc_bench_options o = bench_small("lm");

    CHECK_STATUS(rc_bench("ln", NULL, bench_keep, &r), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot measure 'ln'");
    o.batch = 0;
    CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_EINVAL);
    CHECK_MESSAGE_HAS("batch 0");
    o = bench_small("lm");
    o.vocab = 2;
    CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_EINVAL);
    CHECK_MESSAGE_HAS("vocab 2");
    o = bench_small("lm");
    o.cell = "lsmt";
    CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_EINVAL);
    o = bench_small("lm");
    o.seconds = -1;
    CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_EINVAL);
    o = bench_small("tag");
    o.ragged = o.seq + 1;
    CHECK_STATUS(rc_bench("tag", &o, bench_keep, &r), RC_EINVAL);
    o = bench_small("gemm");
    o.precision = "f8";
    CHECK_STATUS(rc_bench("gemm", &o, bench_keep, &r), RC_EINVAL);
    o = bench_small("lm");
    o.precision = "int8";
    CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_EINVAL);
    o = bench_small("tag");
    o.precision = "bf16";
    CHECK_STATUS(rc_bench("tag", &o, bench_keep, &r), RC_EINVAL);
    CHECK_MESSAGE_HAS("precision bf16");
    assert_int_equal(r.n, 0);
}

static void names_left_out_are_those_of_the_kind(void **unused)
{
    (void)unused;
    bench_rows r = {0};
    rc_bench_options o = bench_small("lm");

    o.cell = o.optimizer = o.precision = NULL;
    CHECK_STATUS(rc_bench("lm", &o, bench_keep, &r), RC_OK);
    assert_int_equal(r.n, 1);
    assert_non_null(strstr(r.name[0], "lstm"));
}

static void words_make_a_vocabulary_of_the_size_that_was_asked_for(void **unused)
{
    (void)unused;
    const int64_t sizes[] = {3, 4, 23, 1000};

    for (size_t i = 0; i < 2 * (sizeof sizes / sizeof *sizes); i++) {
        rcb_buf b = {0};
        rcd_text *t;
        rcd_vocab *v;

        CHECK_STATUS(rct_bench_words(&b, sizes[i / 2], 100, i % 2 != 0), RC_OK);
        CHECK_STATUS(rcd_text_of(&t, "words", b.p, b.n), RC_OK);
        CHECK_STATUS(rcd_vocab_build(&v, RCD_WORD, t, 0, b.n, NULL), RC_OK);
        assert_int_equal(rcd_vocab_size(v), sizes[i / 2]);
        rcd_vocab_free(v);
        rcd_text_free(t);
        rcb_buf_free(&b);
    }
}

/* The k-th word about n / (k ln 1000) times, or all alike. */
static void words_are_as_frequent_as_in_a_language(void **unused)
{
    (void)unused;
    static const char *const words[] = {"w0 ", "w1 ", "w9 "};

    for (int zipf = 0; zipf < 2; zipf++) {
        rcb_buf b = {0};
        int64_t count[3] = {0};

        CHECK_STATUS(rct_bench_words(&b, 1002, 100000, zipf), RC_OK);
        for (const char *at = b.p; at; at = strpbrk(at + 1, " \n"))
            for (int k = 0; k < 3; k++)
                count[k] += strncmp(at + (*at != 'w'), words[k], 3) == 0;
        if (zipf)
            assert_true(count[0] > 9000 && count[1] < 0.7 * (double)count[0] &&
                        count[2] < 0.2 * (double)count[0] && count[2] > 800);
        else
            for (int k = 0; k < 3; k++)
                assert_true(count[k] > 50 && count[k] < 150);
        rcb_buf_free(&b);
    }
}

static rc_status refuse(void *ctx)
{
    (void)ctx;
    return RC_FAIL(RC_EDATA, "no");
}

static void a_call_that_fails_ends_it(void **unused)
{
    (void)unused;
    const rc_bench_options o = bench_small("gemm");
    bench_rows r = {0};
    const rct_bench b = {.o = &o, .fn = bench_keep, .ctx = &r};
    rc_bench_row row = {.name = "nothing"};
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(rct_bench_time(&b, &row, rck, pool, refuse, NULL), RC_EDATA);
    rcb_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_names_help_and_options),
        cmocka_unit_test(what_cannot_be_measured_is_refused),
        cmocka_unit_test(names_left_out_are_those_of_the_kind),
        cmocka_unit_test(words_make_a_vocabulary_of_the_size_that_was_asked_for),
        cmocka_unit_test(words_are_as_frequent_as_in_a_language),
        cmocka_unit_test(a_call_that_fails_ends_it),
    };
    return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
