/* series_run_test.c -- what models of series say of files is what they are scored by, in the order
 * of the file, whatever the batch and the threads; steps beyond the end are what the model says
 * when they have come; and with feedback a step reads what was said before it.
 */
#include "model/series_config.h"

#include <math.h>

enum { MOST = 4096 };

/* All that was said of a file. */
typedef struct said {
    int64_t n;
    int64_t sequence[MOST], step[MOST], steps[MOST], count;
    bool classes;
    rc_real *values; /* (n, count) */
    int64_t stop_at;
} said;

static bool keep(void *ctx, const rc_prediction *p)
{
    said *s = ctx;

    assert_true(s->n < MOST);
    assert_true(s->n == 0 || (p->count == s->count && p->classes == s->classes));
    s->count = p->count;
    s->classes = p->classes;
    s->values = rcb_realloc(s->values, (size_t)(s->n * p->count), (size_t)((s->n + 1) * p->count),
                            sizeof *s->values);
    assert_non_null(s->values);
    memcpy(s->values + s->n * p->count, p->values, (size_t)p->count * sizeof *s->values);
    s->sequence[s->n] = p->sequence;
    s->step[s->n] = p->step;
    s->steps[s->n++] = p->steps;
    return s->n != s->stop_at;
}

static said *predict(const rc_model *m, const char *path, rc_predict_options o)
{
    said *s = rcb_calloc(1, sizeof *s);

    assert_non_null(s);
    CHECK_STATUS(rc_model_predict(m, path, &o, keep, s), RC_OK);
    return s;
}

static void forget(said *s)
{
    rcb_free(s->values);
    rcb_free(s);
}

static rc_model *trained(const char *data, const char *const *pairs)
{
    const char *path = check_temp_path("run.model");
    rc_config *c = config_of(data, pairs);
    rc_model *m;

    train(c, path, 1);
    CHECK_STATUS(rc_model_open(&m, path), RC_OK);
    rc_config_free(c);
    return m;
}

/* Classes of a file, one a line: the chances are those that evaluation counts. */
static void chances_of_classes_are_those_of_the_score(void **unused)
{
    (void)unused;
    const char *ts = file("c.ts", cases);
    static const char *const names[] = {"up", "down", "up", "down", "up", "down", "up", "down"};
    rc_model *m = trained(ts, (const char *const[]){"hidden", "9", "steps", "20", "batch", "3",
                                                    "valid-split", "0", "lr", "0.01", NULL});
    rc_evaluation e;
    said *s = predict(m, ts, (rc_predict_options){.ahead = 1, .threads = 1});
    double nats = 0;
    int64_t wrong = 0;

    assert_int_equal(s->n, 8);
    assert_true(s->classes && s->count == 2);
    for (int64_t i = 0; i < 8; i++) {
        const int32_t id = rc_model_find(m, names[i], strlen(names[i]));
        const rc_real *p = s->values + i * 2;

        assert_int_equal(s->sequence[i], i);
        assert_int_equal(s->step[i], -1);
        CHECK_NEAR(p[0] + p[1], 1, 1e-6);
        nats -= log((double)p[id]);
        wrong += p[id] < p[1 - id];
    }
    CHECK_STATUS(rc_model_evaluate(m, ts, NULL, &e), RC_OK);
    CHECK_NEAR(e.nats, nats, 1e-5);
    assert_int_equal(e.wrong, wrong);

    said *many = predict(m, ts, (rc_predict_options){.ahead = 1, .threads = 3});
    assert_memory_equal(many->values, s->values, 16 * sizeof *s->values);
    forget(many);
    forget(s);
    rc_model_free(m);
}

/* A model reads its own chord when the file ends: the same as if the file had it. */
static void steps_beyond_the_end_are_said_as_if_they_had_come(void **unused)
{
    (void)unused;
    const char *roll = file("b.rolls", rolls);
    rc_model *m =
        trained(roll, (const char *const[]){"hidden", "7", "steps", "30", "batch", "2",
                                            "valid-split", "0", "lr", "0.05", "window", "2", NULL});
    const char *one = file("one.rolls", "60,64 62 - 60\n50\n");
    said *s = predict(m, one, (rc_predict_options){.ahead = 3});
    char longer[2048];
    int n = snprintf(longer, sizeof longer, "60,64 62 - 60");

    assert_int_equal(s->n, 4 + 2 + 1 + 2);
    for (int64_t i = 0; i < 6; i++) {
        assert_int_equal(s->sequence[i], 0);
        assert_int_equal(s->step[i], i + 1);
        assert_int_equal(s->steps[i], 4);
    }
    for (int64_t step = 4; step < 6; step++) { /* what is said of steps 4 and 5, written down */
        const rc_real *p = s->values + (step - 1) * 88;
        bool any = false;

        for (int key = 0; key < 88; key++)
            if (p[key] > (rc_real)0.5) {
                n += snprintf(longer + n, sizeof longer - (size_t)n, "%c%d", any ? ',' : ' ',
                              key + 21);
                any = true;
            }
        if (!any)
            n += snprintf(longer + n, sizeof longer - (size_t)n, " -");
    }
    (void)snprintf(longer + n, sizeof longer - (size_t)n, "\n");

    said *came = predict(m, file("came.rolls", longer), (rc_predict_options){.ahead = 1});
    assert_int_equal(came->n, 6);
    CHECK_CLOSE(came->values, s->values, 6 * 88, 1e-6);
    forget(came);
    forget(s);
    rc_model_free(m);
}

