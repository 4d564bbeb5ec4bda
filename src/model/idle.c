/* idle.c -- options of the tasks that say labels which mean nothing beside others: said, not
 * passed over, before anything is trained.
 */
#include "model/labelled_in.h"

#include <string.h>

/* What `option` says has no meaning while `other` has the value; as --other is told that does away
 * with it, or without which it is nothing (NULL). */
static const struct {
    const char *option, *other, *value, *told;
} idle[] = {
    {"maps", "widths", "", NULL},
    {"char-embed", "char-net", "none", NULL},
    {"char-hidden", "char-net", "none", NULL},
    {"char-width", "char-net", "none", NULL},
    {"char-width", "char-net", "rnn", "--char-net rnn"},
    {"feature-embed", "features", "", NULL},
    {"feedback-embed", "feedback", "false", NULL},
    {"tail", "most", "0", NULL},
    {"cell", "flat", "true", "--flat"},
    {"hidden", "flat", "true", "--flat"},
    {"layers", "flat", "true", "--flat"},
    {"projection", "flat", "true", "--flat"},
    {"bidirectional", "flat", "true", "--flat"},
    {"bias", "flat", "true", "--flat"},
    {"skip", "flat", "true", "--flat"},
    {"window", "flat", "true", "--flat"},
    {"deep-input", "flat", "true", "--flat"},
    {"deep-output", "flat", "true", "--flat"},
    {"learned-start", "flat", "true", "--flat"},
    {"zoneout", "flat", "true", "--flat"},
    {"zoneout-cell", "flat", "true", "--flat"},
    {"forget-bias", "flat", "true", "--flat"},
    {"chrono", "flat", "true", "--flat"},
};

static bool is(const rc_config *c, const char *option, const char *value)
{
    const char *text = rc_config_get(c, option);

    return text && strcmp(text, value) == 0;
}

rc_status rcm_idle_check(const rc_config *c)
{
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        const char *option = idle[i].option;

        if (!is(c, idle[i].other, idle[i].value) || !rc_config_get(c, option) ||
            rc_config_is_default(c, option))
            continue;
        return RC_FAIL_HINT(RC_EINVAL, "leave it out", "cannot set '%s': it means nothing %s%s",
                            option, idle[i].told ? "with " : "without --",
                            idle[i].told ? idle[i].told : idle[i].other);
    }
    return RC_OK;
}
