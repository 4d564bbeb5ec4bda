/* runner_test.c -- draws follow the distribution, states can be saved, loaded and cloned, and
 * neither a step nor a draw reaches the heap.
 */
#include "model/toy.h"

static rc_runner *new_runner(const rc_model *m)
{
    rc_runner *r;

    CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
    return r;
}

static void feed_random(rc_runner *r, const rc_model *m, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        CHECK_STATUS(rc_runner_feed(r, (int32_t)pick(0, rc_model_symbols(m) - 1)), RC_OK);
}

/* The same continuation, bit for bit. */
static void assert_go_on_alike(rc_runner *a, rc_runner *b, const rc_model *m)
{
    const size_t bytes = (size_t)rc_model_symbols(m) * sizeof(rc_real);

    for (int i = 0; i < 20; i++) {
        rc_sampling s = rc_sampling_default();
        int32_t id, other;

        assert_memory_equal(rc_runner_logp(a), rc_runner_logp(b), bytes);
        s.draw = (uint64_t)i;
        CHECK_STATUS(rc_runner_draw(a, &s, &id), RC_OK);
        CHECK_STATUS(rc_runner_draw(b, &s, &other), RC_OK);
        assert_int_equal(id, other);
        CHECK_STATUS(rc_runner_feed(a, id), RC_OK);
        CHECK_STATUS(rc_runner_feed(b, id), RC_OK);
    }
}

static void states_can_be_saved_loaded_and_cloned(void **unused)
{
    (void)unused;
    static const char *const cells[] = {"tanh", "gru", "lstm"};
    (void)check_seed();

    for (size_t i = 0; i < 3; i++) {
        rc_model *m = TOY("cell", cells[i], "hidden", "9,4", "layers", "2");

        for (int64_t fed = 0; fed < 6; fed++) {
            rc_runner *a = new_runner(m), *b = new_runner(m), *c, *d;
            const size_t n = rc_runner_state_size(a);
            void *bytes = guard_bytes(n), *again = guard_bytes(n);

            feed_random(a, m, fed);
            feed_random(b, m, pick(0, 3));
            rc_runner_state_save(a, bytes);
            CHECK_STATUS(rc_runner_state_load(b, bytes, n), RC_OK);
            rc_runner_state_save(b, again);
            assert_memory_equal(bytes, again, n);
            CHECK_STATUS(rc_runner_clone(&c, a), RC_OK);
            CHECK_STATUS(rc_runner_clone(&d, a), RC_OK);
            assert_go_on_alike(a, b, m);
            assert_go_on_alike(c, d, m);
            guard_free(bytes);
            guard_free(again);
            rc_runner_free(a);
            rc_runner_free(b);
            rc_runner_free(c);
            rc_runner_free(d);
        }
        rc_model_free(m);
    }
}

/* Large enough that a step is shared, in full and in fewer bits; changed on the way. */
static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int i = 0; i < 3; i++) {
        rc_model *m = TOY("cell", "lstm", "hidden", "300", "layers", "2"), *lean = NULL;

        CHECK_STATUS(rc_model_quantize(&lean, m, (const char *[]){"bf16", "int8", "int8"}[i]),
                     RC_OK);
        const rc_model *used = i == 2 ? m : lean;
        rc_runner *a = new_runner(used), *b = new_runner(used);

        for (int threads = 3; threads > 0; threads--) {
            CHECK_STATUS(rc_runner_threads(b, threads), RC_OK);
            assert_go_on_alike(a, b, used);
        }
        CHECK_STATUS(rc_runner_threads(b, -1), RC_EINVAL);
        assert_go_on_alike(a, b, used);
        rc_runner_free(a);
        rc_runner_free(b);
        rc_model_free(lean);
        rc_model_free(m);
    }
}

static void beginning_again_is_a_new_runner(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_model *m = TOY("hidden", "5");
    rc_runner *a = new_runner(m), *b = new_runner(m);

    feed_random(a, m, 7);
    CHECK_STATUS(rc_runner_begin(a), RC_OK);
    assert_go_on_alike(a, b, m);
    rc_runner_free(a);
    rc_runner_free(b);
    rc_model_free(m);
}

static void foreign_states_are_refused_and_change_nothing(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_model *m = TOY("hidden", "5");
    rc_model *other = TOY("hidden", "5", "seed", "2");
    rc_runner *a = new_runner(m), *b = new_runner(m), *o = new_runner(other);
    const size_t n = rc_runner_state_size(a);
    unsigned char *bytes = guard_bytes(n);

    feed_random(a, m, 3);
    rc_runner_state_save(o, bytes);
    CHECK_STATUS(rc_runner_state_load(b, bytes, n), RC_EFORMAT);
    CHECK_MESSAGE_HAS("it is of another model");
    rc_runner_state_save(a, bytes);
    for (size_t cut = 0; cut < n; cut++)
        CHECK_STATUS(rc_runner_state_load(b, bytes, cut), RC_EFORMAT);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const rc_status s = rc_runner_state_load(b, bytes, n);
        /* Another symbol as the last one is as good a state as any. */
        assert_true(s == RC_EFORMAT || bit / 8 - 16 < 4);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (s == RC_OK)
            CHECK_STATUS(rc_runner_begin(b), RC_OK);
    }
    rc_runner *fresh = new_runner(m);
    assert_go_on_alike(b, fresh, m);
    guard_free(bytes);
    rc_runner_free(fresh);
    rc_runner_free(a);
    rc_runner_free(b);
    rc_runner_free(o);
    rc_model_free(m);
    rc_model_free(other);
}

