/* demo_text.c -- sentences of the demos' grammars, and the four networks that read them.
 *
 *   bag        vectors of the words, added up       -> tanh -> scores
 *   positions  vectors of the words, side by side   -> tanh -> scores
 *   forward    a recurrent layer                    -> scores where something is asked
 *   both       two recurrent layers, side by side   -> scores where something is asked
 *
 * The first two see the whole sentence at once and answer one question, at its end.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "demo.h"

/* ---- batches -------------------------------------------------------------------------------- */

void demo_ask(demo_sentence *s, int32_t word, int32_t answer, unsigned counts)
{
    if (s->length == DEMO_LONGEST)
        return;
    s->counts[s->length] = counts;
    s->answer[s->length] = answer;
    s->word[s->length++] = word;
}

void demo_say(demo_sentence *s, int32_t word)
{
    demo_ask(s, word, -1, 0);
}

/* Longest first; sentences of one length keep their order. */
static void sort(demo_batch *b)
{
    for (int i = 1; i < b->count; i++) {
        const demo_sentence s = b->sentence[i];
        int at = i;
        for (; at > 0 && b->sentence[at - 1].length < s.length; at--)
            b->sentence[at] = b->sentence[at - 1];
        b->sentence[at] = s;
    }
}

void demo_batch_draw(demo_batch *b, int count, demo_net *n, demo_grammar grammar, const void *ctx,
                     bool test)
{
    b->count = count;
    b->asked = 0;
    for (int i = 0; i < count; i++) {
        b->sentence[i] = (demo_sentence){0};
        grammar(n, ctx, test, &b->sentence[i]);
    }
    sort(b);
    const int steps = b->sentence[0].length;
    int32_t row = 0;
    for (int t = 0; t < steps; t++) {
        b->at[t] = row;
        for (int i = 0; i < count && t < b->sentence[i].length; i++, row++) {
            const demo_sentence *s = &b->sentence[i];
            b->word[row] = s->word[t];
            if (s->answer[t] < 0)
                continue;
            b->row[b->asked] = row;
            b->counts[b->asked] = s->counts[t];
            b->answer[b->asked++] = s->answer[t];
        }
    }
    b->at[steps] = row;
    b->rows = (rc_rows){.steps = steps, .seqs = count, .at = b->at};
}

/* ---- readers -------------------------------------------------------------------------------- */

static const struct {
    const char *cell;
    int gates;
    int forget; /* the gate whose bias begins at 1; -1: there is none */
} cells[] = {{"tanh", 1, -1}, {"gru", 3, 1}, {"lstm", 4, 1}};

static rc_status add_layer(demo_reader *r, demo_net *n, int which)
{
    const demo_reader_plan *p = &r->plan;
    size_t c = 0;

    while (strcmp(cells[c].cell, p->cell) != 0)
        c++;
    const int64_t H = p->hidden, rows = cells[c].gates * H;
    const double scale = 1 / sqrt((double)H);
    rc_status s = demo_net_add(n, rows, p->embed, scale, &r->layer[which].in);
    if (s == RC_OK)
        s = demo_net_add(n, rows, H, scale, &r->layer[which].back);
    if (s == RC_OK)
        s = demo_net_add(n, rows, 1, 0, &r->layer[which].bias);
    for (int64_t i = 0; s == RC_OK && cells[c].forget >= 0 && i < H; i++)
        n->param[r->layer[which].bias].w[cells[c].forget * H + i] = 1;
    return s;
}

/* The layer of tanh of a network that is not recurrent. */
static rc_status add_flat(demo_reader *r, demo_net *n, int64_t in)
{
    rc_status s = demo_net_add(n, r->plan.hidden, in, 1 / sqrt((double)in), &r->layer[0].in);

    if (s == RC_OK)
        s = demo_net_add(n, r->plan.hidden, 1, 0, &r->layer[0].bias);
    return s;
}

rc_status demo_reader_add(demo_reader *r, demo_net *n, const demo_reader_plan *plan)
{
    const int directions = plan->kind == DEMO_BOTH ? 2 : 1;
    const int64_t width = (int64_t)plan->hidden * directions;

    *r = (demo_reader){.plan = *plan};
    rc_status s = demo_net_add(n, plan->words, plan->embed, 0.5, &r->embed);
    if (plan->kind == DEMO_BAG && s == RC_OK)
        s = add_flat(r, n, plan->embed);
    else if (plan->kind == DEMO_POSITIONS && s == RC_OK)
        s = add_flat(r, n, (int64_t)plan->embed * plan->positions);
    else
        for (int i = 0; i < directions && s == RC_OK; i++)
            s = add_layer(r, n, i);
    if (s == RC_OK)
        s = demo_net_add(n, plan->answers, width, 1 / sqrt((double)width), &r->out);
    if (s == RC_OK)
        s = demo_net_add(n, plan->answers, 1, 0, &r->out_bias);
    return s;
}

/* ---- reading -------------------------------------------------------------------------------- */

static rc_var *recurrent(const demo_reader *r, demo_net *n, const demo_batch *b, rc_var *x,
                         int which)
{
    rc_rnn_args args = rc_rnn_args_default();

    args.cell = r->plan.cell;
    args.w_ih = demo_leaf(n, r->layer[which].in);
    args.w_hh = demo_leaf(n, r->layer[which].back);
    args.b_ih = demo_leaf(n, r->layer[which].bias);
    args.reverse = which == 1;
    return rc_rnn(n->graph, &b->rows, x, &args);
}

