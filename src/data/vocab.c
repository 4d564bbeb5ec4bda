/* vocab.c -- symbols and their numbers: counting, cutting, looking up, and the JSON form.
 *
 * One structure serves both for counting a corpus and as the finished vocabulary: names (names.c)
 * that are numbered as they come or by rank.
 */
#include "data/data_in.h"
#include "format/format.h"

#include <stdlib.h>
#include <string.h>

struct rcd_vocab {
    rcd_wording how;
    int32_t unk;
    int32_t boundary;
    rcd_names names; /* by id */
};

/* What a vocabulary holds whether it occurs or not: what precedes a text, and what stands for
 * whatever it does not hold. */
enum { BOUNDARY, UNKNOWN, SPECIALS };

static const char *const specials[RCD_LEVEL_COUNT][SPECIALS] = {
    [RCD_CHAR] = {"\n", RCD_UNK},
    [RCD_WORD] = {RCD_EOS, RCD_UNK},
    [RCD_LINE] = {RCD_EOS, RCD_UNK},
};

/* ---- the names --------------------------------------------------------------------------- */

static rc_status vocab_new(rcd_vocab **out, rcd_level level)
{
    rcd_vocab *v = rcb_calloc(1, sizeof *v);

    if (!v)
        return RC_ENOMEM;
    v->how.level = level;
    v->unk = -1;
    *out = v;
    return RC_OK;
}

/* The id of a symbol, which is added with count 0 if it is new. */
static rc_status put(rcd_vocab *v, const char *symbol, size_t n, int32_t *id)
{
    return rcd_names_add(&v->names, symbol, n, 0, id);
}

int32_t rcd_vocab_find(const rcd_vocab *v, const char *symbol, size_t n)
{
    return rcd_names_find(&v->names, symbol, n);
}

rc_status rcd_vocab_look_up(const rcd_vocab *v, const char *symbol, size_t n, int32_t *id)
{
    rcb_buf room = {0};

    *id = rcd_vocab_find(v, symbol, n);
    if (!rcd_folds(&v->how.fold) || n == 0)
        return RC_OK;
    const rc_status s = rcd_fold_add(&room, symbol, n, &v->how.fold);
    if (s == RC_OK)
        *id = rcd_vocab_find(v, room.p, room.n);
    rcb_buf_free(&room);
    return s;
}

static rc_status add_bytes(rcd_vocab *v)
{
    for (int i = 0; i < 256; i++) {
        const char byte = (char)i;
        int32_t id;

        RC_TRY(put(v, &byte, 1, &id));
    }
    return RC_OK;
}

static rc_status add_specials(rcd_vocab *v)
{
    for (int i = 0; i < SPECIALS; i++) {
        int32_t id;

        RC_TRY(put(v, specials[v->how.level][i], strlen(specials[v->how.level][i]), &id));
    }
    return RC_OK;
}

/* Remember where the special symbols are; false if one is missing. */
static bool find_specials(rcd_vocab *v)
{
    if (v->how.level == RCD_BYTE) {
        v->boundary = '\n';
        return true;
    }
    const char *const *words = specials[v->how.level];
    v->boundary = rcd_vocab_find(v, words[BOUNDARY], strlen(words[BOUNDARY]));
    v->unk = rcd_vocab_find(v, words[UNKNOWN], strlen(words[UNKNOWN]));
    return v->boundary >= 0 && v->unk >= 0;
}

/* ---- counting and cutting ---------------------------------------------------------------- */

/* A counted symbol on its way into the vocabulary. */
struct ranked {
    const char *p;
    size_t n;
    int64_t count;
    bool special; /* held whatever its count */
};

static rc_status count_one(void *ctx, const char *symbol, size_t n)
{
    rcd_vocab *v = ctx;
    int32_t id;

    return rcd_names_add(&v->names, symbol, n, 1, &id);
}

/* Falling count, then rising bytes. */
static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;

    const int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static rc_status check_variety(const rcd_vocab *all, const char *name)
{
    int32_t different = 0, last = 0;

    for (int32_t i = 0; i < all->names.n; i++)
        if (all->names.name[i].count > 0) {
            different++;
            last = i;
        }
    if (different == 1 && all->how.level == RCD_LINE)
        return RC_FAIL(RC_EDATA,
                       "cannot tell classes apart: '%s' has '%s' alone, at least 2 are needed",
                       name, rcd_names_at(&all->names, last, NULL));
    if (different == 0)
        return RC_FAIL(RC_EDATA, "cannot build a vocabulary: '%s' is empty", name);
    if (different == 1)
        return RC_FAIL(RC_EDATA,
                       "cannot build a vocabulary: '%s' has 1 different symbol, at "
                       "least 2 are needed",
                       name);
    return RC_OK;
}

