/* axis.h -- a range of numbers as a line on paper or on a terminal: where numbers lie on it, and
 * which round ones stand beside it.
 */
#ifndef RECUR_CLI_AXIS_H
#define RECUR_CLI_AXIS_H

#include <stdbool.h>
#include <stdio.h>

typedef struct axis {
    double lo, hi;
    bool log; /* equal factors are equally far apart */
} axis;

enum { TICKS = 32, TICK_ROOM = 64 };

/* Where an axis has its numbers: round ones, or those of points. */
typedef struct ticks {
    double at[TICKS];
    int count;
    int decimals; /* negative: powers of ten, as 1e-6 */
} ticks;

/* Where a number lies, 0 to 1. */
double axis_fraction(axis a, double x);
/* Of no length: some around it. */
axis axis_widen(axis a);
/* Room at both ends, so that marks and labels stay clear of the frame. */
axis axis_make_room(axis a);
/* The next of 1, 2, 5, 10, ... times a power of ten: at or above x, or (up false) at or below. */
double axis_round(double x, bool up);
/* About so many ticks; of a logarithmic axis. */
ticks axis_ticks(axis a, int about);
ticks axis_log_ticks(axis a);
int axis_tick_text(char out[TICK_ROOM], double at, int decimals);

/* Cut the way from one place to another to a box (Liang and Barsky 1984): what part of it, 0 to 1,
 * is inside. False: none. */
bool axis_cut(const double from[2], const double to[2], const double lo[2], const double hi[2],
              double part[2]);

/* 12, 0.5; thousands apart: 10,000: text of an SVG picture. */
void svg_tick(FILE *out, double at, int decimals);

#endif
