/* cmd_data.c -- recur data: texts whose true probabilities are known. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "out",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "data",
     .help = "where the text goes (otherwise to standard output, without a report)"},
    {.name = "length",
     .kind = RC_OPTION_INT,
     .fallback = "100000",
     .lo = 1,
     .hi = 1e12,
     .group = "data",
     .help = "symbols"},
    {.name = "seed",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 0,
     .hi = 9007199254740991,
     .group = "data",
     .help = "of the draw; what a source itself draws has a seed in its name"},
    {.name = "force",
     .kind = RC_OPTION_FLAG,
     .group = "data",
     .help = "write over a file that is there"},
    OPT_JSON,
    OPT_END,
};

static int stream(rc_source *s, int64_t n)
{
    char block[1 << 14];
    while (n > 0 && !ferror(stdout)) {
        const size_t some = n < (int64_t)sizeof block ? (size_t)n : sizeof block;
        rc_source_draw(s, block, some);
        fwrite(block, 1, some, stdout);
        n -= (int64_t)some;
    }
    return EXIT_DONE;
}

static int report(const opts *o, const rc_source *s)
{
    const rc_source_facts f = rc_source_about(s);
    const int64_t n = opts_int(o, "length");
    const char *out = opts_text(o, "out");
    char a[SAY_ROOM];
    if (opts_flag(o, "json"))
        return json_print(stdout,
                          json_pack("{s:s, s:s, s:I, s:I, s:s, s:I, s:o}", "source", f.spec, "out",
                                    out, "symbols", (json_int_t)n, "seed",
                                    (json_int_t)opts_int(o, "seed"), "alphabet", f.alphabet,
                                    "states", (json_int_t)f.states, "entropy_rate",
                                    json_number(f.rate)),
                          false);
    printf("source       %s\n", f.spec);
    printf("alphabet     ");
    for (const char *c = f.alphabet; *c; c++)
        if (*c == '\n')
            fputs("\\n", stdout);
        else
            putchar(*c);
    printf("\nstates       %s\n", say_count(a, f.states));
    if (isnan(f.rate))
        puts("entropy      no closed form ('recur eval --source' sums it up over a text)");
    else
        printf("entropy      %.4f bits/symbol\n", f.rate);
    printf("written      %s, %s symbols\n", out, say_count(a, n));
    return EXIT_DONE;
}

static int run(const opts *o)
{
    const char *out = opts_text(o, "out");
    rc_source *s = NULL;
    int code = say_if_stream(o, "out");
    if (code != OPT_GO_ON)
        return code;
    if (opts_flag(o, "json") && !opts_has(o, "out"))
        return say_misuse("--json is the report of a file that --out names");
    code = opts_has(o, "out") ? say_if_there(o, "out") : OPT_GO_ON;
    if (code != OPT_GO_ON)
        return code;
    const rc_status status = rc_source_new(&s, o->args[0]);
    if (status != RC_OK)
        return say_library_misuse(status);
    rc_source_begin(s, (uint64_t)opts_int(o, "seed"));
    if (!opts_has(o, "out"))
        code = stream(s, opts_int(o, "length"));
    else if (rc_source_write(s, out, opts_int(o, "length")) != RC_OK)
        code = say_library_failure();
    else
        code = report(o, s);
    rc_source_free(s);
    return code;
}

const command cmd_data = {
    .name = "data",
    .usage = "SOURCE [options]",
    .summary = "make a text whose true probabilities are known",
    .example = "recur data even:0.5 --length 1000000 --out even.txt\n"
               "recur data agreement --length 300",
    .about = "Draws symbols from a source (see 'recur list sources --long': those of symbols)."
             " 'recur eval --source' says how many bits a model takes more than the source, which"
             " no model can better in the mean. Sources of series are made where they are used:"
             " 'recur train series --train adding:150'.",
    .options = options,
    .words = "sources",
    .run = run,
};
