/* oracle_cell.h -- the cells as a textbook has them, and random steps put to both.
 *
 * The textbook half: one step of one sequence in double, matrix products included, scalar loops,
 * written from the equations of docs/cells.md and sharing nothing with src/. The other half is the
 * harness of tests/cell: it makes a random step, lets a cell's descriptor compute it forward and
 * back on memory with guards, and compares with the textbook and with its numeric differences.
 */
#ifndef ORACLE_CELL_H
#define ORACLE_CELL_H

#include "cell/cell.h"

/* ---- the textbook -------------------------------------------------------------------------- */

/* One step of one sequence of a cell with G gates. */
typedef struct oracle_step {
    int64_t H, P;                 /* P: as wide as what is narrow */
    const double *wx;             /* (G,H)   W_g x + b_g */
    const double *u;              /* (.,H,H) U_g, row = output; product by product; (.,H,P) where
                                     what it multiplies is narrow */
    const double *r;              /* (P,H)   of a cell with a projection */
    const double *c;              /* (G,H)   c_g */
    const double *vec;            /* (P,H)   vectors of weights */
    const double *in[RCC_STATES]; /* (H)     h and the other states; (P) where they are narrow */
    double *out[RCC_STATES];      /* (H)     the same after */
} oracle_step;

typedef void oracle_cell(const oracle_step *s);

/* Which of the H-row pieces of W, b or c a gate has; -1: none. */
int oracle_gate_at(const rcc_cell *cell, rcc_part part, int gate);

/* The textbook step of a cell by its name; NULL: there is none. */
oracle_cell *oracle_cell_of(const char *name);

/* The GRUs as the lectures write them: their gate is the share of the new state. Gates in the
 * order of ours (z n; r z n with the reset before the product). */
oracle_cell oracle_sgru_lecture;
oracle_cell oracle_gru_lecture;

/* ---- a random step ------------------------------------------------------------------------- */

/* B rows of one step: masters in double that rc_real holds exactly. */
typedef struct oracle_case {
    uint64_t seed;
    oracle_cell *textbook;
    int64_t B, H, P;      /* P at most H; of a narrow gate the first P of H numbers count */
    const rcc_cell *cell; /* what it is as a descriptor */
    int gates, states, vectors;
    double *wx;             /* (B,G,H) */
    double *u;              /* (.,H,H), product by product with the widths that they have */
    double *c;              /* (B,G,H) a c_g for every row, so that its gradient is seen by row */
    double *vec;            /* (P,H) */
    double *in[RCC_STATES]; /* (B,H) or (B,P) */
    double *d_out[RCC_STATES]; /* (B,H)   the loss is sum d_out * out ... */
    double *d_h; /* (B,H)   ... + sum d_h * h: what d_in[0] holds before the step goes back */
} oracle_case;

/* What a step gives, forward and back. */
typedef struct oracle_result {
    int states;
    double *out[RCC_STATES];  /* (B,H) */
    double *d_wx;             /* (B,G,H) */
    double *d_c;              /* (B,G,H) */
    double *d_vec;            /* (P,H) */
    double *d_in[RCC_STATES]; /* (B,H) */
} oracle_result;

/* How the harness calls the cell. */
typedef struct oracle_how {
    bool cut;    /* in several calls, by rows and unit groups */
    bool shared; /* d_in[i] is the array of d_out[i], i > 0 */
} oracle_how;

/* A case of the cell, everything drawn from the seed; abort the test when memory is short. */
oracle_case *oracle_case_new(uint64_t seed, const rcc_cell *cell, int64_t B, int64_t H);
void oracle_case_free(oracle_case *k);

oracle_result *oracle_result_new(const oracle_case *k);
void oracle_result_free(oracle_result *r);

/* The textbook's answer; gradients by central differences of it. */
void oracle_case_textbook(const oracle_case *k, oracle_result *r);

/* The cell's answer. Fails the test when it writes what is not its own, or leaves anything but
 * zero in the states and gradients of padding. */
void oracle_case_run(const oracle_case *k, const rcc_cell *cell, oracle_how how, oracle_result *r);

/* Fail the test unless the results agree: states within `tol`, gradients within `grad_tol`, as
 * max |a - b| / max(|a|, |b|, 1e-8) over each array (states: at least 1 below the line). */
void oracle_check_close(const oracle_case *k, const oracle_result *got, const oracle_result *want,
                        double tol, double grad_tol, const char *what);

/* Fail the test unless the results have the same bits. */
void oracle_check_same(const oracle_case *k, const oracle_result *got, const oracle_result *want,
                       const char *what);

/* ---- what every cell must pass ------------------------------------------------------------- */

/* The tests that do not depend on the cell, over many random cases, for the cell of that name. */
void oracle_cell_matches_textbook(uint64_t seed, const char *name);
void oracle_cell_ignores_cuts(uint64_t seed, const char *name);
void oracle_cell_has_one_set_of_bits(uint64_t seed, const char *name);

/* For cells with an update gate, which is gate number z: at 1 the state stays bit for bit. */
void oracle_cell_keeps_state(uint64_t seed, const char *name, int z);

/* With W_z, U_z, b_z and c_z negated the cell computes what the lecture's form does. */
void oracle_cell_follows_lecture(uint64_t seed, const char *name, oracle_cell *lecture, int z);

/* The cell of that name for an instruction set, NULL where it is not built or cannot run here. */
const rcc_cell *oracle_cell_for(rcb_isa isa, const char *name);

#endif
