/* joins.c -- which words are read as one with their neighbours, by how often they come together.
 *
 * A pass counts words and pairs of them within a line, and joins a pair whose
 *
 *   score(a b) = (count(a b) - least) / (count(a) count(b)) * words of the text
 *
 * exceeds a threshold: word2phrase (Mikolov et al. 2013, Distributed Representations of Words and
 * Phrases and their Compositionality). The next pass reads the text as the passes before it have
 * left it. Pairs of words that are too rare cannot score and are not counted. Where there are more
 * different pairs than may be counted at once, those that came least often are forgotten, again and
 * again, with a limit that rises by one each time: a pair that was forgotten begins anew, so that
 * counts are never too high, and what is forgotten depends on the text alone.
 */
#include "data/data_in.h"

#include <stdlib.h>
#include <string.h>

void rcd_joins_free(rcd_joins *j)
{
    for (int i = 0; i < j->passes; i++)
        rcd_names_free(&j->pass[i]);
    rcb_free(j->pass);
    *j = (rcd_joins){0};
}

rc_status rcd_joins_add(rcd_joins *j)
{
    rcd_names *pass = rcb_realloc(j->pass, (size_t)j->passes, (size_t)j->passes + 1, sizeof *pass);

    assert(j->passes < RCD_MOST_PASSES);
    if (!pass)
        return RC_ENOMEM;
    j->pass = pass;
    j->pass[j->passes++] = (rcd_names){0};
    return RC_OK;
}

rc_status rcd_joins_clone(rcd_joins *out, const rcd_joins *j)
{
    *out = (rcd_joins){0};
    for (int i = 0; i < j->passes; i++) {
        rc_status s = rcd_joins_add(out);

        if (s == RC_OK)
            s = rcd_names_clone(&out->pass[i], &j->pass[i]);
        if (s != RC_OK) {
            rcd_joins_free(out);
            return s;
        }
    }
    return RC_OK;
}

/* ---- counting pairs ---------------------------------------------------------------------- */

typedef struct pair {
    uint64_t key; /* 1 + first word << 32 | second word; 0: none */
    int64_t count;
} pair;

/* An open-addressing table, at most three quarters full. */
typedef struct pairs {
    pair *slot; /* (2^bits) */
    int bits;   /* 0: there are no slots */
    int64_t n, most;
    int64_t floor; /* pairs that came no more often were forgotten */
} pairs;

static size_t slots_of(const pairs *t)
{
    return t->bits > 0 ? (size_t)1 << t->bits : 0;
}

/* Where a pair is, or the empty slot where it belongs. */
static pair *seek(const pairs *t, uint64_t key)
{
    const size_t mask = slots_of(t) - 1;
    size_t i = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - t->bits));

    while (t->slot[i].key != 0 && t->slot[i].key != key)
        i = (i + 1) & mask;
    return &t->slot[i];
}

static rc_status grow(pairs *t)
{
    pairs more = {.bits = t->bits > 0 ? t->bits + 1 : 8};

    more.slot = rcb_calloc(slots_of(&more), sizeof *more.slot);
    if (!more.slot)
        return RC_ENOMEM;
    for (size_t i = 0; i < slots_of(t); i++)
        if (t->slot[i].key != 0)
            *seek(&more, t->slot[i].key) = t->slot[i];
    rcb_free(t->slot);
    t->slot = more.slot;
    t->bits = more.bits;
    return RC_OK;
}

/* How many came more often than the floor; into `out` (NULL: they are not wanted). */
static int64_t above_floor(const pairs *t, pair *out)
{
    int64_t n = 0;

    for (size_t i = 0; i < slots_of(t); i++) {
        if (t->slot[i].key == 0 || t->slot[i].count <= t->floor)
            continue;
        if (out)
            out[n] = t->slot[i];
        n++;
    }
    return n;
}

