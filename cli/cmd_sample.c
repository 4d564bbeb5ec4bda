/* cmd_sample.c -- recur sample: text drawn from a model, printed while it is drawn.
 *
 * Sample i of several is what --seed SEED+i alone would print.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "prompt",
     .kind = RC_OPTION_TEXT,
     .group = "sampling",
     .help = "text to go on from; without it the first input is the end of a line"},
    {.name = "length",
     .kind = RC_OPTION_INT,
     .fallback = "500",
     .lo = 0,
     .hi = 1e15,
     .group = "sampling",
     .help = "at most so many symbols"},
    {.name = "lines",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 1e15,
     .group = "sampling",
     .help = "stop after so many ends of lines, 0: no limit (default 1 for words, 0 otherwise)"},
    {.name = "n",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 1,
     .hi = 1e9,
     .group = "sampling",
     .help = "so many samples, separated by a line ---"},
    {.name = "temperature",
     .kind = RC_OPTION_REAL,
     .fallback = "1",
     .lo = 0,
     .hi = 100,
     .group = "sampling",
     .help = "below 1: bolder for what is probable; 0: the most probable"},
    {.name = "top-k",
     .kind = RC_OPTION_INT,
     .fallback = "0",
     .lo = 0,
     .hi = 1e9,
     .group = "sampling",
     .help = "draw from the k most probable symbols (0: all)"},
    {.name = "top-p",
     .kind = RC_OPTION_REAL,
     .fallback = "1",
     .lo = 0,
     .hi = 1,
     .group = "sampling",
     .help = "draw from the smallest set of symbols that is at least so probable"},
    {.name = "ban",
     .kind = RC_OPTION_TEXT,
     .value = "WORD",
     .many = true,
     .group = "sampling",
     .help = "never draw this symbol (repeat for more)"},
    {.name = "seed",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 0,
     .hi = 9007199254740991,
     .group = "sampling",
     .help = "same seed, same text"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

/* What all samples of one call share. */
typedef struct sampler {
    const opts *o;
    const rc_model *m;
    rc_runner *primed; /* the prompt is fed */
    rc_sampling how;
    int64_t length;
    int64_t lines; /* 0: no limit */
} sampler;

/* Where a text stands, so that words get blanks between them and lines their ends. */
typedef struct writer {
    FILE *out;
    bool line_start;
    bool word_open; /* a word stands before: a blank is due */
} writer;

static void put_text(writer *w, const char *text, size_t n)
{
    fwrite(text, 1, n, w->out);
    if (n > 0) {
        w->line_start = text[n - 1] == '\n';
        w->word_open = !strchr(" \t\n", text[n - 1]);
    }
}

static void put_symbol(writer *w, const rc_model *m, int32_t id)
{
    size_t n;
    const char *bytes = rc_model_symbol(m, id, &n);
    const bool words = rc_model_spaced(m);
    if (words && id == rc_model_boundary(m)) {
        put_text(w, "\n", 1);
        return;
    }
    if (words && w->word_open)
        fputc(' ', w->out);
    put_text(w, bytes, n);
}

static int take_bans(sampler *s, int32_t **out)
{
    const char *word;
    size_t n = 0;
    while (opts_each(s->o, "ban", n))
        n++;
    int32_t *ids = calloc(n + 1, sizeof *ids);
    *out = ids;
    if (!ids)
        return say_out_of_memory();
    for (size_t i = 0; (word = opts_each(s->o, "ban", i)); i++) {
        ids[i] = rc_model_find(s->m, word, strlen(word));
        if (ids[i] < 0)
            return say_misuse("cannot ban '%s': it is not in the vocabulary of '%s'", word,
                              s->o->args[0]);
    }
    s->how.ban = ids;
    s->how.ban_count = n;
    return OPT_GO_ON;
}

static int feed_prompt(sampler *s, const char *prompt)
{
    int32_t *ids = NULL;
    size_t n = 0;
    int64_t unknown = 0;
    if (!prompt[0])
        return OPT_GO_ON;
    if (rc_model_encode(s->m, prompt, strlen(prompt), &ids, &n, &unknown) != RC_OK)
        return say_library_failure();
    rc_status status = RC_OK;
    for (size_t i = 0; i < n && status == RC_OK; i++)
        status = rc_runner_feed(s->primed, ids[i]);
    rc_free(ids);
    if (status != RC_OK)
        return say_library_failure();
    if (unknown)
        say_unless_quiet(s->o, "%" PRId64 " symbols of the prompt are not in the vocabulary",
                         unknown);
    return OPT_GO_ON;
}

