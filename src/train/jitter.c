/* jitter.c -- what is disturbed on purpose while training: recurrent connections dropped for a step
 * (Merity et al. 2018, after Wan et al. 2013), noise on weights (Graves 2011, after Jim et al.
 * 1996) and on gradients (Neelakantan et al. 2015).
 *
 * Every number that is drawn is a function of (seed, parameter, step, logical index): the same for
 * any number of workers and any layout. Weights are as they were when a step has ended.
 */
#include "train/train.h"

#include <math.h>
#include <string.h>

static bool is_recurrent(const rcn_param *p)
{
    return p->rank == 2 && rcn_glob("*weight_hh*", p->name);
}

/* The arrays of parameter i that a disturbance needs. */
static rc_status add_room(rct_jitter *j, size_t i)
{
    const rcn_param *p = &j->params->p[i];

    if (j->drop[i] == 0 && j->noise[i] == 0)
        return RC_OK;
    j->kept[i] = rcb_calloc((size_t)p->size, sizeof **j->kept);
    if (!j->kept[i])
        return RC_ENOMEM;
    if (j->drop[i] == 0)
        return RC_OK;
    j->mask[i] = rcb_calloc((size_t)p->size, sizeof **j->mask);
    return j->mask[i] ? RC_OK : RC_ENOMEM;
}

static rc_status fill(rct_jitter *j)
{
    const rc_config *c = j->config;
    const size_t n = j->params->n;
    int64_t most = 0;

    j->drop = rcb_calloc(n, sizeof *j->drop);
    j->noise = rcb_calloc(n, sizeof *j->noise);
    j->kept = rcb_calloc(n, sizeof *j->kept);
    j->mask = rcb_calloc(n, sizeof *j->mask);
    if (!j->drop || !j->noise || !j->kept || !j->mask)
        return RC_ENOMEM;
    RC_TRY(rcn_globs_check(j->params, c->weight_noise));
    for (size_t i = 0; i < n; i++) {
        const rcn_param *p = &j->params->p[i];

        RC_TRY(rcn_glob_value(c->weight_noise, p->name, 0, &j->noise[i]));
        j->drop[i] = is_recurrent(p) ? c->weight_drop : 0;
        j->any |= j->drop[i] != 0 || j->noise[i] != 0;
        RC_TRY(add_room(j, i));
        if (p->count > most)
            most = p->count;
    }
    if (c->weight_drop > 0 && !j->any)
        return RC_FAIL(RC_EINVAL, "cannot drop recurrent weights: the model has none");
    if (!j->any && c->grad_noise == 0)
        return RC_OK;
    j->most = (size_t)most;
    j->rows = rcb_alloc(j->most, sizeof *j->rows);
    return j->rows ? RC_OK : RC_ENOMEM;
}

rc_status rct_jitter_new(rct_jitter *out, rcn_params *params, const rc_config *c)
{
    *out = (rct_jitter){.params = params, .config = c};
    const rc_status s = fill(out);
    if (s != RC_OK)
        rct_jitter_free(out);
    return s;
}

void rct_jitter_free(rct_jitter *j)
{
    for (size_t i = 0; j->params && i < j->params->n; i++) {
        if (j->kept)
            rcb_free(j->kept[i]);
        if (j->mask)
            rcb_free(j->mask[i]);
    }
    rcb_free(j->drop);
    rcb_free(j->noise);
    rcb_free(j->kept);
    rcb_free(j->mask);
    rcb_free(j->rows);
    *j = (rct_jitter){0};
}

