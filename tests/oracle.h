/* oracle.h -- textbook code in double: what the kernels must agree with.
 *
 * Written from the words of kernel/kernel.h, one element at a time, sharing nothing with the
 * kernels but the types. Also: the tables of this machine in turn, and the comparison of bits.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "kernel/kernel.h"

/* One rounding of rc_real, relative. */
#ifdef RC_DOUBLE
#define ORACLE_EPS 0x1p-53
#else
#define ORACLE_EPS 0x1p-24
#endif

/* Every table that is built and that this machine can run, plain first. */
#define for_each_table(t)                                                                          \
    for (const rck_table *t = oracle_table_after(NULL); t; t = oracle_table_after(t))

const rck_table *oracle_table_after(const rck_table *t);

/* Tables whose bits must agree: both are NULL when this machine or build lacks one of them. */
void oracle_twins(const rck_table **narrow, const rck_table **wide);

/* Where element (row, k) of a logical weight lies in panels. */
int64_t oracle_panel_at(const rck_panel *p, int64_t row, int64_t k);

/* C(r, panel, j) of a product, from what c holds now. *size receives the sum of the magnitudes of
 * its terms, the measure of its rounding error. */
double oracle_gemm_at(const rck_gemm *g, int64_t r, int64_t panel, int64_t j, double *size);

double oracle_max(int64_t n, const rc_real *x);
double oracle_sum(int64_t n, const rc_real *x);
double oracle_dot(int64_t n, const rc_real *a, const rc_real *b);
void oracle_log_softmax(int64_t n, const rc_real *x, double *y);
double oracle_sigmoid(double x);

/* Element (n, j) of a dropout mask `width` wide: 0 or 1 / (1 - drop). */
double oracle_mask_at(rcb_key key, int64_t n, int64_t j, int64_t width, double drop);

/* One element of an optimiser update: the new w, m and v. */
typedef struct oracle_weight {
    double w, m, v;
} oracle_weight;

oracle_weight oracle_sgd_at(const rck_update *u, int64_t i);
oracle_weight oracle_nesterov_at(const rck_update *u, int64_t i);
oracle_weight oracle_adagrad_at(const rck_update *u, int64_t i);
oracle_weight oracle_rmsprop_at(const rck_update *u, int64_t i);
oracle_weight oracle_adadelta_at(const rck_update *u, int64_t i);
oracle_weight oracle_adam_at(const rck_update *u, int64_t i);
oracle_weight oracle_adamax_at(const rck_update *u, int64_t i);

#endif
