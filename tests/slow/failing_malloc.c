/* failing_malloc.c -- memory that runs out on command, to be preloaded before the C library's own.
 *
 * FAIL_AT=n refuses the n-th allocation of the process, FAIL_FROM=n that one and all after it. When
 * one is refused the file $FAIL_MARK comes into being. Allocations before main() do not count.
 * Stands on names that glibc keeps for this purpose.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);

static long first, last; /* the refused ones; 0: none */
static const char *mark;
static atomic_long count;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_AT");
    const char *from = getenv("FAIL_FROM");

    mark = getenv("FAIL_MARK");
    last = at ? atol(at) : __LONG_MAX__;
    first = at ? last : from ? atol(from) : 0;
}

static int refused(void)
{
    const long n = first > 0 ? atomic_fetch_add(&count, 1) + 1 : 0;

    if (n < 1 || n < first || n > last)
        return 0;
    if (n == first && mark) {
        const int fd = open(mark, O_WRONLY | O_CREAT, 0600);

        if (fd >= 0)
            (void)close(fd);
    }
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t n)
{
    return refused() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return refused() ? NULL : __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    return refused() ? NULL : __libc_memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = refused() ? NULL : __libc_memalign(align, n);

    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}
