/* lm_test.c -- the language model is a distribution over strings, and its loss over batches of any
 * cut is the sum of what a runner says symbol by symbol.
 */
#include "model/toy.h"

#ifdef RC_DOUBLE
static const double SUM_TOL = 1e-9, PATH_TOL = 1e-10;
#else
static const double SUM_TOL = 1e-4, PATH_TOL = 2e-5;
#endif

static const char *const cells[] = {"tanh", "relu", "irnn", "sgru", "gru", "gru-before", "lstm"};

/* ln of the sum of probabilities of all strings with this beginning that end within `more` further
 * symbols or are that long: here simply the sum. */
static double mass_of(const rc_runner *r, const rc_model *m, int more)
{
    double sum = 0;

    if (more == 0)
        return 1; /* the prefix itself stands for all that goes on */
    for (int32_t id = 0; id < rc_model_symbols(m); id++) {
        const double p = exp((double)rc_runner_logp(r)[id]);
        rc_runner *next;

        if (id == rc_model_boundary(m)) { /* the string ends */
            sum += p;
            continue;
        }
        CHECK_STATUS(rc_runner_clone(&next, r), RC_OK);
        CHECK_STATUS(rc_runner_feed(next, id), RC_OK);
        sum += p * mass_of(next, m, more - 1);
        rc_runner_free(next);
    }
    return sum;
}

static void probabilities_of_all_strings_sum_to_one(void **unused)
{
    (void)unused;

    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        rc_model *m = toy_model((const char *const[]){"level", "word", "hidden", "5", "layers", "2",
                                                      "cell", cells[i], NULL},
                                "a b a\nb b a\n");
        rc_runner *r;

        assert_int_equal(rc_model_symbols(m), 4);
        CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
        for (int length = 1; length <= 4; length++)
            CHECK_NEAR(mass_of(r, m, length), 1, SUM_TOL);
        rc_runner_free(r);
        rc_model_free(m);
    }
}

/* Every output layer, with settings that suit the toy vocabulary. */
static const char *const outputs[][4] = {
    {"full"},
    {"sampled", "samples", "3"},
    {"nce", "samples", "3"},
    {"class", "classes", "2"},
    {"hierarchical"},
    {"adaptive", "cutoffs", "1,3"},
};
enum { OUTPUTS = sizeof outputs / sizeof *outputs };

static void probabilities_sum_to_one_with_every_output_layer(void **unused)
{
    (void)unused;

    for (size_t i = 0; i < OUTPUTS; i++) {
        rc_model *m =
            toy_model((const char *const[]){"level", "word", "hidden", "5", "cell", "gru", "output",
                                            outputs[i][0], outputs[i][1], outputs[i][2], NULL},
                      "a b a\nb b a\n");
        rc_runner *r;

        assert_ptr_equal(rcn_output_at(i), rcn_output_find(outputs[i][0]));
        CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
        for (int length = 1; length <= 4; length++)
            CHECK_NEAR(mass_of(r, m, length), 1, SUM_TOL);
        rc_runner_free(r);
        rc_model_free(m);
    }
    assert_null(rcn_output_at(OUTPUTS)); /* a new kind has a row above */
}

/* Nats of a text by a runner; per line: begin at every line. */
static double runner_nats(const rc_model *m, const char *text, bool per_line, int64_t *count)
{
    int32_t *ids;
    size_t n;
    rc_runner *r;
    double nats = 0;

    CHECK_STATUS(rc_model_encode(m, text, strlen(text), &ids, &n, NULL), RC_OK);
    CHECK_STATUS(rc_runner_new(&r, m), RC_OK);
    for (size_t i = 0; i < n; i++) {
        nats -= (double)rc_runner_logp(r)[ids[i]];
        CHECK_STATUS(rc_runner_feed(r, ids[i]), RC_OK);
        if (per_line && ids[i] == rc_model_boundary(m))
            CHECK_STATUS(rc_runner_begin(r), RC_OK);
    }
    rc_runner_free(r);
    rc_free(ids);
    *count = (int64_t)n;
    return nats;
}

static rc_evaluation evaluate(const rc_model *m, const char *text, rc_eval_options o)
{
    const rcm_task *task = m->config->task;
    rc_evaluation e;
    rcb_pool *pool;
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "text", text, strlen(text)), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, o.threads), RC_OK);
    CHECK_STATUS(task->evaluate(m, t, 0, strlen(text), &o, pool, &e), RC_OK);
    rcb_pool_free(pool);
    rcd_text_free(t);
    return e;
}

