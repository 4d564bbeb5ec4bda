/* cmd_info.c -- recur info: everything that a model file knows about itself. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "plot.h"

static const opt options[] = {
    {.name = "vocab",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "print the vocabulary alone: id, count in the training text and symbol per line"},
    {.name = "curve",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .prints = true,
     .help = "draw the loss over the steps of training on the terminal"},
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw it as a picture ('-': standard output)"},
    OPT_JSON,
    OPT_END,
};

enum { SYMBOLS_SHOWN = 20, RECORDS_SHOWN = 10 };

/* ---- text ----------------------------------------------------------------------------------- */

static int fact_width(const rc_model *m)
{
    const char *name, *text;
    int width = 0;
    for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++)
        if ((int)strlen(name) > width)
            width = (int)strlen(name);
    return width < 24 ? width : 24;
}

/* Text of a file on the terminal: what would move its cursor, or worse, as \xNN. */
static void print_clean(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool c1 = c == 0xC2 && i + 1 < n && (unsigned char)text[i + 1] < 0xA0;
        if (c < 0x20 || c == 0x7F || c1)
            printf("\\x%02X", c1 ? (unsigned char)text[++i] : c);
        else
            putchar(c);
    }
}

/* Facts one below the other; the further lines of a text stand below its first. */
static void print_facts(const rc_model *m)
{
    const char *name, *text;
    const int width = fact_width(m);
    for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++) {
        print_clean(name, strlen(name));
        printf("%*s", (int)strlen(name) < width ? width - (int)strlen(name) + 2 : 2, "");
        for (const char *line = text;;) {
            const size_t n = strcspn(line, "\n");
            print_clean(line, n);
            putchar('\n');
            line += n + (line[n] != '\0');
            if (!*line)
                break;
            printf("%*s", width + 2, "");
        }
    }
}

static void print_tensors(const rc_model *m)
{
    rc_tensor_info t;
    char shape[SAY_ROOM], count[SAY_ROOM];
    size_t n = 0;
    int width = (int)strlen("tensor");
    for (; rc_model_tensor(m, n, &t); n++)
        if ((int)strlen(t.name) > width)
            width = (int)strlen(t.name);
    printf("\n%-*s  %14s %14s  %s\n", width, "tensor", "shape", "numbers", "crc-32");
    for (size_t i = 0; rc_model_tensor(m, i, &t); i++)
        printf("%-*s  %14s %14s  %08" PRIx32 "\n", width, t.name, say_shape(shape, &t),
               say_count(count, t.count), t.crc);
    printf("%zu tensors, %s parameters\n", n, say_count(count, rc_model_parameters(m)));
}

/* The most frequent symbols first; ids are in that order but for bytes. Room for `most` ids. */
static int32_t most_frequent(const rc_model *m, int32_t most, int32_t *ids)
{
    int32_t n = 0;
    for (int32_t id = 0; id < rc_model_symbols(m); id++) {
        const int64_t count = rc_model_symbol_count(m, id);
        int32_t at = n;
        while (at > 0 && count > rc_model_symbol_count(m, ids[at - 1]))
            at--;
        if (at >= most)
            continue;
        n += n < most;
        memmove(ids + at + 1, ids + at, (size_t)(n - 1 - at) * sizeof *ids);
        ids[at] = id;
    }
    return n;
}

static void print_symbols(const rc_model *m)
{
    int32_t ids[SYMBOLS_SHOWN];
    char text[SAY_ROOM], count[SAY_ROOM];
    const int32_t n = most_frequent(m, SYMBOLS_SHOWN, ids);
    if (n == 0)
        return;
    printf("\nvocabulary  %s symbols, the most frequent:\n", say_count(count, rc_model_symbols(m)));
    for (int32_t i = 0; i < n; i++) {
        size_t length;
        const char *bytes = rc_model_symbol(m, ids[i], &length);
        printf("  %-12s %10s%s", say_symbol(text, bytes, length),
               say_count(count, rc_model_symbol_count(m, ids[i])),
               i % 3 == 2 || i + 1 == n ? "\n" : "");
    }
}

static void print_number(double x, int decimals)
{
    if (isfinite(x))
        printf(" %9.*f", decimals, x);
    else
        printf(" %9s", "-");
}

static const char *loss_name(const rc_model *m)
{
    const char *measure = rc_model_measure(m);
    return strcmp(measure, "nats") == 0 ? "nats per symbol" : measure;
}

static void print_history(const rc_model *m)
{
    rc_record r;
    const size_t n = rc_model_records(m);
    const size_t first = n > RECORDS_SHOWN ? n - RECORDS_SHOWN : 0;
    if (n == 0)
        return;
    printf("\n%10s %6s %14s %9s %9s %9s  (%s)\n", "step", "epoch", "tokens", "lr", "train", "valid",
           loss_name(m));
    if (first > 0)
        printf("  %zu records before are in --json\n", first);
    for (size_t i = first; rc_model_record(m, i, &r); i++) {
        printf("%10" PRId64 " %6" PRId64 " %14" PRId64, r.step, r.epoch, r.tokens);
        print_number(r.lr, 6);
        print_number(r.train, 4);
        print_number(r.valid, 4);
        putchar('\n');
    }
}

