/* questions_test.c -- analogies and pairs of words, by hand; and files that ask nothing. */
#include "model/toy.h"

#include <math.h>

/* Kings and queens, and countries whose capitals lie one step up. */
static const char few[] =
    "king 1 0 0 1\nqueen 0 1 0 1\nman 1 0 0 0\nwoman 0 1 0 0\nparis 0 0 1 0.5\n"
    "france 0 0 1 -0.5\nPrague 0.1 0 1 0.5\nczechia 0.1 0 1 -0.5\nzero 0 0 0 0\n";

static rc_vectors *vectors(const char *text)
{
    rc_vectors *v;

    CHECK_STATUS(rc_vectors_open(&v, toy_file("v.vec", text)), RC_OK);
    return v;
}

static void analogies_are_answered(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors(few);
    const char *path =
        toy_file("q.txt", ": capitals\nParis France Prague Czechia\n"
                          "france paris czechia Prague\nParis France prague czechia\r\n"
                          "\n:  gram1 family \nman woman king queen\n"
                          "man woman king man\nman woman king duchess\n");

    for (int threads = 1; threads <= 3; threads++) {
        rc_vectors_scores *s;

        CHECK_STATUS(rc_vectors_evaluate(v, path, threads, &s), RC_OK);
        assert_true(s->analogies && s->sections == 2);
        assert_string_equal(s->section[0].name, "capitals");
        assert_string_equal(s->section[1].name, "gram1 family");
        /* "Paris" is found in small letters, "prague" is not there */
        assert_true(s->section[0].questions == 3 && s->section[0].asked == 2 &&
                    s->section[0].right == 2);
        assert_true(s->section[1].questions == 3 && s->section[1].asked == 2 &&
                    s->section[1].right == 1);
        assert_true(s->questions == 6 && s->asked == 4 && s->right == 3);
        rc_vectors_scores_free(s);
    }
    rc_vectors_free(v);
}

/* More questions than are answered together. */
static void many_questions_are_answered_alike(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors(few);
    rcb_buf text = {0};
    rc_vectors_scores *s;

    CHECK_STATUS(rcb_buf_puts(&text, ": all\n"), RC_OK);
    for (int i = 0; i < 100; i++)
        CHECK_STATUS(rcb_buf_puts(&text, i % 3 == 0   ? "man woman king queen\n"
                                         : i % 3 == 1 ? "woman man queen woman\n"
                                                      : "man woman king nobody\n"),
                     RC_OK);
    for (int threads = 1; threads <= 4; threads++) {
        CHECK_STATUS(rc_vectors_evaluate(v, toy_file("m.txt", text.p), threads, &s), RC_OK);
        assert_true(s->questions == 100 && s->asked == 67 && s->right == 34);
        rc_vectors_scores_free(s);
    }
    rcb_buf_free(&text);
    rc_vectors_free(v);
}

static void pairs_are_ranked(void **unused)
{
    (void)unused;
    /* cosines with a: b 1, c 0, d -1, e 1 / sqrt(2) */
    rc_vectors *v = vectors("a 1 0\nb 2 0\nc 0 1\nd -1 0\ne 1 1\n");
    rc_vectors_scores *s;

    CHECK_STATUS(rc_vectors_evaluate(
                     v, toy_file("p.txt", "A b 9\na\te\t8.5\na c 3 more\na d 1\nx a 4\n"), 1, &s),
                 RC_OK);
    assert_true(!s->analogies && s->questions == 5 && s->asked == 4);
    CHECK_NEAR(s->spearman, 1, 1e-12);
    rc_vectors_scores_free(s);

    /* ranks of cosines 4 3 2 1; of the numbers, two of them equal, 1.5 4 3 1.5 */
    CHECK_STATUS(rc_vectors_evaluate(v, toy_file("r.txt", "a b 1\na e 9\na c 3\na d 1\n"), 1, &s),
                 RC_OK);
    const double x[] = {1.5, 0.5, -0.5, -1.5}, y[] = {-1, 1.5, 0.5, -1};
    double xy = 0, xx = 0, yy = 0;
    for (int i = 0; i < 4; i++) {
        xy += x[i] * y[i];
        xx += x[i] * x[i];
        yy += y[i] * y[i];
    }
    CHECK_NEAR(s->spearman, xy / sqrt(xx * yy), 1e-12);
    CHECK_NEAR(s->high, tanh(atanh(s->spearman) + 1.959963984540054 * sqrt(1.06)), 1e-12);
    CHECK_NEAR(s->low, tanh(atanh(s->spearman) - 1.959963984540054 * sqrt(1.06)), 1e-12);
    rc_vectors_scores_free(s);

    CHECK_STATUS(rc_vectors_evaluate(v, toy_file("s.txt", "a b 5\na e 5\na c 5\n"), 1, &s), RC_OK);
    assert_true(isnan(s->spearman) && isnan(s->low));
    rc_vectors_scores_free(s);
    rc_vectors_free(v);
}

static void what_asks_nothing_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "no questions"},
        {"\n \n", "no questions"},
        {": empty\n", "no questions"},
        {"a b\n", "line 1 is not two words and a number"},
        {"a b 3\na b c\n", "line 2 has no number"},
        {"a b 3\na b nan\n", "line 2 has no number"},
        {"a b 3\n: x\n", "line 2 begins a section"},
        {": x\na b c d\na b c\n", "line 3 is not four words"},
        {": x\na b c d e\n", "line 2 is not four words"},
    };
    rc_vectors *v = vectors(few);
    rc_vectors_scores *s;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(rc_vectors_evaluate(v, toy_file("b.txt", bad[i].text), 1, &s), RC_EDATA);
        CHECK_MESSAGE_HAS(bad[i].message);
        assert_null(s);
    }
    CHECK_STATUS(rc_vectors_evaluate(v, check_temp_path("missing"), 1, &s), RC_EIO);
    rc_vectors_free(v);
    v = vectors("a 1\nb nan\n");
    CHECK_STATUS(rc_vectors_evaluate(v, toy_file("n.txt", "a b 1\n"), 1, &s), RC_EFORMAT);
    rc_vectors_free(v);
}

struct job {
    const rc_vectors *v;
    const char *path;
};

static rc_status examine(void *ctx)
{
    const struct job *job = ctx;
    rc_vectors_scores *s;

    RC_TRY(rc_vectors_evaluate(job->v, job->path, 1, &s));
    rc_vectors_scores_free(s);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors(few);
    char path[1024];
    struct job job = {v, path};

    (void)snprintf(path, sizeof path, "%s", toy_file("a.txt", ": x\nMan woman king queen\n: y\n"));
    CHECK_EACH_ALLOCATION(examine, &job);
    (void)snprintf(path, sizeof path, "%s", toy_file("c.txt", "Man woman 5\nking queen 3\n"));
    CHECK_EACH_ALLOCATION(examine, &job);
    rc_vectors_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(analogies_are_answered),
        cmocka_unit_test(many_questions_are_answered_alike),
        cmocka_unit_test(pairs_are_ranked),
        cmocka_unit_test(what_asks_nothing_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("questions", tests, NULL, NULL);
}
