/* cooccur.c -- how often words stand near each other, as GloVe counts it: two words of a line that
 * are d apart, at most the width, count for 1 / d. Words that the vocabulary lacks are passed over,
 * as if they were not in the text.
 *
 * The text is turned round first: for every word the places where it stands. Then the row of a word
 * is added up by itself, in the order of the text, so that rows may be counted by any number of
 * workers and have the same bits. It is done twice: to know how many cells each row has in each
 * block, and to put them there. Beyond SPILL bytes what is held lies in an unnamed file.
 */
#include "data/data.h"

#include <stdatomic.h>
#include <string.h>

static const size_t SPILL = (size_t)1 << 30;

enum { BREAK = -1 }; /* between lines */

/* The text without the words that are passed over, and where each word stands. */
typedef struct turned {
    int64_t n, words;
    int32_t *word;  /* (n) */
    int64_t *first; /* (words + 1) of the places of a word, in */
    int64_t *place; /* (n) */
    rcb_room word_room, place_room;
} turned;

/* One worker's row. */
typedef struct adder {
    double *sum;      /* (words) zeros between rows */
    int32_t *touched; /* (words) with a sum */
    int64_t n;
} adder;

typedef struct count {
    const turned *t;
    rcd_cooc *out;
    int64_t width;
    int64_t *at;     /* (words,parts) cells of a row in a block, then where they go */
    adder *adder;    /* (workers) */
    rcb_key key;     /* of the order in blocks */
    bool writes;     /* the second time */
    atomic_int next; /* row, or block */
} count;

/* ---- turning the text round -------------------------------------------------------------- */

static void free_turned(turned *t)
{
    rcb_room_free(&t->word_room);
    rcb_room_free(&t->place_room);
    rcb_free(t->first);
}

/* Words and breaks; first[w + 1] becomes how often w stands there. */
static void copy_words(turned *t, const rcd_tape *tape, const rcd_vocab *v)
{
    const int32_t unk = rcd_vocab_unk(v), boundary = rcd_vocab_boundary(v);

    for (int64_t i = 0; i < tape->n; i++) {
        const int32_t w = rcd_tape_at(tape, i);

        if (w == unk)
            continue;
        t->word[t->n++] = w == boundary ? BREAK : w;
        if (w != boundary)
            t->first[w + 1]++;
    }
}

/* Places by word; first[w] goes from where they begin to where they end, and back again. */
static void note_places(turned *t)
{
    for (int64_t w = 0; w < t->words; w++)
        t->first[w + 1] += t->first[w];
    for (int64_t i = 0; i < t->n; i++)
        if (t->word[i] != BREAK)
            t->place[t->first[t->word[i]]++] = i;
    memmove(t->first + 1, t->first, (size_t)t->words * sizeof *t->first);
    t->first[0] = 0;
}

static rc_status turn(turned *t, const rcd_tape *tape, const rcd_vocab *v)
{
    t->words = rcd_vocab_size(v);
    RC_TRY(rcb_room_new(&t->word_room, tape->n, sizeof *t->word, SPILL));
    RC_TRY(rcb_room_new(&t->place_room, tape->n, sizeof *t->place, SPILL));
    t->word = t->word_room.p;
    t->place = t->place_room.p;
    t->first = rcb_calloc((size_t)t->words + 1, sizeof *t->first);
    if (!t->first)
        return RC_ENOMEM;
    copy_words(t, tape, v);
    note_places(t);
    return RC_OK;
}

/* ---- rows -------------------------------------------------------------------------------- */

static void add(adder *a, int32_t word, double share)
{
    if (a->sum[word] == 0)
        a->touched[a->n++] = word;
    a->sum[word] += share;
}

/* What stands around all places of a word and has no lower number: then a pair is seen once. */
static void add_row(const count *c, adder *a, int32_t row)
{
    const turned *t = c->t;

    for (int64_t k = t->first[row]; k < t->first[row + 1]; k++) {
        const int64_t at = t->place[k];

        for (int64_t d = 1; d <= c->width && at >= d && t->word[at - d] != BREAK; d++)
            if (t->word[at - d] >= row)
                add(a, t->word[at - d], 1 / (double)d);
        for (int64_t d = 1; d <= c->width && at + d < t->n && t->word[at + d] != BREAK; d++)
            if (t->word[at + d] >= row)
                add(a, t->word[at + d], 1 / (double)d);
    }
}

static void put(const count *c, int64_t at, int32_t a, int32_t b, double sum)
{
    c->out->a[at] = a;
    c->out->b[at] = b;
    c->out->count[at] = (rc_real)sum;
}

static void end_row(const count *c, adder *a, int32_t row)
{
    int64_t *at = c->at + row * c->out->parts;

    for (int64_t i = 0; i < a->n; i++) {
        const int32_t other = a->touched[i];
        int64_t *cell = &at[other % c->out->parts];

        if (c->writes)
            put(c, *cell, row, other, a->sum[other]);
        ++*cell;
        a->sum[other] = 0;
    }
    a->n = 0;
}

static void count_rows(const rcb_worker *w, void *ctx)
{
    count *c = ctx;
    adder *a = &c->adder[w->id];
    int row;

    while ((row = atomic_fetch_add(&c->next, 1)) < c->t->words) {
        add_row(c, a, row);
        end_row(c, a, row);
    }
}

