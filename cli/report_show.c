/* report_show.c -- reports as text: a table for people, the whole matrix, and conlleval's lines. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "reports.h"
#include "table.h"

enum { MOST_CONFUSED = 10 };

/* ---- cells ---------------------------------------------------------------------------------- */

static void add_count(table *t, int64_t n)
{
    char text[SAY_ROOM];

    snprintf(text, sizeof text, "%" PRId64, n);
    table_add(t, text);
}

static void add_percent(table *t, double x)
{
    char text[SAY_ROOM];

    snprintf(text, sizeof text, "%.2f", 100 * x);
    table_add(t, text);
}

/* Counts are left out of means. */
static void add_found(table *t, const char *name, const rc_found *f, bool counts)
{
    table_add(t, name);
    for (int i = 0; i < 3; i++)
        if (counts)
            add_count(t, i == 0 ? f->gold : i == 1 ? f->said : f->right);
        else
            table_add(t, "");
    add_percent(t, f->precision);
    add_percent(t, f->recall);
    add_percent(t, f->f1);
}

static void add_head(table *t, const char *what, const char *said)
{
    const char *const head[] = {what, "gold", said, "right", "precision", "recall", "F1"};

    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        table_add(t, head[i]);
}

static bool print_labels(const rc_scores *s)
{
    table t = {.columns = 7};

    add_head(&t, "label", "said");
    for (size_t i = 0; i < s->count; i++)
        add_found(&t, s->label[i].name, &s->label[i].of, true);
    add_found(&t, "mean (macro)", &s->macro, false);
    add_found(&t, "mean by gold (weighted)", &s->weighted, false);
    add_found(&t, "all (micro)", &s->micro, true);
    putchar('\n');
    return table_end(&t, false);
}

static bool print_types(const rc_scores *s)
{
    table t = {.columns = 7};

    add_head(&t, "spans", "found");
    for (size_t i = 0; i < s->types; i++)
        add_found(&t, s->type[i].name[0] ? s->type[i].name : "(no type)", &s->type[i].of, true);
    add_found(&t, "all", &s->spans, true);
    putchar('\n');
    return table_end(&t, false);
}

static bool print_confused(const rc_scores *s)
{
    table t = {.columns = 4};
    size_t shown = 0;

    for (int i = 0; i < 4; i++)
        table_add(&t, i == 0 ? "gold" : i == 1 ? "said" : i == 2 ? "times" : "of its gold");
    for (size_t i = 0; i < s->pairs && shown < MOST_CONFUSED; i++) {
        const rc_confusion *p = &s->pair[i];
        if (p->gold == p->said)
            continue;
        shown++;
        table_add(&t, s->label[p->gold].name);
        table_add(&t, s->label[p->said].name);
        add_count(&t, p->count);
        add_percent(&t, (double)p->count / (double)s->label[p->gold].of.gold);
    }
    if (shown == 0) {
        table_free(&t);
        return true;
    }
    puts("\nmost often confused");
    return table_end(&t, false);
}

/* ---- the head ------------------------------------------------------------------------------- */

static void print_faults(const char *which, const char *scheme, const rc_tag_faults *f)
{
    char count[SAY_ROOM];

    if (f->count == 0)
        return;
    printf("%-13s%s tag%s cannot stand in %s; the first, '%s'", which, say_count(count, f->count),
           f->count == 1 ? "" : "s", scheme, f->tag);
    if (f->file)
        printf(" in line %" PRId64 " of '%s',", f->line, f->file);
    else
        printf(" in sequence %" PRId64 ",", f->sequence + 1);
    printf(" %s\n", f->what);
}

static void print_whole(const char *name, int64_t whole, int64_t sequences, const char *what)
{
    char a[SAY_ROOM], b[SAY_ROOM];

    printf("%-13s%.2f: %s of %s sentences %s\n", name, 100 * (double)whole / (double)sequences,
           say_count(a, whole), say_count(b, sequences), what);
}

static void print_calibration(const rc_scores *s)
{
    double sure = 0;

    for (int i = 0; i < RC_RELIABILITY_BINS; i++)
        if (s->bin[i].count > 0)
            sure += s->bin[i].confidence * (double)s->bin[i].count / (double)s->labels;
    printf("%-13sECE %.2f (%d bins), mean confidence %.2f\n", "calibration", 100 * s->ece,
           RC_RELIABILITY_BINS, 100 * sure);
}

