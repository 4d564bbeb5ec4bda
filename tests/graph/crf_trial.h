/* crf_trial.h -- a random conditional random field over a small ragged batch, and all that can be
 * said of it by going through every path, in double: what the tests of op_crf, crf_log and
 * crf_decode compare with.
 */
#ifndef CRF_TRIAL_H
#define CRF_TRIAL_H

#include "ragged.h"

#include "graph/crf_in.h"

enum { CRF_K = 4, CRF_T = 5, CRF_PATHS = 1024 };

typedef struct crf_path {
    double score;
    int32_t label[CRF_T];
} crf_path;

typedef struct crf_trial {
    sequences s;
    int64_t K;
    bool ends; /* it has scores of first and last steps */
    rc_real *x, *trans, *first, *last;
    bool ruled, may_first[CRF_K], may_step[CRF_K * CRF_K], may_last[CRF_K];
    rc_crf_rules rules;
    int32_t *target; /* (N) an allowed path */
    /* by going through all paths */
    double *p;                  /* (N,K) */
    double uses[CRF_K * CRF_K]; /* expected uses of steps */
    double logz[SEQ_MOST], loss;
    crf_path *path; /* of one sequence: the allowed ones, the best first */
    int64_t paths;
} crf_trial;

static inline rc_real *scaled(int64_t n, double by)
{
    rc_real *x = guard_new(n);

    for (int64_t i = 0; i < n; i++)
        x[i] = (rc_real)by * pick_real();
    return x;
}

/* Random rules that leave the path of label 0 alone. */
static inline void random_rules(crf_trial *c)
{
    for (int64_t i = 0; i < c->K; i++) {
        c->may_first[i] = i == 0 || pick(0, 2) > 0;
        c->may_last[i] = i == 0 || pick(0, 2) > 0;
        for (int64_t j = 0; j < c->K; j++)
            c->may_step[i * c->K + j] = (i == 0 && j == 0) || pick(0, 2) > 0;
    }
    c->rules = (rc_crf_rules){c->may_first, c->may_step, c->may_last};
}

static inline bool path_allowed(const crf_trial *c, int64_t T, const int32_t *y)
{
    bool fine = true;

    for (int64_t t = 0; c->ruled && t < T; t++) {
        fine = fine && (t > 0 || c->may_first[y[t]]);
        fine = fine && (t == 0 || c->may_step[y[t - 1] * c->K + y[t]]);
        fine = fine && (t + 1 < T || c->may_last[y[t]]);
    }
    return fine;
}

static inline double score_of(const crf_trial *c, int64_t q, const int32_t *y)
{
    const int64_t T = c->s.length[q];
    double score = 0;

    for (int64_t t = 0; t < T; t++) {
        score += (double)c->x[row_of(&c->s, q, t) * c->K + y[t]];
        score += t > 0 ? (double)c->trans[y[t - 1] * c->K + y[t]] : 0;
        score += t == 0 && c->ends ? (double)c->first[y[t]] : 0;
        score += t + 1 == T && c->ends ? (double)c->last[y[t]] : 0;
    }
    return score;
}

/* Falling scores; of equal ones the lowest labels first, those of the last step before others. */
static inline int by_score(const void *a, const void *b)
{
    const crf_path *p = a, *q = b;

    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    for (int t = CRF_T - 1; t >= 0; t--)
        if (p->label[t] != q->label[t])
            return p->label[t] < q->label[t] ? -1 : 1;
    return 0;
}

/* All allowed paths of sequence q into path. */
static inline void list_paths(crf_trial *c, int64_t q)
{
    const int64_t T = c->s.length[q];
    int64_t all = 1;

    for (int64_t t = 0; t < T; t++)
        all *= c->K;
    c->paths = 0;
    for (int64_t code = 0; code < all; code++) {
        crf_path *to = &c->path[c->paths];
        int64_t rest = code;

        *to = (crf_path){0};
        for (int64_t t = 0; t < T; t++, rest /= c->K)
            to->label[t] = (int32_t)(rest % c->K);
        to->score = score_of(c, q, to->label);
        c->paths += path_allowed(c, T, to->label);
    }
    qsort(c->path, (size_t)c->paths, sizeof *c->path, by_score);
}

