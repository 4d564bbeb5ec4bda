/* param_test.c -- parameters keep logical values through any layout, padding stays zero, gradients
 * and transposes come and go as promised, and globs pick names. */
#include "net/net.h"

#include "check.h"

/* A random packed weight or table named "p". */
static void add_random(rcn_params *ps, const char *name)
{
    const int kind = (int)pick(0, 3);
    int gates[RCG_BLOCKS];
    const int blocks = (int)pick(1, 2);

    for (int i = 0; i < blocks; i++)
        gates[i] = (int)pick(1, 5);
    if (kind == 0)
        CHECK_STATUS(rcn_params_table(ps, name, pick(1, 40), pick(1, 40)), RC_OK);
    else if (kind == 1)
        CHECK_STATUS(rcn_params_weight(ps, name, 1, blocks, gates, pick(1, 70), 1), RC_OK);
    else
        CHECK_STATUS(rcn_params_weight(ps, name, 2, blocks, gates, pick(1, 70), pick(1, 40)),
                     RC_OK);
}

static rc_real *reals(int64_t n)
{
    rc_real *x = rcb_calloc((size_t)n, sizeof *x);

    assert_non_null(x);
    return x;
}

/* How many of n reals are zero. */
static int64_t zeros(const rc_real *x, int64_t n)
{
    int64_t count = 0;

    for (int64_t i = 0; i < n; i++)
        count += x[i] == 0;
    return count;
}

static void values_return_and_padding_is_zero(void **unused)
{
    (void)unused;
    check_seed();
    for (int trial = 0; trial < 100; trial++) {
        rcn_params ps = {0};

        add_random(&ps, "p");

        rcn_param *p = &ps.p[0];
        rc_real *in = reals(p->count);
        rc_real *out = reals(p->count);
        rc_real *slot = rcb_alloc((size_t)p->size, sizeof *slot); /* an optimiser's, not cleared */

        for (int64_t i = 0; i < p->count; i++)
            in[i] = 2 + pick_real();
        memset(slot, 0xFF, (size_t)p->size * sizeof *slot);
        rcn_param_load(p, p->w, in);
        rcn_param_load(p, slot, in);
        assert_memory_equal(p->w, slot, (size_t)p->size * sizeof *slot);
        assert_int_equal(zeros(p->w, p->size), p->size - p->count);
        rcn_param_store(p, slot, out);
        assert_memory_equal(in, out, (size_t)p->count * sizeof *in);
        assert_int_equal(p->count, p->dim[0] * p->dim[1]);
        assert_int_equal(ps.count, p->count);

        rcb_free(slot);
        rcb_free(out);
        rcb_free(in);
        rcn_params_free(&ps);
    }
}

/* Large ones are brought in by all workers, into memory that nobody has cleared. */
static void filling_writes_every_number_on_any_number_of_workers(void **unused)
{
    (void)unused;
    check_seed();
    for (int threads = 1; threads <= 4; threads++) {
        rcn_params ps = {.bare = true};
        rcb_pool *pool;

        CHECK_STATUS(rcb_pool_new(&pool, threads), RC_OK);
        add_random(&ps, "small");
        CHECK_STATUS(rcn_params_table(&ps, "table", 301, 299), RC_OK);
        CHECK_STATUS(rcn_params_weight(&ps, "weight", 2, 2, (int[]){3, 1}, 150, 203), RC_OK);
        for (size_t i = 0; i < ps.n; i++) {
            rcn_param *p = &ps.p[i];
            rc_real *rows = reals(p->count);
            rc_real *want = reals(p->size);

            fill_real(rows, p->count);
            rcn_param_load(p, want, rows);
            memset(p->w, 0xFF, (size_t)p->size * sizeof *p->w);
            rcn_param_fill(p, rows, pool);
            assert_memory_equal(p->w, want, (size_t)p->size * sizeof *p->w);
            rcb_free(want);
            rcb_free(rows);
        }
        rcb_pool_free(pool);
        rcn_params_free(&ps);
    }
}

