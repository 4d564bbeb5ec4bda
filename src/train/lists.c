/* lists.c -- the public rc_list(): the lists of this floor, and those of the floors below. */
#include "train/train.h"

#include <string.h>

static const rc_entry optimizers[] = {
#define OPTIM(word, kernel, slots, uses, help) {#word, help, "options: " uses},
#include "train/optims.def"
#undef OPTIM
};

static const rc_entry schedules[] = {
#define SCHEDULE(word, falls, ends, help) {#word, help, NULL},
#include "train/schedules.def"
#undef SCHEDULE
};

static bool list_benches(size_t i, rc_entry *out)
{
    const rc_bench_kind *kind = rc_bench_kind_at(i);

    if (kind)
        *out = (rc_entry){kind->name, kind->help, kind->uses};
    return kind != NULL;
}

bool rc_list(const char *list, size_t i, rc_entry *out)
{
    const struct {
        const char *name;
        const rc_entry *entry;
        size_t n;
    } own[] = {
        {"optimizers", optimizers, sizeof optimizers / sizeof *optimizers},
        {"schedules", schedules, sizeof schedules / sizeof *schedules},
    };

    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        if (strcmp(own[k].name, list) == 0) {
            if (i < own[k].n)
                *out = own[k].entry[i];
            return i < own[k].n;
        }
    return strcmp(list, "benches") == 0 ? list_benches(i, out) : rcm_list(list, i, out);
}
