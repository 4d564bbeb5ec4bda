/* trials.h -- the trials of a search: which there are, how far each is, and training them. What
 * they are is up to whoever searches: recur search, recur repro; recur train with several seeds or
 * folds (many.h), where they differ by chance alone. */
#ifndef RECUR_CLI_TRIALS_H
#define RECUR_CLI_TRIALS_H

#include <jansson.h>
#include "opts.h"
#include "runs.h"

enum { TRIALS_MOST = 100000, TRIAL_NAME = 64 };

/* What they are called. */
typedef struct trials_words {
    const char *one;    /* "trial" */
    const char *all;    /* "search": what they are together, and */
    const char *doing;  /* doing it; both as in "cannot search in" */
    const char *record; /* the file in their folder that says what they are */
    const char *stem;   /* what their names begin with */
    const char *place;  /* the option that names the folder */
} trials_words;
extern const trials_words trials_of_search;

/* What is searched. All is borrowed. */
typedef struct trials_plan {
    const char *dir;
    const trials_words *words;
    bool alike; /* they differ by chance alone: none is the best, what one cannot none can, and
                   there may be more of them next time */
    int64_t count;
    int64_t halving;         /* after a round one trial in so many goes on; 0: no rounds */
    bool with_test;          /* score the test data of those that end */
    bool look;               /* nothing is trained or written: there must be trials */
    double time;             /* seconds; 0: no limit */
    const char *tensorboard; /* folder of event files; "": none */
    const rc_config *base;   /* what they have in common */
    json_t *about;           /* what else the record tells of them */
    const rc_space *space;   /* names the options that differ */
    /* The configuration of trial i, from 0; the caller frees it. */
    rc_status (*make)(const void *ctx, int64_t i, rc_config **out);
    /* The name of its files but for what they end in; NULL: trial-001. */
    void (*name)(const rc_config *c, char out[TRIAL_NAME]);
    const void *ctx;
} trials_plan;

typedef struct trial {
    int64_t number; /* from 1 */
    char name[TRIAL_NAME];
    rc_config *config;
    char *path;   /* of the model */
    run *run;     /* what its log says; NULL: it has not begun */
    bool busy;    /* another search trains it */
    bool refused; /* its options do not fit together */
    bool dropped; /* others were better at the end of a round */
} trial;

typedef struct trials {
    const opts *o; /* threads, report, quiet */
    trials_plan plan;
    trial *at;                 /* (plan.count) */
    double began;              /* clocks are say_clock() */
    int64_t ended;             /* trials that this sitting has seen the end of */
    bool told;                 /* what the model is */
    double deadline;           /* 0: none */
    bool out_of_time, waiting; /* why trials are left: for others too */
    int64_t elsewhere;         /* trials that others train; see trials_refresh() */
    bool made;                 /* the folder is of this sitting */
    int lock;                  /* the record, or -1 */
} trials;

/* Make the trials of a plan, in their folder, with what was done there before. OPT_GO_ON, or an
 * exit code after a message; trials_close() in any case. */
int trials_open(trials *s, const opts *o, const trials_plan *plan);
/* Train what is left. OPT_GO_ON when there is something to tell, or an exit code. */
int trials_run(trials *s);
/* Say what is left and why: the time was over, others are at it. After trials_refresh(). */
void trials_tell_left(const trials *s);
/* Read the logs of all trials again: others may have been at them since. An exit code or
 * OPT_GO_ON. */
int trials_refresh(trials *s);
void trials_close(trials *s);
/* How many epochs a training may have; 0: no limit, or no epochs in this task. */
int64_t trials_epochs(const rc_config *c);

/* (trial_record.c) Open the record, or begin it, and see that it is of these trials; as
 * trials_open(). */
int trials_record(trials *s);
/* Take the folder away again where it was made for nothing: no trial has begun. */
void trials_forget(const trials *s);
/* Every trial reads the data, and standard input can be read once. OPT_GO_ON, or the exit code of
 * misuse. */
int trials_check_data(const opts *o, const trials_words *words);
/* Lock or unlock (F_WRLCK, F_UNLCK) one byte of it: 0 is of itself, N of trial N. False: somebody
 * has it. */
bool trials_lock(const trials *s, int64_t byte, int type, bool wait);

/* "lr 0.01  hidden 64" */
const char *trial_options(const trials *s, const trial *t, char out[RUN_ROOM]);
/* finished, stopped, ... of the run; or refused, dropped, running, waiting. */
const char *trial_state(const trial *t);
/* No trial could begin. */
bool trials_are_refused(const trials *s);
/* The trial that validates best ; NULL: none has been validated. */
const trial *trials_best(const trials *s);

#endif
