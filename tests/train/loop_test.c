/* loop_test.c -- training as a user of recur.h sees it: same bits for any number of threads and
 * after stopping and going on, events in order, no allocation in a warm step, what ends a training
 * and what it leaves, bad data and bad numbers.
 */
#include "check.h"
#include "model/model.h"
#include "train/train.h"

/* A text of words in random order, `lines` lines; its path, which lives until the next call. */
static const char *some_text(const char *name, int lines)
{
    static char kept[1024];
    const char *const words[] = {"the ", "cat ", "sat ", "(on) ", "[a] ", "mat ", "and ", "slept "};
    rcb_buf b = {0};

    snprintf(kept, sizeof kept, "%s", check_temp_path(name));
    for (int i = 0; i < lines; i++) {
        for (int w = 0; w < 6; w++)
            CHECK_STATUS(rcb_buf_puts(&b, words[pick(0, 7)]), RC_OK);
        CHECK_STATUS(rcb_buf_puts(&b, "\n"), RC_OK);
    }
    check_write_file(kept, b.p, b.n);
    rcb_buf_free(&b);
    return kept;
}

static rc_config *small_config(const char *text, const char *const more[][2], size_t n)
{
    const char *const pairs[][2] = {
        {"hidden", "19"}, {"layers", "2"},      {"batch", "4"},
        {"seq", "13"},    {"dropout", "0.25"},  {"epochs", "0"},
        {"steps", "24"},  {"valid-every", "6"}, {"train", text},
    };
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        CHECK_STATUS(rc_config_set(c, pairs[i][0], pairs[i][1]), RC_OK);
    for (size_t i = 0; i < n; i++)
        CHECK_STATUS(rc_config_set(c, more[i][0], more[i][1]), RC_OK);
    return c;
}

static void check_same_file(const char *a, const char *b)
{
    rcb_bytes x, y;
    CHECK_STATUS(rcb_file_load(&x, a), RC_OK);
    CHECK_STATUS(rcb_file_load(&y, b), RC_OK);
    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.p, y.p, x.n);
    rcb_bytes_free(&x);
    rcb_bytes_free(&y);
}

static void train(const rc_config *c, const char *path, int threads)
{
    rc_trainer *t;
    const rc_trainer_options o = {.threads = threads};
    CHECK_STATUS(rc_trainer_new(&t, c, path, &o), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
    rc_trainer_free(t);
}

static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    check_seed();
    const char *const kinds[][2][2] = {
        {{"cell", "lstm"}, {"bias", "double"}},
        {{"cell", "gru-before"}, {"bias", "single"}},
        {{"seq-random", "true"}, {"optimizer", "sgd"}},
        {{"tied", "true"}, {"lr", "0.01"}},
        {{"dropout-kind", "locked"}, {"lr", "0.01"}},
        {{"skip", "graves"}, {"lr", "0.01"}},
        {{"precision", "bf16"}, {"cell", "gru"}},
        {{"precision", "bf16"}, {"shards", "3"}},
        {{"precision", "bf16"}, {"tied", "true"}},
        {{"output", "sampled"}, {"samples", "5"}},
        {{"output", "nce"}, {"tied", "true"}},
        {{"output", "class"}, {"optimizer", "sgd"}},
        {{"accumulate", "2"}, {"seq-random", "true"}},
        {{"mean", "trigger"}, {"mean-after", "0"}},
        {{"mean", "all"}, {"optimizer", "rmsprop"}},
        {{"weight-drop", "0.5"}, {"grad-noise", "0.1"}},
        {{"embed-dropout", "0.3"}, {"temporal-penalty", "1"}},
        {{"activation-penalty", "2"}, {"shards", "2"}},
        {{"weight-noise", "*weight*=0.05"}, {"accumulate", "2"}},
        {{"output", "hierarchical"}, {"optimizer", "sgd"}},
        {{"output", "adaptive"}, {"cutoffs", "3,7"}},
        {{"shards", "2"}, {"optimizer", "sgd"}},
        {{"shards", "3"}, {"seq-random", "true"}},
    };
    const char *text = some_text("threads.txt", 120);

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        rc_config *c = small_config(text, kinds[k], 2);
        const char *one = check_temp_path("one"), *other = check_temp_path("other");
        train(c, one, 1);
        for (int threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
            train(c, other, threads);
            check_same_file(one, other);
            check_same_file(check_temp_path("one.state"), check_temp_path("other.state"));
        }
        rc_config_free(c);
    }
}

