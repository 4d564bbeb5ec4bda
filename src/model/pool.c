/* pool.c -- what layers say at the steps of a sequence as one vector, for tasks that say one thing
 * of each.
 *
 * Parameters of attention (Yang et al. 2016): attention.weight (F,F), attention.bias (F),
 * attention.score (1,F); the shares of the steps are softmax(score tanh(weight x + bias)).
 */
#include "model/model_in.h"

rc_status rcm_pool_new(rcm_pool *p, rcm_pooling how, const rcn_stack *stack, rcn_params *ps,
                       int64_t width)
{
    const int one = 1;

    *p = (rcm_pool){.how = how, .stack = stack, .attention = ps->n};
    if (how != RCM_POOLING_ATTENTION)
        return RC_OK;
    RC_TRY(rcn_params_weight(ps, "attention.weight", 2, 1, &one, width, width));
    RC_TRY(rcn_params_weight(ps, "attention.bias", 1, 1, &one, width, 1));
    return rcn_params_weight(ps, "attention.score", 2, 1, &one, 1, width);
}

/* Of two directions the last step of each: columns of layer after layer (of the last one alone but
 * for skip graves), forward out of `last`, backward out of `first`. */
static rc_var *ends(const rcn_stack_plan *p, rc_graph *g, rc_var *last, rc_var *first)
{
    const int from = p->skip == RCN_SKIP_GRAVES ? 0 : p->layers - 1;
    const int count = 2 * (p->layers - from);
    rc_var **part = rcg_keep(g, (size_t)count, sizeof *part);
    int64_t at = 0;

    if (!part)
        return NULL;
    for (int i = 0; i < count; i++) {
        const int64_t H = rcc_state_width(p->cell, 0, rcn_stack_widths(p, from + i / 2));

        part[i] = rc_slice(g, i % 2 == 0 ? last : first, at, H);
        at += H;
    }
    return rc_concat(g, count, part);
}

static rc_var *attend(const rcm_pool *p, const rc_model *m, rc_graph *g, const rc_rows *rows,
                      rc_var *x)
{
    const size_t at = p->attention;
    rc_var *y = rc_linear(g, x, rcm_var(m, g, at), rcm_var(m, g, at + 1));

    return rc_pool_attention(g, rows, rc_linear(g, rc_tanh(g, y), rcm_var(m, g, at + 2), RC_NONE),
                             x);
}

rc_var *rcm_pool_run(const rcm_pool *p, const rc_model *m, rc_graph *g, const rc_rows *rows,
                     rc_var *x)
{
    if (p->how == RCM_POOLING_MEAN)
        return rc_pool(g, rows, x, RC_POOL_MEAN);
    if (p->how == RCM_POOLING_MAX)
        return rc_pool(g, rows, x, RC_POOL_MAX);
    if (p->how == RCM_POOLING_ATTENTION)
        return attend(p, m, g, rows, x);
    rc_var *last = rc_pool(g, rows, x, RC_POOL_LAST);

    if (!p->stack || p->stack->plan.directions == 1 || p->stack->plan.deep_out > 0)
        return last;
    return ends(&p->stack->plan, g, last, rc_pool(g, rows, x, RC_POOL_FIRST));
}

void rcm_pool_work(const rcm_pool *p, rcg_work *w, int64_t width)
{
    const bool attention = p->how == RCM_POOLING_ATTENTION;

    if (attention) {
        rcg_work_linear(w, width, width);
        rcg_work_value(w, width);
        rcg_work_linear(w, width, 1);
    }
    rcg_work_pool(w, width, attention);
}

rc_status rcm_pool_facts(const rcm_pool *p, rcm_words *w)
{
    rc_entry e;

    (void)rcm_list("poolings", (size_t)p->how, &e);
    return rcm_words_add(w, "pooling", "%s", e.help);
}
