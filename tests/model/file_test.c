/* file_test.c -- a model file brings the same model back, and nothing else passes for one. */
#include "model/toy.h"

static rcb_bytes slurp(const char *path)
{
    rcb_bytes b;

    CHECK_STATUS(rcb_file_load(&b, path), RC_OK);
    return b;
}

static void assert_same_file(const char *a, const char *b)
{
    rcb_bytes x = slurp(a), y = slurp(b);

    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.p, y.p, x.n);
    rcb_bytes_free(&x);
    rcb_bytes_free(&y);
}

static rc_model *rich_model(const char *level)
{
    rc_model *m = toy_model((const char *const[]){"level", level, "hidden", "3,4", "layers", "2",
                                                  "cell", "gru", "lr", "0.1", "train", "a", NULL},
                            TOY_TEXT);

    for (int i = 0; i < 3; i++)
        CHECK_STATUS(rcm_history_add(&m->history, &(rc_record){.step = i,
                                                               .tokens = 10 * i,
                                                               .lr = 0.1,
                                                               .train = 1.0 / (i + 1),
                                                               .valid = i ? 0.3 : (double)NAN}),
                     RC_OK);
    CHECK_STATUS(rcm_result_set(m, "valid", 0.1 + 0.2), RC_OK);
    CHECK_STATUS(rcm_result_set(m, "odd", (double)NAN), RC_OK);
    return m;
}

static void a_file_brings_the_model_back(void **unused)
{
    (void)unused;
    static const char *const levels[] = {"byte", "char", "word"};

    for (size_t l = 0; l < 3; l++) {
        rc_model *m = rich_model(levels[l]);
        rc_model *back;
        TOY_PATH(path, "a.rc");
        double value;
        rc_record r;

        CHECK_STATUS(rc_model_save(m, path), RC_OK);
        CHECK_STATUS(rc_model_open(&back, path), RC_OK);
        for (size_t i = 0; i < m->params.n; i++)
            assert_memory_equal(m->params.p[i].w, back->params.p[i].w,
                                (size_t)m->params.p[i].size * sizeof(rc_real));
        assert_int_equal(rc_model_symbols(back), rc_model_symbols(m));
        assert_string_equal(rc_config_get(rc_model_config(back), "hidden"), "3,4");
        assert_int_equal(rc_model_records(back), 3);
        assert_true(rc_model_record(back, 0, &r) && isnan(r.valid));
        assert_true(rc_model_record(back, 2, &r) && r.train == 1.0 / 3 && r.tokens == 20);
        assert_true(rcm_result_get(back, "valid", &value) && value == 0.1 + 0.2);
        assert_true(rcm_result_get(back, "odd", &value) && isnan(value));

        TOY_PATH(again, "b.rc");
        CHECK_STATUS(rc_model_save(back, again), RC_OK);
        assert_same_file(path, again);
        rc_model_free(m);
        rc_model_free(back);
    }
}

/* Vocabularies of every kind are kept. */
static void a_file_has_all_vocabularies(void **unused)
{
    (void)unused;
    rc_model *m = rich_model("word"), *back;
    const char *const texts[RCM_VOCABS] = {NULL, "B I I O O O", "abc abc", "NN VB VB .", "so a so"};
    TOY_PATH(path, "vocabs.rc");

    for (int k = 1; k < RCM_VOCABS; k++)
        m->vocab.of[k] = toy_vocab("word", texts[k]).of[RCM_SYMBOLS];
    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    CHECK_STATUS(rc_model_open(&back, path), RC_OK);
    for (int k = 0; k < RCM_VOCABS; k++) {
        const rcd_vocab *was = m->vocab.of[k], *is = back->vocab.of[k];

        assert_non_null(is);
        assert_int_equal(rcd_vocab_size(is), rcd_vocab_size(was));
        for (int32_t i = 0; i < rcd_vocab_size(is); i++)
            assert_string_equal(rcd_vocab_symbol(is, i, NULL), rcd_vocab_symbol(was, i, NULL));
    }
    rc_model_free(m);
    rc_model_free(back);
}

