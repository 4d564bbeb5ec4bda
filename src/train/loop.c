/* loop.c -- training any task: batches in order, one update each, validation, checkpoints.
 *
 * Everything that changes is in the model, the optimiser slots, the carried state and rct_place,
 * all of which a checkpoint holds; random numbers are functions of (seed, step). So a training that
 * was killed and resumed walks through the same bits as one that was not.
 */
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BAD_STEPS = 10 }; /* skipped steps in a row that end a training */

rc_trainer_options rc_trainer_options_default(void)
{
    return (rc_trainer_options){.threads = 0};
}

/* ---- making ------------------------------------------------------------------------------ */

static rc_status join(char **out, const char *path, const char *suffix)
{
    rcb_buf b = {0};
    const rc_status status = rcb_buf_printf(&b, "%s%s", path, suffix);
    if (status != RC_OK) {
        rcb_buf_free(&b);
        return status;
    }
    *out = b.p;
    return RC_OK;
}

static rc_status new_trainer(rc_trainer **out, const char *path, const rc_trainer_options *options)
{
    rc_trainer *t = rcb_calloc(1, sizeof *t);
    *out = t;
    if (!t)
        return RC_ENOMEM;
    t->place = (rct_place){.epoch = 1, .scored = -1, .factor = 1, .best = (double)INFINITY};
    t->spare_test = options && options->spare_test;
    RC_TRY(rck_select());
    RC_TRY(join(&t->path, path, ""));
    RC_TRY(join(&t->state_path, path, ".state"));
    return rcb_pool_new(&t->pool, options ? options->threads : 0);
}

/* What a trainer needs beside model and corpus, when both are there. */
static rc_status equip(rc_trainer *t)
{
    t->model->trainers = 1;
    t->corpus_crc = t->task->corpus_crc(t->corpus);
    if (t->task->corpus_notes)
        RC_TRY(t->task->corpus_notes(t->corpus, &t->notes));
    if (t->task->fit)
        return RC_OK;
    RC_TRY(rct_schedule_check(t->config));
    if (t->task->walker_new)
        return t->task->walker_new(&t->walker, t->model, t->corpus, t->pool);
    t->model->params.pairs = rcm_list_index("products", t->config->precision) == RCM_PRODUCT_BF16;
    RC_TRY(rcn_params_freeze(&t->model->params, t->config->freeze));
    RC_TRY(rcn_params_grads(&t->model->params));
    RC_TRY(rcn_params_refresh(&t->model->params, t->pool));
    RC_TRY(rct_optim_new(&t->optim, &t->model->params, t->config));
    t->place.averages = t->optim.averages;
    RC_TRY(rct_jitter_new(&t->jitter, &t->model->params, t->config));
    RC_TRY(rcm_feed_new(&t->feed, t->model, t->config->batch));
    return rct_comm_new(&t->comm, t->model, t->pool);
}

static rc_status check_task(const rcm_task *task)
{
    return task->mixed ? RC_FAIL_HINT(RC_EINVAL, "rc_model_mix() makes it of others",
                                      "a model of the task '%s' is not trained", task->name)
                       : RC_OK;
}

/* On `text`, or on the files of the configuration. */
static rc_status make_fresh(rc_trainer *t, const rc_config *c, const rcd_text *text)
{
    rcm_vocabs vocab = {0};

    RC_TRY(rc_config_clone(&t->config, c));
    t->task = c->task;
    RC_TRY(check_task(t->task));
    if (text)
        RC_TRY(rcm_corpus_of(&t->corpus, t->config, text, &vocab.of[RCM_SYMBOLS]));
    else
        RC_TRY(t->task->corpus_open(&t->corpus, t->config, NULL, &vocab));
    RC_TRY(rcm_model_new(&t->model, t->config, vocab));
    if (t->task->measure_data)
        RC_TRY(t->task->measure_data(t->model, t->corpus));
    return equip(t);
}

rc_status rct_trainer_on(rc_trainer **out, const rc_config *c, const rcd_text *text,
                         const char *path, const rc_trainer_options *options)
{
    rc_trainer *t;
    *out = NULL;
    rc_status status = new_trainer(&t, path, options);
    if (status == RC_OK)
        status = make_fresh(t, c, text);
    if (status != RC_OK) {
        rc_trainer_free(t);
        return status;
    }
    *out = t;
    return RC_OK;
}

rc_status rc_trainer_new(rc_trainer **out, const rc_config *c, const char *path,
                         const rc_trainer_options *options)
{
    return rct_trainer_on(out, c, NULL, path, options);
}

