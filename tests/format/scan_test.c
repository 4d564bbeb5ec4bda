/* scan_test.c -- JSON read in order: what jansson reads as the same, refusals with their place, and
 * readers that expect something else. */
#include "check.h"
#include "format/format.h"

#include <jansson.h>

/* ---- against jansson --------------------------------------------------------------------- */

static void quote(rcb_buf *out, const char *p, size_t n)
{
    CHECK_STATUS(rcf_json_text(out, p, n), RC_OK);
}

static void add(rcb_buf *out, const char *text)
{
    CHECK_STATUS(rcb_buf_puts(out, text), RC_OK);
}

/* Any value of lists, objects, strings and whole numbers, printed as jansson prints it. False:
 * there is something else. */
static bool echo(rcf_scan *s, rcb_buf *out)
{
    const char *p;
    size_t n;
    int64_t x;
    bool good = true;

    if (rcf_scan_text(s, &p, &n)) {
        quote(out, p, n);
    } else if (rcf_scan_whole(s, &x)) {
        CHECK_STATUS(rcb_buf_printf(out, "%" PRId64, x), RC_OK);
    } else if (rcf_scan_list(s)) {
        add(out, "[");
        for (int i = 0; good && rcf_scan_item(s); i++) {
            add(out, i ? "," : "");
            good = echo(s, out);
        }
        add(out, "]");
    } else if (rcf_scan_object(s)) {
        add(out, "{");
        for (int i = 0; good && rcf_scan_key(s, &p); i++) {
            add(out, i ? "," : "");
            quote(out, p, strlen(p));
            add(out, ":");
            good = echo(s, out);
        }
        add(out, "}");
    } else {
        return false;
    }
    return good && s->status == RC_OK;
}

/* Numbers with a part, true, false and null are nothing that a scan can read. */
static bool has_others(const json_t *v)
{
    const char *name;
    size_t i;
    json_t *inner;

    if (json_is_object(v)) {
        json_object_foreach((json_t *)(uintptr_t)v, name, inner)
        {
            if (has_others(inner))
                return true;
        }
        return false;
    }
    json_array_foreach(v, i, inner)
    {
        if (has_others(inner))
            return true;
    }
    return !json_is_array(v) && !json_is_string(v) && !json_is_integer(v);
}

/* Read by both: both refuse it, or both read the same. Returns whether it was read. */
static bool compare(const char *text, size_t n)
{
    rcb_buf got = {0}, want = {0};
    rcf_scan s;
    json_t *tree = NULL;
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
    const bool read = rcf_json_parse(&tree, text, n, flags) == RC_OK;

    rcf_scan_begin(&s, text, n);

    const bool good = echo(&s, &got);

    if (good)
        (void)rcf_scan_end(&s);
    if (read && !has_others(tree)) {
        assert_true(good);
        CHECK_STATUS(s.status, RC_OK);
        CHECK_STATUS(rcf_json_print(&want, tree, JSON_COMPACT | JSON_ENCODE_ANY), RC_OK);
        assert_string_equal(got.p, want.p);
    } else if (read) {
        assert_false(good);
        assert_int_equal(s.status, RC_OK); /* well-formed up to what it cannot read */
    } else if (strstr(rc_error_message(), "duplicate") == NULL) {
        assert_false(good && s.status == RC_OK);
    }
    json_decref(tree);
    rcf_scan_free(&s);
    rcb_buf_free(&got);
    rcb_buf_free(&want);
    return read;
}

static const char *const documents[] = {
    "{}",
    "[]",
    " [ 1 , -2,0,-0, 9223372036854775807 ,-9223372036854775808 ] ",
    "[9223372036854775808]",
    "[-9223372036854775809]",
    "[99999999999999999999999999]",
    "[01]",
    "[-]",
    "[+1]",
    "[1 2]",
    "[1,]",
    "[,1]",
    "[1}",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{a:1}",
    "{1:1}",
    "[1.5]",
    "[1e5,true]",
    "[null]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    "[\"\\u0000\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"]",
    "[\"\\ud800\"]",
    "[\"\\udc00\"]",
    "[\"\\ud800\\u0041\"]",
    "[\"\\u12\"]",
    "[\"\\u12g4\"]",
    "[\"\\x\"]",
    "[\"\\\"]",
    "[\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"]",
    "[\"\xFF\"]",
    "[\"\xC0\x80\"]",
    "[\"\xED\xA0\x80\"]",
    "[\"a\nb\"]",
    "[\"unfinished]",
    "{\"level\":\"word\",\"symbols\":[[\"the\",59421],[\"\\u2028\",0]]}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[0,48]},\"b\":[[[]],{}]}",
    "",
    " ",
    "[1] 2",
    "\xEF\xBB\xBF[]",
    "7",
    "\"text\"",
};

static void it_reads_what_jansson_reads(void **unused)
{
    int read = 0;

    (void)unused;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        read += compare(documents[i], strlen(documents[i]));
    assert_int_equal(compare("[1]\0", 4), false);
    assert_true(read >= 12);
}

