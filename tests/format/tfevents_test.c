/* tfevents_test.c -- event files read back by a decoder of this test: records, checksums, fields.
 * (Python reads them in tests/slow/tensorboard.sh.)
 */
#include "check.h"
#include "format/format.h"

/* The division of polynomials as iSCSI has it, a bit at a time from the other end: not the code
 * that is tested. */
static uint32_t textbook_crc32c(const unsigned char *p, size_t n)
{
    uint32_t crc = 0xFFFFFFFF, reversed = 0;

    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            const uint32_t in = (p[i] >> bit & 1) ^ crc >> 31;
            crc = crc << 1 ^ (in ? 0x1EDC6F41 : 0);
        }
    for (int bit = 0; bit < 32; bit++)
        reversed |= (crc >> bit & 1) << (31 - bit);
    return ~reversed;
}

static uint64_t little(const unsigned char *p, size_t n)
{
    uint64_t x = 0;
    for (size_t i = n; i-- > 0;)
        x = x << 8 | p[i];
    return x;
}

static void check_crc(const unsigned char *bytes, size_t n, const unsigned char *stored)
{
    const uint32_t crc = textbook_crc32c(bytes, n);
    assert_int_equal(little(stored, 4), (uint32_t)((crc >> 15 | crc << 17) + 0xA282EAD8));
}

/* The next record at *at: its bytes, and their number in *n. */
static const unsigned char *next_record(const rcb_buf *b, size_t *at, size_t *n)
{
    const unsigned char *p = (const unsigned char *)b->p + *at;
    assert_true(*at + 16 <= b->n);
    *n = (size_t)little(p, 8);
    check_crc(p, 8, p + 8);
    assert_true(*n <= b->n - *at - 16);
    check_crc(p + 12, *n, p + 12 + *n);
    *at += 16 + *n;
    return p + 12;
}

static uint64_t varint(const unsigned char **p)
{
    uint64_t x = 0;
    for (int shift = 0;; shift += 7) {
        const unsigned char c = *(*p)++;
        x |= (uint64_t)(c & 0x7F) << shift;
        if (!(c & 0x80))
            return x;
    }
}

/* One field of a message: its number, and its value or its bytes. */
typedef struct field {
    int number, form;
    uint64_t value;
    const unsigned char *bytes;
    size_t n;
} field;

static bool next_field(const unsigned char **p, const unsigned char *end, field *f)
{
    *f = (field){0};
    if (*p == end)
        return false;
    const uint64_t key = varint(p);
    *f = (field){.number = (int)(key >> 3), .form = (int)(key & 7)};
    if (f->form == 0) {
        f->value = varint(p);
        return true;
    }
    f->n = f->form == 1 ? 8 : f->form == 5 ? 4 : (size_t)varint(p);
    f->bytes = *p;
    *p += f->n;
    assert_true(*p <= end);
    f->value = f->n <= 8 ? little(f->bytes, f->n) : 0;
    return true;
}

static void check_value(const field *f, const rc_scalar *want)
{
    const unsigned char *p = f->bytes;
    field part;
    float got;

    assert_int_equal(f->number, 1);
    assert_true(next_field(&p, f->bytes + f->n, &part));
    assert_int_equal(part.number, 1);
    assert_int_equal(part.n, strlen(want->tag));
    assert_memory_equal(part.bytes, want->tag, part.n);
    assert_true(next_field(&p, f->bytes + f->n, &part));
    assert_int_equal(part.number << 3 | part.form, 2 << 3 | 5);
    const uint32_t bits = (uint32_t)part.value;
    memcpy(&got, &bits, sizeof got);
    assert_true(got == (float)want->value);
    assert_false(next_field(&p, f->bytes + f->n, &part));
}

static void the_first_record_is_that_of_every_event_file(void **unused)
{
    static const unsigned char want[] = {0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22, 0x09};
    rcb_buf b = {0};
    size_t at = 0, n;

    (void)unused;
    CHECK_STATUS(rcf_event_print(&b, &(rcf_event){.time = 1.5, .version = "brain.Event:2"}), RC_OK);
    assert_memory_equal(b.p, want, sizeof want); /* as TensorFlow writes it */
    assert_memory_equal(next_record(&b, &at, &n) + 9,
                        "\x1a\x0d"
                        "brain.Event:2",
                        15);
    assert_int_equal(n, 24);
    assert_int_equal(at, b.n);
    rcb_buf_free(&b);
}

