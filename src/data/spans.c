/* spans.c -- labels as tags, and the spans that tags say.
 *
 * The rules are those of conlleval (Tjong Kim Sang and Buchholz 2000): whether a span ends and
 * whether one begins between two words follows from their two tags alone, so that any tags can be
 * read. Before the first word and behind the last stands an O.
 */
#include "data/data_in.h"

#include <string.h>

/* ---- labels as tags ---------------------------------------------------------------------- */

static rc_status parse(rcd_tags *t, const char *p, size_t n, rcd_tag *out)
{
    const char *dash = n > 0 ? memchr(p, '-', n) : NULL;
    const size_t head = dash ? (size_t)(dash - p) : n;
    const char *type = dash ? dash + 1 : p + n;

    if (t->types.n == 0)
        RC_TRY(rcd_names_add(&t->types, "", 0, 0, &out->type));
    out->mark = head == 1 && *p && strchr("BIOESLU[].", *p) ? *p : RCD_MARK_OTHER;
    return rcd_names_add(&t->types, type, n - (size_t)(type - p), 0, &out->type);
}

rc_status rcd_tags_add(rcd_tags *t, const char *p, size_t n, int32_t *id)
{
    const int32_t known = rcd_names_find(&t->names, p, n);
    void *room = t->tag;
    rcd_tag tag;

    if (known >= 0) {
        *id = known;
        return RC_OK;
    }
    RC_TRY(rcd_reserve(&room, &t->cap, (size_t)t->names.n + 1, sizeof *t->tag));
    t->tag = room;
    RC_TRY(parse(t, p, n, &tag));
    RC_TRY(rcd_names_add(&t->names, p, n, 0, id));
    t->tag[*id] = tag;
    return RC_OK;
}

void rcd_tags_free(rcd_tags *t)
{
    rcd_names_free(&t->names);
    rcd_names_free(&t->types);
    rcb_free(t->tag);
    *t = (rcd_tags){0};
}

/* ---- the rules --------------------------------------------------------------------------- */

static const rcd_tag outside = {'O', 0};

/* L and U are how others write E and S. */
static char mark_of(rcd_tag t)
{
    return t.mark == 'L' ? 'E' : t.mark == 'U' ? 'S' : t.mark;
}

static bool is_one_of(char mark, const char *marks)
{
    return strchr(marks, mark) != NULL;
}

/* Does a span end between two words? */
static bool ends(rcd_tag before, rcd_tag after)
{
    const char b = mark_of(before), a = mark_of(after);

    if (is_one_of(b, "S[]") || (b == 'E' && is_one_of(a, "BIOES")))
        return true;
    if (is_one_of(b, "BI") && is_one_of(a, "BOS"))
        return true;
    return !is_one_of(b, "O.") && before.type != after.type;
}

/* Does one begin? */
static bool begins(rcd_tag before, rcd_tag after)
{
    const char b = mark_of(before), a = mark_of(after);

    if (is_one_of(a, "S[]") || (a == 'B' && is_one_of(b, "BIOES")))
        return true;
    if (is_one_of(a, "IE") && is_one_of(b, "OES"))
        return true;
    return !is_one_of(a, "O.") && before.type != after.type;
}

/* ---- spans ------------------------------------------------------------------------------- */

rc_status rcd_spans_of(const rcd_tags *t, const int32_t *tag, int64_t n, rcd_spans *out)
{
    rcd_tag before = outside;
    bool open = false;

    out->n = 0;
    for (int64_t i = 0; i <= n; i++) {
        const rcd_tag after = i < n ? t->tag[tag[i]] : outside;
        const bool begin = begins(before, after);

        if (open && (begin || ends(before, after) || i == n)) {
            out->span[out->n - 1].end = i;
            open = false;
        }
        if (begin) {
            void *room = out->span;

            RC_TRY(rcd_reserve(&room, &out->cap, (size_t)out->n + 1, sizeof *out->span));
            out->span = room;
            out->span[out->n++] = (rcd_span){i, i, after.type};
            open = true;
        }
        before = after;
    }
    return RC_OK;
}

void rcd_spans_free(rcd_spans *s)
{
    rcb_free(s->span);
    *s = (rcd_spans){0};
}

/* One more of a count, and of its type's. */
static void count_one(int64_t *all, int64_t *of_type)
{
    ++*all;
    if (of_type)
        ++*of_type;
}

/* `same` while a span of both sides has gone on alike since its beginning. */
rcd_span_count rcd_spans_count(const rcd_tags *t, const int32_t *gold, const int32_t *said,
                               int64_t n, rcd_span_count *by_type)
{
    rcd_span_count all = {0};
    rcd_tag g = outside, s = outside;
    bool same = false;

    for (int64_t i = 0; i <= n; i++) {
        const rcd_tag g_next = i < n ? t->tag[gold[i]] : outside;
        const rcd_tag s_next = i < n ? t->tag[said[i]] : outside;
        const bool g_begins = begins(g, g_next), s_begins = begins(s, s_next);

        if (same) {
            const bool g_ends = ends(g, g_next), s_ends = ends(s, s_next);

            if (g_ends && s_ends)
                count_one(&all.right, by_type ? &by_type[g.type].right : NULL);
            same = !g_ends && !s_ends && g_next.type == s_next.type;
        }
        if (g_begins && s_begins && g_next.type == s_next.type)
            same = true;
        if (g_begins)
            count_one(&all.gold, by_type ? &by_type[g_next.type].gold : NULL);
        if (s_begins)
            count_one(&all.said, by_type ? &by_type[s_next.type].said : NULL);
        g = g_next;
        s = s_next;
    }
    return all;
}
