/* cmd_draw.c -- recur draw: a model, or a small expression, as a graph. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "draw.h"
#include "interrupt.h"

static const opt options[] = {
    {.name = "unroll",
     .kind = RC_OPTION_INT,
     .fallback = "0",
     .lo = 0,
     .hi = 16,
     .group = "drawing",
     .help = "a model over so many time steps (0: folded, with arrows back)"},
    {.name = "symbols",
     .kind = RC_OPTION_INT,
     .fallback = "1000",
     .lo = 3,
     .hi = 20000,
     .group = "drawing",
     .help = "without --train: symbols of the made text, words of made labels"},
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw it as a picture ('-': standard output)"},
    {.name = "dot",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "write it for Graphviz ('-': standard output, as without --svg)"},
    OPT_JSON,
    OPT_END,
};

/* ---- a model that is only described --------------------------------------------------------- */

/* A text with so many symbols besides <unk> and the end of a line: numbers, or characters. */
static void put_text(FILE *out, bool words, int64_t symbols)
{
    for (int64_t i = 0; i < (symbols < 100 ? 100 : symbols); i++) {
        const int64_t k = i % symbols;
        if (words) {
            fprintf(out, "%lld ", (long long)k);
        } else { /* ideographs: one character each, whatever is done to a text */
            const unsigned c = 0x4e00u + (unsigned)(k % 20000);
            fprintf(out, "%c%c%c", (int)(0xe0u | c >> 12), (int)(0x80u | (c >> 6 & 0x3fu)),
                    (int)(0x80u | (c & 0x3fu)));
        }
    }
    fputc('\n', out);
}

static int64_t count_of(const rc_config *c, const char *option, int64_t fallback)
{
    const char *text = rc_config_get(c, option);
    const int64_t n = text ? strtoll(text, NULL, 10) : 0;

    return n > 0 ? n : fallback;
}

static bool is(const rc_config *c, const char *option, const char *value)
{
    const char *text = rc_config_get(c, option);

    return text && strcmp(text, value) == 0;
}

/* Sequences of so many channels, with a class each, or of zeros and ones (.ts). */
static void put_series(FILE *out, int64_t channels, int64_t classes)
{
    fprintf(out, "@classLabel %s\n@data\n", classes ? "true" : "false");
    for (int64_t i = 0; i < (classes < 2 ? 2 : classes); i++) {
        for (int64_t k = 0; k < channels; k++)
            fprintf(out, "%s%lld,1,0", k ? ":" : "", (long long)(k + i) % 2);
        if (classes)
            fprintf(out, ":%lld", (long long)i);
        fputc('\n', out);
    }
}

/* One sequence with an answer at every step: a class, or a number (.csv). */
static void put_table(FILE *out, int64_t channels, int64_t classes)
{
    for (int64_t k = 0; k < channels; k++)
        fprintf(out, "x%lld,", (long long)k);
    fputs("y\n", out);
    for (int64_t i = 0; i < (classes < 2 ? 2 : classes); i++) {
        for (int64_t k = 0; k < channels; k++)
            fprintf(out, "%lld,", (long long)(k + i) % 2);
        fprintf(out, classes ? "class%lld\n" : "%lld.5\n", (long long)i);
    }
}

/* Texts with a label each (label<TAB>text), or a tag for every word, whose other columns are so
 * many. Words have no digits, which --digits would make one. */
static void put_labels(FILE *out, bool each, int64_t symbols, int64_t columns)
{
    static const char *const tags[] = {"B-x", "I-x", "O"};
    symbols = symbols < 2 ? 2 : symbols; /* of one there is no vocabulary */

    for (int64_t i = 0; i < (symbols < 3 ? 3 : symbols); i++) {
        char name[16] = "";

        for (int64_t k = i % symbols, n = 0; n < 15 && (k > 0 || n == 0); k /= 26)
            name[n++] = (char)('a' + k % 26);
        if (!each) {
            fprintf(out, "label%lld\t%s\n", (long long)i % 2, name);
            continue;
        }
        fprintf(out, "%s ", name);
        for (int64_t k = 0; k < columns; k++)
            fprintf(out, "%lld ", (long long)(i + k) % 10);
        fprintf(out, "%s\n", tags[i % 3]);
    }
}

/* How many columns --features names. */
static int64_t features_of(const rc_config *c)
{
    const char *text = rc_config_get(c, "features");
    int64_t n = text && *text;

    for (; text && *text; text++)
        n += *text == ',';
    return n;
}

