/* xray_test.c -- gradients against distance are those of differences, gates and matrices are
 * counted right, and every cell and kind of data can be looked into.
 */
#include "model/toy.h"

enum { STEPS = 12 };

static rc_xray_options small(void)
{
    rc_xray_options o = rc_xray_options_default();

    o.steps = STEPS;
    o.windows = 1;
    o.threads = 1;
    return o;
}

static rc_xray *xray(const rc_model *m, const char *path, const rc_xray_options *o)
{
    rc_xray *x;

    CHECK_STATUS(rc_model_xray(&x, m, path, o), RC_OK);
    assert_non_null(x);
    return x;
}

/* ---- against the textbook ---------------------------------------------------------------- */

enum { H = 4 };

/* An LSTM language model of the textbook in double. */
typedef struct book {
    int64_t V;
    rc_real w[4 * H * H], u[4 * H * H], b[4 * H];
    rc_real *e, *out, *bias;
    int32_t in[STEPS], target;
} book;

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void step(const book *k, int t, double h[H], double c[H])
{
    const rc_real *x = k->e + k->in[t] * H;
    double a[4 * H];

    for (int i = 0; i < 4 * H; i++) {
        a[i] = (double)k->b[i];
        for (int j = 0; j < H; j++)
            a[i] += (double)k->w[i * H + j] * (double)x[j] + (double)k->u[i * H + j] * h[j];
    }
    for (int i = 0; i < H; i++) {
        c[i] = sigmoid(a[H + i]) * c[i] + sigmoid(a[i]) * tanh(a[2 * H + i]);
        h[i] = sigmoid(a[3 * H + i]) * tanh(c[i]);
    }
}

/* The loss at the end for states after step `from`; what they are changed in is lost. */
static double loss_from(const book *k, int from, const double h0[H], const double c0[H])
{
    double h[H], c[H], sum = 0, of_target = 0;

    memcpy(h, h0, sizeof h);
    memcpy(c, c0, sizeof c);
    for (int t = from + 1; t < STEPS; t++)
        step(k, t, h, c);
    for (int64_t v = 0; v < k->V; v++) {
        double score = (double)k->bias[v];

        for (int i = 0; i < H; i++)
            score += (double)k->out[v * H + i] * h[i];
        sum += exp(score);
        if (v == k->target)
            of_target = score;
    }
    return log(sum) - of_target;
}

/* |dL/dstate| by central differences; which: 0 h, 1 c. */
static double norm_at(const book *k, int t, const double h[H], const double c[H], int which)
{
    const double by = 1e-5;
    double s[2][H], sum = 0;

    for (int i = 0; i < H; i++) {
        memcpy(s[0], h, sizeof s[0]);
        memcpy(s[1], c, sizeof s[1]);
        s[which][i] += by;
        const double up = loss_from(k, t, s[0], s[1]);
        s[which][i] -= 2 * by;
        const double slope = (up - loss_from(k, t, s[0], s[1])) / (2 * by);
        sum += slope * slope;
    }
    return sqrt(sum);
}

static void read_book(book *k, const rc_model *m, const char *text)
{
    int32_t *ids;
    size_t n;

    k->V = rc_model_symbols(m);
    k->e = guard_new(k->V * H);
    k->out = guard_new(k->V * H);
    k->bias = guard_new(k->V);
    CHECK_STATUS(rc_model_read(m, "rnn.weight_ih_l0", k->w, 4 * H * H), RC_OK);
    CHECK_STATUS(rc_model_read(m, "rnn.weight_hh_l0", k->u, 4 * H * H), RC_OK);
    CHECK_STATUS(rc_model_read(m, "rnn.bias_ih_l0", k->b, 4 * H), RC_OK);
    CHECK_STATUS(rc_model_read(m, "embed.weight", k->e, k->V * H), RC_OK);
    CHECK_STATUS(rc_model_read(m, "out.weight", k->out, k->V * H), RC_OK);
    CHECK_STATUS(rc_model_read(m, "out.bias", k->bias, k->V), RC_OK);
    CHECK_STATUS(rc_model_encode(m, text, strlen(text), &ids, &n, NULL), RC_OK);
    for (int t = 0; t < STEPS; t++)
        k->in[t] = t == 0 ? rc_model_boundary(m) : ids[t - 1];
    k->target = ids[STEPS - 1];
    rc_free(ids);
}

