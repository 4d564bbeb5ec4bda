/* tokenize.c -- texts: files read as one run of bytes, walked symbol by symbol.
 *
 * A text is a row of parts, one per file; plain files stay mapped. Each part is walked by itself,
 * so neither a code point nor a word ever crosses from one file into the next. UTF-8 is checked
 * strictly (utf8proc: no surrogates, no overlong forms, nothing above U+10FFFF), while runs of
 * ASCII never leave the inner loop.
 */
#include "data/data.h"

#include <string.h>
#include <utf8proc.h>

struct part {
    char *name;
    rcb_bytes file;         /* what is loaded; empty for a text from memory */
    const unsigned char *p; /* (n) */
    size_t n;
    uint64_t start; /* of this part in the text */
    size_t body;    /* where characters begin: 3 after a byte order mark, else 0 */
};

struct rcd_text {
    struct part *parts;
    size_t count;
    uint64_t n;
    char *name;
};

/* A piece of one part that is being walked. */
struct span {
    const rcd_text *text;
    const struct part *part;
    const unsigned char *p;
    const unsigned char *end;
};

/* ---- levels ------------------------------------------------------------------------------ */

static const struct level {
    const char *word;
    const char *help;
} levels[RCD_LEVEL_COUNT] = {
#define LEVEL_ENTRY(code, word, help) [code] = {word, help},
    RCD_LEVEL_MAP(LEVEL_ENTRY)
#undef LEVEL_ENTRY
};

const char *rcd_level_word(rcd_level level)
{
    assert((unsigned)level < RCD_LEVEL_COUNT);
    return levels[level].word;
}

const char *rcd_level_help(rcd_level level)
{
    assert((unsigned)level < RCD_LEVEL_COUNT);
    return levels[level].help;
}

static const char *level_name(const void *unused, size_t i)
{
    (void)unused;
    return i < RCD_LEVEL_COUNT ? levels[i].word : NULL;
}

rc_status rcd_level_of(rcd_level *out, const char *word)
{
    for (int i = 0; i < RCD_LEVEL_COUNT; i++) {
        if (strcmp(levels[i].word, word) == 0) {
            *out = (rcd_level)i;
            return RC_OK;
        }
    }

    const char *near = rc_nearest(word, level_name, NULL);

    return near ? RC_FAIL(RC_EINVAL, "unknown level '%s', the nearest is '%s'", word, near)
                : RC_FAIL(RC_EINVAL, "unknown level '%s'", word);
}

/* ---- opening ----------------------------------------------------------------------------- */

/* A byte order mark says that a file is UTF-8; it is not a character of the text. */
static size_t mark_length(const unsigned char *p, size_t n)
{
    return n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static rc_status text_new(rcd_text **out, size_t count)
{
    rcd_text *t = rcb_calloc(1, sizeof *t);

    if (!t)
        return RC_ENOMEM;
    t->parts = rcb_calloc(count, sizeof *t->parts);
    if (!t->parts) {
        rcb_free(t);
        return RC_ENOMEM;
    }
    *out = t;
    return RC_OK;
}

/* Append a part; its bytes are already where they stay. */
static rc_status add_part(rcd_text *t, const char *name, const void *bytes, size_t n)
{
    struct part *part = &t->parts[t->count];

    part->name = rcb_strdup(name);
    if (!part->name)
        return RC_ENOMEM;
    part->p = bytes;
    part->n = n;
    part->body = mark_length(bytes, n);
    part->start = t->n;
    t->n += n;
    t->count++;
    return RC_OK;
}

/* "a.txt", or "a.txt and 2 more": what messages about the whole text call it. */
static rc_status name_text(rcd_text *t)
{
    rcb_buf b = {0};
    rc_status s = rcb_buf_puts(&b, t->parts[0].name);

    if (s == RC_OK && t->count > 1)
        s = rcb_buf_printf(&b, " and %zu more", t->count - 1);
    if (s == RC_OK) {
        t->name = rcb_strdup(b.p);
        s = t->name ? RC_OK : RC_ENOMEM;
    }
    rcb_buf_free(&b);
    return s;
}

static rc_status open_parts(rcd_text *t, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct part *part = &t->parts[i];
        const char *name = strcmp(paths[i], "-") == 0 ? "standard input" : paths[i];

        RC_TRY(rcb_file_load(&part->file, paths[i]));

        const rc_status s = add_part(t, name, part->file.p, part->file.n);
        if (s != RC_OK) {
            rcb_bytes_free(&part->file);
            return s;
        }
    }
    return name_text(t);
}

