/* repro_odyssey.c -- nine LSTMs, each with settings drawn at random: Greff, Srivastava, Koutnik,
 * Steunebrink and Schmidhuber 2017, LSTM: A Search Space Odyssey, the part on the JSB chorales.
 *
 * As there: one layer, units, rate, momentum and noise on the inputs drawn for every trial from
 * these ranges, weights that begin as normal:0.1, an update after every sequence by SGD with
 * Nesterov's momentum, the rate times 1 - momentum, no clipping, the end after 15 epochs without a
 * gain or after 150. The loss of an update is that of the whole sequence. Trials go round the
 * variants, so that wherever it stops there are as many of each.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "repro.h"

const odyssey_variant odyssey_variants[ODYSSEY_VARIANTS] = {
    {"vanilla", "lstm-peephole", "LSTM with peepholes"},
    {"NIG", "lstm-nig", "no input gate"},
    {"NFG", "lstm-nfg", "no forget gate"},
    {"NOG", "lstm-nog", "no output gate"},
    {"NIAF", "lstm-niaf", "no activation function of the input"},
    {"NOAF", "lstm-noaf", "no activation function of the output"},
    {"CIFG", "lstm-cifg", "input and forget gate coupled"},
    {"NP", "lstm", "no peepholes"},
    {"FGR", "lstm-fgr", "gates that read all gates of the step before"},
};

const odyssey_setting odyssey_settings[ODYSSEY_SETTINGS] = {
    {.name = "hidden", .lo = 20, .hi = 200, .log = true},
    {.name = "lr", .lo = 1e-6, .hi = 1e-2, .log = true},
    {.name = "momentum", .lo = 0.01, .hi = 1, .log = true, .from_one = true},
    {.name = "input-noise", .lo = 0, .hi = 1},
};

typedef struct odyssey {
    rc_config *base;
    rc_space *space;
    uint64_t seed;
} odyssey;

/* ---- settings ------------------------------------------------------------------------------- */

static double real_of(const rc_config *c, const char *name)
{
    return strtod(rc_config_get(c, name), NULL);
}

/* The rate of a trial's configuration is the one drawn times 1 - momentum. */
double odyssey_value(const trial *t, const odyssey_setting *s)
{
    const double x = real_of(t->config, s->name);

    return strcmp(s->name, "lr") == 0 ? x / (1 - real_of(t->config, "momentum")) : x;
}

static rc_status set_number(rc_config *c, const char *name, const char *format, double x)
{
    char text[40];

    snprintf(text, sizeof text, format, x);
    return rc_config_set(c, name, text);
}

static rc_status make(const void *ctx, int64_t i, rc_config **out)
{
    const odyssey *y = ctx;
    rc_status status = rc_space_draw(y->space, y->seed, (uint64_t)i, out);

    if (status != RC_OK)
        return status;
    const double rate = real_of(*out, "lr") * (1 - real_of(*out, "momentum"));
    status = rc_config_set(*out, "cell", odyssey_variants[i % ODYSSEY_VARIANTS].cell);
    if (status == RC_OK)
        status = set_number(*out, "lr", "%.4g", rate);
    if (status == RC_OK)
        status = set_number(*out, "seed", "%.0f", fmod((double)y->seed + (double)i, 0x1p53));
    return status;
}

static rc_status vary(odyssey *y)
{
    char text[400] = "cell=";
    rc_status status = rc_space_new(&y->space, y->base);

    for (int v = 0; v < ODYSSEY_VARIANTS; v++)
        sprintf(text + strlen(text), "%s%s", v ? "," : "", odyssey_variants[v].cell);
    if (status == RC_OK)
        status = rc_space_vary(y->space, text);
    for (int i = 0; status == RC_OK && i < ODYSSEY_SETTINGS; i++) {
        const odyssey_setting *s = &odyssey_settings[i];
        snprintf(text, sizeof text, "%s=%s%s%g..%g", s->name, s->from_one ? "1-" : "",
                 s->log ? "log:" : "", s->lo, s->hi);
        status = rc_space_vary(y->space, text);
    }
    return status;
}

