/* cooccur_test.c -- counts of words that stand near each other are those of the definition, and the
 * same bits for any number of workers.
 */
#include "check.h"

#include "data/data.h"

#include <math.h>

static void read_words(const char *text, int64_t min_count, rcd_vocab **v, rcd_tape *tape)
{
    const rcd_cut cut = {.min_count = min_count};
    rcd_text *t;

    CHECK_STATUS(rcd_text_of(&t, "text", text, strlen(text)), RC_OK);
    CHECK_STATUS(rcd_vocab_build(v, RCD_WORD, t, 0, rcd_text_bytes(t), &cut), RC_OK);
    CHECK_STATUS(rcd_tape_encode(tape, *v, t, 0, rcd_text_bytes(t)), RC_OK);
    rcd_text_free(t);
}

/* The matrix of a tape by the definition, (V,V). */
static double *by_hand(const rcd_tape *tape, const rcd_vocab *v, int64_t width)
{
    const int64_t V = rcd_vocab_size(v);
    double *x = calloc((size_t)(V * V), sizeof *x);
    int32_t *word = calloc((size_t)tape->n + 1, sizeof *word);
    int64_t n = 0;

    assert_true(x && word);
    for (int64_t i = 0; i < tape->n; i++)
        if (rcd_tape_at(tape, i) != rcd_vocab_unk(v))
            word[n++] = rcd_tape_at(tape, i);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n && j - i <= width; j++) {
            bool line = false;

            for (int64_t k = i; k <= j; k++)
                line = line || word[k] == rcd_vocab_boundary(v);
            if (line)
                break;
            x[word[i] * V + word[j]] += 1 / (double)(j - i);
            x[word[j] * V + word[i]] += 1 / (double)(j - i);
        }
    free(word);
    return x;
}

/* Every cell once, where it belongs, and nothing else. */
static void check_cells(const rcd_cooc *c, double *x, int64_t V)
{
    for (int64_t q = 0; q < c->parts; q++)
        for (int64_t p = 0; p <= q; p++) {
            const int64_t block = rcd_cooc_block(p, q);

            assert_int_equal(block, rcd_cooc_block(q, p));
            for (int64_t i = c->start[block]; i < c->start[block + 1]; i++) {
                const int64_t a = c->a[i], b = c->b[i], ap = a % c->parts, bp = b % c->parts;

                assert_true(a <= b && ((ap == p && bp == q) || (ap == q && bp == p)));
                assert_true(x[a * V + b] > 0);
                CHECK_NEAR((double)c->count[i], x[a * V + b], 1e-5 * x[a * V + b]);
                x[a * V + b] = x[b * V + a] = 0;
            }
        }
    for (int64_t i = 0; i < V * V; i++)
        assert_true(x[i] == 0);
}

static void counts_are_those_of_the_definition(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"a b c a a\nb a\n", "a b x c\nc c c c b\n\na",
                                        "b a b a b a c\n"};
    rcb_pool *pool;

    CHECK_STATUS(rcb_pool_new(&pool, 2), RC_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int64_t width = 1; width <= 4; width++)
            for (int64_t parts = 1; parts <= 5; parts++) {
                const rcd_near how = {.width = width, .parts = parts, .seed = 3};
                rcd_tape tape = {0};
                rcd_vocab *v;
                rcd_cooc c;

                read_words(texts[i], 2, &v, &tape);
                double *x = by_hand(&tape, v, width);
                CHECK_STATUS(rcd_cooc_count(&c, &tape, v, &how, pool), RC_OK);
                check_cells(&c, x, rcd_vocab_size(v));
                free(x);
                rcd_cooc_free(&c);
                rcd_tape_free(&tape);
                rcd_vocab_free(v);
            }
    rcb_pool_free(pool);
}

/* A text of words that are drawn, the earlier ones more often. */
static char *draw_text(int64_t words)
{
    char *text = malloc((size_t)words * 4 + 1), *at = text;

    assert_non_null(text);
    for (int64_t i = 0; i < words; i++)
        at += sprintf(at, "%d%c", (int)(pick(0, 9) * pick(0, 9)), pick(0, 19) == 0 ? '\n' : ' ');
    return text;
}

static void any_number_of_workers_counts_alike(void **unused)
{
    (void)unused;
    rcd_near how = {.width = 7, .parts = 6, .seed = 5};
    rcd_tape tape = {0};
    rcd_vocab *v;
    rcd_cooc one, other;
    rcb_pool *pool;

    (void)check_seed();
    char *text = draw_text(3000);
    read_words(text, 1, &v, &tape);
    for (int threads = 1; threads <= 4; threads++) {
        CHECK_STATUS(rcb_pool_new(&pool, threads), RC_OK);
        CHECK_STATUS(rcd_cooc_count(threads == 1 ? &one : &other, &tape, v, &how, pool), RC_OK);
        rcb_pool_free(pool);
        if (threads == 1)
            continue;
        assert_int_equal(one.n, other.n);
        assert_memory_equal(one.a, other.a, (size_t)one.n * sizeof *one.a);
        assert_memory_equal(one.b, other.b, (size_t)one.n * sizeof *one.b);
        assert_memory_equal(one.count, other.count, (size_t)one.n * sizeof *one.count);
        rcd_cooc_free(&other);
    }
    how.seed = 6; /* another order of the same cells */
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_STATUS(rcd_cooc_count(&other, &tape, v, &how, pool), RC_OK);
    assert_true(memcmp(one.a, other.a, (size_t)one.n * sizeof *one.a) != 0);
    double *x = by_hand(&tape, v, how.width);
    check_cells(&other, x, rcd_vocab_size(v));
    free(x);
    rcd_cooc_free(&one);
    rcd_cooc_free(&other);
    rcb_pool_free(pool);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
    free(text);
}

static void words_that_stand_alone_are_an_error(void **unused)
{
    (void)unused;
    const rcd_near how = {.width = 2, .parts = 2};
    rcd_tape tape = {0};
    rcd_vocab *v;
    rcd_cooc c;
    rcb_pool *pool;

    read_words("a\nb\nc\n", 1, &v, &tape);
    CHECK_STATUS(rcb_pool_new(&pool, 1), RC_OK);
    CHECK_STATUS(rcd_cooc_count(&c, &tape, v, &how, pool), RC_EDATA);
    assert_true(c.n == 0 && !c.start && !c.a);
    rcb_pool_free(pool);
    rcd_tape_free(&tape);
    rcd_vocab_free(v);
}

typedef struct all {
    rcd_tape tape;
    rcd_vocab *v;
    rcb_pool *pool;
} all;

static rc_status count(void *ctx)
{
    const all *a = ctx;
    rcd_cooc c;

    const rc_status s =
        rcd_cooc_count(&c, &a->tape, a->v, &(rcd_near){.width = 2, .parts = 3}, a->pool);
    rcd_cooc_free(&c);
    return s;
}

static void every_failed_allocation_is_an_error(void **unused)
{
    (void)unused;
    all a = {.tape = {0}};

    read_words("a b c a\n", 1, &a.v, &a.tape);
    CHECK_STATUS(rcb_pool_new(&a.pool, 1), RC_OK);
    CHECK_EACH_ALLOCATION(count, &a);
    rcb_pool_free(a.pool);
    rcd_tape_free(&a.tape);
    rcd_vocab_free(a.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_definition),
        cmocka_unit_test(any_number_of_workers_counts_alike),
        cmocka_unit_test(words_that_stand_alone_are_an_error),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests_name("cooccur", tests, NULL, NULL);
}
