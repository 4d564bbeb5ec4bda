/* series_scale.c -- numbers of different sizes made alike: of every number of a step, and of an
 * answer, the mean over the training series is taken off and the rest divided by the deviation.
 *
 * Both are part of the model, as tables in its file: whatever reads with the model reads the same.
 * A number that never changes becomes 0 (its deviation counts as 1). Where nobody asks for this a
 * model remembers at least that its numbers are of very different sizes.
 */
#include "model/series_in.h"

#include <math.h>
#include <string.h>

/* Sequences that are looked at where not all are: of those that are made, which have no end, and
 * where it is for a hint alone. WIDE: what is hinted at. */
enum { SOME = 1000, BATCH = 32, WIDE = 100 };

/* ---- a scale ----------------------------------------------------------------------------- */

rc_status rcm_scale_new(rcm_scale *s, int64_t n)
{
    s->n = n;
    s->mean = rcb_calloc((size_t)n, sizeof *s->mean);
    s->deviation = rcb_alloc((size_t)n, sizeof *s->deviation);
    if (!s->mean || !s->deviation)
        return RC_ENOMEM;
    for (int64_t k = 0; k < n; k++)
        s->deviation[k] = 1;
    return RC_OK;
}

void rcm_scale_free(rcm_scale *s)
{
    rcb_free(s->mean);
    rcb_free(s->deviation);
    *s = (rcm_scale){0};
}

void rcm_scale_apply(const rcm_scale *s, const rc_real *x, rc_real *out)
{
    for (int64_t k = 0; k < s->n; k++)
        out[k] = (x[k] - s->mean[k]) / s->deviation[k];
}

void rcm_scale_undo(const rcm_scale *s, int64_t rows, rc_real *x)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < s->n; k++)
            x[i * s->n + k] = x[i * s->n + k] * s->deviation[k] + s->mean[k];
}

/* ---- learning it ------------------------------------------------------------------------- */

/* What is known of one number so far (Welford 1962). */
typedef struct moments {
    double mean, squares; /* and the sum of squared distances from it */
    double lo, hi;
} moments;

typedef struct tally {
    int64_t n, rows;
    moments *at; /* (n) */
} tally;

static rc_status tally_new(tally *t, int64_t n)
{
    *t = (tally){.n = n, .at = rcb_calloc((size_t)n, sizeof *t->at)};
    for (int64_t k = 0; t->at && k < n; k++)
        t->at[k] = (moments){.lo = (double)INFINITY, .hi = -(double)INFINITY};
    return t->at ? RC_OK : RC_ENOMEM;
}

static void tally_add(tally *t, const rc_real *x)
{
    t->rows++;
    for (int64_t k = 0; k < t->n; k++) {
        moments *m = &t->at[k];
        const double value = (double)x[k], off = value - m->mean;

        m->mean += off / (double)t->rows;
        m->squares += off * (value - m->mean);
        m->lo = value < m->lo ? value : m->lo;
        m->hi = value > m->hi ? value : m->hi;
    }
}

static void tally_end(const tally *t, rcm_scale *s)
{
    for (int64_t k = 0; k < s->n && t->rows > 0; k++) {
        const moments *m = &t->at[k];
        const rc_real deviation = (rc_real)sqrt(m->squares / (double)t->rows);

        s->mean[k] = (rc_real)(m->lo < m->hi ? m->mean : m->lo);
        s->deviation[k] = m->lo < m->hi && deviation > 0 ? deviation : 1;
    }
}

/* Of all training series, or of `SOME`. */
static rc_status tally_series(const rcm_series_corpus *p, bool all, tally *x, tally *y)
{
    const rcm_series_part *part = &p->part[RCM_TRAIN];
    rcd_batch b = {0};
    int64_t at = 0, seen = 0;
    rc_status s;

    while ((s = rcm_series_next(p, part, NULL, BATCH, &at, &b)) == RC_OK && b.aims > 0 &&
           (all || seen < SOME)) {
        seen += b.seqs;
        for (int64_t row = 0; row < b.rows; row++) {
            tally_add(x, b.x + row * b.D);
            if (y->n > 0 && b.out[row] >= 0)
                tally_add(y, b.y + row * b.K);
        }
    }
    rcd_batch_free(&b);
    return s;
}