/* At whatever happens then: a step, the end of an epoch, a validation, a checkpoint. */
static rc_answer pause_at_every_third_step(void *ctx, const rc_progress *p)
{
    int *epochs = ctx;

    *epochs += p->event == RC_EVENT_EPOCH;
    return p->step % 3 == 0 ? RC_PAUSE : RC_GO;
}

static void stopping_and_going_on_does_not_change_a_bit(void **unused)
{
    (void)unused;
    check_seed();
    const char *const kinds[][2][2] = {
        {{"optimizer", "adam"}, {"lr-schedule", "cosine"}},
        {{"optimizer", "sgd"}, {"momentum", "0.9"}},
        {{"lr-schedule", "plateau"}, {"seq-random", "true"}},
        {{"valid-every", "0"}, {"lr-schedule", "step"}},
        {{"keep", "last"}, {"valid-split", "0"}},
        {{"test-split", "0.1"}, {"patience", "2"}},
        {{"precision", "bf16"}, {"cell", "gru-before"}},
        {{"output", "sampled"}, {"samples", "5"}},
        {{"output", "nce"}, {"samples", "9"}},
        {{"output", "class"}, {"optimizer", "sgd"}},
        {{"accumulate", "2"}, {"seq-random", "true"}},
        {{"mean", "trigger"}, {"mean-after", "0"}},
        {{"mean", "all"}, {"optimizer", "rmsprop"}},
        {{"weight-drop", "0.5"}, {"grad-noise", "0.1"}},
        {{"embed-dropout", "0.3"}, {"temporal-penalty", "1"}},
        {{"activation-penalty", "2"}, {"shards", "2"}},
        {{"weight-noise", "*weight*=0.05"}, {"accumulate", "2"}},
        {{"output", "hierarchical"}, {"level", "byte"}},
        {{"output", "adaptive"}, {"cutoffs", "3,7"}},
        {{"shards", "2"}, {"optimizer", "sgd"}},
        {{"shards", "4"}, {"output", "nce"}},
    };
    const char *text = some_text("stop.txt", 20); /* epochs of fewer steps than there are in all */

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        rc_config *c = small_config(text, kinds[k], 2);
        const char *whole = check_temp_path("whole"), *parts = check_temp_path("parts");
        rc_trainer *t;
        int epochs = 0;

        train(c, whole, 2);
        CHECK_STATUS(rc_trainer_new(&t, c, parts, NULL), RC_OK);
        rc_status status = rc_trainer_run(t, pause_at_every_third_step, &epochs);
        while (status == RC_ESTOP) {
            rc_trainer_free(t);
            CHECK_STATUS(rc_trainer_resume(&t, parts, NULL), RC_OK);
            status = rc_trainer_run(t, pause_at_every_third_step, &epochs);
        }
        CHECK_STATUS(status, RC_OK);
        assert_true(epochs >= 1);
        rc_trainer_free(t);
        check_same_file(whole, parts);
        check_same_file(check_temp_path("whole.state"), check_temp_path("parts.state"));
        rc_config_free(c);
    }
}

typedef struct counts {
    int step, valid, epoch, saved, skipped, test;
    double first, last; /* losses */
    uint64_t allocations;
    uint64_t warm;     /* allocations between two warm steps */
    int64_t warm_from; /* steps from here on are warm, but not before the fifth */
} counts;

static rc_answer count_events(void *ctx, const rc_progress *p)
{
    counts *n = ctx;
    const bool scored = p->event == RC_EVENT_VALID || p->event == RC_EVENT_TEST;

    assert_true((p->counts != NULL) == scored);
    if (scored)
        CHECK_NEAR(p->counts->nats / (double)p->counts->tokens, p->valid, 0);
    switch (p->event) {
    case RC_EVENT_STEP:
        if (n->step++ == 0)
            n->first = p->loss;
        n->last = p->loss;
        if (p->step > 4 && p->step >= n->warm_from && p->step % 6 != 1)
            n->warm += rcb_alloc_count() - n->allocations;
        n->allocations = rcb_alloc_count();
        assert_true(p->epoch_step <= p->epoch_steps);
        break;
    case RC_EVENT_VALID:
        n->valid++;
        break;
    case RC_EVENT_EPOCH:
        n->epoch++;
        break;
    case RC_EVENT_SAVED:
        n->saved++;
        break;
    case RC_EVENT_SKIPPED:
        n->skipped++;
        break;
    case RC_EVENT_TEST:
        n->test++;
        break;
    }
    return RC_GO;
}