static rc_status make_from(rc_trainer *t, const rcf_file *f)
{
    uint32_t crc;

    RC_TRY(rct_checkpoint_crc(f, t->state_path, &crc));
    RC_TRY(rcm_model_read(&t->model, f, t->state_path, t->pool));
    if (strcmp(rc_model_precision(t->model), RCG_REALS_WORD) != 0)
        return RC_FAIL(RC_EFORMAT,
                       "cannot resume '%s': its matrices are %s, which cannot be trained",
                       t->state_path, rc_model_precision(t->model));
    RC_TRY(rc_config_clone(&t->config, t->model->config));
    t->task = t->config->task;
    RC_TRY(check_task(t->task));
    RC_TRY(t->task->corpus_open(&t->corpus, t->config, &t->model->vocab, NULL));
    RC_TRY(equip(t));
    if (t->corpus_crc != crc)
        return RC_FAIL_HINT(RC_EDATA, "bring back the files named by 'recur info', or train anew",
                            "cannot resume '%s': the training data has changed (checksum %08" PRIx32
                            ", it was %08" PRIx32 ")",
                            t->path, t->corpus_crc, crc);
    return rct_checkpoint_load(t, f);
}

rc_status rc_trainer_resume(rc_trainer **out, const char *path, const rc_trainer_options *options)
{
    rc_trainer *t;
    rcf_file *f = NULL;
    *out = NULL;
    rc_status status = new_trainer(&t, path, options);

    if (status == RC_OK)
        status = rcf_file_open(&f, t->state_path);
    if (status == RC_OK)
        status = make_from(t, f);
    rcf_file_free(f);
    if (status != RC_OK) {
        rc_trainer_free(t);
        return status;
    }
    *out = t;
    return RC_OK;
}

void rc_trainer_free(rc_trainer *t)
{
    if (!t)
        return;
    if (t->optim.params)
        rct_optim_free(&t->optim);
    rct_jitter_free(&t->jitter);
    rcm_feed_free(&t->feed);
    rct_comm_free(&t->comm);
    if (t->walker)
        t->walker->free(t->walker);
    rcb_pool_free(t->pool);
    if (t->corpus)
        t->task->corpus_free(t->corpus);
    if (t->model)
        t->model->trainers = 0;
    rc_model_free(t->model);
    rc_config_free(t->config);
    rcb_buf_free(&t->notes);
    rcb_free(t->path);
    rcb_free(t->state_path);
    rcb_free(t);
}

const char *rc_trainer_notes(const rc_trainer *t)
{
    return t->notes.p ? t->notes.p : "";
}

const rc_model *rc_trainer_model(const rc_trainer *t)
{
    return t->model;
}

int64_t rc_trainer_steps(const rc_trainer *t)
{
    return t->place.step;
}

rc_status rc_trainer_set(rc_trainer *t, const char *name, const char *value)
{
    if (strcmp(name, "epochs") != 0 && strcmp(name, "steps") != 0)
        return RC_FAIL_HINT(RC_EINVAL, "epochs and steps may change",
                            "option '%s' cannot change once training has begun", name);
    RC_TRY(rc_config_set(t->config, name, value));
    RC_TRY(rc_config_set(t->model->config, name, value));
    t->place.done = 0;
    return rcm_model_settle(t->model, t->pool);
}

/* ---- how far ----------------------------------------------------------------------------- */

int64_t rct_epoch_steps(const rc_trainer *t)
{
    const int64_t each = t->config->accumulate;

    if (t->walker)
        return t->walker->epoch_steps;
    return (t->task->epoch_batches(t->corpus, t->config->seq) + each - 1) / each;
}

int64_t rct_epoch_rows(const rc_trainer *t)
{
    return t->walker ? t->walker->epoch_rows : t->task->epoch_rows(t->corpus);
}

int64_t rct_all_steps(const rc_trainer *t)
{
    const int64_t each = rct_epoch_steps(t);
    const int64_t epochs = t->config->epochs;
    const int64_t steps = t->config->steps;
    const int64_t by_epochs = each == 0 || epochs < INT64_MAX / each ? epochs * each : INT64_MAX;

    return steps > 0 && (by_epochs == 0 || steps < by_epochs) ? steps : by_epochs;
}

