/* mem.c -- aligned heap memory that tests can make fail, and arenas on top of it.
 *
 * Every block starts at a multiple of RCB_ALIGN; blocks of 2 MiB and more start at a multiple of
 * 2 MiB and ask for huge pages. The n-th allocation can be made to fail, which is how every
 * error path above is tested; a reserve per thread stands behind foreign libraries that cannot
 * bear it. In debug builds memory that an arena takes back is filled with 0xFF (a NaN as real, -1
 * as integer), and under AddressSanitizer it may not be touched at all.
 */
#define _GNU_SOURCE /* madvise */
#include "base/base.h"

#include <fcntl.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

#ifdef WATCHED
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = RCB_ALIGN }; /* bytes between two pieces that nobody may touch */
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
enum { RED_ZONE = 0 };
#endif

static const size_t HUGE_PAGE = (size_t)2 << 20;
static const size_t LARGE = (size_t)64 << 20;      /* bytes that the machine may not have */
static const size_t FIRST_BLOCK = (size_t)1 << 20; /* of an arena whose maker names no size */

static _Atomic uint64_t taken;   /* allocations so far, failed ones too */
static _Atomic uint64_t fail_on; /* the number of the one that fails; 0: none */

bool rcb_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool rcb_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

/* n rounded up to a multiple of `to`, a power of two; at least one multiple. False on overflow. */
static bool round_up(size_t n, size_t to, size_t *out)
{
    size_t sum;

    if (!rcb_add(n == 0 ? 1 : n, to - 1, &sum))
        return false;
    *out = sum & ~(to - 1);
    return true;
}

/* Count an allocation; true when it is the one that fails. */
static bool denied(void)
{
    const uint64_t number = atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed) + 1;

    return number == atomic_load_explicit(&fail_on, memory_order_relaxed);
}

size_t rcb_memory_left(void)
{
    char text[512]; /* the line is the third */
    const int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    unsigned long long kib;

    if (fd >= 0)
        (void)close(fd);
    text[n > 0 ? n : 0] = '\0';

    const char *line = strstr(text, "MemAvailable:");

    if (!line || sscanf(line, "MemAvailable: %llu", &kib) != 1 || kib > SIZE_MAX / 1024)
        return SIZE_MAX;
    return (size_t)kib * 1024;
}

/* The one call of the system's allocator. NULL without a message. A system that promises more than
 * it has would end the process when a large block is filled; so what it has is asked first. */
static void *take(size_t bytes)
{
    const size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : (size_t)RCB_ALIGN;
    size_t whole;

    if (denied())
        return NULL;
    if (!round_up(bytes, align, &whole) || whole > PTRDIFF_MAX)
        return NULL;
    if (whole >= LARGE && whole > rcb_memory_left())
        return NULL;

    void *p = aligned_alloc(align, whole);

#ifdef MADV_HUGEPAGE
    if (p && align == HUGE_PAGE)
        (void)madvise(p, whole, MADV_HUGEPAGE); /* a wish: refusal changes nothing */
#endif
    return p;
}

static void *no_memory(size_t count, size_t size)
{
    const size_t left = count > 0 && size >= LARGE / count ? rcb_memory_left() : SIZE_MAX;

    if (left < SIZE_MAX)
        (void)RC_FAIL(RC_ENOMEM, "out of memory: cannot get %zu x %zu bytes, %zu MB are left",
                      count, size, left / 1000000);
    else
        (void)RC_FAIL(RC_ENOMEM, "out of memory: cannot get %zu x %zu bytes", count, size);
    return NULL;
}

void *rcb_alloc(size_t count, size_t size)
{
    size_t bytes;
    void *p = rcb_mul(count, size, &bytes) ? take(bytes) : NULL;

    return p ? p : no_memory(count, size);
}

void *rcb_calloc(size_t count, size_t size)
{
    void *p = rcb_alloc(count, size);

    return p ? memset(p, 0, count * size) : NULL;
}

void *rcb_realloc(void *p, size_t old_count, size_t new_count, size_t size)
{
    void *fresh = rcb_alloc(new_count, size);

    if (fresh && p) {
        memcpy(fresh, p, (old_count < new_count ? old_count : new_count) * size);
        rcb_free(p);
    }
    return fresh;
}

