/* pretrained.c -- word vectors of a file (--vectors) as the first values of a model's own.
 *
 * A word of the vocabulary gets the vector of, in this order: the word of the file that is spelled
 * alike; one that becomes it when it is folded as the model folds words; itself in small letters,
 * with 0 for every digit, with both. Of several words of the file the first counts. The others keep
 * what they have. <eos> is also </s>, and <unk> is the mean of what was found. After that the file
 * is not needed any more: rows are parameters like others.
 */
#include "model/model_in.h"

#include <stdio.h>
#include <string.h>

typedef struct found {
    int64_t exact, folded, made, missing; /* words of the vocabulary */
    int64_t tokens, covered;              /* of the training data */
} found;

struct rcm_pretrained {
    char *path;
    rc_vectors *file; /* NULL: let go */
    int64_t dim;
    rcb_buf words; /* what was found; empty: nothing yet */
};

/* ---- the file ---------------------------------------------------------------------------- */

void rcm_pretrained_free(rcm_pretrained *v)
{
    if (!v)
        return;
    rc_vectors_free(v->file);
    rcb_buf_free(&v->words);
    rcb_free(v->path);
    rcb_free(v);
}

static rc_status check_level(const rcm_pretrained *v)
{
    const rcd_level level = rcm_vectors_level(v->file);

    if (level == RCD_WORD)
        return RC_OK;
    return RC_FAIL(
        RC_EINVAL,
        "cannot use the vectors of '%s': its symbols are of level '%s', words are wanted", v->path,
        rcd_level_word(level));
}

static rc_status check_size(const rcm_pretrained *v, const rc_config *c)
{
    if (c->embed == 0 || c->embed == v->dim)
        return RC_OK;
    return RC_FAIL_HINT(RC_EINVAL, "leave --embed out",
                        "cannot use the vectors of '%s': they have %" PRId64
                        " numbers, 'embed' is %" PRId64,
                        v->path, v->dim, c->embed);
}

/* Open c->vectors, one path. */
static rc_status open_file(rcm_pretrained *v, rc_config *c)
{
    char dim[24];

    v->path = rcb_strdup(c->vectors);
    if (!v->path)
        return RC_ENOMEM;
    RC_TRY(rc_vectors_open(&v->file, v->path));
    RC_TRY(check_level(v));
    v->dim = rc_vectors_dim(v->file);
    RC_TRY(check_size(v, c));
    (void)snprintf(dim, sizeof dim, "%" PRId64, v->dim);
    return rc_config_set(c, "embed", dim);
}

rc_status rcm_pretrained_open(rcm_pretrained **out, rc_config *c, rcd_level level)
{
    *out = NULL;
    if (!*c->vectors)
        return RC_OK;
    if (level != RCD_WORD)
        return RC_FAIL_HINT(
            RC_EINVAL, "read words: --level word or --tokens word",
            "cannot use word vectors where symbols are of level '%s': they are of words",
            rcd_level_word(level));
    if (strchr(c->vectors, '\n'))
        return RC_FAIL(RC_EINVAL, "cannot use several files of word vectors: one is possible");
    rcm_pretrained *v = rcb_calloc(1, sizeof *v);
    const rc_status s = v ? open_file(v, c) : RC_ENOMEM;

    if (s == RC_OK)
        *out = v;
    else
        rcm_pretrained_free(v);
    return s;
}

rc_status rcm_pretrained_words(const rcm_pretrained *v, const rc_config *c, const rcd_fold *fold,
                               rcd_names *out)
{
    rcb_buf room = {0};
    rc_status s = RC_OK;

    if (c->vectors_top > 0 && !v)
        return RC_FAIL_HINT(RC_EINVAL, "pass --vectors FILE",
                            "cannot take words of a file of vectors: there is none");
    for (int64_t i = 0; v && s == RC_OK && i < c->vectors_top && i < rc_vectors_count(v->file);
         i++) {
        size_t n;
        int32_t id;
        const char *p = rc_vectors_word(v->file, i, &n);

        s = rcd_fold_name(&room, RCD_WORD, p, n, fold);
        if (s == RC_OK && rcd_is_symbol(RCD_WORD, room.p, room.n) &&
            !rcd_is_special(room.p, room.n))
            s = rcd_names_add(out, room.p, room.n, 0, &id);
    }
    rcb_buf_free(&room);
    return s;
}

