/* report_compare_test.c -- two reports of the same: differences, what chance makes of them by every
 * possible swap, and gold labels that are not the same.
 */
#include "reports.h"

static rc_report_options options_of(int64_t resamples)
{
    rc_report_options o = rc_report_options_default();

    o.resamples = resamples;
    o.scheme = "iob2";
    return o;
}

/* The second has its labels in another order, and one more. */
static rc_report *turned(const reports_random *x)
{
    static const char *const labels[] = {"I-B", "S-X", "B-B", "I-A", "B-A", "O"};
    static const int32_t id[] = {5, 4, 3, 2, 0};
    rc_report *r;
    int32_t gold[64], said[64];

    CHECK_STATUS(rc_report_new(&r, labels, 6), RC_OK);
    for (int64_t i = 0; i < x->n; i++) {
        const int64_t from = x->start[i], n = x->start[i + 1] - from;

        for (int64_t k = 0; k < n; k++) {
            gold[k] = id[x->gold[from + k]];
            said[k] = id[x->said[1][from + k]];
        }
        CHECK_STATUS(rc_report_add(r, n, gold, said, NULL), RC_OK);
    }
    return r;
}

/* ---- differences ------------------------------------------------------------------------- */

static void differences_are_those_of_the_scores(void **unused)
{
    (void)unused;
    static reports_random x;
    const rc_report_options o = options_of(50);

    (void)check_seed();
    for (int trial = 0; trial < 30; trial++) {
        double p[RC_SCORES], q[RC_SCORES];
        rc_comparison ab, ba, same;

        reports_draw(&x, pick(1, 40), trial % 2 ? 8 : 1, REPORTS_TAGS);
        rc_report *a = reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL);
        rc_report *b = turned(&x);

        reports_scores(a, o.scheme, p);
        reports_scores(b, o.scheme, q);
        CHECK_STATUS(rc_report_compare(a, b, &o, &ab), RC_OK);
        CHECK_STATUS(rc_report_compare(b, a, &o, &ba), RC_OK);
        for (int k = 0; k < RC_SCORES; k++) {
            CHECK_NEAR(ab.score[k].difference.value, p[k] - q[k], 1e-12);
            CHECK_NEAR(ba.score[k].difference.value, q[k] - p[k], 1e-12);
            CHECK_NEAR(ab.score[k].difference.lo, -ba.score[k].difference.hi, 1e-9);
            CHECK_NEAR(ab.score[k].difference.hi, -ba.score[k].difference.lo, 1e-9);
            CHECK_NEAR(ab.score[k].p, ba.score[k].p, 1e-12);
        }
        assert_int_equal(ab.first_only, ba.second_only);
        assert_int_equal(ab.second_only, ba.first_only);
        CHECK_STATUS(rc_report_compare(a, a, &o, &same), RC_OK);
        for (int k = 0; k < RC_SCORES; k++) {
            const rc_bounded *d = &same.score[k].difference;

            assert_true(d->value == 0 && d->lo == 0 && d->hi == 0 && same.score[k].p == 1);
        }
        rc_report_free(a);
        rc_report_free(b);
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Both drawn alike, as reports of their own. */
static void bounds_are_those_of_pairs_drawn_anew(void **unused)
{
    (void)unused;
    enum { R = 41 };
    static reports_random x;
    rc_report_options o = options_of(R);

    (void)check_seed();
    o.level = 0.9;
    for (int trial = 0; trial < 10; trial++) {
        double all[RC_SCORES][R];
        int32_t times[60];
        rc_comparison got;

        reports_draw(&x, pick(2, 60), 6, REPORTS_TAGS);
        rc_report *r[2];

        for (int i = 0; i < R; i++) {
            double score[2][RC_SCORES];

            rcm_draw_times(rcb_stream(o.seed, "report:resample"), i, x.n, times);
            for (int who = 0; who < 2; who++) {
                r[who] = reports_make(&x, who, reports_tags, REPORTS_TAGS, times);
                reports_scores(r[who], o.scheme, score[who]);
                rc_report_free(r[who]);
            }
            for (int k = 0; k < RC_SCORES; k++)
                all[k][i] = score[0][k] - score[1][k];
        }
        for (int who = 0; who < 2; who++)
            r[who] = reports_make(&x, who, reports_tags, REPORTS_TAGS, NULL);
        CHECK_STATUS(rc_report_compare(r[0], r[1], &o, &got), RC_OK);
        for (int k = 0; k < RC_SCORES; k++) {
            qsort(all[k], R, sizeof(double), by_size);
            CHECK_NEAR(got.score[k].difference.lo, all[k][2], 1e-12);
            CHECK_NEAR(got.score[k].difference.hi, all[k][38], 1e-12);
        }
        for (int who = 0; who < 2; who++)
            rc_report_free(r[who]);
    }
}

/* ---- p ----------------------------------------------------------------------------------- */

/* The part of all 2^n swaps that is at least as far apart. */
static void every_swap(const reports_random *x, double p[RC_SCORES])
{
    static reports_random swapped;
    double score[2][RC_SCORES], far[RC_SCORES] = {0}, seen[RC_SCORES];

    for (int code = 0; code < 1 << x->n; code++) {
        swapped = *x;
        for (int64_t i = 0; i < x->n; i++)
            for (int64_t k = x->start[i]; k < x->start[i + 1] && (code >> i & 1); k++) {
                swapped.said[0][k] = x->said[1][k];
                swapped.said[1][k] = x->said[0][k];
            }
        for (int who = 0; who < 2; who++) {
            rc_report *r = reports_make(&swapped, who, reports_tags, REPORTS_TAGS, NULL);

            reports_scores(r, "iob2", score[who]);
            rc_report_free(r);
        }
        for (int k = 0; k < RC_SCORES; k++) {
            const double d = fabs(score[0][k] - score[1][k]);

            seen[k] = code == 0 ? d : seen[k];
            far[k] += d >= seen[k] - 1e-12;
        }
    }
    for (int k = 0; k < RC_SCORES; k++)
        p[k] = ldexp(far[k], -(int)x->n);
}

static void p_is_near_that_of_every_swap(void **unused)
{
    (void)unused;
    static reports_random x;
    const rc_report_options o = options_of(20000);

    (void)check_seed();
    for (int trial = 0; trial < 6; trial++) {
        double want[RC_SCORES];
        rc_comparison got;

        reports_draw(&x, 8, trial % 2 ? 6 : 1, REPORTS_TAGS);
        every_swap(&x, want);
        rc_report *a = reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL);
        rc_report *b = reports_make(&x, 1, reports_tags, REPORTS_TAGS, NULL);

        CHECK_STATUS(rc_report_compare(a, b, &o, &got), RC_OK);
        for (int k = 0; k < RC_SCORES; k++) /* four deviations of a share of 20,000 */
            assert_true(fabs(got.score[k].p - want[k]) < 0.015);
        rc_report_free(a);
        rc_report_free(b);
    }
}