rc_status rcd_text_open(rcd_text **out, const char *const *paths, size_t count)
{
    rcd_text *t;

    *out = NULL;
    if (count == 0)
        return RC_FAIL(RC_EINVAL, "cannot read a text: no file is named");
    RC_TRY(text_new(&t, count));

    const rc_status s = open_parts(t, paths, count);
    if (s != RC_OK) {
        rcd_text_free(t);
        return s;
    }
    *out = t;
    return RC_OK;
}

rc_status rcd_text_of(rcd_text **out, const char *name, const void *bytes, size_t n)
{
    rcd_text *t;

    *out = NULL;
    RC_TRY(text_new(&t, 1));

    rc_status s = add_part(t, name, bytes, n);
    if (s == RC_OK)
        s = name_text(t);
    if (s != RC_OK) {
        rcd_text_free(t);
        return s;
    }
    *out = t;
    return RC_OK;
}

void rcd_text_free(rcd_text *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        rcb_bytes_free(&t->parts[i].file);
        rcb_free(t->parts[i].name);
    }
    rcb_free(t->parts);
    rcb_free(t->name);
    rcb_free(t);
}

uint64_t rcd_text_bytes(const rcd_text *t)
{
    return t->n;
}

const char *rcd_text_name(const rcd_text *t)
{
    return t->name;
}

/* ---- places ------------------------------------------------------------------------------ */

/* The part that byte `at` lies in; the last one for the end of the text. */
static const struct part *part_at(const rcd_text *t, uint64_t at)
{
    size_t i = 0;

    while (i + 1 < t->count && at >= t->parts[i].start + t->parts[i].n)
        i++;
    return &t->parts[i];
}

/* The number, from 1, of the line that byte `at` of a part lies in. */
static int64_t line_of(const struct part *part, size_t at)
{
    const unsigned char *p = part->p;
    const unsigned char *end = part->n ? p + at : p;
    int64_t line = 1;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        line++;
        p++;
    }
    return line;
}

/* The next start of a code point, or of a line, at or after byte `at` of a part. */
static size_t cut_char(const struct part *part, size_t at)
{
    while (at < part->n && (part->p[at] & 0xC0) == 0x80)
        at++;
    return at;
}

static size_t cut_line(const struct part *part, size_t at)
{
    if (at == 0 || at >= part->n || part->p[at - 1] == '\n')
        return at;

    const unsigned char *lf = memchr(part->p + at, '\n', part->n - at);
    return lf ? (size_t)(lf - part->p) + 1 : part->n;
}

uint64_t rcd_text_cut(const rcd_text *t, rcd_level level, uint64_t at)
{
    if (at >= t->n)
        return t->n;

    const struct part *part = part_at(t, at);
    const size_t here = (size_t)(at - part->start);

    switch (level) {
    case RCD_CHAR:
        return part->start + cut_char(part, here);
    case RCD_WORD:
    case RCD_LINE:
        return part->start + cut_line(part, here);
    case RCD_BYTE:
    case RCD_LEVEL_COUNT:
        break;
    }
    return at;
}

/* The bytes of a part that lie in [from, to) of the text; false if there are none. */
static bool clip(struct span *out, const rcd_text *t, size_t part, uint64_t from, uint64_t to)
{
    const struct part *p = &t->parts[part];
    const uint64_t lo = from > p->start ? from : p->start;
    const uint64_t hi = to < p->start + p->n ? to : p->start + p->n;

    if (lo >= hi)
        return false;
    *out = (struct span){t, p, p->p + (lo - p->start), p->p + (hi - p->start)};
    return true;
}

/* The same without the byte order mark. */
static struct span without_mark(struct span s)
{
    const unsigned char *body = s.part->p + s.part->body;

    if (s.p < body)
        s.p = body < s.end ? body : s.end;
    return s;
}

int64_t rcd_text_chars(const rcd_text *t, uint64_t from, uint64_t to)
{
    int64_t n = 0;
    struct span s;

    for (size_t i = 0; i < t->count; i++) {
        if (!clip(&s, t, i, from, to))
            continue;
        s = without_mark(s);
        for (const unsigned char *p = s.p; p < s.end; p++)
            n += (*p & 0xC0) != 0x80;
    }
    return n;
}

/* ---- walking ----------------------------------------------------------------------------- */

/* What a byte is to a line of words. */
enum kind { LETTER, BLANK, LINE_END };

static const unsigned char kinds[256] = {
    [' '] = BLANK,  ['\t'] = BLANK, ['\r'] = BLANK,
    ['\v'] = BLANK, ['\f'] = BLANK, ['\n'] = LINE_END,
};

