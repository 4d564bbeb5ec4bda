/* cmd_eval.c -- recur eval: how well a model predicts a text. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "cmd.h"
#include "neighbours.h"
#include "reports.h"

static const opt options[] = {
    {.name = "per-line",
     .kind = RC_OPTION_FLAG,
     .group = "evaluation",
     .help = "begin every line with a fresh state (otherwise it is carried through the file)"},
    {.name = "tracks",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 1,
     .hi = 65536,
     .group = "evaluation",
     .help = "cut the text into so many parallel tracks: faster, exact only for 1"},
    {.name = "stepwise",
     .kind = RC_OPTION_FLAG,
     .group = "evaluation",
     .help = "one symbol after the other, as sampling goes (a model of int8 rounds more then)"},
    {.name = "from",
     .kind = RC_OPTION_REAL,
     .fallback = "0",
     .lo = 0,
     .hi = 1,
     .group = "evaluation",
     .help = "begin at this fraction of the file's bytes"},
    {.name = "to",
     .kind = RC_OPTION_REAL,
     .fallback = "1",
     .lo = 0,
     .hi = 1,
     .group = "evaluation",
     .help = "end at this fraction"},
    {.name = "source",
     .kind = RC_OPTION_TEXT,
     .value = "SOURCE",
     .group = "evaluation",
     .help =
         "where the text is from ('coin:0.3', as 'recur data' was told): print the bits that the"
         " source itself takes for it and how many more the model does"},
    {.name = "report",
     .kind = RC_OPTION_FLAG,
     .group = "evaluation",
     .help = "of labels: what recur report says of them, too (docs/reports.md)"},
    {.name = "vectors",
     .kind = RC_OPTION_FLAG,
     .group = "evaluation",
     .help =
         "ask the vectors of a model's words what FILE asks (docs/vectors.md); of a file of word"
         " vectors that is done without it"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

static double span_f1(const rc_evaluation *e)
{
    return 2 * (double)e->spans_right / (double)(e->spans + e->spans_said);
}

/* What the loss is summed over. */
static double measured(const rc_evaluation *e)
{
    return (double)(e->measured > 0 || e->strange > 0 ? e->measured : e->tokens);
}

/* What is to be shown of a file of sequences. */
typedef struct shown {
    const char *measure;
    double seconds;
    rc_scores *scores; /* NULL: no report is wanted */
    rc_report_options how;
} shown;

static int print_series_json(const rc_evaluation *e, const shown *s)
{
    const double seconds = s->seconds;
    const double n = (double)e->tokens;
    json_t *o = json_pack("{s:I, s:I, s:s, s:o}", "sequences", (json_int_t)e->sequences, "said",
                          (json_int_t)e->tokens, "measure", s->measure, "loss",
                          json_number(e->nats / measured(e)));
    if (e->wrong >= 0)
        json_put(&o, "accuracy", json_number(1 - (double)e->wrong / n));
    if (e->numbers > 0)
        json_put(&o, "mean_squared_error", json_number(e->squares / (double)e->numbers));
    if (e->spans + e->spans_said > 0) {
        json_put(&o, "spans", json_integer(e->spans));
        json_put(&o, "spans_said", json_integer(e->spans_said));
        json_put(&o, "spans_right", json_integer(e->spans_right));
        json_put(&o, "span_f1", json_number(span_f1(e)));
    }
    if (e->strange > 0)
        json_put(&o, "unknown_labels", json_integer(e->strange));
    if (s->scores)
        json_put(&o, "report", report_json(s->scores, &s->how));
    json_put(&o, "sequences_per_second", json_number((double)e->sequences / seconds));
    json_put(&o, "seconds", json_number(seconds));
    return json_print(stdout, o, false);
}

static int print_series(const rc_evaluation *e, const shown *s)
{
    const char *measure = s->measure;
    const double n = (double)e->tokens;
    char a[SAY_ROOM], b[SAY_ROOM];
    printf("sequences    %s\n", say_count(a, e->sequences));
    printf("said         %s\n", say_count(a, e->tokens));
    if (measured(e) > 0)
        printf("%-12s %.5g%s\n", strcmp(measure, "nats") == 0 ? "nats" : "mean square",
               e->nats / measured(e), e->numbers > 0 ? " (standardized)" : "");
    else
        printf("%-12s - (the model knows no label of the file)\n", measure);
    if (e->numbers > 0)
        printf("in units     %.5g (root %.5g)\n", e->squares / (double)e->numbers,
               sqrt(e->squares / (double)e->numbers));
    if (e->wrong >= 0)
        printf("accuracy     %.2f%% (%s wrong)\n", 100 * (1 - (double)e->wrong / n),
               say_count(a, e->wrong));
    if (e->spans + e->spans_said > 0) {
        const double right = 100 * (double)e->spans_right;
        printf("spans        %s; precision %.2f, recall %.2f, F1 %.2f\n", say_count(a, e->spans),
               e->spans_said > 0 ? right / (double)e->spans_said : 0,
               e->spans > 0 ? right / (double)e->spans : 0, 100 * span_f1(e));
    }
    if (e->strange > 0)
        printf("not known    %s label%s that training had not\n", say_count(a, e->strange),
               e->strange == 1 ? "" : "s");
    printf("speed        %s sequences/s (%s)\n", say_short(a, (double)e->sequences / s->seconds),
           say_seconds(b, s->seconds));
    if (!s->scores)
        return EXIT_DONE;
    putchar('\n');
    return report_print(s->scores, &s->how) ? EXIT_DONE : say_out_of_memory();
}

