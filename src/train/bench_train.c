/* bench_train.c -- training steps of a language model on words that mean nothing, through the
 * trainer itself: embedding, recurrent layers, dropout, softmax, backward, clipping, update.
 */
#include "train/bench_in.h"

#include <stdio.h>
#include <string.h>

enum { STEPS = 20 }; /* of text; then it begins again */

static bool is_bf16(const rc_bench_options *o)
{
    return rcm_list_index("precisions", o->precision) == RCG_BF16;
}

static rc_status new_trainer(rc_trainer **out, const rc_bench_options *o, const char *cell)
{
    const rc_trainer_options options = {.threads = (int)o->threads};
    rc_config *c = NULL;
    rcb_buf words = {0};
    rcd_text *text = NULL;

    const bool zipf = o->output && strcmp(o->output, "full") != 0;

    *out = NULL;
    rc_status s = rct_bench_config(&c, o, cell);
    if (s == RC_OK && is_bf16(o))
        s = rc_config_set(c, "precision", "bf16");
    if (s == RC_OK)
        s = rct_bench_words(&words, o->vocab, o->batch * (o->seq * STEPS + 1), zipf);
    if (s == RC_OK)
        s = rcd_text_of(&text, "words", words.p, words.n);
    if (s == RC_OK)
        s = rct_trainer_on(out, c, text, "", &options);
    rcd_text_free(text);
    rcb_buf_free(&words);
    rc_config_free(c);
    return s;
}

static rc_status step(void *ctx)
{
    return rct_trainer_step(ctx);
}

static rc_status time_trainer(const rct_bench *b, rc_trainer *t, rc_bench_row *row)
{
    const rct_memory said = rct_memory_of(t);
    rct_memory took = said;

    row->tokens = b->o->batch * b->o->seq;
    row->flops = rct_flops_per_token(t) * (double)row->tokens;
    RC_TRY(rct_bench_time(b, row, rck, t->pool, step, t));
    took.activations = rct_comm_bytes(&t->comm);
    row->bytes = (int64_t)rct_memory_sum(&took);
    row->predicted = (int64_t)rct_memory_sum(&said);
    rct_bench_tell(b, row);
    return RC_OK;
}

static rc_status measure(const rct_bench *b, const char *cell, const char *name)
{
    rc_bench_row row = {.name = name};
    rc_trainer *t;

    RC_TRY(new_trainer(&t, b->o, cell));
    const rc_status status = time_trainer(b, t, &row);
    rc_trainer_free(t);
    return status;
}

rc_status rct_bench_lm(const rct_bench *b)
{
    const rc_bench_options *o = b->o;
    const bool full = strcmp(o->output, "full") == 0;
    char name[200];

    (void)snprintf(name, sizeof name,
                   "%s %" PRId64 "x%" PRId64 ", %" PRId64 " words%s%s, batch %" PRId64 ", %" PRId64
                   " steps%s",
                   o->cell, o->layers, o->hidden, o->vocab, full ? "" : " by ",
                   full ? "" : o->output, o->batch, o->seq, is_bf16(o) ? ", bf16" : "");
    return measure(b, o->cell, name);
}

rc_status rct_bench_cells(const rct_bench *b)
{
    const rcc_cell *cell;

    for (size_t i = 0; (cell = rcc_at(i)); i++)
        RC_TRY(measure(b, cell->name, cell->name));
    return RC_OK;
}
