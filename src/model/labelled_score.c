/* labelled_score.c -- labels that a model says of sequences against those that are right, and as
 * answers to a file.
 */
#include "model/labelled_in.h"

#include <math.h>
#include <string.h>

int32_t rcm_best_of(int64_t n, const rc_real *score)
{
    int32_t best = 0;

    for (int32_t i = 1; i < n; i++)
        if (score[i] > score[best])
            best = i;
    return best;
}

void rcm_shares(int64_t n, const rc_real *score, rc_real *out)
{
    const double most = (double)score[rcm_best_of(n, score)];
    double sum = 0;

    for (int64_t i = 0; i < n; i++) {
        const double e = exp((double)score[i] - most);

        out[i] = (rc_real)e;
        sum += e;
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = (rc_real)((double)out[i] / sum);
}

/* ---- sequences one by one ---------------------------------------------------------------- */

/* What is said of one sequence; views, valid during the call. */
typedef struct answer {
    const rcm_labelled *of;
    int64_t seq;          /* of its set */
    int64_t n;            /* labels */
    const int32_t *gold;  /* (n) numbers of of->set.labels; -1: there is none */
    const int32_t *said;  /* (n) ids of the model's labels */
    const int64_t *place; /* (n) where they are in the batch */
    const rcm_said *batch;
} answer;

typedef struct teller {
    const rc_model *m;
    bool wants_all;
    rc_status (*fn)(void *ctx, const answer *a);
    void *ctx;
    rc_graph *g;
    rcd_batch b;
    double nats; /* of all batches */
    int64_t known;
    int32_t *gold, *said; /* (most labels) of one sequence */
    int64_t *place;
    int64_t *column; /* (batch) of the sequences of a batch in their order */
} teller;

static void teller_close(teller *t)
{
    rcd_batch_free(&t->b);
    rc_graph_free(t->g);
    rcb_free(t->gold);
    rcb_free(t->said);
    rcb_free(t->place);
    rcb_free(t->column);
}

/* The most labels that a sequence has. */
static int64_t most_labels(const rcd_labelled *set)
{
    int64_t most = 1;

    for (int64_t i = 0; set->each && i < set->n; i++)
        if (set->start[i + 1] - set->start[i] > most)
            most = set->start[i + 1] - set->start[i];
    return most;
}

/* The sequence in column c of the batch. */
static rc_status tell(teller *t, const rcm_labelled *of, int64_t c, const rcm_said *said)
{
    const rcd_labelled *set = &of->set;
    const int64_t seq = t->b.seq[c], first = set->each ? set->start[seq] : seq;
    const int64_t n = set->each ? set->start[seq + 1] - first : 1;

    for (int64_t i = 0; i < n; i++) {
        t->place[i] = set->each ? t->b.at[i] + c : c;
        t->gold[i] = set->label[first + i];
        t->said[i] = said->label[t->place[i]];
    }
    return t->fn(t->ctx, &(answer){of, seq, n, t->gold, t->said, t->place, said});
}

/* One batch. Sequences of a file are told in its order. */
static rc_status tell_batch(teller *t, const rcm_labelled_part *part, int64_t first)
{
    rcm_said said;

    rc_graph_reset(t->g);
    RC_TRY(t->m->config->task->say(t->m, t->g, part->of, &t->b, t->wants_all, &said));
    t->nats += said.nats;
    t->known += said.known;
    for (int64_t c = 0; c < t->b.seqs; c++)
        t->column[part->cut ? c : t->b.seq[c] - first] = c;
    for (int64_t i = 0; i < t->b.seqs; i++)
        RC_TRY(tell(t, part->of, t->column[i], &said));
    return RC_OK;
}

static rc_status tell_all(teller *t, const rcm_labelled_part *part, rcb_pool *pool)
{
    const int64_t batch = rcm_reader(t->m)->config->batch;
    const size_t most = (size_t)most_labels(&part->of->set);
    int64_t at = 0;

    RC_TRY(rcg_graph_on(&t->g, pool, false));
    t->column = rcb_alloc((size_t)batch, sizeof *t->column);
    t->gold = rcb_alloc(most, sizeof *t->gold);
    t->said = rcb_alloc(most, sizeof *t->said);
    t->place = rcb_alloc(most, sizeof *t->place);
    if (!t->column || !t->gold || !t->said || !t->place)
        return RC_ENOMEM;
    for (;;) {
        const int64_t first = part->from + at;

        RC_TRY(rcm_labelled_next(part, batch, &at, &t->b));
        if (t->b.seqs == 0)
            return RC_OK;
        RC_TRY(tell_batch(t, part, first));
    }
}

/* ---- into a report ----------------------------------------------------------------------- */

/* Labels as a report numbers them. */
typedef struct reporter {
    rc_report *into; /* NULL: none is wanted */
    int32_t *model;  /* (labels of the model) */
    int32_t *set;    /* (labels of the set) */
    int32_t *gold, *said;
    double *chance; /* (most labels) of one sequence */
} reporter;

static void reporter_close(reporter *r)
{
    rcb_free(r->model);
    rcb_free(r->set);
    rcb_free(r->gold);
    rcb_free(r->said);
    rcb_free(r->chance);
}

static rc_status reporter_open(reporter *r, const rc_model *m, const rcd_labelled *set)
{
    const int64_t K = rcm_labels(m);
    const size_t most = (size_t)most_labels(set);
    size_t n;

    r->model = rcb_alloc((size_t)K, sizeof *r->model);
    r->set = rcb_alloc((size_t)set->labels.n, sizeof *r->set);
    r->gold = rcb_alloc(most, sizeof *r->gold);
    r->said = rcb_alloc(most, sizeof *r->said);
    r->chance = rcb_alloc(most, sizeof *r->chance);
    if (!r->model || !r->set || !r->gold || !r->said || !r->chance)
        return RC_ENOMEM;
    for (int32_t i = 0; i < K; i++) {
        const char *p = rcd_vocab_symbol(m->vocab.of[RCM_LABELS], i, &n);

        RC_TRY(rc_report_label(r->into, p, n, &r->model[i]));
    }
    for (int32_t i = 0; i < set->labels.n; i++) {
        const char *p = rcd_names_at(&set->labels, i, &n);

        RC_TRY(rc_report_label(r->into, p, n, &r->set[i]));
    }
    return RC_OK;
}

static rc_status report(reporter *r, const answer *a, int64_t labels)
{
    for (int64_t i = 0; i < a->n; i++) {
        r->gold[i] = r->set[a->gold[i]];
        r->said[i] = r->model[a->said[i]];
        r->chance[i] = (double)a->batch->all[a->place[i] * labels + a->said[i]];
    }
    return rc_report_add(r->into, a->n, r->gold, r->said, r->chance);
}

/* ---- against what is right --------------------------------------------------------------- */

typedef struct scorer {
    const rc_model *m;
    rc_evaluation *e;
    rcd_tags tags;  /* those of the model, as it numbers them, then others */
    int32_t *names; /* (labels of the set) as tags */
    rcd_detect detect;
    int32_t *gold; /* (most labels) of one sequence */
    reporter report;
} scorer;

static void scorer_close(scorer *s)
{
    rcd_tags_free(&s->tags);
    rcb_free(s->names);
    rcb_free(s->gold);
    reporter_close(&s->report);
}

static rc_status scorer_open(scorer *s, const rcd_labelled *set)
{
    const rcd_vocab *v = s->m->vocab.of[RCM_LABELS];
    int32_t id;
    size_t n;

    for (int32_t i = 0; i < rcm_labels(s->m); i++) {
        const char *p = rcd_vocab_symbol(v, i, &n);

        RC_TRY(rcd_tags_add(&s->tags, p, n, &id));
        assert(id == i);
    }
    s->names = rcb_alloc((size_t)set->labels.n, sizeof *s->names);
    s->gold = rcb_alloc((size_t)most_labels(set), sizeof *s->gold);
    if (!s->names || !s->gold)
        return RC_ENOMEM;
    for (int32_t i = 0; i < set->labels.n; i++) {
        const char *p = rcd_names_at(&set->labels, i, &n);

        RC_TRY(rcd_tags_add(&s->tags, p, n, &s->names[i]));
    }
    return s->report.into ? reporter_open(&s->report, s->m, set) : RC_OK;
}

static rc_status add_score(void *ctx, const answer *a)
{
    scorer *s = ctx;
    bool whole = true;

    s->e->sequences++;
    for (int64_t i = 0; i < a->n; i++) {
        whole &= a->gold[i] >= 0;
        if (a->gold[i] < 0)
            continue;
        s->gold[i] = s->names[a->gold[i]];
        s->e->tokens++;
        s->e->strange += a->of->label[a->gold[i]] < 0;
        s->e->wrong += s->gold[i] != a->said[i];
    }
    if (s->report.into && whole)
        RC_TRY(report(&s->report, a, rcm_labels(s->m)));
    if (!a->of->set.each || !whole)
        return RC_OK;
    const rcd_span_count n = rcd_spans_count(&s->tags, s->gold, a->said, a->n, NULL);

    rcd_detect_look(&s->detect, &s->tags, s->gold, a->n);
    s->e->spans += n.gold;
    s->e->spans_said += n.said;
    s->e->spans_right += n.right;
    return RC_OK;
}

/* Are the labels tags of spans: by what the model takes them for, or by the right ones? */
static bool are_spans(const rc_model *m, const rcd_detect *detect)
{
    rcd_scheme scheme = RCD_SCHEME_NONE;
    const bool known = rcd_scheme_of(&scheme, rcm_reader(m)->config->scheme) == RC_OK;

    return (known && scheme != RCD_SCHEME_NONE) || rcd_detect_scheme(detect) != RCD_SCHEME_NONE;
}

static rc_status score(const rc_model *m, const rcm_labelled_part *part, rc_report *into,
                       rcb_pool *pool, rc_evaluation *out)
{
    rc_evaluation e = {0};
    scorer s = {.m = m, .e = &e, .report.into = into};
    teller t = {.m = m, .wants_all = into, .fn = add_score, .ctx = &s};
    rc_status status = scorer_open(&s, &part->of->set);

    if (status == RC_OK)
        status = tell_all(&t, part, pool);
    if (status == RC_OK && e.tokens == 0)
        status = RC_FAIL(RC_EDATA, "none of these sequences has a label");
    if (!are_spans(m, &s.detect))
        e.spans = e.spans_said = e.spans_right = 0;
    e.nats = t.nats;
    e.measured = t.known;
    teller_close(&t);
    scorer_close(&s);
    if (status == RC_OK)
        *out = e;
    return status;
}

rc_status rcm_labelled_score(const rc_model *m, const rcm_corpus *c, rcm_part part, int64_t tracks,
                             rcb_pool *pool, rc_evaluation *out)
{
    (void)tracks;
    return score(m, &rcm_labelled_of(c)->part[part], NULL, pool, out);
}

/* What was passed over or mended, sentence by sentence. */
static rc_status tell_notes(const rcm_labelled *l, bool blind, rc_note_fn fn, void *ctx)
{
    rcb_buf text = {0};
    rc_status s = fn ? rcm_labelled_file_notes(l, blind, &text) : RC_OK;

    for (char *at = text.p; s == RC_OK && at && *at;) {
        char *end = at + strcspn(at, "\n");
        const bool more = *end;

        *end = '\0';
        fn(ctx, at);
        at = end + more;
    }
    rcb_buf_free(&text);
    return s;
}

rc_status rcm_labelled_evaluate(const rc_model *m, const char *path, const rc_eval_options *o,
                                rcb_pool *pool, rc_evaluation *out)
{
    rcm_labelled l;

    RC_TRY(rcm_labelled_file(&l, m, path, false));
    const rcm_labelled_part all = {&l, NULL, 0, l.set.n};
    rc_status s = tell_notes(&l, false, o->note, o->note_ctx);

    if (s == RC_OK)
        s = score(m, &all, o->report, pool, out);
    rcm_labelled_free(&l);
    return s;
}

/* ---- answers ----------------------------------------------------------------------------- */

typedef struct speaker {
    rc_prediction_fn fn;
    void *ctx;
    int64_t labels;
} speaker;

static rc_status speak(void *ctx, const answer *a)
{
    const speaker *s = ctx;
    const rcd_labelled *set = &a->of->set;

    for (int64_t i = 0; i < a->n; i++) {
        const int32_t token = set->each ? set->token[set->start[a->seq] + i] : -1;
        rc_prediction p = {
            .sequence = a->seq,
            .step = set->each ? i : -1,
            .steps = set->start[a->seq + 1] - set->start[a->seq],
            .classes = true,
            .said = a->said[i],
            .count = s->labels,
            .values = a->batch->all + a->place[i] * s->labels,
        };
        if (token >= 0)
            p.token = rcd_names_at(&set->tokens, token, &p.token_bytes);
        if (a->gold[i] >= 0)
            p.gold = rcd_names_at(&set->labels, a->gold[i], &p.gold_bytes);
        if (!s->fn(s->ctx, &p))
            return RC_FAIL(RC_ESTOP, "stopped");
    }
    return RC_OK;
}

rc_status rcm_labelled_predict(const rc_model *m, const char *path, const rc_predict_options *o,
                               rcb_pool *pool, rc_prediction_fn fn, void *ctx)
{
    speaker s = {fn, ctx, rcm_labels(m)};
    teller t = {.m = m, .wants_all = true, .fn = speak, .ctx = &s};
    rcm_labelled l;

    if (o->states)
        return RC_FAIL(RC_EINVAL, "a model of labels does not show its states");
    if (o->ahead != 1)
        return RC_FAIL(RC_EINVAL, "a model of labels says nothing of steps ahead");
    RC_TRY(rcm_labelled_file(&l, m, path, !o->gold));
    rc_status status = tell_notes(&l, !o->gold, o->note, o->note_ctx);

    if (status == RC_OK)
        status = tell_all(&t, &(rcm_labelled_part){&l, NULL, 0, l.set.n}, pool);
    teller_close(&t);
    rcm_labelled_free(&l);
    return status;
}