static void events_tell_what_happens_and_the_loss_falls(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"steps", "150"}, {"test-split", "0.1"}, {"lr", "0.02"}};
    rc_config *c = small_config(some_text("events.txt", 200), more, 3);
    counts n = {0};
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("events"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
    assert_int_equal(n.step, 150);
    assert_int_equal(n.valid, 25);
    assert_int_equal(n.test, 1);
    assert_true(n.saved >= n.valid);
    assert_int_equal(n.skipped, 0);
    assert_true(n.last < 0.8 * n.first);
    rc_trainer_free(t);
    rc_config_free(c);
}

static void a_warm_step_allocates_nothing(void **unused)
{
    (void)unused;
    check_seed();
    const char *const cells[] = {"tanh", "sgru", "gru", "gru-before", "lstm"};
    const char *text = some_text("warm.txt", 200);

    for (size_t k = 0; k < sizeof cells / sizeof *cells; k++) {
        const char *const more[][2] = {{"cell", cells[k]}};
        rc_config *c = small_config(text, more, 1);
        counts n = {0};
        rc_trainer *t;

        CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("warm"), NULL), RC_OK);
        CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
        assert_int_equal(n.warm, 0);
        rc_trainer_free(t);
        rc_config_free(c);
    }
}

/* What the hungriest batch needs is there after some steps; from then on there is enough. */
static void a_warm_step_of_every_output_layer_allocates_nothing(void **unused)
{
    (void)unused;
    check_seed();
    const char *text = some_text("warm_out.txt", 200);
    rc_entry e;

    for (size_t k = 0; rc_list("outputs", k, &e); k++) {
        const char *const more[][2] = {{"output", e.name}, {"samples", "7"}, {"cutoffs", "4,9"}};
        rc_config *c = small_config(text, more, 3);
        counts n = {0};
        rc_trainer *t;

        CHECK_STATUS(rc_config_set(c, "steps", "60"), RC_OK);
        CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("warm"), NULL), RC_OK);
        n.warm_from = 40;
        CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
        assert_int_equal(n.warm, 0);
        rc_trainer_free(t);
        rc_config_free(c);
    }
}

static void epochs_end_training(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"steps", "0"}, {"epochs", "2"}, {"valid-every", "0"}};
    rc_config *c = small_config(some_text("epochs.txt", 40), more, 3);
    counts n = {0};
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("epochs"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
    assert_int_equal(n.epoch, 2);
    assert_int_equal(n.valid, 2);
    rc_trainer_free(t);

    CHECK_STATUS(rc_trainer_resume(&t, check_temp_path("epochs"), NULL), RC_OK);
    n = (counts){0};
    CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
    assert_int_equal(n.step, 0); /* it has ended */
    CHECK_STATUS(rc_trainer_set(t, "hidden", "3"), RC_EINVAL);
    CHECK_STATUS(rc_trainer_set(t, "epochs", "3"), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
    assert_int_equal(n.epoch, 1);
    rc_trainer_free(t);
    rc_config_free(c);
}

/* The rate is 0, so that all validations are equal. */
static void patience_ends_training(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"lr", "0"}, {"patience", "3"}, {"valid-every", "2"}};
    rc_config *c = small_config(some_text("patience.txt", 60), more, 3);
    counts n = {0};
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("patience"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
    assert_int_equal(n.valid, 4); /* the best one, and three that are no better */
    assert_int_equal(n.step, 8);
    rc_trainer_free(t);
    rc_config_free(c);
}

