/* vocab_test.c -- counting, cutting, looking up and the JSON form of vocabularies. */
#include "check.h"

#include "data/data.h"

/* ---- helpers ----------------------------------------------------------------------------- */

static rc_status build(rcd_vocab **out, rcd_level level, const void *bytes, size_t n,
                       const rcd_cut *cut)
{
    rcd_text *t;

    *out = NULL;
    RC_TRY(rcd_text_of(&t, "corpus.txt", bytes, n));
    const rc_status s = rcd_vocab_build(out, level, t, 0, n, cut);
    rcd_text_free(t);
    return s;
}

static rcd_vocab *vocab_of(rcd_level level, const char *text, const rcd_cut *cut)
{
    rcd_vocab *v;

    CHECK_STATUS(build(&v, level, text, strlen(text), cut), RC_OK);
    return v;
}

static rcd_vocab *parse(const char *json)
{
    rcd_vocab *v;

    CHECK_STATUS(rcd_vocab_parse(&v, json, strlen(json)), RC_OK);
    return v;
}

static void check_print(const rcd_vocab *v, const char *want)
{
    rcb_buf got = {0};

    CHECK_STATUS(rcd_vocab_print(v, &got), RC_OK);
    assert_string_equal(got.p, want);
    rcb_buf_free(&got);
}

/* The vocabulary of this text, printed. */
static void check_build(rcd_level level, const char *text, const rcd_cut *cut, const char *want)
{
    rcd_vocab *v = vocab_of(level, text, cut);

    check_print(v, want);
    rcd_vocab_free(v);
}

static void check_same(const rcd_vocab *a, const rcd_vocab *b)
{
    assert_int_equal(rcd_vocab_level(a), rcd_vocab_level(b));
    assert_int_equal(rcd_vocab_size(a), rcd_vocab_size(b));
    assert_int_equal(rcd_vocab_unk(a), rcd_vocab_unk(b));
    assert_int_equal(rcd_vocab_boundary(a), rcd_vocab_boundary(b));
    for (int32_t i = 0; i < rcd_vocab_size(a); i++) {
        size_t na;
        size_t nb;
        const char *sa = rcd_vocab_symbol(a, i, &na);
        const char *sb = rcd_vocab_symbol(b, i, &nb);

        assert_int_equal(na, nb);
        assert_memory_equal(sa, sb, na);
        assert_int_equal(sa[na], 0);
        assert_int_equal(rcd_vocab_count(a, i), rcd_vocab_count(b, i));
        assert_int_equal(rcd_vocab_find(a, sb, nb), i);
        assert_int_equal(rcd_vocab_find(b, sa, na), i);
    }
}

static void check_round_trip(const rcd_vocab *v)
{
    rcb_buf first = {0};
    rcb_buf second = {0};
    rcd_vocab *again;

    CHECK_STATUS(rcd_vocab_print(v, &first), RC_OK);
    CHECK_STATUS(rcd_vocab_parse(&again, first.p, first.n), RC_OK);
    check_same(v, again);
    CHECK_STATUS(rcd_vocab_print(again, &second), RC_OK);
    assert_string_equal(first.p, second.p);
    rcb_buf_free(&first);
    rcb_buf_free(&second);
    rcd_vocab_free(again);
}

/* ---- counting and cutting ---------------------------------------------------------------- */

static void words_are_numbered_by_falling_count_then_by_bytes(void **unused)
{
    (void)unused;

    check_build(RCD_WORD, "b a b c\nd <unk> b a\n", NULL,
                "{\"level\":\"word\",\"symbols\":[[\"b\",3],[\"<eos>\",2],[\"a\",2],[\"<unk>\",1],"
                "[\"c\",1],[\"d\",1]]}");
}

