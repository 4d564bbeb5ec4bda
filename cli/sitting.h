/* sitting.h -- one sitting of training, from the first step to the last words: train and resume. */
#ifndef RECUR_CLI_SITTING_H
#define RECUR_CLI_SITTING_H

#include "opts.h"

/* Rows of the options that a sitting reads, besides --json and --quiet. */
#define OPT_SITTING OPT_THREADS, OPT_TIME, OPT_LOG, OPT_TENSORBOARD, OPT_REPORT

/* OPT_GO_ON, or the exit code for options that cannot be. */
int sitting_check(const opts *o);
rc_trainer_options sitting_options(const opts *o);
/* Train to the end or to a signal, show progress, print the results. An exit code. `path` is where
 * the model goes; `again` says that an earlier sitting has begun this run. */
int sitting_run(const opts *o, rc_trainer *t, const char *path, bool again);

/* One trial of a search: its log is that beside the model, no line stays on the screen, nothing is
 * printed. */
typedef struct sitting_trial {
    const char *tensorboard; /* folder of event files; NULL: none */
    rc_progress_fn judge;    /* what comes after each event */
    void *ctx;
    const char *head; /* of the line of progress */
    bool introduces;  /* say what is trained */
    int64_t after;    /* trials that come after it */
    double each;      /* seconds that one takes; NaN: as long as this one */
} sitting_trial;

/* OPT_GO_ON and what rc_trainer_run() said, or an exit code after a message. */
int sitting_run_trial(const opts *o, rc_trainer *t, const char *path, bool again,
                      const sitting_trial *trial, rc_status *status);
/* A signal has asked to stop. */
bool sitting_interrupted(void);

#endif
