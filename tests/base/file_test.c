/* file_test.c -- files as the world leaves them: packed, cut, flipped, missing, of unknown size. */
#define _GNU_SOURCE /* mkfifo */
#include "check.h"

#include <fcntl.h>

#if RC_HAVE_ZLIB
#include <zlib.h>
#endif
#if RC_HAVE_LZMA
#include <lzma.h>
#endif
#if RC_HAVE_ZSTD
#include <zstd.h>
#endif

/* Inputs. */

/* Text that packs well but not to nothing. */
static void fill_text(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)(pick(0, 5) ? 'a' + (int64_t)(i % 7) : pick(0, 255));
}

typedef size_t packer(unsigned char *out, size_t cap, const unsigned char *bytes, size_t n);

#if RC_HAVE_ZLIB
static size_t pack_gz(unsigned char *out, size_t cap, const unsigned char *bytes, size_t n)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)bytes;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = (unsigned)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);
    return cap - z.avail_out;
}
#endif

#if RC_HAVE_LZMA
static size_t pack_xz(unsigned char *out, size_t cap, const unsigned char *bytes, size_t n)
{
    size_t at = 0;

    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, bytes, n, out, &at, cap),
                     LZMA_OK);
    return at;
}
#endif

#if RC_HAVE_ZSTD
static size_t pack_zst(unsigned char *out, size_t cap, const unsigned char *bytes, size_t n)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();

    assert_non_null(z);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)));

    const size_t got = ZSTD_compress2(z, out, cap, bytes, n);

    assert_false(ZSTD_isError(got));
    (void)ZSTD_freeCCtx(z);
    return got;
}
#endif

static const struct kind {
    const char *name;
    size_t magic;
    packer *pack;
} kinds[] = {
#if RC_HAVE_ZLIB
    {"gzip", 3, pack_gz},
#endif
#if RC_HAVE_LZMA
    {"xz", 6, pack_xz},
#endif
#if RC_HAVE_ZSTD
    {"zstd", 4, pack_zst},
#endif
    {NULL, 0, NULL},
};

#define for_each_kind(k) for (const struct kind *k = kinds; k->name; k++)

enum { SIZE = 300000, ROOM = 2 * SIZE };

static unsigned char text[SIZE];
static unsigned char packed[ROOM];

static void check_load(const char *path, const void *want, size_t n)
{
    rcb_bytes b;

    CHECK_STATUS(rcb_file_load(&b, path), RC_OK);
    assert_non_null(b.p);
    assert_int_equal(b.n, n);
    assert_memory_equal(b.p, want, n);
    rcb_bytes_free(&b);
    assert_null(b.p);
    rcb_bytes_free(&b);
}

static void check_no_load(const char *path, rc_status want, const char *words)
{
    rcb_bytes b;

    CHECK_STATUS(rcb_file_load(&b, path), want);
    CHECK_MESSAGE_HAS(path);
    CHECK_MESSAGE_HAS(words);
    assert_null(b.p);
    rcb_bytes_free(&b);
}

/* The whole stream in pieces of random sizes. */
static void check_stream(const char *path, const void *want, size_t n)
{
    static unsigned char got[SIZE * 2];
    rcb_stream_in *in;
    size_t at = 0, piece = 1;

    CHECK_STATUS(rcb_in_open(&in, path), RC_OK);
    while (piece > 0) {
        const size_t most = (size_t)(pick(0, 2) ? pick(1, 100000) : pick(1, 9));
        const size_t cap = most < sizeof got - at ? most : sizeof got - at;

        CHECK_STATUS(rcb_in_read(in, got + at, cap, &piece), RC_OK);
        assert_true(piece <= cap);
        at += piece;
    }
    CHECK_STATUS(rcb_in_read(in, got, 10, &piece), RC_OK); /* the end stays the end */
    assert_int_equal(piece, 0);
    rcb_in_close(in);
    assert_int_equal(at, n);
    assert_memory_equal(got, want, n);
}

/* Reading. */

static void plain_file_is_loaded_and_streamed(void **unused)
{
    static const size_t sizes[] = {0, 1, 2, 5, 6, 7, 4096, 65535, 65536, 65537, SIZE};
    const char *path = check_temp_path("plain");

    (void)unused;
    (void)check_seed();
    fill_text(text, SIZE);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_write_file(path, text, sizes[i]);
        check_load(path, text, sizes[i]);
        check_stream(path, text, sizes[i]);
    }
}

