/* bag_plan.c -- what the options of --bag say: of which n-grams, and which options have no meaning
 * beside it or without it.
 */
#include "model/labelled_in.h"

#include <string.h>

enum { MOST_TOKENS = 9, MOST_CHARACTERS = 16 };

rcm_bag_kind rcm_bag_kind_of(const rc_config *c)
{
    return (rcm_bag_kind)rcm_list_index("bags", c->bag);
}

bool rcm_bag_wanted(const rc_config *c)
{
    return rcm_bag_kind_of(c) != RCM_BAG_NONE;
}

/* The digits at *p, which moves on; -1: there are none, or more than make a length. */
static int64_t read_length(const char **p)
{
    int64_t n = -1;

    for (; **p >= '0' && **p <= '9' && n < 1000; ++*p)
        n = (n < 0 ? 0 : 10 * n) + (**p - '0');
    return n;
}

/* "2", "1-2", or "0". */
rc_status rcm_lengths(rcd_lengths *out, const char *option, const char *text, int64_t most)
{
    const char *p = text;

    out->from = out->to = read_length(&p);
    if (*p == '-') {
        p++;
        out->to = read_length(&p);
    }
    const bool none = strcmp(text, "0") == 0;

    if (*p || (!none && (out->from < 1 || out->to < out->from || out->to > most)))
        return RC_FAIL(RC_EINVAL,
                       "cannot set '%s' to '%s': it must be a length from 1 to %" PRId64
                       ", two with a dash between (1-2), or 0 for none",
                       option, text, most);
    return RC_OK;
}

rc_status rcm_grams_plan(rcd_grams_plan *out, const rc_config *c)
{
    const bool each = c->task->each;

    *out = (rcd_grams_plan){
        .level = each ? RCD_WORD : (rcd_level)rcm_list_index("levels", c->tokens),
        .fold = {.lower = c->lower, .digits = c->digits},
        .places = c->places,
        .around = each ? c->gram_around : 0,
    };
    RC_TRY(rcm_lengths(&out->tokens, "ngrams", c->ngrams, MOST_TOKENS));
    return rcm_lengths(&out->characters, "char-ngrams", c->char_ngrams, MOST_CHARACTERS);
}

static bool among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}
#define AMONG(name, list) among(name, list, sizeof(list) / sizeof *(list))

static const char *const own[] = {"ngrams", "char-ngrams", "hash",       "sublinear",
                                  "places", "gram-around", "gram-count", "direct"};

/* Does an option say something of a model without a bag alone? */
static bool is_of_layers(const rc_option *o)
{
    static const char *const shared[] = {"bag", "mlp", "dropout", "init", "scheme", "decoder"};
    static const char *const others[] = {"activation-penalty", "temporal-penalty", "norm-preserve",
                                         "weight-drop",        "vectors",          "vectors-top"};

    return (strcmp(o->group, "model") == 0 && !AMONG(o->name, own) && !AMONG(o->name, shared)) ||
           AMONG(o->name, others);
}

/* Options that are set and mean nothing. */
static rc_status check_idle(const rc_config *c)
{
    const bool bag = rcm_bag_wanted(c);
    const rc_option *o;

    for (size_t i = 0; (o = rc_option_at(i)); i++) {
        if (!rc_config_get(c, o->name) || rc_config_is_default(c, o->name))
            continue;
        if (!bag && AMONG(o->name, own))
            return RC_FAIL_HINT(RC_EINVAL, "pass --bag; see 'recur list bags'",
                                "cannot set '%s': the model reads no bag of n-grams", o->name);
        if (bag && !c->direct && is_of_layers(o))
            return RC_FAIL_HINT(RC_EINVAL,
                                "leave it or --bag out, or pass --direct for a bag beside layers",
                                "cannot set '%s': a bag of n-grams is read at once, without "
                                "vectors of tokens and layers over them",
                                o->name);
    }
    return RC_OK;
}

