/* model_test.c -- a model knows its tensors, symbols, record and facts, and a copy is the same
 * model. */
#include "model/toy.h"

static void tensors_have_names_shapes_and_values(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "5", "embed", "3", "cell", "gru", "bias", "double");
    const int64_t V = rc_model_symbols(m);
    const struct {
        const char *name;
        int64_t rows, cols;
    } want[] = {
        {"embed.weight", V, 3},    {"rnn.weight_ih_l0", 15, 3}, {"rnn.weight_hh_l0", 15, 5},
        {"rnn.bias_ih_l0", 15, 0}, {"rnn.bias_hh_l0", 15, 0},   {"out.weight", V, 5},
        {"out.bias", V, 0},
    };
    rc_tensor_info info;
    int64_t sum = 0;

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        bool found = false;

        for (size_t k = 0; rc_model_tensor(m, k, &info) && !found; k++) {
            if (strcmp(info.name, want[i].name) != 0)
                continue;
            rc_real x[512];

            found = true;
            assert_int_equal(info.rank, want[i].cols ? 2 : 1);
            assert_int_equal(info.dim[0], want[i].rows);
            assert_int_equal(info.dim[1], want[i].cols);
            assert_int_equal(info.count, want[i].rows * (want[i].cols ? want[i].cols : 1));
            CHECK_STATUS(rc_model_read(m, info.name, x, 512), RC_OK);
            assert_int_equal(info.crc, rcb_crc32(0, x, (size_t)info.count * sizeof *x));
            CHECK_STATUS(rc_model_read(m, info.name, x, info.count - 1), RC_EINVAL);
            sum += info.count;
        }
        assert_true(found);
    }
    assert_int_equal(rc_model_parameters(m), sum);
    assert_false(rc_model_tensor(m, 7, &info));
    CHECK_STATUS(rc_model_read(m, "nothing", NULL, 0), RC_EINVAL);
    CHECK_MESSAGE_HAS("the model has no tensor 'nothing'");
    rc_model_free(m);
}

static void configurations_that_cannot_be_built_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *options[7];
        const char *message;
    } cases[] = {
        {{"layers", "3", "hidden", "4,5"}, "cannot set 'hidden' to '4,5' with 'layers' 3"},
        {{"tied", "true", "embed", "4", "hidden", "5"}, "cannot tie the output"},
        {{"init", "*nothing*=zero"}, "no parameter is named '*nothing*'"},
        {{"init", "*bias*=orthogonal"}, "orthogonal"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_config *c = toy_config("lm", cases[i].options);
        rc_model *m;

        CHECK_STATUS(rcm_model_new(&m, c, toy_vocab("char", TOY_TEXT)), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].message);
        assert_null(m);
        rc_config_free(c);
    }
}

static void a_clone_is_the_same_model(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "5,7", "layers", "2", "cell", "lstm", "tied", "true");
    rc_model *copy;
    rc_tensor_info a, b;
    rc_record r = {.step = 3, .epoch = 1, .lr = 0.5, .train = 2, .valid = (double)NAN};
    double value;

    CHECK_STATUS(rcm_history_add(&m->history, &r), RC_OK);
    CHECK_STATUS(rcm_result_set(m, "valid", 1.5), RC_OK);
    CHECK_STATUS(rc_model_clone(&copy, m), RC_OK);
    for (size_t i = 0; rc_model_tensor(m, i, &a); i++) {
        assert_true(rc_model_tensor(copy, i, &b));
        assert_string_equal(a.name, b.name);
        assert_int_equal(a.crc, b.crc);
    }
    assert_int_equal(rc_model_records(copy), 1);
    assert_true(rc_model_record(copy, 0, &r));
    assert_int_equal(r.step, 3);
    assert_false(rc_model_record(copy, 1, &r));
    assert_true(rcm_result_get(copy, "valid", &value) && value == 1.5);
    assert_int_equal(rc_model_symbols(copy), rc_model_symbols(m));
    rc_model_free(m);
    rc_model_free(copy);
}

/* The record grows, results are replaced by name. */
static void records_and_results_are_kept(void **unused)
{
    (void)unused;
    rc_model *m = TOY("hidden", "2");
    rc_record r = {0};
    double x = 0;

    for (int i = 0; i < 1000; i++) {
        r.step = i;
        CHECK_STATUS(rcm_history_add(&m->history, &r), RC_OK);
        CHECK_STATUS(rcm_result_set(m, i % 2 ? "odd" : "even", i), RC_OK);
    }
    assert_int_equal(rc_model_records(m), 1000);
    assert_true(rc_model_record(m, 999, &r) && r.step == 999);
    assert_true(rcm_result_get(m, "odd", &x) && x == 999);
    assert_true(rcm_result_get(m, "even", &x) && x == 998);
    assert_false(rcm_result_get(m, "neither", &x));
    assert_int_equal(m->results.n, 2);
    rc_model_free(m);
}

static const char *fact(const rc_model *m, const char *wanted)
{
    const char *name, *text;

    for (size_t i = 0; rc_model_fact(m, i, &name, &text); i++)
        if (strcmp(name, wanted) == 0)
            return text;
    return NULL;
}

