/* cmd_compare.c -- recur compare: what several systems said of the same, and whether their numbers
 * differ by more than chance.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "reports.h"
#include "table.h"

static const opt options[] = {
    OPT_LABELS, OPT_DELIMITER, OPT_SCHEME, OPT_RESAMPLES, OPT_LEVEL, OPT_CHANCE, OPT_JSON, OPT_END,
};

/* Systems as they were read. */
typedef struct systems {
    size_t count;
    const char *const *name;
    rc_report **report;
    rc_scores **scores;
    rc_comparison *pair; /* (count,count) those with a lower first number are filled */
    rc_report_options how;
} systems;

static const char *const words[] = {
#define WORDS(code, words) [code] = words,
    RC_SCORE_MAP(WORDS)
#undef WORDS
};
static const char *const keys[] = {
    [RC_SCORE_ACCURACY] = "accuracy",
    [RC_SCORE_MACRO_F1] = "macro_f1",
    [RC_SCORE_SPAN_F1] = "span_f1",
};

/* ---- reading -------------------------------------------------------------------------------- */

static void release(systems *s)
{
    for (size_t i = 0; s->report && s->scores && i < s->count; i++) {
        rc_report_free(s->report[i]);
        rc_scores_free(s->scores[i]);
    }
    free(s->report);
    free(s->scores);
    free(s->pair);
}

static int measure(systems *s, const opts *o)
{
    int code = OPT_GO_ON;

    s->report = calloc(s->count, sizeof *s->report);
    s->scores = calloc(s->count, sizeof *s->scores);
    s->pair = calloc(s->count * s->count, sizeof *s->pair);
    if (!s->report || !s->scores || !s->pair)
        return say_out_of_memory();
    for (size_t i = 0; i < s->count && code == OPT_GO_ON; i++)
        code = reports_read(o, &s->name[i], 1, &s->report[i]);
    rc_status status = RC_OK;
    for (size_t i = 0; i < s->count && code == OPT_GO_ON && status == RC_OK; i++)
        for (size_t k = i + 1; k < s->count && status == RC_OK; k++)
            status =
                rc_report_compare(s->report[i], s->report[k], &s->how, &s->pair[i * s->count + k]);
    for (size_t i = 0; i < s->count && code == OPT_GO_ON && status == RC_OK; i++)
        status = rc_report_measure(s->report[i], &s->how, &s->scores[i]);
    return status == RC_OK ? code : say_library_misuse(status);
}

static bool has(const systems *s, int score)
{
    return !isnan(s->scores[0]->score[score].value);
}

/* ---- for people ----------------------------------------------------------------------------- */

static bool print_systems(const systems *s)
{
    table t = {.columns = 1};

    table_add(&t, "system");
    for (int k = 0; k < RC_SCORES; k++)
        if (has(s, k)) {
            table_add(&t, words[k]);
            t.columns++;
        }
    for (size_t i = 0; i < s->count; i++) {
        table_add(&t, s->name[i]);
        for (int k = 0; k < RC_SCORES; k++) {
            char text[REPORTS_ROOM];
            if (has(s, k))
                table_add(&t, reports_percent(text, &s->scores[i]->score[k]));
        }
    }
    return table_end(&t, false);
}

static void add_p(table *t, double p)
{
    char text[SAY_ROOM] = "-";

    if (!isnan(p))
        snprintf(text, sizeof text, p < 0.0001 ? "%.1e" : "%.4f", p);
    table_add(t, text);
}

static void add_contrast(table *t, const systems *s, size_t i, size_t k, int score)
{
    const rc_bounded *d = &s->pair[i * s->count + k].score[score].difference;
    char text[REPORTS_ROOM];

    table_add(t, s->name[i]);
    table_add(t, s->name[k]);
    table_add(t, words[score]);
    snprintf(text, sizeof text, "%.2f", 100 * d->value);
    table_add(t, text);
    if (isnan(d->lo))
        snprintf(text, sizeof text, "-");
    else
        snprintf(text, sizeof text, "%.2f to %.2f", 100 * d->lo, 100 * d->hi);
    table_add(t, text);
    add_p(t, s->pair[i * s->count + k].score[score].p);
}

