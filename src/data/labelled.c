/* labelled.c -- labelled sequences: gathered token by token, checked, numbered and kept. */
#include "data/data_in.h"
#include "format/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rcd_labelled_free(rcd_labelled *l)
{
    rcb_free(l->start);
    rcb_free(l->token);
    rcb_free(l->label);
    rcb_free(l->feature);
    rcb_free(l->file);
    rcb_free(l->line);
    rcd_names_free(&l->tokens);
    rcd_names_free(&l->labels);
    rcd_names_free(&l->files);
    for (int32_t f = 0; l->features && f < l->F; f++)
        rcd_names_free(&l->features[f]);
    rcb_free(l->features);
    *l = (rcd_labelled){0};
}

const char *rcd_labelled_where(const rcd_labelled *l, int64_t i, int64_t *line)
{
    assert(i >= 0 && i < l->n);
    *line = l->line[i];
    return rcd_names_at(&l->files, l->file[i], NULL);
}

int64_t rcd_labelled_strange(const rcd_labelled *l, const int32_t *ids, int64_t *count)
{
    int64_t first = -1, strange = 0;

    for (int64_t i = 0; i < l->n; i++) {
        const int64_t from = l->each ? l->start[i] : i;
        const int64_t to = l->each ? l->start[i + 1] : i + 1;

        for (int64_t k = from; k < to; k++) {
            if (l->label[k] < 0 || ids[l->label[k]] >= 0)
                continue;
            if (strange++ == 0)
                first = i;
        }
    }
    if (count)
        *count = strange;
    return first;
}

rc_status rcd_labelled_kinds(const rcd_labelled *l, const int32_t *as, int32_t *kind,
                             int32_t *kinds)
{
    rcd_names seen = {0};
    rcb_buf room = {0};
    rc_status s = RC_OK;

    for (int64_t i = 0; s == RC_OK && i < l->n; i++) {
        rcb_buf_clear(&room);
        for (int64_t k = l->start[i]; s == RC_OK && k < l->start[i + 1]; k++) {
            const int32_t token = as ? as[l->token[k]] : l->token[k];

            s = rcb_buf_add(&room, &token, sizeof token);
        }
        if (s == RC_OK)
            s = rcd_names_add(&seen, room.p, room.n, 1, &kind[i]);
    }
    *kinds = seen.n;
    rcd_names_free(&seen);
    rcb_buf_free(&room);
    return s;
}

/* ---- notes ------------------------------------------------------------------------------- */

void rcd_reader_note(rcd_reader *r, rcd_note_kind kind, int64_t line)
{
    rcd_note *note = &r->l->note[kind];

    if (note->count++ == 0) {
        note->file = r->file;
        note->line = line;
    }
}

rc_status rcd_labelled_notes(const rcd_labelled *l, rcb_buf *out)
{
    static const char *const words[RCD_NOTE_COUNT][2] = {
#define ENTRY(code, one, many) [code] = {one, many},
        RCD_NOTE_MAP(ENTRY)
#undef ENTRY
    };

    for (int kind = 0; kind < RCD_NOTE_COUNT; kind++) {
        const rcd_note *note = &l->note[kind];

        if (note->count == 0)
            continue;
        RC_TRY(rcb_buf_printf(out, "%" PRId64 " %s%s line %" PRId64 " of '%s'\n", note->count,
                              words[kind][note->count > 1], note->count > 1 ? ", the first:" : ":",
                              note->line, rcd_names_at(&l->files, note->file, NULL)));
    }
    return RC_OK;
}

/* ---- reading ----------------------------------------------------------------------------- */

bool rcd_reader_line(rcd_reader *r, rcd_word *line)
{
    r->line += r->p < r->end;
    return rcd_line_next(&r->p, r->end, line);
}

rc_status rcd_reader_bad(const rcd_reader *r, const char *fmt, ...)
{
    char words[400];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    return RC_FAIL(RC_EDATA, "cannot read '%s': line %" PRId64 ": %s", r->path, r->line, words);
}

rc_status rcd_reader_columns(const rcd_reader *r, const char *list, const rcd_word *header,
                             int64_t columns, int64_t most, int64_t *which, int64_t *count)
{
    *count = 0;
    for (const char *p = list; *p;) {
        const size_t n = strcspn(p, ",");
        int64_t i = 0;

        while (i < columns && !rcd_is_column(header ? &header[i] : NULL, i, columns, p, n))
            i++;
        if (i == columns)
            return RC_FAIL_HINT(RC_EDATA,
                                "a column is #N for the N-th, #-N from the end, or named "
                                "as in the header",
                                "cannot read '%s': there is no column '%.*s', line %" PRId64
                                " has %" PRId64,
                                r->path, (int)(n < 100 ? n : 100), p, r->line, columns);
        if (*count == most)
            return RC_FAIL(RC_EINVAL, "cannot read '%s': columns '%.100s' are more than %" PRId64,
                           r->path, list, most);
        which[(*count)++] = i;
        p += n + (p[n] == ',');
    }
    return RC_OK;
}

/* ---- keeping ----------------------------------------------------------------------------- */

