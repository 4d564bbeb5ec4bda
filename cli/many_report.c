/* many_report.c -- what several runs of one training say together: each of them, then mean, sample
 * deviation and the interval of the mean by Student's distribution (rc_sample_mean()) over those
 * that have finished; of folds, what all test items together say.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "many.h"
#include "trials.h"

static const double LEVEL = 0.95;

/* ---- what is measured ----------------------------------------------------------------------- */

typedef struct measure {
    const char *name; /* for people */
    const char *key;  /* in JSON and CSV */
    int digits;       /* for people, */
    double times;     /* who like it so many times as large */
    const char *unit; /* behind it */
    double (*of)(const run *r, const run_score *s);
    double (*together)(const run_counts *c); /* of counts that were added up; NULL: not told */
} measure;

static double loss_of(const run *r, const run_score *s)
{
    (void)r;
    return s->loss;
}

/* `losses` has become the sum of the losses by their count: see add_up(). */
static double loss_together(const run_counts *c)
{
    return c->losses;
}

static double bits_of(const run *r, const run_score *s)
{
    return r->symbol && strcmp(r->symbol, "word") != 0 ? s->bits : nan("");
}

static double perplexity_of(const run *r, const run_score *s)
{
    return r->symbol && strcmp(r->symbol, "word") == 0 ? exp(s->loss) : nan("");
}

static double right_of(const run *r, const run_score *s)
{
    (void)r;
    return s->right;
}

static double right_together(const run_counts *c)
{
    return 1 - c->wrong / c->labels;
}

static double spans_of(const run *r, const run_score *s)
{
    (void)r;
    return s->spans;
}

static double spans_together(const run_counts *c)
{
    return 2 * c->spans_right / (c->spans + c->spans_said);
}

static const measure measures[] = {
    {"loss", "loss", 4, 1, "", loss_of, loss_together},
    {"bits/char", "bits_per_char", 4, 1, "", bits_of, NULL},
    {"perplexity", "perplexity", 2, 1, "", perplexity_of, NULL},
    {"accuracy", "accuracy", 2, 100, "%", right_of, right_together},
    {"span F1", "span_f1", 2, 100, "", spans_of, spans_together},
};
enum { MEASURES = sizeof measures / sizeof *measures, PARTS = 2 };

static const char *const part_names[PARTS] = {"valid", "test"};

/* ---- what is found -------------------------------------------------------------------------- */

/* A measure of a part over some runs, or over the means that seeds have over their folds. */
typedef struct finding {
    const measure *of;
    int part;
    bool of_seeds;
    int64_t n;
    double deviation; /* NaN: of fewer than two */
    rc_interval mean;
    double together; /* NaN: not told */
} finding;

typedef struct findings {
    finding *at;
    size_t count;
    int64_t finished, failed;
    int64_t folds; /* trained on one after the other; 0: not so */
} findings;

static bool is_state(const trial *t, const char *state)
{
    return t->run && strcmp(t->run->state, state) == 0;
}

static double value_of(const trial *t, const measure *m, int part)
{
    const run *r = t->run;
    return r ? m->of(r, part ? &r->test_score : &r->best_score) : nan("");
}

static bool has_measure(const trials *s, const measure *m, int part)
{
    for (int64_t i = 0; i < s->plan.count; i++)
        if (isfinite(value_of(&s->at[i], m, part)))
            return true;
    return false;
}

static void summarize(finding *f, const double *x)
{
    double squares = 0;
    f->mean = rc_sample_mean((rc_sample){x, f->n}, LEVEL);
    for (int64_t i = 0; i < f->n; i++)
        squares += (x[i] - f->mean.mean) * (x[i] - f->mean.mean);
    f->deviation = f->n > 1 ? sqrt(squares / (double)(f->n - 1)) : nan("");
}

/* A fold without spans says nothing of them. */
static double or_none(double count)
{
    return isfinite(count) ? count : 0;
}