/* All symbols by rank, (all->names.n) of them. */
static rc_status rank(struct ranked **out, const rcd_vocab *all, const rcd_names *keep)
{
    struct ranked *r = rcb_alloc((size_t)all->names.n, sizeof *r);

    if (!r)
        return RC_ENOMEM;
    for (int32_t i = 0; i < all->names.n; i++) {
        const rcd_name *e = &all->names.name[i];
        const char *p = all->names.bytes + e->at;
        const bool special = i == all->unk || i == all->boundary;

        r[i] = (struct ranked){p, e->n, e->count,
                               special || (keep && rcd_names_find(keep, p, e->n) >= 0)};
    }
    qsort(r, (size_t)all->names.n, sizeof *r, by_rank);
    *out = r;
    return RC_OK;
}

/* Keep the first of n ranked symbols that the cut allows, and the special ones; the rest count as
 * RCD_UNK from here on. Returns how many are left, ranked anew. */
static int32_t cut_ranked(struct ranked *r, int32_t n, const rcd_cut *cut)
{
    const int64_t room = cut->max_size ? cut->max_size - SPECIALS : INT64_MAX;
    int64_t dropped = 0;
    int64_t common = 0; /* kept, not special */
    int32_t kept = 0;

    for (int32_t i = 0; i < n; i++) {
        const struct ranked one = r[i];

        if (one.special || (one.count >= cut->min_count && common < room)) {
            common += !one.special;
            r[kept++] = one;
        } else {
            dropped += one.count;
        }
    }
    for (int32_t i = 0; i < kept; i++)
        if (r[i].n == strlen(RCD_UNK) && memcmp(r[i].p, RCD_UNK, r[i].n) == 0)
            r[i].count += dropped;
    qsort(r, (size_t)kept, sizeof *r, by_rank);
    return kept;
}

static rc_status add_ranked(rcd_vocab *v, const struct ranked *r, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t id;

        RC_TRY(put(v, r[i].p, r[i].n, &id));
        assert(id == i);
        v->names.name[id].count = r[i].count;
    }
    (void)find_specials(v);
    return RC_OK;
}

/* The vocabulary of what was counted. */
static rc_status settle(rcd_vocab **out, rcd_vocab *all, const rcd_cut *cut)
{
    struct ranked *r = NULL;
    rcd_vocab *v = NULL;

    RC_TRY(add_specials(all));
    (void)find_specials(all);

    rc_status s = rank(&r, all, cut->keep);
    if (s == RC_OK)
        s = vocab_new(&v, all->how.level);
    if (s == RC_OK) {
        v->how = all->how;
        all->how.joins = (rcd_joins){0};
        s = add_ranked(v, r, cut_ranked(r, all->names.n, cut));
    }
    rcb_free(r);
    if (s != RC_OK) {
        rcd_vocab_free(v);
        return s;
    }
    *out = v;
    return RC_OK;
}

static rc_status check_cut(rcd_level level, const rcd_cut *cut)
{
    if (level == RCD_BYTE && rcd_folds(&cut->fold))
        return RC_FAIL_HINT(RC_EINVAL, "work at level char or word",
                            "cannot build a vocabulary: bytes are no letters and no digits that "
                            "'lower' or 'digits' could fold");
    if (cut->min_count < 1)
        return RC_FAIL(RC_EINVAL,
                       "cannot build a vocabulary: the least count is %" PRId64
                       ", it must be at least 1",
                       cut->min_count);
    if (cut->max_size < 0 || cut->max_size == 1)
        return RC_FAIL(RC_EINVAL,
                       "cannot build a vocabulary: the size limit is %" PRId64
                       ", it must be at least 2, or 0 for none",
                       cut->max_size);
    return RC_OK;
}

/* What is held whatever its count must be there to be held. */
static rc_status add_kept(rcd_vocab *all, const rcd_names *keep)
{
    for (int32_t i = 0; keep && i < keep->n; i++) {
        size_t n;
        int32_t id;
        const char *p = rcd_names_at(keep, i, &n);

        RC_TRY(put(all, p, n, &id));
    }
    return RC_OK;
}

