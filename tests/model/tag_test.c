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
    w->broken += p->step == p->steps - 1 && (*tag == 'B' || *tag == 'I'); /* none is left open */
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

    for (int seed = 1; seed <= 40; seed++) {
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

/* Without O and S a sequence of one word has no path in IOBES: it is read without the scheme. */
static void a_scheme_that_leaves_no_path_is_let_go(void **unused)
{
    (void)unused;
    const char *file = toy_file("p.conll", "a B-X\nb E-X\n\nc B-Y\nd I-Y\ne E-Y\n");
    const char *one = check_temp_path("one.conll");
    labelled_toy t = labelled_open(
        "tag", file, (const char *const[]){"decoder", "crf", "scheme", "iobes", NULL});
    rc_evaluation e;

    check_write_file(one, "a B-X\n", 6);
    CHECK_STATUS(rc_model_evaluate(t.m, one, NULL, &e), RC_OK);
    assert_int_equal(e.tokens, 1);
    labelled_close(&t);
}

/* What goes on after a stop goes on with the same tags, also where some cannot stand. */
static void faulty_tags_are_repaired_in_every_sitting(void **unused)
{
    (void)unused;
    const char *faulty = "EU I-ORG NN\nso O RB\nGerman B-MISC JJ\n\nEU I-ORG NN\nso O RB\n\n"
                         "x B-ORG NN\ny I-ORG NN\nz B-MISC NN\n\nx B-ORG NN\ny I-ORG NN\n";
    labelled_toy t = labelled_open("tag", toy_file("g.conll", faulty),
                                   (const char *const[]){"label-column", "#2", NULL});
    const rcd_labelled *first = &rcm_labelled_of(t.corpus)->own[RCM_TRAIN].set;
    rcm_corpus *again;

    assert_string_equal(rc_config_get(t.c, "scheme"), "iob2");
    CHECK_STATUS(t.c->task->corpus_open(&again, t.c, &t.m->vocab, NULL), RC_OK);
    const rcd_labelled *second = &rcm_labelled_of(again)->own[RCM_TRAIN].set;

    for (int64_t i = 0; i < first->start[first->n]; i++)
        assert_string_equal(rcd_names_at(&first->labels, first->label[i], NULL),
                            rcd_names_at(&second->labels, second->label[i], NULL));
    assert_string_equal(rcd_names_at(&first->labels, first->label[0], NULL), "B-ORG");
    t.c->task->corpus_free(again);
    labelled_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_add_up),
        cmocka_unit_test(every_kind_learns_a_corpus_by_heart),
        cmocka_unit_test(decoding_keeps_to_the_scheme),
        cmocka_unit_test(a_scheme_that_leaves_no_path_is_let_go),
        cmocka_unit_test(faulty_tags_are_repaired_in_every_sitting),
    };

    return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
