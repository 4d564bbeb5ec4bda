/* cut_test.c -- parts of a set are all of it, once; folds are all of it, once. */
#include "model/toy.h"

#include "model/model_in.h"

static rc_config *config(const char *const pairs[])
{
    return toy_config("series", pairs);
}

static void parts_are_everything_once(void **unused)
{
    (void)unused;
    check_seed();
    for (int trial = 0; trial < 200; trial++) {
        const int64_t n = pick(10, 300), folds = pick(0, 2) ? pick(2, 10) : 0;
        const bool has_test = pick(0, 1) && folds == 0;
        char split[32], fold[32], number[32];
        int seen[300] = {0};
        rcm_cut cut;

        (void)snprintf(split, sizeof split, "%.3f", (double)pick(0, 50) / 100);
        (void)snprintf(fold, sizeof fold, "%d", (int)folds);
        (void)snprintf(number, sizeof number, "%d", (int)pick(folds ? 1 : 0, folds));
        rc_config *c = config((const char *const[]){"valid-split", split, "folds", fold, "fold",
                                                    number, "test-split", has_test ? "0.2" : "0",
                                                    "seed", pick(0, 1) ? "3" : "4", NULL});

        CHECK_STATUS(rcm_cut_of(&cut, c, n, NULL), RC_OK);
        assert_int_equal(cut.from[RCM_TRAIN], 0);
        assert_int_equal(cut.from[RCM_VALID], cut.to[RCM_TRAIN]);
        assert_int_equal(cut.from[RCM_TEST], cut.to[RCM_VALID]);
        assert_int_equal(cut.to[RCM_TEST], n);
        for (int64_t i = 0; i < n; i++) {
            const int64_t at = rcm_cut_at(&cut, i);

            assert_in_range(at, 0, n - 1);
            assert_int_equal(seen[at]++, 0);
        }
        rc_config_free(c);
    }
}

static void folds_test_everything_once(void **unused)
{
    (void)unused;
    enum { N = 103, FOLDS = 10 };
    int seen[N] = {0};

    for (int k = 1; k <= FOLDS; k++) {
        char number[32];
        rcm_cut cut;

        (void)snprintf(number, sizeof number, "%d", k);
        rc_config *c = config((const char *const[]){"folds", "10", "fold", number, NULL});

        CHECK_STATUS(rcm_cut_of(&cut, c, N, NULL), RC_OK);
        assert_in_range(cut.to[RCM_TEST] - cut.from[RCM_TEST], N / FOLDS, N / FOLDS + 1);
        for (int64_t i = cut.from[RCM_TEST]; i < cut.to[RCM_TEST]; i++)
            seen[rcm_cut_at(&cut, i)]++;
        rc_config_free(c);
    }
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
}

static void copies_are_on_one_side(void **unused)
{
    (void)unused;
    check_seed();
    for (int trial = 0; trial < 100; trial++) {
        enum { MOST = 200, FOLDS = 5 };
        const int64_t n = pick(60, MOST), most = pick(7, 60);
        int32_t kind[MOST], kinds = 0;
        int part_of[MOST], tested[MOST] = {0}; /* of a kind */

        for (int64_t i = 0; i < n; i++) { /* the first kinds are the largest */
            kind[i] = kinds < most ? kinds : (int32_t)pick(0, pick(0, kinds - 1));
            kinds += kind[i] == kinds;
        }
        for (int k = 1; k <= FOLDS; k++) {
            char number[32];
            rcm_cut cut;

            (void)snprintf(number, sizeof number, "%d", k);
            rc_config *c = config(
                (const char *const[]){"folds", "5", "fold", number, "valid-split", "0.2", NULL});

            CHECK_STATUS(rcm_cut_of(&cut, c, n, kind), RC_OK);
            for (int i = 0; i < MOST; i++)
                part_of[i] = -1;
            for (int part = 0; part < RCM_PARTS; part++) {
                assert_true(cut.from[part] < cut.to[part]);
                for (int64_t i = cut.from[part]; i < cut.to[part]; i++) {
                    const int32_t of = kind[rcm_cut_at(&cut, i)];

                    assert_true(part_of[of] == -1 || part_of[of] == part);
                    part_of[of] = part;
                    tested[of] += part == RCM_TEST;
                }
            }
            rcm_cut_free(&cut);
            rc_config_free(c);
        }
        for (int64_t i = 0; i < n; i++)
            tested[kind[i]]--;
        for (int32_t i = 0; i < kinds; i++)
            assert_int_equal(tested[i], 0);
    }
}

/* No part that is wanted is left empty: the border moves back, or the cut is refused. */
static void copies_leave_no_part_empty(void **unused)
{
    (void)unused;
    for (int seed = 1; seed < 20; seed++) {
        int32_t kind[10] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2};
        char number[32];
        rcm_cut cut;

        (void)snprintf(number, sizeof number, "%d", seed);
        rc_config *c = config(
            (const char *const[]){"valid-split", "0.2", "test-split", "0.1", "seed", number, NULL});
        CHECK_STATUS(rcm_cut_of(&cut, c, 10, kind), RC_OK);
        for (int part = 0; part < RCM_PARTS; part++)
            assert_true(cut.from[part] < cut.to[part]);
        rcm_cut_free(&cut);
        kind[9] = 1;
        CHECK_STATUS(rcm_cut_of(&cut, c, 10, kind), RC_EDATA);
        CHECK_MESSAGE_HAS("copies of one sequence");
        rc_config_free(c);
        c = config((const char *const[]){"folds", "3", "fold", "2", NULL});
        CHECK_STATUS(rcm_cut_of(&cut, c, 10, kind), RC_EDATA);
        CHECK_MESSAGE_HAS("it has 2 different sequences");
        rc_config_free(c);
    }
}

static void what_cannot_be_cut_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *options[7];
        rc_status want;
        const char *words;
    } cases[] = {
        {{"fold", "3"}, RC_EINVAL, "on fold 3: there are no folds"},
        {{"folds", "1"}, RC_EINVAL, "cannot make 1 fold"},
        {{"folds", "4"}, RC_EINVAL, "on all of 4 folds in one training"},
        {{"folds", "4", "fold", "5"}, RC_EINVAL, "fold 5 of 4"},
        {{"folds", "4", "fold", "1", "test", "x"}, RC_EINVAL, "on a fold and on something else"},
        {{"folds", "4", "fold", "1", "test-split", "0.1"},
         RC_EINVAL,
         "on a fold and on something else"},
        {{"folds", "40", "fold", "1"}, RC_EDATA, "into 40 folds: it has 9"},
        {{"valid-split", "0.6", "test-split", "0.5"}, RC_EDATA, "none is left"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = config(cases[i].options);
        rcm_cut cut;

        CHECK_STATUS(rcm_cut_of(&cut, c, 9, NULL), cases[i].want);
        CHECK_MESSAGE_HAS(cases[i].words);
        rc_config_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_everything_once),
        cmocka_unit_test(folds_test_everything_once),
        cmocka_unit_test(copies_are_on_one_side),
        cmocka_unit_test(copies_leave_no_part_empty),
        cmocka_unit_test(what_cannot_be_cut_is_refused),
    };

    return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
