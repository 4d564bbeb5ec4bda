/* labelled_batch_test.c -- ragged batches of labelled sequences, what is different in them, and
 * orders of an epoch.
 */
#include "labelled.h"

/* Random sequences; the token at place t of sequence i tells both. */
static rcd_labelled some(bool each, int64_t n)
{
    rcb_buf text = {0};
    rcd_labelled l;

    for (int64_t i = 0; i < n; i++) {
        const int64_t steps = pick(1, 9);

        if (!each)
            CHECK_STATUS(rcb_buf_printf(&text, "c%d\t", (int)pick(0, 4)), RC_OK);
        for (int64_t t = 0; t < steps; t++)
            CHECK_STATUS(each ? rcb_buf_printf(&text, "%d f%d c%d\n", (int)pick(0, 30),
                                               (int)pick(0, 3), (int)pick(0, 4))
                              : rcb_buf_printf(&text, "%d ", (int)pick(0, 30)),
                         RC_OK);
        CHECK_STATUS(rcb_buf_puts(&text, "\n"), RC_OK);
    }
    CHECK_STATUS(
        labelled_of(&l, "t", text.p, (rcd_labelling){.each = each, .features = each ? "#2" : ""}),
        RC_OK);
    rcb_buf_free(&text);
    assert_int_equal(l.n, n);
    return l;
}

static void check_batch(const rcd_labelled *l, const int32_t *ids, const int64_t *which,
                        int64_t seqs, const rcd_batch *b)
{
    int64_t rows = 0, aims = 0, last = INT64_MAX;

    assert_int_equal(b->seqs, seqs);
    for (int64_t c = 0; c < seqs; c++) {
        const int64_t i = b->seq[c], n = l->start[i + 1] - l->start[i];
        bool wanted = false;

        for (int64_t k = 0; k < seqs; k++)
            wanted |= which[k] == i;
        assert_true(wanted && n <= last);
        last = n;
        rows += n;
        for (int64_t t = 0; t < n; t++) {
            const int64_t row = b->at[t] + c, at = l->start[i] + t;
            const int32_t label = l->each ? l->label[at] : t == n - 1 ? l->label[i] : -1;
            const int32_t want = label < 0 || !ids ? label : ids[label];

            assert_true(row < b->at[t + 1]);
            assert_int_equal(b->in[row], l->token[at]);
            assert_int_equal(b->out[row], want);
            aims += want >= 0;
        }
    }
    assert_true(b->rows == rows && b->at[b->steps] == rows && b->aims == aims);
}

static void batches_are_ragged_rows_of_what_was_asked_for(void **unused)
{
    (void)unused;
    const int32_t ids[] = {3, 1, -1, 0, 2};
    rcd_batch b = {0};

    (void)check_seed();
    for (int trial = 0; trial < 60; trial++) {
        rcd_labelled l = some(trial % 2, 40);
        const int64_t seqs = pick(0, 12);
        int64_t which[12];
        int32_t feature[12 * 9];

        for (int64_t i = 0; i < seqs; i++)
            which[i] = 3 * i + pick(0, 2);
        CHECK_STATUS(rcd_labelled_batch(&l, trial % 3 ? ids : NULL, which, seqs, &b), RC_OK);
        check_batch(&l, trial % 3 ? ids : NULL, which, seqs, &b);
        if (l.F > 0)
            rcd_labelled_feature(&l, 0, &b, feature);
        for (int64_t t = 0; l.F > 0 && t < b.steps; t++)
            for (int64_t row = b.at[t]; row < b.at[t + 1]; row++)
                assert_int_equal(feature[row], l.feature[l.start[b.seq[row - b.at[t]]] + t]);
        rcd_labelled_free(&l);
    }
    rcd_batch_free(&b);
}

