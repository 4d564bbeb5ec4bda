/* labelled_notes_test.c -- what is said of sequences names how many and where. */
#include "model/labelled_toy.h"

/* Notes of a corpus, file names without their folder. */
static char *notes_of(const char *task, const char *train, const char *valid,
                      const char *const options[])
{
    rc_config *c = labelled_config(task, train, options);
    rcm_vocabs vocab = {0};
    rcm_corpus *corpus;
    rcb_buf out = {0};

    CHECK_STATUS(rck_select(), RC_OK);
    if (valid)
        CHECK_STATUS(rc_config_set(c, "valid", valid), RC_OK);
    CHECK_STATUS(c->task->corpus_open(&corpus, c, NULL, &vocab), RC_OK);
    CHECK_STATUS(rcm_labelled_notes(corpus, &out), RC_OK);
    c->task->corpus_free(corpus);
    rcm_vocabs_free(&vocab);
    rc_config_free(c);
    for (char *slash; out.p && (slash = strrchr(out.p, '/'));) {
        char *quote = slash;

        while (*quote != '\'')
            quote--;
        memmove(quote + 1, slash + 1, strlen(slash));
    }
    return out.p ? out.p : rcb_strdup("");
}

static void labels_seen_once_are_named(void **unused)
{
    (void)unused;
    const char *path = toy_file("o.tsv", "a\tx y\na\tx\nb\tz\n");
    char *notes = notes_of("classify", path, NULL, NULL);

    assert_string_equal(notes,
                        "the label 'b' is seen once in training, the first: line 3 of 'o.tsv'\n");
    rcb_free(notes);
    notes = notes_of("tag", toy_file("o.conll", "x A\n\ny B\nz A\nz C\n"), NULL, NULL);
    assert_string_equal(notes,
                        "2 labels are seen once in training, the first: in the sequence from "
                        "line 3 of 'o.conll'\n");
    rcb_free(notes);
    notes = notes_of("classify", toy_file("m.tsv", "a\tx\nb\ty\na\tx\nb\ty\n"), NULL, NULL);
    assert_string_equal(notes, "");
    rcb_free(notes);
}

static void labels_that_training_lacks_are_counted(void **unused)
{
    (void)unused;
    const char *valid = check_temp_path("v.tsv");

    check_write_file(valid, "a\tx\nnew\tx\nc\ty\n", 14);
    char *notes = notes_of("classify", toy_file("t.tsv", "a\tx\nb\ty\na\tx\nb\ty\n"), valid, NULL);
    assert_string_equal(notes,
                        "2 labels are not known to the model, the first: line 2 of 'v.tsv'\n");
    rcb_free(notes);
}

/* Half of the sequences are held out, so that some label is on one side alone. */
static void held_out_sequences_are_looked_at_too(void **unused)
{
    (void)unused;
    static const char text[] = "a\tx y\nb\tx y\nc\tx y\nd\tx y\ne\tx y\nf\tx y\n";
    char *notes = notes_of("classify", toy_file("h.tsv", text), NULL,
                           (const char *const[]){"valid-split", "0.5", NULL});

    assert_non_null(strstr(notes, "3 labels are seen once in training, the first: line "));
    assert_non_null(strstr(notes, "3 labels are not known to the model, the first: line "));
    rcb_free(notes);
}

static void a_blind_file_has_no_labels_to_speak_of(void **unused)
{
    (void)unused;
    labelled_toy t = labelled_open("classify", toy_file("b.tsv", toy_reviews), NULL);
    const char *path = check_temp_path("new.tsv");
    rcm_labelled l;

    check_write_file(path, "new\tgood\n", 9);
    for (int blind = 0; blind <= 1; blind++) {
        rcb_buf out = {0};

        CHECK_STATUS(rcm_labelled_file(&l, t.m, path, blind), RC_OK);
        CHECK_STATUS(rcm_labelled_file_notes(&l, blind, &out), RC_OK);
        if (blind)
            assert_int_equal(out.n, 0);
        else
            assert_non_null(strstr(out.p, "1 label is not known to the model, the first: line 1"));
        rcb_buf_free(&out);
        rcm_labelled_free(&l);
    }
    labelled_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_seen_once_are_named),
        cmocka_unit_test(labels_that_training_lacks_are_counted),
        cmocka_unit_test(held_out_sequences_are_looked_at_too),
        cmocka_unit_test(a_blind_file_has_no_labels_to_speak_of),
    };
    return cmocka_run_group_tests_name("labelled_notes", tests, NULL, NULL);
}
