/* table_in.h -- what the per-set sources of the kernel room hand to table.c. The contracts stand
 * in kernel.h beside the members of rck_table; RCK_FN(add) is rck_add_avx2 in the avx2 build.
 */
#ifndef RCK_TABLE_IN_H
#define RCK_TABLE_IN_H

#include "kernel/kernel.h"
#include "kernel/isa.h"

#define RCK_FN(name) RC_ISA_NAME(rck_##name)

/* gemm.c */
void RCK_FN(gemm)(const rck_gemm *g);

/* pack.c */
void RCK_FN(pack)(const rck_panel *p, const rc_real *src, int64_t ld, rc_real *dst, int64_t p0,
                  int64_t p1);
void RCK_FN(unpack)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t ld);
void RCK_FN(transpose)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t p0,
                       int64_t p1);
void RCK_FN(pack_t)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1, int64_t N,
                    int64_t row, rc_real *dst);

void RCK_FN(transpose_pairs)(const rck_panel *p, const rc_real *src, uint16_t *dst, int64_t p0,
                             int64_t p1);

/* pairs.c; gemm_pairs is gemm with `pairs` */
void RCK_FN(gemm_pairs)(const rck_gemm *g);
void RCK_FN(pair)(int64_t K, int64_t cols, const rc_real *x, int64_t ld, uint16_t *y, int64_t ldy);
void RCK_FN(pack_t_pairs)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1,
                          int64_t N, int64_t row, rc_real *dst);

/* lean.c */
void RCK_FN(row_bf16)(const rck_lean *g);
void RCK_FN(row_int8)(const rck_lean *g);
void RCK_FN(to_bf16)(int64_t n, const rc_real *x, uint16_t *y);
void RCK_FN(from_bf16)(int64_t n, const uint16_t *x, rc_real *y);
rc_real RCK_FN(to_int8)(int64_t n, const rc_real *x, int8_t *y);
void RCK_FN(lean_bf16)(const rck_panel *p, const rc_real *panels, uint16_t *lean);
void RCK_FN(lean_int8)(const rck_panel *p, const rc_real *panels, const rc_real *scale,
                       int8_t *lean, int32_t *less);

/* vec.c */
void RCK_FN(fill)(int64_t n, rc_real value, rc_real *y);
void RCK_FN(add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_FN(sub)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_FN(mul)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_FN(mul_add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_FN(scale)(int64_t n, rc_real a, const rc_real *x, rc_real *y);
void RCK_FN(axpy)(int64_t n, rc_real a, const rc_real *x, rc_real *y);
void RCK_FN(clamp)(int64_t n, rc_real limit, rc_real *y);
void RCK_FN(exp)(int64_t n, const rc_real *x, rc_real *y);
void RCK_FN(log)(int64_t n, const rc_real *x, rc_real *y);
void RCK_FN(tanh)(int64_t n, const rc_real *x, rc_real *y);
void RCK_FN(sigmoid)(int64_t n, const rc_real *x, rc_real *y);
void RCK_FN(relu)(int64_t n, const rc_real *x, rc_real *y);
void RCK_FN(tanh_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
void RCK_FN(sigmoid_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
void RCK_FN(relu_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
void RCK_FN(log_back)(int64_t n, const rc_real *x, const rc_real *gy, rc_real *gx);
rc_real RCK_FN(sum)(int64_t n, const rc_real *x);
rc_real RCK_FN(dot)(int64_t n, const rc_real *a, const rc_real *b);
rc_real RCK_FN(max)(int64_t n, const rc_real *x);
bool RCK_FN(finite)(int64_t n, const rc_real *x);
void RCK_FN(col_sum)(int64_t rows, int64_t n, const rc_real *x, int64_t ld, rc_real *y);

/* soft.c */
void RCK_FN(log_softmax)(int64_t n, const rc_real *x, rc_real *y);
void RCK_FN(softmax)(int64_t n, const rc_real *x, rc_real *y);
void RCK_FN(soft_max)(int64_t rows, int cols, const rc_real *panel, rc_real *max);
void RCK_FN(soft_exp)(int64_t rows, int cols, rc_real *panel, const rc_real *top, rc_real *sum);
void RCK_FN(row_scale)(int64_t rows, int cols, rc_real *panel, int64_t ld, const rc_real *by);
void RCK_FN(lanes_max)(int64_t rows, const rc_real *lanes, rc_real *out);
void RCK_FN(lanes_sum)(int64_t rows, const rc_real *lanes, rc_real *out);

/* down.c */
void RCK_FN(soft_down)(int64_t rows, int64_t cols, const rc_real *x, int64_t ld, rc_real *top,
                       rc_real *sum);
void RCK_FN(soft_down_back)(int64_t rows, int64_t cols, rc_real *x, int64_t ld, const rc_real *top,
                            const rc_real *by);
void RCK_FN(noise_down)(int64_t rows, int64_t cols, rc_real *x, int64_t ld, const rc_real *times,
                        rc_real *sum);
void RCK_FN(softplus)(int64_t n, const rc_real *x, rc_real *y);

/* index.c */
void RCK_FN(gather)(int64_t n, int64_t width, const rc_real *table, int64_t ld, const int32_t *ids,
                    rc_real *y, int64_t ldy);
void RCK_FN(scatter_add)(int64_t n, int64_t width, const rc_real *x, int64_t ldx,
                         const int32_t *ids, rc_real *table, int64_t ld);
void RCK_FN(scatter_panels)(const rck_panel *p, int64_t n, const rc_real *x, int64_t ldx,
                            const int32_t *ids, rc_real *panels);
void RCK_FN(dropout_mask)(rcb_key key, int64_t first, int64_t rows, int64_t width, double drop,
                          rc_real *mask, int64_t ldm);

/* optim.c */
void RCK_FN(sgd)(const rck_update *u);
void RCK_FN(nesterov)(const rck_update *u);
void RCK_FN(adagrad)(const rck_update *u);
void RCK_FN(rmsprop)(const rck_update *u);
void RCK_FN(adadelta)(const rck_update *u);
void RCK_FN(adam)(const rck_update *u);
void RCK_FN(adamax)(const rck_update *u);
void RCK_FN(average)(int64_t n, rc_real mu, const rc_real *w, rc_real *a);

/* peak.c */
double RCK_FN(peak)(int64_t rounds, rc_real *out);

/* The canonical tree over 16 lanes: lane i with lane i + half, for 8, 4, 2, 1. */
static inline rc_real rck_lanes_sum(const rc_real *lane)
{
    rc_real t[8];

    for (int i = 0; i < 8; i++)
        t[i] = lane[i] + lane[i + 8];
    for (int i = 0; i < 4; i++)
        t[i] += t[i + 4];
    return (t[0] + t[2]) + (t[1] + t[3]);
}

/* The larger; NaN if either is. */
static inline rc_real rck_larger(rc_real a, rc_real b)
{
    const rc_real m = b > a ? b : a;

    return b != b ? b : m;
}

static inline rc_real rck_lanes_max(const rc_real *lane)
{
    rc_real t[8];

    RC_LANES
    for (int i = 0; i < 8; i++)
        t[i] = rck_larger(lane[i], lane[i + 8]);
    for (int i = 0; i < 4; i++)
        t[i] = rck_larger(t[i], t[i + 4]);
    return rck_larger(rck_larger(t[0], t[2]), rck_larger(t[1], t[3]));
}

#endif
