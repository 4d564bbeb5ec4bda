/* op_group.c -- softmax within groups of neighbouring symbols: of the target's group alone as a
 * loss, of all groups at once as log-probabilities.
 *
 * Rows of the batch are sorted by the group of their target and cut into pieces of one group and at
 * most 64 rows. A piece is turned around to be the right operand; the rows of the table are the
 * left one as they lie. Pieces are shared among workers; gradients of the table are shared by its
 * rows. No sum crosses workers.
 */
#include "graph/graph_in.h"

#include <math.h>

enum {
    BLOCK = 128, /* symbols whose scores go through product and loss while they are near */
    WIDEST = RCG_PIECE
};

typedef struct piece {
    int64_t group;
    int64_t first; /* in the sorted order */
    int64_t rows;
    int64_t width; /* rows, in whole groups of 16 */
    int64_t at;    /* where its scores (symbols, width) begin */
    double cost;   /* of all pieces before it */
} piece;

typedef struct group_loss {
    rcg_node *n;
    rc_groups groups;
    int32_t *target;
    rcg_weight *b;
    bool keep;      /* for backward */
    int32_t *order; /* (N) rows of x, sorted */
    int64_t *begin; /* (count + 1) where each group's rows begin in that order */
    piece *piece;   /* (pieces + 1), the last one for its cost */
    int64_t pieces;
    rc_real *x;                /* (N,ldx) sorted */
    rc_real *scores;           /* training: all; else BLOCK x WIDEST per worker */
    rc_real *xt;               /* (K,WIDEST) per worker */
    rc_real *top, *sum, *goal; /* (pieces, WIDEST) */
    rc_real *dx;               /* (WIDEST,ldx) per worker; backward */
} group_loss;

static rc_status check_groups(const char *op, const rc_groups *g, int64_t V)
{
    bool fine = g->count >= 1 && g->start && g->start[0] == 0 && g->start[g->count] == V;

    for (int64_t i = 0; fine && i < g->count; i++)
        fine = g->start[i] < g->start[i + 1];
    return fine ? RC_OK
                : RC_FAIL(RC_EINVAL,
                          "%s: the groups must be at least one, rise and cover %" PRId64 " symbols",
                          op, V);
}

static rc_status group_loss_infer(const rcg_node *n, rc_shape *out)
{
    const group_loss *own = n->own;

    RC_TRY(rcg_check_table(n));
    RC_TRY(check_groups(n->op->name, &own->groups, n->in[1]->rows));
    return rcg_infer_total(n, out);
}

