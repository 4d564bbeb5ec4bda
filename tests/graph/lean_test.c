/* lean_test.c -- the product of one row with a weight in fewer bits is that of the weight's values,
 * in every block and as part of a linear layer.
 */
#include "oracle.h"
#include "problem.h"

#include "graph/graph.h"

/* A weight of one or more blocks whose values are multiples of its rows' scales (or bf16
 * numbers). */
typedef struct made {
    rcg_weight w;
    rc_real *rows;  /* (R,K) */
    rc_real *scale; /* (R) */
    int64_t R, K;
    rc_real *x;    /* (K) */
    rc_real *bias; /* as the layout has it */
    int8_t *room;
} made;

static made make(rcg_bits bits)
{
    const int blocks = (int)pick(1, 2);
    const int gates[] = {(int)pick(1, 4), (int)pick(1, 3)};
    const int64_t units = pick(1, 70);
    made m = {.K = pick(1, 50)};

    rcg_weight_plan(&m.w, blocks, gates, units, m.K);
    m.R = rcg_weight_rows(&m.w);
    m.rows = guard_new(m.R * m.K);
    m.scale = guard_new(m.R);
    m.x = guard_new(m.K);
    m.w.w = guard_new(rcg_weight_size(&m.w));
    fill_real(m.rows, m.R * m.K);
    fill_real(m.x, m.K);
    for (int64_t r = 0; r < m.R; r++) {
        rc_real *row = m.rows + r * m.K;

        if (bits == RCG_INT8) {
            int8_t *q = guard_bytes((size_t)m.K);

            m.scale[r] = rck->to_int8(m.K, row, q);
            for (int64_t k = 0; k < m.K; k++)
                row[k] = m.scale[r] * (rc_real)q[k];
            guard_free(q);
        } else {
            uint16_t *half = guard_bytes((size_t)m.K * sizeof *half);

            rck->to_bf16(m.K, row, half);
            rck->from_bf16(m.K, half, row);
            guard_free(half);
        }
    }
    rcg_weight_pack(&m.w, m.rows, m.w.w);
    CHECK_STATUS(rcg_lean_new(&m.w.lean, &m.w, bits, m.scale), RC_OK);
    m.room = guard_bytes(rcg_row_room(&m.w));
    return m;
}

static void made_free(made *m)
{
    rcg_lean_free(m->w.lean);
    guard_free(m->rows);
    guard_free(m->scale);
    guard_free(m->x);
    guard_free(m->w.w);
    guard_free(m->room);
}

/* What the row is at most off by: nothing for bf16; half a step of x for int8. */
static double allowed(const made *m, rcg_bits bits, int64_t row)
{
    double most = 0, sum = 0;

    for (int64_t k = 0; k < m->K; k++) {
        most = fmax(most, fabs((double)m->x[k]));
        sum += fabs((double)m->rows[row * m->K + k]);
    }
    return VALUE_TOL * 10 + (bits == RCG_INT8 ? 0.501 * most / 127 * sum : 0);
}

static rc_real *zeros(int64_t n)
{
    rc_real *x = rcb_calloc((size_t)n, sizeof *x);

    assert_non_null(x);
    return x;
}

static void check_rows(made *m, rcg_bits bits)
{
    int64_t row = 0;

    for (int b = 0; b < m->w.blocks; b++) {
        const rck_panel *lay = &m->w.lay[b];
        const int64_t n = lay->count * lay->cols;
        rc_real *bias = guard_new(n), *c = guard_new(n), *twice = guard_new(n);
        rck_panel one = *lay;

        one.K = 1;
        fill_real(bias, n);
        rcg_row(&m->w, b, m->x, bias, false, c, m->room);
        memcpy(twice, bias, (size_t)n * sizeof *bias);
        rcg_row(&m->w, b, m->x, NULL, true, twice, m->room);
        for (int64_t j = 0; j < lay->gates * lay->units; j++, row++) {
            const int64_t at = oracle_panel_at(&one, j, 0);
            double want = (double)bias[at];

            for (int64_t k = 0; k < m->K; k++)
                want += (double)m->x[k] * (double)m->rows[row * m->K + k];
            CHECK_NEAR(c[at], want, allowed(m, bits, row));
            assert_true(twice[at] == c[at]);
        }
        guard_free(bias);
        guard_free(c);
        guard_free(twice);
    }
}

