/* vectors_in.h -- between the files that read word vectors.
 *
 * Private to src/format/vectors*.c.
 */
#ifndef RCF_VECTORS_IN_H
#define RCF_VECTORS_IN_H

#include "format/format.h"

enum { RCF_MOST_DIM = 1 << 20 };

/* Where the numbers of a word are. */
typedef enum rcf_layout {
    RCF_LINES,  /* behind it, as text */
    RCF_FLOATS, /* behind it, as floats */
    RCF_TABLE   /* a row of an array */
} rcf_layout;

typedef struct rcf_entry {
    size_t at, n; /* a word, among the words */
} rcf_entry;

struct rcf_vectors {
    char *name; /* for messages */
    const char *p;
    size_t n;
    rcf_layout layout;
    const char *words; /* what entries point into: p, unless words lie elsewhere */
    rcb_bytes word_file;
    rcf_file *tensors; /* of which `array` is a view; NULL: none */
    rcf_npy array;     /* (count,dim) of a table */
    int64_t dim, count, cap;
    rcf_entry *entry; /* (count) */
    int64_t *slot;    /* (slots) 1 + the number of a word, by its hash; NULL: not made yet */
    size_t slots;
};

/* "cannot read 'a.vec': byte 17: ..." */
#define RCF_BAD(v, at, fmt, ...)                                                                   \
    RC_FAIL(RC_EFORMAT, "cannot read '%s': byte %zu: " fmt, (v)->name, (size_t)(at), __VA_ARGS__)

rc_status rcf_vectors_begin(rcf_vectors **out, const char *name);
rc_status rcf_vectors_add(rcf_vectors *v, size_t at, size_t n);

/* Files in which words and numbers alternate (vectors_lines.c). RC_EFORMAT, RC_ENOMEM. */
rc_status rcf_vectors_lines(rcf_vectors *v);
/* The numbers of vector i of such a file. RC_EFORMAT: one is none. */
rc_status rcf_vectors_numbers(const rcf_vectors *v, int64_t i, float *x);

/* An array of NumPy, whose words are in a file of their own (vectors_table.c). RC_EFORMAT, RC_EIO
 * (of the file of words), RC_ENOMEM. */
rc_status rcf_vectors_npy(rcf_vectors *v);

#endif
