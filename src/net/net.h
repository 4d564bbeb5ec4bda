/* net.h -- named parameters, initialisers, layers and stacks of recurrent layers, as operations of
 * a graph.
 *
 * Object room. Knows nothing of text, files or tasks. Parameter names are PyTorch's where PyTorch
 * has the thing: rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0 (suffix
 * _reverse for the second direction), embed.weight, out.weight, out.bias, out.head.weight,
 * out.tail.0.0.weight.
 */
#ifndef RCN_NET_H
#define RCN_NET_H

#include "graph/graph.h"

/* ---- parameters (param.c) ---------------------------------------------------------------- */

typedef struct rcn_param {
    char *name;
    const char *rule;  /* how it begins unless told otherwise (see rcn_init); static text */
    int rank;          /* 1 or 2 */
    int64_t dim[2];    /* logical shape */
    int64_t count;     /* logical numbers */
    bool packed;       /* panels (weight) or plain rows (table) */
    rcg_weight weight; /* packed */
    int64_t ld;        /* plain: reals between rows */
    rc_real *w;        /* all reals, padding included (= weight.w when packed) */
    rc_real *g;        /* gradient, same layout; NULL until rcn_params_grads() */
    bool frozen;       /* it is not trained: a table then gets no gradient at all */
    int64_t size;      /* reals of w and of g */
    uint8_t *touched;  /* table: blocks of g that may not be zero, see rcg_touch(); NULL: all */
    int64_t group;     /* rows of one gate, for initialisers: H for (G H, K), else dim[0] */
    rcg_bits bits;     /* what the values can be: RCG_REALS unless reduced */
    /* Which elements (row within its gate, column) there are, of a square matrix; those that are
     * not stay 0, in value and gradient. NULL: all. */
    bool (*joins)(int64_t row, int64_t column, int64_t n);
    rc_real *scale; /* (dim[0]) the step of every row, for RCG_INT8; else NULL */
} rcn_param;

/* All parameters of a model in the order they were added. Owner; zero-initialise. Adding may move
 * the others, so keep places (indices), not pointers, until all are there. Values and gradients
 * begin as zeros, and padding stays zero for ever in both. Where `bare` is set before adding,
 * values and their padding begin undefined, for whoever fills them whole: the memory of a large
 * model is then touched once. Where `pairs` is set before rcn_params_grads(), packed matrices are
 * multiplied in bf16 by graphs that train: they get such copies, and no transpose in reals but one
 * that is there already. */
typedef struct rcn_params {
    rcn_param *p;
    size_t n;
    size_t cap;
    int64_t count; /* logical numbers in all */
    bool bare;
    bool pairs;
} rcn_params;

/* Add a plain table (rows, cols): embeddings that are only looked up. Begins as uniform:0.1.
 * RC_EINVAL (a size below 1 or past memory, a name taken), RC_ENOMEM. */
rc_status rcn_params_table(rcn_params *ps, const char *name, int64_t rows, int64_t cols);
/* Add a packed weight of `blocks` blocks; rank 2 (begins as xavier), or 1 for a bias (K 1; begins
 * as zero). Set the added parameter's `rule` for another beginning. Statuses as above. */
rc_status rcn_params_weight(rcn_params *ps, const char *name, int rank, int blocks,
                            const int gates[], int64_t units, int64_t K);
rcn_param *rcn_params_find(const rcn_params *ps, const char *name); /* NULL: none */
/* "GLOB,GLOB": those whose names match are frozen, before rcn_params_grads(). RC_EINVAL: a glob
 * that names nothing, or nothing is left to train. */
rc_status rcn_params_freeze(rcn_params *ps, const char *globs);
/* Allocate gradients and make the transposes, and the copies in bf16. After RC_ENOMEM what was made
 * stays, until rcn_params_free(). */
rc_status rcn_params_grads(rcn_params *ps);
/* May block i, of RCK_BLOCK reals, of the gradient hold something else than zeros? */
static inline bool rcn_touched(const rcn_param *p, int64_t i)
{
    return !p->touched || p->touched[i] != 0;
}
/* Before a step: every gradient is empty. After backward: those nobody touched are zero, and those
 * of elements that are not. */
