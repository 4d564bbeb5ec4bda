/* series_read_test.c -- files of series, good and bad, and what is asked to be made. */
#include "check.h"
#include "data/data.h"

static rc_status read_bytes(rcd_series *s, const char *name, const void *bytes, size_t n,
                            rcd_reading how)
{
    const char *path = check_temp_path(name);

    check_write_file(path, bytes, n);
    *s = (rcd_series){0};
    how.part = "train";
    return rcd_series_read(s, path, &how);
}

static rc_status read_text(rcd_series *s, const char *text)
{
    return read_bytes(s, "text", text, strlen(text), (rcd_reading){0});
}

static void cases_of_ts_are_channels_and_a_class(void **unused)
{
    (void)unused;
    rcd_series s;

    CHECK_STATUS(read_text(&s, "# words\r\n@univariate false\n@classLabel true 1 2\n@data\r\n"
                               "-1.5, 2e3:0.25,3: 2 or so\r\n\n7:8:1"),
                 RC_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.D, 2);
    assert_true(s.classes && !s.each && s.names.n == 2);
    const float want[] = {-1.5F, 0.25F, 2000, 3, 7, 8};
    assert_memory_equal(s.x, want, sizeof want);
    assert_int_equal(rcd_series_steps(&s, 0), 2);
    assert_int_equal(rcd_series_steps(&s, 1), 1);
    assert_memory_equal(s.names.bytes, "2 or so\0001", 10);
    rcd_series_free(&s);

    CHECK_STATUS(read_text(&s, "@classLabel false\n1,2,3\n"), RC_OK);
    assert_true(!s.classes && !s.label && s.D == 1);
    rcd_series_free(&s);
}

static void rolls_are_keys_of_a_piano(void **unused)
{
    (void)unused;
    rcd_series s;

    CHECK_STATUS(read_text(&s, "21,108 - 60\n\n-\n"), RC_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.D, 88);
    assert_int_equal(rcd_series_steps(&s, 0), 3);
    for (int64_t t = 0; t < 4; t++)
        for (int64_t d = 0; d < 88; d++)
            CHECK_NEAR(s.x[88 * t + d], t == 0 ? d == 0 || d == 87 : t == 2 && d == 39, 0);
    rcd_series_free(&s);
}

static void what_is_wrong_with_a_file_is_said(void **unused)
{
    (void)unused;
    static const char *const bad[][2] = {
        {"@data\n1,2:a\n1,?:a\n", "line 3: a value is no number"},
        {"@data\n1,:a\n", "line 2: a value is no number"},
        {"@data\n1,nan:a\n", "line 2: a value is no number"},
        {"@data\n1,2:3:a\n", "line 2: channels of different length"},
        {"@data\n1,2:3,4:a\n1,2:a\n", "line 3: 1 numbers a step, there were 2 before"},
        {"@data\n1,2:\n", "line 2: the class is empty"},
        {"@data\n1,2\n", "line 2: no ':' and a class at the end"},
        {"60 61\n60 20\n", "line 2: a pitch is no number from 21 to 108"},
        {"60,x\n", "line 1: a pitch is no number from 21 to 108"},
        {"60,4294967356\n", "line 1: a pitch is no number"},
        {"@data\n1,1e39:a\n", "line 2: a value is no number"},
        {"@classLabel false\n1,2\n@classLabel true a\n1,2:a\n", "cannot mix series"},
        {"@classLabel true a\n1,2:a\n@classLabel false\n1,2\n", "cannot mix series"},
        {"@data\n", "there are no series in it"},
        {"-\n", NULL},
        {"  \n60 62\n  \n", NULL},
        {"", "neither .ts, .csv, .npy, idx images nor piano rolls"},
        {"hello\n", "neither .ts, .csv, .npy, idx images nor piano rolls"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rcd_series s;

        CHECK_STATUS(read_text(&s, bad[i][0]), bad[i][1] ? RC_EDATA : RC_OK);
        if (bad[i][1])
            CHECK_MESSAGE_HAS(bad[i][1]);
        else
            assert_int_equal(s.n, 1);
        rcd_series_free(&s);
    }
}

static void names_of_classes_are_text(void **unused)
{
    (void)unused;
    static const char zero[] = "@data\n1,2:a\0b\n";
    rcd_vocab *v;
    rcd_series s;

    CHECK_STATUS(read_bytes(&s, "zero", zero, sizeof zero - 1, (rcd_reading){0}), RC_EDATA);
    CHECK_MESSAGE_HAS("NUL");
    rcd_series_free(&s);
    CHECK_STATUS(read_text(&s, "@data\n1,2:<unk>\n3,4:b\n"), RC_OK);
    CHECK_STATUS(rcd_series_vocab(&v, &s), RC_EDATA);
    CHECK_MESSAGE_HAS("a class cannot be named '<unk>'");
    rcd_series_free(&s);
}

/* Two images of 2 x 3. */
static const unsigned char images[] = {0, 0, 8, 3,  0,   0,   0,   2,   0, 0, 0, 2, 0, 0,
                                       0, 3, 0, 51, 102, 153, 204, 255, 5, 4, 3, 2, 1, 0};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 3};

