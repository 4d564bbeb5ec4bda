/* bench_run.c -- parts of a model: one step at batch 1, a tagger over a batch, recurrent layers
 * forward and back.
 *
 * A step is that of a language model of words, symbol in and distribution out, or, with no symbols
 * at all, that of the recurrent layers alone. The tagger is an embedding, recurrent layers in both
 * directions and a linear output over every row. Layers forward and back read vectors and give
 * gradients of vectors, as the primitives of other libraries do.
 */
#include "train/bench_in.h"

#include <stdio.h>
#include <string.h>

enum { TAGS = 45 /* of the Penn Treebank */, IDS = 1024 /* symbols that are fed in turn */ };

/* Bytes of the weights that a step reads: all but tables, of which it takes a row. */
static double weight_bytes(const rcn_params *ps)
{
    static const double bytes[RCG_BITS_COUNT] = {
        [RCG_REALS] = sizeof(rc_real), [RCG_BF16] = 2, [RCG_INT8] = 1};
    double sum = 0;

    for (size_t i = 0; i < ps->n; i++)
        sum += ps->p[i].packed ? (double)ps->p[i].size * bytes[ps->p[i].bits] : 0;
    return sum;
}

/* Weights as the precision asked for has them. */
static rc_status reduce(rcn_params *ps, const rc_bench_options *o)
{
    const int bits = rcm_list_index("precisions", o->precision);

    return bits == RCG_REALS ? RC_OK : rcn_params_lean(ps, (rcg_bits)bits);
}

static void draw_ids(int32_t *ids, int64_t n, int64_t vocab)
{
    const rcb_key key = rcb_stream(2, "bench");

    for (int64_t i = 0; i < n; i++)
        ids[i] = (int32_t)(rcb_uniform(key, (uint64_t)i) * (double)vocab);
}

/* ---- step: a language model -------------------------------------------------------------- */

typedef struct stepper {
    rcb_pool *pool;
    rc_graph *graph;
    rc_model *model;
    void *state;
    rc_real *logp;
    int32_t ids[IDS];
    int64_t at;
} stepper;

static rc_status new_model(rc_model **out, const rc_bench_options *o)
{
    rc_config *c = NULL;
    rcb_buf words = {0};
    rcd_text *text = NULL;
    rcd_vocab *vocab = NULL;

    *out = NULL;
    rc_status s = rct_bench_config(&c, o, o->cell);
    if (s == RC_OK)
        s = rct_bench_words(&words, o->vocab, 0, false);
    if (s == RC_OK)
        s = rcd_text_of(&text, "words", words.p, words.n);
    if (s == RC_OK)
        s = rcd_vocab_build(&vocab, RCD_WORD, text, 0, words.n, NULL);
    if (s == RC_OK)
        s = rcm_model_new(out, c, rcm_symbols_alone(vocab));
    rcd_text_free(text);
    rcb_buf_free(&words);
    rc_config_free(c);
    return s;
}

static rc_status lm_step(void *ctx)
{
    stepper *s = ctx;

    return s->model->config->task->step(s->model, s->graph, s->state, s->ids[s->at++ % IDS],
                                        s->logp);
}

static rc_status open_stepper(stepper *s, const rc_bench_options *o)
{
    RC_TRY(rcb_pool_new(&s->pool, (int)o->threads));
    RC_TRY(rcg_graph_on(&s->graph, s->pool, false));
    RC_TRY(new_model(&s->model, o));
    RC_TRY(reduce(&s->model->params, o));
    RC_TRY(rcm_model_settle(s->model, s->pool));
    s->state = rcb_calloc(s->model->config->task->state_size(s->model), 1);
    s->logp = rcb_calloc((size_t)o->vocab, sizeof *s->logp);
    draw_ids(s->ids, IDS, o->vocab);
    return s->state && s->logp ? RC_OK : RC_ENOMEM;
}

