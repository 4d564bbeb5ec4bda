/* vectors.c -- word vectors of a file or of a model: opened, looked up by word, read and written;
 * and which words are spelt alike.
 *
 * The files of others stay mapped and are read row by row.
 */
#include "model/model_in.h"

#include <string.h>

struct rc_vectors {
    rcb_bytes bytes;
    rcf_vectors *file; /* over the bytes, or */
    rc_model *model;
    const rcn_param *table; /* of the model */
    int32_t *id;            /* (count) symbols that are words, of */
    int32_t *word;          /* (symbols) their numbers; -1: it is none */
    int64_t count;
    uint32_t crc; /* of tensors */
};

/* ---- opening ----------------------------------------------------------------------------- */

enum { HEAD = 9 };

/* Are these tensors a model that was made for its vectors, or nothing but vectors? */
static bool is_embed(const char *path)
{
    rcf_file *f;

    if (rcf_file_open(&f, path) != RC_OK)
        return false;
    const char *task = rcm_file_task(f);
    const bool yes = task ? strcmp(task, "embed") == 0 : rcf_file_find(f, "vectors") != NULL;

    rcf_file_free(f);
    return yes;
}

bool rc_vectors_likely(const char *path)
{
    unsigned char head[HEAD];
    rcb_stream_in *in;
    size_t got = 0;

    if (strcmp(path, "-") == 0 || rcb_in_open(&in, path) != RC_OK)
        return false;
    const rc_status s = rcb_in_read(in, head, sizeof head, &got);
    rcb_in_close(in);
    if (s != RC_OK || got == 0)
        return false;
    return rcf_is_file(head, got) ? is_embed(path) : true;
}

/* Which symbols are words: all, but of a model that is made for its vectors <unk> and <eos>, which
 * are never learnt. */
static rc_status number_words(rc_vectors *v)
{
    const rcd_vocab *vocab = v->model->vocab.of[RCM_SYMBOLS];
    const int32_t V = rcd_vocab_size(vocab);
    const bool all = !v->model->config->task->vector;

    v->id = rcb_alloc((size_t)V, sizeof *v->id);
    v->word = rcb_alloc((size_t)V, sizeof *v->word);
    if (!v->id || !v->word)
        return RC_ENOMEM;
    for (int32_t i = 0; i < V; i++) {
        const bool special = i == rcd_vocab_unk(vocab) || i == rcd_vocab_boundary(vocab);

        v->word[i] = all || !special ? (int32_t)v->count : -1;
        if (v->word[i] >= 0)
            v->id[v->count++] = i;
    }
    return RC_OK;
}

static rc_status open_model(rc_vectors *v, const char *path, const rcf_file *f)
{
    RC_TRY(rcm_model_read(&v->model, f, path, NULL));
    v->table = rcn_params_find(&v->model->params, "embed.weight");
    if (!v->table || v->table->packed || !v->model->vocab.of[RCM_SYMBOLS])
        return RC_FAIL(RC_EINVAL, "the model '%s' has no vectors of its symbols", path);
    return number_words(v);
}

static rc_status open_tensors(rc_vectors *v, const char *path)
{
    rcf_file *f;
    rc_status s;

    RC_TRY(rcf_file_parse(&f, path, v->bytes.p, v->bytes.n, NULL));
    v->crc = rcf_file_crc(f);
    if (!rcm_file_task(f) && rcf_file_find(f, "vectors")) {
        s = rcf_vectors_tensors(&v->file, path, f);
        if (s == RC_OK)
            return RC_OK;
    } else {
        s = open_model(v, path, f);
    }
    rcf_file_free(f);
    return s;
}

static rc_status open_bytes(rc_vectors *v, const char *path)
{
    int64_t i;

    if (rcf_is_file(v->bytes.p, v->bytes.n))
        RC_TRY(open_tensors(v, path));
    else
        RC_TRY(rcf_vectors_parse(&v->file, path, v->bytes.p, v->bytes.n));
    /* the table of words, so that asking for one changes nothing */
    return v->file ? rcf_vectors_find(v->file, "", 0, &i) : RC_OK;
}

