/* pack.c -- between logical matrices and panels, the transposed panels, and A^T as a left operand.
 *
 * All but pack_t are made of transposes of 16 x 16 blocks: in registers where the set has them,
 * otherwise and at the edges in a plain loop. The transpose of a large weight is written past the
 * caches, which it would leave again before it is used: a line is then not read to be overwritten.
 * Reals are moved, never changed.
 */
#include "kernel/table_in.h"

#include <string.h>

#if defined(__AVX2__) && !defined(RC_DOUBLE)
#include <immintrin.h>
#endif

enum { NEAR = 128 * 1024 }; /* reals of a weight that may still be in the cache at its next use */

/* One unit group of one gate in a panel. */
typedef struct group {
    int64_t row;    /* logical row of its first unit */
    int64_t column; /* offset in the packed weight: panel start + column */
    int units;      /* units that exist, 0..16 */
} group;

static group group_of(const rck_panel *p, int64_t panel, int unit_group, int gate)
{
    const int64_t first = panel * p->span + unit_group * RCK_LANES;
    const int64_t left = p->units - first < 0 ? 0 : p->units - first;

    return (group){
        .row = gate * p->units + first,
        .column = panel * p->K * p->cols + (unit_group * p->gates + gate) * RCK_LANES,
        .units = left < RCK_LANES ? (int)left : RCK_LANES,
    };
}

/* dst(j,i) = src(i,j), i < m, j < n; the other columns of dst up to 16 become 0 when `pad`. */
static void transpose_part(int m, int n, const rc_real *src, int64_t ld, rc_real *dst, int64_t ldd,
                           bool pad)
{
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < m; i++)
            dst[j * ldd + i] = src[i * ld + j];
        for (int i = m; pad && i < RCK_LANES; i++)
            dst[j * ldd + i] = RC_C(0.0);
    }
}

#if defined(__AVX512F__) && !defined(RC_DOUBLE)

RC_INLINE void store_line(float *dst, __m512 x, const bool past)
{
    if (past)
        _mm512_stream_ps(dst, x);
    else
        _mm512_storeu_ps(dst, x);
}

/* dst(j,i) = src(i,j), 16 x 16. In four rounds: pairs of reals, pairs of pairs, then quarters.
 * `past` the caches: dst and ldd are whole lines. */
RC_INLINE void transpose_lines(const float *src, int64_t ld, float *dst, int64_t ldd,
                               const bool past)
{
    __m512 a[16];
    __m512 b[16];

    RC_UNROLL
    for (int i = 0; i < 16; i++)
        a[i] = _mm512_loadu_ps(src + i * ld);
    RC_UNROLL
    for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    RC_UNROLL
    for (int i = 0; i < 16; i += 4) {
        for (int h = 0; h < 2; h++) {
            const __m512d lo = _mm512_castps_pd(b[i + h]);
            const __m512d hi = _mm512_castps_pd(b[i + h + 2]);

            a[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(lo, hi));
            a[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(lo, hi));
        }
    }
    RC_UNROLL
    for (int i = 0; i < 4; i++) {
        b[i] = _mm512_shuffle_f32x4(a[i], a[i + 4], 0x88);
        b[i + 4] = _mm512_shuffle_f32x4(a[i], a[i + 4], 0xDD);
        b[i + 8] = _mm512_shuffle_f32x4(a[i + 8], a[i + 12], 0x88);
        b[i + 12] = _mm512_shuffle_f32x4(a[i + 8], a[i + 12], 0xDD);
    }
    RC_UNROLL
    for (int i = 0; i < 8; i++) {
        store_line(dst + i * ldd, _mm512_shuffle_f32x4(b[i], b[i + 8], 0x88), past);
        store_line(dst + (i + 8) * ldd, _mm512_shuffle_f32x4(b[i], b[i + 8], 0xDD), past);
    }
}

static void transpose_block(const float *src, int64_t ld, float *dst, int64_t ldd)
{
    transpose_lines(src, ld, dst, ldd, false);
}

