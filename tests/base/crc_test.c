/* crc_test.c -- CRC-32 against published numbers and its definition: by tables and by folding, of
 * any length from anywhere, in pieces, on any number of workers. */
#include "check.h"

typedef uint32_t method(uint32_t crc, const void *bytes, size_t n);

static method *const methods[] = {rcb_crc32, rcb_crc32_by_tables};

#define for_each_method(m)                                                                         \
    for (method *const *m = methods; m < methods + sizeof methods / sizeof *methods; m++)

static void crc_gives_the_published_numbers(void **unused)
{
    (void)unused;
    for_each_method(crc)
    {
        assert_int_equal((*crc)(0, "", 0), 0);
        assert_int_equal((*crc)(0, "a", 1), 0xE8B7BE43);
        assert_int_equal((*crc)(0, "123456789", 9), 0xCBF43926);
        assert_int_equal((*crc)(0, "The quick brown fox jumps over the lazy dog", 43), 0x414FA339);
    }
}

/* The division of polynomials, one bit at a time. */
static uint32_t textbook_crc(uint32_t crc, const unsigned char *p, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/* Bytes at random that begin at any place of a line and end at a guard. */
static unsigned char *random_bytes(unsigned char *guarded, size_t room, size_t n)
{
    unsigned char *p = guarded + room - n;

    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)pick_bits();
    return p;
}

static void every_length_and_place_gives_the_remainder_of_the_definition(void **unused)
{
    enum { MOST = 1100, SHIFTS = 64 };

    (void)unused;
    (void)check_seed();
    for (size_t n = 0; n <= MOST; n++) {
        unsigned char *guarded = guard_bytes(n + SHIFTS);
        const size_t tail = n % SHIFTS; /* bytes between the end and the guard */
        const unsigned char *p = random_bytes(guarded, n + SHIFTS, n + tail);
        const uint32_t from = (uint32_t)pick_bits();
        const uint32_t want = textbook_crc(from, p, n);

        for_each_method(crc)
        {
            assert_int_equal((*crc)(from, p, n), want);
        }
        guard_free(guarded);
    }
}

static void crc_goes_on_wherever_it_was_cut(void **unused)
{
    enum { ROOM = 5000 };
    unsigned char *guarded = guard_bytes(ROOM);

    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 300; trial++) {
        const size_t n = (size_t)pick(0, trial < 50 ? 600 : ROOM);
        const size_t cut = (size_t)pick(0, (int64_t)n);
        const unsigned char *p = random_bytes(guarded, ROOM, n);
        const uint32_t want = textbook_crc(0, p, n);

        for_each_method(crc)
        {
            assert_int_equal((*crc)((*crc)(0, p, cut), p + cut, n - cut), want);
        }
        assert_int_equal(
            rcb_crc32_join(rcb_crc32(0, p, cut), rcb_crc32(0, p + cut, n - cut), n - cut), want);
    }
    guard_free(guarded);
}

static void joining_knows_lengths_that_fit_no_memory(void **unused)
{
    uint32_t want = 0x12345678;

    (void)unused;
    for (int i = 0; i < 16; i++) /* 2^40 zeros, and 16 times as many */
        want = rcb_crc32_join(want, 0, (size_t)1 << 40);
    assert_int_equal(rcb_crc32_join(0x12345678, 0, (size_t)1 << 44), want);
    assert_int_equal(rcb_crc32_join(0x12345678, 0x9ABCDEF0, 0), 0x12345678 ^ 0x9ABCDEF0);
}

static void any_number_of_workers_gives_the_same_crc(void **unused)
{
    static const size_t sizes[] = {0, 1, 4 << 20, (4 << 20) + 1, (13 << 20) + 12345};
    const size_t most = sizes[sizeof sizes / sizeof *sizes - 1];
    unsigned char *bytes = malloc(most);

    (void)unused;
    (void)check_seed();
    assert_non_null(bytes);
    for (size_t i = 0; i < most; i++)
        bytes[i] = (unsigned char)(i * i >> 7 ^ i);
    for (int threads = 1; threads <= 5; threads += 2) {
        rcb_pool *pool;

        CHECK_STATUS(rcb_pool_new(&pool, threads), RC_OK);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const uint32_t want = rcb_crc32_by_tables(0, bytes, sizes[i]);

            assert_int_equal(rcb_crc32_on(pool, bytes, sizes[i]), want);
            assert_int_equal(rcb_crc32_on(NULL, bytes, sizes[i]), want);
        }
        rcb_pool_free(pool);
    }
    free(bytes);
}

/* The numbers of RFC 3720, B.4, and the usual one. */
static void crc32c_gives_the_published_numbers_wherever_it_was_cut(void **unused)
{
    unsigned char bytes[32] = {0};

    (void)unused;
    assert_int_equal(rcb_crc32c(0, "", 0), 0);
    assert_int_equal(rcb_crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(rcb_crc32c(rcb_crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
    assert_int_equal(rcb_crc32c(0, bytes, sizeof bytes), 0x8A9136AA);
    memset(bytes, 0xFF, sizeof bytes);
    assert_int_equal(rcb_crc32c(0, bytes, sizeof bytes), 0x62A8AB43);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(rcb_crc32c(0, bytes, sizeof bytes), 0x46DD794E);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_gives_the_published_numbers),
        cmocka_unit_test(every_length_and_place_gives_the_remainder_of_the_definition),
        cmocka_unit_test(crc_goes_on_wherever_it_was_cut),
        cmocka_unit_test(joining_knows_lengths_that_fit_no_memory),
        cmocka_unit_test(any_number_of_workers_gives_the_same_crc),
        cmocka_unit_test(crc32c_gives_the_published_numbers_wherever_it_was_cut),
    };
    return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
