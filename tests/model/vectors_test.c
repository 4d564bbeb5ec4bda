/* vectors_test.c -- vectors of files and of models: found, written in every format and read back;
 * spellings. */
#include "model/toy.h"

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

/* The first `count` words and rows of both are alike. */
static void same(const rc_vectors *a, const rc_vectors *b, int64_t count)
{
    rc_real x[5], y[5];
    size_t n, m;

    assert_true(rc_vectors_count(b) == count && rc_vectors_dim(a) == 5 && rc_vectors_dim(b) == 5);
    for (int64_t i = 0; i < count; i++) {
        const char *p = rc_vectors_word(a, i, &n), *q = rc_vectors_word(b, i, &m);

        assert_true(n == m && memcmp(p, q, n) == 0);
        CHECK_STATUS(rc_vectors_read(a, i, x), RC_OK);
        CHECK_STATUS(rc_vectors_read(b, i, y), RC_OK);
        for (int k = 0; k < 5; k++)
            assert_true((float)x[k] == (float)y[k]);
    }
}

static void every_format_is_read_back(void **unused)
{
    (void)unused;
    static const char *const names[] = {"a.bin", "a.vec", "a.txt", "a.npy", "a.safetensors"};
    TOY_PATH(path, "words.model");
    rc_model *m = TOY("level", "word", "embed", "5", "hidden", "3");
    rc_vectors *v, *back;
    rc_entry e;

    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    CHECK_STATUS(rc_vectors_open(&v, path), RC_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        TOY_PATH(to, names[i]);
        rc_vectors_save_options how = rc_vectors_save_options_default();

        CHECK_STATUS(rc_vectors_save(v, to, &how), RC_OK);
        CHECK_STATUS(rc_vectors_open(&back, to), RC_OK);
        same(v, back, rc_vectors_count(v));
        assert_true(rc_vectors_likely(to));
        rc_vectors_free(back);
    }
    for (size_t i = 0; rc_list("vector-formats", i, &e); i++) {
        TOY_PATH(to, "b");

        CHECK_STATUS(rc_vectors_save(v, to, &(rc_vectors_save_options){.format = e.name, .top = 2}),
                     RC_OK);
        CHECK_STATUS(rc_vectors_open(&back, to), RC_OK);
        same(v, back, 2);
        rc_vectors_free(back);
    }
    rc_vectors_free(v);
    rc_model_free(m);
}

static void what_cannot_be_written_is_refused(void **unused)
{
    (void)unused;
    rc_vectors *v = vectors("a 1 2\n. . 3 4\n");
    TOY_PATH(to, "c.vec");
    TOY_PATH(odd, "c.odd");

    CHECK_STATUS(rc_vectors_save(v, odd, &(rc_vectors_save_options){0}), RC_EINVAL);
    CHECK_MESSAGE_HAS("no format goes by the name");
    CHECK_STATUS(rc_vectors_save(v, to, &(rc_vectors_save_options){.format = "gloves"}), RC_EINVAL);
    CHECK_STATUS(rc_vectors_save(v, to, &(rc_vectors_save_options){.top = -1}), RC_EINVAL);
    CHECK_STATUS(rc_vectors_save(v, "/missing/c.vec", &(rc_vectors_save_options){0}), RC_EIO);
    CHECK_STATUS(rc_vectors_save(v, to, &(rc_vectors_save_options){0}), RC_EDATA);
    CHECK_MESSAGE_HAS("word 2 ('. .') has a blank inside");
    rc_vectors_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_looked_up_as_people_write_them),
        cmocka_unit_test(spellings_are_near),
        cmocka_unit_test(models_have_vectors),
        cmocka_unit_test(every_format_is_read_back),
        cmocka_unit_test(what_cannot_be_written_is_refused),
    };

    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
