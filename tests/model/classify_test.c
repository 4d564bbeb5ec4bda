/* classify_test.c -- one label for a text: what a batch loses, what is learned, what is refused. */
#include "model/labelled_toy.h"

static const char *const kinds[][13] = {
    {"layers", "1", NULL},
    {"bidirectional", "true", "layers", "2", NULL},
    {"pooling", "mean", "bidirectional", "true", NULL},
    {"pooling", "max", "flat", "true", "embed", "7", "widths", "2,3", "maps", "4", NULL},
    {"pooling", "attention", "cell", "gru", NULL},
    {"pooling", "mean", "flat", "true", "embed", "8", "mlp", "6,5", NULL},
    {"tokens", "char", "cell", "gru", NULL},
    {"char-net", "cnn", "casing", "2", "lower", "true", NULL},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static void batches_add_up(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++) {
        labelled_toy t = labelled_open("classify", toy_file("b.tsv", toy_reviews), kinds[i]);

        labelled_adds_up(&t);
        labelled_close(&t);
    }
}

static void every_kind_learns_a_corpus_by_heart(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++)
        assert_true(labelled_train("classify", toy_file("l.tsv", toy_reviews), "60", kinds[i]) <
                    1e-6);
}

/* Of two directions the last step of each is what has seen everything: texts that differ in the
 * first token alone, or in the last, are told apart by one layer; skips bring those of all. */
static void the_last_steps_have_seen_all_tokens(void **unused)
{
    (void)unused;
    static const char *const skips[] = {"none", "residual", "graves"};
    const char *path = toy_file("s.tsv", "a\tx m m m m m m y\na\tz m m m m m m y\n"
                                         "a\tx m m m m m m z\nb\tm\n");

    for (size_t k = 0; k < 3; k++) {
        labelled_toy t =
            labelled_open("classify", path,
                          (const char *const[]){"bidirectional", "true", "skip", skips[k], "layers",
                                                k == 2 ? "3" : "1", NULL});
        double loss[3];

        for (int64_t i = 0; i < 3; i++)
            loss[i] = labelled_loss(&t, &i, 1);
        assert_true(loss[0] != loss[1] && loss[0] != loss[2]);
        assert_int_equal(rcn_params_find(&t.m->params, "out.weight")->dim[1],
                         2 * 5 * (k == 2 ? 3 : 1));
        labelled_close(&t);
    }
}

/* Without layers no file must have numbers for them. */
static void a_flat_model_is_opened_again(void **unused)
{
    (void)unused;
    rc_config *c = labelled_config(
        "classify", toy_file("f.tsv", toy_reviews),
        (const char *const[]){"flat", "true", "pooling", "mean", "steps", "2", NULL});
    const char *path = check_temp_path("flat.model");
    rc_trainer *t;
    rc_model *m;

    CHECK_STATUS(rc_trainer_new(&t, c, path, NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_OK);
    rc_trainer_free(t);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    rc_model_free(m);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_add_up),
        cmocka_unit_test(every_kind_learns_a_corpus_by_heart),
        cmocka_unit_test(the_last_steps_have_seen_all_tokens),
        cmocka_unit_test(a_flat_model_is_opened_again),
    };

    return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
