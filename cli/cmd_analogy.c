/* cmd_analogy.c -- recur analogy: what is to c as b is to a. */
#include "neighbours.h"

static const opt options[] = {OPT_NEAREST, OPT_THREADS, OPT_JSON, OPT_END};

static int ask(const opts *o, const rc_vectors *v)
{
    static const double weights[] = {-1, 1, 1};
    rc_vector_term term[3] = {{.vector = NULL}};
    int code = OPT_GO_ON;

    for (size_t i = 0; code == OPT_GO_ON && i < 3; i++)
        code = neighbours_find(v, o->args[1 + i], weights[i], &term[i]);
    if (code == OPT_GO_ON)
        code = neighbours_print(o, v, term, 3, o->args + 1);
    neighbours_free(term, 3);
    return code;
}

static int run(const opts *o)
{
    rc_vectors *v;

    if (rc_vectors_open(&v, o->args[0]) != RC_OK)
        return say_library_failure();
    const int code = ask(o, v);
    rc_vectors_free(v);
    return code;
}

const command cmd_analogy = {
    .name = "analogy",
    .usage = "VECTORS A B C [options]",
    .summary = "print what is to C as B is to A, by word vectors",
    .example = "recur analogy vectors.bin man king woman",
    .about = "The words nearest, by cosine, to B - A + C, each vector made of length 1 first; A, B"
             " and C themselves are left out (3CosAdd: Mikolov et al. 2013, Linguistic Regularities"
             " in Continuous Space Word Representations). VECTORS as for 'recur nearest'.",
    .options = options,
    .run = run,
};
