/* process_test.c -- the probabilities of every source are whole, exact and those of what it draws.
 */
#include "data/data_in.h"
#include "data/drawn.h"

/* Every source by its usual numbers, and some by others. */
static const char *spec_at(size_t i)
{
    static const char *const more[] = {"hmm:3:3:9",    "cycle:3:0.5:0.3", "periodic:5:0.3:2",
                                       "echo:2:3:0.2", "markov:3:0:4",    "markov:2:5:3",
                                       "dyck:1:9:0.6", "agreement:1",     "agreement:5:0.6"};
    static char spec[64];
    size_t n = 0;

    while (rcd_process_at(n))
        n++;
    if (i >= n + sizeof more / sizeof *more)
        return NULL;
    (void)snprintf(spec, sizeof spec, "%s", i < n ? rcd_process_at(i)->name : more[i - n]);
    return spec;
}

static void there_are_nine_exact_sources_or_more(void **unused)
{
    (void)unused;
    size_t n = 0;

    for (; rcd_process_at(n); n++)
        assert_null(rcd_source_find(rcd_process_at(n)->name)); /* one name, one thing */
    assert_true(n >= 9);
}

static void probabilities_add_up_to_one(void **unused)
{
    (void)unused;
    for (size_t i = 0; spec_at(i); i++) {
        rc_source *s = source_of(spec_at(i));
        char *text = drawn(spec_at(i), 5, 2000);
        const char *alphabet = rc_source_about(s).alphabet;

        for (const char *p = text; *p; p++) {
            const double *logp = rc_source_logp(s);
            const double want = logp[strchr(alphabet, *p) - alphabet];
            double sum = 0, got;

            for (size_t k = 0; alphabet[k]; k++)
                sum += exp(logp[k]);
            CHECK_NEAR(sum, 1, 1e-12);
            CHECK_STATUS(rc_source_feed(s, *p, &got), RC_OK);
            CHECK_NEAR(got, want, 1e-12);
        }
        free(text);
        rc_source_free(s);
    }
}

/* ---- the filter and every way ------------------------------------------------------------ */

/* The probability of the rest of a text from a state: over every way there is. */
static double by_ways(const rcd_machine *m, int32_t state, const char *text)
{
    double sum = 0;

    if (!*text)
        return 1;
    for (size_t e = m->first[state]; e < m->first[state + 1]; e++)
        if (m->edge[e].symbol == (unsigned char)*text)
            sum += m->edge[e].p * by_ways(m, m->edge[e].to, text + 1);
    return sum;
}

static const rcd_process *process_of(const char *spec)
{
    const size_t n = strcspn(spec, ":");
    size_t i = 0;

    while (strlen(rcd_process_at(i)->name) != n || strncmp(rcd_process_at(i)->name, spec, n) != 0)
        i++;
    return rcd_process_at(i);
}

static rcd_machine machine_of(const char *spec)
{
    const rcd_process *process = process_of(spec);
    rcd_machine m = {.name = spec};
    double param[RCD_PARAMS];
    const char *p = strchr(spec, ':');

    for (int i = 0; i < RCD_PARAMS; i++) {
        param[i] = p ? strtod(p + 1, NULL) : process->param[i].fallback;
        p = p ? strchr(p + 1, ':') : NULL;
    }
    process->build(&m, param);
    CHECK_STATUS(rcd_machine_finish(&m), RC_OK);
    return m;
}

static double text_by_ways(const rcd_machine *m, bool begins, const char *text)
{
    double sum = 0;

    for (int32_t s = 0; s < (begins ? 1 : m->states); s++)
        sum += (begins ? 1 : m->rest[s]) * by_ways(m, s, text);
    return sum;
}

/* 0 where the source refuses. */
static double text_by_filter(rc_source *s, const char *text)
{
    double all = 0, logp;

    rc_source_begin(s, 1);
    for (; *text; text++) {
        if (rc_source_feed(s, *text, &logp) != RC_OK)
            return 0;
        all += logp;
    }
    return exp(all);
}

/* All texts of L symbols, the possible and the impossible: the filter agrees with every way, and
 * together they have a probability of 1. */
