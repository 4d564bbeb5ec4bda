/* report_compare.c -- what two said of the same: how far their numbers differ, and how easily
 * chance does as much.
 *
 * Sequences are drawn and swapped whole, because the labels within one depend on one another
 * (Yeh 2000). The labels of both are numbered as the first report has them, further ones behind.
 */
#include "model/report_in.h"

#include <math.h>
#include <string.h>

/* Two reports in the numbers of one. */
typedef struct both {
    const rc_report *a, *b;
    rcd_names labels; /* of both */
    int32_t *id;      /* (labels of b) */
    rcm_counts ca, cb;
    rcm_tally ta, tb;
    int32_t *times, *others; /* (sequences) */
    double *room;            /* (RC_SCORES, resamples) */
} both;

static void release(both *x)
{
    rcd_names_free(&x->labels);
    rcb_free(x->id);
    rcm_counts_free(&x->ca);
    rcm_counts_free(&x->cb);
    rcm_tally_free(&x->ta);
    rcm_tally_free(&x->tb);
    rcb_free(x->times);
    rcb_free(x->others);
    rcb_free(x->room);
}

static rc_status number_labels(both *x)
{
    const rcd_names *b = &x->b->labels.names;

    RC_TRY(rcd_names_clone(&x->labels, &x->a->labels.names));
    x->id = rcb_calloc((size_t)b->n, sizeof *x->id);
    if (!x->id)
        return RC_ENOMEM;
    for (int32_t i = 0; i < b->n; i++) {
        size_t n;
        const char *name = rcd_names_at(b, i, &n);

        RC_TRY(rcd_names_add(&x->labels, name, n, 0, &x->id[i]));
    }
    return RC_OK;
}

/* ---- the same gold ----------------------------------------------------------------------- */

static rc_status differs(const both *x, int64_t i, int64_t position)
{
    char a[RCM_PLACE], b[RCM_PLACE];
    const int64_t at = x->a->start[i] + position, bt = x->b->start[i] + position;

    rcm_report_place(x->a, i, position, a);
    rcm_report_place(x->b, i, position, b);
    return RC_FAIL(RC_EDATA, "cannot compare: the gold label is '%s' in %s, '%s' in %s",
                   rcd_names_at(&x->a->labels.names, x->a->gold[at], NULL), a,
                   rcd_names_at(&x->b->labels.names, x->b->gold[bt], NULL), b);
}

static rc_status check_sequence(const both *x, int64_t i)
{
    const int64_t at = x->a->start[i], n = x->a->start[i + 1] - at;
    const int64_t bt = x->b->start[i], m = x->b->start[i + 1] - bt;

    for (int64_t k = 0; k < n && k < m; k++)
        if (x->a->gold[at + k] != x->id[x->b->gold[bt + k]])
            return differs(x, i, k);
    if (n != m) {
        char a[RCM_PLACE], b[RCM_PLACE];

        rcm_report_place(x->a, i, 0, a);
        rcm_report_place(x->b, i, 0, b);
        return RC_FAIL(RC_EDATA,
                       "cannot compare: the sequence at %s has %" PRId64
                       " labels, that at %s has %" PRId64,
                       a, n, b, m);
    }
    return RC_OK;
}

static rc_status check_gold(const both *x)
{
    const int64_t n = x->a->n, m = x->b->n;

    for (int64_t i = 0; i < n && i < m; i++)
        RC_TRY(check_sequence(x, i));
    if (n != m) {
        char where[RCM_PLACE];

        rcm_report_place(n > m ? x->a : x->b, n < m ? n : m, 0, where);
        return RC_FAIL(RC_EDATA,
                       "cannot compare: the first has %" PRId64 " sequences, the second %" PRId64
                       "; the one at %s has none beside it",
                       n, m, where);
    }
    return RC_OK;
}

/* ---- by chance --------------------------------------------------------------------------- */

static bool has_spans(const both *x)
{
    return x->ca.spans != NULL;
}

/* The numbers of what two tallies hold, first less second. */
static void subtract(const both *x, double difference[RC_SCORES])
{
    double a[RC_SCORES], b[RC_SCORES];

    rcm_tally_scores(&x->ta, has_spans(x), a);
    rcm_tally_scores(&x->tb, has_spans(x), b);
    for (int k = 0; k < RC_SCORES; k++)
        difference[k] = a[k] - b[k];
}

static void clear(both *x)
{
    rcm_tally_clear(&x->ta);
    rcm_tally_clear(&x->tb);
}

