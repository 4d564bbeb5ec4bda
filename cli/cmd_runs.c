/* cmd_runs.c -- recur runs: trainings listed, compared and drawn, from their logs. */
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "runs.h"

static const opt options[] = {
    {.name = "sort",
     .kind = RC_OPTION_NAME,
     .list = "columns",
     .fallback = "name",
     .group = "output",
     .help = "the column that rows are sorted by"},
    {.name = "reverse", .kind = RC_OPTION_FLAG, .group = "output", .help = "the last row first"},
    {.name = "compare",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "a column for each run: the options that differ, and the results"},
    {.name = "curve",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "draw the validation losses on the terminal, of one run its training losses too"},
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw them as a picture ('-': standard output)"},
    {.name = "over",
     .kind = RC_OPTION_NAME,
     .list = "axes",
     .fallback = "step",
     .group = "output",
     .help = "what curves run over"},
    {.name = "csv",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "print all columns as comma-separated values"},
    OPT_JSON,
    OPT_END,
};

/* ---- the order ------------------------------------------------------------------------------ */

static const run_column *find_column(const char *name)
{
    size_t i = 0;
    while (strcmp(run_column_at(i)->name, name) != 0) /* the option has been checked */
        i++;
    return run_column_at(i);
}

/* By insertion: equal rows keep their order. */
static void sort(runs *r, const run_column *by, bool reverse)
{
    for (size_t i = 1; i < r->count; i++) {
        run *const moved = r->at[i];
        size_t at = i;
        for (; at > 0; at--) {
            const int order = run_compare(r->at[at - 1], moved, by);
            if (reverse ? order >= 0 : order <= 0)
                break;
            r->at[at] = r->at[at - 1];
        }
        r->at[at] = moved;
    }
}

/* ---- tables --------------------------------------------------------------------------------- */

static int finish_table(table *t, bool csv)
{
    const bool failed = t->failed;
    if (!failed && csv)
        table_csv(stdout, t);
    else if (!failed)
        table_print(stdout, t);
    table_free(t);
    return failed ? say_out_of_memory() : EXIT_DONE;
}

static int list(const runs *r, bool csv)
{
    table t = {0};
    const run_column *c;
    for (size_t i = 0; (c = run_column_at(i)); i++)
        t.columns += csv || c->shown;
    for (size_t i = 0; (c = run_column_at(i)); i++)
        if (csv || c->shown)
            table_add(&t, c->name);
    for (size_t k = 0; k < r->count; k++)
        for (size_t i = 0; (c = run_column_at(i)); i++) {
            char room[RUN_ROOM];
            if (csv || c->shown)
                table_add(&t, run_text(r->at[k], c, csv, room));
        }
    return finish_table(&t, csv);
}

