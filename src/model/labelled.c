/* labelled.c -- the data of the tasks classify and tag: files read, cut into parts, numbered by the
 * vocabularies of a model, which the training part makes; batches of an epoch; of a mixture the
 * same file as each member reads it.
 */
#include "model/labelled_in.h"

#include <string.h>

/* The sequences of the training part in the order of an epoch. */
struct rcm_epoch {
    int64_t number; /* 0: none yet */
    int64_t n;
    int64_t *which;
};

/* ---- files ------------------------------------------------------------------------------- */

static rcd_labelling labelling_of(const rc_config *c)
{
    const bool each = c->task->each;

    return (rcd_labelling){
        .format = (rcd_format)rcm_list_index("formats", c->format),
        .each = each,
        .coding = (rcd_coding)rcm_list_index("codings", c->coding),
        .level = each ? RCD_WORD : (rcd_level)rcm_list_index("levels", c->tokens),
        .split = (rcd_split)rcm_list_index("splits", c->split),
        .html = c->html,
        .label_column = c->label_column,
        .text_column = c->text_column,
        .features = c->features,
        .prefix = c->label_prefix,
        .label_until = c->label_until,
        .binary = c->binary,
        .most = c->most,
        .tail = c->tail,
    };
}

static rcd_fold fold_of(const rc_config *c)
{
    return (rcd_fold){.lower = c->lower, .digits = c->digits};
}

static rc_status read_files(rcd_labelled *l, const char *files, const rcd_labelling *how)
{
    char **path;
    size_t count;
    rc_status s = rcm_paths(files, &path, &count);

    if (s != RC_OK)
        return s;
    for (size_t i = 0; s == RC_OK && i < count; i++)
        s = rcd_labelled_read(l, path[i], how);
    rcm_paths_free(path, count);
    return s;
}

void rcm_labelled_free(rcm_labelled *l)
{
    for (size_t i = 0; i < l->members; i++)
        rcm_labelled_free(&l->member[i]);
    rcb_free(l->member);
    rcb_free(l->word);
    rcb_free(l->casing);
    rcb_free(l->label);
    for (int32_t f = 0; l->feature && f < l->set.F; f++)
        rcb_free(l->feature[f]);
    rcb_free(l->feature);
    rcd_spelling_free(&l->spell);
    rcd_grams_free(&l->grams);
    if (!l->lent)
        rcd_labelled_free(&l->set);
    *l = (rcm_labelled){0};
}

int64_t rcm_columns(const char *columns)
{
    int64_t n = *columns != '\0';

    for (; *columns; columns++)
        n += *columns == ',';
    return n;
}

/* ---- vocabularies ------------------------------------------------------------------------ */

static void forget_counts(rcd_names *names)
{
    for (int32_t i = 0; i < names->n; i++)
        names->name[i].count = 0;
}

/* Tokens, labels and features are counted as they occur in the part that is trained on: what is
 * validated or tested must not make them known. */
static void count_names(rcm_labelled *l, const rcm_cut *cut)
{
    rcd_labelled *set = &l->set;

    forget_counts(&set->tokens);
    forget_counts(&set->labels);
    for (int32_t f = 0; f < set->F; f++)
        forget_counts(&set->features[f]);
    for (int64_t i = 0; i < cut->to[RCM_TRAIN]; i++) {
        const int64_t seq = rcm_cut_at(cut, i);

        for (int64_t k = set->start[seq]; k < set->start[seq + 1]; k++) {
            set->tokens.name[set->token[k]].count++;
            if (set->each && set->label[k] >= 0)
                set->labels.name[set->label[k]].count++;
            for (int32_t f = 0; f < set->F; f++)
                set->features[f].name[set->feature[k * set->F + f]].count++;
        }
        if (!set->each && set->label[seq] >= 0)
            set->labels.name[set->label[seq]].count++;
    }
}

