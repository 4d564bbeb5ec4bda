/* trials.h -- the trials of a search: which there are, how far each is, and training them. */
#ifndef RECUR_CLI_TRIALS_H
#define RECUR_CLI_TRIALS_H

#include "opts.h"
#include "runs.h"

typedef struct trial {
    int64_t number; /* from 1 */
    rc_config *config;
    char *path;   /* of the model */
    run *run;     /* what its log says; NULL: it has not begun */
    bool busy;    /* another search trains it */
    bool refused; /* its options do not fit together */
    bool dropped; /* others were better at the end of a round */
} trial;

typedef struct trials {
    const opts *o;
    const char *dir;
    rc_space *space;
    trial *at;
    int64_t count;
    int64_t halving;           /* after a round one trial in so many goes on; 0: no rounds */
    double deadline;           /* say_clock(); 0: none */
    bool out_of_time, waiting; /* why trials are left: for others too */
    int lock;                  /* the file search.json, or -1 */
} trials;

/* Make the trials that the options describe, in their folder, with what was done there before.
 * OPT_GO_ON, or an exit code after a message; trials_close() in any case. */
int trials_open(trials *s, const opts *o);
/* Train what is left. OPT_GO_ON when there is something to tell, or an exit code. */
int trials_run(trials *s);
void trials_close(trials *s);

/* "lr 0.01  hidden 64" */
const char *trial_options(const trials *s, const trial *t, char out[RUN_ROOM]);
/* finished, stopped, ... of the run; or refused, dropped, running, waiting. */
const char *trial_state(const trial *t);
/* No trial could begin. */
bool trials_are_refused(const trials *s);
/* The trial that validates best ; NULL: none has been validated. */
const trial *trials_best(const trials *s);

#endif
