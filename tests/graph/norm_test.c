/* norm_test.c -- the norm-preserving regulariser: the gradient that it adds is that of Omega, by
 * differences of the textbook in which d and x are held constant, as the paper has it; nothing else
 * changes. */
#include "seq_trial.h"

static const double WEIGHT = 0.7;

static const char *const takes[] = {"tanh", "relu", "irnn"};

/* The loss and its gradients, with Omega of this weight; the first step of the rows is `from`. */
static outcome run_norm(const trial *t, int threads, double weight, int64_t from)
{
    outcome o = outcome_new(t);
    rc_graph *g = graph_open(threads, true);

    rcg_graph_norm(g, weight);
    rcg_graph_from(g, from);
    run_on(g, t, &o);
    rc_graph_free(g);
    return o;
}

static double slope_at(const trial *t, double h)
{
    return t->cell->squash[0] == 't' ? 1 - h * h : h > 0;
}

/* A sequence in the order of the recurrence: rows, and what Omega holds constant. */
typedef struct walk {
    int64_t steps;
    int64_t row[MOST_STEPS];
    double *before; /* (steps,H) the state before a step */
    double *d;      /* (steps,H) dE/dx */
} walk;

static walk walk_of(const trial *t, const answer *a, int64_t b)
{
    const int64_t H = t->H, T = t->length[b];
    walk w = {.steps = T,
              .before = rcb_calloc((size_t)(T * H) + 1, sizeof(double)),
              .d = rcb_calloc((size_t)(T * H) + 1, sizeof(double))};

    assert_true(w.before && w.d);
    for (int64_t s = 0; s < T; s++)
        w.row[s] = t->at[t->reverse ? T - 1 - s : s] + b;
    for (int64_t s = T - 1; s >= 0; s--)
        for (int64_t j = 0; j < H; j++) {
            const double h = a->y[w.row[s] * H + j];
            double sum = t->d_y[w.row[s] * H + j];

            if (s == T - 1)
                sum += t->d_f[0][b * H + j];
            for (int64_t i = 0; s < T - 1 && i < H; i++)
                sum += t->in[U].x[i * H + j] * w.d[(s + 1) * H + i];
            w.d[s * H + j] = sum * slope_at(t, h);
            w.before[s * H + j] = s > 0         ? a->y[w.row[s - 1] * H + j]
                                  : t->in[S0].x ? t->in[S0].x[b * H + j]
                                                : 0;
        }
    return w;
}

static void walk_free(walk *w)
{
    rcb_free(w->before);
    rcb_free(w->d);
}

/* Omega of one sequence, as equation 9 has it, with these recurrent weights in the product. */
static double omega(const trial *t, const walk *w, const double *u, bool first)
{
    const int64_t H = t->H;
    double sum = 0;

    for (int64_t s = first ? 0 : 1; s < w->steps; s++) {
        double v = 0, d = 0;

        for (int64_t j = 0; j < H; j++) {
            double x = 0;

            for (int64_t i = 0; i < H; i++)
                x += w->d[s * H + i] * u[i * H + j];
            x *= slope_at(t, w->before[s * H + j]);
            v += x * x;
            d += w->d[s * H + j] * w->d[s * H + j];
        }
        if (d > 0)
            sum += (sqrt(v) / sqrt(d) - 1) * (sqrt(v) / sqrt(d) - 1);
    }
    return sum;
}

static double all_omega(const trial *t, const walk *w, bool first)
{
    double sum = 0;

    for (int64_t b = 0; b < t->B; b++)
        sum += omega(t, &w[b], t->in[U].x, first);
    return sum;
}

/* Some elements of what Omega has added to the gradient of U. */
static void check_added(trial *t, const outcome *with, const outcome *without, const walk *w,
                        bool first)
{
    const int64_t n = t->in[U].n, count = n < 12 ? n : 12;
    int64_t which[12];
    double numeric[12];
    rc_real *added = guard_new(n);

    for (int64_t k = 0; k < n; k++)
        added[k] = with->grad[U][k] - without->grad[U][k];
    for (int64_t k = 0; k < count; k++) {
        static const double step[] = {-2, -1, 1, 2}, by[] = {1, -8, 8, -1};
        double *x, at, sum = 0;

        which[k] = n <= 12 ? k : pick(0, n - 1);
        x = &t->in[U].x[which[k]];
        at = *x;
        for (int i = 0; i < 4; i++) {
            *x = at + step[i] * 1e-4;
            sum += by[i] * all_omega(t, w, first);
        }
        *x = at;
        numeric[k] = WEIGHT * sum / (12 * 1e-4);
    }
    const double error = gradient_error(added, n, numeric, which, count, 0);

    if (!(error < (sizeof(rc_real) == sizeof(double) ? 1e-7 : 2e-3)))
        fail_msg("%s: the gradient of Omega is off by %.3g (T %lld B %lld H %lld), seed %llu",
                 t->cell->name, error, (long long)t->rows.steps, (long long)t->B, (long long)t->H,
                 (unsigned long long)check_random_state()->seed);
    guard_free(added);
}