static void checksum_of_a_file_is_of_what_it_holds_unpacked(void **unused)
{
    const char *path = check_in_folder(check_new_folder(), "text");
    uint64_t bytes = 0;
    uint32_t crc = 0;

    (void)unused;
    check_write_file(path, "123456789", 9);
    CHECK_STATUS(rc_file_crc(path, &bytes, &crc), RC_OK);
    assert_int_equal(bytes, 9);
    assert_int_equal(crc, 0xcbf43926u);
#if RC_HAVE_ZLIB
    unsigned char small[100];

    check_write_file(path, small,
                     pack_gz(small, sizeof small, (const unsigned char *)"123456789", 9));
    CHECK_STATUS(rc_file_crc(path, NULL, &crc), RC_OK);
    assert_int_equal(crc, 0xcbf43926u);
#endif
    CHECK_STATUS(rc_file_crc("/no/such/file", &bytes, &crc), RC_EIO);
}

static void loaded_file_may_be_removed(void **unused)
{
    const char *path = check_temp_path("gone");
    rcb_bytes b;

    (void)unused;
    check_write_file(path, "still here", 10);
    CHECK_STATUS(rcb_file_load(&b, path), RC_OK);
    assert_int_equal(unlink(path), 0);
    assert_memory_equal(b.p, "still here", 10);
    rcb_bytes_free(&b);
}

static void packed_file_is_loaded_and_streamed(void **unused)
{
    static const size_t sizes[] = {0, 1, 1000, 65536, SIZE};
    const char *path = check_temp_path("packed"); /* the name tells nothing */

    (void)unused;
    (void)check_seed();
    fill_text(text, SIZE);
    for_each_kind(k)
    {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            check_write_file(path, packed, k->pack(packed, ROOM, text, sizes[i]));
            check_load(path, text, sizes[i]);
            check_stream(path, text, sizes[i]);
        }
    }
}

static void a_large_packed_file_goes_through_an_unnamed_file(void **unused)
{
    const char *path = check_temp_path("large");

    (void)unused;
    (void)check_seed();
    fill_text(text, SIZE);
    for_each_kind(k)
    {
        check_write_file(path, packed, k->pack(packed, ROOM, text, SIZE));
        rcb_file_spill_from(100000);
        check_load(path, text, SIZE);
        rcb_file_spill_from((size_t)256 << 20);
    }
}

/* cat a.gz b.gz > c.gz, with members that are empty, and that begin at any place of a buffer. */
static void packed_files_may_follow_each_other(void **unused)
{
    const char *path = check_temp_path("several");

    (void)unused;
    (void)check_seed();
    fill_text(text, SIZE);
    for_each_kind(k)
    {
        for (int trial = 0; trial < 5; trial++) {
            size_t at = 0, n = 0;

            for (int i = 0; i < 6; i++) {
                const size_t more = (size_t)(pick(0, 3) ? pick(0, 50000) : 0);

                n += k->pack(packed + n, ROOM - n, text + at, more);
                at += more;
            }
            check_write_file(path, packed, n);
            check_load(path, text, at);
            check_stream(path, text, at);
        }
    }
}

static void padding_is_skipped_and_garbage_is_not(void **unused)
{
    const char *path = check_temp_path("padded");

    (void)unused;
    fill_text(text, 1000);
    for_each_kind(k)
    {
        const size_t n = k->pack(packed, ROOM, text, 1000);

        if (k->magic != 4) { /* zstd knows no padding */
            memset(packed + n, 0, 512);
            check_write_file(path, packed, n + 512);
            check_load(path, text, 1000);
        }
        memcpy(packed + n, "tail of another file", 20);
        check_write_file(path, packed, n + 20);
        check_no_load(path, RC_EDATA, k->name);
    }
}

