/* embed_glove_test.c -- GloVe: every cell is learnt once an epoch, the same bits for any number of
 * workers, counts are learnt, and what is remembered is enough to go on.
 */
#include "embed_toy.h"

#include <math.h>

/* A text in which some words come next to each other more often than others. */
static char *drawn_text(int words)
{
    char *text = malloc((size_t)words * 2 + 2);

    assert_non_null(text);
    for (int i = 0, at = 0; i < words; i++) {
        at = pick(0, 2) ? (at * 3 + 1) % 11 : pick(0, 10);
        text[2 * i] = (char)('a' + at);
        text[2 * i + 1] = pick(0, 30) == 0 ? '\n' : ' ';
    }
    text[2 * words - 1] = '\n';
    text[2 * words] = '\0';
    return text;
}

static rcm_walker *walker_of(embed_toy *t)
{
    rcm_walker *w;

    CHECK_STATUS(t->config->task->walker_new(&w, t->m, t->corpus, t->pool), RC_OK);
    return w;
}

static const char *const plain[] = {"model", "glove", "embed",  "17", "window", "4",
                                    "x-max", "10",    "shards", "3",  NULL};

static void no_thread_changes_a_bit(void **unused)
{
    (void)unused;
    check_seed();
    char *text = drawn_text(3000);

    embed_check_threads(text, plain, 12, 3);
    free(text);
}

/* The logarithms of counts come out, nearly, for any number of parts. */
static void counts_are_learnt(void **unused)
{
    (void)unused;
    static const char *const shards[] = {"1", "2", "7"};

    check_seed();
    char *text = drawn_text(2000);
    for (size_t i = 0; i < 3; i++) {
        const char *const options[] = {"model", "glove", "embed",  "16",      "window", "2",
                                       "x-max", "1",     "shards", shards[i], NULL};
        embed_toy t = embed_open(text, options, 2);
        rcm_walker *w = walker_of(&t);
        const double before = embed_epoch(w, 1, 0, 0.05);
        double after = before;

        for (int epoch = 2; epoch <= 200; epoch++)
            after = embed_epoch(w, epoch, 0, 0.05);
        assert_true(after < 0.02 && after < 0.05 * before);
        w->free(w);
        embed_close(&t);
    }
    free(text);
}

static void copy_memory(const rcm_walker *from, const rcm_walker *to)
{
    rcm_memory a, b;
    size_t i = 0;

    for (; from->memory(from, i, &a); i++) {
        assert_true(to->memory(to, i, &b) && strcmp(a.name, b.name) == 0);
        assert_true(a.rows == b.rows && a.cols == b.cols && a.ld == b.ld);
        for (int64_t r = 0; r < a.rows; r++)
            memcpy(b.x + r * b.ld, a.x + r * a.ld, (size_t)a.cols * sizeof *a.x);
    }
    assert_false(to->memory(to, i, &b));
}

static void what_is_remembered_is_enough_to_go_on(void **unused)
{
    (void)unused;
    check_seed();
    char *text = drawn_text(1000);
    embed_toy a = embed_open(text, plain, 2), b = embed_open(text, plain, 1);
    rcm_walker *w = walker_of(&a), *v = walker_of(&b);
    rcm_strode done;

    (void)embed_epoch(w, 1, 0, 0.05);
    CHECK_STATUS(w->walk(w, &(rcm_stride){2, 0, 0.05}, &done), RC_OK);
    copy_memory(w, v);
    for (int k = 0; k < 2; k++)
        memcpy(embed_table(&b, k)->w, embed_table(&a, k)->w,
               (size_t)embed_table(&a, k)->size * sizeof(rc_real));
    (void)embed_epoch(w, 2, 1, 0.05);
    (void)embed_epoch(v, 2, 1, 0.05);
    for (int k = 0; k < 2; k++)
        assert_memory_equal(embed_table(&b, k)->w, embed_table(&a, k)->w,
                            (size_t)embed_table(&a, k)->size * sizeof(rc_real));
    w->free(w);
    v->free(v);
    embed_close(&a);
    embed_close(&b);
    free(text);
}

/* The vector of a word is what both sides say of it. */
static void a_vector_is_the_sum_of_both_sides(void **unused)
{
    (void)unused;
    embed_toy t = embed_open("a b a c\n", plain, 1);
    rc_real x[17];

    t.config->task->vector(t.m, 2, x);
    for (int k = 0; k < 17; k++)
        assert_true(x[k] == embed_table(&t, 0)->w[2 * embed_table(&t, 0)->ld + k] +
                                embed_table(&t, 1)->w[2 * embed_table(&t, 1)->ld + k]);
    embed_close(&t);
}

static void what_is_not_finite_is_told(void **unused)
{
    (void)unused;
    embed_toy t = embed_open("a b a c\n", plain, 1);
    rcm_walker *w = walker_of(&t);
    rcm_stride s = {1, 0, 0.05};
    rcm_strode done;
    bool told = false;

    embed_table(&t, 0)->w[(size_t)embed_id(&t, "a") * (size_t)embed_table(&t, 0)->ld] =
        (rc_real)NAN;
    for (; s.pos < w->epoch_steps; s.pos = done.next) {
        CHECK_STATUS(w->walk(w, &s, &done), RC_OK);
        told = told || !isfinite(done.nats);
    }
    assert_true(told);
    for (int64_t i = 0; i < embed_table(&t, 1)->size; i++)
        assert_true(isfinite(embed_table(&t, 1)->w[i]));
    w->free(w);
    embed_close(&t);
}

static rc_status make(void *ctx)
{
    embed_toy *t = ctx;
    rcm_walker *w;

    RC_TRY(t->config->task->walker_new(&w, t->m, t->corpus, t->pool));
    w->free(w);
    return RC_OK;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    embed_toy t = embed_open("a b a c\n", plain, 1);

    CHECK_EACH_ALLOCATION(make, &t);
    embed_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_thread_changes_a_bit),
        cmocka_unit_test(counts_are_learnt),
        cmocka_unit_test(what_is_remembered_is_enough_to_go_on),
        cmocka_unit_test(a_vector_is_the_sum_of_both_sides),
        cmocka_unit_test(what_is_not_finite_is_told),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("embed_glove", tests, NULL, NULL);
}
