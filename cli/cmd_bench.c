/* cmd_bench.c -- recur bench: how fast this machine does it, and how near that is to what it can.
 *
 * What is measured is the library's business: a kind has a name, the options that mean something to
 * it and their defaults. Here they are read, and what is measured is told: one row as a page, many
 * as a table, and a sweep as a picture too.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "bench_row.h"
#include "cmd.h"
#include "plot.h"

static const opt options[] = {
    {.name = "cell",
     .kind = RC_OPTION_NAME,
     .list = "cells",
     .group = "work",
     .help = "recurrent cell"},
    {.name = "hidden",
     .kind = RC_OPTION_INT,
     .lo = 1,
     .hi = 65536,
     .group = "work",
     .help = "units of a recurrent layer"},
    {.name = "layers",
     .kind = RC_OPTION_INT,
     .lo = 1,
     .hi = 64,
     .group = "work",
     .help = "recurrent layers"},
    {.name = "embed",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 65536,
     .group = "work",
     .help = "size of the symbol vectors (0: units of a layer)"},
    {.name = "vocab",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 1e8,
     .group = "work",
     .help = "symbols of the vocabulary"},
    {.name = "output",
     .kind = RC_OPTION_NAME,
     .list = "outputs",
     .group = "work",
     .help = "output layer (but for full, words are as frequent as in a language)"},
    {.name = "batch",
     .kind = RC_OPTION_INT,
     .lo = 1,
     .hi = 65536,
     .group = "work",
     .help = "sequences of a batch"},
    {.name = "seq",
     .kind = RC_OPTION_INT,
     .lo = 1,
     .hi = 1e6,
     .group = "work",
     .help = "time steps of a batch"},
    {.name = "ragged",
     .kind = RC_OPTION_INT,
     .value = "MIN",
     .lo = 0,
     .hi = 1e6,
     .group = "work",
     .help = "lengths fall evenly from --seq to MIN (0: all are --seq)"},
    {.name = "shards",
     .kind = RC_OPTION_INT,
     .lo = 1,
     .hi = 1024,
     .group = "work",
     .help = "parts of a batch that are computed apart"},
    {.name = "dropout",
     .kind = RC_OPTION_REAL,
     .lo = 0,
     .hi = 0.99,
     .group = "work",
     .help = "on the input, between layers and before the output"},
    {.name = "optimizer",
     .kind = RC_OPTION_NAME,
     .list = "optimizers",
     .group = "work",
     .help = "how weights follow gradients"},
    {.name = "precision",
     .kind = RC_OPTION_NAME,
     .list = "precisions",
     .group = "work",
     .help = "lm and cells: what is multiplied (f32, bf16); step: how weights are held"},
    {.name = "sweep",
     .kind = RC_OPTION_TEXT,
     .value = "OPTION=N,N...",
     .group = "work",
     .many = true,
     .help = "measure for every value of an option; again: for all of another one each"},
    {.name = "seconds",
     .kind = RC_OPTION_REAL,
     .lo = 0,
     .hi = 1e6,
     .group = "running",
     .help = "how long to measure, for each row"},
    {.name = "rounds",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 1,
     .hi = 1000,
     .group = "running",
     .help = "measure all of it so many times in turn, and tell medians"},
    {.name = "threads",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 4096,
     .group = "running",
     .help = "threads (0: RECUR_THREADS, or all cores)"},
    OPT_JSON,
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw the speeds of a sweep as an SVG picture; - for stdout"},
    OPT_END,
};

/* ---- options -------------------------------------------------------------------------------- */

