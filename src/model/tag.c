/* tag.c -- the task tag: a label for every token of a sequence.
 *
 *   tokens -> vectors -> dropout -> recurrent layers -> dropout -> linear -> softmax or a
 *   conditional random field (Lafferty et al. 2001; with an LSTM below: Huang et al. 2015)
 *
 * With --bag the scores of labels are sums over the n-grams around a token, in place of all that
 * or, with --direct, added to it.
 *
 * With feedback a token also reads the label of the one before it: in training the right one, so
 * that all steps are known at once; then the one that was said (Jordan 1986; taggers: Mesnil et al.
 * 2013). Parameters those of tokens.c and bag.c, rnn.* (see net.h), out.weight (K,F), out.bias; of
 * the field crf.trans (K,K) from row to column, crf.first (K), crf.last (K); feedback.weight
 * (K+1,E), whose last row is what the first token reads. Where the labels are tags of spans,
 * decoding keeps to what their scheme allows.
 */
#include "model/labelled_in.h"

#include <string.h>

struct tag {
    rcm_tokens tokens;
    bool bagged; /* n-grams around tokens are read, no vectors */
    bool direct; /* or as well */
    rcm_bag bag;
    bool layered; /* there are recurrent layers */
    rcn_stack stack;
    int64_t K;       /* labels */
    rc_real *weight; /* (K) see rcm_class_weights() */
    size_t out;
    int64_t F; /* numbers of the label before, which a token also reads; 0: none */
    size_t feedback;
    bool field;
    size_t crf; /* places of trans, first, last */
    rcm_allowed allowed;
};

/* ---- building ---------------------------------------------------------------------------- */

/* Numbers of what is read of a token. */
static int64_t inputs_of(const struct tag *s)
{
    return s->tokens.width + s->F;
}

static rc_status check_feedback(const struct tag *s, const rc_config *c)
{
    if (c->feedback && s->field)
        return RC_FAIL_HINT(RC_EINVAL, "leave --decoder or --feedback out",
                            "cannot feed labels back to a conditional random field: it says those "
                            "of a sequence all at once");
    if (c->feedback && c->bidirectional)
        return RC_FAIL_HINT(RC_EINVAL,
                            "leave --bidirectional or --feedback out; --around reads "
                            "what is ahead",
                            "cannot feed labels back in two directions: those ahead are not known");
    return RC_OK;
}

static rc_status add_field(rc_model *m, struct tag *s)
{
    rcn_params *ps = &m->params;

    s->crf = ps->n;
    if (!s->field)
        return RC_OK;
    RC_TRY(rcn_params_table(ps, "crf.trans", s->K, s->K));
    RC_TRY(rcn_params_table(ps, "crf.first", 1, s->K));
    return rcn_params_table(ps, "crf.last", 1, s->K);
}

/* From tokens to scores of labels. */
static rc_status add_layers(rc_model *m, struct tag *s, const rcm_plan *p)
{
    rcn_params *ps = &m->params;
    const int one = 1;

    RC_TRY(rcm_tokens_new(&s->tokens, m));
    s->feedback = ps->n;
    if (s->F > 0)
        RC_TRY(rcn_params_table(ps, "feedback.weight", s->K + 1, s->F));
    if (s->layered)
        RC_TRY(rcn_stack_new(&s->stack, ps, &p->stack));
    s->out = ps->n;
    RC_TRY(rcn_params_weight(ps, "out.weight", 2, 1, &one, s->K,
                             s->layered ? s->stack.out : inputs_of(s)));
    return rcn_params_weight(ps, "out.bias", 1, 1, &one, s->K, 1);
}

/* Tokens, layers and the output layer, with room for them. */
static rc_status build_layers(rc_model *m, struct tag *s)
{
    const rc_config *c = m->config;
    rcm_plan p;

    RC_TRY(rcm_plan_stack(&p, c, c->bidirectional ? 2 : 1));
    rcm_tokens_plan(&s->tokens, m, c->embed ? c->embed : s->layered ? p.hidden[0] : 100);
    p.stack.in = inputs_of(s);

    const double field = s->field ? (double)s->K * (double)(s->K + 2) : 0;
    const double back = (double)s->F * (double)(s->K + 1);
    const double needs = rcm_tokens_room(&s->tokens, m) + (double)s->K + field + back;
    rc_status status = s->layered ? rcm_plan_room(m, &p, needs) : rcm_room(m, needs);
    if (status == RC_OK)
        status = add_layers(m, s, &p);
    rcb_free(p.hidden);
    return status;
}