static const rcd_cut keep_all = {.min_count = 1, .max_size = 0};

/* What was counted becomes the vocabulary; `all` is used up. */
static rc_status finish(rcd_vocab **out, rcd_vocab *all, const rcd_cut *cut, const char *what)
{
    rc_status s = check_variety(all, what);

    if (s == RC_OK)
        s = add_kept(all, cut->keep);
    if (s == RC_OK && all->how.level == RCD_BYTE) {
        (void)find_specials(all);
        *out = all;
        return RC_OK;
    }
    if (s == RC_OK)
        s = settle(out, all, cut);
    rcd_vocab_free(all);
    return s;
}

rc_status rcd_vocab_build(rcd_vocab **out, rcd_level level, const rcd_text *t, uint64_t from,
                          uint64_t to, const rcd_cut *cut)
{
    rcd_vocab *all;

    *out = NULL;
    if (!cut)
        cut = &keep_all;
    assert(!cut->joins || level == RCD_WORD);
    RC_TRY(check_cut(level, cut));
    RC_TRY(vocab_new(&all, level));
    all->how.fold = cut->fold;

    rc_status s = level == RCD_BYTE ? add_bytes(all) : RC_OK;
    if (s == RC_OK && cut->joins)
        s = rcd_joins_clone(&all->how.joins, cut->joins);
    if (s == RC_OK)
        s = rcd_wording_walk(&all->how, t, from, to, count_one, all);
    if (s == RC_OK)
        return finish(out, all, cut, rcd_text_name(t));
    rcd_vocab_free(all);
    return s;
}

/* A symbol of a name that came so often. */
struct counting {
    rcd_vocab *all;
    int64_t times;
    const char *what;
};

static rc_status count_many(void *ctx, const char *symbol, size_t n)
{
    const struct counting *c = ctx;
    int32_t id;

    if (!rcd_is_symbol(c->all->how.level, symbol, n))
        return RC_FAIL(RC_EDATA, "cannot build a vocabulary: '%.*s' of %s is not UTF-8",
                       (int)(n < 40 ? n : 40), symbol, c->what);
    if (c->all->how.level == RCD_LINE && rcd_is_special(symbol, n))
        return RC_FAIL(RC_EDATA, "a class cannot be named '%.*s'", (int)n, symbol);
    return rcd_names_add(&c->all->names, symbol, n, c->times, &id);
}

rc_status rcd_vocab_of_names(rcd_vocab **out, rcd_level level, const rcd_names *names,
                             const rcd_fold *fold, const rcd_cut *cut, const char *what)
{
    struct counting c = {.what = what};
    rcb_buf room = {0};

    *out = NULL;
    if (!cut)
        cut = &keep_all;
    RC_TRY(check_cut(level, cut));
    RC_TRY(vocab_new(&c.all, level));

    rc_status s = level == RCD_BYTE ? add_bytes(c.all) : RC_OK;
    for (int32_t i = 0; s == RC_OK && i < names->n; i++) {
        size_t n;
        const char *p = rcd_names_at(names, i, &n);

        c.times = names->name[i].count;
        s = rcd_fold_name(&room, level, p, n, fold);
        if (s == RC_OK)
            s = rcd_name_walk(level, room.p, room.n, count_many, &c);
    }
    rcb_buf_free(&room);
    if (s == RC_OK)
        return finish(out, c.all, cut, what);
    rcd_vocab_free(c.all);
    return s;
}

/* ---- the JSON form ----------------------------------------------------------------------- */

/* What is done to a text, in words. */
static const struct {
    const char *word;
    rcd_fold fold;
} folds[] = {{"lower", {.lower = true}}, {"digits", {.digits = true}}};
enum { FOLDS = sizeof folds / sizeof *folds };

static rc_status print_symbols(const rcd_vocab *v, rcb_buf *out)
{
    RC_TRY(rcb_buf_puts(out, ",\"symbols\":["));
    for (int32_t i = 0; i < v->names.n; i++) {
        const rcd_name *e = &v->names.name[i];

        RC_TRY(rcb_buf_puts(out, i ? ",[" : "["));
        RC_TRY(rcf_json_text(out, v->names.bytes + e->at, e->n));
        RC_TRY(rcb_buf_printf(out, ",%" PRId64 "]", e->count));
    }
    return rcb_buf_puts(out, "]");
}

