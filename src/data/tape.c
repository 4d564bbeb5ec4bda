/* tape.c -- a text as ids of 1, 2 or 4 bytes, the narrowest that hold the vocabulary.
 *
 * The text is walked twice: to count its symbols, so that the tape is made in one piece, and to
 * write their ids. Up to SPILL bytes it lives on the heap, beyond in an unnamed file.
 */
#include "data/data.h"

static const size_t SPILL = (size_t)256 << 20;

static int width_for(int32_t symbols)
{
    return symbols <= 1 << 8 ? 1 : symbols <= 1 << 16 ? 2 : 4;
}

/* Writes ids of one width; where the text says more than it did when it was counted, it stops. */
struct pen {
    const rcd_vocab *v;
    const char *name; /* of the text */
    void *p;
    int64_t i;
    int64_t n;
    int64_t unknown;
    int width;
};

static rc_status has_changed(const char *name)
{
    return RC_FAIL(RC_EDATA, "cannot read '%s': it changed while it was read", name);
}

static rc_status write_one(void *ctx, const char *symbol, size_t n)
{
    struct pen *pen = ctx;
    int32_t id = rcd_vocab_find(pen->v, symbol, n);

    if (id < 0) {
        id = rcd_vocab_unk(pen->v);
        pen->unknown++;
    }
    if (pen->i == pen->n)
        return has_changed(pen->name);
    if (pen->width == 1)
        ((uint8_t *)pen->p)[pen->i++] = (uint8_t)id;
    else if (pen->width == 2)
        ((uint16_t *)pen->p)[pen->i++] = (uint16_t)id;
    else
        ((int32_t *)pen->p)[pen->i++] = id;
    return RC_OK;
}

/* The memory behind the ids, in either place, is t->spill. */
static rc_status make_room(rcd_tape *t)
{
    size_t bytes;

    if (!rcb_mul((size_t)t->n, (size_t)t->width, &bytes))
        return RC_FAIL(RC_ENOMEM, "out of memory: a text of %" PRId64 " symbols", t->n);
    t->heap = bytes <= SPILL;
    if (t->heap) {
        t->spill = (rcb_spill){rcb_alloc(bytes, 1), bytes};
        return t->spill.p ? RC_OK : RC_ENOMEM;
    }
    return rcb_spill_new(&t->spill, bytes);
}

/* The checksum of the ids, whatever their width. */
static uint32_t crc_of(const rcd_tape *t)
{
    enum { BLOCK = 1024 };
    unsigned char block[BLOCK][4];
    uint32_t crc = 0;
    int64_t i = 0;

    while (i < t->n) {
        size_t k = 0;

        for (; k < BLOCK && i < t->n; k++, i++) {
            const uint32_t id = (uint32_t)rcd_tape_at(t, i);

            for (int b = 0; b < 4; b++)
                block[k][b] = (unsigned char)(id >> (8 * b));
        }
        crc = rcb_crc32(crc, block, k * sizeof block[0]);
    }
    return crc;
}

static rc_status write_ids(rcd_tape *t, const rcd_vocab *v, const rcd_text *text, uint64_t from,
                           uint64_t to)
{
    struct pen pen = {
        .v = v,
        .name = rcd_text_name(text),
        .p = t->spill.p,
        .n = t->n,
        .width = t->width,
    };

    RC_TRY(rcd_wording_walk(rcd_vocab_wording(v), text, from, to, write_one, &pen));
    if (pen.i != t->n)
        return has_changed(pen.name);
    t->p = t->spill.p;
    t->unknown = pen.unknown;
    return RC_OK;
}

rc_status rcd_tape_encode(rcd_tape *out, const rcd_vocab *v, const rcd_text *t, uint64_t from,
                          uint64_t to)
{
    const rcd_level level = rcd_vocab_level(v);
    rcd_tape tape = {.width = width_for(rcd_vocab_size(v))};

    RC_TRY(rcd_wording_count(rcd_vocab_wording(v), t, from, to, &tape.n));
    RC_TRY(make_room(&tape));

    const rc_status s = write_ids(&tape, v, t, from, to);
    if (s != RC_OK) {
        rcd_tape_free(&tape);
        return s;
    }
    tape.chars = level == RCD_CHAR ? tape.n : rcd_text_chars(t, from, to);
    tape.crc = crc_of(&tape);
    *out = tape;
    return RC_OK;
}

void rcd_tape_free(rcd_tape *t)
{
    if (t->heap)
        rcb_free(t->spill.p);
    else
        rcb_spill_free(&t->spill);
    *t = (rcd_tape){0};
}
