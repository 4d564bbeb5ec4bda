/* evaluate_test.c -- a file, or a part of it, is scored as its text is. */
#include "model/toy.h"

static rc_evaluation score(const rc_model *m, const char *path, const rc_eval_options *o)
{
    rc_evaluation e;

    CHECK_STATUS(rc_model_evaluate(m, path, o, &e), RC_OK);
    return e;
}

static void parts_of_a_file_are_cut_by_bytes(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "4");
    TOY_PATH(whole, "whole.txt");
    TOY_PATH(half, "half.txt");
    rc_eval_options o = rc_eval_options_default();

    (void)toy_file("whole.txt", "to be or not to be that");
    (void)toy_file("half.txt", "or not to be");
    o.from = 6 / 23.0;
    o.to = 18 / 23.0;
    const rc_evaluation part = score(m, whole, &o);
    const rc_evaluation want = score(m, half, NULL);
    assert_int_equal(part.tokens, 12);
    assert_true(part.nats == want.nats);
    assert_int_equal(score(m, whole, NULL).tokens, 23);
    rc_model_free(m);
}

static void unknown_symbols_and_characters_are_counted(void **unused)
{
    (void)unused;
    rc_model *m = toy_model((const char *const[]){"level", "word", "hidden", "4", NULL}, TOY_TEXT);
    const rc_evaluation e = score(m, toy_file("u.txt", "to b\xc3\xa9 or\nfoo\n"), NULL);

    assert_int_equal(e.tokens, 6);
    assert_int_equal(e.unknown, 2);
    assert_int_equal(e.chars, 13);
    rc_model_free(m);
}

static void threads_do_not_change_the_bits(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "40", "layers", "2", "cell", "gru");
    TOY_PATH(path, "bits.txt");
    rc_eval_options o = {.tracks = 3, .to = 1, .threads = 1};

    (void)toy_file("bits.txt", TOY_TEXT TOY_TEXT TOY_TEXT TOY_TEXT);
    const double want = score(m, path, &o).nats;
    for (o.threads = 2; o.threads <= 4; o.threads++)
        assert_true(score(m, path, &o).nats == want);
    rc_model_free(m);
}

static void bad_wishes_and_bad_files_are_refused(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "4");
    TOY_PATH(path, "good.txt");
    TOY_PATH(empty, "empty.txt");
    TOY_PATH(bad, "bad.txt");
    const struct {
        const char *path;
        rc_eval_options o;
        rc_status status;
        const char *message;
    } cases[] = {
        {path, {.tracks = 0, .to = 1}, RC_EINVAL, "cannot evaluate in 0 tracks"},
        {path, {.tracks = 1, .from = 0.5, .to = 0.5}, RC_EINVAL, "the part from 0.5 to 0.5"},
        {path, {.tracks = 1, .from = -1, .to = 1}, RC_EINVAL, "the part from -1 to 1"},
        {path, {.tracks = 1, .to = (double)NAN}, RC_EINVAL, "must lie between 0 and 1"},
        {path, {.tracks = 1, .from = 0.99999, .to = 1}, RC_EDATA, "there is nothing in it"},
        {empty, {.tracks = 1, .to = 1}, RC_EDATA, "there is nothing in it"},
        {bad, {.tracks = 1, .to = 1}, RC_EDATA, "is not UTF-8"},
        {"/no/such/file", {.tracks = 1, .to = 1}, RC_EIO, "/no/such/file"},
    };

    (void)toy_file("good.txt", "to b\xc3\xa9");
    (void)toy_file("empty.txt", "");
    (void)toy_file("bad.txt", "to \xff");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_evaluation e;

        CHECK_STATUS(rc_model_evaluate(m, cases[i].path, &cases[i].o, &e), cases[i].status);
        CHECK_MESSAGE_HAS(cases[i].message);
    }
    rc_model_free(m);
}

/* A coin of one half takes a bit for every symbol; the model takes more. */
static void a_source_scores_what_the_model_scores(void **unused)
{
    (void)unused;
    rc_model *m = toy_model((const char *const[]){"hidden", "4", NULL}, "01");
    rc_eval_options o = rc_eval_options_default();
    TOY_PATH(path, "coin.txt");

    (void)toy_file("coin.txt", "0110100010111010");
    assert_true(isnan(score(m, path, &o).source));
    CHECK_STATUS(rc_source_new(&o.source, "coin:0.5"), RC_OK);
    for (int half = 0; half < 2; half++) {
        o.from = half / 2.0;
        const rc_evaluation e = score(m, path, &o);

        assert_int_equal(e.tokens, half ? 8 : 16);
        CHECK_NEAR(e.source, (double)e.tokens * log(2), 1e-12);
        assert_true(e.nats > e.source);
        o.stepwise = true;
        CHECK_NEAR(score(m, path, &o).source, e.source, 1e-12);
        o.stepwise = false;
    }
    rc_source_free(o.source);
    rc_model_free(m);
}

/* Memory of the text before counts for the source, whatever the model begins with. */
static void a_source_has_read_what_is_before(void **unused)
{
    (void)unused;
    rc_model *m = toy_model((const char *const[]){"hidden", "4", NULL}, "01");
    rc_eval_options o = {.tracks = 1, .from = 0.5, .to = 1};
    TOY_PATH(path, "even.txt");

    (void)toy_file("even.txt", "01101110");
    CHECK_STATUS(rc_source_new(&o.source, "even:0.5"), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, path, &o, &(rc_evaluation){0}), RC_EDATA);
    CHECK_MESSAGE_HAS("even.txt': line 1, byte 8: source 'even:0.5' cannot say '0' here");
    rc_source_free(o.source);
    rc_model_free(m);
}

static void what_a_source_cannot_be_compared_with_is_refused(void **unused)
{
    (void)unused;
    const char *const words[] = {"level", "word", "hidden", "4", NULL};
    rc_model *m[] = {toy_model(words, "01 10"), toy_model(words + 2, "00a\n")};
    static const char *const messages[] = {"a symbol of the model is a word",
                                           "the model does not know 2 of its symbols"};
    rc_eval_options o = rc_eval_options_default();
    TOY_PATH(path, "coin.txt");

    (void)toy_file("coin.txt", "0110");
    CHECK_STATUS(rc_source_new(&o.source, "coin:0.5"), RC_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(rc_model_evaluate(m[i], path, &o, &(rc_evaluation){0}),
                     i == 0 ? RC_EINVAL : RC_EDATA);
        CHECK_MESSAGE_HAS(messages[i]);
        rc_model_free(m[i]);
    }
    rc_source_free(o.source);
}

struct job {
    const rc_model *m;
    const char *path;
};

static rc_status evaluate_once(void *ctx)
{
    const struct job *job = ctx;
    const rc_eval_options o = {.tracks = 1, .to = 1, .threads = 1};
    rc_evaluation e;

    return rc_model_evaluate(job->m, job->path, &o, &e);
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    TOY_PATH(path, "alloc.txt");
    rc_model *m = TOY("hidden", "4");
    struct job job = {m, path};

    (void)toy_file("alloc.txt", TOY_TEXT);
    CHECK_EACH_ALLOCATION(evaluate_once, &job);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_file_are_cut_by_bytes),
        cmocka_unit_test(unknown_symbols_and_characters_are_counted),
        cmocka_unit_test(threads_do_not_change_the_bits),
        cmocka_unit_test(bad_wishes_and_bad_files_are_refused),
        cmocka_unit_test(a_source_scores_what_the_model_scores),
        cmocka_unit_test(a_source_has_read_what_is_before),
        cmocka_unit_test(what_a_source_cannot_be_compared_with_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
