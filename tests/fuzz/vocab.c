/* vocab.c -- any bytes as the JSON of a vocabulary: refused, or unchanged by a round trip. */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void check_symbols(const rcd_vocab *v)
{
    for (int32_t id = 0; id < rcd_vocab_size(v); id++) {
        size_t n;
        const char *symbol = rcd_vocab_symbol(v, id, &n);

        expect(rcd_vocab_find(v, symbol, n) == id && rcd_vocab_count(v, id) >= 0);
    }
    expect(rcd_vocab_boundary(v) >= 0 && rcd_vocab_boundary(v) < rcd_vocab_size(v));
    expect(rcd_vocab_unk(v) < rcd_vocab_size(v));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rcd_vocab *v = NULL;
    rcd_vocab *again;
    rcb_buf first = {0};
    rcb_buf second = {0};
    const rc_status s = rcd_vocab_parse(&v, (const char *)bytes, n);

    if (s != RC_OK) {
        expect(s == RC_EFORMAT && !v && *rc_error_message());
        return 0;
    }
    check_symbols(v);
    expect(rcd_vocab_print(v, &first) == RC_OK);
    expect(rcd_vocab_parse(&again, first.p, first.n) == RC_OK);
    expect(rcd_vocab_print(again, &second) == RC_OK);
    expect(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
    rcb_buf_free(&first);
    rcb_buf_free(&second);
    rcd_vocab_free(again);
    rcd_vocab_free(v);
    return 0;
}
