/* report_measure_test.c -- what a report amounts to: against reports worked out a second time
 * (tests/golden/reports.txt, made by tools/make_reports.py), and bounds against reports that are
 * really drawn anew.
 */
#include "reports.h"

/* ---- golden reports ---------------------------------------------------------------------- */

enum { NAMES = 64, WORDS = 512 };

typedef struct golden {
    char *text, *at; /* what is left */
    rc_report *report;
    rc_scores *scores;
    size_t labels, pairs, types; /* looked at so far */
    int64_t cases, wants;
} golden;

/* The next line, without its end; NULL: there is none. */
static char *next_line(golden *g)
{
    char *line = g->at, *feed = line ? strchr(line, '\n') : NULL;

    if (!feed)
        return NULL;
    *feed = '\0';
    g->at = feed + 1;
    return line;
}

/* The words of a line, which is cut; how many. */
static int split(char *line, char *word[WORDS])
{
    int n = 0;

    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        assert_true(n < WORDS);
        word[n++] = w;
    }
    return n;
}

static void add_sequence(rc_report *r, char *line)
{
    char *word[WORDS];
    int32_t id[2][WORDS];
    double sure[WORDS];
    int n[3] = {0}, part = 0;
    const int words = split(line, word);

    for (int i = 1; i < words; i++) {
        if (strcmp(word[i], "|") == 0)
            part++;
        else if (part < 2)
            id[part][n[part]++] = atoi(word[i]);
        else
            sure[n[2]++] = strtod(word[i], NULL);
    }
    assert_int_equal(n[0], n[1]);
    CHECK_STATUS(rc_report_add(r, n[0], id[0], id[1], n[2] ? sure : NULL), RC_OK);
}

static void check_means(const rc_found *f, char **word)
{
    CHECK_NEAR(f->precision, strtod(word[0], NULL), 1e-12);
    CHECK_NEAR(f->recall, strtod(word[1], NULL), 1e-12);
    CHECK_NEAR(f->f1, strtod(word[2], NULL), 1e-12);
}

static void check_found(const rc_found *f, char **word)
{
    assert_int_equal(f->gold, atoi(word[0]));
    assert_int_equal(f->said, atoi(word[1]));
    assert_int_equal(f->right, atoi(word[2]));
    check_means(f, word + 3);
}

static void check_pair(golden *g, char **word)
{
    const rc_scores *s = g->scores;

    assert_true(g->pairs < s->pairs);
    const rc_confusion *p = &s->pair[g->pairs++];

    assert_string_equal(s->label[p->gold].name, word[0]);
    assert_string_equal(s->label[p->said].name, word[1]);
    assert_int_equal(p->count, atoi(word[2]));
}

static void check_bin(const rc_scores *s, char **word)
{
    const rc_reliability *b = &s->bin[atoi(word[0])];

    assert_int_equal(b->count, atoi(word[1]));
    CHECK_NEAR(b->accuracy, strtod(word[2], NULL), 1e-12);
    CHECK_NEAR(b->confidence, strtod(word[3], NULL), 1e-12);
}

/* One line of what is wanted; its words from the key on. */
static void check_want(golden *g, char **word)
{
    const rc_scores *s = g->scores;
    const char *key = word[0];

    g->wants++;
    if (strcmp(key, "labels") == 0) {
        assert_int_equal(s->labels, atoi(word[1]));
        assert_int_equal(s->right, atoi(word[2]));
        assert_int_equal(s->whole, atoi(word[3]));
    } else if (strcmp(key, "accuracy") == 0) {
        CHECK_NEAR(s->score[RC_SCORE_ACCURACY].value, strtod(word[1], NULL), 1e-12);
        CHECK_NEAR(s->micro.f1, strtod(word[1], NULL), 1e-12);
    } else if (strcmp(key, "label") == 0) {
        assert_true(g->labels < s->count);
        assert_string_equal(s->label[g->labels].name, word[1]);
        check_found(&s->label[g->labels++].of, word + 2);
    } else if (strcmp(key, "macro") == 0) {
        check_means(&s->macro, word + 1);
        CHECK_NEAR(s->score[RC_SCORE_MACRO_F1].value, s->macro.f1, 1e-12);
    } else if (strcmp(key, "weighted") == 0) {
        check_means(&s->weighted, word + 1);
    } else if (strcmp(key, "pair") == 0) {
        check_pair(g, word + 1);
    } else if (strcmp(key, "scheme") == 0) {
        assert_string_equal(s->scheme, word[1]);
        assert_int_equal(s->gold_faults.count, 0);
    } else if (strcmp(key, "type") == 0) {
        assert_true(g->types < s->types);
        assert_string_equal(s->type[g->types].name, strcmp(word[1], "-") == 0 ? "" : word[1]);
        check_found(&s->type[g->types++].of, word + 2);
    } else if (strcmp(key, "spans") == 0) {
        check_found(&s->spans, word + 1);
        CHECK_NEAR(s->score[RC_SCORE_SPAN_F1].value, s->spans.f1, 1e-12);
    } else if (strcmp(key, "span_whole") == 0) {
        assert_int_equal(s->span_whole, atoi(word[1]));
    } else if (strcmp(key, "bin") == 0) {
        check_bin(s, word + 1);
    } else {
        assert_string_equal(key, "ece");
        CHECK_NEAR(s->ece, strtod(word[1], NULL), 1e-12);
    }
}

