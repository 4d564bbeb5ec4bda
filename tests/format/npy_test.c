/* npy_test.c -- arrays of NumPy are read in every kind of number, and damaged ones are refused. */
#include "check.h"
#include "format/format.h"

/* A file of version 1 or 2 out of a header and numbers. */
static size_t build(unsigned char *to, int version, const char *header, const void *data, size_t n)
{
    const size_t length = strlen(header), wide = version > 1 ? 4 : 2;

    memcpy(to, "\x93NUMPY", 6);
    to[6] = (unsigned char)version;
    to[7] = 0;
    memset(to + 8, 0, wide);
    to[8] = (unsigned char)(length & 255);
    to[9] = (unsigned char)(length >> 8);
    memcpy(to + 8 + wide, header, length);
    if (n > 0)
        memcpy(to + 8 + wide + length, data, n);
    return 8 + wide + length + n;
}

static void numbers_of_every_kind_are_read(void **unused)
{
    (void)unused;
    const struct {
        const char *type;
        size_t n;
        unsigned char data[16];
        double want[2];
    } kinds[] = {
        {"<f4", 8, {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}, {1, -2.5}},
        {">f4", 8, {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0}, {1, -2.5}},
        {"<f8", 16, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0x04, 0xc0}, {1, -2.5}},
        {"<i4", 8, {1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, {1, -2}},
        {">i2", 4, {0, 1, 0xff, 0xfe}, {1, -2}},
        {"<i8",
         16,
         {7, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
         {7, -1}},
        {"|u1", 2, {3, 255}, {3, 255}},
        {"|i1", 2, {3, 255}, {3, -1}},
        {"|b1", 2, {0, 1}, {0, 1}},
        {"<u2", 4, {1, 0, 0xff, 0xff}, {1, 65535}},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int version = 1; version <= 2; version++) {
            unsigned char file[256];
            char header[128];
            rcf_npy a;

            (void)snprintf(header, sizeof header,
                           "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }\n",
                           kinds[i].type);
            const size_t n = build(file, version, header, kinds[i].data, kinds[i].n);
            CHECK_STATUS(rcf_npy_parse(&a, "a.npy", file, n), RC_OK);
            assert_true(a.rank == 1 && a.dim[0] == 2 && a.count == 2);
            for (int k = 0; k < 2; k++)
                CHECK_NEAR(rcf_npy_at(&a, k), kinds[i].want[k], 0);
        }
}

static void shapes_are_what_the_header_says(void **unused)
{
    (void)unused;
    const float x[24] = {0};
    unsigned char file[512];
    rcf_npy a;
    size_t n =
        build(file, 1, "{'shape': (2, 3,4), 'fortran_order': False, 'descr': '<f4'}", x, sizeof x);

    CHECK_STATUS(rcf_npy_parse(&a, "a.npy", file, n), RC_OK);
    assert_true(a.rank == 3 && a.dim[0] == 2 && a.dim[1] == 3 && a.dim[2] == 4 && a.count == 24);
    n = build(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}", x, 4);
    CHECK_STATUS(rcf_npy_parse(&a, "a.npy", file, n), RC_OK);
    assert_true(a.rank == 0 && a.count == 1);
    n = build(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5)}", x, 0);
    CHECK_STATUS(rcf_npy_parse(&a, "a.npy", file, n), RC_OK);
    assert_true(a.rank == 2 && a.count == 0);
}

static void damaged_files_are_refused(void **unused)
{
    (void)unused;
    static const char *const bad[][2] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "take 12 bytes, 8 are there"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "take 4 bytes, 8 are there"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (4,)}", "its numbers are '<f2'"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "its numbers are"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "are records"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", "columns come first"},
        {"{'descr': '<f4', 'shape': (2,)}", "has no order"},
        {"{'descr': '<f4', 'fortran_order': False}", "has no shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2", "has no shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "has no shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}", "dimensions"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (400000000000000000,9,9,9,9,9)}",
         "too large"},
        {"", "has no type"},
    };
    const float x[2] = {0};
    unsigned char file[512];
    rcf_npy a;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const size_t n = build(file, 1, bad[i][0], x, sizeof x);

        CHECK_STATUS(rcf_npy_parse(&a, "a.npy", file, n), RC_EFORMAT);
        CHECK_MESSAGE_HAS(bad[i][1]);
    }
    const size_t n = build(file, 1, bad[0][0], x, sizeof x);
    for (size_t k = 0; k < n; k++) /* cut off anywhere */
        CHECK_STATUS(rcf_npy_parse(&a, "a.npy", file, k), RC_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_kind_are_read),
        cmocka_unit_test(shapes_are_what_the_header_says),
        cmocka_unit_test(damaged_files_are_refused),
    };

    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
