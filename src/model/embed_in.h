/* embed_in.h -- what the files of the task `embed` share: its tables, the rows that a shard works
 * on, and one shard.
 */
#ifndef RCM_EMBED_IN_H
#define RCM_EMBED_IN_H

#include "model/model_in.h"

/* ---- the model (embed.c) ----------------------------------------------------------------- */

/* What the task builds: two tables, of words that are read and of what is told by them: words, or
 * decisions of a tree over them. */
typedef struct rcm_embed_net {
    rcm_embed_model model;
    rcm_embed_loss loss;
    size_t in, out;     /* places of embed.weight (V,D) and out.weight */
    int64_t V, ld;      /* words; reals of a row with its padding */
    rcn_huffman tree;   /* hierarchical */
    rcd_subwords parts; /* of words; their rows of embed.weight are those behind V. No rows: none */
} rcm_embed_net;

/* Row `k` of embed.weight that word i is made of (0: its own), of so many. */
static inline int64_t rcm_embed_rows(const rcm_embed_net *e, int64_t i)
{
    return 1 + (e->parts.rows > 0 ? e->parts.first[i + 1] - e->parts.first[i] : 0);
}
static inline int32_t rcm_embed_row(const rcm_embed_net *e, int64_t i, int64_t k)
{
    return (int32_t)(k == 0 ? i : e->V + e->parts.gram[e->parts.first[i] + k - 1]);
}

/* ---- rows at hand (embed_rows.c) --------------------------------------------------------- */

/* Some rows of a table, copied to work on. Owner: zero-initialise, rcm_rows_free(). */
typedef struct rcm_rows {
    int64_t n;       /* rows */
    int32_t *id;     /* (n) of the table, each once, as they were taken */
    int32_t *times;  /* (n) how often each was moved */
    rc_real *now;    /* (n,ld) */
    rc_real *before; /* (n,ld) as they were; NULL: that is not kept */
    int32_t *slot;   /* (slots) by hash of an id: 1 + its place */
    int64_t cap, slots, reals;
    bool keeps; /* `before` is wanted */
} rcm_rows;
void rcm_rows_free(rcm_rows *r);
void rcm_rows_clear(rcm_rows *r);
/* The place of a row, which is taken if it was not: in *at. RC_ENOMEM. */
rc_status rcm_rows_take(rcm_rows *r, int32_t id, int32_t *at);
/* Their values out of a table; none was moved. RC_ENOMEM. */
rc_status rcm_rows_fetch(rcm_rows *r, const rcn_param *table);
/* What they were moved by, into the table; but for moves that are not finite: false. */
bool rcm_rows_add(const rcm_rows *r, rcn_param *table);

/* ---- a shard (embed_block.c) ------------------------------------------------------------- */

typedef struct rcm_embed_plan rcm_embed_plan;
typedef struct rcm_block rcm_block;
/* Learn from the window of word i of the view. */
typedef void (*rcm_window_fn)(rcm_block *b, const rcm_embed_plan *p, int64_t i, rc_real rate);

/* What all shards of a training share; set up by the walker. */
struct rcm_embed_plan {
    const rcm_embed_net *e;
    const rc_config *c;
    const rcn_param *in, *out;
    rcd_windows windows;
    rcb_alias noise;    /* of negative and sampled */
    double *log_chance; /* (V) sampled: ln of the chance of a word to be drawn */
    rcb_key key;        /* of draws */
    rcm_window_fn learn;
    bool whole;  /* cbow: words of a window go the whole step of the mean */
    bool turned; /* the word is read, and those around it are told */
};
/* How a configuration learns from a window. */
rcm_window_fn rcm_block_window(const rcm_embed_net *e, const rc_config *c);

/* One shard of a step: a piece of the text, and the rows it works on. Owner: zero-initialise,
 * rcm_block_free(). */
struct rcm_block {
    rcd_view view;
    rcm_rows in, out;
    int64_t *at;     /* (view.n + 1) where the rows of a word begin in */
    int32_t *read;   /* (at[view.n]) rows of `in` that words are made of */
    int32_t *target; /* (view.n) rows of `out` that centers are; of a tree unused */
    int32_t *pool;   /* (pools) words to draw from, */
    int32_t *pooled; /* (pools) and their rows of `out` */
    int64_t pools, next;
    rc_real **row;     /* (most) rows of `out` at hand */
    rc_real *score;    /* (most) */
    rc_real *aim;      /* (most) */
    rc_real *correct;  /* (most) sampled: what is added to scores */
    rc_real *mean, *d; /* (ld); rows of ld */
    int64_t cap_view, cap_read, cap_pool, most;
    bool counts;  /* the loss is wanted */
    int64_t aims; /* predictions that were counted */
    double nats;
};
/* Learn from tokens [from,to): rows are moved at hand, the tables stay as they are. RC_ENOMEM. */
rc_status rcm_block_learn(rcm_block *b, const rcm_embed_plan *p, const rcm_stride *s, int64_t to);
void rcm_block_free(rcm_block *b);

/* ---- steps (embed_walk.c) ---------------------------------------------------------------- */

rc_status rcm_embed_walker_new(rcm_walker **out, rc_model *m, const rcm_corpus *c, rcb_pool *pool);

/* ---- cells of counts (embed_glove.c) ----------------------------------------------------- */

rc_status rcm_glove_walker_new(rcm_walker **out, rc_model *m, const rcm_corpus *c, rcb_pool *pool);

#endif
