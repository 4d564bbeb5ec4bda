/* series_corpus.c -- the data of the task series: files read and checked against the configuration,
 * which they complete; cut into parts; batches of an epoch.
 */
#include "model/series_in.h"

#include <stdio.h>
#include <string.h>

/* ---- files ------------------------------------------------------------------------------- */

static rc_status read_files(rcd_series *s, const char *files, const rcd_reading *how)
{
    char **path;
    size_t count;
    rc_status status = rcm_paths(files, &path, &count);

    if (status != RC_OK)
        return status;
    for (size_t i = 0; status == RC_OK && i < count; i++)
        status = rcd_series_read(s, path[i], how);
    rcm_paths_free(path, count);
    return status;
}

static rcd_places places_of(const rc_config *c)
{
    const int answers = rcm_list_index("answers", c->answers);

    return answers == RCM_ANSWERS_LAST   ? RCD_PLACES_LAST
           : answers == RCM_ANSWERS_EACH ? RCD_PLACES_EACH
                                         : RCD_PLACES_AUTO;
}

static rcd_reading reading_of(const rc_config *c, const char *part)
{
    return (rcd_reading){
        .pixels = rcm_list_index("scans", c->scan) == RCM_SCAN_PIXELS,
        .permute = c->permute,
        .seed = (uint64_t)c->seed,
        .part = part,
        .target = c->target,
        .series_column = c->series_column,
        .drop = c->drop,
        .classes = rcm_list_index("aims", c->aim) == RCM_AIM_CLASS,
        .places = places_of(c),
    };
}

/* What the data is, where the configuration leaves it open. */
static rcm_aim natural_aim(const rcd_series *s)
{
    if (s->classes)
        return RCM_AIM_CLASS;
    if (s->K > 0)
        return RCM_AIM_VALUES;
    for (int64_t i = 0; i < s->start[s->n] * s->D; i++)
        if (s->x[i] != 0 && s->x[i] != 1)
            return RCM_AIM_NEXT;
    return RCM_AIM_BITS;
}

/* Can this be said of the series? `path` is for messages. */
static rc_status check_aim(rcm_aim aim, const rcd_series *s, const char *path)
{
    if (aim == RCM_AIM_CLASS && !s->classes)
        return RC_FAIL(RC_EDATA, "cannot use '%s': its series have no classes", path);
    if (aim == RCM_AIM_CLASS && s->names.n == 0)
        return RC_FAIL(RC_EDATA, "cannot use '%s': no class is said of any of its series", path);
    if (aim == RCM_AIM_VALUES && s->K == 0)
        return RC_FAIL(RC_EDATA, "cannot use '%s': its series have no numbers to say", path);
    return RC_OK;
}

static rc_status check_width(const rcd_series *s, int64_t D, int64_t K, const char *path)
{
    if (s->D != D)
        return RC_FAIL(RC_EDATA,
                       "cannot use '%s': its steps have %" PRId64 " numbers, the model reads "
                       "%" PRId64,
                       path, s->D, D);
    if (K > 0 && s->K != K)
        return RC_FAIL(RC_EDATA,
                       "cannot use '%s': its answers have %" PRId64 " numbers, the model gives "
                       "%" PRId64,
                       path, s->K, K);
    return RC_OK;
}

static rc_status set_number(rc_config *c, const char *option, int64_t value)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return rc_config_set(c, option, text);
}

/* Are answers where the model says them? */
static rc_status check_places(const rc_config *c, const rcd_series *s, rcm_aim aim,
                              const char *path)
{
    const int want = rcm_list_index("answers", c->answers);

    if (rcm_says_next(aim) || want == RCM_ANSWERS_AUTO || (want == RCM_ANSWERS_EACH) == s->each)
        return RC_OK;
    return RC_FAIL(RC_EDATA, "cannot use '%s' with answers '%s': it has %s", path, c->answers,
                   s->each ? "one at every step" : "one for a sequence");
}

/* Where something is to be said. */
static rc_status complete_answers(rc_config *c, const rcd_series *s, rcm_aim aim)
{
    const bool each = s->each || rcm_says_next(aim);

    if (rcm_list_index("answers", c->answers) == RCM_ANSWERS_AUTO)
        return rc_config_set(c, "answers", each ? "each" : "last");
    return check_places(c, s, aim, c->train);
}

