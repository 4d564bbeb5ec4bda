/* runlog.h -- what a training leaves behind of itself: a log of JSON lines beside the model, which
 * recur runs reads, and event files for TensorBoard.
 *
 * A log has a line "begin" for every sitting, with the configuration, then what progress.c reports,
 * and a line "end" if the program lived to write it. While a training writes it, it is locked.
 */
#ifndef RECUR_CLI_RUNLOG_H
#define RECUR_CLI_RUNLOG_H

#include <stdio.h>
#include "opts.h"

typedef struct runlog {
    FILE *file;       /* NULL: no log */
    const char *path; /* of the log, borrowed */
    bool lost;        /* a line did not get there */
    rc_scalars *scalars;
    const char *scalars_dir;
    bool scalars_lost;
    double loss_sum; /* since the scalars before */
    int64_t losses;
    bool text; /* perplexity means something */
    int threads;
    const char *isa;
} runlog;

/* What a line says that the library does not know. */
typedef struct runlog_clock {
    double loss;    /* mean of the last steps */
    double rate;    /* tokens per second */
    double seconds; /* since the sitting began */
} runlog_clock;

/* How much of what is said is right. */
typedef struct rightness {
    double wrong; /* part of the labels; NaN: there are none */
    double spans; /* F1 of them; NaN: likewise */
} rightness;

/* How a sitting ended. */
typedef struct runlog_end {
    const char *state;       /* "finished", "stopped" or "failed" */
    const char *why;         /* of a failure, or NULL */
    rc_record last;          /* of which place and tokens count */
    rc_record best;          /* valid NaN: none */
    double test, test_chars; /* NaN: not scored */
    double valid_chars;      /* characters per symbol; 0: not known */
    rightness valid_right, test_right;
    double seconds, rate;
} runlog_end;

/* The name of the log that a model has unless told otherwise; free() it. NULL: out of memory. */
char *runlog_path(const char *model);

/* Open a log (path NULL: none) and a folder of event files (NULL: none) for a training. `again`
 * goes on with what is there. OPT_GO_ON, or an exit code; runlog_close() in any case. */
int runlog_open(runlog *l, const rc_trainer *t, const char *path, const char *tensorboard,
                bool again);
/* Another process writes to it. Not for a log that this one has open. */
bool runlog_is_busy(const char *path);
/* The first line of a sitting. */
void runlog_begin(runlog *l, const rc_trainer *t, const char *model, bool again);
void runlog_event(runlog *l, const rc_progress *e, const char *event, const runlog_clock *c);
/* The numbers of an event for TensorBoard, if they are due. */
void runlog_scalars(runlog *l, const rc_progress *e, double rate);
void runlog_finish(runlog *l, const runlog_end *e);
/* `code`, or that of a failure, with a message, when it was EXIT_DONE and something is lost. */
int runlog_close(runlog *l, int code);

#endif
