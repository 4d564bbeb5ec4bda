/* cmd_bench.c -- recur bench: how fast this machine does it, and how near that is to what it can.
 *
 * What is measured is the library's business: a kind has a name, the options that mean something to
 * it and their defaults. Here they are read, and rows are printed: one as a page, many as a table.
 */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "cmd.h"

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
     .help = "how weights are held (fewer bits: step alone)"},
    {.name = "seconds",
     .kind = RC_OPTION_REAL,
     .lo = 0,
     .hi = 1e6,
     .group = "running",
     .help = "how long to measure, for each row"},
    {.name = "threads",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 4096,
     .group = "running",
     .help = "threads (0: RECUR_THREADS, or all cores)"},
    OPT_JSON,
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

static void set_field(rc_bench_options *to, const struct field *f, const opts *o)
{
    void *at = (char *)to + f->at;
    if (f->kind == RC_OPTION_INT)
        *(int64_t *)at = opts_int(o, f->name);
    else if (f->kind == RC_OPTION_REAL)
        *(double *)at = opts_real(o, f->name);
    else
        *(const char **)at = opts_text(o, f->name);
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

/* OPT_GO_ON, or the exit code of misuse. */
static int read_options(const opts *o, const rc_bench_kind *kind, rc_bench_options *out)
{
    *out = kind->options;
    for (size_t i = 0; i < FIELDS; i++) {
        if (!opts_has(o, fields[i].name))
            continue;
        if (!kind_uses(kind, fields[i].name)) {
            say_misuse("'recur bench %s' has no option '--%s'", kind->name, fields[i].name);
            say_hint("it has: %s", kind->uses);
            return EXIT_MISUSED;
        }
        set_field(out, &fields[i], o);
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

/* ---- rows ----------------------------------------------------------------------------------- */

static double fraction(const rc_bench_row *r)
{
    return r->peak > 0 ? r->flops / r->seconds / r->peak : nan("");
}

/* 146 ms, 38.2 us */
static const char *say_time(char out[SAY_ROOM], double s)
{
    if (s < 1e-3)
        snprintf(out, SAY_ROOM, "%.3g us", 1e6 * s);
    else if (s < 1)
        snprintf(out, SAY_ROOM, "%.3g ms", 1e3 * s);
    else
        snprintf(out, SAY_ROOM, "%.3g s", s);
    return out;
}

/* What the probes say when they disagree, or NULL. */
static const char *doubt(const rc_bench_row *r, char out[SAY_ROOM * 4])
{
    if (r->steady)
        return NULL;
    if (fabs(r->before - r->after) > 0.1 * fmax(r->before, r->after))
        snprintf(out, SAY_ROOM * 4, "the peak was %.0f GFLOP/s before and %.0f after",
                 1e-9 * r->before, 1e-9 * r->after);
    else
        snprintf(out, SAY_ROOM * 4, "a core was missing: %d threads reach %.2f times what one does",
                 r->threads, r->peak / r->one);
    return out;
}

static void print_page(const rc_bench_row *r)
{
    char a[SAY_ROOM], b[SAY_ROOM], words[SAY_ROOM * 4];
    printf("%-12s%s; %d thread%s, %s\n", "measured", r->name, r->threads,
           r->threads == 1 ? "" : "s", r->isa);
    if (r->tokens > 0)
        printf("%-12s%s tokens/s\n", "speed",
               say_count(a, llround((double)r->tokens / r->seconds)));
    printf("%-12s%s, 99%% below %s (%" PRId64 " calls)\n", "time", say_time(a, r->seconds),
           say_time(b, r->p99), r->calls);
    printf("%-12s%.1f GFLOP/s, %.1f%% of the peak\n", "work", 1e-9 * r->flops / r->seconds,
           100 * fraction(r));
    printf("%-12s%.1f GFLOP/s before, %.1f after; one thread %.1f\n", "peak", 1e-9 * r->before,
           1e-9 * r->after, 1e-9 * r->one);
    if (r->reads > 0)
        printf("%-12s%.1f GB/s of weights\n", "reading", 1e-9 * r->reads / r->seconds);
    if (r->bytes > 0)
        printf("%-12s%sB (predicted %sB)\n", "memory", say_short(a, (double)r->bytes),
               say_short(b, (double)r->predicted));
    if (doubt(r, words))
        printf("%-12s%s\n", "unsteady", words);
}

static void print_line(const rc_bench_row *r, bool head)
{
    char time[SAY_ROOM], tokens[SAY_ROOM] = "-", reads[SAY_ROOM] = "-", bytes[SAY_ROOM] = "-";
    char words[SAY_ROOM * 4];
    if (head)
        printf("%-36s %-7s %9s %9s %9s %7s %7s %8s\n", "", "isa", "time", "tokens/s", "GFLOP/s",
               "of peak", "GB/s", "memory");
    if (r->tokens > 0)
        say_short(tokens, (double)r->tokens / r->seconds);
    if (r->reads > 0)
        snprintf(reads, sizeof reads, "%.1f", 1e-9 * r->reads / r->seconds);
    if (r->bytes > 0)
        strcat((say_short(bytes, (double)r->bytes), bytes), "B");
    printf("%-36s %-7s %9s %9s %9.1f %6.1f%% %7s %8s", r->name, r->isa, say_time(time, r->seconds),
           tokens, 1e-9 * r->flops / r->seconds, 100 * fraction(r), reads, bytes);
    printf(doubt(r, words) ? "  %s\n" : "\n", words);
}

static void put_row(json_t **o, const rc_bench_row *r)
{
    json_put(o, "name", json_string(r->name));
    json_put(o, "isa", json_string(r->isa));
    json_put(o, "threads", json_integer(r->threads));
    json_put(o, "calls", json_integer(r->calls));
    json_put(o, "median_seconds", json_number(r->seconds));
    json_put(o, "p99_seconds", json_number(r->p99));
    if (r->tokens > 0)
        json_put(o, "tokens_per_second", json_number((double)r->tokens / r->seconds));
    json_put(o, "gflops", json_number(1e-9 * r->flops / r->seconds));
    json_put(o, "fraction_of_peak", json_number(fraction(r)));
    json_put(o, "peak_gflops", json_number(1e-9 * r->peak));
    json_put(o, "peak_before", json_number(1e-9 * r->before));
    json_put(o, "peak_after", json_number(1e-9 * r->after));
    json_put(o, "peak_one_thread", json_number(1e-9 * r->one));
    json_put(o, "steady", json_boolean(r->steady));
    if (r->reads > 0)
        json_put(o, "gbytes_per_second", json_number(1e-9 * r->reads / r->seconds));
    if (r->bytes > 0) {
        json_put(o, "bytes", json_integer(r->bytes));
        json_put(o, "predicted_bytes", json_integer(r->predicted));
    }
}

typedef struct report {
    const rc_bench_kind *kind;
    int64_t rows;
    bool json;
    json_t *object; /* with --json: of all; of a table, its rows are in `table` */
    json_t *table;
} report;

static void on_row(void *ctx, const rc_bench_row *row)
{
    report *r = ctx;
    const bool first = r->rows++ == 0;
    if (!r->json && r->kind->table)
        print_line(row, first);
    if (!r->json && !r->kind->table)
        print_page(row);
    fflush(stdout);
    if (!r->json)
        return;
    if (!r->kind->table) {
        put_row(&r->object, row);
        return;
    }
    json_t *one = json_object();
    put_row(&one, row);
    json_add(&r->table, one);
}

/* ---- the command ---------------------------------------------------------------------------- */

static void begin_json(report *r, const rc_bench_options *b)
{
    r->object = json_object();
    json_put(&r->object, "bench", json_string(r->kind->name));
    for (size_t i = 0; i < FIELDS; i++)
        if (kind_uses(r->kind, fields[i].name))
            json_put(&r->object, fields[i].name, field_json(b, &fields[i]));
    if (r->kind->table)
        r->table = json_array();
}

static int end_json(report *r)
{
    if (r->kind->table)
        json_put(&r->object, "rows", r->table);
    json_put(&r->object, "resident_bytes", json_number(say_memory()));
    return json_print(stdout, r->object, false);
}

static int run(const opts *o)
{
    rc_bench_options b;
    report r = {.kind = find_kind(o->args[0]), .json = opts_flag(o, "json")};
    if (!r.kind)
        return EXIT_MISUSED;
    const int code = read_options(o, r.kind, &b);
    if (code != OPT_GO_ON)
        return code;
    if (r.json)
        begin_json(&r, &b);
    const rc_status status = rc_bench(r.kind->name, &b, on_row, &r);
    if (status != RC_OK) {
        json_decref(r.table);
        json_decref(r.object);
        say_library_failure();
        return status == RC_EINVAL ? EXIT_MISUSED : EXIT_FAILED;
    }
    return r.json ? end_json(&r) : EXIT_DONE;
}

const command cmd_bench = {
    .name = "bench",
    .usage = "BENCH [options]",
    .summary = "measure speed and memory on this machine",
    .example = "recur bench lm\n"
               "recur bench lm --cell gru --hidden 1024 --threads 1 --json\n"
               "recur bench cells --hidden 256",
    .about =
        "Measures BENCH with the options that mean something to it; each has its own defaults,"
        " which --json shows. Times are medians of single calls. Operations are counted from what"
        " is multiplied, two for each multiply-add, and set against the peak: multiply-adds in"
        " registers alone, probed just before and after. Where the probes disagree, or all threads"
        " do much less than so many of the one would, the report says so: something else had a"
        " core.",
    .options = options,
    .words = "benches",
    .run = run,
};
