/* trials.c -- the trials of a search, each an ordinary training with its model, state and log.
 *
 * All that is known of a trial is in its files, so a search goes on by doing the same again: what
 * is finished is not touched, what was stopped or killed is resumed. What was searched is in
 * search.json (trial_record.c).
 *
 * With halving, all trials train for a few epochs, then the best of them for more, and so on
 * (successive halving, Jamieson and Talwalkar 2016). Who goes on is decided by the best validation
 * up to the end of that epoch, whatever came after.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "runlog.h"
#include "sitting.h"
#include "trials.h"

const trials_words trials_of_search = {
    .one = "trial",
    .all = "search",
    .doing = "search",
    .record = "search.json",
    .stem = "trial-",
    .place = "dir",
};

int64_t trials_epochs(const rc_config *c)
{
    const char *epochs = rc_config_get(c, "epochs");
    return epochs ? strtoll(epochs, NULL, 10) : 0;
}

/* ---- what there is -------------------------------------------------------------------------- */

static int read_log(trial *t)
{
    char *log = runlog_path(t->path);
    run *r = NULL;
    const int code = log ? runs_read(&r, log) : say_out_of_memory();
    free(log);
    if (code == OPT_GO_ON) {
        run_free(t->run);
        t->run = r;
    }
    return code;
}

static int make_trial(trials *s, int64_t i)
{
    trial *t = &s->at[i];
    const size_t room = strlen(s->plan.dir) + TRIAL_NAME + sizeof "/.model";
    t->number = i + 1;
    if (s->plan.make(s->plan.ctx, i, &t->config) != RC_OK)
        return say_library_failure();
    if (s->plan.name)
        s->plan.name(t->config, t->name);
    else
        snprintf(t->name, sizeof t->name, "trial-%03" PRId64, t->number);
    t->path = malloc(room);
    if (!t->path)
        return say_out_of_memory();
    snprintf(t->path, room, "%s/%s.model", s->plan.dir, t->name);
    return read_log(t);
}

int trials_open(trials *s, const opts *o, const trials_plan *plan)
{
    *s = (trials){.o = o, .plan = *plan, .began = say_clock(), .lock = -1};
    s->deadline = plan->time > 0 ? s->began + plan->time : 0;
    int code = trials_record(s);
    if (code == OPT_GO_ON && !(s->at = calloc((size_t)plan->count + 1, sizeof *s->at)))
        code = say_out_of_memory();
    for (int64_t i = 0; code == OPT_GO_ON && i < plan->count; i++)
        code = make_trial(s, i);
    return code;
}

void trials_close(trials *s)
{
    for (int64_t i = 0; s->at && i < s->plan.count; i++) {
        rc_config_free(s->at[i].config);
        run_free(s->at[i].run);
        free(s->at[i].path);
    }
    free(s->at);
    if (s->lock >= 0)
        close(s->lock);
    *s = (trials){.lock = -1};
}

/* ---- words ---------------------------------------------------------------------------------- */

const char *trial_options(const trials *s, const trial *t, char out[RUN_ROOM])
{
    size_t used = 0;
    const char *name;
    out[0] = '\0';
    for (size_t i = 0; (name = rc_space_name(s->plan.space, i)) && used < RUN_ROOM; i++)
        used += (size_t)snprintf(out + used, RUN_ROOM - used, "%s%s %s", i ? "  " : "", name,
                                 rc_config_get(t->config, name));
    return out;
}

static bool is_state(const trial *t, const char *state)
{
    return t->run && strcmp(t->run->state, state) == 0;
}

const char *trial_state(const trial *t)
{
    if (t->refused)
        return "refused";
    if (t->busy)
        return "running";
    if (!t->run)
        return "waiting";
    return t->dropped && !is_state(t, "finished") ? "dropped" : t->run->state;
}