/* With layers beside them --min-count and --max-vocab are of words. */
rcd_cut rcm_grams_cut(const rc_config *c)
{
    return (rcd_cut){.min_count = c->gram_count > 0 ? c->gram_count
                                  : c->direct       ? 1
                                                    : c->min_count,
                     .max_size = c->direct ? 0 : c->max_vocab};
}

/* What says something of runs of tokens alone, where there are none. */
static rc_status check_runs(const rc_config *c, const rcd_grams_plan *how)
{
    static const char *const of_runs[] = {"places", "gram-around", "features"};

    if (how->tokens.to > 0)
        return RC_OK;
    for (size_t i = 0; i < sizeof of_runs / sizeof *of_runs; i++)
        if (rc_config_get(c, of_runs[i]) && !rc_config_is_default(c, of_runs[i]) &&
            !(c->direct && strcmp(of_runs[i], "features") == 0)) /* which layers read */
            return RC_FAIL(RC_EINVAL, "cannot set '%s': it means nothing without 'ngrams'",
                           of_runs[i]);
    return RC_OK;
}

static rc_status check_pairs(const rc_config *c, const rcd_grams_plan *how)
{
    const rcm_bag_kind kind = rcm_bag_kind_of(c);

    if (c->task->each && kind != RCM_BAG_BINARY)
        return RC_FAIL_HINT(RC_EINVAL, "use --bag binary",
                            "cannot set 'bag' to '%s': what stands around a token is there or not",
                            c->bag);
    if (c->task->each && how->tokens.to > 2 * how->around + 1)
        return RC_FAIL(RC_EINVAL,
                       "cannot set 'ngrams' to '%s': of 'gram-around' %" PRId64
                       " tokens on each side there are runs of %" PRId64 " at most",
                       c->ngrams, how->around, 2 * how->around + 1);
    RC_TRY(check_runs(c, how));
    if (how->tokens.to == 0 && how->characters.to == 0)
        return RC_FAIL(RC_EINVAL, "there are no n-grams: 'ngrams' and 'char-ngrams' are both 0");
    if (how->characters.to > 0 && how->level != RCD_WORD)
        return RC_FAIL_HINT(RC_EINVAL, "use --ngrams for runs of characters across words",
                            "cannot set 'char-ngrams' where tokens are no words");
    if (how->level == RCD_BYTE && c->hash == 0)
        return RC_FAIL_HINT(RC_EINVAL, "pass --hash, or --tokens char",
                            "cannot keep n-grams of bytes in a dictionary");
    if (c->hash > 0 && (rcm_grams_cut(c).min_count > 1 || rcm_grams_cut(c).max_size > 0))
        return RC_FAIL(RC_EINVAL, "cannot cut n-grams that are numbered by a hash: leave "
                                  "'gram-count', 'min-count' and 'max-vocab' out");
    if (c->gram_count > 0 && !c->direct && !rc_config_is_default(c, "min-count"))
        return RC_FAIL(RC_EINVAL,
                       "cannot set 'min-count': 'gram-count' says which n-grams are kept");
    if (c->sublinear && kind != RCM_BAG_COUNT && kind != RCM_BAG_TFIDF)
        return RC_FAIL(RC_EINVAL, "cannot set 'sublinear' with --bag %s, which does not count",
                       c->bag);
    if (kind == RCM_BAG_NB && *c->mlp && !c->direct)
        return RC_FAIL_HINT(RC_EINVAL, "leave --mlp out, or use --bag binary",
                            "cannot set 'mlp' with --bag nb: its ratios are of labels, which the "
                            "weights must reach at once");
    return RC_OK;
}

rc_status rcm_bag_check(const rc_config *c)
{
    rcd_grams_plan how;

    if (!rc_config_get(c, "bag"))
        return RC_OK;
    RC_TRY(check_idle(c));
    if (!rcm_bag_wanted(c))
        return RC_OK;
    RC_TRY(rcm_grams_plan(&how, c));
    return check_pairs(c, &how);
}
