/* series_run.c -- models of series at work: step by step, where a step reads what the model itself
 * has said, and answers to the sequences of a file.
 */
#include "model/series_in.h"

#include <math.h>
#include <string.h>

/* ---- what answers mean ------------------------------------------------------------------- */

static void softmax(int64_t n, rc_real *x)
{
    double most = (double)x[0], sum = 0;

    for (int64_t i = 1; i < n; i++)
        most = fmax(most, (double)x[i]);
    for (int64_t i = 0; i < n; i++)
        sum += exp((double)x[i] - most);
    for (int64_t i = 0; i < n; i++)
        x[i] = (rc_real)(exp((double)x[i] - most) / sum);
}

void rcm_series_meaning(const rcm_series_net *s, int64_t n, rc_real *said)
{
    for (int64_t i = 0; s->aim == RCM_AIM_CLASS && i < n; i++)
        softmax(s->O, said + i * s->O);
    for (int64_t i = 0; s->aim == RCM_AIM_BITS && i < n * s->O; i++)
        said[i] = (rc_real)(1 / (1 + exp(-(double)said[i])));
}

/* ---- step by step ------------------------------------------------------------------------ */

rc_status rcm_series_walk_new(rcm_series_walk *w, const rc_model *m, rc_graph *g, int64_t most)
{
    const rcm_series_net *s = m->own;
    const size_t rows = (size_t)most;

    *w = (rcm_series_walk){.m = m, .g = g};
    w->carry = rcb_alloc(rows, (size_t)s->stack.state_width * sizeof *w->carry);
    w->fed = rcb_alloc(rows, (size_t)(s->F + 1) * sizeof *w->fed);
    w->x = rcb_alloc(rows, (size_t)(s->D + s->F) * sizeof *w->x);
    w->said = rcb_alloc(rows, (size_t)s->O * sizeof *w->said);
    return w->carry && w->fed && w->x && w->said ? RC_OK : RC_ENOMEM;
}

void rcm_series_walk_free(rcm_series_walk *w)
{
    rcb_free(w->carry);
    rcb_free(w->fed);
    rcb_free(w->x);
    rcb_free(w->said);
    rcb_free(w->top);
    *w = (rcm_series_walk){0};
}

void rcm_series_walk_begin(rcm_series_walk *w, int64_t seqs)
{
    const rcm_series_net *s = w->m->own;

    w->t = 0;
    rcn_stack_begin(&s->stack, &w->m->params, seqs, w->carry);
    memset(w->fed, 0, (size_t)(seqs * s->F) * sizeof *w->fed);
}

rc_var *rcm_series_walk_step(rcm_series_walk *w, int64_t n, const rc_real *x)
{
    const rcm_series_net *s = w->m->own;
    const int64_t at[] = {0, n}, width = s->D + s->F;
    const rc_rows rows = {.steps = 1, .seqs = n, .at = at};

    for (int64_t i = 0; i < n; i++) {
        if (rcm_series_reads(s, w->t))
            memcpy(w->x + i * width, x + i * s->D, (size_t)s->D * sizeof *x);
        else
            memset(w->x + i * width, 0, (size_t)s->D * sizeof *x);
        if (rcm_series_reads(s, w->t) && s->in.n > 0)
            rcm_scale_apply(&s->in, w->x + i * width, w->x + i * width);
        memcpy(w->x + i * width + s->D, w->fed + i * s->F, (size_t)s->F * sizeof *x);
    }
    rc_graph_reset(w->g);
    rc_var *y = rcn_stack_run(&s->stack, &w->m->params, w->g, &rows,
                              rc_leaf(w->g, rc_shape_2(n, width), w->x, NULL), w->carry);
    rc_var *said = rcm_series_answers(w->m, w->g, y);
    if (rc_var_read(w->g, said, w->said, n * s->O) != RC_OK ||
        (w->top && rc_var_read(w->g, y, w->top, n * s->stack.out) != RC_OK))
        return NULL;
    w->t++;
    if (s->F > 0) {
        memcpy(w->fed, w->said, (size_t)(n * s->F) * sizeof *w->fed);
        rcm_series_meaning(s, n, w->fed);
    }
    return said;
}

/* ---- predicting -------------------------------------------------------------------------- */

/* One file on its way. */
typedef struct predictor {
    const rc_model *m;
    const rcm_series_net *s;
    bool states;   /* they are told in place of answers */
    int64_t ahead; /* steps beyond the first after the end */
    rc_graph *g;
    rcm_series_walk walk;
    rcd_batch b;
    int64_t width;   /* of what is told: O, or that of the states */
    rc_real *said;   /* (rows, width) */
    rc_real *beyond; /* (ahead, seqs, O) */
    rc_prediction_fn fn;
    void *ctx;
} predictor;