/* Patience ends the training at weights that are not the best. */
static void keep_says_which_weights_the_model_file_holds(void **unused)
{
    (void)unused;
    check_seed();
    const char *text = some_text("keep.txt", 60);

    for (int last = 0; last <= 1; last++) {
        const char *const more[][2] = {
            {"keep", last ? "last" : "best"}, {"lr", "1"}, {"patience", "1"}, {"steps", "400"}};
        rc_config *c = small_config(text, more, 4);
        const char *path = check_temp_path("keep");
        rc_trainer *t;
        rc_model *m;
        rc_tensor_info kept, now;
        bool same = true;

        CHECK_STATUS(rc_trainer_new(&t, c, path, NULL), RC_OK);
        CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
        CHECK_STATUS(rc_model_open(&m, path), RC_OK);
        for (size_t i = 0; rc_model_tensor(m, i, &kept); i++) {
            assert_true(rc_model_tensor(rc_trainer_model(t), i, &now));
            same &= kept.crc == now.crc;
        }
        assert_int_equal(same, last);
        rc_model_free(m);
        rc_trainer_free(t);
        rc_config_free(c);
    }
}

static void a_training_without_an_end_has_no_cosine(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"lr-schedule", "cosine"}, {"steps", "3"}};
    rc_config *c = small_config(some_text("cosine.txt", 20), more, 2);
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("cosine"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_set(t, "steps", "0"), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_EINVAL);
    CHECK_STATUS(rc_trainer_set(t, "steps", "2"), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
    rc_trainer_free(t);
    rc_config_free(c);
}

static rc_answer finish_at_five(void *ctx, const rc_progress *p)
{
    (void)ctx;
    return p->step >= 5 ? RC_FINISH : RC_GO;
}

static void finishing_early_leaves_a_scored_model(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"valid-every", "0"}};
    rc_config *c = small_config(some_text("early.txt", 60), more, 1);
    const char *path = check_temp_path("early");
    rc_trainer *t;
    rc_model *m;
    rc_record r;

    CHECK_STATUS(rc_trainer_new(&t, c, path, NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, finish_at_five, NULL), RC_OK);
    rc_trainer_free(t);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    assert_int_equal(rc_model_records(m), 1);
    assert_true(rc_model_record(m, 0, &r));
    assert_int_equal(r.step, 5);
    assert_true(isfinite(r.train) && isfinite(r.valid));
    rc_model_free(m);
    rc_config_free(c);
}

/* Spared test data is neither trained on nor scored: the same weights, and no event. */
static void spared_test_data_is_kept_out_and_not_scored(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"test-split", "0.1"}};
    rc_config *c = small_config(some_text("spared.txt", 60), more, 1);
    const char *name, *text;

    for (int spare = 0; spare < 2; spare++) {
        const char *path = check_temp_path(spare ? "spared" : "scored");
        const rc_trainer_options o = {.threads = 1, .spare_test = spare};
        counts n = {0};
        rc_trainer *t;
        rc_model *m;
        bool told = false;

        CHECK_STATUS(rc_trainer_new(&t, c, path, &o), RC_OK);
        assert_int_equal(rc_trainer_steps(t), 0);
        CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_OK);
        assert_int_equal(n.test, !spare);
        assert_int_equal(rc_trainer_steps(t), 24);
        rc_trainer_free(t);
        CHECK_STATUS(rc_model_open(&m, path), RC_OK);
        for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++)
            told = told || strstr(name, "test ") || strstr(text, "test nats");
        assert_int_equal(told, !spare);
        rc_model_free(m);
    }
    check_same_file(check_temp_path("scored.state"), check_temp_path("spared.state"));
    rc_config_free(c);
}

static void a_step_that_went_bad_reaches_no_weight(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {
        {"cell", "relu"}, {"lr", "1e6"}, {"clip", "0"}, {"optimizer", "sgd"}, {"steps", "100"}};
    rc_config *c = small_config(some_text("bad.txt", 60), more, 5);
    counts n = {0};
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("bad"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, count_events, &n), RC_ENAN);
    CHECK_MESSAGE_HAS("in a row had a NaN or infinity in '");
    assert_int_equal(n.skipped, 10);
    const rcn_params *ps = &rc_trainer_model(t)->params;
    for (size_t i = 0; i < ps->n; i++)
        for (int64_t k = 0; k < ps->p[i].size; k++)
            assert_true(isfinite((double)ps->p[i].w[k]));
    rc_trainer_free(t);
    rc_config_free(c);
}

