/* nearest.c -- word vectors of a file or of a model: which words are near, by cosine, and which are
 * spelt alike.
 *
 * The files of others stay mapped and are read row by row, so that a large one answers without
 * being loaded. Every worker keeps the best of its rows; equal ones come by number, so that the
 * answer is the same for any number of workers.
 */
#include "model/model_in.h"

#include <math.h>
#include <string.h>

struct rc_vectors {
    rcb_bytes bytes;
    rcf_vectors *file; /* over the bytes, or */
    rc_model *model;
    const rcn_param *table; /* of the model */
};

/* ---- opening ----------------------------------------------------------------------------- */

enum { HEAD = 9 };

/* A safetensors file begins with the length of its header, which is less than 2^32, and a brace. */
static bool is_model(const unsigned char *p, size_t n)
{
    static const unsigned char high[4] = {0};

    return n >= HEAD && memcmp(p + 4, high, sizeof high) == 0 && p[8] == '{';
}

/* Is it a model that was made for its vectors? */
static bool is_embed(const char *path)
{
    rcf_file *f;

    if (rcf_file_open(&f, path) != RC_OK)
        return false;
    const char *task = rcm_file_task(f);
    const bool yes = task && strcmp(task, "embed") == 0;

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
    return is_model(head, got) ? is_embed(path) : true;
}

static rc_status open_model(rc_vectors *v, const char *path)
{
    rcf_file *f;

    RC_TRY(rcf_file_parse(&f, path, v->bytes.p, v->bytes.n, NULL));
    const rc_status s = rcm_model_read(&v->model, f, path, NULL);
    rcf_file_free(f);
    RC_TRY(s);
    v->table = rcn_params_find(&v->model->params, "embed.weight");
    if (!v->table || v->table->packed || !v->model->vocab.of[RCM_SYMBOLS])
        return RC_FAIL(RC_EINVAL, "the model '%s' has no vectors of its symbols", path);
    return RC_OK;
}

/* With the table of its words, so that asking for one changes nothing. */
static rc_status open_file(rc_vectors *v, const char *path)
{
    int64_t i;

    RC_TRY(rcf_vectors_parse(&v->file, path, v->bytes.p, v->bytes.n));
    return rcf_vectors_find(v->file, "", 0, &i);
}

rc_status rc_vectors_open(rc_vectors **out, const char *path)
{
    rc_vectors *v = rcb_calloc(1, sizeof *v);
    rc_status s = v ? rck_select() : RC_ENOMEM;

    *out = NULL;
    if (s == RC_OK)
        s = rcb_file_load(&v->bytes, path);
    if (s == RC_OK)
        s = is_model(v->bytes.p, v->bytes.n) ? open_model(v, path) : open_file(v, path);
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
    rcb_free(v);
}

int64_t rc_vectors_count(const rc_vectors *v)
{
    return v->file ? rcf_vectors_count(v->file) : v->table->dim[0];
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
                   : rcd_vocab_symbol(v->model->vocab.of[RCM_SYMBOLS], (int32_t)i, n);
}

/* A word as the model reads it. */
static int64_t find_symbol(const rcd_vocab *v, const char *word, size_t n)
{
    int32_t id;

    return rcd_vocab_look_up(v, word, n, &id) == RC_OK ? id : -1;
}

int64_t rc_vectors_find(const rc_vectors *v, const char *word, size_t n)
{
    int64_t i = -1;

    if (!v->file)
        return find_symbol(v->model->vocab.of[RCM_SYMBOLS], word, n);
    const rc_status s = rcf_vectors_find(v->file, word, n, &i);
    assert(s == RC_OK); /* the table is there */
    (void)s;
    return i;
}

