/* labelled_text.c -- formats of a text a line: a label before it, in it, or in the name of the
 * file.
 */
#include "data/data_in.h"

#include <string.h>

static bool given(const char *setting)
{
    return setting && *setting;
}

/* ---- label<TAB>text ---------------------------------------------------------------------- */

/* The columns of a file that is being read. */
typedef struct layout {
    int64_t columns; /* of the first line; what is more belongs to the last one */
    int64_t label;   /* -1: none */
    int64_t text[RCD_MOST_COLUMNS], texts;
} layout;

static rc_status lay_out(const rcd_reader *r, rcd_word line, layout *c)
{
    const rcd_labelling *how = r->how;
    int64_t found;

    c->columns = 1;
    for (size_t i = 0; i < line.n; i++)
        c->columns += line.p[i] == '\t';
    c->label = -1;
    c->texts = 1;
    c->text[0] = c->columns - 1;
    if (c->columns == 1 && !how->blind)
        return rcd_reader_bad(r, "it has no tab, a label, a tab and a text are expected");
    if (given(how->text_column) && !(how->blind && c->columns == 1))
        RC_TRY(rcd_reader_columns(r, how->text_column, NULL, c->columns, RCD_MOST_COLUMNS, c->text,
                                  &c->texts));
    if (!how->blind)
        RC_TRY(rcd_reader_columns(r, given(how->label_column) ? how->label_column : "#1", NULL,
                                  c->columns, 1, &c->label, &found));
    for (int64_t i = 0; i < c->texts; i++)
        if (c->text[i] == c->label)
            return RC_FAIL(RC_EINVAL, "cannot read '%s': column %" PRId64 " is label and text",
                           r->path, c->label + 1);
    return RC_OK;
}

/* Column i of a line. */
static rcd_word column(rcd_word line, const layout *c, int64_t i)
{
    const char *p = line.p, *end = line.p + line.n;

    for (int64_t k = 0; k < i; k++)
        p = (const char *)memchr(p, '\t', (size_t)(end - p)) + 1;
    const char *tab = i + 1 < c->columns ? memchr(p, '\t', (size_t)(end - p)) : NULL;
    return (rcd_word){p, (size_t)((tab ? tab : end) - p)};
}

static rc_status read_line(rcd_reader *r, const layout *c, rcd_word line, rcb_buf *joined)
{
    rcd_word text = column(line, c, c->text[0]);
    const rcd_word label = c->label >= 0 ? column(line, c, c->label) : (rcd_word){0};

    rcb_buf_clear(joined);
    for (int64_t i = 0; c->texts > 1 && i < c->texts; i++) {
        const rcd_word w = column(line, c, c->text[i]);

        RC_TRY(rcb_buf_add(joined, w.p, w.n));
        RC_TRY(rcb_buf_puts(joined, " "));
        text = (rcd_word){joined->p, joined->n};
    }
    return rcd_reader_text(r, label, text, r->line);
}

static rc_status read_tsv(rcd_reader *r, rcb_buf *joined)
{
    layout c = {0};
    rcd_word line;

    while (rcd_reader_line(r, &line)) {
        int64_t columns = 1;

        if (rcd_trim(line).n == 0)
            continue;
        if (c.columns == 0)
            RC_TRY(lay_out(r, line, &c));
        for (size_t i = 0; i < line.n; i++)
            columns += line.p[i] == '\t';
        if (columns < c.columns)
            return rcd_reader_bad(r, "it has %" PRId64 " columns, the first line has %" PRId64,
                                  columns, c.columns);
        RC_TRY(read_line(r, &c, line, joined));
    }
    return RC_OK;
}

rc_status rcd_read_tsv(rcd_reader *r)
{
    rcb_buf joined = {0};
    const rc_status s = read_tsv(r, &joined);

    rcb_buf_free(&joined);
    return s;
}

/* ---- the label is a word of the line ----------------------------------------------------- */

static bool is_label(rcd_word w, const char *prefix, size_t n)
{
    return w.n >= n && memcmp(w.p, prefix, n) == 0;
}

rc_status rcd_read_fasttext(rcd_reader *r)
{
    const char *prefix = given(r->how->prefix) ? r->how->prefix : "__label__";
    const size_t n = strlen(prefix);
    rcd_word line;

    while (rcd_reader_line(r, &line)) {
        rcd_word text, rest, label = rcd_first_word(line, &text);
        const bool there = is_label(label, prefix, n);

        if (label.n == 0)
            continue;
        for (rcd_word w = rcd_first_word(text, &rest); there && w.n > 0;
             w = rcd_first_word(rest, &rest))
            if (is_label(w, prefix, n))
                return rcd_reader_bad(r, "it has two labels, '%.*s' and '%.*s', one is wanted",
                                      (int)(label.n < 40 ? label.n : 40), label.p,
                                      (int)(w.n < 40 ? w.n : 40), w.p);
        if (!there && !r->how->blind)
            return rcd_reader_bad(r, "it begins with '%.*s', a label '%sNAME' is expected",
                                  (int)(label.n < 40 ? label.n : 40), label.p, prefix);
        RC_TRY(there ? rcd_reader_text(r, (rcd_word){label.p + n, label.n - n}, text, r->line)
                     : rcd_reader_text(r, (rcd_word){0}, line, r->line));
    }
    return RC_OK;
}

rc_status rcd_read_first(rcd_reader *r)
{
    rcd_word line;

    while (rcd_reader_line(r, &line)) {
        rcd_word text;
        const rcd_word label = rcd_first_word(line, &text);

        if (label.n > 0)
            RC_TRY(rcd_reader_text(r, label, text, r->line));
    }
    return RC_OK;
}

/* ---- the label is elsewhere -------------------------------------------------------------- */

rc_status rcd_read_classes(rcd_reader *r)
{
    rcd_word line, label = rcd_stem(r->path);

    for (size_t i = label.n; i-- > 2;)
        if (label.p[i - 1] == '.') {
            label = (rcd_word){label.p + i, label.n - i};
            break;
        }
    while (rcd_reader_line(r, &line))
        RC_TRY(rcd_reader_text(r, label, line, r->line));
    return RC_OK;
}

rc_status rcd_read_text(rcd_reader *r)
{
    rcd_word line;

    while (rcd_reader_line(r, &line))
        RC_TRY(rcd_reader_text(r, (rcd_word){0}, line, r->line));
    return RC_OK;
}
