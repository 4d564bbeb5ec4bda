/* xray_show.c -- an X-ray of a model as text and as JSON, and the curves of its pictures.
 *
 * What every number means is in docs/instruments.md.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "xray_show.h"

const double xray_span[XRAY_SPANS - 1] = {1, 2, 5, 10, 20, 50, 100, 200};

const char *xray_layer_name(char out[SAY_ROOM], const rc_xray_layer *l)
{
    snprintf(out, SAY_ROOM, "layer %d%s", l->layer + 1, l->reverse ? " back" : "");
    return out;
}

double xray_factor(const double *curve, int64_t steps)
{
    int64_t last = steps - 1;
    while (last > 1 && !(curve[last] > 0 && isfinite(curve[last])))
        last--;
    if (last <= 1 || !(curve[1] > 0) || !isfinite(curve[1]))
        return (double)NAN;
    return exp(log(curve[last] / curve[1]) / (double)(last - 1));
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void xray_spans(const rc_xray_layer *l, double share[XRAY_SPANS], double *median)
{
    double *sorted = malloc((size_t)l->units * sizeof *sorted);
    for (int i = 0; i < XRAY_SPANS; i++)
        share[i] = 0;
    *median = (double)NAN;
    if (!sorted || !l->half_life) {
        free(sorted);
        return;
    }
    for (int64_t k = 0; k < l->units; k++) {
        int at = 0;
        while (at < XRAY_SPANS - 1 && l->half_life[k] >= xray_span[at])
            at++;
        if (isinf(l->half_life[k]))
            at = XRAY_SPANS - 1;
        share[at] += 1 / (double)l->units;
        sorted[k] = l->half_life[k];
    }
    qsort(sorted, (size_t)l->units, sizeof *sorted, rising);
    *median = sorted[(l->units - 1) / 2];
    free(sorted);
}

/* ---- curves --------------------------------------------------------------------------------- */

void xray_curves_free(xray_curves *c)
{
    free(c->points);
    c->points = NULL;
}

/* A value that a logarithmic axis has a place for. */
static double above_zero(double y)
{
    return y > 0 && isfinite(y) ? y : (double)NAN;
}

/* The place of the state that half-lives are of. */
static int memory_of(const rc_xray_layer *l)
{
    for (int i = 0; i < l->states; i++)
        if (strcmp(l->state[i], l->memory) == 0)
            return i;
    return 0;
}

static void add_gradient(xray_curves *c, const rc_xray_layer *l, int state, int64_t steps)
{
    char layer[SAY_ROOM];
    plot_point *at = c->points + c->p.curves * steps;
    const int i = c->p.curves;

    for (int64_t d = 0; d < steps; d++)
        at[d] = (plot_point){.x = (double)d, .y = above_zero(l->gradient[state][d])};
    snprintf(c->name[i], SAY_ROOM, "%.24s, %.12s", xray_layer_name(layer, l), l->state[state]);
    c->p.curve[i] = (plot_curve){c->name[i], at, (size_t)steps, false};
    c->p.curves++;
}

bool xray_gradient_curves(const xray_view *v, bool few, xray_curves *out)
{
    const int64_t steps = v->x->steps;
    *out = (xray_curves){.p = {.title = "How much of the gradient is left so many steps back",
                               .x_name = "steps back from the loss",
                               .y_name = "|dL/dstate|",
                               .y_log = true}};
    out->points = calloc((size_t)(PLOT_CURVES * steps), sizeof *out->points);
    if (!out->points)
        return false;
    for (size_t i = 0; i < v->x->layers; i++) {
        const rc_xray_layer *l = &v->x->layer[i];
        const bool last = i + 1 == v->x->layers;
        if (few && i > 0 && !last)
            continue;
        if (out->p.curves < (few ? 2 : PLOT_CURVES))
            add_gradient(out, l, 0, steps);
        if (memory_of(l) > 0 && out->p.curves < (few ? 2 : PLOT_CURVES) && (!few || last))
            add_gradient(out, l, memory_of(l), steps);
    }
    return true;
}

