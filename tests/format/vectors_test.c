/* vectors_test.c -- the kind of a file of word vectors follows from its bytes; its checksum. */
#include "check.h"
#include "format/format.h"

static const char text[] = "the 1 2\nof 3 4\nthe 5 6\n";

static void the_first_of_two_words_counts(void **unused)
{
    (void)unused;
    rcf_vectors *v;
    int64_t at;

    CHECK_STATUS(rcf_vectors_parse(&v, "v", text, sizeof text - 1), RC_OK);
    CHECK_STATUS(rcf_vectors_find(v, "the", 3, &at), RC_OK);
    assert_int_equal(at, 0);
    CHECK_STATUS(rcf_vectors_find(v, "of", 2, &at), RC_OK);
    assert_int_equal(at, 1);
    assert_int_equal(rcf_vectors_crc(v), rcb_crc32(0, text, sizeof text - 1));
    rcf_vectors_free(v);
}

static void the_kind_follows_from_the_bytes(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t n;
        const char *words;
    } cases[] = {
        {"\x93NUMPY\1\0\xff\xff", 10, "cut off in its header"},
        {"\x02\0\0\0\0\0\0\0{}", 10, "no tensor 'vectors'"},
        {"\x03\0\0\0\0\0\0\0{}", 10, "v"},
        {"the\n", 4, "byte 0: 1 fields"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rcf_vectors *v;

        CHECK_STATUS(rcf_vectors_parse(&v, "v", cases[i].bytes, cases[i].n), RC_EFORMAT);
        CHECK_MESSAGE_HAS(cases[i].words);
        assert_null(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_two_words_counts),
        cmocka_unit_test(the_kind_follows_from_the_bytes),
    };

    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
