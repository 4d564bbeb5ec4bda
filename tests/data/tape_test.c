/* tape_test.c -- an encoded text says what the text says, at every width and level. */
#include "check.h"

#include "data/data.h"

/* ---- helpers ----------------------------------------------------------------------------- */

static rcd_text *text_of(const char *bytes, size_t n)
{
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "corpus.txt", bytes, n), RC_OK);
    return t;
}

static rcd_vocab *vocab_of(rcd_level level, const rcd_text *t, const rcd_cut *cut)
{
    rcd_vocab *v;

    CHECK_STATUS(rcd_vocab_build(&v, level, t, 0, rcd_text_bytes(t), cut), RC_OK);
    return v;
}

static void check_ids(const rcd_tape *tape, const int32_t *want, int64_t n)
{
    assert_int_equal(tape->n, n);
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(rcd_tape_at(tape, i), want[i]);
}

struct follow {
    const rcd_tape *tape;
    const rcd_vocab *v;
    int64_t i;
    int64_t unknown;
};

/* Compare one symbol of the text with the next one of the tape. */
static rc_status follow_one(void *ctx, const char *symbol, size_t n)
{
    struct follow *f = ctx;
    const int32_t id = rcd_tape_at(f->tape, f->i++);
    size_t got_n;
    const char *got = rcd_vocab_symbol(f->v, id, &got_n);

    if (got_n == n && memcmp(got, symbol, n) == 0)
        return RC_OK;
    assert_int_equal(id, rcd_vocab_unk(f->v));
    assert_int_equal(rcd_vocab_find(f->v, symbol, n), -1);
    f->unknown++;
    return RC_OK;
}

/* The tape of a whole text, checked symbol by symbol. */
static rcd_tape tape_of(const rcd_text *t, const rcd_vocab *v)
{
    const uint64_t bytes = rcd_text_bytes(t);
    rcd_tape tape = {0};

    CHECK_STATUS(rcd_tape_encode(&tape, v, t, 0, bytes), RC_OK);

    struct follow f = {.tape = &tape, .v = v};

    CHECK_STATUS(rcd_text_walk(t, rcd_vocab_level(v), 0, bytes, follow_one, &f), RC_OK);
    assert_int_equal(f.i, tape.n);
    assert_int_equal(f.unknown, tape.unknown);
    assert_int_equal(tape.chars, rcd_text_chars(t, 0, bytes));
    return tape;
}

/* n different words of which every second occurs twice. */
static rcb_buf many_words(int n)
{
    rcb_buf b = {0};

    for (int i = 0; i < n; i++)
        CHECK_STATUS(rcb_buf_printf(&b, i % 2 ? "w%d w%d " : "w%d\n", i, i), RC_OK);
    return b;
}

/* ---- encoding ---------------------------------------------------------------------------- */

static void a_tape_holds_the_ids_of_a_text(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("b a b\nb\n", 8); /* b 3, <eos> 2, a 1, <unk> 0 */
    rcd_vocab *v = vocab_of(RCD_WORD, t, NULL);
    rcd_tape tape = tape_of(t, v);

    check_ids(&tape, (int32_t[]){0, 2, 0, 1, 0, 1}, 6);
    assert_int_equal(tape.width, 1);
    assert_int_equal(tape.unknown, 0);
    assert_int_equal(tape.chars, 8);
    rcd_tape_free(&tape);
    assert_int_equal(tape.n, 0);
    rcd_tape_free(&tape); /* twice is harmless */
    rcd_vocab_free(v);
    rcd_text_free(t);
}

static void unknown_symbols_are_counted_but_not_literal_ones(void **unused)
{
    (void)unused;
    rcd_text *train = text_of("b a b\nb\n", 8);
    rcd_text *test = text_of("b c <unk> d\n", 12);
    rcd_vocab *v = vocab_of(RCD_WORD, train, NULL);
    rcd_tape tape = tape_of(test, v);

    check_ids(&tape, (int32_t[]){0, 3, 3, 3, 1}, 5);
    assert_int_equal(tape.unknown, 2);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    rcd_text_free(test);
    rcd_text_free(train);
}

