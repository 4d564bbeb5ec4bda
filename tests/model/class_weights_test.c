/* class_weights_test.c -- what labels count: by their counts, by a list, what cannot be; what a
 * training loses and an evaluation does not.
 */
#include "model/labelled_toy.h"

#include <math.h>

/* Of a model over the reviews: 3 good, 3 bad, 2 so. */
static labelled_toy open_reviews(const char *weights)
{
    return labelled_open("classify", toy_file("w.tsv", toy_reviews),
                         (const char *const[]){"class-weights", weights, NULL});
}

static double weight_of(const rc_model *m, const char *label)
{
    rc_real *weight;

    CHECK_STATUS(rcm_class_weights(&weight, m), RC_OK);
    assert_non_null(weight);
    const int32_t id = rcd_vocab_find(m->vocab.of[RCM_LABELS], label, strlen(label));
    assert_in_range(id, 0, rcm_labels(m) - 1);
    const double x = (double)weight[id];
    rcb_free(weight);
    return x;
}

static void balanced_labels_count_as_in_scikit_learn(void **unused)
{
    (void)unused;
    labelled_toy t = open_reviews("balanced");

    CHECK_NEAR(weight_of(t.m, "good"), 8.0 / (3 * 3), 1e-6);
    CHECK_NEAR(weight_of(t.m, "bad"), 8.0 / (3 * 3), 1e-6);
    CHECK_NEAR(weight_of(t.m, "so"), 8.0 / (3 * 2), 1e-6);
    labelled_close(&t);
}

/* A part that is not trained on does not count, so that folds have weights of their own. */
static void only_what_is_trained_on_is_counted(void **unused)
{
    (void)unused;
    double all = 0;

    for (int fold = 1; fold <= 4; fold++) {
        char number[2] = {(char)('0' + fold), 0};
        labelled_toy t = labelled_open(
            "classify", toy_file("w.tsv", toy_reviews),
            (const char *const[]){"class-weights", "balanced", "folds", "4", "fold", number, NULL});
        double n = 0;
        for (int32_t i = 0; i < rcm_labels(t.m); i++) {
            size_t bytes;
            const rcd_vocab *v = t.m->vocab.of[RCM_LABELS];
            const char *label = rcd_vocab_symbol(v, i, &bytes);

            n += weight_of(t.m, label) * (double)rcd_vocab_count(v, i);
        }
        CHECK_NEAR(n, 6, 1e-5); /* of 8 a fold has 2 */
        all += n;
        labelled_close(&t);
    }
    CHECK_NEAR(all, 24, 1e-4);
}

static void a_list_says_what_labels_count_and_others_count_1(void **unused)
{
    (void)unused;
    labelled_toy t = open_reviews("so=2.5,good=0");
    rc_real *none;

    CHECK_NEAR(weight_of(t.m, "so"), 2.5, 0);
    CHECK_NEAR(weight_of(t.m, "good"), 0, 0);
    CHECK_NEAR(weight_of(t.m, "bad"), 1, 0);
    labelled_close(&t);
    t = open_reviews("none");
    CHECK_STATUS(rcm_class_weights(&none, t.m), RC_OK);
    assert_null(none);
    labelled_close(&t);
}

/* The loss of the whole corpus: by text for classify, by word for tag. */
static double loss_of(const labelled_toy *t)
{
    enum { MOST = 20 };
    const int64_t n = rcm_labelled_of(t->corpus)->own[RCM_TRAIN].set.n;
    int64_t which[MOST];

    assert_in_range(n, 1, MOST);
    for (int64_t i = 0; i < n; i++)
        which[i] = i;
    return labelled_loss(t, which, n);
}

/* The loss with one label counting x is linear in x; evaluation does not change. */
static void check_task(const char *task, const char *file, const char *label)
{
    double loss[3], nats[3];

    for (int i = 0; i < 3; i++) {
        char list[40];
        rc_evaluation e;

        (void)snprintf(list, sizeof list, "%s=%d", label, i);
        labelled_toy t =
            labelled_open(task, file, (const char *const[]){"class-weights", list, NULL});
        loss[i] = loss_of(&t);
        CHECK_STATUS(t.c->task->score_part(t.m, t.corpus, RCM_TRAIN, 1, t.pool, &e), RC_OK);
        nats[i] = e.nats;
        labelled_close(&t);
    }
    assert_true(loss[1] > loss[0]);
    CHECK_NEAR((loss[2] - loss[1]) / (loss[1] - loss[0]), 1, sizeof(rc_real) == 8 ? 1e-9 : 1e-3);
    CHECK_NEAR(nats[0], nats[1], 0);
    CHECK_NEAR(nats[2], nats[1], 0);
    CHECK_NEAR(loss[1] / nats[1], 1, sizeof(rc_real) == 8 ? 1e-12 : 2e-5);
}

static void training_loses_by_weight_and_evaluation_does_not(void **unused)
{
    (void)unused;
    check_task("classify", toy_file("w.tsv", toy_reviews), "so");
    check_task("tag", toy_file("w.conll", toy_tags), "NN");
}

static void what_cannot_be_is_refused_by_its_name(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"god=2", "'god' is none of the 3 labels"},
        {"good", "'good' is no LABEL=X"},
        {"good=", "'good=' is no LABEL=X"},
        {"=2", "'=2' is no LABEL=X"},
        {"good=2,good=3", "'good' comes twice"},
        {"good=-1", "'good=-1' is no LABEL=X"},
        {"good=nan", "'good=nan' is no LABEL=X"},
        {"good=1e7", "X from 0 to 1e+06"},
        {"good=2,", "'' is no LABEL=X"},
        {"", "'' is no LABEL=X"},
        {"good=2x", "'good=2x' is no LABEL=X"},
        {"<unk>=2", "'<unk>' is none of"},
        {"good=inf", "'good=inf' is no LABEL=X"},
        {"Balanced", "'Balanced' is no LABEL=X"},
    };
    labelled_toy t = open_reviews("none");

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rc_real *weight;

        CHECK_STATUS(rc_config_set(t.m->config, "class-weights", cases[i].text), RC_OK);
        CHECK_STATUS(rcm_class_weights(&weight, t.m), RC_EINVAL);
        CHECK_MESSAGE_HAS(cases[i].words);
        assert_null(weight);
    }
    labelled_close(&t);
}

static void a_field_has_no_weights(void **unused)
{
    (void)unused;
    rc_config *c =
        labelled_config("tag", toy_file("w.conll", toy_tags),
                        (const char *const[]){"decoder", "crf", "class-weights", "balanced", NULL});
    rc_trainer *t;

    CHECK_STATUS(rc_trainer_new(&t, c, check_temp_path("crf.model"), NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("a conditional random field");
    rc_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balanced_labels_count_as_in_scikit_learn),
        cmocka_unit_test(only_what_is_trained_on_is_counted),
        cmocka_unit_test(a_list_says_what_labels_count_and_others_count_1),
        cmocka_unit_test(training_loses_by_weight_and_evaluation_does_not),
        cmocka_unit_test(what_cannot_be_is_refused_by_its_name),
        cmocka_unit_test(a_field_has_no_weights),
    };

    return cmocka_run_group_tests_name("class weights", tests, NULL, NULL);
}
