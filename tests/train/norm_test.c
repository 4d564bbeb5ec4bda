/* norm_test.c -- what --norm-preserve adds to the gradients of a batch: so much of Omega, whole, in
 * pieces of time and in shards; and which trainings cannot have it. */
#include "check.h"
#include "train/train.h"

#ifdef RC_DOUBLE
#define TOL 1e-10
#else
#define TOL 1e-4
#endif

static rc_config *config(const char *const *pairs)
{
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "series"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "train", "adding:17:40"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "hidden", "11"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "batch", "6"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "cell", "tanh"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "valid-split", "0"), RC_OK);
    for (; *pairs; pairs += 2)
        CHECK_STATUS(rc_config_set(c, pairs[0], pairs[1]), RC_OK);
    return c;
}

#define CONFIG(...) config((const char *const[]){__VA_ARGS__, NULL})

static rc_trainer *trainer(rc_config *c)
{
    const rc_trainer_options o = {.threads = 2};
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("norm"), &o), RC_OK);
    rc_config_free(c);
    return t;
}

static const rc_real *gradient(rc_trainer *t, const char *name, int64_t *n)
{
    const rct_draw draw = {1, 3};
    double nats;

    CHECK_STATUS(t->task->batch(t->corpus, 1, 0, 1, &t->feed), RC_OK);
    CHECK_STATUS(rct_comm_gradients(&t->comm, &t->feed, &draw, RCT_FIRST, 0.25, &nats), RC_OK);
    const rcn_param *p = rcn_params_find(&t->model->params, name);

    assert_non_null(p);
    *n = p->size;
    return p->g;
}

/* The largest difference, as a part of the largest gradient. */
static double apart(const rc_real *a, const rc_real *b, int64_t n)
{
    double size = 1e-8, off = 0;

    for (int64_t i = 0; i < n; i++) {
        size = fmax(size, fabs((double)a[i]));
        off = fmax(off, fabs((double)a[i] - (double)b[i]));
    }
    return off / size;
}

static void recurrent_weights_alone_feel_it(void **unused)
{
    (void)unused;
    (void)check_seed();
    static const char *const names[] = {"rnn.weight_hh_l0", "rnn.weight_ih_l0", "rnn.bias_ih_l0",
                                        "out.weight"};
    rc_trainer *without = trainer(CONFIG("seed", "5"));
    rc_trainer *with = trainer(CONFIG("seed", "5", "norm-preserve", "0.5"));

    for (int i = 0; i < 4; i++) {
        int64_t n;
        const rc_real *a = gradient(without, names[i], &n), *b = gradient(with, names[i], &n);

        if (i == 0)
            assert_true(apart(a, b, n) > 1e-2);
        else
            assert_memory_equal(a, b, (size_t)n * sizeof *a);
    }
    rc_trainer_free(with);
    rc_trainer_free(without);
}

static void pieces_and_shards_have_the_omega_of_the_whole(void **unused)
{
    (void)unused;
    (void)check_seed();
    static const char *const ways[][2] = {{"recompute", "steps"}, {"shards", "3"}};
    rc_trainer *whole = trainer(CONFIG("norm-preserve", "2", "layers", "2"));

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        rc_trainer *cut =
            trainer(CONFIG("norm-preserve", "2", "layers", "2", ways[i][0], ways[i][1]));

        for (int l = 0; l < 2; l++) {
            const char *name = l ? "rnn.weight_hh_l1" : "rnn.weight_hh_l0";
            int64_t n;
            const rc_real *a = gradient(whole, name, &n), *b = gradient(cut, name, &n);

            if (!(apart(a, b, n) < TOL))
                fail_msg("%s with %s: %.3g apart", name, ways[i][0], apart(a, b, n));
        }
        rc_trainer_free(cut);
    }
    rc_trainer_free(whole);
}

static void a_pair_has_its_share_of_the_mean(void **unused)
{
    (void)unused;
    const int64_t at[] = {0, 3, 5, 6}, empty[] = {0};
    rc_config *c = CONFIG("norm-preserve", "4");
    const rcd_batch b = {
        .steps = 3, .seqs = 3, .rows = 6, .aims = 9, .at = (int64_t *)(uintptr_t)at};
    const rcd_batch none = {.at = (int64_t *)(uintptr_t)empty};

    CHECK_NEAR(rct_norm_weight(c, &b, 0.5), 4 * 0.5 * 9 / 3, 1e-12);
    CHECK_STATUS(rc_config_set(c, "average", "sequence"), RC_OK);
    CHECK_NEAR(rct_norm_weight(c, &b, 0.5), 4 * 0.5 * 3 / 3, 1e-12);
    assert_true(rct_norm_weight(c, &none, 1) == 0);
    rc_config_free(c);
}

static void what_cannot_have_it_is_refused(void **unused)
{
    (void)unused;
    const struct {
        const char *name, *value, *want;
    } cases[] = {{"cell", "lstm", "cell 'lstm'"}, {"zoneout", "0.2", "zoneout"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = CONFIG("norm-preserve", "1", cases[i].name, cases[i].value);
        rc_trainer *t;

        CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("norm"), NULL), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].want);
        assert_null(t);
        rc_config_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recurrent_weights_alone_feel_it),
        cmocka_unit_test(pieces_and_shards_have_the_omega_of_the_whole),
        cmocka_unit_test(a_pair_has_its_share_of_the_mean),
        cmocka_unit_test(what_cannot_have_it_is_refused),
    };

    return rck_select() == RC_OK ? cmocka_run_group_tests_name("norm", tests, NULL, NULL) : 1;
}
