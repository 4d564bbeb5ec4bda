/* init_test.c -- rules fill parameters with what they say, the same for every layout, and texts of
 * rules reach the parameters they name. */
#include "net/net.h"

#include "check.h"

/* Rounding of values made in double. */
static const double TINY = sizeof(rc_real) == 8 ? 1e-12 : 1e-6;

/* The logical values of a parameter after a rule; the caller frees them. */
static rc_real *filled(rcn_param *p, const char *rule, uint64_t seed)
{
    rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);

    assert_non_null(rows);
    CHECK_STATUS(rcn_init(p, rule, seed), RC_OK);
    rcn_param_store(p, p->w, rows);
    return rows;
}

typedef struct moments {
    double mean, deviation, least, most;
} moments;

static moments measure(const rc_real *x, int64_t n)
{
    moments m = {.least = HUGE_VAL, .most = -HUGE_VAL};
    double squares = 0;

    for (int64_t i = 0; i < n; i++) {
        const double v = (double)x[i];

        m.mean += v / (double)n;
        squares += v * v / (double)n;
        m.least = fmin(m.least, v);
        m.most = fmax(m.most, v);
    }
    m.deviation = sqrt(squares - m.mean * m.mean);
    return m;
}

/* The moments of a rule on a weight of 3 gates of 90 units over 110 inputs (29700 values). */
static moments moments_of(const char *rule)
{
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 1, (int[]){3}, 90, 110), RC_OK);

    rc_real *x = filled(&ps.p[0], rule, 1);
    const moments m = measure(x, ps.p[0].count);

    rcb_free(x);
    rcn_params_free(&ps);
    return m;
}

/* Tolerances are five standard errors of 29700 draws: 0.029 of the deviation for the mean, 0.021
 * for the deviation itself. */
static void check_uniform(const char *rule, double a)
{
    const moments m = moments_of(rule);
    const double deviation = a / sqrt(3);

    assert_true(m.least >= -a * (1 + TINY) && m.most <= a * (1 + TINY));
    assert_true(m.least < -0.999 * a && m.most > 0.999 * a);
    CHECK_NEAR(m.mean / deviation, 0, 0.029);
    CHECK_NEAR(m.deviation / deviation, 1, 0.021);
}

static void check_normal(const char *rule, double deviation)
{
    const moments m = moments_of(rule);

    CHECK_NEAR(m.mean / deviation, 0, 0.029);
    CHECK_NEAR(m.deviation / deviation, 1, 0.021);
    assert_true(m.most > 3.5 * deviation && m.least < -3.5 * deviation);
    assert_true(m.most < 6 * deviation && m.least > -6 * deviation);
}

static void uniform_and_xavier_are_uniform_in_their_range(void **unused)
{
    (void)unused;
    check_uniform("uniform:0.05", 0.05);
    check_uniform("xavier", sqrt(6.0 / (110 + 90))); /* fan-out: the units of one gate */
}

static void normal_and_he_have_their_deviation(void **unused)
{
    (void)unused;
    check_normal("normal:0.001", 0.001);
    check_normal("he", sqrt(2.0 / 110));
}

static void constants_are_constant(void **unused)
{
    (void)unused;
    const moments zero = moments_of("zero");
    const moments constant = moments_of("constant:-2.5");

    assert_true(zero.least == 0 && zero.most == 0);
    assert_true(constant.least == -2.5 && constant.most == -2.5);
}

static double row_dot(const rc_real *x, int64_t n, int64_t stride, int64_t a, int64_t b,
                      int64_t step)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += (double)x[a * step + i * stride] * (double)x[b * step + i * stride];
    return sum;
}

/* Rows when there are fewer of them than columns, else columns, are of length 1 and at right
 * angles. */
static void check_orthonormal(const rc_real *x, int64_t rows, int64_t cols)
{
    const bool by_rows = rows <= cols;
    const int64_t n = by_rows ? rows : cols;

    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b <= a; b++)
            CHECK_NEAR(
                row_dot(x, by_rows ? cols : rows, by_rows ? 1 : cols, a, b, by_rows ? cols : 1),
                a == b, 10 * TINY);
}

