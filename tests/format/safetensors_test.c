/* safetensors_test.c -- what is written is read back, and lies in the file as the format says. */
#include "sample.h"

static void check_tensor(const rcf_file *f, const char *name, rcf_dtype dtype, const void *data,
                         size_t bytes)
{
    const rcf_tensor *t = rcf_file_find(f, name);

    assert_non_null(t);
    assert_string_equal(t->name, name);
    assert_int_equal(t->dtype, dtype);
    assert_int_equal(t->bytes, bytes);
    assert_int_equal((uintptr_t)t->data % rcf_dtype_bytes(dtype), 0);
    if (bytes > 0)
        assert_memory_equal(t->data, data, bytes);
}

static void what_is_written_is_read_back(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("model.safetensors");
    rcf_file *f;

    CHECK_STATUS(write_sample(path), RC_OK);
    CHECK_STATUS(rcf_file_open(&f, path), RC_OK);
    assert_int_equal(rcf_file_count(f), 5);
    check_tensor(f, "rnn.weight", RCF_F32, weights, 24);
    check_tensor(f, "signs", RCF_I8, signs, 3);
    check_tensor(f, "answer", RCF_F64, &answer, 8);
    check_tensor(f, "nothing", RCF_F32, NULL, 0);
    check_tensor(f, "Gr\xC3\xB6\xC3\x9F\x65 \"\\\n", RCF_I64, longs, 16);
    assert_null(rcf_file_find(f, "rnn"));
    assert_null(rcf_file_find(f, "zzz"));
    assert_null(rcf_file_find(f, ""));

    const rcf_tensor *t = rcf_file_at(f, 0);

    assert_string_equal(t->name, "rnn.weight");
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->dim[0], 2);
    assert_int_equal(t->dim[1], 3);
    assert_int_equal(rcf_file_at(f, 2)->rank, 0);
    assert_int_equal(rcf_file_at(f, 3)->dim[1], 0);

    assert_string_equal(rcf_file_meta(f, "recur.config"), "{\"hidden\":2}");
    assert_string_equal(rcf_file_meta(f, "note"), "\xE2\x82\xAC \"quoted\"\n");
    assert_null(rcf_file_meta(f, "nota"));
    rcf_file_free(f);
}

static void the_layout_is_the_formats(void **unused)
{
    (void)unused;
    size_t n;
    unsigned char *p = sample_bytes(&n);
    uint64_t header = 0;
    char digits[9];
    rcf_file *f;

    for (int i = 7; i >= 0; i--)
        header = header << 8 | p[i];
    assert_int_equal((8 + header) % 64, 0);
    assert_int_equal(n, 8 + header + 24 + 3 + 8 + 16);
    assert_memory_equal(p + 8, "{\"__metadata__\":{\"recur.config\":", 32);
    assert_memory_equal(p + 8 + header, weights, 24);
    assert_memory_equal(p + 8 + header + 24, signs, 3);

    CHECK_STATUS(rcf_file_parse(&f, "bytes", p, n, NULL), RC_OK);
    (void)snprintf(digits, sizeof digits, "%08" PRIx32,
                   rcb_crc32(0, p + 8 + header, n - 8 - header));
    assert_string_equal(rcf_file_meta(f, "recur.crc32.data"), digits);
    assert_int_equal(rcf_file_crc(f), rcb_crc32(0, p + 8 + header, n - 8 - header));

    char *want =
        strstr((char *)p + 8, "recur.crc32.header\":\"") + strlen("recur.crc32.header\":\"");
    char had[9] = {0};

    memcpy(had, want, 8);
    assert_string_equal(rcf_file_meta(f, "recur.crc32.header"), had);
    memset(want, '0', 8);
    (void)snprintf(digits, sizeof digits, "%08" PRIx32, rcb_crc32(0, p + 8, header));
    assert_string_equal(digits, had);
    rcf_file_free(f);
    free(p);
}

static void the_same_calls_make_the_same_bytes(void **unused)
{
    (void)unused;
    size_t n;
    size_t m;
    unsigned char *p = sample_bytes(&n);
    unsigned char *q = sample_bytes(&m);

    assert_int_equal(n, m);
    assert_memory_equal(p, q, n);
    free(p);
    free(q);
}

