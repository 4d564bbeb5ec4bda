/* cmd_convert.c -- recur convert: word vectors from one format into another. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "out",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "data",
     .needed = true,
     .help = "where they go"},
    {.name = "to",
     .kind = RC_OPTION_NAME,
     .list = "vector-formats",
     .group = "data",
     .help = "format; by the end of the name of --out unless given"},
    {.name = "top",
     .kind = RC_OPTION_INT,
     .fallback = "0",
     .lo = 0,
     .hi = 1e15,
     .group = "data",
     .help = "write so many vectors, the first ones (0: all)"},
    {.name = "join",
     .kind = RC_OPTION_TEXT,
     .value = "TEXT",
     .group = "data",
     .help = "put this in place of blanks inside words, where the format ends words at them"},
    {.name = "force",
     .kind = RC_OPTION_FLAG,
     .group = "data",
     .help = "write over a file that is there"},
    OPT_JSON,
    OPT_END,
};

static int convert(const opts *o, const rc_vectors *v, const char *to)
{
    rc_vectors_save_options how = rc_vectors_save_options_default();

    how.format = opts_has(o, "to") ? opts_text(o, "to") : NULL;
    how.top = opts_int(o, "top");
    how.join = opts_has(o, "join") ? opts_text(o, "join") : NULL;
    if (rc_vectors_save(v, to, &how) != RC_OK)
        return say_library_failure();
    const int64_t all = rc_vectors_count(v), count = how.top > 0 && how.top < all ? how.top : all;

    if (opts_flag(o, "json"))
        printf("{\"vectors\": %" PRId64 ", \"dim\": %" PRId64 "}\n", count, rc_vectors_dim(v));
    else
        printf("%" PRId64 " vectors of %" PRId64 " numbers\n", count, rc_vectors_dim(v));
    return EXIT_DONE;
}

/* Likewise of the words of an array, which go into a file of their own. */
static int words_there(const opts *o)
{
    const char *out = opts_text(o, "out"), *to = opts_has(o, "to") ? opts_text(o, "to") : NULL;
    const size_t n = strlen(out), cut = n > 4 && strcmp(out + n - 4, ".npy") == 0 ? n - 4 : n;
    char path[4096];

    if (opts_flag(o, "force") || (to ? strcmp(to, "npy") != 0 : cut == n))
        return OPT_GO_ON;
    (void)snprintf(path, sizeof path, "%.*s.vocab", (int)cut, out);
    if (access(path, F_OK) != 0)
        return OPT_GO_ON;
    say_failure("'%s' is there already", path);
    say_hint("pass --force to write over it");
    return EXIT_FAILED;
}

static int run(const opts *o)
{
    rc_vectors *v;
    int code = say_if_stream(o, "out");

    if (code == OPT_GO_ON)
        code = say_if_there(o, "out");
    if (code == OPT_GO_ON)
        code = words_there(o);
    if (code != OPT_GO_ON)
        return code;
    if (rc_vectors_open(&v, o->args[0]) != RC_OK)
        return say_library_failure();
    code = convert(o, v, opts_text(o, "out"));
    rc_vectors_free(v);
    return code;
}

const command cmd_convert = {
    .name = "convert",
    .usage = "VECTORS --out FILE [options]",
    .summary = "write word vectors in another format",
    .example = "recur convert vectors.bin --out vectors.vec\n"
               "recur convert text.model --out glove.txt --to glove\n"
               "recur convert glove.840B.300d.txt --out top.bin --top 400000 --join _",
    .about = "VECTORS is what 'recur nearest' reads: word2vec, fastText (.vec), GloVe, an array of"
             " NumPy, or a model of words. FILE ends in .bin, .vec, .txt, .npy (its words go into a"
             " .vocab beside it) or .safetensors, or --to says what it is. Numbers keep their bits,"
             " in text as well.",
    .options = options,
    .run = run,
};
