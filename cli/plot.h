/* plot.h -- curves over one axis, on a terminal or as a picture. */
#ifndef RECUR_CLI_PLOT_H
#define RECUR_CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct plot_point {
    double x, y;       /* y NaN: no point here */
    const char *label; /* beside it, in a picture; or NULL */
    bool doubtful;     /* a mark that is empty inside */
} plot_point;

typedef struct plot_curve {
    const char *name;
    const plot_point *points; /* x rises */
    size_t count;
    bool marked; /* a mark for every point of a picture; of the first curve: ticks as well */
} plot_curve;

enum { PLOT_CURVES = 6 };

typedef struct plot {
    const char *title;
    const char *note; /* how to read it, in a picture; or NULL */
    const char *x_name;
    const char *y_name;
    bool x_log,
        y_log;   /* equal factors are equally far apart; every value is positive. Ticks of such
                          an x axis are the points of the first curve */
    bool y_zero; /* the y axis begins at zero */
    plot_curve curve[PLOT_CURVES];
    int curves;
    bool letters; /* on a terminal every curve is a line with its letter here and there; else the
                     first is a line and the second are points */
} plot;

/* Whether there is anything to draw. */
bool plot_has_points(const plot *p);
/* Draw the curves with characters, `columns` wide; `utf8` allows braille and boxes. False: out of
 * memory. */
bool plot_terminal(FILE *out, const plot *p, int columns, bool utf8);
/* Write an SVG picture of 800 by 480. */
void plot_svg(FILE *out, const plot *p);
/* The same to a file, or to stdout for "-". False: errno says why. */
bool plot_save(const plot *p, const char *path);

#endif
