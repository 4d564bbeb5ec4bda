/* project.c -- word vectors in a plane: principal components, and where t-SNE begins.
 *
 * The axes come from the smaller of two symmetric matrices, of dot products between words or of the
 * numbers' covariances, whose rows are turned until they are orthogonal (rcn_singular_values). All
 * of it in double, in one order, by one thread; t-SNE is in tsne.c.
 */
#include "model/model_in.h"

#include <math.h>
#include <string.h>

enum { AXES = 2, LEAST_WORDS = 3, TSNE_LEAST_WORDS = 4 };

typedef struct cloud {
    int64_t n, dim;
    double *x;       /* (n,dim) around their mean */
    double variance; /* sum of all squares */
} cloud;

rc_project_options rc_project_options_default(void)
{
    return (rc_project_options){.method = "pca", .steps = 1000};
}

/* ---- what is asked ----------------------------------------------------------------------- */

static bool is_tsne(const rc_project_options *o)
{
    return rcm_list_index("projections", o->method) == RCM_TSNE;
}

static rc_status check_tsne(int64_t n, const rc_project_options *o, double *perplexity)
{
    const double most = (double)(n - 1) / 3;

    if (n < TSNE_LEAST_WORDS || n > RC_TSNE_MOST)
        return RC_FAIL(RC_EINVAL, "t-SNE of %" PRId64 " words: from %d to %d are possible", n,
                       TSNE_LEAST_WORDS, RC_TSNE_MOST);
    if (o->steps < 1)
        return RC_FAIL(RC_EINVAL, "t-SNE of %" PRId64 " steps: there must be one", o->steps);
    *perplexity = o->perplexity == 0 ? fmin(30, most) : o->perplexity;
    if (!(*perplexity >= 1 && *perplexity <= most))
        return RC_FAIL(RC_EINVAL,
                       "perplexity %g of %" PRId64 " words: it must be from 1 to %.4g, a third of"
                       " the others",
                       o->perplexity, n, most);
    return RC_OK;
}

static rc_status check(int64_t n, const rc_project_options *o, double *perplexity)
{
    *perplexity = (double)NAN;
    RC_TRY(rcm_list_check(rcm_list, "projections", "method", o->method));
    if (is_tsne(o))
        return check_tsne(n, o, perplexity);
    return n >= LEAST_WORDS
               ? RC_OK
               : RC_FAIL(RC_EINVAL, "a picture of %" PRId64 " words: it needs %d", n, LEAST_WORDS);
}

/* ---- the vectors ------------------------------------------------------------------------- */

static rc_status read_row(const rc_vectors *v, int64_t word, bool unit, int64_t dim, rc_real *room,
                          double *x)
{
    double square = 0;

    RC_TRY(rc_vectors_read(v, word, room));
    for (int64_t k = 0; k < dim; k++) {
        x[k] = (double)room[k];
        square += x[k] * x[k];
    }
    if (!isfinite(square)) {
        size_t n;
        const char *p = rc_vectors_word(v, word, &n);

        return RC_FAIL(RC_EDATA, "the vector of '%.*s' is not finite", (int)n, p);
    }
    for (int64_t k = 0; unit && square > 0 && k < dim; k++)
        x[k] /= sqrt(square);
    return RC_OK;
}

/* Move the mean to the origin. Vectors that differ by rounding alone are the same. */
static rc_status centre(cloud *c)
{
    double before = 0;

    for (int64_t k = 0; k < c->dim; k++) {
        double mean = 0;

        for (int64_t i = 0; i < c->n; i++) {
            mean += c->x[i * c->dim + k] / (double)c->n;
            before += c->x[i * c->dim + k] * c->x[i * c->dim + k];
        }
        for (int64_t i = 0; i < c->n; i++) {
            c->x[i * c->dim + k] -= mean;
            c->variance += c->x[i * c->dim + k] * c->x[i * c->dim + k];
        }
    }
    if (!(c->variance > 1e-24 * before))
        return RC_FAIL(RC_EDATA, "the vectors of the %" PRId64 " words are all the same", c->n);
    return RC_OK;
}

static rc_status read_cloud(cloud *c, const rc_vectors *v, const int64_t *word, bool unit)
{
    rc_real *room = rcb_alloc((size_t)c->dim, sizeof *room);
    rc_status s;

    c->x = rcb_alloc((size_t)c->n, (size_t)c->dim * sizeof *c->x);
    s = room && c->x ? RC_OK : RC_ENOMEM;
    for (int64_t i = 0; s == RC_OK && i < c->n; i++)
        s = read_row(v, word[i], unit, c->dim, room, c->x + i * c->dim);
    rcb_free(room);
    return s == RC_OK ? centre(c) : s;
}

/* ---- principal components ---------------------------------------------------------------- */

static double dot(int64_t n, const double *a, const double *b)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Dot products between words, (n,n), or where there are more words than numbers their covariances,
 * (dim,dim). */
