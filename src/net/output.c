/* output.c -- output layers by name, made and run through their descriptors. What a kind computes is
 * in its out_*.c.
 */
#include "net/net_in.h"

#include <string.h>

#define OUTPUT(name) extern const rcn_output_kind rcn_out_##name;
#include "net/outputs.def"
#undef OUTPUT

static const rcn_output_kind *const kinds[] = {
#define OUTPUT(name) &rcn_out_##name,
#include "net/outputs.def"
#undef OUTPUT
    NULL,
};

const rcn_output_kind *rcn_output_at(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? kinds[i] : NULL;
}

const rcn_output_kind *rcn_output_find(const char *name)
{
    for (size_t i = 0; kinds[i]; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

rc_status rcn_output_new(rcn_output *out, rcn_params *ps, const rcn_output_plan *plan)
{
    *out = (rcn_output){.kind = rcn_output_find(plan->kind),
                        .V = plan->V,
                        .H = plan->H,
                        .weight = SIZE_MAX,
                        .bias = SIZE_MAX,
                        .vectors = SIZE_MAX};
    if (!out->kind)
        return RC_FAIL(RC_EINVAL, "there is no output layer '%s'", plan->kind);
    if (plan->tied && !out->kind->vectors)
        return RC_FAIL_HINT(RC_EINVAL, "leave --tied out, or take --output full, sampled or nce",
                            "cannot tie the output to the symbol vectors: output '%s' has no such "
                            "vectors",
                            out->kind->name);
    return out->kind->build(out, ps, plan);
}

void rcn_output_free(rcn_output *o)
{
    if (o->kind && o->kind->release)
        o->kind->release(o);
    *o = (rcn_output){0};
}

rc_var *rcn_output_loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                        const int32_t *target)
{
    return o->kind->loss(o, ps, g, x, target);
}

rc_var *rcn_output_logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x)
{
    return o->kind->logp(o, ps, g, x);
}

/* ---- what kinds share -------------------------------------------------------------------- */

rc_status rcn_output_weight(rcn_params *ps, const char *name, const char *what, int64_t rows,
                            int64_t K, size_t *place)
{
    rcb_buf full = {0};
    rc_status status = rcb_buf_printf(&full, "%s.%s", name, what);

    if (status == RC_OK)
        status =
            rcn_params_weight(ps, full.p, K > 0 ? 2 : 1, 1, (const int[]){1}, rows, K > 0 ? K : 1);
    rcb_buf_free(&full);
    *place = ps->n - 1;
    return status;
}

rc_status rcn_output_table(rcn_params *ps, const char *name, const char *what, int64_t rows,
                           int64_t K, size_t *place)
{
    rcb_buf full = {0};
    rc_status status = rcb_buf_printf(&full, "%s.%s", name, what);

    if (status == RC_OK)
        status = rcn_params_table(ps, full.p, rows, K);
    rcb_buf_free(&full);
    if (status != RC_OK)
        return status;
    *place = ps->n - 1;
    ps->p[*place].rule = "xavier";
    return RC_OK;
}
