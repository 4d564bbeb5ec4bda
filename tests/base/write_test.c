/* write_test.c -- nothing changes before a commit, whatever stands in the way: links, modes, full
 * disks, refused memory; and devices are written straight. */
#define _GNU_SOURCE /* mkfifo, symlink, seteuid */
#include "check.h"

#include <fcntl.h>
#include <sys/mount.h>

enum { SIZE = 300000 };

static unsigned char text[SIZE];

static void fill_text(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)pick_bits();
}

/* Write the n bytes of text in pieces of random sizes. */
static rc_status write_pieces(rcb_out *o, size_t n)
{
    for (size_t at = 0; at < n;) {
        const size_t most = (size_t)(pick(0, 2) ? pick(0, 5000) : pick(0, SIZE));
        const size_t piece = most < n - at ? most : n - at;

        RC_TRY(rcb_out_write(o, text + at, piece));
        at += piece;
    }
    return RC_OK;
}

static void nothing_changes_before_commit(void **unused)
{
    static const size_t sizes[] = {0, 1, 262143, 262144, 262145, SIZE};
    const char *folder = check_new_folder();
    const char *path = check_in_folder(folder, "model");

    (void)unused;
    (void)check_seed();
    fill_text(text, SIZE);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rcb_out *o;

        check_write_file(path, "old", 3);
        CHECK_STATUS(rcb_out_open(&o, path), RC_OK);
        CHECK_STATUS(write_pieces(o, sizes[i]), RC_OK);
        check_file_has(path, "old", 3);
        assert_int_equal(check_entries(folder), 2);
        CHECK_STATUS(rcb_out_commit(o), RC_OK);
        check_file_has(path, text, sizes[i]);
        assert_int_equal(check_entries(folder), 1);
    }
}

static void drop_leaves_no_trace(void **unused)
{
    const char *folder = check_new_folder();
    const char *path = check_in_folder(folder, "model");
    rcb_out *o;

    (void)unused;
    fill_text(text, SIZE);
    CHECK_STATUS(rcb_out_open(&o, path), RC_OK);
    CHECK_STATUS(rcb_out_write(o, text, SIZE), RC_OK);
    rcb_out_drop(o);
    assert_int_equal(check_entries(folder), 0);
    rcb_out_drop(NULL);
}

static void half_written_files_can_be_taken_away_at_once(void **unused)
{
    const char *folder = check_new_folder();
    rcb_out *o[70];
    char name[40];

    (void)unused;
    fill_text(text, SIZE);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof name, "model-%d", i);
        CHECK_STATUS(rcb_out_open(&o[i], check_in_folder(folder, name)), RC_OK);
        CHECK_STATUS(rcb_out_write(o[i], text, SIZE), RC_OK);
    }
    CHECK_STATUS(rcb_out_commit(o[0]), RC_OK);
    rcb_out_drop(o[1]);
    assert_int_equal(check_entries(folder), 2);
    rc_unfinished_remove();
    assert_int_equal(check_entries(folder), 1);
    CHECK_STATUS(rcb_out_commit(o[2]), RC_EIO);
    check_file_has(check_in_folder(folder, "model-0"), text, SIZE);
    for (int i = 0; i < 70; i++) { /* more than there are places to note */
        (void)snprintf(name, sizeof name, "model-%d", i);
        CHECK_STATUS(rcb_out_open(&o[i], check_in_folder(folder, name)), RC_OK);
    }
    for (int i = 0; i < 70; i++)
        CHECK_STATUS(rcb_out_commit(o[i]), RC_OK);
    assert_int_equal(check_entries(folder), 70);
    rc_unfinished_remove();
    assert_int_equal(check_entries(folder), 70);
}

