/* noise_test.c -- draws come as often as expected, capped symbols always, and all when there are as
 * many samples as symbols. */
#include "check.h"
#include "net/net_in.h"

enum { MOST = 300 };

typedef struct drawn {
    int32_t ids[MOST];
    rc_real times[MOST];
    int64_t count;
    double total;
} drawn;

static rcn_noise noise_of(const int64_t *count, int64_t V, int64_t samples, double power, bool once)
{
    const rcn_output_plan plan = {.V = V, .count = count, .samples = samples, .noise_power = power};
    rcn_noise n;

    CHECK_STATUS(rcn_noise_new(&n, &plan, once, 0), RC_OK);
    return n;
}

static void draw(const rcn_noise *n, double u, drawn *d)
{
    assert_true(n->most <= MOST);
    d->count = rcn_noise_draw(n, u, d->ids, d->times);
    d->total = 0;
    for (int64_t i = 0; i < d->count; i++) {
        assert_true(i == 0 || d->ids[i] > d->ids[i - 1]);
        assert_true(d->times[i] >= 1);
        d->total += (double)d->times[i];
    }
}

static void random_counts(int64_t *count, int64_t V)
{
    for (int64_t i = 0; i < V; i++)
        count[i] = pick(0, 4) == 0 ? 0 : 100000 / pick(1, 3000);
}

/* Over all shifts of the comb the mean is the expectation. */
static void symbols_are_drawn_as_often_as_expected(void **unused)
{
    (void)unused;
    (void)check_seed();
    enum { SHIFTS = 4000 };

    for (int trial = 0; trial < 12; trial++) {
        int64_t count[MOST], V = pick(1, MOST - 1);
        double seen[MOST] = {0};
        const bool once = trial % 2;
        const int64_t samples = pick(1, once ? V : 3 * V);

        random_counts(count, V);
        rcn_noise n = noise_of(count, V, samples, trial % 3 ? 1 : 0.5, once);

        for (int k = 0; k < SHIFTS; k++) {
            drawn d;

            draw(&n, (k + 0.5) / SHIFTS, &d);
            CHECK_NEAR(d.total, (double)samples, 1e-9);
            for (int64_t i = 0; i < d.count; i++) {
                assert_true(!once || d.times[i] == 1);
                seen[d.ids[i]] += (double)d.times[i] / SHIFTS;
            }
        }
        for (int64_t w = 0; w < V; w++) {
            CHECK_NEAR(seen[w], n.each[w], 2.0 / SHIFTS);
            CHECK_NEAR((double)n.expected[w], log(n.each[w]), 1e-6);
        }
        rcn_noise_free(&n);
    }
}

static void expectations_follow_the_counts_and_are_capped(void **unused)
{
    (void)unused;
    const int64_t count[] = {1000, 1, 0, 2, 4, 1};
    rcn_noise n = noise_of(count, 6, 3, 1, true);

    assert_true(n.each[0] == 1); /* nearly all the text: always there */
    CHECK_NEAR(n.each[1] + n.each[2] + n.each[3] + n.each[4] + n.each[5], 2, 1e-12);
    CHECK_NEAR(n.each[3], 2 * n.each[1], 1e-12);
    CHECK_NEAR(n.each[4], 4 * n.each[1], 1e-12);
    CHECK_NEAR(n.each[2], n.each[1], 1e-12); /* what was never seen counts once */
    rcn_noise_free(&n);

    n = noise_of(count, 6, 12, 0, false);
    for (int w = 0; w < 6; w++)
        CHECK_NEAR(n.each[w], 2, 1e-12);
    rcn_noise_free(&n);
}

static void with_enough_samples_every_symbol_is_drawn_once(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int64_t samples = 50; samples < 53; samples++) {
        int64_t count[50];

        random_counts(count, 50);
        rcn_noise n = noise_of(count, 50, samples, 1, true);

        for (int k = 0; k < 20; k++) {
            drawn d;

            draw(&n, k < 19 ? k / 19.0 : 1 - 0x1p-53, &d);
            assert_int_equal(d.count, 50);
            for (int w = 0; w < 50; w++)
                assert_true(d.ids[w] == w && d.times[w] == 1 && n.expected[w] == 0);
        }
        rcn_noise_free(&n);
    }
}

/* The draw is a function of seed and step, whoever asks. */
static void a_step_draws_the_same_again(void **unused)
{
    (void)unused;
    (void)check_seed();
    int64_t count[200];
    rc_graph *g;
    rc_noise first, again;
    int32_t ids[MOST];

    random_counts(count, 200);
    rcn_noise n = noise_of(count, 200, 20, 1, true);

    CHECK_STATUS(rc_graph_new(&g, NULL), RC_OK);
    rcg_graph_seed(g, 3, 7);
    assert_true(rcn_noise_sample(&n, g, &first));
    memcpy(ids, first.ids, (size_t)first.count * sizeof *ids);
    rcg_graph_seed(g, 3, 7);
    assert_true(rcn_noise_sample(&n, g, &again));
    assert_int_equal(first.count, again.count);
    assert_memory_equal(ids, again.ids, (size_t)first.count * sizeof *ids);
    rcg_graph_seed(g, 3, 8);
    assert_true(rcn_noise_sample(&n, g, &again));
    assert_true(memcmp(ids, again.ids, (size_t)first.count * sizeof *ids) != 0);
    rc_graph_free(g);
    rcn_noise_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_are_drawn_as_often_as_expected),
        cmocka_unit_test(expectations_follow_the_counts_and_are_capped),
        cmocka_unit_test(with_enough_samples_every_symbol_is_drawn_once),
        cmocka_unit_test(a_step_draws_the_same_again),
    };
    return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
