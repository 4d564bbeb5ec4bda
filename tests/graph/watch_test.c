/* watch_test.c -- what a graph's sequences show of themselves: gates, gradients of every state at
 * every step, a sequence gone through once more; for every cell.
 */
#include "problem.h"

#include "cell/cell.h"

enum { T = 7, B = 3, D = 5, H = 19, P = 17, N = T * B, VALUES = 20000 };
static const rcc_widths widths = {H, P};

/* A layer over a dense batch, with weights as plain leaves that want gradients. */
typedef struct layer {
    const rcc_cell *cell;
    double zoneout;
    bool reverse;
    rc_real x[N * D];
    rc_real *w, *u, *b, *v, *r, *unwanted;
    int64_t at[T + 1];
} layer;

static rc_real *random_reals(int64_t n, double size)
{
    rc_real *x = rcb_calloc((size_t)n + 1, sizeof *x);

    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (rc_real)((double)pick_real() * size);
    return x;
}

static layer *new_layer(const rcc_cell *cell, bool reverse, double size)
{
    layer *l = rcb_calloc(1, sizeof *l);

    assert_non_null(l);
    l->cell = cell;
    l->reverse = reverse;
    fill_real(l->x, N * D);
    l->w = random_reals(rcc_part_gates(cell, RCC_W) * H * D, size);
    l->u = random_reals(rcc_part_gates(cell, RCC_U) * H * rcc_columns(cell, RCC_U, widths), size);
    l->r = random_reals(rcc_part_gates(cell, RCC_R) * P * H, size);
    l->b = random_reals(rcc_part_gates(cell, RCC_B) * H, size);
    l->v = random_reals(cell->vectors * H, 1);
    l->unwanted = random_reals(VALUES, 0);
    for (int t = 0; t <= T; t++)
        l->at[t] = t * B;
    return l;
}

static void free_layer(layer *l)
{
    rcb_free(l->w);
    rcb_free(l->u);
    rcb_free(l->b);
    rcb_free(l->v);
    rcb_free(l->r);
    rcb_free(l->unwanted);
    rcb_free(l);
}

/* Steps [from,to) with first states (B,H) each, or from zeros; d: gradients of these. */
static rc_var *run(rc_graph *g, layer *l, int from, int to, rc_real *const first[],
                   rc_real *const d[])
{
    const rcc_cell *cell = l->cell;
    const int64_t w = rcc_part_gates(cell, RCC_W) * H, u = rcc_part_gates(cell, RCC_U) * H;
    rc_rnn_args a = rc_rnn_args_default();

    assert_true(w * D <= VALUES && u * H <= VALUES);
    a.cell = cell->name;
    a.reverse = l->reverse;
    a.zoneout[0] = l->zoneout;
    a.w_ih = rc_leaf(g, rc_shape_2(w, D), l->w, l->unwanted);
    if (u > 0)
        a.w_hh = rc_leaf(g, rc_shape_2(u, rcc_columns(cell, RCC_U, widths)), l->u, l->unwanted);
    if (rcc_part_gates(cell, RCC_R) > 0)
        a.w_hr = rc_leaf(g, rc_shape_2(rcc_part_gates(cell, RCC_R) * P, H), l->r, l->unwanted);
    if (!cell->no_bias)
        a.b_ih = rc_leaf(g, rc_shape_1(rcc_part_gates(cell, RCC_B) * H), l->b, l->unwanted);
    if (cell->vectors > 0)
        a.vectors = rc_leaf(g, rc_shape_1(cell->vectors * H), l->v, l->unwanted);
    for (int i = 0; first && i < cell->states; i++)
        a.state[i] = rc_leaf(g, rc_shape_2(B, rcc_state_width(cell, i, widths)), first[i], d[i]);
    return rc_rnn(g, &(rc_rows){to - from, B, l->at},
                  rc_leaf(g, rc_shape_2((to - from) * B, D), l->x + from * B * D, NULL), &a);
}

