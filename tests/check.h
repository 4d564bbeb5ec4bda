/* check.h -- what numeric tests need beside cmocka: close arrays, printed seeds, guard bytes,
 * temporary folders, allocations that fail in turn.
 *
 * Includes cmocka and what cmocka wants before it. Every failure shows the values and the seed
 * that brings it back: RECUR_TEST_SEED=<seed> runs a test with another one. All functions are
 * static inline, so a test takes what it wants.
 */
#ifndef CHECK_H
#define CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHECK_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECK_WATCHED 1
#endif
#endif
#ifdef CHECK_WATCHED
#include <sanitizer/asan_interface.h>
#endif

/* ---- random inputs ----------------------------------------------------------------------- */

typedef struct check_random {
    bool begun;
    uint64_t seed;
    uint64_t state;
} check_random;

static inline check_random *check_random_state(void)
{
    static check_random r;

    return &r;
}

/* The seed of this run; starts the random inputs anew, so that a test that begins with it sees
 * the same ones alone and among others. RECUR_TEST_SEED overrides the fixed default. */
static inline uint64_t check_seed(void)
{
    check_random *r = check_random_state();

    if (!r->begun) {
        const char *text = getenv("RECUR_TEST_SEED");

        r->begun = true;
        r->seed = text && *text ? strtoull(text, NULL, 0) : 20240607;
        print_message("seed %llu\n", (unsigned long long)r->seed);
    }
    r->state = r->seed;
    return r->seed;
}

