/* labelled.c -- any bytes as a file of labelled sequences: refused in words, or what is kept is
 * sound, as are batches and vocabularies of it. The first two bytes say how it is read.
 */
#include "data/data_in.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void visit_sequences(const rcd_labelled *l)
{
    int64_t tokens = 0;

    for (int32_t i = 0; i < l->tokens.n; i++)
        tokens += l->tokens.name[i].count;
    expect(l->n > 0 && l->start[0] == 0 && tokens == l->start[l->n]);
    for (int64_t i = 0; i < l->n; i++) {
        int64_t line;

        expect(l->start[i + 1] > l->start[i]);
        expect(*rcd_labelled_where(l, i, &line) && line > 0);
    }
    for (int64_t t = 0; t < tokens; t++)
        expect(l->token[t] >= 0 && l->token[t] < l->tokens.n);
    for (int64_t t = 0; t < (l->each ? tokens : l->n); t++)
        expect(l->label[t] >= -1 && l->label[t] < l->labels.n);
    for (int64_t t = 0; t < tokens * l->F; t++)
        expect(l->feature[t] >= 0 && l->feature[t] < l->features[t % l->F].n);
}

static void visit_batch(const rcd_labelled *l)
{
    const int64_t most = l->n < 5 ? l->n : 5;
    rcd_distinct d = {0};
    rcd_batch b = {0};
    int64_t which[5];

    for (int64_t i = 0; i < most; i++)
        which[i] = i * (l->n - 1) / 5;
    expect(rcd_labelled_order(l, rcb_stream(1, "fuzz"), 1, 2, 1, which, most) == RC_OK);
    expect(rcd_labelled_batch(l, NULL, which, most, &b) == RC_OK);
    expect(b.seqs == most && b.aims <= b.rows && b.at[b.steps] == b.rows);
    expect(rcd_distinct_of(&d, b.in, b.rows, l->tokens.n) == RC_OK);
    for (int64_t i = 0; i < b.rows; i++)
        expect(d.token[d.index[i]] == b.in[i]);
    rcd_distinct_free(&d);
    rcd_batch_free(&b);
}

/* A vocabulary that can be made can be written and read. */
static void visit_vocab(const rcd_names *names, rcd_level level, const rcd_fold *fold)
{
    rcd_vocab *v, *again = NULL;
    rcb_buf json = {0};

    if (rcd_vocab_of_names(&v, level, names, fold, NULL, "fuzz") != RC_OK)
        return;
    int32_t *ids = malloc(((size_t)names->n + 1) * sizeof *ids);
    expect(ids && rcd_names_ids(ids, names, v, fold, -1) == RC_OK);
    for (int32_t i = 0; i < names->n; i++)
        expect(level == RCD_CHAR || ids[i] >= 0);
    free(ids);
    expect(rcd_vocab_print(v, &json) == RC_OK);
    expect(rcd_vocab_parse(&again, json.p, json.n) == RC_OK);
    expect(rcd_vocab_size(again) == rcd_vocab_size(v));
    rcb_buf_free(&json);
    rcd_vocab_free(again);
    rcd_vocab_free(v);
}

static rcd_labelling settings(uint8_t way, uint8_t more)
{
    static const char *const columns[] = {"", "#1", "#-2", "upos"};
    static const char *const lists[] = {"", "#2", "#1,#-1", "xpos"};
    rcd_labelling how = {.format = (rcd_format)(way % RCD_FORMAT_COUNT),
                         .each = way >> 4 & 1,
                         .blind = way >> 5 & 1,
                         .binary = way >> 6 & 1,
                         .phrases = way >> 7 & 1,
                         .level = (rcd_level)((more & 3) % 3),
                         .coding = (rcd_coding)((more & 3) % RCD_CODING_COUNT),
                         .split = more >> 2 & 1,
                         .html = more >> 3 & 1,
                         .label_column = columns[more >> 4 & 3],
                         .features = more >> 4 & 1 ? lists[more >> 6 & 3] : "",
                         .text_column = more >> 4 & 1 ? "" : lists[more >> 6 & 3],
                         .label_until = more & 1 ? ":" : NULL,
                         .most = more & 2 ? 3 : 0,
                         .tail = more >> 2 & 1};

    if (how.each)
        how.level = RCD_WORD;
    return how;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 2)
        return 0;
    const rcd_labelling how = settings(bytes[0], bytes[1]);
    const rcd_fold fold = {.lower = bytes[1] & 1, .digits = bytes[1] >> 1 & 1};
    rcd_labelled l = {0};
    rcb_buf notes = {0};

    const rc_status status = rcd_labelled_parse(&l, "a.pos", bytes + 2, n - 2, &how);
    if (status != RC_OK)
        expect(*rc_error_message() != '\0');
    if (status == RC_OK) {
        expect(rcd_labelled_notes(&l, &notes) == RC_OK);
        visit_sequences(&l);
        visit_batch(&l);
        visit_vocab(&l.labels, RCD_LINE, NULL);
        visit_vocab(&l.tokens, how.level, &fold);
        if (how.level == RCD_WORD)
            visit_vocab(&l.tokens, RCD_CHAR, &fold);
    }
    rcb_buf_free(&notes);
    rcd_labelled_free(&l);
    return 0;
}
