/* series_csv.c -- series out of tables: a line for every step, a header with the names of the
 * columns, series told apart by a column or by empty lines.
 *
 * RFC 4180 with ',', ';' or a tab between (what the header has most of), quotes and all. Columns
 * are called by their name, or "#3" for the third. What is to be said stands in columns of its own;
 * where it is empty nothing is to be said.
 */
#include "data/data_in.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum role { INPUT, TARGET, SERIES, DROPPED };

typedef rcd_word cell;

typedef struct table {
    rcd_cells in;
    const rcd_reading *how;
    rcd_series *s;
    int64_t columns;
    enum role *role; /* (columns) */
    cell *name;      /* (columns) */
    cell *cell;      /* (columns) of the line at hand */
    rcb_buf header;  /* what names point into */
    int64_t D, K;

    /* all steps so far */
    float *x;       /* (rows, D) */
    int64_t *start; /* (series + 1) */
    int64_t rows, series;
    size_t cap_x, cap_start, cap_said;
    rcb_buf said;                   /* K cells a row, each ended by '\n' */
    int64_t number_line, word_line; /* the first that is to be said; 0: none */
    rcb_buf id, next_id;            /* of the series at hand, and of a line */
} table;

/* ---- the header -------------------------------------------------------------------------- */

/* Give the columns of a list "a,b" a role. */
static rc_status set_roles(table *t, const char *names, enum role role)
{
    for (const char *p = names ? names : ""; *p;) {
        const size_t n = strcspn(p, ",");
        bool found = false;

        for (int64_t i = 0; i < t->columns; i++)
            if (rcd_is_column(&t->name[i], i, t->columns, p, n)) {
                if (t->role[i] != INPUT)
                    return RC_FAIL(RC_EDATA, "cannot read '%s': column '%.*s' is named twice",
                                   t->in.path, (int)(n < 100 ? n : 100), p);
                t->role[i] = role;
                found = true;
            }
        if (!found && !(role == TARGET && t->how->blind))
            return RC_FAIL_HINT(RC_EDATA, "a column is named as in the header, or #N for the N-th",
                                "cannot read '%s': there is no column '%.*s'", t->in.path,
                                (int)(n < 100 ? n : 100), p);
        p += n + (p[n] == ',');
    }
    return RC_OK;
}

static rc_status read_header(table *t)
{
    const rcd_cells before = t->in;

    RC_TRY(rcd_cells_line(&t->in, NULL, 0, &t->columns));
    if (t->columns < 1)
        return RC_FAIL(RC_EDATA, "cannot read '%s': it is empty", t->in.path);
    t->in.p = before.p;
    t->in.line = before.line;
    t->role = rcb_calloc((size_t)t->columns, sizeof *t->role);
    t->name = rcb_calloc((size_t)t->columns, sizeof *t->name);
    t->cell = rcb_calloc((size_t)t->columns, sizeof *t->cell);
    if (!t->role || !t->name || !t->cell)
        return RC_ENOMEM;
    RC_TRY(rcd_cells_line(&t->in, t->name, t->columns, &t->columns));
    t->header = t->in.text; /* names may point into it */
    t->in.text = (rcb_buf){0};
    RC_TRY(set_roles(t, t->how->drop, DROPPED));
    RC_TRY(set_roles(t, t->how->series_column, SERIES));
    RC_TRY(set_roles(t, t->how->target, TARGET));
    for (int64_t i = 0; i < t->columns; i++) {
        if (t->role[i] == TARGET && t->how->blind)
            t->role[i] = DROPPED;
        t->D += t->role[i] == INPUT;
        t->K += t->role[i] == TARGET;
    }
    if (t->D == 0)
        return RC_FAIL(RC_EDATA, "cannot read '%s': no column is left to be read", t->in.path);
    return RC_OK;
}

/* ---- steps ------------------------------------------------------------------------------- */

static bool number_of(const char *p, size_t n, double *out)
{
    char text[64];
    const char *rest;

    while (n > 0 && *p == ' ') {
        p++;
        n--;
    }
    while (n > 0 && p[n - 1] == ' ')
        n--;
    if (n == 0 || n >= sizeof text)
        return false;
    memcpy(text, p, n);
    text[n] = '\0';
    *out = rcb_real_read(text, &rest);
    return rest == text + n && fabs(*out) <= (double)FLT_MAX;
}