/* What the words of a file are, changed by a test: NULL value leaves a word out. */
struct change {
    const char *key, *value;
};

/* Write a model with words changed and one tensor dropped or added. */
static void write_changed(const char *path, const rc_model *m, const struct change *change,
                          const char *drop, const rcf_tensor *extra)
{
    static const char *const keys[] = {
        "recur.format",      "recur.version", "recur.task",    "recur.config", "recur.vocab",
        "recur.conventions", "recur.history", "recur.results", "recur.labels", "recur.origin"};
    TOY_PATH(whole, "whole.rc");
    rcf_writer *w;
    rcf_file *f;

    CHECK_STATUS(rc_model_save(m, whole), RC_OK);
    CHECK_STATUS(rcf_file_open(&f, whole), RC_OK);
    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const bool changed = change && strcmp(change->key, keys[i]) == 0;
        const char *value = changed ? change->value : rcf_file_meta(f, keys[i]);

        if (value)
            CHECK_STATUS(rcf_writer_meta(w, keys[i], value), RC_OK);
    }
    for (size_t i = 0; i < rcf_file_count(f); i++)
        if (!drop || strcmp(drop, rcf_file_at(f, i)->name) != 0)
            CHECK_STATUS(rcf_writer_add(w, rcf_file_at(f, i)), RC_OK);
    if (extra)
        CHECK_STATUS(rcf_writer_add(w, extra), RC_OK);
    CHECK_STATUS(rcf_writer_save(w, path), RC_OK);
    rcf_writer_free(w);
    rcf_file_free(f);
}

static void words_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        struct change change;
        const char *message;
    } cases[] = {
        {{"recur.format", NULL}, "it is not a recur model"},
        {{"recur.format", "x"}, "it is not a recur model"},
        {{"recur.format", "0"}, "it is not a recur model"},
        {{"recur.format", "2"}, "it is of a newer version: format 2, written by recur 0.1.0"},
        {{"recur.task", NULL}, "the word 'recur.task' is missing"},
        {{"recur.task", "paint"}, "there is no task 'paint', it is of a newer version"},
        {{"recur.config", NULL}, "the word 'recur.config' is missing"},
        {{"recur.config", "{"}, "cannot read the configuration"},
        {{"recur.config", "{\"later\":1}"}, "it is of a newer version"},
        {{"recur.config", "{\"hidden\":\"65536\",\"layers\":64}"}, "its configuration describes"},
        {{"recur.config", "{\"hidden\":\"4\",\"layers\":2}"}, "tensor '"},
        {{"recur.config", "{\"hidden\":\"1,2,3\"}"}, "cannot set 'hidden'"},
        {{"recur.vocab", NULL}, "needs a vocabulary"},
        {{"recur.vocab", "{}"}, "cannot read the vocabulary"},
        {{"recur.vocab", "{\"level\":\"char\",\"symbols\":[[\"\\n\",1],[\"<unk>\",0]]}"},
         "tensor '"},
        {{"recur.labels", "{}"}, "cannot read the vocabulary"},
        {{"recur.history", "{}"}, "'recur.history' is not a list"},
        {{"recur.history", "[[1,2,3]]"}, "record 0 is not six numbers"},
        {{"recur.history", "[[1,2,3,4,5,\"6\"]]"}, "record 0 is not six numbers"},
        {{"recur.history", "[[1,2,3,4,5,6,\"7\"]]"}, "record 0 is not six numbers or seven"},
        {{"recur.history", "[[1,2,3,4,5,6,7,8]]"}, "record 0 is not six numbers or seven"},
        {{"recur.origin", "[]"}, "'recur.origin' is not an object"},
        {{"recur.origin", "{\"a\":1}"}, "'recur.origin': 'a' is not a text"},
        {{"recur.results", "[]"}, "'recur.results' is not an object"},
        {{"recur.results", "{\"a\":\"b\"}"}, "'a' is not a number"},
    };
    rc_model *m = rich_model("char");
    TOY_PATH(path, "changed.rc");
    rc_model *back;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_changed(path, m, &cases[i].change, NULL, NULL);
        CHECK_STATUS(rc_model_open(&back, path), RC_EFORMAT);
        CHECK_MESSAGE_HAS(cases[i].message);
        CHECK_MESSAGE_HAS("changed.rc");
        assert_null(back);
    }
    /* Words that a model can do without. */
    write_changed(path, m, &(struct change){"recur.history", NULL}, NULL, NULL);
    CHECK_STATUS(rc_model_open(&back, path), RC_OK);
    rc_model_free(back);
    rc_model_free(m);
}