/* Steps of the sequence in column i. */
static int64_t steps_of(const rcd_batch *b, int64_t i)
{
    return rcg_rows_length(&(rc_rows){.steps = b->steps, .seqs = b->seqs, .at = b->at}, i);
}

/* Its last row; -1: it has no step. */
static int64_t last_row(const rcd_batch *b, int64_t i)
{
    const int64_t steps = steps_of(b, i);

    return steps == 0 ? -1 : b->at[steps - 1] + i;
}

/* The answer to each sequence, at its last row, to all its steps. */
static rc_status say_pooled(predictor *p, rc_var *x)
{
    const rcd_batch *b = &p->b;
    rc_real *all = rcb_alloc((size_t)b->seqs, (size_t)p->width * sizeof *all);

    if (!all)
        return RC_ENOMEM;
    x = rcm_series_pool(p->m, p->g, b, x);
    const rc_status status = rc_var_read(p->g, p->states ? x : rcm_series_answers(p->m, p->g, x),
                                         all, b->seqs * p->width);
    memset(p->said, 0, (size_t)(b->rows * p->width) * sizeof *p->said);
    for (int64_t i = 0; status == RC_OK && i < b->seqs; i++) {
        const int64_t row = last_row(b, i);

        if (row >= 0)
            memcpy(p->said + row * p->width, all + i * p->width, (size_t)p->width * sizeof *all);
    }
    rcb_free(all);
    return status;
}

/* Answers at all rows of the batch. */
static rc_status say_rows(predictor *p)
{
    const rcd_batch *b = &p->b;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};
    const bool beyond = p->ahead > 0;

    rcm_series_walk_begin(&p->walk, b->seqs);
    for (int64_t t = 0; p->s->F > 0 && t < b->steps; t++) {
        const int64_t n = b->at[t + 1] - b->at[t];

        if (!rcm_series_walk_step(&p->walk, n, b->x + b->at[t] * b->D))
            return rc_graph_status(p->g);
        memcpy(p->said + b->at[t] * p->width, p->states ? p->walk.top : p->walk.said,
               (size_t)(n * p->width) * sizeof *p->said);
    }
    if (p->s->F > 0)
        return RC_OK;
    rc_graph_reset(p->g);
    rc_var *x = rcm_series_inputs(p->m, p->g, b, 0, b->steps);
    x = rcn_stack_run(&p->s->stack, &p->m->params, p->g, &rows, x, beyond ? p->walk.carry : NULL);
    p->walk.t = b->steps;
    if (p->s->pooled)
        return say_pooled(p, x);
    return rc_var_read(p->g, p->states ? x : rcm_series_answers(p->m, p->g, x), p->said,
                       b->rows * p->width);
}

/* Answers as the data has them. */
static void as_data(const rcm_series_net *s, int64_t n, rc_real *said)
{
    rcm_series_meaning(s, n, said);
    if (s->out.n > 0)
        rcm_scale_undo(&s->out, n, said);
}

/* A step as it would be read that was only said. */
static void as_step(const rcm_series_net *s, rc_real *x)
{
    for (int64_t k = 0; s->aim == RCM_AIM_BITS && k < s->O; k++)
        x[k] = x[k] > (rc_real)0.5 ? 1 : 0;
}

/* Steps beyond the end, each read as if it had come. */
static rc_status say_beyond(predictor *p)
{
    const int64_t B = p->b.seqs, O = p->s->O;
    rc_real *x = rcb_calloc((size_t)(B * O), sizeof *x);
    rc_status status = x ? RC_OK : RC_ENOMEM;

    for (int64_t i = 0; status == RC_OK && i < B; i++) {
        const int64_t row = last_row(&p->b, i);

        if (row >= 0)
            memcpy(x + i * O, p->said + row * O, (size_t)O * sizeof *x);
        as_step(p->s, x + i * O);
    }
    for (int64_t k = 0; status == RC_OK && k < p->ahead; k++) {
        rc_real *to = p->beyond + k * B * O;

        if (!rcm_series_walk_step(&p->walk, B, x))
            status = rc_graph_status(p->g);
        if (status != RC_OK)
            break;
        memcpy(to, p->walk.said, (size_t)(B * O) * sizeof *to);
        as_data(p->s, B, to);
        memcpy(x, to, (size_t)(B * O) * sizeof *x);
        for (int64_t i = 0; i < B; i++)
            as_step(p->s, x + i * O);
    }
    rcb_free(x);
    return status;
}

