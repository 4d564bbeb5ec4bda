/* cmd_help.c -- recur help: help, manual pages, completion and the page of options. */
#include <string.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "man",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "print the manual page of COMMAND, or of recur, as roff"},
    {.name = "completion",
     .kind = RC_OPTION_NAME,
     .value = "SHELL",
     .list = "shells",
     .group = "output",
     .help = "print a completion script"},
    {.name = "options-md",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "print docs/options.md"},
    OPT_END,
};

static int run(const opts *o)
{
    const char *name = o->arg_count ? o->args[0] : NULL;
    const command *c = name ? command_find(name) : NULL;
    if (name && !c) {
        const char *near = opt_nearest_in_list("commands", name);
        say_misuse("unknown command '%s'", name);
        say_hint(near ? "did you mean '%s'?" : "recur help lists the commands", near);
        return EXIT_MISUSED;
    }
    const char *shell = opts_text(o, "completion");
    if (shell[0])
        return strcmp(shell, "bash") == 0 ? complete_bash(stdout) : complete_zsh(stdout);
    if (opts_flag(o, "options-md"))
        return help_markdown(stdout);
    if (c)
        return opts_flag(o, "man") ? help_man(stdout, c) : help_command(stdout, c, NULL);
    if (opts_flag(o, "man"))
        help_man_program(stdout);
    else
        help_program(stdout);
    return EXIT_DONE;
}

const command cmd_help = {
    .name = "help",
    .usage = "[COMMAND] [options]",
    .summary = "explain a command; print manual pages and completion scripts",
    .example = "recur help train\n"
               "recur help --man train | man -l -\n"
               "source <(recur help --completion bash)",
    .options = options,
    .run = run,
};
