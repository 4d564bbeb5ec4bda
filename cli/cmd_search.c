/* cmd_search.c -- recur search: many trainings that differ in chosen options, and the best of them.
 *
 * Validation chooses; the test data stays unread unless it is asked for. What a trial is and how it
 * is trained: trials.c.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "sitting.h"
#include "trials.h"

static const opt options[] = {
    {.name = "vary",
     .kind = RC_OPTION_TEXT,
     .value = "OPTION=VALUES",
     .group = "search",
     .many = true,
     .needed = true,
     .help = "an option that differs, and what it may be: A,B,C (or A|B|C), A..B, log:A..B,"
             " 1-log:A..B, or N of them evenly: A..B/N; again for more options"},
    {.name = "dir",
     .kind = RC_OPTION_TEXT,
     .value = "DIR",
     .needed = true,
     .group = "search",
     .help = "where the trials go; with trials of the same search there it goes on"},
    {.name = "trials",
     .kind = RC_OPTION_INT,
     .fallback = "20",
     .lo = 1,
     .hi = 100000,
     .group = "search",
     .help = "how many, drawn at random by --seed and their number (--grid: all points)"},
    {.name = "grid",
     .kind = RC_OPTION_FLAG,
     .group = "search",
     .help = "try all combinations of the values in turn"},
    {.name = "halving",
     .kind = RC_OPTION_INT,
     .fallback = "0",
     .lo = 0,
     .hi = 1000,
     .group = "search",
     .help = "N: train all for a part of the epochs, the best of N go on, and so forth (0: off)"},
    {.name = "with-test",
     .kind = RC_OPTION_FLAG,
     .group = "search",
     .help = "score the test data of every trial that ends (it chooses nothing)"},
    {.name = "time",
     .kind = RC_OPTION_REAL,
     .value = "SECONDS",
     .fallback = "0",
     .lo = 0,
     .hi = 1e9,
     .group = "running",
     .help = "stop the search after so many seconds, to go on later (0: no limit)"},
    OPT_THREADS,
    OPT_TENSORBOARD,
    OPT_REPORT,
    {.name = "csv",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "print the trials as comma-separated values"},
    OPT_JSON,
    OPT_END,
};

/* ---- the order ------------------------------------------------------------------------------ */

static int by_valid(const void *a, const void *b)
{
    const trial *const *x = a, *const *y = b;
    const double u = (*x)->run ? (*x)->run->judged : nan("");
    const double v = (*y)->run ? (*y)->run->judged : nan("");
    if (isfinite(u) && isfinite(v) && (u < v || u > v))
        return u < v ? -1 : 1;
    if (isfinite(u) != isfinite(v))
        return isfinite(u) ? -1 : 1;
    return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* The trials from the best to the worst; free() it. NULL: out of memory. */
static const trial **sorted(const trials *s)
{
    const trial **order = calloc((size_t)s->plan.count + 1, sizeof *order);
    for (int64_t i = 0; order && i < s->plan.count; i++)
        order[i] = &s->at[i];
    if (order)
        qsort(order, (size_t)s->plan.count, sizeof *order, by_valid);
    return order;
}

/* ---- the command that does it again --------------------------------------------------------- */

/* A word for a shell. */
static void put_word(FILE *out, const char *word, size_t n)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./,:@%";
    bool quoted = n == 0;
    for (size_t i = 0; i < n; i++)
        quoted = quoted || !strchr(plain, word[i]);
    if (quoted)
        fputc('\'', out);
    for (size_t i = 0; i < n; i++)
        if (word[i] == '\'')
            fputs("'\\''", out);
        else
            fputc(word[i], out);
    if (quoted)
        fputc('\'', out);
}

/* "--train a b": the values of an option, one per line of its text. */
static void put_option(FILE *out, const rc_option *option, const char *value)
{
    if (option->kind == RC_OPTION_FLAG) {
        fprintf(out, strcmp(value, "true") == 0 ? " --%s" : " --no-%s", option->name);
        return;
    }
    fprintf(out, " --%s", option->name);
    for (bool more = true; more;) {
        const size_t n = option->kind == RC_OPTION_FILES ? strcspn(value, "\n") : strlen(value);
        fputc(value[0] == '-' && n > 1 ? '=' : ' ', out); /* or it would be an option */
        put_word(out, value, n);
        more = value[n] != '\0';
        value += n + more;
    }
}

static void put_command(FILE *out, const rc_config *c)
{
    const rc_option *option;
    fprintf(out, "recur train %s", rc_config_task(c));
    for (size_t i = 0; (option = rc_option_at(i)); i++)
        if (rc_config_get(c, option->name) && !rc_config_is_default(c, option->name))
            put_option(out, option, rc_config_get(c, option->name));
    fputs(" --out best.model", out);
}

static char *command_text(const rc_config *c)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    put_command(out, c);
    if (fclose(out) != 0) {
        free(text);
        text = NULL;
    }
    return text;
}

/* ---- tables --------------------------------------------------------------------------------- */

static const char *const shown[] = {"epoch", "step", "valid", "score", "test", "time"};
static const char *const all[] = {"parameters", "epoch", "step", "tokens",    "valid",
                                  "score",      "test",  "time", "best_step", "rate"};

