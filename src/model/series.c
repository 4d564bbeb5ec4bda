/* series.c -- the task series: sequences of vectors, of which a class, numbers or the next step are
 * to be said, at every step or at the end.
 *
 *   vector -> recurrent layers, in one or both directions -> dropout -> linear -> loss
 *
 * Where there is one answer, at the end, the linear layer reads the last step of each direction, or
 * what else --pooling makes of all steps.
 *
 * Parameters rnn.* (see net.h), those of pool.c, out.weight (O,H), out.bias (O). Sequences are
 * whole: there is no truncation and nothing is carried. The numbers of a step and of an answer are
 * part of the configuration, which the data completes.
 *
 * With feedback a step also reads the answer of the step before: in training the true one, so that
 * nothing but the cell recurs and, with a cell that does not, all steps are one product; elsewhere
 * what the model itself has said (Jordan 1986; teacher forcing: Williams and Zipser 1989).
 */
#include "model/series_in.h"

#include <string.h>

/* ---- building ---------------------------------------------------------------------------- */

/* Classes of a vocabulary: what is always held and stands at the end is none. */
static int64_t classes_of(const rc_model *m)
{
    return rcd_vocab_size(m->vocab.of[RCM_SYMBOLS]) - 2;
}

static rc_status add_params(rc_model *m, rcm_series_net *s, const rcm_plan *p)
{
    rcn_params *ps = &m->params;
    const int one = 1;

    RC_TRY(rcn_stack_new(&s->stack, ps, &p->stack));
    if (s->pooled)
        RC_TRY(rcm_pool_new(&s->pool, (rcm_pooling)rcm_list_index("poolings", m->config->pooling),
                            &s->stack, ps, s->stack.out));
    s->weight = ps->n;
    RC_TRY(rcn_params_weight(ps, "out.weight", 2, 1, &one, s->O, s->stack.out));
    s->bias = ps->n;
    return rcn_params_weight(ps, "out.bias", 1, 1, &one, s->O, 1);
}

/* Files of before 'answers' leave open where answers are. Of what could be read then, one source
 * alone had them at every step. */
static rc_status settle_answers(rc_config *c, rcm_aim aim)
{
    const bool open = rcm_list_index("answers", c->answers) == RCM_ANSWERS_AUTO;

    if (!open)
        return RC_OK;
    const bool each = rcm_says_next(aim) || strncmp(c->train, "copy:", 5) == 0;
    return rc_config_set(c, "answers", each ? "each" : "last");
}

/* What --standardize needs, at first without effect. */
static rc_status add_scales(rcm_series_net *s)
{
    if (s->aim == RCM_AIM_BITS)
        return RC_FAIL_HINT(RC_EINVAL, "leave --standardize out, or say --aim next",
                            "cannot standardize numbers that are on or off");
    RC_TRY(rcm_scale_new(&s->in, s->D));
    return s->aim == RCM_AIM_CLASS ? RC_OK : rcm_scale_new(&s->out, s->O);
}