static void draw_both(both *x, const rc_report_options *o, rc_comparison *out)
{
    const rcb_key key = rcb_stream(o->seed, "report:resample"); /* as rc_report_measure() draws */

    for (int64_t i = 0; i < o->resamples; i++) {
        double d[RC_SCORES];

        rcm_draw_times(key, i, x->a->n, x->times);
        clear(x);
        rcm_tally_add(&x->ta, &x->ca, x->times);
        rcm_tally_add(&x->tb, &x->cb, x->times);
        subtract(x, d);
        for (int k = 0; k < RC_SCORES; k++)
            x->room[k * o->resamples + i] = d[k];
    }
    for (int k = 0; k < RC_SCORES; k++)
        if (!isnan(out->score[k].difference.value))
            rcm_bounds(x->room + k * o->resamples, o->resamples, o->level,
                       &out->score[k].difference);
}

/* What is as far apart but for rounding counts as well. */
static void swap_both(both *x, const rc_report_options *o, rc_comparison *out)
{
    const rcb_key key = rcb_stream(o->seed, "report:swap");
    int64_t far[RC_SCORES] = {0};

    for (int64_t i = 0; i < o->resamples; i++) {
        double d[RC_SCORES];

        rcm_draw_coins(key, i, x->a->n, x->times);
        for (int64_t k = 0; k < x->a->n; k++)
            x->others[k] = 1 - x->times[k];
        clear(x);
        rcm_tally_add(&x->ta, &x->ca, x->times);
        rcm_tally_add(&x->ta, &x->cb, x->others);
        rcm_tally_add(&x->tb, &x->ca, x->others);
        rcm_tally_add(&x->tb, &x->cb, x->times);
        subtract(x, d);
        for (int k = 0; k < RC_SCORES; k++)
            far[k] += fabs(d[k]) >= fabs(out->score[k].difference.value) - 1e-12;
    }
    for (int k = 0; k < RC_SCORES; k++)
        if (!isnan(out->score[k].difference.value))
            out->score[k].p = (double)(far[k] + 1) / (double)(o->resamples + 1);
}

static void test_singles(const both *x, rc_comparison *out)
{
    bool single = true;

    for (int64_t i = 0; i < x->a->n; i++)
        single = single && x->a->start[i + 1] - x->a->start[i] == 1;
    for (int64_t k = 0; k < x->a->start[x->a->n]; k++) {
        const bool a = x->a->gold[k] == x->a->said[k], b = x->b->gold[k] == x->b->said[k];

        out->first_only += a && !b;
        out->second_only += b && !a;
    }
    out->mcnemar = single ? rcm_even_test(out->first_only, out->second_only) : (double)NAN;
}

/* ---- all together ------------------------------------------------------------------------ */

static rc_status prepare(both *x, const rc_report_options *o)
{
    const size_t n = (size_t)x->a->n;
    rcd_scheme scheme;

    RC_TRY(number_labels(x));
    RC_TRY(check_gold(x));
    RC_TRY(rcm_report_scheme(x->a, o, &scheme));
    const bool spans = scheme != RCD_SCHEME_NONE;

    RC_TRY(rcm_counts_new(&x->ca, x->a, spans, NULL, x->labels.n));
    RC_TRY(rcm_counts_new(&x->cb, x->b, spans, x->id, x->labels.n));
    RC_TRY(rcm_tally_new(&x->ta, x->labels.n));
    RC_TRY(rcm_tally_new(&x->tb, x->labels.n));
    x->times = rcb_alloc(n, sizeof *x->times);
    x->others = rcb_alloc(n, sizeof *x->others);
    x->room = rcb_alloc((size_t)o->resamples * RC_SCORES, sizeof *x->room);
    return x->times && x->others && x->room ? RC_OK : RC_ENOMEM;
}

static void compare(both *x, const rc_report_options *o, rc_comparison *out)
{
    double d[RC_SCORES];

    *out = (rc_comparison){0};
    rcm_tally_add(&x->ta, &x->ca, NULL);
    rcm_tally_add(&x->tb, &x->cb, NULL);
    subtract(x, d);
    for (int k = 0; k < RC_SCORES; k++)
        out->score[k] = (rc_contrast){{d[k], (double)NAN, (double)NAN}, (double)NAN};
    if (o->resamples > 0) {
        draw_both(x, o, out);
        swap_both(x, o, out);
    }
    test_singles(x, out);
}

rc_status rc_report_compare(const rc_report *a, const rc_report *b,
                            const rc_report_options *options, rc_comparison *out)
{
    const rc_report_options usual = rc_report_options_default();
    both x = {.a = a, .b = b};

    options = options ? options : &usual;
    RC_TRY(rcm_report_check(a, options));
    RC_TRY(rcm_report_check(b, options));
    const rc_status status = prepare(&x, options);

    if (status == RC_OK)
        compare(&x, options, out);
    release(&x);
    return status;
}
