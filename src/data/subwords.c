/* subwords.c -- the character n-grams of words (Bojanowski et al. 2017): runs of characters of
 * "<word>", so that the marks tell where a word begins and ends.
 *
 * N-grams are numbered as they come in the words of a vocabulary, in its order, so that the same
 * vocabulary gives the same numbers and nothing but it has to be kept. Where there are more than
 * there are rows, those behind share rows with those in front.
 */
#include "data/data.h"

/* Bytes of the character at p. */
static size_t character(const char *p, const char *end)
{
    size_t n = 1;

    while (p + n < end && ((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

enum { LONGEST = 512 }; /* bytes of a word that is cut: longer ones are no words of a language */

typedef rc_status gram_fn(void *ctx, const char *gram, size_t n);

/* All n-grams of a word but the marks by themselves. */
static rc_status walk(const rcd_subwords *s, const char *word, size_t n, gram_fn *fn, void *ctx)
{
    rcb_buf marked = {0};

    if (n > LONGEST)
        return RC_OK;
    rc_status status = rcb_buf_add(&marked, "<", 1);

    if (status == RC_OK)
        status = rcb_buf_add(&marked, word, n);
    if (status == RC_OK)
        status = rcb_buf_add(&marked, ">", 1);
    const char *begin = marked.p, *end = marked.p + marked.n;
    for (const char *p = begin; status == RC_OK && p < end; p += character(p, end)) {
        const char *to = p;

        for (int64_t k = 1; status == RC_OK && k <= s->most && to < end; k++) {
            to += character(to, end);
            if (k >= s->least && !(k == 1 && (p == begin || to == end)))
                status = fn(ctx, p, (size_t)(to - p));
        }
    }
    rcb_buf_free(&marked);
    return status;
}

/* ---- numbering --------------------------------------------------------------------------- */

static rc_status push(rcd_subwords *s, int64_t *cap, int32_t id)
{
    const int64_t n = s->first[s->words];

    if (n == *cap) {
        const int64_t more = *cap > 0 ? 2 * *cap : 1024;
        int32_t *gram = rcb_realloc(s->gram, (size_t)*cap, (size_t)more, sizeof *gram);

        if (!gram)
            return RC_ENOMEM;
        s->gram = gram;
        *cap = more;
    }
    s->gram[n] = id;
    s->first[s->words]++;
    return RC_OK;
}

typedef struct numbering {
    rcd_subwords *s;
    int64_t cap;
} numbering;

static rc_status number(void *ctx, const char *gram, size_t n)
{
    numbering *k = ctx;
    int32_t id;

    RC_TRY(rcd_names_add(&k->s->names, gram, n, 1, &id));
    return push(k->s, &k->cap, id);
}

rc_status rcd_subwords_new(rcd_subwords *out, const rcd_vocab *v, int64_t least, int64_t most,
                           int64_t rows)
{
    const int32_t V = rcd_vocab_size(v);
    numbering k = {.s = out};

    assert(least >= 1 && least <= most && rows >= 1);
    *out = (rcd_subwords){.least = least, .most = most};
    out->first = rcb_calloc((size_t)V + 1, sizeof *out->first);
    rc_status s = out->first ? RC_OK : RC_ENOMEM;
    for (int32_t i = 0; s == RC_OK && i < V; i++) {
        size_t n;
        const char *word = rcd_vocab_symbol(v, i, &n);

        out->first[i + 1] = out->first[i];
        out->words = i + 1;
        if (i != rcd_vocab_unk(v) && i != rcd_vocab_boundary(v))
            s = walk(out, word, n, number, &k);
    }
    if (s != RC_OK) {
        rcd_subwords_free(out);
        return s;
    }
    out->rows = out->names.n < rows ? out->names.n : rows;
    for (int64_t i = 0; out->rows > 0 && i < out->first[V]; i++)
        out->gram[i] %= (int32_t)out->rows;
    return RC_OK;
}

void rcd_subwords_free(rcd_subwords *s)
{
    rcd_names_free(&s->names);
    rcb_free(s->first);
    rcb_free(s->gram);
    *s = (rcd_subwords){0};
}

/* ---- any word ---------------------------------------------------------------------------- */

typedef struct seeking {
    const rcd_subwords *s;
    rcd_subword_fn fn;
    void *ctx;
} seeking;

static rc_status seek(void *ctx, const char *gram, size_t n)
{
    const seeking *k = ctx;
    const int32_t id = rcd_names_find(&k->s->names, gram, n);

    if (id >= 0)
        k->fn(k->ctx, id % (int32_t)k->s->rows);
    return RC_OK;
}

rc_status rcd_subwords_of(const rcd_subwords *s, const char *word, size_t n, rcd_subword_fn fn,
                          void *ctx)
{
    seeking k = {s, fn, ctx};

    return walk(s, word, n, seek, &k);
}