static bool reached(const rc_trainer *t)
{
    const rc_config *c = t->config;
    return (c->steps > 0 && t->place.step >= c->steps) ||
           (c->epochs > 0 && t->place.epoch > c->epochs) ||
           (c->patience > 0 && t->place.bad >= c->patience);
}

/* The epoch that the last step belonged to: place.epoch is the next one when one has just ended. */
static int64_t last_epoch(const rc_trainer *t)
{
    return t->place.epoch - (t->place.pos == 0 && t->place.epoch > 1);
}

static double rate(const rc_trainer *t, int64_t epoch)
{
    const int64_t steps = rct_all_steps(t);
    const rct_moment m = {
        .epoch = epoch,
        .step = t->place.step,
        .factor = t->place.factor,
        .done = steps > 0 ? (double)t->place.step / (double)steps : (double)NAN,
    };
    return rct_schedule_rate(t->config, &m);
}

/* ---- telling ----------------------------------------------------------------------------- */

typedef struct listener {
    rc_progress_fn fn;
    void *ctx;
    rc_answer answer; /* the strongest so far: RC_PAUSE over RC_FINISH over RC_GO */
    rc_progress p;    /* what the last events said */
    rc_evaluation e;  /* the last score */
} listener;

static void tell(rc_trainer *t, listener *l, rc_event event)
{
    rc_progress *p = &l->p;

    p->event = event;
    p->epoch = last_epoch(t);
    p->epochs = t->config->epochs;
    p->step = t->place.step;
    p->epoch_step = t->place.epoch_step;
    p->tokens = t->place.tokens;
    p->best = t->place.best;
    p->counts = event == RC_EVENT_VALID || event == RC_EVENT_TEST ? &l->e : NULL;
    if (!t->task->fit) {
        p->steps = rct_all_steps(t);
        p->epoch_steps = rct_epoch_steps(t);
        p->lr = rate(t, p->epoch);
    }
    const rc_answer answer = l->fn ? l->fn(l->ctx, p) : RC_GO;
    if (answer > l->answer)
        l->answer = answer;
}

/* ---- saving and scoring ------------------------------------------------------------------ */

static rc_status save_state(rc_trainer *t, listener *l)
{
    RC_TRY(rct_checkpoint_save(t));
    tell(t, l, RC_EVENT_SAVED);
    return RC_OK;
}

static rc_status add_record(rc_trainer *t, double valid, double judged)
{
    rct_place *p = &t->place;
    const rc_record r = {
        .step = p->step,
        .epoch = last_epoch(t),
        .tokens = p->tokens,
        .lr = t->task->fit ? (double)NAN : rate(t, last_epoch(t)),
        .train = p->count > 0 ? p->sum / (double)p->count : (double)NAN,
        .valid = valid,
        .judged = judged,
    };
    p->sum = 0;
    p->count = 0;
    return rcm_history_add(&t->model->history, &r);
}

/* Score a part of the data with a model; what comes out is what the next event tells. */
static rc_status score(rc_trainer *t, listener *l, const rc_model *m, rcm_part part)
{
    rc_evaluation *e = &l->e;
    RC_TRY(t->task->score_part(m, t->corpus, part, t->config->valid_tracks, t->pool, e));
    const int64_t n = t->task->labels ? e->measured : e->tokens;
    l->p.valid = n > 0 ? e->nats / (double)n : (double)NAN;
    l->p.valid_chars = (double)e->chars / (double)e->tokens;
    l->p.valid_wrong = e->wrong < 0 ? (double)NAN : (double)e->wrong / (double)e->tokens;
    l->p.valid_spans = e->spans + e->spans_said == 0
                           ? (double)NAN
                           : 2 * (double)e->spans_right / (double)(e->spans + e->spans_said);
    l->p.judged = rct_judge(t->config, &l->p);
    return RC_OK;
}

static rc_status set_result(rc_model *m, const char *part, const char *what, double value)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s %s/token", part, what);
    return rcm_result_set(m, name, value);
}

/* What the last score was, into the results of a model. */
static rc_status set_results(const listener *l, rc_model *m, const char *part)
{
    RC_TRY(set_result(m, part, rc_model_measure(m), l->p.valid));
    if (l->p.valid_chars > 0)
        RC_TRY(set_result(m, part, "chars", l->p.valid_chars));
    if (!isnan(l->p.valid_spans)) {
        char name[32];

        (void)snprintf(name, sizeof name, "%s span F1", part);
        RC_TRY(rcm_result_set(m, name, l->p.valid_spans));
    }
    return isnan(l->p.valid_wrong) ? RC_OK : set_result(m, part, "errors", l->p.valid_wrong);
}