void rcn_params_fresh(rcn_params *ps);
void rcn_params_settle(rcn_params *ps);
/* After an update: refresh the transposes and copies, on all workers. Also once before the first
 * use, where a graph needs gradients or a tied embedding is looked up. */
rc_status rcn_params_refresh(rcn_params *ps, rcb_pool *pool);
/* The same for one parameter: all that a tied embedding needs where nothing is trained. */
rc_status rcn_param_refresh(rcn_param *p, rcb_pool *pool);
/* Logical row-major values in and out; `rows` has p->count reals. The one place that converts; what
 * there is not (see joins) is not brought in.
 * `to` and `from` pick the array: p->w, p->g or an optimiser slot of the same layout (p->size
 * reals). */
void rcn_param_load(rcn_param *p, rc_real *to, const rc_real *rows);
void rcn_param_store(const rcn_param *p, const rc_real *from, rc_real *rows);
/* rcn_param_load() into p->w, on all workers. */
void rcn_param_fill(rcn_param *p, const rc_real *rows, rcb_pool *pool);
/* Values; no gradients, no transposes. `out` is overwritten; empty on failure. */
rc_status rcn_params_clone(rcn_params *out, const rcn_params *ps);
void rcn_params_free(rcn_params *ps);
/* The parameter as a leaf of a graph. */
rc_var *rcn_var(rc_graph *g, rcn_param *p);

/* The same values (those of `ps`, which must outlive it, and have its gradients and transposes)
 * with gradients of its own, (share.c). Owner; freed with rcn_params_unshare(). RC_ENOMEM. */
rc_status rcn_params_share(rcn_params *out, const rcn_params *ps);
void rcn_params_unshare(rcn_params *shared);
/* Add the gradients of others to those of `to`, one after the other, on all workers. */
void rcn_params_sum(rcn_params *to, rcn_params *const from[], int64_t count, rcb_pool *pool);

/* Does a name match a glob with '*' and '?'? */
bool rcn_glob(const char *glob, const char *name);
/* "VALUE" or "GLOB=VALUE,GLOB=VALUE": the value for a name, the last match wins (an item without
 * GLOB= is for every name); `fallback` when none matches or the text is empty. RC_EINVAL: not such
 * a text. */
rc_status rcn_glob_value(const char *text, const char *name, double fallback, double *out);
/* Every glob of such a text names a parameter: a slip of the pen must not pass for a rule.
 * RC_EINVAL: which does not. */
rc_status rcn_globs_check(const rcn_params *ps, const char *text);

/* ---- fewer bits (lean.c) ----------------------------------------------------------------- */

/* Round every matrix to RCG_BF16 or RCG_INT8 and give packed ones their lean form; for running, not
 * for training. RC_ENAN (a value that is not finite, or would not be), RC_EINVAL (reduced before,
 * rows too long for int8), RC_ENOMEM: the parameters are then fit to be freed only. */
rc_status rcn_params_lean(rcn_params *ps, rcg_bits bits);
/* The values of a matrix are such numbers already: remember it, make the lean form. scale: int8,
 * (dim[0]), taken over even on failure; else NULL. RC_EINVAL (rows too long for int8),
 * RC_ENOMEM. */
rc_status rcn_param_lean(rcn_param *p, rcg_bits bits, rc_real *scale);
/* The same as in `from`, whose values `to` has. */
rc_status rcn_params_lean_copy(rcn_params *to, const rcn_params *from);

/* ---- trees over counts (huffman.c) ------------------------------------------------------- */

/* Owner: rcn_huffman_free(). */
typedef struct rcn_huffman {
    rc_tree tree;
    double way;  /* decisions above a symbol, in the mean over what was counted */
    int32_t *up; /* (2V - 1) see rc_tree */
} rcn_huffman;
/* A count below 1 is taken as 1; of equal ones the later symbols are joined first. RC_EINVAL: V
 * below 2; RC_ENOMEM: it may be freed. */
rc_status rcn_huffman_new(rcn_huffman *h, const int64_t *count, int64_t V);
void rcn_huffman_free(rcn_huffman *h);

/* ---- initialisers (init.c) --------------------------------------------------------------- */

