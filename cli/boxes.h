/* boxes.h -- box plots: some samples side by side, as a picture. */
#ifndef RECUR_CLI_BOXES_H
#define RECUR_CLI_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct box {
    const char *name;
    const char *under; /* a second line below it, or NULL */
    const double *x;   /* (n), finite */
    size_t n;
    bool apart; /* in another colour */
} box;

typedef struct boxes {
    const char *title;
    const char *note; /* how to read it */
    const char *y_name;
    const box *box;
    size_t count;
} boxes;

/* Write an SVG picture of 800 by 480 into a file, "-": standard output. A box goes from the first
 * to the third quartile, with a line at the median, which of the first box goes through all of the
 * picture; whiskers end at the last value within one and a half of its height; every value is a
 * dot. False: errno says why. */
bool boxes_save(const boxes *b, const char *path);

#endif
