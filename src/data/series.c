/* series.c -- sequences of vectors: kept, numbered, shuffled, and cut into ragged batches. */
#include "data/data_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void rcd_series_free(rcd_series *s)
{
    rcb_free(s->start);
    rcb_free(s->x);
    rcb_free(s->y);
    rcb_free(s->label);
    rcd_names_free(&s->names);
    *s = (rcd_series){0};
}

/* ---- adding ------------------------------------------------------------------------------ */

rc_status rcd_reserve(void **p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return RC_OK;
    const size_t more = need > 2 * *cap ? need + 16 : 2 * *cap;
    void *room = rcb_realloc(*p, *cap, more, size);

    if (!room)
        return RC_ENOMEM;
    *p = room;
    *cap = more;
    return RC_OK;
}

static rc_status reserve_starts(rcd_series *s)
{
    void *room = s->start;
    const rc_status status = rcd_reserve(&room, &s->cap_start, (size_t)s->n + 2, sizeof *s->start);

    s->start = room;
    return status;
}

/* The first two of `start`, where there is none yet. */
static rc_status begin_starts(rcd_series *s)
{
    if (s->start)
        return RC_OK;
    RC_TRY(reserve_starts(s));
    s->start[0] = s->start[1] = 0;
    return RC_OK;
}

float *rcd_series_step(rcd_series *s)
{
    if (begin_starts(s) != RC_OK)
        return NULL;
    const size_t at = (size_t)(s->start[s->n + 1] * s->D);
    void *room = s->x;

    if (rcd_reserve(&room, &s->cap_x, at + (size_t)s->D, sizeof *s->x) != RC_OK)
        return NULL;
    s->x = room;
    memset(s->x + at, 0, (size_t)s->D * sizeof *s->x);
    s->start[s->n + 1]++;
    return s->x + at;
}

/* Sequences are told apart and counted; whoever calls this has kept what is to be said. */
static rc_status end_steps(rcd_series *s)
{
    const int64_t steps = s->start[s->n + 1] - s->start[s->n];
    const size_t first = (size_t)(s->start[s->n] * s->D);

    s->crc = rcb_crc32(s->crc, &steps, sizeof steps);
    if (steps > 0)
        s->crc = rcb_crc32(s->crc, s->x + first, (size_t)(steps * s->D) * sizeof *s->x);
    s->n++;
    RC_TRY(reserve_starts(s));
    s->start[s->n + 1] = s->start[s->n];
    return RC_OK;
}

/* The kind of answer that the first sequence has, all have. */
static rc_status agree(rcd_series *s, bool classes, bool each, int64_t K)
{
    RC_TRY(begin_starts(s));
    if (s->n > 0 && s->classes != classes)
        return RC_FAIL(RC_EDATA, "cannot mix series with a class and series without");
    if (s->n > 0 && (s->each != each || s->K != K))
        return RC_FAIL(RC_EDATA, "cannot mix series whose answers are at other places, or of "
                                 "another size");
    s->classes = classes;
    s->each = each;
    s->K = K;
    return RC_OK;
}

rc_status rcd_series_end_names(rcd_series *s, bool each, int64_t n, const rcd_word name[])
{
    RC_TRY(agree(s, true, each, 0));
    const size_t at = (size_t)(each ? s->start[s->n] : s->n);
    void *room = s->label;

    RC_TRY(rcd_reserve(&room, &s->cap_label, at + (size_t)n, sizeof *s->label));
    s->label = room;
    for (int64_t i = 0; i < n; i++) {
        if (name[i].n > 0 && memchr(name[i].p, '\0', name[i].n))
            return RC_FAIL(RC_EDATA, "the name of a class has a NUL in it");
        s->label[at + (size_t)i] = -1;
        if (name[i].n > 0)
            RC_TRY(rcd_names_add(&s->names, name[i].p, name[i].n, 1, &s->label[at + (size_t)i]));
        s->crc = rcb_crc32(s->crc, name[i].p, name[i].n);
    }
    return end_steps(s);
}