static void a_row_is_the_product_with_the_values(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 60; trial++) {
        const rcg_bits bits = trial % 2 ? RCG_INT8 : RCG_BF16;
        made m = make(bits);

        check_rows(&m, bits);
        made_free(&m);
    }
}

/* Without fewer bits, one row is the product it always was; with bf16 it has the same bits. */
static void bf16_has_the_bits_of_the_reals(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 40; trial++) {
        made m = make(RCG_BF16);
        rcg_weight plain = m.w;
        const int64_t n = m.w.lay[0].count * m.w.lay[0].cols;
        rc_real *a = zeros(n), *b = zeros(n);

        plain.lean = NULL;
        rcg_row(&m.w, 0, m.x, NULL, false, a, m.room);
        rcg_row(&plain, 0, m.x, NULL, false, b, m.room);
        assert_memory_equal(a, b, (size_t)n * sizeof *a);
        rcb_free(a);
        rcb_free(b);
        made_free(&m);
    }
}

/* A row of some panels after the other is the row. */
static void a_row_may_be_cut_into_ranges(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 60; trial++) {
        made m = make(trial % 2 ? RCG_INT8 : RCG_BF16);
        rcg_lean *lean = m.w.lean;
        const rck_panel *lay = &m.w.lay[0];
        const int64_t n = lay->count * lay->cols;
        rc_real *bias = guard_new(n), *want = guard_new(n), *got = guard_new(n);

        if (trial % 3 == 0)
            m.w.lean = NULL; /* reals */
        fill_real(bias, n);
        memset(want, 0, (size_t)n * sizeof *want); /* columns past the last unit */
        memset(got, 0, (size_t)n * sizeof *got);
        rcg_row(&m.w, 0, m.x, bias, false, want, m.room);
        rcg_row_range(&m.w, 0, &(rcg_range){1, 1}, m.x, bias, false, got, m.room);
        for (rcg_range r = {0, 0}; r.from < lay->count; r.from = r.to) {
            r.to = pick(r.from + 1, lay->count);
            rcg_row_range(&m.w, 0, &r, m.x, bias, false, got, m.room);
        }
        assert_memory_equal(got, want, (size_t)n * sizeof *got);
        guard_free(bias);
        guard_free(want);
        guard_free(got);
        m.w.lean = lean;
        made_free(&m);
    }
}

static void a_linear_layer_of_one_row_takes_them(void **unused)
{
    (void)unused;
    (void)check_seed();
    rc_graph *g = graph_open(1, false);

    for (int trial = 0; trial < 40; trial++) {
        const rcg_bits bits = trial % 2 ? RCG_INT8 : RCG_BF16;
        made m = make(bits);

        if (m.w.blocks == 1 && m.w.lay[0].gates == 1) {
            rc_var *x = rc_leaf(g, rc_shape_2(1, m.K), m.x, NULL);
            rc_var *y = rc_linear(g, x, rcg_leaf_weight(g, &m.w), RC_NONE);
            rc_real *got = values_of(g, y);

            for (int64_t r = 0; r < m.R; r++) {
                double want = 0;

                for (int64_t k = 0; k < m.K; k++)
                    want += (double)m.x[k] * (double)m.rows[r * m.K + k];
                CHECK_NEAR(got[r], want, allowed(&m, bits, r));
            }
            guard_free(got);
            rc_graph_reset(g);
        }
        made_free(&m);
    }
    rc_graph_free(g);
}

static void every_refused_allocation_is_an_error(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);
    made m = make(RCG_INT8);
    rcg_lean *l = NULL;
    rc_status status = RC_ENOMEM;

    for (uint64_t n = 1; status != RC_OK; n++) {
        rcb_alloc_fail_at(n);
        status = rcg_lean_new(&l, &m.w, RCG_INT8, m.scale);
        rcb_alloc_fail_at(0);
        assert_true(status == RC_OK || status == RC_ENOMEM);
        assert_int_equal(l != NULL, status == RC_OK);
    }
    rcg_lean_free(l);
    made_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_the_product_with_the_values),
        cmocka_unit_test(bf16_has_the_bits_of_the_reals),
        cmocka_unit_test(a_row_may_be_cut_into_ranges),
        cmocka_unit_test(a_linear_layer_of_one_row_takes_them),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("lean", tests, NULL, NULL);
}
