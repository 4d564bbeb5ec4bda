/* pool.c -- the one place that creates threads: a pool of workers, and the barrier among them.
 *
 * Whoever waits (a worker for its next run, the caller for the end, all at a barrier) spins for
 * microseconds, then yields the core, then sleeps in the kernel, so that a core that vanishes
 * costs its own time only. All waiting is on 32-bit words through wait_while() and wake().
 * Workers never read the job of a run they are not part of: each has a word of its own.
 */
#define _GNU_SOURCE /* syscall, sched_yield, clock_gettime */
#include "base/base.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#define FUTEX 1
#endif
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

enum {
    MOST_THREADS = 1024,
    LINE = RCB_ALIGN, /* bytes of a cache line */
    SPIN_US = 40,     /* spin this long before the first yield: longer than a small kernel */
    YIELD_US = 400,   /* yield until so much has passed since the wait began, then sleep */
    LOOKS = 64,       /* looks at the word between two looks at the clock */
    ARRIVED = 0xFFFF, /* bits of the barrier's word that count who has come */
};

/* A word that somebody waits on, alone in its cache line. */
typedef struct word {
    alignas(LINE) _Atomic uint32_t value;
    _Atomic uint32_t sleepers;
} word;

typedef struct member {
    word go;   /* changes when there is something to do */
    word meet; /* the barrier of the team whose first worker this is */
    rcb_pool *pool;
    pthread_t thread;
    int id;
    uint32_t seen; /* what `go` was when it last did something */
} member;

struct rcb_pool {
    word left;    /* workers of this run that have not returned */
    word barrier; /* of whole runs: generation << 16 | arrived */
    alignas(LINE) void (*fn)(const rcb_worker *w, void *ctx); /* the job; NULL: go home */
    void *ctx;
    int workers;
    bool running;
    bool lent;   /* its members have no threads, but are other pool's */
    int spin_us; /* 0 where there are more workers than cores: spinning would keep others out */
    int size;
    member *members; /* (size); members[0] is the caller and has no thread */
#ifndef FUTEX
    pthread_mutex_t mutex;
    pthread_cond_t changed;
#endif
};

/* Waiting. */

#ifdef FUTEX
static void sleep_while(rcb_pool *p, word *w, uint32_t old)
{
    (void)p;
    (void)syscall(SYS_futex, &w->value, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
}

static void wake_sleepers(rcb_pool *p, word *w)
{
    (void)p;
    (void)syscall(SYS_futex, &w->value, FUTEX_WAKE_PRIVATE, MOST_THREADS, NULL, NULL, 0);
}
#else
static void sleep_while(rcb_pool *p, word *w, uint32_t old)
{
    pthread_mutex_lock(&p->mutex);
    if (atomic_load(&w->value) == old)
        pthread_cond_wait(&p->changed, &p->mutex);
    pthread_mutex_unlock(&p->mutex);
}

static void wake_sleepers(rcb_pool *p, word *w)
{
    (void)w;
    pthread_mutex_lock(&p->mutex);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->mutex);
}
#endif

static void pause_briefly(void)
{
#if defined(__SSE__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t microseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Look at the word `looks` times; true when (value & mask) differs from old. What the other side
 * wrote before it changed the word is then visible here. */
static bool changed(word *w, uint32_t mask, uint32_t old, int looks)
{
    for (int i = 0; i < looks; i++) {
        if ((atomic_load_explicit(&w->value, memory_order_acquire) & mask) != old)
            return true;
        pause_briefly();
    }
    return false;
}

/* Return when (value & mask) differs from old. */
static void wait_while(rcb_pool *p, word *w, uint32_t mask, uint32_t old)
{
    if (changed(w, mask, old, p->spin_us > 0 ? LOOKS : 1))
        return;

    const int64_t start = microseconds();

    while (microseconds() - start < p->spin_us)
        if (changed(w, mask, old, LOOKS))
            return;
    while (microseconds() - start < YIELD_US) {
        (void)sched_yield();
        if (changed(w, mask, old, 1))
            return;
    }

    /* Sequentially consistent with set(): either it sees a sleeper or we see the new value. */
    atomic_fetch_add(&w->sleepers, 1);
    for (;;) {
        const uint32_t now = atomic_load(&w->value);

        if ((now & mask) != old)
            break;
        sleep_while(p, w, now);
    }
    atomic_fetch_sub(&w->sleepers, 1);
}

/* Change a word and wake whoever sleeps on it. */
static void set(rcb_pool *p, word *w, uint32_t value)
{
    atomic_store(&w->value, value);
    if (atomic_load(&w->sleepers) > 0)
        wake_sleepers(p, w);
}

/* Floating point. */

#if defined(__SSE__)
enum { FLUSH = 0x8040 }; /* MXCSR: results and operands below the normal range are zero */

uint64_t rcb_denormals_flush(void)
{
    const unsigned before = _mm_getcsr();

    _mm_setcsr(before | FLUSH);
    return before;
}

void rcb_denormals_restore(uint64_t before)
{
    _mm_setcsr((unsigned)before);
}
#elif defined(__aarch64__)
uint64_t rcb_denormals_flush(void)
{
    uint64_t before;

    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | UINT64_C(1) << 24));
    return before;
}