static void file_that_is_being_written_is_hidden_beside_its_place(void **unused)
{
    const char *folder = check_new_folder();
    char name[300];
    rcb_out *o;

    (void)unused;
    memset(name, 'n', 255); /* as long as a name may be */
    name[255] = '\0';
    for (int i = 0; i < 2; i++) {
        const char *path = check_in_folder(folder, i ? name : "model");

        CHECK_STATUS(rcb_out_open(&o, path), RC_OK);

        DIR *d = opendir(folder);
        const struct dirent *e;
        int seen = 0;

        while ((e = readdir(d)))
            seen += e->d_name[0] == '.' && strstr(e->d_name, ".tmp-") &&
                    strncmp(e->d_name + 1, i ? name : "model", 5) == 0;
        closedir(d);
        assert_int_equal(seen, 1);
        CHECK_STATUS(rcb_out_commit(o), RC_OK);
        check_file_has(path, "", 0);
    }
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void write_file(const char *path, const char *words)
{
    rcb_out *o;

    CHECK_STATUS(rcb_out_open(&o, path), RC_OK);
    CHECK_STATUS(rcb_out_write(o, words, strlen(words)), RC_OK);
    CHECK_STATUS(rcb_out_commit(o), RC_OK);
}

static void new_file_obeys_the_mask_and_an_old_one_keeps_its_mode(void **unused)
{
    const char *path = check_in_folder(check_new_folder(), "model");
    const mode_t before = umask(027);

    (void)unused;
    write_file(path, "a");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(chmod(path, 0606), 0);
    write_file(path, "b");
    umask(before);
    assert_int_equal(mode_of(path), 0606);
    check_file_has(path, "b", 1);
}

static void symbolic_links_are_written_through(void **unused)
{
    const char *folder = check_new_folder();
    const char *other = check_new_folder();
    char real[1200], link[1200], chain[1200], loop[1200];
    struct stat st;

    (void)unused;
    (void)snprintf(real, sizeof real, "%s/real", other);
    (void)snprintf(link, sizeof link, "%s/link", folder);
    (void)snprintf(chain, sizeof chain, "%s/chain", folder);
    (void)snprintf(loop, sizeof loop, "%s/loop", folder);
    assert_int_equal(symlink(real, link), 0);
    assert_int_equal(symlink("link", chain), 0); /* relative to its own folder */
    assert_int_equal(symlink("loop", loop), 0);

    write_file(chain, "first"); /* the end of the chain does not exist yet */
    check_file_has(real, "first", 5);
    write_file(chain, "second");
    check_file_has(real, "second", 6);
    write_file(link, "third");
    check_file_has(chain, "third", 5);
    assert_int_equal(lstat(chain, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(check_entries(other), 1);
    assert_int_equal(check_entries(folder), 3);

    rcb_out *o;

    CHECK_STATUS(rcb_out_open(&o, loop), RC_EIO);
    CHECK_MESSAGE_HAS("loop");
}

static void name_without_a_folder_is_in_the_present_one(void **unused)
{
    char here[4096];

    (void)unused;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(check_new_folder()), 0);
    write_file("model", "here");
    check_file_has("model", "here", 4);
    assert_int_equal(check_entries("."), 1);
    assert_int_equal(chdir(here), 0);
}

static void devices_and_pipes_are_written_straight(void **unused)
{
    const char *folder = check_new_folder();
    const char *path = check_in_folder(folder, "fifo");
    char got[8] = {0};

    (void)unused;
    write_file("/dev/null", "gone");
    assert_int_equal(mkfifo(path, 0600), 0);

    const int keeper = open(path, O_RDWR);

    assert_true(keeper >= 0);
    write_file(path, "piped");
    assert_int_equal(read(keeper, got, 5), 5);
    assert_string_equal(got, "piped");
    close(keeper);
    assert_int_equal(check_entries(folder), 1);
}

static void standard_output_is_called_dash(void **unused)
{
    char got[8] = {0};
    int ends[2];

    (void)unused;
    fflush(stdout);

    const int before = dup(STDOUT_FILENO);

    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);

    rcb_out *o = NULL;
    rc_status status = rcb_out_open(&o, "-");

    if (status == RC_OK)
        status = rcb_out_write(o, "text", 4);
    if (status == RC_OK)
        status = rcb_out_commit(o);
    dup2(before, STDOUT_FILENO);
    close(before);
    close(ends[1]);
    CHECK_STATUS(status, RC_OK);
    assert_int_equal(read(ends[0], got, sizeof got), 4);
    assert_string_equal(got, "text");
    close(ends[0]);
}

static void what_cannot_be_written_says_why(void **unused)
{
    const char *folder = check_new_folder();
    rcb_out *o;

    (void)unused;
    CHECK_STATUS(rcb_out_open(&o, check_in_folder(folder, "no/model")), RC_EIO);
    CHECK_MESSAGE_HAS("no/model'");
    CHECK_MESSAGE_HAS(strerror(ENOENT));
    assert_null(o);
    CHECK_STATUS(rcb_out_open(&o, folder), RC_EIO);
    CHECK_MESSAGE_HAS(strerror(EISDIR));
    CHECK_STATUS(rcb_out_open(&o, ""), RC_EIO);
    CHECK_STATUS(rcb_out_open(&o, check_in_folder(folder, "")), RC_EIO);
    assert_int_equal(check_entries(folder), 0);
}

static void folder_or_file_without_permission_is_an_error(void **unused)
{
    enum { NOBODY = 65534 };
    const char *folder = check_new_folder();
    const char *path = check_in_folder(folder, "model");
    const bool root = geteuid() == 0;
    rcb_out *o, *p;

    (void)unused;
    check_write_file(path, "mine", 4);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(chmod(check_temp_dir(), 0755), 0);
    if (root && seteuid(NOBODY) != 0) {
        print_message("cannot become another user\n");
        skip();
    }

    const rc_status fresh = rcb_out_open(&o, check_in_folder(folder, "new"));
    const rc_status old = rcb_out_open(&p, path);

    if (root)
        assert_int_equal(seteuid(0), 0);
    CHECK_STATUS(fresh, RC_EIO);
    CHECK_STATUS(old, RC_EIO);
    CHECK_MESSAGE_HAS(path);
    CHECK_MESSAGE_HAS(strerror(EACCES));
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(check_entries(folder), 1);
    check_file_has(path, "mine", 4);
}

static void full_device_is_reported_by_name(void **unused)
{
    rcb_out *o;

    (void)unused;
    if (access("/dev/full", W_OK) != 0) {
        print_message("no /dev/full here\n");
        skip();
    }
    fill_text(text, SIZE);
    CHECK_STATUS(rcb_out_open(&o, "/dev/full"), RC_OK);
    CHECK_STATUS(rcb_out_write(o, text, 10), RC_OK); /* gathered, not written */
    CHECK_STATUS(rcb_out_commit(o), RC_EIO);
    CHECK_MESSAGE_HAS("'/dev/full'");
    CHECK_MESSAGE_HAS(strerror(ENOSPC));

    CHECK_STATUS(rcb_out_open(&o, "/dev/full"), RC_OK);
    CHECK_STATUS(rcb_out_write(o, text, SIZE), RC_EIO);
    CHECK_STATUS(rcb_out_write(o, text, 1), RC_EIO);
    CHECK_STATUS(rcb_out_commit(o), RC_EIO); /* a failed writer never commits */
    CHECK_MESSAGE_HAS("'/dev/full'");
}

static void full_disk_loses_nothing(void **unused)
{
    const char *disk = check_small_disk();

    (void)unused;
    if (!disk)
        skip();

    const char *path = check_in_folder(disk, "model");
    rcb_out *o;

    fill_text(text, SIZE);
    check_write_file(path, "old", 3);
    CHECK_STATUS(rcb_out_open(&o, path), RC_OK);

    rc_status status = rcb_out_write(o, text, 200000);

    if (status == RC_OK)
        status = rcb_out_write(o, text, 200000);
    if (status == RC_OK)
        status = rcb_out_commit(o);
    else
        rcb_out_drop(o);

    const bool words = strstr(rc_error_message(), path) && strstr(rc_error_message(), "space");
    const int left = check_entries(disk);
    rcb_bytes b;
    const rc_status loaded = rcb_file_load(&b, path);
    const bool same = loaded == RC_OK && b.n == 3 && memcmp(b.p, "old", 3) == 0;

    rcb_bytes_free(&b);
    assert_int_equal(umount(disk), 0);
    CHECK_STATUS(status, RC_EIO);
    assert_true(words);
    assert_int_equal(left, 1);
    assert_true(same);
}

static rc_status write_and_commit(void *path)
{
    rcb_out *o;

    RC_TRY(rcb_out_open(&o, path));

    const rc_status status = rcb_out_write(o, "words", 5);

    if (status == RC_OK)
        return rcb_out_commit(o);
    rcb_out_drop(o);
    return status;
}

static void failed_allocation_in_writing_leaves_no_file(void **unused)
{
    const char *folder = check_new_folder();
    char path[1200], link[1200];

    (void)unused;
    (void)snprintf(path, sizeof path, "%s/model", folder);
    (void)snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink("model", link), 0);
    CHECK_EACH_ALLOCATION(write_and_commit, path);
    CHECK_EACH_ALLOCATION(write_and_commit, link);
    assert_int_equal(check_entries(folder), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changes_before_commit),
        cmocka_unit_test(drop_leaves_no_trace),
        cmocka_unit_test(half_written_files_can_be_taken_away_at_once),
        cmocka_unit_test(file_that_is_being_written_is_hidden_beside_its_place),
        cmocka_unit_test(new_file_obeys_the_mask_and_an_old_one_keeps_its_mode),
        cmocka_unit_test(symbolic_links_are_written_through),
        cmocka_unit_test(name_without_a_folder_is_in_the_present_one),
        cmocka_unit_test(devices_and_pipes_are_written_straight),
        cmocka_unit_test(standard_output_is_called_dash),
        cmocka_unit_test(what_cannot_be_written_says_why),
        cmocka_unit_test(folder_or_file_without_permission_is_an_error),
        cmocka_unit_test(full_device_is_reported_by_name),
        cmocka_unit_test(full_disk_loses_nothing),
        cmocka_unit_test(failed_allocation_in_writing_leaves_no_file),
    };
    return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
