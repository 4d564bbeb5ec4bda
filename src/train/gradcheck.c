/* gradcheck.c -- analytic against numeric gradients of the model that a configuration describes, on
 * the first batch of its training data. Nothing is trained and nothing is written.
 *
 * The loss is the training loss, with the dropout masks of one fixed step and zero states at the
 * beginning. First all weights are moved a little at random: a fresh model may sit exactly on a
 * kink (biases of zero under ReLU), where there is no derivative to compare with. Elements are
 * taken evenly from each tensor.
 */
#include "train/train.h"

#include <math.h>
#include <string.h>

typedef struct bench {
    const rc_config *config;
    const rcm_task *task;
    rc_model *model;
    rcm_corpus *corpus;
    rcb_pool *pool;
    rct_comm comm;
    rcm_feed feed;
    rcn_param *moved; /* the parameter whose element is being moved, or NULL */
} bench;

static const uint64_t STEP = 1;

static void begin(bench *b)
{
    if (b->feed.carry)
        memset(b->feed.carry, 0,
               (size_t)(b->feed.carry_rows * b->feed.carry_width) * sizeof *b->feed.carry);
}

static rct_draw draw_of(const bench *b)
{
    return (rct_draw){(uint64_t)b->config->seed, STEP};
}

static rc_status loss_of(void *ctx, double *loss)
{
    bench *b = ctx;
    const rct_draw draw = draw_of(b);
    double nats;

    if (b->moved->packed && b->moved->weight.wt)
        rcg_weight_refresh(&b->moved->weight, b->pool);
    begin(b);
    RC_TRY(rct_comm_loss(&b->comm, &b->feed, &draw, &nats));
    *loss = nats / (double)b->feed.batch.aims;
    return RC_OK;
}

/* Where the logical element `index` of a parameter lies in its memory: found by loading a tensor of
 * place numbers, so that layouts stay the business of net/. */
static rc_status places(const rcn_param *p, int64_t count, const int64_t *index, int64_t *place)
{
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    rc_real *memory = rcb_calloc((size_t)p->size, sizeof *memory);
    rc_status status = rows && memory ? RC_OK : RC_ENOMEM;

    if (status == RC_OK) {
        memset(rows, 0, (size_t)p->count * sizeof *rows);
        for (int64_t i = 0; i < count; i++)
            rows[index[i]] = (rc_real)(i + 1);
        rcn_param copy = *p;
        rcn_param_load(&copy, memory, rows);
        for (int64_t at = 0; at < p->size; at++)
            if (memory[at] != 0)
                place[(int64_t)memory[at] - 1] = at;
    }
    rcb_free(rows);
    rcb_free(memory);
    return status;
}

static rc_status compare(bench *b, rcn_param *p, int64_t count, const int64_t *place,
                         rc_gradcheck_row *row)
{
    double worst = 0;

    b->moved = p;
    for (int64_t k = 0; k < p->size; k++)
        row->analytic = fmax(row->analytic, fabs((double)p->g[k]));
    for (int64_t i = 0; i < count; i++) {
        const double analytic = (double)p->g[place[i]];
        double numeric;
        RC_TRY(rcg_difference(loss_of, b, &p->w[place[i]], analytic, &numeric));
        row->numeric = fmax(row->numeric, fabs(numeric));

        const double gap = fabs(numeric - analytic);

        worst = isfinite(gap) ? fmax(worst, gap) : (double)INFINITY;
    }
    if (p->packed && p->weight.wt)
        rcg_weight_refresh(&p->weight, b->pool);
    row->error = worst / fmax(fmax(row->analytic, row->numeric), 1e-8);
    return RC_OK;
}

