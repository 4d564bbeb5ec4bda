/* surface.c -- the numbers of recur surface, computed by the graph.
 *
 * All points of the grid are one vector: the operations are element by element, so that the
 * gradient of the sum of the errors is, at each point, that of its own. Relies on recur.h alone.
 */
#include <math.h>
#include <stdlib.h>
#include "surface.h"

double surface_norm(const surface_point *p)
{
    return hypot(p->dw, p->db);
}

/* Errors and gradients at n points. room: (4, n). */
static rc_status compute(rc_graph *g, const surface_plan *plan, surface_point *p, int64_t n,
                         rc_real *room)
{
    rc_real *w = room, *b = room + n, *dw = room + 2 * n, *db = room + 3 * n;
    const rc_shape shape = rc_shape_1(n);

    rc_graph_reset(g);
    for (int64_t i = 0; i < n; i++) {
        w[i] = (rc_real)p[i].w;
        b[i] = (rc_real)p[i].b;
        dw[i] = (rc_real)plan->state;
        db[i] = (rc_real)plan->target;
    }
    rc_var *h = rc_leaf(g, shape, dw, NULL), *target = rc_leaf(g, shape, db, NULL);
    for (int64_t i = 0; i < 2 * n; i++)
        dw[i] = 0; /* and db: from here on these are gradients */
    rc_var *weight = rc_leaf(g, shape, w, dw), *bias = rc_leaf(g, shape, b, db);
    for (int t = 0; t < plan->steps; t++)
        h = rc_add(g, rc_mul(g, weight, rc_sigmoid(g, h)), bias);
    rc_var *gap = rc_sub(g, rc_sigmoid(g, h), target), *error = rc_mul(g, gap, gap);
    rc_status s = rc_graph_backward(g, rc_sum(g, error));
    if (s == RC_OK)
        s = rc_var_read(g, error, room, n);
    for (int64_t i = 0; s == RC_OK && i < n; i++) {
        p[i].error = (double)room[i];
        p[i].dw = (double)dw[i];
        p[i].db = (double)db[i];
    }
    return s;
}

/* Walk down. clip 0: the gradient as it is. */
static rc_status descend(rc_graph *g, const surface_plan *plan, double clip, surface_point *way)
{
    rc_real room[4];
    rc_status s = RC_OK;

    way[0] = (surface_point){.w = plan->start[0], .b = plan->start[1]};
    for (int i = 0; i <= plan->updates && s == RC_OK; i++) {
        s = compute(g, plan, &way[i], 1, room);
        if (i == plan->updates)
            break;
        const double norm = surface_norm(&way[i]);
        const double by = plan->rate * (clip > 0 && norm > clip ? clip / norm : 1);
        way[i + 1] =
            (surface_point){.w = way[i].w - by * way[i].dw, .b = way[i].b - by * way[i].db};
    }
    return s;
}

static double between(const double range[2], int i, int n)
{
    return range[0] + (range[1] - range[0]) * i / (n - 1);
}

static rc_status fill(surface *s, rc_graph *g, rc_real *room)
{
    const surface_plan *p = &s->plan;
    const int n = p->grid;

    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            s->at[i * n + j] = (surface_point){.w = between(p->w, j, n), .b = between(p->b, i, n)};
    rc_status status = compute(g, p, s->at, (int64_t)n * n, room);
    for (int k = 0; k < SURFACE_WAYS && status == RC_OK; k++)
        status = descend(g, p, k ? p->clip : 0, s->way[k]);
    return status;
}

rc_status surface_new(surface *s, const surface_plan *plan)
{
    const rc_graph_options options = rc_graph_options_default();
    const size_t points = (size_t)plan->grid * (size_t)plan->grid;
    const size_t steps = (size_t)plan->updates + 1;
    rc_graph *g;
    rc_status status = rc_graph_new(&g, &options);

    *s = (surface){.plan = *plan};
    if (status != RC_OK)
        return status;
    rc_real *room = calloc(4 * points, sizeof *room);
    s->block = calloc(points + SURFACE_WAYS * steps, sizeof *s->block);
    if (room && s->block) {
        s->at = s->block;
        for (size_t k = 0; k < SURFACE_WAYS; k++)
            s->way[k] = s->block + points + k * steps;
        status = fill(s, g, room);
    } else {
        status = RC_ENOMEM;
    }
    free(room);
    rc_graph_free(g);
    return status;
}

void surface_free(surface *s)
{
    free(s->block);
    *s = (surface){0};
}
