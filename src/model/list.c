/* list.c -- everything that can be named on a command line and that this floor or one below knows.
 *
 * One row per list; rooms with a list of their own are asked, small lists stand in model.h. What a
 * name means in numbers is its place in the list.
 */
#include "model/model_in.h"

#include <stdio.h>
#include <string.h>

#define TASK(name) extern const rcm_task rcm_##name;
#define MIXED TASK
#include "model/models.def"
#undef TASK
#undef MIXED

static const rcm_task *const tasks[] = {
#define TASK(name) &rcm_##name,
#define MIXED(name)
#include "model/models.def"
#undef TASK
#undef MIXED
    NULL,
};

/* Those that are not trained. */
static const rcm_task *const mixed[] = {
#define TASK(name)
#define MIXED(name) &rcm_##name,
#include "model/models.def"
#undef TASK
#undef MIXED
};

const rcm_task *rcm_task_at(size_t i)
{
    return i < sizeof tasks / sizeof *tasks ? tasks[i] : NULL;
}

const rcm_task *rcm_task_find(const char *name)
{
    for (size_t i = 0; tasks[i]; i++)
        if (strcmp(tasks[i]->name, name) == 0)
            return tasks[i];
    for (size_t i = 0; i < sizeof mixed / sizeof *mixed; i++)
        if (strcmp(mixed[i]->name, name) == 0)
            return mixed[i];
    return NULL;
}

/* ---- the lists --------------------------------------------------------------------------- */

static bool task_entry(size_t i, rc_entry *out)
{
    const rcm_task *task = rcm_task_at(i);

    if (!task)
        return false;
    *out = (rc_entry){task->name, task->help, NULL};
    return true;
}

static bool cell_entry(size_t i, rc_entry *out)
{
    const rcc_cell *cell = rcc_at(i);

    if (!cell)
        return false;
    *out = (rc_entry){cell->name, cell->title, cell->equations};
    return true;
}

static bool output_entry(size_t i, rc_entry *out)
{
    const rcn_output_kind *kind = rcn_output_at(i);

    if (!kind)
        return false;
    *out = (rc_entry){kind->name, kind->help, kind->equations};
    return true;
}

static bool level_entry(size_t i, rc_entry *out)
{
    if (i >= RCD_LINE) /* which is for classes */
        return false;
    *out = (rc_entry){rcd_level_word((rcd_level)i), rcd_level_help((rcd_level)i), NULL};
    return true;
}

/* Sources of series, then of symbols. */
static bool source_entry(size_t i, rc_entry *out)
{
    const rcd_source *s;
    size_t series = 0;

    for (; (s = rcd_source_at(series)); series++) {
        if (series < i)
            continue;
        *out = (rc_entry){s->name, s->help, s->paper};
        return true;
    }
    const rcd_process *p = rcd_process_at(i - series);
    if (!p)
        return false;
    *out = (rc_entry){p->name, p->help, p->paper};
    return true;
}

#define TOPOLOGY(name, help, options, detail) {name, help, detail "\n" options},
static const rc_entry topologies[] = {
#include "model/topologies.def"
};
#undef TOPOLOGY

#define ENTRY(code, word, help) [code] = {word, help, NULL},

static const rc_entry skips[] = {RCN_SKIP_MAP(ENTRY)};
static const rc_entry biases[] = {RCM_BIAS_MAP(ENTRY)};
static const rc_entry dropouts[] = {RCM_DROPOUT_MAP(ENTRY)};
static const rc_entry averages[] = {RCM_AVERAGE_MAP(ENTRY)};
static const rc_entry keeps[] = {RCM_KEEP_MAP(ENTRY)};
static const rc_entry aims[] = {RCM_AIM_MAP(ENTRY)};
static const rc_entry answers[] = {RCM_ANSWERS_MAP(ENTRY)};
static const rc_entry reads[] = {RCM_READS_MAP(ENTRY)};
static const rc_entry embed_models[] = {RCM_EMBED_MODEL_MAP(ENTRY)};
static const rc_entry embed_losses[] = {RCM_EMBED_LOSS_MAP(ENTRY)};
static const rc_entry cbow_steps[] = {RCM_CBOW_STEP_MAP(ENTRY)};
static const rc_entry vector_formats[] = {RCF_VECTORS_MAP(ENTRY)};
static const rc_entry projections[] = {RCM_PROJECTION_MAP(ENTRY)};
static const rc_entry scans[] = {RCM_SCAN_MAP(ENTRY)};
static const rc_entry formats[] = {RCD_FORMAT_MAP(ENTRY)};
static const rc_entry codings[] = {RCD_CODING_MAP(ENTRY)};
static const rc_entry splits[] = {RCD_SPLIT_MAP(ENTRY)};
static const rc_entry char_nets[] = {RCM_CHAR_NET_MAP(ENTRY)};
static const rc_entry poolings[] = {RCM_POOLING_MAP(ENTRY)};
static const rc_entry bags[] = {RCM_BAG_MAP(ENTRY)};
static const rc_entry decoders[] = {RCM_DECODER_MAP(ENTRY)};
static const rc_entry tag_schemes[] = {{"auto", "as the training data has them", NULL},
#define SCHEME(code, word, help) {word, help, NULL},
                                       RCD_SCHEME_MAP(SCHEME)};