static void characters_and_bytes_are_told_apart(void **unused)
{
    (void)unused;
    static const char text[] = "gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80\n";
    rcd_text *t = text_of(text, sizeof text - 1);
    rcd_vocab *chars = vocab_of(RCD_CHAR, t, NULL);
    rcd_vocab *bytes = vocab_of(RCD_BYTE, t, NULL);
    rcd_tape a = tape_of(t, chars);
    rcd_tape b = tape_of(t, bytes);

    assert_int_equal(a.n, 6);
    assert_int_equal(a.chars, 6);
    assert_int_equal(b.n, 11);
    assert_int_equal(b.chars, 6);
    assert_int_equal(rcd_tape_at(&b, 2), 0xC3);
    rcd_tape_free(&a);
    rcd_tape_free(&b);
    rcd_vocab_free(chars);
    rcd_vocab_free(bytes);
    rcd_text_free(t);
}

static void ids_take_the_narrowest_width_that_holds_them(void **unused)
{
    (void)unused;
    static const struct {
        int words;
        int width;
    } cases[] = {{254, 1}, {255, 2}, {65534, 2}, {65535, 4}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rcb_buf b = many_words(cases[i].words);
        rcd_text *t = text_of(b.p, b.n);
        rcd_vocab *v = vocab_of(RCD_WORD, t, NULL);
        rcd_tape tape = tape_of(t, v);

        assert_int_equal(rcd_vocab_size(v), cases[i].words + 2);
        assert_int_equal(tape.width, cases[i].width);
        rcd_tape_free(&tape);
        rcd_vocab_free(v);
        rcd_text_free(t);
        rcb_buf_free(&b);
    }
}

static void the_checksum_is_that_of_four_byte_ids(void **unused)
{
    (void)unused;
    rcb_buf b = many_words(3000); /* more than one block of the checksum */
    rcd_text *t = text_of(b.p, b.n);
    rcd_vocab *v = vocab_of(RCD_WORD, t, NULL);
    rcd_tape tape = tape_of(t, v);
    uint32_t crc = 0;

    for (int64_t i = 0; i < tape.n; i++) {
        const uint32_t id = (uint32_t)rcd_tape_at(&tape, i);
        const unsigned char four[4] = {id & 0xFF, id >> 8 & 0xFF, id >> 16 & 0xFF, id >> 24};

        crc = rcb_crc32(crc, four, 4);
    }
    assert_int_equal(tape.crc, crc);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    rcd_text_free(t);
    rcb_buf_free(&b);
}

static void counts_of_the_vocabulary_are_those_of_the_tape(void **unused)
{
    (void)unused;
    const rcd_cut cut = {.min_count = 2, .max_size = 300};
    rcb_buf b = many_words(1000);
    rcd_text *t = text_of(b.p, b.n);
    rcd_vocab *v = vocab_of(RCD_WORD, t, &cut);
    rcd_tape tape = tape_of(t, v);
    int64_t *counts = calloc((size_t)rcd_vocab_size(v), sizeof *counts);

    assert_int_equal(rcd_vocab_size(v), 300);
    for (int64_t i = 0; i < tape.n; i++)
        counts[rcd_tape_at(&tape, i)]++;
    for (int32_t id = 0; id < rcd_vocab_size(v); id++)
        assert_int_equal(counts[id], rcd_vocab_count(v, id));
    free(counts);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    rcd_text_free(t);
    rcb_buf_free(&b);
}

static void a_range_of_a_text_is_encoded_alone(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("b a b\nb\n", 8);
    rcd_vocab *v = vocab_of(RCD_WORD, t, NULL);
    rcd_tape tape = {0};

    CHECK_STATUS(rcd_tape_encode(&tape, v, t, 6, 8), RC_OK);
    check_ids(&tape, (int32_t[]){0, 1}, 2);
    assert_int_equal(tape.chars, 2);
    rcd_tape_free(&tape);

    CHECK_STATUS(rcd_tape_encode(&tape, v, t, 8, 8), RC_OK);
    assert_int_equal(tape.n, 0);
    assert_int_equal(tape.crc, 0);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    rcd_text_free(t);
}