bool xray_jacobian_curves(const rc_xray_layer *l, xray_curves *out)
{
    static const char *const name[] = {"largest", "root mean square", "median", "smallest"};
    const size_t n = l->jacobians;
    *out = (xray_curves){.p = {.x_name = "steps back (T - k)",
                               .y_name = "singular value",
                               .x_log = true,
                               .y_log = true,
                               .curves = l->exact ? 4 : 2}};
    snprintf(out->title, sizeof out->title, "Singular values of dh_T / dh_k, layer %d%s",
             l->layer + 1, l->reverse ? " back" : "");
    out->p.title = out->title;
    out->points = calloc(4 * n + 1, sizeof *out->points);
    if (!out->points)
        return false;
    for (size_t i = 0; i < n; i++) {
        const rc_xray_jacobian *j = &l->jacobian[i];
        const double y[] = {j->largest, j->rms, j->median, j->smallest};
        for (size_t c = 0; c < 4; c++)
            out->points[c * n + i] = (plot_point){.x = (double)j->distance, .y = above_zero(y[c])};
    }
    for (int c = 0; c < out->p.curves; c++)
        out->p.curve[c] = (plot_curve){name[c], out->points + (size_t)c * n, n, true};
    return true;
}

bool xray_memory_curves(const xray_view *v, xray_curves *out)
{
    int64_t all = 0;
    for (size_t i = 0; i < v->x->layers; i++)
        all += v->x->layer[i].units;
    *out = (xray_curves){.p = {.title = "How long units remember: half-lives, sorted",
                               .x_name = "share of the units, %",
                               .y_name = "half-life, steps",
                               .y_log = true}};
    out->points = calloc((size_t)all + 1, sizeof *out->points);
    double *sorted = calloc((size_t)all + 1, sizeof *sorted);
    if (!out->points || !sorted) {
        free(sorted);
        xray_curves_free(out);
        return false;
    }
    plot_point *at = out->points;
    for (size_t i = 0; i < v->x->layers && out->p.curves < PLOT_CURVES; i++) {
        const rc_xray_layer *l = &v->x->layer[i];
        if (!l->half_life)
            continue;
        memcpy(sorted, l->half_life, (size_t)l->units * sizeof *sorted);
        qsort(sorted, (size_t)l->units, sizeof *sorted, rising);
        for (int64_t k = 0; k < l->units; k++)
            at[k] = (plot_point){.x = 100 * ((double)k + 0.5) / (double)l->units,
                                 .y = above_zero(sorted[k])};
        xray_layer_name(out->name[out->p.curves], l);
        out->p.curve[out->p.curves] =
            (plot_curve){out->name[out->p.curves], at, (size_t)l->units, false};
        out->p.curves++;
        at += l->units;
    }
    free(sorted);
    return true;
}

/* ---- text ----------------------------------------------------------------------------------- */

/* A number in few letters: 0.0123, 1.2e-08. */
static void put_number(double x, int width)
{
    if (isnan(x))
        printf("%*s", width, "-");
    else if (isinf(x))
        printf("%*s", width, "inf");
    else if (x == 0 || (fabs(x) >= 1e-3 && fabs(x) < 1e4))
        printf("%*.4g", width, x);
    else
        printf("%*.2e", width, x);
}

/* Shares as a row of characters, the highest full. */
static void put_bars(const double *share, int n, bool utf8)
{
    static const char *const block[] = {" ",
                                        "\xe2\x96\x81",
                                        "\xe2\x96\x82",
                                        "\xe2\x96\x83",
                                        "\xe2\x96\x84",
                                        "\xe2\x96\x85",
                                        "\xe2\x96\x86",
                                        "\xe2\x96\x87",
                                        "\xe2\x96\x88"};
    static const char ascii[] = " .:-=+*%#";
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, share[i]);
    for (int i = 0; i < n; i++) {
        const int level = most > 0 ? (int)ceil(8 * share[i] / most - 1e-9) : 0;
        if (utf8)
            fputs(block[level], stdout);
        else
            putchar(ascii[level]);
    }
}

/* Distances of tables: 0, 1, 2, 5, 10, ... and the last. */
static bool is_shown(int64_t d, int64_t steps)
{
    int64_t lead = d;
    while (lead >= 10 && lead % 10 == 0)
        lead /= 10;
    return lead == 0 || lead == 1 || lead == 2 || lead == 5 || d == steps - 1;
}

