/* cmd_xray.c -- recur xray: what goes on in the recurrent layers of a model, trained or fresh. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "cmd.h"
#include "xray_show.h"

static const opt options[] = {
    {.name = "length",
     .kind = RC_OPTION_INT,
     .fallback = "100",
     .lo = 2,
     .hi = 1e6,
     .group = "looking",
     .help = "steps of a window, with the loss at the last one"},
    {.name = "windows",
     .kind = RC_OPTION_INT,
     .fallback = "16",
     .lo = 1,
     .hi = 65536,
     .group = "looking",
     .help = "windows that are averaged, evenly laid over the text"},
    {.name = "exact",
     .kind = RC_OPTION_INT,
     .fallback = "128",
     .lo = 1,
     .hi = 4096,
     .group = "looking",
     .help = "singular values of layers of at most so many units; of larger ones lengths alone,"
             " from so many random directions"},
    {.name = "html",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "write a page with all pictures to FILE (-: standard output)"},
    {.name = "svg",
     .kind = RC_OPTION_TEXT,
     .value = "FILE",
     .group = "output",
     .prints = true,
     .help = "write the picture of the gradient to FILE (-: standard output)"},
    OPT_THREADS,
    OPT_JSON,
    OPT_END,
};

static int write_pictures(const opts *o, const xray_view *v)
{
    const char *html = opts_text(o, "html"), *svg = opts_text(o, "svg");
    xray_curves c;
    if (opts_has(o, "html") && !xray_save_page(v, html))
        return say_failure("cannot write '%s': %s", html, strerror(errno));
    if (!opts_has(o, "svg"))
        return EXIT_DONE;
    if (!xray_gradient_curves(v, false, &c))
        return say_out_of_memory();
    int code = EXIT_DONE;
    if (!plot_has_points(&c.p))
        code = say_failure("cannot draw the gradient: it is zero everywhere");
    else if (!plot_save(&c.p, svg))
        code = say_failure("cannot write '%s': %s", svg, strerror(errno));
    xray_curves_free(&c);
    return code;
}

static int show(const opts *o, const xray_view *v)
{
    const bool pictures = opts_has(o, "html") || opts_has(o, "svg");
    int code = EXIT_DONE;
    if (pictures)
        code = write_pictures(o, v);
    if (code == EXIT_DONE && opts_flag(o, "json"))
        return xray_print_json(v);
    return pictures ? code : xray_print(v);
}

/* What the model is, in a line. */
static void title_of(const rc_model *m, const char *name, char *out, size_t room)
{
    const rc_config *c = rc_model_config(m);
    char hidden[SAY_ROOM];
    snprintf(hidden, sizeof hidden, "%s",
             rc_config_get(c, "hidden") ? rc_config_get(c, "hidden") : "");
    snprintf(out, room, "%s: %s, %s %s, %s %s", name, rc_config_task(c),
             rc_config_get(c, "cell") ? rc_config_get(c, "cell") : "no cell", hidden,
             rc_config_get(c, "layers") ? rc_config_get(c, "layers") : "0",
             rc_config_get(c, "layers") && strcmp(rc_config_get(c, "layers"), "1") == 0 ? "layer"
                                                                                        : "layers");
}

/* What was asked for and is not so. */
static void say_shorter(const opts *o, const rc_xray *x, const char *data, bool text)
{
    const int64_t steps = opts_int(o, "length"), windows = opts_int(o, "windows");
    if (opts_has(o, "windows") && x->windows < windows)
        say_unless_quiet(o, "'%s' has %" PRId64 " of the %" PRId64 " windows of --windows", data,
                         x->windows, windows);
    if (opts_has(o, "length") && x->steps < steps)
        say_unless_quiet(
            o, "the longest window of '%s' has %" PRId64 " steps, --length is %" PRId64 "%s", data,
            x->steps, steps, text && x->windows > 1 ? " (fewer --windows are longer)" : "");
}

static int look(const opts *o, const rc_model *m, const char *name, const char *path)
{
    rc_xray_options how = rc_xray_options_default();
    char title[512];
    rc_xray *x = NULL;
    how.steps = opts_int(o, "length");
    how.windows = opts_int(o, "windows");
    how.exact = opts_int(o, "exact");
    how.threads = (int)opts_int(o, "threads");
    if (rc_model_xray(&x, m, path, &how) != RC_OK)
        return say_library_failure();
    title_of(m, name, title, sizeof title);
    const xray_view v = {.x = x, .title = title, .data = path ? path : opts_text(o, "train")};
    say_shorter(o, x, v.data, rc_config_get(rc_model_config(m), "level") != NULL);
    const int code = show(o, &v);
    rc_xray_free(x);
    return code;
}

/* A model as training would begin with it. */
static int look_at_fresh(const opts *o)
{
    rc_trainer_options how = rc_trainer_options_default();
    rc_config *c = NULL;
    rc_trainer *t = NULL;
    if (!opts_has(o, "train"))
        return say_misuse("'recur xray %s' needs --train FILE", o->task);
    if (o->arg_count > 0)
        return say_misuse("'recur xray %s' reads what --train says, not '%s'", o->task, o->args[0]);
    int code = opts_config(o, &c);
    if (code != OPT_GO_ON)
        return code;
    how.threads = (int)opts_int(o, "threads");
    static const char *const one[] = {"batch", "shards"}; /* no batch is made of the data */
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        if (rc_config_get(c, one[i]))
            (void)rc_config_set(c, one[i], "1");
    if (rc_trainer_new(&t, c, "fresh", &how) != RC_OK)
        code = say_library_failure();
    else
        code = look(o, rc_trainer_model(t), "fresh", NULL);
    rc_trainer_free(t);
    rc_config_free(c);
    return code;
}

static int run(const opts *o)
{
    rc_model *m = NULL;
    if (o->task)
        return look_at_fresh(o);
    if (o->arg_count < 2) {
        say_misuse("'recur xray' needs a FILE for the model to read");
        say_hint("usage: recur xray %s", o->command->usage);
        return EXIT_MISUSED;
    }
    if (rc_model_open(&m, o->args[0]) != RC_OK)
        return say_library_failure();
    const int code = look(o, m, o->args[0], o->args[1]);
    rc_model_free(m);
    return code;
}

const command cmd_xray = {
    .name = "xray",
    .usage = "MODEL|TASK [FILE] [options]",
    .summary = "look into the recurrent layers of a model",
    .example = "recur xray my.model input.txt\n"
               "recur xray my.model input.txt --html xray.html\n"
               "recur xray lm --train input.txt --cell tanh --init '*weight_hh*=normal:0.05'",
    .about =
        "Lets the model read windows of FILE and shows, for every layer: how the gradient of a loss"
        " at the last step changes on the way back, singular values of the Jacobian products"
        " dh_T / dh_k, radius and norm of the recurrent weights of every gate, how saturated the"
        " gates are, and how long units remember.\n"
        "With a TASK in the place of MODEL it takes the options of recur train and looks into the"
        " fresh model that training would begin with.",
    .options = options,
    .takes_task = true,
    .or_model = true,
    .run = run,
};
