/* evaluate.c -- scoring a file with a model: the part of it that is asked for, by its task.
 */
#include "model/model_in.h"

#include <math.h>

rc_eval_options rc_eval_options_default(void)
{
    return (rc_eval_options){.tracks = 1, .from = 0, .to = 1};
}

static rc_status check_options(const rc_eval_options *o)
{
    if (o->tracks < 1)
        return RC_FAIL(RC_EINVAL, "cannot evaluate in %" PRId64 " tracks, there must be 1 or more",
                       o->tracks);
    if (!(o->from >= 0 && o->from < o->to && o->to <= 1))
        return RC_FAIL(RC_EINVAL,
                       "cannot evaluate the part from %g to %g of a text, it must lie "
                       "between 0 and 1",
                       o->from, o->to);
    return RC_OK;
}

/* A fraction of a text as a place where it may be cut. */
static uint64_t place(const rcd_text *t, rcd_level level, double fraction)
{
    return rcd_text_cut(t, level, (uint64_t)floor((double)rcd_text_bytes(t) * fraction + 1e-6));
}

/* Every symbol of a tape by a runner. A line ends with what begins the next. */
static rc_status step_through(rc_runner *r, const rcd_tape *tape, int32_t boundary, bool per_line,
                              rc_evaluation *out)
{
    for (int64_t i = 0; i < tape->n; i++) {
        const int32_t id = rcd_tape_at(tape, i);

        out->nats -= (double)rc_runner_logp(r)[id];
        if (i + 1 < tape->n)
            RC_TRY(per_line && id == boundary ? rc_runner_begin(r) : rc_runner_feed(r, id));
    }
    return RC_OK;
}

static rc_status evaluate_steps(const rc_model *m, const rcd_text *t, uint64_t from, uint64_t to,
                                const rc_eval_options *o, rc_evaluation *out)
{
    rc_runner *r;
    rcd_tape tape;

    RC_TRY(rcm_text_encode(&tape, m, t, from, to));
    rc_evaluation e = {.tokens = tape.n, .unknown = tape.unknown, .chars = tape.chars, .wrong = -1};
    rc_status s = rc_runner_new(&r, m);
    if (s == RC_OK)
        s = rc_runner_threads(r, o->threads);
    if (s == RC_OK)
        s = step_through(r, &tape, rc_model_boundary(m), o->per_line, &e);
    rc_runner_free(r);
    rcd_tape_free(&tape);
    if (s == RC_OK)
        *out = e;
    return s;
}

/* What the source gives to that part of the text, which no model betters in the mean. */
static rc_status score_source(const rc_model *m, const rcd_text *t, uint64_t from, uint64_t to,
                              rc_source *source, double *nats)
{
    const rcd_level level = rcd_vocab_level(m->vocab.of[RCM_SYMBOLS]);

    if (level != RCD_BYTE && level != RCD_CHAR)
        return RC_FAIL(RC_EINVAL,
                       "cannot compare with a source: a symbol of the model is a %s, of a source a "
                       "character",
                       rcd_level_word(level));
    const rcd_fold *fold = &rcd_vocab_wording(m->vocab.of[RCM_SYMBOLS])->fold;
    if (fold->lower || fold->digits)
        return RC_FAIL(RC_EINVAL,
                       "cannot compare with a source: the model reads its symbols folded");
    return rcd_source_score(source, t, from, to, nats);
}

static rc_status score_model(const rc_model *m, const rcd_text *t, uint64_t from, uint64_t to,
                             const rc_eval_options *o, rc_evaluation *out)
{
    rcb_pool *pool;

    if (o->stepwise)
        return evaluate_steps(m, t, from, to, o, out);
    RC_TRY(rcb_pool_new(&pool, o->threads));
    const rc_status s = m->config->task->evaluate(m, t, from, to, o, pool, out);
    rcb_pool_free(pool);
    return s;
}

static rc_status evaluate_text(const rc_model *m, const rcd_text *t, const rc_eval_options *o,
                               rc_evaluation *out)
{
    const rcd_level level = rcd_vocab_level(m->vocab.of[RCM_SYMBOLS]);
    const uint64_t from = place(t, level, o->from), to = place(t, level, o->to);
    double source = (double)NAN;
    rc_evaluation e;

    if (o->source)
        RC_TRY(score_source(m, t, from, to, o->source, &source));
    RC_TRY(score_model(m, t, from, to, o, &e));
    if (o->source && e.unknown > 0)
        return RC_FAIL(RC_EDATA,
                       "cannot compare '%s' with its source: the model does not know %" PRId64
                       " of its symbols",
                       rcd_text_name(t), e.unknown);
    e.source = source;
    *out = e;
    return RC_OK;
}

static rc_status evaluate_file(const rc_model *m, const char *path, const rc_eval_options *o,
                               rc_evaluation *out)
{
    rcb_pool *pool;

    if (o->source)
        return RC_FAIL(RC_EINVAL,
                       "cannot compare with a source: a model of task '%s' has no symbols",
                       m->config->task->name);
    if (o->per_line || o->stepwise || o->tracks != 1 || o->from > 0 || o->to < 1)
        return RC_FAIL(RC_EINVAL, "a model of task '%s' scores whole files, sequence by sequence",
                       m->config->task->name);
    RC_TRY(rcb_pool_new(&pool, o->threads));
    const rc_status s = m->config->task->evaluate_file(m, path, o, pool, out);
    rcb_pool_free(pool);
    if (s == RC_OK)
        out->source = (double)NAN;
    return s;
}

rc_status rc_model_evaluate(const rc_model *m, const char *path, const rc_eval_options *options,
                            rc_evaluation *out)
{
    const rc_eval_options o = options ? *options : rc_eval_options_default();
    rcd_text *t;

    RC_TRY(check_options(&o));
    RC_TRY(rcm_model_free_to_run(m));
    if (o.report && !m->config->task->labels)
        return RC_FAIL(RC_EINVAL, "cannot report labels: a model of task '%s' says none",
                       m->config->task->name);
    if (m->config->task->evaluate_file)
        return evaluate_file(m, path, &o, out);
    RC_TRY(rcd_text_open(&t, &path, 1));
    const rc_status s = evaluate_text(m, t, &o, out);
    rcd_text_free(t);
    return s;
}
