/* pool_test.c -- the pool with fewer and more workers than cores: every worker runs once, barriers
 * hold, shares cover, denormals are flushed, failures to start leave nothing behind. */
#define _GNU_SOURCE /* setenv, setrlimit, sched_setaffinity */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

static const int sizes[] = {1, 2, 3, 7};

#define for_each_size(i) for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)

static rcb_pool *pool_of(int threads)
{
    rcb_pool *p;

    CHECK_STATUS(rcb_pool_new(&p, threads), RC_OK);
    assert_int_equal(rcb_pool_size(p), threads);
    return p;
}

typedef struct roll {
    rcb_pool *pool;
    int count;
    int runs[8]; /* by worker; plain: each is written by its worker alone */
    _Atomic int wrong;
} roll;

static void call_roll(const rcb_worker *w, void *ctx)
{
    roll *r = ctx;

    if (w->pool != r->pool || w->count != r->count || w->id < 0 || w->id >= w->count)
        atomic_fetch_add(&r->wrong, 1);
    else
        r->runs[w->id]++;
}

static void every_worker_runs_once(void **unused)
{
    (void)unused;
    for_each_size(i)
    {
        rcb_pool *p = pool_of(sizes[i]);

        for (int asked = -1; asked <= sizes[i] + 2; asked++) {
            const int count = asked < 1 ? 1 : asked > sizes[i] ? sizes[i] : asked;
            roll r = {.pool = p, .count = count};

            for (int run = 1; run <= 200; run++) {
                rcb_pool_run(p, asked, call_roll, &r);
                for (int w = 0; w < 8; w++)
                    assert_int_equal(r.runs[w], w < count ? run : 0);
            }
            assert_int_equal(r.wrong, 0);
        }
        rcb_pool_free(p);
    }
    rcb_pool_free(NULL);
}

typedef struct laps {
    int64_t count;
    int64_t lap[8]; /* plain: only the barrier orders reads after writes */
    _Atomic int wrong;
} laps;

/* After the first barrier of a lap everybody sees everybody else's lap; nobody writes the next
 * before all have looked. */
static void run_laps(const rcb_worker *w, void *ctx)
{
    laps *l = ctx;

    for (int64_t i = 1; i <= l->count; i++) {
        l->lap[w->id] = i;
        rcb_barrier(w);
        for (int j = 0; j < w->count; j++)
            if (l->lap[j] != i)
                atomic_fetch_add(&l->wrong, 1);
        rcb_barrier(w);
    }
}

static void barrier_holds_ten_thousand_times(void **unused)
{
    (void)unused;
    for_each_size(i)
    {
        rcb_pool *p = pool_of(sizes[i]);

        for (int run = 0; run < 2; run++) {
            laps l = {.count = 2500};

            rcb_pool_run(p, sizes[i], run_laps, &l);
            assert_int_equal(l.wrong, 0);
            for (int w = 0; w < sizes[i]; w++)
                assert_int_equal(l.lap[w], 2500);
        }
        rcb_pool_free(p);
    }
}

