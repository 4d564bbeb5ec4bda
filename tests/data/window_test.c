/* window_test.c -- which words stand in whose window, and that cutting does not matter. */
#include "check.h"

#include "data/data.h"

#include <stdio.h>
#include <math.h>

/* Words of a text as a tape; the caller frees both. */
static void read_words(const char *text, rcd_vocab **v, rcd_tape *tape)
{
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "text", text, strlen(text)), RC_OK);
    CHECK_STATUS(rcd_vocab_build(v, RCD_WORD, t, 0, rcd_text_bytes(t), NULL), RC_OK);
    CHECK_STATUS(rcd_tape_encode(tape, *v, t, 0, rcd_text_bytes(t)), RC_OK);
    rcd_text_free(t);
}

/* "a:bc b:a" of one look at a whole text: words and what is around each. */
static void check_windows(const char *text, const rcd_look *look, const char *want)
{
    char got[4096] = "";
    rcd_windows w;
    rcd_view view = {0};
    rcd_vocab *v;
    rcd_tape tape = {0};
    size_t at = 0;

    read_words(text, &v, &tape);
    CHECK_STATUS(rcd_windows_init(&w, &tape, v, look), RC_OK);
    CHECK_STATUS(rcd_windows_view(&w, 1, 0, tape.n, &view), RC_OK);
    for (int64_t i = view.first; i < view.last; i++) {
        if (view.word[i] < 0)
            continue;
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%s:", at > 0 ? " " : "",
                               rcd_vocab_symbol(v, view.word[i], NULL));
        for (int64_t k = view.from[i]; k < view.to[i]; k++)
            if (k != i)
                at += (size_t)snprintf(got + at, sizeof got - at, "%s",
                                       rcd_vocab_symbol(v, view.word[k], NULL));
    }
    assert_string_equal(got, want);
    rcd_view_free(&view);
    rcd_windows_free(&w);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
}

static void windows_end_with_lines(void **unused)
{
    (void)unused;
    const rcd_look two = {.width = 2, .fixed = true};

    check_windows("a b c d e\n", &two, "a:bc b:acd c:abde d:bce e:cd");
    check_windows("a b\n\nc d e", &two, "a:b b:a c:de d:ce e:cd");
    check_windows("a b <unk> c\n", &two, "a:bc b:ac c:ab"); /* passed over */
    check_windows("a\nb\n", &two, "a: b:");
}

/* A word's window in any piece is its window in the whole. */
static void pieces_see_what_the_whole_sees(void **unused)
{
    (void)unused;
    enum { WORDS = 300 };
    char text[WORDS * 2 + 1];
    rcd_vocab *v;
    rcd_tape tape = {0};

    check_seed();
    for (int i = 0; i < WORDS; i++) {
        text[2 * i] = (char)('a' + pick(0, 4) * pick(0, 4));
        text[2 * i + 1] = pick(0, 20) == 0 ? '\n' : ' ';
    }
    text[2 * WORDS] = '\0';
    read_words(text, &v, &tape);
    for (int trial = 0; trial < 100; trial++) {
        const rcd_look look = {.width = pick(1, 6),
                               .fixed = pick(0, 1),
                               .sample = pick(0, 1) ? 0.05 : 0,
                               .seed = (uint64_t)trial};
        rcd_windows w;
        rcd_view whole = {0}, piece = {0};
        int64_t next = 0;

        CHECK_STATUS(rcd_windows_init(&w, &tape, v, &look), RC_OK);
        CHECK_STATUS(rcd_windows_view(&w, 3, 0, tape.n, &whole), RC_OK);
        assert_int_equal(whole.first, 0);
        assert_int_equal(whole.last, whole.n);
        for (int64_t from = 0, to; from < tape.n; from = to) {
            to = from + pick(1, 40);
            to = to < tape.n ? to : tape.n;
            CHECK_STATUS(rcd_windows_view(&w, 3, from, to, &piece), RC_OK);
            for (int64_t i = piece.first; i < piece.last; i++, next++) {
                assert_int_equal(piece.word[i], whole.word[next]);
                if (piece.word[i] < 0)
                    continue;
                assert_int_equal(piece.from[i] - i, whole.from[next] - next);
                assert_int_equal(piece.to[i] - i, whole.to[next] - next);
                assert_memory_equal(piece.word + piece.from[i], whole.word + whole.from[next],
                                    (size_t)(piece.to[i] - piece.from[i]) * sizeof *piece.word);
            }
        }
        assert_int_equal(next, whole.n);
        rcd_view_free(&whole);
        rcd_view_free(&piece);
        rcd_windows_free(&w);
    }
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
}

/* Frequent words stay as often as the formula says, and every width comes as often. */
static void draws_have_their_shares(void **unused)
{
    (void)unused;
    enum { N = 40000, WIDTH = 4 };
    char *text = malloc(2 * N + 1);
    const rcd_look look = {.width = WIDTH, .sample = 0.01, .seed = 7};
    int64_t kept[2] = {0}, widths[WIDTH + 1] = {0};
    rcd_windows w;
    rcd_view view = {0};
    rcd_vocab *v;
    rcd_tape tape = {0};

    for (int i = 0; i < N; i++)
        memcpy(text + 2 * i, i % 4 == 0 ? "b " : "a ", 2);
    text[2 * N] = '\0';
    read_words(text, &v, &tape);
    CHECK_STATUS(rcd_windows_init(&w, &tape, v, &look), RC_OK);
    CHECK_STATUS(rcd_windows_view(&w, 1, 0, tape.n, &view), RC_OK);
    for (int64_t i = 0; i < view.last; i++)
        if (view.word[i] >= 0) {
            kept[view.word[i]]++;
            widths[view.width[i]]++;
        }
    for (int id = 0; id < 2; id++) {
        const double share = id == 0 ? 0.75 : 0.25;
        const double chance = sqrt(0.01 / share) + 0.01 / share;
        const double expected = chance * share * N;

        assert_true(fabs((double)kept[id] - expected) < 4 * sqrt(expected));
    }
    for (int k = 1; k <= WIDTH; k++)
        assert_true(fabs((double)widths[k] - (double)view.last / WIDTH) <
                    4 * sqrt((double)view.last / WIDTH));
    free(text);
    rcd_view_free(&view);
    rcd_windows_free(&w);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_end_with_lines),
        cmocka_unit_test(pieces_see_what_the_whole_sees),
        cmocka_unit_test(draws_have_their_shares),
    };

    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
