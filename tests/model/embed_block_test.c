/* embed_block_test.c -- what a window moves is the gradient: of the closed form of the lecture, and
 * of the graph, for every loss.
 */
#include "embed_toy.h"

#include <math.h>

#ifdef RC_DOUBLE
static const double TOL = 1e-12;
#else
static const double TOL = 2e-6;
#endif

#define TEXT "a b c d e f c a\n"
enum { CENTER = 2 }; /* the place of "c", whose window of 2 is a b d e */
static const char *const around[] = {"a", "b", "d", "e"};
enum { AROUND = 4 };

/* One word of a text learnt at the rate 1, so that moves are gradients. */
struct once {
    embed_toy t;
    rcm_embed_plan plan;
    rcm_block b;
    rc_real *in, *out; /* logical rows before */
    int64_t D;
};

static struct once learn_once(const char *model, const char *loss, const char *more,
                              const char *value)
{
    const char *options[] = {"model",     model,   "loss", loss,           "window",
                             "2",         "embed", "5",    "fixed-window", "true",
                             "subsample", "0",     more,   value,          NULL};
    struct once o = {.t = embed_open(TEXT, options, 1), .D = 5};
    const rc_config *c = o.t.m->config;
    const rcm_embed_net *e = o.t.m->own;
    const rcd_look look = {.width = c->window, .fixed = true};
    const rcd_vocab *v = o.t.m->vocab.of[RCM_SYMBOLS];
    double weight[32], sum = 0;

    o.in = embed_fill(embed_table(&o.t, 0));
    o.out = embed_fill(embed_table(&o.t, 1));
    o.plan = (rcm_embed_plan){.e = e,
                              .c = c,
                              .in = embed_table(&o.t, 0),
                              .out = embed_table(&o.t, 1),
                              .key = rcb_stream(1, "test"),
                              .learn = rcm_block_window(e, c),
                              .turned = e->model == RCM_SKIPGRAM && e->parts.rows > 0,
                              .whole = strcmp(c->cbow_step, "whole") == 0,
                              .log_chance = rcb_alloc(32, sizeof(double))};
    for (int32_t i = 0; i < e->V; i++)
        sum += weight[i] = rcd_vocab_count(v, i) > 0;
    for (int32_t i = 0; i < e->V; i++)
        o.plan.log_chance[i] = log(weight[i] / sum);
    CHECK_STATUS(rcb_alias_new(&o.plan.noise, weight, e->V), RC_OK);
    CHECK_STATUS(rcd_windows_init(&o.plan.windows, &o.t.corpus->tape[RCM_TRAIN], v, &look), RC_OK);
    o.b.counts = true;
    CHECK_STATUS(rcm_block_learn(&o.b, &o.plan, &(rcm_stride){1, CENTER, 1}, CENTER + 1), RC_OK);
    return o;
}

static void close_once(struct once *o)
{
    rcm_block_free(&o->b);
    rcb_alias_free(&o->plan.noise);
    rcd_windows_free(&o->plan.windows);
    rcb_free(o->plan.log_chance);
    guard_free(o->in);
    guard_free(o->out);
    embed_close(&o->t);
}

/* The moves of a table by the shard, (rows,D) into x. */
static void moves_of(const struct once *o, int which, double *x)
{
    const rcm_rows *r = which == 0 ? &o->b.in : &o->b.out;
    const rcn_param *p = embed_table(&o->t, which);

    for (int64_t i = 0; i < p->count; i++)
        x[i] = 0;
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t k = 0; k < o->D; k++)
            x[r->id[i] * o->D + k] =
                (double)r->now[i * p->ld + k] - (double)p->w[r->id[i] * p->ld + k];
}

/* The lecture's formulas: h the mean of the words around, y the softmax of W' h, e = y - t.
 *   dL/dW'(j) = e(j) h     dL/dW(i) = 1 / C sum_j e(j) W'(j)     for each word i around */
