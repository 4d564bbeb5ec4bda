/* output.c -- output layers by name, made and run through their descriptors. What a kind computes
 * is in its out_*.c.
 */
#include "net/net_in.h"

#include <stdio.h>
#include <stdlib.h>
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

rc_status rcn_output_linear(rcn_params *ps, const rcn_output_plan *plan, const char *before,
                            int64_t rows, size_t *weight, size_t *bias)
{
    char what[2][64];

    (void)snprintf(what[0], sizeof what[0], "%sweight", before);
    (void)snprintf(what[1], sizeof what[1], "%sbias", before);
    RC_TRY(rcn_output_weight(ps, plan->name, what[0], rows, plan->H, weight));
    return rcn_output_weight(ps, plan->name, what[1], rows, 0, bias);
}

rc_status rcn_output_table(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan, int64_t rows)
{
    rcb_buf full = {0};
    rc_status status = rcb_buf_printf(&full, "%s.weight", plan->name);

    if (status == RC_OK)
        status = rcn_params_table(ps, full.p, rows, plan->H);
    rcb_buf_free(&full);
    if (status != RC_OK)
        return status;
    o->weight = ps->n - 1;
    ps->p[o->weight].rule = "xavier";
    return rcn_output_weight(ps, plan->name, "bias", rows, 0, &o->bias);
}

rc_var *rcn_table_loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                       const int32_t *target)
{
    int64_t *start = rcg_keep(g, 2, sizeof *start);

    if (!start)
        return NULL;
    start[0] = 0;
    start[1] = o->V;
    return rc_group_loss(g, x, rcn_at(ps, g, o->weight), rcn_at(ps, g, o->bias), target,
                         &(rc_groups){1, start});
}

rc_var *rcn_linear_logp(const rcn_params *ps, rc_graph *g, rc_var *x, size_t weight, size_t bias)
{
    return rc_log_softmax(g, rc_linear(g, x, rcn_at(ps, g, weight), rcn_at(ps, g, bias)));
}

rc_var *rcn_full_logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x)
{
    return rcn_linear_logp(ps, g, x, o->weight, o->bias);
}

typedef struct counted {
    int64_t count;
    int32_t id;
} counted;

static int by_falling_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

int32_t *rcn_ranks(const int64_t *count, int64_t V, bool *sorted)
{
    int32_t *rank = rcb_alloc((size_t)V, sizeof *rank);
    counted *all = rcb_alloc((size_t)V, sizeof *all);

    for (int64_t i = 0; rank && all && i < V; i++)
        all[i] = (counted){count[i], (int32_t)i};
    if (rank && all)
        qsort(all, (size_t)V, sizeof *all, by_falling_count);
    *sorted = true;
    for (int64_t i = 0; rank && all && i < V; i++) {
        rank[all[i].id] = (int32_t)i;
        *sorted = *sorted && all[i].id == i;
    }
    if (!all) {
        rcb_free(rank);
        rank = NULL;
    }
    rcb_free(all);
    return rank;
}

int32_t *rcn_map_targets(rc_graph *g, const rc_var *x, const int32_t *map, int64_t V,
                         const int32_t *target)
{
    int32_t *out = x ? rcg_keep(g, (size_t)x->rows, sizeof *out) : NULL;

    for (int64_t r = 0; out && r < x->rows; r++) {
        if (target[r] < 0 || target[r] >= V) {
            rcg_failed(g, RC_FAIL(RC_EINVAL, "output: target %" PRId32 " of %" PRId64 " symbols",
                                  target[r], V));
            return NULL;
        }
        out[r] = map[target[r]];
    }
    return out;
}

void rcn_map_work(rcg_work *w)
{
    w->keep += (double)w->rows * sizeof(int32_t) / sizeof(rc_real);
}
