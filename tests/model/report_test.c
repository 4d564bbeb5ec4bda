/* report_test.c -- what a report takes, and what it refuses. */
#include "reports.h"

static void labels_have_the_ids_they_came_with(void **unused)
{
    (void)unused;
    static const char *const labels[] = {"b", "a", "b"};
    rc_report *r;
    int32_t id;

    CHECK_STATUS(rc_report_new(&r, labels, 3), RC_EINVAL);
    CHECK_MESSAGE_HAS("label 'b' comes twice");
    assert_null(r);
    CHECK_STATUS(rc_report_new(&r, labels, 2), RC_OK);
    CHECK_STATUS(rc_report_label(r, "a", 1, &id), RC_OK);
    assert_int_equal(id, 1);
    CHECK_STATUS(rc_report_label(r, "new", 3, &id), RC_OK);
    assert_int_equal(id, 2);
    rc_report_free(r);
    rc_report_free(NULL);
}

static void what_is_no_label_or_probability_is_refused(void **unused)
{
    (void)unused;
    static const char *const labels[] = {"a", "b"};
    static const int32_t good[] = {0, 1}, bad[] = {0, 2}, worse[] = {-1, 0};
    static const double sure[] = {0, 1}, unsure[] = {0.5, 1.5}, not_one[] = {0.5, (double)NAN};
    rc_report *r;
    rc_scores *s;

    CHECK_STATUS(rc_report_new(&r, labels, 2), RC_OK);
    CHECK_STATUS(rc_report_add(r, 2, good, bad, NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("id 2 at place 1, there are 2 labels");
    CHECK_STATUS(rc_report_add(r, 2, worse, good, NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("id -1 at place 0");
    CHECK_STATUS(rc_report_add(r, 2, good, good, unsure), RC_EINVAL);
    CHECK_MESSAGE_HAS("1.5 at place 1 is no probability");
    CHECK_STATUS(rc_report_add(r, 2, good, good, not_one), RC_EINVAL);
    CHECK_STATUS(rc_report_add(r, -1, good, good, NULL), RC_EINVAL);
    CHECK_STATUS(rc_report_measure(r, NULL, &s), RC_EDATA); /* none of these is in it */
    CHECK_MESSAGE_HAS("without labels");
    assert_null(s);
    CHECK_STATUS(rc_report_add(r, 0, NULL, NULL, NULL), RC_OK);
    CHECK_STATUS(rc_report_measure(r, NULL, &s), RC_EDATA);
    CHECK_STATUS(rc_report_add(r, 2, good, good, sure), RC_OK);
    CHECK_STATUS(rc_report_measure(r, NULL, &s), RC_OK);
    assert_true(s->confident && s->sequences == 2 && s->labels == 2 && s->whole == 2);
    rc_scores_free(s);
    CHECK_STATUS(rc_report_add(r, 1, good, good, NULL), RC_OK); /* of this one it is not known */
    CHECK_STATUS(rc_report_measure(r, NULL, &s), RC_OK);
    assert_true(!s->confident && isnan(s->ece));
    rc_scores_free(s);
    rc_report_free(r);
}

static void options_that_cannot_be_are_refused(void **unused)
{
    (void)unused;
    static const char *const labels[] = {"a"};
    static const int32_t one[] = {0};
    rc_report_options o = rc_report_options_default();
    rc_report *r;
    rc_scores *s;

    CHECK_STATUS(rc_report_new(&r, labels, 1), RC_OK);
    CHECK_STATUS(rc_report_add(r, 1, one, one, NULL), RC_OK);
    o.resamples = -1;
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_EINVAL);
    o = rc_report_options_default();
    o.level = 1;
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_EINVAL);
    o = rc_report_options_default();
    o.scheme = "iob3";
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_EINVAL);
    CHECK_MESSAGE_HAS("unknown scheme 'iob3'");
    rc_report_free(r);
}

static rc_status gather(void *unused)
{
    (void)unused;
    rc_report *r;
    int32_t id;
    rc_status status = rc_report_new(&r, reports_tags, REPORTS_TAGS);

    if (status == RC_OK)
        status = rc_report_label(r, "S-C", 3, &id);
    for (int i = 0; i < 40 && status == RC_OK; i++)
        status = rc_report_add(r, 2, (int32_t[]){1, id}, (int32_t[]){id, 0}, (double[]){0.5, 0.25});
    rc_report_free(r);
    return status;
}

static void memory_may_run_out(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(gather, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_have_the_ids_they_came_with),
        cmocka_unit_test(what_is_no_label_or_probability_is_refused),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
