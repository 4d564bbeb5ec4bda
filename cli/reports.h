/* reports.h -- what recur report and recur compare share: reading files of what was said, and
 * saying what they amount to.
 */
#ifndef RECUR_CLI_REPORTS_H
#define RECUR_CLI_REPORTS_H

#include "cmd.h"

/* Read files into one report by the options labels and delimiter; *out is NULL but after OPT_GO_ON,
 * and the message of a failure is out. */
int reports_read(const opts *o, const char *const *paths, size_t count, rc_report **out);
/* By the options scheme, resamples, level and seed. */
rc_report_options reports_options(const opts *o);
/* The line below results that says what the intervals are. */
void reports_print_chance(const rc_report_options *o, const char *what);

/* "97.53 (97.31 to 97.74)": percent. */
enum { REPORTS_ROOM = 64 };
const char *reports_percent(char out[REPORTS_ROOM], const rc_bounded *b);
json_t *reports_json_bounded(const rc_bounded *b);

/* How recur report prints: entry i of the list "reports". */
bool report_format(size_t i, rc_entry *out);

/* ---- report_show.c -------------------------------------------------------------------------- */

/* For people. False: memory ran out. */
bool report_print(const rc_scores *s, const rc_report_options *o);
/* Every label against every other, a row for each gold one. */
bool report_print_matrix(const rc_scores *s);
/* What conlleval prints. */
void report_print_conlleval(const rc_scores *s);

/* ---- report_json.c, report_svg.c ------------------------------------------------------------ */

json_t *report_json(const rc_scores *s, const rc_report_options *o);
/* A reliability diagram, where there are confidences, and what was said for what. False: errno says
 * why. */
bool report_save_svg(const rc_scores *s, const char *path);

#endif