static void a_file_of_nothing_is_a_file(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("nothing.safetensors");
    rcf_writer *w;
    rcf_file *f;

    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    CHECK_STATUS(rcf_writer_save(w, path), RC_OK);
    rcf_writer_free(w);
    CHECK_STATUS(rcf_file_open(&f, path), RC_OK);
    assert_int_equal(rcf_file_count(f), 0);
    assert_int_equal(rcf_file_crc(f), 0);
    assert_null(rcf_file_find(f, "a"));
    rcf_file_free(f);
}

static void many_tensors_are_found_by_name(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("many.safetensors");
    rcf_writer *w;
    rcf_file *f;
    char name[32];
    int32_t values[500];

    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    for (int i = 0; i < 500; i++) {
        values[i] = i;
        (void)snprintf(name, sizeof name, "t%d", i * 7919 % 500);
        CHECK_STATUS(
            rcf_writer_add(
                w, &(rcf_tensor){.name = name, .dtype = RCF_I32, .data = &values[i], .bytes = 4}),
            RC_OK);
    }
    CHECK_STATUS(rcf_writer_save(w, path), RC_OK);
    rcf_writer_free(w);
    CHECK_STATUS(rcf_file_open(&f, path), RC_OK);
    assert_int_equal(rcf_file_count(f), 500);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof name, "t%d", i * 7919 % 500);
        assert_string_equal(rcf_file_at(f, (size_t)i)->name, name);
        assert_int_equal(*(const int32_t *)rcf_file_find(f, name)->data, i);
    }
    rcf_file_free(f);
}

static void every_element_type_keeps_its_word_and_size(void **unused)
{
    (void)unused;
    static const struct {
        rcf_dtype dtype;
        const char *word;
        size_t bytes;
    } all[] = {{RCF_F32, "F32", 4}, {RCF_F64, "F64", 8}, {RCF_BF16, "BF16", 2}, {RCF_I8, "I8", 1},
               {RCF_U8, "U8", 1},   {RCF_I32, "I32", 4}, {RCF_I64, "I64", 8}};

    assert_int_equal(sizeof all / sizeof *all, RCF_DTYPE_COUNT);
    for (size_t i = 0; i < RCF_DTYPE_COUNT; i++) {
        char header[200];
        rcf_file *f;

        assert_string_equal(rcf_dtype_word(all[i].dtype), all[i].word);
        assert_int_equal(rcf_dtype_bytes(all[i].dtype), all[i].bytes);
        (void)snprintf(header, sizeof header,
                       "{\"a\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%zu]}}",
                       all[i].word, 3 * all[i].bytes);
        CHECK_STATUS(parse_by_hand(&f, header, 3 * all[i].bytes), RC_OK);
        assert_int_equal(rcf_file_at(f, 0)->dtype, all[i].dtype);
        assert_int_equal((uintptr_t)rcf_file_at(f, 0)->data % all[i].bytes, 0);
        assert_int_equal(((const unsigned char *)rcf_file_at(f, 0)->data)[2], 2);
        rcf_file_free(f);
    }
}

static void words_that_look_like_the_checksum_do_no_harm(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("tricky.safetensors");
    rcf_writer *w;
    rcf_file *f;

    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    CHECK_STATUS(rcf_writer_meta(w, "a", "\"recur.crc32.header\":\"12345678\""), RC_OK);
    CHECK_STATUS(rcf_writer_meta(w, "\"recur.crc32.header\":\"12345678\"", "b"), RC_OK);
    CHECK_STATUS(rcf_writer_save(w, path), RC_OK);
    rcf_writer_free(w);
    CHECK_STATUS(rcf_file_open(&f, path), RC_OK);
    assert_string_equal(rcf_file_meta(f, "a"), "\"recur.crc32.header\":\"12345678\"");
    rcf_file_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_layout_is_the_formats),
        cmocka_unit_test(the_same_calls_make_the_same_bytes),
        cmocka_unit_test(a_file_of_nothing_is_a_file),
        cmocka_unit_test(many_tensors_are_found_by_name),
        cmocka_unit_test(every_element_type_keeps_its_word_and_size),
        cmocka_unit_test(words_that_look_like_the_checksum_do_no_harm),
    };

    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
