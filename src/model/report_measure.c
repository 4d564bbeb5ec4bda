/* report_measure.c -- what a report amounts to: rates of labels and of spans, which label was said
 * for which, calibration, and the bounds of what could have come of other sequences like these.
 */
#include "model/report_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the caller gets is the first member; the strings in it are of the others. */
typedef struct owned {
    rc_scores scores;
    rcd_names labels, types, files;
} owned;

/* ---- labels ------------------------------------------------------------------------------ */

static void add_part(rc_found *mean, const rc_found *f, double part)
{
    mean->precision += part * f->precision;
    mean->recall += part * f->recall;
    mean->f1 += part * f->f1;
}

/* The rows of labels that occur, and their means. place (labels): of each in the rows. */
static rc_status sum_labels(owned *o, const rcm_tally *t, int32_t *place)
{
    rc_scores *s = &o->scores;

    for (int32_t i = 0; i < t->labels; i++)
        s->count += t->label[i].gold + t->label[i].said > 0;
    s->label = rcb_calloc(s->count, sizeof *s->label);
    if (!s->label)
        return RC_ENOMEM;
    size_t at = 0;

    for (int32_t i = 0; i < t->labels; i++) {
        const rcm_class_count *c = &t->label[i];

        place[i] = (int32_t)at;
        if (c->gold + c->said == 0)
            continue;
        const rc_found f = rcm_found(c->gold, c->said, c->right);

        s->label[at++] = (rc_found_row){rcd_names_at(&o->labels, i, NULL), f};
        s->labels += c->gold;
        s->right += c->right;
        add_part(&s->macro, &f, 1 / (double)s->count);
        add_part(&s->weighted, &f, (double)c->gold);
    }
    s->micro = rcm_found(s->labels, s->labels, s->right);
    s->weighted.precision /= (double)s->labels;
    s->weighted.recall /= (double)s->labels;
    s->weighted.f1 /= (double)s->labels;
    return RC_OK;
}

static void count_sequences(rc_scores *s, const rc_report *r)
{
    s->sequences = r->n;
    s->single = true;
    for (int64_t i = 0; i < r->n; i++) {
        bool whole = true;

        for (int64_t k = r->start[i]; k < r->start[i + 1]; k++)
            whole = whole && r->gold[k] == r->said[k];
        s->whole += whole;
        s->single = s->single && r->start[i + 1] - r->start[i] == 1;
    }
}

/* ---- which for which --------------------------------------------------------------------- */

static int by_count(const void *a, const void *b)
{
    const rc_confusion *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    if (x->gold != y->gold)
        return x->gold < y->gold ? -1 : 1;
    return (x->said > y->said) - (x->said < y->said);
}

/* What was said, sorted by what is gold; at (rows+1): where the said ones of a row begin. */
static void sort_by_gold(const rc_report *r, const rc_scores *s, const int32_t *place, int64_t *at,
                         int32_t *said)
{
    at[0] = 0;
    for (size_t i = 0; i < s->count; i++)
        at[i + 1] = at[i] + s->label[i].of.gold;
    for (int64_t k = r->start[r->n]; k-- > 0;) /* from behind: at[g + 1] falls to where g begins */
        said[--at[place[r->gold[k]] + 1]] = place[r->said[k]];
    for (size_t i = 0; i < s->count; i++)
        at[i] = at[i + 1];
    at[s->count] = r->start[r->n];
}

static rc_status add_pair(rc_scores *s, size_t *cap, rc_confusion pair)
{
    if (s->pairs == *cap) {
        const size_t more = *cap ? 2 * *cap : 64;
        rc_confusion *grown = rcb_realloc(s->pair, *cap, more, sizeof *grown);

        if (!grown)
            return RC_ENOMEM;
        s->pair = grown;
        *cap = more;
    }
    s->pair[s->pairs++] = pair;
    return RC_OK;
}

/* seen (rows): 1 + where the pair of the row at hand is. */
static rc_status count_pairs(rc_scores *s, const int64_t *at, const int32_t *said, size_t *seen)
{
    size_t cap = 0;

    for (size_t gold = 0; gold < s->count; gold++) {
        const size_t first = s->pairs;

        for (int64_t k = at[gold]; k < at[gold + 1]; k++) {
            if (seen[said[k]] <= first) {
                RC_TRY(add_pair(s, &cap, (rc_confusion){(int32_t)gold, said[k], 0}));
                seen[said[k]] = s->pairs;
            }
            s->pair[seen[said[k]] - 1].count++;
        }
    }
    qsort(s->pair, s->pairs, sizeof *s->pair, by_count);
    return RC_OK;
}

