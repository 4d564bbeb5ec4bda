/* fold.c -- names on their way into a vocabulary: capitals and digits folded, a name taken apart
 * into characters, and all names at once as ids.
 */
#include "data/data_in.h"

#include <string.h>
#include <utf8proc.h>

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The code point at p, of n bytes or more, and its bytes; what is not UTF-8 is one byte, -1. */
static size_t code_at(const char *p, size_t n, utf8proc_int32_t *code)
{
    if ((unsigned char)*p < 0x80) {
        *code = *p;
        return 1;
    }
    const utf8proc_ssize_t k =
        utf8proc_iterate((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)n, code);

    if (k > 0)
        return (size_t)k;
    *code = -1;
    return 1;
}

static utf8proc_int32_t fold_code(utf8proc_int32_t code, const rcd_fold *fold)
{
    if (fold->digits && utf8proc_category(code) == UTF8PROC_CATEGORY_ND)
        return '0';
    return fold->lower ? utf8proc_tolower(code) : code;
}

rc_status rcd_fold_add(rcb_buf *out, const char *p, size_t n, const rcd_fold *fold)
{
    for (size_t i = 0; i < n;) {
        utf8proc_uint8_t bytes[4];
        utf8proc_int32_t code;
        const size_t k = code_at(p + i, n - i, &code);

        if (code >= 0) {
            const utf8proc_ssize_t more = utf8proc_encode_char(fold_code(code, fold), bytes);

            RC_TRY(rcb_buf_add(out, bytes, (size_t)more));
        } else {
            RC_TRY(rcb_buf_add(out, p + i, 1));
        }
        i += k;
    }
    return RC_OK;
}

rc_status rcd_fold_name(rcb_buf *out, rcd_level level, const char *p, size_t n,
                        const rcd_fold *fold)
{
    rcb_buf_clear(out);
    if (fold && rcd_folds(fold))
        RC_TRY(rcd_fold_add(out, p, n, fold));
    else
        RC_TRY(rcb_buf_add(out, p, n));
    if (out->n == 0 && (level == RCD_WORD || level == RCD_LINE))
        RC_TRY(rcb_buf_puts(out, "_")); /* an empty feature */
    for (size_t i = 0; level == RCD_WORD && i < out->n; i++)
        if (is_blank((unsigned char)out->p[i]))
            out->p[i] = '_';
    return RC_OK;
}

rc_status rcd_name_walk(rcd_level level, const char *p, size_t n, rcd_each each, void *ctx)
{
    if (level == RCD_WORD || level == RCD_LINE)
        return each(ctx, p, n);
    for (size_t i = 0; i < n;) {
        utf8proc_int32_t code;
        const size_t k = level == RCD_CHAR ? code_at(p + i, n - i, &code) : 1;

        RC_TRY(each(ctx, p + i, k));
        i += k;
    }
    return RC_OK;
}

bool rcd_is_special(const char *name, size_t n)
{
    return (n == strlen(RCD_UNK) && memcmp(name, RCD_UNK, n) == 0) ||
           (n == strlen(RCD_EOS) && memcmp(name, RCD_EOS, n) == 0);
}

/* ---- all at once ------------------------------------------------------------------------- */

rc_status rcd_names_ids(int32_t *ids, const rcd_names *names, const rcd_vocab *v,
                        const rcd_fold *fold, int32_t missing)
{
    const rcd_level level = rcd_vocab_level(v);
    rcb_buf room = {0};
    rc_status s = RC_OK;

    for (int32_t i = 0; s == RC_OK && i < names->n; i++) {
        size_t n;
        const char *p = rcd_names_at(names, i, &n);

        s = rcd_fold_name(&room, level, p, n, fold);
        if (s != RC_OK)
            break;
        ids[i] = rcd_vocab_find(v, room.p, room.n);
        if (ids[i] < 0 || (level == RCD_LINE && rcd_is_special(room.p, room.n)))
            ids[i] = missing;
    }
    rcb_buf_free(&room);
    return s;
}

/* A spelling that is being made. */
struct spelling {
    rcd_spelling *out;
    const rcd_vocab *v;
    int64_t n;
    size_t cap;
};

static rc_status spell(void *ctx, const char *symbol, size_t n)
{
    struct spelling *s = ctx;
    void *room = s->out->id;
    const int32_t id = rcd_vocab_find(s->v, symbol, n);

    RC_TRY(rcd_reserve(&room, &s->cap, (size_t)s->n + 1, sizeof *s->out->id));
    s->out->id = room;
    s->out->id[s->n++] = id < 0 ? rcd_vocab_unk(s->v) : id;
    return RC_OK;
}

rc_status rcd_spelling_of(rcd_spelling *out, const rcd_names *names, const rcd_vocab *v,
                          const rcd_fold *fold)
{
    const rcd_level level = rcd_vocab_level(v);
    struct spelling s = {.out = out, .v = v};
    rcb_buf room = {0};

    *out = (rcd_spelling){.start = rcb_alloc((size_t)names->n + 1, sizeof *out->start)};
    rc_status status = out->start ? RC_OK : RC_ENOMEM;

    assert(level == RCD_CHAR || level == RCD_BYTE);
    for (int32_t i = 0; status == RC_OK && i < names->n; i++) {
        size_t n;
        const char *p = rcd_names_at(names, i, &n);

        out->start[i] = s.n;
        status = rcd_fold_name(&room, level, p, n, fold);
        if (status == RC_OK)
            status = rcd_name_walk(level, room.p, room.n, spell, &s);
    }
    rcb_buf_free(&room);
    if (status == RC_OK)
        out->start[names->n] = s.n;
    else
        rcd_spelling_free(out);
    return status;
}

void rcd_spelling_free(rcd_spelling *s)
{
    rcb_free(s->start);
    rcb_free(s->id);
    *s = (rcd_spelling){0};
}
