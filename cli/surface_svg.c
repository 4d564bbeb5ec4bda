/* surface_svg.c -- the error surface as a picture of two panels: seen from a corner, with its
 * height, and from above, with axes. The ways are cut where they leave the grid.
 */
#include <math.h>
#include "axis.h"
#include "surface.h"

enum { WIDTH = 1120, HEIGHT = 560, TOP = 90 };
enum { MAP_LEFT = 640, MAP_SIZE = 380, MAP_BOTTOM = TOP + MAP_SIZE };

typedef struct place {
    double x, y;
} place;

/* From 0 to 1 over the range of the grid; height over the largest error there. */
typedef struct unit {
    double w, b, z;
} unit;

static double largest(const surface *s)
{
    double most = 1e-9;

    for (int k = 0; k < s->plan.grid * s->plan.grid; k++)
        most = fmax(most, s->at[k].error);
    return most;
}

static unit unit_of(const surface *s, const surface_point *p, double most)
{
    const surface_plan *q = &s->plan;

    return (unit){(p->w - q->w[0]) / (q->w[1] - q->w[0]), (p->b - q->b[0]) / (q->b[1] - q->b[0]),
                  p->error / most};
}

/* From the corner of large w and large b: the cliff faces us. */
static place from_corner(unit u)
{
    const double turn = 0.62, x = u.w - 0.5, y = u.b - 0.5;
    const double across = x * cos(turn) - y * sin(turn), near = x * sin(turn) + y * cos(turn);

    return (place){290 + 390 * across, 400 + 165 * near - 180 * u.z};
}

static place from_above(unit u)
{
    return (place){MAP_LEFT + MAP_SIZE * u.w, MAP_BOTTOM - MAP_SIZE * u.b};
}

/* ---- colours -------------------------------------------------------------------------------- */

enum { SHADES = 32 };

/* Dark blue to yellow (the map viridis, in six stops); `light` 0 to 1. */
static void put_colour(FILE *out, double part, double light)
{
    static const double stop[][3] = {{68, 1, 84},    {65, 68, 135},  {42, 120, 142},
                                     {34, 168, 132}, {122, 209, 81}, {253, 231, 37}};
    const double at = fmin(fmax(part, 0), 1) * 5;
    const int i = at < 4 ? (int)at : 4;
    int c[3];

    for (int k = 0; k < 3; k++)
        c[k] = (int)lround(light * (stop[i][k] + (at - i) * (stop[i + 1][k] - stop[i][k])));
    fprintf(out, "#%02x%02x%02x", (unsigned)c[0], (unsigned)c[1], (unsigned)c[2]);
}

static int shade_of(double part)
{
    return (int)lround(fmin(fmax(part, 0), 1) * (SHADES - 1));
}

/* ---- the surface ---------------------------------------------------------------------------- */

/* Quads from far to near, so that what is in front covers what is behind. */
static void put_corner(FILE *out, const surface *s, double most)
{
    const int n = s->plan.grid;

    for (int i = 0; i + 1 < n; i++)
        for (int j = 0; j + 1 < n; j++) {
            const int at[] = {i * n + j, i * n + j + 1, (i + 1) * n + j + 1, (i + 1) * n + j};
            double low = 1, high = 0, sum = 0;
            place p[4];
            for (int k = 0; k < 4; k++) {
                const unit u = unit_of(s, &s->at[at[k]], most);
                p[k] = from_corner(u);
                low = fmin(low, u.z);
                high = fmax(high, u.z);
                sum += u.z / 4;
            }
            fputs("<path d=\"M", out);
            for (int k = 0; k < 4; k++)
                fprintf(out, "%s%.1f %.1f", k ? "L" : "", p[k].x, p[k].y);
            fputs("z\" fill=\"", out);
            put_colour(out, sum, 1 - 0.45 * fmin(1, 3 * (high - low)));
            fputs("\"/>\n", out);
        }
}

/* A rectangle for every run of one shade in a row. */
static void put_map(FILE *out, const surface *s, double most)
{
    const int n = s->plan.grid;
    const double size = MAP_SIZE / (double)(n - 1);

    fputs("<g clip-path=\"url(#map)\">\n", out);
    for (int i = 0; i < n; i++)
        for (int j = 0, end; j < n; j = end) {
            const int shade = shade_of(s->at[i * n + j].error / most);
            for (end = j + 1; end < n && shade_of(s->at[i * n + end].error / most) == shade;)
                end++;
            const place p = from_above(unit_of(s, &s->at[i * n + j], most));
            fprintf(out, "<path d=\"M%.1f %.1fh%.1fv%.1fh%.1fz\" fill=\"", p.x - size / 2,
                    p.y - size / 2, size * (end - j) + 0.7, size + 0.7, -size * (end - j) - 0.7);
            put_colour(out, shade / (SHADES - 1.0), 1);
            fputs("\"/>\n", out);
        }
    fputs("</g>\n", out);
}

/* ---- the ways ------------------------------------------------------------------------------- */

/* Cut the segment a..b to the unit square. False: it is outside. */
static bool cut(unit *a, unit *b)
{
    const double from[] = {a->w, a->b}, to[] = {b->w, b->b}, lo[] = {0, 0}, hi[] = {1, 1};
    double part[2];

    if (!axis_cut(from, to, lo, hi, part))
        return false;
    const unit p = *a, q = *b;
    *a = (unit){p.w + part[0] * (q.w - p.w), p.b + part[0] * (q.b - p.b),
                p.z + part[0] * (q.z - p.z)};
    *b = (unit){p.w + part[1] * (q.w - p.w), p.b + part[1] * (q.b - p.b),
                p.z + part[1] * (q.z - p.z)};
    return true;
}

