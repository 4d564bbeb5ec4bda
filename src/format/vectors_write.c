/* vectors_write.c -- word vectors as others read them: RCF_VECTORS_MAP lists the formats.
 *
 * Words and rows are asked for one after the other, so that vectors need not fit into memory but
 * where the format has all its rows in one tensor. Every file is written beside and renamed, two of
 * them when both are whole.
 */
#include "format/format.h"

#include <stdio.h>
#include <string.h>

/* A file on its way. */
typedef struct sink {
    const rcf_vectors_source *from;
    const char *path;
    const char *blank; /* a format that ends words at blanks: its name; NULL: they may have some */
    float *row;        /* (dim) */
    rcb_buf line;
    rcb_out *out;
} sink;

/* Word i, added to `line`, its blanks as the source says. */
static rc_status put_word(sink *k, int64_t i)
{
    size_t n;
    const char *p = k->from->word(k->from->ctx, i, &n);

    for (size_t b = 0; b < n; b++) {
        const bool ends = p[b] == '\n' || p[b] == '\r'; /* also in a file of words */
        const bool blank = p[b] && strchr(" \t\r\n\v\f", p[b]) && (k->blank || ends);

        if (blank && !k->from->join)
            return RC_FAIL_HINT(RC_EDATA, "say what is put in place of blanks: --join _",
                                "cannot write '%s': word %" PRId64 " ('%.*s') has a blank inside,"
                                " which %s cannot hold",
                                k->path, i + 1, n < 80 ? (int)n : 80, p,
                                k->blank ? k->blank : "a line");
        RC_TRY(blank ? rcb_buf_puts(&k->line, k->from->join) : rcb_buf_add(&k->line, p + b, 1));
    }
    return RC_OK;
}

static rc_status flush(sink *k)
{
    const rc_status s = rcb_out_write(k->out, k->line.p, k->line.n);

    rcb_buf_clear(&k->line);
    return s;
}

static rc_status get_row(sink *k, int64_t i)
{
    return k->from->row(k->from->ctx, i, k->row);
}

/* ---- one file of words and numbers ------------------------------------------------------- */

static rc_status put_count(sink *k)
{
    return rcb_buf_printf(&k->line, "%" PRId64 " %" PRId64 "\n", k->from->count, k->from->dim);
}

static rc_status write_binary(sink *k)
{
    RC_TRY(put_count(k));
    for (int64_t i = 0; i < k->from->count; i++) {
        RC_TRY(put_word(k, i));
        RC_TRY(get_row(k, i));
        RC_TRY(rcb_buf_puts(&k->line, " "));
        RC_TRY(rcb_buf_add(&k->line, k->row, (size_t)k->from->dim * sizeof *k->row));
        RC_TRY(rcb_buf_puts(&k->line, "\n"));
        RC_TRY(flush(k));
    }
    return flush(k);
}

static rc_status write_bare(sink *k)
{
    for (int64_t i = 0; i < k->from->count; i++) {
        RC_TRY(put_word(k, i));
        RC_TRY(get_row(k, i));
        RC_TRY(rcb_buf_floats(&k->line, k->row, k->from->dim));
        RC_TRY(rcb_buf_puts(&k->line, "\n"));
        RC_TRY(flush(k));
    }
    return flush(k);
}

static rc_status write_text(sink *k)
{
    RC_TRY(put_count(k));
    return write_bare(k);
}

/* ---- arrays ------------------------------------------------------------------------------ */

enum { NPY_HEAD = 128 }; /* bytes, of which 10 come before the words */

static rc_status write_npy(sink *k)
{
    char head[NPY_HEAD + 1];

    const int n =
        snprintf(head + 10, NPY_HEAD - 10,
                 "{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 "), }",
                 k->from->count, k->from->dim);
    memcpy(head, "\x93NUMPY\1\0", 8);
    head[8] = NPY_HEAD - 10;
    head[9] = 0;
    memset(head + 10 + n, ' ', (size_t)(NPY_HEAD - 10 - n));
    head[NPY_HEAD - 1] = '\n';
    RC_TRY(rcb_out_write(k->out, head, NPY_HEAD));
    for (int64_t i = 0; i < k->from->count; i++) {
        RC_TRY(get_row(k, i));
        RC_TRY(rcb_out_write(k->out, k->row, (size_t)k->from->dim * sizeof *k->row));
    }
    return RC_OK;
}

static rc_status write_lines(sink *k)
{
    for (int64_t i = 0; i < k->from->count; i++) {
        RC_TRY(put_word(k, i));
        RC_TRY(rcb_buf_puts(&k->line, "\n"));
        RC_TRY(flush(k));
    }
    return RC_OK;
}

/* ---- names -------------------------------------------------------------------------------- */

