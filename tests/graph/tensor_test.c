/* tensor_test.c -- shapes, and weights between their logical form and their panels. */
#include "oracle.h"
#include "ragged.h"

#include "graph/graph_in.h"

static void shapes_have_their_axes_in_order(void **unused)
{
    (void)unused;

    const rc_shape a = rc_shape_1(7), b = rc_shape_2(3, 5), c = rc_shape_3(2, 3, 4);

    assert_true(a.rank == 1 && a.dim[0] == 7);
    assert_true(b.rank == 2 && b.dim[0] == 3 && b.dim[1] == 5);
    assert_true(c.rank == 3 && c.dim[0] == 2 && c.dim[1] == 3 && c.dim[2] == 4);
    assert_true(a.axis[0] == RC_FIXED && b.axis[0] == RC_FIXED && b.axis[1] == RC_FIXED);
    assert_true(c.axis[0] == RC_BATCH && c.axis[1] == RC_FIXED && c.axis[2] == RC_FIXED);
}

/* Whatever the lengths: shares follow each other, and none is larger than even by a sequence. */
static void sequences_are_shared_by_their_rows(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 200; trial++) {
        const int count = (int)pick(1, 5);
        sequences s;
        int64_t end = 0;

        random_lengths(&s, SEQ_MOST, SEQ_STEPS);
        for (int id = 0; id < count; id++) {
            int64_t lo, hi, rows = 0;

            rcg_rows_share(&s.rows, &(rcb_worker){.id = id, .count = count}, &lo, &hi);
            assert_true(lo == end && hi >= lo);
            for (int64_t b = lo; b < hi; b++)
                rows += s.length[b];
            assert_true((double)rows <= (double)s.N / count + (double)s.rows.steps);
            end = hi;
        }
        assert_true(end == s.B);
    }
}

/* A random weight: 1 to 4 blocks of 1 to 4 gates. */
static rcg_weight random_plan(int64_t most_units, int64_t most_inputs)
{
    int gates[RCG_BLOCKS];
    const int blocks = (int)pick(1, RCG_BLOCKS);
    rcg_weight w;

    for (int i = 0; i < blocks; i++)
        gates[i] = (int)pick(1, 4);
    rcg_weight_plan(&w, blocks, gates, pick(0, most_units), pick(0, most_inputs));
    return w;
}

static void plan_puts_blocks_one_behind_the_other(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 100; trial++) {
        const rcg_weight w = random_plan(130, 40);
        int64_t at = 0, at_t = 0, rows = 0;

        for (int i = 0; i < w.blocks; i++) {
            const rck_panel t = rck_panel_t(&w.lay[i]);

            assert_true(w.at[i] == at && w.at_t[i] == at_t);
            at += w.lay[i].count * w.lay[i].K * w.lay[i].cols;
            at_t += t.count * t.K * t.cols;
            rows += w.lay[i].gates * w.lay[i].units;
        }
        assert_true(rcg_weight_size(&w) == at);
        assert_true(rcg_weight_size_t(&w) == at_t);
        assert_true(rcg_weight_rows(&w) == rows);
        assert_true(rcg_weight_cols(&w) == w.lay[0].K);
        assert_true(!w.w && !w.wt && !w.g && !w.fresh);
    }
}

/* Where logical (row, k) lies in the panels of all blocks. */
static int64_t place_of(const rcg_weight *w, int64_t row, int64_t k)
{
    int i = 0;

    while (row >= w->lay[i].gates * w->lay[i].units) {
        row -= w->lay[i].gates * w->lay[i].units;
        i++;
    }
    return w->at[i] + oracle_panel_at(&w->lay[i], row, k);
}

