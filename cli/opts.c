/* opts.c -- tables of options become parsed command lines.
 *
 * Parsing follows getopt_long (--name value, --name=value, --flag, --no-flag, `--` ends options)
 * with three differences: names are never abbreviated, an option that takes files takes all words
 * up to the next option, and what is unknown is answered with the nearest name. Relies on the
 * tables and the lists of the library; promises that a value of our own tables is of its kind and
 * in range.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "demo.h"
#include "draw.h"
#include "repro.h"
#include "reports.h"
#include "runs.h"
#include "trace_find.h"

/* ---- lists ---------------------------------------------------------------------------------- */

static bool list_commands(size_t i, rc_entry *out)
{
    const command *c = command_at(i);
    if (c)
        *out = (rc_entry){.name = c->name, .help = c->summary};
    return c != NULL;
}

static bool list_options(size_t i, rc_entry *out)
{
    const rc_option *option = rc_option_at(i);
    if (option)
        *out = (rc_entry){.name = option->name, .help = option->help};
    return option != NULL;
}

static bool list_precisions(size_t i, rc_entry *out)
{
    return rc_list("precisions", i, out);
}

static bool list_shells(size_t i, rc_entry *out)
{
    static const rc_entry shells[] = {
        {"bash", "source it, or put it in bash-completion's folder", NULL},
        {"zsh", "put it as _recur into a folder of $fpath", NULL}};
    if (i >= sizeof shells / sizeof *shells)
        return false;
    *out = shells[i];
    return true;
}

static bool list_benches(size_t i, rc_entry *out)
{
    return rc_list("benches", i, out);
}

static bool list_sources(size_t i, rc_entry *out)
{
    return rc_list("sources", i, out);
}

static bool list_topologies(size_t i, rc_entry *out)
{
    return rc_list("topologies", i, out);
}

static bool list_run_columns(size_t i, rc_entry *out)
{
    const run_column *c = run_column_at(i);
    if (c)
        *out = (rc_entry){.name = c->name, .help = c->help};
    return c != NULL;
}

static bool list_run_axes(size_t i, rc_entry *out)
{
    const run_column *c = run_axis_at(i);
    if (c)
        *out = (rc_entry){.name = c->name, .help = c->help};
    return c != NULL;
}

static bool list_demos(size_t i, rc_entry *out)
{
    const demo *d = demo_at(i);
    if (d)
        *out = (rc_entry){.name = d->name, .help = d->help, .detail = d->lecture};
    return d != NULL;
}

static bool list_repros(size_t i, rc_entry *out)
{
    const repro *r = repro_at(i);
    if (r)
        *out = (rc_entry){.name = r->name, .help = r->help, .detail = r->paper};
    return r != NULL;
}

static bool list_expressions(size_t i, rc_entry *out)
{
    const draw_example *e = draw_example_at(i);
    if (e)
        *out = (rc_entry){.name = e->name, .help = e->help};
    return e != NULL;
}

static bool list_schemes(size_t i, rc_entry *out)
{
    return rc_list("schemes", i, out);
}

static bool list_lists(size_t i, rc_entry *out);

/* The lists of the program itself; any other is the library's. */
static const struct {
    const char *name;
    const char *help;
    bool (*at)(size_t i, rc_entry *out);
} own_lists[] = {{"commands", "what recur does", list_commands},
                 {"options", "options of training", list_options},
                 {"benches", "what recur bench measures", list_benches},
                 {"precisions", "how recur quantize holds weights", list_precisions},
                 {"topologies", "ways to join layers", list_topologies},
                 {"sources", "series that recur train series makes by itself", list_sources},
                 {"columns", "what recur runs knows of a run, to sort by", list_run_columns},
                 {"axes", "what the curves of recur runs run over", list_run_axes},
                 {"properties", "what recur trace finds units about", trace_property},
                 {"schemes", "how tags say where spans are", list_schemes},
                 {"reports", "how recur report prints", report_format},
                 {"demos", "examples of the lectures for recur demo", list_demos},
                 {"repros", "experiments of papers for recur repro", list_repros},
                 {"expressions", "what recur draw draws besides models", list_expressions},
                 {"shells", "shells with completion", list_shells},
                 {"lists", "what recur list can list", list_lists}};
enum { OWN_LISTS = sizeof own_lists / sizeof *own_lists };

