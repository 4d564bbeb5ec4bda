/* cell.h -- what remains of a recurrent layer after its matrix products.
 *
 * A cell is a descriptor: its states, its gates in stages, and per stage one pointwise function
 * forward and one backward over a range of rows and unit groups. Everything else in the house
 * (parameter shapes and names, products, memory, help, tests) reads the descriptor.
 *
 * Float room. A stage s of a cell computes, for its gates,
 *
 *     a_g = (W_g x_t) + b_g (+ U_g v + c_g (+ U'_g v' ...))
 *
 *     v: a state before the step, or a vector of an earlier stage of the same step
 *
 * outside this room; the functions here turn those pre-activations into states and vectors. A
 * vector of weights (a peephole) has one number for each unit and multiplies what that unit has;
 * that is done here, too. What needs a whole row of units (a mean) is cut at such a place: one
 * stage leaves sums over each of its groups, the next one reads those of all groups.
 * Gates are numbered over all stages in the order of the logical weight rows (PyTorch's where
 * PyTorch has the cell); a stage owns consecutive gates.
 *
 * All of this has H numbers, one for each unit, but for what a cell says is narrow: stages and
 * states of P numbers (a projection). Only products lead from one width to the other: the functions
 * of a stage touch what is as wide as its gates. The weights of narrow stages are a parameter of
 * their own, and they have no W and no bias.
 */
#ifndef RCC_CELL_H
#define RCC_CELL_H

#include "kernel/kernel.h"

enum {
    RCC_STATES = 6, /* most states of a cell; state 0 is h, the one that leaves the layer */
    RCC_STAGES = 10,
    RCC_GATES = 20,
    RCC_AUX = 10,     /* most vectors of H that one stage hands to another (all are kept) */
    RCC_VECTORS = 14, /* most vectors of weights, one number for each unit */
    RCC_SUMS = 16,    /* most numbers that a unit group tells the others of */
    RCC_OTHERS = 3,   /* most products of a stage beside its first */
    RCC_PRODUCTS = 12
};

/* Where the v of U v comes from. */
enum { RCC_NO_V = -1, RCC_V_STATE = 0, RCC_V_AUX = 16 }; /* + index */

/* A block of pre-activations in panels (see rck_panel): the gates of 16 units lie side by side. */
typedef struct rcc_gates {
    rc_real *p;    /* first row of panel 0; NULL: absent */
    int64_t panel; /* reals between panels */
    int64_t row;   /* reals between rows */
    int per;       /* unit groups of a panel */
    int gates;
} rcc_gates;

/* The (gates,16) block of unit group u, row 0; add r * b->row for row r. */
static inline rc_real *rcc_group(const rcc_gates *b, int64_t u)
{
    return b->p + u / b->per * b->panel + u % b->per * RCK_LANES * b->gates;
}

/* One stage of one time step, rows x unit groups [first,last). All vectors are (rows, ld) with unit
 * group u at column 16 u. A row of a group depends on nothing else, so a step may be cut into calls
 * by rows and groups in any way. Columns past the units: where pre-activations, states and
 * gradients are zero on entry, states and gradients are zero on return. Forward:
 *
 *   gates    in: W x + b, with U v + c added unless the stage has `apart`; out: what back needs
 *            there (the activated gates, or untouched where back reads the states instead)
 *   apart    in, of a stage that keeps any gate apart: U v + c of ALL gates of the stage, none of
 *            it added to `gates` (the function adds what is summed); else p == NULL. Read only;
 *            need not live until backward, unless the cell has sums
 *   in[i]    state i before; may be NULL only if the cell does not read it
 *   out[i]   state i after; written by one stage; never the array of an in[i]
 *   aux[i]   written by the stage that makes it, read by later ones
 *   keep     (rows, ld) one extra kept vector, if the descriptor asks for it
 *   sum      the cell's `sums` numbers of every group and row: a stage writes those of the groups
 *            it is called for, later stages (backward: earlier ones) read those of all groups
 *   vec      the cell's vectors of weights
 *
 * Backward, stages in reverse order. gates, in, out, aux, keep, sum as forward left them, and:
 *
 *   gates    becomes dL/da of each gate's W part
 *   apart    written (=): dL/da of each gate's U part, all gates of the stage, when it has `apart`
 *            (a stage without it has one gradient for both parts: that in `gates`)
 *   d_out[0] dL/dh after, complete; d_out[i] likewise, read by one stage: the last, unless that
 *            has another width
 *   d_in[0]  += the pointwise part of dL/dh before; never the array of d_out[0]
 *   d_in[i]  for i > 0: written (=) by the stage that reads d_out[i], may be the same array
 *   d_aux[i] complete when the stage that made aux[i] runs. Who meets it first on the way back
 *            writes it (=), the others add: the functions of stages that have it in `reads`, each
 *            before the products of its own stage, and products that have it as a vector
 *
 *   d_vec    += dL/dvec of all rows, unless p is NULL
 *
 * d_in[i] is given for every state: there is no "gradient not wanted" inside a sequence.
 */
