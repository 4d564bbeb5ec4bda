/* crf_in.h -- a conditional random field over the rows of a batch, as op_crf.c (the passes in
 * exponentials, and the loss), crf_log.c (one sequence in logarithms) and crf_decode.c (paths) see
 * it. The equations stand in recur.h.
 */
#ifndef RCG_CRF_IN_H
#define RCG_CRF_IN_H

#include "graph/graph_in.h"

#include <math.h>

typedef struct rcg_crf {
    rc_rows rows;
    int64_t K;
    const rc_var *x, *trans, *first, *last; /* first, last: RC_NONE, zeros */
    rc_crf_rules rules;
} rcg_crf;

/* Take the operands apart and check them, for `op`. RC_EINVAL, RC_ESHAPE. */
rc_status rcg_crf_of(const char *op, const rc_rows *rows, const rc_var *x, const rc_crf *crf,
                     rcg_crf *out);

/* What a path's score grows by at its beginning, from i to j, and at its end; -infinity: the rules
 * forbid it. */
static inline double rcg_crf_first(const rcg_crf *c, int64_t k)
{
    if (c->rules.first && !c->rules.first[k])
        return -(double)INFINITY;
    return rcg_absent(c->first) ? 0 : (double)c->first->x[k];
}
static inline double rcg_crf_step(const rcg_crf *c, int64_t i, int64_t j)
{
    if (c->rules.from_to && !c->rules.from_to[i * c->K + j])
        return -(double)INFINITY;
    return (double)c->trans->x[i * c->trans->ld + j];
}
static inline double rcg_crf_last(const rcg_crf *c, int64_t k)
{
    if (c->rules.last && !c->rules.last[k])
        return -(double)INFINITY;
    return rcg_absent(c->last) ? 0 : (double)c->last->x[k];
}
static inline double rcg_crf_at(const rcg_crf *c, int64_t b, int64_t t, int64_t k)
{
    return (double)c->x->x[(c->rows.at[t] + b) * c->x->ld + k];
}

/* ---- all sequences, in exponentials (op_crf.c) ------------------------------------------- */

/* With a(t) the share of each label in what paths to step t sum to, scaled to the maximum 1, and
 * b(t) what paths from there on add, scaled so that a(t) b(t) is 1:
 *
 *   ex(t) = exp(x(t) - top(t))      a(t) = ex(t) (a(t-1) step) / scale(t)
 *   w(t)  = ex(t) b(t) / scale(t)   b(t) = step w(t+1)    p(t) = a(t) b(t)
 *
 * and the expected uses of a step from i to j are step(i,j) times the sum of prev(i) w(j) over all
 * rows, prev being a(t-1) of the same sequence. */
typedef struct rcg_crf_pass {
    rcg_crf c;
    int64_t ld;
    rc_real *step, *back;  /* (K,ld) exp(trans - base_step), 0: forbidden; transposed */
    rc_real *first, *last; /* (ld) likewise */
    double base_step, base_first, base_last;
    rc_real *w;           /* (N,ld) ex, then w */
    rc_real *p;           /* (N,ld) a, then p: the probability of every label */
    rc_real *prev;        /* (N,ld); nothing at the first step */
    rc_real *b;           /* (B,ld) */
    rc_real *top, *scale; /* (N) */
    double *logz;         /* (B) ln of the sum over all paths; -infinity: there is none */
    bool *hard;           /* (B) floats do not reach: done in logarithms */
    double *uses;         /* (K,K) expected uses of steps by hard sequences; NULL: none */
} rcg_crf_pass;

/* Room for it (kept, or scratch) and all of it but the gradient's product. */
rc_status rcg_crf_run(rc_graph *g, const rcg_crf *c, bool keep, rcg_crf_pass *out);

/* ---- one sequence, in logarithms (crf_log.c) --------------------------------------------- */

typedef struct rcg_crf_log {
    const rcg_crf *c;
    double *first, *step, *last; /* (K), (K,K), (K) */
    double *to, *from;           /* (T,K) ln of the sums over paths to, and from there on */
    double *term;                /* (K) */
} rcg_crf_log;

/* Scratch of a graph, for sequences of up to T steps; false: the graph has failed. */
bool rcg_crf_log_open(rc_graph *g, const rcg_crf *c, int64_t T, rcg_crf_log *out);
/* ln of the sum over all paths of sequence b. */
double rcg_crf_log_sum(const rcg_crf_log *l, int64_t b);
/* The same; its rows of p (N,ld) receive the probability of every label, and the expected uses of
 * every step are added to uses (K,K). */
double rcg_crf_log_both(const rcg_crf_log *l, int64_t b, rc_real *p, int64_t ld, double *uses);

#endif