static rc_status build(rc_model *m)
{
    rc_config *c = m->config;
    const int aim = rcm_list_index("aims", c->aim);
    rcm_series_net *s = rcb_calloc(1, sizeof *s);
    rcm_plan p;

    if (!s)
        return RC_ENOMEM;
    m->own = s;
    if (aim <= RCM_AIM_AUTO || c->inputs < 1 ||
        (aim == RCM_AIM_CLASS ? !m->vocab.of[RCM_SYMBOLS] : c->outputs < 1))
        return RC_FAIL(RC_EFORMAT, "a model of series needs an aim and the numbers of a step");
    if (rcm_says_next((rcm_aim)aim) && c->outputs != c->inputs)
        return RC_FAIL(RC_EFORMAT,
                       "a model of the next step says %" PRId64 " numbers of steps of %" PRId64,
                       c->outputs, c->inputs);
    s->aim = (rcm_aim)aim;
    RC_TRY(settle_answers(c, s->aim));
    s->D = c->inputs;
    s->O = aim == RCM_AIM_CLASS ? classes_of(m) : c->outputs;
    RC_TRY(rcm_plan_stack(&p, c, c->bidirectional ? 2 : 1));
    s->F = c->feedback ? s->O : 0;
    s->reads = (rcm_reads)rcm_list_index("reads", c->reads);
    s->each = rcm_says_next(s->aim) || rcm_list_index("answers", c->answers) == RCM_ANSWERS_EACH;
    p.stack.in = s->D + s->F;
    s->pooled = !s->each && (p.stack.directions == 2 ||
                             rcm_list_index("poolings", c->pooling) != RCM_POOLING_LAST);

    const int64_t last = c->deep_output ? c->deep_output : rcm_plan_out(&p, p.stack.layers - 1);
    const double reads = c->deep_input ? (double)c->deep_input
                                       : (double)rcc_part_gates(p.stack.cell, RCC_W) *
                                             (double)p.hidden[0] * (double)c->window;
    const double wide = reads * (double)s->D, out = (double)s->O * (double)(last + 1);
    rc_status status = rcm_plan_room(m, &p, wide + out);
    if (status == RC_OK && rcm_says_next(s->aim) && c->bidirectional)
        status = RC_FAIL_HINT(RC_EINVAL, "leave --bidirectional out",
                              "cannot predict the next step in both directions: one has seen it");
    if (status == RC_OK && s->F > 0 && (rcm_says_next(s->aim) || c->bidirectional || !s->each))
        status = RC_FAIL_HINT(RC_EINVAL, "leave --feedback out", "cannot feed answers back %s",
                              c->bidirectional ? "in both directions"
                              : s->each        ? "where the next step is the answer: it is read"
                                               : "where there is one, at the end");
    if (status == RC_OK && s->each && rcm_list_index("poolings", c->pooling) != RCM_POOLING_LAST)
        status = RC_FAIL_HINT(RC_EINVAL, "leave --pooling out",
                              "cannot make one vector of all steps: each has its own answer");
    if (status == RC_OK && c->standardize)
        status = add_scales(s);
    if (status == RC_OK)
        status = add_params(m, s, &p);
    rcb_free(p.hidden);
    return status;
}

static void unbuild(rc_model *m)
{
    rcm_series_net *s = m->own;

    if (!s)
        return;
    rcn_stack_free(&s->stack);
    rcm_scale_free(&s->in);
    rcm_scale_free(&s->out);
    rcb_free(s);
    m->own = NULL;
}

static rc_status init(rc_model *m)
{
    const rcm_series_net *s = m->own;

    return rcm_stack_init(&s->stack, m);
}

/* ---- running ----------------------------------------------------------------------------- */

bool rcm_series_find(const rcm_series_net *s, rcm_series_aims *a, rc_graph *g, const rcd_batch *b,
                     int64_t from, int64_t to)
{
    const size_t most = (size_t)(to - from);

    *a = (rcm_series_aims){.row = rcg_keep(g, most, sizeof *a->row),
                           .target = rcg_keep(g, most, sizeof *a->target),
                           .y = rcg_keep(g, most * (size_t)b->K, sizeof *a->y)};
    if (!a->row || !a->target || !a->y)
        return false;
    for (int64_t row = from; row < to; row++) {
        if (b->out[row] < 0 || (b->mute && b->mute[row]))
            continue;
        a->row[a->n] = (int32_t)(row - from);
        a->target[a->n] = b->out[row];
        if (b->K > 0)
            memcpy(a->y + a->n * b->K, b->y + row * b->K, (size_t)b->K * sizeof *a->y);
        if (s->out.n > 0)
            rcm_scale_apply(&s->out, a->y + a->n * b->K, a->y + a->n * b->K);
        a->n++;
    }
    return true;
}

/* The true answer at a row as the step after it reads it: (F), zeroed before. */
static void true_answer(const rcm_series_net *s, const rcd_batch *b, int64_t row, rc_real *fed)
{
    if (b->out[row] < 0)
        return;
    if (s->aim == RCM_AIM_CLASS)
        fed[b->out[row]] = 1;
    else
        memcpy(fed, b->y + row * b->K, (size_t)s->F * sizeof *fed);
    if (s->out.n > 0)
        rcm_scale_apply(&s->out, fed, fed);
}

/* Is what the stack reads something else than the steps of the batch as they lie? */
static bool puts_together(const rc_model *m)
{
    const rcm_series_net *s = m->own;

    return s->F > 0 || s->in.n > 0 || s->reads != RCM_READS_EACH || m->config->input_noise > 0;
}

