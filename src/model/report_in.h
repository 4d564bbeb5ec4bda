/* report_in.h -- what the files of reports share: the sequences as they came, and their counts, of
 * which every number that is drawn anew is made.
 */
#ifndef RCM_REPORT_IN_H
#define RCM_REPORT_IN_H

#include "model/model.h"

/* Where a sequence was read. */
typedef struct rcm_origin {
    int32_t file; /* a number of rc_report.files; -1: nowhere */
    int64_t line; /* its first, from 1; the labels of a sequence are one a line */
} rcm_origin;

struct rc_report {
    rcd_tags labels;
    int64_t n;      /* sequences */
    int64_t *start; /* (n+1) labels before sequence i */
    int32_t *gold;  /* (start[n]) */
    int32_t *said;  /* (start[n]) */
    double *sure;   /* (start[n]) confidence, unless */
    bool unsure;    /* a label came without */
    rcd_names files;
    rcm_origin *from; /* (n) */
    size_t cap_start, cap_labels, cap_sure;
};

/* rc_report_add() of what was read somewhere. */
rc_status rcm_report_add_from(rc_report *r, int64_t n, const int32_t gold[], const int32_t said[],
                              const double confidence[], rcm_origin from);
/* The n bytes of a file that is at hand; see rc_report_read(). */
rc_status rcm_report_parse(rc_report *r, const char *path, const void *bytes, size_t n,
                           const rc_report_reading *how);
/* "line 12 of 'a.txt'", or "label 3 of sequence 7", counted from 1: where label `position` of
 * sequence i stands. */
enum { RCM_PLACE = 256 };
void rcm_report_place(const rc_report *r, int64_t i, int64_t position, char out[RCM_PLACE]);
/* RC_EINVAL: options that cannot be; RC_EDATA: no labels in the report. */
rc_status rcm_report_check(const rc_report *r, const rc_report_options *o);

/* The scheme that options name, or that of the gold tags. RC_EINVAL: no such scheme. */
rc_status rcm_report_scheme(const rc_report *r, const rc_report_options *o, rcd_scheme *out);

/* ---- counts (report_counts.c) ------------------------------------------------------------ */

/* How often a label is gold, said, and both. */
typedef struct rcm_class_count {
    int64_t gold, said, right;
} rcm_class_count;

/* The same within a sequence. */
typedef struct rcm_entry {
    int32_t label, gold, said, right;
} rcm_entry;

/* The counts of each sequence of a report; nothing else of it is needed to draw it anew. Owner:
 * zero-initialise, free with rcm_counts_free(). */
typedef struct rcm_counts {
    int64_t n;      /* sequences */
    int32_t labels; /* that there can be */
    int64_t *at;    /* (n+1) entries before sequence i */
    rcm_entry *entry;
    rcd_span_count *spans; /* (n); NULL: there are none */
    size_t cap_entry;
} rcm_counts;

/* id: what labels are called here, (report's labels), or NULL: as there; `labels`: how many there
 * can be then. */
rc_status rcm_counts_new(rcm_counts *out, const rc_report *r, bool spans, const int32_t *id,
                         int32_t labels);
void rcm_counts_free(rcm_counts *c);

/* Counts of several sequences. Owner. */
typedef struct rcm_tally {
    int32_t labels;
    rcm_class_count *label; /* (labels) */
    rcd_span_count spans;
} rcm_tally;
rc_status rcm_tally_new(rcm_tally *out, int32_t labels);
void rcm_tally_free(rcm_tally *t);
void rcm_tally_clear(rcm_tally *t);
/* Add sequence i times[i] times (NULL: once each). */
void rcm_tally_add(rcm_tally *t, const rcm_counts *c, const int32_t *times);
/* The numbers that come of it; of spans NaN where `spans` is false. */
void rcm_tally_scores(const rcm_tally *t, bool spans, double score[RC_SCORES]);

/* Precision, recall and F1 of counts. */
rc_found rcm_found(int64_t gold, int64_t said, int64_t right);

/* ---- drawing anew (report_draw.c) -------------------------------------------------------- */

/* How often each of n sequences is in resample number i of a bootstrap: n are drawn, with putting
 * back. A function of key and number alone. */
void rcm_draw_times(rcb_key key, int64_t number, int64_t n, int32_t *times);
/* For each of n sequences a coin: 0 or 1, of shuffle number i. */
void rcm_draw_coins(rcb_key key, int64_t number, int64_t n, int32_t *coin);
/* The bounds between which the middle `level` of x (n) lies; x is sorted. */
void rcm_bounds(double *x, int64_t n, double level, rc_bounded *out);
/* Two-sided exact binomial test of a against b at even chances. */
double rcm_even_test(int64_t a, int64_t b);

#endif
