/* cmd_resume.c -- recur resume: go on exactly where training stopped. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include "cmd.h"
#include "many.h"
#include "sitting.h"

/* --epochs and --steps say the same as in recur train, whose lines of help they repeat. */
static const opt options[] = {
    {.name = "epochs",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 1e9,
     .group = "training",
     .help = "passes over the training text in all (0: no limit; default: as before)"},
    {.name = "steps",
     .kind = RC_OPTION_INT,
     .lo = 0,
     .hi = 1e15,
     .group = "training",
     .help = "stop after so many steps in all (0: no limit; default: as before)"},
    OPT_SITTING,
    OPT_CSV,
    OPT_JSON,
    OPT_END,
};

/* Set what may change between two sittings. Setting --epochs, if only to what it was, makes a run
 * that --time has ended go on. */
static rc_status change(const opts *o, rc_trainer *t)
{
    const char *epochs = rc_config_get(rc_model_config(rc_trainer_model(t)), "epochs");
    char text[SAY_ROOM];
    rc_status status = RC_OK;
    snprintf(text, sizeof text, "%" PRId64, opts_int(o, "epochs"));
    if (opts_has(o, "epochs"))
        epochs = text;
    if (epochs)
        status = rc_trainer_set(t, "epochs", epochs);
    snprintf(text, sizeof text, "%" PRId64, opts_int(o, "steps"));
    if (status == RC_OK && opts_has(o, "steps"))
        status = rc_trainer_set(t, "steps", text);
    return status;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int run(const opts *o)
{
    rc_trainer *t = NULL;
    const rc_trainer_options sitting = sitting_options(o);
    int code = sitting_check(o);
    if (code != OPT_GO_ON)
        return code;
    if (strcmp(o->args[0], "-") == 0)
        return say_misuse("'recur resume' goes on from a file, MODEL cannot be '-'");
    if (is_folder(o->args[0]))
        return many_resume(o, o->args[0]);
    if (opts_flag(o, "csv"))
        return say_misuse("option '--csv' is of a folder of runs");
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
               "recur resume my.model --epochs 20\n"
               "recur resume five",
    .about = "Reads MODEL.state and trains on. The data files must be where and what they were. The"
             " result is the same, bit for bit, as if training had never stopped.\n"
             "MODEL may be a folder of runs that recur train has made (--seeds, --folds).",
    .options = options,
    .may_be_interrupted = true,
    .run = run,
};