/* Fill a parameter by a rule. Rules that need a matrix work gate by gate (each (group, K) block by
 * itself).
 *
 *   uniform:A   U(-A, A)
 *   normal:S    N(0, S^2)
 *   xavier      U(-a, a), a = sqrt(6 / (K + group))                   a matrix; Glorot, Bengio 2010
 *   he          N(0, 2 / K)                                           a matrix; He et al. 2015
 *   orthogonal  orthonormal rows or columns, whichever are fewer      a matrix; Saxe et al. 2014
 *   identity:S  S on the diagonal (1 when left out), zero elsewhere   square; Le et al. 2015
 *   zero        0
 *   constant:A  A
 *   ones:N      1 in the first N gates (or vectors of a cell), 0 in the others
 *
 * Every element is a function of (seed, name, logical index) alone, computed in double: the same
 * for every layout and machine. Transposes are not refreshed. RC_EINVAL: unknown rule, or one that
 * does not fit the shape; RC_ENOMEM. */
rc_status rcn_init(rcn_param *p, const char *rule, uint64_t seed);
/* The rule for a name out of "RULE" or "GLOB=RULE,..." (last match wins), or NULL if none matches.
 * The text is checked as a whole: RC_EINVAL for an unknown rule. Caller frees *rule with
 * rcb_free(). */
rc_status rcn_init_rule(const char *text, const char *name, char **rule);
/* Fill every parameter: by the text's rule, or by its own default (p->rule) where the text has
 * none. A RULE without a glob goes where it fits (orthogonal leaves biases, identity leaves what
 * is not square, to their defaults); a GLOB=RULE must fit all it names and name at least one.
 * RC_EINVAL, RC_ENOMEM. */
rc_status rcn_init_all(rcn_params *ps, const char *text, uint64_t seed);

/* ---- layers (layer.c) -------------------------------------------------------------------- */

/* One recurrent layer of one direction. Parameters, for prefix "rnn" and suffix "_l0":
 *
 *   rnn.weight_ih_l0 (G H, in)  begins as xavier
 *   rnn.weight_hh_l0 (G H, H)   begins as orthogonal; absent for a cell without recurrent products
 *   rnn.bias_ih_l0   (G H)      the one bias of RCN_BIAS_SINGLE, with the W part of every gate
 *   rnn.bias_hh_l0   (G H)      RCN_BIAS_DOUBLE: with the U part
 *
 *   rnn.vectors_l0 (n H)        of a cell with vectors of weights; begins as the cell says
 *   rnn.weight_hr_l0 (P, H)     of a cell with a projection, begins as xavier; weight_hh is then
 *                               (G H, P)
 *
 * A cell that asks for the identity begins as in Le et al. 2015: weight_hh identity, weight_ih
 * normal:0.001. A gate whose U part is kept apart (gru's n) has a bias inside the reset with
 * RCN_BIAS_DOUBLE alone. */
typedef enum rcn_bias { RCN_BIAS_NONE, RCN_BIAS_SINGLE, RCN_BIAS_DOUBLE } rcn_bias;

typedef struct rcn_rnn_plan {
    const rcc_cell *cell;
    int64_t in, hidden;
    int64_t projection; /* P; 0: as many as hidden. Not read unless the cell has one */
    rcn_bias bias;
    bool reverse;
} rcn_rnn_plan;

typedef struct rcn_rnn {
    const rcc_cell *cell;
    int64_t in, hidden;
    rcc_widths width; /* H is hidden */
    bool reverse;
    size_t w_ih, w_hh, b_ih, b_hh, vectors, w_hr; /* places in rcn_params; SIZE_MAX: absent */
    double zoneout[RC_STATES]; /* of each state, see rc_rnn_args; begins as zeros */
} rcn_rnn;

/* Numbers that it gives. */
static inline int64_t rcn_rnn_out(const rcn_rnn *l)
{
    return rcc_state_width(l->cell, 0, l->width);
}
/* Add the parameters of a layer (values as rcn_params_weight() leaves them: zero). */
rc_status rcn_rnn_new(rcn_rnn *out, rcn_params *ps, const char *prefix, const char *suffix,
                      const rcn_rnn_plan *plan);
/* state[i] (B,H), (B,P) where it is narrow, or RC_NONE; `state` NULL: all zeros. */
rc_var *rcn_rnn_run(const rcn_rnn *l, const rcn_params *ps, rc_graph *g, const rc_rows *rows,
                    rc_var *x, rc_var *const state[]);
