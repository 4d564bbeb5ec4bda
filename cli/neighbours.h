/* neighbours.h -- what the commands that ask word vectors share: words by name, and what is near,
 * as a table or as JSON.
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include "cmd.h"

/* Say that a word of n bytes is not there, and what is spelt almost like it. EXIT_FAILED. */
int neighbours_miss(const rc_vectors *v, const char *word, size_t n);
/* A term of weight `weight` for a word: its number, or, where words are made of parts, its vector,
 * which is said. A word that is neither there nor can be made is said, with what is spelt almost
 * like it. OPT_GO_ON or an exit status; freed with neighbours_free() in either case. */
int neighbours_find(const rc_vectors *v, const char *word, double weight, rc_vector_term *out);
void neighbours_free(rc_vector_term *term, size_t terms);
/* Ask and print under a heading: `names` (terms) are the words of the terms. An exit status. */
int neighbours_print(const opts *o, const rc_vectors *v, const rc_vector_term *term, size_t terms,
                     const char *const *names);
/* recur eval of word vectors (vectors_eval.c): o->args are the vectors and what asks. */
int vectors_eval(const opts *o);

#endif