static void transpose_past(const float *src, int64_t ld, float *dst, int64_t ldd)
{
    transpose_lines(src, ld, dst, ldd, true);
}

#elif defined(__AVX2__) && !defined(RC_DOUBLE)

/* dst(j,i) = src(i,j), 8 x 8: pairs of reals, pairs of pairs, then halves. */
static void transpose_quarter(const float *src, int64_t ld, float *dst, int64_t ldd)
{
    __m256 a[8];
    __m256 b[8];

    RC_UNROLL
    for (int i = 0; i < 8; i++)
        a[i] = _mm256_loadu_ps(src + i * ld);
    RC_UNROLL
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    RC_UNROLL
    for (int i = 0; i < 8; i += 4) {
        for (int h = 0; h < 2; h++) {
            a[i + 2 * h] = _mm256_shuffle_ps(b[i + h], b[i + h + 2], 0x44);
            a[i + 2 * h + 1] = _mm256_shuffle_ps(b[i + h], b[i + h + 2], 0xEE);
        }
    }
    RC_UNROLL
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(dst + i * ldd, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
        _mm256_storeu_ps(dst + (i + 4) * ldd, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
    }
}

static void transpose_block(const float *src, int64_t ld, float *dst, int64_t ldd)
{
    transpose_quarter(src, ld, dst, ldd);
    transpose_quarter(src + 8, ld, dst + 8 * ldd, ldd);
    transpose_quarter(src + 8 * ld, ld, dst + 8, ldd);
    transpose_quarter(src + 8 * ld + 8, ld, dst + 8 * ldd + 8, ldd);
}

/* The same past the caches, where dst and ldd are whole lines: two halves of a line at once. */
static void transpose_past(const float *src, int64_t ld, float *dst, int64_t ldd)
{
    float line[RCK_LANES * RCK_LANES];

    transpose_block(src, ld, line, RCK_LANES);
    for (int i = 0; i < RCK_LANES; i++) {
        _mm256_stream_ps(dst + i * ldd, _mm256_loadu_ps(line + i * RCK_LANES));
        _mm256_stream_ps(dst + i * ldd + 8, _mm256_loadu_ps(line + i * RCK_LANES + 8));
    }
}

#else

static void transpose_block(const rc_real *src, int64_t ld, rc_real *dst, int64_t ldd)
{
    transpose_part(RCK_LANES, RCK_LANES, src, ld, dst, ldd, false);
}

static void transpose_past(const rc_real *src, int64_t ld, rc_real *dst, int64_t ldd)
{
    transpose_block(src, ld, dst, ldd);
}

#endif

/* What was written past the caches is seen by whoever sees what is written later. */
static void end_past(void)
{
#if defined(__AVX2__) && !defined(RC_DOUBLE)
    _mm_sfence();
#endif
}

/* The 16 columns of a group from its logical rows. */
static void pack_group(const rck_panel *p, group u, const rc_real *src, int64_t ld, rc_real *dst)
{
    int64_t k = 0;

    src += u.row * ld;
    dst += u.column;
    for (; u.units == RCK_LANES && k + RCK_LANES <= p->K; k += RCK_LANES)
        transpose_block(src + k, ld, dst + k * p->cols, p->cols);
    for (; k < p->K; k++)
        transpose_part(u.units, 1, src + k, ld, dst + k * p->cols, p->cols, true);
}

static void unpack_group(const rck_panel *p, group u, const rc_real *src, rc_real *dst, int64_t ld)
{
    int64_t k = 0;

    src += u.column;
    dst += u.row * ld;
    for (; u.units == RCK_LANES && k + RCK_LANES <= p->K; k += RCK_LANES)
        transpose_block(src + k * p->cols, p->cols, dst + k, ld);
    for (; k < p->K; k++)
        transpose_part(1, u.units, src + k * p->cols, p->cols, dst + k, ld, false);
}

void RCK_FN(pack)(const rck_panel *p, const rc_real *src, int64_t ld, rc_real *dst, int64_t p0,
                  int64_t p1)
{
    for (int64_t panel = p0; panel < p1; panel++)
        for (int g = 0; g < p->span / RCK_LANES; g++)
            for (int gate = 0; gate < p->gates; gate++)
                pack_group(p, group_of(p, panel, g, gate), src, ld, dst);
}

void RCK_FN(unpack)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t ld)
{
    for (int64_t panel = 0; panel < p->count; panel++)
        for (int g = 0; g < p->span / RCK_LANES; g++)
            for (int gate = 0; gate < p->gates; gate++)
                unpack_group(p, group_of(p, panel, g, gate), src, dst, ld);
}