static void doze(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

static void run_lazy_laps(const rcb_worker *w, void *ctx)
{
    laps *l = ctx;

    for (int64_t i = 1; i <= l->count; i++) {
        if (w->id == i % w->count)
            doze(); /* the others go to sleep in the barrier */
        l->lap[w->id] = i;
        rcb_barrier(w);
        for (int j = 0; j < w->count; j++)
            if (l->lap[j] != i)
                atomic_fetch_add(&l->wrong, 1);
        rcb_barrier(w);
    }
    if (w->id == w->count - 1)
        doze(); /* the caller goes to sleep at the end */
}

static void sleepers_are_woken(void **unused)
{
    (void)unused;
    for_each_size(i)
    {
        rcb_pool *p = pool_of(sizes[i]);

        for (int run = 0; run < 3; run++) {
            laps l = {.count = 10};

            doze(); /* the workers go to sleep between runs */
            rcb_pool_run(p, sizes[i], run_lazy_laps, &l);
            assert_int_equal(l.wrong, 0);
        }
        rcb_pool_free(p);
    }
}

/* ---- a core that is not there ---------------------------------------------------------------- */

#ifdef __linux__

enum { STALL_BARRIERS = 100 };

static void work_for_a_while(int64_t rounds)
{
    volatile double x = 1;

    for (int64_t i = 0; i < rounds; i++)
        x = x * 1.0000001;
}

typedef struct stalled {
    int64_t rounds; /* between two barriers, over all workers */
    int processor;  /* to be pinned to; -1: stay */
    _Atomic int refused;
} stalled;

static void work_between_barriers(const rcb_worker *w, void *ctx)
{
    stalled *s = ctx;

    if (s->processor >= 0) {
        cpu_set_t one;

        CPU_ZERO(&one);
        CPU_SET(s->processor, &one);
        if (sched_setaffinity(0, sizeof one, &one) != 0)
            atomic_fetch_add(&s->refused, 1);
        return;
    }
    for (int i = 0; i < STALL_BARRIERS; i++) {
        work_for_a_while(s->rounds / w->count);
        rcb_barrier(w);
    }
}

/* Seconds of STALL_BARRIERS with work between them: the best of some, since others use the machine
 * as well. */
static double best_seconds(rcb_pool *p, int workers, stalled *s)
{
    double best = (double)INFINITY;

    for (int i = 0; i < 5; i++) {
        const double begin = rcb_clock();

        rcb_pool_run(p, workers, work_between_barriers, s);
        best = fmin(best, rcb_clock() - begin);
    }
    return best;
}

/* Two workers that find themselves on one core, whether they knew when they started or not, share
 * it: work of 0.2 ms between two barriers is done in less than four times what one worker takes. A
 * barrier that sleeps, or waits for a time slice to end, makes milliseconds of it. */
static void two_workers_on_one_core_lose_microseconds(void **unused)
{
    cpu_set_t all;
    int first = 0;

    (void)unused;
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        skip();
    while (!CPU_ISSET(first, &all))
        first++;
    for (int knew = 0; knew < 2; knew++) {
        stalled s = {.rounds = 100000, .processor = first};
        rcb_pool *p = NULL;

        if (!knew)
            p = pool_of(2);
        work_between_barriers(NULL, &s);
        if (knew)
            p = pool_of(2);
        rcb_pool_run(p, 2, work_between_barriers, &s);
        assert_int_equal(s.refused, 0);
        s.processor = -1;

        const double begin = rcb_clock();
        work_for_a_while(s.rounds);
        s.rounds = (int64_t)((double)s.rounds * 0.2e-3 / (rcb_clock() - begin)) + 2;

        double one = 0, two = 0;
        for (int tries = 0; tries < 60 && !(two < 4 * one); tries++) { /* the machine is shared */
            one = best_seconds(p, 1, &s);
            two = best_seconds(p, 2, &s);
        }
        if (!(two < 4 * one))
            fail_msg("one worker %.1f ms, two on one core %.1f ms", 1e3 * one, 1e3 * two);
        rcb_pool_free(p);
        assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    }
}

#else

static void two_workers_on_one_core_lose_microseconds(void **unused)
{
    (void)unused;
    skip();
}

#endif

static int64_t processor_microseconds(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void nothing(const rcb_worker *w, void *ctx)
{
    (void)w;
    (void)ctx;
}

/* Seven workers that wait 100 ms use a few of them, not 700. */
static void idle_pool_uses_no_processor(void **unused)
{
    rcb_pool *p = pool_of(7);

    (void)unused;
    rcb_pool_run(p, 7, nothing, NULL);

    const int64_t before = processor_microseconds();

    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    assert_in_range(processor_microseconds() - before, 0, 50000);
    rcb_pool_free(p);
}

/* In a run, teams that have runs inside. */
typedef struct inner {
    int teams, rounds;
    rcb_pool *team[8];
    roll called[8];
    laps met[8];
} inner;

static void run_inside(const rcb_worker *w, void *ctx)
{
    inner *in = ctx;
    rcb_worker member;
    const int team = rcb_split(w, in->teams, &member);

    if (member.id > 0) {
        rcb_pool_attend(in->team[team], member.id);
        return;
    }
    for (int i = 0; i < in->rounds * team; i++) { /* the first team needs nobody at all */
        rcb_pool_run(in->team[team], member.count, call_roll, &in->called[team]);
        rcb_pool_run(in->team[team], 1 + i % member.count, run_laps, &in->met[team]);
    }
    rcb_pool_dismiss(in->team[team]);
}

static void lent_workers_run_inside_a_run(void **unused)
{
    (void)unused;
    for_each_size(i)
    {
        rcb_pool *p = pool_of(sizes[i]);

        for (int teams = 1; teams <= sizes[i]; teams++) {
            inner in = {.teams = teams, .rounds = 5};

            for (int t = 0; t < teams; t++) {
                int64_t lo, hi;

                rcb_share(&(rcb_worker){.id = t, .count = teams}, sizes[i], 1, &lo, &hi);
                CHECK_STATUS(rcb_pool_lent(&in.team[t], p, (int)(hi - lo)), RC_OK);
                in.called[t] = (roll){.pool = in.team[t], .count = (int)(hi - lo)};
                in.met[t].count = 3;
            }
            for (int again = 1; again <= 20; again++) {
                rcb_pool_run(p, sizes[i], run_inside, &in);
                for (int t = 0; t < teams; t++) {
                    assert_int_equal(in.called[t].wrong + in.met[t].wrong, 0);
                    for (int w = 0; w < 8; w++)
                        assert_int_equal(in.called[t].runs[w],
                                         w < in.called[t].count ? again * in.rounds * t : 0);
                }
            }
            for (int t = 0; t < teams; t++)
                rcb_pool_free(in.team[t]);
        }
        rcb_pool_free(p);
    }
}

static rc_status lend(void *ctx)
{
    rcb_pool *p;

    RC_TRY(rcb_pool_lent(&p, ctx, 2));
    rcb_pool_free(p);
    return RC_OK;
}

static void no_more_workers_are_lent_than_there_are(void **unused)
{
    rcb_pool *p = pool_of(2), *none;

    (void)unused;
    CHECK_STATUS(rcb_pool_lent(&none, p, 3), RC_EINVAL);
    CHECK_MESSAGE_HAS("lend 3 workers of a pool of 2");
    assert_null(none);
    CHECK_STATUS(rcb_pool_lent(&none, p, 0), RC_EINVAL);
    CHECK_EACH_ALLOCATION(lend, p);
    rcb_pool_free(p);
}

static void shares_cover_everything_exactly(void **unused)
{
    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 3000; trial++) {
        const int count = (int)pick(1, 9);
        const int64_t n = pick(0, pick(0, 3) ? 100 : 5), grain = pick(1, 20);
        int64_t at = 0, least = INT64_MAX, most = 0;

        for (int id = 0; id < count; id++) {
            int64_t lo, hi;

            rcb_share(&(rcb_worker){.id = id, .count = count}, n, grain, &lo, &hi);
            assert_int_equal(lo, at);
            assert_true(lo <= hi && hi <= n);
            assert_true(lo % grain == 0 || lo == n);

            const int64_t pieces = (hi - lo + grain - 1) / grain;

            least = pieces < least ? pieces : least;
            most = pieces > most ? pieces : most;
            at = hi;
        }
        assert_int_equal(at, n);
        assert_true(most - least <= 1); /* as even as the grain allows */
    }
}

static void shares_of_huge_counts_do_not_overflow(void **unused)
{
    int64_t lo, hi;

    (void)unused;
    rcb_share(&(rcb_worker){.id = 6, .count = 7}, INT64_MAX, 1000, &lo, &hi);
    assert_true(lo > 0 && lo < hi && hi == INT64_MAX);
    rcb_share(&(rcb_worker){.id = 0, .count = 7}, INT64_MAX, INT64_MAX, &lo, &hi);
    assert_true(lo == 0 && hi == INT64_MAX);
}

/* A run in teams: each worker is in one, and neighbours have neighbouring places. */
typedef struct sides {
    int teams;
    laps own[8];           /* by team */
    laps all;              /* of the whole run */
    int team[8], count[8]; /* by worker */
} sides;

static void run_in_teams(const rcb_worker *w, void *ctx)
{
    sides *s = ctx;
    rcb_worker member;
    const int team = rcb_split(w, s->teams, &member);

    s->team[w->id] = team;
    s->count[w->id] = member.count;
    run_laps(&member, &s->own[team]); /* some are done long before others */
    run_laps(w, &s->all);
    run_laps(&member, &s->own[team]);
}

static void teams_meet_apart_and_the_run_together(void **unused)
{
    (void)unused;
    for_each_size(i)
    {
        rcb_pool *p = pool_of(sizes[i]);

        for (int teams = 1; teams <= sizes[i]; teams++) {
            sides s = {.teams = teams, .all = {.count = 50}};
            int members[8] = {0};

            for (int t = 0; t < teams; t++)
                s.own[t].count = 20 + 300 * (t % 2);
            rcb_pool_run(p, sizes[i], run_in_teams, &s);
            assert_int_equal(s.all.wrong, 0);
            for (int w = 0; w < sizes[i]; w++) {
                assert_in_range(s.team[w], w > 0 ? s.team[w - 1] : 0, teams - 1);
                members[s.team[w]]++;
            }
            for (int w = 0; w < sizes[i]; w++)
                assert_int_equal(s.count[w], members[s.team[w]]);
            for (int t = 0; t < teams; t++) {
                assert_int_equal(s.own[t].wrong, 0);
                assert_in_range(members[t], sizes[i] / teams, (sizes[i] + teams - 1) / teams);
            }
        }
        rcb_pool_free(p);
    }
}

/* Half of the smallest normal number, kept from the compiler's eyes. */
static double half_of_smallest(void)
{
    volatile double x = 2.2250738585072014e-308;

    return x * 0.5;
}

static void halve(const rcb_worker *w, void *ctx)
{
    ((double *)ctx)[w->id] = half_of_smallest();
}

static void denormals_are_flushed_between_two_calls(void **unused)
{
    (void)unused;
#if defined(__SSE__) || defined(__aarch64__)
    volatile float tiny = 1e-38f;
    const uint64_t before = rcb_denormals_flush();

    assert_true(tiny * 0.25f == 0);
    rcb_denormals_restore(before);
    assert_true(tiny * 0.25f > 0);
#endif
}

static void denormals_are_flushed_during_a_run_only(void **unused)
{
    (void)unused;
#if defined(__SSE__) || defined(__aarch64__)
    for_each_size(i)
    {
        rcb_pool *p = pool_of(sizes[i]);
        double got[8] = {1, 1, 1, 1, 1, 1, 1, 1};

        assert_true(half_of_smallest() > 0);
        rcb_pool_run(p, sizes[i], halve, got);
        assert_true(half_of_smallest() > 0);
        for (int w = 0; w < sizes[i]; w++)
            assert_true(got[w] == 0);
        rcb_pool_free(p);
    }
#else
    skip();
#endif
}

static void ask_signals(const rcb_worker *w, void *ctx)
{
    sigset_t blocked;

    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    ((int *)ctx)[w->id] = sigismember(&blocked, SIGINT);
}

static void signals_stay_with_the_caller(void **unused)
{
    rcb_pool *p = pool_of(3);
    int blocked[3] = {-1, -1, -1};

    (void)unused;
    rcb_pool_run(p, 3, ask_signals, blocked);
    assert_true(blocked[0] == 0 && blocked[1] == 1 && blocked[2] == 1);
    rcb_pool_free(p);
}

static void two_pools_do_not_disturb_each_other(void **unused)
{
    rcb_pool *a = pool_of(2);
    rcb_pool *b = pool_of(3);

    (void)unused;
    for (int i = 0; i < 100; i++) {
        laps l = {.count = 5}, m = {.count = 5};

        rcb_pool_run(a, 2, run_laps, &l);
        rcb_pool_run(b, 3, run_laps, &m);
        assert_int_equal(l.wrong + m.wrong, 0);
    }
    rcb_pool_free(a);
    rcb_pool_free(b);
}

static void default_size_is_the_variable_or_the_cores(void **unused)
{
    static const char *const bad[] = {
        "0", "-1", "x", "2x", " 2", "1025", "1.5", "0x10", "99999999999999999999"};
    rcb_pool *p;

    (void)unused;
    for (int empty = 0; empty < 2; empty++) {
        empty ? setenv("RECUR_THREADS", "", 1) : unsetenv("RECUR_THREADS");
        CHECK_STATUS(rcb_pool_new(&p, 0), RC_OK);
        assert_int_equal(rcb_pool_size(p), rcb_cores());
        rcb_pool_free(p);
    }

    setenv("RECUR_THREADS", "3", 1);
    CHECK_STATUS(rcb_pool_new(&p, 0), RC_OK);
    assert_int_equal(rcb_pool_size(p), 3);
    rcb_pool_free(p);
    p = pool_of(2); /* a number given by the caller wins */
    rcb_pool_free(p);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("RECUR_THREADS", bad[i], 1);
        CHECK_STATUS(rcb_pool_new(&p, 0), RC_EINVAL);
        CHECK_MESSAGE_HAS("RECUR_THREADS");
        CHECK_MESSAGE_HAS(bad[i]);
        assert_null(p);
    }
    unsetenv("RECUR_THREADS");

    CHECK_STATUS(rcb_pool_new(&p, -1), RC_EINVAL);
    CHECK_STATUS(rcb_pool_new(&p, 1025), RC_EINVAL);
    CHECK_MESSAGE_HAS("1025");
}

