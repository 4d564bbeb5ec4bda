/* buf.c -- a growing string of bytes.
 *
 * A buffer that has been added to is always followed by a 0, so text in it is a C string; a failed
 * addition leaves it as it was.
 */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for n more bytes and the 0. */
static rc_status reserve(rcb_buf *b, size_t n)
{
    size_t need;

    if (!rcb_add(b->n, n, &need) || !rcb_add(need, 1, &need))
        return RC_FAIL(RC_ENOMEM, "out of memory: cannot add %zu bytes to %zu", n, b->n);
    if (need <= b->cap)
        return RC_OK;

    size_t cap = b->cap < 64 ? 64 : b->cap;

    if (!rcb_add(cap, cap / 2, &cap) || cap < need)
        cap = need;

    char *p = rcb_realloc(b->p, b->n, cap, 1);

    if (!p)
        return RC_ENOMEM;
    b->p = p;
    b->cap = cap;
    return RC_OK;
}

rc_status rcb_buf_add(rcb_buf *b, const void *bytes, size_t n)
{
    RC_TRY(reserve(b, n));
    if (n > 0)
        memcpy(b->p + b->n, bytes, n);
    b->n += n;
    b->p[b->n] = '\0';
    return RC_OK;
}

rc_status rcb_buf_puts(rcb_buf *b, const char *s)
{
    return rcb_buf_add(b, s, strlen(s));
}

rc_status rcb_buf_printf(rcb_buf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        return RC_FAIL(RC_EINVAL, "cannot format text by '%s'", fmt);
    RC_TRY(reserve(b, (size_t)n));

    va_start(args, fmt);
    (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, args);
    va_end(args);
    b->n += (size_t)n;
    return RC_OK;
}

void rcb_buf_clear(rcb_buf *b)
{
    b->n = 0;
    if (b->p)
        b->p[0] = '\0';
}

void rcb_buf_free(rcb_buf *b)
{
    rcb_free(b->p);
    *b = (rcb_buf){0};
}