/* ---- blocks ------------------------------------------------------------------------------ */

/* Numbers of cells become the places where they begin, block by block and row by row. */
static void lay_out(count *c)
{
    rcd_cooc *out = c->out;
    const int64_t parts = out->parts, blocks = rcd_cooc_blocks(parts);

    for (int64_t row = 0; row < c->t->words; row++)
        for (int64_t q = 0; q < parts; q++) {
            int64_t *n = &c->at[row * parts + q];
            int64_t *end = &out->start[rcd_cooc_block(row % parts, q) + 1];
            const int64_t from = *end;

            *end += *n;
            *n = from;
        }
    for (int64_t b = 0; b < blocks; b++)
        out->start[b + 1] += out->start[b];
    for (int64_t row = 0; row < c->t->words; row++)
        for (int64_t q = 0; q < parts; q++)
            c->at[row * parts + q] += out->start[rcd_cooc_block(row % parts, q)];
    out->n = out->start[blocks];
}

static void swap_cells(const rcd_cooc *c, int64_t i, int64_t j)
{
    const int32_t a = c->a[i], b = c->b[i];
    const rc_real times = c->count[i];

    c->a[i] = c->a[j];
    c->b[i] = c->b[j];
    c->count[i] = c->count[j];
    c->a[j] = a;
    c->b[j] = b;
    c->count[j] = times;
}

/* The cells of every block in an order that is drawn. */
static void mix_blocks(const rcb_worker *w, void *ctx)
{
    count *c = ctx;
    const rcd_cooc *out = c->out;
    int block;

    (void)w;
    while ((block = atomic_fetch_add(&c->next, 1)) < rcd_cooc_blocks(out->parts)) {
        const int64_t first = out->start[block];

        for (int64_t n = out->start[block + 1] - first; n > 1; n--) {
            const double u = rcb_uniform(c->key, (uint64_t)(first + n - 1));

            swap_cells(out, first + n - 1, first + (int64_t)(u * (double)n));
        }
    }
}

/* ---- all of it --------------------------------------------------------------------------- */

static rc_status new_cells(rcd_cooc *out)
{
    RC_TRY(rcb_room_new(&out->room[0], out->n, sizeof *out->a, SPILL));
    RC_TRY(rcb_room_new(&out->room[1], out->n, sizeof *out->b, SPILL));
    RC_TRY(rcb_room_new(&out->room[2], out->n, sizeof *out->count, SPILL));
    out->a = out->room[0].p;
    out->b = out->room[1].p;
    out->count = out->room[2].p;
    return RC_OK;
}

static void run(count *c, rcb_pool *pool, void (*fn)(const rcb_worker *w, void *ctx))
{
    atomic_store(&c->next, 0);
    rcb_pool_run(pool, rcb_pool_size(pool), fn, c);
}

static rc_status count_all(count *c, rcb_pool *pool)
{
    const size_t words = (size_t)c->t->words;
    size_t places;

    if (!rcb_mul(words, (size_t)c->out->parts, &places))
        return RC_FAIL(RC_ENOMEM, "cannot count %zu words in %" PRId64 " parts", words,
                       c->out->parts);
    c->at = rcb_calloc(places, sizeof *c->at);
    c->adder = rcb_calloc((size_t)rcb_pool_size(pool), sizeof *c->adder);
    c->out->start = rcb_calloc((size_t)rcd_cooc_blocks(c->out->parts) + 1, sizeof *c->out->start);
    if (!c->at || !c->adder || !c->out->start)
        return RC_ENOMEM;
    for (int i = 0; i < rcb_pool_size(pool); i++) {
        c->adder[i].sum = rcb_calloc(words, sizeof *c->adder[i].sum);
        c->adder[i].touched = rcb_alloc(words, sizeof *c->adder[i].touched);
        if (!c->adder[i].sum || !c->adder[i].touched)
            return RC_ENOMEM;
    }
    run(c, pool, count_rows);
    lay_out(c);
    if (c->out->n == 0)
        return RC_FAIL(RC_EDATA, "no two words of the vocabulary stand near each other");
    RC_TRY(new_cells(c->out));
    c->writes = true;
    run(c, pool, count_rows);
    run(c, pool, mix_blocks);
    return RC_OK;
}

rc_status rcd_cooc_count(rcd_cooc *out, const rcd_tape *tape, const rcd_vocab *v,
                         const rcd_near *how, rcb_pool *pool)
{
    turned t = {0};
    count c = {.t = &t, .out = out, .width = how->width, .key = rcb_stream(how->seed, "cells")};

    assert(how->width >= 1 && how->parts >= 1);
    *out = (rcd_cooc){.parts = how->parts};
    rc_status s = turn(&t, tape, v);
    if (s == RC_OK)
        s = count_all(&c, pool);
    for (int i = 0; c.adder && i < rcb_pool_size(pool); i++) {
        rcb_free(c.adder[i].sum);
        rcb_free(c.adder[i].touched);
    }
    rcb_free(c.adder);
    rcb_free(c.at);
    free_turned(&t);
    if (s != RC_OK)
        rcd_cooc_free(out);
    return s;
}

void rcd_cooc_free(rcd_cooc *c)
{
    for (size_t i = 0; i < sizeof c->room / sizeof *c->room; i++)
        rcb_room_free(&c->room[i]);
    rcb_free(c->start);
    *c = (rcd_cooc){0};
}
