/* many.c -- one training with several seeds, on each fold in turn, or both.
 *
 * The runs are a space of seeds and folds, the fold changing faster, so that more seeds come behind
 * those that are there. What they are stands in runs.json, from which recur resume takes it.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "many.h"
#include "sitting.h"
#include "trials.h"

static const trials_words words = {
    .one = "run",
    .all = "training",
    .doing = "train",
    .record = "runs.json",
    .stem = "seed-",
    .place = "out",
};

/* ---- how many ------------------------------------------------------------------------------- */

static int64_t number_of(const rc_config *c, const char *name)
{
    const char *text = rc_config_get(c, name);
    return text ? strtoll(text, NULL, 10) : 0;
}

/* Folds that are trained on one after the other; 0: not so. */
static int64_t all_folds(const rc_config *c)
{
    return number_of(c, "fold") == 0 ? number_of(c, "folds") : 0;
}

int64_t many_count(const opts *o, const rc_config *c)
{
    const int64_t seeds = opts_int(o, "seeds"), folds = all_folds(c);
    return seeds == 0 ? folds : seeds * (folds > 0 ? folds : 1);
}

/* ---- which ---------------------------------------------------------------------------------- */

/* NAME=FROM,FROM+1,...: `count` values of an option. */
static int vary(rc_space *space, const char *name, int64_t from, int64_t count)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return say_out_of_memory();
    fprintf(out, "%s=", name);
    for (int64_t i = 0; i < count; i++)
        fprintf(out, "%s%" PRId64, i ? "," : "", from + i);
    const bool whole = fclose(out) == 0;
    const rc_status status = whole ? rc_space_vary(space, text) : RC_ENOMEM;
    free(text);
    if (!whole)
        return say_out_of_memory();
    return status == RC_OK ? OPT_GO_ON : say_library_misuse(status);
}

static int make_space(rc_space **out, const rc_config *base, int64_t seeds)
{
    const int64_t folds = all_folds(base);
    if (rc_space_new(out, base) != RC_OK)
        return say_library_failure();
    int code = vary(*out, "seed", number_of(base, "seed"), seeds);
    if (code == OPT_GO_ON && folds > 0)
        code = vary(*out, "fold", 1, folds);
    return code;
}

static rc_status make(const void *ctx, int64_t i, rc_config **out)
{
    return rc_space_point(ctx, i, out);
}

static void name(const rc_config *c, char out[TRIAL_NAME])
{
    const int n = snprintf(out, TRIAL_NAME, "seed-%s", rc_config_get(c, "seed"));
    if (number_of(c, "folds") > 0)
        snprintf(out + n, TRIAL_NAME - (size_t)n, ".fold-%s", rc_config_get(c, "fold"));
}

/* ---- training them -------------------------------------------------------------------------- */

static int train_plan(const opts *o, const trials_plan *plan)
{
    trials s;
    int code = trials_open(&s, o, plan);
    if (code == OPT_GO_ON)
        code = trials_run(&s);
    if (code == OPT_GO_ON)
        code = many_report(&s);
    if (code == EXIT_DONE)
        trials_tell_left(&s);
    if (code == EXIT_FAILED)
        trials_forget(&s);
    trials_close(&s);
    return code;
}

static int train(const opts *o, const char *dir, const rc_config *base, int64_t seeds)
{
    rc_space *space = NULL;
    int code = make_space(&space, base, seeds);
    if (code == OPT_GO_ON) {
        const trials_plan plan = {
            .dir = dir,
            .words = &words,
            .alike = true,
            .count = rc_space_points(space),
            .with_test = true,
            .time = opts_real(o, "time"),
            .tensorboard = opts_text(o, "tensorboard"),
            .base = base,
            .about = json_object(),
            .space = space,
            .make = make,
            .name = name,
            .ctx = space,
        };
        code = plan.about ? train_plan(o, &plan) : say_out_of_memory();
        json_decref(plan.about);
    }
    rc_space_free(space);
    return code;
}

/* Options that are of one training. */
static int check_options(const opts *o)
{
    if (opts_has(o, "log"))
        return say_misuse("option '--log' names one file, and each run has a log beside its model");
    return OPT_GO_ON;
}

