/* bench_rows.h -- for the tests of measuring: rows kept, and what holds of every one of them. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "check.h"
#include "train/train.h"

enum { BENCH_ROWS = 64 };

typedef struct bench_rows {
    int n;
    rc_bench_row row[BENCH_ROWS];
    char name[BENCH_ROWS][160];
} bench_rows;

static inline void bench_keep(void *ctx, const rc_bench_row *row)
{
    bench_rows *r = ctx;

    assert_true(r->n < BENCH_ROWS);
    assert_true(strlen(row->name) > 0 && strlen(row->name) < sizeof r->name[0]);
    assert_true(row->calls >= 5 && row->threads >= 1);
    assert_true(isfinite(row->seconds) && row->seconds > 0 && row->p99 >= row->seconds);
    assert_true(row->tokens >= 0 && row->flops > 0 && row->reads >= 0);
    assert_true(row->one > 0 && row->before > 0 && row->after > 0);
    assert_true(row->peak == fmin(row->before, row->after));
    const bool same = row->peak >= 0.9 * fmax(row->before, row->after);
    const bool whole = row->threads == 1 || row->peak >= 0.85 * row->threads * row->one;
    assert_int_equal(row->steady, same && whole);
    strcpy(r->name[r->n], row->name);
    r->row[r->n] = *row;
    r->row[r->n].name = r->name[r->n];
    r->n++;
}

/* The options of a kind, made small and short. */
static inline rc_bench_options bench_small(const char *kind)
{
    const rc_bench_kind *k;
    rc_bench_options o = {0};

    for (size_t i = 0; (k = rc_bench_kind_at(i)); i++)
        if (strcmp(k->name, kind) == 0)
            o = k->options;
    assert_non_null(o.precision);
    o.hidden = 24;
    o.vocab = 50;
    o.batch = 3;
    o.seq = 7;
    o.threads = 1;
    o.seconds = 0;
    return o;
}

#endif
