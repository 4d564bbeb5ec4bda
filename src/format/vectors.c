/* vectors.c -- word vectors of a file, told by what is in it: words and numbers in turn
 * (vectors_lines.c), or an array and its words (vectors_table.c).
 *
 * The bytes stay where they are: words are found when the file is opened, and numbers are read when
 * wanted.
 */
#include "format/vectors_in.h"

#include <math.h>
#include <string.h>

rc_status rcf_vectors_add(rcf_vectors *v, size_t at, size_t n)
{
    if (v->count == v->cap) {
        const int64_t cap = v->cap ? 2 * v->cap : 1024;
        rcf_entry *e = rcb_realloc(v->entry, (size_t)v->cap, (size_t)cap, sizeof *e);

        if (!e)
            return RC_ENOMEM;
        v->entry = e;
        v->cap = cap;
    }
    v->entry[v->count++] = (rcf_entry){at, n};
    return RC_OK;
}

/* ---- the door ---------------------------------------------------------------------------- */

rc_status rcf_vectors_begin(rcf_vectors **out, const char *name)
{
    rcf_vectors *v = rcb_calloc(1, sizeof *v);

    if (v)
        v->name = rcb_strdup(name);
    if (!v || !v->name) {
        rcb_free(v);
        return RC_ENOMEM;
    }
    *out = v;
    return RC_OK;
}

static rc_status parse_tensors(rcf_vectors **out, const char *name, const void *bytes, size_t n)
{
    rcf_file *f;

    RC_TRY(rcf_file_parse(&f, name, bytes, n, NULL));
    const rc_status s = rcf_vectors_tensors(out, name, f);

    if (s != RC_OK)
        rcf_file_free(f);
    return s;
}

rc_status rcf_vectors_parse(rcf_vectors **out, const char *name, const void *bytes, size_t n)
{
    rcf_vectors *v;

    *out = NULL;
    if (rcf_is_file(bytes, n))
        return parse_tensors(out, name, bytes, n);
    RC_TRY(rcf_vectors_begin(&v, name));
    v->p = v->words = bytes;
    v->n = n;
    const rc_status s = rcf_is_npy(bytes, n) ? rcf_vectors_npy(v) : rcf_vectors_lines(v);

    if (s == RC_OK)
        *out = v;
    else
        rcf_vectors_free(v);
    return s;
}

void rcf_vectors_free(rcf_vectors *v)
{
    if (!v)
        return;
    rcf_file_free(v->tensors);
    rcb_bytes_free(&v->word_file);
    rcb_free(v->name);
    rcb_free(v->entry);
    rcb_free(v->slot);
    rcb_free(v);
}

int64_t rcf_vectors_count(const rcf_vectors *v)
{
    return v->count;
}

int64_t rcf_vectors_dim(const rcf_vectors *v)
{
    return v->dim;
}

uint32_t rcf_vectors_crc(const rcf_vectors *v)
{
    const uint32_t crc = v->tensors ? rcf_file_crc(v->tensors) : rcb_crc32(0, v->p, v->n);

    return v->word_file.p ? rcb_crc32(crc, v->word_file.p, v->word_file.n) : crc;
}

const char *rcf_vectors_word(const rcf_vectors *v, int64_t i, size_t *n)
{
    assert(i >= 0 && i < v->count);
    *n = v->entry[i].n;
    return v->words + v->entry[i].at;
}

rc_status rcf_vectors_read(const rcf_vectors *v, int64_t i, float *x)
{
    assert(i >= 0 && i < v->count);
    if (v->layout != RCF_TABLE)
        return rcf_vectors_numbers(v, i, x);
    for (int64_t d = 0; d < v->dim; d++) {
        x[d] = (float)rcf_npy_at(&v->array, i * v->dim + d);
        if (!isfinite(x[d]))
            return RC_FAIL(RC_EFORMAT,
                           "cannot read '%s': number %" PRId64 " of vector %" PRId64 " is none",
                           v->name, d + 1, i + 1);
    }
    return RC_OK;
}

/* ---- words ------------------------------------------------------------------------------- */

static int64_t *seek(const rcf_vectors *v, const char *word, size_t n)
{
    const size_t mask = v->slots - 1;
    size_t at = rcb_crc32(0, word, n) & mask;

    for (; v->slot[at] > 0; at = (at + 1) & mask) {
        const rcf_entry *e = &v->entry[v->slot[at] - 1];

        if (e->n == n && memcmp(v->words + e->at, word, n) == 0)
            break;
    }
    return &v->slot[at];
}

rc_status rcf_vectors_find(rcf_vectors *v, const char *word, size_t n, int64_t *i)
{
    if (!v->slot) {
        v->slots = 64;
        while (v->slots / 2 < (size_t)v->count)
            v->slots *= 2;
        v->slot = rcb_calloc(v->slots, sizeof *v->slot);
        if (!v->slot)
            return RC_ENOMEM;
        for (int64_t k = 0; k < v->count; k++) {
            int64_t *slot = seek(v, v->words + v->entry[k].at, v->entry[k].n);

            if (*slot == 0) /* of a word that comes twice, the first one */
                *slot = k + 1;
        }
    }
    *i = *seek(v, word, n) - 1;
    return RC_OK;
}
