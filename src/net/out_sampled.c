/* out_sampled.c -- the output layer `sampled`: in training a softmax over the target and symbols
 * drawn for the whole batch, corrected for how likely they are drawn; elsewhere the full softmax.
 *
 * Parameters weight (V,H), a table, and bias (V). A step reads and writes the rows of the targets
 * and of the draws alone.
 */
#include "net/net_in.h"

static rc_status build(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan)
{
    rcn_noise *noise = rcb_calloc(1, sizeof *noise);

    if (!noise)
        return RC_ENOMEM;
    o->own = noise;
    RC_TRY(rcn_noise_new(noise, plan, true, 0));
    RC_TRY(rcn_output_table(o, ps, plan, plan->V));
    o->vectors = o->weight;
    return RC_OK;
}

static void release(rcn_output *o)
{
    if (o->own)
        rcn_noise_free(o->own);
    rcb_free(o->own);
}

static rc_var *loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target)
{
    rc_noise drawn;

    if (!rcg_training(g))
        return rcn_table_loss(o, ps, g, x, target);
    if (!rcn_noise_sample(o->own, g, &drawn))
        return NULL;
    return rc_sampled_loss(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias), target, &drawn);
}

static void work(const rcn_output *o, rcg_work *w)
{
    rcn_noise_work(o->own, w, o->H);
}

static rc_status facts(const rcn_output *o, rcb_buf *out)
{
    const rcn_noise *noise = o->own;
    double sum = 0;

    for (int64_t i = 0; i < noise->V; i++)
        sum += noise->each[i];
    return rcb_buf_printf(out, "%.0f symbols are drawn for a batch", sum);
}

extern const rcn_output_kind rcn_out_sampled;

const rcn_output_kind rcn_out_sampled = {
    .name = "sampled",
    .help = "softmax over the target and a few drawn symbols in training, full elsewhere",
    .equations = "s_w = W_w h + b_w\n"
                 "q_w = min(1, k count_w^a), the probability that w is drawn; they add up to S\n"
                 "C = the drawn symbols and the target t\n"
                 "loss = -ln (exp(s_t - ln q_t) / sum over v in C of exp(s_v - ln q_v))\n"
                 "p_w = exp(s_w) / sum over v of exp(s_v)",
    .paper = "Jean, Cho, Memisevic and Bengio, On Using Very Large Target Vocabulary for Neural "
             "Machine Translation, 2015 (arXiv:1412.2007); Bengio and Senecal, 2003",
    .vectors = true,
    .build = build,
    .release = release,
    .loss = loss,
    .logp = rcn_full_logp,
    .work = work,
    .facts = facts,
};