/* The options that the data decides, set or checked. */
static rc_status complete(rc_config *c, const rcd_series *s)
{
    int aim = rcm_list_index("aims", c->aim);

    if (aim < 0)
        return rcm_list_check(rcm_list, "aims", "aim", c->aim);
    if (aim == RCM_AIM_AUTO) {
        rc_entry e;

        aim = (int)natural_aim(s);
        (void)rcm_list("aims", (size_t)aim, &e);
        RC_TRY(rc_config_set(c, "aim", e.name));
    }
    RC_TRY(check_aim((rcm_aim)aim, s, c->train));
    if (rcm_says_next((rcm_aim)aim) && *c->target)
        return RC_FAIL_HINT(RC_EINVAL, "--drop leaves a column out",
                            "cannot say '%s' where the next step is to be said", c->target);
    RC_TRY(complete_answers(c, s, (rcm_aim)aim));
    if (c->inputs == 0)
        RC_TRY(set_number(c, "inputs", s->D));
    if (c->outputs == 0 && aim != RCM_AIM_CLASS)
        RC_TRY(set_number(c, "outputs", rcm_says_next((rcm_aim)aim) ? s->D : s->K));
    if (rcm_says_next((rcm_aim)aim) && c->outputs != c->inputs)
        return RC_FAIL_HINT(RC_EINVAL, "leave --outputs out",
                            "cannot say %" PRId64 " numbers of the next step: it has %" PRId64,
                            c->outputs, c->inputs);
    return check_width(s, c->inputs, aim == RCM_AIM_VALUES ? c->outputs : 0, c->train);
}

static rc_status cut(rcm_series_corpus *p, const rc_config *c)
{
    RC_TRY(rcm_cut_of(&p->cut, c, p->own[RCM_TRAIN].n, NULL));
    for (int i = 0; i < RCM_PARTS; i++)
        p->part[i] = (rcm_series_part){&p->own[RCM_TRAIN], p->cut.from[i], p->cut.to[i]};
    return RC_OK;
}

static rc_status own_part(rcm_series_corpus *p, rcm_part part, const char *files,
                          const rc_config *c, const char *name, const rcd_vocab *vocab)
{
    rcd_reading how = reading_of(c, name);
    rcd_series *s = &p->own[part];

    if (!*files)
        return RC_OK;
    how.lenient = true; /* columns are those of the training data */
    RC_TRY(read_files(s, files, &how));
    RC_TRY(check_aim((rcm_aim)rcm_list_index("aims", c->aim), s, files));
    RC_TRY(check_places(c, s, (rcm_aim)rcm_list_index("aims", c->aim), files));
    RC_TRY(check_width(s, c->inputs,
                       rcm_list_index("aims", c->aim) == RCM_AIM_VALUES ? c->outputs : 0, files));
    if (vocab && s->classes)
        RC_TRY(rcd_series_label(s, vocab, files));
    p->part[part] = (rcm_series_part){s, 0, s->n};
    return RC_OK;
}

/* Sequence i of a part, shuffled by `order` (NULL: as they are). */
static int64_t which(const rcm_series_corpus *p, const rcm_series_part *part, const rcb_key *order,
                     int64_t i)
{
    const int64_t n = part->to - part->from;
    const int64_t at = part->from + (order ? rcd_shuffled(*order, n, i) : i);

    return part->s == &p->own[RCM_TRAIN] ? rcm_cut_at(&p->cut, at) : at;
}

/* Steps of training sequence i that are read. */
static int64_t rows_of(const rcm_series_corpus *p, int64_t i)
{
    const rcm_series_part *train = &p->part[RCM_TRAIN];
    const int64_t steps = rcd_series_steps(train->s, which(p, train, NULL, i));

    return steps - (p->next && steps > 0);
}

/* Is there a step at all of which something can be said? */
static rc_status check_rows(const rcm_series_corpus *p, const char *path)
{
    const rcm_series_part *train = &p->part[RCM_TRAIN];

    for (int64_t i = 0; i < train->to - train->from; i++)
        if (rows_of(p, i) > 0)
            return RC_OK;
    return RC_FAIL(RC_EDATA, "cannot train on '%s': no series is long enough", path);
}

static rc_status read_parts(rcm_series_corpus *p, rc_config *c, const rcd_vocab *vocab,
                            rcd_vocab **fresh, bool is_new)
{
    rcd_reading how = reading_of(c, "train");
    rcd_series *train = &p->own[RCM_TRAIN];

    how.lenient = !is_new;
    if (!*c->train)
        return RC_FAIL_HINT(RC_EINVAL, "pass --train FILE", "there are no training series");
    RC_TRY(read_files(train, c->train, &how));
    RC_TRY(complete(c, train));
    p->next = rcm_says_next((rcm_aim)rcm_list_index("aims", c->aim));
    p->batch = c->batch;
    p->order = rcb_stream((uint64_t)c->seed, "order");
    if (train->classes && !vocab) {
        RC_TRY(rcd_series_vocab(fresh, train));
        vocab = *fresh;
    }
    if (train->classes)
        RC_TRY(rcd_series_label(train, vocab, c->train));
    RC_TRY(cut(p, c));
    RC_TRY(check_rows(p, c->train));
    RC_TRY(own_part(p, RCM_VALID, c->valid, c, "valid", vocab));
    return own_part(p, RCM_TEST, c->test, c, "test", vocab);
}

void rcm_series_free(rcm_corpus *c)
{
    rcm_series_corpus *p = (rcm_series_corpus *)(void *)c;

    if (!p)
        return;
    for (int i = 0; i < RCM_PARTS; i++)
        rcd_series_free(&p->own[i]);
    rcb_free(p);
}