/* Row g H + u of a block is gate g of unit u: 16 columns of a panel per gate. */
static void rows_are_gates_of_units_in_order(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 2, (int[]){2, 1}, 5, 3), RC_OK);
    assert_int_equal(ps.p[0].dim[0], 15);
    assert_int_equal(ps.p[0].dim[1], 3);
    assert_int_equal(ps.p[0].group, 5);

    rc_real rows[45];

    for (int i = 0; i < 45; i++)
        rows[i] = (rc_real)(i + 1);
    rcn_param_load(&ps.p[0], ps.p[0].w, rows);
    for (int64_t row = 0; row < 15; row++) {
        const int64_t block = row / 10;
        const rck_panel *lay = &ps.p[0].weight.lay[block];
        const int64_t gate = (row - 10 * block) / 5;
        const rc_real *panel = ps.p[0].w + ps.p[0].weight.at[block];

        for (int64_t k = 0; k < 3; k++)
            assert_true(panel[k * lay->cols + gate * RCK_LANES + row % 5] == rows[row * 3 + k]);
    }
    rcn_params_free(&ps);
}

static void parameters_begin_as_zeros_with_a_rule(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_table(&ps, "embed.weight", 9, 5), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "out.weight", 2, 1, (int[]){1}, 9, 5), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "out.bias", 1, 1, (int[]){1}, 9, 1), RC_OK);
    assert_string_equal(ps.p[0].rule, "uniform:0.1");
    assert_string_equal(ps.p[1].rule, "xavier");
    assert_string_equal(ps.p[2].rule, "zero");
    for (size_t i = 0; i < ps.n; i++) {
        assert_int_equal(zeros(ps.p[i].w, ps.p[i].size), ps.p[i].size);
        assert_int_equal((uintptr_t)ps.p[i].w % RCB_ALIGN, 0);
        assert_null(ps.p[i].g);
        assert_ptr_equal(rcn_params_find(&ps, ps.p[i].name), &ps.p[i]);
    }
    assert_int_equal(ps.count, 45 + 45 + 9);
    assert_null(rcn_params_find(&ps, "out"));
    rcn_params_free(&ps);
    assert_int_equal(ps.n, 0);
}

static void impossible_parameters_are_refused(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_table(&ps, "a", 2, 3), RC_OK);
    CHECK_STATUS(rcn_params_table(&ps, "a", 2, 3), RC_EINVAL);
    CHECK_MESSAGE_HAS("'a'");
    CHECK_STATUS(rcn_params_table(&ps, "b", 0, 3), RC_EINVAL);
    CHECK_STATUS(rcn_params_table(&ps, "b", 3, -1), RC_EINVAL);
    CHECK_STATUS(rcn_params_weight(&ps, "b", 2, 1, (int[]){4}, 0, 3), RC_EINVAL);
    CHECK_MESSAGE_HAS("(0,3)");
    CHECK_STATUS(rcn_params_weight(&ps, "b", 2, 1, (int[]){4}, INT64_MAX / 4, 3), RC_EINVAL);
    CHECK_STATUS(rcn_params_weight(&ps, "b", 2, 1, (int[]){4}, INT64_MAX, 3), RC_EINVAL);
    CHECK_STATUS(rcn_params_weight(&ps, "b", 2, 1, (int[]){1}, 1 << 20, INT64_MAX), RC_EINVAL);
    assert_int_equal(ps.n, 1);
    rcn_params_free(&ps);
}

/* rcn_params_grads(), alone, and rcn_params_refresh(), on workers, make the same. */
static void transposes_follow_the_weights(void **unused)
{
    (void)unused;
    check_seed();
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    for (int trial = 0; trial < 20; trial++) {
        rcn_params ps = {0};

        CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 2, (int[]){(int)pick(1, 4), (int)pick(1, 4)},
                                       pick(1, 70), pick(1, 70)),
                     RC_OK);
        CHECK_STATUS(rcn_params_weight(&ps, "b", 1, 1, (int[]){2}, pick(1, 70), 1), RC_OK);

        rcn_param *p = &ps.p[0];
        rc_real *rows = reals(p->count);
        const size_t bytes = (size_t)rcg_weight_size_t(&p->weight) * sizeof *rows;

        fill_real(rows, p->count);
        rcn_param_load(p, p->w, rows);
        assert_null(p->weight.wt);
        CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
        assert_non_null(p->weight.wt);
        assert_ptr_equal(p->weight.g, p->g);
        assert_null(ps.p[1].weight.wt);
        assert_non_null(ps.p[1].g);

        rc_real *alone = reals(rcg_weight_size_t(&p->weight));

        memcpy(alone, p->weight.wt, bytes);
        assert_true(zeros(alone, rcg_weight_size_t(&p->weight)) ==
                    rcg_weight_size_t(&p->weight) - p->count + zeros(rows, p->count));
        memset(p->weight.wt, 0, bytes);
        CHECK_STATUS(rcn_params_refresh(&ps, pool), RC_OK);
        assert_memory_equal(p->weight.wt, alone, bytes);

        rcb_free(alone);
        rcb_free(rows);
        rcn_params_free(&ps);
    }
    rcb_pool_free(pool);
}

