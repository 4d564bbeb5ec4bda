/* op_crf.c -- the loss of a linear-chain conditional random field.
 *
 * Sums over paths are kept as exponentials, scaled at every step (crf_in.h): a step of all
 * sequences is a product with the same matrix, and the gradient of the transitions is one product
 * over all rows. Workers take sequences, then rows of that last product.
 *
 * Floats lose what is less than 1e-38 of the largest. What was lost at a label weighs in the end
 * what paths from there on make of it, which is b: as long as b / scale stays below LIMIT, all that
 * is lost is less than LIMIT K^2 times the smallest float, relative to the whole. A sequence where
 * it does not (the scores of one step contradict those of others by a factor of e^50) is done anew
 * in logarithms.
 */
#include "graph/crf_in.h"

#include <float.h>
#include <string.h>

#ifdef RC_DOUBLE
#define LIMIT (1e-20 / DBL_MIN)
#else
#define LIMIT (1e-14F / FLT_MIN)
#endif

/* ---- operands ---------------------------------------------------------------------------- */

static rc_status check_labels(const char *op, const char *which, const rc_var *v, int64_t K)
{
    char text[RCG_SHAPE_TEXT];

    if (!v)
        return RC_FAIL(RC_EINVAL, "%s: the scores of a path's %s step are missing", op, which);
    if (rcg_absent(v) || (v->x && v->rows == 1 && v->cols == K))
        return RC_OK;
    return RC_FAIL(RC_ESHAPE, "%s: scores of the %s step are %s, expected (%" PRId64 ")", op, which,
                   rcg_shape_text(v->shape, text), K);
}

rc_status rcg_crf_of(const char *op, const rc_rows *rows, const rc_var *x, const rc_crf *crf,
                     rcg_crf *out)
{
    char text[RCG_SHAPE_TEXT];

    RC_TRY(rcg_check_rows(op, rows));
    if (!x || rcg_absent(x) || !x->x || !crf || !crf->trans || rcg_absent(crf->trans))
        return RC_FAIL(RC_EINVAL, "%s: the scores of labels or of transitions are missing", op);
    if (x->shape.rank != 2 || x->rows != rows->at[rows->steps] || x->cols < 1)
        return RC_FAIL(RC_ESHAPE, "%s: scores are %s, the batch has %" PRId64 " rows", op,
                       rcg_shape_text(x->shape, text), rows->at[rows->steps]);
    if (!crf->trans->x || crf->trans->shape.rank != 2 || crf->trans->rows != x->cols ||
        crf->trans->cols != x->cols)
        return RC_FAIL(RC_ESHAPE,
                       "%s: scores of transitions are %s, expected (%" PRId64 ",%" PRId64 ")", op,
                       rcg_shape_text(crf->trans->shape, text), x->cols, x->cols);
    RC_TRY(check_labels(op, "first", crf->first, x->cols));
    RC_TRY(check_labels(op, "last", crf->last, x->cols));
    *out = (rcg_crf){.rows = *rows,
                     .K = x->cols,
                     .x = x,
                     .trans = crf->trans,
                     .first = crf->first,
                     .last = crf->last};
    if (crf->rules)
        out->rules = *crf->rules;
    return RC_OK;
}

/* ---- tables of exponentials -------------------------------------------------------------- */

/* n scores from a function to y = exp(score - base), base the largest of them. */
static double exponentials(const rcg_crf *c, double (*score)(const rcg_crf *c, int64_t k),
                           rc_real *y)
{
    double base = -(double)INFINITY;

    for (int64_t k = 0; k < c->K; k++)
        base = score(c, k) > base ? score(c, k) : base;
    base = isinf(base) ? 0 : base;
    for (int64_t k = 0; k < c->K; k++)
        y[k] = (rc_real)exp(score(c, k) - base);
    return base;
}

