/* cmd_train.c -- recur train: a fresh model from texts. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd.h"
#include "sitting.h"

static const opt options[] = {
    {.name = "out",
     .kind = RC_OPTION_TEXT,
     .value = "MODEL",
     .group = "data",
     .needed = true,
     .help = "where the model goes; MODEL.state beside it is what recur resume goes on from"},
    {.name = "force",
     .kind = RC_OPTION_FLAG,
     .group = "data",
     .help = "write over a model that is there"},
    OPT_SITTING,
    OPT_JSON,
    OPT_END,
};

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Whether a model may go to `path`: an hour of training should not find out at its end. */
static int check_place(const opts *o, const char *path)
{
    const size_t n = strlen(path);
    char *room = malloc(n + sizeof ".state");
    if (!room)
        return say_out_of_memory();
    memcpy(room, path, n + 1);
    strcat(room, ".state");
    const bool there = exists(path) || exists(room);
    room[n] = '\0';
    char *slash = strrchr(room, '/');
    if (slash)
        slash[slash == room] = '\0';
    const bool writable = access(slash ? room : ".", W_OK) == 0;
    const int error = errno;
    free(room);
    if (!writable)
        return say_failure("cannot write '%s': %s", path, strerror(error));
    if (there && !opts_flag(o, "force")) {
        say_failure("'%s' is there already", path);
        say_hint("pass --force to write over it, or recur resume %s", path);
        return EXIT_FAILED;
    }
    return OPT_GO_ON;
}

static void tell_data(const opts *o)
{
    static const char *const kinds[] = {"train", "valid", "test"};
    for (size_t k = 0; k < 3; k++) {
        const char *path;
        for (size_t i = 0; (path = opts_each(o, kinds[k], i)); i++) {
            struct stat s;
            char room[SAY_ROOM];
            if (strcmp(path, "-") != 0 && stat(path, &s) == 0)
                say_unless_quiet(o, "%s: %s, %sB", kinds[k], path,
                                 say_short(room, (double)s.st_size));
            else
                say_unless_quiet(o, "%s: %s", kinds[k], path);
        }
    }
}

static int run(const opts *o)
{
    rc_config *c = NULL;
    rc_trainer *t = NULL;
    const char *path = opts_text(o, "out");
    if (!opts_has(o, "train"))
        return say_misuse("'recur train' needs --train FILE");
    int code = opts_config(o, &c);
    if (code != OPT_GO_ON)
        return code;
    code = check_place(o, path);
    if (code == OPT_GO_ON) {
        const rc_trainer_options sitting = sitting_options(o);
        tell_data(o);
        if (rc_trainer_new(&t, c, path, &sitting) != RC_OK)
            code = say_library_failure();
        else
            code = sitting_run(o, t, path, false);
        rc_trainer_free(t);
    }
    rc_config_free(c);
    return code;
}

const command cmd_train = {
    .name = "train",
    .usage = "TASK --train FILE... --out MODEL [options]",
    .summary = "train a model on texts",
    .example = "recur train lm --train input.txt --out my.model\n"
               "recur train lm --level word --cell gru --hidden 256 --layers 2 --dropout 0.3 \\\n"
               "    --train wiki.txt.xz --time 600 --out words.model",
    .about =
        "Trains a model of TASK on the texts and keeps the one that validates best. Files may be"
        " .gz, .xz or .zst; '-' is standard input. --train a --train b and --train a b are the"
        " same. Numbers may end in k, M or G.\n"
        "Ctrl-C writes a checkpoint and says how to go on; a second one stops at once. SIGUSR1"
        " asks for a report.",
    .options = options,
    .takes_task = true,
    .may_be_interrupted = true,
    .run = run,
};