static rc_status measure_lm_step(const rct_bench *b, stepper *s, rc_bench_row *row)
{
    rcg_work w = {.rows = 1, .seqs = 1};

    RC_TRY(open_stepper(s, b->o));
    s->model->config->task->work(s->model, &w);
    row->flops = w.flops;
    row->reads = weight_bytes(&s->model->params);
    return rct_bench_time(b, row, rck, s->pool, lm_step, s);
}

static rc_status lm_step_row(const rct_bench *b, rc_bench_row *row)
{
    stepper s = {0};
    const rc_status status = measure_lm_step(b, &s, row);

    rcb_free(s.logp);
    rcb_free(s.state);
    rc_model_free(s.model);
    rc_graph_free(s.graph);
    rcb_pool_free(s.pool);
    return status;
}

/* ---- layers that stand alone ------------------------------------------------------------- */

/* Recurrent layers over a batch whose input is given or looked up, and perhaps an output layer. */
typedef struct layers {
    rcb_pool *pool;
    rc_graph *graph;
    rcn_params ps;
    rcn_stack stack;
    rcn_stepper *stepper; /* for steps; NULL else */
    int64_t *hidden;
    int64_t width; /* of the input */
    rcd_batch batch;
    rc_real *x;     /* (N,width) input, or NULL: looked up */
    rc_real *dx;    /* its gradient, or NULL */
    rc_real *carry; /* (B, state_width), or NULL */
    size_t embed, out_w, out_b;
} layers;

static void close_layers(layers *l)
{
    rcb_free(l->carry);
    rcb_free(l->dx);
    rcb_free(l->x);
    rcd_batch_free(&l->batch);
    rcb_free(l->hidden);
    rcn_stepper_free(l->stepper);
    rcn_stack_free(&l->stack);
    rcn_params_free(&l->ps);
    rc_graph_free(l->graph);
    rcb_pool_free(l->pool);
}

static rc_status open_layers(layers *l, const rc_bench_options *o, int directions)
{
    RC_TRY(rcm_list_check(rcm_list, "cells", "cell", o->cell));
    RC_TRY(rcb_pool_new(&l->pool, (int)o->threads));
    RC_TRY(rcg_graph_on(&l->graph, l->pool, false));
    l->width = o->embed ? o->embed : o->hidden;
    l->hidden = rcb_alloc((size_t)o->layers, sizeof *l->hidden);
    if (!l->hidden)
        return RC_ENOMEM;
    for (int64_t i = 0; i < o->layers; i++)
        l->hidden[i] = o->hidden;
    const rcn_stack_plan plan = {
        .cell = rcc_find(o->cell),
        .layers = (int)o->layers,
        .hidden = l->hidden,
        .in = l->width,
        .directions = directions,
        .bias = RCN_BIAS_SINGLE,
        .name = "rnn",
    };
    return rcn_stack_new(&l->stack, &l->ps, &plan);
}

/* Rows of B sequences whose lengths fall evenly from T to `least`. */
static rc_status make_rows(rcd_batch *b, int64_t B, int64_t T, int64_t least)
{
    b->at = rcb_calloc((size_t)T + 1, sizeof *b->at);
    if (!b->at)
        return RC_ENOMEM;
    for (int64_t k = 0; k < B; k++) {
        const int64_t length = B > 1 ? T - k * (T - least) / (B - 1) : T;
        for (int64_t t = 0; t < length; t++)
            b->at[t + 1]++;
    }
    for (int64_t t = 0; t < T; t++)
        b->at[t + 1] += b->at[t];
    b->steps = T;
    b->seqs = B;
    b->rows = b->at[T];
    return RC_OK;
}

static rc_var *param(const layers *l, size_t place)
{
    return rcn_var(l->graph, &l->ps.p[place]);
}

static rc_rows rows_of(const layers *l)
{
    return (rc_rows){l->batch.steps, l->batch.seqs, l->batch.at};
}