/* The test items of all folds, of each of which there is one test: NaN unless all have finished.
 * The loss is that of an item of the mean run. */
static double add_up(const trials *s, const measure *m)
{
    run_counts all = {0};
    double nats = 0;
    for (int64_t i = 0; i < s->plan.count; i++) {
        const trial *t = &s->at[i];
        if (!is_state(t, "finished"))
            return nan("");
        const run_counts *c = &t->run->test_counts;
        nats += t->run->test_score.loss * c->losses;
        all.losses += c->losses;
        all.labels += c->labels;
        all.wrong += c->wrong;
        all.spans += or_none(c->spans);
        all.spans_said += or_none(c->spans_said);
        all.spans_right += or_none(c->spans_right);
    }
    all.losses = nats / all.losses;
    return m->together(&all);
}

/* Over runs. `x` has room for as many as there are. */
static finding find_runs(const trials *s, const measure *m, int part, double *x)
{
    finding f = {.of = m, .part = part, .together = nan("")};
    for (int64_t i = 0; i < s->plan.count; i++) {
        const double v = value_of(&s->at[i], m, part);
        if (is_state(&s->at[i], "finished") && isfinite(v))
            x[f.n++] = v;
    }
    summarize(&f, x);
    return f;
}

/* Over seeds, of those whose folds have all finished. */
static finding find_seeds(const trials *s, const measure *m, int part, int64_t folds, double *x)
{
    finding f = {.of = m, .part = part, .of_seeds = true, .together = nan("")};
    for (int64_t i = 0; i + folds <= s->plan.count; i += folds) {
        double sum = 0;
        for (int64_t k = i; k < i + folds; k++)
            sum += is_state(&s->at[k], "finished") ? value_of(&s->at[k], m, part) : nan("");
        if (isfinite(sum))
            x[f.n++] = sum / (double)folds;
    }
    summarize(&f, x);
    return f;
}

/* The folds that the plan goes through. */
static int64_t folds_of(const trials *s)
{
    const char *folds = rc_config_get(s->plan.base, "folds");
    const char *fold = rc_config_get(s->plan.base, "fold");
    return folds && strcmp(fold, "0") == 0 ? strtoll(folds, NULL, 10) : 0;
}

static bool find_all(const trials *s, findings *f)
{
    double *x = calloc((size_t)s->plan.count + 1, sizeof *x);
    *f =
        (findings){.at = calloc((size_t)PARTS * MEASURES * 2, sizeof *f->at), .folds = folds_of(s)};
    for (int64_t i = 0; i < s->plan.count; i++) {
        f->finished += is_state(&s->at[i], "finished");
        f->failed += is_state(&s->at[i], "failed") || s->at[i].refused;
    }
    for (int part = 0; x && f->at && part < PARTS; part++)
        for (size_t k = 0; k < MEASURES; k++) {
            const measure *m = &measures[k];
            if (!has_measure(s, m, part))
                continue;
            finding *one = &f->at[f->count++];
            *one = find_runs(s, m, part, x);
            if (f->folds == 0 || part == 0)
                continue;
            if (m->together)
                one->together = add_up(s, m);
            if (s->plan.count > f->folds)
                f->at[f->count++] = find_seeds(s, m, part, f->folds, x);
        }
    const bool done = x && f->at;
    free(x);
    return done;
}

/* ---- tables --------------------------------------------------------------------------------- */

static void add_number(table *t, const measure *m, double x, bool plain)
{
    char room[RUN_ROOM];
    if (!isfinite(x)) {
        table_add(t, plain ? "" : "-");
        return;
    }
    if (plain)
        snprintf(room, sizeof room, "%.12g", x);
    else
        snprintf(room, sizeof room, "%.*f%s", m->digits, x * m->times, m->unit);
    table_add(t, room);
}

