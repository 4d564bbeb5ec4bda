/* base.h -- the ground floor: statuses, memory, random streams, bytes, files, threads, the CPU.
 *
 * Everything above may use this door. It knows nothing of tensors, text or networks.
 * Object room: every function that can fail returns a status (see RC_FAIL and RC_TRY).
 */
#ifndef RCB_BASE_H
#define RCB_BASE_H

#include "recur.h"

#include <assert.h>
#include <inttypes.h>

/* ---- errors (err.c) ---------------------------------------------------------------------- */

/* Remember the message for this thread and return `code`. The message is one line (longer text is
 * cut), formatted as printf does; `hint` may be NULL. */
rc_status rcb_fail(rc_status code, const char *hint, const char *fmt, ...) RC_PRINTF(3, 4);

#define RC_FAIL(code, ...) rcb_fail((code), NULL, __VA_ARGS__)
#define RC_FAIL_HINT(code, hint, ...) rcb_fail((code), (hint), __VA_ARGS__)
#define RC_TRY(call)                                                                               \
    do {                                                                                           \
        const rc_status rc_try_ = (call);                                                          \
        if (rc_try_ != RC_OK)                                                                      \
            return rc_try_;                                                                        \
    } while (0)

/* ---- memory (mem.c) ---------------------------------------------------------------------- */

enum { RCB_ALIGN = 64 }; /* bytes: a cache line and an AVX-512 register */

/* Every heap allocation of the library goes through these four, so that tests can fail the n-th
 * one and count them. Memory is aligned to RCB_ALIGN. `count * size` is checked for overflow;
 * NULL is returned with a message set (RC_ENOMEM) on failure. Size 0 gives a valid pointer. */
void *rcb_alloc(size_t count, size_t size);  /* contents undefined */
void *rcb_calloc(size_t count, size_t size); /* zeroed */
void *rcb_realloc(void *p, size_t old_count, size_t new_count, size_t size);
void rcb_free(void *p);
char *rcb_strdup(const char *s);
char *rcb_strndup(const char *s, size_t n);

/* Tests: fail the n-th allocation from now (1 is the next; 0 never), once; count since start. */
void rcb_alloc_fail_at(uint64_t n);
uint64_t rcb_alloc_count(void);

/* Memory for a foreign library that does not survive being refused. Between begin and end what the
 * system does not give this thread (or rcb_alloc_fail_at() denies it) comes from a reserve, and
 * rcb_lend_short() is true from then on: free what the library made, then end, then report. When
 * the reserve is used up too, or there is none, NULL is the answer. `get` and `put` are the malloc
 * and free that lie beneath. Does not nest. */
rc_status rcb_lend_begin(size_t bytes); /* RC_ENOMEM: no such reserve, nothing has begun */
bool rcb_lend_short(void);
void rcb_lend_end(void); /* pieces of the reserve are gone; what the system gave stays */
void *rcb_lend_alloc(size_t n, void *(*get)(size_t n));
void rcb_lend_free(void *p, void (*put)(void *p));

/* Bytes that the machine can still give without taking them from somebody, by its own estimate;
 * SIZE_MAX: it does not say. */
size_t rcb_memory_left(void);

/* a * b and a + b for sizes; false (and *out untouched) on overflow. */
bool rcb_mul(size_t a, size_t b, size_t *out);
bool rcb_add(size_t a, size_t b, size_t *out);

/* An arena: memory handed out by moving an offset and taken back all at once.
 *
 *   |keep ........ ->|              free              |<- ....... scratch|
 *
 * keep lives until rcb_arena_reset(); scratch until its mark is restored (or reset). When the
 * block is full a further one is chained; reset then replaces the chain by one block of the
 * high-water size, so that a warm user of the arena never reaches the heap. Blocks of 2 MiB or
 * more ask for huge pages. */
