/* sitting.c -- one sitting of training: signals, progress, the log, the time limit, the last words.
 *
 * The first SIGINT or SIGTERM asks the trainer for a checkpoint, the second ends the program at
 * once; SIGUSR1 asks for a report. Relies on progress.c; the trainer does the rest.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "interrupt.h"
#include "progress.h"
#include "sitting.h"

/* ---- signals -------------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_wanted;
static volatile sig_atomic_t report_wanted;

static void on_stop(int signal_number)
{
    (void)signal_number;
    if (stop_wanted)
        interrupt_end();
    stop_wanted = 1;
}

static void on_report(int signal_number)
{
    (void)signal_number;
    report_wanted = 1;
}

static void listen(void)
{
    struct sigaction act = {.sa_flags = SA_RESTART}, was;
    sigemptyset(&act.sa_mask);
    act.sa_handler = on_stop;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN) /* not under nohup */
        sigaction(SIGHUP, &act, NULL);
    act.sa_handler = on_report;
    sigaction(SIGUSR1, &act, NULL);
}

/* ---- the run -------------------------------------------------------------------------------- */

typedef struct sitting {
    const opts *o;
    rc_trainer *t;
    const char *path;           /* of the model */
    const char *log;            /* of the log; NULL: none */
    const char *tensorboard;    /* folder of event files; NULL: none */
    bool again;                 /* an earlier sitting has begun this run */
    const sitting_trial *trial; /* of a search; or NULL */
    runlog lines;
    progress p;
    bool out_of_time;
} sitting;

static rc_answer on_event(void *ctx, const rc_progress *e)
{
    sitting *s = ctx;
    const bool wanted = report_wanted;
    report_wanted = 0;
    progress_event(&s->p, e, wanted);
    if (stop_wanted)
        return RC_PAUSE;
    if (s->trial)
        return s->trial->judge(s->trial->ctx, e);
    if (s->p.set.time > 0 && progress_seconds(&s->p) >= s->p.set.time) {
        s->out_of_time = true;
        return RC_FINISH;
    }
    return RC_GO;
}

bool sitting_interrupted(void)
{
    return stop_wanted;
}

int sitting_check(const opts *o)
{
    const int code = say_if_stream(o, "log");
    if (code == OPT_GO_ON && opts_has(o, "tensorboard") && !opts_text(o, "tensorboard")[0])
        return say_misuse("option '--tensorboard' needs the name of a folder");
    return code;
}

rc_trainer_options sitting_options(const opts *o)
{
    rc_trainer_options options = rc_trainer_options_default();
    options.threads = (int)opts_int(o, "threads");
    return options;
}

enum { SHAPE_ROOM = 160 };

/* "lm, level char, lstm 2 x 256": the options that say most, of those that the task has. */
static const char *shape_of(const rc_config *c, char out[SHAPE_ROOM])
{
    const char *level = rc_config_get(c, "level"), *cell = rc_config_get(c, "cell");
    const char *layers = rc_config_get(c, "layers"), *hidden = rc_config_get(c, "hidden");
    const char *bag = rc_config_get(c, "bag");
    size_t used = (size_t)snprintf(out, SHAPE_ROOM, "%s", rc_config_task(c));
    const char *direct = rc_config_get(c, "direct");
    if (bag && strcmp(bag, "none") != 0) {
        used += (size_t)snprintf(out + used, SHAPE_ROOM - used, ", bag %s", bag);
        if (!direct || strcmp(direct, "true") != 0)
            return out;
    }
    if (level && used < SHAPE_ROOM)
        used += (size_t)snprintf(out + used, SHAPE_ROOM - used, ", level %s", level);
    if (!cell || !layers || !hidden || used >= SHAPE_ROOM)
        return out;
    if (strcmp(layers, "1") == 0 || strchr(hidden, ','))
        snprintf(out + used, SHAPE_ROOM - used, ", %s %s", cell, hidden);
    else
        snprintf(out + used, SHAPE_ROOM - used, ", %s %s x %s", cell, layers, hidden);
    return out;
}

/* Is it a model of sequences, of which there is no running text? */
static bool of_sequences(const rc_model *m)
{
    return !rc_config_get(rc_model_config(m), "level");
}

/* What people do next with a model of this kind. */
static const char *next_step(const rc_model *m)
{
    if (strcmp(rc_config_task(rc_model_config(m)), "embed") == 0)
        return "next: recur nearest %s WORD";
    return of_sequences(m) ? "next: recur eval %s FILE" : "next: recur sample %s";
}

