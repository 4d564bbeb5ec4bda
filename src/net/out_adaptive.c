/* out_adaptive.c -- the output layer `adaptive`: a softmax over the frequent symbols and the tails,
 * then, for a rare symbol, one over its tail, which reads fewer numbers the rarer it is.
 *
 * Parameters are those of torch.nn.AdaptiveLogSoftmaxWithLoss with head_bias=True: head.weight and
 * head.bias, and for tail i its projection tail.i.0.weight and its symbols tail.i.1.weight. Rows
 * are symbols by falling count.
 */
#include "net/net_in.h"

#include <math.h>
#include <stdio.h>

typedef struct tail {
    int64_t from, to; /* ranks */
    int64_t D;        /* numbers it reads */
    size_t down, up;  /* places of the projection and of the symbols */
    double share;     /* of the training text */
} tail;

typedef struct adaptive {
    int64_t head; /* symbols of the head */
    int tails;
    tail *tail;
    int32_t *rank; /* (V) */
    bool sorted;
    size_t weight, bias; /* of the head */
} adaptive;

/* ---- building ---------------------------------------------------------------------------- */

/* What each symbol weighs, by rank, and all together; (V), freed with rcb_free(). NULL: no
 * memory. */
static double *weights_by_rank(const adaptive *a, const rcn_output_plan *plan, double *all)
{
    double *weight = rcb_calloc((size_t)plan->V, sizeof *weight);

    *all = 0;
    for (int64_t w = 0; weight && w < plan->V; w++) {
        weight[a->rank[w]] = rcn_weight_of(plan->count[w]);
        *all += rcn_weight_of(plan->count[w]);
    }
    return weight;
}

/* Two tails: the symbols past 80 % of the text, and those past 95 % of it. Returns how many of them
 * there are. */
static int choose(const double *weight, double all, int64_t V, int64_t cutoff[2])
{
    const double parts[] = {0.8, 0.95};
    double sum = 0;
    int n = 0;

    for (int64_t r = 0; r + 1 < V && n < 2; r++) {
        sum += weight[r];
        if (sum >= parts[n] * all)
            cutoff[n++] = r + 1;
    }
    return n;
}

static rc_status check_cutoffs(const rcn_output_plan *plan)
{
    for (int i = 0; i < plan->cutoffs; i++) {
        const int64_t least = i > 0 ? plan->cutoff[i - 1] + 1 : 1;

        if (plan->cutoff[i] < least || plan->cutoff[i] >= plan->V)
            return RC_FAIL_HINT(RC_EINVAL, "they must rise, and lie below the number of symbols",
                                "cutoff %" PRId64 " is not from %" PRId64 " to %" PRId64,
                                plan->cutoff[i], least, plan->V - 1);
    }
    return RC_OK;
}

static rc_status add_tail(adaptive *a, int i, rcn_params *ps, const rcn_output_plan *plan)
{
    const double width = floor((double)plan->H / pow(plan->cutoff_divide, i + 1));
    tail *t = &a->tail[i];
    char down[32], up[32];

    (void)snprintf(down, sizeof down, "tail.%d.0.weight", i);
    (void)snprintf(up, sizeof up, "tail.%d.1.weight", i);
    t->D = width >= 1 ? (int64_t)width : 1;
    RC_TRY(rcn_output_weight(ps, plan->name, down, t->D, plan->H, &t->down));
    return rcn_output_weight(ps, plan->name, up, t->to - t->from, t->D, &t->up);
}

/* Head and tails of a plan whose cutoffs are chosen. */
static rc_status add_parts(adaptive *a, rcn_params *ps, const rcn_output_plan *plan,
                           const double *weight, double all)
{
    RC_TRY(check_cutoffs(plan));
    a->tails = plan->cutoffs;
    a->head = plan->cutoffs > 0 ? plan->cutoff[0] : plan->V;
    a->tail = rcb_calloc((size_t)a->tails, sizeof *a->tail);
    if (!a->tail)
        return RC_ENOMEM;
    RC_TRY(rcn_output_linear(ps, plan, "head.", a->head + a->tails, &a->weight, &a->bias));
    for (int i = 0; i < a->tails; i++) {
        tail *t = &a->tail[i];

        t->from = plan->cutoff[i];
        t->to = i + 1 < a->tails ? plan->cutoff[i + 1] : plan->V;
        for (int64_t r = t->from; r < t->to; r++)
            t->share += weight[r] / all;
        RC_TRY(add_tail(a, i, ps, plan));
    }
    return RC_OK;
}

static rc_status build(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan)
{
    adaptive *a = rcb_calloc(1, sizeof *a);
    int64_t chosen[2];
    rcn_output_plan p = *plan;

    if (!a)
        return RC_ENOMEM;
    o->own = a;
    a->rank = rcn_ranks(plan->count, plan->V, &a->sorted);
    double all, *weight = a->rank ? weights_by_rank(a, plan, &all) : NULL;
    if (!weight)
        return RC_ENOMEM;
    if (plan->cutoffs < 0) {
        p.cutoffs = choose(weight, all, plan->V, chosen);
        p.cutoff = chosen;
    }
    const rc_status status = add_parts(a, ps, &p, weight, all);
    rcb_free(weight);
    return status;
}

static void release(rcn_output *o)
{
    adaptive *a = o->own;

    if (!a)
        return;
    rcb_free(a->tail);
    rcb_free(a->rank);
    rcb_free(a);
}

/* ---- running ----------------------------------------------------------------------------- */

