/* lm.c -- the task lm: a recurrent language model of bytes, characters or words.
 *
 *   symbol -> embedding -> dropout -> recurrent layers -> dropout -> output layer
 *
 * Parameters embed.weight (V,E), embed.map.weight, rnn.* and out.* (see net.h); with --tied the
 * symbol vectors are the rows of out.weight and there is no embed.weight. Training reads the text
 * as parallel tracks with carried state. Scoring runs through the same layers a few hundred rows at
 * a time, so that a text of any length needs little memory; sums are in double.
 */
#include "model/model_in.h"

#include <string.h>

enum {
    ROWS = 512, /* rows of a piece when scoring */
    LINES = 64  /* lines scored side by side */
};

struct lm {
    rcn_stack stack;
    rcn_stepper *stepper; /* made when the values are settled */
    rcn_output output;
    int64_t V, E;
    size_t embed; /* place in the parameters; tied: that of the output layer's vectors */
    bool tied;
    int64_t map; /* units of a linear layer over the symbol vectors; 0: none */
    size_t embed_map;
};

/* ---- building ---------------------------------------------------------------------------- */

/* How often each symbol was in training, (V); NULL: no memory. */
static int64_t *counts_of(const rcd_vocab *v)
{
    const int32_t V = rcd_vocab_size(v);
    int64_t *count = rcb_alloc((size_t)V, sizeof *count);

    for (int32_t i = 0; count && i < V; i++)
        count[i] = rcd_vocab_count(v, i);
    return count;
}

/* The output layer, by the configuration and the counts of the vocabulary. */
static rc_status add_output(rc_model *m, struct lm *lm)
{
    const rc_config *c = m->config;
    int64_t *cutoff, cutoffs;

    RC_TRY(rcm_numbers(c->cutoffs, &cutoff, &cutoffs));
    int64_t *count = counts_of(m->vocab.of[RCM_SYMBOLS]);
    const rcn_output_plan plan = {
        .kind = c->output,
        .name = "out",
        .V = lm->V,
        .H = lm->stack.out,
        .count = count,
        .tied = lm->tied,
        .samples = c->samples,
        .noise_power = c->noise_power,
        .classes = c->classes,
        .cutoffs = cutoffs == 1 && cutoff[0] == 0 ? -1 : (int)cutoffs,
        .cutoff = cutoff,
        .cutoff_divide = c->cutoff_divide,
    };
    const rc_status s = count ? rcn_output_new(&lm->output, &m->params, &plan) : RC_ENOMEM;

    rcb_free(count);
    rcb_free(cutoff);
    return s;
}

static rc_status add_params(rc_model *m, struct lm *lm, const rcn_stack_plan *plan)
{
    rcn_params *ps = &m->params;

    if (!lm->tied) {
        lm->embed = ps->n;
        RC_TRY(rcn_params_table(ps, "embed.weight", lm->V, lm->E));
    }
    lm->embed_map = ps->n;
    if (lm->map > 0)
        RC_TRY(rcm_embed_map(ps, lm->map, lm->E));
    RC_TRY(rcn_stack_new(&lm->stack, ps, plan));
    if (lm->tied && lm->stack.out != lm->E)
        return RC_FAIL_HINT(RC_EINVAL,
                            *m->config->vectors ? "the last layer must give as many: --hidden"
                                                : "leave --embed out, or make it the same",
                            "cannot tie the output to the symbol vectors: these have %" PRId64
                            " numbers, the output reads %" PRId64,
                            lm->E, lm->stack.out);
    RC_TRY(add_output(m, lm));
    if (lm->tied)
        lm->embed = lm->output.vectors;
    return RC_OK;
}