static inline void sum_paths(crf_trial *c, int64_t q)
{
    const int64_t T = c->s.length[q];
    double sum = 0;

    list_paths(c, q);
    for (int64_t i = 0; i < c->paths; i++)
        sum += exp(c->path[i].score - c->path[0].score);
    c->logz[q] = c->path[0].score + log(sum);
    for (int64_t i = 0; i < c->paths; i++) {
        const crf_path *y = &c->path[i];
        const double p = exp(y->score - c->logz[q]);

        for (int64_t t = 0; t < T; t++)
            c->p[row_of(&c->s, q, t) * c->K + y->label[t]] += p;
        for (int64_t t = 1; t < T; t++)
            c->uses[y->label[t - 1] * c->K + y->label[t]] += p;
    }

    const crf_path *target = &c->path[pick(0, c->paths - 1)];

    for (int64_t t = 0; t < T; t++)
        c->target[row_of(&c->s, q, t)] = target->label[t];
    c->loss += c->logz[q] - target->score;
}

/* Scores of labels in [-x,x), of steps in [-by,by). In place: it has views of itself. */
static inline void crf_trial_new(crf_trial *c, double x, double by, bool ruled)
{
    *c = (crf_trial){.K = pick(1, CRF_K), .ends = pick(0, 2) > 0, .ruled = ruled};
    random_lengths(&c->s, 6, CRF_T);
    c->x = scaled(c->s.N * c->K, x);
    c->trans = scaled(c->K * c->K, by);
    c->first = scaled(c->K, by);
    c->last = scaled(c->K, by);
    c->target = guard_bytes((size_t)c->s.N * sizeof *c->target);
    c->p = rcb_calloc((size_t)(c->s.N * c->K), sizeof *c->p);
    c->path = rcb_alloc(CRF_PATHS, sizeof *c->path);
    assert_true(c->p && c->path);
}

/* Once the scores are what they are to be. */
static inline void crf_trial_solve(crf_trial *c)
{
    if (c->ruled)
        random_rules(c);
    for (int64_t q = 0; q < c->s.B; q++)
        sum_paths(c, q);
}

static inline void crf_trial_free(crf_trial *c)
{
    guard_free(c->x);
    guard_free(c->trans);
    guard_free(c->first);
    guard_free(c->last);
    guard_free(c->target);
    rcb_free(c->p);
    rcb_free(c->path);
}

/* The variables of it; d (NULL: none) receives gradients of x, trans, first and last. */
static inline rc_crf crf_trial_vars(rc_graph *g, const crf_trial *c, rc_var **x, rc_real *d[4])
{
    const int64_t K = c->K;
    rc_crf crf = {.first = RC_NONE, .last = RC_NONE, .rules = c->ruled ? &c->rules : NULL};

    *x = rc_leaf(g, rc_shape_2(c->s.N, K), c->x, d ? d[0] : NULL);
    crf.trans = rc_leaf(g, rc_shape_2(K, K), c->trans, d ? d[1] : NULL);
    if (c->ends) {
        crf.first = rc_leaf(g, rc_shape_1(K), c->first, d ? d[2] : NULL);
        crf.last = rc_leaf(g, rc_shape_1(K), c->last, d ? d[3] : NULL);
    }
    return crf;
}

/* How large scores are, in turn: those of a model at its beginning, well trained, and absurd. */
static const struct {
    double x, by;
} crf_sizes[] = {{1, 1}, {15, 5}, {100, 1}, {1, 50}, {100, 50}, {1000, 500}};
enum { CRF_SIZES = sizeof crf_sizes / sizeof *crf_sizes };

#endif