static rc_status print_counts(const rcd_vocab *v, rcb_buf *out)
{
    bool counted = false;

    for (int32_t i = 0; i < v->names.n; i++)
        counted |= v->names.name[i].count > 0;
    if (!counted)
        return RC_OK;
    RC_TRY(rcb_buf_puts(out, ",\"counts\":["));
    for (int32_t i = 0; i < v->names.n; i++)
        RC_TRY(rcb_buf_printf(out, i ? ",%" PRId64 : "%" PRId64, v->names.name[i].count));
    return rcb_buf_puts(out, "]");
}

static rc_status print_fold(const rcd_fold *fold, rcb_buf *out)
{
    bool first = true;

    for (size_t i = 0; i < FOLDS; i++) {
        if (!(fold->lower && folds[i].fold.lower) && !(fold->digits && folds[i].fold.digits))
            continue;
        RC_TRY(rcb_buf_printf(out, "%s\"%s\"", first ? ",\"fold\":[" : ",", folds[i].word));
        first = false;
    }
    return first ? RC_OK : rcb_buf_puts(out, "]");
}

static rc_status print_pass(const rcd_names *pass, rcb_buf *out)
{
    for (int32_t i = 0; i < pass->n; i++) {
        size_t n;
        const char *p = rcd_names_at(pass, i, &n);

        RC_TRY(rcb_buf_puts(out, i ? "," : ""));
        RC_TRY(rcf_json_text(out, p, n));
    }
    return RC_OK;
}

static rc_status print_joins(const rcd_joins *j, rcb_buf *out)
{
    for (int i = 0; i < j->passes; i++) {
        RC_TRY(rcb_buf_puts(out, i ? ",[" : ",\"joins\":[["));
        RC_TRY(print_pass(&j->pass[i], out));
        RC_TRY(rcb_buf_puts(out, "]"));
    }
    return j->passes > 0 ? rcb_buf_puts(out, "]") : RC_OK;
}

rc_status rcd_vocab_print(const rcd_vocab *v, rcb_buf *out)
{
    RC_TRY(rcb_buf_printf(out, "{\"level\":\"%s\"", rcd_level_word(v->how.level)));
    RC_TRY(print_fold(&v->how.fold, out));
    RC_TRY(print_joins(&v->how.joins, out));
    RC_TRY(v->how.level == RCD_BYTE ? print_counts(v, out) : print_symbols(v, out));
    return rcb_buf_puts(out, "}");
}

#define BAD_VOCAB(...) RC_FAIL(RC_EFORMAT, "cannot read the vocabulary: " __VA_ARGS__)

/* What stands there is not what it should be: malformed, or else what the caller says of it. */
#define NOT_THERE(scan, ...) ((scan)->status != RC_OK ? (scan)->status : BAD_VOCAB(__VA_ARGS__))

/* ["the",59421] */
static rc_status read_symbol(rcd_vocab *v, rcf_scan *s, size_t i)
{
    const char *word;
    size_t n;
    int64_t count;
    int32_t id;

    if (!rcf_scan_list(s) || !rcf_scan_item(s) || !rcf_scan_text(s, &word, &n) ||
        !rcf_scan_item(s) || !rcf_scan_whole(s, &count) || rcf_scan_item(s) || s->status != RC_OK)
        return NOT_THERE(s, "symbol %zu is not a pair of a string and a whole number", i);
    if (count < 0)
        return BAD_VOCAB("symbol %zu has the count %" PRId64, i, count);
    if (!rcd_is_symbol(v->how.level, word, n))
        return BAD_VOCAB("symbol %zu, '%s', is not one %s", i, word, rcd_level_word(v->how.level));
    RC_TRY(put(v, word, n, &id));
    if ((size_t)id != i)
        return BAD_VOCAB("symbols %" PRId32 " and %zu are both '%s'", id, i, word);
    v->names.name[id].count = count;
    return RC_OK;
}