/* The lists in order: tasks, then each that an option of the library names first, then our own. */
static bool list_lists(size_t i, rc_entry *out)
{
    if (i == 0) {
        *out = (rc_entry){.name = "tasks", .help = "what recur train trains"};
        return true;
    }
    size_t found = 0;
    const rc_option *a;
    for (size_t j = 0; (a = rc_option_at(j)); j++) {
        bool first = a->list != NULL;
        for (size_t k = 0; first && k < j; k++) {
            const char *before = rc_option_at(k)->list;
            first = !before || strcmp(before, a->list) != 0;
        }
        if (first && ++found == i) {
            *out = (rc_entry){.name = a->list, .help = a->help};
            return true;
        }
    }
    i -= found + 1;
    if (i >= OWN_LISTS)
        return false;
    *out = (rc_entry){.name = own_lists[i].name, .help = own_lists[i].help};
    return true;
}

bool opt_list(const char *list, size_t i, rc_entry *out)
{
    for (size_t j = 0; j < OWN_LISTS; j++)
        if (strcmp(own_lists[j].name, list) == 0)
            return own_lists[j].at(i, out);
    return rc_list(list, i, out);
}

bool opt_in_list(const char *list, const char *name)
{
    rc_entry entry;
    for (size_t i = 0; opt_list(list, i, &entry); i++)
        if (strcmp(entry.name, name) == 0)
            return true;
    return false;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static const opt every_command[] = {
    {.name = "quiet",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "no progress and no advice, only results and errors"},
    {.name = "help",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "print this help (also -h)"},
};
enum { EVERY_COMMAND = sizeof every_command / sizeof *every_command };

/* Whether `word` is one of the words of `words`, which blanks separate. */
static bool has_word(const char *words, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
        if ((at == words || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' '))
            return true;
    return false;
}

static opt row_of(const rc_option *o)
{
    return (opt){.name = o->name,
                 .kind = o->kind,
                 .fallback = o->fallback,
                 .lo = o->lo,
                 .hi = o->hi,
                 .list = o->list,
                 .group = o->group,
                 .tasks = o->tasks,
                 .help = o->help,
                 .many = o->kind == RC_OPTION_FILES};
}

size_t opt_rows(const command *c, const char *task, opt **out)
{
    size_t own = 0, library = 0;
    while (c->options && c->options[own].name)
        own++;
    while (c->takes_task && rc_option_at(library))
        library++;
    opt *rows = calloc(own + library + EVERY_COMMAND, sizeof *rows);
    *out = rows;
    if (!rows)
        return 0;
    size_t n = 0;
    for (size_t i = 0; i < library; i++) {
        const rc_option *o = rc_option_at(i);
        if (!task || !o->tasks[0] || has_word(o->tasks, task))
            rows[n++] = row_of(o);
    }
    for (size_t i = 0; i < own; i++)
        rows[n++] = c->options[i];
    for (size_t i = 0; i < EVERY_COMMAND; i++)
        rows[n++] = every_command[i];
    return n;
}

const char *opt_value_name(const opt *row)
{
    static const char *const by_kind[] = {
        [RC_OPTION_INT] = "N",     [RC_OPTION_REAL] = "X", [RC_OPTION_TEXT] = "TEXT",
        [RC_OPTION_NAME] = "NAME", [RC_OPTION_FLAG] = "",  [RC_OPTION_FILES] = "FILE..."};
    return row->value ? row->value : by_kind[row->kind];
}

/* ---- the nearest name ----------------------------------------------------------------------- */

static const char *list_name(const void *list, size_t i)
{
    rc_entry entry;
    return opt_list(list, i, &entry) ? entry.name : NULL;
}

const char *opt_nearest_in_list(const char *list, const char *word)
{
    return rc_nearest(word, list_name, list);
}

static const char *row_name(const void *o, size_t i)
{
    const opts *of = o;
    return i < of->row_count ? of->rows[i].name : NULL;
}

/* ---- values --------------------------------------------------------------------------------- */

bool opt_number(const char *text, double *out)
{
    char *end;
    const double x = strtod(text, &end);
    if (end == text || !isfinite(x))
        return false;
    const double factor = *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : *end == 'G' ? 1e9 : 1;
    *out = x * factor;
    return factor == 1 ? *end == '\0' : end[1] == '\0';
}

static bool read_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end != text && *end == '\0')
        return errno == 0;
    double x;
    if (!opt_number(text, &x) || x != floor(x) || fabs(x) > 9007199254740992.0)
        return false;
    *out = (int64_t)x;
    return true;
}

