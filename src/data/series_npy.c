/* series_npy.c -- series out of arrays of NumPy: x (N,T,D), N series of T steps of D numbers, or
 * (N,T) with one number a step. Answers are in the array of the same name with y for the x that it
 * begins with: (N) or (N,K) of whole series, (N,T) or (N,T,K) of every step. Whole numbers, without
 * a K, are classes.
 */
#include "data/data_in.h"
#include "format/format.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The arrays of one reading; y.rank 0: there are no answers. */
typedef struct arrays {
    const char *path;
    rcf_npy x, y;
    int64_t n, T, D;
    bool each, classes;
    int64_t K; /* of numbers */
} arrays;

/* "dir/x_train.npy" to "dir/y_train.npy", X to y or Y; nothing where the name does not begin with
 * an x. */
static rc_status answers_path(rcb_buf *out, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    if (*name != 'x' && *name != 'X')
        return RC_OK;
    RC_TRY(rcb_buf_add(out, path, (size_t)(name - path)));
    RC_TRY(rcb_buf_puts(out, "y"));
    RC_TRY(rcb_buf_puts(out, name + 1));
    if (*name == 'X' && !rcb_file_there(out->p))
        out->p[name - path] = 'Y';
    return RC_OK;
}

static rc_status shape_of_x(arrays *a)
{
    if (a->x.rank != 2 && a->x.rank != 3)
        return RC_FAIL(RC_EDATA,
                       "cannot read '%s': it has %d dimensions, series are (N,T) or (N,T,D)",
                       a->path, a->x.rank);
    a->n = a->x.dim[0];
    a->T = a->x.dim[1];
    a->D = a->x.rank == 3 ? a->x.dim[2] : 1;
    if (a->D < 1 || a->T < 1)
        return RC_FAIL(RC_EDATA, "cannot read '%s': its series have no steps, or no numbers",
                       a->path);
    return RC_OK;
}

static rc_status shape_of_y(arrays *a, const rcd_reading *how, const char *path)
{
    const rcf_npy *y = &a->y;
    const bool whole = y->kind != 'f';

    if (y->rank < 1 || y->rank > 3 || y->dim[0] != a->n)
        return RC_FAIL(RC_EDATA, "cannot read '%s': it does not hold answers to %" PRId64 " series",
                       path, a->n);
    a->each = y->rank == 3 || (y->rank == 2 && y->dim[1] == a->T && a->T > 1);
    if (how->places != RCD_PLACES_AUTO && y->rank == 2)
        a->each = how->places == RCD_PLACES_EACH;
    if (a->each && y->dim[1] != a->T)
        return RC_FAIL(
            RC_EDATA, "cannot read '%s': it holds answers to %" PRId64 " steps, there are %" PRId64,
            path, y->dim[1], a->T);
    const int last = y->rank - 1 - (a->each ? 1 : 0); /* dimensions behind the places */

    a->K = last > 0 ? y->dim[y->rank - 1] : 1;
    a->classes = last == 0 && (whole || how->classes);
    if (a->K < 1)
        return RC_FAIL(RC_EDATA, "cannot read '%s': its answers have no numbers", path);
    return RC_OK;
}

static rc_status add_steps(const arrays *a, rcd_series *s, int64_t i)
{
    for (int64_t t = 0; t < a->T; t++) {
        float *x = rcd_series_step(s);

        if (!x)
            return RC_ENOMEM;
        for (int64_t d = 0; d < a->D; d++) {
            const double value = rcf_npy_at(&a->x, (i * a->T + t) * a->D + d);

            if (!(fabs(value) <= (double)FLT_MAX))
                return RC_FAIL(RC_EDATA,
                               "cannot read '%s': x[%" PRId64 ",%" PRId64 ",%" PRId64
                               "] is no number",
                               a->path, i, t, d);
            x[d] = (float)value;
        }
    }
    return RC_OK;
}

/* Whole numbers up to here are told apart. */
static const double EXACT = 999999999999999.0;

/* Names of classes are their numbers. */
static rc_status end_classes(const arrays *a, rcd_series *s, int64_t i, int64_t n)
{
    rcd_word *name = rcb_calloc((size_t)n + 1, sizeof *name);
    char(*text)[32] = rcb_calloc((size_t)n + 1, sizeof *text);
    rc_status status = name && text ? RC_OK : RC_ENOMEM;

    for (int64_t k = 0; status == RC_OK && k < n; k++) {
        const double value = rcf_npy_at(&a->y, i * n + k);

        name[k].p = text[k];
        if (fabs(value) > EXACT)
            status = RC_FAIL(RC_EDATA, "cannot read '%s': answer %" PRId64 " is too large a class",
                             a->path, i * n + k);
        else if (!isnan(value))
            name[k].n = (size_t)snprintf(text[k], sizeof text[k], "%.15g", value);
    }
    if (status == RC_OK)
        status = rcd_series_end_names(s, a->each, n, name);
    rcb_free(name);
    rcb_free(text);
    return status;
}

static rc_status end_numbers(const arrays *a, rcd_series *s, int64_t i, int64_t n)
{
    float *y = rcb_alloc((size_t)(n * a->K) + 1, sizeof *y);
    rc_status status = y ? RC_OK : RC_ENOMEM;

    for (int64_t k = 0; status == RC_OK && k < n * a->K; k++) {
        const double value = rcf_npy_at(&a->y, i * n * a->K + k);

        y[k] = (float)value;
        if (!isnan(value) && !(fabs(value) <= (double)FLT_MAX))
            status = RC_FAIL(RC_EDATA, "cannot read '%s': answer %" PRId64 " is no number", a->path,
                             i * n + k / a->K);
    }
    if (status == RC_OK)
        status = rcd_series_end_values(s, a->each, n, a->K, y);
    rcb_free(y);
    return status;
}

static rc_status add_all(const arrays *a, rcd_series *s)
{
    if (s->n > 0 && s->D != a->D)
        return RC_FAIL(
            RC_EDATA, "cannot read '%s': %" PRId64 " numbers a step, there were %" PRId64 " before",
            a->path, a->D, s->D);
    s->D = a->D;
    for (int64_t i = 0; i < a->n; i++) {
        const int64_t n = a->each ? a->T : 1;

        RC_TRY(add_steps(a, s, i));
        RC_TRY(a->y.rank == 0 ? rcd_series_end(s, NULL, 0)
               : a->classes   ? end_classes(a, s, i, n)
                              : end_numbers(a, s, i, n));
    }
    return RC_OK;
}

/* The answers, where there is such a file. */
static rc_status load_answers(arrays *a, const rcd_reading *how, rcb_bytes *file)
{
    rcb_buf path = {0};
    rc_status s = how->blind ? RC_OK : answers_path(&path, a->path);

    if (s == RC_OK && path.n > 0 && rcb_file_there(path.p)) {
        s = rcb_file_load(file, path.p);
        if (s == RC_OK)
            s = rcf_npy_parse(&a->y, path.p, file->p, file->n);
        if (s == RC_OK)
            s = shape_of_y(a, how, path.p);
    }
    rcb_buf_free(&path);
    return s;
}

rc_status rcd_series_npy(rcd_series *s, const char *path, const void *bytes, size_t n,
                         const rcd_reading *how)
{
    arrays a = {.path = path};
    rcb_bytes answers = {0};

    RC_TRY(rcf_npy_parse(&a.x, path, bytes, n));
    RC_TRY(shape_of_x(&a));
    rc_status status = load_answers(&a, how, &answers);
    if (status == RC_OK)
        status = add_all(&a, s);
    rcb_bytes_free(&answers);
    return status;
}
