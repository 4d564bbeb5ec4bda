/* tag_test.c -- a label for every token: what a batch loses, what is learned, what is allowed. */
#include "model/labelled_toy.h"

#include <math.h>

static const char *const kinds[][13] = {
    {"label-column", "#2", NULL},
    {"label-column", "#2", "decoder", "crf", "bidirectional", "true", NULL},
    {"label-column", "#2", "decoder", "crf", "scheme", "iobes", "layers", "2", NULL},
    {"label-column", "#2", "features", "#3", "char-net", "rnn", "cell", "gru", NULL},
    {"label-column", "#2", "decoder", "crf", "flat", "true", "embed", "9", "char-net", "cnn",
     "embed-map", "4", NULL},
    {"label-column", "#3", "scheme", "none", "casing", "3", NULL},
    {"label-column", "#2", "feedback", "true", "learned-start", "true", "window", "2", NULL},
    {"label-column", "#2", "feedback", "true", "cell", "none", "around", "2", "casing", "2", NULL},
    {"label-column", "#3", "feedback", "true", "flat", "true", "around", "1", NULL},
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

/* ---- feedback ---------------------------------------------------------------------------- */

static void set(rc_model *m, const char *name, const rc_real *rows)
{
    rcn_param *p = rcn_params_find(&m->params, name);

    assert_non_null(p);
    rcn_param_load(p, p->w, rows);
}

typedef struct heard {
    char said[64];
    size_t n;
} heard;

static bool hear(void *ctx, const rc_prediction *p)
{
    heard *h = ctx;

    assert_true(h->n + 2 < sizeof h->said);
    h->said[h->n++] = (char)(p->said == 0 ? 'A' : 'B');
    if (p->step == p->steps - 1)
        h->said[h->n++] = ' ';
    h->said[h->n] = 0;
    return true;
}

/* A model that says A at first, A after B and B after A, whatever it reads. The right labels are
 * all A: reading those it would say B from the second token on. */
static void a_label_is_said_by_what_was_said_before(void **unused)
{
    (void)unused;
    const char *file = toy_file("f.conll", "x A\ny A\nx A\ny A\nx A\n\nx A\ny A\nx A\n\ny B\n");
    labelled_toy t =
        labelled_open("tag", file,
                      (const char *const[]){"flat", "true", "feedback", "true", "feedback-embed",
                                            "2", "embed", "1", "scheme", "none", NULL});
    const rc_real table[] = {0, 1, 1, 0, 1, 0}; /* after A: 0 1; after B, and at first: 1 0 */
    const rc_real out[] = {0, 3, 0, 0, 0, 3}, zero[] = {0, 0};
    heard h = {.n = 0};
    rc_evaluation e;

    assert_int_equal(rc_model_find(t.m, "x", 1), 0);
    set(t.m, "feedback.weight", table);
    set(t.m, "out.weight", out);
    set(t.m, "out.bias", zero);
    CHECK_STATUS(rc_model_predict(t.m, file, NULL, hear, &h), RC_OK);
    assert_string_equal(h.said, "ABABA ABA A ");
    CHECK_STATUS(rc_model_evaluate(t.m, file, NULL, &e), RC_OK);
    assert_int_equal(e.wrong, 2 + 1 + 1);
    /* ln(1 + e^-3) where what is right was said, ln(1 + e^3) elsewhere */
    CHECK_NEAR(e.nats, 5 * log1p(exp(-3)) + 4 * log1p(exp(3)), 1e-5);
    labelled_close(&t);
}

typedef struct answers {
    int32_t said[64];
    double share[64];
    int n;
} answers;

static bool note(void *ctx, const rc_prediction *p)
{
    answers *a = ctx;

    a->said[a->n] = p->said;
    a->share[a->n++] = (double)p->values[p->said];
    return true;
}

static void sequences_side_by_side_do_not_hear_each_other(void **unused)
{
    (void)unused;
    for (size_t i = 6; i < KINDS; i++) {
        const char *file = toy_file("s.conll", toy_tags);
        labelled_toy t = labelled_open("tag", file, kinds[i]);
        answers together = {.n = 0}, alone = {.n = 0};

        CHECK_STATUS(rc_config_set(t.m->config, "batch", "100"), RC_OK);
        CHECK_STATUS(rc_model_predict(t.m, file, NULL, note, &together), RC_OK);
        CHECK_STATUS(rc_config_set(t.m->config, "batch", "1"), RC_OK);
        CHECK_STATUS(rc_model_predict(t.m, file, NULL, note, &alone), RC_OK);
        assert_int_equal(together.n, 16);
        for (int k = 0; k < together.n; k++) {
            assert_int_equal(together.said[k], alone.said[k]);
            CHECK_NEAR(together.share[k], alone.share[k], 1e-5);
        }
        labelled_close(&t);
    }
}

static void feedback_needs_labels_one_after_the_other(void **unused)
{
    (void)unused;
    const char *const options[][2] = {{"decoder", "crf"}, {"bidirectional", "true"}};
    const char *const says[] = {"to a conditional random field", "in two directions"};

    for (size_t i = 0; i < 2; i++) {
        rc_config *c =
            labelled_config("tag", toy_file("n.conll", toy_tags),
                            (const char *const[]){"label-column", "#2", "feedback", "true",
                                                  options[i][0], options[i][1], NULL});
        rc_trainer *t;

        CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("n"), NULL), RC_EINVAL);
        CHECK_MESSAGE_HAS(says[i]);
        rc_config_free(c);
    }
}

/* ---- schemes ----------------------------------------------------------------------------- */

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

    for (int seed = 1; seed <= 80; seed++) {
        const char *const how[][2] = {{"decoder", "crf"}, {"feedback", "true"}};
        char text[16];

        (void)snprintf(text, sizeof text, "%d", seed);
        labelled_toy t = labelled_open(
            "tag", file,
            (const char *const[]){"label-column", "#2", how[seed % 2][0], how[seed % 2][1],
                                  "scheme", "iobes", "seed", text, "init", "normal:2", NULL});
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
        cmocka_unit_test(a_label_is_said_by_what_was_said_before),
        cmocka_unit_test(sequences_side_by_side_do_not_hear_each_other),
        cmocka_unit_test(feedback_needs_labels_one_after_the_other),
        cmocka_unit_test(decoding_keeps_to_the_scheme),
        cmocka_unit_test(a_scheme_that_leaves_no_path_is_let_go),
        cmocka_unit_test(faulty_tags_are_repaired_in_every_sitting),
    };

    return cmocka_run_group_tests_name("tag", tests, NULL, NULL);
}
