/* peak.c -- the yardstick: multiply-adds in registers alone, as many as the set can do.
 *
 * What a product reaches is told as a share of this. Enough independent sums are in flight that
 * neither latency nor memory holds anything up; intrinsics, because not every compiler keeps arrays
 * of lanes in registers here.
 */
#include "kernel/table_in.h"

#if defined(__AVX512F__) && !defined(RC_DOUBLE)

#include <immintrin.h>

enum { WIDTH = 16, SUMS = 16 };
typedef __m512 vec;
#define vec_set _mm512_set1_ps
#define vec_step _mm512_fmadd_ps
#define vec_store _mm512_storeu_ps

#elif defined(__AVX2__) && !defined(RC_DOUBLE)

#include <immintrin.h>

enum { WIDTH = 8, SUMS = 12 };
typedef __m256 vec;
#define vec_set _mm256_set1_ps
#define vec_step _mm256_fmadd_ps
#define vec_store _mm256_storeu_ps

#else

enum { WIDTH = 4, SUMS = 12 }; /* registers of 16 bytes: the least that x86-64 and ARM64 have */
typedef struct vec {
    rc_real lane[WIDTH];
} vec;

RC_INLINE vec vec_set(rc_real x)
{
    return (vec){{x, x, x, x}};
}

RC_INLINE vec vec_step(vec s, vec a, vec b)
{
    for (int j = 0; j < WIDTH; j++)
        s.lane[j] = RC_FMA(s.lane[j], a.lane[j], b.lane[j]);
    return s;
}

RC_INLINE void vec_store(rc_real *to, vec s)
{
    for (int j = 0; j < WIDTH; j++)
        to[j] = s.lane[j];
}

#endif

/* Sum i begins at i, so that no two are the same work; s = s / 2 + 1 in every round. */
double RCK_FN(peak)(int64_t rounds, rc_real *out)
{
    const vec half = vec_set(RC_C(0.5)), one = vec_set(RC_C(1.0));
    vec sum[SUMS];
    rc_real lanes[WIDTH];

    RC_UNROLL
    for (int i = 0; i < SUMS; i++)
        sum[i] = vec_set((rc_real)i);
    for (int64_t k = 0; k < rounds; k++) {
        RC_UNROLL
        for (int i = 0; i < SUMS; i++)
            sum[i] = vec_step(sum[i], half, one);
    }
    *out = 0;
    RC_UNROLL
    for (int i = 0; i < SUMS; i++) {
        vec_store(lanes, sum[i]);
        for (int j = 0; j < WIDTH; j++)
            *out += lanes[j] / (WIDTH * SUMS);
    }
    return 2.0 * WIDTH * SUMS * (double)rounds;
}
