/* write.c -- files written beside, then renamed.
 *
 * Bytes go to a temporary name in the folder of the target, so that a reader sees the old file or
 * the new one, whole, and a failure at any moment leaves the old one. Symbolic links are written
 * through; devices and pipes, which cannot be replaced, are written straight. The names of what is
 * half written are noted, so that a program that a signal ends can take them away.
 */
#define _GNU_SOURCE /* faccessat, clock_gettime */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PENDING = 1 << 18, /* bytes gathered before they are written */
    LINKS = 40,        /* symbolic links followed in a row, as the system does */
    NOTED = 64,        /* files half written at a time whose names are noted */
};

/* Names of files that are half written; NULL: a place is free. Who swaps a name out owns it. */
static _Atomic(char *) noted[NOTED];
static char *taken[NOTED]; /* names of files taken away: who wrote them may still read the name */

struct rcb_out {
    int fd;
    char *name;   /* the path as the caller gave it, for messages */
    char *target; /* the file that is replaced: name with symbolic links followed */
    char *temp;   /* the file being written; NULL when writing straight to a device or pipe */
    bool made;    /* temp exists, */
    bool noted;   /* and its name is noted */
    rc_status failed;
    size_t n;               /* bytes of pending */
    unsigned char *pending; /* (PENDING) */
};

/* Put `new` in the place of `old`; false: there is no such place. */
static bool swap_noted(char *old, char *new)
{
    for (int i = 0; i < NOTED; i++) {
        char *is = old;

        if (atomic_compare_exchange_strong(&noted[i], &is, new))
            return true;
    }
    return false;
}

void rc_unfinished_remove(void)
{
    for (int i = 0; i < NOTED; i++) {
        char *name = atomic_exchange(&noted[i], NULL);

        if (!name)
            continue;
        (void)unlink(name);
        taken[i] = name;
    }
}

static rc_status cannot_write(rcb_out *o)
{
    o->failed = RC_FAIL(RC_EIO, "cannot write '%s': %s", o->name, strerror(errno));
    return o->failed;
}