/* All features in one vocabulary: a column and what stands there. */
static rc_status feature_names(rcd_names *out, const rcd_labelled *set)
{
    rcb_buf text = {0};
    rc_status s = RC_OK;

    for (int32_t f = 0; s == RC_OK && f < set->F; f++)
        for (int32_t i = 0; s == RC_OK && i < set->features[f].n; i++) {
            int32_t id;

            text.n = 0;
            size_t n;
            const char *p = rcd_names_at(&set->features[f], i, &n);

            s = rcb_buf_printf(&text, "%" PRId32 ":", f + 1);
            if (s == RC_OK)
                s = rcb_buf_add(&text, p, n);
            if (s == RC_OK)
                s = rcd_names_add(out, text.p, text.n, set->features[f].name[i].count, &id);
        }
    rcb_buf_free(&text);
    return s;
}

static rc_status make_features(rcd_vocab **out, const rcd_labelled *set, const char *what)
{
    rcd_names names = {0};
    rc_status s = feature_names(&names, set);

    if (s == RC_OK)
        s = rcd_vocab_of_names(out, RCD_WORD, &names, NULL, &(rcd_cut){.min_count = 1}, what);
    rcd_names_free(&names);
    return s;
}

/* Those of the training part, and what --vectors-top asks for. */
static rc_status make_symbols(rcd_vocab **out, const rcm_labelled *l, const rc_config *c,
                              const rcm_pretrained *vectors)
{
    const rcd_fold fold = fold_of(c);
    rcd_names keep = {0};
    const rcd_cut cut = {.min_count = c->min_count, .max_size = c->max_vocab, .keep = &keep};
    rc_status s = rcm_pretrained_words(vectors, c, &fold, &keep);

    if (s == RC_OK)
        s = rcd_vocab_of_names(out, labelling_of(c).level, &l->set.tokens, &fold, &cut, c->train);
    rcd_names_free(&keep);
    return s;
}

static rc_status make_vocabs(rcm_vocabs *out, const rcm_labelled *l, const rcm_cut *parts,
                             const rc_config *c, const rcm_pretrained *vectors)
{
    if (rcm_tokens_wanted(c))
        RC_TRY(make_symbols(&out->of[RCM_SYMBOLS], l, c, vectors));
    if (rcm_bag_wanted(c) && c->hash == 0)
        RC_TRY(rcm_bag_vocab(&out->of[RCM_GRAMS], &l->set, parts, c));
    RC_TRY(rcd_vocab_of_names(&out->of[RCM_LABELS], RCD_LINE, &l->set.labels, NULL,
                              &(rcd_cut){.min_count = 1}, c->train));
    if (rcm_list_index("char-nets", c->char_net) > RCM_CHAR_NONE)
        RC_TRY(rcd_vocab_of_names(&out->of[RCM_CHARACTERS], RCD_CHAR, &l->set.tokens, NULL, NULL,
                                  c->train));
    return l->set.F > 0 && rcm_tokens_wanted(c)
               ? make_features(&out->of[RCM_FEATURES], &l->set, c->train)
               : RC_OK;
}

/* Is it a vocabulary of this level, if it is to be there? */
static bool fits(const rcd_vocab *v, bool wanted, rcd_level level)
{
    return wanted ? v && rcd_vocab_level(v) == level : !v;
}

/* Models of before 2026-11-28 have the n-grams of a bag where others have symbols. */
static void move_grams(rc_model *m)
{
    rcd_vocab **symbols = &m->vocab.of[RCM_SYMBOLS], **grams = &m->vocab.of[RCM_GRAMS];

    if (!rcm_tokens_wanted(m->config) && *symbols && !*grams &&
        rcd_vocab_level(*symbols) == RCD_LINE) {
        *grams = *symbols;
        *symbols = NULL;
    }
}