/* Row `row` of the batch in the model's numbers. Noise is a function of the step of training and of
 * the place in the batch, so that a batch in pieces has that of one that is whole. */
static void read_row(const rcm_series_net *s, const rcd_batch *b, int64_t row, rcb_key key,
                     double noise, rc_real *x)
{
    memcpy(x, b->x + row * s->D, (size_t)s->D * sizeof *x);
    if (s->in.n > 0)
        rcm_scale_apply(&s->in, x, x);
    for (int64_t k = 0; noise > 0 && k < s->D; k++)
        x[k] += (rc_real)(noise * rcb_normal(key, (uint64_t)(row * s->D + k)));
}

rc_var *rcm_series_inputs(const rc_model *m, rc_graph *g, const rcd_batch *b, int64_t from,
                          int64_t to)
{
    const rcm_series_net *s = m->own;
    const int64_t width = s->D + s->F, first = b->at[from], rows = b->at[to] - first;
    const double noise = rcg_training(g) ? m->config->input_noise : 0;

    if (!puts_together(m))
        return rc_leaf(g, rc_shape_2(rows, b->D), b->x + first * b->D, NULL);
    rc_real *x = rcg_keep(g, (size_t)(rows * width), sizeof *x);
    if (!x)
        return NULL;
    const rcb_key key = noise > 0 ? rcg_mask_key(g) : (rcb_key){0};

    memset(x, 0, (size_t)(rows * width) * sizeof *x);
    for (int64_t t = from; t < to; t++)
        for (int64_t row = b->at[t]; row < b->at[t + 1]; row++) {
            rc_real *at = x + (row - first) * width;

            if (rcm_series_reads(s, t))
                read_row(s, b, row, key, noise, at);
            if (t > 0 && s->F > 0)
                true_answer(s, b, row - b->at[t] + b->at[t - 1], at + s->D);
        }
    return rc_leaf(g, rc_shape_2(rows, width), x, NULL);
}

rc_var *rcm_series_answers(const rc_model *m, rc_graph *g, rc_var *x)
{
    const rcm_series_net *s = m->own;

    return rc_linear(g, x, rcm_var(m, g, s->weight), rcm_var(m, g, s->bias));
}

rc_var *rcm_series_pool(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_var *x)
{
    const rcm_series_net *s = m->own;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};

    return rcm_pool_run(&s->pool, m, g, &rows, x);
}

/* Rows of the pooled vectors in the order of the aims, which are last steps of sequences. */
static rc_var *pooled_aims(rc_graph *g, const rcd_batch *b, const rcm_series_aims *a, rc_var *x)
{
    int32_t *seq = rcg_keep(g, (size_t)a->n, sizeof *seq);

    if (!seq)
        return NULL;
    for (int64_t i = 0, t = 0; i < a->n; i++) {
        while (b->at[t + 1] <= a->row[i])
            t++;
        seq[i] = (int32_t)(a->row[i] - b->at[t]);
    }
    return rc_embed(g, x, seq, a->n);
}

/* What is said at the aims of a batch, before the loss: (aims, O). extra: see rcm_feed; may be
 * NULL. */
static rc_var *answers(const rc_model *m, rc_graph *g, const rcd_batch *b, const rcm_series_aims *a,
                       rc_var **extra)
{
    const rcm_series_net *s = m->own;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};

    rc_var *raw = rcn_stack_run(&s->stack, &m->params, g, &rows,
                                rcm_series_inputs(m, g, b, 0, b->steps), NULL);
    rc_var *x = rcm_drop(&s->stack, g, &rows, raw);
    if (extra)
        *extra = rcm_penalties(m->config, g, b, raw, x);
    if (s->pooled)
        x = pooled_aims(g, b, a, rcm_series_pool(m, g, b, x));
    else if (a->n < b->rows)
        x = rc_embed(g, x, a->row, a->n);
    return rcm_series_answers(m, g, x);
}

