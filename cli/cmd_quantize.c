/* cmd_quantize.c -- recur quantize: a model in fewer bits, and what that costs. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "to",
     .kind = RC_OPTION_NAME,
     .list = "precisions",
     .group = "data",
     .needed = true,
     .help = "how every number of a matrix is held"},
    {.name = "out",
     .kind = RC_OPTION_TEXT,
     .value = "SMALL",
     .group = "data",
     .needed = true,
     .help = "where the smaller model goes"},
    {.name = "force",
     .kind = RC_OPTION_FLAG,
     .group = "data",
     .help = "write over a file that is there"},
    {.name = "check",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "report",
     .help = "score this text with both, one symbol after the other, and compare"},
    {.name = "from",
     .kind = RC_OPTION_REAL,
     .fallback = "0",
     .lo = 0,
     .hi = 1,
     .group = "report",
     .help = "begin at this fraction of its bytes"},
    OPT_JSON,
    OPT_END,
};

/* A text scored by one of the models. */
typedef struct scored {
    double nats, tokens, seconds;
} scored;

typedef struct report {
    double bytes[2]; /* files before and after */
    bool checked;
    scored score[2];
} report;

static int score(const rc_model *m, const char *path, double from, scored *out)
{
    rc_eval_options how = rc_eval_options_default();
    rc_evaluation e;

    how.stepwise = true;
    how.from = from;
    const double began = say_clock();
    if (rc_model_evaluate(m, path, &how, &e) != RC_OK)
        return say_library_failure();
    *out = (scored){e.nats, (double)e.tokens, fmax(say_clock() - began, 1e-9)};
    return OPT_GO_ON;
}

/* NAN: it is no file that has a size. */
static double size_of(const char *path)
{
    struct stat s;

    return strcmp(path, "-") != 0 && stat(path, &s) == 0 ? (double)s.st_size : (double)NAN;
}

static const char *say_size(char out[SAY_ROOM], double bytes)
{
    char number[SAY_ROOM];

    (void)snprintf(out, SAY_ROOM, "%.*sB", SAY_ROOM - 2, say_short(number, bytes));
    return isnan(bytes) ? "-" : out;
}

static double perplexity(const scored *s)
{
    return exp(s->nats / s->tokens);
}

static double change(const report *r)
{
    return perplexity(&r->score[1]) / perplexity(&r->score[0]) - 1;
}

static int print_json(const report *r, const char *to)
{
    json_t *root = json_pack("{s:s, s:o, s:o}", "precision", to, "bytes_before",
                             json_number(r->bytes[0]), "bytes_after", json_number(r->bytes[1]));
    if (r->checked) {
        const scored *a = &r->score[0], *b = &r->score[1];
        json_put(&root, "tokens", json_number(a->tokens));
        json_put(&root, "perplexity_before", json_number(perplexity(a)));
        json_put(&root, "perplexity_after", json_number(perplexity(b)));
        json_put(&root, "perplexity_change", json_number(change(r)));
        json_put(&root, "tokens_per_second_before", json_number(a->tokens / a->seconds));
        json_put(&root, "tokens_per_second_after", json_number(b->tokens / b->seconds));
    }
    return json_print(stdout, root, false);
}

static void print_table(const report *r, const char *before, const char *to)
{
    char a[SAY_ROOM], b[SAY_ROOM];

    printf("%-12s %10s %10s\n", "", before, to);
    printf("%-12s %10s %10s\n", "file", say_size(a, r->bytes[0]), say_size(b, r->bytes[1]));
    if (!r->checked)
        return;
    printf("%-12s %10.4f %10.4f  (%+.2f%%)\n", "perplexity", perplexity(&r->score[0]),
           perplexity(&r->score[1]), 100 * change(r));
    printf("%-12s %10s %10s\n", "tokens/s", say_short(a, r->score[0].tokens / r->score[0].seconds),
           say_short(b, r->score[1].tokens / r->score[1].seconds));
}

/* Make the smaller model, compare, and only then write it. */
static int quantize(const opts *o, const rc_model *m, report *r)
{
    const char *text = opts_text(o, "check"), *out = opts_text(o, "out");
    rc_model *small;
    int code = OPT_GO_ON;

    if (rc_model_quantize(&small, m, opts_text(o, "to")) != RC_OK)
        return say_library_failure();
    r->checked = opts_has(o, "check");
    if (r->checked) {
        code = score(m, text, opts_real(o, "from"), &r->score[0]);
        if (code == OPT_GO_ON)
            code = score(small, text, opts_real(o, "from"), &r->score[1]);
    }
    if (code == OPT_GO_ON && rc_model_save(small, out) != RC_OK)
        code = say_library_failure();
    rc_model_free(small);
    return code;
}

static int run(const opts *o)
{
    const char *path = o->args[0], *out = opts_text(o, "out");
    rc_model *m;
    report r = {0};

    int code = say_if_stream(o, "out");
    if (code != OPT_GO_ON)
        return code;
    if (opts_has(o, "from") && !opts_has(o, "check"))
        return say_misuse("--from is of the text that --check names");
    code = say_if_there(o, "out");
    if (code != OPT_GO_ON)
        return code;
    if (rc_model_open(&m, path) != RC_OK)
        return say_library_failure();
    r.bytes[0] = size_of(path);
    code = quantize(o, m, &r);
    r.bytes[1] = size_of(out);
    if (code == OPT_GO_ON && !opts_flag(o, "json"))
        print_table(&r, rc_model_precision(m), opts_text(o, "to"));
    rc_model_free(m);
    if (code != OPT_GO_ON)
        return code;
    return opts_flag(o, "json") ? print_json(&r, opts_text(o, "to")) : EXIT_DONE;
}

const command cmd_quantize = {
    .name = "quantize",
    .usage = "MODEL --to PRECISION --out SMALL [options]",
    .summary = "write a model in fewer bits, for running",
    .example = "recur quantize my.model --to int8 --out small.model --check valid.txt",
    .about = "bf16 keeps the upper half of every number of a matrix: half the file, steps about"
             " twice as fast where they are bound by memory. int8 keeps a byte and a scale for"
             " every row: a quarter of the file, and what is multiplied is rounded to bytes as"
             " well. With --check a text is scored with both models the way sampling runs them."
             " A smaller model runs like any other; it cannot be trained on.",
    .options = options,
    .run = run,
};
