/* report_json.c -- reports as JSON. */
#include "reports.h"
#include <string.h>

static json_t *found_json(const rc_found *f)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "gold", (json_int_t)f->gold, "said",
                     (json_int_t)f->said, "right", (json_int_t)f->right, "precision",
                     json_number(f->precision), "recall", json_number(f->recall), "f1",
                     json_number(f->f1));
}

static json_t *mean_json(const rc_found *f)
{
    return json_pack("{s:o, s:o, s:o}", "precision", json_number(f->precision), "recall",
                     json_number(f->recall), "f1", json_number(f->f1));
}

static json_t *rows_json(const char *key, const rc_found_row *row, size_t count)
{
    json_t *all = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *one = found_json(&row[i].of);
        json_put(&one, key, json_bytes(row[i].name, strlen(row[i].name)));
        json_add(&all, one);
    }
    return all;
}

static json_t *pairs_json(const rc_scores *s)
{
    json_t *all = json_array();

    for (size_t i = 0; i < s->pairs; i++) {
        const char *gold = s->label[s->pair[i].gold].name, *said = s->label[s->pair[i].said].name;
        json_add(&all,
                 json_pack("{s:o, s:o, s:I}", "gold", json_bytes(gold, strlen(gold)), "said",
                           json_bytes(said, strlen(said)), "count", (json_int_t)s->pair[i].count));
    }
    return all;
}

static json_t *bins_json(const rc_scores *s)
{
    json_t *all = json_array();

    for (int i = 0; i < RC_RELIABILITY_BINS; i++)
        json_add(&all,
                 json_pack("{s:f, s:f, s:I, s:o, s:o}", "from", (double)i / RC_RELIABILITY_BINS,
                           "to", (double)(i + 1) / RC_RELIABILITY_BINS, "count",
                           (json_int_t)s->bin[i].count, "accuracy", json_number(s->bin[i].accuracy),
                           "confidence", json_number(s->bin[i].confidence)));
    return all;
}

static json_t *faults_json(const rc_tag_faults *f)
{
    if (f->count == 0)
        return json_pack("{s:I}", "count", (json_int_t)0);
    json_t *one = json_pack("{s:I, s:I, s:I, s:o, s:s}", "count", (json_int_t)f->count, "sequence",
                            (json_int_t)f->sequence, "position", (json_int_t)f->position, "tag",
                            json_bytes(f->tag, strlen(f->tag)), "what", f->what);
    if (f->file) {
        json_put(&one, "file", json_bytes(f->file, strlen(f->file)));
        json_put(&one, "line", json_integer((json_int_t)f->line));
    }
    return one;
}

static void put_spans(json_t **all, const rc_scores *s)
{
    json_t *spans = found_json(&s->spans);

    json_put(&spans, "scheme", json_string(s->scheme));
    json_put(&spans, "whole", json_integer((json_int_t)s->span_whole));
    json_put(&spans, "types", rows_json("type", s->type, s->types));
    json_put(&spans, "gold_faults", faults_json(&s->gold_faults));
    json_put(&spans, "said_faults", faults_json(&s->said_faults));
    json_put(all, "spans", spans);
}

json_t *report_json(const rc_scores *s, const rc_report_options *o)
{
    json_t *all = json_pack("{s:I, s:I, s:I, s:I}", "sequences", (json_int_t)s->sequences, "labels",
                            (json_int_t)s->labels, "right", (json_int_t)s->right, "whole",
                            (json_int_t)s->whole);

    json_put(&all, "accuracy", reports_json_bounded(&s->score[RC_SCORE_ACCURACY]));
    json_put(&all, "macro_f1", reports_json_bounded(&s->score[RC_SCORE_MACRO_F1]));
    json_put(&all, "span_f1", reports_json_bounded(&s->score[RC_SCORE_SPAN_F1]));
    json_put(&all, "level", json_number(o->level));
    json_put(&all, "resamples", json_integer((json_int_t)o->resamples));
    json_put(&all, "seed", json_integer((json_int_t)o->seed));
    json_put(&all, "micro", mean_json(&s->micro));
    json_put(&all, "macro", mean_json(&s->macro));
    json_put(&all, "weighted", mean_json(&s->weighted));
    json_put(&all, "by_label", rows_json("label", s->label, s->count));
    json_put(&all, "confusion", pairs_json(s));
    json_put(&all, "ece", json_number(s->ece));
    if (s->confident)
        json_put(&all, "reliability", bins_json(s));
    if (strcmp(s->scheme, "none") != 0)
        put_spans(&all, s);
    return all;
}