/* Does the mean of the weights begin here? As NT-ASGD has it: when validation is worse than the
 * best of those more than --mean-after before it. The history has this validation as its last. */
static bool mean_begins(const rc_trainer *t, double judged)
{
    const rcm_history *h = &t->model->history;
    const int64_t before = (int64_t)h->n - 1 - t->config->mean_after;

    if (t->optim.averages || rcm_list_index("means", t->config->mean) != RCM_MEAN_TRIGGER)
        return false;
    for (int64_t i = 0; i < before; i++)
        if (h->p[i].judged < judged)
            return true;
    return false;
}

/* Score the validation text, write a record and the best model. The first one writes a model in any
 * case: an infinite score is no gain, yet there must be a model that is this one's. */
static rc_status score_valid(rc_trainer *t, listener *l)
{
    rct_place *p = &t->place;
    const bool has = t->task->has_part(t->corpus, RCM_VALID);
    const bool first = p->scored < 0;

    RC_TRY(rcm_model_settle(t->model, t->pool));
    l->p.valid = l->p.judged = (double)NAN;
    if (has)
        RC_TRY(score(t, l, t->model, RCM_VALID));
    if (has)
        RC_TRY(rct_judge_check(t->config, &l->p));
    const double gain = p->best - l->p.judged;
    l->p.is_best = has && gain > 0;
    RC_TRY(add_record(t, l->p.valid, l->p.judged));
    if (l->p.is_best) {
        p->best = l->p.judged;
        RC_TRY(set_results(l, t->model, "valid"));
    }
    p->bad = l->p.is_best || !has ? 0 : p->bad + 1;
    if (has)
        p->factor = rct_schedule_after(t->config, p->factor, gain);
    p->scored = p->step;

    const bool last = rcm_list_index("keeps", t->config->keep) == RCM_KEEP_LAST;
    if (first || l->p.is_best || last || !has) {
        RC_TRY(rcm_model_settle(t->model, t->pool));
        RC_TRY(rc_model_save(t->model, t->path));
    }
    return RC_OK;
}

/* Validate, on the mean of the weights where one has begun, and write the state. */
static rc_status validate(rc_trainer *t, listener *l)
{
    const bool has = t->task->has_part(t->corpus, RCM_VALID);

    RC_TRY(rct_optim_swap(&t->optim, t->pool));
    const rc_status status = score_valid(t, l);
    RC_TRY(rct_optim_swap(&t->optim, t->pool));
    RC_TRY(status);
    if (mean_begins(t, l->p.judged))
        t->place.averages = t->optim.averages = true;
    if (has)
        tell(t, l, RC_EVENT_VALID);
    return t->task->fit ? RC_OK : save_state(t, l);
}

/* The test text, once, with the weights that the model file holds. */
static rc_status score_test(rc_trainer *t, listener *l)
{
    rc_model *best;

    if (t->spare_test || !t->task->has_part(t->corpus, RCM_TEST))
        return RC_OK;
    RC_TRY(rc_model_open(&best, t->path));
    rc_status status = score(t, l, best, RCM_TEST);
    if (status == RC_OK)
        status = set_results(l, best, "test");
    if (status == RC_OK)
        status = rcm_model_settle(best, t->pool);
    if (status == RC_OK)
        status = rc_model_save(best, t->path);
    rc_model_free(best);
    if (status == RC_OK)
        tell(t, l, RC_EVENT_TEST);
    return status;
}

static rc_status finish(rc_trainer *t, listener *l)
{
    if (t->place.scored != t->place.step)
        RC_TRY(validate(t, l));
    RC_TRY(score_test(t, l));
    t->place.done = 1;
    return t->task->fit ? RC_OK : save_state(t, l);
}

/* Stop here, to go on later. There is always a model file to look at. */
static rc_status pause_here(rc_trainer *t, listener *l)
{
    RC_TRY(save_state(t, l));
    if (t->place.scored < 0) {
        RC_TRY(rct_optim_swap(&t->optim, t->pool));
        rc_status s = rcm_model_settle(t->model, t->pool);
        if (s == RC_OK)
            s = rc_model_save(t->model, t->path);
        RC_TRY(rct_optim_swap(&t->optim, t->pool));
        RC_TRY(s);
    }
    return RC_FAIL_HINT(RC_ESTOP, "recur resume goes on from here", "stopped at step %" PRId64,
                        t->place.step);
}

