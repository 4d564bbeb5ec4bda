/* trace_show.c -- units over a text in colours, after the pictures of Karpathy, Johnson and Fei-Fei
 * 2015, Visualizing and Understanding Recurrent Networks.
 *
 * Colours go from blue, the least that a number can be, over white to red. Where a vector has no
 * bounds, white is zero and the largest absolute value of the unit in the text is full.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "page.h"
#include "trace_show.h"

static double value_of(const trace_view *v, size_t unit, int64_t i)
{
    return (double)v->t->x[i * v->t->units + v->unit[unit].unit];
}

/* The bounds of a unit's colours. */
static void bounds_of(const trace_view *v, size_t unit, double *lo, double *hi)
{
    *lo = v->t->lo;
    *hi = v->t->hi;
    if (isfinite(*lo) && isfinite(*hi))
        return;
    *hi = 1e-12;
    for (int64_t i = 0; i < v->t->count; i++)
        *hi = fmax(*hi, fabs(value_of(v, unit, i)));
    *lo = -*hi;
}

/* -1 .. 1 within bounds. */
static double place_in(double x, double lo, double hi)
{
    const double at = 2 * (x - lo) / (hi - lo) - 1;
    return at > 1 ? 1 : at > -1 ? at : -1;
}

static const char *symbol_of(const trace_view *v, int64_t i, size_t *n)
{
    if (rc_model_spaced(v->m) && v->t->ids[i] == rc_model_boundary(v->m)) {
        *n = 1;
        return "\n";
    }
    return rc_model_symbol(v->m, v->t->ids[i], n);
}

static void put_head(const trace_view *v, size_t unit, const char *before)
{
    const trace_match *u = &v->unit[unit];
    printf("%slayer %d, %s, unit %" PRId64, before, v->layer, v->t->name, u->unit);
    if (u->property)
        printf(": %s, r = %.3f", u->property, u->r);
    putchar('\n');
}

/* ---- terminal ------------------------------------------------------------------------------- */

/* The 6 x 6 x 6 colours of terminals: 16 + 36 r + 6 g + b. */
static void put_colour(double at)
{
    const int fade = 5 - (int)lround(5 * fabs(at));
    const int r = at < 0 ? fade : 5, b = at < 0 ? 5 : fade;
    printf("\033[48;5;%dm\033[38;5;%dm", 16 + 36 * r + 6 * fade + b, at < -0.6 ? 231 : 16);
}

static void put_plain(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        const size_t length = say_utf8_length(bytes + i, n - i);
        const unsigned char b = (unsigned char)bytes[i];
        if (length == 0 || b < 0x20 || b == 0x7F)
            putchar(b == '\t' ? ' ' : '?');
        else
            fwrite(bytes + i, 1, length, stdout);
        i += length ? length : 1;
    }
}

void trace_print_colours(const trace_view *v)
{
    for (size_t u = 0; u < v->units; u++) {
        double lo, hi;
        bounds_of(v, u, &lo, &hi);
        put_head(v, u, u ? "\n" : "");
        for (int64_t i = 0; i < v->show; i++) {
            size_t n;
            const char *bytes = symbol_of(v, i, &n);
            put_colour(place_in(value_of(v, u, i), lo, hi));
            if (n == 1 && bytes[0] == '\n') {
                fputs(" \033[0m\n", stdout);
                continue;
            }
            put_plain(bytes, n);
            if (rc_model_spaced(v->m))
                putchar(' ');
        }
        fputs("\033[0m\n", stdout);
    }
}

