/* plot.c -- loss curves: dots on a terminal, SVG on paper.
 *
 * Both share the choice of ranges and round ticks. On a terminal every character holds 2 x 4
 * braille dots; where only ASCII can be shown it holds one. Relies on the C library alone.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "plot.h"

/* ---- ranges and ticks ----------------------------------------------------------------------- */

typedef struct range {
    double lo, hi;
} range;

/* Round numbers: step is 1, 2 or 5 times a power of ten, ticks are first + i step. */
typedef struct ticks {
    double first, step;
    int count;
    int decimals;
} ticks;

bool plot_has_points(const plot *p)
{
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < p->curve[c].count; i++)
            if (isfinite(p->curve[c].points[i].y))
                return true;
    return false;
}

static range widen(range r)
{
    if (!(r.hi > r.lo)) {
        const double by = fabs(r.lo) > 0 ? 0.05 * fabs(r.lo) : 0.5;
        r = (range){r.lo - by, r.hi + by};
    }
    return r;
}

static void ranges(const plot *p, range *x, range *y)
{
    *x = *y = (range){(double)INFINITY, -(double)INFINITY};
    for (int c = 0; c < 2; c++) {
        for (size_t i = 0; i < p->curve[c].count; i++) {
            const plot_point q = p->curve[c].points[i];
            if (!isfinite(q.y))
                continue;
            *x = (range){fmin(x->lo, q.x), fmax(x->hi, q.x)};
            *y = (range){fmin(y->lo, q.y), fmax(y->hi, q.y)};
        }
    }
    *x = widen(*x);
    *y = widen(*y);
}

static ticks choose_ticks(range r, int about)
{
    const double raw = (r.hi - r.lo) / about;
    const double power = pow(10, floor(log10(raw)));
    const double lead = raw / power;
    ticks t;
    t.step = (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
    t.first = ceil(r.lo / t.step - 1e-9) * t.step;
    t.count = 1 + (int)floor((r.hi - t.first) / t.step + 1e-9);
    const double digits = -floor(log10(t.step) + 1e-9);
    t.decimals = digits > 0 ? (int)digits : 0;
    return t;
}

static double tick_at(const ticks *t, int i)
{
    const double x = t->first + i * t->step;
    return fabs(x) < 1e-9 * t->step ? 0 : x;
}

static double fraction(range r, double x)
{
    return (x - r.lo) / (r.hi - r.lo);
}

/* ---- terminal ------------------------------------------------------------------------------- */

enum { ROWS = 16, MARGIN = 10 };

/* Dots of the line, (rows dy, columns dx) of them; marks of the points, one per character. */
typedef struct canvas {
    int columns, dx, dy;
    bool *dot;
    bool *mark;
} canvas;

static void draw_segment(canvas *k, int x0, int y0, int x1, int y1)
{
    const int width = k->columns * k->dx;
    const int n = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0);
    for (int i = 0; i <= n; i++) {
        const double at = n ? (double)i / n : 0;
        const int x = x0 + (int)lround(at * (x1 - x0)), y = y0 + (int)lround(at * (y1 - y0));
        k->dot[y * width + x] = true;
    }
}

static void draw_curves(canvas *k, const plot *p, range x, range y)
{
    const int width = k->columns * k->dx, height = ROWS * k->dy;
    bool begun = false;
    int before_x = 0, before_y = 0;
    for (size_t i = 0; i < p->curve[0].count; i++) {
        const plot_point q = p->curve[0].points[i];
        if (!isfinite(q.y))
            continue;
        const int at_x = (int)lround(fraction(x, q.x) * (width - 1));
        const int at_y = (int)lround((1 - fraction(y, q.y)) * (height - 1));
        draw_segment(k, begun ? before_x : at_x, begun ? before_y : at_y, at_x, at_y);
        before_x = at_x;
        before_y = at_y;
        begun = true;
    }
    for (size_t i = 0; i < p->curve[1].count; i++) {
        const plot_point q = p->curve[1].points[i];
        if (!isfinite(q.y))
            continue;
        const int column = (int)lround(fraction(x, q.x) * (width - 1)) / k->dx;
        const int row = (int)lround((1 - fraction(y, q.y)) * (height - 1)) / k->dy;
        k->mark[row * k->columns + column] = true;
    }
}

