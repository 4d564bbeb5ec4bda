/* xray.c -- what goes on in the recurrent layers of a model while it reads: gradients against the
 * distance from the loss, gates, recurrent matrices; Jacobians are in jacobian.c.
 *
 * One step of training that updates nothing: a batch of windows by the task's own reader, of which
 * only the last aim of every window counts, through the task's own loss, in a graph that watches.
 * The layers are found in the graph, so that no task has to know of any of this.
 */
#include "model/model_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Windows whose Jacobians are averaged: each costs a sweep for every unit. */
enum { JACOBIAN_WINDOWS = 2 };

typedef struct bench {
    rc_xray_options o;
    const rcm_task *task;
    rc_model *model;   /* a copy that has gradients */
    rc_config *config; /* where the data is */
    rcm_corpus *corpus;
    rcb_pool *pool;
    rc_graph *graph;
    rcm_feed feed;
    bool *mute;
    rc_xray *out;
} bench;

rc_xray_options rc_xray_options_default(void)
{
    return (rc_xray_options){.steps = 100, .windows = 16, .exact = 128};
}

static rc_status check_options(const rc_xray_options *o)
{
    const struct {
        const char *what;
        int64_t value, least, most;
    } rows[] = {{"steps", o->steps, 2, 1000000},
                {"windows", o->windows, 1, 65536},
                {"exact", o->exact, 1, 4096}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value < rows[i].least || rows[i].value > rows[i].most)
            return RC_FAIL(RC_EINVAL,
                           "cannot look into a model with %s %" PRId64 ", it must be from "
                           "%" PRId64 " to %" PRId64,
                           rows[i].what, rows[i].value, rows[i].least, rows[i].most);
    return RC_OK;
}

/* ---- the data ---------------------------------------------------------------------------- */

static rc_status set_data(bench *b, const char *path)
{
    static const char *const off[][2] = {{"valid", ""},       {"test", ""},   {"valid-split", "0"},
                                         {"test-split", "0"}, {"folds", "0"}, {"phrases", "false"}};

    RC_TRY(rc_config_clone(&b->config, b->model->config));
    if (path) {
        RC_TRY(rc_config_set(b->config, "train", ""));
        RC_TRY(rc_config_set(b->config, "train", path));
    }
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        if (rc_config_get(b->config, off[i][0]))
            RC_TRY(rc_config_set(b->config, off[i][0], off[i][1]));
    return RC_OK;
}

/* The corpus, from which a batch is so many windows. */
static rc_status open_corpus(bench *b, int64_t windows)
{
    char batch[32];

    (void)snprintf(batch, sizeof batch, "%" PRId64, windows);
    RC_TRY(rc_config_set(b->config, "batch", batch));
    return b->task->corpus_open(&b->corpus, b->config, &b->model->vocab, NULL);
}

/* What is long enough for one window is too short for so many. */
static rc_status open_windows(bench *b)
{
    const rc_status s = open_corpus(b, b->o.windows);
    char hint[96];

    if (s != RC_EDATA || b->o.windows == 1 || open_corpus(b, 1) != RC_OK)
        return s;
    (void)snprintf(hint, sizeof hint,
                   "ask for fewer windows (recur xray --windows, at most "
                   "%" PRId64 ")",
                   b->task->epoch_rows(b->corpus) / 2);
    return RC_FAIL_HINT(RC_EDATA, hint,
                        "cannot look into the model: '%s' is too short for %" PRId64
                        " windows of 2 steps or more",
                        b->config->train, b->o.windows);
}

/* Of every sequence the last aim alone counts. */
static rc_status keep_last(bench *b)
{
    rcd_batch *batch = &b->feed.batch;

    b->mute = rcb_alloc((size_t)batch->rows + 1, sizeof *b->mute);
    if (!b->mute)
        return RC_ENOMEM;
    for (int64_t row = 0; row < batch->rows; row++)
        b->mute[row] = true;
    batch->mute = b->mute;
    batch->aims = 0;
    for (int64_t s = 0; s < batch->seqs; s++)
        for (int64_t t = batch->steps - 1; t >= 0; t--) {
            const int64_t row = batch->at[t] + s;

            if (row >= batch->at[t + 1] || batch->out[row] < 0)
                continue;
            b->mute[row] = false;
            batch->aims++;
            break;
        }
    return RC_OK;
}