size_t rct_jitter_bytes(const rct_jitter *j)
{
    size_t reals = j->most;

    for (size_t i = 0; i < j->params->n; i++)
        reals +=
            (size_t)j->params->p[i].size * (size_t)((j->kept[i] != NULL) + (j->mask[i] != NULL));
    return reals * sizeof(rc_real);
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* Numbers for all elements of a parameter, shared by workers. */
typedef struct draw_job {
    rc_real *rows;
    int64_t n;
    rcb_key key;
    double drop;         /* masks of this rate, or */
    double scale, sigma; /* rows = scale rows + sigma N(0,1) */
} draw_job;

static void mask_share(const rcb_worker *w, void *ctx)
{
    const draw_job *d = ctx;
    const double least = floor(d->drop * 0x1p32);
    const rc_real kept = (rc_real)(1 / (1 - d->drop));
    int64_t lo, hi;

    rcb_share(w, d->n, 4, &lo, &hi);
    for (int64_t i = lo; i < hi; i += 4) {
        uint32_t word[4];

        rcb_draw(d->key, (uint64_t)(i / 4), 0, word);
        for (int64_t k = i; k < i + 4 && k < hi; k++)
            d->rows[k] = word[k - i] >= least ? kept : 0;
    }
}

static void noise_share(const rcb_worker *w, void *ctx)
{
    const draw_job *d = ctx;
    int64_t lo, hi;

    rcb_share(w, d->n, 1, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        d->rows[i] =
            (rc_real)(d->scale * (double)d->rows[i] + d->sigma * rcb_normal(d->key, (uint64_t)i));
}

/* The key of a parameter in a step. */
static rcb_key key_of(const rct_jitter *j, const char *what, const rcn_param *p, uint64_t step)
{
    const uint32_t name = rcb_crc32(0, p->name, strlen(p->name));
    uint32_t word[4];

    rcb_draw(rcb_stream((uint64_t)j->config->seed, what), step, name, word);
    return (rcb_key){{word[0], word[1]}};
}

/* ---- a step ------------------------------------------------------------------------------ */

static void multiply(int64_t n, const rc_real *by, rc_real *x)
{
    rck->mul(n, x, by, x);
}

static void disturb(rct_jitter *j, size_t i, uint64_t step, rcb_pool *pool)
{
    rcn_param *p = &j->params->p[i];
    const int workers = rcb_pool_size(pool);
    draw_job d = {.rows = j->rows, .n = p->count, .drop = j->drop[i], .scale = 1};

    memcpy(j->kept[i], p->w, (size_t)p->size * sizeof *p->w);
    if (j->noise[i] != 0) {
        d.key = key_of(j, "weight noise", p, step);
        d.sigma = j->noise[i];
        rcn_param_store(p, p->w, j->rows);
        rcb_pool_run(pool, workers, noise_share, &d);
        rcn_param_load(p, p->w, j->rows);
    }
    if (j->mask[i]) {
        d.key = key_of(j, "weight drop", p, step);
        rcb_pool_run(pool, workers, mask_share, &d);
        rcn_param_load(p, j->mask[i], j->rows);
        multiply(p->size, j->mask[i], p->w);
    }
}

/* What follows a weight, transposes and copies: those that are there, so that nothing can fail. */
static void refresh(rcn_param *p, rcb_pool *pool)
{
    if (p->weight.wt || p->weight.pairs)
        rcg_weight_refresh(&p->weight, pool);
}

void rct_jitter_begin(rct_jitter *j, uint64_t step, rcb_pool *pool)
{
    for (size_t i = 0; j->any && i < j->params->n; i++) {
        if (!j->kept[i])
            continue;
        disturb(j, i, step, pool);
        refresh(&j->params->p[i], pool);
    }
}

void rct_jitter_end(rct_jitter *j, rcb_pool *pool)
{
    for (size_t i = 0; j->any && i < j->params->n; i++) {
        rcn_param *p = &j->params->p[i];

        if (!j->kept[i])
            continue;
        memcpy(p->w, j->kept[i], (size_t)p->size * sizeof *p->w);
        if (j->mask[i])
            multiply(p->size, j->mask[i], p->g);
        refresh(p, pool);
    }
}

double rct_jitter_gradients(rct_jitter *j, uint64_t step, double scale, rcb_pool *pool)
{
    const double eta = j->config->grad_noise;
    const double sigma = sqrt(eta / pow(1 + (double)step, 0.55));

    if (eta == 0)
        return scale;
    for (size_t i = 0; i < j->params->n; i++) {
        rcn_param *p = &j->params->p[i];
        draw_job d = {.rows = j->rows,
                      .n = p->count,
                      .key = key_of(j, "gradient noise", p, step),
                      .scale = scale,
                      .sigma = sigma};

        if (p->frozen)
            continue;
        rcn_param_store(p, p->g, j->rows);
        rcb_pool_run(pool, rcb_pool_size(pool), noise_share, &d);
        rcn_param_load(p, p->g, j->rows);
    }
    return 1;
}
