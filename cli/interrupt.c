/* interrupt.c -- the one way in which a signal ends a command.
 *
 * What the library has half written it takes away itself (rc_unfinished_remove); what the program
 * writes on its own is noted here. Everything that a handler calls is safe in one.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "interrupt.h"

enum { NOTED = 4 };

static const char *volatile noted[NOTED];

void interrupt_note(const char *path)
{
    for (int i = 0; i < NOTED; i++)
        if (!noted[i]) {
            noted[i] = path;
            return;
        }
}

void interrupt_forget(const char *path)
{
    for (int i = 0; i < NOTED; i++)
        if (noted[i] == path)
            noted[i] = NULL;
}

void interrupt_end(void)
{
    static const char words[] = "recur: interrupted\n";
    rc_unfinished_remove();
    for (int i = NOTED - 1; i >= 0; i--) { /* what is in a folder before it */
        const char *path = noted[i];
        if (path && unlink(path) != 0)
            (void)rmdir(path);
    }
    (void)!write(STDERR_FILENO, words, sizeof words - 1);
    _exit(EXIT_INTERRUPTED);
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    interrupt_end();
}

void interrupt_listen(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction act = {.sa_handler = on_signal}, was;
    sigfillset(&act.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &act, NULL);
}
