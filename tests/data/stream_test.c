/* stream_test.c -- batches: who is predicted, from what, and in which row. */
#include "check.h"

#include "data/data.h"

/* ---- helpers ----------------------------------------------------------------------------- */

/* A byte vocabulary, whose boundary is the line feed. */
static rcd_vocab *byte_vocab(void)
{
    rcd_vocab *v;

    CHECK_STATUS(rcd_vocab_parse(&v, "{\"level\":\"byte\"}", 16), RC_OK);
    return v;
}

/* A tape over bytes that stay where they are. */
static rcd_tape tape_over(const void *bytes, int64_t n)
{
    return (rcd_tape){.n = n, .width = 1, .p = bytes};
}

static void fill_bytes(unsigned char *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = (unsigned char)(pick(0, 3) == 0 ? '\n' : pick(0, 255));
}

/* Falling numbers of sequences alive, from at most B down to 1. */
static void check_shape(const rcd_batch *b)
{
    int64_t before = b->seqs;

    assert_int_equal(b->at[0], 0);
    for (int64_t t = 0; t < b->steps; t++) {
        const int64_t alive = b->at[t + 1] - b->at[t];

        assert_in_range(alive, 1, before);
        before = alive;
    }
    assert_int_equal(b->at[b->steps], b->rows);
}

/* ---- tracks ------------------------------------------------------------------------------ */

/* Read all batches of a stream; every prediction must be the tape's symbol, made from the one
 * before. Returns how often each symbol of the tape was predicted. */
static int *read_all(const rcd_stream *s, int64_t steps)
{
    const int64_t n = s->tape->n;
    const int64_t each = n / s->tracks;
    const int64_t longer = s->whole ? n % s->tracks : 0;
    int *seen = calloc((size_t)n, sizeof *seen);
    rcd_batch b = {0};

    for (int64_t pos = 0;; pos += b.steps) {
        CHECK_STATUS(rcd_stream_batch(s, pos, steps, &b), RC_OK);
        if (b.steps == 0)
            break;
        check_shape(&b);
        assert_int_equal(b.seqs, s->tracks);
        assert_int_equal(b.steps, steps < s->length - pos ? steps : s->length - pos);
        for (int64_t t = 0; t < b.steps; t++) {
            for (int64_t c = 0; c < b.at[t + 1] - b.at[t]; c++) {
                const int64_t row = b.at[t] + c;
                const int64_t i = c * each + (c < longer ? c : longer) + pos + t;

                assert_int_equal(b.seq[c], c);
                assert_int_equal(b.out[row], rcd_tape_at(s->tape, i));
                assert_int_equal(b.in[row], i == 0 ? '\n' : rcd_tape_at(s->tape, i - 1));
                seen[i]++;
            }
        }
    }
    assert_int_equal(b.rows, 0);
    rcd_batch_free(&b);
    return seen;
}

/* Random texts in random tracks: who predicts what, and how often. */
static void check_streams(bool whole)
{
    rcd_vocab *v = byte_vocab();

    check_seed();
    for (int trial = 0; trial < 500; trial++) {
        unsigned char bytes[200];
        const int64_t n = pick(1, 200);
        const int64_t tracks = pick(1, n);
        const int64_t used = whole ? n : tracks * (n / tracks);
        const rcd_tape tape = tape_over(bytes, n);
        rcd_stream s;

        fill_bytes(bytes, n);
        CHECK_STATUS(rcd_stream_init(&s, &tape, v, tracks, whole), RC_OK);
        assert_int_equal(s.length, (used + tracks - 1) / tracks);

        int *seen = read_all(&s, pick(1, 40));

        for (int64_t i = 0; i < n; i++)
            assert_int_equal(seen[i], i < used);
        free(seen);
    }
    rcd_vocab_free(v);
}

static void a_whole_stream_predicts_every_symbol_once(void **unused)
{
    (void)unused;
    check_streams(true);
}

static void equal_tracks_drop_the_tail(void **unused)
{
    (void)unused;
    check_streams(false);
}

