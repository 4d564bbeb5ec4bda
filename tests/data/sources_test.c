/* sources_test.c -- what is made is what the problems say, and differs from part to part. */
#include "check.h"
#include "data/data.h"

enum { MANY = 300 };

static rcd_series made(const char *spec, const char *part, uint64_t seed)
{
    rcd_series s = {0};

    CHECK_STATUS(rcd_series_read(&s, spec, &(rcd_reading){.part = part, .seed = seed}), RC_OK);
    return s;
}

/* Sequence i alone. */
static void look(rcd_batch *b, const rcd_series *s, int64_t i)
{
    CHECK_STATUS(rcd_series_batch(s, &i, 1, false, b), RC_OK);
    assert_int_equal(b->rows, rcd_series_steps(s, i));
}

/* The sum of the two that are marked, wherever they are; the guess 1 is off by 1/6. */
static void adding_is_the_sum_of_the_marked(void **unused)
{
    (void)unused;
    rcd_series s = made("adding:9:300", "train", 1);
    rcd_batch b = {0};
    double square = 0;
    int places[9] = {0};

    for (int64_t i = 0; i < MANY; i++) {
        double sum = 0;
        int marks = 0;

        look(&b, &s, i);
        assert_int_equal(b.aims, 1);
        for (int64_t t = 0; t < 9; t++) {
            assert_true(b.x[2 * t] >= 0 && b.x[2 * t] < 1);
            assert_true(b.x[2 * t + 1] == 0 || b.x[2 * t + 1] == 1);
            if (b.x[2 * t + 1] == 1) {
                sum += (double)b.x[2 * t];
                marks++;
                places[t]++;
            }
            assert_int_equal(b.out[t], t == 8 ? 0 : -1);
        }
        assert_int_equal(marks, 2);
        CHECK_NEAR(b.y[8], sum, 1e-6);
        square += (sum - 1) * (sum - 1);
    }
    CHECK_NEAR(square / MANY, 1.0 / 6, 0.04);
    for (int t = 0; t < 9; t++)
        assert_true(places[t] > MANY / 9 && places[t] < MANY / 3);
    rcd_batch_free(&b);
    rcd_series_free(&s);
}

static int hot(const rc_real *x, int n)
{
    int at = -1;

    for (int i = 0; i < n; i++) {
        assert_true(x[i] == 0 || x[i] == 1);
        if (x[i] == 1) {
            assert_int_equal(at, -1);
            at = i;
        }
    }
    assert_true(at >= 0);
    return at;
}

static void copy_says_the_ten_again(void **unused)
{
    (void)unused;
    rcd_series s = made("copy:5:300", "train", 1);
    rcd_batch b = {0};

    for (int64_t i = 0; i < 50; i++) {
        look(&b, &s, i);
        assert_true(b.steps == 25 && b.aims == 25);
        for (int t = 0; t < 25; t++) {
            const int in = hot(b.x + 10 * t, 10);

            if (t < 10)
                assert_true(in < 8);
            else
                assert_int_equal(in, t == 14 ? 9 : 8);
            assert_int_equal(b.out[t], t < 15 ? 8 : hot(b.x + 10 * (t - 15), 10));
        }
    }
    rcd_batch_free(&b);
    rcd_series_free(&s);
}

static void order_tells_the_two_symbols(void **unused)
{
    (void)unused;
    rcd_series s = made("order:40:300", "train", 1);
    rcd_batch b = {0};
    int classes[4] = {0};

    for (int64_t i = 0; i < MANY; i++) {
        int found = 0, class = 0;

        look(&b, &s, i);
        for (int t = 0; t < 40; t++) {
            const int in = hot(b.x + 6 * t, 6);

            if (in < 4)
                continue;
            assert_true(found == 0 ? t >= 4 && t < 8 : t >= 20 && t < 24);
            class = 2 * class + in - 4;
            found++;
        }
        assert_int_equal(found, 2);
        assert_int_equal(b.out[39], class);
        classes[class]++;
    }
    for (int k = 0; k < 4; k++)
        assert_true(classes[k] > MANY / 8);
    rcd_batch_free(&b);
    rcd_series_free(&s);
}

/* The same seed and part, the same sequences; else others. */
static void parts_and_seeds_differ(void **unused)
{
    (void)unused;
    const rcd_series s[] = {made("adding:20:9", "train", 1), made("adding:20:9", "train", 1),
                            made("adding:20:9", "valid", 1), made("adding:20:9", "train", 2)};
    rcd_batch a = {0}, b = {0};

    for (int k = 1; k < 4; k++) {
        look(&a, &s[0], 4);
        look(&b, &s[k], 4);
        assert_int_equal(memcmp(a.x, b.x, 40 * sizeof *a.x) == 0, k == 1);
        look(&b, &s[0], 5);
        assert_true(memcmp(a.x, b.x, 40 * sizeof *a.x) != 0);
    }
    rcd_batch_free(&a);
    rcd_batch_free(&b);
}

static void every_source_is_described(void **unused)
{
    (void)unused;
    const rcd_source *s;

    for (size_t i = 0; (s = rcd_source_at(i)); i++) {
        assert_ptr_equal(rcd_source_find(s->name), s);
        assert_true(*s->help && *s->paper && s->D > 0 && (s->K > 0) != (s->classes > 0));
    }
    assert_null(rcd_source_find("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_is_the_sum_of_the_marked),
        cmocka_unit_test(copy_says_the_ten_again),
        cmocka_unit_test(order_tells_the_two_symbols),
        cmocka_unit_test(parts_and_seeds_differ),
        cmocka_unit_test(every_source_is_described),
    };

    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
