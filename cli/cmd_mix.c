/* cmd_mix.c -- recur mix: several models as one that says the mean of what they say.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const opt options[] = {
    {.name = "out",
     .kind = RC_OPTION_TEXT,
     .value = "MIXTURE",
     .group = "data",
     .needed = true,
     .help = "where the mixture goes"},
    {.name = "weights",
     .kind = RC_OPTION_TEXT,
     .value = "W,W...",
     .group = "data",
     .help = "what each model counts, in their order, as numbers above 0 (else all count alike)"},
    {.name = "force",
     .kind = RC_OPTION_FLAG,
     .group = "data",
     .help = "write over a file that is there"},
    OPT_JSON,
    OPT_END,
};

/* "2,1,1", one number for each model. */
static int read_weights(const char *text, double *out, size_t n)
{
    size_t count = 0;
    const char *at = text;

    for (;; at++) {
        char *end;
        errno = 0;
        const double x = strtod(at, &end);
        if (end == at || errno != 0 || !(x > 0) || !isfinite(x) || (*end != ',' && *end != '\0'))
            return say_misuse("--weights are numbers above 0 with commas between, not '%s'", text);
        if (count < n)
            out[count] = x;
        count++;
        at = end;
        if (*at == '\0')
            break;
    }
    if (count != n)
        return say_misuse("--weights has %zu number%s for %zu models", count, count == 1 ? "" : "s",
                          n);
    return OPT_GO_ON;
}

static int print_json(const opts *o, const rc_model *mix)
{
    const char *task = rc_config_task(rc_model_config(rc_model_member(mix, 0, NULL)));
    json_t *root = json_pack("{s:s, s:s, s:I}", "model", opts_text(o, "out"), "task", task,
                             "parameters", (json_int_t)rc_model_parameters(mix));
    json_t *list = json_array();
    double weight;

    for (size_t i = 0; rc_model_member(mix, i, &weight); i++)
        json_add(&list, json_number(weight));
    json_put(&root, "weights", list);
    return json_print(stdout, root, false);
}

static int print_text(const opts *o, const rc_model *mix)
{
    char a[SAY_ROOM];

    printf("%-12s%zu of %s, %s parameters\n", "mixture", rc_model_members(mix),
           rc_config_task(rc_model_config(rc_model_member(mix, 0, NULL))),
           say_count(a, rc_model_parameters(mix)));
    printf("%-12s%s\n", "model", opts_text(o, "out"));
    if (!opts_flag(o, "quiet"))
        fprintf(stderr, "next: recur eval %s FILE\n", opts_text(o, "out"));
    return EXIT_DONE;
}

static int mix(const opts *o, const rc_model *const *member, const double *weights)
{
    rc_model *made;

    if (rc_model_mix(&made, member, o->arg_count, weights) != RC_OK)
        return say_library_failure();
    const bool saved = rc_model_save(made, opts_text(o, "out")) == RC_OK;
    const int code = !saved                 ? say_library_failure()
                     : opts_flag(o, "json") ? print_json(o, made)
                                            : print_text(o, made);

    rc_model_free(made);
    return code;
}

static int open_and_mix(const opts *o, rc_model **member, const double *weights)
{
    size_t n = 0;
    int code = OPT_GO_ON;

    for (; code == OPT_GO_ON && n < o->arg_count; n++)
        if (rc_model_open(&member[n], o->args[n]) != RC_OK)
            code = say_library_failure();
    if (code == OPT_GO_ON)
        code = mix(o, (const rc_model *const *)member, weights);
    while (n > 0)
        rc_model_free(member[--n]);
    return code;
}

static int run(const opts *o)
{
    double *weights = calloc(o->arg_count, sizeof *weights);
    rc_model **member = calloc(o->arg_count, sizeof *member);
    int code = weights && member ? say_if_stream(o, "out") : say_out_of_memory();

    if (code == OPT_GO_ON && opts_has(o, "weights"))
        code = read_weights(opts_text(o, "weights"), weights, o->arg_count);
    if (code == OPT_GO_ON)
        code = say_if_there(o, "out");
    if (code == OPT_GO_ON)
        code = open_and_mix(o, member, opts_has(o, "weights") ? weights : NULL);
    free(weights);
    free((void *)member);
    return code;
}

const command cmd_mix = {
    .name = "mix",
    .usage = "A B [C...] --out MIXTURE [options]",
    .summary = "make one model of several, which says the mean of what they say",
    .example = "recur mix lstm.model gru.model linear.model --out all.model\n"
               "recur mix seeds/1 seeds/2 seeds/3 --weights 2,1,1 --out all.model",
    .about = "Of models of 'classify', or of 'tag' with the same scheme of tags. They may differ in"
             " everything else, also in how they cut a file into tokens; labels go by name. The"
             " mixture is one file that evaluates and predicts like any model: probabilities are"
             " means, and of tags the most probable path that the scheme allows is said. It has"
             " copies of its members and is not trained.",
    .options = options,
    .run = run,
};
