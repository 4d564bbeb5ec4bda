/* runs.c -- runs read back from their logs.
 *
 * A log is a line of JSON for every event. What is not one (a line that a kill has cut, a word of
 * somebody else) is passed over; a file whose first line does not begin a run is no log. A sitting
 * that resumes voids what was said of later steps. Relies on jansson and POSIX.
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cmd.h"
#include "runlog.h"
#include "runs.h"

enum { LINE_MOST = 1 << 20, DEPTH_MOST = 16 };

void run_free(run *r)
{
    if (!r)
        return;
    char *const texts[] = {r->path, r->name, r->model, r->begun, r->measure, r->symbol,
                           r->task, r->cell, r->size,  r->state, r->score};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    json_decref(r->config);
    free(r->points);
    free(r);
}

void runs_free(runs *r)
{
    for (size_t i = 0; i < r->count; i++)
        run_free(r->at[i]);
    free(r->at);
    *r = (runs){0};
}

/* ---- values of a line ----------------------------------------------------------------------- */

static double number(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_number(v) ? json_number_value(v) : nan("");
}

static const char *text(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static bool keep(char **to, const char *what)
{
    char *copy = what ? malloc(strlen(what) + 1) : NULL;
    if (copy)
        strcpy(copy, what);
    free(*to);
    *to = copy;
    return copy || !what;
}

static bool keep_number(double *to, double x)
{
    if (isfinite(x))
        *to = x;
    return isfinite(x);
}

const char *run_option(const run *r, const char *name)
{
    const char *value = text(r->config, name);
    return value ? value : "";
}

/* ---- events --------------------------------------------------------------------------------- */

/* "2x256", "256,128" or "256". */
static bool keep_size(run *r)
{
    char room[RUN_ROOM];
    const char *layers = run_option(r, "layers"), *hidden = run_option(r, "hidden");
    const char *bag = run_option(r, "bag");
    const bool direct = strcmp(run_option(r, "direct"), "true") == 0;
    if (bag[0] && strcmp(bag, "none") != 0 && !direct) /* it has no layers */
        return keep(&r->cell, "bag") && keep(&r->size, bag);
    if (!hidden[0])
        return keep(&r->size, run_option(r, "order")[0] ? run_option(r, "order") : NULL);
    const bool one = strcmp(layers, "1") == 0 || strchr(hidden, ',');
    snprintf(room, sizeof room, "%s%s%s", one ? "" : layers, one ? "" : "x", hidden);
    return keep(&r->size, room);
}

/* What validations are compared by: the loss, where nothing else is said. */
static double judged(const json_t *o, const char *loss)
{
    const double judged = number(o, "judged");
    return isfinite(judged) ? judged : number(o, loss);
}

static run_score score_of(const json_t *o, const char *loss)
{
    return (run_score){number(o, loss), number(o, "bits_per_char"), number(o, "accuracy"),
                       number(o, "span_f1")};
}

static const run_score no_score = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};

/* Forget what was said of steps after `step`, and the best of it. */
static void forget(run *r, double step)
{
    while (r->count > 0 && r->points[r->count - 1].step > step)
        r->count--;
    if (r->best_step <= step)
        return;
    r->valid = r->judged = r->best_step = nan("");
    r->best_score = no_score;
    keep(&r->score, NULL);
    for (size_t i = 0; i < r->count; i++)
        if (isfinite(r->points[i].judged) && !(r->points[i].judged >= r->judged)) {
            r->valid = r->best_score.loss = r->points[i].valid;
            r->judged = r->points[i].judged;
            r->best_step = r->points[i].step;
        }
}

static bool take_begin(run *r, const json_t *o)
{
    json_t *config = json_object_get(o, "config");
    const double step = number(o, "step");
    if (!json_is_object(config))
        return true;
    const bool again = json_is_true(json_object_get(o, "again"));
    r->before = isfinite(r->seconds) ? r->seconds : 0;
    forget(r, again && isfinite(step) ? step : 0);
    if (!again)
        r->before = 0;
    json_decref(r->config);
    r->config = json_incref(config);
    keep_number(&r->parameters, number(o, "parameters"));
    keep_number(&r->step, step);
    bool ok = keep(&r->task, text(config, "task")) && keep(&r->cell, text(config, "cell")) &&
              keep(&r->model, text(o, "model")) && keep(&r->measure, text(o, "measure")) &&
              keep(&r->symbol, text(o, "symbol")) && keep(&r->state, NULL) && keep_size(r);
    return ok && (r->begun || keep(&r->begun, text(o, "time")));
}