static int print_json(const rc_evaluation *e, const char *source, double seconds)
{
    const double n = (double)e->tokens;
    json_t *o =
        json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "tokens", (json_int_t)e->tokens, "chars",
                  (json_int_t)e->chars, "unknown", (json_int_t)e->unknown, "nats_per_token",
                  json_number(e->nats / n), "bits_per_token", json_number(e->nats / n / log(2)),
                  "bits_per_char", json_number(e->nats / (double)e->chars / log(2)), "perplexity",
                  json_number(exp(e->nats / n)));
    if (*source) {
        json_put(&o, "source", json_string(source));
        json_put(&o, "source_bits_per_token", json_number(e->source / n / log(2)));
        json_put(&o, "excess_bits_per_token", json_number((e->nats - e->source) / n / log(2)));
    }
    json_put(&o, "tokens_per_second", json_number(n / seconds));
    json_put(&o, "seconds", json_number(seconds));
    return json_print(stdout, o, false);
}

static void print_table(const rc_evaluation *e, const char *source, double seconds)
{
    const double n = (double)e->tokens;
    char a[SAY_ROOM], b[SAY_ROOM];
    printf("tokens       %s\n", say_count(a, e->tokens));
    printf("characters   %s\n", say_count(a, e->chars));
    printf("unknown      %s (%.2f%%)\n", say_count(a, e->unknown), 100 * (double)e->unknown / n);
    printf("nats/token   %.4f\n", e->nats / n);
    printf("bits/token   %.4f\n", e->nats / n / log(2));
    if (e->chars > 0)
        printf("bits/char    %.4f\n", e->nats / (double)e->chars / log(2));
    printf("perplexity   %.*f\n", exp(e->nats / n) < 100 ? 4 : 2, exp(e->nats / n));
    if (*source) {
        printf("source       %.4f bits/token (%s)\n", e->source / n / log(2), source);
        printf("excess       %.4f bits/token\n", (e->nats - e->source) / n / log(2));
    }
    printf("speed        %s tokens/s (%s)\n", say_short(a, n / seconds), say_seconds(b, seconds));
}

static rc_eval_options options_of(const opts *o, rc_source *source, rc_report *report)
{
    rc_eval_options how = rc_eval_options_default();
    how.per_line = opts_flag(o, "per-line");
    how.tracks = opts_int(o, "tracks");
    how.stepwise = opts_flag(o, "stepwise");
    how.from = opts_real(o, "from");
    how.to = opts_real(o, "to");
    how.threads = (int)opts_int(o, "threads");
    how.source = source;
    how.report = report;
    how.note = say_note;
    how.note_ctx = (void *)(uintptr_t)o;
    return how;
}

static int show_series(const opts *o, const rc_evaluation *e, shown *s, const rc_report *report)
{
    s->how = rc_report_options_default();
    if (report && rc_report_measure(report, &s->how, &s->scores) != RC_OK)
        return say_library_failure();
    const int code = opts_flag(o, "json") ? print_series_json(e, s) : print_series(e, s);
    rc_scores_free(s->scores);
    return code;
}

static int evaluate(const opts *o, const rc_model *m, rc_source *source, rc_report *report)
{
    const rc_eval_options how = options_of(o, source, report);
    const char *spec = opts_text(o, "source");
    rc_evaluation e;
    const double began = say_clock();
    if (rc_model_evaluate(m, o->args[1], &how, &e) != RC_OK)
        return say_library_failure();
    const double seconds = fmax(say_clock() - began, 1e-9);
    if (e.tokens == 0)
        return say_failure("cannot evaluate '%s': there is nothing to score", o->args[1]);
    if (e.sequences > 0)
        return show_series(o, &e, &(shown){.measure = rc_model_measure(m), .seconds = seconds},
                           report);
    if (opts_flag(o, "json"))
        return print_json(&e, spec, seconds);
    print_table(&e, spec, seconds);
    return EXIT_DONE;
}

static int evaluate_model(const opts *o)
{
    rc_source *source = NULL;
    rc_report *report = NULL;
    rc_model *m = NULL;
    rc_status status = RC_OK;
    int code;
    if (opts_real(o, "from") > opts_real(o, "to"))
        return say_misuse("--from is %g, which is after --to %g", opts_real(o, "from"),
                          opts_real(o, "to"));
    if (opts_has(o, "source"))
        status = rc_source_new(&source, opts_text(o, "source"));
    if (status == RC_OK && opts_flag(o, "report"))
        status = rc_report_new(&report, NULL, 0);
    if (status != RC_OK)
        code = say_library_misuse(status);
    else if (rc_model_open(&m, o->args[0]) != RC_OK)
        code = say_library_failure();
    else
        code = evaluate(o, m, source, report);
    rc_model_free(m);
    rc_report_free(report);
    rc_source_free(source);
    return code;
}

static int run(const opts *o)
{
    if (opts_flag(o, "vectors") || rc_vectors_likely(o->args[0]))
        return vectors_eval(o);
    return evaluate_model(o);
}

const command cmd_eval = {
    .name = "eval",
    .usage = "MODEL FILE [options]",
    .summary = "say how well a model predicts a text",
    .example = "recur eval my.model test.txt\n"
               "recur eval my.model input.txt --from 0.95 --json\n"
               "recur eval even.model even.txt --source even:0.5\n"
               "recur eval ner.model eng.testa --report\n"
               "recur eval vectors.bin questions-words.txt",
    .about =
        "Scores every symbol of FILE ('-': standard input; .gz, .xz and .zst are read too) and"
        " prints tokens, nats and bits per token, bits per character, perplexity, how many"
        " tokens are unknown, and the speed. Of a text by 'recur data', --source tells how far"
        " from the truth the model is: docs/truth.md. Of labels, --report tells F1, what was"
        " confused, calibration and intervals. Of word vectors, in a file of word2vec, fastText or"
        " GloVe, FILE has analogies or pairs of words with how alike they are.",
    .options = options,
    .run = run,
};
