/* idle.c -- options of the tasks that say labels which mean nothing beside others: said, not
 * passed over, before anything is trained.
 */
#include "model/labelled_in.h"

#include <string.h>

/* What `option` says has no meaning while `other` is not set. */
static const struct {
    const char *option, *other;
} without[] = {
    {"maps", "widths"},         {"char-embed", "char-net"},    {"char-hidden", "char-net"},
    {"char-width", "char-net"}, {"feature-embed", "features"}, {"feedback-embed", "feedback"},
    {"tail", "most"},           {"dropout-kind", "dropout"},
};

/* What it says has no meaning while `other` has the value; as both are told. */
static const struct {
    const char *option, *other, *value, *told;
} beside[] = {
    {"char-width", "char-net", "rnn", "--char-net rnn"},
    {"split", "tokens", "char", "--tokens char"},
    {"split", "tokens", "byte", "--tokens byte"},
};

/* What says something of layers that --flat leaves out. */
static const char *const layered[] = {
    "cell",
    "hidden",
    "layers",
    "projection",
    "bidirectional",
    "bias",
    "skip",
    "window",
    "deep-input",
    "deep-output",
    "zoneout",
    "zoneout-cell",
    "learned-start",
    "chrono",
    "activation-penalty",
    "temporal-penalty",
};

/* What says something of files of one format, or of texts that are cut into tokens. */
static const struct {
    const char *option;
    bool trees, fasttext, text;
} formats[] = {
    {"phrases", .trees = true}, {"binary", .trees = true}, {"label-prefix", .fasttext = true},
    {"html", .text = true},     {"split", .text = true},
};

static bool is_set(const rc_config *c, const char *option)
{
    return rc_config_get(c, option) && !rc_config_is_default(c, option);
}

static bool is(const rc_config *c, const char *option, const char *value)
{
    const char *text = rc_config_get(c, option);

    return text && strcmp(text, value) == 0;
}

static rc_status idle(const char *option, const char *how, const char *other)
{
    return RC_FAIL_HINT(RC_EINVAL, "leave it out", "cannot set '%s': it means nothing %s%s", option,
                        how, other);
}

static rc_status check_format(const rc_config *c, const rcd_labelled *set)
{
    rcd_format format = set->format;

    if (!is(c, "format", "auto"))
        RC_TRY(rcd_format_of(&format, c->format));
    const bool trees = format == RCD_FORMAT_TREES, fasttext = format == RCD_FORMAT_FASTTEXT;
    const bool text = !trees && format != RCD_FORMAT_COLUMNS && format != RCD_FORMAT_CONLLU;

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (is_set(c, formats[i].option) && !(formats[i].trees && trees) &&
            !(formats[i].fasttext && fasttext) && !(formats[i].text && text))
            return idle(formats[i].option, "for files of format ", rcd_format_word(format));
    return RC_OK;
}

rc_status rcm_idle_check(const rc_config *c, const rcd_labelled *set)
{
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (is_set(c, without[i].option) && !is_set(c, without[i].other))
            return idle(without[i].option, "without --", without[i].other);
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (is_set(c, beside[i].option) && is(c, beside[i].other, beside[i].value))
            return idle(beside[i].option, "with ", beside[i].told);
    for (size_t i = 0; i < sizeof layered / sizeof *layered; i++)
        if (is(c, "flat", "true") && is_set(c, layered[i]))
            return idle(layered[i], "with ", "--flat");
    if (is_set(c, "unk-rate") && c->min_count > 1)
        return idle("unk-rate", "with ", "--min-count: no word that is kept was seen once");
    return check_format(c, set);
}
