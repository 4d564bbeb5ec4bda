/* graph.h -- variables, operations and the reverse sweep. The public half is in recur.h
 * (rc_graph_new, rc_tanh, ...); this door adds what layers need: parameters as leaves in place,
 * packed weights, one pool of workers, and what it takes to write an operation.
 *
 * Object room. Values are (rows, ld) with ld = cols rounded up to 16 reals; what lies in the
 * padding of a value is unspecified but finite, the padding of a gradient is zero.
 */
#ifndef RCG_GRAPH_H
#define RCG_GRAPH_H

#include "cell/cell.h"
#include "kernel/kernel.h"

/* Steps of sequence b of a ragged batch (see rc_rows). */
int64_t rcg_rows_length(const rc_rows *rows, int64_t b);

/* ---- packed weights ---------------------------------------------------------------------- */

enum { RCG_BLOCKS = RCC_PRODUCTS };

/* A weight of logical shape (rows, K), held as one block of panels per stage of a cell (one block
 * for linear layers). Rows of block i follow those of block i - 1. Biases are the same with K 1.
 * The owner is a parameter (see net.h) or, for plain leaves, the graph's arena. */
typedef struct rcg_lean rcg_lean;
typedef struct rcg_weight {
    int blocks;
    rck_panel lay[RCG_BLOCKS];
    int64_t at[RCG_BLOCKS];   /* where block i begins in w and g */
    int64_t at_t[RCG_BLOCKS]; /* where it begins in wt and in pairs_t */
    int64_t at_pairs[RCG_BLOCKS];
    rc_real *w;
    rc_real *wt; /* transposed panels (rck_panel_t); NULL: not made */
    uint16_t
        *pairs; /* w and its transpose in bf16, pairs of k (see rck_gemm), for the products of */
    uint16_t *pairs_t; /* graphs that train; NULL, both or none: these multiply reals */
    rc_real *g;        /* NULL: no gradient wanted */
    bool fresh;        /* g holds nothing yet: the first to add writes instead */
    rcg_lean *lean;    /* the same in fewer bits, for products of one row; NULL: there is none */
} rcg_weight;

/* Lay out `blocks` blocks of gates[i] gates of `units` units over K inputs. Pointers stay NULL. */
void rcg_weight_plan(rcg_weight *w, int blocks, const int gates[], int64_t units, int64_t K);
/* b + c of two biases, as b lies; gates without a part in c keep that of b. */
void rcg_bias_sum(const rcg_weight *b, const rcg_weight *c, rc_real *sum);
int64_t rcg_weight_size(const rcg_weight *w);   /* reals of w and of g */
int64_t rcg_weight_size_t(const rcg_weight *w); /* reals of wt */
int64_t rcg_weight_pairs(const rcg_weight *w);  /* numbers of 16 bits in pairs */
int64_t rcg_weight_rows(const rcg_weight *w);   /* logical rows */
int64_t rcg_weight_cols(const rcg_weight *w);   /* K */
/* Between logical row-major (rows, K) and panels; `panels` has the size of w. */
void rcg_weight_pack(const rcg_weight *w, const rc_real *rows, rc_real *panels);
/* One worker's share of it. */
void rcg_weight_pack_share(const rcg_weight *w, const rc_real *rows, rc_real *panels,
                           const rcb_worker *worker);
void rcg_weight_unpack(const rcg_weight *w, const rc_real *panels, rc_real *rows);
/* Make anew from w what follows it, as far as there is memory for it: wt, pairs, pairs_t. On all
 * workers, or the part that panels [p0,p1) of block i bring. */
void rcg_weight_refresh(rcg_weight *w, rcb_pool *pool);
void rcg_weight_refresh_panels(rcg_weight *w, int i, int64_t p0, int64_t p1);

/* A (rows, K) times the panels of block b of w plus the bias (block b of one; NULL: none), into
 * activations in panels c (N rows). In bf16 where w has pairs; so are the other products with a
 * weight (graph_in.h). */
rck_gemm rcg_gemm_forward(const rcg_weight *w, int b, int64_t rows, const rc_real *a, int64_t lda,
                          const rc_real *bias, rc_real *c, int64_t N);

/* ---- one row, and fewer bits (lean.c) ---------------------------------------------------- */

