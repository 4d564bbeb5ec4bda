/* mix.c -- the task mix: models of labels as one that says the mean of what they say, each weighted
 * (of equal weights: an ensemble).
 *
 * Members read a file each in its own way and say what a label's probability is; labels go by name,
 * and one that a member does not know has no probability from it. Of tags the most probable path
 * that their scheme allows is said, out of the means. Nothing is trained: rc_model_mix() makes it.
 */
#include "model/labelled_in.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TASK_NAME "mix"

static const double least_weight = 1e-9; /* of the whole: less would say nothing */

struct mix {
    int64_t K;       /* labels */
    size_t n;        /* members whose labels are known here */
    int32_t **label; /* (n)(labels of the member) as the mixture numbers them */
    rcm_allowed allowed;
};

/* ---- building ---------------------------------------------------------------------------- */

static rc_status build(rc_model *m)
{
    const rcd_vocab *v = m->vocab.of[RCM_LABELS];
    struct mix *s = rcb_calloc(1, sizeof *s);

    if (!s)
        return RC_ENOMEM;
    m->own = s;
    for (int i = 0; i < RCM_VOCABS; i++)
        if (i != RCM_LABELS && m->vocab.of[i])
            return RC_FAIL(RC_EFORMAT, "a mixture has no vocabulary but that of labels");
    if (!v || rcd_vocab_level(v) != RCD_LINE || rcm_labels(m) < 1 ||
        rcd_vocab_unk(v) < rcm_labels(m) || rcd_vocab_boundary(v) < rcm_labels(m))
        return RC_FAIL(RC_EFORMAT, "a mixture needs a vocabulary of labels");
    s->K = rcm_labels(m);
    return RC_OK;
}

static void forget(struct mix *s)
{
    for (size_t i = 0; i < s->n; i++)
        rcb_free(s->label[i]);
    rcb_free(s->label);
    s->label = NULL;
    s->n = 0;
    rcm_allowed_free(&s->allowed);
}

static void unbuild(rc_model *m)
{
    struct mix *s = m->own;

    if (!s)
        return;
    forget(s);
    rcb_free(s);
    m->own = NULL;
}

/* Can it be mixed with the first? i is for messages. */
static rc_status check_member(const rc_model *first, const rc_model *m, size_t i)
{
    const rc_config *a = first->config, *b = m->config;

    if (!b->task->say || b->task->mixed)
        return RC_FAIL_HINT(RC_EINVAL, "models of classify and of tag can be",
                            "cannot mix models of the task '%s'", b->task->name);
    if (a->task != b->task)
        return RC_FAIL(RC_EINVAL, "cannot mix models of two tasks: 1 is of '%s', %zu of '%s'",
                       a->task->name, i + 1, b->task->name);
    if (b->task->each && strcmp(a->scheme, b->scheme) != 0)
        return RC_FAIL(RC_EINVAL,
                       "cannot mix tags of two schemes: those of 1 are '%s', of %zu '%s' "
                       "(--scheme)",
                       a->scheme, i + 1, b->scheme);
    return RC_OK;
}

static rc_status number_labels(const rc_model *m, struct mix *s, size_t i)
{
    const rc_model *member = m->members.p[i];
    const int64_t K = rcm_labels(member);

    s->label[i] = rcb_alloc((size_t)K, sizeof **s->label);
    s->n = i + 1;
    if (!s->label[i])
        return RC_ENOMEM;
    for (int32_t k = 0; k < K; k++) {
        size_t n;
        const char *p = rcd_vocab_symbol(member->vocab.of[RCM_LABELS], k, &n);
        const int32_t id = rcd_vocab_find(m->vocab.of[RCM_LABELS], p, n);

        if (id < 0 || id >= s->K)
            return RC_FAIL(RC_EFORMAT, "the mixture lacks the label '%.*s' of member %zu", (int)n,
                           p, i + 1);
        s->label[i][k] = id;
    }
    return RC_OK;
}