static void print_gradients(const rc_xray *x)
{
    char name[SAY_ROOM];
    printf("\ngradient: mean over windows of |dL/dstate|, so many steps back from the loss\n%6s",
           "back");
    for (size_t i = 0; i < x->layers; i++)
        for (int k = 0; k < x->layer[i].states; k++) {
            char head[2 * SAY_ROOM];
            snprintf(head, sizeof head, "%s %s", xray_layer_name(name, &x->layer[i]),
                     x->layer[i].state[k]);
            printf(" %14s", head);
        }
    putchar('\n');
    for (int64_t d = 0; d < x->steps; d++) {
        if (!is_shown(d, x->steps))
            continue;
        printf("%6" PRId64, d);
        for (size_t i = 0; i < x->layers; i++)
            for (int k = 0; k < x->layer[i].states; k++) {
                putchar(' ');
                put_number(x->layer[i].gradient[k][d], 14);
            }
        putchar('\n');
    }
    printf("%6s", "a step");
    for (size_t i = 0; i < x->layers; i++)
        for (int k = 0; k < x->layer[i].states; k++) {
            printf("%3s", "x");
            put_number(xray_factor(x->layer[i].gradient[k], x->steps), 12);
        }
    putchar('\n');
}

static void print_jacobians(const rc_xray *x)
{
    char name[SAY_ROOM];
    printf("\njacobian dh_T / dh_k within a layer: singular values\n%-14s %6s %11s %11s %11s"
           " %11s\n",
           "layer", "T - k", "largest", "rms", "median", "smallest");
    for (size_t i = 0; i < x->layers; i++)
        for (size_t p = 0; p < x->layer[i].jacobians; p++) {
            const rc_xray_jacobian *j = &x->layer[i].jacobian[p];
            printf("%-14s %6" PRId64, p ? "" : xray_layer_name(name, &x->layer[i]), j->distance);
            const double value[] = {j->largest, j->rms, j->median, j->smallest};
            for (int k = 0; k < 4; k++) {
                putchar(' ');
                put_number(value[k], 11);
            }
            putchar('\n');
        }
}

static void print_matrices(const rc_xray *x)
{
    char name[SAY_ROOM];
    bool any = false;
    for (size_t i = 0; i < x->layers; i++)
        for (size_t p = 0; p < x->layer[i].matrices; p++) {
            const rc_xray_matrix *m = &x->layer[i].matrix[p];
            char gate[SAY_ROOM];
            if (!any)
                printf("\nrecurrent weights: largest |eigenvalue|, largest singular value\n"
                       "%-14s %-8s %10s %10s\n",
                       "layer", "gate", "radius", "norm");
            any = true;
            snprintf(gate, sizeof gate, m->number > 1 ? "%s (%d)" : "%s", m->gate, m->number);
            printf("%-14s %-8s ", p ? "" : xray_layer_name(name, &x->layer[i]), gate);
            put_number(m->radius, 10);
            putchar(' ');
            put_number(m->norm, 10);
            putchar('\n');
        }
}

static void print_gates(const rc_xray *x)
{
    char name[SAY_ROOM];
    const bool utf8 = say_utf8();
    printf("\ngates: mean, shares that are saturated, histogram\n%-14s %-8s %9s %7s %7s\n", "layer",
           "gate", "mean", "low", "high");
    for (size_t i = 0; i < x->layers; i++)
        for (size_t p = 0; p < x->layer[i].gates; p++) {
            const rc_xray_gate *g = &x->layer[i].gate[p];
            printf("%-14s %-8s %9.4f", p ? "" : xray_layer_name(name, &x->layer[i]), g->name,
                   g->mean);
            if (isnan(g->low))
                printf(" %7s %7s", "-", "-");
            else
                printf(" %6.1f%% %6.1f%%", 100 * g->low, 100 * g->high);
            if (isfinite(g->lo) && isfinite(g->hi)) {
                printf("  %2.0f |", g->lo);
                put_bars(g->bin, RC_XRAY_BINS, utf8);
                printf("| %.0f", g->hi);
            }
            putchar('\n');
        }
}

static void print_memory(const rc_xray *x)
{
    char name[SAY_ROOM];
    printf("\nhalf-life: steps until a change of a unit's state is felt half as much in h_T;"
           " %% of the units\n%-14s %-5s %8s",
           "layer", "state", "median");
    for (int i = 0; i < XRAY_SPANS - 1; i++) {
        char head[SAY_ROOM];
        snprintf(head, sizeof head, "<%.0f", xray_span[i]);
        printf(" %6s", head);
    }
    printf(" %6s\n", "longer");
    for (size_t i = 0; i < x->layers; i++) {
        double share[XRAY_SPANS], median;
        xray_spans(&x->layer[i], share, &median);
        printf("%-14s %-5s ", xray_layer_name(name, &x->layer[i]), x->layer[i].memory);
        if (isinf(median))
            printf("%8s", "longer");
        else
            put_number(median, 8);
        for (int k = 0; k < XRAY_SPANS; k++)
            printf(" %6.0f", 100 * share[k]);
        putchar('\n');
    }
}

