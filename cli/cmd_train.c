/* cmd_train.c -- recur train: a fresh model from texts, or what one would take. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd.h"
#include "many.h"
#include "sitting.h"

static const opt options[] = {
    {.name = "out",
     .kind = RC_OPTION_TEXT,
     .value = "MODEL",
     .group = "data",
     .help = "where the model goes (must be given, but for --dry-run); MODEL.state beside it is"
             " what recur resume goes on from. Of several runs it is their folder"},
    {.name = "seeds",
     .kind = RC_OPTION_INT,
     .fallback = "0",
     .lo = 0,
     .hi = 100000,
     .group = "running",
     .help = "train with so many seeds, --seed and those after it, a run each (0: one model)"},
    {.name = "force",
     .kind = RC_OPTION_FLAG,
     .group = "data",
     .help = "write over a model that is there"},
    {.name = "dry-run",
     .kind = RC_OPTION_FLAG,
     .group = "running",
     .help = "say what this training would take (memory, operations, time), and write nothing"},
    OPT_SITTING,
    OPT_CSV,
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

/* ---- a dry run ------------------------------------------------------------------------------ */

static void print_estimate(const rc_config *c, const rc_estimate *e, int64_t runs)
{
    char a[SAY_ROOM], b[SAY_ROOM], d[SAY_ROOM], f[SAY_ROOM], g[SAY_ROOM];
    const double epoch = e->flops_per_token * (double)e->epoch_tokens;
    printf("%-12s%s\n", "parameters", say_count(a, e->parameters));
    printf("%-12s%s symbols\n", "vocabulary", say_count(a, e->symbols));
    printf("%-12s%sB: weights %sB, gradients %sB, optimizer %sB, activations %sB\n", "memory",
           say_short(a, (double)e->bytes), say_short(b, (double)e->weights),
           say_short(d, (double)e->gradients), say_short(f, (double)e->optimizer),
           say_short(g, (double)e->activations));
    printf("%-12s%sB more, while a checkpoint is written\n", "saving",
           say_short(a, (double)e->saving));
    printf("%-12s%sB at most, with the program and the text\n", "in all",
           say_short(a, say_memory() + (double)e->saving));
    if (isfinite(epoch))
        printf("%-12s%s FLOP a token, %s an epoch of %s tokens\n", "work",
               say_short(a, e->flops_per_token), say_short(b, epoch),
               say_count(d, e->epoch_tokens));
    else
        printf("%-12san epoch of %s %s\n", "work", say_count(d, e->epoch_tokens), e->unit);
    printf("%-12s%s %s/s", "speed", say_short(a, e->tokens_per_second), e->unit);
    if (isfinite(epoch))
        printf(", %s GFLOP/s", say_short(b, 1e-9 * e->tokens_per_second * e->flops_per_token));
    printf(" (%" PRId64 " steps of %.3g ms)\n", e->tried, 1e3 * e->step_seconds);
    printf("%-12s%s an epoch of %s steps", "time", say_seconds(a, e->epoch_seconds),
           say_count(b, e->epoch_steps));
    if (isfinite(e->seconds))
        printf(", %s for %s steps in all", say_seconds(a, e->seconds), say_count(b, e->steps));
    const char *patience = rc_config_get(c, "patience");
    printf("%s\n", patience && strcmp(patience, "0") != 0 ? ", or less by --patience" : "");
    if (runs > 0)
        printf("%-12s%s, of which this is one\n", "runs", say_count(a, runs));
}

static int print_estimate_json(const rc_config *c, const rc_estimate *e, int64_t runs)
{
    const double rate = e->tokens_per_second;
    json_t *o = json_pack(
        "{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "task", rc_config_task(c), "dry_run",
        true, "parameters", (json_int_t)e->parameters, "vocabulary", (json_int_t)e->symbols,
        "bytes", (json_int_t)e->bytes, "weights_bytes", (json_int_t)e->weights, "gradients_bytes",
        (json_int_t)e->gradients, "optimizer_bytes", (json_int_t)e->optimizer, "activations_bytes",
        (json_int_t)e->activations, "saving_bytes", (json_int_t)e->saving);
    json_put(&o, "peak_bytes", json_number(say_memory() + (double)e->saving));
    json_put(&o, "flops_per_token", json_number(e->flops_per_token));
    json_put(&o, "flops_per_epoch", json_number(e->flops_per_token * (double)e->epoch_tokens));
    json_put(&o, "unit", json_string(e->unit));
    json_put(&o, "epoch_tokens", json_integer(e->epoch_tokens));
    json_put(&o, "epoch_steps", json_integer(e->epoch_steps));
    json_put(&o, "steps", e->steps > 0 ? json_integer(e->steps) : json_null());
    json_put(&o, "tried_steps", json_integer(e->tried));
    json_put(&o, "step_seconds", json_number(e->step_seconds));
    json_put(&o, "tokens_per_second", json_number(rate));
    json_put(&o, "gflops", json_number(1e-9 * rate * e->flops_per_token));
    json_put(&o, "epoch_seconds", json_number(e->epoch_seconds));
    json_put(&o, "seconds", json_number(e->seconds));
    if (runs > 0)
        json_put(&o, "runs", json_integer(runs));
    return json_print(stdout, o, false);
}

