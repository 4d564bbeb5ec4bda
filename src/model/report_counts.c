/* report_counts.c -- the counts of sequences, and the numbers that come of their sums.
 *
 * Whatever draws sequences anew sums counts and never looks at a label again. Sums are whole
 * numbers; the few divisions behind them are the same on every machine.
 */
#include "model/report_in.h"

#include <math.h>
#include <string.h>

rc_found rcm_found(int64_t gold, int64_t said, int64_t right)
{
    rc_found f = {.gold = gold, .said = said, .right = right};

    f.precision = said > 0 ? (double)right / (double)said : 0;
    f.recall = gold > 0 ? (double)right / (double)gold : 0;
    f.f1 = gold + said > 0 ? 2 * (double)right / (double)(gold + said) : 0;
    return f;
}

/* ---- counts of every sequence ------------------------------------------------------------ */

/* The entry of a label in the sequence whose entries begin at `first`; NULL: no memory.
 * place[label] is 1 + the last entry of that label. */
static rcm_entry *entry_of(rcm_counts *c, int64_t first, int64_t *used, int64_t *place,
                           int32_t label)
{
    if (place[label] > first)
        return &c->entry[place[label] - 1];
    if ((size_t)*used == c->cap_entry) {
        const size_t more = c->cap_entry ? 2 * c->cap_entry : 256;
        rcm_entry *grown = rcb_realloc(c->entry, c->cap_entry, more, sizeof *grown);

        if (!grown)
            return NULL;
        c->entry = grown;
        c->cap_entry = more;
    }
    c->entry[*used] = (rcm_entry){.label = label};
    place[label] = ++*used;
    return &c->entry[*used - 1];
}

static rc_status count_sequence(rcm_counts *c, const rc_report *r, int64_t i, const int32_t *id,
                                int64_t *place)
{
    int64_t used = c->at[i];

    for (int64_t k = r->start[i]; k < r->start[i + 1]; k++) {
        const int32_t gold = id ? id[r->gold[k]] : r->gold[k];
        const int32_t said = id ? id[r->said[k]] : r->said[k];
        rcm_entry *e = entry_of(c, c->at[i], &used, place, gold);

        if (!e)
            return RC_ENOMEM;
        e->gold++;
        e->right += gold == said;
        e = entry_of(c, c->at[i], &used, place, said);
        if (!e)
            return RC_ENOMEM;
        e->said++;
    }
    c->at[i + 1] = used;
    if (c->spans)
        c->spans[i] = rcd_spans_count(&r->labels, r->gold + r->start[i], r->said + r->start[i],
                                      r->start[i + 1] - r->start[i], NULL);
    return RC_OK;
}

rc_status rcm_counts_new(rcm_counts *out, const rc_report *r, bool spans, const int32_t *id,
                         int32_t labels)
{
    int64_t *place = rcb_calloc((size_t)labels, sizeof *place);
    rc_status status = RC_ENOMEM;

    *out = (rcm_counts){.n = r->n, .labels = labels};
    out->at = rcb_calloc((size_t)r->n + 1, sizeof *out->at);
    if (spans)
        out->spans = rcb_calloc((size_t)r->n, sizeof *out->spans);
    if (place && out->at && (out->spans || !spans))
        status = RC_OK;
    for (int64_t i = 0; i < r->n && status == RC_OK; i++)
        status = count_sequence(out, r, i, id, place);
    rcb_free(place);
    if (status != RC_OK)
        rcm_counts_free(out);
    return status;
}

void rcm_counts_free(rcm_counts *c)
{
    rcb_free(c->at);
    rcb_free(c->entry);
    rcb_free(c->spans);
    *c = (rcm_counts){0};
}

/* ---- sums -------------------------------------------------------------------------------- */

rc_status rcm_tally_new(rcm_tally *out, int32_t labels)
{
    *out = (rcm_tally){.labels = labels};
    out->label = rcb_calloc((size_t)labels, sizeof *out->label);
    return out->label ? RC_OK : RC_ENOMEM;
}

void rcm_tally_free(rcm_tally *t)
{
    rcb_free(t->label);
    *t = (rcm_tally){0};
}

void rcm_tally_clear(rcm_tally *t)
{
    memset(t->label, 0, (size_t)t->labels * sizeof *t->label);
    t->spans = (rcd_span_count){0};
}

void rcm_tally_add(rcm_tally *t, const rcm_counts *c, const int32_t *times)
{
    for (int64_t i = 0; i < c->n; i++) {
        const int64_t by = times ? times[i] : 1;

        if (by == 0)
            continue;
        for (int64_t k = c->at[i]; k < c->at[i + 1]; k++) {
            const rcm_entry *e = &c->entry[k];
            rcm_class_count *label = &t->label[e->label];

            label->gold += by * e->gold;
            label->said += by * e->said;
            label->right += by * e->right;
        }
        if (c->spans) {
            t->spans.gold += by * c->spans[i].gold;
            t->spans.said += by * c->spans[i].said;
            t->spans.right += by * c->spans[i].right;
        }
    }
}

void rcm_tally_scores(const rcm_tally *t, bool spans, double score[RC_SCORES])
{
    int64_t labels = 0, right = 0, classes = 0;
    double f1 = 0;

    for (int32_t i = 0; i < t->labels; i++) {
        const rcm_class_count *c = &t->label[i];

        labels += c->gold;
        right += c->right;
        classes += c->gold + c->said > 0;
        f1 += rcm_found(c->gold, c->said, c->right).f1;
    }
    score[RC_SCORE_ACCURACY] = labels > 0 ? (double)right / (double)labels : 0;
    score[RC_SCORE_MACRO_F1] = classes > 0 ? f1 / (double)classes : 0;
    score[RC_SCORE_SPAN_F1] =
        spans ? rcm_found(t->spans.gold, t->spans.said, t->spans.right).f1 : (double)NAN;
}
