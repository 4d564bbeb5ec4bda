/* embed_walk.c -- steps of word vectors. A step is `shards` pieces of the text, learnt from side by
 * side, each on copies of the rows that it touches, and then what they were moved by, added up:
 *
 *   deterministic  when all are done, row by row in the order of shards
 *   lock-free      when each is done, into whatever the others have made of the rows by then (Niu
 *                  et al. 2011)
 *
 * Shards see what the others learn one step late. For a row that many of them move the sum of their
 * moves would go too far, so it is made smaller: with n moves in k shards, by
 * (1 + a / k) / (1 + a), a = DAMP rate n. That is 1 for one shard, tends to the mean for rows that
 * each shard brings to rest, and to the sum for rows that are moved little.
 */
#include "model/embed_in.h"

#include <math.h>
#include <string.h>

static const double DAMP = 0.16;

/* Which shards have a row: chains through all rows at hand, by table. */
typedef struct chains {
    int32_t *first, *last; /* (rows of the table) -1: none */
    int32_t *next;         /* (links) */
    int64_t cap;
} chains;

typedef struct walker {
    rcm_walker base;
    rc_model *m;
    rcb_pool *pool;
    const rcd_tape *tape;
    rcm_embed_plan plan;
    rcm_block *block;  /* (shards) */
    rc_status *status; /* (shards) */
    int64_t shards, batch;
    bool lock_free;
    chains in, out;
    rc_real *sum; /* (workers, 2, ld) */
    bool *bad;    /* (workers) met moves that are not finite */
    rcm_stride stride;
} walker;

/* ---- making ------------------------------------------------------------------------------ */

static rc_status new_noise(rcm_embed_plan *p, const rcd_vocab *v)
{
    const int64_t V = p->e->V;
    double sum = 0;

    p->log_chance = rcb_alloc((size_t)V, sizeof *p->log_chance);
    if (!p->log_chance)
        return RC_ENOMEM;
    for (int32_t i = 0; i < V; i++) {
        const double count = (double)rcd_vocab_count(v, i);
        const bool word = i != rcd_vocab_unk(v) && i != rcd_vocab_boundary(v) && count > 0;

        p->log_chance[i] = word ? pow(count, p->c->noise_power) : 0;
        sum += p->log_chance[i];
    }
    if (sum <= 0)
        return RC_FAIL(RC_EDATA, "there are no words to learn from");
    RC_TRY(rcb_alias_new(&p->noise, p->log_chance, V));
    for (int64_t i = 0; i < V; i++)
        p->log_chance[i] = log(p->log_chance[i] / sum);
    return RC_OK;
}

static rc_status new_chains(chains *c, const rcn_param *table)
{
    const size_t rows = (size_t)table->dim[0];

    c->first = rcb_alloc(rows, sizeof *c->first);
    c->last = rcb_alloc(rows, sizeof *c->last);
    if (!c->first || !c->last)
        return RC_ENOMEM;
    memset(c->first, -1, rows * sizeof *c->first);
    return RC_OK;
}

static rc_status fill_walker(walker *w, const rcm_corpus *corpus)
{
    const rc_config *c = w->m->config;
    const rcm_embed_net *e = w->m->own;
    const rcd_vocab *v = w->m->vocab.of[RCM_SYMBOLS];
    const rcd_look look = {
        .width = c->window,
        .fixed = c->fixed_window,
        .sample = c->subsample,
        .seed = (uint64_t)c->seed,
    };

    w->tape = &corpus->tape[RCM_TRAIN];
    w->shards = c->shards;
    w->batch = c->batch;
    w->lock_free = c->lock_free;
    w->plan = (rcm_embed_plan){
        .e = e,
        .c = c,
        .in = &w->m->params.p[e->in],
        .out = &w->m->params.p[e->out],
        .key = rcb_stream((uint64_t)c->seed, "negatives"),
        .learn = rcm_block_window(e, c),
        .turned = e->model == RCM_SKIPGRAM && e->parts.rows > 0,
        .whole = rcm_list_index("cbow-steps", c->cbow_step) == RCM_STEP_WHOLE,
    };
    w->block = rcb_calloc((size_t)w->shards, sizeof *w->block);
    w->status = rcb_calloc((size_t)w->shards, sizeof *w->status);
    w->sum = rcb_alloc((size_t)(rcb_pool_size(w->pool) * 2 * e->ld), sizeof *w->sum);
    w->bad = rcb_calloc((size_t)rcb_pool_size(w->pool), sizeof *w->bad);
    if (!w->block || !w->status || !w->sum || !w->bad)
        return RC_ENOMEM;
    for (int64_t i = 0; i < w->shards; i++)
        w->block[i].in.keeps = w->block[i].out.keeps = w->lock_free;
    w->block[0].counts = true;
    RC_TRY(new_chains(&w->in, w->plan.in));
    RC_TRY(new_chains(&w->out, w->plan.out));
    RC_TRY(rcd_windows_init(&w->plan.windows, w->tape, v, &look));
    return new_noise(&w->plan, v);
}

