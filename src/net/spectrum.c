/* spectrum.c -- what a matrix does to the length of a vector: singular values, and what is left
 * when it is applied over and over, the spectral radius.
 *
 * Plain methods with few lines: one-sided Jacobi rotations (Hestenes 1958), power iteration, and
 * Gelfand's formula by repeated squaring. Sums are in double.
 */
#include "net/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- singular values --------------------------------------------------------------------- */

static double dot(int64_t n, const double *a, const double *b)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Turn rows a and b in their plane until they are orthogonal, where they are not; squares of their
 * lengths in aa and bb. */
static bool rotate(int64_t n, double *a, double *b, double *aa, double *bb)
{
    const double ab = dot(n, a, b);

    if (!(fabs(ab) > 1e-15 * sqrt(*aa) * sqrt(*bb)))
        return false;
    const double zeta = (*bb - *aa) / (2 * ab);
    const double t = (zeta < 0 ? -1 : 1) / (fabs(zeta) + sqrt(1 + zeta * zeta));
    const double c = 1 / sqrt(1 + t * t), s = c * t;

    for (int64_t i = 0; i < n; i++) {
        const double x = a[i];

        a[i] = c * x - s * b[i];
        b[i] = s * x + c * b[i];
    }
    *aa -= t * ab;
    *bb += t * ab;
    if (!(*aa > 0)) /* rounding */
        *aa = dot(n, a, a);
    return true;
}

static int falling(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

void rcn_singular_values(double *a, int64_t rows, int64_t cols, double *out)
{
    enum { SWEEPS = 40 };
    bool turned = true;

    for (int sweep = 0; turned && sweep < SWEEPS; sweep++) {
        turned = false;
        for (int64_t i = 0; i < rows; i++)
            out[i] = dot(cols, a + i * cols, a + i * cols);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t k = i + 1; k < rows; k++)
                turned |= rotate(cols, a + i * cols, a + k * cols, &out[i], &out[k]);
    }
    for (int64_t i = 0; i < rows; i++)
        out[i] = sqrt(dot(cols, a + i * cols, a + i * cols));
    qsort(out, (size_t)rows, sizeof *out, falling);
}

/* ---- the norm ---------------------------------------------------------------------------- */

/* y = a' (a x), both (n); `room` (n). */
static void there_and_back(const rc_real *a, int64_t n, const double *x, double *room, double *y)
{
    for (int64_t i = 0; i < n; i++) {
        room[i] = 0;
        for (int64_t j = 0; j < n; j++)
            room[i] += (double)a[i * n + j] * x[j];
    }
    memset(y, 0, (size_t)n * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            y[j] += (double)a[i * n + j] * room[i];
}

rc_status rcn_spectral_norm(const rc_real *a, int64_t n, double *out)
{
    enum { STEPS = 500 };
    double *x = rcb_alloc((size_t)n * 3, sizeof *x), before = -1, square = 0;

    if (!x)
        return RC_ENOMEM;
    for (int64_t i = 0; i < n; i++) /* not at right angles to anything that is not made for it */
        x[i] = 1 + 0.5 * sin((double)(i * i + 1));
    for (int step = 0; step < STEPS && fabs(square - before) > 1e-10 * square; step++) {
        const double length = sqrt(dot(n, x, x));

        for (int64_t i = 0; i < n && length > 0; i++)
            x[i] /= length;
        there_and_back(a, n, x, x + n, x + 2 * n);
        before = square;
        square = dot(n, x, x + 2 * n);
        memcpy(x, x + 2 * n, (size_t)n * sizeof *x);
    }
    rcb_free(x);
    *out = sqrt(square);
    return RC_OK;
}

/* ---- the radius -------------------------------------------------------------------------- */

/* The largest sum of a row's absolute values: a norm that is 1 for the identity. */
static double row_norm(const rc_real *a, int64_t n)
{
    double most = 0;

    for (int64_t i = 0; i < n; i++) {
        double sum = 0;

        for (int64_t j = 0; j < n; j++)
            sum += fabs((double)a[i * n + j]);
        if (!(sum <= most)) /* NaN stays */
            most = sum;
    }
    return most;
}

static rc_status square(rc_graph *g, rc_real *a, int64_t n)
{
    rc_graph_reset(g);
    rc_var *x = rc_leaf(g, rc_shape_3(1, n, n), a, NULL);

    return rc_var_read(g, rc_bmm(g, x, x), a, n * n);
}

/* The 2^k-th root of the norm of a^(2^k): what the norm is off by is then a factor near 1. */
static rc_status radius(rc_graph *g, rc_real *a, int64_t n, double *out)
{
    enum { SQUARES = 20 };
    double norm = row_norm(a, n), lg = log(norm); /* of a^(2^k) */

    for (int k = 0; k < SQUARES && norm > 0 && isfinite(norm); k++) {
        for (int64_t i = 0; i < n * n; i++)
            a[i] = (rc_real)((double)a[i] / norm);
        RC_TRY(square(g, a, n));
        norm = row_norm(a, n);
        lg = 2 * lg + log(norm);
    }
    *out = isnan(norm) ? norm : exp(ldexp(lg, -SQUARES));
    return RC_OK;
}

rc_status rcn_spectral_radius(const rc_real *a, int64_t n, rcb_pool *pool, double *out)
{
    rc_real *power = rcb_alloc((size_t)(n * n), sizeof *power);
    rc_graph *g = NULL;
    rc_status status = power ? rcg_graph_on(&g, pool, false) : RC_ENOMEM;

    if (status == RC_OK) {
        memcpy(power, a, (size_t)(n * n) * sizeof *power);
        status = radius(g, power, n, out);
    }
    rc_graph_free(g);
    rcb_free(power);
    return status;
}