/* A line per symbol. Words are printed as they are, others quoted so that they can be seen. */
static void print_vocabulary(const rc_model *m)
{
    for (int32_t id = 0; id < rc_model_symbols(m); id++) {
        char text[SAY_ROOM];
        size_t n;
        const char *bytes = rc_model_symbol(m, id, &n);
        printf("%" PRId32 "\t%" PRId64 "\t", id, rc_model_symbol_count(m, id));
        if (rc_model_spaced(m))
            printf("%.*s\n", (int)n, bytes);
        else
            puts(say_symbol(text, bytes, n));
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *facts_json(const rc_model *m)
{
    const char *name, *text;
    json_t *all = json_object();
    for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++)
        json_put(&all, name, json_bytes(text, strlen(text)));
    return all;
}

static json_t *tensors_json(const rc_model *m)
{
    rc_tensor_info t;
    json_t *all = json_array();
    for (size_t i = 0; rc_model_tensor(m, i, &t); i++) {
        char crc[16];
        json_t *shape = json_array();
        for (int d = 0; d < t.rank; d++)
            json_add(&shape, json_integer(t.dim[d]));
        snprintf(crc, sizeof crc, "%08" PRIx32, t.crc);
        json_add(&all, json_pack("{s:s, s:o, s:I, s:s}", "name", t.name, "shape", shape, "count",
                                 (json_int_t)t.count, "crc32", crc));
    }
    return all;
}

static json_t *symbols_json(const rc_model *m)
{
    json_t *all = json_array();
    for (int32_t id = 0; id < rc_model_symbols(m); id++) {
        size_t n;
        const char *bytes = rc_model_symbol(m, id, &n);
        json_add(&all, json_pack("{s:o, s:I}", "symbol", json_bytes(bytes, n), "count",
                                 (json_int_t)rc_model_symbol_count(m, id)));
    }
    return all;
}

static json_t *history_json(const rc_model *m)
{
    rc_record r;
    json_t *all = json_array();
    for (size_t i = 0; rc_model_record(m, i, &r); i++)
        json_add(&all, json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "step", (json_int_t)r.step,
                                 "epoch", (json_int_t)r.epoch, "tokens", (json_int_t)r.tokens, "lr",
                                 json_number(r.lr), "train", json_number(r.train), "valid",
                                 json_number(r.valid)));
    return all;
}

static int print_json(const rc_model *m)
{
    return json_print(
        stdout,
        json_pack("{s:I, s:o, s:o, s:o, s:{s:I, s:b, s:I, s:I, s:o}, s:o}", "parameters",
                  (json_int_t)rc_model_parameters(m), "facts", facts_json(m), "config",
                  json_config(rc_model_config(m)), "tensors", tensors_json(m), "vocabulary", "size",
                  (json_int_t)rc_model_symbols(m), "spaced", rc_model_spaced(m), "boundary",
                  (json_int_t)rc_model_boundary(m), "unknown", (json_int_t)rc_model_unknown(m),
                  "symbols", symbols_json(m), "history", history_json(m)),
        true);
}

/* ---- curves --------------------------------------------------------------------------------- */

static int write_svg(const opts *o, const plot *p)
{
    const char *path = opts_text(o, "svg");
    if (!plot_save(p, path))
        return say_failure("cannot write '%s': %s", path, strerror(errno));
    if (strcmp(path, "-") != 0)
        say_unless_quiet(o, "the curve is in %s", path);
    return EXIT_DONE;
}

static int draw(const opts *o, const rc_model *m)
{
    const size_t n = rc_model_records(m);
    plot_point *points = calloc(2 * n + 1, sizeof *points);
    rc_record r;
    if (!points)
        return say_out_of_memory();
    for (size_t i = 0; rc_model_record(m, i, &r); i++) {
        points[i] = (plot_point){.x = (double)r.step, .y = r.train};
        points[n + i] = (plot_point){.x = (double)r.step, .y = r.valid};
    }
    const plot p = {.title = o->args[0],
                    .x_name = "step",
                    .y_name = loss_name(m),
                    .curve = {{"train", points, n, false}, {"valid", points + n, n, true}},
                    .curves = 2};
    int code = EXIT_DONE;
    if (!plot_has_points(&p))
        code = say_failure("cannot draw a curve: '%s' has no record of its training", o->args[0]);
    if (code == EXIT_DONE && opts_flag(o, "curve") &&
        !plot_terminal(stdout, &p, say_columns(stdout), say_utf8()))
        code = say_out_of_memory();
    if (code == EXIT_DONE && opts_has(o, "svg"))
        code = write_svg(o, &p);
    free(points);
    return code;
}

static int run(const opts *o)
{
    rc_model *m = NULL;
    int code = EXIT_DONE;
    if (rc_model_open(&m, o->args[0]) != RC_OK)
        return say_library_failure();
    const bool draws = opts_flag(o, "curve") || opts_has(o, "svg");
    if (draws)
        code = draw(o, m);
    if (code == EXIT_DONE && opts_flag(o, "json")) {
        code = print_json(m);
    } else if (code == EXIT_DONE && opts_flag(o, "vocab")) {
        print_vocabulary(m);
    } else if (!draws) {
        print_facts(m);
        print_tensors(m);
        print_symbols(m);
        print_history(m);
    }
    rc_model_free(m);
    return code;
}

const command cmd_info = {
    .name = "info",
    .usage = "MODEL [options]",
    .summary = "show what a model is and how it was trained",
    .example = "recur info my.model\n"
               "recur info my.model --curve\n"
               "recur info my.model --svg loss.svg",
    .about =
        "Prints the facts of the model (cell and conventions, training, results), its tensors with"
        " shapes and checksums, the most frequent symbols and the last records of training."
        " MODEL may be a .state file.",
    .options = options,
    .run = run,
};
