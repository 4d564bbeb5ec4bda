/* tensor.c -- shapes, and weights in panels between their logical and their packed form.
 *
 * A packed weight is one block of panels per stage of a cell; this file is the only one that walks
 * its blocks to convert. Relies on kernel's pack, unpack and transpose.
 */
#include "graph/graph_in.h"

#include <string.h>

/* Those alive never grow in number. */
int64_t rcg_rows_length(const rc_rows *rows, int64_t b)
{
    int64_t lo = 0, hi = rows->steps;

    while (lo < hi) {
        const int64_t t = lo + (hi - lo) / 2;

        if (rows->at[t + 1] - rows->at[t] > b)
            lo = t + 1;
        else
            hi = t;
    }
    return lo;
}

/* The first sequence that begins at or past a part of all rows, sequences one after the other. */
static int64_t sequence_past(const rc_rows *rows, double part)
{
    int64_t lo = 0, hi = rows->seqs;

    while (lo < hi) {
        const int64_t b = lo + (hi - lo) / 2;
        int64_t before = 0;

        for (int64_t t = 0; t < rows->steps; t++) {
            const int64_t alive = rows->at[t + 1] - rows->at[t];
            before += alive < b ? alive : b;
        }
        if ((double)before < part * (double)rows->at[rows->steps])
            lo = b + 1;
        else
            hi = b;
    }
    return lo;
}

void rcg_rows_share(const rc_rows *rows, const rcb_worker *w, int64_t *lo, int64_t *hi)
{
    *lo = w->id == 0 ? 0 : sequence_past(rows, (double)w->id / w->count);
    *hi = w->id + 1 == w->count ? rows->seqs : sequence_past(rows, (double)(w->id + 1) / w->count);
}

bool rcg_rows_copy(rc_graph *g, const rc_rows *rows, rc_rows *out)
{
    int64_t *at = rcg_keep(g, (size_t)rows->steps + 1, sizeof *at);

    if (!at)
        return false;
    memcpy(at, rows->at, ((size_t)rows->steps + 1) * sizeof *at);
    *out = (rc_rows){rows->steps, rows->seqs, at};
    return true;
}

rc_shape rc_shape_1(int64_t n)
{
    return (rc_shape){.rank = 1, .dim = {n}};
}

rc_shape rc_shape_2(int64_t rows, int64_t cols)
{
    return (rc_shape){.rank = 2, .dim = {rows, cols}};
}

rc_shape rc_shape_3(int64_t batch, int64_t rows, int64_t cols)
{
    return (rc_shape){.rank = 3, .dim = {batch, rows, cols}, .axis = {RC_BATCH}};
}

void rcg_weight_plan(rcg_weight *w, int blocks, const int gates[], int64_t units, int64_t K)
{
    assert(blocks >= 1 && blocks <= RCG_BLOCKS);
    *w = (rcg_weight){.blocks = blocks};

    int64_t at = 0, at_t = 0, at_pairs = 0;
    for (int i = 0; i < blocks; i++) {
        w->lay[i] = rck_panel_of(units, gates[i], K);
        w->at[i] = at;
        w->at_t[i] = at_t;
        w->at_pairs[i] = at_pairs;
        const rck_panel t = rck_panel_t(&w->lay[i]);
        at += rck_panel_size(&w->lay[i]);
        at_t += rck_panel_size(&t);
        at_pairs += w->lay[i].count * (K + K % 2) * w->lay[i].cols;
    }
}

void rcg_bias_sum(const rcg_weight *b, const rcg_weight *c, rc_real *sum)
{
    for (int i = 0; i < b->blocks; i++) {
        const int64_t n = rck_panel_size(&b->lay[i]);

        if (rck_panel_size(&c->lay[i]) == n)
            rck->add(n, b->w + b->at[i], c->w + c->at[i], sum + b->at[i]);
        else
            memcpy(sum + b->at[i], b->w + b->at[i], (size_t)n * sizeof *sum);
    }
}

int64_t rcg_weight_size(const rcg_weight *w)
{
    const int last = w->blocks - 1;
    return w->at[last] + rck_panel_size(&w->lay[last]);
}

int64_t rcg_weight_size_t(const rcg_weight *w)
{
    const int last = w->blocks - 1;
    const rck_panel t = rck_panel_t(&w->lay[last]);
    return w->at_t[last] + rck_panel_size(&t);
}

int64_t rcg_weight_rows(const rcg_weight *w)
{
    int64_t gates = 0;
    for (int i = 0; i < w->blocks; i++)
        gates += w->lay[i].gates;
    return gates * w->lay[0].units;
}

int64_t rcg_weight_cols(const rcg_weight *w)
{
    return w->lay[0].K;
}

void rcg_weight_pack_share(const rcg_weight *w, const rc_real *rows, rc_real *panels,
                           const rcb_worker *worker)
{
    for (int i = 0; i < w->blocks; i++) {
        const rck_panel *p = &w->lay[i];
        int64_t lo, hi;
        rcb_share(worker, p->count, 1, &lo, &hi);
        rck->pack(p, rows, p->K, panels + w->at[i], lo, hi);
        rows += p->gates * p->units * p->K;
    }
}

void rcg_weight_pack(const rcg_weight *w, const rc_real *rows, rc_real *panels)
{
    rcg_weight_pack_share(w, rows, panels, &(rcb_worker){.count = 1});
}

void rcg_weight_unpack(const rcg_weight *w, const rc_real *panels, rc_real *rows)
{
    for (int i = 0; i < w->blocks; i++) {
        const rck_panel *p = &w->lay[i];
        rck->unpack(p, panels + w->at[i], rows, p->K);
        rows += p->gates * p->units * p->K;
    }
}

void rcg_weight_refresh_panels(rcg_weight *w, int i, int64_t p0, int64_t p1)
{
    if (w->wt)
        rck->transpose(&w->lay[i], w->w + w->at[i], w->wt + w->at_t[i], p0, p1);
    if (w->pairs)
        rcg_weight_pair_panels(w, i, p0, p1);
}

static void refresh_share(const rcb_worker *worker, void *ctx)
{
    rcg_weight *w = ctx;
    for (int i = 0; i < w->blocks; i++) {
        int64_t lo, hi;
        rcb_share(worker, w->lay[i].count, 1, &lo, &hi);
        rcg_weight_refresh_panels(w, i, lo, hi);
    }
}

void rcg_weight_refresh(rcg_weight *w, rcb_pool *pool)
{
    rcb_pool_run(pool, rcb_pool_size(pool), refresh_share, w);
}
