/* json_test.c -- JSON parsed and printed: what jansson understands, refusals in words, and any
 * allocation failing, which jansson alone does not survive. */
#include "check.h"
#include "format/format.h"

#include <jansson.h>

static rc_status parse(json_t **out, const char *text)
{
    return rcf_json_parse(out, text, strlen(text), JSON_REJECT_DUPLICATES);
}

static void trees_come_and_go_as_text(void **unused)
{
    (void)unused;
    static const char text[] = "{\"a\":[1,2.5,null,true],\"b\":{\"\\n\":\"\\u0001\xc3\xa9\"}}";
    rcb_buf out = {0};
    json_t *root;

    CHECK_STATUS(parse(&root, text), RC_OK);
    CHECK_STATUS(rcb_buf_puts(&out, "> "), RC_OK);
    CHECK_STATUS(rcf_json_print(&out, root, JSON_COMPACT), RC_OK);
    assert_string_equal(out.p + 2, text);
    json_decref(root);
    rcb_buf_free(&out);
}

/* The parser is fed in pieces; whatever lies on their border is whole. */
static void long_texts_come_in_whole(void **unused)
{
    (void)unused;
    for (int size = 1; size < 3000; size += 37) {
        rcb_buf text = {0};
        json_t *root;

        CHECK_STATUS(rcb_buf_puts(&text, "[\""), RC_OK);
        for (int i = 0; i < size; i++)
            CHECK_STATUS(rcb_buf_puts(&text, "\xe2\x82\xac"), RC_OK);
        CHECK_STATUS(rcb_buf_puts(&text, "\"]"), RC_OK);
        CHECK_STATUS(rcf_json_parse(&root, text.p, text.n, 0), RC_OK);
        assert_int_equal(json_string_length(json_array_get(root, 0)), 3 * size);
        json_decref(root);
        rcb_buf_free(&text);
    }
}

static void what_is_no_json_is_refused_with_its_place(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        "", "{", "[1,]", "{\"a\":1,\"a\":2}", "[\"\xff\"]", "[1] x", "1",
    };
    json_t *root;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_STATUS(parse(&root, texts[i]), RC_EFORMAT);
        CHECK_MESSAGE_HAS("byte ");
        assert_null(root);
    }
    CHECK_STATUS(rcf_json_parse(&root, "[1]\0", 4, 0), RC_EFORMAT);
    CHECK_STATUS(rcf_json_parse(&root, "[1] and more", 3, 0), RC_OK);
    json_decref(root);
}

static void texts_are_quoted(void **unused)
{
    (void)unused;
    static const char text[] = "a \"b\"\\\n\x01\0/";
    rcb_buf out = {0};

    CHECK_STATUS(rcf_json_text(&out, text, sizeof text - 1), RC_OK);
    assert_string_equal(out.p, "\"a \\\"b\\\"\\\\\\n\\u0001\\u0000/\"");
    CHECK_STATUS(rcf_json_text(&out, "caf\xe9", 4), RC_EINVAL);
    CHECK_MESSAGE_HAS("not UTF-8");
    assert_int_equal(out.n, strlen(out.p));
    rcb_buf_free(&out);
}

static void only_utf8_is_utf8(void **unused)
{
    (void)unused;
    static const char *const good[] = {"", "a", "\xc3\xa9", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80", "a\xc3", "\xc0\x80", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(rcf_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(rcf_is_utf8(bad[i], strlen(bad[i])));
    assert_true(rcf_is_utf8("a\0b", 3));
}

/* Trees made before the room took over, and by others since, are freed as they should be. */
static void memory_goes_back_where_it_came_from(void **unused)
{
    (void)unused;
    json_t *before = json_pack("{s:[i,i]}", "a", 1, 2);
    json_t *root;

    CHECK_STATUS(parse(&root, "{\"b\":[1,2,3]}"), RC_OK);
    assert_int_equal(json_object_set_new(root, "before", before), 0);
    json_decref(root);
}

/* ---- misfortune -------------------------------------------------------------------------- */

static rc_status parse_and_print(void *ctx)
{
    rcb_buf out = {0};
    json_t *root;
    rc_status s = parse(&root, ctx);

    if (s == RC_OK) {
        s = rcf_json_print(&out, root, JSON_COMPACT);
        json_decref(root);
    }
    if (s == RC_OK)
        s = rcf_json_text(&out, ctx, strlen(ctx));
    rcb_buf_free(&out);
    return s;
}

static void add(rcb_buf *b, const char *text)
{
    CHECK_STATUS(rcb_buf_puts(b, text), RC_OK);
}

/* Long words, numbers and names, wide lists and deep ones: whatever buffer or table grows, its
 * failure is an error. */
static void no_allocation_is_trusted(void **unused)
{
    (void)unused;
    rcb_buf text = {0};

    add(&text, "{\"word\":\"");
    for (int i = 0; i < 700; i++)
        add(&text, "w\\u00e9");
    add(&text, "\",\"number\":0.");
    for (int i = 0; i < 300; i++)
        add(&text, "3");
    add(&text, ",\"wide\":[1");
    for (int i = 0; i < 100; i++)
        add(&text, ",1");
    add(&text, "],\"deep\":");
    for (int i = 0; i < 30; i++)
        add(&text, "[{\"a\":");
    add(&text, "1");
    for (int i = 0; i < 30; i++)
        add(&text, "}]");
    add(&text, ",\"names\":{");
    for (int i = 0; i < 50; i++)
        CHECK_STATUS(rcb_buf_printf(&text, "\"a rather long name of number %d\":%d,", i, i), RC_OK);
    add(&text, "\"last\":null}}");

    CHECK_EACH_ALLOCATION(parse_and_print, text.p);
    rcb_buf_free(&text);
}

/* The allocator that jansson has before the room comes: it gives so many pieces, then no more. */
static uint64_t granted = UINT64_MAX;

static void *scarce(size_t n)
{
    if (granted == 0)
        return NULL;
    granted--;
    return malloc(n);
}

static void the_end_of_all_memory_is_survived(void **unused)
{
    (void)unused;
    rcb_buf text = {0};
    rc_status s = RC_ENOMEM;
    json_t *root;

    add(&text, "{\"name\":[[1,2,{\"a\":\"");
    for (int i = 0; i < 2000; i++)
        add(&text, "word ");
    add(&text, "\"}],2,3,4,5,6,7,8,9,10,11,12]}");
    for (uint64_t n = 0; s != RC_OK; n++) {
        granted = n;
        s = rcf_json_parse(&root, text.p, text.n, JSON_REJECT_DUPLICATES);
        granted = UINT64_MAX;
        if (s != RC_OK)
            CHECK_STATUS(s, RC_ENOMEM);
        else
            json_decref(root);
        assert_true(n < 10000);
    }
    rcb_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_goes_back_where_it_came_from),
        cmocka_unit_test(trees_come_and_go_as_text),
        cmocka_unit_test(long_texts_come_in_whole),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(texts_are_quoted),
        cmocka_unit_test(only_utf8_is_utf8),
        cmocka_unit_test(no_allocation_is_trusted),
        cmocka_unit_test(the_end_of_all_memory_is_survived),
    };

    json_set_alloc_funcs(scarce, free);
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