static void check_all_texts(const char *spec, int L)
{
    rc_source *s = source_of(spec);
    rcd_machine m = machine_of(spec);
    const char *alphabet = rc_source_about(s).alphabet;
    const size_t V = strlen(alphabet);
    int64_t texts = 1;
    double sum = 0;

    for (int i = 0; i < L; i++)
        texts *= (int64_t)V;
    for (int64_t k = 0; k < texts; k++) {
        char text[16] = "";
        int64_t left = k;

        for (int i = 0; i < L; i++, left /= (int64_t)V)
            text[i] = alphabet[left % (int64_t)V];
        const double want = text_by_ways(&m, process_of(spec)->begins, text);
        const double got = text_by_filter(s, text);
        CHECK_NEAR(got, want, 1e-13);
        assert_int_equal(got > 0, want > 0);
        sum += got;
    }
    CHECK_NEAR(sum, 1, 1e-10);
    rcd_machine_free(&m);
    rc_source_free(s);
}

static void the_filter_is_the_sum_over_all_ways(void **unused)
{
    (void)unused;
    check_all_texts("coin:0.2", 8);
    check_all_texts("golden:0.5", 8);
    check_all_texts("even:0.3", 9);
    check_all_texts("periodic:5:0.3:2", 8);
    check_all_texts("echo:2:3:0.2", 6);
    check_all_texts("markov:3:2:4", 6);
    check_all_texts("hmm:3:3:9", 6);
    check_all_texts("cycle:3:0.5:0.3", 8);
    check_all_texts("dyck:2:2:0.5", 6);
    check_all_texts("reber", 5);
}

/* Drawn texts, for alphabets that are too large for all texts: hidden numbers nested in one
 * another. */
static void the_filter_is_the_sum_over_all_ways_of_sentences(void **unused)
{
    (void)unused;
    rc_source *s = source_of("agreement:3:0.5");
    rcd_machine m = machine_of("agreement:3:0.5");
    static const char *const texts[] = {
        "the sheep that the sheep that the sheep know see were\nthe sheep w",
        "the sheep that the cats that the sheep know se",
        "the dog that the sheep that the sheep sees kn",
    };

    for (size_t i = 0; i < 3; i++) {
        const double want = text_by_ways(&m, true, texts[i]);

        CHECK_NEAR(log(text_by_filter(s, texts[i])), log(want), 1e-12);
    }
    assert_true(text_by_filter(s, "the sheep that the cat know ") == 0);
    rcd_machine_free(&m);
    rc_source_free(s);
}

/* ---- long draws -------------------------------------------------------------------------- */

/* Mean bits of a long draw, and their standard error by blocks that are long beside what the
 * source remembers. */
static double mean_bits(const char *spec, double *error)
{
    enum { BLOCKS = 100, LENGTH = 2000 };
    rc_source *s = source_of(spec);
    char *text = drawn(spec, 11, (size_t)BLOCKS * LENGTH);
    double sum = 0, square = 0;

    for (int b = 0; b < BLOCKS; b++) {
        double bits = 0, logp;

        for (int i = 0; i < LENGTH; i++) {
            CHECK_STATUS(rc_source_feed(s, text[b * LENGTH + i], &logp), RC_OK);
            bits -= logp / log(2) / LENGTH;
        }
        sum += bits / BLOCKS;
        square += bits * bits / BLOCKS;
    }
    *error = sqrt(fmax(square - sum * sum, 0) / BLOCKS);
    free(text);
    rc_source_free(s);
    return sum;
}

static void a_long_draw_has_the_entropy_rate(void **unused)
{
    (void)unused;
    for (size_t i = 0; spec_at(i); i++) {
        const char *spec = spec_at(i);
        rc_source *s = source_of(spec);
        const double rate = rc_source_about(s).rate;
        double error;

        rc_source_free(s);
        const double bits = mean_bits(spec, &error);
        assert_true(error > 0 && error < 0.01);
        if (isnan(rate))
            continue;
        if (fabs(bits - rate) > 5 * error)
            fail_msg("%s: %.5f bits, %.5f standard error, the rate is %.5f", spec, bits, error,
                     rate);
    }
}

/* Rates that are known by hand. */
static void rates_are_those_of_the_books(void **unused)
{
    (void)unused;
    static const struct {
        const char *spec;
        double rate;
    } cases[] = {
        {"coin:0.5", 1},
        {"coin:0.25", 0.81127812445913283},
        {"golden:0.5", 2.0 / 3},
        {"even:0.5", 2.0 / 3},
        {"periodic:12:0.25:1", 0.81127812445913283},
        {"echo:3:2:0.25", 0.81127812445913283},
        {"echo:2:5:0.8", 2.3219280948873623}, /* of five alike likely */
        {"dyck:1:1", 0},
        {"dyck:2:1", 0.5},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_source *s = source_of(cases[i].spec);

        CHECK_NEAR(rc_source_about(s).rate, cases[i].rate, 1e-10);
        rc_source_free(s);
    }
}