/* The members are there. */
static rc_status settle(rc_model *m, rcb_pool *pool)
{
    const rcm_members *ms = &m->members;
    struct mix *s = m->own;

    (void)pool;
    forget(s);
    s->label = rcb_calloc(ms->n, sizeof *s->label);
    if (!s->label)
        return RC_ENOMEM;
    for (size_t i = 0; i < ms->n; i++) {
        RC_TRY(check_member(ms->p[0], ms->p[i], i));
        RC_TRY(number_labels(m, s, i));
    }
    return ms->p[0]->config->task->each ? rcm_allowed_new(&s->allowed, m->vocab.of[RCM_LABELS],
                                                          s->K, ms->p[0]->config->scheme)
                                        : RC_OK;
}

/* ---- making ------------------------------------------------------------------------------ */

/* All labels of the members, by how often they came. */
static rc_status join_labels(rcd_vocab **out, const rc_model *const *member, size_t n)
{
    const int64_t most = INT64_MAX / RCM_MEMBERS_MOST; /* the sum of all is a number */
    rcd_names names = {0};
    rc_status s = RC_OK;

    for (size_t i = 0; s == RC_OK && i < n; i++) {
        const rcd_vocab *v = member[i]->vocab.of[RCM_LABELS];

        for (int32_t k = 0; s == RC_OK && k < rcm_labels(member[i]); k++) {
            size_t bytes;
            int32_t id;
            const char *p = rcd_vocab_symbol(v, k, &bytes);

            const int64_t count = rcd_vocab_count(v, k);

            s = rcd_names_add(&names, p, bytes, count < 1 ? 1 : count < most ? count : most, &id);
        }
    }
    if (s == RC_OK)
        s = rcd_vocab_of_names(out, RCD_LINE, &names, NULL, NULL, "the members");
    rcd_names_free(&names);
    return s;
}

/* What each member of `member` counts, before they are divided by their sum, which is between 1 and
 * n: the largest is 1. */
static rc_status check_weights(const double *weight, size_t n, double *most)
{
    *most = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(weight[i] > 0 && isfinite(weight[i])))
            return RC_FAIL(RC_EINVAL, "cannot mix with the weight %g: it must be above 0",
                           weight[i]);
        *most = fmax(*most, weight[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (weight[i] / *most < least_weight)
            return RC_FAIL(RC_EINVAL, "cannot mix with weights as different as %g and %g",
                           weight[i], *most);
    return RC_OK;
}

static double sum_of(const double *weight, size_t n, double most)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += weight[i] / most;
    return sum;
}

static rc_status add_members(rc_model *m, const rc_model *const *member, size_t n,
                             const double *weight, double most)
{
    const double sum = weight ? sum_of(weight, n, most) : (double)n;

    for (size_t i = 0; i < n; i++) {
        const double own = (weight ? weight[i] / most : 1) / sum;
        rc_model *copy;

        if (member[i]->members.n > 0) {
            RC_TRY(rcm_members_copy(&m->members, &member[i]->members, own));
            continue;
        }
        RC_TRY(rc_model_clone(&copy, member[i]));
        RC_TRY(rcm_members_add(&m->members, copy, own));
    }
    for (size_t i = 0; i < m->members.n; i++)
        if (m->members.weight[i] < least_weight)
            return RC_FAIL(RC_EINVAL, "cannot mix: member %zu would count %g", i + 1,
                           m->members.weight[i]);
    return RC_OK;
}

static rc_status check_count(const rc_model *const *member, size_t n)
{
    size_t all = 0;

    for (size_t i = 0; i < n && all <= RCM_MEMBERS_MOST; i++)
        all += member[i]->members.n > 0 ? member[i]->members.n : 1;
    if (n < 2)
        return RC_FAIL(RC_EINVAL, "a mixture is made of two models or more");
    if (all > RCM_MEMBERS_MOST)
        return RC_FAIL(RC_EINVAL, "cannot mix more than %d models", RCM_MEMBERS_MOST);
    return RC_OK;
}

/* An empty mixture of labels that are theirs. */
static rc_status begin(rc_model **out, const rc_model *const *member, size_t n)
{
    rcm_vocabs vocab = {0};
    rc_config *c;

    RC_TRY(rc_config_new(&c, TASK_NAME));
    rc_status s = join_labels(&vocab.of[RCM_LABELS], member, n);
    if (s == RC_OK)
        s = rcm_model_alloc(out, c, vocab, INT64_MAX);
    rc_config_free(c);
    return s;
}

