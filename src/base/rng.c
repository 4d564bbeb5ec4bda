/* rng.c -- numbers drawn from (seed, stream name, counter), the same on every machine.
 *
 * Built on rcb_philox() of base.h. The normal distribution needs a logarithm and a cosine; they
 * are written out here with nothing but + - * / and sqrt, which IEEE 754 rounds in one way only,
 * because the C library's differ in the last bit from machine to machine.
 */
#include "base/base.h"

#include <math.h>

/* Stafford's mix 13, the output function of splitmix64: every input bit moves every output bit. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* key = mix(mix(seed + 0x9E3779B97F4A7C15) ^ FNV-1a-64(name)), low word first. */
rcb_key rcb_stream(uint64_t seed, const char *name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);

    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001B3);

    const uint64_t key = mix(mix(seed + UINT64_C(0x9E3779B97F4A7C15)) ^ hash);

    return (rcb_key){{(uint32_t)key, (uint32_t)(key >> 32)}};
}

void rcb_draw(rcb_key key, uint64_t counter, uint64_t second, uint32_t out[4])
{
    const uint32_t ctr[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)second,
                             (uint32_t)(second >> 32)};

    rcb_philox(key, ctr, out);
}

static uint64_t join(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

/* The top 53 bits of 64 as a number in [0, 1). */
static double fraction(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double rcb_uniform(rcb_key key, uint64_t counter)
{
    uint32_t w[4];

    rcb_draw(key, counter, 0, w);
    return fraction(join(w[0], w[1]));
}

/* ln x for normal x > 0, error below 1 ulp (the method and coefficients of FreeBSD's e_log.c):
 * x = 2^k (1 + f), sqrt(1/2) < 1 + f < sqrt(2); with s = f / (2 + f),
 * ln(1 + f) = 2 s + 2/3 s^3 + ... = f - s (f - R(s^2)). */
static double natural_log(double x)
{
    static const double ln2_high = 6.93147180369123816490e-01; /* k * ln2_high is exact */
    static const double ln2_low = 1.90821492927058770002e-10;
    static const double c[7] = {6.666666666666735130e-01, 3.999999999940941908e-01,
                                2.857142874366239149e-01, 2.222219843214978396e-01,
                                1.818357216161805012e-01, 1.531383769920937332e-01,
                                1.479819860511658591e-01};
    int exponent;
    double m = frexp(x, &exponent); /* [1/2, 1) */

    if (m < 0.70710678118654752440) {
        m *= 2;
        exponent--;
    }

    const double f = m - 1;
    const double k = exponent;
    const double s = f / (2 + f);
    const double z = s * s;
    const double w = z * z;
    const double even = w * (c[1] + w * (c[3] + w * c[5]));
    const double odd = z * (c[0] + w * (c[2] + w * (c[4] + w * c[6])));
    const double half = 0.5 * f * f;

    return k * ln2_high - ((half - (s * (half + (even + odd)) + k * ln2_low)) - f);
}

/* c[0] + z (c[1] + z (c[2] + ... c[5])) */
static double polynomial(const double c[6], double z)
{
    return c[0] + z * (c[1] + z * (c[2] + z * (c[3] + z * (c[4] + z * c[5]))));
}

/* cos(2 pi u) for u in [0, 1): the turn is cut into quarters around 0, 1/4, 1/2, 3/4 (exactly),
 * what is left lies in [-pi/4, pi/4] (coefficients of FreeBSD's k_cos.c and k_sin.c). */
static double cos_turn(double u)
{
    static const double pi2 = 6.28318530717958647692;
    static const double sine[6] = {-1.66666666666666324348e-01, 8.33333333332248946124e-03,
                                   -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                                   -2.50507602534068634195e-08, 1.58969099521155010221e-10};
    static const double cosine[6] = {4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                     2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                     2.08757232129817482790e-09, -1.13596475577881948265e-11};
    const int quarter = (int)(4 * u + 0.5);
    const double a = (u - 0.25 * quarter) * pi2;
    const double z = a * a;
    const double s = a + a * z * polynomial(sine, z);
    const double c = 1 - (0.5 * z - z * z * polynomial(cosine, z));

    switch (quarter & 3) {
    case 0:
        return c;
    case 1:
        return -s;
    case 2:
        return -c;
    default:
        return s;
    }
}

/* Box and Muller: sqrt(-2 ln u) cos(2 pi v), u in (0, 1]. */
double rcb_normal(rcb_key key, uint64_t counter)
{
    uint32_t w[4];

    rcb_draw(key, counter, 0, w);

    const double u = fraction(join(w[0], w[1])) + 0x1p-53;
    const double v = fraction(join(w[2], w[3]));

    return sqrt(-2 * natural_log(u)) * cos_turn(v);
}