static void cbow_moves_by_the_closed_form(void **unused)
{
    (void)unused;
    enum { D = 5, MOST = 16 };
    struct once o = learn_once("cbow", "full", "seed", "1");
    const int64_t V = embed_table(&o.t, 0)->dim[0];
    double h[D] = {0}, y[MOST], sum = 0, back[D] = {0}, in[MOST * D], out[MOST * D];
    const int32_t center = embed_id(&o.t, "c");

    assert_true(V <= MOST);
    for (int i = 0; i < AROUND; i++)
        for (int k = 0; k < D; k++)
            h[k] += (double)o.in[embed_id(&o.t, around[i]) * D + k] / AROUND;
    for (int64_t j = 0; j < V; j++) {
        y[j] = 0;
        for (int k = 0; k < D; k++)
            y[j] += h[k] * (double)o.out[j * D + k];
        sum += y[j] = exp(y[j]);
    }
    moves_of(&o, 0, in);
    moves_of(&o, 1, out);
    for (int64_t j = 0; j < V; j++) {
        const double error = y[j] / sum - (j == center);

        for (int k = 0; k < D; k++) {
            back[k] += error * (double)o.out[j * D + k];
            CHECK_NEAR(out[j * D + k], -error * h[k], TOL);
        }
    }
    for (int64_t i = 0; i < V; i++) {
        bool is_around = false;

        for (int a = 0; a < AROUND; a++)
            is_around = is_around || embed_id(&o.t, around[a]) == i;
        for (int k = 0; k < D; k++)
            CHECK_NEAR(in[i * D + k], is_around ? -back[k] / AROUND : 0, TOL);
    }
    CHECK_NEAR(o.b.nats, -log(y[center] / sum), TOL * 10);
    assert_int_equal(o.b.aims, 1);
    close_once(&o);
}

/* The graph's gradients of the same loss. */
static void cbow_moves_by_the_graph(void **unused)
{
    (void)unused;
    enum { D = 5, MOST = 16 };

    for (int tree = 0; tree < 2; tree++) {
        struct once o = learn_once("cbow", tree ? "hierarchical" : "full", "seed", "1");
        const rcm_embed_net *e = o.t.m->own;
        const int64_t V = e->V, rows = embed_table(&o.t, 1)->dim[0], at[2] = {0, AROUND};
        rc_real share[AROUND], d_in[MOST * D] = {0}, d_out[MOST * D] = {0}, zero[MOST] = {0};
        double in[MOST * D], out[MOST * D];
        int32_t ids[AROUND];
        const int32_t center = embed_id(&o.t, "c");
        rc_graph *g;

        for (int i = 0; i < AROUND; i++) {
            ids[i] = embed_id(&o.t, around[i]);
            share[i] = (rc_real)(1.0 / AROUND);
        }
        CHECK_STATUS(rc_graph_new(&g, NULL), RC_OK);
        rc_var *w = rc_leaf(g, rc_shape_2(V, D), o.in, d_in);
        rc_var *u = rc_leaf(g, rc_shape_2(rows, D), o.out, d_out);
        rc_var *h = rc_bag(g, w, &(rc_bags){1, at, ids, share, false});
        rc_var *loss = tree ? rc_tree_loss(g, h, u, rc_leaf(g, rc_shape_1(rows), zero, NULL),
                                           &center, &e->tree.tree)
                            : rc_cross_entropy(g, rc_linear(g, h, u, RC_NONE), &center);

        CHECK_STATUS(rc_graph_backward(g, loss), RC_OK);
        moves_of(&o, 0, in);
        moves_of(&o, 1, out);
        for (int64_t i = 0; i < V * D; i++)
            CHECK_NEAR(in[i], -(double)d_in[i], TOL);
        for (int64_t i = 0; i < rows * D; i++)
            CHECK_NEAR(out[i], -(double)d_out[i], TOL);
        rc_graph_free(g);
        close_once(&o);
    }
}