/* Make room for a quarter of them, or more. */
static rc_status forget_rare(pairs *t)
{
    int64_t left;

    do {
        t->floor++;
        left = above_floor(t, NULL);
    } while (left >= t->most - t->most / 4);

    pair *keep = rcb_alloc((size_t)left + 1, sizeof *keep);
    if (!keep)
        return RC_ENOMEM;
    (void)above_floor(t, keep);
    memset(t->slot, 0, slots_of(t) * sizeof *t->slot);
    for (int64_t i = 0; i < left; i++)
        *seek(t, keep[i].key) = keep[i];
    t->n = left;
    rcb_free(keep);
    return RC_OK;
}

static rc_status count_pair(pairs *t, int32_t a, int32_t b)
{
    const uint64_t key = ((uint64_t)(uint32_t)a << 32 | (uint32_t)b) + 1;

    if (t->bits == 0)
        RC_TRY(grow(t));
    pair *at = seek(t, key);
    if (at->key == 0) {
        if (t->n == t->most)
            RC_TRY(forget_rare(t));
        if (((size_t)t->n + 1) * 4 > slots_of(t) * 3)
            RC_TRY(grow(t));
        at = seek(t, key);
        at->key = key;
        t->n++;
    }
    at->count++;
    return RC_OK;
}

/* ---- a pass ------------------------------------------------------------------------------ */

typedef struct counting {
    const rcd_joining *how;
    rcd_names words; /* with their counts; 0: joins with none */
    double total;
    int32_t last; /* the word before, in this line; -1: it joins with none, or there is none */
    pairs pairs;
} counting;

static rc_status count_word(void *ctx, const char *word, size_t n)
{
    counting *c = ctx;
    int32_t id;

    return rcd_names_add(&c->words, word, n, 1, &id);
}

static rc_status count_beside(void *ctx, const char *word, size_t n)
{
    counting *c = ctx;
    const int32_t before = c->last;
    const int32_t id = rcd_names_find(&c->words, word, n);

    c->last = id >= 0 && c->words.name[id].count >= c->how->min_count ? id : -1;
    return before >= 0 && c->last >= 0 ? count_pair(&c->pairs, before, c->last) : RC_OK;
}

/* Ends of lines are no words, and both they and RCD_UNK stay alone. */
static void set_apart(counting *c)
{
    const int32_t eos = rcd_names_find(&c->words, RCD_EOS, strlen(RCD_EOS));
    const int32_t unk = rcd_names_find(&c->words, RCD_UNK, strlen(RCD_UNK));

    if (eos >= 0)
        c->words.name[eos].count = 0;
    for (int32_t i = 0; i < c->words.n; i++)
        c->total += (double)c->words.name[i].count;
    if (unk >= 0)
        c->words.name[unk].count = 0;
}

static int64_t first_of(const pair *p)
{
    return (int64_t)((p->key - 1) >> 32);
}

static int64_t second_of(const pair *p)
{
    return (int64_t)((p->key - 1) & UINT32_MAX);
}

static bool joins(const counting *c, const pair *p)
{
    const double a = (double)c->words.name[first_of(p)].count;
    const double b = (double)c->words.name[second_of(p)].count;

    return (double)(p->count - c->how->min_count) / a / b * c->total > c->how->threshold;
}