/* x (N,width) of numbers around zero, rows as far apart as those of the graph. */
static rc_status draw_input(layers *l, int64_t N)
{
    const rcb_key key = rcb_stream(3, "bench");
    const int64_t ld = rck_pad(l->width);

    l->x = rcb_calloc((size_t)(N * ld), sizeof *l->x);
    if (!l->x)
        return RC_ENOMEM;
    for (int64_t n = 0; n < N; n++)
        for (int64_t i = 0; i < l->width; i++)
            l->x[n * ld + i] = (rc_real)(rcb_uniform(key, (uint64_t)(n * l->width + i)) - 0.5);
    return RC_OK;
}

/* ---- step: the layers alone -------------------------------------------------------------- */

static rc_status bare_step(void *ctx)
{
    const layers *l = ctx;

    rc_graph_reset(l->graph);
    (void)rcn_step_vector(l->stepper, l->graph, l->x, l->carry);
    return rc_graph_status(l->graph);
}

static rc_status measure_bare_step(const rct_bench *b, layers *l, rc_bench_row *row)
{
    rcg_work w = {.rows = 1, .seqs = 1};

    RC_TRY(open_layers(l, b->o, 1));
    RC_TRY(rcn_init_all(&l->ps, "", 1));
    RC_TRY(reduce(&l->ps, b->o));
    RC_TRY(rcn_stepper_new(&l->stepper, &l->stack, &l->ps, SIZE_MAX));
    l->carry = rcb_calloc((size_t)l->stack.state_width, sizeof *l->carry);
    if (!l->carry)
        return RC_ENOMEM;
    RC_TRY(draw_input(l, 1));
    rcn_stack_work(&l->stack, &w);
    row->flops = w.flops;
    row->reads = weight_bytes(&l->ps);
    return rct_bench_time(b, row, rck, l->pool, bare_step, l);
}

static rc_status bare_step_row(const rct_bench *b, rc_bench_row *row)
{
    layers l = {0};
    const rc_status status = measure_bare_step(b, &l, row);

    close_layers(&l);
    return status;
}

rc_status rct_bench_step(const rct_bench *b)
{
    const rc_bench_options *o = b->o;
    const bool bare = o->vocab == 0;
    char name[160];
    rc_bench_row row = {.name = name, .tokens = 1};
    const int n = snprintf(name, sizeof name, "one step of %s %" PRId64 "x%" PRId64, o->cell,
                           o->layers, o->hidden);

    if (!bare && n > 0 && (size_t)n < sizeof name)
        (void)snprintf(name + n, sizeof name - (size_t)n, ", %" PRId64 " words", o->vocab);
    RC_TRY(bare ? bare_step_row(b, &row) : lm_step_row(b, &row));
    rct_bench_tell(b, &row);
    return RC_OK;
}

/* ---- tag --------------------------------------------------------------------------------- */

static rc_status tag_batch(void *ctx)
{
    const layers *l = ctx;
    const rc_rows rows = rows_of(l);

    rc_graph_reset(l->graph);
    rc_var *x = rc_embed(l->graph, param(l, l->embed), l->batch.in, l->batch.rows);
    x = rcn_stack_run(&l->stack, &l->ps, l->graph, &rows, x, NULL);
    (void)rc_linear(l->graph, x, param(l, l->out_w), param(l, l->out_b));
    return rc_graph_status(l->graph);
}

static rc_status add_ends(layers *l, const rc_bench_options *o)
{
    const int one[] = {1};

    l->embed = l->ps.n;
    RC_TRY(rcn_params_table(&l->ps, "embed.weight", o->vocab, l->width));
    l->out_w = l->ps.n;
    RC_TRY(rcn_params_weight(&l->ps, "out.weight", 2, 1, one, TAGS, l->stack.out));
    l->out_b = l->ps.n;
    RC_TRY(rcn_params_weight(&l->ps, "out.bias", 1, 1, one, TAGS, 1));
    return rcn_init_all(&l->ps, "", 1);
}

