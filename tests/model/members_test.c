/* members_test.c -- models of models: in a file and out of it, and files that are not sound. */
#include "model/labelled_toy.h"

#include <math.h>

/* A mixture of two small models; the weights are 0.75 and 0.25. */
static rc_model *pair(void)
{
    const char *path = toy_file("m.tsv", toy_reviews);
    labelled_toy a = labelled_open("classify", path, NULL);
    labelled_toy b =
        labelled_open("classify", path, (const char *const[]){"bag", "count", "seed", "2", NULL});
    rc_model *m;

    CHECK_STATUS(rc_model_mix(&m, (const rc_model *const[]){a.m, b.m}, 2, (const double[]){3, 1}),
                 RC_OK);
    labelled_close(&a);
    labelled_close(&b);
    return m;
}

static void same(const rc_model *a, const rc_model *b)
{
    assert_int_equal(rc_model_members(a), rc_model_members(b));
    for (size_t i = 0; i < rc_model_members(a); i++) {
        double u, v;
        const rc_model *x = rc_model_member(a, i, &u), *y = rc_model_member(b, i, &v);
        rc_tensor_info one, other;

        assert_true(u == v && rc_model_parameters(x) == rc_model_parameters(y));
        for (size_t k = 0; rc_model_tensor(x, k, &one); k++) {
            assert_true(rc_model_tensor(y, k, &other));
            assert_int_equal(one.crc, other.crc);
        }
    }
}

static void files_and_copies_are_the_same(void **unused)
{
    (void)unused;
    TOY_PATH(first, "first.model");
    TOY_PATH(second, "second.model");
    rc_model *m = pair(), *back, *copy;
    rcb_bytes bytes;
    double weight;

    assert_non_null(rc_model_member(m, 1, &weight));
    assert_true(weight == 0.25);
    assert_null(rc_model_member(m, 2, NULL));
    CHECK_STATUS(rc_model_save(m, first), RC_OK);
    CHECK_STATUS(rc_model_open(&back, first), RC_OK);
    same(m, back);
    CHECK_STATUS(rc_model_clone(&copy, back), RC_OK);
    same(m, copy);
    CHECK_STATUS(rc_model_save(copy, second), RC_OK);
    CHECK_STATUS(rcb_file_load(&bytes, second), RC_OK);
    check_file_has(first, bytes.p, bytes.n);
    rcb_bytes_free(&bytes);
    rc_model_free(m);
    rc_model_free(back);
    rc_model_free(copy);
}

/* The tensors of a mixture, one of them changed. */
static rc_status reopened(rcf_tensor change)
{
    TOY_PATH(from, "from.model");
    TOY_PATH(to, "to.model");
    rc_model *m = pair();
    rcf_file *f;
    rcf_writer *w;
    static const char *const words[] = {"recur.format", "recur.task", "recur.config",
                                        "recur.labels"};

    CHECK_STATUS(rc_model_save(m, from), RC_OK);
    rc_model_free(m);
    CHECK_STATUS(rcf_file_open(&f, from), RC_OK);
    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        CHECK_STATUS(rcf_writer_meta(w, words[i], rcf_file_meta(f, words[i])), RC_OK);
    bool known = false;
    for (size_t i = 0; i < rcf_file_count(f); i++) {
        const rcf_tensor *t = rcf_file_at(f, i);
        const bool it = strcmp(t->name, change.name) == 0;

        known |= it;
        if (!it || change.data)
            CHECK_STATUS(rcf_writer_add(w, it ? &change : t), RC_OK);
    }
    if (!known)
        CHECK_STATUS(rcf_writer_add(w, &change), RC_OK);
    CHECK_STATUS(rcf_writer_save(w, to), RC_OK);
    rcf_writer_free(w);
    rcf_file_free(f);

    const rc_status s = rc_model_open(&m, to);
    if (s == RC_OK)
        rc_model_free(m);
    return s;
}

static rcf_tensor weights(const double *w, int64_t n)
{
    return (rcf_tensor){.name = RCM_MEMBERS_WEIGHTS,
                        .dtype = RCF_F64,
                        .rank = 1,
                        .dim = {n},
                        .data = w,
                        .bytes = (size_t)n * sizeof *w};
}

static void unsound_files_are_refused(void **unused)
{
    (void)unused;
    static const double bad[][2] = {{0.5, 0.6}, {1.5, -0.5}, {0, 1}, {(double)NAN, 0.5}};
    static const double good[] = {0.5, 0.5, 0};

    CHECK_STATUS(reopened(weights(good, 2)), RC_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STATUS(reopened(weights(bad[i], 2)), RC_EFORMAT);
    CHECK_STATUS(reopened(weights((const double[]){1}, 1)), RC_EFORMAT); /* one too many is there */
    CHECK_STATUS(reopened(weights(good, 3)), RC_EFORMAT);
    CHECK_STATUS(reopened((rcf_tensor){.name = RCM_MEMBERS_WEIGHTS}), RC_EFORMAT);
    CHECK_STATUS(reopened((rcf_tensor){.name = "member.1"}), RC_EFORMAT);
    CHECK_STATUS(reopened((rcf_tensor){.name = "member.1",
                                       .dtype = RCF_U8,
                                       .rank = 1,
                                       .dim = {5},
                                       .data = "wrong",
                                       .bytes = 5}),
                 RC_EFORMAT);
    CHECK_STATUS(reopened((rcf_tensor){.name = "member.2",
                                       .dtype = RCF_U8,
                                       .rank = 1,
                                       .dim = {5},
                                       .data = "wrong",
                                       .bytes = 5}),
                 RC_EFORMAT);
}

/* A mixture within a mixture, which no call makes. */
static void a_mixture_in_a_mixture_is_refused(void **unused)
{
    (void)unused;
    TOY_PATH(path, "inner.model");
    rc_model *m = pair();
    rcb_bytes bytes;

    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    rc_model_free(m);
    CHECK_STATUS(rcb_file_load(&bytes, path), RC_OK);
    CHECK_STATUS(reopened((rcf_tensor){.name = "member.1",
                                       .dtype = RCF_U8,
                                       .rank = 1,
                                       .dim = {(int64_t)bytes.n},
                                       .data = bytes.p,
                                       .bytes = bytes.n}),
                 RC_EFORMAT);
    CHECK_MESSAGE_HAS("a mixture in a mixture");
    rcb_bytes_free(&bytes);
}

static rc_status save_and_open(void *ctx)
{
    TOY_PATH(path, "each.model");
    rc_model *m;

    RC_TRY(rc_model_save(ctx, path));
    RC_TRY(rc_model_open(&m, path));
    rc_model_free(m);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rc_model *m = pair();

    CHECK_EACH_ALLOCATION(save_and_open, m);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_copies_are_the_same),
        cmocka_unit_test(unsound_files_are_refused),
        cmocka_unit_test(a_mixture_in_a_mixture_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}