/* Copies in bf16 where they are asked for, in place of transposes but where one is there. */
static void copies_in_bf16_follow_the_weights(void **unused)
{
    (void)unused;
    check_seed();
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    for (int trial = 0; trial < 20; trial++) {
        rcn_params ps = {.pairs = true}, copy;

        CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 2, (int[]){(int)pick(1, 4), (int)pick(1, 4)},
                                       pick(1, 70), pick(1, 70)),
                     RC_OK);
        CHECK_STATUS(rcn_params_weight(&ps, "b", 1, 1, (int[]){2}, 9, 1), RC_OK);
        CHECK_STATUS(rcn_params_table(&ps, "t", 4, 5), RC_OK);
        rcn_param *p = &ps.p[0];
        const size_t n = (size_t)rcg_weight_pairs(&p->weight);
        const size_t n_t = (size_t)rcg_weight_size_t(&p->weight);

        fill_real(p->w, p->size);
        if (trial % 2)
            CHECK_STATUS(rcn_param_refresh(p, pool), RC_OK);
        CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
        assert_int_equal(p->weight.wt != NULL, trial % 2);
        assert_true(!ps.p[1].weight.pairs && !ps.p[2].weight.pairs);
        uint16_t *alone = rcb_alloc(n + n_t, sizeof *alone);

        memcpy(alone, p->weight.pairs, n * sizeof *alone);
        memcpy(alone + n, p->weight.pairs_t, n_t * sizeof *alone);
        memset(p->weight.pairs, 0x5A, n * sizeof *alone);
        memset(p->weight.pairs_t, 0x5A, n_t * sizeof *alone);
        CHECK_STATUS(rcn_params_refresh(&ps, pool), RC_OK);
        assert_int_equal(p->weight.wt != NULL, trial % 2);
        assert_memory_equal(p->weight.pairs, alone, n * sizeof *alone);
        assert_memory_equal(p->weight.pairs_t, alone + n, n_t * sizeof *alone);
        CHECK_STATUS(rcn_params_clone(&copy, &ps), RC_OK);
        assert_true(!copy.p[0].weight.pairs && !copy.p[0].weight.pairs_t);
        rcn_params_free(&copy);
        rcb_free(alone);
        rcn_params_free(&ps);
    }
    rcb_pool_free(pool);
}

static void settled_gradients_are_zero_where_nobody_wrote(void **unused)
{
    (void)unused;
    rcn_params ps = {0};

    CHECK_STATUS(rcn_params_table(&ps, "t", 4, 5), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "u", 2, 1, (int[]){3}, 4, 5), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "v", 2, 1, (int[]){3}, 4, 5), RC_OK);
    rcn_params_fresh(&ps); /* before there are gradients: nothing to do, no harm */
    rcn_params_settle(&ps);
    CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
    for (size_t i = 0; i < ps.n; i++)
        memset(ps.p[i].g, 0x11, (size_t)ps.p[i].size * sizeof(rc_real));
    ps.p[0].touched[0] = 1;
    rcn_params_fresh(&ps);
    assert_true(ps.p[1].weight.fresh && ps.p[2].weight.fresh);
    assert_int_equal(zeros(ps.p[0].g, ps.p[0].size), ps.p[0].size);
    ps.p[1].weight.fresh = false; /* as an operation does that wrote all of it */
    rcn_params_settle(&ps);
    assert_int_equal(zeros(ps.p[1].g, ps.p[1].size), 0);
    assert_int_equal(zeros(ps.p[2].g, ps.p[2].size), ps.p[2].size);
    assert_false(ps.p[2].weight.fresh);
    rcn_params_free(&ps);
}

