/* wording.c -- the symbols of a text as a vocabulary numbers them: folded on their way, and words
 * joined with their neighbours.
 *
 * ASCII, which most of a text is, is folded by a table.
 */
#include "data/data_in.h"

enum { ASCII = 128 };

/* What a pass of joins holds back: a word, until it is known what stands behind it. */
typedef struct held {
    rcb_buf text;
    size_t n; /* 0: none */
} held;

/* Between the walk of a text and whoever wants its symbols. */
typedef struct walker {
    const rcd_wording *w;
    rcd_each each;
    void *ctx;
    char ascii[ASCII]; /* what becomes of each */
    char *room;        /* (cap) a folded symbol of ASCII */
    size_t cap;
    rcb_buf folded; /* one of others */
    held held[RCD_MOST_PASSES];
} walker;

/* A word comes to a pass; behind the last one is who wants it. */
static rc_status push(walker *k, int pass, const char *word, size_t n)
{
    if (pass == k->w->joins.passes)
        return k->each(k->ctx, word, n);
    held *h = &k->held[pass];

    if (h->n > 0) {
        RC_TRY(rcb_buf_add(&h->text, " ", 1));
        RC_TRY(rcb_buf_add(&h->text, word, n));
        const bool joins = rcd_names_find(&k->w->joins.pass[pass], h->text.p, h->text.n) >= 0;

        if (joins)
            h->text.p[h->n] = '_';
        RC_TRY(push(k, pass + 1, h->text.p, joins ? h->text.n : h->n));
        n = joins ? 0 : n;
    }
    rcb_buf_clear(&h->text);
    h->n = n;
    return rcb_buf_add(&h->text, word, n);
}

/* The text is over. */
static rc_status push_rest(walker *k)
{
    for (int i = 0; i < k->w->joins.passes; i++)
        if (k->held[i].n > 0)
            RC_TRY(push(k, i + 1, k->held[i].text.p, k->held[i].n));
    return RC_OK;
}

static rc_status push_one(void *ctx, const char *symbol, size_t n)
{
    return push(ctx, 0, symbol, n);
}

static rc_status fold_others(walker *k, const char *symbol, size_t n)
{
    rcb_buf_clear(&k->folded);
    RC_TRY(rcd_fold_add(&k->folded, symbol, n, &k->w->fold));
    return push(k, 0, k->folded.p, k->folded.n);
}

static rc_status fold_one(void *ctx, const char *symbol, size_t n)
{
    walker *k = ctx;
    unsigned char all = 0;

    if (n > k->cap) {
        void *room = k->room;

        RC_TRY(rcd_reserve(&room, &k->cap, n, 1));
        k->room = room;
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)symbol[i];

        all |= c;
        k->room[i] = k->ascii[c % ASCII];
    }
    return all < ASCII ? push(k, 0, k->room, n) : fold_others(k, symbol, n);
}

static void fill_table(char ascii[ASCII], const rcd_fold *fold)
{
    for (int c = 0; c < ASCII; c++)
        ascii[c] = fold->lower && c >= 'A' && c <= 'Z'    ? (char)(c - 'A' + 'a')
                   : fold->digits && c >= '0' && c <= '9' ? '0'
                                                          : (char)c;
}

rc_status rcd_wording_walk(const rcd_wording *w, const rcd_text *t, uint64_t from, uint64_t to,
                           rcd_each each, void *ctx)
{
    walker k = {.w = w, .each = each, .ctx = ctx};

    if (!rcd_folds(&w->fold) && w->joins.passes == 0)
        return rcd_text_walk(t, w->level, from, to, each, ctx);
    fill_table(k.ascii, &w->fold);
    rc_status s =
        rcd_text_walk(t, w->level, from, to, rcd_folds(&w->fold) ? fold_one : push_one, &k);
    if (s == RC_OK)
        s = push_rest(&k);
    for (int i = 0; i < w->joins.passes; i++)
        rcb_buf_free(&k.held[i].text);
    rcb_free(k.room);
    rcb_buf_free(&k.folded);
    return s;
}

static rc_status count_one(void *ctx, const char *symbol, size_t n)
{
    int64_t *count = ctx;

    (void)symbol;
    (void)n;
    (*count)++;
    return RC_OK;
}

rc_status rcd_wording_count(const rcd_wording *w, const rcd_text *t, uint64_t from, uint64_t to,
                            int64_t *count)
{
    *count = w->level == RCD_BYTE ? (int64_t)(to - from) : 0;
    if (w->level == RCD_BYTE)
        return RC_OK;
    return w->joins.passes > 0 ? rcd_wording_walk(w, t, from, to, count_one, count)
                               : rcd_text_walk(t, w->level, from, to, count_one, count);
}
