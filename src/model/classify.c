/* classify.c -- the task classify: one of some labels for a text.
 *
 *   tokens -> vectors -> dropout -> recurrent layers -> convolution over tokens -> pooling
 *          -> dropout -> layers of relu -> linear -> softmax
 *
 * Each part but the first and the last can be left out. With --bag all up to the layers of relu is
 * one sum over n-grams, which is the first of these or, without them, the scores themselves; with
 * --direct it is added to the scores.
 * Parameters those of tokens.c and bag.c, rnn.* (see net.h), conv.W.weight (maps, W F) for a width
 * W, those of pool.c, mlp.N.weight, out.weight and out.bias.
 */
#include "model/labelled_in.h"

#include <stdio.h>
#include <string.h>

enum { WIDTHS = 16, DEEP = 16 };

struct classify {
    bool bagged; /* texts are read as bags of n-grams, not token by token */
    bool direct; /* or as well */
    rcm_bag bag;
    rcm_tokens tokens;
    bool layered; /* there are recurrent layers */
    rcn_stack stack;
    int64_t K;       /* labels */
    rc_real *weight; /* (K) see rcm_class_weights() */
    rcm_pool pool;
    int64_t widths, width[WIDTHS];
    size_t conv[WIDTHS]; /* places of weights, each followed by its bias */
    int64_t deep, units[DEEP];
    size_t mlp[DEEP]; /* likewise */
    size_t out;
};

/* ---- building ---------------------------------------------------------------------------- */

static rc_status read_numbers(const char *text, const char *option, int64_t most, int64_t *out,
                              int64_t *count)
{
    *count = 0;
    if (!*text)
        return RC_OK;
    if (!rcm_scan_numbers(text, 1, 65536, most, out, count) || *count > most)
        return RC_FAIL(RC_EINVAL,
                       "cannot set '%s' to '%s': up to %" PRId64 " whole numbers are wanted, with "
                       "commas between",
                       option, text, most);
    return RC_OK;
}

/* A linear layer, weight and bias one after the other. */
static rc_status add_linear(rcn_params *ps, const char *name, int64_t out, int64_t in,
                            size_t *place)
{
    char text[64];
    const int one = 1;

    *place = ps->n;
    (void)snprintf(text, sizeof text, "%s.weight", name);
    RC_TRY(rcn_params_weight(ps, text, 2, 1, &one, out, in));
    (void)snprintf(text, sizeof text, "%s.bias", name);
    return rcn_params_weight(ps, text, 1, 1, &one, out, 1);
}

/* Layers of relu from the first-th on, over so many numbers, and what labels score. */
static rc_status add_relus(struct classify *s, rc_model *m, int64_t first, int64_t width)
{
    char name[32];

    for (int64_t i = first; i < s->deep; i++) {
        (void)snprintf(name, sizeof name, "mlp.%" PRId64, i);
        RC_TRY(add_linear(&m->params, name, s->units[i], width, &s->mlp[i]));
        width = s->units[i];
    }
    return add_linear(&m->params, "out", s->K, width, &s->out);
}

static rc_status add_bag(struct classify *s, rc_model *m)
{
    RC_TRY(rcm_bag_new(&s->bag, m, s->deep > 0 ? s->units[0] : s->K));
    return s->deep > 0 ? add_relus(s, m, 1, s->units[0]) : RC_OK;
}

static rc_status add_top(struct classify *s, rc_model *m, int64_t width)
{
    rcn_params *ps = &m->params;
    char name[32];

    for (int64_t i = 0; i < s->widths; i++) {
        (void)snprintf(name, sizeof name, "conv.%" PRId64, s->width[i]);
        RC_TRY(add_linear(ps, name, m->config->maps, s->width[i] * width, &s->conv[i]));
    }
    if (s->widths > 0)
        width = s->widths * m->config->maps;
    RC_TRY(rcm_pool_new(&s->pool, (rcm_pooling)rcm_list_index("poolings", m->config->pooling),
                        s->layered && s->widths == 0 ? &s->stack : NULL, ps, width));
    return add_relus(s, m, 0, width);
}

static rc_status add_params(rc_model *m, struct classify *s, const rcm_plan *p)
{
    RC_TRY(rcm_tokens_new(&s->tokens, m));
    if (s->layered)
        RC_TRY(rcn_stack_new(&s->stack, &m->params, &p->stack));
    RC_TRY(add_top(s, m, s->layered ? s->stack.out : s->tokens.width));
    return s->direct ? rcm_bag_new(&s->bag, m, s->K) : RC_OK;
}