static void gradients_are_those_of_differences(void **unused)
{
    (void)unused;
    static book k;
    (void)check_seed();
    rc_model *m = TOY("cell", "lstm", "hidden", "4", "dropout", "0.5", "output", "sampled",
                      "samples", "3", "temporal-penalty", "2");
    const rc_xray_options o = small();
    rc_xray *x = xray(m, toy_file("text", TOY_TEXT), &o);
    const rc_xray_layer *l = &x->layer[0];
    double h[H] = {0}, c[H] = {0};

    read_book(&k, m, TOY_TEXT);
    assert_int_equal(x->steps, STEPS);
    assert_int_equal(l->states, 2);
    for (int t = 0; t < STEPS; t++) {
        const int d = STEPS - 1 - t;

        step(&k, t, h, c);
        CHECK_NEAR(l->gradient[0][d] / norm_at(&k, t, h, c, 0), 1, 2e-3);
        if (d == 0)
            CHECK_NEAR(l->gradient[1][d], 0, 0); /* h is beside it, and nothing comes after */
        else
            CHECK_NEAR(l->gradient[1][d] / norm_at(&k, t, h, c, 1), 1, 2e-3);
        CHECK_NEAR(l->least[d], l->gradient[0][d], 1e-9);
        CHECK_NEAR(l->most[d], l->gradient[0][d], 1e-9);
    }
    CHECK_NEAR(x->loss, loss_from(&k, STEPS - 1, h, c), 1e-4);
    guard_free(k.e);
    guard_free(k.out);
    guard_free(k.bias);
    rc_xray_free(x);
    rc_model_free(m);
}

/* ---- counting ---------------------------------------------------------------------------- */

/* Gates at sigmoid(0) are in the middle, those at sigmoid(9) are saturated; tanh of -5, too. */
static void saturated_gates_are_counted(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "lstm", "hidden", "8", "init", "zero", "forget-bias", "9");
    const rc_xray_options o = small();
    rc_xray *x = xray(m, toy_file("text", TOY_TEXT), &o);
    const rc_xray_gate *g = x->layer[0].gate;

    assert_int_equal(x->layer[0].gates, 4);
    assert_string_equal(g[1].name, "f");
    CHECK_NEAR(g[0].low + g[0].high, 0, 1e-9);
    CHECK_NEAR(g[0].bin[10], 1, 1e-9);
    CHECK_NEAR(g[1].high, 1, 1e-9);
    CHECK_NEAR(g[1].bin[19], 1, 1e-9);
    CHECK_NEAR(g[2].mean, 0, 1e-9);
    assert_true(g[2].lo == -1 && g[2].hi == 1);
    rc_xray_free(x);
    rc_model_free(m);

    m = TOY("cell", "tanh", "hidden", "8", "init", "zero,*bias*=constant:-5");
    x = xray(m, check_temp_path("text"), &o);
    CHECK_NEAR(x->layer[0].gate[0].low, 1, 1e-9);
    CHECK_NEAR(x->layer[0].gate[0].high, 0, 1e-9);
    rc_xray_free(x);
    rc_model_free(m);
}

static void every_gate_has_its_matrices(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "dt-s", "hidden", "8", "init", "zero,*weight_hh*=constant:0.25");
    const rc_xray_options o = small();
    rc_xray *x = xray(m, toy_file("text", TOY_TEXT), &o);
    const rc_xray_layer *l = &x->layer[0];

    assert_int_equal(l->matrices, 3);
    assert_string_equal(l->matrix[0].gate, "m");
    assert_string_equal(l->matrix[2].gate, "n");
    assert_int_equal(l->matrix[1].number, 1);
    assert_int_equal(l->matrix[2].number, 2);
    for (int i = 0; i < 3; i++) {
        CHECK_NEAR(l->matrix[i].radius, 2, 1e-4);
        CHECK_NEAR(l->matrix[i].norm, 2, 1e-4);
    }
    rc_xray_free(x);
    rc_model_free(m);
}