static void mcnemar_is_for_single_labels(void **unused)
{
    (void)unused;
    static reports_random x;
    const rc_report_options o = options_of(0);

    (void)check_seed();
    for (int trial = 0; trial < 20; trial++) {
        int64_t only[2] = {0};
        rc_comparison got;

        reports_draw(&x, 50, trial % 2 ? 6 : 1, REPORTS_TAGS);
        for (int64_t k = 0; k < x.start[x.n]; k++)
            for (int who = 0; who < 2; who++)
                only[who] += x.said[who][k] == x.gold[k] && x.said[1 - who][k] != x.gold[k];
        rc_report *a = reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL);
        rc_report *b = reports_make(&x, 1, reports_tags, REPORTS_TAGS, NULL);

        CHECK_STATUS(rc_report_compare(a, b, &o, &got), RC_OK);
        assert_int_equal(got.first_only, only[0]);
        assert_int_equal(got.second_only, only[1]);
        if (trial % 2)
            assert_true(isnan(got.mcnemar));
        else
            CHECK_NEAR(got.mcnemar, rcm_even_test(only[0], only[1]), 0);
        for (int k = 0; k < RC_SCORES; k++) /* nothing was drawn */
            assert_true(isnan(got.score[k].p) && isnan(got.score[k].difference.lo));
        rc_report_free(a);
        rc_report_free(b);
    }
}

