/* embed_glove.c -- steps of GloVe: words that stand near each other are counted, and the counts
 * learnt (Pennington et al. 2014), one stratum after the other (DSGD: Gemulla et al. 2011).
 *
 * Words are in parts, and cells in blocks of two parts. Blocks without a part in common move
 * different rows, so they are learnt side by side, without copies or locks, and the bits are the
 * same for any number of workers. A step is one round of such blocks: as in a tournament every part
 * meets every other once in half an epoch, and itself in the last round. The second half goes the
 * same way back, words and contexts turned: so what chance does to the two vectors of a word
 * differs, and their sum is better than either.
 */
#include "model/embed_in.h"

#include <stdlib.h>

/* One block of a round. */
typedef struct meeting {
    int64_t block, cells;
    double cost;
} meeting;

typedef struct glove {
    rcm_walker base;
    rc_model *m;
    rcb_pool *pool;
    rcd_cooc cells;
    int64_t V, D, ld;
    rc_real *sum[2];                /* (V,ld) of words, of contexts: squares of steps, added up */
    rc_real *bias[2], *bias_sum[2]; /* (V) */
    meeting *meeting;               /* (parts) of the round at hand, the largest first */
    int64_t meetings;
    bool turned; /* the second half of an epoch */
    double rate;
} glove;

enum { WORD, CONTEXT };

/* ---- rounds ------------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
    const meeting *x = a, *y = b;

    return x->cells != y->cells ? (x->cells < y->cells ? 1 : -1)
                                : (x->block > y->block) - (x->block < y->block);
}

static void meet(glove *g, int64_t p, int64_t q)
{
    const int64_t block = rcd_cooc_block(p, q);

    g->meeting[g->meetings++] =
        (meeting){.block = block, .cells = g->cells.start[block + 1] - g->cells.start[block]};
}

/* Who meets in a round: the last part has a place of its own, the others go round. How many cells
 * that are. */
static int64_t draw_round(glove *g, int64_t step)
{
    const int64_t parts = g->cells.parts, circle = parts - 1;
    const int64_t round = step < parts ? step : 2 * parts - 1 - step;

    g->turned = step >= parts;
    g->meetings = 0;
    if (round == circle) {
        for (int64_t p = 0; p < parts; p++)
            meet(g, p, p);
    } else {
        meet(g, circle, round);
        for (int64_t k = 1; k < parts / 2; k++)
            meet(g, (round + k) % circle, (round + circle - k) % circle);
    }
    qsort(g->meeting, (size_t)g->meetings, sizeof *g->meeting, by_size);
    int64_t cells = 0;
    for (int64_t i = 0; i < g->meetings; i++)
        cells += g->meeting[i].cells;
    return cells;
}

static rck_glove_side side(const glove *g, int which)
{
    const rcm_embed_net *e = g->m->own;

    return (rck_glove_side){.x = g->m->params.p[which == WORD ? e->in : e->out].w,
                            .x_sum = g->sum[which],
                            .bias = g->bias[which],
                            .bias_sum = g->bias_sum[which]};
}

static void learn(const rcb_worker *w, void *ctx)
{
    glove *g = ctx;
    const rc_config *c = g->m->config;

    for (int64_t i = w->id; i < g->meetings; i += w->count) {
        const int64_t from = g->cells.start[g->meeting[i].block];
        const rck_glove cells = {.n = g->meeting[i].cells,
                                 .ld = g->ld,
                                 .a = g->cells.a + from,
                                 .b = g->cells.b + from,
                                 .count = g->cells.count + from,
                                 .word = side(g, WORD),
                                 .context = side(g, CONTEXT),
                                 .rate = (rc_real)g->rate,
                                 .x_max = (rc_real)c->x_max,
                                 .alpha = (rc_real)c->alpha,
                                 .turned = g->turned};

        g->meeting[i].cost = rck->glove(&cells);
    }
}

