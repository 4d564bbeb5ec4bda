/* labelled_columns.c -- a token a line, its labels in columns, sentences between empty lines: the
 * files of CoNLL, CoNLL-U, and ATIS, whose sentences have an intent in a line before them.
 */
#include "data/data_in.h"

#include <string.h>

enum { CONLLU = 10 }; /* columns */

static const rcd_word conllu_names[CONLLU] = {
    {"id", 2},    {"form", 4}, {"lemma", 5},  {"upos", 4}, {"xpos", 4},
    {"feats", 5}, {"head", 4}, {"deprel", 6}, {"deps", 4}, {"misc", 4},
};

typedef struct sheet {
    rcd_reader *r;
    bool conllu;
    bool tabs;            /* columns stand between tabs, not blanks */
    int64_t columns;      /* of every line */
    int64_t columns_line; /* which one said so */
    rcd_word *cell;       /* (columns) of the line at hand */
    size_t cap;
    int64_t word, label; /* columns; label -1: there is none */
    int64_t feature[RCD_MOST_COLUMNS], features;
    int64_t begins;   /* the line of the first token of the sentence; 0: there is none yet */
    rcd_word comment; /* what the last "# " before it said */
} sheet;

/* ---- lines ------------------------------------------------------------------------------- */

static rc_status add_cell(sheet *t, int64_t i, rcd_word w)
{
    void *room = t->cell;

    RC_TRY(rcd_reserve(&room, &t->cap, (size_t)i + 1, sizeof *t->cell));
    t->cell = room;
    t->cell[i] = w;
    return RC_OK;
}

/* The columns of a line. */
static rc_status cut(sheet *t, rcd_word line, int64_t *count)
{
    *count = 0;
    for (rcd_word rest = line;;) {
        const char *tab = t->tabs && rest.n > 0 ? memchr(rest.p, '\t', rest.n) : NULL;
        const size_t n = tab ? (size_t)(tab - rest.p) : rest.n;
        const rcd_word w = t->tabs ? rcd_trim((rcd_word){rest.p, n}) : rcd_first_word(rest, &rest);

        if (!t->tabs && w.n == 0)
            return RC_OK;
        RC_TRY(add_cell(t, (*count)++, w));
        if (t->tabs && !tab)
            return RC_OK;
        if (t->tabs)
            rest = (rcd_word){tab + 1, rest.n - n - 1};
    }
}

/* Does a line say something about the sentence that follows? Where columns stand between blanks, a
 * word may be "#": then the line must differ from those of tokens in the number of its columns. */
static bool is_comment(const sheet *t, rcd_word line)
{
    if (line.n == 0 || *line.p != '#' || t->begins > 0)
        return false;
    if (t->conllu)
        return true;
    if (t->tabs)
        return !memchr(line.p, '\t', line.n);
    int64_t n = 0;
    while (rcd_first_word(line, &line).n > 0)
        n++;
    return n != t->columns;
}

/* ---- the layout -------------------------------------------------------------------------- */

/* A line of a token, found before there is a layout: the first that is no comment; where all begin
 * with '#', the first. */
static bool first_token(const sheet *t, rcd_word *line, int64_t *number)
{
    const char *p = t->r->p;
    rcd_word w;
    bool found = false;

    for (int64_t i = t->r->line + 1; rcd_line_next(&p, t->r->end, &w); i++) {
        const bool comment = rcd_trim(w).n > 0 && *w.p == '#';

        if (rcd_trim(w).n == 0 || (comment && found))
            continue;
        found = true;
        *line = w;
        *number = i;
        if (!comment)
            break;
    }
    return found;
}

static rc_status lay_out(sheet *t)
{
    const rcd_labelling *how = t->r->how;
    const char *word = how->text_column, *label = how->label_column, *list = how->features;
    const rcd_word *names = t->conllu ? conllu_names : NULL;
    int64_t found;
    rcd_word line;

    if (!first_token(t, &line, &t->columns_line))
        return RC_OK;
    t->tabs = t->conllu || memchr(line.p, '\t', line.n);
    RC_TRY(cut(t, line, &t->columns));
    const int64_t before = t->r->line;

    t->r->line = t->columns_line;
    if (t->conllu && t->columns != CONLLU)
        return rcd_reader_bad(t->r, "it has %" PRId64 " columns, CoNLL-U has %d between tabs",
                              t->columns, CONLLU);
    if (t->columns < 2 && how->each && !how->blind)
        return rcd_reader_bad(t->r, "it has 1 column, a word and its label are expected");
    RC_TRY(rcd_reader_columns(t->r,
                              word && *word ? word
                              : t->conllu   ? "form"
                                            : "#1",
                              names, t->columns, 1, &t->word, &found));
    t->label = -1;
    if (how->each && !how->blind)
        RC_TRY(rcd_reader_columns(t->r,
                                  label && *label ? label
                                  : t->conllu     ? "upos"
                                                  : "#-1",
                                  names, t->columns, 1, &t->label, &found));
    if (t->label == t->word)
        return RC_FAIL(RC_EINVAL, "cannot read '%s': column %" PRId64 " is word and label",
                       t->r->path, t->word + 1);
    RC_TRY(rcd_reader_columns(t->r, list ? list : "", names, t->columns, RCD_MOST_COLUMNS,
                              t->feature, &t->features));
    t->r->line = before;
    return t->features == t->r->l->F
               ? RC_OK
               : RC_FAIL(RC_EINVAL, "cannot read '%s': features '%s' end in a comma", t->r->path,
                         list);
}

