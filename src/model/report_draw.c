/* report_draw.c -- chance in reports: the resamples of a bootstrap (Efron 1979), the coins of a
 * randomisation test (Noreen 1989), what lies between two percentiles, and McNemar's exact test.
 *
 * Draws are functions of a key and a number, never of an order. Promises the same ones on every
 * machine.
 */
#define _DEFAULT_SOURCE /* lgamma_r */
#include "model/report_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 53 of 64 bits as a place in 0 .. n-1. */
static int64_t place_of(uint32_t low, uint32_t high, int64_t n)
{
    const uint64_t bits = (uint64_t)high << 32 | low;

    return (int64_t)((double)(bits >> 11) * 0x1p-53 * (double)n);
}

void rcm_draw_times(rcb_key key, int64_t number, int64_t n, int32_t *times)
{
    uint32_t w[4];

    memset(times, 0, (size_t)n * sizeof *times);
    for (int64_t i = 0; i < n; i += 2) {
        rcb_draw(key, (uint64_t)i, (uint64_t)number, w);
        times[place_of(w[0], w[1], n)]++;
        if (i + 1 < n)
            times[place_of(w[2], w[3], n)]++;
    }
}

void rcm_draw_coins(rcb_key key, int64_t number, int64_t n, int32_t *coin)
{
    uint32_t w[4] = {0};

    for (int64_t i = 0; i < n; i++) {
        if (i % 128 == 0)
            rcb_draw(key, (uint64_t)i, (uint64_t)number, w);
        coin[i] = w[i / 32 % 4] >> (i % 32) & 1;
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Between two values of a sorted sample, as by default in R and NumPy. */
static double quantile(const double *x, int64_t n, double share)
{
    const double at = share * (double)(n - 1);
    const int64_t i = (int64_t)at, next = i + 1 < n ? i + 1 : i;

    return x[i] + (at - (double)i) * (x[next] - x[i]);
}

void rcm_bounds(double *x, int64_t n, double level, rc_bounded *out)
{
    if (n == 0)
        return;
    qsort(x, (size_t)n, sizeof *x, by_size);
    out->lo = quantile(x, n, 0.5 - level / 2);
    out->hi = quantile(x, n, 0.5 + level / 2);
}

/* 2 P(X <= k) for X of n = a + b coins and k the lesser of a and b; from its largest term down. */
double rcm_even_test(int64_t a, int64_t b)
{
    const double n = (double)(a + b), k = (double)(a < b ? a : b);
    int sign;
    double term = exp(lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) - lgamma_r(n - k + 1, &sign) -
                      n * log(2));
    double sum = term;

    for (double i = k; i > 0 && term > sum * 1e-18; i--) {
        term *= i / (n - i + 1);
        sum += term;
    }
    return fmin(1, 2 * sum);
}
