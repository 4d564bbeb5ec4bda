/* plot.c -- curves: dots on a terminal, SVG on paper.
 *
 * Both share the choice of ranges and round ticks. On a terminal every character holds 2 x 4
 * braille dots; where only ASCII can be shown it holds one. Relies on page.c for what
 * is text in a picture.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "axis.h"
#include "cmd.h"
#include "page.h"
#include "plot.h"

/* ---- axes ----------------------------------------------------------------------------------- */

bool plot_has_points(const plot *p)
{
    for (int c = 0; c < p->curves; c++)
        for (size_t i = 0; i < p->curve[c].count; i++)
            if (isfinite(p->curve[c].points[i].y))
                return true;
    return false;
}

static void choose_axes(const plot *p, axis *x, axis *y)
{
    *x = (axis){(double)INFINITY, -(double)INFINITY, p->x_log};
    *y = (axis){(double)INFINITY, -(double)INFINITY, p->y_log};
    for (int c = 0; c < p->curves; c++) {
        for (size_t i = 0; i < p->curve[c].count; i++) {
            const plot_point q = p->curve[c].points[i];
            if (!isfinite(q.y))
                continue;
            *x = (axis){fmin(x->lo, q.x), fmax(x->hi, q.x), p->x_log};
            *y = (axis){fmin(y->lo, q.y), fmax(y->hi, q.y), p->y_log};
        }
    }
    if (p->y_log)
        *y = (axis){axis_round(y->lo, false), axis_round(y->hi, true), true};
    else if (p->y_zero)
        *y = (axis){0, 1.1 * y->hi, false};
    *x = axis_widen(*x);
    *y = axis_widen(*y);
    if (p->curve[0].marked)
        *x = axis_make_room(*x);
}

static ticks ticks_at_points(const plot_curve *c)
{
    ticks t = {0};

    for (size_t i = 0; i < c->count && t.count < TICKS; i++) {
        t.at[t.count++] = c->points[i].x;
        if (c->points[i].x != floor(c->points[i].x))
            t.decimals = 2;
    }
    return t;
}

/* ---- terminal ------------------------------------------------------------------------------- */

enum { ROWS = 16, MARGIN = 10 };

/* Dots of the lines, (rows dy, columns dx) of them; marks, one per character. */
typedef struct canvas {
    int columns, dx, dy;
    bool *dot;
    char *mark; /* 0: none; POINT; or the letter of a curve */
} canvas;

enum { POINT = 1, APART = 16 /* columns between two letters of a curve */ };

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

static void draw_line(canvas *k, const plot_curve *c, axis x, axis y)
{
    const int width = k->columns * k->dx, height = ROWS * k->dy;
    bool begun = false;
    int before_x = 0, before_y = 0;
    for (size_t i = 0; i < c->count; i++) {
        const plot_point q = c->points[i];
        if (!isfinite(q.y))
            continue;
        const int at_x = (int)lround(axis_fraction(x, q.x) * (width - 1));
        const int at_y = (int)lround((1 - axis_fraction(y, q.y)) * (height - 1));
        draw_segment(k, begun ? before_x : at_x, begun ? before_y : at_y, at_x, at_y);
        before_x = at_x;
        before_y = at_y;
        begun = true;
    }
}

/* Marks at points that are `apart` columns from the one before, and in any case at the last. */
static void draw_marks(canvas *k, const plot_curve *c, char mark, int apart, axis x, axis y)
{
    const int width = k->columns * k->dx, height = ROWS * k->dy;
    int before = -apart;
    char *last = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const plot_point q = c->points[i];
        if (!isfinite(q.y))
            continue;
        const int column = (int)lround(axis_fraction(x, q.x) * (width - 1)) / k->dx;
        const int row = (int)lround((1 - axis_fraction(y, q.y)) * (height - 1)) / k->dy;
        last = &k->mark[row * k->columns + column];
        if (column - before < apart)
            continue;
        *last = mark;
        before = column;
    }
    if (last)
        *last = mark;
}

static void draw_curves(canvas *k, const plot *p, axis x, axis y)
{
    for (int c = 0; c < p->curves && (p->letters || c == 0); c++)
        draw_line(k, &p->curve[c], x, y);
    for (int c = 0; c < p->curves && p->letters; c++)
        draw_marks(k, &p->curve[c], (char)('a' + c), APART, x, y);
    if (!p->letters)
        draw_marks(k, &p->curve[1], POINT, 0, x, y);
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
    const char mark = k->mark[row * k->columns + column];
    if (mark == POINT)
        fputs(utf8 ? "\xe2\x97\x8f" : "o", out);
    else if (mark)
        fputc(mark, out);
    else if (!dots)
        fputc(' ', out);
    else if (utf8) /* U+2800 and the dots */
        fprintf(out, "\xe2%c%c", (char)(0xA0 | (dots >> 6)), (char)(0x80 | (dots & 0x3F)));
    else
        fputc('.', out);
}