/* Measure layers over a batch of sequences, and tell it. */
static rc_status tell_layers(const rct_bench *b, const char *what, const char *how,
                             rc_status (*measure)(const rct_bench *, layers *, rc_bench_row *))
{
    const rc_bench_options *o = b->o;
    char name[160], least[32] = "";
    layers l = {0};
    rc_bench_row row = {.name = name};

    if (o->ragged)
        (void)snprintf(least, sizeof least, "%" PRId64 " to ", o->ragged);
    (void)snprintf(name, sizeof name,
                   "%s %s %" PRId64 "x%" PRId64 " %s, batch %" PRId64 ", %s%" PRId64 " steps", what,
                   o->cell, o->layers, o->hidden, how, o->batch, least, o->seq);
    const rc_status status = measure(b, &l, &row);
    close_layers(&l);
    RC_TRY(status);
    rct_bench_tell(b, &row);
    return RC_OK;
}

static rc_status measure_tagger(const rct_bench *b, layers *l, rc_bench_row *row)
{
    const rc_bench_options *o = b->o;

    RC_TRY(open_layers(l, o, 2));
    RC_TRY(add_ends(l, o));
    RC_TRY(make_rows(&l->batch, o->batch, o->seq, o->ragged ? o->ragged : o->seq));
    l->batch.in = rcb_alloc((size_t)l->batch.rows, sizeof *l->batch.in);
    if (!l->batch.in)
        return RC_ENOMEM;
    draw_ids(l->batch.in, l->batch.rows, o->vocab);

    rcg_work w = {.rows = l->batch.rows, .seqs = l->batch.seqs};
    rcn_stack_work(&l->stack, &w);
    rcg_work_linear(&w, l->stack.out, TAGS);
    row->tokens = l->batch.rows;
    row->flops = w.flops;
    return rct_bench_time(b, row, rck, l->pool, tag_batch, l);
}

rc_status rct_bench_tag(const rct_bench *b)
{
    return tell_layers(b, "tagger,", "both ways", measure_tagger);
}

/* ---- layers ------------------------------------------------------------------------------ */

/* The gradient of the sum of all outputs: what comes from above is ones. */
static rc_status there_and_back(void *ctx)
{
    layers *l = ctx;
    const rc_rows rows = rows_of(l);
    const rc_shape shape = rc_shape_2(l->batch.rows, l->width);
    const int64_t ld = rck_pad(l->width);

    memset(l->dx, 0, (size_t)(l->batch.rows * ld) * sizeof *l->dx);
    rc_graph_reset(l->graph);
    rcn_params_fresh(&l->ps);
    rc_var *x = rcg_leaf(l->graph, shape, ld, l->x, l->dx);
    x = rcn_stack_run(&l->stack, &l->ps, l->graph, &rows, x, NULL);
    RC_TRY(rc_graph_backward(l->graph, rc_sum(l->graph, x)));
    rcn_params_settle(&l->ps);
    return RC_OK;
}

static rc_status measure_layers(const rct_bench *b, layers *l, rc_bench_row *row)
{
    const rc_bench_options *o = b->o;

    RC_TRY(open_layers(l, o, 1));
    rcg_graph_train(l->graph, true);
    RC_TRY(rcn_init_all(&l->ps, "", 1));
    RC_TRY(rcn_params_grads(&l->ps));
    RC_TRY(rcn_params_refresh(&l->ps, l->pool));
    RC_TRY(make_rows(&l->batch, o->batch, o->seq, o->ragged ? o->ragged : o->seq));
    RC_TRY(draw_input(l, l->batch.rows));
    l->dx = rcb_alloc((size_t)(l->batch.rows * rck_pad(l->width)), sizeof *l->dx);
    if (!l->dx)
        return RC_ENOMEM;

    rcg_work w = {.rows = l->batch.rows, .seqs = l->batch.seqs};
    rcn_stack_work(&l->stack, &w);
    row->tokens = l->batch.rows;
    row->flops = 3 * w.flops;
    return rct_bench_time(b, row, rck, l->pool, there_and_back, l);
}

rc_status rct_bench_layers(const rct_bench *b)
{
    return tell_layers(b, "layers of", "there and back", measure_layers);
}
