/* grams_test.c -- n-grams of texts: what they are, how often they come, what numbers they have. */
#include "labelled.h"

static const char texts[] = "x\tThe cat saw the cat\n"
                            "y\tcaf\xc3\xa9 7\n"
                            "x\tcat\n";

static rcd_labelled set_of(const char *text, rcd_level level)
{
    rcd_labelled l;

    CHECK_STATUS(labelled_of(&l, "a.tsv", text, (rcd_labelling){.level = level}), RC_OK);
    return l;
}

/* "the cat*2|..." in the order in which they come. */
static void check_names(const rcd_labelled *l, const rcd_grams_plan *how, const int64_t *which,
                        int64_t n, const char *want)
{
    rcd_names names = {0};
    rcb_buf got = {0};

    CHECK_STATUS(rcd_grams_names(&names, l, how, which, n), RC_OK);
    for (int32_t i = 0; i < names.n; i++)
        CHECK_STATUS(rcb_buf_printf(&got, "%s%s*%d", i ? "|" : "", rcd_names_at(&names, i, NULL),
                                    (int)names.name[i].count),
                     RC_OK);
    assert_string_equal(got.p, want);
    rcb_buf_free(&got);
    rcd_names_free(&names);
}

static void runs_of_words_are_counted_folded(void **unused)
{
    rcd_labelled l = set_of(texts, RCD_WORD);
    const int64_t which[] = {0, 2}, second[] = {1};
    rcd_grams_plan how = {.level = RCD_WORD, .fold = {.lower = true}, .tokens = {1, 2}};

    (void)unused;
    check_names(&l, &how, which, 2, "the*2|the cat*2|cat*3|cat saw*1|saw*1|saw the*1");
    how.tokens = (rcd_lengths){3, 9};
    check_names(&l, &how, which, 2,
                "the cat saw*1|the cat saw the*1|the cat saw the cat*1|cat saw the*1|"
                "cat saw the cat*1|saw the cat*1");
    how.fold = (rcd_fold){.digits = true};
    how.tokens = (rcd_lengths){2, 2};
    check_names(&l, &how, second, 1, "caf\xc3\xa9 0*1");
    rcd_labelled_free(&l);
}

/* Of a word between two blanks, behind one that tells it from words; a character of two bytes is
 * one; the marks alone are none. */
static void runs_of_characters_know_where_words_end(void **unused)
{
    rcd_labelled l = set_of(texts, RCD_WORD);
    const int64_t second[] = {1}, twice[] = {2, 2};
    rcd_grams_plan how = {.level = RCD_WORD, .characters = {1, 2}};

    (void)unused;
    check_names(&l, &how, second, 1,
                "  c*1| c*1| ca*1| a*1| af*1| f*1| f\xc3\xa9*1| \xc3\xa9*1| \xc3\xa9 *1|"
                "  7*1| 7*1| 7 *1");
    how.characters = (rcd_lengths){5, 7};
    check_names(&l, &how, twice, 2, "  cat *2");
    how.tokens = (rcd_lengths){1, 1};
    check_names(&l, &how, twice, 2, "cat*2|  cat *2");
    rcd_labelled_free(&l);
}

/* Behind the number of the first one. */
static void runs_at_places_are_told_apart(void **unused)
{
    rcd_labelled l = set_of(texts, RCD_WORD);
    const int64_t which[] = {0, 2};
    rcd_grams_plan how = {
        .level = RCD_WORD, .fold = {.lower = true}, .tokens = {1, 2}, .places = true};

    (void)unused;
    check_names(&l, &how, which, 2,
                "0 the*1|0 the cat*1|1 cat*1|1 cat saw*1|2 saw*1|2 saw the*1|3 the*1|3 the cat*1|"
                "4 cat*1|0 cat*1");
    rcd_labelled_free(&l);
}

/* Runs of each column around a token, none wholly outside of its sequence. */
static void tokens_have_what_stands_around_them(void **unused)
{
    rcd_labelled l;
    const int64_t which[] = {0, 1};
    rcd_grams_plan how = {.level = RCD_WORD, .tokens = {1, 2}, .around = 1};

    (void)unused;
    CHECK_STATUS(labelled_of(&l, "a.conll", "A N x\nb V y\n\n7 N x\n",
                             (rcd_labelling){.level = RCD_WORD,
                                             .each = true,
                                             .format = RCD_FORMAT_COLUMNS,
                                             .label_column = "#3",
                                             .text_column = "#1",
                                             .features = "#2"}),
                 RC_OK);
    check_names(&l, &how, which, 2,
                "0-1  A*1|0+0 A*1|0+0 A b*1|0+1 b*1|1-1  N*2|1+0 N*2|1+0 N V*1|1+1 V*1|"
                "2-1  c*1|2+0 c*1|2+0 c b*1|2+1 b*1|0-1 A*1|0-1 A b*1|0+0 b*1|0+0 b *1|"
                "1-1 N*1|1-1 N V*1|1+0 V*1|1+0 V *1|2-1 c*1|2-1 c b*1|2+0 b*1|2+0 b *1|"
                "0-1  7*1|0+0 7*1|0+0 7 *1|1+0 N *1|2-1  g*1|2+0 g*1|2+0 g *1");
    how.around = 0;
    check_names(&l, &how, which + 1, 1, "0+0 7*1|1+0 N*1|2+0 g*1");
    rcd_labelled_free(&l);
}

