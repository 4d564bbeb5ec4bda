/* err.c -- the words of the last failure, one line and one hint per thread.
 *
 * The two lines live in thread-local storage of fixed size: reporting a failure never allocates,
 * so it works when memory is what ran out.
 */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 512 }; /* bytes of a message with its final 0; longer text is cut and ends in ... */

static _Thread_local char message[LINE];
static _Thread_local char hint_line[LINE];

/* Copy text as one clean line: control characters become spaces, trailing spaces go, what does
 * not fit is cut between two UTF-8 characters. */
static void set_line(char line[LINE], const char *text)
{
    size_t n = strlen(text);

    if (n < LINE) {
        memmove(line, text, n + 1);
    } else {
        n = LINE - 4;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
        memmove(line, text, n);
        memcpy(line + n, "...", 4);
        n += 3;
    }
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    while (n > 0 && line[n - 1] == ' ')
        line[--n] = '\0';
}

rc_status rcb_fail(rc_status code, const char *hint, const char *fmt, ...)
{
    char text[LINE + 1]; /* the arguments may point into the present message; + 1 shows a cut */
    va_list args;

    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    set_line(hint_line, hint ? hint : "");
    set_line(message, n < 0 ? fmt : text);
    return code;
}

const char *rc_error_message(void)
{
    return message;
}

const char *rc_error_hint(void)
{
    return hint_line;
}
