/* comm_test.c -- a step in shards: the same gradients as without, up to rounding; the same bits
 * whoever computes which shard; what is carried goes on; failures of a shard are told; no
 * allocation once warm.
 */
#include "check.h"
#include "train/train.h"

#ifdef RC_DOUBLE
#define COMM_TOL 1e-12
#else
#define COMM_TOL 2e-5
#endif

static rcd_text *some_text(rcb_buf *b)
{
    const char *const words[] = {"the ", "cat ", "sat ", "(on) ", "[a] ", "mat ", "and ", "slept "};
    rcd_text *t;

    for (int i = 0; i < 1200; i++)
        CHECK_STATUS(rcb_buf_puts(b, i % 7 == 6 ? "\n" : words[pick(0, 7)]), RC_OK);
    CHECK_STATUS(rcd_text_of(&t, "words", b->p, b->n), RC_OK);
    return t;
}

typedef struct trial {
    rcb_buf bytes;
    rcd_text *text;
    rc_config *c;
} trial;

/* Options as name, value, ..., NULL over those of a small model. */
static void trial_open(trial *t, const char *const more[])
{
    const char *const base[] = {"hidden", "19",  "layers",      "2",    "batch", "7",
                                "seq",    "11",  "level",       "word", "lr",    "0.01",
                                "epochs", "100", "valid-split", "0"};

    *t = (trial){0};
    t->text = some_text(&t->bytes);
    CHECK_STATUS(rc_config_new(&t->c, "lm"), RC_OK);
    for (size_t i = 0; i < sizeof base / sizeof *base; i += 2)
        CHECK_STATUS(rc_config_set(t->c, base[i], base[i + 1]), RC_OK);
    for (; *more; more += 2)
        CHECK_STATUS(rc_config_set(t->c, more[0], more[1]), RC_OK);
}

#define TRIAL(t, ...) trial_open((t), (const char *const[]){__VA_ARGS__, NULL})

static void trial_close(trial *t)
{
    rc_config_free(t->c);
    rcd_text_free(t->text);
    rcb_buf_free(&t->bytes);
}

static rc_trainer *trainer(const trial *t, const char *shards, int threads)
{
    const rc_trainer_options o = {.threads = threads};
    rc_trainer *out;

    CHECK_STATUS(rc_config_set(t->c, "shards", shards), RC_OK);
    CHECK_STATUS(rct_trainer_on(&out, t->c, t->text, "", &o), RC_OK);
    return out;
}

static void first_gradients(rc_trainer *t, double *nats)
{
    const rct_draw draw = {1, 0};

    CHECK_STATUS(t->task->batch(t->corpus, 1, 0, t->config->seq, &t->feed), RC_OK);
    CHECK_STATUS(rct_comm_gradients(&t->comm, &t->feed, &draw, RCT_FIRST, 0.25, nats), RC_OK);
}

/* All gradients, one parameter after the other, as they lie. */
static int64_t reals(const rcn_params *ps)
{
    int64_t n = 0;

    for (size_t i = 0; i < ps->n; i++)
        n += ps->p[i].size;
    return n;
}

static double *doubles(const rcn_params *ps)
{
    double *out = rcb_calloc((size_t)reals(ps), sizeof *out), *to = out;

    assert_non_null(out);
    for (size_t i = 0; i < ps->n; i++)
        for (int64_t k = 0; k < ps->p[i].size; k++)
            *to++ = (double)ps->p[i].g[k];
    return out;
}

/* ---- the same numbers ------------------------------------------------------------------------ */

/* What rct_comm_gradients() is with one shard, in its own words. */
static void one_shard_is_one_graph(void **unused)
{
    trial t;

    (void)unused;
    check_seed();
    TRIAL(&t, "dropout", "0.4");
    rc_trainer *by_comm = trainer(&t, "1", 2), *by_hand = trainer(&t, "1", 2);
    rcn_params *ps = &by_hand->model->params;
    double nats, want;
    rc_graph *g;

    first_gradients(by_comm, &nats);
    CHECK_STATUS(rcg_graph_on(&g, by_hand->pool, true), RC_OK);
    rcg_graph_seed(g, 1, 0);
    rcn_params_fresh(ps);
    CHECK_STATUS(by_hand->task->batch(by_hand->corpus, 1, 0, t.c->seq, &by_hand->feed), RC_OK);
    rc_var *loss = by_hand->task->loss(by_hand->model, g, &by_hand->feed);
    CHECK_STATUS(rc_graph_backward(g, rc_scale(g, loss, 0.25)), RC_OK);
    rcn_params_settle(ps);
    CHECK_STATUS(rc_var_total(g, loss, &want), RC_OK);

    assert_true(nats == want);
    for (size_t i = 0; i < ps->n; i++)
        assert_memory_equal(by_comm->model->params.p[i].g, ps->p[i].g,
                            (size_t)ps->p[i].size * sizeof(rc_real));
    rc_graph_free(g);
    rc_trainer_free(by_comm);
    rc_trainer_free(by_hand);
    trial_close(&t);
}

