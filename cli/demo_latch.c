/* demo_latch.c -- recur demo latch: a bit that comes first and is asked for last.
 *
 *   inputs   bit - - - ... - ?        outputs  . . . ... . bit      (silent: nothing on the way)
 *                                     outputs  bit bit ... bit bit  (telling: all the way)
 *
 * Elman:   h_t = tanh(U x_t + W h_t-1 + b),  scores V h_t + c
 * Jordan:  h_t = tanh(U x_t + W y_t-1 + b),  scores V h_t + c, y the answer before
 *
 * A Jordan net trains with the right answers for y (teacher forcing), where all steps are one
 * product; it is tested on its own.
 */
#include <math.h>
#include <string.h>
#include "demo.h"

enum { BIT0, BIT1, BLANK, ASK, INPUTS, NOTHING = 2, ANSWERS };
enum { STEPS = 12, SEQS = 32, HIDDEN = 16, TRAINING = 800, ROWS = STEPS * SEQS };

typedef struct latch {
    demo_net net;
    bool jordan, telling;
    int in, back, bias, out, out_bias;
    int64_t at[STEPS + 1];
    int32_t x[ROWS], answer[ROWS], before[ROWS]; /* by steps; before: ANSWERS at the first */
} latch;

static void draw(latch *l)
{
    for (int i = 0; i < SEQS; i++) {
        const int32_t bit = demo_below(&l->net, 2);
        for (int t = 0; t < STEPS; t++) {
            const int row = t * SEQS + i;
            l->x[row] = t == 0 ? BIT0 + bit : t == STEPS - 1 ? ASK : BLANK;
            l->answer[row] = l->telling || t == STEPS - 1 ? bit : NOTHING;
            l->before[row] = t == 0 ? ANSWERS : l->answer[row - SEQS];
        }
    }
}

static rc_var *scores_of(latch *l, rc_var *h)
{
    return rc_linear(l->net.graph, h, demo_leaf(&l->net, l->out), demo_leaf(&l->net, l->out_bias));
}

/* U and W are tables here: a row for each symbol that can come in. */
static rc_var *jordan(latch *l, const int32_t *x, const int32_t *before, int64_t rows)
{
    rc_graph *g = l->net.graph;
    rc_var *sum = rc_add(g, rc_embed(g, demo_leaf(&l->net, l->in), x, rows),
                         rc_embed(g, demo_leaf(&l->net, l->back), before, rows));

    return scores_of(l, rc_tanh(g, sum));
}

static rc_var *elman(latch *l)
{
    rc_graph *g = l->net.graph;
    const rc_rows rows = {.steps = STEPS, .seqs = SEQS, .at = l->at};
    rc_real one[INPUTS * INPUTS] = {0};
    rc_rnn_args args = rc_rnn_args_default();

    for (int i = 0; i < INPUTS; i++)
        one[i * INPUTS + i] = 1;
    rc_var *x = rc_embed(g, rc_leaf(g, rc_shape_2(INPUTS, INPUTS), one, NULL), l->x, ROWS);
    args.cell = "tanh";
    args.w_ih = demo_leaf(&l->net, l->in);
    args.w_hh = demo_leaf(&l->net, l->back);
    args.b_ih = demo_leaf(&l->net, l->bias);
    return scores_of(l, rc_rnn(g, &rows, x, &args));
}

static rc_status build(latch *l, const demo_setup *setup)
{
    demo_net *n = &l->net;
    rc_status s = demo_net_open(n, setup);

    for (int t = 0; t <= STEPS; t++)
        l->at[t] = (int64_t)t * SEQS;
    if (s == RC_OK && l->jordan) { /* columns of U and W as rows; the bias is in U */
        s = demo_net_add(n, INPUTS, HIDDEN, 0.5, &l->in);
        if (s == RC_OK)
            s = demo_net_add(n, ANSWERS + 1, HIDDEN, 0.5, &l->back);
    } else if (s == RC_OK) {
        s = demo_net_add(n, HIDDEN, INPUTS, 0.5, &l->in);
        if (s == RC_OK)
            s = demo_net_add(n, HIDDEN, HIDDEN, 0.43, &l->back);
        if (s == RC_OK)
            s = demo_net_add(n, HIDDEN, 1, 0, &l->bias);
    }
    if (s == RC_OK)
        s = demo_net_add(n, ANSWERS, HIDDEN, 0.25, &l->out);
    return s == RC_OK ? demo_net_add(n, ANSWERS, 1, 0, &l->out_bias) : s;
}

