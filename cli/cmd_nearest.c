/* cmd_nearest.c -- recur nearest: the words whose vectors are nearest to those of others. */
#include <string.h>
#include "neighbours.h"

static const opt options[] = {OPT_NEAREST, OPT_THREADS, OPT_JSON, OPT_END};

static int ask(const opts *o, const rc_vectors *v, const char *word)
{
    rc_vector_term term;
    int code = neighbours_find(v, word, 1, &term);

    if (code == OPT_GO_ON) {
        if (o->arg_count > 2 && !opts_flag(o, "json"))
            printf("%s\n", word);
        code = neighbours_print(o, v, &term, 1, &word);
    }
    neighbours_free(&term, 1);
    return code;
}

static int run(const opts *o)
{
    rc_vectors *v;
    int code = EXIT_DONE;

    if (rc_vectors_open(&v, o->args[0]) != RC_OK)
        return say_library_failure();
    for (size_t i = 1; i < o->arg_count; i++) {
        const int one = ask(o, v, o->args[i]);
        if (one != EXIT_DONE)
            code = one;
    }
    rc_vectors_free(v);
    return code;
}

const command cmd_nearest = {
    .name = "nearest",
    .usage = "VECTORS WORD [WORD...] [options]",
    .summary = "print the words whose vectors are nearest to that of a word",
    .example = "recur nearest vectors.bin king\n"
               "recur nearest glove.6B.100d.txt frog toad --best 5 --json",
    .about =
        "VECTORS is a file of word2vec (text or binary), fastText (.vec) or GloVe, or a model"
        " of words. For every WORD its nearest ones by the cosine between vectors. A word that"
        " is not there is answered by its character n-grams where VECTORS has them (--subword),"
        " else with those that are spelt almost like it. The file stays mapped: it need not fit"
        " into memory.",
    .options = options,
    .run = run,
};
