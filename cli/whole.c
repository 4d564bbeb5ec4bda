/* whole.c -- a file is written beside its place, then renamed: what was there before stays whole
 * until all of the new one is on disk. What is no plain file (a pipe, a device) is written as it is.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cmd.h"

/* Write and close; false: errno says why. */
static bool put_into(const char *path, whole_fn *put, const void *ctx)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return false;
    put(out, ctx);
    const bool bad = ferror(out);
    return !(fclose(out) | bad);
}

static bool put_beside(const char *beside, const char *path, whole_fn *put, const void *ctx)
{
    if (put_into(beside, put, ctx) && rename(beside, path) == 0)
        return true;
    const int error = errno;
    remove(beside);
    errno = error;
    return false;
}

bool whole_save(const char *path, whole_fn *put, const void *ctx)
{
    struct stat is;
    if (strcmp(path, "-") == 0) {
        put(stdout, ctx);
        return true;
    }
    if (stat(path, &is) == 0 && !S_ISREG(is.st_mode))
        return put_into(path, put, ctx);
    const size_t n = strlen(path);
    char *beside = malloc(n + sizeof ".part");
    if (!beside)
        return false;
    memcpy(beside, path, n);
    strcpy(beside + n, ".part");
    const bool done = put_beside(beside, path, put, ctx);
    free(beside);
    return done;
}