static rc_status build(rc_model *m)
{
    const rc_config *c = m->config;
    struct lm *lm = rcb_calloc(1, sizeof *lm);
    rcm_plan p;

    if (!lm)
        return RC_ENOMEM;
    m->own = lm;
    if (!m->vocab.of[RCM_SYMBOLS])
        return RC_FAIL(RC_EFORMAT, "a language model needs a vocabulary, there is none");
    RC_TRY(rcm_plan_stack(&p, c, 1));
    lm->V = rcd_vocab_size(m->vocab.of[RCM_SYMBOLS]);
    lm->E = c->embed             ? c->embed
            : !c->tied           ? p.hidden[0]
            : c->deep_output > 0 ? c->deep_output
                                 : rcm_plan_out(&p, (int)c->layers - 1);
    lm->tied = c->tied;
    lm->map = c->embed_map;
    p.stack.in = lm->map > 0 ? lm->map : lm->E;

    rc_status s = rcm_plan_room(m, &p, (double)(lm->V + lm->map) * (double)lm->E);
    if (s == RC_OK)
        s = add_params(m, lm, &p.stack);
    rcb_free(p.hidden);
    return s;
}

static void unbuild(rc_model *m)
{
    struct lm *lm = m->own;

    if (!lm)
        return;
    rcn_stepper_free(lm->stepper);
    rcn_output_free(&lm->output);
    rcn_stack_free(&lm->stack);
    rcb_free(lm);
    m->own = NULL;
}

static rc_status init(rc_model *m)
{
    const struct lm *lm = m->own;

    return rcm_stack_init(&lm->stack, m);
}

static rc_status settle(rc_model *m, rcb_pool *pool)
{
    struct lm *lm = m->own;

    if (lm->tied)
        RC_TRY(rcn_param_refresh(&m->params.p[lm->embed], pool));
    rcn_stepper_free(lm->stepper);
    return rcn_stepper_new(&lm->stepper, &lm->stack, &m->params,
                           lm->map > 0 ? SIZE_MAX : lm->embed);
}

/* ---- running ----------------------------------------------------------------------------- */

/* What is made of the vectors of symbols. */
static rc_var *mapped(const rc_model *m, rc_graph *g, rc_var *x)
{
    const struct lm *lm = m->own;

    return lm->map > 0 ? rc_linear(g, x, rcm_var(m, g, lm->embed_map), RC_NONE) : x;
}

/* Symbols (N) to what the output layer reads (N,H). carry: see rcn_stack_run(). feed: where
 * what is added to the loss goes; NULL: it is not wanted. */
static rc_var *run(const rc_model *m, rc_graph *g, const rc_rows *rows, const int32_t *in,
                   rc_real *carry, rcm_feed *feed)
{
    const struct lm *lm = m->own;
    rc_var *x = rc_embed(g, rcm_var(m, g, lm->embed), in, rows->at[rows->steps]);

    x = rcm_drop(&lm->stack, g, rows, mapped(m, g, rcm_drop_symbols(m, g, in, x)));
    x = rcn_stack_run(&lm->stack, &m->params, g, rows, x, carry);
    rc_var *dropped = rcm_drop(&lm->stack, g, rows, x);
    if (feed)
        feed->extra = rcm_penalties(m->config, g, &feed->batch, x, dropped);
    return dropped;
}

static rc_var *loss_of(const rc_model *m, rc_graph *g, const rc_rows *rows, const int32_t *in,
                       const int32_t *out, rc_real *carry, rcm_feed *feed)
{
    const struct lm *lm = m->own;

    return rcn_output_loss(&lm->output, &m->params, g, run(m, g, rows, in, carry, feed), out);
}

/* The rows of a batch that count, and what is to be said there. False: the graph has failed. */
static bool find_aims(rc_graph *g, const rcd_batch *b, int32_t **row, int32_t **target)
{
    int64_t n = 0;

    *row = rcg_keep(g, (size_t)b->aims, sizeof **row);
    *target = rcg_keep(g, (size_t)b->aims, sizeof **target);
    if (!*row || !*target)
        return false;
    for (int64_t i = 0; i < b->rows; i++)
        if (!b->mute || !b->mute[i]) {
            (*row)[n] = (int32_t)i;
            (*target)[n++] = b->out[i];
        }
    assert(n == b->aims);
    return true;
}

