/* checkpoint_test.c -- a state file is whole or refused: cut short, bits flipped, another kind of
 * file; and it opens as a model too. That going on gives the same bits is loop_test.c's business.
 */
#define _GNU_SOURCE /* setenv */
#include "comma.h"
#include "train/train.h"

static char state[1024], path[1024];

/* Five steps, one checkpoint and one model. */
static rc_status train(const char *to)
{
    rc_config *c;
    rc_trainer *t = NULL;
    rc_status s = rc_config_new(&c, "lm");
    static const char *const options[][2] = {
        {"hidden", "7"}, {"batch", "3"},   {"seq", "11"},
        {"steps", "5"},  {"lr", "0.0125"}, {"init", "rnn.*=uniform:0.25"},
    };

    RC_TRY(s);
    s = rc_config_set(c, "train", check_temp_path("text"));
    for (size_t i = 0; s == RC_OK && i < sizeof options / sizeof *options; i++)
        s = rc_config_set(c, options[i][0], options[i][1]);
    if (s == RC_OK)
        s = rc_trainer_new(&t, c, to, NULL);
    if (s == RC_OK)
        s = rc_trainer_run(t, NULL, NULL);
    rc_trainer_free(t);
    rc_config_free(c);
    return s;
}

static int train_once(void **unused)
{
    (void)unused;
    check_seed();
    char text[4000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "abcdefgh \n"[pick(0, 9)];
    check_write_file(check_temp_path("text"), text, sizeof text);
    snprintf(path, sizeof path, "%s", check_temp_path("model"));
    snprintf(state, sizeof state, "%s", check_temp_path("model.state"));
    if (train(path) == RC_OK)
        return 0;
    print_error("%s\n", rc_error_message());
    return 1;
}

static void a_state_opens_as_a_model_of_the_last_weights(void **unused)
{
    (void)unused;
    rc_model *m;
    CHECK_STATUS(rc_model_open(&m, state), RC_OK);
    assert_int_equal(rc_model_records(m), 1);
    rc_model_free(m);
}

static void a_damaged_state_is_refused(void **unused)
{
    (void)unused;
    rcb_bytes whole;
    rc_trainer *t;
    CHECK_STATUS(rcb_file_load(&whole, state), RC_OK);
    unsigned char *copy = malloc(whole.n);
    assert_non_null(copy);
    const size_t size = whole.n;
    memcpy(copy, whole.p, size);
    rcb_bytes_free(&whole);

    for (size_t n = 0; n < size; n += size / 40 + 1) {
        check_write_file(state, copy, n);
        CHECK_STATUS(rc_trainer_resume(&t, path, NULL), RC_EFORMAT);
        assert_null(t);
    }
    for (int i = 0; i < 60; i++) {
        const size_t at = (size_t)pick(0, (int64_t)size - 1);
        const unsigned char bit = (unsigned char)(1u << pick(0, 7));
        copy[at] ^= bit;
        check_write_file(state, copy, size);
        CHECK_STATUS(rc_trainer_resume(&t, path, NULL), RC_EFORMAT);
        assert_null(t);
        copy[at] ^= bit;
    }
    check_write_file(state, copy, size);
    CHECK_STATUS(rc_trainer_resume(&t, path, NULL), RC_OK);
    rc_trainer_free(t);
    free(copy);
}

/* The state file again, its checksums right, with another place; `from` becomes `to`. */
static void rewrite_place(const char *out, const char *from, const char *to)
{
    static const char *const kept[] = {"recur.format",      "recur.version", "recur.task",
                                       "recur.config",      "recur.vocab",   "recur.history",
                                       "recur.conventions", "recur.results"};
    rcf_file *f;
    rcf_writer *w;
    rcb_buf place = {0};

    CHECK_STATUS(rcf_file_open(&f, state), RC_OK);
    CHECK_STATUS(rcf_writer_new(&w), RC_OK);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        CHECK_STATUS(rcf_writer_meta(w, kept[i], rcf_file_meta(f, kept[i])), RC_OK);

    const char *text = rcf_file_meta(f, "state.place");
    const char *at = strstr(text, from);

    assert_non_null(at);
    CHECK_STATUS(rcb_buf_add(&place, text, (size_t)(at - text)), RC_OK);
    CHECK_STATUS(rcb_buf_printf(&place, "%s%s", to, at + strlen(from)), RC_OK);
    CHECK_STATUS(rcf_writer_meta(w, "state.place", place.p), RC_OK);
    for (size_t i = 0; i < rcf_file_count(f); i++)
        CHECK_STATUS(rcf_writer_add(w, rcf_file_at(f, i)), RC_OK);
    CHECK_STATUS(rcf_writer_save(w, out), RC_OK);
    rcb_buf_free(&place);
    rcf_writer_free(w);
    rcf_file_free(f);
}

/* Checksums tell of damage, not of malice. */
static void a_place_that_cannot_be_is_refused(void **unused)
{
    (void)unused;
    static const char *const changes[][2] = {
        {"epoch ", "epoch 0 "},
        {"pos ", "pos -"},
        {"pos ", "pos x"},
        {"\npos ", "\npos 9223372036854775807\nold "},
        {"\ntokens ", "\ntokens 99999999999999999999\nold "},
        {"\nstep ", "\nstep 5.5\nold "},
        {"\nscored ", "\nscored -2\nold "},
        {"\nfactor ", "\nfactor nan\nold "},
        {"\nfactor ", "\nfactor -0x1p-1\nold "},
        {"\nfactor ", "\nfactor\nold "},
        {"\nsum ", "\nsum inf\nold "},
        {"\nbest ", "\nbest nan\nold "},
        {"\nbest ", "\nworst "},
    };
    char other[1024], other_state[1024];
    rc_trainer *t;

    snprintf(other, sizeof other, "%s", check_temp_path("place"));
    snprintf(other_state, sizeof other_state, "%s", check_temp_path("place.state"));
    rewrite_place(other_state, "epoch ", "epoch ");
    CHECK_STATUS(rc_trainer_resume(&t, other, NULL), RC_OK);
    rc_trainer_free(t);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        rewrite_place(other_state, changes[i][0], changes[i][1]);
        CHECK_STATUS(rc_trainer_resume(&t, other, NULL), RC_EFORMAT);
        CHECK_MESSAGE_HAS("place.state");
        assert_null(t);
    }
}

