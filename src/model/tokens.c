/* tokens.c -- what the layers of classify and tag read of a token: vectors, side by side, of its
 * word, of its characters, of how it is capitalised, of further columns of the data.
 *
 * What is made of characters is made once for every different token of a batch and then looked up.
 */
#include "model/labelled_in.h"

#include <stdlib.h>
#include <string.h>

/* ---- making ------------------------------------------------------------------------------ */

void rcm_tokens_plan(rcm_tokens *t, const rc_model *m, int64_t embed)
{
    const rc_config *c = m->config;
    const int net = rcm_list_index("char-nets", c->char_net);

    *t = (rcm_tokens){.E = embed, .map = c->embed_map};
    t->width = t->map > 0 ? t->map : t->E;
    t->net = (rcm_char_net)net;
    t->char_size = c->char_embed;
    t->char_units = c->char_hidden;
    t->char_width = c->char_width;
    t->casing_size = c->casing;
    t->feature_size = m->vocab.of[RCM_FEATURES] ? c->feature_embed : 0;
    t->width += net == RCM_CHAR_CNN ? t->char_units : net == RCM_CHAR_RNN ? 2 * t->char_units : 0;
    t->width += t->casing_size;
    t->F = t->feature_size > 0 ? rcm_columns(c->features) : 0;
    t->width += t->F * t->feature_size;
    t->each = t->width;
    t->around = c->around;
    t->width *= 2 * t->around + 1;
}

static int64_t symbols(const rc_model *m, rcm_kind kind)
{
    return m->vocab.of[kind] ? rcd_vocab_size(m->vocab.of[kind]) : 0;
}

double rcm_tokens_room(const rcm_tokens *t, const rc_model *m)
{
    const double D = (double)m->config->char_embed, H = (double)t->char_units;
    const double words = (double)(symbols(m, RCM_SYMBOLS) + t->map) * (double)t->E;
    const double chars = t->net == RCM_CHAR_NONE ? 0 : (double)symbols(m, RCM_CHARACTERS) * D;
    const double net = t->net == RCM_CHAR_CNN   ? (double)t->char_width * D * H
                       : t->net == RCM_CHAR_RNN ? 8 * H * (H + D)
                                                : 0;

    return words + chars + net + (double)symbols(m, RCM_FEATURES) * (double)t->feature_size;
}

static rc_status add_characters(rcm_tokens *t, rc_model *m)
{
    rcn_params *ps = &m->params;
    const int64_t D = m->config->char_embed, H = t->char_units;
    const int one = 1;

    t->chars = ps->n;
    RC_TRY(rcn_params_table(ps, "char.weight", symbols(m, RCM_CHARACTERS), D));
    if (t->net == RCM_CHAR_RNN)
        return rcn_stack_new(&t->stack, ps,
                             &(rcn_stack_plan){.cell = rcc_find("lstm"),
                                               .layers = 1,
                                               .hidden = &H,
                                               .in = D,
                                               .directions = 2,
                                               .bias = RCN_BIAS_SINGLE,
                                               .name = "char_rnn"});
    t->conv = ps->n;
    RC_TRY(rcn_params_weight(ps, "char_cnn.weight", 2, 1, &one, H, D * t->char_width));
    t->conv_bias = ps->n;
    return rcn_params_weight(ps, "char_cnn.bias", 1, 1, &one, H, 1);
}

rc_status rcm_tokens_new(rcm_tokens *t, rc_model *m)
{
    rcn_params *ps = &m->params;

    t->embed = ps->n;
    RC_TRY(rcn_params_table(ps, "embed.weight", symbols(m, RCM_SYMBOLS), t->E));
    t->embed_map = ps->n;
    if (t->map > 0)
        RC_TRY(rcm_embed_map(ps, t->map, t->E));
    if (t->net != RCM_CHAR_NONE)
        RC_TRY(add_characters(t, m));
    t->casing = ps->n;
    if (t->casing_size > 0)
        RC_TRY(rcn_params_table(ps, "casing.weight", RCD_CASINGS, t->casing_size));
    t->features = ps->n;
    if (t->F > 0)
        RC_TRY(rcn_params_table(ps, "features.weight", symbols(m, RCM_FEATURES), t->feature_size));
    return RC_OK;
}

