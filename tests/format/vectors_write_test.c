/* vectors_write_test.c -- what is written is, byte by byte, what others read; blanks; failures. */
#include "check.h"
#include "format/format.h"

static const char *const words[] = {"the", "New York", "of"};
static const float rows[] = {0.1F, -2, 3, 1e-9F, 0.5F, 16777216};

static const char *word(const void *ctx, int64_t i, size_t *n)
{
    (void)ctx;
    *n = strlen(words[i]);
    return words[i];
}

static rc_status row(const void *ctx, int64_t i, float *x)
{
    const int64_t *fails = ctx;

    if (fails && i == *fails)
        return RC_FAIL(RC_EFORMAT, "row %d fails", (int)i);
    memcpy(x, rows + 2 * i, 2 * sizeof *x);
    return RC_OK;
}

static rcf_vectors_source source(const char *join, const int64_t *fails)
{
    return (rcf_vectors_source){3, 2, fails, word, row, join};
}

static void has_bytes(const char *path, const void *bytes, size_t n)
{
    rcb_bytes b;

    CHECK_STATUS(rcb_file_load(&b, path), RC_OK);
    assert_int_equal(b.n, n);
    assert_memory_equal(b.p, bytes, n);
    rcb_bytes_free(&b);
}

static void every_format_has_its_bytes(void **unused)
{
    (void)unused;
    static const char lines[] = "the 0.1 -2\nNew_York 3 1e-09\nof 0.5 16777216\n";
    static const char head[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
    const rcf_vectors_source from = source("_", NULL);
    char path[1024], beside[1024], want[256];

    (void)snprintf(path, sizeof path, "%s", check_temp_path("w.npy"));
    (void)snprintf(beside, sizeof beside, "%s", check_temp_path("w.vocab"));
    CHECK_STATUS(rcf_vectors_write(&from, RCF_GLOVE, path), RC_OK);
    has_bytes(path, lines, sizeof lines - 1);
    CHECK_STATUS(rcf_vectors_write(&from, RCF_TEXT, path), RC_OK);
    (void)snprintf(want, sizeof want, "3 2\n%s", lines);
    has_bytes(path, want, strlen(want));

    memcpy(want, "3 2\nthe ", 8);
    memcpy(want + 8, rows, 8);
    memcpy(want + 16, "\nNew_York ", 10);
    memcpy(want + 26, rows + 2, 8);
    memcpy(want + 34, "\nof ", 4);
    memcpy(want + 38, rows + 4, 8);
    want[46] = '\n';
    CHECK_STATUS(rcf_vectors_write(&from, RCF_WORD2VEC, path), RC_OK);
    has_bytes(path, want, 47);

    memset(want, ' ', 128);
    memcpy(want, "\x93NUMPY\1\0\x76\0", 10);
    memcpy(want + 10, head, sizeof head - 1);
    want[127] = '\n';
    memcpy(want + 128, rows, sizeof rows);
    CHECK_STATUS(rcf_vectors_write(&from, RCF_NPY, path), RC_OK);
    has_bytes(path, want, 128 + sizeof rows);
    has_bytes(beside, "the\nNew York\nof\n", 16);
}

static void blanks_are_refused_where_they_end_words(void **unused)
{
    (void)unused;
    const rcf_vectors_source from = source(NULL, NULL);
    const char *path = check_temp_path("b.npy");

    for (int f = 0; f <= RCF_SAFETENSORS; f++) {
        const bool ends = f <= RCF_GLOVE;

        CHECK_STATUS(rcf_vectors_write(&from, (rcf_vectors_format)f, path),
                     ends ? RC_EDATA : RC_OK);
        if (ends)
            CHECK_MESSAGE_HAS("word 2 ('New York') has a blank inside");
    }
}

/* Neither leaves anything at the path. */
static void failures_leave_what_was_there(void **unused)
{
    (void)unused;
    const int64_t last = 2;
    const rcf_vectors_source from = source("_", &last);
    char path[1024];

    (void)snprintf(path, sizeof path, "%s", check_temp_path("f.npy"));
    check_write_file(path, "old", 3);
    for (int f = 0; f <= RCF_SAFETENSORS; f++) {
        CHECK_STATUS(rcf_vectors_write(&from, (rcf_vectors_format)f, path), RC_EFORMAT);
        has_bytes(path, "old", 3);
    }
}

static rc_status write_all(void *ctx)
{
    const rcf_vectors_source from = source("_", NULL);

    for (int f = 0; f <= RCF_SAFETENSORS; f++)
        RC_TRY(rcf_vectors_write(&from, (rcf_vectors_format)f, ctx));
    return RC_OK;
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    char path[1024];

    (void)snprintf(path, sizeof path, "%s", check_temp_path("a.npy"));
    CHECK_EACH_ALLOCATION(write_all, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_has_its_bytes),
        cmocka_unit_test(blanks_are_refused_where_they_end_words),
        cmocka_unit_test(failures_leave_what_was_there),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("vectors_write", tests, NULL, NULL);
}