/* What a series answers at each step, or in numbers, comes from a table. */
static bool wants_table(const rc_config *c)
{
    return rc_config_get(c, "aim") &&
           (is(c, "feedback", "true") || is(c, "answers", "each") || is(c, "aim", "values"));
}

static bool put_data(FILE *out, const opts *o, const rc_config *c)
{
    const bool has_class = is(c, "aim", "auto") || is(c, "aim", "class");
    const int64_t inputs = count_of(c, "inputs", 2);
    const int64_t classes = has_class ? count_of(c, "outputs", 2) : 0;

    if (rc_config_get(c, "level"))
        put_text(out, is(c, "level", "word"), opts_int(o, "symbols") - 2);
    else if (rc_config_get(c, "label-column"))
        put_labels(out, !rc_config_get(c, "tokens"), opts_int(o, "symbols") - 2, features_of(c));
    else if (wants_table(c))
        put_table(out, inputs, classes);
    else
        put_series(out, inputs, classes);
    return fflush(out) == 0 && !ferror(out);
}

/* What put_labels() has written where. */
static rc_status point_to_columns(rc_config *c)
{
    const bool each = !rc_config_get(c, "tokens");
    char columns[1024] = "";
    size_t used = 0;
    rc_status s = rc_config_set(c, "format", each ? "columns" : "tsv");

    for (int64_t i = 0, n = features_of(c); i < n && used < sizeof columns; i++)
        used += (size_t)snprintf(columns + used, sizeof columns - used, "%s#%lld", i ? "," : "",
                                 (long long)i + 2);
    if (s == RC_OK)
        s = rc_config_set(c, "text-column", each ? "#1" : "");
    if (s == RC_OK)
        s = rc_config_set(c, "label-column", each ? "#-1" : "");
    return s == RC_OK && each ? rc_config_set(c, "features", columns) : s;
}

/* Set the training data of a configuration to a file made for it in a folder of its own. path: the
 * name of the folder, and room for that of the file. */
static int make_data(const opts *o, rc_config *c, char *path)
{
    static const char *const quiet[][2] = {
        {"batch", "1"},        {"valid-split", "0"}, {"test-split", "0"}, {"shards", "1"},
        {"series-column", ""}, {"drop", ""},         {"folds", "0"},      {"class-weights", "none"},
        {"phrases", "false"},  {"binary", "false"},  {"label-until", ""}, {"coding", "auto"}};
    strcat(path, wants_table(c) ? "/data.csv" : "/data");
    FILE *out = fopen(path, "w");
    bool ok = out && put_data(out, o, c);

    if (out)
        ok = (fclose(out) == 0) & ok;
    if (!ok)
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    rc_status s = rc_config_set(c, "train", path);
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet && s == RC_OK; i++)
        if (rc_config_get(c, quiet[i][0]))
            s = rc_config_set(c, quiet[i][0], quiet[i][1]);
    if (s == RC_OK && rc_config_get(c, "label-column"))
        s = point_to_columns(c);
    if (s == RC_OK && rc_config_get(c, "target"))
        s = rc_config_set(c, "target", wants_table(c) ? "y" : "");
    return s == RC_OK ? OPT_GO_ON : say_library_failure();
}

/* Draw the model that a configuration describes. */
static int draw_config(const opts *o, picture *p, const rc_config *c)
{
    rc_trainer *t = NULL;

    if (rc_trainer_new(&t, c, "", NULL) != RC_OK)
        return say_library_failure();
    draw_model(p, rc_trainer_model(t), (int)opts_int(o, "unroll"));
    rc_trainer_free(t);
    return OPT_GO_ON;
}

/* The same, on data of its own. */
static int draw_made(const opts *o, picture *p, rc_config *c)
{
    enum { ROOM = 4096, FILE_NAME = 16 };
    char folder[ROOM], path[ROOM + FILE_NAME];
    const char *where = getenv("TMPDIR");
    const int n =
        snprintf(folder, sizeof folder, "%s/recur-draw-XXXXXX", where && where[0] ? where : "/tmp");

    if (n < 0 || n >= ROOM)
        return say_failure("cannot write a file: TMPDIR is too long");
    if (!mkdtemp(folder))
        return say_failure("cannot write a file into TMPDIR: %s", strerror(errno));
    strcpy(path, folder);
    interrupt_note(folder);
    interrupt_note(path);
    int code = make_data(o, c, path);
    if (code == OPT_GO_ON)
        code = draw_config(o, p, c);
    (void)unlink(path);
    (void)rmdir(folder);
    interrupt_forget(path);
    interrupt_forget(folder);
    return code;
}