/* "0.6667 bits for 0.5", or "no closed form"; and the form of its name. */
static void the_help_says_form_and_rate(void **unused)
{
    (void)unused;
    const rcd_process *p;

    for (size_t i = 0; (p = rcd_process_at(i)); i++) {
        rc_source *s = source_of(p->name);
        char words[64];
        size_t n = (size_t)snprintf(words, sizeof words, "symbols %s", p->name);

        for (int k = 0; k < RCD_PARAMS && p->param[k].name; k++)
            n += (size_t)snprintf(words + n, sizeof words - n, ":%s", p->param[k].name);
        if (!strstr(p->help, words))
            fail_msg("'%s' lacks '%s'", p->help, words);
        const double rate = rc_source_about(s).rate;
        if (isnan(rate))
            (void)snprintf(words, sizeof words, "no closed form");
        else
            (void)snprintf(words, sizeof words, "%.4f bits", rate);
        if (!strstr(p->help, words))
            fail_msg("'%s' lacks '%s'", p->help, words);
        n = 0;
        for (int k = 0; k < RCD_PARAMS && p->param[k].name; k++)
            n += (size_t)snprintf(words + n, sizeof words - n, "%s%g", k ? ":" : "for ",
                                  p->param[k].fallback);
        if (n > 0 && !isnan(rate) && !strstr(p->help, words))
            fail_msg("'%s' lacks '%s'", p->help, words);
        assert_true(p->paper && *p->paper);
        rc_source_free(s);
    }
}

/* ---- drawing ----------------------------------------------------------------------------- */

static void a_draw_is_the_same_in_any_pieces(void **unused)
{
    (void)unused;
    enum { N = 5000 };

    (void)check_seed();
    for (size_t i = 0; spec_at(i); i++) {
        rc_source *s = source_of(spec_at(i));
        char *want = drawn(spec_at(i), 42, N), *other = drawn(spec_at(i), 43, N);
        char got[N];

        rc_source_begin(s, 42);
        for (size_t at = 0; at < N;) {
            const size_t some = (size_t)pick(0, (int64_t)(N - at < 700 ? N - at : 700));

            rc_source_draw(s, got + at, some);
            at += some;
            (void)rc_source_feed(s, got[0], NULL); /* reading does not matter to it */
        }
        assert_memory_equal(got, want, N);
        assert_true(memcmp(other, want, N) != 0 || strcmp(spec_at(i), "dyck:1:1") == 0);
        free(want);
        free(other);
        rc_source_free(s);
    }
}

static void a_file_has_what_is_drawn(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("drawn.txt");
    rc_source *s = source_of("even");
    char *want = drawn("even", 1, 50000);

    CHECK_STATUS(rc_source_write(s, path, 50000), RC_OK);
    check_file_has(path, want, 50000);
    CHECK_STATUS(rc_source_write(s, path, 0), RC_EINVAL);
    CHECK_STATUS(rc_source_write(s, "/no/such/folder/text", 5), RC_EIO);
    free(want);
    rc_source_free(s);
}

/* ---- texts ------------------------------------------------------------------------------- */

static rc_status score(const char *spec, const char *text, double from, double *nats)
{
    rc_source *s = source_of(spec);
    const uint64_t n = strlen(text);
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "it.txt", text, n), RC_OK);
    const rc_status status = rcd_source_score(s, t, (uint64_t)(from * (double)n), n, nats);
    rcd_text_free(t);
    rc_source_free(s);
    return status;
}

static void a_part_is_scored_with_what_is_before_it(void **unused)
{
    (void)unused;
    double all, half, first;

    CHECK_STATUS(score("even:0.5", "01101111", 0, &all), RC_OK);
    CHECK_STATUS(score("even:0.5", "01101111", 0.5, &half), RC_OK);
    CHECK_STATUS(score("even:0.5", "0110", 0, &first), RC_OK);
    CHECK_NEAR(all, half + first, 1e-12);
    CHECK_NEAR(half, 2 * log(2), 1e-12); /* two choices to go on with a pair */
    CHECK_NEAR(first, log(3) + 2 * log(2), 1e-12);
}