/* Of several runs the first stands for all. */
static int dry_run(const opts *o, rc_config *c)
{
    const rc_trainer_options sitting = sitting_options(o);
    const int64_t runs = many_count(o, c);
    const char *fold = rc_config_get(c, "fold");
    rc_estimate e;
    if (runs > 0 && fold && strcmp(fold, "0") == 0 && rc_config_set(c, "fold", "1") != RC_OK)
        return say_library_failure();
    tell_data(o);
    if (rc_config_estimate(&e, c, &sitting) != RC_OK)
        return say_library_failure();
    if (opts_flag(o, "json"))
        return print_estimate_json(c, &e, runs);
    print_estimate(c, &e, runs);
    return EXIT_DONE;
}

/* ---- the run -------------------------------------------------------------------------------- */

static int train(const opts *o, const rc_config *c)
{
    const rc_trainer_options sitting = sitting_options(o);
    const char *path = opts_text(o, "out");
    const bool many = many_count(o, c) > 0;
    rc_trainer *t;
    int code = many ? many_check(o, c) : check_place(o, path);
    if (code != OPT_GO_ON)
        return code;
    tell_data(o);
    if (many)
        return many_train(o, c);
    if (rc_trainer_new(&t, c, path, &sitting) != RC_OK)
        return say_library_failure();
    code = sitting_run(o, t, path, false);
    rc_trainer_free(t);
    return code;
}

static int run(const opts *o)
{
    const bool dry = opts_flag(o, "dry-run");
    rc_config *c = NULL;
    if (!opts_has(o, "train"))
        return say_misuse("'recur train' needs --train FILE");
    if (!dry && !opts_has(o, "out"))
        return say_misuse("'recur train' needs --out MODEL");
    int code = dry ? OPT_GO_ON : sitting_check(o);
    if (code == OPT_GO_ON && !dry)
        code = say_if_stream(o, "out");
    if (code == OPT_GO_ON)
        code = opts_config(o, &c);
    if (code == OPT_GO_ON && opts_flag(o, "csv") && (dry || many_count(o, c) == 0))
        code = say_misuse("option '--csv' is of several runs: --seeds, or --folds without --fold");
    if (code == OPT_GO_ON)
        code = dry ? dry_run(o, c) : train(o, c);
    rc_config_free(c);
    return code;
}

const command cmd_train = {
    .name = "train",
    .usage = "TASK --train FILE... --out MODEL [options]",
    .summary = "train a model on texts",
    .example = "recur train lm --train input.txt --out my.model\n"
               "recur train lm --level word --cell gru --hidden 256 --layers 2 --dropout 0.3 \\\n"
               "    --train wiki.txt.xz --time 600 --out words.model\n"
               "recur train lm --train input.txt --seeds 5 --out five\n"
               "recur train lm --train input.txt --hidden 1024 --dry-run",
    .about =
        "Trains a model of TASK on the texts and keeps the one that validates best. Files may be"
        " .gz, .xz or .zst; '-' is standard input. --train a --train b and --train a b are the"
        " same. Numbers may end in k, M or G.\n"
        "With --seeds N, or --folds N without --fold, there are several runs, each with a model, a"
        " state and a log in the folder --out, and their mean, deviation and interval at the end."
        " The same command, or recur resume on the folder, goes on with what is not finished, also"
        " in several processes at once; --time stops it, to go on later.\n"
        "Ctrl-C writes a checkpoint and says how to go on; a second one stops at once. SIGUSR1"
        " asks for a report.",
    .options = options,
    .takes_task = true,
    .may_be_interrupted = true,
    .run = run,
};