static void facts_say_what_the_model_is(void **unused)
{
    (void)unused;
    rc_model *m =
        TOY("hidden", "6", "cell", "gru-before", "lr", "0.5", "train", "a b", "train", "c");

    CHECK_STATUS(rcm_result_set(m, "valid", 1.25), RC_OK);
    CHECK_STATUS(rcm_model_settle(m, NULL), RC_OK);
    assert_non_null(strstr(fact(m, "task"), "lm"));
    assert_non_null(strstr(fact(m, "cell"), "gru-before"));
    assert_non_null(strstr(fact(m, "equations"), "h' ="));
    assert_string_equal(fact(m, "gate order"), "r z n");
    assert_string_equal(fact(m, "update gate"), "z is the share of the old state");
    assert_string_equal(fact(m, "reset gate"), "before the recurrent product");
    assert_string_equal(fact(m, "level"), "char");
    assert_non_null(
        strstr(fact(m, "options"), "--train a b --train c --cell gru-before --hidden 6 --init"));
    assert_non_null(strstr(fact(m, "options"), "--lr 0.5"));
    assert_null(strstr(fact(m, "options"), "--clip"));
    assert_string_equal(fact(m, "valid"), "1.25");
    assert_null(fact(m, "nothing"));
    rc_model_free(m);
}

static void symbols_are_the_vocabulary(void **unused)
{
    (void)unused;
    rc_model *m = toy_model((const char *const[]){"level", "word", "hidden", "2", NULL}, TOY_TEXT);
    size_t n;
    const char *be = rc_model_symbol(m, rc_model_find(m, "be", 2), &n);

    assert_int_equal(n, 2);
    assert_memory_equal(be, "be", 2);
    assert_int_equal(rc_model_symbol_count(m, rc_model_find(m, "be", 2)), 2);
    assert_int_equal(rc_model_find(m, "bee", 3), -1);
    assert_int_equal(rc_model_boundary(m), rc_model_find(m, "<eos>", 5));
    assert_int_equal(rc_model_unknown(m), rc_model_find(m, "<unk>", 5));
    assert_true(rc_model_spaced(m));
    assert_null(rc_model_symbol(m, rc_model_symbols(m), &n));
    assert_null(rc_model_symbol(m, -1, &n));
    assert_int_equal(rc_model_symbol_count(m, -1), 0);
    rc_model_free(m);
}

static void text_is_encoded_without_an_end_it_does_not_have(void **unused)
{
    (void)unused;
    rc_model *m = toy_model((const char *const[]){"level", "word", "hidden", "2", NULL}, TOY_TEXT);
    static const struct {
        const char *text;
        size_t count;
        int64_t unknown;
    } cases[] = {{"", 0, 0},          {"to be", 2, 0},         {"to be\n", 3, 0},
                 {"to\nbe or", 4, 0}, {"to bee or boo", 4, 2}, {"\n\n", 2, 0},
                 {"  ", 0, 0}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t unknown = -1;
        int32_t *ids;
        size_t count;

        CHECK_STATUS(
            rc_model_encode(m, cases[i].text, strlen(cases[i].text), &ids, &count, &unknown),
            RC_OK);
        assert_int_equal(count, cases[i].count);
        assert_int_equal(unknown, cases[i].unknown);
        rc_free(ids);
    }
    int32_t *ids = NULL;
    size_t count;
    CHECK_STATUS(rc_model_encode(m, "\xff", 1, &ids, &count, NULL), RC_EDATA);
    assert_null(ids);
    rc_model_free(m);
}

static rc_status live(void *ctx)
{
    const rc_config *c = ctx;
    rcm_vocabs vocab = {0};
    rc_model *m, *copy;
    int32_t *ids;
    size_t count;
    rcd_text *t;

    RC_TRY(rcd_text_of(&t, "toy", TOY_TEXT, strlen(TOY_TEXT)));
    rc_status s = RC_OK;
    for (int i = 0; s == RC_OK && i < RCM_VOCABS; i++)
        s = rcd_vocab_build(&vocab.of[i], i ? RCD_CHAR : RCD_WORD, t, 0, strlen(TOY_TEXT), NULL);
    rcd_text_free(t);
    if (s != RC_OK) {
        rcm_vocabs_free(&vocab);
        return s;
    }
    RC_TRY(rcm_model_new(&m, c, vocab));
    s = rcm_history_add(&m->history, &(rc_record){.step = 1});
    if (s == RC_OK)
        s = rcm_result_set(m, "test", 1);
    if (s == RC_OK)
        s = rc_model_clone(&copy, m);
    rc_model_free(m);
    RC_TRY(s);
    s = rc_model_encode(copy, "to be", 5, &ids, &count, NULL);
    if (s == RC_OK)
        rc_free(ids);
    rc_model_free(copy);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rc_config *c = toy_config("lm", (const char *const[]){"level", "word", "hidden", "3", "layers",
                                                          "2", "tied", "true", NULL});

    CHECK_EACH_ALLOCATION(live, c);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_have_names_shapes_and_values),
        cmocka_unit_test(configurations_that_cannot_be_built_are_refused),
        cmocka_unit_test(a_clone_is_the_same_model),
        cmocka_unit_test(records_and_results_are_kept),
        cmocka_unit_test(facts_say_what_the_model_is),
        cmocka_unit_test(symbols_are_the_vocabulary),
        cmocka_unit_test(text_is_encoded_without_an_end_it_does_not_have),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
