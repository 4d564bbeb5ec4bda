/* whole.c -- a file is written beside its place, then renamed: what was there before stays whole
 * until all of the new one is on disk. What is no plain file (a pipe, a device) is written as it
 * is; of a link it is the file behind it that is replaced.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cmd.h"
#include "interrupt.h"

/* Write and close; false: errno says why. */
static bool put_into(FILE *out, whole_fn *put, const void *ctx)
{
    if (!out)
        return false;
    put(out, ctx);
    const bool bad = ferror(out);
    return !(fclose(out) | bad);
}

/* beside: a name that ends with XXXXXX, for mkstemp(). */
static bool put_beside(char *beside, const char *path, whole_fn *put, const void *ctx)
{
    const mode_t mask = umask(0);
    const int fd = mkstemp(beside);

    (void)umask(mask);
    if (fd < 0)
        return false;
    interrupt_note(beside);
    (void)fchmod(fd, 0666 & ~mask);
    const bool done = put_into(fdopen(fd, "w"), put, ctx) && rename(beside, path) == 0;
    const int error = errno;
    if (!done)
        remove(beside);
    interrupt_forget(beside);
    errno = error;
    return done;
}

bool whole_save(const char *path, whole_fn *put, const void *ctx)
{
    struct stat is;
    if (strcmp(path, "-") == 0) {
        put(stdout, ctx);
        return true;
    }
    if (stat(path, &is) == 0 && !S_ISREG(is.st_mode))
        return put_into(fopen(path, "w"), put, ctx);
    char *real = realpath(path, NULL); /* NULL: it is new */
    const char *target = real ? real : path;
    char *beside = malloc(strlen(target) + sizeof ".XXXXXX");
    bool done = false;
    if (beside) {
        sprintf(beside, "%s.XXXXXX", target);
        done = put_beside(beside, target, put, ctx);
    }
    free(beside);
    free(real);
    return done;
}
