/* odyssey_report.c -- what the trials of the odyssey say: of each variant the best trials by
 * validation, the mean of their test losses with its interval, and Welch's test against the LSTM
 * with nothing removed. Test losses choose nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "boxes.h"
#include "cmd.h"
#include "repro.h"

enum { LEAST = 3, QUARTERS = 4 };
static const double LEVEL = 0.95;
static const rc_welch UNKNOWN = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};

/* What is found of a variant. */
typedef struct finding {
    const odyssey_variant *of;
    const trial **trial; /* those that have ended with a score, by validation */
    int64_t count;
    int64_t ended; /* with those that failed */
    double *test;  /* of the first `top` of them */
    int64_t top;
    rc_interval mean;
    rc_welch against; /* the first variant; of that, NaN */
    double parameters, seconds;
} finding;

/* ---- sorting -------------------------------------------------------------------------------- */

static int by_valid(const void *a, const void *b)
{
    const trial *const *x = a, *const *y = b;
    const double u = (*x)->run->valid, v = (*y)->run->valid;

    return u < v ? -1 : u > v ? 1 : (*x)->number < (*y)->number ? -1 : 1;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of `n` numbers, which are put in order. NaN: there are none. */
static double median(double *x, int64_t n)
{
    qsort(x, (size_t)n, sizeof *x, by_size);
    return n == 0 ? (double)NAN : 0.5 * (x[(n - 1) / 2] + x[n / 2]);
}

static bool has_ended(const trial *t)
{
    return t->run &&
           (strcmp(t->run->state, "finished") == 0 || strcmp(t->run->state, "failed") == 0);
}

static bool is_scored(const trial *t)
{
    return has_ended(t) && isfinite(t->run->valid) && isfinite(t->run->test);
}

/* ---- findings ------------------------------------------------------------------------------- */

static void free_findings(finding f[ODYSSEY_VARIANTS])
{
    for (int v = 0; v < ODYSSEY_VARIANTS; v++) {
        free(f[v].trial);
        free(f[v].test);
    }
}

/* A share of those that have ended, but some in any case: with few trials a tenth is too little to
 * tell a spread from. */
static int64_t how_many(const trials *s, const finding *f)
{
    const int64_t share = (int64_t)ceil(opts_real(s->o, "best") * (double)f->ended - 1e-9);
    const int64_t top = share > LEAST ? share : LEAST;

    return top < f->count ? top : f->count;
}

static bool collect(const trials *s, int v, finding *f)
{
    const size_t most = (size_t)(s->plan.count / ODYSSEY_VARIANTS + 1);

    *f = (finding){.of = &odyssey_variants[v],
                   .trial = calloc(most, sizeof *f->trial),
                   .test = calloc(most, sizeof *f->test),
                   .against = UNKNOWN};
    if (!f->trial || !f->test)
        return false;
    for (int64_t i = v; i < s->plan.count; i += ODYSSEY_VARIANTS) {
        f->ended += has_ended(&s->at[i]);
        if (is_scored(&s->at[i]))
            f->trial[f->count++] = &s->at[i];
    }
    qsort(f->trial, (size_t)f->count, sizeof *f->trial, by_valid);
    f->top = how_many(s, f);
    for (int64_t i = 0; i < f->count; i++)
        f->test[i] = f->trial[i]->run->parameters;
    f->parameters = median(f->test, f->count);
    for (int64_t i = 0; i < f->count; i++)
        f->test[i] = f->trial[i]->run->seconds;
    f->seconds = median(f->test, f->count);
    for (int64_t i = 0; i < f->top; i++)
        f->test[i] = f->trial[i]->run->test;
    f->mean = rc_sample_mean((rc_sample){f->test, f->top}, LEVEL);
    return true;
}

static bool find_all(const trials *s, finding f[ODYSSEY_VARIANTS])
{
    bool ok = true;

    for (int v = 0; v < ODYSSEY_VARIANTS; v++)
        ok = collect(s, v, &f[v]) && ok;
    for (int v = 1; ok && v < ODYSSEY_VARIANTS; v++)
        f[v].against =
            rc_sample_welch((rc_sample){f[v].test, f[v].top}, (rc_sample){f[0].test, f[0].top});
    return ok;
}

static bool is_apart(const finding *f)
{
    return f->against.p < 1 - LEVEL;
}

/* ---- the table of variants ------------------------------------------------------------------ */

enum { CELL_ROOM = 64 };

static void add_number(table *t, double x, const char *format, bool plain)
{
    char text[CELL_ROOM];

    snprintf(text, sizeof text, plain ? "%.9g" : format, x);
    table_add(t, isfinite(x) ? text : plain ? "" : "-");
}

static void add_count(table *t, int64_t n)
{
    char text[SAY_ROOM];

    snprintf(text, sizeof text, "%" PRId64, n);
    table_add(t, text);
}

static void add_row(table *t, const finding *f, bool plain)
{
    const run *best = f->count > 0 ? f->trial[0]->run : NULL;
    char text[SAY_ROOM];

    table_add(t, f->of->name);
    table_add(t, f->of->cell);
    add_count(t, f->ended);
    add_count(t, f->ended - f->count);
    add_number(t, best ? best->valid : (double)NAN, "%.5g", plain);
    add_number(t, best ? best->test : (double)NAN, "%.5g", plain);
    add_count(t, f->top);
    add_number(t, f->mean.mean, "%.5g", plain);
    add_number(t, f->mean.lo, "%.5g", plain);
    add_number(t, f->mean.hi, "%.5g", plain);
    add_number(t, f->against.difference, "%.5g", plain);
    add_number(t, f->against.p, "%.3g", plain);
    if (plain) {
        add_number(t, f->parameters, "", true);
        add_number(t, f->seconds, "", true);
    } else {
        table_add(t, f->count ? say_count(text, (int64_t)f->parameters) : "-");
        table_add(t, f->count ? say_seconds(text, f->seconds) : "-");
    }
}

static int print_variants(const finding f[ODYSSEY_VARIANTS], bool csv)
{
    static const char *const head[] = {"variant", "cell", "trials", "failed", "valid",
                                       "test",    "top",  "mean",   "from",   "to",
                                       "diff",    "p",    "params", "time"};
    table t = {.columns = sizeof head / sizeof *head};

    for (size_t i = 0; i < t.columns; i++)
        table_add(&t, head[i]);
    for (int v = 0; v < ODYSSEY_VARIANTS; v++)
        add_row(&t, &f[v], csv);
    return table_end(&t, csv) ? EXIT_DONE : say_out_of_memory();
}

/* ---- what settings do ----------------------------------------------------------------------- */

/* In which quarter of its range a drawn value lies. */
static int quarter_of(const odyssey_setting *s, double value)
{
    const double x = s->from_one ? 1 - value : value;
    double u = s->log ? log(x / s->lo) / log(s->hi / s->lo) : (x - s->lo) / (s->hi - s->lo);

    if (s->from_one) /* so that values rise */
        u = 1 - u;
    return u <= 0 ? 0 : u >= 1 ? QUARTERS - 1 : (int)(u * QUARTERS);
}

/* Medians of the validation losses by quarters of a setting. False: out of memory. */
static bool by_quarter(const trials *s, const odyssey_setting *set, double out[QUARTERS])
{
    double *x = calloc((size_t)s->plan.count + 1, sizeof *x);

    for (int q = 0; x && q < QUARTERS; q++) {
        int64_t n = 0;
        for (int64_t i = 0; i < s->plan.count; i++)
            if (is_scored(&s->at[i]) && quarter_of(set, odyssey_value(&s->at[i], set)) == q)
                x[n++] = s->at[i].run->valid;
        out[q] = median(x, n);
    }
    free(x);
    return x != NULL;
}

static double spread(const double x[QUARTERS])
{
    double lo = (double)INFINITY, hi = -(double)INFINITY;

    for (int q = 0; q < QUARTERS; q++) {
        lo = fmin(lo, x[q]);
        hi = fmax(hi, x[q]);
    }
    return hi - lo;
}

static int print_settings(const trials *s)
{
    static const char *const head[] = {"setting", "range",  "first", "second",
                                       "third",   "fourth", "spread"};
    table t = {.columns = sizeof head / sizeof *head};
    bool ok = true;

    for (size_t i = 0; i < t.columns; i++)
        table_add(&t, head[i]);
    for (int i = 0; ok && i < ODYSSEY_SETTINGS; i++) {
        const odyssey_setting *set = &odyssey_settings[i];
        double medians[QUARTERS];
        char range[CELL_ROOM];
        ok = by_quarter(s, set, medians);
        snprintf(range, sizeof range, "%g..%g", set->from_one ? 1 - set->hi : set->lo,
                 set->from_one ? 1 - set->lo : set->hi);
        table_add(&t, set->name);
        table_add(&t, range);
        for (int q = 0; ok && q < QUARTERS; q++)
            add_number(&t, medians[q], "%.3f", false);
        add_number(&t, ok ? spread(medians) : (double)NAN, "%.3f", false);
    }
    ok = ok && !t.failed;
    if (ok) {
        puts("\nmedian of the validation losses by quarters of what was drawn");
        table_print(stdout, &t);
    }
    table_free(&t);
    return ok ? EXIT_DONE : say_out_of_memory();
}

/* ---- words ---------------------------------------------------------------------------------- */

static void print_apart(const finding f[ODYSSEY_VARIANTS], const char *head, int sign)
{
    bool any = false;

    printf("%s", head);
    for (int v = 1; v < ODYSSEY_VARIANTS; v++)
        if (is_apart(&f[v]) && f[v].against.difference * sign > 0) {
            printf("%s%s", any ? ", " : "", f[v].of->name);
            any = true;
        }
    puts(any ? "" : "none");
}

static void print_words(const trials *s, const finding f[ODYSSEY_VARIANTS])
{
    int64_t ended = 0;
    bool told = false;

    for (int v = 0; v < ODYSSEY_VARIANTS; v++) {
        ended += f[v].ended;
        told = told || isfinite(f[v].against.p);
    }
    printf("\ntrials     %" PRId64 " of %" PRId64
           " have ended; mean, from, to: test loss of the top"
           " by validation, %.0f%% interval\n",
           ended, s->plan.count, 100 * LEVEL);
    if (told) {
        print_apart(f, "better     than vanilla, p < 0.05 (Welch): ", -1);
        print_apart(f, "worse      than vanilla, p < 0.05 (Welch): ", 1);
    } else {
        puts("compared   nothing yet: that takes two trials of vanilla and of another");
    }
    puts("published  none significantly better; forget gate and output activation matter most");
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *best_json(const finding *f)
{
    if (f->count == 0)
        return json_null();
    const trial *t = f->trial[0];
    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "trial", (json_int_t)t->number, "model",
                     json_bytes(t->path, strlen(t->path)), "valid", json_number(t->run->valid),
                     "test", json_number(t->run->test), "config", json_config(t->config));
}

static json_t *finding_json(const finding *f)
{
    json_t *tests = json_array();

    for (int64_t i = 0; i < f->top; i++)
        json_add(&tests, json_number(f->test[i]));
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "variant", f->of->name, "cell", f->of->cell, "help", f->of->help, "trials",
                     (json_int_t)f->ended, "failed", (json_int_t)(f->ended - f->count), "best",
                     best_json(f), "top", tests, "mean", json_number(f->mean.mean), "from",
                     json_number(f->mean.lo), "to", json_number(f->mean.hi), "difference",
                     json_number(f->against.difference), "p", json_number(f->against.p),
                     "parameters", json_number(f->parameters), "seconds", json_number(f->seconds));
}