/* The loss where not every step counts. */
static rc_var *loss_of_some(const rc_model *m, rc_graph *g, rcm_feed *feed)
{
    const struct lm *lm = m->own;
    const rcd_batch *b = &feed->batch;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};
    int32_t *row, *target;

    if (!find_aims(g, b, &row, &target))
        return NULL;
    rc_var *x = run(m, g, &rows, b->in, feed->carry, feed);
    return rcn_output_loss(&lm->output, &m->params, g, rc_embed(g, x, row, b->aims), target);
}

static int64_t carry_width(const rc_model *m)
{
    const struct lm *lm = m->own;

    return lm->stack.state_width;
}

/* ---- training ---------------------------------------------------------------------------- */

static rc_status corpus_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have,
                             rcm_vocabs *made)
{
    rcm_pretrained *vectors = NULL;
    rcd_level level;

    *out = NULL;
    RC_TRY(rcd_level_of(&level, c->level));
    if (!have)
        RC_TRY(rcm_pretrained_open(&vectors, c, level));
    const rc_status s = rcm_corpus_read(out, c, c->batch, have ? have->of[RCM_SYMBOLS] : NULL,
                                        made ? &made->of[RCM_SYMBOLS] : NULL);
    if (s == RC_OK)
        (*out)->vectors = vectors;
    else
        rcm_pretrained_free(vectors);
    return s;
}

static rc_status corpus_notes(const rcm_corpus *c, rcb_buf *out)
{
    return rcm_pretrained_notes(c->vectors, out);
}

static rc_status measure_data(rc_model *m, const rcm_corpus *c)
{
    const struct lm *lm = m->own;

    return rcm_pretrained_give(c->vectors, m, lm->embed,
                               &rcd_vocab_wording(m->vocab.of[RCM_SYMBOLS])->fold);
}

static int64_t epoch_batches(const rcm_corpus *c, int64_t steps)
{
    return (c->train.length + steps - 1) / steps;
}

static int64_t epoch_rows(const rcm_corpus *c)
{
    return c->train.length * c->train.tracks;
}

static int64_t longest(const rcm_corpus *c)
{
    return c->train.length;
}

static rc_status batch(const rcm_corpus *c, int64_t epoch, int64_t pos, int64_t steps,
                       rcm_feed *feed)
{
    (void)epoch;
    RC_TRY(rcd_stream_batch(&c->train, pos, steps, &feed->batch));
    feed->next = pos + feed->batch.steps;
    return RC_OK;
}

static rc_var *loss(const rc_model *m, rc_graph *g, rcm_feed *feed)
{
    const rcd_batch *b = &feed->batch;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};

    assert(!feed->carry || (feed->carry_rows == b->seqs && feed->carry_width == carry_width(m)));
    if (b->mute)
        return loss_of_some(m, g, feed);
    return loss_of(m, g, &rows, b->in, b->out, feed->carry, feed);
}

static void work(const rc_model *m, rcg_work *w)
{
    const struct lm *lm = m->own;

    rcg_work_value(w, lm->E);
    for (int i = 0; m->config->embed_dropout > 0 && i < 3; i++) /* masks, a leaf, the product */
        rcg_work_value(w, lm->E);
    if (lm->map > 0)
        rcg_work_linear(w, lm->E, lm->map);
    rcm_drop_work(&lm->stack, lm->stack.plan.in, w);
    rcn_stack_work(&lm->stack, w);
    rcm_drop_work(&lm->stack, lm->stack.out, w);
    rcm_penalties_work(m->config, lm->stack.out, w);
    lm->output.kind->work(&lm->output, w);
}

/* ---- scoring ----------------------------------------------------------------------------- */

/* What scoring works with; the carry grows to the largest batch. */
struct scorer {
    const rc_model *m;
    rc_graph *g;
    rcd_batch batch;
    rc_real *carry;
    size_t carry_cap; /* in sequences */
    double nats;
};