/* Two batches into one gradient: the sum of each alone, whatever the shards. */
static void gradients_of_more_batches_are_added(void **unused)
{
    (void)unused;
    check_seed();
    for (int shards = 1; shards <= 3; shards++) {
        const rct_draw draw = {1, 0};
        const char *const words[] = {"", "1", "2", "3"};
        trial t;
        double nats;

        TRIAL(&t, "dropout", "0");
        rc_trainer *one = trainer(&t, words[shards], 2), *two = trainer(&t, words[shards], 2);
        const rcn_params *ps = &one->model->params, *qs = &two->model->params;

        first_gradients(one, &nats);
        first_gradients(two, &nats);
        CHECK_STATUS(one->task->batch(one->corpus, 1, t.c->seq, t.c->seq, &one->feed), RC_OK);
        double *first = doubles(ps);
        CHECK_STATUS(rct_comm_gradients(&one->comm, &one->feed, &draw, RCT_FIRST, 0.5, &nats),
                     RC_OK);
        CHECK_STATUS(two->task->batch(two->corpus, 1, t.c->seq, t.c->seq, &two->feed), RC_OK);
        CHECK_STATUS(rct_comm_gradients(&two->comm, &two->feed, &draw, RCT_MORE, 0.5, &nats),
                     RC_OK);
        double *second = doubles(ps), *both = doubles(qs);
        for (int64_t i = 0; i < reals(ps); i++)
            CHECK_NEAR(both[i], first[i] + second[i], 1e-5);
        rcb_free(first);
        rcb_free(second);
        rcb_free(both);
        rc_trainer_free(one);
        rc_trainer_free(two);
        trial_close(&t);
    }
}

static void check_near(const rc_trainer *a, const rc_trainer *b)
{
    for (size_t i = 0; i < a->model->params.n; i++) {
        const rcn_param *p = &a->model->params.p[i], *q = &b->model->params.p[i];
        double size = 1e-8, off = 0;

        for (int64_t k = 0; k < p->size; k++) {
            size = fmax(size, fabs((double)p->g[k]));
            off = fmax(off, fabs((double)p->g[k] - (double)q->g[k]));
        }
        if (!(off <= COMM_TOL * size))
            fail_msg("the gradients of '%s' differ by %.3g of %.3g", p->name, off, size);
    }
}

/* Whoever carries state carries the same bits: a sequence does not see its neighbours. */
static void shards_add_up_to_the_whole(void **unused)
{
    static const char *const kinds[][2] = {
        {"tied", "true"}, {"output", "class"},    {"output", "hierarchical"},
        {"cell", "gru"},  {"output", "adaptive"}, {"average", "sequence"},
    };
    static const char *const shards[] = {"2", "3", "7"};

    (void)unused;
    check_seed();
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        trial t;

        TRIAL(&t, kinds[k][0], kinds[k][1], "cutoffs", "3,6");
        rc_trainer *whole = trainer(&t, "1", 2);
        double want, nats;

        first_gradients(whole, &want);
        for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
            rc_trainer *cut = trainer(&t, shards[i], 2);

            for (int again = 0; again < 2; again++) { /* nothing is left of the time before */
                memset(cut->feed.carry, 0,
                       (size_t)(cut->feed.carry_rows * cut->feed.carry_width) * sizeof(rc_real));
                first_gradients(cut, &nats);
                assert_true(fabs(nats - want) <= COMM_TOL * want);
                check_near(whole, cut);
            }
            assert_memory_equal(whole->feed.carry, cut->feed.carry,
                                (size_t)(whole->feed.carry_rows * whole->feed.carry_width) *
                                    sizeof(rc_real));
            rc_trainer_free(cut);
        }
        rc_trainer_free(whole);
        trial_close(&t);
    }
}

static void check_same_weights(const rc_trainer *a, const rc_trainer *b)
{
    for (size_t i = 0; i < a->model->params.n; i++) {
        const rcn_param *p = &a->model->params.p[i], *q = &b->model->params.p[i];

        assert_memory_equal(p->w, q->w, (size_t)p->size * sizeof *p->w);
        assert_memory_equal(p->g, q->g, (size_t)p->size * sizeof *p->g);
    }
}