static void free_chains(chains *c)
{
    rcb_free(c->first);
    rcb_free(c->last);
    rcb_free(c->next);
}

static void free_walker(rcm_walker *base)
{
    walker *w = (walker *)base;

    for (int64_t i = 0; w->block && i < w->shards; i++)
        rcm_block_free(&w->block[i]);
    rcb_free(w->block);
    rcb_free(w->status);
    rcb_free(w->sum);
    rcb_free(w->bad);
    rcb_free(w->plan.log_chance);
    rcb_alias_free(&w->plan.noise);
    rcd_windows_free(&w->plan.windows);
    free_chains(&w->in);
    free_chains(&w->out);
    rcb_free(w);
}

/* ---- learning ---------------------------------------------------------------------------- */

/* Where shard i of the step begins. */
static int64_t cut(const walker *w, int64_t i)
{
    const int64_t at = w->stride.pos + w->batch * i / w->shards;

    return at < w->tape->n ? at : w->tape->n;
}

static void learn(const rcb_worker *worker, void *ctx)
{
    walker *w = ctx;
    rcn_params *params = &w->m->params;

    for (int64_t i = worker->id; i < w->shards; i += worker->count) {
        rcm_block *b = &w->block[i];
        const rcm_stride s = {w->stride.epoch, cut(w, i), w->stride.rate};

        w->status[i] = rcm_block_learn(b, &w->plan, &s, cut(w, i + 1));
        if (w->status[i] == RC_OK && w->lock_free) {
            const bool in = rcm_rows_add(&b->in, &params->p[w->plan.e->in]);
            const bool out = rcm_rows_add(&b->out, &params->p[w->plan.e->out]);

            w->bad[worker->id] = w->bad[worker->id] || !in || !out;
        }
    }
}

/* ---- adding up --------------------------------------------------------------------------- */

static const rcm_rows *rows_of(const walker *w, const chains *c, int64_t shard)
{
    return c == &w->in ? &w->block[shard].in : &w->block[shard].out;
}

static rc_status room_for_chains(walker *w, chains *c)
{
    int64_t links = 0;

    for (int64_t i = 0; i < w->shards; i++)
        links += rows_of(w, c, i)->n;
    if (links <= c->cap)
        return RC_OK;
    rcb_free(c->next);
    c->cap = 0;
    c->next = rcb_alloc((size_t)(links + links / 4), sizeof *c->next);
    if (!c->next)
        return RC_ENOMEM;
    c->cap = links + links / 4;
    return RC_OK;
}

/* Link the rows of this worker, in the order of shards. */
static void link_rows(const walker *w, chains *c, const rcb_worker *worker)
{
    int32_t link = 0;

    for (int64_t i = 0; i < w->shards; i++) {
        const rcm_rows *r = rows_of(w, c, i);

        for (int64_t k = 0; k < r->n; k++, link++) {
            const int32_t id = r->id[k];

            if (id % worker->count != worker->id)
                continue;
            c->next[link] = -1;
            if (c->first[id] < 0)
                c->first[id] = link;
            else
                c->next[c->last[id]] = link;
            c->last[id] = link;
        }
    }
}

/* Where links of the shards begin. */
typedef struct walk_of_links {
    int64_t shard;
    int64_t base; /* its first link */
} walk_of_links;

/* The rows that a link is of, and the place in them: links of a chain rise. */
static const rcm_rows *rows_at(const walker *w, const chains *c, walk_of_links *at, int32_t link,
                               int64_t *place)
{
    const rcm_rows *r = rows_of(w, c, at->shard);

    while (link >= at->base + r->n) {
        at->base += r->n;
        r = rows_of(w, c, ++at->shard);
    }
    *place = link - at->base;
    return r;
}

/* A row becomes what it was and the moves of all shards that have it, of which the first begins at
 * `from`. False: they are not finite, and the row stays as it was. */