typedef struct rcc_step {
    int64_t rows;
    int64_t first, last;
    int64_t ld;
    int64_t units; /* H (a narrow stage: P); columns from there on are padding */
    rcc_gates gates;
    rcc_gates apart;
    rcc_gates vec;   /* (vectors,16) for each unit group, one row; p NULL: the cell has none */
    rcc_gates d_vec; /* p NULL: not wanted */
    const rc_real *in[RCC_STATES];
    rc_real *out[RCC_STATES];
    rc_real *aux[RCC_AUX];
    rc_real *keep;
    rc_real *sum;    /* first row: `sums` numbers of group 0, of group 1, ... */
    int64_t sum_row; /* reals between rows */
    const rc_real *d_out[RCC_STATES];
    rc_real *d_in[RCC_STATES];
    rc_real *d_aux[RCC_AUX];
} rcc_step;

/* Small numbers are small here: a program has all of this once for every instruction set. */
typedef struct rcc_stage {
    unsigned apart; /* bit g: the W and U parts of the stage's gate g are not summed */
    uint16_t reads; /* bit i: backward writes or adds to d_aux[i] */
    int8_t gates;   /* consecutive gates of this stage */
    int8_t v;       /* RCC_NO_V, RCC_V_STATE + i or RCC_V_AUX + i */
    bool no_x;      /* its gates have no W x */
    bool narrow;    /* its gates have P numbers */
    bool goes_on;   /* no gates of its own, no product: it has those of the stage before */
    int8_t others;  /* further products: each has a U of its own for all gates of the stage, */
    int8_t other[RCC_OTHERS]; /* and is added to U v */
    void (*forward)(const rcc_step *s);
    void (*backward)(const rcc_step *s);
} rcc_stage;

/* For whoever looks inside of a cell. What a gate's last operation is: */
typedef enum rcc_squash {
    RCC_SIGMOID = 's', /* 0 .. 1 */
    RCC_TANH = 't',    /* -1 .. 1 */
    RCC_RELU = 'r',    /* 0 .. */
    RCC_LINEAR = '-'
} rcc_squash;
/* ... and where its value is after forward and before backward: in its block, there as the
 * pre-activation that is not squashed yet, in `keep`, or in aux (RCC_V_AUX + index). */
enum { RCC_HELD_BLOCK = 0, RCC_HELD_RAW, RCC_HELD_KEEP };

