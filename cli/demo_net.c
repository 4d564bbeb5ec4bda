/* demo_net.c -- the small network of the demos: weights as leaves of a graph, Adam, and one stream
 * of random numbers (splitmix64), so that a seed says all.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "demo.h"

/* ---- results -------------------------------------------------------------------------------- */

void demo_column(demo_result *r, demo_unit unit, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(r->column[r->columns].name, DEMO_NAME, fmt, args);
    va_end(args);
    r->column[r->columns++].unit = unit;
}

int demo_row(demo_result *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(r->row[r->rows].name, DEMO_NAME, fmt, args);
    va_end(args);
    for (int i = 0; i < DEMO_COLUMNS; i++)
        r->row[r->rows].value[i] = (double)NAN;
    return r->rows++;
}

void demo_claim(demo_result *r, bool holds, const char *text)
{
    r->claim[r->claims].text = text;
    r->claim[r->claims++].holds = holds;
}

/* ---- random numbers ------------------------------------------------------------------------- */

static uint64_t next(demo_net *n)
{
    uint64_t z = n->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double demo_uniform(demo_net *n)
{
    return (double)(next(n) >> 11) * 0x1p-53;
}

int demo_below(demo_net *n, int count)
{
    return (int)(demo_uniform(n) * count);
}

bool demo_happens(demo_net *n, double probability)
{
    return demo_uniform(n) < probability;
}

double demo_normal(demo_net *n)
{
    double sum = -6;

    for (int i = 0; i < 12; i++) /* no logarithm: the same bits with any libm */
        sum += demo_uniform(n);
    return sum;
}

/* ---- weights -------------------------------------------------------------------------------- */

rc_status demo_net_open(demo_net *n, const demo_setup *setup)
{
    rc_graph_options options = rc_graph_options_default();

    options.threads = setup->threads;
    *n = (demo_net){.random = setup->seed * 0x2545f4914f6cdd1du};
    return rc_graph_new(&n->graph, &options);
}

void demo_net_free(demo_net *n)
{
    for (int i = 0; i < n->params; i++)
        free(n->param[i].w);
    rc_graph_free(n->graph);
}

rc_status demo_net_add(demo_net *n, int64_t rows, int64_t cols, double scale, int *place)
{
    const int64_t count = rows * cols;
    rc_real *block = calloc((size_t)count * 4, sizeof *block);

    if (!block)
        return RC_ENOMEM;
    for (int64_t i = 0; i < count; i++)
        block[i] = (rc_real)(scale * (2 * demo_uniform(n) - 1));
    *place = n->params;
    n->param[n->params++] = (demo_param){.rows = rows,
                                         .cols = cols,
                                         .w = block,
                                         .grad = block + count,
                                         .mean = block + 2 * count,
                                         .square = block + 3 * count};
    return RC_OK;
}

rc_var *demo_leaf(demo_net *n, int place)
{
    const demo_param *p = &n->param[place];
    const rc_shape shape = p->cols == 1 ? rc_shape_1(p->rows) : rc_shape_2(p->rows, p->cols);

    return rc_leaf(n->graph, shape, p->w, p->grad);
}

/* ---- Adam ----------------------------------------------------------------------------------- */

static double norm_of_gradients(const demo_net *n)
{
    double sum = 0;

    for (int i = 0; i < n->params; i++)
        for (int64_t k = 0; k < n->param[i].rows * n->param[i].cols; k++)
            sum += (double)n->param[i].grad[k] * (double)n->param[i].grad[k];
    return sqrt(sum);
}

static void update(demo_param *p, double scale, double rate, double first, double second)
{
    for (int64_t k = 0; k < p->rows * p->cols; k++) {
        const double g = scale * (double)p->grad[k];
        const double mean = 0.9 * (double)p->mean[k] + 0.1 * g;
        const double square = 0.999 * (double)p->square[k] + 0.001 * g * g;

        p->mean[k] = (rc_real)mean;
        p->square[k] = (rc_real)square;
        p->w[k] -= (rc_real)(rate * (mean / first) / (sqrt(square / second) + 1e-8));
        p->grad[k] = 0;
    }
}

rc_status demo_net_step(demo_net *n, rc_var *loss, double rate)
{
    const rc_status status = rc_graph_backward(n->graph, loss);

    if (status != RC_OK)
        return status;
    rc_graph_reset(n->graph);
    n->steps++;
    const double norm = norm_of_gradients(n), scale = norm > 1 ? 1 / norm : 1;
    double first = 1, second = 1;
    for (int64_t i = 0; i < n->steps && (first > 1e-12 || second > 1e-12); i++) {
        first *= 0.9;
        second *= 0.999;
    }
    for (int i = 0; i < n->params; i++)
        update(&n->param[i], scale, rate, 1 - first, 1 - second);
    return RC_OK;
}

rc_status demo_choose(demo_net *n, const rc_var *scores, int32_t *choice)
{
    const rc_status failed = rc_graph_status(n->graph);
    const rc_shape shape = rc_var_shape(scores);

    if (failed != RC_OK)
        return failed;
    const int64_t rows = shape.dim[0], cols = shape.dim[1];
    rc_real *value = calloc((size_t)(rows * cols) + 1, sizeof *value);
    if (!value)
        return RC_ENOMEM;
    const rc_status status = rc_var_read(n->graph, scores, value, rows * cols);
    for (int64_t r = 0; status == RC_OK && r < rows; r++) {
        choice[r] = 0;
        for (int64_t c = 1; c < cols; c++)
            if (value[r * cols + c] > value[r * cols + choice[r]])
                choice[r] = (int32_t)c;
    }
    free(value);
    return status;
}