/* Bytes of well-formed documents changed, removed and doubled. */
static void it_refuses_what_jansson_refuses(void **unused)
{
    static const char bytes[] = "{}[]\",:\\u0019-.eE tn\n\xC3\xA9\xFF";
    int read = 0;

    (void)unused;
    (void)check_seed();
    for (int trial = 0; trial < 20000; trial++) {
        char text[256];
        const char *from = documents[pick(0, sizeof documents / sizeof *documents - 1)];
        size_t n = strlen(from);

        memcpy(text, from, n);
        for (int64_t edits = pick(1, 3); edits > 0 && n > 0 && n < sizeof text; edits--) {
            const size_t at = (size_t)pick(0, (int64_t)n - 1);

            switch (pick(0, 2)) {
            case 0:
                text[at] = bytes[pick(0, sizeof bytes - 2)];
                break;
            case 1:
                memmove(text + at, text + at + 1, --n - at);
                break;
            default:
                memmove(text + at + 1, text + at, n++ - at);
            }
        }

        char *alone = malloc(n ? n : 1); /* reading past it is noticed */

        memcpy(alone, text, n);
        read += compare(alone, n);
        free(alone);
    }
    assert_true(read > 1000);
}

/* ---- its own promises -------------------------------------------------------------------- */

static void a_failure_tells_its_place_and_stays(void **unused)
{
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"[1 2]", "byte 3: there should be ',' or ']'"},
        {"{\"a\" 1}", "byte 5: there should be ':'"},
        {"{7}", "byte 1: there should be a name in quotes"},
        {"[\"ab", "byte 4: it ends inside a string"},
        {"[\"a\\x\"]", "byte 4: there is no such escape"},
        {"[\"a\xFF\"]", "byte 3: it is not UTF-8"},
        {"[1", "byte 2: it ends inside a list"},
        {"{\"a\":1", "byte 6: it ends inside an object"},
        {"[", "byte 1: it ends where a value should be"},
        {"[?]", "byte 1: there should be a value"},
        {"[] x", "byte 3: there is more behind the end"},
        {"{\"a\\u0000b\":1}", "byte 11: a character 0 stands in a word"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rcb_buf out = {0};
        const char *p;
        size_t n;
        rcf_scan s;

        rcf_scan_begin(&s, wrong[i].text, strlen(wrong[i].text));
        if (echo(&s, &out))
            (void)rcf_scan_end(&s);
        CHECK_STATUS(s.status, RC_EFORMAT);
        assert_string_equal(rc_error_message(), wrong[i].says);
        assert_false(rcf_scan_item(&s) || rcf_scan_list(&s) || rcf_scan_text(&s, &p, &n));
        CHECK_STATUS(rcf_scan_end(&s), RC_EFORMAT);
        assert_string_equal(rc_error_message(), wrong[i].says);
        rcf_scan_free(&s);
        rcb_buf_free(&out);
    }
}

static void something_else_is_no_failure(void **unused)
{
    const char *p;
    size_t n;
    int64_t x;
    rcf_scan s;

    (void)unused;
    rcf_scan_begin(&s, "{\"a\":[1.5]}", 11);
    assert_false(rcf_scan_list(&s));
    assert_false(rcf_scan_text(&s, &p, &n));
    assert_true(rcf_scan_object(&s));
    assert_true(rcf_scan_key(&s, &p));
    assert_string_equal(p, "a");
    assert_false(rcf_scan_whole(&s, &x));
    assert_true(rcf_scan_list(&s));
    assert_true(rcf_scan_item(&s));
    assert_false(rcf_scan_whole(&s, &x));
    CHECK_STATUS(s.status, RC_OK);
    assert_false(rcf_scan_bad(&s, "a part is not wanted here"));
    CHECK_STATUS(s.status, RC_EFORMAT);
    CHECK_MESSAGE_HAS("byte 6: a part is not wanted here");
    rcf_scan_free(&s);
}

/* "a\0b" would compare as "a". */
static void a_word_has_no_zero_in_it(void **unused)
{
    static const char text[] = "[\"a\",\"a\\u0000b\",\"a\\u0000b\"]";
    const char *p;
    size_t n;
    rcf_scan s;

    (void)unused;
    rcf_scan_begin(&s, text, sizeof text - 1);
    assert_true(rcf_scan_list(&s));
    assert_true(rcf_scan_item(&s) && rcf_scan_word(&s, &p));
    assert_string_equal(p, "a");
    assert_true(rcf_scan_item(&s));
    assert_true(rcf_scan_text(&s, &p, &n));
    assert_int_equal(n, 3);
    assert_true(rcf_scan_item(&s) && !rcf_scan_word(&s, &p));
    CHECK_STATUS(s.status, RC_EFORMAT);
    CHECK_MESSAGE_HAS("a character 0 stands in a word");
    rcf_scan_free(&s);

    rcf_scan_begin(&s, "7", 1); /* something else is no failure */
    assert_false(rcf_scan_word(&s, &p));
    CHECK_STATUS(s.status, RC_OK);
    rcf_scan_free(&s);
}

static rc_status read_two(void *unused)
{
    static const char text[] = "[\"short\",\"rather longer than the one before\"]";
    rcb_buf out = {0};
    rcf_scan s;

    (void)unused;
    rcf_scan_begin(&s, text, sizeof text - 1);

    const char *p;
    size_t n;
    bool good = rcf_scan_list(&s);

    while (good && rcf_scan_item(&s))
        good = rcf_scan_text(&s, &p, &n);

    const rc_status status = s.status;

    rcf_scan_free(&s);
    rcb_buf_free(&out);
    return status;
}

static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(read_two, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_jansson_reads),
        cmocka_unit_test(it_refuses_what_jansson_refuses),
        cmocka_unit_test(a_failure_tells_its_place_and_stays),
        cmocka_unit_test(something_else_is_no_failure),
        cmocka_unit_test(a_word_has_no_zero_in_it),
        cmocka_unit_test(no_allocation_is_trusted),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