static rc_status walk(rcm_walker *base, const rcm_stride *s, rcm_strode *out)
{
    glove *g = (glove *)base;

    int64_t round = s->pos;

    while (round < base->epoch_steps && draw_round(g, round) == 0) /* words that never meet */
        round++;
    *out = (rcm_strode){.next = round + 1};
    if (round >= base->epoch_steps)
        return RC_OK;
    g->rate = s->rate;
    rcb_pool_run(g->pool, rcb_pool_size(g->pool), learn, g);
    for (int64_t i = 0; i < g->meetings; i++) {
        out->nats += g->meeting[i].cost;
        out->aims += g->meeting[i].cells;
    }
    out->rows = out->aims;
    return RC_OK;
}

/* ---- what is remembered ------------------------------------------------------------------ */

static bool memory(const rcm_walker *base, size_t i, rcm_memory *out)
{
    const glove *g = (const glove *)base;
    const rcm_memory all[] = {
        {"word.sum", g->V, g->D, g->ld, g->sum[WORD]},
        {"context.sum", g->V, g->D, g->ld, g->sum[CONTEXT]},
        {"word.bias", 1, g->V, g->V, g->bias[WORD]},
        {"context.bias", 1, g->V, g->V, g->bias[CONTEXT]},
        {"word.bias.sum", 1, g->V, g->V, g->bias_sum[WORD]},
        {"context.bias.sum", 1, g->V, g->V, g->bias_sum[CONTEXT]},
    };

    if (i >= sizeof all / sizeof *all)
        return false;
    *out = all[i];
    return true;
}

static size_t bytes(const rcm_walker *base)
{
    const glove *g = (const glove *)base;
    const size_t cell = 2 * sizeof *g->cells.a + sizeof *g->cells.count;

    return (size_t)g->cells.n * cell + 2 * (size_t)(g->V * (g->ld + 2)) * sizeof(rc_real);
}

static rc_status new_reals(rc_real **out, int64_t n)
{
    *out = rcb_calloc((size_t)n, sizeof **out);
    return *out ? RC_OK : RC_ENOMEM;
}

static rc_status fill_glove(glove *g, const rcm_corpus *corpus)
{
    const rc_config *c = g->m->config;
    const rcn_param *in = &g->m->params.p[((rcm_embed_net *)g->m->own)->in];
    const rcd_near near = {.width = c->window, .parts = 2 * c->shards, .seed = (uint64_t)c->seed};

    g->V = in->dim[0];
    g->D = in->dim[1];
    g->ld = in->ld;
    for (int i = WORD; i <= CONTEXT; i++) {
        RC_TRY(new_reals(&g->sum[i], in->size));
        RC_TRY(new_reals(&g->bias[i], g->V));
        RC_TRY(new_reals(&g->bias_sum[i], g->V));
    }
    g->meeting = rcb_alloc((size_t)near.parts, sizeof *g->meeting);
    if (!g->meeting)
        return RC_ENOMEM;
    RC_TRY(rcd_cooc_count(&g->cells, &corpus->tape[RCM_TRAIN], g->m->vocab.of[RCM_SYMBOLS], &near,
                          g->pool));
    g->base.epoch_steps = 2 * near.parts;
    g->base.epoch_rows = 2 * g->cells.n;
    return RC_OK;
}

static void free_glove(rcm_walker *base)
{
    glove *g = (glove *)base;

    for (int i = WORD; i <= CONTEXT; i++) {
        rcb_free(g->sum[i]);
        rcb_free(g->bias[i]);
        rcb_free(g->bias_sum[i]);
    }
    rcb_free(g->meeting);
    rcd_cooc_free(&g->cells);
    rcb_free(g);
}

rc_status rcm_glove_walker_new(rcm_walker **out, rc_model *m, const rcm_corpus *c, rcb_pool *pool)
{
    glove *g = rcb_calloc(1, sizeof *g);

    *out = NULL;
    if (!g)
        return RC_ENOMEM;
    g->base = (rcm_walker){.walk = walk, .free = free_glove, .memory = memory, .bytes = bytes};
    g->m = m;
    g->pool = pool;
    const rc_status s = fill_glove(g, c);
    if (s == RC_OK)
        *out = &g->base;
    else
        free_glove(&g->base);
    return s;
}
