/* work.c -- what operations take, told before they run: multiply-adds and room in the arena.
 *
 * One function for each operation that matters to the size of a training step, after what op_*.c
 * allocate there; the cell's descriptor says what a recurrent layer multiplies. A test holds every
 * one against the arena of the operation itself.
 */
#include "graph/graph_in.h"

#include <math.h>

/* A value of the batch and its gradient. */
void rcg_work_value(rcg_work *w, int64_t cols)
{
    w->keep += 2 * (double)w->rows * (double)rck_pad(cols);
}

void rcg_work_dropout(rcg_work *w, int64_t cols, bool locked)
{
    rcg_work_value(w, cols);
    w->keep += (double)(locked ? w->seqs : w->rows) * (double)rck_pad(cols);
}

/* Only the operation that takes most at a time counts. */
static void take_scratch(rcg_work *w, double reals)
{
    if (reals > w->scratch)
        w->scratch = reals;
}

static void multiply(rcg_work *w, int64_t K, int64_t outputs)
{
    w->flops += 2 * (double)w->rows * (double)K * (double)outputs;
}

/* Reals of a row of activations in panels. */
static double panel_row(int64_t units, int gates)
{
    const rck_panel p = rck_panel_of(units, gates, 1);

    return (double)(p.count * p.cols);
}

/* Gradients of a weight's outputs in bf16, where weights are multiplied so. */
static double pairs_row(const rcg_work *w, double outputs)
{
    return w->pairs ? outputs * sizeof(uint16_t) / sizeof(rc_real) : 0;
}

/* One direction; returns the scratch of its backward. */
static double one_direction(rcg_work *w, const rcc_cell *cell, int64_t D, rcc_widths width)
{
    const double N = (double)w->rows, B = (double)w->seqs, ld = (double)rck_pad(width.H);
    rcc_product product[RCC_PRODUCTS];
    const int products = rcc_products(cell, product);
    double scratch = B * ld * cell->aux + (double)rcg_pack_t_size(w->rows, D), states = 0;

    for (int i = 0; i < cell->states; i++)
        states += (double)rck_pad(rcc_state_width(cell, i, width));
    scratch += B * states;
    if (w->norm && rcg_norm_takes(cell)) {
        w->flops += 2 * N * (double)(width.H * width.H) / 3; /* one product, on the way back */
        scratch += N * ld;
    }
    multiply(w, D, rcc_part_gates(cell, RCC_W) * width.H);
    multiply(w, rcc_columns(cell, RCC_U, width), rcc_part_gates(cell, RCC_U) * width.H);
    multiply(w, rcc_columns(cell, RCC_R, width), rcc_part_gates(cell, RCC_R) * width.P);
    for (int p = 0; p < products; p++)
        scratch += (double)rcg_pack_t_size(w->rows, rcc_v_width(cell, product[p].v, width));
    for (int s = 0; s < cell->stages; s++) {
        const rcc_stage *stage = &cell->stage[s];

        if (stage->goes_on)
            continue;
        const double row = panel_row(rcc_stage_width(cell, s, width), stage->gates);

        w->keep += N * row * (stage->apart ? 2 : 1);
        scratch += N * pairs_row(w, row);
    }
    w->keep += N * (double)rck_pad(rcc_state_width(cell, 0, width)); /* the output's gradient */
    w->keep += N * (states + ld * (cell->aux + cell->keep));
    w->keep += N * ld / RCK_LANES * cell->sums;
    w->keep += 2 * B * states; /* before the first step and after the last */
    return scratch;
}

/* Both directions may go back side by side. */
void rcg_work_rnn(rcg_work *w, const rcc_cell *cell, int64_t D, rcc_widths width, int directions)
{
    double scratch = 0;

    for (int i = 0; i < directions; i++)
        scratch += one_direction(w, cell, D, width);
    take_scratch(w, scratch);
}

void rcg_work_zoneout(rcg_work *w, int64_t H, int states, int directions)
{
    const double ld = (double)rck_pad(H);

    w->keep += 2 * directions * states * ((double)w->rows + (double)w->seqs) * ld;
}

void rcg_work_linear(rcg_work *w, int64_t K, int64_t M)
{
    multiply(w, K, M);
    rcg_work_value(w, M);
    take_scratch(w, (double)rcg_pack_t_size(w->rows, K) +
                        (double)w->rows * pairs_row(w, panel_row(M, 1)));
}

void rcg_work_softmax_loss(rcg_work *w, int64_t K, int64_t V)
{
    const double N = (double)w->rows, logits = panel_row(V, 1);
    const double block = RCG_SOFTMAX_BLOCK * 64, slab = block * RCG_SOFTMAX_SLAB;
    const double again = !w->recompute ? 0 : logits < slab ? logits : slab;

    multiply(w, K, V);
    w->keep += w->recompute ? 0 : N * logits;
    w->keep += 2 * N * ceil(logits / block);
    take_scratch(w, (double)rcg_pack_t_size(w->rows, K) +
                        N * ((double)rck_pad(K) + pairs_row(w, block) + again));
}

