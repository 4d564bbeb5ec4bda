/* series_in.h -- what the files of the task series share: series_corpus.c reads the data,
 * series.c has the model.
 */
#ifndef RCM_SERIES_IN_H
#define RCM_SERIES_IN_H

#include "model/model_in.h"

/* ---- numbers made alike (series_scale.c) ------------------------------------------------- */

typedef struct rcm_scale {
    int64_t n; /* numbers of a row; 0: they stay as they are */
    rc_real *mean, *deviation;
} rcm_scale;
/* Means of 0 and deviations of 1; after a failure it may be freed. RC_ENOMEM. */
rc_status rcm_scale_new(rcm_scale *s, int64_t n);
void rcm_scale_free(rcm_scale *s);
/* One row in the model's numbers; out may be x. And rows back in those of the data. */
void rcm_scale_apply(const rcm_scale *s, const rc_real *x, rc_real *out);
void rcm_scale_undo(const rcm_scale *s, int64_t rows, rc_real *x);

/* The result that says how far the deviations of a step's numbers are apart, where they are very
 * much and nothing is done about it. */
#define RCM_SPREAD "input deviations, largest/smallest"

/* See rcm_task. */
rc_status rcm_series_measure_scale(rc_model *m, const rcm_corpus *c);
bool rcm_series_table(const rc_model *m, size_t i, rcf_tensor *out);
rc_status rcm_series_tables_load(rc_model *m,
                                 const rcf_tensor *(*find)(const void *from, const char *),
                                 const void *from);

/* ---- the model --------------------------------------------------------------------------- */

/* What the task builds. */
typedef struct rcm_series_net {
    rcn_stack stack;
    rcm_aim aim;
    int64_t D, O;    /* numbers of a step, and of an answer */
    int64_t F;       /* numbers of the answer before, which a step also reads; 0: none */
    bool each;       /* an answer at every step, or at the last */
    rcm_reads reads; /* which steps are read; zeros at the others */
    bool pooled;     /* one answer, of all steps by `pool`; else of the last step alone */
    rcm_pool pool;
    rcm_scale in, out;   /* of steps and of answers */
    size_t weight, bias; /* of the output layer: places in the parameters */
} rcm_series_net;

static inline bool rcm_series_reads(const rcm_series_net *s, int64_t t)
{
    return s->reads == RCM_READS_EACH || (s->reads == RCM_READS_FIRST && t == 0);
}
/* What the stack reads at steps [from,to): them, in the model's numbers, and the true answers
 * before. */
rc_var *rcm_series_inputs(const rc_model *m, rc_graph *g, const rcd_batch *b, int64_t from,
                          int64_t to);
/* Answers, before the loss, to what leaves the stack: (N, stack.out) -> (N,O). */
rc_var *rcm_series_answers(const rc_model *m, rc_graph *g, rc_var *x);

/* What leaves the stack as one vector for each sequence of a batch: (N,F) -> (B,F). */
rc_var *rcm_series_pool(const rc_model *m, rc_graph *g, const rcd_batch *b, rc_var *x);

/* The rows of a batch at which something is to be said, and what: (aims) each. */
typedef struct rcm_series_aims {
    int64_t n;
    int32_t *row;
    int32_t *target;
    rc_real *y; /* (aims, K), in the model's numbers */
} rcm_series_aims;
/* Those of rows [from,to), counted from `from`. False: the graph has failed. */
bool rcm_series_find(const rcm_series_net *s, rcm_series_aims *a, rc_graph *g, const rcd_batch *b,
                     int64_t from, int64_t to);
/* Loss of `said` (aims, O). Squares are those of the mean over the numbers of an answer; bits are
 * added up over them. */
rc_var *rcm_series_loss(const rc_model *m, rc_graph *g, rc_var *said, const rcm_series_aims *a);

/* Sequences step by step, each reading what the model itself has said before: (series_run.c). */
typedef struct rcm_series_walk {
    const rc_model *m;
    rc_graph *g;
    int64_t t;      /* steps done */
    rc_real *carry; /* (B, state_width) */
    rc_real *fed;   /* (B, F) answers before, as they are read; zeros at first */
    rc_real *x;     /* (B, D + F) */
    rc_real *said;  /* (B, O) */
    rc_real *top;   /* (B, stack.out) what answers are made of; NULL: not wanted */
} rcm_series_walk;
/* For batches of up to `most` sequences. After a failure it may be freed. RC_ENOMEM. */
rc_status rcm_series_walk_new(rcm_series_walk *w, const rc_model *m, rc_graph *g, int64_t most);
void rcm_series_walk_free(rcm_series_walk *w);
void rcm_series_walk_begin(rcm_series_walk *w, int64_t seqs);
/* One step of the first n sequences, which read x (n,D), numbers of the data; the graph is reset
 * before. Returns answers before the loss, (n,O), also in w->said; NULL: the graph has failed. */
rc_var *rcm_series_walk_step(rcm_series_walk *w, int64_t n, const rc_real *x);
/* Answers before the loss, n rows of them, as they are meant: chances of classes or bits, or
 * numbers, the model's. */
void rcm_series_meaning(const rcm_series_net *s, int64_t n, rc_real *said);

/* Sequences of a training: some of a file's, or all. */
typedef struct rcm_series_part {
    rcd_series *s;
    int64_t from, to; /* of the order that `split` gives; of all */
} rcm_series_part;

/* The corpus. A task has its own: rcm_corpus is the one of those that read text. */
typedef struct rcm_series_corpus {
    rcd_series own[RCM_PARTS];
    rcm_series_part part[RCM_PARTS];
    rcm_cut cut;
    bool next;
    rcb_key order;
    int64_t batch;
} rcm_series_corpus;

static inline const rcm_series_corpus *rcm_series_of(const rcm_corpus *c)
{
    return (const rcm_series_corpus *)(const void *)c;
}

static inline bool rcm_says_next(rcm_aim aim)
{
    return aim == RCM_AIM_NEXT || aim == RCM_AIM_BITS;
}

/* The functions of the task that have to do with data (see rcm_task). */
rc_status rcm_series_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have, rcm_vocabs *made);
void rcm_series_free(rcm_corpus *c);
uint32_t rcm_series_crc(const rcm_corpus *c);
bool rcm_series_has(const rcm_corpus *c, rcm_part part);
int64_t rcm_series_batches(const rcm_corpus *c, int64_t steps);
int64_t rcm_series_rows(const rcm_corpus *c);
int64_t rcm_series_longest(const rcm_corpus *c);
rc_status rcm_series_batch(const rcm_corpus *c, int64_t epoch, int64_t pos, int64_t steps,
                           rcm_feed *feed);

/* Up to `most` sequences of a part from number *i on, which moves on, shuffled by `order` (NULL: as
 * they are); no rows: there are no more. Sequences without a step are passed over. RC_ENOMEM. */
rc_status rcm_series_next(const rcm_series_corpus *p, const rcm_series_part *part,
                          const rcb_key *order, int64_t most, int64_t *i, rcd_batch *b);

/* A file for a model that is made: read, checked against its configuration, classes numbered by its
 * vocabulary. blind: answers are not looked at, and need not be there. RC_EDATA and what reading
 * says; `out` is then freed. */
rc_status rcm_series_file(rcd_series *out, const rc_model *m, const char *path, bool blind);

/* See rcm_task (series_run.c). */
rc_status rcm_series_predict(const rc_model *m, const char *path, const rc_predict_options *o,
                             rcb_pool *pool, rc_prediction_fn fn, void *ctx);

#endif