static bool add_up(const walker *w, chains *c, rc_real *row, int64_t id, walk_of_links from,
                   rc_real *sum)
{
    const int64_t ld = w->plan.e->ld;
    rc_real *move = sum + ld;
    double moves = 0, shards = 0;
    int64_t k;

    if (c->next[c->first[id]] < 0) {
        const rcm_rows *r = rows_at(w, c, &from, c->first[id], &k);

        if (!rck->finite(ld, r->now + k * ld))
            return false;
        memcpy(row, r->now + k * ld, (size_t)ld * sizeof *row);
        return true;
    }
    rck->fill(ld, 0, sum);
    for (int32_t link = c->first[id]; link >= 0; link = c->next[link]) {
        const rcm_rows *r = rows_at(w, c, &from, link, &k);

        rck->sub(ld, r->now + k * ld, row, move);
        rck->add(ld, sum, move, sum);
        moves += r->times[k];
        shards++;
    }
    const double a = DAMP * w->stride.rate * moves;

    if (!rck->finite(ld, sum))
        return false;
    rck->axpy(ld, (rc_real)((1 + a / shards) / (1 + a)), sum, row);
    return true;
}

static void merge(walker *w, chains *c, rcn_param *table, const rcb_worker *worker)
{
    rc_real *sum = w->sum + worker->id * 2 * table->ld;
    walk_of_links at = {0, 0};

    link_rows(w, c, worker);
    for (; at.shard < w->shards; at.base += rows_of(w, c, at.shard)->n, at.shard++) {
        const rcm_rows *r = rows_of(w, c, at.shard);

        for (int64_t k = 0; k < r->n; k++) {
            const int32_t id = r->id[k];

            if (id % worker->count != worker->id || c->first[id] != at.base + k)
                continue;
            if (!add_up(w, c, table->w + id * table->ld, id, at, sum))
                w->bad[worker->id] = true;
            c->first[id] = -1;
        }
    }
}

static void merge_both(const rcb_worker *worker, void *ctx)
{
    walker *w = ctx;
    rcn_params *params = &w->m->params;

    merge(w, &w->in, &params->p[w->plan.e->in], worker);
    merge(w, &w->out, &params->p[w->plan.e->out], worker);
}

/* ---- a step ------------------------------------------------------------------------------ */

static rc_status walk(rcm_walker *base, const rcm_stride *s, rcm_strode *out)
{
    walker *w = (walker *)base;

    w->stride = *s;
    *out = (rcm_strode){.next = cut(w, w->shards)};
    out->rows = out->next - s->pos;
    if (out->rows <= 0)
        return RC_OK;
    rcb_pool_run(w->pool, rcb_pool_size(w->pool), learn, w);
    for (int64_t i = 0; i < w->shards; i++)
        if (w->status[i] != RC_OK)
            return RC_FAIL(w->status[i], "out of memory: the rows of a shard");
    if (!w->lock_free) {
        RC_TRY(room_for_chains(w, &w->in));
        RC_TRY(room_for_chains(w, &w->out));
        rcb_pool_run(w->pool, rcb_pool_size(w->pool), merge_both, w);
    }
    out->aims = w->block[0].aims;
    out->nats = w->block[0].nats;
    for (int i = 0; i < rcb_pool_size(w->pool); i++)
        if (w->bad[i])
            out->nats = (double)NAN;
    return RC_OK;
}

static size_t bytes(const rcm_walker *base)
{
    const walker *w = (const walker *)base;
    const size_t rows = (size_t)(w->plan.in->dim[0] + w->plan.out->dim[0]);
    size_t reals = 0;

    for (int64_t i = 0; i < w->shards; i++)
        reals += (size_t)(w->block[i].in.reals + w->block[i].out.reals);
    return reals * (w->lock_free ? 2 : 1) * sizeof(rc_real) +
           (2 * rows + (size_t)(w->in.cap + w->out.cap)) * sizeof(int32_t);
}

rc_status rcm_embed_walker_new(rcm_walker **out, rc_model *m, const rcm_corpus *c, rcb_pool *pool)
{
    walker *w = rcb_calloc(1, sizeof *w);

    *out = NULL;
    if (!w)
        return RC_ENOMEM;
    w->base = (rcm_walker){.walk = walk,
                           .free = free_walker,
                           .bytes = bytes,
                           .epoch_steps =
                               (c->tape[RCM_TRAIN].n + m->config->batch - 1) / m->config->batch,
                           .epoch_rows = c->tape[RCM_TRAIN].n};
    w->m = m;
    w->pool = pool;
    const rc_status s = fill_walker(w, c);
    if (s == RC_OK)
        *out = &w->base;
    else
        free_walker(&w->base);
    return s;
}
