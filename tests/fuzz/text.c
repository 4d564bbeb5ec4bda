/* text.c -- any bytes as a text, at every level: walked, cut, counted, encoded and put in batches.
 *
 * What must hold of a text that is accepted: two pieces make the whole, the tape says what the text
 * says, and every symbol is predicted exactly once.
 */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* Length and checksum of all symbols. */
struct digest {
    int64_t n;
    uint32_t crc;
};

static rc_status digest_one(void *ctx, const char *symbol, size_t n)
{
    struct digest *d = ctx;

    expect(n > 0);
    d->n++;
    d->crc = rcb_crc32(d->crc, symbol, n);
    d->crc = rcb_crc32(d->crc, "", 1);
    return RC_OK;
}

struct follow {
    const rcd_tape *tape;
    const rcd_vocab *v;
    int64_t i;
    int64_t unknown;
};

static rc_status follow_one(void *ctx, const char *symbol, size_t n)
{
    struct follow *f = ctx;
    const int32_t id = rcd_tape_at(f->tape, f->i++);
    const int32_t known = rcd_vocab_find(f->v, symbol, n);

    expect(id >= 0 && id < rcd_vocab_size(f->v));
    expect(id == (known >= 0 ? known : rcd_vocab_unk(f->v)));
    f->unknown += known < 0;
    return RC_OK;
}

static void check_tracks(const rcd_tape *tape, const rcd_vocab *v, int64_t tracks)
{
    rcd_stream s;
    rcd_batch b = {0};
    int64_t rows = 0;

    if (rcd_stream_init(&s, tape, v, tracks, true) != RC_OK)
        return;
    for (int64_t pos = 0; pos < s.length; pos += b.steps) {
        expect(rcd_stream_batch(&s, pos, 7, &b) == RC_OK && b.steps > 0);
        rows += b.rows;
    }
    expect(rows == tape->n);
    rcd_batch_free(&b);
}

static void check_lines(const rcd_tape *tape, const rcd_vocab *v)
{
    rcd_lines l;
    rcd_batch b = {0};
    int64_t line = 0;
    int64_t rows = 0;

    expect(rcd_lines_init(&l, tape, v) == RC_OK);
    do {
        expect(rcd_lines_batch(&l, &line, 5, &b) == RC_OK);
        rows += b.rows;
    } while (b.seqs > 0);
    expect(rows == tape->n && line == l.count);
    rcd_batch_free(&b);
    rcd_lines_free(&l);
}

static void check_tape(const rcd_text *t, const rcd_vocab *v, int64_t tracks)
{
    const uint64_t n = rcd_text_bytes(t);
    rcd_tape tape = {0};

    expect(rcd_tape_encode(&tape, v, t, 0, n) == RC_OK);

    struct follow f = {.tape = &tape, .v = v};

    expect(rcd_text_walk(t, rcd_vocab_level(v), 0, n, follow_one, &f) == RC_OK);
    expect(f.i == tape.n && f.unknown == tape.unknown);
    check_tracks(&tape, v, tracks);
    check_lines(&tape, v);
    rcd_tape_free(&tape);
}

static void check_level(rcd_text *t, rcd_level level, const rcd_cut *cut, uint64_t at)
{
    const uint64_t n = rcd_text_bytes(t);
    const uint64_t middle = rcd_text_cut(t, level, at);
    struct digest whole = {0};
    struct digest pieces = {0};
    rcd_vocab *v = NULL;
    const rc_status s = rcd_text_walk(t, level, 0, n, digest_one, &whole);

    expect(middle >= at && middle <= n);
    expect(s == RC_OK || (s == RC_EDATA && level != RCD_BYTE));
    if (s == RC_OK) {
        expect(rcd_text_walk(t, level, 0, middle, digest_one, &pieces) == RC_OK);
        expect(rcd_text_walk(t, level, middle, n, digest_one, &pieces) == RC_OK);
        expect(whole.n == pieces.n && whole.crc == pieces.crc);
        expect(level != RCD_CHAR || whole.n == rcd_text_chars(t, 0, n));
    }
    if (rcd_vocab_build(&v, level, t, 0, n, cut) == RC_OK) {
        expect(s == RC_OK);
        check_tape(t, v, 1 + (int64_t)(at % 9));
        rcd_vocab_free(v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t first = n > 0 ? bytes[0] : 0;
    const uint8_t last = n > 0 ? bytes[n - 1] : 0;
    const rcd_cut cut = {.min_count = 1 + first % 3, .max_size = last % 2 ? 2 + last : 0};
    rcd_text *t;

    expect(rcd_text_of(&t, "input", bytes, n) == RC_OK);
    for (int level = 0; level < RCD_LEVEL_COUNT; level++)
        check_level(t, (rcd_level)level, &cut, n > 0 ? (first * 256u + last) % (n + 1) : 0);
    rcd_text_free(t);
    return 0;
}