rc_status rcd_series_end_values(rcd_series *s, bool each, int64_t n, int64_t K, const float *y)
{
    RC_TRY(agree(s, false, each, K));
    const size_t at = (size_t)((each ? s->start[s->n] : s->n) * K), more = (size_t)(n * K);
    void *room = s->y;

    RC_TRY(rcd_reserve(&room, &s->cap_y, at + more, sizeof *s->y));
    s->y = room;
    if (more > 0)
        memcpy(s->y + at, y, more * sizeof *y);
    s->crc = rcb_crc32(s->crc, y, more * sizeof *y);
    return end_steps(s);
}

rc_status rcd_series_end(rcd_series *s, const char *name, size_t n)
{
    if (name)
        return rcd_series_end_names(s, false, 1, &(rcd_word){name, n});
    RC_TRY(agree(s, false, false, 0));
    return end_steps(s);
}

/* ---- classes ----------------------------------------------------------------------------- */

static int64_t labels_of(const rcd_series *s)
{
    return s->each ? s->start[s->n] : s->n;
}

rc_status rcd_series_vocab(rcd_vocab **out, const rcd_series *s)
{
    return rcd_vocab_of_names(out, RCD_LINE, &s->names, NULL, NULL, "classes");
}

rc_status rcd_series_label(rcd_series *s, const rcd_vocab *v, const char *path)
{
    int32_t *ids = rcb_alloc((size_t)s->names.n + 1, sizeof *ids);
    rc_status status = ids ? rcd_names_ids(ids, &s->names, v, NULL, -1) : RC_ENOMEM;

    for (int32_t i = 0; status == RC_OK && i < s->names.n; i++) {
        if (ids[i] < 0)
            status = RC_FAIL(RC_EDATA, "cannot use '%s': class '%s' is not in the training data",
                             path, rcd_names_at(&s->names, i, NULL));
        else if (s->source && ids[i] != i) /* what is made is made with its own numbers */
            status = RC_FAIL(RC_EDATA, "cannot use '%s': the classes are numbered otherwise", path);
    }
    for (int64_t i = 0; status == RC_OK && s->label && i < labels_of(s); i++)
        if (s->label[i] >= 0)
            s->label[i] = ids[s->label[i]];
    rcb_free(ids);
    return status;
}

/* ---- batches ----------------------------------------------------------------------------- */

int64_t rcd_series_steps(const rcd_series *s, int64_t i)
{
    assert(i >= 0 && i < s->n);
    return s->source ? s->source->steps(s->T) : s->start[i + 1] - s->start[i];
}

/* A sequence on its way into a batch. */
typedef struct column {
    int64_t which, steps, place;
} column;