/* The bytes of the code point at p, 1 to 4; 0 if it is not UTF-8. */
static size_t char_length(const unsigned char *p, const unsigned char *end)
{
    utf8proc_int32_t code;

    if (*p < 0x80)
        return 1;

    const utf8proc_ssize_t n = utf8proc_iterate(p, end - p, &code);
    return n > 0 ? (size_t)n : 0;
}

static rc_status not_utf8(const struct span *s, const unsigned char *p)
{
    const struct part *part = s->part;
    const size_t at = (size_t)(p - part->p);

    return RC_FAIL_HINT(RC_EDATA, "convert the file to UTF-8, or work at level byte",
                        "cannot read '%s': line %" PRId64 ": byte %zu of the file, 0x%02X, is not "
                        "UTF-8",
                        part->name, line_of(part, at), at, *p);
}

static rc_status walk_bytes(struct span s, rcd_each each, void *ctx)
{
    for (; s.p < s.end; s.p++)
        RC_TRY(each(ctx, (const char *)s.p, 1));
    return RC_OK;
}

static rc_status walk_chars(struct span s, rcd_each each, void *ctx)
{
    s = without_mark(s);
    while (s.p < s.end) {
        const size_t n = char_length(s.p, s.end);

        if (n == 0)
            return not_utf8(&s, s.p);
        RC_TRY(each(ctx, (const char *)s.p, n));
        s.p += n;
    }
    return RC_OK;
}

static rc_status check_utf8(const struct span *s, const unsigned char *p, const unsigned char *end)
{
    while (p < end) {
        const size_t n = char_length(p, end);

        if (n == 0)
            return not_utf8(s, p);
        p += n;
    }
    return RC_OK;
}

static rc_status walk_words(struct span s, rcd_each each, void *ctx)
{
    s = without_mark(s);
    const bool open = s.p < s.end && s.end[-1] != '\n'; /* the last line lacks its line feed */

    while (s.p < s.end) {
        const unsigned char *word = s.p;
        unsigned char all = 0;

        while (s.p < s.end && kinds[*s.p] == LETTER)
            all |= *s.p++;
        if (all & 0x80)
            RC_TRY(check_utf8(&s, word, s.p));
        if (s.p > word)
            RC_TRY(each(ctx, (const char *)word, (size_t)(s.p - word)));
        if (s.p < s.end && kinds[*s.p++] == LINE_END)
            RC_TRY(each(ctx, RCD_EOS, sizeof RCD_EOS - 1));
    }
    return open ? each(ctx, RCD_EOS, sizeof RCD_EOS - 1) : RC_OK;
}

static rc_status walk_lines(struct span s, rcd_each each, void *ctx)
{
    s = without_mark(s);
    while (s.p < s.end) {
        const unsigned char *line = s.p, *feed = memchr(line, '\n', (size_t)(s.end - line));
        const unsigned char *end = feed ? feed : s.end;

        s.p = feed ? feed + 1 : s.end;
        if (end > line && end[-1] == '\r')
            end--;
        if (end == line)
            continue;
        RC_TRY(check_utf8(&s, line, end));
        RC_TRY(each(ctx, (const char *)line, (size_t)(end - line)));
    }
    return RC_OK;
}

rc_status rcd_text_walk(const rcd_text *t, rcd_level level, uint64_t from, uint64_t to,
                        rcd_each each, void *ctx)
{
    static rc_status (*const walk[RCD_LEVEL_COUNT])(struct span, rcd_each, void *) = {
        [RCD_BYTE] = walk_bytes,
        [RCD_CHAR] = walk_chars,
        [RCD_WORD] = walk_words,
        [RCD_LINE] = walk_lines,
    };
    struct span s;

    assert((unsigned)level < RCD_LEVEL_COUNT && from <= to && to <= t->n);
    for (size_t i = 0; i < t->count; i++)
        if (clip(&s, t, i, from, to))
            RC_TRY(walk[level](s, each, ctx));
    return RC_OK;
}

bool rcd_is_symbol(rcd_level level, const char *symbol, size_t n)
{
    const unsigned char *p = (const unsigned char *)symbol;
    const unsigned char *end = p + n;

    if (n == 0)
        return false;
    if (level == RCD_BYTE)
        return n == 1;
    if (level == RCD_CHAR)
        return char_length(p, end) == n || (n == strlen(RCD_UNK) && memcmp(p, RCD_UNK, n) == 0);

    while (p < end) {
        const bool fits = level == RCD_LINE ? *p != '\n' : kinds[*p] == LETTER;
        const size_t k = fits ? char_length(p, end) : 0;

        if (k == 0)
            return false;
        p += k;
    }
    return true;
}
