/* out_full.c -- the output layer `full`: one softmax over all symbols.
 *
 * Parameters weight (V,H), in panels, and bias (V). Every step reads and writes all of them.
 */
#include "net/net_in.h"

static rc_status build(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan)
{
    RC_TRY(rcn_output_linear(ps, plan, "", plan->V, &o->weight, &o->bias));
    o->vectors = o->weight;
    return RC_OK;
}

static rc_var *loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target)
{
    return rc_softmax_loss(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias), target);
}

static void work(const rcn_output *o, rcg_work *w)
{
    rcg_work_softmax_loss(w, o->H, o->V);
}

extern const rcn_output_kind rcn_out_full;

const rcn_output_kind rcn_out_full = {
    .name = "full",
    .help = "one softmax over all symbols",
    .equations = "s_w = W_w h + b_w\n"
                 "p_w = exp(s_w) / sum over v of exp(s_v)",
    .paper = "Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs, "
             "1990",
    .vectors = true,
    .build = build,
    .loss = loss,
    .logp = rcn_full_logp,
    .work = work,
};
