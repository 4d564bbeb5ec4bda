/* bag.c -- what --bag reads of a text (classify), or of what stands around a token (tag): one
 * sparse vector of n-grams, which a table turns into the first layer of relu or, without one, into
 * the scores of labels. With --direct these are added to the scores that layers give: direct
 * connections (Mikolov et al. 2011, of a language model; Huang et al. 2015, of a tagger).
 *
 *   x_f     what n-gram f is in a text: 1, how often it comes, or that times its idf
 *   y_j     sum over f of x_f W_fj + b_j
 *   nb      y_j = sum over f of r_fj W_fj + b_j, r the log-count ratios of label j against the
 *           others (Wang and Manning 2012): what a weight is worth before anything is learned
 *
 * Parameters bag.weight (V,M), a table, and bag.bias (1,M). idf and r are measured on the training
 * part alone; in the file they are the tensors bag.idf (V) and bag.ratio (V,M).
 */
#include "model/labelled_in.h"

#include <math.h>
#include <string.h>

enum { LETTERS = 8 /* of a word, about */ };

/* ---- n-grams ----------------------------------------------------------------------------- */

/* The sequences of the training part; freed with rcb_free(). */
static rc_status training_part(int64_t **out, const rcm_cut *cut)
{
    const int64_t n = cut->to[RCM_TRAIN];
    int64_t *which = rcb_alloc((size_t)n, sizeof *which);

    *out = which;
    for (int64_t i = 0; which && i < n; i++)
        which[i] = rcm_cut_at(cut, i);
    return which ? RC_OK : RC_ENOMEM;
}

rc_status rcm_bag_vocab(rcd_vocab **out, const rcd_labelled *set, const rcm_cut *cut,
                        const rc_config *c)
{
    const rcd_cut rare = rcm_grams_cut(c);
    rcd_names names = {0};
    rcd_grams_plan how;
    int64_t *which;

    RC_TRY(rcm_grams_plan(&how, c));
    rc_status s = training_part(&which, cut);
    if (s == RC_OK)
        s = rcd_grams_names(&names, set, &how, which, cut->to[RCM_TRAIN]);
    rcb_free(which);
    if (s == RC_OK && names.n < 2)
        s = RC_FAIL(RC_EDATA, "cannot tell labels apart: '%s' has %" PRId32 " different n-gram%s",
                    c->train, names.n, names.n == 1 ? "" : "s");
    if (s == RC_OK)
        s = rcd_vocab_of_names(out, RCD_LINE, &names, NULL, &rare, c->train);
    rcd_names_free(&names);
    if (s == RC_OK && rcd_vocab_size(*out) < 4) { /* two are always held */
        rcd_vocab_free(*out);
        *out = NULL;
        s = RC_FAIL_HINT(RC_EDATA,
                         c->direct ? "a lower --gram-count"
                                   : "a lower --gram-count or --min-count, a higher --max-vocab",
                         "cannot tell labels apart: fewer than 2 n-grams of '%s' are left",
                         c->train);
    }
    return s;
}

rc_status rcm_bag_grams(rcd_grams *out, const rcd_labelled *set, const rc_config *c,
                        const rcm_vocabs *v)
{
    rcd_grams_plan how;

    RC_TRY(rcm_grams_plan(&how, c));
    return rcd_grams_of(out, set, &how, v->of[RCM_GRAMS], c->hash);
}

/* ---- building ---------------------------------------------------------------------------- */

static rc_status new_table(rc_real **out, int64_t n)
{
    rc_real *p = rcb_alloc((size_t)n, sizeof *p);

    *out = p;
    for (int64_t i = 0; p && i < n; i++)
        p[i] = 1;
    return p ? RC_OK : RC_ENOMEM;
}