static void symbols_that_do_not_exist_are_refused(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "5");
    rc_runner *a = new_runner(m), *b = new_runner(m);

    CHECK_STATUS(rc_runner_feed(a, -1), RC_EINVAL);
    CHECK_STATUS(rc_runner_feed(a, rc_model_symbols(m)), RC_EINVAL);
    CHECK_MESSAGE_HAS("there is no symbol");
    assert_go_on_alike(a, b, m);
    rc_runner_free(a);
    rc_runner_free(b);
    rc_model_free(m);
}

/* ---- draws ------------------------------------------------------------------------------- */

/* Chi-square of draws against weights (V, not normalised; 0: must never come). 5 sigma of a fair
 * one. */
static void assert_drawn_by(const rc_runner *r, const rc_model *m, rc_sampling s,
                            const double *weight)
{
    enum { DRAWS = 20000 };
    const int32_t V = rc_model_symbols(m);
    double sum = 0, chi = 0, rest = 0;
    int64_t count[64] = {0}, rest_count = 0;
    int freedom = 0;

    assert_true(V <= 64);
    for (s.draw = 0; s.draw < DRAWS; s.draw++) {
        int32_t id;

        CHECK_STATUS(rc_runner_draw(r, &s, &id), RC_OK);
        assert_true(id >= 0 && id < V && weight[id] > 0);
        count[id]++;
    }
    for (int32_t i = 0; i < V; i++)
        sum += weight[i];
    for (int32_t i = 0; i < V; i++) {
        const double expected = weight[i] / sum * DRAWS;

        if (expected < 5) { /* too rare for its own cell */
            rest += expected;
            rest_count += count[i];
            continue;
        }
        chi += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
        freedom++;
    }
    if (rest >= 5) {
        chi += ((double)rest_count - rest) * ((double)rest_count - rest) / rest;
        freedom++;
    }
    assert_true(chi < freedom + 5 * sqrt(2.0 * freedom) + 5);
}

static int by_falling_weight(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

/* Weights that the settings leave, by sorting. */
static void expected_weights(const rc_runner *r, const rc_model *m, const rc_sampling *s,
                             double *weight)
{
    const int32_t V = rc_model_symbols(m);
    double sorted[64], total = 0, sum = 0;
    int32_t k = V;

    for (int32_t i = 0; i < V; i++)
        weight[i] = exp((double)rc_runner_logp(r)[i] / s->temperature);
    for (size_t i = 0; i < s->ban_count; i++)
        weight[s->ban[i]] = 0;
    if (rc_model_symbol_count(m, rc_model_unknown(m)) == 0)
        weight[rc_model_unknown(m)] = 0;
    memcpy(sorted, weight, (size_t)V * sizeof *sorted);
    qsort(sorted, (size_t)V, sizeof *sorted, by_falling_weight);
    if (s->top_k > 0 && s->top_k < V)
        k = s->top_k;
    for (int32_t i = 0; i < k; i++)
        total += sorted[i];
    if (s->top_p < 1)
        for (int32_t i = 0; i < k; i++) {
            sum += sorted[i];
            if (sum >= s->top_p * total)
                k = i + 1;
        }
    for (int32_t i = 0; i < V; i++)
        if (weight[i] < sorted[k - 1])
            weight[i] = 0;
}

static void draws_follow_the_distribution(void **unused)
{
    (void)unused;
    const uint64_t seed = check_seed();
    rc_model *m = TOY("hidden", "8", "init", "normal:1");
    const int32_t V = rc_model_symbols(m);
    rc_runner *r = new_runner(m);

    for (int trial = 0; trial < 24; trial++) {
        const int32_t ban[] = {(int32_t)pick(0, V - 1), (int32_t)pick(0, V - 1)};
        rc_sampling s = rc_sampling_default();
        double weight[64];

        feed_random(r, m, 1);
        s.seed = seed + (uint64_t)trial;
        s.temperature = trial % 2 ? 1 : 0.5 + (double)pick(0, 10) / 5;
        s.top_k = trial % 3 ? 0 : (int32_t)pick(1, V + 2);
        s.top_p = trial % 4 ? 1 : 0.1 + (double)pick(0, 8) / 10;
        s.ban = ban;
        s.ban_count = (size_t)(trial % 3);
        expected_weights(r, m, &s, weight);
        assert_drawn_by(r, m, s, weight);
    }
    rc_runner_free(r);
    rc_model_free(m);
}

static void temperature_zero_takes_the_most_probable(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "8", "init", "normal:1");
    rc_model *flat = TOY("hidden", "8", "init", "zero");
    rc_runner *r = new_runner(m), *even = new_runner(flat);
    rc_sampling s = rc_sampling_default();
    int32_t id, best = 0, second;

    s.temperature = 0;
    for (int32_t i = 1; i < rc_model_symbols(m); i++)
        if (rc_runner_logp(r)[i] > rc_runner_logp(r)[best])
            best = i;
    CHECK_STATUS(rc_runner_draw(r, &s, &id), RC_OK);
    assert_int_equal(id, best);
    s.ban = &best;
    s.ban_count = 1;
    CHECK_STATUS(rc_runner_draw(r, &s, &second), RC_OK);
    assert_int_not_equal(second, best);
    s.ban_count = 0;
    CHECK_STATUS(rc_runner_draw(even, &s, &id), RC_OK);
    assert_int_equal(id, 0); /* of equal ones the first */
    rc_runner_free(r);
    rc_runner_free(even);
    rc_model_free(m);
    rc_model_free(flat);
}