/* What is no real: n things of so many bytes. */
static double as_reals(double n, size_t bytes)
{
    return n * (double)bytes / sizeof(rc_real);
}

/* A copy of the targets. */
static void keep_targets(rcg_work *w)
{
    w->keep += as_reals((double)w->rows, sizeof(int32_t));
}

void rcg_work_sample_loss(rcg_work *w, int64_t K, double drawn)
{
    const double N = (double)w->rows, ld = (double)rck_pad(w->rows), row = (double)rck_pad(K);
    const double turned = panel_row(w->rows, 1) * (double)K, back = ld + drawn * row;

    w->flops += 2 * N * (double)K * (drawn + 1);
    w->keep += drawn * (row + ld + 2) + 3 * ld + as_reals(N, sizeof(int64_t));
    keep_targets(w);
    take_scratch(w, turned > back ? turned : back);
}

/* How many rows wide the scores of a group are that has `mean` rows of a batch in the mean: they
 * come in sixteens, and their number scatters as that of rare events does (Poisson). */
static double mean_width(double mean)
{
    const double lanes = RCK_LANES;
    double p = exp(-mean), fewer = 0, width = 0; /* chances of i rows, and of fewer than i */

    if (mean > 20 * lanes)
        return mean + (lanes - 1) / 2;
    for (int i = 0; i < 40 * RCK_LANES; i++) {
        if (i % RCK_LANES == 1) /* from here on there is one sixteen more */
            width += lanes * (1 - fewer);
        fewer += p;
        p *= mean / (i + 1);
    }
    return width;
}

void rcg_work_group_loss(rcg_work *w, int64_t K, const rc_groups *groups, const double *share)
{
    const double N = (double)w->rows, row = (double)rck_pad(K), G = (double)groups->count;
    double pieces = 0;

    for (int64_t i = 0; i < groups->count; i++) {
        const double mean = N * share[i], width = mean_width(mean);
        const double symbols = (double)(groups->start[i + 1] - groups->start[i]);

        w->flops += 2 * mean * (double)K * symbols;
        w->keep += width * symbols;
        pieces += 1 - exp(-mean) + mean / RCG_PIECE;
    }
    w->keep += N * row + 3 * pieces * RCG_PIECE;
    w->keep += as_reals(N, sizeof(int32_t)) + as_reals(G, sizeof(int64_t));
    keep_targets(w);
    take_scratch(w, RCG_PIECE * row + as_reals(G, sizeof(int64_t)));
}

void rcg_work_tree_loss(rcg_work *w, int64_t K, double way, int64_t depth)
{
    const double N = (double)w->rows;

    w->flops += 2 * N * (double)K * way;
    w->keep += N * (double)depth + as_reals(N * (double)depth, sizeof(int32_t));
    w->keep += N + as_reals(N, sizeof(int32_t));
    keep_targets(w);
    take_scratch(w, (double)depth);
}

/* Three rows of labels for every one of the batch, and a few numbers. */
void rcg_work_crf_loss(rcg_work *w, int64_t K)
{
    const double N = (double)w->rows, B = (double)w->seqs, ld = (double)rck_pad(K);

    multiply(w, K, K);
    w->keep += 3 * N * ld + (double)K * ld;
    keep_targets(w);
    take_scratch(w, (double)K * ld + B * ld + 2 * N);
}

/* A value of the sequences, its gradient, and which steps were largest or how attention weighs. */
void rcg_work_pool(rcg_work *w, int64_t cols, bool attention)
{
    const double N = (double)w->rows, B = (double)w->seqs, ld = (double)rck_pad(cols);

    w->keep += 2 * B * ld + (attention ? N : as_reals(B * ld, sizeof(int32_t)));
    take_scratch(w, attention ? N : 0);
}

void rcg_work_bag(rcg_work *w, int64_t bags, int64_t cols, double ids, double each)
{
    const double B = (double)bags;

    w->flops += 2 * ids * (double)cols;
    w->keep += 2 * B * (double)rck_pad(cols) + as_reals(B, sizeof(int64_t));
    w->keep += ids * each + as_reals(ids, sizeof(int32_t));
}

/* ---- some of the rows -------------------------------------------------------------------- */

/* Two deviations more than the mean: few batches need more. */
rcg_work rcg_work_part(const rcg_work *w, double share)
{
    const double N = (double)w->rows, mean = N * share;
    const double most = mean + 2 * sqrt(mean * (1 - share));

    return (rcg_work){
        .rows = (int64_t)ceil(most < N ? most : N),
        .seqs = w->seqs,
        .pairs = w->pairs,
        .recompute = w->recompute,
    };
}

void rcg_work_join(rcg_work *w, const rcg_work *part, double share)
{
    if (part->rows > 0)
        w->flops += part->flops / (double)part->rows * (double)w->rows * share;
    w->keep += part->keep;
    take_scratch(w, part->scratch);
}

double rcg_work_bytes(const rcg_work *w)
{
    return (w->keep + w->scratch) * sizeof(rc_real);
}
