/* train.h -- optimisers, schedules, the loop and its checkpoints. Drives any task through rcm_task
 * and never knows which.
 *
 * Object room.
 */
#ifndef RCT_TRAIN_H
#define RCT_TRAIN_H

#include "model/model.h"

/* ---- optimisers (optim.c) ---------------------------------------------------------------- */

enum { RCT_MEAN = 2, RCT_SLOTS = 3 };
#define RCT_SLOT_NAMES "mva" /* as in optims.def and rck_update; a, RCT_MEAN: mean weights */

/* One line of optims.def. */
typedef struct rct_method {
    const char *name;
    const char *help;
    const char *uses;  /* names of the options that mean something to it, separated by blanks */
    const char *slots; /* letters of its arrays of state, of RCT_SLOT_NAMES */
    void (*update)(const rck_update *u);
} rct_method;

/* What updates the parameters of one model: gradient norms, clipping, penalties, the method. Frozen
 * ones are no part of any of it. All sums run over blocks of RCK_BLOCK in order, so they do not
 * depend on the number of workers. Owner; borrows the parameters and the configuration. */
typedef struct rct_optim {
    rct_method method;
    rcn_params *params;
    int64_t steps;    /* updates made */
    int64_t averaged; /* of them, those in the mean of the weights; 0: none yet */
    bool averages;    /* do the updates to come enter the mean? */
    /* [slot][parameter], in the layout of the parameter; NULL: unused, or it is frozen */
    rc_real **slot[RCT_SLOTS];
    rc_real *l1, *l2; /* (parameters) */
    double *block;    /* partial sums of squares */
    int64_t *first;   /* (parameters + 1) first block of each */
    const rc_config *config;
} rct_optim;

/* RC_EINVAL: no such method, a penalty that is none, or weight decay for a method without it.
 * RC_ENOMEM. */
rc_status rct_optim_new(rct_optim *out, rcn_params *params, const rc_config *c);
void rct_optim_free(rct_optim *o);
/* Clip values (--clip-value, in place), then the norm of the whole gradient. NaN or infinite when
 * an element then is, or too large to be squared; *culprit is the first such parameter, else
 * NULL. */
double rct_optim_norm(rct_optim *o, rcb_pool *pool, const char **culprit);
/* One update at learning rate lr with gradients times `scale`, and fresh transposes and copies. The
 * parameters have their gradients and transposes (rcn_params_grads). */
void rct_optim_step(rct_optim *o, rcb_pool *pool, double lr, double scale);
/* Where a mean has begun, weights and mean change places; transposes and copies are fresh after.
 * RC_ENOMEM. */
rc_status rct_optim_swap(rct_optim *o, rcb_pool *pool);

/* ---- disturbances (jitter.c) ------------------------------------------------------------- */

/* Weights and gradients disturbed as the configuration says. Owner; borrows the parameters and the
 * configuration. */
typedef struct rct_jitter {
    rcn_params *params;
    const rc_config *config;
    bool any;       /* weights are disturbed */
    double *drop;   /* (parameters) rate at which connections are dropped */
    double *noise;  /* (parameters) deviation of noise */
    rc_real **kept; /* (parameters) the weights themselves during a step; NULL: not disturbed */
    rc_real **mask; /* (parameters) what weights and gradients are multiplied by; NULL */
    rc_real *rows;  /* room for the largest parameter */
    size_t most;    /* reals of it */
} rct_jitter;

/* RC_EINVAL: a glob that names nothing, or no recurrent weights to drop. RC_ENOMEM. */
rc_status rct_jitter_new(rct_jitter *out, rcn_params *params, const rc_config *c);
void rct_jitter_free(rct_jitter *j);
size_t rct_jitter_bytes(const rct_jitter *j);
/* The weights of a step, until rct_jitter_end(): then they are what they were, and the gradients
 * are those of the weights themselves. */
void rct_jitter_begin(rct_jitter *j, uint64_t step, rcb_pool *pool);
void rct_jitter_end(rct_jitter *j, rcb_pool *pool);
/* Noise on gradients that are to be used times `scale`: returns the scale that is left. */
double rct_jitter_gradients(rct_jitter *j, uint64_t step, double scale, rcb_pool *pool);

/* ---- schedules (schedule.c) -------------------------------------------------------------- */

/* Where training stands, as far as a learning rate depends on it. */
typedef struct rct_moment {
    int64_t epoch; /* from 1 */
    double done;   /* part of the whole training that is done, 0 .. 1; NaN: unknown */
    int64_t step;  /* steps that are done */
    double factor; /* of a plateau: grows smaller with every bad validation */
} rct_moment;