/* Of the transitions: K^2 of them, for every batch, so by vectors. */
static void step_tables(rcg_crf_pass *s)
{
    const rcg_crf *c = &s->c;
    const int64_t K = c->K, ld = s->ld;
    double base = -(double)INFINITY;

    for (int64_t i = 0; i < K; i++)
        for (int64_t j = 0; j < K; j++)
            base = rcg_crf_step(c, i, j) > base ? rcg_crf_step(c, i, j) : base;
    s->base_step = isinf(base) ? 0 : base;
    rck->fill(K * ld, (rc_real)s->base_step, s->step);
    rck->sub(K * ld, c->trans->x, s->step, s->step);
    rck->exp(K * ld, s->step, s->step);
    rcg_clear_padding(K, K, ld, s->step);
    rck->fill(K * ld, 0, s->back);
    for (int64_t i = 0; i < K; i++)
        for (int64_t j = 0; j < K; j++) {
            if (c->rules.from_to && !c->rules.from_to[i * K + j])
                s->step[i * ld + j] = 0;
            s->back[j * ld + i] = s->step[i * ld + j];
        }
}

static void tables(rcg_crf_pass *s)
{
    rck->fill(s->ld, 0, s->first);
    rck->fill(s->ld, 0, s->last);
    s->base_first = exponentials(&s->c, rcg_crf_first, s->first);
    s->base_last = exponentials(&s->c, rcg_crf_last, s->last);
    step_tables(s);
}

/* ---- the passes, over sequences [lo,hi) -------------------------------------------------- */

typedef struct part {
    rcg_crf_pass *s;
    int64_t lo, hi;
} part;

static int64_t alive_of(const part *p, int64_t t)
{
    const rc_rows *rows = &p->s->c.rows;
    const int64_t alive = t < rows->steps ? rows->at[t + 1] - rows->at[t] : 0;

    return alive < p->lo ? 0 : (alive < p->hi ? alive : p->hi) - p->lo;
}

static rc_real inverse(rc_real x)
{
    return x > 0 ? 1 / x : 0;
}

/* C (rows,K) = A (rows,K) B (K,K) */
static void multiply(const rcg_crf_pass *s, int64_t rows, const rc_real *a, const rc_real *b,
                     rc_real *c)
{
    rck_gemm g = rcg_gemm_rows(rows, s->c.K, s->c.K);

    g.a = a;
    g.a_row = s->ld;
    g.a_k = 1;
    g.b = b;
    g.b_k = s->ld;
    g.c = c;
    g.c_row = s->ld;
    rck->gemm(&g);
}

static void exponentials_of_rows(const rcg_crf_pass *s, int64_t row, int64_t n)
{
    const rc_var *x = s->c.x;
    const int64_t ld = s->ld;
    rc_real *ex = s->w + row * ld;

    for (int64_t r = 0; r < n; r++) {
        s->top[row + r] = rck->max(s->c.K, x->x + (row + r) * ld);
        rck->fill(ld, s->top[row + r], ex + r * ld);
    }
    rck->sub(n * ld, x->x + row * ld, ex, ex);
    rck->exp(n * ld, ex, ex);
    rcg_clear_padding(n, s->c.K, ld, ex);
}

static void step_forward(const part *p, int64_t t)
{
    const rcg_crf_pass *s = p->s;
    const int64_t ld = s->ld, n = alive_of(p, t), row = s->c.rows.at[t] + p->lo;
    rc_real *a = s->p + row * ld;

    exponentials_of_rows(s, row, n);
    if (t == 0) {
        for (int64_t r = 0; r < n; r++)
            rck->mul(ld, s->first, s->w + (row + r) * ld, a + r * ld);
    } else {
        const rc_real *before = s->p + (s->c.rows.at[t - 1] + p->lo) * ld;

        memcpy(s->prev + row * ld, before, (size_t)(n * ld) * sizeof *a);
        multiply(s, n, before, s->step, a);
        rck->mul(n * ld, a, s->w + row * ld, a);
    }
    for (int64_t r = 0; r < n; r++, a += ld) {
        const rc_real most = rck->max(ld, a); /* none is negative, padding is 0 */

        s->scale[row + r] = most;
        s->hard[p->lo + r] |= !(most > 0);
        rck->scale(ld, inverse(most), a, a);
    }
}

/* What follows the last step: b of a sequence's end, and its logz but for what scales take. */
static void end_of(const part *p, int64_t t, int64_t r)
{
    const rcg_crf_pass *s = p->s;
    const rc_real z = rck->dot(s->ld, s->p + (s->c.rows.at[t] + p->lo + r) * s->ld, s->last);

    s->hard[p->lo + r] |= !(z > 0);
    s->logz[p->lo + r] = log((double)z) + s->base_first + (double)t * s->base_step + s->base_last;
    rck->scale(s->ld, inverse(z), s->last, s->b + (p->lo + r) * s->ld);
}

