/* out_nce.c -- the output layer `nce`: in training every target is told from symbols drawn as noise
 * for the whole batch, with the normaliser fixed; elsewhere the full softmax.
 *
 * The normaliser is fixed at Z = V, so that a fresh model, whose scores are about 0, is about
 * normalised already. Parameters weight (V,H), a table, and bias (V). A step reads and writes the
 * rows of the targets and of the draws alone.
 */
#include "net/net_in.h"

#include <math.h>

typedef struct nce {
    rcn_noise noise;
    int64_t samples;
} nce;

static rc_status build(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan)
{
    nce *own = rcb_calloc(1, sizeof *own);

    if (!own)
        return RC_ENOMEM;
    o->own = own;
    own->samples = plan->samples;
    RC_TRY(rcn_noise_new(&own->noise, plan, false, log((double)plan->V)));
    RC_TRY(rcn_output_table(o, ps, plan, plan->V));
    o->vectors = o->weight;
    return RC_OK;
}

static void release(rcn_output *o)
{
    nce *own = o->own;

    if (own)
        rcn_noise_free(&own->noise);
    rcb_free(own);
}

static rc_var *loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target)
{
    const nce *own = o->own;
    rc_noise drawn;

    if (!rcg_training(g))
        return rcn_table_loss(o, ps, g, x, target);
    if (!rcn_noise_sample(&own->noise, g, &drawn))
        return NULL;
    return rc_nce_loss(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias), target, &drawn);
}

static void work(const rcn_output *o, rcg_work *w)
{
    const nce *own = o->own;

    rcn_noise_work(&own->noise, w, o->H);
}

static rc_status facts(const rcn_output *o, rcb_buf *out)
{
    const nce *own = o->own;

    return rcb_buf_printf(out, "%" PRId64 " draws of noise for a batch", own->samples);
}

extern const rcn_output_kind rcn_out_nce;

const rcn_output_kind rcn_out_nce = {
    .name = "nce",
    .help = "noise-contrastive estimation: targets are told from noise in training, full elsewhere",
    .equations = "s_w = W_w h + b_w\n"
                 "e_w = S count_w^a / sum over v of count_v^a, how often w is drawn in the mean\n"
                 "n_w = how often w was drawn for this batch\n"
                 "d_w = s_w - ln V - ln e_w\n"
                 "loss = softplus(-d_t) + sum over w of n_w softplus(d_w), t the target\n"
                 "p_w = exp(s_w) / sum over v of exp(s_v)",
    .paper = "Gutmann and Hyvarinen, Noise-contrastive Estimation, 2010; Mnih and Teh, A Fast and "
             "Simple Algorithm for Training Neural Probabilistic Language Models, 2012 "
             "(arXiv:1206.6426)",
    .vectors = true,
    .build = build,
    .release = release,
    .loss = loss,
    .logp = rcn_full_logp,
    .work = work,
    .facts = facts,
};