/* A text of random words of the toy vocabulary, long enough for several pieces. */
static char *random_text(int64_t words)
{
    static const char *const list[] = {"to", "be", "or", "not", "that", "is", "\n", "\n"};
    rcb_buf b = {0};

    for (int64_t i = 0; i < words; i++) {
        CHECK_STATUS(rcb_buf_puts(&b, list[pick(0, 7)]), RC_OK);
        CHECK_STATUS(rcb_buf_puts(&b, " "), RC_OK);
    }
    CHECK_STATUS(rcb_buf_puts(&b, "\n"), RC_OK);
    return b.p;
}

static void evaluation_agrees_with_a_runner(void **unused)
{
    (void)unused;
    static const char *const levels[] = {"byte", "char", "word"};
    (void)check_seed();

    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char *text = random_text(i == 0 ? 1 : 400);
        rc_model *m =
            toy_model((const char *const[]){"level", levels[i % 3], "hidden", "6,5", "layers", "2",
                                            "cell", cells[i], "skip", i % 2 ? "graves" : "none",
                                            "embed-map", i % 3 == 1 ? "4" : "0", "dropout", "0.5",
                                            "init", "normal:0.3", NULL},
                      TOY_TEXT);
        int64_t count;

        for (int per_line = 0; per_line < 2; per_line++) {
            rc_eval_options o = rc_eval_options_default();

            o.per_line = per_line;
            o.threads = (int)pick(1, 3);
            const rc_evaluation e = evaluate(m, text, o);
            const double want = runner_nats(m, text, per_line, &count);

            assert_int_equal(e.tokens, count);
            CHECK_NEAR(e.nats / (double)e.tokens, want / (double)count, PATH_TOL);
        }
        rc_model_free(m);
        rcb_free(text);
    }
}

static void evaluation_agrees_with_a_runner_for_every_output_layer(void **unused)
{
    (void)unused;
    static const char *const levels[] = {"byte", "char", "word"};
    (void)check_seed();

    for (size_t i = 0; i < 3 * OUTPUTS; i++) {
        const char *const *out = outputs[i / 3];
        char *text = random_text(200);
        rc_model *m =
            toy_model((const char *const[]){"level", levels[i % 3], "hidden", "6", "init",
                                            "normal:0.3", "output", out[0], out[1], out[2], NULL},
                      TOY_TEXT);
        rc_eval_options o = rc_eval_options_default();
        int64_t count;

        o.threads = (int)pick(1, 3);
        const rc_evaluation e = evaluate(m, text, o);
        const double want = runner_nats(m, text, false, &count);

        CHECK_NEAR(e.nats / (double)e.tokens, want / (double)count, PATH_TOL);
        rc_model_free(m);
        rcb_free(text);
    }
}

/* Tracks begin in the middle with an empty state: nearly the same, and no symbol is lost. */
static void tracks_score_every_symbol(void **unused)
{
    (void)unused;
    (void)check_seed();
    char *text = random_text(300);
    rc_model *m = TOY("hidden", "6", "cell", "lstm", "init", "normal:0.3");
    const double exact = evaluate(m, text, rc_eval_options_default()).nats;

    for (int64_t tracks = 1; tracks < 2000; tracks = tracks * 3 + 1) {
        rc_eval_options o = rc_eval_options_default();

        o.tracks = tracks;
        const rc_evaluation e = evaluate(m, text, o);
        assert_int_equal(e.tokens, strlen(text));
        assert_int_equal(e.chars, strlen(text));
        CHECK_NEAR(e.nats / exact, 1, 0.1);
    }
    rc_model_free(m);
    rcb_free(text);
}