static rc_status read_symbols(rcd_vocab *v, rcf_scan *s)
{
    if (!rcf_scan_list(s))
        return NOT_THERE(s, "it has no list 'symbols'");
    for (size_t i = 0; rcf_scan_item(s); i++)
        RC_TRY(read_symbol(v, s, i));
    if (s->status == RC_OK && !find_specials(v))
        return BAD_VOCAB("a %s vocabulary needs both '%s' and '%s'", rcd_level_word(v->how.level),
                         v->how.level == RCD_CHAR ? "\\n" : RCD_EOS, RCD_UNK);
    return s->status;
}

static rc_status read_counts(rcd_vocab *v, rcf_scan *s)
{
    size_t n = 0;

    if (!rcf_scan_list(s))
        return NOT_THERE(s, "'counts' is not a list of 256 whole numbers");
    for (; rcf_scan_item(s); n++) {
        int64_t count;

        if (!rcf_scan_whole(s, &count) || count < 0)
            return NOT_THERE(s, "the count of byte %zu is not a whole number", n);
        if (n < (size_t)v->names.n)
            v->names.name[n].count = count;
    }
    if (s->status == RC_OK && n != (size_t)v->names.n)
        return BAD_VOCAB("'counts' has %zu entries, there are 256 bytes", n);
    return s->status;
}

/* ["lower","digits"], each once. */
static rc_status read_fold(rcd_vocab *v, rcf_scan *s)
{
    rcd_fold *fold = &v->how.fold;
    const char *word;

    if (!rcf_scan_list(s))
        return NOT_THERE(s, "'fold' is not a list");
    while (rcf_scan_item(s)) {
        size_t i = 0;

        if (!rcf_scan_word(s, &word))
            return NOT_THERE(s, "'fold' is not a list of words");
        while (i < FOLDS && strcmp(word, folds[i].word) != 0)
            i++;
        if (i == FOLDS || (fold->lower && folds[i].fold.lower) ||
            (fold->digits && folds[i].fold.digits))
            return BAD_VOCAB("'fold' has '%s', it can have 'lower' and 'digits' once each", word);
        fold->lower |= folds[i].fold.lower;
        fold->digits |= folds[i].fold.digits;
    }
    return s->status;
}

/* "new york": two words. */
static rc_status read_join(rcd_names *pass, rcf_scan *s)
{
    const char *text;
    size_t n;
    int32_t id;

    if (!rcf_scan_text(s, &text, &n))
        return NOT_THERE(s, "'joins' is not a list of lists of words");
    const char *blank = memchr(text, ' ', n);
    const size_t a = blank ? (size_t)(blank - text) : 0;

    if (!blank || !rcd_is_symbol(RCD_WORD, text, a) ||
        !rcd_is_symbol(RCD_WORD, blank + 1, n - a - 1))
        return BAD_VOCAB("'joins' has '%s', which is not two words", text);
    const int32_t before = pass->n;

    RC_TRY(rcd_names_add(pass, text, n, 0, &id));
    return id == before ? RC_OK : BAD_VOCAB("'joins' has '%s' twice in a pass", text);
}

/* [["new york","los angeles"],["new_york city"]] */
static rc_status read_joins(rcd_vocab *v, rcf_scan *s)
{
    rcd_joins *j = &v->how.joins;

    if (v->how.level != RCD_WORD)
        return BAD_VOCAB("'joins' is of words, the level is '%s'", rcd_level_word(v->how.level));
    if (!rcf_scan_list(s))
        return NOT_THERE(s, "'joins' is not a list");
    while (rcf_scan_item(s)) {
        if (j->passes == RCD_MOST_PASSES)
            return BAD_VOCAB("'joins' has more than %d lists", RCD_MOST_PASSES);
        if (!rcf_scan_list(s))
            return NOT_THERE(s, "'joins' is not a list of lists of words");
        RC_TRY(rcd_joins_add(j));
        while (rcf_scan_item(s))
            RC_TRY(read_join(&j->pass[j->passes - 1], s));
    }
    return s->status;
}

/* What may stand beside the level: for bytes, and for others. */
static const struct list {
    const char *key;
    bool bytes, needed;
    rc_status (*read)(rcd_vocab *v, rcf_scan *s);
} lists[] = {
    {"counts", true, false, read_counts},
    {"symbols", false, true, read_symbols},
    {"fold", false, false, read_fold},
    {"joins", false, false, read_joins},
};
enum { LISTS = sizeof lists / sizeof *lists };

