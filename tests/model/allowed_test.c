/* allowed_test.c -- the best labels of a sequence among those that a scheme allows. */
#include "model/labelled_toy.h"

#include <math.h>

enum { K = 5, ROWS = 4 };

static rcd_vocab *labels(void)
{
    static const char *const name[K] = {"O", "B-A", "I-A", "B-B", "I-B"};
    rcd_names names = {0};
    rcd_vocab *v;
    int32_t id;

    for (int k = 0; k < K; k++)
        CHECK_STATUS(rcd_names_add(&names, name[k], strlen(name[k]), K - k, &id), RC_OK);
    CHECK_STATUS(rcd_vocab_of_names(&v, RCD_LINE, &names, NULL, NULL, "labels"), RC_OK);
    rcd_names_free(&names);
    return v;
}

/* By every sequence of labels: what is allowed in IOB2, and the best of it. */
static void by_hand(const rc_real *score, int32_t *best)
{
    double most = -(double)INFINITY;

    for (int code = 0; code < K * K * K * K; code++) {
        int32_t y[ROWS];
        double sum = 0;
        bool may = true;

        for (int t = 0, rest = code; t < ROWS; t++, rest /= K) {
            y[t] = rest % K;
            sum += (double)score[t * K + y[t]];
            const int32_t before = t > 0 ? y[t - 1] : 0;
            may &= y[t] != 2 || before == 1 || before == 2;
            may &= y[t] != 4 || before == 3 || before == 4;
        }
        if (may && sum > most) {
            most = sum;
            memcpy(best, y, sizeof y);
        }
    }
}

static void the_best_path_is_that_of_all(void **unused)
{
    (void)unused;
    rcd_vocab *v = labels();
    rcm_allowed p;
    rcb_pool *pool;
    rc_graph *g;
    int64_t at[ROWS + 1];
    const rcd_batch b = {.steps = ROWS, .seqs = 1, .rows = ROWS, .at = at};
    int differ = 0;

    for (int t = 0; t <= ROWS; t++)
        at[t] = t;
    CHECK_STATUS(rck_select(), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_STATUS(rcg_graph_on(&g, pool, false), RC_OK);
    CHECK_STATUS(rcm_allowed_new(&p, v, K, "iob2"), RC_OK);
    for (uint64_t round = 0; round < 50; round++) {
        rc_real score[ROWS * K];
        int32_t want[ROWS], got[ROWS], each[ROWS];

        for (uint64_t i = 0; i < ROWS * K; i++)
            score[i] = (rc_real)(rcb_normal(rcb_stream(round, "allowed"), i));
        for (int t = 0; t < ROWS; t++)
            each[t] = rcm_best_of(K, score + t * K);
        by_hand(score, want);
        rc_graph_reset(g);
        CHECK_STATUS(
            rcm_allowed_best(&p, g, &b, K, rc_leaf(g, rc_shape_2(ROWS, K), score, NULL), got),
            RC_OK);
        assert_memory_equal(got, want, sizeof got);
        differ += memcmp(each, want, sizeof each) != 0;
    }
    assert_true(differ > 5); /* the scheme had something to say */
    rcm_allowed_free(&p);
    rc_graph_free(g);
    rcb_pool_free(pool);
    rcd_vocab_free(v);
}

static void without_a_scheme_labels_stay(void **unused)
{
    (void)unused;
    rcd_vocab *v = labels();
    int32_t label[] = {4, 2};
    rcm_allowed p;

    CHECK_STATUS(rcm_allowed_new(&p, v, K, "none"), RC_OK);
    assert_int_equal(p.moves.n, 0);
    CHECK_STATUS(rcm_allowed_best(&p, NULL, &(rcd_batch){0}, K, NULL, label), RC_OK);
    assert_true(label[0] == 4 && label[1] == 2);
    rcm_allowed_free(&p);
    CHECK_STATUS(rcm_allowed_new(&p, v, K, "iob7"), RC_EFORMAT);
    rcm_allowed_free(&p);
    rcd_vocab_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_path_is_that_of_all),
        cmocka_unit_test(without_a_scheme_labels_stay),
    };

    return cmocka_run_group_tests_name("allowed", tests, NULL, NULL);
}