rc_status rcm_labelled_fit(rc_model *m)
{
    const rc_config *c = m->config;
    const rcd_labelling how = labelling_of(c);
    const rcd_vocab *labels = m->vocab.of[RCM_LABELS];

    const bool bag = rcm_bag_wanted(c), tokens = rcm_tokens_wanted(c);

    RC_TRY(rcm_bag_check(c));
    move_grams(m);
    if (!fits(m->vocab.of[RCM_GRAMS], bag && c->hash == 0, RCD_LINE))
        return RC_FAIL(RC_EFORMAT, "its vocabulary of n-grams does not fit 'bag' and 'hash'");
    if (!fits(m->vocab.of[RCM_SYMBOLS], tokens, how.level))
        return RC_FAIL(RC_EFORMAT, "a model of labels needs a vocabulary of level '%s'",
                       rcd_level_word(how.level));
    if (!fits(labels, true, RCD_LINE) || rcm_labels(m) < 1 ||
        rcd_vocab_unk(labels) < rcm_labels(m) || rcd_vocab_boundary(labels) < rcm_labels(m))
        return RC_FAIL(RC_EFORMAT, "a model of labels needs a vocabulary of them");
    if (!fits(m->vocab.of[RCM_CHARACTERS], rcm_list_index("char-nets", c->char_net) > RCM_CHAR_NONE,
              RCD_CHAR))
        return RC_FAIL(RC_EFORMAT, "its vocabulary of characters does not fit 'char-net'");
    if (!fits(m->vocab.of[RCM_FEATURES], tokens && *c->features != '\0', RCD_WORD))
        return RC_FAIL(RC_EFORMAT, "its vocabulary of features does not fit 'features'");
    if (c->unk_rate > 0 && how.level == RCD_BYTE)
        return RC_FAIL(RC_EINVAL, "cannot set 'unk-rate' where tokens are bytes: all are known");
    return RC_OK;
}

/* ---- numbers ----------------------------------------------------------------------------- */

static rc_status number_features(rcm_labelled *l, const rcd_vocab *v)
{
    rcd_names names = {0};
    int32_t *ids = NULL;

    l->feature = rcb_calloc((size_t)l->set.F, sizeof *l->feature);
    rc_status s = l->feature ? feature_names(&names, &l->set) : RC_ENOMEM;
    if (s == RC_OK && !(ids = rcb_alloc((size_t)names.n, sizeof *ids)))
        s = RC_ENOMEM;
    if (s == RC_OK)
        s = rcd_names_ids(ids, &names, v, NULL, rcd_vocab_unk(v));
    for (int32_t f = 0, first = 0; s == RC_OK && f < l->set.F; f++) {
        const int32_t n = l->set.features[f].n; /* names of column after column */

        l->feature[f] = rcb_alloc((size_t)n, sizeof **l->feature);
        if (l->feature[f])
            memcpy(l->feature[f], ids + first, (size_t)n * sizeof *ids);
        else
            s = RC_ENOMEM;
        first += n;
    }
    rcb_free(ids);
    rcd_names_free(&names);
    return s;
}

static rc_status number(rcm_labelled *l, const rc_config *c, const rcm_vocabs *v)
{
    const rcd_fold fold = fold_of(c);
    const rcd_names *tokens = &l->set.tokens, *labels = &l->set.labels;

    l->label = rcb_alloc((size_t)labels->n, sizeof *l->label);
    if (!l->label)
        return RC_ENOMEM;
    RC_TRY(rcd_names_ids(l->label, labels, v->of[RCM_LABELS], NULL, -1));
    if (rcm_bag_wanted(c))
        RC_TRY(rcm_bag_grams(&l->grams, &l->set, c, v));
    if (!rcm_tokens_wanted(c))
        return RC_OK;
    l->word = rcb_alloc((size_t)tokens->n, sizeof *l->word);
    if (!l->word)
        return RC_ENOMEM;
    RC_TRY(rcd_names_ids(l->word, tokens, v->of[RCM_SYMBOLS], &fold,
                         rcd_vocab_unk(v->of[RCM_SYMBOLS])));
    if (c->casing > 0) {
        l->casing = rcb_alloc((size_t)tokens->n, sizeof *l->casing);
        if (!l->casing)
            return RC_ENOMEM;
        for (int32_t i = 0; i < tokens->n; i++) {
            size_t n;
            const char *p = rcd_names_at(tokens, i, &n);

            l->casing[i] = (int32_t)rcd_casing_of(p, n);
        }
    }
    if (v->of[RCM_CHARACTERS])
        RC_TRY(rcd_spelling_of(&l->spell, tokens, v->of[RCM_CHARACTERS], NULL));
    return v->of[RCM_FEATURES] ? number_features(l, v->of[RCM_FEATURES]) : RC_OK;
}