/* Two layers over the same x from zero states, such as l[0] forward and l[1] in reverse, side by
 * side where there are workers enough. False: the graph has failed. */
bool rcn_rnn_run_both(const rcn_rnn l[2], const rcn_params *ps, rc_graph *g, const rc_rows *rows,
                      rc_var *x, rc_var *y[2]);
/* Set the bias of the forget gate: `value` in bias_ih, 0 in bias_hh. A cell without a forget gate
 * and a layer without biases have nothing to set. RC_ENOMEM. */
rc_status rcn_rnn_forget_bias(const rcn_rnn *l, rcn_params *ps, double value);
/* Draw memories of 2 to `steps` steps (>= 2), one for each unit: the bias of a gate that is the
 * share of the old is log u, u uniform in 1 .. steps - 1, that of one which is the share of the new
 * is -log u (Tallec and Ollivier 2018, Can Recurrent Neural Networks Warp Time?, section 2.3). A
 * cell without such gates and a layer without biases have nothing to set. RC_ENOMEM. */
rc_status rcn_rnn_chrono(const rcn_rnn *l, rcn_params *ps, int64_t steps, uint64_t seed);
/* Negate all that makes one gate, so that sigmoid(a) becomes 1 - sigmoid(a): turns the weights of
 * a GRU whose z is the share of the new state into ours, whose z is the share of the old one, and
 * back. Refresh the transposes after. RC_EINVAL (no such gate, or a cell with vectors of weights),
 * RC_ENOMEM (nothing is changed). */
rc_status rcn_rnn_flip(const rcn_rnn *l, rcn_params *ps, const char *gate);

/* ---- stacks (stack.c) -------------------------------------------------------------------- */

/* How layers are connected around. One list: code, word, help. */
#define RCN_SKIP_MAP(X)                                                                            \
    X(RCN_SKIP_NONE, "none", "each layer reads the one below")                                     \
    X(RCN_SKIP_RESIDUAL, "residual", "a layer's input is added to its output where sizes agree")   \
    X(RCN_SKIP_GRAVES, "graves", "every layer also reads the input; the output reads every layer")

typedef enum rcn_skip {
#define RCN_SKIP_ENTRY(code, word, help) code,
    RCN_SKIP_MAP(RCN_SKIP_ENTRY)
#undef RCN_SKIP_ENTRY
        RCN_SKIP_COUNT
} rcn_skip;

typedef struct rcn_stack_plan {
    const rcc_cell *cell;
    int layers;
    const int64_t *hidden; /* (layers) */
    int64_t projection;    /* P of a cell that has one; 0: half of the units of each layer */
    int64_t in;
    int directions; /* 1, or 2: bidirectional, outputs side by side */
    rcn_bias bias;
    rcn_skip skip;
    double dropout;        /* on what a layer reads of the one below; input and output stay whole */
    bool locked;           /* one mask for all time steps */
    double zoneout;        /* of h, see rc_rnn_args */
    double zoneout_memory; /* of the memory beside it */
    const char *name;      /* prefix of parameter names: "rnn" */
    int64_t window;        /* 0, 1: a layer reads one step; more: that many, side by side */
    int64_t deep_in;       /* units of a layer of tanh before the first; 0: none */
    int64_t deep_out;      /* and of one after the last */
    bool learned; /* where sequences begin: with states that are trained, else with zeros */
} rcn_stack_plan;

/* Units of layer i, and numbers of what its cell has narrow. */
rcc_widths rcn_stack_widths(const rcn_stack_plan *plan, int i);

/* Layer i reads the outputs of layer i - 1 (both directions side by side), dropped out; with
 * RCN_SKIP_GRAVES the input beside them (Graves 2013), and the result is the outputs of all layers
 * side by side. With RCN_SKIP_RESIDUAL what is added is not dropped out. The input is what the
 * layer before has made of it, where there is one (deep input, deep output: Pascanu et al. 2014);
 * parameters NAME.deep_in.weight (deep_in, in) and .bias, NAME.deep_out.weight and .bias. A window
 * ends with the step itself, in both directions; before the beginning there are zeros, or what is
 * carried. NAME.start_l0 (states, H): where sequences begin; of a cell with a projection those that
 * are H wide, and NAME.start_hr_l0 (states, P) the others. */