rc_var *rcm_series_loss(const rc_model *m, rc_graph *g, rc_var *said, const rcm_series_aims *a)
{
    const rcm_series_net *s = m->own;

    if (s->aim == RCM_AIM_CLASS)
        return rc_cross_entropy(g, said, a->target);

    rc_var *y = rc_leaf(g, rc_shape_2(a->n, s->O), a->y, NULL);

    if (s->aim == RCM_AIM_BITS)
        return rc_binary_cross_entropy(g, said, y);
    return rc_scale(g, rc_squared_error(g, said, y), 2 / (double)s->O);
}

static rc_var *loss(const rc_model *m, rc_graph *g, rcm_feed *feed)
{
    const rcm_series_net *s = m->own;
    const rcd_batch *b = &feed->batch;
    rcm_series_aims a;

    if (!rcm_series_find(s, &a, g, b, 0, b->rows))
        return NULL;
    assert(a.n == b->aims);
    return rcm_series_loss(m, g, answers(m, g, b, &a, &feed->extra), &a);
}

static rc_var *piece(const rc_model *m, rc_graph *g, rcm_feed *feed, rcm_piece *p)
{
    const rcm_series_net *s = m->own;
    const rcd_batch *b = &feed->batch;
    const int64_t steps = p->to - p->from, first = b->at[p->from];
    int64_t *at = rcg_keep(g, (size_t)steps + 1, sizeof *at);
    rcm_series_aims a;

    if (!at)
        return NULL;
    for (int64_t t = 0; t <= steps; t++)
        at[t] = b->at[p->from + t] - first;

    const rc_rows rows = {.steps = steps, .seqs = b->seqs, .at = at};
    rc_var *x = rcn_stack_run_piece(&s->stack, &m->params, g, &rows,
                                    rcm_series_inputs(m, g, b, p->from, p->to), &p->ends);
    if (!p->said || !rcm_series_find(s, &a, g, b, first, b->at[p->to]) || a.n == 0)
        return NULL;
    x = rcm_drop(&s->stack, g, &rows, x);
    if (a.n < at[steps])
        x = rc_embed(g, x, a.row, a.n);
    return rcm_series_loss(m, g, rcm_series_answers(m, g, x), &a);
}

static int64_t piece_width(const rc_model *m)
{
    const rcm_series_net *s = m->own;

    return s->stack.state_width;
}

static void work(const rc_model *m, rcg_work *w)
{
    const rcm_series_net *s = m->own;

    rcg_work_value(w, s->D + s->F);
    if (puts_together(m))
        w->keep += (double)w->rows * (double)(s->D + s->F);
    rcn_stack_work(&s->stack, w);
    rcm_drop_work(&s->stack, s->stack.out, w);
    rcm_penalties_work(m->config, s->stack.out, w);
    if (s->pooled)
        rcm_pool_work(&s->pool, w, s->stack.out);
    rcg_work_linear(w, s->stack.out, s->O);
    rcg_work_value(w, s->O);
}

static int64_t carry_width(const rc_model *m)
{
    (void)m;
    return 0;
}

/* ---- scoring ----------------------------------------------------------------------------- */

/* How many answers have another class than the target as their most probable one. */
static rc_status count_wrong(const rcm_series_net *s, rc_graph *g, const rc_var *said,
                             const rcm_series_aims *a, int64_t *wrong)
{
    rc_real *scores = rcg_keep(g, (size_t)(a->n * s->O), sizeof *scores);

    if (!scores)
        return rc_graph_status(g);
    RC_TRY(rc_var_read(g, said, scores, a->n * s->O));
    for (int64_t i = 0; i < a->n; i++) {
        const rc_real *row = scores + i * s->O;
        int64_t best = 0;

        for (int64_t k = 1; k < s->O; k++)
            if (row[k] > row[best])
                best = k;
        *wrong += best != a->target[i];
    }
    return RC_OK;
}

/* Squared errors of numbers that were standardized, in the units of the data. */
static rc_status add_squares(const rcm_series_net *s, rc_graph *g, const rc_var *said,
                             const rcm_series_aims *a, rc_evaluation *out)
{
    rc_real *values = rcg_keep(g, (size_t)(a->n * s->O), sizeof *values);

    if (!values)
        return rc_graph_status(g);
    RC_TRY(rc_var_read(g, said, values, a->n * s->O));
    for (int64_t i = 0; i < a->n * s->O; i++) {
        const double off = (double)s->out.deviation[i % s->O] * (double)(values[i] - a->y[i]);

        out->squares += off * off;
    }
    out->numbers += a->n * s->O;
    return RC_OK;
}