static void what_is_always_held_comes_last_if_it_does_not_occur(void **unused)
{
    (void)unused;

    check_build(
        RCD_WORD, "a b", NULL,
        "{\"level\":\"word\",\"symbols\":[[\"<eos>\",1],[\"a\",1],[\"b\",1],[\"<unk>\",0]]}");
    check_build(RCD_CHAR, "aab", NULL,
                "{\"level\":\"char\",\"symbols\":[[\"a\",2],[\"b\",1],[\"\\n\",0],[\"<unk>\",0]]}");
}

static void rare_symbols_become_unknown(void **unused)
{
    (void)unused;
    const rcd_cut twice = {.min_count = 2};

    check_build(RCD_WORD, "a a b c d\n", &twice,
                "{\"level\":\"word\",\"symbols\":[[\"<unk>\",3],[\"a\",2],[\"<eos>\",1]]}");
    check_build(RCD_CHAR, "aabcd", &twice,
                "{\"level\":\"char\",\"symbols\":[[\"<unk>\",3],[\"a\",2],[\"\\n\",0]]}");
}

static void a_size_limit_keeps_the_frequent_ones(void **unused)
{
    (void)unused;
    const rcd_cut four = {.min_count = 1, .max_size = 4};
    const rcd_cut two = {.min_count = 1, .max_size = 2};

    check_build(
        RCD_WORD, "c c c b b a a <unk>\n", &four,
        "{\"level\":\"word\",\"symbols\":[[\"<unk>\",3],[\"c\",3],[\"a\",2],[\"<eos>\",1]]}");
    check_build(RCD_WORD, "c c b\n", &two,
                "{\"level\":\"word\",\"symbols\":[[\"<unk>\",3],[\"<eos>\",1]]}");
}

static void a_cut_that_allows_nothing_is_refused(void **unused)
{
    (void)unused;
    static const rcd_cut bad[] = {{.min_count = 0},
                                  {.min_count = -1},
                                  {.min_count = 1, .max_size = 1},
                                  {.min_count = 1, .max_size = -5}};
    rcd_vocab *v;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STATUS(build(&v, RCD_WORD, "a b\n", 4, &bad[i]), RC_EINVAL);
}

static void bytes_cannot_be_folded(void **unused)
{
    (void)unused;
    rcd_vocab *v;

    CHECK_STATUS(build(&v, RCD_BYTE, "ab", 2, &(rcd_cut){.min_count = 1, .fold.lower = true}),
                 RC_EINVAL);
    CHECK_MESSAGE_HAS("bytes are no letters");
    assert_null(v);
}

static void bytes_are_their_values(void **unused)
{
    (void)unused;
    const rcd_cut few = {.min_count = 5, .max_size = 3}; /* bytes are never cut */
    rcd_vocab *v = vocab_of(RCD_BYTE, "abba\n", &few);

    assert_int_equal(rcd_vocab_size(v), 256);
    assert_int_equal(rcd_vocab_unk(v), -1);
    assert_int_equal(rcd_vocab_boundary(v), '\n');
    for (int i = 0; i < 256; i++) {
        const char byte = (char)i;
        size_t n;

        assert_int_equal(rcd_vocab_find(v, &byte, 1), i);
        assert_int_equal(*rcd_vocab_symbol(v, i, &n), byte);
        assert_int_equal(n, 1);
        assert_int_equal(rcd_vocab_count(v, i), i == 'a' || i == 'b' ? 2 : i == '\n');
    }
    assert_int_equal(rcd_vocab_find(v, "ab", 2), -1);
    check_round_trip(v);
    rcd_vocab_free(v);
}

static void special_symbols_are_found(void **unused)
{
    (void)unused;
    rcd_vocab *v = vocab_of(RCD_WORD, "a b a\n", NULL);

    assert_int_equal(rcd_vocab_unk(v), rcd_vocab_find(v, RCD_UNK, 5));
    assert_int_equal(rcd_vocab_boundary(v), rcd_vocab_find(v, RCD_EOS, 5));
    assert_int_equal(rcd_vocab_find(v, "c", 1), -1);
    assert_int_equal(rcd_vocab_find(v, "ab", 2), -1);
    assert_int_equal(rcd_vocab_find(v, "", 0), -1);
    rcd_vocab_free(v);

    v = vocab_of(RCD_CHAR, "ab", NULL);
    assert_int_equal(rcd_vocab_boundary(v), rcd_vocab_find(v, "\n", 1));
    rcd_vocab_free(v);
}

