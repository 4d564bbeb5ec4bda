/* tokenize_test.c -- texts are walked, cut and located as data.h says. */
#include "check.h"

#include "data/data.h"

/* ---- helpers ----------------------------------------------------------------------------- */

/* Every symbol followed by '|'. */
static rc_status join(void *ctx, const char *symbol, size_t n)
{
    RC_TRY(rcb_buf_add(ctx, symbol, n));
    return rcb_buf_puts(ctx, "|");
}

static rcd_text *text_of(const void *bytes, size_t n)
{
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "memory", bytes, n), RC_OK);
    return t;
}

static void check_walk(rcd_level level, const void *bytes, size_t n, const void *want,
                       size_t want_n)
{
    rcd_text *t = text_of(bytes, n);
    rcb_buf got = {0};

    CHECK_STATUS(rcd_text_walk(t, level, 0, n, join, &got), RC_OK);
    assert_int_equal(got.n, want_n);
    if (want_n > 0)
        assert_memory_equal(got.p, want, want_n);
    rcb_buf_free(&got);
    rcd_text_free(t);
}

/* The symbols of a text given as literals, which may hold NUL. */
#define WALK(level, text, want)                                                                    \
    check_walk((level), (text), sizeof(text) - 1, (want), sizeof(want) - 1)