/* ---- a corpus ---------------------------------------------------------------------------- */

static rc_status own_part(rcm_labelled_corpus *p, rcm_part part, const char *files, rc_config *c,
                          const rcm_vocabs *v)
{
    const rcd_labelling how = labelling_of(c);
    rcm_labelled *l = &p->own[part];

    if (!*files)
        return RC_OK;
    RC_TRY(read_files(&l->set, files, &how));
    RC_TRY(rcm_labelled_scheme(&l->set, c, NULL));
    RC_TRY(number(l, c, v));
    p->part[part] = (rcm_labelled_part){l, NULL, 0, l->set.n};
    return RC_OK;
}

static rc_status make_epoch(rcm_labelled_corpus *p)
{
    const rcm_labelled_part *train = &p->part[RCM_TRAIN];
    struct rcm_epoch *e = p->epoch = rcb_calloc(1, sizeof *e);

    if (!e)
        return RC_ENOMEM;
    e->n = train->to - train->from;
    e->which = rcb_alloc((size_t)e->n, sizeof *e->which);
    return e->which ? RC_OK : RC_ENOMEM;
}

/* Which tokens are one to the model, *as (set->tokens.n): those that are folded to the same. */
static rc_status folded(int32_t **as, const rcd_labelled *set, const rc_config *c)
{
    const rcd_fold fold = fold_of(c);
    const rcd_level level = labelling_of(c).level;
    rcd_names names = {0};
    rcb_buf room = {0};
    rc_status s = RC_OK;

    if (!(*as = rcb_alloc((size_t)set->tokens.n, sizeof **as)))
        return RC_ENOMEM;
    for (int32_t i = 0; s == RC_OK && i < set->tokens.n; i++) {
        size_t n;
        const char *p = rcd_names_at(&set->tokens, i, &n);

        s = rcd_fold_name(&room, level, p, n, &fold);
        if (s == RC_OK)
            s = rcd_names_add(&names, room.p, room.n, 1, &(*as)[i]);
    }
    rcb_buf_free(&room);
    rcd_names_free(&names);
    return s;
}

/* The parts of the training set, of sequences that are the same to the model. */
static rc_status cut_kinds(rcm_labelled_corpus *p, const rc_config *c)
{
    const rcd_labelled *set = &p->own[RCM_TRAIN].set;
    int32_t *as = NULL, *kind = rcb_alloc((size_t)set->n, sizeof *kind), kinds = 0;
    rc_status s = kind ? folded(&as, set, c) : RC_ENOMEM;

    if (s == RC_OK)
        s = rcd_labelled_kinds(set, as, kind, &kinds);
    if (s == RC_OK)
        s = rcm_cut_of(&p->cut, c, set->n, kind);
    if (s == RC_OK && p->cut.drawn)
        p->copies = set->n - kinds;
    rcb_free(kind);
    rcb_free(as);
    return s;
}