static rc_status scorer_begin(struct scorer *s, int64_t seqs)
{
    const size_t width = (size_t)carry_width(s->m);

    if ((size_t)seqs > s->carry_cap) {
        size_t bytes;

        if (!rcb_mul((size_t)seqs, width * sizeof *s->carry, &bytes))
            return RC_FAIL(RC_ENOMEM, "out of memory: the state of %" PRId64 " sequences", seqs);
        rcb_free(s->carry);
        s->carry_cap = 0;
        s->carry = rcb_alloc(bytes, 1);
        if (!s->carry)
            return RC_ENOMEM;
        s->carry_cap = (size_t)seqs;
    }
    memset(s->carry, 0, (size_t)seqs * width * sizeof *s->carry);
    return RC_OK;
}

/* Steps [from,to) of the batch; the carry goes through. */
static rc_status score_piece(struct scorer *s, int64_t from, int64_t to)
{
    const rcd_batch *b = &s->batch;
    const int64_t row = b->at[from];
    double nats = 0;

    rc_graph_reset(s->g);
    int64_t *at = rcg_keep(s->g, (size_t)(to - from + 1), sizeof *at);
    if (!at)
        return rc_graph_status(s->g);
    for (int64_t t = from; t <= to; t++)
        at[t - from] = b->at[t] - row;

    const rc_rows rows = {.steps = to - from, .seqs = b->seqs, .at = at};
    const rc_var *loss = loss_of(s->m, s->g, &rows, b->in + row, b->out + row, s->carry, NULL);
    RC_TRY(rc_graph_status(s->g));
    RC_TRY(rc_var_total(s->g, loss, &nats));
    s->nats += nats;
    return RC_OK;
}

/* The whole batch, in pieces of about ROWS rows. */
static rc_status score_batch(struct scorer *s)
{
    const rcd_batch *b = &s->batch;

    for (int64_t from = 0, to; from < b->steps; from = to) {
        for (to = from + 1; to < b->steps && b->at[to + 1] - b->at[from] <= ROWS;)
            to++;
        RC_TRY(score_piece(s, from, to));
    }
    return RC_OK;
}

static rc_status score_tracks(struct scorer *s, const rcd_tape *tape, int64_t tracks)
{
    const int64_t steps = tracks < ROWS ? ROWS / tracks : 1;
    rcd_stream stream;

    RC_TRY(rcd_stream_init(&stream, tape, s->m->vocab.of[RCM_SYMBOLS], tracks, true));
    RC_TRY(scorer_begin(s, tracks));
    for (int64_t pos = 0; pos < stream.length; pos += steps) {
        RC_TRY(rcd_stream_batch(&stream, pos, steps, &s->batch));
        RC_TRY(score_batch(s));
    }
    return RC_OK;
}

static rc_status score_lines(struct scorer *s, const rcd_tape *tape)
{
    int64_t line = 0;
    rcd_lines lines;

    RC_TRY(rcd_lines_init(&lines, tape, s->m->vocab.of[RCM_SYMBOLS]));
    rc_status status = RC_OK;
    while (status == RC_OK) {
        status = rcd_lines_batch(&lines, &line, LINES, &s->batch);
        if (status != RC_OK || s->batch.seqs == 0)
            break;
        status = scorer_begin(s, s->batch.seqs);
        if (status == RC_OK)
            status = score_batch(s);
    }
    rcd_lines_free(&lines);
    return status;
}

/* All symbols of a tape, in tracks (no more than there are symbols) or, with tracks 0, by lines. */
static rc_status score_tape(const rc_model *m, const rcd_tape *tape, int64_t tracks, rcb_pool *pool,
                            rc_evaluation *out)
{
    struct scorer s = {.m = m};

    RC_TRY(rcg_graph_on(&s.g, pool, false));
    const rc_status status = tracks ? score_tracks(&s, tape, tracks < tape->n ? tracks : tape->n)
                                    : score_lines(&s, tape);
    rc_graph_free(s.g);
    rcd_batch_free(&s.batch);
    rcb_free(s.carry);
    if (status == RC_OK)
        *out = (rc_evaluation){.tokens = tape->n,
                               .unknown = tape->unknown,
                               .chars = tape->chars,
                               .wrong = -1,
                               .nats = s.nats};
    return status;
}