#if RC_HAVE_ZSTD
static void zstd_frames_may_be_skippable(void **unused)
{
    static const unsigned char skip_me[12] = {0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
    const char *path = check_temp_path("skippable");

    (void)unused;
    fill_text(text, 5000);
    memcpy(packed, skip_me, 12);
    check_write_file(path, packed, 12 + pack_zst(packed + 12, ROOM - 12, text, 5000));
    check_load(path, text, 5000);
    check_write_file(path, skip_me, 12);
    check_load(path, "", 0);
}
#endif

/* Cut anywhere, a packed file is an error (as long as enough is left to know it is packed). */
static void cut_file_is_an_error_that_names_it(void **unused)
{
    const char *path = check_temp_path("cut");

    (void)unused;
    (void)check_seed();
    fill_text(text, 700);
    for_each_kind(k)
    {
        const size_t n = k->pack(packed, ROOM, text, 700);

        for (size_t cut = 0; cut < n; cut++) {
            check_write_file(path, packed, cut);
            if (cut < k->magic)
                check_load(path, packed, cut);
            else
                check_no_load(path, RC_EDATA, "ends early");
        }
    }
}

static void cut_is_found_late_in_a_stream_too(void **unused)
{
    const char *path = check_temp_path("cut_late");
    static unsigned char got[SIZE];

    (void)unused;
    (void)check_seed();
    fill_text(text, SIZE);
    for_each_kind(k)
    {
        rcb_stream_in *in;
        size_t at = 0, piece = 1;
        rc_status status = RC_OK;

        check_write_file(path, packed, k->pack(packed, ROOM, text, SIZE) - 3);
        CHECK_STATUS(rcb_in_open(&in, path), RC_OK);
        while (status == RC_OK && piece > 0) {
            status = rcb_in_read(in, got + at, 1000 < SIZE - at ? 1000 : SIZE - at, &piece);
            at += piece;
            if (at == SIZE)
                at = 0; /* all was unpacked; what is missing is the checksum */
        }
        CHECK_STATUS(status, RC_EDATA);
        CHECK_MESSAGE_HAS(path);
        assert_int_equal(piece, 0);
        CHECK_STATUS(rcb_in_read(in, got, 10, &piece), RC_EDATA); /* and stays failed */
        rcb_in_close(in);
    }
}

/* Any flipped bit is found, or changes nothing (a time in a header), or hides what the file is. */
static void flipped_bit_is_found(void **unused)
{
    const char *path = check_temp_path("flipped");

    (void)unused;
    (void)check_seed();
    fill_text(text, 300);
    for_each_kind(k)
    {
        const size_t n = k->pack(packed, ROOM, text, 300);
        int found = 0;

        for (size_t bit = 0; bit < 8 * n; bit++) {
            rcb_bytes b;

            packed[bit / 8] ^= (unsigned char)(1u << bit % 8);
            check_write_file(path, packed, n);
            packed[bit / 8] ^= (unsigned char)(1u << bit % 8);

            const rc_status status = rcb_file_load(&b, path);

            if (status != RC_OK) {
                assert_true(status == RC_EDATA || status == RC_ENOSUP);
                CHECK_MESSAGE_HAS(path);
                found++;
            } else if (bit / 8 >= k->magic) {
                assert_int_equal(b.n, 300);
                assert_memory_equal(b.p, text, 300);
            }
            rcb_bytes_free(&b);
        }
        assert_true(found > (int)(7 * n));
    }
}

static void library_that_is_missing_is_said_in_plain_words(void **unused)
{
    static const struct {
        const char *name;
        const char *magic;
        size_t n;
        bool here;
    } list[] = {
        {"gzip", "\x1f\x8b\x08", 3, RC_HAVE_ZLIB},
        {"xz", "\xfd\x37zXZ\0", 6, RC_HAVE_LZMA},
        {"zstd", "\x28\xb5\x2f\xfd", 4, RC_HAVE_ZSTD},
    };
    const char *path = check_temp_path("unknown");

    (void)unused;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        check_write_file(path, list[i].magic, list[i].n);
        check_no_load(path, list[i].here ? RC_EDATA : RC_ENOSUP, list[i].name);
    }
}

static void what_cannot_be_opened_says_why(void **unused)
{
    const char *missing = check_temp_path("missing");
    rcb_stream_in *in;

    (void)unused;
    check_no_load(missing, RC_EIO, strerror(ENOENT));
    check_no_load(check_temp_dir(), RC_EIO, "folder");
    check_no_load("", RC_EIO, strerror(ENOENT));
    CHECK_STATUS(rcb_in_open(&in, missing), RC_EIO);
    assert_null(in);
    rcb_in_close(NULL);
}