static rc_status sum_pairs(rc_scores *s, const rc_report *r, const int32_t *place)
{
    int64_t *at = rcb_calloc(s->count + 1, sizeof *at);
    int32_t *said = rcb_alloc((size_t)r->start[r->n], sizeof *said);
    size_t *seen = rcb_calloc(s->count, sizeof *seen);
    rc_status status = RC_ENOMEM;

    if (at && said && seen) {
        sort_by_gold(r, s, place, at, said);
        status = count_pairs(s, at, said, seen);
    }
    rcb_free(at);
    rcb_free(said);
    rcb_free(seen);
    return status;
}

/* ---- calibration ------------------------------------------------------------------------- */

/* The part of 0 .. 1 that a number is in; a bound is in the part below it. */
static int bin_of(double p)
{
    int bin = 0;

    while (bin + 1 < RC_RELIABILITY_BINS && p > (bin + 1) / (double)RC_RELIABILITY_BINS)
        bin++;
    return bin;
}

static void sum_bins(rc_scores *s, const rc_report *r)
{
    const int64_t n = r->start[r->n];
    int64_t right[RC_RELIABILITY_BINS] = {0};
    double sure[RC_RELIABILITY_BINS] = {0};

    s->confident = !r->unsure;
    s->ece = r->unsure ? (double)NAN : 0;
    for (int64_t k = 0; k < n && !r->unsure; k++) {
        const int bin = bin_of(r->sure[k]);

        s->bin[bin].count++;
        right[bin] += r->gold[k] == r->said[k];
        sure[bin] += r->sure[k];
    }
    for (int i = 0; i < RC_RELIABILITY_BINS; i++) {
        const double count = (double)s->bin[i].count;

        s->bin[i].accuracy = count > 0 ? (double)right[i] / count : (double)NAN;
        s->bin[i].confidence = count > 0 ? sure[i] / count : (double)NAN;
        if (count > 0)
            s->ece += fabs((double)right[i] - sure[i]) / (double)n;
    }
}

/* ---- spans ------------------------------------------------------------------------------- */

rc_status rcm_report_scheme(const rc_report *r, const rc_report_options *o, rcd_scheme *out)
{
    if (o->scheme)
        return rcd_scheme_of(out, o->scheme);
    rcd_detect d = {0};

    for (int64_t i = 0; i < r->n; i++)
        rcd_detect_look(&d, &r->labels, r->gold + r->start[i], r->start[i + 1] - r->start[i]);
    *out = rcd_detect_scheme(&d);
    return RC_OK;
}

