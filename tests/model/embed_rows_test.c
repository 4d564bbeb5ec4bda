/* embed_rows_test.c -- rows at hand are those of the table, each once, and bring back their moves.
 */
#include "check.h"

#include "model/embed_in.h"

enum { V = 2000, D = 16 };

static rcn_params table(void)
{
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_table(&ps, "embed.weight", V, D), RC_OK);
    fill_real(ps.p[0].w, V * D);
    return ps;
}

static void each_row_has_one_place(void **unused)
{
    (void)unused;
    rcn_params ps = table();
    rcm_rows r = {0};

    check_seed();
    for (int trial = 0; trial < 5; trial++) {
        int32_t where[V];
        int64_t n = 0;

        memset(where, -1, sizeof where);
        rcm_rows_clear(&r);
        for (int i = 0; i < 3000; i++) {
            const int32_t id = pick(0, trial == 0 ? V - 1 : 20);
            int32_t at;

            CHECK_STATUS(rcm_rows_take(&r, id, &at), RC_OK);
            assert_int_equal(at, where[id] >= 0 ? where[id] : n++);
            where[id] = at;
            assert_int_equal(r.id[at], id);
        }
        assert_int_equal(r.n, n);
        CHECK_STATUS(rcm_rows_fetch(&r, &ps.p[0]), RC_OK);
        for (int64_t i = 0; i < r.n; i++) {
            assert_memory_equal(r.now + i * D, ps.p[0].w + r.id[i] * D, D * sizeof(rc_real));
            assert_int_equal(r.times[i], 0);
        }
    }
    rcm_rows_free(&r);
    rcn_params_free(&ps);
}

/* What was moved meanwhile by others stays moved. */
static void moves_are_added(void **unused)
{
    (void)unused;
    rcn_params ps = table();
    rcm_rows r = {.keeps = true};
    int32_t at;

    check_seed();
    CHECK_STATUS(rcm_rows_take(&r, 7, &at), RC_OK);
    CHECK_STATUS(rcm_rows_fetch(&r, &ps.p[0]), RC_OK);
    const rc_real was = ps.p[0].w[7 * D + 3];
    const rc_real next = ps.p[0].w[8 * D + 3];

    r.now[3] += (rc_real)0.5;
    ps.p[0].w[7 * D + 3] += (rc_real)0.25;
    assert_true(rcm_rows_add(&r, &ps.p[0]));
    CHECK_NEAR(ps.p[0].w[7 * D + 3], was + (rc_real)0.75, 1e-6);
    assert_true(ps.p[0].w[8 * D + 3] == next);
    rcm_rows_free(&r);
    rcn_params_free(&ps);
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    rcn_params ps = table();

    for (uint64_t n = 1;; n++) {
        rcm_rows r = {.keeps = true};
        rc_status s = RC_OK;
        int32_t at;

        rcb_alloc_fail_at(n);
        for (int32_t id = 0; s == RC_OK && id < 600; id++)
            s = rcm_rows_take(&r, id, &at);
        if (s == RC_OK)
            s = rcm_rows_fetch(&r, &ps.p[0]);
        rcb_alloc_fail_at(0);
        rcm_rows_free(&r);
        if (s == RC_OK)
            break;
        assert_int_equal(s, RC_ENOMEM);
    }
    rcn_params_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_has_one_place),
        cmocka_unit_test(moves_are_added),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("embed_rows", tests, NULL, NULL);
}
