/* out_hierarchical_test.c -- the Huffman tree is a distribution, frequent symbols are near its
 * root, and with two symbols it is logistic regression. */
#include "outputs.h"

static void it_is_a_distribution_with_its_gradient(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind("hierarchical", NULL);
}

static void threads_do_not_change_a_bit(void **unused)
{
    (void)unused;
    (void)check_seed();
    check_kind_at_large("hierarchical", NULL);
}

/* The lighter symbol is on side 0 of the only decision. */
static void two_symbols_are_logistic_regression(void **unused)
{
    (void)unused;
    (void)check_seed();
    enum { N = 20, H = 7 };
    const int64_t count[] = {5, 3};
    const rcn_output_plan plan = {.kind = "hierarchical", .V = 2, .H = H, .count = count};
    layer l;
    rc_real w[H], b, want_dw[H] = {0};
    double want = 0;

    layer_open(&l, &plan, N, 1);
    rcn_param_store(&l.ps.p[l.o.weight], l.ps.p[l.o.weight].w, w);
    rcn_param_store(&l.ps.p[l.o.bias], l.ps.p[l.o.bias].w, &b);
    const double got = layer_gradients(&l);

    for (int r = 0; r < N; r++) {
        double score = (double)b;
        const double y = l.target[r] == 1;

        for (int k = 0; k < H; k++)
            score += (double)w[k] * (double)l.x[r * H + k];
        const double p = 1 / (1 + exp(-score));

        want -= y * log(p) + (1 - y) * log(1 - p);
        for (int k = 0; k < H; k++)
            want_dw[k] += (rc_real)((p - y) * (double)l.x[r * H + k]);
    }
    rc_real *dw = gradient_rows(&l, "out.weight");

    CHECK_NEAR(got, want, OUTPUT_TOL);
    CHECK_CLOSE(dw, want_dw, H, OUTPUT_TOL * 3);
    rcb_free(dw);
    layer_close(&l);
}

/* The mean way is as short as any: between the entropy of the counts and one bit more. */
static void the_tree_is_as_short_as_the_counts_allow(void **unused)
{
    (void)unused;
    (void)check_seed();

    for (int trial = 0; trial < 30; trial++) {
        const int64_t V = pick(2, 200);
        int64_t *count = zipf_counts(V);
        const rcn_output_plan plan = {.kind = "hierarchical", .V = V, .H = 1, .count = count};
        layer l;
        double all = 0, entropy = 0, mean = 0;

        for (int64_t w = 0; w < V; w++) {
            count[w] = count[w] > 0 ? count[w] : 1;
            all += (double)count[w];
        }
        layer_open(&l, &plan, 1, 1);
        memset(l.ps.p[l.o.weight].w, 0, (size_t)l.ps.p[l.o.weight].size * sizeof(rc_real));
        memset(l.ps.p[l.o.bias].w, 0, (size_t)l.ps.p[l.o.bias].size * sizeof(rc_real));
        rc_real *logp = layer_logp(&l); /* -ln 2 for every decision */

        for (int64_t w = 0; w < V; w++) {
            const double share = (double)count[w] / all;

            entropy -= share * log2(share);
            mean -= share * (double)logp[w] / log(2);
        }
        assert_true(mean >= entropy - 1e-5 && mean <= entropy + 1 + 1e-5);
        rcb_free(logp);
        layer_close(&l);
        rcb_free(count);
    }
}

static void one_symbol_is_refused(void **unused)
{
    (void)unused;
    const int64_t count[] = {1};

    check_plan_refused(
        &(rcn_output_plan){.kind = "hierarchical", .name = "out", .V = 1, .H = 2, .count = count},
        "a tree needs at least 2 symbols, there is 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_distribution_with_its_gradient),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(two_symbols_are_logistic_regression),
        cmocka_unit_test(the_tree_is_as_short_as_the_counts_allow),
        cmocka_unit_test(one_symbol_is_refused),
    };
    return cmocka_run_group_tests_name("out_hierarchical", tests, NULL, NULL);
}