static void put_cell(FILE *out, const canvas *k, int row, int column, bool utf8)
{
    static const unsigned char bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const int width = k->columns * k->dx;
    unsigned char dots = 0;
    for (int i = 0; i < k->dy; i++)
        for (int j = 0; j < k->dx; j++)
            if (k->dot[(row * k->dy + i) * width + column * k->dx + j])
                dots |= bit[i][j];
    if (k->mark[row * k->columns + column])
        fputs(utf8 ? "\xe2\x97\x8f" : "o", out);
    else if (!dots)
        fputc(' ', out);
    else if (utf8) /* U+2800 and the dots */
        fprintf(out, "\xe2%c%c", (char)(0xA0 | (dots >> 6)), (char)(0x80 | (dots & 0x3F)));
    else
        fputc('.', out);
}

/* The tick that belongs to a row of characters, as its label; blanks where there is none. */
static void put_y_label(FILE *out, const ticks *t, range y, int row)
{
    for (int i = 0; i < t->count; i++) {
        const double at = tick_at(t, i);
        if ((int)lround((1 - fraction(y, at)) * (ROWS - 1)) == row) {
            fprintf(out, "%*.*f ", MARGIN - 2, t->decimals, at);
            return;
        }
    }
    fprintf(out, "%*s", MARGIN - 1, "");
}

static void put_x_axis(FILE *out, const canvas *k, const plot *p, range x, bool utf8)
{
    const ticks t = choose_ticks(x, k->columns / 12 > 1 ? k->columns / 12 : 1);
    fprintf(out, "%*s%s", MARGIN - 1, "", utf8 ? "\xe2\x94\x94" : "+");
    for (int i = 0; i < k->columns; i++)
        fputs(utf8 ? "\xe2\x94\x80" : "-", out);
    fprintf(out, "\n%*s", MARGIN, "");
    int at = 0;
    for (int i = 0; i < t.count; i++) {
        char label[32];
        const int n = snprintf(label, sizeof label, "%.*f", t.decimals, tick_at(&t, i));
        int begin = (int)lround(fraction(x, tick_at(&t, i)) * (k->columns - 1)) - n / 2;
        begin = begin < 0 ? 0 : begin + n > k->columns ? k->columns - n : begin;
        if (i > 0 && begin <= at)
            continue;
        fprintf(out, "%*s%s", begin - at, "", label);
        at = begin + n;
    }
    fprintf(out, "  %s\n", p->x_name);
}

bool plot_terminal(FILE *out, const plot *p, int columns, bool utf8)
{
    const int inner = columns - MARGIN - 1 - (int)strlen(p->x_name) - 2;
    canvas k = {.columns = inner < 20 ? 20 : inner > 120 ? 120 : inner};
    k.dx = utf8 ? 2 : 1;
    k.dy = utf8 ? 4 : 1;
    k.dot = calloc((size_t)(k.columns * k.dx) * (size_t)(ROWS * k.dy), sizeof *k.dot);
    k.mark = calloc((size_t)k.columns * ROWS, sizeof *k.mark);
    const bool ok = k.dot && k.mark;
    if (ok) {
        range x, y;
        ranges(p, &x, &y);
        const ticks t = choose_ticks(y, 5);
        draw_curves(&k, p, x, y);
        fprintf(out, "%s\n%s    %s %s    %s %s\n", p->title, p->y_name,
                utf8 ? "\xe2\xa0\xa4\xe2\xa0\xa4" : "..", p->curve[0].name,
                utf8 ? "\xe2\x97\x8f" : "o", p->curve[1].name);
        for (int row = 0; row < ROWS; row++) {
            put_y_label(out, &t, y, row);
            fputs(utf8 ? "\xe2\x94\x82" : "|", out);
            for (int column = 0; column < k.columns; column++)
                put_cell(out, &k, row, column, utf8);
            fputc('\n', out);
        }
        put_x_axis(out, &k, p, x, utf8);
    }
    free(k.dot);
    free(k.mark);
    return ok;
}

/* ---- SVG ------------------------------------------------------------------------------------ */