static void a_text_without_variety_is_refused(void **unused)
{
    (void)unused;
    rcd_vocab *v;

    for (int level = 0; level < RCD_LEVEL_COUNT; level++) {
        CHECK_STATUS(build(&v, (rcd_level)level, "", 0, NULL), RC_EDATA);
        CHECK_MESSAGE_HAS("cannot build a vocabulary: 'corpus.txt' is empty");
        assert_null(v);
        if (level == RCD_LINE) /* where empty lines are none */
            CHECK_STATUS(build(&v, RCD_LINE, "a\n\na\n", 5, NULL), RC_EDATA);
        else
            CHECK_STATUS(build(&v, (rcd_level)level, "\n\n\n", 3, NULL), RC_EDATA);
        CHECK_MESSAGE_HAS(level == RCD_LINE
                              ? "'corpus.txt' has 'a' alone, at least 2 are needed"
                              : "'corpus.txt' has 1 different symbol, at least 2 are needed");
    }
    CHECK_STATUS(build(&v, RCD_WORD, "  ", 2, NULL), RC_EDATA);
    CHECK_STATUS(build(&v, RCD_WORD, "\xEF\xBB\xBF", 3, NULL), RC_EDATA);
    CHECK_MESSAGE_HAS("is empty");
    CHECK_STATUS(build(&v, RCD_CHAR, "a\xFF", 2, NULL), RC_EDATA);
    CHECK_MESSAGE_HAS("is not UTF-8");
}

static void only_the_range_is_counted(void **unused)
{
    (void)unused;
    rcd_text *t;
    rcd_vocab *v;

    CHECK_STATUS(rcd_text_of(&t, "corpus.txt", "a b\nc d\n", 8), RC_OK);
    CHECK_STATUS(rcd_vocab_build(&v, RCD_WORD, t, 4, 8, NULL), RC_OK);
    assert_int_equal(rcd_vocab_find(v, "a", 1), -1);
    assert_true(rcd_vocab_find(v, "c", 1) >= 0);
    rcd_vocab_free(v);
    rcd_text_free(t);
}

/* Words w0, w1, ... each as often as its own rule says, shuffled: the table grows many times. */
static void many_words_are_counted_as_a_plain_array_counts_them(void **unused)
{
    (void)unused;
    enum { KINDS = 20000, TOKENS = 100000 };
    int64_t *counts = calloc(KINDS, sizeof *counts);
    rcb_buf text = {0};
    rcd_vocab *v;
    int64_t seen = 0;
    int64_t total = 0;

    check_seed();
    for (int i = 0; i < TOKENS; i++) {
        const int64_t k = pick(0, 1) ? pick(0, KINDS - 1) : pick(0, 99);

        counts[k]++;
        CHECK_STATUS(rcb_buf_printf(&text, "%" PRIx64 "%c", (uint64_t)k * 2654435761u,
                                    i % 10 == 9 ? '\n' : ' '),
                     RC_OK);
    }
    CHECK_STATUS(build(&v, RCD_WORD, text.p, text.n, NULL), RC_OK);
    for (int64_t k = 0; k < KINDS; k++) {
        char word[32];
        const int n = snprintf(word, sizeof word, "%" PRIx64, (uint64_t)k * 2654435761u);
        const int32_t id = rcd_vocab_find(v, word, (size_t)n);

        assert_int_equal(id >= 0 ? rcd_vocab_count(v, id) : 0, counts[k]);
        seen += id >= 0;
    }
    assert_int_equal(rcd_vocab_size(v), seen + 2);
    for (int32_t i = 0; i < rcd_vocab_size(v); i++) {
        total += rcd_vocab_count(v, i);
        if (i > 0)
            assert_true(rcd_vocab_count(v, i) <= rcd_vocab_count(v, i - 1));
    }
    assert_int_equal(total, TOKENS + TOKENS / 10);
    check_round_trip(v);
    rcd_vocab_free(v);
    rcb_buf_free(&text);
    free(counts);
}