static rc_status train(latch *l)
{
    rc_status s = RC_OK;

    for (int step = 0; step < TRAINING && s == RC_OK; step++) {
        draw(l);
        rc_var *scores = l->jordan ? jordan(l, l->x, l->before, ROWS) : elman(l);
        rc_var *loss = rc_cross_entropy(l->net.graph, scores, l->answer);
        s = demo_net_step(&l->net, rc_scale(l->net.graph, loss, 1.0 / SEQS), 0.01);
    }
    return s;
}

/* What the net answers, on its own, at every row. */
static rc_status answer(latch *l, int32_t *said)
{
    if (!l->jordan)
        return demo_choose(&l->net, elman(l), said);
    for (int t = 0; t < STEPS; t++) {
        int32_t before[SEQS];
        for (int i = 0; i < SEQS; i++)
            before[i] = t == 0 ? ANSWERS : said[(t - 1) * SEQS + i];
        const rc_var *scores = jordan(l, l->x + t * SEQS, before, SEQS);
        const rc_status s = demo_choose(&l->net, scores, said + t * SEQS);
        if (s != RC_OK)
            return s;
    }
    return RC_OK;
}

static rc_status test(latch *l, double *right)
{
    enum { TESTS = 64, LAST = (STEPS - 1) * SEQS };
    int on_the_way = 0, at_the_end = 0;
    rc_status s = RC_OK;

    for (int i = 0; i < TESTS && s == RC_OK; i++) {
        int32_t said[ROWS];
        draw(l);
        s = answer(l, said);
        rc_graph_reset(l->net.graph);
        for (int row = 0; row < ROWS && s == RC_OK; row++)
            *(row < LAST ? &on_the_way : &at_the_end) += said[row] == l->answer[row];
    }
    right[0] = on_the_way / (double)(TESTS * LAST);
    right[1] = at_the_end / (double)(TESTS * SEQS);
    return s;
}

static rc_status run(const demo_setup *setup, demo_result *r)
{
    static const struct {
        const char *name;
        bool jordan, telling;
    } nets[] = {{"Elman, silent", false, false},
                {"Jordan, silent", true, false},
                {"Jordan, telling", true, true}};

    r->about = "which bit?";
    demo_column(r, DEMO_SHARE, "on the way");
    demo_column(r, DEMO_SHARE, "the bit, at the end");
    for (int i = 0; i < 3; i++) {
        latch l = {.jordan = nets[i].jordan, .telling = nets[i].telling};
        rc_status s = build(&l, setup);
        if (s == RC_OK)
            s = train(&l);
        if (s == RC_OK)
            s = test(&l, r->row[demo_row(r, "%s", nets[i].name)].value);
        demo_net_free(&l.net);
        if (s != RC_OK)
            return s;
    }
    demo_claim(r, r->row[0].value[1] > 0.99, "hidden units that are carried hold the bit");
    demo_claim(r, r->row[1].value[1] > 0.4 && r->row[1].value[1] < 0.6,
               "a Jordan net whose answers do not tell it can only guess");
    demo_claim(r, r->row[2].value[1] > 0.99, "one whose answers tell it does not lose it");
    return RC_OK;
}

const demo demo_latch = {
    .name = "latch",
    .help = "what a Jordan network, which carries only its answers, cannot hold",
    .lecture = "Lecture 001, \"Teacher Forcing and Networks with Output Recurrence\": less powerful"
               " than with hidden-to-hidden connections; it requires that the output capture all"
               " information of the past. Lecture 004, \"Jordan Network\".",
    .trained = "A bit is the first of 12 inputs and asked for at the last; nets of 16 units, 800"
               " steps of 32 sequences. Silent: the answers on the way are blank. Telling: they are"
               " the bit. Guessing has 50%.",
    .lesson = "A Jordan net knows of the past what its last answer says. Where that is enough it"
              " trains on all steps at once; where it is not, no training helps.",
    .run = run,
};