const trial *trials_best(const trials *s)
{
    const trial *best = NULL;
    for (int64_t i = 0; i < s->plan.count; i++) {
        const run *r = s->at[i].run;
        if (r && isfinite(r->judged) && (!best || r->judged < best->run->judged))
            best = &s->at[i];
    }
    return best;
}

bool trials_are_refused(const trials *s)
{
    for (int64_t i = 0; i < s->plan.count; i++)
        if (!s->at[i].refused)
            return false;
    return s->plan.count > 0;
}

/* ---- training one --------------------------------------------------------------------------- */

typedef struct judge {
    trials *s;
    int64_t budget; /* epochs; 0: to the end */
} judge;

static rc_answer on_event(void *ctx, const rc_progress *e)
{
    const judge *j = ctx;
    trials *s = j->s;
    s->out_of_time = s->deadline > 0 && say_clock() >= s->deadline;
    if (s->out_of_time || (j->budget > 0 && e->event == RC_EVENT_EPOCH && e->epoch >= j->budget))
        return RC_PAUSE;
    return RC_GO;
}

static bool has_state(const trial *t)
{
    const size_t n = strlen(t->path) + sizeof ".state";
    char *path = malloc(n);
    bool there = false;
    if (path) {
        snprintf(path, n, "%s.state", t->path);
        there = access(path, F_OK) == 0;
    }
    free(path);
    return there;
}

/* Some of many trials may be impossible; what is wrong with the data or the disk is so for all. Of
 * runs that differ in seed and fold alone, what is wrong with the first is so for all. */
static int refuse(const trials *s, trial *t, rc_status status)
{
    const bool its_own = status == RC_EINVAL || status == RC_ESHAPE || status == RC_ENOMEM ||
                         (s->plan.alike && status == RC_EDATA);
    if (!its_own || (s->plan.alike && t->number == 1))
        return say_library_failure();
    say("%s %" PRId64 " is left out: %s", s->plan.words->one, t->number, rc_error_message());
    t->refused = true;
    return OPT_GO_ON;
}

/* The folder of its event files in that of the search; "" without one. free() it. */
static char *events_of(const trials *s, const trial *t)
{
    const char *dir = s->plan.tensorboard;
    const size_t n = strlen(dir) + sizeof t->name + 1;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s%s%s", dir, dir[0] ? "/" : "", dir[0] ? t->name : "");
    return path;
}

/* ---- rounds --------------------------------------------------------------------------------- */

/* The best validation of a trial up to the end of an epoch; of one that has ended, of all of it;
 * infinite if it failed. NaN: it is not so far. */
static double score_at(const trial *t, int64_t epoch)
{
    const run *r = t->run;
    double score = (double)INFINITY;
    if (t->refused || is_state(t, "failed"))
        return score;
    if (!r)
        return nan("");
    const bool ended = is_state(t, "finished");
    double end = ended ? (double)INFINITY : nan("");
    for (size_t i = 0; i < r->count; i++)
        if (r->points[i].ends && r->points[i].epoch >= (double)epoch) {
            end = r->points[i].step;
            break;
        }
    if (isnan(end))
        return end;
    for (size_t i = 0; i < r->count && r->points[i].step <= end; i++)
        score = fmin(score, r->points[i].judged);
    return score;
}

static bool is_done(const trial *t, int64_t budget)
{
    if (t->refused || is_state(t, "finished") || is_state(t, "failed"))
        return true;
    return budget > 0 && !isnan(score_at(t, budget));
}

/* Trials that are to be trained yet and that nobody else trains. */
static int64_t count_left(const trials *s)
{
    int64_t left = 0;
    for (int64_t i = 0; i < s->plan.count; i++)
        left += !s->at[i].busy && !is_done(&s->at[i], 0);
    return left;
}

