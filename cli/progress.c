/* progress.c -- the line that training shows, and the reports of its log.
 *
 * On a terminal one line is rewritten ten times a second and left standing after a validation;
 * elsewhere a line is printed per report. The loss shown is an exponential mean over about 50
 * steps; the rate counts the time of steps only, so that a validation does not look like a slow
 * step.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "progress.h"

#define LOSS_MEMORY 0.98 /* 1 - 1/50 */
#define WINDOW 4.0       /* seconds that the rate looks back, and up to twice that */
#define REDRAW 0.1

void progress_begin(progress *p, const progress_options *set)
{
    const char *term = getenv("TERM");
    *p = (progress){.set = *set,
                    .valid_right = {nan(""), nan("")},
                    .test = nan(""),
                    .test_right = {nan(""), nan("")}};
    p->live = !set->quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    p->began = p->event_at = p->reported_at = say_clock();
}

double progress_seconds(const progress *p)
{
    return say_clock() - p->began;
}

double progress_rate(const progress *p)
{
    const double spent = p->event_at - p->began - p->aside;
    return spent > 0 ? (double)(p->last.tokens - p->first_tokens) / spent : 0;
}

/* Tokens per second over the last few seconds of training. */
static double recent_rate(const progress *p)
{
    const double spent = p->event_at - p->began - p->aside - p->window_at[0];
    return spent > 0 ? (double)(p->last.tokens - p->window_tokens[0]) / spent : 0;
}

/* Seconds left by steps or by --time, whichever is less; negative when nothing is known. */
static double seconds_left(const progress *p)
{
    const double spent = p->event_at - p->began;
    const int64_t done = p->last.step - p->first_step;
    double left = -1;
    if (p->last.steps > 0 && done > 0)
        left = spent / (double)done * (double)(p->last.steps - p->last.step);
    if (p->set.time > 0 && (left < 0 || p->set.time - spent < left))
        left = p->set.time - spent;
    return p->set.time > 0 && left < 0 ? 0 : left;
}

/* Of the trainings after this one, which has so many left. */
static double seconds_after(const progress *p, double left)
{
    const double each = isfinite(p->set.each) ? p->set.each : p->event_at - p->began + left;
    return each * (double)p->set.after;
}

static double mean_loss(const progress *p)
{
    return p->loss_weight > 0 ? p->loss_sum / p->loss_weight : nan("");
}

/* ---- the line ------------------------------------------------------------------------------- */

enum { LINE_ROOM = 256 };

RC_PRINTF(2, 3) static void add(char line[LINE_ROOM], const char *fmt, ...)
{
    const size_t used = strlen(line);
    va_list args;
    va_start(args, fmt);
    vsnprintf(line + used, LINE_ROOM - used, fmt, args);
    va_end(args);
}

/* Decimals of a loss: squared errors grow small. */
static int digits_of(double x)
{
    return fabs(x) < 0.1 ? 5 : 3;
}

static void write_line(const progress *p, char line[LINE_ROOM], bool validated)
{
    const rc_progress *e = &p->last;
    char room[SAY_ROOM];
    line[0] = '\0';
    const double left = seconds_left(p);
    const bool of_all = left >= 0 && p->set.after > 0; /* first of all: a narrow line is cut */
    if (p->set.head)
        add(line, "%s  ", p->set.head);
    if (of_all)
        add(line, "eta %s  ", say_seconds(room, left + seconds_after(p, left)));
    add(line, "epoch %" PRId64 "  step %" PRId64, e->epoch, e->step);
    if (e->steps > 0)
        add(line, "/%" PRId64, e->steps);
    if (p->loss_weight > 0)
        add(line, "  loss %.*f", digits_of(mean_loss(p)), mean_loss(p));
    if (p->valid_known)
        add(line, "  val %.*f%s", digits_of(e->valid), e->valid, e->is_best ? " (best)" : "");
    if (p->valid_known && isfinite(e->valid_wrong))
        add(line, "  %.2f%% right", 100 * (1 - e->valid_wrong));
    if (p->valid_known && isfinite(e->valid_spans))
        add(line, "  F1 %.2f", 100 * e->valid_spans);
    if (validated && p->set.words)
        add(line, "  %.2f perplexity", exp(e->valid));
    else if (validated && e->valid_chars > 0)
        add(line, "  %.3f bits/char", e->valid / e->valid_chars / log(2));
    if (recent_rate(p) > 0)
        add(line, "  %s %s/s", say_short(room, recent_rate(p)),
            strcmp(p->last.unit, "tokens") == 0 ? "tok" : p->last.unit);
    if (left >= 0 && !of_all)
        add(line, "  eta %s", say_seconds(room, left));
}

