/* config_test.c -- options are checked when set, suggest the nearest name, and come back from
 * JSON. */
#include "model/toy.h"

/* The name of an option is its field with '-' for '_', and its default can be set. */
static void names_are_fields_with_dashes(void **unused)
{
    (void)unused;
    static const char *const fields[] = {
#define OPT(field, ...) #field,
#include "model/config.def"
#undef OPT
    };

    for (size_t i = 0; i < RCM_OPTIONS; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "%s", fields[i]);
        for (char *p = name; *p; p++)
            if (*p == '_')
                *p = '-';
        assert_string_equal(rc_option_at(i)->name, name);
        assert_true(*rc_option_at(i)->help && *rc_option_at(i)->group);
    }
    assert_null(rc_option_at(RCM_OPTIONS));
}

static void a_new_configuration_holds_the_defaults(void **unused)
{
    (void)unused;

    for (size_t t = 0; rcm_task_at(t); t++) {
        rc_config *c = toy_config(rcm_task_at(t)->name, NULL);

        assert_string_equal(rc_config_task(c), rcm_task_at(t)->name);
        for (size_t i = 0; i < RCM_OPTIONS; i++) {
            const rc_option *o = rc_option_at(i);

            if (!rc_config_get(c, o->name))
                continue;
            assert_true(rc_config_is_default(c, o->name));
            if (o->kind != RC_OPTION_REAL)
                assert_string_equal(rc_config_get(c, o->name),
                                    rc_option_default(o->name, rcm_task_at(t)->name));
        }
        rc_config_free(c);
    }
}

static void values_become_fields_and_text(void **unused)
{
    (void)unused;
    rc_config *c =
        toy_config("lm", (const char *const[]){"layers", "3", "lr", "1e-1", "tied", "true",
                                               "hidden", "64,32,16", "cell", "gru", NULL});

    assert_int_equal(c->layers, 3);
    assert_true(c->lr == 0.1 && c->tied);
    assert_string_equal(c->hidden, "64,32,16");
    assert_string_equal(rc_config_get(c, "lr"), "0.1");
    assert_string_equal(rc_config_get(c, "tied"), "true");
    assert_string_equal(rc_config_get(c, "cell"), "gru");
    assert_false(rc_config_is_default(c, "lr"));
    assert_true(rc_config_is_default(c, "clip"));
    CHECK_STATUS(rc_config_set(c, "lr", "0.0020"), RC_OK);
    assert_true(rc_config_is_default(c, "lr"));
    assert_null(rc_config_get(c, "order"));
    assert_null(rc_config_get(c, "nonsense"));
    rc_config_free(c);
}

static void bad_values_are_refused_and_change_nothing(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *value, *message;
    } cases[] = {
        {"layers", "0", "cannot set 'layers' to '0': it must be from 1 to 64"},
        {"layers", "", "cannot set 'layers' to '': it must be a whole number from 1 to 64"},
        {"layers", "2x", "cannot set 'layers' to '2x': it must be a whole number"},
        {"layers", " 2", "it must be a whole number"},
        {"layers", "1.5", "it must be a whole number"},
        {"layers", "99999999999999999999", "it must be from 1 to 64"},
        {"lr", "nan", "it must be from 0 to 1000000"},
        {"lr", "-1", "it must be from 0 to 1000000"},
        {"lr", "inf", "it must be from"},
        {"lr", "fast", "cannot set 'lr' to 'fast': it must be a number"},
        {"tied", "yes", "cannot set 'tied' to 'yes': it must be 'true' or 'false'"},
        {"hidden", "0", "cannot set 'hidden' to '0': it must be a whole number from 1 to 65536"},
        {"hidden", "12,", "cannot set 'hidden' to '12,'"},
        {"hidden", "12,x", "cannot set 'hidden' to '12,x'"},
        {"hidden", "-3", "cannot set 'hidden' to '-3'"},
        {"cell", "lsmt", "cannot set 'cell' to 'lsmt': it is none of the cells"},
        {"level", "", "it is none of the levels"},
        {"init", "ortogonal", "cannot set 'init' to 'ortogonal': "},
        {"init", "*hh*=", "cannot set 'init'"},
        {"l2", "x", "cannot set 'l2' to 'x': "},
        {"train", "a\nb", "a file name with a line feed"},
        {"train", "\xff", "not UTF-8"},
        {"init", "\xff\xfe", "cannot set 'init'"},
    };
    rc_config *c = toy_config("lm", NULL);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(rc_config_set(c, cases[i].name, cases[i].value), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].message);
        assert_true(rc_config_is_default(c, cases[i].name));
    }
    rc_config_free(c);
}

