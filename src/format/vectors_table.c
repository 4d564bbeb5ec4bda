/* vectors_table.c -- word vectors that are rows of an array, their words elsewhere:
 *
 *   x.npy           an array of NumPy, (count,dim); the words are the lines of x.vocab beside it
 *   x.safetensors   tensor "vectors" (count,dim); "words", the bytes of all words one after the
 *                   other; "words.end", (count) where each of them ends
 */
#include "format/vectors_in.h"

#include <stdio.h>
#include <string.h>

static rc_status check_array(rcf_vectors *v)
{
    const rcf_npy *a = &v->array;

    if (a->rank != 2 || a->kind != 'f')
        return RC_FAIL(RC_EFORMAT,
                       "cannot read '%s': an array of %d dimensions of kind '%c', word vectors are"
                       " a table of kind 'f'",
                       v->name, a->rank, a->kind);
    if (a->dim[0] < 1 || a->dim[1] < 1 || a->dim[1] > RCF_MOST_DIM)
        return RC_FAIL(RC_EFORMAT,
                       "cannot read '%s': %" PRId64 " vectors of %" PRId64 " numbers, 1 to %d are"
                       " possible",
                       v->name, a->dim[0], a->dim[1], RCF_MOST_DIM);
    v->layout = RCF_TABLE;
    v->dim = a->dim[1];
    return RC_OK;
}

/* ---- an array of NumPy and a file of words ----------------------------------------------- */

rc_status rcf_vocab_path(const char *path, char **out)
{
    const size_t n = strlen(path), cut = n > 4 && strcmp(path + n - 4, ".npy") == 0 ? n - 4 : n;
    rcb_buf b = {0};

    *out = NULL;
    RC_TRY(rcb_buf_add(&b, path, cut));
    const rc_status s = rcb_buf_puts(&b, ".vocab");

    if (s == RC_OK)
        *out = b.p;
    else
        rcb_buf_free(&b);
    return s;
}

static rc_status find_word_lines(rcf_vectors *v, const char *path)
{
    const char *p = (const char *)v->word_file.p;
    size_t at = 0;

    while (at < v->word_file.n) {
        const char *feed = memchr(p + at, '\n', v->word_file.n - at);
        const size_t next = feed ? (size_t)(feed - p) + 1 : v->word_file.n;
        size_t end = feed ? next - 1 : next;

        if (end > at && p[end - 1] == '\r')
            end--;
        if (end == at)
            return RC_FAIL(RC_EFORMAT, "cannot read '%s': byte %zu: word %" PRId64 " is empty",
                           path, at, v->count + 1);
        RC_TRY(rcf_vectors_add(v, at, end - at));
        at = next;
    }
    if (v->count != v->array.dim[0])
        return RC_FAIL(RC_EFORMAT,
                       "cannot read '%s': byte %zu: it ends after %" PRId64 " words, '%s' has"
                       " %" PRId64 " vectors",
                       path, at, v->count, v->name, v->array.dim[0]);
    return RC_OK;
}

rc_status rcf_vectors_npy(rcf_vectors *v)
{
    char *path;

    RC_TRY(rcf_npy_parse(&v->array, v->name, v->p, v->n));
    RC_TRY(check_array(v));
    RC_TRY(rcf_vocab_path(v->name, &path));
    rc_status s = rcb_file_load(&v->word_file, path);
    if (s == RC_EIO) {
        char why[512];

        (void)snprintf(why, sizeof why, "%s", rc_error_message());
        s = RC_FAIL_HINT(RC_EIO, "its words are a file beside it, one a line",
                         "cannot read the words of '%s': %s", v->name, why);
    }
    if (s == RC_OK) {
        v->words = (const char *)v->word_file.p;
        s = find_word_lines(v, path);
    }
    rcb_free(path);
    return s;
}

/* ---- tensors ----------------------------------------------------------------------------- */

static rc_status find_tensor(const rcf_vectors *v, const char *name, int rank, rcf_tensor *out)
{
    const rcf_tensor *t = rcf_file_find(v->tensors, name);

    if (!t || t->rank != rank)
        return RC_FAIL(RC_EFORMAT,
                       "cannot read '%s': no tensor '%s' of %d dimensions: these are no word"
                       " vectors",
                       v->name, name, rank);
    *out = *t;
    return RC_OK;
}

static rc_status find_word_ends(rcf_vectors *v, const rcf_tensor *words, const rcf_tensor *ends)
{
    const int64_t *end = ends->data;
    int64_t at = 0;

    if (words->dtype != RCF_U8 || ends->dtype != RCF_I64 || ends->dim[0] != v->array.dim[0])
        return RC_FAIL(RC_EFORMAT,
                       "cannot read '%s': 'words' of %s and 'words.end' of %" PRId64 " %s, U8 and"
                       " %" PRId64 " I64 are expected",
                       v->name, rcf_dtype_word(words->dtype), ends->dim[0],
                       rcf_dtype_word(ends->dtype), v->array.dim[0]);
    for (int64_t i = 0; i < ends->dim[0]; i++) {
        if (end[i] <= at || end[i] > words->dim[0])
            return RC_FAIL(RC_EFORMAT,
                           "cannot read '%s': word %" PRId64 " is bytes %" PRId64 " to %" PRId64
                           " of %" PRId64,
                           v->name, i + 1, at, end[i], words->dim[0]);
        RC_TRY(rcf_vectors_add(v, (size_t)at, (size_t)(end[i] - at)));
        at = end[i];
    }
    return RC_OK;
}

static rc_status read_tensors(rcf_vectors *v)
{
    rcf_tensor rows, words, ends;

    RC_TRY(find_tensor(v, "vectors", 2, &rows));
    if (rows.dtype != RCF_F32 && rows.dtype != RCF_F64)
        return RC_FAIL(RC_EFORMAT, "cannot read '%s': its vectors are %s, F32 or F64 are expected",
                       v->name, rcf_dtype_word(rows.dtype));
    RC_TRY(find_tensor(v, "words", 1, &words));
    RC_TRY(find_tensor(v, "words.end", 1, &ends));
    v->array = (rcf_npy){.kind = 'f',
                         .bytes = rcf_dtype_bytes(rows.dtype),
                         .rank = 2,
                         .dim = {rows.dim[0], rows.dim[1]},
                         .count = rows.dim[0] * rows.dim[1],
                         .data = rows.data};
    v->words = words.data;
    RC_TRY(check_array(v));
    return find_word_ends(v, &words, &ends);
}

rc_status rcf_vectors_tensors(rcf_vectors **out, const char *name, rcf_file *f)
{
    rcf_vectors *v;

    *out = NULL;
    RC_TRY(rcf_vectors_begin(&v, name));
    v->tensors = f;
    const rc_status s = read_tensors(v);

    if (s == RC_OK) {
        *out = v;
        return RC_OK;
    }
    v->tensors = NULL; /* still the caller's */
    rcf_vectors_free(v);
    return s;
}