void trace_print_numbers(const trace_view *v)
{
    for (size_t u = 0; u < v->units; u++)
        put_head(v, u, "# ");
    printf("symbol");
    for (size_t u = 0; u < v->units; u++)
        printf("\t%" PRId64, v->unit[u].unit);
    putchar('\n');
    for (int64_t i = 0; i < v->show; i++) {
        char text[SAY_ROOM];
        size_t n;
        const char *bytes = symbol_of(v, i, &n);
        fputs(say_symbol(text, bytes, n), stdout);
        for (size_t u = 0; u < v->units; u++)
            printf("\t%.4f", value_of(v, u, i));
        putchar('\n');
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *unit_json(const trace_view *v, size_t u)
{
    json_t *values = json_array();
    double lo, hi;
    bounds_of(v, u, &lo, &hi);
    for (int64_t i = 0; i < v->show; i++)
        json_add(&values, json_number(value_of(v, u, i)));
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "unit", (json_int_t)v->unit[u].unit,
                     "property",
                     v->unit[u].property ? json_string(v->unit[u].property) : json_null(), "r",
                     json_number(v->unit[u].property ? v->unit[u].r : (double)NAN), "lo",
                     json_number(lo), "hi", json_number(hi), "values", values);
}

int trace_print_json(const trace_view *v)
{
    json_t *units = json_array(), *symbols = json_array();
    for (size_t u = 0; u < v->units; u++)
        json_add(&units, unit_json(v, u));
    for (int64_t i = 0; i < v->show; i++) {
        size_t n;
        const char *bytes = symbol_of(v, i, &n);
        json_add(&symbols, json_bytes(bytes, n));
    }
    return json_print(stdout,
                      json_pack("{s:i, s:s, s:I, s:o, s:o}", "layer", v->layer, "vector",
                                v->t->name, "count", (json_int_t)v->t->count, "symbols", symbols,
                                "units", units),
                      false);
}

/* ---- HTML ----------------------------------------------------------------------------------- */

enum { LEVELS = 20 }; /* on each side of white */

static int level_of(double at)
{
    return (int)lround(at * LEVELS);
}

static void put_span(FILE *out, int level)
{
    const double at = (double)level / LEVELS;
    const int fade = 255 - (int)lround(215 * fabs(at));
    fprintf(out, "<span style=\"background:#%02x%02x%02x%s\">", (unsigned)(at < 0 ? fade : 255),
            (unsigned)fade, (unsigned)(at < 0 ? 255 : fade), at < -0.7 ? ";color:#fff" : "");
}

/* The text of one unit; neighbours of one colour share a span. */
static void put_unit(FILE *out, const trace_view *v, size_t u)
{
    const trace_match *unit = &v->unit[u];
    double lo, hi;
    int level = LEVELS + 1;
    bounds_of(v, u, &lo, &hi);
    fprintf(out, "<h2>Unit %" PRId64, unit->unit);
    if (unit->property)
        fprintf(out, ": %s, r = %.3f", unit->property, unit->r);
    fprintf(out,
            "</h2>\n<p class=\"note\">%.3g <svg width=\"160\" height=\"12\" style=\"display:inline;"
            "vertical-align:-1px\"><defs><linearGradient id=\"g%zu\"><stop offset=\"0\""
            " stop-color=\"#2828ff\"/><stop offset=\"0.5\" stop-color=\"#fff\"/><stop offset=\"1\""
            " stop-color=\"#ff2828\"/></linearGradient></defs><rect width=\"160\" height=\"12\""
            " fill=\"url(#g%zu)\"/></svg> %.3g</p>\n<pre class=\"text\">",
            lo, u, u, hi);
    for (int64_t i = 0; i < v->show; i++) {
        size_t n;
        const char *bytes = symbol_of(v, i, &n);
        const int now = level_of(place_in(value_of(v, u, i), lo, hi));
        if (now != level)
            fputs(i ? "</span>" : "", out);
        if (now != level)
            put_span(out, now);
        level = now;
        if (n == 1 && bytes[0] == '\n')
            fputs(" \n", out);
        else
            page_text(out, bytes, n);
        if (rc_model_spaced(v->m) && bytes[0] != '\n')
            fputc(' ', out);
    }
    fputs(v->show > 0 ? "</span></pre>\n" : "</pre>\n", out);
}

static void put_body(FILE *out, const void *ctx)
{
    const trace_view *v = ctx;
    fputs("<h1>", out);
    page_word(out, v->model);
    fprintf(out, ": layer %d, %s</h1>\n<p>", v->layer, v->t->name);
    fprintf(out, "%" PRId64 " of %" PRId64 " symbols of ", v->show, v->t->count);
    page_word(out, v->data);
    fputs(". Each symbol stands on the unit's value once it has been read; r is the correlation"
          " with that property over the whole text.</p>\n",
          out);
    for (size_t u = 0; u < v->units; u++)
        put_unit(out, v, u);
}

bool trace_save_page(const trace_view *v, const char *path)
{
    return page_save(path, v->model, put_body, v);
}
