/* cmd_trace.c -- recur trace: the units of a layer over a text. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "trace_show.h"

static const opt options[] = {
    {.name = "layer",
     .kind = RC_OPTION_INT,
     .fallback = "0",
     .lo = 0,
     .hi = 64,
     .group = "looking",
     .help = "the layer, from 1 (0: the last)"},
    {.name = "vector",
     .kind = RC_OPTION_TEXT,
     .value = "NAME",
     .group = "looking",
     .help = "a state or gate of the cell: h, c, f, ... (none: c, or h where there is none)"},
    {.name = "unit",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 1e6,
     .group = "looking",
     .help = "show this unit, from 0 (may be given again)",
     .many = true},
    {.name = "top",
     .kind = RC_OPTION_INT,
     .fallback = "3",
     .lo = 1,
     .hi = 1e6,
     .group = "looking",
     .help = "without --unit: so many units that follow a property of the text best"},
    {.name = "about",
     .kind = RC_OPTION_NAME,
     .list = "properties",
     .group = "looking",
     .help = "that property (none: any)"},
    {.name = "show",
     .kind = RC_OPTION_INT,
     .fallback = "1000",
     .lo = 0,
     .hi = 1e12,
     .group = "output",
     .help = "symbols to show (0: all); correlations are over all"},
    {.name = "plain",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "numbers, separated by tabs, as where there is no terminal"},
    {.name = "color",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "colours even where there is no terminal"},
    {.name = "html",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "write a page to FILE (-: standard output)"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

/* The units to show out of the matches of all, which are by unit or by falling |r|. */
static int choose_units(const opts *o, trace_view *v, trace_match *all)
{
    size_t given = 0;
    if (!opts_has(o, "unit")) {
        const int64_t top = opts_int(o, "top");
        v->units = (size_t)(top < v->t->units ? top : v->t->units);
        return OPT_GO_ON;
    }
    while (opts_each(o, "unit", given))
        given++;
    trace_match *chosen = calloc(given, sizeof *chosen);
    if (!chosen)
        return say_out_of_memory();
    for (size_t i = 0; i < given; i++) {
        const int64_t unit = (int64_t)strtoll(opts_each(o, "unit", i), NULL, 10);
        if (unit >= v->t->units) {
            free(chosen);
            return say_failure("there is no unit %" PRId64 ", layer %d has 0 to %" PRId64, unit,
                               v->layer, v->t->units - 1);
        }
        chosen[i] = all[unit];
    }
    const size_t kept = given < (size_t)v->t->units ? given : (size_t)v->t->units;
    memcpy(all, chosen, kept * sizeof *all);
    free(chosen);
    v->units = kept;
    return OPT_GO_ON;
}

static int show(const opts *o, const trace_view *v)
{
    const char *html = opts_text(o, "html");
    if (opts_has(o, "html") && !trace_save_page(v, html))
        return say_failure("cannot write '%s': %s", html, strerror(errno));
    if (opts_flag(o, "json"))
        return trace_print_json(v);
    if (opts_has(o, "html"))
        return EXIT_DONE;
    if (opts_flag(o, "color") || (!opts_flag(o, "plain") && isatty(STDOUT_FILENO)))
        trace_print_colours(v);
    else
        trace_print_numbers(v);
    return EXIT_DONE;
}

static int look(const opts *o, const rc_model *m, const char *path, const rc_trace *t, int layer)
{
    const char *about = opts_has(o, "about") ? opts_text(o, "about") : NULL;
    const int64_t most = opts_int(o, "show");
    trace_match *all = trace_matches(m, t, about, !opts_has(o, "unit"));
    trace_view v = {.m = m,
                    .t = t,
                    .model = o->args[0],
                    .data = strcmp(path, "-") == 0 ? "standard input" : path,
                    .layer = layer,
                    .unit = all,
                    .show = most == 0 || most > t->count ? t->count : most};
    if (!all)
        return say_out_of_memory();
    int code = choose_units(o, &v, all);
    if (code == OPT_GO_ON)
        code = show(o, &v);
    free(all);
    return code;
}

/* The layer that is meant, from 1. */
static int layer_of(const opts *o, const rc_model *m)
{
    const char *layers = rc_config_get(rc_model_config(m), "layers");
    const int given = (int)opts_int(o, "layer");
    return given ? given : layers ? (int)strtol(layers, NULL, 10) : 1;
}

static int run(const opts *o)
{
    const char *path = o->arg_count > 1 ? o->args[1] : "-";
    const char *vector = opts_text(o, "vector");
    rc_model *m = NULL;
    rc_trace *t = NULL;
    size_t n = 0;
    if (rc_model_open(&m, o->args[0]) != RC_OK)
        return say_library_failure();
    char *text = whole_read(path, &n);
    int code = text ? EXIT_DONE : EXIT_FAILED;
    const int layer = layer_of(o, m);
    if (text && rc_model_trace(&t, m, text, n, layer - 1, vector[0] ? vector : NULL,
                               (int)opts_int(o, "threads")) != RC_OK)
        code = say_failure("cannot trace '%s': %s", path, rc_error_message());
    else if (text)
        code = look(o, m, path, t, layer);
    free(text);
    rc_trace_free(t);
    rc_model_free(m);
    return code;
}

const command cmd_trace = {
    .name = "trace",
    .usage = "MODEL [FILE] [options]",
    .summary = "show what units do over a text",
    .example = "recur trace my.model input.txt\n"
               "recur trace my.model input.txt --about quotes --top 1 --html quotes.html\n"
               "recur trace my.model input.txt --layer 1 --vector f --unit 17 --plain",
    .about =
        "Lets the model read FILE or standard input and shows units of one layer over it: every"
        " symbol on a colour from blue (low) over white to red (high). Without --unit it shows"
        " those that follow a property of the text best (recur list properties), with Pearson's"
        " correlation r. Where there is no terminal it prints numbers.",
    .options = options,
    .run = run,
};