/* With --cbow-step whole every word around goes C times as far. */
static void word2vec_moves_the_words_by_the_whole_step(void **unused)
{
    (void)unused;
    enum { D = 5, MOST = 16 };
    struct once share = learn_once("cbow", "full", "seed", "1");
    double a[MOST * D], b[MOST * D];

    moves_of(&share, 0, a);
    struct once whole = learn_once("cbow", "full", "cbow-step", "whole");
    rcn_param_load(embed_table(&whole.t, 0), embed_table(&whole.t, 0)->w, share.in);
    rcn_param_load(embed_table(&whole.t, 1), embed_table(&whole.t, 1)->w, share.out);
    CHECK_STATUS(rcm_block_learn(&whole.b, &whole.plan, &(rcm_stride){1, CENTER, 1}, CENTER + 1),
                 RC_OK);
    moves_of(&whole, 0, b);
    for (int64_t i = 0; i < embed_table(&share.t, 0)->count; i++)
        CHECK_NEAR(b[i], AROUND * a[i], TOL * 10);
    close_once(&share);
    close_once(&whole);
}

/* The sum of what negatives and the word say, by the formula, one pair after the other. */
/* A vector h (D) against the rows y of a word and of `wrong` others, as the pool has them from
 * *next on: all are moved. */
static void pair_by_hand(const struct once *o, double *h, double *y, int32_t word, int wrong,
                         int64_t *next)
{
    double g[16], move[8] = {0};
    int32_t id[16];
    int n = 0;

    while (n <= wrong) { /* all errors by what was */
        double dot = 0;

        id[n] = n == 0 ? word : o->b.pool[*next];
        if (n > 0)
            *next = (*next + 1) % o->b.pools;
        if (n > 0 && id[n] == word)
            continue;
        for (int d = 0; d < o->D; d++)
            dot += h[d] * y[id[n] * o->D + d];
        g[n] = (n == 0) - 1 / (1 + exp(-dot));
        n++;
    }
    for (int k = 0; k < n; k++)
        for (int d = 0; d < o->D; d++) {
            move[d] += g[k] * y[id[k] * o->D + d];
            y[id[k] * o->D + d] += g[k] * h[d];
        }
    for (int d = 0; d < o->D; d++)
        h[d] += move[d];
}

/* The rows before, (rows,D) of both tables. */
static void rows_before(const struct once *o, double *x, double *y)
{
    for (int64_t i = 0; i < embed_table(&o->t, 0)->count; i++)
        x[i] = (double)o->in[i];
    for (int64_t i = 0; i < embed_table(&o->t, 1)->count; i++)
        y[i] = (double)o->out[i];
}

/* Have the tables moved to where x and y are? */
static void check_moved_to(const struct once *o, const double *x, const double *y)
{
    double moved[512];

    for (int which = 0; which < 2; which++) {
        const double *want = which == 0 ? x : y;
        const rc_real *before = which == 0 ? o->in : o->out;

        assert_true(embed_table(&o->t, which)->count <= 512);
        moves_of(o, which, moved);
        for (int64_t i = 0; i < embed_table(&o->t, which)->count; i++)
            CHECK_NEAR(moved[i], want[i] - (double)before[i], TOL * 10);
    }
}

static void skipgram_moves_pair_by_pair(void **unused)
{
    (void)unused;
    struct once o = learn_once("skipgram", "negative", "negatives", "3");
    double x[512], y[512];
    int64_t next = 0;

    rows_before(&o, x, y);
    for (int a = 0; a < AROUND; a++)
        pair_by_hand(&o, x + embed_id(&o.t, around[a]) * o.D, y, embed_id(&o.t, "c"), 3, &next);
    check_moved_to(&o, x, y);
    assert_int_equal(o.b.aims, AROUND);
    close_once(&o);
}

/* The word in the middle is the mean of its rows; each of them moves as it does. */
static void skipgram_of_parts_reads_the_word(void **unused)
{
    (void)unused;
    struct once o = learn_once("skipgram", "negative", "subword", "1-2");
    const rcm_embed_net *e = o.t.m->own;
    const int32_t word = embed_id(&o.t, "c");
    const int64_t rows = rcm_embed_rows(e, word);
    double x[512], y[512], h[8] = {0}, before[8];
    int64_t next = 0;

    assert_int_equal(rows, 4); /* c, <c, c, c> */
    rows_before(&o, x, y);
    for (int64_t k = 0; k < rows; k++)
        for (int d = 0; d < o.D; d++)
            h[d] += x[rcm_embed_row(e, word, k) * o.D + d] / (double)rows;
    memcpy(before, h, sizeof h);
    for (int a = 0; a < AROUND; a++)
        pair_by_hand(&o, h, y, embed_id(&o.t, around[a]), 5, &next);
    for (int64_t k = 0; k < rows; k++)
        for (int d = 0; d < o.D; d++)
            x[rcm_embed_row(e, word, k) * o.D + d] += h[d] - before[d];
    check_moved_to(&o, x, y);
    assert_int_equal(o.b.aims, AROUND);
    close_once(&o);
}