static int by_steps(const void *a, const void *b)
{
    const column *x = a, *y = b;

    if (x->steps != y->steps)
        return x->steps > y->steps ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static column *columns_of(const rcd_series *s, const int64_t *which, int64_t seqs, bool next)
{
    column *c = rcb_alloc((size_t)seqs + 1, sizeof *c);

    for (int64_t i = 0; c && i < seqs; i++) {
        const int64_t steps = rcd_series_steps(s, which[i]);

        c[i] = (column){which[i], next && steps > 0 ? steps - 1 : steps, i};
    }
    if (c)
        qsort(c, (size_t)seqs, sizeof *c, by_steps);
    return c;
}

/* What a sequence is, in memory or made into `room`. */
typedef struct view {
    const float *x, *y;
    const int32_t *label;
} view;

/* Room for one sequence that is made. */
typedef struct room {
    float *x, *y;
    int32_t *label;
} room;

static void free_room(room *r)
{
    rcb_free(r->x);
    rcb_free(r->y);
    rcb_free(r->label);
}

static rc_status new_room(room *r, const rcd_series *s)
{
    if (!s->source)
        return RC_OK;
    const size_t steps = (size_t)s->source->steps(s->T);

    r->x = rcb_alloc(steps * (size_t)s->D, sizeof *r->x);
    r->y = rcb_alloc(steps * (size_t)s->K + 1, sizeof *r->y);
    r->label = rcb_alloc(steps, sizeof *r->label);
    return r->x && r->y && r->label ? RC_OK : RC_ENOMEM;
}

static view look(const rcd_series *s, int64_t i, room *r)
{
    const rcd_source *source = s->source;

    if (!source) {
        const int64_t target = s->each ? s->start[i] : i;

        return (view){s->x + s->start[i] * s->D, s->y ? s->y + target * s->K : NULL,
                      s->label ? s->label + target : NULL};
    }
    const size_t steps = (size_t)source->steps(s->T);
    uint32_t word[4];

    rcb_draw(s->key, (uint64_t)i, 0, word);
    memset(r->x, 0, steps * (size_t)s->D * sizeof *r->x);
    memset(r->y, 0, steps * (size_t)s->K * sizeof *r->y);
    memset(r->label, 0, steps * sizeof *r->label);
    source->fill((rcb_key){{word[0], word[1]}}, s->T, r->x, r->y, r->label);
    return (view){r->x, s->K > 0 ? r->y : NULL, s->classes ? r->label : NULL};
}

static void copy(rc_real *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (rc_real)from[i];
}

/* Is there something to be said at a target? */
static bool is_said(const rcd_series *s, const view *v, int64_t target)
{
    if (v->label)
        return v->label[target] >= 0;
    for (int64_t k = 0; v->y && k < s->K; k++)
        if (isnan(v->y[target * s->K + k]))
            return false;
    return true;
}

/* Step t of a sequence of `steps` into row `row`. */
static void fill_row(const rcd_series *s, const view *v, int64_t t, int64_t steps, bool next,
                     rcd_batch *b, int64_t row)
{
    const int64_t target = s->each ? t : 0;
    const bool there = next || s->each || t == steps - 1;
    const bool aimed = there && (next || is_said(s, v, target));

    copy(b->x + row * b->D, v->x + t * s->D, s->D);
    b->out[row] = aimed ? 0 : -1;
    b->aims -= !aimed;
    if (b->K > 0)
        memset(b->y + row * b->K, 0, (size_t)b->K * sizeof *b->y);
    if (!aimed)
        return;
    if (next)
        copy(b->y + row * b->K, v->x + (t + 1) * s->D, s->D);
    else if (v->y)
        copy(b->y + row * b->K, v->y + target * s->K, s->K);
    else if (v->label)
        b->out[row] = v->label[target];
}

rc_status rcd_series_batch(const rcd_series *s, const int64_t *which, int64_t seqs, bool next,
                           rcd_batch *b)
{
    int64_t rows = 0;
    room r = {0};
    column *c = columns_of(s, which, seqs, next);
    rc_status status = c ? new_room(&r, s) : RC_ENOMEM;

    for (int64_t i = 0; status == RC_OK && i < seqs; i++)
        rows += c[i].steps;
    b->D = s->D;
    b->K = next ? s->D : s->K;
    if (status == RC_OK)
        status = rcd_batch_grow(b, seqs > 0 ? c[0].steps : 0, seqs, rows);
    if (status == RC_OK) {
        int64_t alive = seqs;

        b->at[0] = 0;
        for (int64_t t = 0; t < b->steps; t++) {
            while (alive > 0 && c[alive - 1].steps <= t)
                alive--;
            b->at[t + 1] = b->at[t] + alive;
        }
        for (int64_t i = 0; i < seqs; i++) {
            const view v = look(s, c[i].which, &r);

            b->seq[i] = c[i].which;
            for (int64_t t = 0; t < c[i].steps; t++)
                fill_row(s, &v, t, c[i].steps, next, b, b->at[t] + i);
        }
    }
    free_room(&r);
    rcb_free(c);
    return status;
}

/* ---- order ------------------------------------------------------------------------------- */

/* A Feistel network over pairs of halves, walked until it falls below n (Black and Rogaway 2002):
 * a shuffle that needs no memory. */
int64_t rcd_shuffled(rcb_key key, int64_t n, int64_t i)
{
    int half = 1;

    assert(i >= 0 && i < n);
    while (half < 32 && (INT64_C(1) << 2 * half) < n)
        half++;
    const uint64_t mask = (UINT64_C(1) << half) - 1;
    uint64_t at = (uint64_t)i;

    do {
        uint64_t left = at >> half, right = at & mask;

        for (uint64_t round = 0; round < 4; round++) {
            uint32_t word[4];

            rcb_draw(key, right, round, word);
            const uint64_t turned = left ^ (word[0] & mask);
            left = right;
            right = turned;
        }
        at = left << half | right;
    } while (at >= (uint64_t)n);
    return (int64_t)at;
}
