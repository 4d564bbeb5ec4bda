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

/* Of two directions the last step of each is what has seen everything. */
static void the_last_step_has_seen_all_tokens(void **unused)
{
    (void)unused;
    const char *path = toy_file("s.tsv", "a\tx m m m m m m y\nb\tz m m m m m m y\n"
                                         "c\tx m m m m m m z\n");
    labelled_toy t = labelled_open("classify", path, kinds[1]);
    rc_evaluation e;
    double loss[3];

    for (int64_t i = 0; i < 3; i++)
        loss[i] = labelled_loss(&t, &i, 1);
    assert_true(loss[0] != loss[1] && loss[0] != loss[2]);
    CHECK_STATUS(rc_model_evaluate(t.m, path, NULL, &e), RC_OK);
    CHECK_NEAR(e.nats, loss[0] + loss[1] + loss[2], 1e-4);
    labelled_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_add_up),
        cmocka_unit_test(every_kind_learns_a_corpus_by_heart),
        cmocka_unit_test(the_last_step_has_seen_all_tokens),
    };

    return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
