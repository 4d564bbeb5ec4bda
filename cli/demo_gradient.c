/* demo_gradient.c -- recur demo wrong-gradient: dL/dW when h_t-1 is taken for a constant.
 *
 *   h_t = tanh(W h_t-1 + U x_t),  t = 1 .. 4,  scores V h_4,  L = - ln p(target)
 *
 *   tempting   dL/dh_4 dh_4/dW, h_3 held
 *   right      sum over k of dL/dh_4 dh_4/dh_k dh_k/dW, h_k-1 held in the last factor
 *
 * W is four leaves of the same values, one for each step: the gradient of leaf k is term k. What is
 * right is told by differences: central ones of the loss, all of W at a time.
 */
#include <math.h>
#include <string.h>
#include "demo.h"

enum { STEPS = 4, D = 3, H = 5, ANSWERS = 3, WEIGHTS = H * H };

typedef struct example {
    rc_graph *g;
    rc_real w[WEIGHTS], u[H * D], v[ANSWERS * H], x[STEPS * D];
    rc_real term[STEPS][WEIGHTS]; /* gradients; added to */
} example;

/* The loss, with gradients where `terms`. */
static rc_status loss_of(example *e, bool terms, double *out)
{
    rc_graph *g = e->g;
    const int32_t target = 1;

    rc_graph_reset(g);
    rc_var *u = rc_leaf(g, rc_shape_2(H, D), e->u, NULL), *h = NULL;
    for (int t = 0; t < STEPS; t++) {
        rc_var *w = rc_leaf(g, rc_shape_2(H, H), e->w, terms ? e->term[t] : NULL);
        rc_var *a = rc_linear(g, rc_leaf(g, rc_shape_2(1, D), e->x + t * D, NULL), u, RC_NONE);
        if (!h) { /* h_0: given */
            static const rc_real before[H] = {0.5, -0.5, 0.25, -0.25, 0.75};
            h = rc_leaf(g, rc_shape_2(1, H), before, NULL);
        }
        h = rc_tanh(g, rc_add(g, rc_linear(g, h, w, RC_NONE), a));
    }
    rc_var *v = rc_leaf(g, rc_shape_2(ANSWERS, H), e->v, NULL);
    rc_var *loss = rc_cross_entropy(g, rc_linear(g, h, v, RC_NONE), &target);
    const rc_status s = rc_var_total(g, loss, out);
    return s == RC_OK && terms ? rc_graph_backward(g, loss) : s;
}

/* Of fourth order, with a step that the rounding of a float leaves room for. */
static rc_status difference(example *e, int k, double *out)
{
    static const double factor[] = {1 / 12.0, -8 / 12.0, 8 / 12.0, -1 / 12.0};
    static const int steps[] = {-2, -1, 1, 2};
    const rc_real w = e->w[k], by = (rc_real)0.0625;
    rc_status s = RC_OK;

    *out = 0;
    for (int i = 0; i < 4 && s == RC_OK; i++) {
        double loss = 0;
        e->w[k] = w + (rc_real)steps[i] * by;
        s = loss_of(e, false, &loss);
        *out += factor[i] * loss / (double)by;
    }
    e->w[k] = w;
    return s;
}

static double norm(const double *x)
{
    double sum = 0;

    for (int k = 0; k < WEIGHTS; k++)
        sum += x[k] * x[k];
    return sqrt(sum);
}

/* How far x is from what is right: by norms, and by the cosine of the angle between them. */
static void compare(demo_result *r, int row, const double *x, const double *right)
{
    double gap[WEIGHTS], dot = 0;

    for (int k = 0; k < WEIGHTS; k++) {
        gap[k] = x[k] - right[k];
        dot += x[k] * right[k];
    }
    r->row[row].value[0] = norm(x);
    r->row[row].value[1] = norm(gap) / norm(right);
    r->row[row].value[2] = dot / (norm(x) * norm(right));
}

static rc_status fill(example *e, const demo_setup *setup)
{
    demo_net n;
    const rc_status s = demo_net_open(&n, setup);

    if (s != RC_OK)
        return s;
    for (int k = 0; k < WEIGHTS; k++)
        e->w[k] = (rc_real)(0.5 * demo_normal(&n));
    for (int k = 0; k < H * D; k++)
        e->u[k] = (rc_real)(0.5 * demo_normal(&n));
    for (int k = 0; k < ANSWERS * H; k++)
        e->v[k] = (rc_real)demo_normal(&n);
    for (int k = 0; k < STEPS * D; k++)
        e->x[k] = (rc_real)demo_normal(&n);
    e->g = n.graph;
    return RC_OK;
}

static rc_status measure(example *e, demo_result *r)
{
    double numeric[WEIGHTS], term[WEIGHTS], sum[WEIGHTS] = {0}, loss;
    rc_status s = loss_of(e, true, &loss);

    for (int k = 0; k < WEIGHTS && s == RC_OK; k++)
        s = difference(e, k, &numeric[k]);
    if (s != RC_OK)
        return s;
    for (int t = 0; t < STEPS; t++) {
        const bool last = t == STEPS - 1;
        for (int k = 0; k < WEIGHTS; k++)
            sum[k] += term[k] = (double)e->term[t][k];
        const int row = last ? demo_row(r, "k = %d: the tempting formula", t + 1)
                             : demo_row(r, "k = %d", t + 1);
        compare(r, row, term, numeric);
    }
    compare(r, demo_row(r, "sum over k: the right one"), sum, numeric);
    compare(r, demo_row(r, "differences"), numeric, numeric);
    return RC_OK;
}

static rc_status run(const demo_setup *setup, demo_result *r)
{
    example e = {0};
    rc_status s = fill(&e, setup);

    r->about = "dL/dW";
    demo_column(r, DEMO_NUMBER, "norm");
    demo_column(r, DEMO_NUMBER, "relative error");
    demo_column(r, DEMO_NUMBER, "cosine to differences");
    if (s == RC_OK)
        s = measure(&e, r);
    rc_graph_free(e.g);
    if (s != RC_OK)
        return s;
    demo_claim(r, r->row[STEPS].value[1] < 1e-3, "the sum over all steps is what differences say");
    demo_claim(r, r->row[STEPS - 1].value[1] > 0.1, "the last term alone is not");
    return RC_OK;
}

const demo demo_wrong_gradient = {
    .name = "wrong-gradient",
    .help = "the tempting formula for dL/dW, which takes the state before for a constant",
    .lecture = "Lecture 002, slide 25, \"Why do gradients vanish in RNN?\": we would (incorrectly)"
               " compute dL/dW as dL/dy dy/dh_4 dh_4/dW; but h_4 depends on h_3, which also depends"
               " on W. Lecture 001, \"Backpropagation\": \"but wait...\".",
    .trained = "Nothing: h_t = tanh(W h_t-1 + U x_t) over 4 steps of 5 units, drawn at random. The"
               " weights of each step are a leaf of their own, so that each term of the sum is read"
               " off alone. Differences of fourth order, in single precision.",
    .lesson = "W is used at every step, and each use counts: the gradient is the sum over all of"
              " them (backpropagation through time).",
    .run = run,
};
