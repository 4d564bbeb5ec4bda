/* trace_find.c -- properties of a text, symbol by symbol, and how well units follow them.
 *
 * A property is a number for every symbol, of the text up to and with it, as a unit is a number
 * once it has read that symbol. Letters are those of ASCII.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace_find.h"

/* Where the text stands after a symbol. */
typedef struct place {
    int last, before; /* bytes; '\n' at the beginning */
    double quotes, parens, comment, line, word, indent, lines;
    bool leads; /* only blanks so far in this line */
} place;

/* In the order of the enumeration. */
static const rc_entry properties[] = {
    {"quotes", "inside of double quotes, which end with an empty line at the latest", NULL},
    {"parens", "how many ( [ { are open", NULL},
    {"comment", "inside of a comment of C, /* */ or //", NULL},
    {"line-position", "symbols since the line began", NULL},
    {"word-position", "letters and digits since the word began", NULL},
    {"indent", "blanks at the head of the line", NULL},
    {"newline", "the symbol ends a line", NULL},
    {"space", "the symbol is a blank", NULL},
    {"after-space", "the symbol before is a blank or an end of line", NULL},
    {"uppercase", "the symbol is a capital letter", NULL},
    {"lowercase", "the symbol is a small letter", NULL},
    {"vowel", "the symbol is one of a e i o u", NULL},
    {"digit", "the symbol is a digit", NULL},
    {"punctuation", "the symbol is neither letter, digit nor blank", NULL},
    {"sentence-end", "the symbol is . ! or ?", NULL},
};
enum {
    QUOTES,
    PARENS,
    COMMENT,
    LINE,
    WORD,
    INDENT,
    NEWLINE,
    SPACE,
    AFTER_SPACE,
    UPPER,
    LOWER,
    VOWEL,
    DIGIT,
    PUNCTUATION,
    SENTENCE_END,
    PROPERTIES
};
_Static_assert(sizeof properties / sizeof *properties == PROPERTIES, "one row each");

bool trace_property(size_t i, rc_entry *out)
{
    if (i >= PROPERTIES)
        return false;
    *out = properties[i];
    return true;
}

/* ---- a text, symbol by symbol --------------------------------------------------------------- */

static bool is_one_of(int b, const char *set)
{
    return b > 0 && strchr(set, b);
}

static void end_line(place *p)
{
    if (p->last == '\n')
        p->quotes = 0;
    if (p->comment > 1)
        p->comment = 0;
    p->line = p->word = p->indent = 0;
    p->leads = true;
}

/* 1 inside of a comment that ends with its own mark, 2 of one that ends with the line. */
static void read_comment(place *p, int b)
{
    if (p->comment <= 0 && p->last == '/' && (b == '*' || b == '/'))
        p->comment = b == '*' ? 1 : 2;
    else if (p->comment == 1 && p->last == '*' && b == '/')
        p->comment = 0;
}

static void read_byte(place *p, int b)
{
    read_comment(p, b);
    if (b == '"')
        p->quotes = 1 - p->quotes;
    if (is_one_of(b, "([{"))
        p->parens++;
    else if (is_one_of(b, ")]}") && p->parens > 0)
        p->parens--;
    p->word = isalnum(b) || b >= 0x80 ? p->word + 1 : 0;
    p->leads = p->leads && (b == ' ' || b == '\t');
    p->indent += p->leads;
    if (b == '\n')
        end_line(p);
    p->before = p->last;
    p->last = b;
}

/* One symbol: its bytes, or the end of a line where that is a symbol of its own. */
static void read_symbol(place *p, const rc_model *m, int32_t id)
{
    size_t n;
    const char *bytes = rc_model_symbol(m, id, &n);
    if (rc_model_spaced(m) && id == rc_model_boundary(m)) {
        bytes = "\n";
        n = 1;
    } else if (rc_model_spaced(m)) {
        p->word = 0;
    }
    const int before = p->last;
    p->line++;
    for (size_t i = 0; i < n; i++)
        read_byte(p, (unsigned char)bytes[i]);
    p->before = before;
}