static const run_column *column(const char *name)
{
    const run_column *c = NULL;
    for (size_t i = 0; (c = run_column_at(i)) && strcmp(c->name, name) != 0;)
        i++;
    return c;
}

static void add_row(table *t, const trials *s, const trial *of, const char *const columns[],
                    size_t n, bool plain)
{
    char room[RUN_ROOM];
    const char *name;
    snprintf(room, sizeof room, "%" PRId64, of->number);
    table_add(t, room);
    for (size_t i = 0; (name = rc_space_name(s->plan.space, i)); i++)
        table_add(t, rc_config_get(of->config, name));
    for (size_t i = 0; i < n; i++)
        table_add(t, of->run ? run_text(of->run, column(columns[i]), plain, room)
                     : plain ? ""
                             : "-");
    table_add(t, trial_state(of));
}

static int print_table(const trials *s, const trial *const order[], bool csv)
{
    const char *const *columns = csv ? all : shown;
    const size_t n = csv ? sizeof all / sizeof *all : sizeof shown / sizeof *shown;
    table t = {.columns = n + 2};
    const char *name;
    table_add(&t, "trial");
    for (size_t i = 0; (name = rc_space_name(s->plan.space, i)); i++) {
        t.columns++;
        table_add(&t, name);
    }
    for (size_t i = 0; i < n; i++)
        table_add(&t, columns[i]);
    table_add(&t, "state");
    for (int64_t i = 0; i < s->plan.count; i++)
        add_row(&t, s, order[i], columns, n, csv);
    return table_end(&t, csv) ? EXIT_DONE : say_out_of_memory();
}