/* Numbers of a step that differ very much in size: the library has noted how much. */
static void hint_at_scales(const opts *o, const rc_model *m)
{
    const char *name, *text;
    char times[SAY_ROOM];
    for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++)
        if (!o->quiet && strncmp(name, "input deviations", 16) == 0)
            say_hint("the numbers of a step differ %s-fold in their deviations; --standardize makes"
                     " them alike",
                     say_short(times, strtod(text, NULL)));
}

/* What was passed over or mended in the data, a line each. */
static void tell_notes(const sitting *s)
{
    for (const char *at = rc_trainer_notes(s->t); *at;) {
        const size_t n = strcspn(at, "\n");
        say_unless_quiet(s->o, "note: %.*s", (int)n, at);
        at += n + (at[n] == '\n');
    }
}

static void introduce(const sitting *s, int threads, const char *isa)
{
    const rc_model *m = rc_trainer_model(s->t);
    char shape[SHAPE_ROOM], symbols[SAY_ROOM], labels[SAY_ROOM], parameters[SAY_ROOM];
    shape_of(rc_model_config(m), shape);
    say_count(parameters, rc_model_parameters(m));
    const char *aim = rc_config_get(rc_model_config(m), "aim");
    if (rc_model_labels(m) > 0 && !aim)
        say_unless_quiet(s->o, "%s; vocabulary %s, %s labels; %s parameters; %d thread%s, %s",
                         shape, say_count(symbols, rc_model_symbols(m)),
                         say_count(labels, rc_model_labels(m)), parameters, threads,
                         threads == 1 ? "" : "s", isa);
    else if (aim)
        say_unless_quiet(s->o, "%s; aim %s; %s parameters; %d thread%s, %s", shape, aim, parameters,
                         threads, threads == 1 ? "" : "s", isa);
    else
        say_unless_quiet(s->o, "%s; vocabulary %s; %s parameters; %d thread%s, %s", shape,
                         say_count(symbols, rc_model_symbols(m)), parameters, threads,
                         threads == 1 ? "" : "s", isa);
}

/* ---- results -------------------------------------------------------------------------------- */

/* The best validation of the whole run, as recorded in the model; NaN in `valid` when none is. */
static rc_record best_record(const rc_model *m)
{
    rc_record best = {.valid = nan(""), .judged = nan("")}, r;
    for (size_t i = 0; rc_model_record(m, i, &r); i++)
        if (isfinite(r.judged) && !(r.judged >= best.judged))
            best = r;
    return best;
}

/* "1.5372 nats/char, 2.2177 bits/char, perplexity 4.651" */
static void print_score(const char *name, double nats, double chars, const char *unit)
{
    printf("%-12s%.4f nats/%s", name, nats, unit);
    if (chars > 0)
        printf(", %.4f bits/char", nats / chars / log(2));
    printf(", perplexity %.*f", exp(nats) < 100 ? 3 : 1, exp(nats));
}

/* "0.012345 squared error" or "0.3217 nats, 91.35% right" */
static void print_loss(const char *name, double loss, const char *measure, const rightness *r)
{
    printf("%-12s%.5g %s", name, loss, measure);
    if (isfinite(r->wrong))
        printf(", %.2f%% right", 100 * (1 - r->wrong));
    if (isfinite(r->spans))
        printf(", F1 of spans %.2f", 100 * r->spans);
}

/* Where the run stands, also when this sitting had nothing left to do. */
static rc_record last_record(const sitting *s)
{
    const rc_model *m = rc_trainer_model(s->t);
    rc_record r = {.step = 0};
    if (rc_model_records(m) > 0)
        rc_model_record(m, rc_model_records(m) - 1, &r);
    if (s->p.seen) {
        r.step = s->p.last.step;
        r.epoch = s->p.last.epoch;
        r.tokens = s->p.last.tokens;
    }
    return r;
}