/* By hand: the answer of a step enters the next one. */
static void with_feedback_a_step_reads_what_was_said(void **unused)
{
    (void)unused;
    rc_model *m = trained("copy:3:64",
                          (const char *const[]){"hidden", "8", "cell", "none", "feedback", "true",
                                                "steps", "40", "batch", "8", "lr", "0.02", NULL});
    const char *data = "copy:3:5";
    said *s = predict(m, data, (rc_predict_options){.ahead = 1});
    const rc_config *c = rc_model_config(m);
    const int64_t D = atoi(rc_config_get(c, "inputs")), O = s->count;
    const rcd_reading how = {.part = "eval", .seed = 1};
    const int64_t which[] = {0, 1, 2, 3, 4};
    rcd_series made = {0};
    rcd_batch b = {0};
    rc_graph *g;
    double nats = 0;
    rc_evaluation e;

    assert_string_equal(rc_config_get(c, "answers"), "each");
    CHECK_STATUS(rcd_series_read(&made, data, &how), RC_OK);
    CHECK_STATUS(rcd_series_batch(&made, which, 5, false, &b), RC_OK);
    CHECK_STATUS(rc_graph_new(&g, &(rc_graph_options){.threads = 1}), RC_OK);
    const rcn_params *ps = rcm_params(m);
    assert_int_equal(ps->n, 4); /* W, b, W out, b out */
    assert_int_equal(s->n, b.rows);
    for (int64_t i = 0; i < 5; i++) {
        rc_real x[64] = {0}, y[64];

        for (int64_t t = 0; t < b.steps; t++) {
            memcpy(x, b.x + (b.at[t] + i) * D, (size_t)D * sizeof *x);
            rc_graph_reset(g);
            rc_var *v = rc_leaf(g, rc_shape_2(1, D + O), x, NULL);
            v = rc_tanh(g, rc_linear(g, v, rcn_var(g, &ps->p[0]), rcn_var(g, &ps->p[1])));
            v = rc_softmax(g, rc_linear(g, v, rcn_var(g, &ps->p[2]), rcn_var(g, &ps->p[3])));
            CHECK_STATUS(rc_var_read(g, v, y, O), RC_OK);
            CHECK_CLOSE(s->values + (i * b.steps + t) * O, y, O, 1e-5);
            nats -= log((double)y[b.out[b.at[t] + i]]);
            memcpy(x + D, y, (size_t)O * sizeof *x);
        }
    }
    CHECK_STATUS(rc_model_evaluate(m, data, NULL, &e), RC_OK);
    CHECK_NEAR(e.nats, nats, 1e-3);
    rc_graph_free(g);
    rcd_batch_free(&b);
    rcd_series_free(&made);
    forget(s);
    rc_model_free(m);
}

/* Trained first states are where step by step begins, too. */
static void first_states_are_the_same_step_by_step(void **unused)
{
    (void)unused;
    rc_model *m =
        trained("copy:2:32", (const char *const[]){"hidden", "6", "cell", "gru", "feedback", "true",
                                                   "learned-start", "true", "steps", "30", "batch",
                                                   "8", "lr", "0.05", NULL});
    const rcn_param *start = rcn_params_find(rcm_params(m), "rnn.start_l0");
    double size = 0;

    assert_non_null(start);
    for (int64_t i = 0; i < 6; i++)
        size += fabs((double)start->w[i]);
    assert_true(size > 1e-3); /* it has been trained */

    said *s = predict(m, "copy:2:3", (rc_predict_options){.ahead = 1});
    rc_real *was = rcb_alloc(6, sizeof *was);
    assert_non_null(was);
    memcpy(was, start->w, 6 * sizeof *was);
    memset(start->w, 0, 6 * sizeof *was);
    said *zero = predict(m, "copy:2:3", (rc_predict_options){.ahead = 1});
    assert_memory_not_equal(s->values, zero->values, (size_t)s->count * sizeof *was);
    rcb_free(was);
    forget(zero);
    forget(s);
    rc_model_free(m);
}

static void what_cannot_be_said_is_refused(void **unused)
{
    (void)unused;
    const char *ts = file("n.ts", cases), *roll = file("n.rolls", rolls);
    rc_model *m = trained(ts, (const char *const[]){"hidden", "3", "steps", "1", NULL});
    said *s = rcb_calloc(1, sizeof *s);

    assert_non_null(s);
    CHECK_STATUS(rc_model_predict(m, roll, NULL, keep, s), RC_EDATA);
    CHECK_MESSAGE_HAS("its steps have 88 numbers, the model reads 1");
    CHECK_STATUS(rc_model_predict(m, ts, &(rc_predict_options){.ahead = 0}, keep, s), RC_EINVAL);
    CHECK_STATUS(rc_model_predict(m, ts, &(rc_predict_options){.ahead = 2}, keep, s), RC_EINVAL);
    CHECK_MESSAGE_HAS("does not say the next step");
    s->stop_at = 3;
    CHECK_STATUS(rc_model_predict(m, ts, NULL, keep, s), RC_ESTOP);
    assert_int_equal(s->n, 3);
    forget(s);
    rc_model_free(m);
}

