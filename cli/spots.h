/* spots.h -- where the names of points stand in a picture: beside their points, and where it can be
 * on no other name, point or line.
 */
#ifndef RECUR_CLI_SPOTS_H
#define RECUR_CLI_SPOTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct spot {
    double x, y;          /* the point */
    double width, height; /* of its name */
    double left, top;     /* receives: the corner of the name */
    int side;             /* receives: -1 left of the point, 1 right, 0 above or below */
    bool away;            /* receives: it stands off, and wants a line to its point */
} spot;

typedef struct spot_line {
    double x0, y0, x1, y1;
} spot_line;

typedef struct spots {
    double left, top, right, bottom; /* names stay within */
    double radius;                   /* of a point */
    spot *spot;
    size_t count;
    const spot_line *line;
    size_t lines;
} spots;

/* Give every name its place. The same places for the same picture. */
void spots_place(const spots *s);
/* Where the line from the point to its name ends: the nearest place of the name. */
void spots_reach(const spot *s, double *x, double *y);

#endif