static void end_case(golden *g)
{
    assert_int_equal(g->labels, g->scores->count);
    assert_int_equal(g->pairs, g->scores->pairs);
    assert_int_equal(g->types, g->scores->types);
    rc_scores_free(g->scores);
    rc_report_free(g->report);
    g->scores = NULL;
    g->labels = g->pairs = g->types = 0;
    g->cases++;
}

static void check_line(golden *g, char *line)
{
    char *word[WORDS];
    rc_report_options o = rc_report_options_default();

    if (strncmp(line, "seq ", 4) == 0) {
        add_sequence(g->report, line);
        return;
    }
    const int n = split(line, word);

    o.resamples = 0;
    if (strcmp(word[0], "labels") == 0) {
        CHECK_STATUS(rc_report_new(&g->report, (const char *const *)word + 1, n - 1), RC_OK);
    } else if (strcmp(word[0], "want") == 0) {
        if (!g->scores)
            CHECK_STATUS(rc_report_measure(g->report, &o, &g->scores), RC_OK);
        check_want(g, word + 1);
    } else if (strcmp(word[0], "end") == 0) {
        end_case(g);
    } else if (strcmp(word[0], "case") == 0) {
        print_message("  %s\n", word[1]);
    }
}

static void reports_are_as_worked_out_elsewhere(void **unused)
{
    (void)unused;
    FILE *f = fopen(RC_TEST_DIR "/golden/reports.txt", "r");
    golden g = {.text = calloc(1, 1 << 20)};

    assert_non_null(f);
    assert_non_null(g.text);
    assert_true(fread(g.text, 1, (1 << 20) - 1, f) > 1000);
    assert_int_equal(fclose(f), 0);
    g.at = g.text;
    for (char *line; (line = next_line(&g));)
        check_line(&g, line);
    assert_int_equal(g.cases, 19);
    assert_true(g.wants > 500);
    free(g.text);
}

/* ---- by hand ----------------------------------------------------------------------------- */

static void a_bound_of_a_bin_belongs_to_the_one_below(void **unused)
{
    (void)unused;
    static const char *const labels[] = {"a"};
    static const int32_t one[] = {0};
    rc_report_options o = rc_report_options_default();
    rc_report *r;
    rc_scores *s;

    CHECK_STATUS(rc_report_new(&r, labels, 1), RC_OK);
    for (int i = 0; i <= RC_RELIABILITY_BINS; i++) {
        const double p = i / (double)RC_RELIABILITY_BINS;

        CHECK_STATUS(rc_report_add(r, 1, one, one, &p), RC_OK);
    }
    o.resamples = 0;
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
    assert_int_equal(s->bin[0].count, 2); /* 0 too */
    for (int i = 1; i < RC_RELIABILITY_BINS; i++)
        assert_int_equal(s->bin[i].count, 1);
    CHECK_NEAR(s->ece, 0.5, 1e-12); /* all are right; confidences have the mean 1/2 */
    rc_scores_free(s);
    rc_report_free(r);
}

static void a_scheme_can_be_said(void **unused)
{
    (void)unused;
    static const int32_t gold[] = {1, 2, 0}, said[] = {2, 2, 0};
    rc_report_options o = rc_report_options_default();
    rc_report *r;
    rc_scores *s;

    o.resamples = 10;
    CHECK_STATUS(rc_report_new(&r, reports_tags, REPORTS_TAGS), RC_OK);
    CHECK_STATUS(rc_report_add(r, 3, gold, said, NULL), RC_OK);
    o.scheme = "none";
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
    assert_true(s->types == 0 && s->spans.gold == 0 && isnan(s->score[RC_SCORE_SPAN_F1].value));
    assert_true(isnan(s->score[RC_SCORE_SPAN_F1].lo));
    rc_scores_free(s);
    o.scheme = "iob1";
    CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
    assert_true(s->spans.right == 1 && s->gold_faults.count == 1 && s->said_faults.count == 0);
    assert_string_equal(s->gold_faults.tag, "B-A");
    assert_true(*s->gold_faults.what && !s->gold_faults.file && s->gold_faults.line == 0);
    rc_scores_free(s);
    rc_report_free(r);
}