static void print_results(const sitting *s, const rc_record *best)
{
    const rc_model *m = rc_trainer_model(s->t);
    const rc_config *c = rc_model_config(m);
    const char *level = rc_config_get(c, "level");
    const char *unit = level ? level : "symbol";
    char a[SAY_ROOM], b[SAY_ROOM];
    const rc_record last = last_record(s);
    if (last.step > 0)
        printf("%-12s%s steps, %s %s\n", "trained", say_count(a, last.step),
               say_count(b, last.tokens), rc_model_unit(m));
    if (s->p.last.step > s->p.first_step)
        printf("%-12s%s %s/s (%s)\n", "speed", say_short(a, progress_rate(&s->p)), rc_model_unit(m),
               say_seconds(b, progress_seconds(&s->p)));
    if (isfinite(best->valid)) {
        if (of_sequences(m))
            print_loss("validation", best->valid, rc_model_measure(m), &s->p.valid_right);
        else
            print_score("validation", best->valid, s->p.valid_chars, unit);
        printf(best->step > 0 ? " (best, at step %s)\n" : "\n", say_count(a, best->step));
    }
    if (s->p.test_known) {
        if (of_sequences(m))
            print_loss("test", s->p.test, rc_model_measure(m), &s->p.test_right);
        else
            print_score("test", s->p.test, s->p.test_chars, unit);
        putchar('\n');
    }
    printf("%-12s%s\n", "model", s->path);
}

static void add_score(json_t **o, const char *name, double nats, double chars)
{
    json_put(o, name,
             json_pack("{s:o, s:o, s:o, s:o}", "nats_per_token", json_number(nats),
                       "bits_per_token", json_number(nats / log(2)), "bits_per_char",
                       json_number(chars > 0 ? nats / chars / log(2) : nan("")), "perplexity",
                       json_number(exp(nats))));
}

static void add_loss(json_t **o, const char *name, double loss, const char *measure,
                     const rightness *r)
{
    json_t *score = json_pack("{s:s, s:o}", "measure", measure, "loss", json_number(loss));
    if (isfinite(r->wrong))
        json_put(&score, "accuracy", json_number(1 - r->wrong));
    if (isfinite(r->spans))
        json_put(&score, "span_f1", json_number(r->spans));
    json_put(o, name, score);
}

static int print_json(const sitting *s, const rc_record *best, bool finished)
{
    const rc_model *m = rc_trainer_model(s->t);
    const rc_record last = last_record(s);
    json_t *o = json_pack(
        "{s:o, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "model",
        json_bytes(s->path, strlen(s->path)), "task", rc_config_task(rc_model_config(m)),
        "finished", finished, "out_of_time", s->out_of_time, "steps", (json_int_t)last.step,
        "epoch", (json_int_t)last.epoch, "tokens", (json_int_t)last.tokens, "skipped",
        (json_int_t)s->p.skipped, "parameters", (json_int_t)rc_model_parameters(m), "vocabulary",
        (json_int_t)rc_model_symbols(m), "seconds", json_number(progress_seconds(&s->p)),
        "tokens_per_second", json_number(progress_rate(&s->p)));
    if (isfinite(best->valid)) {
        if (of_sequences(m))
            add_loss(&o, "best_valid", best->valid, rc_model_measure(m), &s->p.valid_right);
        else
            add_score(&o, "best_valid", best->valid, s->p.valid_chars);
        json_put(&o, "best_step", json_integer(best->step));
    }
    if (s->p.test_known) {
        if (of_sequences(m))
            add_loss(&o, "test", s->p.test, rc_model_measure(m), &s->p.test_right);
        else
            add_score(&o, "test", s->p.test, s->p.test_chars);
    }
    return json_print(stdout, o, false);
}

static int conclude(const sitting *s, rc_status status)
{
    const bool paused = status == RC_ESTOP;
    const rc_record best = best_record(rc_trainer_model(s->t));
    int code = EXIT_DONE;
    if (opts_flag(s->o, "json"))
        code = print_json(s, &best, !paused);
    else if (!paused)
        print_results(s, &best);
    if (paused) {
        say("interrupted at step %" PRId64 "; the checkpoint is %s.state", s->p.last.step, s->path);
        say_hint("recur resume %s goes on from there", s->path);
        return EXIT_INTERRUPTED;
    }
    if (s->p.skipped)
        say("steps skipped because their loss or gradient was not finite: %" PRId64, s->p.skipped);
    if (s->out_of_time)
        say_unless_quiet(s->o, "the time is over; recur resume %s trains on", s->path);
    if (s->again && s->p.last.step == s->p.first_step)
        say_unless_quiet(s->o, "nothing was left to train; --epochs or --steps can ask for more");
    say_unless_quiet(s->o, next_step(rc_trainer_model(s->t)), s->path);
    return code;
}