#undef SCHEME
static const rc_entry judges[] = {RCM_JUDGE_MAP(ENTRY)};
static const rc_entry means[] = {RCM_MEAN_MAP(ENTRY)};
static const rc_entry recomputes[] = {RCM_RECOMPUTE_MAP(ENTRY)};
static const rc_entry products[] = {RCM_PRODUCT_MAP(ENTRY)};
static const rc_entry precisions[] = {RCG_BITS_MAP(ENTRY)};
static const rc_entry schemes[] = {RCD_SCHEME_MAP(ENTRY)};

#define FIXED(name)                                                                                \
    {                                                                                              \
#name, NULL, name, sizeof name / sizeof *name                                              \
    }

static const struct list {
    const char *name;
    bool (*entry)(size_t i, rc_entry *out); /* or, where NULL, a table: */
    const rc_entry *table;
    size_t count;
} lists[] = {
    {"tasks", task_entry, NULL, 0},
    {"cells", cell_entry, NULL, 0},
    {"levels", level_entry, NULL, 0},
    {"outputs", output_entry, NULL, 0},
    {"sources", source_entry, NULL, 0},
    FIXED(topologies),
    FIXED(skips),
    FIXED(biases),
    FIXED(dropouts),
    FIXED(averages),
    FIXED(keeps),
    FIXED(means),
    FIXED(aims),
    FIXED(answers),
    FIXED(reads),
    FIXED(scans),
    FIXED(formats),
    FIXED(codings),
    FIXED(splits),
    {"char-nets", NULL, char_nets, sizeof char_nets / sizeof *char_nets},
    {"tag-schemes", NULL, tag_schemes, sizeof tag_schemes / sizeof *tag_schemes},
    {"embed-models", NULL, embed_models, sizeof embed_models / sizeof *embed_models},
    {"embed-losses", NULL, embed_losses, sizeof embed_losses / sizeof *embed_losses},
    {"vector-formats", NULL, vector_formats, sizeof vector_formats / sizeof *vector_formats},
    {"cbow-steps", NULL, cbow_steps, sizeof cbow_steps / sizeof *cbow_steps},
    FIXED(projections),
    FIXED(poolings),
    FIXED(bags),
    FIXED(decoders),
    FIXED(judges),
    FIXED(recomputes),
    FIXED(products),
    FIXED(precisions),
    FIXED(schemes),
};

bool rcm_list(const char *list, size_t i, rc_entry *out)
{
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        if (strcmp(lists[l].name, list) != 0)
            continue;
        if (lists[l].entry)
            return lists[l].entry(i, out);
        if (i >= lists[l].count)
            return false;
        *out = lists[l].table[i];
        return true;
    }
    return false;
}

int rcm_list_index(const char *list, const char *name)
{
    rc_entry e;

    for (size_t i = 0; rcm_list(list, i, &e); i++)
        if (strcmp(e.name, name) == 0)
            return (int)i;
    return -1;
}

/* A list as names. */
struct names {
    rcm_list_fn entries;
    const char *list;
};

static const char *name_at(const void *ctx, size_t i)
{
    const struct names *names = ctx;
    rc_entry e;

    return names->entries(names->list, i, &e) ? e.name : NULL;
}

void rcm_hint(char hint[RCM_HINT], const char *near, const char *list)
{
    if (near)
        (void)snprintf(hint, RCM_HINT, "the nearest is '%s'; see 'recur list %s'", near, list);
    else
        (void)snprintf(hint, RCM_HINT, "see 'recur list %s'", list);
}

rc_status rcm_list_check(rcm_list_fn entries, const char *list, const char *option,
                         const char *name)
{
    const struct names names = {entries, list};
    const char *entry = NULL;
    char hint[RCM_HINT];

    for (size_t i = 0; (entry = name_at(&names, i)) != NULL; i++)
        if (strcmp(entry, name) == 0)
            return RC_OK;
    if (!name_at(&names, 0))
        return RC_OK;
    rcm_hint(hint, rc_nearest(name, name_at, &names), list);
    return RC_FAIL_HINT(RC_EINVAL, hint, "cannot set '%s' to '%s': it is none of the %s", option,
                        name, list);
}
