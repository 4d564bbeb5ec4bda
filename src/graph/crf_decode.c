/* crf_decode.c -- paths of a conditional random field whose scores are known: the best one of every
 * sequence (Viterbi), how probable each label is, and the n best of one sequence.
 */
#include "graph/crf_in.h"

#include <string.h>

/* ---- the best path ----------------------------------------------------------------------- */

typedef struct viterbi {
    rcg_crf c;
    int64_t ld;
    rc_real *first, *step, *last; /* (ld), (K,ld), (ld); -infinity: forbidden */
    rc_real *sum;                 /* (B,2,ld) the best score of a path to each label, less a common
                                     one; by turns of this step and of the one before */
    int32_t *from;                /* (N,ld) the label before */
    double *best;                 /* (B) -infinity: no path; NaN */
    int32_t *labels;              /* (N) */
    double *score;                /* (B) or NULL */
} viterbi;

static void tables(viterbi *v)
{
    for (int64_t i = 0; i < v->c.K; i++) {
        v->first[i] = (rc_real)rcg_crf_first(&v->c, i);
        v->last[i] = (rc_real)rcg_crf_last(&v->c, i);
        for (int64_t j = 0; j < v->c.K; j++)
            v->step[i * v->ld + j] = (rc_real)rcg_crf_step(&v->c, i, j);
    }
}

/* sum(j) = x(j) + the largest of before(i) + step(i,j), the first of equal ones. */
static void extend(const viterbi *v, const rc_real *x, const rc_real *before, rc_real *sum,
                   int32_t *from)
{
    const int64_t K = v->c.K;
    const rc_real top = rck->max(K, before);
    const rc_real less = isinf(top) ? 0 : top;

    rck->fill(K, (rc_real)-INFINITY, sum);
    memset(from, 0, (size_t)K * sizeof *from);
    for (int64_t i = 0; i < K; i++)
        rck->larger(K, before[i] - less, v->step + i * v->ld, (int32_t)i, sum, from);
    rck->add(K, sum, x, sum);
}

/* The score of a path, without the errors of floats. */
static double path_score(const rcg_crf *c, int64_t b, int64_t T, const int32_t *labels)
{
    double score = 0;
    int64_t before = 0;

    for (int64_t t = 0; t < T; t++) {
        const int64_t k = labels[c->rows.at[t] + b];

        score += t == 0 ? rcg_crf_first(c, k) : rcg_crf_step(c, before, k);
        score += rcg_crf_at(c, b, t, k) + (t == T - 1 ? rcg_crf_last(c, k) : 0);
        before = k;
    }
    return score;
}

static void decode(const viterbi *v, int64_t b)
{
    const rcg_crf *c = &v->c;
    const int64_t K = c->K, ld = v->ld, T = rcg_rows_length(&c->rows, b);
    rc_real *sum = v->sum + 2 * b * ld, *before = sum + ld;
    int32_t k = 0;

    v->best[b] = 0;
    if (T > 0)
        rck->add(K, v->first, c->x->x + b * ld, sum);
    for (int64_t t = 1; t < T; t++) {
        const int64_t row = (c->rows.at[t] + b) * ld;
        rc_real *turn = before;

        before = sum;
        sum = turn;
        extend(v, c->x->x + row, before, sum, v->from + row);
    }
    if (T > 0) {
        int32_t at[1] = {0};
        rc_real best[1] = {(rc_real)-INFINITY};

        for (int64_t i = 0; i < K; i++)
            rck->larger(1, sum[i], v->last + i, (int32_t)i, best, at);
        v->best[b] = (double)best[0];
        k = at[0];
    }
    for (int64_t t = T - 1; t >= 0; t--) {
        v->labels[c->rows.at[t] + b] = k;
        k = v->from[(c->rows.at[t] + b) * ld + k];
    }
    if (v->score)
        v->score[b] = path_score(c, b, T, v->labels);
}

static void decode_share(const rcb_worker *worker, void *ctx)
{
    const viterbi *v = ctx;
    int64_t lo, hi;

    rcg_rows_share(&v->c.rows, worker, &lo, &hi);
    for (int64_t b = lo; b < hi; b++)
        decode(v, b);
}

