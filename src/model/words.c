/* words.c -- names and texts in order, and how numbers and texts are written so that the same model
 * gives the same bytes: the shortest number that reads back as itself, JSON strings.
 */
#include "model/model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Format onto the end of a buffer. */
static rc_status add_formatted(rcb_buf *b, const char *fmt, va_list args)
{
    va_list again;
    char small[256];

    va_copy(again, args);
    const int n = vsnprintf(small, sizeof small, fmt, again);
    va_end(again);
    if (n < 0)
        return RC_FAIL(RC_EINVAL, "cannot format text by '%s'", fmt);
    if ((size_t)n < sizeof small)
        return rcb_buf_add(b, small, (size_t)n);

    char *large = rcb_alloc((size_t)n + 1, 1);
    if (!large)
        return RC_ENOMEM;
    (void)vsnprintf(large, (size_t)n + 1, fmt, args);
    const rc_status s = rcb_buf_add(b, large, (size_t)n);
    rcb_free(large);
    return s;
}

rc_status rcm_words_add(rcm_words *w, const char *name, const char *fmt, ...)
{
    const size_t before = w->text.n;
    rc_status s = rcb_buf_add(&w->text, name, strlen(name) + 1);

    if (s == RC_OK) {
        va_list args;

        va_start(args, fmt);
        s = add_formatted(&w->text, fmt, args);
        va_end(args);
    }
    if (s == RC_OK)
        s = rcb_buf_add(&w->text, "", 1);
    if (s != RC_OK) {
        w->text.n = before;
        return s;
    }
    w->n++;
    return RC_OK;
}

bool rcm_words_at(const rcm_words *w, size_t i, const char **name, const char **text)
{
    const char *p = w->text.p;

    if (i >= w->n)
        return false;
    for (size_t skip = 2 * i; skip > 0; skip--)
        p += strlen(p) + 1;
    *name = p;
    *text = p + strlen(p) + 1;
    return true;
}

void rcm_words_free(rcm_words *w)
{
    rcb_buf_free(&w->text);
    *w = (rcm_words){0};
}

rc_status rcm_print_real(rcb_buf *out, double x)
{
    return isfinite(x) ? rcb_buf_real(out, x) : rcb_buf_puts(out, "null");
}

rc_status rcm_print_text(rcb_buf *out, const char *text)
{
    return rcf_json_text(out, text, strlen(text));
}
