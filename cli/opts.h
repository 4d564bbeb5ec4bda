/* opts.h -- options as tables: one row per option, and everything derived from the rows.
 *
 * A command line is parsed against a table; help, man pages, completion scripts and docs/options.md
 * are printed from the same one (help.c, complete.c). The rows of a command are its own, then those
 * of the library for its task (rc_option_at), then the ones every command has.
 */
#ifndef RECUR_CLI_OPTS_H
#define RECUR_CLI_OPTS_H

#include "recur.h"

typedef struct command command;

/* One row. A table ends with a row without a name. */
typedef struct opt {
    const char *name; /* "top-k" */
    rc_option_kind kind;
    const char *value;    /* what stands for the value in help, "SECONDS"; NULL: by kind */
    const char *fallback; /* default, as text; NULL or "": none */
    double lo, hi;        /* legal range of numbers */
    const char *list;     /* of RC_OPTION_NAME: see opt_list() */
    const char *group;    /* heading in help */
    const char *tasks;    /* of a row of the library: tasks that have it, "" = all; NULL: our own */
    const char *help;
    bool prints; /* what it asks for goes to standard output; of a FILE, where that is '-' */
    bool many;   /* may be given again; each adds a value */
    bool needed; /* must be given */
} opt;

/* Rows that several commands share; each stands alone in a table. */
#define OPT_JSON                                                                                   \
    {                                                                                              \
        .name = "json", .kind = RC_OPTION_FLAG, .group = "output", .prints = true,                 \
        .help = "print the result as JSON"                                                         \
    }
#define OPT_THREADS                                                                                \
    {                                                                                              \
        .name = "threads", .kind = RC_OPTION_INT, .fallback = "0", .lo = 0, .hi = 4096,            \
        .group = "running", .help = "threads (0: RECUR_THREADS, or all cores)"                     \
    }
#define OPT_NEAREST                                                                                \
    {                                                                                              \
        .name = "best", .kind = RC_OPTION_INT, .fallback = "10", .lo = 1, .hi = 1e6,               \
        .group = "output", .help = "so many words"                                                 \
    }
#define OPT_LOG                                                                                    \
    {                                                                                              \
        .name = "log", .kind = RC_OPTION_TEXT, .value = "FILE", .group = "running",                \
        .help = "where the log goes, one JSON object per line: what recur runs reads (default: "   \
                "MODEL.log.jsonl; none: no log)"                                                   \
    }
#define OPT_TENSORBOARD                                                                            \
    {                                                                                              \
        .name = "tensorboard", .kind = RC_OPTION_TEXT, .value = "DIR", .group = "running",         \
        .help = "write losses, rates and gradient norms to event files in DIR, for TensorBoard"    \
    }
#define OPT_TIME                                                                                   \
    {                                                                                              \
        .name = "time", .kind = RC_OPTION_REAL, .value = "SECONDS", .fallback = "0", .lo = 0,      \
        .hi = 1e9, .group = "running", .help = "end training after so many seconds (0: no limit)"  \
    }
#define OPT_CSV                                                                                    \
    {                                                                                              \
        .name = "csv", .kind = RC_OPTION_FLAG, .group = "output", .prints = true,                  \
        .help = "several runs: print them as comma-separated values"                               \
    }
#define OPT_REPORT                                                                                 \
    {                                                                                              \
        .name = "report", .kind = RC_OPTION_REAL, .value = "SECONDS", .fallback = "10",            \
        .lo = 0.01, .hi = 1e9, .group = "running", .help = "seconds between two reports"           \
    }
#define OPT_LABELS                                                                                 \
    {                                                                                              \
        .name = "labels", .kind = RC_OPTION_FLAG, .group = "files",                                \
        .help = "lines are examples: gold, said and perhaps the probability of it, with tabs"      \
                " between (default: words in columns, the last two gold and said, empty lines"     \
                " between sentences)"                                                              \
    }