static void bad_settings_are_refused(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "3");
    const int32_t V = rc_model_symbols(m);
    rc_runner *r = new_runner(m);
    int32_t all[64], id;
    static const int32_t beyond = 1000;
    const struct {
        rc_sampling s;
        const char *message;
    } cases[] = {
        {{.temperature = -1, .top_p = 1}, "temperature -1"},
        {{.temperature = (double)NAN, .top_p = 1}, "temperature"},
        {{.temperature = HUGE_VAL, .top_p = 1}, "temperature inf"},
        {{.temperature = 1, .top_p = 0}, "a share of 0"},
        {{.temperature = 1, .top_p = 1.5}, "a share of 1.5"},
        {{.temperature = 1, .top_p = 1, .top_k = -1}, "the first -1 symbols"},
        {{.temperature = 1, .top_p = 1, .ban = &beyond, .ban_count = 1}, "cannot ban symbol 1000"},
        {{.temperature = 1, .top_p = 1, .ban = all, .ban_count = (size_t)V}, "nothing is left"},
    };

    for (int32_t i = 0; i < V; i++)
        all[i] = i;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(rc_runner_draw(r, &cases[i].s, &id), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].message);
    }
    rc_runner_free(r);
    rc_model_free(m);
}

static void weights_that_are_not_numbers_cannot_be_drawn_from(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "3");
    const rc_sampling s = rc_sampling_default();
    int32_t id;

    rcn_param *p = rcn_params_find(&m->params, "out.bias");
    p->w[0] = (rc_real)NAN;
    rc_runner *r = new_runner(m);
    CHECK_STATUS(rc_runner_draw(r, &s, &id), RC_ENAN);
    rc_runner_free(r);
    rc_model_free(m);
}

static void a_warm_step_and_draw_allocate_nothing(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "40", "layers", "3", "cell", "gru-before", "tied", "true", "skip",
                      "residual");
    rc_runner *r = new_runner(m);
    rc_sampling s = rc_sampling_default();
    uint64_t before = 0;

    s.top_k = 5;
    s.top_p = 0.9;
    for (int i = 0; i < 30; i++) {
        int32_t id;

        if (i == 10)
            before = rcb_alloc_count();
        s.draw = (uint64_t)i;
        CHECK_STATUS(rc_runner_draw(r, &s, &id), RC_OK);
        CHECK_STATUS(rc_runner_feed(r, id), RC_OK);
    }
    assert_int_equal(rcb_alloc_count(), before);
    rc_runner_free(r);
    rc_model_free(m);
}

static rc_status live(void *ctx)
{
    const rc_model *m = ctx;
    rc_runner *r, *copy;
    int32_t id;
    const rc_sampling sampling = rc_sampling_default();

    RC_TRY(rc_runner_new(&r, m));
    rc_status s = rc_runner_feed(r, 1);
    if (s == RC_OK)
        s = rc_runner_draw(r, &sampling, &id);
    if (s == RC_OK)
        s = rc_runner_clone(&copy, r);
    if (s == RC_OK) {
        s = rc_runner_feed(copy, 2);
        rc_runner_free(copy);
    }
    rc_runner_free(r);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "40", "layers", "3");

    CHECK_EACH_ALLOCATION(live, m);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_can_be_saved_loaded_and_cloned),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(beginning_again_is_a_new_runner),
        cmocka_unit_test(foreign_states_are_refused_and_change_nothing),
        cmocka_unit_test(symbols_that_do_not_exist_are_refused),
        cmocka_unit_test(draws_follow_the_distribution),
        cmocka_unit_test(temperature_zero_takes_the_most_probable),
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(weights_that_are_not_numbers_cannot_be_drawn_from),
        cmocka_unit_test(a_warm_step_and_draw_allocate_nothing),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
