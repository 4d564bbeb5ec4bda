/* report_read.c -- files of what was said: columns as conlleval reads them, or a line an example.
 *
 * The numbers of lines are kept, so that whoever looks at a report can say where.
 */
#include "model/report_in.h"

#include <string.h>

enum { WIDEST = 3 }; /* columns that are looked at */

typedef struct cell {
    const char *p;
    size_t n;
} cell;

/* A file on its way into a report. */
typedef struct reader {
    rc_report *r;
    const char *path;
    bool examples;
    char delimiter;
    int32_t file;
    const char *p, *end; /* what is left */
    int64_t line;        /* number of the one that was read last */
    int64_t columns;     /* of the first line that has any; 0: none yet */
    int64_t first;       /* its number */
    int64_t sequences;   /* that came of it */
    /* the sequence at hand */
    int64_t n, begin; /* labels, and the line of its first */
    size_t cap;
    int32_t *gold, *said; /* (n) */
} reader;

/* ---- lines ------------------------------------------------------------------------------- */

/* The next line without its end; false at the end of the file. */
static bool next_line(reader *f, cell *line)
{
    if (f->p >= f->end)
        return false;
    const char *feed = memchr(f->p, '\n', (size_t)(f->end - f->p));
    const char *stop = feed ? feed : f->end;

    *line = (cell){f->p, (size_t)(stop - f->p)};
    if (line->n > 0 && stop[-1] == '\r')
        line->n--;
    f->p = feed ? feed + 1 : f->end;
    f->line++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_between(const reader *f, char c)
{
    return f->delimiter ? c == f->delimiter : is_blank(c);
}

/* The columns of a line: how many; the first of them, and the last three, of which the last is
 * last[WIDEST - 1]. */
static int64_t split(const reader *f, cell line, cell *first, cell last[WIDEST])
{
    const char *p = line.p, *stop = line.p + line.n;
    int64_t count = 0;

    while (!f->delimiter && stop > p && is_blank(stop[-1]))
        stop--;
    for (;;) {
        while (!f->delimiter && p < stop && is_blank(*p))
            p++;
        if (p == stop && (!f->delimiter || line.n == 0))
            return count;
        const char *from = p;

        while (p < stop && !is_between(f, *p))
            p++;
        memmove(last, last + 1, (WIDEST - 1) * sizeof *last);
        last[WIDEST - 1] = (cell){from, (size_t)(p - from)};
        if (count++ == 0)
            *first = last[WIDEST - 1];
        if (p == stop)
            return count;
        p++;
    }
}

/* As many columns as lines before have, and enough. */
static rc_status check_columns(reader *f, int64_t count)
{
    const char *need =
        f->examples ? "2 or 3 (gold, said, probability)" : "2 or more (gold and said last)";

    if (count < 2 || (f->examples && count > 3))
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': line %" PRId64 " has %" PRId64 " column%s, expected %s",
                       f->path, f->line, count, count == 1 ? "" : "s", need);
    if (f->columns == 0) {
        f->columns = count;
        f->first = f->line;
    }
    if (count != f->columns)
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': line %" PRId64 " has %" PRId64 " columns, line %" PRId64
                       " has %" PRId64,
                       f->path, f->line, count, f->first, f->columns);
    return RC_OK;
}

static rc_status label_of(const reader *f, cell c, const char *which, int32_t *id)
{
    if (c.n == 0)
        return RC_FAIL(RC_EDATA, "cannot read '%s': line %" PRId64 ": the %s label is empty",
                       f->path, f->line, which);
    if (!rcf_is_utf8(c.p, c.n) || memchr(c.p, '\0', c.n))
        return RC_FAIL(RC_EDATA, "cannot read '%s': line %" PRId64 ": the %s label is not UTF-8",
                       f->path, f->line, which);
    return rc_report_label(f->r, c.p, c.n, id);
}

/* ---- examples ---------------------------------------------------------------------------- */

static rc_status probability_of(const reader *f, cell c, double *out)
{
    char text[64];
    const char *end = text;

    if (c.n > 0 && c.n < sizeof text) {
        memcpy(text, c.p, c.n);
        text[c.n] = '\0';
        *out = rcb_real_read(text, &end);
    }
    if (c.n == 0 || (size_t)(end - text) != c.n || !(*out >= 0 && *out <= 1))
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': line %" PRId64 ": '%.*s' is no probability from 0 to 1",
                       f->path, f->line, (int)(c.n < 40 ? c.n : 40), c.p);
    return RC_OK;
}