static void step_backward(const part *p, int64_t t)
{
    const rcg_crf_pass *s = p->s;
    const int64_t ld = s->ld, n = alive_of(p, t), m = alive_of(p, t + 1);
    const int64_t row = s->c.rows.at[t] + p->lo;
    rc_real *a = s->p + row * ld, *w = s->w + row * ld, *b = s->b + p->lo * ld;

    if (m > 0)
        multiply(s, m, s->w + (s->c.rows.at[t + 1] + p->lo) * ld, s->back, b);
    for (int64_t r = m; r < n; r++)
        end_of(p, t, r);
    for (int64_t r = 0; r < n; r++) {
        const rc_real one = rck->dot(ld, a + r * ld, b + r * ld);

        rck->scale(ld, inverse(one), b + r * ld, b + r * ld);
        s->hard[p->lo + r] |= !(one > (rc_real)0.999 && one < (rc_real)1.001) ||
                              !(rck->max(ld, b + r * ld) <= LIMIT * s->scale[row + r]);
        s->logz[p->lo + r] += (double)s->top[row + r] + log((double)s->scale[row + r]);
    }
    rck->mul(n * ld, a, b, a);
    rck->mul(n * ld, w, b, w);
    for (int64_t r = 0; r < n; r++)
        rck->scale(ld, inverse(s->scale[row + r]), w + r * ld, w + r * ld);
}

static void pass_share(const rcb_worker *worker, void *ctx)
{
    part p = {.s = ctx};
    int64_t T = 0;

    rcg_rows_share(&p.s->c.rows, worker, &p.lo, &p.hi);
    for (int64_t b = p.lo; b < p.hi; b++) {
        p.s->hard[b] = false;
        p.s->logz[b] = 0;
    }
    for (; alive_of(&p, T) > 0; T++)
        step_forward(&p, T);
    for (int64_t t = T - 1; t >= 0; t--)
        step_backward(&p, t);
}

/* ---- the whole --------------------------------------------------------------------------- */

static bool open_pass(rc_graph *g, const rcg_crf *c, bool keep, rcg_crf_pass *s)
{
    void *(*room)(rc_graph *, size_t, size_t) = keep ? rcg_keep : rcg_scratch;
    const size_t N = (size_t)c->x->rows, B = (size_t)c->rows.seqs, K = (size_t)c->K;
    const size_t row = (size_t)c->x->ld * sizeof(rc_real);

    *s = (rcg_crf_pass){
        .c = *c,
        .ld = c->x->ld,
        .step = room(g, K, row),
        .back = rcg_scratch(g, K, row),
        .first = rcg_scratch(g, 1, row),
        .last = rcg_scratch(g, 1, row),
        .w = room(g, N, row),
        .p = room(g, N, row),
        .prev = room(g, N, row),
        .b = rcg_scratch(g, B, row),
        .top = rcg_scratch(g, N, sizeof(rc_real)),
        .scale = rcg_scratch(g, N, sizeof(rc_real)),
        .logz = rcg_scratch(g, B, sizeof(double)),
        .hard = rcg_scratch(g, B, sizeof(bool)),
    };
    return g->status == RC_OK;
}

/* What floats do not reach, once more; it has no part in the product of prev and w. */
static rc_status do_hard(rc_graph *g, bool keep, rcg_crf_pass *s)
{
    const size_t K = (size_t)s->c.K;
    rcg_crf_log l;
    int64_t b = 0;

    while (b < s->c.rows.seqs && !s->hard[b])
        b++;
    if (b == s->c.rows.seqs)
        return RC_OK;
    s->uses = keep ? rcg_keep(g, K, K * sizeof(double)) : rcg_scratch(g, K, K * sizeof(double));
    if (!s->uses || !rcg_crf_log_open(g, &s->c, rcg_rows_length(&s->c.rows, b), &l))
        return g->status;
    memset(s->uses, 0, K * K * sizeof(double));
    for (; b < s->c.rows.seqs; b++) {
        const int64_t T = rcg_rows_length(&s->c.rows, b);

        if (!s->hard[b])
            continue;
        for (int64_t t = 0; t < T; t++) {
            rck->fill(s->ld, 0, s->w + (s->c.rows.at[t] + b) * s->ld);
            rck->fill(s->ld, 0, s->prev + (s->c.rows.at[t] + b) * s->ld);
        }
        s->logz[b] = rcg_crf_log_both(&l, b, s->p, s->ld, s->uses);
    }
    return RC_OK;
}