/* The rows of x whose rank is in tail i: their loss within it, added to `all`. */
static rc_var *tail_loss(const adaptive *a, int i, const rcn_params *ps, rc_graph *g, rc_var *x,
                         const int32_t *rank, rc_var *all)
{
    const tail *t = &a->tail[i];
    int32_t *rows = rcg_keep(g, (size_t)x->rows, sizeof *rows);
    int32_t *goal = rcg_keep(g, (size_t)x->rows, sizeof *goal);
    int64_t n = 0;

    if (!rows || !goal)
        return NULL;
    for (int64_t r = 0; r < x->rows; r++)
        if (rank[r] >= t->from && rank[r] < t->to) {
            rows[n] = (int32_t)r;
            goal[n++] = (int32_t)(rank[r] - t->from);
        }
    if (n == 0)
        return all;
    rc_var *y = rc_linear(g, rc_embed(g, x, rows, n), rcn_at(ps, g, t->down), RC_NONE);

    return rc_add(g, all, rc_softmax_loss(g, y, rcn_at(ps, g, t->up), RC_NONE, goal));
}

static rc_var *loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target)
{
    const adaptive *a = o->own;
    const int32_t *rank = rcn_map_targets(g, x, a->rank, o->V, target);
    int32_t *goal = rank ? rcg_keep(g, (size_t)x->rows, sizeof *goal) : NULL;

    if (!goal)
        return NULL;
    for (int64_t r = 0; r < x->rows; r++) {
        goal[r] = rank[r];
        for (int i = 0; i < a->tails; i++)
            if (rank[r] >= a->tail[i].from)
                goal[r] = (int32_t)(a->head + i);
    }
    rc_var *all = rc_softmax_loss(g, x, rcn_at(ps, g, a->weight), rcn_at(ps, g, a->bias), goal);

    for (int i = 0; i < a->tails; i++)
        all = tail_loss(a, i, ps, g, x, rank, all);
    return all;
}

/* ln p of the symbols of tail i: that of the tail, from the head's, and theirs within it. */
static rc_var *tail_logp(const adaptive *a, int i, const rcn_params *ps, rc_graph *g, rc_var *x,
                         rc_var *head)
{
    const tail *t = &a->tail[i];
    const int64_t n = t->to - t->from;
    int32_t *ids = rcg_keep(g, (size_t)n, sizeof *ids);

    if (!ids)
        return NULL;
    for (int64_t k = 0; k < n; k++)
        ids[k] = (int32_t)(a->head + i);
    rc_var *y = rc_linear(g, x, rcn_at(ps, g, t->down), RC_NONE);

    y = rc_log_softmax(g, rc_linear(g, y, rcn_at(ps, g, t->up), RC_NONE));
    return rc_add(g, y, rc_pick(g, head, ids, n));
}

static rc_var *logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x)
{
    const adaptive *a = o->own;
    rc_var **parts = rcg_keep(g, (size_t)a->tails + 1, sizeof(rc_var *));

    if (!parts)
        return NULL;
    rc_var *head = rcn_linear_logp(ps, g, x, a->weight, a->bias);

    parts[0] = rc_slice(g, head, 0, a->head);
    for (int i = 0; i < a->tails; i++)
        parts[i + 1] = tail_logp(a, i, ps, g, x, head);
    rc_var *y = rc_concat(g, a->tails + 1, parts);

    return a->sorted ? y : rc_pick(g, y, a->rank, o->V);
}

static void work(const rcn_output *o, rcg_work *w)
{
    const adaptive *a = o->own;

    rcn_map_work(w);
    rcn_map_work(w); /* as in the head */
    rcg_work_softmax_loss(w, o->H, a->head + a->tails);
    for (int i = 0; i < a->tails; i++) {
        const tail *t = &a->tail[i];
        rcg_work part = rcg_work_part(w, t->share);

        rcn_map_work(w); /* its rows, and as in the tail */
        rcn_map_work(w);
        rcg_work_value(&part, o->H);
        rcg_work_linear(&part, o->H, t->D);
        rcg_work_softmax_loss(&part, t->D, t->to - t->from);
        rcg_work_join(w, &part, t->share);
    }
}

static rc_status facts(const rcn_output *o, rcb_buf *out)
{
    const adaptive *a = o->own;

    RC_TRY(rcb_buf_printf(out, "%" PRId64 " symbols in the head", a->head));
    for (int i = 0; i < a->tails; i++)
        RC_TRY(rcb_buf_printf(out, "%s%" PRId64 " in tail %d", i + 1 < a->tails ? ", " : " and ",
                              a->tail[i].to - a->tail[i].from, i));
    return RC_OK;
}

extern const rcn_output_kind rcn_out_adaptive;

const rcn_output_kind rcn_out_adaptive = {
    .name = "adaptive",
    .help = "frequent symbols in one softmax, rarer ones in tails that read fewer numbers",
    .equations = "p(w), p(i) = softmax over the symbols w of the head and the tails i of A h + a\n"
                 "p(w|i) = softmax over the symbols of tail i of U_i V_i h\n"
                 "p_w = p(w) in the head, p(i) p(w|i) in tail i",
    .paper = "Grave, Joulin, Cisse, Grangier and Jegou, Efficient Softmax Approximation for GPUs, "
             "2017 (arXiv:1609.04309)",
    .layout = "rows of out.head and out.tail are symbols by falling count, equal ones by id",
    .build = build,
    .release = release,
    .loss = loss,
    .logp = logp,
    .work = work,
    .facts = facts,
};
