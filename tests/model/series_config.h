/* series_config.h -- configurations and small files for the tests of the task series. */
#ifndef SERIES_CONFIG_H
#define SERIES_CONFIG_H

#include "check.h"
#include "model/model.h"

static const char *const rolls = "60,64 62 - 60\n72 74,76\n50\n40 41 42 43 44 45\n";
static const char *const cases = "@classLabel true up down\n"
                                 "1,2,3:up\n3,2,1,0:down\n4,5:up\n6,5,4:down\n0,1:up\n2,0:down\n"
                                 "1,3,4,6:up\n5,3:down\n";

static inline rc_config *config_of(const char *train, const char *const *pairs)
{
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "series"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "train", train), RC_OK);
    for (; *pairs; pairs += 2)
        CHECK_STATUS(rc_config_set(c, pairs[0], pairs[1]), RC_OK);
    return c;
}

static inline const char *file(const char *name, const char *text)
{
    static char kept[16][256]; /* names of temporary files come round */
    static int next;
    char *path = kept[next++ % 16];

    (void)snprintf(path, sizeof *kept, "%s", check_temp_path(name));
    check_write_file(path, text, strlen(text));
    return path;
}

/* Train to the end, from the configuration to a model file. */
static inline void train(rc_config *c, const char *path, int threads)
{
    rc_trainer *t;
    const rc_trainer_options o = {.threads = threads};

    CHECK_STATUS(rc_trainer_new(&t, c, path, &o), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
    rc_trainer_free(t);
}

#endif