static rc_status plan_top(struct classify *s, const rc_config *c)
{
    RC_TRY(read_numbers(c->widths, "widths", WIDTHS, s->width, &s->widths));
    for (int64_t i = 0; i < s->widths; i++) {
        if (s->width[i] > RC_WINDOW_MOST)
            return RC_FAIL(RC_EINVAL, "a convolution over %" PRId64 " tokens: 1 to %d are possible",
                           s->width[i], RC_WINDOW_MOST);
        for (int64_t k = 0; k < i; k++)
            if (s->width[k] == s->width[i])
                return RC_FAIL(RC_EINVAL, "cannot set 'widths' to '%s': %" PRId64 " comes twice",
                               c->widths, s->width[i]);
    }
    return read_numbers(c->mlp, "mlp", DEEP, s->units, &s->deep);
}

static rc_status build(rc_model *m)
{
    const rc_config *c = m->config;
    struct classify *s = rcb_calloc(1, sizeof *s);
    rcm_plan p;

    if (!s)
        return RC_ENOMEM;
    m->own = s;
    s->K = rcm_labels(m);
    RC_TRY(rcm_labelled_fit(m));
    RC_TRY(rcm_class_weights(&s->weight, m));
    s->bagged = !rcm_tokens_wanted(c);
    s->direct = c->direct;
    s->layered = !c->flat && !s->bagged;
    RC_TRY(plan_top(s, c));
    if (s->bagged)
        return add_bag(s, m);
    RC_TRY(rcm_plan_stack(&p, c, c->bidirectional ? 2 : 1));
    rcm_tokens_plan(&s->tokens, m, c->embed ? c->embed : s->layered ? p.hidden[0] : 100);
    p.stack.in = s->tokens.width;
    rc_status status = s->layered
                           ? rcm_plan_room(m, &p, rcm_tokens_room(&s->tokens, m) + (double)s->K)
                           : rcm_room(m, rcm_tokens_room(&s->tokens, m) + (double)s->K);
    if (status == RC_OK)
        status = add_params(m, s, &p);
    rcb_free(p.hidden);
    return status;
}

static void unbuild(rc_model *m)
{
    struct classify *s = m->own;

    if (!s)
        return;
    rcb_free(s->weight);
    rcm_bag_free(&s->bag);
    rcm_tokens_free(&s->tokens);
    rcn_stack_free(&s->stack);
    rcb_free(s);
    m->own = NULL;
}

static rc_status init(rc_model *m)
{
    const struct classify *s = m->own;

    RC_TRY(s->layered ? rcm_stack_init(&s->stack, m)
                      : rcn_init_all(&m->params, m->config->init, (uint64_t)m->config->seed));
    return rcm_tokens_init(&s->tokens, m);
}

/* ---- running ----------------------------------------------------------------------------- */

static rc_var *linear(const rc_model *m, rc_graph *g, rc_var *x, size_t place)
{
    return rc_linear(g, x, rcm_var(m, g, place), rcm_var(m, g, place + 1));
}

/* (N,F) -> (N, widths maps): column by column what a filter says of the tokens that end there. */
static rc_var *convolve(const rc_model *m, rc_graph *g, const rc_rows *rows, rc_var *x)
{
    const struct classify *s = m->own;
    rc_var *part[WIDTHS];

    for (int64_t i = 0; i < s->widths; i++)
        part[i] = rc_relu(g, linear(m, g, rc_window(g, rows, x, s->width[i], RC_NONE), s->conv[i]));
    return s->widths == 1 ? part[0] : rc_concat(g, (int)s->widths, part);
}

static rc_var *relus(const rc_model *m, rc_graph *g, rc_var *x, int64_t first)
{
    const struct classify *s = m->own;

    for (int64_t i = first; i < s->deep; i++)
        x = rcm_tokens_drop(m, g, NULL, rc_relu(g, linear(m, g, x, s->mlp[i])));
    return linear(m, g, x, s->out);
}

static rc_var *bag_scores(const rc_model *m, rc_graph *g, const rcm_labelled *of,
                          const rcd_batch *b)
{
    const struct classify *s = m->own;
    rc_var *x = rcm_bag_run(&s->bag, m, g, of, b);

    return s->deep > 0 ? relus(m, g, rcm_tokens_drop(m, g, NULL, rc_relu(g, x)), 1) : x;
}

