/* names.c -- strings of bytes and their numbers.
 *
 * The bytes of all names in one block, one entry per name, and an open-addressing table of (hash,
 * number) that stays at most half full. Names of one byte, which are most of what a corpus has at
 * the level of characters, bypass the table.
 */
#include "data/data_in.h"

#include <string.h>

struct rcd_slot {
    uint32_t hash;
    int32_t next; /* number + 1; 0: empty */
};

/* FNV-1a, folded to 32 bits. */
static uint32_t hash_of(const char *s, size_t n)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001B3);
    return (uint32_t)(h ^ (h >> 32));
}

/* Where a name is, or the empty slot where it belongs; there are slots. */
static struct rcd_slot *seek(const rcd_names *s, uint32_t hash, const char *p, size_t n)
{
    const size_t mask = s->slots - 1;

    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct rcd_slot *slot = &s->slot[i];

        if (slot->next == 0)
            return slot;
        if (slot->hash == hash) {
            const rcd_name *name = &s->name[slot->next - 1];

            if (name->n == n && memcmp(s->bytes + name->at, p, n) == 0)
                return slot;
        }
    }
}

/* Twice the slots; all names differ, so only the hashes matter. */
static rc_status grow_slots(rcd_names *s)
{
    const size_t more = s->slots ? s->slots * 2 : 256; /* a power of two */
    struct rcd_slot *slot = rcb_calloc(more, sizeof *slot);

    if (!slot)
        return RC_ENOMEM;
    for (size_t i = 0; i < s->slots; i++) {
        size_t to = s->slot[i].hash & (more - 1);

        if (s->slot[i].next == 0)
            continue;
        while (slot[to].next != 0)
            to = (to + 1) & (more - 1);
        slot[to] = s->slot[i];
    }
    rcb_free(s->slot);
    s->slot = slot;
    s->slots = more;
    return RC_OK;
}

/* Append a name that is not there yet. */
static rc_status append(rcd_names *s, const char *p, size_t n)
{
    void *room = s->name;

    if (s->n == INT32_MAX)
        return RC_FAIL(RC_EDATA, "there can be %d different names, there are more", INT32_MAX);
    RC_TRY(rcd_reserve(&room, &s->cap_names, (size_t)s->n + 1, sizeof *s->name));
    s->name = room;
    room = s->bytes;
    RC_TRY(rcd_reserve(&room, &s->cap_bytes, s->used + n + 1, 1));
    s->bytes = room;
    s->name[s->n++] = (rcd_name){.at = s->used, .n = n};
    if (n > 0)
        memcpy(s->bytes + s->used, p, n);
    s->bytes[s->used + n] = '\0';
    s->used += n + 1;
    return RC_OK;
}

rc_status rcd_names_add(rcd_names *s, const char *p, size_t n, int64_t times, int32_t *id)
{
    if (n == 1) {
        int32_t *single = &s->single[(unsigned char)*p];

        if (*single == 0) {
            RC_TRY(append(s, p, n));
            *single = s->n;
        }
        *id = *single - 1;
    } else {
        const uint32_t hash = hash_of(p, n);

        if ((size_t)s->n >= s->slots / 2)
            RC_TRY(grow_slots(s));
        struct rcd_slot *slot = seek(s, hash, p, n);

        if (slot->next == 0) {
            RC_TRY(append(s, p, n));
            *slot = (struct rcd_slot){hash, s->n};
        }
        *id = slot->next - 1;
    }
    s->name[*id].count += times;
    return RC_OK;
}

int32_t rcd_names_find(const rcd_names *s, const char *p, size_t n)
{
    if (n == 1)
        return s->single[(unsigned char)*p] - 1;
    return s->slots ? seek(s, hash_of(p, n), p, n)->next - 1 : -1;
}

const char *rcd_names_at(const rcd_names *s, int32_t id, size_t *n)
{
    assert(id >= 0 && id < s->n);
    if (n)
        *n = s->name[id].n;
    return s->bytes + s->name[id].at;
}

rc_status rcd_names_clone(rcd_names *out, const rcd_names *s)
{
    *out = *s;
    out->cap_names = (size_t)s->n;
    out->cap_bytes = s->used;
    out->name = rcb_alloc((size_t)s->n, sizeof *out->name);
    out->bytes = rcb_alloc(s->used, 1);
    out->slot = rcb_alloc(s->slots, sizeof *out->slot);
    if (!out->name || !out->bytes || !out->slot) {
        rcd_names_free(out);
        return RC_ENOMEM;
    }
    if (s->n > 0) {
        memcpy(out->name, s->name, (size_t)s->n * sizeof *s->name);
        memcpy(out->bytes, s->bytes, s->used);
    }
    if (s->slots > 0)
        memcpy(out->slot, s->slot, s->slots * sizeof *s->slot);
    return RC_OK;
}

void rcd_names_free(rcd_names *s)
{
    rcb_free(s->name);
    rcb_free(s->bytes);
    rcb_free(s->slot);
    *s = (rcd_names){0};
}