static int list_json(const runs *r)
{
    json_t *all = json_array();
    for (size_t i = 0; i < r->count; i++)
        json_add(&all, run_json(r->at[i]));
    return json_print(stdout, json_pack("{s:o}", "runs", all), true);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool differs(const runs *r, const char *option)
{
    for (size_t i = 1; i < r->count; i++)
        if (strcmp(run_option(r->at[i], option), run_option(r->at[0], option)) != 0)
            return true;
    return false;
}

/* Paths of several files in one cell. */
static void add_option(table *t, const char *value)
{
    char room[RUN_ROOM];
    snprintf(room, sizeof room, "%s", value[0] ? value : "-");
    for (char *at = room; *at; at++)
        if (*at == '\n')
            *at = ' ';
    table_add(t, room);
}

static int compare(const runs *r, bool csv)
{
    table t = {.columns = 1 + r->count};
    const rc_option *option;
    const run_column *c;
    table_add(&t, "");
    for (size_t k = 0; k < r->count; k++)
        table_add(&t, r->at[k]->name);
    for (size_t i = 0; (option = rc_option_at(i)); i++) {
        if (!differs(r, option->name))
            continue;
        char name[RUN_ROOM];
        snprintf(name, sizeof name, "--%s", option->name);
        table_add(&t, name);
        for (size_t k = 0; k < r->count; k++)
            add_option(&t, run_option(r->at[k], option->name));
    }
    for (size_t i = 0; (c = run_column_at(i)); i++) {
        if (strcmp(c->name, "name") == 0)
            continue;
        table_add(&t, c->name);
        for (size_t k = 0; k < r->count; k++) {
            char room[RUN_ROOM];
            table_add(&t, run_text(r->at[k], c, csv, room));
        }
    }
    return finish_table(&t, csv);
}

static int compare_json(const runs *r)
{
    json_t *options_json = json_object(), *all = json_array();
    const rc_option *option;
    for (size_t i = 0; (option = rc_option_at(i)); i++) {
        if (!differs(r, option->name))
            continue;
        json_t *values = json_array();
        for (size_t k = 0; k < r->count; k++) {
            const char *value = run_option(r->at[k], option->name);
            json_add(&values, json_bytes(value, strlen(value)));
        }
        json_put(&options_json, option->name, values);
    }
    for (size_t k = 0; k < r->count; k++)
        json_add(&all, run_json(r->at[k]));
    return json_print(stdout, json_pack("{s:o, s:o}", "differ", options_json, "runs", all), true);
}

/* ---- the command ---------------------------------------------------------------------------- */

static int read_all(const opts *o, runs *r)
{
    int code = o->arg_count == 0 ? runs_add(r, ".") : OPT_GO_ON;
    for (size_t i = 0; i < o->arg_count && code == OPT_GO_ON; i++)
        code = runs_add(r, o->args[i]);
    return code;
}

/* On the terminal, into a file, or both. */
static int draw(const opts *o, const runs *r)
{
    const char *over = opts_text(o, "over");
    int code = EXIT_DONE;
    if (opts_flag(o, "curve"))
        code = runs_draw(o, r, over, NULL);
    if (code == EXIT_DONE && opts_has(o, "svg"))
        code = runs_draw(o, r, over, opts_text(o, "svg"));
    return code;
}

static int show(const opts *o, runs *r)
{
    const bool json = opts_flag(o, "json"), csv = opts_flag(o, "csv");
    if (opts_has(o, "sort") || !opts_flag(o, "compare"))
        sort(r, find_column(opts_text(o, "sort")), opts_flag(o, "reverse"));
    const bool draws = opts_flag(o, "curve") || opts_has(o, "svg");
    if (r->count == 0 && draws)
        return say_failure("cannot draw: there is no log of a training here (MODEL.log.jsonl)");
    if (r->count == 0 && !json && !csv) {
        say_unless_quiet(o, "there is no log of a training here (MODEL.log.jsonl)");
        return EXIT_DONE;
    }
    const int code = draws ? draw(o, r) : EXIT_DONE;
    if (code != EXIT_DONE || (draws && !json && !csv))
        return code;
    if (opts_flag(o, "compare"))
        return json ? compare_json(r) : compare(r, csv);
    return json ? list_json(r) : list(r, csv);
}

static int run_command(const opts *o)
{
    runs r = {0};
    int code = read_all(o, &r);
    if (code == OPT_GO_ON && opts_flag(o, "compare") && r.count < 2)
        code = say_misuse("option '--compare' needs two runs or more, there %s %zu",
                          r.count == 1 ? "is" : "are", r.count);
    if (code == OPT_GO_ON)
        code = show(o, &r);
    runs_free(&r);
    return code;
}

const command cmd_runs = {
    .name = "runs",
    .usage = "[FILE...] [options]",
    .summary = "list, compare and draw trainings",
    .example = "recur runs\n"
               "recur runs models --sort valid\n"
               "recur runs a.model b.model --compare\n"
               "recur runs models --svg curves.svg --over tokens",
    .about = "Reads the logs that recur train and recur resume write beside their models."
             " FILE is a folder (all logs in it and in the folders below), a log, or a model"
             " with its log beside it; without one it is the present folder.\n"
             "A run is finished, stopped (recur resume goes on), failed, running, or killed.",
    .options = options,
    .run = run_command,
};