static rc_status read_windows(bench *b, const char *path)
{
    RC_TRY(set_data(b, path));
    RC_TRY(open_windows(b));
    RC_TRY(b->task->batch(b->corpus, 1, 0, b->o.steps, &b->feed));
    RC_TRY(keep_last(b));
    if (b->feed.batch.aims < 1)
        return RC_FAIL(RC_EDATA, "cannot look into the model: there is nothing to read in '%s'",
                       path ? path : b->config->train);
    b->out->steps = b->feed.batch.steps < b->o.steps ? b->feed.batch.steps : b->o.steps;
    b->out->windows = b->feed.batch.aims;
    return RC_OK;
}

/* ---- gates ------------------------------------------------------------------------------- */

static void set_range(rc_xray_gate *g, rcc_squash by)
{
    g->lo = by == RCC_SIGMOID || by == RCC_RELU ? 0 : by == RCC_TANH ? -1 : -(double)INFINITY;
    g->hi = by == RCC_SIGMOID || by == RCC_TANH ? 1 : (double)INFINITY;
}

/* Which part of lo .. hi. */
static int bin_of(const rc_xray_gate *g, double x)
{
    const int bin = (int)((x - g->lo) / (g->hi - g->lo) * RC_XRAY_BINS);

    return bin < 0 ? 0 : bin < RC_XRAY_BINS ? bin : RC_XRAY_BINS - 1;
}

static void count_values(rc_xray_gate *g, rcc_squash by, const rc_real *x, int64_t n)
{
    const double share = 1 / (double)n, low = by == RCC_SIGMOID ? 0.1 : by == RCC_TANH ? -0.9 : 0;
    double sum = 0;

    set_range(g, by);
    g->low = g->high = by == RCC_LINEAR ? (double)NAN : 0;
    for (int64_t i = 0; i < n; i++) {
        const double v = (double)x[i];

        sum += v;
        if (by == RCC_RELU)
            g->low += v <= 0 ? share : 0;
        if (!isfinite(g->lo) || !isfinite(g->hi) || !isfinite(v))
            continue;
        g->low += v < low ? share : 0;
        g->high += v > 0.9 ? share : 0;
        g->bin[bin_of(g, v)] += share;
    }
    g->mean = sum * share;
}

static rc_status look_at_gates(rc_xray_layer *l, const rcg_sight *s)
{
    const int64_t rows = s->rows.at[s->rows.steps];
    rc_real *x = rcb_alloc((size_t)(rows * s->units), sizeof *x);

    l->gates = (size_t)s->cell->gates;
    l->gate = rcb_calloc(l->gates, sizeof *l->gate);
    if (!x || !l->gate) {
        rcb_free(x);
        return RC_ENOMEM;
    }
    for (int i = 0; i < s->cell->gates; i++) {
        l->gate[i].name = s->cell->gate_name[i];
        rcg_sight_gate(s, i, x);
        count_values(&l->gate[i], (rcc_squash)s->cell->squash[i], x,
                     rows * rcg_sight_gate_width(s, i));
    }
    rcb_free(x);
    return RC_OK;
}

/* ---- recurrent matrices ------------------------------------------------------------------ */

/* out (rows,cols) = a (rows,K) b (K,cols). */
static void multiply(const rc_real *a, const rc_real *b, int64_t rows, int64_t K, int64_t cols,
                     rc_real *out)
{
    memset(out, 0, (size_t)(rows * cols) * sizeof *out);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t k = 0; k < K; k++)
            for (int64_t c = 0; c < cols; c++)
                out[r * cols + c] += a[r * K + k] * b[k * cols + c];
}

/* The recurrent weights as maps of units to units, (G H, H): where they read a projection, its
 * product with them. NULL: no memory. */
static rc_real *unit_matrices(const rcg_sight *s)
{
    const int64_t H = s->units, R = rcg_weight_rows(s->u), K = rcg_weight_cols(s->u);
    rc_real *u = rcb_alloc((size_t)(R * K), sizeof *u);

    if (u)
        rcg_weight_unpack(s->u, s->u->w, u);
    if (!u || !s->r)
        return u;
    rc_real *r = rcb_alloc((size_t)(K * H), sizeof *r),
            *out = rcb_alloc((size_t)(R * H), sizeof *out);
    if (r && out) {
        rcg_weight_unpack(s->r, s->r->w, r);
        multiply(u, r, R, K, H, out);
    }
    if (!r) {
        rcb_free(out);
        out = NULL;
    }
    rcb_free(r);
    rcb_free(u);
    return out;
}