/* ---- every kind -------------------------------------------------------------------------- */

static void every_cell_can_be_looked_into(void **unused)
{
    (void)unused;
    const rcc_cell *cell;
    rc_xray_options o = small();
    (void)check_seed();

    o.windows = 3;
    for (size_t i = 0; (cell = rcc_at(i)); i++) {
        rc_model *m = TOY("cell", cell->name, "hidden", "6,5", "layers", "2");
        rc_xray *x = xray(m, toy_file("text", TOY_TEXT), &o);

        assert_int_equal(x->layers, 2);
        for (int k = 0; k < 2; k++) {
            const rc_xray_layer *l = &x->layer[k];

            assert_int_equal(l->layer, k);
            assert_int_equal(l->units, k ? 5 : 6);
            assert_int_equal(l->gates, cell->gates);
            assert_true(l->gradient[0][0] > 0);
            assert_true(l->least[0] <= l->gradient[0][0] && l->gradient[0][0] <= l->most[0]);
            for (size_t p = 0; p < l->jacobians; p++)
                assert_true(l->jacobian[p].largest >= l->jacobian[p].median &&
                            l->jacobian[p].median >= l->jacobian[p].smallest);
        }
        rc_xray_free(x);
        rc_model_free(m);
    }
}

static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "gru", "hidden", "40");
    rc_xray_options o = small();
    rc_xray *a = xray(m, toy_file("text", TOY_TEXT), &o), *b;

    o.threads = 3;
    b = xray(m, check_temp_path("text"), &o);
    assert_memory_equal(a->layer->gradient[0], b->layer->gradient[0], STEPS * sizeof(double));
    assert_memory_equal(a->layer->half_life, b->layer->half_life, 40 * sizeof(double));
    assert_memory_equal(a->layer->jacobian, b->layer->jacobian,
                        a->layer->jacobians * sizeof *a->layer->jacobian);
    rc_xray_free(a);
    rc_xray_free(b);
    rc_model_free(m);
}

/* Both directions; sequences of different lengths; several aims in a sequence. */
static void series_can_be_looked_into(void **unused)
{
    (void)unused;
    static const char text[] = "@classLabel true up down\n1,2,3:up\n3,2:down\n0,4,1,1:up\n"
                               "5,1,0:down\n2,3:up\n9,8:down\n";
    rc_config *c =
        toy_config("series", (const char *const[]){"train", toy_file("ways.ts", text), "hidden",
                                                   "6", "bidirectional", "true", NULL});
    rcm_corpus *corpus;
    rcm_vocabs vocab = {0};
    rc_model *m;
    rc_xray_options o = small();

    CHECK_STATUS(c->task->corpus_open(&corpus, c, NULL, &vocab), RC_OK);
    CHECK_STATUS(rcm_model_new(&m, c, vocab), RC_OK);
    c->task->corpus_free(corpus);
    rc_config_free(c);
    o.windows = 6;
    rc_xray *x = xray(m, NULL, &o);
    assert_int_equal(x->layers, 2);
    assert_int_equal(x->steps, 4);
    assert_int_equal(x->windows, 6);
    assert_false(x->layer[0].reverse);
    assert_true(x->layer[1].reverse);
    assert_int_equal(x->layer[1].layer, 0);
    assert_true(x->layer[0].gradient[0][3] > 0);
    rc_xray_free(x);
    rc_model_free(m);
}

/* A loss over some rows and one over the others add up to that over all: what does not count is
 * read all the same, even where true answers are fed back. */