int many_check(const opts *o, const rc_config *c)
{
    const int64_t count = many_count(o, c);
    int code = check_options(o);
    if (code == OPT_GO_ON && opts_flag(o, "force")) {
        code = say_misuse("option '--force' writes over one model, not over a folder of runs");
        say_hint("the same command without it goes on with what is there");
    }
    if (code == OPT_GO_ON && !opts_text(o, "out")[0])
        code = say_misuse("option '--out' needs the name of a folder");
    if (code == OPT_GO_ON && count > TRIALS_MOST)
        code = say_misuse("this would be %" PRId64 " runs, there can be %d", count, TRIALS_MOST);
    return code == OPT_GO_ON ? trials_check_data(o, &words) : code;
}

int many_train(const opts *o, const rc_config *c)
{
    const int64_t seeds = opts_int(o, "seeds");
    return train(o, opts_text(o, "out"), c, seeds > 0 ? seeds : 1);
}

/* ---- going on ------------------------------------------------------------------------------- */

static bool takes_files(const char *option)
{
    const rc_option *o;
    for (size_t i = 0; (o = rc_option_at(i)); i++)
        if (strcmp(o->name, option) == 0)
            return o->kind == RC_OPTION_FILES;
    return false;
}

/* Paths stand in one text, a line each. */
static rc_status set_option(rc_config *c, const char *option, const char *value)
{
    rc_status status = RC_OK;
    if (!takes_files(option))
        return rc_config_set(c, option, value);
    for (bool more = true; status == RC_OK && more;) {
        const size_t n = strcspn(value, "\n");
        char *one = strndup(value, n);
        if (!one)
            return RC_ENOMEM;
        status = rc_config_set(c, option, one);
        free(one);
        more = value[n] != '\0';
        value += n + more;
    }
    return status;
}

static rc_status set_options(rc_config *c, const json_t *config)
{
    const char *key;
    json_t *value;
    rc_status status = RC_OK;
    json_object_foreach((json_t *)(uintptr_t)config, key, value)
    {
        const char *text = json_string_value(value);
        if (status == RC_OK && text && strcmp(key, "task") != 0)
            status = set_option(c, key, text);
    }
    return status;
}

static int read_config(const json_t *record, const char *path, rc_config **out, int64_t *seeds)
{
    const json_t *config = json_object_get(record, "config");
    const char *task = json_string_value(json_object_get(config, "task"));
    const int64_t count = json_integer_value(json_object_get(record, "runs"));
    if (!task || count < 1 || count > TRIALS_MOST)
        return say_failure("cannot read '%s': it does not say what is trained", path);
    if (rc_config_new(out, task) != RC_OK || set_options(*out, config) != RC_OK)
        return say_failure("cannot read '%s': %s", path, rc_error_message());
    const int64_t folds = all_folds(*out);
    *seeds = folds > 0 ? (count + folds - 1) / folds : count;
    return OPT_GO_ON;
}

static int read_record(const char *dir, const char *path, rc_config **out, int64_t *seeds)
{
    json_error_t error;
    if (access(path, R_OK) != 0 && errno == ENOENT) {
        say_failure("there are no runs in '%s'", dir);
        say_hint("recur train with --seeds or --folds makes them; recur search goes on with its own"
                 " by the same command");
        return EXIT_FAILED;
    }
    json_t *record = json_load_file(path, 0, &error);
    if (!record)
        return say_failure("cannot read '%s': line %d: %s", path, error.line, error.text);
    const int code = read_config(record, path, out, seeds);
    json_decref(record);
    return code;
}

int many_resume(const opts *o, const char *dir)
{
    rc_config *c = NULL;
    int64_t seeds = 1;
    int code = check_options(o);
    char *path = malloc(strlen(dir) + strlen(words.record) + 2);
    if (!path)
        return say_out_of_memory();
    sprintf(path, "%s/%s", dir, words.record);
    if (code == OPT_GO_ON && (opts_has(o, "epochs") || opts_has(o, "steps")))
        code = say_misuse("option '--%s' is of one training, '%s' is a folder of runs",
                          opts_has(o, "epochs") ? "epochs" : "steps", dir);
    if (code == OPT_GO_ON)
        code = read_record(dir, path, &c, &seeds);
    if (code == OPT_GO_ON)
        code = train(o, dir, c, seeds);
    rc_config_free(c);
    free(path);
    return code;
}