static void a_model_without_training_state_is_refused(void **unused)
{
    (void)unused;
    rcb_bytes model;
    rc_trainer *t;
    CHECK_STATUS(rcb_file_load(&model, path), RC_OK);
    check_write_file(check_temp_path("other.state"), model.p, model.n);
    rcb_bytes_free(&model);
    CHECK_STATUS(rc_trainer_resume(&t, check_temp_path("other"), NULL), RC_EFORMAT);
    CHECK_MESSAGE_HAS("holds no training state");
}

static void a_folder_that_cannot_be_written_loses_nothing(void **unused)
{
    (void)unused;
    rc_config *c;
    rc_trainer *t;
    CHECK_STATUS(rc_config_new(&c, "lm"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "train", check_temp_path("text")), RC_OK);
    CHECK_STATUS(rc_config_set(c, "steps", "1"), RC_OK);
    CHECK_STATUS(rc_config_set(c, "batch", "2"), RC_OK);
    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("no/such/folder"), NULL), RC_OK);
    CHECK_STATUS(rc_trainer_run(t, NULL, NULL), RC_EIO);
    CHECK_MESSAGE_HAS("no/such/folder");
    rc_trainer_free(t);
    rc_config_free(c);
}

static void check_same(const char *a, const char *b)
{
    rcb_bytes x;

    CHECK_STATUS(rcb_file_load(&x, a), RC_OK);
    check_file_has(b, x.p, x.n);
    rcb_bytes_free(&x);
}

/* Options are read, files written and read, as if the program had no locale. */
static void a_decimal_comma_changes_no_file(void **unused)
{
    (void)unused;
    char other[1024], other_state[1024];
    rc_trainer *t = NULL;
    rc_model *m = NULL;

    snprintf(other, sizeof other, "%s", check_temp_path("comma"));
    snprintf(other_state, sizeof other_state, "%s", check_temp_path("comma.state"));
    if (!comma_begin())
        skip();
    const rc_status trained = train(other);
    const rc_status opened = rc_model_open(&m, other);
    const rc_status resumed = rc_trainer_resume(&t, other, NULL);
    comma_end();

    CHECK_STATUS(trained, RC_OK);
    CHECK_STATUS(opened, RC_OK);
    CHECK_STATUS(resumed, RC_OK);
    assert_string_equal(rc_config_get(rc_model_config(m), "lr"), "0.0125");
    rc_trainer_free(t);
    rc_model_free(m);
    check_same(path, other);
    check_same(state, other_state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_opens_as_a_model_of_the_last_weights),
        cmocka_unit_test(a_damaged_state_is_refused),
        cmocka_unit_test(a_place_that_cannot_be_is_refused),
        cmocka_unit_test(a_model_without_training_state_is_refused),
        cmocka_unit_test(a_folder_that_cannot_be_written_loses_nothing),
        cmocka_unit_test(a_decimal_comma_changes_no_file),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, train_once, NULL);
}