rc_status rcm_bag_new(rcm_bag *b, rc_model *m, int64_t width)
{
    const rcd_vocab *v = m->vocab.of[RCM_GRAMS];
    rcn_params *ps = &m->params;

    *b = (rcm_bag){.kind = rcm_bag_kind_of(m->config),
                   .V = v ? rcd_vocab_size(v) : m->config->hash,
                   .M = width};
    RC_TRY(rcm_room(m, ((double)b->V + 1) * (double)width));
    b->weight = ps->n;
    RC_TRY(rcn_params_table(ps, "bag.weight", b->V, width));
    if (m->config->direct || !*m->config->mlp)
        ps->p[b->weight].rule = "zero"; /* nothing hides behind it that must begin unequal */
    b->bias = ps->n;
    RC_TRY(rcn_params_table(ps, "bag.bias", 1, width));
    ps->p[b->bias].rule = "zero";
    if (b->kind == RCM_BAG_TFIDF)
        return new_table(&b->idf, b->V);
    return b->kind == RCM_BAG_NB ? new_table(&b->ratio, b->V * width) : RC_OK;
}

void rcm_bag_free(rcm_bag *b)
{
    rcb_free(b->idf);
    rcb_free(b->ratio);
    *b = (rcm_bag){0};
}

/* ---- measuring --------------------------------------------------------------------------- */

/* How many texts of the training part have an n-gram, of each label: (V,K); and (V) in all. */
typedef struct tally {
    int64_t texts, K;
    double *of; /* (V,K) */
    double *all;
} tally;

static void count_text(tally *t, const rcd_grams *g, int64_t seq, int32_t label)
{
    t->texts++;
    for (int64_t i = g->start[seq]; i < g->start[seq + 1]; i++) {
        t->all[g->id[i]]++;
        if (t->of && label >= 0)
            t->of[(int64_t)g->id[i] * t->K + label]++;
    }
}

/* idf = ln((1 + texts) / (1 + texts that have it)) + 1, as scikit-learn smooths it. */
static void measure_idf(rcm_bag *b, const tally *t)
{
    for (int64_t f = 0; f < b->V; f++)
        b->idf[f] = (rc_real)(log((1 + (double)t->texts) / (1 + t->all[f])) + 1);
}

/* r = ln((p / |p|) / (q / |q|)): p is 1 + the texts of the label that have the n-gram, q of the
 * others, |.| the sum over all n-grams of the training part. One that is not there has r = 0. */
static void measure_ratio(rcm_bag *b, const tally *t, int64_t label)
{
    double p_sum = 0, q_sum = 0;

    for (int64_t f = 0; f < b->V; f++)
        if (t->all[f] > 0) {
            p_sum += 1 + t->of[f * t->K + label];
            q_sum += 1 + t->all[f] - t->of[f * t->K + label];
        }
    for (int64_t f = 0; f < b->V; f++) {
        const double p = 1 + t->of[f * t->K + label];
        const double q = 1 + t->all[f] - t->of[f * t->K + label];

        b->ratio[f * b->M + label] = t->all[f] > 0 ? (rc_real)(log(p / p_sum) - log(q / q_sum)) : 0;
    }
}

rc_status rcm_bag_measure(rcm_bag *b, const rcm_labelled_part *train)
{
    const rcm_labelled *l = train->of;
    const bool wants_labels = b->kind == RCM_BAG_NB;
    tally t = {.K = b->M};

    if (b->kind != RCM_BAG_TFIDF && !wants_labels)
        return RC_OK;
    t.all = rcb_calloc((size_t)b->V, sizeof *t.all);
    if (wants_labels)
        t.of = rcb_calloc((size_t)(b->V * t.K), sizeof *t.of);
    const bool room = t.all && (t.of || !wants_labels);

    for (int64_t i = train->from; room && i < train->to; i++) {
        const int64_t seq = rcm_cut_at(train->cut, i);
        const int32_t name = l->set.label[seq];

        if (!wants_labels || name >= 0)
            count_text(&t, &l->grams, seq, name < 0 ? -1 : l->label[name]);
    }
    if (room && b->kind == RCM_BAG_TFIDF)
        measure_idf(b, &t);
    for (int64_t k = 0; room && wants_labels && k < t.K; k++)
        measure_ratio(b, &t, k);
    rcb_free(t.of);
    rcb_free(t.all);
    return room ? RC_OK : RC_ENOMEM;
}

