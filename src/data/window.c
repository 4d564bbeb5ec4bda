/* window.c -- words and what stands around them, as word vectors read a text: frequent words are
 * left out now and then, and how far is looked may be drawn for every word (Mikolov et al. 2013).
 *
 * Whether a word is left out and how wide its window is depends on its place in the text alone, so
 * a text may be cut anywhere: a piece looks beyond its ends and sees there what its neighbours do.
 */
#include "data/data.h"

#include <math.h>

static double chance_of(double sample, double count, double all)
{
    const double rarity = sample * all / count;

    return sample > 0 && count > 0 ? sqrt(rarity) + rarity : 1;
}

rc_status rcd_windows_init(rcd_windows *w, const rcd_tape *tape, const rcd_vocab *v,
                           const rcd_look *how)
{
    const int32_t V = rcd_vocab_size(v);
    double all = 0;

    assert(how->width >= 1);
    *w = (rcd_windows){.tape = tape,
                       .boundary = rcd_vocab_boundary(v),
                       .unk = rcd_vocab_unk(v),
                       .look = *how,
                       .key = rcb_stream(how->seed, "windows")};
    w->keep = rcb_alloc((size_t)V, sizeof *w->keep);
    if (!w->keep)
        return RC_ENOMEM;
    for (int32_t i = 0; i < V; i++)
        all += i != w->boundary && i != w->unk ? (double)rcd_vocab_count(v, i) : 0;
    for (int32_t i = 0; i < V; i++)
        w->keep[i] = chance_of(how->sample, (double)rcd_vocab_count(v, i), all);
    return RC_OK;
}

void rcd_windows_free(rcd_windows *w)
{
    rcb_free(w->keep);
    *w = (rcd_windows){0};
}

/* What is drawn for a place of the text: is its word kept, and how far does it look? */
typedef struct drawn {
    bool kept;
    int32_t width;
} drawn;

static drawn draw(const rcd_windows *w, int64_t epoch, int64_t at, int32_t word)
{
    const uint64_t place = (uint64_t)at;
    const uint32_t counter[4] = {(uint32_t)place, (uint32_t)(place >> 32), (uint32_t)epoch, 0};
    uint32_t u[4];

    if (word == w->unk)
        return (drawn){false, 0};
    if (w->look.fixed && w->keep[word] >= 1)
        return (drawn){true, (int32_t)w->look.width};
    rcb_philox(w->key, counter, u);
    return (drawn){.kept = (double)u[0] < w->keep[word] * 4294967296.0,
                   .width = w->look.fixed
                                ? (int32_t)w->look.width
                                : 1 + (int32_t)((uint64_t)u[1] * (uint64_t)w->look.width >> 32)};
}

static rc_status grow(rcd_view *v, int64_t n)
{
    if (n <= v->cap)
        return RC_OK;
    rcd_view_free(v);
    v->word = rcb_alloc((size_t)n, sizeof *v->word);
    v->from = rcb_alloc((size_t)n, sizeof *v->from);
    v->to = rcb_alloc((size_t)n, sizeof *v->to);
    v->width = rcb_alloc((size_t)n, sizeof *v->width);
    if (!v->word || !v->from || !v->to || !v->width) {
        rcd_view_free(v);
        return RC_ENOMEM;
    }
    v->cap = n;
    return RC_OK;
}

void rcd_view_free(rcd_view *v)
{
    rcb_free(v->word);
    rcb_free(v->from);
    rcb_free(v->to);
    rcb_free(v->width);
    *v = (rcd_view){0};
}

static void put(rcd_view *v, int32_t word, int32_t width)
{
    v->word[v->n] = word;
    v->width[v->n++] = width;
}

/* The words before place `at` that a window may reach, in the order of the text. */
static void look_back(const rcd_windows *w, int64_t epoch, int64_t at, rcd_view *v)
{
    const int64_t most = w->look.width;
    int64_t found = 0;

    for (int64_t i = at - 1; i >= 0 && found < most; i--) {
        const int32_t word = rcd_tape_at(w->tape, i);

        if (word == w->boundary)
            break;
        if (draw(w, epoch, i, word).kept)
            v->word[most - ++found] = word;
    }
    for (int64_t i = 0; i < found; i++)
        put(v, v->word[most - found + i], 0);
}

static void look_on(const rcd_windows *w, int64_t epoch, int64_t at, rcd_view *v)
{
    int64_t left = w->look.width;

    for (int64_t i = at; i < w->tape->n && left > 0; i++) {
        const int32_t word = rcd_tape_at(w->tape, i);

        if (word == w->boundary)
            break;
        if (draw(w, epoch, i, word).kept) {
            put(v, word, 0);
            left--;
        }
    }
}

/* Where the windows of the piece begin and end: at their width, or where a line does. */
static void cut_windows(rcd_view *v)
{
    int64_t line = 0, end = -1;

    for (int64_t i = v->first; i > 0 && v->word[i - 1] >= 0; i--)
        line = i - 1;
    for (int64_t i = v->first; i < v->last; i++) {
        const int64_t width = v->width[i];

        if (v->word[i] < 0) {
            line = i + 1;
            continue;
        }
        if (end <= i)
            for (end = i + 1; end < v->n && v->word[end] >= 0;)
                end++;
        v->from[i] = (int32_t)(i - line < width ? line : i - width);
        v->to[i] = (int32_t)(end - i <= width ? end : i + width + 1);
    }
}

rc_status rcd_windows_view(const rcd_windows *w, int64_t epoch, int64_t from, int64_t to,
                           rcd_view *v)
{
    assert(from >= 0 && from <= to && to <= w->tape->n && to - from < INT32_MAX / 2);
    RC_TRY(grow(v, to - from + 2 * w->look.width));
    v->n = 0;
    look_back(w, epoch, from, v);
    v->first = v->n;
    for (int64_t i = from; i < to; i++) {
        const int32_t word = rcd_tape_at(w->tape, i);

        if (word == w->boundary) {
            put(v, -1, 0);
            continue;
        }
        const drawn d = draw(w, epoch, i, word);
        if (d.kept)
            put(v, word, d.width);
    }
    v->last = v->n;
    look_on(w, epoch, to, v);
    cut_windows(v);
    return RC_OK;
}
