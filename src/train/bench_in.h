/* bench_in.h -- what the kinds of rc_bench() share. Each kind is one function here, made in the
 * file named, and one row of the table in bench.c.
 */
#ifndef RCT_BENCH_IN_H
#define RCT_BENCH_IN_H

#include "train/train.h"

/* One rc_bench(). */
typedef struct rct_bench {
    const rc_bench_options *o;
    rc_bench_fn fn;
    void *ctx;
} rct_bench;

rc_status rct_bench_lm(const rct_bench *b);     /* bench_train.c */
rc_status rct_bench_cells(const rct_bench *b);  /* bench_train.c */
rc_status rct_bench_tag(const rct_bench *b);    /* bench_run.c */
rc_status rct_bench_step(const rct_bench *b);   /* bench_run.c */
rc_status rct_bench_layers(const rct_bench *b); /* bench_run.c */
rc_status rct_bench_gemm(const rct_bench *b);   /* bench_gemm.c */

/* Time a call on a pool whose workers all take part, between two probes of the peak. The row's
 * name, tokens, flops and bytes are the caller's; so is telling it. */
rc_status rct_bench_time(const rct_bench *b, rc_bench_row *row, const rck_table *table,
                         rcb_pool *pool, rct_call call, void *ctx);
static inline void rct_bench_tell(const rct_bench *b, const rc_bench_row *row)
{
    b->fn(b->ctx, row);
}

/* A configuration of the task lm, at the level of words, for a model of these options. */
rc_status rct_bench_config(rc_config **out, const rc_bench_options *o, const char *cell);
/* A text whose vocabulary has exactly `vocab` symbols (3 or more, two of them <unk> and <eos>):
 * every word once, then `words` at random, each as likely as any other or (zipf) as in a language.
 * The buffer is the caller's to free. */
rc_status rct_bench_words(rcb_buf *out, int64_t vocab, int64_t words, bool zipf);

#endif