/* The mean of the words around is one of means, and the rows of a word move by its share. */
static void cbow_of_parts_reads_the_mean_of_means(void **unused)
{
    (void)unused;
    struct once o = learn_once("cbow", "negative", "subword", "1-2");
    const rcm_embed_net *e = o.t.m->own;
    double x[512], y[512], h[8] = {0}, before[8];
    int64_t next = 0;

    rows_before(&o, x, y);
    for (int a = 0; a < AROUND; a++)
        for (int64_t k = 0; k < 4; k++)
            for (int d = 0; d < o.D; d++)
                h[d] += x[rcm_embed_row(e, embed_id(&o.t, around[a]), k) * o.D + d] / 4 / AROUND;
    memcpy(before, h, sizeof h);
    pair_by_hand(&o, h, y, embed_id(&o.t, "c"), 5, &next);
    for (int a = 0; a < AROUND; a++)
        for (int64_t k = 0; k < 4; k++)
            for (int d = 0; d < o.D; d++)
                x[rcm_embed_row(e, embed_id(&o.t, around[a]), k) * o.D + d] +=
                    (h[d] - before[d]) / AROUND;
    check_moved_to(&o, x, y);
    close_once(&o);
}

/* With shared negatives all words of the window go by what the rows were. */
static void shared_negatives_move_the_window_at_once(void **unused)
{
    (void)unused;
    enum { D = 5, MOST = 16 };
    struct once o = learn_once("skipgram", "negative", "share-negatives", "true");
    const int64_t V = embed_table(&o.t, 0)->dim[0];
    double want_in[MOST * D] = {0}, want_out[MOST * D] = {0}, in[MOST * D], out[MOST * D];
    const int32_t center = embed_id(&o.t, "c");
    bool told[MOST] = {false};

    told[center] = true;
    for (int64_t k = 0, n = 0; n < 5; k++)
        if (o.b.pool[k] != center) {
            told[o.b.pool[k]] = true;
            n++;
        }
    for (int a = 0; a < AROUND; a++)
        for (int64_t j = 0; j < V; j++) {
            const int32_t i = embed_id(&o.t, around[a]);
            double dot = 0;

            if (!told[j])
                continue;
            for (int d = 0; d < D; d++)
                dot += (double)o.in[i * D + d] * (double)o.out[j * D + d];
            const double g = (j == center) - 1 / (1 + exp(-dot));

            for (int d = 0; d < D; d++) {
                want_in[i * D + d] += g * (double)o.out[j * D + d];
                want_out[j * D + d] += g * (double)o.in[i * D + d];
            }
        }
    moves_of(&o, 0, in);
    moves_of(&o, 1, out);
    for (int64_t i = 0; i < V * D; i++) {
        CHECK_NEAR(in[i], want_in[i], TOL * 10);
        CHECK_NEAR(out[i], want_out[i], TOL * 10);
    }
    close_once(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cbow_moves_by_the_closed_form),
        cmocka_unit_test(cbow_moves_by_the_graph),
        cmocka_unit_test(word2vec_moves_the_words_by_the_whole_step),
        cmocka_unit_test(skipgram_moves_pair_by_pair),
        cmocka_unit_test(skipgram_of_parts_reads_the_word),
        cmocka_unit_test(cbow_of_parts_reads_the_mean_of_means),
        cmocka_unit_test(shared_negatives_move_the_window_at_once),
    };

    return cmocka_run_group_tests_name("embed_block", tests, NULL, NULL);
}