/* The sum of the state h after the last step times some numbers, (B,H). */
static rc_var *loss_of(rc_graph *g, rc_var *y, const rc_real *by)
{
    rc_var *last = rc_rnn_state(g, y, 0);

    return rc_sum(g, rc_mul(g, last, rc_leaf(g, rc_var_shape(last), by, NULL)));
}

static bool says(const rcc_cell *cell, const char *equation)
{
    return strstr(cell->equations, equation) != NULL;
}

/* ---- gates ------------------------------------------------------------------------------- */

typedef struct gates {
    const rcc_cell *cell;
    rc_real *value[RCC_GATES]; /* (N,H) */
    rcg_sight s;
} gates;

static double gate(const gates *g, const char *name, int64_t row, int64_t unit)
{
    for (int i = 0; i < g->cell->gates; i++)
        if (strcmp(g->cell->gate_name[i], name) == 0)
            return (double)g->value[i][row * H + unit];
    fail_msg("cell %s has no gate %s", g->cell->name, name);
    return 0;
}

/* State i after a row, and before the step of it. */
static double state(const gates *g, int i, int64_t row, int64_t unit)
{
    return row < 0 ? 0 : (double)g->s.state[i][row * g->s.ld[i] + unit];
}

/* What the equations say of gates and states is true of the values. */
static void check_equations(const gates *g, int64_t row, int64_t j)
{
    const rcc_cell *cell = g->cell;
    const double h = state(g, 0, row, j), old = state(g, 0, row - B, j);

    if (says(cell, "c' = f * c + i * g\n") || says(cell, "c' = f' * c + i' * g\n"))
        CHECK_NEAR(state(g, 1, row, j),
                   gate(g, "f", row, j) * state(g, 1, row - B, j) +
                       gate(g, "i", row, j) * gate(g, "g", row, j),
                   1e-5);
    if (says(cell, "h' = o * tanh(c')") || says(cell, "h' = o' * tanh(c')"))
        CHECK_NEAR(h, gate(g, "o", row, j) * tanh(state(g, 1, row, j)), 1e-5);
    if (says(cell, "h' = z * h + (1 - z) * n"))
        CHECK_NEAR(h, gate(g, "z", row, j) * (old - gate(g, "n", row, j)) + gate(g, "n", row, j),
                   1e-5);
    if (says(cell, "h' = z * n + (1 - z) * h") || says(cell, "h' = (1 - z) * h + z * n"))
        CHECK_NEAR(h, gate(g, "z", row, j) * (gate(g, "n", row, j) - old) + old, 1e-5);
    if (says(cell, "h' = tanh(W_n") || says(cell, "h' = max(0, W_n"))
        CHECK_NEAR(h, gate(g, "n", row, j), 1e-5);
}

/* Pre-activations of tens make it hard to pass for something squashed. */
static void gates_are_what_equations_say(void **unused)
{
    (void)unused;
    const rcc_cell *cell;
    (void)check_seed();

    for (size_t c = 0; (cell = rcc_at(c)); c++) {
        layer *l = new_layer(cell, false, 8);
        rc_graph *g = graph_open(1, true);
        gates have = {.cell = cell};

        assert_int_equal(strlen(cell->squash), cell->gates);
        assert_non_null(run(g, l, 0, T, NULL, NULL));
        assert_true(rcg_sight_at(g, 0, &have.s));
        assert_false(rcg_sight_at(g, 1, &have.s));
        for (int i = 0; i < cell->gates; i++) {
            double least = 1, most = 0;

            have.value[i] = random_reals(N * H, 1);
            rcg_sight_gate(&have.s, i, have.value[i]);
            assert_true(rcg_sight_gate_width(&have.s, i) <= H);
            for (int64_t k = 0; k < N * rcg_sight_gate_width(&have.s, i); k++) {
                const double v = (double)have.value[i][k];

                least = fmin(least, v);
                most = fmax(most, v);
            }
            if (!(cell->squash[i] == '-' || (cell->squash[i] == 's' && least >= 0 && most <= 1) ||
                  (cell->squash[i] == 'r' && least >= 0 && most > 1) ||
                  (cell->squash[i] == 't' && least >= -1 && least < 0 && most <= 1)))
                fail_msg("cell %s, gate %s: %g .. %g", cell->name, cell->gate_name[i], least, most);
        }
        for (int64_t row = 0; row < N; row++)
            for (int64_t j = 0; j < H; j++)
                check_equations(&have, row, j);
        for (int i = 0; i < cell->gates; i++)
            rcb_free(have.value[i]);
        rc_graph_free(g);
        free_layer(l);
    }
}

