/* out_class.c -- the output layer `class`: first the class of a symbol, then the symbol within it.
 *
 * Classes are runs of symbols by falling count, cut so that each has about the same share of the
 * training text (Mikolov's rnnlm). Parameters weight (V,H), a table whose rows are symbols by
 * falling count, bias (V) alike; class.weight (C,H) in panels and class.bias (C). A step reads and
 * writes the classes of the targets alone.
 */
#include "net/net_in.h"

#include <math.h>

typedef struct classes {
    int64_t count;
    int64_t *start;      /* (count + 1) first row of each class */
    int32_t *row;        /* (V) of each symbol */
    int32_t *of_row;     /* (V) class of each row */
    int32_t *of;         /* (V) class of each symbol */
    double *share;       /* (count) of the training text */
    bool sorted;         /* row i is symbol i */
    size_t weight, bias; /* of the classes */
} classes;

/* A symbol belongs to class i as long as the share of the text before its end has not passed
 * (i + 1) / most; the one that passes it is the last of its class. */
static void cut(classes *c, const int64_t *count, const int32_t *at, int64_t V, int64_t most)
{
    double all = 0, share = 0;
    int64_t i = 0;

    c->share[0] = 0;

    for (int64_t r = 0; r < V; r++)
        all += rcn_weight_of(count[at[r]]);
    c->start[0] = 0;
    for (int64_t r = 0; r < V; r++) {
        share += rcn_weight_of(count[at[r]]) / all;
        c->share[i] += rcn_weight_of(count[at[r]]) / all;
        c->of_row[r] = (int32_t)i;
        c->of[at[r]] = (int32_t)i;
        c->start[i + 1] = r + 1;
        if (share > (double)(i + 1) / (double)most && i + 1 < most && r + 1 < V)
            c->share[++i] = 0;
    }
    c->count = i + 1;
}

static rc_status make_classes(classes *c, const rcn_output_plan *plan)
{
    const size_t V = (size_t)plan->V;
    const int64_t wanted = plan->classes > 0 ? plan->classes : (int64_t)ceil(sqrt((double)plan->V));
    const int64_t most = wanted < plan->V ? wanted : plan->V;
    int32_t *at = rcb_alloc(V, sizeof *at);

    c->row = rcn_ranks(plan->count, plan->V, &c->sorted);
    c->start = rcb_alloc((size_t)most + 1, sizeof *c->start);
    c->of_row = rcb_alloc(V, sizeof *c->of_row);
    c->of = rcb_alloc(V, sizeof *c->of);
    c->share = rcb_alloc((size_t)most, sizeof *c->share);
    if (!at || !c->row || !c->start || !c->of_row || !c->of || !c->share) {
        rcb_free(at);
        return RC_ENOMEM;
    }
    for (int64_t w = 0; w < plan->V; w++)
        at[c->row[w]] = (int32_t)w;
    cut(c, plan->count, at, plan->V, most);
    rcb_free(at);
    return RC_OK;
}

static rc_status build(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan)
{
    classes *c = rcb_calloc(1, sizeof *c);

    if (!c)
        return RC_ENOMEM;
    o->own = c;
    if (plan->classes > plan->V)
        return RC_FAIL(RC_EINVAL, "there are %" PRId64 " symbols, fewer than %" PRId64 " classes",
                       plan->V, plan->classes);
    RC_TRY(make_classes(c, plan));
    RC_TRY(rcn_output_linear(ps, plan, "class.", c->count, &c->weight, &c->bias));
    return rcn_output_table(o, ps, plan, plan->V);
}

static void release(rcn_output *o)
{
    classes *c = o->own;

    if (!c)
        return;
    rcb_free(c->start);
    rcb_free(c->row);
    rcb_free(c->of_row);
    rcb_free(c->of);
    rcb_free(c->share);
    rcb_free(c);
}

static rc_var *loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target)
{
    const classes *c = o->own;
    const rc_groups groups = {c->count, c->start};
    const int32_t *row = rcn_map_targets(g, x, c->row, o->V, target);
    const int32_t *of = rcn_map_targets(g, x, c->of, o->V, target);

    if (!row || !of)
        return NULL;
    return rc_add(
        g, rc_softmax_loss(g, x, rcn_at(ps, g, c->weight), rcn_at(ps, g, c->bias), of),
        rc_group_loss(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias), row, &groups));
}

static rc_var *logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x)
{
    const classes *c = o->own;
    const rc_groups groups = {c->count, c->start};
    rc_var *of = rcn_linear_logp(ps, g, x, c->weight, c->bias);
    rc_var *within = rc_group_log_softmax(
        g, rc_linear(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias)), &groups);
    rc_var *y = rc_add(g, within, rc_pick(g, of, c->of_row, o->V));

    return c->sorted ? y : rc_pick(g, y, c->row, o->V);
}

static void work(const rcn_output *o, rcg_work *w)
{
    const classes *c = o->own;
    const rc_groups groups = {c->count, c->start};

    rcn_map_work(w);
    rcn_map_work(w);
    rcg_work_softmax_loss(w, o->H, c->count);
    rcg_work_group_loss(w, o->H, &groups, c->share);
}

static rc_status facts(const rcn_output *o, rcb_buf *out)
{
    const classes *c = o->own;
    int64_t largest = 0;

    for (int64_t i = 0; i < c->count; i++) {
        const int64_t size = c->start[i + 1] - c->start[i];
        largest = size > largest ? size : largest;
    }
    return rcb_buf_printf(out, "%" PRId64 " classes, the largest of %" PRId64 " symbols", c->count,
                          largest);
}

extern const rcn_output_kind rcn_out_class;

const rcn_output_kind rcn_out_class = {
    .name = "class",
    .help = "first the class of a symbol, then the symbol within its class",
    .equations = "c(w) = the class of w\n"
                 "p(c) = softmax over classes of C_c h + a_c\n"
                 "p(w|c) = softmax over the symbols of class c of W_w h + b_w\n"
                 "p_w = p(c(w)) p(w|c(w))",
    .paper = "Goodman, Classes for Fast Maximum Entropy Training, 2001; Mikolov, Kombrink, Burget, "
             "Cernocky and Khudanpur, Extensions of Recurrent Neural Network Language Model, 2011",
    .layout = "rows of out.weight and out.bias are symbols by falling count, equal ones by id",
    .build = build,
    .release = release,
    .loss = loss,
    .logp = logp,
    .work = work,
    .facts = facts,
};