/* Without a seventh number what was judged is the loss, which files of before it had judged. */
static void a_record_is_six_numbers_or_seven(void **unused)
{
    (void)unused;
    rc_model *m = rich_model("char"), *back;
    TOY_PATH(path, "history.rc");
    const struct change change = {"recur.history", "[[1,2,3,4,5,6],[2,2,3,4,5,6,0.5]]"};
    rc_record r;

    write_changed(path, m, &change, NULL, NULL);
    CHECK_STATUS(rc_model_open(&back, path), RC_OK);
    assert_int_equal(rc_model_records(back), 2);
    assert_true(rc_model_record(back, 0, &r) && r.valid == 6 && r.judged == 6);
    assert_true(rc_model_record(back, 1, &r) && r.valid == 6 && r.judged == 0.5);
    rc_model_free(back);
    rc_model_free(m);
}

static void more_results_than_anybody_has_are_refused(void **unused)
{
    (void)unused;
    rc_model *m = rich_model("char");
    TOY_PATH(path, "many.rc");

    for (int extra = 0; extra < 2; extra++) {
        rcb_buf words = {0};
        rc_model *back;

        for (int i = 0; i < 1000 + extra; i++)
            CHECK_STATUS(rcb_buf_printf(&words, "%s\"r%d\":0", i ? "," : "{", i), RC_OK);
        CHECK_STATUS(rcb_buf_puts(&words, "}"), RC_OK);
        write_changed(path, m, &(struct change){"recur.results", words.p}, NULL, NULL);
        CHECK_STATUS(rc_model_open(&back, path), extra ? RC_EFORMAT : RC_OK);
        if (extra)
            CHECK_MESSAGE_HAS("1001 numbers, the limit is 1000");
        rc_model_free(back);
        rcb_buf_free(&words);
    }
    rc_model_free(m);
}

static void tensors_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    rc_model *m = rich_model("char");
    TOY_PATH(path, "changed.rc");
    static const int64_t data[8];
    rcf_tensor extra = {.name = "more",
                        .dtype = RCF_I64,
                        .rank = 1,
                        .dim = {8},
                        .data = data,
                        .bytes = sizeof data};
    rc_model *back;

    write_changed(path, m, NULL, "out.bias", NULL);
    CHECK_STATUS(rc_model_open(&back, path), RC_EFORMAT);
    CHECK_MESSAGE_HAS("tensor 'out.bias' is missing");
    write_changed(path, m, NULL, NULL, &extra);
    CHECK_STATUS(rc_model_open(&back, path), RC_EFORMAT);
    CHECK_MESSAGE_HAS("tensor 'more' has no place");
    extra.name = "state.anything";
    write_changed(path, m, NULL, NULL, &extra);
    CHECK_STATUS(rc_model_open(&back, path), RC_OK);
    rc_model_free(back);
    extra.name = "out.bias";
    write_changed(path, m, NULL, "out.bias", &extra);
    CHECK_STATUS(rc_model_open(&back, path), RC_EFORMAT);
    CHECK_MESSAGE_HAS("tensor 'out.bias' has the shape (8), by its configuration");
    rc_model_free(m);
}

