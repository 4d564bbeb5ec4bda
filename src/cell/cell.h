/* cell.h -- what remains of a recurrent layer after its matrix products.
 *
 * A cell is a descriptor: its states, its gates in stages, and per stage one pointwise function
 * forward and one backward over a range of rows and unit groups. Everything else in the house
 * (parameter shapes and names, products, memory, help, tests) reads the descriptor.
 *
 * Float room. A stage s of a cell computes, for its gates,
 *
 *     a_g = W_g x_t + b_g (+ U_g v + c_g)        v: a state before the step, or a vector of an
 *                                                earlier stage of the same step
 *
 * outside this room; the functions here turn those pre-activations into states and vectors.
 * Gates are numbered over all stages in the order of the logical weight rows (PyTorch's where
 * PyTorch has the cell); a stage owns consecutive gates.
 */
#ifndef RCC_CELL_H
#define RCC_CELL_H

#include "kernel/kernel.h"

enum {
    RCC_STATES = 4, /* most states of a cell; state 0 is h, the one that leaves the layer */
    RCC_STAGES = 4,
    RCC_GATES = 8,
    RCC_AUX = 4 /* most vectors of H that one stage hands to another (all are kept) */
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
 * by rows and groups in any way. Columns past H: where pre-activations, states and gradients are
 * zero on entry, states and gradients are zero on return. Forward:
 *
 *   gates    in: W x + b, with U v + c added unless the stage has `apart`; out: what back needs
 *            there (the activated gates, or untouched where back reads the states instead)
 *   apart    in, of a stage that keeps any gate apart: U v + c of ALL gates of the stage, none of
 *            it added to `gates` (the function adds what is summed); else p == NULL. Read only;
 *            need not live until backward
 *   in[i]    state i before; may be NULL only if the cell does not read it
 *   out[i]   state i after; written by the last stage only; never the array of an in[i]
 *   aux[i]   written by the stage that makes it, read by later ones
 *   keep     (rows, ld) one extra kept vector, if the descriptor asks for it
 *
 * Backward, stages in reverse order. gates, in, out, aux, keep as forward left them, and:
 *
 *   gates    becomes dL/da of each gate's W part
 *   apart    written (=): dL/da of each gate's U part, all gates of the stage, when it has `apart`
 *            (a stage without it has one gradient for both parts: that in `gates`)
 *   d_out[0] dL/dh after, complete; d_out[i] likewise (read by the last stage)
 *   d_in[0]  += the pointwise part of dL/dh before; never the array of d_out[0]
 *   d_in[i]  for i > 0: written (=) by the last stage, may be the same array as d_out[i]
 *   d_aux[i] complete when the stage that made aux[i] runs; the last stage that reads aux[i]
 *            pointwise writes it (=), unless it is a v, whose product writes it before
 *
 * d_in[i] is given for every state: there is no "gradient not wanted" inside a sequence.
 */
typedef struct rcc_step {
    int64_t rows;
    int64_t first, last;
    int64_t ld;
    rcc_gates gates;
    rcc_gates apart;
    const rc_real *in[RCC_STATES];
    rc_real *out[RCC_STATES];
    rc_real *aux[RCC_AUX];
    rc_real *keep;
    const rc_real *d_out[RCC_STATES];
    rc_real *d_in[RCC_STATES];
    rc_real *d_aux[RCC_AUX];
} rcc_step;

typedef struct rcc_stage {
    int gates;      /* consecutive gates of this stage */
    int v;          /* RCC_NO_V, RCC_V_STATE + i or RCC_V_AUX + i */
    unsigned apart; /* bit g: the W and U parts of the stage's gate g are not summed */
    void (*forward)(const rcc_step *s);
    void (*backward)(const rcc_step *s);
} rcc_stage;

typedef struct rcc_cell {
    const char *name;      /* as in --cell */
    const char *title;     /* a line for lists */
    const char *paper;     /* where the equations come from */
    const char *equations; /* in the letters of docs/cells.md; lines separated by '\n' */
    int states;            /* vectors carried over time; state 0 is the output */
    const char *state_name[RCC_STATES];
    int gates; /* over all stages */
    const char *gate_name[RCC_GATES];
    int stages;
    rcc_stage stage[RCC_STAGES];
    int aux;       /* vectors between stages */
    bool keep;     /* wants the extra kept vector */
    int forget;    /* gate whose bias --forget-bias initialises, or -1 */
    bool identity; /* recurrent weights start as the identity unless told otherwise */
} rcc_cell;

/* The cell of that name for the instruction set in use; NULL if there is none. */
const rcc_cell *rcc_find(const char *name);
/* The i-th cell of the list (for the instruction set in use); NULL past the end. */
const rcc_cell *rcc_at(size_t i);
/* The same for a given instruction set: what the tests compare. */
const rcc_cell *rcc_at_isa(rcb_isa isa, size_t i);

#endif