/* RC_EINVAL: no such schedule, or cosine without an end. */
rc_status rct_schedule_check(const rc_config *c);
double rct_schedule_rate(const rc_config *c, const rct_moment *m);
/* The factor after a validation that gained `gain` nats per symbol over the best before. */
double rct_schedule_after(const rc_config *c, double factor, double gain);

/* ---- validations (judge.c) --------------------------------------------------------------- */

/* What the validation that `p` tells of is compared by, less is better: the loss, the share of
 * errors, or 1 less the F1 of spans; of equal ones the lower loss decides. */
double rct_judge(const rc_config *c, const rc_progress *p);
/* RC_EINVAL: what --judge asks for was not validated. */
rc_status rct_judge_check(const rc_config *c, const rc_progress *p);

/* ---- shards (comm.c) --------------------------------------------------------------------- */

typedef struct rct_shard rct_shard;

/* The shards of a step, and the workers in teams that run them. Owner; borrows model and pool. */
typedef struct rct_comm {
    rc_model *model;
    rcb_pool *pool;
    int64_t shards;
    rct_shard *shard;  /* (shards) */
    rcn_params **from; /* (shards) whose gradients are added to the model's; the last is NULL */
    int teams;
    rcb_pool **team; /* (teams) workers lent by the pool; NULL with one shard */
} rct_comm;

/* What the random numbers of a step depend on, beside the shard. */
typedef struct rct_draw {
    uint64_t seed, step;
} rct_draw;

/* What a batch is to its step: batches of one update are added up. */
typedef enum rct_part { RCT_FIRST, RCT_MORE } rct_part;

/* As the model's configuration says; its gradients are there. RC_EINVAL: fewer sequences than
 * shards. RC_ENOMEM. */
bool rct_recomputes(const rc_config *c); /* are logits made anew for the backward? */
rc_status rct_comm_new(rct_comm *out, rc_model *m, rcb_pool *pool);
void rct_comm_free(rct_comm *c);
/* Gradients of the model for `scale` times the loss of a batch, whose carried state goes on, alone
 * or added to those that are there; *nats is the loss. The failure of the first shard that
 * failed. */
rc_status rct_comm_gradients(rct_comm *c, rcm_feed *feed, const rct_draw *draw, rct_part part,
                             double scale, double *nats);
/* The loss alone, with what is added to it on the way back; what is carried goes on as well. */
rc_status rct_comm_loss(rct_comm *c, rcm_feed *feed, const rct_draw *draw, double *nats);
size_t rct_comm_bytes(const rct_comm *c); /* of all arenas, at their fullest */

/* ---- pieces (pieces.c) ------------------------------------------------------------------- */

/* A batch cut in time, for less memory (only the states between pieces are kept, each piece is run
 * again on the way back) or shorter gradients (truncated). Memory that is kept from step to step;
 * zero-initialise, owner. */
typedef struct rct_pieces {
    rc_real *states; /* (pieces + 1, size) */
    rc_real *d[2];   /* (size) gradients at the ends of the piece at hand */
    size_t cap_states, cap_d[2];
} rct_pieces;
void rct_pieces_free(rct_pieces *p);
/* Time steps of a piece of a batch of so many; 0: it stays whole. */
int64_t rct_piece_steps(const rc_config *c, int64_t steps);
/* Can this configuration be run so? RC_EINVAL. */
rc_status rct_pieces_check(const rc_model *m);

/* (norm.c) Can the cell have the norm-preserving regulariser, if it is asked for? RC_EINVAL. */
rc_status rct_norm_check(const rc_model *m);
/* What each pair of steps of a batch adds of Omega, where the loss is multiplied by `scale`. */
double rct_norm_weight(const rc_config *c, const rcd_batch *b, double scale);

/* One batch, on one graph. */
typedef struct rct_pass {
    const rc_model *m;
    rc_graph *g;
    rcm_feed *feed;
    const rct_draw *draw;
    uint32_t shard;
    bool back, fresh; /* gradients are wanted; there are none yet */
    double scale;     /* of so much of the loss */
} rct_pass;
/* Its loss into *nats, and its gradients. RC_ENOMEM, the graph's failure. */
rc_status rct_pieces_run(rct_pieces *p, const rct_pass *pass, double *nats);

/* ---- the loop (loop.c) ------------------------------------------------------------------- */

