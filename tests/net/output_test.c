/* output_test.c -- output layers are found by name, and what does not fit is said. */
#include "check.h"
#include "net/net.h"

static void every_kind_is_found_by_its_name_and_explains_itself(void **unused)
{
    (void)unused;
    size_t n = 0;

    for (const rcn_output_kind *k; (k = rcn_output_at(n)); n++) {
        assert_ptr_equal(rcn_output_find(k->name), k);
        assert_true(*k->help && *k->equations && *k->paper);
        assert_true(k->build && k->loss && k->logp);
    }
    assert_true(n > 0);
    assert_null(rcn_output_at(n));
    assert_null(rcn_output_at(SIZE_MAX));
    assert_null(rcn_output_find("fulll"));
    assert_string_equal(rcn_output_at(0)->name, "full"); /* the default comes first */
}

static void an_unknown_kind_is_refused(void **unused)
{
    (void)unused;
    rcn_params ps = {0};
    rcn_output o;

    CHECK_STATUS(rcn_output_new(&o, &ps, &(rcn_output_plan){.kind = "fool", .name = "out"}),
                 RC_EINVAL);
    CHECK_MESSAGE_HAS("there is no output layer 'fool'");
    rcn_output_free(&o);
    rcn_params_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_found_by_its_name_and_explains_itself),
        cmocka_unit_test(an_unknown_kind_is_refused),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