enum { WIDTH = 800, HEIGHT = 480, LEFT = 80, RIGHT = 24, TOP = 56, BOTTOM = 64 };

static double svg_x(range x, double at)
{
    return LEFT + fraction(x, at) * (WIDTH - LEFT - RIGHT);
}

static double svg_y(range y, double at)
{
    return TOP + (1 - fraction(y, at)) * (HEIGHT - TOP - BOTTOM);
}

static void put_xml(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        default:
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
        }
    }
}

static void put_svg_axes(FILE *out, const plot *p, range x, range y)
{
    const ticks tx = choose_ticks(x, 8), ty = choose_ticks(y, 7);
    fputs("<g stroke=\"#ddd\">\n", out);
    for (int i = 0; i < tx.count; i++)
        fprintf(out, "<path d=\"M%.1f %dV%d\"/>\n", svg_x(x, tick_at(&tx, i)), TOP,
                HEIGHT - BOTTOM);
    for (int i = 0; i < ty.count; i++)
        fprintf(out, "<path d=\"M%d %.1fH%d\"/>\n", LEFT, svg_y(y, tick_at(&ty, i)), WIDTH - RIGHT);
    fprintf(out, "</g>\n<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#333\"/>\n", LEFT, TOP,
            HEIGHT - BOTTOM, WIDTH - RIGHT);
    fputs("<g text-anchor=\"middle\">\n", out);
    for (int i = 0; i < tx.count; i++)
        fprintf(out, "<text x=\"%.1f\" y=\"%d\">%.*f</text>\n", svg_x(x, tick_at(&tx, i)),
                HEIGHT - BOTTOM + 20, tx.decimals, tick_at(&tx, i));
    fprintf(out, "<text x=\"%d\" y=\"%d\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18);
    put_xml(out, p->x_name);
    fprintf(out, "</text>\n<text transform=\"translate(20 %d) rotate(-90)\">",
            (TOP + HEIGHT - BOTTOM) / 2);
    put_xml(out, p->y_name);
    fputs("</text>\n</g>\n<g text-anchor=\"end\">\n", out);
    for (int i = 0; i < ty.count; i++)
        fprintf(out, "<text x=\"%d\" y=\"%.1f\">%.*f</text>\n", LEFT - 8,
                svg_y(y, tick_at(&ty, i)) + 4, ty.decimals, tick_at(&ty, i));
    fputs("</g>\n", out);
}

static void put_svg_curve(FILE *out, const plot_curve *c, const char *colour, bool points, range x,
                          range y)
{
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (size_t i = 0; i < c->count; i++)
        if (isfinite(c->points[i].y))
            fprintf(out, "%.2f,%.2f ", svg_x(x, c->points[i].x), svg_y(y, c->points[i].y));
    fputs("\"/>\n", out);
    for (size_t i = 0; points && i < c->count; i++)
        if (isfinite(c->points[i].y))
            fprintf(out, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"3\" fill=\"%s\"/>\n",
                    svg_x(x, c->points[i].x), svg_y(y, c->points[i].y), colour);
}

void plot_svg(FILE *out, const plot *p)
{
    static const char *const colour[2] = {"#1f77b4", "#d62728"};
    range x, y;
    ranges(p, &x, &y);
    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
        " font-family=\"sans-serif\" font-size=\"13\">\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n"
        "<text x=\"%d\" y=\"28\" font-size=\"16\">",
        WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
    put_xml(out, p->title);
    fputs("</text>\n", out);
    put_svg_axes(out, p, x, y);
    for (int c = 0; c < 2; c++)
        put_svg_curve(out, &p->curve[c], colour[c], c == 1, x, y);
    for (int c = 0; c < 2; c++) {
        const int at = TOP + 16 + 20 * c, from = WIDTH - RIGHT - 120;
        fprintf(
            out,
            "<path d=\"M%d %dh24\" stroke=\"%s\" stroke-width=\"2\"/>\n<text x=\"%d\" y=\"%d\">",
            from, at, colour[c], from + 32, at + 4);
        put_xml(out, p->curve[c].name);
        fputs("</text>\n", out);
    }
    fputs("</svg>\n", out);
}
