/* lean.c -- one row times a weight of 16 or 8 bits (see rck_lean in kernel.h): what a step of a
 * small model is made of. Such a product is bound by reading the weight, so fewer bits are fewer
 * microseconds.
 *
 * bf16: the upper half of a float; two values of k share a 32-bit lane, the first in its lower
 * half, so that a shift or a mask makes each a float. Sums run over k in order: the bits are those
 * of a product with the same weights as floats.
 * int8: sums are of whole numbers and exact, so every table gives the same bits. Where the set
 * multiplies unsigned by signed bytes (VNNI), 128 is added to the row and `less` takes it away
 * again; AVX2 multiplies the sizes and moves the sign of the weight to the row.
 */
#include "kernel/table_in.h"

#include <math.h>
#include <string.h>

#if defined(__AVX2__) && !defined(RC_DOUBLE)
#include <immintrin.h>
#define VECTORS 1
#endif

/* ---- packing --------------------------------------------------------------------------------- */

/* The upper half of a float, to nearest, ties to even. NaN stays NaN. */
static uint16_t bf16_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    if (x != x)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

static float float_of(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

void RCK_FN(to_bf16)(int64_t n, const rc_real *x, uint16_t *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = bf16_of((float)x[i]);
}

void RCK_FN(from_bf16)(int64_t n, const uint16_t *x, rc_real *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (rc_real)float_of(x[i]);
}

rc_real RCK_FN(to_int8)(int64_t n, const rc_real *x, int8_t *y)
{
    rc_real most = RC_C(0.0);
    bool sound = true;

    for (int64_t i = 0; i < n; i++) {
        const rc_real size = x[i] < RC_C(0.0) ? -x[i] : x[i];
        most = size > most ? size : most;
        sound &= size < (rc_real)INFINITY;
    }
    const rc_real by = sound && most > RC_C(1e-36) ? RC_C(127.0) / most : RC_C(0.0);

    for (int64_t i = 0; i < n; i++) { /* adding and taking away 1.5 * 2^23 rounds to even */
        const float v = (float)(x[i] * by) + 12582912.0f - 12582912.0f;
        y[i] = (int8_t)(v == v ? v : 0.0f);
    }
    return !sound ? (rc_real)NAN : by > RC_C(0.0) ? most / RC_C(127.0) : RC_C(0.0);
}

void RCK_FN(lean_bf16)(const rck_panel *p, const rc_real *panels, uint16_t *lean)
{
    const int64_t pairs = (p->K + 1) / 2;

    for (int64_t q = 0; q < p->count; q++)
        RCK_FN(pair)
    (p->K, p->cols, panels + q * p->K * p->cols, p->cols, lean + q * pairs * p->cols * 2, p->cols);
}

void RCK_FN(lean_int8)(const rck_panel *p, const rc_real *panels, const rc_real *scale,
                       int8_t *lean, int32_t *less)
{
    const int64_t fours = (p->K + 3) / 4;

    for (int64_t q = 0; q < p->count; q++)
        for (int j = 0; j < p->cols; j++) {
            const rc_real s = scale[q * p->cols + j];
            int32_t sum = 0;

            for (int64_t k = 0; k < fours * 4; k++) {
                const rc_real w = k < p->K ? panels[(q * p->K + k) * p->cols + j] : RC_C(0.0);
                const int8_t v = (int8_t)(s > RC_C(0.0) ? lrint((double)w / (double)s) : 0);

                lean[((q * fours + k / 4) * p->cols + j) * 4 + k % 4] = v;
                sum += v;
            }
            less[q * p->cols + j] = 128 * sum;
        }
}

/* ---- products -------------------------------------------------------------------------------- */

/* np panels side by side, nz groups of 16 columns in each. */
typedef struct piece {
    const rck_lean *g;
    int64_t panel; /* the first */
    int column;
} piece;

static const rc_real *begin_at(const piece *p, int64_t panel)
{
    const rck_lean *g = p->g;

    if (g->add)
        return g->c + (p->panel + panel) * g->c_panel + p->column;
    return g->start ? g->start + (p->panel + panel) * g->start_panel + p->column : NULL;
}

static rc_real *c_at(const piece *p, int64_t panel)
{
    return p->g->c + (p->panel + panel) * p->g->c_panel + p->column;
}

#if defined(__AVX512F__) && defined(VECTORS)
enum { WIDTH = 16 };
typedef __m512 vec;
typedef __m512i bits;
#define vec_load _mm512_loadu_ps
#define vec_store _mm512_storeu_ps
#define vec_zero _mm512_setzero_ps
#define vec_set _mm512_set1_ps
#define vec_fma _mm512_fmadd_ps
#define vec_mul _mm512_mul_ps
#define vec_of_bits _mm512_castsi512_ps
#define vec_of_ints _mm512_cvtepi32_ps
#define bits_load(p) _mm512_loadu_si512((const void *)(p))
#define bits_up(x) _mm512_slli_epi32((x), 16)
#define bits_upper(x) _mm512_and_si512((x), _mm512_set1_epi32((int)0xFFFF0000u))
#elif defined(VECTORS)
enum { WIDTH = 8 };
typedef __m256 vec;
typedef __m256i bits;
#define vec_load _mm256_loadu_ps
#define vec_store _mm256_storeu_ps
#define vec_zero _mm256_setzero_ps
#define vec_set _mm256_set1_ps
#define vec_fma _mm256_fmadd_ps
#define vec_mul _mm256_mul_ps
#define vec_of_bits _mm256_castsi256_ps
#define vec_of_ints _mm256_cvtepi32_ps
#define bits_load(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define bits_up(x) _mm256_slli_epi32((x), 16)
#define bits_upper(x) _mm256_and_si256((x), _mm256_set1_epi32((int)0xFFFF0000u))
#endif

#ifdef VECTORS

RC_INLINE void bf16_body(const int np, const int nv, const piece *p)
{
    const rck_lean *g = p->g;
    const int64_t row = 2 * (int64_t)g->cols;
    const uint16_t *b = (const uint16_t *)g->b + p->panel * g->b_panel + 2 * p->column;
    vec sum[8][8];

    RC_UNROLL
    for (int i = 0; i < np; i++) {
        const rc_real *begin = begin_at(p, i);
        RC_UNROLL
        for (int z = 0; z < nv; z++)
            sum[i][z] = begin ? vec_load(begin + z * WIDTH) : vec_zero();
    }
    for (int64_t k = 0; k + 1 < g->K; k += 2, b += row) {
        const vec first = vec_set(g->x[k]), second = vec_set(g->x[k + 1]);
        RC_UNROLL
        for (int i = 0; i < np; i++) {
            RC_UNROLL
            for (int z = 0; z < nv; z++) {
                const bits w = bits_load(b + i * g->b_panel + 2 * z * WIDTH);
                sum[i][z] = vec_fma(first, vec_of_bits(bits_up(w)), sum[i][z]);
                sum[i][z] = vec_fma(second, vec_of_bits(bits_upper(w)), sum[i][z]);
            }
        }
    }
    for (int i = 0; i < np; i++)
        for (int z = 0; z < nv; z++) {
            if (g->K % 2) {
                const bits w = bits_load(b + i * g->b_panel + 2 * z * WIDTH);
                sum[i][z] = vec_fma(vec_set(g->x[g->K - 1]), vec_of_bits(bits_up(w)), sum[i][z]);
            }
            vec_store(c_at(p, i) + z * WIDTH, sum[i][z]);
        }
}

#if defined(__AVX512VNNI__)
/* Four bytes of the row for all lanes, and what they add to a sum with the bytes of B. */
RC_INLINE bits int8_row(const int8_t *q)
{
    int32_t four;

    memcpy(&four, q, sizeof four);
    return _mm512_xor_si512(_mm512_set1_epi32(four), _mm512_set1_epi32((int)0x80808080u));
}

RC_INLINE bits int8_add(bits sum, bits row, const int8_t *b)
{
    return _mm512_dpbusd_epi32(sum, row, bits_load(b));
}

#define INT8_WIDTH 16
#define INT8_BEGIN(less) _mm512_sub_epi32(_mm512_setzero_si512(), bits_load(less))
typedef bits int8_sum;
typedef vec int8_vec;
#define int8_float _mm512_cvtepi32_ps
#define int8_load _mm512_loadu_ps
#define int8_store _mm512_storeu_ps
#define int8_zero _mm512_setzero_ps
#define int8_set _mm512_set1_ps
#define int8_fma _mm512_fmadd_ps
#define int8_mul _mm512_mul_ps
#else
RC_INLINE __m256i int8_row(const int8_t *q)
{
    int32_t four;

    memcpy(&four, q, sizeof four);
    return _mm256_set1_epi32(four);
}

RC_INLINE __m256i int8_add(__m256i sum, __m256i row, const int8_t *b)
{
    const __m256i w = _mm256_loadu_si256((const __m256i *)(const void *)b);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(row, w));

    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#define INT8_WIDTH 8
#define INT8_BEGIN(less) ((void)(less), _mm256_setzero_si256())
typedef __m256i int8_sum;
typedef __m256 int8_vec;
#define int8_float _mm256_cvtepi32_ps
#define int8_load _mm256_loadu_ps
#define int8_store _mm256_storeu_ps
#define int8_zero _mm256_setzero_ps
#define int8_set _mm256_set1_ps
#define int8_fma _mm256_fmadd_ps
#define int8_mul _mm256_mul_ps
#endif

/* nv registers of INT8_WIDTH columns. */
RC_INLINE void int8_body(const int np, const int nv, const piece *p)
{
    const rck_lean *g = p->g;
    const int64_t row = 4 * (int64_t)g->cols;
    const int8_t *b = (const int8_t *)g->b + p->panel * g->b_panel + 4 * p->column;
    const int8_vec x_scale = int8_set(g->x_scale);
    int8_sum sum[8][8];

    RC_UNROLL
    for (int i = 0; i < np; i++) {
        RC_UNROLL
        for (int z = 0; z < nv; z++)
            sum[i][z] = INT8_BEGIN(g->less + (p->panel + i) * g->cols + p->column + z * INT8_WIDTH);
    }
    for (int64_t k = 0; k < g->K; k += 4, b += row) {
        const int8_sum x = int8_row(g->q + k);
        RC_UNROLL
        for (int i = 0; i < np; i++) {
            RC_UNROLL
            for (int z = 0; z < nv; z++)
                sum[i][z] = int8_add(sum[i][z], x, b + i * g->b_panel + 4 * z * INT8_WIDTH);
        }
    }
    for (int i = 0; i < np; i++) {
        const rc_real *begin = begin_at(p, i);
        const rc_real *scale = g->scale + (p->panel + i) * g->cols + p->column;
        for (int z = 0; z < nv; z++) {
            const int8_vec at = begin ? int8_load(begin + z * INT8_WIDTH) : int8_zero();
            const int8_vec by = int8_mul(x_scale, int8_load(scale + z * INT8_WIDTH));
            int8_store(c_at(p, i) + z * INT8_WIDTH, int8_fma(by, int8_float(sum[i][z]), at));
        }
    }
}

#define FLOATS (RCK_LANES / WIDTH)
#define INTS (RCK_LANES / INT8_WIDTH)

/* Panels side by side for nz groups, so that sums enough are in flight. */
static const int np_most[5] = {0, 8 / FLOATS, 4 / FLOATS, 2, 2 / FLOATS};

/* The shapes that all_pieces() asks for: groups of columns, panels side by side. */
#ifdef __AVX512F__
#define WIDE_SHAPES(X) X(1, 8) X(2, 4) X(4, 2)
#else
#define WIDE_SHAPES(X)
#endif
#define SHAPES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(1, 4) X(2, 2) X(3, 2) WIDE_SHAPES(X)

static void bf16_piece(int np, int nz, const piece *p)
{
    switch (nz * 16 + np) {
#define SHAPE(nz, np)                                                                              \
    case (nz)*16 + (np):                                                                           \
        bf16_body((np), (nz)*FLOATS, p);                                                           \
        return;
        SHAPES(SHAPE)
#undef SHAPE
    default:
        assert(!"a piece of this shape");
    }
}

static void int8_piece(int np, int nz, const piece *p)
{
    switch (nz * 16 + np) {
#define SHAPE(nz, np)                                                                              \
    case (nz)*16 + (np):                                                                           \
        int8_body((np), (nz)*INTS, p);                                                             \
        return;
        SHAPES(SHAPE)
#undef SHAPE
    default:
        assert(!"a piece of this shape");
    }
}

#else

static const int np_most[5] = {0, 1, 1, 1, 1};

static void bf16_piece(int np, int nz, const piece *p)
{
    const rck_lean *g = p->g;
    const uint16_t *b = (const uint16_t *)g->b + p->panel * g->b_panel + 2 * p->column;
    const rc_real *begin = begin_at(p, 0);

    (void)np;
    for (int j = 0; j < nz * RCK_LANES; j++) {
        rc_real sum = begin ? begin[j] : RC_C(0.0);

        for (int64_t k = 0; k < g->K; k++)
            sum = RC_FMA(g->x[k], (rc_real)float_of(b[(k / 2 * g->cols + j) * 2 + k % 2]), sum);
        c_at(p, 0)[j] = sum;
    }
}

static void int8_piece(int np, int nz, const piece *p)
{
    const rck_lean *g = p->g;
    const int8_t *b = (const int8_t *)g->b + p->panel * g->b_panel + 4 * p->column;
    const rc_real *begin = begin_at(p, 0);
    const rc_real *scale = g->scale + p->panel * g->cols + p->column;

    (void)np;
    for (int j = 0; j < nz * RCK_LANES; j++) {
        int32_t sum = 0;

        for (int64_t k = 0; k < g->K; k++)
            sum += g->q[k] * b[(k / 4 * g->cols + j) * 4 + k % 4];
        c_at(p, 0)[j] = RC_FMA(g->x_scale * scale[j], (rc_real)sum, begin ? begin[j] : RC_C(0.0));
    }
}

#endif

static void all_pieces(const rck_lean *g, void (*run)(int np, int nz, const piece *p))
{
    for (int64_t panel = 0; panel < g->panels;) {
        const int cols = panel + 1 < g->panels ? g->cols : g->cols_last;
        const int groups = cols / RCK_LANES, strips = (groups + 3) / 4;
        const int width = strips > 0 ? (groups + strips - 1) / strips : 0;
        const int64_t alike = g->cols == g->cols_last ? g->panels - panel : g->panels - panel - 1;
        const int np =
            width > 0 && groups % width == 0 && np_most[width] <= alike ? np_most[width] : 1;

        for (int z = 0; z < groups; z += width) {
            const piece p = {g, panel, z * RCK_LANES};
            run(np, groups - z < width ? groups - z : width, &p);
        }
        panel += np;
    }
}

void RCK_FN(row_bf16)(const rck_lean *g)
{
    all_pieces(g, bf16_piece);
}

void RCK_FN(row_int8)(const rck_lean *g)
{
    all_pieces(g, int8_piece);
}
