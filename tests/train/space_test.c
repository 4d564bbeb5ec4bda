/* space_test.c -- what may vary: how it is read, the points of a grid, draws that depend on nothing
 * but seed and number.
 */
#include "check.h"
#include "train/train.h"

static rc_space *space_of(const char *const vary[])
{
    rc_config *c;
    rc_space *s;

    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "layers", "2"), RC_OK);
    CHECK_STATUS(rc_space_new(&s, c), RC_OK);
    rc_config_free(c);
    for (; *vary; vary++)
        CHECK_STATUS(rc_space_vary(s, *vary), RC_OK);
    return s;
}

#define SPACE(...) space_of((const char *const[]){__VA_ARGS__, NULL})

static void check_point(const rc_space *s, int64_t i, const char *const pairs[])
{
    rc_config *c;

    CHECK_STATUS(rc_space_point(s, i, &c), RC_OK);
    for (; *pairs; pairs += 2)
        assert_string_equal(rc_config_get(c, pairs[0]), pairs[1]);
    rc_config_free(c);
}

#define CHECK_POINT(s, i, ...) check_point((s), (i), (const char *const[]){__VA_ARGS__, NULL})

static void a_grid_has_all_combinations_the_last_option_fastest(void **unused)
{
    rc_space *s = SPACE("cell=lstm,gru", "lr=log:0.001..0.1/3", "hidden=64,32|16");
    rc_config *c;

    (void)unused;
    assert_int_equal(rc_space_points(s), 2 * 3 * 2);
    assert_string_equal(rc_space_name(s, 0), "cell");
    assert_string_equal(rc_space_name(s, 2), "hidden");
    assert_null(rc_space_name(s, 3));
    CHECK_POINT(s, 0, "cell", "lstm", "lr", "0.001", "hidden", "64,32", "layers", "2");
    CHECK_POINT(s, 1, "cell", "lstm", "lr", "0.001", "hidden", "16");
    CHECK_POINT(s, 2, "cell", "lstm", "lr", "0.01", "hidden", "64,32");
    CHECK_POINT(s, 11, "cell", "gru", "lr", "0.1", "hidden", "16");
    CHECK_STATUS(rc_space_point(s, 12, &c), RC_EINVAL);
    CHECK_MESSAGE_HAS("no point 12 of 12");
    assert_null(c);
    CHECK_STATUS(rc_space_point(s, -1, &c), RC_EINVAL);
    rc_space_free(s);
}

static void a_space_where_nothing_varies_has_one_point(void **unused)
{
    rc_space *s = SPACE(NULL);

    (void)unused;
    assert_int_equal(rc_space_points(s), 1);
    CHECK_POINT(s, 0, "layers", "2", "lr", "0.002");
    rc_space_free(s);
}

static void ranges_without_a_number_of_values_have_no_end_of_points(void **unused)
{
    rc_space *s = SPACE("dropout=0..0.5", "layers=1,2");
    rc_config *c;

    (void)unused;
    assert_int_equal(rc_space_points(s), 0);
    CHECK_STATUS(rc_space_point(s, 0, &c), RC_EINVAL);
    rc_space_free(s);
}

static double drawn(const rc_space *s, uint64_t seed, uint64_t number, const char *name)
{
    rc_config *c;
    const char *end;

    CHECK_STATUS(rc_space_draw(s, seed, number, &c), RC_OK);
    const double x = rcb_real_read(rc_config_get(c, name), &end);
    assert_int_equal(*end, '\0');
    rc_config_free(c);
    return x;
}

