/* series.c -- any bytes as a file of series: refused in words, or batches of it are sound. The
 * first byte says what it is called and how it is read.
 */
#include "data/data_in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void visit(rcd_series *s, bool next)
{
    const int64_t most = s->n < 5 ? s->n : 5;
    int64_t which[5], rows = 0;
    rcd_batch b = {0};

    for (int64_t i = 0; i < most; i++) {
        which[i] = i * (s->n - 1) / 5;
        rows += rcd_series_steps(s, which[i]);
    }
    if (rcd_series_batch(s, which, most, next, &b) != RC_OK)
        return;
    expect(b.seqs == most && b.rows <= rows && b.aims <= b.rows && b.at[b.steps] == b.rows);
    for (int64_t i = 0; i < b.rows; i++)
        expect(b.out[i] >= -1 && b.out[i] < (s->names.n > 1 ? s->names.n : 1));
    for (int64_t i = 0; i < b.rows * b.D; i++)
        expect(b.x[i] - b.x[i] == 0);
    rcd_batch_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const targets[] = {"", "#1", "y", "#2,#3"};
    const uint8_t way = n > 0 ? bytes[0] : 0;
    const rcd_reading how = {.part = "fuzz",
                             .pixels = way >> 1 & 1,
                             .target = targets[way >> 2 & 3],
                             .series_column = way >> 4 & 1 ? "id" : "",
                             .classes = way >> 5 & 1,
                             .places = (rcd_places)(way >> 6 & 3) % 3};
    const char *path = way & 1 ? "input.csv" : "input";
    rcd_vocab *v = NULL;
    rcd_series s = {0};

    const rc_status status =
        rcd_series_parse(&s, path, n > 0 ? bytes + 1 : bytes, n > 0 ? n - 1 : 0, &how);
    if (status != RC_OK)
        expect(*rc_error_message() != '\0');
    if (status == RC_OK && s.classes && rcd_series_vocab(&v, &s) == RC_OK)
        expect(rcd_series_label(&s, v, path) == RC_OK);
    if (status == RC_OK) {
        visit(&s, false);
        visit(&s, true);
    }
    rcd_vocab_free(v);
    rcd_series_free(&s);
    return 0;
}