static rc_status read_parts(rcm_labelled_corpus *p, rc_config *c, const rcm_vocabs *have,
                            rcm_vocabs *made)
{
    rcd_labelling how = labelling_of(c);
    rcm_labelled *train = &p->own[RCM_TRAIN];

    if (!*c->train)
        return RC_FAIL_HINT(RC_EINVAL, "pass --train FILE", "there are no training texts");
    RC_TRY(rcm_bag_check(c));
    how.phrases = c->phrases;
    RC_TRY(read_files(&train->set, c->train, &how));
    p->odd = -1;
    RC_TRY(rcm_labelled_scheme(&train->set, c, have ? NULL : &p->odd));
    if (!have) /* an older model may have them */
        RC_TRY(rcm_idle_check(c, &train->set));
    RC_TRY(c->copies_together ? cut_kinds(p, c) : rcm_cut_of(&p->cut, c, train->set.n, NULL));
    for (int i = 0; i < RCM_PARTS; i++)
        p->part[i] = (rcm_labelled_part){train, &p->cut, p->cut.from[i], p->cut.to[i]};
    if (c->phrases && p->cut.to[RCM_TRAIN] < train->set.n)
        return RC_FAIL_HINT(RC_EINVAL, "pass --valid FILE, or --valid-split 0",
                            "cannot cut phrases: those of one tree would be on both sides");
    count_names(train, &p->cut);
    if (!have) {
        RC_TRY(rcm_pretrained_open(&p->vectors, c, how.level));
        RC_TRY(make_vocabs(made, train, &p->cut, c, p->vectors));
        have = made;
    }
    p->batch = c->batch;
    p->bucket = c->bucket;
    p->order = rcb_stream((uint64_t)c->seed, "order");
    RC_TRY(number(train, c, have));
    RC_TRY(own_part(p, RCM_VALID, c->valid, c, have));
    RC_TRY(own_part(p, RCM_TEST, c->test, c, have));
    return make_epoch(p);
}

void rcm_labelled_close(rcm_corpus *c)
{
    rcm_labelled_corpus *p = (rcm_labelled_corpus *)(void *)c;

    if (!p)
        return;
    for (int i = 0; i < RCM_PARTS; i++)
        rcm_labelled_free(&p->own[i]);
    if (p->epoch)
        rcb_free(p->epoch->which);
    rcb_free(p->epoch);
    rcm_cut_free(&p->cut);
    rcm_pretrained_free(p->vectors);
    rcb_free(p);
}

rc_status rcm_labelled_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have,
                            rcm_vocabs *made)
{
    rcm_labelled_corpus *p = rcb_calloc(1, sizeof *p);
    rcm_vocabs fresh = {0};

    *out = NULL;
    if (!p)
        return RC_ENOMEM;
    const rc_status s = read_parts(p, c, have, &fresh);
    if (s != RC_OK) {
        rcm_vocabs_free(&fresh);
        rcm_labelled_close((rcm_corpus *)(void *)p);
        return s;
    }
    if (made)
        *made = fresh;
    else
        rcm_vocabs_free(&fresh);
    *out = (rcm_corpus *)(void *)p;
    return RC_OK;
}

uint32_t rcm_labelled_crc(const rcm_corpus *c)
{
    const rcm_labelled_corpus *p = rcm_labelled_of(c);
    uint32_t crc = 0;

    for (int i = 0; i < RCM_PARTS; i++) {
        crc = rcb_crc32(crc, &p->part[i].from, sizeof p->part[i].from);
        crc = rcb_crc32(crc, &p->part[i].to, sizeof p->part[i].to);
        crc = rcb_crc32(crc, &p->own[i].set.crc, sizeof p->own[i].set.crc);
    }
    return crc;
}

bool rcm_labelled_has(const rcm_corpus *c, rcm_part part)
{
    const rcm_labelled_part *p = &rcm_labelled_of(c)->part[part];

    return p->from < p->to;
}

rc_status rcm_labelled_measure(rc_model *m, const rcm_corpus *c)
{
    rcm_pretrained *vectors = rcm_labelled_of(c)->vectors;
    const rcn_param *p = rcn_params_find(&m->params, "embed.weight");
    const rcd_fold fold = fold_of(m->config);

    if (!vectors)
        return RC_OK;
    if (!p)
        return RC_FAIL(RC_EINVAL, "cannot use word vectors: the model has none of its own");
    return rcm_pretrained_give(vectors, m, (size_t)(p - m->params.p), &fold);
}

