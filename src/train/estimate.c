/* estimate.c -- what a training will take: memory and operations by its shapes, time by some steps
 * of the real thing. Nothing is written, and the trainer that is tried is thrown away.
 */
#include "train/train.h"

#include <math.h>

/* ---- memory and operations --------------------------------------------------------------- */

/* Transposes, and copies in bf16. */
static size_t copies(const rcn_params *ps)
{
    int64_t reals = 0, halves = 0;

    for (size_t i = 0; i < ps->n; i++) {
        const rcg_weight *w = &ps->p[i].weight;

        if (w->wt)
            reals += rcg_weight_size_t(w);
        if (w->pairs)
            halves += rcg_weight_pairs(w) + rcg_weight_size_t(w);
    }
    return (size_t)reals * sizeof(rc_real) + (size_t)halves * sizeof(uint16_t);
}

/* --seq-random draws lengths around --seq with a deviation of 5: more than four of them are rare,
 * more than twice --seq never comes. */
static int64_t longest(const rc_config *c)
{
    const int64_t room = c->seq < 20 ? c->seq : 20;

    return c->seq_random ? c->seq + room : c->seq;
}

/* What a step over so many sequences takes. */
static rcg_work work_of(const rc_trainer *t, int64_t seqs, int64_t steps)
{
    rcg_work w = {
        .rows = seqs * steps,
        .seqs = seqs,
        .pairs = t->model->params.pairs,
        .norm = t->config->norm_preserve > 0,
        .recompute = rct_recomputes(t->config),
    };

    t->task->work(t->model, &w);
    return w;
}

/* Arenas of a step over the longest batch: one for each shard. */
static double arenas(const rc_trainer *t)
{
    const int64_t length = t->task->longest(t->corpus);
    const int64_t most = rc_config_get(t->config, "seq") ? longest(t->config) : length;
    const int64_t batch = t->config->batch, shards = t->config->shards;
    double bytes = 0;

    for (int64_t i = 0; i < shards; i++) {
        const int64_t steps = most < length ? most : length;
        const int64_t piece = rct_piece_steps(t->config, steps);
        const rcg_work w = work_of(t, batch / shards + (i < batch % shards), piece ? piece : steps);

        bytes += rcg_work_bytes(&w);
        if (piece > 0) /* states between pieces, gradients of two of them */
            bytes += (double)(w.seqs * t->task->piece_width(t->model)) * sizeof(rc_real) *
                     ((double)(steps + piece - 1) / (double)piece + 3);
    }
    return bytes;
}

rct_memory rct_memory_of(const rc_trainer *t)
{
    const rcn_params *ps = &t->model->params;
    const size_t logical = (size_t)ps->count * sizeof(rc_real);
    rct_memory m = {.weights = copies(ps), .saving = logical};

    m.activations = t->walker ? t->walker->bytes(t->walker) : (size_t)arenas(t);

    for (size_t i = 0; i < ps->n; i++) {
        const rcn_param *p = &ps->p[i];
        const size_t bytes = (size_t)p->size * sizeof(rc_real);

        m.weights += bytes;
        m.gradients += p->g ? bytes * (size_t)t->config->shards : 0;
        for (int s = 0; s < RCT_SLOTS; s++)
            if (t->optim.slot[s] && t->optim.slot[s][i]) {
                m.optimizer += bytes;
                m.saving += (size_t)p->count * sizeof(rc_real);
            }
    }
    rcm_memory more;
    for (size_t i = 0; t->walker && t->walker->memory && t->walker->memory(t->walker, i, &more);
         i++)
        m.saving += (size_t)(more.rows * more.cols) * sizeof *more.x;
    if (!t->walker)
        m.optimizer += rct_jitter_bytes(&t->jitter);
    return m;
}

size_t rct_memory_sum(const rct_memory *m)
{
    return m->weights + m->gradients + m->optimizer + m->activations;
}

double rct_flops_per_token(const rc_trainer *t)
{
    if (t->walker)
        return (double)NAN;
    const rcg_work w = work_of(t, t->config->batch, 1);

    return 3 * w.flops / (double)w.rows;
}

/* ---- time -------------------------------------------------------------------------------- */

static rc_status one_step(void *ctx)
{
    return rct_trainer_step(ctx);
}

static rc_status try_steps(rc_estimate *out, rc_trainer *t)
{
    const double all = (double)rct_epoch_steps(t), rows = (double)out->epoch_tokens / all;
    const rct_pace pace = {.seconds = 0.5, .warm = 2, .least = 3};
    rct_timing timing;

    RC_TRY(rct_time(&timing, &pace, one_step, t));
    out->tried = timing.calls;
    out->step_seconds = timing.median;
    out->tokens_per_second = rows / timing.median;
    out->epoch_seconds = (double)out->epoch_tokens / out->tokens_per_second;
    out->seconds = out->steps > 0 ? (double)out->steps * timing.median : (double)NAN;
    return RC_OK;
}

static void tell_sizes(rc_estimate *out, const rc_trainer *t)
{
    const rct_memory m = rct_memory_of(t);

    *out = (rc_estimate){
        .parameters = t->model->params.count,
        .symbols = rc_model_symbols(t->model),
        .epoch_tokens = rct_epoch_rows(t),
        .unit = rc_model_unit(t->model),
        .epoch_steps = rct_epoch_steps(t),
        .steps = rct_all_steps(t),
        .flops_per_token = rct_flops_per_token(t),
        .weights = (int64_t)m.weights,
        .gradients = (int64_t)m.gradients,
        .optimizer = (int64_t)m.optimizer,
        .activations = (int64_t)m.activations,
        .saving = (int64_t)m.saving,
        .bytes = (int64_t)rct_memory_sum(&m),
    };
}

rc_status rc_config_estimate(rc_estimate *out, const rc_config *c,
                             const rc_trainer_options *options)
{
    rc_trainer *t;

    if (!c->task->loss && !c->task->walker_new)
        return RC_FAIL(RC_EINVAL, "cannot estimate: task '%s' takes no steps", c->task->name);
    RC_TRY(rc_trainer_new(&t, c, "", options));
    tell_sizes(out, t);
    const rc_status status = try_steps(out, t);
    if (status == RC_OK && t->walker) { /* which holds more by now */
        out->activations = (int64_t)t->walker->bytes(t->walker);
        out->bytes = out->weights + out->activations;
    }
    rc_trainer_free(t);
    return status;
}
