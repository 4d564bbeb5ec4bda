/* nearest_test.c -- what is near among word vectors, by hand; spellings; models and files. */
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
        CHECK_STATUS(rc_vectors_nearest(v, &(rc_vector_term){0, 1}, 1, threads, 6, out, &count),
                     RC_OK);
        assert_int_equal(count, 4); /* not itself, and not what has no direction */
        assert_int_equal(out[0].word, 5);
        CHECK_NEAR(out[0].cosine, 1, 1e-6);
        assert_int_equal(out[1].word, 1);
        CHECK_NEAR(out[1].cosine, 4 / sqrt(17), 1e-6);
        assert_int_equal(out[2].word, 3);
        CHECK_NEAR(out[2].cosine, (4 * 2.2 + 3.4) / sqrt(17 * (2.2 * 2.2 + 3.4 * 3.4)), 1e-6);
        assert_int_equal(out[3].word, 2);
        CHECK_STATUS(rc_vectors_nearest(v, &(rc_vector_term){0, 1}, 1, threads, 2, out, &count),
                     RC_OK);
        assert_true(count == 2 && out[0].word == 5 && out[1].word == 1);
    }
    /* woman - man + king, each of length 1: (-1 + 4/sqrt(17), 1 + 1/sqrt(17)) */
    const double x = 4 / sqrt(17) - 1, y = 1 + 1 / sqrt(17);
    CHECK_STATUS(rc_vectors_nearest(v, (const rc_vector_term[]){{1, -1}, {0, 1}, {2, 1}}, 3, 1, 1,
                                    out, &count),
                 RC_OK);
    assert_true(count == 1 && out[0].word == 3);
    CHECK_NEAR(out[0].cosine, (2.2 * x + 3.4 * y) / sqrt((x * x + y * y) * (2.2 * 2.2 + 3.4 * 3.4)),
               1e-6);
    rc_vectors_free(v);
}

static void equal_ones_come_by_number(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors("a 1 0\nb 0 1\nc 0 1\nd 0 2\ne 0 1\n");
    rc_neighbour out[3];
    int64_t count;

    for (int threads = 1; threads <= 5; threads++) {
        CHECK_STATUS(rc_vectors_nearest(v, &(rc_vector_term){0, 1}, 1, threads, 3, out, &count),
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
    CHECK_STATUS(rc_vectors_nearest(v, &(rc_vector_term){4, 1}, 1, 1, 3, out, &count), RC_EINVAL);
    CHECK_STATUS(
        rc_vectors_nearest(v, (const rc_vector_term[]){{0, 1}, {2, 1}}, 2, 1, 3, out, &count),
        RC_EDATA);
    for (int threads = 1; threads <= 3; threads++) {
        CHECK_STATUS(rc_vectors_nearest(v, &(rc_vector_term){0, 1}, 1, threads, 3, out, &count),
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

static void words_are_looked_up_as_people_write_them(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors("Man 1\nman 2\n\xc3\xa4rger 3\n");
    const struct {
        const char *word;
        int64_t want;
    } ask[] = {{"Man", 0},  {"man", 1},   {"MAN", 1}, {"\xc3\x84RGER", 2},
               {"men", -1}, {"\xff", -1}, {"", -1}};

    for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
        int64_t got;

        CHECK_STATUS(rc_vectors_look_up(v, ask[i].word, strlen(ask[i].word), &got), RC_OK);
        assert_int_equal(got, ask[i].want);
    }
    rc_vectors_free(v);
}

static void spellings_are_near(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors("hello 1\nhallo 1\nhelp 1\nyellow 1\nhell 1\nworld 1\nh 1\n");
    int64_t out[4];

    assert_int_equal(rc_vectors_spellings(v, "helo", 4, 4, out), 3);
    assert_true(out[0] == 0 && out[1] == 2 && out[2] == 4);
    assert_int_equal(rc_vectors_spellings(v, "helloo", 6, 4, out), 4);
    assert_true(out[0] == 0 && out[1] == 1 && out[2] == 3 && out[3] == 4);
    assert_int_equal(rc_vectors_spellings(v, "hello", 5, 1, out), 1);
    assert_int_equal(out[0], 0);
    assert_int_equal(rc_vectors_spellings(v, "", 0, 4, out), 1); /* "h" */
    rc_vectors_free(v);
}

/* The vectors of a language model are those that it reads. */
static void models_have_vectors(void **unused)
{
    (void)unused;
    TOY_PATH(path, "words.model");
    rc_model *m = TOY("level", "word", "embed", "5", "hidden", "3");
    rc_vectors *v;
    rc_real *all = rcb_alloc((size_t)rc_model_symbols(m) * 5, sizeof *all), x[5];

    CHECK_STATUS(rc_model_read(m, "embed.weight", all, (int64_t)rc_model_symbols(m) * 5), RC_OK);
    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    assert_false(rc_vectors_likely(path));
    assert_true(rc_vectors_likely(toy_file("l.vec", "a 1\n")));
    assert_false(rc_vectors_likely(check_temp_path("missing")));
    CHECK_STATUS(rc_vectors_open(&v, path), RC_OK);
    assert_true(rc_vectors_count(v) == rc_model_symbols(m) && rc_vectors_dim(v) == 5);
    const int64_t id = find(v, "question");
    assert_int_equal(id, rc_model_find(m, "question", 8));
    CHECK_STATUS(rc_vectors_read(v, id, x), RC_OK);
    assert_memory_equal(x, all + id * 5, sizeof x);
    rc_vectors_free(v);
    rcb_free(all);
    rc_model_free(m);

    m = TOY("level", "word", "tied", "true", "hidden", "3");
    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    CHECK_STATUS(rc_vectors_open(&v, path), RC_EINVAL);
    rc_model_free(m);
}

static rc_status ask(void *ctx)
{
    rc_neighbour out[3];
    rc_vectors *v;
    int64_t count;

    RC_TRY(rc_vectors_open(&v, ctx));
    const rc_status s = rc_vectors_nearest(v, &(rc_vector_term){0, 1}, 1, 1, 3, out, &count);
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
        cmocka_unit_test(equal_ones_come_by_number),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
        cmocka_unit_test(words_are_looked_up_as_people_write_them),
        cmocka_unit_test(spellings_are_near),
        cmocka_unit_test(models_have_vectors),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
