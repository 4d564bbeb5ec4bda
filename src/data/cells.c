/* cells.c -- lines, words and the cells of tables, as they stand in a file.
 *
 * Tables are those of RFC 4180 with ',', ';' or a tab between (what the first line has most of),
 * quotes and all. Columns are called by their name, or "#3" for the third, "#-1" for the last.
 */
#include "data/data_in.h"

#include <stdio.h>
#include <string.h>

/* ---- lines and words --------------------------------------------------------------------- */

bool rcd_line_next(const char **p, const char *end, rcd_word *line)
{
    if (*p >= end)
        return false;
    const char *feed = memchr(*p, '\n', (size_t)(end - *p));
    const char *stop = feed ? feed : end;

    *line = (rcd_word){*p, (size_t)(stop - *p)};
    *p = feed ? feed + 1 : end;
    if (line->n > 0 && stop[-1] == '\r')
        line->n--;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

rcd_word rcd_trim(rcd_word w)
{
    while (w.n > 0 && is_blank(*w.p)) {
        w.p++;
        w.n--;
    }
    while (w.n > 0 && is_blank(w.p[w.n - 1]))
        w.n--;
    return w;
}

rcd_word rcd_first_word(rcd_word w, rcd_word *rest)
{
    size_t n = 0;

    while (w.n > 0 && is_blank(*w.p)) {
        w.p++;
        w.n--;
    }
    while (n < w.n && !is_blank(w.p[n]))
        n++;
    *rest = (rcd_word){w.p + n, w.n - n};
    return (rcd_word){w.p, n};
}

/* ---- tables ------------------------------------------------------------------------------ */

static char commonest(const char *p, const char *stop)
{
    static const char marks[] = ",;\t";
    int64_t most = -1;
    char best = ',';

    for (const char *m = marks; *m; m++) {
        int64_t n = 0;

        for (const char *q = p; q < stop; q++)
            n += *q == *m;
        if (n > most) {
            most = n;
            best = *m;
        }
    }
    return best;
}

void rcd_cells_begin(rcd_cells *t, const char *path, const char *p, size_t n)
{
    const char *feed = n > 0 ? memchr(p, '\n', n) : NULL;

    *t = (rcd_cells){.path = path, .p = p, .end = p + n};
    t->between = commonest(p, feed ? feed : p + n);
}

static rc_status bad(const rcd_cells *t, const char *what)
{
    return RC_FAIL(RC_EDATA, "cannot read '%s': line %" PRId64 ": %s", t->path, t->line, what);
}

/* A quoted cell from the quote on; t->p moves behind it. */
static rc_status quoted(rcd_cells *t, rcd_word *out)
{
    const size_t first = t->text.n;

    t->p++;
    for (;; t->p++) {
        if (t->p == t->end)
            return bad(t, "a quote is not closed");
        if (*t->p == '"') {
            if (t->p + 1 == t->end || t->p[1] != '"')
                break;
            t->p++;
        }
        t->line += *t->p == '\n';
        RC_TRY(rcb_buf_add(&t->text, t->p, 1));
    }
    t->p++;
    *out = (rcd_word){NULL, t->text.n - first}; /* p is set when the buffer stays where it is */
    return RC_OK;
}

static bool ends(const rcd_cells *t, char c)
{
    return c == t->between || c == '\n' || c == '\r';
}

static rc_status next_cell(rcd_cells *t, rcd_word *out)
{
    *out = (rcd_word){t->p, 0};
    if (t->p < t->end && *t->p == '"') {
        RC_TRY(quoted(t, out));
        if (t->p < t->end && !ends(t, *t->p))
            return bad(t, "something stands behind a closing quote");
        return RC_OK;
    }
    while (t->p < t->end && !ends(t, *t->p))
        t->p++;
    out->n = (size_t)(t->p - out->p);
    return RC_OK;
}

rc_status rcd_cells_line(rcd_cells *t, rcd_word *cell, int64_t most, int64_t *count)
{
    *count = -1;
    if (t->p >= t->end)
        return RC_OK;
    *count = 0;
    rcb_buf_clear(&t->text);
    t->first = ++t->line;
    for (;;) {
        rcd_word one;

        RC_TRY(next_cell(t, &one));
        if (*count < most)
            cell[*count] = one;
        ++*count;
        if (t->p == t->end || *t->p != t->between)
            break;
        t->p++;
    }
    if (t->p < t->end && *t->p == '\r')
        t->p++;
    if (t->p < t->end && *t->p == '\n')
        t->p++;
    const char *at = t->text.p ? t->text.p : ""; /* quoted cells, one after the other */
    for (int64_t i = 0; i < *count && i < most; i++)
        if (!cell[i].p) {
            cell[i].p = at;
            at += cell[i].n;
        }
    return RC_OK;
}

bool rcd_is_column(const rcd_word *header, int64_t column, int64_t columns, const char *name,
                   size_t n)
{
    char place[2][24];

    if (header && header->n == n && memcmp(header->p, name, n) == 0)
        return true;
    (void)snprintf(place[0], sizeof place[0], "#%" PRId64, column + 1);
    (void)snprintf(place[1], sizeof place[1], "#%" PRId64, column - columns);
    return (strlen(place[0]) == n && memcmp(place[0], name, n) == 0) ||
           (strlen(place[1]) == n && memcmp(place[1], name, n) == 0);
}
