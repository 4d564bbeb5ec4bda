/* surface.h -- the error of a recurrent network of one unit over its two weights, and ways down.
 *
 *   h_t = w sigmoid(h_t-1) + b,  t = 1 .. T,  error (sigmoid(h_T) - target)^2
 *
 * Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
 * figure 6. Errors and gradients are those of the library's own graph.
 */
#ifndef RECUR_CLI_SURFACE_H
#define RECUR_CLI_SURFACE_H

#include <stdio.h>
#include "recur.h"

typedef struct surface_point {
    double w, b;
    double error;
    double dw, db; /* gradient of the error */
} surface_point;

typedef struct surface_plan {
    double w[2], b[2]; /* from, to */
    int grid;          /* points in each direction */
    int steps;         /* T */
    double state;      /* h_0 */
    double target;
    double start[2]; /* w and b where descent begins */
    double rate;
    double clip; /* largest norm of the gradient, of the second way */
    int updates; /* of each way */
} surface_plan;

enum { SURFACE_WAYS = 2 };

typedef struct surface {
    surface_plan plan;
    surface_point *at;                /* (grid, grid): row i has b i, column j w j */
    surface_point *way[SURFACE_WAYS]; /* (updates + 1): without and with clipping */
    surface_point *block;
} surface;

rc_status surface_new(surface *s, const surface_plan *plan);
void surface_free(surface *s);
double surface_norm(const surface_point *p); /* of the gradient */

/* The surface seen from above and from a corner, with both ways on it (surface_svg.c). */
void surface_svg(FILE *out, const surface *s);

#endif
