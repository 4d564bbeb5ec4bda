/* series_npy_test.c -- arrays of NumPy become series, with the answers of the array beside. */
#include "check.h"
#include "data/data_in.h"

#include <math.h>

static const char *array(const char *name, const char *type, const char *shape, const void *data,
                         size_t n)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    char header[256];
    unsigned char file[1024] = "\x93NUMPY\x01";

    (void)snprintf(path, sizeof *paths, "%s", check_temp_path(name));
    const int length =
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n",
                 type, shape);
    file[8] = (unsigned char)length;
    memcpy(file + 10, header, (size_t)length);
    memcpy(file + 10 + length, data, n);
    check_write_file(path, file, 10 + (size_t)length + n);
    return path;
}

static rc_status read_series(rcd_series *s, const char *path, rcd_reading how)
{
    *s = (rcd_series){0};
    how.part = "train";
    return rcd_series_read(s, path, &how);
}

static const float steps[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void answers_are_in_the_array_beside(void **unused)
{
    (void)unused;
    const int32_t classes[] = {4, 7}, each[] = {0, 1, 1, 0, 0, 1};
    const float numbers[] = {0.5F, 1.5F, NAN, 2};
    const char *x = array("x_a.npy", "<f4", "(2, 3, 2)", steps, sizeof steps);
    rcd_series s;

    CHECK_STATUS(read_series(&s, x, (rcd_reading){0}), RC_OK); /* there are none */
    assert_true(s.n == 2 && s.D == 2 && s.K == 0 && !s.classes);
    assert_memory_equal(s.x, steps, sizeof steps);
    rcd_series_free(&s);

    (void)array("y_a.npy", "<i4", "(2,)", classes, sizeof classes);
    CHECK_STATUS(read_series(&s, x, (rcd_reading){0}), RC_OK);
    assert_true(s.classes && !s.each && s.names.n == 2);
    assert_memory_equal(s.names.bytes, "4\0007", 4);
    rcd_series_free(&s);
    CHECK_STATUS(read_series(&s, x, (rcd_reading){.blind = true}), RC_OK);
    assert_true(!s.classes && s.K == 0);
    rcd_series_free(&s);

    (void)array("y_a.npy", "<i4", "(2, 3)", each, sizeof each);
    CHECK_STATUS(read_series(&s, x, (rcd_reading){0}), RC_OK);
    assert_true(s.classes && s.each && s.names.n == 2);
    rcd_series_free(&s);

    (void)array("y_a.npy", "<f4", "(2, 2)", numbers, sizeof numbers);
    CHECK_STATUS(read_series(&s, x, (rcd_reading){0}), RC_OK);
    assert_true(!s.classes && !s.each && s.K == 2);
    assert_true(s.y[1] == 1.5F && isnan(s.y[2]));
    rcd_series_free(&s);

    x = array("X_b.npy", "<f4", "(4, 3)", steps, sizeof steps);
    (void)array("Y_b.npy", "<f4", "(4,)", numbers, sizeof numbers);
    CHECK_STATUS(read_series(&s, x, (rcd_reading){0}), RC_OK);
    assert_true(s.n == 4 && s.D == 1 && s.K == 1 && !s.each);
    assert_int_equal(rcd_series_steps(&s, 3), 3);
    rcd_series_free(&s);
}

static void what_does_not_fit_is_said(void **unused)
{
    (void)unused;
    const float odd[] = {1, 2, INFINITY, 4};
    rcd_series s;

    CHECK_STATUS(
        read_series(&s, array("x_c.npy", "<f4", "(12,)", steps, sizeof steps), (rcd_reading){0}),
        RC_EDATA);
    CHECK_MESSAGE_HAS("it has 1 dimensions, series are (N,T) or (N,T,D)");
    rcd_series_free(&s);
    CHECK_STATUS(
        read_series(&s, array("z.npy", "<f4", "(2, 2)", odd, sizeof odd), (rcd_reading){0}),
        RC_EDATA);
    CHECK_MESSAGE_HAS("x[1,0,0] is no number");
    rcd_series_free(&s);
    (void)array("y_d.npy", "<f4", "(3,)", steps, 12);
    CHECK_STATUS(
        read_series(&s, array("x_d.npy", "<f4", "(2, 6)", steps, sizeof steps), (rcd_reading){0}),
        RC_EDATA);
    CHECK_MESSAGE_HAS("it does not hold answers to 2 series");
    rcd_series_free(&s);
    (void)array("y_d.npy", "<f4", "(2, 3, 2)", steps, sizeof steps);
    CHECK_STATUS(
        read_series(&s, array("x_d.npy", "<f4", "(2, 6)", steps, sizeof steps), (rcd_reading){0}),
        RC_EDATA);
    CHECK_MESSAGE_HAS("answers to 3 steps, there are 6");
    rcd_series_free(&s);
    CHECK_STATUS(read_series(&s, array("w.npy", "<f4", "(100000000000000, 0, 1)", steps, 0),
                             (rcd_reading){0}),
                 RC_EDATA);
    CHECK_MESSAGE_HAS("its series have no steps, or no numbers");
    rcd_series_free(&s);
    (void)array("y_e.npy", "<f4", "(2,)", odd + 1, 8);
    CHECK_STATUS(
        read_series(&s, array("x_e.npy", "<f4", "(2, 6)", steps, sizeof steps), (rcd_reading){0}),
        RC_EDATA);
    CHECK_MESSAGE_HAS("answer 1 is no number");
    rcd_series_free(&s);
    const int64_t huge[] = {1, INT64_MAX};
    (void)array("y_f.npy", "<i8", "(2,)", huge, sizeof huge);
    CHECK_STATUS(
        read_series(&s, array("x_f.npy", "<f4", "(2, 6)", steps, sizeof steps), (rcd_reading){0}),
        RC_EDATA);
    CHECK_MESSAGE_HAS("answer 1 is too large a class");
    rcd_series_free(&s);
    CHECK_STATUS(read_series(&s, array("w.npy", "<f4", "(0, 6)", steps, 0), (rcd_reading){0}),
                 RC_EDATA);
    CHECK_MESSAGE_HAS("there are no series in it");
    rcd_series_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_in_the_array_beside),
        cmocka_unit_test(what_does_not_fit_is_said),
    };

    return cmocka_run_group_tests_name("series_npy", tests, NULL, NULL);
}