static void unknown_names_suggest_the_nearest(void **unused)
{
    (void)unused;
    rc_config *c = toy_config("lm", NULL);

    CHECK_STATUS(rc_config_set(c, "hiden", "3"), RC_EINVAL);
    CHECK_MESSAGE_HAS("there is no option 'hiden'");
    assert_non_null(strstr(rc_error_hint(), "the nearest is 'hidden'"));
    CHECK_STATUS(rc_config_set(c, "cell", "lsmt"), RC_EINVAL);
    assert_non_null(strstr(rc_error_hint(), "the nearest is 'lstm'"));
    CHECK_STATUS(rc_config_set(c, "order", "3"), RC_EINVAL);
    CHECK_MESSAGE_HAS("task 'lm' has no option 'order'");
    rc_config_free(c);
    CHECK_STATUS(rc_config_new(&c, "ml"), RC_EINVAL);
    CHECK_MESSAGE_HAS("there is no task 'ml'");
    assert_non_null(strstr(rc_error_hint(), "the nearest is 'lm'"));
    assert_null(c);
}

static void files_add_up_until_cleared(void **unused)
{
    (void)unused;
    rc_config *c = toy_config("lm", NULL);
    char **paths;
    size_t count;

    CHECK_STATUS(rc_config_set(c, "train", "a b.txt"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "train", "-"), RC_OK);
    assert_string_equal(rc_config_get(c, "train"), "a b.txt\n-");
    CHECK_STATUS(rcm_paths(c->train, &paths, &count), RC_OK);
    assert_int_equal(count, 2);
    assert_string_equal(paths[0], "a b.txt");
    assert_string_equal(paths[1], "-");
    rcm_paths_free(paths, count);
    CHECK_STATUS(rc_config_set(c, "train", ""), RC_OK);
    assert_true(rc_config_is_default(c, "train"));
    CHECK_STATUS(rcm_paths(c->train, &paths, &count), RC_OK);
    assert_int_equal(count, 0);
    rcm_paths_free(paths, count);
    rc_config_free(c);
}

/* A random legal value of an option. */
static void set_random(rc_config *c, const rc_option *o)
{
    char text[64] = "";
    rc_entry e;
    size_t n = 0;

    switch (o->kind) {
    case RC_OPTION_INT:
        (void)snprintf(text, sizeof text, "%" PRId64,
                       pick((int64_t)o->lo, (int64_t)(o->hi < 1e6 ? o->hi : 1e6)));
        break;
    case RC_OPTION_REAL:
        (void)snprintf(text, sizeof text, "%.17g",
                       o->lo + ((double)pick_real() + 1) / 2 * (o->hi - o->lo));
        break;
    case RC_OPTION_FLAG:
        (void)snprintf(text, sizeof text, "%s", pick(0, 1) ? "true" : "false");
        break;
    case RC_OPTION_NAME:
        while (rcm_list(o->list, n, &e))
            n++;
        if (n == 0)
            return;
        assert_true(rcm_list(o->list, (size_t)pick(0, (int64_t)n - 1), &e));
        (void)snprintf(text, sizeof text, "%s", e.name);
        break;
    case RC_OPTION_TEXT:
        return;
    case RC_OPTION_FILES:
        (void)snprintf(text, sizeof text, "r\xc3\xa9sum\xc3\xa9 \"%" PRId64 "\"\\.txt",
                       pick(0, 99));
        break;
    }
    CHECK_STATUS(rc_config_set(c, o->name, text), RC_OK);
}

