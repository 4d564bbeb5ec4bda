/* neighbours.c -- words by name, and what is near, as a table or as JSON. */
#include "neighbours.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SPELLINGS = 5 };

int neighbours_miss(const rc_vectors *v, const char *word, size_t n)
{
    int64_t near[SPELLINGS];
    const int64_t found = rc_vectors_spellings(v, word, n, SPELLINGS, near);
    say_failure("'%.*s' is not among the %" PRId64 " words", (int)n, word, rc_vectors_count(v));
    char text[512] = "";
    for (int64_t i = 0, at = 0; i < found; i++) {
        size_t bytes;
        const char *p = rc_vectors_word(v, near[i], &bytes);
        const int room = (int)sizeof text - (int)at;
        const int more = snprintf(text + at, (size_t)room, "%s%.*s", i ? ", " : "", (int)bytes, p);
        at += more < room ? more : 0;
    }
    if (found > 0)
        say_hint("nearest spellings: %s", text);
    return EXIT_FAILED;
}

/* A word that is not there, out of its parts. */
static int make(const rc_vectors *v, const char *word, rc_vector_term *out)
{
    rc_real *x = calloc((size_t)rc_vectors_dim(v), sizeof *x);
    bool made;

    if (!x)
        return say_out_of_memory();
    out->vector = x;
    if (rc_vectors_of_parts(v, word, strlen(word), x, &made) != RC_OK)
        return say_library_failure();
    if (!made)
        return neighbours_miss(v, word, strlen(word));
    say("'%s' is not among the words, its vector is made of its character n-grams", word);
    return OPT_GO_ON;
}

int neighbours_find(const rc_vectors *v, const char *word, double weight, rc_vector_term *out)
{
    *out = (rc_vector_term){.word = rc_vectors_find(v, word, strlen(word)), .weight = weight};
    return out->word >= 0 ? OPT_GO_ON : make(v, word, out);
}

void neighbours_free(rc_vector_term *term, size_t terms)
{
    for (size_t i = 0; i < terms; i++)
        free((void *)(uintptr_t)term[i].vector);
}

static int print_json(const rc_vectors *v, const char *const *names, size_t terms,
                      const rc_neighbour *found, int64_t count)
{
    json_t *words = json_array(), *list = json_array();
    for (size_t i = 0; i < terms; i++)
        json_add(&words, json_bytes(names[i], strlen(names[i])));
    for (int64_t i = 0; i < count; i++) {
        size_t n;
        const char *p = rc_vectors_word(v, found[i].word, &n);
        json_add(&list, json_pack("{s:o, s:o}", "word", json_bytes(p, n), "cosine",
                                  json_number(found[i].cosine)));
    }
    return json_print(stdout, json_pack("{s:o, s:o}", "words", words, "nearest", list), false);
}

static void print_table(const rc_vectors *v, const rc_neighbour *found, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        size_t n;
        const char *p = rc_vectors_word(v, found[i].word, &n);
        printf("%7.4f  %.*s\n", found[i].cosine, (int)n, p);
    }
}

int neighbours_print(const opts *o, const rc_vectors *v, const rc_vector_term *term, size_t terms,
                     const char *const *names)
{
    const int64_t count = rc_vectors_count(v), wanted = opts_int(o, "best");
    const int64_t best = wanted < count ? wanted : count;
    rc_neighbour *found = calloc((size_t)best, sizeof *found);
    int64_t n;
    int code = EXIT_DONE;
    if (!found)
        return say_out_of_memory();
    if (rc_vectors_nearest(v, term, terms, (int)opts_int(o, "threads"), best, found, &n) != RC_OK)
        code = say_library_failure();
    else if (opts_flag(o, "json"))
        code = print_json(v, names, terms, found, n);
    else
        print_table(v, found, n);
    free(found);
    return code;
}
