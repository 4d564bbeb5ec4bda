/* draw_in.h -- a model on its way into a picture: what the files that draw it share. */
#ifndef RECUR_CLI_DRAW_IN_H
#define RECUR_CLI_DRAW_IN_H

#include "cmd.h"
#include "draw.h"

enum { MOST_LAYERS = 64, MOST_STEPS = 16 };

typedef struct drawing {
    picture *p;
    const rc_model *m;
    const rc_config *c;
    int steps; /* columns */
    bool unrolled, both, residual, graves;
    int layers, window;
    int source[MOST_STEPS]; /* what the next layer reads, of each step */
    int64_t width;          /* how many numbers that is */
    int layer[MOST_STEPS][2];
    int outs[MOST_STEPS][MOST_LAYERS];
    int input[MOST_STEPS]; /* what the first layer reads */
    int64_t sum;           /* of the widths of all layers */
    int first;             /* the first step that something is said at */
    int rank;
    char drop[PICTURE_TEXT]; /* what stands on arrows on which something is dropped out */
} drawing;

/* ---- facts (draw_model.c) ------------------------------------------------------------------- */

int draw_number(const drawing *d, const char *option); /* 0: there is no such option */
const char *draw_word(const drawing *d, const char *option);
bool draw_flag(const drawing *d, const char *option);
bool draw_is(const drawing *d, const char *option, const char *value);
bool draw_has_bag(const drawing *d); /* a bag of n-grams is all that is read */
bool draw_find(const drawing *d, const char *name, rc_tensor_info *out);
/* "rnn.weight_ih_l0\n512 x 128"; "" without such a tensor. */
const char *draw_weight(const drawing *d, const char *name, char out[PICTURE_TEXT]);
/* Tensors whose names begin so, a line each, but for the one that an arrow carries (NULL: none). */
void draw_tensors(const drawing *d, const char *begin, const char *but, char out[PICTURE_TEXT]);
/* The name of a value at a step: x, or x_1. */
const char *draw_at_step(const drawing *d, const char *name, int t, char out[SAY_ROOM]);

/* ---- parts ---------------------------------------------------------------------------------- */

/* What is read becomes a vector of symbols, and what --embed-map makes of it. `of`: words about
 * the symbol. (draw_model.c) */
void draw_symbols(drawing *d, const char *of);
/* Several values become one, by an operation. (draw_model.c) */
void draw_join(drawing *d, const char *name, int count, int from[][MOST_STEPS]);

/* What layers read of tokens with labels; what is made of these layers, up to the answer; and a
 * text as a bag of n-grams. (draw_labels.c) */
void draw_tokens(drawing *d);
void draw_pooling(drawing *d);
void draw_labels(drawing *d);
void draw_bag(drawing *d);

#endif