/* ---- batches ----------------------------------------------------------------------------- */

/* Which sequence of its set is number i of a part. */
static int64_t which(const rcm_labelled_part *part, int64_t i)
{
    return part->cut ? rcm_cut_at(part->cut, part->from + i) : part->from + i;
}

static int64_t length(const rcm_labelled_part *part, int64_t i)
{
    const int64_t seq = which(part, i);

    return part->of->set.start[seq + 1] - part->of->set.start[seq];
}

int64_t rcm_labelled_batches(const rcm_corpus *c, int64_t steps)
{
    const rcm_labelled_corpus *p = rcm_labelled_of(c);

    (void)steps;
    return (p->epoch->n + p->batch - 1) / p->batch;
}

int64_t rcm_labelled_rows(const rcm_corpus *c)
{
    const rcm_labelled_part *train = &rcm_labelled_of(c)->part[RCM_TRAIN];
    int64_t rows = 0;

    for (int64_t i = 0; i < train->to - train->from; i++)
        rows += length(train, i);
    return rows;
}

int64_t rcm_labelled_longest(const rcm_corpus *c)
{
    const rcm_labelled_part *train = &rcm_labelled_of(c)->part[RCM_TRAIN];
    int64_t most = 0;

    for (int64_t i = 0; i < train->to - train->from; i++)
        if (length(train, i) > most)
            most = length(train, i);
    return most;
}

/* The order of an epoch is made once for all of its batches. */
static rc_status begin_epoch(const rcm_labelled_corpus *p, int64_t number)
{
    struct rcm_epoch *e = p->epoch;
    const rcm_labelled_part *train = &p->part[RCM_TRAIN];

    if (e->number == number)
        return RC_OK;
    for (int64_t i = 0; i < e->n; i++)
        e->which[i] = which(train, i);
    RC_TRY(rcd_labelled_order(&train->of->set, p->order, (uint64_t)number, p->batch, p->bucket,
                              e->which, e->n));
    e->number = number;
    return RC_OK;
}

rc_status rcm_labelled_batch(const rcm_corpus *c, int64_t epoch, int64_t pos, int64_t steps,
                             rcm_feed *feed)
{
    const rcm_labelled_corpus *p = rcm_labelled_of(c);
    const rcm_labelled *of = p->part[RCM_TRAIN].of;

    (void)steps;
    RC_TRY(begin_epoch(p, epoch));
    const int64_t left = pos < p->epoch->n ? p->epoch->n - pos : 0;
    const int64_t count = left < p->batch ? left : p->batch;

    feed->from = of;
    feed->next = pos + count;
    return rcd_labelled_batch(&of->set, of->label, p->epoch->which + pos, count, &feed->batch);
}

rc_status rcm_labelled_next(const rcm_labelled_part *part, int64_t most, int64_t *i, rcd_batch *b)
{
    int64_t *ids = rcb_alloc((size_t)most, sizeof *ids), count = 0;

    if (!ids)
        return RC_ENOMEM;
    for (; count < most && *i < part->to - part->from; ++*i)
        ids[count++] = which(part, *i);
    const rc_status s = rcd_labelled_batch(&part->of->set, part->of->label, ids, count, b);

    rcb_free(ids);
    return s;
}

/* ---- files of a model -------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Do two models make the same sequences of a file? Every field of rcd_labelling, and schemes. */
static bool read_alike(const rc_config *one, const rc_config *other)
{
    const rcd_labelling a = labelling_of(one), b = labelling_of(other);

    return a.format == b.format && a.each == b.each && a.coding == b.coding && a.level == b.level &&
           a.split == b.split && a.html == b.html && same_text(a.label_column, b.label_column) &&
           same_text(a.text_column, b.text_column) && same_text(a.features, b.features) &&
           same_text(a.prefix, b.prefix) && same_text(a.label_until, b.label_until) &&
           a.binary == b.binary && a.most == b.most && a.tail == b.tail &&
           same_text(one->scheme, other->scheme);
}