/* Scores of labels, (B,K). extra: see rcm_feed; may be NULL. */
static rc_var *scores(const rc_model *m, rc_graph *g, const rcm_labelled *of, const rcd_batch *b,
                      rc_var **extra)
{
    const struct classify *s = m->own;
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};

    if (s->bagged)
        return bag_scores(m, g, of, b);
    rc_var *x = rcm_tokens_drop(m, g, &rows, rcm_tokens_run(&s->tokens, m, g, of, b));

    if (s->layered) {
        rc_var *raw = x = rcn_stack_run(&s->stack, &m->params, g, &rows, x, NULL);

        if (extra)
            *extra = rcm_penalties(m->config, g, b, raw, x);
    }
    if (s->widths > 0)
        x = convolve(m, g, &rows, x);
    x = relus(m, g, rcm_tokens_drop(m, g, NULL, rcm_pool_run(&s->pool, m, g, &rows, x)), 0);
    return s->direct ? rc_add(g, x, rcm_bag_run(&s->bag, m, g, of, b)) : x;
}

/* The label of each sequence, (B); -1: none, or it does not count. NULL: the graph has failed. */
static int32_t *labels_of(rc_graph *g, const rcd_batch *b)
{
    int32_t *label = rcg_keep(g, (size_t)b->seqs, sizeof *label);

    for (int64_t i = 0; label && i < b->seqs; i++)
        label[i] = -1;
    for (int64_t t = 0; label && t < b->steps; t++)
        for (int64_t row = b->at[t]; row < b->at[t + 1]; row++)
            if (b->out[row] >= 0 && !(b->mute && b->mute[row]))
                label[row - b->at[t]] = b->out[row];
    return label;
}

/* The loss over those that have a label; NULL: none has, or the graph has failed. weight (K): what
 * a label counts; NULL: 1. */
static rc_var *loss_of(rc_graph *g, rc_var *score, const int32_t *label, int64_t seqs,
                       const rc_real *weight, int64_t *known)
{
    int32_t *row = rcg_keep(g, (size_t)seqs, sizeof *row);
    int32_t *target = rcg_keep(g, (size_t)seqs, sizeof *target);
    int64_t n = 0;

    if (!row || !target)
        return NULL;
    for (int64_t i = 0; i < seqs; i++)
        if (label[i] >= 0) {
            row[n] = (int32_t)i;
            target[n++] = label[i];
        }
    *known = n;
    if (n == 0)
        return NULL;
    return rcm_weighted_loss(g, n < seqs ? rc_embed(g, score, row, n) : score, target, n, weight);
}

static rc_var *loss(const rc_model *m, rc_graph *g, rcm_feed *feed)
{
    const struct classify *s = m->own;
    const rcd_batch *b = &feed->batch;
    const int32_t *label = labels_of(g, b);
    const rc_real *weight = b->mute ? NULL : s->weight; /* an X-ray looks at all alike */
    int64_t known;

    if (!label)
        return NULL;
    rc_var *score = scores(m, g, feed->from, b, &feed->extra);
    rc_var *out = loss_of(g, score, label, b->seqs, weight, &known);
    assert(!out || known == b->aims);
    return out;
}

static int64_t carry_width(const rc_model *m)
{
    (void)m;
    return 0;
}

/* ---- saying ------------------------------------------------------------------------------ */

static rc_status say(const rc_model *m, rc_graph *g, const rcm_labelled *of, const rcd_batch *b,
                     bool wants_all, rcm_said *out)
{
    const struct classify *s = m->own;
    const size_t B = (size_t)b->seqs, K = (size_t)s->K;
    const int32_t *label = labels_of(g, b);
    rc_var *score = scores(m, g, of, b, NULL);
    rc_real *value = rcg_keep(g, B * K, sizeof *value);

    *out = (rcm_said){.label = rcg_keep(g, B, sizeof *out->label),
                      .all = wants_all ? rcg_keep(g, B * K, sizeof *out->all) : NULL};
    RC_TRY(rc_graph_status(g));
    RC_TRY(rc_var_read(g, score, value, (int64_t)(B * K)));
    for (int64_t i = 0; i < b->seqs; i++) {
        const rc_real *row = value + i * s->K;

        out->label[i] = rcm_best_of(s->K, row);
        if (wants_all)
            rcm_shares(s->K, row, out->all + i * s->K);
    }
    rc_var *sum = loss_of(g, score, label, b->seqs, NULL, &out->known);

    RC_TRY(rc_graph_status(g));
    return sum ? rc_var_total(g, sum, &out->nats) : RC_OK;
}

/* ---- words ------------------------------------------------------------------------------- */