static json_t *settings_json(const trials *s)
{
    json_t *all = json_array();

    for (int i = 0; i < ODYSSEY_SETTINGS; i++) {
        double medians[QUARTERS];
        json_t *quarters = json_array();
        const bool ok = by_quarter(s, &odyssey_settings[i], medians);
        for (int q = 0; ok && q < QUARTERS; q++)
            json_add(&quarters, json_number(medians[q]));
        json_add(&all, ok ? json_pack("{s:s, s:o}", "setting", odyssey_settings[i].name, "valid",
                                      quarters)
                          : NULL);
    }
    return all;
}

static int print_json(const trials *s, const finding f[ODYSSEY_VARIANTS])
{
    json_t *variants = json_array(), *o = json_object();

    for (int v = 0; v < ODYSSEY_VARIANTS; v++)
        json_add(&variants, finding_json(&f[v]));
    json_put(&o, "repro", json_string("odyssey"));
    json_put(&o, "dir", json_bytes(s->plan.dir, strlen(s->plan.dir)));
    json_put(&o, "planned", json_integer(s->plan.count));
    json_put(&o, "level", json_number(LEVEL));
    json_put(&o, "variants", variants);
    json_put(&o, "settings", settings_json(s));
    return json_print(stdout, o, true);
}

/* ---- the picture ---------------------------------------------------------------------------- */

