/* cmd_gradcheck.c -- recur gradcheck: are the gradients of a model what differences say?
 *
 * Differences need double precision: a program of single precision hands its words to recur64,
 * which is installed beside it.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "tolerance",
     .kind = RC_OPTION_REAL,
     .fallback = "1e-7",
     .lo = 0,
     .hi = 1,
     .group = "check",
     .help = "largest error that passes"},
    {.name = "per-tensor",
     .kind = RC_OPTION_INT,
     .fallback = "25",
     .lo = 0,
     .hi = 1e15,
     .group = "check",
     .help = "elements of each tensor to compare, evenly drawn (0: all)"},
    OPT_JSON,
    OPT_END,
};

typedef struct verdict {
    double tolerance;
    double worst;
    int64_t tensors;
    int64_t failed;
    bool json;
    json_t *rows; /* with --json */
} verdict;

static void on_row(void *ctx, const rc_gradcheck_row *row)
{
    verdict *v = ctx;
    const bool ok = row->error <= v->tolerance; /* false for NaN */
    v->tensors++;
    v->failed += !ok;
    if (!(row->error <= v->worst))
        v->worst = row->error;
    if (v->json) {
        json_add(&v->rows,
                 json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:b}", "tensor", row->tensor, "count",
                           (json_int_t)row->count, "checked", (json_int_t)row->checked, "analytic",
                           json_number(row->analytic), "numeric", json_number(row->numeric),
                           "error", json_number(row->error), "ok", ok));
        return;
    }
    if (v->tensors == 1)
        printf("%-28s %10s %8s %11s %11s %9s\n", "tensor", "elements", "checked", "|analytic|",
               "|numeric|", "error");
    printf("%-28s %10" PRId64 " %8" PRId64 " %11.3e %11.3e %9.1e  %s\n", row->tensor, row->count,
           row->checked, row->analytic, row->numeric, row->error, ok ? "ok" : "FAILED");
}

static int check(const opts *o)
{
    rc_config *c = NULL;
    verdict v = {.tolerance = opts_real(o, "tolerance"), .json = opts_flag(o, "json")};
    int code = opts_config(o, &c);
    if (code != OPT_GO_ON)
        return code;
    if (v.json && !(v.rows = json_array())) {
        rc_config_free(c);
        return say_out_of_memory();
    }
    const rc_status status = rc_gradcheck(c, opts_int(o, "per-tensor"), on_row, &v);
    rc_config_free(c);
    if (status != RC_OK) {
        json_decref(v.rows);
        return say_library_failure();
    }
    const bool ok = v.failed == 0 && v.tensors > 0;
    if (v.json)
        code = json_print(stdout,
                          json_pack("{s:b, s:o, s:o, s:o}", "ok", ok, "tolerance",
                                    json_number(v.tolerance), "worst", json_number(v.worst),
                                    "tensors", v.rows),
                          false);
    else
        printf("%" PRId64 " of %" PRId64 " tensors pass at %s, the largest error is %.1e\n",
               v.tensors - v.failed, v.tensors, opts_text(o, "tolerance"), v.worst);
    if (!ok)
        return say_failure("gradients of %" PRId64 " tensors disagree", v.failed);
    return code == OPT_GO_ON ? EXIT_DONE : code;
}

enum { PATH_ROOM = 4096 };

/* The program of that name in the folder of this one, or just the name: then PATH decides. */
static const char *beside(const char *name, char out[PATH_ROOM])
{
    const ssize_t n = readlink("/proc/self/exe", out, PATH_ROOM - 1);
    if (n <= 0)
        return name;
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    const size_t left = PATH_ROOM - (size_t)(slash + 1 - out);
    if (strcmp(slash + 1, name) == 0 || strlen(name) >= left)
        return NULL;
    strcpy(slash + 1, name);
    return access(out, X_OK) == 0 ? out : name;
}

/* Become recur64 with the same words. Returns only when that fails. */
static int hand_over(const opts *o)
{
    char room[PATH_ROOM];
    size_t n = 0;
    const char *path = beside("recur64", room);
    if (!path)
        return say_failure("cannot check gradients: this recur64 is not of double precision");
    while (o->words[n])
        n++;
    char **words = calloc(n + 3, sizeof *words);
    if (!words)
        return say_out_of_memory();
    char name[] = "recur64", command_name[] = "gradcheck";
    words[0] = name;
    words[1] = command_name;
    memcpy(words + 2, o->words, n * sizeof *words);
    fflush(stdout);
    execvp(path, words);
    const int error = errno;
    free(words);
    say_failure("cannot run 'recur64', which checks in double precision: %s", strerror(error));
    say_hint("build it and install it beside recur");
    return EXIT_FAILED;
}

static int run(const opts *o)
{
    rc_build build;
    if (!opts_has(o, "train"))
        return say_misuse("'recur gradcheck' needs --train FILE");
    if (rc_build_info(&build) != RC_OK)
        return say_library_failure();
    return build.is_double ? check(o) : hand_over(o);
}

const command cmd_gradcheck = {
    .name = "gradcheck",
    .usage = "TASK --train FILE... [options]",
    .summary = "compare the gradients of a model with differences",
    .example = "recur gradcheck lm --train input.txt --cell gru --hidden 8 --batch 2 --seq 5",
    .about = "Takes the options of recur train, makes that very model and compares its analytic"
             " gradients on the first batch with central differences, tensor by tensor, in double"
             " precision (recur64). The error is max|a-n| / max(|a|, |n|, 1e-8), with the largest"
             " absolute values of the tensor below.\n"
             "Fails when a tensor is above the tolerance.",
    .options = options,
    .takes_task = true,
    .run = run,
};
