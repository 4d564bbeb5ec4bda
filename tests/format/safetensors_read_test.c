/* safetensors_read_test.c -- what is damaged or foreign is refused, with words. */
#include "sample.h"

static void check_refused(const char *header, size_t data_n, const char *says)
{
    rcf_file *f = NULL;

    CHECK_STATUS(parse_by_hand(&f, header, data_n), RC_EFORMAT);
    CHECK_MESSAGE_HAS("cannot read 'by hand': ");
    CHECK_MESSAGE_HAS(says);
    assert_null(f);
}

/* ---- files of others --------------------------------------------------------------------- */

static void files_without_our_checksums_open(void **unused)
{
    (void)unused;
    rcf_file *f;

    CHECK_STATUS(parse_by_hand(&f, "{}", 0), RC_OK);
    rcf_file_free(f);
    CHECK_STATUS(parse_by_hand(&f, "{\"__metadata__\":{\"format\":\"pt\"}}   ", 0), RC_OK);
    assert_string_equal(rcf_file_meta(f, "format"), "pt");
    rcf_file_free(f);

    /* the header's order is not the data's; an odd tensor pushes the next one off its alignment */
    CHECK_STATUS(
        parse_by_hand(&f,
                      "{\"b\": {\"dtype\": \"F64\", \"shape\": [1], \"data_offsets\": [3, 11]}, "
                      "\"a\": {\"shape\": [3], \"data_offsets\": [0, 3], \"dtype\": \"U8\"}, "
                      "\"z\": {\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[3,3]}}",
                      11),
        RC_OK);
    assert_string_equal(rcf_file_at(f, 0)->name, "b");
    assert_int_equal((uintptr_t)rcf_file_at(f, 0)->data % 8, 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(((const unsigned char *)rcf_file_at(f, 0)->data)[i], 3 + i);
    assert_int_equal(rcf_file_find(f, "z")->bytes, 0);
    rcf_file_free(f);
}

static void foreign_files_are_told_apart(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } foreign[] = {
        {"", 0, "0 bytes"},
        {"1234567", 7, "7 bytes"},
        {"To be, or not to be", 19, "not a safetensors file"},
        {"\x89PNG\r\n\x1A\n....", 12, "not a safetensors file"},
        {"\x01\xE1\xF5\x05\0\0\0\0", 8, "100000001"}, /* one byte over the limit */
        {"\0\xE1\xF5\x05\0\0\0\0", 8, "header has 100000000 bytes, 0 are there"},
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, "18446744073709551615"},
        {"\x03\0\0\0\0\0\0\0{}", 10, "3 bytes, 2 are there"},
        {"\0\0\0\0\0\0\0\0", 8, "does not begin with '{'"},
        {"\2\0\0\0\0\0\0\0[]", 10, "does not begin with '{'"},
        {"\3\0\0\0\0\0\0\0 {}", 11, "does not begin with '{'"},
    };

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        rcf_file *f = NULL;

        CHECK_STATUS(rcf_file_parse(&f, "foreign", foreign[i].bytes, foreign[i].n, NULL),
                     RC_EFORMAT);
        CHECK_MESSAGE_HAS("cannot read 'foreign': ");
        CHECK_MESSAGE_HAS(foreign[i].says);
        assert_null(f);
    }
}