static rc_status check_param(bench *b, rcn_param *p, int64_t per_tensor, rc_gradcheck_row *row)
{
    const int64_t count = per_tensor == 0 || per_tensor > p->count ? p->count : per_tensor;
    int64_t *index = rcb_alloc((size_t)count, sizeof *index);
    int64_t *place = rcb_calloc((size_t)count, sizeof *place);
    rc_status status = index && place ? RC_OK : RC_ENOMEM;

    *row = (rc_gradcheck_row){.tensor = p->name, .count = p->count, .checked = count};
    for (int64_t i = 0; status == RC_OK && i < count; i++)
        index[i] = (int64_t)((double)i / (double)count * (double)p->count);
    if (status == RC_OK)
        status = places(p, count, index, place);
    if (status == RC_OK)
        status = compare(b, p, count, place, row);
    rcb_free(index);
    rcb_free(place);
    return status;
}

static rc_status shake(rcn_param *p, uint64_t seed)
{
    const rcb_key key = rcb_stream(seed, p->name);
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    if (!rows)
        return RC_ENOMEM;
    rcn_param_store(p, p->w, rows);
    for (int64_t i = 0; i < p->count; i++)
        rows[i] += (rc_real)(0.4 * rcb_uniform(key, (uint64_t)i) - 0.2);
    rcn_param_load(p, p->w, rows);
    rcb_free(rows);
    return RC_OK;
}

static rc_status prepare(bench *b, rc_config *c)
{
    rcm_vocabs vocab = {0};

    RC_TRY(rck_select());
    if (!c->task->loss)
        return RC_FAIL(RC_EINVAL, "task '%s' does not learn by gradients", c->task->name);
    if (rcm_list_index("products", c->precision) != RCM_PRODUCT_REALS)
        return RC_FAIL_HINT(RC_EINVAL, "leave --precision out: the equations are the same",
                            "cannot check gradients of %s products: their rounding is more than "
                            "the differences",
                            c->precision);
    if (c->norm_preserve > 0)
        return RC_FAIL_HINT(RC_EINVAL, "leave --norm-preserve out",
                            "cannot check gradients with norms preserved: what that adds is no "
                            "gradient of the loss");
    RC_TRY(rcb_pool_new(&b->pool, 0));
    RC_TRY(b->task->corpus_open(&b->corpus, c, NULL, &vocab));
    RC_TRY(rcm_model_new(&b->model, c, vocab));
    if (b->task->measure_data)
        RC_TRY(b->task->measure_data(b->model, b->corpus));
    for (size_t i = 0; i < b->model->params.n; i++)
        RC_TRY(shake(&b->model->params.p[i], (uint64_t)c->seed));
    RC_TRY(rcn_params_freeze(&b->model->params, c->freeze));
    RC_TRY(rcn_params_grads(&b->model->params));
    RC_TRY(rcn_params_refresh(&b->model->params, b->pool));
    RC_TRY(rcm_feed_new(&b->feed, b->model, c->batch));
    RC_TRY(rct_comm_new(&b->comm, b->model, b->pool));
    return b->task->batch(b->corpus, 1, 0, c->seq, &b->feed);
}

static rc_status check_all(bench *b, rc_config *c, int64_t per_tensor, rc_gradcheck_fn fn,
                           void *ctx)
{
    const rct_draw draw = draw_of(b);
    double nats;

    RC_TRY(prepare(b, c));
    begin(b);
    RC_TRY(rct_comm_gradients(&b->comm, &b->feed, &draw, RCT_FIRST, 1 / (double)b->feed.batch.aims,
                              &nats));
    for (size_t i = 0; i < b->model->params.n; i++) {
        rc_gradcheck_row row;

        if (b->model->params.p[i].frozen)
            continue;
        RC_TRY(check_param(b, &b->model->params.p[i], per_tensor, &row));
        fn(ctx, &row);
    }
    return RC_OK;
}

rc_status rc_gradcheck(const rc_config *c, int64_t per_tensor, rc_gradcheck_fn fn, void *ctx)
{
    bench b = {.task = c->task};
    rc_config *own; /* which the data may complete */

    RC_TRY(rc_config_clone(&own, c));
    b.config = own;
    const rc_status status = check_all(&b, own, per_tensor, fn, ctx);

    rcm_feed_free(&b.feed);
    rct_comm_free(&b.comm);
    rcb_pool_free(b.pool);
    rc_model_free(b.model);
    if (b.corpus)
        b.task->corpus_free(b.corpus);
    rc_config_free(own);
    return status;
}