/* ---- one step ---------------------------------------------------------------------------- */

/* The batches of one step. */
typedef struct gathered {
    int64_t batches;
    int64_t rows, aims;
    double nats;
    double scale; /* sum of what the batches do to the learning rate */
} gathered;

/* Time steps of the next batch, number `at` of all. Randomised lengths follow AWD-LSTM (Merity et
 * al. 2018): --seq, or half of it one time in twenty, plus a normal of deviation 5, at least 5 and
 * at most twice --seq; the rate is scaled along. */
static int64_t batch_steps(const rc_trainer *t, uint64_t at, double *scale)
{
    const int64_t seq = t->config->seq;
    *scale = 1;
    if (!t->config->seq_random)
        return seq;

    const rcb_key key = rcb_stream((uint64_t)t->config->seed, "seq");
    const double base = rcb_uniform(key, 2 * at) < 0.95 ? (double)seq : (double)seq / 2;
    const rcb_key spread = rcb_stream((uint64_t)t->config->seed, "seq5");
    const double drawn = floor(base + 5 * rcb_normal(spread, 2 * at));
    const double most = 2.0 * (double)seq;
    const double steps = fmax(fmin(5, (double)seq), fmin(most, drawn));
    *scale = steps / (double)seq;
    return (int64_t)steps;
}

static double divisor(const rc_trainer *t)
{
    return rcm_divisor(t->config, &t->feed.batch) * (double)t->config->accumulate;
}

/* The next batch forward and back, its gradients added to those of the step. *any: there was one
 * left in this epoch. */
static rc_status add_batch(rc_trainer *t, gathered *sum, bool *any)
{
    const uint64_t at = (uint64_t)t->place.step * (uint64_t)t->config->accumulate;
    const rct_draw draw = {(uint64_t)t->config->seed, at + (uint64_t)sum->batches};
    const rct_part part = sum->batches == 0 ? RCT_FIRST : RCT_MORE;
    double scale, nats;
    const int64_t steps = batch_steps(t, draw.step, &scale);

    RC_TRY(t->task->batch(t->corpus, t->place.epoch, t->place.pos, steps, &t->feed));
    *any = t->feed.batch.rows > 0;
    if (!*any)
        return RC_OK;
    RC_TRY(rct_comm_gradients(&t->comm, &t->feed, &draw, part, 1 / divisor(t), &nats));
    t->place.pos = t->feed.next;
    sum->batches++;
    sum->rows += t->feed.batch.rows;
    sum->aims += t->feed.batch.aims;
    sum->nats += nats;
    sum->scale += scale;
    return RC_OK;
}

/* The batches of the next step; none at the end of an epoch. A step is the mean over --accumulate
 * batches; the last one of an epoch may have fewer, and then a gradient that is smaller by as
 * much. */
static rc_status gather(rc_trainer *t, gathered *sum)
{
    bool any = true;

    *sum = (gathered){0};
    rc_status s = RC_OK;
    rct_jitter_begin(&t->jitter, (uint64_t)t->place.step, t->pool);
    while (s == RC_OK && any && sum->batches < t->config->accumulate)
        s = add_batch(t, sum, &any);
    rct_jitter_end(&t->jitter, t->pool);
    return s;
}

/* The next step of a task that takes it itself; no batches at the end of an epoch. */
static rc_status walk(rc_trainer *t, gathered *sum)
{
    const rcm_stride stride = {t->place.epoch, t->place.pos, rate(t, t->place.epoch)};
    rcm_strode strode;

    RC_TRY(t->walker->walk(t->walker, &stride, &strode));
    *sum = (gathered){
        .batches = strode.rows > 0, .rows = strode.rows, .aims = strode.aims, .nats = strode.nats};
    t->place.pos = strode.next;
    if (isfinite(strode.nats))
        return RC_OK;
    return RC_FAIL_HINT(RC_ENAN, "a smaller --lr", "cannot go on: the loss is no number");
}

static void clear_carry(rc_trainer *t)
{
    if (t->feed.carry)
        memset(t->feed.carry, 0,
               (size_t)(t->feed.carry_rows * t->feed.carry_width) * sizeof *t->feed.carry);
}

