/* reports.c -- files of what was said, read by the options of the command line. */
#include "reports.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The character that an option names; false: it names none. */
static bool delimiter_of(const char *text, char *out)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        *out = '\t';
    else if (strcmp(text, "space") == 0)
        *out = ' ';
    else if (strlen(text) == 1)
        *out = text[0];
    else
        return false;
    return true;
}

int reports_read(const opts *o, const char *const *paths, size_t count, rc_report **out)
{
    rc_report_reading how = rc_report_reading_default();
    rc_report *r = NULL;

    *out = NULL;
    how.labels = opts_flag(o, "labels");
    if (opts_has(o, "delimiter") && !delimiter_of(opts_text(o, "delimiter"), &how.delimiter))
        return say_misuse("option '--delimiter' takes one character, 'tab' or 'space', not '%s'",
                          opts_text(o, "delimiter"));
    rc_status status = rc_report_new(&r, NULL, 0);
    for (size_t i = 0; i < count && status == RC_OK; i++)
        status = rc_report_read(r, paths[i], &how);
    if (status != RC_OK) {
        rc_report_free(r);
        return say_library_misuse(status);
    }
    *out = r;
    return OPT_GO_ON;
}

rc_report_options reports_options(const opts *o)
{
    rc_report_options how = rc_report_options_default();

    how.scheme = opts_has(o, "scheme") ? opts_text(o, "scheme") : NULL;
    how.resamples = opts_int(o, "resamples");
    how.level = opts_real(o, "level");
    how.seed = (uint64_t)opts_int(o, "seed");
    return how;
}

void reports_print_chance(const rc_report_options *o, const char *what)
{
    char count[SAY_ROOM];

    if (o->resamples > 0)
        printf("\nintervals: %.4g%% of %s %s\n", 100 * o->level, say_count(count, o->resamples),
               what);
}

const char *reports_percent(char out[REPORTS_ROOM], const rc_bounded *b)
{
    if (isnan(b->value))
        return "-";
    const int n = snprintf(out, REPORTS_ROOM, "%.2f", 100 * b->value);

    if (!isnan(b->lo))
        snprintf(out + n, REPORTS_ROOM - (size_t)n, " (%.2f to %.2f)", 100 * b->lo, 100 * b->hi);
    return out;
}

json_t *reports_json_bounded(const rc_bounded *b)
{
    return json_pack("{s:o, s:o, s:o}", "value", json_number(b->value), "low", json_number(b->lo),
                     "high", json_number(b->hi));
}

bool report_format(size_t i, rc_entry *out)
{
    static const rc_entry formats[] = {
        {"table", "for people", NULL},
        {"conlleval", "as the script of the CoNLL tasks prints it", NULL},
    };

    if (i < sizeof formats / sizeof *formats)
        *out = formats[i];
    return i < sizeof formats / sizeof *formats;
}