rc_status rc_model_mix(rc_model **out, const rc_model *const *member, size_t n,
                       const double *weight)
{
    double most = 1;
    rc_model *m;

    *out = NULL;
    RC_TRY(check_count(member, n));
    if (weight)
        RC_TRY(check_weights(weight, n, &most));
    for (size_t i = 0; i < n; i++) {
        RC_TRY(rcm_model_free_to_run(member[i]));
        RC_TRY(check_member(rcm_reader(member[0]), rcm_reader(member[i]), i));
    }
    RC_TRY(begin(&m, member, n));
    rc_status s = add_members(m, member, n, weight, most);
    if (s == RC_OK)
        s = rcm_model_settle(m, NULL);
    if (s != RC_OK) {
        rc_model_free(m);
        return s;
    }
    *out = m;
    return RC_OK;
}

size_t rc_model_members(const rc_model *m)
{
    return m->members.n;
}

const rc_model *rc_model_member(const rc_model *m, size_t i, double *weight)
{
    if (i >= m->members.n)
        return NULL;
    if (weight)
        *weight = m->members.weight[i];
    return m->members.p[i];
}

/* ---- saying ------------------------------------------------------------------------------ */

/* A batch of the mixture, and what is said of it. */
typedef struct meeting {
    const rc_model *m;
    const rcm_labelled *of;
    const rcd_batch *b;
    int64_t first;   /* sequence of the file; the others of the batch follow it */
    int64_t *column; /* (B) in b of sequence first + i */
    double *mean;    /* (N or B, K) */
} meeting;

/* What member i says of the rows of one sequence, in column c of its batch, added to the means. */
static void hear(const meeting *t, size_t i, const rcd_batch *b, int64_t c, const rcm_said *said)
{
    const struct mix *s = t->m->own;
    const rcd_labelled *set = &t->of->set;
    const int64_t K = rcm_labels(t->m->members.p[i]), seq = b->seq[c];
    const int64_t to = t->column[seq - t->first];
    const int64_t n = set->each ? set->start[seq + 1] - set->start[seq] : 1;

    for (int64_t step = 0; step < n; step++) {
        const rc_real *p = said->all + (set->each ? b->at[step] + c : c) * K;
        double *mean = t->mean + (set->each ? t->b->at[step] + to : to) * s->K;

        for (int64_t k = 0; k < K; k++)
            mean[s->label[i][k]] += t->m->members.weight[i] * (double)p[k];
    }
}

static rc_status ask(const meeting *t, size_t i, rc_graph *g, rcd_batch *b)
{
    const rc_model *member = t->m->members.p[i];
    const rcm_labelled *of = &t->of->member[i];
    int64_t at = t->first;
    rcm_said said;

    rc_graph_reset(g);
    RC_TRY(rcm_labelled_next(&(rcm_labelled_part){of, NULL, 0, of->set.n}, t->b->seqs, &at, b));
    RC_TRY(member->config->task->say(member, g, of, b, true, &said));
    for (int64_t c = 0; c < b->seqs; c++)
        hear(t, i, b, c, &said);
    return RC_OK;
}

static rc_status ask_all(const meeting *t, rc_graph *g)
{
    rcd_batch b = {0};
    rc_status s = RC_OK;

    for (size_t i = 0; s == RC_OK && i < t->m->members.n; i++)
        s = ask(t, i, g, &b);
    rcd_batch_free(&b);
    return s;
}

/* Which sequence a batch begins with, and where each is. */
static void find_columns(meeting *t)
{
    t->first = t->b->seq[0];
    for (int64_t c = 1; c < t->b->seqs; c++)
        if (t->b->seq[c] < t->first)
            t->first = t->b->seq[c];
    for (int64_t c = 0; c < t->b->seqs; c++)
        t->column[t->b->seq[c] - t->first] = c;
}

