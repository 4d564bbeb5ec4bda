/* vectors_table_test.c -- word vectors as arrays with words elsewhere: read, or refused for what is
 * wrong between the two.
 */
#include "check.h"
#include "format/format.h"

enum { NPY = 128 + 16 };

/* Two vectors of two numbers in v.npy, and a file of words beside it. */
static void write_npy(unsigned char file[NPY], const char *header, const char *words)
{
    const float x[4] = {1, 2, -3, 0.5F};
    char path[1024];

    memset(file, ' ', NPY);
    memcpy(file, "\x93NUMPY\1\0\x76\0", 10);
    memcpy(file + 10, header, strlen(header));
    file[127] = '\n';
    memcpy(file + 128, x, sizeof x);
    (void)snprintf(path, sizeof path, "%s", check_temp_path("v.vocab"));
    check_write_file(path, words, strlen(words));
}

static const char plain[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";

static void arrays_are_read_with_their_words(void **unused)
{
    (void)unused;
    unsigned char file[NPY];
    rcf_vectors *v;
    float x[2];
    size_t n;

    write_npy(file, plain, "the\r\nNew York");
    CHECK_STATUS(rcf_vectors_parse(&v, check_temp_path("v.npy"), file, NPY), RC_OK);
    assert_true(rcf_vectors_count(v) == 2 && rcf_vectors_dim(v) == 2);
    assert_memory_equal(rcf_vectors_word(v, 0, &n), "the", 3);
    assert_int_equal(n, 3);
    assert_memory_equal(rcf_vectors_word(v, 1, &n), "New York", 8);
    assert_int_equal(n, 8);
    CHECK_STATUS(rcf_vectors_read(v, 1, x), RC_OK);
    assert_true(x[0] == -3 && x[1] == 0.5F);
    rcf_vectors_free(v);
}

static void refused(const char *header, const char *words, const char *message)
{
    unsigned char file[NPY];
    rcf_vectors *v;

    write_npy(file, header, words);
    CHECK_STATUS(rcf_vectors_parse(&v, check_temp_path("v.npy"), file, NPY), RC_EFORMAT);
    CHECK_MESSAGE_HAS(message);
    assert_null(v);
}

static void arrays_and_words_must_fit(void **unused)
{
    (void)unused;
    rcf_vectors *v;
    unsigned char file[NPY];

    refused(plain, "the\n", "byte 4: it ends after 1 words");
    refused(plain, "the\nof\nto\n", "byte 10: it ends after 3 words");
    refused(plain, "the\n\nof\n", "byte 4: word 2 is empty");
    refused(plain, "", "byte 0: it ends after 0 words");
    refused("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }", "a\nb\n", "kind 'i'");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", "a\nb\n", "1 dimensions");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }", "a\nb\n", "v.npy");
    write_npy(file, plain, "a\nb\n");
    CHECK_STATUS(rcf_vectors_parse(&v, check_temp_path("w.npy"), file, NPY), RC_EIO);
    CHECK_MESSAGE_HAS("cannot read the words of");
}

static void numbers_that_are_none_are_refused(void **unused)
{
    (void)unused;
    const float bad = (float)NAN;
    unsigned char file[NPY];
    rcf_vectors *v;
    float x[2];

    write_npy(file, plain, "a\nb\n");
    memcpy(file + NPY - 4, &bad, 4);
    CHECK_STATUS(rcf_vectors_parse(&v, check_temp_path("v.npy"), file, NPY), RC_OK);
    CHECK_STATUS(rcf_vectors_read(v, 0, x), RC_OK);
    CHECK_STATUS(rcf_vectors_read(v, 1, x), RC_EFORMAT);
    CHECK_MESSAGE_HAS("number 2 of vector 2 is none");
    rcf_vectors_free(v);
}

/* ---- tensors ----------------------------------------------------------------------------- */

static rc_status parse_tensors(rcf_dtype type, const int64_t *ends, int64_t count,
                               rcf_vectors **out)
{
    static const double rows[] = {1, 2, 3, 4}; /* of any type */
    const rcf_tensor parts[] = {
        {"vectors", type, 2, {2, 2}, rows, 4 * rcf_dtype_bytes(type)},
        {"words", RCF_U8, 1, {5}, "theof", 5},
        {"words.end", RCF_I64, 1, {count}, ends, (size_t)count * sizeof *ends}};
    rcb_buf b = {0};
    rcf_writer *w;

    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_STATUS(rcf_writer_add(w, &parts[i]), RC_OK);
    CHECK_STATUS(rcf_writer_print(w, &b), RC_OK);
    rcf_writer_free(w);
    const rc_status s = rcf_vectors_parse(out, "v", b.p, b.n);
    float x[2];
    size_t n;

    if (s == RC_OK) {
        assert_memory_equal(rcf_vectors_word(*out, 1, &n), "of", 2);
        assert_int_equal(n, 2);
        CHECK_STATUS(rcf_vectors_read(*out, 1, x), RC_OK);
        assert_true(x[0] == 3 && x[1] == 4);
        rcf_vectors_free(*out);
    }
    rcb_buf_free(&b);
    return s;
}

static void tensors_and_words_must_fit(void **unused)
{
    (void)unused;
    static const int64_t bad[][2] = {{3, 3}, {3, 6}, {-1, 5}, {0, 5}, {5, 3}};
    rcf_vectors *v;

    CHECK_STATUS(parse_tensors(RCF_F64, (const int64_t[]){3, 5}, 2, &v), RC_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(parse_tensors(RCF_F64, bad[i], 2, &v), RC_EFORMAT);
        CHECK_MESSAGE_HAS("of 5");
        assert_null(v);
    }
    CHECK_STATUS(parse_tensors(RCF_F64, (const int64_t[]){3, 4, 5}, 3, &v), RC_EFORMAT);
    CHECK_MESSAGE_HAS("'words.end' of 3 I64");
    CHECK_STATUS(parse_tensors(RCF_I32, (const int64_t[]){3, 5}, 2, &v), RC_EFORMAT);
    CHECK_MESSAGE_HAS("its vectors are I32, F32 or F64 are expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_read_with_their_words),
        cmocka_unit_test(arrays_and_words_must_fit),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(tensors_and_words_must_fit),
    };

    return cmocka_run_group_tests_name("vectors_table", tests, NULL, NULL);
}