/* Finite weights that are far too large: the one step is skipped, the validation scores NaN. */
static void a_score_that_is_no_number_still_leaves_a_model(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"steps", "1"}, {"test-split", "0.1"}};
    rc_config *c = small_config(some_text("wild.txt", 60), more, 2);
    const char *path = check_temp_path("wild");
    rc_trainer *t;
    rc_model *m;
    rc_record r;

    CHECK_STATUS(rc_trainer_new(&t, c, path, NULL), RC_OK);
    for (size_t i = 0; i < t->model->params.n; i++) {
        rcn_param *p = &t->model->params.p[i];
        rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
        assert_non_null(rows);
        for (int64_t k = 0; k < p->count; k++)
            rows[k] = (rc_real)(sizeof(rc_real) == 8 ? 1.7e308 : 3.3e38);
        rcn_param_load(p, p->w, rows);
        rcb_free(rows);
    }
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    assert_true(rc_model_record(m, 0, &r));
    assert_false(isfinite(r.valid));
    rc_model_free(m);
    rc_trainer_free(t);
    rc_config_free(c);
}

static rc_answer pause_at_once(void *ctx, const rc_progress *p)
{
    (void)ctx;
    (void)p;
    return RC_PAUSE;
}

static void a_trainer_writes_nothing_until_it_runs_and_a_pause_leaves_both_files(void **unused)
{
    (void)unused;
    check_seed();
    rc_config *c = small_config(some_text("files.txt", 60), NULL, 0);
    const char *path = check_temp_path("files"), *state = check_temp_path("files.state");
    const rc_trainer_options o = rc_trainer_options_default();
    rc_trainer *t;
    rc_model *m;

    CHECK_STATUS(rc_trainer_new(&t, c, path, &o), RC_OK);
    rc_config_free(c); /* the trainer has a copy */
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(state, F_OK), 0);
    CHECK_STATUS(rc_trainer_run(t, pause_at_once, NULL), RC_ESTOP);
    rc_trainer_free(t);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    rc_model_free(m);
    CHECK_STATUS(rc_model_open(&m, state), RC_OK);
    rc_model_free(m);
}

/* Within an epoch; after its end it goes on from the beginning. */
static void single_steps_are_those_of_a_run(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"steps", "5"}, {"keep", "last"}};
    rc_config *c = small_config(some_text("single.txt", 60), more, 2);
    rc_trainer *run, *single;

    CHECK_STATUS(rc_trainer_new(&run, c, check_temp_path("run"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(run, NULL, NULL), RC_OK);
    CHECK_STATUS(rct_trainer_on(&single, c, NULL, "", NULL), RC_OK);
    for (int i = 0; i < 5; i++)
        CHECK_STATUS(rct_trainer_step(single), RC_OK);
    for (size_t i = 0; i < run->model->params.n; i++) {
        const rcn_param *a = &run->model->params.p[i], *b = &single->model->params.p[i];
        assert_memory_equal(a->w, b->w, (size_t)a->size * sizeof *a->w);
    }
    const int64_t all = rct_epoch_steps(single);
    for (int64_t i = 5; i < 2 * all + 3; i++)
        CHECK_STATUS(rct_trainer_step(single), RC_OK);
    assert_int_equal(single->place.step, 2 * all + 3);
    assert_true(single->place.pos > 0 && single->feed.batch.rows > 0);
    rc_trainer_free(single);
    rc_trainer_free(run);
    rc_config_free(c);
}

static void changed_data_is_not_resumed(void **unused)
{
    (void)unused;
    check_seed();
    const char *text = some_text("changed.txt", 60);
    rc_config *c = small_config(text, NULL, 0);
    const char *path = check_temp_path("changed");
    rc_trainer *t;

    train(c, path, 1);
    some_text("changed.txt", 60);
    CHECK_STATUS(rc_trainer_resume(&t, path, NULL), RC_EDATA);
    CHECK_MESSAGE_HAS("the training data has changed");
    assert_null(t);
    CHECK_STATUS(rc_trainer_resume(&t, check_temp_path("nowhere"), NULL), RC_EIO);
    assert_null(t);
    rc_config_free(c);
}

static void a_model_in_training_is_not_run_but_its_clone_is(void **unused)
{
    (void)unused;
    check_seed();
    rc_config *c = small_config(some_text("busy.txt", 60), NULL, 0);
    rc_trainer *t;
    rc_runner *r;
    rc_model *m;
    rc_evaluation e;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("busy"), NULL), RC_OK);
    CHECK_STATUS(rc_runner_new(&r, rc_trainer_model(t)), RC_EBUSY);
    CHECK_MESSAGE_HAS("the model is being trained");
    assert_null(r);
    CHECK_STATUS(rc_model_evaluate(rc_trainer_model(t), check_temp_path("busy.txt"), NULL, &e),
                 RC_EBUSY);
    CHECK_STATUS(rc_model_clone(&m, rc_trainer_model(t)), RC_OK);
    rc_trainer_free(t);
    CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
    rc_runner_free(r);
    rc_model_free(m);
    rc_config_free(c);
}