/* ---- finding ----------------------------------------------------------------------------- */

/* Is it one of the text, not one that every vocabulary holds? */
static bool is_word(const rcd_vocab *vocab, int32_t id)
{
    return id != rcd_vocab_unk(vocab) && id != rcd_vocab_boundary(vocab);
}

/* Words of the file that are words of the vocabulary, as they are or folded, where these have no
 * vector yet. */
static rc_status find_by_file(const rcm_pretrained *v, const rcd_vocab *vocab, const rcd_fold *fold,
                              int64_t *row, int64_t *count)
{
    rcb_buf room = {0};
    rc_status s = RC_OK;

    for (int64_t i = 0; s == RC_OK && i < rc_vectors_count(v->file); i++) {
        size_t n;
        const char *p = rc_vectors_word(v->file, i, &n);

        if (fold) {
            s = rcd_fold_name(&room, RCD_WORD, p, n, fold);
            p = room.p;
            n = room.n;
        }
        const int32_t id = s == RC_OK ? rcd_vocab_find(vocab, p, n) : -1;

        if (id >= 0 && row[id] < 0) {
            row[id] = i;
            *count += is_word(vocab, id);
        }
    }
    rcb_buf_free(&room);
    return s;
}

/* Word `id` by what the file may have in its place. */
static rc_status find_by_word(const rcm_pretrained *v, const rcd_vocab *vocab, int32_t id,
                              int64_t *row)
{
    static const rcd_fold folds[] = {{.lower = true}, {.digits = true}, {true, true}};
    rcb_buf room = {0};
    rc_status s = RC_OK;
    size_t n;
    const char *p = rcd_vocab_symbol(vocab, id, &n);

    if (id == rcd_vocab_unk(vocab))
        return RC_OK;
    if (id == rcd_vocab_boundary(vocab)) {
        *row = rc_vectors_find(v->file, "</s>", 4);
        return RC_OK;
    }
    for (size_t i = 0; s == RC_OK && *row < 0 && i < sizeof folds / sizeof *folds; i++) {
        s = rcd_fold_name(&room, RCD_WORD, p, n, &folds[i]);
        if (s == RC_OK && (room.n != n || memcmp(room.p, p, n) != 0))
            *row = rc_vectors_find(v->file, room.p, room.n);
    }
    rcb_buf_free(&room);
    return s;
}

/* row[id]: which vector of the file a word has; -1: none. */
static rc_status find_rows(const rcm_pretrained *v, const rcd_vocab *vocab, const rcd_fold *fold,
                           int64_t *row, found *f)
{
    const int32_t V = rcd_vocab_size(vocab);

    for (int32_t id = 0; id < V; id++)
        row[id] = -1;
    RC_TRY(find_by_file(v, vocab, NULL, row, &f->exact));
    if (fold && (fold->lower || fold->digits))
        RC_TRY(find_by_file(v, vocab, fold, row, &f->folded));
    for (int32_t id = 0; id < V; id++) {
        const bool before = row[id] >= 0;

        if (!before)
            RC_TRY(find_by_word(v, vocab, id, &row[id]));
        f->folded += !before && row[id] >= 0 && is_word(vocab, id);
        f->missing += row[id] < 0 && is_word(vocab, id);
        f->tokens += rcd_vocab_count(vocab, id);
        f->covered += row[id] >= 0 ? rcd_vocab_count(vocab, id) : 0;
    }
    return RC_OK;
}

/* ---- giving ------------------------------------------------------------------------------ */