/* Training batches carry the state: their losses add up to the score of the whole text. */
static void losses_of_an_epoch_add_up_to_the_score(void **unused)
{
    (void)unused;
    (void)check_seed();
    char *text = random_text(100);
    const char *path = toy_file("epoch.txt", text);
    rc_config *c = toy_config(
        "lm", (const char *const[]){"train", path, "valid-split", "0", "hidden", "7", "cell", "gru",
                                    "batch", "1", "tied", "true", "init", "normal:0.3", NULL});
    const rcm_task *task = c->task;
    rcm_corpus *corpus;
    rcm_vocabs vocab = {0};
    rc_model *m;
    rcb_pool *pool;
    rc_graph *g;
    rcm_feed feed;
    rc_evaluation e;
    double sum = 0;

    CHECK_STATUS(task->corpus_open(&corpus, c, NULL, &vocab), RC_OK);
    CHECK_STATUS(rcm_model_new(&m, c, vocab), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    CHECK_STATUS(rcg_graph_on(&g, pool, false), RC_OK);
    CHECK_STATUS(rcm_feed_new(&feed, m, 1), RC_OK);
    for (int64_t pos = 0; pos < task->longest(corpus);) {
        double nats;

        rc_graph_reset(g);
        CHECK_STATUS(task->batch(corpus, 1, pos, pick(1, 40), &feed), RC_OK);
        pos += feed.batch.steps;
        const rc_var *loss = task->loss(m, g, &feed);
        CHECK_STATUS(rc_graph_status(g), RC_OK);
        CHECK_STATUS(rc_var_total(g, loss, &nats), RC_OK);
        sum += nats;
    }
    assert_true(task->has_part(corpus, RCM_TRAIN));
    assert_false(task->has_part(corpus, RCM_VALID));
    CHECK_STATUS(task->score_part(m, corpus, RCM_TRAIN, 1, pool, &e), RC_OK);
    CHECK_NEAR(e.nats / sum, 1, PATH_TOL);
    CHECK_STATUS(task->score_part(m, corpus, RCM_VALID, 1, pool, &e), RC_EDATA);
    CHECK_MESSAGE_HAS("there is no validation text");
    rcm_feed_free(&feed);
    rc_graph_free(g);
    rcb_pool_free(pool);
    rc_model_free(m);
    task->corpus_free(corpus);
    rc_config_free(c);
    rcb_free(text);
}

/* Embedding through the packed output weights is the same as through a table of the same
 * numbers. */
static void tied_weights_are_the_symbol_vectors(void **unused)
{
    (void)unused;
    rc_model *tied = TOY("hidden", "6", "tied", "true", "bias", "none");
    rc_model *loose = TOY("hidden", "6", "bias", "none");
    rc_real rows[32 * 6];
    int64_t count;

    for (size_t i = 0; i < loose->params.n; i++) {
        rcn_param *p = &loose->params.p[i];
        const bool embed = strcmp(p->name, "embed.weight") == 0;

        assert_true(p->count <= 32 * 6);
        CHECK_STATUS(rc_model_read(tied, embed ? "out.weight" : p->name, rows, 32 * 6), RC_OK);
        rcn_param_load(p, p->w, rows);
    }
    const double a = runner_nats(tied, TOY_TEXT, false, &count);
    const double b = runner_nats(loose, TOY_TEXT, false, &count);
    CHECK_NEAR(a / b, 1, PATH_TOL);
    rc_model_free(tied);
    rc_model_free(loose);
}

static void an_output_layer_without_symbol_vectors_is_not_tied(void **unused)
{
    (void)unused;

    for (size_t i = 0; i < OUTPUTS; i++) {
        rc_config *c = toy_config("lm", (const char *const[]){"hidden", "6", "tied", "true",
                                                              "output", outputs[i][0], NULL});
        rc_model *m;

        if (rcn_output_at(i)->vectors) {
            CHECK_STATUS(rcm_model_new(&m, c, toy_vocab(c->level, TOY_TEXT)), RC_OK);
            assert_null(rcn_params_find(&m->params, "embed.weight"));
            rc_model_free(m);
        } else {
            CHECK_STATUS(rcm_model_new(&m, c, toy_vocab(c->level, TOY_TEXT)), RC_EINVAL);
            CHECK_MESSAGE_HAS("cannot tie the output to the symbol vectors");
        }
        rc_config_free(c);
    }
}

static void settings_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[][3] = {
        {"class", "classes", "1000"},
        {"adaptive", "cutoffs", "5,5"},
        {"adaptive", "cutoffs", "1000"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rc_config *c = toy_config(
            "lm", (const char *const[]){"output", wrong[i][0], wrong[i][1], wrong[i][2], NULL});
        rc_model *m;

        CHECK_STATUS(rcm_model_new(&m, c, toy_vocab(c->level, TOY_TEXT)), RC_EINVAL);
        rc_config_free(c);
    }
}

static void the_forget_bias_is_as_asked(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "3", "cell", "lstm", "forget-bias", "2.5", "init", "zero");
    rc_real b[12];

    CHECK_STATUS(rc_model_read(m, "rnn.bias_ih_l0", b, 12), RC_OK);
    for (int i = 0; i < 12; i++)
        assert_true((double)b[i] == (i >= 3 && i < 6 ? 2.5 : 0));
    rc_model_free(m);
}