/* A bound that only keeps numbers in their type is named to those alone who went past it. */
static int refuse_range(const opt *row, const char *text, double x)
{
    if (x < row->lo && row->hi >= 1e6)
        return say_misuse("option '--%s' is %s, it must be at least %g", row->name, text, row->lo);
    return say_misuse("option '--%s' is %s, it must be from %.15g to %.15g", row->name, text,
                      row->lo, row->hi);
}

int opt_check(const opt *row, const char *text)
{
    if (row->kind == RC_OPTION_FLAG && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return say_misuse("option '--%s' is '%s', it must be true or false", row->name, text);
    if (row->tasks)
        return OPT_GO_ON;
    if (row->kind == RC_OPTION_INT) {
        int64_t n;
        if (!read_int(text, &n))
            return say_misuse("option '--%s' is '%s', it must be a whole number", row->name, text);
        if ((double)n < row->lo || (double)n > row->hi)
            return refuse_range(row, text, (double)n);
    }
    if (row->kind == RC_OPTION_REAL) {
        double x;
        if (!opt_number(text, &x))
            return say_misuse("option '--%s' is '%s', it must be a number", row->name, text);
        if (x < row->lo || x > row->hi)
            return refuse_range(row, text, x);
    }
    if (row->kind == RC_OPTION_NAME && !opt_in_list(row->list, text)) {
        say_misuse("option '--%s' is '%s', which is not one of the %s", row->name, text, row->list);
        const char *near = opt_nearest_in_list(row->list, text);
        if (near)
            say_hint("did you mean '%s'?", near);
        return EXIT_MISUSED;
    }
    return OPT_GO_ON;
}

/* ---- parsing -------------------------------------------------------------------------------- */

typedef struct words {
    char **at;
    int left;
} words;

static const opt *find_row(const opts *o, const char *name, size_t n)
{
    for (size_t i = 0; i < o->row_count; i++)
        if (strlen(o->rows[i].name) == n && strncmp(o->rows[i].name, name, n) == 0)
            return &o->rows[i];
    return NULL;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] == '-' && word[2];
}

static int add_value(opts *o, const opt *row, const char *text)
{
    o->given[o->given_count++] = (opt_given){row, text};
    return opt_check(row, text);
}

/* The row of another task that has this name, to tell "unknown" from "not of this task". */
static const rc_option *option_elsewhere(const opts *o, const char *name, size_t n)
{
    const rc_option *option;
    if (o->command->takes_task)
        for (size_t i = 0; (option = rc_option_at(i)); i++)
            if (strlen(option->name) == n && strncmp(option->name, name, n) == 0)
                return option;
    return NULL;
}

static int refuse_option(const opts *o, const char *word)
{
    char name[64]; /* what does not fit is near to nothing */
    const size_t n = strcspn(word + 2, "=");
    snprintf(name, sizeof name, "%.*s", (int)n, word + 2);
    const rc_option *elsewhere = option_elsewhere(o, word + 2, n);
    if (elsewhere && !o->task)
        return say_misuse("option '--%s' is of fresh models: a task comes first, not a model",
                          elsewhere->name);
    if (elsewhere)
        return say_misuse("option '--%s' is for the task %s, not for %s", elsewhere->name,
                          elsewhere->tasks, o->task);
    say_misuse("unknown option '--%.*s'", (int)n, word + 2);
    const char *near = rc_nearest(name, row_name, o);
    if (near)
        say_hint("did you mean '--%s'?", near);
    else
        say_hint("recur %s --help lists the options", o->command->name);
    return EXIT_MISUSED;
}

/* One option at the head of `w`, with the words that are its values. */
static int parse_option(opts *o, words *w)
{
    const char *word = *w->at++;
    w->left--;
    const size_t n = strcspn(word + 2, "=");
    const char *value = word[2 + n] ? word + 2 + n + 1 : NULL;
    const opt *row = find_row(o, word + 2, n);
    if (!row && n > 3 && !value && strncmp(word + 2, "no-", 3) == 0) {
        row = find_row(o, word + 5, n - 3);
        if (row && row->kind == RC_OPTION_FLAG)
            return add_value(o, row, "false");
        row = NULL;
    }
    if (!row)
        return refuse_option(o, word);
    if (value || row->kind == RC_OPTION_FLAG)
        return add_value(o, row, value ? value : "true");
    if (w->left == 0 || is_option(*w->at)) {
        say_misuse("option '--%s' needs a value: %s", row->name, opt_value_name(row));
        if (w->left)
            say_hint("write --%s=%s if that is the value", row->name, *w->at);
        return EXIT_MISUSED;
    }
    int code;
    do {
        code = add_value(o, row, *w->at++);
        w->left--;
    } while (code == OPT_GO_ON && row->kind == RC_OPTION_FILES && w->left > 0 &&
             (**w->at != '-' || strcmp(*w->at, "-") == 0));
    return code;
}