void rcb_free(void *p)
{
    free(p);
}

char *rcb_strdup(const char *s)
{
    return rcb_strndup(s, strlen(s));
}

char *rcb_strndup(const char *s, size_t n)
{
    const char *end = memchr(s, '\0', n);
    const size_t length = end ? (size_t)(end - s) : n;
    size_t bytes;
    char *copy = rcb_add(length, 1, &bytes) ? rcb_alloc(bytes, 1) : no_memory(length, 1);

    if (copy) {
        memcpy(copy, s, length);
        copy[length] = '\0';
    }
    return copy;
}

void rcb_alloc_fail_at(uint64_t n)
{
    const uint64_t now = atomic_load_explicit(&taken, memory_order_relaxed);

    atomic_store_explicit(&fail_on, n == 0 ? 0 : now + n, memory_order_relaxed);
}

uint64_t rcb_alloc_count(void)
{
    return atomic_load_explicit(&taken, memory_order_relaxed);
}

/* The reserve of this thread: pieces from the front, never taken back one by one. */
static _Thread_local struct {
    char *p; /* NULL: not begun */
    size_t n;
    size_t used;
    bool is_short;
} reserve;

rc_status rcb_lend_begin(size_t bytes)
{
    assert(!reserve.p);
    reserve.p = rcb_alloc(bytes, 1);
    if (!reserve.p)
        return RC_ENOMEM;
    reserve.n = bytes;
    reserve.used = 0;
    reserve.is_short = false;
    return RC_OK;
}

bool rcb_lend_short(void)
{
    return reserve.is_short;
}

void rcb_lend_end(void)
{
    rcb_free(reserve.p);
    reserve.p = NULL;
    reserve.is_short = false;
}

void *rcb_lend_alloc(size_t n, void *(*get)(size_t n))
{
    void *p = denied() ? NULL : get(n);
    size_t whole;

    if (p || !reserve.p)
        return p;
    reserve.is_short = true;
    if (!round_up(n, alignof(max_align_t), &whole) || whole > reserve.n - reserve.used)
        return NULL;
    p = reserve.p + reserve.used;
    reserve.used += whole;
    return p;
}

void rcb_lend_free(void *p, void (*put)(void *p))
{
    const uintptr_t first = (uintptr_t)reserve.p;

    if (!reserve.p || (uintptr_t)p < first || (uintptr_t)p >= first + reserve.n)
        put(p);
}

/* An arena is a chain of blocks; only the newest gives memory.
 *
 *   arena.last -> block -> block -> NULL          one block:  header |keep ->   free   <- scratch|
 *
 * Sizes are rounded to RCB_ALIGN, so used bytes are exact sums. Scratch is a stack through all
 * blocks (what an older block holds was taken before anything in a newer one): its total size
 * alone tells how far to take back, and that total is what rcb_arena_mark() returns. */
typedef struct block {
    struct block *older;
    size_t size;    /* bytes behind the header */
    size_t keep;    /* bytes used from the front */
    size_t scratch; /* bytes used from the back */
} block;

enum { HEADER = RCB_ALIGN };
static_assert(sizeof(block) <= HEADER, "a block's header fits its place");

struct rcb_arena {
    block *last;
    size_t next;    /* bytes of the next block, unless more are asked for */
    size_t keep;    /* bytes kept in all blocks */
    size_t scratch; /* bytes of scratch in all blocks */
    size_t high;    /* most of keep + scratch at one time */
};

static unsigned char *data_of(block *b)
{
    return (unsigned char *)b + HEADER;
}

/* Nothing in these bytes is meant to be read again. */
static void spoil(unsigned char *p, size_t n)
{
#ifndef NDEBUG
    ASAN_UNPOISON_MEMORY_REGION(p, n);
    memset(p, 0xFF, n);
#endif
    ASAN_POISON_MEMORY_REGION(p, n);
}

