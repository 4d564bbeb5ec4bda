/* series_test.c -- the task series: its gradients are those of its loss, it learns, the same bits
 * for any threads and after a stop.
 */
#include "model/series_config.h"

#ifdef RC_DOUBLE
static const double STEP = 1e-5, GRAD_TOL = 1e-7, PATH_TOL = 1e-10;
#else
static const double STEP = 1e-2, GRAD_TOL = 2e-2, PATH_TOL = 1e-5;
#endif

/* ---- gradients --------------------------------------------------------------------------- */

/* A model, its corpus and its first batch. */
typedef struct bench {
    rc_config *c;
    rcm_corpus *corpus;
    rc_model *m;
    rcm_feed feed;
    rcb_pool *pool;
    rc_graph *g;
    uint64_t step; /* of training, for what is drawn */
} bench;

static void bench_open(bench *b, const char *train, const char *const *pairs)
{
    rcm_vocabs vocab = {0};

    *b = (bench){.c = config_of(train, pairs)};
    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(b->c->task->corpus_open(&b->corpus, b->c, NULL, &vocab), RC_OK);
    CHECK_STATUS(rcm_model_new(&b->m, b->c, vocab), RC_OK);
    CHECK_STATUS(b->c->task->measure_data(b->m, b->corpus), RC_OK);
    CHECK_STATUS(rcn_params_grads(&b->m->params), RC_OK);
    CHECK_STATUS(rcb_pool_new(&b->pool, 1), RC_OK);
    CHECK_STATUS(rcn_params_refresh(&b->m->params, b->pool), RC_OK);
    CHECK_STATUS(rcm_feed_new(&b->feed, b->m, b->c->batch), RC_OK);
    CHECK_STATUS(b->c->task->batch(b->corpus, 1, 0, 1, &b->feed), RC_OK);
    CHECK_STATUS(rcg_graph_on(&b->g, b->pool, true), RC_OK);
}

static void bench_close(bench *b)
{
    rc_graph_free(b->g);
    rcm_feed_free(&b->feed);
    rcb_pool_free(b->pool);
    rc_model_free(b->m);
    b->c->task->corpus_free(b->corpus);
    rc_config_free(b->c);
}

static double loss_now(bench *b)
{
    double total;

    CHECK_STATUS(rcn_params_refresh(&b->m->params, b->pool), RC_OK);
    rc_graph_reset(b->g);
    rcg_graph_seed(b->g, 1, b->step);
    rc_var *loss = b->c->task->loss(b->m, b->g, &b->feed);
    CHECK_STATUS(rc_var_total(b->g, loss, &total), RC_OK);
    return total;
}

static void check_gradients(bench *b)
{
    rcn_params *ps = &b->m->params;

    (void)loss_now(b);
    rc_graph_reset(b->g);
    rcg_graph_seed(b->g, 1, b->step);
    rcn_params_fresh(ps);
    CHECK_STATUS(rc_graph_backward(b->g, b->c->task->loss(b->m, b->g, &b->feed)), RC_OK);
    rcn_params_settle(ps);
    for (size_t i = 0; i < ps->n; i++) {
        rcn_param *p = &ps->p[i];
        const size_t bytes = (size_t)p->count * sizeof(rc_real);
        rc_real *rows = rcb_alloc((size_t)p->count, sizeof *rows);
        rc_real *g = rcb_alloc((size_t)p->count, sizeof *g);

        assert_true(rows && g && bytes > 0);
        rcn_param_store(p, p->w, rows);
        rcn_param_store(p, p->g, g);
        for (int trial = 0; trial < 12; trial++) {
            const int64_t k = pick(0, p->count - 1);
            const rc_real kept = rows[k];
            double value[2];

            for (int side = 0; side < 2; side++) {
                rows[k] = kept + (rc_real)(side ? -STEP : STEP);
                rcn_param_load(p, p->w, rows);
                value[side] = loss_now(b);
            }
            rows[k] = kept;
            rcn_param_load(p, p->w, rows);
            CHECK_NEAR(g[k], (value[0] - value[1]) / (2 * STEP), GRAD_TOL);
        }
        rcb_free(rows);
        rcb_free(g);
    }
}