/* Up to the vector of a text, of so many numbers. */
static int64_t work_steps(const rc_model *m, rcg_work *w)
{
    const struct classify *s = m->own;

    rcm_tokens_work(&s->tokens, w);
    if (s->layered) {
        rcm_drop_work(&s->stack, s->tokens.width, w);
        rcn_stack_work(&s->stack, w);
        rcm_penalties_work(m->config, s->stack.out, w);
    }
    int64_t width = s->layered ? s->stack.out : s->tokens.width;
    for (int64_t i = 0; i < s->widths; i++) {
        rcg_work_value(w, s->width[i] * width);
        rcg_work_linear(w, s->width[i] * width, m->config->maps);
        rcg_work_value(w, 2 * m->config->maps); /* relu, and side by side */
    }
    if (s->widths > 0)
        width = s->widths * m->config->maps;
    rcm_pool_work(&s->pool, w, width);
    if (s->direct)
        rcm_bag_work(&s->bag, m->config, w);
    return width;
}

/* The same of a bag: the first layer of relu, or the scores. */
static int64_t work_bag(const rc_model *m, rcg_work *w)
{
    const struct classify *s = m->own;

    rcm_bag_work(&s->bag, m->config, w);
    return s->bag.M;
}

static void work(const rc_model *m, rcg_work *w)
{
    const struct classify *s = m->own;
    int64_t width = s->bagged ? work_bag(m, w) : work_steps(m, w);
    const double share = (double)w->seqs / (double)(w->rows > 0 ? w->rows : 1);
    rcg_work top = rcg_work_part(w, share);

    for (int64_t i = 0; i < s->deep; i++, width = s->units[i - 1]) {
        if (i > 0 || !s->bagged)
            rcg_work_linear(&top, width, s->units[i]);
        rcg_work_value(&top, s->units[i]);
        rcg_work_dropout(&top, s->units[i], false);
    }
    if (s->deep > 0 || !s->bagged)
        rcg_work_linear(&top, width, s->K);
    rcg_work_value(&top, s->K);
    rcg_work_join(w, &top, share);
}

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    const struct classify *s = m->own;

    if (s->bagged || s->direct)
        RC_TRY(rcm_bag_conventions(&s->bag, m, w));
    return s->layered ? rcm_stack_conventions(&s->stack, m->config, w) : RC_OK;
}

static rc_status steps_facts(const rc_model *m, rcm_words *w)
{
    const struct classify *s = m->own;

    RC_TRY(rcm_tokens_facts(&s->tokens, m, w));
    if (s->layered)
        RC_TRY(rcm_stack_facts(&s->stack, m->config, w));
    if (s->widths > 0)
        RC_TRY(rcm_words_add(w, "convolution", "over %s tokens, %" PRId64 " maps each",
                             m->config->widths, m->config->maps));
    RC_TRY(rcm_pool_facts(&s->pool, w));
    return s->direct ? rcm_bag_facts(&s->bag, m, w) : RC_OK;
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const struct classify *s = m->own;

    RC_TRY(s->bagged ? rcm_bag_facts(&s->bag, m, w) : steps_facts(m, w));
    if (s->deep > 0)
        RC_TRY(rcm_words_add(w, "layers of relu", "%s units", m->config->mlp));
    if (s->weight)
        RC_TRY(rcm_words_add(w, "labels count", "%s", m->config->class_weights));
    return rcm_words_add(w, "labels", "%" PRId64, s->K);
}

/* ---- what is measured on the data -------------------------------------------------------- */

static rc_status measure_data(rc_model *m, const rcm_corpus *c)
{
    struct classify *s = m->own;

    if (s->bagged || s->direct)
        RC_TRY(rcm_bag_measure(&s->bag, &rcm_labelled_of(c)->part[RCM_TRAIN]));
    return rcm_labelled_measure(m, c);
}

static bool table(const rc_model *m, size_t i, rcf_tensor *out)
{
    const struct classify *s = m->own;

    return rcm_bag_table(&s->bag, i, out);
}

static rc_status tables_load(rc_model *m, const rcf_tensor *(*find)(const void *, const char *),
                             const void *from)
{
    struct classify *s = m->own;

    return rcm_bag_load(&s->bag, find, from);
}

const rcm_task rcm_classify = {
    .name = "classify",
    .help = "texts: one of some labels for each",
    .labels = true,
    .corpus_open = rcm_labelled_open,
    .corpus_free = rcm_labelled_close,
    .corpus_crc = rcm_labelled_crc,
    .has_part = rcm_labelled_has,
    .corpus_notes = rcm_labelled_notes,
    .build = build,
    .unbuild = unbuild,
    .init = init,
    .measure_data = measure_data,
    .table = table,
    .tables_load = tables_load,
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
