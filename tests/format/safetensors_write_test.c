/* safetensors_write_test.c -- what cannot be written is refused, and the old file stays. */
#include "sample.h"

#include <signal.h>
#include <sys/resource.h>

static void what_cannot_be_written_is_refused(void **unused)
{
    (void)unused;
    const rcf_tensor good = {
        .name = "a", .dtype = RCF_I8, .rank = 1, .dim = {3}, .data = signs, .bytes = 3};
    rcf_tensor bad = good;
    rcf_writer *w;

    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    CHECK_STATUS(rcf_writer_add(w, &good), RC_OK);
    CHECK_STATUS(rcf_writer_add(w, &good), RC_EINVAL);
    CHECK_MESSAGE_HAS("'a' twice");
    bad.name = "__metadata__";
    CHECK_STATUS(rcf_writer_add(w, &bad), RC_EINVAL);
    bad.name = "\xFF";
    CHECK_STATUS(rcf_writer_add(w, &bad), RC_EINVAL);
    bad.name = "b";
    bad.bytes = 2;
    CHECK_STATUS(rcf_writer_add(w, &bad), RC_ESHAPE);
    CHECK_MESSAGE_HAS("'b': it has 2 bytes, its shape needs 3");
    bad.dim[0] = -1;
    CHECK_STATUS(rcf_writer_add(w, &bad), RC_ESHAPE);

    CHECK_STATUS(rcf_writer_meta(w, "k", "v"), RC_OK);
    CHECK_STATUS(rcf_writer_meta(w, "k", "v"), RC_EINVAL);
    CHECK_MESSAGE_HAS("'k' twice");
    CHECK_STATUS(rcf_writer_meta(w, "l", "\xC3"), RC_EINVAL);
    CHECK_STATUS(rcf_writer_meta(w, "\xC3", "v"), RC_EINVAL);
    CHECK_STATUS(rcf_writer_meta(w, "recur.crc32.data", "v"), RC_EINVAL);
    CHECK_STATUS(rcf_writer_meta(w, "recur.crc32.header", "v"), RC_EINVAL);

    /* what was refused left no trace */
    const char *path = check_temp_path("refused.safetensors");
    rcf_file *f;

    CHECK_STATUS(rcf_writer_save(w, path), RC_OK);
    CHECK_STATUS(rcf_file_open(&f, path), RC_OK);
    assert_int_equal(rcf_file_count(f), 1);
    assert_null(rcf_file_meta(f, "l"));
    rcf_file_free(f);
    rcf_writer_free(w);
}

static void a_failed_save_leaves_the_old_file(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("kept.safetensors");
    rcf_writer *w;
    rcf_file *f;

    CHECK_STATUS(write_sample(path), RC_OK);
    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    rcb_alloc_fail_at(3);
    CHECK_STATUS(rcf_writer_save(w, path), RC_ENOMEM);
    rcb_alloc_fail_at(0);
    CHECK_STATUS(rcf_writer_save(w, check_temp_path("no/such/folder")), RC_EIO);
    CHECK_STATUS(rcf_file_open(&f, path), RC_OK);
    assert_int_equal(rcf_file_count(f), 5);
    rcf_file_free(f);
    rcf_writer_free(w);
}

static void in_memory_it_has_the_same_bytes(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("printed.safetensors");
    const rcf_tensor t = {
        .name = "a", .dtype = RCF_I8, .rank = 1, .dim = {3}, .data = signs, .bytes = 3};
    const rcf_tensor none = {.name = "b", .dtype = RCF_F32, .rank = 1};
    rcb_buf bytes = {0};
    rcf_writer *w;

    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    CHECK_STATUS(rcf_writer_meta(w, "k", "v"), RC_OK);
    CHECK_STATUS(rcf_writer_add(w, &t), RC_OK);
    CHECK_STATUS(rcf_writer_add(w, &none), RC_OK);
    CHECK_STATUS(rcf_writer_print(w, &bytes), RC_OK);
    CHECK_STATUS(rcf_writer_save(w, path), RC_OK);
    check_file_has(path, bytes.p, bytes.n);
    rcb_buf_free(&bytes);
    rcf_writer_free(w);
}

/* A limit on the size of files stands for a disk that is full. */
static void a_full_disk_leaves_the_old_file(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("full.safetensors");
    const size_t n = 8 << 20; /* more than any buffer on the way */
    const rcf_tensor t = {.name = "a",
                          .dtype = RCF_U8,
                          .rank = 1,
                          .dim = {(int64_t)n},
                          .data = calloc(n, 1),
                          .bytes = n};
    struct rlimit before;
    rcf_writer *w;
    rcf_file *f;

    CHECK_STATUS(write_sample(path), RC_OK);
    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    CHECK_STATUS(rcf_writer_add(w, &t), RC_OK);

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, before.rlim_max}), 0);
    const rc_status s = rcf_writer_save(w, path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_DFL);

    CHECK_STATUS(s, RC_EIO);
    CHECK_MESSAGE_HAS("full.safetensors'");
    CHECK_STATUS(rcf_file_open(&f, path), RC_OK);
    assert_int_equal(rcf_file_count(f), 5);
    rcf_file_free(f);
    rcf_writer_free(w);
    free((void *)(uintptr_t)t.data);
}

static rc_status save_sample(void *ctx)
{
    return write_sample(ctx);
}

static void no_allocation_of_writing_is_trusted(void **unused)
{
    (void)unused;
    char path[1024];

    (void)snprintf(path, sizeof path, "%s", check_temp_path("alloc.safetensors"));
    CHECK_EACH_ALLOCATION(save_sample, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(a_failed_save_leaves_the_old_file),
        cmocka_unit_test(in_memory_it_has_the_same_bytes),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(no_allocation_of_writing_is_trusted),
    };

    return cmocka_run_group_tests_name("safetensors_write", tests, NULL, NULL);
}