static void images_are_rows_or_pixels(void **unused)
{
    (void)unused;
    rcd_series s;

    check_write_file(check_temp_path("t-labels-idx1-ubyte"), labels, sizeof labels);
    CHECK_STATUS(read_bytes(&s, "t-images-idx3-ubyte", images, sizeof images, (rcd_reading){0}),
                 RC_OK);
    assert_true(s.n == 2 && s.D == 3 && s.classes && rcd_series_steps(&s, 1) == 2);
    assert_memory_equal(s.names.bytes, "7\0003", 4);
    for (int i = 0; i < 12; i++)
        CHECK_NEAR(s.x[i], images[16 + i] / 255.0, 1e-6);
    rcd_series_free(&s);

    CHECK_STATUS(read_bytes(&s, "t-images-idx3-ubyte", images, sizeof images,
                            (rcd_reading){.pixels = true, .permute = true, .seed = 3}),
                 RC_OK);
    assert_true(s.n == 2 && s.D == 1 && rcd_series_steps(&s, 1) == 6);
    for (int t = 0; t < 6; t++) { /* one order for all images */
        const int64_t from = rcd_shuffled(rcb_stream(3, "permute"), 6, t);

        CHECK_NEAR(s.x[t], images[16 + from] / 255.0, 1e-6);
        CHECK_NEAR(s.x[6 + t], images[22 + from] / 255.0, 1e-6);
    }
    rcd_series_free(&s);
}

static void images_without_labels_are_refused(void **unused)
{
    (void)unused;
    rcd_series s;

    CHECK_STATUS(read_bytes(&s, "pictures", images, sizeof images, (rcd_reading){0}), RC_EDATA);
    CHECK_MESSAGE_HAS("with 'labels-idx1' for 'images-idx3'");
    rcd_series_free(&s);
    CHECK_STATUS(read_bytes(&s, "u-images-idx3", images, sizeof images, (rcd_reading){0}), RC_EIO);
    rcd_series_free(&s);
    check_write_file(check_temp_path("v-labels-idx1"), labels, sizeof labels - 1);
    CHECK_STATUS(read_bytes(&s, "v-images-idx3", images, sizeof images, (rcd_reading){0}),
                 RC_EDATA);
    CHECK_MESSAGE_HAS("does not hold the labels of 2 images");
    rcd_series_free(&s);
    for (size_t n = 4; n < sizeof images; n++) {
        CHECK_STATUS(read_bytes(&s, "t-images-idx3-ubyte", images, n, (rcd_reading){0}), RC_EDATA);
        CHECK_MESSAGE_HAS("it is cut off");
        rcd_series_free(&s);
    }
}

static void what_is_made_is_said_as_a_file(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "adding:1",   "adding:",       "adding:10:0",   "adding:10:x",  "adding:10.5",
        "order:9",    "copy:0",        "adding:10:5:6", "adding:1e300", "adding:10:1e20",
        "adding:nan", "adding:10:nan", "adding:10:2.5"};
    rcd_series s = {0};

    CHECK_STATUS(rcd_series_read(&s, "adding:10:7", &(rcd_reading){.part = "train"}), RC_OK);
    assert_true(s.n == 7 && s.D == 2 && s.K == 1 && !s.classes);
    CHECK_STATUS(rcd_series_read(&s, "adding:10:7", &(rcd_reading){.part = "train"}), RC_EINVAL);
    rcd_series_free(&s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(rcd_series_read(&s, bad[i], &(rcd_reading){.part = "train"}), RC_EINVAL);
        CHECK_MESSAGE_HAS("cannot make");
        rcd_series_free(&s);
    }
    CHECK_STATUS(rcd_series_read(&s, "subtracting:10", &(rcd_reading){.part = "train"}), RC_EIO);
    rcd_series_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_of_ts_are_channels_and_a_class),
        cmocka_unit_test(rolls_are_keys_of_a_piano),
        cmocka_unit_test(what_is_wrong_with_a_file_is_said),
        cmocka_unit_test(names_of_classes_are_text),
        cmocka_unit_test(images_are_rows_or_pixels),
        cmocka_unit_test(images_without_labels_are_refused),
        cmocka_unit_test(what_is_made_is_said_as_a_file),
    };

    return cmocka_run_group_tests_name("series_read", tests, NULL, NULL);
}