static void file_of_unknown_size_is_read_to_its_end(void **unused)
{
    const char *path = check_temp_path("fifo");
    rcb_bytes b;

    (void)unused;
    if (access("/proc/self/status", R_OK) == 0) { /* says it has 0 bytes */
        CHECK_STATUS(rcb_file_load(&b, "/proc/self/status"), RC_OK);
        assert_true(b.n > 100);
        rcb_bytes_free(&b);
    }
    assert_int_equal(mkfifo(path, 0600), 0);

    const int keeper = open(path, O_RDWR); /* so that no open() blocks */

    assert_true(keeper >= 0);
    assert_int_equal(write(keeper, "through a pipe", 14), 14);

    rcb_stream_in *in;
    char got[20];
    size_t n;

    CHECK_STATUS(rcb_in_open(&in, path), RC_OK);
    CHECK_STATUS(rcb_in_read(in, got, sizeof got, &n), RC_OK);
    assert_int_equal(n, 14);
    assert_memory_equal(got, "through a pipe", 14);
    rcb_in_close(in);
    close(keeper);
}

/* Run as if these bytes came from a pipe on standard input. */
static void with_input(const void *bytes, size_t n, void (*body)(const void *want, size_t n),
                       const void *want, size_t want_n)
{
    const int before = dup(STDIN_FILENO);
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, n), n); /* less than a pipe holds */
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    body(want, want_n);
    if (before >= 0) {
        dup2(before, STDIN_FILENO);
        close(before);
    }
}

static void load_input(const void *want, size_t n)
{
    check_load("-", want, n);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD) < 0, 0); /* left open */
}

static void stream_input(const void *want, size_t n)
{
    check_stream("-", want, n);
}

static void fail_input(const void *want, size_t n)
{
    rcb_bytes b;

    (void)want;
    (void)n;
    CHECK_STATUS(rcb_file_load(&b, "-"), RC_EDATA);
    CHECK_MESSAGE_HAS("standard input");
}

static void standard_input_may_be_packed(void **unused)
{
    (void)unused;
    (void)check_seed();
    fill_text(text, 20000);
    with_input(text, 20000, load_input, text, 20000);
    with_input(text, 20000, stream_input, text, 20000);
    with_input("", 0, load_input, "", 0);
    for_each_kind(k)
    {
        const size_t n = k->pack(packed, ROOM, text, 20000);

        with_input(packed, n, load_input, text, 20000);
        with_input(packed, n, stream_input, text, 20000);
        with_input(packed, n - 1, fail_input, NULL, 0);
    }
}

static rc_status load_and_drop(void *path)
{
    rcb_bytes b;

    RC_TRY(rcb_file_load(&b, path));
    rcb_bytes_free(&b);
    return RC_OK;
}

static void failed_allocation_in_reading_is_reported(void **unused)
{
    char path[1024];

    (void)unused;
    (void)snprintf(path, sizeof path, "%s", check_temp_path("memory"));
    fill_text(text, SIZE);
    check_write_file(path, text, SIZE);
    CHECK_EACH_ALLOCATION(load_and_drop, path);
    for_each_kind(k)
    {
        check_write_file(path, packed, k->pack(packed, ROOM, text, SIZE));
        CHECK_EACH_ALLOCATION(load_and_drop, path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_file_is_loaded_and_streamed),
        cmocka_unit_test(checksum_of_a_file_is_of_what_it_holds_unpacked),
        cmocka_unit_test(loaded_file_may_be_removed),
        cmocka_unit_test(packed_file_is_loaded_and_streamed),
        cmocka_unit_test(a_large_packed_file_goes_through_an_unnamed_file),
        cmocka_unit_test(packed_files_may_follow_each_other),
        cmocka_unit_test(padding_is_skipped_and_garbage_is_not),
#if RC_HAVE_ZSTD
        cmocka_unit_test(zstd_frames_may_be_skippable),
#endif
        cmocka_unit_test(cut_file_is_an_error_that_names_it),
        cmocka_unit_test(cut_is_found_late_in_a_stream_too),
        cmocka_unit_test(flipped_bit_is_found),
        cmocka_unit_test(library_that_is_missing_is_said_in_plain_words),
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(file_of_unknown_size_is_read_to_its_end),
        cmocka_unit_test(standard_input_may_be_packed),
        cmocka_unit_test(failed_allocation_in_reading_is_reported),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
