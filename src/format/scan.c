/* scan.c -- JSON read in the order in which it stands, without a tree.
 *
 * For what is long and of a known form: a vocabulary, the header of a file. The reader asks for
 * what it expects; what is well-formed but something else is no failure here, what is not
 * well-formed is, and ends the reading. Only strings take memory, one at a time.
 */
#include "format/format.h"

#include <string.h>
#include <utf8proc.h>

/* ---- failure and blanks ------------------------------------------------------------------ */

bool rcf_scan_bad(rcf_scan *s, const char *what)
{
    if (s->status == RC_OK)
        s->status = RC_FAIL(RC_EFORMAT, "byte %zu: %s", (size_t)(s->at - s->text), what);
    return false;
}

static void skip_blanks(rcf_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

/* Is the next thing a value that begins with `c`? */
static bool begins(rcf_scan *s, char c)
{
    if (s->status != RC_OK)
        return false;
    skip_blanks(s);
    if (s->at == s->end)
        return rcf_scan_bad(s, "it ends where a value should be");
    if (*s->at == c)
        return true;
    return *s->at != '\0' && strchr("{[\"-0123456789tfn", *s->at)
               ? false
               : rcf_scan_bad(s, "there should be a value");
}

/* ---- strings ----------------------------------------------------------------------------- */

/* The quote that ends the string at `at`; NULL: there is none. */
static const char *closing_quote(const rcf_scan *s)
{
    for (const char *p = s->at; p < s->end; p++) {
        if (*p == '"')
            return p;
        p += *p == '\\' && p + 1 < s->end;
    }
    return NULL;
}

/* Room for n bytes and a 0; what was there is forgotten. */
static bool make_room(rcf_scan *s, size_t n)
{
    if (n < s->cap)
        return true;
    rcb_free(s->word);
    s->cap = n + 1 > 2 * s->cap ? n + 1 : 2 * s->cap; /* n bytes are in memory: no overflow */
    s->word = rcb_alloc(s->cap, 1);
    if (!s->word) {
        s->cap = 0;
        s->status = RC_ENOMEM;
    }
    return s->word != NULL;
}

/* Four hexadecimal digits before `to`, or -1. */
static int32_t hex4(const char *p, const char *to)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    int32_t code = 0;

    if (to - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char *digit = p[i] ? strchr(digits, p[i]) : NULL;

        if (!digit)
            return -1;
        code = code * 16 + (int32_t)((digit - digits) % 16);
    }
    return code;
}

/* The code point behind "\u", of two halves perhaps; -1: none. */
static int32_t code_point(rcf_scan *s, const char *to)
{
    const int32_t high = hex4(s->at, to);

    if (high < 0xD800 || high > 0xDFFF) {
        s->at += high < 0 ? 0 : 4;
        return high;
    }
    if (high > 0xDBFF || to - s->at < 10 || s->at[4] != '\\' || s->at[5] != 'u')
        return -1;

    const int32_t low = hex4(s->at + 6, to);

    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    s->at += 10;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* What an escape stands for, onto the end of `out`, `at` being behind its backslash. */
static char *unescape(rcf_scan *s, const char *to, char *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    const char *name = s->at < to && *s->at ? strchr(names, *s->at) : NULL;

    if (name) {
        *out = meant[name - names];
        s->at++;
        return out + 1;
    }
    if (s->at < to && *s->at == 'u') {
        s->at++;

        const int32_t code = code_point(s, to);

        if (code >= 0)
            return out + utf8proc_encode_char(code, (utf8proc_uint8_t *)out);
    }
    (void)rcf_scan_bad(s, "there is no such escape");
    return out;
}

/* A code point of several bytes. */
static char *copy_wide(rcf_scan *s, const char *to, char *out)
{
    utf8proc_int32_t code;
    const utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)s->at, (utf8proc_ssize_t)(to - s->at), &code);

    if (n <= 0) {
        (void)rcf_scan_bad(s, "it is not UTF-8");
        return out;
    }
    memcpy(out, s->at, (size_t)n);
    s->at += n;
    return out + n;
}

