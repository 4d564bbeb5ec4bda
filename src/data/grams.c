/* grams.c -- n-grams of the texts of a labelled set, or of what stands around each of their tokens:
 * runs of tokens, and runs of the characters of a word; counted for a dictionary, then numbered by
 * it or by a hash.
 *
 * Tokens are folded once each, and what is made of the characters of one is made once.
 */
#include "data/data_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens as they enter n-grams -------------------------------------------------------- */

/* The folded bytes of all tokens of a set. */
typedef struct folded {
    rcb_buf bytes;
    size_t *start; /* (tokens+1) */
} folded;

static void folded_free(folded *f)
{
    rcb_buf_free(&f->bytes);
    rcb_free(f->start);
}

static rc_status fold_tokens(folded *f, const rcd_names *tokens, const rcd_grams_plan *how)
{
    rcb_buf room = {0};
    rc_status s = RC_OK;

    *f = (folded){.start = rcb_alloc((size_t)tokens->n + 1, sizeof *f->start)};
    if (!f->start)
        return RC_ENOMEM;
    f->start[0] = 0;
    for (int32_t i = 0; s == RC_OK && i < tokens->n; i++) {
        size_t n;
        const char *p = rcd_names_at(tokens, i, &n);

        s = rcd_fold_name(&room, how->level, p, n, &how->fold);
        for (size_t k = 0; s == RC_OK && k < room.n; k++)
            if (room.p[k] == '\n') /* which no name in a dictionary may have */
                room.p[k] = ' ';
        if (s == RC_OK)
            s = rcb_buf_add(&f->bytes, room.p, room.n);
        f->start[i + 1] = f->bytes.n;
    }
    rcb_buf_free(&room);
    return s;
}

static rcd_word folded_at(const folded *f, int32_t token)
{
    return (rcd_word){f->bytes.p + f->start[token], f->start[token + 1] - f->start[token]};
}

/* ---- n-grams one by one ------------------------------------------------------------------ */

/* What stands before a run of a column around a token: "0-1". */
typedef struct prefix {
    char text[40];
    size_t n;
} prefix;

typedef struct walker {
    const rcd_labelled *l;
    const rcd_grams_plan *how;
    folded tokens;
    /* where n-grams are of tokens; else NULL */
    rcd_casing *casing; /* (tokens) */
    prefix *prefixes;   /* (columns, offsets) */
    rcb_buf gram;
    rcd_each each;
    void *ctx;
} walker;

static rc_status tell(walker *w)
{
    return rcd_is_special(w->gram.p, w->gram.n) ? RC_OK : w->each(w->ctx, w->gram.p, w->gram.n);
}

/* The runs of tokens of sequence i; words have a blank between. */
static rc_status walk_tokens(walker *w, int64_t i)
{
    const rcd_lengths *len = &w->how->tokens;
    const int64_t end = w->l->start[i + 1];

    for (int64_t first = w->l->start[i]; first < end; first++) {
        rcb_buf_clear(&w->gram);
        if (w->how->places)
            RC_TRY(rcb_buf_printf(&w->gram, "%" PRId64 " ", first - w->l->start[i]));
        for (int64_t n = 1; n <= len->to && first + n <= end; n++) {
            const rcd_word t = folded_at(&w->tokens, w->l->token[first + n - 1]);

            if (n > 1 && w->how->level == RCD_WORD)
                RC_TRY(rcb_buf_add(&w->gram, " ", 1));
            RC_TRY(rcb_buf_add(&w->gram, t.p, t.n));
            if (n >= len->from)
                RC_TRY(tell(w));
        }
    }
    return RC_OK;
}

/* What stands in a column of token k: the token, a feature, or how the token is capitalised. */
static rc_status add_cell(walker *w, int64_t k, int32_t column)
{
    const rcd_labelled *l = w->l;
    size_t n;

    if (column == 0) {
        const rcd_word t = folded_at(&w->tokens, l->token[k]);

        return rcb_buf_add(&w->gram, t.p, t.n);
    }
    if (column > l->F) {
        const char mark = (char)('a' + w->casing[l->token[k]]);

        return rcb_buf_add(&w->gram, &mark, 1);
    }
    const char *p = rcd_names_at(&l->features[column - 1], l->feature[k * l->F + column - 1], &n);

    return rcb_buf_add(&w->gram, p, n);
}