/* The best or the sum of all paths of a sequence says whether there are any. */
static rc_status check_paths(const char *op, int64_t b, double all)
{
    if (isnan(all))
        return RC_FAIL(RC_ENAN, "%s: scores of sequence %" PRId64 " are not numbers", op, b);
    if (all == -(double)INFINITY)
        return RC_FAIL(RC_EINVAL, "%s: the rules leave sequence %" PRId64 " no path", op, b);
    return RC_OK;
}

static rc_status run_viterbi(rc_graph *g, viterbi *v)
{
    const rcg_crf *c = &v->c;
    const size_t N = (size_t)c->x->rows, B = (size_t)c->rows.seqs, row = (size_t)v->ld;

    v->first = rcg_scratch(g, row, sizeof *v->first);
    v->step = rcg_scratch(g, (size_t)c->K, row * sizeof *v->step);
    v->last = rcg_scratch(g, row, sizeof *v->last);
    v->sum = rcg_scratch(g, 2 * B, row * sizeof *v->sum);
    v->from = rcg_scratch(g, N, row * sizeof *v->from);
    v->best = rcg_scratch(g, B, sizeof *v->best);
    if (g->status != RC_OK)
        return g->status;
    tables(v);
    memset(v->from, 0, (size_t)(c->rows.steps > 0 ? c->rows.at[1] * v->ld : 0) * sizeof *v->from);
    const double flops = 4.0 * (double)(c->x->rows * c->K * v->ld);
    rcb_pool_run(g->pool, rcg_workers(g, flops), decode_share, v);
    for (int64_t b = 0; b < c->rows.seqs; b++)
        RC_TRY(check_paths("crf_decode", b, v->best[b]));
    return RC_OK;
}

rc_status rc_crf_decode(rc_graph *g, const rc_rows *rows, const rc_var *x, const rc_crf *crf,
                        int32_t *best, double *score)
{
    viterbi v = {.labels = best, .score = score};

    RC_TRY(rc_graph_status(g));
    RC_TRY(rcg_crf_of("crf_decode", rows, x, crf, &v.c));
    v.ld = x->ld;
    const size_t mark = rcb_arena_mark(g->arena);
    const rc_status status = run_viterbi(g, &v);
    rcb_arena_release(g->arena, mark);
    return status;
}

/* ---- marginals --------------------------------------------------------------------------- */

static rc_status run_marginals(rc_graph *g, const rcg_crf *c, rc_real *p)
{
    rcg_crf_pass pass;

    RC_TRY(rcg_crf_run(g, c, false, &pass));
    for (int64_t b = 0; b < c->rows.seqs; b++)
        RC_TRY(check_paths("crf_marginals", b, pass.logz[b]));
    for (int64_t r = 0; r < c->x->rows; r++)
        memcpy(p + r * c->K, pass.p + r * pass.ld, (size_t)c->K * sizeof *p);
    return RC_OK;
}

rc_status rc_crf_marginals(rc_graph *g, const rc_rows *rows, const rc_var *x, const rc_crf *crf,
                           rc_real *p)
{
    rcg_crf c;

    RC_TRY(rc_graph_status(g));
    RC_TRY(rcg_crf_of("crf_marginals", rows, x, crf, &c));
    const size_t mark = rcb_arena_mark(g->arena);
    const rc_status status = run_marginals(g, &c, p);
    rcb_arena_release(g->arena, mark);
    return status;
}

/* ---- the n best -------------------------------------------------------------------------- */

/* Paths to one label at one step, or to the end, the best first. */
typedef struct list {
    int64_t count;
    double *score;   /* (most) */
    int64_t *before; /* (most) label * most + place in its list */
} list;

typedef struct nbest {
    rcg_crf c;
    rcg_crf_log log;
    int64_t b, T, most;
    list *to; /* (T,K) */
    list end;
} nbest;

static bool open_list(rc_graph *g, int64_t most, list *l)
{
    l->count = 0;
    l->score = rcg_scratch(g, (size_t)most, sizeof *l->score);
    l->before = rcg_scratch(g, (size_t)most, sizeof *l->before);
    return l->score && l->before;
}