static size_t put_code(char *p, uint32_t c)
{
    if (c < 0x80) {
        p[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (char)(0xC0 | c >> 6);
        p[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (char)(0xE0 | c >> 12);
        p[1] = (char)(0x80 | (c >> 6 & 0x3F));
        p[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    p[0] = (char)(0xF0 | c >> 18);
    p[1] = (char)(0x80 | (c >> 12 & 0x3F));
    p[2] = (char)(0x80 | (c >> 6 & 0x3F));
    p[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Valid UTF-8 that likes blanks, line ends and the borders between lengths. */
static size_t random_text(char *p, size_t symbols)
{
    static const uint32_t hard[] = {
        ' ',    '\t',   '\n',    '\n',     '\r', 0,   0x7F, 0x80, 0x7FF, 0x800,   0xD7FF, 0xE000,
        0xFEFF, 0xFFFF, 0x10000, 0x10FFFF, 'a',  'b', ' ',  0xA0, 0x85,  0x1F600, '\v',   '\f'};
    size_t n = 0;

    for (size_t i = 0; i < symbols; i++)
        n += put_code(p + n, hard[pick(0, (int64_t)(sizeof hard / sizeof *hard) - 1)]);
    return n;
}

/* ---- levels ------------------------------------------------------------------------------ */

static void levels_are_found_by_their_words(void **unused)
{
    (void)unused;
    rcd_level level;

    for (int i = 0; i < RCD_LEVEL_COUNT; i++) {
        CHECK_STATUS(rcd_level_of(&level, rcd_level_word((rcd_level)i)), RC_OK);
        assert_int_equal(level, i);
        assert_true(strlen(rcd_level_help((rcd_level)i)) > 10);
    }
    CHECK_STATUS(rcd_level_of(&level, "wrod"), RC_EINVAL);
    CHECK_MESSAGE_HAS("'wrod'");
    CHECK_MESSAGE_HAS("'word'");
    CHECK_STATUS(rcd_level_of(&level, ""), RC_EINVAL);
}

/* ---- walking ----------------------------------------------------------------------------- */

static void every_byte_is_a_symbol(void **unused)
{
    (void)unused;

    WALK(RCD_BYTE, "", "");
    WALK(RCD_BYTE, "a\0\r\n\xFF", "a|\0|\r|\n|\xFF|");
    WALK(RCD_BYTE, "\xEF\xBB\xBFx", "\xEF|\xBB|\xBF|x|");
}

static void every_code_point_is_a_symbol(void **unused)
{
    (void)unused;

    WALK(RCD_CHAR, "", "");
    WALK(RCD_CHAR, "a\0\r\n", "a|\0|\r|\n|");
    WALK(RCD_CHAR, "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC\xF0\x9F\x98\x80", /* grüß €😀 */
         "g|r|\xC3\xBC|\xC3\x9F| |\xE2\x82\xAC|\xF0\x9F\x98\x80|");
}

static void words_stand_between_blanks_and_lines_end_with_eos(void **unused)
{
    (void)unused;

    WALK(RCD_WORD, "", "");
    WALK(RCD_WORD, "the cat\nsat\n", "the|cat|<eos>|sat|<eos>|");
    WALK(RCD_WORD, " \t\v\fthe\t cat \n", "the|cat|<eos>|");
    WALK(RCD_WORD, "the cat\r\nsat\r\n", "the|cat|<eos>|sat|<eos>|");
    WALK(RCD_WORD, "\n\n", "<eos>|<eos>|");
    WALK(RCD_WORD, "a\0b c\n", "a\0b|c|<eos>|");
    WALK(RCD_WORD, "a\xC2\xA0z\n", "a\xC2\xA0z|<eos>|"); /* a no-break space does not break */
    WALK(RCD_WORD, "<unk> <eos>\n", "<unk>|<eos>|<eos>|");
}

static void a_last_line_without_a_line_feed_ends_too(void **unused)
{
    (void)unused;

    WALK(RCD_WORD, "a", "a|<eos>|");
    WALK(RCD_WORD, "a\nb", "a|<eos>|b|<eos>|");
    WALK(RCD_WORD, " ", "<eos>|");
    WALK(RCD_WORD, "\n ", "<eos>|<eos>|");
    WALK(RCD_CHAR, "a", "a|");
}

static void a_byte_order_mark_is_no_character(void **unused)
{
    (void)unused;

    WALK(RCD_CHAR, "\xEF\xBB\xBF", "");
    WALK(RCD_CHAR, "\xEF\xBB\xBFx\xEF\xBB\xBF", "x|\xEF\xBB\xBF|");
    WALK(RCD_WORD, "\xEF\xBB\xBFx y\n", "x|y|<eos>|");
    WALK(RCD_WORD, "\xEF\xBB\xBF", "");
    WALK(RCD_WORD, "\xEF\xBB\xBF\n", "<eos>|");

    rcd_text *t = text_of("\xEF\xBB\xBFxy", 5);
    assert_int_equal(rcd_text_chars(t, 0, 5), 2);
    assert_int_equal(rcd_text_chars(t, 0, 2), 0);
    rcd_text_free(t);
}

/* Table 3-7 of the Unicode standard, written as conditions on the decoded number. */
static bool textbook_utf8(const unsigned char *p, size_t n)
{
    uint32_t c = p[0];
    const size_t want = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (n != want)
        return false;
    c &= n == 1 ? 0x7Fu : 0xFFu >> (n + 1);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return false;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    return c >= least[n] && c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
}

static void utf8_is_what_the_standard_says(void **unused)
{
    (void)unused;
    static const unsigned char tail[] = {0x00, 0x41, 0x7F, 0x80, 0xA5, 0xBF, 0xC0, 0xFF};
    unsigned char p[4];

    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            for (size_t i = 0; i < sizeof tail * sizeof tail; i++) {
                p[0] = (unsigned char)a;
                p[1] = (unsigned char)b;
                p[2] = tail[i % sizeof tail];
                p[3] = tail[i / sizeof tail];
                for (size_t n = 1; n <= 4; n++)
                    if (rcd_is_symbol(RCD_CHAR, (char *)p, n) != textbook_utf8(p, n))
                        fail_msg("%02x %02x %02x %02x, %zu bytes", p[0], p[1], p[2], p[3], n);
            }
        }
    }
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        const size_t n = put_code((char *)p, c);

        assert_int_equal(rcd_is_symbol(RCD_CHAR, (char *)p, n), c < 0xD800 || c > 0xDFFF);
    }
}

static void symbols_are_told_from_what_is_none(void **unused)
{
    (void)unused;

    assert_true(rcd_is_symbol(RCD_BYTE, "\xFF", 1));
    assert_false(rcd_is_symbol(RCD_BYTE, "ab", 2));
    assert_true(rcd_is_symbol(RCD_CHAR, "<unk>", 5));
    assert_false(rcd_is_symbol(RCD_CHAR, "ab", 2));
    assert_true(rcd_is_symbol(RCD_WORD, "a\0b", 3));
    assert_true(rcd_is_symbol(RCD_WORD, "\xEF\xBB\xBF", 3));
    assert_false(rcd_is_symbol(RCD_WORD, "a b", 3));
    assert_false(rcd_is_symbol(RCD_WORD, "a\n", 2));
    assert_false(rcd_is_symbol(RCD_WORD, "a\xFF", 2));
    for (int i = 0; i < RCD_LEVEL_COUNT; i++)
        assert_false(rcd_is_symbol((rcd_level)i, "", 0));
}

static void bad_utf8_is_named_by_file_line_and_byte(void **unused)
{
    (void)unused;
    static const char bytes[] = "one\ntwo\nth\xC3re\n";
    rcd_text *t = text_of(bytes, sizeof bytes - 1);
    rcb_buf got = {0};

    for (int level = RCD_CHAR; level <= RCD_WORD; level++) {
        CHECK_STATUS(rcd_text_walk(t, (rcd_level)level, 0, sizeof bytes - 1, join, &got), RC_EDATA);
        CHECK_MESSAGE_HAS("'memory'");
        CHECK_MESSAGE_HAS("line 3");
        CHECK_MESSAGE_HAS("byte 10 ");
        CHECK_MESSAGE_HAS("0xC3");
        assert_true(*rc_error_hint());
    }
    CHECK_STATUS(rcd_text_walk(t, RCD_BYTE, 0, sizeof bytes - 1, join, &got), RC_OK);
    rcb_buf_free(&got);
    rcd_text_free(t);
}

static void a_code_point_cut_by_the_range_is_bad(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("a\xE2\x82\xAC", 4);
    rcb_buf got = {0};

    CHECK_STATUS(rcd_text_walk(t, RCD_CHAR, 0, 3, join, &got), RC_EDATA);
    CHECK_STATUS(rcd_text_walk(t, RCD_WORD, 0, 3, join, &got), RC_EDATA);
    CHECK_STATUS(rcd_text_walk(t, RCD_CHAR, 2, 4, join, &got), RC_EDATA);
    CHECK_STATUS(rcd_text_walk(t, RCD_CHAR, 1, 4, join, &got), RC_OK);
    rcb_buf_free(&got);
    rcd_text_free(t);
}

/* A splitter of lines and words without any cleverness. */
static void textbook_words(rcb_buf *out, const char *p, size_t n)
{
    size_t from = n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    bool open = false; /* something since the last line feed */

    for (size_t i = from; i <= n; i++) {
        const bool blank = i == n || (p[i] != 0 && strchr(" \t\r\v\f\n", p[i]));

        if (!blank)
            continue;
        if (i > from)
            (void)join(out, p + from, i - from);
        if (i < n && p[i] == '\n')
            (void)join(out, "<eos>", 5);
        open = i < n ? p[i] != '\n' : open || i > from;
        from = i + 1;
    }
    if (open)
        (void)join(out, "<eos>", 5);
}

static void words_agree_with_the_textbook(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 2000; trial++) {
        char bytes[4 * 60];
        const size_t n = random_text(bytes, (size_t)pick(0, 60));
        rcb_buf want = {0};

        textbook_words(&want, bytes, n);
        check_walk(RCD_WORD, bytes, n, want.p, want.n);
        rcb_buf_free(&want);
    }
}

/* ---- cutting and places ------------------------------------------------------------------ */

static void a_text_walked_in_two_pieces_is_the_whole(void **unused)
{
    (void)unused;
    check_seed();

    for (int trial = 0; trial < 2000; trial++) {
        char bytes[4 * 40];
        const size_t n = random_text(bytes, (size_t)pick(0, 40));
        rcd_text *t = text_of(bytes, n);

        for (int i = 0; i < RCD_LEVEL_COUNT; i++) {
            const rcd_level level = (rcd_level)i;
            const uint64_t at = (uint64_t)pick(0, (int64_t)n);
            const uint64_t cut = rcd_text_cut(t, level, at);
            rcb_buf whole = {0};
            rcb_buf pieces = {0};

            assert_in_range(cut, at, n);
            assert_int_equal(rcd_text_cut(t, level, cut), cut);
            CHECK_STATUS(rcd_text_walk(t, level, 0, n, join, &whole), RC_OK);
            CHECK_STATUS(rcd_text_walk(t, level, 0, cut, join, &pieces), RC_OK);
            CHECK_STATUS(rcd_text_walk(t, level, cut, n, join, &pieces), RC_OK);
            assert_int_equal(whole.n, pieces.n);
            if (whole.n > 0)
                assert_memory_equal(whole.p, pieces.p, whole.n);
            rcb_buf_free(&whole);
            rcb_buf_free(&pieces);
        }
        rcd_text_free(t);
    }
}

static void cuts_are_the_nearest_ones(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("\xEF\xBB\xBFone \xC3\xBC\ntwo", 13);
    static const uint64_t chars[] = {0, 3, 3, 3, 4, 5, 6, 7, 9, 9, 10, 11, 12, 13, 13};
    static const uint64_t lines[] = {0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 13, 13, 13, 13};

    for (uint64_t at = 0; at < 15; at++) {
        assert_int_equal(rcd_text_cut(t, RCD_BYTE, at), at < 13 ? at : 13);
        assert_int_equal(rcd_text_cut(t, RCD_CHAR, at), chars[at]);
        assert_int_equal(rcd_text_cut(t, RCD_WORD, at), lines[at]);
    }
    rcd_text_free(t);
}

static void characters_are_counted_in_any_range(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\n", 11);

    assert_int_equal(rcd_text_chars(t, 0, 11), 5);
    assert_int_equal(rcd_text_chars(t, 1, 3), 1);
    assert_int_equal(rcd_text_chars(t, 4, 6), 0);
    assert_int_equal(rcd_text_chars(t, 5, 5), 0);
    rcd_text_free(t);
}

/* ---- files ------------------------------------------------------------------------------- */

static rcd_text *open_three(void)
{
    const char *paths[3] = {check_temp_path("a.txt"), check_temp_path("b.txt"),
                            check_temp_path("c.txt")};
    rcd_text *t;

    check_write_file(paths[0], "one two", 7);
    check_write_file(paths[1], "", 0);
    check_write_file(paths[2], "\xEF\xBB\xBFthree\nfour\n", 14);
    CHECK_STATUS(rcd_text_open(&t, paths, 3), RC_OK);
    return t;
}

static void several_files_are_one_text(void **unused)
{
    (void)unused;
    rcd_text *t = open_three();
    rcb_buf got = {0};

    assert_int_equal(rcd_text_bytes(t), 21);
    CHECK_STATUS(rcd_text_walk(t, RCD_WORD, 0, 21, join, &got), RC_OK);
    assert_string_equal(got.p, "one|two|<eos>|three|<eos>|four|<eos>|");
    rcb_buf_clear(&got);
    CHECK_STATUS(rcd_text_walk(t, RCD_CHAR, 5, 12, join, &got), RC_OK);
    assert_string_equal(got.p, "w|o|t|h|");
    assert_int_equal(rcd_text_chars(t, 5, 12), 4);
    assert_int_equal(rcd_text_cut(t, RCD_WORD, 1), 7); /* a file's beginning begins a line */
    assert_int_equal(rcd_text_cut(t, RCD_WORD, 7), 7);
    assert_int_equal(rcd_text_cut(t, RCD_WORD, 8), 16);
    assert_non_null(strstr(rcd_text_name(t), "a.txt and 2 more"));
    rcb_buf_free(&got);
    rcd_text_free(t);
}

static void a_code_point_does_not_cross_files(void **unused)
{
    (void)unused;
    const char *paths[2] = {check_temp_path("head.txt"), check_temp_path("tail.txt")};
    rcd_text *t;
    rcb_buf got = {0};

    check_write_file(paths[0], "x\xC3", 2);
    check_write_file(paths[1], "\xBC", 1);
    CHECK_STATUS(rcd_text_open(&t, paths, 2), RC_OK);
    CHECK_STATUS(rcd_text_walk(t, RCD_CHAR, 0, 3, join, &got), RC_EDATA);
    CHECK_MESSAGE_HAS("head.txt");
    rcb_buf_free(&got);
    rcd_text_free(t);
}

static void a_missing_file_is_named(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("missing.txt");
    rcd_text *t = NULL;

    CHECK_STATUS(rcd_text_open(&t, &path, 1), RC_EIO);
    CHECK_MESSAGE_HAS("missing.txt'");
    assert_null(t);
    CHECK_STATUS(rcd_text_open(&t, NULL, 0), RC_EINVAL);
}

/* ---- misfortune -------------------------------------------------------------------------- */

static rc_status stop_at_third(void *ctx, const char *symbol, size_t n)
{
    int *calls = ctx;

    (void)symbol;
    (void)n;
    return ++*calls == 3 ? RC_FAIL(RC_ESTOP, "three are enough") : RC_OK;
}

static void a_status_from_each_ends_the_walk(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("a b\nc d\ne\n", 10);

    for (int level = 0; level < RCD_LEVEL_COUNT; level++) {
        int calls = 0;

        CHECK_STATUS(rcd_text_walk(t, (rcd_level)level, 0, 10, stop_at_third, &calls), RC_ESTOP);
        assert_int_equal(calls, 3);
    }
    rcd_text_free(t);
}

static rc_status open_two(void *ctx)
{
    rcd_text *t;
    rc_status s = rcd_text_open(&t, ctx, 2);

    if (s == RC_OK)
        rcd_text_free(t);
    else
        assert_null(t);
    return s;
}

static rc_status open_memory(void *ctx)
{
    rcd_text *t;
    rc_status s = rcd_text_of(&t, ctx, "abc", 3);

    if (s == RC_OK)
        rcd_text_free(t);
    else
        assert_null(t);
    return s;
}

static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    const char *paths[2] = {check_temp_path("one.txt"), check_temp_path("two.txt")};
    char name[] = "a name";

    check_write_file(paths[0], "one\n", 4);
    check_write_file(paths[1], "two\n", 4);
    CHECK_EACH_ALLOCATION(open_two, paths);
    CHECK_EACH_ALLOCATION(open_memory, name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_found_by_their_words),
        cmocka_unit_test(every_byte_is_a_symbol),
        cmocka_unit_test(every_code_point_is_a_symbol),
        cmocka_unit_test(words_stand_between_blanks_and_lines_end_with_eos),
        cmocka_unit_test(a_last_line_without_a_line_feed_ends_too),
        cmocka_unit_test(a_byte_order_mark_is_no_character),
        cmocka_unit_test(utf8_is_what_the_standard_says),
        cmocka_unit_test(symbols_are_told_from_what_is_none),
        cmocka_unit_test(bad_utf8_is_named_by_file_line_and_byte),
        cmocka_unit_test(a_code_point_cut_by_the_range_is_bad),
        cmocka_unit_test(words_agree_with_the_textbook),
        cmocka_unit_test(a_text_walked_in_two_pieces_is_the_whole),
        cmocka_unit_test(cuts_are_the_nearest_ones),
        cmocka_unit_test(characters_are_counted_in_any_range),
        cmocka_unit_test(several_files_are_one_text),
        cmocka_unit_test(a_code_point_does_not_cross_files),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_status_from_each_ends_the_walk),
        cmocka_unit_test(no_allocation_is_trusted),
    };

    return cmocka_run_group_tests_name("tokenize", tests, NULL, NULL);
}