static void a_text_of_another_kind_is_refused_where_it_is(void **unused)
{
    (void)unused;
    static const struct {
        const char *spec, *text, *message;
    } cases[] = {
        {"even", "0010",
         "cannot score 'it.txt': line 1, byte 4: source 'even' cannot say '0' "
         "here, expected '1'"},
        {"golden:0.5", "0110", "line 1, byte 3: source 'golden:0.5' cannot say '1' here"},
        {"coin", "0102", "line 1, byte 4: source 'coin' cannot say '2' here, expected '0' '1'"},
        {"coin", "01\n", "line 1, byte 3: source 'coin' cannot say byte 0x0a here"},
        {"reber", "BTXSE\nBTT",
         "line 2, byte 3: source 'reber' cannot say 'T' here, expected 'S' "
         "'X'"},
        {"reber", "BTXSEB", "line 1, byte 6: source 'reber' cannot say 'B' here, expected '\\n'"},
        {"dyck", "([)", "line 1, byte 3: source 'dyck' cannot say ')'"},
        {"agreement", "the cat that the dogs know were\n", "line 1, byte 29: "},
    };
    double nats;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(score(cases[i].spec, cases[i].text, 0, &nats), RC_EDATA);
        CHECK_MESSAGE_HAS(cases[i].message);
    }
}

/* A symbol that is refused changes nothing. */
static void a_refused_symbol_leaves_the_place(void **unused)
{
    (void)unused;
    rc_source *s = source_of("reber");
    double logp;

    CHECK_STATUS(rc_source_feed(s, 'B', &logp), RC_OK);
    CHECK_STATUS(rc_source_feed(s, 'X', &logp), RC_EDATA);
    CHECK_STATUS(rc_source_feed(s, 'T', &logp), RC_OK);
    CHECK_NEAR(logp, -log(2), 1e-15);
    rc_source_free(s);
}

/* ---- names ------------------------------------------------------------------------------- */

static void what_cannot_be_is_refused_by_name(void **unused)
{
    (void)unused;
    static const struct {
        const char *spec, *message;
    } cases[] = {
        {"", "there is no source of symbols ''"},
        {"con", "there is no source of symbols 'con'"},
        {"a name that is much longer than all of them are, and then some more, and more", "no sou"},
        {"adding:100", "'adding' is a source of series, not of symbols"},
        {"coin:", "cannot make 'coin:': its form is coin:P"},
        {"coin:x", "its form is coin:P"},
        {"coin:0.5x", "its form is coin:P"},
        {"coin:0.5:1", "its form is coin:P"},
        {"reber:1", "its form is reber"},
        {"coin:2", "cannot make 'coin:2': P is 2, expected from 0.001 to 0.999"},
        {"coin:nan", "P is nan"},
        {"markov:2.5", "V is 2.5, expected a whole number"},
        {"markov:26:16", "cannot make 'markov:26:16': it has more than 65536 states"},
        {"echo:16:26", "it has more than 65536 states"},
        {"dyck:4:100", "it has more than 65536 states"},
    };
    rc_source *s;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s = (rc_source *)(uintptr_t)1;
        CHECK_STATUS(rc_source_new(&s, cases[i].spec), RC_EINVAL);
        assert_null(s);
        CHECK_MESSAGE_HAS(cases[i].message);
    }
    CHECK_STATUS(rc_source_new(&s, "con"), RC_EINVAL);
    assert_non_null(strstr(rc_error_hint(), "'coin'"));
}

static rc_status make_once(void *unused)
{
    rc_source *s;

    (void)unused;
    RC_TRY(rc_source_new(&s, "embedded"));
    rc_source_free(s);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(make_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_nine_exact_sources_or_more),
        cmocka_unit_test(probabilities_add_up_to_one),
        cmocka_unit_test(the_filter_is_the_sum_over_all_ways),
        cmocka_unit_test(the_filter_is_the_sum_over_all_ways_of_sentences),
        cmocka_unit_test(a_long_draw_has_the_entropy_rate),
        cmocka_unit_test(rates_are_those_of_the_books),
        cmocka_unit_test(the_help_says_form_and_rate),
        cmocka_unit_test(a_draw_is_the_same_in_any_pieces),
        cmocka_unit_test(a_file_has_what_is_drawn),
        cmocka_unit_test(a_part_is_scored_with_what_is_before_it),
        cmocka_unit_test(a_text_of_another_kind_is_refused_where_it_is),
        cmocka_unit_test(a_refused_symbol_leaves_the_place),
        cmocka_unit_test(what_cannot_be_is_refused_by_name),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