/* ---- the JSON form ----------------------------------------------------------------------- */

static void odd_symbols_survive_the_round_trip(void **unused)
{
    (void)unused;
    static const char text[] = "\"\\/\b\x1B\x7F\r\n\t\0 \xC3\xBC\xE2\x80\xA8\xEF\xBB\xBF"
                               "\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF<unk>";
    rcd_vocab *v;

    for (int level = 0; level < RCD_LEVEL_COUNT; level++) {
        CHECK_STATUS(build(&v, (rcd_level)level, text, sizeof text - 1, NULL), RC_OK);
        check_round_trip(v);
        rcd_vocab_free(v);
    }
}

static void bytes_need_no_counts(void **unused)
{
    (void)unused;
    rcd_vocab *v = parse(" { \"level\" : \"byte\" } ");

    assert_int_equal(rcd_vocab_size(v), 256);
    assert_int_equal(rcd_vocab_count(v, 'a'), 0);
    check_print(v, "{\"level\":\"byte\"}");
    rcd_vocab_free(v);
}

static void what_is_read_keeps_its_order(void **unused)
{
    (void)unused;
    static const char json[] = "{\"level\":\"word\",\"symbols\":[[\"<unk>\",0],[\"z\",1],[\"a\",7],"
                               "[\"<eos>\",2]]}";
    rcd_vocab *v = parse(json);

    check_print(v, json);
    assert_int_equal(rcd_vocab_unk(v), 0);
    assert_int_equal(rcd_vocab_boundary(v), 3);
    rcd_vocab_free(v);
}