static rc_status end_series(table *t)
{
    if (t->series > 0 && t->rows == t->start[t->series])
        return RC_OK;
    void *room = t->start;

    if (t->rows == 0)
        return RC_OK;
    RC_TRY(rcd_reserve(&room, &t->cap_start, (size_t)t->series + 2, sizeof *t->start));
    t->start = room;
    t->start[0] = 0;
    t->start[++t->series] = t->rows;
    return RC_OK;
}

static rc_status not_a_number(const table *t, int64_t column)
{
    return RC_FAIL_HINT(RC_EDATA, "--drop leaves columns out, --target says them",
                        "cannot read '%s': line %" PRId64 ": '%.*s' in column '%.*s' is no number",
                        t->in.path, t->in.line,
                        (int)(t->cell[column].n < 40 ? t->cell[column].n : 40), t->cell[column].p,
                        (int)(t->name[column].n < 40 ? t->name[column].n : 40), t->name[column].p);
}

static rc_status add_said(table *t, const cell *c)
{
    double value;

    if (memchr(c->p, '\n', c->n) || memchr(c->p, '\0', c->n))
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': line %" PRId64
                       ": what is to be said has a line feed or NUL in it",
                       t->in.path, t->in.line);
    if (c->n > 0) {
        int64_t *first = number_of(c->p, c->n, &value) ? &t->number_line : &t->word_line;

        if (*first == 0)
            *first = t->in.line;
    }
    RC_TRY(rcb_buf_add(&t->said, c->p, c->n));
    return rcb_buf_add(&t->said, "\n", 1);
}

/* A line begins a series where the columns that tell them apart have something new in them. */
static rc_status follow_id(table *t)
{
    bool any = false;

    rcb_buf_clear(&t->next_id);
    for (int64_t i = 0; i < t->columns; i++) {
        const cell *c = &t->cell[i];

        if (t->role[i] != SERIES)
            continue;
        any = true;
        RC_TRY(rcb_buf_add(&t->next_id, &c->n, sizeof c->n)); /* lest "a","bc" be "ab","c" */
        RC_TRY(rcb_buf_add(&t->next_id, c->p, c->n));
    }
    if (!any ||
        (t->rows > 0 && t->id.n == t->next_id.n && memcmp(t->id.p, t->next_id.p, t->id.n) == 0))
        return RC_OK;
    const rcb_buf kept = t->id;

    t->id = t->next_id;
    t->next_id = kept;
    return end_series(t);
}

static rc_status add_row(table *t)
{
    void *room = t->x;
    const size_t at = (size_t)(t->rows * t->D);
    size_t d = at;

    RC_TRY(follow_id(t));
    RC_TRY(rcd_reserve(&room, &t->cap_x, at + (size_t)t->D, sizeof *t->x));
    t->x = room;
    for (int64_t i = 0; i < t->columns; i++) {
        double value;

        if (t->role[i] == TARGET)
            RC_TRY(add_said(t, &t->cell[i]));
        if (t->role[i] != INPUT)
            continue;
        if (!number_of(t->cell[i].p, t->cell[i].n, &value))
            return not_a_number(t, i);
        t->x[d++] = (float)value;
    }
    t->rows++;
    return RC_OK;
}

static rc_status read_rows(table *t)
{
    int64_t count;

    for (;;) {
        RC_TRY(rcd_cells_line(&t->in, t->cell, t->columns, &count));
        if (count < 0)
            return end_series(t);
        if (count == 1 && t->cell[0].n == 0) {
            RC_TRY(end_series(t));
            continue;
        }
        if (count != t->columns)
            return RC_FAIL(RC_EDATA,
                           "cannot read '%s': line %" PRId64 " has %" PRId64
                           " columns, the header has %" PRId64,
                           t->in.path, t->in.line, count, t->columns);
        RC_TRY(add_row(t));
    }
}

/* ---- what is to be said ------------------------------------------------------------------ */

/* What the targets of a table are. */
typedef struct targets {
    cell *cell; /* (rows, K) */
    bool numbers, each;
} targets;

