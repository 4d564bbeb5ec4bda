/* out_hierarchical.c -- the output layer `hierarchical`: a symbol is the end of a way of yes-or-no
 * decisions down a Huffman tree over the counts of training, so that a frequent one is near.
 *
 * Parameters weight (V-1,H), a table with a row for every decision, and bias (V-1). A step reads
 * and writes the decisions above the targets alone.
 */
#include "net/net_in.h"

static rc_status build(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan)
{
    rcn_huffman *h = rcb_calloc(1, sizeof *h);

    if (!h)
        return RC_ENOMEM;
    o->own = h;
    RC_TRY(rcn_huffman_new(h, plan->count, plan->V));
    return rcn_output_table(o, ps, plan, plan->V - 1);
}

static void release(rcn_output *o)
{
    rcn_huffman *h = o->own;

    if (h)
        rcn_huffman_free(h);
    rcb_free(h);
}

static rc_var *loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target)
{
    const rcn_huffman *h = o->own;

    return rc_tree_loss(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias), target, &h->tree);
}

static rc_var *logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x)
{
    const rcn_huffman *h = o->own;

    return rc_tree_logp(g, rc_linear(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias)),
                        &h->tree);
}

static void work(const rcn_output *o, rcg_work *w)
{
    const rcn_huffman *h = o->own;

    rcg_work_tree_loss(w, o->H, h->way, h->tree.depth);
}

static rc_status facts(const rcn_output *o, rcb_buf *out)
{
    const rcn_huffman *h = o->own;

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
