/* bench.c -- measuring: the kinds, what they begin with, and the clock and the peak around a call.
 *
 * A kind is one row below and one function that builds its work and has it timed. A machine that is
 * shared gives more or less from second to second, so every row knows what multiply-adds alone
 * reached just before and just after it.
 */
#include "train/bench_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct bench_kind {
    rc_bench_kind face;
    rc_status (*measure)(const rct_bench *b);
    rcg_bits least; /* the fewest bits it can have */
} bench_kind;

static const bench_kind kinds[] = {
    {{.name = "lm",
      .help = "whole training steps of a language model of words",
      .uses = "cell hidden layers embed vocab output batch seq shards dropout optimizer precision "
              "threads seconds",
      .options = {.cell = "lstm",
                  .hidden = 650,
                  .layers = 2,
                  .vocab = 10000,
                  .batch = 20,
                  .seq = 35,
                  .shards = 1,
                  .dropout = 0.5,
                  .optimizer = "sgd",
                  .output = "full",
                  .precision = RCG_REALS_WORD,
                  .seconds = 3}},
     rct_bench_lm,
     RCG_BF16},
    {{.name = "cells",
      .help = "training steps of every cell, with few symbols: the recurrent layers alone",
      .uses = "hidden layers vocab batch seq optimizer precision threads seconds",
      .table = true,
      .options = {.hidden = 512,
                  .layers = 1,
                  .vocab = 64,
                  .batch = 32,
                  .seq = 64,
                  .optimizer = "sgd",
                  .precision = RCG_REALS_WORD,
                  .seconds = 1}},
     rct_bench_cells,
     RCG_BF16},
    {{.name = "layers",
      .help = "recurrent layers alone, forward and back: vectors in, gradients of vectors out",
      .uses = "cell hidden layers embed batch seq ragged precision threads seconds",
      .options = {.cell = "lstm",
                  .hidden = 650,
                  .layers = 2,
                  .batch = 20,
                  .seq = 35,
                  .precision = RCG_REALS_WORD,
                  .seconds = 2}},
     rct_bench_layers,
     RCG_REALS},
    {{.name = "tag",
      .help = "forward of a tagger: embedding, layers in both directions, linear output",
      .uses = "cell hidden layers embed vocab batch seq ragged precision threads seconds",
      .options = {.cell = "lstm",
                  .hidden = 256,
                  .layers = 1,
                  .embed = 100,
                  .vocab = 10000,
                  .batch = 32,
                  .seq = 40,
                  .precision = RCG_REALS_WORD,
                  .seconds = 2}},
     rct_bench_tag,
     RCG_REALS},
    {{.name = "step",
      .help = "one step of one sequence: of a language model, or of bare layers (vocab 0)",
      .uses = "cell hidden layers embed vocab precision threads seconds",
      .options = {.cell = "lstm",
                  .hidden = 650,
                  .layers = 2,
                  .vocab = 10000,
                  .batch = 1,
                  .seq = 1,
                  .precision = RCG_REALS_WORD,
                  .threads = 1, /* as recur sample has it */
                  .seconds = 2}},
     rct_bench_step,
     RCG_INT8},
    {{.name = "gemm",
      .help = "the products of training one by one, for every instruction set, on one thread",
      .uses = "cell hidden vocab batch seq precision seconds",
      .table = true,
      .options = {.cell = "lstm",
                  .hidden = 650,
                  .layers = 1,
                  .vocab = 10000,
                  .batch = 20,
                  .seq = 35,
                  .precision = RCG_REALS_WORD,
                  .seconds = 0.2}},
     rct_bench_gemm,
     RCG_REALS},
};

const rc_bench_kind *rc_bench_kind_at(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? &kinds[i].face : NULL;
}

/* ---- options ----------------------------------------------------------------------------- */

static const bench_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].face.name, name) == 0)
            return &kinds[i];
    return NULL;
}

static rc_status check_count(const char *name, int64_t n, int64_t least)
{
    const int64_t most = INT64_C(1) << 30;

    if (n >= least && n <= most)
        return RC_OK;
    return RC_FAIL(RC_EINVAL,
                   "cannot measure with %s %" PRId64 ", it must be from %" PRId64 " to %" PRId64,
                   name, n, least, most);
}

/* What the work is made of checks its own sizes; here is what would pass it unseen. */
static rc_status check_options(const bench_kind *k, const rc_bench_options *o)
{
    RC_TRY(check_count("hidden", o->hidden, 1));
    RC_TRY(check_count("layers", o->layers, 1));
    RC_TRY(check_count("embed", o->embed, 0));
    RC_TRY(check_count("vocab", o->vocab, 0));
    RC_TRY(check_count("batch", o->batch, 1));
    RC_TRY(check_count("seq", o->seq, 1));
    RC_TRY(check_count("shards", o->shards, 0));
    RC_TRY(check_count("ragged", o->ragged, 0));
    RC_TRY(check_count("threads", o->threads, 0));
    if (o->ragged > o->seq)
        return RC_FAIL(RC_EINVAL,
                       "cannot measure sequences from %" PRId64 " down to %" PRId64 " steps",
                       o->seq, o->ragged);
    if ((double)o->batch * (double)o->seq > 1e8 || o->vocab > 10000000)
        return RC_FAIL_HINT(RC_EINVAL, "measure with less",
                            "cannot measure %" PRId64 " x %" PRId64 " steps of %" PRId64
                            " symbols: at most 1e8 steps and 1e7 symbols are possible",
                            o->batch, o->seq, o->vocab);
    if (!(o->seconds >= 0 && o->seconds <= 1e6))
        return RC_FAIL(RC_EINVAL, "cannot measure for %g seconds", o->seconds);
    RC_TRY(rcm_list_check(rc_list, "precisions", "precision", o->precision));
    if (rcm_list_index("precisions", o->precision) > (int)k->least)
        return RC_FAIL_HINT(RC_EINVAL,
                            "bf16 is for lm, cells and step; fewer bits are for: recur bench step",
                            "cannot measure '%s' with precision %s", k->face.name, o->precision);
    return RC_OK;
}