rc_status rcg_crf_run(rc_graph *g, const rcg_crf *c, bool keep, rcg_crf_pass *out)
{
    const double each = 4 * (double)c->K + 40; /* exponentials, and the calls for a row */

    if (!open_pass(g, c, keep, out))
        return g->status;
    tables(out);
    const double flops = (double)c->x->rows * (double)out->ld * each;
    rcb_pool_run(g->pool, rcg_workers(g, flops), pass_share, out);
    return do_hard(g, keep, out);
}

/* ---- crf_loss ---------------------------------------------------------------------------- */

typedef struct crf_loss {
    rcg_crf_pass pass;
    int32_t *target;
    rc_real *uses; /* (K,ld) the product of prev and w; scratch */
} crf_loss;

/* May target k stand at a step of sequence b, after another one? */
static rc_status check_target(const rcg_crf *c, int64_t b, int64_t t, int32_t before, int32_t k)
{
    const bool ends = t + 1 == rcg_rows_length(&c->rows, b);

    if (t == 0 && c->rules.first && !c->rules.first[k])
        return RC_FAIL(RC_EINVAL,
                       "crf_loss: sequence %" PRId64 " begins with label %" PRId32
                       ", which the rules forbid",
                       b, k);
    if (t > 0 && c->rules.from_to && !c->rules.from_to[before * c->K + k])
        return RC_FAIL(RC_EINVAL,
                       "crf_loss: sequence %" PRId64 ", step %" PRId64 ": label %" PRId32
                       " after label %" PRId32 ", which the rules forbid",
                       b, t, k, before);
    if (ends && c->rules.last && !c->rules.last[k])
        return RC_FAIL(RC_EINVAL,
                       "crf_loss: sequence %" PRId64 " ends at step %" PRId64 " with label %" PRId32
                       ", which the rules forbid",
                       b, t, k);
    return RC_OK;
}

/* The score of the targets of sequence b. */
static rc_status score_targets(const crf_loss *own, int64_t b, double *score)
{
    const rcg_crf *c = &own->pass.c;
    const int64_t T = rcg_rows_length(&c->rows, b);
    int32_t before = 0;

    *score = 0;
    for (int64_t t = 0; t < T; t++) {
        const int32_t k = own->target[c->rows.at[t] + b];

        RC_TRY(check_target(c, b, t, before, k));
        *score += t == 0 ? rcg_crf_first(c, k) : rcg_crf_step(c, before, k);
        *score += rcg_crf_at(c, b, t, k) + (t == T - 1 ? rcg_crf_last(c, k) : 0);
        before = k;
    }
    return RC_OK;
}

static rc_status crf_loss_forward(rcg_node *n)
{
    crf_loss *own = n->own;
    const rcg_crf c = own->pass.c;
    double *score = rcg_scratch(n->graph, (size_t)c.rows.seqs, sizeof *score);
    double total = 0;

    if (!score)
        return n->graph->status;
    for (int64_t b = 0; b < c.rows.seqs; b++)
        RC_TRY(score_targets(own, b, &score[b]));
    RC_TRY(rcg_crf_run(n->graph, &c, n->out->wants, &own->pass));
    for (int64_t b = 0; b < c.rows.seqs; b++) {
        const double loss = own->pass.logz[b] - score[b];
        total += loss < 0 ? 0 : loss; /* by rounding */
    }
    return rcg_set_total(n, total);
}

/* Rows of the product of prev and w: labels that steps lead from. */
static void uses_share(const rcb_worker *worker, void *ctx)
{
    const crf_loss *own = ctx;
    const rcg_crf_pass *s = &own->pass;
    const rc_rows *rows = &s->c.rows;
    const int64_t second = rows->steps > 0 ? rows->at[1] : 0;
    int64_t lo, hi;

    rcb_share(worker, s->c.K, RCK_MB, &lo, &hi);
    rck_gemm g = rcg_gemm_rows(hi - lo, rows->at[rows->steps] - second, s->c.K);
    g.a = s->prev + second * s->ld + lo;
    g.a_row = 1;
    g.a_k = s->ld;
    g.b = s->w + second * s->ld;
    g.b_k = s->ld;
    g.c = own->uses + lo * s->ld;
    g.c_row = s->ld;
    rck->gemm(&g);
}