/* The tick that belongs to a row of characters, as its label; blanks where there is none. */
static void put_y_label(FILE *out, const ticks *t, axis y, int row)
{
    for (int i = 0; i < t->count; i++) {
        if ((int)lround((1 - axis_fraction(y, t->at[i])) * (ROWS - 1)) == row) {
            char text[TICK_ROOM];
            axis_tick_text(text, t->at[i], t->decimals);
            fprintf(out, "%*s ", MARGIN - 2, text);
            return;
        }
    }
    fprintf(out, "%*s", MARGIN - 1, "");
}

static void put_x_axis(FILE *out, const canvas *k, const plot *p, axis x, bool utf8)
{
    const ticks t = axis_ticks(x, k->columns / 12 > 1 ? k->columns / 12 : 1);
    fprintf(out, "%*s%s", MARGIN - 1, "", utf8 ? "\xe2\x94\x94" : "+");
    for (int i = 0; i < k->columns; i++)
        fputs(utf8 ? "\xe2\x94\x80" : "-", out);
    fprintf(out, "\n%*s", MARGIN, "");
    int at = 0;
    for (int i = 0; i < t.count; i++) {
        char label[32];
        const int n = snprintf(label, sizeof label, "%.*f", t.decimals, t.at[i]);
        int begin = (int)lround(axis_fraction(x, t.at[i]) * (k->columns - 1)) - n / 2;
        begin = begin < 0 ? 0 : begin + n > k->columns ? k->columns - n : begin;
        if (i > 0 && begin <= at)
            continue;
        fprintf(out, "%*s%s", begin - at, "", label);
        at = begin + n;
    }
    fprintf(out, "  %s\n", p->x_name);
}