static int draw(const trials *s, const finding f[ODYSSEY_VARIANTS])
{
    const char *path = opts_text(s->o, "svg");
    box each[ODYSSEY_VARIANTS];
    char under[ODYSSEY_VARIANTS][SAY_ROOM];
    const boxes all = {
        .title = "LSTM: A Search Space Odyssey, JSB chorales",
        .note = "test loss of the best trials by validation; red: apart from vanilla, p < 0.05"
                " (Welch); below: median number of parameters",
        .y_name = "nats a step",
        .box = each,
        .count = ODYSSEY_VARIANTS,
    };

    for (int v = 0; v < ODYSSEY_VARIANTS; v++)
        each[v] = (box){.name = f[v].of->name,
                        .under = f[v].count ? say_short(under[v], f[v].parameters) : NULL,
                        .x = f[v].test,
                        .n = (size_t)f[v].top,
                        .apart = is_apart(&f[v])};
    if (!boxes_save(&all, path))
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    if (strcmp(path, "-") != 0)
        say_unless_quiet(s->o, "the picture is in %s", path);
    return EXIT_DONE;
}

/* ---- the report ----------------------------------------------------------------------------- */

static int print_all(const trials *s, const finding f[ODYSSEY_VARIANTS])
{
    if (opts_flag(s->o, "json"))
        return print_json(s, f);
    int code = print_variants(f, opts_flag(s->o, "csv"));
    if (code != EXIT_DONE || opts_flag(s->o, "csv"))
        return code;
    code = print_settings(s);
    if (code == EXIT_DONE)
        print_words(s, f);
    return code;
}

int odyssey_report(const trials *s)
{
    const char *picture = opts_text(s->o, "svg");
    finding f[ODYSSEY_VARIANTS];
    int code = find_all(s, f) ? EXIT_DONE : say_out_of_memory();

    if (code == EXIT_DONE && strcmp(picture, "-") != 0) /* else it is what is printed */
        code = print_all(s, f);
    if (code == EXIT_DONE && picture[0])
        code = draw(s, f);
    free_findings(f);
    return code;
}
