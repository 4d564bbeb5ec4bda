/* split.c -- a text becomes tokens: words, characters or bytes, which point into it. */
#include "data/data_in.h"

#include <string.h>
#include <utf8proc.h>

/* ---- lists of words on the command line -------------------------------------------------- */

static const struct {
    const char *word, *help;
} splits[] = {
#define ENTRY(code, word, help) [code] = {word, help},
    RCD_SPLIT_MAP(ENTRY)
#undef ENTRY
};

const char *rcd_split_word(rcd_split s)
{
    assert((unsigned)s < RCD_SPLIT_COUNT);
    return splits[s].word;
}

const char *rcd_split_help(rcd_split s)
{
    assert((unsigned)s < RCD_SPLIT_COUNT);
    return splits[s].help;
}

static const char *split_name(const void *unused, size_t i)
{
    (void)unused;
    return i < RCD_SPLIT_COUNT ? splits[i].word : NULL;
}

rc_status rcd_split_of(rcd_split *out, const char *word)
{
    int found;

    RC_TRY(rcd_word_of(&found, "way to split", word, split_name));
    *out = (rcd_split)found;
    return RC_OK;
}

rc_status rcd_word_of(int *out, const char *what, const char *word,
                      const char *(*name)(const void *unused, size_t i))
{
    for (size_t i = 0; name(NULL, i); i++) {
        if (strcmp(name(NULL, i), word) == 0) {
            *out = (int)i;
            return RC_OK;
        }
    }

    const char *near = rc_nearest(word, name, NULL);

    return near ? RC_FAIL(RC_EINVAL, "unknown %s '%s', the nearest is '%s'", what, word, near)
                : RC_FAIL(RC_EINVAL, "unknown %s '%s'", what, word);
}

/* ---- words ------------------------------------------------------------------------------- */

rc_status rcd_tokens_add(rcd_tokens *t, const char *p, size_t n)
{
    void *room = t->token;

    RC_TRY(rcd_reserve(&room, &t->cap, t->n + 1, sizeof *t->token));
    t->token = room;
    t->token[t->n++] = (rcd_word){p, n};
    return RC_OK;
}

static rc_status split_at_blanks(rcd_tokens *t, rcd_word text)
{
    for (;;) {
        const rcd_word w = rcd_first_word(text, &text);

        if (w.n == 0)
            return RC_OK;
        RC_TRY(rcd_tokens_add(t, w.p, w.n));
    }
}

enum kind { BLANK, LETTER, APOSTROPHE, OTHER };

/* The kind of the character at p, of n bytes or more, and its bytes. */
static enum kind kind_at(const char *p, size_t n, size_t *bytes)
{
    utf8proc_int32_t code;
    const utf8proc_ssize_t k =
        utf8proc_iterate((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)n, &code);

    *bytes = k > 0 ? (size_t)k : 1;
    if (k <= 0)
        return OTHER;
    if (code == '\'' || code == 0x2019)
        return APOSTROPHE;
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return LETTER;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
        return BLANK;
    default:
        return OTHER;
    }
}

/* How long the run of letters at p is, apostrophes between letters included. */
static size_t run_of_letters(const char *p, size_t n)
{
    size_t at = 0, bytes, after;

    while (at < n) {
        const enum kind kind = kind_at(p + at, n - at, &bytes);

        if (kind == APOSTROPHE && at > 0 && at + bytes < n &&
            kind_at(p + at + bytes, n - at - bytes, &after) == LETTER)
            at += bytes + after;
        else if (kind == LETTER)
            at += bytes;
        else
            break;
    }
    return at;
}

static rc_status split_into_words(rcd_tokens *t, rcd_word text)
{
    for (size_t at = 0; at < text.n;) {
        const char *p = text.p + at;
        size_t n;
        const enum kind kind = kind_at(p, text.n - at, &n);

        if (kind == LETTER)
            n = run_of_letters(p, text.n - at);
        if (kind != BLANK)
            RC_TRY(rcd_tokens_add(t, p, n));
        at += n;
    }
    return RC_OK;
}

static rc_status add_symbol(void *ctx, const char *p, size_t n)
{
    return rcd_tokens_add(ctx, p, n);
}

rc_status rcd_tokens_of(rcd_tokens *t, rcd_level level, rcd_split split, rcd_word text)
{
    text = rcd_trim(text);
    if (level != RCD_WORD)
        return rcd_name_walk(level, text.p, text.n, add_symbol, t);
    return split == RCD_SPLIT_SPACE ? split_at_blanks(t, text) : split_into_words(t, text);
}

void rcd_blank_html(char *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        const char next = p[i + 1];
        const bool begins = p[i] == '<' && (next == '/' || next == '!' ||
                                            ((next | 0x20) >= 'a' && (next | 0x20) <= 'z'));
        size_t end = i + 1;

        if (!begins)
            continue;
        while (end < n && p[end] != '>' && p[end] != '<')
            end++;
        if (end < n && p[end] == '>')
            memset(p + i, ' ', end + 1 - i);
        i = end - 1; /* what stands there may begin another one */
    }
}