static void draws_lie_in_their_ranges_and_fill_them(void **unused)
{
    enum { DRAWS = 2000 };
    rc_space *s = SPACE("lr=log:0.0001..1", "dropout=0.1..0.5", "layers=1..4", "hidden=log:8..512",
                        "batch=7,9", "l2=log:1e-6..1");
    int layers[5] = {0}, nines = 0, low = 0, small = 0, weak = 0;

    (void)unused;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double lr = drawn(s, 1, i, "lr"), dropout = drawn(s, 1, i, "dropout");
        const double deep = drawn(s, 1, i, "layers"), wide = drawn(s, 1, i, "hidden");
        const double batch = drawn(s, 1, i, "batch"), l2 = drawn(s, 1, i, "l2");
        assert_true(lr >= 0.0001 && lr <= 1 && dropout >= 0.1 && dropout <= 0.5);
        assert_true(deep == floor(deep) && deep >= 1 && deep <= 4);
        assert_true(wide == floor(wide) && wide >= 8 && wide <= 512);
        assert_true((batch == 7 || batch == 9) && l2 >= 1e-6 && l2 <= 1);
        layers[(int)deep]++;
        nines += batch == 9;
        low += lr < 0.01; /* half of the factors */
        small += wide < 64;
        weak += l2 < 1e-3;
    }
    const int margin =
        120; /* more than five deviations of a share of a half: sqrt(2000) / 2 = 22 */
    for (int i = 1; i <= 4; i++)
        assert_true(abs(layers[i] - DRAWS / 4) < margin);
    assert_true(abs(nines - DRAWS / 2) < margin && abs(low - DRAWS / 2) < margin);
    assert_true(abs(small - DRAWS / 2) < margin && abs(weak - DRAWS / 2) < margin);
    rc_space_free(s);
}

static void a_range_may_be_counted_down_from_one(void **unused)
{
    enum { DRAWS = 1000 };
    rc_space *s = SPACE("momentum=1-log:0.01..1", "dropout=1-0.5..0.8");
    rc_space *grid = SPACE("momentum=1-log:0.001..0.1/3");
    int high = 0;

    (void)unused;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double momentum = drawn(s, 1, i, "momentum"), dropout = drawn(s, 1, i, "dropout");
        assert_true(momentum >= 0 && momentum <= 0.99 && dropout >= 0.2 && dropout <= 0.5);
        high += momentum > 0.9; /* half of the factors; a deviation is 16 */
    }
    assert_true(abs(high - DRAWS / 2) < 90);
    CHECK_POINT(grid, 0, "momentum", "0.999");
    CHECK_POINT(grid, 1, "momentum", "0.99");
    CHECK_POINT(grid, 2, "momentum", "0.9");
    CHECK_STATUS(rc_space_vary(s, "lr=1-log:0..1"), RC_EINVAL);
    CHECK_MESSAGE_HAS("'1-log:0..1'");
    CHECK_STATUS(rc_space_vary(s, "beta1=1-1..3"), RC_EINVAL); /* -2 is no rate */
    rc_space_free(s);
    rc_space_free(grid);
}

static void a_draw_depends_on_seed_and_number_alone(void **unused)
{
    rc_space *a = SPACE("lr=log:0.001..0.1", "dropout=0..0.5");
    rc_space *b = SPACE("dropout=0..0.5", "lr=log:0.001..0.1"); /* the order is nothing */

    (void)unused;
    for (uint64_t i = 0; i < 20; i++)
        CHECK_NEAR(drawn(a, 3, 19 - i, "lr"), drawn(b, 3, 19 - i, "lr"), 0);
    assert_true(fabs(drawn(a, 3, 0, "lr") - drawn(a, 4, 0, "lr")) > 0);
    assert_true(fabs(drawn(a, 3, 0, "lr") - drawn(a, 3, 1, "lr")) > 0);
    rc_space_free(a);
    rc_space_free(b);
}

static void draws_from_a_grid_are_each_of_its_points_once(void **unused)
{
    const char *const seeds[] = {"seed=0", "seed=0..1/2", "seed=0..999/1000"};

    (void)unused;
    for (size_t k = 0; k < 3; k++) {
        rc_space *s = SPACE(seeds[k], "batch=1..5/5");
        const int64_t points = rc_space_points(s);
        bool seen[5000] = {false};
        int64_t moved = 0;
        assert_true(points <= 5000);
        for (int64_t i = 0; i < points; i++) {
            const double at =
                5 * drawn(s, 7, (uint64_t)i, "seed") + drawn(s, 7, (uint64_t)i, "batch") - 1;
            assert_true(at >= 0 && at < (double)points && !seen[(size_t)at]);
            seen[(size_t)at] = true;
            moved += at < (double)i || at > (double)i;
        }
        assert_true(points < 5000 || moved > points / 2);
        rc_space_free(s);
    }
}

