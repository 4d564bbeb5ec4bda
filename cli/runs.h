/* runs.h -- runs read back from their logs (runlog.h): what they were, how far they came, how well.
 */
#ifndef RECUR_CLI_RUNS_H
#define RECUR_CLI_RUNS_H

#include <jansson.h>
#include "opts.h"
#include "plot.h"
#include "table.h"

/* A moment of a run. NaN: not measured then. */
typedef struct run_point {
    double step, epoch, tokens;
    double seconds; /* of all sittings */
    double loss, valid, judged;
    bool ends; /* an epoch ends here */
} run_point;

/* How well data was found out. NaN: not known. */
typedef struct run_score {
    double loss, bits; /* per symbol; per character */
    double right;      /* part of the labels */
    double spans;      /* F1 of them */
} run_score;

/* What the score of the test data was made of. NaN: not known. */
typedef struct run_counts {
    double losses; /* that its loss is the mean of */
    double labels, wrong;
    double spans, spans_said, spans_right;
} run_counts;

/* Texts may be NULL, numbers NaN: not known. */
typedef struct run {
    char *path;    /* of the log */
    char *name;    /* of the model, where the log has the name that goes with it; else the log's */
    char *model;   /* as the log has it */
    char *begun;   /* when, in UTC */
    char *measure; /* of the losses */
    char *symbol;  /* char, word, ...; NULL: the task has none */
    char *task, *cell, *size;
    char *state; /* finished, stopped, failed, running or killed */
    char *score; /* the best validation in other words: "2.218 bits/char" */
    json_t *config;
    double parameters, epoch, step, tokens, seconds, rate;
    double valid, judged; /* of the best validation, which judged less than any other */
    double best_step, test;
    run_score best_score, test_score; /* of which valid and test are the losses */
    run_counts test_counts;
    run_point *points;
    size_t count, cap;
    double before; /* seconds of the sittings before the last */
} run;

typedef struct runs {
    run **at;
    size_t count, cap;
} runs;

/* Add the run of a log, of a model that has one beside it, or all of a folder and those in it,
 * whose names end in .log.jsonl. OPT_GO_ON, or an exit code after a message. */
int runs_add(runs *r, const char *path);
/* The run of a log. *out NULL: there is no such file, or it holds no run. */
int runs_read(run **out, const char *path);
void runs_free(runs *r);
void run_free(run *r);

/* What is known of a run, as columns. */
typedef enum run_kind { RUN_TEXT, RUN_COUNT, RUN_LOSS, RUN_SECONDS } run_kind;
typedef struct run_column {
    const char *name;
    const char *help;
    run_kind kind;
    size_t at;  /* of a char * or a double in a run */
    bool shown; /* in the table; all are in JSON and CSV */
} run_column;
/* Column i; NULL past the end. */
const run_column *run_column_at(size_t i);
/* A value for people, or (`plain`) for programs; "-" or "" when it is not known. */
enum { RUN_ROOM = 256 };
const char *run_text(const run *r, const run_column *c, bool plain, char out[RUN_ROOM]);
/* Rising, with what is not known last; texts by letters and numbers in them. */
int run_compare(const run *a, const run *b, const run_column *c);
/* All columns, and the configuration. */
json_t *run_json(const run *r);
/* An option as text, "" when the task has none. */
const char *run_option(const run *r, const char *name);

/* What a curve may run over; NULL past the end. */
const run_column *run_axis_at(size_t i);
/* Draw the validation losses of runs, of one run its training losses too, over an axis of that
 * list: on the terminal, or into the file `svg`. Of too many the best are drawn. An exit code. */
int runs_draw(const opts *o, const runs *all, const char *axis, const char *svg);

#endif
