/* vmath.h -- exp, log, tanh and sigmoid of one real, free of branches and calls, so that a loop
 * over them becomes vector code on any instruction set. Lent to the cell room.
 *
 * In float the error is at most 4 ulp over the whole range (tests/kernel/vmath_test.c measures it).
 * NaN stays NaN; exp goes to infinity and to 0 where it should; results that would be denormal may
 * be 0. avx2 and avx512 give the same bits, since every step is one rounded operation and
 * RC_FMA is a true one there. In the double build libm answers.
 *
 *   exp      x = n ln2 + r, |r| <= ln2/2:  2^n (1 + r + r^2 q(r)), q of degree 4 (minimax, 3e-9)
 *   log      x = 2^n (1 + f), sqrt(1/2) <= 1 + f < sqrt(2):  n ln2 + f - f^2/2 + f^3 q(f), degree 8
 *   tanh     sign(x) a / (a + 2), a = exp(2|x|) - 1 from the same r and q, exact near 0
 *   sigmoid  1 / (1 + exp(-x))
 */
#ifndef RCK_VMATH_H
#define RCK_VMATH_H

#include "kernel/isa.h"

#include <string.h>

#ifdef RC_DOUBLE

static inline rc_real vroot(rc_real x)
{
    return sqrt(x);
}

static inline rc_real vexp(rc_real x)
{
    return exp(x);
}

static inline rc_real vlog(rc_real x)
{
    return log(x);
}

static inline rc_real vtanh(rc_real x)
{
    return tanh(x);
}

static inline rc_real vsigmoid(rc_real x)
{
    return 1.0 / (1.0 + exp(-x));
}

#else

RC_INLINE int32_t rck_bits(float x)
{
    int32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

RC_INLINE float rck_float(int32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Adding and taking away 1.5 * 2^23 rounds to an integer, which then lies in the low bits. */
#define RCK_ROUND 12582912.0f
#define RCK_ROUND_BITS 0x4B400000

/* x = n ln2 + r. Returns r; *n_bits is rck_bits(n + RCK_ROUND). */
RC_INLINE float rck_exp_reduce(float x, int32_t *n_bits)
{
    const float shifted = RC_FMA(x, 1.44269504f, RCK_ROUND);
    const float n = shifted - RCK_ROUND;

    *n_bits = rck_bits(shifted);
    return RC_FMA(n, 2.12194440e-4f, RC_FMA(n, -0.693359375f, x));
}

/* e^r - 1 for |r| <= ln2/2, with small relative error down to r = 0. */
RC_INLINE float rck_exp_poly(float r)
{
    float q = RC_FMA(1.381459986e-3f, r, 8.368715411e-3f);

    q = RC_FMA(q, r, 4.1668387930e-2f);
    q = RC_FMA(q, r, 1.6666520643e-1f);
    q = RC_FMA(q, r, 4.9999993448e-1f);
    return RC_FMA(q, r * r, r);
}

/* 2^n for -126 <= n <= 127, infinity for 128. */
RC_INLINE float rck_exp_scale(int32_t n_bits)
{
    return rck_float((int32_t)((uint32_t)(n_bits - RCK_ROUND_BITS + 127) << 23));
}

static inline float vroot(float x)
{
    return sqrtf(x);
}

static inline float vexp(float x)
{
    int32_t n_bits;

    x = 89.0f < x ? 89.0f : x;
    x = -104.0f > x ? -104.0f : x;
    const float r = rck_exp_reduce(x, &n_bits);
    const float y = 1.0f + rck_exp_poly(r);
    const int32_t n = n_bits - RCK_ROUND_BITS;

    /* 2^n in two factors: the ends of the range are out of reach of one. */
    const int32_t half = n >> 1;

    return y * rck_float((int32_t)((uint32_t)(half + 127) << 23)) *
           rck_float((int32_t)((uint32_t)(n - half + 127) << 23));
}

static inline float vsigmoid(float x)
{
    int32_t n_bits;
    float m = -x;

    m = 89.0f < m ? 89.0f : m; /* 2^128 is infinity, and the answer 0 */
    m = -87.0f > m ? -87.0f : m;
    const float r = rck_exp_reduce(m, &n_bits);
    const float s = rck_exp_scale(n_bits);

    return 1.0f / (1.0f + s * (1.0f + rck_exp_poly(r))); /* s may be infinite: no s p + s */
}

static inline float vtanh(float x)
{
    int32_t n_bits;
    float m = 2.0f * fabsf(x);

    m = 24.0f < m ? 24.0f : m;
    const float r = rck_exp_reduce(m, &n_bits);
    const float s = rck_exp_scale(n_bits);
    const float a = RC_FMA(s, rck_exp_poly(r), s - 1.0f);

    return copysignf(a / (a + 2.0f), x);
}

static inline float vlog(float x)
{
    const float small = x < 1.17549435e-38f ? 8388608.0f : 1.0f; /* denormal: 2^23 up, 23 down */
    const int32_t bits = rck_bits(x * small);
    const uint32_t n_bits = ((uint32_t)bits - 0x3F3504F3u) & 0xFF800000u; /* n << 23 */
    const float f = rck_float((int32_t)((uint32_t)bits - n_bits)) - 1.0f;
    const float n = (float)((int32_t)n_bits >> 23) - (small > 1.0f ? 23.0f : 0.0f);
    const float f2 = f * f;
    float q = RC_FMA(6.746601333e-2f, f, -1.167564130668e-1f);

    q = RC_FMA(q, f, 1.1888174597904e-1f);
    q = RC_FMA(q, f, -1.2405591416584e-1f);
    q = RC_FMA(q, f, 1.4219550908202e-1f);
    q = RC_FMA(q, f, -1.6667995667120e-1f);
    q = RC_FMA(q, f, 2.0002118732206e-1f);
    q = RC_FMA(q, f, -2.5000009603654e-1f);
    q = RC_FMA(q, f, 3.3333312602803e-1f);
    float y = RC_FMA(n, -2.12194440e-4f, q * f * f2);

    y = RC_FMA(-0.5f, f2, y);
    y = RC_FMA(n, 0.693359375f, f + y);
    y = x == 0.0f ? -INFINITY : y;
    y = x < INFINITY ? y : x; /* infinity and NaN */
    return x < 0.0f ? NAN : y;
}

#endif
#endif
