/* estimate_test.c -- the memory a training is said to take is, within 15%, what it took; operations
 * are counted as by hand; nothing is written; allocations fail in turn.
 */
#include "check.h"
#include "train/bench_in.h"

static const char *some_text(void)
{
    static char path[1024];
    rcb_buf b = {0};

    snprintf(path, sizeof path, "%s", check_temp_path("text"));
    for (int i = 0; i < 4000; i++)
        CHECK_STATUS(rcb_buf_printf(&b, "w%d%c", (int)pick(0, 300), i % 10 == 9 ? '\n' : ' '),
                     RC_OK);
    check_write_file(path, b.p, b.n);
    rcb_buf_free(&b);
    return path;
}

/* Options as name, value, ..., NULL over those of a small model. */
static rc_config *config(const char *text, const char *const more[])
{
    const char *const base[] = {"train",  text, "batch",       "8", "seq",    "16",
                                "hidden", "96", "valid-split", "0", "epochs", "3"};
    rc_config *c;

    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    for (size_t i = 0; i < sizeof base / sizeof *base; i += 2)
        CHECK_STATUS(rc_config_set(c, base[i], base[i + 1]), RC_OK);
    for (; *more; more += 2)
        CHECK_STATUS(rc_config_set(c, more[0], more[1]), RC_OK);
    return c;
}

#define CONFIG(text, ...) config(text, (const char *const[]){__VA_ARGS__, NULL})

/* Some steps, then what is there against what was said. */
static void check_memory(rc_config *c, int steps)
{
    rc_trainer *t;
    const rc_trainer_options o = {.threads = 2};

    CHECK_STATUS(rc_trainer_new(&t, c, "", &o), RC_OK);
    rct_memory m = rct_memory_of(t);
    for (int i = 0; i < steps; i++)
        CHECK_STATUS(rct_trainer_step(t), RC_OK);
    const double said = (double)m.activations, took = (double)rct_comm_bytes(&t->comm);
    if (!(fabs(said / took - 1) <= 0.15))
        fail_msg("%s, %s, %s layers %lld: activations take %.0f bytes, said to be %.0f", c->output,
                 c->cell, c->level, (long long)c->layers, took, said);
    rc_trainer_free(t);
    rc_config_free(c);
}

static void memory_is_foretold_within_15_percent(void **unused)
{
    (void)unused;
    check_seed();
    const char *text = some_text();
    const char *const cells[] = {"lstm", "gru", "gru-before", "tanh"};
    const char *const layers[] = {"1", "2", "3"};

    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 3; k++) {
            check_memory(CONFIG(text, "cell", cells[i], "layers", layers[k]), 2);
            check_memory(CONFIG(text, "cell", cells[i], "layers", layers[k], "level", "word",
                                "optimizer", "sgd", "dropout", "0.3"),
                         2);
        }
    check_memory(CONFIG(text, "tied", "true", "layers", "2", "skip", "residual"), 2);
    check_memory(
        CONFIG(text, "skip", "graves", "layers", "3", "dropout", "0.2", "dropout-kind", "locked"),
        2);
    check_memory(CONFIG(text, "shards", "3", "layers", "2", "dropout", "0.3"), 2);
    for (size_t i = 0; i < 4; i++)
        check_memory(CONFIG(text, "cell", cells[i], "layers", "2", "precision", "bf16"), 2);
    check_memory(CONFIG(text, "precision", "bf16", "level", "word", "tied", "true"), 2);
    check_memory(CONFIG(text, "precision", "bf16", "shards", "2"), 2);
    check_memory(CONFIG(text, "batch", "40", "seq", "100000"), 2); /* no more than the text */
}