static void trans_gradient(const rcg_node *n, const crf_loss *own, rc_real d)
{
    const rcg_crf_pass *s = &own->pass;
    const rc_var *trans = n->in[1];
    const int64_t K = s->c.K, ld = s->ld;

    rck->scale(K * ld, d, own->uses, own->uses);
    rck->mul_add(K * ld, s->step, own->uses, trans->g);
    for (int64_t i = 0; s->uses && i < K; i++)
        for (int64_t j = 0; j < K; j++)
            trans->g[i * ld + j] += d * (rc_real)s->uses[i * K + j];
}

/* Less the targets: what the gradients are of. */
static void take_targets(const rcg_node *n, const crf_loss *own, rc_real d)
{
    const rc_rows *rows = &own->pass.c.rows;
    const rc_var *x = n->in[0], *trans = n->in[1], *first = n->in[2], *last = n->in[3];

    for (int64_t t = 0; t < rows->steps; t++)
        for (int64_t b = 0; b < rows->at[t + 1] - rows->at[t]; b++) {
            const int32_t k = own->target[rows->at[t] + b];
            const bool ends = t + 1 == rows->steps || b >= rows->at[t + 2] - rows->at[t + 1];

            if (x->g)
                x->g[(rows->at[t] + b) * x->ld + k] -= d;
            if (t > 0 && trans->g)
                trans->g[own->target[rows->at[t - 1] + b] * trans->ld + k] -= d;
            if (t == 0 && first->g)
                first->g[k] -= d;
            if (ends && last->g) {
                rck->axpy(x->ld, d, own->pass.p + (rows->at[t] + b) * x->ld, last->g);
                last->g[k] -= d;
            }
        }
}

static rc_status crf_loss_backward(rcg_node *n)
{
    crf_loss *own = n->own;
    const rcg_crf_pass *s = &own->pass;
    const rc_var *x = n->in[0], *first = n->in[2];
    const int64_t K = s->c.K, ld = s->ld;
    const rc_real d = n->out->g[0];

    own->uses = rcg_scratch(n->graph, (size_t)K + 1, (size_t)ld * sizeof *own->uses);
    if (!own->uses)
        return n->graph->status;
    if (n->in[1]->g) {
        const double flops = 2.0 * (double)x->rows * (double)(K * K);

        rcb_pool_run(n->graph->pool, rcg_workers(n->graph, flops), uses_share, own);
        trans_gradient(n, own, d);
    }
    if (x->g)
        rck->axpy(x->rows * ld, d, s->p, x->g);
    if (first->g && s->c.rows.steps > 0) {
        rc_real *sum = own->uses + K * ld;

        rck->fill(ld, 0, sum);
        rck->col_sum(s->c.rows.at[1], ld, s->p, ld, sum);
        rck->axpy(ld, d, sum, first->g);
    }
    take_targets(n, own, d);
    return RC_OK;
}

static const rcg_op op_crf_loss = {
    .name = "crf_loss",
    .optional = 1u << 2 | 1u << 3,
    .infer = rcg_infer_total,
    .forward = crf_loss_forward,
    .backward = crf_loss_backward,
};

rc_var *rc_crf_loss(rc_graph *g, const rc_rows *rows, rc_var *x, const rc_crf *crf,
                    const int32_t *targets)
{
    rcg_crf c;

    if (g->status != RC_OK)
        return NULL;
    const rc_status status = rcg_crf_of(op_crf_loss.name, rows, x, crf, &c);
    if (status != RC_OK)
        return rcg_failed(g, status);
    crf_loss *own = rcg_keep(g, 1, sizeof *own);
    if (!own || !rcg_rows_copy(g, rows, &c.rows) ||
        !(own->target = rcg_targets(g, op_crf_loss.name, x->rows, c.K, targets)))
        return NULL;
    own->pass.c = c;
    return rcg_push(g, &op_crf_loss, 4, (rc_var *[]){x, crf->trans, crf->first, crf->last}, own);
}