static bool is_near(const rc_real *a, const rc_real *b, int64_t n, double most)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)(a[i] - b[i])) <= most))
            return false;
    return true;
}

/* One to many, and an autonomous recurrence: what is not read changes nothing, what is read does;
 * and a file of the first step alone says as much as one with all. */
static void steps_that_are_not_read_change_nothing(void **unused)
{
    static const char *const reads[] = {"each", "first", "none"};
    const char *a = file("ra.csv", "p,q\n1,2\n3,4\n2,2\n0,1\n5,5\n1,1\n");
    const char *tail = file("rb.csv", "p,q\n1,2\n9,4\n2,7\n0,-1\n5,0\n7,1\n");
    const char *head = file("rc.csv", "p,q\n4,0\n9,4\n2,7\n0,-1\n5,0\n7,1\n");
    const char *alone = file("rd.csv", "p,q\n1,2\n");

    (void)unused;
    for (int k = 0; k < 3; k++) {
        rc_model *m = trained(a, (const char *const[]){"hidden", "6", "steps", "30", "lr", "0.05",
                                                       "valid-split", "0", "reads", reads[k],
                                                       "learned-start", "true", "standardize",
                                                       k == 1 ? "true" : "false", NULL});
        said *s = predict(m, a, (rc_predict_options){.ahead = 1});
        said *t = predict(m, tail, (rc_predict_options){.ahead = 1});
        said *h = predict(m, head, (rc_predict_options){.ahead = 1});
        said *one = predict(m, alone, (rc_predict_options){.ahead = 6});

        assert_true(s->n == 6 && t->n == 6 && h->n == 6 && one->n == 6 && s->count == 2);
        assert_int_equal(is_near(s->values, t->values, 12, 1e-6), k > 0);
        assert_int_equal(is_near(s->values, h->values, 12, 1e-6), k == 2);
        assert_int_equal(is_near(s->values, one->values, 12, 1e-5), k > 0);
        forget(s);
        forget(t);
        forget(h);
        forget(one);
        rc_model_free(m);
    }
}

/* A state is what the output layer makes the answer of, step by step and all at once. */
static void states_are_what_answers_are_made_of(void **unused)
{
    const char *csv = file("st.csv", "s,p,q,y\n0,1,2,3\n0,3,4,1\n0,2,2,0\n1,5,5,2\n1,1,1,4\n");
    const char *const data[] = {"target", "y", "series-column", "s",  "valid-split", "0",
                                "hidden", "5", "steps",         "10", "answers",     "each"};
    static const char *const ways[][2] = {
        {"bidirectional", "true"}, {"feedback", "true"}, {"layers", "2"}};

    (void)unused;
    for (int k = 0; k < 3; k++) {
        const char *pairs[16] = {0};
        rc_real w[16], b;

        memcpy(pairs, data, sizeof data);
        memcpy(pairs + sizeof data / sizeof *data, ways[k], sizeof ways[k]);
        rc_model *m = trained(csv, pairs);
        said *s = predict(m, csv, (rc_predict_options){.ahead = 1, .states = true});
        said *y = predict(m, csv, (rc_predict_options){.ahead = 1});
        const int64_t wide = k == 0 ? 10 : 5;

        assert_true(s->n == 2 && s->count == wide && !s->classes);
        assert_true(s->step[0] == -1 && s->steps[0] == 3 && s->sequence[1] == 1);
        CHECK_STATUS(rc_model_read(m, "out.weight", w, 16), RC_OK);
        CHECK_STATUS(rc_model_read(m, "out.bias", &b, 1), RC_OK);
        for (int i = 0; i < 2; i++) {
            double sum = (double)b;

            for (int64_t j = 0; j < wide; j++)
                sum += (double)(w[j] * s->values[i * wide + j]);
            CHECK_NEAR(sum, y->values[i == 0 ? 2 : 4], 1e-5);
        }
        forget(s);
        forget(y);
        CHECK_STATUS(
            rc_model_predict(m, csv, &(rc_predict_options){.ahead = 2, .states = true}, keep, NULL),
            RC_EINVAL);
        rc_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chances_of_classes_are_those_of_the_score),
        cmocka_unit_test(steps_beyond_the_end_are_said_as_if_they_had_come),
        cmocka_unit_test(with_feedback_a_step_reads_what_was_said),
        cmocka_unit_test(first_states_are_the_same_step_by_step),
        cmocka_unit_test(steps_that_are_not_read_change_nothing),
        cmocka_unit_test(states_are_what_answers_are_made_of),
        cmocka_unit_test(what_cannot_be_said_is_refused),
    };

    return cmocka_run_group_tests_name("series_run", tests, NULL, NULL);
}