static void a_wrong_vocabulary_says_what_is_wrong(void **unused)
{
    (void)unused;
#define WORDS "{\"level\":\"word\",\"symbols\":[[\"<unk>\",0],[\"<eos>\",1]"
#define SIXTEEN "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
#define CHARS "{\"level\":\"char\",\"symbols\":[[\"<unk>\",0],[\"\\n\",1]"
    static const struct {
        const char *json;
        const char *says;
    } wrong[] = {
        {"", "byte 0"},
        {"{", "byte 1"},
        {"[]", "no word 'level'"},
        {"{}", "no word 'level'"},
        {"{\"level\":3}", "no word 'level'"},
        {"{\"level\":\"page\"}", "unknown level 'page'"},
        {"{\"level\\u0000\":\"word\"}", "byte 14: a character 0"},
        {"{\"level\":\"byte\\u0000\"}", "byte 21: a character 0"},
        {"{\"level\":\"word\"}", "no list 'symbols'"},
        {"{\"level\":\"word\",\"symbols\":{}}", "no list 'symbols'"},
        {"{\"level\":\"word\",\"symbols\":[]}", "needs both"},
        {"{\"level\":\"word\",\"symbols\":[[\"<eos>\",1]]}", "needs both '<eos>' and '<unk>'"},
        {"{\"level\":\"char\",\"symbols\":[[\"<unk>\",1]]}", "needs both '\\n' and '<unk>'"},
        {WORDS ",[\"a\",1],[\"b\",1],[\"a\",1]]}", "symbols 2 and 4 are both 'a'"},
        {WORDS ",[\"ab\",1],[\"b\",1],[\"ab\",1]]}", "symbols 2 and 4 are both 'ab'"},
        {WORDS ",[\"a\",-1]]}", "symbol 2 has the count -1"},
        {WORDS ",[\"a\",1.5]]}", "symbol 2 is not a pair"},
        {WORDS ",[\"a\",99999999999999999999]]}", "byte"},
        {WORDS ",[\"a\"]]}", "symbol 2 is not a pair"},
        {WORDS ",[\"a\",1,1]]}", "symbol 2 is not a pair"},
        {WORDS ",\"a\"]}", "symbol 2 is not a pair"},
        {WORDS ",[7,1]]}", "symbol 2 is not a pair"},
        {WORDS ",[\"a b\",1]]}", "symbol 2, 'a b', is not one word"},
        {WORDS ",[\"a\\n\",1]]}", "is not one word"},
        {WORDS ",[\"\",1]]}", "is not one word"},
        {WORDS ",[\"\xFF\",1]]}", "byte"},
        {WORDS ",[\"\\ud800\",1]]}", "byte"},
        {CHARS ",[\"ab\",1]]}", "symbol 2, 'ab', is not one char"},
        {WORDS "],\"version\":2}", "unknown key 'version'"},
        {WORDS "],\"symbols\":[]}", "byte"},
        {WORDS "]} x", "byte"},
        {"{\"level\":\"byte\",\"counts\":[1,2]}", "2 entries, there are 256"},
        {"{\"level\":\"byte\",\"counts\":7}", "256"},
        {"{\"level\":\"byte\",\"counts\":[" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
             SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
         "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1]}",
         "the count of byte 255 is not a whole number"},
        {"{\"level\":\"byte\",\"symbols\":[]}", "unknown key 'symbols'"},
        {"{\"level\":\"byte\",\"fold\":[\"lower\"]}", "unknown key 'fold'"},
        {"{\"level\":\"word\",\"fold\":[\"lower\"]}", "no list 'symbols'"},
        {WORDS "],\"fold\":\"lower\"}", "'fold' is not a list"},
        {WORDS "],\"fold\":[1]}", "'fold' is not a list of words"},
        {WORDS "],\"fold\":[\"upper\"]}", "'fold' has 'upper'"},
        {WORDS "],\"fold\":[\"digits\",\"digits\"]}", "'fold' has 'digits'"},
        {WORDS "],\"fold\":[],\"fold\":[]}", "byte"},
        {CHARS "],\"joins\":[]}", "'joins' is of words, the level is 'char'"},
        {WORDS "],\"joins\":{}}", "'joins' is not a list"},
        {WORDS "],\"joins\":[\"a b\"]}", "'joins' is not a list of lists"},
        {WORDS "],\"joins\":[[7]]}", "'joins' is not a list of lists of words"},
        {WORDS "],\"joins\":[[\"ab\"]]}", "'joins' has 'ab', which is not two words"},
        {WORDS "],\"joins\":[[\"a \"]]}", "which is not two words"},
        {WORDS "],\"joins\":[[\" b\"]]}", "which is not two words"},
        {WORDS "],\"joins\":[[\"a b c\"]]}", "which is not two words"},
        {WORDS "],\"joins\":[[\"a b\",\"a b\"]]}", "'joins' has 'a b' twice"},
        {WORDS "],\"joins\":[[],[],[],[],[],[],[],[],[]]}", "'joins' has more than 8 lists"},
    };
#undef WORDS
#undef CHARS
#undef SIXTEEN

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rcd_vocab *v = NULL;

        CHECK_STATUS(rcd_vocab_parse(&v, wrong[i].json, strlen(wrong[i].json)), RC_EFORMAT);
        CHECK_MESSAGE_HAS("cannot read the vocabulary: ");
        CHECK_MESSAGE_HAS(wrong[i].says);
        assert_null(v);
    }
}

static void a_clone_is_the_same_and_stands_alone(void **unused)
{
    (void)unused;

    for (int level = 0; level < RCD_LEVEL_COUNT; level++) {
        rcd_vocab *v = vocab_of((rcd_level)level, "one two one\nthree", NULL);
        rcd_vocab *copy;
        rcb_buf before = {0};

        CHECK_STATUS(rcd_vocab_print(v, &before), RC_OK);
        CHECK_STATUS(rcd_vocab_clone(&copy, v), RC_OK);
        check_same(v, copy);
        rcd_vocab_free(v);
        check_print(copy, before.p);
        rcd_vocab_free(copy);
        rcb_buf_free(&before);
    }
}