/* ---- in files ---------------------------------------------------------------------------- */

bool rcm_bag_table(const rcm_bag *b, size_t i, rcf_tensor *out)
{
    if (i > 0 || (!b->idf && !b->ratio))
        return false;
    *out = (rcf_tensor){.name = b->idf ? "bag.idf" : "bag.ratio",
                        .dtype = RCM_REAL_TYPE,
                        .rank = b->idf ? 1 : 2,
                        .dim = {b->V, b->idf ? 0 : b->M},
                        .data = b->idf ? b->idf : b->ratio,
                        .bytes = (size_t)(b->idf ? b->V : b->V * b->M) * sizeof(rc_real)};
    return true;
}

rc_status rcm_bag_load(rcm_bag *b, const rcf_tensor *(*find)(const void *from, const char *),
                       const void *from)
{
    rcf_tensor like;

    if (!rcm_bag_table(b, 0, &like))
        return RC_OK;
    const int64_t n = (int64_t)(like.bytes / sizeof(rc_real));
    const rcf_tensor *t = find(from, like.name);
    rc_real *to = b->idf ? b->idf : b->ratio;

    if (!t)
        return RC_FAIL(RC_EFORMAT, "tensor '%s' is missing", like.name);
    if ((t->dtype != RCF_F32 && t->dtype != RCF_F64) || t->rank != like.rank ||
        t->dim[0] != like.dim[0] || (like.rank == 2 && t->dim[1] != like.dim[1]))
        return RC_FAIL(RC_EFORMAT, "tensor '%s' is not %" PRId64 " reals in the shape of its model",
                       like.name, n);
    RC_TRY(rcm_tensor_reals(t, like.name, n, to));
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(to[i]))
            return RC_FAIL(RC_EFORMAT, "tensor '%s' has number %g at %" PRId64, like.name,
                           (double)to[i], i);
    return RC_OK;
}

/* ---- running ----------------------------------------------------------------------------- */

/* What entries of one text weigh: (n), or (n,M) for nb. */
static void weigh_text(const rcm_bag *b, const rc_config *c, const rcd_grams *g, int64_t seq,
                       rc_real *out)
{
    const int64_t from = g->start[seq], n = g->start[seq + 1] - from;
    double squares = 0;

    for (int64_t i = 0; i < n; i++) {
        const int32_t id = g->id[from + i];
        const double tf = (double)g->count[from + i], times = c->sublinear ? 1 + log(tf) : tf;

        if (b->kind == RCM_BAG_NB)
            memcpy(out + i * b->M, b->ratio + id * b->M, (size_t)b->M * sizeof *out);
        else if (b->kind == RCM_BAG_TFIDF)
            out[i] = (rc_real)(times * (double)b->idf[id]);
        else
            out[i] = b->kind == RCM_BAG_COUNT ? (rc_real)times : 1;
        if (b->kind == RCM_BAG_TFIDF)
            squares += (double)out[i] * (double)out[i];
    }
    for (int64_t i = 0; squares > 0 && i < n; i++)
        out[i] = (rc_real)((double)out[i] / sqrt(squares));
}

/* N-grams left out at random, as numbers of any input. */
static void drop_entries(rc_graph *g, double rate, int64_t n, int64_t each, rc_real *weight)
{
    const rcb_key key = rcg_mask_key(g);
    const rc_real rest = (rc_real)(1 / (1 - rate));

    for (int64_t i = 0; i < n; i++) {
        const rc_real by = rcb_uniform(key, (uint64_t)i) < rate ? 0 : rest;

        for (int64_t j = 0; j < each; j++)
            weight[i * each + j] *= by;
    }
}

/* Which bag of a set each of a batch is: those of its sequences or, where tokens have labels, of
 * its rows. NULL: the graph has failed. */
static int64_t *bags_of(rc_graph *g, const rcd_labelled *set, const rcd_batch *batch)
{
    int64_t *which = rcg_keep(g, (size_t)(set->each ? batch->rows : batch->seqs), sizeof *which);

    for (int64_t i = 0; which && !set->each && i < batch->seqs; i++)
        which[i] = batch->seq[i];
    for (int64_t t = 0; which && set->each && t < batch->steps; t++)
        for (int64_t row = batch->at[t]; row < batch->at[t + 1]; row++)
            which[row] = set->start[batch->seq[row - batch->at[t]]] + t;
    return which;
}