static rc_status score_part(const rc_model *m, const rcm_corpus *c, rcm_part part, int64_t tracks,
                            rcb_pool *pool, rc_evaluation *out)
{
    RC_TRY(rcm_corpus_need(c, part));
    return score_tape(m, &c->tape[part], tracks, pool, out);
}

static rc_status evaluate(const rc_model *m, const rcd_text *t, uint64_t from, uint64_t to,
                          const rc_eval_options *o, rcb_pool *pool, rc_evaluation *out)
{
    rcd_tape tape;

    RC_TRY(rcm_text_encode(&tape, m, t, from, to));
    const rc_status s = score_tape(m, &tape, o->per_line ? 0 : o->tracks, pool, out);
    rcd_tape_free(&tape);
    return s;
}

/* ---- one symbol at a time ---------------------------------------------------------------- */

static size_t state_size(const rc_model *m)
{
    return (size_t)carry_width(m) * sizeof(rc_real);
}

static rc_status step(const rc_model *m, rc_graph *g, void *state, int32_t id, rc_real *logp)
{
    const struct lm *lm = m->own;

    rc_graph_reset(g);
    rc_var *x = lm->map > 0 ? mapped(m, g, rc_embed(g, rcm_var(m, g, lm->embed), &id, 1)) : NULL;
    RC_TRY(rc_graph_status(g));
    x = x ? rcn_step_vector(lm->stepper, g, rcg_rows(x), state)
          : rcn_step_symbol(lm->stepper, g, id, state);
    rc_var *y = rcn_output_logp(&lm->output, &m->params, g, x);
    RC_TRY(rc_graph_status(g));
    return rc_var_read(g, y, logp, lm->V);
}

/* ---- words ------------------------------------------------------------------------------- */

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    const struct lm *lm = m->own;

    RC_TRY(rcm_stack_conventions(&lm->stack, m->config, w));
    if (lm->output.kind->layout)
        RC_TRY(rcm_words_add(w, "output tensors", "%s", lm->output.kind->layout));
    return RC_OK;
}

static rc_status output_facts(const rcn_output *o, rcm_words *w)
{
    const rcn_output_kind *kind = o->kind;
    rcb_buf more = {0};
    rc_status s = rcb_buf_puts(&more, "");

    if (s == RC_OK && kind->facts)
        s = kind->facts(o, &more);
    if (s == RC_OK)
        s = rcm_words_add(w, "output", "%s (%s)%s%s", kind->name, kind->help, more.n ? ": " : "",
                          more.n ? more.p : "");
    if (s == RC_OK)
        s = rcm_words_add(w, "output equations", "%s", kind->equations);
    if (s == RC_OK)
        s = rcm_words_add(w, "output paper", "%s", kind->paper);
    rcb_buf_free(&more);
    return s;
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const struct lm *lm = m->own;

    RC_TRY(rcm_stack_facts(&lm->stack, m->config, w));
    RC_TRY(rcm_words_add(w, "symbol vectors", "%" PRId64 " numbers each%s", lm->E,
                         lm->tied ? ", which are the output weights, too" : ""));
    if (lm->map > 0)
        RC_TRY(rcm_words_add(w, "mapped", "linearly to %" PRId64 " numbers", lm->map));
    return output_facts(&lm->output, w);
}

const rcm_task rcm_lm = {
    .name = "lm",
    .help = "language model: the next byte, character or word of a text",
    .corpus_open = corpus_open,
    .corpus_free = rcm_corpus_free,
    .corpus_crc = rcm_corpus_crc,
    .has_part = rcm_corpus_has,
    .corpus_notes = corpus_notes,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .measure_data = measure_data,
    .settle = settle,
    .epoch_batches = epoch_batches,
    .epoch_rows = epoch_rows,
    .longest = longest,
    .batch = batch,
    .carry_width = carry_width,
    .loss = loss,
    .work = work,
    .score_part = score_part,
    .evaluate = evaluate,
    .state_size = state_size,
    .step = step,
    .conventions = conventions,
    .facts = facts,
};
