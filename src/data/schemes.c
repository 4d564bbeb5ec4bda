/* schemes.c -- how tags say spans: which scheme a corpus has, what is wrong in it, the same spans
 * in another scheme, and which tags may follow which.
 *
 * Sang and Veenstra 1999 compare the schemes; IOBES and BILOU are one scheme in two alphabets.
 */
#include "data/data_in.h"

#include <string.h>

typedef struct words {
    const char *word, *help;
} words;

static const words schemes[] = {
#define ENTRY(code, word, help) [code] = {word, help},
    RCD_SCHEME_MAP(ENTRY)
#undef ENTRY
};

const char *rcd_scheme_word(rcd_scheme s)
{
    assert((unsigned)s < RCD_SCHEME_COUNT);
    return schemes[s].word;
}

const char *rcd_scheme_help(rcd_scheme s)
{
    assert((unsigned)s < RCD_SCHEME_COUNT);
    return schemes[s].help;
}

static const char *scheme_name(const void *unused, size_t i)
{
    (void)unused;
    return i < RCD_SCHEME_COUNT ? schemes[i].word : NULL;
}

rc_status rcd_scheme_of(rcd_scheme *out, const char *word)
{
    for (int i = 0; i < RCD_SCHEME_COUNT; i++)
        if (strcmp(schemes[i].word, word) == 0) {
            *out = (rcd_scheme)i;
            return RC_OK;
        }
    const char *near = rc_nearest(word, scheme_name, NULL);

    return near ? RC_FAIL(RC_EINVAL, "unknown scheme '%s', the nearest is '%s'", word, near)
                : RC_FAIL(RC_EINVAL, "unknown scheme '%s'", word);
}

/* ---- what may follow what ---------------------------------------------------------------- */

static const rcd_tag outside = {'O', 0};

/* The marks of a scheme but O, which all have: of the first word of a span, of one in the middle,
 * of the last of several, of a single one. */
typedef struct marks {
    char first, middle, last, single;
} marks;

static const marks marks_of[RCD_SCHEME_COUNT] = {
    [RCD_SCHEME_IOB1] = {'I', 'I', 'I', 'I'},
    [RCD_SCHEME_IOB2] = {'B', 'I', 'I', 'B'},
    [RCD_SCHEME_IOBES] = {'B', 'I', 'E', 'S'},
    [RCD_SCHEME_BILOU] = {'B', 'I', 'L', 'U'},
};

static bool closes(rcd_scheme scheme)
{
    return marks_of[scheme].last != marks_of[scheme].middle;
}

static bool has_mark(rcd_scheme scheme, rcd_tag t)
{
    const marks *m = &marks_of[scheme];

    if (t.mark == 'O')
        return t.type == 0;
    return t.mark == 'B' || t.mark == m->middle || t.mark == m->last || t.mark == m->single;
}

/* Does a span go on behind a tag of it, or may it, where no tag says its end? */
static bool is_open(rcd_tag t)
{
    return t.mark == 'B' || t.mark == 'I';
}

/* Does a tag say that it is not the first of its span? */
static bool goes_on(rcd_scheme scheme, rcd_tag t)
{
    return scheme != RCD_SCHEME_IOB1 && (t.mark == 'I' || t.mark == marks_of[scheme].last);
}

/* What is wrong with a tag of a scheme between its neighbours; RCD_FAULT_COUNT: nothing. */
static rcd_fault fault_of(rcd_scheme scheme, rcd_tag before, rcd_tag t, rcd_tag after)
{
    if (!has_mark(scheme, t))
        return RCD_FAULT_MARK;
    if (goes_on(scheme, t)) {
        if (!has_mark(scheme, before) || !is_open(before))
            return RCD_FAULT_ORPHAN;
        if (before.type != t.type)
            return RCD_FAULT_TYPE;
    }
    if (closes(scheme) && is_open(t) && (!goes_on(scheme, after) || after.type != t.type))
        return RCD_FAULT_OPEN;
    if (scheme == RCD_SCHEME_IOB1 && t.mark == 'B' &&
        (!has_mark(scheme, before) || before.mark == 'O' || before.type != t.type))
        return RCD_FAULT_BEGIN;
    return RCD_FAULT_COUNT;
}

/* ---- faults ------------------------------------------------------------------------------ */

static const char *const faults[] = {
#define ENTRY(code, words) [code] = words,
    RCD_FAULT_MAP(ENTRY)
#undef ENTRY
};

const char *rcd_fault_words(rcd_fault f)
{
    assert((unsigned)f < RCD_FAULT_COUNT);
    return faults[f];
}

void rcd_faults_look(rcd_faults *f, const rcd_tags *t, rcd_scheme scheme, const int32_t *tag,
                     int64_t n)
{
    for (int64_t i = 0; i < n && scheme != RCD_SCHEME_NONE; i++) {
        const rcd_tag before = i > 0 ? t->tag[tag[i - 1]] : outside;
        const rcd_tag after = i + 1 < n ? t->tag[tag[i + 1]] : outside;
        const rcd_fault fault = fault_of(scheme, before, t->tag[tag[i]], after);

        if (fault == RCD_FAULT_COUNT)
            continue;
        if (f->count == 0) {
            f->sequence = f->sequences;
            f->position = i;
            f->tag = tag[i];
            f->fault = fault;
        }
        f->count++;
        f->of[fault]++;
    }
    f->tags += n;
    f->sequences++;
}

/* ---- detection --------------------------------------------------------------------------- */