/* The lists, each once. An unknown key would be a promise that we do not keep. */
static rc_status read_lists(rcd_vocab *v, rcf_scan *s)
{
    const bool bytes = v->how.level == RCD_BYTE;
    bool seen[LISTS] = {false};
    const char *key;

    while (rcf_scan_key(s, &key)) {
        const bool level = strcmp(key, "level") == 0;
        size_t i = 0;

        while (i < LISTS && (lists[i].bytes != bytes || strcmp(key, lists[i].key) != 0))
            i++;
        if (i == LISTS && !level)
            return BAD_VOCAB("unknown key '%s' beside 'level' and '%s'", key,
                             bytes ? "counts" : "symbols");
        if (level || seen[i]) {
            (void)rcf_scan_bad(s, "a name that was there before");
            break;
        }
        seen[i] = true;
        RC_TRY(lists[i].read(v, s));
    }
    for (size_t i = 0; s->status == RC_OK && i < LISTS; i++)
        if (lists[i].bytes == bytes && lists[i].needed && !seen[i])
            return BAD_VOCAB("it has no list '%s'", lists[i].key);
    return s->status;
}

/* The level comes first: it says what the rest means. */
static rc_status read_level(rcf_scan *s, rcd_level *level)
{
    const char *word;

    if (!rcf_scan_object(s) || !rcf_scan_key(s, &word) || strcmp(word, "level") != 0 ||
        !rcf_scan_word(s, &word))
        return NOT_THERE(s, "it has no word 'level' at its beginning");
    return rcd_level_of(level, word) == RC_OK ? RC_OK : BAD_VOCAB("unknown level '%s'", word);
}

static rc_status read_vocab(rcd_vocab **out, rcf_scan *scan)
{
    rcd_level level;
    rcd_vocab *v;

    RC_TRY(read_level(scan, &level));
    RC_TRY(vocab_new(&v, level));

    rc_status s = level == RCD_BYTE ? add_bytes(v) : RC_OK;
    if (s == RC_OK && level == RCD_BYTE)
        (void)find_specials(v);
    if (s == RC_OK)
        s = read_lists(v, scan);
    if (s == RC_OK)
        s = rcf_scan_end(scan);
    if (s != RC_OK) {
        rcd_vocab_free(v);
        return s;
    }
    *out = v;
    return RC_OK;
}

rc_status rcd_vocab_parse(rcd_vocab **out, const char *json, size_t n)
{
    rcf_scan scan;

    *out = NULL;
    rcf_scan_begin(&scan, json, n);
    const rc_status s = read_vocab(out, &scan);
    const bool malformed = scan.status == RC_EFORMAT;
    rcf_scan_free(&scan);
    return malformed ? BAD_VOCAB("%s", rc_error_message()) : s;
}

/* ---- reading ----------------------------------------------------------------------------- */

rc_status rcd_vocab_clone(rcd_vocab **out, const rcd_vocab *v)
{
    rcd_vocab *w = rcb_alloc(1, sizeof *w);

    *out = NULL;
    if (!w)
        return RC_ENOMEM;
    *w = *v;
    if (rcd_joins_clone(&w->how.joins, &v->how.joins) != RC_OK ||
        rcd_names_clone(&w->names, &v->names) != RC_OK) {
        rcd_joins_free(&w->how.joins);
        rcb_free(w);
        return RC_ENOMEM;
    }
    *out = w;
    return RC_OK;
}

void rcd_vocab_free(rcd_vocab *v)
{
    if (!v)
        return;
    rcd_names_free(&v->names);
    rcd_joins_free(&v->how.joins);
    rcb_free(v);
}

rcd_level rcd_vocab_level(const rcd_vocab *v)
{
    return v->how.level;
}

const rcd_wording *rcd_vocab_wording(const rcd_vocab *v)
{
    return &v->how;
}

int32_t rcd_vocab_size(const rcd_vocab *v)
{
    return v->names.n;
}

const char *rcd_vocab_symbol(const rcd_vocab *v, int32_t id, size_t *n)
{
    assert(id >= 0 && id < v->names.n);
    return rcd_names_at(&v->names, id, n);
}

int64_t rcd_vocab_count(const rcd_vocab *v, int32_t id)
{
    assert(id >= 0 && id < v->names.n);
    return v->names.name[id].count;
}

int32_t rcd_vocab_unk(const rcd_vocab *v)
{
    return v->unk;
}

int32_t rcd_vocab_boundary(const rcd_vocab *v)
{
    return v->boundary;
}