static void chrono_wants_gates_biases_and_steps(void **unused)
{
    (void)unused;
    static const char *const wrong[][4] = {
        {"gru", "single", "1", "nothing is remembered for one step"},
        {"tanh", "single", "50", "it has no gates"},
        {"gru", "none", "50", "without biases"},
    };
    rc_model *m;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rc_config *c =
            toy_config("lm", (const char *const[]){"cell", wrong[i][0], "bias", wrong[i][1],
                                                   "chrono", wrong[i][2], NULL});

        CHECK_STATUS(rcm_model_new(&m, c, toy_vocab(c->level, TOY_TEXT)), RC_EINVAL);
        CHECK_MESSAGE_HAS(wrong[i][3]);
        rc_config_free(c);
    }

    rc_real b[12];

    m = TOY("hidden", "3", "cell", "lstm", "chrono", "50", "init", "zero");
    CHECK_STATUS(rc_model_read(m, "rnn.bias_ih_l0", b, 12), RC_OK);
    for (int i = 0; i < 3; i++) {
        assert_true(b[3 + i] > 0 && (double)b[3 + i] < log(49) && b[i] == -b[3 + i]);
        assert_true(b[6 + i] == 0 && b[9 + i] == 0);
    }
    rc_model_free(m);
}

static rc_status score(void *ctx)
{
    const rc_model *m = ctx;
    rc_eval_options o = rc_eval_options_default();
    rc_evaluation e;
    rcd_text *t;
    rcb_pool *pool;

    RC_TRY(rcb_pool_new(&pool, 1));
    rc_status s = rcd_text_of(&t, "toy", TOY_TEXT, strlen(TOY_TEXT));
    for (int i = 0; s == RC_OK && i < 2; i++) {
        o.per_line = i;
        s = m->config->task->evaluate(m, t, 0, strlen(TOY_TEXT), &o, pool, &e);
        if (s != RC_OK)
            rcd_text_free(t);
    }
    if (s == RC_OK)
        rcd_text_free(t);
    rcb_pool_free(pool);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "4", "layers", "2");

    CHECK_EACH_ALLOCATION(score, m);
    rc_model_free(m);
}

/* With every symbol left out or scaled as a whole, a batch of one symbol has either the gradient of
 * its vector zero or not; never in part. */
static void symbols_are_left_out_as_a_whole(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "tanh", "hidden", "6", "embed-dropout", "0.5");
    const int32_t V = rc_model_symbols(m);
    rcn_param *embed = rcn_params_find(rcm_params(m), "embed.weight");
    int kept = 0, left = 0;
    rcb_pool *pool;
    rc_graph *g;

    CHECK_STATUS(rcn_params_grads(rcm_params(m)), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_STATUS(rcg_graph_on(&g, pool, true), RC_OK);
    for (uint64_t step = 0; step < 40; step++) {
        int64_t at[] = {0, V};
        int32_t ids[64], out[64] = {0};
        rcm_feed feed = {
            .batch = {
                .steps = 1, .seqs = V, .rows = V, .aims = V, .at = at, .in = ids, .out = out}};

        assert_true(V <= 64);
        for (int32_t i = 0; i < V; i++)
            ids[i] = i;
        rc_graph_reset(g);
        rcg_graph_seed(g, 1, step);
        rcn_params_fresh(rcm_params(m));
        CHECK_STATUS(rc_graph_backward(g, m->config->task->loss(m, g, &feed)), RC_OK);
        rcn_params_settle(rcm_params(m));
        for (int32_t i = 0; i < V; i++) {
            int zeros = 0;

            for (int64_t k = 0; k < embed->dim[1]; k++)
                zeros += embed->g[i * embed->ld + k] == 0;
            assert_true(zeros == 0 || zeros == embed->dim[1]);
            *(zeros ? &left : &kept) += 1;
        }
    }
    assert_true(left > 40 * V / 3 && kept > 40 * V / 3);
    rc_graph_free(g);
    rcb_pool_free(pool);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_are_left_out_as_a_whole),
        cmocka_unit_test(probabilities_of_all_strings_sum_to_one),
        cmocka_unit_test(probabilities_sum_to_one_with_every_output_layer),
        cmocka_unit_test(evaluation_agrees_with_a_runner),
        cmocka_unit_test(evaluation_agrees_with_a_runner_for_every_output_layer),
        cmocka_unit_test(tracks_score_every_symbol),
        cmocka_unit_test(losses_of_an_epoch_add_up_to_the_score),
        cmocka_unit_test(tied_weights_are_the_symbol_vectors),
        cmocka_unit_test(an_output_layer_without_symbol_vectors_is_not_tied),
        cmocka_unit_test(settings_that_do_not_fit_are_refused),
        cmocka_unit_test(the_forget_bias_is_as_asked),
        cmocka_unit_test(chrono_wants_gates_biases_and_steps),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("lm", tests, NULL, NULL);
}
