/* main.c -- the program: find the command, parse its words, run it, see that the results got out.
 *
 * Relies on cmds.def and on recur.h alone. Promises the exit codes of cmd.h: a result that could
 * not be written to standard output (a closed pipe, a full disk) is a failure with a message.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <string.h>
#include "cmd.h"
#include "interrupt.h"

#define COMMAND(name) extern const command cmd_##name;
#include "cmds.def"
#undef COMMAND

static const command *const commands[] = {
#define COMMAND(name) &cmd_##name,
#include "cmds.def"
#undef COMMAND
};

const command *command_at(size_t i)
{
    return i < sizeof commands / sizeof *commands ? commands[i] : NULL;
}

const command *command_find(const char *name)
{
    for (size_t i = 0; command_at(i); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int refuse_command(const char *name)
{
    say_misuse(name[0] == '-' ? "unknown option '%s'" : "unknown command '%s'", name);
    const char *near = opt_nearest_in_list("commands", name + strspn(name, "-"));
    if (near)
        say_hint("did you mean 'recur %s'?", near);
    else
        say_hint("recur help lists the commands");
    return EXIT_MISUSED;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help_program(stderr);
        return EXIT_MISUSED;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    const command *c = command_find(name);
    if (!c)
        return refuse_command(name);
    opts o;
    int code = opts_parse(&o, c, argc - 2, argv + 2);
    if (code == OPT_GO_ON)
        code = c->run(&o);
    opts_free(&o);
    return code;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error like any other */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file that grows beyond a limit */
    interrupt_listen();
    const int code = run(argc, argv);
    errno = 0;
    const bool lost = ferror(stdout) || fflush(stdout) != 0;
    if (lost && errno)
        say_failure("cannot write to standard output: %s", strerror(errno));
    else if (lost)
        say_failure("cannot write to standard output");
    return lost && code == EXIT_DONE ? EXIT_FAILED : code;
}
