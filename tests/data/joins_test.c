/* joins_test.c -- words that come together are joined by the formula, pass by pass, by lines. */
#include "check.h"
#include "data/data_in.h"

static rcd_text *text_of(const char *bytes)
{
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "test", bytes, strlen(bytes)), RC_OK);
    return t;
}

static rcd_joins find(const char *bytes, const rcd_joining *how)
{
    rcd_text *t = text_of(bytes);
    rcd_joins j;

    CHECK_STATUS(rcd_joins_find(&j, t, 0, rcd_text_bytes(t), &(rcd_fold){0}, how), RC_OK);
    rcd_text_free(t);
    return j;
}

static void check_pass(const rcd_joins *j, int pass, const char *want)
{
    rcb_buf got = {0};

    assert_true(pass < j->passes);
    for (int32_t i = 0; i < j->pass[pass].n; i++)
        CHECK_STATUS(
            rcb_buf_printf(&got, "%s%s", i ? "," : "", rcd_names_at(&j->pass[pass], i, NULL)),
            RC_OK);
    assert_string_equal(got.p, want);
    rcb_buf_free(&got);
}

/* Words as a text has them once it is joined. */
static rc_status note(void *ctx, const char *symbol, size_t n)
{
    RC_TRY(rcb_buf_add(ctx, symbol, n));
    return rcb_buf_puts(ctx, " ");
}

static void check_joined(const char *bytes, rcd_joins *j, const char *want)
{
    const rcd_wording w = {.level = RCD_WORD, .joins = *j};
    rcd_text *t = text_of(bytes);
    rcb_buf got = {0};
    int64_t count, blanks = 0;

    CHECK_STATUS(rcd_wording_walk(&w, t, 0, rcd_text_bytes(t), note, &got), RC_OK);
    assert_string_equal(got.p, want);
    CHECK_STATUS(rcd_wording_count(&w, t, 0, rcd_text_bytes(t), &count), RC_OK);
    for (size_t i = 0; i < got.n; i++)
        blanks += got.p[i] == ' ';
    assert_int_equal(count, blanks);
    rcb_buf_free(&got);
    rcd_text_free(t);
}

/* 3 times "new york" of 3 and 4 words among 13: (3 - 1) / 12 * 13 = 2.1667. */
static void a_pair_joins_by_its_score(void **unused)
{
    (void)unused;
    static const char text[] = "in new york a\nnew york b\nto new york\na york b\n";
    rcd_joining how = {.passes = 1, .min_count = 1, .threshold = 2.16};
    rcd_joins j = find(text, &how);

    check_pass(&j, 0, "new york");
    check_joined("new york in new york\nnew\nyork\n", &j,
                 "new_york in new_york <eos> new <eos> york <eos> ");
    rcd_joins_free(&j);
    how.threshold = 2.17;
    j = find(text, &how);
    assert_int_equal(j.passes, 0);
    check_joined("new york", &j, "new york <eos> ");
    rcd_joins_free(&j);
}

/* "a a" of "a a a" comes twice, and joins once. */
static void joining_is_greedy_from_the_left(void **unused)
{
    (void)unused;
    rcd_joins j = find("a b c\na b c\na b c\n", &(rcd_joining){1, 1, 0, 0});

    check_pass(&j, 0, "a b,b c");
    check_joined("a b c b c a b", &j, "a_b c b_c a_b <eos> ");
    rcd_joins_free(&j);
    j = find("a a a\na a a\n", &(rcd_joining){1, 1, 0, 0});
    check_joined("a a a a a", &j, "a_a a_a a <eos> ");
    rcd_joins_free(&j);
}

static void passes_join_what_was_joined(void **unused)
{
    (void)unused;
    rcd_joins j = find("a b c d\na b c d\na b c d\n", &(rcd_joining){3, 1, 0, 0});

    assert_int_equal(j.passes, 2); /* nothing is left for the third */
    check_pass(&j, 1, "a_b c_d");
    check_joined("a b c d x a b\nc d", &j, "a_b_c_d x a_b <eos> c_d <eos> ");
    rcd_joins_free(&j);
}

static void rare_and_special_words_stay_alone(void **unused)
{
    (void)unused;
    rcd_joins j = find("<unk> a <unk> a\nr s t\nr s\nt u\n", &(rcd_joining){2, 1, 0, 0});

    check_pass(&j, 0, "r s");
    rcd_joins_free(&j);
    j = find("r s\nr s\n", &(rcd_joining){2, 3, 0, 0});
    assert_int_equal(j.passes, 0);
    rcd_joins_free(&j);
    j = find("", &(rcd_joining){1, 1, 0, 0});
    assert_int_equal(j.passes, 0);
    rcd_joins_free(&j);
}

/* A text of many pairs: what was counted in a small table was there as often, or oftener. */
static rcb_buf many_pairs(void)
{
    rcb_buf b = {0};

    for (int i = 0; i < 6000; i++)
        CHECK_STATUS(rcb_buf_printf(&b, i % 3 ? "w%d v%d\n" : "often pair\n", i % 50, i % 31),
                     RC_OK);
    return b;
}