static rc_status build(rc_model *m)
{
    const rc_config *c = m->config;
    struct tag *s = rcb_calloc(1, sizeof *s);

    if (!s)
        return RC_ENOMEM;
    m->own = s;
    s->K = rcm_labels(m);
    RC_TRY(rcm_labelled_fit(m));
    s->field = rcm_list_index("decoders", c->decoder) == RCM_DECODER_CRF;
    RC_TRY(rcm_class_weights(&s->weight, m));
    if (s->field && s->weight)
        return RC_FAIL_HINT(RC_EINVAL, "leave --class-weights out, or pass --decoder softmax",
                            "cannot weigh labels by 'class-weights': a conditional random field "
                            "loses whole sequences");
    s->bagged = !rcm_tokens_wanted(c);
    s->direct = c->direct;
    s->layered = !c->flat && !s->bagged;
    s->F = c->feedback ? c->feedback_embed : 0;
    RC_TRY(check_feedback(s, c));
    RC_TRY(rcm_allowed_new(&s->allowed, m->vocab.of[RCM_LABELS], s->K, c->scheme));
    if (!s->bagged)
        RC_TRY(build_layers(m, s));
    if (s->bagged || s->direct)
        RC_TRY(rcm_bag_new(&s->bag, m, s->K));
    return add_field(m, s);
}

static void unbuild(rc_model *m)
{
    struct tag *s = m->own;

    if (!s)
        return;
    rcb_free(s->weight);
    rcm_allowed_free(&s->allowed);
    rcm_bag_free(&s->bag);
    rcm_tokens_free(&s->tokens);
    rcn_stack_free(&s->stack);
    rcb_free(s);
    m->own = NULL;
}

static rc_status init(rc_model *m)
{
    const struct tag *s = m->own;

    RC_TRY(s->layered ? rcm_stack_init(&s->stack, m)
                      : rcn_init_all(&m->params, m->config->init, (uint64_t)m->config->seed));
    return rcm_tokens_init(&s->tokens, m);
}

/* ---- running ----------------------------------------------------------------------------- */

/* Scores of labels, (N,K), out of what is read of tokens. direct: what n-grams score beside; NULL:
 * there are none. before: (N) rows of the table of labels, where there is feedback. carry: see
 * rcn_stack_run(). extra: see rcm_feed; may be NULL. */
static rc_var *run(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_var *x, rc_var *direct,
                   const int32_t *before, rc_real *carry, rc_var **extra)
{
    const struct tag *s = m->own;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};

    if (s->F > 0)
        x = rc_concat(
            g, 2,
            (rc_var *[]){x, rc_embed(g, rcm_var(m, g, s->feedback), before, rows.at[rows.steps])});
    x = rcm_tokens_drop(m, g, &rows, x);
    if (s->layered) {
        rc_var *raw = rcn_stack_run(&s->stack, &m->params, g, &rows, x, carry);

        x = rcm_tokens_drop(m, g, &rows, raw);
        if (extra)
            *extra = rcm_penalties(m->config, g, b, raw, x);
    }
    x = rc_linear(g, x, rcm_var(m, g, s->out), rcm_var(m, g, s->out + 1));
    return direct ? rc_add(g, x, direct) : x;
}

/* What n-grams score beside layers, if they do. */
static rc_var *direct_scores(const rc_model *m, rc_graph *g, const rcm_labelled *of,
                             const rcd_batch *b)
{
    const struct tag *s = m->own;

    return s->direct ? rcm_bag_run(&s->bag, m, g, of, b) : NULL;
}

/* The label that is right before every row, as a row of the table of labels. NULL: the graph has
 * failed. */
static int32_t *right_before(const struct tag *s, rc_graph *g, const rcd_batch *b)
{
    int32_t *id = rcg_keep(g, (size_t)b->rows, sizeof *id);

    for (int64_t t = 0; id && t < b->steps; t++)
        for (int64_t row = b->at[t]; row < b->at[t + 1]; row++) {
            const int32_t label = t > 0 ? b->out[row - b->at[t] + b->at[t - 1]] : -1;

            id[row] = label >= 0 ? label : (int32_t)s->K;
        }
    return id;
}