static void muted_aims_are_left_out_of_the_loss_alone(void **unused)
{
    (void)unused;
    const char *const options[][9] = {
        {"lm", "train", toy_file("text", TOY_TEXT), "batch", "2", "output", "full", NULL},
        {"series", "train", "copy:3:20", "batch", "4", "feedback", "true", NULL}};

    for (int i = 0; i < 2; i++) {
        rc_config *c = toy_config(options[i][0], options[i] + 1);
        rcm_vocabs vocab = {0};
        rcm_corpus *corpus;
        rc_model *m;
        rcm_feed f = {0};
        bool mute[3][1000] = {{0}};
        double loss[3];
        rc_graph *g;

        CHECK_STATUS(rc_config_set(c, "init", "normal:0.5"), RC_OK);
        CHECK_STATUS(c->task->corpus_open(&corpus, c, NULL, &vocab), RC_OK);
        CHECK_STATUS(rcm_model_new(&m, c, vocab), RC_OK);
        CHECK_STATUS(rc_graph_new(&g, &(rc_graph_options){.threads = 1}), RC_OK);
        CHECK_STATUS(c->task->batch(corpus, 1, 0, 9, &f), RC_OK);
        const int64_t all = f.batch.aims;
        assert_true(f.batch.rows < 1000 && all == f.batch.rows);
        for (int64_t row = 0; row < f.batch.rows; row++)
            mute[row % 3 == 0 ? 1 : 2][row] = true;
        for (int k = 0; k < 3; k++) {
            f.batch.mute = k ? mute[k] : NULL;
            f.batch.aims = all;
            for (int64_t row = 0; row < f.batch.rows; row++)
                f.batch.aims -= mute[k][row];
            rc_graph_reset(g);
            const rc_var *v = c->task->loss(m, g, &f);
            CHECK_STATUS(rc_graph_status(g), RC_OK);
            CHECK_STATUS(rc_var_total(g, v, &loss[k]), RC_OK);
            assert_true(loss[k] > 0);
        }
        CHECK_NEAR(loss[1] + loss[2], loss[0], 1e-5);
        rc_graph_free(g);
        rcm_feed_free(&f);
        rc_model_free(m);
        c->task->corpus_free(corpus);
        rc_config_free(c);
    }
}

static void what_cannot_be_looked_into_is_refused(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "gru", "hidden", "4"), *counts;
    rc_xray_options o = small();
    rc_xray *x;

    CHECK_STATUS(rc_model_xray(&x, m, check_temp_path("nothing"), &o), RC_EIO);
    assert_null(x);
    CHECK_STATUS(rc_model_xray(&x, m, toy_file("empty", ""), &o), RC_EDATA);
    o.windows = 50;
    CHECK_STATUS(rc_model_xray(&x, m, toy_file("short", "to be or not"), &o), RC_EDATA);
    o.windows = 0;
    CHECK_STATUS(rc_model_xray(&x, m, check_temp_path("short"), &o), RC_EINVAL);
    CHECK_MESSAGE_HAS("windows 0");
    rc_config *c = toy_config("ngram", NULL);
    CHECK_STATUS(rcm_model_new(&counts, c, toy_vocab("char", TOY_TEXT)), RC_OK);
    CHECK_STATUS(rc_model_xray(&x, counts, check_temp_path("short"), NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("'ngram': it has no recurrent layers");
    rc_config_free(c);
    rc_model_free(counts);
    rc_model_free(m);
}

static rc_status attempt(void *ctx)
{
    const rc_xray_options o = small();
    rc_xray *x;

    RC_TRY(rc_model_xray(&x, ctx, check_temp_path("text"), &o));
    rc_xray_free(x);
    return RC_OK;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "lstm", "hidden", "3");

    (void)toy_file("text", TOY_TEXT);
    CHECK_EACH_ALLOCATION(attempt, m);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_differences),
        cmocka_unit_test(saturated_gates_are_counted),
        cmocka_unit_test(every_gate_has_its_matrices),
        cmocka_unit_test(every_cell_can_be_looked_into),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(series_can_be_looked_into),
        cmocka_unit_test(muted_aims_are_left_out_of_the_loss_alone),
        cmocka_unit_test(what_cannot_be_looked_into_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("xray", tests, NULL, NULL);
}
