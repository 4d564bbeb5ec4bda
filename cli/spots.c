/* spots.c -- names of points are placed one after the other where they cover the least, then moved
 * again, each among all others, while that helps.
 *
 * A name may stand on any side of its point, close by or farther off. Relies on axis.h
 * for cutting lines.
 */
#include <math.h>
#include "axis.h"
#include "spots.h"

enum { SIDES = 12, RINGS = 4, ROUNDS = 8 };

/* How far the middle of a name is from its point, in halves of its size; the best liked first. */
static const double side[SIDES][2] = {{1, 0},    {0, -1},  {0, 1},     {-1, 0},
                                      {1, -1},   {1, 1},   {-1, -1},   {-1, 1},
                                      {0.5, -1}, {0.5, 1}, {-0.5, -1}, {-0.5, 1}};

static double overlap(double a0, double a1, double b0, double b1)
{
    return fmax(0, fmin(a1, b1) - fmax(a0, b0));
}

static double covered(const spot *a, double left, double top, double right, double bottom)
{
    return overlap(a->left, a->left + a->width, left, right) *
           overlap(a->top, a->top + a->height, top, bottom);
}

/* How much of a line is under a name. */
static double crossed(const spot *a, const spot_line *l)
{
    const double from[] = {l->x0, l->y0}, to[] = {l->x1, l->y1};
    const double lo[] = {a->left, a->top}, hi[] = {a->left + a->width, a->top + a->height};
    double part[2];

    if (!axis_cut(from, to, lo, hi, part))
        return 0;
    return (part[1] - part[0]) * hypot(l->x1 - l->x0, l->y1 - l->y0);
}

/* What a name covers, in pixels; of the names those that are placed, and not itself. */
static double cost(const spots *s, size_t i, size_t placed)
{
    const double touch = 25, name = 2, point = 3, line = 0.7, edge = 4;
    const spot *a = &s->spot[i];
    const double r = s->radius + 1;
    double sum = edge * (a->width * a->height - covered(a, s->left, s->top, s->right, s->bottom));

    for (size_t k = 0; k < s->count; k++) {
        const spot *b = &s->spot[k];

        if (k == i)
            continue;
        sum += point * covered(a, b->x - r, b->y - r, b->x + r, b->y + r);
        if (k >= placed || fabs(b->top - a->top) >= fmax(a->height, b->height))
            continue;
        const double both = covered(a, b->left, b->top, b->left + b->width, b->top + b->height);
        sum += both > 0 ? touch + name * both : 0;
    }
    for (size_t k = 0; k < s->lines; k++)
        sum += line * crossed(a, &s->line[k]);
    return sum;
}

static void put(const spots *s, spot *a, int ring, int k)
{
    const double gap = s->radius + 2.5 + 11 * ring;
    const bool beside = fabs(side[k][0]) == 1, corner = beside && side[k][1] != 0;
    const double out = ring == 0 && corner ? 0.4 * gap : corner ? 0.75 * gap : gap;
    const double above = ring == 0 && !corner ? 0.8 : 1; /* letters do not fill their height */

    a->left = a->x + side[k][0] * ((beside ? out : 0) + a->width / 2) - a->width / 2;
    a->top = a->y + side[k][1] * (out * above + a->height / 2) - a->height / 2;
    a->side = (int)side[k][0];
    a->away = ring > 0;
}

/* Move name i to where it costs least. */
static bool improve(const spots *s, size_t i, size_t placed)
{
    spot *a = &s->spot[i];
    const spot before = *a;
    spot best = before;
    double least = (double)INFINITY;

    for (int ring = 0; ring < RINGS; ring++)
        for (int k = 0; k < SIDES; k++) {
            const double liked = 0.5 * k + (ring ? 10 + 10 * ring : 0);

            if (liked >= least)
                continue;
            put(s, a, ring, k);
            const double c = liked + cost(s, i, placed);
            if (c < least) {
                least = c;
                best = *a;
            }
        }
    *a = best;
    return best.left != before.left || best.top != before.top;
}

void spots_place(const spots *s)
{
    bool moved = true;

    for (size_t i = 0; i < s->count; i++)
        (void)improve(s, i, i);
    for (int round = 0; moved && round < ROUNDS; round++) {
        moved = false;
        for (size_t i = 0; i < s->count; i++)
            moved |= improve(s, i, s->count);
    }
}

void spots_reach(const spot *s, double *x, double *y)
{
    *x = fmin(fmax(s->x, s->left), s->left + s->width);
    *y = fmin(fmax(s->y, s->top + 2), s->top + s->height - 2);
}