/* Falling count; among equals as they came. */
static int by_count(const void *a, const void *b)
{
    const pair *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static rc_status add_name(rcd_names *out, const counting *c, const pair *p, rcb_buf *room)
{
    size_t n;
    int32_t id;
    const char *word = rcd_names_at(&c->words, (int32_t)first_of(p), &n);

    rcb_buf_clear(room);
    RC_TRY(rcb_buf_add(room, word, n));
    RC_TRY(rcb_buf_add(room, " ", 1));
    word = rcd_names_at(&c->words, (int32_t)second_of(p), &n);
    RC_TRY(rcb_buf_add(room, word, n));
    return rcd_names_add(out, room->p, room->n, 0, &id);
}

/* The pairs that join become the names of a pass. */
static rc_status choose(rcd_names *out, counting *c)
{
    pairs *t = &c->pairs;
    rcb_buf room = {0};
    rc_status s = RC_OK;
    int64_t n = 0;

    for (size_t i = 0; i < slots_of(t); i++) /* to the front, in place */
        if (t->slot[i].key != 0 && joins(c, &t->slot[i]))
            t->slot[n++] = t->slot[i];
    if (n > 0)
        qsort(t->slot, (size_t)n, sizeof *t->slot, by_count);
    for (int64_t i = 0; s == RC_OK && i < n; i++)
        s = add_name(out, c, &t->slot[i], &room);
    rcb_buf_free(&room);
    return s;
}

static rc_status find_pass(rcd_names *out, const rcd_wording *w, const rcd_text *t, uint64_t from,
                           uint64_t to, const rcd_joining *how)
{
    counting c = {.how = how, .last = -1};

    c.pairs.most = how->most > 0 ? how->most : RCD_MOST_PAIRS;
    rc_status s = rcd_wording_walk(w, t, from, to, count_word, &c);
    set_apart(&c);
    if (s == RC_OK)
        s = rcd_wording_walk(w, t, from, to, count_beside, &c);
    if (s == RC_OK)
        s = choose(out, &c);
    rcd_names_free(&c.words);
    rcb_free(c.pairs.slot);
    return s;
}

rc_status rcd_joins_find(rcd_joins *out, const rcd_text *t, uint64_t from, uint64_t to,
                         const rcd_fold *fold, const rcd_joining *how)
{
    rcd_wording w = {.level = RCD_WORD, .fold = *fold};
    rc_status s = RC_OK;
    bool more = true;

    assert(how->passes <= RCD_MOST_PASSES && how->min_count >= 1 && how->threshold >= 0);
    *out = (rcd_joins){0};
    for (int64_t i = 0; s == RC_OK && more && i < how->passes; i++) {
        rcd_names pass = {0};

        s = find_pass(&pass, &w, t, from, to, how);
        more = pass.n > 0; /* where a pass joins nothing so does every other */
        if (s == RC_OK && more)
            s = rcd_joins_add(&w.joins);
        if (s == RC_OK && more)
            w.joins.pass[w.joins.passes - 1] = pass;
        else
            rcd_names_free(&pass);
    }
    if (s == RC_OK)
        *out = w.joins;
    else
        rcd_joins_free(&w.joins);
    return s;
}

/* ---- what they have made ----------------------------------------------------------------- */

/* The word of a pair, in the vocabulary; -1: it is too rare, or part of another. */
static rc_status find_joined(const rcd_vocab *v, const rcd_names *pass, int32_t i, rcb_buf *room,
                             int32_t *id)
{
    size_t n;
    const char *p = rcd_names_at(pass, i, &n);

    rcb_buf_clear(room);
    RC_TRY(rcb_buf_add(room, p, n));
    *(char *)memchr(room->p, ' ', n) = '_';
    *id = rcd_vocab_find(v, room->p, n);
    return RC_OK;
}

rc_status rcd_joins_told(const rcd_vocab *v, int64_t *count, int64_t *tokens)
{
    const rcd_joins *j = &rcd_vocab_wording(v)->joins;
    rcb_buf room = {0};

    *count = *tokens = 0;
    if (j->passes == 0)
        return RC_OK;
    bool *seen = rcb_calloc((size_t)rcd_vocab_size(v), sizeof *seen);
    rc_status s = seen ? RC_OK : RC_ENOMEM;
    for (int k = 0; k < j->passes; k++)
        for (int32_t i = 0; s == RC_OK && i < j->pass[k].n; i++) {
            int32_t id = -1;

            s = find_joined(v, &j->pass[k], i, &room, &id);
            ++*count;
            if (id < 0 || seen[id])
                continue;
            seen[id] = true;
            *tokens += rcd_vocab_count(v, id);
        }
    rcb_buf_free(&room);
    rcb_free(seen);
    return s;
}