/* Where a value goes, by its name. */
static const struct field {
    const char *name;
    rc_option_kind kind;
    size_t at;
} fields[] = {
    {"cell", RC_OPTION_NAME, offsetof(rc_bench_options, cell)},
    {"hidden", RC_OPTION_INT, offsetof(rc_bench_options, hidden)},
    {"layers", RC_OPTION_INT, offsetof(rc_bench_options, layers)},
    {"embed", RC_OPTION_INT, offsetof(rc_bench_options, embed)},
    {"vocab", RC_OPTION_INT, offsetof(rc_bench_options, vocab)},
    {"output", RC_OPTION_NAME, offsetof(rc_bench_options, output)},
    {"batch", RC_OPTION_INT, offsetof(rc_bench_options, batch)},
    {"seq", RC_OPTION_INT, offsetof(rc_bench_options, seq)},
    {"ragged", RC_OPTION_INT, offsetof(rc_bench_options, ragged)},
    {"shards", RC_OPTION_INT, offsetof(rc_bench_options, shards)},
    {"dropout", RC_OPTION_REAL, offsetof(rc_bench_options, dropout)},
    {"optimizer", RC_OPTION_NAME, offsetof(rc_bench_options, optimizer)},
    {"precision", RC_OPTION_NAME, offsetof(rc_bench_options, precision)},
    {"threads", RC_OPTION_INT, offsetof(rc_bench_options, threads)},
    {"seconds", RC_OPTION_REAL, offsetof(rc_bench_options, seconds)},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static bool kind_uses(const rc_bench_kind *kind, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = kind->uses; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strncmp(at, name, n) == 0 && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

/* From a text that has been checked. */
static void set_field(rc_bench_options *to, const struct field *f, const char *text)
{
    void *at = (char *)to + f->at;
    double x = 0;
    if (f->kind == RC_OPTION_NAME)
        *(const char **)at = text;
    else if (opt_number(text, &x) && f->kind == RC_OPTION_INT)
        *(int64_t *)at = (int64_t)x;
    else
        *(double *)at = x;
}

static json_t *field_json(const rc_bench_options *from, const struct field *f)
{
    const void *at = (const char *)from + f->at;
    if (f->kind == RC_OPTION_INT)
        return json_integer(*(const int64_t *)at);
    if (f->kind == RC_OPTION_REAL)
        return json_number(*(const double *)at);
    return json_string(*(const char *const *)at);
}

static int refuse_field(const rc_bench_kind *kind, const char *name)
{
    say_misuse("'recur bench %s' has no option '--%s'", kind->name, name);
    say_hint("it has: %s", kind->uses);
    return EXIT_MISUSED;
}

/* OPT_GO_ON, or the exit code of misuse. */
static int read_options(const opts *o, const rc_bench_kind *kind, rc_bench_options *out)
{
    *out = kind->options;
    for (size_t i = 0; i < FIELDS; i++) {
        if (!opts_has(o, fields[i].name))
            continue;
        if (!kind_uses(kind, fields[i].name))
            return refuse_field(kind, fields[i].name);
        set_field(out, &fields[i], opts_text(o, fields[i].name));
    }
    return OPT_GO_ON;
}

static const rc_bench_kind *find_kind(const char *name)
{
    const rc_bench_kind *kind;
    for (size_t i = 0; (kind = rc_bench_kind_at(i)); i++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    say_misuse("cannot measure '%s'", name);
    const char *near = opt_nearest_in_list("benches", name);
    say_hint(near ? "did you mean '%s'?" : "recur list benches shows what can be measured", near);
    return NULL;
}

/* ---- sweeps --------------------------------------------------------------------------------- */

enum { SWEEPS = 2, VALUES = 32, LABEL = 8 };

/* An option and the values that it takes in turn. */
typedef struct sweep {
    const struct field *field;
    int count;
    const char *value[VALUES]; /* in `text` */
    char *text;
} sweep;

/* Everything that is measured: the values of the first sweep for each of the second, in rounds. */
typedef struct survey {
    const rc_bench_kind *kind;
    rc_bench_options base; /* of which a point changes what is swept */
    sweep sweep[SWEEPS];
    int sweeps;
    int points, rounds;
    rc_bench_row *row; /* (points, rounds) */
    char name[160];    /* of the last row */
} survey;

static const opt *option_row(const char *name)
{
    for (const opt *row = options; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

static bool rises(const sweep *s)
{
    double before, x;
    for (int i = 1; i < s->count; i++)
        if (opt_number(s->value[i - 1], &before) && opt_number(s->value[i], &x) && x <= before)
            return false;
    return true;
}

/* The commas of s->text become ends of values. */
static int cut_values(sweep *s, char *at)
{
    const opt *row = option_row(s->field->name);
    for (bool more = true; more; s->count++) {
        char *end = at + strcspn(at, ",");
        more = *end == ',';
        *end = '\0';
        if (s->count == VALUES)
            return say_misuse("option '--sweep' has more than %d values", VALUES);
        const int code = opt_check(row, at);
        if (code != OPT_GO_ON)
            return code;
        s->value[s->count] = at;
        at = end + 1;
    }
    if (!rises(s))
        return say_misuse("the values of '--sweep %s' must rise", s->field->name);
    return OPT_GO_ON;
}

/* "hidden=64,128". OPT_GO_ON, or an exit code. */
static int read_sweep(survey *v, const char *text)
{
    sweep *s = &v->sweep[v->sweeps++];
    s->text = malloc(strlen(text) + 1);
    if (!s->text)
        return say_out_of_memory();
    strcpy(s->text, text);
    char *equals = strchr(s->text, '=');
    if (!equals) {
        say_misuse("option '--sweep' is '%s', it needs an option and its values", text);
        say_hint("for example: --sweep hidden=128,256,512");
        return EXIT_MISUSED;
    }
    *equals = '\0';
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, s->text) == 0)
            s->field = &fields[i];
    if (!s->field || !kind_uses(v->kind, s->text))
        return refuse_field(v->kind, s->text);
    if (v->sweeps == SWEEPS && v->sweep[0].field == s->field)
        return say_misuse("option '--sweep %s' is there twice", s->text);
    return cut_values(s, equals + 1);
}

static int read_sweeps(survey *v, const opts *o)
{
    const char *text;
    v->points = 1;
    for (size_t i = 0; (text = opts_each(o, "sweep", i)); i++) {
        if (i == SWEEPS)
            return say_misuse("option '--sweep' can be there %d times", SWEEPS);
        const int code = read_sweep(v, text);
        if (code != OPT_GO_ON)
            return code;
        v->points *= v->sweep[i].count;
    }
    return OPT_GO_ON;
}

/* What is drawn can be drawn. */
static int check_picture(const survey *v)
{
    if (v->sweeps == 0)
        return say_misuse("option '--svg' draws what '--sweep' measures, and there is none");
    if (v->sweep[0].field->kind == RC_OPTION_NAME)
        return say_misuse("option '--svg' cannot draw over names: sweep numbers first");
    if (v->sweep[1].count > PLOT_CURVES)
        return say_misuse("option '--svg' draws at most %d curves, the second sweep has %d",
                          PLOT_CURVES, v->sweep[1].count);
    return OPT_GO_ON;
}

/* The options of a point, and its name: "hidden 64, threads 2". */
static rc_bench_options at_point(const survey *v, int point, char name[SAY_ROOM * 2])
{
    rc_bench_options b = v->base;
    size_t n = 0;
    name[0] = '\0';
    for (int i = 0; i < v->sweeps; i++) {
        const sweep *s = &v->sweep[i];
        const char *value = s->value[i == 0 ? point % s->count : point / v->sweep[0].count];
        set_field(&b, s->field, value);
        n += (size_t)snprintf(name + n, n < SAY_ROOM * 2 ? SAY_ROOM * 2 - n : 0, "%s%s %s",
                              i ? ", " : "", s->field->name, value);
    }
    return b;
}

static int by_seconds(const void *a, const void *b)
{
    const double x = ((const rc_bench_row *)a)->seconds, y = ((const rc_bench_row *)b)->seconds;
    return (x > y) - (x < y);
}

/* The row of a point that stands in the middle of its rounds. */
static rc_bench_row *middle(const survey *v, int point)
{
    rc_bench_row *row = v->row + point * v->rounds;
    qsort(row, (size_t)v->rounds, sizeof *row, by_seconds);
    return row + v->rounds / 2;
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* Nothing of it, or the one part that a batch is without shards. */
static bool goes_without_saying(const struct field *f, int64_t n)
{
    return n == 0 || (n == 1 && strcmp(f->name, "shards") == 0);
}

/* What all points have in common. */
static void title_of(const survey *v, char *out, size_t room)
{
    size_t n = (size_t)snprintf(out, room, "recur bench %s", v->kind->name);
    for (size_t i = 0; i < FIELDS && n < room; i++) {
        const struct field *f = &fields[i];
        const void *at = (const char *)&v->base + f->at;
        const bool swept = f == v->sweep[0].field || f == v->sweep[1].field;
        if (swept || !kind_uses(v->kind, f->name) || strcmp(f->name, "seconds") == 0)
            continue;
        if (f->kind == RC_OPTION_NAME && strcmp(f->name, "optimizer") != 0)
            n += (size_t)snprintf(out + n, room - n, ", %s", *(const char *const *)at);
        if (f->kind == RC_OPTION_REAL && *(const double *)at > 0)
            n += (size_t)snprintf(out + n, room - n, ", %s %g", f->name, *(const double *)at);
        if (f->kind == RC_OPTION_INT && !goes_without_saying(f, *(const int64_t *)at))
            n +=
                (size_t)snprintf(out + n, room - n, ", %s %" PRId64, f->name, *(const int64_t *)at);
    }
}

/* Whether equal factors rather than equal steps should be equally far apart. */
static bool spans(double least, double most)
{
    return least > 0 && most / least >= 8;
}

static void choose_scales(plot *p)
{
    double least = (double)INFINITY, most = 0;
    for (int c = 0; c < p->curves; c++)
        for (size_t i = 0; i < p->curve[c].count; i++) {
            least = fmin(least, p->curve[c].points[i].y);
            most = fmax(most, p->curve[c].points[i].y);
        }
    const plot_curve *first = &p->curve[0];
    p->x_log = spans(first->points[0].x, first->points[first->count - 1].x);
    p->y_log = spans(least, most);
    p->y_zero = !p->y_log;
}

/* Where the points of a picture and its words are. */
typedef struct sketch {
    plot_point *point;    /* (points) */
    char (*label)[LABEL]; /* (points) */
    char title[200], name[PLOT_CURVES][SAY_ROOM];
} sketch;

static void draw(const survey *v, sketch *k, plot *p)
{
    const int each = v->sweep[0].count;
    title_of(v, k->title, sizeof k->title);
    *p = (plot){.title = k->title,
                .note = "% of the peak; ?: it was unsteady",
                .x_name = v->sweep[0].field->name,
                .y_name = "tokens/s",
                .curves = v->points / each};
    for (int i = 0; i < v->points; i++) {
        const rc_bench_row *row = middle(v, i);
        if (row->steady)
            snprintf(k->label[i], LABEL, "%.0f%%", fmin(100 * bench_fraction(row), 999));
        else
            strcpy(k->label[i], "?");
        k->point[i] = (plot_point){.y = (double)row->tokens / row->seconds,
                                   .label = k->label[i],
                                   .doubtful = !row->steady};
        (void)opt_number(v->sweep[0].value[i % each], &k->point[i].x);
    }
    for (int c = 0; c < p->curves; c++) {
        if (v->sweeps > 1)
            snprintf(k->name[c], SAY_ROOM, "%s %s", v->sweep[1].field->name, v->sweep[1].value[c]);
        else
            snprintf(k->name[c], SAY_ROOM, "tokens/s");
        p->curve[c] = (plot_curve){k->name[c], k->point + c * each, (size_t)each, true};
    }
    choose_scales(p);
}

static int write_picture(const survey *v, const opts *o)
{
    const char *path = opts_text(o, "svg");
    sketch k = {.point = calloc((size_t)v->points, sizeof *k.point),
                .label = calloc((size_t)v->points, sizeof *k.label)};
    int code = EXIT_DONE;
    plot p;
    if (k.point && k.label) {
        draw(v, &k, &p);
        if (!plot_save(&p, path))
            code = say_failure("cannot write '%s': %s", path, strerror(errno));
        else if (strcmp(path, "-") != 0)
            say_unless_quiet(o, "the picture is in %s", path);
    } else {
        code = say_out_of_memory();
    }
    free(k.label);
    free(k.point);
    return code;
}

/* ---- reports -------------------------------------------------------------------------------- */

typedef struct report {
    const rc_bench_kind *kind;
    int64_t rows;
    bool table; /* many rows, else one */
    bool json;
    bool silent;    /* a picture goes to stdout */
    json_t *object; /* with json: of all; of a table, its rows are in `array` */
    json_t *array;
} report;

/* extra: more about a row, for JSON; taken, may be NULL. */
static void tell_row(report *r, const rc_bench_row *row, json_t *extra)
{
    const bool first = r->rows++ == 0;
    if (r->json && r->table) {
        bench_put(&extra, row);
        json_add(&r->array, extra);
    } else if (r->json) {
        bench_put(&r->object, row);
    } else if (!r->silent) {
        if (r->table)
            bench_line(row, first);
        else
            bench_page(row);
        fflush(stdout);
    }
}

static void on_row(void *ctx, const rc_bench_row *row)
{
    report *r = ctx;
    tell_row(r, row, r->json && r->table ? json_object() : NULL);
}

static void begin_json(report *r, const rc_bench_options *b)
{
    r->object = json_object();
    json_put(&r->object, "bench", json_string(r->kind->name));
    for (size_t i = 0; i < FIELDS; i++)
        if (kind_uses(r->kind, fields[i].name))
            json_put(&r->object, fields[i].name, field_json(b, &fields[i]));
    if (r->table)
        r->array = json_array();
}

static int end_json(report *r)
{
    if (r->table)
        json_put(&r->object, "rows", r->array);
    json_put(&r->object, "resident_bytes", json_number(say_memory()));
    return json_print(stdout, r->object, false);
}

/* ---- the command ---------------------------------------------------------------------------- */

static int failed(report *r, rc_status status)
{
    json_decref(r->array);
    json_decref(r->object);
    return say_library_misuse(status);
}

/* A kind that tells many rows of itself. */
static int run_table(report *r, const opts *o, const rc_bench_options *b)
{
    const char *const single[] = {"sweep", "rounds", "svg"};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (opts_has(o, single[i]))
            return say_misuse("'recur bench %s' is a table already: it has no '--%s'",
                              r->kind->name, single[i]);
    if (r->json)
        begin_json(r, b);
    const rc_status status = rc_bench(r->kind->name, b, on_row, r);
    if (status != RC_OK)
        return failed(r, status);
    return r->json ? end_json(r) : EXIT_DONE;
}

typedef struct keeper {
    survey *survey;
    rc_bench_row *to;
} keeper;

static void keep_row(void *ctx, const rc_bench_row *row)
{
    const keeper *k = ctx;
    snprintf(k->survey->name, sizeof k->survey->name, "%s", row->name);
    *k->to = *row;
}

/* Once more, every point; in the last round they are told. */
static rc_status run_round(survey *v, report *r, int round)
{
    char name[SAY_ROOM * 2];
    for (int i = 0; i < v->points; i++) {
        const rc_bench_options b = at_point(v, i, name);
        keeper k = {v, v->row + i * v->rounds + round};
        const rc_status status = rc_bench(v->kind->name, &b, keep_row, &k);
        if (status != RC_OK)
            return status;
        if (round < v->rounds - 1)
            continue;
        rc_bench_row row = *middle(v, i);
        row.name = v->sweeps ? name : v->name;
        json_t *extra = r->json && r->table ? json_object() : NULL;
        for (int s = 0; extra && s < v->sweeps; s++)
            json_put(&extra, v->sweep[s].field->name, field_json(&b, v->sweep[s].field));
        tell_row(r, &row, extra);
    }
    return RC_OK;
}

static int run_survey(survey *v, report *r, const opts *o)
{
    int code = read_sweeps(v, o);
    if (code == OPT_GO_ON && opts_has(o, "svg"))
        code = check_picture(v);
    if (code != OPT_GO_ON)
        return code;
    v->rounds = (int)opts_int(o, "rounds");
    v->row = calloc((size_t)v->points * (size_t)v->rounds, sizeof *v->row);
    if (!v->row)
        return say_out_of_memory();
    r->table = v->sweeps > 0;
    r->silent = opts_has(o, "svg") && strcmp(opts_text(o, "svg"), "-") == 0;
    if (r->json)
        begin_json(r, &v->base);
    for (int i = 0; i < v->rounds; i++) {
        const rc_status status = run_round(v, r, i);
        if (status != RC_OK)
            return failed(r, status);
    }
    code = r->json ? end_json(r) : EXIT_DONE;
    return code == EXIT_DONE && opts_has(o, "svg") ? write_picture(v, o) : code;
}

static int run(const opts *o)
{
    survey v = {.kind = find_kind(o->args[0])};
    if (!v.kind)
        return EXIT_MISUSED;
    report r = {.kind = v.kind, .table = v.kind->table, .json = opts_flag(o, "json")};
    int code = read_options(o, r.kind, &v.base);
    if (code != OPT_GO_ON)
        return code;
    code = r.table ? run_table(&r, o, &v.base) : run_survey(&v, &r, o);
    free(v.row);
    for (int i = 0; i < SWEEPS; i++)
        free(v.sweep[i].text);
    return code;
}

const command cmd_bench = {
    .name = "bench",
    .usage = "BENCH [options]",
    .summary = "measure speed and memory on this machine",
    .example = "recur bench lm\n"
               "recur bench lm --cell gru --hidden 1024 --threads 1 --json\n"
               "recur bench cells --hidden 256\n"
               "recur bench lm --sweep hidden=64,256,1024 --sweep threads=1,2 --svg speed.svg",
    .about =
        "Measures BENCH with the options that mean something to it; each has its own defaults,"
        " which --json shows. Times are medians of single calls. Operations are counted from what"
        " is multiplied, two for each multiply-add, and set against the peak: multiply-adds in"
        " registers alone, probed just before and after. Where the probes disagree, or all threads"
        " do much less than so many of the one would, the report says so: something else had a"
        " core.\n"
        "--sweep measures for every value of an option (and, given again, of a second one) and"
        " makes a table; --svg draws it.",
    .options = options,
    .words = "benches",
    .run = run,
};