static rc_status read_example(reader *f, cell line)
{
    cell first, last[WIDEST];
    double sure = 0;
    int32_t gold, said;
    const int64_t count = split(f, line, &first, last);
    const cell *c = &last[WIDEST - (count == 3 ? 3 : 2)];

    if (line.n == 0)
        return RC_OK;
    RC_TRY(check_columns(f, count));
    RC_TRY(label_of(f, c[0], "gold", &gold));
    RC_TRY(label_of(f, c[1], "said", &said));
    if (count == 3)
        RC_TRY(probability_of(f, c[2], &sure));
    f->sequences++;
    return rcm_report_add_from(f->r, 1, &gold, &said, count == 3 ? &sure : NULL,
                               (rcm_origin){f->file, f->line});
}

/* ---- columns ----------------------------------------------------------------------------- */

static rc_status end_sequence(reader *f)
{
    if (f->n == 0)
        return RC_OK;
    RC_TRY(
        rcm_report_add_from(f->r, f->n, f->gold, f->said, NULL, (rcm_origin){f->file, f->begin}));
    f->sequences++;
    f->n = 0;
    return RC_OK;
}

static rc_status grow(reader *f)
{
    if ((size_t)f->n < f->cap)
        return RC_OK;
    const size_t more = f->cap ? 2 * f->cap : 256;
    int32_t *gold = rcb_realloc(f->gold, f->cap, more, sizeof *gold);

    f->gold = gold ? gold : f->gold;
    int32_t *said = gold ? rcb_realloc(f->said, f->cap, more, sizeof *said) : NULL;

    f->said = said ? said : f->said;
    if (!said)
        return RC_ENOMEM;
    f->cap = more;
    return RC_OK;
}

static rc_status read_word(reader *f, cell line)
{
    cell first = {0}, last[WIDEST];
    const int64_t count = split(f, line, &first, last);

    if (count == 0 || (first.n == 3 && memcmp(first.p, "-X-", 3) == 0))
        return end_sequence(f);
    RC_TRY(check_columns(f, count));
    RC_TRY(grow(f));
    RC_TRY(label_of(f, last[WIDEST - 2], "gold", &f->gold[f->n]));
    RC_TRY(label_of(f, last[WIDEST - 1], "said", &f->said[f->n]));
    if (f->n++ == 0)
        f->begin = f->line;
    return RC_OK;
}

/* ---- files ------------------------------------------------------------------------------- */

static rc_status read_lines(reader *f)
{
    cell line;

    if (f->end - f->p >= 3 && memcmp(f->p, "\xEF\xBB\xBF", 3) == 0)
        f->p += 3;
    while (next_line(f, &line))
        RC_TRY(f->examples ? read_example(f, line) : read_word(f, line));
    RC_TRY(end_sequence(f));
    if (f->sequences == 0)
        return RC_FAIL(RC_EDATA, "cannot read '%s': there is no label in it", f->path);
    return RC_OK;
}

rc_status rcm_report_parse(rc_report *r, const char *path, const void *bytes, size_t n,
                           const rc_report_reading *how)
{
    const char *text = bytes;
    reader f = {.r = r, .path = path, .examples = how->labels, .p = text, .end = text + n};

    if (how->delimiter == '\n' || how->delimiter == '\r')
        return RC_FAIL(RC_EINVAL, "cannot read '%s': a line's end cannot stand between columns",
                       path);
    f.delimiter = how->delimiter ? how->delimiter : how->labels ? '\t' : '\0';
    RC_TRY(rcd_names_add(&r->files, path, strlen(path), 0, &f.file));
    const rc_status status = read_lines(&f);

    rcb_free(f.gold);
    rcb_free(f.said);
    return status;
}

rc_status rc_report_read(rc_report *r, const char *path, const rc_report_reading *how)
{
    const rc_report_reading usual = rc_report_reading_default();
    rcb_bytes file;

    RC_TRY(rcb_file_load(&file, path));
    const rc_status status = rcm_report_parse(r, path, file.p, file.n, how ? how : &usual);

    rcb_bytes_free(&file);
    return status;
}
