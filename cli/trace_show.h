/* trace_show.h -- units over a text: in colours, as numbers, as JSON, as a page. */
#ifndef RECUR_CLI_TRACE_SHOW_H
#define RECUR_CLI_TRACE_SHOW_H

#include "cmd.h"
#include "trace_find.h"

typedef struct trace_view {
    const rc_model *m;
    const rc_trace *t;
    const char *model, *data; /* names */
    int layer;                /* from 1 */
    const trace_match *unit;  /* (units) */
    size_t units;
    int64_t show; /* symbols that are shown */
} trace_view;

/* The text once for every unit, on colours from blue (low) over white to red (high). */
void trace_print_colours(const trace_view *v);
/* A line for every symbol, a column for every unit, separated by tabs. */
void trace_print_numbers(const trace_view *v);
int trace_print_json(const trace_view *v);
/* To a file or "-"; false: errno says why. */
bool trace_save_page(const trace_view *v, const char *path);

#endif
