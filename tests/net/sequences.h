/* sequences.h -- what the tests of layers and stacks share: ragged batches of random length, arrays
 * of random reals, and analytic against numeric gradients of a whole network.
 */
#ifndef SEQUENCES_H
#define SEQUENCES_H

#include "check.h"
#include "net/net.h"

enum { SEQ_MOST = 8, SEQ_STEPS = 64 };

/* The rows of B sequences, longest first; some may be empty. */
typedef struct sequences {
    int64_t B, N;
    int64_t length[SEQ_MOST];
    int64_t at[SEQ_STEPS + 1];
    rc_rows rows; /* a view of `at` */
} sequences;

/* The sequences are not copied: `s` must stay where it is. */
static inline void set_lengths(sequences *s, int64_t B, const int64_t length[])
{
    assert_true(B <= SEQ_MOST && (B == 0 || length[0] <= SEQ_STEPS));
    *s = (sequences){.B = B};
    for (int64_t b = 0; b < B; b++)
        s->length[b] = length[b];

    const int64_t T = B > 0 ? length[0] : 0;

    for (int64_t t = 0; t < T; t++) {
        s->at[t] = s->N;
        for (int64_t b = 0; b < B && length[b] > t; b++)
            s->N++;
    }
    s->at[T] = s->N;
    s->rows = (rc_rows){.steps = T, .seqs = B, .at = s->at};
}

static inline void random_lengths(sequences *s, int64_t most_B, int64_t most_T)
{
    const int64_t B = pick(1, most_B);
    int64_t length[SEQ_MOST] = {0};

    for (int64_t b = 0; b < B; b++)
        length[b] = b == 0 ? pick(pick(0, 9) > 0, most_T) : pick(0, length[b - 1]);
    set_lengths(s, B, length);
}

/* Step t of sequence b. */
static inline int64_t row_of(const sequences *s, int64_t b, int64_t t)
{
    assert_true(t < s->length[b]);
    return s->at[t] + b;
}

static inline rc_real *zero_reals(int64_t n)
{
    rc_real *x = rcb_calloc((size_t)n, sizeof *x);

    assert_non_null(x);
    return x;
}

static inline rc_real *random_reals(int64_t n)
{
    rc_real *x = zero_reals(n);

    fill_real(x, n);
    return x;
}

/* The values of one sequence of (N,width) rows, in order of time. The caller frees them. */
static inline rc_real *take_sequence(const sequences *s, int64_t b, const rc_real *x, int64_t width)
{
    rc_real *out = zero_reals(s->length[b] * width);

    for (int64_t t = 0; t < s->length[b]; t++)
        memcpy(out + t * width, x + row_of(s, b, t) * width, (size_t)width * sizeof *out);
    return out;
}

static inline const rcc_cell *cell_named(const char *name)
{
    CHECK_STATUS(rck_select(), RC_OK);
    assert_non_null(rcc_find(name));
    return rcc_find(name);
}

/* The sum of r * v, all elements; r is a row-major array. */
static inline rc_var *weighted(rc_graph *g, rc_var *v, const rc_real *r)
{
    return v ? rc_sum(g, rc_mul(g, v, rc_leaf(g, rc_var_shape(v), r, NULL))) : NULL;
}

/* Every parameter uniform in +-a. */
static inline void randomise(rcn_params *ps, double a)
{
    char rule[32];

    snprintf(rule, sizeof rule, "uniform:%g", a);
    for (size_t i = 0; i < ps->n; i++)
        CHECK_STATUS(rcn_init(&ps->p[i], rule, pick_bits()), RC_OK);
}

/* Gradients of n values of x against differences of the loss, at 25 or so of them: max |a - d| is
 * within 1e-7 of the largest (or 1e-12: the differences themselves are no better, a loss of about
 * 10 rounded to 1e-15, over steps of 1e-3). Where `there` is given and 0 lies padding, whose
 * gradient is zero. */
static inline void check_gradient(const char *what, rcg_loss_fn loss, void *ctx, rc_real *x,
                                  const rc_real *grad, const rc_real *there, int64_t n)
{
    double error = 0, most = 1e-5;
    const int64_t stride = n > 25 ? n / 25 | 1 : 1; /* odd: visits all lanes in time */

    for (int64_t i = 0; i < n; i++)
        if (there && there[i] == 0)
            assert_true(grad[i] == 0);
    for (int64_t i = n > 25 ? pick(0, stride - 1) : 0; i < n; i += stride) {
        double numeric;

        if (there && there[i] == 0)
            continue;
        CHECK_STATUS(rcg_difference(loss, ctx, &x[i], (double)grad[i], &numeric), RC_OK);
        assert_true(isfinite(grad[i]) && isfinite(numeric));
        error = fmax(error, fabs((double)grad[i] - numeric));
        most = fmax(most, fmax(fabs((double)grad[i]), fabs(numeric)));
    }
    if (!(error <= 1e-7 * most))
        fail_msg("gradient of %s is off by %g of %g, seed %llu", what, error, most,
                 (unsigned long long)check_random_state()->seed);
}

/* The same for every parameter, after a backward sweep. */
static inline void check_parameters(rcg_loss_fn loss, void *ctx, rcn_params *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        rcn_param *p = &ps->p[i];
        rc_real *ones = zero_reals(p->count);
        rc_real *there = zero_reals(p->size);

        for (int64_t k = 0; k < p->count; k++)
            ones[k] = 1;
        rcn_param_load(p, there, ones);
        check_gradient(p->name, loss, ctx, p->w, p->g, there, p->size);
        rcb_free(there);
        rcb_free(ones);
    }
}

#endif