/* n bags of a set, in memory of the graph; false: it has failed. */
static bool fill_bags(rc_bags *out, const rcm_bag *b, const rc_config *c, rc_graph *g,
                      const rcd_grams *of, const int64_t *which, int64_t n)
{
    const double rate = rcg_training(g) ? c->dropout : 0;
    const int64_t each = b->kind == RCM_BAG_NB ? b->M : 1;
    int64_t *at = rcg_keep(g, (size_t)n + 1, sizeof *at), entries = 0;

    for (int64_t i = 0; at && i <= n; i++) {
        at[i] = entries;
        entries += i < n ? of->start[which[i] + 1] - of->start[which[i]] : 0;
    }
    int32_t *id = rcg_keep(g, (size_t)entries, sizeof *id);
    const bool ones = b->kind == RCM_BAG_BINARY && rate == 0;
    rc_real *weight = rcg_keep(g, ones ? 0 : (size_t)entries, (size_t)each * sizeof *weight);

    if (!at || !id || !weight)
        return false;
    for (int64_t i = 0; i < n; i++) {
        memcpy(id + at[i], of->id + of->start[which[i]], (size_t)(at[i + 1] - at[i]) * sizeof *id);
        if (!ones)
            weigh_text(b, c, of, which[i], weight + at[i] * each);
    }
    if (rate > 0)
        drop_entries(g, rate, entries, each, weight);
    *out = (rc_bags){n, at, id, ones ? NULL : weight, b->kind == RCM_BAG_NB};
    return true;
}

rc_var *rcm_bag_run(const rcm_bag *b, const rc_model *m, rc_graph *g, const rcm_labelled *of,
                    const rcd_batch *batch)
{
    const int64_t n = of->set.each ? batch->rows : batch->seqs;
    const int64_t *which = bags_of(g, &of->set, batch);
    int32_t *first = rcg_keep(g, (size_t)n, sizeof *first);
    rc_bags bags;

    if (!which || !first || !fill_bags(&bags, b, m->config, g, &of->grams, which, n))
        return NULL;
    memset(first, 0, (size_t)n * sizeof *first);
    return rc_add(g, rc_bag(g, rcm_var(m, g, b->weight), &bags),
                  rc_embed(g, rcm_var(m, g, b->bias), first, n));
}

/* Runs of a column around a token, in the mean over those of a sequence of so many. */
static double runs_around(const rcd_grams_plan *how, double length)
{
    const int64_t A = how->around, L = length < 1 ? 1 : length > 1000 ? 1000 : (int64_t)length;
    int64_t runs = 0;

    for (int64_t k = 0; k < L; k++)
        for (int64_t n = how->tokens.from; n <= how->tokens.to; n++) {
            const int64_t first = -A > 1 - n - k ? -A : 1 - n - k; /* one that is not outside */
            const int64_t last = A - n + 1 < L - 1 - k ? A - n + 1 : L - 1 - k;

            runs += last >= first ? last - first + 1 : 0;
        }
    return (double)runs / (double)L;
}

/* N-grams of a token, or that begin at it. */
static double ids_of(const rc_config *c, const rcg_work *w)
{
    rcd_grams_plan how = {0};

    (void)rcm_grams_plan(&how, c); /* which was checked */
    const rcd_lengths *in = &how.characters, *of = &how.tokens;
    double ids = in->to > 0 ? LETTERS * (double)(in->to - in->from + 1) : 0;

    if (of->to > 0 && c->task->each)
        ids += (double)(2 + rcm_columns(c->features)) *
               runs_around(&how, (double)w->rows / (double)(w->seqs > 0 ? w->seqs : 1));
    else if (of->to > 0)
        ids += (double)(of->to - of->from + 1);
    return ids;
}