/* Gradients of a table and of a packed weight, through the graph and back to logical rows. */
static void gradients_come_back_as_logical_rows(void **unused)
{
    (void)unused;
    check_seed();
    rcn_params ps = {0};
    rcb_pool *pool;
    rc_graph *g;

    CHECK_STATUS(rcn_params_table(&ps, "embed", 6, 5), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "w", 2, 1, (int[]){1}, 3, 5), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "b", 1, 1, (int[]){1}, 3, 1), RC_OK);
    CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_STATUS(rcg_graph_on(&g, pool, true), RC_OK);

    rc_real e[30], w[15], grad[30];

    fill_real(e, 30);
    fill_real(w, 15);
    rcn_param_load(&ps.p[0], ps.p[0].w, e);
    rcn_param_load(&ps.p[1], ps.p[1].w, w);
    CHECK_STATUS(rcn_params_refresh(&ps, pool), RC_OK);
    rcn_params_fresh(&ps);

    /* loss = sum of all of w e_4 + b, twice */
    rc_var *x = rc_embed(g, rcn_var(g, &ps.p[0]), (int32_t[]){4, 4}, 2);
    rc_var *loss = rc_sum(g, rc_linear(g, x, rcn_var(g, &ps.p[1]), rcn_var(g, &ps.p[2])));

    CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
    rcn_params_settle(&ps);
    rcn_param_store(&ps.p[2], ps.p[2].g, grad);
    for (int i = 0; i < 3; i++)
        CHECK_NEAR(grad[i], 2, 1e-6);
    rcn_param_store(&ps.p[1], ps.p[1].g, grad);
    for (int i = 0; i < 15; i++)
        CHECK_NEAR(grad[i], 2 * (double)e[20 + i % 5], 1e-6);
    rcn_param_store(&ps.p[0], ps.p[0].g, grad);
    for (int i = 0; i < 30; i++) {
        const int k = i % 5;

        CHECK_NEAR(grad[i], i / 5 == 4 ? 2 * (double)(w[k] + w[5 + k] + w[10 + k]) : 0, 1e-6);
    }
    rc_graph_free(g);
    rcb_pool_free(pool);
    rcn_params_free(&ps);
}

static void a_clone_has_the_values_and_nothing_shared(void **unused)
{
    (void)unused;
    check_seed();
    rcn_params ps = {0};
    rcn_params copy;

    for (int i = 0; i < 20; i++) {
        char name[16];

        snprintf(name, sizeof name, "p%d", i);
        add_random(&ps, name);
        ps.p[i].rule = "constant:3";
        fill_real(ps.p[i].w, ps.p[i].size);
    }
    CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
    CHECK_STATUS(rcn_params_clone(&copy, &ps), RC_OK);
    assert_int_equal(copy.n, 20);
    assert_int_equal(copy.count, ps.count);
    for (size_t i = 0; i < ps.n; i++) {
        assert_string_equal(copy.p[i].name, ps.p[i].name);
        assert_string_equal(copy.p[i].rule, "constant:3");
        assert_memory_equal(copy.p[i].w, ps.p[i].w, (size_t)ps.p[i].size * sizeof(rc_real));
        assert_ptr_not_equal(copy.p[i].w, ps.p[i].w);
        assert_null(copy.p[i].g);
        assert_null(copy.p[i].weight.g);
        assert_null(copy.p[i].weight.wt);
        if (copy.p[i].packed)
            assert_ptr_equal(copy.p[i].weight.w, copy.p[i].w);
    }
    rcn_params_free(&copy);
    rcn_params_free(&ps);
}

static rc_status build_and_clone(void *unused)
{
    (void)unused;
    rcn_params ps = {0};
    rcn_params copy = {0};
    rc_status status = RC_OK;

    for (int i = 0; status == RC_OK && i < 20; i++) {
        char name[16];

        snprintf(name, sizeof name, "p%d", i);
        status = i % 2 ? rcn_params_table(&ps, name, 3, 4)
                       : rcn_params_weight(&ps, name, 2, 1, (int[]){4}, 3, 4);
    }
    if (status == RC_OK)
        status = rcn_params_grads(&ps);
    if (status == RC_OK)
        status = rcn_params_clone(&copy, &ps);
    rcn_params_free(&copy);
    rcn_params_free(&ps);
    return status;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    CHECK_EACH_ALLOCATION(build_and_clone, NULL);
}

