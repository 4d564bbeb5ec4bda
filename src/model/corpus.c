/* corpus.c -- the data of a task that reads running text: files opened, cut into a part for
 * training, one for validation and one for testing, and encoded.
 *
 * Without files of their own, validation and test are cut from the end of the training text, by
 * bytes, at places where a text may be cut. The vocabulary is made of the training part alone.
 */
#include "model/model_in.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A part before it is encoded: bytes of a text. */
struct span {
    rcd_text *own; /* opened for this part alone */
    const rcd_text *text;
    uint64_t from, to;
};

static rc_status open_text(rcd_text **out, const char *files)
{
    char **paths;
    size_t count;

    RC_TRY(rcm_paths(files, &paths, &count));
    const rc_status s = rcd_text_open(out, (const char *const *)paths, count);
    rcm_paths_free(paths, count);
    return s;
}

/* A part with files of its own: all of them. */
static rc_status own_files(struct span *s, const char *files, const char *what)
{
    RC_TRY(open_text(&s->own, files));
    s->text = s->own;
    s->to = rcd_text_bytes(s->own);
    if (s->to == 0)
        return RC_FAIL(RC_EDATA, "the %s text '%s' is empty", what, rcd_text_name(s->own));
    return RC_OK;
}

/* A place in the text where its parts may be cut. */
static uint64_t cut_at(const rcd_text *t, rcd_level level, double share)
{
    return rcd_text_cut(t, level, (uint64_t)floor((double)rcd_text_bytes(t) * share + 1e-6));
}

static rc_status open_parts(struct span part[RCM_PARTS], const rc_config *c, rcd_level level)
{
    const double valid = *c->valid ? 0 : c->valid_split;
    const double test = *c->test ? 0 : c->test_split;

    if (!*c->train)
        return RC_FAIL_HINT(RC_EINVAL, "pass --train FILE", "there is no training text");
    if (valid + test >= 1)
        return RC_FAIL(RC_EINVAL,
                       "cannot cut the training text: %g of it is for validation and %g "
                       "for testing, nothing is left",
                       valid, test);
    RC_TRY(own_files(&part[RCM_TRAIN], c->train, "training"));
    for (int i = RCM_VALID; i < RCM_PARTS; i++)
        part[i].text = part[RCM_TRAIN].text;

    const rcd_text *t = part[RCM_TRAIN].text;
    part[RCM_TEST].to = rcd_text_bytes(t);
    part[RCM_TEST].from = part[RCM_VALID].to = cut_at(t, level, 1 - test);
    part[RCM_VALID].from = part[RCM_TRAIN].to = cut_at(t, level, 1 - test - valid);

    if (*c->valid) {
        part[RCM_VALID].from = 0;
        RC_TRY(own_files(&part[RCM_VALID], c->valid, "validation"));
    }
    if (*c->test) {
        part[RCM_TEST].from = 0;
        RC_TRY(own_files(&part[RCM_TEST], c->test, "test"));
    }
    return RC_OK;
}

/* A vocabulary of the training part. */
static rc_status make_vocab(rcd_vocab **out, const struct span *train, const rc_config *c,
                            rcd_level level)
{
    const rcd_fold fold = {.lower = c->lower, .digits = c->digits};
    const rcd_joining how = {
        .passes = c->bigrams, .min_count = c->min_count, .threshold = c->bigram_threshold};
    rcd_joins joins = {0};

    if (how.passes > 0 && level != RCD_WORD)
        return RC_FAIL_HINT(RC_EINVAL, "pass --level word",
                            "cannot use 'bigrams': a symbol is a %s, words are joined",
                            rcd_level_word(level));
    if (how.passes > 0)
        RC_TRY(rcd_joins_find(&joins, train->text, train->from, train->to, &fold, &how));
    const rcd_cut cut = {.min_count = c->min_count,
                         .max_size = c->max_vocab,
                         .fold = fold,
                         .joins = joins.passes > 0 ? &joins : NULL};
    const rc_status s = rcd_vocab_build(out, level, train->text, train->from, train->to, &cut);

    rcd_joins_free(&joins);
    return s;
}

/* Encode by the vocabulary given, or by a new one. */
static rc_status encode_parts(rcm_corpus *out, const struct span part[RCM_PARTS],
                              const rc_config *c, rcd_level level, const rcd_vocab *vocab,
                              rcd_vocab **made)
{
    if (!vocab) {
        RC_TRY(make_vocab(made, &part[RCM_TRAIN], c, level));
        vocab = *made;
    }
    for (int i = 0; i < RCM_PARTS; i++)
        if (part[i].from < part[i].to)
            RC_TRY(rcd_tape_encode(&out->tape[i], vocab, part[i].text, part[i].from, part[i].to));
    return rcd_joins_told(vocab, &out->joins, &out->joined);
}

