/* wording.c -- the symbols of a text as a vocabulary numbers them: folded on their way.
 *
 * ASCII, which most of a text is, is folded by a table.
 */
#include "data/data_in.h"

enum { ASCII = 128 };

/* Between the walk of a text and whoever wants its symbols. */
typedef struct walker {
    const rcd_wording *w;
    rcd_each each;
    void *ctx;
    char ascii[ASCII]; /* what becomes of each */
    char *room;        /* (cap) a folded symbol of ASCII */
    size_t cap;
    rcb_buf folded; /* one of others */
} walker;

static rc_status fold_others(walker *k, const char *symbol, size_t n)
{
    rcb_buf_clear(&k->folded);
    RC_TRY(rcd_fold_add(&k->folded, symbol, n, &k->w->fold));
    return k->each(k->ctx, k->folded.p, k->folded.n);
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
    return all < ASCII ? k->each(k->ctx, k->room, n) : fold_others(k, symbol, n);
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

    if (!rcd_folds(&w->fold))
        return rcd_text_walk(t, w->level, from, to, each, ctx);
    fill_table(k.ascii, &w->fold);
    const rc_status s = rcd_text_walk(t, w->level, from, to, fold_one, &k);
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
    return rcd_text_walk(t, w->level, from, to, count_one, count); /* folding makes none */
}
