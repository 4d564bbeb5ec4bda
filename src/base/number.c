/* number.c -- reals as text, the same in every locale.
 *
 * A host program may have called setlocale(), after which the C library writes and reads decimal
 * commas. Here the point is a point: the locale "C" is set for this thread while a number is
 * written or read. (It is one fixed object in the C library; making it takes no memory.)
 */
#define _GNU_SOURCE /* newlocale, uselocale */
#include "base/base.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* What to go back to. */
struct visit {
    locale_t plain;
    locale_t before;
};

static struct visit enter(void)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    return (struct visit){plain, uselocale(plain)};
}

static void leave(struct visit v)
{
    (void)uselocale(v.before);
    if (v.plain)
        freelocale(v.plain);
}

double rcb_real_read(const char *text, const char **end)
{
    char *stop;
    const struct visit v = enter();
    const double x = strtod(text, &stop);

    leave(v);
    *end = stop;
    return x;
}

rc_status rcb_buf_real(rcb_buf *b, double x)
{
    const struct visit v = enter();
    char text[40];

    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    leave(v);
    return rcb_buf_puts(b, text);
}

rc_status rcb_buf_floats(rcb_buf *b, const float *x, int64_t n)
{
    const struct visit v = enter();
    rc_status s = RC_OK;
    char text[40];

    for (int64_t i = 0; s == RC_OK && i < n; i++) {
        for (int digits = 7; digits <= 9; digits++) {
            (void)snprintf(text, sizeof text, " %.*g", digits, (double)x[i]);
            if (strtof(text, NULL) == x[i])
                break;
        }
        s = rcb_buf_puts(b, text);
    }
    leave(v);
    return s;
}

rc_status rcb_buf_hex(rcb_buf *b, double x)
{
    const struct visit v = enter();
    char text[40];

    (void)snprintf(text, sizeof text, "%a", x);
    leave(v);
    return rcb_buf_puts(b, text);
}