/* The (H,H) matrix of each gate of each product. */
static rc_status look_at_matrices(rc_xray_layer *l, const rcg_sight *s, rcb_pool *pool)
{
    const int64_t H = s->units;
    rcc_product product[RCC_PRODUCTS];
    int gates[RCC_PRODUCTS];
    const int blocks = s->u ? rcc_blocks(s->cell, RCC_U, gates) : 0;
    rc_real *rows = blocks ? unit_matrices(s) : NULL;

    if (blocks == 0)
        return RC_OK;
    (void)rcc_products(s->cell, product);
    l->matrix = rcb_calloc((size_t)(rcg_weight_rows(s->u) / H), sizeof *l->matrix);
    rc_status status = rows && l->matrix ? RC_OK : RC_ENOMEM;
    for (int b = 0, number = 1; status == RC_OK && b < blocks; b++) {
        int gate = 0;

        for (int st = 0; st < product[b].stage; st++)
            gate += s->cell->stage[st].gates;
        number = b > 0 && product[b - 1].stage == product[b].stage ? number + 1 : 1;
        for (int k = 0; status == RC_OK && k < gates[b]; k++) {
            const rc_real *a = rows + (int64_t)l->matrices * H * H;
            rc_xray_matrix *m = &l->matrix[l->matrices++];

            m->gate = s->cell->gate_name[gate + k];
            m->number = number;
            status = rcn_spectral_radius(a, H, pool, &m->radius);
            if (status == RC_OK)
                status = rcn_spectral_norm(a, H, &m->norm);
        }
    }
    rcb_free(rows);
    return status;
}

/* ---- gradients --------------------------------------------------------------------------- */

