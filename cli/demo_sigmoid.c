/* demo_sigmoid.c -- recur demo deep-sigmoid: gradients by depth in a plain net of sigmoids.
 *
 * Nielsen, Neural Networks and Deep Learning, chapter 5. Six layers of 30 units on random inputs,
 * with weights drawn as there (normal, deviation 1/sqrt(inputs), biases of deviation 1), and two
 * chains of one unit per layer: |w| = 1, where each layer takes the gradient times at most 1/4, and
 * w = 100 with biases that keep the sigmoid at its steepest, where each takes it times 25.
 */
#include <math.h>
#include <stdlib.h>
#include "demo.h"

enum { LAYERS = 6, UNITS = 30, INPUTS = 30, CASES = 100, ANSWERS = 10 };

/* Norm of the gradient with respect to the biases of each layer of the net. */
static rc_status wide_net(demo_net *n, double *speed)
{
    int weight[LAYERS + 1], bias[LAYERS + 1];
    rc_real *x = malloc(CASES * INPUTS * sizeof *x), *y = calloc(CASES * ANSWERS, sizeof *y);
    rc_status s = x && y ? RC_OK : RC_ENOMEM;

    for (int l = 0; l <= LAYERS && s == RC_OK; l++) {
        const int rows = l == LAYERS ? ANSWERS : UNITS;
        s = demo_net_add(n, rows, UNITS, 0, &weight[l]);
        if (s == RC_OK)
            s = demo_net_add(n, rows, 1, 0, &bias[l]);
        for (int k = 0; s == RC_OK && k < rows * UNITS; k++)
            n->param[weight[l]].w[k] = (rc_real)(demo_normal(n) / sqrt((double)UNITS));
        for (int k = 0; s == RC_OK && k < rows; k++)
            n->param[bias[l]].w[k] = (rc_real)demo_normal(n);
    }
    if (s == RC_OK) {
        for (int k = 0; k < CASES * INPUTS; k++)
            x[k] = (rc_real)demo_uniform(n);
        for (int k = 0; k < CASES; k++)
            y[k * ANSWERS + demo_below(n, ANSWERS)] = 1;
        rc_graph *g = n->graph;
        rc_var *h = rc_leaf(g, rc_shape_2(CASES, INPUTS), x, NULL);
        for (int l = 0; l <= LAYERS; l++)
            h = rc_sigmoid(g, rc_linear(g, h, demo_leaf(n, weight[l]), demo_leaf(n, bias[l])));
        rc_var *target = rc_leaf(g, rc_shape_2(CASES, ANSWERS), y, NULL);
        s = rc_graph_backward(g, rc_scale(g, rc_squared_error(g, h, target), 1.0 / CASES));
    }
    for (int l = 0; l < LAYERS && s == RC_OK; l++) {
        double sum = 0;
        for (int k = 0; k < UNITS; k++)
            sum += pow((double)n->param[bias[l]].grad[k], 2);
        speed[l] = sqrt(sum);
    }
    free(x);
    free(y);
    return s;
}

/* |d output / d bias| of each unit of a chain; every sigmoid is fed 0 where `steep`, and has no
 * bias else. */
static rc_status chain(rc_graph *g, double w, bool steep, double *speed)
{
    rc_real bias[LAYERS], grad[LAYERS] = {0}, in = (rc_real)0.5;
    const rc_real weight = (rc_real)w;

    for (int l = 0; l < LAYERS; l++)
        bias[l] = steep ? -weight * (rc_real)0.5 : 0;
    rc_graph_reset(g);
    rc_var *a = rc_leaf(g, rc_shape_1(1), &in, NULL);
    for (int l = 0; l < LAYERS; l++) {
        rc_var *b = rc_leaf(g, rc_shape_1(1), &bias[l], &grad[l]);
        a = rc_sigmoid(g, rc_add(g, rc_scale(g, a, w), b));
    }
    const rc_status s = rc_graph_backward(g, a);
    for (int l = 0; l < LAYERS; l++)
        speed[l] = fabs((double)grad[l]);
    return s;
}

static rc_status run(const demo_setup *setup, demo_result *r)
{
    double wide[LAYERS] = {0}, fading[LAYERS], growing[LAYERS];
    demo_net n;
    rc_status s = demo_net_open(&n, setup);

    if (s == RC_OK)
        s = wide_net(&n, wide);
    if (s == RC_OK)
        s = chain(n.graph, 1, false, fading);
    if (s == RC_OK)
        s = chain(n.graph, 100, true, growing);
    demo_net_free(&n);
    if (s != RC_OK)
        return s;
    r->about = "gradient by biases";
    demo_column(r, DEMO_NUMBER, "6 x 30 units");
    demo_column(r, DEMO_NUMBER, "chain, w = 1");
    demo_column(r, DEMO_NUMBER, "chain, w = 100");
    for (int l = 0; l < LAYERS; l++) {
        const int row = demo_row(r, "layer %d", l + 1);
        r->row[row].value[0] = wide[l];
        r->row[row].value[1] = fading[l];
        r->row[row].value[2] = growing[l];
    }
    demo_claim(r, wide[0] < 0.01 * wide[LAYERS - 1],
               "the first layer of the net learns a hundred times slower than the last");
    demo_claim(r, fading[0] < 0.01 * fading[LAYERS - 1], "the gradient of the chain fades");
    demo_claim(r, growing[0] > 100 * growing[LAYERS - 1],
               "with large weights and steep sigmoids it explodes");
    return RC_OK;
}

const demo demo_deep_sigmoid = {
    .name = "deep-sigmoid",
    .help = "gradients by depth in a plain net of sigmoids (Nielsen, chapter 5)",
    .lecture =
        "Lecture 002, \"Why do gradients vanish (or explode) in neural nets?\", after Nielsen,"
        " Neural Networks and Deep Learning, chapter 5: a net with a sigmoid at each layer;"
        " neural networks suffer from an unstable gradient problem.",
    .trained = "Nothing: gradients of nets as they are drawn. Six layers of 30 units, squared error"
               " to random classes of 100 random inputs; and chains of one unit per layer.",
    .lesson = "The derivative of a sigmoid is at most 1/4, so a layer with weights of ordinary size"
              " makes the gradient smaller; large weights can make it larger. Nothing keeps it the"
              " same.",
    .run = run,
};
