/* run_plot.c -- learning curves of runs, on the terminal or as a picture. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "runs.h"

/* Fields of a point. */
static const run_column axes[] = {
    {"step", "updates of the weights", RUN_COUNT, offsetof(run_point, step), false},
    {"epoch", "passes over the training data", RUN_COUNT, offsetof(run_point, epoch), false},
    {"tokens", "trained on", RUN_COUNT, offsetof(run_point, tokens), false},
    {"seconds", "of all sittings", RUN_SECONDS, offsetof(run_point, seconds), false},
};

const run_column *run_axis_at(size_t i)
{
    return i < sizeof axes / sizeof *axes ? &axes[i] : NULL;
}

static const run_column *find_axis(const char *name)
{
    size_t i = 0;
    while (strcmp(axes[i].name, name) != 0) /* the option has been checked */
        i++;
    return &axes[i];
}

/* What is drawn: up to PLOT_CURVES curves. */
typedef struct drawing {
    const run *of[PLOT_CURVES];
    size_t n, left_out;
    plot_point *points[2 * PLOT_CURVES];
    plot p;
} drawing;

static bool has_curve(const run *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (isfinite(r->points[i].valid))
            return true;
    return false;
}

/* The runs with a curve, in their order; if they are too many, the best. */
static void choose(drawing *d, const runs *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const run *r = all->at[i];
        if (!has_curve(r))
            continue;
        if (d->n < PLOT_CURVES) {
            d->of[d->n++] = r;
            continue;
        }
        size_t worst = 0;
        for (size_t k = 1; k < PLOT_CURVES; k++)
            if (d->of[k]->valid > d->of[worst]->valid)
                worst = k;
        d->left_out++;
        if (!(r->valid < d->of[worst]->valid))
            continue;
        memmove(&d->of[worst], &d->of[worst + 1], (PLOT_CURVES - 1 - worst) * sizeof *d->of);
        d->of[PLOT_CURVES - 1] = r;
    }
}

static plot_point *make_points(const run *r, const run_column *axis, bool valid)
{
    plot_point *points = calloc(r->count + 1, sizeof *points);
    for (size_t i = 0; points && i < r->count; i++) {
        const run_point *q = &r->points[i];
        const double x = *(const double *)(const void *)((const char *)q + axis->at);
        const double y = valid ? q->valid : q->loss;
        points[i] = (plot_point){.x = isfinite(x) ? x : 0, .y = y};
    }
    return points;
}

static bool add_curve(drawing *d, const run *r, const char *name, const run_column *axis,
                      bool valid)
{
    const int c = d->p.curves++;
    d->points[c] = make_points(r, axis, valid);
    d->p.curve[c] = (plot_curve){.name = name, .points = d->points[c], .count = r->count};
    return d->points[c] != NULL;
}

static bool make_plot(drawing *d, const run_column *axis)
{
    bool ok = true;
    d->p.x_name = axis->name;
    d->p.y_name = d->of[0]->measure && strcmp(d->of[0]->measure, "nats") != 0 ? d->of[0]->measure
                                                                              : "nats per symbol";
    if (d->n == 1) {
        d->p.title = d->of[0]->name;
        return add_curve(d, d->of[0], "train", axis, false) &&
               add_curve(d, d->of[0], "valid", axis, true);
    }
    d->p.title = "validation";
    d->p.letters = true;
    for (size_t i = 0; i < d->n; i++)
        ok = ok && add_curve(d, d->of[i], d->of[i]->name, axis, true);
    return ok;
}

static int show(const opts *o, const drawing *d, const char *svg)
{
    if (d->left_out)
        say_unless_quiet(o, "drawn are the best %zu of %zu runs", d->n, d->n + d->left_out);
    if (!svg)
        return plot_terminal(stdout, &d->p, say_columns(stdout), say_utf8()) ? EXIT_DONE
                                                                             : say_out_of_memory();
    if (!plot_save(&d->p, svg))
        return say_failure("cannot write '%s': %s", svg, strerror(errno));
    if (strcmp(svg, "-") != 0)
        say_unless_quiet(o, "the curves are in %s", svg);
    return EXIT_DONE;
}

int runs_draw(const opts *o, const runs *all, const char *axis, const char *svg)
{
    drawing d = {.n = 0};
    choose(&d, all);
    if (d.n == 0)
        return say_failure("cannot draw: no run here has been validated");
    const int code = make_plot(&d, find_axis(axis)) ? show(o, &d, svg) : say_out_of_memory();
    for (int i = 0; i < d.p.curves; i++)
        free(d.points[i]);
    return code;
}
