/* crf_log.c -- a conditional random field in logarithms and double: one sequence, plainly. What
 * floats cannot hold goes this way; it is slow, a call of exp for every pair of labels, and right
 * for any scores.
 */
#include "graph/crf_in.h"

bool rcg_crf_log_open(rc_graph *g, const rcg_crf *c, int64_t T, rcg_crf_log *out)
{
    const size_t K = (size_t)c->K, all = (size_t)T * K;

    *out = (rcg_crf_log){
        .c = c,
        .first = rcg_scratch(g, K, sizeof(double)),
        .step = rcg_scratch(g, K, K * sizeof(double)),
        .last = rcg_scratch(g, K, sizeof(double)),
        .to = rcg_scratch(g, all, sizeof(double)),
        .from = rcg_scratch(g, all, sizeof(double)),
        .term = rcg_scratch(g, K, sizeof(double)),
    };
    if (g->status != RC_OK)
        return false;
    for (int64_t i = 0; i < c->K; i++) {
        out->first[i] = rcg_crf_first(c, i);
        out->last[i] = rcg_crf_last(c, i);
        for (int64_t j = 0; j < c->K; j++)
            out->step[i * c->K + j] = rcg_crf_step(c, i, j);
    }
    return true;
}

/* ln of the sum of exp(v); -infinity where all are, NaN where one is. */
static double log_sum(int64_t n, const double *v)
{
    double most = -(double)INFINITY, sum = 0;

    for (int64_t i = 0; i < n; i++)
        most = v[i] > most ? v[i] : most;
    for (int64_t i = 0; i < n; i++)
        sum += isinf(most) ? v[i] : exp(v[i] - most);
    return isinf(most) ? sum : most + log(sum);
}

double rcg_crf_log_sum(const rcg_crf_log *l, int64_t b)
{
    const rcg_crf *c = l->c;
    const int64_t K = c->K, T = rcg_rows_length(&c->rows, b);

    if (T == 0)
        return 0;
    for (int64_t j = 0; j < K; j++)
        l->to[j] = l->first[j] + rcg_crf_at(c, b, 0, j);
    for (int64_t t = 1; t < T; t++)
        for (int64_t j = 0; j < K; j++) {
            for (int64_t i = 0; i < K; i++)
                l->term[i] = l->to[(t - 1) * K + i] + l->step[i * K + j];
            l->to[t * K + j] = rcg_crf_at(c, b, t, j) + log_sum(K, l->term);
        }
    for (int64_t j = 0; j < K; j++)
        l->term[j] = l->to[(T - 1) * K + j] + l->last[j];
    return log_sum(K, l->term);
}

static void sum_back(const rcg_crf_log *l, int64_t b, int64_t T)
{
    const int64_t K = l->c->K;

    for (int64_t i = 0; i < K; i++)
        l->from[(T - 1) * K + i] = l->last[i];
    for (int64_t t = T - 2; t >= 0; t--)
        for (int64_t i = 0; i < K; i++) {
            for (int64_t j = 0; j < K; j++)
                l->term[j] =
                    l->step[i * K + j] + rcg_crf_at(l->c, b, t + 1, j) + l->from[(t + 1) * K + j];
            l->from[t * K + i] = log_sum(K, l->term);
        }
}

double rcg_crf_log_both(const rcg_crf_log *l, int64_t b, rc_real *p, int64_t ld, double *uses)
{
    const rcg_crf *c = l->c;
    const int64_t K = c->K, T = rcg_rows_length(&c->rows, b);
    const double z = rcg_crf_log_sum(l, b);

    if (T > 0)
        sum_back(l, b, T);
    for (int64_t t = 0; t < T; t++) {
        const double *to = l->to + t * K, *from = l->from + t * K;
        rc_real *row = p + (c->rows.at[t] + b) * ld;

        rck->fill(ld, 0, row);
        for (int64_t k = 0; k < K; k++)
            row[k] = (rc_real)exp(to[k] + from[k] - z);
        for (int64_t i = 0; t > 0 && i < K; i++)
            for (int64_t j = 0; j < K; j++)
                uses[i * K + j] +=
                    exp(to[i - K] + l->step[i * K + j] + rcg_crf_at(c, b, t, j) + from[j] - z);
    }
    return z;
}
