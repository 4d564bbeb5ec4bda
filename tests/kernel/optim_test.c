/* optim_test.c -- the optimiser updates against the textbook, for every table. */
#include "check.h"
#include "oracle.h"

#define TOL (64 * ORACLE_EPS)

enum { LONGEST = 100 };

/* An update over guarded arrays. */
static rck_update new_update(int64_t n, bool with_m, bool with_v)
{
    rc_real *g = guard_new(n);
    rck_update u = {
        .n = n,
        .w = guard_new(n),
        .g = g,
        .scale = pick(0, 1) ? 1 : (rc_real)0.3,
        .lr = (rc_real)0.1,
        .l1 = pick(0, 1) ? 0 : (rc_real)0.01,
        .l2 = pick(0, 1) ? 0 : (rc_real)0.02,
        .decay = pick(0, 1) ? 0 : (rc_real)0.05,
        .momentum = (rc_real)0.9,
        .rho = (rc_real)0.8,
        .beta1 = (rc_real)0.9,
        .beta2 = (rc_real)0.99,
        .eps = (rc_real)1e-6,
        .correct1 = (rc_real)0.19,
        .correct2 = (rc_real)0.0199,
        .m = with_m ? guard_new(n) : NULL,
        .v = with_v ? guard_new(n) : NULL,
    };

    fill_real(u.w, n);
    fill_real(g, n);
    for (int64_t i = 0; i < n; i += 5) /* padding: all zero */
        u.w[i] = g[i] = 0;
    for (int64_t i = 0; with_m && i < n; i++)
        u.m[i] = i % 5 == 0 ? 0 : pick_real();
    for (int64_t i = 0; with_v && i < n; i++)
        u.v[i] = i % 5 == 0 ? 0 : (rc_real)fabs((double)pick_real());
    return u;
}

static rc_real *copy(const rc_real *x, int64_t n)
{
    rc_real *y = x ? guard_new(n) : NULL;

    if (y)
        memcpy(y, x, (size_t)n * sizeof *y);
    return y;
}

static rck_update copy_update(const rck_update *u)
{
    rck_update out = *u;

    out.w = copy(u->w, u->n);
    out.g = copy(u->g, u->n);
    out.m = copy(u->m, u->n);
    out.v = copy(u->v, u->n);
    return out;
}

static void free_update(rck_update *u)
{
    guard_free(u->w);
    guard_free((void *)(uintptr_t)u->g);
    guard_free(u->m);
    guard_free(u->v);
}

/* A method: its kernel, its textbook and the slots it may have. */
typedef struct method {
    void (*run)(const rck_table *t, const rck_update *u);
    oracle_weight (*at)(const rck_update *u, int64_t i);
    bool m, v;
} method;

#define RUN(name)                                                                                  \
    static void run_##name(const rck_table *t, const rck_update *u)                                \
    {                                                                                              \
        t->name(u);                                                                                \
    }
RUN(sgd)
RUN(nesterov)
RUN(adagrad)
RUN(rmsprop)
RUN(adadelta)
RUN(adam)
RUN(adamax)

static void check_update(const method *way, const rck_update *start)
{
    oracle_weight want[LONGEST];

    for (int64_t i = 0; i < start->n; i++)
        want[i] = way->at(start, i);
    for_each_table(t) {
        rck_update u = copy_update(start);

        way->run(t, &u);
        for (int64_t i = 0; i < u.n; i++) {
            CHECK_NEAR(u.w[i], want[i].w, TOL);
            if (u.m)
                CHECK_NEAR(u.m[i], want[i].m, TOL);
            if (u.v)
                CHECK_NEAR(u.v[i], want[i].v, TOL);
            if (i % 5 == 0)
                assert_true(u.w[i] == 0 && (!u.m || u.m[i] == 0) && (!u.v || u.v[i] == 0));
        }
        free_update(&u);
    }
}

static void check_twins(const method *way, const rck_update *start)
{
    const rck_table *narrow, *wide;

    oracle_twins(&narrow, &wide);
    if (!narrow)
        return;

    rck_update u = copy_update(start);
    rck_update v = copy_update(start);
    const size_t bytes = (size_t)start->n * sizeof(rc_real);

    way->run(narrow, &u);
    way->run(wide, &v);
    assert_memory_equal(u.w, v.w, bytes);
    if (u.m)
        assert_memory_equal(u.m, v.m, bytes);
    if (u.v)
        assert_memory_equal(u.v, v.v, bytes);
    free_update(&u);
    free_update(&v);
}

static void check_all_lengths(const method *way)
{
    check_seed();
    for (int64_t n = 0; n < LONGEST; n++) {
        rck_update u = new_update(n, way->m, way->v);

        check_update(way, &u);
        check_twins(way, &u);
        free_update(&u);
    }
}

/* A test: method `name` with the slots `m` and `v`. */
#define MATCHES(test, name, m, v)                                                                  \
    static void test(void **unused)                                                                \
    {                                                                                              \
        (void)unused;                                                                              \
        check_all_lengths(&(method){run_##name, oracle_##name##_at, m, v});                        \
    }
MATCHES(plain_sgd_matches_the_textbook, sgd, false, false)
MATCHES(sgd_with_momentum_matches_the_textbook, sgd, true, false)
MATCHES(plain_nesterov_is_sgd, nesterov, false, false)
MATCHES(nesterov_matches_the_textbook, nesterov, true, false)
MATCHES(adagrad_matches_the_textbook, adagrad, false, true)
MATCHES(plain_rmsprop_matches_the_textbook, rmsprop, false, true)
MATCHES(rmsprop_with_momentum_matches_the_textbook, rmsprop, true, true)
MATCHES(adadelta_matches_the_textbook, adadelta, true, true)
MATCHES(adam_matches_the_textbook, adam, true, true)
MATCHES(adamax_matches_the_textbook, adamax, true, true)

/* Fed 1, 1/2, 1/3 ... the mean is that of the weights it has seen. */
static void an_average_is_the_mean_of_what_it_saw(void **unused)
{
    (void)unused;
    check_seed();
    for_each_table(t) {
        rc_real *a = guard_new(LONGEST), *w = guard_new(LONGEST);
        double sum[LONGEST] = {0};

        memset(a, 0, LONGEST * sizeof *a);
        for (int seen = 1; seen <= 9; seen++) {
            fill_real(w, LONGEST);
            for (int i = 0; i < LONGEST; i++)
                sum[i] += (double)w[i];
            t->average(LONGEST, 1 / (rc_real)seen, w, a);
            for (int i = 0; i < LONGEST; i++)
                CHECK_NEAR(a[i], sum[i] / seen, TOL);
            if (seen == 1)
                assert_memory_equal(a, w, LONGEST * sizeof *a);
        }
        guard_free(a);
        guard_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_sgd_matches_the_textbook),
        cmocka_unit_test(sgd_with_momentum_matches_the_textbook),
        cmocka_unit_test(plain_nesterov_is_sgd),
        cmocka_unit_test(nesterov_matches_the_textbook),
        cmocka_unit_test(adagrad_matches_the_textbook),
        cmocka_unit_test(plain_rmsprop_matches_the_textbook),
        cmocka_unit_test(rmsprop_with_momentum_matches_the_textbook),
        cmocka_unit_test(adadelta_matches_the_textbook),
        cmocka_unit_test(adam_matches_the_textbook),
        cmocka_unit_test(adamax_matches_the_textbook),
        cmocka_unit_test(an_average_is_the_mean_of_what_it_saw),
    };

    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