/* More workers than shards, and fewer; large enough that a team shares the work of a shard. */
static void the_number_of_workers_does_not_change_a_bit(void **unused)
{
    static const char *const kinds[][4] = {
        {"dropout", "0.3", "hidden", "120"},
        {"output", "sampled", "samples", "5"},
        {"output", "nce", "dropout-kind", "locked"},
        {"output", "adaptive", "optimizer", "sgd"},
    };
    static const char *const shards[] = {"1", "2", "3", "7"};
    static const int threads[] = {2, 3, 7, 8};

    (void)unused;
    check_seed();
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
            trial t;

            TRIAL(&t, "dropout", "0.2", "batch", k == 0 ? "28" : "7", "cutoffs", "3,6", kinds[k][0],
                  kinds[k][1], kinds[k][2], kinds[k][3]);
            rc_trainer *one = trainer(&t, shards[i], 1);

            for (int step = 0; step < 4; step++)
                CHECK_STATUS(rct_trainer_step(one), RC_OK);
            for (size_t j = 0; j < sizeof threads / sizeof *threads; j++) {
                rc_trainer *other = trainer(&t, shards[i], threads[j]);

                for (int step = 0; step < 4; step++)
                    CHECK_STATUS(rct_trainer_step(other), RC_OK);
                check_same_weights(one, other);
                rc_trainer_free(other);
            }
            rc_trainer_free(one);
            trial_close(&t);
        }
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void more_shards_than_sequences_are_refused(void **unused)
{
    rc_trainer *out;
    trial t;

    (void)unused;
    check_seed();
    TRIAL(&t, "shards", "8");
    CHECK_STATUS(rct_trainer_on(&out, t.c, t.text, "", NULL), RC_EINVAL);
    CHECK_MESSAGE_HAS("a batch of 7 sequences into 8 shards");
    assert_null(out);
    trial_close(&t);
}

/* In the words of the thread that failed, to the one that asks; and the next step is a new one. */
static void the_failure_of_a_shard_is_told(void **unused)
{
    const rct_draw draw = {1, 0};
    double nats;
    trial t;

    (void)unused;
    check_seed();
    TRIAL(&t, "layers", "1");
    for (int threads = 1; threads <= 4; threads++) {
        rc_trainer *cut = trainer(&t, "3", threads);

        for (int64_t seq = 0; seq < 7; seq++) {
            CHECK_STATUS(cut->task->batch(cut->corpus, 1, 0, 5, &cut->feed), RC_OK);
            cut->feed.batch.out[seq] = 1000000 + (int32_t)seq;
            (void)RC_FAIL(RC_EIO, "something else");
            CHECK_STATUS(rct_comm_gradients(&cut->comm, &cut->feed, &draw, RCT_FIRST, 1, &nats),
                         RC_EINVAL);
            char text[32];
            snprintf(text, sizeof text, "target 100000%d", (int)seq);
            CHECK_MESSAGE_HAS(text);
        }
        first_gradients(cut, &nats);
        assert_true(isfinite(nats));
        rc_trainer_free(cut);
    }
    trial_close(&t);
}

static rc_status some_steps(void *ctx)
{
    const trial *t = ctx;
    const rc_trainer_options o = {.threads = 3};
    rc_trainer *out;

    RC_TRY(rct_trainer_on(&out, t->c, t->text, "", &o));
    rc_status status = RC_OK;
    for (int step = 0; status == RC_OK && step < 2; step++)
        status = rct_trainer_step(out);
    rc_trainer_free(out);
    return status;
}

static void every_allocation_may_fail(void **unused)
{
    static const char *const shards[] = {"2", "4"};

    (void)unused;
    check_seed();
    for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
        trial t;

        TRIAL(&t, "layers", "1", "shards", shards[i]);
        CHECK_EACH_ALLOCATION(some_steps, &t);
        trial_close(&t);
    }
}

static void a_warm_step_allocates_nothing(void **unused)
{
    static const char *const shards[] = {"2", "3", "7"};

    (void)unused;
    check_seed();
    for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
        trial t;

        TRIAL(&t, "dropout", "0.2");
        rc_trainer *cut = trainer(&t, shards[i], 3);

        for (int step = 0; step < 4; step++)
            CHECK_STATUS(rct_trainer_step(cut), RC_OK);
        const uint64_t before = rcb_alloc_count();
        for (int step = 0; step < 20; step++)
            CHECK_STATUS(rct_trainer_step(cut), RC_OK);
        assert_int_equal(rcb_alloc_count(), before);
        rc_trainer_free(cut);
        trial_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_shard_is_one_graph),
        cmocka_unit_test(gradients_of_more_batches_are_added),
        cmocka_unit_test(shards_add_up_to_the_whole),
        cmocka_unit_test(the_number_of_workers_does_not_change_a_bit),
        cmocka_unit_test(more_shards_than_sequences_are_refused),
        cmocka_unit_test(the_failure_of_a_shard_is_told),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_warm_step_allocates_nothing),
    };
    return cmocka_run_group_tests_name("comm", tests, NULL, NULL);
}
