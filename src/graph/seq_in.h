/* seq_in.h -- a batch of sequences in one cell, as the files op_seq.c (what it computes),
 * seq_back.c (its way back), zone.c (zoneout), norm.c (a regulariser), op_both.c (two of them side
 * by side) and op_rnn_state.c (how they end) share it.
 *
 * A run is prepare, then forward on some workers; back is begin, four parts on some workers, end.
 */
#ifndef RCG_SEQ_IN_H
#define RCG_SEQ_IN_H

#include "graph/graph_in.h"

enum {
    RCG_SEQ_X,
    RCG_SEQ_W,
    RCG_SEQ_U,
    RCG_SEQ_B,
    RCG_SEQ_C,
    RCG_SEQ_VECTORS,
    RCG_SEQ_R,
    RCG_SEQ_STATE,
    RCG_SEQ_INPUTS = RCG_SEQ_STATE + RC_STATES
};

typedef struct rcg_seq rcg_seq;
struct rcg_seq {
    rcg_node *n;
    const rcc_cell *cell;
    rcc_product product[RCC_PRODUCTS]; /* one for each block of u */
    int products;
    rc_rows rows;
    bool reverse;
    int64_t N, D;
    rcc_widths width; /* P is H where the cell has nothing narrow */
    rcg_weight *w, *u, *b, *c, *vectors, *r;
    rck_panel lay[RCC_STAGES];  /* how a stage's gates lie, of whatever weights they come */
    rc_real *gates[RCC_STAGES]; /* panels over N rows: pre-activations, kept values, gradients */
    rc_real *apart[RCC_STAGES]; /* the U parts where the cell keeps any apart, else NULL */
    rc_real *both;              /* b + c, (4 H at most) like the biases; NULL: not needed */
    rc_real *state[RC_STATES];  /* (N,ld of it); state 0 is the output itself */
    rc_real *aux[RCC_AUX];      /* (N,ld), ld: H rounded up */
    rc_real *keep;              /* (N,ld) */
    rc_real *sum;               /* (N,sum_row), see rcc_step */
    int64_t sum_row;
    rc_real *init[RC_STATES];  /* (B,ld of it) */
    bool zoned;                /* any of its states */
    double zone[RC_STATES];    /* how probably a unit keeps its value at a step */
    rc_real *raw[RC_STATES];   /* (N,ld of it) what the cell makes of one with zoneout; else NULL */
    rc_real *moves[RC_STATES]; /* (N,ld of it) 0 where a unit keeps its value; NULL: not drawn */

    /* backward; of state i: rows of ld of it */
    rc_real *d_state[RC_STATES]; /* (B), running; state 0 has the output's gradient instead */
    rc_real *d_first;            /* (B) gradient of the initial state 0 */
    rc_real *d_aux[RCC_AUX];     /* (B,ld) */
    rc_real *d_final[RC_STATES]; /* (B) what rc_rnn_state() brings back; NULL: nothing */
    rc_real *seen[RC_STATES];    /* (N) of a watched graph: d_state of every row; 0 is NULL */
    rc_real *d_raw[RC_STATES];   /* (B) with zoneout: dL/draw of the step, */
    rc_real *d_kept[RC_STATES];  /* (B) and what passes the cell by; else NULL */
    rc_real *zeros;              /* (widest ld) where what is drawn has a way back */
    rc_real *steered;            /* (N,ld) see rcg_norm_steer(); NULL: not wanted */
    rc_real *xt;                 /* packed transposes of x and of each product's v */
    rc_real *vt[RCC_PRODUCTS];
    uint16_t *d_pairs[RCC_STAGES]; /* gradients of gates in bf16; NULL: weights are reals */

    /* op_both.c */
    rcg_seq *mate; /* of the second of two: the first */
    bool swept;    /* of the first: its backward has run beside that of the second */
};

/* Reals between rows of vectors that are H wide, of state i, and of what stage st makes. */
static inline int64_t rcg_seq_ld(const rcg_seq *s)
{
    return rck_pad(s->width.H);
}
static inline int64_t rcg_seq_state_ld(const rcg_seq *s, int i)
{
    return rck_pad(rcc_state_width(s->cell, i, s->width));
}
static inline int64_t rcg_seq_stage_ld(const rcg_seq *s, int st)
{
    return rck_pad(rcc_stage_width(s->cell, st, s->width));
}
/* The weight that product p is with. */
static inline rcg_weight *rcg_seq_weight(const rcg_seq *s, int p)
{
    return s->cell->stage[s->product[p].stage].narrow ? s->r : s->u;
}