static void steps_and_scalars_come_back(void **unused)
{
    const int64_t steps[] = {1, 127, 128, 300, 1000000, INT64_MAX};
    const rc_scalar scalars[] = {{"train/loss", 0.1}, {"\xc3\xa9", -3e38}, {"", (double)INFINITY}};
    const double time = 1700000000.25;

    (void)unused;
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
        for (size_t count = 0; count <= 3; count++) {
            rcb_buf b = {0};
            size_t at = 0, n;
            field f;
            const rcf_event e = {time, steps[k], NULL, false, count, scalars};
            CHECK_STATUS(rcf_event_print(&b, &e), RC_OK);
            const unsigned char *p = next_record(&b, &at, &n), *end = p + n;
            assert_int_equal(at, b.n);
            assert_true(next_field(&p, end, &f));
            assert_int_equal(f.number << 3 | f.form, 1 << 3 | 1);
            assert_memory_equal(f.bytes, &time, 8);
            assert_true(next_field(&p, end, &f));
            assert_int_equal(f.number << 3 | f.form, 2 << 3);
            assert_true(f.value == (uint64_t)steps[k]);
            if (count > 0) {
                assert_true(next_field(&p, end, &f));
                assert_int_equal(f.number << 3 | f.form, 5 << 3 | 2);
                const unsigned char *q = f.bytes, *stop = q + f.n;
                for (size_t i = 0; i < count; i++) {
                    assert_true(next_field(&q, stop, &f));
                    check_value(&f, &scalars[i]);
                }
                assert_true(q == stop);
            }
            assert_false(next_field(&p, end, &f));
            rcb_buf_free(&b);
        }
}

/* The one file in a folder, as bytes. */
static void load_only_file(const char *folder, rcb_buf *out)
{
    DIR *d = opendir(folder);
    rcb_bytes bytes;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.') {
            assert_memory_equal(e->d_name, "events.out.tfevents.", 20);
            CHECK_STATUS(rcb_file_load(&bytes, check_in_folder(folder, e->d_name)), RC_OK);
            assert_int_equal(out->n, 0);
            CHECK_STATUS(rcb_buf_add(out, bytes.p, bytes.n), RC_OK);
            rcb_bytes_free(&bytes);
        }
    closedir(d);
}

static void a_file_that_goes_on_voids_later_steps_of_others(void **unused)
{
    char folder[600];
    const rc_scalar one = {"x", 2};
    rc_scalars *s;
    rcb_buf b = {0};
    size_t at = 0, n;

    (void)unused;
    (void)snprintf(folder, sizeof folder, "%s//a/b", check_new_folder());
    CHECK_STATUS(rc_scalars_new(&s, folder, 41), RC_OK);
    CHECK_STATUS(rc_scalars_add(s, 42, 1, &one), RC_OK);
    CHECK_STATUS(rc_scalars_flush(s), RC_OK);
    rc_scalars_free(s);
    load_only_file(folder, &b);
    (void)next_record(&b, &at, &n);
    const unsigned char *restart = next_record(&b, &at, &n);
    assert_memory_equal(restart + 9, "\x10\x2a\x3a\x02\x08\x01", 6); /* step 42, status START */
    assert_int_equal(n, 15);
    assert_memory_equal(next_record(&b, &at, &n) + 9, "\x10\x2a\x2a", 3);
    assert_int_equal(at, b.n);
    rcb_buf_free(&b);
}

static void what_cannot_be_written_is_told(void **unused)
{
    const char *file = check_temp_path("file");
    rc_scalars *s;

    (void)unused;
    check_write_file(file, "x", 1);
    CHECK_STATUS(rc_scalars_new(&s, file, 0), RC_EIO);
    CHECK_MESSAGE_HAS("Not a directory");
    assert_null(s);
    CHECK_STATUS(rc_scalars_new(&s, "/proc/no/such", 0), RC_EIO);
    CHECK_MESSAGE_HAS("/proc/no/such");
}

static rc_status write_some(void *folder)
{
    const rc_scalar one = {"x", 2};
    rc_scalars *s;

    RC_TRY(rc_scalars_new(&s, folder, 7));
    rc_status status = rc_scalars_add(s, 8, 1, &one);
    if (status == RC_OK)
        status = rc_scalars_flush(s);
    rc_scalars_free(s);
    return status;
}

static void every_allocation_may_fail(void **unused)
{
    char folder[600];

    (void)unused;
    (void)snprintf(folder, sizeof folder, "%s", check_new_folder());
    CHECK_EACH_ALLOCATION(write_some, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_record_is_that_of_every_event_file),
        cmocka_unit_test(steps_and_scalars_come_back),
        cmocka_unit_test(a_file_that_goes_on_voids_later_steps_of_others),
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("tfevents", tests, NULL, NULL);
}
