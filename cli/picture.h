/* picture.h -- drawings of graphs: boxes in ranks, arrows with words on them.
 *
 * A picture is filled with nodes and edges, laid out once, and written as SVG, DOT or JSON. Arrows
 * that flow go from a rank to a higher one, which is drawn above; arrows in time stay in a rank and
 * lead to a neighbouring column, or back to their own node. Words on an arrow have a place of their
 * own between the ranks, so that nothing lies on anything else.
 */
#ifndef RECUR_CLI_PICTURE_H
#define RECUR_CLI_PICTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "recur.h"

enum { PICTURE_TEXT = 512 };

typedef enum picture_look {
    PICTURE_VALUE, /* what comes in: a box */
    PICTURE_LAYER, /* weights and units: a filled box */
    PICTURE_OP,    /* an operation: round */
    PICTURE_RESULT,
    PICTURE_WORDS /* no frame */
} picture_look;

typedef struct picture_node {
    picture_look look;
    int rank, column;
    char text[PICTURE_TEXT];    /* lines */
    double x, y, width, height; /* laid out: the middle, and the size */
} picture_node;

typedef struct picture_edge {
    int from, to;
    bool in_time;
    char text[PICTURE_TEXT];
    int item; /* layout: the first of its places between ranks */
} picture_edge;

typedef struct picture {
    char title[PICTURE_TEXT];
    picture_node *node;
    int nodes;
    picture_edge *edge;
    int edges;
    struct picture_layout *layout;
    bool failed; /* memory has run out */
} picture;

/* Add a node; its place is returned (0 when memory has run out). rank -1: above all that it reads
 * from, told by the edges. */
RC_PRINTF(5, 6)
int picture_add(picture *p, picture_look look, int rank, int column, const char *fmt, ...);
RC_PRINTF(4, 5) void picture_flow(picture *p, int from, int to, const char *fmt, ...);
RC_PRINTF(4, 5) void picture_time(picture *p, int from, int to, const char *fmt, ...);
void picture_free(picture *p);

/* Ranks that were left open. */
void picture_rank(picture *p);
/* Give everything its place. False: memory has run out. */
bool picture_lay_out(picture *p);

void picture_svg(FILE *out, const picture *p); /* after it was laid out */
void picture_dot(FILE *out, const picture *p);
json_t *picture_json(const picture *p);

/* ---- layout, for those that write --------------------------------------------------------- */

/* A place in a rank: a node, words on an arrow, or a point where an arrow passes. Nodes are in even
 * rows, the others in between and beside them. */
typedef struct picture_item {
    int node; /* -1: of an arrow */
    int edge; /* -1: of a node */
    int row, column;
    double x;
    double left, right; /* room to both sides of x */
    double height;
    double order;
} picture_item;

typedef struct picture_layout {
    picture_item *item;
    int items;
    int *sorted;  /* (items): by rows, from left to right */
    int *begin;   /* (rows + 1) */
    double *top;  /* (rows) y of the upper edge */
    double *size; /* (rows) height */
    int rows;
    double width, height;
} picture_layout;

enum { PICTURE_FONT = 13, PICTURE_SMALL = 11, PICTURE_LOOP = 34 };

/* How wide text is drawn at most, and how many lines it has. */
double picture_width(const char *text, int font);
int picture_lines(const char *text);

#endif