typedef struct rcn_stack {
    rcn_stack_plan plan; /* plan.hidden is the own copy; plan.name is not kept: NULL */
    int64_t *hidden;     /* own copy */
    rcn_rnn *layer;      /* (layers * directions), forward before reverse */
    size_t *start;       /* (layers * directions, 2) places of first states H and P wide; SIZE_MAX:
                            zeros, or there are none of them */
    size_t deep_in[2];   /* places of weight and bias; SIZE_MAX: there is none */
    size_t deep_out[2];
    int64_t first;       /* width of what the first layer reads at a step */
    int64_t out;         /* width of what comes out */
    int states;          /* states of one layer's cell */
    int64_t state_width; /* one sequence's state: of each layer its states, then its window */
} rcn_stack;

/* Add the parameters of all layers, suffixes _l0, _l0_reverse, _l1, ... RC_EINVAL (a size, number
 * of directions or rate that cannot be), RC_ENOMEM. */
rc_status rcn_stack_new(rcn_stack *out, rcn_params *ps, const rcn_stack_plan *plan);
void rcn_stack_free(rcn_stack *s);
/* What sequences begin with, in `rows` rows of such a carry as below: zeros, or trained states. */
void rcn_stack_begin(const rcn_stack *s, const rcn_params *ps, int64_t rows, rc_real *carry);
/* x (N,in) -> (N,out). carry: (B, state_width) row-major, in a row the states of layer 0, then of
 * layer 1, ...: read as initial state and replaced by the final one of each sequence, whatever its
 * length (values only: gradients do not flow through it); NULL: sequences begin as the plan says,
 * nothing returned. Untouched when the graph fails. RC_EINVAL on the graph: carry and two
 * directions. */
rc_var *rcn_stack_run(const rcn_stack *s, const rcn_params *ps, rc_graph *g, const rc_rows *rows,
                      rc_var *x, rc_real *carry);
/* A stretch of time run by itself, with gradients that come in at its end and go out at its
 * beginning. Arrays of B state_width numbers: of every layer each state, (B,H) or (B,P), one after
 * the other. For one direction without a window. */
typedef struct rcn_ends {
    const rc_real *before;  /* states; NULL: sequences begin here */
    rc_real *after;         /* receives the states at the end */
    rc_real *d_before;      /* dL/d before is added to it; NULL: not wanted, or nothing before */
    const rc_real *d_after; /* dL/d after; NULL: none */
    rc_var *extra;          /* made: to be added to the loss, brings d_after in; NULL: nothing */
} rcn_ends;
/* What leaves the stack, or NULL: the graph has failed. RC_EINVAL on the graph: two directions, or
 * a window. */
rc_var *rcn_stack_run_piece(const rcn_stack *s, const rcn_params *ps, rc_graph *g,
                            const rc_rows *rows, rc_var *x, rcn_ends *ends);
/* What a training step over the rows of `w` takes. */
void rcn_stack_work(const rcn_stack *s, rcg_work *w);

/* ---- one step (step.c) ------------------------------------------------------------------- */

/* A stack of one direction, one time step of one sequence at a time, nothing dropped out: the bits
 * of rcn_stack_run() over one row, for a fraction of its cost. Owner; the stack and the parameters
 * must outlive it, and what it keeps of their values is that of its making. Any number of threads
 * may step, each on a graph of its own. */
typedef struct rcn_stepper rcn_stepper;
/* table: place of the parameter (V, in) whose rows are the symbols' vectors, plain or packed with
 * its transpose made; SIZE_MAX: there are none. RC_EINVAL (two directions), RC_ENOMEM. */
rc_status rcn_stepper_new(rcn_stepper **out, const rcn_stack *stack, const rcn_params *ps,
                          size_t table);
void rcn_stepper_free(rcn_stepper *s);
/* One symbol of the table, or one vector (in). state: (state_width), one row of what
 * rcn_stack_run() carries, read and replaced. Returns (1,out); NULL: the graph has failed, and the
 * state is undefined. */
rc_var *rcn_step_symbol(const rcn_stepper *s, rc_graph *g, int32_t id, rc_real *state);
rc_var *rcn_step_vector(const rcn_stepper *s, rc_graph *g, const rc_real *x, rc_real *state);

