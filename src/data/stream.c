/* stream.c -- ragged batches cut from a tape: parallel tracks with carried state, or lines.
 *
 * Rows stand in time-major order, longer sequences first, so that the rows of a step are the
 * sequences still alive; what is read at a row is what was to be predicted one step before.
 * The memory of a batch grows to the largest one and is then reused.
 */
#include "data/data_in.h"

#include <stdlib.h>
#include <string.h>

/* Room for `count` elements of an array that is lost. */
static rc_status renew(void **p, size_t *cap, size_t count, size_t size)
{
    if (count <= *cap)
        return RC_OK;
    rcb_free(*p);
    *cap = 0;
    *p = rcb_alloc(count, size);
    if (!*p)
        return RC_ENOMEM;
    *cap = count;
    return RC_OK;
}

static rc_status grow_reals(rc_real **p, size_t *cap, int64_t rows, int64_t width)
{
    size_t count;

    if (!rcb_mul((size_t)rows, (size_t)width, &count))
        return RC_FAIL(RC_ENOMEM, "out of memory: a batch of %" PRId64 " rows of %" PRId64, rows,
                       width);
    void *room = *p;
    const rc_status s = renew(&room, cap, count, sizeof **p);
    *p = room;
    return s;
}

rc_status rcd_batch_grow(rcd_batch *b, int64_t steps, int64_t seqs, int64_t rows)
{
    const size_t at = (size_t)steps + 1;

    if (at > b->cap_steps) {
        int64_t *p = rcb_realloc(b->at, b->cap_steps, at, sizeof *p);

        if (!p)
            return RC_ENOMEM;
        b->at = p;
        b->cap_steps = at;
    }
    if ((size_t)seqs > b->cap_seqs) {
        int64_t *p = rcb_realloc(b->seq, b->cap_seqs, (size_t)seqs, sizeof *p);

        if (!p)
            return RC_ENOMEM;
        b->seq = p;
        b->cap_seqs = (size_t)seqs;
    }
    if ((size_t)rows > b->cap_rows) {
        int32_t *in = rcb_realloc(b->in, b->cap_rows, (size_t)rows, sizeof *in);

        if (!in)
            return RC_ENOMEM;
        b->in = in;

        int32_t *out = rcb_realloc(b->out, b->cap_rows, (size_t)rows, sizeof *out);

        if (!out)
            return RC_ENOMEM;
        b->out = out;
        b->cap_rows = (size_t)rows;
    }
    RC_TRY(grow_reals(&b->x, &b->cap_x, rows, b->D));
    RC_TRY(grow_reals(&b->y, &b->cap_y, rows, b->K));
    b->steps = steps;
    b->seqs = seqs;
    b->rows = b->aims = rows;
    return RC_OK;
}

void rcd_batch_free(rcd_batch *b)
{
    rcb_free(b->at);
    rcb_free(b->in);
    rcb_free(b->out);
    rcb_free(b->seq);
    rcb_free(b->x);
    rcb_free(b->y);
    *b = (rcd_batch){0};
}

/* How many of the first n sequences are in a part. */
static int64_t part_of(int64_t n, int64_t part, int64_t parts)
{
    return n > part ? (n - part - 1) / parts + 1 : 0;
}

static void copy_row(const rcd_batch *from, int64_t row, rcd_batch *to, int64_t at)
{
    if (from->D > 0)
        memcpy(to->x + at * to->D, from->x + row * from->D, (size_t)to->D * sizeof *to->x);
    else
        to->in[at] = from->in[row];
    if (from->K > 0)
        memcpy(to->y + at * to->K, from->y + row * from->K, (size_t)to->K * sizeof *to->y);
    to->out[at] = from->out[row];
}

rc_status rcd_batch_part(const rcd_batch *b, int64_t part, int64_t parts, rcd_batch *out)
{
    int64_t steps = 0, rows = 0;

    assert(part >= 0 && part < parts);
    for (int64_t n; steps < b->steps; steps++, rows += n)
        if ((n = part_of(b->at[steps + 1] - b->at[steps], part, parts)) == 0)
            break;
    out->D = b->D;
    out->K = b->K;
    RC_TRY(rcd_batch_grow(out, steps, part_of(b->seqs, part, parts), rows));

    for (int64_t c = 0; c < out->seqs; c++)
        out->seq[c] = b->seq[part + c * parts];
    out->at[0] = 0;
    for (int64_t t = 0; t < steps; t++) {
        const int64_t n = part_of(b->at[t + 1] - b->at[t], part, parts);

        for (int64_t c = 0; c < n; c++) {
            copy_row(b, b->at[t] + part + c * parts, out, out->at[t] + c);
            out->aims -= out->out[out->at[t] + c] < 0;
        }
        out->at[t + 1] = out->at[t] + n;
    }
    return RC_OK;
}

/* One row: predict symbol i of the tape from the one before it, or from `first` (-1: none)
 * where a sequence begins. */
static void set_row(rcd_batch *b, int64_t row, const rcd_tape *tape, int64_t i, int32_t first)
{
    b->in[row] = first >= 0 ? first : rcd_tape_at(tape, i - 1);
    b->out[row] = rcd_tape_at(tape, i);
}

/* ---- tracks ------------------------------------------------------------------------------ */