void rcm_bag_work(const rcm_bag *b, const rc_config *c, rcg_work *w)
{
    const double longs = (double)sizeof(int64_t) / sizeof(rc_real), ints = longs / 2;
    const bool ones = b->kind == RCM_BAG_BINARY && c->dropout == 0;
    const double each = ones ? 0 : b->kind == RCM_BAG_NB ? (double)b->M : 1;
    const double ids = (double)w->rows * ids_of(c, w);
    const int64_t bags = c->task->each ? w->rows : w->seqs;

    rcg_work_bag(w, bags, b->M, ids, each);
    w->keep += ids * (each + ints) + (double)bags * (2 * longs + ints); /* made here, and copied */
    /* the bias, the sum with it, and that with the scores of layers */
    w->keep += (c->direct ? 6 : 4) * (double)bags * (double)rck_pad(b->M);
}

/* ---- words ------------------------------------------------------------------------------- */

static rc_status add_lengths(rcb_buf *out, const rcd_lengths *len, const char *what)
{
    if (len->to == 0)
        return RC_OK;
    RC_TRY(rcb_buf_printf(out, "%s%" PRId64, out->n ? ", " : "", len->from));
    if (len->to > len->from)
        RC_TRY(rcb_buf_printf(out, " to %" PRId64, len->to));
    return rcb_buf_printf(out, " %s", what);
}

rc_status rcm_bag_facts(const rcm_bag *b, const rc_model *m, rcm_words *w)
{
    const rcd_vocab *v = m->vocab.of[RCM_GRAMS];
    rcb_buf text = {0};
    rcd_grams_plan how;
    rc_entry e;

    (void)rcm_list("bags", (size_t)b->kind, &e);
    RC_TRY(rcm_words_add(w, "bag", "%s (%s)%s%s", e.name, e.help,
                         m->config->sublinear ? "; 1 + ln of a count" : "",
                         m->config->direct ? "; added to the scores of the layers" : ""));
    RC_TRY(rcm_grams_plan(&how, m->config));
    rc_status s = add_lengths(&text, &how.tokens,
                              how.level == RCD_WORD   ? "words"
                              : how.level == RCD_CHAR ? "characters"
                                                      : "bytes");
    if (s == RC_OK && how.places)
        s = rcb_buf_printf(&text, ", each at its place");
    if (s == RC_OK && m->config->task->each && how.tokens.to > 0)
        s = rcb_buf_printf(&text, " within %" PRId64 " of a token", how.around);
    if (s == RC_OK)
        s = add_lengths(&text, &how.characters, "characters of a word");
    if (s == RC_OK)
        s = rcm_words_add(w, "n-grams", "%s: %" PRId64 "%s", text.p, v ? b->V - 2 : b->V,
                          v ? "" : " buckets");
    rcb_buf_free(&text);
    return s;
}

rc_status rcm_bag_conventions(const rcm_bag *b, const rc_model *m, rcm_words *w)
{
    rcd_grams_plan how;

    RC_TRY(rcm_grams_plan(&how, m->config));
    if (m->config->task->each && how.tokens.to > 0)
        RC_TRY(
            rcm_words_add(w, "around a token",
                          "'0-1 a good': of column 0 from the token before it on; 0 are tokens, "
                          "then features, last how a token is capitalised (a not, b small, c one "
                          "capital, d capitals, e one and small, f mixed, g digits, h digits "
                          "among others); beyond an end stands nothing"));
    if (how.places)
        RC_TRY(rcm_words_add(w, "places", "'7 A C': behind the number of the first token, from 0"));
    if (how.characters.to > 0)
        RC_TRY(rcm_words_add(w, "characters of a word",
                             "its ends are blanks, and one more stands before them"));
    if (!m->vocab.of[RCM_GRAMS])
        RC_TRY(rcm_words_add(w, "hash",
                             "FNV-1a of 64 bits h, the bucket (h ^ h >> 32) modulo their number"));
    if (b->kind == RCM_BAG_TFIDF)
        RC_TRY(rcm_words_add(w, "idf", "ln((1 + texts) / (1 + texts with it)) + 1, length 1"));
    return RC_OK;
}