static void json_brings_every_value_back(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 100; trial++) {
        rc_config *c = toy_config("lm", (const char *const[]){"init", "*hh*=orthogonal,*bias*=zero",
                                                              "hidden", "5,6", NULL});
        rc_config *back;
        rcb_buf json = {0}, again = {0};

        for (size_t i = 0; i < RCM_OPTIONS; i++)
            if (rc_config_get(c, rc_option_at(i)->name) && pick(0, 1))
                set_random(c, rc_option_at(i));
        CHECK_STATUS(rcm_config_print(c, &json), RC_OK);
        CHECK_STATUS(rcm_config_parse(&back, "lm", json.p), RC_OK);
        CHECK_STATUS(rcm_config_print(back, &again), RC_OK);
        assert_string_equal(json.p, again.p);
        for (size_t i = 0; i < RCM_OPTIONS; i++)
            if (rc_config_get(c, rc_option_at(i)->name))
                assert_string_equal(rc_config_get(c, rc_option_at(i)->name),
                                    rc_config_get(back, rc_option_at(i)->name));
        rcb_buf_free(&json);
        rcb_buf_free(&again);
        rc_config_free(back);
        rc_config_free(c);
    }
}

static void json_that_does_not_fit_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"", "cannot read the configuration"},
        {"[]", "it is not a JSON object"},
        {"{\"gates\":3}", "it has the option 'gates', it is of a newer version"},
        {"{\"order\":3}", "it has the option 'order', it is of a newer version"},
        {"{\"layers\":\"3\"}", "'layers' is not a whole number"},
        {"{\"layers\":3.0}", "'layers' is not a whole number"},
        {"{\"layers\":0}", "cannot set 'layers' to '0'"},
        {"{\"lr\":\"x\"}", "'lr' is not a number"},
        {"{\"lr\":-1}", "cannot set 'lr' to '-1'"},
        {"{\"tied\":1}", "'tied' is not true or false"},
        {"{\"train\":\"a\"}", "'train' is not a list of paths"},
        {"{\"train\":[1]}", "'train' is not a list of paths"},
        {"{\"train\":[\"a\\u0000b\"]}", "cannot read the configuration"},
        {"{\"cell\":\"what\"}", "it is none of the cells"},
        {"{\"hidden\":null}", "'hidden' is not a text"},
        {"{\"lr\":1,\"lr\":2}", "cannot read the configuration"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c;

        CHECK_STATUS(rcm_config_parse(&c, "lm", cases[i].json), RC_EFORMAT);
        CHECK_MESSAGE_HAS(cases[i].message);
        assert_null(c);
    }
    rc_config *c;
    CHECK_STATUS(rcm_config_parse(&c, "poetry", "{}"), RC_EFORMAT);
    CHECK_STATUS(rcm_config_parse(&c, "lm", "{}"), RC_OK);
    assert_true(rc_config_is_default(c, "hidden"));
    rc_config_free(c);
}

static rc_status live(void *unused)
{
    (void)unused;
    rc_config *c = NULL, *copy = NULL;
    rcb_buf json = {0};
    rc_status s = rc_config_new(&c, "lm");

    if (s == RC_OK)
        s = rc_config_set(c, "train", "a");
    if (s == RC_OK)
        s = rc_config_set(c, "train", "b");
    if (s == RC_OK)
        s = rc_config_set(c, "init", "zero");
    if (s == RC_OK)
        s = rc_config_clone(&copy, c);
    rc_config_free(c);
    if (s == RC_OK)
        s = rcm_config_print(copy, &json);
    rc_config_free(copy);
    if (s == RC_OK) {
        s = rcm_config_parse(&c, "lm", json.p);
        if (s == RC_OK)
            rc_config_free(c);
    }
    rcb_buf_free(&json);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(live, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_fields_with_dashes),
        cmocka_unit_test(a_new_configuration_holds_the_defaults),
        cmocka_unit_test(values_become_fields_and_text),
        cmocka_unit_test(bad_values_are_refused_and_change_nothing),
        cmocka_unit_test(unknown_names_suggest_the_nearest),
        cmocka_unit_test(files_add_up_until_cleared),
        cmocka_unit_test(json_brings_every_value_back),
        cmocka_unit_test(json_that_does_not_fit_is_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
