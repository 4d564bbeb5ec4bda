/* series_scale_test.c -- standardized numbers have mean 0 and deviation 1 over the training series,
 * come back as they were, and are part of the model; what is said of them is in units of the data.
 */
#include "model/series_config.h"

#include "model/series_in.h"

#include <math.h>

static void a_row_comes_back_as_it_was(void **unused)
{
    rcm_scale s;
    rc_real x[3] = {5, -2, 1e6f}, y[3];

    (void)unused;
    CHECK_STATUS(rcm_scale_new(&s, 3), RC_OK);
    rcm_scale_apply(&s, x, y);
    CHECK_CLOSE(y, x, 3, 0);
    const rc_real mean[] = {4, 0, 9e5f}, deviation[] = {2, 0.5, 1e5f}, want[] = {0.5, -4, 1};
    memcpy(s.mean, mean, sizeof mean);
    memcpy(s.deviation, deviation, sizeof deviation);
    rcm_scale_apply(&s, x, y);
    CHECK_CLOSE(y, want, 3, 1e-6);
    rcm_scale_undo(&s, 1, y);
    CHECK_CLOSE(y, x, 3, 0.1);
    rcm_scale_free(&s);
}

/* Of the table: big is 1000 + 100 a, flat never changes, the answer is 5 a - 7. */
static const char *table(void)
{
    char text[2048] = "series,a,big,flat,y\n";
    size_t n = strlen(text);

    for (int i = 0; i < 48; i++) {
        const int a = i * 7 % 5;

        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d,%d,0.1,%d\n", i / 4, a,
                              1000 + 100 * a, 5 * a - 7);
    }
    return file("scale.csv", text);
}

static const char *const options[] = {
    "target", "y", "series-column", "series", "answers", "each", "standardize", "true",
    "hidden", "8", "epochs",        "60",     "batch",   "4",    "lr",          "0.02",
    "seed",   "3", "valid-split",   "0.25",   NULL};

static void moments_are_those_of_the_training_part(void **unused)
{
    rc_config *c = config_of(table(), options);
    rc_trainer *t;
    rc_real mean[4], deviation[4];

    (void)unused;
    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("s.model"), NULL), RC_OK);
    const rc_model *m = rc_trainer_model(t);
    CHECK_STATUS(rc_model_read(m, "input.mean", mean, 3), RC_OK);
    CHECK_STATUS(rc_model_read(m, "input.deviation", deviation, 3), RC_OK);
    /* nine of twelve series: a is 0 .. 4, big 1000 + 100 a whatever they are */
    assert_true(mean[0] > 1 && mean[0] < 3 && deviation[0] > 1 && deviation[0] < 2);
    assert_true(fabs((double)(mean[1] - 1000 - 100 * mean[0])) < 1e-2);
    assert_true(fabs((double)(deviation[1] - 100 * deviation[0])) < 1e-2);
    assert_true(mean[2] == (rc_real)0.1f && deviation[2] == 1);
    CHECK_STATUS(rc_model_read(m, "answer.mean", mean + 3, 1), RC_OK);
    CHECK_STATUS(rc_model_read(m, "answer.deviation", deviation + 3, 1), RC_OK);
    assert_true(fabs((double)(mean[3] - 5 * mean[0] + 7)) < 1e-4);
    assert_true(fabs((double)(deviation[3] - 5 * deviation[0])) < 1e-4);
    assert_string_equal(rc_model_measure(m), "standardized squared error");
    rc_trainer_free(t);
    rc_config_free(c);
}

typedef struct errors {
    double squares;
    int64_t n;
    double most;
} errors;

static bool add(void *ctx, const rc_prediction *p)
{
    errors *e = ctx;
    const int i = (int)(p->sequence * 4 + p->step), a = i * 7 % 5;
    const double off = (double)p->values[0] - (5 * a - 7);

    e->squares += off * off;
    e->most = fmax(e->most, fabs(off));
    e->n++;
    return true;
}

