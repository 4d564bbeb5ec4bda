/* whole.c -- files as a whole, written and read.
 *
 * One is written beside its place, then renamed: what was there before stays whole until all of the
 * new one is on disk. What is no plain file (a pipe, a device) is written as it is; of a link it is
 * the file behind it that is replaced.
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

/* All of a stream; NULL: the message is out. */
static char *read_all(FILE *in, const char *path, size_t *n)
{
    size_t room = 1 << 16;
    char *text = malloc(room);
    *n = 0;
    while (text) {
        const size_t got = fread(text + *n, 1, room - *n, in);
        *n += got;
        if (got == 0)
            break;
        if (*n < room)
            continue;
        char *longer = room > SIZE_MAX / 2 ? NULL : realloc(text, 2 * room);
        if (!longer)
            free(text);
        text = longer;
        room *= 2;
    }
    if (!text) {
        say_out_of_memory();
    } else if (ferror(in)) {
        say_failure("cannot read '%s': %s", path, strerror(errno));
        free(text);
        text = NULL;
    }
    return text;
}

char *whole_read(const char *path, size_t *n)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!in) {
        say_failure("cannot read '%s': %s", path, strerror(errno));
        return NULL;
    }
    char *text = read_all(in, path, n);
    if (in != stdin)
        fclose(in);
    return text;
}