/* The runs of a column around token k of a sequence [from,end), each behind its column and where it
 * begins; beyond an end of the sequence stands nothing. */
static rc_status walk_column(walker *w, int64_t k, int64_t from, int64_t end, int32_t column)
{
    const rcd_lengths *len = &w->how->tokens;
    const int64_t around = w->how->around;

    for (int64_t first = -around; first <= around; first++) {
        const prefix *before = &w->prefixes[column * (2 * around + 1) + first + around];
        bool inside = false;

        rcb_buf_clear(&w->gram);
        RC_TRY(rcb_buf_add(&w->gram, before->text, before->n));
        for (int64_t n = 1; n <= len->to && first + n - 1 <= around; n++) {
            const int64_t at = k + first + n - 1;

            RC_TRY(rcb_buf_add(&w->gram, " ", 1));
            if (at >= from && at < end) {
                RC_TRY(add_cell(w, at, column));
                inside = true;
            }
            if (n >= len->from && inside)
                RC_TRY(w->each(w->ctx, w->gram.p, w->gram.n));
        }
    }
    return RC_OK;
}

/* Those of all columns around token k of sequence i. */
static rc_status walk_around(walker *w, int64_t i, int64_t k)
{
    for (int32_t column = 0; column <= w->l->F + 1; column++)
        RC_TRY(walk_column(w, k, w->l->start[i], w->l->start[i + 1], column));
    return RC_OK;
}