/* ---- tokens ------------------------------------------------------------------------------ */

static rc_status end_sentence(sheet *t)
{
    rcd_reader *r = t->r;

    if (t->begins > 0 && !r->l->each && t->comment.p)
        RC_TRY(rcd_tokens_add(&r->label, t->comment.p, t->comment.n));
    if (t->begins > 0 && !r->l->each && !t->comment.p && !r->how->blind) {
        r->line = t->begins;
        return rcd_reader_bad(r, "no line '# LABEL' comes before the tokens");
    }
    const int64_t begins = t->begins;

    t->begins = 0;
    t->comment = (rcd_word){0};
    return begins > 0 ? rcd_reader_end(r, begins) : RC_OK;
}

/* Is the token of CoNLL-U one that is passed over? */
static rc_status check_id(sheet *t, bool *passed)
{
    const rcd_word id = t->cell[0];
    size_t digits = 0;

    while (digits < id.n && id.p[digits] >= '0' && id.p[digits] <= '9')
        digits++;
    *passed = digits > 0 && digits < id.n && (id.p[digits] == '-' || id.p[digits] == '.');
    if (!*passed && (digits == 0 || digits < id.n))
        return rcd_reader_bad(t->r, "column 1 is '%.*s', a number is expected",
                              (int)(id.n < 40 ? id.n : 40), id.p);
    if (*passed)
        rcd_reader_note(t->r, RCD_NOTE_RANGE, t->r->line);
    return RC_OK;
}

static rc_status check_columns(const sheet *t, int64_t count)
{
    if (count == t->columns)
        return RC_OK;
    return rcd_reader_bad(
        t->r, "it has %" PRId64 " column%s, line %" PRId64 " has %" PRId64 " between %s", count,
        count == 1 ? "" : "s", t->columns_line, t->columns, t->tabs ? "tabs" : "blanks");
}

static rc_status add_token(sheet *t, rcd_word line)
{
    rcd_reader *r = t->r;
    bool passed = false;
    int64_t count;

    RC_TRY(cut(t, line, &count));
    RC_TRY(check_columns(t, count));
    if (t->conllu)
        RC_TRY(check_id(t, &passed));
    const rcd_word word = t->cell[t->word];
    if (!t->conllu && word.n == 10 && memcmp(word.p, "-DOCSTART-", 10) == 0) {
        rcd_reader_note(r, RCD_NOTE_DOCUMENT, r->line);
        return RC_OK;
    }
    if (passed)
        return RC_OK;
    if (word.n == 0 || (t->label >= 0 && t->cell[t->label].n == 0))
        return rcd_reader_bad(r, "column %" PRId64 " is empty, a %s is expected",
                              1 + (word.n == 0 ? t->word : t->label),
                              word.n == 0 ? "word" : "label");
    RC_TRY(rcd_tokens_add(&r->token, word.p, word.n));
    if (t->label >= 0)
        RC_TRY(rcd_tokens_add(&r->label, t->cell[t->label].p, t->cell[t->label].n));
    for (int64_t f = 0; f < t->features; f++) {
        const rcd_word w = t->cell[t->feature[f]];

        RC_TRY(rcd_tokens_add(&r->feature, w.p, w.n));
    }
    if (t->begins == 0)
        t->begins = r->line;
    return RC_OK;
}

static rc_status read_lines(sheet *t)
{
    rcd_word line;

    RC_TRY(lay_out(t));
    while (rcd_reader_line(t->r, &line)) {
        if (rcd_trim(line).n == 0)
            RC_TRY(end_sentence(t));
        else if (is_comment(t, line))
            t->comment = rcd_trim((rcd_word){line.p + 1, line.n - 1});
        else
            RC_TRY(add_token(t, line));
    }
    return end_sentence(t);
}

rc_status rcd_read_columns(rcd_reader *r)
{
    sheet t = {.r = r, .conllu = r->l->format == RCD_FORMAT_CONLLU};
    const rc_status s = read_lines(&t);

    rcb_free(t.cell);
    return s;
}
