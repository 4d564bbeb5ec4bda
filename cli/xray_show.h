/* xray_show.h -- an X-ray of a model as text, as JSON, as curves and as a page. */
#ifndef RECUR_CLI_XRAY_SHOW_H
#define RECUR_CLI_XRAY_SHOW_H

#include "cmd.h"
#include "plot.h"

/* What is shown, and of what. */
typedef struct xray_view {
    const rc_xray *x;
    const char *title; /* of the model */
    const char *data;  /* what was read */
} xray_view;

/* "layer 2 back" into a buffer of the caller. */
const char *xray_layer_name(char out[SAY_ROOM], const rc_xray_layer *l);
/* Half-lives as shares: shorter than each edge, the last as long as a window or longer. */
enum { XRAY_SPANS = 9 };
extern const double xray_span[XRAY_SPANS - 1];
void xray_spans(const rc_xray_layer *l, double share[XRAY_SPANS], double *median);
/* The factor by which a curve changes from one step to the next, between distance 1 and the last
 * that is not zero; NaN: there is none. */
double xray_factor(const double *curve, int64_t steps);

/* Curves with their names and points: free with xray_curves_free(). */
typedef struct xray_curves {
    plot p;
    plot_point *points;
    char name[PLOT_CURVES][SAY_ROOM];
    char title[2 * SAY_ROOM];
} xray_curves;
void xray_curves_free(xray_curves *c);
/* |dL/dstate| against distance: h and the memory of the first layers; `few`: two curves, for a
 * terminal. False: out of memory. */
bool xray_gradient_curves(const xray_view *v, bool few, xray_curves *out);
/* Singular values of one layer's Jacobians. */
bool xray_jacobian_curves(const rc_xray_layer *l, xray_curves *out);
/* Half-lives, sorted: how long each share of the units remembers. */
bool xray_memory_curves(const xray_view *v, xray_curves *out);

int xray_print(const xray_view *v);
int xray_print_json(const xray_view *v);
/* To a file or "-"; false: errno says why. */
bool xray_save_page(const xray_view *v, const char *path);

#endif
