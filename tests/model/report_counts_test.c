/* report_counts_test.c -- sums of the counts of sequences are the counts of their labels. */
#include "reports.h"

static void rates_are_zero_where_nothing_is(void **unused)
{
    (void)unused;
    const rc_found f = rcm_found(4, 3, 2), none = rcm_found(0, 0, 0), missed = rcm_found(2, 0, 0);

    CHECK_NEAR(f.precision, 2.0 / 3, 1e-15);
    CHECK_NEAR(f.recall, 0.5, 0);
    CHECK_NEAR(f.f1, 4.0 / 7, 1e-15);
    assert_true(none.precision == 0 && none.recall == 0 && none.f1 == 0);
    assert_true(missed.precision == 0 && missed.recall == 0 && missed.f1 == 0);
}

/* Sequences that come several times: the sum is what counting each label that often gives, under
 * other numbers too. */
static void sums_count_every_label_as_often_as_its_sequence(void **unused)
{
    (void)unused;
    static reports_random x;
    static const int32_t turned[] = {4, 3, 2, 1, 0};

    (void)check_seed();
    for (int trial = 0; trial < 100; trial++) {
        const bool turn = trial % 2;
        int32_t times[100];
        rcm_class_count want[REPORTS_TAGS] = {0};
        rcd_span_count spans = {0};
        rcm_counts c;
        rcm_tally t;

        reports_draw(&x, pick(1, 100), 6, REPORTS_TAGS);
        rc_report *r = reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL);

        for (int64_t i = 0; i < x.n; i++) {
            times[i] = (int32_t)pick(0, 3);
            for (int64_t k = x.start[i]; k < x.start[i + 1]; k++) {
                const int32_t gold = turn ? turned[x.gold[k]] : x.gold[k];
                const int32_t said = turn ? turned[x.said[0][k]] : x.said[0][k];

                want[gold].gold += times[i];
                want[said].said += times[i];
                want[gold].right += gold == said ? times[i] : 0;
            }
            const rcd_span_count one =
                rcd_spans_count(&r->labels, x.gold + x.start[i], x.said[0] + x.start[i],
                                x.start[i + 1] - x.start[i], NULL);

            spans.gold += times[i] * one.gold;
            spans.said += times[i] * one.said;
            spans.right += times[i] * one.right;
        }
        CHECK_STATUS(rcm_counts_new(&c, r, true, turn ? turned : NULL, REPORTS_TAGS), RC_OK);
        CHECK_STATUS(rcm_tally_new(&t, REPORTS_TAGS), RC_OK);
        rcm_tally_add(&t, &c, NULL);
        rcm_tally_clear(&t);
        rcm_tally_add(&t, &c, times);
        assert_memory_equal(t.label, want, sizeof want);
        assert_memory_equal(&t.spans, &spans, sizeof spans);
        rcm_tally_free(&t);
        rcm_counts_free(&c);
        rc_report_free(r);
    }
}

static void scores_follow_from_sums(void **unused)
{
    (void)unused;
    rcm_class_count label[] = {{2, 1, 1}, {0, 0, 0}, {1, 2, 1}};
    const rcm_tally t = {3, label, {4, 4, 3}};
    double score[RC_SCORES];

    rcm_tally_scores(&t, true, score);
    CHECK_NEAR(score[RC_SCORE_ACCURACY], 2.0 / 3, 1e-15);
    CHECK_NEAR(score[RC_SCORE_MACRO_F1], 2.0 / 3, 1e-15); /* of the two that occur */
    CHECK_NEAR(score[RC_SCORE_SPAN_F1], 0.75, 1e-15);
    rcm_tally_scores(&t, false, score);
    assert_true(isnan(score[RC_SCORE_SPAN_F1]));
}

static rc_status count(void *r)
{
    rcm_counts c = {0};
    rcm_tally t = {0};
    rc_status status = rcm_counts_new(&c, r, true, NULL, REPORTS_TAGS);

    if (status == RC_OK)
        status = rcm_tally_new(&t, REPORTS_TAGS);
    rcm_tally_free(&t);
    rcm_counts_free(&c);
    return status;
}

static void memory_may_run_out(void **unused)
{
    (void)unused;
    static reports_random x;

    reports_draw(&x, 200, 6, REPORTS_TAGS);
    rc_report *r = reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL);

    CHECK_EACH_ALLOCATION(count, r);
    rc_report_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_zero_where_nothing_is),
        cmocka_unit_test(sums_count_every_label_as_often_as_its_sequence),
        cmocka_unit_test(scores_follow_from_sums),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("report_counts", tests, NULL, NULL);
}