#define OPT_DELIMITER                                                                              \
    {                                                                                              \
        .name = "delimiter", .kind = RC_OPTION_TEXT, .value = "CHARACTER", .group = "files",       \
        .help = "what stands between columns, 'tab' for a tab (default: blanks; a tab with"        \
                " --labels)"                                                                       \
    }
#define OPT_SCHEME                                                                                 \
    {                                                                                              \
        .name = "scheme", .kind = RC_OPTION_NAME, .list = "schemes", .group = "files",             \
        .help = "how tags say spans (default: what the gold tags look like)"                       \
    }
#define OPT_RESAMPLES                                                                              \
    {                                                                                              \
        .name = "resamples", .kind = RC_OPTION_INT, .fallback = "1000", .lo = 0, .hi = 1000000,    \
        .group = "chance", .help = "how often sequences are drawn anew (0: no intervals)"          \
    }
#define OPT_LEVEL                                                                                  \
    {                                                                                              \
        .name = "level", .kind = RC_OPTION_REAL, .fallback = "0.95", .lo = 0.01, .hi = 0.9999,     \
        .group = "chance", .help = "what part of the resamples an interval holds"                  \
    }
#define OPT_CHANCE                                                                                 \
    {                                                                                              \
        .name = "seed", .kind = RC_OPTION_INT, .fallback = "1", .lo = 0, .hi = 9007199254740991,   \
        .group = "chance", .help = "of what is drawn"                                              \
    }
#define OPT_END                                                                                    \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* The rows of a command; `task` narrows those of the library to one task, NULL takes all. Their
 * number, or 0 when memory runs out. The caller frees *out with free(). */
size_t opt_rows(const command *c, const char *task, opt **out);

/* Entry i of a list that a row can name, of the library or of the program ("commands", "shells",
 * "options", "lists"). False past its end or for an unknown list. */
bool opt_list(const char *list, size_t i, rc_entry *out);
bool opt_in_list(const char *list, const char *name);

/* What stands for the value of a row in help: "N"; "" for flags. */
const char *opt_value_name(const opt *row);

/* The entry of a list that is nearest to `word`, or NULL when none is near. */
const char *opt_nearest_in_list(const char *list, const char *word);

/* "12", "1e4", "30k", "2.5M". False when it is no number. */
bool opt_number(const char *text, double *out);
/* Whether a value of one of our own rows is of its kind, which the library checks for those of its
 * own: OPT_GO_ON, or the exit code of misuse after the message. */
int opt_check(const opt *row, const char *text);

/* ---- a parsed command line ------------------------------------------------------------------ */

typedef struct opt_given {
    const opt *row;
    const char *text;
} opt_given;

typedef struct opts {
    const command *command;
    const char *task; /* of commands that take one */
    opt *rows;
    size_t row_count;
    opt_given *given; /* in the order of the command line */
    size_t given_count;
    const char **args; /* words that are not options, after the task */
    size_t arg_count;
    char **words; /* all of them, as they came */
    bool quiet;
} opts;

enum { OPT_GO_ON = -1 };

/* Parse the words after the command's name. OPT_GO_ON, or the exit code of a program that is done:
 * help was printed, or the words were misused and the message is out. opts_free() in any case. */
int opts_parse(opts *o, const command *c, int argc, char **argv);
void opts_free(opts *o);

/* Values by name; the name must be in the table. */
bool opts_has(const opts *o, const char *name); /* given on the command line */
bool opts_flag(const opts *o, const char *name);
int64_t opts_int(const opts *o, const char *name);
double opts_real(const opts *o, const char *name);
const char *opts_text(const opts *o, const char *name);           /* "" when not given */
const char *opts_each(const opts *o, const char *name, size_t i); /* the i-th of many, or NULL */

/* The configuration that the options of the library make. An exit code or OPT_GO_ON; the message of
 * a failure is out. The caller frees *out. */
int opts_config(const opts *o, rc_config **out);

#endif