static void predictions_are_in_units_of_the_data_and_scores_in_both(void **unused)
{
    const char *path = check_temp_path("u.model");
    rc_config *c = config_of(table(), options);
    rc_predict_options how = rc_predict_options_default();
    rc_evaluation e;
    rc_model *m;
    rc_real deviation;
    errors off = {0};

    (void)unused;
    train(c, path, 1);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    CHECK_STATUS(rc_model_predict(m, table(), &how, add, &off), RC_OK);
    assert_int_equal(off.n, 48);
    assert_true(off.most < 2); /* of answers from -7 to 13 */
    CHECK_STATUS(rc_model_evaluate(m, table(), NULL, &e), RC_OK);
    assert_int_equal(e.numbers, 48);
    assert_true(fabs(e.squares - off.squares) < 1e-3 * off.squares + 1e-6);
    CHECK_STATUS(rc_model_read(m, "answer.deviation", &deviation, 1), RC_OK);
    assert_true(fabs(e.nats * (double)deviation * (double)deviation - e.squares) <
                1e-3 * e.squares);
    rc_model_free(m);
    rc_config_free(c);
}

typedef struct line {
    int64_t n;
    double at[200];
} line;

static bool note(void *ctx, const rc_prediction *p)
{
    line *l = ctx;

    l->at[l->n++] = (double)p->values[0];
    return true;
}

/* Steps beyond the end are read as they were said. */
static void steps_to_come_are_in_units_of_the_data(void **unused)
{
    const char *path = check_temp_path("n.model");
    const rc_predict_options how = {.ahead = 6, .threads = 1};
    char text[1024] = "a\n";
    line said = {0};
    rc_model *m;

    (void)unused;
    for (int i = 0; i < 80; i++)
        (void)snprintf(text + strlen(text), 16, "%d\n", i % 2 ? 5000 : 3000);
    const char *csv = file("next.csv", text);
    rc_config *c =
        config_of(csv, (const char *const[]){"standardize", "true", "hidden", "6", "epochs", "300",
                                             "valid", csv, "lr", "0.02", NULL});
    train(c, path, 1);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    CHECK_STATUS(rc_model_predict(m, csv, &how, note, &said), RC_OK);
    assert_int_equal(said.n, 85);
    for (int64_t i = 40; i < said.n; i++)
        assert_true(fabs(said.at[i] - ((i + 1) % 2 ? 5000 : 3000)) < 200);
    rc_model_free(m);
    rc_config_free(c);
}

static void a_file_with_impossible_numbers_is_refused(void **unused)
{
    const char *path = check_temp_path("d.model");
    rc_config *c = config_of(table(), options);
    rc_trainer *t;
    rc_model *m;

    (void)unused;
    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("e.model"), NULL), RC_OK);
    CHECK_STATUS(rc_model_save(rc_trainer_model(t), path), RC_OK);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    const rcm_series_net *s = m->own;
    s->out.deviation[0] = 0;
    CHECK_STATUS(rc_model_save(m, path), RC_OK);
    rc_model_free(m);
    CHECK_STATUS(rc_model_open(&m, path), RC_EFORMAT);
    assert_non_null(strstr(rc_error_message(), "answer.deviation"));
    rc_trainer_free(t);
    rc_config_free(c);
}

static void what_is_on_or_off_is_not_standardized(void **unused)
{
    rc_config *c =
        config_of(file("roll", rolls), (const char *const[]){"standardize", "true", NULL});
    rc_trainer *t;

    (void)unused;
    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("b.model"), NULL), RC_EINVAL);
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back_as_it_was),
        cmocka_unit_test(moments_are_those_of_the_training_part),
        cmocka_unit_test(predictions_are_in_units_of_the_data_and_scores_in_both),
        cmocka_unit_test(steps_to_come_are_in_units_of_the_data),
        cmocka_unit_test(a_file_with_impossible_numbers_is_refused),
        cmocka_unit_test(what_is_on_or_off_is_not_standardized),
    };

    return cmocka_run_group_tests_name("series_scale", tests, NULL, NULL);
}
