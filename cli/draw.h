/* draw.h -- what recur draw can draw: models, and small expressions. */
#ifndef RECUR_CLI_DRAW_H
#define RECUR_CLI_DRAW_H

#include "picture.h"

/* The network of a model; unroll 0: folded, else over so many time steps. */
void draw_model(picture *p, const rc_model *m, int unroll);

/* An expression, built as an rc_graph and drawn by walking it. */
typedef struct draw_example {
    const char *name;
    const char *help;
    rc_status (*build)(picture *p, rc_graph *g);
} draw_example;
/* Example i; NULL past the end. */
const draw_example *draw_example_at(size_t i);
rc_status draw_expression(picture *p, const draw_example *example);

#endif