static void rows_stand_in_time_major_order(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();
    const rcd_tape tape = tape_over("abcdefgh", 8); /* tracks abc def gh */
    rcd_stream s;
    rcd_batch b = {0};

    CHECK_STATUS(rcd_stream_init(&s, &tape, v, 3, true), RC_OK);
    assert_int_equal(s.length, 3);
    CHECK_STATUS(rcd_stream_batch(&s, 0, 9, &b), RC_OK);
    assert_int_equal(b.steps, 3);
    assert_int_equal(b.seqs, 3);
    assert_int_equal(b.rows, 8);
    assert_memory_equal(b.at, ((int64_t[]){0, 3, 6, 8}), 4 * sizeof *b.at);
    assert_memory_equal(b.in, ((int32_t[]){'\n', 'c', 'f', 'a', 'd', 'g', 'b', 'e'}), 8 * 4);
    assert_memory_equal(b.out, ((int32_t[]){'a', 'd', 'g', 'b', 'e', 'h', 'c', 'f'}), 8 * 4);
    rcd_batch_free(&b);
    rcd_vocab_free(v);
}

static void a_stream_does_not_depend_on_where_it_is_cut(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();
    unsigned char bytes[100];
    const rcd_tape tape = tape_over(bytes, 100);
    rcd_stream s;
    rcd_batch whole = {0};
    rcd_batch piece = {0};

    check_seed();
    fill_bytes(bytes, 100);
    CHECK_STATUS(rcd_stream_init(&s, &tape, v, 7, true), RC_OK);
    CHECK_STATUS(rcd_stream_batch(&s, 0, s.length, &whole), RC_OK);
    for (int64_t pos = 0; pos < s.length; pos += piece.steps) {
        CHECK_STATUS(rcd_stream_batch(&s, pos, pick(1, 4), &piece), RC_OK);
        assert_memory_equal(piece.in, whole.in + whole.at[pos], (size_t)piece.rows * 4);
        assert_memory_equal(piece.out, whole.out + whole.at[pos], (size_t)piece.rows * 4);
    }
    rcd_batch_free(&whole);
    rcd_batch_free(&piece);
    rcd_vocab_free(v);
}

static void too_short_a_text_is_refused(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();
    const rcd_tape tape = tape_over("abc", 3);
    const rcd_tape empty = tape_over("", 0);
    rcd_stream s;

    CHECK_STATUS(rcd_stream_init(&s, &tape, v, 4, false), RC_EDATA);
    CHECK_MESSAGE_HAS("3 symbols into 4 parallel tracks");
    assert_true(*rc_error_hint());
    CHECK_STATUS(rcd_stream_init(&s, &empty, v, 1, true), RC_EDATA);
    CHECK_STATUS(rcd_stream_init(&s, &tape, v, 0, false), RC_EINVAL);
    CHECK_STATUS(rcd_stream_init(&s, &tape, v, 3, false), RC_OK);
    rcd_vocab_free(v);
}

static void every_width_of_a_tape_is_read(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();
    const uint16_t two[] = {7, 65535, 300, 2};
    const int32_t four[] = {7, 1 << 30, 300, 2};
    const rcd_tape tapes[] = {{.n = 4, .width = 2, .p = two}, {.n = 4, .width = 4, .p = four}};

    for (int i = 0; i < 2; i++) {
        rcd_stream s;

        CHECK_STATUS(rcd_stream_init(&s, &tapes[i], v, 2, true), RC_OK);

        int *seen = read_all(&s, 2);

        free(seen);
    }
    rcd_vocab_free(v);
}

/* ---- lines ------------------------------------------------------------------------------- */

/* Read all batches of lines; checks them against the text itself. */
static void check_lines(const rcd_tape *tape, const rcd_vocab *v, int64_t seqs)
{
    rcd_lines l;
    rcd_batch b = {0};
    int64_t line = 0;
    int64_t rows = 0;
    int64_t done = 0;

    CHECK_STATUS(rcd_lines_init(&l, tape, v), RC_OK);
    assert_int_equal(l.start[l.count], tape->n);
    for (;;) {
        CHECK_STATUS(rcd_lines_batch(&l, &line, seqs, &b), RC_OK);
        if (b.seqs == 0)
            break;
        check_shape(&b);
        assert_int_equal(b.at[1], b.seqs); /* no line is empty: it has an end symbol */
        for (int64_t c = 0; c < b.seqs; c++) {
            const int64_t i = b.seq[c];
            const int64_t n = l.start[i + 1] - l.start[i];

            assert_in_range(i, done, done + b.seqs - 1);
            if (c > 0) {
                const int64_t j = b.seq[c - 1];
                const int64_t m = l.start[j + 1] - l.start[j];

                assert_true(m > n || (m == n && j < i));
            }
            for (int64_t t = 0; t < b.steps; t++) {
                if (t >= n) {
                    assert_true(c >= b.at[t + 1] - b.at[t]);
                    continue;
                }
                const int64_t row = b.at[t] + c;
                const int64_t at = l.start[i] + t;

                assert_int_equal(b.in[row], t == 0 ? l.boundary : rcd_tape_at(tape, at - 1));
                assert_int_equal(b.out[row], rcd_tape_at(tape, at));
                if (t < n - 1)
                    assert_int_not_equal(b.out[row], l.boundary);
                else if (i < l.count - 1)
                    assert_int_equal(b.out[row], l.boundary);
            }
        }
        done += b.seqs;
        rows += b.rows;
        assert_int_equal(line, done);
    }
    assert_int_equal(b.steps, 0);
    assert_int_equal(done, l.count);
    assert_int_equal(rows, tape->n);
    rcd_batch_free(&b);
    rcd_lines_free(&l);
}