static void what_is_different_is_found_once(void **unused)
{
    (void)unused;
    rcd_distinct d = {0};
    int32_t in[200];

    (void)check_seed();
    for (int trial = 0; trial < 100; trial++) {
        const int64_t rows = pick(0, 200);
        const int32_t most = (int32_t)pick(1, trial < 50 ? 20 : 500);

        for (int64_t i = 0; i < rows; i++)
            in[i] = (int32_t)pick(0, most - 1);
        CHECK_STATUS(rcd_distinct_of(&d, in, rows, most), RC_OK);
        assert_true(d.n <= rows && d.n <= most);
        for (int64_t i = 0; i < rows; i++)
            assert_true(d.index[i] < d.n && d.token[d.index[i]] == in[i]);
        for (int64_t i = 0; i < d.n; i++)
            for (int64_t k = 0; k < i; k++)
                assert_int_not_equal(d.token[i], d.token[k]);
    }
    rcd_distinct_free(&d);
}

/* Steps that a batch takes beyond the tokens that are in it. */
static int64_t waste(const rcd_labelled *l, const int64_t *which, int64_t n, int64_t batch)
{
    int64_t waste = 0;

    for (int64_t i = 0; i < n; i += batch) {
        int64_t longest = 0, tokens = 0, k = i;

        for (; k < n && k < i + batch; k++) {
            const int64_t steps = l->start[which[k] + 1] - l->start[which[k]];

            longest = steps > longest ? steps : longest;
            tokens += steps;
        }
        waste += longest * (k - i) - tokens;
    }
    return waste;
}

static void an_order_has_every_sequence_once(void **unused)
{
    (void)unused;
    enum { N = 203, BATCH = 8 };
    const rcb_key key = rcb_stream(7, "order");
    int64_t first[N], again[N], next[N];

    (void)check_seed();
    rcd_labelled l = some(false, N + 50);
    for (int64_t bucket = 0; bucket < 40; bucket += 3) {
        bool seen[N + 50] = {0};

        for (int i = 0; i < N; i++)
            first[i] = again[i] = next[i] = i + 20; /* some of them, as in a fold */
        CHECK_STATUS(rcd_labelled_order(&l, key, 1, BATCH, bucket, first, N), RC_OK);
        CHECK_STATUS(rcd_labelled_order(&l, key, 1, BATCH, bucket, again, N), RC_OK);
        CHECK_STATUS(rcd_labelled_order(&l, key, 2, BATCH, bucket, next, N), RC_OK);
        assert_memory_equal(first, again, sizeof first);
        assert_memory_not_equal(first, next, sizeof first);
        for (int i = 0; i < N; i++) {
            assert_true(first[i] >= 20 && first[i] < N + 20 && !seen[first[i]]);
            seen[first[i]] = true;
        }
    }
    for (int i = 0; i < N; i++)
        first[i] = next[i] = i;
    CHECK_STATUS(rcd_labelled_order(&l, key, 1, BATCH, 0, first, N), RC_OK);
    CHECK_STATUS(rcd_labelled_order(&l, key, 1, BATCH, 20, next, N), RC_OK);
    assert_true(4 * waste(&l, next, N, BATCH) < waste(&l, first, N, BATCH));
    CHECK_STATUS(rcd_labelled_order(&l, key, 1, BATCH, 1, next, 0), RC_OK);
    rcd_labelled_free(&l);
}

static rc_status batch_and_order(void *ctx)
{
    const rcd_labelled *l = ctx;
    int64_t which[] = {0, 1, 2};
    rcd_distinct d = {0};
    rcd_batch b = {0};

    rc_status s = rcd_labelled_order(l, rcb_stream(1, "o"), 1, 2, 1, which, 3);
    if (s == RC_OK)
        s = rcd_labelled_batch(l, NULL, which, 3, &b);
    if (s == RC_OK)
        s = rcd_distinct_of(&d, b.in, b.rows, l->tokens.n);
    rcd_distinct_free(&d);
    rcd_batch_free(&b);
    return s;
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    rcd_labelled l = some(true, 3);

    CHECK_EACH_ALLOCATION(batch_and_order, &l);
    rcd_labelled_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_ragged_rows_of_what_was_asked_for),
        cmocka_unit_test(what_is_different_is_found_once),
        cmocka_unit_test(an_order_has_every_sequence_once),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("labelled_batch", tests, NULL, NULL);
}