/* A vocabulary of so many characters that an id takes four bytes. */
static rcd_vocab *large_vocab(void)
{
    rcb_buf json = {0};
    rcd_vocab *v;

    CHECK_STATUS(rcb_buf_puts(&json, "{\"level\":\"char\",\"symbols\":[[\"\\n\",1],[\"<unk>\",1]"),
                 RC_OK);
    for (int i = 0; i < 1 << 16; i++)
        CHECK_STATUS(rcb_buf_printf(&json, ",[\"\\u%04x\\u%04x\",1]", 0xD800 + (i >> 10),
                                    0xDC00 + (i & 0x3FF)),
                     RC_OK);
    CHECK_STATUS(rcb_buf_puts(&json, ",[\"a\",1]]}"), RC_OK);
    CHECK_STATUS(rcd_vocab_parse(&v, json.p, json.n), RC_OK);
    assert_int_equal(rcd_vocab_size(v), (1 << 16) + 3);
    rcb_buf_free(&json);
    return v;
}

static void a_very_long_text_goes_to_a_file(void **unused)
{
    (void)unused;
    const int64_t n = (64 << 20) + 1; /* of four bytes: just more than what the heap is for */
    char *bytes = malloc((size_t)n);
    rcd_vocab *v = large_vocab();
    rcd_tape tape = {0};

    assert_non_null(bytes);
    memset(bytes, 'a', (size_t)n);
    bytes[n - 1] = '\n';

    rcd_text *t = text_of(bytes, (size_t)n);
    const rc_status s = rcd_tape_encode(&tape, v, t, 0, (uint64_t)n);

    if (s == RC_OK) {
        assert_false(tape.heap);
        assert_int_equal(tape.n, n);
        assert_int_equal(tape.unknown, 0);
        assert_int_equal(rcd_tape_at(&tape, 0), rcd_vocab_size(v) - 1);
        assert_int_equal(rcd_tape_at(&tape, n - 2), rcd_vocab_size(v) - 1);
        assert_int_equal(rcd_tape_at(&tape, n - 1), rcd_vocab_boundary(v));
    }
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    rcd_text_free(t);
    free(bytes);
    if (s == RC_EIO) {
        print_message("%s\n", rc_error_message()); /* a small folder for temporary files */
        skip();
    }
    CHECK_STATUS(s, RC_OK);
}

/* ---- misfortune -------------------------------------------------------------------------- */

static void bad_utf8_leaves_the_tape_untouched(void **unused)
{
    (void)unused;
    rcd_text *train = text_of("ab\n", 3);
    rcd_text *test = text_of("ab\n\xFF", 4);

    for (int level = RCD_CHAR; level <= RCD_WORD; level++) {
        rcd_vocab *v = vocab_of((rcd_level)level, train, NULL);
        rcd_tape tape = {.n = 77};

        CHECK_STATUS(rcd_tape_encode(&tape, v, test, 0, 4), RC_EDATA);
        CHECK_MESSAGE_HAS("line 2");
        assert_int_equal(tape.n, 77);
        rcd_vocab_free(v);
    }
    rcd_text_free(test);
    rcd_text_free(train);
}

struct job {
    const rcd_text *t;
    const rcd_vocab *v;
};

static rc_status encode(void *ctx)
{
    const struct job *job = ctx;
    rcd_tape tape = {0};
    const rc_status s = rcd_tape_encode(&tape, job->v, job->t, 0, rcd_text_bytes(job->t));

    rcd_tape_free(&tape);
    return s;
}

static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    rcd_text *t = text_of("one two\n", 8);
    rcd_vocab *v = vocab_of(RCD_WORD, t, NULL);

    CHECK_EACH_ALLOCATION(encode, (&(struct job){t, v}));
    rcd_vocab_free(v);
    rcd_text_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tape_holds_the_ids_of_a_text),
        cmocka_unit_test(unknown_symbols_are_counted_but_not_literal_ones),
        cmocka_unit_test(characters_and_bytes_are_told_apart),
        cmocka_unit_test(ids_take_the_narrowest_width_that_holds_them),
        cmocka_unit_test(the_checksum_is_that_of_four_byte_ids),
        cmocka_unit_test(counts_of_the_vocabulary_are_those_of_the_tape),
        cmocka_unit_test(a_range_of_a_text_is_encoded_alone),
        cmocka_unit_test(a_very_long_text_goes_to_a_file),
        cmocka_unit_test(bad_utf8_leaves_the_tape_untouched),
        cmocka_unit_test(no_allocation_is_trusted),
    };

    return cmocka_run_group_tests_name("tape", tests, NULL, NULL);
}