/* The string whose first byte `at` is on; its bytes never become more. */
static bool read_string(rcf_scan *s, const char **p, size_t *n)
{
    const char *to = closing_quote(s);

    if (!to) {
        s->at = s->end;
        return rcf_scan_bad(s, "it ends inside a string");
    }
    if (!make_room(s, (size_t)(to - s->at)))
        return false;

    char *out = s->word;

    while (s->at < to && s->status == RC_OK) {
        const unsigned char c = (unsigned char)*s->at;

        if (c == '\\') {
            s->at++;
            out = unescape(s, to, out);
        } else if (c >= 0x80) {
            out = copy_wide(s, to, out);
        } else if (c >= 0x20) {
            *out++ = *s->at++;
        } else {
            return rcf_scan_bad(s, "a control character stands in a string");
        }
    }
    *out = '\0';
    s->at = to + 1;
    *p = s->word;
    *n = (size_t)(out - s->word);
    return s->status == RC_OK;
}

/* ---- what readers ask for ---------------------------------------------------------------- */

void rcf_scan_begin(rcf_scan *s, const char *text, size_t n)
{
    *s = (rcf_scan){.text = text, .at = text, .end = text + n};
}

rc_status rcf_scan_end(rcf_scan *s)
{
    if (s->status == RC_OK) {
        skip_blanks(s);
        if (s->at < s->end)
            (void)rcf_scan_bad(s, "there is more behind the end");
    }
    return s->status;
}

void rcf_scan_free(rcf_scan *s)
{
    rcb_free(s->word);
    *s = (rcf_scan){0};
}

static bool enter(rcf_scan *s, char bracket)
{
    if (!begins(s, bracket))
        return false;
    s->at++;
    s->first = true;
    return true;
}

/* One more before the closing bracket, which is passed over where there is none. */
static bool more(rcf_scan *s, char bracket)
{
    const bool first = s->first;

    if (s->status != RC_OK)
        return false;
    skip_blanks(s);
    s->first = false;
    if (s->at < s->end && *s->at == bracket) {
        s->at++;
        return false;
    }
    if (first)
        return true;
    if (s->at == s->end)
        return rcf_scan_bad(s,
                            bracket == ']' ? "it ends inside a list" : "it ends inside an object");
    if (*s->at != ',')
        return rcf_scan_bad(s, bracket == ']' ? "there should be ',' or ']'"
                                              : "there should be ',' or '}'");
    s->at++;
    return true;
}

bool rcf_scan_list(rcf_scan *s)
{
    return enter(s, '[');
}

bool rcf_scan_item(rcf_scan *s)
{
    return more(s, ']');
}

bool rcf_scan_object(rcf_scan *s)
{
    return enter(s, '{');
}

bool rcf_scan_text(rcf_scan *s, const char **p, size_t *n)
{
    if (!begins(s, '"'))
        return false;
    s->at++;
    return read_string(s, p, n);
}

bool rcf_scan_word(rcf_scan *s, const char **p)
{
    size_t n;

    if (!rcf_scan_text(s, p, &n))
        return false;
    return strlen(*p) == n || rcf_scan_bad(s, "a character 0 stands in a word");
}

bool rcf_scan_key(rcf_scan *s, const char **key)
{
    if (!more(s, '}'))
        return false;
    if (!rcf_scan_word(s, key))
        return rcf_scan_bad(s, "there should be a name in quotes");
    skip_blanks(s);
    if (s->at == s->end || *s->at != ':')
        return rcf_scan_bad(s, "there should be ':'");
    s->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits [at, to) after a sign or none; false: too large. */
static bool value_of(const char *at, const char *to, bool below, int64_t *out)
{
    int64_t x = 0; /* below zero in any case, where there is one more */

    for (; at < to; at++) {
        const int64_t digit = *at - '0';

        if (x < (INT64_MIN + digit) / 10)
            return false;
        x = 10 * x - digit;
    }
    if (!below && x == INT64_MIN)
        return false;
    *out = below ? x : -x;
    return true;
}

bool rcf_scan_whole(rcf_scan *s, int64_t *out)
{
    const bool below = begins(s, '-');
    const char *first = s->at + below;
    const char *to = first;

    if (s->status != RC_OK || (!below && !is_digit(*s->at)))
        return false;
    while (to < s->end && is_digit(*to))
        to++;
    if (to == first)
        return rcf_scan_bad(s, "there should be a digit after '-'");
    if (*first == '0' && to > first + 1)
        return rcf_scan_bad(s, "a number begins with 0");
    if (to < s->end && (*to == '.' || *to == 'e' || *to == 'E'))
        return false;
    if (!value_of(first, to, below, out))
        return rcf_scan_bad(s, "the number is too large");
    s->at = to;
    return true;
}
