/* timing.c -- how long a call takes, and how many multiply-adds the machine does right now.
 *
 * Medians of single calls: on a shared machine a mean tells of the neighbours. The peak is probed
 * for milliseconds, so that it can be probed often, before and after what is measured against it.
 */
#include "train/train.h"

#include <stdlib.h>

enum {
    MOST = 1 << 18, /* calls that are kept: minutes of the shortest steps */
    TRIES = 5
};

/* ---- calls ------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static rc_status collect(double *sample, int64_t *calls, const rct_pace *pace, rct_call call,
                         void *ctx)
{
    int64_t n = 0;

    for (int i = 0; i < pace->warm; i++)
        RC_TRY(call(ctx));
    double begin = rcb_clock();
    const double end = begin + pace->seconds;
    while (n < pace->least || (n < MOST && begin < end)) {
        RC_TRY(call(ctx));
        const double now = rcb_clock();
        sample[n++] = now - begin;
        begin = now;
    }
    *calls = n;
    return RC_OK;
}

rc_status rct_time(rct_timing *out, const rct_pace *pace, rct_call call, void *ctx)
{
    int64_t n = 0;

    assert(pace->least >= 1 && pace->least <= MOST);
    double *sample = rcb_alloc(MOST, sizeof *sample);
    if (!sample)
        return RC_ENOMEM;
    const rc_status status = collect(sample, &n, pace, call, ctx);
    if (status == RC_OK) {
        qsort(sample, (size_t)n, sizeof *sample, by_size);
        *out = (rct_timing){.calls = n, .median = sample[n / 2], .p99 = sample[n * 99 / 100]};
    }
    rcb_free(sample);
    return status;
}

/* ---- the peak ---------------------------------------------------------------------------- */

typedef struct probe {
    const rck_table *table;
    int64_t rounds;
} probe;

static void probe_share(const rcb_worker *w, void *ctx)
{
    const probe *p = ctx;
    rc_real out;

    (void)w;
    (void)p->table->peak(p->rounds, &out);
}

/* Seconds that one try takes. */
static double try_once(probe *p, rcb_pool *pool, int workers)
{
    const double begin = rcb_clock();

    rcb_pool_run(pool, workers, probe_share, p);
    return rcb_clock() - begin;
}

double rct_peak(const rck_table *table, rcb_pool *pool, int workers, double seconds)
{
    const double want = seconds / TRIES; /* of one try */
    probe p = {.table = table, .rounds = 10000};
    rc_real out;
    const double round = table->peak(1, &out);
    double best = 0;

    p.rounds = (int64_t)(want / try_once(&p, pool, 1) * (double)p.rounds) + 1;
    for (int i = 0; i < TRIES; i++) {
        const double rate = round * (double)p.rounds * workers / try_once(&p, pool, workers);
        best = rate > best ? rate : best;
    }
    return best;
}
