/* repro.h -- what recur repro runs: an experiment of a paper, done again with data, settings and
 * statistics of that paper, as trainings that go on after any stop.
 *
 * A repro is one const table (repro_foo) in repro_foo.c and one line in repros.def.
 */
#ifndef RECUR_CLI_REPRO_H
#define RECUR_CLI_REPRO_H

#include "trials.h"

typedef struct repro {
    const char *name;
    const char *help; /* one line */
    const char *paper;
    int (*run)(const opts *o); /* an exit code */
} repro;

/* Repro i in the order of repros.def; NULL past the end. */
const repro *repro_at(size_t i);

/* The path of a file of the data folder (--data, or RECUR_DATA), packed or not; free() it.
 * OPT_GO_ON, or an exit code after a message. */
int repro_data(const opts *o, const char *file, char **path);

/* ---- odyssey_report.c ----------------------------------------------------------------------- */

/* A setting that is drawn at random. */
typedef struct odyssey_setting {
    const char *name; /* of the option */
    double lo, hi;
    bool log;      /* every factor as likely as another of its size */
    bool from_one; /* of 1 minus the value */
} odyssey_setting;

enum { ODYSSEY_VARIANTS = 9, ODYSSEY_SETTINGS = 4 };

typedef struct odyssey_variant {
    const char *name, *cell, *help;
} odyssey_variant;

/* Trial i is of variant i mod ODYSSEY_VARIANTS; the first is what the others are compared with. */
extern const odyssey_variant odyssey_variants[ODYSSEY_VARIANTS];
extern const odyssey_setting odyssey_settings[ODYSSEY_SETTINGS];
/* What was drawn for a trial. */
double odyssey_value(const trial *t, const odyssey_setting *s);

/* Tell what the trials say so far. An exit code. */
int odyssey_report(const trials *s);

#endif
