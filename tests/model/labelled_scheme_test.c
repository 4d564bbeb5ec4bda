/* labelled_scheme_test.c -- tags become those of the model's scheme; labels that are none are
 * refused in training, or leave it without a scheme, and stay what they are elsewhere.
 */
#include "model/labelled_toy.h"

/* What opening for training says; *scheme is freed with rcb_free(). */
static rc_status open_tags(const char *text, const char *scheme, char **found, int32_t *odd)
{
    rc_config *c = labelled_config("tag", toy_file("s.conll", text),
                                   (const char *const[]){"scheme", scheme, NULL});
    rcm_corpus *corpus = NULL;
    rcm_vocabs vocab = {0};
    const rc_status s = c->task->corpus_open(&corpus, c, NULL, &vocab);

    if (s == RC_OK) {
        *found = rcb_strdup(c->scheme);
        *odd = rcm_labelled_of(corpus)->odd;
        c->task->corpus_free(corpus);
        rcm_vocabs_free(&vocab);
    }
    rc_config_free(c);
    return s;
}

static void a_scheme_is_found_where_all_are_tags(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *scheme;
        int32_t odd;
    } cases[] = {
        {"a B-X\nb I-X\nc O\n\nd B-Y\n", "iob2", -1},
        {"a B-X\nb E-X\nc O\n\nd S-Y\n", "iobes", -1},
        {"a DT\nb NN\n", "none", -1},
        {"a B-X\nb I-X\nc O\n\nd B-Y\ne B-Y\nf odd\n", "none", 4},
    };

    CHECK_STATUS(rck_select(), RC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *found;
        int32_t odd;

        CHECK_STATUS(open_tags(cases[i].text, "auto", &found, &odd), RC_OK);
        assert_string_equal(found, cases[i].scheme);
        assert_int_equal(odd, cases[i].odd);
        rcb_free(found);
    }
}

static void a_scheme_that_is_asked_for_wants_tags(void **unused)
{
    (void)unused;
    char *found;
    int32_t odd;

    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(open_tags("a B-X\nb O\n\nc O\nd odd\n", "iobes", &found, &odd), RC_EDATA);
    CHECK_MESSAGE_HAS("cannot read labels as iobes: 'odd', in the sequence from line 4 of");
    CHECK_STATUS(open_tags("a B-X\nb O\n\nc O\nd odd\n", "none", &found, &odd), RC_OK);
    assert_string_equal(found, "none");
    rcb_free(found);
}

/* In a file for a model that has a scheme, what is no tag is not taken for 'O'. */
static void elsewhere_a_label_stays_what_it_is(void **unused)
{
    (void)unused;
    labelled_toy t = labelled_open("tag", toy_file("t.conll", "a B-X\nb I-X\nc O\n"),
                                   (const char *const[]){"scheme", "iobes", NULL});
    rcm_labelled l;
    const char *path = toy_file("e.conll", "a B-X\nb odd\nc I-X\n\nd O\n");
    static const char *const want[] = {"S-X", "odd", "S-X", "O"};

    CHECK_STATUS(rcm_labelled_file(&l, t.m, path, false), RC_OK);
    for (int64_t i = 0; i < 4; i++)
        assert_string_equal(rcd_names_at(&l.set.labels, l.set.label[i], NULL), want[i]);
    rcm_labelled_free(&l);
    labelled_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scheme_is_found_where_all_are_tags),
        cmocka_unit_test(a_scheme_that_is_asked_for_wants_tags),
        cmocka_unit_test(elsewhere_a_label_stays_what_it_is),
    };

    return cmocka_run_group_tests_name("labelled_scheme", tests, NULL, NULL);
}