/* Rewrite the standing line; `stay` leaves it there and begins another. */
static void show(progress *p, bool stay, bool validated)
{
    char line[LINE_ROOM];
    stay = stay && !p->set.fleeting;
    if (p->set.quiet || (!p->live && !stay))
        return;
    write_line(p, line, validated);
    if (!p->live)
        fprintf(stderr, "%s\n", line);
    else if (stay)
        fprintf(stderr, "\r\x1b[K%s\n", line);
    else /* a line that wraps could not be rewritten */
        fprintf(stderr, "\r%.*s\x1b[K", say_columns(stderr) - 1, line);
    fflush(stderr);
    p->drawn = p->live && !stay;
    p->drawn_at = p->event_at;
}

void progress_end(progress *p)
{
    if (p->drawn)
        fputs("\r\x1b[K", stderr);
    p->drawn = false;
}

static void log_event(progress *p, const rc_progress *e, const char *event)
{
    const runlog_clock c = {mean_loss(p), recent_rate(p), p->event_at - p->began};
    runlog_event(p->set.log, e, event, &c);
}

/* ---- events --------------------------------------------------------------------------------- */

/* What the first event of a sitting begins with: the step before it. */
static void take_first(progress *p, const rc_progress *e)
{
    p->seen = true;
    p->first_step = e->event == RC_EVENT_STEP ? e->step - 1 : e->step;
    p->first_tokens = e->tokens;
    if (e->event == RC_EVENT_STEP && e->step == 1)
        p->first_tokens = 0;
    p->window_tokens[0] = p->window_tokens[1] = p->first_tokens;
}

static void take_step(progress *p, const rc_progress *e)
{
    if (isfinite(e->loss)) {
        p->loss_sum = LOSS_MEMORY * p->loss_sum + (1 - LOSS_MEMORY) * e->loss;
        p->loss_weight = LOSS_MEMORY * p->loss_weight + (1 - LOSS_MEMORY);
    }
    const double trained = p->event_at - p->began - p->aside;
    if (trained - p->window_at[1] >= WINDOW) {
        p->window_at[0] = p->window_at[1];
        p->window_tokens[0] = p->window_tokens[1];
        p->window_at[1] = trained;
        p->window_tokens[1] = e->tokens;
    }
}

/* A report is due: the log gets it always, the screen where lines are not rewritten. */
static void report(progress *p, const rc_progress *e)
{
    log_event(p, e, "report");
    show(p, !p->live, false);
    p->reported_at = p->event_at;
}

static void tell_skipped(progress *p, const rc_progress *e)
{
    p->skipped++;
    progress_end(p);
    if (!p->set.quiet)
        say("step %" PRId64 " skipped: '%s' is not finite", e->step, e->what ? e->what : "loss");
    log_event(p, e, "skipped");
}

void progress_event(progress *p, const rc_progress *e, bool wanted)
{
    const double now = say_clock();
    const bool step = e->event == RC_EVENT_STEP;
    if (!p->seen)
        take_first(p, e);
    if (!step)
        p->aside += now - p->event_at;
    p->event_at = now;
    p->last = *e;
    if (step)
        take_step(p, e);
    runlog_scalars(p->set.log, e, recent_rate(p));
    if (e->event == RC_EVENT_VALID) {
        p->valid_known = true;
        p->valid_chars = e->valid_chars;
        if (e->is_best)
            p->valid_right = (rightness){e->valid_wrong, e->valid_spans};
        show(p, true, true);
        log_event(p, e, "valid");
        p->reported_at = now;
    } else if (e->event == RC_EVENT_EPOCH) {
        log_event(p, e, "epoch");
    } else if (e->event == RC_EVENT_SAVED) {
        log_event(p, e, "saved");
    } else if (e->event == RC_EVENT_SKIPPED) {
        tell_skipped(p, e);
    } else if (e->event == RC_EVENT_TEST) {
        p->test_known = true;
        p->test = e->valid;
        p->test_chars = e->valid_chars;
        p->test_right = (rightness){e->valid_wrong, e->valid_spans};
        log_event(p, e, "test");
    } else if (now - p->reported_at >= p->set.report) {
        report(p, e);
    } else if (p->live && now - p->drawn_at >= REDRAW) {
        show(p, false, false);
    }
    if (wanted)
        show(p, true, false);
    p->last.counts = NULL; /* theirs were lent for the call */
}