static void print_head(const rc_scores *s)
{
    char a[SAY_ROOM], b[SAY_ROOM], text[REPORTS_ROOM];
    const bool spans = strcmp(s->scheme, "none") != 0;

    if (s->single)
        printf("%-13s%s, %zu labels\n", "examples", say_count(a, s->labels), s->count);
    else
        printf("%-13s%s in %s sentences, %zu labels\n", "words", say_count(a, s->labels),
               say_count(b, s->sequences), s->count);
    printf("%-13s%s\n", "accuracy", reports_percent(text, &s->score[RC_SCORE_ACCURACY]));
    printf("%-13s%s\n", "macro F1", reports_percent(text, &s->score[RC_SCORE_MACRO_F1]));
    if (spans)
        printf("%-13s%s\n", "span F1", reports_percent(text, &s->score[RC_SCORE_SPAN_F1]));
    if (!s->single)
        print_whole("whole", s->whole, s->sequences, "with every label right");
    if (spans)
        print_whole("whole spans", s->span_whole, s->sequences, "with just the right spans");
    if (s->confident)
        print_calibration(s);
    if (!spans)
        return;
    printf("%-13s%s\n", "scheme", s->scheme);
    print_faults("gold", s->scheme, &s->gold_faults);
    print_faults("said", s->scheme, &s->said_faults);
}

bool report_print(const rc_scores *s, const rc_report_options *o)
{
    print_head(s);
    const bool whole = (s->types == 0 || print_types(s)) && print_labels(s) && print_confused(s);
    if (whole)
        reports_print_chance(o, s->single ? "draws of the examples, with putting back"
                                          : "draws of the sentences, with putting back");
    return whole;
}

/* ---- the matrix ----------------------------------------------------------------------------- */

bool report_print_matrix(const rc_scores *s)
{
    int64_t *at = calloc(s->count * s->count + 1, sizeof *at);
    table t = {.columns = s->count + 1};

    if (!at)
        return false;
    for (size_t i = 0; i < s->pairs; i++)
        at[(size_t)s->pair[i].gold * s->count + (size_t)s->pair[i].said] = s->pair[i].count;
    table_add(&t, "gold \\ said");
    for (size_t i = 0; i < s->count; i++)
        table_add(&t, s->label[i].name);
    for (size_t i = 0; i < s->count; i++) {
        table_add(&t, s->label[i].name);
        for (size_t k = 0; k < s->count; k++)
            add_count(&t, at[i * s->count + k]);
    }
    free(at);
    putchar('\n');
    return table_end(&t, false);
}

/* ---- conlleval ------------------------------------------------------------------------------ */

/* Precision, recall and F1 in percent, computed in the order in which the script does, so that the
 * last digit is the same. */
static void print_rates(const rc_found *f)
{
    const double precision = f->said > 0 ? 100 * (double)f->right / (double)f->said : 0;
    const double recall = f->gold > 0 ? 100 * (double)f->right / (double)f->gold : 0;
    const double both = precision + recall;

    printf("precision: %6.2f%%; recall: %6.2f%%; FB1: %6.2f", precision, recall,
           both > 0 ? 2 * precision * recall / both : 0);
}

void report_print_conlleval(const rc_scores *s)
{
    printf("processed %" PRId64 " tokens with %" PRId64 " phrases; found: %" PRId64
           " phrases; correct: %" PRId64 ".\n",
           s->labels, s->spans.gold, s->spans.said, s->spans.right);
    printf("accuracy: %6.2f%%; ", 100 * (double)s->right / (double)s->labels);
    print_rates(&s->spans);
    putchar('\n');
    for (size_t i = 0; i < s->types; i++) {
        const rc_found *f = &s->type[i].of;
        /* spans without a type, gold and found, stand there twice */
        const int times = !s->type[i].name[0] && f->gold > 0 && f->said > 0 ? 2 : 1;
        for (int k = 0; k < times; k++) {
            printf("%17s: ", s->type[i].name);
            print_rates(f);
            printf("  %" PRId64 "\n", f->said);
        }
    }
}
