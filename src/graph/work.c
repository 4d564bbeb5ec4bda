/* work.c -- what operations take, told before they run: multiply-adds and room in the arena.
 *
 * One function for each operation that matters to the size of a training step, after what op_*.c
 * allocate there; the cell's descriptor says what a recurrent layer multiplies. A test holds every
 * one against the arena of the operation itself.
 */
#include "graph/graph_in.h"

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

/* One direction; returns the scratch of its backward. */
static double one_direction(rcg_work *w, const rcc_cell *cell, int64_t D, int64_t H)
{
    const double N = (double)w->rows, B = (double)w->seqs, ld = (double)rck_pad(H);
    double scratch = B * ld * (cell->states + cell->aux) + (double)rcg_pack_t_size(w->rows, D);

    for (int s = 0; s < cell->stages; s++) {
        const rcc_stage *stage = &cell->stage[s];
        const bool product = stage->v != RCC_NO_V;

        multiply(w, product ? D + H : D, stage->gates * H);
        w->keep += N * panel_row(H, stage->gates) * (stage->apart ? 2 : 1);
        scratch += product ? (double)rcg_pack_t_size(w->rows, H) : 0;
    }
    rcg_work_value(w, H);
    w->keep += N * ld * (cell->states - 1 + cell->aux + cell->keep);
    w->keep += 2 * B * ld * cell->states; /* before the first step and after the last */
    return scratch;
}

/* Both directions may go back side by side. */
void rcg_work_rnn(rcg_work *w, const rcc_cell *cell, int64_t D, int64_t H, int directions)
{
    double scratch = 0;

    for (int i = 0; i < directions; i++)
        scratch += one_direction(w, cell, D, H);
    take_scratch(w, scratch);
}

void rcg_work_linear(rcg_work *w, int64_t K, int64_t M)
{
    multiply(w, K, M);
    rcg_work_value(w, M);
    take_scratch(w, (double)rcg_pack_t_size(w->rows, K));
}

void rcg_work_softmax_loss(rcg_work *w, int64_t K, int64_t V)
{
    multiply(w, K, V);
    w->keep += (double)w->rows * panel_row(V, 1);
    take_scratch(w, (double)rcg_pack_t_size(w->rows, K) + (double)(w->rows * rck_pad(K)));
}

double rcg_work_bytes(const rcg_work *w)
{
    return (w->keep + w->scratch) * sizeof(rc_real);
}