/* ---- matrices as maps (spectrum.c) ------------------------------------------------------- */

/* Singular values of a (rows,cols), rows <= cols, falling, into out (rows). The rows of a become
 * those values times the right singular vectors, in any order. */
void rcn_singular_values(double *a, int64_t rows, int64_t cols, double *out);
/* The largest singular value of a (n,n). RC_ENOMEM. */
rc_status rcn_spectral_norm(const rc_real *a, int64_t n, double *out);
/* The largest absolute value of an eigenvalue of a (n,n), to about five digits. RC_ENOMEM. */
rc_status rcn_spectral_radius(const rc_real *a, int64_t n, rcb_pool *pool, double *out);

/* ---- output layers (output.c, out_*.c) --------------------------------------------------- */

/* From vectors of H numbers to a distribution over V symbols: one descriptor per kind, one line in
 * outputs.def, equations in docs/outputs.md. What owns a vocabulary calls the functions below and
 * knows no kind. */
typedef struct rcn_output rcn_output;

typedef struct rcn_output_plan {
    const char *kind;      /* "full", ... */
    const char *name;      /* prefix of parameter names: "out"; not kept */
    int64_t V, H;          /* symbols, and numbers of what is read */
    const int64_t *count;  /* (V) how often each symbol was in training; not kept */
    bool tied;             /* parameter `vectors` will be looked up as an embedding */
    int64_t samples;       /* sampled, nce: symbols drawn for a batch */
    double noise_power;    /* sampled, nce: what counts are raised to */
    int64_t classes;       /* class: how many; 0: the square root of V */
    int cutoffs;           /* adaptive: tails; negative: chosen by the counts */
    const int64_t *cutoff; /* (cutoffs) rising ranks at which a tail begins; not kept */
    double cutoff_divide;  /* adaptive: each tail reads so many times fewer numbers */
} rcn_output_plan;

typedef struct rcn_output_kind {
    const char *name;
    const char *help;      /* one line */
    const char *equations; /* lines, in the letters of docs/outputs.md */
    const char *paper;
    const char *layout; /* what a reader of its tensors must know; NULL: nothing */
    bool vectors;       /* the rows of one parameter are symbols' vectors, and can be tied */
    /* Add the parameters, set o->vectors and o->own (NULL so far), which release() frees. */
    rc_status (*build)(rcn_output *o, rcn_params *ps, const rcn_output_plan *plan);
    void (*release)(rcn_output *o); /* NULL: nothing to free */
    /* Sum of nats over the rows of x (N,H); in a training graph what is trained by (samples). */
    rc_var *(*loss)(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                    const int32_t *target);
    /* ln p of every symbol: (N,H) -> (N,V). */
    rc_var *(*logp)(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x);
    /* What a loss takes in training (see rcg_work). */
    void (*work)(const rcn_output *o, rcg_work *w);
    /* What it is made of, in words; NULL: nothing to add. */
    rc_status (*facts)(const rcn_output *o, rcb_buf *out);
} rcn_output_kind;

struct rcn_output {
    const rcn_output_kind *kind;
    int64_t V, H;
    size_t weight, bias; /* places in rcn_params, if the kind has them */
    size_t vectors;      /* place of the parameter whose row i is the vector of symbol i; or
                          * SIZE_MAX */
    void *own;
};

const rcn_output_kind *rcn_output_at(size_t i);           /* NULL past the end */
const rcn_output_kind *rcn_output_find(const char *name); /* NULL: none */
/* Add the parameters of an output layer. After a failure it may be freed. RC_EINVAL (no such kind,
 * a kind that cannot be tied, a setting that does not fit), RC_ENOMEM. */
rc_status rcn_output_new(rcn_output *out, rcn_params *ps, const rcn_output_plan *plan);
void rcn_output_free(rcn_output *o);
/* Sum of -ln p(target) over the rows of x (N,H), in nats. A kind that samples does so in a training
 * graph alone; elsewhere all kinds give what the distribution below says. */
rc_var *rcn_output_loss(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x,
                        const int32_t *target);
/* Natural log-probabilities of all symbols: (N,H) -> (N,V). */
rc_var *rcn_output_logp(const rcn_output *o, const rcn_params *ps, rc_graph *g, rc_var *x);

#endif