/* The letter of a gate is the function in front of its line: "i  = sigmoid(W_i x", "x1 = 2
 * sigmoid(b_p". */
static void squash_is_that_of_the_equations(void **unused)
{
    (void)unused;
    const rcc_cell *cell;

    for (size_t c = 0; (cell = rcc_at(c)); c++)
        for (int i = 0; i < cell->gates; i++) {
            char name[32], line[256] = "";

            (void)snprintf(name, sizeof name, "_%s ", cell->gate_name[i]);
            const char *at = strstr(cell->equations, name);
            if (!at) {
                (void)snprintf(name, sizeof name, "_%s)", cell->gate_name[i]);
                at = strstr(cell->equations, name);
            }
            assert_non_null(at);
            while (at > cell->equations && at[-1] != '\n')
                at--;
            (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
            const char want = strstr(line, "sigmoid(") ? 's'
                              : strstr(line, "tanh(")  ? 't'
                              : strstr(line, "max(0,") ? 'r'
                                                       : '-';
            if (cell->squash[i] != want)
                fail_msg("cell %s, gate %s: '%c' but %s", cell->name, cell->gate_name[i],
                         cell->squash[i], line);
        }
}

/* ---- gradients of states ----------------------------------------------------------------- */

/* The states after step t of a sight, dense. */
static void copy_states(const rcg_sight *s, int t, rc_real *const out[])
{
    for (int i = 0; i < s->cell->states; i++)
        for (int64_t b = 0; b < B; b++)
            memcpy(out[i] + b * s->width[i], s->state[i] + (t * B + b) * s->ld[i],
                   (size_t)s->width[i] * sizeof(rc_real));
}

/* A sequence that is cut in two, whose second part begins with the states of the first, has the
 * gradients of these as its first states' gradients. */
static void check_gradients(const rcc_cell *cell, bool reverse)
{
    layer *l = new_layer(cell, reverse, 0.5);
    rc_graph *g = graph_open(2, true), *part = graph_open(1, true);
    rc_real by[B * H], *first[RC_STATES], *d[RC_STATES];
    rcg_sight s;

    fill_real(by, B * H);
    for (int i = 0; i < cell->states; i++) {
        first[i] = random_reals(B * H, 1);
        d[i] = random_reals(B * H, 0);
    }
    rcg_graph_watch(g);
    CHECK_STATUS(rc_graph_backward(g, loss_of(g, run(g, l, 0, T, NULL, NULL), by)), RC_OK);
    assert_true(rcg_sight_at(g, 0, &s));
    assert_int_equal(s.reverse, reverse);
    for (int distance = 1; distance < T; distance++) {
        const int t = reverse ? distance : T - 1 - distance;

        for (int64_t b = 0; b < B; b++)
            assert_int_equal(rcg_sight_row(&s, b, distance), t * B + b);
        copy_states(&s, t, first);
        for (int i = 0; i < cell->states; i++)
            memset(d[i], 0, B * H * sizeof(rc_real));
        rc_graph_reset(part);
        rc_var *y = reverse ? run(part, l, 0, t, first, d) : run(part, l, t + 1, T, first, d);
        CHECK_STATUS(rc_graph_backward(part, loss_of(part, y, by)), RC_OK);
        for (int i = 0; i < cell->states; i++)
            for (int64_t b = 0; b < B; b++)
                CHECK_CLOSE(s.grad[i] + (t * B + b) * s.ld[i], d[i] + b * s.width[i], s.width[i],
                            VALUE_TOL);
    }
    assert_int_equal(rcg_sight_row(&s, 0, T), -1);
    for (int i = 0; i < cell->states; i++) {
        rcb_free(first[i]);
        rcb_free(d[i]);
    }
    rc_graph_free(part);
    rc_graph_free(g);
    free_layer(l);
}

static void gradients_of_all_states_are_kept(void **unused)
{
    (void)unused;
    const rcc_cell *cell;
    (void)check_seed();

    for (size_t c = 0; (cell = rcc_at(c)); c++)
        for (int reverse = 0; reverse < 2; reverse++)
            check_gradients(cell, reverse);
}

/* ---- once more --------------------------------------------------------------------------- */

static void a_sequence_can_be_gone_through_again(void **unused)
{
    (void)unused;
    const rcc_cell *cell;
    enum { COPIES = 2 };
    (void)check_seed();

    for (size_t c = 0; (cell = rcc_at(c)); c++) {
        layer *l = new_layer(cell, c % 2, 0.5);
        l->zoneout = c % 3 == 0 ? 0.3 : 0;
        rc_graph *g = graph_open(1, true), *again = graph_open(1, true);
        rc_real by[B * H];
        rcg_sight s, copy;

        fill_real(by, B * H);
        rcg_graph_watch(g);
        rcg_graph_watch(again);
        CHECK_STATUS(rc_graph_backward(g, loss_of(g, run(g, l, 0, T, NULL, NULL), by)), RC_OK);
        assert_true(rcg_sight_at(g, 0, &s));
        rc_var *y = rcg_sight_again(&s, again, 1, COPIES);
        rc_var *last = rc_rnn_state(again, y, 0), *seed;
        seed = rc_leaf(again, rc_var_shape(last), by, NULL); /* of sequences 0 and 1 */
        CHECK_STATUS(rc_graph_backward(again, rc_sum(again, rc_mul(again, last, seed))), RC_OK);
        assert_true(rcg_sight_at(again, 0, &copy));
        for (int64_t t = 0; t < T; t++)
            for (int i = 0; i < cell->states; i++) {
                const int64_t ld = s.ld[i], n = s.width[i];

                CHECK_CLOSE(copy.state[i] + t * COPIES * ld, s.state[i] + (t * B + 1) * ld, n,
                            VALUE_TOL);
                CHECK_CLOSE(copy.grad[i] + (t * COPIES + 1) * ld, s.grad[i] + (t * B + 1) * ld, n,
                            VALUE_TOL);
            }
        rc_graph_free(again);
        rc_graph_free(g);
        free_layer(l);
    }
}

static void a_watched_graph_drops_nothing(void **unused)
{
    (void)unused;
    rc_graph *g = graph_open(1, true);
    rc_real x[4] = {1, 2, 3, 4}, d[4] = {0};

    rcg_graph_watch(g);
    assert_false(rcg_training(g));
    rc_var *v = rc_leaf(g, rc_shape_2(1, 4), x, d);
    assert_ptr_equal(rc_dropout(g, v, 0.5), v);
    CHECK_STATUS(rc_graph_backward(g, rc_sum(g, rc_mul(g, v, v))), RC_OK);
    CHECK_CLOSE(d, ((const double[]){2, 4, 6, 8}), 4, 1e-6);
    rc_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_are_what_equations_say),
        cmocka_unit_test(squash_is_that_of_the_equations),
        cmocka_unit_test(gradients_of_all_states_are_kept),
        cmocka_unit_test(a_sequence_can_be_gone_through_again),
        cmocka_unit_test(a_watched_graph_drops_nothing),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