static void multiply(const cloud *c, bool words, double *a)
{
    const int64_t m = words ? c->n : c->dim;

    memset(a, 0, (size_t)m * (size_t)m * sizeof *a);
    for (int64_t i = 0; words && i < m; i++)
        for (int64_t k = i; k < m; k++)
            a[i * m + k] = dot(c->dim, c->x + i * c->dim, c->x + k * c->dim);
    for (int64_t w = 0; !words && w < c->n; w++) {
        const double *x = c->x + w * c->dim;

        for (int64_t i = 0; i < m; i++)
            for (int64_t k = i; k < m; k++)
                a[i * m + k] += x[i] * x[k];
    }
    for (int64_t i = 0; i < m; i++)
        for (int64_t k = 0; k < i; k++)
            a[i * m + k] = a[k * m + i];
}

/* The longest row but one. */
static int64_t longest(int64_t m, const double *a, int64_t but)
{
    int64_t best = -1;
    double most = -1;

    for (int64_t i = 0; i < m; i++) {
        const double square = dot(m, a + i * m, a + i * m);

        if (i != but && square > most) {
            most = square;
            best = i;
        }
    }
    return best;
}

static double *along(rc_place *p, int axis)
{
    return axis == 0 ? &p->x : &p->y;
}

/* Which way an axis points is chosen by the word farthest out, the first where several are. */
static void choose_sign(int64_t n, rc_place *place, int axis)
{
    double most = 0;
    int64_t i = 0;

    for (int64_t k = 0; k < n; k++)
        most = fmax(most, fabs(*along(&place[k], axis)));
    while (fabs(*along(&place[i], axis)) < (1 - 1e-6) * most)
        i++;
    const bool turn = *along(&place[i], axis) < 0;
    for (int64_t k = 0; turn && k < n; k++)
        *along(&place[k], axis) = 0 - *along(&place[k], axis);
}

/* Places along one axis: row is an eigenvector of `multiply` times its eigenvalue. */
static void place_along(const cloud *c, bool words, const double *row, double value, int axis,
                        rc_place *place)
{
    for (int64_t i = 0; i < c->n; i++)
        *along(&place[i], axis) =
            words ? row[i] / sqrt(value) : dot(c->dim, c->x + i * c->dim, row) / value;
    choose_sign(c->n, place, axis);
}

static rc_status components(const cloud *c, rc_place *place, double share[AXES])
{
    const bool words = c->n <= c->dim;
    const int64_t m = words ? c->n : c->dim;
    double *value = rcb_alloc((size_t)m, sizeof *value);
    double *a = rcb_alloc((size_t)m, (size_t)m * sizeof *a);

    if (a && value) {
        multiply(c, words, a);
        rcn_singular_values(a, m, m, value);
        int64_t at = -1;

        memset(place, 0, (size_t)c->n * sizeof *place);
        for (int k = 0; k < AXES && k < m; k++) {
            at = longest(m, a, at);
            share[k] = value[k] / c->variance;
            if (share[k] < 1e-12) /* nothing but rounding */
                share[k] = 0;
            else
                place_along(c, words, a + at * m, value[k], k, place);
        }
    }
    const rc_status s = a && value ? RC_OK : RC_ENOMEM;
    rcb_free(a);
    rcb_free(value);
    return s;
}

/* ---- the door ---------------------------------------------------------------------------- */

/* From the places of PCA, x a deviation of 1e-4. */
static rc_status run_tsne(const cloud *c, const rc_project_options *o, rc_place *place,
                          rc_projection *about)
{
    rcb_pool *pool;
    double square = 0;

    for (int64_t i = 0; i < c->n; i++)
        square += place[i].x * place[i].x;
    const double scale = 1e-4 / sqrt(square / (double)c->n);
    for (int64_t i = 0; i < c->n; i++) {
        place[i].x *= scale;
        place[i].y *= scale;
    }
    about->share[0] = about->share[1] = (double)NAN;
    RC_TRY(rcb_pool_new(&pool, o->threads));
    const rc_status s =
        rcm_tsne(c->n, c->dim, c->x, about->perplexity, o->steps, pool, place, &about->divergence);
    rcb_pool_free(pool);
    return s;
}

rc_status rc_vectors_project(const rc_vectors *v, const int64_t *word, int64_t n,
                             const rc_project_options *options, rc_place *place,
                             rc_projection *about)
{
    const rc_project_options defaults = rc_project_options_default();
    const rc_project_options *o = options ? options : &defaults;
    cloud c = {.n = n, .dim = rc_vectors_dim(v)};
    double perplexity;

    *about = (rc_projection){.divergence = (double)NAN};
    RC_TRY(check(n, o, &perplexity));
    about->perplexity = perplexity;
    rc_status s = read_cloud(&c, v, word, o->unit);
    if (s == RC_OK)
        s = components(&c, place, about->share);
    if (s == RC_OK && is_tsne(o))
        s = run_tsne(&c, o, place, about);
    rcb_free(c.x);
    return s;
}
