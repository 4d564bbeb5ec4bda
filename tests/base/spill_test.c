/* spill_test.c -- unnamed files as memory, and what they say when there is no room. */
#define _GNU_SOURCE /* setenv */
#include "check.h"

#include <sys/mount.h>

static void spill_is_memory_that_starts_as_zeros(void **unused)
{
    static const size_t sizes[] = {0, 1, 4096, 3000000};

    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rcb_spill s;

        CHECK_STATUS(rcb_spill_new(&s, sizes[i]), RC_OK);
        assert_non_null(s.p);
        assert_int_equal(s.n, sizes[i]);

        unsigned char *p = s.p;

        for (size_t j = 0; j < s.n; j += 997) {
            assert_int_equal(p[j], 0);
            p[j] = (unsigned char)j;
        }
        for (size_t j = 0; j < s.n; j += 997)
            assert_int_equal(p[j], (unsigned char)j);
        rcb_spill_free(&s);
        assert_null(s.p);
        rcb_spill_free(&s);
    }
}

static void spill_has_no_name(void **unused)
{
    const char *folder = check_new_folder();
    rcb_spill s;

    (void)unused;
    setenv("TMPDIR", folder, 1);
    CHECK_STATUS(rcb_spill_new(&s, 100), RC_OK);
    unsetenv("TMPDIR");
    assert_int_equal(check_entries(folder), 0);
    rcb_spill_free(&s);
}

static void spill_without_a_folder_is_an_error(void **unused)
{
    const char *folder = check_temp_path("no_such_folder");
    rcb_spill s;

    (void)unused;
    setenv("TMPDIR", folder, 1);
    CHECK_STATUS(rcb_spill_new(&s, 100), RC_EIO);
    CHECK_MESSAGE_HAS(folder);
    assert_non_null(strstr(rc_error_hint(), "TMPDIR"));
    assert_null(s.p);
    unsetenv("TMPDIR");
    CHECK_STATUS(rcb_spill_new(&s, SIZE_MAX), RC_ENOMEM);
}

static void full_disk_is_an_error_at_once(void **unused)
{
    const char *disk = check_small_disk();
    rcb_spill s;

    (void)unused;
    if (!disk)
        skip();
    setenv("TMPDIR", disk, 1);

    const rc_status status = rcb_spill_new(&s, 1 << 20);

    unsetenv("TMPDIR");
    rcb_spill_free(&s);
    assert_int_equal(umount(disk), 0);
    CHECK_STATUS(status, RC_EIO);
    CHECK_MESSAGE_HAS(disk);
}

static void room_is_memory_or_a_file(void **unused)
{
    (void)unused;
    rcb_room r;

    CHECK_STATUS(rcb_room_new(&r, 10, 4, 40), RC_OK);
    assert_true(r.p && !r.spill.p);
    memset(r.p, 1, 40);
    rcb_room_free(&r);
    CHECK_STATUS(rcb_room_new(&r, 10, 4, 39), RC_OK);
    assert_true(r.p && r.p == r.spill.p);
    memset(r.p, 1, 40);
    rcb_room_free(&r);
    rcb_room_free(&r);
    CHECK_STATUS(rcb_room_new(&r, 0, 4, 39), RC_OK);
    rcb_room_free(&r);
    CHECK_STATUS(rcb_room_new(&r, INT64_MAX, 8, 39), RC_ENOMEM);
}

static int begin(void **unused)
{
    (void)unused;
    (void)check_temp_dir(); /* before any test changes TMPDIR */
    return unsetenv("TMPDIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spill_is_memory_that_starts_as_zeros),
        cmocka_unit_test(spill_has_no_name),
        cmocka_unit_test(spill_without_a_folder_is_an_error),
        cmocka_unit_test(full_disk_is_an_error_at_once),
        cmocka_unit_test(room_is_memory_or_a_file),
    };
    return cmocka_run_group_tests_name("spill", tests, begin, NULL);
}
