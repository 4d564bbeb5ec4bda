/* comm.c -- the gradients of one step, over the shards of its batch.
 *
 * With one shard all workers compute one graph together. With more, the batch is cut by sequences
 * and each shard is a graph of its own, with gradients of its own, run by one worker from end to
 * end (or by a team, where there are more workers than shards): nobody waits for anybody before the
 * sum. How the batch is cut, what is drawn at random and in what order gradients are added depends
 * on the number of shards alone, never on who computes them.
 */
#include "train/train.h"

#include <string.h>

struct rct_shard {
    rc_model model;    /* the trainer's, but for the gradients */
    rcn_params shared; /* of shards but the first */
    rcm_feed feed;     /* a part of the batch */
    rc_graph *graph;
    rct_pieces pieces;
    double nats;
};

/* One step. */
typedef struct job {
    rct_comm *c;
    rcm_feed *feed;
    const rct_draw *draw;
    bool back; /* gradients are wanted, of ... */
    rct_part part;
    double scale; /* ... so much of the loss */
} job;

bool rct_recomputes(const rc_config *c)
{
    return rcm_list_index("recomputes", c->recompute) == RCM_RECOMPUTE_LOGITS;
}

/* ---- making ------------------------------------------------------------------------------ */

static rc_status new_shard(rct_comm *c, int64_t i, int64_t batch, rcb_pool *pool)
{
    rct_shard *s = &c->shard[i];
    int64_t lo, hi;

    /* as many sequences as rcd_batch_part() takes: the first ones have one more */
    rcb_share(&(rcb_worker){.id = (int)i, .count = (int)c->shards}, batch, 1, &lo, &hi);
    if (i > 0)
        RC_TRY(rcn_params_share(&s->shared, &c->model->params));
    if (c->shards > 1)
        RC_TRY(rcm_feed_new(&s->feed, c->model, hi - lo));
    RC_TRY(rcg_graph_on(&s->graph, pool, true));
    rcg_graph_recompute(s->graph, rct_recomputes(c->model->config));
    return RC_OK;
}