/* ---- misfortune -------------------------------------------------------------------------- */

static rc_status build_some(void *ctx)
{
    const rcd_level *level = ctx;
    const rcd_cut cut = {.min_count = 1, .max_size = 400};
    rcb_buf text = {0};
    rcd_vocab *v = NULL;
    rcd_vocab *copy = NULL;
    rc_status s = RC_OK;

    for (int i = 0; s == RC_OK && i < 600; i++) /* enough for the table to grow */
        s = rcb_buf_printf(&text, "w%d\xC4%c%c", i * 7919, 0x80 + i % 64,
                           *level == RCD_LINE ? '\n' : ' ');
    if (s == RC_OK)
        s = build(&v, *level, text.p, text.n, &cut);
    if (s == RC_OK)
        s = rcd_vocab_clone(&copy, v);
    rcb_buf_free(&text);
    rcd_vocab_free(v);
    rcd_vocab_free(copy);
    return s;
}

static void no_allocation_is_trusted_in_counting(void **unused)
{
    (void)unused;

    for (int level = 0; level < RCD_LEVEL_COUNT; level++)
        CHECK_EACH_ALLOCATION(build_some, &(rcd_level){(rcd_level)level});
}

static rc_status print_some(void *ctx)
{
    rcb_buf out = {0};
    const rc_status s = rcd_vocab_print(ctx, &out);

    rcb_buf_free(&out);
    return s;
}

static rc_status parse_some(void *ctx)
{
    rcd_vocab *v = NULL;
    const rc_status s = rcd_vocab_parse(&v, ctx, strlen(ctx));

    rcd_vocab_free(v);
    return s;
}

static void no_allocation_is_trusted_in_json(void **unused)
{
    (void)unused;
    rcd_vocab *v = vocab_of(RCD_WORD, "one two\nthree", NULL);
    rcd_vocab *bytes = vocab_of(RCD_BYTE, "one two\nthree", NULL);
    char json[] = "{\"level\":\"word\",\"symbols\":[[\"<unk>\",0],[\"<eos>\",1],[\"a\",1]]}";
    char counted[] = "{\"level\":\"byte\"}";

    CHECK_EACH_ALLOCATION(parse_some, json);
    CHECK_EACH_ALLOCATION(parse_some, counted);
    CHECK_EACH_ALLOCATION(print_some, bytes);
    CHECK_EACH_ALLOCATION(print_some, v);
    rcd_vocab_free(bytes);
    rcd_vocab_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_numbered_by_falling_count_then_by_bytes),
        cmocka_unit_test(what_is_always_held_comes_last_if_it_does_not_occur),
        cmocka_unit_test(rare_symbols_become_unknown),
        cmocka_unit_test(a_size_limit_keeps_the_frequent_ones),
        cmocka_unit_test(a_cut_that_allows_nothing_is_refused),
        cmocka_unit_test(bytes_cannot_be_folded),
        cmocka_unit_test(bytes_are_their_values),
        cmocka_unit_test(special_symbols_are_found),
        cmocka_unit_test(a_text_without_variety_is_refused),
        cmocka_unit_test(only_the_range_is_counted),
        cmocka_unit_test(many_words_are_counted_as_a_plain_array_counts_them),
        cmocka_unit_test(odd_symbols_survive_the_round_trip),
        cmocka_unit_test(bytes_need_no_counts),
        cmocka_unit_test(what_is_read_keeps_its_order),
        cmocka_unit_test(a_wrong_vocabulary_says_what_is_wrong),
        cmocka_unit_test(a_clone_is_the_same_and_stands_alone),
        cmocka_unit_test(no_allocation_is_trusted_in_counting),
        cmocka_unit_test(no_allocation_is_trusted_in_json),
    };

    return cmocka_run_group_tests_name("vocab", tests, NULL, NULL);
}
