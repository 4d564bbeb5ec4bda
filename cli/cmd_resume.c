/* cmd_resume.c -- recur resume: go on exactly where training stopped. */
#include "cmd.h"
#include "sitting.h"

/* --epochs and --steps say the same as in recur train, whose lines of help they repeat. */
static const opt options[] = {
    {.name = "epochs", .kind = RC_OPTION_INT, .lo = 0, .hi = 1e9, .group = "training",
     .help = "passes over the training text in all (0: no limit; default: as before)"},
    {.name = "steps", .kind = RC_OPTION_INT, .lo = 0, .hi = 1e15, .group = "training",
     .help = "stop after so many steps in all (0: no limit; default: as before)"},
    OPT_SITTING,
    OPT_JSON,
    OPT_END,
};

/* What may change between two sittings is an option of this command by the same name. */
static rc_status change(const opts *o, rc_trainer *t)
{
    static const char *const names[] = {"epochs", "steps"};
    for (size_t i = 0; i < 2; i++) {
        char text[SAY_ROOM];
        snprintf(text, sizeof text, "%lld", (long long)opts_int(o, names[i]));
        if (!opts_has(o, names[i]))
            continue;
        const rc_status status = rc_trainer_set(t, names[i], text);
        if (status != RC_OK)
            return status;
    }
    return RC_OK;
}

static int run(const opts *o)
{
    rc_trainer *t = NULL;
    const rc_trainer_options sitting = sitting_options(o);
    int code;
    if (rc_trainer_resume(&t, o->args[0], &sitting) != RC_OK || change(o, t) != RC_OK)
        code = say_library_failure();
    else
        code = sitting_run(o, t, o->args[0], true);
    rc_trainer_free(t);
    return code;
}

const command cmd_resume = {
    .name = "resume",
    .usage = "MODEL [options]",
    .summary = "go on exactly where training stopped",
    .example = "recur resume my.model\n"
               "recur resume my.model --epochs 20",
    .about = "Reads MODEL.state and trains on. The data files must be where and what they were. The"
             " result is the same, bit for bit, as if training had never stopped.",
    .options = options,
    .may_be_interrupted = true,
    .run = run,
};