void rcm_tokens_free(rcm_tokens *t)
{
    rcn_stack_free(&t->stack);
}

rc_status rcm_tokens_init(const rcm_tokens *t, rc_model *m)
{
    for (int i = 0; t->net == RCM_CHAR_RNN && i < 2; i++) /* directions */
        RC_TRY(rcn_rnn_forget_bias(&t->stack.layer[i], &m->params, m->config->forget_bias));
    return RC_OK;
}

/* ---- words ------------------------------------------------------------------------------- */

/* Ids of the words of a batch. In training those that were seen once are <unk> now and then, so
 * that <unk> is learned. */
static int32_t *word_ids(const rc_model *m, rc_graph *g, const rcm_labelled *of, const rcd_batch *b)
{
    const rcd_vocab *v = m->vocab.of[RCM_SYMBOLS];
    const double rate = rcg_training(g) ? m->config->unk_rate : 0;
    int32_t *id = rcg_keep(g, (size_t)b->rows, sizeof *id);

    if (!id)
        return NULL;
    const rcb_key key = rate > 0 ? rcg_mask_key(g) : (rcb_key){0};

    for (int64_t row = 0; row < b->rows; row++) {
        id[row] = of->word[b->in[row]];
        if (rate > 0 && rcd_vocab_count(v, id[row]) <= 1 && rcb_uniform(key, (uint64_t)row) < rate)
            id[row] = rcd_vocab_unk(v);
    }
    return id;
}

static rc_var *run_words(const rcm_tokens *t, const rc_model *m, rc_graph *g,
                         const rcm_labelled *of, const rcd_batch *b)
{
    const int32_t *id = word_ids(m, g, of, b);

    if (!id)
        return NULL;
    rc_var *x = rcm_drop_symbols(m, g, id, rc_embed(g, rcm_var(m, g, t->embed), id, b->rows));

    return t->map > 0 ? rc_linear(g, x, rcm_var(m, g, t->embed_map), RC_NONE) : x;
}

/* ---- characters -------------------------------------------------------------------------- */

/* The different tokens of a batch as ragged sequences of characters, longest first, each between
 * two marks of its bounds. */
typedef struct spelled {
    int64_t n;      /* different tokens */
    rc_rows rows;   /* steps, sequences */
    int32_t *ids;   /* (rows) characters */
    int32_t *index; /* (N) which of them each row of the batch is */
} spelled;

typedef struct word_length {
    int32_t token;
    int32_t first; /* row of the batch: ties are in the order of the text */
    int64_t length;
} word_length;