static void a_wrong_header_says_what_is_wrong(void **unused)
{
    (void)unused;
#define T(fields) "{\"a\":{" fields "}}"
#define F32_AT(shape, offsets) "\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets

    check_refused("{\"a\":", 0, "byte 5");
    check_refused("{} x", 0, "byte");
    check_refused("{\"a\":7}", 0, "'a' has no dtype");
    check_refused("{\"a\":{}}", 0, "'a' has no dtype");
    check_refused("{\"__metadata__\":[]}", 0, "'__metadata__' is not a set of words");
    check_refused("{\"__metadata__\":{\"k\":1}}", 0, "the word 'k'");
    check_refused("{\"__metadata__\":{\"k\":\"a\\u0000b\"}}", 0, "byte");
    check_refused("{\"a\\u0000b\":{}}", 0, "byte");
    check_refused("{\"__metadata__\\u0000\":{}}", 0, "a character 0 stands in a word");
    check_refused("{\"__metadata__\":{\"k\\u0000\":\"v\"}}", 0, "a character 0 stands in a word");
    check_refused(T("\"dtype\":\"F32\\u0000\",\"shape\":[1],\"data_offsets\":[0,4]"), 4,
                  "a character 0 stands in a word");
    check_refused(T("\"dtype\\u0000\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"), 4,
                  "a character 0 stands in a word");
    check_refused("{\"a\":{\"dtype\":\"\xFF\"}}", 0, "byte");
    check_refused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "duplicate");
    check_refused("{\"a\":{" F32_AT("[1]", "[0,4]") "},\"a\":{" F32_AT("[1]", "[0,4]") "}}", 4,
                  "duplicate");
    check_refused(T("\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]"), 2,
                  "dtype 'F16', known are F32 F64 BF16 I8 U8 I32 I64");
    check_refused(T("\"dtype\":\"F32\",\"data_offsets\":[0,4]"), 4, "has no shape");
    check_refused(T(F32_AT("[1,1,1,1,1,1,1,1,1]", "[0,4]")), 4, "9 dimensions, the limit is 8");
    check_refused(T(F32_AT("[-1]", "[0,4]")), 4, "dimension 0 is not a whole number");
    check_refused(T(F32_AT("[1,1.0]", "[0,4]")), 4, "dimension 1 is not a whole number");
    check_refused(T(F32_AT("[4611686018427387904]", "[0,0]")), 0, "larger than any memory");
    check_refused(T(F32_AT("[4294967296,4294967296]", "[0,0]")), 0, "larger than any memory");
    check_refused(T(F32_AT("[9223372036854775808]", "[0,0]")), 0, "byte");
    check_refused(T("\"dtype\":\"F32\",\"shape\":[1]"), 4, "no pair of data_offsets");
    check_refused(T(F32_AT("[1]", "[0]")), 4, "no pair of data_offsets");
    check_refused(T(F32_AT("[1]", "[0,4,8]")), 4, "no pair of data_offsets");
    check_refused(T(F32_AT("[1]", "[0,\"4\"]")), 4, "no pair of data_offsets");
    check_refused(T(F32_AT("[1]", "[-4,0]")), 4, "data_offsets -4 to 0");
    check_refused(T(F32_AT("[1]", "[4,0]")), 4, "data_offsets 4 to 0");
    check_refused(T(F32_AT("[2]", "[0,8]")), 4,
                  "truncated: tensor 'a' ends at byte 8 of the data, "
                  "which has 4");
    check_refused(T(F32_AT("[2]", "[0,4]")), 4, "'a' has 4 bytes, its shape needs 8");
    check_refused(T(F32_AT("[1]", "[0,4]")), 5, "its tensors have 4 bytes, its data has 5");
    check_refused(T(F32_AT("[1]", "[4,8]")), 8,
                  "'a' begins at byte 4 of the data, the one before "
                  "ends at 0");
    check_refused("{\"a\":{" F32_AT("[2]", "[0,8]") "},\"b\":{" F32_AT("[2]", "[4,12]") "}}", 12,
                  "'b' begins at byte 4 of the data, the one before ends at 8");
    check_refused("{\"a\":{" F32_AT("[1]", "[0,4]") "},\"b\":{" F32_AT("[1]", "[8,12]") "}}", 12,
                  "'b' begins at byte 8 of the data, the one before ends at 4");
    check_refused("{\"a\":{" F32_AT("[1]", "[0,4]") "},\"z\":{" F32_AT("[0]", "[2,2]") "}}", 4,
                  "'z' begins at byte 2");
    check_refused(T(F32_AT("[1]", "[0,4]") ",\"stride\":[1]"), 4, "fields other than dtype");
    check_refused("{\"__metadata__\":{\"recur.crc32.data\":\"00000000\"}}", 0, "only one");
    check_refused("{\"__metadata__\":{\"recur.crc32.header\": \"00000000\"}}", 0, "only one");
    check_refused("{\"__metadata__\":{\"recur.crc32.data\":\"00000000\",\"recur.crc32.header\": "
                  "\"00000000\"}}",
                  0, "its checksum is not as it was written");
    check_refused("{\"__metadata__\":{\"recur.crc32.data\":\"00000000\",\"recur.crc32.header\":"
                  "\"00000000\"}}",
                  0, "its header is damaged");
#undef T
#undef F32_AT
}