static void globs_say_what_is_frozen(void **unused)
{
    (void)unused;
    rcn_params ps = {0};
    const int one = 1;

    CHECK_STATUS(rcn_params_table(&ps, "embed.weight", 5, 3), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "out.weight", 2, 1, &one, 4, 3), RC_OK);
    CHECK_STATUS(rcn_params_weight(&ps, "out.bias", 1, 1, &one, 4, 1), RC_OK);
    CHECK_STATUS(rcn_params_freeze(&ps, ""), RC_OK);
    assert_false(ps.p[0].frozen || ps.p[1].frozen || ps.p[2].frozen);
    CHECK_STATUS(rcn_params_freeze(&ps, "embed.weight, *.bias"), RC_OK);
    assert_true(ps.p[0].frozen && !ps.p[1].frozen && ps.p[2].frozen);
    CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
    assert_null(ps.p[0].g);
    assert_non_null(ps.p[1].g);

    CHECK_STATUS(rcn_params_freeze(&ps, "embed.weight,nothing"), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot freeze 'nothing': no parameter has such a name");
    CHECK_STATUS(rcn_params_freeze(&ps, "embed.weight=1"), RC_EINVAL);
    CHECK_STATUS(rcn_params_freeze(&ps, "*"), RC_EINVAL);
    CHECK_MESSAGE_HAS("cannot freeze '*': nothing is left to train");
    rcn_params_free(&ps);
}

static void globs_match_as_in_a_shell(void **unused)
{
    (void)unused;
    static const struct {
        const char *glob, *name;
        bool match;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"a", "a", true},
        {"a", "ab", false},
        {"ab", "a", false},
        {"a*", "abc", true},
        {"*c", "abc", true},
        {"*b", "abc", false},
        {"a*c", "abbbc", true},
        {"a*c", "ac", true},
        {"?", "", false},
        {"?", "a", true},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"**", "x", true},
        {"*a*b*", "xxaxxbxx", true},
        {"*a*b*", "ba", false},
        {"*ab", "aab", true},
        {"*aab", "aaab", true},
        {"*?", "", false},
        {"?*?", "ab", true},
        {"?*?", "a", false},
        {"*weight_hh*", "rnn.weight_hh_l0_reverse", true},
        {"rnn.*_l1", "rnn.bias_ih_l0", false},
        {"rnn.*_l0", "rnn.bias_ih_l0_reverse", false},
        {"[ab]", "a", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (rcn_glob(cases[i].glob, cases[i].name) != cases[i].match)
            fail_msg("'%s' and '%s'", cases[i].glob, cases[i].name);
}

/* A textbook matcher. */
static bool matches(const char *glob, const char *name)
{
    if (*glob == '*')
        return matches(glob + 1, name) || (*name && matches(glob, name + 1));
    if (!*glob || !*name)
        return !*glob && !*name;
    return (*glob == '?' || *glob == *name) && matches(glob + 1, name + 1);
}

static void globs_agree_with_the_textbook(void **unused)
{
    (void)unused;
    check_seed();
    for (int trial = 0; trial < 20000; trial++) {
        char glob[8] = {0}, name[10] = {0};
        const int64_t n = pick(0, 7), m = pick(0, 9);

        for (int64_t i = 0; i < n; i++)
            glob[i] = "ab*?"[pick(0, 3)];
        for (int64_t i = 0; i < m; i++)
            name[i] = "ab"[pick(0, 1)];
        if (rcn_glob(glob, name) != matches(glob, name))
            fail_msg("'%s' and '%s'", glob, name);
    }
}