static void orthogonal_gates_are_orthogonal(void **unused)
{
    (void)unused;
    check_seed();
    for (int trial = 0; trial < 40; trial++) {
        rcn_params ps = {0};
        const int64_t H = pick(1, 40);
        const int64_t K = pick(0, 2) ? pick(1, 40) : H;

        CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 2, (int[]){2, 1}, H, K), RC_OK);

        rc_real *x = filled(&ps.p[0], "orthogonal", (uint64_t)trial);

        for (int gate = 0; gate < 3; gate++)
            check_orthonormal(x + gate * H * K, H, K);
        rcb_free(x);
        rcn_params_free(&ps);
    }
}

/* Uniform among orthogonal matrices: every element has mean 0 and variance 1 / n, the trace has
 * mean 0 and variance 1, and half of the determinants are negative. With the signs of R left as
 * they come the diagonal would not be centred. Tolerances are five standard errors of 4000
 * matrices. */
static void orthogonal_matrices_are_uniform(void **unused)
{
    (void)unused;
    enum { N = 3, TRIALS = 4000 };
    rcn_params ps = {0};
    double mean[N * N] = {0}, squares[N * N] = {0};
    double trace = 0, trace2 = 0, negative = 0;

    CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 1, (int[]){1}, N, N), RC_OK);
    for (int trial = 0; trial < TRIALS; trial++) {
        rc_real *r = filled(&ps.p[0], "orthogonal", (uint64_t)trial);
        double q[N * N];

        for (int i = 0; i < N * N; i++) {
            q[i] = (double)r[i];
            mean[i] += q[i] / TRIALS;
            squares[i] += q[i] * q[i] / TRIALS;
        }
        const double t = q[0] + q[4] + q[8];
        const double det = q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) +
                           q[2] * (q[3] * q[7] - q[4] * q[6]);

        trace += t / TRIALS;
        trace2 += t * t / TRIALS;
        negative += det < 0 ? 1.0 / TRIALS : 0;
        rcb_free(r);
    }
    for (int i = 0; i < N * N; i++) {
        CHECK_NEAR(mean[i], 0, 5 * sqrt(1.0 / N / TRIALS));
        CHECK_NEAR(squares[i], 1.0 / N, 5 * sqrt(1.0 / TRIALS) / N);
    }
    CHECK_NEAR(trace, 0, 5 / sqrt(TRIALS));
    CHECK_NEAR(trace2, 1, 5 * sqrt(3.0 / TRIALS));
    CHECK_NEAR(negative, 0.5, 5 * 0.5 / sqrt(TRIALS));
    rcn_params_free(&ps);
}

static void identity_is_scaled_and_per_gate(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 1, (int[]){2}, 19, 19), RC_OK);
    for (int k = 0; k < 2; k++) {
        rc_real *x = filled(&ps.p[0], k ? "identity:0.5" : "identity", 1);

        for (int64_t i = 0; i < ps.p[0].count; i++)
            CHECK_NEAR(x[i], i / 19 % 19 == i % 19 ? (k ? 0.5 : 1) : 0, 0);
        rcb_free(x);
    }
    rcn_params_free(&ps);
}

/* A packed weight, one in several blocks and a plain table begin with the same values. */
static void values_do_not_depend_on_the_layout(void **unused)
{
    (void)unused;
    static const char *const rules[] = {"uniform:1", "normal:1", "xavier", "he", "orthogonal"};
    rcn_params a = {0}, b = {0}, c = {0};

    CHECK_STATUS(rcn_params_weight(&a, "w", 2, 1, (int[]){3}, 21, 33), RC_OK);
    CHECK_STATUS(rcn_params_weight(&b, "w", 2, 2, (int[]){1, 2}, 21, 33), RC_OK);
    CHECK_STATUS(rcn_params_table(&c, "w", 63, 33), RC_OK);
    c.p[0].group = 21;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        rc_real *x = filled(&a.p[0], rules[i], 5);
        rc_real *y = filled(&b.p[0], rules[i], 5);
        rc_real *z = filled(&c.p[0], rules[i], 5);

        assert_memory_equal(x, y, 63 * 33 * sizeof *x);
        assert_memory_equal(x, z, 63 * 33 * sizeof *x);
        rcb_free(z);
        rcb_free(y);
        rcb_free(x);
    }
    rcn_params_free(&c);
    rcn_params_free(&b);
    rcn_params_free(&a);
}