/* " 54 trials/h  eta 1h02m", for others may help. Nothing at the last one, or in rounds. */
static const char *pace(const trials *s, char out[RUN_ROOM])
{
    char eta[SAY_ROOM], rate[SAY_ROOM];
    const double each = (say_clock() - s->began) / (double)(s->ended > 0 ? s->ended : 1);
    const int64_t left = count_left(s);
    out[0] = '\0';
    if (left > 0 && s->ended > 0 && each > 0 && s->plan.halving == 0)
        snprintf(out, RUN_ROOM, "  %s %ss/h  eta %s", say_short(rate, 3600 / each),
                 s->plan.words->one, say_seconds(eta, each * (double)left));
    return out;
}

static void tell(const trials *s, const trial *t)
{
    char options[RUN_ROOM], time[SAY_ROOM], rest[RUN_ROOM];
    const char *one = s->plan.words->one;
    const run *r = t->run;
    trial_options(s, t, options);
    pace(s, rest);
    if (!r || !isfinite(r->valid)) {
        say_unless_quiet(s->o, "%s %" PRId64 "/%" PRId64 "  %s  %s%s", one, t->number,
                         s->plan.count, options, trial_state(t), rest);
        return;
    }
    const bool scored = s->plan.alike && r->score, best = !s->plan.alike && trials_best(s) == t;
    say_unless_quiet(s->o, "%s %" PRId64 "/%" PRId64 "  %s  val %.*f%s%s%s  %s%s", one, t->number,
                     s->plan.count, options, fabs(r->valid) < 0.1 ? 6 : 4, r->valid,
                     best ? " (best)" : "", scored ? "  " : "", scored ? r->score : "",
                     say_seconds(time, r->seconds), rest);
}

static int sit(trials *s, const trial *t, rc_trainer *trainer, bool again, int64_t budget)
{
    rc_status status = RC_OK;
    judge j = {s, budget};
    char *events = events_of(s, t);
    if (!events)
        return say_out_of_memory();
    char head[RUN_ROOM];
    snprintf(head, sizeof head, "%s %" PRId64 "/%" PRId64, s->plan.words->one, t->number,
             s->plan.count);
    const sitting_trial how = {
        .tensorboard = events[0] ? events : NULL,
        .judge = on_event,
        .ctx = &j,
        .head = head,
        .introduces = s->plan.alike && !s->told,
        .after = s->plan.halving == 0 ? count_left(s) - 1 : 0,
        .each = s->ended > 0 ? (say_clock() - s->began) / (double)s->ended : nan(""),
    };
    s->told = true;
    int code = sitting_run_trial(s->o, trainer, t->path, again, &how, &status);
    if (code == OPT_GO_ON && status != RC_OK && status != RC_ESTOP && status != RC_ENAN)
        code = say_library_failure();
    free(events);
    return code;
}

static int train_trial(trials *s, trial *t, int64_t budget)
{
    rc_trainer *trainer = NULL;
    rc_trainer_options options = sitting_options(s->o);
    const bool again = has_state(t);
    options.spare_test = !s->plan.with_test;
    const rc_status status = again ? rc_trainer_resume(&trainer, t->path, &options)
                                   : rc_trainer_new(&trainer, t->config, t->path, &options);
    if (status != RC_OK)
        return refuse(s, t, status);
    const int code = sit(s, t, trainer, again, budget);
    rc_trainer_free(trainer);
    return code;
}

/* One trial up to its budget, unless somebody else is at it. */
static int run_trial(trials *s, trial *t, int64_t budget)
{
    if (is_done(t, budget))
        return OPT_GO_ON;
    t->busy = !trials_lock(s, t->number, F_WRLCK, false);
    if (t->busy)
        return OPT_GO_ON;
    int code = read_log(t); /* somebody may have been at it since */
    if (code == OPT_GO_ON && !is_done(t, budget)) {
        code = train_trial(s, t, budget);
        if (code == OPT_GO_ON)
            code = read_log(t);
        s->ended += is_done(t, 0);
        if (code == OPT_GO_ON && !sitting_interrupted() && !t->refused)
            tell(s, t);
    }
    (void)trials_lock(s, t->number, F_UNLCK, false);
    return code;
}

