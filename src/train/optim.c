/* optim.c -- from gradients to weights: clipping, penalties and the update, flat over any layout.
 *
 * Padding is zero in weights, gradients and slots and stays zero, so nothing here knows panels.
 * Work is shared in blocks of RCK_BLOCK; partial sums are combined in order.
 */
#include "train/train.h"

#include <math.h>
#include <string.h>

static const rct_method *method_at(size_t i, rct_method *out)
{
    size_t at = 0;
#define OPTIM(word, kernel, letters, options, text)                                                \
    if (at++ == i) {                                                                               \
        *out = (rct_method){#word, text, options, letters, rck ? rck->kernel : NULL};              \
        return out;                                                                                \
    }
#include "train/optims.def"
#undef OPTIM
    return NULL;
}

static rc_status find_method(rct_method *out, const char *name)
{
    for (size_t i = 0; method_at(i, out); i++)
        if (strcmp(out->name, name) == 0)
            return RC_OK;
    return RC_FAIL_HINT(RC_EINVAL, "see: recur list optimizers", "there is no optimizer '%s'",
                        name);
}

/* Does an option mean anything to the method? */
static bool uses(const rct_optim *o, const char *option)
{
    return strstr(o->method.uses, option) != NULL;
}

/* Penalties of every parameter, as reals. */
static rc_status penalties(rc_real **out, const rcn_params *ps, const char *text)
{
    rc_real *p = rcb_calloc(ps->n, sizeof *p);
    *out = p;
    if (!p)
        return RC_ENOMEM;
    RC_TRY(rcn_globs_check(ps, text));
    for (size_t i = 0; i < ps->n; i++) {
        double value;
        RC_TRY(rcn_glob_value(text, ps->p[i].name, 0, &value));
        p[i] = (rc_real)value;
    }
    return RC_OK;
}

/* A method's slots, in zeros. Without momentum the slot that is for it alone is not made. */
static rc_status new_slots(rct_optim *o)
{
    const bool idle = o->config->momentum == 0 && uses(o, "momentum");

    const bool mean = rcm_list_index("means", o->config->mean) != RCM_MEAN_NONE;

    for (int s = 0; s < RCT_SLOTS; s++) {
        const bool of_method = strchr(o->method.slots, RCT_SLOT_NAMES[s]) && !(s == 0 && idle);

        if (!of_method && !(s == RCT_MEAN && mean))
            continue;
        o->slot[s] = rcb_calloc(o->params->n, sizeof *o->slot[s]);
        if (!o->slot[s])
            return RC_ENOMEM;
        for (size_t i = 0; i < o->params->n; i++) {
            if (o->params->p[i].frozen)
                continue;
            o->slot[s][i] = rcb_calloc((size_t)o->params->p[i].size, sizeof **o->slot[s]);
            if (!o->slot[s][i])
                return RC_ENOMEM;
        }
    }
    return RC_OK;
}

static rc_status fill_optim(rct_optim *o)
{
    const rcn_params *ps = o->params;

    RC_TRY(find_method(&o->method, o->config->optimizer));
    if (o->config->weight_decay > 0 && !uses(o, "weight-decay"))
        return RC_FAIL_HINT(RC_EINVAL, "use --optimizer adamw, or --l2 for a penalty",
                            "optimizer '%s' has no weight decay", o->method.name);
    o->averages = rcm_list_index("means", o->config->mean) == RCM_MEAN_ALL;
    RC_TRY(penalties(&o->l1, ps, o->config->l1));
    RC_TRY(penalties(&o->l2, ps, o->config->l2));
    RC_TRY(new_slots(o));
    o->first = rcb_calloc(ps->n + 1, sizeof *o->first);
    if (!o->first)
        return RC_ENOMEM;
    for (size_t i = 0; i < ps->n; i++)
        o->first[i + 1] = o->first[i] + (ps->p[i].size + RCK_BLOCK - 1) / RCK_BLOCK;
    o->block = rcb_calloc((size_t)o->first[ps->n], sizeof *o->block);
    return o->block ? RC_OK : RC_ENOMEM;
}

rc_status rct_optim_new(rct_optim *out, rcn_params *params, const rc_config *c)
{
    *out = (rct_optim){.params = params, .config = c};
    const rc_status status = fill_optim(out);
    if (status != RC_OK)
        rct_optim_free(out);
    return status;
}

void rct_optim_free(rct_optim *o)
{
    for (int s = 0; s < RCT_SLOTS; s++) {
        for (size_t i = 0; o->slot[s] && i < o->params->n; i++)
            rcb_free(o->slot[s][i]);
        rcb_free(o->slot[s]);
    }
    rcb_free(o->l1);
    rcb_free(o->l2);
    rcb_free(o->block);
    rcb_free(o->first);
    *o = (rct_optim){0};
}

/* ---- norm -------------------------------------------------------------------------------- */

/* The parameter that block b belongs to, looking from parameter i on. */
static size_t owner_of(const rct_optim *o, size_t i, int64_t b)
{
    while (o->first[i + 1] <= b)
        i++;
    return i;
}

static void norm_share(const rcb_worker *w, void *ctx)
{
    rct_optim *o = ctx;
    const rc_real limit = (rc_real)o->config->clip_value;
    int64_t lo, hi;
    size_t i = 0;

    rcb_share(w, o->first[o->params->n], 1, &lo, &hi);
    for (int64_t b = lo; b < hi; b++) {
        i = owner_of(o, i, b);
        const rcn_param *p = &o->params->p[i];
        const int64_t from = (b - o->first[i]) * RCK_BLOCK;
        const int64_t n = p->size - from < RCK_BLOCK ? p->size - from : RCK_BLOCK;

        o->block[b] = 0;
        if (p->frozen || !rcn_touched(p, b - o->first[i]))
            continue;
        if (limit > 0)
            rck->clamp(n, limit, p->g + from);
        o->block[b] = (double)rck->dot(n, p->g + from, p->g + from);
    }
}

double rct_optim_norm(rct_optim *o, rcb_pool *pool, const char **culprit)
{
    double total = 0;

    *culprit = NULL;
    rcb_pool_run(pool, rcb_pool_size(pool), norm_share, o);
    for (size_t i = 0; i < o->params->n; i++) {
        double sum = 0;
        for (int64_t b = o->first[i]; b < o->first[i + 1]; b++)
            sum += o->block[b];
        if (!isfinite(sum) && !*culprit)
            *culprit = o->params->p[i].name;
        total += sum;
    }
    return sqrt(total);
}

/* ---- update ------------------------------------------------------------------------------ */

typedef struct update_job {
    rct_optim *o;
    rck_update common;
} update_job;

/* Would a gradient of zero move the weights of parameter i? */
static bool moves(const rct_optim *o, size_t i)
{
    return o->slot[0] || o->slot[1] || o->averages || o->l1[i] != 0 || o->l2[i] != 0 ||
           o->config->weight_decay != 0;
}

/* Reals [at,end) of parameter i. */
static void update_reals(const update_job *job, size_t i, int64_t at, int64_t end)
{
    const rct_optim *o = job->o;
    const rcn_param *p = &o->params->p[i];
    rck_update u = job->common;

    u.n = end - at;
    u.w = p->w + at;
    u.g = p->g + at;
    u.l1 = o->l1[i];
    u.l2 = o->l2[i];
    u.m = o->slot[0] ? o->slot[0][i] + at : NULL;
    u.v = o->slot[1] ? o->slot[1][i] + at : NULL;
    o->method.update(&u);
    if (o->averages)
        rck->average(u.n, 1 / (rc_real)o->averaged, u.w, o->slot[RCT_MEAN][i] + at);
}

/* A worker's part of parameter i, which nothing follows: runs of blocks that move. */
static void update_flat(const update_job *job, size_t i, const rcb_worker *w)
{
    const rct_optim *o = job->o;
    const rcn_param *p = &o->params->p[i];
    const bool all = !p->touched || moves(o, i);
    int64_t lo, hi;

    rcb_share(w, rcg_marks(p->size), 1, &lo, &hi);
    for (int64_t end; lo < hi; lo = end) {
        end = lo;
        while (end < hi && (all || rcn_touched(p, end)))
            end++;
        if (lo < end)
            update_reals(job, i, lo * RCK_BLOCK,
                         end * RCK_BLOCK < p->size ? end * RCK_BLOCK : p->size);
        else
            end++;
    }
}

/* A worker's part of parameter i and of what follows it, panel by panel while they are near. */
static void update_panels(const update_job *job, size_t i, const rcb_worker *w)
{
    rcg_weight *weight = &job->o->params->p[i].weight;

    for (int b = 0; b < weight->blocks; b++) {
        const rck_panel *lay = &weight->lay[b];
        const int64_t size = lay->K * lay->cols;
        int64_t lo, hi;

        rcb_share(w, lay->count, 1, &lo, &hi);
        for (int64_t q = lo; q < hi; q++) {
            update_reals(job, i, weight->at[b] + q * size, weight->at[b] + (q + 1) * size);
            rcg_weight_refresh_panels(weight, b, q, q + 1);
        }
    }
}

static void update_share(const rcb_worker *w, void *ctx)
{
    const update_job *job = ctx;
    const rcn_params *ps = job->o->params;

    for (size_t i = 0; i < ps->n; i++) {
        if (ps->p[i].frozen)
            continue;
        if (ps->p[i].weight.wt || ps->p[i].weight.pairs)
            update_panels(job, i, w);
        else
            update_flat(job, i, w);
    }
}

void rct_optim_step(rct_optim *o, rcb_pool *pool, double lr, double scale)
{
    const rc_config *c = o->config;
    const double step = (double)++o->steps;
    o->averaged += o->averages;
    update_job job = {
        .o = o,
        .common =
            {
                .scale = (rc_real)scale,
                .lr = (rc_real)lr,
                .decay = (rc_real)c->weight_decay,
                .momentum = (rc_real)c->momentum,
                .rho = (rc_real)c->rho,
                .beta1 = (rc_real)c->beta1,
                .beta2 = (rc_real)c->beta2,
                .eps = (rc_real)c->eps,
                .correct1 = (rc_real)(1 - pow(c->beta1, step)),
                .correct2 = (rc_real)(1 - pow(c->beta2, step)),
            },
    };
    rcb_pool_run(pool, rcb_pool_size(pool), update_share, &job);
}

static void swap_share(const rcb_worker *w, void *ctx)
{
    const rct_optim *o = ctx;

    for (size_t i = 0; i < o->params->n; i++) {
        rc_real *a = o->params->p[i].w, *b = o->slot[RCT_MEAN][i];
        int64_t lo, hi;

        if (!b)
            continue;
        rcb_share(w, o->params->p[i].size, RCK_BLOCK, &lo, &hi);
        for (int64_t k = lo; k < hi; k++) {
            const rc_real kept = a[k];

            a[k] = b[k];
            b[k] = kept;
        }
    }
}

rc_status rct_optim_swap(rct_optim *o, rcb_pool *pool)
{
    if (o->averaged == 0)
        return RC_OK;
    rcb_pool_run(pool, rcb_pool_size(pool), swap_share, o);
    return rcn_params_refresh(o->params, pool);
}