rc_status rcf_vectors_format_of(const char *path, rcf_vectors_format *out)
{
    static const struct {
        const char *end;
        rcf_vectors_format format;
    } ends[] = {{".bin", RCF_WORD2VEC},
                {".vec", RCF_TEXT},
                {".txt", RCF_TEXT},
                {".npy", RCF_NPY},
                {".safetensors", RCF_SAFETENSORS}};
    const size_t n = strlen(path);

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t m = strlen(ends[i].end);

        if (n > m && strcmp(path + n - m, ends[i].end) == 0) {
            *out = ends[i].format;
            return RC_OK;
        }
    }
    return RC_FAIL_HINT(RC_EINVAL, "name the format: recur list vector-formats",
                        "no format goes by the name '%s': .bin, .vec, .txt, .npy and .safetensors"
                        " are known",
                        path);
}

/* ---- writing ----------------------------------------------------------------------------- */

typedef rc_status writer(sink *k);

/* Write what `w` writes beside a file; *out is what rcb_out_commit() makes it. */
static rc_status write_beside(sink *k, const char *path, writer *w, rcb_out **out)
{
    *out = NULL;
    RC_TRY(rcb_out_open(&k->out, path));
    const rc_status s = w(k);

    if (s == RC_OK)
        *out = k->out;
    else
        rcb_out_drop(k->out);
    k->out = NULL;
    return s;
}

static rc_status write_file(sink *k, const char *path, writer *w)
{
    rcb_out *out;

    RC_TRY(write_beside(k, path, w, &out));
    return rcb_out_commit(out);
}

/* Neither file is there before both are whole. */
static rc_status write_two(sink *k)
{
    rcb_out *words = NULL, *array = NULL;
    char *path;

    RC_TRY(rcf_vocab_path(k->path, &path));
    rc_status s = write_beside(k, path, write_lines, &words);

    if (s == RC_OK)
        s = write_beside(k, k->path, write_npy, &array);
    if (s == RC_OK) {
        s = rcb_out_commit(words);
        words = NULL;
    }
    if (s == RC_OK) {
        s = rcb_out_commit(array);
        array = NULL;
    }
    rcb_out_drop(words);
    rcb_out_drop(array);
    rcb_free(path);
    return s;
}

static rc_status fill_tensors(sink *k, float *rows, int64_t *ends)
{
    for (int64_t i = 0; i < k->from->count; i++) {
        size_t n;
        const char *p = k->from->word(k->from->ctx, i, &n);

        RC_TRY(rcb_buf_add(&k->line, p, n));
        ends[i] = (int64_t)k->line.n;
        RC_TRY(k->from->row(k->from->ctx, i, rows + i * k->from->dim));
    }
    return RC_OK;
}

static rc_status save_tensors(sink *k, const float *rows, const int64_t *ends)
{
    const int64_t count = k->from->count, dim = k->from->dim, bytes = (int64_t)k->line.n;
    const rcf_tensor parts[] = {
        {"vectors", RCF_F32, 2, {count, dim}, rows, (size_t)(count * dim) * sizeof *rows},
        {"words", RCF_U8, 1, {bytes}, k->line.p, k->line.n},
        {"words.end", RCF_I64, 1, {count}, ends, (size_t)count * sizeof *ends}};
    rcf_writer *w;

    RC_TRY(rcf_writer_new(&w));
    rc_status s = rcf_writer_meta(w, "recur.format", "1");
    for (size_t i = 0; s == RC_OK && i < sizeof parts / sizeof *parts; i++)
        s = rcf_writer_add(w, &parts[i]);
    if (s == RC_OK)
        s = rcf_writer_save(w, k->path);
    rcf_writer_free(w);
    return s;
}

static rc_status write_tensors(sink *k)
{
    const size_t count = (size_t)k->from->count;
    size_t numbers;

    if (!rcb_mul(count, (size_t)k->from->dim, &numbers))
        return RC_FAIL(RC_ENOMEM, "cannot write '%s': it is too large for one tensor", k->path);
    int64_t *ends = rcb_alloc(count, sizeof *ends);
    float *rows = ends ? rcb_alloc(numbers, sizeof *rows) : NULL;
    rc_status s = rows ? fill_tensors(k, rows, ends) : RC_ENOMEM;

    if (s == RC_OK)
        s = save_tensors(k, rows, ends);
    rcb_free(rows);
    rcb_free(ends);
    return s;
}

/* How a format is written: `lines` into one file, or all of it by a function of its own. */
static const struct kind {
    writer *lines;
    writer *all;
    const char *blank; /* as in a sink */
} kinds[] = {
    [RCF_WORD2VEC] = {write_binary, NULL, "word2vec"}, [RCF_TEXT] = {write_text, NULL, "text"},
    [RCF_GLOVE] = {write_bare, NULL, "glove"},         [RCF_NPY] = {NULL, write_two, NULL},
    [RCF_SAFETENSORS] = {NULL, write_tensors, NULL},
};

rc_status rcf_vectors_write(const rcf_vectors_source *from, rcf_vectors_format format,
                            const char *path)
{
    const struct kind *kind = &kinds[format];
    sink k = {.from = from, .path = path, .blank = kind->blank};
    rc_status s = RC_ENOMEM;

    k.row = rcb_alloc((size_t)from->dim, sizeof *k.row);
    if (k.row)
        s = kind->all ? kind->all(&k) : write_file(&k, path, kind->lines);
    rcb_free(k.row);
    rcb_buf_free(&k.line);
    return s;
}