void rcd_detect_look(rcd_detect *d, const rcd_tags *t, const int32_t *tag, int64_t n)
{
    for (int s = 0; s < RCD_SCHEME_COUNT; s++)
        rcd_faults_look(&d->of[s], t, (rcd_scheme)s, tag, n);
    for (int64_t i = 0; i < n; i++)
        d->spans += t->tag[tag[i]].mark != 'O';
}

rcd_scheme rcd_detect_scheme(const rcd_detect *d)
{
    static const rcd_scheme order[] = {RCD_SCHEME_IOB2, RCD_SCHEME_IOB1, RCD_SCHEME_IOBES,
                                       RCD_SCHEME_BILOU};
    rcd_scheme best = order[0];

    for (size_t i = 1; i < sizeof order / sizeof *order; i++)
        if (d->of[order[i]].count < d->of[best].count)
            best = order[i];
    return d->spans > 0 && 2 * d->of[best].count <= d->spans ? best : RCD_SCHEME_NONE;
}

/* ---- conversion -------------------------------------------------------------------------- */

/* The number of a mark with a type. */
static rc_status tag_of(rcd_tags *t, char mark, int32_t type, rcb_buf *room, int32_t *id)
{
    size_t n;
    const char *name = rcd_names_at(&t->types, type, &n);

    rcb_buf_clear(room);
    RC_TRY(rcb_buf_add(room, &mark, 1));
    if (n > 0) {
        RC_TRY(rcb_buf_add(room, "-", 1));
        RC_TRY(rcb_buf_add(room, name, n));
    }
    return rcd_tags_add(t, room->p, room->n, id);
}

/* Tag a span; `adjacent`: right behind another of its type. */
static rc_status write_span(rcd_tags *t, rcd_scheme to, const rcd_span *s, bool adjacent,
                            rcb_buf *room, int32_t *out)
{
    const marks *m = &marks_of[to];

    for (int64_t i = s->begin; i < s->end; i++) {
        const bool first = i == s->begin, last = i + 1 == s->end;
        char mark = first && last ? m->single : first ? m->first : last ? m->last : m->middle;

        if (to == RCD_SCHEME_IOB1 && first && adjacent)
            mark = 'B';
        RC_TRY(tag_of(t, mark, s->type, room, &out[i]));
    }
    return RC_OK;
}

static rc_status write_spans(rcd_tags *t, rcd_scheme to, int64_t n, const rcd_spans *spans,
                             rcb_buf *room, int32_t *out)
{
    int32_t none;

    RC_TRY(rcd_tags_add(t, "O", 1, &none));
    for (int64_t i = 0; i < n; i++)
        out[i] = none;
    for (int64_t k = 0; k < spans->n; k++) {
        const rcd_span *s = &spans->span[k];
        const bool adjacent = k > 0 && s[-1].end == s->begin && s[-1].type == s->type;

        RC_TRY(write_span(t, to, s, adjacent, room, out));
    }
    return RC_OK;
}

rc_status rcd_tags_convert(rcd_tags *t, rcd_scheme to, const int32_t *tag, int64_t n, int32_t *out,
                           rcd_spans *spans)
{
    rcb_buf room = {0};

    if (to == RCD_SCHEME_NONE) {
        if (out != tag && n > 0)
            memcpy(out, tag, (size_t)n * sizeof *out);
        return RC_OK;
    }
    RC_TRY(rcd_spans_of(t, tag, n, spans));
    const rc_status status = write_spans(t, to, n, spans, &room, out);

    rcb_buf_free(&room);
    return status;
}

/* ---- moves ------------------------------------------------------------------------------- */

/* May one tag follow another: is there no fault that these two show? */
static bool may_follow(rcd_scheme scheme, rcd_tag before, rcd_tag after)
{
    if (!has_mark(scheme, before) || !has_mark(scheme, after))
        return false;
    if (closes(scheme) && is_open(before))
        return goes_on(scheme, after) && before.type == after.type;
    if (goes_on(scheme, after))
        return is_open(before) && before.type == after.type;
    if (scheme == RCD_SCHEME_IOB1 && after.mark == 'B')
        return before.mark != 'O' && before.type == after.type;
    return true;
}

rc_status rcd_moves_new(rcd_moves *out, const rcd_tags *t, rcd_scheme scheme)
{
    const int32_t n = t->names.n;
    const bool any = scheme == RCD_SCHEME_NONE;

    *out = (rcd_moves){.n = n};
    out->first = rcb_calloc((size_t)n, sizeof *out->first);
    out->last = rcb_calloc((size_t)n, sizeof *out->last);
    out->from_to = rcb_calloc((size_t)n * (size_t)n, sizeof *out->from_to);
    if (!out->first || !out->last || !out->from_to) {
        rcd_moves_free(out);
        return RC_ENOMEM;
    }
    for (int32_t i = 0; i < n; i++) {
        out->first[i] = any || may_follow(scheme, outside, t->tag[i]);
        out->last[i] = any || may_follow(scheme, t->tag[i], outside);
        for (int32_t k = 0; k < n; k++)
            out->from_to[(size_t)i * (size_t)n + (size_t)k] =
                any || may_follow(scheme, t->tag[i], t->tag[k]);
    }
    return RC_OK;
}

void rcd_moves_free(rcd_moves *m)
{
    rcb_free(m->first);
    rcb_free(m->last);
    rcb_free(m->from_to);
    *m = (rcd_moves){0};
}