static rc_status train_a_little(void *ctx)
{
    const rc_config *c = ctx;
    rc_trainer *t;
    const rc_trainer_options o = {.threads = 1};
    rc_status status = rc_trainer_new(&t, c, check_temp_path("fails"), &o);
    if (status == RC_OK)
        status = rc_trainer_run(t, NULL, NULL);
    rc_trainer_free(t);
    return status;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {
        {"steps", "2"}, {"valid-every", "1"}, {"layers", "1"}, {"precision", "bf16"}};
    for (size_t n = 3; n <= 4; n++) {
        rc_config *c = small_config(some_text("fails.txt", 12), more, n);
        CHECK_EACH_ALLOCATION(train_a_little, c);
        rc_config_free(c);
    }
}

/* Products of bf16 learn as those of floats do; models are scored with floats, so that a score is
 * what rc_model_evaluate() says of the file. */
static void bf16_learns_as_well_and_is_scored_in_reals(void **unused)
{
    (void)unused;
    check_seed();
    const char *text = some_text("bf16.txt", 400);
    double valid[2];

    for (int half = 0; half < 2; half++) {
        const char *const more[][2] = {{"precision", half ? "bf16" : "f32"},
                                       {"valid", text},
                                       {"steps", "200"},
                                       {"valid-every", "200"},
                                       {"valid-tracks", "1"},
                                       {"dropout", "0"},
                                       {"lr", "0.01"}};
        rc_config *c = small_config(text, more, 7);
        rc_eval_options o = rc_eval_options_default();
        rc_model *m;
        rc_evaluation e;

        train(c, check_temp_path("learnt"), 2);
        CHECK_STATUS(rc_model_open(&m, check_temp_path("learnt")), RC_OK);
        assert_true(rcm_result_get(m, "valid nats/token", &valid[half]));
        assert_string_equal(rc_config_get(rc_model_config(m), "precision"), more[0][1]);
        o.tracks = 1;
        CHECK_STATUS(rc_model_evaluate(m, text, &o, &e), RC_OK);
        assert_true(e.nats / (double)e.tokens == valid[half]);
        rc_model_free(m);
        rc_config_free(c);
    }
    assert_true(valid[0] < 1 && valid[0] != valid[1]);
    assert_true(fabs(valid[1] - valid[0]) < 0.03);
}

/* Logits that are made again leave the weights that kept ones do, whatever reads a softmax. */
static void recomputing_does_not_change_a_bit(void **unused)
{
    (void)unused;
    check_seed();
    const char *const outputs[] = {"full", "class", "adaptive"};
    const char *text = some_text("again.txt", 120);

    for (int k = 0; k < 6; k++) {
        const char *precision = k < 3 ? "f32" : "bf16";
        rc_model *m[2];

        for (int again = 0; again < 2; again++) {
            const char *const more[][2] = {{"recompute", again ? "logits" : "none"},
                                           {"output", outputs[k % 3]},
                                           {"precision", precision},
                                           {"shards", k % 2 ? "2" : "1"}};
            rc_config *c = small_config(text, more, 4);

            train(c, check_temp_path("again"), 1 + again);
            CHECK_STATUS(rc_model_open(&m[again], check_temp_path("again")), RC_OK);
            rc_config_free(c);
        }
        for (size_t i = 0; i < m[0]->params.n; i++) {
            const rcn_param *p = &m[0]->params.p[i];

            assert_memory_equal(p->w, m[1]->params.p[i].w, (size_t)p->size * sizeof *p->w);
        }
        rc_model_free(m[0]);
        rc_model_free(m[1]);
    }
}