/* The same where all labels before are right. */
static rc_var *scores(const rc_model *m, rc_graph *g, const rcm_labelled *of, const rcd_batch *b,
                      rc_var **extra)
{
    const struct tag *s = m->own;
    const int32_t *before = s->F > 0 ? right_before(s, g, b) : NULL;

    if (s->F > 0 && !before)
        return NULL;
    if (s->bagged)
        return rcm_bag_run(&s->bag, m, g, of, b);
    rc_var *direct = direct_scores(m, g, of, b); /* each draws its masks, in this order */
    rc_var *x = rcm_tokens_run(&s->tokens, m, g, of, b);

    return run(m, g, b, x, direct, before, NULL, extra);
}

static rc_crf field(const rc_model *m, rc_graph *g, const rc_crf_rules *rules)
{
    const struct tag *s = m->own;

    return (rc_crf){.trans = rcm_var(m, g, s->crf),
                    .first = rcm_var(m, g, s->crf + 1),
                    .last = rcm_var(m, g, s->crf + 2),
                    .rules = rules};
}

/* Sequences whose labels are all known, as a batch of their own: a field wants whole paths. */
typedef struct chosen {
    rc_rows rows;
    int32_t *row;    /* (n) of the batch */
    int32_t *target; /* (n) */
    int64_t n;
} chosen;

static bool counts(const rcd_batch *b, int64_t row)
{
    return b->out[row] >= 0 && !(b->mute && b->mute[row]);
}

/* whole: of sequences where every row counts; else rows that count. False: the graph has failed. */
static bool choose(chosen *c, rc_graph *g, const rcd_batch *b, bool whole)
{
    bool *in = rcg_keep(g, (size_t)b->seqs, sizeof *in);
    int64_t *at = rcg_keep(g, (size_t)b->steps + 1, sizeof *at), steps = b->steps;

    c->row = rcg_keep(g, (size_t)b->rows, sizeof *c->row);
    c->target = rcg_keep(g, (size_t)b->rows, sizeof *c->target);
    c->n = 0;
    if (!in || !at || !c->row || !c->target)
        return false;
    for (int64_t i = 0; i < b->seqs; i++)
        in[i] = true;
    for (int64_t t = 0; whole && t < b->steps; t++)
        for (int64_t row = b->at[t]; row < b->at[t + 1]; row++)
            in[row - b->at[t]] &= counts(b, row);
    at[0] = 0;
    for (int64_t t = 0; t < b->steps; t++) {
        for (int64_t row = b->at[t]; row < b->at[t + 1]; row++)
            if (counts(b, row) && in[row - b->at[t]]) {
                c->row[c->n] = (int32_t)row;
                c->target[c->n++] = b->out[row];
            }
        at[t + 1] = c->n;
    }
    while (steps > 0 && at[steps - 1] == at[steps])
        steps--;
    c->rows = (rc_rows){.steps = steps, .seqs = steps > 0 ? at[1] : 0, .at = at};
    return true;
}

/* NULL: nothing is to be said, or the graph has failed. Where some rows are mute, which an X-ray
 * wants, labels are as if each was chosen by itself: a field has no loss of some steps.
 * weight (K): what a label counts; NULL: 1. */
static rc_var *loss_of(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_var *score,
                       const rc_real *weight, int64_t *known)
{
    const struct tag *s = m->own;
    chosen c;

    const bool whole = s->field && !b->mute;

    if (!choose(&c, g, b, whole))
        return NULL;
    *known = c.n;
    if (c.n == 0)
        return NULL;
    if (c.n < b->rows)
        score = rc_embed(g, score, c.row, c.n);
    if (!whole)
        return rcm_weighted_loss(g, score, c.target, c.n, weight);
    const rc_crf crf = field(m, g, NULL);

    return rc_crf_loss(g, &c.rows, score, &crf, c.target);
}

static rc_var *loss(const rc_model *m, rc_graph *g, rcm_feed *feed)
{
    const struct tag *s = m->own;
    const rcd_batch *b = &feed->batch;
    const rc_real *weight = b->mute ? NULL : s->weight; /* an X-ray looks at all alike */
    int64_t known;

    return loss_of(m, g, b, scores(m, g, feed->from, b, &feed->extra), weight, &known);
}

static int64_t carry_width(const rc_model *m)
{
    (void)m;
    return 0;
}

/* ---- saying ------------------------------------------------------------------------------ */

/* The best label that may follow another (K: none does). last: it ends its sequence. */
static int32_t best_after(const struct tag *s, const rc_real *score, int32_t before, bool last)
{
    const rcd_moves *moves = &s->allowed.moves;
    int32_t best = -1;

    for (int32_t k = 0; k < moves->n; k++) {
        const bool may = before == s->K ? moves->first[k] : moves->from_to[before * moves->n + k];

        if (may && (!last || moves->last[k]) && (best < 0 || score[k] > score[best]))
            best = k;
    }
    return best >= 0 ? best : rcm_best_of(s->K, score);
}

