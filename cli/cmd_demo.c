/* cmd_demo.c -- recur demo: the lectures' own examples as small experiments. */
#include <math.h>
#include <string.h>
#include "cmd.h"
#include "demo.h"

#define DEMO(name) extern const demo demo_##name;
#include "demos.def"
#undef DEMO

static const demo *const demos[] = {
#define DEMO(name) &demo_##name,
#include "demos.def"
#undef DEMO
};

const demo *demo_at(size_t i)
{
    return i < sizeof demos / sizeof *demos ? demos[i] : NULL;
}

static const opt options[] = {
    {.name = "seed",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 0,
     .hi = 9007199254740991.0,
     .group = "running",
     .help = "of everything that is random"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

/* ---- text ----------------------------------------------------------------------------------- */

static void put_paragraph(const char *head, const char *text)
{
    enum { INDENT = 10, WIDTH = 80 };
    int at = printf("%-*s", INDENT, head);

    for (const char *word = text; *word;) {
        const int n = (int)strcspn(word, " ");
        if (at > INDENT && at + n >= WIDTH)
            at = printf("\n%*s", INDENT, "") - 1;
        at += printf("%s%.*s", at > INDENT ? " " : "", n, word);
        word += n + (word[n] != '\0');
    }
    putchar('\n');
}

static void put_value(demo_unit unit, int width, double x)
{
    char text[SAY_ROOM];

    if (!isfinite(x))
        snprintf(text, sizeof text, "-");
    else
        snprintf(text, sizeof text, unit == DEMO_SHARE ? "%.1f%%" : "%.3g",
                 unit == DEMO_SHARE ? 100 * x : x);
    printf("  %*s", width, text);
}

static void put_table(const demo_result *r)
{
    int first = (int)strlen(r->about);

    for (int i = 0; i < r->rows; i++)
        if ((int)strlen(r->row[i].name) > first)
            first = (int)strlen(r->row[i].name);
    printf("\n%-*s", first, r->about);
    for (int c = 0; c < r->columns; c++)
        printf("  %8s", r->column[c].name);
    putchar('\n');
    for (int i = 0; i < r->rows; i++) {
        printf("%-*s", first, r->row[i].name);
        for (int c = 0; c < r->columns; c++) {
            const int width = (int)strlen(r->column[c].name);
            put_value(r->column[c].unit, width < 8 ? 8 : width, r->row[i].value[c]);
        }
        putchar('\n');
    }
    putchar('\n');
}

static void put_text(const demo *d, const demo_result *r, bool all)
{
    put_table(r);
    for (int i = 0; i < r->claims; i++)
        put_paragraph(r->claim[i].holds ? "yes" : "NO", r->claim[i].text);
    if (all)
        put_paragraph("so", d->lesson);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static int put_json(const demo *d, const demo_setup *setup, const demo_result *r, bool all)
{
    json_t *columns = json_array(), *rows = json_array(), *claims = json_array();

    for (int c = 0; c < r->columns; c++)
        json_add(&columns, json_string(r->column[c].name));
    for (int i = 0; i < r->rows; i++) {
        json_t *values = json_array();
        for (int c = 0; c < r->columns; c++)
            json_add(&values, json_number(r->row[i].value[c]));
        json_add(&rows, json_pack("{s:s, s:o}", "name", r->row[i].name, "values", values));
    }
    for (int i = 0; i < r->claims; i++)
        json_add(&claims, json_pack("{s:s, s:b}", "text", r->claim[i].text, "holds",
                                    (int)r->claim[i].holds));
    return json_print(stdout,
                      json_pack("{s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:s}", "demo",
                                d->name, "seed", (json_int_t)setup->seed, "lecture", d->lecture,
                                "trained", d->trained, "about", r->about, "columns", columns,
                                "rows", rows, "claims", claims, "ok", (int)all, "lesson",
                                d->lesson),
                      false);
}

/* ---- the command ---------------------------------------------------------------------------- */

static int refuse_demo(const char *name)
{
    const char *near = opt_nearest_in_list("demos", name);

    say_misuse("unknown demo '%s'", name);
    say_hint(near ? "did you mean '%s'?" : "recur demo lists them", near);
    return EXIT_MISUSED;
}

static int list(const opts *o)
{
    json_t *all = json_array();
    int width = 0;

    for (size_t i = 0; demo_at(i); i++)
        if ((int)strlen(demo_at(i)->name) > width)
            width = (int)strlen(demo_at(i)->name);
    for (size_t i = 0; demo_at(i); i++) {
        const demo *d = demo_at(i);
        json_add(&all, json_pack("{s:s, s:s, s:s}", "name", d->name, "help", d->help, "lecture",
                                 d->lecture));
        if (!opts_flag(o, "json"))
            printf("%-*s  %s\n", width, d->name, d->help);
    }
    if (opts_flag(o, "json"))
        return json_print(stdout, all, true);
    json_decref(all);
    return EXIT_DONE;
}

static int show(const opts *o, const demo *d)
{
    const demo_setup setup = {.seed = (uint64_t)opts_int(o, "seed"),
                              .threads = (int)opts_int(o, "threads")};
    const bool json = opts_flag(o, "json");
    demo_result r = {0};
    bool all = true;
    int code = EXIT_DONE;

    if (!json) {
        put_paragraph("lecture", d->lecture);
        put_paragraph("here", d->trained);
        fflush(stdout);
    }
    const rc_status status = d->run(&setup, &r);
    if (status != RC_OK)
        return status == RC_ENOMEM ? say_out_of_memory() : say_library_failure();
    for (int i = 0; i < r.claims; i++)
        all = all && r.claim[i].holds;
    if (json)
        code = put_json(d, &setup, &r, all);
    else
        put_text(d, &r, all);
    return all ? code : say_failure("with this seed the demo does not show what it should");
}

static int run(const opts *o)
{
    if (o->arg_count == 0)
        return list(o);
    for (size_t i = 0; demo_at(i); i++)
        if (strcmp(demo_at(i)->name, o->args[0]) == 0)
            return show(o, demo_at(i));
    return refuse_demo(o->args[0]);
}

const command cmd_demo = {
    .name = "demo",
    .usage = "[NAME] [options]",
    .summary = "run an example of the lectures as a small experiment",
    .example = "recur demo\n"
               "recur demo nepal",
    .about =
        "Trains small networks on sentences of a grammar, in a minute or less, and prints what"
        " the lecture says, what was trained, the results and what follows. The same seed gives"
        " the same numbers. Fails when a result is not what the lecture says. Without NAME,"
        " lists the demos.",
    .options = options,
    .words = "demos",
    .run = run,
};