/* How a weight is held for products of one row. One list: code, word, help. */
#ifdef RC_DOUBLE
#define RCG_REALS_WORD "f64"
#else
#define RCG_REALS_WORD "f32"
#endif
#define RCG_BITS_MAP(X)                                                                            \
    X(RCG_REALS, RCG_REALS_WORD, "as trained")                                                     \
    X(RCG_BF16, "bf16", "16 bits: the upper half of a float")                                      \
    X(RCG_INT8, "int8", "8 bits and a scale for every row")
#define RCG_BITS_ENTRY(code, word, help) code,
typedef enum rcg_bits { RCG_BITS_MAP(RCG_BITS_ENTRY) RCG_BITS_COUNT } rcg_bits;
#undef RCG_BITS_ENTRY

/* The values of w in RCG_BF16 or RCG_INT8, to be hung into w->lean. scale: int8, one for each
 * logical row, multiples of which the values of that row are taken to be. Owner. RC_ENOMEM. */
rc_status rcg_lean_new(rcg_lean **out, const rcg_weight *w, rcg_bits bits, const rc_real *scale);
void rcg_lean_free(rcg_lean *l);

/* One row x (K) times block b of w plus the bias (block b of one; NULL: none), or added to c: one
 * row of panels. By w->lean where it is there; room: rcg_row_room() bytes. */
void rcg_row(const rcg_weight *w, int b, const rc_real *x, const rc_real *bias, bool add,
             rc_real *c, int8_t *room);
size_t rcg_row_room(const rcg_weight *w);
/* The same for panels from .. to-1 alone; the others of c are not written. */
typedef struct rcg_range {
    int64_t from, to;
} rcg_range;
void rcg_row_range(const rcg_weight *w, int b, const rcg_range *r, const rc_real *x,
                   const rc_real *bias, bool add, rc_real *c, int8_t *room);

/* ---- variables and nodes ----------------------------------------------------------------- */

typedef struct rcg_op rcg_op;
typedef struct rcg_node rcg_node;

struct rc_var {
    rc_shape shape;
    int64_t rows;     /* product of all axes but the last */
    int64_t cols;     /* the last axis */
    int64_t ld;       /* reals between rows */
    rc_real *x;       /* (rows, ld); NULL for a packed weight */
    rc_real *g;       /* gradient, same layout; NULL: nobody asked */
    uint8_t *touched; /* a table that is a parameter: see rcg_touch(); NULL: not kept */
    rcg_weight *weight;
    rcg_node *node; /* what made it; NULL for leaves */
    double total;   /* scalars: the value in double */
    bool wants;     /* a gradient is wanted */
};

struct rcg_node {
    const rcg_op *op;
    rc_graph *graph;
    rcg_node *prev; /* the node pushed before */
    int inputs;
    rc_var **in;
    rc_var *out;
    void *own; /* what the operation remembers; in the arena */
};

struct rcg_op {
    const char *name;
    unsigned optional; /* bit i: operand i may be RC_NONE */
    unsigned sparse;   /* bit i: backward adds to rows of operand i that it has touched alone */
    /* Check inputs and give the shape of the result; failures name the op and both shapes. */
    rc_status (*infer)(const rcg_node *n, rc_shape *out);
    /* out->x is allocated, not cleared; sets out->total where it knows a scalar in double. */
    rc_status (*forward)(rcg_node *n);
    /* Add to in[i]->g where it is not NULL (weights: where weight->g is not NULL). */
    rc_status (*backward)(rcg_node *n);
};

/* Make a node, infer, allocate, run forward. NULL when the graph has failed or fails now. */
rc_var *rcg_push(rc_graph *g, const rcg_op *op, int inputs, rc_var *const in[], void *own);

/* Arena space: keep lives until reset, scratch until the op returns. NULL: the graph has failed. */
void *rcg_keep(rc_graph *g, size_t count, size_t size);
void *rcg_scratch(rc_graph *g, size_t count, size_t size);
rcb_pool *rcg_pool(const rc_graph *g);
bool rcg_training(const rc_graph *g); /* as it is for training: see rcg_graph_watch() */
/* Remember a failure (the message is set already) and return NULL. */
rc_var *rcg_failed(rc_graph *g, rc_status status);

static inline bool rcg_absent(const rc_var *v)
{
    return v == RC_NONE;
}

/* ---- for layers -------------------------------------------------------------------------- */

