/* series_test.c -- shuffles are permutations, batches of any choice of series hold what the files
 * say, classes are numbered by a vocabulary.
 */
#include "check.h"
#include "data/data.h"

static rcd_series read_text(const char *text, const char *name)
{
    const char *path = check_temp_path(name);
    rcd_series s = {0};

    check_write_file(path, text, strlen(text));
    CHECK_STATUS(rcd_series_read(&s, path, &(rcd_reading){.part = "train"}), RC_OK);
    return s;
}

static void a_shuffle_is_a_permutation_of_its_own(void **unused)
{
    (void)unused;
    int64_t moved = 0;

    for (int64_t n = 1; n < 150; n++) {
        const rcb_key key = rcb_stream((uint64_t)n, "test");
        bool seen[150] = {false};

        for (int64_t i = 0; i < n; i++) {
            const int64_t to = rcd_shuffled(key, n, i);

            assert_true(to >= 0 && to < n && !seen[to]);
            seen[to] = true;
            moved += to != i;
        }
    }
    assert_true(moved > 150 * 150 / 2 * 9 / 10);
}

/* Channel d, step t of case i is 100 i + 10 t + d; as many steps as given. */
static const char *const four = "@problemName x\n@classLabel true b a\n"
                                "0,10,20:1,11,21:b\n"
                                "100:101:a\n"
                                "200,210,220,230:201,211,221,231:b\n"
                                "300,310,320:301,311,321:a\n";
static const int64_t four_steps[] = {3, 1, 4, 3};

static void batches_are_ragged_and_sorted(void **unused)
{
    (void)unused;
    (void)check_seed();
    rcd_series s = read_text(four, "four.ts");
    rcd_batch b = {0};

    assert_int_equal(s.n, 4);
    assert_int_equal(s.D, 2);
    for (int trial = 0; trial < 200; trial++) {
        const bool next = trial % 2;
        const int64_t seqs = pick(0, 6);
        int64_t which[6], rows = 0, aims = 0;

        for (int64_t i = 0; i < seqs; i++)
            which[i] = pick(0, 3);
        CHECK_STATUS(rcd_series_batch(&s, which, seqs, next, &b), RC_OK);
        assert_int_equal(b.seqs, seqs);
        for (int64_t c = 0; c < seqs; c++) {
            const int64_t i = b.seq[c], steps = four_steps[i] - next;

            for (int64_t t = 0; t < steps; t++) {
                const int64_t row = b.at[t] + c;

                assert_true(row < b.at[t + 1]);
                rows++;
                for (int64_t d = 0; d < 2; d++) {
                    CHECK_NEAR(b.x[row * 2 + d], 100 * i + 10 * t + d, 0);
                    if (next)
                        CHECK_NEAR(b.y[row * 2 + d], 100 * i + 10 * (t + 1) + d, 0);
                }
                if (next || t == steps - 1) {
                    aims++;
                    assert_int_equal(b.out[row], next ? 0 : s.label[i]);
                } else {
                    assert_int_equal(b.out[row], -1);
                }
            }
            if (c > 0) { /* longer ones first, equal ones in the order given */
                const int64_t before = four_steps[b.seq[c - 1]];
                assert_true(before >= four_steps[i]);
            }
        }
        assert_int_equal(b.rows, rows);
        assert_int_equal(b.aims, aims);
    }
    rcd_batch_free(&b);
    rcd_series_free(&s);
}