static void every_line_is_a_sequence_once(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();

    check_seed();
    for (int trial = 0; trial < 500; trial++) {
        unsigned char bytes[200];
        const int64_t n = pick(0, 200);
        const rcd_tape tape = tape_over(bytes, n);

        fill_bytes(bytes, n);
        check_lines(&tape, v, pick(1, 20));
    }
    rcd_vocab_free(v);
}

static void lines_are_sorted_by_falling_length(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();
    const rcd_tape tape = tape_over("a\n\nbcd\nef", 9); /* the last line has no end */
    rcd_lines l;
    rcd_batch b = {0};
    int64_t line = 0;

    CHECK_STATUS(rcd_lines_init(&l, &tape, v), RC_OK);
    assert_int_equal(l.count, 4);
    CHECK_STATUS(rcd_lines_batch(&l, &line, 10, &b), RC_OK);
    assert_memory_equal(b.seq, ((int64_t[]){2, 0, 3, 1}), 4 * sizeof *b.seq);
    assert_memory_equal(b.at, ((int64_t[]){0, 4, 7, 8, 9}), 5 * sizeof *b.at);
    assert_memory_equal(b.in, ((int32_t[]){'\n', '\n', '\n', '\n', 'b', 'a', 'e', 'c', 'd'}),
                        9 * 4);
    assert_memory_equal(b.out, ((int32_t[]){'b', 'a', 'e', '\n', 'c', '\n', 'f', 'd', '\n'}),
                        9 * 4);
    assert_int_equal(line, 4);
    CHECK_STATUS(rcd_lines_batch(&l, &line, 10, &b), RC_OK);
    assert_int_equal(b.seqs, 0);
    CHECK_STATUS(rcd_lines_batch(&l, &line, 0, &b), RC_EINVAL);
    rcd_batch_free(&b);
    rcd_lines_free(&l);
    rcd_vocab_free(v);
}

static void an_empty_line_of_words_is_its_end_alone(void **unused)
{
    (void)unused;
    rcd_text *t;
    rcd_vocab *v;
    rcd_tape tape;
    rcd_lines l;
    rcd_batch b = {0};
    int64_t line = 1;

    CHECK_STATUS(rcd_text_of(&t, "lines", "a b\n\nb", 6), RC_OK);
    CHECK_STATUS(rcd_vocab_build(&v, RCD_WORD, t, 0, 6, NULL), RC_OK);
    CHECK_STATUS(rcd_tape_encode(&tape, v, t, 0, 6), RC_OK);
    CHECK_STATUS(rcd_lines_init(&l, &tape, v), RC_OK);
    assert_int_equal(l.count, 3);
    CHECK_STATUS(rcd_lines_batch(&l, &line, 1, &b), RC_OK);
    assert_int_equal(b.rows, 1);
    assert_int_equal(b.in[0], rcd_vocab_boundary(v));
    assert_int_equal(b.out[0], rcd_vocab_boundary(v));
    check_lines(&tape, v, 2);
    rcd_batch_free(&b);
    rcd_lines_free(&l);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    rcd_text_free(t);
}

/* ---- parts ------------------------------------------------------------------------------- */

/* Row of sequence c at step t, or -1. */
static int64_t row_of(const rcd_batch *b, int64_t t, int64_t c)
{
    return c < b->at[t + 1] - b->at[t] ? b->at[t] + c : -1;
}

static void check_part(const rcd_batch *b, int64_t part, int64_t parts, const rcd_batch *p)
{
    check_shape(p);
    for (int64_t c = 0; c < p->seqs; c++) {
        assert_int_equal(p->seq[c], b->seq[part + c * parts]);
        for (int64_t t = 0; t < b->steps; t++) {
            const int64_t mine = t < p->steps ? row_of(p, t, c) : -1;
            const int64_t its = row_of(b, t, part + c * parts);

            assert_int_equal(mine < 0, its < 0);
            if (mine >= 0)
                assert_true(p->in[mine] == b->in[its] && p->out[mine] == b->out[its]);
        }
    }
}