rc_status rcd_stream_init(rcd_stream *s, const rcd_tape *tape, const rcd_vocab *v, int64_t tracks,
                          bool whole)
{
    if (tracks < 1)
        return RC_FAIL(RC_EINVAL,
                       "cannot cut a text into %" PRId64 " tracks, it must be at least 1", tracks);
    if (tape->n < tracks)
        return RC_FAIL_HINT(RC_EDATA, "take a longer text or a smaller batch",
                            "cannot cut a text of %" PRId64 " symbols into %" PRId64
                            " parallel tracks",
                            tape->n, tracks);
    *s = (rcd_stream){
        .tape = tape,
        .tracks = tracks,
        .length = tape->n / tracks + (whole && tape->n % tracks > 0),
        .boundary = rcd_vocab_boundary(v),
        .whole = whole,
    };
    return RC_OK;
}

/* Where track b begins on the tape. */
static int64_t track_start(const rcd_stream *s, int64_t b)
{
    const int64_t each = s->tape->n / s->tracks;
    const int64_t longer = s->whole ? s->tape->n % s->tracks : 0;

    return b * each + (b < longer ? b : longer);
}

/* How many tracks have a symbol at this position, which the longest has. */
static int64_t tracks_at(const rcd_stream *s, int64_t pos)
{
    return pos < s->tape->n / s->tracks ? s->tracks : s->tape->n % s->tracks;
}

rc_status rcd_stream_batch(const rcd_stream *s, int64_t pos, int64_t steps, rcd_batch *b)
{
    assert(pos >= 0 && steps >= 0);
    const int64_t left = pos < s->length ? s->length - pos : 0;
    const int64_t T = steps < left ? steps : left;
    const int64_t last = T > 0 ? tracks_at(s, pos + T - 1) : 0; /* the other steps are full */
    const int64_t rows = T > 0 ? (T - 1) * s->tracks + last : 0;

    RC_TRY(rcd_batch_grow(b, T, s->tracks, rows));
    b->at[0] = 0;
    for (int64_t t = 0; t < T; t++)
        b->at[t + 1] = b->at[t] + tracks_at(s, pos + t);

    for (int64_t c = 0; c < s->tracks; c++) {
        const int64_t start = track_start(s, c) + pos;

        b->seq[c] = c;
        for (int64_t t = 0; t < T && c < b->at[t + 1] - b->at[t]; t++)
            set_row(b, b->at[t] + c, s->tape, start + t, start + t == 0 ? s->boundary : -1);
    }
    return RC_OK;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* The lines of a tape: symbols up to and with the boundary; what follows the last one is a line
 * too. Writes the start of each where `start` is not NULL. */
static int64_t find_lines(const rcd_tape *tape, int32_t boundary, int64_t *start)
{
    int64_t count = 0;
    bool fresh = true; /* the next symbol begins a line */

    for (int64_t i = 0; i < tape->n; i++) {
        if (fresh && start)
            start[count] = i;
        count += fresh;
        fresh = rcd_tape_at(tape, i) == boundary;
    }
    return count;
}

rc_status rcd_lines_init(rcd_lines *l, const rcd_tape *tape, const rcd_vocab *v)
{
    const int32_t boundary = rcd_vocab_boundary(v);
    const int64_t count = find_lines(tape, boundary, NULL);
    int64_t *start = rcb_alloc((size_t)count + 1, sizeof *start);

    if (!start)
        return RC_ENOMEM;
    (void)find_lines(tape, boundary, start);
    start[count] = tape->n;
    *l = (rcd_lines){.tape = tape, .boundary = boundary, .count = count, .start = start};
    return RC_OK;
}

void rcd_lines_free(rcd_lines *l)
{
    rcb_free(l->start);
    *l = (rcd_lines){0};
}

struct line {
    int64_t n;
    int64_t i;
};

/* Falling length; among equals the order of the text. */
static int by_length(const void *a, const void *b)
{
    const struct line *x = a;
    const struct line *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

/* The batch of B lines in order of falling length. */
static rc_status set_lines(const rcd_lines *l, const struct line *lines, int64_t B, rcd_batch *b)
{
    const int64_t T = B > 0 ? lines[0].n : 0;
    int64_t rows = 0;
    int64_t alive = B;

    for (int64_t c = 0; c < B; c++)
        rows += lines[c].n;
    RC_TRY(rcd_batch_grow(b, T, B, rows));

    b->at[0] = 0;
    for (int64_t t = 0; t < T; t++) {
        while (lines[alive - 1].n <= t)
            alive--;
        b->at[t + 1] = b->at[t] + alive;
    }
    for (int64_t c = 0; c < B; c++) {
        b->seq[c] = lines[c].i;
        for (int64_t t = 0; t < lines[c].n; t++)
            set_row(b, b->at[t] + c, l->tape, l->start[lines[c].i] + t, t == 0 ? l->boundary : -1);
    }
    return RC_OK;
}

rc_status rcd_lines_batch(const rcd_lines *l, int64_t *line, int64_t seqs, rcd_batch *b)
{
    assert(*line >= 0 && *line <= l->count);
    if (seqs < 1)
        return RC_FAIL(RC_EINVAL, "cannot make batches of %" PRId64 " lines, it must be at least 1",
                       seqs);

    const int64_t left = l->count - *line;
    const int64_t B = seqs < left ? seqs : left;
    struct line *lines = rcb_alloc((size_t)B, sizeof *lines);

    if (!lines)
        return RC_ENOMEM;
    for (int64_t c = 0; c < B; c++) {
        const int64_t i = *line + c;

        lines[c] = (struct line){l->start[i + 1] - l->start[i], i};
    }
    qsort(lines, (size_t)B, sizeof *lines, by_length);

    const rc_status s = set_lines(l, lines, B, b);
    rcb_free(lines);
    if (s == RC_OK)
        *line += B;
    return s;
}
