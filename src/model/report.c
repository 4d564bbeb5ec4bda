/* report.c -- labels that were said, gathered beside those that are right.
 *
 * Labels are kept as tags (data/spans.c), so that spans can be read from them. What they amount to
 * is computed in report_measure.c, two reports are compared in report_compare.c.
 */
#include "model/report_in.h"

#include <stdio.h>
#include <string.h>

rc_report_reading rc_report_reading_default(void)
{
    return (rc_report_reading){0};
}

rc_report_options rc_report_options_default(void)
{
    return (rc_report_options){.resamples = 1000, .level = 0.95, .seed = 1};
}

/* ---- room -------------------------------------------------------------------------------- */

static size_t doubled(size_t cap, size_t need)
{
    return need > 2 * cap ? need + 16 : 2 * cap;
}

/* Room for `need` labels; with confidences where `sure`. */
static rc_status grow_labels(rc_report *r, size_t need, bool sure)
{
    if (need > r->cap_labels) {
        const size_t more = doubled(r->cap_labels, need);
        int32_t *gold = rcb_realloc(r->gold, r->cap_labels, more, sizeof *gold);

        r->gold = gold ? gold : r->gold;
        int32_t *said = gold ? rcb_realloc(r->said, r->cap_labels, more, sizeof *said) : NULL;

        r->said = said ? said : r->said;
        if (!said)
            return RC_ENOMEM;
        r->cap_labels = more;
    }
    if (sure && r->cap_labels > r->cap_sure) {
        double *grown = rcb_realloc(r->sure, r->cap_sure, r->cap_labels, sizeof *grown);

        if (!grown)
            return RC_ENOMEM;
        r->sure = grown;
        r->cap_sure = r->cap_labels;
    }
    return RC_OK;
}

/* Room for one more sequence. */
static rc_status grow_sequences(rc_report *r)
{
    if ((size_t)r->n + 1 < r->cap_start)
        return RC_OK;
    const size_t more = doubled(r->cap_start, (size_t)r->n + 2);
    int64_t *start = rcb_realloc(r->start, r->cap_start, more, sizeof *start);

    r->start = start ? start : r->start;
    rcm_origin *from = start ? rcb_realloc(r->from, r->cap_start, more, sizeof *from) : NULL;

    r->from = from ? from : r->from;
    if (!from)
        return RC_ENOMEM;
    r->cap_start = more;
    return RC_OK;
}

/* ---- the owner --------------------------------------------------------------------------- */

static rc_status add_names(rc_report *r, const char *const labels[], int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t id;

        RC_TRY(rcd_tags_add(&r->labels, labels[i], strlen(labels[i]), &id));
        if (id != i)
            return RC_FAIL(RC_EINVAL, "cannot make a report: label '%s' comes twice", labels[i]);
    }
    return RC_OK;
}

rc_status rc_report_new(rc_report **out, const char *const labels[], int32_t count)
{
    rc_report *r = rcb_calloc(1, sizeof *r);

    *out = NULL;
    if (!r)
        return RC_ENOMEM;

    rc_status status = grow_sequences(r);

    if (status == RC_OK) {
        r->start[0] = 0;
        status = add_names(r, labels, count);
    }

    if (status != RC_OK)
        rc_report_free(r);
    else
        *out = r;
    return status;
}

void rc_report_free(rc_report *r)
{
    if (!r)
        return;
    rcd_tags_free(&r->labels);
    rcd_names_free(&r->files);
    rcb_free(r->start);
    rcb_free(r->gold);
    rcb_free(r->said);
    rcb_free(r->sure);
    rcb_free(r->from);
    rcb_free(r);
}

rc_status rc_report_label(rc_report *r, const char *label, size_t n, int32_t *id)
{
    return rcd_tags_add(&r->labels, label, n, id);
}

/* ---- sequences --------------------------------------------------------------------------- */

static rc_status check_labels(const rc_report *r, int64_t n, const int32_t gold[],
                              const int32_t said[], const double confidence[])
{
    if (n < 0 || n > INT32_MAX)
        return RC_FAIL(RC_EINVAL, "cannot add to a report: a sequence of %" PRId64 " labels", n);
    for (int64_t i = 0; i < n; i++) {
        const int32_t worse = gold[i] < 0 || gold[i] >= r->labels.names.n ? gold[i] : said[i];

        if (worse < 0 || worse >= r->labels.names.n)
            return RC_FAIL(RC_EINVAL,
                           "cannot add to a report: id %" PRId32 " at place %" PRId64
                           ", there are %" PRId32 " labels",
                           worse, i, r->labels.names.n);
        if (confidence && !(confidence[i] >= 0 && confidence[i] <= 1))
            return RC_FAIL(RC_EINVAL,
                           "cannot add to a report: %g at place %" PRId64 " is no probability",
                           confidence[i], i);
    }
    return RC_OK;
}

rc_status rcm_report_add_from(rc_report *r, int64_t n, const int32_t gold[], const int32_t said[],
                              const double confidence[], rcm_origin from)
{
    RC_TRY(check_labels(r, n, gold, said, confidence));
    const bool sure = confidence && !r->unsure && n > 0;

    const int64_t at = r->start[r->n];

    RC_TRY(grow_sequences(r));
    RC_TRY(grow_labels(r, (size_t)(at + n), sure));

    if (n > 0) {
        memcpy(r->gold + at, gold, (size_t)n * sizeof *gold);
        memcpy(r->said + at, said, (size_t)n * sizeof *said);
    }
    if (sure)
        memcpy(r->sure + at, confidence, (size_t)n * sizeof *confidence);
    r->unsure = r->unsure || (n > 0 && !confidence);
    r->from[r->n] = from;
    r->start[++r->n] = at + n;
    return RC_OK;
}

rc_status rc_report_add(rc_report *r, int64_t n, const int32_t gold[], const int32_t said[],
                        const double confidence[])
{
    return rcm_report_add_from(r, n, gold, said, confidence, (rcm_origin){-1, 0});
}

rc_status rcm_report_check(const rc_report *r, const rc_report_options *o)
{
    enum { MOST = 1000000 };

    if (o->resamples < 0 || o->resamples > MOST)
        return RC_FAIL(RC_EINVAL,
                       "cannot draw %" PRId64 " times: the number of resamples is 0 to %d",
                       o->resamples, MOST);
    if (!(o->level > 0 && o->level < 1))
        return RC_FAIL(RC_EINVAL, "cannot make intervals of level %g: it is between 0 and 1",
                       o->level);
    if (r->start[r->n] == 0)
        return RC_FAIL(RC_EDATA, "cannot measure a report without labels");
    return RC_OK;
}

void rcm_report_place(const rc_report *r, int64_t i, int64_t position, char out[RCM_PLACE])
{
    const rcm_origin from = r->from[i];

    if (from.file >= 0)
        (void)snprintf(out, RCM_PLACE, "line %" PRId64 " of '%s'", from.line + position,
                       rcd_names_at(&r->files, from.file, NULL));
    else
        (void)snprintf(out, RCM_PLACE, "label %" PRId64 " of sequence %" PRId64, position + 1,
                       i + 1);
}