static void check_omega(const char *name, trial_how how, int64_t from)
{
    trial *t = trial_new(rcc_find(name), how);
    answer a = answer_new(t);
    walk *w = rcb_calloc((size_t)t->B, sizeof *w);

    assert_non_null(w);
    (void)textbook(t, &a);
    for (int64_t b = 0; b < t->B; b++)
        w[b] = walk_of(t, &a, b);
    outcome with = run_norm(t, 1, WEIGHT, from), without = run_norm(t, 1, 0, from);

    check_added(t, &with, &without, w, from > 0);
    check_same(with.y, without.y, t->N * t->H, "y", t);
    for (int i = 0; i < TENSORS; i++)
        if (t->in[i].x && i != U)
            check_same(with.grad[i], without.grad[i], t->in[i].n, t->in[i].name, t);
    outcome_free(&with);
    outcome_free(&without);
    for (int64_t b = 0; b < t->B; b++)
        walk_free(&w[b]);
    rcb_free(w);
    answer_free(&a);
    trial_free(t);
}

static void what_is_added_is_the_gradient_of_omega(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++)
        for (int kind = 0; kind < 24; kind++)
            check_omega(takes[i],
                        (trial_how){.T = pick(2, 6),
                                    .B = pick(1, 4),
                                    .D = pick(1, 20),
                                    .H = pick(3, 70),
                                    .reverse = kind % 2 != 0,
                                    .states = kind / 2 % 2 != 0,
                                    .biases = kind / 4 % 3},
                        kind % 3 == 0 && kind / 2 % 2 ? 5 : 0);
}

/* One unit by hand: x_2 = u h_1 and d_2 = 1 - h_2^2, so |v| / |d| = |u| (1 - h_1^2). */
static void one_unit_is_as_by_hand(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    trial *t = trial_new(rcc_find("tanh"), (trial_how){.T = 2, .B = 1, .D = 1, .H = 1});
    const double u = 0.8, h1 = tanh(0.5);

    t->in[W].x[0] = 1;
    t->in[X].x[0] = 0.5;
    t->in[X].x[1] = 0;
    t->in[U].x[0] = (double)(rc_real)u;
    t->d_y[0] = t->d_y[1] = 0;
    t->d_f[0][0] = 1;
    outcome with = run_norm(t, 1, 3, 0), without = run_norm(t, 1, 0, 0);
    const double r = u * (1 - h1 * h1);

    CHECK_NEAR((double)(with.grad[U][0] - without.grad[U][0]), 3 * 2 * (r - 1) * (1 - h1 * h1),
               1e-5);
    outcome_free(&with);
    outcome_free(&without);
    trial_free(t);
}

static void any_number_of_threads_gives_the_same_bits(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int reverse = 0; reverse < 2; reverse++) {
        trial *t = large_trial(rcc_find("tanh"), reverse);
        outcome one = run_norm(t, 1, WEIGHT, 0);

        for (int threads = 2; threads < 8; threads += 5) {
            outcome many = run_norm(t, threads, WEIGHT, 0);

            check_same_outcome(&many, &one);
            outcome_free(&many);
        }
        outcome_free(&one);
        trial_free(t);
    }
}

/* A gradient that nothing is left of has no direction: Omega says nothing there. */
static void gradients_that_are_zero_or_tiny_stay_finite(void **unused)
{
    const double size[] = {0, 1e-20, 1e-33};

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int k = 0; k < 3; k++) {
        trial *t = trial_new(rcc_find("tanh"),
                             (trial_how){.T = 30, .B = 2, .D = 3, .H = 20, .equal = true});

        for (int64_t i = 0; i < t->N * t->H; i++)
            t->d_y[i] = 0;
        for (int64_t i = 0; i < t->B * t->H; i++)
            t->d_f[0][i] *= size[k];
        outcome o = run_norm(t, 1, WEIGHT, 0);
        bool any = false;

        for (int64_t i = 0; i < t->in[U].n; i++) {
            assert_true(isfinite(o.grad[U][i]));
            any |= fabs((double)o.grad[U][i]) > 1e-3;
        }
        assert_int_equal(any, k == 1);
        outcome_free(&o);
        trial_free(t);
    }
}

static void cells_that_are_more_than_a_squashed_sum_are_not_taken(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (size_t i = 0; rcc_at(i); i++) {
        bool want = false;

        for (size_t k = 0; k < sizeof takes / sizeof *takes; k++)
            want |= strcmp(rcc_at(i)->name, takes[k]) == 0;
        assert_int_equal(rcg_norm_takes(rcc_at(i)), want);
        if (want)
            continue;
        trial *t = trial_new(rcc_at(i), (trial_how){.T = 3, .B = 2, .D = 3, .H = 5});
        outcome with = run_norm(t, 1, WEIGHT, 0), without = run_norm(t, 1, 0, 0);

        check_same_outcome(&with, &without);
        outcome_free(&with);
        outcome_free(&without);
        trial_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_the_gradient_of_omega),
        cmocka_unit_test(one_unit_is_as_by_hand),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(gradients_that_are_zero_or_tiny_stay_finite),
        cmocka_unit_test(cells_that_are_more_than_a_squashed_sum_are_not_taken),
    };

    return cmocka_run_group_tests_name("norm", tests, NULL, NULL);
}
