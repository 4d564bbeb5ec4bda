/* labelled_csv.c -- a table with a row for every sequence: quotes, line feeds inside them, columns
 * by name or place. Without a header columns have places alone.
 */
#include "data/data_in.h"

#include <string.h>

typedef struct table {
    rcd_reader *r;
    rcd_cells in;
    int64_t columns;
    rcd_word *cell; /* (columns) */
    int64_t label;  /* -1: none */
    int64_t text[RCD_MOST_COLUMNS], texts;
    rcb_buf joined;
} table;

/* The cells of the first line, which may be the header. */
static rc_status first_line(table *t)
{
    rcd_cells before = t->in;

    RC_TRY(rcd_cells_line(&t->in, NULL, 0, &t->columns));
    if (t->columns < 1)
        return RC_FAIL(RC_EDATA, "cannot read '%s': it is empty", t->in.path);
    t->cell = rcb_calloc((size_t)t->columns, sizeof *t->cell);
    if (!t->cell)
        return RC_ENOMEM;
    before.text = t->in.text;
    t->in = before;
    RC_TRY(rcd_cells_line(&t->in, t->cell, t->columns, &t->columns));
    t->r->line = t->in.line;
    return RC_OK;
}

/* A setting, or what is usual where there are names or none. */
static const char *called(const char *setting, bool header, const char *name, const char *place)
{
    return setting && *setting ? setting : header ? name : place;
}

static rc_status choose(table *t, bool header)
{
    const rcd_labelling *how = t->r->how;
    const rcd_word *names = header ? t->cell : NULL;
    int64_t found;

    for (int64_t i = 0; header && i < t->columns; i++)
        t->cell[i] = rcd_trim(t->cell[i]);
    t->label = -1;
    if (!how->blind)
        RC_TRY(rcd_reader_columns(t->r, called(how->label_column, header, "label", "#1"), names,
                                  t->columns, 1, &t->label, &found));
    RC_TRY(rcd_reader_columns(t->r, called(how->text_column, header, "text", "#-1"), names,
                              t->columns, RCD_MOST_COLUMNS, t->text, &t->texts));
    for (int64_t i = 0; i < t->texts; i++)
        if (t->text[i] == t->label)
            return RC_FAIL(RC_EINVAL, "cannot read '%s': column %" PRId64 " is label and text",
                           t->in.path, t->label + 1);
    return RC_OK;
}

static rc_status add_row(table *t)
{
    rcd_word text = t->cell[t->text[0]];

    rcb_buf_clear(&t->joined);
    for (int64_t i = 0; t->texts > 1 && i < t->texts; i++) {
        RC_TRY(rcb_buf_add(&t->joined, t->cell[t->text[i]].p, t->cell[t->text[i]].n));
        RC_TRY(rcb_buf_puts(&t->joined, " "));
        text = (rcd_word){t->joined.p, t->joined.n};
    }
    t->r->line = t->in.first;
    return rcd_reader_text(t->r, t->label >= 0 ? t->cell[t->label] : (rcd_word){0}, text,
                           t->in.first);
}

static rc_status read_rows(table *t, bool header)
{
    rcd_cells before = t->in;
    int64_t count;

    RC_TRY(first_line(t));
    RC_TRY(choose(t, header));
    if (!header) { /* it is a row like any other */
        before.text = t->in.text;
        t->in = before;
    }
    for (;;) {
        RC_TRY(rcd_cells_line(&t->in, t->cell, t->columns, &count));
        t->r->line = t->in.first;
        if (count < 0)
            return RC_OK;
        if (count == 1 && rcd_trim(t->cell[0]).n == 0)
            continue;
        if (count != t->columns)
            return rcd_reader_bad(t->r, "it has %" PRId64 " columns, the %s has %" PRId64, count,
                                  header ? "header" : "first line", t->columns);
        RC_TRY(add_row(t));
    }
}

rc_status rcd_read_csv(rcd_reader *r)
{
    const bool header = r->l->format == RCD_FORMAT_CSV;
    table t = {.r = r};

    rcd_cells_begin(&t.in, r->path, r->p, (size_t)(r->end - r->p));
    if (!header && r->end > r->p) { /* texts have commas enough */
        const char *feed = memchr(r->p, '\n', (size_t)(r->end - r->p));

        if (memchr(r->p, '\t', (size_t)((feed ? feed : r->end) - r->p)))
            t.in.between = '\t';
    }
    const rc_status s = read_rows(&t, header);

    rcb_free(t.cell);
    rcb_buf_free(&t.in.text);
    rcb_buf_free(&t.joined);
    return s;
}
