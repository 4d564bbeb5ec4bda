/* share_test.c -- shared parameters have the values of the first and gradients of their own; sums
 * are taken in order, on any number of workers, and of a table where something was touched alone.
 */
#include "net/net.h"

#include "check.h"

enum { SHARES = 4 };

static void add_some(rcn_params *ps)
{
    const int gates[] = {4};

    CHECK_STATUS(rcn_params_table(ps, "table", 1500, 20), RC_OK);
    CHECK_STATUS(rcn_params_weight(ps, "weight", 2, 1, gates, 70, 33), RC_OK);
    CHECK_STATUS(rcn_params_weight(ps, "bias", 1, 1, gates, 70, 1), RC_OK);
    CHECK_STATUS(rcn_init_all(ps, "*=uniform:1", 1), RC_OK);
    CHECK_STATUS(rcn_params_grads(ps), RC_OK);
}

/* Some random gradient, the table's in a few marked blocks. */
static void fill_gradients(rcn_params *ps)
{
    rcn_params_fresh(ps);
    for (size_t i = 0; i < ps->n; i++) {
        rcn_param *p = &ps->p[i];

        p->weight.fresh = false;
        for (int64_t k = 0; k < p->size; k++) {
            if (p->touched && k % RCK_BLOCK == 0)
                p->touched[k / RCK_BLOCK] = pick(0, 2) == 0;
            p->g[k] = rcn_touched(p, k / RCK_BLOCK) ? pick_real() : 0;
        }
    }
}

static void values_are_shared_and_gradients_are_not(void **unused)
{
    rcn_params ps = {0}, other;

    (void)unused;
    check_seed();
    add_some(&ps);
    fill_gradients(&ps);
    CHECK_STATUS(rcn_params_share(&other, &ps), RC_OK);
    assert_int_equal(other.n, ps.n);
    assert_int_equal(other.count, ps.count);
    for (size_t i = 0; i < ps.n; i++) {
        const rcn_param *p = &ps.p[i], *q = &other.p[i];

        assert_ptr_equal(p->w, q->w);
        assert_ptr_equal(p->weight.wt, q->weight.wt);
        assert_ptr_not_equal(p->g, q->g);
        assert_ptr_equal(q->weight.g, q->packed ? q->g : NULL);
        assert_int_equal(q->touched != NULL, !q->packed);
        for (int64_t k = 0; k < q->size; k++)
            assert_true(q->g[k] == 0);
        for (int64_t b = 0; q->touched && b < rcg_marks(q->size); b++)
            assert_int_equal(q->touched[b], 0);
    }
    rcn_params_unshare(&other);
    assert_int_equal(other.n, 0);
    rcn_params_free(&ps);
}

static void sums_are_taken_in_order(void **unused)
{
    static const int threads[] = {1, 2, 3, 7};

    (void)unused;
    check_seed();
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        rcn_params ps = {0}, share[SHARES];
        rcn_params *from[SHARES];
        rc_real *want[3];
        uint8_t *marks = NULL;
        rcb_pool *pool;

        add_some(&ps);
        fill_gradients(&ps);
        for (int s = 0; s < SHARES; s++) {
            from[s] = &share[s];
            CHECK_STATUS(rcn_params_share(&share[s], &ps), RC_OK);
            fill_gradients(&share[s]);
        }
        for (size_t i = 0; i < ps.n; i++) {
            rcn_param *p = &ps.p[i];

            want[i] = rcb_alloc((size_t)p->size, sizeof(rc_real));
            assert_non_null(want[i]);
            for (int64_t k = 0; k < p->size; k++) {
                want[i][k] = p->g[k];
                for (int s = 0; s < SHARES; s++)
                    want[i][k] += share[s].p[i].g[k];
            }
        }
        const int64_t blocks = rcg_marks(ps.p[0].size);
        marks = rcb_calloc((size_t)blocks, 1);
        assert_non_null(marks);
        for (int64_t b = 0; b < blocks; b++) {
            marks[b] = ps.p[0].touched[b];
            for (int s = 0; s < SHARES; s++)
                marks[b] |= share[s].p[0].touched[b];
        }
        CHECK_STATUS(rcb_pool_new(&pool, threads[t]), RC_OK);
        rcn_params_sum(&ps, from, SHARES, pool);
        for (size_t i = 0; i < ps.n; i++) {
            for (int64_t k = 0; k < ps.p[i].size; k++)
                assert_true(want[i][k] == ps.p[i].g[k]);
            rcb_free(want[i]);
        }
        assert_memory_equal(marks, ps.p[0].touched, (size_t)blocks);
        rcb_free(marks);
        for (int s = 0; s < SHARES; s++)
            rcn_params_unshare(&share[s]);
        rcb_pool_free(pool);
        rcn_params_free(&ps);
    }
}

static rc_status share_them(void *ctx)
{
    rcn_params other;

    RC_TRY(rcn_params_share(&other, ctx));
    rcn_params_unshare(&other);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    rcn_params ps = {0};

    (void)unused;
    add_some(&ps);
    CHECK_EACH_ALLOCATION(share_them, &ps);
    rcn_params_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_shared_and_gradients_are_not),
        cmocka_unit_test(sums_are_taken_in_order),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