/* Bytes of the character at p, which is UTF-8 as whatever is read. */
static size_t character(const char *p, const char *end)
{
    size_t n = 1;

    while (p + n < end && ((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* The runs of characters of a word between two blanks, each behind a blank that tells it from a run
 * of words. The marks by themselves are none. */
static rc_status walk_characters(walker *w, rcd_word word, rcb_buf *marked)
{
    const rcd_lengths *len = &w->how->characters;

    rcb_buf_clear(marked);
    RC_TRY(rcb_buf_add(marked, " ", 1));
    RC_TRY(rcb_buf_add(marked, word.p, word.n));
    RC_TRY(rcb_buf_add(marked, " ", 1));
    const char *end = marked->p + marked->n;

    for (const char *first = marked->p; first < end; first += character(first, end)) {
        const char *p = first;

        rcb_buf_clear(&w->gram);
        RC_TRY(rcb_buf_add(&w->gram, " ", 1));
        for (int64_t n = 1; n <= len->to && p < end; n++) {
            const size_t bytes = character(p, end);

            RC_TRY(rcb_buf_add(&w->gram, p, bytes));
            p += bytes;
            if (n >= len->from && !(n == 1 && *first == ' '))
                RC_TRY(tell(w));
        }
    }
    return RC_OK;
}

/* What is needed where n-grams are of tokens. */
static rc_status open_each(walker *w)
{
    const rcd_labelled *l = w->l;
    const int64_t around = w->how->around, offsets = 2 * around + 1;

    w->casing = rcb_alloc((size_t)l->tokens.n, sizeof *w->casing);
    w->prefixes = rcb_alloc((size_t)((l->F + 2) * offsets), sizeof *w->prefixes);
    if (!w->casing || !w->prefixes)
        return RC_ENOMEM;
    for (int32_t i = 0; i < l->tokens.n; i++) {
        size_t n;
        const char *p = rcd_names_at(&l->tokens, i, &n);

        w->casing[i] = rcd_casing_of(p, n);
    }
    for (int64_t i = 0; i < (l->F + 2) * offsets; i++) {
        prefix *p = &w->prefixes[i];

        p->n = (size_t)snprintf(p->text, sizeof p->text, "%" PRId64 "%+" PRId64, i / offsets,
                                i % offsets - around);
    }
    return RC_OK;
}

static rc_status walker_open(walker *w, const rcd_labelled *l, const rcd_grams_plan *how)
{
    *w = (walker){.l = l, .how = how};
    assert(how->characters.to == 0 || how->level == RCD_WORD);
    RC_TRY(fold_tokens(&w->tokens, &l->tokens, how));
    return l->each ? open_each(w) : RC_OK;
}

static void walker_close(walker *w)
{
    folded_free(&w->tokens);
    rcb_free(w->casing);
    rcb_free(w->prefixes);
    rcb_buf_free(&w->gram);
}

/* ---- counting ---------------------------------------------------------------------------- */

typedef struct counting {
    rcd_names *names;
    int64_t times;
} counting;

static rc_status count_one(void *ctx, const char *p, size_t n)
{
    const counting *c = ctx;
    int32_t id;

    return rcd_names_add(c->names, p, n, c->times, &id);
}

/* How often every token comes in some sequences; freed with rcb_free(). */
static rc_status token_counts(int64_t **out, const rcd_labelled *l, const int64_t *which, int64_t n)
{
    int64_t *times = rcb_calloc((size_t)l->tokens.n, sizeof *times);

    *out = times;
    if (!times)
        return RC_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = l->start[which[i]]; k < l->start[which[i] + 1]; k++)
            times[l->token[k]]++;
    return RC_OK;
}

static rc_status count_characters(walker *w, counting *c, const int64_t *which, int64_t n)
{
    rcb_buf marked = {0};
    int64_t *times;
    rc_status s = token_counts(&times, w->l, which, n);

    for (int32_t i = 0; s == RC_OK && i < w->l->tokens.n; i++) {
        c->times = times[i];
        if (c->times > 0)
            s = walk_characters(w, folded_at(&w->tokens, i), &marked);
    }
    rcb_free(times);
    rcb_buf_free(&marked);
    return s;
}

/* The runs of tokens of sequence i, or of what stands around each of its tokens. */
static rc_status walk_sequence(walker *w, int64_t i)
{
    if (!w->l->each)
        return walk_tokens(w, i);
    for (int64_t k = w->l->start[i]; k < w->l->start[i + 1]; k++)
        RC_TRY(walk_around(w, i, k));
    return RC_OK;
}

rc_status rcd_grams_names(rcd_names *out, const rcd_labelled *l, const rcd_grams_plan *how,
                          const int64_t *which, int64_t n)
{
    counting c = {out, 1};
    walker w;
    rc_status s = walker_open(&w, l, how);

    w.each = count_one;
    w.ctx = &c;
    for (int64_t i = 0; s == RC_OK && i < n && how->tokens.to > 0; i++)
        s = walk_sequence(&w, which[i]);
    if (s == RC_OK && how->characters.to > 0)
        s = count_characters(&w, &c, which, n);
    walker_close(&w);
    return s;
}

/* ---- numbering --------------------------------------------------------------------------- */

/* FNV-1a of 64 bits, its halves folded. */
int32_t rcd_gram_bucket(const char *p, size_t n, int64_t buckets)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001B3);
    return (int32_t)((h ^ (h >> 32)) % (uint64_t)buckets);
}

/* Numbers, one after the other. */
typedef struct list {
    int32_t *id;
    size_t n, cap;
} list;

static rc_status list_add(list *l, const int32_t *id, size_t n)
{
    void *room = l->id;

    RC_TRY(rcd_reserve(&room, &l->cap, l->n + n, sizeof *l->id));
    l->id = room;
    if (n > 0)
        memcpy(l->id + l->n, id, n * sizeof *id);
    l->n += n;
    return RC_OK;
}

typedef struct numbering {
    const rcd_vocab *v; /* NULL: by hash */
    int64_t buckets;
    list *to;
} numbering;

static rc_status number_one(void *ctx, const char *p, size_t n)
{
    const numbering *b = ctx;
    const int32_t id = b->v ? rcd_vocab_find(b->v, p, n) : rcd_gram_bucket(p, n, b->buckets);

    return id < 0 ? RC_OK : list_add(b->to, &id, 1);
}

/* What is made of the characters of each token: numbers start[i] .. start[i+1]-1 of a list. */
typedef struct spelled {
    list ids;
    size_t *start; /* (tokens+1) */
} spelled;

static rc_status spell(spelled *s, walker *w, numbering *b)
{
    const int32_t tokens = w->l->tokens.n;
    rcb_buf marked = {0};
    rc_status status = RC_OK;

    s->start = rcb_alloc((size_t)tokens + 1, sizeof *s->start);
    if (!s->start)
        return RC_ENOMEM;
    s->start[0] = 0;
    b->to = &s->ids;
    for (int32_t i = 0; status == RC_OK && i < tokens; i++) {
        status = walk_characters(w, folded_at(&w->tokens, i), &marked);
        s->start[i + 1] = s->ids.n;
    }
    rcb_buf_free(&marked);
    return status;
}

static int by_number(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* Numbers of one text, sorted, as different ones with their counts. */
static rc_status keep(rcd_grams *out, list *ids)
{
    void *id = out->id, *count = out->count;
    int64_t n = out->start[out->n];
    const size_t need = (size_t)n + ids->n;

    RC_TRY(rcd_reserve(&id, &out->cap_id, need, sizeof *out->id));
    out->id = id;
    RC_TRY(rcd_reserve(&count, &out->cap_count, need, sizeof *out->count));
    out->count = count;
    if (ids->n > 1)
        qsort(ids->id, ids->n, sizeof *ids->id, by_number);
    for (size_t i = 0; i < ids->n; i++) {
        if (i > 0 && ids->id[i] == ids->id[i - 1]) {
            out->count[n - 1]++;
            continue;
        }
        out->id[n] = ids->id[i];
        out->count[n++] = 1;
    }
    out->start[++out->n] = n;
    return RC_OK;
}

/* What is made of the characters of token k of the set, if anything is. */
static rc_status add_spelled(list *ids, const walker *w, const spelled *s, int64_t k)
{
    if (!s->start)
        return RC_OK;
    const size_t from = s->start[w->l->token[k]];

    return list_add(ids, s->ids.id + from, s->start[w->l->token[k] + 1] - from);
}

/* Entries of sequence i. */
static rc_status number_text(rcd_grams *out, walker *w, list *ids, const spelled *s, int64_t i)
{
    ids->n = 0;
    if (w->how->tokens.to > 0)
        RC_TRY(walk_tokens(w, i));
    for (int64_t k = w->l->start[i]; k < w->l->start[i + 1]; k++)
        RC_TRY(add_spelled(ids, w, s, k));
    return keep(out, ids);
}

/* Entries of every token of sequence i. */
static rc_status number_each(rcd_grams *out, walker *w, list *ids, const spelled *s, int64_t i)
{
    for (int64_t k = w->l->start[i]; k < w->l->start[i + 1]; k++) {
        ids->n = 0;
        if (w->how->tokens.to > 0)
            RC_TRY(walk_around(w, i, k));
        RC_TRY(add_spelled(ids, w, s, k));
        RC_TRY(keep(out, ids));
    }
    return RC_OK;
}

static rc_status number_all(rcd_grams *out, walker *w, numbering *b, const spelled *s)
{
    list ids = {0};
    rc_status status = RC_OK;

    b->to = &ids;
    for (int64_t i = 0; status == RC_OK && i < w->l->n; i++)
        status = w->l->each ? number_each(out, w, &ids, s, i) : number_text(out, w, &ids, s, i);
    rcb_free(ids.id);
    return status;
}

rc_status rcd_grams_of(rcd_grams *out, const rcd_labelled *l, const rcd_grams_plan *how,
                       const rcd_vocab *v, int64_t buckets)
{
    numbering b = {.v = v, .buckets = buckets};
    spelled spelling = {0};
    walker w;

    assert(v || (buckets > 0 && buckets <= INT32_MAX));
    *out = (rcd_grams){
        .start = rcb_calloc((size_t)(l->each ? l->start[l->n] : l->n) + 1, sizeof *out->start)};
    rc_status s = walker_open(&w, l, how);
    if (s == RC_OK && !out->start)
        s = RC_ENOMEM;
    w.each = number_one;
    w.ctx = &b;
    if (s == RC_OK && how->characters.to > 0)
        s = spell(&spelling, &w, &b);
    if (s == RC_OK)
        s = number_all(out, &w, &b, &spelling);
    rcb_free(spelling.ids.id);
    rcb_free(spelling.start);
    walker_close(&w);
    if (s != RC_OK)
        rcd_grams_free(out);
    return s;
}

void rcd_grams_free(rcd_grams *g)
{
    rcb_free(g->start);
    rcb_free(g->id);
    rcb_free(g->count);
    *g = (rcd_grams){0};
}