static void add_heads(table *t, const trials *s, const findings *f, bool csv)
{
    char room[RUN_ROOM];
    const char *name;
    table_add(t, "run");
    for (size_t i = 0; (name = rc_space_name(s->plan.space, i)); i++)
        table_add(t, name);
    for (size_t i = 0; i < f->count; i++) {
        const finding *one = &f->at[i];
        snprintf(room, sizeof room, csv ? "%s_%s" : "%s %s", part_names[one->part],
                 csv ? one->of->key : one->of->name);
        if (!one->of_seeds)
            table_add(t, room);
    }
    table_add(t, csv ? "seconds" : "time");
    table_add(t, "state");
}

static void add_run(table *t, const trials *s, const findings *f, const trial *of, bool csv)
{
    char room[RUN_ROOM], time[SAY_ROOM];
    const char *name;
    snprintf(room, sizeof room, "%" PRId64, of->number);
    table_add(t, room);
    for (size_t i = 0; (name = rc_space_name(s->plan.space, i)); i++)
        table_add(t, rc_config_get(of->config, name));
    for (size_t i = 0; i < f->count; i++)
        if (!f->at[i].of_seeds)
            add_number(t, f->at[i].of, value_of(of, f->at[i].of, f->at[i].part), csv);
    const double seconds = of->run ? of->run->seconds : nan("");
    snprintf(room, sizeof room, "%.12g", seconds);
    if (csv)
        table_add(t, isfinite(seconds) ? room : "");
    else
        table_add(t, isfinite(seconds) ? say_seconds(time, seconds) : "-");
    table_add(t, trial_state(of));
}

static bool print_runs(const trials *s, const findings *f, bool csv)
{
    table t = {.columns = 3};
    for (size_t i = 0; rc_space_name(s->plan.space, i); i++)
        t.columns++;
    for (size_t i = 0; i < f->count; i++)
        t.columns += !f->at[i].of_seeds;
    add_heads(&t, s, f, csv);
    for (int64_t i = 0; i < s->plan.count; i++)
        add_run(&t, s, f, &s->at[i], csv);
    return table_end(&t, csv);
}