static void characters_are_tokens_across_words(void **unused)
{
    rcd_labelled l = set_of("x\ta b\n", RCD_CHAR);
    const int64_t first[] = {0};

    (void)unused;
    check_names(&l, &(rcd_grams_plan){.level = RCD_CHAR, .tokens = {2, 3}}, first, 1,
                "a *1|a b*1| b*1");
    rcd_labelled_free(&l);
}

/* What every vocabulary holds beside its own is no n-gram, nor has one a line feed. */
static void what_no_dictionary_holds_is_left_out(void **unused)
{
    rcd_labelled l;
    const int64_t first[] = {0};
    const rcd_grams_plan how = {.level = RCD_CHAR, .tokens = {3, 3}};

    (void)unused;
    l = set_of("x\t<unk> <eos>\n", RCD_WORD);
    check_names(&l, &(rcd_grams_plan){.level = RCD_WORD, .tokens = {1, 2}}, first, 1,
                "<unk> <eos>*1");
    rcd_labelled_free(&l);
    CHECK_STATUS(labelled_of(&l, "a.csv", "label,text\nx,\"a\nb\"\n",
                             (rcd_labelling){.level = RCD_CHAR, .format = RCD_FORMAT_CSV}),
                 RC_OK);
    check_names(&l, &how, first, 1, "a b*1");
    rcd_labelled_free(&l);
}

static void numbers_rise_and_are_those_of_the_dictionary(void **unused)
{
    rcd_labelled l = set_of(texts, RCD_WORD);
    const int64_t which[] = {0};
    const rcd_grams_plan how = {.level = RCD_WORD, .tokens = {1, 2}, .characters = {3, 3}};
    rcd_names names = {0};
    rcd_vocab *v;
    rcd_grams g;

    (void)unused;
    CHECK_STATUS(rcd_grams_names(&names, &l, &how, which, 1), RC_OK);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_LINE, &names, NULL, NULL, "a.tsv"), RC_OK);
    CHECK_STATUS(rcd_grams_of(&g, &l, &how, v, 0), RC_OK);
    assert_int_equal(g.n, 3);
    assert_int_equal(g.start[1], names.n); /* all of the text that made it, each as often */
    for (int64_t i = 0; i < g.start[1]; i++)
        assert_int_equal(g.count[i], rcd_vocab_count(v, g.id[i]));
    for (int64_t t = 0; t < g.n; t++)
        for (int64_t i = g.start[t]; i + 1 < g.start[t + 1]; i++)
            assert_true(g.id[i] < g.id[i + 1]);
    assert_int_equal(g.start[2] - g.start[1], 1); /* "  ca" */
    assert_int_equal(g.start[3] - g.start[2], 4); /* cat, "  ca", " cat", " at " */
    rcd_grams_free(&g);
    rcd_vocab_free(v);
    rcd_names_free(&names);
    rcd_labelled_free(&l);
}

/* The numbers are part of files: they may never change. */
static void a_hash_is_always_the_same(void **unused)
{
    rcd_labelled l = set_of("x\ta b\n", RCD_WORD);
    const rcd_grams_plan how = {.level = RCD_WORD, .tokens = {1, 2}};
    rcd_grams g;

    (void)unused;
    assert_int_equal(rcd_gram_bucket("", 0, 1 << 20), 49089);
    assert_int_equal(rcd_gram_bucket("a", 1, 1000003), 816165);
    assert_int_equal(rcd_gram_bucket("a b", 3, 1 << 20), 827787);
    assert_int_equal(rcd_gram_bucket(" \xc3\x97", 3, 1000003), 26738);
    CHECK_STATUS(rcd_grams_of(&g, &l, &how, NULL, 1), RC_OK);
    assert_int_equal(g.start[1], 1); /* all in one bucket */
    assert_int_equal(g.count[0], 3);
    rcd_grams_free(&g);
    rcd_labelled_free(&l);
}

static rc_status live(void *ctx)
{
    const rcd_labelled *l = ctx;
    const int64_t which[] = {0, 1};
    const rcd_grams_plan how = {.level = RCD_WORD, .tokens = {1, 2}, .characters = {2, 3}};
    rcd_names names = {0};
    rcd_grams g;
    rc_status s = rcd_grams_names(&names, l, &how, which, 2);

    rcd_names_free(&names);
    RC_TRY(s);
    s = rcd_grams_of(&g, l, &how, NULL, 100);
    if (s == RC_OK)
        rcd_grams_free(&g);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    rcd_labelled l = set_of(texts, RCD_WORD);

    (void)unused;
    CHECK_EACH_ALLOCATION(live, &l);
    rcd_labelled_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_of_words_are_counted_folded),
        cmocka_unit_test(runs_of_characters_know_where_words_end),
        cmocka_unit_test(runs_at_places_are_told_apart),
        cmocka_unit_test(tokens_have_what_stands_around_them),
        cmocka_unit_test(characters_are_tokens_across_words),
        cmocka_unit_test(what_no_dictionary_holds_is_left_out),
        cmocka_unit_test(numbers_rise_and_are_those_of_the_dictionary),
        cmocka_unit_test(a_hash_is_always_the_same),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("grams", tests, NULL, NULL);
}