/* Every sequence is in one part, as long as it was. */
static void parts_of_a_batch_are_its_sequences(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();
    rcd_batch b = {0}, p = {0};

    check_seed();
    for (int trial = 0; trial < 300; trial++) {
        unsigned char bytes[200];
        const int64_t n = pick(1, 200), parts = pick(1, 9);
        const rcd_tape tape = tape_over(bytes, n);
        int64_t line = 0, seqs = 0, rows = 0;
        rcd_lines l;

        fill_bytes(bytes, n);
        CHECK_STATUS(rcd_lines_init(&l, &tape, v), RC_OK);
        CHECK_STATUS(rcd_lines_batch(&l, &line, pick(1, 20), &b), RC_OK);
        for (int64_t part = 0; part < parts; part++) {
            CHECK_STATUS(rcd_batch_part(&b, part, parts, &p), RC_OK);
            check_part(&b, part, parts, &p);
            seqs += p.seqs;
            rows += p.rows;
        }
        assert_int_equal(seqs, b.seqs);
        assert_int_equal(rows, b.rows);
        rcd_lines_free(&l);
    }
    rcd_batch_free(&b);
    rcd_batch_free(&p);
    rcd_vocab_free(v);
}

/* ---- memory ------------------------------------------------------------------------------ */

static void a_warm_batch_takes_no_memory(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();
    const rcd_tape tape = tape_over("abcdefghijklmnopqrstuvwxyz", 26);
    rcd_stream s;
    rcd_batch b = {0};

    CHECK_STATUS(rcd_stream_init(&s, &tape, v, 4, true), RC_OK);
    CHECK_STATUS(rcd_stream_batch(&s, 0, 3, &b), RC_OK);

    const uint64_t before = rcb_alloc_count();

    for (int64_t pos = 0; pos < s.length; pos += 3)
        CHECK_STATUS(rcd_stream_batch(&s, pos, 3, &b), RC_OK);
    assert_int_equal(rcb_alloc_count(), before);
    rcd_batch_free(&b);
    rcd_vocab_free(v);
}

/* A small batch, then a larger one that must grow. */
static rc_status batch_tracks(void *ctx)
{
    const rcd_tape tape = tape_over("abcdefghijklmnopqrstuvwxyz", 26);
    rcd_stream s;
    rcd_batch b = {0};
    rc_status status = rcd_stream_init(&s, &tape, ctx, 4, true);

    if (status == RC_OK)
        status = rcd_stream_batch(&s, 0, 1, &b);
    if (status == RC_OK)
        status = rcd_stream_batch(&s, 0, 5, &b);
    rcd_batch_free(&b);
    return status;
}

static rc_status batch_lines(void *ctx)
{
    const rcd_tape tape = tape_over("ab\ncdefg\nhijk", 13);
    rcd_lines l = {0};
    rcd_batch b = {0};
    int64_t line = 0;
    rc_status status = rcd_lines_init(&l, &tape, ctx);

    if (status == RC_OK)
        status = rcd_lines_batch(&l, &line, 1, &b);
    if (status == RC_OK)
        status = rcd_lines_batch(&l, &line, 2, &b);
    rcd_batch_free(&b);
    rcd_lines_free(&l);
    return status;
}

static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    rcd_vocab *v = byte_vocab();

    CHECK_EACH_ALLOCATION(batch_tracks, v);
    CHECK_EACH_ALLOCATION(batch_lines, v);
    rcd_vocab_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_stream_predicts_every_symbol_once),
        cmocka_unit_test(equal_tracks_drop_the_tail),
        cmocka_unit_test(rows_stand_in_time_major_order),
        cmocka_unit_test(a_stream_does_not_depend_on_where_it_is_cut),
        cmocka_unit_test(too_short_a_text_is_refused),
        cmocka_unit_test(every_width_of_a_tape_is_read),
        cmocka_unit_test(every_line_is_a_sequence_once),
        cmocka_unit_test(lines_are_sorted_by_falling_length),
        cmocka_unit_test(an_empty_line_of_words_is_its_end_alone),
        cmocka_unit_test(parts_of_a_batch_are_its_sequences),
        cmocka_unit_test(a_warm_batch_takes_no_memory),
        cmocka_unit_test(no_allocation_is_trusted),
    };

    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
