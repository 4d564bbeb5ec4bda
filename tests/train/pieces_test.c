/* pieces_test.c -- a batch that is cut in time has the gradients of the whole, in a fraction of the
 * memory; truncated gradients are those of the whole where nothing goes back further, and only
 * there.
 */
#include "check.h"
#include "train/train.h"

#ifdef RC_DOUBLE
#define TOL 1e-11
#else
#define TOL 3e-5
#endif

static rc_trainer *trainer(const char *data, const char *const *pairs)
{
    const rc_trainer_options o = {.threads = 2};
    rc_config *c;
    rc_trainer *t;

    CHECK_STATUS(rc_config_new(&c, "series"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "train", data), RC_OK);
    CHECK_STATUS(rc_config_set(c, "hidden", "7"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "batch", "5"), RC_OK);
    for (; *pairs; pairs += 2)
        CHECK_STATUS(rc_config_set(c, pairs[0], pairs[1]), RC_OK);
    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("pieces"), &o), RC_OK);
    rc_config_free(c);
    return t;
}

#define TRAINER(data, ...) trainer(data, (const char *const[]){__VA_ARGS__, NULL})

static double gradients(rc_trainer *t)
{
    const rct_draw draw = {1, 3};
    double nats;

    CHECK_STATUS(t->task->batch(t->corpus, 1, 0, 1, &t->feed), RC_OK);
    CHECK_STATUS(rct_comm_gradients(&t->comm, &t->feed, &draw, RCT_FIRST, 0.5, &nats), RC_OK);
    return nats;
}

/* The largest difference of a gradient, as a part of its size, over all parameters. */
static double apart(const rc_trainer *a, const rc_trainer *b)
{
    double worst = 0;

    assert_int_equal(a->model->params.n, b->model->params.n);
    for (size_t i = 0; i < a->model->params.n; i++) {
        const rcn_param *p = &a->model->params.p[i], *q = &b->model->params.p[i];
        double size = 1e-8, off = 0;

        for (int64_t k = 0; k < p->size; k++) {
            size = fmax(size, fabs((double)p->g[k]));
            off = fmax(off, fabs((double)p->g[k] - (double)q->g[k]));
        }
        worst = fmax(worst, off / size);
    }
    return worst;
}

static const char *roll(void)
{
    static char path[256];
    const char *text = "60 61 62 63 64 65 66 67 68\n70,72 71 - 60\n50\n40 41 42 43 44 45 46\n";

    (void)snprintf(path, sizeof path, "%s", check_temp_path("pieces.rolls"));
    check_write_file(path, text, strlen(text));
    return path;
}

static void pieces_add_up_to_the_whole(void **unused)
{
    (void)unused;
    (void)check_seed();
    const struct {
        const char *data, *name, *value;
    } kinds[] = {
        {"adding:17:40", "cell", "lstm"},         {"adding:30:40", "layers", "2"},
        {"copy:6:40", "cell", "gru-before"},      {"copy:6:40", "skip", "graves"},
        {"adding:9:40", "learned-start", "true"}, {"copy:6:40", "feedback", "true"},
        {"adding:17:40", "cell", "lstm-ln"},      {roll(), "cell", "gru"},
        {"adding:17:40", "deep-input", "4"},      {roll(), "deep-output", "4"},
        {"adding:17:40", "dropout", "0.3"},       {"adding:17:40", "input-noise", "0.5"},
        {roll(), "input-noise", "0.5"},           {"adding:17:40", "zoneout", "0.3"},
        {"copy:6:40", "zoneout-cell", "0.4"},
    };

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int shards = 1; shards <= 3; shards += 2) {
            const char *many = shards == 1 ? "1" : "3";
            rc_trainer *whole =
                TRAINER(kinds[k].data, kinds[k].name, kinds[k].value, "dropout-kind", "locked",
                        "layers", "2", "valid-split", "0", "shards", many);
            rc_trainer *cut =
                TRAINER(kinds[k].data, kinds[k].name, kinds[k].value, "dropout-kind", "locked",
                        "layers", "2", "valid-split", "0", "shards", many, "recompute", "steps");

            for (int again = 0; again < 2; again++) { /* nothing is left of the time before */
                const double want = gradients(whole), got = gradients(cut);
                assert_true(fabs(want - got) <= TOL * fabs(want));
                if (!(apart(whole, cut) < TOL))
                    fail_msg("%s with %s %s: gradients differ by %.3g", kinds[k].data,
                             kinds[k].name, kinds[k].value, apart(whole, cut));
            }
            rc_trainer_free(whole);
            rc_trainer_free(cut);
        }
}

static void zero(rc_trainer *t, const char *name)
{
    rcn_param *p = rcn_params_find(&t->model->params, name);

    assert_non_null(p);
    memset(p->w, 0, (size_t)p->size * sizeof *p->w);
    CHECK_STATUS(rcn_params_refresh(&t->model->params, t->pool), RC_OK);
}

/* Of whole sequences to the bit; without recurrence, or with recurrent weights of zero, up to
 * rounding; else something is missing. */