/* Room for one more sequence of so many tokens. */
static rc_status reserve(rcd_labelled *l, size_t tokens)
{
    const size_t n = (size_t)l->n, at = l->start ? (size_t)l->start[n] : 0;
    const size_t labels = l->each ? at + tokens : n + 1;
    enum { PARTS = 6 };
    void *p[PARTS] = {l->start, l->token, l->label, l->feature, l->file, l->line};
    size_t *const cap[PARTS] = {&l->cap_start,   &l->cap_token, &l->cap_label,
                                &l->cap_feature, &l->cap_file,  &l->cap_line};
    const size_t need[PARTS] = {n + 2, at + tokens, labels, (at + tokens) * (size_t)l->F,
                                n + 1, n + 1};
    const size_t size[PARTS] = {sizeof *l->start,   sizeof *l->token, sizeof *l->label,
                                sizeof *l->feature, sizeof *l->file,  sizeof *l->line};
    rc_status s = RC_OK;

    for (int i = 0; s == RC_OK && i < PARTS; i++)
        s = rcd_reserve(&p[i], cap[i], need[i], size[i]);
    l->start = p[0];
    l->token = p[1];
    l->label = p[2];
    l->feature = p[3];
    l->file = p[4];
    l->line = p[5];
    if (s == RC_OK && n == 0)
        l->start[0] = 0;
    return s;
}

/* The numbers of some words, into which[0], which[step], ...; a new one is part of the checksum. */
static rc_status number(rcd_labelled *l, rcd_names *names, const rcd_word *w, size_t n, size_t step,
                        int32_t *which)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t before = names->n;
        const rcd_word one = w[i * step];

        which[i * step] = -1;
        if (!one.p)
            continue;
        RC_TRY(rcd_names_add(names, one.p, one.n, 1, &which[i * step]));
        if (names->n > before) {
            l->crc = rcb_crc32(l->crc, &one.n, sizeof one.n);
            l->crc = rcb_crc32(l->crc, one.p, one.n);
        }
    }
    return RC_OK;
}

/* Tokens from `from` on, n of them, and what belongs to them. */
static rc_status keep(rcd_reader *r, size_t from, size_t n, int64_t line)
{
    rcd_labelled *l = r->l;
    const size_t F = (size_t)l->F, labels = l->each ? n : 1;
    static const rcd_word none;

    RC_TRY(reserve(l, n));
    const size_t at = (size_t)l->start[l->n], label_at = l->each ? at : (size_t)l->n;
    const rcd_word *label = r->label.n == 0 ? &none : r->label.token + (l->each ? from : 0);

    RC_TRY(number(l, &l->tokens, r->token.token + from, n, 1, l->token + at));
    if (r->label.n > 0 || !l->each)
        RC_TRY(number(l, &l->labels, label, labels, 1, l->label + label_at));
    else
        for (size_t i = 0; i < n; i++)
            l->label[label_at + i] = -1;
    for (size_t f = 0; f < F; f++)
        RC_TRY(number(l, &l->features[f], r->feature.token + from * F + f, n, F,
                      l->feature + at * F + f));
    l->crc = rcb_crc32(l->crc, &n, sizeof n);
    l->crc = rcb_crc32(l->crc, l->token + at, n * sizeof *l->token);
    l->crc = rcb_crc32(l->crc, l->label + label_at, labels * sizeof *l->label);
    if (F > 0)
        l->crc = rcb_crc32(l->crc, l->feature + at * F, n * F * sizeof *l->feature);
    l->file[l->n] = r->file;
    l->line[l->n] = line;
    l->n++;
    l->start[l->n] = (int64_t)(at + n);
    return RC_OK;
}

/* Is this a name of a class? *w becomes the part of it that is wanted. */
static rc_status check_label(const rcd_reader *r, rcd_word *w)
{
    const char *until = r->how->label_until;
    const size_t n = until ? strlen(until) : 0;

    *w = rcd_trim(*w);
    for (size_t i = 0; n > 0 && i + n <= w->n; i++)
        if (memcmp(w->p + i, until, n) == 0)
            *w = rcd_trim((rcd_word){w->p, i});
    if (w->n == 0)
        return rcd_reader_bad(r, "there is no label");
    if (memchr(w->p, '\n', w->n) || memchr(w->p, '\0', w->n))
        return rcd_reader_bad(r, "the label has a line feed or NUL in it");
    return rcf_is_utf8(w->p, w->n) ? RC_OK : rcd_reader_bad(r, "the label is not UTF-8");
}

rc_status rcd_reader_end(rcd_reader *r, int64_t line)
{
    const size_t tokens = r->token.n;
    const size_t most = r->how->most > 0 ? (size_t)r->how->most : tokens;
    const size_t n = tokens < most ? tokens : most;
    rc_status s = RC_OK;

    if (r->how->blind)
        r->label.n = 0;
    assert(!r->l->each || r->label.n == 0 || r->label.n == tokens);
    if (tokens == 0)
        rcd_reader_note(r, RCD_NOTE_EMPTY, line);
    else if (!r->how->blind && r->label.n == 0)
        s = rcd_reader_bad(r, "there is no label");
    for (size_t i = 0; s == RC_OK && tokens > 0 && i < r->label.n; i++)
        s = check_label(r, &r->label.token[i]);
    if (s == RC_OK && n < tokens)
        rcd_reader_note(r, RCD_NOTE_CUT, line);
    if (s == RC_OK && tokens > 0)
        s = keep(r, r->how->tail ? tokens - n : 0, n, line);
    r->token.n = r->label.n = r->feature.n = 0;
    return s;
}

rc_status rcd_reader_text(rcd_reader *r, rcd_word label, rcd_word text, int64_t line)
{
    const rcd_labelling *how = r->how;

    if (how->html && text.n > 0) {
        rcb_buf_clear(&r->text);
        RC_TRY(rcb_buf_add(&r->text, text.p, text.n));
        rcd_blank_html(r->text.p, text.n);
        text.p = r->text.p;
    }
    RC_TRY(rcd_tokens_of(&r->token, how->level, how->split, text));
    if (label.p)
        RC_TRY(rcd_tokens_add(&r->label, label.p, label.n));
    return rcd_reader_end(r, line);
}
