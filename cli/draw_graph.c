/* draw_graph.c -- expressions as computational graphs: those of Goodfellow, Bengio and Courville
 * 2016, figure 6.8 (lecture 001, "Computational Graph (CG)").
 *
 * Each is computed by the library and drawn by walking from its results down to its leaves: what is
 * drawn is what was computed. Leaves and results have the names of the book.
 */
#include <string.h>
#include "draw.h"

enum { NAMES = 8, VARS = 64 };

/* What some variables are called, and which are results. */
typedef struct naming {
    const rc_var *var[NAMES];
    const char *name[NAMES];
    bool result[NAMES];
    int count;
    const rc_var *seen[VARS]; /* those that have a node: node i */
    int nodes;
} naming;

static rc_var *call(naming *n, rc_var *v, const char *name)
{
    n->var[n->count] = v;
    n->name[n->count++] = name;
    return v;
}

static void result(naming *n, const rc_var *v)
{
    for (int i = 0; i < n->count; i++)
        if (n->var[i] == v)
            n->result[i] = true;
}

static const char *shape_text(const rc_var *v, char out[PICTURE_TEXT])
{
    const rc_shape s = rc_var_shape(v);
    size_t used = 0;

    for (int i = 0; i < s.rank; i++)
        used += (size_t)snprintf(out + used, PICTURE_TEXT - used, "%s%lld", i ? " x " : "",
                                 (long long)s.dim[i]);
    return out;
}

/* The node of a variable and of all below it; its place. */
static int visit(picture *p, naming *n, const rc_var *v)
{
    char shape[PICTURE_TEXT];
    const char *name = "";
    bool is_result = false;
    int operand[NAMES], operands = 0;

    for (int i = 0; i < n->nodes; i++)
        if (n->seen[i] == v)
            return i;
    for (int i = 0; i < n->count; i++)
        if (n->var[i] == v) {
            name = n->name[i];
            is_result = n->result[i];
        }
    const rc_var *in;
    for (int i = 0; operands < NAMES && (in = rc_var_operand(v, i)); i++)
        if (in != RC_NONE)
            operand[operands++] = visit(p, n, in);
    shape_text(v, shape);
    const bool leaf = operands == 0;
    const picture_look look = leaf ? PICTURE_VALUE : is_result ? PICTURE_RESULT : PICTURE_OP;
    const int node = picture_add(p, look, -1, 0, "%s%s%s\n%s", name, leaf || !name[0] ? "" : " = ",
                                 leaf ? "" : rc_var_op(v), shape);
    if (!p->failed && n->nodes < VARS)
        n->seen[n->nodes++] = v;
    for (int i = 0; i < operands; i++)
        picture_flow(p, operand[i], node, "%s", "");
    return node;
}

static rc_status walk(picture *p, naming *n, rc_graph *g)
{
    const rc_status status = rc_graph_status(g);

    for (int i = 0; status == RC_OK && i < n->count; i++)
        if (n->result[i])
            visit(p, n, n->var[i]);
    return status;
}

/* ---- examples ------------------------------------------------------------------------------- */

static rc_var *leaf(rc_graph *g, rc_shape shape)
{
    rc_real values[16];

    for (int i = 0; i < 16; i++)
        values[i] = (rc_real)(0.25 * (i - 7));
    return rc_leaf(g, shape, values, NULL);
}

static rc_status product(picture *p, rc_graph *g)
{
    naming n = {0};
    rc_var *x = call(&n, leaf(g, rc_shape_1(1)), "x"), *y = call(&n, leaf(g, rc_shape_1(1)), "y");

    result(&n, call(&n, rc_mul(g, x, y), "z"));
    return walk(p, &n, g);
}

static rc_status logistic(picture *p, rc_graph *g)
{
    naming n = {0};
    rc_var *x = call(&n, leaf(g, rc_shape_2(1, 3)), "x");
    rc_var *w = call(&n, leaf(g, rc_shape_2(1, 3)), "w");
    rc_var *b = call(&n, leaf(g, rc_shape_2(1, 1)), "b");
    rc_var *u1 = call(&n, rc_linear(g, x, w, RC_NONE), "u1");
    rc_var *u2 = call(&n, rc_add(g, u1, b), "u2");

    result(&n, call(&n, rc_sigmoid(g, u2), "y^"));
    return walk(p, &n, g);
}

static rc_status layer(picture *p, rc_graph *g)
{
    naming n = {0};
    rc_var *x = call(&n, leaf(g, rc_shape_2(4, 3)), "X");
    rc_var *w = call(&n, leaf(g, rc_shape_2(2, 3)), "W'");
    rc_var *b = call(&n, leaf(g, rc_shape_1(2)), "b");
    rc_var *u = call(&n, rc_linear(g, x, w, b), "U");

    result(&n, call(&n, rc_relu(g, u), "H"));
    return walk(p, &n, g);
}

static rc_status decay(picture *p, rc_graph *g)
{
    naming n = {0};
    rc_var *x = call(&n, leaf(g, rc_shape_2(1, 3)), "x");
    rc_var *w = call(&n, leaf(g, rc_shape_2(1, 3)), "w");
    rc_var *lambda = call(&n, leaf(g, rc_shape_1(1)), "lambda");
    rc_var *u1 = call(&n, rc_mul(g, w, w), "u1");
    rc_var *u2 = call(&n, rc_sum(g, u1), "u2");

    result(&n, call(&n, rc_linear(g, x, w, RC_NONE), "y^"));
    result(&n, call(&n, rc_mul(g, u2, lambda), "u3"));
    return walk(p, &n, g);
}

static const draw_example examples[] = {
    {"product", "z = x y", product},
    {"logistic", "y^ = sigmoid(x'w + b)", logistic},
    {"layer", "H = max(0, X W + b)", layer},
    {"decay", "y^ = x'w and the penalty lambda sum of w_i^2: w is used twice", decay},
};

const draw_example *draw_example_at(size_t i)
{
    return i < sizeof examples / sizeof *examples ? &examples[i] : NULL;
}

rc_status draw_expression(picture *p, const draw_example *example)
{
    rc_graph *g;
    rc_status status = rc_graph_new(&g, NULL);

    if (status != RC_OK)
        return status;
    (void)snprintf(p->title, sizeof p->title, "%s", example->help);
    status = example->build(p, g);
    rc_graph_free(g);
    picture_rank(p);
    return status;
}