/* Row i as reals, `room` (dim) where they have to be made. */
static rc_status row_of(const rc_vectors *v, int64_t i, float *room, rc_real *x)
{
    const int64_t dim = rc_vectors_dim(v);

    if (v->table) {
        memcpy(x, v->table->w + i * v->table->ld, (size_t)dim * sizeof *x);
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
        s = row_of(v, i, room, x);
    rcb_free(room);
    return s;
}

/* ---- the nearest ------------------------------------------------------------------------- */

/* What is looked for, and what one worker has found. */
typedef struct hunt {
    const rc_vectors *v;
    const rc_vector_term *term;
    size_t terms;
    const rc_real *aim; /* (dim) of length 1 */
    int64_t best;       /* answers that are wanted */
} hunt;

typedef struct finder {
    const hunt *h;
    float *room;
    rc_real *row;
    rc_neighbour *found; /* (best), the nearest first */
    int64_t count;
    rc_status status;
    char message[256]; /* of a failure, which is known to its thread alone */
} finder;

/* Put one where it belongs among the best; equal ones stay in the order of their numbers. */
static void keep_best(rc_neighbour *found, int64_t *count, int64_t best, rc_neighbour one)
{
    int64_t at = *count;

    while (at > 0 && (one.cosine > found[at - 1].cosine ||
                      (one.cosine == found[at - 1].cosine && one.word < found[at - 1].word)))
        at--;
    if (at == best)
        return;
    *count += *count < best;
    memmove(found + at + 1, found + at, (size_t)(*count - 1 - at) * sizeof *found);
    found[at] = one;
}

static bool is_term(const hunt *h, int64_t i)
{
    for (size_t k = 0; k < h->terms; k++)
        if (h->term[k].word == i)
            return true;
    return false;
}

static rc_status look(finder *f, int64_t lo, int64_t hi)
{
    const int64_t dim = rc_vectors_dim(f->h->v);

    for (int64_t i = lo; i < hi; i++) {
        if (is_term(f->h, i))
            continue;
        RC_TRY(row_of(f->h->v, i, f->room, f->row));
        const double length = sqrt((double)rck->dot(dim, f->row, f->row));
        if (length > 0)
            keep_best(f->found, &f->count, f->h->best,
                      (rc_neighbour){i, (double)rck->dot(dim, f->h->aim, f->row) / length});
    }
    return RC_OK;
}

static void look_on_worker(const rcb_worker *w, void *ctx)
{
    finder *f = (finder *)ctx + w->id;
    int64_t lo, hi;

    rcb_share(w, rc_vectors_count(f->h->v), 1, &lo, &hi);
    f->status = look(f, lo, hi);
    if (f->status != RC_OK)
        (void)strncpy(f->message, rc_error_message(), sizeof f->message - 1);
}

/* The sum of the terms, each of length 1 times its weight, made of length 1. */
static rc_status aim_of(const hunt *h, finder *f, rc_real *aim)
{
    const int64_t dim = rc_vectors_dim(h->v);

    rck->fill(dim, 0, aim);
    for (size_t k = 0; k < h->terms; k++) {
        if (h->term[k].word < 0 || h->term[k].word >= rc_vectors_count(h->v))
            return RC_FAIL(RC_EINVAL, "there is no vector %" PRId64, h->term[k].word);
        RC_TRY(row_of(h->v, h->term[k].word, f->room, f->row));
        const double length = sqrt((double)rck->dot(dim, f->row, f->row));
        if (length > 0)
            rck->axpy(dim, (rc_real)(h->term[k].weight / length), f->row, aim);
    }
    const double length = sqrt((double)rck->dot(dim, aim, aim));
    if (!(length > 0))
        return RC_FAIL(RC_EDATA, "the vectors add up to nothing: no direction is left");
    rck->scale(dim, (rc_real)(1 / length), aim, aim);
    return RC_OK;
}

static rc_status open_finders(finder *f, int n, const hunt *h)
{
    const size_t dim = (size_t)rc_vectors_dim(h->v);

    for (int i = 0; i < n; i++) {
        f[i].h = h;
        f[i].room = rcb_alloc(dim, sizeof *f[i].room);
        f[i].row = rcb_alloc(dim, sizeof *f[i].row);
        f[i].found = rcb_alloc((size_t)h->best, sizeof *f[i].found);
        if (!f[i].room || !f[i].row || !f[i].found)
            return RC_ENOMEM;
    }
    return RC_OK;
}

static rc_status collect(const finder *f, int n, int64_t best, rc_neighbour *out, int64_t *count)
{
    *count = 0;
    for (int i = 0; i < n; i++) {
        if (f[i].status != RC_OK)
            return RC_FAIL(f[i].status, "%s", f[i].message);
        for (int64_t k = 0; k < f[i].count; k++)
            keep_best(out, count, best, f[i].found[k]);
    }
    return RC_OK;
}

static rc_status search(hunt *h, finder *f, rcb_pool *pool, rc_neighbour *out, int64_t *count)
{
    const int n = rcb_pool_size(pool);
    rc_real *aim = rcb_alloc((size_t)rc_vectors_dim(h->v), sizeof *aim);
    rc_status s = aim ? open_finders(f, n, h) : RC_ENOMEM;

    if (s == RC_OK)
        s = aim_of(h, f, aim);
    if (s == RC_OK) {
        h->aim = aim;
        rcb_pool_run(pool, n, look_on_worker, f);
        s = collect(f, n, h->best, out, count);
    }
    rcb_free(aim);
    return s;
}

rc_status rc_vectors_nearest(const rc_vectors *v, const rc_vector_term *term, size_t terms,
                             int threads, int64_t best, rc_neighbour *out, int64_t *count)
{
    hunt h = {.v = v, .term = term, .terms = terms, .best = best};
    rcb_pool *pool;

    *count = 0;
    if (terms < 1 || best < 1)
        return RC_FAIL(RC_EINVAL, "there must be something to look for, and an answer");
    RC_TRY(rcb_pool_new(&pool, threads));
    const int n = rcb_pool_size(pool);
    finder *f = rcb_calloc((size_t)n, sizeof *f);
    const rc_status s = f ? search(&h, f, pool, out, count) : RC_ENOMEM;
    for (int i = 0; f && i < n; i++) {
        rcb_free(f[i].room);
        rcb_free(f[i].row);
        rcb_free(f[i].found);
    }
    rcb_free(f);
    rcb_pool_free(pool);
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