/* All pairs, a row for each number. */
static bool print_pairs(const systems *s)
{
    static const char *const head[] = {"first", "second", "of", "difference", "interval", "p"};
    table t = {.columns = sizeof head / sizeof *head};

    for (size_t i = 0; i < t.columns; i++)
        table_add(&t, head[i]);
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = i + 1; k < s->count; k++)
            for (int score = 0; score < RC_SCORES; score++)
                if (has(s, score))
                    add_contrast(&t, s, i, k, score);
    putchar('\n');
    return table_end(&t, false);
}

/* Of single labels the exact test as well. */
static bool print_mcnemar(const systems *s)
{
    static const char *const head[] = {"first", "second", "first alone right", "second alone right",
                                       "McNemar's p"};
    table t = {.columns = sizeof head / sizeof *head};

    for (size_t i = 0; i < t.columns; i++)
        table_add(&t, head[i]);
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = i + 1; k < s->count; k++) {
            const rc_comparison *c = &s->pair[i * s->count + k];
            char text[SAY_ROOM];
            table_add(&t, s->name[i]);
            table_add(&t, s->name[k]);
            snprintf(text, sizeof text, "%" PRId64, c->first_only);
            table_add(&t, text);
            snprintf(text, sizeof text, "%" PRId64, c->second_only);
            table_add(&t, text);
            add_p(&t, c->mcnemar);
        }
    putchar('\n');
    return table_end(&t, false);
}

static int print_text(const systems *s)
{
    if (!print_systems(s) || !print_pairs(s) || (s->scores[0]->single && !print_mcnemar(s)))
        return say_out_of_memory();
    reports_print_chance(&s->how, "draws, of all systems alike; p: of as many random swaps");
    return EXIT_DONE;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *pair_json(const systems *s, size_t i, size_t k)
{
    const rc_comparison *c = &s->pair[i * s->count + k];
    json_t *one = json_pack("{s:o, s:o}", "first", json_bytes(s->name[i], strlen(s->name[i])),
                            "second", json_bytes(s->name[k], strlen(s->name[k])));

    for (int score = 0; score < RC_SCORES; score++) {
        json_t *contrast = reports_json_bounded(&c->score[score].difference);
        json_put(&contrast, "p", json_number(c->score[score].p));
        json_put(&one, keys[score], contrast);
    }
    json_put(&one, "first_only", json_integer((json_int_t)c->first_only));
    json_put(&one, "second_only", json_integer((json_int_t)c->second_only));
    json_put(&one, "mcnemar_p", json_number(c->mcnemar));
    return one;
}

static int print_json(const systems *s)
{
    json_t *all = json_pack("{s:o, s:I, s:I}", "level", json_number(s->how.level), "resamples",
                            (json_int_t)s->how.resamples, "seed", (json_int_t)s->how.seed);
    json_t *each = json_array(), *pairs = json_array();

    for (size_t i = 0; i < s->count; i++) {
        json_t *one = json_pack("{s:o}", "system", json_bytes(s->name[i], strlen(s->name[i])));
        for (int k = 0; k < RC_SCORES; k++)
            json_put(&one, keys[k], reports_json_bounded(&s->scores[i]->score[k]));
        json_add(&each, one);
        for (size_t k = i + 1; k < s->count; k++)
            json_add(&pairs, pair_json(s, i, k));
    }
    json_put(&all, "systems", each);
    json_put(&all, "pairs", pairs);
    return json_print(stdout, all, false);
}

static int run(const opts *o)
{
    systems s = {.count = o->arg_count, .name = o->args, .how = reports_options(o)};
    int code = measure(&s, o);

    if (code == OPT_GO_ON)
        code = opts_flag(o, "json") ? print_json(&s) : print_text(&s);
    release(&s);
    return code;
}

const command cmd_compare = {
    .name = "compare",
    .usage = "A B [C...] [options]",
    .summary = "compare what systems said of the same, and how easily chance does as much",
    .example = "recur compare lstm.txt elman.txt\n"
               "recur compare cnn.tsv bow.tsv rnn.tsv --labels --resamples 10000",
    .about = "Reads files as 'recur report' does, one of each system, all with the same right"
             " labels. Prints each one's numbers with intervals, and for every pair the difference"
             " with its interval and p: how often so large a difference comes when a coin says for"
             " each sentence whose labels are whose. See docs/reports.md.",
    .options = options,
    .run = run,
};
