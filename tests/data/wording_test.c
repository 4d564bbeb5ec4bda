/* wording_test.c -- a text is folded symbol by symbol, whatever reads it. */
#include "check.h"
#include "data/data_in.h"

enum { ASCII = 128 };

static rcd_text *text_of(const char *bytes)
{
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "test", bytes, strlen(bytes)), RC_OK);
    return t;
}

/* Symbols with a bar behind each. */
static rc_status note(void *ctx, const char *symbol, size_t n)
{
    RC_TRY(rcb_buf_add(ctx, symbol, n));
    return rcb_buf_puts(ctx, "|");
}

static void check_walk(const rcd_wording *w, const char *bytes, const char *want)
{
    rcd_text *t = text_of(bytes);
    rcb_buf got = {0};
    int64_t count, bars = 0;

    CHECK_STATUS(rcd_wording_walk(w, t, 0, strlen(bytes), note, &got), RC_OK);
    assert_string_equal(got.p, want);
    CHECK_STATUS(rcd_wording_count(w, t, 0, strlen(bytes), &count), RC_OK);
    for (size_t i = 0; i < got.n; i++)
        bars += got.p[i] == '|';
    assert_int_equal(count, bars);
    rcb_buf_free(&got);
    rcd_text_free(t);
}

static void words_are_folded(void **unused)
{
    (void)unused;
    static const char text[] = "The \xC3\x84pfel of 1984, <UNK>\nA-Z\xC3\x9F" /* a sharp s */
                               "0a9 \xD9\xA3";                                /* Arabic 3 */

    check_walk(&(rcd_wording){.level = RCD_WORD}, text,
               "The|\xC3\x84pfel|of|1984,|<UNK>|<eos>|A-Z\xC3\x9F"
               "0a9|\xD9\xA3|<eos>|");
    check_walk(&(rcd_wording){.level = RCD_WORD, .fold.lower = true}, text,
               "the|\xC3\xA4pfel|of|1984,|<unk>|<eos>|a-z\xC3\x9F"
               "0a9|\xD9\xA3|<eos>|");
    check_walk(&(rcd_wording){.level = RCD_WORD, .fold.digits = true}, text,
               "The|\xC3\x84pfel|of|0000,|<UNK>|<eos>|A-Z\xC3\x9F"
               "0a0|0|<eos>|");
    check_walk(&(rcd_wording){.level = RCD_WORD, .fold = {true, true}}, text,
               "the|\xC3\xA4pfel|of|0000,|<unk>|<eos>|a-z\xC3\x9F"
               "0a0|0|<eos>|");
}

static void characters_are_folded(void **unused)
{
    (void)unused;
    check_walk(&(rcd_wording){.level = RCD_CHAR, .fold = {true, true}}, "A\xC3\x84\n7",
               "a|\xC3\xA4|\n|0|");
    check_walk(&(rcd_wording){.level = RCD_BYTE}, "A7", "A|7|");
}

/* The table of ASCII says what Unicode says. */
static void ascii_is_folded_as_all_else_is(void **unused)
{
    (void)unused;
    for (int trial = 1; trial < 4; trial++) {
        const rcd_wording w = {.level = RCD_CHAR, .fold = {trial & 1, trial & 2}};
        char text[ASCII + 1] = {0};
        rcb_buf want = {0}, got = {0};
        rcd_text *t;

        for (int c = 1; c < ASCII; c++) {
            text[c - 1] = (char)c;
            CHECK_STATUS(rcd_fold_add(&want, &text[c - 1], 1, &w.fold), RC_OK);
            CHECK_STATUS(rcb_buf_puts(&want, "|"), RC_OK);
        }
        t = text_of(text);
        CHECK_STATUS(rcd_wording_walk(&w, t, 0, ASCII - 1, note, &got), RC_OK);
        assert_string_equal(got.p, want.p);
        rcb_buf_free(&want);
        rcb_buf_free(&got);
        rcd_text_free(t);
    }
}

static void a_vocabulary_keeps_how_it_reads(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("The cat THE 12 cats 34\n");
    rcd_text *other = text_of("the CAT 99\n");
    rcd_vocab *v, *again, *copy;
    rcd_tape tape;
    rcb_buf json = {0};
    int32_t id;

    CHECK_STATUS(rcd_vocab_build(&v, RCD_WORD, t, 0, rcd_text_bytes(t),
                                 &(rcd_cut){.min_count = 1, .fold = {true, true}}),
                 RC_OK);
    CHECK_STATUS(rcd_vocab_print(v, &json), RC_OK);
    assert_string_equal(json.p, "{\"level\":\"word\",\"fold\":[\"lower\",\"digits\"],\"symbols\":[["
                                "\"00\",2],[\"the\",2],[\"<eos>\",1],[\"cat\",1],[\"cats\",1],"
                                "[\"<unk>\",0]]}");
    CHECK_STATUS(rcd_vocab_parse(&again, json.p, json.n), RC_OK);
    CHECK_STATUS(rcd_vocab_clone(&copy, again), RC_OK);
    CHECK_STATUS(rcd_tape_encode(&tape, copy, other, 0, rcd_text_bytes(other)), RC_OK);
    assert_true(tape.n == 4 && tape.unknown == 0);
    assert_true(rcd_tape_at(&tape, 0) == 1 && rcd_tape_at(&tape, 1) == 3 &&
                rcd_tape_at(&tape, 2) == 0);
    CHECK_STATUS(rcd_vocab_look_up(copy, "CATS", 4, &id), RC_OK);
    assert_int_equal(id, 4);
    CHECK_STATUS(rcd_vocab_look_up(copy, "", 0, &id), RC_OK);
    assert_int_equal(id, -1);
    rcd_tape_free(&tape);
    rcb_buf_free(&json);
    rcd_vocab_free(copy);
    rcd_vocab_free(again);
    rcd_vocab_free(v);
    rcd_text_free(other);
    rcd_text_free(t);
}

static rc_status read_folded(void *ctx)
{
    rcd_vocab *v = NULL;
    rcd_tape tape = {0};
    int32_t id;

    RC_TRY(rcd_vocab_build(&v, RCD_WORD, ctx, 0, rcd_text_bytes(ctx),
                           &(rcd_cut){.min_count = 1, .fold = {true, true}}));
    rc_status s = rcd_tape_encode(&tape, v, ctx, 0, rcd_text_bytes(ctx));
    if (s == RC_OK)
        s = rcd_vocab_look_up(v, "THE", 3, &id);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    return s;
}

static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("The cat THE 12 cats 34\n");

    CHECK_EACH_ALLOCATION(read_folded, t);
    rcd_text_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded),
        cmocka_unit_test(characters_are_folded),
        cmocka_unit_test(ascii_is_folded_as_all_else_is),
        cmocka_unit_test(a_vocabulary_keeps_how_it_reads),
        cmocka_unit_test(no_allocation_is_trusted),
    };

    return cmocka_run_group_tests_name("wording", tests, NULL, NULL);
}