static int64_t group_of(const rc_groups *g, int64_t symbol)
{
    int64_t lo = 0, hi = g->count - 1;

    while (lo < hi) {
        const int64_t mid = lo + (hi - lo + 1) / 2;
        if (g->start[mid] <= symbol)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

static int64_t symbols_of(const group_loss *own, int64_t group)
{
    return own->groups.start[group + 1] - own->groups.start[group];
}

/* Sort the rows by group, in order within each, and cut them. */
static rc_status cut_rows(rcg_node *n, group_loss *own)
{
    const int64_t N = n->in[0]->rows, G = own->groups.count;
    rc_graph *g = n->graph;
    const int64_t room = N / WIDEST + (N < G ? N : G) + 1;

    own->order = rcg_keep(g, (size_t)N, sizeof *own->order);
    own->begin = rcg_keep(g, (size_t)G + 1, sizeof *own->begin);
    own->piece = rcg_keep(g, (size_t)room, sizeof *own->piece);
    int64_t *next = rcg_scratch(g, (size_t)G, sizeof *next);
    if (!own->order || !own->begin || !own->piece || !next)
        return g->status;

    for (int64_t i = 0; i <= G; i++)
        own->begin[i] = 0;
    for (int64_t r = 0; r < N; r++)
        own->begin[group_of(&own->groups, own->target[r]) + 1]++;
    for (int64_t i = 0; i < G; i++) {
        own->begin[i + 1] += own->begin[i];
        next[i] = own->begin[i];
    }
    for (int64_t r = 0; r < N; r++)
        own->order[next[group_of(&own->groups, own->target[r])]++] = (int32_t)r;

    piece p = {0};
    own->pieces = 0;
    for (p.group = 0; p.group < G; p.group++)
        for (p.first = own->begin[p.group]; p.first < own->begin[p.group + 1]; p.first += p.rows) {
            const int64_t left = own->begin[p.group + 1] - p.first;
            p.rows = left < WIDEST ? left : WIDEST;
            p.width = rck_pad(p.rows);
            own->piece[own->pieces++] = p;
            p.at += symbols_of(own, p.group) * p.width;
            p.cost += (double)(symbols_of(own, p.group) * p.width);
        }
    own->piece[own->pieces] = p;
    return RC_OK;
}

/* The worker whose share a piece is: shares are runs of about the same cost. */
static bool is_mine(const group_loss *own, const rcb_worker *worker, int64_t i)
{
    const double all = own->piece[own->pieces].cost;
    const int64_t owner = (int64_t)(own->piece[i].cost / all * worker->count);

    return (owner < worker->count ? owner : worker->count - 1) == worker->id;
}

/* ---- forward ----------------------------------------------------------------------------- */

static rc_real *scores_of(const group_loss *own, const rcb_worker *worker, const piece *p,
                          int64_t symbol)
{
    return own->keep ? own->scores + p->at + symbol * p->width
                     : own->scores + (int64_t)worker->id * BLOCK * WIDEST;
}

/* Its rows, sorted, and turned around. */
static void take_rows(const group_loss *own, const piece *p, rc_real *xt)
{
    const rc_var *x = own->n->in[0];
    rc_real *rows = own->x + p->first * x->ld;
    const rck_panel lay = rck_panel_of(p->rows, 1, x->cols);

    rck->gather(p->rows, x->ld, x->x, x->ld, own->order + p->first, rows, x->ld);
    rcg_clear_padding(p->rows, x->cols, x->ld, rows);
    rck->pack(&lay, rows, x->ld, xt, 0, lay.count);
}

static void piece_forward(const group_loss *own, const rcb_worker *worker, int64_t i)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const piece *p = &own->piece[i];
    const int64_t start = own->groups.start[p->group], count = symbols_of(own, p->group);
    rc_real *xt = own->xt + worker->id * x->cols * WIDEST;
    rc_real *top = own->top + i * WIDEST, *sum = own->sum + i * WIDEST;

    take_rows(own, p, xt);
    rck->fill(p->width, (rc_real)-INFINITY, top);
    rck->fill(p->width, 0, sum);
    for (int64_t s = 0; s < count; s += BLOCK) {
        const int64_t m = count - s < BLOCK ? count - s : BLOCK;
        rc_real *c = scores_of(own, worker, p, s);
        rck_gemm g = rcg_gemm_rows(m, x->cols, p->rows);

        for (int64_t k = 0; k < m; k++)
            rck->fill(p->width, own->b ? own->b->w[start + s + k] : 0, c + k * p->width);
        g.a = w->x + (start + s) * w->ld;
        g.a_row = w->ld;
        g.a_k = 1;
        g.b = xt;
        g.b_k = WIDEST;
        g.c = c;
        g.c_row = p->width;
        g.add = true;
        rck->gemm(&g);
        for (int64_t r = 0; r < p->rows; r++) {
            const int64_t t = own->target[own->order[p->first + r]] - start - s;
            if (t >= 0 && t < m)
                own->goal[i * WIDEST + r] = c[t * p->width + r];
        }
        rck->soft_down(m, p->width, c, p->width, top, sum);
    }
}

static void group_forward_share(const rcb_worker *worker, void *ctx)
{
    const group_loss *own = ctx;

    for (int64_t i = 0; i < own->pieces; i++)
        if (is_mine(own, worker, i))
            piece_forward(own, worker, i);
}

static double group_flops(const group_loss *own)
{
    return 2.0 * own->piece[own->pieces].cost * (double)own->n->in[0]->cols;
}

static rc_status group_memory(rcg_node *n, group_loss *own, int workers)
{
    const rc_var *x = n->in[0];
    rc_graph *g = n->graph;
    const size_t real = sizeof(rc_real), rows = (size_t)own->pieces * WIDEST;

    own->x = rcg_keep(g, (size_t)x->rows, (size_t)x->ld * real);
    own->xt = rcg_scratch(g, (size_t)workers * WIDEST, (size_t)x->cols * real);
    own->scores = own->keep ? rcg_keep(g, (size_t)own->piece[own->pieces].at, real)
                            : rcg_scratch(g, (size_t)workers * BLOCK, WIDEST * real);
    own->top = rcg_keep(g, rows, real);
    own->sum = rcg_keep(g, rows, real);
    own->goal = rcg_keep(g, rows, real);
    return own->x && own->xt && own->scores && own->top && own->sum && own->goal ? RC_OK
                                                                                 : g->status;
}

static rc_status group_loss_forward(rcg_node *n)
{
    group_loss *own = n->own;
    const int gates[] = {1};
    double total = 0;

    own->n = n;
    own->keep = n->out->wants;
    if (!rcg_absent(n->in[2]))
        RC_TRY(rcg_weight_of(n, 2, 1, gates, n->in[1]->rows, false, &own->b));
    RC_TRY(cut_rows(n, own));
    const int workers = rcg_workers(n->graph, group_flops(own));
    RC_TRY(group_memory(n, own, workers));
    rcb_pool_run(n->graph->pool, workers, group_forward_share, own);
    for (int64_t i = 0; i < own->pieces; i++)
        for (int64_t k = i * WIDEST; k < i * WIDEST + own->piece[i].rows; k++)
            total += log((double)own->sum[k]) + (double)own->top[k] - (double)own->goal[k];
    return rcg_set_total(n, total);
}

/* ---- backward ---------------------------------------------------------------------------- */

static void piece_backward(const group_loss *own, const rcb_worker *worker, int64_t i)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const piece *p = &own->piece[i];
    const int64_t start = own->groups.start[p->group], count = symbols_of(own, p->group);
    const rc_real d = own->n->out->g[0];
    rc_real *c = own->scores + p->at, *by = own->sum + i * WIDEST;
    rc_real *dx = own->dx + worker->id * x->ld * WIDEST;
    rck_gemm g = rcg_gemm_rows(p->rows, count, x->cols);

    for (int64_t r = 0; r < p->width; r++)
        by[r] = d / by[r];
    rck->soft_down_back(count, p->width, c, p->width, own->top + i * WIDEST, by);
    for (int64_t r = 0; r < p->rows; r++)
        c[(own->target[own->order[p->first + r]] - start) * p->width + r] -= d;
    if (!x->g)
        return;
    g.a = c;
    g.a_row = 1;
    g.a_k = p->width;
    g.b = w->x + start * w->ld;
    g.b_k = w->ld;
    g.c = dx;
    g.c_row = x->ld;
    rck->gemm(&g);
    rck->scatter_add(p->rows, x->cols, dx, x->ld, own->order + p->first, x->g, x->ld);
}

