/* student.c -- what a few numbers say of the many they are drawn from: the interval that holds
 * their mean, and whether two means differ, by Student's distribution.
 *
 * The distribution is an incomplete beta function: P(|T| > t) = I_x(df/2, 1/2) at x = df / (df +
 * t^2), by its continued fraction (Lentz's way, Numerical Recipes 6.4). Two samples are compared as
 * Welch did, whose variances need not be equal: t = d / sqrt(va/na + vb/nb), with the degrees of
 * freedom of Welch and Satterthwaite.
 */
#define _DEFAULT_SOURCE /* lgamma_r */
#include "base/base.h"

#include <float.h>
#include <math.h>

/* ---- the distribution -------------------------------------------------------------------- */

static double log_gamma(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

static double away_from_zero(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* The continued fraction of I_x(a,b); it converges fast below (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x)
{
    double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), f = d;

    for (int i = 1; i < 10000; i++) {
        const double m = i;
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        f *= c * d;
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        f *= c * d;
        if (fabs(c * d - 1) < 4 * DBL_EPSILON)
            break;
    }
    return f;
}

/* I_x(a,b), 0 <= x <= 1; y is 1 - x, given for itself so that nothing of it is lost. */
static double beta(double a, double b, double x, double y)
{
    if (x <= 0 || y <= 0)
        return x <= 0 ? 0 : 1;
    const double front =
        exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(y));

    return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a
                                     : 1 - front * fraction(b, a, y) / b;
}

/* P(|T| > t) with df degrees of freedom. */
static double tails(double t, double df)
{
    const double all = df + t * t;

    return isinf(all) ? 0 : beta(df / 2, 0.5, df / all, t * t / all);
}

/* The t beyond which, on both sides, lies `share` of the distribution. */
static double quantile(double share, double df)
{
    double lo = 0, hi = 1;

    while (tails(hi, df) > share && hi < 1e300)
        hi *= 2;
    for (int i = 0; i < 200; i++) {
        const double middle = 0.5 * (lo + hi);

        *(tails(middle, df) > share ? &lo : &hi) = middle;
    }
    return 0.5 * (lo + hi);
}

/* ---- samples ----------------------------------------------------------------------------- */

/* By differences, so that equal numbers have their own value as their mean, and no spread. */
static double mean_of(rc_sample s)
{
    double sum = 0;

    for (int64_t i = 0; i < s.n; i++)
        sum += s.x[i] - s.x[0];
    return s.n > 0 ? s.x[0] + sum / (double)s.n : (double)NAN;
}

/* The square of the standard error of the mean: the unbiased variance over n. */
static double error_squared(rc_sample s, double mean)
{
    double sum = 0;

    for (int64_t i = 0; i < s.n; i++)
        sum += (s.x[i] - mean) * (s.x[i] - mean);
    return s.n > 1 ? sum / (double)(s.n - 1) / (double)s.n : (double)NAN;
}

rc_interval rc_sample_mean(rc_sample s, double level)
{
    const double mean = mean_of(s), error = sqrt(error_squared(s, mean));
    rc_interval out = {mean, (double)NAN, (double)NAN};

    if (isfinite(error) && level > 0 && level < 1) {
        const double by = error * quantile(1 - level, (double)(s.n - 1));

        out.lo = mean - by;
        out.hi = mean + by;
    }
    return out;
}

rc_welch rc_sample_welch(rc_sample a, rc_sample b)
{
    const double x = mean_of(a), y = mean_of(b);
    const double u = error_squared(a, x), v = error_squared(b, y);
    rc_welch out = {x - y, (double)NAN, (double)NAN, (double)NAN};

    if (isfinite(u + v) && u + v > 0) {
        const double f = u / (u + v), g = v / (u + v);

        out.df = 1 / (f * f / (double)(a.n - 1) + g * g / (double)(b.n - 1));
        out.t = out.difference / sqrt(u + v);
        out.p = tails(fabs(out.t), out.df);
    }
    return out;
}