/* Sequences that are read side by side, each by what was said of it before. */
typedef struct walk {
    rc_graph *g;     /* of a step */
    int32_t *before; /* (B) */
    rc_real *carry;  /* (B, state_width); NULL: no layers */
    rc_real *value;  /* (N,K) scores */
} walk;

static rc_status walk_step(walk *w, const rc_model *m, const rcd_batch *b, rc_var *x,
                           rc_var *direct, int64_t t, int32_t *label)
{
    const struct tag *s = m->own;
    const int64_t first = b->at[t], n = b->at[t + 1] - first;
    const int64_t go_on = t + 1 < b->steps ? b->at[t + 2] - b->at[t + 1] : 0;
    rc_real *value = w->value + first * s->K;
    int64_t at[] = {0, n};
    const rcd_batch step = {.steps = 1, .seqs = n, .rows = n, .at = at};

    rc_graph_reset(w->g);
    rc_var *own = rcg_leaf(w->g, rc_shape_2(n, x->cols), x->ld, x->x + first * x->ld, NULL);
    rc_var *beside = direct ? rcg_leaf(w->g, rc_shape_2(n, direct->cols), direct->ld,
                                       direct->x + first * direct->ld, NULL)
                            : NULL;
    rc_var *score = run(m, w->g, &step, own, beside, w->before, w->carry, NULL);
    RC_TRY(rc_graph_status(w->g));
    RC_TRY(rc_var_read(w->g, score, value, n * s->K));
    for (int64_t i = 0; i < n; i++)
        label[first + i] = w->before[i] = best_after(s, value + i * s->K, w->before[i], i >= go_on);
    return RC_OK;
}

/* Labels one after the other, each reading that which was said before it; the scores of that. */
static rc_status say_on(const rc_model *m, rc_graph *g, const rcm_labelled *of, const rcd_batch *b,
                        rcm_said *out, rc_var **score)
{
    const struct tag *s = m->own;
    const size_t B = (size_t)b->seqs, N = (size_t)b->rows;
    rc_var *x = rcm_tokens_run(&s->tokens, m, g, of, b);
    rc_var *direct = direct_scores(m, g, of, b);
    walk w = {.before = rcg_keep(g, B, sizeof *w.before),
              .value = rcg_keep(g, N * (size_t)s->K, sizeof *w.value)};

    if (s->layered)
        w.carry = rcg_keep(g, B * (size_t)s->stack.state_width, sizeof *w.carry);
    RC_TRY(rc_graph_status(g));
    RC_TRY(rcg_graph_on(&w.g, rcg_pool(g), false));
    if (s->layered)
        rcn_stack_begin(&s->stack, &m->params, b->seqs, w.carry);
    for (int64_t i = 0; i < b->seqs; i++)
        w.before[i] = (int32_t)s->K;
    rc_status status = RC_OK;
    for (int64_t t = 0; status == RC_OK && t < b->steps; t++)
        status = walk_step(&w, m, b, x, direct, t, out->label);
    rc_graph_free(w.g);
    for (int64_t row = 0; status == RC_OK && out->all && row < b->rows; row++)
        rcm_shares(s->K, w.value + row * s->K, out->all + row * s->K);
    *score = rc_leaf(g, rc_shape_2(b->rows, s->K), w.value, NULL);
    return status;
}

/* Each label by itself, of the paths that the scheme allows. */
static rc_status say_each(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_var *score,
                          rcm_said *out)
{
    const struct tag *s = m->own;
    rc_real *value = rcg_keep(g, (size_t)(b->rows * s->K), sizeof *value);

    if (!value)
        return rc_graph_status(g);
    RC_TRY(rc_var_read(g, score, value, b->rows * s->K));
    for (int64_t row = 0; row < b->rows; row++) {
        const rc_real *of = value + row * s->K;

        out->label[row] = rcm_best_of(s->K, of);
        if (out->all)
            rcm_shares(s->K, of, out->all + row * s->K);
    }
    return rcm_allowed_best(&s->allowed, g, b, s->K, score, out->label);
}

/* The best path, by the field if there is one, that keeps to the scheme. */
static rc_status say_paths(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_var *score,
                           rcm_said *out)
{
    const struct tag *s = m->own;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};
    const rc_crf crf = field(m, g, s->allowed.moves.n > 0 ? &s->allowed.rules : NULL);

    RC_TRY(rc_crf_decode(g, &rows, score, &crf, out->label, NULL));
    return out->all ? rc_crf_marginals(g, &rows, score, &crf, out->all) : RC_OK;
}