static int print_best(const trials *s)
{
    const trial *best = trials_best(s);
    if (!best)
        return EXIT_DONE;
    printf("\nbest         trial %" PRId64 ", %s\nagain        ", best->number, best->path);
    put_command(stdout, best->config);
    putchar('\n');
    return EXIT_DONE;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *trial_json(const trials *s, const trial *t)
{
    const char *name;
    json_t *o = json_object(), *varied = json_object();
    for (size_t i = 0; (name = rc_space_name(s->plan.space, i)); i++) {
        const char *value = rc_config_get(t->config, name);
        json_put(&varied, name, json_bytes(value, strlen(value)));
    }
    json_put(&o, "trial", json_integer(t->number));
    json_put(&o, "model", json_bytes(t->path, strlen(t->path)));
    json_put(&o, "state", json_string(trial_state(t)));
    json_put(&o, "options", varied);
    json_put(&o, "run", t->run ? run_json(t->run) : json_null());
    return o;
}

static int print_json(const trials *s, const trial *const order[])
{
    const trial *best = trials_best(s);
    json_t *o = json_object(), *list = json_array();
    for (int64_t i = 0; i < s->plan.count; i++)
        json_add(&list, trial_json(s, order[i]));
    json_put(&o, "dir", json_bytes(s->plan.dir, strlen(s->plan.dir)));
    json_put(&o, "trials", list);
    if (best) {
        char *again = command_text(best->config);
        json_put(&o, "best", json_integer(best->number));
        json_put(&o, "command", again ? json_bytes(again, strlen(again)) : NULL);
        free(again);
    }
    return json_print(stdout, o, true);
}

/* ---- the end -------------------------------------------------------------------------------- */

static int report(trials *s)
{
    int code = trials_refresh(s);
    if (code != OPT_GO_ON)
        return code;
    const trial **order = sorted(s);
    if (!order)
        return say_out_of_memory();
    if (opts_flag(s->o, "json"))
        code = print_json(s, order);
    else
        code = print_table(s, order, opts_flag(s->o, "csv"));
    if (code == EXIT_DONE && !opts_flag(s->o, "json") && !opts_flag(s->o, "csv"))
        code = print_best(s);
    free(order);
    if (code == EXIT_DONE && trials_are_refused(s))
        code = say_failure("no trial could be trained");
    trials_tell_left(s);
    return code;
}

/* ---- what is searched ----------------------------------------------------------------------- */

typedef struct search {
    const opts *o;
    rc_config *base;
    rc_space *space;
    uint64_t seed;
    trials_plan plan;
} search;

static rc_status make(const void *ctx, int64_t i, rc_config **out)
{
    const search *s = ctx;
    return opts_flag(s->o, "grid") ? rc_space_point(s->space, i, out)
                                   : rc_space_draw(s->space, s->seed, (uint64_t)i, out);
}

static int count_trials(search *s)
{
    const int64_t points = rc_space_points(s->space);
    int64_t *count = &s->plan.count;
    *count = opts_int(s->o, "trials");
    if (opts_flag(s->o, "grid")) {
        if (points == 0) {
            say_misuse("option '--grid' needs values to try, and there is a range");
            say_hint("A..B/N are N values of it");
            return EXIT_MISUSED;
        }
        if (!opts_has(s->o, "trials"))
            *count = points;
    }
    if (points > 0 && points < *count) { /* each once is all that can be tried */
        if (!opts_flag(s->o, "grid"))
            say_unless_quiet(s->o, "there are only %" PRId64 " combinations", points);
        *count = points;
    }
    if (*count > TRIALS_MOST)
        return say_misuse("this would be %" PRId64 " trials, there can be %d", *count, TRIALS_MOST);
    return OPT_GO_ON;
}

static bool varies(const search *s, const char *option)
{
    const char *name;
    for (size_t i = 0; (name = rc_space_name(s->space, i)); i++)
        if (strcmp(name, option) == 0)
            return true;
    return false;
}

static int read_space(search *s)
{
    const char *text;
    if (rc_space_new(&s->space, s->base) != RC_OK)
        return say_library_failure();
    for (size_t i = 0; (text = opts_each(s->o, "vary", i)); i++) {
        const rc_status status = rc_space_vary(s->space, text);
        if (status != RC_OK)
            return say_library_misuse(status);
    }
    if (!rc_config_get(s->base, "valid")[0] &&
        strtod(rc_config_get(s->base, "valid-split"), NULL) <= 0)
        return say_misuse("a search chooses by validation: it needs --valid or --valid-split");
    const char *folds = rc_config_get(s->base, "folds");
    if (folds && strcmp(folds, "0") != 0 && strcmp(rc_config_get(s->base, "fold"), "0") == 0 &&
        !varies(s, "fold"))
        return say_misuse("a trial tests on one fold: it needs --fold, or --vary fold=1,2,3");
    if (s->plan.halving == 1)
        return say_misuse("option '--halving' is 1, it must be 2 or more (0: off)");
    if (s->plan.halving > 0 && (varies(s, "epochs") || trials_epochs(s->base) == 0))
        return say_misuse("option '--halving' cuts the epochs into rounds: all trials need the"
                          " same number of them");
    return count_trials(s);
}

static json_t *about(const opts *o)
{
    const char *text;
    json_t *told = json_object(), *vary = json_array();
    for (size_t i = 0; (text = opts_each(o, "vary", i)); i++)
        json_add(&vary, json_bytes(text, strlen(text)));
    json_put(&told, "vary", vary);
    json_put(&told, "grid", json_boolean(opts_flag(o, "grid")));
    return told;
}

static int make_plan(search *s)
{
    const opts *o = s->o;
    s->plan = (trials_plan){
        .dir = opts_text(o, "dir"),
        .words = &trials_of_search,
        .halving = opts_int(o, "halving"),
        .with_test = opts_flag(o, "with-test"),
        .time = opts_real(o, "time"),
        .tensorboard = opts_text(o, "tensorboard"),
        .make = make,
        .ctx = s,
    };
    int code = opts_config(o, &s->base);
    if (code == OPT_GO_ON)
        code = read_space(s);
    if (code != OPT_GO_ON)
        return code;
    s->seed = strtoull(rc_config_get(s->base, "seed"), NULL, 10);
    s->plan.base = s->base;
    s->plan.space = s->space;
    s->plan.about = about(o);
    return OPT_GO_ON;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int search_with(const search *s)
{
    trials t;
    int code = trials_open(&t, s->o, &s->plan);
    if (code == OPT_GO_ON)
        code = trials_run(&t);
    if (code == OPT_GO_ON)
        code = report(&t);
    trials_close(&t);
    return code;
}

static int run_search(const opts *o)
{
    search s = {.o = o};
    if (!opts_has(o, "train"))
        return say_misuse("'recur search' needs --train FILE");
    int code = sitting_check(o);
    if (code == OPT_GO_ON)
        code = trials_check_data(o, &trials_of_search);
    if (code == OPT_GO_ON)
        code = say_if_stream(o, "dir");
    if (code == OPT_GO_ON && !opts_text(o, "dir")[0])
        code = say_misuse("option '--dir' needs the name of a folder");
    if (code == OPT_GO_ON)
        code = make_plan(&s);
    if (code == OPT_GO_ON)
        code = search_with(&s);
    json_decref(s.plan.about);
    rc_space_free(s.space);
    rc_config_free(s.base);
    return code;
}

const command cmd_search = {
    .name = "search",
    .usage = "TASK --train FILE... --vary OPTION=VALUES... --dir DIR [options]",
    .summary = "train with many settings and tell the best",
    .example = "recur search lm --train input.txt --epochs 3 --trials 20 --dir search \\\n"
               "    --vary lr=log:0.0005..0.02 --vary hidden=64,128,256 --vary dropout=0..0.5\n"
               "recur search lm --train input.txt --epochs 3 --dir cells --grid \\\n"
               "    --vary cell=lstm,gru --vary lr=log:0.001..0.01/3",
    .about =
        "Each trial is an ordinary training: DIR/trial-001.model with its state and log, which"
        " recur runs, info and resume read. Its options are a function of --seed and its number."
        " The best is the one that validates best; the test data is kept apart and not"
        " scored, unless by --with-test.\n"
        "The same command again goes on: what is finished stays, what was stopped or killed is"
        " resumed, and a larger --trials adds some. Several processes may run the same"
        " search; each takes the next trial that nobody trains.",
    .options = options,
    .takes_task = true,
    .may_be_interrupted = true,
    .run = run_search,
};
