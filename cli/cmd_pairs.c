/* cmd_pairs.c -- recur pairs: what skip-gram learns from a sentence. */
#include "cmd.h"

static const opt options[] = {
    {.name = "window",
     .kind = RC_OPTION_INT,
     .fallback = "2",
     .lo = 1,
     .hi = 1e6,
     .group = "output",
     .help = "words on each side, at most"},
    OPT_JSON,
    OPT_END,
};

/* Where pairs go. */
typedef struct writer {
    json_t *all; /* NULL: lines of text */
} writer;

static rc_status put(void *ctx, const char *center, const char *context)
{
    writer *w = ctx;
    if (w->all)
        json_array_append_new(w->all, json_pack("[s, s]", center, context));
    else
        printf("%s %s\n", center, context);
    return RC_OK;
}

static int run(const opts *o)
{
    writer w = {.all = opts_flag(o, "json") ? json_array() : NULL};
    const rc_status status = rc_text_pairs(o->args[0], opts_int(o, "window"), put, &w);
    int code = status == RC_OK ? EXIT_DONE : say_library_failure();
    if (code == EXIT_DONE && w.all)
        return json_print(stdout, json_pack("{s:o}", "pairs", w.all), false);
    json_decref(w.all);
    return code;
}

const command cmd_pairs = {
    .name = "pairs",
    .usage = "TEXT [options]",
    .summary = "print the pairs of words that skip-gram learns from",
    .example = "recur pairs --window 2 \"The quick brown fox jumps over the lazy dog\"",
    .about = "Each word of TEXT with each of the words around it, a pair a line, in the order of"
             " the text (Mikolov et al. 2013). 'recur train embed --fixed-window --subsample 0'"
             " learns from just these; without these options it looks less far now and then, and"
             " leaves frequent words out.",
    .options = options,
    .run = run,
};