static bool same(const cell *a, const cell *b)
{
    return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* Is there one answer for every series: at its last step alone, or the same at all of its steps
 * (classes)? */
static bool said_once(const table *t, const targets *y)
{
    for (int64_t i = 0; i < t->series; i++) {
        const cell *last = y->cell + (t->start[i + 1] - 1) * t->K;

        for (int64_t row = t->start[i]; row < t->start[i + 1] - 1; row++)
            for (int64_t k = 0; k < t->K; k++) {
                const cell *c = y->cell + row * t->K + k;

                if (c->n > 0 && (y->numbers || t->series == 1 || !same(c, last + k)))
                    return false;
            }
        if (last->n == 0)
            return false;
    }
    return true;
}

static rc_status find_targets(const table *t, targets *y)
{
    const char *p = t->said.p;
    double value;

    y->cell = rcb_alloc((size_t)(t->rows * t->K), sizeof *y->cell);
    if (!y->cell)
        return RC_ENOMEM;
    y->numbers = !t->how->classes;
    for (int64_t i = 0; i < t->rows * t->K; i++) {
        const char *feed = strchr(p, '\n');

        y->cell[i] = (cell){p, (size_t)(feed - p)};
        if (y->cell[i].n > 0 && !number_of(p, y->cell[i].n, &value))
            y->numbers = false;
        p = feed + 1;
    }
    if (!y->numbers && t->number_line > 0 && !t->how->classes)
        return RC_FAIL_HINT(
            RC_EDATA, "--aim class takes numbers for names; an empty cell says nothing",
            "cannot read '%s': line %" PRId64 " says no number, line %" PRId64 " does", t->in.path,
            t->word_line, t->number_line);
    if (!y->numbers && t->K > 1)
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': %" PRId64
                       " columns are to be said and not all are numbers; a class is one column",
                       t->in.path, t->K);
    y->each =
        t->how->places == RCD_PLACES_AUTO ? !said_once(t, y) : t->how->places == RCD_PLACES_EACH;
    return RC_OK;
}

/* The answers of series i: of all of its rows or of the last one. */
static rc_status end_with(const table *t, const targets *y, int64_t i)
{
    const int64_t from = y->each ? t->start[i] : t->start[i + 1] - 1;
    const int64_t n = t->start[i + 1] - from;

    if (t->K == 0)
        return rcd_series_end(t->s, NULL, 0);
    if (!y->numbers)
        return rcd_series_end_names(t->s, y->each, n, y->cell + from);
    float *values = rcb_alloc((size_t)(n * t->K), sizeof *values);
    if (!values)
        return RC_ENOMEM;
    for (int64_t k = 0; k < n * t->K; k++) {
        const cell *c = &y->cell[from * t->K + k];
        double value = (double)NAN;

        if (c->n > 0)
            (void)number_of(c->p, c->n, &value);
        values[k] = (float)value;
    }
    const rc_status status = rcd_series_end_values(t->s, y->each, n, t->K, values);
    rcb_free(values);
    return status;
}

static rc_status add_series(const table *t, const targets *y)
{
    for (int64_t i = 0; i < t->series; i++) {
        for (int64_t row = t->start[i]; row < t->start[i + 1]; row++) {
            float *x = rcd_series_step(t->s);

            if (!x)
                return RC_ENOMEM;
            memcpy(x, t->x + row * t->D, (size_t)t->D * sizeof *x);
        }
        RC_TRY(end_with(t, y, i));
    }
    return RC_OK;
}

static rc_status read_table(table *t)
{
    targets y = {0};

    RC_TRY(read_header(t));
    if (t->s->n > 0 && t->s->D != t->D)
        return RC_FAIL(
            RC_EDATA, "cannot read '%s': %" PRId64 " numbers a step, there were %" PRId64 " before",
            t->in.path, t->D, t->s->D);
    t->s->D = t->D;
    RC_TRY(read_rows(t));
    rc_status status = t->K > 0 && t->rows > 0 ? find_targets(t, &y) : RC_OK;
    if (status == RC_OK)
        status = add_series(t, &y);
    rcb_free(y.cell);
    return status;
}

rc_status rcd_series_csv(rcd_series *s, const char *path, const char *p, size_t n,
                         const rcd_reading *how)
{
    table t = {.how = how, .s = s};

    rcd_cells_begin(&t.in, path, p, n);
    const rc_status status = read_table(&t);

    rcb_free(t.role);
    rcb_free(t.name);
    rcb_free(t.cell);
    rcb_free(t.x);
    rcb_free(t.start);
    rcb_buf_free(&t.header);
    rcb_buf_free(&t.in.text);
    rcb_buf_free(&t.said);
    rcb_buf_free(&t.id);
    rcb_buf_free(&t.next_id);
    return status;
}