static int parse_words(opts *o, words *w)
{
    while (w->left > 0) {
        int code = OPT_GO_ON;
        if (strcmp(*w->at, "--") == 0) {
            for (w->at++, w->left--; w->left > 0; w->left--)
                o->args[o->arg_count++] = *w->at++;
        } else if (is_option(*w->at)) {
            code = parse_option(o, w);
        } else if (**w->at == '-' && strcmp(*w->at, "-") != 0) {
            code = say_misuse("unknown option '%s'", *w->at);
            say_hint("options are whole words; recur %s --help lists them", o->command->name);
        } else {
            o->args[o->arg_count++] = *w->at++;
            w->left--;
        }
        if (code != OPT_GO_ON)
            return code;
    }
    return OPT_GO_ON;
}

/* Compare the words that are not options with the head of the usage: "MODEL [FILE] [options]". */
static int check_args(const opts *o)
{
    const char *usage = o->command->usage;
    size_t have = o->arg_count + (o->task ? 1 : 0), slots = 0;
    while (*usage && *usage != '-' && strncmp(usage, "[options]", 9) != 0) {
        const size_t n = strcspn(usage, " ");
        if (n > 4 && strncmp(usage + n - 4, "...]", 4) == 0)
            return OPT_GO_ON;
        if (++slots > have && *usage != '[') {
            say_misuse("'recur %s' needs %.*s", o->command->name, (int)n, usage);
            say_hint("usage: recur %s %s", o->command->name, o->command->usage);
            return EXIT_MISUSED;
        }
        usage += n + (usage[n] == ' ');
    }
    if (have > slots) {
        say_misuse("'recur %s' does not know what to do with '%s'", o->command->name,
                   o->args[o->arg_count - (have - slots)]);
        say_hint("usage: recur %s %s", o->command->name, o->command->usage);
        return EXIT_MISUSED;
    }
    return OPT_GO_ON;
}

static int check_needed(const opts *o)
{
    for (size_t i = 0; i < o->row_count; i++)
        if (o->rows[i].needed && !opts_has(o, o->rows[i].name))
            return say_misuse("'recur %s' needs --%s %s", o->command->name, o->rows[i].name,
                              opt_value_name(&o->rows[i]));
    return OPT_GO_ON;
}

/* The first word, when the command takes a task. */
static int take_task(opts *o, words *w)
{
    if (o->command->or_model && (w->left == 0 || !opt_in_list("tasks", *w->at)))
        return OPT_GO_ON;
    if (w->left == 0 || **w->at == '-') {
        say_misuse("'recur %s' needs a task as its first word", o->command->name);
        say_hint("recur list tasks shows them; the usual one is lm");
        return EXIT_MISUSED;
    }
    o->task = *w->at++;
    w->left--;
    if (opt_in_list("tasks", o->task))
        return OPT_GO_ON;
    say_misuse("unknown task '%s'", o->task);
    const char *near = opt_nearest_in_list("tasks", o->task);
    if (near)
        say_hint("did you mean '%s'?", near);
    else
        say_hint("recur list tasks shows them");
    return EXIT_MISUSED;
}

/* Help is asked for anywhere before `--`: nothing else on the line matters then. */
static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* Keep the rows that are not the library's; how many they are. */
static size_t own_rows(opt *rows, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!rows[i].tasks)
            rows[kept++] = rows[i];
    return kept;
}

/* Does this ask for something on standard output? A flag may have been taken back. */
static bool prints(const opts *o, const opt *row)
{
    if (!row->prints || !opts_has(o, row->name))
        return false;
    return row->kind == RC_OPTION_FLAG ? opts_flag(o, row->name)
                                       : strcmp(opts_text(o, row->name), "-") == 0;
}