static void gradients_are_those_of_the_loss(void **unused)
{
    (void)unused;
    (void)check_seed();
    const char *roll = file("g.rolls", rolls), *ts = file("g.ts", cases);
    static const char *const options[][15] = {
        {"hidden", "5", "batch", "3", "valid-split", "0", "layers", "2", "cell", "gru", NULL},
        {"hidden", "5", "batch", "3", "valid-split", "0", "bidirectional", "true", NULL},
        {"hidden", "5", "batch", "3", "valid-split", "0", "cell", "none", "feedback", "true", NULL},
        {"hidden", "5", "batch", "3", "valid-split", "0", "window", "2", "learned-start", "true",
         "deep-output", "4", "input-noise", "0.5", NULL},
        {"hidden", "5", "batch", "3", "valid-split", "0", "standardize", "true", NULL},
        {"hidden", "5", "batch", "3", "valid-split", "0", "reads", "first", "learned-start", "true",
         NULL},
    };

    for (int way = 0; way < 6; way++) {
        const char *const train[] = {"adding:6:9", "copy:2:9", "order:10:9", ts, roll, roll};

        for (int k = way == 2 ? 1 : 0; k < (way == 0 ? 6 : way == 2 ? 2 : 4); k++) {
            bench b;
            const char *pairs[18];
            int n = 0;

            for (; options[way][n]; n++)
                pairs[n] = options[way][n];
            if (k == 5) {
                pairs[n++] = "aim";
                pairs[n++] = "next";
            }
            pairs[n] = NULL;
            bench_open(&b, train[k], pairs);
            check_gradients(&b);
            bench_close(&b);
        }
    }
}

static double loss_of(bench *b, bool training, uint64_t step)
{
    rcg_graph_train(b->g, training);
    b->step = step;
    return loss_now(b);
}

static void input_noise_is_drawn_anew_in_every_step_of_training_alone(void **unused)
{
    (void)unused;
    static const char *const pairs[] = {"hidden",      "4",   "batch", "4",    "valid-split",
                                        "0",           "aim", "next",  "cell", "none",
                                        "input-noise", "0.5", NULL};
    static const char *const plain[] = {"hidden", "4",    "batch", "4",    "valid-split", "0",
                                        "aim",    "next", "cell",  "none", NULL};
    const char *roll = file("n.rolls", rolls);
    bench b, c;

    bench_open(&b, roll, pairs);
    bench_open(&c, roll, plain);
    const double quiet = loss_of(&c, true, 1);
    CHECK_NEAR(loss_of(&b, false, 1), quiet, 1e-6 * quiet);
    CHECK_NEAR(loss_of(&b, true, 1), loss_of(&b, true, 1), 0);
    assert_true(fabs(loss_of(&b, true, 1) - quiet) > 1e-6 * quiet);
    assert_true(fabs(loss_of(&b, true, 1) - loss_of(&b, true, 2)) > 1e-6 * quiet);
    bench_close(&b);
    bench_close(&c);
}

/* What the loss is: of values, squares in the mean over the numbers; of bits, nats of all. */
static void losses_are_what_they_say(void **unused)
{
    (void)unused;
    static const char *const pairs[] = {"hidden", "4", "batch", "4", "valid-split", "0", NULL};
    const char *roll = file("l.rolls", rolls);
    bench b;

    bench_open(&b, roll, pairs);
    memset(b.m->params.p[b.m->params.n - 2].w, 0,
           (size_t)b.m->params.p[b.m->params.n - 2].size * sizeof(rc_real));
    assert_string_equal(rc_config_get(b.c, "aim"), "bits");
    assert_int_equal(b.feed.batch.aims, 3 + 1 + 0 + 5);
    CHECK_NEAR(loss_now(&b), 9 * 88 * log(2), 1e-3); /* 1/2 each */
    bench_close(&b);

    bench_open(&b, "adding:5:4", pairs);
    memset(b.m->params.p[b.m->params.n - 2].w, 0,
           (size_t)b.m->params.p[b.m->params.n - 2].size * sizeof(rc_real));
    double want = 0;
    for (int64_t row = 0; row < b.feed.batch.rows; row++)
        if (b.feed.batch.out[row] >= 0)
            want += (double)(b.feed.batch.y[row] * b.feed.batch.y[row]);
    CHECK_NEAR(loss_now(&b), want, 1e-5);
    bench_close(&b);
}

/* ---- training ---------------------------------------------------------------------------- */

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

static rc_answer pause_at_every_third_step(void *ctx, const rc_progress *p)
{
    (void)ctx;
    return p->step % 3 == 0 ? RC_PAUSE : RC_GO;
}