/* The end of a sitting, for its log. */
static void log_end(sitting *s, rc_status status)
{
    const bool failed = status != RC_OK && status != RC_ESTOP;
    runlog_finish(&s->lines, &(runlog_end){.state = failed               ? "failed"
                                                    : status == RC_ESTOP ? "stopped"
                                                                         : "finished",
                                           .why = failed ? rc_error_message() : NULL,
                                           .last = last_record(s),
                                           .best = best_record(rc_trainer_model(s->t)),
                                           .valid_chars = s->p.valid_chars,
                                           .valid_right = s->p.valid_right,
                                           .test = s->p.test,
                                           .test_chars = s->p.test_chars,
                                           .test_right = s->p.test_right,
                                           .seconds = progress_seconds(&s->p),
                                           .rate = progress_rate(&s->p)});
}

/* From the first step to the last. OPT_GO_ON and what the trainer said, or an exit code. */
static int train(sitting *s, rc_status *status)
{
    const opts *o = s->o;
    rc_build build;
    if (rc_build_info(&build) != RC_OK)
        return say_library_failure();
    int code = runlog_open(&s->lines, s->t, s->log, s->tensorboard, s->again);
    if (code != OPT_GO_ON)
        return code;
    s->lines.threads = opts_int(o, "threads") ? (int)opts_int(o, "threads") : build.threads;
    s->lines.isa = build.isa;
    const bool says = !s->trial || s->trial->introduces;
    if (says)
        introduce(s, s->lines.threads, build.isa);
    if (says && !s->again)
        tell_notes(s);
    if (says && !s->again)
        hint_at_scales(o, rc_trainer_model(s->t));
    runlog_begin(&s->lines, s->t, s->path, s->again);
    listen();
    progress_begin(&s->p, &(progress_options){.quiet = o->quiet,
                                              .report = opts_real(o, "report"),
                                              .time = s->trial ? 0 : opts_real(o, "time"),
                                              .log = &s->lines,
                                              .words = !of_sequences(rc_trainer_model(s->t)) &&
                                                       rc_model_spaced(rc_trainer_model(s->t)),
                                              .fleeting = s->trial != NULL,
                                              .head = s->trial ? s->trial->head : NULL,
                                              .after = s->trial ? s->trial->after : 0,
                                              .each = s->trial ? s->trial->each : 0});
    *status = rc_trainer_run(s->t, on_event, s);
    progress_end(&s->p);
    log_end(s, *status);
    return OPT_GO_ON;
}

/* --log FILE, the log beside the model, or none; free() *room. OPT_GO_ON, or an exit code. */
static int choose_log(sitting *s, char **room)
{
    const char *said = opts_has(s->o, "log") && !s->trial ? opts_text(s->o, "log") : "";
    *room = said[0] ? NULL : runlog_path(s->path);
    s->log = said[0] ? said : *room;
    if (!s->log)
        return say_out_of_memory();
    if (strcmp(s->log, s->path) == 0)
        return say_misuse("--log and --out are both '%s'", s->path);
    if (strcmp(s->log, "none") == 0)
        s->log = NULL;
    return OPT_GO_ON;
}

int sitting_run(const opts *o, rc_trainer *t, const char *path, bool again)
{
    sitting s = {.o = o, .t = t, .path = path, .again = again};
    rc_status status = RC_OK;
    char *room;
    if (opts_has(o, "tensorboard"))
        s.tensorboard = opts_text(o, "tensorboard");
    int code = choose_log(&s, &room);
    if (code == OPT_GO_ON)
        code = train(&s, &status);
    if (code == OPT_GO_ON)
        code = status != RC_OK && status != RC_ESTOP ? say_library_failure() : conclude(&s, status);
    code = runlog_close(&s.lines, code);
    free(room);
    return code;
}

int sitting_run_trial(const opts *o, rc_trainer *t, const char *path, bool again,
                      const sitting_trial *trial, rc_status *status)
{
    sitting s = {.o = o, .t = t, .path = path, .again = again, .trial = trial};
    char *room;
    s.tensorboard = trial->tensorboard;
    int code = choose_log(&s, &room);
    if (code == OPT_GO_ON)
        code = train(&s, status);
    const int closed = runlog_close(&s.lines, code == OPT_GO_ON ? EXIT_DONE : code);
    free(room);
    return closed == EXIT_DONE ? OPT_GO_ON : closed;
}
