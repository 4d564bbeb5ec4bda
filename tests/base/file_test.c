/* file_test.c -- files as the world leaves them: packed, cut, flipped, missing, on a full disk; and
 * the promise that nothing changes before a commit. */
#define _GNU_SOURCE /* setenv, mkfifo, symlink, seteuid, mount */
#include "check.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

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

/* Writing. */

/* Entries of the folder besides . and .. */
static int entries(const char *path)
{
    DIR *folder = opendir(path);
    int n = -2;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

/* A new empty folder in the temporary one. */
static const char *new_folder(void)
{
    static int turn;
    char name[32];

    (void)snprintf(name, sizeof name, "folder%d", turn++);

    const char *path = check_temp_path(name);

    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

static const char *in_folder(const char *folder, const char *name)
{
    static char path[4][1100];
    static int turn;
    char *p = path[turn++ % 4];

    (void)snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

/* Write the n bytes of text in pieces of random sizes. */
static rc_status write_pieces(rcb_out *o, size_t n)
{
    for (size_t at = 0; at < n;) {
        const size_t most = (size_t)(pick(0, 2) ? pick(0, 5000) : pick(0, SIZE));
        const size_t piece = most < n - at ? most : n - at;

        RC_TRY(rcb_out_write(o, text + at, piece));
        at += piece;
    }
    return RC_OK;
}

static void nothing_changes_before_commit(void **unused)
{
    static const size_t sizes[] = {0, 1, 262143, 262144, 262145, SIZE};
    const char *folder = new_folder();
    const char *path = in_folder(folder, "model");

    (void)unused;
    (void)check_seed();
    fill_text(text, SIZE);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rcb_out *o;

        check_write_file(path, "old", 3);
        CHECK_STATUS(rcb_out_open(&o, path), RC_OK);
        CHECK_STATUS(write_pieces(o, sizes[i]), RC_OK);
        check_load(path, "old", 3);
        assert_int_equal(entries(folder), 2);
        CHECK_STATUS(rcb_out_commit(o), RC_OK);
        check_load(path, text, sizes[i]);
        assert_int_equal(entries(folder), 1);
    }
}

static void drop_leaves_no_trace(void **unused)
{
    const char *folder = new_folder();
    const char *path = in_folder(folder, "model");
    rcb_out *o;

    (void)unused;
    fill_text(text, SIZE);
    CHECK_STATUS(rcb_out_open(&o, path), RC_OK);
    CHECK_STATUS(rcb_out_write(o, text, SIZE), RC_OK);
    rcb_out_drop(o);
    assert_int_equal(entries(folder), 0);
    rcb_out_drop(NULL);
}

static void file_that_is_being_written_is_hidden_beside_its_place(void **unused)
{
    const char *folder = new_folder();
    char name[300];
    rcb_out *o;

    (void)unused;
    memset(name, 'n', 255); /* as long as a name may be */
    name[255] = '\0';
    for (int i = 0; i < 2; i++) {
        const char *path = in_folder(folder, i ? name : "model");

        CHECK_STATUS(rcb_out_open(&o, path), RC_OK);

        DIR *d = opendir(folder);
        const struct dirent *e;
        int seen = 0;

        while ((e = readdir(d)))
            seen += e->d_name[0] == '.' && strstr(e->d_name, ".tmp-") &&
                    strncmp(e->d_name + 1, i ? name : "model", 5) == 0;
        closedir(d);
        assert_int_equal(seen, 1);
        CHECK_STATUS(rcb_out_commit(o), RC_OK);
        check_load(path, "", 0);
    }
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void write_file(const char *path, const char *words)
{
    rcb_out *o;

    CHECK_STATUS(rcb_out_open(&o, path), RC_OK);
    CHECK_STATUS(rcb_out_write(o, words, strlen(words)), RC_OK);
    CHECK_STATUS(rcb_out_commit(o), RC_OK);
}

static void new_file_obeys_the_mask_and_an_old_one_keeps_its_mode(void **unused)
{
    const char *path = in_folder(new_folder(), "model");
    const mode_t before = umask(027);

    (void)unused;
    write_file(path, "a");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(chmod(path, 0606), 0);
    write_file(path, "b");
    umask(before);
    assert_int_equal(mode_of(path), 0606);
    check_load(path, "b", 1);
}

static void symbolic_links_are_written_through(void **unused)
{
    const char *folder = new_folder();
    const char *other = new_folder();
    char real[1200], link[1200], chain[1200], loop[1200];
    struct stat st;

    (void)unused;
    (void)snprintf(real, sizeof real, "%s/real", other);
    (void)snprintf(link, sizeof link, "%s/link", folder);
    (void)snprintf(chain, sizeof chain, "%s/chain", folder);
    (void)snprintf(loop, sizeof loop, "%s/loop", folder);
    assert_int_equal(symlink(real, link), 0);
    assert_int_equal(symlink("link", chain), 0); /* relative to its own folder */
    assert_int_equal(symlink("loop", loop), 0);

    write_file(chain, "first"); /* the end of the chain does not exist yet */
    check_load(real, "first", 5);
    write_file(chain, "second");
    check_load(real, "second", 6);
    write_file(link, "third");
    check_load(chain, "third", 5);
    assert_int_equal(lstat(chain, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(entries(other), 1);
    assert_int_equal(entries(folder), 3);

    rcb_out *o;

    CHECK_STATUS(rcb_out_open(&o, loop), RC_EIO);
    CHECK_MESSAGE_HAS("loop");
}

static void name_without_a_folder_is_in_the_present_one(void **unused)
{
    char here[4096];

    (void)unused;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(new_folder()), 0);
    write_file("model", "here");
    check_load("model", "here", 4);
    assert_int_equal(entries("."), 1);
    assert_int_equal(chdir(here), 0);
}

static void devices_and_pipes_are_written_straight(void **unused)
{
    const char *folder = new_folder();
    const char *path = in_folder(folder, "fifo");
    char got[8] = {0};

    (void)unused;
    write_file("/dev/null", "gone");
    assert_int_equal(mkfifo(path, 0600), 0);

    const int keeper = open(path, O_RDWR);

    assert_true(keeper >= 0);
    write_file(path, "piped");
    assert_int_equal(read(keeper, got, 5), 5);
    assert_string_equal(got, "piped");
    close(keeper);
    assert_int_equal(entries(folder), 1);
}

static void standard_output_is_called_dash(void **unused)
{
    char got[8] = {0};
    int ends[2];

    (void)unused;
    fflush(stdout);

    const int before = dup(STDOUT_FILENO);

    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);

    rcb_out *o = NULL;
    rc_status status = rcb_out_open(&o, "-");

    if (status == RC_OK)
        status = rcb_out_write(o, "text", 4);
    if (status == RC_OK)
        status = rcb_out_commit(o);
    dup2(before, STDOUT_FILENO);
    close(before);
    close(ends[1]);
    CHECK_STATUS(status, RC_OK);
    assert_int_equal(read(ends[0], got, sizeof got), 4);
    assert_string_equal(got, "text");
    close(ends[0]);
}

static void what_cannot_be_written_says_why(void **unused)
{
    const char *folder = new_folder();
    rcb_out *o;

    (void)unused;
    CHECK_STATUS(rcb_out_open(&o, in_folder(folder, "no/model")), RC_EIO);
    CHECK_MESSAGE_HAS("no/model'");
    CHECK_MESSAGE_HAS(strerror(ENOENT));
    assert_null(o);
    CHECK_STATUS(rcb_out_open(&o, folder), RC_EIO);
    CHECK_MESSAGE_HAS(strerror(EISDIR));
    CHECK_STATUS(rcb_out_open(&o, ""), RC_EIO);
    CHECK_STATUS(rcb_out_open(&o, in_folder(folder, "")), RC_EIO);
    assert_int_equal(entries(folder), 0);
}

static void folder_or_file_without_permission_is_an_error(void **unused)
{
    enum { NOBODY = 65534 };
    const char *folder = new_folder();
    const char *path = in_folder(folder, "model");
    const bool root = geteuid() == 0;
    rcb_out *o, *p;

    (void)unused;
    check_write_file(path, "mine", 4);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(chmod(check_temp_dir(), 0755), 0);
    if (root && seteuid(NOBODY) != 0) {
        print_message("cannot become another user\n");
        skip();
    }

    const rc_status fresh = rcb_out_open(&o, in_folder(folder, "new"));
    const rc_status old = rcb_out_open(&p, path);

    if (root)
        assert_int_equal(seteuid(0), 0);
    CHECK_STATUS(fresh, RC_EIO);
    CHECK_STATUS(old, RC_EIO);
    CHECK_MESSAGE_HAS(path);
    CHECK_MESSAGE_HAS(strerror(EACCES));
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(entries(folder), 1);
    check_load(path, "mine", 4);
}

static void full_device_is_reported_by_name(void **unused)
{
    rcb_out *o;

    (void)unused;
    if (access("/dev/full", W_OK) != 0) {
        print_message("no /dev/full here\n");
        skip();
    }
    fill_text(text, SIZE);
    CHECK_STATUS(rcb_out_open(&o, "/dev/full"), RC_OK);
    CHECK_STATUS(rcb_out_write(o, text, 10), RC_OK); /* gathered, not written */
    CHECK_STATUS(rcb_out_commit(o), RC_EIO);
    CHECK_MESSAGE_HAS("'/dev/full'");
    CHECK_MESSAGE_HAS(strerror(ENOSPC));

    CHECK_STATUS(rcb_out_open(&o, "/dev/full"), RC_OK);
    CHECK_STATUS(rcb_out_write(o, text, SIZE), RC_EIO);
    CHECK_STATUS(rcb_out_write(o, text, 1), RC_EIO);
    CHECK_STATUS(rcb_out_commit(o), RC_EIO); /* a failed writer never commits */
    CHECK_MESSAGE_HAS("'/dev/full'");
}

/* A disk of 256 KiB; NULL when this user may not mount one. */
static const char *small_disk(void)
{
    const char *disk = new_folder();

    if (mount("tmpfs", disk, "tmpfs", 0, "size=256k") == 0)
        return disk;
    print_message("cannot mount a small disk: %s\n", strerror(errno));
    return NULL;
}

static void full_disk_loses_nothing(void **unused)
{
    const char *disk = small_disk();

    (void)unused;
    if (!disk)
        skip();

    const char *path = in_folder(disk, "model");
    rcb_out *o;

    fill_text(text, SIZE);
    check_write_file(path, "old", 3);
    CHECK_STATUS(rcb_out_open(&o, path), RC_OK);

    rc_status status = rcb_out_write(o, text, 200000);

    if (status == RC_OK)
        status = rcb_out_write(o, text, 200000);
    if (status == RC_OK)
        status = rcb_out_commit(o);
    else
        rcb_out_drop(o);

    const bool words = strstr(rc_error_message(), path) && strstr(rc_error_message(), "space");
    const int left = entries(disk);
    rcb_bytes b;
    const rc_status loaded = rcb_file_load(&b, path);
    const bool same = loaded == RC_OK && b.n == 3 && memcmp(b.p, "old", 3) == 0;
    rcb_spill s;

    rcb_bytes_free(&b);
    setenv("TMPDIR", disk, 1);

    const rc_status spilled = rcb_spill_new(&s, 1 << 20);

    unsetenv("TMPDIR");
    rcb_spill_free(&s);
    assert_int_equal(umount(disk), 0);
    CHECK_STATUS(status, RC_EIO);
    assert_true(words);
    assert_int_equal(left, 1);
    assert_true(same);
    CHECK_STATUS(spilled, RC_EIO);
    CHECK_MESSAGE_HAS(disk);
}

static rc_status write_and_commit(void *path)
{
    rcb_out *o;

    RC_TRY(rcb_out_open(&o, path));

    const rc_status status = rcb_out_write(o, "words", 5);

    if (status == RC_OK)
        return rcb_out_commit(o);
    rcb_out_drop(o);
    return status;
}

static void failed_allocation_in_writing_leaves_no_file(void **unused)
{
    const char *folder = new_folder();
    char path[1200], link[1200];

    (void)unused;
    (void)snprintf(path, sizeof path, "%s/model", folder);
    (void)snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink("model", link), 0);
    CHECK_EACH_ALLOCATION(write_and_commit, path);
    CHECK_EACH_ALLOCATION(write_and_commit, link);
    assert_int_equal(entries(folder), 2);
}

/* Spill. */

static void spill_is_memory_that_starts_as_zeros(void **unused)
{
    static const size_t sizes[] = {0, 1, 4096, 3000000};

    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rcb_spill s;

        CHECK_STATUS(rcb_spill_new(&s, sizes[i]), RC_OK);
        assert_non_null(s.p);
        assert_int_equal(s.n, sizes[i]);

        unsigned char *p = s.p;

        for (size_t j = 0; j < s.n; j += 997) {
            assert_int_equal(p[j], 0);
            p[j] = (unsigned char)j;
        }
        for (size_t j = 0; j < s.n; j += 997)
            assert_int_equal(p[j], (unsigned char)j);
        rcb_spill_free(&s);
        assert_null(s.p);
        rcb_spill_free(&s);
    }
}

static void spill_has_no_name(void **unused)
{
    const char *folder = new_folder();
    rcb_spill s;

    (void)unused;
    setenv("TMPDIR", folder, 1);
    CHECK_STATUS(rcb_spill_new(&s, 100), RC_OK);
    unsetenv("TMPDIR");
    assert_int_equal(entries(folder), 0);
    rcb_spill_free(&s);
}

static void spill_without_a_folder_is_an_error(void **unused)
{
    const char *folder = check_temp_path("no_such_folder");
    rcb_spill s;

    (void)unused;
    setenv("TMPDIR", folder, 1);
    CHECK_STATUS(rcb_spill_new(&s, 100), RC_EIO);
    CHECK_MESSAGE_HAS(folder);
    assert_non_null(strstr(rc_error_hint(), "TMPDIR"));
    assert_null(s.p);
    unsetenv("TMPDIR");
    CHECK_STATUS(rcb_spill_new(&s, SIZE_MAX), RC_ENOMEM);
}

static int begin(void **unused)
{
    (void)unused;
    (void)check_temp_dir(); /* before any test changes TMPDIR */
    return unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_file_is_loaded_and_streamed),
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
        cmocka_unit_test(nothing_changes_before_commit),
        cmocka_unit_test(drop_leaves_no_trace),
        cmocka_unit_test(file_that_is_being_written_is_hidden_beside_its_place),
        cmocka_unit_test(new_file_obeys_the_mask_and_an_old_one_keeps_its_mode),
        cmocka_unit_test(symbolic_links_are_written_through),
        cmocka_unit_test(name_without_a_folder_is_in_the_present_one),
        cmocka_unit_test(devices_and_pipes_are_written_straight),
        cmocka_unit_test(standard_output_is_called_dash),
        cmocka_unit_test(what_cannot_be_written_says_why),
        cmocka_unit_test(folder_or_file_without_permission_is_an_error),
        cmocka_unit_test(full_device_is_reported_by_name),
        cmocka_unit_test(full_disk_loses_nothing),
        cmocka_unit_test(failed_allocation_in_writing_leaves_no_file),
        cmocka_unit_test(spill_is_memory_that_starts_as_zeros),
        cmocka_unit_test(spill_has_no_name),
        cmocka_unit_test(spill_without_a_folder_is_an_error),
    };
    return cmocka_run_group_tests_name("file", tests, begin, NULL);
}