static void truncated_gradients_end_where_a_piece_begins(void **unused)
{
    (void)unused;
    (void)check_seed();
    const struct {
        const char *cell, *steps;
        bool zero;
        double least, most;
    } kinds[] = {
        {"tanh", "26", false, 0, 0}, {"tanh", "1000", false, 0, 0},  {"none", "5", false, 0, TOL},
        {"tanh", "5", true, 0, TOL}, {"tanh", "5", false, 1e-3, 10}, {"tanh", "1", false, 1e-3, 10},
    };

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        rc_trainer *whole = TRAINER("copy:6:40", "cell", kinds[k].cell);
        rc_trainer *cut = TRAINER("copy:6:40", "cell", kinds[k].cell, "truncate", kinds[k].steps);

        if (kinds[k].zero) {
            zero(whole, "rnn.weight_hh_l0");
            zero(cut, "rnn.weight_hh_l0");
        }
        const double want = gradients(whole), got = gradients(cut);
        assert_true(fabs(want - got) <= TOL * fabs(want)); /* the loss is that of the whole */
        const double off = apart(whole, cut);
        if (!(off >= kinds[k].least && off <= kinds[k].most))
            fail_msg("%s truncated at %s: gradients differ by %.3g", kinds[k].cell, kinds[k].steps,
                     off);
        rc_trainer_free(whole);
        rc_trainer_free(cut);
    }
}

/* Thirty times fewer activations at 2,000 steps: some 45 pieces of 45 steps. */
static void pieces_need_the_memory_of_one(void **unused)
{
    (void)unused;
    rc_trainer *whole = TRAINER("adding:2000:20", "hidden", "16", "batch", "2");
    rc_trainer *cut = TRAINER("adding:2000:20", "hidden", "16", "batch", "2", "recompute", "steps");

    (void)gradients(whole);
    (void)gradients(cut);
    const size_t all = rct_comm_bytes(&whole->comm), one = rct_comm_bytes(&cut->comm);
    assert_true(one < all / 8);

    const rct_memory m = rct_memory_of(cut);
    assert_true(m.activations < all / 8);
    rc_trainer_free(whole);
    rc_trainer_free(cut);
}

static void a_warm_step_allocates_nothing(void **unused)
{
    (void)unused;
    rc_trainer *t = TRAINER("adding:40:10", "recompute", "steps", "batch", "3");
    const rct_draw draw = {1, 3};
    uint64_t before = 0;
    double nats;

    CHECK_STATUS(t->task->batch(t->corpus, 1, 0, 1, &t->feed), RC_OK);
    for (int i = 0; i < 6; i++) {
        if (i == 3)
            before = rcb_alloc_count();
        CHECK_STATUS(rct_comm_gradients(&t->comm, &t->feed, &draw, RCT_FIRST, 1, &nats), RC_OK);
    }
    assert_true(rcb_alloc_count() == before);
    rc_trainer_free(t);
}

static void what_cannot_be_cut_is_refused(void **unused)
{
    (void)unused;
    static const char *const bad[][3] = {
        {"bidirectional", "true", "cannot cut batches in time in both directions"},
        {"window", "2", "cannot cut batches in time with a window"},
        {"dropout", "0.5", "cannot cut batches in time with plain dropout"},
        {"activation-penalty", "1", "cannot cut batches in time with penalties"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rc_config *c;
        rc_trainer *t;

        CHECK_STATUS(rc_config_new(&c, "series"), RC_OK);
        CHECK_STATUS(rc_config_set(c, "train", "adding:9:20"), RC_OK);
        CHECK_STATUS(rc_config_set(c, i % 2 ? "truncate" : "recompute", i % 2 ? "3" : "steps"),
                     RC_OK);
        CHECK_STATUS(rc_config_set(c, bad[i][0], bad[i][1]), RC_OK);
        CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("no"), NULL), RC_EINVAL);
        CHECK_MESSAGE_HAS(bad[i][2]);
        rc_config_free(c);
    }
}

static void a_square_root_of_the_steps(void **unused)
{
    (void)unused;
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "series"), RC_OK);
    assert_int_equal(rct_piece_steps(c, 100), 0);
    CHECK_STATUS(rc_config_set(c, "recompute", "steps"), RC_OK);
    assert_int_equal(rct_piece_steps(c, 100), 10);
    assert_int_equal(rct_piece_steps(c, 101), 11);
    assert_int_equal(rct_piece_steps(c, 3), 0);
    CHECK_STATUS(rc_config_set(c, "truncate", "25"), RC_OK);
    assert_int_equal(rct_piece_steps(c, 100), 25);
    assert_int_equal(rct_piece_steps(c, 25), 5); /* nothing to truncate: recomputed as before */
    CHECK_STATUS(rc_config_set(c, "recompute", "none"), RC_OK);
    assert_int_equal(rct_piece_steps(c, 25), 0);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_add_up_to_the_whole),
        cmocka_unit_test(truncated_gradients_end_where_a_piece_begins),
        cmocka_unit_test(pieces_need_the_memory_of_one),
        cmocka_unit_test(a_warm_step_allocates_nothing),
        cmocka_unit_test(what_cannot_be_cut_is_refused),
        cmocka_unit_test(a_square_root_of_the_steps),
    };

    return cmocka_run_group_tests_name("pieces", tests, NULL, NULL);
}
