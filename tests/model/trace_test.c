/* trace_test.c -- a trace is what the layers hold after every symbol, whatever the piece it falls
 * into; names and layers that are not there are refused.
 */
#include "model/toy.h"

static rc_trace *trace(const rc_model *m, const char *text, size_t n, int layer, const char *name)
{
    rc_trace *t;

    CHECK_STATUS(rc_model_trace(&t, m, text, n, layer, name, 1), RC_OK);
    assert_non_null(t);
    return t;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* An LSTM of the textbook in double over the symbols of a text. */
static void states_and_gates_are_those_of_the_textbook(void **unused)
{
    (void)unused;
    enum { H = 5, E = 5, TEXT = 1200 }; /* longer than a piece */
    (void)check_seed();
    rc_model *m = TOY("cell", "lstm", "hidden", "5");
    char text[TEXT];
    for (int i = 0; i < TEXT; i++)
        text[i] = TOY_TEXT[pick(0, (int64_t)strlen(TOY_TEXT) - 1)];
    rc_trace *h = trace(m, text, TEXT, 0, "h"), *c = trace(m, text, TEXT, 0, NULL),
             *f = trace(m, text, TEXT, 0, "f");
    const int64_t V = rc_model_symbols(m);
    rc_real *w = guard_new(4 * H * E), *u = guard_new(4 * H * H), *b = guard_new(4 * H),
            *e = guard_new(V * E);
    double hs[H] = {0}, cs[H] = {0}, a[4 * H];

    CHECK_STATUS(rc_model_read(m, "rnn.weight_ih_l0", w, 4 * H * E), RC_OK);
    CHECK_STATUS(rc_model_read(m, "rnn.weight_hh_l0", u, 4 * H * H), RC_OK);
    CHECK_STATUS(rc_model_read(m, "rnn.bias_ih_l0", b, 4 * H), RC_OK);
    CHECK_STATUS(rc_model_read(m, "embed.weight", e, V * E), RC_OK);
    assert_int_equal(h->count, TEXT);
    assert_int_equal(h->units, H);
    assert_string_equal(c->name, "c");
    assert_true(f->lo == 0 && f->hi == 1 && isinf(c->hi));
    for (int64_t t = -1; t < TEXT; t++) {
        const rc_real *x = e + (t < 0 ? rc_model_boundary(m) : h->ids[t]) * E;

        for (int i = 0; i < 4 * H; i++) {
            a[i] = (double)b[i];
            for (int k = 0; k < E; k++)
                a[i] += (double)w[i * E + k] * (double)x[k] + (double)u[i * H + k] * hs[k];
        }
        for (int i = 0; i < H; i++) {
            cs[i] = sigmoid(a[H + i]) * cs[i] + sigmoid(a[i]) * tanh(a[2 * H + i]);
            hs[i] = sigmoid(a[3 * H + i]) * tanh(cs[i]);
            if (t < 0)
                continue;
            CHECK_NEAR(h->x[t * H + i], hs[i], 1e-4);
            CHECK_NEAR(c->x[t * H + i], cs[i], 1e-4);
            CHECK_NEAR(f->x[t * H + i], sigmoid(a[H + i]), 1e-4);
        }
    }
    guard_free(w);
    guard_free(u);
    guard_free(b);
    guard_free(e);
    rc_trace_free(h);
    rc_trace_free(c);
    rc_trace_free(f);
    rc_model_free(m);
}

/* A text goes on where its beginning stood. */
static void every_vector_of_every_cell_can_be_traced(void **unused)
{
    (void)unused;
    const rcc_cell *cell;
    (void)check_seed();

    for (size_t i = 0; (cell = rcc_at(i)); i++) {
        rc_model *m = TOY("cell", cell->name, "hidden", "6,3", "layers", "2");

        for (int k = 0; k < cell->states + cell->gates; k++) {
            const char *name =
                k < cell->states ? cell->state_name[k] : cell->gate_name[k - cell->states];
            rc_trace *all = trace(m, TOY_TEXT, 40, k % 2, name);
            rc_trace *part = trace(m, TOY_TEXT, 11, k % 2, name);

            /* lstm-proj gives half of its units: its first state and its last gate */
            const bool half = cell->narrow && (k == 0 || k == cell->states + cell->gates - 1);
            const int64_t units = k % 2 ? 3 : 6;

            assert_int_equal(all->units, half ? (units + 1) / 2 : units);
            CHECK_CLOSE(all->x, part->x, 11 * all->units, 1e-6);
            for (int64_t j = 0; j < all->count * all->units; j++)
                assert_true((double)all->x[j] >= all->lo && (double)all->x[j] <= all->hi);
            rc_trace_free(all);
            rc_trace_free(part);
        }
        rc_model_free(m);
    }
}

static void what_is_not_there_is_refused(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "gru", "hidden", "4");
    rc_trace *t;

    CHECK_STATUS(rc_model_trace(&t, m, "to be", 5, 1, "h", 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("there is no layer 2, the model has 1");
    assert_null(t);
    CHECK_STATUS(rc_model_trace(&t, m, "to be", 5, 0, "c", 1), RC_EINVAL);
    CHECK_MESSAGE_HAS("'c', it has h, r, z, n");
    CHECK_STATUS(rc_model_trace(&t, m, "", 0, 0, "h", 1), RC_EDATA);
    CHECK_STATUS(rc_model_trace(&t, m, "\xff", 1, 0, "h", 1), RC_EDATA);
    rc_model_free(m);
}

static rc_status attempt(void *ctx)
{
    rc_trace *t;

    RC_TRY(rc_model_trace(&t, ctx, "to be", 5, 0, "z", 1));
    rc_trace_free(t);
    return RC_OK;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    rc_model *m = TOY("cell", "gru", "hidden", "4");

    CHECK_EACH_ALLOCATION(attempt, m);
    rc_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_and_gates_are_those_of_the_textbook),
        cmocka_unit_test(every_vector_of_every_cell_can_be_traced),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