typedef struct rcb_arena rcb_arena;
rc_status rcb_arena_new(rcb_arena **out, size_t bytes); /* bytes: first block, 0 = default */
void rcb_arena_free(rcb_arena *a);
void rcb_arena_reset(rcb_arena *a);
void *rcb_arena_keep(rcb_arena *a, size_t count, size_t size);    /* NULL with message: no memory */
void *rcb_arena_scratch(rcb_arena *a, size_t count, size_t size); /* NULL with message: no memory */
/* The state of the scratch end, and dropping all scratch taken since. */
size_t rcb_arena_mark(const rcb_arena *a);
void rcb_arena_release(rcb_arena *a, size_t mark);
size_t rcb_arena_high(const rcb_arena *a); /* high-water mark, bytes */

/* ---- random numbers (rng.c) -------------------------------------------------------------- */

/* Counter-based: Philox4x32-10 (Salmon et al. 2011). A number depends only on the key (seed and
 * stream) and the counter, never on who draws it or in what order. */
typedef struct rcb_key {
    uint32_t k[2];
} rcb_key;

/* Ten rounds of Philox4x32. ctr and out may be the same array. */
static inline void rcb_philox(rcb_key key, const uint32_t ctr[4], uint32_t out[4])
{
    uint32_t c0 = ctr[0], c1 = ctr[1], c2 = ctr[2], c3 = ctr[3];
    uint32_t k0 = key.k[0], k1 = key.k[1];

    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        const uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;

        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* The key of a named stream under a seed ("init:rnn.weight_hh_l0", "dropout", "sample"). */
rcb_key rcb_stream(uint64_t seed, const char *name);

/* Four random words at a 64-bit counter (and a second one, 0 if not needed). */
void rcb_draw(rcb_key key, uint64_t counter, uint64_t second, uint32_t out[4]);

double rcb_uniform(rcb_key key, uint64_t counter); /* [0, 1), 53 bits */
double rcb_normal(rcb_key key, uint64_t counter);  /* mean 0, variance 1 (Box-Muller) */

/* ---- draws from a distribution (alias.c) ------------------------------------------------- */

/* Owner: rcb_alias_free(). */
typedef struct rcb_alias {
    int32_t n;
    uint32_t *limit; /* (n) of a box of 2^32, what its own number has */
    int32_t *other;  /* (n) whose the rest is */
} rcb_alias;

/* Number i of n, at most INT32_MAX, in proportion to weight[i] >= 0, of which one is not 0.
 * RC_ENOMEM: nothing is left to free. */
rc_status rcb_alias_new(rcb_alias *out, const double *weight, int64_t n);
void rcb_alias_free(rcb_alias *a);
/* The number that two random words stand for. */
static inline int32_t rcb_alias_at(const rcb_alias *a, uint32_t u, uint32_t v)
{
    const int32_t i = (int32_t)((uint64_t)u * (uint64_t)a->n >> 32);

    return v < a->limit[i] ? i : a->other[i];
}

/* ---- byte buffers (buf.c) ---------------------------------------------------------------- */

/* A growing string of bytes; always followed by a 0 that does not count. Zero-initialise. */
typedef struct rcb_buf {
    char *p;
    size_t n;
    size_t cap;
} rcb_buf;

rc_status rcb_buf_add(rcb_buf *b, const void *bytes, size_t n);
rc_status rcb_buf_puts(rcb_buf *b, const char *s);
rc_status rcb_buf_printf(rcb_buf *b, const char *fmt, ...) RC_PRINTF(2, 3);
void rcb_buf_clear(rcb_buf *b); /* keep the memory */
void rcb_buf_free(rcb_buf *b);

/* ---- reals as text (number.c) ------------------------------------------------------------ */

/* For files, JSON and options: with a decimal point whatever the locale of the program is, while
 * rcb_buf_printf() follows it, as messages should. */
rc_status rcb_buf_real(rcb_buf *b, double x); /* the shortest text that reads back as x */
/* A blank and a number, n times, each of as many digits as it needs to read back as that float. */
rc_status rcb_buf_floats(rcb_buf *b, const float *x, int64_t n);
rc_status rcb_buf_hex(rcb_buf *b, double x); /* "0x1.8p+1": exact; also "inf" and "nan" */
/* strtod(): what it reads, and where it stops (at `text`: no number). */
double rcb_real_read(const char *text, const char **end);

/* ---- files read (file.c) ----------------------------------------------------------------- */

/* A whole file as bytes. "-" is standard input; .gz, .xz and .zst are unpacked (told by their
 * first bytes, not their name); a plain file is mapped. RC_EIO (names the file and the reason),
 * RC_EDATA (packed data that is damaged or ends early), RC_ENOSUP (packed in a way that this build
 * lacks), RC_ENOMEM. */
typedef struct rcb_bytes {
    const unsigned char *p;
    size_t n;
    void *owner; /* what free needs */
    size_t mapped;
} rcb_bytes;

rc_status rcb_file_load(rcb_bytes *out, const char *path);
void rcb_bytes_free(rcb_bytes *b);
bool rcb_file_there(const char *path); /* does something have that name? */

/* Tests: texts that are unpacked to so many bytes or more go into an unnamed file (256 MiB). */
void rcb_file_spill_from(size_t bytes);

/* The packed formats and whether they are in: "gz yes, xz yes, zst no". */
const char *rcb_file_parts(void);

/* The same as a stream, which is how rcb_file_load() reads what it cannot map: pieces of any size,
 * 0 bytes at the end. Statuses as above; after a failure every read fails. */
typedef struct rcb_stream_in rcb_stream_in;
rc_status rcb_in_open(rcb_stream_in **out, const char *path);
rc_status rcb_in_read(rcb_stream_in *in, void *buffer, size_t cap, size_t *got);
void rcb_in_close(rcb_stream_in *in);

/* ---- files written (write.c) ------------------------------------------------------------- */

/* Write beside, then rename. Nothing at `path` changes before rcb_out_commit() returns RC_OK (or
 * fails in the very last thing it does): data is written to a temporary name in the same folder,
 * synced, renamed, and the folder synced.
 * rcb_out_drop() removes the temporary file; it is harmless after a commit and accepts NULL.
 * The writer is freed by either. */
typedef struct rcb_out rcb_out;
rc_status rcb_out_open(rcb_out **out, const char *path); /* RC_EIO, RC_ENOMEM */
rc_status rcb_out_write(rcb_out *o, const void *bytes, size_t n);
rc_status rcb_out_commit(rcb_out *o);
void rcb_out_drop(rcb_out *o);

/* ---- room beyond memory (spill.c) -------------------------------------------------------- */

/* A temporary file without a name, mapped for writing and reading: room for what is larger than
 * memory. It lies in TMPDIR (or /tmp), its space is taken at once, and it goes with the process.
 * RC_EIO, RC_ENOMEM. Owner. */
typedef struct rcb_spill {
    void *p; /* (n) bytes, zeros at first */
    size_t n;
} rcb_spill;
rc_status rcb_spill_new(rcb_spill *out, size_t bytes);
void rcb_spill_free(rcb_spill *s);

/* Room of `count` times `size` bytes, undefined at first: memory, or such a file where it is more
 * than `beyond` bytes. RC_EIO, RC_ENOMEM. Owner: rcb_room_free(), which takes an empty one too. */
typedef struct rcb_room {
    void *p;
    rcb_spill spill; /* behind p; none: it is of the heap */
} rcb_room;
rc_status rcb_room_new(rcb_room *out, int64_t count, size_t size, size_t beyond);
void rcb_room_free(rcb_room *r);

/* ---- threads (pool.c) -------------------------------------------------------------------- */

/* A pool of workers that spin for microseconds, then yield, then sleep. The caller's thread is
 * worker 0. Denormals are flushed on every worker while it runs. */
typedef struct rcb_pool rcb_pool;

/* What computes beside a run and must have its bits flushes denormals likewise, and restores what
 * was before. */
uint64_t rcb_denormals_flush(void);
void rcb_denormals_restore(uint64_t before);

typedef struct rcb_worker {
    rcb_pool *pool;
    int id;    /* 0 .. count-1 */
    int count; /* workers in this run */
    int meet;  /* where its barriers are: 0, or those of a team, see rcb_split() */
} rcb_worker;

/* threads 0: what rcb_threads() says. RC_EINVAL: a number that cannot be. RC_ENOMEM. */
rc_status rcb_pool_new(rcb_pool **out, int threads);
void rcb_pool_free(rcb_pool *p);
int rcb_pool_size(const rcb_pool *p);
/* What threads 0 means here: RECUR_THREADS, else the cores. RC_EINVAL: RECUR_THREADS says something
 * impossible. */
rc_status rcb_threads(int *out);

/* Run fn on `workers` workers (clamped to the pool's size) and return when all have returned. */
void rcb_pool_run(rcb_pool *p, int workers, void (*fn)(const rcb_worker *w, void *ctx), void *ctx);

/* All workers of the current run, or of a team, meet here. Same cost discipline: spin, yield,
 * sleep. */
void rcb_barrier(const rcb_worker *w);
/* The workers of a run as teams (no more than there are workers) of neighbours, as even as can be,
 * whose barriers are their own: returns the team this one is in, 0 .. teams-1, and in *out the
 * worker as its team sees it. Teams are not split again. */
int rcb_split(const rcb_worker *w, int teams, rcb_worker *out);

/* A pool without threads of its own, with workers lent by a run of `of`, for work that has runs
 * inside: in that run one worker is its worker 0 and calls rcb_pool_run() and, in the end,
 * rcb_pool_dismiss(); each of the others calls rcb_pool_attend() with its number from 1, and comes
 * back when dismissed. With one worker it needs nobody. RC_EINVAL, RC_ENOMEM. */
rc_status rcb_pool_lent(rcb_pool **out, const rcb_pool *of, int size);
void rcb_pool_attend(rcb_pool *p, int id);
void rcb_pool_dismiss(rcb_pool *p);

/* This worker's share [*lo, *hi) of n items, cut at multiples of grain. Shares cover 0..n. */
void rcb_share(const rcb_worker *w, int64_t n, int64_t grain, int64_t *lo, int64_t *hi);

/* ---- checksums (crc.c) ------------------------------------------------------------------- */

/* CRC-32 (the polynomial of zlib) of bytes, going on from `crc` (0 to begin). */
uint32_t rcb_crc32(uint32_t crc, const void *bytes, size_t n);
/* The same on all workers, from the beginning. `pool` may be NULL. */
uint32_t rcb_crc32_on(rcb_pool *pool, const void *bytes, size_t n);
/* That of some bytes and n more behind them, out of theirs: a and b. */
uint32_t rcb_crc32_join(uint32_t a, uint32_t b, size_t n);
/* Tests: as a machine does it that cannot multiply without carry. */
uint32_t rcb_crc32_by_tables(uint32_t crc, const void *bytes, size_t n);
/* CRC-32C (the polynomial of Castagnoli, as iSCSI and TFRecord have it), a bit at a time: for the
 * few bytes of a log. */
uint32_t rcb_crc32c(uint32_t crc, const void *bytes, size_t n);

/* ---- the machine (cpu.c) ----------------------------------------------------------------- */

/* One list of instruction sets, widest last. */
#define RCB_ISA_MAP(X) X(plain) X(avx2) X(avx512) X(avx512vnni) X(avx512bf16)

typedef enum rcb_isa {
#define RCB_ISA_ENTRY(name) RCB_ISA_##name,
    RCB_ISA_MAP(RCB_ISA_ENTRY)
#undef RCB_ISA_ENTRY
        RCB_ISA_COUNT
} rcb_isa;

const char *rcb_isa_name(rcb_isa isa);
/* Can this machine run it? By features and the state of the system, not by the model's name. */
bool rcb_isa_here(rcb_isa isa);

/* The widest set of this machine, narrowed by RECUR_CPU to one of the list. An unknown word or a
 * set that the machine lacks is RC_EINVAL. In the double build always plain. */
rc_status rcb_isa_pick(rcb_isa *out);
int rcb_cores(void);          /* cores this process may use (affinity mask) */
bool rcb_has_carryless(void); /* can it multiply polynomials over bits (PCLMULQDQ)? */
double rcb_clock(void);       /* seconds since some moment in the past; never runs back */

#endif