/* All that changes while training and is not a weight or an optimiser slot; saved whole. */
#define RCT_PLACE_MAP(WHOLE, REAL)                                                                 \
    WHOLE(epoch)      /* being trained, from 1 */                                                  \
    WHOLE(pos)        /* where in it the next batch begins */                                      \
    WHOLE(step)       /* steps done */                                                             \
    WHOLE(epoch_step) /* of them in this epoch */                                                  \
    WHOLE(tokens)     /* trained on */                                                             \
    WHOLE(updates)    /* of the optimiser */                                                       \
    WHOLE(averaged)   /* of them, in the mean of the weights */                                    \
    WHOLE(averages)   /* 1: the updates to come enter it */                                        \
    WHOLE(bad)        /* validations without a gain since the best */                              \
    WHOLE(skipped)    /* steps with a NaN, in all */                                               \
    WHOLE(row)        /* of them, in a row up to now */                                            \
    WHOLE(scored)     /* the step of the last validation, -1: none */                              \
    WHOLE(done)       /* 1: training has ended */                                                  \
    WHOLE(count)      /* predictions since the last record */                                      \
    REAL(sum)         /* nats since the last record */                                             \
    REAL(factor)      /* of a plateau schedule */                                                  \
    REAL(best)        /* nats per symbol; infinity: none yet */

typedef struct rct_place {
#define RCT_WHOLE(field) int64_t field;
#define RCT_REAL(field) double field;
    RCT_PLACE_MAP(RCT_WHOLE, RCT_REAL)
#undef RCT_WHOLE
#undef RCT_REAL
} rct_place;

struct rc_trainer {
    rc_config *config;
    char *path;       /* of the model file */
    char *state_path; /* of the checkpoint */
    bool spare_test;  /* see rc_trainer_options */
    const rcm_task *task;
    rc_model *model;
    rcm_corpus *corpus;
    rcm_walker *walker;  /* of tasks that take their steps themselves; else NULL */
    rcb_buf notes;       /* see rc_trainer_notes() */
    uint32_t corpus_crc; /* the data's number: the same data, the same number */
    rcb_pool *pool;
    rct_comm comm;
    rcm_feed feed;
    rct_optim optim;
    rct_jitter jitter;
    rct_place place;
};

/* A fresh trainer on a text at hand, which need not live on; NULL: on the files of the
 * configuration, as rc_trainer_new() makes it. */
rc_status rct_trainer_on(rc_trainer **out, const rc_config *c, const rcd_text *text,
                         const char *path, const rc_trainer_options *options);
/* The next batch and its update, and nothing else: no validation, no file; the text begins again at
 * its end. What measures training drives it so. RC_ENAN as of rc_trainer_run(). */
rc_status rct_trainer_step(rc_trainer *t);
int64_t rct_epoch_steps(const rc_trainer *t);
int64_t rct_epoch_rows(const rc_trainer *t);
int64_t rct_all_steps(const rc_trainer *t); /* of the whole training; 0: no end is known */

/* ---- times and the peak (timing.c) ------------------------------------------------------- */

typedef struct rct_timing {
    int64_t calls;
    double median, p99; /* seconds of one call */
} rct_timing;

/* How long to measure: `warm` calls that do not count, then at least `least` and on for `seconds`.
 */
typedef struct rct_pace {
    double seconds;
    int warm, least;
} rct_pace;

typedef rc_status (*rct_call)(void *ctx);
/* Time single calls. The call's failure, or RC_ENOMEM. */
rc_status rct_time(rct_timing *out, const rct_pace *pace, rct_call call, void *ctx);

/* Operations a second that `workers` of the pool do together in registers alone, with the
 * instructions of a table: the best of some tries that take `seconds` in all. */
double rct_peak(const rck_table *table, rcb_pool *pool, int workers, double seconds);

/* ---- what a training takes (estimate.c) -------------------------------------------------- */

/* Bytes of a trainer; all but the activations are there before the first step. */
typedef struct rct_memory {
    size_t weights; /* with their transposes and copies in bf16 */
    size_t gradients;
    size_t optimizer;
    size_t activations; /* of a step: as rcm_task.work says, not as they turned out */
    size_t saving;      /* more, while a checkpoint is written */
} rct_memory;

rct_memory rct_memory_of(const rc_trainer *t);
/* All but `saving`. */
size_t rct_memory_sum(const rct_memory *m);
/* Operations of a training step for each symbol: forward, and twice that on the way back. */
double rct_flops_per_token(const rc_trainer *t);

/* ---- checkpoints (checkpoint.c) ---------------------------------------------------------- */

/* Write `path`.state: last weights, optimiser, place, carried state. One rename. RC_EIO,
 * RC_ENOMEM. */
rc_status rct_checkpoint_save(const rc_trainer *t);
/* Read the place, optimiser and carried state of an opened state file into a trainer whose model
 * has been read from it. RC_EFORMAT, RC_ENOMEM. */
rc_status rct_checkpoint_load(rc_trainer *t, const rcf_file *f);
/* The data's number as written. RC_EFORMAT: not a state file. */
rc_status rct_checkpoint_crc(const rcf_file *f, const char *path, uint32_t *out);

#endif