/* A graph on a pool that others use too; the pool must outlive it. */
rc_status rcg_graph_on(rc_graph **out, rcb_pool *pool, bool training);
void rcg_graph_train(rc_graph *g, bool training);
void rcg_graph_recompute(rc_graph *g, bool recompute); /* see rc_graph_options */
/* Dropout masks are a function of (seed, step, how many masks were drawn since this call). */
void rcg_graph_seed(rc_graph *g, uint64_t seed, uint64_t step);
/* The graph computes part `part` of a step that several share: its masks are those of no other.
 * Part 0 has those of a step that is whole. After rcg_graph_seed(). */
void rcg_graph_part(rc_graph *g, uint32_t part);
/* The graph computes time steps of a batch from this one on: masks that are drawn for every step
 * are those of a graph that has the whole. 0 after rcg_graph_seed() and rc_graph_reset(). */
void rcg_graph_from(rc_graph *g, int64_t step);
/* Add so many times the gradient of Omega (norm.c), the sum over all pairs of steps, to that of the
 * recurrent weights of every rc_rnn() whose cell it takes and that has no zoneout. A pair is a step
 * and the one before it in its sequence, also where that is the state the steps begin with of a
 * graph that begins later (rcg_graph_from()). 0 after rcg_graph_seed() and rc_graph_reset(). */
void rcg_graph_norm(rc_graph *g, double weight);
/* Cells that are h' = s(W x + U h + b), s a tanh or a rectifier: those of which Omega is known. */
bool rcg_norm_takes(const rcc_cell *cell);
/* A key for the next mask, or for whatever else is drawn at random in a step. */
rcb_key rcg_mask_key(rc_graph *g);

/* Parameters as leaves, in place: nothing is copied. g NULL: frozen. Where the graph does not
 * train, a weight is its reals. */
rc_var *rcg_leaf(rc_graph *g, rc_shape shape, int64_t ld, rc_real *x, rc_real *grad);
rc_var *rcg_leaf_weight(rc_graph *g, rcg_weight *w);
/* A leaf whose gradient is zero but for what a step touches: a mark for every RCK_BLOCK reals of it
 * that may not be zero, which whoever owns the gradient clears. */
rc_var *rcg_leaf_table(rc_graph *g, rc_shape shape, int64_t ld, rc_real *x, rc_real *grad,
                       uint8_t *touched);
static inline int64_t rcg_marks(int64_t reals)
{
    return (reals + RCK_BLOCK - 1) / RCK_BLOCK;
}
/* Say that rows [first, first + count) of the gradient will be added to. Not for several workers at
 * once. */
void rcg_touch(rc_var *v, int64_t first, int64_t count);
/* Raw rows of a value, (rows, ld) as it lies. */
static inline const rc_real *rcg_rows(const rc_var *v)
{
    return v->x;
}

/* Two rc_rnn() over the same input, which do not read each other (the directions of a layer): the
 * same values and gradients, computed side by side where there are workers enough, half of them for
 * each. False: the graph has failed. */
bool rcg_rnn_both(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_rnn_args args[2],
                  rc_var *y[2]);

/* What zoneout makes of n units where nothing is drawn: out = keep * before + (1 - keep) * raw; out
 * is neither of the two. */
void rcg_zone_mean(int64_t n, double keep, const rc_real *before, const rc_real *raw, rc_real *out);

/* ---- looking at sequences (watch.c) ------------------------------------------------------ */

/* From now on, until it is freed: gradients are those of what is evaluated (nothing is dropped,
 * drawn or added to the loss as it is for training), and every sequence keeps the gradients of all
 * its states at every step. */
void rcg_graph_watch(rc_graph *g);

/* What an rc_rnn() went through; a view, until the graph is reset. */
typedef struct rcg_sight {
    const rcg_node *node;
    const rcc_cell *cell;
    rc_rows rows;
    bool reverse;
    int64_t units;
    int64_t width[RC_STATES], ld[RC_STATES]; /* of each state: its numbers, and rounded up */
    const rcg_weight *u;                     /* recurrent weights; NULL: the cell has none */
    const rcg_weight *r;                     /* a projection; NULL: it has none */
    const rc_real *state[RC_STATES];         /* (N,ld of it) after every step */
    /* (N,ld of it) after backward of a watched graph: dL/dstate, by all ways that lead on from it;
     * NULL: none was asked for */
    const rc_real *grad[RC_STATES];
} rcg_sight;
/* The i-th sequence of a graph, in the order of the operations; false: past the last. */
bool rcg_sight_at(const rc_graph *g, size_t i, rcg_sight *out);
/* The row of sequence b that was visited so many steps before its last one; -1: there is none. */
int64_t rcg_sight_row(const rcg_sight *s, int64_t b, int64_t distance);
/* What a gate was at every row, (N,width of the gate), dense. Before backward, which overwrites
 * it. */