/* What was said, (aims, O), into the evaluation. */
static rc_status add_score(const rc_model *m, rc_graph *g, rc_var *said, const rcm_series_aims *a,
                           rc_evaluation *out)
{
    const rcm_series_net *s = m->own;
    const rc_var *sum = rcm_series_loss(m, g, said, a);
    double total;

    RC_TRY(rc_graph_status(g));
    RC_TRY(rc_var_total(g, sum, &total));
    out->nats += total;
    out->tokens += a->n;
    if (s->out.n > 0)
        return add_squares(s, g, said, a, out);
    return s->aim == RCM_AIM_CLASS ? count_wrong(s, g, said, a, &out->wrong) : RC_OK;
}

/* Rows of a piece of scoring. */
enum { ROWS = 16384 };

/* Steps [from,to) of a batch, whose states the walk carries. */
static rc_status score_piece(rcm_series_walk *w, const rcd_batch *b, int64_t from, int64_t to,
                             rc_evaluation *out)
{
    const rcm_series_net *s = w->m->own;
    rcm_series_aims a;

    rc_graph_reset(w->g);
    int64_t *at = rcg_keep(w->g, (size_t)(to - from) + 1, sizeof *at);
    if (!at)
        return rc_graph_status(w->g);
    for (int64_t t = from; t <= to; t++)
        at[t - from] = b->at[t] - b->at[from];

    const rc_rows rows = {.steps = to - from, .seqs = b->seqs, .at = at};
    rc_var *x = rcn_stack_run(&s->stack, &w->m->params, w->g, &rows,
                              rcm_series_inputs(w->m, w->g, b, from, to), w->carry);
    if (!rcm_series_find(s, &a, w->g, b, b->at[from], b->at[to]) || a.n == 0)
        return rc_graph_status(w->g);
    if (a.n < at[to - from])
        x = rc_embed(w->g, x, a.row, a.n);
    return add_score(w->m, w->g, rcm_series_answers(w->m, w->g, x), &a, out);
}

/* A batch of one direction, in pieces: however long, in bounded memory. */
static rc_status score_pieces(rcm_series_walk *w, const rcd_batch *b, rc_evaluation *out)
{
    rcm_series_walk_begin(w, b->seqs);
    for (int64_t from = 0, to; from < b->steps; from = to) {
        for (to = from + 1; to < b->steps && b->at[to + 1] - b->at[from] <= ROWS;)
            to++;
        RC_TRY(score_piece(w, b, from, to, out));
    }
    return RC_OK;
}

static rc_status score_whole(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_evaluation *out)
{
    const rcm_series_net *s = m->own;
    rcm_series_aims a;

    rc_graph_reset(g);
    if (!rcm_series_find(s, &a, g, b, 0, b->rows))
        return rc_graph_status(g);
    return add_score(m, g, answers(m, g, b, &a, NULL), &a, out);
}

/* The same, every step reading the model's own answer of the step before. */
static rc_status score_free(rcm_series_walk *w, const rcd_batch *b, rc_evaluation *out)
{
    const rcm_series_net *s = w->m->own;

    rcm_series_walk_begin(w, b->seqs);
    for (int64_t t = 0; t < b->steps; t++) {
        const int64_t from = b->at[t], to = b->at[t + 1];
        rc_var *said = rcm_series_walk_step(w, to - from, b->x + from * b->D);
        rcm_series_aims a;

        if (!rcm_series_find(s, &a, w->g, b, from, to))
            return rc_graph_status(w->g);
        if (a.n < to - from)
            said = rc_embed(w->g, said, a.row, a.n);
        if (a.n > 0)
            RC_TRY(add_score(w->m, w->g, said, &a, out));
    }
    return rc_graph_status(w->g);
}