/* Gradients of symbols [from,to) of the group of pieces [i0,i1). */
static void symbol_gradient(const group_loss *own, int64_t i0, int64_t i1, int64_t from, int64_t to)
{
    const rc_var *x = own->n->in[0], *w = own->n->in[1];
    const int64_t start = own->groups.start[own->piece[i0].group];

    for (int64_t i = i0; i < i1; i++) {
        const piece *p = &own->piece[i];
        const rc_real *c = own->scores + p->at + from * p->width;
        rck_gemm g = rcg_gemm_rows(to - from, p->rows, x->cols);

        g.a = c;
        g.a_row = p->width;
        g.a_k = 1;
        g.b = own->x + p->first * x->ld;
        g.b_k = x->ld;
        g.c = w->g + (start + from) * w->ld;
        g.c_row = w->ld;
        g.add = true;
        if (w->g)
            rck->gemm(&g);
        for (int64_t s = from; own->b && own->b->g && s < to; s++)
            own->b->g[start + s] += rck->sum(p->rows, c + (s - from) * p->width);
    }
}

/* The first symbol of a group, whose cost begins at `before`, that is past the cost `limit`. */
static int64_t symbol_at(double before, double each, int64_t count, double limit)
{
    const double s = ceil((limit - before) / each);

    return s < 0 ? 0 : s > (double)count ? count : (int64_t)s;
}

static void table_gradient(const group_loss *own, const rcb_worker *worker)
{
    const double all = own->piece[own->pieces].cost;
    const double lo = all * worker->id / worker->count;
    const double hi =
        worker->id + 1 < worker->count ? all * (worker->id + 1) / worker->count : (double)INFINITY;

    for (int64_t i = 0, j; i < own->pieces; i = j) {
        for (j = i + 1; j < own->pieces && own->piece[j].group == own->piece[i].group;)
            j++;
        const int64_t count = symbols_of(own, own->piece[i].group);
        const double before = own->piece[i].cost;
        const double each = (own->piece[j].cost - before) / (double)count;
        const int64_t from = symbol_at(before, each, count, lo);
        const int64_t to = symbol_at(before, each, count, hi);

        if (from < to)
            symbol_gradient(own, i, j, from, to);
    }
}

