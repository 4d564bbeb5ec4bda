/* model_file.c -- any bytes as a safetensors file: refused in words, or every view is sound. */
#include "format/format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* Read the tensor to its last byte; its shape, its size and its place agree. */
static void visit(const rcf_file *f, const rcf_tensor *t)
{
    size_t bytes = rcf_dtype_bytes(t->dtype);

    expect(t->rank >= 0 && t->rank <= RCF_RANK);
    expect((uintptr_t)t->data % bytes == 0);
    for (int i = 0; i < t->rank; i++)
        expect(t->dim[i] >= 0 && rcb_mul(bytes, (size_t)t->dim[i], &bytes));
    expect(bytes == t->bytes);
    (void)rcb_crc32(0, t->data, t->bytes);
    expect(rcf_file_find(f, t->name) == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rcf_file *f = NULL;
    size_t total = 0;
    const rc_status s = rcf_file_parse(&f, "input", bytes, n, NULL);

    if (s != RC_OK) {
        expect(s == RC_EFORMAT && !f && *rc_error_message());
        return 0;
    }
    for (size_t i = 0; i < rcf_file_count(f); i++) {
        visit(f, rcf_file_at(f, i));
        total += rcf_file_at(f, i)->bytes;
    }
    expect(total <= n);
    (void)rcf_file_meta(f, "recur.config");
    rcf_file_free(f);
    return 0;
}