/* Two results in one stream could not be told apart. */
static int check_prints(const opts *o)
{
    const opt *first = NULL;
    for (size_t i = 0; i < o->row_count; i++) {
        const opt *row = &o->rows[i];
        if (!prints(o, row))
            continue;
        if (first)
            return say_misuse("options '--%s' and '--%s' both print to standard output",
                              first->name, row->name);
        first = row;
    }
    return OPT_GO_ON;
}

int opts_parse(opts *o, const command *c, int argc, char **argv)
{
    words w = {argv, argc};
    *o = (opts){.command = c, .words = argv};
    if (wants_help(argc, argv)) {
        const bool task = c->takes_task && argc > 0 && opt_in_list("tasks", argv[0]);
        return help_command(stdout, c, task ? argv[0] : NULL);
    }
    const bool other = c->task_or_else && (argc == 0 || !opt_in_list("tasks", argv[0]));
    int code = c->takes_task && !other ? take_task(o, &w) : OPT_GO_ON;
    if (code != OPT_GO_ON)
        return code;
    o->row_count = opt_rows(c, o->task, &o->rows);
    if (c->or_model && !o->task)
        o->row_count = own_rows(o->rows, o->row_count);
    o->given = calloc((size_t)argc + 1, sizeof *o->given);
    o->args = calloc((size_t)argc + 1, sizeof *o->args);
    if (!o->rows || !o->given || !o->args)
        return say_out_of_memory();
    code = parse_words(o, &w);
    if (code == OPT_GO_ON)
        code = check_args(o);
    if (code == OPT_GO_ON)
        code = check_needed(o);
    if (code == OPT_GO_ON)
        code = check_prints(o);
    o->quiet = code == OPT_GO_ON && opts_flag(o, "quiet");
    return code;
}

void opts_free(opts *o)
{
    free(o->rows);
    free(o->given);
    free(o->args);
    *o = (opts){0};
}

/* ---- values by name ------------------------------------------------------------------------- */

/* The last value given, or the default. */
static const char *last_value(const opts *o, const char *name)
{
    for (size_t i = o->given_count; i-- > 0;)
        if (strcmp(o->given[i].row->name, name) == 0)
            return o->given[i].text;
    const opt *row = find_row(o, name, strlen(name));
    return row && row->fallback ? row->fallback : "";
}

bool opts_has(const opts *o, const char *name)
{
    for (size_t i = 0; i < o->given_count; i++)
        if (strcmp(o->given[i].row->name, name) == 0)
            return true;
    return false;
}

bool opts_flag(const opts *o, const char *name)
{
    return strcmp(last_value(o, name), "true") == 0;
}

int64_t opts_int(const opts *o, const char *name)
{
    int64_t n = 0;
    return read_int(last_value(o, name), &n) ? n : 0;
}

double opts_real(const opts *o, const char *name)
{
    double x = 0;
    return opt_number(last_value(o, name), &x) ? x : 0;
}

const char *opts_text(const opts *o, const char *name)
{
    return last_value(o, name);
}

const char *opts_each(const opts *o, const char *name, size_t i)
{
    for (size_t j = 0; j < o->given_count; j++)
        if (strcmp(o->given[j].row->name, name) == 0 && i-- == 0)
            return o->given[j].text;
    return NULL;
}

/* "30k" means the same to the library as to us. */
static const char *plain_number(const opt *row, const char *text, char out[SAY_ROOM])
{
    const size_t n = strlen(text);
    double x;
    const bool number = row->kind == RC_OPTION_INT || row->kind == RC_OPTION_REAL;
    if (!number || n == 0 || !strchr("kMG", text[n - 1]) || !opt_number(text, &x))
        return text;
    snprintf(out, SAY_ROOM, "%.17g", x);
    if (row->kind == RC_OPTION_INT && x == floor(x) && fabs(x) < 1e18)
        snprintf(out, SAY_ROOM, "%.0f", x);
    return out;
}

int opts_config(const opts *o, rc_config **out)
{
    rc_config *c = NULL;
    *out = NULL;
    if (rc_config_new(&c, o->task) != RC_OK)
        return say_library_failure();
    for (size_t i = 0; i < o->given_count; i++) {
        char room[SAY_ROOM];
        const opt *row = o->given[i].row;
        if (!row->tasks)
            continue;
        const rc_status status =
            rc_config_set(c, row->name, plain_number(row, o->given[i].text, room));
        if (status != RC_OK) {
            rc_config_free(c);
            return say_library_misuse(status);
        }
    }
    *out = c;
    return OPT_GO_ON;
}
