/* tag_test.c -- a label for every token: what a batch loses, what is learned, what is allowed. */
#include "model/labelled_toy.h"

static const char *const kinds[][13] = {
    {"label-column", "#2", NULL},
    {"label-column", "#2", "decoder", "crf", "bidirectional", "true", NULL},
    {"label-column", "#2", "decoder", "crf", "scheme", "iobes", "layers", "2", NULL},
    {"label-column", "#2", "features", "#3", "char-net", "rnn", "cell", "gru", NULL},
    {"label-column", "#2", "decoder", "crf", "flat", "true", "embed", "9", "char-net", "cnn", NULL},
    {"label-column", "#3", "scheme", "none", "casing", "3", NULL},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static void batches_add_up(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++) {
        labelled_toy t = labelled_open("tag", toy_file("b.conll", toy_tags), kinds[i]);

        labelled_adds_up(&t);
        labelled_close(&t);
    }
}

static void every_kind_learns_a_corpus_by_heart(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < KINDS; i++)
        assert_true(labelled_train("tag", toy_file("l.conll", toy_tags), "80", kinds[i]) < 1e-6);
}

/* Is a tag allowed after another, in IOBES? */
typedef struct path {
    const rc_model *m;
    char mark;
    const char *type;
    int64_t sequence;
    int broken;
} path;

static bool follow(void *ctx, const rc_prediction *p)
{
    path *w = ctx;
    size_t n;
    const char *tag = rc_model_label(w->m, p->said, &n);
    const bool fresh = p->sequence != w->sequence;
    const bool open = !fresh && (w->mark == 'B' || w->mark == 'I');
    const bool goes_on = *tag == 'I' || *tag == 'E';

    w->broken += open != goes_on || (open && strcmp(tag + 1, w->type) != 0);
    w->sequence = p->sequence;
    w->mark = *tag;
    w->type = tag + 1;
    return true;
}

/* Whatever the weights are. */
static void decoding_keeps_to_the_scheme(void **unused)
{
    (void)unused;
    const char *file = toy_file("d.conll", toy_tags);

    for (int seed = 1; seed <= 20; seed++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%d", seed);
        labelled_toy t =
            labelled_open("tag", file,
                          (const char *const[]){"label-column", "#2", "decoder", "crf", "scheme",
                                                "iobes", "seed", text, "init", "normal:2", NULL});
        path w = {.m = t.m, .sequence = -1};

        CHECK_STATUS(rc_model_predict(t.m, file, NULL, follow, &w), RC_OK);
        assert_int_equal(w.broken, 0);
        labelled_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_add_up),
        cmocka_unit_test(every_kind_learns_a_corpus_by_heart),
        cmocka_unit_test(decoding_keeps_to_the_scheme),
    };

    return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
