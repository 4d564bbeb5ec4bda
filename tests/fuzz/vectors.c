/* vectors.c -- any bytes as a file of word vectors: refused in words, or every word is in it, is
 * found, and has its numbers or a reason.
 */
#include "format/format.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rcf_vectors *v;
    const rc_status s = rcf_vectors_parse(&v, "fuzz", bytes, n);

    if (s != RC_OK) {
        /* of an array the words are in a file beside it, which is not there */
        expect((s == RC_EFORMAT || (s == RC_EIO && rcf_is_npy(bytes, n))) && !v &&
               *rc_error_message());
        return 0;
    }
    const int64_t count = rcf_vectors_count(v), dim = rcf_vectors_dim(v);
    expect(count > 0 && dim > 0 && (size_t)count <= n && (size_t)dim <= n);
    float *x = malloc((size_t)dim * sizeof *x);
    expect(x);
    for (int64_t i = 0; i < count; i++) {
        size_t length, again;
        const char *word = rcf_vectors_word(v, i, &length);
        int64_t at;

        expect(length > 0 && word >= (const char *)bytes &&
               word + length <= (const char *)bytes + n);
        expect(rcf_vectors_find(v, word, length, &at) == RC_OK && at >= 0 && at <= i);
        expect(memcmp(rcf_vectors_word(v, at, &again), word, length) == 0 && again == length);
        if (rcf_vectors_read(v, i, x) == RC_OK)
            for (int64_t d = 0; d < dim; d++)
                expect(x[d] - x[d] == 0);
    }
    free(x);
    rcf_vectors_free(v);
    return 0;
}