static void put_way(FILE *out, const surface *s, double most, int way, place (*at)(unit))
{
    static const char *const stroke[] = {"#ff3b30", "#ffffff"};
    const surface_point *p = s->way[way];

    for (int wide = 1; wide >= 0; wide--) { /* a dark edge below, the line above */
        fprintf(out,
                "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\""
                " d=\"",
                wide ? "#222" : stroke[way], wide ? "3" : "1.5");
        for (int i = 0; i < s->plan.updates; i++) {
            unit a = unit_of(s, &p[i], most), b = unit_of(s, &p[i + 1], most);
            if (!isfinite(b.w) || !isfinite(b.b) || !cut(&a, &b))
                continue;
            const place from = at(a), to = at(b);
            fprintf(out, "M%.1f %.1fL%.1f %.1f", from.x, from.y, to.x, to.y);
        }
        fputs("\"/>\n", out);
    }
    for (int i = 0; i <= s->plan.updates; i++) {
        const unit u = unit_of(s, &p[i], most);
        if (!(u.w >= 0 && u.w <= 1 && u.b >= 0 && u.b <= 1))
            continue;
        const place q = at(u);
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\" stroke=\"#222\"/>\n",
                q.x, q.y, i == 0 ? "5" : "1.8", stroke[way]);
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static void put_axes(FILE *out, const surface *s)
{
    const surface_plan *p = &s->plan;

    fprintf(out,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#333\"/>\n",
            MAP_LEFT, TOP, MAP_SIZE, MAP_SIZE);
    for (int k = 0; k <= 5; k++) {
        const double w = p->w[0] + (p->w[1] - p->w[0]) * k / 5;
        const double b = p->b[0] + (p->b[1] - p->b[0]) * k / 5;
        fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3g</text>\n",
                MAP_LEFT + MAP_SIZE * k / 5.0, MAP_BOTTOM + 20, w);
        fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n", MAP_LEFT - 8,
                MAP_BOTTOM - MAP_SIZE * k / 5.0 + 4, b);
    }
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">w</text>\n",
            MAP_LEFT + MAP_SIZE / 2, MAP_BOTTOM + 44);
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">b</text>\n", MAP_LEFT - 48,
            TOP + MAP_SIZE / 2);
}

/* Axes of the corner: the two near edges of the floor. */
static void put_corner_axes(FILE *out, const surface *s)
{
    const surface_plan *p = &s->plan;
    const place left = from_corner((unit){0, 1, 0}), front = from_corner((unit){1, 1, 0}),
                right = from_corner((unit){1, 0, 0});

    fprintf(out, "<path fill=\"none\" stroke=\"#333\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1f\"/>\n",
            left.x, left.y, front.x, front.y, right.x, right.y);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">w %.3g, b %.3g</text>\n",
            front.x, front.y + 20, p->w[1], p->b[1]);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">w %.3g</text>\n", left.x,
            left.y + 22, p->w[0]);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">b %.3g</text>\n", right.x,
            right.y + 22, p->b[0]);
}

static void put_scale(FILE *out, double most)
{
    const int x = MAP_LEFT + MAP_SIZE + 28, steps = 20;

    for (int k = 0; k < steps; k++) {
        fprintf(out, "<path d=\"M%d %.1fh16v%.1fh-16z\" fill=\"", x,
                TOP + MAP_SIZE * (steps - 1 - k) / (double)steps, MAP_SIZE / (double)steps + 0.5);
        put_colour(out, k / (steps - 1.0), 1);
        fputs("\"/>\n", out);
    }
    fprintf(out, "<text x=\"%d\" y=\"%d\">%.2g</text>\n", x + 22, TOP + 8, most);
    fprintf(out, "<text x=\"%d\" y=\"%d\">0</text>\n", x + 22, MAP_BOTTOM);
    fprintf(out, "<text x=\"%d\" y=\"%d\">error</text>\n", x - 8, TOP - 12);
}

static void put_head(FILE *out, const surface *s)
{
    const surface_plan *p = &s->plan;

    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
        " viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\">\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n"
        "<clipPath id=\"map\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>\n",
        WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, MAP_LEFT, TOP, MAP_SIZE, MAP_SIZE);
    fprintf(out,
            "<text x=\"24\" y=\"32\" font-size=\"16\">(sigmoid(h_%d) - %.3g)\xc2\xb2 of h_t = w"
            " sigmoid(h_t-1) + b, h_0 = %.3g</text>\n",
            p->steps, p->target, p->state);
    fprintf(out,
            "<path d=\"M24 54h26\" stroke=\"#222\" stroke-width=\"4\"/>"
            "<path d=\"M25 54h24\" stroke=\"#ff3b30\" stroke-width=\"2\"/>"
            "<text x=\"58\" y=\"58\">gradient descent, rate %.3g</text>\n"
            "<path d=\"M284 54h26\" stroke=\"#222\" stroke-width=\"4\"/>"
            "<path d=\"M285 54h24\" stroke=\"#fff\" stroke-width=\"2\"/>"
            "<text x=\"318\" y=\"58\">the same, norm clipped at %.3g</text>\n",
            p->rate, p->clip);
}

void surface_svg(FILE *out, const surface *s)
{
    const double most = largest(s);

    put_head(out, s);
    fputs("<g stroke=\"#000\" stroke-opacity=\"0.12\" stroke-width=\"0.5\">\n", out);
    put_corner(out, s, most);
    fputs("</g>\n", out);
    put_corner_axes(out, s);
    put_map(out, s, most);
    put_axes(out, s);
    put_scale(out, most);
    for (int k = 0; k < SURFACE_WAYS; k++) {
        put_way(out, s, most, k, from_corner);
        put_way(out, s, most, k, from_above);
    }
    fputs("</svg>\n", out);
}