/* Draw one text to its end. */
static rc_status draw(const sampler *s, uint64_t seed, writer *w)
{
    rc_runner *r = NULL;
    rc_sampling how = s->how;
    how.seed = seed;
    rc_status status = rc_runner_clone(&r, s->primed);
    if (status == RC_OK)
        status = rc_runner_threads(r, (int)opts_int(s->o, "threads"));
    for (int64_t i = 0, lines = 0; status == RC_OK && i < s->length && !ferror(w->out); i++) {
        int32_t id;
        how.draw = (uint64_t)i;
        status = rc_runner_draw(r, &how, &id);
        if (status != RC_OK)
            break;
        put_symbol(w, s->m, id);
        fflush(w->out);
        lines += id == rc_model_boundary(s->m);
        if (s->lines > 0 && lines >= s->lines)
            break;
        if (i + 1 < s->length) /* nothing is drawn after the last one */
            status = rc_runner_feed(r, id);
    }
    rc_runner_free(r);
    return status;
}

static int print_plain(const sampler *s, uint64_t seed, const char *prompt)
{
    writer w = {.out = stdout, .line_start = true};
    put_text(&w, prompt, strlen(prompt));
    const rc_status status = draw(s, seed, &w);
    if (!w.line_start)
        putchar('\n');
    return status == RC_OK ? EXIT_DONE : say_library_failure();
}

static int print_json(const sampler *s, uint64_t seed, const char *prompt)
{
    char *text = NULL;
    size_t n = 0;
    writer w = {.out = open_memstream(&text, &n), .line_start = true};
    if (!w.out)
        return say_out_of_memory();
    const rc_status status = draw(s, seed, &w);
    bool whole = !ferror(w.out);
    whole = fclose(w.out) == 0 && whole && text;
    int code;
    if (status != RC_OK)
        code = say_library_failure();
    else if (!whole)
        code = say_out_of_memory();
    else
        code = json_print(stdout,
                          json_pack("{s:o, s:o, s:I}", "prompt", json_bytes(prompt, strlen(prompt)),
                                    "text", json_bytes(text, n), "seed", (json_int_t)seed),
                          false);
    free(text);
    return code;
}

static int print_samples(const sampler *s)
{
    const bool json = opts_flag(s->o, "json");
    const char *prompt = opts_text(s->o, "prompt");
    const int64_t n = opts_int(s->o, "n");
    int code = EXIT_DONE;
    for (int64_t i = 0; i < n && code == EXIT_DONE && !ferror(stdout); i++) {
        const uint64_t seed = (uint64_t)(opts_int(s->o, "seed") + i);
        if (i > 0 && !json)
            puts("---");
        code = json ? print_json(s, seed, prompt) : print_plain(s, seed, prompt);
    }
    return code;
}

static int run(const opts *o)
{
    rc_model *m = NULL;
    int32_t *bans = NULL;
    if (rc_model_open(&m, o->args[0]) != RC_OK)
        return say_library_failure();
    sampler s = {.o = o, .m = m, .how = rc_sampling_default(), .length = opts_int(o, "length")};
    s.how.temperature = opts_real(o, "temperature");
    s.how.top_k = (int32_t)opts_int(o, "top-k");
    s.how.top_p = opts_real(o, "top-p");
    s.lines = opts_has(o, "lines") ? opts_int(o, "lines") : rc_model_spaced(m) ? 1 : 0;
    int code = take_bans(&s, &bans);
    if (code == OPT_GO_ON && rc_runner_new(&s.primed, m) != RC_OK)
        code = say_library_failure();
    if (code == OPT_GO_ON)
        code = feed_prompt(&s, opts_text(o, "prompt"));
    if (code == OPT_GO_ON)
        code = print_samples(&s);
    rc_runner_free(s.primed);
    free(bans);
    rc_model_free(m);
    return code;
}

const command cmd_sample = {
    .name = "sample",
    .usage = "MODEL [options]",
    .summary = "print text drawn from a model",
    .example = "recur sample my.model --prompt \"ROMEO:\" --length 500\n"
               "recur sample words.model --temperature 0.8 --top-p 0.9 --ban '<unk>' --n 5",
    .about = "Streams symbols to standard output as they are drawn. The first input is the end of a"
             " line (<eos> for words, a line feed for characters), then the prompt. Sample i of"
             " several is what --seed SEED+i would print.",
    .options = options,
    .run = run,
};