static void put_names(FILE *out, const plot *p, bool utf8)
{
    fprintf(out, "%s\n%s", p->title, p->y_name);
    if (!p->letters)
        fprintf(out, "    %s %s", utf8 ? "\xe2\xa0\xa4\xe2\xa0\xa4" : "..", p->curve[0].name);
    if (!p->letters && p->curves > 1)
        fprintf(out, "    %s %s", utf8 ? "\xe2\x97\x8f" : "o", p->curve[1].name);
    for (int c = 0; c < p->curves && p->letters; c++)
        fprintf(out, "    %c %s", 'a' + c, p->curve[c].name);
    fputc('\n', out);
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
        axis x, y;
        choose_axes(p, &x, &y);
        const ticks t = y.log ? axis_log_ticks(y) : axis_ticks(y, 5);
        draw_curves(&k, p, x, y);
        put_names(out, p, utf8);
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

enum { WIDTH = 800, HEIGHT = 480, LEFT = 88, RIGHT = 32, TOP = 72, BOTTOM = 64 };

static double svg_x(axis x, double at)
{
    return LEFT + axis_fraction(x, at) * (WIDTH - LEFT - RIGHT);
}

static double svg_y(axis y, double at)
{
    return TOP + (1 - axis_fraction(y, at)) * (HEIGHT - TOP - BOTTOM);
}

static void put_svg_axes(FILE *out, const plot *p, axis x, axis y)
{
    const ticks tx = p->curve[0].marked ? ticks_at_points(&p->curve[0]) : axis_ticks(x, 8);
    const ticks ty = y.log ? axis_log_ticks(y) : axis_ticks(y, 7);
    fputs("<g stroke=\"#ddd\">\n", out);
    for (int i = 0; i < tx.count; i++)
        fprintf(out, "<path d=\"M%.1f %dV%d\"/>\n", svg_x(x, tx.at[i]), TOP, HEIGHT - BOTTOM);
    for (int i = 0; i < ty.count; i++)
        fprintf(out, "<path d=\"M%d %.1fH%d\"/>\n", LEFT, svg_y(y, ty.at[i]), WIDTH - RIGHT);
    fprintf(out, "</g>\n<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#333\"/>\n", LEFT, TOP,
            HEIGHT - BOTTOM, WIDTH - RIGHT);
    fputs("<g text-anchor=\"middle\">\n", out);
    for (int i = 0; i < tx.count; i++) {
        fprintf(out, "<text x=\"%.1f\" y=\"%d\">", svg_x(x, tx.at[i]), HEIGHT - BOTTOM + 20);
        svg_tick(out, tx.at[i], tx.decimals);
        fputs("</text>\n", out);
    }
    fprintf(out, "<text x=\"%d\" y=\"%d\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18);
    page_word(out, p->x_name);
    fprintf(out, "</text>\n<text transform=\"translate(18 %d) rotate(-90)\">",
            (TOP + HEIGHT - BOTTOM) / 2);
    page_word(out, p->y_name);
    fputs("</text>\n</g>\n<g text-anchor=\"end\">\n", out);
    for (int i = 0; i < ty.count; i++) {
        fprintf(out, "<text x=\"%d\" y=\"%.1f\">", LEFT - 8, svg_y(y, ty.at[i]) + 4);
        svg_tick(out, ty.at[i], ty.decimals);
        fputs("</text>\n", out);
    }
    fputs("</g>\n", out);
}

/* The mark of a point, and its label above or below. */
static void put_svg_mark(FILE *out, const plot_point *q, const char *colour, bool above, axis x,
                         axis y)
{
    const double at_x = svg_x(x, q->x), at_y = svg_y(y, q->y);

    fprintf(out, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"3.5\" fill=\"%s\" stroke=\"%s\"/>\n", at_x,
            at_y, q->doubtful ? "white" : colour, colour);
    if (!q->label)
        return;
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"11\" fill=\"%s\">",
            at_x, above ? at_y - 9 : at_y + 18, colour);
    page_word(out, q->label);
    fputs("</text>\n", out);
}

/* Whether a point is the highest of all curves there: its label goes above it, others below. */
static bool is_highest(const plot *p, int c, size_t i)
{
    for (int k = 0; k < p->curves; k++)
        if (i < p->curve[k].count && p->curve[k].points[i].y > p->curve[c].points[i].y)
            return false;
    return true;
}

static void put_svg_curve(FILE *out, const plot *p, int c, const char *colour, axis x, axis y)
{
    const plot_curve *curve = &p->curve[c];
    size_t points = 0;

    for (size_t i = 0; i < curve->count; i++)
        points += isfinite(curve->points[i].y) != 0;
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (size_t i = 0; i < curve->count; i++)
        if (isfinite(curve->points[i].y))
            fprintf(out, "%.2f,%.2f ", svg_x(x, curve->points[i].x), svg_y(y, curve->points[i].y));
    fputs("\"/>\n", out);
    const bool marked = curve->marked || points == 1; /* a line of one point is not seen */
    for (size_t i = 0; marked && i < curve->count; i++)
        if (isfinite(curve->points[i].y))
            put_svg_mark(out, &curve->points[i], colour, is_highest(p, c, i), x, y);
}

enum { NAME_GAP = 54, NAME_LETTER = 8, SLOTS = 3 };

/* Under the title: what each curve is, in one line or, where that is too long, in lines of three,
 * names cut where they must; then how to read the picture. */
static void put_svg_legend(FILE *out, const plot *p, const char *const colour[])
{
    const int slot = (WIDTH - LEFT - RIGHT) / SLOTS;
    int all = 0, from = LEFT, y = 50;

    for (int c = 0; c < p->curves; c++)
        all += NAME_GAP + NAME_LETTER * (int)strlen(p->curve[c].name);
    const bool wraps = LEFT + all - NAME_GAP / 2 > WIDTH - RIGHT;
    for (int c = 0; c < p->curves; c++) {
        char name[(WIDTH - LEFT - RIGHT) / SLOTS / NAME_LETTER] = "";
        if (wraps) {
            const size_t n = strlen(p->curve[c].name), room = (size_t)(slot - 34) / NAME_LETTER;
            const char *end = p->curve[c].name + (n > room ? n - room : 0);
            while ((*end & 0xC0) == 0x80) /* within a character */
                end++;
            snprintf(name, sizeof name, "%s", end);
            from = LEFT + c % SLOTS * slot;
            y = 44 + c / SLOTS * 18;
        }
        fprintf(out,
                "<path d=\"M%d %dh24\" stroke=\"%s\" stroke-width=\"2\"/>\n<text x=\"%d\" "
                "y=\"%d\">",
                from, y, colour[c], from + 30, y + 4);
        page_word(out, wraps ? name : p->curve[c].name);
        fputs("</text>\n", out);
        from += NAME_GAP + NAME_LETTER * (int)strlen(p->curve[c].name);
    }
    if (p->note) {
        fprintf(out, "<text x=\"%d\" y=\"54\" text-anchor=\"end\" font-size=\"11\" fill=\"#666\">",
                WIDTH - RIGHT);
        page_word(out, p->note);
        fputs("</text>\n", out);
    }
}

void plot_svg(FILE *out, const plot *p)
{
    static const char *const colour[PLOT_CURVES] = {"#1f77b4", "#d62728", "#2ca02c",
                                                    "#9467bd", "#8c564b", "#e377c2"};
    axis x, y;
    choose_axes(p, &x, &y);
    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
        " font-family=\"sans-serif\" font-size=\"13\">\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n"
        "<text x=\"%d\" y=\"28\" font-size=\"16\">",
        WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
    page_word(out, p->title);
    fputs("</text>\n", out);
    put_svg_legend(out, p, colour);
    put_svg_axes(out, p, x, y);
    for (int c = 0; c < p->curves; c++)
        put_svg_curve(out, p, c, colour[c], x, y);
    fputs("</svg>\n", out);
}

static void put_svg(FILE *out, const void *ctx)
{
    plot_svg(out, ctx);
}

bool plot_save(const plot *p, const char *path)
{
    return whole_save(path, put_svg, p);
}