rc_status rc_bench(const char *kind, const rc_bench_options *options, rc_bench_fn fn, void *ctx)
{
    const bench_kind *k = find_kind(kind);

    if (!k)
        return RC_FAIL_HINT(RC_EINVAL, "see: recur list benches", "cannot measure '%s'", kind);
    const rc_bench_options *usual = &k->face.options;
    rc_bench_options o = options ? *options : *usual;
    o.cell = o.cell ? o.cell : usual->cell;
    o.optimizer = o.optimizer ? o.optimizer : usual->optimizer;
    o.precision = o.precision ? o.precision : usual->precision;
    o.output = o.output ? o.output : usual->output;
    RC_TRY(check_options(k, &o));
    RC_TRY(rck_select());
    const rct_bench b = {.o = &o, .fn = fn, .ctx = ctx};
    return k->measure(&b);
}

/* ---- the clock and the peak around a call ------------------------------------------------ */

/* Was no core missing, as far as the probes tell? */
static bool is_steady(const rc_bench_row *r)
{
    const bool same = fabs(r->before - r->after) <= 0.1 * fmax(r->before, r->after);

    return same && (r->threads == 1 || r->peak >= 0.85 * r->threads * r->one);
}

/* Seconds of a probe: little beside what is measured, and long enough, where that is not short
 * itself, that waking the workers is nothing beside it. */
static double probe_seconds(const rc_bench_options *o)
{
    return fmin(15e-3, fmax(1e-3, o->seconds / 20));
}

rc_status rct_bench_time(const rct_bench *b, rc_bench_row *row, const rck_table *table,
                         rcb_pool *pool, rct_call call, void *ctx)
{
    const rct_pace pace = {.seconds = b->o->seconds, .warm = 3, .least = 5};
    const double probe = probe_seconds(b->o);
    rct_timing t;

    row->isa = table->name;
    row->threads = rcb_pool_size(pool);
    row->one = rct_peak(table, pool, 1, probe);
    row->before = row->threads > 1 ? rct_peak(table, pool, row->threads, probe) : row->one;
    RC_TRY(rct_time(&t, &pace, call, ctx));
    row->after = rct_peak(table, pool, row->threads, probe);
    row->peak = fmin(row->before, row->after);
    row->steady = is_steady(row);
    row->calls = t.calls;
    row->seconds = t.median;
    row->p99 = t.p99;
    return RC_OK;
}

/* ---- a language model of nothing --------------------------------------------------------- */

/* The number of a word: each as likely as any other, or the k-th in proportion to about 1 / k. */
static int64_t draw(double u, int64_t words, bool zipf)
{
    const double n = (double)words;
    const int64_t w = (int64_t)(zipf ? exp(u * log(n + 1)) - 1 : u * n);

    return w < words ? w : words - 1;
}

rc_status rct_bench_words(rcb_buf *out, int64_t vocab, int64_t words, bool zipf)
{
    const rcb_key key = rcb_stream(1, "bench");

    if (vocab < 3)
        return RC_FAIL(RC_EINVAL,
                       "cannot measure with vocab %" PRId64 ": a word, <unk> and <eos> make 3",
                       vocab);
    for (int64_t i = 0; i < vocab - 2 + words; i++) {
        const double u = rcb_uniform(key, (uint64_t)i);
        const int64_t w = i < vocab - 2 ? i : draw(u, vocab - 2, zipf);
        RC_TRY(rcb_buf_printf(out, "w%" PRId64 "%c", w, i % 20 == 19 ? '\n' : ' '));
    }
    return RC_OK;
}

static rc_status set_int(rc_config *c, const char *name, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return rc_config_set(c, name, text);
}

static rc_status set_real(rc_config *c, const char *name, double value)
{
    rcb_buf text = {0};
    rc_status status = rcb_buf_real(&text, value);

    if (status == RC_OK)
        status = rc_config_set(c, name, text.p);
    rcb_buf_free(&text);
    return status;
}

static rc_status set_options(rc_config *c, const rc_bench_options *o, const char *cell)
{
    RC_TRY(rc_config_set(c, "cell", cell));
    RC_TRY(set_int(c, "hidden", o->hidden));
    RC_TRY(set_int(c, "layers", o->layers));
    RC_TRY(set_int(c, "embed", o->embed));
    RC_TRY(set_int(c, "batch", o->batch));
    RC_TRY(set_int(c, "shards", o->shards > 1 ? o->shards : 1)); /* 0: a kind that has none */
    RC_TRY(set_int(c, "seq", o->seq));
    RC_TRY(set_real(c, "dropout", o->dropout));
    RC_TRY(rc_config_set(c, "level", "word"));
    RC_TRY(rc_config_set(c, "lr", "0.001")); /* nothing is to be learnt, nothing may overflow */
    if (o->output)
        RC_TRY(rc_config_set(c, "output", o->output));
    return o->optimizer ? rc_config_set(c, "optimizer", o->optimizer) : RC_OK;
}

rc_status rct_bench_config(rc_config **out, const rc_bench_options *o, const char *cell)
{
    RC_TRY(rc_config_new(out, "lm"));
    const rc_status status = set_options(*out, o, cell);
    if (status != RC_OK) {
        rc_config_free(*out);
        *out = NULL;
    }
    return status;
}