/* Where training stands, which every line says. */
static void take_place(run *r, const json_t *o)
{
    keep_number(&r->step, number(o, "step"));
    keep_number(&r->epoch, number(o, "epoch"));
    keep_number(&r->tokens, number(o, "tokens"));
    if (number(o, "tokens_per_second") > 0)
        r->rate = number(o, "tokens_per_second");
    const double seconds = number(o, "seconds");
    if (isfinite(seconds))
        r->seconds = r->before + seconds;
}

static bool add_point(run *r, const json_t *o, bool ends)
{
    if (r->count == r->cap) {
        const size_t cap = r->cap ? 2 * r->cap : 64;
        run_point *points = realloc(r->points, cap * sizeof *points);
        if (!points)
            return false;
        r->points = points;
        r->cap = cap;
    }
    r->points[r->count++] = (run_point){.step = r->step,
                                        .epoch = r->epoch,
                                        .tokens = r->tokens,
                                        .seconds = r->seconds,
                                        .loss = number(o, "loss"),
                                        .valid = number(o, "valid"),
                                        .judged = judged(o, "valid"),
                                        .ends = ends};
    return true;
}

/* A loss in the words that fit the task. */
static bool keep_score(run *r, const json_t *o)
{
    char room[SAY_ROOM];
    const double bits = number(o, "bits_per_char"), right = number(o, "accuracy");
    const double spans = number(o, "span_f1");
    if (isfinite(spans))
        snprintf(room, sizeof room, "F1 %.2f", 100 * spans);
    else if (isfinite(right))
        snprintf(room, sizeof room, "%.2f%% right", 100 * right);
    else if (r->symbol && strcmp(r->symbol, "word") == 0)
        snprintf(room, sizeof room, "%.*f perplexity", exp(r->valid) < 100 ? 2 : 1, exp(r->valid));
    else if (isfinite(bits))
        snprintf(room, sizeof room, "%.4f bits/char", bits);
    else
        return keep(&r->score, NULL);
    return keep(&r->score, room);
}

static bool take_valid(run *r, const char *loss, double step, const json_t *o)
{
    const double score = judged(o, loss);
    if (!isfinite(score) || score >= r->judged)
        return true;
    r->valid = number(o, loss);
    r->judged = score;
    r->best_step = step;
    r->best_score = score_of(o, loss);
    return keep_score(r, o);
}

/* The test data is scored at the end of a run, of which a second sitting may say nothing more. */
static void take_test(run *r, const char *loss, const json_t *o)
{
    const json_t *c = json_object_get(o, "counts");
    if (!keep_number(&r->test, number(o, loss)))
        return;
    r->test_score = score_of(o, loss);
    if (json_is_object(c))
        r->test_counts =
            (run_counts){number(c, "losses"), number(c, "labels"),     number(c, "wrong"),
                         number(c, "spans"),  number(c, "spans_said"), number(c, "spans_right")};
}