/* False: it is worse than all of a full list. Of equal ones the first stays before the others. */
static bool insert(list *l, int64_t most, double score, int64_t before)
{
    int64_t at = l->count;

    if (at == most && !(score > l->score[most - 1]))
        return false;
    at = at < most ? at : most - 1;
    for (; at > 0 && score > l->score[at - 1]; at--) {
        l->score[at] = l->score[at - 1];
        l->before[at] = l->before[at - 1];
    }
    l->score[at] = score;
    l->before[at] = before;
    l->count += l->count < most;
    return true;
}

/* All of one list, with what a step adds to them. */
static void take_list(const nbest *n, int64_t t, int64_t i, double step, list *to)
{
    const list *from = &n->to[t * n->c.K + i];

    for (int64_t r = 0; step > -(double)INFINITY && r < from->count; r++)
        if (!insert(to, n->most, from->score[r] + step, i * n->most + r))
            break;
}

static void find_paths(nbest *n)
{
    const int64_t K = n->c.K;

    for (int64_t j = 0; j < K; j++)
        if (n->log.first[j] > -(double)INFINITY)
            (void)insert(&n->to[j], n->most, n->log.first[j] + rcg_crf_at(&n->c, n->b, 0, j), 0);
    for (int64_t t = 1; t < n->T; t++)
        for (int64_t j = 0; j < K; j++)
            for (int64_t i = 0; i < K; i++)
                take_list(n, t - 1, i, n->log.step[i * K + j] + rcg_crf_at(&n->c, n->b, t, j),
                          &n->to[t * K + j]);
    for (int64_t i = 0; i < K; i++)
        take_list(n, n->T - 1, i, n->log.last[i], &n->end);
}

static void follow(const nbest *n, int64_t place, int32_t *labels)
{
    int64_t before = n->end.before[place];

    for (int64_t t = n->T - 1; t >= 0; t--) {
        const int64_t k = before / n->most;

        labels[t] = (int32_t)k;
        before = n->to[t * n->c.K + k].before[before % n->most];
    }
}

static rc_status run_nbest(rc_graph *g, nbest *n, rc_crf_paths *paths)
{
    const int64_t lists = n->T * n->c.K;

    n->to = rcg_scratch(g, (size_t)lists, sizeof *n->to);
    if (!n->to || !open_list(g, n->most, &n->end) || !rcg_crf_log_open(g, &n->c, n->T, &n->log))
        return g->status;
    for (int64_t i = 0; i < lists; i++)
        if (!open_list(g, n->most, &n->to[i]))
            return g->status;
    const double all = rcg_crf_log_sum(&n->log, n->b);
    RC_TRY(check_paths("crf_nbest", n->b, all));
    if (n->T > 0)
        find_paths(n);
    else
        (void)insert(&n->end, n->most, 0, 0); /* the path of no steps */
    paths->count = n->end.count;
    for (int64_t i = 0; i < n->end.count; i++) {
        follow(n, i, paths->labels + i * n->T);
        paths->logp[i] = n->end.score[i] - all;
    }
    return RC_OK;
}

rc_status rc_crf_nbest(rc_graph *g, const rc_rows *rows, const rc_var *x, const rc_crf *crf,
                       rc_crf_paths *paths)
{
    nbest n = {.b = paths->seq, .most = paths->most};

    RC_TRY(rc_graph_status(g));
    RC_TRY(rcg_crf_of("crf_nbest", rows, x, crf, &n.c));
    if (n.b < 0 || n.b >= rows->seqs || n.most < 1)
        return RC_FAIL(RC_EINVAL,
                       "crf_nbest: %" PRId64 " paths of sequence %" PRId64 " of %" PRId64, n.most,
                       n.b, rows->seqs);
    n.T = rcg_rows_length(rows, n.b);
    const size_t mark = rcb_arena_mark(g->arena);
    const rc_status status = run_nbest(g, &n, paths);
    rcb_arena_release(g->arena, mark);
    return status;
}
