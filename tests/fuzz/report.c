/* report.c -- whatever a file of what was said holds, it is refused with a message or becomes a
 * report that adds up.
 *
 * The first byte says how it is read: its lowest bit columns or examples, the next what is between.
 */
#include "model/report_in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void use(const rc_report *r)
{
    rc_report_options o = rc_report_options_default();
    rc_comparison c;
    rc_scores *s;
    int64_t sum = 0, pairs = 0;

    o.resamples = 2;
    check(rc_report_measure(r, &o, &s) == RC_OK);
    for (size_t i = 0; i < s->count; i++)
        sum += s->label[i].of.gold;
    for (size_t i = 0; i < s->pairs; i++)
        pairs += s->pair[i].count;
    check(sum == s->labels && pairs == s->labels && s->right <= s->labels);
    check(s->spans.right <= s->spans.gold && s->spans.right <= s->spans.said);
    rc_scores_free(s);
    check(rc_report_compare(r, r, &o, &c) == RC_OK);
    check(c.first_only == 0 && c.second_only == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rc_report_reading how = rc_report_reading_default();
    rc_report *r;

    if (n == 0)
        return 0;
    how.labels = bytes[0] & 1;
    how.delimiter = bytes[0] & 2 ? ',' : '\0';
    check(rc_report_new(&r, NULL, 0) == RC_OK);
    if (rcm_report_parse(r, "fuzz", bytes + 1, n - 1, &how) == RC_OK)
        use(r);
    else
        check(rc_error_message()[0] != '\0');
    rc_report_free(r);
    return 0;
}
