/* tsne.c -- t-SNE: places in a plane whose neighbours are those of points in a larger space.
 *
 * Van der Maaten and Hinton 2008, with all pairs: p_ij is the mean of the chances that i and j have
 * each other for neighbour, q_ij is 1 / (1 + d_ij^2) over the sum of all, and KL(P || Q) falls by
 *
 *   dKL/dy_i = 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + d_ij^2).
 *
 * A worker owns rows of the gradient, and sums over rows are taken in their order, so that the bits
 * are the same for any number of workers.
 */
#include "model/model_in.h"

#include <math.h>

/* ---- neighbours -------------------------------------------------------------------------- */

/* exp(-beta (square - least)) of all but i into p, and the entropy of their shares. */
static double spread(int64_t n, int64_t i, const double *square, double least, double beta,
                     double *p, double *total)
{
    double sum = 0, weighed = 0;

    for (int64_t j = 0; j < n; j++) {
        const double w = j == i ? 0 : exp(-beta * (square[j] - least));

        p[j] = w;
        sum += w;
        weighed += w * (square[j] - least);
    }
    *total = sum;
    return log(sum) + beta * weighed / sum;
}

double rcm_tsne_row(int64_t n, int64_t i, const double *square, double perplexity, double *p)
{
    enum { TRIES = 200 };
    const double want = log(perplexity);
    double least = (double)INFINITY, mean = 0, low = 0, high = (double)INFINITY, total = 1,
           entropy = 0;

    for (int64_t j = 0; j < n; j++)
        if (j != i)
            least = fmin(least, square[j]);
    for (int64_t j = 0; j < n; j++)
        mean += j == i ? 0 : (square[j] - least) / (double)(n - 1);
    double beta = mean > 0 ? 1 / mean : 1;
    for (int t = 0; t < TRIES; t++) {
        entropy = spread(n, i, square, least, beta, p, &total);
        if (fabs(entropy - want) < 1e-10 || !(mean > 0))
            break;
        if (entropy > want)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
    for (int64_t j = 0; j < n; j++)
        p[j] /= total;
    return exp(entropy);
}

/* ---- the descent ------------------------------------------------------------------------- */

/* One row of the sums over pairs: what draws the point, and what drives it off once that is divided
 * by the sum of all totals. */
typedef struct pull {
    rc_place draws, drives;
    double total; /* sum_j 1 / (1 + d_ij^2) */
} pull;

typedef struct mover {
    int64_t n, dim;
    const double *x; /* (n,dim) */
    double perplexity;
    double *square; /* (workers,n) */
    double *p;      /* (n,n) */
    rc_place *at;   /* (n) */
    pull *pull;     /* (n) */
    rc_place *speed, *gain;
} mover;

static double square_between(const double *a, const double *b, int64_t dim)
{
    double sum = 0;

    for (int64_t k = 0; k < dim; k++)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

/* p_j|i into row i. */
static void find_neighbours(const rcb_worker *w, void *ctx)
{
    const mover *m = ctx;
    double *square = m->square + w->id * m->n;
    int64_t lo, hi;

    rcb_share(w, m->n, 1, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        for (int64_t j = 0; j < m->n; j++)
            square[j] = square_between(m->x + i * m->dim, m->x + j * m->dim, m->dim);
        (void)rcm_tsne_row(m->n, i, square, m->perplexity, m->p + i * m->n);
    }
}

static void make_symmetric(double *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i; j < n; j++)
            p[i * n + j] = p[j * n + i] = (p[i * n + j] + p[j * n + i]) / (2 * (double)n);
}

static pull pull_on(const mover *m, int64_t i)
{
    const double *p = m->p + i * m->n;
    const rc_place here = m->at[i];
    pull sum = {.total = -1}; /* its own 1 */

    for (int64_t j = 0; j < m->n; j++) {
        const double dx = here.x - m->at[j].x, dy = here.y - m->at[j].y;
        const double q = 1 / (1 + dx * dx + dy * dy), pq = p[j] * q, qq = q * q;

        sum.total += q;
        sum.draws.x += pq * dx;
        sum.draws.y += pq * dy;
        sum.drives.x += qq * dx;
        sum.drives.y += qq * dy;
    }
    return sum;
}

static void pull_on_worker(const rcb_worker *w, void *ctx)
{
    const mover *m = ctx;
    int64_t lo, hi;

    rcb_share(w, m->n, 1, &lo, &hi);
    for (; lo < hi; lo++)
        m->pull[lo] = pull_on(m, lo);
}

static double total_of(const mover *m)
{
    double total = 0;

    for (int64_t i = 0; i < m->n; i++)
        total += m->pull[i].total;
    return total;
}

/* Jacobs 1988: the rate of a coordinate grows while it goes on in one direction. */
static double move(double slope, double rate, double momentum, double *gain, double *speed)
{
    *gain = slope * *speed < 0 ? *gain + 0.2 : fmax(*gain * 0.8, 0.01);
    *speed = momentum * *speed - rate * *gain * slope;
    return *speed;
}

/* The rate is that of Belkina et al. 2019, n / 12 over the 4 of the gradient. Of 45 to 90 words a
 * least rate of 50, as others have it, ends 1.0 to 2.0 times as high as one of 2. */
static void step(const mover *m, rcb_pool *pool, double attraction, double momentum)
{
    const double n = (double)m->n, rate = fmax(n / 12 / 4, 2);
    rc_place middle = {0, 0};

    rcb_pool_run(pool, rcb_pool_size(pool), pull_on_worker, (void *)(uintptr_t)m);
    const double total = total_of(m);
    for (int64_t i = 0; i < m->n; i++) {
        const pull *f = &m->pull[i];
        rc_place *at = &m->at[i], *speed = &m->speed[i], *gain = &m->gain[i];

        at->x += move(4 * (attraction * f->draws.x - f->drives.x / total), rate, momentum, &gain->x,
                      &speed->x);
        at->y += move(4 * (attraction * f->draws.y - f->drives.y / total), rate, momentum, &gain->y,
                      &speed->y);
        middle.x += at->x / n;
        middle.y += at->y / n;
    }
    for (int64_t i = 0; i < m->n; i++) {
        m->at[i].x -= middle.x;
        m->at[i].y -= middle.y;
    }
}

static double divergence_of(const mover *m, rcb_pool *pool)
{
    double sum = 0;

    rcb_pool_run(pool, rcb_pool_size(pool), pull_on_worker, (void *)(uintptr_t)m);
    const double total = total_of(m);
    for (int64_t i = 0; i < m->n; i++)
        for (int64_t j = 0; j < m->n; j++) {
            const double dx = m->at[i].x - m->at[j].x, dy = m->at[i].y - m->at[j].y;
            const double p = m->p[i * m->n + j];

            if (p > 0)
                sum += p * log(p * total * (1 + dx * dx + dy * dy));
        }
    return sum;
}

static void descend(mover *m, int64_t steps, rcb_pool *pool)
{
    rcb_pool_run(pool, rcb_pool_size(pool), find_neighbours, m);
    make_symmetric(m->p, m->n);
    for (int64_t i = 0; i < m->n; i++) {
        m->speed[i] = (rc_place){0, 0};
        m->gain[i] = (rc_place){1, 1};
    }
    for (int64_t s = 0; s < steps; s++) {
        const bool early = s < steps / 4;

        step(m, pool, early ? 12 : 1, early ? 0.5 : 0.8);
    }
}

rc_status rcm_tsne(int64_t n, int64_t dim, const double *x, double perplexity, int64_t steps,
                   rcb_pool *pool, rc_place *at, double *divergence)
{
    const size_t points = (size_t)n;
    mover m = {.n = n, .dim = dim, .x = x, .perplexity = perplexity, .at = at};
    rc_status s = RC_ENOMEM;

    m.square = rcb_alloc(points, (size_t)rcb_pool_size(pool) * sizeof *m.square);
    m.p = rcb_alloc(points, points * sizeof *m.p);
    m.pull = rcb_alloc(points, sizeof *m.pull);
    m.speed = rcb_alloc(points, sizeof *m.speed);
    m.gain = rcb_alloc(points, sizeof *m.gain);
    if (m.square && m.p && m.pull && m.speed && m.gain) {
        descend(&m, steps, pool);
        *divergence = divergence_of(&m, pool);
        s = RC_OK;
    }
    rcb_free(m.square);
    rcb_free(m.p);
    rcb_free(m.pull);
    rcb_free(m.speed);
    rcb_free(m.gain);
    return s;
}
