/* table_in.h -- what the per-set sources of the kernel room hand to table.c. The contracts stand
 * in kernel.h beside the members of rck_table; RCK_FN(add) is rck_add_avx2 in the avx2 build.
 */
#ifndef RCK_TABLE_IN_H
#define RCK_TABLE_IN_H

#include "kernel/kernel.h"
#include "kernel/isa.h"

#define RCK_FN(name) RC_ISA_NAME(rck_##name)
/* What a set that only adds to another one (vnni and bf16 to avx512) has of that other. */
#define RCK_BASE(name) RC_ISA_PASTE(rck_##name, RC_BASE)

/* gemm.c */
void RCK_FN(gemm)(const rck_gemm *g);

/* pack.c */
void RCK_BASE(pack)(const rck_panel *p, const rc_real *src, int64_t ld, rc_real *dst, int64_t p0,
                    int64_t p1);
void RCK_BASE(unpack)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t ld);
void RCK_BASE(transpose)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t p0,
                         int64_t p1);
void RCK_BASE(pack_t)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1, int64_t N,
                      int64_t row, rc_real *dst);

void RCK_BASE(transpose_pairs)(const rck_panel *p, const rc_real *src, uint16_t *dst, int64_t p0,
                               int64_t p1);

/* pairs.c; gemm_pairs is gemm with `pairs` */
void RCK_FN(gemm_pairs)(const rck_gemm *g);
void RCK_FN(pair)(int64_t K, int64_t cols, const rc_real *x, int64_t ld, uint16_t *y, int64_t ldy);
void RCK_FN(pack_t_pairs)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1,
                          int64_t N, int64_t row, rc_real *dst);

/* contrast.c */
void RCK_BASE(contrast_dots)(const rck_contrast *c, rc_real *s);
void RCK_BASE(contrast_errors)(int64_t n, rc_real rate, const rc_real *aim, const rc_real *s,
                               rc_real *g);
void RCK_BASE(contrast_steps)(const rck_contrast *c, const rc_real *g);

/* glove.c */
double RCK_BASE(glove)(const rck_glove *g);

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
void RCK_BASE(fill)(int64_t n, rc_real value, rc_real *y);
void RCK_BASE(add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_BASE(sub)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_BASE(mul)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_BASE(mul_add)(int64_t n, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_BASE(scale)(int64_t n, rc_real a, const rc_real *x, rc_real *y);
void RCK_BASE(axpy)(int64_t n, rc_real a, const rc_real *x, rc_real *y);
void RCK_BASE(clamp)(int64_t n, rc_real limit, rc_real *y);
void RCK_BASE(choose)(int64_t n, const rc_real *by, const rc_real *a, const rc_real *b, rc_real *y);
void RCK_BASE(larger)(int64_t n, rc_real a, const rc_real *x, int32_t id, rc_real *y,
                      int32_t *from);
void RCK_BASE(exp)(int64_t n, const rc_real *x, rc_real *y);
void RCK_BASE(log)(int64_t n, const rc_real *x, rc_real *y);
void RCK_BASE(tanh)(int64_t n, const rc_real *x, rc_real *y);
void RCK_BASE(sigmoid)(int64_t n, const rc_real *x, rc_real *y);
void RCK_BASE(relu)(int64_t n, const rc_real *x, rc_real *y);
void RCK_BASE(tanh_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
void RCK_BASE(sigmoid_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
void RCK_BASE(relu_back)(int64_t n, const rc_real *y, const rc_real *gy, rc_real *gx);
void RCK_BASE(log_back)(int64_t n, const rc_real *x, const rc_real *gy, rc_real *gx);
rc_real RCK_BASE(sum)(int64_t n, const rc_real *x);
rc_real RCK_BASE(dot)(int64_t n, const rc_real *a, const rc_real *b);
rc_real RCK_BASE(max)(int64_t n, const rc_real *x);
bool RCK_BASE(finite)(int64_t n, const rc_real *x);
void RCK_BASE(col_sum)(int64_t rows, int64_t n, const rc_real *x, int64_t ld, rc_real *y);

/* soft.c */
void RCK_BASE(log_softmax)(int64_t n, const rc_real *x, rc_real *y);
void RCK_BASE(softmax)(int64_t n, const rc_real *x, rc_real *y);
void RCK_BASE(soft_max)(int64_t rows, int cols, const rc_real *panel, rc_real *max);
void RCK_BASE(soft_exp)(int64_t rows, int cols, rc_real *panel, const rc_real *top, rc_real *sum);
void RCK_BASE(row_scale)(int64_t rows, int cols, rc_real *panel, int64_t ld, const rc_real *by);
void RCK_BASE(lanes_max)(int64_t rows, const rc_real *lanes, rc_real *out);
void RCK_BASE(lanes_sum)(int64_t rows, const rc_real *lanes, rc_real *out);

/* down.c */
void RCK_BASE(soft_down)(int64_t rows, int64_t cols, const rc_real *x, int64_t ld, rc_real *top,
                         rc_real *sum);
void RCK_BASE(soft_down_back)(int64_t rows, int64_t cols, rc_real *x, int64_t ld,
                              const rc_real *top, const rc_real *by);
void RCK_BASE(noise_down)(int64_t rows, int64_t cols, rc_real *x, int64_t ld, const rc_real *times,
                          rc_real *sum);
void RCK_BASE(softplus)(int64_t n, const rc_real *x, rc_real *y);

/* index.c */
void RCK_BASE(gather)(int64_t n, int64_t width, const rc_real *table, int64_t ld,
                      const int32_t *ids, rc_real *y, int64_t ldy);
void RCK_BASE(scatter_add)(int64_t n, int64_t width, const rc_real *x, int64_t ldx,
                           const int32_t *ids, rc_real *table, int64_t ld);
void RCK_BASE(scatter_panels)(const rck_panel *p, int64_t n, const rc_real *x, int64_t ldx,
                              const int32_t *ids, rc_real *panels);
void RCK_BASE(dropout_mask)(rcb_key key, int64_t first, int64_t rows, int64_t width, double drop,
                            rc_real *mask, int64_t ldm);

/* optim.c */
void RCK_BASE(sgd)(const rck_update *u);
void RCK_BASE(nesterov)(const rck_update *u);
void RCK_BASE(adagrad)(const rck_update *u);
void RCK_BASE(rmsprop)(const rck_update *u);
void RCK_BASE(adadelta)(const rck_update *u);
void RCK_BASE(adam)(const rck_update *u);
void RCK_BASE(adamax)(const rck_update *u);
void RCK_BASE(average)(int64_t n, rc_real mu, const rc_real *w, rc_real *a);

/* peak.c */
double RCK_BASE(peak)(int64_t rounds, rc_real *out);

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