rc_status rcm_series_open(rcm_corpus **out, rc_config *c, const rcm_vocabs *have, rcm_vocabs *made)
{
    rcm_series_corpus *p = rcb_calloc(1, sizeof *p);
    rcd_vocab *fresh = NULL;

    *out = NULL;
    if (!p)
        return RC_ENOMEM;
    rc_status s = read_parts(p, c, have ? have->of[RCM_SYMBOLS] : NULL, &fresh, made != NULL);
    if (s != RC_OK) {
        rcd_vocab_free(fresh);
        rcm_series_free((rcm_corpus *)(void *)p);
        return s;
    }
    if (made)
        made->of[RCM_SYMBOLS] = fresh;
    *out = (rcm_corpus *)(void *)p;
    return RC_OK;
}

uint32_t rcm_series_crc(const rcm_corpus *c)
{
    const rcm_series_corpus *p = rcm_series_of(c);
    uint32_t crc = 0;

    for (int i = 0; i < RCM_PARTS; i++) {
        crc = rcb_crc32(crc, &p->part[i].from, sizeof p->part[i].from);
        crc = rcb_crc32(crc, &p->part[i].to, sizeof p->part[i].to);
        crc = rcb_crc32(crc, &p->own[i].crc, sizeof p->own[i].crc);
    }
    return crc;
}

bool rcm_series_has(const rcm_corpus *c, rcm_part part)
{
    return rcm_series_of(c)->part[part].from < rcm_series_of(c)->part[part].to;
}

/* ---- batches ----------------------------------------------------------------------------- */

rc_status rcm_series_next(const rcm_series_corpus *p, const rcm_series_part *part,
                          const rcb_key *order, int64_t most, int64_t *i, rcd_batch *b)
{
    const int64_t n = part->to - part->from;
    int64_t *ids = rcb_alloc((size_t)most, sizeof *ids);
    rc_status s = ids ? RC_OK : RC_ENOMEM;
    bool more = true;

    while (s == RC_OK && more) {
        int64_t count = 0;

        for (; count < most && *i < n; ++*i)
            ids[count++] = which(p, part, order, *i);
        s = rcd_series_batch(part->s, ids, count, p->next, b);
        more = s == RC_OK && count > 0 && b->aims == 0;
    }
    rcb_free(ids);
    return s;
}

int64_t rcm_series_batches(const rcm_corpus *c, int64_t steps)
{
    const rcm_series_part *train = &rcm_series_of(c)->part[RCM_TRAIN];

    (void)steps;
    return (train->to - train->from + rcm_series_of(c)->batch - 1) / rcm_series_of(c)->batch;
}

int64_t rcm_series_rows(const rcm_corpus *c)
{
    const rcm_series_corpus *p = rcm_series_of(c);
    const rcm_series_part *train = &p->part[RCM_TRAIN];
    const int64_t n = train->to - train->from;
    int64_t rows = 0;

    if (train->s->source)
        return n * rows_of(p, 0);
    for (int64_t i = 0; i < n; i++)
        rows += rows_of(p, i);
    return rows;
}

int64_t rcm_series_longest(const rcm_corpus *c)
{
    const rcm_series_corpus *p = rcm_series_of(c);
    const rcm_series_part *train = &p->part[RCM_TRAIN];
    int64_t most = rows_of(p, 0);

    for (int64_t i = 1; !train->s->source && i < train->to - train->from; i++)
        if (rows_of(p, i) > most)
            most = rows_of(p, i);
    return most;
}

rc_status rcm_series_batch(const rcm_corpus *c, int64_t epoch, int64_t pos, int64_t steps,
                           rcm_feed *feed)
{
    const rcm_series_corpus *p = rcm_series_of(c);
    uint32_t word[4];

    (void)steps;
    rcb_draw(p->order, (uint64_t)epoch, 0, word);
    const rcb_key order = {{word[0], word[1]}};
    feed->next = pos;
    return rcm_series_next(p, &p->part[RCM_TRAIN], &order, p->batch, &feed->next, &feed->batch);
}

/* ---- a file for a model ------------------------------------------------------------------ */

static rc_status read_for(rcd_series *s, const rc_model *m, const char *path, bool blind)
{
    const rc_config *c = m->config;
    const rcm_aim aim = (rcm_aim)rcm_list_index("aims", c->aim);
    rcd_reading how = reading_of(c, "eval");

    how.blind = blind;
    how.lenient = true; /* columns are those of the training data, which was a table */
    RC_TRY(rcd_series_read(s, path, &how));
    RC_TRY(check_width(s, c->inputs, 0, path));
    if (blind)
        return RC_OK;
    RC_TRY(check_aim(aim, s, path));
    RC_TRY(check_places(c, s, aim, path));
    RC_TRY(check_width(s, c->inputs, aim == RCM_AIM_VALUES ? c->outputs : 0, path));
    return aim == RCM_AIM_CLASS ? rcd_series_label(s, m->vocab.of[RCM_SYMBOLS], path) : RC_OK;
}

rc_status rcm_series_file(rcd_series *out, const rc_model *m, const char *path, bool blind)
{
    *out = (rcd_series){0};
    const rc_status s = read_for(out, m, path, blind);

    if (s != RC_OK)
        rcd_series_free(out);
    return s;
}