/* False: out of memory. */
static bool take_line(run *r, const json_t *o)
{
    const char *event = text(o, "event");
    if (!event)
        return true;
    if (strcmp(event, "begin") == 0)
        return take_begin(r, o);
    if (!r->config)
        return true;
    take_place(r, o);
    if (strcmp(event, "end") == 0) {
        const json_t *best = json_object_get(o, "best_valid");
        take_test(r, "loss", json_object_get(o, "test"));
        return take_valid(r, "loss", number(best, "step"), best) &&
               keep(&r->state, text(o, "state"));
    }
    if (strcmp(event, "test") == 0)
        take_test(r, "valid", o);
    if (strcmp(event, "valid") == 0)
        return add_point(r, o, false) && take_valid(r, "valid", r->step, o);
    if (strcmp(event, "epoch") == 0)
        return add_point(r, o, true);
    return strcmp(event, "report") != 0 || add_point(r, o, false);
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* The next line without its end; false after the last. Of a line that is too long nothing comes. */
static bool next_line(FILE *f, char *line, size_t *n)
{
    int c;
    *n = 0;
    bool any = false, fits = true;
    while ((c = fgetc(f)) != EOF && c != '\n') {
        any = true;
        fits = fits && *n < LINE_MOST;
        if (fits)
            line[(*n)++] = (char)c;
    }
    if (!fits)
        *n = 0;
    return any || c == '\n';
}

/* The first line must begin a run, before more of a foreign file is read. */
static bool read_lines(run *r, FILE *f, char *line)
{
    size_t n;
    while (next_line(f, line, &n)) {
        json_t *o = json_loadb(line, n, 0, NULL);
        const bool ok = !json_is_object(o) || take_line(r, o);
        json_decref(o);
        if (!ok)
            return false;
        if (!r->config)
            return true;
    }
    return true;
}

/* The name of the model whose log this would be, or that of the log. */
static bool keep_name(run *r, const char *path)
{
    static const char suffix[] = ".log.jsonl";
    const size_t n = strlen(path), cut = strlen(suffix);
    if (!keep(&r->path, path) || !keep(&r->name, path))
        return false;
    if (n > cut && strcmp(path + n - cut, suffix) == 0)
        r->name[n - cut] = '\0';
    return true;
}

static run *new_run(const char *path)
{
    run *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->parameters = r->epoch = r->step = r->tokens = r->seconds = r->rate = nan("");
    r->valid = r->judged = r->best_step = r->test = nan("");
    r->best_score = r->test_score = no_score;
    r->test_counts =
        (run_counts){(double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    if (keep_name(r, path))
        return r;
    run_free(r);
    return NULL;
}

static int read_run(run *r, const char *path)
{
    FILE *f = fopen(path, "rb");
    char *line = malloc(LINE_MOST);
    int code = OPT_GO_ON;
    if (!f)
        code = say_failure("cannot read '%s': %s", path, strerror(errno));
    else if (!line || !read_lines(r, f, line))
        code = say_out_of_memory();
    else if (ferror(f))
        code = say_failure("cannot read '%s': %s", path, strerror(errno));
    if (f)
        fclose(f);
    free(line);
    if (code == OPT_GO_ON && r->config && !r->state &&
        !keep(&r->state, runlog_is_busy(path) ? "running" : "killed"))
        code = say_out_of_memory();
    return code;
}

int runs_read(run **out, const char *path)
{
    struct stat st;
    *out = NULL;
    if (stat(path, &st) != 0 && errno == ENOENT)
        return OPT_GO_ON;
    run *r = new_run(path);
    if (!r)
        return say_out_of_memory();
    const int code = read_run(r, path);
    if (code == OPT_GO_ON && r->config)
        *out = r;
    else
        run_free(r);
    return code;
}

/* ---- many ----------------------------------------------------------------------------------- */

static int add_run(runs *list, run *r)
{
    if (list->count == list->cap) {
        const size_t cap = list->cap ? 2 * list->cap : 16;
        run **at = realloc(list->at, cap * sizeof *at);
        if (!at) {
            run_free(r);
            return say_out_of_memory();
        }
        list->at = at;
        list->cap = cap;
    }
    list->at[list->count++] = r;
    return OPT_GO_ON;
}

static int add_named(runs *list, const char *path)
{
    run *r;
    const int code = runs_read(&r, path);
    return code != OPT_GO_ON || !r ? code : add_run(list, r);
}

static bool ends_as_log(const char *name)
{
    static const char suffix[] = ".log.jsonl";
    const size_t n = strlen(name), cut = strlen(suffix);
    return n >= cut && strcmp(name + n - cut, suffix) == 0;
}

static int add_folder(runs *list, const char *path, int depth);

/* One entry of a folder. Links are not followed, what is hidden is left alone. */
static int add_entry(runs *list, const char *folder, const char *name, int depth)
{
    struct stat st;
    const bool here = strcmp(folder, ".") == 0;
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    int code = OPT_GO_ON;
    if (!path)
        return say_out_of_memory();
    snprintf(path, n, "%s%s%s", here ? "" : folder,
             here || folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    if (name[0] != '.' && lstat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            code = add_folder(list, path, depth + 1);
        else if (S_ISREG(st.st_mode) && ends_as_log(name))
            code = add_named(list, path);
    }
    free(path);
    return code;
}

static int add_folder(runs *list, const char *path, int depth)
{
    struct dirent *e;
    int code = OPT_GO_ON;
    DIR *folder = depth < DEPTH_MOST ? opendir(path) : NULL;
    if (!folder && depth == 0)
        return say_failure("cannot read '%s': %s", path, strerror(errno));
    while (folder && code == OPT_GO_ON && (e = readdir(folder)))
        code = add_entry(list, path, e->d_name, depth);
    if (folder)
        closedir(folder);
    return code;
}

/* A file that was named: a log, or a model with its log beside it. */
static int add_file(runs *list, const char *path)
{
    const size_t before = list->count;
    int code = add_named(list, path);
    if (code != OPT_GO_ON || list->count > before)
        return code;
    char *beside = runlog_path(path);
    code = beside ? add_named(list, beside) : say_out_of_memory();
    free(beside);
    if (code != OPT_GO_ON || list->count > before)
        return code;
    say_failure("'%s' is not the log of a training, and has none beside it", path);
    say_hint("recur train writes MODEL.log.jsonl; recur info MODEL knows what the model knows");
    return EXIT_FAILED;
}

int runs_add(runs *list, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return add_folder(list, path, 0);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return say_failure("cannot read '%s': it is not a file", path);
    return add_file(list, path);
}