/* Vectors into rows (V,dim); that of `unk`, if it has none, is the mean of all. */
static rc_status fill(const rcm_pretrained *v, const int64_t *row, int32_t V, int32_t unk,
                      rc_real *rows)
{
    float *room = rcb_alloc((size_t)v->dim, sizeof *room);
    double *mean = rcb_calloc((size_t)v->dim, sizeof *mean);
    rc_status s = room && mean ? RC_OK : RC_ENOMEM;
    int64_t n = 0;

    for (int32_t id = 0; s == RC_OK && id < V; id++) {
        if (row[id] < 0)
            continue;
        s = rcm_vectors_row(v->file, row[id], room, rows + id * v->dim);
        n++;
        for (int64_t d = 0; s == RC_OK && d < v->dim; d++)
            mean[d] += (double)rows[id * v->dim + d];
    }
    for (int64_t d = 0; s == RC_OK && n > 0 && unk >= 0 && row[unk] < 0 && d < v->dim; d++)
        rows[unk * v->dim + d] = (rc_real)(mean[d] / (double)n);
    rcb_free(room);
    rcb_free(mean);
    return s;
}

/* Words that are not there, made of their parts where the vectors know some. */
static rc_status make_rows(const rcm_pretrained *v, const rcd_vocab *vocab, const int64_t *row,
                           rc_real *rows, found *f)
{
    rc_real *x = rcb_alloc((size_t)v->dim, sizeof *x);
    rc_status s = x ? RC_OK : RC_ENOMEM;

    for (int32_t id = 0; s == RC_OK && id < rcd_vocab_size(vocab); id++) {
        size_t n;
        const char *p = rcd_vocab_symbol(vocab, id, &n);
        bool made = false;

        if (row[id] >= 0 || !is_word(vocab, id))
            continue;
        s = rc_vectors_of_parts(v->file, p, n, x, &made);
        if (s != RC_OK || !made)
            continue;
        memcpy(rows + id * v->dim, x, (size_t)v->dim * sizeof *x);
        f->made++;
        f->missing--;
        f->covered += rcd_vocab_count(vocab, id);
    }
    rcb_free(x);
    return s;
}

static rc_status say(rcm_pretrained *v, rc_model *m, const found *f)
{
    char made[64] = "";

    if (f->made > 0)
        (void)snprintf(made, sizeof made, "%" PRId64 " made of their n-grams, ", f->made);
    RC_TRY(rcb_buf_printf(&v->words,
                          "'%s' (crc32 %08" PRIx32 ", %" PRId64 " of %" PRId64 " numbers): %" PRId64
                          " words of the vocabulary as they are, %" PRId64 " folded, %s%" PRId64
                          " not in it; %.1f%% of the training tokens are",
                          v->path, rcm_vectors_crc(v->file), rc_vectors_count(v->file), v->dim,
                          f->exact, f->folded, made, f->missing,
                          f->tokens > 0 ? 100 * (double)f->covered / (double)f->tokens : 0));
    return rcm_words_add(&m->origin, "word vectors", "%s", v->words.p);
}

static rc_status give(rcm_pretrained *v, rcn_param *p, const rcd_vocab *vocab, const rcd_fold *fold,
                      found *f)
{
    const int32_t V = rcd_vocab_size(vocab);
    int64_t *row = rcb_alloc((size_t)V, sizeof *row);
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
    rc_status s = row && rows ? find_rows(v, vocab, fold, row, f) : RC_ENOMEM;

    assert(p->dim[0] == V && p->dim[1] == v->dim);
    if (s == RC_OK) {
        rcn_param_store(p, p->w, rows);
        s = make_rows(v, vocab, row, rows, f);
    }
    if (s == RC_OK)
        s = fill(v, row, V, rcd_vocab_unk(vocab), rows);
    if (s == RC_OK)
        rcn_param_load(p, p->w, rows);
    rcb_free(row);
    rcb_free(rows);
    return s;
}

rc_status rcm_pretrained_give(rcm_pretrained *v, rc_model *m, size_t place, const rcd_fold *fold)
{
    found f = {0};

    if (!v)
        return RC_OK;
    RC_TRY(give(v, &m->params.p[place], m->vocab.of[RCM_SYMBOLS], fold, &f));
    RC_TRY(say(v, m, &f));
    rc_vectors_free(v->file);
    v->file = NULL;
    return rcm_model_settle(m, NULL);
}

rc_status rcm_pretrained_notes(const rcm_pretrained *v, rcb_buf *out)
{
    return v && v->words.n > 0 ? rcb_buf_printf(out, "word vectors of %s\n", v->words.p) : RC_OK;
}
