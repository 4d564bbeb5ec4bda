/* boxes.c -- box plots as SVG. Quartiles lie between values as by default in R and NumPy. Relies
 * on axis.h and page.h.
 */
#include "boxes.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "axis.h"
#include "cmd.h"
#include "page.h"

enum { WIDTH = 800, HEIGHT = 480, LEFT = 88, RIGHT = 32, TOP = 72, BOTTOM = 64 };

/* A sample in five numbers; whiskers end at the outer two. */
typedef struct five {
    double lowest, first, median, third, highest;
} five;

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double share)
{
    const double at = share * (double)(n - 1);
    const size_t i = (size_t)at, next = i + 1 < n ? i + 1 : i;

    return sorted[i] + (at - (double)i) * (sorted[next] - sorted[i]);
}

/* Needs a sorted sample of one value at least. */
static five summary(const double *x, size_t n)
{
    five f = {.first = quantile(x, n, 0.25),
              .median = quantile(x, n, 0.5),
              .third = quantile(x, n, 0.75)};
    const double reach = 1.5 * (f.third - f.first);
    size_t lo = 0, hi = n - 1;

    while (x[lo] < f.first - reach)
        lo++;
    while (x[hi] > f.third + reach)
        hi--;
    f.lowest = x[lo];
    f.highest = x[hi];
    return f;
}

/* ---- drawing -------------------------------------------------------------------------------- */

static double y_of(axis a, double y)
{
    return TOP + (1 - axis_fraction(a, y)) * (HEIGHT - TOP - BOTTOM);
}

static axis choose_axis(const boxes *b)
{
    axis a = {(double)INFINITY, -(double)INFINITY, false};

    for (size_t i = 0; i < b->count; i++)
        for (size_t k = 0; k < b->box[i].n; k++) {
            a.lo = fmin(a.lo, b->box[i].x[k]);
            a.hi = fmax(a.hi, b->box[i].x[k]);
        }
    if (a.lo > a.hi)
        return (axis){0, 1, false};
    a.log = a.lo > 0 && a.hi > 4 * a.lo;
    return axis_make_room(axis_widen(a));
}

static void put_axis(FILE *out, const boxes *b, axis a)
{
    const ticks t = a.log ? axis_log_ticks(a) : axis_ticks(a, 7);

    for (int i = 0; i < t.count; i++)
        fprintf(out, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>\n", LEFT, y_of(a, t.at[i]),
                WIDTH - RIGHT);
    fprintf(out, "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#333\"/>\n", LEFT, TOP,
            HEIGHT - BOTTOM, WIDTH - RIGHT);
    fputs("<g text-anchor=\"end\">\n", out);
    for (int i = 0; i < t.count; i++) {
        fprintf(out, "<text x=\"%d\" y=\"%.1f\">", LEFT - 8, y_of(a, t.at[i]) + 4);
        svg_tick(out, t.at[i], t.decimals);
        fputs("</text>\n", out);
    }
    fprintf(out, "</g>\n<text text-anchor=\"middle\" transform=\"translate(18 %d) rotate(-90)\">",
            (TOP + HEIGHT - BOTTOM) / 2);
    page_word(out, b->y_name);
    fputs("</text>\n", out);
}

static void put_name(FILE *out, const box *b, double at)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", at, HEIGHT - BOTTOM + 20);
    page_word(out, b->name);
    fputs("</text>\n", out);
    if (!b->under)
        return;
    fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"11\" fill=\"#666\">",
            at, HEIGHT - BOTTOM + 38);
    page_word(out, b->under);
    fputs("</text>\n", out);
}

/* `half` of its width. */
static void put_box(FILE *out, const box *b, const five *f, axis a, double at, double half)
{
    const char *colour = b->apart ? "#d62728" : "#1f77b4";
    const double top = y_of(a, f->third), bottom = y_of(a, f->first);

    fprintf(out,
            "<g stroke=\"%s\" fill=\"none\">\n<path d=\"M%.1f %.2fV%.2fM%.1f %.2fV%.2f"
            "M%.1f %.2fh%.1fM%.1f %.2fh%.1f\"/>\n"
            "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" fill=\"%s\""
            " fill-opacity=\"0.15\"/>\n<path d=\"M%.1f %.2fh%.1f\" stroke-width=\"2\"/>\n</g>\n",
            colour, at, top, y_of(a, f->highest), at, bottom, y_of(a, f->lowest), at - half / 2,
            y_of(a, f->highest), half, at - half / 2, y_of(a, f->lowest), half, at - half, top,
            2 * half, bottom - top, colour, at - half, y_of(a, f->median), 2 * half);
    for (size_t k = 0; k < b->n; k++)
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.2f\" r=\"2\" fill=\"%s\"/>\n", at,
                y_of(a, b->x[k]), colour);
}

static void put_picture(FILE *out, const boxes *b, const five *f, axis a)
{
    const double each = (double)(WIDTH - LEFT - RIGHT) / (double)(b->count > 0 ? b->count : 1);

    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0"
            " %d %d\" font-family=\"sans-serif\" font-size=\"13\">\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n"
            "<text x=\"%d\" y=\"28\" font-size=\"16\">",
            WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
    page_word(out, b->title);
    fprintf(out, "</text>\n<text x=\"%d\" y=\"50\" font-size=\"11\" fill=\"#666\">", LEFT);
    page_word(out, b->note);
    fputs("</text>\n", out);
    put_axis(out, b, a);
    if (b->count > 0 && b->box[0].n > 0)
        fprintf(out, "<path d=\"M%d %.2fH%d\" stroke=\"#999\" stroke-dasharray=\"5 4\"/>\n", LEFT,
                y_of(a, f[0].median), WIDTH - RIGHT);
    for (size_t i = 0; i < b->count; i++) {
        const double at = LEFT + ((double)i + 0.5) * each;
        put_name(out, &b->box[i], at);
        if (b->box[i].n > 0)
            put_box(out, &b->box[i], &f[i], a, at, each * 0.3);
    }
    fputs("</svg>\n", out);
}

/* ---- the file ------------------------------------------------------------------------------- */

typedef struct drawing {
    const boxes *of;
    const five *five;
} drawing;

static void put_svg(FILE *out, const void *ctx)
{
    const drawing *d = ctx;

    put_picture(out, d->of, d->five, choose_axis(d->of));
}

/* False: out of memory, as errno says. */
static bool summarise(const boxes *b, five *f)
{
    for (size_t i = 0; i < b->count; i++) {
        const size_t n = b->box[i].n;
        double *x = calloc(n + 1, sizeof *x);
        if (!x)
            return false;
        if (n > 0) {
            memcpy(x, b->box[i].x, n * sizeof *x);
            qsort(x, n, sizeof *x, by_size);
            f[i] = summary(x, n);
        }
        free(x);
    }
    return true;
}

bool boxes_save(const boxes *b, const char *path)
{
    five *f = calloc(b->count + 1, sizeof *f);
    const bool saved = f && summarise(b, f) && whole_save(path, put_svg, &(drawing){b, f});

    free(f);
    return saved;
}
