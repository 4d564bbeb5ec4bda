/* pairs.c -- the pairs that skip-gram learns from, word by word. */
#include "data/data.h"

#include <string.h>

static rc_status tell(const rcd_view *v, const rcd_vocab *vocab, rc_pair_fn fn, void *ctx)
{
    for (int64_t i = v->first; i < v->last; i++)
        for (int64_t k = v->word[i] < 0 ? 0 : v->from[i]; v->word[i] >= 0 && k < v->to[i]; k++)
            if (k != i)
                RC_TRY(fn(ctx, rcd_vocab_symbol(vocab, v->word[i], NULL),
                          rcd_vocab_symbol(vocab, v->word[k], NULL)));
    return RC_OK;
}

static rc_status walk(const rcd_text *t, rcd_vocab **v, rcd_tape *tape, rcd_windows *w,
                      rcd_view *view, int64_t window)
{
    const uint64_t n = rcd_text_bytes(t);

    RC_TRY(rcd_vocab_build(v, RCD_WORD, t, 0, n, NULL));
    RC_TRY(rcd_tape_encode(tape, *v, t, 0, n));
    RC_TRY(rcd_windows_init(w, tape, *v, &(rcd_look){.width = window, .fixed = true}));
    return rcd_windows_view(w, 1, 0, tape->n, view);
}

rc_status rc_text_pairs(const char *text, int64_t window, rc_pair_fn fn, void *ctx)
{
    rcd_vocab *v = NULL;
    rcd_tape tape = {0};
    rcd_windows w = {0};
    rcd_view view = {0};
    rcd_text *t;

    if (window < 1 || window > 1000000)
        return RC_FAIL(RC_EINVAL, "a window of %" PRId64 " words cannot be, 1 to 1000000 can",
                       window);
    RC_TRY(rcd_text_of(&t, "the text", text, strlen(text)));
    rc_status s = walk(t, &v, &tape, &w, &view, window);
    if (s == RC_OK)
        s = tell(&view, v, fn, ctx);
    rcd_view_free(&view);
    rcd_windows_free(&w);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    rcd_text_free(t);
    return s;
}
