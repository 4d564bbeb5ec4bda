/* cmd_list.c -- recur list: everything that can be named on a command line. */
#include <string.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "long",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "with equations, papers and other details"},
    OPT_JSON,
    OPT_END,
};

static int widest(const char *list)
{
    rc_entry entry;
    int most = 0;
    for (size_t i = 0; opt_list(list, i, &entry); i++)
        if ((int)strlen(entry.name) > most)
            most = (int)strlen(entry.name);
    return most;
}

static void print_detail(const char *detail)
{
    for (const char *line = detail; *line;) {
        const size_t n = strcspn(line, "\n");
        printf("    %.*s\n", (int)n, line);
        line += n + (line[n] != '\0');
    }
}

static void print_list(const char *list, bool with_detail)
{
    rc_entry entry;
    const int width = widest(list);
    for (size_t i = 0; opt_list(list, i, &entry); i++) {
        printf("%-*s  %s\n", width, entry.name, entry.help ? entry.help : "");
        if (with_detail && entry.detail)
            print_detail(entry.detail);
    }
}

static json_t *option_object(const rc_option *option)
{
    static const char *const kinds[] = {"int", "real", "text", "name", "flag", "files"};
    const bool number = option->kind == RC_OPTION_INT || option->kind == RC_OPTION_REAL;
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s?, s:s, s:s, s:s}", "name", option->name, "kind",
                     kinds[option->kind], "default", option->fallback, "low",
                     number ? json_number(option->lo) : json_null(), "high",
                     number ? json_number(option->hi) : json_null(), "list", option->list, "group",
                     option->group, "tasks", option->tasks, "help", option->help);
}

static json_t *list_object(const char *list)
{
    rc_entry entry;
    json_t *all = json_array();
    const bool rich = strcmp(list, "options") == 0;
    for (size_t i = 0; opt_list(list, i, &entry); i++) {
        json_t *one = rich ? option_object(rc_option_at(i))
                           : json_pack("{s:s, s:s?, s:s?}", "name", entry.name, "help", entry.help,
                                       "detail", entry.detail);
        json_add(&all, one);
    }
    return all;
}

static int refuse_list(const char *name)
{
    const char *near = opt_nearest_in_list("lists", name);
    say_misuse("unknown list '%s'", name);
    say_hint(near ? "did you mean '%s'?" : "recur list shows the lists", near);
    return EXIT_MISUSED;
}

static int run(const opts *o)
{
    static const char *const all[] = {"lists"};
    const char *const *names = o->arg_count ? o->args : all;
    const size_t n = o->arg_count ? o->arg_count : 1;
    for (size_t i = 0; i < n; i++)
        if (!opt_in_list("lists", names[i]))
            return refuse_list(names[i]);
    if (opts_flag(o, "json")) {
        json_t *object = json_object();
        for (size_t i = 0; i < n; i++)
            json_put(&object, names[i], list_object(names[i]));
        return json_print(stdout, object, true);
    }
    for (size_t i = 0; i < n; i++) {
        if (n > 1)
            printf("%s%s\n", i ? "\n" : "", names[i]);
        print_list(names[i], opts_flag(o, "long"));
    }
    return EXIT_DONE;
}

const command cmd_list = {
    .name = "list",
    .usage = "[LIST...] [options]",
    .summary = "list cells, tasks, optimizers, options and whatever else has a name",
    .example = "recur list\n"
               "recur list cells --long",
    .about = "Without LIST, lists the lists.",
    .options = options,
    .run = run,
};