static rc_var *flat(const demo_reader *r, demo_net *n, rc_var *x)
{
    return rc_tanh(n->graph, rc_linear(n->graph, x, demo_leaf(n, r->layer[0].in),
                                       demo_leaf(n, r->layer[0].bias)));
}

/* The vectors of word t of every sentence, in the order of the batch; word 0 past its end. */
static rc_var *column(demo_net *n, const demo_batch *b, rc_var *table, int t)
{
    int32_t ids[DEMO_BATCH];

    for (int i = 0; i < b->count; i++)
        ids[i] = t < b->sentence[i].length ? b->sentence[i].word[t] : 0;
    return rc_embed(n->graph, table, ids, b->count);
}

static rc_var *bag(const demo_reader *r, demo_net *n, const demo_batch *b, rc_var *table)
{
    rc_var *sum = column(n, b, table, 0);

    for (int t = 1; t < b->rows.steps; t++)
        sum = rc_add(n->graph, sum, column(n, b, table, t));
    return flat(r, n, sum);
}

static rc_var *positions(const demo_reader *r, demo_net *n, const demo_batch *b, rc_var *table)
{
    rc_var *x[DEMO_LONGEST];

    for (int t = 0; t < r->plan.positions; t++)
        x[t] = column(n, b, table, t);
    return flat(r, n, rc_concat(n->graph, r->plan.positions, x));
}

/* Rows of a network that answers once a sentence, in the order in which the batch asks. */
static void order_of(const demo_batch *b, int32_t *ids)
{
    int k = 0;

    for (int64_t t = 0; t < b->rows.steps; t++)
        for (int i = 0; i < b->count; i++)
            if (t < b->sentence[i].length && b->sentence[i].answer[t] >= 0)
                ids[k++] = (int32_t)i;
}

rc_var *demo_reader_scores(const demo_reader *r, demo_net *n, const demo_batch *b)
{
    rc_graph *g = n->graph;
    rc_var *table = demo_leaf(n, r->embed), *h;

    if (r->plan.kind == DEMO_BAG || r->plan.kind == DEMO_POSITIONS) {
        int32_t ids[DEMO_BATCH];
        order_of(b, ids);
        h = r->plan.kind == DEMO_BAG ? bag(r, n, b, table) : positions(r, n, b, table);
        h = rc_embed(g, h, ids, b->asked);
    } else {
        rc_var *x = rc_embed(g, table, b->word, b->at[b->rows.steps]), *y[2];
        y[0] = recurrent(r, n, b, x, 0);
        y[1] = r->plan.kind == DEMO_BOTH ? recurrent(r, n, b, x, 1) : NULL;
        h = rc_embed(g, y[1] ? rc_concat(g, 2, y) : y[0], b->row, b->asked);
    }
    return rc_linear(g, h, demo_leaf(n, r->out), demo_leaf(n, r->out_bias));
}

/* ---- a course ------------------------------------------------------------------------------- */

static rc_status train(const demo_reader *r, demo_net *n, const demo_course *c, demo_batch *b)
{
    rc_graph *g = n->graph;
    rc_status s = RC_OK;

    for (int step = 0; step < c->steps && s == RC_OK; step++) {
        /* the last quarter of the steps with a rate that falls to 0 */
        const double left = 4.0 * (c->steps - step) / c->steps;
        demo_batch_draw(b, c->batch, n, c->grammar, c->ctx, false);
        rc_var *loss = rc_cross_entropy(g, demo_reader_scores(r, n, b), b->answer);
        s = demo_net_step(n, rc_scale(g, loss, 1 / (double)b->asked),
                          c->rate * (left < 1 ? left : 1));
    }
    return s;
}

static rc_status test(const demo_reader *r, demo_net *n, const demo_course *c, demo_batch *b,
                      double *right)
{
    int64_t asked[DEMO_COLUMNS] = {0}, good[DEMO_COLUMNS] = {0};
    rc_status s = RC_OK;
    int32_t *choice = calloc(DEMO_BATCH * DEMO_LONGEST, sizeof *choice);

    if (!choice)
        return RC_ENOMEM;
    for (int i = 0; i < c->tests && s == RC_OK; i++) {
        demo_batch_draw(b, DEMO_BATCH, n, c->grammar, c->ctx, true);
        s = demo_choose(n, demo_reader_scores(r, n, b), choice);
        rc_graph_reset(n->graph);
        for (int64_t k = 0; k < b->asked; k++) {
            for (int at = 0; at < c->columns; at++) {
                const int counts = b->counts[k] >> at & 1;
                asked[at] += counts;
                good[at] += counts && choice[k] == b->answer[k];
            }
        }
    }
    free(choice);
    for (int i = 0; i < c->columns; i++)
        right[i] = asked[i] ? (double)good[i] / (double)asked[i] : (double)NAN;
    return s;
}

rc_status demo_teach(const demo_setup *setup, const demo_reader_plan *plan,
                     const demo_course *course, double *right)
{
    demo_net n;
    demo_reader r;
    demo_batch *b = malloc(sizeof *b);
    rc_status s = demo_net_open(&n, setup);

    if (!b)
        s = RC_ENOMEM;
    if (s == RC_OK)
        s = demo_reader_add(&r, &n, plan);
    if (s == RC_OK)
        s = train(&r, &n, course, b);
    if (s == RC_OK)
        s = test(&r, &n, course, b, right);
    demo_net_free(&n);
    free(b);
    return s;
}