static int by_name(const void *a, const void *b)
{
    const rc_found_row *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static rc_status sum_types(owned *o, const rcd_span_count *count)
{
    rc_scores *s = &o->scores;

    s->type = rcb_calloc((size_t)o->types.n, sizeof *s->type);
    if (!s->type)
        return RC_ENOMEM;
    for (int32_t i = 0; i < o->types.n; i++)
        if (count[i].gold + count[i].said > 0)
            s->type[s->types++] =
                (rc_found_row){rcd_names_at(&o->types, i, NULL),
                               rcm_found(count[i].gold, count[i].said, count[i].right)};
    qsort(s->type, s->types, sizeof *s->type, by_name);
    return RC_OK;
}

static rc_status sum_spans(owned *o, const rc_report *r, const rcm_counts *c)
{
    rcd_span_count *by_type = rcb_calloc((size_t)o->types.n, sizeof *by_type);
    rcd_span_count all = {0};

    if (!by_type)
        return RC_ENOMEM;
    for (int64_t i = 0; i < r->n; i++) {
        const rcd_span_count one = c->spans[i];

        (void)rcd_spans_count(&r->labels, r->gold + r->start[i], r->said + r->start[i],
                              r->start[i + 1] - r->start[i], by_type);
        all.gold += one.gold;
        all.said += one.said;
        all.right += one.right;
        o->scores.span_whole += one.gold == one.right && one.said == one.right;
    }
    o->scores.spans = rcm_found(all.gold, all.said, all.right);
    const rc_status status = sum_types(o, by_type);

    rcb_free(by_type);
    return status;
}

static rc_tag_faults find_faults(const owned *o, const rc_report *r, rcd_scheme scheme,
                                 const int32_t *tag)
{
    rcd_faults f = {0};

    for (int64_t i = 0; i < r->n; i++)
        rcd_faults_look(&f, &r->labels, scheme, tag + r->start[i], r->start[i + 1] - r->start[i]);
    if (f.count == 0)
        return (rc_tag_faults){.sequence = -1};
    rc_tag_faults out = {.count = f.count, .sequence = f.sequence, .position = f.position};
    const rcm_origin from = r->from[f.sequence];

    out.tag = rcd_names_at(&o->labels, f.tag, NULL);
    out.what = rcd_fault_words(f.fault);
    if (from.file >= 0) {
        out.file = rcd_names_at(&o->files, from.file, NULL);
        out.line = from.line + f.position;
    }
    return out;
}

/* ---- bounds ------------------------------------------------------------------------------ */

/* room (RC_SCORES, resamples). */
static void draw(rc_scores *s, const rcm_counts *c, const rc_report_options *o, rcm_tally *t,
                 int32_t *times, double *room)
{
    const rcb_key key = rcb_stream(o->seed, "report:resample");

    for (int64_t i = 0; i < o->resamples; i++) {
        double score[RC_SCORES];

        rcm_draw_times(key, i, c->n, times);
        rcm_tally_clear(t);
        rcm_tally_add(t, c, times);
        rcm_tally_scores(t, c->spans != NULL, score);
        for (int k = 0; k < RC_SCORES; k++)
            room[k * o->resamples + i] = score[k];
    }
    for (int k = 0; k < RC_SCORES; k++)
        if (!isnan(s->score[k].value))
            rcm_bounds(room + k * o->resamples, o->resamples, o->level, &s->score[k]);
}

static rc_status find_bounds(rc_scores *s, const rcm_counts *c, const rc_report_options *o,
                             rcm_tally *t)
{
    int32_t *times = rcb_alloc((size_t)c->n, sizeof *times);
    double *room = rcb_alloc((size_t)o->resamples * RC_SCORES, sizeof *room);
    const bool there = times && room;

    if (there)
        draw(s, c, o, t, times, room);
    rcb_free(times);
    rcb_free(room);
    return there ? RC_OK : RC_ENOMEM;
}

/* ---- all together ------------------------------------------------------------------------ */

static rc_status fill(owned *o, const rc_report *r, const rc_report_options *options,
                      rcd_scheme scheme, const rcm_counts *c, rcm_tally *t, int32_t *place)
{
    rc_scores *s = &o->scores;
    const bool spans = c->spans != NULL;
    double score[RC_SCORES];

    rcm_tally_add(t, c, NULL);
    rcm_tally_scores(t, spans, score);
    for (int k = 0; k < RC_SCORES; k++)
        s->score[k] = (rc_bounded){score[k], (double)NAN, (double)NAN};
    count_sequences(s, r);
    RC_TRY(sum_labels(o, t, place));
    RC_TRY(sum_pairs(s, r, place));
    sum_bins(s, r);
    s->scheme = rcd_scheme_word(scheme);
    if (spans)
        RC_TRY(sum_spans(o, r, c));
    s->gold_faults = find_faults(o, r, scheme, r->gold);
    s->said_faults = find_faults(o, r, scheme, r->said);
    return options->resamples > 0 ? find_bounds(s, c, options, t) : RC_OK;
}

rc_status rc_report_measure(const rc_report *r, const rc_report_options *options, rc_scores **out)
{
    const rc_report_options usual = rc_report_options_default();
    const int32_t labels = r->labels.names.n;
    rcm_counts c = {0};
    rcm_tally t = {0};
    rcd_scheme scheme = RCD_SCHEME_NONE;

    *out = NULL;
    options = options ? options : &usual;
    RC_TRY(rcm_report_check(r, options));
    RC_TRY(rcm_report_scheme(r, options, &scheme));
    owned *o = rcb_calloc(1, sizeof *o);
    int32_t *place = rcb_calloc((size_t)labels, sizeof *place);
    rc_status status = o && place ? RC_OK : RC_ENOMEM;

    if (status == RC_OK)
        status = rcd_names_clone(&o->labels, &r->labels.names);
    if (status == RC_OK)
        status = rcd_names_clone(&o->types, &r->labels.types);
    if (status == RC_OK)
        status = rcd_names_clone(&o->files, &r->files);
    if (status == RC_OK)
        status = rcm_counts_new(&c, r, scheme != RCD_SCHEME_NONE, NULL, labels);
    if (status == RC_OK)
        status = rcm_tally_new(&t, labels);
    if (status == RC_OK)
        status = fill(o, r, options, scheme, &c, &t, place);
    rcm_tally_free(&t);
    rcm_counts_free(&c);
    rcb_free(place);
    if (status != RC_OK)
        rc_scores_free(o ? &o->scores : NULL);
    else
        *out = &o->scores;
    return status;
}

void rc_scores_free(rc_scores *s)
{
    owned *o = (owned *)s;

    if (!s)
        return;
    rcb_free(s->label);
    rcb_free(s->pair);
    rcb_free(s->type);
    rcd_names_free(&o->labels);
    rcd_names_free(&o->types);
    rcd_names_free(&o->files);
    rcb_free(o);
}
