/* graph_in.h -- what the files of this room share and no other room sees: the graph itself,
 * products over a range of unit groups, and weights of plain leaves. */
#ifndef RCG_GRAPH_IN_H
#define RCG_GRAPH_IN_H

#include "graph/graph.h"

struct rc_graph {
    rcb_arena *arena;
    rcb_pool *pool;
    bool own_pool;
    bool training;
    bool recompute; /* logits are made anew for the backward */
    bool swept;     /* backward has run since the last reset */
    bool watched;   /* see rcg_graph_watch() */
    rc_status status;
    char message[512]; /* the first failure, kept while later calls set their own */
    char hint[256];
    rcg_node *last;
    uint64_t seed;
    uint64_t step;
    uint64_t masks; /* drawn since rcg_graph_seed() */
    int64_t from;   /* see rcg_graph_from() */
    double norm;    /* see rcg_graph_norm() */
};

/* Make the gradients that the node may add to, as the sweep does before its backward. */
rc_status rcg_gradients(rcg_node *n);

/* Infer for operations whose result has the shape of input 0. */
rc_status rcg_infer_same(const rcg_node *n, rc_shape *out);
/* "(35,20,128)" into a buffer of RCG_SHAPE_TEXT bytes. */
enum { RCG_SHAPE_TEXT = 96 };
const char *rcg_shape_text(rc_shape s, char *buffer);

/* The rows of a batch make sense (counts start at 0, never grow, and fit the sequences), for `op`;
 * RC_EINVAL if not. */
rc_status rcg_check_rows(const char *op, const rc_rows *rows);
/* The sequences [*lo,*hi) of this worker: shares are of about as many rows. */
void rcg_rows_share(const rc_rows *rows, const rcb_worker *w, int64_t *lo, int64_t *hi);
/* A copy of the rows of a batch that lives as long as the graph; false: the graph has failed. */
bool rcg_rows_copy(rc_graph *g, const rc_rows *rows, rc_rows *out);
/* A bias for `rows` outputs: one number each, as (rows) or (rows,1), or RC_NONE. */
rc_status rcg_check_bias(const char *op, const rc_var *b, int64_t rows);

/* Input i as a packed weight: the parameter's own, or a plain leaf packed into the arena, with its
 * transpose when `t` and with room for a gradient when one is wanted. rcg_weight_done() brings that
 * gradient back to the leaf; it does nothing for parameters. */
rc_status rcg_weight_of(rcg_node *n, int i, int blocks, const int gates[], int64_t units, bool t,
                        rcg_weight **out);
rc_status rcg_weight_done(rcg_node *n, int i, rcg_weight *w);
/* Make sure the gradient may be added to: clears it if it is fresh. */
void rcg_weight_touch(rcg_weight *w);

/* A product C += or = A B over the unit groups [first,last) of the panels of B and C: whole panels
 * in one call, the pieces of panels at both ends in two more. `g` describes all panels of `lay`. */
void rcg_gemm_groups(rck_gemm g, const rck_panel *lay, int64_t first, int64_t last);
/* Unit groups of a layout. */
static inline int64_t rcg_groups(const rck_panel *lay)
{
    return (lay->units + RCK_LANES - 1) / RCK_LANES;
}

/* dA (rows, K) += gradient panels d (N rows) times the transposed panels of block b. */
rck_gemm rcg_gemm_back(const rcg_weight *w, int b, int64_t rows, const rc_real *d, int64_t N,
                       rc_real *da, int64_t lda);
/* That product as far as the panels [first,end) of d go; d begins with the first of them. */
void rcg_gemm_chunks(rck_gemm *g, int64_t first, int64_t end);
/* dW of block b from the packed transpose at (N rows, see rcg_pack_t) and gradient panels d. */
rck_gemm rcg_gemm_weight(const rcg_weight *w, int b, int64_t N, const rc_real *at,
                         const rc_real *d);
/* That product over the unit groups [first,last), where `g` may say that d lies otherwise. In bf16
 * where there is `room`: it receives d in pairs, rcg_pairs_size() of all groups, those of the panel
 * of `first` at its beginning. */
void rcg_gemm_weight_groups(rck_gemm g, const rck_panel *lay, uint16_t *room, int64_t first,
                            int64_t last);
/* Numbers of 16 bits that `panels` of a layout take over N rows, in pairs. */
static inline int64_t rcg_pairs_size(const rck_panel *lay, int64_t panels, int64_t N)
{
    return panels * (N + N % 2) * lay->cols;
}
/* Make pairs and pairs_t anew, as far as panels [p0,p1) of block i go. */
void rcg_weight_pair_panels(rcg_weight *w, int i, int64_t p0, int64_t p1);
/* rck pack_t of rows [row, row + n) of N, columns [m0,m1), in the form that the product with the
 * gradient of w wants. */
void rcg_pack_t(const rcg_weight *w, int64_t n, const rc_real *x, int64_t ld, int64_t m0,
                int64_t m1, int64_t N, int64_t row, rc_real *at);
/* A product whose right operand and result are rows: B (K, cols) with b_k reals between rows, C
 * with c_row. The caller sets a, a_row, a_k, b, b_k, c, c_row and add. Whole groups of 16 columns
 * are computed: what B has as padding lands in C's. */
static inline rck_gemm rcg_gemm_rows(int64_t rows, int64_t K, int64_t cols)
{
    const rck_panel p = rck_panel_of(cols, 1, K);
    return (rck_gemm){
        .rows = rows,
        .chunks = 1,
        .kc = K,
        .klast = K,
        .b_panel = p.cols,
        .c_panel = p.cols,
        .panels = p.count,
        .cols = p.cols,
        .cols_last = p.last,
    };
}
/* Make the padding of some rows zero. */
static inline void rcg_clear_padding(int64_t rows, int64_t cols, int64_t ld, rc_real *x)
{
    for (int64_t r = 0; cols < ld && r < rows; r++)
        rck->fill(ld - cols, 0, x + r * ld + cols);
}
/* Panels of a block of the vocabulary in softmax_loss, and blocks whose logits are made anew at a
 * time. */
enum { RCG_SOFTMAX_BLOCK = 4, RCG_SOFTMAX_SLAB = 8 };
/* What losses of an output layer share: one number, and its value in double. */
rc_status rcg_infer_total(const rcg_node *n, rc_shape *out);
rc_status rcg_set_total(rcg_node *n, double total);
/* A copy of the targets, checked against the number of symbols; NULL: the graph has failed. */
int32_t *rcg_targets(rc_graph *g, const char *op, int64_t rows, int64_t V, const int32_t *targets);
/* The operands of an output layer that keeps its weight as a table: x (N,K), w (V,K) in rows, b (V)
 * or RC_NONE; for n->op. */
rc_status rcg_check_table(const rcg_node *n);
/* Rows of a batch whose targets are of one group are cut into pieces of at most so many. */
enum { RCG_PIECE = 64 };
/* Reals of a packed transpose of (N,K), in either form. */
static inline int64_t rcg_pack_t_size(int64_t N, int64_t K)
{
    return (K + RCK_MB - 1) / RCK_MB * RCK_MB * (N + N % 2);
}

/* How many workers a piece of work of `flops` is worth. */
int rcg_workers(const rc_graph *g, double flops);

#endif
