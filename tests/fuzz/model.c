/* model.c -- any bytes as a model: refused in words, or a model that runs.
 *
 * Goes on where model_file.c ends: the words of a sound safetensors file make a configuration, a
 * vocabulary and tensors, or one line that says what is wrong with them.
 */
#include "model/model.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* A few symbols through the model, a draw where its numbers allow, and every fact and tensor. */
static void use(const rc_model *m)
{
    const rc_sampling sampling = rc_sampling_default();
    const char *name, *text;
    rc_tensor_info info;
    rc_runner *r;
    int32_t id;

    for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++)
        expect(*name != '\0');
    for (size_t i = 0; rc_model_tensor(m, i, &info); i++)
        expect(info.count >= 0);
    for (size_t i = 0; i < rc_model_members(m); i++)
        use(rc_model_member(m, i, NULL));
    if (!m->config->task->step || !m->vocab.of[RCM_SYMBOLS]) {
        expect(rc_runner_new(&r, m) == RC_EINVAL && !r);
        return;
    }
    expect(rc_runner_new(&r, m) == RC_OK);
    for (int32_t i = 0; i < 4 && i < rc_model_symbols(m); i++) {
        expect(rc_runner_feed(r, i) == RC_OK);
        if (rc_runner_draw(r, &sampling, &id) == RC_OK)
            expect(id >= 0 && id < rc_model_symbols(m));
    }
    rc_runner_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rcf_file *f;
    rc_model *m;

    if (rcf_file_parse(&f, "input", bytes, n, NULL) != RC_OK)
        return 0;
    const rc_status s = rcm_model_read(&m, f, "input", NULL);
    rcf_file_free(f);
    if (s == RC_OK) {
        use(m);
        rc_model_free(m);
    } else {
        expect(s == RC_EFORMAT && !m && *rc_error_message());
    }
    return 0;
}