/* Does another process train this trial? Asked without taking it. */
static bool is_elsewhere(const trials *s, const trial *t)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = t->number, .l_len = 1};
    return fcntl(s->lock, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int trials_refresh(trials *s)
{
    int code = OPT_GO_ON;
    s->elsewhere = 0;
    for (int64_t i = 0; i < s->plan.count && code == OPT_GO_ON; i++) {
        trial *t = &s->at[i];
        t->busy = is_elsewhere(s, t); /* before the log is read: it is whole when this is false */
        s->elsewhere += t->busy;
        code = read_log(t);
    }
    return code;
}

void trials_tell_left(const trials *s)
{
    if (s->out_of_time)
        say_unless_quiet(s->o, "the time is over; the same command goes on");
    if (s->elsewhere > 0)
        say("%" PRId64 " %s%s still running elsewhere, the %s may change; the same command tells",
            s->elsewhere, s->plan.words->one, s->elsewhere == 1 ? " is" : "s are",
            s->plan.alike ? "numbers" : "best");
    else if (s->waiting && s->plan.halving > 0)
        say("others have trained the rest of this round; the same command goes on");
}

static int run_round(trials *s, int64_t budget)
{
    for (int64_t i = 0; i < s->plan.count; i++) {
        if (s->at[i].dropped)
            continue;
        const int code = run_trial(s, &s->at[i], budget);
        if (code != OPT_GO_ON)
            return code;
        if (sitting_interrupted()) {
            say("interrupted in %s %" PRId64 " of %" PRId64, s->plan.words->one, s->at[i].number,
                s->plan.count);
            if (s->plan.alike)
                say_hint("recur resume %s goes on from there", s->plan.dir);
            else
                say_hint("the same command goes on from there");
            return EXIT_INTERRUPTED;
        }
        if (s->out_of_time)
            return OPT_GO_ON;
    }
    for (int64_t i = 0; i < s->plan.count; i++)
        s->waiting = s->waiting || (s->at[i].busy && !s->at[i].dropped);
    return OPT_GO_ON;
}

/* All but the best `left` by their score at an epoch go no further; of equal ones the first
 * stay. */
static int drop(trials *s, int64_t left, int64_t epoch)
{
    double *score = calloc((size_t)s->plan.count, sizeof *score); /* NaN: out already */
    if (!score)
        return say_out_of_memory();
    for (int64_t i = 0; i < s->plan.count; i++)
        score[i] = s->at[i].dropped ? nan("") : score_at(&s->at[i], epoch);
    for (int64_t i = 0; i < s->plan.count; i++) {
        int64_t better = 0;
        for (int64_t k = 0; k < s->plan.count; k++)
            better += score[k] < score[i] || (score[k] <= score[i] && k < i);
        s->at[i].dropped = s->at[i].dropped || better >= left;
    }
    free(score);
    return OPT_GO_ON;
}

int trials_run(trials *s)
{
    const int64_t epochs = s->plan.count > 0 ? trials_epochs(s->at[0].config) : 0;
    int64_t rounds = 0, cut = 1;
    while (s->plan.halving > 0 && cut <= epochs / s->plan.halving &&
           cut <= s->plan.count / s->plan.halving) {
        cut *= s->plan.halving;
        rounds++;
    }
    int64_t left = s->plan.count;
    for (int64_t i = 0; i < rounds; i++, cut /= s->plan.halving) {
        const int64_t budget = (epochs + cut - 1) / cut;
        int code = run_round(s, budget);
        if (code != OPT_GO_ON || s->out_of_time || s->waiting)
            return code;
        left = (left + s->plan.halving - 1) / s->plan.halving;
        code = drop(s, left, budget);
        if (code != OPT_GO_ON)
            return code;
    }
    return run_round(s, 0);
}