static void pack_puts_every_number_in_its_place_and_zeroes_the_rest(void **unused)
{
    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 40; trial++) {
        const rcg_weight w = random_plan(70, 20);
        const int64_t R = rcg_weight_rows(&w), K = rcg_weight_cols(&w), n = rcg_weight_size(&w);
        rc_real *rows = guard_new(R * K), *panels = guard_new(n), *back = guard_new(R * K);
        double *want = rcb_calloc((size_t)n, sizeof *want);

        assert_non_null(want);
        fill_real(rows, R * K);
        for (int64_t r = 0; r < R; r++)
            for (int64_t k = 0; k < K; k++)
                want[place_of(&w, r, k)] = (double)rows[r * K + k];
        rcg_weight_pack(&w, rows, panels);
        CHECK_CLOSE(panels, want, n, 0);
        rcg_weight_unpack(&w, panels, back);
        CHECK_CLOSE(back, rows, R * K, 0);
        rcb_free(want);
        guard_free(rows);
        guard_free(panels);
        guard_free(back);
    }
}

/* Row of the transposed panels: the place of a column in the panels of a block. */
static int64_t column_of(const rck_panel *p, int64_t row)
{
    const int64_t unit = row % p->units, gate = row / p->units;

    return unit / p->span * p->cols + unit % p->span / RCK_LANES * RCK_LANES * p->gates +
           gate * RCK_LANES + unit % RCK_LANES;
}

static void transpose_is_the_same_for_any_number_of_workers(void **unused)
{
    const int threads[] = {1, 2, 3, 7};

    (void)unused;
    (void)check_seed();
    CHECK_STATUS(rck_select(), RC_OK);

    for (int trial = 0; trial < 20; trial++) {
        rcg_weight w = random_plan(70, 150);
        const int64_t R = rcg_weight_rows(&w), K = rcg_weight_cols(&w);
        const int64_t size = rcg_weight_size_t(&w);
        rc_real *rows = guard_new(R * K), *want = NULL;
        rcb_pool *pool;

        fill_real(rows, R * K);
        w.w = guard_new(rcg_weight_size(&w));
        rcg_weight_pack(&w, rows, w.w);
        CHECK_STATUS(rcb_pool_new(&pool, threads[trial % 4]), RC_OK);
        w.wt = guard_new(size);
        rcg_weight_refresh(&w, pool);

        want = guard_new(size);
        for (int64_t i = 0; i < size; i++)
            want[i] = 0;
        int64_t first = 0;
        for (int b = 0; b < w.blocks; b++) {
            const rck_panel *p = &w.lay[b];
            const rck_panel t = rck_panel_t(p);

            for (int64_t r = 0; r < p->gates * p->units; r++)
                for (int64_t k = 0; k < K; k++)
                    want[w.at_t[b] + oracle_panel_at(&t, k, column_of(p, r))] =
                        rows[(first + r) * K + k];
            first += p->gates * p->units;
        }
        CHECK_CLOSE(w.wt, want, size, 0);
        rcb_pool_free(pool);
        guard_free(rows);
        guard_free(want);
        guard_free(w.w);
        guard_free(w.wt);
    }
}

static void a_sequence_is_as_long_as_there_are_steps_with_its_row(void **unused)
{
    const int64_t at[] = {0, 4, 7, 8, 9};
    const rc_rows rows = {.steps = 4, .seqs = 5, .at = at};
    const int64_t want[] = {4, 2, 2, 1, 0};

    (void)unused;
    for (int64_t b = 0; b < 5; b++)
        assert_int_equal(rcg_rows_length(&rows, b), want[b]);
    assert_int_equal(rcg_rows_length(&(rc_rows){.at = at}, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_have_their_axes_in_order),
        cmocka_unit_test(a_sequence_is_as_long_as_there_are_steps_with_its_row),
        cmocka_unit_test(sequences_are_shared_by_their_rows),
        cmocka_unit_test(plan_puts_blocks_one_behind_the_other),
        cmocka_unit_test(pack_puts_every_number_in_its_place_and_zeroes_the_rest),
        cmocka_unit_test(transpose_is_the_same_for_any_number_of_workers),
    };

    return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}