static rc_status say(const rc_model *m, rc_graph *g, const rcm_labelled *of, const rcd_batch *b,
                     bool wants_all, rcm_said *out)
{
    const struct tag *s = m->own;
    const size_t N = (size_t)b->rows;
    rc_var *score = s->F > 0 ? NULL : scores(m, g, of, b, NULL);

    *out = (rcm_said){
        .label = rcg_keep(g, N, sizeof *out->label),
        .all = wants_all ? rcg_keep(g, N * (size_t)s->K, sizeof *out->all) : NULL,
    };
    RC_TRY(rc_graph_status(g));
    RC_TRY(s->F > 0   ? say_on(m, g, of, b, out, &score)
           : s->field ? say_paths(m, g, b, score, out)
                      : say_each(m, g, b, score, out));
    rc_var *sum = loss_of(m, g, b, score, NULL, &out->known);

    RC_TRY(rc_graph_status(g));
    return sum ? rc_var_total(g, sum, &out->nats) : RC_OK;
}

/* ---- words ------------------------------------------------------------------------------- */

static void work_layers(const rc_model *m, rcg_work *w)
{
    const struct tag *s = m->own;

    rcm_tokens_work(&s->tokens, w);
    if (s->F > 0) {
        rcg_work_value(w, s->F);
        rcg_work_value(w, inputs_of(s));
    }
    if (s->layered) {
        rcm_drop_work(&s->stack, inputs_of(s), w);
        rcn_stack_work(&s->stack, w);
        rcm_drop_work(&s->stack, s->stack.out, w);
        rcm_penalties_work(m->config, s->stack.out, w);
    }
    rcg_work_linear(w, s->layered ? s->stack.out : inputs_of(s), s->K);
}

static void work(const rc_model *m, rcg_work *w)
{
    const struct tag *s = m->own;

    if (!s->bagged)
        work_layers(m, w);
    if (s->bagged || s->direct)
        rcm_bag_work(&s->bag, m->config, w);
    if (s->field)
        rcg_work_crf_loss(w, s->K);
    else
        rcg_work_value(w, s->K);
}

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    const struct tag *s = m->own;

    if (s->bagged || s->direct)
        RC_TRY(rcm_bag_conventions(&s->bag, m, w));
    return s->layered ? rcm_stack_conventions(&s->stack, m->config, w) : RC_OK;
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const struct tag *s = m->own;
    rc_entry e;

    if (!s->bagged)
        RC_TRY(rcm_tokens_facts(&s->tokens, m, w));
    if (s->layered)
        RC_TRY(rcm_stack_facts(&s->stack, m->config, w));
    if (s->bagged || s->direct)
        RC_TRY(rcm_bag_facts(&s->bag, m, w));
    (void)rcm_list("decoders", s->field ? RCM_DECODER_CRF : RCM_DECODER_SOFTMAX, &e);
    RC_TRY(rcm_words_add(w, "decoder", "%s (%s)", e.name, e.help));
    if (s->F > 0)
        RC_TRY(rcm_words_add(
            w, "feedback", "a token also reads the label before it, as %" PRId64 " numbers", s->F));
    RC_TRY(rcm_words_add(w, "scheme", "%s", m->config->scheme));
    if (s->weight)
        RC_TRY(rcm_words_add(w, "labels count", "%s", m->config->class_weights));
    return rcm_words_add(w, "labels", "%" PRId64, s->K);
}

const rcm_task rcm_tag = {
    .name = "tag",
    .help = "sequences of words: a label for each",
    .labels = true,
    .each = true,
    .corpus_open = rcm_labelled_open,
    .corpus_free = rcm_labelled_close,
    .corpus_crc = rcm_labelled_crc,
    .has_part = rcm_labelled_has,
    .corpus_notes = rcm_labelled_notes,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .measure_data = rcm_labelled_measure,
    .epoch_batches = rcm_labelled_batches,
    .epoch_rows = rcm_labelled_rows,
    .longest = rcm_labelled_longest,
    .batch = rcm_labelled_batch,
    .carry_width = carry_width,
    .loss = loss,
    .work = work,
    .say = say,
    .score_part = rcm_labelled_score,
    .evaluate_file = rcm_labelled_evaluate,
    .predict_file = rcm_labelled_predict,
    .conventions = conventions,
    .facts = facts,
};