/* ---- bounds ------------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Every resample as a report of its own, from the labels on. */
static void bounds_are_those_of_reports_drawn_anew(void **unused)
{
    (void)unused;
    enum { R = 41 }; /* the 5th and 95th of 100 lie on the 2nd and 38th */
    static reports_random x;
    rc_report_options o = rc_report_options_default();

    (void)check_seed();
    o.resamples = R;
    o.level = 0.9;
    for (int trial = 0; trial < 20; trial++) {
        double all[RC_SCORES][R];
        int32_t times[60];
        rc_scores *s, *again;

        o.seed = (uint64_t)pick(0, 1000000);
        reports_draw(&x, pick(1, 60), trial % 2 ? 8 : 1, REPORTS_TAGS);
        rc_report *r = reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL);

        o.scheme = "iob2";
        for (int i = 0; i < R; i++) {
            double score[RC_SCORES];

            rcm_draw_times(rcb_stream(o.seed, "report:resample"), i, x.n, times);
            rc_report *drawn = reports_make(&x, 0, reports_tags, REPORTS_TAGS, times);

            reports_scores(drawn, o.scheme, score);
            for (int k = 0; k < RC_SCORES; k++)
                all[k][i] = score[k];
            rc_report_free(drawn);
        }
        CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
        for (int k = 0; k < RC_SCORES; k++) {
            qsort(all[k], R, sizeof(double), by_size);
            CHECK_NEAR(s->score[k].lo, all[k][2], 1e-12);
            CHECK_NEAR(s->score[k].hi, all[k][38], 1e-12);
            assert_true(s->score[k].lo <= s->score[k].hi);
        }
        CHECK_STATUS(rc_report_measure(r, &o, &again), RC_OK);
        assert_memory_equal(s->score, again->score, sizeof s->score);
        rc_scores_free(again);
        rc_scores_free(s);
        rc_report_free(r);
    }
}

/* Of many reports from one source 95% intervals hold what is true of it nearly as often. */
static void intervals_hold_the_truth_as_often_as_they_say(void **unused)
{
    (void)unused;
    enum { REPORTS = 300, N = 200 };
    static const char *const labels[] = {"a", "b"};
    rc_report_options o = rc_report_options_default();
    int held = 0;

    (void)check_seed();
    o.resamples = 200;
    for (int i = 0; i < REPORTS; i++) {
        rc_report *r;
        rc_scores *s;

        CHECK_STATUS(rc_report_new(&r, labels, 2), RC_OK);
        for (int k = 0; k < N; k++) {
            const int32_t gold = (int32_t)pick(0, 1), said = pick(0, 9) < 7 ? gold : 1 - gold;

            CHECK_STATUS(rc_report_add(r, 1, &gold, &said, NULL), RC_OK);
        }
        CHECK_STATUS(rc_report_measure(r, &o, &s), RC_OK);
        held += s->score[RC_SCORE_ACCURACY].lo <= 0.7 && s->score[RC_SCORE_ACCURACY].hi >= 0.7;
        rc_scores_free(s);
        rc_report_free(r);
    }
    assert_in_range(held, REPORTS * 90 / 100, REPORTS * 99 / 100);
}

static rc_status measure(void *r)
{
    rc_report_options o = rc_report_options_default();
    rc_scores *s = NULL;

    o.resamples = 3;
    const rc_status status = rc_report_measure(r, &o, &s);

    if (status != RC_OK)
        assert_null(s);
    rc_scores_free(s);
    return status;
}

static void memory_may_run_out(void **unused)
{
    (void)unused;
    static reports_random x;

    reports_draw(&x, 200, 6, REPORTS_TAGS);
    rc_report *r = reports_make(&x, 0, reports_tags, REPORTS_TAGS, NULL);

    CHECK_EACH_ALLOCATION(measure, r);
    rc_report_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_are_as_worked_out_elsewhere),
        cmocka_unit_test(a_bound_of_a_bin_belongs_to_the_one_below),
        cmocka_unit_test(a_scheme_can_be_said),
        cmocka_unit_test(bounds_are_those_of_reports_drawn_anew),
        cmocka_unit_test(intervals_hold_the_truth_as_often_as_they_say),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("report_measure", tests, NULL, NULL);
}
