/* embed_rows.c -- rows of a table at hand: found by a hash of their numbers, copied side by side so
 * that a shard stays in the cache, and brought back as what they were moved by.
 */
#include "model/embed_in.h"

#include <string.h>

void rcm_rows_free(rcm_rows *r)
{
    rcb_free(r->id);
    rcb_free(r->times);
    rcb_free(r->now);
    rcb_free(r->before);
    rcb_free(r->slot);
    *r = (rcm_rows){.keeps = r->keeps};
}

void rcm_rows_clear(rcm_rows *r)
{
    r->n = 0;
    if (r->slot)
        memset(r->slot, 0, (size_t)r->slots * sizeof *r->slot);
}

/* Where a row is, or would be: an empty slot. */
static int64_t find(const rcm_rows *r, int32_t id)
{
    const uint32_t mask = (uint32_t)r->slots - 1;
    uint32_t k = (uint32_t)((uint64_t)(uint32_t)id * 0x9E3779B97F4A7C15u >> 32) & mask;

    while (r->slot[k] > 0 && r->id[r->slot[k] - 1] != id)
        k = (k + 1) & mask;
    return (int64_t)k;
}

/* Twice as many, with all that are there. */
static rc_status grow(rcm_rows *r)
{
    const int64_t cap = r->cap > 0 ? 2 * r->cap : 256;
    int32_t *id = rcb_realloc(r->id, (size_t)r->cap, (size_t)cap, sizeof *id);

    if (!id)
        return RC_ENOMEM;
    r->id = id;
    int32_t *times = rcb_realloc(r->times, (size_t)r->cap, (size_t)cap, sizeof *times);
    if (!times)
        return RC_ENOMEM;
    r->times = times;
    int32_t *slot = rcb_calloc((size_t)(4 * cap), sizeof *slot);
    if (!slot)
        return RC_ENOMEM;
    rcb_free(r->slot);
    r->slot = slot;
    r->slots = 4 * cap;
    r->cap = cap;
    for (int64_t i = 0; i < r->n; i++)
        r->slot[find(r, r->id[i])] = (int32_t)i + 1;
    return RC_OK;
}

rc_status rcm_rows_take(rcm_rows *r, int32_t id, int32_t *at)
{
    if (r->n == r->cap)
        RC_TRY(grow(r));
    const int64_t k = find(r, id);

    if (r->slot[k] == 0) {
        r->id[r->n++] = id;
        r->slot[k] = (int32_t)r->n;
    }
    *at = r->slot[k] - 1;
    return RC_OK;
}

static rc_status room(rc_real **p, int64_t reals)
{
    rcb_free(*p);
    *p = rcb_alloc((size_t)reals, sizeof **p);
    return *p ? RC_OK : RC_ENOMEM;
}

rc_status rcm_rows_fetch(rcm_rows *r, const rcn_param *table)
{
    const int64_t reals = r->n * table->ld;

    if (reals > r->reals) {
        const int64_t more = reals + reals / 4;

        r->reals = 0;
        RC_TRY(room(&r->now, more));
        if (r->keeps)
            RC_TRY(room(&r->before, more));
        r->reals = more;
    }
    rck->gather(r->n, table->ld, table->w, table->ld, r->id, r->now, table->ld);
    if (r->keeps && r->n > 0)
        memcpy(r->before, r->now, (size_t)reals * sizeof *r->now);
    if (r->n > 0)
        memset(r->times, 0, (size_t)r->n * sizeof *r->times);
    return RC_OK;
}

bool rcm_rows_add(const rcm_rows *r, rcn_param *table)
{
    const int64_t ld = table->ld;
    bool finite = true;

    assert(r->keeps);
    if (r->n > 0)
        rck->sub(r->n * ld, r->now, r->before, r->before);
    for (int64_t i = 0; i < r->n; i++) {
        rc_real *row = table->w + r->id[i] * ld;
        const bool sound = rck->finite(ld, r->before + i * ld);

        if (sound)
            rck->add(ld, row, r->before + i * ld, row);
        finite = finite && sound;
    }
    return finite;
}