/* Of texts and words that are read as bags, alone and beside layers. */
static void memory_of_bags_is_foretold(void **unused)
{
    (void)unused;
    static const char *const options[][13] = {
        {"classify", "bag", "count", "ngrams", "1-2"},
        {"classify", "bag", "nb", "ngrams", "1-2", "dropout", "0.3"},
        {"classify", "bag", "binary", "direct", "true", "hidden", "20", "pooling", "max"},
        {"tag", "bag", "binary", "ngrams", "1-2", "features", "#3"},
        {"tag", "bag", "binary", "ngrams", "1-2", "dropout", "0.3", "decoder", "crf"},
        {"tag", "bag", "binary", "gram-around", "20", "ngrams", "1"},
        {"tag", "bag", "binary", "direct", "true", "hidden", "20", "gram-around", "1"},
    };
    char texts[1024], words[1024];
    rcb_buf text = {0}, word = {0};

    check_seed();
    snprintf(texts, sizeof texts, "%s", check_temp_path("texts.tsv"));
    snprintf(words, sizeof words, "%s", check_temp_path("words.conll"));
    for (int i = 0; i < 200; i++) {
        CHECK_STATUS(rcb_buf_printf(&text, "l%d\t", i % 5), RC_OK);
        for (int k = 0; k < 20; k++) {
            CHECK_STATUS(rcb_buf_printf(&text, "w%d ", (int)pick(0, 2000)), RC_OK);
            CHECK_STATUS(rcb_buf_printf(&word, "w%d L%d F%d\n", (int)pick(0, 2000), k % 9, k % 4),
                         RC_OK);
        }
        CHECK_STATUS(rcb_buf_printf(&text, "\n"), RC_OK);
        CHECK_STATUS(rcb_buf_printf(&word, "\n"), RC_OK);
    }
    check_write_file(texts, text.p, text.n);
    check_write_file(words, word.p, word.n);
    rcb_buf_free(&text);
    rcb_buf_free(&word);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const bool tag = strcmp(options[i][0], "tag") == 0;
        rc_config *c;

        CHECK_STATUS(rc_config_new(&c, options[i][0]), RC_OK);
        CHECK_STATUS(rc_config_set(c, "train", tag ? words : texts), RC_OK);
        CHECK_STATUS(rc_config_set(c, "valid-split", "0"), RC_OK);
        if (tag)
            CHECK_STATUS(rc_config_set(c, "label-column", "#2"), RC_OK);
        for (const char *const *o = options[i] + 1; *o; o += 2)
            CHECK_STATUS(rc_config_set(c, o[0], o[1]), RC_OK);
        check_memory(c, 4);
    }
}

/* Of words as frequent as in a language; the largest of many batches is what counts. */
static void memory_of_every_output_layer_is_foretold(void **unused)
{
    (void)unused;
    check_seed();
    char path[1024];
    rcb_buf b = {0};
    rc_entry e;

    snprintf(path, sizeof path, "%s", check_temp_path("zipf"));
    CHECK_STATUS(rct_bench_words(&b, 1500, 8000, true), RC_OK);
    check_write_file(path, b.p, b.n);
    rcb_buf_free(&b);
    for (size_t i = 0; rc_list("outputs", i, &e); i++)
        for (int wide = 0; wide < 2; wide++) {
            rc_config *c = CONFIG(path, "level", "word", "output", e.name, "samples", "300",
                                  "optimizer", "sgd", "hidden", wide ? "128" : "48", "batch",
                                  wide ? "20" : "8", "layers", wide ? "1" : "2");
            check_memory(c, 30);
        }
}

/* What allocates outside the arena is counted in full. */
static void weights_gradients_and_optimiser_are_counted(void **unused)
{
    (void)unused;
    check_seed();
    const char *text = some_text();
    const char *const optimizers[][3] = {
        {"sgd", "0", "0"}, {"sgd", "0.9", "1"}, {"adam", "0", "2"}};

    for (size_t i = 0; i < 6; i++) {
        rc_config *c =
            CONFIG(text, "optimizer", optimizers[i % 3][0], "momentum", optimizers[i % 3][1],
                   "tied", i % 3 == 1 ? "true" : "false", "precision", i < 3 ? "f32" : "bf16");
        rc_trainer *t;
        size_t weights = 0, gradients = 0, halves = 0, transposes = 0;

        CHECK_STATUS(rc_trainer_new(&t, c, "", NULL), RC_OK);
        const rct_memory m = rct_memory_of(t);
        for (size_t k = 0; k < t->model->params.n; k++) {
            const rcn_param *p = &t->model->params.p[k];
            weights += (size_t)p->size;
            const size_t turned = p->packed ? (size_t)rcg_weight_size_t(&p->weight) : 0;
            transposes += p->weight.wt ? turned : 0;
            halves += p->weight.pairs ? (size_t)rcg_weight_pairs(&p->weight) + turned : 0;
            gradients += (size_t)p->size;
        }
        const size_t slots = (size_t)atoi(optimizers[i % 3][2]);
        assert_int_equal(m.weights, (weights + transposes) * sizeof(rc_real) + 2 * halves);
        assert_int_equal(halves > 0, i >= 3);
        assert_int_equal(transposes > 0, i < 3 || i == 4); /* bf16: a tied one alone */
        assert_int_equal(m.gradients, gradients * sizeof(rc_real));
        assert_int_equal(m.optimizer, slots * gradients * sizeof(rc_real));
        assert_int_equal(m.saving, (1 + slots) * (size_t)t->model->params.count * sizeof(rc_real));
        assert_int_equal(rct_memory_sum(&m), m.weights + m.gradients + m.optimizer + m.activations);
        rc_trainer_free(t);
        rc_config_free(c);
    }
}