/* The largest deviation over the smallest, of numbers that change at all. */
static double spread_of(const tally *t)
{
    double least = (double)INFINITY, most = 0;

    for (int64_t k = 0; k < t->n; k++) {
        const moments *m = &t->at[k];

        if (!(m->lo < m->hi))
            continue;
        least = m->squares < least ? m->squares : least;
        most = m->squares > most ? m->squares : most;
    }
    return most > 0 && least > 0 ? sqrt(most / least) : 1;
}

static rc_status use_tallies(rc_model *m, const tally *x, const tally *y)
{
    rcm_series_net *s = m->own;

    tally_end(x, &s->in);
    tally_end(y, &s->out);
    if (s->in.n > 0 || spread_of(x) <= WIDE)
        return RC_OK;
    RC_TRY(rcm_result_set(m, RCM_SPREAD, spread_of(x)));
    return rcm_model_settle(m, NULL);
}

rc_status rcm_series_measure_scale(rc_model *m, const rcm_corpus *c)
{
    const rcm_series_net *s = m->own;
    const bool all = s->in.n > 0 && !rcm_series_of(c)->part[RCM_TRAIN].s->source;
    tally x = {0}, y = {0};

    rc_status status = tally_new(&x, s->D);
    if (status == RC_OK)
        status = tally_new(&y, s->out.n);
    if (status == RC_OK)
        status = tally_series(rcm_series_of(c), all, &x, &y);
    if (status == RC_OK)
        status = use_tallies(m, &x, &y);
    rcb_free(x.at);
    rcb_free(y.at);
    return status;
}

/* ---- in files ---------------------------------------------------------------------------- */

/* The i-th row of numbers of a model. */
static bool row_at(const rcm_series_net *s, size_t i, const char **name, int64_t *n, rc_real **p)
{
    static const char *const names[] = {"input.mean", "input.deviation", "answer.mean",
                                        "answer.deviation"};
    const rcm_scale *scale = i < 2 ? &s->in : &s->out;

    if (i >= sizeof names / sizeof *names || scale->n == 0)
        return false;
    *name = names[i];
    *n = scale->n;
    *p = i % 2 == 0 ? scale->mean : scale->deviation;
    return true;
}

bool rcm_series_table(const rc_model *m, size_t i, rcf_tensor *out)
{
    const char *name;
    int64_t n;
    rc_real *p;

    if (!row_at(m->own, i, &name, &n, &p))
        return false;
    *out = (rcf_tensor){.name = name,
                        .dtype = RCM_REAL_TYPE,
                        .rank = 1,
                        .dim = {n},
                        .data = p,
                        .bytes = (size_t)n * sizeof *p};
    return true;
}

rc_status rcm_series_tables_load(rc_model *m,
                                 const rcf_tensor *(*find)(const void *from, const char *),
                                 const void *from)
{
    const char *name;
    int64_t n;
    rc_real *p;

    for (size_t i = 0; row_at(m->own, i, &name, &n, &p); i++) {
        const rcf_tensor *t = find(from, name);

        if (!t)
            return RC_FAIL(RC_EFORMAT, "tensor '%s' is missing", name);
        if ((t->dtype != RCF_F32 && t->dtype != RCF_F64) ||
            t->bytes / rcf_dtype_bytes(t->dtype) != (uint64_t)n)
            return RC_FAIL(RC_EFORMAT, "tensor '%s' is not %" PRId64 " reals", name, n);
        RC_TRY(rcm_tensor_reals(t, name, n, p));
        for (int64_t k = 0; k < n; k++)
            if (!isfinite(p[k]) || (i % 2 == 1 && !(p[k] > 0)))
                return RC_FAIL(RC_EFORMAT, "tensor '%s' has number %g at %" PRId64, name,
                               (double)p[k], k);
    }
    return RC_OK;
}
