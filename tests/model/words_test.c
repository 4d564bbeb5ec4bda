/* words_test.c -- pairs come back in order, numbers read back as themselves, texts are JSON. */
#include "model/toy.h"

#include <jansson.h>

static void pairs_come_back_in_order(void **unused)
{
    (void)unused;
    const char *name, *text;
    char longer[1000];
    rcm_words w = {0};

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    CHECK_STATUS(rcm_words_add(&w, "one", "%d", 1), RC_OK);
    CHECK_STATUS(rcm_words_add(&w, "nothing", "%s", ""), RC_OK);
    CHECK_STATUS(rcm_words_add(&w, "much", "%s", longer), RC_OK);
    assert_true(rcm_words_at(&w, 0, &name, &text));
    assert_string_equal(name, "one");
    assert_string_equal(text, "1");
    assert_true(rcm_words_at(&w, 1, &name, &text));
    assert_string_equal(text, "");
    assert_true(rcm_words_at(&w, 2, &name, &text));
    assert_string_equal(text, longer);
    assert_false(rcm_words_at(&w, 3, &name, &text));
    rcm_words_free(&w);
    assert_false(rcm_words_at(&w, 0, &name, &text));
}

static void reals_read_back_as_themselves(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int i = 0; i < 10000; i++) {
        const uint64_t bits = pick_bits();
        rcb_buf b = {0};
        double x;

        memcpy(&x, &bits, sizeof x);
        CHECK_STATUS(rcm_print_real(&b, x), RC_OK);
        if (isfinite(x))
            assert_true(strtod(b.p, NULL) == x);
        else
            assert_string_equal(b.p, "null");
        rcb_buf_free(&b);
    }
}

static void reals_are_short(void **unused)
{
    (void)unused;
    static const struct {
        double x;
        const char *text;
    } cases[] = {{0.1, "0.1"}, {0.002, "0.002"}, {0, "0"}, {1e300, "1e+300"}, {-2.5, "-2.5"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rcb_buf b = {0};

        CHECK_STATUS(rcm_print_real(&b, cases[i].x), RC_OK);
        assert_string_equal(b.p, cases[i].text);
        rcb_buf_free(&b);
    }
}

static void texts_are_json(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"", "a \"b\"\\\n\x01", "r\xc3\xa9sum\xc3\xa9"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rcb_buf b = {0};

        CHECK_STATUS(rcm_print_text(&b, texts[i]), RC_OK);
        json_t *back = json_loads(b.p, JSON_DECODE_ANY, NULL);
        assert_string_equal(json_string_value(back), texts[i]);
        json_decref(back);
        rcb_buf_free(&b);
    }
}

static rc_status add(void *unused)
{
    (void)unused;
    rcm_words w = {0};
    rc_status s = RC_OK;

    for (int i = 0; s == RC_OK && i < 20; i++)
        s = rcm_words_add(&w, "name", "%0300d", i);
    if (s == RC_OK)
        s = rcm_print_text(&w.text, "a text");
    rcm_words_free(&w);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(add, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_come_back_in_order),
        cmocka_unit_test(reals_read_back_as_themselves),
        cmocka_unit_test(reals_are_short),
        cmocka_unit_test(texts_are_json),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