static int by_length(const void *a, const void *b)
{
    const word_length *x = a, *y = b;

    if (x->length != y->length)
        return x->length > y->length ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* The different tokens, longest first. NULL: the graph has failed. */
static word_length *list_words(rc_graph *g, const rcm_labelled *of, const rcd_batch *b,
                               int32_t *index, int64_t *count)
{
    const int32_t tokens = of->set.tokens.n;
    int32_t *place = rcg_keep(g, (size_t)tokens, sizeof *place);
    word_length *list = rcg_keep(g, (size_t)b->rows, sizeof *list);
    int64_t n = 0;

    if (!place || !list)
        return NULL;
    for (int64_t row = 0; row < b->rows; row++)
        place[b->in[row]] = -1;
    for (int64_t row = 0; row < b->rows; row++) {
        const int32_t token = b->in[row];

        if (place[token] >= 0)
            continue;
        place[token] = 0;
        list[n++] = (word_length){token, (int32_t)row,
                                  of->spell.start[token + 1] - of->spell.start[token] + 2};
    }
    qsort(list, (size_t)n, sizeof *list, by_length);
    for (int64_t i = 0; i < n; i++)
        place[list[i].token] = (int32_t)i;
    for (int64_t row = 0; row < b->rows; row++)
        index[row] = place[b->in[row]];
    *count = n;
    return list;
}

/* Step t of word i: its characters between two marks. */
static int32_t character(const rcm_labelled *of, const word_length *w, int64_t t, int32_t mark)
{
    return t == 0 || t == w->length - 1 ? mark : of->spell.id[of->spell.start[w->token] + t - 1];
}

static bool spell(spelled *s, const rc_model *m, rc_graph *g, const rcm_labelled *of,
                  const rcd_batch *b)
{
    const int32_t mark = rcd_vocab_boundary(m->vocab.of[RCM_CHARACTERS]);

    s->index = rcg_keep(g, (size_t)b->rows, sizeof *s->index);
    const word_length *w = s->index ? list_words(g, of, b, s->index, &s->n) : NULL;
    if (!w)
        return false;
    const int64_t steps = w[0].length;
    int64_t *at = rcg_keep(g, (size_t)steps + 1, sizeof *at), rows = 0, alive = s->n;

    for (int64_t i = 0; i < s->n; i++)
        rows += w[i].length;
    s->ids = rcg_keep(g, (size_t)rows, sizeof *s->ids);
    if (!at || !s->ids)
        return false;
    at[0] = 0;
    for (int64_t t = 0; t < steps; t++) {
        while (w[alive - 1].length <= t)
            alive--;
        for (int64_t i = 0; i < alive; i++)
            s->ids[at[t] + i] = character(of, &w[i], t, mark);
        at[t + 1] = at[t] + alive;
    }
    s->rows = (rc_rows){.steps = steps, .seqs = s->n, .at = at};
    return true;
}

/* (different tokens, units) */
static rc_var *run_net(const rcm_tokens *t, const rc_model *m, rc_graph *g, const spelled *s,
                       rc_var *x)
{
    if (t->net == RCM_CHAR_RNN) {
        rc_var *y = rcn_stack_run(&t->stack, &m->params, g, &s->rows, x, NULL);
        rc_var *ends[] = {
            rc_slice(g, rc_pool(g, &s->rows, y, RC_POOL_LAST), 0, t->char_units),
            rc_slice(g, rc_pool(g, &s->rows, y, RC_POOL_FIRST), t->char_units, t->char_units)};

        return rc_concat(g, 2, ends);
    }
    x = rc_window(g, &s->rows, x, t->char_width, RC_NONE);
    x = rc_linear(g, x, rcm_var(m, g, t->conv), rcm_var(m, g, t->conv_bias));
    return rc_pool(g, &s->rows, rc_relu(g, x), RC_POOL_MAX);
}

static rc_var *run_characters(const rcm_tokens *t, const rc_model *m, rc_graph *g,
                              const rcm_labelled *of, const rcd_batch *b)
{
    spelled s;

    if (!spell(&s, m, g, of, b))
        return NULL;
    rc_var *x = rc_embed(g, rcm_var(m, g, t->chars), s.ids, s.rows.at[s.rows.steps]);

    if (m->config->dropout > 0)
        x = rc_dropout(g, x, m->config->dropout);
    return rc_embed(g, run_net(t, m, g, &s, x), s.index, b->rows);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static rc_var *run_casing(const rcm_tokens *t, const rc_model *m, rc_graph *g,
                          const rcm_labelled *of, const rcd_batch *b)
{
    int32_t *id = rcg_keep(g, (size_t)b->rows, sizeof *id);

    for (int64_t row = 0; id && row < b->rows; row++)
        id[row] = of->casing[b->in[row]];
    return id ? rc_embed(g, rcm_var(m, g, t->casing), id, b->rows) : NULL;
}

static rc_var *run_feature(const rcm_tokens *t, const rc_model *m, rc_graph *g,
                           const rcm_labelled *of, const rcd_batch *b, int32_t f)
{
    int32_t *id = rcg_keep(g, (size_t)b->rows, sizeof *id);

    if (!id)
        return NULL;
    rcd_labelled_feature(&of->set, f, b, id);
    for (int64_t row = 0; row < b->rows; row++)
        id[row] = of->feature[f][id[row]];
    return rc_embed(g, rcm_var(m, g, t->features), id, b->rows);
}

rc_var *rcm_tokens_run(const rcm_tokens *t, const rc_model *m, rc_graph *g, const rcm_labelled *of,
                       const rcd_batch *b)
{
    rc_var **x = rcg_keep(g, (size_t)(3 + t->F), sizeof *x);
    int n = 0;

    if (!x)
        return NULL;
    x[n++] = run_words(t, m, g, of, b);
    if (t->net != RCM_CHAR_NONE)
        x[n++] = run_characters(t, m, g, of, b);
    if (t->casing_size > 0)
        x[n++] = run_casing(t, m, g, of, b);
    for (int32_t f = 0; f < t->F; f++)
        x[n++] = run_feature(t, m, g, of, b, f);
    rc_var *all = n == 1 ? x[0] : rc_concat(g, n, x);
    const rc_rows rows = {.steps = b->steps, .seqs = b->seqs, .at = b->at};

    return t->around > 0 ? rc_window_around(g, &rows, all, t->around) : all;
}

rc_var *rcm_tokens_drop(const rc_model *m, rc_graph *g, const rc_rows *rows, rc_var *x)
{
    const double rate = m->config->dropout;

    if (rate <= 0)
        return x;
    return rows && rcm_list_index("dropouts", m->config->dropout_kind) == RCM_DROPOUT_LOCKED
               ? rc_dropout_locked(g, rows, x, rate)
               : rc_dropout(g, x, rate);
}

/* As if all tokens of a batch were different, of so many characters and two marks in the mean. */
enum { WORD = 8 };

static void work_characters(const rcm_tokens *t, rcg_work *w)
{
    rcg_work part = {.rows = WORD * w->rows, .seqs = w->rows, .pairs = w->pairs};
    const int64_t H = t->char_units, D = t->char_size;

    rcg_work_value(&part, D);
    rcg_work_dropout(&part, D, false);
    if (t->net == RCM_CHAR_RNN) {
        rcn_stack_work(&t->stack, &part);
    } else {
        rcg_work_value(&part, t->char_width * D);
        rcg_work_linear(&part, t->char_width * D, H);
        rcg_work_value(&part, H);
    }
    w->flops += part.flops;
    w->keep += part.keep;
    w->scratch = part.scratch > w->scratch ? part.scratch : w->scratch;
    for (int i = 0; i < 4; i++) /* what is pooled, and looked up for every token */
        rcg_work_value(w, t->net == RCM_CHAR_RNN ? 2 * H : H);
}

void rcm_tokens_work(const rcm_tokens *t, rcg_work *w)
{
    rcg_work_value(w, t->E);
    if (t->map > 0)
        rcg_work_linear(w, t->E, t->map);
    if (t->net != RCM_CHAR_NONE)
        work_characters(t, w);
    if (t->casing_size > 0)
        rcg_work_value(w, t->casing_size);
    for (int64_t f = 0; f < t->F; f++)
        rcg_work_value(w, t->feature_size);
    if (t->each > (t->map > 0 ? t->map : t->E))
        rcg_work_value(w, t->each);
    if (t->around > 0)
        rcg_work_value(w, t->width);
}

rc_status rcm_tokens_facts(const rcm_tokens *t, const rc_model *m, rcm_words *w)
{
    rc_entry e;

    RC_TRY(rcm_words_add(w, "words", "%" PRId64 " of %" PRId64 " numbers", symbols(m, RCM_SYMBOLS),
                         t->E));
    if (t->map > 0)
        RC_TRY(rcm_words_add(w, "mapped", "linearly to %" PRId64 " numbers", t->map));
    if (t->net != RCM_CHAR_NONE) {
        (void)rcm_list("char-nets", (size_t)t->net, &e);
        RC_TRY(rcm_words_add(w, "characters", "%" PRId64 ", %s of %" PRId64 " units",
                             symbols(m, RCM_CHARACTERS), e.name, t->char_units));
    }
    if (t->casing_size > 0)
        RC_TRY(rcm_words_add(w, "casing", "vectors of %" PRId64 " numbers", t->casing_size));
    if (t->around > 0)
        RC_TRY(
            rcm_words_add(w, "around", "a token is read with %" PRId64 " on each side", t->around));
    if (t->F > 0)
        RC_TRY(rcm_words_add(w, "features", "%" PRId64 " columns, %" PRId64 " numbers each", t->F,
                             t->feature_size));
    return RC_OK;
}