static void group_backward_share(const rcb_worker *worker, void *ctx)
{
    const group_loss *own = ctx;

    for (int64_t i = 0; i < own->pieces; i++)
        if (is_mine(own, worker, i))
            piece_backward(own, worker, i);
    rcb_barrier(worker);
    table_gradient(own, worker);
}

static rc_status group_loss_backward(rcg_node *n)
{
    group_loss *own = n->own;
    rc_graph *g = n->graph;
    const int workers = rcg_workers(g, 2 * group_flops(own));

    own->dx = rcg_scratch(g, (size_t)workers * WIDEST, (size_t)n->in[0]->ld * sizeof *own->dx);
    if (!own->dx)
        return g->status;
    if (own->b && own->b->g)
        rcg_weight_touch(own->b);
    for (int64_t i = 0; i < own->pieces; i++)
        rcg_touch(n->in[1], own->groups.start[own->piece[i].group],
                  symbols_of(own, own->piece[i].group));
    rcb_pool_run(g->pool, workers, group_backward_share, own);
    return own->b && own->b->g ? rcg_weight_done(n, 2, own->b) : RC_OK;
}

static const rcg_op op_group_loss = {
    .name = "group_loss",
    .optional = 1u << 2,
    .sparse = 1u << 1,
    .infer = group_loss_infer,
    .forward = group_loss_forward,
    .backward = group_loss_backward,
};

rc_var *rc_group_loss(rc_graph *g, rc_var *x, rc_var *w, rc_var *b, const int32_t *targets,
                      const rc_groups *groups)
{
    group_loss *own = rcg_keep(g, 1, sizeof *own);

    if (!own)
        return NULL;
    *own = (group_loss){.groups = *groups};
    if (x && w && !rcg_absent(w) &&
        !(own->target = rcg_targets(g, "group_loss", x->rows, w->rows, targets)))
        return NULL;
    return rcg_push(g, &op_group_loss, 3, (rc_var *[]){x, w, b}, own);
}

/* ---- group_log_softmax ------------------------------------------------------------------- */

static rc_status group_log_softmax_infer(const rcg_node *n, rc_shape *out)
{
    RC_TRY(check_groups(n->op->name, n->own, n->in[0]->cols));
    return rcg_infer_same(n, out);
}

static rc_status group_log_softmax_forward(rcg_node *n)
{
    const rc_groups *groups = n->own;
    const rc_var *x = n->in[0], *y = n->out;

    for (int64_t r = 0; r < y->rows; r++)
        for (int64_t i = 0; i < groups->count; i++) {
            const int64_t at = groups->start[i], count = groups->start[i + 1] - at;
            rck->log_softmax(count, x->x + r * x->ld + at, y->x + r * y->ld + at);
        }
    rcg_clear_padding(y->rows, y->cols, y->ld, y->x);
    return RC_OK;
}

/* dx = dy - p * sum of dy, within each group */
static rc_status group_log_softmax_backward(rcg_node *n)
{
    const rc_groups *groups = n->own;
    const rc_var *x = n->in[0], *y = n->out;
    rc_real *p = rcg_scratch(n->graph, (size_t)y->ld, sizeof *p);

    if (!p)
        return n->graph->status;
    for (int64_t r = 0; x->g && r < y->rows; r++) {
        const rc_real *dy = y->g + r * y->ld;
        rc_real *dx = x->g + r * x->ld;

        rck->exp(y->cols, y->x + r * y->ld, p);
        rck->add(y->cols, dx, dy, dx);
        for (int64_t i = 0; i < groups->count; i++) {
            const int64_t at = groups->start[i], count = groups->start[i + 1] - at;
            double all = 0;

            for (int64_t k = 0; k < count; k += RCK_BLOCK)
                all += (double)rck->sum(count - k < RCK_BLOCK ? count - k : RCK_BLOCK, dy + at + k);
            rck->axpy(count, (rc_real)-all, p + at, dx + at);
        }
    }
    return RC_OK;
}

static const rcg_op op_group_log_softmax = {
    .name = "group_log_softmax",
    .infer = group_log_softmax_infer,
    .forward = group_log_softmax_forward,
    .backward = group_log_softmax_backward,
};

rc_var *rc_group_log_softmax(rc_graph *g, rc_var *x, const rc_groups *groups)
{
    rc_groups *own = rcg_keep(g, 1, sizeof *own);

    if (!own)
        return NULL;
    *own = *groups;
    return rcg_push(g, &op_group_log_softmax, 1, (rc_var *[]){x}, own);
}
