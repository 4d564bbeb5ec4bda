/* cmd_report.c -- recur report: what files of labels that were said amount to. */
#include <errno.h>
#include <string.h>
#include "cmd.h"
#include "reports.h"

static const opt options[] = {
    OPT_LABELS,
    OPT_DELIMITER,
    OPT_SCHEME,
    OPT_RESAMPLES,
    OPT_LEVEL,
    OPT_CHANCE,
    {.name = "format",
     .kind = RC_OPTION_NAME,
     .list = "reports",
     .fallback = "table",
     .group = "output",
     .help = "how it is printed"},
    {.name = "confusion",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "the table, and what was said for what of all labels"},
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "draw reliability and confusions as a picture ('-': standard output)"},
    OPT_JSON,
    OPT_END,
};

static bool as_conlleval(const opts *o)
{
    return strcmp(opts_text(o, "format"), "conlleval") == 0;
}

static int show(const opts *o, const rc_scores *s, const rc_report_options *how)
{
    const char *svg = opts_text(o, "svg");

    if (opts_has(o, "svg")) {
        if (!report_save_svg(s, svg))
            return say_failure("cannot write '%s': %s", svg, strerror(errno));
        if (strcmp(svg, "-") == 0)
            return EXIT_DONE;
    }
    if (opts_flag(o, "json"))
        return json_print(stdout, report_json(s, how), false);
    if (as_conlleval(o)) {
        report_print_conlleval(s);
        return EXIT_DONE;
    }
    if (!report_print(s, how) || (opts_flag(o, "confusion") && !report_print_matrix(s)))
        return say_out_of_memory();
    return EXIT_DONE;
}

static int run(const opts *o)
{
    rc_report_options how = reports_options(o);
    rc_report *r = NULL;
    rc_scores *s = NULL;

    if (as_conlleval(o)) {
        if (opts_flag(o, "json") || opts_flag(o, "confusion"))
            return say_misuse("option '--%s' has no place in '--format conlleval'",
                              opts_flag(o, "json") ? "json" : "confusion");
        how.resamples = 0;
        how.scheme = how.scheme ? how.scheme : "iob2"; /* it looks for spans in any labels */
    }
    int code = reports_read(o, o->args, o->arg_count, &r);
    if (code == OPT_GO_ON) {
        const rc_status status = rc_report_measure(r, &how, &s);
        code = status == RC_OK ? show(o, s, &how) : say_library_misuse(status);
    }
    rc_scores_free(s);
    rc_report_free(r);
    return code;
}

const command cmd_report = {
    .name = "report",
    .usage = "FILE [FILE...] [options]",
    .summary = "say how good labels are that were said, from files with the right ones beside",
    .example = "recur report tagged.txt\n"
               "recur report tagged.txt --format conlleval\n"
               "recur report said.tsv --labels --svg report.svg",
    .about = "Reads columns of which the last two are the right (gold) label and the one that was"
             " said, a word a line, with empty lines between sentences; or, with --labels, a line"
             " for each example. Prints accuracy, F1 of labels and of the spans that tags mark,"
             " what was confused, and how far each number might lie elsewhere for other sentences"
             " like these. Several files count as one. See docs/reports.md.",
    .options = options,
    .run = run,
};