static void values_of(const place *p, double out[PROPERTIES])
{
    const int b = p->last;
    out[QUOTES] = p->quotes;
    out[PARENS] = p->parens;
    out[COMMENT] = p->comment > 0;
    out[LINE] = p->line;
    out[WORD] = p->word;
    out[INDENT] = p->indent;
    out[NEWLINE] = b == '\n';
    out[SPACE] = b == ' ' || b == '\t';
    out[AFTER_SPACE] = is_one_of(p->before, " \t\n");
    out[UPPER] = isupper(b) != 0;
    out[LOWER] = islower(b) != 0;
    out[VOWEL] = is_one_of(b, "aeiouAEIOU");
    out[DIGIT] = isdigit(b) != 0;
    out[PUNCTUATION] = b < 0x80 && ispunct(b) != 0;
    out[SENTENCE_END] = is_one_of(b, ".!?");
}

/* All properties, (PROPERTIES, count), each less its mean and of length 1, or zeros where it does
 * not vary. NULL: out of memory. */
static double *properties_of(const rc_model *m, const rc_trace *t)
{
    const size_t n = (size_t)t->count;
    double *all = calloc(n * PROPERTIES, sizeof *all), now[PROPERTIES];
    place p = {.last = '\n', .before = '\n', .leads = true};
    for (size_t i = 0; all && i < n; i++) {
        read_symbol(&p, m, t->ids[i]);
        values_of(&p, now);
        for (size_t k = 0; k < PROPERTIES; k++)
            all[k * n + i] = now[k];
    }
    for (size_t k = 0; all && k < PROPERTIES; k++) {
        double sum = 0, squares = 0, *x = all + k * n;
        for (size_t i = 0; i < n; i++)
            sum += x[i];
        for (size_t i = 0; i < n; i++) {
            x[i] -= sum / (double)n;
            squares += x[i] * x[i];
        }
        for (size_t i = 0; i < n; i++)
            x[i] = squares > 1e-12 ? x[i] / sqrt(squares) : 0;
    }
    return all;
}

/* ---- units ---------------------------------------------------------------------------------- */

/* A unit's numbers, in the same form. */
static void centre(const rc_trace *t, int64_t unit, double *out)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < t->count; i++)
        sum += (double)t->x[i * t->units + unit];
    for (int64_t i = 0; i < t->count; i++) {
        out[i] = (double)t->x[i * t->units + unit] - sum / (double)t->count;
        squares += out[i] * out[i];
    }
    for (int64_t i = 0; i < t->count; i++)
        out[i] = squares > 0 ? out[i] / sqrt(squares) : 0;
}

static trace_match match_of(const double *unit, const double *all, int64_t n, const char *property)
{
    trace_match best = {0};
    for (size_t k = 0; k < PROPERTIES; k++) {
        const double *p = all + k * (size_t)n;
        double r = 0;
        if (property && strcmp(property, properties[k].name) != 0)
            continue;
        for (int64_t i = 0; i < n; i++)
            r += unit[i] * p[i];
        if (fabs(r) > fabs(best.r))
            best = (trace_match){.property = properties[k].name, .r = r};
    }
    return best;
}

static int falling(const void *a, const void *b)
{
    const trace_match *x = a, *y = b;
    const int by_r = (fabs(x->r) < fabs(y->r)) - (fabs(x->r) > fabs(y->r));
    return by_r ? by_r : (x->unit > y->unit) - (x->unit < y->unit);
}

trace_match *trace_matches(const rc_model *m, const rc_trace *t, const char *property, bool sort)
{
    double *all = properties_of(m, t);
    double *unit = calloc((size_t)t->count, sizeof *unit);
    trace_match *out = calloc((size_t)t->units, sizeof *out);
    for (int64_t k = 0; all && unit && out && k < t->units; k++) {
        centre(t, k, unit);
        out[k] = match_of(unit, all, t->count, property);
        out[k].unit = k;
    }
    if (!all || !unit) {
        free(out);
        out = NULL;
    }
    if (out && sort)
        qsort(out, (size_t)t->units, sizeof *out, falling);
    free(unit);
    free(all);
    return out;
}