/* The bytes of a path up to and with the last slash. */
static size_t folder_size(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The first n bytes of folder, then name. */
static char *join(const char *folder, size_t n, const char *name)
{
    const size_t length = strlen(name);
    char *path = rcb_alloc(n + length + 1, 1);

    if (path) {
        memcpy(path, folder, n);
        memcpy(path + n, name, length + 1);
    }
    return path;
}

/* One symbolic link further: *path is replaced by what it points at. *more is false when it is no
 * link (or nothing at all). */
static rc_status follow(rcb_out *o, bool *more)
{
    char *link = rcb_alloc(PATH_MAX, 1);

    if (!link)
        return RC_ENOMEM;

    const ssize_t n = readlink(o->target, link, PATH_MAX - 1);
    rc_status status = RC_OK;

    *more = n > 0;
    if (n > 0) {
        link[n] = '\0';

        char *path = join(o->target, *link == '/' ? 0 : folder_size(o->target), link);

        if (path) {
            rcb_free(o->target);
            o->target = path;
        } else {
            status = RC_ENOMEM;
        }
    }
    rcb_free(link);
    return status;
}

/* Create the file beside the target under a name that nobody has: .model.tmp-1a2b3c4d */
static rc_status create_temp(rcb_out *o, mode_t mode, bool replaces)
{
    const size_t folder = folder_size(o->target);
    const char *base = o->target + folder;
    const int shown = 200; /* names have 255 bytes at most */
    const size_t room = folder + (size_t)shown + 32;
    struct timespec now;

    o->temp = rcb_alloc(room, 1);
    if (!o->temp)
        return RC_ENOMEM;
    memcpy(o->temp, o->target, folder);
    clock_gettime(CLOCK_REALTIME, &now);
    for (uint32_t attempt = 0; attempt < 1000; attempt++) {
        const uint64_t seed =
            (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec << 20 ^ (uint64_t)getpid();
        uint32_t w[4];

        rcb_draw(rcb_stream(seed, o->target), attempt, 0, w);
        (void)snprintf(o->temp + folder, room - folder, ".%.*s.tmp-%08" PRIx32, shown, base, w[0]);
        o->fd = open(o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (o->fd >= 0) {
            o->made = true;
            o->noted = swap_noted(NULL, o->temp);
            if (replaces && fchmod(o->fd, mode & 0777) != 0)
                return cannot_write(o);
            return RC_OK;
        }
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    return cannot_write(o);
}

static rc_status open_output(rcb_out *o)
{
    struct stat st;

    if (strcmp(o->name, "-") == 0) {
        o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        return o->fd < 0 ? cannot_write(o) : RC_OK;
    }

    const bool exists = stat(o->name, &st) == 0;

    if (!exists && (errno != ENOENT || *o->name == '\0'))
        return cannot_write(o);
    if (exists && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return cannot_write(o);
    }
    if (exists && !S_ISREG(st.st_mode)) {
        o->fd = open(o->name, O_WRONLY | O_CLOEXEC);
        return o->fd < 0 ? cannot_write(o) : RC_OK;
    }
    if (exists && faccessat(AT_FDCWD, o->name, W_OK, AT_EACCESS) != 0)
        return cannot_write(o);

    bool more = true;

    for (int i = 0; more && i < LINKS; i++)
        RC_TRY(follow(o, &more));
    return create_temp(o, exists ? st.st_mode : 0, exists);
}

rc_status rcb_out_open(rcb_out **out, const char *path)
{
    *out = NULL;

    rcb_out *o = rcb_calloc(1, sizeof *o);

    if (!o)
        return RC_ENOMEM;
    o->fd = -1;
    o->name = rcb_strdup(path);
    o->target = rcb_strdup(path);
    o->pending = rcb_alloc(PENDING, 1);

    const rc_status status = o->name && o->target && o->pending ? open_output(o) : RC_ENOMEM;

    if (status != RC_OK) {
        rcb_out_drop(o);
        return status;
    }
    *out = o;
    return RC_OK;
}

/* All n bytes to the system. */
static rc_status write_all(rcb_out *o, const unsigned char *p, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(o->fd, p, n < SSIZE_MAX ? n : SSIZE_MAX);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return cannot_write(o);
        p += done;
        n -= (size_t)done;
    }
    return RC_OK;
}

static rc_status flush(rcb_out *o)
{
    const size_t n = o->n;

    o->n = 0;
    return write_all(o, o->pending, n);
}

rc_status rcb_out_write(rcb_out *o, const void *bytes, size_t n)
{
    if (o->failed != RC_OK)
        return RC_FAIL(o->failed, "cannot write '%s': it failed before", o->name);
    if (n >= PENDING - o->n)
        RC_TRY(flush(o));
    if (n >= PENDING)
        return write_all(o, bytes, n);
    if (n > 0)
        memcpy(o->pending + o->n, bytes, n);
    o->n += n;
    return RC_OK;
}

/* The new name itself reaches the disk. Some file systems cannot sync a folder; that is not ours
 * to report. */
static rc_status sync_folder(rcb_out *o)
{
    const size_t n = folder_size(o->target);

    o->target[n] = '\0';

    const int fd = open(n > 0 ? o->target : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc_status status = RC_OK;

    if (fd < 0)
        return errno == EACCES ? RC_OK : cannot_write(o); /* a folder one may write but not list */
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        status = cannot_write(o);
    (void)close(fd);
    return status;
}

static rc_status finish(rcb_out *o)
{
    if (o->failed != RC_OK)
        return RC_FAIL(o->failed, "cannot write '%s': it failed before", o->name);
    RC_TRY(flush(o));
    if (o->temp && fsync(o->fd) != 0)
        return cannot_write(o);

    const int fd = o->fd;

    o->fd = -1;
    if (close(fd) != 0)
        return cannot_write(o);
    if (!o->temp)
        return RC_OK;
    if (rename(o->temp, o->target) != 0)
        return cannot_write(o);
    o->made = false;
    return sync_folder(o);
}

rc_status rcb_out_commit(rcb_out *o)
{
    const rc_status status = finish(o);

    rcb_out_drop(o);
    return status;
}

void rcb_out_drop(rcb_out *o)
{
    if (!o)
        return;
    if (o->fd >= 0)
        (void)close(o->fd);
    if (o->made)
        (void)unlink(o->temp);
    if (o->noted && !swap_noted(o->temp, NULL))
        o->temp = NULL; /* a handler of signals reads it, and the program ends */
    rcb_free(o->pending);
    rcb_free(o->temp);
    rcb_free(o->target);
    rcb_free(o->name);
    rcb_free(o);
}