/* The number type of the file and of the build may differ. */
static void the_other_number_type_is_converted(void **unused)
{
    (void)unused;
    rc_model *m = rich_model("char");
    TOY_PATH(path, "other.rc");
    const rcf_dtype type = RCM_REAL_TYPE == RCF_F32 ? RCF_F64 : RCF_F32;
    const rcn_param *p = rcn_params_find(&m->params, "out.bias");
    rc_real rows[64];
    union {
        double d[64];
        float f[64];
    } other;
    rc_model *back;

    assert_true(p->count <= 64);
    CHECK_STATUS(rc_model_read(m, "out.bias", rows, 64), RC_OK);
    for (int64_t i = 0; i < p->count; i++) {
        rows[i] = (rc_real)(i - 5) / 4;
        if (type == RCF_F64)
            other.d[i] = (double)rows[i];
        else
            other.f[i] = (float)rows[i];
    }
    const rcf_tensor bias = {.name = "out.bias",
                             .dtype = type,
                             .rank = 1,
                             .dim = {p->count},
                             .data = &other,
                             .bytes = (size_t)p->count * rcf_dtype_bytes(type)};
    write_changed(path, m, NULL, "out.bias", &bias);
    CHECK_STATUS(rc_model_open(&back, path), RC_OK);
    rc_real got[64];
    CHECK_STATUS(rc_model_read(back, "out.bias", got, 64), RC_OK);
    assert_memory_equal(got, rows, (size_t)p->count * sizeof *got);
    rc_model_free(back);
    rc_model_free(m);
}

static void damaged_files_are_refused(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_model *m = rich_model("char");
    TOY_PATH(path, "good.rc");
    TOY_PATH(bad, "bad.rc");
    rc_model *back;

    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    rcb_bytes b = slurp(path);
    unsigned char *copy = malloc(b.n);
    assert_non_null(copy);

    for (size_t n = 0; n < b.n; n += 64) {
        check_write_file(bad, b.p, n);
        CHECK_STATUS(rc_model_open(&back, bad), RC_EFORMAT);
    }
    for (int i = 0; i < 300; i++) {
        const size_t at = (size_t)pick(0, (int64_t)b.n - 1);

        memcpy(copy, b.p, b.n);
        copy[at] ^= (unsigned char)(1 << pick(0, 7));
        check_write_file(bad, copy, b.n);
        CHECK_STATUS(rc_model_open(&back, bad), RC_EFORMAT);
        assert_true(*rc_error_message());
    }
    free(copy);
    rcb_bytes_free(&b);
    rc_model_free(m);
}

static void foreign_and_missing_files_are_refused(void **unused)
{
    (void)unused;
    rc_model *m;

    CHECK_STATUS(rc_model_open(&m, check_temp_path("none.rc")), RC_EIO);
    CHECK_STATUS(rc_model_open(&m, toy_file("foreign.rc", "once upon a time")), RC_EFORMAT);
    CHECK_STATUS(rc_model_open(&m, toy_file("empty.rc", "")), RC_EFORMAT);
    CHECK_STATUS(rc_model_open(&m, check_temp_dir()), RC_EIO);

    rc_model *toy = rich_model("char");
    CHECK_STATUS(rc_model_save(toy, check_temp_path("no/such/folder.rc")), RC_EIO);
    rc_model_free(toy);
}

static rc_status save_and_open(void *ctx)
{
    TOY_PATH(path, "alloc.rc");
    rc_model *back;

    RC_TRY(rc_model_save(ctx, path));
    RC_TRY(rc_model_open(&back, path));
    rc_model_free(back);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rc_model *m = rich_model("word");

    CHECK_EACH_ALLOCATION(save_and_open, m);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_brings_the_model_back),
        cmocka_unit_test(a_file_has_all_vocabularies),
        cmocka_unit_test(words_that_do_not_fit_are_refused),
        cmocka_unit_test(a_record_is_six_numbers_or_seven),
        cmocka_unit_test(more_results_than_anybody_has_are_refused),
        cmocka_unit_test(tensors_that_do_not_fit_are_refused),
        cmocka_unit_test(the_other_number_type_is_converted),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(foreign_and_missing_files_are_refused),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