/* 64 random bits (splitmix64). */
static inline uint64_t pick_bits(void)
{
    check_random *r = check_random_state();

    if (!r->begun)
        (void)check_seed();

    uint64_t x = r->state += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* A whole number from lo to hi, both included. */
static inline int64_t pick(int64_t lo, int64_t hi)
{
    assert_true(lo <= hi);
    return lo + (int64_t)(pick_bits() % ((uint64_t)(hi - lo) + 1));
}

/* A number in [-1, 1), the same in float and double builds. */
static inline rc_real pick_real(void)
{
    return (rc_real)((double)(pick_bits() >> 40) * 0x1p-23 - 1);
}

static inline void fill_real(rc_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = pick_real();
}

/* ---- numbers ----------------------------------------------------------------------------- */

/* The element type of an array, so that double and float arrays can be compared. */
#define CHECK_IS_DOUBLE(p) _Generic(*(p), float : false, double : true)

static inline double check_at(const void *p, bool is_double, int64_t i)
{
    return is_double ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

/* Equal infinities and two NaNs are close; a NaN is close to nothing else. */
static inline bool check_is_close(double got, double want, double tol)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (isinf(want) || isinf(got))
        return got == want;
    return fabs(got - want) <= tol * fmax(1.0, fabs(want));
}

static inline void check_close(const void *got, bool got_double, const void *want, bool want_double,
                               int64_t n, double tol, const char *words, const char *file, int line)
{
    int64_t bad = 0, first = 0, worst = 0;
    double most = -1;

    for (int64_t i = 0; i < n; i++) {
        const double g = check_at(got, got_double, i);
        const double w = check_at(want, want_double, i);

        if (check_is_close(g, w, tol))
            continue;
        if (bad++ == 0)
            first = i;
        if (!(fabs(g - w) <= most)) { /* a NaN is the worst */
            worst = i;
            most = fabs(g - w);
        }
    }
    if (bad == 0)
        return;
    print_error("%s: %lld of %lld differ by more than %g (times max(1, |want|)), seed %llu\n",
                words, (long long)bad, (long long)n, tol,
                (unsigned long long)check_random_state()->seed);
    print_error("  first [%lld] got %.17g want %.17g\n", (long long)first,
                check_at(got, got_double, first), check_at(want, want_double, first));
    print_error("  worst [%lld] got %.17g want %.17g\n", (long long)worst,
                check_at(got, got_double, worst), check_at(want, want_double, worst));
    _fail(file, line);
}

/* |got[i] - want[i]| <= tol * max(1, |want[i]|) for i < n; got and want are float or double. */
#define CHECK_CLOSE(got, want, n, tol)                                                             \
    check_close((got), CHECK_IS_DOUBLE(got), (want), CHECK_IS_DOUBLE(want), (n), (tol),            \
                #got " ~ " #want, __FILE__, __LINE__)

/* The same for two numbers. */
#define CHECK_NEAR(got, want, tol)                                                                 \
    check_close(&(const double){(double)(got)}, true, &(const double){(double)(want)}, true, 1,    \
                (tol), #got " ~ " #want, __FILE__, __LINE__)

/* ---- statuses ---------------------------------------------------------------------------- */

static inline const char *check_status_name(rc_status s)
{
    static const char *const names[] = {
#define CHECK_STATUS_NAME(code, words) [code] = #code,
        RC_STATUS_MAP(CHECK_STATUS_NAME)
#undef CHECK_STATUS_NAME
    };

    return (size_t)s < sizeof names / sizeof *names ? names[s] : "no status at all";
}

static inline void check_status(rc_status got, rc_status want, const char *words, const char *file,
                                int line)
{
    if (got == want)
        return;
    print_error("%s: got %s, want %s, seed %llu\n  message: %s\n", words, check_status_name(got),
                check_status_name(want), (unsigned long long)check_random_state()->seed,
                rc_error_message());
    _fail(file, line);
}

/* The call returns this status, say RC_OK. */
#define CHECK_STATUS(call, want) check_status((call), (want), #call, __FILE__, __LINE__)

static inline void check_message_has(const char *text, const char *file, int line)
{
    if (strstr(rc_error_message(), text))
        return;
    print_error("the message has no '%s': %s\n", text, rc_error_message());
    _fail(file, line);
}

/* The last failure's message contains this text. */
#define CHECK_MESSAGE_HAS(text) check_message_has((text), __FILE__, __LINE__)

/* Make the first allocation inside attempt() fail, then the second, and so on until it runs through
 * untouched. Every failure must come back as RC_ENOMEM with a message; what attempt() made before
 * it failed must be gone (AddressSanitizer sees leaks). attempt() frees what it made on success. */
static inline void check_each_allocation(rc_status (*attempt)(void *ctx), void *ctx,
                                         const char *words, const char *file, int line)
{
    for (uint64_t n = 1;; n++) {
        const uint64_t before = rcb_alloc_count();

        (void)rcb_fail(RC_OK, NULL, "%s", "");
        rcb_alloc_fail_at(n);

        const rc_status got = attempt(ctx);
        const bool fired = rcb_alloc_count() - before >= n;

        rcb_alloc_fail_at(0);
        if (!fired) {
            check_status(got, RC_OK, words, file, line);
            return;
        }
        if (got != RC_ENOMEM || !*rc_error_message()) {
            print_error("%s: allocation %llu failed, got %s, want RC_ENOMEM, message: %s\n", words,
                        (unsigned long long)n, check_status_name(got), rc_error_message());
            _fail(file, line);
        }
    }
}

#define CHECK_EACH_ALLOCATION(attempt, ctx)                                                        \
    check_each_allocation((attempt), (ctx), #attempt, __FILE__, __LINE__)

/* ---- guard bytes ------------------------------------------------------------------------- */

/*   |size ... 64 bytes|guard 64 bytes|the array, aligned to 64|guard 64 bytes|
 * Writes outside the array are found by guard_check(); under AddressSanitizer the guards may not
 * even be read. */
enum { GUARD = 64, GUARD_BYTE = 0xA5 };

static inline void guard_lock(unsigned char *p, size_t n, bool lock)
{
#ifdef CHECK_WATCHED
    if (lock) {
        ASAN_POISON_MEMORY_REGION(p - GUARD, GUARD);
        ASAN_POISON_MEMORY_REGION(p + n, GUARD);
    } else {
        ASAN_UNPOISON_MEMORY_REGION(p - GUARD, GUARD);
        ASAN_UNPOISON_MEMORY_REGION(p + n, GUARD);
    }
#else
    (void)p;
    (void)n;
    (void)lock;
#endif
}

/* n bytes, filled with 0xFF (NaN as real), between guards. */
static inline void *guard_bytes(size_t n)
{
    const size_t whole = (2 * GUARD + n + GUARD + 63) / 64 * 64;
    unsigned char *base = aligned_alloc(64, whole);

    assert_non_null(base);
    memset(base, GUARD_BYTE, whole);
    memcpy(base, &n, sizeof n);
    memset(base + 2 * GUARD, 0xFF, n);
    guard_lock(base + 2 * GUARD, n, true);
    return base + 2 * GUARD;
}

/* n reals between guards, each NaN. */
static inline rc_real *guard_new(int64_t n)
{
    return guard_bytes((size_t)n * sizeof(rc_real));
}

static inline void guard_check_at(const void *array, const char *file, int line)
{
    unsigned char *p = (unsigned char *)(uintptr_t)array;
    size_t n;

    memcpy(&n, p - 2 * GUARD, sizeof n);
    guard_lock(p, n, false);
    for (ptrdiff_t i = 0; i < GUARD; i++) {
        const ptrdiff_t where[2] = {-1 - i, (ptrdiff_t)n + i};

        for (int side = 0; side < 2; side++) {
            if (p[where[side]] != GUARD_BYTE) {
                print_error("byte %td of an array of %zu was written, seed %llu\n", where[side], n,
                            (unsigned long long)check_random_state()->seed);
                _fail(file, line);
            }
        }
    }
    guard_lock(p, n, true);
}

/* Nobody wrote before or behind the array. */
#define guard_check(array) guard_check_at((array), __FILE__, __LINE__)

/* Check, then free; NULL is accepted. */
#define guard_free(array) guard_free_at((array), __FILE__, __LINE__)

static inline void guard_free_at(void *array, const char *file, int line)
{
    unsigned char *p = array;
    size_t n;

    if (!p)
        return;
    guard_check_at(p, file, line);
    memcpy(&n, p - 2 * GUARD, sizeof n);
    guard_lock(p, n, false);
    free(p - 2 * GUARD);
}

/* ---- files ------------------------------------------------------------------------------- */

static inline void check_remove(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return;

    DIR *folder = opendir(path);

    for (struct dirent *e; folder && (e = readdir(folder));) {
        char inside[4096];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (snprintf(inside, sizeof inside, "%s/%s", path, e->d_name) < (int)sizeof inside)
            check_remove(inside);
    }
    if (folder)
        closedir(folder);
    (void)rmdir(path);
}

typedef struct check_folder {
    char path[512];
    long owner; /* the process that made it: children must not remove it */
} check_folder;

static inline check_folder *check_folder_state(void)
{
    static check_folder f;

    return &f;
}

static inline void check_remove_temp_dir(void)
{
    const check_folder *f = check_folder_state();

    if (f->path[0] && f->owner == (long)getpid())
        check_remove(f->path);
}

/* Where temporary folders go: TMPDIR, or memory where there is such a place, because waiting for a
 * disk is most of what a test that writes checkpoints does. */
static inline const char *check_temp_root(void)
{
    const char *set = getenv("TMPDIR");

    if (set && *set)
        return set;
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* A folder of this test program alone; made at the first call, removed with all that is in it when
 * the program ends. */
static inline const char *check_temp_dir(void)
{
    check_folder *f = check_folder_state();

    for (int i = 0; !f->path[0] && i < 1000; i++) {
        char path[sizeof f->path];
        const int n = snprintf(path, sizeof path, "%s/recur-test-%ld-%d", check_temp_root(),
                               (long)getpid(), i);

        assert_true(n > 0 && n < (int)sizeof path);
        if (mkdir(path, 0700) == 0) {
            memcpy(f->path, path, sizeof path);
            f->owner = (long)getpid();
            atexit(check_remove_temp_dir);
        } else {
            assert_int_equal(errno, EEXIST);
        }
    }
    assert_true(f->path[0]);
    return f->path;
}

/* The path of a name in the temporary folder. Eight paths live at a time. */
static inline const char *check_temp_path(const char *name)
{
    static char paths[8][1024];
    static int turn;
    char *path = paths[turn++ % 8];
    const int n = snprintf(path, sizeof paths[0], "%s/%s", check_temp_dir(), name);

    assert_true(n > 0 && n < (int)sizeof paths[0]);
    return path;
}

/* Write a file in one go. */
static inline void check_write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(n > 0 ? fwrite(bytes, 1, n, f) : 0, n);
    assert_int_equal(fclose(f), 0);
}

/* The file holds exactly these bytes. */
static inline void check_file_has(const char *path, const void *want, size_t n)
{
    FILE *f = fopen(path, "rb");
    unsigned char *got = malloc(n + 1);

    assert_non_null(f);
    assert_non_null(got);
    assert_int_equal(fread(got, 1, n + 1, f), n);
    assert_int_equal(fclose(f), 0);
    assert_memory_equal(got, want, n);
    free(got);
}

/* A new empty folder in the temporary one; its path lives as those of check_temp_path() do. */
static inline const char *check_new_folder(void)
{
    static int turn;
    char name[32];

    (void)snprintf(name, sizeof name, "folder%d", turn++);

    const char *path = check_temp_path(name);

    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

/* folder/name. Four paths live at a time. */
static inline const char *check_in_folder(const char *folder, const char *name)
{
    static char path[4][1100];
    static int turn;
    char *p = path[turn++ % 4];

    (void)snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

/* Entries of the folder besides . and .. */
static inline int check_entries(const char *path)
{
    DIR *folder = opendir(path);
    int n = -2;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

/* A disk of 256 KiB, to be unmounted; NULL, with the reason printed, if this user may not mount. */
static inline const char *check_small_disk(void)
{
    const char *disk = check_new_folder();

    if (mount("tmpfs", disk, "tmpfs", 0, "size=256k") == 0)
        return disk;
    print_message("cannot mount a small disk: %s\n", strerror(errno));
    return NULL;
}

#endif