/* What is right at every row of the means; -1: it is not known. */
static int32_t right(const meeting *t, int64_t row)
{
    const rcd_labelled *set = &t->of->set;

    if (set->each)
        return t->b->out[row];
    const int32_t label = set->label[t->b->seq[row]];
    return label >= 0 ? t->of->label[label] : -1;
}

/* A logarithm that is finite for what no member gives a chance; NaN stays. */
static double log_of(double p)
{
    return log(p < (double)FLT_MIN ? (double)FLT_MIN : p);
}

static rc_status conclude(const meeting *t, rc_graph *g, bool wants_all, rcm_said *out)
{
    const struct mix *s = t->m->own;
    const int64_t N = t->of->set.each ? t->b->rows : t->b->seqs;
    const size_t size = (size_t)(N * s->K);
    rc_real *score;

    rc_graph_reset(g);
    score = rcg_keep(g, size, sizeof *score);
    *out = (rcm_said){.label = rcg_keep(g, (size_t)N, sizeof *out->label),
                      .all = wants_all ? rcg_keep(g, size, sizeof *out->all) : NULL};
    RC_TRY(rc_graph_status(g));
    for (size_t i = 0; i < size; i++) {
        score[i] = (rc_real)log_of(t->mean[i]);
        if (wants_all)
            out->all[i] = (rc_real)t->mean[i];
    }
    for (int64_t row = 0; row < N; row++) {
        const int32_t gold = right(t, row);

        out->label[row] = rcm_best_of(s->K, score + row * s->K);
        out->known += gold >= 0;
        out->nats -= gold >= 0 ? log_of(t->mean[row * s->K + gold]) : 0;
    }
    return t->of->set.each
               ? rcm_allowed_best(&s->allowed, g, t->b, s->K,
                                  rc_leaf(g, rc_shape_2(N, s->K), score, NULL), out->label)
               : RC_OK;
}

static rc_status say(const rc_model *m, rc_graph *g, const rcm_labelled *of, const rcd_batch *b,
                     bool wants_all, rcm_said *out)
{
    const struct mix *s = m->own;
    const int64_t N = of->set.each ? b->rows : b->seqs;
    meeting t = {.m = m,
                 .of = of,
                 .b = b,
                 .column = rcb_alloc((size_t)b->seqs, sizeof *t.column),
                 .mean = rcb_calloc((size_t)(N * s->K), sizeof *t.mean)};
    rc_status status = t.column && t.mean ? RC_OK : RC_ENOMEM;

    if (status == RC_OK) {
        find_columns(&t);
        status = ask_all(&t, g);
    }
    if (status == RC_OK)
        status = conclude(&t, g, wants_all, out);
    rcb_free(t.column);
    rcb_free(t.mean);
    return status;
}

/* ---- words ------------------------------------------------------------------------------- */

static rc_status conventions(const rc_model *m, rcm_words *w)
{
    (void)m;
    return rcm_words_add(w, "mixture", "the weighted mean of the members' probabilities");
}

/* "--cell gru --hidden 256" */
static const char *options_of(const rc_model *m)
{
    const char *name, *text;

    for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++)
        if (strcmp(name, "options") == 0)
            return text;
    return "";
}

static rc_status facts(const rc_model *m, rcm_words *w)
{
    const rcm_members *ms = &m->members;

    RC_TRY(rcm_words_add(w, "members", "%zu of %s", ms->n, ms->p[0]->config->task->name));
    for (size_t i = 0; i < ms->n; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "member %zu", i + 1);
        RC_TRY(rcm_words_add(w, name, "counts %.3g; %" PRId64 " parameters, %s; %s", ms->weight[i],
                             rc_model_parameters(ms->p[i]), rc_model_precision(ms->p[i]),
                             options_of(ms->p[i])));
    }
    return rcm_words_add(w, "labels", "%" PRId64, rcm_labels(m));
}

const rcm_task rcm_mix = {
    .name = TASK_NAME,
    .help = "models of labels as one",
    .labels = true,
    .mixed = true,
    .build = build,
    .unbuild = unbuild,
    .settle = settle,
    .say = say,
    .evaluate_file = rcm_labelled_evaluate,
    .predict_file = rcm_labelled_predict,
    .conventions = conventions,
    .facts = facts,
};