typedef struct rcc_cell {
    const char *name;      /* as in --cell */
    const char *title;     /* a line for lists */
    const char *paper;     /* where the equations come from */
    const char *equations; /* in the letters of docs/cells.md; lines separated by '\n' */
    int states;            /* vectors carried over time; state 0 is the output */
    unsigned narrow;       /* bit i: state i has P numbers; 0: there is no P */
    const char *state_name[RCC_STATES];
    int gates; /* over all stages */
    const char *gate_name[RCC_GATES];
    /* For whoever looks inside: a letter of rcc_squash for each gate, where its value stands. */
    const char *squash;
    int8_t held[RCC_GATES];
    int stages;
    rcc_stage stage[RCC_STAGES];
    int aux;     /* vectors between stages */
    int vectors; /* of weights */
    const char *vector_name[RCC_VECTORS];
    const char *vector_rule; /* how they begin; NULL: as zeros */
    int sums;                /* of a unit group, see rcc_step */
    bool no_bias;            /* has biases among its vectors where it wants them, and no others */
    bool keep;               /* wants the extra kept vector */
    const char *update;      /* what the update gate is the share of; NULL: there is none */
    const char *reset;       /* where the reset gate multiplies; NULL: there is none */
    /* A letter for each gate: '+' a share of the old that stays, '-' a share of the new, or '.';
     * NULL: '.' for all. */
    const char *keeps;
    bool identity; /* recurrent weights start as the identity unless told otherwise */
    /* Does unit `to` read the state of unit `from`? The recurrent weights of those that it does not
     * are 0 for ever. NULL: it reads every one. */
    bool (*joins)(int64_t to, int64_t from, int64_t units);
} rcc_cell;

/* The stage whose gates a stage works on: itself, or the one that it goes on from. */
static inline int rcc_gates_stage(const rcc_cell *cell, int stage)
{
    while (cell->stage[stage].goes_on)
        stage--;
    return stage;
}

/* What a cell multiplies by recurrent weights, in the order of their blocks: stage by stage. */
typedef struct rcc_product {
    int stage;
    int v;
    int block; /* of RCC_U, or of RCC_R where the stage is narrow */
} rcc_product;
int rcc_products(const rcc_cell *cell, rcc_product out[RCC_PRODUCTS]);

/* What a parameter holds of the gates: rows of W, of the bias beside it, of U (of each product in
 * turn) and of the bias beside that; of U of narrow stages. Gates of its blocks into `gates`;
 * returns the blocks. */
typedef enum rcc_part { RCC_W, RCC_B, RCC_U, RCC_C, RCC_R } rcc_part;
int rcc_blocks(const rcc_cell *cell, rcc_part part, int gates[RCC_PRODUCTS]);
/* Gates of all of its blocks. */
int rcc_part_gates(const rcc_cell *cell, rcc_part part);

/* The state that is a memory beside h: the one called c; -1: there is none. */
int rcc_memory(const rcc_cell *cell);
/* The gate that does nothing but keep the old; -1: there is none, or z decides on both. */
int rcc_forget_gate(const rcc_cell *cell);
/* no_bias: the vector that is the bias of a gate; -1: it has none. */
int rcc_bias_vector(const rcc_cell *cell, int gate);

/* The two widths of a layer; P is not read where the cell has nothing narrow. */
typedef struct rcc_widths {
    int64_t H, P;
} rcc_widths;
static inline int64_t rcc_state_width(const rcc_cell *cell, int state, rcc_widths w)
{
    return cell->narrow >> state & 1 ? w.P : w.H;
}
static inline int64_t rcc_stage_width(const rcc_cell *cell, int stage, rcc_widths w)
{
    return cell->stage[stage].narrow ? w.P : w.H;
}
static inline int64_t rcc_v_width(const rcc_cell *cell, int v, rcc_widths w)
{
    return v >= RCC_V_AUX ? w.H : rcc_state_width(cell, v - RCC_V_STATE, w);
}
/* Numbers of all states. */
int64_t rcc_states_width(const rcc_cell *cell, rcc_widths w);
/* What RCC_U or RCC_R multiplies is so wide, the same in all of its blocks; 0: it has none. */
int64_t rcc_columns(const rcc_cell *cell, rcc_part part, rcc_widths w);

/* The cell of that name for the instruction set in use; NULL if there is none. */
const rcc_cell *rcc_find(const char *name);
/* The i-th cell of the list (for the instruction set in use); NULL past the end. */
const rcc_cell *rcc_at(size_t i);
/* The same for a given instruction set: what the tests compare. */
const rcc_cell *rcc_at_isa(rcb_isa isa, size_t i);

#endif