/* Parts of a batch hold its rows, all of them. */
static void parts_hold_the_vectors_of_the_whole(void **unused)
{
    (void)unused;
    (void)check_seed();
    rcd_series s = read_text(four, "parts.ts");
    rcd_batch b = {0}, part = {0};

    for (int trial = 0; trial < 60; trial++) {
        const int64_t seqs = pick(1, 6), parts = pick(1, 4);
        int64_t which[6], rows = 0, aims = 0;

        for (int64_t i = 0; i < seqs; i++)
            which[i] = pick(0, 3);
        CHECK_STATUS(rcd_series_batch(&s, which, seqs, trial % 2, &b), RC_OK);
        for (int64_t p = 0; p < parts; p++) {
            CHECK_STATUS(rcd_batch_part(&b, p, parts, &part), RC_OK);
            for (int64_t t = 0; t < part.steps; t++)
                for (int64_t c = 0; c < part.at[t + 1] - part.at[t]; c++) {
                    const int64_t to = part.at[t] + c, from = b.at[t] + p + c * parts;

                    assert_memory_equal(part.x + 2 * to, b.x + 2 * from, 2 * sizeof *b.x);
                    assert_memory_equal(part.y + b.K * to, b.y + b.K * from,
                                        (size_t)b.K * sizeof *b.y);
                    assert_int_equal(part.out[to], b.out[from]);
                }
            rows += part.rows;
            aims += part.aims;
        }
        assert_int_equal(rows, b.rows);
        assert_int_equal(aims, b.aims);
    }
    rcd_batch_free(&part);
    rcd_batch_free(&b);
    rcd_series_free(&s);
}

static void classes_are_numbered_by_how_many_there_are(void **unused)
{
    (void)unused;
    rcd_series s =
        read_text("@classLabel true x y z\n1:two words\n2:y\n3:two words\n4:a\n", "classes.ts");
    rcd_series other = read_text("@classLabel true y\n1:y\n", "known.ts");
    rcd_series strange = read_text("@classLabel true q\n1:q\n", "strange.ts");
    rcd_vocab *v;
    size_t n;

    CHECK_STATUS(rcd_series_vocab(&v, &s), RC_OK);
    assert_int_equal(rcd_vocab_size(v), 3 + 2);
    assert_memory_equal(rcd_vocab_symbol(v, 0, &n), "two words", 9);
    assert_memory_equal(rcd_vocab_symbol(v, 1, &n), "a", 1);
    CHECK_STATUS(rcd_series_label(&s, v, "classes.ts"), RC_OK);
    const int32_t want[] = {0, 2, 0, 1};
    assert_memory_equal(s.label, want, sizeof want);
    CHECK_STATUS(rcd_series_label(&other, v, "known.ts"), RC_OK);
    assert_int_equal(other.label[0], 2);
    CHECK_STATUS(rcd_series_label(&strange, v, "strange.ts"), RC_EDATA);
    CHECK_MESSAGE_HAS("'strange.ts': class 'q' is not in the training data");
    rcd_vocab_free(v);
    rcd_series_free(&strange);
    rcd_series_free(&other);
    rcd_series_free(&s);
}

static void the_checksum_tells_series_apart(void **unused)
{
    (void)unused;
    rcd_series b = read_text("#\n1,2:x\n", "b.ts");
    rcd_series c = read_text("#\n1,3:x\n", "c.ts"), d = read_text("#\n1,2:y\n", "d.ts");

    assert_true(b.crc != c.crc && b.crc != d.crc);
    rcd_series_free(&b);
    rcd_series_free(&c);
    rcd_series_free(&d);
}

static rc_status attempt(void *path)
{
    const int64_t which[] = {3, 1, 0};
    rcd_series s = {0};
    rcd_batch b = {0};
    rcd_vocab *v = NULL;
    rc_status status = rcd_series_read(&s, path, &(rcd_reading){.part = "train"});

    if (status == RC_OK)
        status = rcd_series_vocab(&v, &s);
    if (status == RC_OK)
        status = rcd_series_label(&s, v, path);
    if (status == RC_OK)
        status = rcd_series_batch(&s, which, 3, false, &b);
    rcd_vocab_free(v);
    rcd_batch_free(&b);
    rcd_series_free(&s);
    return status;
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    const char *path = check_temp_path("alloc.ts");

    check_write_file(path, four, strlen(four));
    CHECK_EACH_ALLOCATION(attempt, (void *)(uintptr_t)path);
    CHECK_EACH_ALLOCATION(attempt, (void *)(uintptr_t) "order:10:9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shuffle_is_a_permutation_of_its_own),
        cmocka_unit_test(batches_are_ragged_and_sorted),
        cmocka_unit_test(parts_hold_the_vectors_of_the_whole),
        cmocka_unit_test(classes_are_numbered_by_how_many_there_are),
        cmocka_unit_test(the_checksum_tells_series_apart),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