/* `one` is what is told of the sequence, less this. */
static bool tell(const predictor *p, rc_prediction one, int64_t step, const rc_real *values)
{
    one.step = step;
    one.values = values;
    return p->fn(p->ctx, &one);
}

/* All that is said of the sequence in column i. */
static bool tell_sequence(const predictor *p, int64_t i)
{
    const rcd_batch *b = &p->b;
    const int64_t O = p->width, last = last_row(b, i);
    rc_prediction one = {.said = -1,
                         .sequence = b->seq[i],
                         .steps = steps_of(b, i),
                         .classes = p->s->aim == RCM_AIM_CLASS && !p->states,
                         .count = O};

    if (one.steps == 0)
        return true;
    if (!p->s->each || p->states)
        return tell(p, one, -1, p->said + last * O);
    for (int64_t t = 0; t < one.steps; t++)
        if (!tell(p, one, t + rcm_says_next(p->s->aim), p->said + (b->at[t] + i) * O))
            return false;
    for (int64_t k = 0; k < p->ahead; k++)
        if (!tell(p, one, one.steps + 1 + k, p->beyond + (k * b->seqs + i) * O))
            return false;
    return true;
}

static rc_status room_for_batch(predictor *p)
{
    const size_t O = (size_t)p->width;

    rcb_free(p->said);
    rcb_free(p->beyond);
    p->said = rcb_alloc((size_t)p->b.rows, O * sizeof *p->said);
    p->beyond = rcb_alloc((size_t)p->ahead * (size_t)p->b.seqs, O * sizeof *p->beyond);
    return p->said && p->beyond ? RC_OK : RC_ENOMEM;
}

/* Sequences [from,to) of the file. */
static rc_status predict_some(predictor *p, const rcd_series *file, int64_t from, int64_t to,
                              int64_t *which)
{
    for (int64_t i = from; i < to; i++)
        which[i - from] = i;
    RC_TRY(rcd_series_batch(file, which, to - from, false, &p->b));
    RC_TRY(room_for_batch(p));
    RC_TRY(say_rows(p));
    if (!p->states)
        as_data(p->s, p->b.rows, p->said);
    if (p->ahead > 0)
        RC_TRY(say_beyond(p));
    for (int64_t i = 0; i < p->b.seqs; i++) /* where sequence from + which is */
        which[p->b.seq[i] - from] = i;
    for (int64_t i = 0; i < p->b.seqs; i++)
        if (!tell_sequence(p, which[i]))
            return RC_FAIL(RC_ESTOP, "stopped");
    return RC_OK;
}

static rc_status predict_all(predictor *p, const rcd_series *file, rcb_pool *pool)
{
    const int64_t most = p->m->config->batch;
    int64_t *which = rcb_alloc((size_t)most, sizeof *which);
    rc_status s = which ? rcg_graph_on(&p->g, pool, false) : RC_ENOMEM;

    if (s == RC_OK)
        s = rcm_series_walk_new(&p->walk, p->m, p->g, most);
    if (s == RC_OK && p->states) {
        p->walk.top = rcb_alloc((size_t)most, (size_t)p->width * sizeof *p->walk.top);
        s = p->walk.top ? RC_OK : RC_ENOMEM;
    }
    for (int64_t at = 0; s == RC_OK && at < file->n; at += most)
        s = predict_some(p, file, at, at + most < file->n ? at + most : file->n, which);
    rcm_series_walk_free(&p->walk);
    rc_graph_free(p->g);
    rcd_batch_free(&p->b);
    rcb_free(p->said);
    rcb_free(p->beyond);
    rcb_free(which);
    return s;
}

rc_status rcm_series_predict(const rc_model *m, const char *path, const rc_predict_options *o,
                             rcb_pool *pool, rc_prediction_fn fn, void *ctx)
{
    const rcm_series_net *s = m->own;
    const bool next = rcm_says_next(s->aim);
    predictor p = {.m = m,
                   .s = s,
                   .states = o->states,
                   .ahead = next ? o->ahead - 1 : 0,
                   .width = o->states ? s->stack.out : s->O,
                   .fn = fn,
                   .ctx = ctx};
    rcd_series file;

    if (o->states && o->ahead != 1)
        return RC_FAIL(RC_EINVAL, "cannot tell states ahead: a state is that of the last step");
    if (!next && o->ahead != 1)
        return RC_FAIL(RC_EINVAL,
                       "a model that does not say the next step cannot say %" PRId64 " steps ahead",
                       o->ahead);
    RC_TRY(rcm_series_file(&file, m, path, true));
    const rc_status status = predict_all(&p, &file, pool);
    rcd_series_free(&file);
    return status;
}