/* ---- what trials have in common ------------------------------------------------------------- */

static int read_data(const opts *o, rc_config *c)
{
    static const char *const parts[] = {"train", "valid", "test"};
    int code = OPT_GO_ON;

    for (size_t i = 0; code == OPT_GO_ON && i < sizeof parts / sizeof *parts; i++) {
        char file[80], *path;
        snprintf(file, sizeof file, "jsb_chorales/jsb-quarter.%s.txt", parts[i]);
        code = repro_data(o, file, &path);
        if (code != OPT_GO_ON)
            return code;
        if (rc_config_set(c, parts[i], path) != RC_OK)
            code = say_library_failure();
        free(path);
    }
    return code;
}

static rc_status set_base(const opts *o, rc_config *c)
{
    static const char *const fixed[][2] = {
        {"aim", "bits"},    {"batch", "1"},         {"average", "sequence"},
        {"clip", "0"},      {"init", "normal:0.1"}, {"forget-bias", "0"},
        {"bias", "single"}, {"patience", "15"},     {"optimizer", "nesterov"},
    };
    rc_status status = RC_OK;

    for (size_t i = 0; status == RC_OK && i < sizeof fixed / sizeof *fixed; i++)
        status = rc_config_set(c, fixed[i][0], fixed[i][1]);
    if (status == RC_OK)
        status = set_number(c, "epochs", "%.0f", (double)opts_int(o, "epochs"));
    if (status == RC_OK)
        status = set_number(c, "seed", "%.0f", (double)opts_int(o, "seed"));
    return status;
}

static int prepare(const opts *o, odyssey *y)
{
    if (rc_config_new(&y->base, "series") != RC_OK || set_base(o, y->base) != RC_OK)
        return say_library_failure();
    const int code = read_data(o, y->base);
    if (code == OPT_GO_ON && vary(y) != RC_OK)
        return say_library_failure();
    y->seed = (uint64_t)opts_int(o, "seed");
    return code;
}

/* ---- the run -------------------------------------------------------------------------------- */

static int run_plan(const opts *o, const trials_plan *plan)
{
    trials s;
    int code = trials_open(&s, o, plan);

    if (code == OPT_GO_ON && !opts_flag(o, "show"))
        code = trials_run(&s);
    if (code == OPT_GO_ON)
        code = trials_refresh(&s);
    if (code == OPT_GO_ON)
        code = odyssey_report(&s);
    if (code == EXIT_DONE && trials_are_refused(&s))
        code = say_failure("no trial could be trained");
    trials_tell_left(&s);
    trials_close(&s);
    return code;
}

static int run_odyssey(const opts *o)
{
    odyssey y = {0};
    trials_plan plan = {
        .dir = opts_text(o, "dir"),
        .words = &trials_of_search,
        .count = opts_int(o, "trials") * ODYSSEY_VARIANTS,
        .with_test = true,
        .look = opts_flag(o, "show"),
        .time = opts_real(o, "time"),
        .tensorboard = "",
        .make = make,
        .ctx = &y,
    };

    int code = prepare(o, &y);
    if (code == OPT_GO_ON) {
        plan.base = y.base;
        plan.space = y.space;
        plan.about = json_pack("{s:s}", "repro", "odyssey");
        code = run_plan(o, &plan);
        json_decref(plan.about);
    }
    rc_space_free(y.space);
    rc_config_free(y.base);
    return code;
}

const repro repro_odyssey = {
    .name = "odyssey",
    .help = "nine LSTMs by random search on the JSB chorales",
    .paper = "Greff, Srivastava, Koutnik, Steunebrink, Schmidhuber 2017, LSTM: A Search Space"
             " Odyssey",
    .run = run_odyssey,
};
