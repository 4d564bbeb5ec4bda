/* spill.c -- a file without a name as memory, for what does not fit into memory.
 *
 * It is mapped shared, so the system can put its pages back on the disk; its space is taken when it
 * is made, because a full disk later would be a signal and not a status.
 */
#define _GNU_SOURCE /* O_TMPFILE, posix_fallocate, mkstemp */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file in `folder` that has no name, or -1 with errno. */
static int open_unnamed(const char *folder)
{
    int fd = -1;

#ifdef O_TMPFILE
    fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
#endif
    rcb_buf path = {0};

    if (rcb_buf_printf(&path, "%s/recur-XXXXXX", folder) != RC_OK) {
        errno = ENOMEM;
        return -1;
    }
    fd = mkstemp(path.p);
    if (fd >= 0)
        (void)unlink(path.p);
    rcb_buf_free(&path);
    return fd;
}

rc_status rcb_spill_new(rcb_spill *out, size_t bytes)
{
    const char *set = getenv("TMPDIR");
    const char *folder = set && *set ? set : "/tmp";
    const size_t n = bytes > 0 ? bytes : 1;

    *out = (rcb_spill){0};
    if ((uintmax_t)n > INT64_MAX)
        return RC_FAIL(RC_ENOMEM, "cannot make a temporary file of %zu bytes", bytes);

    const int fd = open_unnamed(folder);
    void *p = MAP_FAILED;
    int error = fd < 0 ? errno : 0;

    if (!error) {
        do /* takes the space now: later a full disk would be a signal, not an error */
            error = posix_fallocate(fd, 0, (off_t)n);
        while (error == EINTR);
    }
    if (!error) {
        p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        error = p == MAP_FAILED ? errno : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    if (error)
        return RC_FAIL_HINT(error == ENOMEM ? RC_ENOMEM : RC_EIO,
                            "set TMPDIR to a folder with more room",
                            "cannot make a temporary file of %zu bytes in '%s': %s", bytes, folder,
                            strerror(error));
    *out = (rcb_spill){.p = p, .n = bytes};
    return RC_OK;
}

void rcb_spill_free(rcb_spill *s)
{
    if (s->p)
        (void)munmap(s->p, s->n > 0 ? s->n : 1);
    *s = (rcb_spill){0};
}

/* ---- memory or such a file --------------------------------------------------------------- */

rc_status rcb_room_new(rcb_room *out, int64_t count, size_t size, size_t beyond)
{
    size_t bytes;

    *out = (rcb_room){0};
    if (!rcb_mul((size_t)count, size, &bytes))
        return RC_FAIL(RC_ENOMEM, "cannot hold %" PRId64 " times %zu bytes", count, size);
    if (bytes > beyond) {
        RC_TRY(rcb_spill_new(&out->spill, bytes));
        out->p = out->spill.p;
        return RC_OK;
    }
    out->p = rcb_alloc(bytes > 0 ? bytes : 1, 1);
    return out->p ? RC_OK : RC_ENOMEM;
}

void rcb_room_free(rcb_room *r)
{
    if (r->spill.p)
        rcb_spill_free(&r->spill);
    else
        rcb_free(r->p);
    *r = (rcb_room){0};
}
