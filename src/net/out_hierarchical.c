/* out_hierarchical.c -- the output layer `hierarchical`: a symbol is the end of a way of yes-or-no
 * decisions down a Huffman tree over the counts of training, so that a frequent one is near.
 *
 * Parameters weight (V-1,H), a table with a row for every decision, and bias (V-1). A step reads
 * and writes the decisions above the targets alone.
 */
#include "net/net_in.h"

typedef struct huffman {
    rc_tree tree;
    double way;  /* decisions above a symbol, in the mean over the training text */
    int32_t *up; /* (2V - 1) see rc_tree */
} huffman;

/* The two ends of growing a tree: leaves in the order of rising count, and decisions in the order
 * they are made, which is that of rising sums. */
typedef struct grove {
    int64_t V;
    const int32_t *leaf;         /* (V) by rising count */
    const double *weight;        /* (V) alike */
    double *sum;                 /* (V - 1) of decisions made */
    int64_t leaves, first, made; /* taken leaves, taken decisions, all decisions so far */
} grove;

/* Take the lightest that is left, leaves before decisions of the same weight: its entry in `up`,
 * and its weight. The decision that is made j-th has number V - 2 - j, so that the root is 0. */
static int64_t take(grove *g, double *weight)
{
    if (g->leaves < g->V && (g->first == g->made || g->weight[g->leaves] <= g->sum[g->first])) {
        *weight = g->weight[g->leaves];
        return g->leaf[g->leaves++];
    }
    *weight = g->sum[g->first];
    return g->V + (g->V - 2 - g->first++);
}

static void grow(huffman *h, grove *g)
{
    const int64_t V = g->V;
    double sums = 0;

    for (g->made = 0; g->made < V - 1;) {
        double light, heavy;
        const int64_t number = V - 2 - g->made;
        const int64_t a = take(g, &light);
        const int64_t b = take(g, &heavy);

        h->up[a] = (int32_t)(2 * number);
        h->up[b] = (int32_t)(2 * number + 1);
        g->sum[g->made++] = light + heavy;
        sums += light + heavy; /* so much of the text passes here */
    }
    h->up[V] = -1;
    h->way = sums / g->sum[V - 2];
}

/* The longest way: decisions above each decision, from the root on. */
static int64_t depth_of(const huffman *h, int64_t V, int32_t *depth)
{
    int64_t most = 0;

    depth[0] = 0;
    for (int64_t k = 1; k < V - 1; k++)
        depth[k] = depth[h->up[V + k] / 2] + 1;
    for (int64_t w = 0; w < V; w++) {
        const int64_t d = depth[h->up[w] / 2] + 1;
        most = d > most ? d : most;
    }
    return most;
}

static rc_status make_tree(huffman *h, const rcn_output_plan *plan)
{
    const size_t V = (size_t)plan->V;
    bool sorted;
    int32_t *rank = rcn_ranks(plan->count, plan->V, &sorted);
    int32_t *leaf = rcb_alloc(V, sizeof *leaf);
    double *weight = rcb_alloc(V, sizeof *weight);
    double *sum = rcb_alloc(V, sizeof *sum);
    const bool whole = rank && leaf && weight && sum;

    h->up = rcb_alloc(2 * V - 1, sizeof *h->up);
    for (int64_t w = 0; whole && w < plan->V; w++) {
        const int64_t at = plan->V - 1 - rank[w];

        leaf[at] = (int32_t)w;
        weight[at] = rcn_weight_of(plan->count[w]);
    }
    if (whole && h->up) {
        grow(h, &(grove){.V = plan->V, .leaf = leaf, .weight = weight, .sum = sum});
        h->tree = (rc_tree){plan->V, depth_of(h, plan->V, leaf), h->up};
    }
    rcb_free(sum);
    rcb_free(weight);
    rcb_free(leaf);
    rcb_free(rank);
    return whole && h->up ? RC_OK : RC_ENOMEM;
}

static rc_status build(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan)
{
    huffman *h = rcb_calloc(1, sizeof *h);

    if (!h)
        return RC_ENOMEM;
    o->own = h;
    if (plan->V < 2)
        return RC_FAIL(RC_EINVAL, "a tree needs at least 2 symbols, there is %" PRId64, plan->V);
    RC_TRY(make_tree(h, plan));
    return rcn_output_table(o, ps, plan, plan->V - 1);
}

static void release(rcn_output *o)
{
    huffman *h = o->own;

    if (h)
        rcb_free(h->up);
    rcb_free(h);
}

static rc_var *loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target)
{
    const huffman *h = o->own;

    return rc_tree_loss(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias), target, &h->tree);
}

static rc_var *logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x)
{
    const huffman *h = o->own;

    return rc_tree_logp(g, rc_linear(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias)),
                        &h->tree);
}

static void work(const rcn_output *o, rcg_work *w)
{
    const huffman *h = o->own;

    rcg_work_tree_loss(w, o->H, h->way, h->tree.depth);
}

static rc_status facts(const rcn_output *o, rcb_buf *out)
{
    const huffman *h = o->own;

    return rcb_buf_printf(out, "%" PRId64 " decisions, at most %" PRId64 " for a symbol",
                          h->tree.leaves - 1, h->tree.depth);
}

extern const rcn_output_kind rcn_out_hierarchical;

const rcn_output_kind rcn_out_hierarchical = {
    .name = "hierarchical",
    .help = "yes-or-no decisions down a Huffman tree of the symbols",
    .equations = "d_k = sigmoid(W_k h + b_k), for every decision k of the tree\n"
                 "p_w = product over the decisions k above w of d_k on side 0, 1 - d_k on side 1",
    .paper = "Morin and Bengio, Hierarchical Probabilistic Neural Network Language Model, 2005; "
             "Mikolov, Sutskever, Chen, Corrado and Dean, 2013 (arXiv:1310.4546)",
    .layout = "row k of out.weight and out.bias is decision k of the Huffman tree over the counts, "
              "the root is 0 (docs/format.md)",
    .build = build,
    .release = release,
    .loss = loss,
    .logp = logp,
    .work = work,
    .facts = facts,
};
