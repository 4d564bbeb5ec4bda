/* chains_test.c -- what coins and chains say is what their names promise. */
#include "data/drawn.h"

enum { MANY = 40000 };

static void a_coin_shows_its_share(void **unused)
{
    (void)unused;
    static const double shares[] = {0.001, 0.3, 0.9};

    for (size_t i = 0; i < 3; i++) {
        char spec[32];

        (void)snprintf(spec, sizeof spec, "coin:%g", shares[i]);
        char *text = drawn(spec, 7, MANY);
        CHECK_NEAR(share_of(text, '1'), shares[i], 5 * sqrt(shares[i] * (1 - shares[i]) / MANY));
        free(text);
    }
}

static void a_markov_chain_needs_so_many_symbols(void **unused)
{
    (void)unused;
    rc_source *s = source_of("markov:3:2:5");
    char *text = drawn("markov:3:2:5", 1, MANY);
    double count[9][3] = {{0}}, p[9][3] = {{0}}; /* by the two before */

    assert_string_equal(rc_source_about(s).alphabet, "abc");
    for (int i = 0; i < MANY; i++) {
        if (i >= 2) {
            const int last = 3 * (text[i - 2] - 'a') + text[i - 1] - 'a';
            const double *logp = rc_source_logp(s);

            for (int k = 0; k < 3; k++) {
                if (count[last][0] + count[last][1] + count[last][2] > 0)
                    CHECK_NEAR(exp(logp[k]), p[last][k], 1e-12);
                p[last][k] = exp(logp[k]);
            }
            count[last][text[i] - 'a']++;
        }
        CHECK_STATUS(rc_source_feed(s, text[i], NULL), RC_OK);
    }
    for (int last = 0; last < 9; last++) {
        const double n = count[last][0] + count[last][1] + count[last][2];

        for (int k = 0; k < 3; k++)
            CHECK_NEAR(count[last][k] / n, p[last][k], 5 * sqrt(p[last][k] * (1 - p[last][k]) / n));
    }
    free(text);
    rc_source_free(s);
}

static void golden_has_no_two_ones(void **unused)
{
    (void)unused;
    char *text = drawn("golden:0.7", 1, MANY);

    assert_null(strstr(text, "11"));
    assert_non_null(strstr(text, "10101"));
    CHECK_NEAR(share_of(text, '1'), 0.7 / 1.7, 0.02);
    free(text);
}

static void even_has_even_runs_of_any_length(void **unused)
{
    (void)unused;
    char *text = drawn("even:0.7", 1, MANY);
    const char *zero = strchr(text, '0');
    size_t longest = 0;

    for (const char *next; (next = strchr(zero + 1, '0')); zero = next) {
        const size_t run = (size_t)(next - zero) - 1;

        assert_int_equal(run % 2, 0);
        if (run > longest)
            longest = run;
    }
    assert_true(longest >= 12);
    free(text);
}

static void periodic_is_wrong_as_often_as_it_says(void **unused)
{
    (void)unused;
    char *text = drawn("periodic:9:0.2:3", 1, MANY);
    double ones[9] = {0};

    for (int i = 0; i < MANY; i++)
        ones[i % 9] += text[i] == '1';
    for (int k = 0; k < 9; k++) {
        const double share = ones[k] / (MANY / 9.0);

        CHECK_NEAR(share < 0.5 ? share : 1 - share, 0.2, 0.04);
    }
    free(text);
}

static void an_echo_says_again(void **unused)
{
    (void)unused;
    char *text = drawn("echo:6:5:0.3", 1, MANY);
    int64_t same[8] = {0};

    for (int i = 8; i < MANY; i++)
        for (int d = 1; d < 8; d++)
            same[d] += text[i] == text[i - d];
    for (int d = 1; d < 8; d++)
        CHECK_NEAR((double)same[d] / MANY, d == 6 ? 0.7 : 0.2, 0.03);
    free(text);
}

/* How often each pair of letters is there is what the source says itself. */
static void check_pairs(const char *spec)
{
    rc_source *s = source_of(spec);
    const char *alphabet = rc_source_about(s).alphabet;
    char *text = drawn(spec, 3, MANY);

    for (const char *a = alphabet; *a; a++)
        for (const char *b = alphabet; *b; b++) {
            double first, second;
            int64_t n = 0;

            rc_source_begin(s, 1);
            CHECK_STATUS(rc_source_feed(s, *a, &first), RC_OK);
            CHECK_STATUS(rc_source_feed(s, *b, &second), RC_OK);
            for (int i = 1; i < MANY; i++)
                n += text[i - 1] == *a && text[i] == *b;
            CHECK_NEAR((double)n / MANY, exp(first + second), 0.02);
        }
    free(text);
    rc_source_free(s);
}

static void hidden_chains_say_pairs_as_often_as_they_say(void **unused)
{
    (void)unused;
    check_pairs("hmm:5:4:2");
    check_pairs("cycle:4:0.8:0.1");
}

static void a_ring_says_one_once_a_turn(void **unused)
{
    (void)unused;
    char *text = drawn("cycle:5:0.999:0", 1, MANY);

    CHECK_NEAR(share_of(text, '1'), 0.2, 0.005);
    assert_null(strstr(text, "1011"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_coin_shows_its_share),
        cmocka_unit_test(a_markov_chain_needs_so_many_symbols),
        cmocka_unit_test(golden_has_no_two_ones),
        cmocka_unit_test(even_has_even_runs_of_any_length),
        cmocka_unit_test(periodic_is_wrong_as_often_as_it_says),
        cmocka_unit_test(an_echo_says_again),
        cmocka_unit_test(hidden_chains_say_pairs_as_often_as_they_say),
        cmocka_unit_test(a_ring_says_one_once_a_turn),
    };
    return cmocka_run_group_tests_name("chains", tests, NULL, NULL);
}