static rc_status make_pool(void *ctx)
{
    rcb_pool *p;

    (void)ctx;
    RC_TRY(rcb_pool_new(&p, 3));
    rcb_pool_free(p);
    return RC_OK;
}

static void failed_allocation_makes_no_pool(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(make_pool, NULL);
}

/* With little address space left the stacks of so many threads have no room. */
static void thread_that_cannot_start_is_an_error(void **unused)
{
    struct rlimit before;
    rcb_pool *p;

    (void)unused;
#if defined(CHECK_WATCHED) || defined(__SANITIZE_THREAD__)
    print_message("the sanitizer needs the address space\n");
    skip();
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    skip();
#endif
#endif
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);

    const struct rlimit little = {.rlim_cur = (rlim_t)200 << 20, .rlim_max = before.rlim_max};

    assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);

    const rc_status status = rcb_pool_new(&p, 1000);

    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    CHECK_STATUS(status, RC_ENOMEM);
    CHECK_MESSAGE_HAS("of 1000");
    assert_null(p);
    CHECK_STATUS(make_pool(NULL), RC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_worker_runs_once),
        cmocka_unit_test(barrier_holds_ten_thousand_times),
        cmocka_unit_test(sleepers_are_woken),
        cmocka_unit_test(two_workers_on_one_core_lose_microseconds),
        cmocka_unit_test(idle_pool_uses_no_processor),
        cmocka_unit_test(teams_meet_apart_and_the_run_together),
        cmocka_unit_test(lent_workers_run_inside_a_run),
        cmocka_unit_test(no_more_workers_are_lent_than_there_are),
        cmocka_unit_test(shares_cover_everything_exactly),
        cmocka_unit_test(shares_of_huge_counts_do_not_overflow),
        cmocka_unit_test(denormals_are_flushed_between_two_calls),
        cmocka_unit_test(denormals_are_flushed_during_a_run_only),
        cmocka_unit_test(signals_stay_with_the_caller),
        cmocka_unit_test(two_pools_do_not_disturb_each_other),
        cmocka_unit_test(default_size_is_the_variable_or_the_cores),
        cmocka_unit_test(failed_allocation_makes_no_pool),
        cmocka_unit_test(thread_that_cannot_start_is_an_error),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
