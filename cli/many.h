/* many.h -- one training done many times, with several seeds or on each fold in turn: trials
 * (trials.h) that differ by chance alone, in a folder, and what they say together.
 */
#ifndef RECUR_CLI_MANY_H
#define RECUR_CLI_MANY_H

#include "opts.h"

/* How many trainings a command line and its configuration ask for; 0: one, of a model by itself. */
int64_t many_count(const opts *o, const rc_config *c);
/* May they be trained as the command line has it? OPT_GO_ON, or the exit code of misuse. */
int many_check(const opts *o, const rc_config *c);
/* Train all that are not finished, as --seeds, --folds and --out of recur train say. An exit
 * code. */
int many_train(const opts *o, const rc_config *c);
/* Go on with those of a folder. An exit code. */
int many_resume(const opts *o, const char *dir);

/* ---- many_report.c -------------------------------------------------------------------------- */

struct trials;

/* Print a table of the runs, and mean, deviation and interval of all that they measure; write the
 * same into summary.json of their folder. An exit code. */
int many_report(struct trials *s);

#endif