static void the_last_glob_that_matches_gives_the_value(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *name;
        double value;
    } cases[] = {
        {"", "a", -1},
        {"0.5", "a", 0.5},
        {"1e-4", "a", 1e-4},
        {"a=2", "a", 2},
        {"b=2", "a", -1},
        {"*=1,a=2", "a", 2},
        {"a=2,*=1", "a", 1},
        {"3,b=4", "a", 3},
        {"3,b=4", "b", 4},
        {" *hh* = 1e-4 , out* = 2 ", "rnn.weight_hh_l0", 1e-4},
        {" *hh* = 1e-4 , out* = 2 ", "out.bias", 2},
    };
    double value;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(rcn_glob_value(cases[i].text, cases[i].name, -1, &value), RC_OK);
        CHECK_NEAR(value, cases[i].value, 0);
    }

    static const char *const bad[] = {"x",   "a=",  "=1",    "1,",    ",1",      "a=1,,b=2",
                                      "a=b", "1 2", "a=nan", "a=inf", "a=1e999", "a=1;b=2"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        value = 7;
        CHECK_STATUS(rcn_glob_value(bad[i], "a", -1, &value), RC_EINVAL);
        CHECK_MESSAGE_HAS(bad[i]);
        CHECK_NEAR(value, 7, 0);
    }
}

/* ---- tables of which a step touches a part --------------------------------------------------- */

static int64_t marks_of(const rcn_param *p)
{
    int64_t n = 0;

    for (int64_t b = 0; b < rcg_marks(p->size); b++)
        n += rcn_touched(p, b);
    return n;
}

static void a_table_marks_the_blocks_that_a_step_adds_to(void **unused)
{
    (void)unused;
    const int32_t ids[] = {7, 999, 7}, target[] = {0, 0, 0};
    rcn_params ps = {0};
    rc_graph *g;

    CHECK_STATUS(rcn_params_table(&ps, "embed.weight", 1000, 50), RC_OK); /* 64 rows a block */
    CHECK_STATUS(rcn_params_grads(&ps), RC_OK);
    CHECK_STATUS(rc_graph_new(&g, NULL), RC_OK);
    rcn_param *p = &ps.p[0];
    const int64_t all = rcg_marks(p->size);

    assert_int_equal(marks_of(p), 0);
    for (int round = 0; round < 2; round++) {
        rcn_params_fresh(&ps);
        rc_graph_reset(g);
        CHECK_STATUS(rc_graph_backward(g, rc_sum(g, rc_embed(g, rcn_var(g, p), ids, 3))), RC_OK);
        assert_int_equal(marks_of(p), 2);
        assert_true(rcn_touched(p, 0) && rcn_touched(p, all - 1));
        assert_true(p->g[7 * p->ld] == 2 && p->g[999 * p->ld + 49] == 1);
    }

    /* an operation that says nothing of rows has touched them all */
    rc_graph_reset(g);
    CHECK_STATUS(
        rc_graph_backward(
            g, rc_cross_entropy(
                   g, rc_slice(g, rc_embed(g, rc_tanh(g, rcn_var(g, p)), ids, 3), 0, 5), target)),
        RC_OK);
    assert_int_equal(marks_of(p), all);
    rcn_params_fresh(&ps);
    assert_int_equal(marks_of(p), 0);
    for (int64_t i = 0; i < p->size; i++)
        assert_true(p->g[i] == 0);

    rc_real *rows = rcb_calloc((size_t)p->count, sizeof *rows);

    assert_non_null(rows);
    rcn_param_load(p, p->g, rows); /* from outside: anything may be there */
    assert_int_equal(marks_of(p), all);
    rcb_free(rows);
    rc_graph_free(g);
    rcn_params_free(&ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_marks_the_blocks_that_a_step_adds_to),
        cmocka_unit_test(values_return_and_padding_is_zero),
        cmocka_unit_test(filling_writes_every_number_on_any_number_of_workers),
        cmocka_unit_test(rows_are_gates_of_units_in_order),
        cmocka_unit_test(parameters_begin_as_zeros_with_a_rule),
        cmocka_unit_test(impossible_parameters_are_refused),
        cmocka_unit_test(transposes_follow_the_weights),
        cmocka_unit_test(copies_in_bf16_follow_the_weights),
        cmocka_unit_test(settled_gradients_are_zero_where_nobody_wrote),
        cmocka_unit_test(gradients_come_back_as_logical_rows),
        cmocka_unit_test(a_clone_has_the_values_and_nothing_shared),
        cmocka_unit_test(every_failed_allocation_is_an_error),
        cmocka_unit_test(globs_match_as_in_a_shell),
        cmocka_unit_test(globs_say_what_is_frozen),
        cmocka_unit_test(globs_agree_with_the_textbook),
        cmocka_unit_test(the_last_glob_that_matches_gives_the_value),
    };

    return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