static void values_depend_on_seed_and_name_and_index(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_table(&ps, "a", 5, 4), RC_OK);
    CHECK_STATUS(rcn_params_table(&ps, "b", 5, 4), RC_OK);
    CHECK_STATUS(rcn_params_table(&ps, "c", 2, 2), RC_OK);

    rc_real *one = filled(&ps.p[0], "uniform:1", 1);
    rc_real *again = filled(&ps.p[0], "uniform:1", 1);
    rc_real *seed = filled(&ps.p[0], "uniform:1", 2);
    rc_real *name = filled(&ps.p[1], "uniform:1", 1);

    assert_memory_equal(one, again, 20 * sizeof *one);
    for (int i = 0; i < 20; i++) {
        assert_true(one[i] != seed[i] && one[i] != name[i]);
        CHECK_NEAR(one[i], 2 * rcb_uniform(rcb_stream(1, "init:a"), (uint64_t)i) - 1, TINY);
    }
    rcb_free(name);
    rcb_free(seed);
    rcb_free(again);
    rcb_free(one);
    rcn_params_free(&ps);
}

static void rules_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 1, (int[]){2}, 3, 4), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "b", 1, 1, (int[]){2}, 3, 1), RC_OK);
    for (size_t i = 0; i < ps.n; i++)
        CHECK_STATUS(rcn_init(&ps.p[i], "constant:1", 1), RC_OK);

    static const char *const bad[] = {
        "",           "glorot",      "uniform",    "uniform:",      "uniform:x",
        "uniform:-1", "normal:-0.1", "normal:nan", "xavier:2",      "orthogonal:1",
        "zero:0",     "constant",    "identity:q", "uniform:0.1 2", "uniform:0.1:2"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STATUS(rcn_init(&ps.p[0], bad[i], 1), RC_EINVAL);
    CHECK_STATUS(rcn_init(&ps.p[0], "identity", 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("(3,4)");
    CHECK_STATUS(rcn_init(&ps.p[1], "xavier", 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("'b'");
    CHECK_STATUS(rcn_init(&ps.p[1], "he", 1), RC_EINVAL);
    CHECK_STATUS(rcn_init(&ps.p[1], "orthogonal", 1), RC_EINVAL);
    CHECK_STATUS(rcn_init(&ps.p[1], "identity", 1), RC_EINVAL);
    for (size_t i = 0; i < ps.n; i++) { /* nothing was touched */
        rc_real x[24];

        rcn_param_store(&ps.p[i], ps.p[i].w, x);
        for (int64_t k = 0; k < ps.p[i].count; k++)
            assert_true(x[k] == 1);
    }
    rcn_params_free(&ps);
}

static void the_last_glob_that_matches_gives_the_rule(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *name, *rule;
    } cases[] = {
        {"", "a", NULL},
        {"xavier", "a", "xavier"},
        {"b=zero", "a", NULL},
        {"*=zero,a=uniform:0.5", "a", "uniform:0.5"},
        {"a=uniform:0.5,*=zero", "a", "zero"},
        {"uniform:0.05, *hh* = orthogonal ", "rnn.weight_hh_l0", "orthogonal"},
        {"uniform:0.05, *hh* = orthogonal ", "rnn.weight_ih_l0", "uniform:0.05"},
    };
    static const char *const bad[] = {"x", "a=x", "=zero", "zero,", "b=uniform", "zero,,zero"};
    char *rule;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(rcn_init_rule(cases[i].text, cases[i].name, &rule), RC_OK);
        if (cases[i].rule)
            assert_string_equal(rule, cases[i].rule);
        else
            assert_null(rule);
        rcb_free(rule);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(rcn_init_rule(bad[i], "a", &rule), RC_EINVAL);
        assert_null(rule);
    }
}

/* embed (4,4), rnn.w (2 x 3,3), rnn.b (6), out (5,3) */
static void add_model(rcn_params *ps)
{
    CHECK_STATUS(rcn_params_table(ps, "embed", 4, 4), RC_OK);
    CHECK_STATUS(rcn_params_weight(ps, "rnn.w", 2, 1, (int[]){2}, 3, 3), RC_OK);
    CHECK_STATUS(rcn_params_weight(ps, "rnn.b", 1, 1, (int[]){2}, 3, 1), RC_OK);
    CHECK_STATUS(rcn_params_weight(ps, "out", 2, 1, (int[]){1}, 5, 3), RC_OK);
    ps->p[1].rule = "orthogonal";
}

/* Parameter i of the model holds what the rule gives. */
static void check_rule(rcn_params *ps, size_t i, const char *rule)
{
    rc_real got[32];

    rcn_param_store(&ps->p[i], ps->p[i].w, got);

    rc_real *want = filled(&ps->p[i], rule, 9);

    assert_memory_equal(got, want, (size_t)ps->p[i].count * sizeof *got);
    rcb_free(want);
}

static void check_all(const char *text, const char *const rules[4])
{
    rcn_params ps = {0};

    add_model(&ps);
    CHECK_STATUS(rcn_init_all(&ps, text, 9), RC_OK);
    for (size_t i = 0; i < ps.n; i++)
        check_rule(&ps, i, rules[i]);
    rcn_params_free(&ps);
}

static void every_parameter_gets_its_rule_or_its_default(void **unused)
{
    (void)unused;
    check_all("", (const char *[]){"uniform:0.1", "orthogonal", "zero", "xavier"});
    check_all("uniform:0.05",
              (const char *[]){"uniform:0.05", "uniform:0.05", "uniform:0.05", "uniform:0.05"});
    check_all("he", (const char *[]){"he", "he", "zero", "he"});
    check_all("identity", (const char *[]){"identity", "identity", "zero", "xavier"});
    check_all("rnn.*=normal:1", (const char *[]){"uniform:0.1", "normal:1", "normal:1", "xavier"});
    check_all("he,*.b=constant:1", (const char *[]){"he", "he", "constant:1", "he"});
}

static void texts_that_miss_are_refused(void **unused)
{
    (void)unused;
    rcn_params ps = {0};
    rcn_params none = {0};

    add_model(&ps);
    CHECK_STATUS(rcn_init_all(&ps, "rnn.x*=zero", 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("'rnn.x*'");
    CHECK_STATUS(rcn_init_all(&ps, "rnn.*=orthogonal", 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("'rnn.b'");
    CHECK_STATUS(rcn_init_all(&ps, "out=identity", 1), RC_EINVAL);
    CHECK_STATUS(rcn_init_all(&ps, "good", 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("'good'");
    assert_non_null(strstr(rc_error_hint(), "orthogonal"));
    CHECK_STATUS(rcn_init_all(&none, "good", 1), RC_EINVAL);
    CHECK_STATUS(rcn_init_all(&none, "he", 1), RC_OK);
    rcn_params_free(&ps);
}

static rc_status init_all(void *ctx)
{
    char *rule;
    rc_status status = rcn_init_all(ctx, "orthogonal", 1);

    if (status == RC_OK)
        status = rcn_init_rule("he", "x", &rule);
    if (status == RC_OK)
        rcb_free(rule);
    return status;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    add_model(&ps);
    CHECK_EACH_ALLOCATION(init_all, &ps);
    rcn_params_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_and_xavier_are_uniform_in_their_range),
        cmocka_unit_test(normal_and_he_have_their_deviation),
        cmocka_unit_test(constants_are_constant),
        cmocka_unit_test(orthogonal_gates_are_orthogonal),
        cmocka_unit_test(orthogonal_matrices_are_uniform),
        cmocka_unit_test(identity_is_scaled_and_per_gate),
        cmocka_unit_test(values_do_not_depend_on_the_layout),
        cmocka_unit_test(values_depend_on_seed_and_name_and_index),
        cmocka_unit_test(rules_that_do_not_fit_are_refused),
        cmocka_unit_test(the_last_glob_that_matches_gives_the_rule),
        cmocka_unit_test(every_parameter_gets_its_rule_or_its_default),
        cmocka_unit_test(texts_that_miss_are_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("init", tests, NULL, NULL);
}