void rcb_denormals_restore(uint64_t before)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
uint64_t rcb_denormals_flush(void)
{
    return 0;
}

void rcb_denormals_restore(uint64_t before)
{
    (void)before;
}
#endif

/* Workers. */

/* Take part in runs until one has nothing to do. */
static void serve(member *m)
{
    rcb_pool *p = m->pool;
    bool more = true;

    while (more) {
        wait_while(p, &m->go, UINT32_MAX, m->seen);
        m->seen++;
        more = p->fn != NULL;
        if (more)
            p->fn(&(rcb_worker){.pool = p, .id = m->id, .count = p->workers}, p->ctx);
        /* The last one out wakes the caller. Nobody else may touch the job from here on. */
        if (atomic_fetch_sub(&p->left.value, 1) == 1 && atomic_load(&p->left.sleepers) > 0)
            wake_sleepers(p, &p->left);
    }
}

static void *work(void *self)
{
    (void)rcb_denormals_flush();
    serve(self);
    return NULL;
}

static void start(rcb_pool *p, int workers)
{
    for (int i = 1; i < workers; i++) {
        word *go = &p->members[i].go;

        set(p, go, atomic_load_explicit(&go->value, memory_order_relaxed) + 1);
    }
}

/* A run of nothing, which sends the first `count` members home. */
static void send_home(rcb_pool *p, int count)
{
    p->fn = NULL;
    atomic_store_explicit(&p->left.value, (uint32_t)count - 1, memory_order_relaxed);
    start(p, count);
}

/* End the first `count` members and give back everything. */
static void tear_down(rcb_pool *p, int count)
{
    if (!p->lent) {
        send_home(p, count);
        for (int i = 1; i < count; i++)
            pthread_join(p->members[i].thread, NULL);
    }
#ifndef FUTEX
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->mutex);
#endif
    rcb_free(p->members);
    rcb_free(p);
}

rc_status rcb_threads(int *out)
{
    const char *text = getenv("RECUR_THREADS");

    if (!text || !*text) {
        const int cores = rcb_cores();

        *out = cores < MOST_THREADS ? cores : MOST_THREADS;
        return RC_OK;
    }

    const size_t digits = strspn(text, "0123456789");
    const long n = digits > 0 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;

    if (n < 1 || n > MOST_THREADS)
        return RC_FAIL(RC_EINVAL, "RECUR_THREADS is '%s', expected a whole number from 1 to %d",
                       text, MOST_THREADS);
    *out = (int)n;
    return RC_OK;
}

/* Start the thread of member i. Signals stay with the program's own threads. */
static int launch(rcb_pool *p, int i)
{
    member *m = &p->members[i];
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);

    const int error = pthread_create(&m->thread, NULL, work, m);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* A pool of so many members, none of whom does anything yet. */
static rc_status make_pool(rcb_pool **out, int size, int spin_us)
{
    rcb_pool *p = rcb_calloc(1, sizeof *p);
    member *members = rcb_calloc((size_t)size, sizeof *members);

    if (!p || !members) {
        rcb_free(members);
        rcb_free(p);
        return RC_ENOMEM;
    }
    for (int i = 0; i < size; i++) {
        members[i].pool = p;
        members[i].id = i;
    }
    p->members = members;
    p->size = size;
    p->spin_us = spin_us;
#ifndef FUTEX
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->changed, NULL);
#endif
    *out = p;
    return RC_OK;
}

