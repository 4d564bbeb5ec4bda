/* labelled_scheme.c -- labels of tokens as tags of spans, in the scheme that a model says them in.
 */
#include "model/labelled_in.h"

#include <assert.h>
#include <string.h>

static rc_status tags_of(rcd_tags *out, const rcd_labelled *set)
{
    for (int32_t i = 0; i < set->labels.n; i++) {
        size_t n;
        int32_t id;
        const char *p = rcd_names_at(&set->labels, i, &n);

        RC_TRY(rcd_tags_add(out, p, n, &id));
        assert(id == i);
    }
    return RC_OK;
}

/* Labels of a sequence all of whose tokens have one; NULL: one has none. */
static int32_t *whole_labels(const rcd_labelled *set, int64_t seq)
{
    for (int64_t i = set->start[seq]; i < set->start[seq + 1]; i++)
        if (set->label[i] < 0)
            return NULL;
    return set->label + set->start[seq];
}

static rcd_scheme scheme_of(const rcd_labelled *set, const rcd_tags *tags)
{
    rcd_detect d = {0};

    for (int64_t i = 0; i < set->n; i++) {
        const int32_t *label = whole_labels(set, i);

        if (label)
            rcd_detect_look(&d, tags, label, set->start[i + 1] - set->start[i]);
    }
    return rcd_detect_scheme(&d);
}

/* A sequence in another scheme; what is no tag stays as it is. was: room for its labels. */
static rc_status convert_one(rcd_tags *tags, rcd_scheme to, int32_t *label, int64_t n, rcb_buf *was,
                             rcd_spans *spans)
{
    rcb_buf_clear(was);
    RC_TRY(rcb_buf_add(was, label, (size_t)n * sizeof *label));
    RC_TRY(rcd_tags_convert(tags, to, label, n, label, spans));
    const int32_t *before = (const int32_t *)(const void *)was->p;

    for (int64_t i = 0; i < n; i++)
        if (tags->tag[before[i]].mark == RCD_MARK_OTHER)
            label[i] = before[i];
    return RC_OK;
}

static rc_status convert(rcd_labelled *set, rcd_tags *tags, rcd_scheme to)
{
    rcd_spans spans = {0};
    rcb_buf was = {0};
    rc_status s = RC_OK;

    for (int64_t i = 0; s == RC_OK && i < set->n; i++) {
        int32_t *label = whole_labels(set, i);

        if (label)
            s = convert_one(tags, to, label, set->start[i + 1] - set->start[i], &was, &spans);
    }
    rcd_spans_free(&spans);
    rcb_buf_free(&was);
    if (s != RC_OK)
        return s;
    rcd_names_free(&set->labels);
    set->labels = (rcd_names){0};
    RC_TRY(rcd_names_clone(&set->labels, &tags->names));
    for (int32_t i = 0; i < set->labels.n; i++)
        set->labels.name[i].count = 0;
    for (int64_t i = 0; i < set->start[set->n]; i++)
        if (set->label[i] >= 0)
            set->labels.name[set->label[i]].count++;
    return RC_OK;
}

/* A label that is no tag of spans, the first of them; -1: all are tags. */
static int32_t first_other(const rcd_tags *tags)
{
    for (int32_t i = 0; i < tags->names.n; i++)
        if (tags->tag[i].mark == RCD_MARK_OTHER)
            return i;
    return -1;
}

/* The first sequence in which a label stands. */
static int64_t where(const rcd_labelled *set, int32_t label)
{
    for (int64_t i = 0; i < set->n; i++)
        for (int64_t k = set->start[i]; k < set->start[i + 1]; k++)
            if (set->label[k] == label)
                return i;
    return 0;
}

/* What 'auto' is: the scheme that is found, or none where some labels are no tags. */
static rc_status find_scheme(const rcd_labelled *set, const rcd_tags *tags, rc_config *c,
                             int32_t *odd)
{
    const rcd_scheme found = scheme_of(set, tags);
    const int32_t other = first_other(tags);

    *odd = found != RCD_SCHEME_NONE ? other : -1;
    return rc_config_set(c, "scheme", rcd_scheme_word(other < 0 ? found : RCD_SCHEME_NONE));
}

/* Who trains says a scheme for labels that are tags. */
static rc_status check_tags(const rcd_labelled *set, const rcd_tags *tags, rcd_scheme to)
{
    const int32_t other = first_other(tags);
    int64_t line;

    if (other < 0)
        return RC_OK;
    const char *file = rcd_labelled_where(set, where(set, other), &line);
    return RC_FAIL_HINT(RC_EDATA, "pass --scheme none, or mend the label",
                        "cannot read labels as %s: '%s', in the sequence from line %" PRId64
                        " of '%s', is no tag of spans",
                        rcd_scheme_word(to), rcd_names_at(&set->labels, other, NULL), line, file);
}

rc_status rcm_labelled_scheme(rcd_labelled *set, rc_config *c, int32_t *odd)
{
    rcd_tags tags = {0};
    rcd_scheme to;

    if (odd)
        *odd = -1;
    if (!c->task->each)
        return RC_OK;
    rc_status s = tags_of(&tags, set);
    if (s == RC_OK && odd && strcmp(c->scheme, "auto") == 0)
        s = find_scheme(set, &tags, c, odd);
    if (s == RC_OK)
        s = rcd_scheme_of(&to, c->scheme);
    if (s == RC_OK && to != RCD_SCHEME_NONE && odd)
        s = check_tags(set, &tags, to);
    if (s == RC_OK && to != RCD_SCHEME_NONE)
        s = convert(set, &tags, to);
    rcd_tags_free(&tags);
    return s;
}