static void neither_threads_nor_stops_change_a_bit(void **unused)
{
    (void)unused;
    (void)check_seed();
    const char *ts = file("b.ts", cases), *roll = file("b.rolls", rolls);
    const char *const kinds[][5] = {
        {"adding:9:40", "shards", "3", "dropout", "0.3"},
        {ts, "bidirectional", "true", "shards", "2"},
        {roll, "cell", "gru", "accumulate", "2"},
        {"adding:9:40", "standardize", "true", "shards", "2"},
    };

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        rc_config *c = config_of(kinds[k][0],
                                 (const char *const[]){"hidden", "11", "batch", "3", "valid-split",
                                                       "0.25", "epochs", "0", "steps", "20",
                                                       "valid-every", "5", kinds[k][1], kinds[k][2],
                                                       kinds[k][3], kinds[k][4], NULL});
        const char *one = check_temp_path("one"), *other = check_temp_path("other");
        rc_trainer *t;

        train(c, one, 1);
        train(c, other, 3);
        check_same_file(one, other);
        check_same_file(check_temp_path("one.state"), check_temp_path("other.state"));

        CHECK_STATUS(rc_trainer_new(&t, c, other, NULL), RC_OK);
        rc_status s = rc_trainer_run(t, pause_at_every_third_step, NULL);
        for (int stops = 0; s == RC_ESTOP; stops++) {
            assert_true(stops < 30);
            rc_trainer_free(t);
            CHECK_STATUS(rc_trainer_resume(&t, other, NULL), RC_OK);
            s = rc_trainer_run(t, pause_at_every_third_step, NULL);
        }
        CHECK_STATUS(s, RC_OK);
        rc_trainer_free(t);
        check_same_file(one, other);
        check_same_file(check_temp_path("one.state"), check_temp_path("other.state"));
        rc_config_free(c);
    }
}

/* Files of before the option 'answers' do not say where answers are. */
static void old_files_have_answers_where_their_source_had_them(void **unused)
{
    static const char *const rows[][2] = {
        {"copy:5:10", "each"}, {"adding:5:10", "last"}, {"order:10:10", "last"}};

    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench b;

        bench_open(&b, rows[i][0], (const char *const[]){"hidden", "3", NULL});
        assert_string_equal(rc_config_get(b.c, "answers"), rows[i][1]);
        CHECK_STATUS(rc_config_set(b.c, "answers", "auto"), RC_OK);
        rcm_vocabs vocab = {0};
        CHECK_STATUS(rcm_vocabs_clone(&vocab, &b.m->vocab), RC_OK);
        rc_model *old;
        CHECK_STATUS(rcm_model_new(&old, b.c, vocab), RC_OK);
        assert_string_equal(rc_config_get(rc_model_config(old), "answers"), rows[i][1]);
        rc_model_free(old);
        bench_close(&b);
    }
}

/* A file of whoever: rows of one width are read as those of another. */
static void a_next_step_as_wide_as_no_step_is_refused(void **unused)
{
    (void)unused;
    rcm_vocabs vocab = {0};
    rc_model *m;
    bench b;

    bench_open(&b, file("w.rolls", rolls), (const char *const[]){"hidden", "3", NULL});
    CHECK_STATUS(rcm_vocabs_clone(&vocab, &b.m->vocab), RC_OK);
    CHECK_STATUS(rc_config_set(b.c, "outputs", "89"), RC_OK);
    CHECK_STATUS(rcm_model_new(&m, b.c, vocab), RC_EFORMAT);
    CHECK_MESSAGE_HAS("says 89 numbers of steps of 88");
    bench_close(&b);
}

static void it_learns_to_add_and_to_tell_up_from_down(void **unused)
{
    (void)unused;
    const char *ts = file("up.ts", cases), *path = check_temp_path("learned");
    rc_config *c = config_of("adding:8:5000",
                             (const char *const[]){"hidden", "24", "lr", "0.01", "epochs", "0",
                                                   "steps", "500", "valid-split", "0.02", NULL});
    rc_evaluation e;
    rc_model *m;

    train(c, path, 0);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, "adding:8:500", NULL, &e), RC_OK);
    assert_string_equal(rc_model_measure(m), "squared error");
    assert_true(e.tokens == 500 && e.sequences == 500 && e.wrong == -1);
    assert_true(e.nats / 500 < 0.02); /* the guess 1 has 0.167 */
    rc_model_free(m);
    rc_config_free(c);

    c = config_of(ts, (const char *const[]){"hidden", "16", "lr", "0.02", "epochs", "120", "valid",
                                            ts, NULL});
    train(c, path, 0);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    CHECK_STATUS(rc_model_evaluate(m, ts, NULL, &e), RC_OK);
    assert_string_equal(rc_model_measure(m), "nats");
    assert_true(e.tokens == 8 && e.wrong == 0);
    double valid = 0, errors = 1;
    assert_true(rcm_result_get(m, "valid nats/token", &valid));
    assert_true(rcm_result_get(m, "valid errors/token", &errors));
    CHECK_NEAR(valid, e.nats / 8, PATH_TOL);
    CHECK_NEAR(errors, 0, 0);
    rc_model_free(m);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_the_loss),
        cmocka_unit_test(input_noise_is_drawn_anew_in_every_step_of_training_alone),
        cmocka_unit_test(losses_are_what_they_say),
        cmocka_unit_test(neither_threads_nor_stops_change_a_bit),
        cmocka_unit_test(old_files_have_answers_where_their_source_had_them),
        cmocka_unit_test(a_next_step_as_wide_as_no_step_is_refused),
        cmocka_unit_test(it_learns_to_add_and_to_tell_up_from_down),
    };

    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
