/* reports.h -- random reports for the tests of model/report*.c. */
#ifndef REPORTS_H
#define REPORTS_H

#include "check.h"
#include "model/report_in.h"

/* Gold labels and what two said of them, in one piece. */
enum { REPORTS_MOST = 4096 };
typedef struct reports_random {
    int64_t n;
    int64_t start[REPORTS_MOST + 1];
    int32_t gold[REPORTS_MOST], said[2][REPORTS_MOST];
    double sure[REPORTS_MOST];
} reports_random;

/* n sequences of up to `longest` labels (least 1) below `labels`. */
static inline void reports_draw(reports_random *r, int64_t n, int64_t longest, int32_t labels)
{
    r->n = n;
    r->start[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        r->start[i + 1] = r->start[i] + pick(1, longest);
        assert_true(r->start[i + 1] <= REPORTS_MOST);
    }
    for (int64_t k = 0; k < r->start[n]; k++) {
        r->gold[k] = (int32_t)pick(0, labels - 1);
        for (int who = 0; who < 2; who++)
            r->said[who][k] = pick(0, 2 + who) ? r->gold[k] : (int32_t)pick(0, labels - 1);
        r->sure[k] = (double)pick(0, 1000) / 1000;
    }
}

/* A report of what one said; times (n): how often each sequence comes, NULL: once. */
static inline rc_report *reports_make(const reports_random *r, int who, const char *const *labels,
                                      int32_t count, const int32_t *times)
{
    rc_report *out;

    CHECK_STATUS(rc_report_new(&out, labels, count), RC_OK);
    for (int64_t i = 0; i < r->n; i++)
        for (int32_t k = 0; k < (times ? times[i] : 1); k++)
            CHECK_STATUS(rc_report_add(out, r->start[i + 1] - r->start[i], r->gold + r->start[i],
                                       r->said[who] + r->start[i], NULL),
                         RC_OK);
    return out;
}

/* The numbers of a report, without bounds. */
static inline void reports_scores(const rc_report *r, const char *scheme, double out[RC_SCORES])
{
    rc_report_options o = rc_report_options_default();
    rc_scores *s;

    o.resamples = 0;
    o.scheme = scheme;
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
    for (int k = 0; k < RC_SCORES; k++) {
        out[k] = s->score[k].value;
        assert_true(isnan(s->score[k].lo) && isnan(s->score[k].hi));
    }
    rc_scores_free(s);
}

static const char *const reports_tags[] = {"O", "B-A", "I-A", "B-B", "I-B"};
enum { REPORTS_TAGS = sizeof reports_tags / sizeof *reports_tags };

#endif