/* Put a new block of at least `bytes` in front of the chain; false when there is no memory. */
static bool chain(rcb_arena *a, size_t bytes)
{
    const size_t want = bytes > a->next ? bytes : a->next;
    size_t whole;

    if (!rcb_add(want, HEADER, &whole) ||
        !round_up(whole, whole >= HUGE_PAGE ? HUGE_PAGE : (size_t)RCB_ALIGN, &whole))
        return false;

    block *b = take(whole);

    if (!b)
        return false;
    *b = (block){.older = a->last, .size = whole - HEADER};
    ASAN_POISON_MEMORY_REGION(data_of(b), b->size);
    a->last = b;
    if (!rcb_mul(b->size, 2, &a->next)) /* so that the chain stays short */
        a->next = b->size;
    return true;
}

static void drop_blocks(rcb_arena *a)
{
    while (a->last) {
        block *b = a->last;

        a->last = b->older;
        ASAN_UNPOISON_MEMORY_REGION(data_of(b), b->size);
        rcb_free(b);
    }
}

rc_status rcb_arena_new(rcb_arena **out, size_t bytes)
{
    *out = NULL;

    rcb_arena *a = rcb_calloc(1, sizeof *a);

    if (!a)
        return RC_ENOMEM;
    a->next = bytes ? bytes : FIRST_BLOCK;
    if (!chain(a, a->next)) {
        (void)no_memory(a->next, 1);
        rcb_free(a);
        return RC_ENOMEM;
    }
    *out = a;
    return RC_OK;
}

void rcb_arena_free(rcb_arena *a)
{
    if (!a)
        return;
    drop_blocks(a);
    rcb_free(a);
}

/* Where there were several blocks, one of the high-water size takes their place. Should there be
 * no memory for it now, the arena stays empty and the next request asks again. */
void rcb_arena_reset(rcb_arena *a)
{
    a->keep = 0;
    a->scratch = 0;
    if (!a->last)
        return;
    if (a->last->older) {
        drop_blocks(a);
        a->next = a->high;
        (void)chain(a, a->high);
        return;
    }

    block *b = a->last;

    spoil(data_of(b), b->keep);
    spoil(data_of(b) + b->size - b->scratch, b->scratch);
    b->keep = 0;
    b->scratch = 0;
}

/* The newest block with `bytes` free, or NULL. */
static block *room_for(rcb_arena *a, size_t bytes)
{
    block *b = a->last;

    if (b && b->size - b->keep - b->scratch >= bytes)
        return b;
    return chain(a, bytes) ? a->last : NULL;
}

static void note_high(rcb_arena *a)
{
    if (a->keep + a->scratch > a->high)
        a->high = a->keep + a->scratch;
}

/* The bytes a piece takes in the arena; false on overflow. */
static bool piece(size_t count, size_t size, size_t *out)
{
    size_t bytes;

    return rcb_mul(count, size, &bytes) && rcb_add(bytes, RED_ZONE, &bytes) &&
           round_up(bytes, RCB_ALIGN, out);
}

void *rcb_arena_keep(rcb_arena *a, size_t count, size_t size)
{
    size_t bytes;
    block *b = piece(count, size, &bytes) ? room_for(a, bytes) : NULL;

    if (!b)
        return no_memory(count, size);

    unsigned char *p = data_of(b) + b->keep;

    b->keep += bytes;
    a->keep += bytes;
    note_high(a);
    ASAN_UNPOISON_MEMORY_REGION(p, count * size);
    return p;
}

void *rcb_arena_scratch(rcb_arena *a, size_t count, size_t size)
{
    size_t bytes;
    block *b = piece(count, size, &bytes) ? room_for(a, bytes) : NULL;

    if (!b)
        return no_memory(count, size);
    b->scratch += bytes;
    a->scratch += bytes;
    note_high(a);

    unsigned char *p = data_of(b) + b->size - b->scratch;

    ASAN_UNPOISON_MEMORY_REGION(p, count * size);
    return p;
}

size_t rcb_arena_mark(const rcb_arena *a)
{
    return a->scratch;
}

void rcb_arena_release(rcb_arena *a, size_t mark)
{
    assert(mark <= a->scratch);
    for (block *b = a->last; b && a->scratch > mark; b = b->older) {
        const size_t excess = a->scratch - mark;
        const size_t n = excess < b->scratch ? excess : b->scratch;

        spoil(data_of(b) + b->size - b->scratch, n);
        b->scratch -= n;
        a->scratch -= n;
    }
}

size_t rcb_arena_high(const rcb_arena *a)
{
    return a->high;
}
