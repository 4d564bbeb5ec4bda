/* axis.c -- ranges, round numbers on them, and how these are written. Relies on the C library
 * alone.
 */
#include <math.h>
#include "axis.h"

double axis_fraction(axis a, double x)
{
    return a.log ? log(x / a.lo) / log(a.hi / a.lo) : (x - a.lo) / (a.hi - a.lo);
}

axis axis_widen(axis a)
{
    if (a.hi > a.lo)
        return a;
    if (a.log)
        return (axis){a.lo / 2, a.hi * 2, true};
    const double by = fabs(a.lo) > 0 ? 0.05 * fabs(a.lo) : 0.5;
    return (axis){a.lo - by, a.hi + by, false};
}

axis axis_make_room(axis a)
{
    const double by = 0.04;

    if (a.log)
        return (axis){a.lo * pow(a.lo / a.hi, by), a.hi * pow(a.hi / a.lo, by), true};
    return (axis){a.lo - by * (a.hi - a.lo), a.hi + by * (a.hi - a.lo), false};
}

double axis_round(double x, bool up)
{
    const double power = pow(10, floor(log10(x) + 1e-9));
    const double lead = x / power;

    if (up)
        return (lead <= 1 + 1e-9 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
    return (lead < 2 ? 1 : lead < 5 ? 2 : 5) * power;
}

ticks axis_ticks(axis a, int about)
{
    const double step = axis_round((a.hi - a.lo) / about, true);
    const double first = ceil(a.lo / step - 1e-9) * step;
    const int count = 1 + (int)floor((a.hi - first) / step + 1e-9);
    const double digits = -floor(log10(step) + 1e-9);
    ticks t = {.count = count < TICKS ? count : TICKS, .decimals = digits > 0 ? (int)digits : 0};

    for (int i = 0; i < t.count; i++) {
        const double x = first + i * step;
        t.at[i] = fabs(x) < 1e-9 * step ? 0 : x;
    }
    return t;
}

/* Powers of ten, some of them where there are many. */
static ticks choose_powers(axis a)
{
    const int first = (int)ceil(log10(a.lo) - 1e-9), last = (int)floor(log10(a.hi) + 1e-9);
    const int by = (last - first) / 8 + 1;
    ticks t = {.decimals = -1};

    for (int k = last; k >= first && t.count < TICKS; k -= by)
        t.at[t.count++] = pow(10, k);
    return t;
}

ticks axis_log_ticks(axis a)
{
    ticks t = {0};

    if (a.hi / a.lo > 1.001e4)
        return choose_powers(a);
    for (double x = axis_round(a.lo, true); x <= a.hi * (1 + 1e-9) && t.count < TICKS;
         x = axis_round(x * 1.5, true))
        t.at[t.count++] = x;
    if (t.at[0] < 1)
        t.decimals = (int)-floor(log10(t.at[0]) + 1e-9);
    return t;
}

bool axis_cut(const double from[2], const double to[2], const double lo[2], const double hi[2],
              double part[2])
{
    part[0] = 0;
    part[1] = 1;
    for (int k = 0; k < 2; k++) {
        const double way = to[k] - from[k];

        if (way == 0 && (from[k] < lo[k] || from[k] > hi[k]))
            return false;
        if (way == 0)
            continue;
        const double t0 = (lo[k] - from[k]) / way, t1 = (hi[k] - from[k]) / way;
        part[0] = fmax(part[0], fmin(t0, t1));
        part[1] = fmin(part[1], fmax(t0, t1));
    }
    return part[0] <= part[1];
}

/* ---- as text --------------------------------------------------------------------------------- */

int axis_tick_text(char out[TICK_ROOM], double at, int decimals)
{
    if (decimals < 0)
        return snprintf(out, TICK_ROOM, "1e%d", (int)lround(log10(at)));
    return snprintf(out, TICK_ROOM, "%.*f", decimals, at);
}

/* 12, 0.5; thousands apart: 10,000 */
void svg_tick(FILE *out, double at, int decimals)
{
    char digits[TICK_ROOM];
    const int n = axis_tick_text(digits, at, decimals);
    const int whole = decimals < 0 ? 0 : decimals ? n - decimals - 1 : n;

    for (int i = 0; i < n; i++) {
        fputc(digits[i], out);
        const int left = whole - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            fputc(',', out);
    }
}
