/* toy.h -- small language models for the tests of this room: a configuration from pairs of words, a
 * vocabulary from a text, fresh weights.
 */
#ifndef TOY_H
#define TOY_H

#include "check.h"
#include "model/model.h"

#define TOY_TEXT "to be or not to be\nthat is the question\nwhether tis nobler\n"

/* Options as name, value, name, value, ..., NULL. */
static inline rc_config *toy_config(const char *task, const char *const options[])
{
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, task), RC_OK);
    for (; options && *options; options += 2)
        CHECK_STATUS(rc_config_set(c, options[0], options[1]), RC_OK);
    return c;
}

static inline rcm_vocabs toy_vocab(const char *level, const char *text)
{
    rcd_text *t;
    rcd_vocab *v;
    rcd_level l;

    CHECK_STATUS(rcd_level_of(&l, level), RC_OK);
    CHECK_STATUS(rcd_text_of(&t, "toy", text, strlen(text)), RC_OK);
    CHECK_STATUS(rcd_vocab_build(&v, l, t, 0, strlen(text), NULL), RC_OK);
    rcd_text_free(t);
    return rcm_symbols_alone(v);
}

/* A model with weights large enough that states matter. */
static inline rc_model *toy_model(const char *const options[], const char *text)
{
    rc_config *c = toy_config("lm", options);
    rc_model *m;

    if (rc_config_is_default(c, "init"))
        CHECK_STATUS(rc_config_set(c, "init", "normal:0.5"), RC_OK);
    CHECK_STATUS(rcm_model_new(&m, c, toy_vocab(c->level, text)), RC_OK);
    rc_config_free(c);
    return m;
}

#define TOY(...) toy_model((const char *const[]){__VA_ARGS__, NULL}, TOY_TEXT)

/* A path in the temporary folder that lives as long as the test. */
#define TOY_PATH(var, name)                                                                        \
    char var[1024];                                                                                \
    (void)snprintf(var, sizeof var, "%s", check_temp_path(name))

/* A text in the temporary folder. */
static inline const char *toy_file(const char *name, const char *text)
{
    const char *path = check_temp_path(name);

    check_write_file(path, text, strlen(text));
    return path;
}

#endif
