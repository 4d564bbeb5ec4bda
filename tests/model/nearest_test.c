/* nearest_test.c -- what is near among word vectors, by hand. */
#include "model/toy.h"

#include <math.h>

static const char four[] =
    "6 2\nking 4 1\nman 2 0\nwoman 0 3\nqueen 2.2 3.4\nnothing 0 0\nkings 8 2\n";

static rc_vectors *vectors(const char *text)
{
    rc_vectors *v;

    CHECK_STATUS(rc_vectors_open(&v, toy_file("v.vec", text)), RC_OK);
    return v;
}

static int64_t find(const rc_vectors *v, const char *word)
{
    return rc_vectors_find(v, word, strlen(word));
}

static void the_nearest_are_those_of_the_formula(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors(four);
    rc_neighbour out[6];
    int64_t count;

    assert_true(rc_vectors_count(v) == 6 && rc_vectors_dim(v) == 2);
    assert_true(find(v, "queen") == 3 && find(v, "Queen") == -1 && find(v, "kin") == -1);
    for (int threads = 1; threads <= 4; threads++) {
        CHECK_STATUS(
            rc_vectors_nearest(v, &(rc_vector_term){0, 1, NULL}, 1, threads, 6, out, &count),
            RC_OK);
        assert_int_equal(count, 4); /* not itself, and not what has no direction */
        assert_int_equal(out[0].word, 5);
        CHECK_NEAR(out[0].cosine, 1, 1e-6);
        assert_int_equal(out[1].word, 1);
        CHECK_NEAR(out[1].cosine, 4 / sqrt(17), 1e-6);
        assert_int_equal(out[2].word, 3);
        CHECK_NEAR(out[2].cosine, (4 * 2.2 + 3.4) / sqrt(17 * (2.2 * 2.2 + 3.4 * 3.4)), 1e-6);
        assert_int_equal(out[3].word, 2);
        CHECK_STATUS(
            rc_vectors_nearest(v, &(rc_vector_term){0, 1, NULL}, 1, threads, 2, out, &count),
            RC_OK);
        assert_true(count == 2 && out[0].word == 5 && out[1].word == 1);
    }
    /* woman - man + king, each of length 1: (-1 + 4/sqrt(17), 1 + 1/sqrt(17)) */
    const double x = 4 / sqrt(17) - 1, y = 1 + 1 / sqrt(17);
    CHECK_STATUS(
        rc_vectors_nearest(v, (const rc_vector_term[]){{1, -1, NULL}, {0, 1, NULL}, {2, 1, NULL}},
                           3, 1, 1, out, &count),
        RC_OK);
    assert_true(count == 1 && out[0].word == 3);
    CHECK_NEAR(out[0].cosine, (2.2 * x + 3.4 * y) / sqrt((x * x + y * y) * (2.2 * 2.2 + 3.4 * 3.4)),
               1e-6);
    rc_vectors_free(v);
}

/* A vector in place of a word's: nothing is left out for it. */
static void a_vector_may_be_asked(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors(four);
    const rc_real x[2] = {8, 2};
    rc_neighbour out[6];
    int64_t count;

    CHECK_STATUS(rc_vectors_nearest(v, &(rc_vector_term){-1, 1, x}, 1, 2, 2, out, &count), RC_OK);
    assert_true(count == 2 && out[0].word == 0 && out[1].word == 5);
    rc_vectors_free(v);
}

static void equal_ones_come_by_number(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors("a 1 0\nb 0 1\nc 0 1\nd 0 2\ne 0 1\n");
    rc_neighbour out[3];
    int64_t count;

    for (int threads = 1; threads <= 5; threads++) {
        CHECK_STATUS(
            rc_vectors_nearest(v, &(rc_vector_term){0, 1, NULL}, 1, threads, 3, out, &count),
            RC_OK);
        assert_true(count == 3 && out[0].word == 1 && out[1].word == 2 && out[2].word == 3);
    }
    rc_vectors_free(v);
}

static void what_cannot_be_asked_is_refused(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors("a 1 0\nb 0 1\nc -1 0\nd 1 nan\n");
    rc_neighbour out[3];
    rc_real x[2];
    int64_t count;

    CHECK_STATUS(rc_vectors_nearest(v, NULL, 0, 1, 3, out, &count), RC_EINVAL);
    CHECK_STATUS(rc_vectors_nearest(v, &(rc_vector_term){4, 1, NULL}, 1, 1, 3, out, &count),
                 RC_EINVAL);
    CHECK_STATUS(rc_vectors_nearest(v, (const rc_vector_term[]){{0, 1, NULL}, {2, 1, NULL}}, 2, 1,
                                    3, out, &count),
                 RC_EDATA);
    for (int threads = 1; threads <= 3; threads++) {
        CHECK_STATUS(
            rc_vectors_nearest(v, &(rc_vector_term){0, 1, NULL}, 1, threads, 3, out, &count),
            RC_EFORMAT);
        CHECK_MESSAGE_HAS("vector 4");
    }
    CHECK_STATUS(rc_vectors_read(v, 1, x), RC_OK);
    assert_true(x[0] == 0 && x[1] == 1);
    CHECK_STATUS(rc_vectors_read(v, 9, x), RC_EINVAL);
    rc_vectors_free(v);
    CHECK_STATUS(rc_vectors_open(&v, toy_file("w.vec", "2 2\na 1 0\n")), RC_EFORMAT);
    assert_null(v);
    CHECK_STATUS(rc_vectors_open(&v, check_temp_path("missing")), RC_EIO);
}

static rc_status ask(void *ctx)
{
    rc_neighbour out[3];
    rc_vectors *v;
    int64_t count;

    RC_TRY(rc_vectors_open(&v, ctx));
    const rc_status s = rc_vectors_nearest(v, &(rc_vector_term){0, 1, NULL}, 1, 1, 3, out, &count);
    rc_vectors_free(v);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    char path[1024];

    (void)snprintf(path, sizeof path, "%s", toy_file("a.vec", four));
    CHECK_EACH_ALLOCATION(ask, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_are_those_of_the_formula),
        cmocka_unit_test(a_vector_may_be_asked),
        cmocka_unit_test(equal_ones_come_by_number),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