/* ---- what cannot be compared ------------------------------------------------------------- */

static void other_gold_labels_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *a, *b, *message;
    } bad[] = {
        {"w O O\nw B-A O\n", "w O O\nw B-B O\n",
         "cannot compare: the gold label is 'B-A' in line 2 of"},
        {"w O O\n\nw O O\nw O O\n", "w O O\n\nw O O\n", "has 2 labels, that at line 3 of"},
        {"w O O\n\nw O O\n", "w O O\n",
         "the first has 2 sequences, the second 1; the one at line 3"},
        {"w O O\n", "w O O\n\nw O O\n", "the first has 1 sequences, the second 2"},
    };
    const rc_report_options o = options_of(10);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *pa = check_temp_path("a.txt"), *pb = check_temp_path("b.txt");
        rc_report *a, *b;
        rc_comparison out;

        check_write_file(pa, bad[i].a, strlen(bad[i].a));
        check_write_file(pb, bad[i].b, strlen(bad[i].b));
        CHECK_STATUS(rc_report_new(&a, NULL, 0), RC_OK);
        CHECK_STATUS(rc_report_new(&b, NULL, 0), RC_OK);
        CHECK_STATUS(rc_report_compare(a, b, &o, &out), RC_EDATA);
        CHECK_STATUS(rc_report_read(a, pa, NULL), RC_OK);
        CHECK_STATUS(rc_report_read(b, pb, NULL), RC_OK);
        CHECK_STATUS(rc_report_compare(a, b, &o, &out), RC_EDATA);
        CHECK_MESSAGE_HAS(bad[i].message);
        rc_report_free(a);
        rc_report_free(b);
    }
}

static void what_came_from_no_file_is_told_by_its_place(void **unused)
{
    (void)unused;
    static const int32_t one[] = {0, 1}, two[] = {0, 2};
    rc_report *a, *b;
    rc_comparison out;

    CHECK_STATUS(rc_report_new(&a, reports_tags, REPORTS_TAGS), RC_OK);
    CHECK_STATUS(rc_report_new(&b, reports_tags, REPORTS_TAGS), RC_OK);
    CHECK_STATUS(rc_report_add(a, 2, one, one, NULL), RC_OK);
    CHECK_STATUS(rc_report_add(b, 2, two, one, NULL), RC_OK);
    CHECK_STATUS(rc_report_compare(a, b, NULL, &out), RC_EDATA);
    CHECK_MESSAGE_HAS("the gold label is 'B-A' in label 2 of sequence 1, 'I-A' in label 2 of");
    rc_report_free(a);
    rc_report_free(b);
}

typedef struct two {
    rc_report *a, *b;
} two;

static rc_status compare(void *ctx)
{
    const two *t = ctx;
    const rc_report_options o = options_of(3);
    rc_comparison out;

    return rc_report_compare(t->a, t->b, &o, &out);
}

static void memory_may_run_out(void **unused)
{
    (void)unused;
    static reports_random x;

    reports_draw(&x, 200, 6, REPORTS_TAGS);
    two t = {reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL), turned(&x)};

    CHECK_EACH_ALLOCATION(compare, &t);
    rc_report_free(t.a);
    rc_report_free(t.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_those_of_the_scores),
        cmocka_unit_test(bounds_are_those_of_pairs_drawn_anew),
        cmocka_unit_test(p_is_near_that_of_every_swap),
        cmocka_unit_test(mcnemar_is_for_single_labels),
        cmocka_unit_test(other_gold_labels_are_refused),
        cmocka_unit_test(what_came_from_no_file_is_told_by_its_place),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("report_compare", tests, NULL, NULL);
}
