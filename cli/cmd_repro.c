/* cmd_repro.c -- recur repro: experiments of papers, done again. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "repro.h"
#include "sitting.h"

#define REPRO(name) extern const repro repro_##name;
#include "repros.def"
#undef REPRO

static const repro *const repros[] = {
#define REPRO(name) &repro_##name,
#include "repros.def"
#undef REPRO
};

const repro *repro_at(size_t i)
{
    return i < sizeof repros / sizeof *repros ? repros[i] : NULL;
}

static const opt options[] = {
    {.name = "data",
     .kind = RC_OPTION_TEXT,
     .value = "DIR",
     .group = "experiment",
     .help = "the folder of the data sets (default: RECUR_DATA)"},
    {.name = "dir",
     .kind = RC_OPTION_TEXT,
     .value = "DIR",
     .group = "experiment",
     .help = "where the trials go; with trials of the same experiment there it goes on"},
    {.name = "trials",
     .kind = RC_OPTION_INT,
     .fallback = "200",
     .lo = 1,
     .hi = 10000,
     .group = "experiment",
     .help = "for each of what is compared; one of each in turn"},
    {.name = "epochs",
     .kind = RC_OPTION_INT,
     .fallback = "150",
     .lo = 1,
     .hi = 1e9,
     .group = "experiment",
     .help = "at most, of a trial"},
    {.name = "best",
     .kind = RC_OPTION_REAL,
     .value = "SHARE",
     .fallback = "0.1",
     .lo = 0,
     .hi = 1,
     .group = "experiment",
     .help = "what share of the trials is compared, those that validate best (at least 3)"},
    {.name = "seed",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 0,
     .hi = 9007199254740991.0,
     .group = "experiment",
     .help = "of everything that is random"},
    {.name = "show",
     .kind = RC_OPTION_FLAG,
     .group = "running",
     .help = "train nothing, tell what the trials say so far"},
    {.name = "time",
     .kind = RC_OPTION_REAL,
     .value = "SECONDS",
     .fallback = "0",
     .lo = 0,
     .hi = 1e9,
     .group = "running",
     .help = "stop after so many seconds, to go on later (0: no limit)"},
    OPT_THREADS,
    OPT_REPORT,
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw the results into an SVG picture ('-': standard output)"},
    {.name = "csv",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "print the results as comma-separated values"},
    OPT_JSON,
    OPT_END,
};

/* ---- data ----------------------------------------------------------------------------------- */

int repro_data(const opts *o, const char *file, char **path)
{
    static const char *const endings[] = {"", ".xz", ".gz", ".zst"};
    const char *dir = opts_has(o, "data") ? opts_text(o, "data") : getenv("RECUR_DATA");
    const size_t room = (dir ? strlen(dir) : 0) + strlen(file) + sizeof "/.zst";

    if (!dir || !dir[0]) {
        say_misuse("where is '%s'?", file);
        say_hint("--data DIR, or RECUR_DATA, names the folder that it is in");
        return EXIT_MISUSED;
    }
    *path = malloc(room);
    if (!*path)
        return say_out_of_memory();
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(*path, room, "%s/%s%s", dir, file, endings[i]);
        if (access(*path, F_OK) == 0)
            return OPT_GO_ON;
    }
    free(*path);
    *path = NULL;
    return say_failure("there is no '%s' in '%s', packed or not", file, dir);
}

/* ---- the command ---------------------------------------------------------------------------- */

static int refuse_repro(const char *name)
{
    const char *near = opt_nearest_in_list("repros", name);

    say_misuse("unknown experiment '%s'", name);
    say_hint(near ? "did you mean '%s'?" : "recur repro lists them", near);
    return EXIT_MISUSED;
}

static int list(const opts *o)
{
    json_t *all = json_array();

    for (size_t i = 0; repro_at(i); i++) {
        const repro *r = repro_at(i);
        json_add(&all,
                 json_pack("{s:s, s:s, s:s}", "name", r->name, "help", r->help, "paper", r->paper));
        if (!opts_flag(o, "json"))
            printf("%s  %s\n", r->name, r->help);
    }
    if (opts_flag(o, "json"))
        return json_print(stdout, all, true);
    json_decref(all);
    return EXIT_DONE;
}

static int run_repro(const opts *o)
{
    if (o->arg_count == 0 && opts_has(o, "dir"))
        return say_misuse("which experiment? recur repro lists them");
    if (o->arg_count == 0)
        return list(o);
    for (size_t i = 0; repro_at(i); i++) {
        if (strcmp(repro_at(i)->name, o->args[0]) != 0)
            continue;
        int code = sitting_check(o);
        if (code == OPT_GO_ON)
            code = say_if_stream(o, "dir");
        if (code == OPT_GO_ON && !opts_text(o, "dir")[0])
            code = say_misuse("'recur repro %s' needs --dir DIR", o->args[0]);
        return code == OPT_GO_ON ? repro_at(i)->run(o) : code;
    }
    return refuse_repro(o->args[0]);
}

const command cmd_repro = {
    .name = "repro",
    .usage = "[NAME] [options]",
    .summary = "do the experiment of a paper again",
    .example = "recur repro\n"
               "recur repro odyssey --data data --trials 20 --dir odyssey --svg odyssey.svg",
    .about =
        "Each trial is an ordinary training in DIR, which recur runs, info and resume read. The"
        " same command again goes on: what is finished stays, what was stopped or killed is"
        " resumed, and a larger --trials adds some. Several processes may run it at once. Without"
        " NAME, lists the experiments.",
    .options = options,
    .words = "repros",
    .may_be_interrupted = true,
    .run = run_repro,
};
