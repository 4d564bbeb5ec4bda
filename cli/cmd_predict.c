/* cmd_predict.c -- recur predict: what a model has to say of every sequence of a file.
 *
 * A line for every answer, numbers and names separated by tabs, or one JSON object for each.
 */
#include <inttypes.h>
#include <string.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "best",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 1,
     .hi = 1000,
     .group = "output",
     .help = "of classes: so many of the most probable ones"},
    {.name = "ahead",
     .kind = RC_OPTION_INT,
     .fallback = "1",
     .lo = 1,
     .hi = 1e6,
     .group = "output",
     .help = "of a model of the next step: so many steps beyond the end, each read as if it had "
             "come"},
    {.name = "beyond",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "of a model of the next step: only the steps beyond the end"},
    {.name = "states",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "in place of answers, the vector that the output layer reads at the last step of each "
             "sequence: the model as an encoder"},
    {.name = "format",
     .kind = RC_OPTION_TEXT,
     .value = "NAME",
     .fallback = "numbers",
     .group = "output",
     .help = "of labels: numbers (the default, as above), conll (a word and its label in a line, an"
             " empty line between sequences), or labels (a label in a line, with tabs its"
             " probability)"},
    {.name = "gold",
     .kind = RC_OPTION_FLAG,
     .group = "output",
     .help = "of labels: say the right one, which the file has, before the one that is said: what"
             " recur report and recur compare read"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

typedef enum format { FORMAT_NUMBERS, FORMAT_CONLL, FORMAT_LABELS, FORMATS } format;
static const char *const formats[FORMATS] = {"numbers", "conll", "labels"};

typedef struct printer {
    const rc_model *m;
    int64_t best;
    bool json;
    bool beyond, states, gold;
    format format;
    int64_t sequence; /* that was printed last; -1: none */
    int code;
} printer;

/* The class that comes after `last` by falling probability, equal ones by number; last -1: the
 * first. */
static int64_t next_best(const rc_prediction *p, int64_t last)
{
    int64_t best = -1;

    for (int64_t i = 0; i < p->count; i++) {
        const bool after = last < 0 || p->values[i] < p->values[last] ||
                           (p->values[i] == p->values[last] && i > last);
        if (after && (best < 0 || p->values[i] > p->values[best]))
            best = i;
    }
    return best;
}

/* The label that is said; of series, the most probable class. */
static const char *said(const printer *out, const rc_prediction *p, size_t *n)
{
    return rc_model_label(out->m, p->said >= 0 ? p->said : (int32_t)next_best(p, -1), n);
}

/* Does it have one of the characters? */
static bool has_any(const char *p, size_t n, const char *characters)
{
    for (; *characters; characters++)
        if (memchr(p, *characters, n))
            return true;
    return false;
}

/* What stands between others in a line must not look like what is between. */
static int check_cell(const printer *out, const char *p, size_t n)
{
    const bool conll = out->format == FORMAT_CONLL;
    if (out->json || !has_any(p, n, conll ? "\t\n " : "\t\n"))
        return OPT_GO_ON;
    say_failure("cannot print '%.*s' in a line of columns: it has a %s", (int)n, p,
                conll ? "blank, a tab or a line feed" : "tab or a line feed");
    say_hint("pass --json%s", conll ? ", or --format labels" : "");
    return EXIT_FAILED;
}

static void print_gold(const printer *out, const rc_prediction *p, char after)
{
    if (out->gold)
        printf("%.*s%c", p->gold ? (int)p->gold_bytes : 1, p->gold ? p->gold : "_", after);
}

/* "London B-LOC" or "London B-LOC I-LOC", an empty line between sequences. */
static void print_conll(printer *out, const rc_prediction *p)
{
    size_t n;
    const char *label = said(out, p, &n);
    if (out->sequence >= 0 && p->sequence != out->sequence)
        putchar('\n');
    if (p->token)
        printf("%.*s ", (int)p->token_bytes, p->token);
    print_gold(out, p, ' ');
    printf("%.*s\n", (int)n, label);
    out->sequence = p->sequence;
}

/* What the file has and is to be printed; labels of the model were looked at before. */
static int check_answer(const printer *out, const rc_prediction *p)
{
    int code = OPT_GO_ON;
    if (p->token && out->format == FORMAT_CONLL)
        code = check_cell(out, p->token, p->token_bytes);
    if (code == OPT_GO_ON && out->gold && p->gold)
        code = check_cell(out, p->gold, p->gold_bytes);
    return code;
}

/* "positive<TAB>0.981342" */
static void print_label(const printer *out, const rc_prediction *p)
{
    size_t n;
    const char *label = said(out, p, &n);
    print_gold(out, p, '\t');
    printf("%.*s\t%.6f\n", (int)n, label,
           (double)p->values[p->said >= 0 ? p->said : next_best(p, -1)]);
}

static json_t *class_json(const printer *out, const rc_prediction *p, int64_t i)
{
    size_t n;
    const char *name = rc_model_label(out->m, (int32_t)i, &n);
    return json_pack("{s:o, s:o}", "class", json_bytes(name, n), "p",
                     json_number((double)p->values[i]));
}

static int print_json(const printer *out, const rc_prediction *p)
{
    json_t *o = json_pack("{s:I}", "sequence", (json_int_t)p->sequence), *list = json_array();
    if (p->step >= 0)
        json_put(&o, "step", json_integer(p->step));
    for (int64_t i = 0, at = -1; p->classes && i < out->best && i < p->count; i++) {
        at = next_best(p, at);
        json_add(&list, class_json(out, p, at));
    }
    for (int64_t i = 0; !p->classes && i < p->count; i++)
        json_add(&list, json_number((double)p->values[i]));
    if (p->token)
        json_put(&o, "token", json_bytes(p->token, p->token_bytes));
    if (p->gold)
        json_put(&o, "gold", json_bytes(p->gold, p->gold_bytes));
    if (p->classes) {
        size_t n;
        const char *label = said(out, p, &n);
        json_put(&o, "said", json_bytes(label, n));
    }
    json_put(&o, p->classes ? "classes" : out->states ? "state" : "values", list);
    return json_print(stdout, o, false);
}

static void print_class(const printer *out, const rc_prediction *p, int64_t i)
{
    size_t n;
    const char *name = rc_model_label(out->m, (int32_t)i, &n);
    printf("\t%.*s\t%.6f", (int)n, name, (double)p->values[i]);
}

/* What is said, which of tags that go together is not always the most probable, then others. */
static void print_classes(const printer *out, const rc_prediction *p)
{
    const int64_t first = p->said >= 0 ? p->said : next_best(p, -1);
    int64_t shown = 1;
    print_class(out, p, first);
    for (int64_t at = next_best(p, -1); at >= 0 && shown < out->best; at = next_best(p, at)) {
        if (at == first)
            continue;
        print_class(out, p, at);
        shown++;
    }
}

static void print_line(const printer *out, const rc_prediction *p)
{
    printf("%" PRId64, p->sequence);
    if (p->step >= 0)
        printf("\t%" PRId64, p->step);
    if (p->classes)
        print_classes(out, p);
    for (int64_t i = 0; !p->classes && i < p->count; i++)
        printf("\t%.7g", (double)p->values[i]);
    putchar('\n');
}

static bool print(void *ctx, const rc_prediction *p)
{
    printer *out = ctx;
    if (out->beyond && p->step < p->steps)
        return true;
    if (p->classes && check_answer(out, p) != OPT_GO_ON) {
        out->code = EXIT_FAILED;
        return false;
    }
    if (out->json)
        out->code = print_json(out, p);
    else if (p->classes && out->format == FORMAT_CONLL)
        print_conll(out, p);
    else if (p->classes && out->format == FORMAT_LABELS)
        print_label(out, p);
    else
        print_line(out, p);
    return out->code == EXIT_DONE && !ferror(stdout);
}

static int check_labels(const printer *out)
{
    int code = OPT_GO_ON;
    size_t n;
    const char *label;
    for (int32_t i = 0; code == OPT_GO_ON && (label = rc_model_label(out->m, i, &n)); i++)
        code = check_cell(out, label, n);
    return code;
}

/* Does the model know what is asked for? */
static int check_model(const opts *o, const printer *out)
{
    const char *task = rc_config_task(rc_model_config(out->m));
    const bool labels = rc_model_labels(out->m) > 0 && strcmp(task, "series") != 0;
    if (labels && (out->beyond || opts_has(o, "ahead")))
        return say_misuse("option '--%s' has no place here: a model of task '%s' says nothing of "
                          "steps to come",
                          out->beyond ? "beyond" : "ahead", task);
    if (!labels && out->gold)
        return say_misuse("option '--gold' has no place here: a model of task '%s' is not told the "
                          "right answers of a file",
                          task);
    if (rc_model_labels(out->m) == 0 && out->format != FORMAT_NUMBERS)
        return say_misuse("option '--format' has no place here: the model says no labels");
    return labels ? check_labels(out) : OPT_GO_ON;
}

static int run(const opts *o)
{
    rc_model *m = NULL;
    rc_predict_options how = rc_predict_options_default();
    how.ahead = opts_int(o, "ahead");
    how.threads = (int)opts_int(o, "threads");
    how.states = opts_flag(o, "states");
    how.gold = opts_flag(o, "gold");
    how.note = say_note;
    how.note_ctx = (void *)(uintptr_t)o;
    int form = 0;
    while (form < FORMATS && strcmp(opts_text(o, "format"), formats[form]) != 0)
        form++;
    if (form == FORMATS)
        return say_misuse("--format is 'numbers', 'conll' or 'labels', not '%s'",
                          opts_text(o, "format"));
    if (how.gold && form == FORMAT_NUMBERS && !opts_flag(o, "json"))
        return say_misuse("option '--gold' goes with --format conll, --format labels or --json");
    if (form != FORMAT_NUMBERS && opts_flag(o, "json"))
        return say_misuse("options '--format %s' and '--json' do not go together", formats[form]);
    if (form != FORMAT_NUMBERS && opts_has(o, "best"))
        return say_misuse("options '--format %s' and '--best' do not go together: a line has one"
                          " label",
                          formats[form]);
    if (how.states && opts_flag(o, "beyond"))
        return say_misuse("options '--states' and '--beyond' do not go together");
    if (how.states && opts_has(o, "best"))
        return say_misuse("options '--states' and '--best' do not go together");
    if (how.states && opts_has(o, "ahead"))
        return say_misuse("options '--states' and '--ahead' do not go together");
    if (rc_model_open(&m, o->args[0]) != RC_OK)
        return say_library_failure();
    printer out = {.m = m,
                   .best = opts_int(o, "best"),
                   .json = opts_flag(o, "json"),
                   .beyond = opts_flag(o, "beyond"),
                   .states = how.states,
                   .gold = how.gold,
                   .format = (format)form,
                   .sequence = -1};
    int code = check_model(o, &out);
    if (code == OPT_GO_ON) {
        const rc_status status =
            rc_model_predict(m, o->arg_count > 1 ? o->args[1] : "-", &how, print, &out);
        code = status == RC_ESTOP ? out.code : status == RC_OK ? EXIT_DONE : say_library_failure();
    }
    rc_model_free(m);
    return code;
}

const command cmd_predict = {
    .name = "predict",
    .usage = "MODEL [FILE] [options]",
    .summary = "print what a model has to say of the sequences of a file",
    .example = "recur predict vowels.model JapaneseVowels_TEST.ts --best 3\n"
               "recur predict chorales.model jsb.test.txt --ahead 16 --beyond --json\n"
               "recur predict vowels.model JapaneseVowels_TEST.ts --states > vectors.tsv",
    .about =
        "For every sequence of FILE (or standard input), in its order: its number and the class"
        " with its probability, or the numbers. Where a model speaks of every step, the step comes"
        " second, counted from 0; a model of the next step speaks of steps 1 and on, the last one"
        " beyond the end. Answers that the file may have are not looked at but with --gold.",
    .options = options,
    .run = run,
};