/* The set of an earlier member, if that one reads alike; else its own. */
static rc_status member_file(rcm_labelled *all, size_t i, const rc_model *m, const char *path,
                             bool blind)
{
    const rc_model *member = m->members.p[i];
    rcm_labelled *l = &all->member[i];

    for (size_t k = 0; k < i; k++)
        if (read_alike(member->config, m->members.p[k]->config)) {
            l->set = all->member[k].set;
            l->lent = true;
            return number(l, member->config, &member->vocab);
        }
    return rcm_labelled_file(l, member, path, blind);
}

/* All members speak of the same: sequences from the same lines, of as many words where each has a
 * label. */
static rc_status check_member(const rcm_labelled *all, size_t i)
{
    const rcd_labelled *a = &all->member[0].set, *b = &all->member[i].set;

    for (int64_t k = 0; k < a->n || k < b->n; k++) {
        int64_t here = -1, there = -1;
        const char *one = k < a->n ? rcd_labelled_where(a, k, &here) : NULL;
        const char *other = k < b->n ? rcd_labelled_where(b, k, &there) : NULL;
        const bool first = other && (!one || there < here);

        if (here != there)
            return RC_FAIL(RC_EDATA,
                           "cannot mix what is said of '%s': of members 1 and %zu one alone reads "
                           "line %" PRId64,
                           one ? one : other, i + 1, first ? there : here);
        if (a->each && a->start[k + 1] != b->start[k + 1])
            return RC_FAIL(RC_EDATA,
                           "cannot mix what is said of '%s': members 1 and %zu do not read the "
                           "same words in the sequence from line %" PRId64,
                           one, i + 1, here);
    }
    return RC_OK;
}

/* Standard input can be read once. */
static rc_status check_path(const rc_model *m, const char *path)
{
    for (size_t i = 1; strcmp(path, "-") == 0 && i < m->members.n; i++)
        if (!read_alike(m->members.p[i]->config, m->members.p[0]->config))
            return RC_FAIL_HINT(RC_EINVAL, "pass a file",
                                "cannot read standard input twice: members 1 and %zu of the "
                                "mixture read in different ways",
                                i + 1);
    return RC_OK;
}

static rc_status read_members(rcm_labelled *out, const rc_model *m, const char *path, bool blind)
{
    RC_TRY(check_path(m, path));
    out->member = rcb_calloc(m->members.n, sizeof *out->member);
    if (!out->member)
        return RC_ENOMEM;
    out->members = m->members.n;
    for (size_t i = 0; i < out->members; i++) {
        RC_TRY(member_file(out, i, m, path, blind));
        RC_TRY(check_member(out, i));
    }
    out->set = out->member[0].set;
    out->lent = true;
    out->label = rcb_alloc((size_t)out->set.labels.n, sizeof *out->label);
    return out->label
               ? rcd_names_ids(out->label, &out->set.labels, m->vocab.of[RCM_LABELS], NULL, -1)
               : RC_ENOMEM;
}

rc_status rcm_labelled_file(rcm_labelled *out, const rc_model *m, const char *path, bool blind)
{
    *out = (rcm_labelled){0};
    if (m->members.n > 0) {
        const rc_status status = read_members(out, m, path, blind);

        if (status != RC_OK)
            rcm_labelled_free(out);
        return status;
    }
    rcd_labelling how = labelling_of(m->config);

    how.blind = blind;
    rc_status s = rcd_labelled_read(&out->set, path, &how);
    if (s == RC_OK && !blind)
        s = rcm_labelled_scheme(&out->set, m->config, NULL);
    if (s == RC_OK)
        s = number(out, m->config, &m->vocab);
    if (s != RC_OK)
        rcm_labelled_free(out);
    return s;
}