static void what_is_drawn_has_four_digits(void **unused)
{
    rc_space *s = SPACE("lr=log:0.00001..10");

    (void)unused;
    for (uint64_t i = 0; i < 200; i++) {
        rc_config *c;
        char text[32];
        CHECK_STATUS(rc_space_draw(s, 5, i, &c), RC_OK);
        (void)snprintf(text, sizeof text, "%.4g", drawn(s, 5, i, "lr"));
        assert_true(strtod(text, NULL) == strtod(rc_config_get(c, "lr"), NULL));
        rc_config_free(c);
    }
    rc_space_free(s);
}

static void what_cannot_vary_is_refused_and_changes_nothing(void **unused)
{
    const struct {
        const char *vary, *message;
    } cases[] = {
        {"lr", "it needs an option and its values"},
        {"=1,2", "it needs an option and its values"},
        {"lr=", "it needs an option and its values"},
        {"lrr=1,2", "no option 'lrr'"},
        {"order=2,3", "'order'"},
        {"layers=1,2", "varies twice"},
        {"cell=lstm,lstmm", "'lstmm'"},
        {"cell=lstm..gru", "'lstm..gru'"},
        {"lr=0.1,", "lr"},
        {"lr=1..", "no two numbers"},
        {"lr=..1", "no two numbers"},
        {"lr=log:1,2", "no two numbers"},
        {"lr=2..1", "below the second"},
        {"lr=1..1", "below the second"},
        {"lr=log:0..1", "above zero"},
        {"lr=-1..1", "lr"},
        {"lr=nan..1", "no two numbers"},
        {"lr=0..1e7", "lr"},
        {"lr=0..1/0", "after /"},
        {"lr=0..1/2.5", "after /"},
        {"lr=0..1/1e9", "after /"},
        {"lr=0..1/", "after /"},
        {"lr=0..1x", "stands after it"},
        {"batch=1.5..3", "must be whole"},
        {"hidden=0..64", "hidden"},
    };
    rc_space *s = SPACE("layers=1,2");

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(rc_space_vary(s, cases[i].vary), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].message);
        assert_int_equal(rc_space_points(s), 2);
        assert_null(rc_space_name(s, 1));
    }
    rc_space_free(s);
}

static void files_and_flags_vary_too(void **unused)
{
    rc_space *s = SPACE("train=a.txt,../b.txt", "tied=true,false");

    (void)unused;
    assert_int_equal(rc_space_points(s), 4);
    CHECK_POINT(s, 0, "train", "a.txt", "tied", "true");
    CHECK_POINT(s, 3, "train", "../b.txt", "tied", "false");
    rc_space_free(s);
}

static rc_status make_and_draw(void *base)
{
    rc_space *s;
    rc_config *c;

    RC_TRY(rc_space_new(&s, base));
    rc_status status = rc_space_vary(s, "lr=log:0.001..0.1/3");
    if (status == RC_OK)
        status = rc_space_vary(s, "dropout=0..0.5");
    if (status == RC_OK)
        status = rc_space_draw(s, 1, 1, &c);
    if (status == RC_OK)
        rc_config_free(c);
    rc_space_free(s);
    return status;
}

static void every_allocation_may_fail(void **unused)
{
    rc_config *c;

    (void)unused;
    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_EACH_ALLOCATION(make_and_draw, c);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_has_all_combinations_the_last_option_fastest),
        cmocka_unit_test(a_space_where_nothing_varies_has_one_point),
        cmocka_unit_test(ranges_without_a_number_of_values_have_no_end_of_points),
        cmocka_unit_test(draws_lie_in_their_ranges_and_fill_them),
        cmocka_unit_test(a_range_may_be_counted_down_from_one),
        cmocka_unit_test(a_draw_depends_on_seed_and_number_alone),
        cmocka_unit_test(draws_from_a_grid_are_each_of_its_points_once),
        cmocka_unit_test(what_is_drawn_has_four_digits),
        cmocka_unit_test(what_cannot_vary_is_refused_and_changes_nothing),
        cmocka_unit_test(files_and_flags_vary_too),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