static rc_status resume_a_little(void *ctx)
{
    const char *path = ctx;
    rc_trainer *t;
    const rc_trainer_options o = {.threads = 1};
    const rc_status status = rc_trainer_resume(&t, path, &o);
    rc_trainer_free(t);
    return status;
}

static void every_allocation_of_resuming_may_fail(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"steps", "2"}, {"layers", "1"}};
    rc_config *c = small_config(some_text("again.txt", 12), more, 2);
    char path[1024];
    snprintf(path, sizeof path, "%s", check_temp_path("again"));
    train(c, path, 1);
    CHECK_EACH_ALLOCATION(resume_a_little, path);
    rc_config_free(c);
}

static double valid_score(const rc_trainer *t, const rc_model *m)
{
    rc_evaluation e;

    CHECK_STATUS(t->task->score_part(m, t->corpus, RCM_VALID, t->config->valid_tracks, t->pool, &e),
                 RC_OK);
    return e.nats / (double)e.tokens;
}

/* With a rate far too high validation soon gets worse; from then on the mean is what is scored and
 * saved. */
static void the_mean_begins_when_validation_gets_worse(void **unused)
{
    (void)unused;
    check_seed();
    const char *const more[][2] = {{"optimizer", "sgd"},  {"lr", "30"},     {"mean-after", "1"},
                                   {"mean", "trigger"},   {"dropout", "0"}, {"clip", "1"},
                                   {"valid-every", "20"}, {"steps", "400"}};
    rc_config *c = small_config(some_text("mean.txt", 300), more, 8);
    const char *path = check_temp_path("mean");
    rc_trainer *t;
    rc_model *m;

    CHECK_STATUS(rc_trainer_new(&t, c, path, NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
    const rct_place *p = &t->place;
    assert_true(p->averages && p->averaged > 0 && p->averaged < p->step);
    assert_int_equal(p->averaged % 20, 0); /* it began after a validation */

    const double of_mean = t->model->history.p[t->model->history.n - 1].valid;
    assert_true(valid_score(t, t->model) != of_mean);
    CHECK_STATUS(rct_optim_swap(&t->optim, t->pool), RC_OK);
    CHECK_NEAR(valid_score(t, t->model), of_mean, 1e-12);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    CHECK_NEAR(valid_score(t, m), p->best, 1e-12);
    rc_model_free(m);
    rc_trainer_free(t);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(stopping_and_going_on_does_not_change_a_bit),
        cmocka_unit_test(the_mean_begins_when_validation_gets_worse),
        cmocka_unit_test(events_tell_what_happens_and_the_loss_falls),
        cmocka_unit_test(recomputing_does_not_change_a_bit),
        cmocka_unit_test(bf16_learns_as_well_and_is_scored_in_reals),
        cmocka_unit_test(a_warm_step_allocates_nothing),
        cmocka_unit_test(a_warm_step_of_every_output_layer_allocates_nothing),
        cmocka_unit_test(epochs_end_training),
        cmocka_unit_test(patience_ends_training),
        cmocka_unit_test(keep_says_which_weights_the_model_file_holds),
        cmocka_unit_test(a_training_without_an_end_has_no_cosine),
        cmocka_unit_test(finishing_early_leaves_a_scored_model),
        cmocka_unit_test(spared_test_data_is_kept_out_and_not_scored),
        cmocka_unit_test(a_step_that_went_bad_reaches_no_weight),
        cmocka_unit_test(a_score_that_is_no_number_still_leaves_a_model),
        cmocka_unit_test(a_trainer_writes_nothing_until_it_runs_and_a_pause_leaves_both_files),
        cmocka_unit_test(single_steps_are_those_of_a_run),
        cmocka_unit_test(changed_data_is_not_resumed),
        cmocka_unit_test(a_model_in_training_is_not_run_but_its_clone_is),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_allocation_of_resuming_may_fail),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