static int print_curves(const xray_view *v)
{
    xray_curves c;
    if (!xray_gradient_curves(v, true, &c))
        return say_out_of_memory();
    bool done = true;
    if (plot_has_points(&c.p)) {
        putchar('\n');
        done = plot_terminal(stdout, &c.p, say_columns(stdout), say_utf8());
    }
    xray_curves_free(&c);
    return done ? EXIT_DONE : say_out_of_memory();
}

int xray_print(const xray_view *v)
{
    const rc_xray *x = v->x;
    printf("%s\n%" PRId64 " windows of %" PRId64 " steps of %s, loss at the last step %.4f\n",
           v->title, x->windows, x->steps, v->data, x->loss);
    print_gradients(x);
    const int code = print_curves(v);
    print_jacobians(x);
    print_matrices(x);
    print_gates(x);
    print_memory(x);
    return code;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *numbers_json(const double *x, int64_t n)
{
    json_t *all = json_array();
    for (int64_t i = 0; i < n; i++)
        json_add(&all, json_number(x[i]));
    return all;
}

static json_t *jacobians_json(const rc_xray_layer *l)
{
    json_t *all = json_array();
    for (size_t i = 0; i < l->jacobians; i++) {
        const rc_xray_jacobian *j = &l->jacobian[i];
        json_add(&all,
                 json_pack("{s:I, s:o, s:o, s:o, s:o}", "distance", (json_int_t)j->distance,
                           "largest", json_number(j->largest), "rms", json_number(j->rms), "median",
                           json_number(j->median), "smallest", json_number(j->smallest)));
    }
    return all;
}

static json_t *matrices_json(const rc_xray_layer *l)
{
    json_t *all = json_array();
    for (size_t i = 0; i < l->matrices; i++)
        json_add(&all, json_pack("{s:s, s:i, s:o, s:o}", "gate", l->matrix[i].gate, "number",
                                 l->matrix[i].number, "radius", json_number(l->matrix[i].radius),
                                 "norm", json_number(l->matrix[i].norm)));
    return all;
}

static json_t *gates_json(const rc_xray_layer *l)
{
    json_t *all = json_array();
    for (size_t i = 0; i < l->gates; i++) {
        const rc_xray_gate *g = &l->gate[i];
        json_add(&all,
                 json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "gate", g->name, "lo",
                           json_number(g->lo), "hi", json_number(g->hi), "mean",
                           json_number(g->mean), "low", json_number(g->low), "high",
                           json_number(g->high), "histogram", numbers_json(g->bin, RC_XRAY_BINS)));
    }
    return all;
}

static json_t *layer_json(const rc_xray_layer *l, int64_t steps)
{
    json_t *gradient = json_object();
    for (int k = 0; k < l->states; k++)
        json_put(&gradient, l->state[k], numbers_json(l->gradient[k], steps));
    return json_pack("{s:I, s:b, s:s, s:I, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:s, s:o}", "layer",
                     (json_int_t)l->layer + 1, "reverse", l->reverse, "cell", l->cell, "units",
                     (json_int_t)l->units, "gradient", gradient, "least",
                     numbers_json(l->least, steps), "most", numbers_json(l->most, steps), "exact",
                     l->exact, "jacobian", jacobians_json(l), "recurrent", matrices_json(l),
                     "gates", gates_json(l), "memory", l->memory, "half_life",
                     numbers_json(l->half_life, l->half_life ? l->units : 0));
}

int xray_print_json(const xray_view *v)
{
    json_t *layers = json_array();
    for (size_t i = 0; i < v->x->layers; i++)
        json_add(&layers, layer_json(&v->x->layer[i], v->x->steps));
    return json_print(stdout,
                      json_pack("{s:o, s:I, s:I, s:o, s:o}", "data",
                                json_bytes(v->data, strlen(v->data)), "steps",
                                (json_int_t)v->x->steps, "windows", (json_int_t)v->x->windows,
                                "loss", json_number(v->x->loss), "layers", layers),
                      true);
}