static rc_status cut_tracks(rcm_corpus *out, const struct span *train, int64_t tracks,
                            const rcd_vocab *vocab)
{
    const int64_t n = out->tape[RCM_TRAIN].n;
    char hint[96];

    if (n >= 2 * tracks)
        return rcd_stream_init(&out->train, &out->tape[RCM_TRAIN], vocab, tracks, false);
    if (n < 2)
        return RC_FAIL_HINT(RC_EDATA, "pass a longer text",
                            "cannot use '%s': its symbols are %" PRId64 ", 2 are the least",
                            rcd_text_name(train->text), n);
    (void)snprintf(hint, sizeof hint, "pass a longer text or a smaller --batch, at most %" PRId64,
                   n / 2);
    return RC_FAIL_HINT(RC_EDATA, hint,
                        "cannot train on '%s': its %" PRId64 " symbols are too few for a batch of "
                        "%" PRId64 " tracks with 2 or more each",
                        rcd_text_name(train->text), n, tracks);
}

/* A corpus of these parts. */
static rc_status of_parts(rcm_corpus **out, const struct span part[RCM_PARTS], const rc_config *c,
                          int64_t tracks, const rcd_vocab *vocab, rcd_vocab **made)
{
    rcd_vocab *fresh = NULL;
    rcd_level level;

    RC_TRY(rcd_level_of(&level, c->level));
    rcm_corpus *corpus = rcb_calloc(1, sizeof *corpus);
    if (!corpus)
        return RC_ENOMEM;

    rc_status s = encode_parts(corpus, part, c, level, vocab, &fresh);
    if (s == RC_OK && tracks > 0)
        s = cut_tracks(corpus, &part[RCM_TRAIN], tracks, vocab ? vocab : fresh);
    if (s != RC_OK) {
        rcd_vocab_free(fresh);
        rcm_corpus_free(corpus);
        return s;
    }
    if (made)
        *made = fresh;
    *out = corpus;
    return RC_OK;
}

rc_status rcm_corpus_read(rcm_corpus **out, const rc_config *c, int64_t tracks,
                          const rcd_vocab *vocab, rcd_vocab **made)
{
    struct span part[RCM_PARTS] = {0};
    rcd_level level;

    *out = NULL;
    RC_TRY(rcd_level_of(&level, c->level));
    rc_status s = open_parts(part, c, level);
    if (s == RC_OK)
        s = of_parts(out, part, c, tracks, vocab, made);
    for (int i = 0; i < RCM_PARTS; i++)
        rcd_text_free(part[i].own);
    return s;
}

rc_status rcm_corpus_of(rcm_corpus **out, const rc_config *c, const rcd_text *t, rcd_vocab **made)
{
    const struct span part[RCM_PARTS] = {[RCM_TRAIN] = {.text = t, .to = rcd_text_bytes(t)}};

    *out = NULL;
    return of_parts(out, part, c, c->batch, NULL, made);
}

void rcm_corpus_free(rcm_corpus *c)
{
    if (!c)
        return;
    for (int i = 0; i < RCM_PARTS; i++)
        rcd_tape_free(&c->tape[i]);
    rcm_pretrained_free(c->vectors);
    rcb_free(c);
}

uint32_t rcm_corpus_crc(const rcm_corpus *c)
{
    uint32_t crc = 0;

    for (int i = 0; i < RCM_PARTS; i++) {
        crc = rcb_crc32(crc, &c->tape[i].n, sizeof c->tape[i].n);
        crc = rcb_crc32(crc, &c->tape[i].crc, sizeof c->tape[i].crc);
    }
    return crc;
}

bool rcm_corpus_has(const rcm_corpus *c, rcm_part part)
{
    return c->tape[part].n > 0;
}

rc_status rcm_corpus_need(const rcm_corpus *c, rcm_part part)
{
    static const char *const words[RCM_PARTS] = {"training", "validation", "test"};

    return rcm_corpus_has(c, part) ? RC_OK : RC_FAIL(RC_EDATA, "there is no %s text", words[part]);
}

rc_status rcm_text_encode(rcd_tape *out, const rc_model *m, const rcd_text *t, uint64_t from,
                          uint64_t to)
{
    RC_TRY(rcd_tape_encode(out, m->vocab.of[RCM_SYMBOLS], t, from, to));
    if (out->n > 0)
        return RC_OK;
    rcd_tape_free(out);
    return RC_FAIL(RC_EDATA, "cannot evaluate '%s': there is nothing in it", rcd_text_name(t));
}
