/* buf_test.c -- byte buffers against a plain record. */
#include "check.h"

static void buffer_holds_what_was_added(void **unused)
{
    rcb_buf b = {0};
    static char want[1 << 16];
    size_t n = 0;

    (void)unused;
    (void)check_seed();
    for (int i = 0; i < 300; i++) {
        char piece[200];
        const size_t size = (size_t)pick(0, sizeof piece);

        for (size_t j = 0; j < size; j++)
            piece[j] = (char)pick(0, 255);
        CHECK_STATUS(rcb_buf_add(&b, piece, size), RC_OK);
        memcpy(want + n, piece, size);
        n += size;
        assert_int_equal(b.n, n);
        assert_true(b.cap > b.n);
        assert_int_equal(b.p[n], 0);
    }
    assert_memory_equal(b.p, want, n);
    rcb_buf_free(&b);
    assert_null(b.p);
    assert_int_equal(b.n, 0);
    rcb_buf_free(&b);
}

static void text_in_a_buffer_is_a_string(void **unused)
{
    rcb_buf b = {0};

    (void)unused;
    CHECK_STATUS(rcb_buf_puts(&b, ""), RC_OK);
    assert_string_equal(b.p, "");
    CHECK_STATUS(rcb_buf_puts(&b, "loss "), RC_OK);
    CHECK_STATUS(rcb_buf_printf(&b, "%.3f at %d%s", 1.5, 7, ""), RC_OK);
    assert_string_equal(b.p, "loss 1.500 at 7");
    assert_int_equal(b.n, 15);
    rcb_buf_clear(&b);
    assert_string_equal(b.p, "");
    assert_int_equal(b.n, 0);
    assert_true(b.cap > 0);
    rcb_buf_free(&b);
    rcb_buf_clear(&b); /* also when it never had anything */
}

static void long_text_is_printed_whole(void **unused)
{
    rcb_buf b = {0};

    (void)unused;
    CHECK_STATUS(rcb_buf_printf(&b, "%*d|", 5000, 1), RC_OK);
    assert_int_equal(b.n, 5001);
    assert_int_equal(b.p[0], ' ');
    assert_string_equal(b.p + 4999, "1|");
    rcb_buf_free(&b);
}

static rc_status fill_buffer(void *ctx)
{
    rcb_buf b = {0};
    rc_status status = RC_OK;

    (void)ctx;
    for (int i = 0; i < 200 && status == RC_OK; i++) {
        const size_t before = b.n;

        status = i % 2 ? rcb_buf_puts(&b, "0123456789") : rcb_buf_printf(&b, "%010d", i);
        if (status != RC_OK) {
            assert_int_equal(b.n, before); /* a failed addition changes nothing */
            assert_true(before == 0 || b.p[before] == 0);
        }
    }
    rcb_buf_free(&b);
    return status;
}

static void failed_addition_leaves_the_buffer(void **unused)
{
    rcb_buf b = {0};

    (void)unused;
    CHECK_EACH_ALLOCATION(fill_buffer, NULL);
    CHECK_STATUS(rcb_buf_puts(&b, "kept"), RC_OK);
    CHECK_STATUS(rcb_buf_add(&b, "", SIZE_MAX), RC_ENOMEM);
    CHECK_STATUS(rcb_buf_add(&b, "", SIZE_MAX - 5), RC_ENOMEM);
    CHECK_MESSAGE_HAS("out of memory");
    assert_string_equal(b.p, "kept");
    rcb_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_holds_what_was_added),
        cmocka_unit_test(text_in_a_buffer_is_a_string),
        cmocka_unit_test(long_text_is_printed_whole),
        cmocka_unit_test(failed_addition_leaves_the_buffer),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
