/* labelled_batch.c -- labelled sequences as ragged batches, what is different in a batch, and the
 * order of batches in an epoch.
 */
#include "data/data_in.h"

#include <stdlib.h>
#include <string.h>

static int64_t length(const rcd_labelled *l, int64_t i)
{
    assert(i >= 0 && i < l->n);
    return l->start[i + 1] - l->start[i];
}

/* A sequence on its way into a batch or an order. */
typedef struct ranked {
    int64_t which, length, place;
} ranked;

/* Falling length; among equals as they came. */
static int by_length(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    if (x->length != y->length)
        return x->length > y->length ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int32_t label_of(const rcd_labelled *l, const int32_t *ids, int64_t at)
{
    const int32_t label = l->label[at];

    return label < 0 || !ids ? label : ids[label];
}

static void fill(const rcd_labelled *l, const int32_t *ids, int64_t i, rcd_batch *b, int64_t column)
{
    const int64_t from = l->start[i], n = length(l, i);

    b->seq[column] = i;
    for (int64_t t = 0; t < n; t++) {
        const int64_t row = b->at[t] + column;

        b->in[row] = l->token[from + t];
        b->out[row] = l->each ? label_of(l, ids, from + t) : t == n - 1 ? label_of(l, ids, i) : -1;
        b->aims -= b->out[row] < 0;
    }
}

rc_status rcd_labelled_batch(const rcd_labelled *l, const int32_t *ids, const int64_t *which,
                             int64_t seqs, rcd_batch *b)
{
    ranked *c = rcb_alloc((size_t)seqs + 1, sizeof *c);
    int64_t rows = 0, alive = seqs;

    if (!c)
        return RC_ENOMEM;
    for (int64_t i = 0; i < seqs; i++) {
        c[i] = (ranked){which[i], length(l, which[i]), i};
        rows += c[i].length;
    }
    qsort(c, (size_t)seqs, sizeof *c, by_length);
    b->D = b->K = 0;
    const rc_status s = rcd_batch_grow(b, seqs > 0 ? c[0].length : 0, seqs, rows);
    if (s == RC_OK) {
        b->at[0] = 0;
        for (int64_t t = 0; t < b->steps; t++) {
            while (alive > 0 && c[alive - 1].length <= t)
                alive--;
            b->at[t + 1] = b->at[t] + alive;
        }
        for (int64_t i = 0; i < seqs; i++)
            fill(l, ids, c[i].which, b, i);
    }
    rcb_free(c);
    return s;
}

void rcd_labelled_feature(const rcd_labelled *l, int32_t f, const rcd_batch *b, int32_t *out)
{
    assert(f >= 0 && f < l->F);
    for (int64_t t = 0; t < b->steps; t++)
        for (int64_t row = b->at[t]; row < b->at[t + 1]; row++)
            out[row] = l->feature[(l->start[b->seq[row - b->at[t]]] + t) * l->F + f];
}

/* ---- what is different ------------------------------------------------------------------- */

rc_status rcd_distinct_of(rcd_distinct *d, const int32_t *in, int64_t rows, int32_t most)
{
    void *token = d->token, *index = d->index;

    d->n = 0;
    RC_TRY(rcd_reserve(&token, &d->cap_token, (size_t)rows, sizeof *d->token));
    d->token = token;
    RC_TRY(rcd_reserve(&index, &d->cap_index, (size_t)rows, sizeof *d->index));
    d->index = index;
    if ((size_t)most > d->cap_seen) { /* all of it is zero, as the new one is */
        int32_t *seen = rcb_calloc((size_t)most, sizeof *seen);

        if (!seen)
            return RC_ENOMEM;
        rcb_free(d->seen);
        d->seen = seen;
        d->cap_seen = (size_t)most;
    }
    for (int64_t i = 0; i < rows; i++) {
        int32_t *seen = &d->seen[in[i]];

        assert(in[i] >= 0 && in[i] < most);
        if (*seen == 0) {
            d->token[d->n] = in[i];
            *seen = (int32_t)++d->n;
        }
        d->index[i] = *seen - 1;
    }
    for (int64_t i = 0; i < d->n; i++)
        d->seen[d->token[i]] = 0;
    return RC_OK;
}

void rcd_distinct_free(rcd_distinct *d)
{
    rcb_free(d->token);
    rcb_free(d->index);
    rcb_free(d->seen);
    *d = (rcd_distinct){0};
}

/* ---- order ------------------------------------------------------------------------------- */

/* The key of one thing that is shuffled in an epoch. */
static rcb_key key_of(rcb_key key, uint64_t epoch, uint64_t thing)
{
    uint32_t word[4];

    rcb_draw(key, epoch, thing, word);
    return (rcb_key){{word[0], word[1]}};
}

/* Pool `pool`, sequences from..to-1 of r, into which: by length, its full batches shuffled. */
static void order_pool(ranked *r, int64_t from, int64_t to, rcb_key key, int64_t batch,
                       int64_t *which)
{
    const int64_t full = (to - from) / batch;

    qsort(r + from, (size_t)(to - from), sizeof *r, by_length);
    for (int64_t k = 0; k < full; k++) {
        const int64_t place = from + rcd_shuffled(key, full, k) * batch;

        for (int64_t i = 0; i < batch; i++)
            which[place + i] = r[from + k * batch + i].which;
    }
    for (int64_t i = from + full * batch; i < to; i++)
        which[i] = r[i].which;
}

rc_status rcd_labelled_order(const rcd_labelled *l, rcb_key key, uint64_t epoch, int64_t batch,
                             int64_t bucket, int64_t *which, int64_t n)
{
    const rcb_key shuffle = key_of(key, epoch, 0);
    ranked *r = rcb_alloc((size_t)n + 1, sizeof *r);
    int64_t pool = n;

    assert(batch > 0 && bucket >= 0);
    if (!r)
        return RC_ENOMEM;
    if (bucket > 0 && bucket <= n / batch)
        pool = bucket * batch;
    for (int64_t i = 0; i < n; i++) {
        const int64_t place = rcd_shuffled(shuffle, n, i);

        r[place] = (ranked){which[i], length(l, which[i]), place};
    }
    for (int64_t from = 0, k = 1; from < n; from += pool, k++) {
        const int64_t to = n - from < pool ? n : from + pool;

        if (bucket > 0)
            order_pool(r, from, to, key_of(key, epoch, (uint64_t)k), batch, which);
        else
            for (int64_t i = from; i < to; i++)
                which[i] = r[i].which;
    }
    rcb_free(r);
    return RC_OK;
}