/* A team of workers and the shards it runs. */
static rc_status new_team(rct_comm *c, int team, int64_t batch)
{
    int64_t lo, hi;

    rcb_share(&(rcb_worker){.id = team, .count = c->teams}, rcb_pool_size(c->pool), 1, &lo, &hi);
    RC_TRY(rcb_pool_lent(&c->team[team], c->pool, (int)(hi - lo)));
    rcb_share(&(rcb_worker){.id = team, .count = c->teams}, c->shards, 1, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        RC_TRY(new_shard(c, i, batch, c->team[team]));
    return RC_OK;
}

static rc_status fill_comm(rct_comm *c, int64_t batch)
{
    c->shard = rcb_calloc((size_t)c->shards, sizeof *c->shard);
    c->from = rcb_calloc((size_t)c->shards, sizeof *c->from);
    if (!c->shard || !c->from)
        return RC_ENOMEM;
    for (int64_t i = 1; i < c->shards; i++)
        c->from[i - 1] = &c->shard[i].shared;
    if (c->shards == 1)
        return new_shard(c, 0, batch, c->pool);
    c->team = rcb_calloc((size_t)c->teams, sizeof(rcb_pool *));
    if (!c->team)
        return RC_ENOMEM;
    for (int i = 0; i < c->teams; i++)
        RC_TRY(new_team(c, i, batch));
    return RC_OK;
}

rc_status rct_comm_new(rct_comm *out, rc_model *m, rcb_pool *pool)
{
    const int64_t shards = m->config->shards, batch = m->config->batch;
    const int workers = rcb_pool_size(pool);

    *out = (rct_comm){.model = m,
                      .pool = pool,
                      .shards = shards,
                      .teams = shards < workers ? (int)shards : workers};
    if (shards > batch)
        return RC_FAIL_HINT(RC_EINVAL, "a smaller --shards, or a larger --batch",
                            "cannot cut a batch of %" PRId64 " sequences into %" PRId64 " shards",
                            batch, shards);
    RC_TRY(rct_pieces_check(m));
    RC_TRY(rct_norm_check(m));
    const rc_status status = fill_comm(out, batch);
    if (status != RC_OK)
        rct_comm_free(out);
    return status;
}

void rct_comm_free(rct_comm *c)
{
    for (int64_t i = 0; c->shard && i < c->shards; i++) {
        rc_graph_free(c->shard[i].graph);
        rcm_feed_free(&c->shard[i].feed);
        rcn_params_unshare(&c->shard[i].shared);
        rct_pieces_free(&c->shard[i].pieces);
    }
    for (int i = 0; c->team && i < c->teams; i++)
        rcb_pool_free(c->team[i]);
    rcb_free(c->team);
    rcb_free(c->from);
    rcb_free(c->shard);
    *c = (rct_comm){0};
}

/* ---- a step ------------------------------------------------------------------------------ */

static rc_status forward_and_back(const job *j, rct_shard *s, int64_t i)
{
    const rct_comm *c = j->c;
    rc_graph *g = s->graph;
    rcm_feed *feed = c->shards > 1 ? &s->feed : j->feed;

    s->model = *c->model;
    if (i > 0)
        s->model.params = s->shared;
    rcg_graph_seed(g, j->draw->seed, j->draw->step);
    rcg_graph_part(g, (uint32_t)i);
    if (c->shards > 1)
        RC_TRY(rcm_feed_part(j->feed, i, c->shards, feed));
    if (feed->batch.aims == 0) { /* fewer sequences than shards, at the end of an epoch */
        s->nats = 0;
        if (j->back && (i > 0 || j->part == RCT_FIRST)) {
            rcn_params_fresh(&s->model.params);
            rcn_params_settle(&s->model.params);
        }
        return RC_OK;
    }
    if (rct_piece_steps(c->model->config, feed->batch.steps) > 0)
        return rct_pieces_run(&s->pieces,
                              &(rct_pass){.m = &s->model,
                                          .g = g,
                                          .feed = feed,
                                          .draw = j->draw,
                                          .shard = (uint32_t)i,
                                          .back = j->back,
                                          .fresh = i > 0 || j->part == RCT_FIRST,
                                          .scale = j->scale},
                              &s->nats);
    feed->extra = NULL;
    rc_var *loss = c->model->config->task->loss(&s->model, g, feed);
    rc_var *whole = feed->extra ? rc_add(g, loss, feed->extra) : loss;
    if (j->back) {
        rcg_graph_norm(g, rct_norm_weight(c->model->config, &feed->batch, j->scale));
        if (i > 0 || j->part == RCT_FIRST)
            rcn_params_fresh(&s->model.params);
        RC_TRY(rc_graph_backward(g, rc_scale(g, whole, j->scale)));
        rcn_params_settle(&s->model.params);
    }
    RC_TRY(rc_graph_status(g));
    if (c->shards > 1)
        rcm_feed_return(feed, i, c->shards, j->feed);
    return rc_var_total(g, j->back ? loss : whole, &s->nats);
}

/* A failure stays with the shard's graph, with its words: those of a thread are heard there
 * alone. */
static void run_shard(const job *j, int64_t i)
{
    rct_shard *s = &j->c->shard[i];

    rc_graph_reset(s->graph);
    const rc_status status = forward_and_back(j, s, i);
    if (status != RC_OK)
        (void)rcg_failed(s->graph, status);
}

static void run_shards(const rcb_worker *w, void *ctx)
{
    const job *j = ctx;
    const rct_comm *c = j->c;
    rcb_worker member;
    const int team = rcb_split(w, c->teams, &member);
    int64_t lo, hi;

    if (member.id > 0) {
        rcb_pool_attend(c->team[team], member.id);
        return;
    }
    rcb_share(&(rcb_worker){.id = team, .count = c->teams}, c->shards, 1, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        run_shard(j, i);
    rcb_pool_dismiss(c->team[team]);
}

/* All shards; the sum of their losses. */
static rc_status run_all(job *j, double *nats)
{
    const rct_comm *c = j->c;
    double sum = 0;

    if (c->shards == 1)
        run_shard(j, 0);
    else
        rcb_pool_run(c->pool, rcb_pool_size(c->pool), run_shards, j);
    for (int64_t i = 0; i < c->shards; i++) {
        RC_TRY(rc_graph_status(c->shard[i].graph));
        sum += c->shard[i].nats;
    }
    *nats = sum;
    return RC_OK;
}

rc_status rct_comm_gradients(rct_comm *c, rcm_feed *feed, const rct_draw *draw, rct_part part,
                             double scale, double *nats)
{
    job j = {.c = c, .feed = feed, .draw = draw, .back = true, .part = part, .scale = scale};

    RC_TRY(run_all(&j, nats));
    if (c->shards > 1)
        rcn_params_sum(&c->model->params, c->from, c->shards - 1, c->pool);
    return RC_OK;
}

rc_status rct_comm_loss(rct_comm *c, rcm_feed *feed, const rct_draw *draw, double *nats)
{
    job j = {.c = c, .feed = feed, .draw = draw};

    return run_all(&j, nats);
}

size_t rct_comm_bytes(const rct_comm *c)
{
    size_t sum = 0;

    for (int64_t i = 0; i < c->shards; i++)
        sum += rcg_graph_bytes(c->shard[i].graph);
    return sum;
}