void rcg_sight_gate(const rcg_sight *s, int gate, rc_real *out);
int64_t rcg_sight_gate_width(const rcg_sight *s, int gate);
/* Sequence b once more, so many times side by side, in another graph that trains: the same inputs,
 * first states and weights. Of these the first state alone wants a gradient. The graph of the sight
 * trains, too. Returns (steps * copies, width[0]), row t * copies + i; NULL: the graph has
 * failed. */
rc_var *rcg_sight_again(const rcg_sight *s, rc_graph *g, int64_t b, int64_t copies);

/* Most bytes of the arena that were in use at one time. */
size_t rcg_graph_bytes(const rc_graph *g);

/* ---- what operations take (work.c) ------------------------------------------------------- */

/* The size of a training step, told before it runs: begin with the batch, add one operation after
 * the other. */
typedef struct rcg_work {
    int64_t rows, seqs; /* of the batch */
    bool pairs;         /* weights are multiplied in bf16 */
    bool norm;          /* Omega is wanted: see rcg_graph_norm() */
    bool recompute;     /* logits are made anew for the backward, which is not counted */
    double flops;       /* forward: two for each multiply-add of a product; back takes twice that */
    double keep;        /* reals in the arena from forward to the end */
    double scratch;     /* most reals that one operation takes beside them */
} rcg_work;

void rcg_work_value(rcg_work *w, int64_t cols); /* any operation that remembers nothing */
void rcg_work_dropout(rcg_work *w, int64_t cols, bool locked);
void rcg_work_rnn(rcg_work *w, const rcc_cell *cell, int64_t D, rcc_widths width, int directions);
/* What zoneout of so many states takes beside that, in training. */
void rcg_work_zoneout(rcg_work *w, int64_t H, int states, int directions);
void rcg_work_linear(rcg_work *w, int64_t K, int64_t M);
void rcg_work_softmax_loss(rcg_work *w, int64_t K, int64_t V);
/* Losses that read a part of a table of K columns. drawn: different symbols of a draw, S of them;
 * share: the part of the targets that each group has, in the mean; way: decisions above a target,
 * in the mean, and at most. */
void rcg_work_sample_loss(rcg_work *w, int64_t K, double drawn);
void rcg_work_group_loss(rcg_work *w, int64_t K, const rc_groups *groups, const double *share);
void rcg_work_tree_loss(rcg_work *w, int64_t K, double way, int64_t depth);
/* One row for each sequence: by a pooling, or by attention, which has weights; or for each of some
 * bags with so many rows of a table in all, which have so many weights each (0: all are 1). */
void rcg_work_pool(rcg_work *w, int64_t cols, bool attention);
void rcg_work_bag(rcg_work *w, int64_t bags, int64_t cols, double ids, double each);
void rcg_work_crf_loss(rcg_work *w, int64_t K);
/* What operations over some of the rows take, about `share` of them: begin `part` with it, add
 * those operations, and bring it back. Room is said for as many rows as many batches may bring. */
rcg_work rcg_work_part(const rcg_work *w, double share);
void rcg_work_join(rcg_work *w, const rcg_work *part, double share);
double rcg_work_bytes(const rcg_work *w); /* of the arena */

/* ---- gradient check (check.c) ------------------------------------------------------------ */

/* Numeric derivative of a loss with respect to *x: five-point differences at up to three step
 * sizes, the one that agrees best with `analytic` (a kink of ReLU spoils the larger ones). Where
 * they differ by no more than the rounding of the loss explains, it is `analytic` itself. */
typedef rc_status (*rcg_loss_fn)(void *ctx, double *loss);
rc_status rcg_difference(rcg_loss_fn loss, void *ctx, rc_real *x, double analytic, double *out);

#endif
