/* casing.c -- how a word is written, whatever its letters are: small, capital, digits.
 */
#include "data/data.h"

#include <utf8proc.h>

/* What occurs in a word. */
typedef struct sight {
    int64_t chars, upper, lower, digits;
    bool first_upper;
} sight;

static void look(sight *s, utf8proc_int32_t c)
{
    const utf8proc_category_t k = utf8proc_category(c);
    const bool upper = k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LT;

    if (s->chars == 0)
        s->first_upper = upper;
    s->chars++;
    s->upper += upper;
    s->lower += k == UTF8PROC_CATEGORY_LL;
    s->digits += k == UTF8PROC_CATEGORY_ND;
}

rcd_casing rcd_casing_of(const char *p, size_t n)
{
    sight s = {0};

    for (size_t at = 0; at < n;) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)p + at, (utf8proc_ssize_t)(n - at), &c);

        if (step < 1)
            return RCD_CASING_OTHER;
        look(&s, c);
        at += (size_t)step;
    }
    if (s.digits > 0)
        return s.digits == s.chars ? RCD_CASING_NUMBER : RCD_CASING_DIGITS;
    if (s.upper + s.lower == 0)
        return RCD_CASING_OTHER;
    if (s.upper == 0)
        return RCD_CASING_LOWER;
    if (s.lower == 0)
        return s.chars == 1 ? RCD_CASING_LETTER : RCD_CASING_UPPER;
    return s.first_upper && s.upper == 1 ? RCD_CASING_FIRST : RCD_CASING_MIXED;
}