static bool print_findings(const findings *f)
{
    table t = {.columns = f->folds > 0 ? 7 : 6};
    const char *const heads[] = {"", "of", "mean", "deviation", "95% from", "to", "together"};
    for (size_t i = 0; i < t.columns; i++)
        table_add(&t, heads[i]);
    for (size_t i = 0; i < f->count; i++) {
        const finding *one = &f->at[i];
        char room[RUN_ROOM];
        snprintf(room, sizeof room, "%s %s", part_names[one->part], one->of->name);
        table_add(&t, room);
        snprintf(room, sizeof room, "%" PRId64 " %s%s", one->n, one->of_seeds ? "seed" : "run",
                 one->n == 1 ? "" : "s");
        table_add(&t, room);
        add_number(&t, one->of, one->mean.mean, false);
        add_number(&t, one->of, one->deviation, false);
        add_number(&t, one->of, one->mean.lo, false);
        add_number(&t, one->of, one->mean.hi, false);
        if (f->folds > 0)
            add_number(&t, one->of, one->together, false);
    }
    return table_end(&t, false);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *run_of(const trials *s, const findings *f, const trial *t)
{
    json_t *o = json_object(), *score[PARTS] = {json_object(), json_object()};
    const char *name;
    json_put(&o, "run", json_integer(t->number));
    for (size_t i = 0; (name = rc_space_name(s->plan.space, i)); i++)
        json_put(&o, name, json_integer(strtoll(rc_config_get(t->config, name), NULL, 10)));
    json_put(&o, "model", json_bytes(t->path, strlen(t->path)));
    json_put(&o, "state", json_string(trial_state(t)));
    for (size_t i = 0; i < f->count; i++) {
        const finding *one = &f->at[i];
        if (!one->of_seeds)
            json_put(&score[one->part], one->of->key, json_number(value_of(t, one->of, one->part)));
    }
    for (int part = 0; part < PARTS; part++)
        json_put(&o, part_names[part], score[part]);
    json_put(&o, "seconds", json_number(t->run ? t->run->seconds : nan("")));
    return o;
}

static json_t *finding_json(const finding *f)
{
    json_t *o = json_object();
    json_put(&o, "part", json_string(part_names[f->part]));
    json_put(&o, "measure", json_string(f->of->key));
    json_put(&o, "over", json_string(f->of_seeds ? "seeds" : "runs"));
    json_put(&o, "n", json_integer(f->n));
    json_put(&o, "mean", json_number(f->mean.mean));
    json_put(&o, "deviation", json_number(f->deviation));
    json_put(&o, "lo", json_number(f->mean.lo));
    json_put(&o, "hi", json_number(f->mean.hi));
    json_put(&o, "level", json_number(LEVEL));
    if (isfinite(f->together))
        json_put(&o, "together", json_number(f->together));
    return o;
}

static json_t *summary(const trials *s, const findings *f)
{
    json_t *o = json_object(), *list = json_array(), *found = json_array();
    for (int64_t i = 0; i < s->plan.count; i++)
        json_add(&list, run_of(s, f, &s->at[i]));
    for (size_t i = 0; i < f->count; i++)
        json_add(&found, finding_json(&f->at[i]));
    json_put(&o, "dir", json_bytes(s->plan.dir, strlen(s->plan.dir)));
    json_put(&o, "task", json_string(rc_config_task(s->plan.base)));
    json_put(&o, "finished", json_integer(f->finished));
    json_put(&o, "failed", json_integer(f->failed));
    json_put(&o, "runs", list);
    json_put(&o, "measures", found);
    return o;
}

typedef struct written {
    const trials *s;
    const findings *f;
    bool done;
} written;

static void put_summary(FILE *out, const void *ctx)
{
    written *w = (written *)(uintptr_t)ctx;
    w->done = json_write(out, summary(w->s, w->f), true);
}

static int save(const trials *s, const findings *f)
{
    written w = {s, f, false};
    char *path = malloc(strlen(s->plan.dir) + sizeof "/summary.json");
    if (!path)
        return say_out_of_memory();
    sprintf(path, "%s/summary.json", s->plan.dir);
    int code = OPT_GO_ON;
    if (!whole_save(path, put_summary, &w))
        code = say_failure("cannot write '%s': %s", path, strerror(errno));
    else if (!w.done)
        code = say_out_of_memory();
    free(path);
    return code;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* What all logs say now, into the file: nobody writes an older state over a newer one. */
static int look(trials *s, findings *f)
{
    (void)trials_lock(s, 0, F_WRLCK, true);
    int code = trials_refresh(s);
    if (code == OPT_GO_ON && !find_all(s, f))
        code = say_out_of_memory();
    if (code == OPT_GO_ON)
        code = save(s, f);
    (void)trials_lock(s, 0, F_UNLCK, false);
    return code;
}

static int print(const trials *s, const findings *f)
{
    if (opts_flag(s->o, "json"))
        return json_print(stdout, summary(s, f), true);
    const bool csv = opts_flag(s->o, "csv");
    bool done = print_runs(s, f, csv);
    if (done && !csv && f->count > 0) {
        putchar('\n');
        done = print_findings(f);
    }
    if (done && !csv)
        printf("\nfolder       %s\n", s->plan.dir);
    return done ? EXIT_DONE : say_out_of_memory();
}

int many_report(trials *s)
{
    findings f = {0};
    int code = look(s, &f);
    if (code == OPT_GO_ON)
        code = print(s, &f);
    if (code == EXIT_DONE && f.failed > 0)
        code = say_failure("%" PRId64 " of %" PRId64 " runs failed, the means are of the others",
                           f.failed, s->plan.count);
    if (code == EXIT_DONE)
        say_unless_quiet(s->o, "next: recur runs %s", s->plan.dir);
    free(f.at);
    return code;
}
