/* safetensors_test.c -- what is written is read back; what is damaged or foreign is refused. */
#include "check.h"

#include "format/format.h"

#include <signal.h>
#include <sys/resource.h>

/* ---- helpers ----------------------------------------------------------------------------- */

static const float weights[6] = {1, -2, 3.5f, 0, -0.0f, 1e-30f};
static const int8_t signs[3] = {-1, 0, 1};
static const double answer = 42;
static const int64_t longs[2] = {INT64_MIN, INT64_MAX};

/* One tensor of every difficult kind, two words. */
static rc_status write_sample(const char *path)
{
    static const rcf_tensor tensors[] = {
        {.name = "rnn.weight",
         .dtype = RCF_F32,
         .rank = 2,
         .dim = {2, 3},
         .data = weights,
         .bytes = 24},
        {.name = "signs", .dtype = RCF_I8, .rank = 1, .dim = {3}, .data = signs, .bytes = 3},
        {.name = "answer", .dtype = RCF_F64, .rank = 0, .data = &answer, .bytes = 8},
        {.name = "nothing", .dtype = RCF_F32, .rank = 3, .dim = {4, 0, 2}},
        {.name = "Gr\xC3\xB6\xC3\x9F\x65 \"\\\n",
         .dtype = RCF_I64,
         .rank = 1,
         .dim = {2},
         .data = longs,
         .bytes = 16},
    };
    rcf_writer *w;

    RC_TRY(rcf_writer_new(&w));
    rc_status s = rcf_writer_meta(w, "recur.config", "{\"hidden\":2}");
    for (size_t i = 0; s == RC_OK && i < sizeof tensors / sizeof *tensors; i++)
        s = rcf_writer_add(w, &tensors[i]);
    if (s == RC_OK)
        s = rcf_writer_meta(w, "note", "\xE2\x82\xAC \"quoted\"\n");
    if (s == RC_OK)
        s = rcf_writer_save(w, path);
    rcf_writer_free(w);
    return s;
}

/* The bytes of the sample file; the caller frees them. */
static unsigned char *sample_bytes(size_t *n)
{
    const char *path = check_temp_path("sample.safetensors");
    rcb_bytes b;

    CHECK_STATUS(write_sample(path), RC_OK);
    CHECK_STATUS(rcb_file_load(&b, path), RC_OK);

    unsigned char *copy = malloc(b.n);

    assert_non_null(copy);
    memcpy(copy, b.p, b.n);
    *n = b.n;
    rcb_bytes_free(&b);
    return copy;
}

/* A file made by hand: this header, so many bytes of data. Kept at an odd address on purpose. */
static rc_status parse_by_hand(rcf_file **out, const char *header, size_t data_n)
{
    static unsigned char room[8192];
    unsigned char *p = room + 1;
    const size_t n = strlen(header);

    assert_true(9 + n + data_n <= sizeof room);
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)((uint64_t)n >> 8 * i);
    memcpy(p + 8, header, n);
    for (size_t i = 0; i < data_n; i++)
        p[8 + n + i] = (unsigned char)i;
    return rcf_file_parse(out, "by hand", p, 8 + n + data_n, NULL);
}

static void check_refused(const char *header, size_t data_n, const char *says)
{
    rcf_file *f = NULL;

    CHECK_STATUS(parse_by_hand(&f, header, data_n), RC_EFORMAT);
    CHECK_MESSAGE_HAS("cannot read 'by hand': ");
    CHECK_MESSAGE_HAS(says);
    assert_null(f);
}

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

/* ---- there and back ---------------------------------------------------------------------- */

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

/* ---- writing ----------------------------------------------------------------------------- */

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

/* ---- misfortune -------------------------------------------------------------------------- */

static rc_status save_sample(void *ctx)
{
    return write_sample(ctx);
}

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

static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    char path[1024];

    (void)snprintf(path, sizeof path, "%s", check_temp_path("alloc.safetensors"));
    CHECK_EACH_ALLOCATION(save_sample, path);
    CHECK_EACH_ALLOCATION(open_sample, path);
    CHECK_EACH_ALLOCATION(parse_unaligned, NULL);
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
        cmocka_unit_test(files_without_our_checksums_open),
        cmocka_unit_test(foreign_files_are_told_apart),
        cmocka_unit_test(a_wrong_header_says_what_is_wrong),
        cmocka_unit_test(a_deep_header_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(every_other_length_is_noticed),
        cmocka_unit_test(damaged_data_is_told_from_a_damaged_header),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(words_that_look_like_the_checksum_do_no_harm),
        cmocka_unit_test(a_failed_save_leaves_the_old_file),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(no_allocation_is_trusted),
    };

    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