/* A step that went bad leaves no trace in the weights. */
static rc_status skip(rc_trainer *t, listener *l, const char *culprit)
{
    t->place.skipped++;
    t->place.row++;
    clear_carry(t);
    l->p.what = culprit ? culprit : "loss";
    tell(t, l, RC_EVENT_SKIPPED);
    if (t->place.row < BAD_STEPS)
        return RC_OK;
    return RC_FAIL_HINT(RC_ENAN, "a smaller --lr, or --clip",
                        "cannot go on: %d steps in a row had a NaN or infinity in '%s'", BAD_STEPS,
                        l->p.what);
}

/* The mean loss of a step, which may have looked at nothing. */
static void note_loss(rc_trainer *t, listener *l, const gathered *sum)
{
    if (sum->aims > 0)
        l->p.loss = sum->nats / (double)sum->aims;
    t->place.sum += sum->nats;
    t->place.count += sum->aims;
}

static rc_status update(rc_trainer *t, listener *l, const gathered *sum)
{
    rct_place *p = &t->place;
    const char *culprit;
    const double norm = rct_optim_norm(&t->optim, t->pool, &culprit);
    const double clip = t->config->clip;

    l->p.grad_norm = norm;
    l->p.loss = sum->nats / (double)sum->aims;
    if (!isfinite(norm) || !isfinite(sum->nats))
        return skip(t, l, culprit);
    p->row = 0;
    note_loss(t, l, sum);
    const double scale = rct_jitter_gradients(&t->jitter, (uint64_t)p->step,
                                              clip > 0 && norm > clip ? clip / norm : 1, t->pool);
    rct_optim_step(&t->optim, t->pool, rate(t, p->epoch) * (sum->scale / (double)sum->batches),
                   scale);
    p->updates = t->optim.steps;
    p->averaged = t->optim.averaged;
    return RC_OK;
}

static rc_status train_step(rc_trainer *t, listener *l, const gathered *sum)
{
    rct_place *p = &t->place;

    if (t->walker)
        note_loss(t, l, sum);
    else
        RC_TRY(update(t, l, sum));
    p->step++;
    p->epoch_step++;
    p->tokens += sum->rows;
    tell(t, l, RC_EVENT_STEP);
    return RC_OK;
}

static rc_status end_epoch(rc_trainer *t, listener *l)
{
    rct_place *p = &t->place;

    p->epoch++;
    p->pos = 0;
    p->epoch_step = 0;
    clear_carry(t);
    tell(t, l, RC_EVENT_EPOCH);
    return t->config->valid_every == 0 ? validate(t, l) : RC_OK;
}

static bool due(int64_t every, int64_t step)
{
    return every > 0 && step % every == 0;
}

static rc_status next_step(rc_trainer *t, gathered *sum)
{
    return t->walker ? walk(t, sum) : gather(t, sum);
}

/* One step or the end of an epoch, with what falls due after it. */
static rc_status advance(rc_trainer *t, listener *l)
{
    gathered sum;

    RC_TRY(next_step(t, &sum));
    if (sum.batches == 0)
        return end_epoch(t, l);
    RC_TRY(train_step(t, l, &sum));
    if (due(t->config->valid_every, t->place.step))
        return validate(t, l);
    return due(t->config->save_every, t->place.step) ? save_state(t, l) : RC_OK;
}

rc_status rct_trainer_step(rc_trainer *t)
{
    listener l = {0};
    gathered sum;

    RC_TRY(next_step(t, &sum));
    if (sum.batches == 0) { /* from the beginning again */
        t->place.pos = 0;
        clear_carry(t);
        RC_TRY(next_step(t, &sum));
    }
    if (sum.batches == 0)
        return RC_FAIL(RC_EDATA, "there is nothing to train on");
    return train_step(t, &l, &sum);
}

rc_status rc_trainer_run(rc_trainer *t, rc_progress_fn fn, void *ctx)
{
    const rc_progress none = {.valid = (double)NAN,
                              .judged = (double)NAN,
                              .valid_chars = 1,
                              .valid_wrong = (double)NAN,
                              .valid_spans = (double)NAN,
                              .loss = (double)NAN};
    listener l = {.fn = fn, .ctx = ctx, .p = none};

    l.p.unit = rc_model_unit(t->model);

    if (t->place.done)
        return RC_OK;
    if (t->task->fit) {
        RC_TRY(t->task->fit(t->model, t->corpus));
        return finish(t, &l);
    }
    RC_TRY(rct_schedule_check(t->config)); /* rc_trainer_set() may have taken its end away */
    while (!reached(t) && l.answer == RC_GO)
        RC_TRY(advance(t, &l));
    return l.answer == RC_PAUSE ? pause_here(t, &l) : finish(t, &l);
}