/* Two side by side are the operation of op_seq.c to whoever reads a message. */
#define RCG_SEQ_NAME "rnn"

/* What the operation remembers, and its operands; NULL: the graph has failed. */
rcg_seq *rcg_seq_new(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_rnn_args *args,
                     rc_var *in[RCG_SEQ_INPUTS]);
rc_status rcg_seq_infer(const rcg_node *n, rc_shape *out);
/* Operand i may be absent: bits of rcg_op. */
#define RCG_SEQ_OPTIONAL (~0u << RCG_SEQ_U)

/* Sequences [first, first + rows) of step t have their previous state at row `from` of the sequence
 * buffers, or, from < 0, at row `first` of the initial states. */
typedef struct rcg_segment {
    int64_t first, rows, from;
} rcg_segment;

/* Sequences that have a step t; 0 outside of the steps. */
int64_t rcg_seq_alive(const rcg_seq *s, int64_t t);
/* The segments of step t; how many. */
int rcg_seq_segments(const rcg_seq *s, int64_t t, rcg_segment out[2]);
/* State i before the step, for a segment. */
const rc_real *rcg_seq_before(const rcg_seq *s, int i, const rcg_segment *g);
/* The v of product p at step t for a segment. */
const rc_real *rcg_seq_product_v(const rcg_seq *s, int p, int64_t t, const rcg_segment *g);
/* Stage st at step t for a segment, unit groups [u0,u1), without the gradients of vectors. */
rcc_step rcg_seq_step(const rcg_seq *s, int st, int64_t t, const rcg_segment *g, int64_t u0,
                      int64_t u1);
/* Room to the end of the step for so many rows; NULL: the graph has failed. */
rc_real *rcg_seq_rows(const rcg_seq *s, int64_t rows, int64_t ld);

/* The row of sequence b's last visited step; -1 for a sequence of length 0. */
int64_t rcg_seq_last_row(const rcg_seq *s, int64_t b);

rc_status rcg_seq_prepare(rcg_node *n);
/* Workers that one time step is worth. */
int rcg_seq_workers(const rcg_seq *s);
/* ctx: the sequence. */
void rcg_seq_forward(const rcb_worker *worker, void *ctx);

/* Zoneout (zone.c). Rates are probabilities, and of states that the cell has. */
rc_status rcg_zone_check(const rcg_seq *s);
/* Memory and what is drawn. Nothing to do for states without zoneout. */
rc_status rcg_zone_prepare(rcg_seq *s);
/* The states after step t for a segment, out of those before it and what the cell has made of them,
 * the units that are this worker's. After the cell's last stage. */
void rcg_zone_mix(const rcg_seq *s, int64_t t, const rcg_segment *g, const rcb_worker *worker);
/* The way back of that: their gradients into d_raw and d_kept; and, when all of the cell's stages
 * have run, d_kept is added to the gradients of the states before. */
void rcg_zone_part(const rcg_seq *s, int64_t t, const rcb_worker *worker);
void rcg_zone_join(const rcg_seq *s, const rcg_segment *g, rc_real *const d_before[RC_STATES],
                   const rcb_worker *worker);

/* With the norm-preserving regulariser (norm.c): what the gradients of gates are multiplied with to
 * be the gradient of U, for this worker's rows. After the sweep; a barrier before
 * rcg_seq_back_input(). */
void rcg_norm_steer(const rcg_seq *s, const rcb_worker *worker);

rc_status rcg_seq_back_begin(rcg_node *n);
void rcg_seq_back_sweep(const rcg_seq *s, const rcb_worker *worker);
/* After it, when all of its workers have returned: the gradient of x, and transposes for ... */
void rcg_seq_back_input(const rcg_seq *s, const rcb_worker *worker);
/* ... after a barrier, the gradients of weights and biases. */
void rcg_seq_back_weights(const rcg_seq *s, const rcb_worker *worker);
rc_status rcg_seq_back_end(rcg_node *n);
/* All of that, alone. */
rc_status rcg_seq_backward(rcg_node *n);

#endif