static rc_status score(const rc_model *m, const rcm_series_corpus *p, const rcm_series_part *part,
                       rcb_pool *pool, rc_evaluation *out)
{
    rc_evaluation e = {.wrong = ((const rcm_series_net *)m->own)->aim == RCM_AIM_CLASS ? 0 : -1};
    const rcm_series_net *net = m->own;
    const bool whole = net->stack.plan.directions == 2 || net->pooled;
    rcm_series_walk w = {0};
    rcd_batch b = {0};
    rc_graph *g;
    int64_t at = 0;

    RC_TRY(rcg_graph_on(&g, pool, false));
    rc_status s = whole ? RC_OK : rcm_series_walk_new(&w, m, g, m->config->batch);
    while (s == RC_OK) {
        s = rcm_series_next(p, part, NULL, m->config->batch, &at, &b);
        if (s != RC_OK || b.aims == 0)
            break;
        e.sequences += b.seqs;
        s = whole        ? score_whole(m, g, &b, &e)
            : net->F > 0 ? score_free(&w, &b, &e)
                         : score_pieces(&w, &b, &e);
    }
    rcm_series_walk_free(&w);
    rc_graph_free(g);
    rcd_batch_free(&b);
    if (s == RC_OK && e.tokens == 0)
        s = RC_FAIL(RC_EDATA, "there is nothing to say of these series");
    if (s == RC_OK)
        *out = e;
    return s;
}

static rc_status score_part(const rc_model *m, const rcm_corpus *c, rcm_part part, int64_t tracks,
                            rcb_pool *pool, rc_evaluation *out)
{
    (void)tracks;
    return score(m, rcm_series_of(c), &rcm_series_of(c)->part[part], pool, out);
}

static rc_status evaluate_file(const rc_model *m, const char *path, const rc_eval_options *o,
                               rcb_pool *pool, rc_evaluation *out)
{
    const rcm_series_net *s = m->own;
    const rcm_series_corpus p = {.next = rcm_says_next(s->aim)};
    rcd_series file;

    (void)o;
    RC_TRY(rcm_series_file(&file, m, path, false));
    const rc_status status = score(m, &p, &(rcm_series_part){&file, 0, file.n}, pool, out);
    rcd_series_free(&file);
    return status;
}

/* ---- words ------------------------------------------------------------------------------- */

static const char *measure(const rc_model *m)
{
    const rcm_series_net *s = m->own;

    if (s->aim != RCM_AIM_VALUES && s->aim != RCM_AIM_NEXT)
        return "nats";
    return s->out.n > 0 ? "standardized squared error" : "squared error";
}

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    const rcm_series_net *s = m->own;

    return rcm_stack_conventions(&s->stack, m->config, w);
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const rcm_series_net *s = m->own;
    rc_entry e;

    RC_TRY(rcm_stack_facts(&s->stack, m->config, w));
    if (s->pooled)
        RC_TRY(rcm_pool_facts(&s->pool, w));
    if (s->F > 0)
        RC_TRY(rcm_words_add(w, "feedback", "a step also reads the answer before it"));
    (void)rcm_list("reads", (size_t)s->reads, &e);
    if (s->reads != RCM_READS_EACH)
        RC_TRY(rcm_words_add(w, "reads", "%s", e.help));
    if (s->in.n > 0)
        RC_TRY(rcm_words_add(w, "standardized",
                             s->out.n > 0 ? "steps and answers, by the training series"
                                          : "steps, by the training series"));
    (void)rcm_list("aims", (size_t)s->aim, &e);
    return rcm_words_add(w, "aim", "%s (%s), from steps of %" PRId64 " numbers to %" PRId64, e.name,
                         e.help, s->D, s->O);
}

const rcm_task rcm_series = {
    .name = "series",
    .help = "sequences of vectors: a class, numbers or the next step",
    .corpus_open = rcm_series_open,
    .corpus_free = rcm_series_free,
    .corpus_crc = rcm_series_crc,
    .has_part = rcm_series_has,
    .measure_data = rcm_series_measure_scale,
    .table = rcm_series_table,
    .tables_load = rcm_series_tables_load,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .epoch_batches = rcm_series_batches,
    .epoch_rows = rcm_series_rows,
    .longest = rcm_series_longest,
    .batch = rcm_series_batch,
    .carry_width = carry_width,
    .loss = loss,
    .piece = piece,
    .piece_width = piece_width,
    .work = work,
    .score_part = score_part,
    .evaluate_file = evaluate_file,
    .predict_file = rcm_series_predict,
    .measure = measure,
    .conventions = conventions,
    .facts = facts,
};