static int draw_task(const opts *o, picture *p)
{
    rc_config *c = NULL;
    int code = opts_config(o, &c);

    if (code != OPT_GO_ON)
        return code;
    if (rc_config_get(c, "cell"))
        code = opts_has(o, "train") ? draw_config(o, p, c) : draw_made(o, p, c);
    else
        code = say_failure("cannot draw the task %s: it has no network", o->task);
    rc_config_free(c);
    return code;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int draw_file(const opts *o, picture *p)
{
    rc_model *m;
    int code = OPT_GO_ON;

    if (rc_model_open(&m, o->args[0]) != RC_OK) {
        say_library_failure();
        const char *near = opt_nearest_in_list("expressions", o->args[0]);
        near = near ? near : opt_nearest_in_list("tasks", o->args[0]);
        if (access(o->args[0], F_OK) != 0 && near)
            say_hint("did you mean '%s'?", near);
        else if (access(o->args[0], F_OK) != 0)
            say_hint("what is drawn is a task (lm, series, classify, tag), an expression of"
                     " recur list expressions, or a model file");
        return EXIT_FAILED;
    }
    if (rc_config_get(rc_model_config(m), "cell"))
        draw_model(p, m, (int)opts_int(o, "unroll"));
    else
        code = say_failure("cannot draw '%s': it has no network", o->args[0]);
    rc_model_free(m);
    return code;
}

static int draw_what(const opts *o, picture *p)
{
    const draw_example *e;

    if (o->task)
        return draw_task(o, p);
    for (size_t i = 0; i < o->given_count; i++)
        if (o->given[i].row->tasks)
            return say_misuse("option '--%s' describes a model: it goes with a task, not with '%s'",
                              o->given[i].row->name, o->args[0]);
    for (size_t i = 0; (e = draw_example_at(i)); i++)
        if (strcmp(e->name, o->args[0]) == 0)
            return draw_expression(p, e) == RC_OK ? OPT_GO_ON : say_library_failure();
    return draw_file(o, p);
}

static void put_svg(FILE *out, const void *ctx)
{
    picture_svg(out, ctx);
}

static void put_dot(FILE *out, const void *ctx)
{
    picture_dot(out, ctx);
}

static int save(const opts *o, const char *option, whole_fn *put, const picture *p)
{
    const char *path = opts_text(o, option);

    if (!whole_save(path, put, p))
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    if (strcmp(path, "-") != 0)
        say_unless_quiet(o, "the graph is in %s", path);
    return EXIT_DONE;
}

static int write_all(const opts *o, const picture *p)
{
    int code = EXIT_DONE;

    if (opts_has(o, "svg"))
        code = save(o, "svg", put_svg, p);
    if (code == EXIT_DONE && opts_has(o, "dot"))
        code = save(o, "dot", put_dot, p);
    if (code == EXIT_DONE && opts_flag(o, "json"))
        code = json_print(stdout, picture_json(p), false);
    else if (!opts_has(o, "svg") && !opts_has(o, "dot") && !opts_flag(o, "json"))
        picture_dot(stdout, p);
    return code;
}

static int run(const opts *o)
{
    picture p = {0};
    int code = draw_what(o, &p);

    if (code == OPT_GO_ON)
        code = !p.failed && picture_lay_out(&p) ? write_all(o, &p) : say_out_of_memory();
    picture_free(&p);
    return code;
}

const command cmd_draw = {
    .name = "draw",
    .usage = "WHAT [options]",
    .summary = "draw a model, or an expression, as a graph",
    .example = "recur draw my.model --svg model.svg\n"
               "recur draw lm --cell gru --layers 2 --unroll 3 --svg gru.svg\n"
               "recur draw series --bidirectional --inputs 12 --outputs 9 --svg both.svg\n"
               "recur draw logistic | dot -Tpdf > logistic.pdf",
    .about =
        "WHAT is a model file; or a task with the options of recur train, whose network is made"
        " and drawn, on data of its own unless --train is given; or one of the expressions of"
        " recur list expressions, which the library computes and which is drawn by walking its"
        " graph. Arrows carry the names and shapes of weights.",
    .options = options,
    .takes_task = true,
    .task_or_else = true,
    .run = run,
};