static void an_estimate_fits_together(void **unused)
{
    (void)unused;
    check_seed();
    rc_config *c =
        CONFIG(some_text(), "level", "byte", "embed", "32", "layers", "2", "cell", "gru");
    rc_estimate e;

    CHECK_STATUS(rc_config_estimate(&e, c, NULL), RC_OK);
    assert_int_equal(e.symbols, 256);
    assert_int_equal(e.parameters,
                     256 * 32 + 3 * 96 * (32 + 96 + 1) + 3 * 96 * (96 + 96 + 1) + 256 * (96 + 1));
    assert_true(e.flops_per_token == 6.0 * (3 * 96 * (32 + 96) + 3 * 96 * (96 + 96) + 256 * 96));
    assert_int_equal(e.bytes, e.weights + e.gradients + e.optimizer + e.activations);
    assert_int_equal(e.epoch_tokens % 8, 0);
    assert_int_equal(e.epoch_steps, (e.epoch_tokens / 8 + 15) / 16);
    assert_int_equal(e.steps, 3 * e.epoch_steps);
    assert_true(e.tried >= 3 && e.step_seconds > 0);
    CHECK_NEAR(e.tokens_per_second * e.step_seconds, (double)e.epoch_tokens / (double)e.epoch_steps,
               1e-9);
    CHECK_NEAR(e.epoch_seconds * e.tokens_per_second, (double)e.epoch_tokens, 1e-9);
    CHECK_NEAR(e.seconds, (double)e.steps * e.step_seconds, 1e-9);

    CHECK_STATUS(rc_config_set(c, "epochs", "0"), RC_OK);
    CHECK_STATUS(rc_config_estimate(&e, c, NULL), RC_OK);
    assert_true(e.steps == 0 && isnan(e.seconds));
    rc_config_free(c);
}

static void what_cannot_be_trained_is_not_estimated(void **unused)
{
    (void)unused;
    check_seed();
    rc_config *c;
    rc_estimate e;

    CHECK_STATUS(rc_config_new(&c, "ngram"), RC_OK);
    CHECK_STATUS(rc_config_estimate(&e, c, NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("takes no steps");
    rc_config_free(c);
    c = CONFIG(check_temp_path("nowhere"), "cell", "gru");
    CHECK_STATUS(rc_config_estimate(&e, c, NULL), RC_EIO);
    rc_config_free(c);
}

static rc_status estimate(void *ctx)
{
    rc_estimate e;
    const rc_trainer_options o = {.threads = 1};

    return rc_config_estimate(&e, ctx, &o);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    check_seed();
    rc_config *c = CONFIG(some_text(), "hidden", "8", "batch", "4", "level", "byte");

    CHECK_EACH_ALLOCATION(estimate, c);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_foretold_within_15_percent),
        cmocka_unit_test(memory_of_bags_is_foretold),
        cmocka_unit_test(memory_of_every_output_layer_is_foretold),
        cmocka_unit_test(weights_gradients_and_optimiser_are_counted),
        cmocka_unit_test(an_estimate_fits_together),
        cmocka_unit_test(what_cannot_be_trained_is_not_estimated),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