rc_status rcb_pool_new(rcb_pool **out, int threads)
{
    rcb_pool *p;

    *out = NULL;
    if (threads < 0 || threads > MOST_THREADS)
        return RC_FAIL(RC_EINVAL, "cannot make a pool of %d threads, expected 1 to %d", threads,
                       MOST_THREADS);
    if (threads == 0)
        RC_TRY(rcb_threads(&threads));
    RC_TRY(make_pool(&p, threads, threads <= rcb_cores() ? SPIN_US : 0));
    for (int i = 1; i < threads; i++) {
        const int error = launch(p, i);

        if (error) {
            tear_down(p, i);
            return RC_FAIL(error == EAGAIN || error == ENOMEM ? RC_ENOMEM : RC_EINVAL,
                           "cannot start thread %d of %d: %s", i + 1, threads, strerror(error));
        }
    }
    *out = p;
    return RC_OK;
}

rc_status rcb_pool_lent(rcb_pool **out, const rcb_pool *of, int size)
{
    *out = NULL;
    if (size < 1 || size > of->size)
        return RC_FAIL(RC_EINVAL, "cannot lend %d workers of a pool of %d", size, of->size);
    RC_TRY(make_pool(out, size, of->spin_us));
    (*out)->lent = true;
    return RC_OK;
}

void rcb_pool_attend(rcb_pool *p, int id)
{
    assert(p->lent && id >= 1 && id < p->size);
    serve(&p->members[id]);
}

void rcb_pool_free(rcb_pool *p)
{
    if (!p)
        return;
    assert(!p->running);
    tear_down(p, p->size);
}

int rcb_pool_size(const rcb_pool *p)
{
    return p->size;
}

/* Return when all workers of a run have. */
static void wait_for_all(rcb_pool *p)
{
    uint32_t left;

    while ((left = atomic_load_explicit(&p->left.value, memory_order_acquire)) > 0)
        wait_while(p, &p->left, UINT32_MAX, left);
}

void rcb_pool_dismiss(rcb_pool *p)
{
    assert(p->lent && !p->running);
    send_home(p, p->size);
    wait_for_all(p);
}

void rcb_pool_run(rcb_pool *p, int workers, void (*fn)(const rcb_worker *w, void *ctx), void *ctx)
{
    assert(!p->running); /* a run inside a run would wait for itself */
    if (workers > p->size)
        workers = p->size;
    if (workers < 1)
        workers = 1;

    const uint64_t before = rcb_denormals_flush();

    p->running = true;
    p->fn = fn;
    p->ctx = ctx;
    p->workers = workers;
    atomic_store_explicit(&p->left.value, (uint32_t)workers - 1, memory_order_relaxed);
    start(p, workers);
    fn(&(rcb_worker){.pool = p, .id = 0, .count = workers}, ctx);
    wait_for_all(p);
    p->running = false;
    rcb_denormals_restore(before);
}

void rcb_barrier(const rcb_worker *w)
{
    if (w->count == 1)
        return;

    word *b = w->meet > 0 ? &w->pool->members[w->meet - 1].meet : &w->pool->barrier;
    const uint32_t old = atomic_fetch_add(&b->value, 1);
    const uint32_t generation = old & ~(uint32_t)ARRIVED;

    if ((old & ARRIVED) + 1 == (uint32_t)w->count)
        set(w->pool, b, generation + ARRIVED + 1);
    else
        wait_while(w->pool, b, ~(uint32_t)ARRIVED, generation);
}

int rcb_split(const rcb_worker *w, int teams, rcb_worker *out)
{
    int64_t lo = 0, hi = 0;
    int team = -1;

    assert(w->meet == 0 && teams >= 1 && teams <= w->count);
    while (hi <= w->id)
        rcb_share(&(rcb_worker){.id = ++team, .count = teams}, w->count, 1, &lo, &hi);
    *out = (rcb_worker){w->pool, w->id - (int)lo, (int)(hi - lo), (int)lo + 1};
    return team;
}

void rcb_share(const rcb_worker *w, int64_t n, int64_t grain, int64_t *lo, int64_t *hi)
{
    assert(n >= 0 && grain >= 1);

    const int64_t pieces = n / grain + (n % grain != 0);
    const int64_t each = pieces / w->count;
    const int64_t more = pieces % w->count; /* the first `more` workers take one piece more */
    const int64_t first = each * w->id + (w->id < more ? w->id : more);
    const int64_t past = first + each + (w->id < more);

    *lo = first < pieces ? first * grain : n;
    *hi = past < pieces ? past * grain : n;
}