/* Sixteen rows of a transposed panel: `span` columns from as many inputs, of which n are left. */
static void transpose_rows(const rck_panel *p, int64_t n, const rc_real *src, rc_real *dst,
                           int span, bool past)
{
    for (int z = 0; z < span; z += RCK_LANES, n -= RCK_LANES) {
        const rc_real *block = src + z * p->cols;

        if (n < RCK_LANES)
            transpose_part(n > 0 ? (int)n : 0, RCK_LANES, block, p->cols, dst + z, span, true);
        else if (past)
            transpose_past(block, p->cols, dst + z, span);
        else
            transpose_block(block, p->cols, dst + z, span);
    }
}

void RCK_FN(transpose)(const rck_panel *p, const rc_real *src, rc_real *dst, int64_t p0, int64_t p1)
{
    const rck_panel t = rck_panel_t(p);
    const bool past = p->count * p->K * p->cols >= NEAR && (uintptr_t)dst % 64 == 0;

    for (int64_t panel = p0; panel < p1; panel++)
        for (int64_t q = 0; q < t.count; q++) {
            const int64_t left = p->K - q * t.span;
            const rc_real *from = src + (panel * p->K + q * t.span) * p->cols;
            rc_real *to = dst + (q * t.K + panel * p->cols) * t.span;
            const int used = panel + 1 < p->count ? p->cols : p->last;

            for (int c = 0; c < used; c += RCK_LANES)
                transpose_rows(p, left, from + c, to + c * t.span, t.span, past);
            for (int64_t i = used * t.span; i < p->cols * t.span; i++)
                to[i] = RC_C(0.0);
        }
    if (past)
        end_past();
}

void RCK_FN(transpose_pairs)(const rck_panel *p, const rc_real *src, uint16_t *dst, int64_t p0,
                             int64_t p1)
{
    const rck_panel t = rck_panel_t(p);
    rc_real rows[RCK_LANES * 64]; /* sixteen of a transposed panel */

    for (int64_t panel = p0; panel < p1; panel++)
        for (int64_t q = 0; q < t.count; q++)
            for (int c = 0; c < p->cols; c += RCK_LANES) {
                const rc_real *from = src + (panel * p->K + q * t.span) * p->cols + c;
                const int64_t row = q * t.K + panel * p->cols + c;

                /* columns of a last panel that are not computed are zeros, as they are in src */
                transpose_rows(p, p->K - q * t.span, from, rows, t.span, false);
                RCK_FN(pair)(RCK_LANES, t.span, rows, t.span, dst + row * t.span, t.span);
            }
}

void RCK_FN(pack_t)(int64_t n, const rc_real *x, int64_t ld, int64_t m0, int64_t m1, int64_t N,
                    int64_t row, rc_real *dst)
{
    int64_t m = m0;

    for (; m + RCK_MB <= m1; m += RCK_MB)
        for (int64_t i = 0; i < n; i++)
            memcpy(dst + m * N + (row + i) * RCK_MB, x + i * ld + m, RCK_MB * sizeof *x);
    for (int64_t i = 0; m < m1 && i < n; i++)
        for (int64_t j = 0; j < RCK_MB; j++)
            dst[m * N + (row + i) * RCK_MB + j] = m + j < m1 ? x[i * ld + m + j] : RC_C(0.0);
}
