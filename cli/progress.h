/* progress.h -- what a training run says while it runs: a line for people, reports for its log. */
#ifndef RECUR_CLI_PROGRESS_H
#define RECUR_CLI_PROGRESS_H

#include "recur.h"
#include "runlog.h"

typedef struct progress_options {
    bool quiet;
    double report;    /* seconds between two reports */
    double time;      /* seconds that training may take; 0: no limit */
    runlog *log;      /* borrowed */
    bool words;       /* symbols are words: perplexity says more than bits per character */
    bool fleeting;    /* no line stays */
    const char *head; /* of the line: which of several trainings it is; NULL: there is one */
    int64_t after;    /* trainings after this one */
    double each;      /* seconds that each of them takes; NaN: as many as this one */
} progress_options;

typedef struct progress {
    progress_options set;
    bool live;    /* stderr is a terminal: rewrite one line */
    bool drawn;   /* a line stands unfinished */
    double began; /* clocks are say_clock() */
    double drawn_at;
    double reported_at;
    double event_at;    /* the event before */
    double aside;       /* seconds spent on anything but steps */
    int64_t first_step; /* the step before this sitting */
    int64_t first_tokens;
    double window_at[2]; /* two marks of training time for the rate, and the tokens then */
    int64_t window_tokens[2];
    double loss_sum; /* exponential mean of the loss, and its weight */
    double loss_weight;
    bool seen;        /* an event came */
    rc_progress last; /* the event before */
    bool valid_known;
    bool test_known;
    double test; /* nats per symbol of the test text, and its characters per symbol */
    rightness test_right;
    double test_chars;
    double valid_chars;    /* of the last validation; 0: not known */
    rightness valid_right; /* of the best one */
    int64_t skipped;
} progress;

void progress_begin(progress *p, const progress_options *set);
/* Take in one event, and show what is due. `wanted`: report now (SIGUSR1). */
void progress_event(progress *p, const rc_progress *e, bool wanted);
/* Finish the line that stands, if one does. */
void progress_end(progress *p);

double progress_seconds(const progress *p); /* since the beginning */
double progress_rate(const progress *p);    /* trained tokens per second of this sitting */

#endif