static void a_full_table_forgets_the_rarest(void **unused)
{
    (void)unused;
    rcb_buf b = many_pairs();
    rcd_joins all = find(b.p, &(rcd_joining){1, 1, 0, 0});

    assert_true(all.pass[0].n > 1000);
    check_joined("often pair", &all, "often_pair <eos> ");
    for (int64_t most = 1; most < 2000; most = 3 * most + 1) {
        rcd_joins one = find(b.p, &(rcd_joining){1, 1, 0, most});
        rcd_joins two = find(b.p, &(rcd_joining){1, 1, 0, most});

        assert_int_equal(one.passes, two.passes);
        for (int32_t i = 0; one.passes > 0 && i < one.pass[0].n; i++) {
            size_t n;
            const char *p = rcd_names_at(&one.pass[0], i, &n);

            assert_int_equal(rcd_names_find(&two.pass[0], p, n), i);
            assert_true(rcd_names_find(&all.pass[0], p, n) >= 0);
        }
        if (most > 20)
            check_joined("often pair", &one, "often_pair <eos> ");
        assert_true(one.passes == 0 || one.pass[0].n <= most);
        rcd_joins_free(&one);
        rcd_joins_free(&two);
    }
    rcd_joins_free(&all);
    rcb_buf_free(&b);
}

static void a_vocabulary_keeps_what_it_joins(void **unused)
{
    (void)unused;
    static const char text[] = "New York new york\nnew York\n";
    rcd_text *t = text_of(text);
    rcd_vocab *v, *again, *copy;
    rcb_buf json = {0}, second = {0};
    rcd_joins j;
    rcd_tape tape;
    int64_t count, tokens;

    CHECK_STATUS(rcd_joins_find(&j, t, 0, rcd_text_bytes(t), &(rcd_fold){.lower = true},
                                &(rcd_joining){2, 1, 0, 0}),
                 RC_OK);
    CHECK_STATUS(rcd_vocab_build(&v, RCD_WORD, t, 0, rcd_text_bytes(t),
                                 &(rcd_cut){.min_count = 1, .fold.lower = true, .joins = &j}),
                 RC_OK);
    rcd_joins_free(&j);
    CHECK_STATUS(rcd_vocab_print(v, &json), RC_OK);
    assert_string_equal(json.p, "{\"level\":\"word\",\"fold\":[\"lower\"],\"joins\":[[\"new york\"]"
                                "],\"symbols\":[[\"new_york\",3],[\"<eos>\",2],[\"<unk>\",0]]}");
    CHECK_STATUS(rcd_vocab_parse(&again, json.p, json.n), RC_OK);
    CHECK_STATUS(rcd_vocab_print(again, &second), RC_OK);
    assert_string_equal(json.p, second.p);
    CHECK_STATUS(rcd_vocab_clone(&copy, again), RC_OK);
    rcd_vocab_free(again);
    CHECK_STATUS(rcd_joins_told(copy, &count, &tokens), RC_OK);
    assert_true(count == 1 && tokens == 3);
    CHECK_STATUS(rcd_tape_encode(&tape, copy, t, 0, rcd_text_bytes(t)), RC_OK);
    assert_true(tape.n == 5 && tape.unknown == 0 && tape.chars == (int64_t)strlen(text));
    rcd_tape_free(&tape);
    rcb_buf_free(&json);
    rcb_buf_free(&second);
    rcd_vocab_free(copy);
    rcd_vocab_free(v);
    rcd_text_free(t);
}

static rc_status join_once(void *ctx)
{
    rcd_vocab *v = NULL, *copy = NULL;
    rcd_joins j;
    int64_t count, tokens;

    RC_TRY(rcd_joins_find(&j, ctx, 0, rcd_text_bytes(ctx), &(rcd_fold){.lower = true},
                          &(rcd_joining){2, 1, 0, 4}));
    rc_status s = rcd_vocab_build(&v, RCD_WORD, ctx, 0, rcd_text_bytes(ctx),
                                  &(rcd_cut){.min_count = 1, .joins = &j});
    rcd_joins_free(&j);
    if (s == RC_OK)
        s = rcd_joins_told(v, &count, &tokens);
    if (s == RC_OK)
        s = rcd_vocab_clone(&copy, v);
    rcd_vocab_free(copy);
    rcd_vocab_free(v);
    return s;
}

static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("a b c d e\na b c d f g\na b c d\n");

    CHECK_EACH_ALLOCATION(join_once, t);
    rcd_text_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_joins_by_its_score),
        cmocka_unit_test(joining_is_greedy_from_the_left),
        cmocka_unit_test(passes_join_what_was_joined),
        cmocka_unit_test(rare_and_special_words_stay_alone),
        cmocka_unit_test(a_full_table_forgets_the_rarest),
        cmocka_unit_test(a_vocabulary_keeps_what_it_joins),
        cmocka_unit_test(no_allocation_is_trusted),
    };

    return cmocka_run_group_tests_name("joins", tests, NULL, NULL);
}