static double norm_of(const rc_real *x, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* One distance of one state: mean and extremes over the windows that are that long. */
static void add_norms(const rcg_sight *s, int state, int64_t d, double *mean, double *least,
                      double *most)
{
    double sum = 0, lo = (double)INFINITY, hi = 0;
    int64_t count = 0;

    for (int64_t b = 0; b < s->rows.seqs; b++) {
        const int64_t row = rcg_sight_row(s, b, d);

        if (row < 0)
            continue;
        const double norm =
            s->grad[state] ? norm_of(s->grad[state] + row * s->ld[state], s->width[state]) : 0;

        sum += norm;
        lo = norm < lo ? norm : lo;
        hi = norm > hi ? norm : hi;
        count++;
    }
    *mean = count ? sum / (double)count : (double)NAN;
    *least = count ? lo : (double)NAN;
    *most = count ? hi : (double)NAN;
}

static rc_status look_at_gradients(rc_xray_layer *l, const rcg_sight *s, int64_t steps)
{
    double least, most;

    l->least = rcb_calloc((size_t)steps, sizeof *l->least);
    l->most = rcb_calloc((size_t)steps, sizeof *l->most);
    if (!l->least || !l->most)
        return RC_ENOMEM;
    for (int i = 0; i < l->states; i++) {
        l->gradient[i] = rcb_calloc((size_t)steps, sizeof *l->gradient[i]);
        if (!l->gradient[i])
            return RC_ENOMEM;
        for (int64_t d = 0; d < steps; d++)
            add_norms(s, i, d, &l->gradient[i][d], i ? &least : &l->least[d],
                      i ? &most : &l->most[d]);
    }
    return RC_OK;
}

/* ---- all of it --------------------------------------------------------------------------- */

static rc_status add_layers(bench *b)
{
    size_t n = 0;
    int layer = -1;
    rcg_sight s;

    while (rcg_sight_at(b->graph, n, &s))
        n++;
    if (n == 0)
        return RC_FAIL(RC_EINVAL, "cannot look into this model: it has no recurrent layers");
    b->out->layer = rcb_calloc(n, sizeof *b->out->layer);
    if (!b->out->layer)
        return RC_ENOMEM;
    for (; rcg_sight_at(b->graph, b->out->layers, &s); b->out->layers++) {
        rc_xray_layer *l = &b->out->layer[b->out->layers];
        const int memory = rcm_memory_state(s.cell);

        layer += !s.reverse;
        *l = (rc_xray_layer){.layer = layer,
                             .reverse = s.reverse,
                             .cell = s.cell->name,
                             .units = s.units,
                             .states = s.cell->states,
                             .exact = s.width[0] <= b->o.exact,
                             .memory = s.cell->state_name[memory]};
        memcpy(l->state, s.cell->state_name, sizeof l->state);
    }
    return RC_OK;
}

static rc_status look_back(bench *b)
{
    const rcd_batch *batch = &b->feed.batch;
    const int64_t windows = batch->seqs < JACOBIAN_WINDOWS ? batch->seqs : JACOBIAN_WINDOWS;
    const rc_rows rows = {.steps = b->out->steps, .seqs = batch->seqs, .at = batch->at};
    const int64_t steps = windows > 0 ? rcg_rows_length(&rows, windows - 1) : 0; /* of all those */
    rcg_sight s;

    for (size_t i = 0; rcg_sight_at(b->graph, i, &s); i++) {
        rc_xray_layer *l = &b->out->layer[i];

        RC_TRY(look_at_gradients(l, &s, b->out->steps));
        RC_TRY(look_at_matrices(l, &s, b->pool));
        if (steps > 0)
            RC_TRY(rcm_xray_jacobians(l, &s, steps, windows, b->o.exact, b->pool));
    }
    return RC_OK;
}

static rc_status look(bench *b)
{
    rcg_sight s;
    double total = 0;

    RC_TRY(rcg_graph_on(&b->graph, b->pool, true));
    rcg_graph_watch(b->graph);
    rc_var *loss = b->task->loss(b->model, b->graph, &b->feed);
    RC_TRY(rc_graph_status(b->graph));
    RC_TRY(rc_var_total(b->graph, loss, &total));
    b->out->loss = total / (double)b->feed.batch.aims;
    RC_TRY(add_layers(b));
    for (size_t i = 0; rcg_sight_at(b->graph, i, &s); i++)
        RC_TRY(look_at_gates(&b->out->layer[i], &s));
    RC_TRY(rc_graph_backward(b->graph, loss));
    return look_back(b);
}

static rc_status prepare(bench *b, const rc_model *m)
{
    RC_TRY(check_options(&b->o));
    b->task = m->config->task;
    if (!b->task->loss)
        return RC_FAIL(RC_EINVAL,
                       "cannot look into a model of task '%s': it has no recurrent "
                       "layers",
                       b->task->name);
    RC_TRY(rcb_pool_new(&b->pool, b->o.threads));
    RC_TRY(rc_model_clone(&b->model, m));
    RC_TRY(rcn_params_grads(&b->model->params));
    return rcn_params_refresh(&b->model->params, b->pool);
}

rc_status rc_model_xray(rc_xray **out, const rc_model *m, const char *path,
                        const rc_xray_options *options)
{
    bench b = {.o = options ? *options : rc_xray_options_default()};

    *out = NULL;
    b.out = rcb_calloc(1, sizeof *b.out);
    rc_status status = b.out ? prepare(&b, m) : RC_ENOMEM;
    if (status == RC_OK)
        status = read_windows(&b, path);
    if (status == RC_OK)
        status = look(&b);
    rc_graph_free(b.graph);
    rcm_feed_free(&b.feed);
    rcb_free(b.mute);
    if (b.corpus)
        b.task->corpus_free(b.corpus);
    rc_config_free(b.config);
    rc_model_free(b.model);
    rcb_pool_free(b.pool);
    if (status != RC_OK)
        rc_xray_free(b.out);
    else
        *out = b.out;
    return status;
}

void rc_xray_free(rc_xray *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->layers; i++) {
        rc_xray_layer *l = &x->layer[i];

        for (int k = 0; k < RC_STATES; k++)
            rcb_free(l->gradient[k]);
        rcb_free(l->least);
        rcb_free(l->most);
        rcb_free(l->jacobian);
        rcb_free(l->matrix);
        rcb_free(l->gate);
        rcb_free(l->half_life);
    }
    rcb_free(x->layer);
    rcb_free(x);
}
