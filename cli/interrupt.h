/* interrupt.h -- how a command ends that a signal ends: its half written files are taken away, a
 * line says so, and the exit code is EXIT_INTERRUPTED. */
#ifndef RECUR_CLI_INTERRUPT_H
#define RECUR_CLI_INTERRUPT_H

/* SIGINT, SIGTERM and SIGHUP end the program like that from now on, unless who started it has them
 * ignored. A command that ends with more grace takes them over (sitting.c). */
void interrupt_listen(void);
/* End like that, now. Safe in a handler of signals. */
void interrupt_end(void);

/* A file (or, when it is empty, a folder) to take away then; until interrupt_forget(). The path
 * must live until then; there is room for a few. */
void interrupt_note(const char *path);
void interrupt_forget(const char *path);

#endif