rc_status rc_vectors_open(rc_vectors **out, const char *path)
{
    rc_vectors *v = rcb_calloc(1, sizeof *v);
    rc_status s = v ? rck_select() : RC_ENOMEM;

    *out = NULL;
    if (s == RC_OK)
        s = rcb_file_load(&v->bytes, path);
    if (s == RC_OK)
        s = open_bytes(v, path);
    if (s != RC_OK) {
        rc_vectors_free(v);
        return s;
    }
    *out = v;
    return RC_OK;
}

void rc_vectors_free(rc_vectors *v)
{
    if (!v)
        return;
    rcf_vectors_free(v->file);
    rcb_bytes_free(&v->bytes);
    rc_model_free(v->model);
    rcb_free(v->id);
    rcb_free(v->word);
    rcb_free(v);
}

int64_t rc_vectors_count(const rc_vectors *v)
{
    return v->file ? rcf_vectors_count(v->file) : v->count;
}

uint32_t rcm_vectors_crc(const rc_vectors *v)
{
    return v->file ? rcf_vectors_crc(v->file) : v->crc;
}

rcd_level rcm_vectors_level(const rc_vectors *v)
{
    return v->file ? RCD_WORD : rcd_vocab_level(v->model->vocab.of[RCM_SYMBOLS]);
}

int64_t rc_vectors_dim(const rc_vectors *v)
{
    return v->file ? rcf_vectors_dim(v->file) : v->table->dim[1];
}

const char *rc_vectors_word(const rc_vectors *v, int64_t i, size_t *n)
{
    *n = 0;
    if (i < 0 || i >= rc_vectors_count(v))
        return NULL;
    return v->file ? rcf_vectors_word(v->file, i, n)
                   : rcd_vocab_symbol(v->model->vocab.of[RCM_SYMBOLS], v->id[i], n);
}

/* A word as the file has it, or as the model reads it. RC_ENOMEM. */
static rc_status find(const rc_vectors *v, const char *word, size_t n, int64_t *out)
{
    int32_t id = -1;

    *out = -1;
    if (v->file) {
        const rc_status s = rcf_vectors_find(v->file, word, n, out);
        assert(s == RC_OK); /* the table is there */
        return s;
    }
    RC_TRY(rcd_vocab_look_up(v->model->vocab.of[RCM_SYMBOLS], word, n, &id));
    *out = id >= 0 ? v->word[id] : -1;
    return RC_OK;
}

int64_t rc_vectors_find(const rc_vectors *v, const char *word, size_t n)
{
    int64_t i;

    return find(v, word, n, &i) == RC_OK ? i : -1;
}

rc_status rc_vectors_look_up(const rc_vectors *v, const char *word, size_t n, int64_t *out)
{
    rcb_buf room = {0};

    RC_TRY(find(v, word, n, out));
    if (*out >= 0 || n == 0 || !rcf_is_utf8(word, n))
        return RC_OK;
    rc_status s = rcd_fold_name(&room, RCD_CHAR, word, n, &(rcd_fold){.lower = true});
    if (s == RC_OK)
        s = find(v, room.p, room.n, out);
    rcb_buf_free(&room);
    return s;
}

static void model_row(const rc_vectors *v, int64_t i, rc_real *x)
{
    const rcm_task *task = v->model->config->task;

    if (task->vector)
        task->vector(v->model, v->id[i], x);
    else
        memcpy(x, v->table->w + v->id[i] * v->table->ld, (size_t)v->table->dim[1] * sizeof *x);
}

rc_status rcm_vectors_row(const rc_vectors *v, int64_t i, float *room, rc_real *x)
{
    const int64_t dim = rc_vectors_dim(v);

    if (v->model) {
        model_row(v, i, x);
        return RC_OK;
    }
    RC_TRY(rcf_vectors_read(v->file, i, room));
    for (int64_t k = 0; k < dim; k++)
        x[k] = (rc_real)room[k];
    return RC_OK;
}

rc_status rc_vectors_read(const rc_vectors *v, int64_t i, rc_real *x)
{
    float *room = rcb_alloc((size_t)rc_vectors_dim(v), sizeof *room);
    rc_status s = RC_ENOMEM;

    if (room && (i < 0 || i >= rc_vectors_count(v)))
        s = RC_FAIL(RC_EINVAL, "there is no vector %" PRId64, i);
    else if (room)
        s = rcm_vectors_row(v, i, room, x);
    rcb_free(room);
    return s;
}