static void a_deep_header_is_refused(void **unused)
{
    (void)unused;
    const size_t n = 1 << 20;
    char *p = malloc(8 + n);
    rcf_file *f = NULL;

    memcpy(p, "\0\0\x10\0\0\0\0\0", 8);
    memset(p + 8, '[', n);
    memcpy(p + 8, "{\"a\":", 5);
    CHECK_STATUS(rcf_file_parse(&f, "deep", p, 8 + n, NULL), RC_EFORMAT);
    free(p);
}

/* ---- damage ------------------------------------------------------------------------------ */

static void every_flipped_bit_is_noticed(void **unused)
{
    (void)unused;
    size_t n;
    unsigned char *p = sample_bytes(&n);

    for (size_t bit = 0; bit < 8 * n; bit++) {
        rcf_file *f = NULL;

        p[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (rcf_file_parse(&f, "flipped", p, n, NULL) != RC_EFORMAT)
            fail_msg("bit %zu of byte %zu went unnoticed", bit % 8, bit / 8);
        CHECK_MESSAGE_HAS("'flipped'");
        p[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    free(p);
}

static void every_other_length_is_noticed(void **unused)
{
    (void)unused;
    size_t n;
    unsigned char *p = sample_bytes(&n);
    rcf_file *f = NULL;

    for (size_t k = 0; k < n; k++) {
        unsigned char *part = malloc(k ? k : 1); /* its own block: reading beyond it is noticed */

        memcpy(part, p, k);
        CHECK_STATUS(rcf_file_parse(&f, "truncated", part, k, NULL), RC_EFORMAT);
        CHECK_MESSAGE_HAS("'truncated'");
        free(part);
    }
    p = realloc(p, n + 1);
    assert_non_null(p);
    p[n] = 0;
    CHECK_STATUS(rcf_file_parse(&f, "longer", p, n + 1, NULL), RC_EFORMAT);
    free(p);
}

static void damaged_data_is_told_from_a_damaged_header(void **unused)
{
    (void)unused;
    size_t n;
    unsigned char *p = sample_bytes(&n);
    rcf_file *f = NULL;

    p[n - 1] ^= 1;
    CHECK_STATUS(rcf_file_parse(&f, "flipped", p, n, NULL), RC_EFORMAT);
    CHECK_MESSAGE_HAS("its data is damaged: its checksum is ");
    p[n - 1] ^= 1;

    char *word = strstr((char *)p + 8, "hidden");

    memcpy(word, "hudden", 6);
    CHECK_STATUS(rcf_file_parse(&f, "flipped", p, n, NULL), RC_EFORMAT);
    CHECK_MESSAGE_HAS("its header is damaged: its checksum is ");
    free(p);
}

static void a_missing_file_is_an_io_error(void **unused)
{
    (void)unused;
    rcf_file *f = NULL;

    CHECK_STATUS(rcf_file_open(&f, check_temp_path("missing.safetensors")), RC_EIO);
    CHECK_MESSAGE_HAS("missing.safetensors'");
    assert_null(f);
}

/* ---- misfortune -------------------------------------------------------------------------- */

static rc_status open_sample(void *ctx)
{
    rcf_file *f = NULL;
    const rc_status s = rcf_file_open(&f, ctx);

    rcf_file_free(f);
    return s;
}

static rc_status parse_unaligned(void *unused)
{
    (void)unused;
    rcf_file *f = NULL;
    const rc_status s =
        parse_by_hand(&f, "{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", 16);

    rcf_file_free(f);
    return s;
}

static void no_allocation_of_reading_is_trusted(void **unused)
{
    (void)unused;
    char path[1024];

    (void)snprintf(path, sizeof path, "%s", check_temp_path("alloc.safetensors"));
    CHECK_STATUS(write_sample(path), RC_OK);
    CHECK_EACH_ALLOCATION(open_sample, path);
    CHECK_EACH_ALLOCATION(parse_unaligned, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_without_our_checksums_open),
        cmocka_unit_test(foreign_files_are_told_apart),
        cmocka_unit_test(a_wrong_header_says_what_is_wrong),
        cmocka_unit_test(a_deep_header_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(every_other_length_is_noticed),
        cmocka_unit_test(damaged_data_is_told_from_a_damaged_header),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(no_allocation_of_reading_is_trusted),
    };

    return cmocka_run_group_tests_name("safetensors_read", tests, NULL, NULL);
}
