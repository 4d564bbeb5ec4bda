/* plot.h -- two curves over one axis, on a terminal or as a picture. */
#ifndef RECUR_CLI_PLOT_H
#define RECUR_CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct plot_point {
    double x, y; /* y NaN: no point here */
} plot_point;

typedef struct plot_curve {
    const char *name;
    const plot_point *points; /* x rises */
    size_t count;
} plot_curve;

/* The first curve is drawn as a line, the second as points (joined in the picture). */
typedef struct plot {
    const char *title;
    const char *x_name;
    const char *y_name;
    plot_curve curve[2];
} plot;

/* Whether there is anything to draw. */
bool plot_has_points(const plot *p);
/* Draw with characters, `columns` wide; `utf8` allows braille and boxes. False: out of memory. */
bool plot_terminal(FILE *out, const plot *p, int columns, bool utf8);
/* Write an SVG picture of 800 by 480. */
void plot_svg(FILE *out, const plot *p);

#endif