rc_status rc_vectors_of_parts(const rc_vectors *v, const char *word, size_t n, rc_real *x,
                              bool *made)
{
    const rcm_task *task = v->model ? v->model->config->task : NULL;

    *made = false;
    return task && task->vector_of_parts ? task->vector_of_parts(v->model, word, n, x, made)
                                         : RC_OK;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* What is written, and room for a row of a model. */
typedef struct written {
    const rc_vectors *v;
    rc_real *row; /* (dim) */
} written;

static const char *source_word(const void *ctx, int64_t i, size_t *n)
{
    const written *w = ctx;

    return rc_vectors_word(w->v, i, n);
}

static rc_status source_row(const void *ctx, int64_t i, float *x)
{
    const written *w = ctx;

    if (w->v->file)
        return rcf_vectors_read(w->v->file, i, x);
    model_row(w->v, i, w->row);
    for (int64_t k = 0; k < w->v->table->dim[1]; k++)
        x[k] = (float)w->row[k];
    return RC_OK;
}

rc_vectors_save_options rc_vectors_save_options_default(void)
{
    return (rc_vectors_save_options){0};
}

rc_status rc_vectors_save(const rc_vectors *v, const char *path,
                          const rc_vectors_save_options *options)
{
    const rc_vectors_save_options plain = rc_vectors_save_options_default();
    const int64_t count = rc_vectors_count(v);
    written w = {.v = v};

    options = options ? options : &plain;
    const rcf_vectors_source source = {
        .count = options->top > 0 && options->top < count ? options->top : count,
        .dim = rc_vectors_dim(v),
        .ctx = &w,
        .word = source_word,
        .row = source_row,
        .join = options->join,
    };
    rcf_vectors_format format = RCF_TEXT;

    if (options->top < 0)
        return RC_FAIL(RC_EINVAL, "cannot write %" PRId64 " vectors", options->top);
    if (options->format) {
        RC_TRY(rcm_list_check(rcm_list, "vector-formats", "format", options->format));
        format = (rcf_vectors_format)rcm_list_index("vector-formats", options->format);
    } else {
        RC_TRY(rcf_vectors_format_of(path, &format));
    }
    w.row = rcb_alloc((size_t)source.dim, sizeof *w.row);
    const rc_status s = w.row ? rcf_vectors_write(&source, format, path) : RC_ENOMEM;
    rcb_free(w.row);
    return s;
}

/* ---- spellings --------------------------------------------------------------------------- */

enum { LONGEST = 64 }; /* bytes of words that are compared */

/* Insertions, deletions and exchanges of bytes between two words; more than `most`: most + 1. */
static int64_t distance(const char *a, size_t n, const char *b, size_t m, int64_t most)
{
    int64_t row[LONGEST + 1];

    if (n > LONGEST || m > LONGEST || (n > m ? n - m : m - n) > (size_t)most)
        return most + 1;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int64_t)j;
    for (size_t i = 1; i <= n; i++) {
        int64_t corner = row[0], least = row[0] = (int64_t)i;

        for (size_t j = 1; j <= m; j++) {
            const int64_t swap = corner + (a[i - 1] != b[j - 1]);

            corner = row[j];
            row[j] = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = swap < row[j] ? swap : row[j];
            least = row[j] < least ? row[j] : least;
        }
        if (least > most)
            return most + 1;
    }
    return row[m] <= most ? row[m] : most + 1;
}

int64_t rc_vectors_spellings(const rc_vectors *v, const char *word, size_t n, int64_t best,
                             int64_t *out)
{
    const int64_t count = rc_vectors_count(v), most = n < 5 ? 1 : n < 9 ? 2 : 3;
    int64_t found = 0;

    for (int64_t apart = 0; apart <= most; apart++)
        for (int64_t i = 0; i < count && found < best; i++) {
            size_t bytes;
            const char *p = rc_vectors_word(v, i, &bytes);

            if (distance(word, n, p, bytes, apart) == apart)
                out[found++] = i;
        }
    return found;
}
